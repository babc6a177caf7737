//! Announcements of results.

use core::time::Duration;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use symbolon_crypto::UnixTime;
use symbolon_http::serve::{Encryption, Limits, Running, harden, listen, serve};
use symbolon_verifier_server::Dependencies;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::{REQUESTS, Town, make_key, operate, party};
use crate::world::{World, json_of};

/// What a receiver got: header fields and bodies, and what it answers next.
#[derive(Default)]
pub(super) struct Inbox {
    pub(super) got: Mutex<Vec<(HeaderMap, Bytes)>>,
    answers: Mutex<Vec<StatusCode>>,
}

async fn take(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    inbox.got.lock().unwrap().push((headers, body));
    inbox
        .answers
        .lock()
        .unwrap()
        .pop()
        .unwrap_or(StatusCode::NO_CONTENT)
}

pub(super) async fn receiver() -> (Arc<Inbox>, Running, String) {
    let inbox = Arc::new(Inbox::default());
    let router = Router::new()
        .route("/hook", post(take))
        .with_state(Arc::clone(&inbox));
    let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let running = serve(listener, Encryption::Plain, harden(router, Limits::PROTOCOL))
        .await
        .unwrap();
    (inbox, running, url)
}

/// Waits for what the verifier does by itself, for a minute at most.
pub(super) async fn until<T>(mut found: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..3_000 {
        if let Some(found) = found().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it does not happen");
}

async fn with_webhook(url: &str, policy: &str) -> (Town, String) {
    with_webhook_depending(url, policy, |_| {}).await
}

async fn with_webhook_depending(
    url: &str,
    policy: &str,
    depend: impl FnOnce(&mut Dependencies),
) -> (Town, String) {
    let document =
        json!({"name": "Hooked", "policies": [policy], "webhook": {"url": url, "secret_version": 3}});
    let town = Town::depending(|configuration| party(configuration, "hooked", document), depend).await;
    let key = make_key(&town.world, "hooked").await;
    (town, key)
}

async fn deliveries(world: &World) -> Vec<Value> {
    let listed = json_of(&operate(world, Method::GET, "deliveries").await);
    listed["deliveries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_result_is_announced_with_a_signature_and_without_personal_data() {
    let (inbox, _running, url) = receiver().await;
    let (town, key) = with_webhook(&url, "name").await;
    let id = town.answered(&key, &json!({"policy": "name"})).await;
    let (headers, body) = until(async || inbox.got.lock().unwrap().first().cloned()).await;
    assert_eq!(headers["content-type"], "application/json");
    let message = headers["webhook-id"].to_str().unwrap();
    let time = headers["webhook-timestamp"].to_str().unwrap();
    assert_eq!(time, town.world.now().seconds().to_string());
    // As any receiver checks it: the secret that it was told, base64 behind the prefix.
    let secret = town.world.webhook_secret("hooked", 3);
    let key_bytes =
        symbolon_crypto::encoding::base64::decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let signed = [format!("{message}.{time}.").as_bytes(), &body].concat();
    let mac = symbolon_crypto::symmetric::hmac_sha256(&key_bytes, &signed);
    let wanted = format!("v1,{}", symbolon_crypto::encoding::base64::encode(&mac));
    assert_eq!(headers["webhook-signature"], wanted.as_str());
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        body,
        json!({
            "type": "presentation_request.answered", "timestamp": town.world.now().rfc3339(),
            "data": {"request_id": id, "policy": "name", "outcome": "satisfied"},
        })
    );
    let delivered = until(async || {
        let listed = deliveries(&town.world).await;
        (listed[0]["stage"]["stage"] == "delivered").then_some(listed)
    })
    .await;
    assert_eq!(delivered.len(), 1);
    assert_eq!(
        (&delivered[0]["id"], &delivered[0]["attempts"]),
        (&json!(message), &json!(1))
    );
}

#[tokio::test]
async fn a_result_goes_along_only_where_the_policy_says_so() {
    let (inbox, _running, url) = receiver().await;
    let (town, key) = with_webhook(&url, "name-kept").await;
    town.answered(&key, &json!({"policy": "name-kept"})).await;
    let (_, body) = until(async || inbox.got.lock().unwrap().first().cloned()).await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    let reports = &body["data"]["result"]["outcome"]["presented"]["reports"];
    assert_eq!(reports[0]["report"]["claims"], json!({"given_name": "Amina"}));
}

/// A result that waits for the browser's code waits here too, and the code is told to nobody.
#[tokio::test]
async fn a_result_that_is_withheld_is_not_announced_with_its_contents() {
    let (inbox, _running, url) = receiver().await;
    let (town, key) = with_webhook(&url, "name-kept").await;
    let return_to = format!("{}/back", town.world.base);
    let id = town
        .answered(&key, &json!({"policy": "name-kept", "return_to": return_to}))
        .await;
    let (_, body) = until(async || inbox.got.lock().unwrap().first().cloned()).await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["data"]["request_id"], id.as_str());
    assert!(body["data"].get("result").is_none(), "{body}");
    let polled = town.result(&key, &id).await;
    assert_eq!(polled["withheld"], "until_response_code");
    assert!(!polled.to_string().contains("Amina"));
}

#[tokio::test]
async fn an_announcement_is_tried_again_with_its_identifier_until_it_arrives() {
    let (inbox, _running, url) = receiver().await;
    *inbox.answers.lock().unwrap() = vec![StatusCode::INTERNAL_SERVER_ERROR, StatusCode::FOUND];
    let (town, key) = with_webhook(&url, "name").await;
    town.answered(&key, &json!({"policy": "name"})).await;
    for (tries, wait) in [(1, 5), (2, 300)] {
        until(async || (inbox.got.lock().unwrap().len() == tries).then_some(())).await;
        let waiting = deliveries(&town.world).await;
        let next = town.world.now().seconds() + wait;
        assert_eq!(
            waiting[0]["stage"],
            json!({"stage": "waiting", "next_attempt_at": next})
        );
        town.world.advance(wait);
    }
    until(async || (deliveries(&town.world).await[0]["stage"]["stage"] == "delivered").then_some(())).await;
    let got = inbox.got.lock().unwrap();
    assert_eq!(got.len(), 3);
    assert!(
        got.iter()
            .all(|(headers, _)| headers["webhook-id"] == got[0].0["webhook-id"])
    );
    assert_ne!(got[0].0["webhook-timestamp"], got[1].0["webhook-timestamp"]);
}

#[tokio::test]
async fn a_receiver_that_wants_no_more_is_left_alone_until_the_operator_says_otherwise() {
    let (inbox, _running, url) = receiver().await;
    inbox.answers.lock().unwrap().push(StatusCode::GONE);
    let (town, key) = with_webhook(&url, "name").await;
    town.answered(&key, &json!({"policy": "name"})).await;
    let gone = until(async || {
        let listed = deliveries(&town.world).await;
        (listed[0]["stage"]["stage"] == "given_up").then(|| listed[0].clone())
    })
    .await;
    assert_eq!(gone["stage"]["reason"], "gone");
    let path = format!("deliveries/{}/retry", gone["id"].as_str().unwrap());
    assert_eq!(operate(&town.world, Method::POST, &path).await.status, 200);
    until(async || (inbox.got.lock().unwrap().len() == 2).then_some(())).await;
    assert_eq!(
        operate(&town.world, Method::POST, "deliveries/none/retry")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn an_address_inside_is_not_sent_to() {
    let (town, key) = with_webhook("https://10.0.0.1/hook", "name").await;
    town.answered(&key, &json!({"policy": "name"})).await;
    let refused = until(async || {
        let listed = deliveries(&town.world).await;
        (listed[0]["stage"]["stage"] == "given_up").then(|| listed[0].clone())
    })
    .await;
    assert_eq!(refused["stage"]["reason"], "address_refused");
}

#[tokio::test]
async fn a_request_that_nobody_answers_is_announced_to_whom_wants_to_know() {
    let (inbox, _running, url) = receiver().await;
    let webhook = json!({"url": url, "expired": "announced"});
    let town = Town::configured(|configuration| {
        let told =
            json!({"name": "Told", "policies": ["name"], "webhook": webhook, "result_retention_seconds": 0});
        party(configuration, "told", told);
        let silent = json!({"name": "Silent", "policies": ["name"], "webhook": {"url": url}});
        party(configuration, "silent", silent);
    })
    .await;
    let told = make_key(&town.world, "told").await;
    let silent = make_key(&town.world, "silent").await;
    town.ask(&silent, &json!({"policy": "name"})).await;
    let (expired, _) = town.ask(&told, &json!({"policy": "name"})).await;
    let made_at = town.world.now();
    // Neither what is answered nor what is taken back has expired.
    town.answered(&told, &json!({"policy": "name"})).await;
    let (taken_back, _) = town.ask(&told, &json!({"policy": "name"})).await;
    let path = format!("{REQUESTS}/{taken_back}");
    let removed = town.call(&told, Method::DELETE, &path, &Value::Null).await;
    assert_eq!(removed.status, 204);
    until(async || (inbox.got.lock().unwrap().len() == 1).then_some(())).await;
    let waiting = deliveries(&town.world).await;
    let waiting: Vec<_> = waiting
        .iter()
        .filter(|delivery| delivery["event"] == "presentation_request.expired")
        .collect();
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    let due = made_at.seconds() + 600 + 61;
    assert_eq!(
        waiting[0]["stage"],
        json!({"stage": "waiting", "next_attempt_at": due})
    );
    town.world.advance(600 + 60);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(
        inbox.got.lock().unwrap().len(),
        1,
        "an answer may still be judged"
    );
    town.world.advance(1);
    until(async || (inbox.got.lock().unwrap().len() == 2).then_some(())).await;
    let (headers, body) = inbox.got.lock().unwrap()[1].clone();
    assert_eq!(headers["webhook-id"], format!("msg_expired_{expired}").as_str());
    let body: Value = serde_json::from_slice(&body).unwrap();
    let expired_at = symbolon_crypto::UnixTime::from_seconds(made_at.seconds() + 600);
    assert_eq!(
        body,
        json!({
            "type": "presentation_request.expired", "timestamp": expired_at.rfc3339(),
            "data": {"request_id": expired, "policy": "name"},
        })
    );
}

/// Two operators, or one who presses twice: what has changed in between is not changed back.
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_that_comes_second_is_a_conflict_and_one_without_a_store_is_none() {
    let (inbox, _running, url) = receiver().await;
    inbox.answers.lock().unwrap().push(StatusCode::GONE);
    let another = Arc::new(AtomicBool::new(false));
    let depend = |dependencies: &mut Dependencies| another_operator(dependencies, Arc::clone(&another));
    let (town, key) = with_webhook_depending(&url, "name", depend).await;
    town.answered(&key, &json!({"policy": "name"})).await;
    let given_up = async || {
        let listed = deliveries(&town.world).await;
        (listed[0]["stage"]["stage"] == "given_up").then(|| listed[0].clone())
    };
    let path = until(given_up).await["id"]
        .as_str()
        .map(|id| format!("deliveries/{id}/retry"))
        .unwrap();
    another.store(true, Ordering::SeqCst);
    let second = operate(&town.world, Method::POST, &path).await;
    another.store(false, Ordering::SeqCst);
    assert_eq!(second.status, 409);
    assert_eq!(json_of(&second)["error"], "conflict");
    assert_eq!(operate(&town.world, Method::POST, &path).await.status, 200);
    town.world.store.close();
    let failed = operate(&town.world, Method::POST, &path).await;
    assert_eq!(failed.status, 503);
    assert_eq!(json_of(&failed)["error"], "server_error");
}

/// As long as `another` says so, another operator has the announcement tried at a later hour whenever the server reads its clock: so also between its
/// reading of the announcement and its writing.
fn another_operator(dependencies: &mut Dependencies, another: Arc<AtomicBool>) {
    let (clock, store, tenant) = (
        Arc::clone(&dependencies.clock),
        Arc::clone(&dependencies.store),
        dependencies.tenant.clone(),
    );
    let hours = AtomicU64::new(1);
    let retry = async move |now: UnixTime| {
        let delivery = store.deliveries(&tenant, None, 1).await.unwrap().remove(0);
        let later = Duration::from_secs(3_600 * hours.fetch_add(1, Ordering::SeqCst));
        let again = delivery.clone().again(now.plus(later));
        store.replace_delivery(&tenant, delivery, again).await.unwrap();
    };
    dependencies.clock = Arc::new(move || {
        let now = clock();
        if another.load(Ordering::SeqCst) {
            block_in_place(|| Handle::current().block_on(retry(now)));
        }
        now
    });
}
