//! Issuing a Claim 169 card, in pure steps: draft, see how many bytes are left for the face, prepare, sign, commit, print.
//!
//! A card is bound to nobody but by its photo, so it needs no grant and no nonce: an operator prints it. It has a place in a status list as
//! every long-lived credential does, and a lost card is revoked in the commit that books its successor.

mod identity;

use std::time::Duration;

use symbolon_credential::claim169::{
    self, Biometric, Claim169KeyReference, Claim169WriteError, Cwt, ImageKind, PreparedClaim169, QrSize,
    SignedClaim169,
};
use symbolon_credential::sd_jwt_vc::Validity;
use symbolon_credential::status::{CredentialStatus as TrackedStatus, InvalidStatusUri};
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_crypto::{Randomness, RandomnessUnavailable, SignatureAlgorithm, UnixTime};
use thiserror::Error;

use crate::audit::{Actor, AuditAction, RecordReference, WaitingEvent};
use crate::credential_record::{CredentialKind, CredentialRecord, CredentialStatus, StatusAction};
use crate::identifiers::CredentialId;
use crate::index::StatusIndex;
use crate::issuance::coarsened;
use crate::mapping::{CardAttribute, CardValue, CredentialConfiguration, MappingError};
use crate::profile::IssuerProfile;
use crate::record::{IdRecord, VitalStatus};
use crate::secret::InstallationSecret;
use crate::store::{Issuance, IssuanceOutcome, StatusChange, Stored};

/// The key that signs cards.
#[derive(Debug, Clone)]
pub struct CardKey {
    /// Its handle in the key store.
    pub handle: KeyHandle,
    /// Ed25519 or ES256.
    pub algorithm: SignatureAlgorithm,
    /// The RFC 7638 thumbprint of its public half, by which trust lists name it.
    pub key_id: Vec<u8>,
}

/// What a card is made with.
#[derive(Clone, Copy)]
pub struct CardMaterial<'a> {
    /// The issuer.
    pub profile: &'a IssuerProfile,
    /// The key that signs it.
    pub key: &'a CardKey,
    /// For references in the audit log.
    pub secret: &'a InstallationSecret,
    /// For identifiers.
    pub randomness: &'a dyn Randomness,
    /// The time of issuance.
    pub now: UnixTime,
}

/// A card without its face.
pub struct DraftedCard {
    cwt: Cwt,
    key: CardKey,
    attributes: Vec<(CardAttribute, CardValue)>,
    issuance: Issuance,
}

/// A card that waits for its signature.
pub struct PreparedCard {
    prepared: PreparedClaim169,
    handle: KeyHandle,
    attributes: Vec<(CardAttribute, CardValue)>,
    issuance: Issuance,
}

/// A card that waits for its commit.
pub struct SignedCard {
    signed: SignedClaim169,
    attributes: Vec<(CardAttribute, CardValue)>,
    issuance: Issuance,
}

/// A card that may be printed.
pub struct IssuedCard {
    /// The text of its QR code.
    pub qr_text: String,
    /// What it says, to be printed beside the code.
    pub attributes: Vec<(CardAttribute, CardValue)>,
    /// Its entry in the books.
    pub credential: CredentialRecord,
}

/// Drafts a card of `record` at `place`, in the place of `replaced` if there is one.
///
/// # Errors
/// [`CardError`].
pub fn draft(
    configuration: &CredentialConfiguration,
    record: &IdRecord,
    place: StatusIndex,
    replaced: Option<&Stored<CredentialRecord>>,
    material: &CardMaterial<'_>,
) -> Result<DraftedCard, CardError> {
    let CardMaterial {
        profile,
        key,
        secret,
        randomness,
        now,
    } = *material;
    if record.vital_status() == VitalStatus::Deceased {
        return Err(CardError::Deceased);
    }
    let attributes = configuration.map_card(record, now)?;
    let issued_at = coarsened(
        now,
        Duration::from_secs(profile.policy().issued_at_granularity_seconds),
    );
    let expires_at = issued_at.plus(configuration.validity());
    let cwt = Cwt {
        issuer: Some(profile.identifier().as_str().to_owned()),
        subject: None,
        validity: Validity {
            issued_at: Some(issued_at),
            not_before: None,
            expires: Some(expires_at),
        },
        identity: identity::of(&attributes)?,
        status: TrackedStatus::StatusList(profile.status_reference(place)?),
        confirmation: None,
        unknown: Vec::new(),
    };
    let credential = CredentialRecord {
        id: CredentialId::make(randomness)?,
        kind: CredentialKind::Card,
        configuration: configuration.id().clone(),
        record: record.uin().clone(),
        status_index: place,
        issued_at: now,
        expires_at,
        status: CredentialStatus::Valid,
        status_changed_at: now,
        replaced_by: None,
    };
    let reference = RecordReference::derive(secret, record.uin());
    let action = AuditAction::CredentialIssued {
        credential: credential.id.clone(),
        record: reference.clone(),
        configuration: configuration.id().clone(),
    };
    let events = vec![WaitingEvent::make(now, Actor::Operator, action, randomness)?];
    let mut changes = Vec::new();
    if let Some(replaced) = replaced {
        changes.push(replace(replaced, &credential, reference, now, randomness)?);
    }
    let issuance = Issuance {
        access: None,
        nonces: Vec::new(),
        credentials: vec![credential],
        changes,
        events,
    };
    Ok(DraftedCard {
        cwt,
        key: key.clone(),
        attributes,
        issuance,
    })
}

impl DraftedCard {
    /// How many bytes a face may have so that the QR code's text stays within `max_characters`; `None` when the claims alone exceed it.
    ///
    /// # Errors
    /// [`CardError::Write`].
    pub fn face_budget(&self, max_characters: usize, kind: ImageKind) -> Result<Option<usize>, CardError> {
        let reference = self.key_reference();
        Ok(claim169::face_bytes_within(
            max_characters,
            &self.cwt,
            kind,
            self.key.algorithm,
            &reference,
        )?)
    }

    /// What has to be signed, with this face or without one.
    ///
    /// # Errors
    /// [`CardError::Write`].
    pub fn prepare(mut self, face: Option<(ImageKind, Vec<u8>)>) -> Result<PreparedCard, CardError> {
        if let Some((kind, bytes)) = face {
            self.cwt.identity = self.cwt.identity.with_face(Biometric::image(bytes, kind));
        }
        let prepared = claim169::prepare(&self.cwt, self.key.algorithm, &self.key_reference())?;
        Ok(PreparedCard {
            prepared,
            handle: self.key.handle,
            attributes: self.attributes,
            issuance: self.issuance,
        })
    }

    fn key_reference(&self) -> Claim169KeyReference {
        Claim169KeyReference::KeyId(self.key.key_id.clone())
    }
}

impl PreparedCard {
    /// What the key has to sign.
    #[must_use]
    pub fn request(&self) -> SignatureRequest {
        self.prepared.request(self.handle.clone())
    }

    /// How large the QR code's text will be.
    ///
    /// # Errors
    /// [`CardError::Write`].
    pub fn size(&self) -> Result<QrSize, CardError> {
        Ok(self.prepared.size()?)
    }

    /// Completes the card.
    ///
    /// # Errors
    /// [`CardError::Write`].
    pub fn finish(self, signature: Vec<u8>) -> Result<SignedCard, CardError> {
        let signed = self.prepared.finish(signature)?;
        Ok(SignedCard {
            signed,
            attributes: self.attributes,
            issuance: self.issuance,
        })
    }
}

impl SignedCard {
    /// What must be committed before the card is printed.
    #[must_use]
    pub const fn issuance(&self) -> &Issuance {
        &self.issuance
    }

    /// The text of the QR code, to draw the card before it is booked: a card that cannot be drawn must not be. It must not leave the process
    /// before [`SignedCard::release`] gives it.
    #[must_use]
    pub fn text_to_draw(&self) -> String {
        self.signed.qr_text()
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
                qr_text: self.signed.qr_text(),
                attributes: self.attributes,
                credential,
            }),
            (outcome, _) => Err(outcome),
        }
    }
}

/// Ends the old card in favour of the new one, whatever its status was.
fn replace(
    replaced: &Stored<CredentialRecord>,
    successor: &CredentialRecord,
    reference: RecordReference,
    now: UnixTime,
    randomness: &dyn Randomness,
) -> Result<StatusChange, CardError> {
    let old = &replaced.value;
    if old.record != successor.record || old.kind != CredentialKind::Card {
        return Err(CardError::NotThisResidentsCard);
    }
    if old.replaced_by.is_some() {
        return Err(CardError::AlreadyReplaced);
    }
    // A card that was revoked before stays as it is, but for its successor.
    let mut record = old
        .after(StatusAction::Revoke, now)
        .ok()
        .flatten()
        .unwrap_or_else(|| old.clone());
    record.replaced_by = Some(successor.id.clone());
    let action = AuditAction::StatusChanged {
        credential: old.id.clone(),
        record: reference,
        action: StatusAction::Revoke,
    };
    Ok(StatusChange {
        expected: replaced.revision.clone(),
        record,
        event: WaitingEvent::make(now, Actor::Operator, action, randomness)?,
    })
}

/// Why no card is made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CardError {
    /// The register knows the resident as deceased.
    #[error("no card is issued from this record")]
    Deceased,
    /// The record lacks what the card must hold, or the configuration has no card.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// A value is not one that the attribute knows.
    #[error("the configuration gives the attribute {attribute:?} a value that claim 169 does not know")]
    Attribute {
        /// Which attribute.
        attribute: CardAttribute,
    },
    /// What should be replaced is another resident's, or no card.
    #[error("the credential to replace is not a card of this resident")]
    NotThisResidentsCard,
    /// The card has a successor already; that one is to be replaced.
    #[error("the card was replaced before")]
    AlreadyReplaced,
    /// The claims cannot be written.
    #[error(transparent)]
    Write(#[from] Claim169WriteError),
    /// The status list's address cannot be written.
    #[error(transparent)]
    StatusUri(#[from] InvalidStatusUri),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

#[cfg(test)]
mod tests;
