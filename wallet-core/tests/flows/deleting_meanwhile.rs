//! What else is done while an issuer is told of a deletion: another deletion, a renewal of what is held of the same receipt, a lock.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use symbolon_wallet_core::receive::{ReceiveOutcome, ReceiveStage};
use symbolon_wallet_core::record::{DeletionNotice, HistoryEvent, Stage};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{CredentialId, Resumed, Wallet, WalletError, WalletStore as _};

use crate::deleting::{answer_notifications, deleted, notices, notified, notified_of};
use crate::support::authorization::Abilities;
use crate::support::network::meanwhile;
use crate::support::refreshing::SecondUse;
use crate::support::{Side, World};

/// What two that work at the same time have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sharing {
    Wallet,
    /// The store that one of them opened, as of an app that opens one person's wallet twice.
    Store,
    /// What is stored, as of two processes. No store of ours lets a second one in.
    Records,
}

impl Sharing {
    fn wallets(self, world: &World) -> (Wallet, Wallet) {
        let ports = world.ports();
        let one = world.wallet_on(ports.clone());
        let other = match self {
            Self::Wallet => one.clone(),
            Self::Store => world.wallet_on(ports),
            Self::Records => world.wallet(),
        };
        (one, other)
    }
}

/// The access of one receipt is renewed for the first, while the other one changes the same receipt. Each refresh token is good for once.
#[test]
fn two_deletions_close_together_are_both_told_and_lose_no_access() {
    let mut pauses = 0;
    for sharing in [Sharing::Wallet, Sharing::Store, Sharing::Records] {
        for side in [Side::PausedBefore, Side::PausedAfter] {
            for at in 0.. {
                let world = notified_of(3);
                let held: Vec<_> = block_on(world.store.credentials()).unwrap();
                world.issuer.server.forget_access_tokens();
                let (wallet, other) = sharing.wallets(&world);
                let mut is_paused = false;
                world.faults.kill_at(Some((at, side)));
                let deleting = meanwhile(wallet.delete(held[0].id, world.now), || {
                    is_paused = true;
                    world.faults.kill_at(None);
                    assert_eq!(
                        block_on(other.delete(held[1].id, world.now)),
                        Ok(()),
                        "{side:?} {at}"
                    );
                });
                world.faults.kill_at(None);
                assert_eq!(deleting, Ok(()), "{sharing:?} {side:?} {at}");
                if !is_paused {
                    break;
                }
                pauses += 1;
                // Two processes would not know of each other, and the server tells the second one that there is no access.
                if sharing != Sharing::Records {
                    assert_eq!(deleted(&world).len(), 2, "{sharing:?} {side:?} {at}");
                    assert_eq!(
                        notices(&world),
                        [Some(DeletionNotice::Told); 2],
                        "{sharing:?} {side:?} {at}"
                    );
                }
                world.issuer.server.forget_access_tokens();
                assert!(
                    is_stored(&block_on(wallet.renew(held[2].id, world.now))),
                    "{sharing:?} {side:?} {at}"
                );
            }
        }
    }
    assert!(pauses >= 24, "the walk paused only {pauses} times");
}

/// Whoever tells may be past the receipt that another deletion is of.
#[test]
fn what_is_deleted_of_another_receipt_meanwhile_is_told_in_the_same_turn() {
    let mut pauses = 0;
    for (one, another) in [(0, 1), (1, 0)] {
        for at in 0.. {
            let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
            world.issuer.server.give_refresh_tokens();
            answer_notifications(&world, None);
            world.receive_by_sign_in();
            world.receive_by_sign_in();
            let held: Vec<_> = block_on(world.store.credentials()).unwrap();
            let (wallet, other) = Sharing::Store.wallets(&world);
            let mut is_paused = false;
            world.faults.kill_at(Some((at, Side::PausedAfter)));
            let deleting = meanwhile(wallet.delete(held[one].id, world.now), || {
                is_paused = true;
                world.faults.kill_at(None);
                block_on(other.delete(held[another].id, world.now)).unwrap();
            });
            world.faults.kill_at(None);
            assert_eq!(deleting, Ok(()), "{one} {at}");
            if !is_paused {
                break;
            }
            pauses += 1;
            assert_eq!(deleted(&world).len(), 2, "{one} {at}");
            assert_eq!(notices(&world), [Some(DeletionNotice::Told); 2], "{one} {at}");
        }
    }
    assert!(pauses >= 6, "the walk paused only {pauses} times");
}

fn is_stored(renewed: &Result<ReceiveOutcome, WalletError>) -> bool {
    matches!(renewed, Ok(ReceiveOutcome::Stored { .. }))
}

/// What the history says of the deletion of this credential.
fn notice_of(world: &World, id: CredentialId) -> Option<DeletionNotice> {
    let history = block_on(world.wallet().history()).unwrap();
    let notice = history.into_iter().find_map(|entry| match entry.event {
        HistoryEvent::Deleted {
            credential, notice, ..
        } if credential == id => Some(notice),
        _ => None,
    });
    notice.flatten()
}

/// What renews the access of the one receipt.
fn refresh_token(world: &World) -> Option<String> {
    let flows = block_on(world.store.flows()).unwrap();
    flows.into_iter().find_map(|flow| match flow.stage {
        Stage::Receive(ReceiveStage::Renewable(issuing)) => {
            issuing.refresh_token.map(|token| token.expose().to_owned())
        }
        _ => None,
    })
}

/// What is held of the same receipt is issued again while its issuer is told. Where the server takes a refresh token twice, what the renewal was
/// given stays; where it does not, each is spent once.
#[test]
fn a_deletion_and_a_renewal_close_together_do_not_end_the_access() {
    for second_use in [SecondUse::IsRefused, SecondUse::IsTaken, SecondUse::EndsTheAccess] {
        let (mut pauses, mut lost) = (0, 0);
        for side in [Side::PausedBefore, Side::PausedAfter] {
            for at in 0.. {
                let world = notified();
                world.issuer.server.set_second_use(second_use);
                match renewed_meanwhile(&world, at, side) {
                    Meanwhile::NotPaused => break,
                    Meanwhile::Both => {}
                    Meanwhile::Lost => lost += 1,
                }
                pauses += 1;
            }
        }
        assert!(
            pauses >= 12,
            "{second_use:?}: the walk paused only {pauses} times"
        );
        // The server is asked several times, because it wants a challenge and a nonce. From then on until its answer is written down nobody else
        // can know of it.
        let expected = match second_use {
            SecondUse::IsTaken => 0,
            SecondUse::IsRefused => 2,
            SecondUse::EndsTheAccess => 9,
        };
        assert_eq!(lost, expected, "{second_use:?}");
    }
}

/// What came of a deletion and a renewal.
enum Meanwhile {
    NotPaused,
    Both,
    /// The access is over.
    Lost,
}

fn renewed_meanwhile(world: &World, at: usize, side: Side) -> Meanwhile {
    let held: Vec<_> = block_on(world.store.credentials()).unwrap();
    world.issuer.server.forget_access_tokens();
    let (wallet, other) = Sharing::Wallet.wallets(world);
    let (mut renewed, mut given) = (None, None);
    world.faults.kill_at(Some((at, side)));
    let deleting = meanwhile(wallet.delete(held[0].id, world.now), || {
        world.faults.kill_at(None);
        renewed = Some(block_on(other.renew(held[1].id, world.now)));
        given = refresh_token(world);
    });
    world.faults.kill_at(None);
    let case = format!("{side:?} {at}");
    let Some(renewed) = renewed else {
        assert_eq!(deleting, Ok(()), "{case}");
        return Meanwhile::NotPaused;
    };
    if deleting == Err(WalletError::NotFound) {
        // What was to be deleted was issued again just before: there is another one in its place.
        assert_eq!(world.held().0, 2, "{case}");
        return Meanwhile::Both;
    }
    assert_eq!(deleting, Ok(()), "{case}");
    let left = block_on(world.store.credentials()).unwrap();
    assert_eq!(left.len(), 1, "{case}");
    if !is_stored(&renewed) || refresh_token(world) != given {
        return Meanwhile::Lost;
    }
    block_on(wallet.tell_deletions(world.now)).unwrap();
    let told = (deleted(world).len(), notice_of(world, held[0].id));
    world.issuer.server.forget_access_tokens();
    if !is_stored(&block_on(wallet.renew(left[0].id, world.now))) {
        return Meanwhile::Lost;
    }
    assert_eq!(told, (1, Some(DeletionNotice::Told)), "{case}");
    Meanwhile::Both
}

/// The renewal has begun and sent nothing yet when what a deletion was given is written down: it goes on with that.
#[test]
fn a_renewal_that_has_begun_goes_on_with_what_a_deletion_was_given() {
    let (mut pauses, mut conflicts) = (0, 0);
    for side in [Side::PausedBefore, Side::PausedAfter] {
        for at in 0.. {
            let case = format!("{side:?} {at}");
            let world = notified();
            let held: Vec<_> = block_on(world.store.credentials()).unwrap();
            let flow = block_on(world.store.flows()).unwrap()[0].id;
            world.issuer.server.forget_access_tokens();
            let (wallet, other) = Sharing::Wallet.wallets(&world);
            let mut renewing = pin!(other.renew(held[1].id, world.now));
            let mut early = None;
            let mut is_paused = false;
            world.faults.kill_at(Some((at, side)));
            let deleting = meanwhile(wallet.delete(held[0].id, world.now), || {
                is_paused = true;
                // Its first two records say that it is about to be sent.
                world.faults.kill_at(Some((1, Side::PausedAfter)));
                let polled = renewing.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                world.faults.kill_at(None);
                if let Poll::Ready(renewed) = polled {
                    early = Some(renewed);
                }
            });
            world.faults.kill_at(None);
            if !is_paused {
                assert_eq!(deleting, Ok(()), "{case}");
                break;
            }
            pauses += 1;
            assert!(early.is_none(), "{case}: {early:?}");
            let renewed = block_on(renewing);
            if renewed == Err(WalletError::Conflict) {
                conflicts += 1;
                let resumed = block_on(wallet.resume(flow, world.now));
                assert!(
                    matches!(resumed, Ok(Resumed::Receiving(ReceiveOutcome::Stored { .. }))),
                    "{case}: {resumed:?}"
                );
            } else {
                assert!(is_stored(&renewed), "{case}: {renewed:?}");
            }
            if deleting == Err(WalletError::NotFound) {
                continue;
            }
            assert_eq!(deleting, Ok(()), "{case}");
            let left = block_on(world.store.credentials()).unwrap();
            block_on(wallet.tell_deletions(world.now)).unwrap();
            assert_eq!(left.len(), 1, "{case}");
            // Where the renewal had begun when the issuer had heard, that was not written down: it is told again rather than never.
            assert!(matches!(deleted(&world).len(), 1 | 2), "{case}");
            world.issuer.server.forget_access_tokens();
            assert!(
                is_stored(&block_on(wallet.renew(left[0].id, world.now))),
                "{case}"
            );
        }
    }
    assert!(pauses >= 12, "the walk paused only {pauses} times");
    assert!(conflicts >= 1, "nothing was given while it had begun");
}

/// A key that waits for the person is no failure of the issuer's, wherever it begins to wait.
#[test]
fn a_key_that_is_locked_half_way_is_no_attempt() {
    let mut pauses = 0;
    for at in 0.. {
        let world = notified();
        let held: Vec<_> = block_on(world.store.credentials()).unwrap();
        world.issuer.server.forget_access_tokens();
        let wallet = world.wallet();
        let mut is_paused = false;
        world.faults.kill_at(Some((at, Side::PausedAfter)));
        let deleting = meanwhile(wallet.delete(held[0].id, world.now), || {
            is_paused = true;
            world.faults.kill_at(None);
            world.keys.lock();
        });
        world.faults.kill_at(None);
        assert_eq!(deleting, Ok(()), "{at}");
        if !is_paused {
            break;
        }
        pauses += 1;
        world.keys.unlock();
        block_on(wallet.tell_deletions(world.now)).unwrap();
        assert_eq!(deleted(&world).len(), 1, "{at}: at once");
        assert_eq!(notices(&world), [Some(DeletionNotice::Told)], "{at}");
    }
    assert!(pauses >= 5, "the walk paused only {pauses} times");
}
