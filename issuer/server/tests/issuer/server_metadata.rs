//! What the authorization server says about itself ([RFC 8414]).
//!
//! [RFC 8414]: https://www.rfc-editor.org/rfc/rfc8414

use serde_json::Value;

use crate::harness::{PRE_AUTHORIZED, World};
use crate::wallet::{policy, world_of};

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_says_what_the_server_does() {
    let world = world_of(policy()).await;
    let url = world.url("/.well-known/oauth-authorization-server");
    let body: Value = world.client.get(url).send().await.unwrap().json().await.unwrap();
    let base = &world.base;
    for (member, path) in [
        ("authorization_endpoint", "/authorize"),
        ("pushed_authorization_request_endpoint", "/par"),
        ("token_endpoint", "/token"),
        ("challenge_endpoint", "/challenge"),
        ("status_list_aggregation_endpoint", "/status"),
    ] {
        assert_eq!(body[member], format!("{base}{path}"), "{member}");
    }
    assert_eq!(body["issuer"], *base);
    assert_eq!(body["require_pushed_authorization_requests"], true);
    assert_eq!(body["authorization_response_iss_parameter_supported"], true);
    assert_eq!(
        body["code_challenge_methods_supported"],
        serde_json::json!(["S256"])
    );
    assert_eq!(body["response_types_supported"], serde_json::json!(["code"]));
    assert_eq!(
        body["token_endpoint_auth_methods_supported"],
        serde_json::json!(["none", "private_key_jwt", "attest_jwt_client_auth"])
    );
    let grants = body["grant_types_supported"].as_array().unwrap();
    assert_eq!(grants.len(), 3);
    let algorithms = serde_json::json!(["ES256", "ES384", "EdDSA"]);
    for member in [
        "dpop_signing_alg_values_supported",
        "client_attestation_signing_alg_values_supported",
        "client_attestation_pop_signing_alg_values_supported",
        "request_object_signing_alg_values_supported",
        "token_endpoint_auth_signing_alg_values_supported",
    ] {
        assert_eq!(body[member], algorithms, "{member}");
    }
    // A server that lets no wallet send residents says nothing of it.
    let closed = World::start().await;
    let url = closed.url("/.well-known/oauth-authorization-server");
    let body: Value = closed.client.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(body.get("authorization_endpoint"), None);
    assert_eq!(body["grant_types_supported"], serde_json::json!([PRE_AUTHORIZED]));
}
