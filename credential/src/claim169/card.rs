//! Several QR codes for one person: one that says who it is, one that shows the face.
//!
//! A face does not always fit beside the claims, and not everybody who may read the claims may see the face. Each code is a
//! Claim 169 of its own, signed by itself; what joins them is what both say: the issuer, and the place in the status list,
//! the subject or the identifier. Without that check the face of one person would pass beside the name of another.

use std::collections::BTreeMap;

use thiserror::Error;

use super::biometrics::BiometricPart;
use super::cwt::Cwt;
use super::identity::IdentityData;
use crate::status::CredentialStatus;
use crate::verified::Verified;

/// Nothing would join the codes of a card: there is no status reference, no subject and no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("nothing in the claims would join two QR codes: no status, no subject, no identifier")]
pub struct NothingJoins;

/// Why two codes are not taken for one card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotOneCard {
    /// They are of two issuers, or one names none.
    #[error("the QR codes are of two issuers")]
    OtherIssuer,
    /// They share neither status reference nor subject nor identifier.
    #[error("nothing joins the QR codes")]
    NothingShared,
    /// They say different things about one claim or attribute.
    #[error("the QR codes contradict each other")]
    Contradiction,
}

/// The claims of the codes of one card.
#[derive(Debug, Clone, PartialEq)]
pub struct CardClaims {
    /// What the first code says.
    pub identity: Cwt,
    /// What the second code says: the face, and what joins it to the first; `None` when there is no face.
    pub face: Option<Cwt>,
}

impl Cwt {
    /// Moves the face into claims of its own.
    ///
    /// # Errors
    /// [`NothingJoins`].
    pub fn split_face(mut self) -> Result<CardClaims, NothingJoins> {
        let face = IdentityData {
            id: self.identity.id.clone(),
            image: self.identity.image.take(),
            image_format: self.identity.image_format.take(),
            biometrics: self
                .identity
                .biometrics
                .remove_entry(&BiometricPart::Face)
                .into_iter()
                .collect(),
            ..IdentityData::default()
        };
        if face.face().is_none() {
            return Ok(CardClaims {
                identity: self,
                face: None,
            });
        }
        if self.status.reference().is_none() && self.subject.is_none() && self.identity.id.is_none() {
            return Err(NothingJoins);
        }
        let face = Self {
            issuer: self.issuer.clone(),
            subject: self.subject.clone(),
            validity: self.validity,
            identity: face,
            status: self.status.clone(),
            confirmation: None,
            unknown: Vec::new(),
        };
        Ok(CardClaims {
            identity: self,
            face: Some(face),
        })
    }
}

/// Joins two codes of one card, whichever was read first. Whoever calls this has verified each with a key of the issuer
/// that it names. The result is valid only while both are.
///
/// # Errors
/// [`NotOneCard`].
pub fn join(first: Verified<Cwt>, second: Verified<Cwt>) -> Result<Verified<Cwt>, NotOneCard> {
    let (first, second) = (first.into_inner(), second.into_inner());
    if first.issuer.is_none() || first.issuer != second.issuer {
        return Err(NotOneCard::OtherIssuer);
    }
    let shared = [
        agree(first.status.reference(), second.status.reference())?,
        agree(first.subject.as_ref(), second.subject.as_ref())?,
        agree(first.identity.id.as_ref(), second.identity.id.as_ref())?,
    ];
    if shared.iter().all(|shared| *shared == Shared::No) {
        return Err(NotOneCard::NothingShared);
    }
    let mut validity = first.validity;
    validity.issued_at = validity.issued_at.max(second.validity.issued_at);
    validity.not_before = validity.not_before.max(second.validity.not_before);
    validity.expires = [validity.expires, second.validity.expires]
        .into_iter()
        .flatten()
        .min();
    let joined = Cwt {
        issuer: first.issuer,
        subject: first.subject.or(second.subject),
        validity,
        identity: join_identity(first.identity, second.identity)?,
        status: join_status(first.status, second.status),
        confirmation: either(first.confirmation, second.confirmation)?,
        unknown: join_members(first.unknown, second.unknown)?,
    };
    Ok(Verified::after_check(joined))
}

#[derive(Clone, Copy, PartialEq)]
enum Shared {
    Yes,
    No,
}

fn agree<T: PartialEq>(first: Option<T>, second: Option<T>) -> Result<Shared, NotOneCard> {
    match (first, second) {
        (Some(first), Some(second)) if first == second => Ok(Shared::Yes),
        (Some(_), Some(_)) => Err(NotOneCard::Contradiction),
        _ => Ok(Shared::No),
    }
}

/// A status of another mechanism stays one: it is not to be taken for a good one because the other code has none.
fn join_status(first: CredentialStatus, second: CredentialStatus) -> CredentialStatus {
    match (first, second) {
        (CredentialStatus::OtherMechanism, _) | (_, CredentialStatus::OtherMechanism) => {
            CredentialStatus::OtherMechanism
        }
        (CredentialStatus::NotTracked, second) => second,
        (first, _) => first,
    }
}

fn either<T: PartialEq>(first: Option<T>, second: Option<T>) -> Result<Option<T>, NotOneCard> {
    match (first, second) {
        (Some(first), Some(second)) if first != second => Err(NotOneCard::Contradiction),
        (first, second) => Ok(first.or(second)),
    }
}

fn join_identity(first: IdentityData, second: IdentityData) -> Result<IdentityData, NotOneCard> {
    let mut biometrics: BTreeMap<_, _> = first.biometrics;
    for (part, captures) in second.biometrics {
        match biometrics.get(&part) {
            Some(present) if *present != captures => return Err(NotOneCard::Contradiction),
            Some(_) => {}
            None => {
                biometrics.insert(part, captures);
            }
        }
    }
    let best_quality_fingers = match (first.best_quality_fingers, second.best_quality_fingers) {
        (first, second) if second.is_empty() || first == second => first,
        (first, second) if first.is_empty() => second,
        _ => return Err(NotOneCard::Contradiction),
    };
    Ok(IdentityData {
        id: either(first.id, second.id)?,
        version: either(first.version, second.version)?,
        language: either(first.language, second.language)?,
        full_name: either(first.full_name, second.full_name)?,
        first_name: either(first.first_name, second.first_name)?,
        middle_name: either(first.middle_name, second.middle_name)?,
        last_name: either(first.last_name, second.last_name)?,
        date_of_birth: either(first.date_of_birth, second.date_of_birth)?,
        gender: either(first.gender, second.gender)?,
        address: either(first.address, second.address)?,
        email: either(first.email, second.email)?,
        phone: either(first.phone, second.phone)?,
        nationality: either(first.nationality, second.nationality)?,
        marital_status: either(first.marital_status, second.marital_status)?,
        guardian: either(first.guardian, second.guardian)?,
        image: either(first.image, second.image)?,
        image_format: either(first.image_format, second.image_format)?,
        best_quality_fingers,
        second_full_name: either(first.second_full_name, second.second_full_name)?,
        second_language: either(first.second_language, second.second_language)?,
        location_code: either(first.location_code, second.location_code)?,
        legal_status: either(first.legal_status, second.legal_status)?,
        country_of_issuance: either(first.country_of_issuance, second.country_of_issuance)?,
        biometrics,
        unknown: join_members(first.unknown, second.unknown)?,
    })
}

type Members = Vec<(ciborium::Value, ciborium::Value)>;

fn join_members(mut first: Members, second: Members) -> Result<Members, NotOneCard> {
    for (key, value) in second {
        match first.iter().find(|(present, _)| *present == key) {
            Some((_, present)) if *present != value => return Err(NotOneCard::Contradiction),
            Some(_) => {}
            None => first.push((key, value)),
        }
    }
    Ok(first)
}
