//! The root of trust: what a verifier is given once, by `init` or an onboarding code, and believes from then on.

use serde::{Deserialize, Serialize};
use symbolon_crypto::encoding::json;
use symbolon_crypto::{Jwk, PublicKey};

use super::TrustList;
use super::parse::{ParseTrustListError, budget};

/// The pinned file `trust.json`: keys that verify packs, and the list that online verification uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootOfTrust {
    /// The registry operator's keys: they sign trust lists.
    pub registry_keys: Vec<Jwk>,
    /// The distributors' keys: they sign the manifest of a pack and nothing else.
    pub pack_keys: Vec<Jwk>,
    /// The list known at installation. No pack may bring an older one.
    pub trust_list: TrustList,
}

impl RootOfTrust {
    /// Reads a root of trust from a file that its owner protects; it carries no signature of its own.
    ///
    /// # Errors
    /// [`ParseTrustListError`] as for [`TrustList::parse`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseTrustListError> {
        let root: Self = json::parse(bytes, budget()).map_err(ParseTrustListError::Json)?;
        root.trust_list.check()?;
        Ok(root)
    }

    /// Writes the root of trust as JSON.
    ///
    /// # Errors
    /// [`ParseTrustListError`] when the list in it contradicts itself.
    pub fn to_json(&self) -> Result<Vec<u8>, ParseTrustListError> {
        self.trust_list.check()?;
        serde_json::to_vec_pretty(self).map_err(|_| ParseTrustListError::Serialization)
    }
}

/// The key among `keys` whose RFC 7638 thumbprint is `kid`.
pub(crate) fn key_by_thumbprint(keys: &[Jwk], kid: &[u8]) -> Option<PublicKey> {
    keys.iter()
        .filter_map(|jwk| PublicKey::from_jwk(jwk).ok())
        .find(|key| key.thumbprint().as_bytes() == kid)
}
