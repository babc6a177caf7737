use std::collections::BTreeSet;

use symbolon_credential::claims_path::ClaimsPath;
use thiserror::Error;

use super::candidate::Candidate;
use super::query::{CredentialSetQuery, DcqlQuery, QueryId, SetRequirement};

/// One credential that answers one credential query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryMatch {
    /// The credential query.
    pub query: QueryId,
    /// The credential, by its position among the candidates.
    pub candidate: usize,
    /// What has to be disclosed.
    pub disclose: Vec<ClaimsPath>,
    /// How much that is, by the measure of [`match_query`].
    pub disclosure: usize,
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
    /// Every candidate that answers the credential query `id`, those that disclose least first, and among these in the order of
    /// the candidates.
    pub fn for_query<'a>(&'a self, id: &'a QueryId) -> impl Iterator<Item = &'a QueryMatch> {
        self.all.iter().filter(move |found| found.query == *id)
    }

    /// The smallest answer that satisfies the verifier: for each credential query that has to be answered the candidate that
    /// discloses least. A wallet in which several fit lets the resident choose among [`Self::for_query`].
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

/// Which of the candidates answer which part of the query, and what they would have to disclose. `measure` says of a candidate, by
/// its position, and of paths how much the verifier would see.
///
/// Options of credential sets are weighed one after another, not against each other: what a query costs grows with its size and
/// the number of candidates, whatever it combines.
///
/// # Errors
/// [`Unsatisfied`] when something that the verifier insists on has no answer.
pub fn match_query(
    query: &DcqlQuery,
    candidates: &[Candidate<'_>],
    measure: &dyn Fn(usize, &[ClaimsPath]) -> usize,
) -> Result<Matches, Unsatisfied> {
    let mut all: Vec<QueryMatch> = Vec::new();
    for credential in query.credentials() {
        let mut fitting: Vec<QueryMatch> = candidates
            .iter()
            .enumerate()
            .filter_map(|(candidate, it)| {
                let disclose = it.answer(credential).ok()?;
                Some(QueryMatch {
                    query: credential.id.clone(),
                    candidate,
                    disclosure: measure(candidate, &disclose),
                    disclose,
                })
            })
            .collect();
        fitting.sort_by_key(|found| found.disclosure);
        all.append(&mut fitting);
    }
    let answerable: BTreeSet<&QueryId> = all.iter().map(|found| &found.query).collect();
    let disclosure = |id: &QueryId| {
        let least = all.iter().find(|found| found.query == *id);
        least.map_or(0, |found| found.disclosure)
    };

    let mut answer: Vec<QueryId> = Vec::new();
    let mut missing: Vec<QueryId> = Vec::new();
    if query.credential_sets().is_empty() {
        for credential in query.credentials() {
            let answered = answerable.contains(&credential.id);
            let list = if answered { &mut answer } else { &mut missing };
            list.push(credential.id.clone());
        }
    }
    for set in of_requirement(query, SetRequirement::Required) {
        match smallest_option(set, &answerable, &answer, &disclosure) {
            Some(option) => add_new(&mut answer, option),
            None => {
                let unanswered = |option: &Vec<QueryId>| -> Vec<QueryId> {
                    let lacking = option.iter().filter(|id| !answerable.contains(id));
                    lacking.cloned().collect()
                };
                let nearest = set.options.iter().map(unanswered).min_by_key(Vec::len);
                add_new(&mut missing, &nearest.unwrap_or_default());
            }
        }
    }
    if !missing.is_empty() {
        return Err(Unsatisfied { missing });
    }
    query.reduce(&mut answer);
    let mut optional: Vec<QueryId> = Vec::new();
    for set in of_requirement(query, SetRequirement::Optional) {
        if let Some(option) = smallest_option(set, &answerable, &answer, &disclosure) {
            add_new(&mut optional, option);
        }
    }
    optional.retain(|id| !answer.contains(id));
    Ok(Matches {
        all,
        answer,
        optional,
    })
}

fn of_requirement(
    query: &DcqlQuery,
    requirement: SetRequirement,
) -> impl Iterator<Item = &CredentialSetQuery> {
    query
        .credential_sets()
        .iter()
        .filter(move |set| set.requirement == requirement)
}

/// The option that adds least to what is disclosed already; the first of several.
fn smallest_option<'q>(
    set: &'q CredentialSetQuery,
    answerable: &BTreeSet<&QueryId>,
    answer: &[QueryId],
    disclosure: &dyn Fn(&QueryId) -> usize,
) -> Option<&'q Vec<QueryId>> {
    let added = |option: &&Vec<QueryId>| -> (usize, usize) {
        let new: BTreeSet<&QueryId> = option.iter().filter(|id| !answer.contains(id)).collect();
        let disclosed = new.iter().map(|id| disclosure(id));
        (disclosed.fold(0, usize::saturating_add), new.len())
    };
    set.options
        .iter()
        .filter(|option| option.iter().all(|id| answerable.contains(id)))
        .min_by_key(added)
}

fn add_new(list: &mut Vec<QueryId>, ids: &[QueryId]) {
    for id in ids {
        if !list.contains(id) {
            list.push(id.clone());
        }
    }
}
