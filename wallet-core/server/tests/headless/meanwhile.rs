//! What goes on while the wallet lists or looks after what waits.

use std::time::Duration;

use serde_json::{Value, json};
use symbolon_wallet_core::receive::ReceiveOutcome;
use url::Url;

use crate::support::World;
use crate::support::authorization::{Abilities, Answer};
use crate::support::verifier::{DID, Kind};
use crate::world::{Headless, policy};

/// A wallet that holds requests of a DID, whose document is fetched each time, and takes offers of anybody.
#[expect(clippy::expect_used, reason = "the DID is the test's own")]
async fn wallet(offers: &Value) -> Headless {
    let mut world = World::with_sign_in(Abilities::LEAST);
    let parties = &mut world.policy.relying_parties;
    parties
        .dids
        .insert(DID.parse().expect("a DID"), "Clinic".to_owned());
    let rule = json!({"decision": "hold", "verifier": {"prefixes": ["decentralized_identifier"]}});
    let wallet = Headless::start(world, policy(&rule, offers)).await;
    let (status, told) = wallet.authorize(&wallet.world.verifier.by_value(Kind::Did)).await;
    assert_eq!(status, 202, "{told}");
    wallet.pass(Duration::from_secs(1));
    wallet
}

/// The upkeep has listed the sign-in as one that took too long, and works on something else still when it is completed.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_completed_during_the_upkeep_stays() {
    let wallet = wallet(&json!({"receives_for_anybody": true})).await;
    let link = wallet.world.issuer.offer_to_sign_in();
    let response = wallet.bring("/credential-offer", &link).send().await.unwrap();
    let page = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    let entries = wallet.waiting().await;
    let flow = entries[1]["flow"].as_str().unwrap().parse().unwrap();
    let mut sent = wallet.sent.clone();
    sent.mark_unchanged();
    wallet.let_through(0);
    wallet.pass(Duration::from_secs(610));
    let ((), ()) = tokio::join!(wallet.agent.attend(), async {
        sent.changed().await.unwrap();
        let back = wallet.world.issuer.server.open_page(&page, Answer::SignsIn);
        // By the same store and another way to the issuer.
        let another = wallet.world.wallet();
        let outcome = another.complete_sign_in(flow, &back, wallet.world.now).await;
        let outcome = outcome.unwrap();
        assert!(matches!(outcome, ReceiveOutcome::Stored { .. }));
        wallet.let_through(usize::MAX);
    });
    assert_eq!(wallet.waiting().await, Vec::<Value>::new());
    assert_eq!(
        wallet.stored().await.0,
        1,
        "what was signed in for, and the request is gone"
    );
    assert_eq!(wallet.world.held().0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_while_the_queue_is_listed_is_not_in_it() {
    let wallet = wallet(&json!({"decision": "hold"})).await;
    wallet.offer(&wallet.world.issuer.offer(None)).await;
    let entries = wallet.waiting().await;
    assert_eq!(entries.len(), 2);
    let mut sent = wallet.sent.clone();
    sent.mark_unchanged();
    wallet.let_through(0);
    let (listed, ()) = tokio::join!(wallet.waiting(), async {
        sent.changed().await.unwrap();
        let (_, told) = wallet.decide(&entries[1]["flow"], "refuse").await;
        assert_eq!(told["outcome"], "declined");
        wallet.let_through(usize::MAX);
    });
    assert_eq!(listed, entries[..1]);
    wallet.decide(&entries[0]["flow"], "refuse").await;

    // The same of requests, of which the list says who brought them.
    for _ in 0..2 {
        let link = wallet.world.verifier.by_value(Kind::Did);
        assert_eq!(wallet.authorize(&link).await.0, 202);
        wallet.pass(Duration::from_secs(1));
    }
    let entries = wallet.waiting().await;
    assert_eq!(entries.len(), 2);
    sent.mark_unchanged();
    wallet.let_through(0);
    let (listed, ()) = tokio::join!(wallet.waiting(), async {
        sent.changed().await.unwrap();
        let flow = entries[1]["flow"].as_str().unwrap().parse().unwrap();
        wallet.world.wallet().abandon(flow).await.unwrap();
        wallet.let_through(usize::MAX);
    });
    assert_eq!(listed, entries[..1]);
}

/// Who asks may have to be looked up where nobody answers, and whoever brought the request chose where.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_does_not_wait_for_whom_nobody_answers_for() {
    let wallet = wallet(&json!({"decision": "hold"})).await;
    let known = wallet.waiting().await;
    assert_eq!(known[0]["names"], json!(["Clinic"]));
    wallet.let_through(0);
    let listed = tokio::time::timeout(Duration::from_secs(20), wallet.waiting()).await;
    let listed = listed.expect("a list in bounded time");
    assert_eq!(listed[0]["flow"], known[0]["flow"]);
    assert_eq!(
        listed[0]["names"],
        json!([]),
        "of it the list knows that it waits"
    );
    wallet.let_through(usize::MAX);
}
