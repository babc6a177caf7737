//! The key of the platform that a wallet is locked with.

use std::sync::Arc;

use symbolon_wallet_store::{DATA_KEY_BYTES, DataKey, UnwrapOutcome, WrapDataKey, WrapError};
use thiserror::Error;
use zeroize::Zeroizing;

/// Wraps the key that everything in a wallet is sealed with, by a key that never leaves the platform: Android Keystore, Secure Enclave.
///
/// The wrapped form must be authenticated: `unwrap` of bytes that `wrap` did not return must throw `NotOurs`, not return another key.
/// Whoever can call `unwrap` can read the wallet, so the platform's key should demand the screen lock or biometry. Overwrite the data key
/// as soon as it is handed over: the wallet cannot wipe the copy that the app's language made.
#[uniffi::export(with_foreign)]
pub trait DeviceLock: Send + Sync {
    /// Encrypts a data key of 32 bytes.
    fn wrap(&self, data_key: Vec<u8>) -> Result<Vec<u8>, LockFailure>;

    /// Decrypts what `wrap` returned, or says that the platform's key waits for the person.
    fn unwrap(&self, wrapped: Vec<u8>) -> Result<UnwrappingOutcome, LockFailure>;
}

/// What came of unwrapping.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum UnwrappingOutcome {
    /// The data key.
    Unwrapped {
        /// Its 32 bytes.
        data_key: Vec<u8>,
    },
    /// The platform's key waits for the person. Ask, and try again.
    Locked,
}

/// Why the platform's key did not wrap or unwrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, uniffi::Error)]
pub enum LockFailure {
    /// The bytes were not wrapped by this key, or are damaged.
    #[error("the data key was not wrapped by this key")]
    NotOurs,
    /// The platform deleted or invalidated the key, for example when the biometry changed.
    #[error("the key of the lock is gone")]
    Gone,
    /// The platform's key store cannot be used.
    #[error("the key of the lock cannot be used")]
    Unavailable,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for LockFailure {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}

impl From<LockFailure> for WrapError {
    fn from(failure: LockFailure) -> Self {
        match failure {
            LockFailure::NotOurs => Self::NotOurs,
            LockFailure::Gone => Self::Gone,
            LockFailure::Unavailable => Self::Unavailable,
        }
    }
}

/// The app's lock as the store's port.
pub(crate) struct PlatformLock(pub(crate) Arc<dyn DeviceLock>);

impl WrapDataKey for PlatformLock {
    fn wrap(&self, key: &DataKey) -> Result<Vec<u8>, WrapError> {
        Ok(self.0.wrap(key.expose().to_vec())?)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<UnwrapOutcome, WrapError> {
        match self.0.unwrap(wrapped.to_vec())? {
            UnwrappingOutcome::Unwrapped { data_key } => {
                let data_key = Zeroizing::new(data_key);
                let bytes: [u8; DATA_KEY_BYTES] =
                    data_key.as_slice().try_into().map_err(|_| WrapError::NotOurs)?;
                Ok(UnwrapOutcome::Unwrapped(DataKey::from_bytes(Zeroizing::new(
                    bytes,
                ))))
            }
            UnwrappingOutcome::Locked => Ok(UnwrapOutcome::Locked),
        }
    }
}
