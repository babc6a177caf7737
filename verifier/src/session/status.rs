//! The status axis: what has become of the credential (Token Status List, section 8.3; offline pack, section 5).

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use symbolon_credential::status::CredentialStatus;
use symbolon_crypto::{CryptoProvider, UnixTime};
use symbolon_trust::pack::{Pack, PackStatus};
use symbolon_trust::status_list::{
    Status as ListedStatus, StatusListError, StatusListToken, VerifiedStatusList,
};
use symbolon_trust::trust_list::TrustedIssuer;
use symbolon_trust::validity::Validity;

use crate::evidence::{Evidence, PackEvidence, Reach, StatusEvidence};
use crate::policy::{Policy, StatusAge, StatusPolicy};
use crate::report::{Axis, Check, CheckName, Reason, Status, Warning};

/// The status of a credential whose signature and issuer have been verified.
pub(super) struct StatusQuestion<'q> {
    /// Where the credential says its status is.
    pub(super) reference: &'q CredentialStatus,
    /// The verified issuer.
    pub(super) issuer: &'q TrustedIssuer,
    pub(super) policy: &'q Policy,
    pub(super) provider: &'q dyn CryptoProvider,
    pub(super) now: UnixTime,
    /// Whether the session may still ask.
    pub(super) rounds: Rounds,
}

/// Whether the session may still ask for evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rounds {
    Left,
    Exhausted,
}

pub(super) enum StatusAnswer {
    /// Nothing is known yet about the list at this URI, and it can be asked for.
    Wanted {
        uri: String,
    },
    Known(StatusFindings),
}

#[derive(Debug, Clone)]
pub(super) struct StatusFindings {
    pub(super) axis: Axis<Status>,
    pub(super) as_of: Option<UnixTime>,
    pub(super) warnings: Vec<Warning>,
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
        }
    }
}

/// Lists that a session has verified, so that no signature is checked twice.
pub(super) type VerifiedLists = BTreeMap<String, Result<Arc<VerifiedStatusList>, Reason>>;

impl StatusQuestion<'_> {
    pub(super) fn answer(&self, evidence: &Evidence<'_>, verified: &mut VerifiedLists) -> StatusAnswer {
        let (uri, index) = match self.reference {
            CredentialStatus::StatusList(reference) => (reference.uri(), reference.index()),
            CredentialStatus::NotTracked => return StatusAnswer::Known(self.without_reference()),
            // A status that cannot be read is not the absence of one.
            CredentialStatus::OtherMechanism => {
                let check = Check::failed(CheckName::StatusReference, Reason::Malformed);
                return StatusAnswer::Known(StatusFindings::unknown(check));
            }
        };
        let mut findings = StatusFindings {
            axis: Axis {
                state: Status::Unknown,
                checks: vec![Check::passed(CheckName::StatusReference)],
            },
            as_of: None,
            warnings: Vec::new(),
        };
        if let PackEvidence::Accepted(pack) = evidence.pack()
            && self.judge_packed(pack, uri, index, &mut findings) == Covered::Answered
        {
            return StatusAnswer::Known(findings);
        }
        let list = match (
            verified.get(uri),
            evidence.status_list(uri),
            evidence.reach(),
            self.rounds,
        ) {
            (Some(known), ..) => known.clone(),
            (None, Some(StatusEvidence::Token(token)), ..) => {
                let result = self.verify(token, uri).map(Arc::new);
                verified.insert(uri.to_owned(), result.clone());
                result
            }
            (None, Some(StatusEvidence::Verified(list)), ..) => {
                self.accept_verified(list, uri).map(|()| list.clone())
            }
            (None, None, Reach::Network, Rounds::Left) => {
                return StatusAnswer::Wanted { uri: uri.to_owned() };
            }
            (None, Some(StatusEvidence::Absent) | None, ..) => Err(Reason::EvidenceAbsent),
        };
        match list {
            Ok(list) => self.judge_listed(&list, index, &mut findings),
            Err(Reason::EvidenceAbsent) => {
                findings.axis.checks.push(Check::absent(
                    CheckName::StatusListSignature,
                    Reason::EvidenceAbsent,
                ));
            }
            // A list that cannot be believed says nothing: not that the credential is bad, and not that it is good.
            Err(reason) => findings
                .axis
                .checks
                .push(Check::failed(CheckName::StatusListSignature, reason)),
        }
        StatusAnswer::Known(findings)
    }

    fn without_reference(&self) -> StatusFindings {
        let (state, check) = match self.policy.status {
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
        }
    }

    fn verify(&self, token: &str, uri: &str) -> Result<VerifiedStatusList, Reason> {
        StatusListToken::parse(token, self.policy.status_list_budget)
            .and_then(|token| token.verify(uri, self.issuer, self.provider, self.now))
            .map_err(|error| reason_of(&error))
    }

    /// A list verified by another session: the signature holds for ever, its owner and its age are looked at again.
    fn accept_verified(&self, list: &VerifiedStatusList, uri: &str) -> Result<(), Reason> {
        if list.uri() != uri || *list.issuer() != self.issuer.identifier || !self.issuer.owns_status_list(uri)
        {
            return Err(Reason::EvidenceOfAnotherIssuer);
        }
        if list.expires_at().is_some_and(|expires_at| expires_at <= self.now) {
            return Err(Reason::EvidenceTooOld);
        }
        Ok(())
    }

    fn judge_listed(&self, list: &VerifiedStatusList, index: u64, findings: &mut StatusFindings) {
        let as_of = list.issued_at();
        findings.as_of = Some(as_of);
        findings
            .axis
            .checks
            .push(Check::passed(CheckName::StatusListSignature).from(as_of));
        let (state, check) = match list.status(index) {
            Ok(status) => self.judge_state(status, as_of),
            Err(_) => (
                Status::OutOfRange,
                Check::failed(CheckName::CredentialStatus, Reason::IndexOutOfRange),
            ),
        };
        findings.axis.state = state;
        findings.axis.checks.push(check.from(as_of));
    }

    fn judge_packed(&self, pack: &Pack<'_>, uri: &str, index: u64, findings: &mut StatusFindings) -> Covered {
        let (state, check, as_of) = match pack.status(uri, index) {
            PackStatus::NotCovered => return Covered::NotCovered,
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
                    let (state, check) = self.judge_state(status, as_of);
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

    fn judge_state(&self, status: ListedStatus, as_of: UnixTime) -> (Status, Check) {
        let failed = |reason| Check::failed(CheckName::CredentialStatus, reason);
        match status {
            // Bad news does not become good by age.
            ListedStatus::Invalid => (Status::Revoked, failed(Reason::Revoked)),
            ListedStatus::Suspended => (Status::Suspended, failed(Reason::Suspended)),
            _ if self.is_too_old(as_of) => (Status::Unknown, failed(Reason::EvidenceTooOld)),
            ListedStatus::Valid => (Status::Good, Check::passed(CheckName::CredentialStatus)),
            ListedStatus::ApplicationSpecific(_) | ListedStatus::Unregistered(_) => {
                (Status::Unknown, failed(Reason::UnknownStatusValue))
            }
        }
    }

    fn is_too_old(&self, as_of: UnixTime) -> bool {
        match self.policy.status_age {
            StatusAge::AsSigned => false,
            StatusAge::AtMost(age) => self.now.since(as_of) > age.max(Duration::from_secs(1)),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Covered {
    Answered,
    NotCovered,
}

fn reason_of(error: &StatusListError) -> Reason {
    match error {
        StatusListError::WrongType => Reason::WrongType,
        StatusListError::OtherSubject | StatusListError::NotTheIssuersList => Reason::EvidenceOfAnotherIssuer,
        StatusListError::IssuedInTheFuture { .. } => Reason::NotYetValid,
        StatusListError::Expired { .. } => Reason::EvidenceTooOld,
        StatusListError::Chain(_) => Reason::NoChainToAnchor,
        StatusListError::SignerIsNotTheIssuer => Reason::SignerIsNotIssuer,
        StatusListError::Signature => Reason::WrongSignature,
        _ => Reason::Malformed,
    }
}
