//! What is shown before anything is signed, and what the person decides.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_crypto::UnixTime;
use symbolon_protocol::dcql::{HolderBinding, PresentationCount, QueryId};

use super::matching::{is_of_any, types_of};
use super::registration::{Registration, VerifierClaims};
use super::transactions::ShownTransaction;
use crate::hold::{CredentialSummary, Disclosable, ShownClaim};
use crate::identifiers::{CredentialId, FlowId};
use crate::record::{RefusalRule, VerifierRecord};

/// Who asks for what, and what exactly would be disclosed. Show all of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsentRequest {
    /// Names the flow in the call that follows.
    pub flow: FlowId,
    /// Who asks, where the answer goes, and how the wallet knows.
    pub verifier: VerifierRecord,
    /// What the verifier says of itself, unproven.
    pub claimed: VerifierClaims,
    /// What it is registered for, and what it asks for beyond.
    pub registration: Registration,
    /// What the person refused to this verifier before, the latest first: tell it, for whoever is asked often enough says yes once.
    pub refused_before: Vec<PastRefusal>,
    /// The credentials asked for, in the verifier's order.
    pub asked: Vec<AskedCredential>,
    /// The transactions that the person authorises by answering.
    pub transactions: Vec<ShownTransaction>,
    /// Whether what is held suffices.
    pub answerable: Answerable,
}

impl ConsentRequest {
    /// The smallest answer, with the credential that discloses least for each query; `None` when what is held does not suffice.
    #[must_use]
    pub fn smallest_choice(&self) -> Option<Choice> {
        match &self.answerable {
            Answerable::With(choice) => Some(choice.clone()),
            Answerable::No { .. } => None,
        }
    }
}

/// A refusal of before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastRefusal {
    /// When.
    pub at: UnixTime,
    /// Whether it was about what is asked now.
    pub asked: AskedThen,
}

/// What a verifier asked for when it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedThen {
    /// The same types and claims as now.
    TheSame,
    /// Something else.
    SomethingElse,
}

/// Whether what is held satisfies the verifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answerable {
    /// It does. This is the smallest answer, with the credential that discloses least for each query.
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
    /// The types that would do, any one of the alternatives: a `vct` or a document type alone, or the types that a W3C credential must have
    /// together, as IRIs.
    pub type_alternatives: Vec<Vec<String>>,
    /// The types that extend one of those, by the type metadata that the wallet's policy carries, and do too. Nothing of it depends on what
    /// is held.
    pub extending_types: Vec<String>,
    /// How many credentials may answer it.
    pub count: PresentationCount,
    /// Whether the verifier wants a proof that the credential is shown by whom it was issued to. Without one whoever is shown it
    /// could show it again.
    pub holder_binding: HolderBinding,
    /// What is asked of it, also when nothing held answers it.
    pub claims: Vec<AskedClaim>,
    /// What is held that answers it, what discloses least first; several when the person has a choice.
    pub candidates: Vec<CandidateCredential>,
    /// Why nothing does, when nothing does. For the person alone: told to the verifier, it would tell what is in a credential that
    /// is not shown ([OpenID4VP §15.4.1]).
    ///
    /// [OpenID4VP §15.4.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-15.4.1
    pub lack: Option<Lack>,
}

impl AskedCredential {
    /// Whether a credential of every type would do.
    #[must_use]
    pub fn is_of_any_type(&self) -> bool {
        self.type_alternatives.is_empty() || self.type_alternatives.iter().any(|types| is_of_any(types))
    }

    /// Every type that an alternative names, for a person to read.
    #[must_use]
    pub fn credential_types(&self) -> Vec<String> {
        types_of(&self.type_alternatives)
    }
}

/// Why nothing that is held answers a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// No credential of the type, in a form that the verifier reads.
    NotHeld,
    /// One is held, of another authority than the verifier accepts.
    Authority,
    /// One is held, and lacks a claim that is asked for.
    Claims,
    /// One is held, and a claim of it has another value than the verifier wants.
    Values,
    /// One is held that would do, and every copy of it was shown to somebody: it has to be issued again first
    /// ([`renew`](crate::Wallet::renew)), or the policy changed ([`SpentCopies`](crate::SpentCopies)).
    CopiesSpent,
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

/// Which credentials answer which query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice(BTreeMap<QueryId, Chosen>);

/// The answer to a query; never empty. One credential is stored by itself, as it was before there could be several.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chosen(Vec<CredentialId>);

impl Choice {
    /// Answers `query` with `credential`, instead of what answered it before.
    #[must_use]
    pub fn with(mut self, query: QueryId, credential: CredentialId) -> Self {
        self.0.insert(query, Chosen(vec![credential]));
        self
    }

    /// Answers `query` with `credential` beside what answers it already. Only a query that takes several may have several.
    #[must_use]
    pub fn with_another(mut self, query: QueryId, credential: CredentialId) -> Self {
        let chosen = self.0.entry(query).or_insert_with(|| Chosen(Vec::new()));
        chosen.0.push(credential);
        self
    }

    /// Leaves `query` without an answer.
    #[must_use]
    pub fn without(mut self, query: &QueryId) -> Self {
        self.0.remove(query);
        self
    }

    /// The queries and their answers, none of which is empty.
    pub fn iter(&self) -> impl Iterator<Item = (&QueryId, &[CredentialId])> {
        self.0.iter().map(|(query, chosen)| (query, chosen.0.as_slice()))
    }

    /// The answer to a query; empty when it has none.
    #[must_use]
    pub fn credentials(&self, query: &QueryId) -> &[CredentialId] {
        self.0.get(query).map_or(&[], |chosen| &chosen.0)
    }

    /// Whether no query has an answer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Chosen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [only] => only.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Chosen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let malformed = |_| D::Error::custom("not the name of a credential, nor a list of them");
        let chosen = match serde_json::Value::deserialize(deserializer)? {
            list @ serde_json::Value::Array(_) => serde_json::from_value(list).map_err(malformed)?,
            one => vec![serde_json::from_value(one).map_err(malformed)?],
        };
        if chosen.is_empty() {
            return Err(D::Error::custom("a query is answered with nothing"));
        }
        Ok(Self(chosen))
    }
}

impl FromIterator<(QueryId, CredentialId)> for Choice {
    fn from_iter<T: IntoIterator<Item = (QueryId, CredentialId)>>(answers: T) -> Self {
        let chosen = |(query, credential)| (query, Chosen(vec![credential]));
        Self(answers.into_iter().map(chosen).collect())
    }
}

/// What the person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Show these credentials, exactly as the consent request said.
    Share(Choice),
    /// Show nothing. It is remembered, for the person to be told when this verifier asks again.
    Decline,
    /// Show nothing, and refuse whatever this verifier asks for until the person [forgets it](crate::Wallet::forget_refusal). The verifier
    /// is told the same as by [`Decision::Decline`].
    DeclineAlways,
}

impl Decision {
    /// What becomes of the next request of a verifier that is refused now; `None` of one that is shown something.
    pub(super) const fn refusal_rule(&self) -> Option<RefusalRule> {
        match self {
            Self::Share(_) => None,
            Self::Decline => Some(RefusalRule::AskAgain),
            Self::DeclineAlways => Some(RefusalRule::Always),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A flow that waited when the wallet was updated goes on.
    #[test]
    fn a_choice_of_one_is_stored_as_it_was_before_there_could_be_several() {
        let query = |text| QueryId::parse(text).unwrap();
        let credential = |digit: &str| -> CredentialId { digit.repeat(32).parse().unwrap() };
        let choice = Choice::default()
            .with(query("one"), credential("a"))
            .with_another(query("two"), credential("a"))
            .with_another(query("two"), credential("b"));
        let stored = json!({ "one": "a".repeat(32), "two": ["a".repeat(32), "b".repeat(32)] });
        assert_eq!(serde_json::to_value(&choice).unwrap(), stored);
        assert_eq!(serde_json::from_value::<Choice>(stored).unwrap(), choice);
        for broken in [json!({ "one": [] }), json!({ "one": 1 }), json!({ "one": ["x"] })] {
            assert!(serde_json::from_value::<Choice>(broken).is_err());
        }
    }
}
