//! What a sign-in must know of a policy: whom an answer that satisfies it is about.

use std::collections::BTreeSet;

use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_protocol::dcql::{DcqlQuery, PresentationCount, QueryId};

use super::compile::PresentationPolicy;
use super::document::{BindingRule, Combined, Presence};

impl PresentationPolicy {
    /// Whether every credential must be bound to its holder by a key.
    #[must_use]
    pub fn is_bound_by_keys(&self) -> bool {
        self.credentials
            .iter()
            .all(|rule| rule.binding == BindingRule::Key)
    }

    /// Whether the credentials of one answer may be several people's: those that the policy names, or where its query takes several for
    /// one of them, those.
    #[must_use]
    pub fn takes_several_people(&self) -> bool {
        let takes_several = || self.query().is_some_and(takes_several);
        self.combined == Combined::SeveralPeople && (self.credentials.len() > 1 || takes_several())
    }

    /// Whether this claim of this credential is kept in the result.
    #[must_use]
    pub fn keeps(&self, credential: &QueryId, claim: &ClaimsPath) -> bool {
        let rule = self.credentials.iter().find(|rule| rule.id == *credential);
        rule.is_some_and(|rule| rule.keep_claims.iter().any(|kept| is_within(claim, kept)))
    }

    /// Whether every answer that satisfies the policy has one of these credentials: all alternatives of something that must be there are
    /// among them.
    #[must_use]
    pub fn always_has_one_of(&self, credentials: &BTreeSet<&QueryId>) -> bool {
        let is_covered = |group: &QueryId| {
            let mut alternatives = self.credentials.iter().filter(|rule| rule.group == *group);
            alternatives.all(|rule| credentials.contains(&rule.id))
        };
        self.credentials
            .iter()
            .any(|rule| rule.presence == Presence::Required && is_covered(&rule.group))
    }
}

/// Whether a query takes several credentials for one of its parts.
pub(super) fn takes_several(query: &DcqlQuery) -> bool {
    let mut parts = query.credentials().iter();
    parts.any(|part| part.count == PresentationCount::Several)
}

/// Whether a claim is the one that a path names, or below it.
fn is_within(claim: &ClaimsPath, path: &ClaimsPath) -> bool {
    let selects = |(kept, wanted): (&PathPart, &PathPart)| {
        kept == wanted || matches!((kept, wanted), (PathPart::All, PathPart::Index(_)))
    };
    path.parts().len() <= claim.parts().len() && path.parts().iter().zip(claim.parts()).all(selects)
}
