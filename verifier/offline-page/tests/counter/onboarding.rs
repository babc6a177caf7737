//! An operator's onboarding code at a counter that believes somebody, and at one that does not.

use symbolon_offline_page::{Brought, Counter, OfferedRoot, OnboardingProblem, Told};
use symbolon_protocol::qr_transport::{Message, Onboarding};
use symbolon_trust::distribution::Digest;
use symbolon_trust::status_list::Status;
use symbolon_trust::testing::{NOW, TestRegistry};

use crate::{World, filmed, take};

const INDEX: &str = "https://packs.example/packs/packs.json";

fn root_of(world: &World) -> Vec<u8> {
    let root = world.registry.root_of_trust(world.trust_list(NOW));
    root.to_json().unwrap()
}

fn stranger() -> World {
    World {
        registry: TestRegistry::new(70),
        ..World::new()
    }
}

fn onboarding(root: &[u8]) -> Onboarding {
    Onboarding {
        index: INDEX.to_owned(),
        root_of_trust: *Digest::of(root).as_bytes(),
        scope: Some("north".to_owned()),
    }
}

fn show(counter: &mut Counter, root: &[u8]) -> Told {
    filmed(counter, &Message::Onboarding(onboarding(root)))
}

fn offered(told: Told) -> OfferedRoot {
    let offered = match told.brought {
        Some(Brought::Onboarding(offered)) => Some(offered),
        _ => None,
    };
    offered.unwrap()
}

#[test]
fn the_operators_code_confirms_its_own_root_of_trust_and_no_other() {
    let world = World::new();
    let root = root_of(&world);
    let mut counter = world.counter();
    let told = show(&mut counter, &root);
    assert_eq!((told.note, told.problem), (Some("root-confirmed"), None));
    let own = offered(told);
    assert!(own.is_own && own.own.as_ref() == Some(&own.fingerprint));
    assert_eq!((own.index.as_str(), own.scope.as_deref()), (INDEX, Some("north")));
    assert_eq!(counter.confirm(""), Ok(()), "the address alone changes");
    let told = show(&mut counter, b"{}");
    assert_eq!((told.note, told.problem), (None, Some("root-of-another")));
    // As it lies in a file that somebody has laid out anew.
    let parsed: serde_json::Value = serde_json::from_slice(&root).unwrap();
    let mut counter = Counter::open(&serde_json::to_vec(&parsed).unwrap()).unwrap();
    assert_eq!(show(&mut counter, &root).note, Some("root-confirmed"));
}

#[test]
fn a_strangers_code_changes_nothing_and_is_taken_only_with_its_fingerprint() {
    let (world, stranger) = (World::new(), stranger());
    let mut counter = world.with_pack(Status::Valid);
    let before = (
        counter.fingerprint().map(str::to_owned),
        counter.spoken_fingerprint(),
    );
    let theirs = root_of(&stranger);
    let told = show(&mut counter, &theirs);
    assert_eq!(told.problem, Some("root-of-another"));
    let offered = offered(told);
    assert!(!offered.is_own);
    assert_eq!(offered.fingerprint, onboarding(&theirs).fingerprint());
    assert_eq!(offered.own, before.1, "both are there to be compared");
    assert_ne!(offered.own.as_ref(), Some(&offered.fingerprint));

    let own = offered.own.unwrap();
    for said in ["", "12345 12345 12345 12345 12345 12345", own.as_str()] {
        assert_eq!(
            counter.confirm(said),
            Err(OnboardingProblem::OtherFingerprint),
            "{said}"
        );
        assert_eq!(
            counter.join(said, &theirs),
            Err(OnboardingProblem::OtherFingerprint)
        );
    }
    // As people type it.
    let said = offered.fingerprint.replace(' ', "-");
    assert_eq!(
        counter.join(&said, &root_of(&world)),
        Err(OnboardingProblem::OtherRoot)
    );
    assert_eq!(counter.join(&said, b"{}"), Err(OnboardingProblem::OtherRoot));
    assert_eq!(counter.join(&said, &theirs), Ok(theirs));
    let after = (
        counter.fingerprint().map(str::to_owned),
        counter.spoken_fingerprint(),
    );
    assert_eq!(
        after, before,
        "the page begins anew with it; this counter stays as it was"
    );
    assert_eq!(take(&mut counter, &world.card(), NOW).verdict, "genuine");
}

#[test]
fn a_counter_that_believes_nobody_reads_the_code_and_judges_nothing() {
    let world = World::new();
    let mut counter = Counter::without_root().unwrap();
    assert_eq!(
        (counter.fingerprint(), counter.spoken_fingerprint()),
        (None, None)
    );
    assert_eq!(counter.join("", b"{}"), Err(OnboardingProblem::NotOffered));
    let told = take(&mut counter, &world.card(), NOW);
    assert_eq!((told.html.as_str(), told.problem), ("", Some("root-none")));
    assert!(
        counter
            .accept_pack(&world.pack(1, Status::Valid, NOW), NOW)
            .is_err()
    );

    let root = root_of(&world);
    let told = show(&mut counter, &root);
    assert_eq!((told.note, told.problem), (None, None));
    let offered = offered(told);
    assert_eq!((offered.own, offered.is_own), (None, false));
    assert_eq!(counter.confirm(""), Err(OnboardingProblem::OtherFingerprint));
    assert_eq!(counter.join(&offered.fingerprint, &root), Ok(root));
}

#[test]
fn a_root_of_trust_that_was_laid_out_anew_is_the_one_that_the_code_names() {
    let world = World::new();
    let root = root_of(&world);
    let mut counter = Counter::without_root().unwrap();
    let said = offered(show(&mut counter, &root)).fingerprint;
    let parsed: serde_json::Value = serde_json::from_slice(&root).unwrap();
    let dense = serde_json::to_vec(&parsed).unwrap();
    assert_ne!(dense, root);
    assert_eq!(counter.join(&said, &dense), Ok(root));
    // A code may name what is no root of trust.
    let said = offered(show(&mut counter, b"{}")).fingerprint;
    assert_eq!(counter.join(&said, b"{}"), Err(OnboardingProblem::Unreadable));
}

#[test]
fn the_fingerprint_is_the_digest_of_the_root_of_trust() {
    let counter = World::new().counter();
    let fingerprint = counter.fingerprint().unwrap();
    assert_eq!(fingerprint.split(' ').count(), 16);
    assert_ne!(Some(fingerprint), stranger().counter().fingerprint());
    assert!(Counter::open(b"{}").is_err());
}
