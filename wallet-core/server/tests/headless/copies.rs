//! Copies that are shown once: spent, they are shown again only where a rule says so.

use std::time::Duration;

use serde_json::json;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_wallet_core::WalletStore as _;

use crate::support::World;
use crate::support::authorization::Abilities;
use crate::support::certificates::certificates;
use crate::support::endpoint::Offered;
use crate::support::verifier::{DID, Kind};
use crate::world::{Headless, policy};

/// A wallet with a credential of two copies.
fn world() -> World {
    let mut world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    world.issuer.endpoint.set(Offered {
        batch_size: Some(5),
        ..Offered::default()
    });
    world.copies = 2;
    world.issuer.server.give_refresh_tokens();
    world.receive_by_sign_in();
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn spent_copies_are_refused_unless_the_rule_shows_them_again() {
    for (rule, last) in [
        (json!({"answers_for_anybody": true}), 403),
        (
            json!({"answers_for_anybody": true, "spent_copies": "refused"}),
            403,
        ),
        (
            json!({"answers_for_anybody": true, "spent_copies": "shown_again"}),
            302,
        ),
    ] {
        let wallet = Headless::start(world(), policy(&rule, &json!({}))).await;
        let mut keys = Vec::new();
        for status in [302, 302, last] {
            let link = wallet.world.verifier.request();
            let response = wallet.bring("/authorize", &link).send().await.unwrap();
            assert_eq!(response.status(), status, "{rule}");
            let answers = wallet.world.verifier.answers();
            keys = answers
                .iter()
                .map(|answer| answer[0]["cnf"].to_string())
                .collect();
        }
        assert_ne!(keys[0], keys[1], "each verifier is shown a copy of its own");
        assert_eq!(keys.get(2), (last == 302).then(|| &keys[1]), "{rule}");
    }
}

/// A copy that was there when the policy decided, and was shown to somebody else before the answer was made.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_goes_to_somebody_else_in_between_is_not_shown_again() {
    let mut world = world();
    let parties = &mut world.policy.relying_parties;
    parties.dids.insert(DID.parse().unwrap(), "Clinic".to_owned());
    let hash = ClientId::x509_hash(certificates().verifier.certificate.sha256());
    let rule = json!({
        "answers_for_anybody": true,
        "verifier": {"client_ids": [format!("decentralized_identifier:{DID}"), hash]},
    });
    let wallet = Headless::start(world, policy(&rule, &json!({}))).await;
    let link = wallet.world.verifier.by_value(Kind::Hash);
    let first = wallet.bring("/authorize", &link).send().await.unwrap();
    assert_eq!(first.status(), 302, "one copy is left");

    // The first of two is decided, and waits for the document of its verifier's DID a second time; the other one takes the copy.
    let slow = wallet.world.verifier.by_value(Kind::Did);
    let fast = wallet.world.verifier.by_value(Kind::Hash);
    let mut sent = wallet.sent.clone();
    wallet.let_through(1);
    let already = *sent.borrow();
    let (slow, (fast, ())) = tokio::join!(wallet.bring("/authorize", &slow).send(), async {
        sent.wait_for(|sent| *sent >= already + 2).await.unwrap();
        tokio::join!(wallet.bring("/authorize", &fast).send(), async {
            sent.wait_for(|sent| *sent >= already + 3).await.unwrap();
            wallet.let_through(usize::MAX);
        })
    });
    assert_eq!(
        (slow.unwrap().status().as_u16(), fast.unwrap().status().as_u16()),
        (403, 302)
    );
    assert_eq!(wallet.world.verifier.answers().len(), 2);
}

/// Nobody asks the headless wallet to: it would run dry. That something was shown makes it ask no sooner.
#[tokio::test(flavor = "multi_thread")]
async fn copies_are_had_again_once_in_a_while() {
    let rule = json!({"answers_for_anybody": true});
    let wallet = Headless::start(world(), policy(&rule, &json!({}))).await;
    let left = async || {
        let held = wallet.world.store.credentials().await.unwrap();
        held.iter()
            .map(|credential| credential.copies_left())
            .collect::<Vec<_>>()
    };
    let link = wallet.world.verifier.request();
    wallet.bring("/authorize", &link).send().await.unwrap();
    wallet.agent.attend().await;
    assert_eq!(left().await, [Some(1)]);
    wallet.pass(Duration::from_secs(5 * 60));
    wallet.agent.attend().await;
    // The server's own round may be at it.
    for _ in 0..500 {
        if left().await == [Some(2)] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(left().await, [Some(2)]);
}

/// The configuration says what becomes of what somebody allows, and changes nothing in what a rule decides.
#[tokio::test(flavor = "multi_thread")]
async fn the_wallets_own_rule_is_for_what_somebody_allows() {
    let mut shown_again = world();
    shown_again.policy.relying_parties.spent_copies = symbolon_wallet_core::SpentCopies::ShownAgain;
    let wallet = Headless::start(shown_again, policy(&json!({}), &json!({}))).await;
    for status in [200, 200, 403] {
        let link = wallet.world.verifier.request();
        let (_, told) = wallet.bring_as_owner("requests", &link).await;
        let expected = if status == 200 { "answered" } else { "declined" };
        assert_eq!(told["outcome"], expected, "{told}");
    }
    let (status, waits) = wallet.authorize(&wallet.world.verifier.request()).await;
    assert_eq!(status, 202);
    let entries = wallet.waiting().await;
    let (_, told) = wallet
        .allow_by_code(&entries[0]["flow"], &waits["comparison_code"])
        .await;
    assert_eq!(told["outcome"], "answered");
    assert_eq!(wallet.world.verifier.answers().len(), 3);
}
