//! The key that everything is sealed with, and the port that guards it.

use symbolon_crypto::Randomness;
use symbolon_crypto::symmetric::SymmetricKey;
use thiserror::Error;
use zeroize::Zeroizing;

/// 256 random bits. Exists in the clear only in memory; wiped when dropped.
pub struct DataKey(Zeroizing<[u8; DATA_KEY_BYTES]>);

/// The length of a data key.
pub const DATA_KEY_BYTES: usize = 32;

impl DataKey {
    /// A fresh data key.
    pub(crate) fn make(randomness: &dyn Randomness) -> Result<Self, WrapError> {
        let mut bytes = Zeroizing::new([0; DATA_KEY_BYTES]);
        randomness
            .fill(bytes.as_mut_slice())
            .map_err(|_| WrapError::Unavailable)?;
        Ok(Self(bytes))
    }

    /// Takes what a wrapping key unwrapped.
    #[must_use]
    pub const fn from_bytes(bytes: Zeroizing<[u8; DATA_KEY_BYTES]>) -> Self {
        Self(bytes)
    }

    /// The bytes, for the wrapping key to encrypt.
    #[must_use]
    pub fn expose(&self) -> &[u8; DATA_KEY_BYTES] {
        &self.0
    }
}

/// Wraps the data key with a key that never leaves the platform: Android Keystore, Secure Enclave, a smart card.
///
/// The wrapped form must be authenticated: [`WrapDataKey::unwrap`] of bytes that [`WrapDataKey::wrap`] did not return must be
/// an error, not another key. Whoever can call `unwrap` can read the wallet, so the platform key should demand the screen
/// lock or biometry where the platform has them; that the person has not yet given them is [`UnwrapOutcome::Locked`].
pub trait WrapDataKey: Send + Sync {
    /// Encrypts the data key.
    ///
    /// # Errors
    /// [`WrapError`] when the platform key cannot be used.
    fn wrap(&self, key: &DataKey) -> Result<Vec<u8>, WrapError>;

    /// Decrypts what `wrap` returned.
    ///
    /// # Errors
    /// [`WrapError`] when the platform key cannot be used or did not wrap these bytes.
    fn unwrap(&self, wrapped: &[u8]) -> Result<UnwrapOutcome, WrapError>;
}

/// What came of unwrapping.
pub enum UnwrapOutcome {
    /// The data key.
    Unwrapped(DataKey),
    /// The platform key waits for the person. Ask, and try again.
    Locked,
}

/// Why the platform key did not wrap or unwrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WrapError {
    /// The bytes were not wrapped by this key, or are damaged.
    #[error("the data key was not wrapped by this key")]
    NotOurs,
    /// The platform deleted or invalidated the key, for example when the biometry changed.
    #[error("the key that wraps the data key is gone")]
    Gone,
    /// The platform's key store cannot be used.
    #[error("the key that wraps the data key cannot be used")]
    Unavailable,
}

/// A wrapping key in software, for the command line and for development: AES-256-GCM under a key that the caller keeps,
/// typically in a file of mode 0600. It protects a copied store, not a copied folder.
pub struct SoftwareWrappingKey<'a> {
    key: SymmetricKey,
    randomness: &'a dyn Randomness,
}

impl<'a> SoftwareWrappingKey<'a> {
    /// Wraps with `key`.
    #[must_use]
    pub fn new(key: &Zeroizing<[u8; 32]>, randomness: &'a dyn Randomness) -> Self {
        Self {
            key: SymmetricKey::new(**key),
            randomness,
        }
    }
}

impl WrapDataKey for SoftwareWrappingKey<'_> {
    fn wrap(&self, key: &DataKey) -> Result<Vec<u8>, WrapError> {
        self.key
            .seal(key.expose(), WRAPPED_KEY, self.randomness)
            .map_err(|_| WrapError::Unavailable)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<UnwrapOutcome, WrapError> {
        let opened = self
            .key
            .open(wrapped, WRAPPED_KEY)
            .map_err(|_| WrapError::NotOurs)?;
        let bytes: [u8; DATA_KEY_BYTES] = opened.as_slice().try_into().map_err(|_| WrapError::NotOurs)?;
        Ok(UnwrapOutcome::Unwrapped(DataKey::from_bytes(Zeroizing::new(
            bytes,
        ))))
    }
}

/// Keeps a wrapped key from being taken for a sealed value.
const WRAPPED_KEY: &[u8] = b"symbolon wallet data key 1";
