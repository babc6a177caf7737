//! From what is to be signed to the texts of a card's QR codes.

use symbolon_credential::claim169::{PreparedClaim169, QrSize, SignedClaim169};
use symbolon_crypto::cose::NamedContentKey;
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_crypto::{Randomness, UnixTime};

use super::CardError;
use crate::credential_record::CredentialRecord;
use crate::store::{Issuance, IssuanceOutcome};

/// Who can read the face on a card.
#[derive(Clone, Copy)]
pub enum FaceReaders<'k> {
    /// Whoever can see the card.
    Everybody,
    /// The holders of this key.
    HoldersOf(&'k NamedContentKey),
}

/// A card that waits for its signatures.
pub struct PreparedCard<'a> {
    pub(super) identity: PreparedClaim169,
    pub(super) face: Option<PreparedClaim169>,
    pub(super) readers: FaceReaders<'a>,
    pub(super) handle: KeyHandle,
    pub(super) issuance: Issuance,
}

/// A card that waits for its commit.
pub struct SignedCard {
    texts: CardTexts,
    issuance: Issuance,
}

/// A card that may be printed.
pub struct IssuedCard {
    /// The texts of its QR codes.
    pub texts: CardTexts,
    /// Its entry in the books.
    pub credential: CredentialRecord,
}

/// The texts of a card's QR codes, for alphanumeric mode.
#[derive(Clone, PartialEq, Eq)]
pub struct CardTexts {
    /// The code that says who it is.
    pub identity: String,
    /// The code that shows the face, if it has one to itself.
    pub face: Option<FaceText>,
}

/// The text of a second code.
#[derive(Clone, PartialEq, Eq)]
pub enum FaceText {
    /// Everybody can read it.
    Open(String),
    /// The holders of a key can.
    Encrypted(String),
}

impl PreparedCard<'_> {
    /// What the key has to sign: one request for each code, the one that says who it is first.
    #[must_use]
    pub fn requests(&self) -> Vec<SignatureRequest> {
        [Some(&self.identity), self.face.as_ref()]
            .into_iter()
            .flatten()
            .map(|prepared| prepared.request(self.handle.clone()))
            .collect()
    }

    /// How large the texts of the codes will be, in the order of [`PreparedCard::requests`].
    ///
    /// # Errors
    /// [`CardError::Write`].
    pub fn sizes(&self) -> Result<Vec<QrSize>, CardError> {
        let face = match (&self.face, self.readers) {
            (None, _) => None,
            (Some(face), FaceReaders::Everybody) => Some(face.size()?),
            (Some(face), FaceReaders::HoldersOf(key)) => Some(face.encrypted_size(key)?),
        };
        Ok([Some(self.identity.size()?), face]
            .into_iter()
            .flatten()
            .collect())
    }

    /// Completes the card, and encrypts the face where only the holders of a key are to read it. `signatures` answer
    /// [`PreparedCard::requests`], in that order.
    ///
    /// # Errors
    /// [`CardError::Signatures`] when there are more or fewer than were asked for, [`CardError::Write`], [`CardError::Encrypt`].
    pub fn finish(
        self,
        signatures: Vec<Vec<u8>>,
        randomness: &dyn Randomness,
    ) -> Result<SignedCard, CardError> {
        let mut signatures = signatures.into_iter();
        let mut next = || signatures.next().ok_or(CardError::Signatures);
        let identity = self.identity.finish(next()?)?.qr_text();
        let face = match self.face {
            None => None,
            Some(prepared) => Some(face_text(&prepared.finish(next()?)?, self.readers, randomness)?),
        };
        if signatures.next().is_some() {
            return Err(CardError::Signatures);
        }
        Ok(SignedCard {
            texts: CardTexts { identity, face },
            issuance: self.issuance,
        })
    }
}

fn face_text(
    signed: &SignedClaim169,
    readers: FaceReaders<'_>,
    randomness: &dyn Randomness,
) -> Result<FaceText, CardError> {
    Ok(match readers {
        FaceReaders::Everybody => FaceText::Open(signed.qr_text()),
        FaceReaders::HoldersOf(key) => FaceText::Encrypted(signed.encrypt(key, randomness)?.qr_text()),
    })
}

impl SignedCard {
    /// What must be committed before the card is printed.
    #[must_use]
    pub const fn issuance(&self) -> &Issuance {
        &self.issuance
    }

    /// The texts of the QR codes, to draw the card before it is booked: a card that cannot be drawn must not be. They must not leave the
    /// process before [`SignedCard::release`] gives them.
    #[must_use]
    pub const fn texts_to_draw(&self) -> &CardTexts {
        &self.texts
    }

    /// When the card expires.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixTime> {
        self.issuance
            .credentials
            .first()
            .map(|credential| credential.expires_at)
    }

    /// The card, once the commit was made.
    ///
    /// # Errors
    /// The outcome, when it was not.
    pub fn release(mut self, outcome: IssuanceOutcome) -> Result<IssuedCard, IssuanceOutcome> {
        match (outcome, self.issuance.credentials.pop()) {
            (IssuanceOutcome::Committed, Some(credential)) => Ok(IssuedCard {
                texts: self.texts,
                credential,
            }),
            (outcome, _) => Err(outcome),
        }
    }
}

impl FaceText {
    /// The text, whoever can read it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Open(text) | Self::Encrypted(text) => text,
        }
    }
}
