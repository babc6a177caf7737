//! The issuer's metadata: plain and signed, in all languages and in one.

use std::collections::BTreeSet;

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::encoding::base64url;
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
    let part = |at: usize| -> Value {
        let part = text.split('.').nth(at).unwrap();
        serde_json::from_slice(&base64url::decode(part).unwrap()).unwrap()
    };
    let (header, claims) = (part(0), part(1));
    assert_eq!(header["alg"], "ES256");
    assert_eq!(header["typ"], "openidvci-issuer-metadata+jwt");
    assert_eq!(claims["sub"], world.base.as_str());
    assert_eq!(claims["iat"], json!(world.now()));
    for (name, value) in plain.as_object().unwrap() {
        assert_eq!(&claims[name], value, "{name}");
    }
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
        // An empty list would be wrong where any authentication of the user will do.
        assert_eq!(
            proofs[kind]["key_attestations_required"],
            json!({ "key_storage": ["iso_18045_high"] })
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

fn not_empty(value: &Value) -> bool {
    value.as_array().is_some_and(|list| !list.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_metadata_say_of_encryption_is_whole() {
    let world = World::start().await;
    // The last day of a week: the key of the next one is there already.
    let week = 7 * 86_400;
    world.wait(week - 1 - world.now().seconds().rem_euclid(week));
    let body: Value = get(&world, &[]).await.json().await.unwrap();
    let request = &body["credential_request_encryption"];
    let keys = request["jwks"]["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    let names: BTreeSet<&str> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(names.len(), keys.len());
    let response = &body["credential_response_encryption"];
    for list in [
        &request["enc_values_supported"],
        &request["zip_values_supported"],
        &response["alg_values_supported"],
        &response["enc_values_supported"],
        &response["zip_values_supported"],
    ] {
        assert!(not_empty(list), "{body}");
    }
    assert!(request["encryption_required"].is_boolean());
    assert!(response["encryption_required"].is_boolean());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_not_is_not_in_the_metadata() {
    let world = World::start().await;
    let body: Value = get(&world, &[]).await.json().await.unwrap();
    // The issuer is its own authorization server, takes one proof at a time, and makes nobody wait.
    for name in [
        "authorization_servers",
        "batch_credential_issuance",
        "deferred_credential_endpoint",
    ] {
        assert_eq!(body.get(name), None, "{name}");
    }
    for (name, path) in [
        ("credential_endpoint", "/credential"),
        ("nonce_endpoint", "/nonce"),
        ("notification_endpoint", "/notification"),
    ] {
        assert_eq!(body[name], world.url(path));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_configuration_says_what_its_format_demands() {
    let world = World::start().await;
    let body: Value = get(&world, &[]).await.json().await.unwrap();
    let configurations = body["credential_configurations_supported"].as_object().unwrap();
    let mut formats = BTreeSet::new();
    for (id, configuration) in configurations {
        let format = configuration["format"].as_str().unwrap();
        formats.insert(format);
        let definition = &configuration["credential_definition"];
        match format {
            "dc+sd-jwt" => assert!(configuration["vct"].as_str().unwrap().starts_with(&world.base)),
            "mso_mdoc" => assert!(!configuration["doctype"].as_str().unwrap().is_empty()),
            "jwt_vc_json" => {
                assert!(not_empty(&definition["type"]), "{id}");
                assert_eq!(definition.get("@context"), None, "{id}");
            }
            "ldp_vc" => {
                assert!(not_empty(&definition["type"]), "{id}");
                assert_eq!(definition["@context"][0], "https://www.w3.org/ns/credentials/v2");
            }
            other => panic!("{other}"),
        }
        assert_eq!(configuration["scope"], id.as_str());
        assert!(
            not_empty(&configuration["credential_signing_alg_values_supported"]),
            "{id}"
        );
        let methods = configuration["cryptographic_binding_methods_supported"]
            .as_array()
            .unwrap();
        for method in methods {
            let method = method.as_str().unwrap();
            let did = method.strip_prefix("did:");
            let named = did.is_some_and(|name| !name.is_empty() && !name.contains(':'));
            assert!(named || ["jwk", "cose_key"].contains(&method), "{id}: {method}");
        }
        assert!(!methods.is_empty(), "{id}");
        for (kind, proof) in configuration["proof_types_supported"].as_object().unwrap() {
            assert!(
                not_empty(&proof["proof_signing_alg_values_supported"]),
                "{id}: {kind}"
            );
        }
        let shown = &configuration["credential_metadata"];
        assert!(
            not_empty(&shown["display"]) && not_empty(&shown["claims"]),
            "{id}"
        );
        one_of_each_language(&shown["display"]);
        let mut paths = BTreeSet::new();
        for claim in shown["claims"].as_array().unwrap() {
            assert!(not_empty(&claim["path"]), "{id}");
            if format == "mso_mdoc" {
                let path = claim["path"].as_array().unwrap();
                assert!(
                    path.len() >= 2 && path.iter().all(Value::is_string),
                    "{id}: {path:?}"
                );
            }
            assert!(
                paths.insert(claim["path"].to_string()),
                "{id}: {} twice",
                claim["path"]
            );
            one_of_each_language(&claim["display"]);
        }
    }
    let expected = BTreeSet::from(["dc+sd-jwt", "mso_mdoc", "jwt_vc_json", "ldp_vc"]);
    assert_eq!(formats, expected);
    one_of_each_language(&body["display"]);
}

fn one_of_each_language(display: &Value) {
    let display = display.as_array().unwrap();
    let languages: BTreeSet<String> = display.iter().map(|entry| entry["locale"].to_string()).collect();
    assert_eq!(languages.len(), display.len(), "{display:?}");
    for entry in display {
        assert!(entry["name"].is_string(), "{entry}");
    }
}
