//! Both sides, message by message: what happens in order, and everything else.

use symbolon_credential::mdoc::{DeviceResponse, MdocBudget, write_device_request};
use symbolon_crypto::SecretKey;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{RandomnessUnavailable, SignatureAlgorithm};

use super::world::{PROVIDER, World, engaged, items, requested, responded};
use super::*;

/// A session in which the holder has been asked for a name.
fn asked(world: &World, seed: u64) -> (RequestedHolder, AwaitingReader, std::sync::Arc<ReaderSession>) {
    let (holder, reader) = engaged(seed);
    let session = reader.session();
    let request = world.signed_request(&["family_name"], session.transcript());
    let (message, reader) = reader.establish(&request).unwrap();
    let holder = requested(holder.receive(&message, world.trust(), &PROVIDER).unwrap());
    (holder, reader, session)
}

/// The same, answered.
fn answered(world: &World, seed: u64) -> (AnsweredHolder, AnsweredReader, std::sync::Arc<ReaderSession>) {
    let (holder, reader, session) = asked(world, seed);
    let response = world.response(&holder, &["family_name"]);
    let (message, holder) = holder.answer(&response).unwrap();
    let (_, reader) = responded(reader.receive(&message).unwrap());
    (holder, reader, session)
}

fn status_message(status: SessionStatus) -> Vec<u8> {
    SessionData::of_status(status).to_bytes()
}

fn status_of(ended: &SessionEnded) -> SessionStatus {
    SessionData::parse(&ended.farewell, 4096).unwrap().status.unwrap()
}

#[test]
fn several_requests_are_answered_in_one_session() {
    let world = World::new();
    let (holder, reader, session) = asked(&world, 10);
    let [document] = holder.request().documents() else {
        panic!("one document is asked for");
    };
    assert_eq!(document.items, items(&["family_name"]));
    assert!(matches!(document.reader, ReaderAuthentication::Proven(_)));
    let response = world.response(&holder, &["family_name"]);
    let (message, holder) = holder.answer(&response).unwrap();
    let (received, reader) = responded(reader.receive(&message).unwrap());
    assert_eq!(world.shown(&received, &session).unwrap(), ["family_name"]);

    let request = world.signed_request(&["portrait", "age_over_18"], session.transcript());
    let (message, reader) = reader.request(&request).unwrap();
    let holder = requested(holder.receive(&message, world.trust(), &PROVIDER).unwrap());
    let (message, holder) = holder.decline().unwrap();
    let (received, reader) = responded(reader.receive(&message).unwrap());
    let nothing = DeviceResponse::parse(&received, MdocBudget::DEFAULT).unwrap();
    assert_eq!((nothing.status(), nothing.documents().len()), (0, 0));

    let (message, reader) = reader.request(&request).unwrap();
    let holder = requested(holder.receive(&message, world.trust(), &PROVIDER).unwrap());
    let response = world.response(&holder, &["portrait", "age_over_18"]);
    let message = holder.answer_and_end(&response).unwrap();
    let ReaderEvent::LastResponse { device_response } = reader.receive(&message).unwrap() else {
        panic!("the holder ended the session");
    };
    assert_eq!(
        world.shown(&device_response, &session).unwrap(),
        ["portrait", "age_over_18"]
    );
}

#[test]
fn a_response_of_one_session_is_none_of_another() {
    let world = World::new();
    let (holder, _, _) = asked(&world, 20);
    let response = world.response(&holder, &["family_name"]);
    let (message, _) = holder.answer(&response).unwrap();
    let (_, reader, session) = asked(&world, 30);
    let ended = reader.receive(&message).unwrap_err();
    assert_eq!(ended.error, SessionError::Decryption);
    assert_eq!(world.shown(&response, &session), None);
}

#[test]
fn either_side_ends_the_session_at_any_time() {
    let world = World::new();
    let end = status_message(SessionStatus::Termination);
    let over = SessionStatus::Termination;

    let (holder, _) = engaged(40);
    let event = holder.receive(&end, world.trust(), &PROVIDER).unwrap();
    assert!(matches!(event, HolderEvent::Ended(status) if status == over));
    let (holder, reader, _) = asked(&world, 41);
    assert_eq!(reader.terminate(), end);
    assert_eq!(holder.receive(&end), Ok(over));
    let (holder, reader, _) = asked(&world, 42);
    assert_eq!(holder.terminate(), end);
    assert!(matches!(reader.receive(&end), Ok(ReaderEvent::Ended(status)) if status == over));
    let (holder, reader, _) = answered(&world, 43);
    assert_eq!(reader.terminate(), end);
    let event = holder.receive(&end, world.trust(), &PROVIDER).unwrap();
    assert!(matches!(event, HolderEvent::Ended(status) if status == over));
    let (holder, reader, _) = answered(&world, 44);
    assert_eq!(holder.terminate(), end);
    assert_eq!(reader.receive(&end), Ok(over));
    for status in [
        SessionStatus::EncryptionError,
        SessionStatus::DecodingError,
        SessionStatus::Other(99),
    ] {
        let (_, reader, _) = asked(&world, 45);
        let event = reader.receive(&status_message(status)).unwrap();
        assert!(matches!(event, ReaderEvent::Ended(other) if other == status));
    }
}

#[test]
fn data_with_an_error_is_not_read() {
    let world = World::new();
    let (holder, reader, _) = asked(&world, 50);
    let response = world.response(&holder, &["family_name"]);
    let (message, _) = holder.answer(&response).unwrap();
    let sealed = SessionData::parse(&message, 1 << 20).unwrap();
    let with_error = SessionData {
        status: Some(SessionStatus::DecodingError),
        ..sealed
    };
    assert!(matches!(
        reader.receive(&with_error.to_bytes()),
        Ok(ReaderEvent::Ended(SessionStatus::DecodingError))
    ));
    // A reader that ends the session does not ask.
    let (holder, reader, session) = answered(&world, 51);
    let request = world.signed_request(&["portrait"], session.transcript());
    let (message, _) = reader.request(&request).unwrap();
    let with_end = SessionData {
        status: Some(SessionStatus::Termination),
        ..SessionData::parse(&message, 1 << 20).unwrap()
    };
    assert!(matches!(
        holder.receive(&with_end.to_bytes(), world.trust(), &PROVIDER),
        Ok(HolderEvent::Ended(SessionStatus::Termination))
    ));
}

#[test]
fn whoever_speaks_out_of_turn_ends_the_session() {
    let world = World::new();
    // The holder is being asked, and the reader asks again.
    let (holder, _, _) = asked(&world, 60);
    let data = SessionData {
        data: Some(&[1, 2, 3]),
        status: None,
    };
    let ended = holder.receive(&data.to_bytes()).unwrap_err();
    assert_eq!(ended.error, SessionError::OutOfTurn);
    assert_eq!(status_of(&ended), SessionStatus::Termination);
    // The reader has its answer, and the holder answers again.
    let (_, reader, _) = answered(&world, 61);
    assert_eq!(
        reader.receive(&data.to_bytes()).unwrap_err().error,
        SessionError::OutOfTurn
    );
    // Data before there is a session, and a second establishment.
    let (holder, reader) = engaged(62);
    let ended = holder
        .receive(&data.to_bytes(), world.trust(), &PROVIDER)
        .unwrap_err();
    assert_eq!(
        ended.error,
        SessionError::Message(MessageError::Missing { member: "eReaderKey" })
    );
    assert_eq!(status_of(&ended), SessionStatus::DecodingError);
    let (establishment, _) = reader.establish(&[0xa0]).unwrap();
    let (holder, _, _) = answered(&world, 63);
    let ended = holder
        .receive(&establishment, world.trust(), &PROVIDER)
        .unwrap_err();
    assert_eq!(ended.error, SessionError::Message(MessageError::Malformed));
}

#[test]
fn a_message_that_is_lost_repeated_or_changed_ends_the_session() {
    let world = World::new();
    // Lost: the second answer arrives instead of the first.
    let (holder, reader, session) = asked(&world, 70);
    let (_, holder) = holder.decline().unwrap();
    let request = world.signed_request(&["portrait"], session.transcript());
    // The reader that lost the answer asks nothing more; one that did not, by the keys of the same session, does.
    let twin = answered(&world, 70).1;
    let (question, _) = twin.request(&request).unwrap();
    let holder = requested(holder.receive(&question, world.trust(), &PROVIDER).unwrap());
    let (second, _) = holder.decline().unwrap();
    let ended = reader.receive(&second).unwrap_err();
    assert_eq!(ended.error, SessionError::Decryption);
    assert_eq!(status_of(&ended), SessionStatus::EncryptionError);
    // Repeated.
    let (holder, reader, session) = answered(&world, 71);
    let request = world.signed_request(&["portrait"], session.transcript());
    let (question, _) = reader.request(&request).unwrap();
    let holder = requested(holder.receive(&question, world.trust(), &PROVIDER).unwrap());
    let (_, holder) = holder.decline().unwrap();
    let ended = holder.receive(&question, world.trust(), &PROVIDER).unwrap_err();
    assert_eq!(ended.error, SessionError::Decryption);
    // Sent back to whoever sent it: each direction has a key of its own.
    let (_, reader, session) = answered(&world, 72);
    let request = world.signed_request(&["portrait"], session.transcript());
    let (question, reader) = reader.request(&request).unwrap();
    assert_eq!(
        reader.receive(&question).unwrap_err().error,
        SessionError::Decryption
    );
}

#[test]
fn a_key_that_is_none_of_p256_and_bytes_that_are_no_message_have_their_status() {
    let world = World::new();
    let other = SecretKey::generate(SignatureAlgorithm::EdDsa, &SeededRandomness::new(1)).unwrap();
    let mut cose_key = Vec::new();
    other.public_key().write_cose_key(&mut cose_key);
    let mut off_the_curve = Vec::new();
    let own = SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(1)).unwrap();
    own.public_key().write_cose_key(&mut off_the_curve);
    *off_the_curve.last_mut().unwrap() ^= 1;
    for e_reader_key in [cose_key, off_the_curve, Vec::new()] {
        let message = SessionEstablishment {
            e_reader_key: &e_reader_key,
            data: &[0; 32],
        };
        let ended = engaged(80)
            .0
            .receive(&message.to_bytes(), world.trust(), &PROVIDER)
            .unwrap_err();
        assert_eq!(ended.error, SessionError::ReaderKey);
        assert_eq!(status_of(&ended), SessionStatus::EncryptionError);
    }
    for message in [b"".as_slice(), b"\xff", b"\xa0", b"\x80", b"\xa1\x64data\x01"] {
        let ended = engaged(81)
            .0
            .receive(message, world.trust(), &PROVIDER)
            .unwrap_err();
        assert_eq!(status_of(&ended), SessionStatus::DecodingError, "{message:?}");
    }
    let (holder, _, _) = answered(&world, 81);
    let ended = holder.receive(b"\xa0", world.trust(), &PROVIDER).unwrap_err();
    assert_eq!(
        ended.error,
        SessionError::Message(MessageError::Missing { member: "data" })
    );
    let long = vec![0; MAX_REQUEST_MESSAGE_BYTES + 1];
    let ended = engaged(82)
        .0
        .receive(&long, world.trust(), &PROVIDER)
        .unwrap_err();
    assert!(matches!(
        ended.error,
        SessionError::Message(MessageError::TooLong { .. })
    ));
    assert_eq!(status_of(&ended), SessionStatus::Termination);
}

#[test]
fn a_request_that_cannot_be_read_is_answered_with_the_status_of_a_response() {
    let world = World::new();
    for (request, status) in [(b"\xff".as_slice(), 11), (b"\xa0", 12)] {
        let (holder, reader) = engaged(83);
        let (message, reader) = reader.establish(request).unwrap();
        let ended = holder.receive(&message, world.trust(), &PROVIDER).unwrap_err();
        assert!(matches!(ended.error, SessionError::Request(_)));
        let ReaderEvent::LastResponse { device_response } = reader.receive(&ended.farewell).unwrap() else {
            panic!("the holder says why and ends the session");
        };
        let response = DeviceResponse::parse(&device_response, MdocBudget::DEFAULT).unwrap();
        assert_eq!((response.status(), response.documents().len()), (status, 0));
    }
}

#[test]
fn a_reader_asks_only_so_often() {
    let world = World::new();
    let (mut holder, mut reader, _) = answered(&world, 84);
    let request = write_device_request(&[items(&["family_name"]).without_reader_auth()]);
    for _ in 1..MAX_REQUESTS_OF_A_SESSION {
        let (question, awaiting) = reader.request(&request).unwrap();
        let asked = requested(holder.receive(&question, world.trust(), &PROVIDER).unwrap());
        let (message, next) = asked.decline().unwrap();
        holder = next;
        reader = responded(awaiting.receive(&message).unwrap()).1;
    }
    let (question, _) = reader.request(&request).unwrap();
    let ended = holder.receive(&question, world.trust(), &PROVIDER).unwrap_err();
    assert_eq!(ended.error, SessionError::TooManyRequests);
}

#[test]
fn what_the_other_side_would_not_take_is_not_sent() {
    let world = World::new();
    let (_, reader) = engaged(85);
    let ended = reader.establish(&vec![0; MAX_REQUEST_MESSAGE_BYTES]).unwrap_err();
    assert!(matches!(ended.error, SessionError::TooLongToSend { .. }));
    let (holder, _, _) = asked(&world, 86);
    let ended = holder.answer(&vec![0; MAX_RESPONSE_MESSAGE_BYTES]).unwrap_err();
    assert!(matches!(ended.error, SessionError::TooLongToSend { .. }));
    // What is just short enough is taken.
    let (holder, reader, _) = asked(&world, 87);
    let longest = vec![0; MdocBudget::DEFAULT.cbor.bytes];
    let (message, _) = holder.answer(&longest).unwrap();
    assert_eq!(responded(reader.receive(&message).unwrap()).0, longest);
}

#[test]
fn no_session_begins_without_randomness() {
    struct Nothing;
    impl symbolon_crypto::Randomness for Nothing {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomnessUnavailable> {
            Err(RandomnessUnavailable)
        }
    }
    assert_eq!(
        EngagedHolder::engage(Vec::new(), &PROVIDER, &Nothing).unwrap_err(),
        EngageError::Randomness(RandomnessUnavailable)
    );
    let text = engaged(88).0.engagement().to_qr_text();
    assert_eq!(
        ScannedReader::scan(&text, &PROVIDER, &Nothing).unwrap_err(),
        ScanError::Randomness(RandomnessUnavailable)
    );
}

#[test]
fn no_state_shows_a_key() {
    let world = World::new();
    let (holder, reader) = engaged(89);
    let shown = format!("{holder:?}{reader:?}{:?}", asked(&world, 89).0);
    assert!(!shown.contains("key:") && !shown.contains("ciphers"), "{shown}");
}
