//! The issuer's metadata: plain and signed, in all languages and in one.

use reqwest::{Response, StatusCode};
use serde_json::Value;
use symbolon_crypto::RustCryptoProvider;
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy};
use symbolon_protocol::openid4vci::signed_metadata;

use crate::endpoint::{Attester, configuration, with_configurations};
use crate::harness::World;

async fn get(world: &World, headers: &[(&'static str, &str)]) -> Response {
    let url = world.url("/.well-known/openid-credential-issuer");
    let mut request = world.client.get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_gets_the_metadata_signed_by_a_key_of_their_own() {
    let world = World::start().await;
    let signed = get(&world, &[("accept", "application/jwt")]).await;
    assert_eq!(signed.status(), StatusCode::OK);
    assert_eq!(signed.headers()["content-type"], "application/jwt");
    assert_eq!(signed.headers()["vary"], "Accept, Accept-Language");
    let text = signed.text().await.unwrap();
    let again = get(&world, &[("accept", "application/jwt")])
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(text, again, "it is kept");
    let issuer = IssuerIdentifier::parse(&world.base).unwrap();
    let anchors = [world.issuer_anchor().clone()];
    let verify = |text: &str, anchors: &[_]| {
        signed_metadata::verify(
            text,
            &issuer,
            UrlPolicy::Development,
            anchors,
            world.now(),
            &RustCryptoProvider,
        )
    };
    let verified = verify(&text, &anchors).unwrap();
    let plain: Value = get(&world, &[]).await.json().await.unwrap();
    assert_eq!(serde_json::to_value(&verified).unwrap(), plain);
    let stranger = [Attester::new(90).anchor];
    assert!(verify(&text, &stranger).is_err());
    world.wait(26 * 3_600);
    assert!(verify(&text, &anchors).is_err(), "a signature expires");
    let fresh = get(&world, &[("accept", "application/jwt")])
        .await
        .text()
        .await
        .unwrap();
    assert!(verify(&fresh, &anchors).is_ok(), "and is made anew before");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_what_everybody_gets_who_does_not_ask_for_more() {
    let world = World::start().await;
    for accept in [
        "*/*",
        "application/json",
        "application/json, application/jwt;q=0.5",
    ] {
        let answer = get(&world, &[("accept", accept)]).await;
        assert_eq!(answer.headers()["content-type"], "application/json", "{accept}");
    }
    let none = get(&world, &[("accept", "text/html")]).await;
    assert_eq!(none.status(), StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_come_in_the_language_that_the_wallet_prefers() {
    let world = World::start().await;
    let names = |body: &Value| {
        body["credential_configurations_supported"]["NationalIdentity"]["credential_metadata"]["display"]
            .as_array()
            .unwrap()
            .iter()
            .map(|display| display["locale"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let all = get(&world, &[]).await;
    assert!(!all.headers().contains_key("content-language"));
    let all = names(&all.json().await.unwrap());
    assert!(all.len() > 1);
    let french = get(&world, &[("accept-language", "tlh, fr-CA;q=0.9, en;q=0.1")]).await;
    assert_eq!(french.headers()["content-language"], "fr");
    assert_eq!(french.headers()["vary"], "Accept, Accept-Language");
    assert_eq!(names(&french.json().await.unwrap()), ["fr"]);
    let unknown = get(&world, &[("accept-language", "tlh")]).await;
    assert!(!unknown.headers().contains_key("content-language"));
    assert_eq!(names(&unknown.json().await.unwrap()), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_say_what_each_configuration_takes() {
    let attester = Attester::new(70);
    let own = [
        configuration(
            "Attested",
            "proof-types = [\"jwt\", \"attestation\"]\n[key-attestation]\nkey-storage = [\"iso_18045_high\"]",
        ),
        configuration("Approved", "issuance = \"approval\""),
    ];
    let shape = with_configurations(&own, attester.trust());
    let world = World::start_shaped(crate::endpoint::batches(), shape).await;
    let body: Value = get(&world, &[]).await.json().await.unwrap();
    let proofs = &body["credential_configurations_supported"]["Attested"]["proof_types_supported"];
    for kind in ["jwt", "attestation"] {
        assert_eq!(
            proofs[kind]["key_attestations_required"]["key_storage"],
            serde_json::json!(["iso_18045_high"])
        );
    }
    let plain = &body["credential_configurations_supported"]["NationalIdentity"]["proof_types_supported"];
    assert!(plain["jwt"].get("key_attestations_required").is_none());
    assert!(plain.get("attestation").is_none());
    assert_eq!(body["batch_credential_issuance"]["batch_size"], 5);
    for (name, path) in [
        ("deferred_credential_endpoint", "/deferred_credential"),
        ("notification_endpoint", "/notification"),
    ] {
        assert_eq!(body[name], world.url(path));
    }
    let encryption = &body["credential_request_encryption"];
    assert_eq!(encryption["encryption_required"], false);
    let key = &encryption["jwks"]["keys"][0];
    assert_eq!(key["alg"], "ECDH-ES");
    assert_eq!(key["use"], "enc");
    assert!(key["kid"].is_string() && key.get("d").is_none());
    assert_eq!(
        body["credential_response_encryption"]["zip_values_supported"][0],
        "DEF"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_wants_attestations_and_believes_nobody_does_not_start() {
    let own = configuration("Attested", "proof-types = [\"attestation\"]");
    let shape = with_configurations(&[own], symbolon_issuer::profile::ProofTrust::default());
    let started = tokio::spawn(World::start_shaped(crate::endpoint::batches(), shape)).await;
    assert!(started.is_err());
}
