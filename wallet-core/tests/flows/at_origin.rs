//! Showing credentials over the Digital Credentials API: what a page may ask, what it gets, and what it does not get.

mod reading;

use serde_json::{Map, Value, json};
use symbolon_credential::mdoc::{
    DocType, ElementIdentifier, ItemsRequest, NameSpace, RequestedElement, SessionTranscript,
    write_device_request,
};
use symbolon_crypto::cose::EncodedX5Chain;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::encoding::cbor::write;
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::digital_credentials::iso_mdoc::{EncryptionInfo, IsoMdocRequest, decrypt_response};
use symbolon_protocol::digital_credentials::openid4vp::{
    OriginRequest, OriginResponseMode, prepare_multisigned, prepare_signed,
};
use symbolon_protocol::digital_credentials::{DigitalCredentialMessage, ExchangeProtocol, Origin};
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::client_metadata::ClientMetadata;
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_protocol::openid4vp::request::RequestNonce;
use symbolon_protocol::openid4vp::request_object::{RequestValidity, SignerReference};
use symbolon_protocol::openid4vp::response::Presentation;
use symbolon_wallet_core::present::{
    ConsentRequest, Decision, OriginOutcome, RefusedAtOrigin, RequestProblem, Retention,
};
use symbolon_wallet_core::record::{Delivery, HistoryEvent, VerifierEvidence};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{Resumed, UnverifiedParties, WalletError, WalletStore as _};

use crate::support::certificates::{Identity, certificates};
use crate::support::formats::{DOCTYPE, NAMESPACE};
use crate::support::verifier::query;
use crate::support::world::french;
use crate::support::{Kind, World};
use reading::{mdoc_claims, opened, sd_jwt_claims};

const PAGE: &str = "https://shop.example";
const NONCE: &str = "nonce-of-the-page";

fn origin(text: &str) -> Origin {
    Origin::parse(text, UrlPolicy::Public).unwrap()
}

/// The key that answers are encrypted to.
fn key() -> SecretKey {
    RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(404))
        .unwrap()
}

fn asked(query: &Value) -> OriginRequest {
    OriginRequest {
        response_mode: OriginResponseMode::DcApiJwt,
        nonce: RequestNonce::parse(NONCE).unwrap(),
        dcql_query: DcqlQuery::parse(query.to_string().as_bytes()).unwrap(),
        client_metadata: ClientMetadata::for_encrypted_response(&key().public_key(), None),
    }
}

fn names() -> Value {
    query(&json!([["given_name"]]))
}

fn message(protocol: ExchangeProtocol, data: Map<String, Value>) -> DigitalCredentialMessage {
    DigitalCredentialMessage { protocol, data }
}

fn unsigned(request: &OriginRequest) -> DigitalCredentialMessage {
    message(ExchangeProtocol::OpenId4VpUnsigned, request.to_data().unwrap())
}

fn validity() -> RequestValidity {
    let now = certificates().now;
    RequestValidity {
        issued_at: now,
        expires_at: now.plus(core::time::Duration::from_secs(300)),
    }
}

fn hash_of(identity: &Identity) -> ClientId {
    ClientId::x509_hash(identity.certificate.sha256())
}

fn signed(request: &OriginRequest, identity: &Identity, pages: &[&str]) -> DigitalCredentialMessage {
    let origins: Vec<Origin> = pages.iter().map(|page| origin(page)).collect();
    let chain = [identity.certificate.clone()];
    let prepared = prepare_signed(
        request,
        &hash_of(identity),
        &origins,
        SignerReference::Certificates(&chain),
        SignatureAlgorithm::Es256,
        validity(),
    )
    .unwrap();
    let signature = identity.sign(prepared.signing_input().as_bytes());
    let data = Map::from_iter([("request".to_owned(), json!(prepared.finish(&signature)))]);
    message(ExchangeProtocol::OpenId4VpSigned, data)
}

fn multisigned(request: &OriginRequest, identities: &[&Identity]) -> DigitalCredentialMessage {
    let chains: Vec<[Certificate; 1]> = identities
        .iter()
        .map(|identity| [identity.certificate.clone()])
        .collect();
    let signers: Vec<_> = identities
        .iter()
        .zip(&chains)
        .map(|(identity, chain)| (hash_of(identity), SignerReference::Certificates(chain)))
        .collect();
    let algorithm = SignatureAlgorithm::Es256;
    let prepared = prepare_multisigned(request, &[origin(PAGE)], &signers, algorithm, validity()).unwrap();
    let signatures: Vec<Vec<u8>> = prepared
        .parts()
        .iter()
        .zip(identities)
        .map(|(part, identity)| identity.sign(part.signing_input().as_bytes()))
        .collect();
    let data = Map::from_iter([("request".to_owned(), prepared.finish(&signatures).unwrap())]);
    message(ExchangeProtocol::OpenId4VpMultisigned, data)
}

fn info() -> EncryptionInfo {
    EncryptionInfo::new(&[9; 16], &key().public_key())
}

fn items(retain: bool) -> ItemsRequest {
    ItemsRequest {
        doc_type: DocType::parse(DOCTYPE).unwrap(),
        elements: vec![RequestedElement {
            name_space: NameSpace::parse(NAMESPACE).unwrap(),
            identifier: ElementIdentifier::parse("given_name").unwrap(),
            intent_to_retain: retain,
        }],
    }
}

/// A device request of this reader, signed for a page of `page`.
fn device_request(reader: &Identity, page: &str) -> DigitalCredentialMessage {
    let chain = EncodedX5Chain::new(SignatureAlgorithm::Es256, &reader.chain()).unwrap();
    let prepared = items(true).prepare(&info().transcript(&origin(page)), &chain);
    let signature = reader.sign(&prepared.request(KeyHandle::new("reader")).bytes);
    iso(&[prepared.finish(&signature)])
}

fn iso(doc_requests: &[Vec<u8>]) -> DigitalCredentialMessage {
    let request = IsoMdocRequest {
        device_request: write_device_request(doc_requests),
        encryption_info: info(),
    };
    message(ExchangeProtocol::IsoMdoc, request.to_data())
}

/// A request for a document that no reader signed.
fn without_reader() -> DigitalCredentialMessage {
    let mut items = Vec::new();
    write::map(&mut items, 2);
    write::text(&mut items, "docType");
    write::text(&mut items, DOCTYPE);
    write::text(&mut items, "nameSpaces");
    write::map(&mut items, 1);
    write::text(&mut items, NAMESPACE);
    write::map(&mut items, 1);
    write::text(&mut items, "given_name");
    write::boolean(&mut items, false);
    let mut document = Vec::new();
    write::map(&mut document, 1);
    write::text(&mut document, "itemsRequest");
    write::encoded_item(&mut document, &items);
    iso(&[document])
}

fn ask(world: &World, request: &DigitalCredentialMessage) -> Result<ConsentRequest, RefusedAtOrigin> {
    ask_at(world, request, PAGE)
}

fn ask_at(
    world: &World,
    request: &DigitalCredentialMessage,
    page: &str,
) -> Result<ConsentRequest, RefusedAtOrigin> {
    let requests = core::slice::from_ref(request);
    block_on(
        world
            .wallet()
            .present_at_origin(requests, &origin(page), &french(), world.now),
    )
}

fn refused(world: &World, request: &DigitalCredentialMessage) -> (RequestProblem, Option<String>) {
    refused_at(world, request, PAGE)
}

fn refused_at(
    world: &World,
    request: &DigitalCredentialMessage,
    page: &str,
) -> (RequestProblem, Option<String>) {
    let refused = ask_at(world, request, page).unwrap_err();
    let WalletError::RequestRefused(problem) = refused.error else {
        panic!("{refused:?}")
    };
    let code = refused.answer.map(|answer| {
        assert_eq!(answer.protocol, request.protocol);
        answer.data["error"].as_str().unwrap().to_owned()
    });
    assert_eq!(world.history_length(), 1, "only what was received");
    (problem, code)
}

fn share(world: &World, consent: &ConsentRequest) -> DigitalCredentialMessage {
    let choice = consent.smallest_choice().expect("what is asked for is held");
    let decision = Decision::Share(choice);
    match block_on(world.wallet().answer_at_origin(consent.flow, decision, world.now)).unwrap() {
        OriginOutcome::Answered { answer, .. } => answer,
        other => panic!("{other:?}"),
    }
}

fn holder() -> World {
    let world = World::new();
    world.receive();
    world
}

fn holder_of_mdoc() -> World {
    let world = World::new();
    world.receive_kind(Kind::Mdoc);
    world
}

#[test]
fn each_form_of_openid4vp_is_answered_to_the_origin_alone() {
    let verifier = &certificates().verifier;
    let request = asked(&names());
    for (message, evidence) in [
        (unsigned(&request), None),
        (
            signed(&request, verifier, &["https://www.shop.example", PAGE]),
            Some("Relying"),
        ),
        (multisigned(&request, &[verifier]), Some("Relying")),
    ] {
        let world = holder();
        let consent = ask(&world, &message).unwrap();
        assert_eq!(consent.verifier.response_origin, PAGE);
        match (&consent.verifier.evidence, evidence) {
            (VerifierEvidence::Origin, None) => {
                assert!(consent.verifier.evidence.is_unverified());
                assert_eq!(consent.verifier.client_id, format!("origin:{PAGE}"));
            }
            (VerifierEvidence::CertificateHash { .. }, Some(_)) => {
                assert_eq!(consent.verifier.client_id, hash_of(verifier).as_str());
            }
            other => panic!("{other:?}"),
        }
        let sent = world.requests().len();
        let answer = share(&world, &consent);
        assert_eq!(answer.protocol, message.protocol);
        // Whoever signed: the audience is the origin.
        let claims = sd_jwt_claims(&world, &answer, &format!("origin:{PAGE}"));
        assert!(claims.contains_key("given_name") && !claims.contains_key("birth_date"));
        assert_eq!(
            world.requests().len(),
            sent,
            "nothing is sent by the wallet itself"
        );
        let history = block_on(world.store.history()).unwrap();
        assert!(history.iter().any(|entry| matches!(
            &entry.event,
            HistoryEvent::Presented { delivery: Delivery::Unconfirmed, verifier, .. }
                if verifier.response_origin == PAGE
        )));
    }
}

#[test]
fn an_mdoc_is_shown_under_the_handover_of_the_origin() {
    let world = holder_of_mdoc();
    let query = json!({ "credentials": [Kind::Mdoc.query("id", &[json!([NAMESPACE, "given_name"])])] });
    let consent = ask(&world, &unsigned(&asked(&query))).unwrap();
    let answer = share(&world, &consent);
    let token = opened(&answer);
    let Presentation::Text(text) = &token.0.values().next().unwrap()[0] else {
        panic!("a text")
    };
    let response = base64url::decode(text).unwrap();
    let thumbprint = key().public_key().thumbprint();
    let transcript = SessionTranscript::openid4vp_dc_api(PAGE, NONCE, Some(&thumbprint));
    let claims = mdoc_claims(&world, &response, &transcript);
    assert!(claims[NAMESPACE].get("given_name").is_some());
}

#[test]
fn a_reader_of_mdocs_is_named_and_answered_in_its_own_form() {
    let world = holder_of_mdoc();
    let consent = ask(&world, &device_request(&certificates().verifier, PAGE)).unwrap();
    assert!(matches!(
        consent.verifier.evidence,
        VerifierEvidence::Reader { .. }
    ));
    assert!(consent.verifier.name.is_some());
    assert_eq!(consent.asked[0].claims[0].retention, Retention::Intended);
    let answer = share(&world, &consent);
    assert_eq!(answer.protocol, ExchangeProtocol::IsoMdoc);
    let open =
        |page: &str| decrypt_response(&answer.data, &info(), &origin(page), &key(), &RustCryptoProvider);
    let response = open(PAGE).unwrap();
    let claims = mdoc_claims(&world, &response, &info().transcript(&origin(PAGE)));
    assert_eq!(claims[NAMESPACE].as_object().unwrap().len(), 1);
    assert!(open("https://evil.example").is_err());

    // Nobody signed: nothing is known but the origin.
    let consent = ask(&world, &without_reader()).unwrap();
    assert_eq!(consent.verifier.evidence, VerifierEvidence::Origin);
    assert_eq!(consent.asked[0].claims[0].retention, Retention::NotIntended);
}

#[test]
fn a_request_for_another_origin_is_a_replay() {
    let world = holder();
    let verifier = &certificates().verifier;
    let request = asked(&names());
    for message in [
        signed(&request, verifier, &[PAGE]),
        multisigned(&request, &[verifier]),
    ] {
        let invalid = Some("invalid_request".to_owned());
        assert_eq!(
            refused_at(&world, &message, "https://evil.example"),
            (RequestProblem::AnotherOrigin, invalid)
        );
    }
    // A reader signs for the session of its page.
    let world = holder_of_mdoc();
    let elsewhere = device_request(verifier, "https://evil.example");
    assert_eq!(refused(&world, &elsewhere), (RequestProblem::Signature, None));
}

#[test]
fn whoever_is_not_trusted_is_refused_and_no_reader_is_ignored() {
    let world = holder();
    let own = certificates();
    let request = asked(&names());
    let invalid = || Some("invalid_request".to_owned());
    for stranger in [&own.false_verifier, &own.issuer_as_verifier] {
        let untrusted = (RequestProblem::UntrustedVerifier, invalid());
        assert_eq!(refused(&world, &signed(&request, stranger, &[PAGE])), untrusted);
        assert_eq!(refused(&world, &multisigned(&request, &[stranger])), untrusted);
        // One signature of somebody trusted is enough.
        assert!(ask(&world, &multisigned(&request, &[stranger, &own.verifier])).is_ok());
        let reader = device_request(stranger, PAGE);
        assert_eq!(
            refused(&world, &reader),
            (RequestProblem::UntrustedVerifier, None)
        );
    }
}

#[test]
fn of_several_requests_the_first_that_can_be_followed_is_shown() {
    let world = holder();
    let own = certificates();
    let request = asked(&names());
    let requests = [
        signed(&request, &own.false_verifier, &[PAGE]),
        multisigned(&request, &[&own.verifier]),
        unsigned(&request),
    ];
    let wallet = world.wallet();
    let consent = block_on(wallet.present_at_origin(&requests, &origin(PAGE), &french(), world.now)).unwrap();
    assert!(matches!(
        consent.verifier.evidence,
        VerifierEvidence::CertificateHash { .. }
    ));
    let answer = share(&world, &consent);
    assert_eq!(answer.protocol, ExchangeProtocol::OpenId4VpMultisigned);
}

#[test]
fn what_the_policy_does_not_permit_is_refused_by_its_code() {
    let mut world = holder();
    let plain = OriginRequest {
        response_mode: OriginResponseMode::DcApi,
        ..asked(&names())
    };
    let invalid = || Some("invalid_request".to_owned());
    assert_eq!(
        refused(&world, &unsigned(&plain)),
        (RequestProblem::Unsupported, invalid())
    );
    let mut data = asked(&names()).to_data().unwrap();
    data.insert("transaction_data".to_owned(), json!(["e30"]));
    let transaction = message(ExchangeProtocol::OpenId4VpUnsigned, data);
    assert_eq!(
        refused(&world, &transaction).1.as_deref(),
        Some("invalid_transaction_data")
    );
    world.policy.relying_parties.origins = UnverifiedParties::Refused;
    assert_eq!(
        refused(&world, &unsigned(&asked(&names()))),
        (RequestProblem::SigningRule, invalid())
    );
    assert_eq!(
        refused(&world, &without_reader()),
        (RequestProblem::SigningRule, None)
    );
    assert!(
        ask(
            &world,
            &signed(&asked(&names()), &certificates().verifier, &[PAGE])
        )
        .is_ok()
    );
}

#[test]
fn the_profile_takes_every_form_under_x509_hash() {
    let mut world = holder();
    world.policy.relying_parties.profile = PresentationProfile::Haip;
    assert_eq!(world.policy.relying_parties.check(), Ok(()));
    let verifier = &certificates().verifier;
    let request = asked(&names());
    for message in [
        unsigned(&request),
        signed(&request, verifier, &[PAGE]),
        multisigned(&request, &[verifier]),
    ] {
        assert!(ask(&world, &message).is_ok(), "{message:?}");
    }
    let foreign = json!({ "credentials": [Kind::Jwt.query("id", &[])] });
    assert_eq!(
        refused(&world, &unsigned(&asked(&foreign))).1.as_deref(),
        Some("vp_formats_not_supported")
    );
}

#[test]
fn a_refusal_is_handed_over_in_the_words_of_the_protocol() {
    for (world, request, has_words) in [
        (holder(), unsigned(&asked(&names())), true),
        (
            holder_of_mdoc(),
            device_request(&certificates().verifier, PAGE),
            false,
        ),
    ] {
        let consent = ask(&world, &request).unwrap();
        let wallet = world.wallet();
        let outcome = block_on(wallet.answer_at_origin(consent.flow, Decision::Decline, world.now)).unwrap();
        let OriginOutcome::Declined { answer } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(answer.is_some(), has_words);
        if let Some(answer) = answer {
            assert_eq!(Value::Object(answer.data), json!({ "error": "access_denied" }));
        }
        let history = block_on(world.store.history()).unwrap();
        assert!(
            history
                .iter()
                .any(|entry| matches!(entry.event, HistoryEvent::Declined { .. }))
        );
    }
}

#[test]
fn a_page_of_a_host_that_was_refused_for_always_is_not_shown_and_not_answered() {
    let world = holder();
    let page = "https://verifier.example";
    let request = signed(&asked(&names()), &certificates().verifier, &[page]);
    let consent = ask_at(&world, &request, page).unwrap();
    block_on(
        world
            .wallet()
            .answer_at_origin(consent.flow, Decision::DeclineAlways, world.now),
    )
    .unwrap();
    let again = signed(&asked(&names()), &certificates().verifier, &[page]);
    for request in [again, unsigned(&asked(&names()))] {
        let refused = ask_at(&world, &request, page).unwrap_err();
        assert_eq!(
            refused.error,
            WalletError::RequestRefused(RequestProblem::RefusedAlways)
        );
        assert_eq!(refused.answer, None, "it would be faster than a person");
    }
    // Another page is another's.
    assert!(ask(&world, &unsigned(&asked(&names()))).is_ok());
}

#[test]
fn a_page_that_was_refused_has_nobody_refused_who_signs() {
    let world = holder();
    let page = "https://verifier.example";
    let consent = ask_at(&world, &unsigned(&asked(&names())), page).unwrap();
    block_on(
        world
            .wallet()
            .answer_at_origin(consent.flow, Decision::DeclineAlways, world.now),
    )
    .unwrap();
    assert!(ask_at(&world, &unsigned(&asked(&names())), page).is_err());
    let request = signed(&asked(&names()), &certificates().verifier, &[page]);
    let consent = ask_at(&world, &request, page).unwrap();
    assert_eq!(consent.refused_before, []);
}

#[test]
fn a_flow_goes_on_after_the_process_died_and_answers_once() {
    let world = holder();
    let consent = ask(&world, &unsigned(&asked(&names()))).unwrap();
    let resume = || block_on(world.wallet().resume(consent.flow, world.now)).unwrap();
    let Resumed::AtOrigin(OriginOutcome::AwaitingConsent(again)) = resume() else {
        panic!("it waits for consent")
    };
    assert_eq!(*again, consent);
    let answer = share(&world, &consent);
    let Resumed::AtOrigin(OriginOutcome::Answered { answer: told, .. }) = resume() else {
        panic!("it was answered")
    };
    assert_eq!(told, answer, "the same answer again, and no second one");
    let choice = consent.smallest_choice().unwrap();
    let wallet = world.wallet();
    let refused = block_on(wallet.answer_at_origin(consent.flow, Decision::Share(choice), world.now));
    assert_eq!(refused.unwrap_err(), WalletError::WrongStage);
}

#[test]
fn a_signed_request_that_expired_meanwhile_is_not_answered() {
    let mut world = holder();
    let consent = ask(
        &world,
        &signed(&asked(&names()), &certificates().verifier, &[PAGE]),
    )
    .unwrap();
    world.now = world.now.plus(core::time::Duration::from_secs(601));
    let choice = consent.smallest_choice().unwrap();
    let wallet = world.wallet();
    let refused = block_on(wallet.answer_at_origin(consent.flow, Decision::Share(choice), world.now));
    assert_eq!(
        refused.unwrap_err(),
        WalletError::RequestRefused(RequestProblem::Expired)
    );
}
