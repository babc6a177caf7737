//! Who computes signatures: a port, and the pure-Rust implementation of it.

use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::Verifier as _;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::algorithm::{RsaAlgorithm, SignatureAlgorithm};
use crate::key::{InvalidKey, PublicKey, RsaPublicKey, Secret, SecretKey};
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

    /// Prepares `key` for many signatures; `None` when [`sign`](Self::sign) has nothing to do beforehand. Whoever holds a
    /// key for long holds what is prepared as long, and no longer.
    fn prepare(&self, _key: &SecretKey) -> Option<Box<dyn PreparedKey>> {
        None
    }

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

    /// Verifies an RSA signature. A provider need not be able to.
    ///
    /// An implementer must refuse an algorithm that the key [does not serve](RsaPublicKey::serves), a signature that is not
    /// as long as the modulus, and for PS256 any other salt than one of 32 bytes.
    ///
    /// # Errors
    /// [`RsaNotVerified::Unsupported`] when this provider has no RSA, which says nothing about the signature;
    /// [`RsaNotVerified::Rejected`] when the signature is not by this key over this message.
    fn verify_rsa(
        &self,
        _key: &RsaPublicKey,
        _algorithm: RsaAlgorithm,
        _message: &[u8],
        _signature: &[u8],
    ) -> Result<(), RsaNotVerified> {
        Err(RsaNotVerified::Unsupported)
    }

    /// ECDH over P-256 ([RFC 7518 §4.6](https://www.rfc-editor.org/rfc/rfc7518#section-4.6)).
    ///
    /// # Errors
    /// [`InvalidKey`] unless both keys are of P-256.
    fn agree(&self, key: &SecretKey, peer: &PublicKey) -> Result<SharedSecret, InvalidKey>;
}

/// A secret key in the form in which a provider signs fastest.
///
/// An implementer must wipe the key when it is dropped.
pub trait PreparedKey: Send + Sync {
    /// Signs `message` as [`CryptoProvider::sign`] does.
    ///
    /// # Errors
    /// [`SigningFailed`] when the implementation cannot sign.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed>;
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

/// Why an RSA signature was not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RsaNotVerified {
    /// The provider has no RSA.
    #[error("RSA signatures cannot be verified here")]
    Unsupported,
    /// The signature is not what it should be.
    #[error("the signature does not verify")]
    Rejected,
}

/// A provider could not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the key cannot sign")]
pub struct SigningFailed;

/// The pure-Rust provider: no C, so that wallet and verifier build for phones and browsers.
///
/// It has no RSA: the `rsa` crate leaks by its timing (RUSTSEC-2023-0071), and one that only verified would still be
/// refused by every audit. A credential with an RSA signature is `unknown` to whoever verifies with it.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRandomness;

    const ALL: [SignatureAlgorithm; 3] = [
        SignatureAlgorithm::Es256,
        SignatureAlgorithm::Es384,
        SignatureAlgorithm::EdDsa,
    ];

    fn key(algorithm: SignatureAlgorithm, seed: u64) -> SecretKey {
        RustCryptoProvider
            .generate_key(algorithm, &SeededRandomness::new(seed))
            .unwrap()
    }

    #[test]
    fn a_signature_verifies_with_its_key_algorithm_and_message_alone() {
        for algorithm in ALL {
            let secret = key(algorithm, 1);
            let public = secret.public_key();
            let signature = RustCryptoProvider.sign(&secret, b"message").unwrap();
            assert_eq!(signature.len(), algorithm.signature_bytes());
            let verify = |key: &PublicKey, algorithm, message: &[u8], signature: &[u8]| {
                RustCryptoProvider.verify(key, algorithm, message, signature)
            };
            assert_eq!(verify(&public, algorithm, b"message", &signature), Ok(()));
            assert!(verify(&public, algorithm, b"other", &signature).is_err());
            assert!(verify(&key(algorithm, 2).public_key(), algorithm, b"message", &signature).is_err());
            for other in ALL.into_iter().filter(|other| *other != algorithm) {
                assert!(verify(&public, other, b"message", &signature).is_err());
            }
            for index in 0..signature.len() {
                let mut changed = signature.clone();
                changed[index] ^= 1;
                assert!(
                    verify(&public, algorithm, b"message", &changed).is_err(),
                    "{index}"
                );
                assert!(verify(&public, algorithm, b"message", &signature[..index]).is_err());
            }
            for byte in [0x00, 0xff] {
                assert!(verify(&public, algorithm, b"message", &vec![byte; signature.len()]).is_err());
            }
        }
    }

    #[test]
    fn two_parties_agree_and_only_on_p256() {
        let (alice, bob) = (
            key(SignatureAlgorithm::Es256, 3),
            key(SignatureAlgorithm::Es256, 4),
        );
        let one = RustCryptoProvider.agree(&alice, &bob.public_key()).unwrap();
        let two = RustCryptoProvider.agree(&bob, &alice.public_key()).unwrap();
        assert_eq!(one.as_bytes(), two.as_bytes());
        for other in [SignatureAlgorithm::Es384, SignatureAlgorithm::EdDsa] {
            let other = key(other, 5);
            assert!(RustCryptoProvider.agree(&alice, &other.public_key()).is_err());
            assert!(RustCryptoProvider.agree(&other, &alice.public_key()).is_err());
        }
    }
}
