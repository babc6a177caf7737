use symbolon_crypto::RustCryptoProvider;
use symbolon_trust::pack::{Pack, PackError};
use symbolon_trust::status_list::Status as Listed;
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestRegistry};
use symbolon_trust::trust_list::CredentialTypeRule;

use super::world::{Outcome, SECOND, World, bound, run};
use crate::report::{Reason, Status, Verdict, Warning};
use crate::{Evidence, PackAbsence, Policy};

fn pack(world: &World, status: Listed, sequence: u64) -> Vec<u8> {
    let section = world
        .issuer
        .status_section(&world.uri(), &world.list(status), NOW);
    world
        .registry
        .pack(sequence, &world.trust_list(), vec![section], NOW)
}

fn judge(world: &World, pack: &[u8], now: symbolon_crypto::UnixTime) -> Outcome {
    let root = world.registry.root_of_trust(world.trust_list());
    let pack = Pack::open(pack, &root, &RustCryptoProvider, now, None).unwrap();
    let text = world.present_with(&world.issue(&world.template()), &["given_name"], |claims| {
        claims.issued_at = now
    });
    let evidence = Evidence::offline(&pack);
    run(
        &text,
        bound(),
        Policy::RELYING_PARTY,
        evidence,
        &Default::default(),
        &world.provider,
        now,
    )
}

#[test]
fn a_pack_answers_without_asking_anybody() {
    let world = World::new();
    let outcome = judge(&world, &pack(&world, Listed::Valid, 1), NOW);
    assert_eq!(outcome.report.verdict, Verdict::Valid);
    assert_eq!(outcome.report.as_of, Some(NOW));
    assert_eq!(outcome.wanted, []);
}

#[test]
fn revoked_after_the_pack_is_valid_as_of_the_old_pack_and_invalid_with_the_new_one() {
    let world = World::new();
    let old = judge(&world, &pack(&world, Listed::Valid, 1), NOW.plus(SECOND * 60)).report;
    assert_eq!((old.verdict, old.as_of), (Verdict::Valid, Some(NOW)));
    let new = judge(&world, &pack(&world, Listed::Invalid, 2), NOW.plus(SECOND * 60)).report;
    assert_eq!(
        (new.verdict, new.status.state),
        (Verdict::Invalid, Status::Revoked)
    );
    let suspended = judge(&world, &pack(&world, Listed::Suspended, 2), NOW).report;
    assert_eq!(
        (suspended.verdict, suspended.status.state),
        (Verdict::Invalid, Status::Suspended)
    );
}

#[test]
fn a_list_that_is_not_in_the_pack_is_unknown() {
    let world = World::new();
    let empty = world.registry.pack(1, &world.trust_list(), Vec::new(), NOW);
    let outcome = judge(&world, &empty, NOW);
    assert_eq!(
        (outcome.report.verdict, outcome.report.status.state),
        (Verdict::Unknown, Status::Unknown)
    );
    assert_eq!(outcome.wanted, []);
}

#[test]
fn a_pack_in_grace_is_used_with_warnings() {
    let world = World::new();
    let report = judge(&world, &pack(&world, Listed::Valid, 1), NOW.plus(DAY + SECOND)).report;
    let expired_at = NOW.plus(DAY);
    assert_eq!(report.verdict, Verdict::Valid);
    assert!(report.warnings.contains(&Warning::PackInGrace { expired_at }));
    assert!(
        report
            .warnings
            .contains(&Warning::TrustListInGrace { expired_at })
    );
    assert!(report.warnings.contains(&Warning::StatusInGrace { expired_at }));
}

#[test]
fn without_a_usable_pack_the_verdict_is_unknown() {
    let world = World::new();
    let trust_list = world.trust_list();
    let mut stranger = World::new();
    stranger.registry.pack_key = TestRegistry::new(70).pack_key;
    let foreign = pack(&stranger, Listed::Valid, 1);
    let root = world.registry.root_of_trust(world.trust_list());
    let refused = Pack::open(&foreign, &root, &RustCryptoProvider, NOW, None).unwrap_err();
    assert!(matches!(refused, PackError::UnknownPackSigner));

    for (absence, warning) in [
        (PackAbsence::NotGiven, None),
        (PackAbsence::Refused, Some(Warning::PackRefused)),
    ] {
        let evidence = Evidence::offline_without_pack(absence, &trust_list, &[], None);
        let text = world.presentation();
        let outcome = run(
            &text,
            bound(),
            Policy::RELYING_PARTY,
            evidence,
            &Default::default(),
            &world.provider,
            NOW,
        );
        assert_eq!(outcome.report.verdict, Verdict::Unknown);
        assert_eq!(outcome.report.warnings.first().copied(), warning);
        assert_eq!(outcome.wanted, []);
        assert!(outcome.report.status.checks.iter().any(|check| matches!(
            check.outcome,
            crate::report::CheckOutcome::Absent {
                reason: Reason::EvidenceAbsent
            }
        )));
    }
}

#[test]
fn a_list_in_the_pack_that_another_issuer_signed_is_not_the_issuers_word() {
    // The registry gave the addresses to a second issuer, whose word about the first one's credential counts nothing.
    let world = World::new();
    let other = TestIssuer::new("https://other.example", 300);
    let any = || vec![CredentialTypeRule::Any];
    let mut entry = other.entry(any());
    entry.status_prefix = Some("https://issuer.example/status/".to_owned());
    let trust_list = world
        .registry
        .trust_list(vec![world.issuer.entry(any()), entry], NOW);
    let section = other.status_section(&world.uri(), &world.list(Listed::Valid), NOW);
    let bytes = world.registry.pack(1, &trust_list, vec![section], NOW);
    let report = judge(&world, &bytes, NOW).report;
    assert_eq!(
        (report.verdict, report.status.state),
        (Verdict::Unknown, Status::Unknown)
    );
    assert!(report.failed_because(Reason::EvidenceOfAnotherIssuer));
}
