//! Deleting a credential: what its issuer hears of it, and what the history says of that.

use std::time::Duration;

use symbolon_protocol::openid4vci::notification::NotificationEvent;
use symbolon_wallet_core::hold::RefreshScope;
use symbolon_wallet_core::receive::{ReceiveOutcome, ReceiveStage};
use symbolon_wallet_core::record::{DeletionNotice, HistoryEvent, Stage};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{TransportError, WalletError, WalletStore as _};

use crate::support::authorization::{Abilities, Grants};
use crate::support::endpoint::Offered;
use crate::support::{Side, World};

/// A wallet with two credentials of one issuer, which wants to hear what becomes of them.
pub(crate) fn notified() -> World {
    notified_of(2)
}

/// The same with so many credentials.
pub(crate) fn notified_of(credentials: usize) -> World {
    let world = World::with_sign_in(Abilities {
        grants: Grants::Datasets(credentials),
        ..Abilities::HIGH_ASSURANCE
    });
    world.issuer.server.give_refresh_tokens();
    answer_notifications(&world, None);
    world.receive_by_sign_in();
    world
}

/// Time passes, also at the issuer.
pub(crate) fn pass(world: &mut World, time: Duration) {
    world.now = world.now.plus(time);
    world.issuer.server.set_now(world.now);
    world.attester.set_now(world.now);
}

pub(crate) fn answer_notifications(world: &World, notification_status: Option<u16>) {
    world.issuer.endpoint.set(Offered {
        notifications: true,
        notification_status,
        ..Offered::default()
    });
}

/// The deletions that the issuer heard of.
pub(crate) fn deleted(world: &World) -> Vec<String> {
    let told = world.issuer.endpoint.told();
    let deleted = told
        .into_iter()
        .filter(|(_, event)| *event == NotificationEvent::CredentialDeleted);
    deleted.map(|(id, _)| id).collect()
}

/// What the history says of whether the issuer has heard, the latest deletion first.
pub(crate) fn notices(world: &World) -> Vec<Option<DeletionNotice>> {
    let history = block_on(world.wallet().history()).unwrap();
    let deleted = history.into_iter().filter_map(|entry| match entry.event {
        HistoryEvent::Deleted { notice, .. } => Some(notice),
        _ => None,
    });
    deleted.collect()
}

/// The access token is good for minutes, and people delete what they have had for years.
#[test]
fn an_issuer_hears_of_a_deletion_long_after_its_access_token_is_over() {
    let mut world = notified();
    let held: Vec<_> = block_on(world.store.credentials()).unwrap();
    pass(&mut world, Duration::from_secs(90 * 86_400));
    world.issuer.server.forget_access_tokens();
    let tokens = |world: &World| {
        let requests = world.requests();
        requests.iter().filter(|line| line.contains("/token")).count()
    };
    let before = tokens(&world);
    block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
    assert_eq!(deleted(&world).len(), 1);
    // The server wants a nonce of its own first.
    let renewed = tokens(&world);
    assert!(renewed > before, "with access that was renewed, by the same key");
    assert_eq!(notices(&world), [Some(DeletionNotice::Told)]);
    // What the server gave is kept: the next one takes no renewal, and a later one works with the new refresh token.
    block_on(world.wallet().delete(held[1].id, world.now)).unwrap();
    assert_eq!((deleted(&world).len(), tokens(&world)), (2, renewed));
}

#[test]
fn an_issuer_whose_server_cannot_be_reached_is_told_later_with_access_that_is_renewed_then() {
    let mut world = notified();
    let held: Vec<_> = block_on(world.store.credentials()).unwrap();
    world.issuer.server.forget_access_tokens();
    world.set_down(Some(("token", TransportError::Unreachable)));
    block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
    assert_eq!(notices(&world), [Some(DeletionNotice::Waiting)]);
    world.set_down(None);
    pass(&mut world, Duration::from_secs(60));
    block_on(world.wallet().tell_deletions(world.now)).unwrap();
    assert_eq!(deleted(&world).len(), 1);
    assert_eq!(notices(&world), [Some(DeletionNotice::Told)]);
    // What is held still can be issued again: the new refresh token was kept.
    world.issuer.server.forget_access_tokens();
    assert!(matches!(
        block_on(world.wallet().renew(held[1].id, world.now)),
        Ok(ReceiveOutcome::Stored { .. })
    ));
}

#[test]
fn without_access_that_could_be_renewed_a_deletion_is_told_no_more_and_the_history_says_so() {
    // The server takes the refresh token no longer.
    let world = notified();
    let held: Vec<_> = block_on(world.store.credentials()).unwrap();
    world.issuer.server.forget_access_tokens();
    world.issuer.server.forget_refresh_tokens();
    block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
    assert_eq!(notices(&world), [Some(DeletionNotice::NoAccess)]);
    let before = world.requests().len();
    block_on(world.wallet().tell_deletions(world.now)).unwrap();
    assert_eq!(world.requests().len(), before, "nobody is asked again");

    // The server never gave one: as long as its access token is good the issuer hears, and then no longer.
    for (is_over, expected) in [(false, DeletionNotice::Told), (true, DeletionNotice::NoAccess)] {
        let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
        answer_notifications(&world, None);
        world.receive_by_sign_in();
        let held = block_on(world.store.credentials()).unwrap();
        if is_over {
            world.issuer.server.forget_access_tokens();
        }
        assert_eq!(
            block_on(world.wallet().renew(held[0].id, world.now)).err(),
            Some(WalletError::NotFound)
        );
        block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
        assert_eq!(notices(&world), [Some(expected)]);
        assert_eq!(deleted(&world).len(), usize::from(!is_over));
    }
}

/// What is still to be told outlives the credential, also over days in which the key waits for the person.
#[test]
fn what_is_still_to_be_told_is_not_forgotten_with_what_was_held() {
    let mut world = notified();
    world.keys.lock();
    for held in block_on(world.store.credentials()).unwrap() {
        block_on(world.wallet().delete(held.id, world.now)).unwrap();
    }
    pass(&mut world, Duration::from_secs(7 * 86_400));
    block_on(world.wallet().forget_finished(world.now)).unwrap();
    block_on(world.wallet().recover(world.now)).unwrap();
    assert_eq!(notices(&world), [Some(DeletionNotice::Waiting); 2]);
    world.keys.unlock();
    block_on(world.wallet().tell_deletions(world.now)).unwrap();
    assert_eq!(deleted(&world).len(), 2);
    pass(&mut world, Duration::from_secs(2 * 86_400));
    assert_eq!(block_on(world.wallet().forget_finished(world.now)), Ok(1));
}

#[test]
fn an_issuer_hears_of_a_deletion_which_waits_for_nobody() {
    let mut world = notified();
    let held: Vec<_> = block_on(world.store.credentials()).unwrap();
    block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
    assert_eq!(deleted(&world).len(), 1);

    // Nothing is lost where the issuer cannot be reached, and nothing is told twice.
    world.set_down(Some(("notification", TransportError::Unreachable)));
    block_on(world.wallet().delete(held[1].id, world.now)).unwrap();
    assert_eq!(world.held().0, 0, "it is gone all the same");
    assert_eq!(deleted(&world).len(), 1);
    world.set_down(None);
    pass(&mut world, Duration::from_secs(60));
    for _ in 0..2 {
        block_on(world.wallet().tell_deletions(world.now)).unwrap();
        assert_eq!(deleted(&world).len(), 2);
    }
    assert_ne!(deleted(&world)[0], deleted(&world)[1]);
}

#[test]
fn an_issuer_that_fails_is_tried_again_ever_more_rarely_and_for_a_day() {
    let mut world = notified();
    let held: Vec<_> = block_on(world.store.credentials()).unwrap();
    answer_notifications(&world, Some(503));
    let before = world.issuer.endpoint.notifications();
    block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
    let mut attempts = Vec::new();
    // Much more often than it is to be tried.
    for round in 0..2 * 86_400 / 30 {
        let now = world.now.plus(Duration::from_secs(round * 30));
        world.issuer.server.set_now(now);
        block_on(world.wallet().tell_deletions(now)).unwrap();
        if world.issuer.endpoint.notifications() > before + 1 + attempts.len() {
            attempts.push(round * 30 / 60);
        }
    }
    // A minute after the deletion, then each time after twice the time, to four hours at most.
    assert_eq!(
        attempts,
        [1, 3, 7, 15, 31, 63, 127, 255, 495, 735, 975, 1215, 1455]
    );
    answer_notifications(&world, None);
    pass(&mut world, Duration::from_secs(3 * 86_400));
    block_on(world.wallet().tell_deletions(world.now)).unwrap();
    assert_eq!(
        deleted(&world),
        Vec::<String>::new(),
        "it was given up after a day"
    );
    assert_eq!(notices(&world), [Some(DeletionNotice::NotReached)]);
    // The next deletion is told at once.
    block_on(world.wallet().delete(held[1].id, world.now)).unwrap();
    assert_eq!(deleted(&world).len(), 1);
}

#[test]
fn a_deletion_behind_another_in_vain_is_told_at_once_and_takes_that_one_with_it() {
    let world = notified();
    let held: Vec<_> = block_on(world.store.credentials()).unwrap();
    answer_notifications(&world, Some(500));
    block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
    block_on(world.wallet().tell_deletions(world.now)).unwrap();
    answer_notifications(&world, None);
    block_on(world.wallet().tell_deletions(world.now)).unwrap();
    assert_eq!(deleted(&world).len(), 0, "it is too early");
    block_on(world.wallet().delete(held[1].id, world.now)).unwrap();
    assert_eq!(deleted(&world).len(), 2);
    // Nothing is left of what was in vain.
    for flow in block_on(world.store.flows()).unwrap() {
        if let Stage::Receive(ReceiveStage::Renewable(issuing)) = flow.stage {
            assert_eq!((issuing.to_delete.len(), issuing.untold), (0, None));
        }
    }
}

#[test]
fn an_issuer_that_does_not_want_to_hear_is_asked_once() {
    for status in [400, 401, 403, 404, 410] {
        let world = notified();
        let held: Vec<_> = block_on(world.store.credentials()).unwrap();
        answer_notifications(&world, Some(status));
        let before = world.issuer.endpoint.notifications();
        block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
        let later = world.now.plus(Duration::from_secs(3600));
        block_on(world.wallet().tell_deletions(later)).unwrap();
        // Of a token that is refused it is asked once more, with another one.
        let tokens = if status == 401 { 2 } else { 1 };
        assert_eq!(world.issuer.endpoint.notifications(), before + tokens, "{status}");
        assert_eq!(notices(&world), [Some(DeletionNotice::Refused)], "{status}");
    }
}

/// Apps refresh in the background, and know by it when to come again.
#[test]
fn a_refresh_tells_what_is_still_to_be_told_and_says_when_to_come_again() {
    let mut world = notified();
    world.set_down(Some(("notification", TransportError::Unreachable)));
    for held in block_on(world.store.credentials()).unwrap() {
        block_on(world.wallet().delete(held.id, world.now)).unwrap();
    }
    let refresh = |world: &World| {
        let wallet = world.wallet();
        block_on(wallet.refresh(RefreshScope::Due, world.now))
            .unwrap()
            .due
    };
    let due = refresh(&world).expect("to come again");
    assert_eq!(due, world.now.plus(Duration::from_secs(60)));
    world.set_down(None);
    pass(&mut world, Duration::from_secs(60));
    assert_eq!(refresh(&world), None);
    assert_eq!(deleted(&world).len(), 2);
    assert_eq!(notices(&world), [Some(DeletionNotice::Told); 2]);
}

/// Nobody knows whether an answer that is too large was a success.
#[test]
fn an_answer_that_is_too_large_is_none_and_a_locked_key_is_no_attempt() {
    for endpoint in ["notification", "token"] {
        let mut world = notified();
        let held: Vec<_> = block_on(world.store.credentials()).unwrap();
        world.issuer.server.forget_access_tokens();
        world.set_down(Some((endpoint, TransportError::TooLarge)));
        block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
        assert_eq!(notices(&world), [Some(DeletionNotice::Waiting)], "{endpoint}");
        assert_eq!(deleted(&world).len(), 0);
        world.set_down(None);
        pass(&mut world, Duration::from_secs(60));
        block_on(world.wallet().tell_deletions(world.now)).unwrap();
        assert_eq!(notices(&world), [Some(DeletionNotice::Told)], "{endpoint}");
        assert_eq!(deleted(&world).len(), 1);

        world.keys.lock();
        block_on(world.wallet().delete(held[1].id, world.now)).unwrap();
        assert_eq!(deleted(&world).len(), 1);
        world.keys.unlock();
        block_on(world.wallet().tell_deletions(world.now)).unwrap();
        assert_eq!(deleted(&world).len(), 2, "at once");
    }
}

/// The access of what is gone is not kept for a key that nobody unlocks any more.
#[test]
fn a_deletion_that_cannot_be_tried_for_a_month_is_given_up() {
    let give_up = |world: &World, by_telling: bool| match by_telling {
        true => block_on(world.wallet().tell_deletions(world.now)).unwrap(),
        false => drop(block_on(world.wallet().recover(world.now)).unwrap()),
    };
    for by_telling in [true, false] {
        let mut world = notified();
        world.keys.lock();
        for held in block_on(world.store.credentials()).unwrap() {
            block_on(world.wallet().delete(held.id, world.now)).unwrap();
        }
        pass(&mut world, Duration::from_secs(29 * 86_400));
        give_up(&world, by_telling);
        assert_eq!(notices(&world), [Some(DeletionNotice::Waiting); 2]);
        pass(&mut world, Duration::from_secs(2 * 86_400));
        give_up(&world, by_telling);
        assert_eq!(notices(&world), [Some(DeletionNotice::NotReached); 2]);
        world.keys.unlock();
        block_on(world.wallet().tell_deletions(world.now)).unwrap();
        assert_eq!(deleted(&world).len(), 0);
        pass(&mut world, Duration::from_secs(2 * 86_400));
        block_on(world.wallet().recover(world.now)).unwrap();
        assert_eq!(
            block_on(world.store.flows()).unwrap().len(),
            0,
            "nor is its access"
        );
        assert_eq!(world.held(), (0, 0));
    }
}

/// What the person wanted is done, whatever is wrong with telling.
#[test]
fn a_deletion_fails_by_nothing_that_comes_after_it() {
    let mut failures = 0;
    for at in 0.. {
        let world = notified();
        let held: Vec<_> = block_on(world.store.credentials()).unwrap();
        world.faults.kill_at(Some((at, Side::Fails)));
        let deleting = block_on(world.wallet().delete(held[0].id, world.now));
        if world.faults.calls() <= at {
            break;
        }
        world.faults.kill_at(None);
        failures += 1;
        assert_eq!(deleting.is_ok(), world.held().0 == 1, "{at}: {deleting:?}");
    }
    assert!(failures >= 2, "it failed only {failures} times");
}

#[test]
fn without_the_key_of_the_access_nobody_is_told() {
    let world = notified();
    let held: Vec<_> = block_on(world.store.credentials()).unwrap();
    for flow in block_on(world.store.flows()).unwrap() {
        for key in flow.stage.keys() {
            world.keys.end(key);
        }
    }
    block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
    for flow in block_on(world.store.flows()).unwrap() {
        if let Stage::Receive(ReceiveStage::Renewable(issuing)) = flow.stage {
            assert_eq!((issuing.to_delete.len(), issuing.untold), (0, None));
        }
    }
}

/// Each of them had its day, since the last of them was tried at once.
#[test]
fn all_that_waited_for_an_issuer_that_failed_for_a_day_is_given_up() {
    let mut world = notified();
    answer_notifications(&world, Some(503));
    for held in block_on(world.store.credentials()).unwrap() {
        block_on(world.wallet().delete(held.id, world.now)).unwrap();
    }
    pass(&mut world, Duration::from_secs(25 * 3600));
    block_on(world.wallet().tell_deletions(world.now)).unwrap();
    assert_eq!(notices(&world), [Some(DeletionNotice::NotReached); 2]);
    answer_notifications(&world, None);
    block_on(world.wallet().tell_deletions(world.now)).unwrap();
    assert_eq!(deleted(&world).len(), 0);
}

/// Where the access is over, its end is written down with that of what could not be told.
#[test]
fn what_is_still_to_be_told_when_the_access_ends_is_told_no_more_and_the_history_says_so() {
    let world = notified();
    let held: Vec<_> = block_on(world.store.credentials()).unwrap();
    world.set_down(Some(("notification", TransportError::Unreachable)));
    block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
    assert_eq!(notices(&world), [Some(DeletionNotice::Waiting)]);
    world.issuer.server.forget_access_tokens();
    world.issuer.server.forget_refresh_tokens();
    let renewed = block_on(world.wallet().renew(held[1].id, world.now));
    assert!(
        matches!(renewed, Ok(ReceiveOutcome::NewOfferNeeded(_))),
        "{renewed:?}"
    );
    assert_eq!(notices(&world), [Some(DeletionNotice::NoAccess)]);
}

/// Such an address stays what it is: nobody waits for it to become another.
#[test]
fn an_address_that_the_wallet_never_goes_to_is_tried_once() {
    for endpoint in ["notification", "token"] {
        let world = notified();
        let held: Vec<_> = block_on(world.store.credentials()).unwrap();
        world.issuer.server.forget_access_tokens();
        world.set_down(Some((endpoint, TransportError::Refused)));
        block_on(world.wallet().delete(held[0].id, world.now)).unwrap();
        assert_eq!(notices(&world), [Some(DeletionNotice::NotReached)], "{endpoint}");
        world.set_down(None);
        block_on(world.wallet().tell_deletions(world.now)).unwrap();
        assert_eq!(deleted(&world).len(), 0, "{endpoint}");
    }
}

/// An issuer that has answered has a day again for what it is told next.
#[test]
fn what_is_told_ends_the_time_for_which_its_issuer_has_failed() {
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let mut is_half_told = false;
    for at in 0.. {
        let mut world = notified();
        world.set_down(Some(("notification", TransportError::Unreachable)));
        for held in block_on(world.store.credentials()).unwrap() {
            block_on(world.wallet().delete(held.id, world.now)).unwrap();
        }
        let tell = |world: &World| block_on(world.wallet().tell_deletions(world.now)).unwrap();
        pass(&mut world, hours(1));
        tell(&world);
        // It answers once, and then no more.
        world.set_down(None);
        pass(&mut world, hours(22));
        world.faults.kill_at(Some((at, Side::Fails)));
        let _ = block_on(world.wallet().tell_deletions(world.now));
        let is_over = world.faults.calls() <= at;
        world.faults.kill_at(None);
        if deleted(&world).len() == 1 && notices(&world).contains(&Some(DeletionNotice::Told)) {
            is_half_told = true;
            world.set_down(Some(("notification", TransportError::Unreachable)));
            pass(&mut world, hours(3));
            tell(&world);
            world.set_down(None);
            pass(&mut world, hours(5));
            tell(&world);
            assert_eq!(notices(&world), [Some(DeletionNotice::Told); 2], "{at}");
        }
        if is_over {
            break;
        }
    }
    assert!(is_half_told, "nothing failed between the two");
}
