//! Who computes signatures: a port, and the pure-Rust implementation of it.

use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::Verifier as _;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::algorithm::SignatureAlgorithm;
use crate::key::{InvalidKey, PublicKey, Secret, SecretKey};
use crate::randomness::{Randomness, RandomnessUnavailable};

/// Computes signatures and shared secrets.
///
/// An implementer must verify Ed25519 strictly (no small-order points, canonical encodings: RFC 8032 §5.1.7 without
/// the cofactor) and must refuse an algorithm that is not the key's own; otherwise two verifiers disagree about one
/// credential.
pub trait CryptoProvider: Send + Sync {
    /// Makes a fresh key.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`] when the source fails.
    fn generate_key(
        &self,
        algorithm: SignatureAlgorithm,
        randomness: &dyn Randomness,
    ) -> Result<SecretKey, RandomnessUnavailable> {
        SecretKey::generate(algorithm, randomness)
    }

    /// Signs `message` with the key's own algorithm. ECDSA signatures are `r || s` (RFC 7518 §3.4).
    ///
    /// # Errors
    /// [`SigningFailed`] when the implementation cannot sign with this key.
    fn sign(&self, key: &SecretKey, message: &[u8]) -> Result<Vec<u8>, SigningFailed>;

    /// Verifies a signature.
    ///
    /// # Errors
    /// [`SignatureRejected`] when the algorithm is not the key's own, or the signature is not by this key over this
    /// message.
    fn verify(
        &self,
        key: &PublicKey,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureRejected>;

    /// ECDH over P-256 ([RFC 7518 §4.6](https://www.rfc-editor.org/rfc/rfc7518#section-4.6)).
    ///
    /// # Errors
    /// [`InvalidKey`] unless both keys are of P-256.
    fn agree(&self, key: &SecretKey, peer: &PublicKey) -> Result<SharedSecret, InvalidKey>;
}

/// The x coordinate of an ECDH agreement, 32 bytes; zeroized when dropped.
pub struct SharedSecret(Zeroizing<[u8; 32]>);

impl SharedSecret {
    /// Takes the 32 bytes of an agreement.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, to derive keys from.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The signature is not what it should be. There is one reason only: telling more would help nobody but an attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the signature does not verify")]
pub struct SignatureRejected;

/// A provider could not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the key cannot sign")]
pub struct SigningFailed;

/// The pure-Rust provider: no C, so that wallet and verifier build for phones and browsers.
#[derive(Debug, Clone, Copy, Default)]
pub struct RustCryptoProvider;

impl CryptoProvider for RustCryptoProvider {
    fn sign(&self, key: &SecretKey, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        match &key.0 {
            Secret::P256(key) => {
                let signature: p256::ecdsa::Signature = key.try_sign(message).map_err(|_| SigningFailed)?;
                Ok(signature.to_bytes().to_vec())
            }
            Secret::P384(key) => {
                let signature: p384::ecdsa::Signature = key.try_sign(message).map_err(|_| SigningFailed)?;
                Ok(signature.to_bytes().to_vec())
            }
            Secret::Ed25519(key) => Ok(key.sign(message).to_bytes().to_vec()),
        }
    }

    fn verify(
        &self,
        key: &PublicKey,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureRejected> {
        if key.algorithm() != algorithm {
            return Err(SignatureRejected);
        }
        let verified = match key {
            PublicKey::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            PublicKey::P384(key) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            PublicKey::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        };
        if verified { Ok(()) } else { Err(SignatureRejected) }
    }

    fn agree(&self, key: &SecretKey, peer: &PublicKey) -> Result<SharedSecret, InvalidKey> {
        let (Secret::P256(key), PublicKey::P256(peer)) = (&key.0, peer) else {
            return Err(InvalidKey);
        };
        let shared = p256::ecdh::diffie_hellman(key.as_nonzero_scalar(), peer.as_affine());
        let bytes: [u8; 32] = shared
            .raw_secret_bytes()
            .as_slice()
            .try_into()
            .map_err(|_| InvalidKey)?;
        Ok(SharedSecret::new(bytes))
    }
}
