use super::super::*;
use super::world::{URI, World, list};
use crate::status_list::Status;
use crate::testing::{DAY, NOW};
use crate::validity::{CLOCK_TOLERANCE, Validity};

const SECOND: Duration = Duration::from_secs(1);

fn seen(world: &World, sequence: u64) -> LastSeen {
    world.open(&world.pack(sequence, NOW)).unwrap().last_seen(None)
}

#[test]
fn refuses_a_lower_sequence_than_it_has_seen() {
    let world = World::new();
    let last = seen(&world, 5);
    let older = world.pack(4, NOW);
    let error = world.open_at(&older, NOW, Some(&last)).unwrap_err();
    assert!(matches!(
        error,
        PackError::LowerSequence {
            last_seen: 5,
            found: 4
        }
    ));
    assert!(world.open_at(&older, NOW, None).is_ok(), "only memory tells");
}

#[test]
fn accepts_the_same_pack_again_and_refuses_another_with_its_sequence() {
    let world = World::new();
    let bytes = world.pack(5, NOW);
    let last = world.open(&bytes).unwrap().last_seen(None);
    assert!(world.open_at(&bytes, NOW, Some(&last)).is_ok());
    let other = world.registry.pack(5, &world.trust_list(NOW), Vec::new(), NOW);
    let error = world.open_at(&other, NOW, Some(&last)).unwrap_err();
    assert!(matches!(error, PackError::SequenceReused { sequence: 5 }));
}

#[test]
fn refuses_a_clock_before_the_creation_beyond_the_tolerance() {
    let world = World::new();
    let bytes = world.pack(1, NOW);
    assert!(world.open_at(&bytes, NOW.minus(CLOCK_TOLERANCE), None).is_ok());
    let error = world
        .open_at(&bytes, NOW.minus(CLOCK_TOLERANCE + SECOND), None)
        .unwrap_err();
    assert!(matches!(error, PackError::ClockBeforeCreation { created: NOW }));
}

#[test]
fn refuses_a_clock_that_was_set_back_before_a_pack_already_accepted() {
    let world = World::new();
    let last = seen(&world, 5);
    let long_ago = NOW.minus(DAY);
    let newer_sequence = world.pack(6, long_ago);
    // The pack itself is fresh at that time; the memory of a later one is not.
    let root = world.registry.root_of_trust(world.trust_list(long_ago));
    let provider = symbolon_crypto::RustCryptoProvider;
    assert!(Pack::open(&newer_sequence, &root, &provider, long_ago, None).is_ok());
    let error = Pack::open(&newer_sequence, &root, &provider, long_ago, Some(&last)).unwrap_err();
    assert!(matches!(error, PackError::ClockBeforeCreation { created: NOW }));
}

#[test]
fn is_used_with_a_warning_in_grace_and_refused_after_it() {
    let world = World::new();
    let bytes = world.pack(1, NOW);
    let expired_at = NOW.plus(DAY);
    let pack = world.open_at(&bytes, expired_at, None).unwrap();
    assert_eq!(pack.validity(), Validity::Current);
    let pack = world.open_at(&bytes, expired_at.plus(SECOND), None).unwrap();
    assert_eq!(pack.validity(), Validity::InGrace { expired_at });
    assert_eq!(pack.trust_list_validity(), Validity::InGrace { expired_at });
    let PackStatus::Listed {
        status: Status::Invalid,
        validity,
        ..
    } = pack.status(URI, 7)
    else {
        panic!("still listed");
    };
    assert_eq!(validity, Validity::InGrace { expired_at });
    let error = world
        .open_at(&bytes, expired_at.plus(DAY + SECOND), None)
        .unwrap_err();
    assert!(matches!(error, PackError::Expired { .. }));
}

fn times(created: UnixTime, valid: Duration) -> PackTimes {
    PackTimes {
        created,
        valid_until: created.plus(valid),
        grace: Duration::ZERO,
    }
}

#[test]
fn a_fresh_pack_does_not_prolong_an_old_trust_list() {
    let world = World::new();
    let list = world.trust_list(NOW);
    let builder = PackBuilder::new(1, times(NOW, DAY * 30), world.registry.trust_section(&list));
    let bytes = world.registry.sign_pack(builder);
    let error = world.open_at(&bytes, NOW.plus(DAY * 3), None).unwrap_err();
    assert!(matches!(error, PackError::TrustListExpired { .. }));
}

#[test]
fn a_fresh_pack_does_not_prolong_an_old_status_section() {
    let world = World::new();
    let mut trust = world.trust_list(NOW);
    trust.valid_until = NOW.plus(DAY * 30);
    let builder = PackBuilder::new(1, times(NOW, DAY * 30), world.registry.trust_section(&trust))
        .with_status(world.issuer.status_section(URI, &list(), NOW));
    let bytes = world.registry.sign_pack(builder);
    let pack = world.open_at(&bytes, NOW.plus(DAY * 3), None).unwrap();
    assert_eq!(pack.status(URI, 7), PackStatus::Outdated { as_of: NOW });
    assert_eq!(pack.status(URI, 1), PackStatus::Outdated { as_of: NOW });
}

#[test]
fn refuses_an_older_trust_list_in_a_newer_pack() {
    let world = World::new();
    let last = seen(&world, 5);
    let older = world.trust_list(NOW.minus(SECOND));
    let bytes = world.registry.pack(6, &older, Vec::new(), NOW);
    let error = world.open_at(&bytes, NOW, Some(&last)).unwrap_err();
    assert!(matches!(error, PackError::TrustListRolledBack));
    // Also on the first day: the pinned list is a lower bound.
    assert!(matches!(world.open(&bytes), Err(PackError::TrustListRolledBack)));
}

#[test]
fn refuses_an_older_status_section_in_a_newer_pack_even_after_a_pack_without_it() {
    let world = World::new();
    let last = seen(&world, 5);
    let without = world.registry.pack(6, &world.trust_list(NOW), Vec::new(), NOW);
    let last = world
        .open_at(&without, NOW, Some(&last))
        .unwrap()
        .last_seen(Some(&last));
    assert_eq!(last.sequence, 6);
    let older = world.issuer.status_section(URI, &list(), NOW.minus(SECOND));
    let bytes = world.registry.pack(7, &world.trust_list(NOW), vec![older], NOW);
    let error = world.open_at(&bytes, NOW, Some(&last)).unwrap_err();
    assert!(matches!(error, PackError::StatusListRolledBack));
}

/// The memory is stored by every verifier; a change of its form takes a migration.
#[test]
fn what_is_remembered_survives_storage_in_a_frozen_form() {
    let last = seen(&World::new(), 5);
    let json = serde_json::to_string(&last).unwrap();
    assert_eq!(serde_json::from_str::<LastSeen>(&json).unwrap(), last);
    let root = symbolon_crypto::encoding::base64url::encode(&last.root);
    let frozen = format!(
        r#"{{"sequence":5,"created":1795435200,"root":"{root}","trust_list_issued_at":1795435200,"status_lists":{{"https://issuer.example/status/0":1795435200,"https://other.example/status/9":1795435200}}}}"#
    );
    assert_eq!(json, frozen);
}
