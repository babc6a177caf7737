//! Secrets that the issuer hands out, and the one that it keeps.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{Randomness, RandomnessUnavailable, random_bytes};
use thiserror::Error;
use zeroize::Zeroizing;

/// A secret whose possession is a right: a pre-authorized code or an access token. 256 random bits, base64url.
///
/// It is stored as [`SecretDigest`] only, so that a stolen store or backup redeems nothing.
pub struct BearerSecret(Zeroizing<String>);

impl BearerSecret {
    /// Makes a new secret.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        let bytes = Zeroizing::new(random_bytes::<32>(randomness)?);
        Ok(Self(Zeroizing::new(base64url::encode(bytes.as_slice()))))
    }

    /// The secret, for the answer that hands it out.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn digest(&self) -> SecretDigest {
        SecretDigest::of(&self.0)
    }
}

/// SHA-256 of a bearer secret. The secret has 256 bits of its own, so a fast hash without salt is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// The digest of what a peer sent, whatever it is.
    #[must_use]
    pub fn of(presented: &str) -> Self {
        Self(Sha256::digest(presented.as_bytes()).into())
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Serialize for SecretDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for SecretDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = base64url::decode(&String::deserialize(deserializer)?)
            .map_err(|_| serde::de::Error::custom(SecretShape))?;
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| serde::de::Error::custom(SecretShape))?;
        Ok(Self(bytes))
    }
}

/// The root of what one installation derives: nonce tags, transaction code tags, record references. Made at the first start and
/// shared by all its processes through the store.
///
/// It has two halves. What stands in the books for years (references of records and credentials) is derived from the first, which
/// never changes. What is handed out and comes back within minutes is derived from the second, which a restore from a backup
/// replaces: nothing that was handed out before works after it.
#[derive(Clone)]
pub struct InstallationSecret {
    books: Zeroizing<[u8; 32]>,
    sessions: Zeroizing<[u8; 32]>,
}

impl InstallationSecret {
    /// Makes a new secret.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        let books = Zeroizing::new(random_bytes::<32>(randomness)?);
        Ok(Self {
            sessions: books.clone(),
            books,
        })
    }

    /// The same for the books, and another for what is handed out.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn with_fresh_sessions(&self, randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        Ok(Self {
            books: self.books.clone(),
            sessions: Zeroizing::new(random_bytes::<32>(randomness)?),
        })
    }

    /// HMAC-SHA-256 of the parts under a key of its own for each purpose. The parts are length-prefixed, so no two lists collide.
    pub(crate) fn derive_tag(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        let half = match purpose {
            Purpose::Nonce
            | Purpose::TransactionCode
            | Purpose::SignInCode
            | Purpose::RequestLabel
            | Purpose::ProviderNonce
            | Purpose::ProviderVerifier
            | Purpose::RequestEncryption
            | Purpose::FormToken
            | Purpose::DpopNonce
            | Purpose::AttestationChallenge
            | Purpose::CredentialDataset => &self.sessions,
            // A destination that is made up for a person who is not in the books must stay the same, or a change would tell
            // who is.
            Purpose::RecordReference | Purpose::CredentialReference | Purpose::MadeUpDestination => {
                &self.books
            }
        };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(half.as_slice()) else {
            return [0; 32];
        };
        mac.update(purpose.label());
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl Serialize for InstallationSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Where the halves are one, it is written as before there were two.
        let mut bytes = Zeroizing::new(Vec::with_capacity(64));
        bytes.extend_from_slice(self.books.as_slice());
        if self.sessions != self.books {
            bytes.extend_from_slice(self.sessions.as_slice());
        }
        serializer.serialize_str(&Zeroizing::new(base64url::encode(&bytes)))
    }
}

impl<'de> Deserialize<'de> for InstallationSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = base64url::decode(&text).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| serde::de::Error::custom(SecretShape))?;
        let half = |half: &[u8]| {
            let half = <[u8; 32]>::try_from(half).map_err(|_| serde::de::Error::custom(SecretShape))?;
            Ok::<_, D::Error>(Zeroizing::new(half))
        };
        let (books, sessions) = bytes.split_at_checked(32).unwrap_or((&bytes, &[]));
        Ok(Self {
            books: half(books)?,
            sessions: half(if sessions.is_empty() { books } else { sessions })?,
        })
    }
}

/// What a tag is for; a tag of one purpose says nothing about another.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Nonce,
    TransactionCode,
    RecordReference,
    CredentialReference,
    SignInCode,
    MadeUpDestination,
    RequestLabel,
    ProviderNonce,
    ProviderVerifier,
    RequestEncryption,
    FormToken,
    DpopNonce,
    AttestationChallenge,
    CredentialDataset,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Nonce => b"symbolon c_nonce v1",
            Self::TransactionCode => b"symbolon tx_code v1",
            Self::RecordReference => b"symbolon record reference v1",
            Self::CredentialReference => b"symbolon credential reference v1",
            Self::SignInCode => b"symbolon sign-in code v1",
            Self::MadeUpDestination => b"symbolon made-up destination v1",
            Self::RequestLabel => b"symbolon request label v1",
            Self::ProviderNonce => b"symbolon provider nonce v1",
            Self::ProviderVerifier => b"symbolon provider verifier v1",
            Self::RequestEncryption => b"symbolon request encryption key v1",
            Self::FormToken => b"symbolon form token v1",
            Self::DpopNonce => b"symbolon dpop nonce v1",
            Self::AttestationChallenge => b"symbolon attestation challenge v1",
            Self::CredentialDataset => b"symbolon credential dataset v1",
        }
    }
}

#[derive(Debug, Error)]
#[error("not 32 or 64 bytes of base64url")]
struct SecretShape;

#[cfg(test)]
mod tests {
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;

    #[test]
    fn fresh_sessions_change_what_is_handed_out_and_not_what_is_in_the_books() {
        let randomness = SeededRandomness::new(1);
        let before = InstallationSecret::make(&randomness).unwrap();
        let after = before.with_fresh_sessions(&randomness).unwrap();
        let read: InstallationSecret = serde_json::from_str(&serde_json::to_string(&after).unwrap()).unwrap();
        for (purpose, changes) in [
            (Purpose::Nonce, true),
            (Purpose::TransactionCode, true),
            (Purpose::RecordReference, false),
            (Purpose::CredentialReference, false),
        ] {
            let tag = |secret: &InstallationSecret| secret.derive_tag(purpose, &[b"x"]);
            assert_eq!(tag(&before) != tag(&after), changes);
            assert_eq!(tag(&after), tag(&read));
        }
    }

    #[test]
    fn a_secret_of_an_earlier_version_reads_and_is_written_as_it_was() {
        let text = format!("\"{}\"", base64url::encode(&[7; 32]));
        let secret: InstallationSecret = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&secret).unwrap(), text);
        for wrong in [&[7; 31][..], &[7; 33], &[7; 65], &[]] {
            let text = format!("\"{}\"", base64url::encode(wrong));
            assert!(serde_json::from_str::<InstallationSecret>(&text).is_err());
        }
    }
}
