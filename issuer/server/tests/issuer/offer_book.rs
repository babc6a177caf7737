//! What the operator sees of offers, in each state.

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::store::IssuerStore as _;
use symbolon_issuer_server::administration::OfferGrants;
use symbolon_issuer_server::{EmbeddedIssuerStore, EmbeddedKeyValue};
use symbolon_store::Tenant;

use crate::authorize::{issuer_state, offered_by};
use crate::harness::{ADMINISTRATION_TOKEN, FATIMA, HASSAN, World, address_of, error_of, record, wanted};
use crate::wallet::{PUBLIC, Tokens, Wallet, browser_key, policy, world_of};

/// An offer that was made over the interface.
pub(crate) struct Made {
    pub(crate) id: String,
    /// Where it is fetched, of one by reference.
    pub(crate) address: String,
    pub(crate) tx_code: Option<String>,
}

pub(crate) async fn made(world: &World, uin: &str, tx_code: &str) -> Made {
    let order = json!({
        "record": uin, "configurations": ["NationalIdentity"], "tx_code": tx_code, "delivery": "by-reference",
        "device": "other-device",
    });
    let created = world.ordered("/offers", order).await;
    Made {
        id: created["offer"].as_str().unwrap().to_owned(),
        address: address_of(&created),
        tx_code: created["tx_code"].as_str().map(str::to_owned),
    }
}

/// Fetches the offer as a wallet does, and reads its code.
pub(crate) async fn fetched(world: &World, made: &Made) -> String {
    let response = world.client.get(&made.address).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let offer: Value = response.json().await.unwrap();
    let grant = &offer["grants"]["urn:ietf:params:oauth:grant-type:pre-authorized_code"];
    grant["pre-authorized_code"].as_str().unwrap().to_owned()
}

pub(crate) async fn redeemed(world: &World, code: &str, tx_code: Option<&str>) -> String {
    let response = world.redeem(code, tx_code).await;
    assert_eq!(response.status(), StatusCode::OK);
    let body: Value = response.json().await.unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

pub(crate) async fn asked_with(world: &World, token: &str) -> reqwest::Response {
    let proof = world.proof(&world.wallet_key(), &world.nonce().await);
    world.credential_request(token, &wanted(&[proof])).await
}

pub(crate) async fn shown(world: &World, id: &str) -> Value {
    world.ordered("/offers/show", json!({ "offer": id })).await
}

async fn state(world: &World, id: &str) -> String {
    shown(world, id).await["state"].as_str().unwrap().to_owned()
}

/// The identifiers of a list, page by page.
pub(crate) async fn listed(world: &World, mut list: Value) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let page = world.ordered("/offers/list", list.clone()).await;
        let offers = page["offers"].as_array().unwrap();
        ids.extend(
            offers
                .iter()
                .map(|offer| offer["id"].as_str().unwrap().to_owned()),
        );
        match page.get("next") {
            Some(next) => list["after"] = next.clone(),
            None => return ids,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_is_seen_from_its_making_to_its_credential() {
    let world = World::with_two_residents().await;
    let made = made(&world, HASSAN, "required").await;
    let first = shown(&world, &made.id).await;
    assert_eq!(first["state"], "made");
    assert_eq!(first["record"], HASSAN);
    assert_eq!(first["configurations"], json!(["NationalIdentity"]));
    assert_eq!(first["grants"], "pre-authorized-code");
    assert_eq!(first["tx_code"], "required");
    assert_eq!(first["delivery"], "by-reference");
    assert_eq!(first["device"], "other-device");
    assert_eq!(
        first["expires_at"].as_i64().unwrap() - first["made_at"].as_i64().unwrap(),
        86_400
    );
    assert_eq!(first["issued"], 0);

    let code = fetched(&world, &made).await;
    world.wait(5);
    fetched(&world, &made).await;
    let after = shown(&world, &made.id).await;
    assert_eq!(after["state"], "fetched");
    assert_eq!(after["fetched_at"], first["made_at"], "the first time counts");

    let token = redeemed(&world, &code, made.tx_code.as_deref()).await;
    let after = shown(&world, &made.id).await;
    assert_eq!(after["state"], "started");
    assert!(after["taken_up_at"].is_i64());

    assert_eq!(asked_with(&world, &token).await.status(), StatusCode::OK);
    let after = shown(&world, &made.id).await;
    assert_eq!((&after["state"], &after["issued"]), (&json!("issued"), &json!(1)));
    let books = world
        .ordered("/credentials/list", json!({ "record": HASSAN }))
        .await;
    assert_eq!(after["credentials"], json!([books["credentials"][0]["id"]]));
    // Neither what was told once nor what leads to it is told again, nor is it in the log.
    let url = world.url("/admin/v1/audit?from=0");
    let log = world
        .client
        .get(url)
        .bearer_auth(ADMINISTRATION_TOKEN)
        .send()
        .await
        .unwrap();
    let told = after.to_string() + &log.text().await.unwrap();
    let address = made.address.rsplit('/').next().unwrap();
    for secret in [code.as_str(), address, token.as_str()] {
        assert!(!told.contains(secret));
    }
    world.wait(86_400);
    assert_eq!(state(&world, &made.id).await, "issued");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_nobody_takes_up_expires_and_leaves_the_book() {
    let world = World::start_with(IssuerPolicy {
        offer_retention_seconds: 365 * 86_400,
        ..IssuerPolicy::default()
    })
    .await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let made = made(&world, HASSAN, "not-required").await;
    world.wait(86_399);
    assert_eq!(state(&world, &made.id).await, "made");
    fetched(&world, &made).await;
    world.wait(1);
    assert_eq!(state(&world, &made.id).await, "expired");
    let tenant = Tenant::parse("default").unwrap();
    let books = EmbeddedIssuerStore::new(EmbeddedKeyValue::new(world.store.clone(), tenant));
    let sweep = || books.remove_expired(world.now(), 100);
    world.wait(365 * 86_400);
    while sweep().await.unwrap() > 0 {}
    assert_eq!(state(&world, &made.id).await, "expired");
    world.wait(1);
    while sweep().await.unwrap() > 0 {}
    let gone = world.order("/offers/show").json(&json!({ "offer": made.id }));
    let gone = gone.send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    assert_eq!(error_of(gone).await, "unknown_offer");
    assert!(listed(&world, json!({})).await.is_empty());
    assert!(listed(&world, json!({ "record": HASSAN })).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_starts_an_offer_and_one_that_goes_nowhere_lets_it_expire() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let created = offered_by(&world, HASSAN, OfferGrants::AuthorizationCode)
        .await
        .unwrap();
    let (id, issuer_state) = (created.offer.to_string(), issuer_state(&created));
    assert_eq!(shown(&world, &id).await["grants"], "authorization-code");
    let request_uri = wallet.pushed(&[("issuer_state", &issuer_state)]).await;
    let begun = shown(&world, &id).await;
    assert_eq!(begun["state"], "started");
    assert!(begun["begun_at"].is_i64() && begun["taken_up_at"].is_null());
    browser_key(&wallet.open_pushed(&request_uri).await);
    world.wait(86_400);
    assert_eq!(state(&world, &id).await, "expired");

    let created = offered_by(&world, HASSAN, OfferGrants::Both).await.unwrap();
    let id = created.offer.to_string();
    assert_eq!(shown(&world, &id).await["grants"], "both");
    let code = wallet
        .code_for(&[("issuer_state", &crate::authorize::issuer_state(&created))])
        .await;
    assert!(shown(&world, &id).await["taken_up_at"].is_i64());
    let tokens = Tokens::of(wallet.redeem(&code).await).await;
    let refreshed = Tokens::of(wallet.refresh(&tokens.refresh.unwrap()).await).await;
    assert_eq!(
        wallet.credential(&refreshed.access).await.status(),
        StatusCode::OK
    );
    let after = shown(&world, &id).await;
    assert_eq!((&after["state"], &after["issued"]), (&json!("issued"), &json!(1)));
    assert_eq!(after["credentials"].as_array().unwrap().len(), 1);
}

/// ATTACKS.md row 13: the operator makes a new code in one action.
#[tokio::test(flavor = "multi_thread")]
async fn a_guessed_transaction_code_refuses_the_offer_until_there_is_a_new_one() {
    let world = World::with_two_residents().await;
    let made = made(&world, HASSAN, "required").await;
    let code = fetched(&world, &made).await;
    let renew = async || {
        let order = json!({ "offer": made.id });
        world
            .order("/offers/transaction-code")
            .json(&order)
            .send()
            .await
            .unwrap()
    };
    for _ in 0..5 {
        assert_eq!(
            error_of(world.redeem(&code, Some("wrong")).await).await,
            "invalid_grant"
        );
        world.wait(60);
    }
    let refused = shown(&world, &made.id).await;
    assert_eq!(refused["state"], "refused");
    assert!(refused["refused_at"].is_i64());
    assert_eq!(
        listed(&world, json!({ "state": "refused" })).await,
        [made.id.as_str()]
    );

    let renewed: Value = renew().await.json().await.unwrap();
    assert_eq!(renewed["expires_at"], refused["expires_at"]);
    assert_eq!(state(&world, &made.id).await, "fetched");
    let old = world.redeem(&code, made.tx_code.as_deref()).await;
    assert_eq!(error_of(old).await, "invalid_grant");
    world.wait(1);
    redeemed(&world, &code, renewed["tx_code"].as_str()).await;
    assert_eq!(state(&world, &made.id).await, "started");
    assert_eq!(error_of(renew().await).await, "offer_taken_up");

    let without = crate::offer_book::made(&world, HASSAN, "not-required").await;
    let late = crate::offer_book::made(&world, HASSAN, "required").await;
    let refusal = async |id: &str| {
        let order = json!({ "offer": id });
        let answer = world
            .order("/offers/transaction-code")
            .json(&order)
            .send()
            .await
            .unwrap();
        (answer.status(), error_of(answer).await)
    };
    let conflict = |error: &str| (StatusCode::CONFLICT, error.to_owned());
    assert_eq!(refusal(&without.id).await, conflict("no_transaction_code"));
    world.wait(86_400);
    assert_eq!(refusal(&late.id).await, conflict("offer_expired"));
    let log = world.ordered("/audit/verify", json!({})).await;
    assert!(log["entries"].as_u64().unwrap() > 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_told_by_record_by_state_and_by_page() {
    let world = World::with_two_residents().await;
    let mut all = Vec::new();
    for uin in [HASSAN, FATIMA, HASSAN] {
        all.push(made(&world, uin, "not-required").await);
    }
    fetched(&world, &all[0]).await;
    let ids = |offers: &[&Made]| {
        let mut ids: Vec<String> = offers.iter().map(|offer| offer.id.clone()).collect();
        ids.sort();
        ids
    };
    assert_eq!(listed(&world, json!({})).await, ids(&[&all[0], &all[1], &all[2]]));
    assert_eq!(
        listed(&world, json!({ "record": HASSAN })).await,
        ids(&[&all[0], &all[2]])
    );
    assert_eq!(
        listed(&world, json!({ "record": HASSAN, "state": "made" })).await,
        ids(&[&all[2]])
    );
    assert_eq!(
        listed(&world, json!({ "state": "fetched" })).await,
        ids(&[&all[0]])
    );
    let sorted = ids(&[&all[0], &all[1], &all[2]]);
    assert_eq!(listed(&world, json!({ "after": sorted[0] })).await, sorted[1..]);
    // ATTACKS.md row 19: names that are guessed, and orders that are more than they should be.
    for (path, body, status) in [
        (
            "/offers/show",
            json!({ "offer": "0".repeat(32) }),
            StatusCode::NOT_FOUND,
        ),
        (
            "/offers/cancel",
            json!({ "offer": "0".repeat(32) }),
            StatusCode::NOT_FOUND,
        ),
        (
            "/offers/transaction-code",
            json!({ "offer": "0".repeat(32) }),
            StatusCode::NOT_FOUND,
        ),
        (
            "/offers/show",
            json!({ "offer": "../records" }),
            StatusCode::BAD_REQUEST,
        ),
        (
            "/offers/cancel",
            json!({ "offer": all[0].id, "record": FATIMA }),
            StatusCode::BAD_REQUEST,
        ),
        (
            "/offers/list",
            json!({ "state": "anything" }),
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let refused = world.order(path).json(&body).send().await.unwrap();
        assert_eq!(refused.status(), status, "{path} {body}");
    }
}
