use serde_json::json;
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::jose::jwe::PureJwe;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_protocol::openid4vp::response::AuthorizationResponse;
use symbolon_protocol::qr_transport::{CarriedCredential, FrameSize, Message};
use zeroize::Zeroizing;

use super::*;
use crate::request::{MasterSecret, RequestSecrets};
use crate::store::TenantId;

fn query() -> DcqlQuery {
    let query = json!({"credentials": [
        {"id": "id", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:identity"]}},
        {"id": "licence", "format": "mso_mdoc", "meta": {"doctype_value": "org.example"}},
    ]});
    DcqlQuery::parse(query.to_string().as_bytes()).unwrap()
}

fn secrets(seed: u64) -> RequestSecrets {
    RequestSecrets::make(&SeededRandomness::new(seed)).unwrap()
}

fn key(secrets: &RequestSecrets) -> ResponseKey {
    MasterSecret::new(Zeroizing::new([7; 32]))
        .derive_response_key(&TenantId::parse("default").unwrap(), &secrets.id)
        .unwrap()
}

fn asked(secrets: &RequestSecrets) -> PresentationRequest {
    let client_id = ClientId::parse("x509_hash:Uvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk").unwrap();
    request(
        client_id,
        &secrets.nonce,
        &secrets.state,
        &query(),
        &key(secrets),
        "Shop",
    )
    .unwrap()
}

fn sealed(secrets: &RequestSecrets, state: Option<&str>) -> String {
    let answer = AuthorizationResponse {
        vp_token: VpToken::parse(br#"{"id":["a~b~"]}"#).unwrap(),
        state: state.and_then(RequestNonce::parse),
    };
    let encryption = asked(secrets).response_encryption().unwrap().unwrap();
    answer
        .to_jwe(
            &encryption,
            &PureJwe::new(&RustCryptoProvider),
            &SeededRandomness::new(9),
        )
        .unwrap()
}

fn open(jwe: &str, secrets: &RequestSecrets) -> Result<VpToken, AnswerUnreadable> {
    open_answer(
        jwe,
        &|| Some(key(secrets)),
        &secrets.state,
        &PureJwe::new(&RustCryptoProvider),
    )
}

#[test]
fn a_request_says_no_more_than_it_has_to() {
    let request = asked(&secrets(1));
    assert_eq!(
        (request.response_mode, &request.response_uri),
        (ResponseMode::SymbolonQrJwt, &None)
    );
    let formats = &request.client_metadata.vp_formats_supported;
    assert!(formats.sd_jwt_vc.is_some() && formats.mso_mdoc.is_some());
    assert!(formats.ldp_vc.is_none() && formats.jwt_vc_json.is_none());
}

#[test]
fn an_answer_is_opened_by_the_device_that_asked_for_this_request_alone() {
    let (ours, other) = (secrets(1), secrets(2));
    let jwe = sealed(&ours, Some(ours.state.as_str()));
    assert_eq!(open(&jwe, &ours).unwrap().0.len(), 1);
    assert_eq!(open(&jwe, &other), Err(AnswerUnreadable::NotDecrypted));
    for state in [None, Some(other.state.as_str())] {
        assert_eq!(
            open(&sealed(&ours, state), &ours),
            Err(AnswerUnreadable::WrongState)
        );
    }
    assert_eq!(open("a.b.c.d.e", &ours), Err(AnswerUnreadable::NotDecrypted));
    let refusal = PureJwe::new(&RustCryptoProvider);
    let encryption = asked(&ours).response_encryption().unwrap().unwrap();
    let recipient = symbolon_crypto::jose::jwe::Recipient {
        public_key: encryption.key,
        key_id: Some(encryption.key_id),
    };
    for (content, error) in [
        (&br#"{"error":"access_denied"}"#[..], AnswerUnreadable::Declined),
        (b"{}", AnswerUnreadable::Malformed),
    ] {
        let parameters = symbolon_crypto::jose::jwe::EncryptionParameters {
            content_encryption: encryption.content,
            compression: symbolon_crypto::jose::jwe::ContentCompression::Plain,
            party_u: &[],
            party_v: &[],
        };
        let jwe = refusal
            .encrypt(content, &recipient, parameters, &SeededRandomness::new(3))
            .unwrap();
        assert_eq!(open(&jwe, &ours), Err(error));
    }
}

#[test]
fn what_was_scanned_is_sorted_and_frames_are_put_together() {
    let message = Message::Credential(CarriedCredential::Text("x~".repeat(900)));
    let frames = |count| -> Vec<Vec<u8>> {
        let dense = FrameSize::PHONE;
        let random = Message::Credential(CarriedCredential::Binary(
            (0..900_u32)
                .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
                .collect(),
        ));
        random
            .frames(dense)
            .unwrap()
            .take(count)
            .map(String::into_bytes)
            .collect()
    };
    let card = || b"6BF".to_vec();
    let alone = sort_scanned(vec![card(), vec![0xff]]).unwrap();
    assert_eq!((alone.codes.len(), alone.carried), (2, None));
    let mut some = frames(2);
    some.push(card());
    let some = sort_scanned(some).unwrap();
    assert_eq!(some.codes, [card()]);
    assert!(
        matches!(some.carried, Some(Progress::Assembling { known: 2, .. })),
        "{:?}",
        some.carried
    );
    let all = sort_scanned(frames(30)).unwrap();
    assert!(matches!(
        all.carried,
        Some(Progress::Complete(Message::Credential(_)))
    ));
    let mut mixed = frames(3);
    mixed.extend(
        message
            .frames(FrameSize::PHONE)
            .unwrap()
            .take(1)
            .map(String::into_bytes),
    );
    assert_eq!(sort_scanned(mixed), Err(FrameError::OtherMessage));
    assert_eq!(
        sort_scanned(vec![b"UR:SYMBOLON-RESPONSE/XX".to_vec()]),
        Err(FrameError::Damaged)
    );
}
