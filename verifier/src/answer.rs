//! The answer to a query, checked as a whole: complete, nothing unasked, one person
//! ([OpenID4VP §8.6]).
//!
//! Each presentation has its own report; this check looks at all of them against what was asked. A verifier that
//! leaves it to the wallet says SUCCESS to half an answer.
//!
//! [OpenID4VP §8.6]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.6

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use symbolon_protocol::dcql::{
    self, AnswerError, Candidate, CandidateKind, CandidateMismatch, DcqlQuery, HolderBinding, QueryId,
    W3cFormat,
};

use crate::report::{CredentialFormat, Holder, Report};

/// Whether an answer is the answer to its query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerCheck {
    /// Everything that was asked for and nothing else.
    AsAsked,
    /// Something that was insisted on is missing.
    Incomplete,
    /// A credential that nobody asked for.
    UnaskedCredential,
    /// Several presentations where one was asked for.
    SeveralPresentations,
    /// A credential of another format.
    WrongFormat,
    /// A credential of another type.
    WrongType,
    /// A credential by an authority that was not accepted.
    WrongAuthority,
    /// A credential whose holder proved nothing.
    HolderNotProven,
    /// A claim is missing, or has a value that was not asked for.
    WrongClaims,
    /// Credentials bound to the keys of different people, shown as one person's.
    SeveralHolders,
}

impl AnswerCheck {
    /// Whether the answer may be used.
    #[must_use]
    pub fn is_as_asked(self) -> bool {
        self == Self::AsAsked
    }
}

/// Whether credentials bound to different keys may answer one request.
///
/// Batch-issued copies have a key each, so that verifiers cannot link them; and a friend's credential has another key
/// than one's own. Only the verifier knows which it minds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderKeys {
    /// All credentials of the answer are bound to one key.
    OneKey,
    /// Each may have its own. The verifier compares the claims that identify the person.
    KeyPerCredential,
}

/// Checks the reports of an answer against the query.
///
/// Whether the credentials are good is another question, and whoever uses an answer needs both: a report of what is not
/// authentic or not trusted has no claims, but one of a credential that is revoked or expired keeps them, and answers a query
/// as well as a valid one.
#[must_use]
pub fn check_answer(
    query: &DcqlQuery,
    reports: &BTreeMap<QueryId, Vec<Report>>,
    keys: HolderKeys,
) -> AnswerCheck {
    let candidates = reports
        .iter()
        .map(|(id, reports)| (id.clone(), reports.iter().map(candidate).collect()))
        .collect();
    if let Err(error) = dcql::check_answer(query, &candidates) {
        return match error {
            AnswerError::Unexpected => AnswerCheck::UnaskedCredential,
            AnswerError::Several { .. } => AnswerCheck::SeveralPresentations,
            AnswerError::Mismatch { reason, .. } => match reason {
                CandidateMismatch::Format => AnswerCheck::WrongFormat,
                CandidateMismatch::Type => AnswerCheck::WrongType,
                CandidateMismatch::Authority => AnswerCheck::WrongAuthority,
                CandidateMismatch::HolderBinding => AnswerCheck::HolderNotProven,
                _ => AnswerCheck::WrongClaims,
            },
            _ => AnswerCheck::Incomplete,
        };
    }
    let mut holders = reports
        .values()
        .flatten()
        .filter_map(|report| report.holder_key.as_deref());
    let first = holders.next();
    if keys == HolderKeys::OneKey && holders.any(|other| Some(other) != first) {
        return AnswerCheck::SeveralHolders;
    }
    AnswerCheck::AsAsked
}

fn candidate(report: &Report) -> Candidate<'_> {
    Candidate {
        kind: match report.format {
            CredentialFormat::SdJwtVc => CandidateKind::SdJwtVc {
                vct: report.credential_type.as_deref().unwrap_or_default(),
            },
            CredentialFormat::Mdoc => CandidateKind::MsoMdoc {
                doctype: report.credential_type.as_deref().unwrap_or_default(),
            },
            CredentialFormat::LdpVc => CandidateKind::W3c {
                format: W3cFormat::LdpVc,
                types: &report.type_iris,
            },
            CredentialFormat::JwtVc => CandidateKind::W3c {
                format: W3cFormat::JwtVcJson,
                types: &report.type_iris,
            },
            CredentialFormat::Claim169 | CredentialFormat::CoseVc => CandidateKind::Unnamed,
        },
        claims: &report.claims,
        authority_key_identifiers: &report.authority_key_identifiers,
        holder_binding: match report.holder.state {
            Holder::ProvenByKey => HolderBinding::Proven,
            Holder::CompareByEye | Holder::NotBound | Holder::NotChecked | Holder::Refuted => {
                HolderBinding::Absent
            }
        },
    }
}

#[cfg(test)]
mod tests;
