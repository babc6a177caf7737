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
#[derive(Clone)]
pub struct InstallationSecret(Zeroizing<[u8; 32]>);

impl InstallationSecret {
    /// Makes a new secret.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        Ok(Self(Zeroizing::new(random_bytes::<32>(randomness)?)))
    }

    /// HMAC-SHA-256 of the parts under a key of its own for each purpose. The parts are length-prefixed, so no two lists collide.
    pub(crate) fn derive_tag(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else {
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
        serializer.serialize_str(&Zeroizing::new(base64url::encode(self.0.as_slice())))
    }
}

impl<'de> Deserialize<'de> for InstallationSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = base64url::decode(&text).map_err(|_| serde::de::Error::custom(SecretShape))?;
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| serde::de::Error::custom(SecretShape))?;
        Ok(Self(Zeroizing::new(bytes)))
    }
}

/// What a tag is for; a tag of one purpose says nothing about another.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Nonce,
    TransactionCode,
    RecordReference,
    CredentialReference,
    RequestEncryption,
    SignInCode,
    MadeUpDestination,
    RequestLabel,
    ProviderNonce,
    ProviderVerifier,
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
            Self::RequestEncryption => b"symbolon request encryption key v1",
            Self::SignInCode => b"symbolon sign-in code v1",
            Self::MadeUpDestination => b"symbolon made-up destination v1",
            Self::RequestLabel => b"symbolon request label v1",
            Self::ProviderNonce => b"symbolon provider nonce v1",
            Self::ProviderVerifier => b"symbolon provider verifier v1",
            Self::FormToken => b"symbolon form token v1",
            Self::DpopNonce => b"symbolon dpop nonce v1",
            Self::AttestationChallenge => b"symbolon attestation challenge v1",
            Self::CredentialDataset => b"symbolon credential dataset v1",
        }
    }
}

#[derive(Debug, Error)]
#[error("not 32 bytes of base64url")]
struct SecretShape;
