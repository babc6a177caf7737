//! Presenting by QR codes: both sides without a network.

use std::time::Duration;

use serde_json::{Value, json};
use symbolon_protocol::qr_transport::{FrameDecoder, FrameSize, Message, Progress};
use symbolon_wallet_core::present::{ConsentRequest, Decision, PresentOutcome, RequestProblem};
use symbolon_wallet_core::record::{BY_QR, Delivery, HistoryEvent, VerifierEvidence};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{Resumed, TransportError, WalletError, WalletStore as _};

use crate::support::endpoint::Offered;
use crate::support::formats::{DOCTYPE, NAMESPACE, W3C_TYPE_IRI};
use crate::support::world::french;
use crate::support::{Kind, VerifierTrick, World};

/// A world in which nothing can be reached.
fn offline(kind: Option<Kind>) -> World {
    let world = World::new();
    match kind {
        Some(kind) => world.receive_kind(kind),
        None => world.receive(),
    };
    world.set_down(Some(("verifier.example", TransportError::Unreachable)));
    world
}

/// What a claim becomes.
type Change = fn(&World) -> Value;

/// What somebody films who misses every third frame.
fn filmed(message: &Message) -> Message {
    let frames = message.frames(FrameSize::PHONE).unwrap();
    let mut decoder = FrameDecoder::default();
    let mut seen = frames
        .enumerate()
        .filter(|(at, _)| at % 3 != 1)
        .map(|(_, frame)| frame);
    loop {
        if let Progress::Complete(message) = decoder.take(&seen.next().unwrap()).unwrap() {
            return message;
        }
    }
}

fn ask(world: &World, object: &str) -> Result<ConsentRequest, WalletError> {
    let request = filmed(&Message::Request(object.to_owned()));
    let Message::Request(object) = request else {
        panic!("a request")
    };
    block_on(world.wallet().present_by_qr(&object, &french(), world.now))
}

fn share(world: &World, request: &ConsentRequest) -> PresentOutcome {
    let choice = request.smallest_choice().expect("what is asked for is held");
    let decision = Decision::Share(choice);
    block_on(world.wallet().answer_request(request.flow, decision, world.now)).unwrap()
}

fn jwe(outcome: &PresentOutcome) -> String {
    let PresentOutcome::Show { answer, .. } = outcome else {
        panic!("{outcome:?}")
    };
    let Message::Response(jwe) = filmed(answer) else {
        panic!("an answer")
    };
    jwe
}

#[test]
fn a_request_from_a_screen_is_answered_on_a_screen_and_nothing_is_sent() {
    let world = offline(None);
    let requests = world.requests();
    let request = ask(&world, &world.verifier.by_qr(VerifierTrick::None)).unwrap();
    assert_eq!(request.verifier.name.as_deref(), Some("Clinic"));
    assert_eq!(request.verifier.response_origin, BY_QR);
    let authority = Some("Relying parties".to_owned());
    assert_eq!(
        request.verifier.evidence,
        VerifierEvidence::CertificateHash { authority }
    );
    let signatures = world.keys.signatures();
    let outcome = share(&world, &request);
    assert_eq!(world.keys.signatures(), signatures + 1);

    let jwe = jwe(&outcome);
    let claims = world.verifier.read_by_qr(&jwe).expect("the nonce is fresh");
    assert_eq!(claims[0]["given_name"], "Amina");
    assert_eq!(world.verifier.read_by_qr(&jwe), None, "and spent once");
    assert_eq!(world.requests(), requests, "nothing went over the network");

    let history = block_on(world.store.history()).unwrap();
    let told = history.iter().find_map(|entry| match &entry.event {
        HistoryEvent::Presented {
            verifier, delivery, ..
        } => Some((verifier.response_origin.clone(), *delivery)),
        _ => None,
    });
    assert_eq!(told, Some((BY_QR.to_owned(), Delivery::Unconfirmed)));
    // Whoever resumes shows the same answer, and signs nothing again.
    let Resumed::Presenting(again) = block_on(world.wallet().resume(request.flow, world.now)).unwrap() else {
        panic!("a presentation")
    };
    assert_eq!(again, outcome);
    assert_eq!(world.keys.signatures(), signatures + 1);
}

#[test]
fn each_format_is_bound_to_this_transport() {
    let path = |path: Value| json!([{ "path": path }]);
    for (kind, meta, claims) in [
        (
            Kind::Mdoc,
            json!({ "doctype_value": DOCTYPE }),
            path(json!([NAMESPACE, "given_name"])),
        ),
        (
            Kind::EcdsaSd,
            json!({ "type_values": [[W3C_TYPE_IRI]] }),
            path(json!(["credentialSubject", "given_name"])),
        ),
        (
            Kind::Jwt,
            json!({ "type_values": [[W3C_TYPE_IRI]] }),
            path(json!(["credentialSubject", "given_name"])),
        ),
    ] {
        let world = offline(Some(kind));
        let query = json!({ "id": "identity", "format": kind.format(), "meta": meta, "claims": claims });
        world.verifier.set_query(json!({ "credentials": [query] }));
        let request = ask(&world, &world.verifier.by_qr(VerifierTrick::None)).unwrap();
        let jwe = jwe(&share(&world, &request));
        // The verifier checks audience or handover of this transport.
        let claims = world.verifier.read_by_qr(&jwe).unwrap();
        assert!(
            Value::from(claims[0].clone()).to_string().contains("Amina"),
            "{kind:?}"
        );
    }
}

#[test]
fn copies_are_used_up_by_showing_them() {
    let mut world = World::new();
    world.copies = 3;
    world.issuer.endpoint.set(Offered {
        batch_size: Some(3),
        ..Offered::default()
    });
    world.receive();
    let copies = || block_on(world.store.credentials()).unwrap()[0].copies.len();
    let before = copies();
    let request = ask(&world, &world.verifier.by_qr(VerifierTrick::None)).unwrap();
    let first = jwe(&share(&world, &request));
    assert_eq!(copies() + 1, before);
    world.verifier.read_by_qr(&first).unwrap();
}

#[test]
fn whoever_declines_shows_nothing() {
    let world = offline(None);
    let requests = world.requests();
    let request = ask(&world, &world.verifier.by_qr(VerifierTrick::None)).unwrap();
    let declined = block_on(
        world
            .wallet()
            .answer_request(request.flow, Decision::Decline, world.now),
    );
    assert_eq!(declined.unwrap(), PresentOutcome::Declined);
    assert_eq!(world.requests(), requests);
    assert!(world.verifier.errors().is_empty());
}

#[test]
fn a_request_that_is_not_good_is_refused_and_nobody_is_told() {
    let refused = |world: &World, object: &str| match ask(world, object) {
        Err(WalletError::RequestRefused(problem)) => problem,
        other => panic!("{other:?}"),
    };
    for (trick, problem) in [
        (VerifierTrick::WrongSignature, RequestProblem::Signature),
        (VerifierTrick::SignedByOtherVerifier, RequestProblem::Signature),
        (VerifierTrick::WrongType, RequestProblem::NotARequestObject),
    ] {
        let world = offline(None);
        let object = world.verifier.by_qr(trick);
        assert_eq!(refused(&world, &object), problem, "{trick:?}");
        assert!(world.verifier.errors().is_empty(), "{trick:?}");
    }
    let changes: [(&str, Change, RequestProblem); 6] = [
        (
            "aud",
            |_| json!("https://self-issued.me/v2"),
            RequestProblem::NotForThisWallet,
        ),
        (
            "response_mode",
            |_| json!("direct_post.jwt"),
            RequestProblem::Malformed,
        ),
        (
            "response_uri",
            |_| json!("https://verifier.example/response/1"),
            RequestProblem::Malformed,
        ),
        (
            "exp",
            |world| json!(world.now.plus(Duration::from_secs(3_600))),
            RequestProblem::Expired,
        ),
        (
            "client_metadata",
            |_| json!({ "vp_formats_supported": { "dc+sd-jwt": {} } }),
            RequestProblem::EncryptionKey,
        ),
        // A key that would have to be fetched.
        (
            "client_id",
            |_| json!("decentralized_identifier:did:web:verifier.example"),
            RequestProblem::ClientIdentifier,
        ),
    ];
    for (name, value, problem) in changes {
        let world = offline(None);
        let requests = world.requests();
        world.verifier.overwrite(name, value(&world));
        let object = world.verifier.by_qr(VerifierTrick::None);
        assert_eq!(refused(&world, &object), problem, "{name}");
        assert_eq!(world.requests(), requests, "{name}");
        assert!(world.verifier.errors().is_empty(), "{name}");
    }
    let world = offline(None);
    assert_eq!(
        block_on(world.wallet().present_by_qr("no request", &french(), world.now)).unwrap_err(),
        WalletError::RequestRefused(RequestProblem::Malformed)
    );
}

/// A DID whose document would have to be fetched says nothing where there is no network, even one that the wallet knows.
#[test]
fn a_verifier_whose_key_is_elsewhere_is_nobody_offline() {
    let mut world = offline(None);
    let did = symbolon_did::Did::parse("did:web:verifier.example").unwrap();
    world.policy.relying_parties.dids.insert(did, "Clinic".to_owned());
    let requests = world.requests();
    world.verifier.overwrite(
        "client_id",
        json!("decentralized_identifier:did:web:verifier.example"),
    );
    assert_eq!(
        ask(&world, &world.verifier.by_qr(VerifierTrick::None)).unwrap_err(),
        WalletError::RequestRefused(RequestProblem::UntrustedVerifier)
    );
    assert_eq!(world.requests(), requests);
}

#[test]
fn a_request_of_one_channel_is_not_answered_on_the_other() {
    let world = World::new();
    world.receive();
    let object = world.verifier.by_qr(VerifierTrick::None);
    let client = world.verifier.by_value(crate::support::verifier::Kind::Hash);
    let (start, online) = client.split_once("&request=").unwrap();
    let link = format!("{start}&request={object}");
    assert!(matches!(
        block_on(world.wallet().present(&link, &french(), world.now)),
        Err(WalletError::RequestRefused(_))
    ));
    assert!(matches!(ask(&world, online), Err(WalletError::RequestRefused(_))));
}

/// The time passes between the reading and the consent.
#[test]
fn consent_comes_too_late_for_an_expired_request() {
    let world = offline(None);
    let request = ask(&world, &world.verifier.by_qr(VerifierTrick::None)).unwrap();
    let choice = Decision::Share(request.smallest_choice().unwrap());
    let late = world.now.plus(Duration::from_secs(601));
    assert_eq!(
        block_on(world.wallet().answer_request(request.flow, choice, late)).unwrap_err(),
        WalletError::RequestRefused(RequestProblem::Expired)
    );
}
