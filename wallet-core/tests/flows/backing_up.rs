//! A phone is lost, and another one takes its place.

use std::time::Duration;

use serde_json::json;
use symbolon_crypto::passphrase::Passphrase;
use symbolon_wallet_core::backup::RestoreError;
use symbolon_wallet_core::ports::Change;
use symbolon_wallet_core::present::{Decision, Opened, RequestProblem};
use symbolon_wallet_core::receive::ReceiveOutcome;
use symbolon_wallet_core::record::{REFUSAL_LIFETIME, Refusal, RefusalRule, ReissueReason};
use symbolon_wallet_core::testing::{block_on, poll_once};
use symbolon_wallet_core::{WalletError, WalletStore as _};

use crate::support::authorization::{Abilities, Answer};
use crate::support::certificates::certificates;
use crate::support::issuer::{CONFIGURATION, ISSUER};
use crate::support::verifier::{TestVerifier, query};
use crate::support::world::{french, page};
use crate::support::{Side, World};

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned().into()).unwrap()
}

/// A wallet with two credentials of which one was shown, and its backup.
fn backed_up() -> (World, Vec<u8>) {
    let world = World::new();
    let link = world.issuer.offer_of(&[CONFIGURATION, "mdoc"]);
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&link, world.now)).unwrap();
    block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    let decision = Decision::Share(request.smallest_choice().unwrap());
    block_on(wallet.answer_request(request.flow, decision, world.now)).unwrap();
    let backup = block_on(wallet.backup(&passphrase("correct horse"), world.now)).unwrap();
    (world, backup)
}

#[test]
fn a_new_phone_asks_each_issuer_once_and_has_everything_again_with_the_history() {
    let (old, backup) = backed_up();
    let held = block_on(old.store.credentials()).unwrap();
    let history = block_on(old.wallet().history()).unwrap();

    let new = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    let wallet = new.wallet();
    let restored = block_on(wallet.restore(&backup, &passphrase("correct horse"), new.now)).unwrap();
    assert_eq!(restored.made, old.now);
    assert_eq!((restored.to_reissue.len(), restored.history), (2, history.len()));
    assert_eq!(block_on(wallet.history()).unwrap(), history);
    assert_eq!(new.held(), (0, 0), "no credential without its key");

    let waiting = block_on(wallet.to_reissue()).unwrap();
    let [from] = &waiting[..] else {
        panic!("{waiting:?}")
    };
    assert_eq!(from.issuer, ISSUER);
    for again in &from.credentials {
        assert_eq!(again.reason, ReissueReason::Restored);
        let was = held.iter().find(|held| held.id == again.id).unwrap();
        assert_eq!(
            (&again.configuration, &again.display, &again.format),
            (&was.configuration, &was.display, &was.content.format())
        );
    }
    let issuer = symbolon_protocol::identifier::IssuerIdentifier::parse(ISSUER).unwrap();
    let offer = block_on(wallet.reissue(&issuer, new.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, new.now)).unwrap();
    let redirect = new.issuer.server.open_page(&page(&outcome), Answer::SignsIn);
    let outcome = block_on(wallet.complete_sign_in(offer.flow, &redirect, new.now)).unwrap();
    assert!(
        matches!(&outcome, ReceiveOutcome::Stored { credentials, .. } if credentials.len() == 2),
        "{outcome:?}"
    );
    assert_eq!(block_on(wallet.to_reissue()), Ok(Vec::new()));
    assert_eq!(new.held().0, 2);
}

#[test]
fn a_backup_says_nothing_to_whoever_lacks_the_passphrase_and_no_claim_to_whoever_has_it() {
    let (old, backup) = backed_up();
    let contains = |text: &str| backup.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(contains("SYMBOLON WALLET"));
    for text in [ISSUER, CONFIGURATION, "history", "Clinic", "Amina"] {
        assert!(!contains(text), "{text}");
    }
    let other = World::new();
    block_on(
        other
            .wallet()
            .restore(&backup, &passphrase("correct horse"), other.now),
    )
    .unwrap();
    let everything = format!(
        "{:?}{:?}",
        block_on(other.store.reissues()).unwrap(),
        block_on(other.store.history()).unwrap()
    );
    assert!(everything.contains(ISSUER));
    for secret in ["Amina", "Kindia", "D-123456789"] {
        assert!(!everything.contains(secret), "{secret}");
    }
    for held in block_on(old.store.credentials()).unwrap() {
        assert!(!everything.contains(held.key.as_str()));
    }
}

#[test]
fn what_is_held_already_is_not_asked_for_again_and_a_restore_can_be_repeated() {
    let (old, backup) = backed_up();
    // Written down after the backup was made.
    let mut history = block_on(old.wallet().history()).unwrap();
    history[0].at = old.now.plus(Duration::from_secs(60));
    let newer = Change::PutHistory(Box::new(history[0].clone()));
    block_on(old.store.commit(vec![newer])).unwrap();
    let same = block_on(
        old.wallet()
            .restore(&backup, &passphrase("correct horse"), old.now),
    )
    .unwrap();
    assert_eq!(same.to_reissue, []);
    assert_eq!(block_on(old.wallet().to_reissue()), Ok(Vec::new()));
    let kept = block_on(old.wallet().history()).unwrap();
    assert!(kept.contains(&history[0]), "an older entry took its place");
    let new = World::new();
    for _ in 0..2 {
        block_on(
            new.wallet()
                .restore(&backup, &passphrase("correct horse"), new.now),
        )
        .unwrap();
    }
    assert_eq!(block_on(new.store.reissues()).unwrap().len(), 2);
    // What waits is in the next backup as well.
    let again = block_on(new.wallet().backup(&passphrase("another horse"), new.now)).unwrap();
    let third = World::new();
    let restored = block_on(
        third
            .wallet()
            .restore(&again, &passphrase("another horse"), third.now),
    )
    .unwrap();
    assert_eq!(restored.to_reissue.len(), 2);
}

#[test]
fn a_backup_that_does_not_open_changes_nothing() {
    let (_, backup) = backed_up();
    let new = World::new();
    let restore = |bytes: &[u8], words: &str| {
        block_on(new.wallet().restore(bytes, &passphrase(words), new.now)).unwrap_err()
    };
    assert_eq!(restore(&backup, "incorrect horse"), RestoreError::WrongPassphrase);
    assert_eq!(
        restore(&backup[..backup.len() - 1], "correct horse"),
        RestoreError::CutShort
    );
    assert_eq!(restore(b"PK a zip", "correct horse"), RestoreError::NotABackup);
    let mut changed = backup.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(restore(&changed, "correct horse"), RestoreError::Damaged);
    changed = backup;
    changed[17] = 3;
    let newer = RestoreError::NewerVersion {
        found: 3,
        supported: 2,
    };
    assert_eq!(restore(&changed, "correct horse"), newer);
    assert_eq!(block_on(new.store.reissues()), Ok(Vec::new()));
    assert_eq!(new.history_length(), 0);
}

#[test]
fn a_restore_that_dies_is_whole_or_not_at_all() {
    let (_, backup) = backed_up();
    for (side, expected) in [(Side::Before, 0), (Side::After, 2)] {
        let new = World::new();
        new.faults.kill_at(Some((0, side)));
        let wallet = new.wallet();
        let died = poll_once(wallet.restore(&backup, &passphrase("correct horse"), new.now)).is_none();
        assert!(died, "a restore is one commit");
        new.faults.kill_at(None);
        assert_eq!(block_on(new.store.reissues()).unwrap().len(), expected);
        let restored = block_on(
            new.wallet()
                .restore(&backup, &passphrase("correct horse"), new.now),
        )
        .unwrap();
        assert_eq!(restored.to_reissue.len(), 2);
        assert_eq!(block_on(new.store.reissues()).unwrap().len(), 2);
    }
}

#[test]
fn a_person_without_anything_has_a_backup_too() {
    let empty = World::new();
    let backup = block_on(empty.wallet().backup(&passphrase("correct horse"), empty.now)).unwrap();
    let restored = block_on(
        World::new()
            .wallet()
            .restore(&backup, &passphrase("correct horse"), empty.now),
    );
    assert_eq!(restored.map(|restored| restored.to_reissue), Ok(Vec::new()));
    let issuer = symbolon_protocol::identifier::IssuerIdentifier::parse(ISSUER).unwrap();
    assert_eq!(
        block_on(empty.wallet().reissue(&issuer, empty.now)),
        Err(WalletError::NotFound)
    );
}

/// Refuses what the verifier asks.
fn refuse(world: &World, decision: Decision) {
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    block_on(wallet.answer_request(request.flow, decision, world.now)).unwrap();
}

fn restore(world: &World, backup: &[u8]) -> usize {
    let wallet = world.wallet();
    let restored = block_on(wallet.restore(backup, &passphrase("correct horse"), world.now));
    restored.unwrap().refusals
}

fn refusals(world: &World) -> Vec<Refusal> {
    block_on(world.wallet().refusals(world.now)).unwrap()
}

#[test]
fn what_was_refused_for_always_stays_refused_on_the_next_phone() {
    let mut old = World::new();
    old.receive();
    old.verifier.set_query(query(&json!([["birth_date"]])));
    refuse(&old, Decision::Decline);
    old.now = old.now.plus(REFUSAL_LIFETIME);
    old.verifier = TestVerifier::new(certificates(), old.now).into();
    refuse(&old, Decision::DeclineAlways);
    let backup = block_on(old.wallet().backup(&passphrase("correct horse"), old.now)).unwrap();

    let mut new = World::new();
    new.now = old.now;
    new.verifier = old.verifier.clone();
    assert_eq!(restore(&new, &backup), 1, "the one that is over is not in it");
    assert_eq!(refusals(&new), refusals(&old));
    let opened = block_on(
        new.wallet()
            .open_request(&new.verifier.request(), &french(), new.now),
    );
    let Opened::Refused { problem, .. } = opened.unwrap() else {
        panic!("it is asked again")
    };
    assert_eq!(problem, RequestProblem::RefusedAlways);
    // A year later the backup is as good.
    new.now = new.now.plus(REFUSAL_LIFETIME);
    restore(&new, &backup);
    assert_eq!(refusals(&new)[0].rule, RefusalRule::Always);
}

#[test]
fn of_a_refusal_here_and_in_a_backup_the_stricter_is_left_once() {
    for (then, meanwhile) in [
        (Decision::DeclineAlways, Decision::Decline),
        (Decision::Decline, Decision::DeclineAlways),
    ] {
        let old = World::new();
        old.receive();
        refuse(&old, then);
        let backup = block_on(old.wallet().backup(&passphrase("correct horse"), old.now)).unwrap();
        let mut new = World::new();
        new.receive();
        new.now = new.now.plus(Duration::from_secs(60));
        refuse(&new, meanwhile);
        let here = refusals(&new);
        restore(&new, &backup);
        restore(&new, &backup);
        let merged = refusals(&new);
        assert_eq!(merged.len(), 1);
        assert_eq!((merged[0].id, merged[0].at), (here[0].id, new.now));
        assert_eq!(merged[0].rule, RefusalRule::Always);
    }
}

#[test]
fn a_refusal_that_is_over_or_of_a_clock_that_was_ahead_is_not_remembered_for_longer() {
    let mut old = World::new();
    old.receive();
    refuse(&old, Decision::Decline);
    let made = old.now;
    let backup = block_on(old.wallet().backup(&passphrase("correct horse"), old.now)).unwrap();
    for (now, expected) in [
        (made.plus(REFUSAL_LIFETIME), None),
        (made.minus(REFUSAL_LIFETIME), Some(made.minus(REFUSAL_LIFETIME))),
    ] {
        let mut new = World::new();
        new.now = now;
        restore(&new, &backup);
        let stored = block_on(new.store.refusals()).unwrap();
        assert_eq!(stored.first().map(|refusal| refusal.at), expected);
    }
    old.now = made;
}

#[test]
fn a_credential_whose_key_ended_is_in_a_backup_once() {
    let world = World::new();
    world.receive();
    for held in block_on(world.store.credentials()).unwrap() {
        symbolon_crypto::signing::DeleteKeys::delete(&world.keys, &held.key).unwrap();
    }
    block_on(world.wallet().note_ended_keys(world.now)).unwrap();
    let backup = block_on(world.wallet().backup(&passphrase("correct horse"), world.now)).unwrap();
    let new = World::new();
    let restored = block_on(
        new.wallet()
            .restore(&backup, &passphrase("correct horse"), new.now),
    );
    assert_eq!(restored.unwrap().to_reissue.len(), 1);
}
