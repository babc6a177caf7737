//! Row 37: the process dies at every call while a stranger's request or offer is answered, and another one goes on with what it left.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Side, World};
use crate::world::{Headless, for_anybody, policy};

/// Brings a link to a wallet that dies at the call with this number; whether it died.
async fn dies(wallet: &Headless, path: &str, link: &str, at: usize, side: Side) -> bool {
    wallet.world.faults.kill_at(Some((at, side)));
    let request = wallet.bring(path, link).timeout(Duration::from_millis(400));
    let answered = request.send().await;
    let died = wallet.world.faults.calls() > at;
    wallet.world.faults.kill_at(None);
    assert_eq!(answered.is_err(), died, "{answered:?}");
    died
}

/// Another process over the same store and keys, which looks after what waits.
async fn opened_again(before: &Headless, policy: Value) -> Headless {
    let left = &before.world;
    let mut world = World::new();
    world.issuer = Arc::clone(&left.issuer);
    world.verifier = Arc::clone(&left.verifier);
    world.store = left.store.clone();
    world.keys = left.keys.clone();
    world.randomness = Arc::clone(&left.randomness);
    let wallet = Headless::start(world, policy).await;
    wallet.agent.attend().await;
    // The server looks after them too: whatever it is doing ends first.
    for _ in 0..1_000 {
        if wallet.waiting().await.iter().all(|entry| entry["kind"] != "peer") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    wallet
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_verifier_may_have_seen_is_in_the_history_wherever_the_process_dies() {
    let mut deaths = 0;
    for side in [Side::Before, Side::After] {
        for at in 0.. {
            let world = World::new();
            world.receive();
            let received = world.history_length();
            let wallet = Headless::start(world, for_anybody()).await;
            let link = wallet.world.verifier.request();
            if !dies(&wallet, "/authorize", &link, at, side).await {
                break;
            }
            deaths += 1;
            let again = opened_again(&wallet, for_anybody()).await;
            let answers = again.world.verifier.answers().len();
            assert!(answers <= 1, "{side:?} {at}: shown twice");
            let shown = again.world.history_length() - received;
            assert!(shown >= answers, "{side:?} {at}: shown, and not in the history");
            // The next one is answered.
            let link = again.world.verifier.request();
            let response = again.bring("/authorize", &link).send().await.unwrap();
            assert_eq!(response.status(), 302, "{side:?} {at}");
        }
    }
    assert!(deaths >= 10, "the walk died only {deaths} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_offered_comes_whole_or_not_at_all_wherever_the_process_dies() {
    let mut deaths = 0;
    for side in [Side::Before, Side::After] {
        for at in 0.. {
            let wallet = Headless::start(World::new(), for_anybody()).await;
            let link = wallet.world.issuer.offer(None);
            if !dies(&wallet, "/credential-offer", &link, at, side).await {
                break;
            }
            deaths += 1;
            let again = opened_again(&wallet, for_anybody()).await;
            let (held, keys) = again.world.held();
            assert!(held <= 1, "{side:?} {at}");
            // A key is there for what is held, and for an offer that goes on still.
            let waiting = again.waiting().await.len();
            assert!(keys <= held + waiting, "{side:?} {at}: {keys} keys");
            let (status, told) = again.offer(&again.world.issuer.offer(None)).await;
            assert_eq!(status, 200, "{side:?} {at}: {told}");
        }
    }
    assert!(deaths >= 10, "the walk died only {deaths} times");
}

/// The owner's own request is allowed without a code, so what a stranger's left must never look like one.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_stranger_brought_needs_the_code_of_his_page_wherever_the_process_dies() {
    let holds = || policy(&json!({}), &json!({}));
    let mut left = 0;
    for side in [Side::Before, Side::After] {
        for at in 0.. {
            let world = World::new();
            world.receive();
            let wallet = Headless::start(world, holds()).await;
            let link = wallet.world.verifier.request();
            if !dies(&wallet, "/authorize", &link, at, side).await {
                break;
            }
            let again = opened_again(&wallet, holds()).await;
            for entry in again.waiting().await {
                left += 1;
                assert_eq!(entry["comparison_code_needed"], true, "{side:?} {at}");
                assert_eq!(
                    again.decide(&entry["flow"], "allow").await.0,
                    403,
                    "{side:?} {at}"
                );
                // He never saw his page: all that is left to do is to refuse.
                let (_, told) = again.decide(&entry["flow"], "refuse").await;
                assert_eq!(told["outcome"], "declined", "{side:?} {at}");
            }
            assert!(!again.world.verifier.answered(), "{side:?} {at}");
        }
    }
    assert!(left >= 1, "nothing was left behind");
}
