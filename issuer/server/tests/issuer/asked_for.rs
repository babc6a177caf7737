//! What a wallet asks for by `scope` and by `authorization_details`, and what it is told it got ([OpenID4VCI §5.1, §6.1.1, §6.2]).
//!
//! [OpenID4VCI §5.1, §6.1.1, §6.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-5.1

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{HASSAN, PRE_AUTHORIZED, World, error_of};
use crate::wallet::{NATIONAL, PUBLIC, Tokens, Wallet, details, policy, world_of};

const MDOC: &str = "NationalIdentityMdoc";

async fn tokens(wallet: &Wallet<'_>, changes: &[(&str, &str)]) -> Tokens {
    let code = wallet.code_for(changes).await;
    Tokens::of(wallet.redeem(&code).await).await
}

/// The configurations that a token response lists with details, and those of its scope.
fn granted(tokens: &Tokens) -> (BTreeSet<String>, BTreeSet<String>) {
    let details = tokens.body["authorization_details"]
        .as_array()
        .into_iter()
        .flatten();
    let scope = tokens.body["scope"].as_str().unwrap_or_default();
    (
        details
            .map(|entry| entry["credential_configuration_id"].as_str().unwrap().to_owned())
            .collect(),
        scope.split_whitespace().map(str::to_owned).collect(),
    )
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scope_value_is_a_credential_by_itself() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let scope = format!("nothing-known {NATIONAL} {MDOC}");
    let tokens = tokens(&wallet, &[("scope", &scope)]).await;
    assert_eq!(granted(&tokens), (set(&[]), set(&[NATIONAL, MDOC])));
    for configuration in [NATIONAL, MDOC] {
        let proof = world.proof(&world.wallet_key(), &world.nonce().await);
        let body = crate::harness::wanted_of(configuration, &[proof]);
        let issued = wallet.credential_with(&tokens.access, &body).await;
        assert_eq!(issued.status(), StatusCode::OK, "{configuration}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn details_beside_a_scope_count_by_themselves_and_win_over_the_same_scope() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let mdoc = details(MDOC);
    let both = tokens(&wallet, &[("scope", NATIONAL), ("authorization_details", &mdoc)]).await;
    // With one identifier in the response every credential gets one (§8.2).
    assert_eq!(granted(&both), (set(&[NATIONAL, MDOC]), set(&[NATIONAL])));
    let same = details(NATIONAL);
    let won = tokens(&wallet, &[("scope", NATIONAL), ("authorization_details", &same)]).await;
    assert_eq!(granted(&won), (set(&[NATIONAL]), set(&[])));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_demand_on_details_stands_by_itself() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let entry = json!({ "type": "openid_credential", "credential_configuration_id": NATIONAL });
    let with = |name: &str, value: Value| {
        let mut changed = entry.clone();
        changed[name] = value;
        changed
    };
    let path = |path: Value| json!({ "path": path });
    for wrong in [
        with("type", json!("payment_initiation")),
        json!({ "credential_configuration_id": NATIONAL }),
        json!({ "type": "openid_credential" }),
        with("credential_configuration_id", json!("Passport")),
        with("claims", json!([])),
        with("claims", json!([{ "mandatory": true }])),
        with("claims", json!([path(json!([]))])),
        with(
            "claims",
            json!([path(json!(["birthdate"])), path(json!(["birthdate"]))]),
        ),
        with(
            "claims",
            json!([path(json!(["degrees", null])), path(json!(["degrees", 1]))]),
        ),
        with(
            "claims",
            json!([path(json!(["address", 0])), path(json!(["address", "street"]))]),
        ),
    ] {
        let details = json!([wrong]).to_string();
        let refused = wallet
            .push(&[("scope", ""), ("authorization_details", &details)])
            .await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{details}");
        assert_eq!(
            error_of(refused).await,
            "invalid_authorization_details",
            "{details}"
        );
    }
    let mut further = with(
        "claims",
        json!([{ "path": ["birthdate"], "mandatory": true, "new": 1 }]),
    );
    further["something_new"] = json!({ "a": 1 });
    let details = json!([further]).to_string();
    wallet
        .pushed(&[("scope", ""), ("authorization_details", &details)])
        .await;
}

async fn redeemed(world: &World, further: &[(&str, &str)]) -> reqwest::Response {
    let order = json!({
        "record": HASSAN, "configurations": [NATIONAL, MDOC], "tx_code": "not-required", "delivery": "by-value",
    });
    let created = world.ordered("/offers", order).await;
    let link = reqwest::Url::parse(created["link"].as_str().unwrap()).unwrap();
    let (_, offer) = link.query_pairs().next().unwrap();
    let offer: Value = serde_json::from_str(&offer).unwrap();
    let code = offer["grants"][PRE_AUTHORIZED]["pre-authorized_code"]
        .as_str()
        .unwrap();
    let mut fields = vec![("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", code)];
    fields.extend(further);
    world.token_request(&fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn details_of_a_token_request_come_back_with_a_name_for_each_dataset() {
    let world = world_of(policy()).await;
    let plain = Tokens::of(redeemed(&world, &[("something_new", "1")]).await).await;
    assert_eq!(plain.body.get("authorization_details"), None);
    let both = json!([
        { "type": "openid_credential", "credential_configuration_id": NATIONAL },
        { "type": "openid_credential", "credential_configuration_id": MDOC },
    ])
    .to_string();
    let tokens = Tokens::of(redeemed(&world, &[("authorization_details", &both)]).await).await;
    assert_eq!(granted(&tokens).0, set(&[NATIONAL, MDOC]));
    let entries = tokens.body["authorization_details"].as_array().unwrap();
    let names: BTreeSet<&str> = entries
        .iter()
        .flat_map(|entry| entry["credential_identifiers"].as_array().unwrap())
        .map(|name| name.as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    for entry in entries {
        assert_eq!(entry["type"], "openid_credential");
        assert_eq!(entry["credential_identifiers"].as_array().unwrap().len(), 1);
    }
    // Less may be asked for than was offered, and not more.
    let one = details(NATIONAL);
    let tokens = Tokens::of(redeemed(&world, &[("authorization_details", &one)]).await).await;
    assert_eq!(granted(&tokens).0, set(&[NATIONAL]));
    let other = details("MobileDrivingLicence");
    let refused = redeemed(&world, &[("authorization_details", &other)]).await;
    assert_eq!(error_of(refused).await, "invalid_authorization_details");
    let malformed = redeemed(&world, &[("authorization_details", "[]")]).await;
    assert_eq!(error_of(malformed).await, "invalid_authorization_details");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_bound_to_no_key_lasts_five_minutes_at_most() {
    let world = world_of(policy()).await;
    let bearer = Wallet::new(&world, PUBLIC).tokens().await;
    assert_eq!(bearer.body["token_type"], "Bearer");
    assert!(bearer.body["expires_in"].as_u64().unwrap() <= 300);
    let offered = Tokens::of(redeemed(&world, &[]).await).await;
    assert!(offered.body["expires_in"].as_u64().unwrap() <= 300);
    let wallet = Wallet::new(&world, PUBLIC).with_dpop();
    let bound = wallet.tokens().await;
    assert_eq!(bound.body["token_type"], "DPoP");
    assert_eq!(bound.body["expires_in"], 600);
    let refreshed = Tokens::of(
        Wallet::new(&world, PUBLIC)
            .refresh(&bearer.refresh.unwrap())
            .await,
    )
    .await;
    assert!(refreshed.body["expires_in"].as_u64().unwrap() <= 300);
    world.wait(300);
    let wallet_without = Wallet::new(&world, PUBLIC);
    let late = wallet_without.credential(&bearer.access).await;
    assert_eq!(late.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(wallet.credential(&bound.access).await.status(), StatusCode::OK);
}
