//! Copies that are shown once: what becomes of them when they run out, and how they are refilled.

use std::time::Duration;

use symbolon_protocol::openid4vci::notification::NotificationEvent;
use symbolon_wallet_core::hold::{Condition, ListQuery};
use symbolon_wallet_core::present::{ConsentRequest, Decision, Lack, PresentOutcome};
use symbolon_wallet_core::receive::{ReceiveOutcome, ReceiveStage, Refill, RefillOutcome};
use symbolon_wallet_core::record::{EntryState, KnownEntry, KnownStatus, Stage};
use symbolon_wallet_core::testing::{block_on, poll_once};
use symbolon_wallet_core::{
    Change, CredentialId, SpentCopies, TransportError, WalletError, WalletStore as _,
};

use crate::support::authorization::{Abilities, Answer, Grants};
use crate::support::endpoint::Offered;
use crate::support::network::meanwhile;
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

/// The same, of an issuer that wants to hear what becomes of its credentials.
fn notified_world(copies: usize) -> (World, CredentialId) {
    let mut world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    world.issuer.server.give_refresh_tokens();
    world.issuer.endpoint.set(Offered {
        notifications: true,
        ..batch()
    });
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

#[test]
fn where_several_were_asked_for_the_only_one_that_came_is_shown_once_all_the_same() {
    let mut world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    world.issuer.server.give_refresh_tokens();
    world.copies = 5;
    let offer = |most| Offered { most, ..batch() };
    world.issuer.endpoint.set(offer(Some(1)));
    world.receive_by_sign_in();
    assert_eq!(
        (copies_left(&world), condition(&world)),
        (Some(1), Condition::Valid)
    );
    assert_eq!(refill(&world), [], "its issuer would be asked for ever");
    show(&world);
    assert_eq!(
        (copies_left(&world), condition(&world)),
        (Some(0), Condition::CopiesSpent)
    );
    assert_eq!(ask(&world).smallest_choice(), None, "nobody sees it again");
    assert!(matches!(
        refill(&world).as_slice(),
        [Refill {
            outcome: RefillOutcome::Refilled(_),
            ..
        }]
    ));
    assert_eq!(copies_left(&world), Some(1));
    show(&world);
    // And of two of five the second is the last.
    world.issuer.endpoint.set(offer(Some(2)));
    refill(&world);
    assert_eq!(
        (copies_left(&world), condition(&world)),
        (Some(2), Condition::Valid)
    );
    show(&world);
    assert_eq!(condition(&world), Condition::CopiesRunningOut { left: 1 });
    let keys: std::collections::BTreeSet<_> = holder_keys(&world).into_iter().collect();
    assert_eq!(keys.len(), 3);
    // An issuer that makes none at once is not asked for several.
    let mut single = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    single.copies = 5;
    single.receive_by_sign_in();
    assert_eq!(copies_left(&single), None);
    show(&single);
    show(&single);
}

/// Resumes what is not over, and tells the issuer. No key is left that nothing uses.
fn settle(world: &World) {
    let wallet = world.wallet();
    for waiting in block_on(wallet.waiting()).unwrap() {
        block_on(wallet.resume(waiting.flow, world.now)).unwrap();
    }
    block_on(wallet.tell_deletions(world.now)).unwrap();
    assert_eq!(block_on(wallet.recover(world.now)).unwrap().deleted_keys, 0);
}

#[test]
fn what_is_deleted_while_it_is_refilled_does_not_come_back() {
    for side in [Side::PausedBefore, Side::PausedAfter] {
        delete_during_refill(side);
    }
}

/// Refills again and again, with a deletion at each call.
fn delete_during_refill(side: Side) {
    let (mut deleted, mut replaced, mut refused) = (0, 0, 0);
    for at in 0..100 {
        let (world, id) = notified_world(2);
        show(&world);
        let before = world.issuer.endpoint.told().len();
        world.faults.kill_at(Some((at, side)));
        let mut outcome = None;
        let refills = meanwhile(world.wallet().refill(world.now), || {
            outcome = Some(block_on(world.wallet().delete(id, world.now)));
        });
        world.faults.kill_at(None);
        settle(&world);
        let refills = refills.unwrap();
        let told = world.issuer.endpoint.told().split_off(before);
        match outcome {
            // The refill was over before.
            None => {
                assert!(
                    deleted > 5 && replaced > 0 && refused > 0,
                    "{deleted} {replaced} {refused}"
                );
                return;
            }
            Some(Ok(())) => {
                deleted += 1;
                assert_eq!(block_on(world.store.credentials()), Ok(Vec::new()), "call {at}");
                assert!(
                    !matches!(refills[0].outcome, RefillOutcome::Refilled(_)),
                    "call {at}: {refills:?}"
                );
                let accepted = told
                    .iter()
                    .filter(|(_, event)| *event != NotificationEvent::CredentialDeleted);
                assert_eq!(accepted.count(), 0, "call {at}: {told:?}");
                // By the old name, and by the new one of what was handed out in vain.
                assert!((1..=2).contains(&told.len()), "call {at}: {told:?}");
                refused += told.len() - 1;
                // The key of the access, for as long as somebody may hear.
                assert!(world.held().1 <= 1, "call {at}: {:?}", world.held());
            }
            Some(Err(WalletError::NotFound)) => {
                replaced += 1;
                assert_eq!(world.held().0, 1, "call {at}");
            }
            Some(Err(error)) => panic!("call {at}: {error}"),
        }
    }
    panic!("it never ends");
}

/// A refill that begins, and does not get to ask for a credential.
fn refill_in_vain(world: &World) {
    world.set_down(Some(("/credential", TransportError::Unreachable)));
    let refills = refill(world);
    assert!(
        refills
            .iter()
            .all(|one| one.outcome == RefillOutcome::NotReachable),
        "{refills:?}"
    );
    world.set_down(None);
}

#[test]
fn the_issuer_hears_by_its_old_name_of_what_is_deleted_while_it_is_refilled() {
    let (world, id) = notified_world(2);
    show(&world);
    refill_in_vain(&world);
    let told = world.issuer.endpoint.told();
    let accepted = &told[0].0;
    block_on(world.wallet().delete(id, world.now)).unwrap();
    settle(&world);
    assert_eq!(world.held().0, 0);
    let last = (accepted.clone(), NotificationEvent::CredentialDeleted);
    assert_eq!(world.issuer.endpoint.told(), [told.clone(), vec![last]].concat());
    // One that was replaced has its new name alone.
    let (world, _) = notified_world(2);
    show(&world);
    refill(&world);
    for flow in block_on(world.store.flows()).unwrap() {
        if let Stage::Receive(ReceiveStage::Renewable(issuing)) = flow.stage {
            assert_eq!(issuing.notifications.len(), 1);
        }
    }
    let held = block_on(world.store.credentials()).unwrap();
    block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
    let told = world.issuer.endpoint.told();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[2], (told[1].0.clone(), NotificationEvent::CredentialDeleted));
}

#[test]
fn of_two_that_are_refilled_together_the_one_that_is_left_comes_back() {
    let mut world = World::with_sign_in(Abilities {
        grants: Grants::Datasets(2),
        ..Abilities::HIGH_ASSURANCE
    });
    world.issuer.server.give_refresh_tokens();
    world.issuer.endpoint.set(batch());
    world.copies = 2;
    let (_, outcome) = world.sign_in(Answer::SignsIn);
    let ReceiveOutcome::Stored { credentials, .. } = outcome.unwrap() else {
        panic!("both are stored")
    };
    let before = world.issuer.datasets();
    let (first, second) = (&before[0], before.last().unwrap());
    assert_ne!(first, second);
    show(&world);
    refill_in_vain(&world);
    block_on(world.wallet().delete(credentials[0], world.now)).unwrap();
    settle(&world);
    let left = block_on(world.store.credentials()).unwrap();
    assert_eq!(left.len(), 1);
    assert!(!credentials.contains(&left[0].id), "under a new name");
    assert_eq!(copies_left(&world), Some(2));
    let asked = world.issuer.datasets();
    assert!(asked.len() > before.len());
    assert!(
        asked[before.len()..].iter().all(|dataset| dataset == second),
        "{asked:?}"
    );
    // And it can be renewed again.
    let again = block_on(world.wallet().renew(left[0].id, world.now)).unwrap();
    assert!(
        matches!(&again, ReceiveOutcome::Stored { credentials, .. } if credentials.len() == 1),
        "{again:?}"
    );
    assert_eq!(world.issuer.datasets().last(), Some(second));
}

#[test]
fn what_was_read_of_a_status_goes_with_the_credential_that_is_replaced() {
    let (world, id) = world(2);
    show(&world);
    let known = KnownStatus {
        credential: id,
        entries: Vec::new(),
    };
    let change = Change::PutStatus(Box::new(known));
    block_on(world.store.commit(vec![change])).unwrap();
    refill(&world);
    assert_eq!(copies_left(&world), Some(2));
    assert_eq!(block_on(world.store.statuses()), Ok(Vec::new()));
}

#[test]
fn what_its_issuer_took_back_is_not_refilled() {
    let (world, id) = world(2);
    show(&world);
    let held = block_on(world.store.credential(id)).unwrap().unwrap();
    let revoked = KnownEntry {
        reference: held.status[0].clone(),
        state: EntryState::Revoked,
        as_of: Some(world.now),
        good_until: None,
        due: world.now,
    };
    let known = KnownStatus {
        credential: id,
        entries: vec![revoked],
    };
    block_on(world.store.commit(vec![Change::PutStatus(Box::new(known))])).unwrap();
    assert_eq!(condition(&world), Condition::Revoked);
    let asked = world.requests().len();
    assert_eq!(refill(&world), []);
    assert_eq!(world.requests().len(), asked, "the issuer would end the access");
}

#[test]
fn what_came_by_one_sign_in_is_refilled_at_once() {
    let mut world = World::with_sign_in(Abilities {
        grants: Grants::Datasets(2),
        ..Abilities::HIGH_ASSURANCE
    });
    world.issuer.server.give_refresh_tokens();
    world.issuer.endpoint.set(batch());
    world.copies = 2;
    world.sign_in(Answer::SignsIn).1.unwrap();
    // Both copies of one, and one of the other.
    for _ in 0..3 {
        show(&world);
    }
    let held = block_on(world.store.credentials()).unwrap();
    let before: usize = held.iter().filter_map(|one| one.copies_left()).sum();
    let refills = refill(&world);
    let [
        Refill {
            outcome: RefillOutcome::Refilled(fresh),
            ..
        },
    ] = refills.as_slice()
    else {
        panic!("{refills:?}")
    };
    assert_eq!((before, fresh.len(), world.held().0), (1, 2, 2));
}
