//! Status lists and what changes them.

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, IF_NONE_MATCH};
use serde_json::{Value, json};
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::cose::{ParsedSign1, TagPolicy};
use symbolon_crypto::encoding::cbor::CborBudget;
use symbolon_trust::status_list::{Status, StatusListBudget, StatusListToken, VerifiedStatusList};

use crate::harness::{FATIMA, HASSAN, World, record};

async fn list(world: &World) -> VerifiedStatusList {
    let uri = world.url("/status/0");
    let response = world
        .client
        .get(&uri)
        .header(ACCEPT, "application/statuslist+jwt")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/statuslist+jwt");
    let token = response.text().await.unwrap();
    let parsed = StatusListToken::parse(&token, StatusListBudget::LARGEST_SHARD).unwrap();
    let issuer = world.root_of_trust.trust_list.issuer(&world.base).unwrap();
    parsed
        .verify(&uri, issuer, &RustCryptoProvider, world.now())
        .unwrap()
}

async fn credentials_of(world: &World, uin: &str) -> Vec<Value> {
    let page = world.ordered("/credentials/list", json!({ "record": uin })).await;
    page["credentials"].as_array().unwrap().clone()
}

async fn change(world: &World, action: &str, credentials: Value) -> Value {
    world
        .ordered(
            "/credentials/status",
            json!({ "action": action, "credentials": credentials }),
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_is_published_when_it_is_answered_and_survives_a_restart() {
    let world = World::start().await;
    world
        .import(&[record(HASSAN, "Hassan Ali"), record(FATIMA, "Fatima Ali")])
        .await;
    for uin in [HASSAN, HASSAN, FATIMA] {
        world.issue(uin).await;
    }
    let mine = credentials_of(&world, HASSAN).await;
    let other = credentials_of(&world, FATIMA).await;
    let index = |credential: &Value| credential["index"].as_u64().unwrap();
    assert_eq!(list(&world).await.status(index(&mine[0])), Ok(Status::Valid));

    let report = change(&world, "suspend", json!({ "id": mine[0]["id"] })).await;
    assert_eq!(report["changed"], json!([mine[0]["id"]]));
    assert_eq!(list(&world).await.status(index(&mine[0])), Ok(Status::Suspended));
    change(&world, "reinstate", json!({ "id": mine[0]["id"] })).await;
    assert_eq!(list(&world).await.status(index(&mine[0])), Ok(Status::Valid));

    let report = change(&world, "revoke", json!({ "record": HASSAN })).await;
    assert_eq!(report["changed"].as_array().unwrap().len(), 2);
    let again = change(&world, "revoke", json!({ "record": HASSAN })).await;
    assert_eq!(again["changed"], json!([]));

    let world = world.restart().await;
    let published = list(&world).await;
    for credential in &mine {
        assert_eq!(published.status(index(credential)), Ok(Status::Invalid));
    }
    assert_eq!(published.status(index(&other[0])), Ok(Status::Valid));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_is_final_and_unknown_credentials_are_told_as_such() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    let id = credentials_of(&world, HASSAN).await[0]["id"].clone();
    change(&world, "revoke", json!({ "id": id })).await;
    let order = |action: &str, credentials: Value| {
        world
            .order("/credentials/status")
            .json(&json!({ "action": action, "credentials": credentials }))
            .send()
    };
    assert_eq!(
        order("reinstate", json!({ "id": id })).await.unwrap().status(),
        StatusCode::CONFLICT
    );
    let unknown = json!({ "id": "0123456789abcdef0123456789abcdef" });
    assert_eq!(
        order("revoke", unknown).await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        order("revoke", json!({ "record": FATIMA }))
            .await
            .unwrap()
            .status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        order("burn", json!({ "id": id })).await.unwrap().status(),
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_cached_validated_and_signed_again_in_time() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let uri = world.url("/status/0");
    assert_eq!(
        world.client.get(&uri).send().await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
    world.issue(HASSAN).await;
    let first = world.client.get(&uri).send().await.unwrap();
    assert_eq!(first.headers()["cache-control"], "public, max-age=60");
    assert_eq!(first.headers()["access-control-allow-origin"], "*");
    let etag = first.headers()["etag"].clone();
    world.wait(20);
    let unchanged = world
        .client
        .get(&uri)
        .header(IF_NONE_MATCH, etag.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(unchanged.headers()["etag"], etag);
    // "As of" is never older than the time to live.
    world.wait(40);
    let later = world
        .client
        .get(&uri)
        .header(IF_NONE_MATCH, etag.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(later.status(), StatusCode::OK);
    assert_ne!(later.headers()["etag"], etag);
    assert_eq!(list(&world).await.issued_at(), world.now());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_served_is_answered() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    let status = async |path: &str, accept: &str| {
        world
            .client
            .get(world.url(path))
            .header(ACCEPT, accept)
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(status("/status/0", "*/*").await, StatusCode::OK);
    assert_eq!(
        status("/status/0", "application/statuslist+cwt").await,
        StatusCode::OK
    );
    assert_eq!(status("/status/0", "text/html").await, StatusCode::NOT_ACCEPTABLE);
    assert_eq!(
        status("/status/0?time=1", "*/*").await,
        StatusCode::NOT_IMPLEMENTED
    );
    for path in [
        "/status/1",
        "/status/00",
        "/status/-1",
        "/status/4294967296",
        "/status/x",
    ] {
        assert_eq!(status(path, "*/*").await, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_asks_for_it_gets_the_list_as_a_cwt() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    let wanted = "application/statuslist+cwt";
    let response = world
        .client
        .get(world.url("/status/0"))
        .header(ACCEPT, wanted)
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], wanted);
    let vary = response.headers().get_all("vary").iter();
    assert!(
        vary.filter_map(|value| value.to_str().ok())
            .any(|value| value.contains("accept"))
    );
    let body = response.bytes().await.unwrap();
    let sign1 = ParsedSign1::parse(&body, TagPolicy::Required, CborBudget::DEFAULT).unwrap();
    assert_eq!(sign1.typ.as_deref(), Some(wanted));
}
