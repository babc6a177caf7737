//! The status axis: what has become of the credential.

mod bitstring;
mod token;

use symbolon_credential::status::CredentialStatus;
use symbolon_crypto::UnixTime;
use symbolon_trust::pack::{Pack, PackStatus};
use symbolon_trust::status_list::Status as ListedStatus;
use symbolon_trust::trust_list::TrustedIssuer;
use symbolon_trust::validity::Validity;

pub use self::bitstring::VerifiedBitstringList;
use super::Want;
use super::context::Context;
use super::found::Found;
use super::judged::StatusSource;
use crate::evidence::{PackEvidence, PackTurn};
use crate::policy::{Freshness, FreshnessRule, StatusPolicy};
use crate::report::{Axis, Check, CheckName, Reason, Status, StatusMessage, Warning};

/// The status of a credential whose signature and issuer have been verified.
pub(super) struct StatusQuestion<'q, 'c> {
    pub(super) context: &'q Context<'c>,
    /// The verified issuer.
    pub(super) issuer: &'q TrustedIssuer,
    /// How old what is said of it may be.
    pub(super) freshness: FreshnessRule,
}

pub(super) enum StatusAnswer {
    /// Nothing is known yet about these, and they can be asked for.
    Wanted(Vec<Want>),
    Known(StatusFindings),
}

#[derive(Debug, Clone)]
pub(super) struct StatusFindings {
    pub(super) axis: Axis<Status>,
    pub(super) as_of: Option<UnixTime>,
    pub(super) warnings: Vec<Warning>,
    pub(super) messages: Vec<StatusMessage>,
}

impl StatusFindings {
    pub(super) fn unknown(check: Check) -> Self {
        Self {
            axis: Axis {
                state: Status::Unknown,
                checks: vec![check],
            },
            as_of: None,
            warnings: Vec::new(),
            messages: Vec::new(),
        }
    }

    /// The credential names its list; what the list says comes next.
    fn referenced() -> Self {
        Self::unknown(Check::passed(CheckName::StatusReference))
    }
}

impl StatusFindings {
    /// The list could not be had, or cannot be believed: it says nothing, not that the credential is bad, and not that
    /// it is good.
    fn not_believed(&mut self, reason: Reason) {
        self.axis.checks.push(match reason {
            Reason::EvidenceAbsent | Reason::NotCovered | Reason::NotProvableHere => {
                Check::absent(CheckName::StatusListSignature, reason)
            }
            other => Check::failed(CheckName::StatusListSignature, other),
        });
    }
}

impl StatusQuestion<'_, '_> {
    pub(super) fn answer(&self, source: &StatusSource, found: &mut Found) -> StatusAnswer {
        match source {
            StatusSource::Token(CredentialStatus::StatusList(reference)) => {
                self.token_status(reference.uri(), reference.index(), found)
            }
            StatusSource::Token(CredentialStatus::NotTracked) => {
                StatusAnswer::Known(self.without_reference())
            }
            // A status that cannot be read is not the absence of one.
            StatusSource::Token(CredentialStatus::OtherMechanism) => {
                let check = Check::failed(CheckName::StatusReference, Reason::Malformed);
                StatusAnswer::Known(StatusFindings::unknown(check))
            }
            StatusSource::Entries(entries) => self.bitstring_status(entries, found),
        }
    }

    fn without_reference(&self) -> StatusFindings {
        let (state, check) = match self.context.policy.status {
            StatusPolicy::Always => (
                Status::Unknown,
                Check::failed(CheckName::StatusReference, Reason::Missing),
            ),
            StatusPolicy::WhereReferenced => (
                Status::WithoutStatus,
                Check::absent(CheckName::StatusReference, Reason::Missing),
            ),
        };
        StatusFindings {
            axis: Axis {
                state,
                checks: vec![check],
            },
            as_of: None,
            warnings: Vec::new(),
            messages: Vec::new(),
        }
    }

    /// What the pack says, where it is its turn: before the network, or for what could not be had there.
    fn packed_status(
        &self,
        turn: PackTurn,
        uri: &str,
        index: u64,
        findings: &mut StatusFindings,
        found: &mut Found,
    ) -> Covered {
        let evidence = self.context.evidence;
        if evidence.pack_turn() != turn {
            return Covered::Missing;
        }
        let covered = match evidence.pack() {
            PackEvidence::Accepted(pack) => self.judge_packed(pack, uri, index, findings, found),
            PackEvidence::NotGiven | PackEvidence::Refused => Covered::Missing,
        };
        if turn == PackTurn::AfterNetwork {
            findings.warnings.extend(self.context.pack_warning());
        }
        covered
    }

    fn judge_packed(
        &self,
        pack: &Pack<'_>,
        uri: &str,
        index: u64,
        findings: &mut StatusFindings,
        found: &mut Found,
    ) -> Covered {
        let signer = pack.status_signer(uri);
        let doubt = signer.and_then(|signer| {
            self.context
                .doubt_about_status_signer(&signer, self.issuer, found)
        });
        if let Some(reason) = doubt {
            findings.not_believed(reason);
            return Covered::Answered;
        }
        let (state, check, as_of) = match pack.status(uri, index) {
            PackStatus::Missing => return Covered::Missing,
            PackStatus::NotCovered => return Covered::Elsewhere,
            PackStatus::NotProvable => return Covered::NotProvable,
            PackStatus::Listed {
                status,
                as_of,
                validity,
                issuer,
            } => {
                if *issuer != self.issuer.identifier {
                    let check = Check::failed(CheckName::CredentialStatus, Reason::EvidenceOfAnotherIssuer);
                    (Status::Unknown, check, as_of)
                } else {
                    if let Validity::InGrace { expired_at } = validity {
                        findings.warnings.push(Warning::StatusInGrace { expired_at });
                    }
                    let (state, check) = self.judge_state(status, Some(as_of), findings);
                    (state, check, as_of)
                }
            }
            PackStatus::Outdated { as_of } => (
                Status::Unknown,
                Check::failed(CheckName::CredentialStatus, Reason::EvidenceTooOld),
                as_of,
            ),
            PackStatus::OutOfRange { as_of } => (
                Status::OutOfRange,
                Check::failed(CheckName::CredentialStatus, Reason::IndexOutOfRange),
                as_of,
            ),
            PackStatus::Unreadable { as_of } => (
                Status::Unknown,
                Check::failed(CheckName::CredentialStatus, Reason::Malformed),
                as_of,
            ),
        };
        findings.as_of = Some(as_of);
        findings
            .axis
            .checks
            .push(Check::passed(CheckName::StatusListSignature).from(as_of));
        findings.axis.state = state;
        findings.axis.checks.push(check.from(as_of));
        Covered::Answered
    }

    fn judge_state(
        &self,
        status: ListedStatus,
        as_of: Option<UnixTime>,
        findings: &mut StatusFindings,
    ) -> (Status, Check) {
        let failed = |reason| Check::failed(CheckName::CredentialStatus, reason);
        match status {
            // Bad news does not become good by age.
            ListedStatus::Invalid => (Status::Revoked, failed(Reason::Revoked)),
            ListedStatus::Suspended => (Status::Suspended, failed(Reason::Suspended)),
            ListedStatus::Valid => match self.freshness.judge(as_of, self.context.now) {
                Freshness::Fresh => (Status::Good, Check::passed(CheckName::CredentialStatus)),
                Freshness::Old { fresh_until } => {
                    findings.warnings.push(Warning::StatusOld { fresh_until });
                    (Status::Good, Check::passed(CheckName::CredentialStatus))
                }
                Freshness::TooOld => (Status::Unknown, failed(Reason::EvidenceTooOld)),
            },
            ListedStatus::ApplicationSpecific(_) | ListedStatus::Unregistered(_) => {
                (Status::Unknown, failed(Reason::UnknownStatusValue))
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Covered {
    Answered,
    /// Within what the pack covers, and not in it.
    Missing,
    /// None of a partial pack's.
    Elsewhere,
    /// In the pack, and with a proof that nothing here can verify.
    NotProvable,
}

impl Covered {
    /// Of the two turns that a pack may have, the one that it had.
    const fn or(self, other: Self) -> Self {
        match self {
            Self::Missing => other,
            Self::Answered | Self::Elsewhere | Self::NotProvable => self,
        }
    }

    /// Why nothing is known where the pack was the only thing to ask.
    const fn reason(self) -> Reason {
        match self {
            Self::Elsewhere => Reason::NotCovered,
            Self::NotProvable => Reason::NotProvableHere,
            Self::Answered | Self::Missing => Reason::EvidenceAbsent,
        }
    }
}
