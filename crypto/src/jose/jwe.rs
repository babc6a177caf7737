//! JWE in compact serialization with ECDH-ES in direct mode ([RFC 7516](https://www.rfc-editor.org/rfc/rfc7516),
//! [RFC 7518 §4.6](https://www.rfc-editor.org/rfc/rfc7518#section-4.6)): a port, and the pure-Rust implementation of it.

mod header;

pub use header::JweHeader;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::SignatureAlgorithm;
use crate::encoding::base64url;
use crate::encoding::zlib;
use crate::key::{PublicKey, SecretKey};
use crate::provider::CryptoProvider;
use crate::randomness::{Randomness, random_bytes};
use crate::symmetric::{NONCE_BYTES, TAG_BYTES, gcm_decrypt, gcm_encrypt};

/// How the content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentEncryption {
    /// AES-128 in Galois/Counter Mode.
    A128Gcm,
    /// AES-256 in Galois/Counter Mode.
    A256Gcm,
}

impl ContentEncryption {
    /// The value of the `enc` header.
    #[must_use]
    pub const fn jose_name(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// The method of an `enc` header.
    #[must_use]
    pub fn from_jose_name(name: &str) -> Option<Self> {
        match name {
            "A128GCM" => Some(Self::A128Gcm),
            "A256GCM" => Some(Self::A256Gcm),
            _ => None,
        }
    }

    const fn key_bytes(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A256Gcm => 32,
        }
    }
}

/// Whether the content is compressed before it is encrypted (`zip`, [RFC 7516 §4.1.3]).
///
/// [RFC 7516 §4.1.3]: https://www.rfc-editor.org/rfc/rfc7516#section-4.1.3
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentCompression {
    /// No `zip` header.
    Plain,
    /// `DEF`: DEFLATE without a frame ([RFC 1951](https://www.rfc-editor.org/rfc/rfc1951)).
    Deflate,
}

impl ContentCompression {
    /// The value of the `zip` header, where there is one.
    #[must_use]
    pub const fn jose_name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Deflate => Some(DEFLATE),
        }
    }

    /// What is encrypted of `payload`.
    #[must_use]
    pub fn compress(self, payload: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Plain => payload.to_vec(),
            Self::Deflate => zlib::deflate_unframed(payload),
        })
    }
}

const DEFLATE: &str = "DEF";

/// What a JWE may cost its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JweBudget {
    /// The longest text, in bytes.
    pub max_bytes: usize,
    /// Whether its content may be compressed.
    pub compression: CompressedContent,
}

/// What becomes of compressed content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompressedContent {
    /// It is refused.
    Refused,
    /// It is inflated.
    Inflated {
        /// To at most so many bytes.
        max_bytes: usize,
    },
}

/// Whom a JWE is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The key, of P-256.
    pub public_key: PublicKey,
    /// Its `kid`, copied into the header.
    pub key_id: Option<String>,
}

/// Everything about a JWE but its text and its recipient.
#[derive(Debug, Clone, Copy)]
pub struct EncryptionParameters<'a> {
    /// How the content is encrypted.
    pub content_encryption: ContentEncryption,
    /// Whether the content is compressed first.
    pub compression: ContentCompression,
    /// `apu`, agreement party U information; empty to leave it out.
    pub party_u: &'a [u8],
    /// `apv`, agreement party V information; empty to leave it out.
    pub party_v: &'a [u8],
}

/// Finds the secret key of a `kid`.
pub type KeyLookup<'a> = dyn Fn(Option<&str>) -> Option<SecretKey> + 'a;

/// A decrypted JWE.
pub struct DecryptedJwe {
    /// The plaintext.
    pub payload: Zeroizing<Vec<u8>>,
    /// The `kid` of the key it was for.
    pub key_id: Option<String>,
    /// How the content was encrypted.
    pub content_encryption: ContentEncryption,
}

/// Why a JWE was not made or not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JweError {
    /// Longer than the caller allows, as it is or inflated.
    #[error("the JWE is over its budget")]
    OverBudget,
    /// Not five parts of base64url, or a header that is no strict JSON object.
    #[error("not a compact JWE")]
    Malformed,
    /// Another `alg` than ECDH-ES, an `enc` outside the set, a `zip` that the caller does not take, or `crit`.
    #[error("the JWE uses an algorithm that is not allowed")]
    Algorithm,
    /// No key for this `kid`.
    #[error("the JWE is for a key that is not here")]
    UnknownKey,
    /// Another key, or changed bytes.
    #[error("the JWE cannot be decrypted")]
    Decryption,
    /// No randomness, or a key that is not of P-256.
    #[error("cannot encrypt to this key")]
    Encryption,
}

/// Encrypts and decrypts.
///
/// An implementer must refuse any `alg` but ECDH-ES and an ephemeral key that is not on the curve, and hand compressed content to
/// [`JweHeader::expand`], which alone knows the limit.
pub trait JweCodec: Send + Sync {
    /// Encrypts `payload` to `recipient` with a fresh ephemeral key.
    ///
    /// # Errors
    /// [`JweError::Encryption`].
    fn encrypt(
        &self,
        payload: &[u8],
        recipient: &Recipient,
        parameters: EncryptionParameters<'_>,
        randomness: &dyn Randomness,
    ) -> Result<String, JweError>;

    /// Decrypts a JWE within a budget.
    ///
    /// # Errors
    /// [`JweError`].
    fn decrypt_within(
        &self,
        text: &str,
        keys: &KeyLookup<'_>,
        budget: JweBudget,
    ) -> Result<DecryptedJwe, JweError>;

    /// Decrypts a JWE of at most `max_bytes` whose content is not compressed.
    ///
    /// # Errors
    /// [`JweError`].
    fn decrypt(&self, text: &str, keys: &KeyLookup<'_>, max_bytes: usize) -> Result<DecryptedJwe, JweError> {
        let budget = JweBudget {
            max_bytes,
            compression: CompressedContent::Refused,
        };
        self.decrypt_within(text, keys, budget)
    }
}

/// JWE in pure Rust, over a [`CryptoProvider`].
#[derive(Clone, Copy)]
pub struct PureJwe<'a> {
    provider: &'a dyn CryptoProvider,
}

impl<'a> PureJwe<'a> {
    /// JWE over `provider`.
    #[must_use]
    pub const fn new(provider: &'a dyn CryptoProvider) -> Self {
        Self { provider }
    }
}

impl JweCodec for PureJwe<'_> {
    fn encrypt(
        &self,
        payload: &[u8],
        recipient: &Recipient,
        parameters: EncryptionParameters<'_>,
        randomness: &dyn Randomness,
    ) -> Result<String, JweError> {
        let ephemeral = self
            .provider
            .generate_key(SignatureAlgorithm::Es256, randomness)
            .map_err(|_| JweError::Encryption)?;
        let shared = self
            .provider
            .agree(&ephemeral, &recipient.public_key)
            .map_err(|_| JweError::Encryption)?;
        let EncryptionParameters {
            content_encryption,
            compression,
            party_u,
            party_v,
        } = parameters;
        let key = concat_kdf(shared.as_bytes(), content_encryption, party_u, party_v);

        let mut header = Map::new();
        header.insert("alg".to_owned(), json!("ECDH-ES"));
        header.insert("enc".to_owned(), json!(content_encryption.jose_name()));
        if let Some(zip) = compression.jose_name() {
            header.insert("zip".to_owned(), json!(zip));
        }
        if let Some(key_id) = &recipient.key_id {
            header.insert("kid".to_owned(), json!(key_id));
        }
        let epk = ephemeral.public_key().to_jwk();
        header.insert(
            "epk".to_owned(),
            json!({ "kty": epk.kty, "crv": epk.crv, "x": epk.x, "y": epk.y }),
        );
        for (name, party) in [("apu", party_u), ("apv", party_v)] {
            if !party.is_empty() {
                header.insert(name.to_owned(), json!(base64url::encode(party)));
            }
        }
        let header = base64url::encode(Value::Object(header).to_string().as_bytes());
        let nonce: [u8; NONCE_BYTES] = random_bytes(randomness).map_err(|_| JweError::Encryption)?;
        let content = compression.compress(payload).to_vec();
        let (ciphertext, tag) =
            gcm_encrypt(&key, &nonce, header.as_bytes(), content).map_err(|_| JweError::Encryption)?;
        Ok(format!(
            "{header}..{}.{}.{}",
            base64url::encode(&nonce),
            base64url::encode(&ciphertext),
            base64url::encode(&tag)
        ))
    }

    fn decrypt_within(
        &self,
        text: &str,
        keys: &KeyLookup<'_>,
        budget: JweBudget,
    ) -> Result<DecryptedJwe, JweError> {
        let header = JweHeader::parse(text, budget)?;
        let mut parts = text.split('.');
        let (Some(protected), Some(""), Some(nonce), Some(ciphertext), Some(tag), None) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return Err(JweError::Malformed);
        };
        let decode = |text| base64url::decode(text).map_err(|_| JweError::Malformed);
        let nonce: [u8; NONCE_BYTES] = decode(nonce)?.try_into().map_err(|_| JweError::Malformed)?;
        let tag: [u8; TAG_BYTES] = decode(tag)?.try_into().map_err(|_| JweError::Malformed)?;
        let ciphertext = decode(ciphertext)?;

        let secret = keys(header.key_id.as_deref()).ok_or(JweError::UnknownKey)?;
        let shared = self
            .provider
            .agree(&secret, &header.ephemeral_key)
            .map_err(|_| JweError::Decryption)?;
        let key = concat_kdf(
            shared.as_bytes(),
            header.content_encryption,
            &header.party_u,
            &header.party_v,
        );
        let payload = gcm_decrypt(&key, &nonce, protected.as_bytes(), ciphertext, &tag)
            .map_err(|_| JweError::Decryption)?;
        Ok(DecryptedJwe {
            payload: header.expand(Zeroizing::new(payload), budget)?,
            key_id: header.key_id,
            content_encryption: header.content_encryption,
        })
    }
}

/// The Concat KDF of RFC 7518 §4.6.2 for direct key agreement: one round of SHA-256 is enough for both key sizes.
fn concat_kdf(
    shared: &[u8; 32],
    content_encryption: ContentEncryption,
    party_u: &[u8],
    party_v: &[u8],
) -> Zeroizing<Vec<u8>> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    let algorithm = content_encryption.jose_name().as_bytes();
    let bits = u32::try_from(content_encryption.key_bytes() * 8).unwrap_or(0);
    let hash = Zeroizing::new(<[u8; 32]>::from(
        Sha256::new()
            .chain_update(1_u32.to_be_bytes())
            .chain_update(shared)
            .chain_update(length(algorithm))
            .chain_update(algorithm)
            .chain_update(length(party_u))
            .chain_update(party_u)
            .chain_update(length(party_v))
            .chain_update(party_v)
            .chain_update(bits.to_be_bytes())
            .finalize(),
    ));
    Zeroizing::new(
        hash.iter()
            .copied()
            .take(content_encryption.key_bytes())
            .collect(),
    )
}

#[cfg(test)]
mod tests;
