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
    self, AnswerError, Candidate, CandidateKind, CandidateMismatch, DcqlQuery, Disclosed, HolderBinding,
    Presented, QueryId, W3cFormat,
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
    /// A credential that was asked for instead of another one that is there, or together with one that is not.
    UnneededCredential,
    /// An answer to a credential query that holds no presentation.
    EmptyAnswer,
    /// Several presentations where one was asked for.
    SeveralPresentations,
    /// One credential presented as several.
    RepeatedCredential,
    /// A credential of another format.
    WrongFormat,
    /// A credential of another type.
    WrongType,
    /// A credential by an authority that was not accepted.
    WrongAuthority,
    /// A credential whose holder proved nothing.
    HolderNotProven,
    /// A claim is missing.
    WrongClaims,
    /// A claim has a value that was not asked for.
    WrongValue,
    /// A claim that nobody asked for, and that could have been withheld.
    UnaskedClaims,
    /// Credentials bound to the keys of different people, shown as one person's.
    SeveralHolders,
    /// A transaction that no credential authorises.
    TransactionNotAuthorized,
    /// A transaction that several credentials authorise.
    TransactionAuthorizedTwice,
}

impl AnswerCheck {
    /// Whether the answer may be used.
    #[must_use]
    pub fn is_as_asked(self) -> bool {
        self == Self::AsAsked
    }

    /// What is to be said of it, as a part of a sentence.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::AsAsked => "it is what was asked for",
            Self::Incomplete => "something that was insisted on is missing",
            Self::UnaskedCredential => "it holds a credential that was not asked for",
            Self::UnneededCredential => "it holds a credential beside the alternative that was chosen",
            Self::EmptyAnswer => "the answer to a credential query is empty",
            Self::SeveralPresentations => "it holds several presentations where one was asked for",
            Self::RepeatedCredential => "it holds one credential as if it were several",
            Self::WrongFormat => "a credential has another format",
            Self::WrongType => "a credential has another type",
            Self::WrongAuthority => {
                "the issuer of a credential stands under none of the authorities asked for"
            }
            Self::HolderNotProven => "the holder of a credential proved nothing",
            Self::WrongClaims => "a claim that was asked for is missing",
            Self::WrongValue => "a claim has a value that was not asked for",
            Self::UnaskedClaims => "it discloses a claim that was not asked for",
            Self::SeveralHolders => "the credentials are bound to the keys of different people",
            Self::TransactionNotAuthorized => "a transaction is not authorised",
            Self::TransactionAuthorizedTwice => "several credentials authorise one transaction",
        }
    }
}

/// Whether credentials bound to different keys may answer one request.
///
/// Batch-issued copies have a key each, so that verifiers cannot link them; and a friend's credential has another key
/// than one's own. Only the verifier knows which it minds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolderKeys {
    /// All credentials of the answer are bound to one key.
    #[default]
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
    let presented = reports
        .iter()
        .map(|(id, reports)| (id.clone(), reports.iter().map(presented).collect()))
        .collect();
    if let Err(error) = dcql::check_answer(query, &presented) {
        return match error {
            AnswerError::Unexpected => AnswerCheck::UnaskedCredential,
            AnswerError::Unneeded { .. } => AnswerCheck::UnneededCredential,
            AnswerError::Empty { .. } => AnswerCheck::EmptyAnswer,
            AnswerError::Several { .. } => AnswerCheck::SeveralPresentations,
            AnswerError::Repeated { .. } => AnswerCheck::RepeatedCredential,
            AnswerError::UnaskedClaims { .. } => AnswerCheck::UnaskedClaims,
            AnswerError::Mismatch { reason, .. } => match reason {
                CandidateMismatch::Format => AnswerCheck::WrongFormat,
                CandidateMismatch::Type => AnswerCheck::WrongType,
                CandidateMismatch::Authority => AnswerCheck::WrongAuthority,
                CandidateMismatch::HolderBinding => AnswerCheck::HolderNotProven,
                CandidateMismatch::Values => AnswerCheck::WrongValue,
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

fn presented(report: &Report) -> Presented<'_> {
    Presented {
        candidate: candidate(report),
        disclosed: match &report.shown.disclosed {
            Some(disclosed) => Disclosed::Selectively(disclosed),
            None => Disclosed::Whole,
        },
        credential: &report.shown.credential,
    }
}

fn candidate(report: &Report) -> Candidate<'_> {
    Candidate {
        kind: match report.format {
            CredentialFormat::SdJwtVc => CandidateKind::SdJwtVc {
                vct: report.credential_type.as_deref().unwrap_or_default(),
                extended: &report.shown.extended_types,
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
        element_places: &report.shown.element_places,
        authority_key_identifiers: &report.authority_key_identifiers,
        trusted_lists: &report.shown.trusted_lists,
        holder_binding: match report.holder.state {
            Holder::ProvenByKey => HolderBinding::Proven,
            Holder::CompareByEye
            | Holder::NotBound
            | Holder::NotAsked
            | Holder::NotChecked
            | Holder::Refuted => HolderBinding::Absent,
        },
    }
}

#[cfg(test)]
mod tests;
