//! What is shown before anything is signed, and what the person decides.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_protocol::dcql::QueryId;

use crate::hold::{CredentialSummary, Disclosable, ShownClaim};
use crate::identifiers::{CredentialId, FlowId};
use crate::record::VerifierRecord;

/// Who asks for what, and what exactly would be disclosed. Show all of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsentRequest {
    /// Names the flow in the call that follows.
    pub flow: FlowId,
    /// Who asks, where the answer goes, and how the wallet knows.
    pub verifier: VerifierRecord,
    /// The credentials asked for, in the verifier's order.
    pub asked: Vec<AskedCredential>,
    /// Whether what is held suffices.
    pub answerable: Answerable,
}

impl ConsentRequest {
    /// The smallest answer, with the first credential that fits each query; `None` when what is held does not suffice.
    #[must_use]
    pub fn smallest_choice(&self) -> Option<Choice> {
        match &self.answerable {
            Answerable::With(choice) => Some(choice.clone()),
            Answerable::No { .. } => None,
        }
    }
}

/// Whether what is held satisfies the verifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answerable {
    /// It does. This is the smallest answer, with the first credential that fits each query.
    With(Choice),
    /// Something that the verifier insists on is not held; all that can be answered is a refusal.
    No {
        /// What is missing.
        missing: Vec<QueryId>,
    },
}

/// One credential that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedCredential {
    /// The name of the query.
    pub query: QueryId,
    /// Whether it must be answered.
    pub need: Need,
    /// The types that would do: `vct`, a document type, or the most specific type of each alternative as an IRI.
    pub credential_types: Vec<String>,
    /// What is asked of it, also when nothing held answers it.
    pub claims: Vec<AskedClaim>,
    /// What is held that answers it, the best first; several when the person has a choice, none when it is not held.
    pub candidates: Vec<CandidateCredential>,
}

/// Whether a credential must be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Part of the smallest answer.
    Required,
    /// Welcome; sent only when the person adds it to the choice.
    Optional,
    /// An alternative to something that is in the smallest answer, or that nothing held answers.
    Alternative,
}

/// One claim that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedClaim {
    /// Where it is.
    pub path: ClaimsPath,
    /// Its name, when something held has a name for it; otherwise the path.
    pub name: String,
    /// Whether the verifier means to keep it.
    pub retention: Retention,
}

/// Whether a verifier says that it means to keep what it is shown. Only requests for mdocs say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// It does not say.
    NotStated,
    /// It means to keep it.
    Intended,
    /// It says that it will not keep it.
    NotIntended,
}

/// One credential that answers, and exactly what of it would be disclosed.
#[derive(Debug, Clone, PartialEq)]
pub struct CandidateCredential {
    /// The credential.
    pub credential: CredentialSummary,
    /// Every claim about the person that the verifier would see, with its value: those asked for, and those that are part of
    /// every presentation of this credential.
    pub discloses: Vec<ShownClaim>,
}

impl CandidateCredential {
    /// Whether nothing that would be disclosed can be withheld: the verifier sees the whole credential, whatever it asked for.
    #[must_use]
    pub fn is_shown_whole(&self) -> bool {
        self.discloses
            .iter()
            .all(|claim| claim.disclosable == Disclosable::Always)
    }
}

/// Which credential answers which query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice(BTreeMap<QueryId, CredentialId>);

impl Choice {
    /// Answers `query` with `credential`, instead of what answered it before.
    #[must_use]
    pub fn with(mut self, query: QueryId, credential: CredentialId) -> Self {
        self.0.insert(query, credential);
        self
    }

    /// Leaves `query` without an answer.
    #[must_use]
    pub fn without(mut self, query: &QueryId) -> Self {
        self.0.remove(query);
        self
    }

    /// The queries and their answers.
    pub fn iter(&self) -> impl Iterator<Item = (&QueryId, CredentialId)> {
        self.0.iter().map(|(query, credential)| (query, *credential))
    }

    /// The answer to a query.
    #[must_use]
    pub fn credential(&self, query: &QueryId) -> Option<CredentialId> {
        self.0.get(query).copied()
    }
}

impl FromIterator<(QueryId, CredentialId)> for Choice {
    fn from_iter<T: IntoIterator<Item = (QueryId, CredentialId)>>(answers: T) -> Self {
        Self(answers.into_iter().collect())
    }
}

/// What the person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Show these credentials, exactly as the consent request said.
    Share(Choice),
    /// Show nothing.
    Decline,
}
