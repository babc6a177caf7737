use std::collections::{BTreeMap, BTreeSet};

use symbolon_credential::claims_path::ClaimsPath;
use thiserror::Error;

use super::candidate::{Candidate, CandidateMismatch};
use super::combination::CombinationDefect;
use super::query::{CredentialQuery, DcqlQuery, PresentationCount, QueryId};

/// A credential that was presented, and verified.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// What it shows.
    pub candidate: Candidate<'a>,
    /// What of that its holder chose to show.
    pub disclosed: Disclosed<'a>,
    /// What tells it from every other credential, whatever of it is shown: a digest of what its issuer signed. Empty where
    /// nothing of it could be verified.
    pub credential: &'a [u8],
}

/// What of a presentation could have been withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disclosed<'a> {
    /// These claims, by their places among the claims as they are.
    Selectively(&'a [ClaimsPath]),
    /// Nothing; or nobody can tell, because a proof says which statements its issuer made mandatory, but not of which claims.
    Whole,
}

/// Why an answer is not the answer to the query.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The answer has a credential that nobody asked for.
    #[error("the answer holds a credential that was not asked for")]
    Unexpected,
    /// An entry without any presentation.
    #[error("the answer to {query} is empty")]
    Empty {
        /// The credential query.
        query: QueryId,
    },
    /// Several presentations where one was asked for.
    #[error("the answer to {query} has several presentations")]
    Several {
        /// The credential query.
        query: QueryId,
    },
    /// One credential presented as several.
    #[error("the answer to {query} has one credential twice")]
    Repeated {
        /// The credential query.
        query: QueryId,
    },
    /// A credential that does not fit.
    #[error("the answer to {query} does not fit: {reason}")]
    Mismatch {
        /// The credential query.
        query: QueryId,
        /// Why.
        #[source]
        reason: CandidateMismatch,
    },
    /// A claim was disclosed that was not asked for and could have been withheld.
    #[error("the answer to {query} discloses more than was asked for")]
    UnaskedClaims {
        /// The credential query.
        query: QueryId,
    },
    /// Something that was insisted on is missing.
    #[error("the answer is incomplete")]
    Incomplete,
    /// A credential that was asked for instead of another one that is there, or together with one that is not.
    #[error("the answer to {query} does not belong to the others")]
    Unneeded {
        /// The credential query.
        query: QueryId,
    },
}

/// Checks that `answer`, whose credentials were verified one by one, is an answer to `query`
/// ([OpenID4VP §8.6]): complete, nothing unasked, and every credential of the type, authority and claims asked for.
///
/// # Errors
/// [`AnswerError`].
///
/// [OpenID4VP §8.6]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.6
pub fn check_answer(
    query: &DcqlQuery,
    answer: &BTreeMap<QueryId, Vec<Presented<'_>>>,
) -> Result<(), AnswerError> {
    for (id, presented) in answer {
        let credential = query.credential(id).ok_or(AnswerError::Unexpected)?;
        let named = || id.clone();
        match (presented.len(), credential.count) {
            (0, _) => return Err(AnswerError::Empty { query: named() }),
            (1, _) | (_, PresentationCount::Several) => {}
            (_, PresentationCount::One) => return Err(AnswerError::Several { query: named() }),
        }
        let mut seen = BTreeSet::new();
        let mut known = presented.iter().map(|one| one.credential);
        if known.any(|credential| !credential.is_empty() && !seen.insert(credential)) {
            return Err(AnswerError::Repeated { query: named() });
        }
        for one in presented {
            let mismatch = |reason| AnswerError::Mismatch {
                query: named(),
                reason,
            };
            one.candidate.answer(credential).map_err(mismatch)?;
            if !shows_only_what_was_asked(query, credential, one, answer) {
                return Err(AnswerError::UnaskedClaims { query: named() });
            }
        }
    }
    query
        .check_combination(&answer.keys().collect())
        .map_err(|defect| match defect {
            CombinationDefect::Incomplete => AnswerError::Incomplete,
            CombinationDefect::Unneeded { query } => AnswerError::Unneeded { query },
        })
}

/// Whether everything that could have been withheld was asked for: by one claim set of the credential query, or by another
/// credential query that the same credential answers ([OpenID4VP §6.4]). What contains a claim has to be disclosed with it.
///
/// [OpenID4VP §6.4]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-6.4
fn shows_only_what_was_asked(
    query: &DcqlQuery,
    credential: &CredentialQuery,
    one: &Presented<'_>,
    answer: &BTreeMap<QueryId, Vec<Presented<'_>>>,
) -> bool {
    let Disclosed::Selectively(disclosed) = one.disclosed else {
        return true;
    };
    let also_answers = |id: &QueryId, presented: &[Presented<'_>]| {
        *id != credential.id
            && !one.credential.is_empty()
            && presented.iter().any(|other| other.credential == one.credential)
    };
    let elsewhere: Vec<ClaimsPath> = answer
        .iter()
        .filter(|(id, presented)| also_answers(id, presented))
        .filter_map(|(id, _)| one.candidate.claim_answers(query.credential(id)?).ok())
        .flatten()
        .flatten()
        .collect();
    let is_asked = |asked: &[ClaimsPath], shown: &ClaimsPath| {
        let mut asked = asked.iter().chain(&elsewhere);
        asked.any(|asked| asked.agrees_with(shown))
    };
    one.candidate.claim_answers(credential).is_ok_and(|sets| {
        let mut sets = sets.iter();
        sets.any(|asked| disclosed.iter().all(|shown| is_asked(asked, shown)))
    })
}
