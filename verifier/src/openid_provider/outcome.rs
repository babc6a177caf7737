//! What the answer of a wallet makes of a sign-in.

use serde_json::{Map, Value};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_crypto::UnixTime;
use symbolon_protocol::oauth::error::AuthorizationErrorCode;
use symbolon_protocol::openid_connect::authentication_request::AuthenticationRequest;
use thiserror::Error;

use super::begin::{Begun, required_acr};
use super::claims::PersonClaims;
use super::client::{OpenIdClient, OpenIdScope};
use super::subject::SubjectKey;
use crate::policy::{PolicyDecision, PolicyOutcome};
use crate::store::{DeclineCode, PresentationResult, RequestId, ResultOutcome, StoredReport};
use crate::verified_claims::PresentedEvidence;

/// Who signed in.
#[derive(Clone, PartialEq)]
pub struct SignedIn {
    /// As the client knows them.
    pub subject: String,
    /// The level of assurance, where the verifier gives the credential one.
    pub acr: Option<String>,
    /// What the ID token says of them.
    pub id_token_claims: Map<String, Value>,
    /// What the userinfo endpoint says of them.
    pub user_info_claims: Map<String, Value>,
}

/// Why nobody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignInRefusal {
    /// The person said no: on the page, or in the wallet.
    #[error("the person declined")]
    Declined,
    /// The wallet could not answer.
    #[error("the wallet showed nothing")]
    NothingShown,
    /// Nobody has answered in time.
    #[error("nobody has answered in time")]
    TooLate,
    /// The policy is not satisfied.
    #[error("what was shown does not satisfy the policy")]
    NotSatisfied,
    /// It cannot be told whether it is, as while a status list cannot be fetched.
    #[error("it cannot be told now whether what was shown satisfies the policy")]
    Undecided,
    /// What was shown does not say who it is.
    #[error("what was shown does not identify the person")]
    NotIdentified,
    /// The client asked for somebody else, or for another level of assurance.
    #[error("the sign-in is not the one that was asked for")]
    NotAsAsked,
    /// The verifier's policies have changed since the sign-in began.
    #[error("the client's configuration has changed meanwhile")]
    Reconfigured,
}

impl SignInRefusal {
    /// The protocol's code for this refusal.
    #[must_use]
    pub const fn code(self) -> AuthorizationErrorCode {
        match self {
            Self::Undecided | Self::Reconfigured => AuthorizationErrorCode::TemporarilyUnavailable,
            _ => AuthorizationErrorCode::AccessDenied,
        }
    }
}

/// The answer to a presentation request of a sign-in.
#[derive(Clone, Copy)]
pub struct SignInAnswer<'a> {
    /// The presentation request.
    pub id: &'a RequestId,
    /// What came of it.
    pub result: &'a PresentationResult,
}

impl OpenIdClient {
    /// Who signed in by an answer.
    ///
    /// # Errors
    /// [`SignInRefusal`], of which the client is told the code.
    pub fn outcome(
        &self,
        request: &AuthenticationRequest,
        begun: &Begun<'_>,
        answer: SignInAnswer<'_>,
        key: &SubjectKey,
        now: UnixTime,
    ) -> Result<SignedIn, SignInRefusal> {
        let scope = begun.scope;
        let (reports, decision) = presented(answer.result)?;
        if decision.policy != *scope.policy.name() {
            return Err(SignInRefusal::Reconfigured);
        }
        match decision.outcome {
            PolicyOutcome::Satisfied => {}
            PolicyOutcome::Unknown => return Err(SignInRefusal::Undecided),
            // Nobody is there to compare a face.
            PolicyOutcome::NotSatisfied | PolicyOutcome::FaceToCompare => {
                return Err(SignInRefusal::NotSatisfied);
            }
        }
        let (report, identifier) = identified(scope, reports).ok_or(SignInRefusal::NotIdentified)?;
        let issuer = report
            .report
            .issuer
            .as_ref()
            .ok_or(SignInRefusal::NotIdentified)?;
        let subject = key.subject(self.sector(), &issuer.identifier, &identifier);
        let acr = scope
            .policy
            .assurances()
            .level_of(&report.report)
            .map(str::to_owned);
        check_asked(request, &subject, acr.as_deref())?;
        let presented = PresentedEvidence {
            request: answer.id,
            reports,
            decision,
        };
        let person = PersonClaims::new(scope.policy.verified_claims(presented));
        Ok(SignedIn {
            subject,
            acr,
            id_token_claims: person.requested(&request.claims.id_token, now),
            user_info_claims: person.user_info(&request.claims.userinfo, &begun.granted, scope, now),
        })
    }
}

fn presented(result: &PresentationResult) -> Result<(&[StoredReport], &PolicyDecision), SignInRefusal> {
    match &result.outcome {
        ResultOutcome::Presented {
            reports,
            decision: Some(decision),
            ..
        } => Ok((reports, decision)),
        ResultOutcome::Presented { decision: None, .. } => Err(SignInRefusal::Reconfigured),
        ResultOutcome::Declined {
            error: DeclineCode::AccessDenied,
        } => Err(SignInRefusal::Declined),
        ResultOutcome::Declined { .. } => Err(SignInRefusal::NothingShown),
    }
}

/// The credential that says who it is, and what it says: of those that the client's file names, the first that was shown.
fn identified<'r>(scope: &OpenIdScope, reports: &'r [StoredReport]) -> Option<(&'r StoredReport, String)> {
    reports.iter().find_map(|report| {
        let mut subject = scope.document.subject.iter();
        let (_, claim) = subject.find(|(credential, _)| credential.as_str() == report.query_id)?;
        Some((report, identifier(claim, &report.report.claims)?))
    })
}

/// One text that is not empty, or one whole number. A number and its text are the same: formats differ in how they write one.
fn identifier(claim: &ClaimsPath, claims: &Map<String, Value>) -> Option<String> {
    let selected = claim.select(claims).ok()?;
    match selected.as_slice() {
        [Value::String(text)] if !text.trim().is_empty() => Some(text.clone()),
        [Value::Number(number)] if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// [OpenID Connect Core 1.0 §5.5.1, §5.5.1.1]: where the client demands a subject or a level, the sign-in of anybody else has failed.
///
/// [OpenID Connect Core 1.0 §5.5.1, §5.5.1.1]: https://openid.net/specs/openid-connect-core-1_0.html#IndividualClaimsRequests
fn check_asked(
    request: &AuthenticationRequest,
    subject: &str,
    acr: Option<&str>,
) -> Result<(), SignInRefusal> {
    let asked = [&request.claims.id_token, &request.claims.userinfo];
    let is_asked_subject = asked
        .into_iter()
        .filter_map(|place| place.claims.get("sub"))
        .all(|claim| claim.takes(&Value::from(subject)));
    let has_level = required_acr(request)
        .is_none_or(|values| acr.is_some_and(|acr| values.iter().any(|value| *value == acr)));
    if is_asked_subject && has_level {
        Ok(())
    } else {
        Err(SignInRefusal::NotAsAsked)
    }
}
