//! Digests of disclosures and of presentations ([RFC 9901 §4.1.1](https://www.rfc-editor.org/rfc/rfc9901.html#section-4.1.1)).

use sha2::{Digest as _, Sha256, Sha384, Sha512};
use symbolon_crypto::encoding::base64url;

/// A hash algorithm that `_sd_alg` may name, from the IANA registry "Named Information Hash Algorithm". The truncated
/// ones of that registry are left out: they give collisions away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DigestAlgorithm {
    /// `sha-256`, the default of the specification and the only one HAIP allows.
    #[default]
    Sha256,
    /// `sha-384`.
    Sha384,
    /// `sha-512`.
    Sha512,
}

impl DigestAlgorithm {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    /// The algorithm of this name, if it is one of the set.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "sha-256" => Some(Self::Sha256),
            "sha-384" => Some(Self::Sha384),
            "sha-512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The digest of `text` as base64url: of a disclosure, of a presentation (`sd_hash`), of a transaction data string.
    #[must_use]
    pub fn digest(self, text: &str) -> String {
        match self {
            Self::Sha256 => base64url::encode(&Sha256::digest(text.as_bytes())),
            Self::Sha384 => base64url::encode(&Sha384::digest(text.as_bytes())),
            Self::Sha512 => base64url::encode(&Sha512::digest(text.as_bytes())),
        }
    }
}
