//! A document signer whose authority says where it publishes its revocation list, and what policies make of that list.

use symbolon_crypto::UnixTime;
use symbolon_crypto::x509::{Certificate, RevocationReason};
use symbolon_trust::testing::TestIssuingAuthority;

use super::mdoc_world::MdocWorld;
use crate::Policy;
use crate::policy::{RevocationDocument, RevocationPolicy, RevocationRules};
use crate::report::{CheckName, CheckOutcome, Reason, Report, Trusted, Verdict, Warning};

pub(super) const PLACE: &str = "http://lists.example/iaca.crl";
pub(super) const REVOKED_AT: UnixTime = UnixTime::from_seconds(1_795_000_000);

pub(super) fn world() -> MdocWorld {
    let mut world = MdocWorld::new();
    world.authority = TestIssuingAuthority::new(700).publishing_at(PLACE);
    world
}

pub(super) fn signer(world: &MdocWorld) -> Certificate {
    Certificate::parse(world.authority.certificate()).unwrap()
}

pub(super) fn rules(lists: RevocationPolicy) -> Policy {
    let document = RevocationDocument {
        lists,
        ..RevocationDocument::default()
    };
    Policy::RELYING_PARTY.with_revocation(RevocationRules::new(&document))
}

/// What came of the first check of this name.
pub(super) fn checked(report: &Report, name: CheckName) -> Option<CheckOutcome> {
    let mut checks = report.checks();
    Some(checks.find(|check| check.name == name)?.outcome)
}

/// That the signer is not trusted any more because its key was stolen at [`REVOKED_AT`], and that a warning says so.
#[track_caller]
pub(super) fn says_that_the_signer_was_revoked(report: &Report) {
    assert_eq!(
        (report.verdict, report.trusted.state),
        (Verdict::Invalid, Trusted::NotTrusted)
    );
    assert!(report.failed_because(Reason::CertificateRevoked));
    let told = Warning::CertificateRevoked {
        revoked_at: REVOKED_AT,
        reason: Some(RevocationReason::KeyCompromise),
    };
    assert_eq!(report.warnings, [told]);
}
