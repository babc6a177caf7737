//! What an offer says, by value and by reference ([OpenID4VCI §4.1]).
//!
//! [OpenID4VCI §4.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1

use std::collections::BTreeSet;

use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use crate::harness::{HASSAN, PRE_AUTHORIZED, World, error_of};
use crate::wallet::{NATIONAL, policy, world_of};

fn order(delivery: &str, tx_code: &str, grants: &str) -> Value {
    json!({
        "record": HASSAN,
        "configurations": [NATIONAL, "NationalIdentityMdoc"],
        "tx_code": tx_code,
        "delivery": delivery,
        "grants": grants,
    })
}

/// The names and values of the query of an offer's link.
async fn link(world: &World, order: &Value) -> Vec<(String, String)> {
    let created = world.ordered("/offers", order.clone()).await;
    let link = created["link"].as_str().unwrap();
    assert!(link.starts_with("openid-credential-offer://?"), "{link}");
    let url = Url::parse(link).unwrap();
    url.query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

async fn offer(world: &World, order: &Value) -> Value {
    let pairs = link(world, order).await;
    serde_json::from_str(&pairs[0].1).unwrap()
}

fn members(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_holds_an_offer_or_its_address_and_never_both() {
    let world = world_of(policy()).await;
    let pairs = link(&world, &order("by-value", "required", "both")).await;
    let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["credential_offer"]);
    let pairs = link(&world, &order("by-reference", "required", "both")).await;
    let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["credential_offer_uri"]);
    assert!(pairs[0].1.starts_with(&world.url("/offers/")), "{}", pairs[0].1);
    let response = world.client.get(&pairs[0].1).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    let offer: Value = response.json().await.unwrap();
    assert_eq!(offer["credential_issuer"], world.base.as_str());
    // Each offer has an address of its own.
    let another = link(&world, &order("by-reference", "required", "both")).await;
    assert_ne!(pairs, another);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_names_issuer_credentials_and_grants_and_nobody() {
    let world = world_of(policy()).await;
    let offer = offer(&world, &order("by-value", "required", "both")).await;
    assert_eq!(
        members(&offer),
        BTreeSet::from(["credential_issuer", "credential_configuration_ids", "grants"])
    );
    assert_eq!(offer["credential_issuer"], world.base.as_str());
    assert_eq!(
        offer["credential_configuration_ids"],
        json!([NATIONAL, "NationalIdentityMdoc"])
    );
    let grants = &offer["grants"];
    assert_eq!(
        members(grants),
        BTreeSet::from(["authorization_code", PRE_AUTHORIZED])
    );
    // `authorization_server` is for issuers whose metadata names several.
    assert_eq!(
        members(&grants["authorization_code"]),
        BTreeSet::from(["issuer_state"])
    );
    let grant = &grants[PRE_AUTHORIZED];
    assert_eq!(members(grant), BTreeSet::from(["pre-authorized_code", "tx_code"]));
    assert_eq!(grant["tx_code"], json!({ "input_mode": "numeric", "length": 6 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_code_is_announced_exactly_where_one_is_asked_for() {
    let world = world_of(policy()).await;
    for (tx_code, status) in [
        ("required", StatusCode::BAD_REQUEST),
        ("not-required", StatusCode::OK),
    ] {
        let offer = offer(&world, &order("by-value", tx_code, "pre-authorized-code")).await;
        let grant = &offer["grants"][PRE_AUTHORIZED];
        assert_eq!(grant.get("tx_code").is_some(), tx_code == "required");
        let code = grant["pre-authorized_code"].as_str().unwrap();
        assert_eq!(world.redeem(code, None).await.status(), status, "{tx_code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_offered_twice_nothing_at_all_or_what_there_is_not() {
    let world = world_of(policy()).await;
    for (configurations, status, code) in [
        (json!([]), StatusCode::BAD_REQUEST, "invalid_order"),
        (
            json!([NATIONAL, NATIONAL]),
            StatusCode::BAD_REQUEST,
            "invalid_order",
        ),
        (
            json!(["Passport"]),
            StatusCode::NOT_FOUND,
            "unknown_credential_configuration",
        ),
    ] {
        let mut order = order("by-value", "required", "pre-authorized-code");
        order["configurations"] = configurations.clone();
        let refused = world.order("/offers").json(&order).send().await.unwrap();
        assert_eq!(refused.status(), status, "{configurations}");
        assert_eq!(error_of(refused).await, code);
    }
}
