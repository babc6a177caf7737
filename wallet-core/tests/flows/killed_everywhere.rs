//! The process dies at every boundary of every flow: before and after each call of network and store that an undisturbed run makes. How many
//! there are is counted in that run, and which stages the walks leave behind is compared with those that there are.

use std::cell::RefCell;
use std::collections::BTreeSet;

use symbolon_wallet_core::present::{Decision, PresentOutcome};
use symbolon_wallet_core::receive::ReceiveOutcome;
use symbolon_wallet_core::record::{HistoryEvent, RefusalRule, encode};
use symbolon_wallet_core::testing::{block_on, poll_once};
use symbolon_wallet_core::{CredentialId, FlowId, Resumed, WalletStore as _};

use crate::support::authorization::{Abilities, Answer};
use crate::support::endpoint::Offered;
use crate::support::issuer::TX_CODE;
use crate::support::world::{code, french, page};
use crate::support::{Side, World};

/// Runs `act` once to its end, and then once for each side of each of its calls, which it does not survive; `after` is what the next process
/// does, and must find. Returns the stages of flows that the deaths left in the store.
fn walk<S>(
    begin: impl Fn() -> (World, S),
    act: impl Fn(&World, &S) -> bool,
    after: impl Fn(&World, &S, &str),
) -> BTreeSet<String> {
    let (world, start) = begin();
    world.faults.kill_at(None);
    assert!(act(&world, &start), "undisturbed it comes to its end");
    let calls = world.faults.calls();
    assert!(calls > 0);
    let mut stages = BTreeSet::new();
    for side in [Side::Before, Side::After] {
        for number in 0..calls {
            let at = format!("{side:?} call {number} of {calls}");
            let (world, start) = begin();
            world.faults.kill_at(Some((number, side)));
            assert!(!act(&world, &start), "{at}: it died");
            world.faults.kill_at(None);
            stages.extend(stages_of(&world));
            after(&world, &start, &at);
            let left = block_on(world.wallet().recover(world.now)).unwrap();
            assert_eq!((left.unfinished.len(), left.deleted_keys), (0, 0), "{at}");
        }
    }
    stages
}

/// The stages of the flows in the store, as they are written.
fn stages_of(world: &World) -> BTreeSet<String> {
    let flows = block_on(world.store.flows()).unwrap();
    let names = flows.iter().map(|flow| {
        let written: serde_json::Value = serde_json::from_slice(&encode(flow).unwrap()).unwrap();
        let (direction, stage) = written["record"]["stage"]
            .as_object()
            .unwrap()
            .iter()
            .next()
            .unwrap();
        let name = match stage {
            serde_json::Value::String(name) => name.clone(),
            object => object.as_object().unwrap().keys().next().unwrap().clone(),
        };
        format!("{direction}.{name}")
    });
    names.collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Goes on with every receipt that is not over, as an app does.
fn finish_receipts(world: &World) {
    let wallet = world.wallet();
    for flow in block_on(wallet.recover(world.now)).unwrap().unfinished {
        let mut outcome = block_on(wallet.resume(flow, world.now)).unwrap();
        if let Resumed::Receiving(ReceiveOutcome::AwaitingConsent(offer)) = &outcome {
            let accepted = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
            outcome = Resumed::Receiving(accepted);
        }
        if let Resumed::Receiving(ReceiveOutcome::TransactionCodeNeeded { .. }) = &outcome {
            let entered = wallet.enter_transaction_code(flow, code(TX_CODE), world.now);
            outcome = Resumed::Receiving(block_on(entered).unwrap());
        }
        if let Resumed::Receiving(ReceiveOutcome::Deferred { until }) = outcome {
            drop(block_on(wallet.resume(flow, until)).unwrap());
        }
    }
}

/// Each verifier that was shown something was shown a key of its own, and no key that was shown is held to be shown again.
fn no_copy_is_used_twice(world: &World, at: &str) {
    let answers = world.verifier.answers();
    let keys: Vec<String> = answers
        .iter()
        .flatten()
        .map(|claims| claims["cnf"].to_string())
        .collect();
    let different: BTreeSet<&String> = keys.iter().collect();
    assert_eq!(different.len(), keys.len(), "{at}");
}

fn copies_left(world: &World) -> usize {
    let held = block_on(world.store.credentials()).unwrap();
    assert_eq!(held.len(), 1);
    held[0].copies_left().unwrap()
}

/// A wallet with one credential of three copies, and access to others.
fn with_copies() -> (World, CredentialId) {
    let mut world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    world.issuer.server.give_refresh_tokens();
    world.issuer.endpoint.set(Offered {
        batch_size: Some(3),
        ..Offered::default()
    });
    world.copies = 3;
    let id = world.receive_by_sign_in();
    (world, id)
}

fn asked(world: &World) -> (FlowId, Decision) {
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    let decision = Decision::Share(request.smallest_choice().unwrap());
    (request.flow, decision)
}

fn answer(world: &World, flow: FlowId, decision: Decision) -> bool {
    poll_once(world.wallet().answer_request(flow, decision, world.now)).is_some()
}

/// Goes on with a presentation as an app does whose person still wants what they wanted.
fn finish_presentation(world: &World, flow: FlowId, decision: &Decision) -> PresentOutcome {
    let wallet = world.wallet();
    block_on(wallet.recover(world.now)).unwrap();
    match block_on(wallet.resume(flow, world.now)).unwrap() {
        Resumed::Presenting(PresentOutcome::AwaitingConsent(request)) => {
            block_on(wallet.answer_request(request.flow, decision.clone(), world.now)).unwrap()
        }
        Resumed::Presenting(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_copy_is_shown_to_one_verifier_wherever_the_process_dies() {
    let begin = || {
        let (world, _) = with_copies();
        let ask = asked(&world);
        (world, ask)
    };
    let stages = walk(
        begin,
        |world, (flow, decision)| answer(world, *flow, decision.clone()),
        |world, (flow, decision), at| {
            let outcome = finish_presentation(world, *flow, decision);
            assert!(
                matches!(
                    outcome,
                    PresentOutcome::Presented { .. } | PresentOutcome::Unconfirmed { .. }
                ),
                "{at}: {outcome:?}"
            );
            // The next two verifiers are shown the copies that are left, and then there is none.
            for left in [1, 0] {
                let (flow, decision) = asked(world);
                assert!(answer(world, flow, decision), "{at}");
                assert_eq!(copies_left(world), left, "{at}");
            }
            no_copy_is_used_twice(world, at);
            let history = block_on(world.store.history()).unwrap();
            assert_eq!(history.len(), 4, "{at}: received, and shown three times");
        },
    );
    let expected = [
        "present.awaiting_consent",
        "present.consented",
        "present.sending",
        "present.finished",
    ];
    assert_eq!(stages, &set(&expected) | &set(&["receive.renewable"]));
}

#[test]
fn the_last_copy_is_not_shown_again_wherever_the_process_dies() {
    let begin = || {
        let (world, _) = with_copies();
        for _ in 0..2 {
            let (flow, decision) = asked(&world);
            assert!(answer(&world, flow, decision));
        }
        let ask = asked(&world);
        (world, ask)
    };
    walk(
        begin,
        |world, (flow, decision)| answer(world, *flow, decision.clone()),
        |world, (flow, decision), at| {
            finish_presentation(world, *flow, decision);
            assert_eq!(copies_left(world), 0, "{at}");
            no_copy_is_used_twice(world, at);
            assert_eq!(world.verifier.answers().len(), 3, "{at}");
            let wallet = world.wallet();
            let next = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
            assert_eq!(next.smallest_choice(), None, "{at}");
            block_on(wallet.answer_request(next.flow, Decision::Decline, world.now)).unwrap();
        },
    );
}

#[test]
fn a_refusal_shows_nothing_and_is_remembered_once_wherever_the_process_dies() {
    let begin = || {
        let world = World::new();
        world.receive();
        let (flow, _) = asked(&world);
        (world, flow)
    };
    let stages = walk(
        begin,
        |world, flow| answer(world, *flow, Decision::DeclineAlways),
        |world, flow, at| {
            let outcome = finish_presentation(world, *flow, &Decision::DeclineAlways);
            assert_eq!(outcome, PresentOutcome::Declined, "{at}");
            assert!(!world.verifier.answered(), "{at}");
            let refusals = block_on(world.store.refusals()).unwrap();
            let rules: Vec<RefusalRule> = refusals.iter().map(|refusal| refusal.rule).collect();
            assert_eq!(rules, [RefusalRule::Always], "{at}");
            let history = block_on(world.store.history()).unwrap();
            let declined = history
                .iter()
                .filter(|entry| matches!(entry.event, HistoryEvent::Declined { .. }));
            assert_eq!(declined.count(), 1, "{at}");
        },
    );
    let expected = [
        "present.awaiting_consent",
        "present.declining",
        "present.finished",
    ];
    assert!(set(&expected).is_subset(&stages), "{stages:?}");
}

#[test]
fn copies_are_refilled_whole_or_not_at_all_wherever_the_process_dies() {
    let begin = || {
        let (world, id) = with_copies();
        for _ in 0..2 {
            let (flow, decision) = asked(&world);
            assert!(answer(&world, flow, decision));
        }
        (world, id)
    };
    let stages = walk(
        begin,
        |world, _| poll_once(world.wallet().refill(world.now)).is_some(),
        |world, id, at| {
            finish_receipts(world);
            let held = block_on(world.store.credentials()).unwrap();
            assert_eq!(held.len(), 1, "{at}: there is always one");
            let left = copies_left(world);
            // Access is lost only between the server's answer and its record, and then what was left stays.
            assert_eq!(left, if held[0].id == *id { 1 } else { 3 }, "{at}");
            for _ in 0..left {
                let (flow, decision) = asked(world);
                assert!(answer(world, flow, decision), "{at}");
            }
            no_copy_is_used_twice(world, at);
        },
    );
    let expected = ["receive.renewable", "receive.renewing", "receive.issuing"];
    assert!(set(&expected).is_subset(&stages), "{stages:?}");
}

#[test]
fn what_is_handed_out_later_encrypted_and_notified_comes_whole_wherever_the_process_dies() {
    let begin = || {
        let mut world = World::new();
        world.issuer.endpoint.set(Offered {
            batch_size: Some(3),
            waits: Some(1),
            notifications: true,
            ..Offered::default()
        });
        world.copies = 3;
        let link = world.issuer.offer(Some(TX_CODE));
        let wallet = world.wallet();
        let offer = block_on(wallet.receive_offer(&link, world.now)).unwrap();
        let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
        assert!(matches!(outcome, ReceiveOutcome::TransactionCodeNeeded { .. }));
        (world, offer.flow)
    };
    let stages = walk(
        begin,
        |world, flow| {
            let wallet = world.wallet();
            let entered = poll_once(wallet.enter_transaction_code(*flow, code(TX_CODE), world.now));
            match entered {
                Some(Ok(ReceiveOutcome::Deferred { until })) => {
                    poll_once(wallet.resume(*flow, until)).is_some()
                }
                Some(_) => true,
                None => false,
            }
        },
        |world, _, at| {
            finish_receipts(world);
            let held = block_on(world.store.credentials()).unwrap();
            match held.as_slice() {
                // The code was spent and its answer lost: there is nothing, and no key of it.
                [] => assert_eq!(world.held(), (0, 0), "{at}"),
                [one] => assert_eq!((one.copies_left(), world.held()), (Some(3), (1, 3)), "{at}"),
                several => panic!("{at}: {several:?}"),
            }
            assert_eq!(world.history_length(), held.len(), "{at}");
        },
    );
    let expected = [
        "receive.awaiting_transaction_code",
        "receive.requesting_token",
        "receive.issuing",
    ];
    assert!(set(&expected).is_subset(&stages), "{stages:?}");
}

/// The stages that the walks here and in `killed` leave behind are all that a receipt has.
#[test]
fn a_walk_from_the_offer_to_the_end_meets_every_stage_of_a_sign_in() {
    let begin = || {
        let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
        world.issuer.server.give_refresh_tokens();
        // Where the browser came back to, once it did.
        (world, RefCell::new(None::<String>))
    };
    let whole = |world: &World, back: &RefCell<Option<String>>| {
        let wallet = world.wallet();
        let link = world.issuer.offer_to_sign_in();
        let Some(offer) = poll_once(wallet.receive_offer(&link, world.now)) else {
            return false;
        };
        let flow = offer.unwrap().flow;
        let Some(outcome) = poll_once(wallet.accept_offer(flow, None, world.now)) else {
            return false;
        };
        let redirect = world
            .issuer
            .server
            .open_page(&page(&outcome.unwrap()), Answer::SignsIn);
        back.replace(Some(redirect.clone()));
        poll_once(wallet.complete_sign_in(flow, &redirect, world.now)).is_some()
    };
    let stages = walk(begin, whole, |world, back, at| {
        let wallet = world.wallet();
        for flow in block_on(wallet.recover(world.now)).unwrap().unfinished {
            let mut outcome = block_on(wallet.resume(flow, world.now)).unwrap();
            if let Resumed::Receiving(ReceiveOutcome::AwaitingConsent(_)) = outcome {
                let accepted = wallet.accept_offer(flow, None, world.now);
                outcome = Resumed::Receiving(block_on(accepted).unwrap());
            }
            if let Resumed::Receiving(outcome @ ReceiveOutcome::SignInNeeded { .. }) = &outcome {
                let redirect = match back.take() {
                    Some(redirect) => redirect,
                    None => world.issuer.server.open_page(&page(outcome), Answer::SignsIn),
                };
                block_on(wallet.complete_sign_in(flow, &redirect, world.now)).unwrap();
            }
        }
        let held = world.held();
        assert!(held == (1, 2) || held == (0, 0), "{at}: {held:?}");
    });
    let expected = [
        "receive.awaiting_consent",
        "receive.consented",
        "receive.authorizing",
        "receive.redeeming_code",
        "receive.issuing",
        "receive.renewable",
    ];
    assert!(set(&expected).is_subset(&stages), "{stages:?}");
}
