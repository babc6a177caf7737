//! What stands in a request, read as it came: without the reader of the suite, which would forgive its own writer.

use http::Method;
use serde_json::{Map, Value, json};
use symbolon_crypto::encoding::base64url;
use url::Url;

use crate::world::World;

/// The parameters of a link.
fn parameters(link: &str) -> Map<String, Value> {
    let url = Url::parse(link).unwrap();
    url.query_pairs()
        .map(|(name, value)| (name.into_owned(), json!(value)))
        .collect()
}

/// Header and claims of the request object behind a link by reference.
async fn object(world: &World, body: &Value) -> (Value, Value, Map<String, Value>) {
    let (id, link) = world.make_request(body).await;
    let link = parameters(&link);
    let path = format!("/openid4vp/requests/{id}");
    let fetched = world.send(Method::GET, &path, &[], "").await;
    assert_eq!(fetched.headers["content-type"], "application/oauth-authz-req+jwt");
    let text = String::from_utf8(fetched.body).unwrap();
    let parts: Vec<Value> = text
        .split('.')
        .take(2)
        .map(|part| serde_json::from_slice(&base64url::decode(part).unwrap()).unwrap())
        .collect();
    (parts[0].clone(), parts[1].clone(), link)
}

#[tokio::test]
async fn a_request_object_says_what_it_is_for_whom_and_by_whom() {
    let world = World::new().await;
    let (header, claims, link) = object(&world, &json!({"dcql_query": world.query()})).await;
    assert_eq!(header["typ"], "oauth-authz-req+jwt");
    assert_eq!(header["alg"], "ES256");
    assert_eq!(header["x5c"].as_array().unwrap().len(), 1, "without the anchor");
    assert_eq!(claims["aud"], "https://self-issued.me/v2");
    assert_eq!(claims["response_type"], "vp_token");
    assert_eq!(claims["client_id"], link["client_id"]);
    assert!(claims["dcql_query"].is_object() && claims.get("scope").is_none());
    assert!(claims.get("redirect_uri").is_none());
    let response_uri = claims["response_uri"].as_str().unwrap();
    assert!(response_uri.starts_with(&world.base), "{response_uri}");
    assert_eq!(link.len(), 2, "{link:?}");
}

#[tokio::test]
async fn nonce_and_state_are_long_and_of_url_safe_characters() {
    let world = World::new().await;
    let (_, claims, _) = object(&world, &json!({"dcql_query": world.query()})).await;
    for name in ["nonce", "state"] {
        let text = claims[name].as_str().unwrap();
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        // 256 bits in base64url.
        assert!(text.len() == 43 && text.bytes().all(safe), "{name}");
    }
}

#[tokio::test]
async fn every_key_has_a_name_and_an_algorithm_and_both_encryptions_are_offered() {
    let world = World::new().await;
    let (_, claims, _) = object(&world, &json!({"dcql_query": world.query()})).await;
    assert_eq!(claims["response_mode"], "direct_post.jwt");
    let metadata = &claims["client_metadata"];
    for key in metadata["jwks"]["keys"].as_array().unwrap() {
        assert!(key["kid"].is_string(), "{key}");
        assert_eq!((&key["alg"], &key["crv"]), (&json!("ECDH-ES"), &json!("P-256")));
        assert_eq!(key["use"], "enc");
        assert!(key.get("d").is_none());
    }
    assert_eq!(
        metadata["encrypted_response_enc_values_supported"],
        json!(["A128GCM", "A256GCM"])
    );
    assert!(metadata["vp_formats_supported"]["dc+sd-jwt"].is_object());
}

#[tokio::test]
async fn the_method_stands_beside_an_address_alone() {
    let world = World::new().await;
    let query = world.query();
    let link = async |name: &str, value: &str| {
        let (_, link) = world
            .make_request(&json!({"dcql_query": query, name: value}))
            .await;
        parameters(&link)
    };
    let post = link("request_uri_method", "post").await;
    assert_eq!(post["request_uri_method"], "post");
    assert!(post.contains_key("request_uri"));
    let value = link("request_delivery", "value").await;
    assert!(!value.contains_key("request_uri_method") && !value.contains_key("request_uri"));
    assert!(value.contains_key("request"));
}

#[tokio::test]
async fn a_client_that_cannot_sign_says_everything_in_its_link() {
    let world = World::new().await;
    let body = json!({"dcql_query": world.query(), "client_id_prefix": "redirect_uri"});
    let (_, link) = world.make_request(&body).await;
    let link = parameters(&link);
    assert!(!link.contains_key("request") && !link.contains_key("request_uri"));
    let client_id = link["client_id"].as_str().unwrap();
    assert_eq!(
        client_id.strip_prefix("redirect_uri:"),
        link["response_uri"].as_str()
    );
    for name in ["dcql_query", "client_metadata"] {
        let text = link[name].as_str().unwrap();
        assert!(serde_json::from_str::<Value>(text).unwrap().is_object(), "{name}");
    }
}

#[tokio::test]
async fn a_did_signs_by_a_key_of_its_document_and_a_registered_client_brings_no_metadata() {
    let world = World::configured(|configuration| configuration.client_id = Some("clinic".to_owned())).await;
    let body = |kind| json!({"dcql_query": world.query(), "client_id_prefix": kind});
    let (header, claims, _) = object(&world, &body("decentralized_identifier")).await;
    let did = claims["client_id"]
        .as_str()
        .and_then(|id| id.strip_prefix("decentralized_identifier:"))
        .unwrap();
    let document = world.send(Method::GET, "/.well-known/did.json", &[], "").await;
    let document: Value = serde_json::from_slice(&document.body).unwrap();
    assert_eq!(document["id"], did);
    assert_eq!(document["verificationMethod"][0]["id"], header["kid"]);
    assert!(header.get("x5c").is_none());
    let (_, claims, _) = object(&world, &body("pre-registered")).await;
    assert_eq!(claims["client_id"], "clinic");
    assert!(claims.get("client_metadata").is_none());
}

#[tokio::test]
async fn a_credential_without_holder_binding_is_asked_for_with_a_state() {
    let world = World::new().await;
    let mut query = world.query();
    query["credentials"][0]["require_cryptographic_holder_binding"] = json!(false);
    let (_, claims, _) = object(&world, &json!({"dcql_query": query})).await;
    assert_eq!(claims["state"].as_str().unwrap().len(), 43);
}
