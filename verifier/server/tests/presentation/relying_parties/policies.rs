//! What policies decide, and what is kept of an answer.

use http::Method;
use serde_json::{Value, json};
use symbolon_trust::status_list::Status;
use symbolon_trust::testing::DAY;
use symbolon_verifier::name::PolicyName;

use super::{REQUESTS, Town, make_key, party};
use crate::world::json_of;

#[tokio::test]
async fn a_policy_decides_and_nothing_is_kept_that_it_does_not_name() {
    let town = Town::new().await;
    let (id, link) = town.ask(&town.bank, &json!({"policy": "name"})).await;
    let request = town.world.open(&link).await;
    let metadata = &request.request().client_metadata;
    assert_eq!(metadata.client_name.as_deref(), Some("First Bank"));
    assert_eq!(town.result(&town.bank, &id).await["state"], "pending");
    town.world.present_to(&request).await;
    let answered = town.result(&town.bank, &id).await;
    assert_eq!(answered["state"], "answered");
    assert_eq!(answered["policy"], "name");
    let presented = &answered["result"]["outcome"]["presented"];
    assert_eq!(presented["decision"]["outcome"], "satisfied", "{presented}");
    assert_eq!(presented["reports"][0]["report"]["verdict"], "valid");
    let text = answered.to_string();
    assert!(!text.contains("Amina"), "{text}");
    assert!(presented["reports"][0]["report"]["holder_key"].is_null());
    let evidence = town
        .call(
            &town.bank,
            Method::GET,
            &format!("{REQUESTS}/{id}/evidence"),
            &Value::Null,
        )
        .await;
    assert_eq!(evidence.status, 404);
    let kept = town.world.store.scan(
        &symbolon_store::Tenant::parse("default").unwrap(),
        symbolon_store::Space::new("verifier-answers"),
        &[],
        None,
        9,
    );
    assert!(kept.unwrap().is_empty(), "the raw answer is kept");
}

#[tokio::test]
async fn what_a_policy_names_is_kept_until_its_time() {
    let town = Town::new().await;
    let id = town.answered(&town.shop, &json!({"policy": "name-kept"})).await;
    let answered = town.result(&town.shop, &id).await;
    let report = &answered["result"]["outcome"]["presented"]["reports"][0]["report"];
    assert_eq!(report["claims"], json!({"given_name": "Amina"}));
    let evidence = format!("{REQUESTS}/{id}/evidence");
    let found = json_of(&town.call(&town.shop, Method::GET, &evidence, &Value::Null).await);
    assert!(found["vp_token"]["identity"][0].is_string());
    // Ten minutes for the answer, an hour for the result; not yet swept, and gone all the same.
    town.world.advance(600 + 3_600);
    assert_eq!(town.result(&town.shop, &id).await["state"], "answered");
    town.world.advance(1);
    for path in [
        format!("{REQUESTS}/{id}"),
        evidence,
        format!("{REQUESTS}/{id}/events"),
    ] {
        assert_eq!(
            town.call(&town.shop, Method::GET, &path, &Value::Null)
                .await
                .status,
            404,
            "{path}"
        );
    }
    let listed = json_of(&town.call(&town.shop, Method::GET, REQUESTS, &Value::Null).await);
    assert_eq!(listed["requests"], json!([]));
}

#[tokio::test]
async fn a_retention_is_the_relying_partys_and_the_policys_is_shorter() {
    let town = Town::configured(|configuration| {
        let long =
            json!({"name": "Archive", "policies": ["short", "name"], "result_retention_seconds": 86_400});
        party(configuration, "archive", long);
        let mut short = configuration.policies[&PolicyName::parse("name").unwrap()].clone();
        short.result_retention_seconds = Some(60);
        configuration
            .policies
            .insert(PolicyName::parse("short").unwrap(), short);
    })
    .await;
    let archive = make_key(&town.world, "archive").await;
    let long = town.answered(&archive, &json!({"policy": "name"})).await;
    let short = town.answered(&archive, &json!({"policy": "short"})).await;
    town.world.advance(600 + 60);
    assert_eq!(town.result(&archive, &short).await["state"], "answered");
    town.world.advance(1);
    assert_eq!(town.result(&archive, &short).await["error"], "not_found");
    town.world.advance(86_400 - 61);
    assert_eq!(town.result(&archive, &long).await["state"], "answered");
    town.world.advance(1);
    assert_eq!(town.result(&archive, &long).await["error"], "not_found");
}

#[tokio::test]
async fn a_broken_rule_is_named_and_the_verdict_stays() {
    let town = Town::new().await;
    let (id, link) = town.ask(&town.bank, &json!({"policy": "strict"})).await;
    let request = town.world.open(&link).await;
    town.world.present_to(&request).await;
    let answered = town.result(&town.bank, &id).await;
    let presented = &answered["result"]["outcome"]["presented"];
    assert_eq!(presented["reports"][0]["report"]["verdict"], "valid");
    assert_eq!(presented["decision"]["outcome"], "not_satisfied");
    let rules = presented["decision"]["rules"].as_array().unwrap();
    let broken: Vec<_> = rules.iter().filter(|rule| rule["outcome"] == "failed").collect();
    assert!(
        broken.contains(&&json!({
            "rule": "values", "credential": "identity", "claim": ["given_name"],
            "outcome": "failed", "reason": "other_value",
        })),
        "{broken:?}"
    );
    town.world.publish(Status::Invalid);
    town.world.advance(600);
    let (revoked, link) = town.ask(&town.bank, &json!({"policy": "name"})).await;
    let request = town.world.open(&link).await;
    assert_eq!(town.world.present_to(&request).await.status, 400);
    let answered = town.result(&town.bank, &revoked).await;
    let decision = &answered["result"]["outcome"]["presented"]["decision"];
    assert_eq!(decision["outcome"], "not_satisfied");
    assert!(decision.to_string().contains(r#""reason":"revoked""#));
}

#[tokio::test]
async fn a_wallet_is_told_that_a_policy_is_not_satisfied() {
    let town = Town::configured(|configuration| {
        let mut digits = configuration.policies[&PolicyName::parse("name").unwrap()].clone();
        digits.credentials[0].claims[0].pattern = Some("[0-9]+".to_owned());
        configuration
            .policies
            .insert(PolicyName::parse("digits").unwrap(), digits);
        let party_of_digits = json!({"name": "Digits", "policies": ["digits"]});
        party(configuration, "digits", party_of_digits);
    })
    .await;
    let key = make_key(&town.world, "digits").await;
    let (id, link) = town.ask(&key, &json!({"policy": "digits"})).await;
    let request = town.world.open(&link).await;
    assert_eq!(town.world.present_to(&request).await.status, 400);
    let answered = town.result(&key, &id).await;
    let presented = &answered["result"]["outcome"]["presented"];
    assert_eq!(presented["answer"], "as_asked");
    assert_eq!(presented["decision"]["outcome"], "not_satisfied");
}

/// A name that is used in its time is not what the sweep is about: what is due is removed, and nothing stays behind.
#[tokio::test]
async fn nothing_is_left_of_what_was_kept_long_enough() {
    let town = Town::new().await;
    town.answered(&town.shop, &json!({"policy": "name-kept"})).await;
    let kept = symbolon_verifier_server::store::EmbeddedVerifierStore::new(town.world.store.clone());
    let later = town.world.now().plus(DAY * 30);
    use symbolon_verifier::store::VerifierStore as _;
    while kept.remove_expired(later, 100).await.unwrap() > 0 {}
    let tenant = symbolon_store::Tenant::parse("default").unwrap();
    for space in [
        "requests",
        "results",
        "nonces",
        "request-objects",
        "answers",
        "expiries",
        "quotas",
        "requests-of",
        "deliveries",
        "due-deliveries",
    ] {
        let name: &'static str = Box::leak(format!("verifier-{space}").into_boxed_str());
        let left = town
            .world
            .store
            .scan(&tenant, symbolon_store::Space::new(name), &[], None, 9)
            .unwrap();
        assert!(left.is_empty(), "{space}: {left:?}");
    }
}

/// The cache may keep a list for five minutes, and this policy wants it younger than one.
#[tokio::test]
async fn a_list_that_is_too_old_for_a_policy_is_fetched_again() {
    let town = Town::configured(|configuration| {
        let mut fresh = configuration.policies[&PolicyName::parse("name").unwrap()].clone();
        fresh.credentials[0].status_max_age_seconds = Some(60);
        let name = PolicyName::parse("fresh").unwrap();
        configuration.policies.insert(name, fresh);
        let clinic =
            json!({"name": "Clinic", "policies": ["name", "fresh"], "posted_verification": "allowed"});
        party(configuration, "clinic", clinic);
    })
    .await;
    let key = make_key(&town.world, "clinic").await;
    let decided = async |policy: &str| {
        let id = town.answered(&key, &json!({ "policy": policy })).await;
        let result = town.result(&key, &id).await;
        result["result"]["outcome"]["presented"]["decision"]["outcome"].clone()
    };
    assert_eq!(decided("fresh").await, "satisfied");
    let fetches = town.world.status_fetches();
    town.world.advance(60);
    assert_eq!(decided("fresh").await, "satisfied");
    assert_eq!(town.world.status_fetches(), fetches, "it is young enough");
    town.world.advance(1);
    town.world.publish(Status::Valid);
    assert_eq!(decided("name").await, "satisfied");
    assert_eq!(
        town.world.status_fetches(),
        fetches,
        "it is fresh enough for others"
    );
    assert_eq!(decided("fresh").await, "satisfied");
    assert_eq!(town.world.status_fetches(), fetches + 1);
    // What is posted is held against the same age.
    town.world.advance(61);
    town.world.publish(Status::Valid);
    let presentation = town
        .world
        .present("https://clinic.example", "nonce", &["given_name"]);
    let posted = json!({"policy": "fresh", "presentations": [presentation],
        "expected": {"nonce": "nonce", "audience": "https://clinic.example"}});
    let verified = town
        .call(&key, Method::POST, "/relying-party/v1/verifications", &posted)
        .await;
    assert_eq!(json_of(&verified)["decision"]["outcome"], "satisfied");
    assert_eq!(town.world.status_fetches(), fetches + 2);
    // A list that its issuer makes no younger is too old.
    town.world.advance(61);
    let (id, link) = town.ask(&key, &json!({"policy": "fresh"})).await;
    town.world.present_to(&town.world.open(&link).await).await;
    let result = town.result(&key, &id).await.to_string();
    assert!(result.contains(r#""reason":"status_too_old""#), "{result}");
}
