//! The process dies before or after every call of network and store, and again while it recovers.

use std::collections::BTreeSet;

use serde_json::json;
use symbolon_wallet_core::present::{Decision, PresentOutcome};
use symbolon_wallet_core::receive::{NewOfferReason, ReceiveOutcome};
use symbolon_wallet_core::testing::{block_on, poll_once};
use symbolon_wallet_core::{FlowId, Resumed, WalletError, WalletStore as _};

use crate::support::authorization::{Abilities, Answer};
use crate::support::issuer::TX_CODE;
use crate::support::world::{code, french, page};
use crate::support::{Kind, Side, World};

/// More calls than a flow makes.
const ENOUGH: usize = 100;
const SIDES: [Side; 2] = [Side::Before, Side::After];

/// Goes on with a receipt until it is over, as an app does that shows what it is told to show.
async fn finish_receipt(world: &World, flow: FlowId) -> Result<ReceiveOutcome, WalletError> {
    let wallet = world.wallet();
    wallet.recover(world.now).await?;
    match wallet.resume(flow, world.now).await? {
        Resumed::Receiving(ReceiveOutcome::AwaitingConsent(offer)) => {
            wallet
                .accept_offer(offer.flow, Some(code(TX_CODE)), world.now)
                .await
        }
        Resumed::Receiving(outcome) => Ok(outcome),
        Resumed::Presenting(outcome) => panic!("{outcome:?}"),
        outcome @ Resumed::AtOrigin(_) => panic!("{outcome:?}"),
    }
}

/// The wallet after a receipt: whole, or without a trace.
fn check_receipt(world: &World, outcome: &ReceiveOutcome, at: &str) {
    match outcome {
        ReceiveOutcome::Stored { credentials, .. } => {
            assert_eq!(credentials.len(), 1, "{at}");
            assert_eq!(world.held(), (1, 1), "{at}");
            assert_eq!(world.history_length(), 1, "{at}");
        }
        ReceiveOutcome::NewOfferNeeded(NewOfferReason::AnswerLost) => {
            assert_eq!(world.held(), (0, 0), "{at}");
            assert_eq!(world.history_length(), 0, "{at}");
        }
        other => panic!("{at}: {other:?}"),
    }
    let recovered = block_on(world.wallet().recover(world.now)).unwrap();
    assert_eq!(
        (recovered.unfinished.len(), recovered.deleted_keys),
        (0, 0),
        "{at}"
    );
}

#[test]
fn a_receipt_survives_death_at_every_call() {
    let mut lost = BTreeSet::new();
    let mut deaths = 0;
    for side in SIDES {
        for number in 0..ENOUGH {
            let world = World::new();
            let offer = block_on(
                world
                    .wallet()
                    .receive_offer(&world.issuer.offer(Some(TX_CODE)), world.now),
            )
            .unwrap();
            world.faults.kill_at(Some((number, side)));
            let first = poll_once(
                world
                    .wallet()
                    .accept_offer(offer.flow, Some(code(TX_CODE)), world.now),
            );
            world.faults.kill_at(None);
            let at = format!("{side:?} call {number}");
            if let Some(outcome) = first {
                assert!(
                    matches!(outcome, Ok(ReceiveOutcome::Stored { .. })),
                    "{at}: {outcome:?}"
                );
                break;
            }
            deaths += 1;
            let outcome = block_on(finish_receipt(&world, offer.flow)).unwrap();
            check_receipt(&world, &outcome, &at);
            if matches!(outcome, ReceiveOutcome::NewOfferNeeded(_)) {
                lost.insert(at);
            }
        }
    }
    // Writes and requests: consent, metadata twice, plan, token sent, token, access, key, nonce, credential, kept, done.
    assert_eq!(deaths, 24);
    // The code is lost only between the issuer's answer and its record.
    assert_eq!(
        lost.into_iter().collect::<Vec<_>>(),
        ["After call 5", "Before call 6"]
    );
}

#[test]
fn a_receipt_survives_a_second_death_while_it_recovers() {
    for (side, second_side) in SIDES
        .into_iter()
        .flat_map(|side| SIDES.map(|second| (side, second)))
    {
        'first: for number in 0..ENOUGH {
            for second in 0..ENOUGH {
                let world = World::new();
                let link = world.issuer.offer(Some(TX_CODE));
                let offer = block_on(world.wallet().receive_offer(&link, world.now)).unwrap();
                world.faults.kill_at(Some((number, side)));
                let first = poll_once(world.wallet().accept_offer(
                    offer.flow,
                    Some(code(TX_CODE)),
                    world.now,
                ));
                if first.is_some() {
                    break 'first;
                }
                world.faults.kill_at(Some((second, second_side)));
                let recovery = poll_once(finish_receipt(&world, offer.flow));
                world.faults.kill_at(None);
                let outcome = block_on(finish_receipt(&world, offer.flow)).unwrap();
                check_receipt(
                    &world,
                    &outcome,
                    &format!("{side:?} {number}, {second_side:?} {second}"),
                );
                if recovery.is_some() {
                    break;
                }
            }
        }
    }
}

#[test]
fn an_offer_survives_death_while_it_is_read() {
    for side in SIDES {
        let world = World::new();
        let link = world.issuer.offer(None);
        world.faults.kill_at(Some((0, side)));
        assert!(poll_once(world.wallet().receive_offer(&link, world.now)).is_none());
        world.faults.kill_at(None);
        let unfinished = block_on(world.wallet().recover(world.now)).unwrap().unfinished;
        assert_eq!(unfinished.len(), usize::from(side == Side::After));
        world.receive_link(&link);
    }
}

#[test]
fn a_key_that_was_created_and_not_written_down_is_deleted() {
    let world = World::new();
    let offer = block_on(world.wallet().receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    // Before the write that names the key: consent, two fetches, plan, sent, token, access, then the key.
    world.faults.kill_at(Some((7, Side::Before)));
    assert!(poll_once(world.wallet().accept_offer(offer.flow, None, world.now)).is_none());
    world.faults.kill_at(None);
    assert_eq!(world.held(), (0, 1), "the key is there and nobody knows of it");
    let recovered = block_on(world.wallet().recover(world.now)).unwrap();
    assert_eq!(
        (recovered.unfinished, recovered.deleted_keys),
        (vec![offer.flow], 1)
    );
    assert_eq!(world.held(), (0, 0));
    let outcome = block_on(finish_receipt(&world, offer.flow)).unwrap();
    check_receipt(&world, &outcome, "after the recovery");
}

/// Goes on with a presentation until it is over.
async fn finish_presentation(world: &World, flow: FlowId) -> Result<PresentOutcome, WalletError> {
    let wallet = world.wallet();
    wallet.recover(world.now).await?;
    match wallet.resume(flow, world.now).await? {
        Resumed::Presenting(PresentOutcome::AwaitingConsent(request)) => {
            wallet
                .answer_request(
                    request.flow,
                    Decision::Share(request.smallest_choice().unwrap()),
                    world.now,
                )
                .await
        }
        Resumed::Presenting(outcome) => Ok(outcome),
        Resumed::Receiving(outcome) => panic!("{outcome:?}"),
        outcome @ Resumed::AtOrigin(_) => panic!("{outcome:?}"),
    }
}

#[test]
fn a_presentation_survives_death_at_every_call_and_is_always_in_the_history() {
    let mut deaths = 0;
    for side in SIDES {
        for number in 0..ENOUGH {
            let world = World::new();
            world.receive();
            let link = world.verifier.request();
            let request = block_on(world.wallet().present(&link, &french(), world.now)).unwrap();
            let choice = request.smallest_choice().unwrap();
            world.faults.kill_at(Some((number, side)));
            let first = poll_once(world.wallet().answer_request(
                request.flow,
                Decision::Share(choice),
                world.now,
            ));
            world.faults.kill_at(None);
            let at = format!("{side:?} call {number}");
            if let Some(outcome) = first {
                assert!(
                    matches!(outcome, Ok(PresentOutcome::Presented { .. })),
                    "{at}: {outcome:?}"
                );
                break;
            }
            deaths += 1;
            let outcome = block_on(finish_presentation(&world, request.flow)).unwrap();
            match outcome {
                PresentOutcome::Presented { .. } => {}
                // The verifier takes a nonce once, so it refuses the second copy of an answer that it has.
                PresentOutcome::Unconfirmed { .. } => assert!(world.verifier.answered(), "{at}"),
                other => panic!("{at}: {other:?}"),
            }
            assert!(world.verifier.answered(), "{at}");
            assert_eq!(world.history_length(), 2, "{at}: received, and presented once");
            let recovered = block_on(world.wallet().recover(world.now)).unwrap();
            assert!(recovered.unfinished.is_empty(), "{at}");
        }
    }
    // Consent, signed, post, done.
    assert_eq!(deaths, 8);
}

/// Every format goes through the same stages; what differs is what is verified, kept and signed at each.
#[test]
fn a_receipt_of_each_format_survives_death_at_every_call() {
    for kind in [Kind::Mdoc, Kind::Jwt, Kind::EddsaRdfc, Kind::EcdsaSd] {
        for side in SIDES {
            for number in 0..ENOUGH {
                let world = World::new();
                let link = world.issuer.offer_of(&[kind.configuration()]);
                let offer = block_on(world.wallet().receive_offer(&link, world.now)).unwrap();
                world.faults.kill_at(Some((number, side)));
                let first = poll_once(world.wallet().accept_offer(offer.flow, None, world.now));
                world.faults.kill_at(None);
                let at = format!("{kind:?} {side:?} call {number}");
                if let Some(outcome) = first {
                    assert!(
                        matches!(outcome, Ok(ReceiveOutcome::Stored { .. })),
                        "{at}: {outcome:?}"
                    );
                    break;
                }
                let outcome = block_on(finish_receipt(&world, offer.flow)).unwrap();
                check_receipt(&world, &outcome, &at);
            }
        }
    }
}

#[test]
fn a_presentation_of_each_format_survives_death_at_every_call() {
    for kind in [Kind::Mdoc, Kind::Jwt, Kind::EddsaRdfc, Kind::EcdsaSd] {
        for side in SIDES {
            for number in 0..ENOUGH {
                let world = World::new();
                world.receive_kind(kind);
                let query = kind.query("identity", &[kind.path(&["given_name"])]);
                world.verifier.set_query(json!({ "credentials": [query] }));
                let link = world.verifier.request();
                let request = block_on(world.wallet().present(&link, &french(), world.now)).unwrap();
                let choice = request.smallest_choice().unwrap();
                world.faults.kill_at(Some((number, side)));
                let first = poll_once(world.wallet().answer_request(
                    request.flow,
                    Decision::Share(choice),
                    world.now,
                ));
                world.faults.kill_at(None);
                let at = format!("{kind:?} {side:?} call {number}");
                if let Some(outcome) = first {
                    assert!(
                        matches!(outcome, Ok(PresentOutcome::Presented { .. })),
                        "{at}: {outcome:?}"
                    );
                    break;
                }
                block_on(finish_presentation(&world, request.flow)).unwrap();
                assert!(world.verifier.answered(), "{at}");
                assert_eq!(world.history_length(), 2, "{at}: received, and presented once");
            }
        }
    }
}

#[test]
fn a_locked_key_waits_in_every_format_and_goes_on_when_it_is_unlocked() {
    for kind in Kind::ALL {
        let world = World::new();
        world.keys.lock();
        let wallet = world.wallet();
        let link = world.issuer.offer_of(&[kind.configuration()]);
        let offer = block_on(wallet.receive_offer(&link, world.now)).unwrap();
        let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
        assert_eq!(outcome, ReceiveOutcome::KeyLocked, "{kind:?}");
        world.keys.unlock();
        let outcome = block_on(finish_receipt(&world, offer.flow)).unwrap();
        check_receipt(&world, &outcome, &format!("{kind:?}"));

        let query = kind.query("identity", &[]);
        world.verifier.set_query(json!({ "credentials": [query] }));
        let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
        world.keys.lock();
        let choice = request.smallest_choice().unwrap();
        let outcome =
            block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
        assert_eq!(outcome, PresentOutcome::KeyLocked, "{kind:?}");
        assert!(!world.verifier.answered());
        world.keys.unlock();
        let outcome = block_on(finish_presentation(&world, request.flow)).unwrap();
        assert!(matches!(outcome, PresentOutcome::Presented { .. }), "{kind:?}");
    }
}

/// Goes on with a sign-in until it is over, as an app does that opens the page when it is told to, unless the browser has
/// come back already.
async fn finish_sign_in(
    world: &World,
    flow: FlowId,
    redirect: Option<&str>,
) -> Result<ReceiveOutcome, WalletError> {
    let wallet = world.wallet();
    wallet.recover(world.now).await?;
    let mut outcome = match wallet.resume(flow, world.now).await? {
        Resumed::Receiving(outcome) => outcome,
        Resumed::Presenting(outcome) => panic!("{outcome:?}"),
        outcome @ Resumed::AtOrigin(_) => panic!("{outcome:?}"),
    };
    if let ReceiveOutcome::AwaitingConsent(offer) = outcome {
        outcome = wallet.accept_offer(offer.flow, None, world.now).await?;
    }
    if let ReceiveOutcome::SignInNeeded { url } = &outcome {
        let redirect = match redirect {
            Some(redirect) => redirect.to_owned(),
            None => world.issuer.server.open_page(url, Answer::SignsIn),
        };
        outcome = wallet.complete_sign_in(flow, &redirect, world.now).await?;
    }
    Ok(outcome)
}

/// The wallet after a sign-in: whole, or without a trace.
fn check_sign_in(world: &World, outcome: &ReceiveOutcome, at: &str) {
    match outcome {
        ReceiveOutcome::Stored { credentials, .. } => {
            assert_eq!(credentials.len(), 1, "{at}");
            // One of the credential, one of the access that can be renewed.
            assert_eq!(world.held(), (1, 2), "{at}");
            assert_eq!(world.history_length(), 1, "{at}");
        }
        ReceiveOutcome::NewOfferNeeded(NewOfferReason::AnswerLost) => {
            assert_eq!(world.held(), (0, 0), "{at}");
            assert_eq!(world.history_length(), 0, "{at}");
        }
        other => panic!("{at}: {other:?}"),
    }
    let recovered = block_on(world.wallet().recover(world.now)).unwrap();
    let found = (recovered.unfinished.len(), recovered.deleted_keys);
    assert_eq!(found, (0, 0), "{at}");
}

#[test]
fn a_sign_in_survives_death_at_every_call_before_the_page_is_open() {
    let mut deaths = 0;
    for side in SIDES {
        for number in 0..ENOUGH {
            let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
            world.issuer.server.give_refresh_tokens();
            let link = world.issuer.offer_to_sign_in();
            let offer = block_on(world.wallet().receive_offer(&link, world.now)).unwrap();
            world.faults.kill_at(Some((number, side)));
            let first = poll_once(world.wallet().accept_offer(offer.flow, None, world.now));
            world.faults.kill_at(None);
            let at = format!("{side:?} call {number}");
            if let Some(outcome) = first {
                page(&outcome.unwrap());
                break;
            }
            deaths += 1;
            let outcome = block_on(finish_sign_in(&world, offer.flow, None)).unwrap();
            assert!(
                matches!(outcome, ReceiveOutcome::Stored { .. }),
                "{at}: {outcome:?}"
            );
            check_sign_in(&world, &outcome, &at);
        }
    }
    // Writes and requests: consent, metadata twice, plan, key, challenge, push, page.
    assert_eq!(deaths, 16);
}

#[test]
fn a_sign_in_survives_death_at_every_call_after_the_page_was_answered() {
    let mut lost = BTreeSet::new();
    let mut deaths = 0;
    for side in SIDES {
        for number in 0..ENOUGH {
            let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
            world.issuer.server.give_refresh_tokens();
            let link = world.issuer.offer_to_sign_in();
            let wallet = world.wallet();
            let offer = block_on(wallet.receive_offer(&link, world.now)).unwrap();
            let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
            let redirect = world.issuer.server.open_page(&page(&outcome), Answer::SignsIn);
            world.faults.kill_at(Some((number, side)));
            let first = poll_once(world.wallet().complete_sign_in(offer.flow, &redirect, world.now));
            world.faults.kill_at(None);
            let at = format!("{side:?} call {number}");
            if let Some(outcome) = first {
                check_sign_in(&world, &outcome.unwrap(), &at);
                break;
            }
            deaths += 1;
            let outcome = block_on(finish_sign_in(&world, offer.flow, Some(&redirect))).unwrap();
            check_sign_in(&world, &outcome, &at);
            if matches!(outcome, ReceiveOutcome::NewOfferNeeded(_)) {
                lost.insert(at);
            }
        }
    }
    // Code, sent, challenge, token refused for its nonce, challenge, token, access, key, nonce, credential refused for its nonce,
    // credential, kept, done.
    assert_eq!(deaths, 26);
    // The code is lost only between the server's answer and its record.
    assert_eq!(
        lost.into_iter().collect::<Vec<_>>(),
        ["After call 5", "Before call 6"]
    );
}

#[test]
fn a_renewal_survives_death_at_every_call() {
    let mut ends = BTreeSet::new();
    for side in SIDES {
        for number in 0..ENOUGH {
            let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
            world.issuer.server.give_refresh_tokens();
            let old = world.receive_by_sign_in();
            world.faults.kill_at(Some((number, side)));
            let first = poll_once(world.wallet().renew(old, world.now));
            world.faults.kill_at(None);
            let at = format!("{side:?} call {number}");
            if let Some(outcome) = first {
                assert!(
                    matches!(outcome, Ok(ReceiveOutcome::Stored { .. })),
                    "{at}: {outcome:?}"
                );
                break;
            }
            let wallet = world.wallet();
            let recovered = block_on(wallet.recover(world.now)).unwrap();
            for flow in recovered.unfinished {
                block_on(wallet.resume(flow, world.now)).unwrap();
            }
            let recovered = block_on(wallet.recover(world.now)).unwrap();
            assert!(recovered.unfinished.is_empty(), "{at}");
            let credentials = block_on(world.store.credentials()).unwrap();
            assert_eq!(credentials.len(), 1, "{at}: there is always one");
            let renewed = credentials[0].id != old;
            let renewable = world.held().1 == 2;
            ends.insert((renewed, renewable));
        }
    }
    // Renewed or not, as (the new credential is held, it can be renewed again). Access is lost only between the server's answer
    // and its record, and then the old credential stays.
    let possible = [(false, false), (false, true), (true, true)];
    assert_eq!(ends, BTreeSet::from(possible));
}
