//! Copies that are shown once: what becomes of them when they run out, and how they are refilled.

use std::time::Duration;

use symbolon_wallet_core::hold::{Condition, ListQuery};
use symbolon_wallet_core::present::{ConsentRequest, Decision, Lack, PresentOutcome};
use symbolon_wallet_core::receive::{Refill, RefillOutcome};
use symbolon_wallet_core::testing::{block_on, poll_once};
use symbolon_wallet_core::{CredentialId, SpentCopies, TransportError, WalletError, WalletStore as _};

use crate::support::authorization::Abilities;
use crate::support::endpoint::Offered;
use crate::support::world::french;
use crate::support::{Side, World};

fn batch() -> Offered {
    Offered {
        batch_size: Some(5),
        ..Offered::default()
    }
}

/// A wallet with a credential of several copies, and access to others.
fn world(copies: usize) -> (World, CredentialId) {
    let mut world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    world.issuer.server.give_refresh_tokens();
    world.issuer.endpoint.set(batch());
    world.copies = copies;
    let id = world.receive_by_sign_in();
    (world, id)
}

fn ask(world: &World) -> ConsentRequest {
    let wallet = world.wallet();
    block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap()
}

fn show(world: &World) {
    let request = ask(world);
    let choice = request.smallest_choice().unwrap();
    let decision = Decision::Share(choice);
    let outcome = block_on(world.wallet().answer_request(request.flow, decision, world.now));
    assert!(
        matches!(outcome, Ok(PresentOutcome::Presented { .. })),
        "{outcome:?}"
    );
}

fn copies_left(world: &World) -> Option<usize> {
    let listed = block_on(
        world
            .wallet()
            .overview(&ListQuery::default(), &french(), world.now),
    )
    .unwrap();
    listed[0].summary.copies_left
}

fn condition(world: &World) -> Condition {
    let listed = block_on(
        world
            .wallet()
            .overview(&ListQuery::default(), &french(), world.now),
    )
    .unwrap();
    listed[0].badge.condition
}

fn refill(world: &World) -> Vec<Refill> {
    block_on(world.wallet().refill(world.now)).unwrap()
}

/// The keys that verifiers have seen, by the credentials that they were shown.
fn holder_keys(world: &World) -> Vec<String> {
    let answers = world.verifier.answers();
    answers
        .iter()
        .flatten()
        .map(|claims| claims["cnf"].to_string())
        .collect()
}

#[test]
fn each_verifier_is_shown_a_copy_of_its_own_and_nobody_one_that_was_shown() {
    let (world, id) = world(3);
    for left in [2, 1, 0] {
        show(&world);
        assert_eq!(copies_left(&world), Some(left));
        // Of the credential, of the copies after it, and of the access.
        assert_eq!(world.held(), (1, left.max(1) + 1));
    }
    assert_eq!(condition(&world), Condition::CopiesSpent);
    let keys = holder_keys(&world);
    assert_eq!(keys.len(), 3);
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);

    // Nothing is left that nobody has seen: the person is told so, and the verifier nothing.
    let before = world.verifier.errors().len();
    let request = ask(&world);
    assert_eq!(request.asked[0].lack, Some(Lack::CopiesSpent));
    assert_eq!(request.smallest_choice(), None);
    assert_eq!(world.verifier.errors().len(), before);
    let choice = symbolon_wallet_core::present::Choice::default().with(request.asked[0].query.clone(), id);
    let shared = block_on(
        world
            .wallet()
            .answer_request(request.flow, Decision::Share(choice), world.now),
    );
    assert_eq!(shared, Err(WalletError::InvalidChoice));
    block_on(
        world
            .wallet()
            .answer_request(request.flow, Decision::Decline, world.now),
    )
    .unwrap();
    assert_eq!(world.verifier.errors().last().unwrap(), "access_denied");

    // It can be looked at and deleted all the same.
    assert!(block_on(world.wallet().show(id, &french(), world.now)).is_ok());
    block_on(world.wallet().delete(id, world.now)).unwrap();
    assert_eq!(world.held().0, 0);
}

#[test]
fn what_lacks_a_claim_lacks_it_whether_or_not_its_copies_are_spent() {
    let (world, _) = world(2);
    show(&world);
    show(&world);
    let query = crate::support::verifier::credential_query(
        "identity",
        crate::support::issuer::TYPE,
        &[serde_json::json!({ "path": ["portrait"] })],
    );
    world
        .verifier
        .set_query(serde_json::json!({ "credentials": [query] }));
    assert_eq!(ask(&world).asked[0].lack, Some(Lack::NotHeld));
}

#[test]
fn where_the_policy_shows_the_last_copy_again_the_person_is_told_and_unspent_ones_come_first() {
    let (mut world, older) = world(2);
    world.policy.relying_parties.spent_copies = SpentCopies::ShownAgain;
    world.now = world.now.plus(Duration::from_secs(1));
    let newer = world.receive_by_sign_in();
    let candidates = |request: &ConsentRequest| -> Vec<_> {
        let candidates = request.asked[0].candidates.iter();
        candidates
            .map(|candidate| (candidate.credential.id, candidate.credential.copies_left))
            .collect()
    };
    assert_eq!(
        candidates(&ask(&world)),
        [(newer, Some(2)), (older, Some(2))],
        "the newer one first"
    );
    for _ in 0..2 {
        show(&world);
    }
    // Of two that say the same, the one that nobody can recognise.
    assert_eq!(
        candidates(&ask(&world)),
        [(older, Some(2)), (newer, Some(0))],
        "that it can be recognised is said"
    );
    for _ in 0..2 {
        show(&world);
    }
    let keys: std::collections::BTreeSet<_> = holder_keys(&world).into_iter().collect();
    assert_eq!(keys.len(), 4);
    show(&world);
    show(&world);
    let shown = holder_keys(&world);
    assert_eq!(shown[4], shown[1], "the last copy, again and again");
    assert_eq!(shown[5], shown[1]);
    assert_eq!(world.held().0, 2);
}

#[test]
fn of_two_that_would_show_the_last_copy_at_once_one_does() {
    let (world, _) = world(2);
    show(&world);
    let (first, second) = (ask(&world), ask(&world));
    // Both are agreed to while the key is locked, and then both go on.
    world.keys.lock();
    for request in [&first, &second] {
        let decision = Decision::Share(request.smallest_choice().unwrap());
        let outcome = block_on(world.wallet().answer_request(request.flow, decision, world.now));
        assert_eq!(outcome, Ok(PresentOutcome::KeyLocked));
    }
    world.keys.unlock();
    // The first dies right before it is written down that the copy was shown, and is therefore shown to nobody.
    world.faults.kill_at(Some((0, Side::Before)));
    assert!(poll_once(world.wallet().resume(first.flow, world.now)).is_none());
    world.faults.kill_at(None);
    block_on(world.wallet().resume(second.flow, world.now)).unwrap();
    let resumed = block_on(world.wallet().resume(first.flow, world.now)).unwrap();
    match resumed {
        symbolon_wallet_core::Resumed::Presenting(PresentOutcome::AwaitingConsent(request)) => {
            assert_eq!(request.asked[0].lack, Some(Lack::CopiesSpent));
        }
        other => panic!("{other:?}"),
    }
    let keys = holder_keys(&world);
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn copies_are_refilled_before_they_run_out_and_never_because_something_was_shown() {
    let (world, first) = world(5);
    assert_eq!(refill(&world), [], "all are there");
    for _ in 0..4 {
        show(&world);
    }
    assert_eq!(copies_left(&world), Some(1));
    let asked = |world: &World| {
        let requests = world.requests();
        requests
            .iter()
            .filter(|line| line.ends_with("/credential"))
            .count()
    };
    let before = asked(&world);
    let refills = refill(&world);
    let [
        Refill {
            credential,
            outcome: RefillOutcome::Refilled(fresh),
        },
    ] = refills.as_slice()
    else {
        panic!("{refills:?}")
    };
    assert_eq!(*credential, first);
    assert_eq!(
        asked(&world),
        before + 2,
        "once, and again with the nonce of the server"
    );
    assert_eq!((copies_left(&world), world.held()), (Some(5), (1, 6)));
    assert!(block_on(world.store.credential(fresh[0])).unwrap().is_some());
    assert_eq!(
        world.issuer.server.requests().len(),
        1,
        "the person signed in once"
    );
    assert_eq!(refill(&world), []);
    let keys_before: std::collections::BTreeSet<_> = holder_keys(&world).into_iter().collect();
    show(&world);
    assert!(!keys_before.contains(holder_keys(&world).last().unwrap()));
}

#[test]
fn a_refill_offline_leaves_what_is_left_and_the_next_one_goes_on() {
    let (mut world, first) = world(2);
    show(&world);
    show(&world);
    let server = "authorization.example";
    for error in [TransportError::Unreachable, TransportError::Unreachable] {
        world.set_down(Some((server, error)));
        let expected = Refill {
            credential: first,
            outcome: RefillOutcome::NotReachable,
        };
        assert_eq!(refill(&world), [expected]);
        assert_eq!(condition(&world), Condition::CopiesSpent);
    }
    // Killed in between, and later.
    world.now = world.now.plus(Duration::from_secs(30));
    block_on(world.wallet().recover(world.now)).unwrap();
    world.set_down(None);
    let refills = refill(&world);
    assert!(
        matches!(
            refills.as_slice(),
            [Refill { outcome: RefillOutcome::Refilled(fresh), .. }] if fresh.len() == 1
        ),
        "{refills:?}"
    );
    assert_eq!(copies_left(&world), Some(2));
}

#[test]
fn without_access_copies_are_not_refilled_and_the_person_is_told() {
    let (world, first) = world(2);
    world.issuer.server.forget_refresh_tokens();
    show(&world);
    for _ in 0..2 {
        let expected = Refill {
            credential: first,
            outcome: RefillOutcome::NoAccess,
        };
        assert_eq!(refill(&world), [expected]);
        assert_eq!(copies_left(&world), Some(1), "what is left stays");
    }
    show(&world);
    assert_eq!(condition(&world), Condition::CopiesSpent);
    // One that came alone is never asked for.
    let mut alone = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    alone.copies = 1;
    alone.issuer.server.give_refresh_tokens();
    alone.receive_by_sign_in();
    assert_eq!(refill(&alone), []);
}
