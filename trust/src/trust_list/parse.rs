//! Reading and writing the JSON form.

use std::collections::BTreeSet;

use symbolon_credential::data_integrity::AmbiguousContext;
use symbolon_crypto::PublicKey;
use symbolon_crypto::encoding::json::{self, JsonBudget};

use super::{TRUST_LIST_VERSION, TrustList};

/// The longest trust list that is read. Every issuer of a large federation with its anchors and type metadata takes
/// a tenth of it.
pub const MAX_TRUST_LIST_BYTES: usize = 16 << 20;

/// Nesting of the form itself is five; type metadata brings a few levels of its own.
const MAX_TRUST_LIST_DEPTH: usize = 32;

/// Members and elements altogether.
const MAX_TRUST_LIST_ITEMS: usize = 1_000_000;

impl TrustList {
    /// Reads a trust list. Who signed it is a question for the caller: a pinned file, or the trust section of a
    /// pack.
    ///
    /// # Errors
    /// [`ParseTrustListError`] when the text is no trust list of [`TRUST_LIST_VERSION`], has an unknown member, or
    /// contradicts itself.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseTrustListError> {
        let list: Self = json::parse(bytes, budget()).map_err(ParseTrustListError::Json)?;
        list.check()?;
        Ok(list)
    }

    /// Writes the list as JSON, the same bytes for the same list.
    ///
    /// # Errors
    /// [`ParseTrustListError`] when the list contradicts itself, so that nobody could read it.
    pub fn to_json(&self) -> Result<Vec<u8>, ParseTrustListError> {
        self.check()?;
        serde_json::to_vec(self).map_err(|_| ParseTrustListError::Serialization)
    }

    pub(super) fn check(&self) -> Result<(), ParseTrustListError> {
        if self.version != TRUST_LIST_VERSION {
            return Err(ParseTrustListError::Version { found: self.version });
        }
        if self.valid_until < self.issued_at {
            return Err(ParseTrustListError::ValidityEndsBeforeItBegins);
        }
        let mut identifiers = BTreeSet::new();
        for issuer in &self.issuers {
            // One authority may stand in several lists, each of which says what it may issue and until when.
            let listed_by = issuer
                .source
                .as_ref()
                .filter(|_| issuer.identifier.is_certificate());
            if !identifiers.insert((&issuer.identifier, listed_by)) {
                return Err(ParseTrustListError::IssuerTwice);
            }
            if issuer
                .status_prefix
                .as_deref()
                .is_some_and(|prefix| !names_a_host(prefix))
            {
                return Err(ParseTrustListError::StatusPrefix);
            }
        }
        let mut lists = BTreeSet::new();
        for list in &self.etsi_trusted_lists {
            let new = lists.insert(&list.identifier);
            if !new || list.identifier.is_empty() || list.certificates.is_empty() {
                return Err(ParseTrustListError::EtsiTrustedList);
            }
        }
        let scopes_are_usable = self.scopes.iter().all(|(name, beginnings)| {
            is_scope_name(name)
                && !beginnings.is_empty()
                && beginnings.iter().all(|beginning| names_a_host(beginning))
        });
        if !scopes_are_usable || self.scopes.len() > MAX_SCOPES {
            return Err(ParseTrustListError::Scope);
        }
        if self.pack_keys.iter().any(|key| PublicKey::from_jwk(key).is_err()) {
            return Err(ParseTrustListError::PackKey);
        }
        self.check_sources()?;
        self.relying_parties.check()?;
        self.check_documents()
    }
}

/// Whether a text can name a scope: one to [`MAX_SCOPE_NAME_BYTES`] visible ASCII characters.
fn is_scope_name(name: &str) -> bool {
    (1..=MAX_SCOPE_NAME_BYTES).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Regions and types of a federation.
const MAX_SCOPES: usize = 4_096;

/// The longest name of a scope.
const MAX_SCOPE_NAME_BYTES: usize = 128;

/// Whether a prefix is an http(s) URL whose host has ended. An empty prefix would own every list of every issuer, and
/// `https://issuer.example` those at `https://issuer.example.org/`.
pub(super) fn names_a_host(prefix: &str) -> bool {
    prefix
        .strip_prefix("https://")
        .or_else(|| prefix.strip_prefix("http://"))
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(host, _)| !host.is_empty())
}

pub(super) fn budget() -> JsonBudget {
    JsonBudget {
        bytes: MAX_TRUST_LIST_BYTES,
        depth: MAX_TRUST_LIST_DEPTH,
        items: MAX_TRUST_LIST_ITEMS,
    }
}

/// Why bytes are not a usable trust list.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParseTrustListError {
    /// Not JSON, over budget, or not of this form.
    #[error("the trust list cannot be read")]
    Json(#[source] json::JsonError),
    /// Of another version.
    #[error("the trust list has version {found}, this reader knows version {TRUST_LIST_VERSION}")]
    Version {
        /// The version found.
        found: u16,
    },
    /// `valid_until` lies before `issued_at`.
    #[error("the trust list ends before it begins")]
    ValidityEndsBeforeItBegins,
    /// Two entries with one identifier.
    #[error("the trust list names an issuer twice")]
    IssuerTwice,
    /// An issuer of a source that is not there, or one that a source of its kind cannot have.
    #[error("the trust list has an issuer that its source cannot have brought")]
    Source,
    /// A relying party that is there twice, or whose entry says nothing that can be compared.
    #[error("the trust list has an entry of a relying party that cannot be used")]
    RelyingParty,
    /// A status prefix that would own lists of anybody.
    #[error("the trust list has a status prefix that is not an http(s) URL up to a slash behind its host")]
    StatusPrefix,
    /// An ETSI trusted list that is there twice, or lacks its identifier or its certificates.
    #[error("the trust list has an etsi trusted list twice, or one without identifier or certificates")]
    EtsiTrustedList,
    /// A scope without a usable name or beginnings of URIs, or too many of them.
    #[error("the trust list has a scope whose name or addresses cannot be used")]
    Scope,
    /// A distributor's key that is none.
    #[error("the trust list has a pack key that cannot be read")]
    PackKey,
    /// One DID with two issuers, or twice with one.
    #[error("the trust list names a decentralized identifier twice")]
    DidTwice,
    /// More DIDs, or longer documents, than an issuer or a list has.
    #[error("the trust list has more or longer documents than its budget allows")]
    OverBudget,
    /// A DID document that is of another DID, or of a DID that no issuer in the list has.
    #[error("the trust list has the document of a decentralized identifier that it does not list")]
    DidDocument,
    /// A context that is no JSON-LD context, or whose name is no http(s) URL.
    #[error("the trust list has a context that is not one")]
    Context,
    /// A context that would let the holder of a credential choose between two terms for one word.
    #[error("the trust list has a context that cannot stand beside those of the W3C")]
    AmbiguousContext(#[source] AmbiguousContext),
    /// The list cannot be written as JSON.
    #[error("the trust list cannot be written as json")]
    Serialization,
}
