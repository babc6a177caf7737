//! Several credentials in one answer: unlinkable, and exact in their limits.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_issuer::profile::ProofTrust;

use crate::endpoint::{asked, batches, claims, configuration, with_configurations};
use crate::harness::{HASSAN, World, error_of, record};

async fn world(own: &[String]) -> World {
    let world = World::start_shaped(batches(), with_configurations(own, ProofTrust::default())).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world
}

async fn proofs(world: &World, count: usize) -> Value {
    let nonce = world.nonce().await;
    let proofs: Vec<String> = (0..count)
        .map(|_| world.proof(&world.wallet_key(), &nonce))
        .collect();
    json!({ "jwt": proofs })
}

async fn issued(world: &World, id: &str, count: usize) -> Vec<Value> {
    let token = world.token_for(id, HASSAN).await;
    let answer = asked(world, id, &token, proofs(world, count).await).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let body: Value = answer.json().await.unwrap();
    let credentials = body["credentials"].as_array().unwrap();
    credentials.iter().map(|one| one["credential"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_credentials_of_a_batch_share_nothing_that_tells_them_apart_from_others() {
    let world = world(&[]).await;
    let credentials = issued(&world, "NationalIdentity", 5).await;
    let payloads: Vec<Value> = credentials.iter().map(claims).collect();
    let distinct = |of: &dyn Fn(&Value) -> String| payloads.iter().map(of).collect::<BTreeSet<_>>().len();
    assert_eq!(distinct(&|payload| payload["cnf"]["jwk"]["x"].to_string()), 5);
    assert_eq!(
        distinct(&|payload| payload["_sd"].to_string()),
        5,
        "salts of their own"
    );
    assert_eq!(distinct(&|payload| payload["iat"].to_string()), 1);
    assert_eq!(payloads[0]["iat"].as_i64().unwrap() % 86_400, 0);
    let indices: Vec<i64> = payloads
        .iter()
        .map(|payload| payload["status"]["status_list"]["idx"].as_i64().unwrap())
        .collect();
    assert_eq!(indices.iter().collect::<BTreeSet<_>>().len(), 5);
    let neighbours = indices
        .iter()
        .flat_map(|one| indices.iter().map(move |other| (one - other).abs()))
        .filter(|distance| *distance == 1)
        .count();
    assert_eq!(neighbours, 0, "{indices:?}");
    let disclosures: BTreeSet<&str> = credentials
        .iter()
        .flat_map(|credential| credential.as_str().unwrap().split('~').skip(1))
        .filter(|disclosure| !disclosure.is_empty())
        .collect();
    let each = credentials[0].as_str().unwrap().matches('~').count() - 1;
    assert_eq!(disclosures.len(), 5 * each, "no disclosure twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_over_its_size_or_with_one_key_twice_is_refused_and_spends_nothing() {
    let world = world(&[]).await;
    let token = world.token(HASSAN).await;
    let over = proofs(&world, 6).await;
    assert_eq!(
        error_of(asked(&world, "NationalIdentity", &token, over).await).await,
        "invalid_proof"
    );
    let nonce = world.nonce().await;
    let key = world.wallet_key();
    let twice = json!({ "jwt": [world.proof(&key, &nonce), world.proof(&key, &nonce)] });
    assert_eq!(
        error_of(asked(&world, "NationalIdentity", &token, twice).await).await,
        "invalid_proof"
    );
    // A request is paid for as one, however many keys it brings; three of them were offered.
    for _ in 0..3 {
        let answer = asked(&world, "NationalIdentity", &token, proofs(&world, 5).await).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }
    let used_up = asked(&world, "NationalIdentity", &token, proofs(&world, 1).await).await;
    assert_eq!(error_of(used_up).await, "credential_request_denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_to_be_shown_once_expire_soon_and_carry_no_status() {
    let own = configuration("Copies", "[one-time-copies]\nvalidity-days = 14");
    let world = world(&[own]).await;
    for credential in issued(&world, "Copies", 3).await {
        let payload = claims(&credential);
        assert!(payload.get("status").is_none(), "{payload}");
        let lifetime = payload["exp"].as_i64().unwrap() - payload["iat"].as_i64().unwrap();
        assert_eq!(lifetime, 14 * 86_400);
    }
    // A single one is no batch: it lives long and can be revoked.
    let single = claims(&issued(&world, "Copies", 1).await[0]);
    assert!(single["status"]["status_list"]["idx"].is_i64());
    let list = world.ordered("/credentials/list", json!({})).await;
    let credentials = list["credentials"].as_array().unwrap();
    assert_eq!(credentials.len(), 4);
    let copies: Vec<&Value> = credentials
        .iter()
        .filter(|one| one.get("index").is_none())
        .collect();
    assert_eq!(copies.len(), 3);
    let order = json!({ "action": "revoke", "credentials": { "id": copies[0]["id"] } });
    let refused = world
        .order("/credentials/status")
        .json(&order)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert_eq!(error_of(refused).await, "no_status");
    let all = json!({ "action": "revoke", "credentials": { "record": HASSAN } });
    let report = world.ordered("/credentials/status", all).await;
    assert_eq!(report["changed"].as_array().unwrap().len(), 1);
    assert_eq!(report["unchanged"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_of_every_format_are_issued_without_a_status() {
    let copies: Vec<String> = symbolon_schemas::CREDENTIALS
        .iter()
        .filter(|template| template.mapping.contains("\nid = \"National"))
        .map(|template| {
            let keys = "[one-time-copies]\nvalidity-days = 7\n\n[[display]]";
            template
                .mapping
                .replace("\nid = \"National", "\nid = \"CopiesOfNational")
                .replace("types/national", "types/copies-of-national")
                .replacen("[[display]]", keys, 1)
        })
        .collect();
    let ids: Vec<String> = copies
        .iter()
        .map(|text| {
            let start = text.find("\nid = \"").unwrap() + 7;
            text[start..].split('"').next().unwrap().to_owned()
        })
        .collect();
    assert!(ids.len() >= 4, "{ids:?}");
    let world = world(&copies).await;
    for id in ids {
        let credentials = issued(&world, &id, 2).await;
        for credential in &credentials {
            if let Some(document) = credential.as_object() {
                assert!(document.get("credentialStatus").is_none(), "{id}");
            }
        }
        assert_eq!(credentials.len(), 2, "{id}");
    }
    let list = world.ordered("/credentials/list", json!({})).await;
    for credential in list["credentials"].as_array().unwrap() {
        assert!(credential.get("shard").is_none(), "{credential}");
    }
}
