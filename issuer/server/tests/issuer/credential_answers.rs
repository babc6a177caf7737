//! What the credential endpoint answers with: the credentials of one dataset, and errors that can be read ([OpenID4VCI §8.3]).
//!
//! [OpenID4VCI §8.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8.3

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_credential::sd_jwt::{SdJwt, SdJwtBudget, process};
use symbolon_issuer::profile::ProofTrust;

use crate::endpoint::{asked, batches, configuration, with_configurations};
use crate::harness::{HASSAN, World, record};

#[tokio::test(flavor = "multi_thread")]
async fn the_credentials_of_one_answer_are_objects_of_one_format_and_one_dataset_each_for_its_key() {
    let world = World::start_shaped(batches(), with_configurations(&[], ProofTrust::default())).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let token = world.token(HASSAN).await;
    let nonce = world.nonce().await;
    let keys: Vec<_> = (0..4).map(|_| world.wallet_key()).collect();
    let proofs: Vec<String> = keys.iter().map(|key| world.proof(key, &nonce)).collect();
    let answer = asked(&world, "NationalIdentity", &token, json!({ "jwt": proofs })).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/json");
    let body: Value = answer.json().await.unwrap();
    let members: BTreeSet<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(
        members.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        ["credentials", "notification_id"]
    );
    let credentials = body["credentials"].as_array().unwrap();
    assert_eq!(credentials.len(), keys.len());
    let mut datasets = Vec::new();
    for (issued, key) in credentials.iter().zip(&keys) {
        let members: Vec<&String> = issued.as_object().unwrap().keys().collect();
        assert_eq!(members, ["credential"]);
        let sd_jwt = SdJwt::parse(issued["credential"].as_str().unwrap(), SdJwtBudget::DEFAULT).unwrap();
        let mut claims = process(&sd_jwt).unwrap().claims;
        assert_eq!(claims["cnf"]["jwk"]["x"], json!(key.public_key().to_jwk().x));
        for own in ["cnf", "status"] {
            claims.remove(own);
        }
        datasets.push(claims);
    }
    assert!(
        datasets.iter().all(|dataset| *dataset == datasets[0]),
        "{datasets:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_of_an_error_has_no_characters_that_it_must_not_have() {
    // The reason names a claim, and an operator may name claims in any language.
    let own = configuration("Named", "")
        + "\n[[claims]]\npath = [\"num\u{e9}ro \\\"du\\\" permis\"]\n\
        source = [\"drivingLicenceNumber\"]\ntransform = \"text\"\ndisclosure = \"selectable\"\n\
        presence = \"required\"\nlabel = { en = \"Number\" }\n";
    let world = World::start_shaped(batches(), with_configurations(&[own], ProofTrust::default())).await;
    let mut driver = record(HASSAN, "Hassan Ali");
    driver["drivingLicenceNumber"] = json!("D-1");
    world.import(&[driver]).await;
    let token = world.token_for("Named", HASSAN).await;
    // The register loses it between the offer and the request.
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let good = json!({ "jwt": [world.proof(&world.wallet_key(), &world.nonce().await)] });
    let may_have = |description: &str| {
        let mut characters = description.bytes();
        characters.all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    };
    let mut described = 0;
    for (proofs, code) in [
        (good, "credential_request_denied"),
        (json!({ "jwt": [] }), "invalid_proof"),
        (json!({ "jwt": ["\u{e9}\""] }), "invalid_proof"),
        (json!({ "\u{e9}\"": ["x"] }), "invalid_proof"),
    ] {
        let refused = asked(&world, "Named", &token, proofs).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{code}");
        let body: Value = refused.json().await.unwrap();
        assert_eq!(body["error"], code);
        if let Some(description) = body.get("error_description") {
            assert!(may_have(description.as_str().unwrap()), "{description}");
            described += 1;
        }
    }
    assert!(described >= 3);
}
