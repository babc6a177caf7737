//! Attack 22: a reader authentication that failed never goes on as if it had succeeded.

use symbolon_credential::mdoc::{
    DocType, ItemsRequest, MAX_READER_AUTH_ALL, PreparedDeviceRequest, SessionTranscript,
    write_device_request,
};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::cose::EncodedX5Chain;
use symbolon_crypto::encoding::cbor::write;
use symbolon_crypto::x509::ChainError;
use symbolon_crypto::x509::issue::KeyPurpose;

use super::world::{NOW, PROVIDER, SigningReader, World, engaged, items, requested};
use super::*;

/// What the holder makes of the request that `write` writes for the session.
fn received(
    trust: ReaderTrust<'_>,
    write: impl FnOnce(&SessionTranscript) -> Vec<u8>,
) -> Result<RequestedHolder, SessionError> {
    let (holder, reader) = engaged(500);
    let request = write(reader.session().transcript());
    let (message, _) = reader.establish(&request).unwrap();
    holder
        .receive(&message, trust, &PROVIDER)
        .map(requested)
        .map_err(|ended| ended.error)
}

fn nobody() -> ReaderTrust<'static> {
    ReaderTrust {
        anchors: &[],
        now: NOW,
    }
}

fn passport(names: &[&str]) -> ItemsRequest {
    ItemsRequest {
        doc_type: DocType::parse("org.icao.passport").unwrap(),
        ..items(names)
    }
}

#[test]
fn a_reader_is_proven_unvouched_or_anonymous() {
    let world = World::new();
    let ask = |transcript: &SessionTranscript| world.signed_request(&["family_name"], transcript);
    let holder = received(world.trust(), ask).unwrap();
    let ReaderAuthentication::Proven(chain) = holder.request().reader() else {
        panic!("{:?}", holder.request().reader());
    };
    assert_eq!(chain.leaf(), &world.reader.leaf);

    let holder = received(nobody(), ask).unwrap();
    assert_eq!(
        holder.request().reader(),
        &ReaderAuthentication::Unvouched {
            leaf: world.reader.leaf.clone(),
            reason: ReaderDoubt::Chain(ChainError::UnknownAnchor),
        }
    );
    let expired = ReaderTrust {
        now: NOW.plus(std::time::Duration::from_secs(86_400 * 1000)),
        ..world.trust()
    };
    assert!(matches!(
        received(expired, ask).unwrap().request().reader(),
        ReaderAuthentication::Unvouched {
            reason: ReaderDoubt::Chain(ChainError::Expired { .. }),
            ..
        }
    ));
    let unsigned =
        |_: &SessionTranscript| write_device_request(&[items(&["family_name"]).without_reader_auth()]);
    let holder = received(world.trust(), unsigned).unwrap();
    assert_eq!(holder.request().reader(), &ReaderAuthentication::Anonymous);
}

#[test]
fn a_certificate_for_another_purpose_proves_no_reader() {
    for purpose in [None, Some(KeyPurpose::StatusLists)] {
        let other = SigningReader::for_purpose(7, purpose);
        let trust = ReaderTrust {
            anchors: core::slice::from_ref(&other.root),
            now: NOW,
        };
        let ask = |transcript: &SessionTranscript| {
            write_device_request(&[other.signed(&items(&["family_name"]), transcript)])
        };
        assert!(matches!(
            received(trust, ask).unwrap().request().reader(),
            ReaderAuthentication::Unvouched { .. }
        ));
    }
}

#[test]
fn a_wrong_signature_is_an_end() {
    let world = World::new();
    let names = ["family_name"];
    let elsewhere = SessionTranscript::openid4vp("client", "nonce", None, "https://clinic.example");
    let is_refused = |write: &dyn Fn(&SessionTranscript) -> Vec<u8>| {
        let error = received(world.trust(), write).unwrap_err();
        assert!(
            matches!(
                error,
                SessionError::ReaderAuthentication(ReaderAuthenticationError::Signature(_))
            ),
            "{error:?}"
        );
        assert_eq!(error.status(), SessionStatus::Termination);
    };
    // Signed for another session.
    is_refused(&|_| world.signed_request(&names, &elsewhere));
    // The last byte of the request is of its signature.
    is_refused(&|transcript| {
        let mut request = world.signed_request(&names, transcript);
        *request.last_mut().unwrap() ^= 1;
        request
    });
    // Another element is asked for than was signed for.
    is_refused(&|transcript| {
        let request = world.signed_request(&names, transcript);
        let at = request
            .windows(11)
            .position(|part| part == b"family_name")
            .unwrap();
        let mut changed = request;
        changed[at] = b'F';
        changed
    });
    // The one document is signed for rightly, the other is not.
    is_refused(&|transcript| {
        let right = world.reader.signed(&items(&names), transcript);
        let wrong = world.reader.signed(&passport(&names), &elsewhere);
        write_device_request(&[right, wrong])
    });
    // Somebody signs with a key of its own under the certificate of the reader.
    is_refused(&|transcript| {
        let stranger = SigningReader::new(8);
        let prepared = items(&names).prepare(transcript, &world.reader.chain());
        let handle = stranger.party.description.handle.clone();
        let signature = stranger.party.sign(&prepared.request(handle));
        write_device_request(&[prepared.finish(&signature)])
    });
}

#[test]
fn a_certificate_that_cannot_be_read_is_an_end() {
    let world = World::new();
    let ask = |transcript: &SessionTranscript| {
        let request = world.signed_request(&["family_name"], transcript);
        let der = world.reader.leaf.der();
        let at = request.windows(der.len()).position(|part| part == der).unwrap();
        let mut changed = request;
        changed[at] ^= 1;
        changed
    };
    assert!(matches!(
        received(world.trust(), ask).unwrap_err(),
        SessionError::ReaderAuthentication(ReaderAuthenticationError::Certificate(_))
    ));
}

#[test]
fn who_signs_for_a_part_does_not_stand_for_the_whole() {
    let world = World::new();
    let stranger = SigningReader::new(9);
    let names = ["family_name"];
    let holder = received(world.trust(), |transcript| {
        let signed = world.reader.signed(&items(&names), transcript);
        write_device_request(&[signed, passport(&names).without_reader_auth()])
    })
    .unwrap();
    let [first, second] = holder.request().documents() else {
        panic!("two documents are asked for");
    };
    assert!(matches!(first.reader, ReaderAuthentication::Proven(_)));
    assert_eq!(second.reader, ReaderAuthentication::Anonymous);
    assert_eq!(holder.request().reader(), &ReaderAuthentication::Anonymous);
    // Two readers: neither of them asks for both.
    let holder = received(world.trust(), |transcript| {
        let of_one = world.reader.signed(&items(&names), transcript);
        let of_other = stranger.signed(&passport(&names), transcript);
        write_device_request(&[of_one, of_other])
    })
    .unwrap();
    assert_eq!(holder.request().reader(), &ReaderAuthentication::Anonymous);
    // One reader, which gives a chain that counts for one document alone: the whole is no better than its weakest part.
    let holder = received(world.trust(), |transcript| {
        let right = world.reader.signed(&items(&names), transcript);
        let with_anchor = [world.reader.leaf.der().to_vec(), world.reader.root.der().to_vec()];
        let chain = EncodedX5Chain::new(SignatureAlgorithm::Es256, &with_anchor).unwrap();
        let prepared = passport(&names).prepare(transcript, &chain);
        let handle = world.reader.party.description.handle.clone();
        let signature = world.reader.party.sign(&prepared.request(handle));
        write_device_request(&[right, prepared.finish(&signature)])
    })
    .unwrap();
    assert!(matches!(
        holder.request().reader(),
        ReaderAuthentication::Unvouched {
            reason: ReaderDoubt::Chain(ChainError::AnchorInChain),
            ..
        }
    ));
    // One reader twice.
    let holder = received(world.trust(), |transcript| {
        let one = world.reader.signed(&items(&names), transcript);
        let other = world.reader.signed(&passport(&names), transcript);
        write_device_request(&[one, other])
    })
    .unwrap();
    assert!(matches!(
        holder.request().reader(),
        ReaderAuthentication::Proven(_)
    ));
}

fn signed_as_a_whole(
    reader: &SigningReader,
    documents: &[ItemsRequest],
    transcript: &SessionTranscript,
) -> Vec<u8> {
    let prepared = PreparedDeviceRequest::new(documents, transcript, &reader.chain());
    let handle = reader.party.description.handle.clone();
    let signature = reader.party.sign(&prepared.request(handle));
    prepared.finish(&signature)
}

#[test]
fn one_signature_stands_for_all_documents() {
    let world = World::new();
    let documents = [items(&["family_name"]), passport(&["document_number"])];
    let ask = |transcript: &SessionTranscript| signed_as_a_whole(&world.reader, &documents, transcript);
    let holder = received(world.trust(), ask).unwrap();
    assert!(matches!(
        holder.request().reader(),
        ReaderAuthentication::Proven(_)
    ));
    assert_eq!(holder.request().documents().len(), 2);
    assert!(matches!(
        received(nobody(), ask).unwrap().request().reader(),
        ReaderAuthentication::Unvouched { .. }
    ));
    let wrong = |_: &SessionTranscript| {
        let elsewhere = SessionTranscript::openid4vp("client", "nonce", None, "https://clinic.example");
        signed_as_a_whole(&world.reader, &documents, &elsewhere)
    };
    assert!(matches!(
        received(world.trust(), wrong).unwrap_err(),
        SessionError::ReaderAuthentication(ReaderAuthenticationError::Signature(_))
    ));
    // A document that was not signed for is put before or behind the ones that were.
    let before = |request: &[u8]| position(request, b"\x6bdocRequests\x82") + 13;
    let behind = |request: &[u8]| position(request, b"\x6dreaderAuthAll");
    for place in [before, behind] {
        let more = |transcript: &SessionTranscript| {
            let mut request = signed_as_a_whole(&world.reader, &documents, transcript);
            let at = place(&request);
            let count = position(&request, b"\x6bdocRequests\x82") + 12;
            request[count] = 0x83;
            let more = items(&["portrait"]).without_reader_auth();
            request.splice(at..at, more);
            request
        };
        assert!(matches!(
            received(world.trust(), more).unwrap_err(),
            SessionError::ReaderAuthentication(ReaderAuthenticationError::Signature(_))
        ));
    }
}

fn position(request: &[u8], mark: &[u8]) -> usize {
    request.windows(mark.len()).position(|part| part == mark).unwrap()
}

#[test]
fn one_request_has_only_so_many_signatures_over_the_whole() {
    let world = World::new();
    let documents = [items(&["family_name"])];
    for (count, is_taken) in [(MAX_READER_AUTH_ALL, true), (MAX_READER_AUTH_ALL + 1, false)] {
        let ask = |transcript: &SessionTranscript| {
            let mut request = signed_as_a_whole(&world.reader, &documents, transcript);
            let at = position(&request, b"\x6dreaderAuthAll\x81") + 15;
            request[at - 1] = 0x80 | u8::try_from(count).unwrap();
            let one = request[at..].to_vec();
            for _ in 1..count {
                request.extend_from_slice(&one);
            }
            request
        };
        match received(world.trust(), ask) {
            Ok(_) => assert!(is_taken, "{count}"),
            Err(error) => assert!(
                !is_taken && matches!(error, SessionError::Request(_)),
                "{error:?}"
            ),
        }
    }
}

#[test]
fn a_signature_over_the_whole_covers_what_is_said_of_the_request() {
    let world = World::new();
    let documents = [items(&["family_name"])];
    let ask = |transcript: &SessionTranscript| {
        let mut request = signed_as_a_whole(&world.reader, &documents, transcript);
        // `deviceRequestInfo` was null when this was signed.
        request[0] = 0xa4;
        write::text(&mut request, "deviceRequestInfo");
        write::encoded_item(&mut request, &[0xa0]);
        request
    };
    assert!(matches!(
        received(world.trust(), ask).unwrap_err(),
        SessionError::ReaderAuthentication(ReaderAuthenticationError::Signature(_))
    ));
}
