//! The nonce endpoint ([OpenID4VCI §7]).
//!
//! [OpenID4VCI §7]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-7

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::Value;
use symbolon_crypto::encoding::base64url;

use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_posts_gets_a_nonce_of_their_own_that_no_cache_keeps() {
    let world = World::start().await;
    let mut nonces = BTreeSet::new();
    for _ in 0..4 {
        let response = world.client.post(world.url("/nonce")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let body: Value = response.json().await.unwrap();
        let nonce = body["c_nonce"].as_str().unwrap().to_owned();
        // Its expiry, 128 bits of chance and the tag that makes it this issuer's.
        assert!(base64url::decode(&nonce).unwrap().len() > 16, "{nonce}");
        nonces.insert(nonce);
    }
    assert_eq!(nonces.len(), 4);
    let got = world.client.get(world.url("/nonce")).send().await.unwrap();
    assert_eq!(got.status(), StatusCode::METHOD_NOT_ALLOWED);
}
