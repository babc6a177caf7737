//! A Claim 169 that only holders of a shared key can read: signed, then encrypted
//! ([RFC 8392 §7](https://www.rfc-editor.org/rfc/rfc8392#section-7), nested CWT; specification 1.2.0 §4).
//!
//! `61(16(COSE_Encrypt0))` with `18(COSE_Sign1)` inside. The signature is inside, so that it can be neither stripped nor
//! seen. How readers come by the key is outside of the specification; here it is a key of the installation, given to the
//! readers that may see faces.

use symbolon_crypto::cose::{
    self, ContentEncryption, ContentKey, EncryptError, NamedContentKey, ParsedEncrypt0, TagPolicy, Tagging,
};
use symbolon_crypto::encoding::cbor::CborBudget;
use symbolon_crypto::{Randomness, RandomnessUnavailable};
use thiserror::Error;

use super::read::{Claim169Budget, Claim169Error, ParsedClaim169, inflate_qr_text, without_cwt_tag};
use super::write::{Claim169WriteError, PreparedClaim169, QrSize, SignedClaim169};
use super::{CWT_TAG, compress};
use crate::base45;

/// The first byte of a COSE_Encrypt0 with its tag 16, and of one without.
const ENCRYPT0_STARTS: [u8; 2] = [0xd0, 0x83];
/// The longest message that one stored block of deflate holds.
const MAX_MESSAGE_BYTES: usize = 0xffff;

/// What a Claim 169 QR code holds.
#[derive(Debug, Clone)]
pub enum Claim169Message {
    /// A signed one, that everybody can read.
    Signed(Box<ParsedClaim169>),
    /// An encrypted one.
    Encrypted(LockedClaim169),
}

impl Claim169Message {
    /// Reads the text of a QR code.
    ///
    /// # Errors
    /// [`Claim169Error`].
    pub fn parse_qr_text(text: &str, budget: Claim169Budget) -> Result<Self, Claim169Error> {
        Self::parse_cose(&inflate_qr_text(text, budget)?, budget)
    }

    /// Reads the COSE structure, with or without its tags.
    ///
    /// # Errors
    /// [`Claim169Error`].
    pub fn parse_cose(cose: &[u8], budget: Claim169Budget) -> Result<Self, Claim169Error> {
        let message = without_cwt_tag(cose);
        if !is_encrypted(message) {
            return ParsedClaim169::parse_cose(cose, budget).map(|card| Self::Signed(Box::new(card)));
        }
        if message.len() > budget.inflated_bytes {
            return Err(Claim169Error::OverBudget);
        }
        let cbor = CborBudget {
            bytes: budget.inflated_bytes,
            depth: budget.depth,
            items: budget.items,
        };
        let message =
            ParsedEncrypt0::parse(message, TagPolicy::Optional, cbor).map_err(Claim169Error::Cose)?;
        Ok(Self::Encrypted(LockedClaim169 { message, budget }))
    }
}

/// Whether a message without its CWT tag is encrypted.
pub(super) fn is_encrypted(message: &[u8]) -> bool {
    message
        .first()
        .is_some_and(|first| ENCRYPT0_STARTS.contains(first))
}

/// An encrypted Claim 169. Nothing of it can be read without its key.
#[derive(Debug, Clone)]
pub struct LockedClaim169 {
    message: ParsedEncrypt0,
    budget: Claim169Budget,
}

/// Why an encrypted Claim 169 cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UnlockError {
    /// None of the keys at hand is the one that it names.
    #[error("the key of this encrypted claim 169 is not at hand")]
    NoSuchKey,
    /// The key does not open it, or it was changed.
    #[error("the encrypted claim 169 does not open with the key")]
    WrongKey,
    /// It opens, and what is inside is no signed Claim 169.
    #[error("what is encrypted is not a signed claim 169")]
    Content(#[source] Claim169Error),
}

impl LockedClaim169 {
    /// `kid`: the name of the key that opens it, if it names one.
    #[must_use]
    pub fn key_id(&self) -> Option<&[u8]> {
        self.message.key_id()
    }

    /// How it is encrypted.
    #[must_use]
    pub const fn algorithm(&self) -> ContentEncryption {
        self.message.algorithm()
    }

    /// Decrypts with `key` and reads what is inside, within the budget that it was read with.
    ///
    /// # Errors
    /// [`UnlockError`]. A token that is encrypted and not signed is refused: everybody with the key could have made it.
    pub fn unlock(&self, key: &ContentKey) -> Result<ParsedClaim169, UnlockError> {
        let inside = self
            .message
            .decrypt(key, &[])
            .map_err(|_| UnlockError::WrongKey)?;
        ParsedClaim169::parse_cose(&inside, self.budget).map_err(UnlockError::Content)
    }

    /// As [`LockedClaim169::unlock`] with the key that it names, or, if it names none, with whichever opens it.
    ///
    /// # Errors
    /// [`UnlockError`].
    pub fn unlock_with(&self, keys: &[NamedContentKey]) -> Result<ParsedClaim169, UnlockError> {
        let mut failure = UnlockError::NoSuchKey;
        let named = keys.iter().filter(|key| {
            self.key_id()
                .is_none_or(|key_id| key_id == key.key_id().as_bytes())
        });
        for key in named {
            match self.unlock(key.key()) {
                Err(error @ UnlockError::WrongKey) => failure = error,
                other => return other,
            }
        }
        Err(failure)
    }
}

/// Why a signed Claim 169 was not encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Claim169EncryptError {
    /// Larger than any reader takes.
    #[error("the claims are too large to be encrypted")]
    TooLarge,
    /// No nonce can be made.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

/// A signed and encrypted Claim 169.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedClaim169 {
    cose: Vec<u8>,
}

impl SignedClaim169 {
    /// Encrypts it for the holders of `key`, under a fresh nonce. Encrypting the same claims again gives another text.
    ///
    /// # Errors
    /// [`Claim169EncryptError`].
    pub fn encrypt(
        &self,
        key: &NamedContentKey,
        randomness: &dyn Randomness,
    ) -> Result<EncryptedClaim169, Claim169EncryptError> {
        let signed = without_cwt_tag(self.cose());
        let message =
            cose::encrypt(key, signed, &[], Tagging::Tagged, randomness).map_err(|error| match error {
                EncryptError::Randomness(error) => Claim169EncryptError::Randomness(error),
                _ => Claim169EncryptError::TooLarge,
            })?;
        let cose = [CWT_TAG.as_slice(), &message].concat();
        if cose.len() > MAX_MESSAGE_BYTES {
            return Err(Claim169EncryptError::TooLarge);
        }
        Ok(EncryptedClaim169 { cose })
    }
}

impl PreparedClaim169 {
    /// How large the QR code's content will be when the signed claims are encrypted for the holders of `key`.
    ///
    /// # Errors
    /// [`Claim169WriteError::Cose`].
    pub fn encrypted_size(&self, key: &NamedContentKey) -> Result<QrSize, Claim169WriteError> {
        let signed = self.signed_with_nothing()?;
        let inside = without_cwt_tag(signed.cose()).len();
        let message = cose::encrypted_bytes(key, inside, Tagging::Tagged);
        let cose = vec![0; message.saturating_add(CWT_TAG.len())];
        Ok(QrSize::of(compress_whole(&cose).len()))
    }
}

impl EncryptedClaim169 {
    /// `61(16(COSE_Encrypt0))`.
    #[must_use]
    pub fn cose(&self) -> &[u8] {
        &self.cose
    }

    /// The text of the QR code, for alphanumeric mode.
    #[must_use]
    pub fn qr_text(&self) -> String {
        base45::encode(&compress_whole(&self.cose))
    }
}

/// Ciphertext does not get smaller, and the header before it is too short to.
fn compress_whole(cose: &[u8]) -> Vec<u8> {
    let whole = 0..cose.len();
    compress::deflate_around(cose, core::slice::from_ref(&whole))
}
