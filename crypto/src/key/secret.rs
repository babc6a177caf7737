//! Secret keys of software key stores.

use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use zeroize::Zeroizing;

use crate::algorithm::SignatureAlgorithm;
use crate::key::{InvalidKey, PublicKey};
use crate::randomness::{Randomness, RandomnessUnavailable};

/// A secret key. It zeroizes when dropped, and can be neither printed, cloned nor serialised by accident.
pub struct SecretKey(pub(crate) Secret);

pub(crate) enum Secret {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

/// How often a random scalar outside the group order is drawn again. The chance of one such draw is below 2⁻³²,
/// so running out means that the source of randomness is broken.
const SCALAR_ATTEMPTS: usize = 8;

impl SecretKey {
    /// Makes a fresh key.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`] when the source fails or delivers nothing usable.
    pub fn generate(
        algorithm: SignatureAlgorithm,
        randomness: &dyn Randomness,
    ) -> Result<Self, RandomnessUnavailable> {
        for _ in 0..SCALAR_ATTEMPTS {
            let secret = match algorithm {
                SignatureAlgorithm::Es256 => {
                    let mut bytes = Zeroizing::new([0; 32]);
                    randomness.fill(&mut *bytes)?;
                    p256::ecdsa::SigningKey::from_slice(&*bytes)
                        .ok()
                        .map(Secret::P256)
                }
                SignatureAlgorithm::Es384 => {
                    let mut bytes = Zeroizing::new([0; 48]);
                    randomness.fill(&mut *bytes)?;
                    p384::ecdsa::SigningKey::from_slice(&*bytes)
                        .ok()
                        .map(Secret::P384)
                }
                SignatureAlgorithm::EdDsa => {
                    let mut bytes = Zeroizing::new([0; 32]);
                    randomness.fill(&mut *bytes)?;
                    Some(Secret::Ed25519(ed25519_dalek::SigningKey::from_bytes(&bytes)))
                }
            };
            if let Some(secret) = secret {
                return Ok(Self(secret));
            }
        }
        Err(RandomnessUnavailable)
    }

    /// Reads PKCS#8 DER ([RFC 5958](https://www.rfc-editor.org/rfc/rfc5958)).
    ///
    /// # Errors
    /// [`InvalidKey`] for an algorithm outside the set or a bad key.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, InvalidKey> {
        if let Ok(key) = p256::ecdsa::SigningKey::from_pkcs8_der(der) {
            return Ok(Self(Secret::P256(key)));
        }
        if let Ok(key) = p384::ecdsa::SigningKey::from_pkcs8_der(der) {
            return Ok(Self(Secret::P384(key)));
        }
        ed25519_dalek::SigningKey::from_pkcs8_der(der)
            .map(|key| Self(Secret::Ed25519(key)))
            .map_err(|_| InvalidKey)
    }

    /// Writes PKCS#8 DER.
    ///
    /// # Errors
    /// [`InvalidKey`] if the encoder refuses, which no key of this type makes it do.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, InvalidKey> {
        match &self.0 {
            Secret::P256(key) => key.to_pkcs8_der(),
            Secret::P384(key) => key.to_pkcs8_der(),
            Secret::Ed25519(key) => key.to_pkcs8_der(),
        }
        .map(|document| Zeroizing::new(document.as_bytes().to_vec()))
        .map_err(|_| InvalidKey)
    }

    /// Reads the scalar of a P-256 key, 32 bytes big-endian; what HKDF derives for a request is such a scalar.
    ///
    /// # Errors
    /// [`InvalidKey`] for another length, zero, or a number beyond the group order.
    pub fn from_p256_scalar(bytes: &[u8]) -> Result<Self, InvalidKey> {
        // The curve's own reader pads anything from 24 bytes on.
        if bytes.len() != 32 {
            return Err(InvalidKey);
        }
        p256::ecdsa::SigningKey::from_slice(bytes)
            .map(|key| Self(Secret::P256(key)))
            .map_err(|_| InvalidKey)
    }

    /// The scalar, big-endian, or the seed of an Ed25519 key: what other implementations of signatures take.
    #[must_use]
    pub fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Sized for the longest beforehand, so that no part is left behind where a buffer grew.
        let mut bytes = Zeroizing::new(Vec::with_capacity(48));
        match &self.0 {
            Secret::P256(key) => {
                bytes.extend_from_slice(&Zeroizing::new(<[u8; 32]>::from(key.to_bytes()))[..])
            }
            Secret::P384(key) => {
                bytes.extend_from_slice(&Zeroizing::new(<[u8; 48]>::from(key.to_bytes()))[..])
            }
            Secret::Ed25519(key) => bytes.extend_from_slice(key.as_bytes()),
        }
        bytes
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        match &self.0 {
            Secret::P256(key) => PublicKey::P256(*key.verifying_key()),
            Secret::P384(key) => PublicKey::P384(*key.verifying_key()),
            Secret::Ed25519(key) => PublicKey::Ed25519(key.verifying_key()),
        }
    }

    /// The one algorithm this key signs with.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        match &self.0 {
            Secret::P256(_) => SignatureAlgorithm::Es256,
            Secret::P384(_) => SignatureAlgorithm::Es384,
            Secret::Ed25519(_) => SignatureAlgorithm::EdDsa,
        }
    }
}
