//! COSE_Encrypt0 ([RFC 9052 §5.2](https://www.rfc-editor.org/rfc/rfc9052#section-5.2)) with AES-GCM
//! ([RFC 9053 §4.1](https://www.rfc-editor.org/rfc/rfc9053#section-4.1)): content that only holders of a shared key read.
//!
//! Encryption says nothing about who wrote something: everybody who can read can also write. What is inside has to carry
//! a signature of its own.

use core::fmt;

use ciborium::Value;
use serde::Deserialize;
use thiserror::Error;
use zeroize::Zeroizing;

use super::{CoseError, TagPolicy, Tagging, check_headers};
use crate::encoding::base64url;
use crate::encoding::cbor::{self, CborBudget};
use crate::encoding::json::{self, JsonBudget};
use crate::randomness::{Randomness, RandomnessUnavailable, random_bytes};
use crate::symmetric::{NONCE_BYTES, OpenError, TAG_BYTES, gcm_decrypt, gcm_encrypt, hmac_sha256};

/// The CBOR tag of COSE_Encrypt0, 16, in its shortest form.
const ENCRYPT0_TAG_BYTE: u8 = 0xd0;
const ENCRYPT0_TAG: u64 = 16;
/// Header parameter `alg` ([RFC 9052 §3.1](https://www.rfc-editor.org/rfc/rfc9052#section-3.1)).
const ALG: i64 = 1;
/// Header parameter `crit`.
const CRIT: i64 = 2;
/// Header parameter `kid`.
const KID: i64 = 4;
/// Header parameter `IV`.
const IV: i64 = 5;
/// The longest name of a key, in bytes.
const MAX_KEY_ID_BYTES: usize = 128;
/// The longest file of a key, in bytes.
const MAX_KEY_FILE_BYTES: usize = 4096;

/// How content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentEncryption {
    /// AES-GCM with a 128-bit key and a 128-bit tag.
    A128Gcm,
    /// AES-GCM with a 256-bit key and a 128-bit tag.
    A256Gcm,
}

impl ContentEncryption {
    /// The value of header parameter `alg`.
    const fn cose_value(self) -> i64 {
        match self {
            Self::A128Gcm => 1,
            Self::A256Gcm => 3,
        }
    }

    const fn from_cose_value(value: i128) -> Option<Self> {
        match value {
            1 => Some(Self::A128Gcm),
            3 => Some(Self::A256Gcm),
            _ => None,
        }
    }

    /// The name that JOSE gives it ([RFC 7518 §5.1](https://www.rfc-editor.org/rfc/rfc7518#section-5.1)).
    #[must_use]
    pub const fn jose_name(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// Length of a key, in bytes.
    #[must_use]
    pub const fn key_bytes(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A256Gcm => 32,
        }
    }

    const fn of_key_length(bytes: usize) -> Option<Self> {
        match bytes {
            16 => Some(Self::A128Gcm),
            32 => Some(Self::A256Gcm),
            _ => None,
        }
    }
}

/// A key for content. It zeroizes when dropped, and can be neither printed nor cloned by accident.
pub struct ContentKey {
    bytes: Zeroizing<Vec<u8>>,
    algorithm: ContentEncryption,
}

/// Bytes or a file that hold no content key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "not a content key: 16 or 32 bytes, or a JSON Web Key of type oct with kid, k, and alg A128GCM or A256GCM"
)]
pub struct InvalidContentKey;

impl ContentKey {
    /// Takes the 16 or 32 bytes of a key.
    ///
    /// # Errors
    /// [`InvalidContentKey`] for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidContentKey> {
        Ok(Self {
            algorithm: ContentEncryption::of_key_length(bytes.len()).ok_or(InvalidContentKey)?,
            bytes: Zeroizing::new(bytes.to_vec()),
        })
    }

    /// Makes a fresh key.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`].
    pub fn make(
        algorithm: ContentEncryption,
        randomness: &dyn Randomness,
    ) -> Result<Self, RandomnessUnavailable> {
        let mut bytes = Zeroizing::new(vec![0; algorithm.key_bytes()]);
        randomness.fill(&mut bytes)?;
        Ok(Self { bytes, algorithm })
    }

    /// What it encrypts with.
    #[must_use]
    pub const fn algorithm(&self) -> ContentEncryption {
        self.algorithm
    }
}

/// A content key and the name by which messages refer to it.
pub struct NamedContentKey {
    /// `kid`: 1 to 128 bytes of text.
    key_id: String,
    key: ContentKey,
}

#[derive(Deserialize)]
struct OctetKey {
    kty: String,
    kid: String,
    alg: Option<String>,
    k: String,
}

impl NamedContentKey {
    /// Names a key.
    ///
    /// # Errors
    /// [`InvalidContentKey`] when the name is empty or longer than 128 bytes.
    pub fn new(key_id: impl Into<String>, key: ContentKey) -> Result<Self, InvalidContentKey> {
        let key_id = key_id.into();
        if key_id.is_empty() || key_id.len() > MAX_KEY_ID_BYTES {
            return Err(InvalidContentKey);
        }
        Ok(Self { key_id, key })
    }

    /// Reads a symmetric JSON Web Key ([RFC 7518 §6.4](https://www.rfc-editor.org/rfc/rfc7518#section-6.4)). `alg` may be
    /// left out; if it is there it has to fit the length of the key.
    ///
    /// # Errors
    /// [`InvalidContentKey`].
    pub fn from_jwk(jwk: &[u8]) -> Result<Self, InvalidContentKey> {
        let budget = JsonBudget {
            bytes: MAX_KEY_FILE_BYTES,
            depth: 3,
            items: 32,
        };
        let jwk: OctetKey = json::parse(jwk, budget).map_err(|_| InvalidContentKey)?;
        let secret = Zeroizing::new(jwk.k);
        let bytes = base64url::decode(&secret).map(Zeroizing::new);
        let key = ContentKey::from_bytes(&bytes.map_err(|_| InvalidContentKey)?)?;
        let fits = jwk.alg.is_none_or(|name| name == key.algorithm.jose_name());
        if jwk.kty != "oct" || !fits {
            return Err(InvalidContentKey);
        }
        Self::new(jwk.kid, key)
    }

    /// The JSON Web Key, for the one file that holds it.
    #[must_use]
    pub fn to_jwk(&self) -> Zeroizing<String> {
        let secret = Zeroizing::new(base64url::encode(&self.key.bytes));
        Zeroizing::new(format!(
            "{{\"kty\":\"oct\",\"kid\":{},\"alg\":\"{}\",\"k\":\"{}\"}}",
            serde_json::Value::from(self.key_id.as_str()),
            self.key.algorithm.jose_name(),
            secret.as_str(),
        ))
    }

    /// The name.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &ContentKey {
        &self.key
    }
}

/// Nothing was encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// No nonce can be made.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// Longer than the cipher takes.
    #[error("the content cannot be encrypted")]
    Content,
}

/// Encrypts `plaintext` under a fresh nonce, bound to `external_aad`. The header names the key.
///
/// One key is good for 2³² messages (NIST SP 800-38D §8.3); a population needs a new key before that.
///
/// # Errors
/// [`EncryptError`].
pub fn encrypt(
    key: &NamedContentKey,
    plaintext: &[u8],
    external_aad: &[u8],
    tagging: Tagging,
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, EncryptError> {
    let protected = protected(key);
    let nonce = make_nonce(key.key(), &[external_aad, plaintext], randomness)?;
    let associated = encryption_structure(&protected, external_aad);
    let (mut ciphertext, tag) = gcm_encrypt(&key.key.bytes, &nonce, &associated, plaintext.to_vec())
        .map_err(|_| EncryptError::Content)?;
    ciphertext.extend(tag);
    Ok(assemble(protected, &nonce, ciphertext, tagging))
}

/// How many bytes [`encrypt`] makes of a plaintext of `plaintext_bytes`.
#[must_use]
pub fn encrypted_bytes(key: &NamedContentKey, plaintext_bytes: usize, tagging: Tagging) -> usize {
    let ciphertext = vec![0; plaintext_bytes.saturating_add(TAG_BYTES)];
    assemble(protected(key), &[0; NONCE_BYTES], ciphertext, tagging).len()
}

fn protected(key: &NamedContentKey) -> Vec<u8> {
    cbor::encode(&Value::Map(vec![
        (Value::from(ALG), Value::from(key.key.algorithm.cose_value())),
        (Value::from(KID), Value::Bytes(key.key_id.as_bytes().to_vec())),
    ]))
}

fn assemble(protected: Vec<u8>, nonce: &[u8], ciphertext: Vec<u8>, tagging: Tagging) -> Vec<u8> {
    let unprotected = Value::Map(vec![(Value::from(IV), Value::Bytes(nonce.to_vec()))]);
    let message = Value::Array(vec![
        Value::Bytes(protected),
        unprotected,
        Value::Bytes(ciphertext),
    ]);
    cbor::encode(&match tagging {
        Tagging::Tagged => Value::Tag(ENCRYPT0_TAG, Box::new(message)),
        Tagging::Untagged => message,
    })
}

/// A nonce that depends on the content as well as on randomness: two messages under one nonce would give both away, so a
/// source that repeats itself must not be enough to make two. It then only shows that two messages are the same.
fn make_nonce(
    key: &ContentKey,
    content: &[&[u8]],
    randomness: &dyn Randomness,
) -> Result<[u8; NONCE_BYTES], RandomnessUnavailable> {
    let fresh: [u8; 32] = random_bytes(randomness)?;
    let derived = Zeroizing::new(hmac_sha256(&key.bytes, b"symbolon COSE_Encrypt0 nonce"));
    let mut input = Zeroizing::new(fresh.to_vec());
    for part in content {
        // Each length before its part, so that no two lists of parts make one input.
        input.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        input.extend_from_slice(part);
    }
    let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = hmac_sha256(derived.as_slice(), &input);
    Ok([a, b, c, d, e, f, g, h, i, j, k, l])
}

/// What the tag is computed over besides the content ([RFC 9052 §5.3](https://www.rfc-editor.org/rfc/rfc9052#section-5.3)).
fn encryption_structure(protected: &[u8], external_aad: &[u8]) -> Vec<u8> {
    cbor::encode(&Value::Array(vec![
        Value::from("Encrypt0"),
        Value::Bytes(protected.to_vec()),
        Value::Bytes(external_aad.to_vec()),
    ]))
}

/// A COSE_Encrypt0 that was not decrypted.
#[derive(Clone)]
pub struct ParsedEncrypt0 {
    algorithm: ContentEncryption,
    key_id: Option<Vec<u8>>,
    nonce: [u8; NONCE_BYTES],
    protected: Vec<u8>,
    ciphertext: Vec<u8>,
}

/// Without the ciphertext.
impl fmt::Debug for ParsedEncrypt0 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedEncrypt0")
            .field("algorithm", &self.algorithm)
            .field("bytes", &self.ciphertext.len())
            .finish_non_exhaustive()
    }
}

impl ParsedEncrypt0 {
    /// Reads a COSE_Encrypt0 with its ciphertext inside.
    ///
    /// # Errors
    /// [`CoseError`].
    pub fn parse(bytes: &[u8], tag: TagPolicy, budget: CborBudget) -> Result<Self, CoseError> {
        let value = cbor::parse(bytes, budget).map_err(|_| CoseError::Malformed)?;
        let value = match (bytes.first(), value, tag) {
            (Some(&ENCRYPT0_TAG_BYTE), Value::Tag(_, value), _) => *value,
            (_, value, TagPolicy::Optional) => value,
            (_, _, TagPolicy::Required) => return Err(CoseError::Untagged),
        };
        check_headers(&value, budget)?;
        let parts: [Value; 3] = value
            .into_array()
            .ok()
            .and_then(|parts| parts.try_into().ok())
            .ok_or(CoseError::Malformed)?;
        let [
            Value::Bytes(protected),
            Value::Map(unprotected),
            Value::Bytes(ciphertext),
        ] = parts
        else {
            return Err(CoseError::Malformed);
        };
        let members = match protected.as_slice() {
            [] => Vec::new(),
            bytes => cbor::parse(bytes, budget)
                .ok()
                .and_then(|header| header.into_map().ok())
                .ok_or(CoseError::Malformed)?,
        };
        if member(&members, CRIT)
            .or_else(|| member(&unprotected, CRIT))
            .is_some()
        {
            return Err(CoseError::Critical);
        }
        let algorithm = member(&members, ALG)
            .and_then(Value::as_integer)
            .and_then(|value| ContentEncryption::from_cose_value(i128::from(value)))
            .ok_or(CoseError::Algorithm)?;
        let either = |label| member(&members, label).or_else(|| member(&unprotected, label));
        let key_id = either(KID)
            .map(|kid| kid.as_bytes().cloned().ok_or(CoseError::Malformed))
            .transpose()?;
        let nonce = either(IV)
            .and_then(Value::as_bytes)
            .and_then(|iv| iv.as_slice().try_into().ok())
            .ok_or(CoseError::Malformed)?;
        Ok(Self {
            algorithm,
            key_id,
            nonce,
            protected,
            ciphertext,
        })
    }

    /// `alg`, from the protected header alone.
    #[must_use]
    pub const fn algorithm(&self) -> ContentEncryption {
        self.algorithm
    }

    /// `kid`, from the protected header or else the unprotected one; a hint which key to take, no more.
    #[must_use]
    pub fn key_id(&self) -> Option<&[u8]> {
        self.key_id.as_deref()
    }

    /// Decrypts with `key`, which must be one for the algorithm of the header.
    ///
    /// # Errors
    /// [`OpenError`] for another key, other associated data, or changed bytes.
    pub fn decrypt(&self, key: &ContentKey, external_aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        if key.algorithm != self.algorithm {
            return Err(OpenError);
        }
        let (ciphertext, tag) = self.ciphertext.split_last_chunk::<TAG_BYTES>().ok_or(OpenError)?;
        let associated = encryption_structure(&self.protected, external_aad);
        gcm_decrypt(&key.bytes, &self.nonce, &associated, ciphertext.to_vec(), tag).map(Zeroizing::new)
    }
}

fn member(map: &[(Value, Value)], label: i64) -> Option<&Value> {
    map.iter()
        .find(|(name, _)| *name == Value::from(label))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRandomness;

    fn key(algorithm: ContentEncryption) -> NamedContentKey {
        let key = ContentKey::make(algorithm, &SeededRandomness::new(9)).unwrap();
        NamedContentKey::new("face-2026", key).unwrap()
    }

    fn sealed(key: &NamedContentKey, seed: u64) -> Vec<u8> {
        encrypt(
            key,
            b"content",
            b"aad",
            Tagging::Tagged,
            &SeededRandomness::new(seed),
        )
        .unwrap()
    }

    fn parse(bytes: &[u8]) -> Result<ParsedEncrypt0, CoseError> {
        ParsedEncrypt0::parse(bytes, TagPolicy::Optional, CborBudget::DEFAULT)
    }

    #[test]
    fn what_was_encrypted_opens_with_its_key_and_additional_data_alone() {
        for algorithm in [ContentEncryption::A128Gcm, ContentEncryption::A256Gcm] {
            let key = key(algorithm);
            let bytes = sealed(&key, 1);
            assert_eq!(bytes.len(), encrypted_bytes(&key, 7, Tagging::Tagged));
            let parsed = parse(&bytes).unwrap();
            assert_eq!(parsed.algorithm(), algorithm);
            assert_eq!(parsed.key_id(), Some(b"face-2026".as_slice()));
            assert_eq!(parsed.decrypt(key.key(), b"aad").unwrap().as_slice(), b"content");
            assert_eq!(parsed.decrypt(key.key(), b""), Err(OpenError));
            let other = ContentKey::make(algorithm, &SeededRandomness::new(10)).unwrap();
            assert_eq!(parsed.decrypt(&other, b"aad"), Err(OpenError));
            assert!(!format!("{parsed:?}").contains('['));
        }
        let short = ContentKey::from_bytes(&[1; 16]).unwrap();
        let long = parse(&sealed(&key(ContentEncryption::A256Gcm), 1)).unwrap();
        assert_eq!(long.decrypt(&short, b"aad"), Err(OpenError));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let key = key(ContentEncryption::A256Gcm);
        let bytes = sealed(&key, 1);
        for index in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[index / 8] ^= 1 << (index % 8);
            let opened = parse(&changed)
                .map_err(|_| OpenError)
                .and_then(|parsed| parsed.decrypt(key.key(), b"aad"));
            assert!(opened.is_err(), "bit {index}");
        }
    }

    #[test]
    fn a_source_that_repeats_itself_does_not_repeat_a_nonce_for_other_content() {
        let key = key(ContentEncryption::A256Gcm);
        let nonce =
            |content: &[&[u8]], seed| make_nonce(key.key(), content, &SeededRandomness::new(seed)).unwrap();
        assert_ne!(nonce(&[b"one"], 1), nonce(&[b"two"], 1));
        assert_ne!(nonce(&[b"o", b"ne"], 1), nonce(&[b"on", b"e"], 1));
        assert_ne!(nonce(&[b"one"], 1), nonce(&[b"one"], 2));
    }

    #[test]
    fn refuses_what_is_no_encrypt0_of_the_set() {
        let text = |header: &[u8], unprotected: Vec<(Value, Value)>| {
            cbor::encode(&Value::Array(vec![
                Value::Bytes(header.to_vec()),
                Value::Map(unprotected),
                Value::Bytes(vec![0; 20]),
            ]))
        };
        let iv = || vec![(Value::from(IV), Value::Bytes(vec![0; 12]))];
        assert!(parse(&text(&[0xa1, 1, 3], iv())).is_ok());
        // The algorithm in the unprotected header alone, one of the CCM family, none.
        let unprotected = [iv(), vec![(Value::from(1), Value::from(3))]].concat();
        assert_eq!(parse(&text(&[], unprotected)).unwrap_err(), CoseError::Algorithm);
        assert_eq!(
            parse(&text(&[0xa1, 1, 10], iv())).unwrap_err(),
            CoseError::Algorithm
        );
        assert_eq!(parse(&text(&[], iv())).unwrap_err(), CoseError::Algorithm);
        // No nonce, and one of another length.
        assert_eq!(
            parse(&text(&[0xa1, 1, 3], vec![])).unwrap_err(),
            CoseError::Malformed
        );
        let short = vec![(Value::from(IV), Value::Bytes(vec![0; 8]))];
        assert_eq!(
            parse(&text(&[0xa1, 1, 3], short)).unwrap_err(),
            CoseError::Malformed
        );
        // A critical header.
        let critical = [0xa2, 1, 3, 2, 0x81, 5];
        assert_eq!(parse(&text(&critical, iv())).unwrap_err(), CoseError::Critical);
        let untagged = text(&[0xa1, 1, 3], iv());
        let required = ParsedEncrypt0::parse(&untagged, TagPolicy::Required, CborBudget::DEFAULT);
        assert_eq!(required.unwrap_err(), CoseError::Untagged);
        // A COSE_Sign1, detached content.
        assert!(parse(&[0x84, 0x40, 0xa0, 0x40, 0x40]).is_err());
        assert!(parse(&[0x83, 0x43, 0xa1, 1, 3, 0xa0, 0xf6]).is_err());
    }

    #[test]
    fn a_key_file_is_read_as_it_was_written_and_others_are_refused() {
        let key = key(ContentEncryption::A128Gcm);
        let read = NamedContentKey::from_jwk(key.to_jwk().as_bytes()).unwrap();
        assert_eq!(read.key_id(), "face-2026");
        assert_eq!(
            parse(&sealed(&key, 3))
                .unwrap()
                .decrypt(read.key(), b"aad")
                .unwrap()
                .as_slice(),
            b"content"
        );
        for text in [
            r#"{"kty":"oct","kid":"a","k":"AAAA"}"#,
            r#"{"kty":"EC","kid":"a","k":"AAAAAAAAAAAAAAAAAAAAAA"}"#,
            r#"{"kty":"oct","kid":"","k":"AAAAAAAAAAAAAAAAAAAAAA"}"#,
            r#"{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAA"}"#,
            r#"{"kty":"oct","kid":"a","alg":"A256GCM","k":"AAAAAAAAAAAAAAAAAAAAAA"}"#,
            r#"{"kty":"oct","kid":"a","k":"AAAAAAAAAAAAAAAAAAAAAA","k":"AAAAAAAAAAAAAAAAAAAAAA"}"#,
            "",
        ] {
            assert!(NamedContentKey::from_jwk(text.as_bytes()).is_err(), "{text}");
        }
        let plain = r#"{"kty":"oct","kid":"a","k":"AAAAAAAAAAAAAAAAAAAAAA"}"#;
        assert!(NamedContentKey::from_jwk(plain.as_bytes()).is_ok());
    }
}
