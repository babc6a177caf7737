//! A phone in the same room, whose bytes an app carries (ISO/IEC 18013-5).

mod standard;

use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};
use symbolon_credential::mdoc::{EncodedDocument, IssuerSigned, MdocBudget, SessionTranscript};
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_http::fetch::Fetched;
use symbolon_protocol::proximity::ble::{FrameAssembler, FrameSize, split};
use symbolon_protocol::proximity::{
    AskedFaceToFace, BleOptions, EngagedHolder, HolderEvent, MAX_REQUEST_MESSAGE_BYTES,
    MAX_RESPONSE_MESSAGE_BYTES, ReaderAuthentication, ReaderTrust, RequestedHolder, RetrievalMethod,
};

use crate::transactions::{payment, types};
use crate::world::formats::{mdoc, mdoc_query};
use crate::world::{DOC_TYPE, TOKEN, World, json_of};

/// A phone that shows its engagement.
fn phone(seed: u64) -> EngagedHolder {
    let ble = BleOptions {
        peripheral_server: Some(*b"\x45\xef\xef\x74\x2b\x2c\x48\x37\xa9\xa3\xb0\xe1\xd0\x5a\x69\x17"),
        ..BleOptions::default()
    };
    let methods = vec![RetrievalMethod::Ble(ble)];
    EngagedHolder::engage(methods, &RustCryptoProvider, &SeededRandomness::new(seed)).unwrap()
}

impl World {
    async fn nearby(&self, method: Method, path: &str, body: &Value) -> Fetched {
        let token = format!("Bearer {TOKEN}");
        let headers = [
            (AUTHORIZATION, token.as_str()),
            (CONTENT_TYPE, "application/json"),
        ];
        let path = format!("/admin/v1/presentation-requests/{path}");
        self.send(method, &path, &headers, &body.to_string()).await
    }

    async fn asks_for_mdoc(&self) -> String {
        self.make_request(&json!({ "dcql_query": mdoc_query() })).await.0
    }

    /// Begins a session with a phone, and says what it is called and what is sent first.
    async fn begin(&self, id: &str, phone: &EngagedHolder, mtu: Option<u16>) -> Value {
        let body = json!({ "engagement": phone.engagement().to_qr_text(), "mtu": mtu });
        let begun = self.nearby(Method::POST, &format!("{id}/proximity"), &body).await;
        assert_eq!(begun.status, 201, "{}", String::from_utf8_lossy(&begun.body));
        json_of(&begun)
    }

    async fn bring(&self, id: &str, session: &Value, body: &Value) -> (u16, Value) {
        let path = format!("{id}/proximity/{}", session.as_str().unwrap());
        let answer = self.nearby(Method::POST, &path, body).await;
        (answer.status, json_of(&answer))
    }

    /// What the phone takes out of the first message.
    fn requested(&self, phone: EngagedHolder, message: &[u8]) -> RequestedHolder {
        let anchors = [self.anchor.clone()];
        let trust = ReaderTrust {
            anchors: &anchors,
            now: self.now(),
        };
        match phone.receive(message, trust, &RustCryptoProvider).unwrap() {
            HolderEvent::Requested(requested) => requested,
            HolderEvent::Ended(status) => panic!("{status:?}"),
        }
    }

    fn device_response(&self, transcript: &SessionTranscript) -> Vec<u8> {
        let issued = mdoc(self);
        let held = IssuerSigned::parse(&issued, MdocBudget::DEFAULT).unwrap();
        let shown = held.present(&[(DOC_TYPE, "given_name")]).unwrap();
        let prepared = shown.prepare(transcript);
        let signature = self.holder.sign(&prepared.request(self.holder.handle()));
        prepared.finish(&signature).unwrap()
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    base64url::decode(value.as_str().unwrap()).unwrap()
}

fn message(bytes: &[u8]) -> Value {
    json!({ "message": base64url::encode(bytes) })
}

fn frames(frames: &[Vec<u8>]) -> Value {
    let frames: Vec<String> = frames.iter().map(|frame| base64url::encode(frame)).collect();
    json!({ "frames": frames })
}

#[tokio::test]
async fn a_phone_is_asked_and_its_answer_is_the_result_of_the_request() {
    let world = World::new().await;
    let id = world.asks_for_mdoc().await;
    let phone = phone(1);
    let begun = world.begin(&id, &phone, None).await;
    assert_eq!(
        begun["ble"]["peripheral_server"],
        "45efef74-2b2c-4837-a9a3-b0e1d05a6917"
    );
    assert_eq!(begun["frames"], Value::Null);
    let requested = world.requested(phone, &bytes(&begun["message"]));
    let [document] = requested.request().documents() else {
        panic!("one document is asked for")
    };
    assert!(
        !matches!(document.reader, ReaderAuthentication::Anonymous),
        "the reader says who it is"
    );
    let transcript = requested.transcript().clone();
    let response = world.device_response(&transcript);
    let (answer, _) = requested.answer(&response).unwrap();
    let (status, told) = world.bring(&id, &begun["session"], &message(&answer)).await;
    assert_eq!((status, &told["state"]), (200, &json!("answered")), "{told}");
    assert!(told["message"].is_string(), "the session is ended: {told}");
    let presented =
        |state: &Value| state["result"]["outcome"]["presented"]["reports"][0]["report"]["verdict"].clone();
    assert_eq!(presented(&told["presentation"]), "valid", "{told}");
    assert_eq!(presented(&world.result(&id).await), "valid", "it is kept");
    let kept = world
        .administer(Method::GET, &format!("/{id}/evidence"), "")
        .await;
    let kept = json_of(&kept);
    let asked: AskedFaceToFace = serde_json::from_str(kept["request_object"].as_str().unwrap()).unwrap();
    let trust = ReaderTrust {
        anchors: core::slice::from_ref(&world.anchor),
        now: asked.asked_at(),
    };
    let (_, kept_transcript) = asked.verify(trust, &RustCryptoProvider).unwrap();
    assert_eq!(
        kept_transcript, transcript,
        "whoever has it checks the device's signature again"
    );
    assert_eq!(
        base64url::decode(kept["vp_token"]["identity"][0].as_str().unwrap()).unwrap(),
        response
    );

    // Again, by the same session or a new one.
    let (status, _) = world.bring(&id, &begun["session"], &message(&answer)).await;
    assert_eq!(status, 410);
    let again = json!({ "engagement": self::phone(2).engagement().to_qr_text() });
    let again = world
        .nearby(Method::POST, &format!("{id}/proximity"), &again)
        .await;
    assert_eq!(again.status, 410);
}

#[tokio::test]
async fn frames_are_taken_one_by_one_and_in_their_order_alone() {
    let world = World::new().await;
    let id = world.asks_for_mdoc().await;
    let size = FrameSize::of_mtu(100);
    let split_answer = async |seed| {
        let phone = phone(seed);
        let begun = world.begin(&id, &phone, Some(100)).await;
        let mut whole = None;
        let mut assembler = FrameAssembler::new(MAX_REQUEST_MESSAGE_BYTES);
        for frame in begun["frames"].as_array().unwrap() {
            whole = assembler.push(&bytes(frame)).unwrap();
        }
        assert_eq!(whole.as_ref(), Some(&bytes(&begun["message"])));
        let requested = world.requested(phone, &whole.unwrap());
        let response = world.device_response(requested.transcript());
        let (answer, _) = requested.answer(&response).unwrap();
        let answer: Vec<Vec<u8>> = split(&answer, size).unwrap().collect();
        assert!(answer.len() > 3);
        (begun["session"].clone(), answer)
    };

    // The last frame comes first: what it makes is no message of the session.
    let (session, answer) = split_answer(1).await;
    let (status, told) = world
        .bring(&id, &session, &frames(&answer[answer.len() - 1..]))
        .await;
    assert_eq!((status, &told["error"]), (400, &json!("session_ended")), "{told}");
    assert!(told["message"].is_string() && told["frames"].is_array(), "{told}");
    let (status, _) = world.bring(&id, &session, &frames(&answer)).await;
    assert_eq!(status, 404, "a session that has ended takes nothing");

    // Two frames change their places, one is left out, one comes twice.
    for change in [
        |frames: &mut Vec<Vec<u8>>| frames.swap(0, 1),
        |frames: &mut Vec<Vec<u8>>| drop(frames.remove(1)),
        |frames: &mut Vec<Vec<u8>>| frames.insert(1, frames[0].clone()),
        |frames: &mut Vec<Vec<u8>>| frames.push(frames[0].clone()),
    ] {
        let (session, mut answer) = split_answer(2).await;
        change(&mut answer);
        let (status, told) = world.bring(&id, &session, &frames(&answer)).await;
        assert_eq!((status, &told["error"]), (400, &json!("session_ended")), "{told}");
    }

    let (session, answer) = split_answer(3).await;
    let (last, before) = answer.split_last().unwrap();
    for frame in before {
        let (status, told) = world
            .bring(&id, &session, &frames(core::slice::from_ref(frame)))
            .await;
        assert_eq!((status, &told["state"]), (200, &json!("assembling")), "{told}");
    }
    let (status, told) = world
        .bring(&id, &session, &frames(core::slice::from_ref(last)))
        .await;
    assert_eq!((status, &told["state"]), (200, &json!("answered")), "{told}");
}

#[tokio::test]
async fn messages_of_other_sessions_replayed_changed_or_oversize_end_the_session_and_leave_the_request_open()
{
    let world = World::new().await;
    let (one, other) = (world.asks_for_mdoc().await, world.asks_for_mdoc().await);
    let mut answers = Vec::new();
    for (id, seed) in [(&one, 1), (&other, 2)] {
        let phone = phone(seed);
        let begun = world.begin(id, &phone, None).await;
        let requested = world.requested(phone, &bytes(&begun["message"]));
        let response = world.device_response(requested.transcript());
        let (answer, _) = requested.answer(&response).unwrap();
        answers.push((begun["session"].clone(), answer));
    }
    let [(session_of_one, answer_of_one), (session_of_other, _)] = &answers[..] else {
        panic!("two")
    };
    // Somebody else's session, and nobody's.
    for name in [session_of_other, &json!("AAAA")] {
        let (status, _) = world.bring(&one, name, &message(answer_of_one)).await;
        assert_eq!(status, 404);
    }
    // The answer of one session in the other.
    let (status, told) = world
        .bring(&other, session_of_other, &message(answer_of_one))
        .await;
    assert_eq!((status, &told["error"]), (400, &json!("session_ended")), "{told}");
    // What cannot be read changes nothing.
    for body in [
        json!({}),
        json!({ "message": "*" }),
        json!({ "message": "AA", "frames": [] }),
    ] {
        let (status, told) = world.bring(&one, session_of_one, &body).await;
        assert_eq!(
            (status, &told["error"]),
            (400, &json!("invalid_request")),
            "{told}"
        );
    }
    let (status, _) = world.bring(&one, session_of_one, &message(answer_of_one)).await;
    assert_eq!(status, 200, "the session of one is as it was");
    assert_eq!(world.result(&other).await["state"], "pending");

    // Recorded, and played to a new session of the same request.
    let begun = world.begin(&other, &phone(3), None).await;
    let (status, _) = world
        .bring(&other, &begun["session"], &message(answer_of_one))
        .await;
    assert_eq!(status, 400);
    let begun = world.begin(&other, &phone(4), None).await;
    let oversize = vec![0_u8; MAX_RESPONSE_MESSAGE_BYTES + 1];
    let (status, told) = world.bring(&other, &begun["session"], &message(&oversize)).await;
    assert_eq!((status, &told["error"]), (400, &json!("session_ended")), "{told}");
    assert_eq!(world.result(&other).await["state"], "pending");
}

#[tokio::test]
async fn a_proof_made_for_another_session_is_invalid() {
    let world = World::new().await;
    let (one, other) = (world.asks_for_mdoc().await, world.asks_for_mdoc().await);
    let first = phone(1);
    let begun = world.begin(&one, &first, None).await;
    let recorded = world.requested(first, &bytes(&begun["message"]));
    let recorded = world.device_response(recorded.transcript());
    let second = phone(2);
    let begun = world.begin(&other, &second, None).await;
    let (answer, _) = world
        .requested(second, &bytes(&begun["message"]))
        .answer(&recorded)
        .unwrap();
    let (status, told) = world.bring(&other, &begun["session"], &message(&answer)).await;
    assert_eq!(status, 200);
    let report = &told["presentation"]["result"]["outcome"]["presented"]["reports"][0]["report"];
    assert_eq!(report["verdict"], "invalid", "{told}");
}

#[tokio::test]
async fn a_response_that_cannot_be_read_ends_the_session_with_a_farewell_and_leaves_the_request_open() {
    let world = World::new().await;
    let id = world.asks_for_mdoc().await;
    let phone = phone(1);
    let begun = world.begin(&id, &phone, None).await;
    let requested = world.requested(phone, &bytes(&begun["message"]));
    let (answer, _) = requested.answer(&[0xa0]).unwrap();
    let (status, told) = world.bring(&id, &begun["session"], &message(&answer)).await;
    assert_eq!((status, &told["error"]), (400, &json!("session_ended")), "{told}");
    assert!(told["message"].is_string(), "the phone is told: {told}");
    let (status, _) = world.bring(&id, &begun["session"], &message(&answer)).await;
    assert_eq!(status, 404);
    assert_eq!(world.result(&id).await["state"], "pending");
}

#[tokio::test]
async fn one_who_asks_leaves_places_for_the_others() {
    let world = World::new().await;
    let mut last = String::new();
    for seed in 0..33 {
        let id = world.asks_for_mdoc().await;
        if seed < 32 {
            world.begin(&id, &phone(seed), None).await;
        }
        last = id;
    }
    let body = json!({ "engagement": phone(40).engagement().to_qr_text() });
    let refused = world
        .nearby(Method::POST, &format!("{last}/proximity"), &body)
        .await;
    assert_eq!(refused.status, 503);
}

async fn is_not_asked_face_to_face(world: &World, order: &Value) {
    let (id, _) = world.make_request(order).await;
    let body = json!({ "engagement": phone(1).engagement().to_qr_text() });
    let refused = world
        .nearby(Method::POST, &format!("{id}/proximity"), &body)
        .await;
    assert_eq!(
        (refused.status, &json_of(&refused)["error"]),
        (409, &json!("not_expressible"))
    );
}

#[tokio::test]
async fn a_request_of_a_browser_is_not_asked_face_to_face() {
    let world = World::new().await;
    let order = json!({ "dcql_query": mdoc_query(), "page": "cross_device" });
    is_not_asked_face_to_face(&world, &order).await;
}

/// No device signs a transaction of this protocol face to face: one that was asked for would be lost.
#[tokio::test]
async fn a_request_with_transactions_is_not_asked_face_to_face() {
    let world = World::configured(types).await;
    let order = json!({ "dcql_query": mdoc_query(), "transaction_data": [payment("Shop", &["identity"])] });
    is_not_asked_face_to_face(&world, &order).await;
}

#[tokio::test]
async fn a_phone_that_shows_nothing_declines_and_one_that_hangs_up_leaves_the_request_open() {
    let world = World::new().await;
    let id = world.asks_for_mdoc().await;
    let hangs_up = phone(1);
    let begun = world.begin(&id, &hangs_up, None).await;
    let farewell = world.requested(hangs_up, &bytes(&begun["message"])).terminate();
    let (status, told) = world.bring(&id, &begun["session"], &message(&farewell)).await;
    assert_eq!(
        (status, &told["state"], &told["status"]),
        (200, &json!("ended"), &json!(20))
    );
    assert_eq!(world.result(&id).await["state"], "pending");

    let declines = phone(2);
    let begun = world.begin(&id, &declines, None).await;
    let empty = EncodedDocument::response_of(&[]);
    let requested = world.requested(declines, &bytes(&begun["message"]));
    let answer = requested.answer_and_end(&empty).unwrap();
    let (status, told) = world.bring(&id, &begun["session"], &message(&answer)).await;
    assert_eq!((status, &told["state"]), (200, &json!("answered")), "{told}");
    assert_eq!(
        told["message"],
        Value::Null,
        "the phone has ended the session itself"
    );
    assert_eq!(
        told["presentation"]["result"]["outcome"]["declined"]["error"], "access_denied",
        "{told}"
    );
}

#[tokio::test]
async fn a_session_is_ended_by_the_app_by_silence_and_by_the_next_one() {
    let world = World::new().await;
    let id = world.asks_for_mdoc().await;
    let begun = world.begin(&id, &phone(1), None).await;
    let path = |session: &Value| format!("{id}/proximity/{}", session.as_str().unwrap());
    let ended = world
        .nearby(Method::DELETE, &path(&begun["session"]), &json!({}))
        .await;
    assert_eq!(ended.status, 200);
    assert!(json_of(&ended)["message"].is_string());
    let ended = world
        .nearby(Method::DELETE, &path(&begun["session"]), &json!({}))
        .await;
    assert_eq!(ended.status, 404);

    let first = world.begin(&id, &phone(2), None).await;
    let second = world.begin(&id, &phone(3), None).await;
    let (status, _) = world.bring(&id, &first["session"], &message(&[0])).await;
    assert_eq!(status, 404);
    world.advance(300);
    let (status, _) = world.bring(&id, &second["session"], &message(&[0])).await;
    assert_eq!(status, 404, "five minutes of silence");
}

#[tokio::test]
async fn what_a_reader_cannot_ask_or_read_begins_no_session() {
    let world = World::new().await;
    is_not_asked_face_to_face(&world, &json!({ "dcql_query": world.query() })).await;
    let id = world.asks_for_mdoc().await;
    for (body, error) in [
        (json!({ "engagement": "mdoc:AAAA" }), "invalid_engagement"),
        (
            json!({ "engagement": "https://example.org" }),
            "invalid_engagement",
        ),
        (json!({}), "invalid_request"),
        (json!({ "engagement": "mdoc:AAAA", "more": 1 }), "invalid_request"),
    ] {
        let refused = world
            .nearby(Method::POST, &format!("{id}/proximity"), &body)
            .await;
        assert_eq!(
            (refused.status, &json_of(&refused)["error"]),
            (400, &json!(error)),
            "{body}"
        );
    }
    let body = json!({ "engagement": phone(1).engagement().to_qr_text() });
    let missing = world
        .nearby(Method::POST, "AAAAAAAAAAAAAAAAAAAAAA/proximity", &body)
        .await;
    assert_eq!(missing.status, 404);
}
