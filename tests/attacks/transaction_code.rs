//! Row 13: guessing the transaction code.

use std::time::{Duration, Instant};

use crate::wallet::{TxCode, World, refusal};

fn wrong(right: &str) -> &'static str {
    if right == "000000" { "000001" } else { "000000" }
}

/// The guess after which the wait is so long that a busy machine cannot be late for coming early.
const FIRST_LONG_WAIT: u32 = 3;

/// Row 13.
#[tokio::test(flavor = "multi_thread")]
async fn guesses_of_a_transaction_code_wait_longer_each_time_and_end_the_offer() {
    let world = World::start();
    let offer = world.offer(&world.uin, TxCode::Required);
    let right = offer.tx_code.as_deref().unwrap();
    let missing = world.redeem(&offer.code, None).await;
    assert_eq!(refusal(missing).await, (400, "invalid_request".to_owned()));

    let mut waits = Vec::new();
    let started = Instant::now();
    let mut guesses = 0;
    loop {
        let guess = world.redeem(&offer.code, Some(wrong(right))).await;
        guesses += 1;
        assert_eq!(refusal(guess).await, (400, "invalid_grant".to_owned()));
        assert!(guesses <= 10, "guessing does not end");
        let seconds = if guesses < FIRST_LONG_WAIT {
            1 << (guesses - 1)
        } else {
            // Nothing that comes too early is looked at: not even the right code.
            let early = world.redeem(&offer.code, Some(right)).await;
            let wait = early
                .headers()
                .get("retry-after")
                .map(|seconds| seconds.to_str().unwrap().parse::<u64>().unwrap());
            assert_eq!(refusal(early).await, (400, "invalid_grant".to_owned()));
            let Some(seconds) = wait else { break };
            seconds
        };
        waits.push(seconds);
        if guesses == 1 {
            // The delay is this code's alone: others behind the same address are served.
            let neighbour = world.offer(&world.uin, TxCode::Required);
            let served = world.redeem(&neighbour.code, neighbour.tx_code.as_deref()).await;
            assert_eq!(served.status(), 200);
        }
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
    assert_eq!(guesses, 5, "{waits:?}");
    assert!(waits.is_sorted() && waits.last() > waits.first(), "{waits:?}");
    assert!(started.elapsed() >= Duration::from_secs(10), "{waits:?}");

    // Dead for good, and the operator makes a new one in one action.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let dead = world.redeem(&offer.code, Some(right)).await;
    assert_eq!(refusal(dead).await, (400, "invalid_grant".to_owned()));
    let next = world.offer(&world.uin, TxCode::Required);
    let redeemed = world.redeem(&next.code, next.tx_code.as_deref()).await;
    assert_eq!(redeemed.status(), 200);
}

/// Row 13.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_code_that_nobody_asked_for_is_a_malformed_request() {
    let world = World::start();
    let offer = world.offer(&world.uin, TxCode::NotRequired);
    let unexpected = world.redeem(&offer.code, Some("123456")).await;
    assert_eq!(refusal(unexpected).await, (400, "invalid_request".to_owned()));
    assert_eq!(world.redeem(&offer.code, None).await.status(), 200);
}
