//! Which credential queries may be answered together ([OpenID4VP §6.4.2]).
//!
//! [OpenID4VP §6.4.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-6.4.2

use std::collections::BTreeSet;

use thiserror::Error;

use super::query::{CredentialSetQuery, DcqlQuery, QueryId, SetRequirement};

/// Why the answered credential queries are not a combination that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CombinationDefect {
    /// Something that the verifier insists on is not among them.
    #[error("something that the verifier insists on is missing")]
    Incomplete,
    /// One stands in no option that is answered whole, or beside an alternative that is.
    #[error("{query} is not part of what was asked for together")]
    Unneeded {
        /// The credential query.
        query: QueryId,
    },
}

impl DcqlQuery {
    /// Whether the answered credential queries are what the credential sets ask for: of each required set one option, of each
    /// other one option or none, and nothing else. Without sets every credential query is answered.
    ///
    /// A credential query in several sets may be there for any of them. Which one is not guessed: that would be a search
    /// through all combinations of options.
    ///
    /// # Errors
    /// [`CombinationDefect`].
    pub fn check_combination(&self, answered: &BTreeSet<&QueryId>) -> Result<(), CombinationDefect> {
        if self.credential_sets().is_empty() {
            let mut ids = self.credentials().iter().map(|credential| &credential.id);
            return if ids.all(|id| answered.contains(id)) {
                Ok(())
            } else {
                Err(CombinationDefect::Incomplete)
            };
        }
        let sets = self.credential_sets();
        if !sets
            .iter()
            .all(|set| set.requirement == SetRequirement::Optional || is_met(set, answered))
        {
            return Err(CombinationDefect::Incomplete);
        }
        let unneeded = |query: &QueryId| CombinationDefect::Unneeded { query: query.clone() };
        let covered: Vec<BTreeSet<&QueryId>> = sets
            .iter()
            .map(|set| complete(set, answered).flatten().collect())
            .collect();
        if let Some(stray) = answered
            .iter()
            .find(|id| !covered.iter().any(|set| set.contains(**id)))
        {
            return Err(unneeded(stray));
        }
        for (place, set) in sets.iter().enumerate() {
            let elsewhere = |id: &QueryId| {
                let mut others = covered.iter().enumerate();
                others.any(|(other, ids)| other != place && ids.contains(id))
            };
            let own: Vec<&QueryId> = covered
                .get(place)
                .into_iter()
                .flatten()
                .copied()
                .filter(|id| !elsewhere(id))
                .collect();
            let lacking = |option: &&Vec<QueryId>| own.iter().find(|id| !option.contains(id)).copied();
            let mut lacks = complete(set, answered).map(|option| lacking(&option));
            // Each option lacks one that only this set asks for: there are two options side by side.
            if let Some(Some(first)) = lacks.next()
                && lacks.all(|other| other.is_some())
            {
                return Err(unneeded(first));
            }
        }
        Ok(())
    }

    /// `answered` without what nobody insists on: as long as every required set keeps an option, the last are left out first.
    pub(super) fn reduce(&self, answered: &mut Vec<QueryId>) {
        if self.credential_sets().is_empty() {
            return;
        }
        for place in (0..answered.len()).rev() {
            let others: BTreeSet<&QueryId> = answered
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != place)
                .map(|(_, id)| id)
                .collect();
            let mut required = self
                .credential_sets()
                .iter()
                .filter(|set| set.requirement == SetRequirement::Required);
            if required.all(|set| is_met(set, &others)) {
                answered.remove(place);
            }
        }
    }
}

/// The options of which every part is answered.
fn complete<'q>(
    set: &'q CredentialSetQuery,
    answered: &BTreeSet<&QueryId>,
) -> impl Iterator<Item = &'q Vec<QueryId>> {
    set.options
        .iter()
        .filter(|option| option.iter().all(|id| answered.contains(id)))
}

fn is_met(set: &CredentialSetQuery, answered: &BTreeSet<&QueryId>) -> bool {
    complete(set, answered).next().is_some()
}
