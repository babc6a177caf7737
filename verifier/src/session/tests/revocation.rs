//! Certificates that their authority took back: the signer is trusted no longer, whatever it signed.

use symbolon_crypto::UnixTime;
use symbolon_crypto::testing::revocation::RevocationListDraft;
use symbolon_crypto::x509::RevocationList;
use symbolon_trust::status_list::Status as Listed;
use symbolon_trust::testing::{DAY, NOW, TestIssuingAuthority};

use super::mdoc_world::MdocWorld;
use super::revocation_world::{
    self, PLACE, REVOKED_AT, rules, says_that_the_signer_was_revoked, signer, world,
};
use super::world::{ISSUER, SECOND, bound};
use crate::policy::{RevocationDocument, RevocationPolicy, RevocationRules};
use crate::report::{CheckName, CheckOutcome, Reason, Report, Trusted, Verdict};
use crate::{Evidence, Policy, Want};

fn revoking(world: &MdocWorld) -> RevocationListDraft {
    let list = world.authority.revocation_list(NOW);
    list.revoking(&signer(world), REVOKED_AT, Some(1))
}

/// The report and what was wanted, with this body at the place of the list.
fn judge(world: &MdocWorld, policy: Policy, served: Option<Vec<u8>>, now: UnixTime) -> (Report, Vec<Want>) {
    judge_with(world, policy, served, &[], now)
}

fn judge_with(
    world: &MdocWorld,
    policy: Policy,
    served: Option<Vec<u8>>,
    given: &[RevocationList],
    now: UnixTime,
) -> (Report, Vec<Want>) {
    let trust_list = world.trust_list();
    let presented = world.present(&world.authority.issue(&world.template()));
    let mut network = world.network(Listed::Valid);
    network
        .revocation_lists
        .extend(served.map(|list| (PLACE.to_owned(), list)));
    let evidence = Evidence::online(&trust_list).with_revocation_lists(given);
    let question = world.question(&presented, bound(), policy, now);
    let (mut reports, wanted) = question.ask(evidence, &network);
    assert_eq!(reports.len(), 1);
    (reports.remove(0), wanted)
}

fn wants_list(wanted: &[Want]) -> bool {
    wanted.contains(&Want::RevocationList {
        url: PLACE.to_owned(),
    })
}

fn checked(report: &Report) -> Option<CheckOutcome> {
    revocation_world::checked(report, CheckName::CertificateRevocation)
}

#[test]
fn a_revoked_document_signer_is_trusted_no_longer_with_the_reason_and_the_date() {
    let world = world();
    for lists in [RevocationPolicy::IfAvailable, RevocationPolicy::Required] {
        let list = world.authority.sign_revocation_list(&revoking(&world));
        let (report, wanted) = judge(&world, rules(lists), Some(list), NOW);
        assert!(wants_list(&wanted));
        says_that_the_signer_was_revoked(&report);
        assert!(report.claims.is_empty() && report.photo.is_none());

        let good = world
            .authority
            .sign_revocation_list(&world.authority.revocation_list(NOW));
        let (report, _) = judge(&world, rules(lists), Some(good), NOW);
        assert_eq!(report.verdict, Verdict::Valid);
        assert_eq!(checked(&report), Some(CheckOutcome::Passed));
    }
}

#[test]
fn what_an_absent_list_means_is_the_policys_to_say() {
    let world = world();
    let (report, wanted) = judge(&world, rules(RevocationPolicy::Off), None, NOW);
    assert_eq!(report.verdict, Verdict::Valid);
    assert!(!wants_list(&wanted));
    let (report, wanted) = judge(&world, rules(RevocationPolicy::IfAvailable), None, NOW);
    assert_eq!((report.verdict, checked(&report)), (Verdict::Valid, None));
    assert!(wants_list(&wanted));
    let absent = |reason| Some(CheckOutcome::Absent { reason });
    let (report, _) = judge(&world, rules(RevocationPolicy::Required), None, NOW);
    assert_eq!(
        (report.verdict, report.trusted.state),
        (Verdict::Unknown, Trusted::Unknown)
    );
    assert_eq!(checked(&report), absent(Reason::EvidenceAbsent));
    assert!(report.claims.is_empty());
}

#[test]
fn one_issuer_may_have_another_rule_than_the_rest() {
    let world = world();
    for name in [ISSUER, "Test issuer"] {
        let document = RevocationDocument {
            lists: RevocationPolicy::Off,
            issuers: [(name.to_owned(), RevocationPolicy::Required)].into(),
        };
        let policy = Policy::RELYING_PARTY.with_revocation(RevocationRules::new(&document));
        let (report, _) = judge(&world, policy, None, NOW);
        assert_eq!(report.verdict, Verdict::Unknown, "{name}");
    }
}

#[test]
fn a_list_counts_until_the_next_is_due() {
    let world = world();
    let made = NOW.minus(DAY);
    let list = world
        .authority
        .sign_revocation_list(&world.authority.revocation_list(made));
    let required = || rules(RevocationPolicy::Required);
    let (report, _) = judge(&world, required(), Some(list.clone()), NOW);
    assert_eq!(checked(&report), Some(CheckOutcome::Passed));
    let (report, _) = judge(&world, required(), Some(list), NOW.plus(SECOND));
    let reason = Reason::EvidenceTooOld;
    assert_eq!(checked(&report), Some(CheckOutcome::Absent { reason }));
    assert_eq!(report.verdict, Verdict::Unknown);
}

#[test]
fn a_list_that_another_signed_or_that_is_broken_says_nothing() {
    let world = world();
    let other = TestIssuingAuthority::new(701);
    let mut forged = revoking(&world);
    let broken = b"no list".to_vec();
    // The other authority has the same name; with the right key identifier only the signature tells them apart.
    let by_other = other.sign_revocation_list(&forged);
    forged.extensions = other.revocation_list(NOW).extensions;
    let of_other = other.sign_revocation_list(&forged);
    for served in [by_other, of_other, broken] {
        let (report, _) = judge(
            &world,
            rules(RevocationPolicy::IfAvailable),
            Some(served.clone()),
            NOW,
        );
        assert_eq!((report.verdict, checked(&report)), (Verdict::Valid, None));
        let (report, _) = judge(&world, rules(RevocationPolicy::Required), Some(served), NOW);
        assert_eq!(report.verdict, Verdict::Unknown);
    }
}

#[test]
fn a_list_that_is_at_hand_is_not_asked_for() {
    let world = world();
    let list = world.authority.sign_revocation_list(&revoking(&world));
    let given = [RevocationList::parse(&list).unwrap()];
    let policy = rules(RevocationPolicy::IfAvailable);
    let (report, wanted) = judge_with(&world, policy, None, &given, NOW);
    assert!(report.failed_because(Reason::CertificateRevoked));
    assert!(!wants_list(&wanted));
}

#[test]
fn places_that_nobody_can_ask_do_not_hide_the_one_that_has_the_list() {
    let mut world = MdocWorld::new();
    let places = ["ldap://lists.example/one", "ldap://lists.example/two", PLACE];
    world.authority = TestIssuingAuthority::new(700).publishing_at_all(&places);
    let list = world.authority.sign_revocation_list(&revoking(&world));
    let (report, wanted) = judge(&world, rules(RevocationPolicy::IfAvailable), Some(list), NOW);
    assert!(wants_list(&wanted));
    assert!(report.failed_because(Reason::CertificateRevoked));
}

#[test]
fn nobody_asks_at_the_address_of_a_stranger() {
    let world = world();
    let stranger = TestIssuingAuthority::new(702).publishing_at("http://192.0.2.1/probe");
    let presented = world.present(&stranger.issue(&world.template()));
    let trust_list = world.trust_list();
    let question = world.question(&presented, bound(), rules(RevocationPolicy::Required), NOW);
    let (_, wanted) = question.ask(Evidence::online(&trust_list), &world.network(Listed::Valid));
    assert_eq!(wanted, []);
}

#[test]
fn nobody_is_asked_about_the_signer_of_what_has_expired() {
    let world = world();
    let mut expired = world.template();
    expired.validity.valid_until = NOW.minus(SECOND * 3_600);
    let presented = world.present(&world.authority.issue(&expired));
    let trust_list = world.trust_list();
    let question = world.question(&presented, bound(), rules(RevocationPolicy::Required), NOW);
    let (reports, wanted) = question.ask(Evidence::online(&trust_list), &world.network(Listed::Valid));
    assert!(reports[0].failed_because(Reason::Expired));
    assert_eq!(wanted, []);
}
