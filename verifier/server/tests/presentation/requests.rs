//! Fetching request objects.

use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};
use symbolon_crypto::jose::jws::CompactJws;

use crate::world::{World, json_of};

fn path(id: &str) -> String {
    format!("/openid4vp/requests/{id}")
}

#[tokio::test]
async fn the_object_is_the_same_at_every_fetch() {
    let world = World::new().await;
    let (id, _) = world.make_request(&json!({"dcql_query": world.query()})).await;
    let first = world.send(Method::GET, &path(&id), &[], "").await;
    let second = world.send(Method::GET, &path(&id), &[], "").await;
    assert_eq!(first.body, second.body);
}

#[tokio::test]
async fn a_post_repeats_the_nonce_of_the_wallet() {
    let world = World::new().await;
    let (id, _) = world.make_request(&json!({"dcql_query": world.query()})).await;
    let headers = [(CONTENT_TYPE, "application/x-www-form-urlencoded")];
    let fetched = world
        .send(
            Method::POST,
            &path(&id),
            &headers,
            "wallet_nonce=mine-1&wallet_metadata=%7B%7D",
        )
        .await;
    assert_eq!(fetched.status, 200);
    let text = String::from_utf8(fetched.body).unwrap();
    let object = CompactJws::parse(&text, 100_000).unwrap();
    let claims: Map<String, Value> = object.payload_json().unwrap();
    assert_eq!(claims["wallet_nonce"], "mine-1");
    let refused = world
        .send(Method::POST, &path(&id), &headers, "wallet_nonce=a%20b")
        .await;
    assert_eq!(
        (refused.status, &json_of(&refused)["error"]),
        (400, &json!("invalid_request"))
    );
}

#[tokio::test]
async fn what_is_no_form_tells_nothing_of_a_wallet() {
    let world = World::new().await;
    let (id, _) = world.make_request(&json!({"dcql_query": world.query()})).await;
    let headers = [(CONTENT_TYPE, "application/json")];
    let refused = world.send(Method::POST, &path(&id), &headers, "{}").await;
    assert_eq!(refused.status, 400);
    for method in [Method::PUT, Method::DELETE] {
        let refused = world.send(method, &path(&id), &[], "").await;
        assert_eq!(refused.status, 405);
    }
}

#[tokio::test]
async fn a_wallet_is_told_what_it_cannot_answer_and_another_may() {
    let world = World::new().await;
    let (id, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
    let fetch = async |metadata: &Value| {
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("wallet_metadata", &metadata.to_string())
            .finish();
        let headers = [(CONTENT_TYPE, "application/x-www-form-urlencoded")];
        world.send(Method::POST, &path(&id), &headers, &form).await
    };
    for (metadata, code) in [
        (
            json!({"vp_formats_supported": {"mso_mdoc": {}}}),
            "vp_formats_not_supported",
        ),
        (
            json!({"client_id_prefixes_supported": ["redirect_uri"]}),
            "invalid_request",
        ),
        (
            json!({"authorization_encryption_enc_values_supported": ["A128CBC-HS256"]}),
            "invalid_request",
        ),
        (
            json!({"request_object_signing_alg_values_supported": ["RS256"]}),
            "invalid_request",
        ),
    ] {
        let refused = fetch(&metadata).await;
        assert_eq!(
            (refused.status, &json_of(&refused)["error"]),
            (400, &json!(code)),
            "{metadata}"
        );
    }
    let good = json!({"vp_formats_supported": {"dc+sd-jwt": {}}, "unknown": 1});
    assert_eq!(fetch(&good).await.status, 200);
    assert_eq!(world.present_to(&world.open(&link).await).await.status, 200);
}

#[tokio::test]
async fn an_unknown_expired_or_answered_request_is_not_shown() {
    let world = World::new().await;
    assert_eq!(
        world.send(Method::GET, &path("unknown"), &[], "").await.status,
        404
    );
    let (id, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
    world.present_to(&world.open(&link).await).await;
    assert_eq!(world.send(Method::GET, &path(&id), &[], "").await.status, 410);
    let (id, _) = world.make_request(&json!({"dcql_query": world.query()})).await;
    world.advance(601);
    assert_eq!(world.send(Method::GET, &path(&id), &[], "").await.status, 410);
}
