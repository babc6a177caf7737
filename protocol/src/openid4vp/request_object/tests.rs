use std::sync::Arc;

use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::jose::jws::CompactJws;
use symbolon_crypto::signing::{DescribeKeys as _, KeyHandle, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::issue::{self, LeafRequest, Validity};

use super::*;
use crate::dcql::DcqlQuery;
use crate::openid4vp::client_metadata::ClientMetadata;
use crate::openid4vp::request::ResponseMode;
use crate::openid4vp::transaction_data::TransactionDefect;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

struct Verifier {
    anchor: Certificate,
    leaf: Certificate,
    key: SoftwareKey,
}

fn software_key(seed: u64) -> SoftwareKey {
    let secret = RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(seed))
        .unwrap();
    SoftwareKey::new(
        KeyHandle::new(format!("key-{seed}")),
        secret,
        Arc::new(RustCryptoProvider),
    )
}

fn verifier(seed: u64) -> Verifier {
    let validity = Validity {
        not_before: NOW.minus(Duration::from_secs(1000)),
        not_after: NOW.plus(Duration::from_secs(1_000_000)),
    };
    let randomness = SeededRandomness::new(seed);
    let (root_key, key) = (software_key(seed), software_key(seed + 1));
    let root_description = root_key.describe(root_key.handle()).unwrap();
    let anchor = issue::root(
        "Relying parties",
        validity,
        &root_description,
        &root_key,
        &randomness,
    )
    .unwrap();
    let anchor = Certificate::parse(&anchor).unwrap();
    let request = LeafRequest {
        subject_name: "Clinic".to_owned(),
        san_uris: vec!["https://uri.example:8443".to_owned()],
        san_dns: vec!["clinic.example".to_owned()],
        validity,
        extended_key_usage: None,
        public_key: key.public_key().clone(),
    };
    let leaf = issue::leaf(&request, &anchor, &root_description, &root_key, &randomness).unwrap();
    Verifier {
        anchor,
        leaf: Certificate::parse(&leaf).unwrap(),
        key,
    }
}

impl Verifier {
    fn hash_id(&self) -> ClientId {
        ClientId::x509_hash(self.leaf.sha256())
    }

    fn request(&self, client_id: &ClientId) -> PresentationRequest {
        let query = json!({"credentials": [
            {"id": "id", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:identity"]}}
        ]});
        PresentationRequest {
            client_id: client_id.clone(),
            response_mode: ResponseMode::DirectPostJwt,
            response_uri: Some(HttpUrl::parse("https://clinic.example/responses/1").unwrap()),
            nonce: RequestNonce::parse("fresh").unwrap(),
            state: RequestNonce::parse("state-1"),
            dcql_query: DcqlQuery::parse(query.to_string().as_bytes()).unwrap(),
            scope: None,
            transaction_data: Vec::new(),
            verifier_info: Vec::new(),
            client_metadata: ClientMetadata::for_encrypted_response(software_key(77).public_key(), None),
        }
    }

    fn sign(&self, prepared: PreparedJws) -> String {
        let signature = RustCryptoProvider
            .sign(self.key.secret_key(), prepared.signing_input().as_bytes())
            .unwrap();
        prepared.finish(&signature)
    }

    fn object(&self, client_id: &ClientId) -> String {
        let validity = RequestValidity {
            issued_at: NOW,
            expires_at: NOW.plus(Duration::from_secs(300)),
        };
        let chain = [self.leaf.clone()];
        let prepared = prepare(
            &self.request(client_id),
            SignerReference::Certificates(&chain),
            SignatureAlgorithm::Es256,
            validity,
            None,
        )
        .unwrap();
        self.sign(prepared)
    }

    /// A signed object with one header member or claim changed, or removed when the value is null.
    fn changed(&self, client_id: &ClientId, header: (&str, Value), claim: (&str, Value)) -> String {
        let object = self.object(client_id);
        let jws = CompactJws::parse(&object, MAX_REQUEST_OBJECT_BYTES).unwrap();
        let mut members = jws.header.members.clone();
        let mut claims: Map<String, Value> = jws.payload_json().unwrap();
        for (map, (name, value)) in [(&mut members, header), (&mut claims, claim)] {
            if value.is_null() {
                map.remove(name);
            } else {
                map.insert(name.to_owned(), value);
            }
        }
        let payload = Value::Object(claims).to_string();
        self.sign(jws::prepare(
            SignatureAlgorithm::Es256,
            &members,
            payload.as_bytes(),
        ))
    }

    fn verify(&self, object: &str, client_id: &ClientId) -> Result<VerifiedRequest, RequestRefused> {
        let anchors = [self.anchor.clone()];
        let expected = RequestExpectations {
            client_id,
            clients: KnownClients::anchored_by(&anchors, ResponseUriRule::NamedInCertificate),
            urls: UrlPolicy::Public,
            issuer: None,
            wallet_nonce: None,
            now: NOW,
        };
        verify(object, &expected, &RustCryptoProvider)
    }
}

const NOTHING: (&str, Value) = ("nothing", Value::Null);

#[test]
fn what_the_verifier_signs_the_wallet_accepts() {
    let verifier = verifier(10);
    for id in [
        verifier.hash_id(),
        ClientId::parse("x509_san_dns:clinic.example").unwrap(),
    ] {
        let verified = verifier.verify(&verifier.object(&id), &id).unwrap();
        assert_eq!(verified.request(), &verifier.request(&id));
        let proof = ClientProof::Certificate {
            certificate: Box::new(verifier.leaf.clone()),
            anchor: Box::new(verifier.anchor.clone()),
        };
        assert_eq!(verified.proof(), &proof);
        assert_eq!(verified.expires_at(), Some(NOW.plus(Duration::from_secs(300))));
    }
}

#[test]
fn nobody_is_told_before_the_signer_is_proven() {
    let (verifier, stranger) = (verifier(10), verifier_of_another_root());
    let id = verifier.hash_id();
    let mut tampered = verifier.object(&id);
    tampered.replace_range(tampered.len() - 4.., "AAAA");
    let san = ClientId::parse("x509_san_dns:other.example").unwrap();
    let redirect = ClientId::parse("redirect_uri:https://clinic.example/responses/1").unwrap();
    for (object, id, reason) in [
        ("nonsense".to_owned(), &id, RequestObjectError::Malformed),
        (tampered, &id, RequestObjectError::Signature),
        (
            verifier.changed(&id, ("typ", json!("JWT")), NOTHING),
            &id,
            RequestObjectError::WrongType,
        ),
        (
            verifier.changed(&id, ("typ", Value::Null), NOTHING),
            &id,
            RequestObjectError::WrongType,
        ),
        (
            verifier.changed(&id, ("x5c", Value::Null), NOTHING),
            &id,
            RequestObjectError::NoCertificate,
        ),
        (
            verifier.changed(&id, ("x5c", json!(["AAAA"])), NOTHING),
            &id,
            RequestObjectError::Certificate,
        ),
        (stranger.object(&id), &id, RequestObjectError::CertificateMismatch),
        (verifier.object(&san), &id, RequestObjectError::ClientIdMismatch),
        (
            verifier.object(&san),
            &san,
            RequestObjectError::CertificateMismatch,
        ),
        (verifier.object(&redirect), &redirect, RequestObjectError::Signed),
    ] {
        let refused = verifier.verify(&object, id).unwrap_err();
        assert_eq!(refused, RequestRefused { reason, tell: None });
        assert_eq!(refused.reason.code(), PresentationErrorCode::InvalidRequest);
    }
}

fn verifier_of_another_root() -> Verifier {
    verifier(20)
}

#[test]
fn a_certificate_of_another_root_is_not_trusted() {
    let (ours, stranger) = (verifier(10), verifier_of_another_root());
    let id = stranger.hash_id();
    let refused = ours.verify(&stranger.object(&id), &id).unwrap_err();
    assert!(
        matches!(refused.reason, RequestObjectError::Chain(_)),
        "{refused}"
    );
    assert_eq!(refused.tell, None);
}

#[test]
fn the_answer_goes_to_the_verifier_or_nowhere() {
    let verifier = verifier(10);
    let (hash, san) = (
        verifier.hash_id(),
        ClientId::parse("x509_san_dns:clinic.example").unwrap(),
    );
    let to = |id: &ClientId, address: &str| {
        let object = verifier.changed(id, NOTHING, ("response_uri", json!(address)));
        verifier
            .verify(&object, id)
            .map(|_| ())
            .map_err(|refused| (refused.reason, refused.tell.is_some()))
    };
    assert_eq!(to(&hash, "https://uri.example:8443/r"), Ok(()));
    for (id, address) in [
        (&hash, "https://uri.example/r"),
        (&hash, "https://attacker.example/r"),
        (&hash, "https://clinic.example.attacker.example/r"),
        (&san, "https://uri.example:8443/r"),
        (&san, "https://sub.clinic.example/r"),
    ] {
        assert_eq!(
            to(id, address),
            Err((RequestObjectError::ForeignResponseUri, false)),
            "{address}"
        );
    }
}

#[test]
fn a_proven_verifier_is_told_what_is_wrong() {
    let verifier = verifier(10);
    let id = verifier.hash_id();
    let seconds = NOW.seconds();
    for (claim, reason) in [
        (("aud", Value::Null), RequestObjectError::Audience),
        (
            ("aud", json!("https://other.example")),
            RequestObjectError::Audience,
        ),
        (("exp", json!(seconds - 301)), RequestObjectError::Expired),
        (("iat", json!(seconds + 301)), RequestObjectError::FromTheFuture),
        (("nbf", json!(seconds + 301)), RequestObjectError::FromTheFuture),
        (("exp", json!("soon")), RequestObjectError::Malformed),
        (
            ("nonce", Value::Null),
            RequestObjectError::Parameters(RequestDefect::Nonce),
        ),
        (
            ("transaction_data", json!(["e30"])),
            RequestObjectError::Parameters(RequestDefect::TransactionData(TransactionDefect::MissingMember)),
        ),
    ] {
        let refused = verifier
            .verify(&verifier.changed(&id, NOTHING, claim), &id)
            .unwrap_err();
        assert_eq!(refused.reason, reason);
        let target = refused.tell.unwrap();
        assert_eq!(target.response_uri.as_str(), "https://clinic.example/responses/1");
        assert_eq!(target.answer.error, reason.code());
        assert_eq!(target.answer.state, RequestNonce::parse("state-1"));
    }
}

#[test]
fn a_nonce_of_the_wallet_must_come_back() {
    let verifier = verifier(10);
    let id = verifier.hash_id();
    let nonce = RequestNonce::parse("mine").unwrap();
    let anchors = [verifier.anchor.clone()];
    let expected = RequestExpectations {
        client_id: &id,
        clients: KnownClients::anchored_by(&anchors, ResponseUriRule::NamedInCertificate),
        urls: UrlPolicy::Public,
        issuer: None,
        wallet_nonce: Some(&nonce),
        now: NOW,
    };
    let refused = verify(&verifier.object(&id), &expected, &RustCryptoProvider).unwrap_err();
    assert_eq!(refused.reason, RequestObjectError::WalletNonce);
    let repeating = verifier.changed(&id, NOTHING, ("wallet_nonce", json!("mine")));
    assert!(verify(&repeating, &expected, &RustCryptoProvider).is_ok());
}

mod by_qr;
mod clients;
