//! Keys that the platform ended, and credentials that are issued again.

use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_wallet_core::hold::{Condition, ListQuery};
use symbolon_wallet_core::present::{Answerable, Decision};
use symbolon_wallet_core::receive::{OfferSource, ReceiveOutcome, ReceiveStage, Wanted};
use symbolon_wallet_core::record::{Reissue, ReissueReason, Stage};
use symbolon_wallet_core::testing::{block_on, poll_once};
use symbolon_wallet_core::{Change, CredentialId, FlowId, Resumed, WalletError, WalletStore as _};

use crate::support::authorization::{Abilities, Answer};
use crate::support::issuer::{CONFIGURATION, ISSUER};
use crate::support::world::{french, page};
use crate::support::{Side, World};

fn issuer() -> IssuerIdentifier {
    IssuerIdentifier::parse(ISSUER).unwrap()
}

/// Asks the issuer for all that waits for it, as an app does that a person signs in with once.
fn reissue(world: &World) -> (FlowId, ReceiveOutcome) {
    let wallet = world.wallet();
    let offer = block_on(wallet.reissue(&issuer(), world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let redirect = world.issuer.server.open_page(&page(&outcome), Answer::SignsIn);
    let outcome = block_on(wallet.complete_sign_in(offer.flow, &redirect, world.now)).unwrap();
    (offer.flow, outcome)
}

fn end_keys(world: &World) {
    for held in block_on(world.store.credentials()).unwrap() {
        world.keys.end(&held.key);
    }
}

/// Three credentials of one issuer, with a wallet that can sign in there.
fn three() -> (World, Vec<CredentialId>) {
    let world = World::with_sign_in(Abilities::LEAST);
    let link = world.issuer.offer_of(&[CONFIGURATION, "mdoc", "jwt"]);
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&link, world.now)).unwrap();
    match block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap() {
        ReceiveOutcome::Stored { credentials, .. } => (world, credentials),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_that_ended_is_noticed_when_it_is_to_sign_and_its_credential_is_not_offered_again() {
    let world = World::new();
    let id = world.receive();
    end_keys(&world);
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    let decision = Decision::Share(request.smallest_choice().unwrap());
    let refused = block_on(wallet.answer_request(request.flow, decision, world.now));
    assert_eq!(refused, Err(WalletError::KeyGone));
    assert!(!world.verifier.answered());

    let waiting = block_on(wallet.to_reissue()).unwrap();
    let [from] = &waiting[..] else {
        panic!("{waiting:?}")
    };
    assert_eq!(
        (from.issuer.as_str(), from.issuer_name.as_deref()),
        (ISSUER, Some("Registre national"))
    );
    assert_eq!(from.credentials[0].id, id);
    assert_eq!(from.credentials[0].reason, ReissueReason::KeyEnded);
    let listed = block_on(wallet.overview(&ListQuery::default(), &french(), world.now)).unwrap();
    assert_eq!(listed[0].badge.condition, Condition::KeyEnded);
    // It can be looked at, and nobody is asked to show it: the same request now has nothing to answer it.
    assert!(block_on(wallet.show(id, &french(), world.now)).is_ok());
    let Ok(Resumed::Presenting(symbolon_wallet_core::present::PresentOutcome::AwaitingConsent(request))) =
        block_on(wallet.resume(request.flow, world.now))
    else {
        panic!("the person is asked again")
    };
    assert!(!matches!(request.answerable, Answerable::With(_)));
}

#[test]
fn all_of_an_issuer_come_again_by_one_sign_in_each_in_the_place_of_the_old_one() {
    let (world, old) = three();
    end_keys(&world);
    // A platform that says so at once.
    for held in block_on(world.store.credentials()).unwrap() {
        symbolon_crypto::signing::DeleteKeys::delete(&world.keys, &held.key).unwrap();
    }
    let mut noted = block_on(world.wallet().note_ended_keys(world.now)).unwrap();
    noted.sort();
    let mut expected = old.clone();
    expected.sort();
    assert_eq!(noted, expected);
    assert_eq!(
        block_on(world.wallet().note_ended_keys(world.now)),
        Ok(Vec::new())
    );

    let (_, outcome) = reissue(&world);
    assert!(
        matches!(&outcome, ReceiveOutcome::Stored { credentials, .. } if credentials.len() == 3),
        "{outcome:?}"
    );
    assert_eq!(
        world.issuer.server.requests().len(),
        1,
        "one page for all of them"
    );
    assert_eq!(world.held(), (3, 3));
    let held = block_on(world.store.credentials()).unwrap();
    assert!(held.iter().all(|held| !old.contains(&held.id)));
    assert_eq!(block_on(world.wallet().to_reissue()), Ok(Vec::new()));
    assert_eq!(
        block_on(world.wallet().reissue(&issuer(), world.now)),
        Err(WalletError::NotFound)
    );
}

#[test]
fn what_comes_by_an_offer_answers_what_waits_and_no_more_than_that() {
    let (world, old) = three();
    end_keys(&world);
    for held in block_on(world.store.credentials()).unwrap() {
        symbolon_crypto::signing::DeleteKeys::delete(&world.keys, &held.key).unwrap();
    }
    block_on(world.wallet().note_ended_keys(world.now)).unwrap();
    world.receive();
    let held = block_on(world.store.credentials()).unwrap();
    assert_eq!(held.len(), 3);
    assert!(held.iter().all(|held| held.id != old[0]));
    let waiting = block_on(world.wallet().to_reissue()).unwrap();
    assert_eq!(waiting[0].credentials.len(), 2);
    // One more of the same is one more.
    world.receive();
    assert_eq!(block_on(world.store.credentials()).unwrap().len(), 4);
    // And what nobody wants again is forgotten, and stays to be looked at.
    block_on(world.wallet().forget_reissue(old[1])).unwrap();
    assert_eq!(
        block_on(world.wallet().forget_reissue(old[1])),
        Err(WalletError::NotFound)
    );
    let waiting = block_on(world.wallet().to_reissue()).unwrap();
    assert_eq!(waiting[0].credentials.len(), 1);
}

#[test]
fn issuing_again_survives_death_at_every_call() {
    let mut deaths = 0;
    for at in 0..100 {
        for side in [Side::Before, Side::After] {
            let (world, old) = three();
            for held in block_on(world.store.credentials()).unwrap() {
                symbolon_crypto::signing::DeleteKeys::delete(&world.keys, &held.key).unwrap();
            }
            block_on(world.wallet().note_ended_keys(world.now)).unwrap();
            let wallet = world.wallet();
            let offer = block_on(wallet.reissue(&issuer(), world.now)).unwrap();
            let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
            let redirect = world.issuer.server.open_page(&page(&outcome), Answer::SignsIn);
            world.faults.kill_at(Some((at, side)));
            let lived = poll_once(wallet.complete_sign_in(offer.flow, &redirect, world.now)).is_some();
            world.faults.kill_at(None);
            if lived {
                assert!(deaths > 20, "{deaths}");
                return;
            }
            deaths += 1;
            let wallet = world.wallet();
            block_on(wallet.recover(world.now)).unwrap();
            drop(block_on(wallet.resume(offer.flow, world.now)));
            // Whatever came of that flow, what waits and what is held are three together, and asking again brings the rest.
            let waiting = block_on(world.store.reissues()).unwrap();
            let held = block_on(world.store.credentials()).unwrap();
            let new = held.iter().filter(|held| !old.contains(&held.id)).count();
            assert_eq!(waiting.len() + new, 3, "{at} {side:?}");
            assert_eq!(held.len(), 3, "{at} {side:?}");
            if !waiting.is_empty() {
                reissue(&world);
            }
            assert_eq!(block_on(world.store.reissues()), Ok(Vec::new()), "{at} {side:?}");
            assert_eq!(world.held().0, 3, "{at} {side:?}");
        }
    }
    panic!("it never ends");
}

/// A credential of this issuer and configuration that waits to be issued again.
fn waiting(number: u8, issuer: &str, configuration: &str, world: &World) -> Change {
    let held = block_on(world.store.credentials()).unwrap();
    let again = Reissue::of(&held[0], ReissueReason::Restored, world.now);
    Change::PutReissue(Box::new(Reissue {
        id: CredentialId::from_bytes([number; 16]),
        issuer: issuer.to_owned(),
        configuration: configuration.to_owned(),
        ..again
    }))
}

#[test]
fn an_issuer_is_asked_for_its_own_once_each_and_for_no_more_than_one_sign_in_brings() {
    let world = World::with_sign_in(Abilities::LEAST);
    world.receive();
    let mut changes = vec![
        waiting(0, "https://neighbour.example", "Foreign", &world),
        waiting(1, ISSUER, "configuration-10", &world),
    ];
    changes
        .extend((10..80).map(|number| waiting(number, ISSUER, &format!("configuration-{number}"), &world)));
    block_on(world.store.commit(changes)).unwrap();
    let offer = block_on(world.wallet().reissue(&issuer(), world.now)).unwrap();
    let flow = block_on(world.store.flow(offer.flow)).unwrap().unwrap();
    let Stage::Receive(ReceiveStage::AwaitingConsent {
        source:
            OfferSource::Chosen {
                wanted: Wanted::Configurations(wanted),
                ..
            },
        ..
    }) = flow.stage
    else {
        panic!("the person is asked")
    };
    let wanted: std::collections::BTreeSet<&str> = wanted.iter().map(|one| one.as_str()).collect();
    assert_eq!(wanted.len(), 64);
    assert!(!wanted.contains("Foreign"));
}

#[test]
fn what_another_issuer_is_to_issue_again_is_not_answered() {
    let world = World::new();
    world.receive();
    let change = waiting(200, "https://neighbour.example", CONFIGURATION, &world);
    block_on(world.store.commit(vec![change])).unwrap();
    world.receive();
    assert_eq!(block_on(world.store.reissues()).unwrap().len(), 1);
    assert_eq!(world.held().0, 2);
}

#[test]
fn one_that_is_renewed_answers_for_itself_alone() {
    let world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    world.issuer.server.give_refresh_tokens();
    let id = world.receive_by_sign_in();
    let change = waiting(200, ISSUER, CONFIGURATION, &world);
    block_on(world.store.commit(vec![change])).unwrap();
    let outcome = block_on(world.wallet().renew(id, world.now)).unwrap();
    assert!(matches!(outcome, ReceiveOutcome::Stored { .. }), "{outcome:?}");
    assert_eq!(block_on(world.store.reissues()).unwrap().len(), 1);
    assert_eq!(world.held().0, 1);
}
