//! HPKE in base mode, one message per key ([RFC 9180](https://www.rfc-editor.org/rfc/rfc9180)): DHKEM(P-256, HKDF-SHA256),
//! HKDF-SHA256, AES-128-GCM, which is what ISO/IEC 18013-7 Annex C encrypts the answer of a wallet with.

use hkdf::Hkdf;
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::SignatureAlgorithm;
use crate::key::{PublicKey, SecretKey};
use crate::provider::{CryptoProvider, SharedSecret};
use crate::randomness::Randomness;
use crate::symmetric::{NONCE_BYTES, TAG_BYTES, gcm_decrypt, gcm_encrypt};

/// DHKEM(P-256, HKDF-SHA256).
const KEM: [u8; 2] = 0x0010_u16.to_be_bytes();
/// HKDF-SHA256.
const KDF: [u8; 2] = 0x0001_u16.to_be_bytes();
/// AES-128-GCM.
const AEAD: [u8; 2] = 0x0001_u16.to_be_bytes();
/// The mode without a shared or an authenticating key.
const MODE_BASE: u8 = 0;
const KEY_BYTES: usize = 16;
const VERSION: &[u8] = b"HPKE-v1";

/// A message to the holder of one key.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// `enc`: the sender's ephemeral key, an uncompressed point.
    pub encapsulated_key: Vec<u8>,
    /// The ciphertext, with its tag behind it.
    pub ciphertext: Vec<u8>,
}

/// The message was not sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the message cannot be encrypted to this key")]
pub struct HpkeSealError;

/// The message is not for this key, for another `info` or other associated data, or was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the message cannot be decrypted with this key")]
pub struct HpkeOpenError;

/// Encrypts `plaintext` to `recipient`, a key of P-256, with a fresh ephemeral key. Whoever opens it must know `info` and
/// `associated`.
///
/// # Errors
/// [`HpkeSealError`] for a key of another curve, or without randomness.
pub fn seal(
    recipient: &PublicKey,
    info: &[u8],
    associated: &[u8],
    plaintext: &[u8],
    crypto: &dyn CryptoProvider,
    randomness: &dyn Randomness,
) -> Result<Sealed, HpkeSealError> {
    let ephemeral = crypto
        .generate_key(SignatureAlgorithm::Es256, randomness)
        .map_err(|_| HpkeSealError)?;
    let shared = crypto.agree(&ephemeral, recipient).map_err(|_| HpkeSealError)?;
    let encapsulated_key = ephemeral.public_key().to_sec1_bytes();
    let context = Context::of(&shared, &encapsulated_key, recipient, info).ok_or(HpkeSealError)?;
    let (mut ciphertext, tag) = gcm_encrypt(&*context.key, &context.nonce, associated, plaintext.to_vec())
        .map_err(|_| HpkeSealError)?;
    ciphertext.extend_from_slice(&tag);
    Ok(Sealed {
        encapsulated_key,
        ciphertext,
    })
}

/// Decrypts a message to `recipient`.
///
/// # Errors
/// [`HpkeOpenError`], whatever the reason.
pub fn open(
    recipient: &SecretKey,
    sealed: &Sealed,
    info: &[u8],
    associated: &[u8],
    crypto: &dyn CryptoProvider,
) -> Result<Zeroizing<Vec<u8>>, HpkeOpenError> {
    // RFC 9180 §7.1.1 has the uncompressed point alone: another text of the same key would be another message.
    if sealed.encapsulated_key.first() != Some(&4) {
        return Err(HpkeOpenError);
    }
    let ephemeral = PublicKey::from_p256_sec1_bytes(&sealed.encapsulated_key).map_err(|_| HpkeOpenError)?;
    let shared = crypto.agree(recipient, &ephemeral).map_err(|_| HpkeOpenError)?;
    let context =
        Context::of(&shared, &sealed.encapsulated_key, &recipient.public_key(), info).ok_or(HpkeOpenError)?;
    let (text, tag) = sealed
        .ciphertext
        .split_last_chunk::<TAG_BYTES>()
        .ok_or(HpkeOpenError)?;
    gcm_decrypt(&*context.key, &context.nonce, associated, text.to_vec(), tag)
        .map(Zeroizing::new)
        .map_err(|_| HpkeOpenError)
}

/// What a message is encrypted with: the key schedule of RFC 9180 §5.1 at sequence number 0.
struct Context {
    key: Zeroizing<[u8; KEY_BYTES]>,
    nonce: [u8; NONCE_BYTES],
}

impl Context {
    /// `None` never: no derivation is longer than HKDF allows.
    fn of(agreed: &SharedSecret, encapsulated: &[u8], recipient: &PublicKey, info: &[u8]) -> Option<Self> {
        let kem = Suite(&[b"KEM", &KEM]);
        let kem_context = [encapsulated, &recipient.to_sec1_bytes()].concat();
        let mut shared = Zeroizing::new([0; 32]);
        let extracted = kem.extract(&[], "eae_prk", agreed.as_bytes());
        kem.expand(&extracted, "shared_secret", &kem_context, &mut *shared)?;

        let suite = Suite(&[b"HPKE", &KEM, &KDF, &AEAD]);
        let (_, no_key_identifier) = suite.extract_hash(&[], "psk_id_hash", &[]);
        let (_, info_hash) = suite.extract_hash(&[], "info_hash", info);
        let schedule = [&[MODE_BASE], no_key_identifier.as_slice(), info_hash.as_slice()].concat();
        let secret = suite.extract(&*shared, "secret", &[]);
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let mut nonce = [0; NONCE_BYTES];
        suite.expand(&secret, "key", &schedule, &mut *key)?;
        suite.expand(&secret, "base_nonce", &schedule, &mut nonce)?;
        Some(Self { key, nonce })
    }
}

/// The name of a set of algorithms, which every derivation is labelled with (RFC 9180 §4).
struct Suite<'a>(&'a [&'a [u8]]);

impl Suite<'_> {
    fn extract(&self, salt: &[u8], label: &str, input: &[u8]) -> Hkdf<Sha256> {
        self.extract_hash(salt, label, input).0
    }

    fn extract_hash(&self, salt: &[u8], label: &str, input: &[u8]) -> (Hkdf<Sha256>, [u8; 32]) {
        let labelled = Zeroizing::new([VERSION, &self.0.concat(), label.as_bytes(), input].concat());
        let (hash, hkdf) = Hkdf::<Sha256>::extract(Some(salt), &labelled);
        (hkdf, hash.into())
    }

    fn expand(&self, from: &Hkdf<Sha256>, label: &str, info: &[u8], out: &mut [u8]) -> Option<()> {
        let length = u16::try_from(out.len()).ok()?.to_be_bytes();
        let labelled = [&length, VERSION, &self.0.concat(), label.as_bytes(), info].concat();
        from.expand(&labelled, out).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::RustCryptoProvider;
    use crate::testing::SeededRandomness;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }

    /// RFC 9180 appendix A.3.1, the message with sequence number 0.
    #[test]
    fn the_figure_of_the_specification_opens() {
        let recipient = SecretKey::from_p256_scalar(&hex(
            "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
        ))
        .unwrap();
        let sealed = Sealed {
            encapsulated_key: hex(concat!(
                "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9",
                "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4"
            )),
            ciphertext: hex(concat!(
                "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f",
                "9076ac232e3ab2523f39513434"
            )),
        };
        let opened = open(
            &recipient,
            &sealed,
            b"Ode on a Grecian Urn",
            b"Count-0",
            &RustCryptoProvider,
        );
        assert_eq!(opened.unwrap().as_slice(), b"Beauty is truth, truth beauty");
    }

    #[test]
    fn a_message_opens_with_its_key_info_and_associated_data_alone() {
        let key = |seed| {
            RustCryptoProvider
                .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(seed))
                .unwrap()
        };
        let (recipient, other) = (key(1), key(2));
        let randomness = SeededRandomness::new(3);
        let sealed = seal(
            &recipient.public_key(),
            b"info",
            b"data",
            b"text",
            &RustCryptoProvider,
            &randomness,
        )
        .unwrap();
        let open = |key: &SecretKey, sealed: &Sealed, info: &[u8], data: &[u8]| {
            super::open(key, sealed, info, data, &RustCryptoProvider).map(|text| text.to_vec())
        };
        assert_eq!(open(&recipient, &sealed, b"info", b"data").unwrap(), b"text");
        assert_eq!(open(&other, &sealed, b"info", b"data"), Err(HpkeOpenError));
        assert_eq!(open(&recipient, &sealed, b"infi", b"data"), Err(HpkeOpenError));
        assert_eq!(open(&recipient, &sealed, b"info", b"date"), Err(HpkeOpenError));
        for index in 0..sealed.ciphertext.len() {
            let mut changed = sealed.clone();
            changed.ciphertext[index] ^= 1;
            assert_eq!(open(&recipient, &changed, b"info", b"data"), Err(HpkeOpenError));
        }
        let mut cut = sealed.clone();
        cut.ciphertext.truncate(TAG_BYTES - 1);
        assert_eq!(open(&recipient, &cut, b"info", b"data"), Err(HpkeOpenError));
        let mut compressed = sealed.clone();
        let odd = compressed.encapsulated_key.last().unwrap() & 1;
        compressed.encapsulated_key.truncate(33);
        compressed.encapsulated_key[0] = 2 | odd;
        assert_eq!(
            open(&recipient, &compressed, b"info", b"data"),
            Err(HpkeOpenError)
        );
        let elsewhere = SecretKey::generate(SignatureAlgorithm::EdDsa, &randomness).unwrap();
        assert!(
            seal(
                &elsewhere.public_key(),
                b"",
                b"",
                b"",
                &RustCryptoProvider,
                &randomness
            )
            .is_err()
        );
    }
}
