//! Whether the certificates of an issuer's signer are looked up in revocation lists, issuer by issuer.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Whether revocation lists ([RFC 5280 §5](https://www.rfc-editor.org/rfc/rfc5280#section-5)) are asked about the certificates of a signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationPolicy {
    /// No list is asked.
    Off,
    /// A list that can be had counts; without one nothing changes.
    #[default]
    IfAvailable,
    /// Without a list in force for every certificate below the anchor nobody can tell whether the issuer is to be trusted.
    Required,
}

/// The rules of a verifier: one for every issuer, and those of single issuers. Clones share the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationRules {
    otherwise: RevocationPolicy,
    issuers: Option<Arc<BTreeMap<String, RevocationPolicy>>>,
}

impl RevocationRules {
    /// A list that can be had counts.
    pub const IF_AVAILABLE: Self = Self {
        otherwise: RevocationPolicy::IfAvailable,
        issuers: None,
    };

    /// The rules that a document says.
    #[must_use]
    pub fn new(document: &RevocationDocument) -> Self {
        let issuers = &document.issuers;
        Self {
            otherwise: document.lists,
            issuers: (!issuers.is_empty()).then(|| Arc::new(issuers.clone())),
        }
    }

    /// The rule for an issuer, by its identifier or its name in the trust list.
    #[must_use]
    pub fn of_issuer(&self, identifier: &str, name: &str) -> RevocationPolicy {
        let rules = self.issuers.as_ref();
        let of = |key| rules.and_then(|rules| rules.get(key)).copied();
        of(identifier).or_else(|| of(name)).unwrap_or(self.otherwise)
    }
}

/// The rules as a file writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RevocationDocument {
    /// The rule for every issuer without one of its own: `off`, `if_available` or `required`.
    pub lists: RevocationPolicy,
    /// The rules of single issuers, by identifier or name in the trust list. Its keys have no environment variables.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub issuers: BTreeMap<String, RevocationPolicy>,
}
