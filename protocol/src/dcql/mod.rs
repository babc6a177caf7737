//! The Digital Credentials Query Language ([OpenID4VP §6]).
//!
//! [`DcqlQuery::parse`] reads a query, [`match_query`] is the wallet's side of it, [`check_answer`] the verifier's:
//! a verifier checks everything it asked for, whatever the wallet says, and takes nothing that it did not ask for.
//!
//! [OpenID4VP §6]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-6

mod answer;
mod candidate;
mod combination;
mod matching;
mod parse;
mod query;
mod write;

pub use answer::{AnswerError, Disclosed, Presented, check_answer};
pub use candidate::{Candidate, CandidateKind, CandidateMismatch, HolderBinding};
pub use combination::CombinationDefect;
pub use matching::{Matches, QueryMatch, Unsatisfied, match_query};
pub use parse::{
    CredentialQueryDefect, DcqlError, MAX_CLAIM_SETS, MAX_CLAIM_VALUES, MAX_CLAIMS, MAX_CREDENTIAL_QUERIES,
    MAX_CREDENTIAL_SETS, MAX_OPTIONS, MAX_QUERY_BYTES, MAX_TRUSTED_AUTHORITIES,
};
pub use query::{
    ClaimId, ClaimQuery, ClaimValue, CredentialQuery, CredentialSetQuery, DcqlQuery, Meta, PresentationCount,
    QueryId, SetRequirement, TrustedAuthority, W3cFormat,
};

pub use crate::format::CredentialFormat;

#[cfg(test)]
mod tests;
