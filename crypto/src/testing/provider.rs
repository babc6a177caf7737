//! Providers that sign and agree as the pure-Rust one does, and verify as a test needs it.

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::algorithm::SignatureAlgorithm;
use crate::key::{InvalidKey, PublicKey, SecretKey};
use crate::provider::{CryptoProvider, RustCryptoProvider, SharedSecret, SignatureRejected, SigningFailed};

/// A provider that counts what it verifies.
#[derive(Debug)]
pub struct TestProvider {
    verdict: Verdict,
    verifications: AtomicUsize,
}

/// What is said of a signature.
#[derive(Debug, Clone, Copy)]
enum Verdict {
    /// What the pure-Rust provider says.
    AsItIs,
    Accepted,
    Refused,
}

impl TestProvider {
    /// Verifies as the pure-Rust provider does, to show how often something is verified.
    #[must_use]
    pub const fn counting() -> Self {
        Self::new(Verdict::AsItIs)
    }

    /// Accepts every signature of the key's own algorithm and of its length: a fuzzer cannot sign, and what stands behind a
    /// signature is written by people who can.
    #[must_use]
    pub const fn trusting() -> Self {
        Self::new(Verdict::Accepted)
    }

    /// Accepts no signature, to show that something is not verified.
    #[must_use]
    pub const fn refusing() -> Self {
        Self::new(Verdict::Refused)
    }

    const fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            verifications: AtomicUsize::new(0),
        }
    }

    /// How many signatures it was asked about.
    #[must_use]
    pub fn verifications(&self) -> usize {
        self.verifications.load(Ordering::Relaxed)
    }
}

impl CryptoProvider for TestProvider {
    fn sign(&self, key: &SecretKey, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        RustCryptoProvider.sign(key, message)
    }

    fn verify(
        &self,
        key: &PublicKey,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureRejected> {
        self.verifications.fetch_add(1, Ordering::Relaxed);
        let fits = key.algorithm() == algorithm && signature.len() == algorithm.signature_bytes();
        match self.verdict {
            Verdict::AsItIs => RustCryptoProvider.verify(key, algorithm, message, signature),
            Verdict::Accepted if fits => Ok(()),
            Verdict::Accepted | Verdict::Refused => Err(SignatureRejected),
        }
    }

    fn agree(&self, key: &SecretKey, peer: &PublicKey) -> Result<SharedSecret, InvalidKey> {
        RustCryptoProvider.agree(key, peer)
    }
}
