//! One credential: through the verification session, and its report as findings.

use serde_json::Value;
use symbolon_credential::Input;
use symbolon_credential::w3c::jose::JwtCredential;
use symbolon_credential::w3c::{
    EnvelopeType, PresentedCredential, ProblemType, VerifiableCredential, W3cBudget,
};
use symbolon_protocol::vcalm::verify::{CredentialFindings, CredentialResults};
use symbolon_verifier::report::{Authentic, Reason, Report, Status, Trusted};
use symbolon_verifier::{Evidence, Expected, VerificationSession};

use super::problems::{About, FailedCheck, warning};
use crate::state::State;

/// What was found about a credential.
pub(super) struct JudgedCredential {
    pub(super) findings: CredentialFindings,
    pub(super) genuineness: Genuineness,
}

/// Whether a credential is what its issuer made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Genuineness {
    /// It is, or nobody looked because its issuer is not trusted.
    Genuine,
    /// The document or what secures it is wrong.
    NotGenuine,
}

/// A credential as it stands in a document.
pub(super) fn presented_value(credential: &PresentedCredential) -> Value {
    match credential {
        PresentedCredential::Embedded(credential) => Value::Object(credential.document().clone()),
        PresentedCredential::Enveloped(enveloped) => enveloped.to_value(),
    }
}

impl State {
    /// Verifies one credential. Who holds it is not asked: that is for the presentation, or for the caller.
    pub(super) async fn verify_presented(
        &self,
        credential: &PresentedCredential,
        evidence: &mut Evidence<'_>,
    ) -> JudgedCredential {
        let Value::Object(document) = presented_value(credential) else {
            return unreadable();
        };
        let results = match credential {
            PresentedCredential::Embedded(credential) => CredentialResults::unverified(credential.document()),
            PresentedCredential::Enveloped(enveloped) => match (enveloped.kind(), enveloped.text()) {
                (EnvelopeType::VcJwt, Some(text)) => results_of_jwt(text),
                _ => CredentialResults::default(),
            },
        };
        let Ok(input) = Input::of_document(document) else {
            return unreadable();
        };
        let policy = self.dependencies.policy.clone();
        let Ok(session) = VerificationSession::new(&input, Expected::NotApplicable, policy) else {
            return unreadable();
        };
        match self.judge_one(session, evidence).await.as_slice() {
            [report] => findings(report, results),
            _ => unreadable(),
        }
    }
}

/// The members of the document within a JWT, unverified.
fn results_of_jwt(text: &str) -> CredentialResults {
    match JwtCredential::parse(text, W3cBudget::DEFAULT) {
        Ok(token) => {
            let credential: &VerifiableCredential = token.credential();
            CredentialResults::unverified(credential.document())
        }
        Err(_) => CredentialResults::default(),
    }
}

fn unreadable() -> JudgedCredential {
    JudgedCredential {
        findings: CredentialFindings {
            errors: vec![ProblemType::ParsingError.details("the credential cannot be read")],
            ..CredentialFindings::default()
        },
        genuineness: Genuineness::NotGenuine,
    }
}

fn findings(report: &Report, mut results: CredentialResults) -> JudgedCredential {
    let axes = [
        &report.authentic.checks,
        &report.trusted.checks,
        &report.status.checks,
    ];
    let mut failed: Vec<FailedCheck> = axes
        .into_iter()
        .flatten()
        .filter_map(|check| FailedCheck::of(check, report.format))
        .collect();
    let is_good = report.authentic.state == Authentic::Authentic
        && report.trusted.state == Trusted::Trusted
        && matches!(report.status.state, Status::Good | Status::WithoutStatus);
    // Whatever the checks say: what is not found good is never told as verified.
    if !is_good && failed.is_empty() {
        failed.push(FailedCheck {
            about: About::Trust,
            reason: Reason::NotReached,
            details: ProblemType::ProofVerificationError.details("the credential could not be verified"),
        });
    }
    let fails = |about| failed.iter().any(|check| check.about == about);
    let fails_by = |reason| failed.iter().any(|check| check.reason == reason);
    let is_authentic = report.authentic.state == Authentic::Authentic || fails(About::Validity);
    let is_proven = is_authentic && !fails(About::Proof) && !fails(About::Trust);
    for proof in &mut results.proof {
        proof.verified = is_proven;
    }
    if let Some(from) = &mut results.valid_from {
        from.verified = is_proven && !fails_by(Reason::NotYetValid);
    }
    if let Some(until) = &mut results.valid_until {
        until.verified = is_proven && !fails_by(Reason::Expired);
    }
    for entry in &mut results.credential_status {
        entry.verified = is_good && report.status.state == Status::Good;
        entry.value = entry.verified.then_some(0);
    }
    // A schema is the issuer's promise about the document; none is evaluated here, and none is said to be.
    results.credential_schema.clear();
    let genuineness = if fails(About::Proof) {
        Genuineness::NotGenuine
    } else {
        Genuineness::Genuine
    };
    JudgedCredential {
        findings: CredentialFindings {
            errors: failed.into_iter().map(|check| check.details).collect(),
            warnings: report.warnings.iter().copied().map(warning).collect(),
            results,
        },
        genuineness,
    }
}
