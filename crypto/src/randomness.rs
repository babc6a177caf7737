//! Randomness as an argument.

use thiserror::Error;

/// A source of unpredictable bytes.
///
/// An implementer must fill all of `bytes` with cryptographically secure randomness or fail; bytes that can be guessed
/// break every key, salt, nonce and code of the suite.
pub trait Randomness: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`] when the source cannot deliver.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable>;
}

/// The source of randomness could not deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no randomness available")]
pub struct RandomnessUnavailable;

/// `N` fresh random bytes.
///
/// # Errors
/// [`RandomnessUnavailable`] when the source cannot deliver.
pub fn random_bytes<const N: usize>(randomness: &dyn Randomness) -> Result<[u8; N], RandomnessUnavailable> {
    let mut bytes = [0; N];
    randomness.fill(&mut bytes)?;
    Ok(bytes)
}
