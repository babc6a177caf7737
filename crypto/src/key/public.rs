//! Public keys, parsed once.

use core::fmt;
use core::hash::{Hash, Hasher};

use p256::pkcs8::{DecodePublicKey as _, EncodePublicKey as _};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::algorithm::SignatureAlgorithm;
use crate::encoding::base64url;
use crate::key::{InvalidKey, Jwk};

/// A public key whose point was checked when it was read, in parsed form so that no signature check parses again.
#[derive(Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// NIST P-256.
    P256(p256::ecdsa::VerifyingKey),
    /// NIST P-384.
    P384(p384::ecdsa::VerifyingKey),
    /// Ed25519.
    Ed25519(ed25519_dalek::VerifyingKey),
}

/// The JWK thumbprint with SHA-256 ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638)); its text is base64url.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// The 32 bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the text of a thumbprint: 32 bytes in base64url.
    ///
    /// # Errors
    /// [`InvalidKey`] for any other text.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let bytes = base64url::decode(text).map_err(|_| InvalidKey)?;
        bytes.try_into().map(Self).map_err(|_| InvalidKey)
    }
}

impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PublicKey {
    /// Reads a JWK: `EC` with P-256 or P-384, `OKP` with Ed25519. An `alg` that the curve cannot serve is refused.
    ///
    /// # Errors
    /// [`InvalidKey`] for another type, a wrong length, or a point that is not on its curve.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, InvalidKey> {
        if jwk
            .alg
            .as_deref()
            .is_some_and(|algorithm| !serves(&jwk.crv, algorithm))
        {
            return Err(InvalidKey);
        }
        let x = base64url::decode(&jwk.x).map_err(|_| InvalidKey)?;
        match (jwk.kty.as_str(), jwk.crv.as_str(), &jwk.y) {
            ("EC", "P-256", Some(y)) => {
                let y = base64url::decode(y).map_err(|_| InvalidKey)?;
                uncompressed(&x, &y, 32)
                    .and_then(|point| p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok())
                    .map(Self::P256)
                    .ok_or(InvalidKey)
            }
            ("EC", "P-384", Some(y)) => {
                let y = base64url::decode(y).map_err(|_| InvalidKey)?;
                uncompressed(&x, &y, 48)
                    .and_then(|point| p384::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok())
                    .map(Self::P384)
                    .ok_or(InvalidKey)
            }
            ("OKP", "Ed25519", None) => Self::from_ed25519_bytes(&x),
            _ => Err(InvalidKey),
        }
    }

    /// The JWK with its public members alone.
    #[must_use]
    pub fn to_jwk(&self) -> Jwk {
        let (kty, crv, x, y) = match self {
            Self::Ed25519(key) => ("OKP", "Ed25519", base64url::encode(key.as_bytes()), None),
            Self::P256(_) | Self::P384(_) => {
                let point = self.to_sec1_bytes();
                let coordinates = point.get(1..).unwrap_or_default();
                let (x, y) = coordinates.split_at(coordinates.len() / 2);
                let crv = if matches!(self, Self::P256(_)) {
                    "P-256"
                } else {
                    "P-384"
                };
                ("EC", crv, base64url::encode(x), Some(base64url::encode(y)))
            }
        };
        Jwk {
            kty: kty.to_owned(),
            crv: crv.to_owned(),
            x,
            y,
            kid: None,
            alg: None,
            use_: None,
        }
    }

    /// Reads the 32 bytes of an Ed25519 key ([RFC 8032 §5.1.5](https://www.rfc-editor.org/rfc/rfc8032#section-5.1.5)).
    ///
    /// # Errors
    /// [`InvalidKey`] for another length, a point of small order, under which signatures prove nothing, or one whose y
    /// coordinate is not reduced (RFC 8032 §5.1.3), which some implementations read and others refuse.
    pub fn from_ed25519_bytes(bytes: &[u8]) -> Result<Self, InvalidKey> {
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| InvalidKey)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| InvalidKey)?;
        // The decoder lets a y beyond the field prime pass, a second encoding of the same point.
        if key.is_weak() || key.to_edwards().compress().as_bytes() != bytes {
            Err(InvalidKey)
        } else {
            Ok(Self::Ed25519(key))
        }
    }

    /// Reads a P-256 point in SEC 1 form, compressed or not.
    ///
    /// # Errors
    /// [`InvalidKey`] when it is no point of the curve.
    pub fn from_p256_sec1_bytes(bytes: &[u8]) -> Result<Self, InvalidKey> {
        p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes)
            .map(Self::P256)
            .map_err(|_| InvalidKey)
    }

    /// Reads a P-384 point in SEC 1 form, compressed or not.
    ///
    /// # Errors
    /// [`InvalidKey`] when it is no point of the curve.
    pub fn from_p384_sec1_bytes(bytes: &[u8]) -> Result<Self, InvalidKey> {
        p384::ecdsa::VerifyingKey::from_sec1_bytes(bytes)
            .map(Self::P384)
            .map_err(|_| InvalidKey)
    }

    /// The point uncompressed in SEC 1 form, or the 32 bytes of an Ed25519 key.
    #[must_use]
    pub fn to_sec1_bytes(&self) -> Vec<u8> {
        match self {
            Self::P256(key) => key.to_sec1_point(false).as_bytes().to_vec(),
            Self::P384(key) => key.to_sec1_point(false).as_bytes().to_vec(),
            Self::Ed25519(key) => key.as_bytes().to_vec(),
        }
    }

    /// Reads a DER `SubjectPublicKeyInfo` ([RFC 5280 §4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1)).
    ///
    /// # Errors
    /// [`InvalidKey`] for an algorithm outside the set or a bad point.
    pub fn from_subject_public_key_info(der: &[u8]) -> Result<Self, InvalidKey> {
        if let Ok(key) = p256::ecdsa::VerifyingKey::from_public_key_der(der) {
            return Ok(Self::P256(key));
        }
        if let Ok(key) = p384::ecdsa::VerifyingKey::from_public_key_der(der) {
            return Ok(Self::P384(key));
        }
        let key = ed25519_dalek::VerifyingKey::from_public_key_der(der).map_err(|_| InvalidKey)?;
        Self::from_ed25519_bytes(key.as_bytes())
    }

    /// The DER `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// [`InvalidKey`] if the encoder refuses, which no key of this type makes it do.
    pub fn to_subject_public_key_info(&self) -> Result<Vec<u8>, InvalidKey> {
        match self {
            Self::P256(key) => key.to_public_key_der(),
            Self::P384(key) => key.to_public_key_der(),
            Self::Ed25519(key) => key.to_public_key_der(),
        }
        .map(|document| document.as_bytes().to_vec())
        .map_err(|_| InvalidKey)
    }

    /// The RFC 7638 thumbprint, which is the `kid` of every key of the suite that has no certificate.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        let jwk = self.to_jwk();
        // RFC 7638 §3.2: the required members in lexicographic order, without white space.
        let canonical = match &jwk.y {
            Some(y) => format!(
                r#"{{"crv":"{}","kty":"{}","x":"{}","y":"{y}"}}"#,
                jwk.crv, jwk.kty, jwk.x
            ),
            None => format!(r#"{{"crv":"{}","kty":"{}","x":"{}"}}"#, jwk.crv, jwk.kty, jwk.x),
        };
        Thumbprint(Sha256::digest(canonical.as_bytes()).into())
    }

    /// The one algorithm this key verifies.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        match self {
            Self::P256(_) => SignatureAlgorithm::Es256,
            Self::P384(_) => SignatureAlgorithm::Es384,
            Self::Ed25519(_) => SignatureAlgorithm::EdDsa,
        }
    }
}

/// Whether keys of a curve serve for an `alg`: its signatures, or key agreement in all its variants.
fn serves(curve: &str, algorithm: &str) -> bool {
    let agrees = algorithm == "ECDH-ES" || algorithm.starts_with("ECDH-ES+");
    match curve {
        "P-256" => agrees || SignatureAlgorithm::from_jose_name(algorithm) == Some(SignatureAlgorithm::Es256),
        "P-384" => agrees || SignatureAlgorithm::from_jose_name(algorithm) == Some(SignatureAlgorithm::Es384),
        "Ed25519" => SignatureAlgorithm::from_jose_name(algorithm) == Some(SignatureAlgorithm::EdDsa),
        _ => false,
    }
}

fn uncompressed(x: &[u8], y: &[u8], length: usize) -> Option<Vec<u8>> {
    // Coordinates have their full length (RFC 7518 §6.2.1.2); a shorter one is another text of the same key.
    (x.len() == length && y.len() == length).then(|| [&[4], x, y].concat())
}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.to_sec1_bytes().hash(state);
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} key {}", self.algorithm(), self.thumbprint())
    }
}
