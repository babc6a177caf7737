//! A request of the counter's own, as a wallet reads it, and what answers it or does not.

use core::time::Duration;

use serde_json::{Value, json};
use symbolon_crypto::jose::jwe::{
    ContentCompression, EncryptionParameters, JweCodec as _, PureJwe, Recipient,
};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{Randomness as _, RustCryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_offline_page::{AskProblem, Brought, Counter, PosedRequest, RANDOM_BYTES, identifier_of};
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::openid4vp::request_object::{
    KnownClients, RequestExpectations, ResponseUriRule, VerifiedRequest, unproven_client_id, verify_by_qr,
};
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, VpToken};
use symbolon_protocol::qr_transport::Message;
use symbolon_trust::status_list::Status;
use symbolon_trust::testing::{NOW, TestKey};
use symbolon_verifier::ask::MAX_ASKS;

use crate::{World, filmed, take};

const MINUTE: Duration = Duration::from_secs(60);

fn device() -> TestKey {
    TestKey::new(SignatureAlgorithm::Es256, 500)
}

fn query() -> Value {
    json!({ "credentials": [{
        "id": "id", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:identity"] }, "claims": [{ "path": ["name"] }],
    }] })
}

fn list() -> Value {
    json!({ "verifier": "Corner shop", "asks": [{ "label": "Who are you?", "query": query() }] })
}

fn counter(world: &World) -> Counter {
    let mut counter = world.with_pack(Status::Valid);
    counter.set_asks(list().to_string().as_bytes(), NOW).unwrap();
    counter
}

fn drawn(seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; RANDOM_BYTES];
    SeededRandomness::new(seed).fill(&mut bytes).unwrap();
    bytes
}

fn ask(counter: &mut Counter, seed: u64, now: UnixTime) -> PosedRequest {
    ask_for(counter, "Who are you?", seed, now)
}

pub(crate) fn ask_for(counter: &mut Counter, label: &str, seed: u64, now: UnixTime) -> PosedRequest {
    let device = device();
    let key = device.public_key().to_sec1_bytes();
    let bytes = counter.prepare_request(label, &key, drawn(seed), now).unwrap();
    let request = symbolon_crypto::signing::SignatureRequest {
        key: device.handle(),
        algorithm: SignatureAlgorithm::Es256,
        bytes,
    };
    counter.pose(&device.sign(&request)).unwrap()
}

/// The request as a wallet reads it that knows no network.
pub(crate) fn read(posed: &PosedRequest, now: UnixTime) -> VerifiedRequest {
    let kept: Value = serde_json::from_str(&posed.kept).unwrap();
    let object = kept.get("object").and_then(Value::as_str).unwrap();
    let client_id = unproven_client_id(object).unwrap();
    let expected = RequestExpectations {
        client_id: &client_id,
        clients: KnownClients::anchored_by(&[], ResponseUriRule::NamedInCertificate),
        urls: UrlPolicy::Public,
        issuer: None,
        wallet_nonce: None,
        now,
    };
    verify_by_qr(object, &expected, &RustCryptoProvider).unwrap()
}

fn answer(request: &VerifiedRequest) -> Message {
    let answer = AuthorizationResponse {
        vp_token: VpToken::parse(br#"{"id":["a~b~"]}"#).unwrap(),
        state: request.request().state.clone(),
    };
    let encryption = request.request().response_encryption().unwrap().unwrap();
    let codec = PureJwe::new(&RustCryptoProvider);
    Message::Response(
        answer
            .to_jwe(&encryption, &codec, &SeededRandomness::new(9))
            .unwrap(),
    )
}

#[test]
fn a_request_is_one_that_a_wallet_reads_and_no_two_are_alike() {
    let world = World::new();
    let mut counter = counter(&world);
    assert_eq!(counter.asks(), ["Who are you?"]);
    let (first, second) = (ask(&mut counter, 1, NOW), ask(&mut counter, 2, NOW));
    let (first, second) = (read(&first, NOW), read(&second, NOW));
    let did = identifier_of(&device().public_key().to_sec1_bytes()).unwrap();
    assert_eq!(
        first.request().client_id.as_str(),
        format!("decentralized_identifier:{did}")
    );
    assert_eq!(
        first.request().client_metadata.client_name.as_deref(),
        Some("Corner shop")
    );
    assert_eq!(json!(first.request().dcql_query), query());
    assert_ne!(first.request().nonce, second.request().nonce);
    assert_ne!(first.request().state, second.request().state);
    let key = |request: &VerifiedRequest| request.request().response_encryption().unwrap().unwrap().key_id;
    assert_ne!(key(&first), key(&second));
    assert_eq!(first.expires_at(), Some(NOW.plus(MINUTE * 10)));
    let modules = counter.next_code().unwrap();
    let width = modules.len().isqrt();
    assert_eq!(width * width, modules.len());
    assert_ne!(counter.next_code().unwrap(), modules, "another frame");
}

#[test]
fn nothing_is_asked_that_is_not_offered_or_without_randomness_and_a_key() {
    let world = World::new();
    let mut counter = counter(&world);
    let key = device().public_key().to_sec1_bytes();
    assert_eq!(
        counter.prepare_request("Your pin?", &key, drawn(1), NOW),
        Err(AskProblem::NotOffered)
    );
    for (key, random) in [(&key[..], vec![7; RANDOM_BYTES - 1]), (b"key", drawn(1))] {
        let refused = counter.prepare_request("Who are you?", key, random, NOW);
        assert_eq!(refused, Err(AskProblem::Failed));
    }
    assert_eq!(
        counter.pose(&[0; 64]).err(),
        Some(AskProblem::Failed),
        "nothing was prepared"
    );
    assert_eq!(counter.next_code(), None);
    assert!(counter.set_asks(b"[]", NOW).is_err());
    assert_eq!(counter.asks(), ["Who are you?"], "what could be asked for stays");
    // Rules that need an issuer whom nobody here trusts are left out.
    let mut list = list();
    *list.pointer_mut("/asks/0").unwrap() = json!({ "label": "Bank", "query": query(), "policy": { "name": "bank", "document": { "credentials": [{
        "id": "id", "format": "dc+sd-jwt", "types": ["urn:identity"], "issuers": ["https://nobody.example"], "binding": "key",
    }] } } });
    counter.set_asks(list.to_string().as_bytes(), NOW).unwrap();
    assert!(counter.asks().is_empty());
    let mut nobody = Counter::without_root().unwrap();
    nobody.set_asks(self::list().to_string().as_bytes(), NOW).unwrap();
    assert!(nobody.asks().is_empty());
}

#[test]
fn an_answer_is_opened_for_the_request_that_is_shown_alone_and_in_time() {
    let world = World::new();
    let mut counter = counter(&world);
    let other = read(&ask(&mut counter, 1, NOW), NOW);
    let posed = ask(&mut counter, 2, NOW);
    let shown = read(&posed, NOW);
    let told = filmed(&mut counter, &answer(&other));
    assert_eq!(
        (told.brought, told.problem),
        (None, Some("problem-other-request"))
    );

    let told = filmed(&mut counter, &answer(&shown));
    let Some(Brought::Answer { nonce, until }) = told.brought else {
        panic!("{told:?}");
    };
    assert_eq!(nonce, shown.request().nonce.as_str());
    assert!(
        until > NOW.plus(MINUTE * 20),
        "remembered longer than it can be answered by any clock"
    );
    assert_eq!(told.html, "", "nothing is judged before the nonce is spent");
    assert_eq!(
        counter.judge_answer("en", NOW).problem,
        Some("problem-no-credential")
    );
    assert_eq!(
        counter.judge_answer("en", NOW).problem,
        Some("problem-not-asked"),
        "judged once"
    );
    assert_eq!(counter.next_code(), None, "it is shown no more");
    let again = filmed(&mut counter, &answer(&shown));
    assert_eq!((again.brought, again.problem), (None, Some("problem-replayed")));

    // By another device, and by this one after a new start.
    let mut elsewhere = self::counter(&world);
    assert_eq!(
        filmed(&mut elsewhere, &answer(&shown)).problem,
        Some("problem-not-asked")
    );
    elsewhere.resume_request(&posed.kept, NOW).unwrap();
    assert!(matches!(
        filmed(&mut elsewhere, &answer(&shown)).brought,
        Some(Brought::Answer { .. })
    ));
    elsewhere.withdraw_request();
    assert_eq!(
        elsewhere.judge_answer("en", NOW).problem,
        Some("problem-not-asked")
    );
    assert_eq!(
        filmed(&mut elsewhere, &answer(&shown)).problem,
        Some("problem-not-asked")
    );
    let mut afterwards = self::counter(&world);
    afterwards.remember_answered(posed.key_id.clone());
    assert_eq!(
        filmed(&mut afterwards, &answer(&shown)).problem,
        Some("problem-replayed"),
        "without the secret"
    );
    assert!(!posed.key_id.is_empty() && !posed.key_id.contains("secret"));
    let late = NOW.plus(MINUTE * 16);
    assert!(elsewhere.resume_request(&posed.kept, late).is_err());
    let mut waiting = self::counter(&world);
    waiting.resume_request(&posed.kept, NOW).unwrap();
    for turn in ["the first closes the request", "which is known all the same"] {
        let frames = answer(&shown)
            .frames(symbolon_protocol::qr_transport::FrameSize::PHONE)
            .unwrap();
        let told = frames.take(200).map(|frame| take(&mut waiting, &frame, late));
        let problem = told.filter_map(|told| told.problem).next();
        assert_eq!(problem, Some("problem-expired"), "{turn}");
        assert_eq!(waiting.next_code(), None, "{turn}");
    }
}

#[test]
fn whoever_answers_a_closed_request_is_told_why_and_the_next_request_is_open() {
    let world = World::new();
    let mut counter = counter(&world);
    let first = read(&ask(&mut counter, 1, NOW), NOW);
    counter.expire_request();
    assert_eq!(counter.next_code(), None, "it is shown no more");
    // The page's clock may be ahead of that of its counter.
    assert_eq!(
        filmed(&mut counter, &answer(&first)).problem,
        Some("problem-expired")
    );
    let second = read(&ask(&mut counter, 2, NOW), NOW);
    assert_eq!(
        filmed(&mut counter, &answer(&first)).problem,
        Some("problem-expired")
    );
    assert!(matches!(
        filmed(&mut counter, &answer(&second)).brought,
        Some(Brought::Answer { .. })
    ));
    // Another window took the same answer meanwhile, and a request was prepared that nobody has signed yet.
    let key = device().public_key().to_sec1_bytes();
    counter
        .prepare_request("Who are you?", &key, drawn(3), NOW)
        .unwrap();
    counter.close_request();
    assert_eq!(counter.next_code(), None);
    assert_eq!(counter.pose(&[0; 64]).err(), Some(AskProblem::Failed));
    assert_eq!(
        counter.judge_answer("en", NOW).problem,
        Some("problem-not-asked"),
        "nothing is judged"
    );
    assert_eq!(
        filmed(&mut counter, &answer(&second)).problem,
        Some("problem-replayed")
    );
}

#[test]
fn a_request_that_was_kept_is_not_asked_again_for_what_its_words_mean_elsewhere() {
    let world = World::new();
    let mut counter = counter(&world);
    let posed = ask(&mut counter, 1, NOW);
    assert!(self::counter(&world).resume_request(&posed.kept, NOW).is_ok());
    let mut list = list();
    *list
        .pointer_mut("/asks/0/query/credentials/0/claims/0/path/0")
        .unwrap() = json!("address");
    counter.set_asks(list.to_string().as_bytes(), NOW).unwrap();
    assert_eq!(
        counter.resume_request(&posed.kept, NOW).err(),
        Some(AskProblem::NotOffered)
    );
}

#[test]
fn no_counter_asks_for_more_than_people_can_choose_from() {
    let world = World::new();
    let mut counter = counter(&world);
    let asks = |count| {
        let entry = |number| json!({ "label": format!("Question {number}"), "query": query() });
        let asks: Vec<Value> = (0..count).map(entry).collect();
        json!({ "verifier": "Corner shop", "asks": asks }).to_string()
    };
    assert!(counter.set_asks(asks(MAX_ASKS + 1).as_bytes(), NOW).is_err());
    assert_eq!(counter.asks(), ["Who are you?"]);
    counter.set_asks(asks(MAX_ASKS).as_bytes(), NOW).unwrap();
    assert_eq!(counter.asks().len(), MAX_ASKS);
}

#[test]
fn who_shows_nothing_is_told_and_uses_nothing_up() {
    let world = World::new();
    let mut counter = counter(&world);
    let shown = read(&ask(&mut counter, 1, NOW), NOW);
    let encryption = shown.request().response_encryption().unwrap().unwrap();
    let recipient = Recipient {
        public_key: encryption.key,
        key_id: Some(encryption.key_id),
    };
    let parameters = EncryptionParameters {
        content_encryption: encryption.content,
        compression: ContentCompression::Plain,
        party_u: &[],
        party_v: &[],
    };
    let codec = PureJwe::new(&RustCryptoProvider);
    let refusal = br#"{"error":"access_denied"}"#;
    let jwe = codec
        .encrypt(refusal, &recipient, parameters, &SeededRandomness::new(3))
        .unwrap();
    let told = filmed(&mut counter, &Message::Response(jwe));
    assert_eq!((told.brought, told.problem), (None, Some("problem-declined")));
    assert!(filmed(&mut counter, &answer(&shown)).brought.is_some());
}
