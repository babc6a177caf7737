//! What strangers may fill: as little as possible, and requests and offers apart.

use std::time::Duration;

use serde_json::{Value, json};
use symbolon_wallet_core::{AnswerProtection, TransportError};
use symbolon_wallet_server::RequestBudget;

use crate::support::authorization::Abilities;
use crate::support::verifier::Kind;
use crate::support::{IssuerTrick, World};
use crate::world::{Headless, IDENTIFIER, for_anybody, policy};

fn holding() -> Value {
    policy(&json!({"decision": "hold"}), &json!({"decision": "hold"}))
}

fn refusing() -> Value {
    policy(&json!({"decision": "refuse"}), &json!({"decision": "refuse"}))
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_that_wait_leave_room_for_requests_and_requests_for_offers() {
    let world = World::new();
    world.receive();
    let wallet = Headless::start(world, holding()).await;
    let (before, ..) = wallet.stored().await;
    for status in [202, 202, 503, 503] {
        let (said, told) = wallet.offer(&wallet.world.issuer.offer(None)).await;
        assert_eq!(said, status, "{told}");
    }
    assert_eq!(
        wallet.stored().await.0,
        before + 2,
        "nothing is kept of the others"
    );
    for status in [202, 202, 503, 503] {
        let (said, told) = wallet.authorize(&wallet.world.verifier.request()).await;
        assert_eq!(said, status, "{told}");
    }
    assert_eq!(wallet.stored().await.0, before + 4);
    // The owner does not wait behind strangers.
    let (status, told) = wallet
        .bring_as_owner("offers", &wallet.world.issuer.offer(None))
        .await;
    assert_eq!((status, &told["outcome"]), (200, &json!("waiting")));
    let (status, told) = wallet
        .bring_as_owner("requests", &wallet.world.verifier.request())
        .await;
    assert_eq!((status, &told["outcome"]), (200, &json!("waiting")));
}

/// An offer that a rule takes waits too: for whoever signs in, for a code, for an issuer that cannot be reached.
#[tokio::test(flavor = "multi_thread")]
async fn offers_that_are_taken_count_while_they_are_not_over() {
    let wallet = Headless::start(World::with_sign_in(Abilities::LEAST), for_anybody()).await;
    for status in [302, 302, 503] {
        let link = wallet.world.issuer.offer_to_sign_in();
        let response = wallet.bring("/credential-offer", &link).send().await.unwrap();
        assert_eq!(response.status(), status);
    }
    assert_eq!(wallet.stored().await.0, 2);

    let wallet = Headless::start(World::new(), for_anybody()).await;
    wallet
        .world
        .set_down(Some(("issuer.example", TransportError::Unreachable)));
    for status in [202, 202, 503] {
        let (said, told) = wallet.offer(&wallet.world.issuer.offer(None)).await;
        assert_eq!(said, status, "{told}");
    }
    assert_eq!(wallet.stored().await.0, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_of_an_offer_of_which_nothing_came() {
    // By the policy.
    let wallet = Headless::start(World::new(), refusing()).await;
    let (status, told) = wallet.offer(&wallet.world.issuer.offer(None)).await;
    assert_eq!((status, &told["outcome"]), (403, &json!("declined")));
    assert_eq!(wallet.stored().await, (0, 0, 0));

    // By what is wrong with it, and because its code was used.
    let wallet = Headless::start(World::new(), for_anybody()).await;
    let link = wallet.world.issuer.offer(None);
    assert_eq!(wallet.offer(&link).await.0, 200);
    let (flows, ..) = wallet.stored().await;
    let (status, told) = wallet.offer(&link).await;
    assert_eq!(
        (status, &told["error"]),
        (400, &json!("invalid_credential_offer"))
    );
    assert_eq!(wallet.stored().await.0, flows);
    wallet
        .world
        .issuer
        .set_trick(IssuerTrick::MetadataForAnotherIssuer);
    let (status, told) = wallet.offer(&wallet.world.issuer.offer(None)).await;
    assert_eq!(
        (status, &told["error"]),
        (400, &json!("invalid_credential_offer"))
    );
    assert_eq!(wallet.stored().await.0, flows);

    // By whoever decides.
    let wallet = Headless::start(World::new(), holding()).await;
    wallet.offer(&wallet.world.issuer.offer(None)).await;
    let entries = wallet.waiting().await;
    let (_, told) = wallet.decide(&entries[0]["flow"], "refuse").await;
    assert_eq!(told["outcome"], "declined");
    assert_eq!(wallet.stored().await, (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_nobody_ends_and_an_offer_that_nobody_decides_are_swept() {
    let wallet = Headless::start(World::with_sign_in(Abilities::HIGH_ASSURANCE), for_anybody()).await;
    let link = wallet.world.issuer.offer_to_sign_in();
    wallet.bring("/credential-offer", &link).send().await.unwrap();
    let kept = (wallet.stored().await.0, wallet.world.held());
    assert_eq!(kept, (1, (0, 1)), "with the key that its tokens are for");
    wallet.pass(Duration::from_secs(590));
    wallet.agent.attend().await;
    assert_eq!(wallet.stored().await.0, 1);
    wallet.pass(Duration::from_secs(20));
    wallet.agent.attend().await;
    assert_eq!((wallet.stored().await.0, wallet.world.held()), (0, (0, 0)));

    let wallet = Headless::start(World::new(), holding()).await;
    wallet.offer(&wallet.world.issuer.offer(None)).await;
    wallet.pass(Duration::from_secs(610));
    wallet.agent.attend().await;
    assert_eq!(wallet.stored().await, (0, 0, 0));
}

/// Whoever finds an address at the issuer that answers with too much, or not at all, could otherwise take every place for good, and have
/// the wallet ask there all the time.
#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_its_issuer_does_not_answer_ends() {
    let wallet = Headless::start(World::new(), for_anybody()).await;
    let link = wallet.world.issuer.offer_by_reference();
    for never in [TransportError::TooLarge, TransportError::Refused] {
        wallet.world.set_down(Some(("/offers/1", never)));
        for _ in 0..3 {
            let (status, told) = wallet.offer(&link).await;
            assert_eq!(
                (status, &told["error"]),
                (400, &json!("invalid_credential_offer")),
                "{told}"
            );
        }
        assert_eq!(wallet.stored().await, (0, 0, 0));
    }

    wallet
        .world
        .set_down(Some(("/offers/1", TransportError::Unreachable)));
    let mut pages = Vec::new();
    for status in [202, 202, 503] {
        let (said, told) = wallet.offer(&link).await;
        assert_eq!(said, status);
        pages.extend(told["continue_at"].as_str().map(str::to_owned));
    }
    let before = *wallet.sent.borrow();
    let asked = |wallet: &Headless| *wallet.sent.borrow() - before;
    for (seconds, times) in [(0, 2), (5, 2), (50, 2), (10, 4), (60, 4), (60, 6)] {
        wallet.pass(Duration::from_secs(seconds));
        wallet.agent.attend().await;
        // Nor does whoever looks how it goes make it ask.
        for page in &pages {
            let response = wallet.follow(page).send().await.unwrap();
            assert_eq!(response.status(), 202);
        }
        assert_eq!(asked(&wallet), times, "after {seconds} seconds more");
    }
    // Whoever looks after the queue need not wait for the issuer.
    let entries = wallet.waiting().await;
    let (status, told) = wallet.decide(&entries[0]["flow"], "refuse").await;
    assert_eq!((status, &told["outcome"]), (200, &json!("declined")), "{told}");
    assert_eq!(wallet.stored().await.0, 1);
    wallet.pass(Duration::from_secs(600));
    wallet.agent.attend().await;
    assert_eq!(wallet.stored().await, (0, 0, 0));
}

/// Whoever has a request of a certified verifier could otherwise bring it without end.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_policy_refuses_leaves_no_trace_however_often_it_is_brought() {
    let mut world = World::new();
    world.receive();
    world.policy.relying_parties.answers = AnswerProtection::AsAsked;
    let mut client = world.verifier.registration();
    client.request_object_keys.keys.clear();
    world.policy.relying_parties.registered = vec![client];
    let wallet = Headless::start(world, refusing()).await;
    let before = wallet.stored().await;
    let signed = wallet.world.verifier.by_value(Kind::Hash);
    for _ in 0..3 {
        let (status, told) = wallet.authorize(&signed).await;
        assert_eq!((status, &told["error"]), (403, &json!("access_denied")), "{told}");
    }
    assert_eq!(wallet.world.verifier.errors(), ["access_denied"; 3]);
    let unsigned = wallet.world.verifier.unsigned(Kind::Registered);
    for _ in 0..3 {
        let (status, told) = wallet.authorize(&unsigned).await;
        assert_eq!((status, &told["error"]), (403, &json!("access_denied")), "{told}");
    }
    assert_eq!(wallet.stored().await, before);
}

/// The same for requests that find no room, and for those that nobody decides in time.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_decides_leaves_no_trace() {
    let world = World::new();
    world.receive();
    let wallet = Headless::start(world, holding()).await;
    let before = wallet.stored().await;
    for status in [202, 202, 503] {
        assert_eq!(wallet.authorize(&wallet.world.verifier.request()).await.0, status);
    }
    assert!(
        wallet.world.verifier.errors().is_empty(),
        "what finds no room can be brought again"
    );
    wallet.pass(Duration::from_secs(610));
    wallet.agent.attend().await;
    assert_eq!(wallet.stored().await, before);
    assert_eq!(wallet.world.verifier.errors(), ["access_denied"; 2]);

    // What somebody decides is in the history, once.
    wallet.authorize(&wallet.world.verifier.request()).await;
    let entries = wallet.waiting().await;
    wallet.decide(&entries[0]["flow"], "refuse").await;
    let (_, history, refusals) = wallet.stored().await;
    assert_eq!((history, refusals), (before.1 + 1, before.2 + 1));
}

/// The store forgets a request that waits also where its verifier answers no more.
#[tokio::test(flavor = "multi_thread")]
async fn held_requests_are_given_up_when_their_verifier_answers_no_more() {
    let mut world = World::new();
    world.receive();
    let did = crate::support::verifier::DID.parse().unwrap();
    let parties = &mut world.policy.relying_parties;
    parties.dids.insert(did, "Clinic".to_owned());
    let rule = json!({"decision": "hold", "verifier": {"prefixes": ["decentralized_identifier"]}});
    let wallet = Headless::start(world, policy(&rule, &json!({}))).await;
    let before = wallet.stored().await;
    for _ in 0..2 {
        let (status, told) = wallet.authorize(&wallet.world.verifier.by_value(Kind::Did)).await;
        assert_eq!(status, 202, "{told}");
    }
    wallet
        .world
        .set_down(Some(("verifier.example", TransportError::Unreachable)));
    let entries = wallet.waiting().await;
    assert_eq!(entries.len(), 2, "who asks is unknown now, and the entry stays");
    let (status, told) = wallet.decide(&entries[0]["flow"], "refuse").await;
    assert_eq!((status, &told["outcome"]), (200, &json!("declined")), "{told}");
    wallet.pass(Duration::from_secs(610));
    wallet.agent.attend().await;
    assert_eq!(wallet.stored().await, before);
}

/// Whoever hangs up must not make room for the next while the wallet still works for him.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_taken_for_as_long_as_the_work_lasts() {
    let world = World::new();
    world.receive();
    let budget = RequestBudget {
        per_minute: 100,
        at_once: 1,
    };
    let wallet = Headless::start_with(world, for_anybody(), budget, IDENTIFIER).await;
    wallet.let_through(0);
    let mut sent = wallet.sent.clone();
    sent.mark_unchanged();
    let link = wallet.world.verifier.request();
    let hanging_up = wallet
        .bring("/authorize", &link)
        .timeout(Duration::from_millis(500))
        .send();
    let (hung_up, began) = tokio::join!(hanging_up, sent.changed());
    began.unwrap();
    assert!(hung_up.unwrap_err().is_timeout());
    for _ in 0..2 {
        let response = wallet.bring("/authorize", &link).send().await.unwrap();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "60");
    }
    wallet.let_through(usize::MAX);
    for _ in 0..500 {
        if wallet.world.verifier.answered() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(wallet.world.verifier.answered(), "the work goes on to its end");
    let mut last = 429;
    for _ in 0..500 {
        last = wallet.authorize(&wallet.world.verifier.request()).await.0;
        if last != 429 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(last, 302, "there is room again");
}
