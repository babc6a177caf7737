//! Clock and randomness: the platform's own unless the app hands in others.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use symbolon_crypto::{RandomnessUnavailable, UnixTime};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::error::{DeviceFault, WalletError};

/// Tells the time, for apps that know it better than the device: by a network time, or in tests.
#[uniffi::export(with_foreign)]
pub trait WalletClock: Send + Sync {
    /// Seconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> Result<i64, PlatformFailure>;
}

/// A source of randomness that is fit for keys, for apps that must use another one than the operating system's.
#[uniffi::export(with_foreign)]
pub trait RandomSource: Send + Sync {
    /// Exactly `count` unpredictable bytes.
    fn bytes(&self, count: u32) -> Result<Vec<u8>, PlatformFailure>;
}

/// Clock or source of randomness cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, uniffi::Error)]
pub enum PlatformFailure {
    /// It cannot be used now.
    #[error("the platform's clock or randomness cannot be used")]
    Unavailable,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for PlatformFailure {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}

/// The time of the app's clock, or of the device.
#[derive(Clone, Default)]
pub(crate) struct Time(pub(crate) Option<Arc<dyn WalletClock>>);

impl Time {
    #[expect(
        clippy::disallowed_methods,
        reason = "the outermost module for apps: here the device's clock is handed in"
    )]
    pub(crate) fn now(&self) -> Result<UnixTime, PlatformFailure> {
        let seconds = match &self.0 {
            Some(clock) => clock.now()?,
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .ok()
                .and_then(|since| i64::try_from(since.as_secs()).ok())
                .ok_or(PlatformFailure::Unavailable)?,
        };
        Ok(UnixTime::from_seconds(seconds))
    }

    pub(crate) fn for_wallet(&self) -> Result<UnixTime, WalletError> {
        self.now().map_err(|_| WalletError::device(DeviceFault::Clock))
    }
}

/// The randomness of the app's source, or of the operating system.
pub(crate) struct Randomness(pub(crate) Option<Arc<dyn RandomSource>>);

impl Randomness {
    /// The operating system's.
    pub(crate) const fn of_system() -> Self {
        Self(None)
    }
}

impl symbolon_crypto::Randomness for Randomness {
    #[expect(
        clippy::disallowed_methods,
        reason = "the outermost module for apps: here the system's randomness is handed in"
    )]
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        let Some(source) = &self.0 else {
            return getrandom::fill(bytes).map_err(|_| RandomnessUnavailable);
        };
        let count = u32::try_from(bytes.len()).map_err(|_| RandomnessUnavailable)?;
        let drawn = Zeroizing::new(source.bytes(count).map_err(|_| RandomnessUnavailable)?);
        if drawn.len() != bytes.len() {
            return Err(RandomnessUnavailable);
        }
        bytes.copy_from_slice(&drawn);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::Randomness as _;

    use super::*;

    struct Short;

    impl RandomSource for Short {
        fn bytes(&self, count: u32) -> Result<Vec<u8>, PlatformFailure> {
            Ok(vec![7; count as usize - 1])
        }
    }

    #[test]
    fn a_source_that_gives_too_little_gives_nothing() {
        let mut bytes = [0; 16];
        assert!(Randomness(Some(Arc::new(Short))).fill(&mut bytes).is_err());
        assert_eq!(bytes, [0; 16]);
        assert!(Randomness(None).fill(&mut bytes).is_ok());
        assert_ne!(bytes, [0; 16]);
    }
}
