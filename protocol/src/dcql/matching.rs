use symbolon_credential::claims_path::ClaimsPath;
use thiserror::Error;

use super::candidate::Candidate;
use super::query::{DcqlQuery, QueryId, SetRequirement};

/// One credential that answers one credential query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryMatch {
    /// The credential query.
    pub query: QueryId,
    /// The credential, by its position among the candidates.
    pub candidate: usize,
    /// What has to be disclosed.
    pub disclose: Vec<ClaimsPath>,
}

/// Every way in which the candidates answer the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matches {
    all: Vec<QueryMatch>,
    answer: Vec<QueryId>,
    optional: Vec<QueryId>,
}

/// The candidates do not answer the query: nothing is sent but `access_denied` ([OpenID4VP §6.4.2]).
///
/// [OpenID4VP §6.4.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-6.4.2
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no credential answers what the verifier insists on")]
pub struct Unsatisfied {
    /// The credential queries without an answer.
    pub missing: Vec<QueryId>,
}

impl Matches {
    /// Every candidate that answers the credential query `id`, in the order of the candidates.
    pub fn for_query<'a>(&'a self, id: &'a QueryId) -> impl Iterator<Item = &'a QueryMatch> {
        self.all.iter().filter(move |found| found.query == *id)
    }

    /// The smallest answer that satisfies the verifier: for each credential query that has to be answered the
    /// first candidate that fits. A wallet in which several fit lets the resident choose among
    /// [`Self::for_query`].
    #[must_use]
    pub fn answer(&self) -> Vec<&QueryMatch> {
        self.answer
            .iter()
            .filter_map(|id| self.all.iter().find(|found| found.query == *id))
            .collect()
    }

    /// The credential queries that the verifier would welcome an answer to and that the candidates could answer.
    /// They are sent only when the resident chooses so.
    #[must_use]
    pub fn optional(&self) -> &[QueryId] {
        &self.optional
    }
}

/// Which of the candidates answer which part of the query, and what they would have to disclose.
///
/// # Errors
/// [`Unsatisfied`] when something that the verifier insists on has no answer.
pub fn match_query(query: &DcqlQuery, candidates: &[Candidate<'_>]) -> Result<Matches, Unsatisfied> {
    let all: Vec<QueryMatch> = query
        .credentials()
        .iter()
        .flat_map(|credential| {
            candidates.iter().enumerate().filter_map(move |(candidate, it)| {
                let disclose = it.answer(credential).ok()?;
                Some(QueryMatch {
                    query: credential.id.clone(),
                    candidate,
                    disclose,
                })
            })
        })
        .collect();
    let answered = |id: &QueryId| all.iter().any(|found| found.query == *id);

    let mut answer: Vec<QueryId> = Vec::new();
    let mut optional: Vec<QueryId> = Vec::new();
    let mut missing: Vec<QueryId> = Vec::new();
    if query.credential_sets().is_empty() {
        for credential in query.credentials() {
            let list = if answered(&credential.id) {
                &mut answer
            } else {
                &mut missing
            };
            list.push(credential.id.clone());
        }
    }
    for set in query.credential_sets() {
        let option = set.options.iter().find(|option| option.iter().all(answered));
        match (option, set.requirement) {
            (Some(option), SetRequirement::Required) => add_new(&mut answer, option),
            (Some(option), SetRequirement::Optional) => add_new(&mut optional, option),
            (None, SetRequirement::Required) => {
                let favourite = set.options.first().map_or(&[][..], Vec::as_slice);
                let unanswered: Vec<QueryId> = favourite.iter().filter(|id| !answered(id)).cloned().collect();
                add_new(&mut missing, &unanswered);
            }
            (None, SetRequirement::Optional) => {}
        }
    }
    optional.retain(|id| !answer.contains(id));
    if missing.is_empty() {
        Ok(Matches {
            all,
            answer,
            optional,
        })
    } else {
        Err(Unsatisfied { missing })
    }
}

fn add_new(list: &mut Vec<QueryId>, ids: &[QueryId]) {
    for id in ids {
        if !list.contains(id) {
            list.push(id.clone());
        }
    }
}
