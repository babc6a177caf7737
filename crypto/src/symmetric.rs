//! Symmetric building blocks: authenticated encryption, key derivation, message authentication, comparison.

use aes_gcm::aead::{Aead as _, AeadInOut as _, KeyInit as _, Payload};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::provider::SharedSecret;
use crate::randomness::{Randomness, RandomnessUnavailable, random_bytes};

/// Length of an AES-GCM nonce, in bytes (NIST SP 800-38D).
pub const NONCE_BYTES: usize = 12;
/// Length of an AES-GCM tag, in bytes.
pub const TAG_BYTES: usize = 16;

/// A 256-bit key that zeroizes when dropped, and can be neither printed nor cloned by accident.
pub struct SymmetricKey(Zeroizing<[u8; 32]>);

impl SymmetricKey {
    /// Takes the bytes of a key.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Makes a fresh key.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`].
    pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        // Filled in place: a copy on the stack would not be wiped.
        let mut key = Zeroizing::new([0; 32]);
        randomness.fill(key.as_mut_slice())?;
        Ok(Self(key))
    }

    /// The bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Derives a key for one purpose ([RFC 5869](https://www.rfc-editor.org/rfc/rfc5869), SHA-256, no salt). Different
    /// `info` gives independent keys.
    #[must_use]
    pub fn derive(&self, info: &[u8]) -> Self {
        let mut derived = Zeroizing::new([0; 32]);
        // 32 bytes are far below the 255 blocks that HKDF can expand to, which is its only error.
        let _ = Hkdf::<Sha256>::new(None, self.0.as_slice()).expand(info, derived.as_mut_slice());
        Self(derived)
    }

    /// Derives a key from an agreement ([RFC 5869](https://www.rfc-editor.org/rfc/rfc5869), SHA-256).
    #[must_use]
    pub fn agreed(shared: &SharedSecret, salt: &[u8], info: &[u8]) -> Self {
        let mut derived = Zeroizing::new([0; 32]);
        // As in `derive`, the length cannot be too long.
        let _ = Hkdf::<Sha256>::new(Some(salt), shared.as_bytes()).expand(info, derived.as_mut_slice());
        Self(derived)
    }

    /// HMAC with SHA-256 ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)).
    #[must_use]
    pub fn authenticate(&self, message: &[u8]) -> [u8; 32] {
        hmac_sha256(self.0.as_slice(), message)
    }

    /// Seals `plaintext` with AES-256-GCM under a fresh nonce, bound to `associated`. The nonce stands in front.
    ///
    /// # Errors
    /// [`SealError`] when there is no randomness or the text is too long for the cipher.
    pub fn seal(
        &self,
        plaintext: &[u8],
        associated: &[u8],
        randomness: &dyn Randomness,
    ) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_BYTES] = random_bytes(randomness).map_err(|_| SealError)?;
        let cipher = Aes256Gcm::new_from_slice(self.0.as_slice()).map_err(|_| SealError)?;
        let payload = Payload {
            msg: plaintext,
            aad: associated,
        };
        let sealed = cipher.encrypt(&nonce.into(), payload).map_err(|_| SealError)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Self::seal`] made.
    ///
    /// # Errors
    /// [`OpenError`] for another key, other associated data, or changed bytes.
    pub fn open(&self, sealed: &[u8], associated: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError)?;
        let cipher = Aes256Gcm::new_from_slice(self.0.as_slice()).map_err(|_| OpenError)?;
        let payload = Payload {
            msg: ciphertext,
            aad: associated,
        };
        cipher
            .decrypt(&(*nonce).into(), payload)
            .map(Zeroizing::new)
            .map_err(|_| OpenError)
    }

    /// Seals `plaintext` with AES-256-GCM under a nonce of the caller's, for protocols in which both sides count; the tag stands
    /// behind the text, and the nonce does not travel.
    ///
    /// Security: two texts under one nonce give away the key of the tags and the difference of the texts. The caller must never
    /// use a nonce twice with this key.
    ///
    /// # Errors
    /// [`SealError`] when the text is too long for the cipher.
    pub fn seal_numbered(&self, nonce: [u8; NONCE_BYTES], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        let cipher = Aes256Gcm::new_from_slice(self.0.as_slice()).map_err(|_| SealError)?;
        cipher.encrypt(&nonce.into(), plaintext).map_err(|_| SealError)
    }

    /// Opens what [`Self::seal_numbered`] made under the same nonce.
    ///
    /// # Errors
    /// [`OpenError`] for another key, another nonce, or changed bytes.
    pub fn open_numbered(
        &self,
        nonce: [u8; NONCE_BYTES],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let cipher = Aes256Gcm::new_from_slice(self.0.as_slice()).map_err(|_| OpenError)?;
        cipher
            .decrypt(&nonce.into(), sealed)
            .map(Zeroizing::new)
            .map_err(|_| OpenError)
    }
}

/// Nothing was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("cannot encrypt")]
pub struct SealError;

/// The bytes are not what was sealed under this key and these associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("cannot decrypt")]
pub struct OpenError;

/// HMAC with SHA-256 ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)) under a key of any length.
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes keys of every length, so the error cannot occur.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key) else {
        return [0; 32];
    };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// Whether two secrets are equal, in a time that does not depend on where they differ.
#[must_use]
pub fn constant_time_equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// AES-GCM with a 128 or 256 bit key and a detached tag, as JWE has it.
pub(crate) fn gcm_encrypt(
    key: &[u8],
    nonce: &[u8; NONCE_BYTES],
    associated: &[u8],
    mut text: Vec<u8>,
) -> Result<(Vec<u8>, [u8; TAG_BYTES]), SealError> {
    let nonce = (*nonce).into();
    let tag = if key.len() == 16 {
        let cipher = Aes128Gcm::new_from_slice(key).map_err(|_| SealError)?;
        cipher.encrypt_inout_detached(&nonce, associated, text.as_mut_slice().into())
    } else {
        let cipher = Aes256Gcm::new_from_slice(key).map_err(|_| SealError)?;
        cipher.encrypt_inout_detached(&nonce, associated, text.as_mut_slice().into())
    }
    .map_err(|_| SealError)?;
    Ok((text, tag.into()))
}

/// The reverse of [`gcm_encrypt`].
pub(crate) fn gcm_decrypt(
    key: &[u8],
    nonce: &[u8; NONCE_BYTES],
    associated: &[u8],
    mut text: Vec<u8>,
    tag: &[u8; TAG_BYTES],
) -> Result<Vec<u8>, OpenError> {
    let nonce = (*nonce).into();
    let tag = (*tag).into();
    if key.len() == 16 {
        let cipher = Aes128Gcm::new_from_slice(key).map_err(|_| OpenError)?;
        cipher.decrypt_inout_detached(&nonce, associated, text.as_mut_slice().into(), &tag)
    } else {
        let cipher = Aes256Gcm::new_from_slice(key).map_err(|_| OpenError)?;
        cipher.decrypt_inout_detached(&nonce, associated, text.as_mut_slice().into(), &tag)
    }
    .map_err(|_| OpenError)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRandomness;

    #[test]
    fn what_was_sealed_opens_with_its_key_and_associated_data_alone() {
        let randomness = SeededRandomness::new(4);
        let key = SymmetricKey::make(&randomness).unwrap();
        let sealed = key.seal(b"text", b"name", &randomness).unwrap();
        assert_eq!(key.open(&sealed, b"name").unwrap().as_slice(), b"text");
        assert!(key.open(&sealed, b"other").is_err());
        assert!(key.derive(b"other").open(&sealed, b"name").is_err());
        assert!(key.open(&sealed[..5], b"name").is_err());
        let mut changed = sealed;
        changed[NONCE_BYTES] ^= 1;
        assert!(key.open(&changed, b"name").is_err());
    }

    #[test]
    fn what_was_sealed_under_a_number_opens_under_that_number_alone() {
        let key = SymmetricKey::new([5; 32]);
        let sealed = key.seal_numbered([1; NONCE_BYTES], b"text").unwrap();
        assert_eq!(sealed.len(), 4 + TAG_BYTES);
        assert_eq!(
            key.open_numbered([1; NONCE_BYTES], &sealed).unwrap().as_slice(),
            b"text"
        );
        assert!(key.open_numbered([2; NONCE_BYTES], &sealed).is_err());
        assert!(
            key.derive(b"other")
                .open_numbered([1; NONCE_BYTES], &sealed)
                .is_err()
        );
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(key.open_numbered([1; NONCE_BYTES], &changed).is_err());
        }
    }

    #[test]
    fn hmac_agrees_with_rfc_4231_test_case_2() {
        let tag = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(tag[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        assert_eq!(tag[28..], [0x64, 0xec, 0x38, 0x43]);
    }
}
