//! The checks of a report as problem details: which type of which specification each failed check is.

use symbolon_credential::data_integrity::ProofRejected;
use symbolon_credential::w3c::{ProblemDetails, ProblemType};
use symbolon_protocol::vcalm::VcalmProblem;
use symbolon_verifier::report::{
    Check, CheckName, CheckOutcome, CredentialFormat, Reason, Standing, Warning,
};

/// Which part of a credential a check is about, for the results and for the status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// The document and what secures it.
    Proof,
    /// Whether the issuer is one that is believed.
    Trust,
    /// The times.
    Validity,
    /// The status.
    Status,
}

/// A check that did not pass.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FailedCheck {
    pub(super) about: About,
    pub(super) reason: Reason,
    pub(super) details: ProblemDetails,
}

impl FailedCheck {
    /// The problem of a check; `None` where there is none: it passed, or it was not made because another one failed, or
    /// there was nothing to be checked.
    pub(super) fn of(check: &Check, format: CredentialFormat) -> Option<Self> {
        let reason = match check.outcome {
            CheckOutcome::Passed
            | CheckOutcome::Absent {
                reason: Reason::NotReached,
            } => return None,
            CheckOutcome::Failed { reason } | CheckOutcome::Absent { reason } => reason,
        };
        let (about, problem) = kind(check.name, reason, format)?;
        Some(Self {
            about,
            reason,
            details: problem.details(about, check, reason),
        })
    }
}

/// A type of problem of one of the specifications, or one for which they have none.
#[derive(Debug, Clone, Copy)]
enum Kind {
    W3c(ProblemType),
    NotTrusted,
    OutOfForce,
}

impl Kind {
    fn details(self, about: About, check: &Check, reason: Reason) -> ProblemDetails {
        let advice = match about {
            About::Status => Standing::because_of(reason).advice(),
            About::Proof | About::Trust | About::Validity => None,
        };
        let advice = advice.map_or_else(String::new, |advice| format!("; {advice}"));
        let detail = format!("{} ({}){advice}", sentence(check.name, reason), check.section);
        match self {
            Self::W3c(kind) => kind.details(detail),
            Self::NotTrusted => VcalmProblem::IssuerNotTrusted.details(detail),
            Self::OutOfForce => VcalmProblem::CredentialOutOfForce.details(detail),
        }
    }
}

fn kind(name: CheckName, reason: Reason, format: CredentialFormat) -> Option<(About, Kind)> {
    use ProblemType as P;
    let w3c = |about, problem| Some((about, Kind::W3c(problem)));
    match name {
        CheckName::TrustList
        | CheckName::IssuerListed
        | CheckName::CredentialTypeAllowed
        | CheckName::CertificateRevocation => Some((About::Trust, Kind::NotTrusted)),
        CheckName::ValidityPeriod => w3c(About::Validity, P::RangeError),
        // A credential without a status lives by its expiry alone.
        CheckName::StatusReference if reason == Reason::Missing => None,
        CheckName::StatusListSignature
            if matches!(
                reason,
                Reason::EvidenceAbsent | Reason::NotCovered | Reason::NotProvableHere
            ) =>
        {
            w3c(About::Status, P::StatusRetrievalError)
        }
        CheckName::StatusReference | CheckName::StatusListSignature => {
            w3c(About::Status, P::StatusVerificationError)
        }
        CheckName::CredentialStatus => match reason {
            Reason::Revoked | Reason::Suspended => Some((About::Status, Kind::OutOfForce)),
            Reason::IndexOutOfRange => w3c(About::Status, P::RangeError),
            Reason::EvidenceAbsent | Reason::NotCovered => w3c(About::Status, P::StatusRetrievalError),
            _ => w3c(About::Status, P::StatusVerificationError),
        },
        // Who holds it is the coordinator's question.
        CheckName::KeyBinding | CheckName::Photo => None,
        CheckName::IssuerKey | CheckName::IssuerBinding if reason != Reason::WrongPurpose => {
            w3c(About::Proof, P::InvalidVerificationMethod)
        }
        _ => w3c(About::Proof, proof_problem(name, reason, format)),
    }
}

fn proof_problem(name: CheckName, reason: Reason, format: CredentialFormat) -> ProblemType {
    match reason {
        Reason::WrongPurpose => ProblemType::InvalidRelationshipForVerificationMethod,
        Reason::UnknownContext | Reason::NotCoveredByProof | Reason::OverBudget => {
            ProblemType::ProofTransformationError
        }
        _ if name == CheckName::DataModel => ProblemType::MalformedValueError,
        _ if format == CredentialFormat::LdpVc => ProblemType::ProofVerificationError,
        _ => ProblemType::CryptographicSecurityError,
    }
}

/// What is wrong, in words. Nothing of the credential stands in them.
fn sentence(name: CheckName, reason: Reason) -> String {
    let words = |value: serde_json::Value| value.as_str().unwrap_or_default().replace('_', " ");
    let check = serde_json::to_value(name).map(words).unwrap_or_default();
    let reason = serde_json::to_value(reason).map(words).unwrap_or_default();
    format!("{check}: {reason}")
}

/// The problem of a proof that was rejected.
pub(super) fn rejected(rejected: ProofRejected) -> ProblemDetails {
    let kind = match rejected {
        ProofRejected::Challenge => ProblemType::InvalidChallengeError,
        ProofRejected::Domain => ProblemType::InvalidDomainError,
        ProofRejected::UnknownMethod => ProblemType::InvalidVerificationMethod,
        ProofRejected::Purpose => ProblemType::InvalidRelationshipForVerificationMethod,
        ProofRejected::NotTransformed(_) | ProofRejected::Context => ProblemType::ProofTransformationError,
        _ => ProblemType::ProofVerificationError,
    };
    kind.details(rejected.to_string())
}

/// A warning of a report.
pub(super) fn warning(warning: Warning) -> ProblemDetails {
    let (kind, detail) = match warning {
        Warning::TrustListInGrace { .. } => (
            Kind::NotTrusted,
            "the trust list has expired and is used in its grace period",
        ),
        Warning::StatusInGrace { .. } => (
            Kind::W3c(ProblemType::StatusVerificationError),
            "the status list has expired and is used in its grace period",
        ),
        Warning::CertificateRevoked { .. } => (
            Kind::NotTrusted,
            "the authority of the issuer revoked a certificate of its signer",
        ),
        Warning::StatusOld { .. } => (
            Kind::W3c(ProblemType::StatusVerificationError),
            "what is known of the status is older than allowed for this type",
        ),
        Warning::PackInGrace { .. } | Warning::PackRefused => (
            Kind::W3c(ProblemType::StatusVerificationError),
            "the offline pack is not current",
        ),
    };
    match kind {
        Kind::W3c(kind) => kind.details(detail),
        Kind::NotTrusted => VcalmProblem::IssuerNotTrusted.details(detail),
        Kind::OutOfForce => VcalmProblem::CredentialOutOfForce.details(detail),
    }
}
