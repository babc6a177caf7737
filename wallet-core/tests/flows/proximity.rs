//! Showing mdocs face to face: who is told what, and what ends a session.

use std::sync::Arc;
use std::time::Duration;

use symbolon_credential::mdoc::{
    DeviceAuthentication, DeviceResponse, DocType, ElementIdentifier, ItemsRequest, MdocBudget, NameSpace,
    RequestedElement, SessionTranscript, write_device_request,
};
use symbolon_crypto::cose::EncodedX5Chain;
use symbolon_crypto::signing::{
    DescribeKeys as _, KeyDescription, KeyHandle, Sign as _, SignOutcome, SoftwareKey,
};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::issue::{KeyPurpose, LeafRequest, Validity, leaf, root};
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SignatureAlgorithm};
use symbolon_protocol::proximity::{
    AnsweredReader, AskedFaceToFace, AwaitingReader, BleOptions, ReaderAuthentication,
    ReaderAuthenticationError, ReaderEvent, ReaderSession, ReaderTrust, RetrievalMethod, ScannedReader,
    SessionData, SessionError, SessionStatus,
};
use symbolon_wallet_core::present::{
    AfterAnswer, Choice, Decision, DeviceProof, ProximityAsk, ProximityEnded, ProximityError, ProximityEvent,
    ProximityOutcome, RequestProblem, SendFarewell, WaitingHolder,
};
use symbolon_wallet_core::record::{Delivery, HistoryEvent, VerifierEvidence};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{UnverifiedParties, WalletError, WalletStore as _};

use crate::support::certificates::certificates;
use crate::support::formats::{DOCTYPE, NAMESPACE};
use crate::support::presentation::only_document;
use crate::support::world::french;
use crate::support::{Kind, World};

/// Writes a request for a session.
type Write<'w> = &'w dyn Fn(&SessionTranscript) -> Vec<u8>;

/// A reader with a certificate of its own root.
struct Reader {
    key: SoftwareKey,
    leaf: Certificate,
    root: Certificate,
}

impl Reader {
    fn new() -> Self {
        let randomness = SeededRandomness::new(700);
        let party = |name: &str| {
            let handle = KeyHandle::new(name);
            let secret = RustCryptoProvider
                .generate_key(SignatureAlgorithm::Es256, &randomness)
                .unwrap();
            let key = SoftwareKey::new(handle.clone(), secret, Arc::new(RustCryptoProvider));
            let description: KeyDescription = key.describe(&handle).unwrap();
            (key, description)
        };
        let ((root_key, root_described), (key, described)) = (party("root"), party("reader"));
        let now = certificates().now;
        let validity = Validity {
            not_before: now.minus(Duration::from_secs(86_400)),
            not_after: now.plus(Duration::from_secs(86_400)),
        };
        let root = root("Readers", validity, &root_described, &root_key, &randomness).unwrap();
        let root = Certificate::parse(&root).unwrap();
        let request = LeafRequest {
            subject_name: "Police at the corner".to_owned(),
            san_uris: Vec::new(),
            san_dns: vec!["police.example".to_owned()],
            validity,
            extended_key_usage: Some(KeyPurpose::Readers),
            public_key: described.public_key,
        };
        let leaf = leaf(&request, &root, &root_described, &root_key, &randomness).unwrap();
        Self {
            leaf: Certificate::parse(&leaf).unwrap(),
            key,
            root,
        }
    }

    /// A request for these elements, signed over a session.
    fn signed(&self, names: &[&str], transcript: &SessionTranscript) -> Vec<u8> {
        let chain = [self.leaf.der().to_vec()];
        let chain = EncodedX5Chain::new(SignatureAlgorithm::Es256, &chain).unwrap();
        let prepared = items(names).prepare(transcript, &chain);
        match self
            .key
            .sign(&prepared.request(KeyHandle::new("reader")))
            .unwrap()
        {
            SignOutcome::Signed(signature) => write_device_request(&[prepared.finish(&signature)]),
            SignOutcome::Locked => panic!("a software key is not locked"),
        }
    }
}

fn items(names: &[&str]) -> ItemsRequest {
    ItemsRequest {
        doc_type: DocType::parse(DOCTYPE).unwrap(),
        elements: names
            .iter()
            .map(|name| RequestedElement {
                name_space: NameSpace::parse(NAMESPACE).unwrap(),
                identifier: ElementIdentifier::parse(name).unwrap(),
                intent_to_retain: false,
            })
            .collect(),
    }
}

/// A wallet with an mdoc that knows the reader.
fn holder(reader: &Reader) -> World {
    let mut world = World::new();
    world.policy.relying_parties.anchors.push(reader.root.clone());
    world.receive_kind(Kind::Mdoc);
    world
}

/// The wallet is asked for what `write` writes for the session.
fn asked(
    world: &World,
    write: impl FnOnce(&SessionTranscript) -> Vec<u8>,
) -> Result<(Box<ProximityAsk>, AwaitingReader, Arc<ReaderSession>), ProximityEnded> {
    let method = RetrievalMethod::Ble(BleOptions {
        central_client: Some([1; 16]),
        ..BleOptions::default()
    });
    let holder = world.wallet().engage(vec![method]).unwrap();
    let text = holder.engagement().to_qr_text();
    let scanned = ScannedReader::scan(&text, &RustCryptoProvider, &SeededRandomness::new(701)).unwrap();
    let session = scanned.session();
    let (message, awaiting) = scanned.establish(&write(session.transcript())).unwrap();
    let waiting = WaitingHolder::Engaged(Box::new(holder));
    Ok((received(world, waiting, &message)?, awaiting, session))
}

fn received(
    world: &World,
    holder: WaitingHolder,
    message: &[u8],
) -> Result<Box<ProximityAsk>, ProximityEnded> {
    let (wallet, languages) = (world.wallet(), french());
    let event = wallet.receive_from_reader(holder, message, &languages, world.now);
    match block_on(event)? {
        ProximityEvent::AwaitingConsent(ask) => Ok(ask),
        ProximityEvent::Ended(status) => panic!("{status:?}"),
    }
}

fn answer(
    world: &World,
    ask: Box<ProximityAsk>,
    decision: Decision,
    proof: DeviceProof<'_>,
    then: AfterAnswer,
) -> ProximityOutcome {
    block_on(
        world
            .wallet()
            .answer_reader(ask, decision, proof, then, world.now),
    )
    .unwrap()
}

fn share(ask: &ProximityAsk) -> Decision {
    Decision::Share(
        ask.consent()
            .smallest_choice()
            .expect("what is asked for is held"),
    )
}

fn responded(event: ReaderEvent) -> (Vec<u8>, AnsweredReader) {
    match event {
        ReaderEvent::Response {
            device_response,
            reader,
        } => (device_response.to_vec(), reader),
        other => panic!("{other:?}"),
    }
}

/// The names of the elements of the one document, whose issuer and device are verified for the session.
fn shown(world: &World, response: &[u8], session: &ReaderSession) -> Vec<String> {
    let accepted = DeviceAuthentication::SignatureOrMac {
        reader_key: session.reader_key(),
    };
    let document = only_document(response, session.transcript(), accepted, world.now);
    let elements = document.issuer_signed().elements();
    elements.map(|element| element.identifier().to_owned()).collect()
}

fn events(world: &World) -> Vec<HistoryEvent> {
    let history = block_on(world.store.history()).unwrap();
    history.into_iter().map(|entry| entry.event).collect()
}

fn status_of(message: &[u8]) -> Option<SessionStatus> {
    SessionData::parse(message, 4096).unwrap().status
}

#[test]
fn a_proven_reader_is_named_and_shown_what_was_agreed_to_in_two_ways() {
    let reader = Reader::new();
    let world = holder(&reader);
    let keys = world.keys.clone();
    let (ask, awaiting, session) =
        asked(&world, |transcript| reader.signed(&["given_name"], transcript)).unwrap();
    let verifier = &ask.consent().verifier;
    assert_eq!(verifier.name.as_deref(), Some("Police at the corner"));
    assert!(matches!(
        &verifier.evidence,
        VerifierEvidence::Reader { authority: Some(authority) } if authority == "Readers"
    ));
    assert!(!verifier.evidence.is_unverified());
    let decision = share(&ask);
    let outcome = answer(
        &world,
        ask,
        decision,
        DeviceProof::Mac(&keys),
        AfterAnswer::Continue,
    );
    let ProximityOutcome::Answered {
        message,
        disclosed,
        holder: Some(holder),
        ..
    } = outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!(disclosed[0].claims, [format!("{NAMESPACE}.given_name")]);
    let (response, answered) = responded(awaiting.receive(&message).unwrap());
    assert_eq!(shown(&world, &response, &session), ["given_name"]);
    assert!(response.windows(9).any(|part| part == b"deviceMac"));

    // The same session goes on, and ends with the second answer.
    let request = reader.signed(&["family_name"], session.transcript());
    let (message, awaiting) = answered.request(&request).unwrap();
    let ask = received(&world, WaitingHolder::Answered(holder), &message).unwrap();
    let decision = share(&ask);
    let outcome = answer(&world, ask, decision, DeviceProof::Signature, AfterAnswer::End);
    let ProximityOutcome::Answered {
        message,
        presentation,
        holder: None,
        ..
    } = outcome
    else {
        panic!("{outcome:?}")
    };
    let ReaderEvent::LastResponse { device_response } = awaiting.receive(&message).unwrap() else {
        panic!("the session ends")
    };
    assert_eq!(shown(&world, &device_response, &session), ["family_name"]);
    // What the holder may keep names the reader and the session, and can be checked again without either side.
    let asked: AskedFaceToFace = serde_json::from_str(&presentation.request_object).unwrap();
    let trust = ReaderTrust {
        anchors: core::slice::from_ref(&reader.root),
        now: asked.asked_at(),
    };
    let (kept, transcript) = asked.verify(trust, &RustCryptoProvider).unwrap();
    assert!(matches!(kept.reader(), ReaderAuthentication::Proven(_)));
    assert_eq!(kept.as_bytes(), request);
    assert_eq!(&transcript, session.transcript());
    assert!(presentation.vp_token.contains("document-0"));
    let presented = events(&world).into_iter().filter(|event| {
        matches!(
            event,
            HistoryEvent::Presented { delivery: Delivery::Unconfirmed, verifier, .. }
                if verifier.client_id.starts_with("x509_hash:") && verifier.response_origin.is_empty()
        )
    });
    assert_eq!(presented.count(), 2);
}

#[test]
fn a_reader_that_nobody_vouches_for_is_shown_nothing_unless_the_policy_deals_with_such() {
    let reader = Reader::new();
    let mut world = World::new();
    world.receive_kind(Kind::Mdoc);
    let unsigned =
        |_: &SessionTranscript| write_device_request(&[items(&["given_name"]).without_reader_auth()]);
    let signed = |transcript: &SessionTranscript| reader.signed(&["given_name"], transcript);
    let requests: [Write<'_>; 2] = [&unsigned, &signed];
    for request in requests {
        let ended = asked(&world, request).unwrap_err();
        assert_eq!(
            ended.error,
            ProximityError::Wallet(WalletError::RequestRefused(RequestProblem::UntrustedVerifier))
        );
        assert_eq!(status_of(&ended.farewell), Some(SessionStatus::Termination));
        assert_eq!(ended.send, SendFarewell::AtOnce);
    }
    assert_eq!(events(&world).len(), 1, "only what was received");

    world.policy.relying_parties.readers = UnverifiedParties::Shown;
    for request in requests {
        let (ask, awaiting, session) = asked(&world, request).unwrap();
        let verifier = ask.consent().verifier.clone();
        // The name in a certificate for which nobody vouches is the reader's own word.
        assert_eq!((verifier.name, verifier.evidence.is_unverified()), (None, true));
        let decision = share(&ask);
        let outcome = answer(
            &world,
            ask,
            decision,
            DeviceProof::Signature,
            AfterAnswer::Continue,
        );
        let ProximityOutcome::Answered { message, .. } = outcome else {
            panic!("{outcome:?}")
        };
        let (response, _) = responded(awaiting.receive(&message).unwrap());
        assert_eq!(shown(&world, &response, &session), ["given_name"]);
    }
}

#[test]
fn a_reader_that_says_wrongly_who_it_is_is_shown_nothing_whatever_the_policy() {
    let reader = Reader::new();
    let mut world = holder(&reader);
    world.policy.relying_parties.readers = UnverifiedParties::Shown;
    let elsewhere = SessionTranscript::openid4vp("client", "nonce", None, "https://police.example");
    let ended = asked(&world, |_| reader.signed(&["given_name"], &elsewhere)).unwrap_err();
    assert!(matches!(
        ended.error,
        ProximityError::Session(SessionError::ReaderAuthentication(
            ReaderAuthenticationError::Signature(_)
        ))
    ));
    assert_eq!(status_of(&ended.farewell), Some(SessionStatus::Termination));
    assert_eq!(world.keys.signatures(), signatures_of_receiving(&world));
    assert_eq!(events(&world).len(), 1, "only what was received");
}

/// How many signatures receiving alone makes.
fn signatures_of_receiving(world: &World) -> usize {
    let other = World::new();
    other.receive_kind(Kind::Mdoc);
    assert_eq!(other.held(), world.held());
    other.keys.signatures()
}

#[test]
fn whoever_declines_discloses_nothing_and_does_not_say_why() {
    let reader = Reader::new();
    let world = holder(&reader);
    let ask_for = |names: &[&str]| asked(&world, |transcript| reader.signed(names, transcript)).unwrap();
    let mut responses = Vec::new();
    // Held or not: the reader is told the same.
    for names in [&["given_name"], &["shoe_size"]] {
        let (ask, awaiting, _) = ask_for(names);
        assert_eq!(
            ask.consent().smallest_choice().is_some(),
            names == &["given_name"]
        );
        let outcome = answer(
            &world,
            ask,
            Decision::Decline,
            DeviceProof::Signature,
            AfterAnswer::Continue,
        );
        let ProximityOutcome::Declined { message, .. } = outcome else {
            panic!("{outcome:?}")
        };
        responses.push(responded(awaiting.receive(&message).unwrap()).0);
    }
    assert_eq!(responses[0], responses[1]);
    let response = DeviceResponse::parse(&responses[0], MdocBudget::DEFAULT).unwrap();
    assert!(response.documents().is_empty());
    assert!(
        responses[0].ends_with(b"\x66status\x00"),
        "in order, as if there were nothing"
    );
    let declined = |event: &&HistoryEvent| matches!(event, HistoryEvent::Declined { .. });
    assert_eq!(events(&world).iter().filter(declined).count(), 2);
}

#[test]
fn a_reader_that_was_refused_for_always_hears_when_the_person_leaves_what_it_heard_before() {
    let reader = Reader::new();
    let world = holder(&reader);
    let ask_for = |names: &[&str]| asked(&world, |transcript| reader.signed(names, transcript));
    let (ask, awaiting, _) = ask_for(&["given_name"]).unwrap();
    let outcome = answer(
        &world,
        ask,
        Decision::DeclineAlways,
        DeviceProof::Signature,
        AfterAnswer::Continue,
    );
    let ProximityOutcome::Declined { message, .. } = outcome else {
        panic!("{outcome:?}")
    };
    responded(awaiting.receive(&message).unwrap());
    let ended = ask_for(&["family_name"]).err().unwrap();
    assert_eq!(
        ended.error,
        WalletError::RequestRefused(RequestProblem::RefusedAlways).into()
    );
    assert_eq!(ended.send, SendFarewell::WhenThePersonLeaves);
    assert_eq!(
        (status_of(&ended.farewell), ended.farewell.len()),
        (status_of(&message), message.len()),
        "the same message as the person's own no"
    );
}

#[test]
fn of_a_reader_for_whom_nobody_vouches_nothing_is_remembered() {
    let reader = Reader::new();
    let mut world = holder(&reader);
    world.policy.relying_parties.readers = UnverifiedParties::Shown;
    let unsigned =
        |_: &SessionTranscript| write_device_request(&[items(&["given_name"]).without_reader_auth()]);
    for _ in 0..2 {
        let (ask, ..) = asked(&world, unsigned).unwrap();
        assert_eq!(ask.consent().refused_before, []);
        let decision = Decision::DeclineAlways;
        answer(
            &world,
            ask,
            decision,
            DeviceProof::Signature,
            AfterAnswer::Continue,
        );
    }
    assert_eq!(block_on(world.wallet().refusals(world.now)), Ok(Vec::new()));
}

#[test]
fn a_locked_key_and_a_wrong_choice_leave_the_session_as_it_was() {
    let reader = Reader::new();
    let world = holder(&reader);
    let keys = world.keys.clone();
    let (ask, awaiting, session) =
        asked(&world, |transcript| reader.signed(&["given_name"], transcript)).unwrap();
    let nothing = Decision::Share(Choice::from_iter([]));
    let outcome = answer(&world, ask, nothing, DeviceProof::Signature, AfterAnswer::End);
    let ProximityOutcome::InvalidChoice(mut ask) = outcome else {
        panic!("{outcome:?}")
    };
    world.keys.lock();
    for proof in [DeviceProof::Signature, DeviceProof::Mac(&keys)] {
        let decision = share(&ask);
        let outcome = answer(&world, ask, decision, proof, AfterAnswer::End);
        ask = match outcome {
            ProximityOutcome::KeyLocked(ask) => ask,
            other => panic!("{other:?}"),
        };
    }
    assert_eq!(events(&world).len(), 1, "nothing was shown so far");
    world.keys.unlock();
    let decision = share(&ask);
    let outcome = answer(&world, ask, decision, DeviceProof::Signature, AfterAnswer::End);
    let ProximityOutcome::Answered { message, .. } = outcome else {
        panic!("{outcome:?}")
    };
    let ReaderEvent::LastResponse { device_response } = awaiting.receive(&message).unwrap() else {
        panic!("the session ends")
    };
    assert_eq!(shown(&world, &device_response, &session), ["given_name"]);
}

#[test]
fn one_document_asked_for_twice_is_refused() {
    let mut world = World::new();
    world.receive_kind(Kind::Mdoc);
    world.policy.relying_parties.readers = UnverifiedParties::Shown;
    let twice = |_: &SessionTranscript| {
        let one = items(&["given_name"]).without_reader_auth();
        write_device_request(&[one.clone(), one])
    };
    assert_eq!(
        asked(&world, twice).unwrap_err().error,
        ProximityError::Wallet(WalletError::RequestRefused(RequestProblem::Malformed))
    );
}
