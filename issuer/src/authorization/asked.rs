//! Which credentials a wallet asks for ([OpenID4VCI §5.1]).
//!
//! [OpenID4VCI §5.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-5.1

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::identifiers::ConfigurationId;

/// The configurations that are asked for, each with the parameter that named it. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Asked(BTreeMap<ConfigurationId, AskedBy>);

/// The parameter that named a configuration. It decides how the token response answers: with identifiers or with a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AskedBy {
    /// `scope`.
    Scope,
    /// `authorization_details`.
    Details,
}

impl Asked {
    /// The configurations of both parameters; `None` when there is none. Where both name one, the details win
    /// ([OpenID4VCI §5.1.2]).
    ///
    /// [OpenID4VCI §5.1.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-5.1.2
    #[must_use]
    pub fn new(
        by_scope: impl IntoIterator<Item = ConfigurationId>,
        by_details: impl IntoIterator<Item = ConfigurationId>,
    ) -> Option<Self> {
        let mut all: BTreeMap<_, _> = by_scope.into_iter().map(|id| (id, AskedBy::Scope)).collect();
        all.extend(by_details.into_iter().map(|id| (id, AskedBy::Details)));
        (!all.is_empty()).then_some(Self(all))
    }

    /// Less than this: the configurations that a token request names. `None` when it names others, or none.
    #[must_use]
    pub fn narrowed(&self, named: &[ConfigurationId], by: AskedBy) -> Option<Self> {
        let granted = !named.is_empty() && named.iter().all(|id| self.0.contains_key(id));
        granted.then(|| Self(named.iter().map(|id| (id.clone(), by)).collect()))
    }

    /// The configurations, in the order of their names.
    pub fn configurations(&self) -> impl Iterator<Item = &ConfigurationId> + Clone {
        self.0.keys()
    }

    /// The configurations that one of the parameters named.
    pub fn named_by(&self, parameter: AskedBy) -> impl Iterator<Item = &ConfigurationId> {
        self.0
            .iter()
            .filter(move |(_, by)| **by == parameter)
            .map(|(id, _)| id)
    }
}
