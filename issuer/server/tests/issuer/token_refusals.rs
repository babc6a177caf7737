//! What a token request is refused for, with the exact code (ATTACKS.md rows 12 and 13).

use reqwest::StatusCode;
use symbolon_issuer_server::administration::TransactionCode;

use crate::harness::{HASSAN, PRE_AUTHORIZED, World, error_of, record};

async fn world() -> World {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn every_malformed_request_has_its_code() {
    let world = world().await;
    let offer = world.offer(HASSAN, TransactionCode::NotRequired).await;
    let code = offer.code.as_str();
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[], "invalid_request"),
        (
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            ],
            "unsupported_grant_type",
        ),
        (&[("grant_type", PRE_AUTHORIZED)], "invalid_request"),
        (
            &[("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", "made-up")],
            "invalid_grant",
        ),
        (
            &[
                ("grant_type", PRE_AUTHORIZED),
                ("pre-authorized_code", code),
                ("pre-authorized_code", code),
            ],
            "invalid_request",
        ),
        (
            &[
                ("grant_type", PRE_AUTHORIZED),
                ("pre-authorized_code", code),
                ("tx_code", "123456"),
            ],
            "invalid_request",
        ),
    ];
    for (fields, expected) in cases {
        let response = world.token_request(fields).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(error_of(response).await, expected, "{fields:?}");
    }
    let json = world
        .client
        .post(world.url("/token"))
        .json(&serde_json::json!({ "grant_type": PRE_AUTHORIZED }));
    assert_eq!(error_of(json.send().await.unwrap()).await, "invalid_request");
    let get = world.client.get(world.url("/token")).send().await.unwrap();
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);
    // None of it used the code up.
    assert_eq!(world.redeem(code, None).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_refused_when_replayed_and_when_expired() {
    let world = world().await;
    let (used, old) = (
        world.offer(HASSAN, TransactionCode::NotRequired).await,
        world.offer(HASSAN, TransactionCode::NotRequired).await,
    );
    assert_eq!(world.redeem(&used.code, None).await.status(), StatusCode::OK);
    assert_eq!(
        error_of(world.redeem(&used.code, None).await).await,
        "invalid_grant"
    );
    world.wait(86_400);
    assert_eq!(
        error_of(world.redeem(&old.code, None).await).await,
        "invalid_grant"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_redeemed_by_one_of_many_that_race() {
    let world = world().await;
    let offer = world.offer(HASSAN, TransactionCode::NotRequired).await;
    let tries = (0..16).map(|_| world.redeem(&offer.code, None));
    let mut granted = 0;
    for response in futures(tries).await {
        if response.status() == StatusCode::OK {
            granted += 1;
        } else {
            assert_eq!(error_of(response).await, "invalid_grant");
        }
    }
    assert_eq!(granted, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_transaction_codes_are_delayed_counted_and_end_the_offer() {
    let world = world().await;
    let offer = world.offer(HASSAN, TransactionCode::Required).await;
    let right = offer.tx_code.clone().unwrap();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    assert_eq!(
        error_of(world.redeem(&offer.code, None).await).await,
        "invalid_request"
    );
    for delay in [1, 2, 4, 8] {
        assert_eq!(
            error_of(world.redeem(&offer.code, Some(wrong)).await).await,
            "invalid_grant"
        );
        // At once even the right code has to wait, and the answer says how long.
        let response = world.redeem(&offer.code, Some(&right)).await;
        assert_eq!(response.headers()["retry-after"], delay.to_string().as_str());
        assert_eq!(error_of(response).await, "invalid_grant");
        world.wait(delay);
    }
    assert_eq!(
        error_of(world.redeem(&offer.code, Some(wrong)).await).await,
        "invalid_grant"
    );
    world.wait(3_600);
    assert_eq!(
        error_of(world.redeem(&offer.code, Some(&right)).await).await,
        "invalid_grant"
    );
    // The operator makes a new one in one action.
    let second = world.offer(HASSAN, TransactionCode::Required).await;
    assert_eq!(
        world
            .redeem(&second.code, second.tx_code.as_deref())
            .await
            .status(),
        StatusCode::OK
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_in_parallel_gains_no_tries() {
    let world = world().await;
    let offer = world.offer(HASSAN, TransactionCode::Required).await;
    let right = offer.tx_code.clone().unwrap();
    let guesses: Vec<String> = (0..20)
        .map(|guess| format!("{guess:06}"))
        .filter(|guess| *guess != right)
        .collect();
    let tries = guesses.iter().map(|guess| world.redeem(&offer.code, Some(guess)));
    let mut looked_at = 0;
    for response in futures(tries).await {
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        if response.headers().get("retry-after").is_none() {
            looked_at += 1;
        }
    }
    assert_eq!(
        looked_at, 1,
        "the clock stood still, so one guess was compared and the others had to wait"
    );
}

/// Runs them side by side.
async fn futures<F: Future>(work: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = work.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, done) in &mut pending {
            if done.is_none()
                && let std::task::Poll::Ready(output) = future.as_mut().poll(context)
            {
                *done = Some(output);
            }
        }
        if pending.iter().all(|(_, done)| done.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    pending.into_iter().filter_map(|(_, done)| done).collect()
}
