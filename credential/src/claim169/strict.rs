//! What may be written: only what every reader of the specification understands in one way.

use ciborium::Value;
use thiserror::Error;

use super::biometrics::{Biometric, BiometricFormat, BiometricPart};
use super::cwt::{Cwt, integer};
use super::identity::IdentityData;
use super::{CONFIRMATION_CLAIM, IDENTITY_CLAIM, STATUS_CLAIM};
use crate::status::CredentialStatus;

/// Attributes that the specification assigns: demographic ones, then biometric ones.
const ASSIGNED: [core::ops::RangeInclusive<i64>; 2] = [1..=23, 50..=65];

/// A claim or an attribute that is not written as the specification has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotWritable {
    /// A language is three lower-case letters, ISO 639-3.
    #[error("attribute {attribute} is not a language code of ISO 639-3")]
    Language {
        /// Its key.
        attribute: i64,
    },
    /// A country is two or three upper-case letters, ISO 3166-1.
    #[error("attribute {attribute} is not a country code of ISO 3166-1")]
    Country {
        /// Its key.
        attribute: i64,
    },
    /// One of a pair is missing: a second name without its language, a picture without its format, or the reverse.
    #[error("attribute {attribute} has no meaning without its companion")]
    Companion {
        /// The key that is there.
        attribute: i64,
    },
    /// A biometric attribute has no capture, or a capture whose codes have no meaning.
    #[error("biometric attribute {attribute} has codes without a meaning, or no capture")]
    Biometric {
        /// Its key.
        attribute: i64,
    },
    /// An assigned key among the unknown ones: it was read in a form that is not written.
    #[error("claim or attribute {key} is assigned and cannot be written verbatim")]
    Assigned {
        /// Its key.
        key: i64,
    },
    /// A status of a mechanism that is not known here.
    #[error("a status of another mechanism cannot be written")]
    Status,
}

pub(super) fn check(cwt: &Cwt) -> Result<(), NotWritable> {
    if cwt.status == CredentialStatus::OtherMechanism {
        return Err(NotWritable::Status);
    }
    let registered = |key: &i64| {
        matches!(
            *key,
            1 | 2 | 4 | 5 | 6 | CONFIRMATION_CLAIM | IDENTITY_CLAIM | STATUS_CLAIM
        )
    };
    refuse_assigned(&cwt.unknown, registered)?;
    check_identity(&cwt.identity)
}

fn check_identity(identity: &IdentityData) -> Result<(), NotWritable> {
    refuse_assigned(&identity.unknown, |key| {
        ASSIGNED.iter().any(|range| range.contains(key))
    })?;
    for (attribute, language) in [(3, &identity.language), (20, &identity.second_language)] {
        let fits = |code: &String| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_lowercase());
        if language.as_ref().is_some_and(|code| !fits(code)) {
            return Err(NotWritable::Language { attribute });
        }
    }
    for (attribute, country) in [(13, &identity.nationality), (23, &identity.country_of_issuance)] {
        let fits = |code: &String| {
            (2..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase())
        };
        if country.as_ref().is_some_and(|code| !fits(code)) {
            return Err(NotWritable::Country { attribute });
        }
    }
    let pairs = [
        (16, identity.image.is_some(), 17, identity.image_format.is_some()),
        (
            19,
            identity.second_full_name.is_some(),
            20,
            identity.second_language.is_some(),
        ),
    ];
    for (first, has_first, second, has_second) in pairs {
        if has_first != has_second {
            let attribute = if has_first { first } else { second };
            return Err(NotWritable::Companion { attribute });
        }
    }
    for (part, captures) in &identity.biometrics {
        if captures.is_empty() || !captures.iter().all(|capture| has_meaning(*part, capture)) {
            return Err(NotWritable::Biometric {
                attribute: part.key(),
            });
        }
    }
    Ok(())
}

/// Both codes are optional; a finer code needs the coarser one, and a sound is of a voice.
fn has_meaning(part: BiometricPart, capture: &Biometric) -> bool {
    match (capture.format, capture.subformat) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some(BiometricFormat::Sound), _) if part != BiometricPart::Voice => false,
        (Some(_), None) => true,
        (Some(_), Some(_)) => capture.kind().is_some(),
    }
}

fn refuse_assigned(members: &[(Value, Value)], assigned: impl Fn(&i64) -> bool) -> Result<(), NotWritable> {
    match members.iter().filter_map(|(key, _)| integer(key)).find(assigned) {
        Some(key) => Err(NotWritable::Assigned { key }),
        None => Ok(()),
    }
}
