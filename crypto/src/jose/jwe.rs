//! JWE in compact serialization with ECDH-ES in direct mode ([RFC 7516](https://www.rfc-editor.org/rfc/rfc7516),
//! [RFC 7518 §4.6](https://www.rfc-editor.org/rfc/rfc7518#section-4.6)): a port, and the pure-Rust implementation of it.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::SignatureAlgorithm;
use crate::encoding::base64url;
use crate::encoding::json::{self, JsonBudget};
use crate::key::{Jwk, PublicKey, SecretKey};
use crate::provider::CryptoProvider;
use crate::randomness::{Randomness, random_bytes};
use crate::symmetric::{NONCE_BYTES, TAG_BYTES, gcm_decrypt, gcm_encrypt};

/// The longest protected header that is read, in bytes of JSON.
const MAX_HEADER_BYTES: usize = 4 << 10;

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
    /// Longer than the caller allows.
    #[error("the JWE is over its budget")]
    OverBudget,
    /// Not five parts of base64url, or a header that is no strict JSON object.
    #[error("not a compact JWE")]
    Malformed,
    /// Another `alg` than ECDH-ES, an `enc` outside the set, `zip`, or `crit`.
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
/// An implementer must refuse `zip` (inflating has no place in front of a limit), any `alg` but ECDH-ES, and an ephemeral
/// key that is not on the curve.
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

    /// Decrypts a JWE of at most `max_bytes`.
    ///
    /// # Errors
    /// [`JweError`].
    fn decrypt(&self, text: &str, keys: &KeyLookup<'_>, max_bytes: usize) -> Result<DecryptedJwe, JweError>;
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

/// The header of a JWE of the suite, read strictly. Implementers of [`JweCodec`] check it before anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JweHeader {
    /// `kid`.
    pub key_id: Option<String>,
    /// `enc`.
    pub content_encryption: ContentEncryption,
    /// `epk`.
    pub ephemeral_key: PublicKey,
    /// `apu`, decoded.
    pub party_u: Vec<u8>,
    /// `apv`, decoded.
    pub party_v: Vec<u8>,
}

impl JweHeader {
    /// Reads the header of a compact JWE of at most `max_bytes`.
    ///
    /// # Errors
    /// [`JweError`].
    pub fn parse(text: &str, max_bytes: usize) -> Result<Self, JweError> {
        if text.len() > max_bytes {
            return Err(JweError::OverBudget);
        }
        let (header, _) = text.split_once('.').ok_or(JweError::Malformed)?;
        let header = base64url::decode(header).map_err(|_| JweError::Malformed)?;
        let budget = JsonBudget {
            bytes: MAX_HEADER_BYTES,
            ..JsonBudget::DEFAULT
        };
        let Ok(Value::Object(members)) = json::parse_value(&header, budget) else {
            return Err(JweError::Malformed);
        };
        if members.contains_key("zip") || members.contains_key("crit") {
            return Err(JweError::Algorithm);
        }
        if text_member(&members, "alg")? != Some("ECDH-ES") {
            return Err(JweError::Algorithm);
        }
        let content_encryption = text_member(&members, "enc")?
            .and_then(ContentEncryption::from_jose_name)
            .ok_or(JweError::Algorithm)?;
        let ephemeral_key: Jwk = members
            .get("epk")
            .and_then(|epk| serde_json::from_value(epk.clone()).ok())
            .ok_or(JweError::Malformed)?;
        let ephemeral_key = PublicKey::from_jwk(&ephemeral_key).map_err(|_| JweError::Malformed)?;
        if ephemeral_key.algorithm() != SignatureAlgorithm::Es256 {
            return Err(JweError::Algorithm);
        }
        let party = |name| match text_member(&members, name)? {
            None => Ok(Vec::new()),
            Some(text) => base64url::decode(text).map_err(|_| JweError::Malformed),
        };
        Ok(Self {
            key_id: text_member(&members, "kid")?.map(str::to_owned),
            content_encryption,
            ephemeral_key,
            party_u: party("apu")?,
            party_v: party("apv")?,
        })
    }
}

fn text_member<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, JweError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JweError::Malformed),
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
            party_u,
            party_v,
        } = parameters;
        let key = concat_kdf(shared.as_bytes(), content_encryption, party_u, party_v);

        let mut header = Map::new();
        header.insert("alg".to_owned(), json!("ECDH-ES"));
        header.insert("enc".to_owned(), json!(content_encryption.jose_name()));
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
        let (ciphertext, tag) = gcm_encrypt(&key, &nonce, header.as_bytes(), payload.to_vec())
            .map_err(|_| JweError::Encryption)?;
        Ok(format!(
            "{header}..{}.{}.{}",
            base64url::encode(&nonce),
            base64url::encode(&ciphertext),
            base64url::encode(&tag)
        ))
    }

    fn decrypt(&self, text: &str, keys: &KeyLookup<'_>, max_bytes: usize) -> Result<DecryptedJwe, JweError> {
        let header = JweHeader::parse(text, max_bytes)?;
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
            payload: Zeroizing::new(payload),
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
mod tests {
    use super::*;
    use crate::provider::RustCryptoProvider;
    use crate::testing::SeededRandomness;

    const PARAMETERS: EncryptionParameters<'static> = EncryptionParameters {
        content_encryption: ContentEncryption::A256Gcm,
        party_u: b"u",
        party_v: b"v",
    };

    fn encrypted() -> (String, SecretKey) {
        let randomness = SeededRandomness::new(5);
        let key = RustCryptoProvider
            .generate_key(SignatureAlgorithm::Es256, &randomness)
            .unwrap();
        let recipient = Recipient {
            public_key: key.public_key(),
            key_id: Some("1".to_owned()),
        };
        let text = PureJwe::new(&RustCryptoProvider)
            .encrypt(b"text", &recipient, PARAMETERS, &randomness)
            .unwrap();
        (text, key)
    }

    fn copy(key: &SecretKey) -> SecretKey {
        SecretKey::from_pkcs8_der(&key.to_pkcs8_der().unwrap()).unwrap()
    }

    #[test]
    fn derives_the_key_of_rfc_7518_appendix_c() {
        let jwk = |text| serde_json::from_str::<Jwk>(text).unwrap();
        let bob = jwk(
            r#"{"kty":"EC","crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ","y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"}"#,
        );
        let alice = base64url::decode("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo").unwrap();
        let alice = SecretKey::from_p256_scalar(&alice).unwrap();
        let shared = RustCryptoProvider
            .agree(&alice, &PublicKey::from_jwk(&bob).unwrap())
            .unwrap();
        let key = concat_kdf(shared.as_bytes(), ContentEncryption::A128Gcm, b"Alice", b"Bob");
        assert_eq!(base64url::encode(&key), "VqqN6vgjbSBcIijNcacQGg");
    }

    #[test]
    fn decrypts_what_it_encrypted_and_refuses_what_was_changed() {
        let (text, key) = encrypted();
        let codec = PureJwe::new(&RustCryptoProvider);
        let keys = |kid: Option<&str>| (kid == Some("1")).then(|| copy(&key));
        assert_eq!(
            codec.decrypt(&text, &keys, 4096).unwrap().payload.as_slice(),
            b"text"
        );
        assert_eq!(codec.decrypt(&text, &keys, 10).err(), Some(JweError::OverBudget));
        assert_eq!(
            codec.decrypt(&text, &|_| None, 4096).err(),
            Some(JweError::UnknownKey)
        );
        let other = RustCryptoProvider
            .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(6))
            .unwrap();
        assert_eq!(
            codec.decrypt(&text, &|_| Some(copy(&other)), 4096).err(),
            Some(JweError::Decryption)
        );
        let mut changed = text.clone().into_bytes();
        let last = changed.len() - 1;
        changed[last - 30] = if changed[last - 30] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(codec.decrypt(&changed, &keys, 4096).is_err());
    }

    #[test]
    fn refuses_compression_and_other_algorithms() {
        let (text, key) = encrypted();
        let codec = PureJwe::new(&RustCryptoProvider);
        let (header, rest) = text.split_once('.').unwrap();
        let header: Map<String, Value> = serde_json::from_slice(&base64url::decode(header).unwrap()).unwrap();
        for (name, value) in [
            ("zip", json!("DEF")),
            ("alg", json!("ECDH-ES+A256KW")),
            ("enc", json!("A256CBC-HS512")),
            ("crit", json!([])),
        ] {
            let mut header = header.clone();
            header.insert(name.to_owned(), value);
            let text = format!(
                "{}.{rest}",
                base64url::encode(Value::Object(header).to_string().as_bytes())
            );
            assert_eq!(
                codec.decrypt(&text, &|_| Some(copy(&key)), 8192).err(),
                Some(JweError::Algorithm),
                "{name}"
            );
        }
    }
}
