//! Signing is a request: pure code says what is to be signed by which key, a driver has it signed, and the pure code
//! goes on with the signature. So a key may live in software, a hardware module or a phone's key store.

use core::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::algorithm::SignatureAlgorithm;
use crate::key::{PublicKey, SecretKey};
use crate::provider::{CryptoProvider, PreparedKey, SharedSecret};

/// The name of a key within its key store; it says nothing to anybody else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyHandle(String);

impl KeyHandle {
    /// A handle of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is to be signed, by which key, how.
#[derive(Clone, PartialEq, Eq)]
pub struct SignatureRequest {
    /// The key.
    pub key: KeyHandle,
    /// The algorithm, which must be the key's own.
    pub algorithm: SignatureAlgorithm,
    /// The exact bytes.
    pub bytes: Vec<u8>,
}

/// Without the bytes, which may be personal data.
impl fmt::Debug for SignatureRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureRequest")
            .field("key", &self.key)
            .field("algorithm", &self.algorithm)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// What a key has to sign, before it is said which key.
#[derive(Clone, PartialEq, Eq)]
pub struct ToBeSigned {
    /// The algorithm, which must be the key's own.
    pub algorithm: SignatureAlgorithm,
    /// The exact bytes.
    pub bytes: Vec<u8>,
}

impl ToBeSigned {
    /// The request that `key` signs it.
    #[must_use]
    pub fn by(&self, key: KeyHandle) -> SignatureRequest {
        SignatureRequest {
            key,
            algorithm: self.algorithm,
            bytes: self.bytes.clone(),
        }
    }
}

/// Without the bytes, which may be personal data.
impl fmt::Debug for ToBeSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToBeSigned")
            .field("algorithm", &self.algorithm)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// What came of a signature request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignOutcome {
    /// The signature; ECDSA as `r || s`.
    Signed(Vec<u8>),
    /// The key exists and cannot be used until its owner unlocks it.
    Locked,
}

/// A key and what may be known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDescription {
    /// Its handle.
    pub handle: KeyHandle,
    /// Its public half.
    pub public_key: PublicKey,
}

/// Why a key store refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No key of this handle.
    #[error("no such key")]
    Unknown,
    /// The key does not sign with this algorithm.
    #[error("the key does not serve this algorithm")]
    WrongAlgorithm,
    /// The key is there and will never be used again: the platform ended it, as phones do when the biometry or the screen lock that
    /// guards it changes.
    #[error("the key was invalidated")]
    Invalidated,
    /// The key store cannot be reached or is broken.
    #[error("the key store failed")]
    Failed,
}

/// Signs.
///
/// An implementer signs exactly the bytes of the request, once, with the key of the handle or not at all.
pub trait Sign: Send + Sync {
    /// Has a request signed.
    ///
    /// # Errors
    /// [`KeyError`] when there is no such key, it cannot serve the algorithm, or the store fails.
    fn sign(&self, request: &SignatureRequest) -> Result<SignOutcome, KeyError>;
}

/// What came of a key agreement.
pub enum AgreeOutcome {
    /// The shared secret.
    Agreed(SharedSecret),
    /// The key exists and cannot be used until its owner unlocks it.
    Locked,
}

/// Agrees on secrets, for holders that authenticate with a MAC (ISO 18013-5).
///
/// An implementer agrees with the key of the handle or not at all.
pub trait Agree: Send + Sync {
    /// Has the key of `handle` agree with `peer`.
    ///
    /// # Errors
    /// [`KeyError`] when there is no such key, the two are not of P-256, or the store fails.
    fn agree(&self, handle: &KeyHandle, peer: &PublicKey) -> Result<AgreeOutcome, KeyError>;
}

/// Makes keys.
///
/// An implementer must have the key stored durably before it answers: a credential may be bound to it at once.
pub trait CreateKeys: Send + Sync {
    /// Makes a key.
    ///
    /// # Errors
    /// [`KeyError`] when the algorithm is not served or the store fails.
    fn create(&self, algorithm: SignatureAlgorithm) -> Result<KeyDescription, KeyError>;
}

/// Tells of keys.
pub trait DescribeKeys: Send + Sync {
    /// Describes a key.
    ///
    /// # Errors
    /// [`KeyError`] when there is no such key or the store fails.
    fn describe(&self, handle: &KeyHandle) -> Result<KeyDescription, KeyError>;
}

/// Removes keys.
pub trait DeleteKeys: Send + Sync {
    /// Removes a key; removing one that is not there succeeds.
    ///
    /// # Errors
    /// [`KeyError::Failed`] when the store fails.
    fn delete(&self, handle: &KeyHandle) -> Result<(), KeyError>;
}

/// One secret key in memory, as servers hold theirs.
pub struct SoftwareKey {
    handle: KeyHandle,
    secret: SecretKey,
    public_key: PublicKey,
    prepared: Option<Box<dyn PreparedKey>>,
    provider: Arc<dyn CryptoProvider>,
}

impl SoftwareKey {
    /// A key under `handle`, computed by `provider`.
    #[must_use]
    pub fn new(handle: KeyHandle, secret: SecretKey, provider: Arc<dyn CryptoProvider>) -> Self {
        let public_key = secret.public_key();
        let prepared = provider.prepare(&secret);
        Self {
            handle,
            secret,
            public_key,
            prepared,
            provider,
        }
    }

    /// Its handle.
    #[must_use]
    pub const fn handle(&self) -> &KeyHandle {
        &self.handle
    }

    /// Its public half.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Its secret half, for key agreement.
    #[must_use]
    pub const fn secret_key(&self) -> &SecretKey {
        &self.secret
    }
}

impl Sign for SoftwareKey {
    fn sign(&self, request: &SignatureRequest) -> Result<SignOutcome, KeyError> {
        if request.key != self.handle {
            return Err(KeyError::Unknown);
        }
        if request.algorithm != self.public_key.algorithm() {
            return Err(KeyError::WrongAlgorithm);
        }
        match &self.prepared {
            Some(prepared) => prepared.sign(&request.bytes),
            None => self.provider.sign(&self.secret, &request.bytes),
        }
        .map(SignOutcome::Signed)
        .map_err(|_| KeyError::Failed)
    }
}

impl Agree for SoftwareKey {
    fn agree(&self, handle: &KeyHandle, peer: &PublicKey) -> Result<AgreeOutcome, KeyError> {
        if *handle != self.handle {
            return Err(KeyError::Unknown);
        }
        self.provider
            .agree(&self.secret, peer)
            .map(AgreeOutcome::Agreed)
            .map_err(|_| KeyError::WrongAlgorithm)
    }
}

impl DescribeKeys for SoftwareKey {
    fn describe(&self, handle: &KeyHandle) -> Result<KeyDescription, KeyError> {
        if *handle != self.handle {
            return Err(KeyError::Unknown);
        }
        Ok(KeyDescription {
            handle: self.handle.clone(),
            public_key: self.public_key.clone(),
        })
    }
}
