//! Levels of assurance: how surely an issuer knew whom it issued to.
//!
//! No credential format says it in a way that all issuers share, and what an issuer says of itself is worth what it is worth. So
//! the verifier says which level each issuer's credentials have, as the trust framework of its country does.

use serde::{Deserialize, Serialize};
use symbolon_trust::trust_list::TrustList;

use crate::report::Report;

use super::error::{PolicyError, PolicyProblem, at};

/// The levels of a verifier, and who reaches them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssuranceScale {
    /// The trust framework that the levels belong to, such as `eidas`, as OpenID Connect for Identity Assurance names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust_framework: Option<String>,
    /// The levels, the lowest first.
    #[serde(default)]
    pub levels: Vec<String>,
    /// Which credentials have which level. The first entry that fits counts; what fits none has no level.
    #[serde(default)]
    pub issuers: Vec<IssuerAssurance>,
}

/// The level of an issuer's credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerAssurance {
    /// The issuer, by the identifier or the name that the trust list gives it.
    pub issuer: String,
    /// The types; all without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// The level.
    pub level: String,
}

/// The most levels, and the most entries.
const MAX_LEVELS: usize = 16;
const MAX_ENTRIES: usize = 1_000;

/// A checked scale: issuers by their identifiers, levels by their rank.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assurances {
    trust_framework: Option<String>,
    levels: Vec<String>,
    entries: Vec<(String, Vec<String>, usize)>,
}

impl AssuranceScale {
    /// Checks the scale against the trust list.
    ///
    /// # Errors
    /// [`PolicyError`] with the offending key.
    pub fn compile(&self, trust_list: &TrustList) -> Result<Assurances, PolicyError> {
        if self.levels.len() > MAX_LEVELS {
            return Err(at("levels", PolicyProblem::TooMany { most: MAX_LEVELS }));
        }
        for (position, level) in self.levels.iter().enumerate() {
            let seen = self.levels.iter().take(position).any(|other| other == level);
            if level.is_empty() || seen {
                return Err(at(format!("levels[{position}]"), PolicyProblem::Repeated));
            }
        }
        if self.issuers.len() > MAX_ENTRIES {
            return Err(at("issuers", PolicyProblem::TooMany { most: MAX_ENTRIES }));
        }
        let mut entries = Vec::with_capacity(self.issuers.len());
        for (position, entry) in self.issuers.iter().enumerate() {
            let key = |name: &str| format!("issuers[{position}].{name}");
            let issuer =
                issuer_identifier(trust_list, &entry.issuer).map_err(|problem| at(key("issuer"), problem))?;
            let level = self.levels.iter().position(|level| *level == entry.level);
            let level = level.ok_or_else(|| at(key("level"), PolicyProblem::UnknownLevel))?;
            entries.push((issuer, entry.types.clone(), level));
        }
        Ok(Assurances {
            trust_framework: self.trust_framework.clone(),
            levels: self.levels.clone(),
            entries,
        })
    }
}

impl Assurances {
    /// The level that the credential of this report has.
    #[must_use]
    pub fn level_of(&self, report: &Report) -> Option<&str> {
        self.levels.get(self.rank_of(report)?).map(String::as_str)
    }

    /// The levels, the lowest first.
    #[must_use]
    pub fn levels(&self) -> &[String] {
        &self.levels
    }

    /// The trust framework of the levels.
    #[must_use]
    pub fn trust_framework(&self) -> Option<&str> {
        self.trust_framework.as_deref()
    }

    /// The rank of the level of that name, from 0.
    pub(super) fn rank(&self, level: &str) -> Option<usize> {
        self.levels.iter().position(|known| known == level)
    }

    pub(super) fn rank_of(&self, report: &Report) -> Option<usize> {
        let issuer = &report.issuer.as_ref()?.identifier;
        let fits = |types: &[String]| types.is_empty() || types.iter().any(|known| is_of_type(report, known));
        self.entries
            .iter()
            .find(|(entry, types, _)| entry == issuer && fits(types))
            .map(|(_, _, rank)| *rank)
    }
}

/// Whether a credential is of this type: a `vct`, a document type, or one of the type IRIs of a W3C credential.
pub(super) fn is_of_type(report: &Report, wanted: &str) -> bool {
    report.credential_type.as_deref() == Some(wanted) || report.type_iris.iter().any(|iri| iri == wanted)
}

/// The identifier of the issuer that the trust list knows by this identifier or name.
pub(super) fn issuer_identifier(trust_list: &TrustList, text: &str) -> Result<String, PolicyProblem> {
    if let Some(issuer) = trust_list.issuer(text) {
        return Ok(issuer.identifier.as_str().to_owned());
    }
    let mut named = trust_list.issuers.iter().filter(|issuer| issuer.name == text);
    match (named.next(), named.next()) {
        (Some(issuer), None) => Ok(issuer.identifier.as_str().to_owned()),
        (Some(_), Some(_)) => Err(PolicyProblem::AmbiguousIssuer),
        (None, _) => Err(PolicyProblem::UnknownIssuer),
    }
}
