//! Issuing a Claim 169 card, in pure steps: draft, see how many bytes are left for the face, prepare, sign, commit, print.
//!
//! A card is bound to nobody but by its photo, so it needs no grant and no nonce: an operator prints it. It has a place in a status list as
//! every long-lived credential does, and a lost card is revoked in the commit that books its successor.
//!
//! A card has one code or two ([`FaceCode`]). Two codes are one credential: one entry in the books, one place in the status list, which both
//! codes name. So whoever revokes the card revokes both, and a verifier knows by it which face belongs to which name.

mod codes;
mod identity;

use std::time::Duration;

use symbolon_credential::claim169::{
    self, Biometric, BiometricPart, CardClaims, Claim169EncryptError, Claim169KeyReference,
    Claim169WriteError, Cwt, ImageKind, NothingJoins,
};
use symbolon_credential::sd_jwt_vc::Validity;
use symbolon_credential::status::{CredentialStatus as TrackedStatus, InvalidStatusUri};
use symbolon_crypto::cose::NamedContentKey;
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::{Randomness, RandomnessUnavailable, SignatureAlgorithm, UnixTime};
use thiserror::Error;

pub use codes::{CardTexts, FaceReaders, FaceText, IssuedCard, PreparedCard, SignedCard};

use crate::audit::{Actor, AuditAction, RecordReference, WaitingEvent};
use crate::credential_record::{CredentialKind, CredentialRecord, CredentialStatus, StatusAction};
use crate::identifiers::CredentialId;
use crate::index::StatusIndex;
use crate::issuance::coarsened;
use crate::mapping::{CardAttribute, CredentialConfiguration, FitPicture, MappingError};
use crate::profile::IssuerProfile;
use crate::record::{IdRecord, VitalStatus};
use crate::secret::InstallationSecret;
use crate::store::{Issuance, StatusChange, Stored};

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

/// Where a card has the face.
#[derive(Clone, Copy)]
pub enum FaceCode<'k> {
    /// In the one code, beside the claims, within the bytes that are left.
    Beside,
    /// In a second code that everybody can read: the face has a code to itself.
    Second,
    /// In a second code that the holders of this key can read.
    SecondFor(&'k NamedContentKey),
}

/// What a card is made with.
#[derive(Clone, Copy)]
pub struct CardMaterial<'a> {
    /// The issuer.
    pub profile: &'a IssuerProfile,
    /// The key that signs it.
    pub key: &'a CardKey,
    /// Where it has the face.
    pub face: FaceCode<'a>,
    /// Scales a picture that the configuration maps.
    pub pictures: &'a dyn FitPicture,
    /// For references in the audit log.
    pub secret: &'a InstallationSecret,
    /// For identifiers.
    pub randomness: &'a dyn Randomness,
    /// The time of issuance.
    pub now: UnixTime,
}

/// A card that lacks its face, unless the configuration maps one.
pub struct DraftedCard<'a> {
    cwt: Cwt,
    key: CardKey,
    face: FaceCode<'a>,
    issuance: Issuance,
}

/// Drafts a card of `record` at `place`, in the place of `replaced` if there is one.
///
/// # Errors
/// [`CardError`].
pub fn draft<'a>(
    configuration: &CredentialConfiguration,
    record: &IdRecord,
    place: StatusIndex,
    replaced: Option<&Stored<CredentialRecord>>,
    material: &CardMaterial<'a>,
) -> Result<DraftedCard<'a>, CardError> {
    let CardMaterial {
        profile,
        key,
        face,
        pictures,
        secret,
        randomness,
        now,
    } = *material;
    if record.vital_status() == VitalStatus::Deceased {
        return Err(CardError::Deceased);
    }
    let attributes = configuration.map_card(record, now, pictures)?;
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
        identity: identity::of(attributes)?,
        status: TrackedStatus::StatusList(profile.status_reference(place)?),
        confirmation: None,
        unknown: Vec::new(),
    };
    let credential = CredentialRecord {
        id: CredentialId::make(randomness)?,
        kind: CredentialKind::Card,
        configuration: configuration.id().clone(),
        record: Some(record.uin().clone()),
        status_index: Some(place),
        issued_at: now,
        expires_at,
        status: CredentialStatus::Valid,
        status_changed_at: now,
        replaced_by: None,
        wallet_report: None,
    };
    let reference = RecordReference::derive(secret, record.uin());
    let action = AuditAction::CredentialIssued {
        credential: credential.id.clone(),
        record: Some(reference.clone()),
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
        transaction: None,
        offer: None,
        notification: None,
        events,
    };
    Ok(DraftedCard {
        cwt,
        key: key.clone(),
        face,
        issuance,
    })
}

impl<'a> DraftedCard<'a> {
    /// Whether the configuration mapped a face, so that none is to be added.
    #[must_use]
    pub fn has_face(&self) -> bool {
        self.cwt.identity.face().is_some()
    }

    /// How many bytes a face may have so that the text of its QR code stays within `max_characters`; `None` when that is exceeded without
    /// any face.
    ///
    /// # Errors
    /// [`CardError::Write`].
    pub fn face_budget(&self, max_characters: usize, kind: ImageKind) -> Result<Option<usize>, CardError> {
        let (algorithm, reference) = (self.key.algorithm, self.key_reference());
        let within =
            |claims: &Cwt| claim169::face_bytes_within(max_characters, claims, kind, algorithm, &reference);
        Ok(match self.face {
            FaceCode::Beside => within(&self.cwt)?,
            FaceCode::Second => within(&self.claims_beside_a_face()?)?,
            FaceCode::SecondFor(readers) => claim169::encrypted_face_bytes_within(
                max_characters,
                &self.claims_beside_a_face()?,
                kind,
                algorithm,
                &reference,
                readers,
            )?,
        })
    }

    /// What has to be signed, with this face or without one.
    ///
    /// # Errors
    /// [`CardError::Write`].
    pub fn prepare(mut self, face: Option<(ImageKind, Vec<u8>)>) -> Result<PreparedCard<'a>, CardError> {
        let reference = self.key_reference();
        if let Some((kind, bytes)) = face {
            self.cwt.identity = self.cwt.identity.with_face(Biometric::image(bytes, kind));
        }
        let readers = match self.face {
            FaceCode::Beside | FaceCode::Second => FaceReaders::Everybody,
            FaceCode::SecondFor(key) => FaceReaders::HoldersOf(key),
        };
        let claims = split(self.cwt, self.face)?;
        let prepare = |claims: &Cwt| claim169::prepare(claims, self.key.algorithm, &reference);
        Ok(PreparedCard {
            identity: prepare(&claims.identity)?,
            face: claims.face.as_ref().map(prepare).transpose()?,
            readers,
            handle: self.key.handle,
            issuance: self.issuance,
        })
    }

    /// What the second code says but for the face.
    fn claims_beside_a_face(&self) -> Result<Cwt, CardError> {
        let with_one = with_stand_in(self.cwt.clone());
        let mut face = split(with_one.clone(), self.face)?.face.unwrap_or(with_one);
        face.identity.biometrics.remove(&BiometricPart::Face);
        Ok(face)
    }

    fn key_reference(&self) -> Claim169KeyReference {
        Claim169KeyReference::KeyId(self.key.key_id.clone())
    }
}

/// The claims of each code. Where only the holders of a key are to see the face, no other capture of the body stands in the clear either.
fn split(claims: Cwt, code: FaceCode<'_>) -> Result<CardClaims, NothingJoins> {
    match code {
        FaceCode::Beside => Ok(CardClaims {
            identity: claims,
            face: None,
        }),
        FaceCode::Second => claims.split_face(),
        FaceCode::SecondFor(_) => {
            let has_face = claims.identity.face().is_some();
            if !has_face && claims.identity.biometrics.is_empty() {
                return claims.split_face();
            }
            let claims = if has_face { claims } else { with_stand_in(claims) };
            let mut split = claims.split_face()?;
            if let Some(face) = &mut split.face {
                face.identity
                    .biometrics
                    .append(&mut split.identity.identity.biometrics);
                if !has_face {
                    face.identity.biometrics.remove(&BiometricPart::Face);
                }
            }
            Ok(split)
        }
    }
}

fn with_stand_in(mut claims: Cwt) -> Cwt {
    let stand_in = Biometric::image(vec![0], ImageKind::Webp);
    claims.identity = claims.identity.with_face(stand_in);
    claims
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
        record: Some(reference),
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
    /// Nothing in the claims would join two codes.
    #[error(transparent)]
    NothingJoins(#[from] NothingJoins),
    /// There are more or fewer signatures than codes.
    #[error("a card needs one signature for each of its codes")]
    Signatures,
    /// The claims cannot be written.
    #[error(transparent)]
    Write(#[from] Claim169WriteError),
    /// The face cannot be encrypted.
    #[error(transparent)]
    Encrypt(#[from] Claim169EncryptError),
    /// The status list's address cannot be written.
    #[error(transparent)]
    StatusUri(#[from] InvalidStatusUri),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

#[cfg(test)]
mod tests;
