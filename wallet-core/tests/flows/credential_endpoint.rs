//! Batches, deferred credentials, encryption, notifications and attested keys.

use std::time::Duration;

use symbolon_protocol::openid4vci::encryption::EncryptionDemand;
use symbolon_protocol::openid4vci::notification::NotificationEvent;
use symbolon_wallet_core::receive::{CredentialProblem, ReceiptProblem, ReceiveOutcome};
use symbolon_wallet_core::testing::{block_on, poll_once};
use symbolon_wallet_core::{FlowId, Resumed, WalletStore as _};

use crate::support::endpoint::{KeyAttester, Offered};
use crate::support::issuer::IssuerTrick;
use crate::support::{Side, World};

const INTERVAL: Duration = Duration::from_secs(60);

fn world(offered: Offered, copies: usize) -> World {
    let mut world = World::new();
    world.issuer.endpoint.set(offered);
    world.copies = copies;
    world
}

fn accept(world: &World) -> (FlowId, ReceiveOutcome) {
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    (offer.flow, outcome)
}

fn resume(world: &World, flow: FlowId) -> ReceiveOutcome {
    match block_on(world.wallet().resume(flow, world.now)).unwrap() {
        Resumed::Receiving(outcome) => outcome,
        Resumed::Presenting(outcome) => panic!("{outcome:?}"),
        outcome @ Resumed::AtOrigin(_) => panic!("{outcome:?}"),
    }
}

fn refused(outcome: &ReceiveOutcome) -> ReceiptProblem {
    match outcome {
        ReceiveOutcome::Refused { problem, .. } => *problem,
        other => panic!("{other:?}"),
    }
}

/// One credential is held, with so many copies; each has a key of its own, and there are no others.
fn check_held(world: &World, copies: usize) {
    let held = block_on(world.store.credentials()).unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].copies.len(), copies);
    let keys: std::collections::BTreeSet<_> = held[0].keys().collect();
    assert_eq!(keys.len(), copies + 1);
    assert_eq!(world.held(), (1, copies + 1));
}

fn batch() -> Offered {
    Offered {
        batch_size: Some(4),
        ..Offered::default()
    }
}

#[test]
fn a_wallet_gets_as_many_copies_as_it_wants_and_the_issuer_makes_each_for_a_key_of_its_own() {
    for (wanted, copies) in [(1, 0), (3, 2), (9, 3)] {
        let world = world(batch(), wanted);
        assert!(matches!(accept(&world).1, ReceiveOutcome::Stored { .. }));
        check_held(&world, copies);
        assert_eq!(world.history_length(), 1, "one credential, whatever its copies");
    }
    // Where the issuer makes one at a time, there is one.
    let world = world(Offered::default(), 3);
    accept(&world);
    check_held(&world, 0);
}

#[test]
fn an_issuer_may_issue_fewer_and_the_keys_without_a_credential_go() {
    let world = world(
        Offered {
            most: Some(2),
            ..batch()
        },
        4,
    );
    accept(&world);
    check_held(&world, 1);
}

#[test]
fn more_credentials_than_keys_or_two_for_one_key_are_refused() {
    let world = world(batch(), 2);
    world.issuer.set_trick(IssuerTrick::TwoCredentials);
    assert_eq!(refused(&accept(&world).1), ReceiptProblem::CredentialResponse);
    assert_eq!(world.held(), (0, 0));
    let world = self::world(
        Offered {
            most: Some(2),
            ..batch()
        },
        3,
    );
    world.issuer.set_trick(IssuerTrick::CredentialForAnotherKey);
    let problem = ReceiptProblem::Credential(CredentialProblem::AnotherKey);
    assert_eq!(refused(&accept(&world).1), problem);
    assert_eq!(world.held(), (0, 0));
}

#[test]
fn a_batch_survives_death_at_every_call() {
    survives_death(
        Offered {
            notifications: true,
            ..batch()
        },
        3,
        |world| check_held(world, 2),
    );
}

#[test]
fn a_deferred_credential_is_asked_for_again_when_it_is_time() {
    let mut world = world(
        Offered {
            waits: Some(2),
            ..batch()
        },
        2,
    );
    let (flow, outcome) = accept(&world);
    let until = world.now.plus(INTERVAL);
    assert_eq!(outcome, ReceiveOutcome::Deferred { until });
    let requests = world.requests().len();
    assert_eq!(resume(&world, flow), ReceiveOutcome::Deferred { until });
    assert_eq!(world.requests().len(), requests, "not before it is time");
    world.now = until;
    let until = world.now.plus(INTERVAL);
    assert_eq!(resume(&world, flow), ReceiveOutcome::Deferred { until });
    world.now = until;
    assert!(matches!(resume(&world, flow), ReceiveOutcome::Stored { .. }));
    check_held(&world, 1);
    let recovered = block_on(world.wallet().recover(world.now)).unwrap();
    assert_eq!(recovered.deleted_keys, 0);
}

#[test]
fn a_deferred_credential_that_never_comes_ends_without_a_trace() {
    for (denies, problem) in [
        (true, ReceiptProblem::Denied),
        (false, ReceiptProblem::TransactionGone),
    ] {
        let mut world = world(
            Offered {
                waits: Some(1),
                denies_in_the_end: denies,
                ..Offered::default()
            },
            1,
        );
        let (flow, _) = accept(&world);
        if !denies {
            // Somebody else fetched it.
            world.issuer.endpoint.fetch("transaction-0");
        }
        world.now = world.now.plus(INTERVAL);
        assert_eq!(refused(&resume(&world, flow)), problem);
        assert_eq!(world.held(), (0, 0));
    }
}

#[test]
fn waiting_survives_death_at_every_call() {
    let deferring = || Offered {
        waits: Some(1),
        notifications: true,
        encryption: Some(EncryptionDemand::Required),
        ..Offered::default()
    };
    for side in [Side::Before, Side::After] {
        for number in 0..100 {
            let mut world = world(deferring(), 1);
            let (flow, _) = accept(&world);
            world.now = world.now.plus(INTERVAL);
            world.faults.kill_at(Some((number, side)));
            let first = poll_once(world.wallet().resume(flow, world.now));
            world.faults.kill_at(None);
            if first.is_some() {
                break;
            }
            block_on(world.wallet().recover(world.now)).unwrap();
            let outcome = resume(&world, flow);
            match (&outcome, world.held()) {
                (ReceiveOutcome::Stored { .. }, (1, 1)) => {}
                // The issuer hands it out once: the answer was lost with the process.
                (ReceiveOutcome::Refused { problem, .. }, (0, 0)) => {
                    assert_eq!(*problem, ReceiptProblem::TransactionGone);
                    assert_eq!(
                        number,
                        if side == Side::After { 0 } else { 1 },
                        "{side:?} call {number}"
                    );
                }
                (_, held) => panic!("{side:?} call {number}: {outcome:?} {held:?}"),
            }
        }
    }
}

#[test]
fn what_an_issuer_offers_or_demands_to_encrypt_is_encrypted() {
    for demand in [EncryptionDemand::Offered, EncryptionDemand::Required] {
        let world = world(
            Offered {
                encryption: Some(demand),
                ..Offered::default()
            },
            1,
        );
        assert!(matches!(accept(&world).1, ReceiveOutcome::Stored { .. }));
        check_held(&world, 0);
    }
}

#[test]
fn an_answer_in_the_clear_to_a_request_for_an_encrypted_one_is_refused() {
    let world = world(
        Offered {
            encryption: Some(EncryptionDemand::Offered),
            answers_in_the_clear: true,
            ..Offered::default()
        },
        1,
    );
    assert_eq!(refused(&accept(&world).1), ReceiptProblem::CredentialResponse);
    assert_eq!(world.held(), (0, 0));
}

#[test]
fn a_key_that_the_issuer_has_changed_is_fetched_anew() {
    let mut world = world(
        Offered {
            waits: Some(1),
            encryption: Some(EncryptionDemand::Required),
            ..Offered::default()
        },
        1,
    );
    let (flow, _) = accept(&world);
    world.issuer.endpoint.change_key();
    world.now = world.now.plus(INTERVAL);
    assert!(matches!(resume(&world, flow), ReceiveOutcome::Stored { .. }));
    check_held(&world, 0);
}

#[test]
fn the_issuer_is_told_what_was_accepted_and_what_failed() {
    let notifying = Offered {
        notifications: true,
        ..Offered::default()
    };
    let world = world(notifying.clone(), 1);
    accept(&world);
    let accepted = ("notification-1".to_owned(), NotificationEvent::CredentialAccepted);
    assert_eq!(world.issuer.endpoint.told(), [accepted]);

    let world = self::world(notifying, 1);
    world.issuer.set_trick(IssuerTrick::CredentialExpired);
    refused(&accept(&world).1);
    let failed = ("notification-1".to_owned(), NotificationEvent::CredentialFailure);
    assert_eq!(world.issuer.endpoint.told(), [failed]);
}

#[test]
fn an_issuer_that_does_not_hear_changes_nothing() {
    let world = world(
        Offered {
            notifications: true,
            ..Offered::default()
        },
        1,
    );
    world.set_down(Some((
        "/notification",
        symbolon_wallet_core::TransportError::Unreachable,
    )));
    assert!(matches!(accept(&world).1, ReceiveOutcome::Stored { .. }));
    check_held(&world, 0);
}

#[test]
fn keys_are_attested_where_the_issuer_demands_it_and_somebody_attests_them() {
    let attester = KeyAttester::new(World::new().now);
    let demanding = Offered {
        attester: Some(attester.anchor.clone()),
        ..batch()
    };
    let mut world = world(demanding.clone(), 3);
    world.key_attester = Some(attester);
    assert!(matches!(accept(&world).1, ReceiveOutcome::Stored { .. }));
    check_held(&world, 2);

    let world = self::world(demanding, 1);
    assert_eq!(refused(&accept(&world).1), ReceiptProblem::NothingSupported);
}

/// Kills the process at every call of a receipt; it is made good by the next.
fn survives_death(offered: Offered, copies: usize, check: impl Fn(&World)) {
    for side in [Side::Before, Side::After] {
        for number in 0..100 {
            let world = world(offered.clone(), copies);
            let link = world.issuer.offer(None);
            let offer = block_on(world.wallet().receive_offer(&link, world.now)).unwrap();
            world.faults.kill_at(Some((number, side)));
            let first = poll_once(world.wallet().accept_offer(offer.flow, None, world.now));
            world.faults.kill_at(None);
            if first.is_some() {
                check(&world);
                break;
            }
            block_on(world.wallet().recover(world.now)).unwrap();
            let outcome = match resume(&world, offer.flow) {
                ReceiveOutcome::AwaitingConsent(offer) => {
                    block_on(world.wallet().accept_offer(offer.flow, None, world.now)).unwrap()
                }
                outcome => outcome,
            };
            match outcome {
                ReceiveOutcome::Stored { .. } => check(&world),
                // The code was lost between the issuer's answer and its record.
                ReceiveOutcome::NewOfferNeeded(_) => assert_eq!(world.held(), (0, 0)),
                other => panic!("{side:?} call {number}: {other:?}"),
            }
        }
    }
}
