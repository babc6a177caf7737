//! A session as ISO/IEC 18013-5 writes it, with a phone that is written out here: its messages, transcript and keys are made by hand, and by
//! nothing that the server makes them with.

use sha2::{Digest as _, Sha256};
use symbolon_credential::mdoc::EMacKey;
use symbolon_crypto::encoding::cbor::{CborBudget, Cursor, write};
use symbolon_crypto::symmetric::{SymmetricKey, hmac_sha256};
use symbolon_crypto::{CryptoProvider as _, PublicKey, SecretKey, SignatureAlgorithm};

use super::*;

/// The first part of the nonces of each side (section 9.1.1.5).
const READER: u8 = 0;
const DEVICE: u8 = 1;

struct Phone {
    key: SecretKey,
    engagement: Vec<u8>,
}

/// A session that a reader has established with the phone.
struct Session {
    transcript: SessionTranscript,
    reader_public: PublicKey,
    reader: SymmetricKey,
    device: SymmetricKey,
    request: Vec<u8>,
}

fn secret(algorithm: SignatureAlgorithm, seed: u64) -> SecretKey {
    SecretKey::generate(algorithm, &SeededRandomness::new(seed)).unwrap()
}

/// `DeviceEngagement` of these parts (section 8.2.1.1).
fn engagement(version: &str, suite: u64, key: &PublicKey) -> Vec<u8> {
    let mut cose_key = Vec::new();
    key.write_cose_key(&mut cose_key);
    let mut out = Vec::new();
    write::map(&mut out, 2);
    write::integer(&mut out, 0);
    write::text(&mut out, version);
    write::integer(&mut out, 1);
    write::array(&mut out, 2);
    write::unsigned(&mut out, suite);
    write::encoded_item(&mut out, &cose_key);
    out
}

fn text(engagement: &[u8]) -> String {
    format!("mdoc:{}", base64url::encode(engagement))
}

fn nonce(identifier: u8, number: u8) -> [u8; 12] {
    [0, 0, 0, 0, 0, 0, 0, identifier, 0, 0, 0, number]
}

/// `SessionData` with these members.
fn session_data(data: Option<&[u8]>, status: Option<u64>) -> Vec<u8> {
    let mut out = Vec::new();
    write::map(
        &mut out,
        usize::from(data.is_some()) + usize::from(status.is_some()),
    );
    if let Some(data) = data {
        write::text(&mut out, "data");
        write::bytes(&mut out, data);
    }
    if let Some(status) = status {
        write::text(&mut out, "status");
        write::unsigned(&mut out, status);
    }
    out
}

/// Makes a message of the phone in a session.
type Make<'m> = &'m dyn Fn(&Session) -> Vec<u8>;

/// What a message says of the session, and nothing else.
fn status_of(message: &Value) -> u64 {
    let message = bytes(message);
    let mut cursor = Cursor::new(&message, CborBudget::DEFAULT).unwrap();
    assert_eq!((cursor.map(), cursor.text()), (Some(1), Some("status")));
    cursor.unsigned().unwrap()
}

impl Phone {
    fn new(seed: u64) -> Self {
        let key = secret(SignatureAlgorithm::Es256, seed);
        let engagement = engagement("1.0", 1, &key.public_key());
        Self { key, engagement }
    }

    async fn begin(&self, world: &World, id: &str) -> Value {
        let body = json!({ "engagement": text(&self.engagement) });
        let begun = world
            .nearby(Method::POST, &format!("{id}/proximity"), &body)
            .await;
        assert_eq!(begun.status, 201, "{}", String::from_utf8_lossy(&begun.body));
        json_of(&begun)
    }

    /// Takes the first message of the reader.
    fn established(&self, message: &[u8]) -> Session {
        let mut cursor = Cursor::new(message, CborBudget::DEFAULT).unwrap();
        assert_eq!((cursor.map(), cursor.text()), (Some(2), Some("eReaderKey")));
        cursor.expect_tag(24).unwrap();
        let e_reader_key = cursor.bytes().unwrap();
        assert_eq!(cursor.text(), Some("data"));
        let sealed = cursor.bytes().unwrap();

        let mut transcript = Vec::new();
        write::array(&mut transcript, 3);
        write::encoded_item(&mut transcript, &self.engagement);
        write::encoded_item(&mut transcript, e_reader_key);
        write::null(&mut transcript);
        let mut transcript_bytes = Vec::new();
        write::encoded_item(&mut transcript_bytes, &transcript);
        let salt = Sha256::digest(&transcript_bytes);

        let mut key = Cursor::new(e_reader_key, CborBudget::DEFAULT).unwrap();
        let reader_public = PublicKey::from_cose_key(&mut key).unwrap();
        let shared = RustCryptoProvider.agree(&self.key, &reader_public).unwrap();
        let reader = SymmetricKey::agreed(&shared, &salt, b"SKReader");
        let device = SymmetricKey::agreed(&shared, &salt, b"SKDevice");
        let request = reader.open_numbered(nonce(READER, 1), sealed);
        Session {
            transcript: SessionTranscript::parse_proximity(&transcript).unwrap(),
            reader_public,
            request: request.expect("the first message of the reader").to_vec(),
            reader,
            device,
        }
    }
}

impl Session {
    fn answer(&self, response: &[u8]) -> Vec<u8> {
        session_data(
            Some(&self.device.seal_numbered(nonce(DEVICE, 1), response).unwrap()),
            None,
        )
    }
}

fn keeping_query() -> Value {
    let mut query = mdoc_query();
    query["credentials"][0]["claims"][0]["intent_to_retain"] = json!(true);
    query
}

#[tokio::test]
async fn a_session_is_as_the_standard_writes_it() {
    let world = World::new().await;
    let (id, _) = world
        .make_request(&json!({ "dcql_query": keeping_query() }))
        .await;
    let phone = Phone::new(1);
    let begun = phone.begin(&world, &id).await;
    // BLE ident: HKDF with SHA-256 and no salt over EDeviceKeyBytes (section 8.3.3.1.1.3).
    let mut cose_key = Vec::new();
    phone.key.public_key().write_cose_key(&mut cose_key);
    let mut device_key_bytes = Vec::new();
    write::encoded_item(&mut device_key_bytes, &cose_key);
    let block = hmac_sha256(&hmac_sha256(&[0; 32], &device_key_bytes), b"BLEIdent\x01");
    assert_eq!(bytes(&begun["ble"]["ident"]), block[..16]);

    let session = phone.established(&bytes(&begun["message"]));
    let trust = ReaderTrust {
        anchors: core::slice::from_ref(&world.anchor),
        now: world.now(),
    };
    let asked = AskedFaceToFace::new(&session.transcript, &session.request, world.now());
    let (request, _) = asked.verify(trust, &RustCryptoProvider).unwrap();
    assert!(
        request.reader().leaf().is_some(),
        "the reader signs for this session, and says by which certificate"
    );
    let [document] = request.documents() else {
        panic!("one document is asked for")
    };
    assert_eq!(document.items.doc_type.as_str(), DOC_TYPE);
    let [element] = &document.items.elements[..] else {
        panic!("one element is asked for")
    };
    assert_eq!(element.identifier.as_str(), "given_name");
    assert!(
        element.intent_to_retain,
        "what the query says is said to the phone"
    );

    let answer = session.answer(&world.device_response(&session.transcript));
    let (status, told) = world.bring(&id, &begun["session"], &message(&answer)).await;
    assert_eq!((status, &told["state"]), (200, &json!("answered")), "{told}");
    assert_eq!(status_of(&told["message"]), 20, "the session is ended");
    let report = &told["presentation"]["result"]["outcome"]["presented"]["reports"][0]["report"];
    assert_eq!(report["verdict"], "valid", "{told}");
}

#[tokio::test]
async fn what_was_sealed_otherwise_is_no_answer_and_ends_the_session_with_status_10() {
    let world = World::new().await;
    let id = world.asks_for_mdoc().await;
    let phone = Phone::new(1);
    for (is_readers_key, sealed_as) in [
        (false, nonce(DEVICE, 2)),
        (false, nonce(DEVICE, 0)),
        (false, nonce(READER, 1)),
        (true, nonce(DEVICE, 1)),
        (true, nonce(READER, 1)),
    ] {
        let begun = phone.begin(&world, &id).await;
        let session = phone.established(&bytes(&begun["message"]));
        let response = world.device_response(&session.transcript);
        let key = if is_readers_key {
            &session.reader
        } else {
            &session.device
        };
        let sealed = key.seal_numbered(sealed_as, &response).unwrap();
        let answer = session_data(Some(&sealed), None);
        let (status, told) = world.bring(&id, &begun["session"], &message(&answer)).await;
        assert_eq!((status, &told["error"]), (400, &json!("session_ended")), "{told}");
        assert_eq!(status_of(&told["message"]), 10, "{sealed_as:?}");
        assert_eq!(world.result(&id).await["state"], "pending");
    }
}

#[tokio::test]
async fn what_is_no_message_of_a_session_ends_it_with_status_11_and_what_comes_with_an_error_is_not_read() {
    let world = World::new().await;
    let id = world.asks_for_mdoc().await;
    let phone = Phone::new(1);
    let answered = async |make: &dyn Fn(&Session) -> Vec<u8>| {
        let begun = phone.begin(&world, &id).await;
        let session = phone.established(&bytes(&begun["message"]));
        world
            .bring(&id, &begun["session"], &message(&make(&session)))
            .await
    };
    let good = |session: &Session| session.answer(&world.device_response(&session.transcript));
    let no_messages: [Make<'_>; 4] = [
        &|_| vec![0xa0],
        &|_| vec![0x80],
        // Something behind the message.
        &|session| [good(session), vec![0]].concat(),
        // The message that establishes a session, once more.
        &|session| {
            let sealed = good(session);
            let mut out = vec![0xa2];
            write::text(&mut out, "eReaderKey");
            write::encoded_item(&mut out, &[0xa0]);
            out.extend_from_slice(&sealed[1..]);
            out
        },
    ];
    for make in no_messages {
        let (status, told) = answered(make).await;
        assert_eq!((status, &told["error"]), (400, &json!("session_ended")), "{told}");
        assert_eq!(status_of(&told["message"]), 11);
    }
    for code in [10, 11, 99] {
        let (status, told) = answered(&|session| {
            let response = world.device_response(&session.transcript);
            let sealed = session.device.seal_numbered(nonce(DEVICE, 1), &response).unwrap();
            session_data(Some(&sealed), Some(code))
        })
        .await;
        assert_eq!(
            (status, &told["state"], &told["status"]),
            (200, &json!("ended"), &json!(code)),
            "{told}"
        );
    }
    assert_eq!(world.result(&id).await["state"], "pending");
}

#[tokio::test]
async fn an_engagement_has_a_version_a_suite_and_a_key_that_the_reader_knows() {
    let world = World::new().await;
    let id = world.asks_for_mdoc().await;
    let begins = async |engagement: &str| {
        let body = json!({ "engagement": engagement });
        world
            .nearby(Method::POST, &format!("{id}/proximity"), &body)
            .await
            .status
    };
    let key = secret(SignatureAlgorithm::Es256, 1).public_key();
    let good = text(&engagement("1.0", 1, &key));
    for engagement in [
        good.clone(),
        good.replacen("mdoc:", "MDOC:", 1),
        text(&engagement("1.9", 1, &key)),
    ] {
        assert_eq!(begins(&engagement).await, 201, "{engagement}");
    }
    let other = |algorithm| secret(algorithm, 1).public_key();
    let mut long = engagement("1.0", 1, &key);
    long[0] = 0xa3;
    write::integer(&mut long, 99);
    write::bytes(&mut long, &[0; 5000]);
    for engagement in [
        good.replacen("mdoc:", "http:", 1),
        good.replacen("mdoc:", "", 1),
        text(&engagement("2.0", 1, &key)),
        text(&engagement("1.0", 2, &key)),
        text(&engagement("1.0", 1, &other(SignatureAlgorithm::Es384))),
        text(&engagement("1.0", 1, &other(SignatureAlgorithm::EdDsa))),
        text(&long),
    ] {
        assert_eq!(begins(&engagement).await, 400, "{engagement}");
    }
}

/// The holder's MAC is checked with the key that the reader made for this session, and with no other.
#[tokio::test]
async fn a_device_mac_is_for_the_key_of_the_reader_in_this_session() {
    let world = World::new().await;
    let phone = Phone::new(1);
    let device_key = secret(SignatureAlgorithm::Es256, 900);
    for (is_of_this_session, verdict) in [(true, "valid"), (false, "invalid")] {
        let id = world.asks_for_mdoc().await;
        let begun = phone.begin(&world, &id).await;
        let session = phone.established(&bytes(&begun["message"]));
        let stranger = secret(SignatureAlgorithm::Es256, 5).public_key();
        let reader = if is_of_this_session {
            &session.reader_public
        } else {
            &stranger
        };
        let key = EMacKey::derive(&RustCryptoProvider, &device_key, reader, &session.transcript);
        let issued = mdoc(&world);
        let held = IssuerSigned::parse(&issued, MdocBudget::DEFAULT).unwrap();
        let shown = held.present(&[(DOC_TYPE, "given_name")]).unwrap();
        let answer = session.answer(&shown.with_mac(&key.unwrap(), &session.transcript));
        let (status, told) = world.bring(&id, &begun["session"], &message(&answer)).await;
        assert_eq!(status, 200, "{told}");
        let report = &told["presentation"]["result"]["outcome"]["presented"]["reports"][0]["report"];
        assert_eq!(report["verdict"], verdict, "{told}");
    }
}
