//! The keys by which a relying party's programs say whose they are.
//!
//! A key is shown once, when it is made. What is kept is its digest: a key has 256 random bits, so that no slow hash is needed, and
//! whoever reads the store has no key.

use core::fmt;

use serde::{Deserialize, Serialize};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::symmetric::{constant_time_equal, hmac_sha256};
use symbolon_crypto::{Randomness, RandomnessUnavailable, UnixTime, random_bytes};
use zeroize::Zeroizing;

use crate::name::RelyingPartyName;

/// What every key begins with, so that scanners of published code can tell one.
const PREFIX: &str = "symbolon_rp_";
const ID_BYTES: usize = 12;
const SECRET_BYTES: usize = 32;
/// 12 bytes in base64url.
const ID_CHARACTERS: usize = 16;
/// 32 bytes in base64url.
const SECRET_CHARACTERS: usize = 43;
/// Separates this hash from every other use of HMAC.
const PURPOSE: &[u8] = b"symbolon relying party key 1";

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key of a relying party")]
pub struct InvalidApiKey;

/// A key. It zeroizes when dropped, and nothing prints it by accident.
pub struct ApiKey {
    id: ApiKeyId,
    text: Zeroizing<String>,
}

/// The public part of a key, by which it is looked up, listed and revoked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApiKeyId(String);

/// What is kept of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyRecord {
    /// The public part.
    pub id: ApiKeyId,
    /// Whose it is.
    pub relying_party: RelyingPartyName,
    /// HMAC-SHA-256 of the key under a fixed text, in base64url.
    digest: String,
    /// When it was made.
    pub created_at: UnixTime,
}

impl ApiKey {
    /// Makes a key.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`] when the source fails.
    pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        let id = base64url::encode(&random_bytes::<ID_BYTES>(randomness)?);
        let secret = Zeroizing::new(random_bytes::<SECRET_BYTES>(randomness)?);
        let secret = Zeroizing::new(base64url::encode(secret.as_slice()));
        Ok(Self {
            text: Zeroizing::new(format!("{PREFIX}{id}{}", secret.as_str())),
            id: ApiKeyId(id),
        })
    }

    /// Reads what somebody presents.
    ///
    /// # Errors
    /// [`InvalidApiKey`] when it cannot be a key of ours.
    pub fn parse(text: &str) -> Result<Self, InvalidApiKey> {
        let rest = text.strip_prefix(PREFIX).ok_or(InvalidApiKey)?;
        let (id, secret) = rest.split_at_checked(ID_CHARACTERS).ok_or(InvalidApiKey)?;
        if secret.len() != SECRET_CHARACTERS || !is_base64url(secret) {
            return Err(InvalidApiKey);
        }
        Ok(Self {
            id: ApiKeyId::parse(id)?,
            text: Zeroizing::new(text.to_owned()),
        })
    }

    /// Its public part.
    #[must_use]
    pub const fn id(&self) -> &ApiKeyId {
        &self.id
    }

    /// The key, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What is kept of it.
    #[must_use]
    pub fn record(&self, relying_party: RelyingPartyName, created_at: UnixTime) -> ApiKeyRecord {
        ApiKeyRecord {
            id: self.id.clone(),
            relying_party,
            digest: self.digest(),
            created_at,
        }
    }

    fn digest(&self) -> String {
        base64url::encode(&hmac_sha256(PURPOSE, self.text.as_bytes()))
    }
}

impl ApiKeyRecord {
    /// Whether this is what is kept of `key`.
    #[must_use]
    pub fn is_of(&self, key: &ApiKey) -> bool {
        constant_time_equal(self.digest.as_bytes(), key.digest().as_bytes())
    }
}

impl ApiKeyId {
    /// Reads the public part of a key.
    ///
    /// # Errors
    /// [`InvalidApiKey`] for any other text.
    pub fn parse(text: &str) -> Result<Self, InvalidApiKey> {
        if text.len() == ID_CHARACTERS && is_base64url(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidApiKey)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ApiKeyId {
    type Error = InvalidApiKey;

    fn try_from(text: String) -> Result<Self, InvalidApiKey> {
        Self::parse(&text)
    }
}

impl From<ApiKeyId> for String {
    fn from(id: ApiKeyId) -> Self {
        id.0
    }
}

impl fmt::Display for ApiKeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

fn is_base64url(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
