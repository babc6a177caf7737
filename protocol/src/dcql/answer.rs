use std::collections::BTreeMap;

use thiserror::Error;

use super::candidate::{Candidate, CandidateMismatch};
use super::query::{DcqlQuery, PresentationCount, QueryId, SetRequirement};

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
    /// A credential that does not fit.
    #[error("the answer to {query} does not fit: {reason}")]
    Mismatch {
        /// The credential query.
        query: QueryId,
        /// Why.
        #[source]
        reason: CandidateMismatch,
    },
    /// Something that was insisted on is missing.
    #[error("the answer is incomplete")]
    Incomplete,
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
    answer: &BTreeMap<QueryId, Vec<Candidate<'_>>>,
) -> Result<(), AnswerError> {
    for (id, presented) in answer {
        let credential = query.credential(id).ok_or(AnswerError::Unexpected)?;
        match (presented.len(), credential.count) {
            (0, _) => return Err(AnswerError::Empty { query: id.clone() }),
            (1, _) | (_, PresentationCount::Several) => {}
            (_, PresentationCount::One) => return Err(AnswerError::Several { query: id.clone() }),
        }
        for candidate in presented {
            candidate
                .answer(credential)
                .map_err(|reason| AnswerError::Mismatch {
                    query: id.clone(),
                    reason,
                })?;
        }
    }
    let answered = |id: &QueryId| answer.contains_key(id);
    let complete = if query.credential_sets().is_empty() {
        query
            .credentials()
            .iter()
            .all(|credential| answered(&credential.id))
    } else {
        query
            .credential_sets()
            .iter()
            .filter(|set| set.requirement == SetRequirement::Required)
            .all(|set| set.options.iter().any(|option| option.iter().all(answered)))
    };
    if complete {
        Ok(())
    } else {
        Err(AnswerError::Incomplete)
    }
}
