//! Offers that are taken back, at each stage that they can have reached.

use std::sync::Arc;

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use symbolon_issuer::record::Uin;
use symbolon_issuer_server::administration::OfferGrants;

use crate::authorize::{issuer_state, offered_by};
use crate::deferred;
use crate::harness::{ADMINISTRATION_TOKEN, HASSAN, World, address_of, error_of, record};
use crate::offer_book::{Made, asked_with, fetched, listed, made, redeemed, shown};
use crate::wallet::{PUBLIC, Tokens, Wallet, browser_key, policy, world_of};

async fn cancelled(world: &World, id: &str) -> Value {
    let answer = world.ordered("/offers/cancel", json!({ "offer": id })).await;
    assert_eq!(answer["state"], "cancelled");
    assert_eq!(answer["cancelled_by"], "operator");
    assert_eq!(answer, shown(world, id).await);
    answer
}

async fn world() -> World {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world
}

fn unauthorized(response: &Response) {
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let challenge = response.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("invalid_token"), "{challenge}");
}

#[tokio::test(flavor = "multi_thread")]
async fn before_it_is_fetched_it_is_as_if_it_had_never_been() {
    let world = world().await;
    let made = made(&world, HASSAN, "required").await;
    let first = cancelled(&world, &made.id).await;
    let answer = world.client.get(&made.address).send().await.unwrap();
    let (unknown, _) = made.address.rsplit_once('/').unwrap();
    let unknown = world
        .client
        .get(format!("{unknown}/{}", "0".repeat(32)))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(answer.status(), unknown.status());
    assert_eq!(answer.bytes().await.unwrap(), unknown.bytes().await.unwrap());
    // Once is for good, and twice changes nothing.
    world.wait(60);
    assert_eq!(cancelled(&world, &made.id).await, first);
    let renewal = world
        .order("/offers/transaction-code")
        .json(&json!({ "offer": made.id }));
    assert_eq!(error_of(renewal.send().await.unwrap()).await, "offer_cancelled");
    let url = world.url("/admin/v1/audit?from=0");
    world.ordered("/audit/verify", json!({})).await;
    let log = world
        .client
        .get(url)
        .bearer_auth(ADMINISTRATION_TOKEN)
        .send()
        .await
        .unwrap();
    let log = log.text().await.unwrap();
    assert_eq!(log.matches("offer-cancelled").count(), 1);
    assert!(!log.contains(HASSAN));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_it_was_fetched_its_code_gives_nothing() {
    let world = world().await;
    let (first, second) = (
        made(&world, HASSAN, "required").await,
        made(&world, HASSAN, "required").await,
    );
    let code = fetched(&world, &first).await;
    let other = fetched(&world, &second).await;
    cancelled(&world, &first.id).await;
    let refused = world.redeem(&code, first.tx_code.as_deref()).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(error_of(refused).await, "invalid_grant");
    // Others are as they were, and so it is after a restart.
    redeemed(&world, &other, second.tx_code.as_deref()).await;
    let world = world.restart().await;
    assert_eq!(shown(&world, &first.id).await["state"], "cancelled");
    let refused = world.redeem(&code, first.tx_code.as_deref()).await;
    assert_eq!(error_of(refused).await, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_tokens_end_and_its_credentials_stay() {
    let world = world().await;
    let made = made(&world, HASSAN, "not-required").await;
    let token = redeemed(&world, &fetched(&world, &made).await, None).await;
    let elsewhere = world.token(HASSAN).await;
    let answer = cancelled(&world, &made.id).await;
    assert_eq!(answer["credentials"], json!([]));
    unauthorized(&asked_with(&world, &token).await);
    assert_eq!(asked_with(&world, &elsewhere).await.status(), StatusCode::OK);

    let made = crate::offer_book::made(&world, HASSAN, "not-required").await;
    let token = redeemed(&world, &fetched(&world, &made).await, None).await;
    let issued: Value = asked_with(&world, &token).await.json().await.unwrap();
    let answer = cancelled(&world, &made.id).await;
    let credential = answer["credentials"][0].as_str().unwrap();
    let books = world.ordered("/credentials/list", json!({})).await;
    let kept = books["credentials"].as_array().unwrap().iter();
    let kept = kept.clone().find(|listed| listed["id"] == credential).unwrap();
    assert_eq!(kept["status"], "valid");
    // What the wallet would have told of it ends with the token.
    let told = json!({ "notification_id": issued["notification_id"], "event": "credential_accepted" });
    let told = world
        .client
        .post(world.url("/notification"))
        .bearer_auth(&token)
        .json(&told);
    assert_ne!(told.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_ends_at_whichever_step_it_is() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let issuer = world.administration().issuer();
    let offer = async || {
        let created = offered_by(&world, HASSAN, OfferGrants::AuthorizationCode)
            .await
            .unwrap();
        (created.offer.to_string(), issuer_state(&created))
    };

    let (id, state) = offer().await;
    cancelled(&world, &id).await;
    assert_eq!(
        error_of(wallet.push(&[("issuer_state", &state)]).await).await,
        "invalid_request"
    );

    let (id, state) = offer().await;
    let request_uri = wallet.pushed(&[("issuer_state", &state)]).await;
    cancelled(&world, &id).await;
    let opened = wallet.open_pushed(&request_uri).await;
    assert!(opened.headers().get("set-cookie").is_none(), "no session begins");

    let (id, state) = offer().await;
    let opened = wallet
        .open_pushed(&wallet.pushed(&[("issuer_state", &state)]).await)
        .await;
    let browser = browser_key(&opened);
    let form = issuer.authorization(&browser).await.unwrap().form_token;
    let record = Uin::parse(HASSAN).unwrap();
    let browser = issuer.identify(&browser, form.expose(), record).await.unwrap();
    cancelled(&world, &id).await;
    let form = issuer.authorization(browser.expose()).await.unwrap().form_token;
    assert!(issuer.approve(browser.expose(), form.expose()).await.is_err());

    let (id, state) = offer().await;
    let code = wallet.code_for(&[("issuer_state", &state)]).await;
    cancelled(&world, &id).await;
    assert_eq!(error_of(wallet.redeem(&code).await).await, "invalid_grant");

    let (id, state) = offer().await;
    let tokens = Tokens::of(
        wallet
            .redeem(&wallet.code_for(&[("issuer_state", &state)]).await)
            .await,
    )
    .await;
    assert_eq!(wallet.credential(&tokens.access).await.status(), StatusCode::OK);
    let refresh = tokens.refresh.unwrap();
    let refreshed = Tokens::of(wallet.refresh(&refresh).await).await;
    let answer = cancelled(&world, &id).await;
    assert_eq!(answer["credentials"].as_array().unwrap().len(), 1);
    for token in [&tokens.access, &refreshed.access] {
        unauthorized(&wallet.credential(token).await);
    }
    let refused = wallet.refresh(&refreshed.refresh.unwrap()).await;
    assert_eq!(error_of(refused).await, "invalid_grant");
    // An authorization that took no offer up goes on.
    Tokens::of(wallet.redeem(&wallet.code().await).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_for_its_approval_is_over() {
    let world = deferred::world().await;
    let order = json!({
        "record": HASSAN, "configurations": ["Approved"], "tx_code": "not-required", "delivery": "by-reference",
    });
    let created = world.ordered("/offers", order).await;
    let id = created["offer"].as_str().unwrap().to_owned();
    let made = Made {
        id: id.clone(),
        address: address_of(&created),
        tx_code: None,
    };
    let token = redeemed(&world, &fetched(&world, &made).await, None).await;
    let transaction = deferred::requested(&world, &token, 1).await;
    assert_eq!(shown(&world, &id).await["state"], "started");
    let approved = deferred::decide(&world, &transaction, "approve").await;
    assert_eq!(approved.status(), StatusCode::OK);
    cancelled(&world, &id).await;
    let other = world.token_for("Approved", HASSAN).await;
    let foreign = deferred::fetch(&world, &other, &transaction).await;
    assert_eq!(error_of(foreign).await, "invalid_transaction_id");
    for wait in [0, 3_600] {
        // Also once the token itself is over, which serves for what it paid for all the same.
        world.wait(wait);
        let refused = deferred::fetch(&world, &token, &transaction).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert_eq!(error_of(refused).await, "credential_request_denied");
    }
    let waiting = world.ordered("/credentials/requests/list", json!({})).await;
    assert_eq!(waiting["transactions"], json!([]));
    let decided = deferred::decide(&world, &transaction, "deny").await;
    assert_eq!(decided.status(), StatusCode::NOT_FOUND);
    let books = world.ordered("/credentials/list", json!({})).await;
    assert_eq!(books["credentials"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_cancellation_and_a_redemption_at_once_no_token_outlives_the_cancellation() {
    let world = Arc::new(world().await);
    for _ in 0..12 {
        let made = made(&world, HASSAN, "not-required").await;
        let code = fetched(&world, &made).await;
        let (redemption, _) = tokio::join!(world.redeem(&code, None), cancelled(&world, &made.id));
        if redemption.status() == StatusCode::OK {
            let body: Value = redemption.json().await.unwrap();
            unauthorized(&asked_with(&world, body["access_token"].as_str().unwrap()).await);
        } else {
            assert_eq!(error_of(redemption).await, "invalid_grant");
        }
        let after = shown(&world, &made.id).await;
        assert_eq!(after["state"], "cancelled");
        assert_eq!(after["issued"], 0);
    }
    assert_eq!(listed(&world, json!({ "state": "cancelled" })).await.len(), 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_cancellation_and_an_issuance_at_once_the_book_tells_which_came_first() {
    let world = Arc::new(world().await);
    for _ in 0..12 {
        let made = made(&world, HASSAN, "not-required").await;
        let token = redeemed(&world, &fetched(&world, &made).await, None).await;
        let (asked, _) = tokio::join!(asked_with(&world, &token), cancelled_at_last(&world, &made.id));
        let credentials = shown(&world, &made.id).await["credentials"]
            .as_array()
            .unwrap()
            .len();
        match asked.status() {
            StatusCode::OK => assert_eq!(credentials, 1),
            StatusCode::UNAUTHORIZED => assert_eq!(credentials, 0),
            other => panic!("{other}"),
        }
    }
}

async fn cancelled_at_last(world: &World, id: &str) {
    let answer = world.ordered("/offers/cancel", json!({ "offer": id })).await;
    assert_eq!(answer["state"], "cancelled");
}
