//! Credential configurations: what a credential is made of, declared in a TOML file.
//!
//! A mapping is typed configuration, not a template language: a claim has a source in the ID record, a choice of language, one
//! transformation of a closed list, and a disclosure. So no value of a record is ever interpreted, only carried (ATTACKS.md row 20), and a
//! file is checked whole at start, with the offending key named.

mod card;
mod check;
mod claims;
mod complete;
mod context;
mod file;
mod language;
mod picture;
mod privileges;
mod proofs;
mod target;
mod transform;
mod type_metadata;
mod value;

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

pub use card::{CardAttribute, CardLanguage, CardTransform, CardValue};
pub use claims::{IssuanceTimes, MappedClaim, coarsened};
pub use file::{CardEntry, ClaimEntry, DisplayEntry, IssuancePolicy, IssuedCryptosuite};
pub use language::bcp47;
pub use picture::{FitPicture, FittedPicture, KeepPictures, PictureDoesNotFit};
pub use proofs::{Copies, ProofPolicy};
pub use target::{Target, W3cTarget};
pub use transform::{Disclosure, LanguageChoice, Presence, Transform};
pub use value::MappedValue;

use crate::haip::Profile;
use crate::identifiers::ConfigurationId;
use crate::vcalm::VcalmPolicy;
use file::CredentialFile;

/// One credential configuration, checked.
#[derive(Debug, Clone)]
pub struct CredentialConfiguration {
    id: ConfigurationId,
    target: Target,
    proofs: ProofPolicy,
    file: CredentialFile,
}

impl CredentialConfiguration {
    /// Reads and checks a credential configuration.
    ///
    /// # Errors
    /// [`MappingFileError`], naming the key.
    pub fn parse(text: &str) -> Result<Self, MappingFileError> {
        Self::parse_for(Profile::Standard, text)
    }

    /// The same for an issuer that keeps to a profile, which makes the choices that the file leaves open.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_for(profile: Profile, text: &str) -> Result<Self, MappingFileError> {
        let file: CredentialFile = match profile {
            Profile::Standard => toml::from_str(text),
            Profile::Haip => toml::from_str(text).and_then(|mut table: toml::Table| {
                // HAIP §4.5: both kinds of proof, for keys that are attested at whatever level.
                table
                    .entry("proof-types")
                    .or_insert_with(|| ["jwt", "attestation"].map(toml::Value::from).to_vec().into());
                table
                    .entry("key-attestation")
                    .or_insert_with(|| toml::Table::new().into());
                toml::Value::Table(table).try_into()
            }),
        }
        .map_err(|error| MappingFileError::Syntax(Box::new(error)))?;
        let (id, target) = check::check(&file)?;
        let proofs = ProofPolicy::check(&file)?;
        Ok(Self {
            id,
            target,
            proofs,
            file,
        })
    }

    /// The name that offers and requests use.
    #[must_use]
    pub const fn id(&self) -> &ConfigurationId {
        &self.id
    }

    /// The path of the credential type below the issuer identifier, without a slash at either end; `None` for formats whose type
    /// is no URL of the issuer.
    #[must_use]
    pub fn type_path(&self) -> Option<&str> {
        match &self.target {
            Target::SdJwtVc { type_path, .. } => Some(type_path),
            _ => None,
        }
    }

    /// The SD-JWT VC type (`vct`) of an issuer; `None` for other formats.
    #[must_use]
    pub fn vct(&self, issuer: &str) -> Option<String> {
        let path = self.type_path()?;
        Some(format!("{}/{path}", issuer.trim_end_matches('/')))
    }

    /// How long a credential is valid.
    #[must_use]
    pub const fn validity(&self) -> Duration {
        Duration::from_secs(self.file.validity_days as u64 * SECONDS_PER_DAY)
    }

    /// How long what a request gets is valid.
    #[must_use]
    pub const fn validity_of(&self, copies: Copies) -> Duration {
        match (copies, &self.file.one_time_copies) {
            (Copies::OneTime, Some(entry)) => {
                Duration::from_secs(entry.validity_days as u64 * SECONDS_PER_DAY)
            }
            _ => self.validity(),
        }
    }

    /// What a request for `count` keys gets.
    #[must_use]
    pub const fn copies(&self, count: usize) -> Copies {
        match &self.file.one_time_copies {
            Some(_) if count > 1 => Copies::OneTime,
            _ => Copies::Lasting,
        }
    }

    /// When a credential is issued.
    #[must_use]
    pub const fn issuance(&self) -> IssuancePolicy {
        self.file.issuance
    }

    /// Which key proofs are taken.
    #[must_use]
    pub const fn proofs(&self) -> &ProofPolicy {
        &self.proofs
    }

    /// Which documents a coordinator may hand in to be issued by this configuration.
    #[must_use]
    pub const fn vcalm(&self) -> VcalmPolicy {
        self.file.vcalm
    }

    /// How wallets show the credential.
    #[must_use]
    pub fn display(&self) -> &[DisplayEntry] {
        &self.file.display
    }

    /// The claims, in the order in which wallets show them.
    #[must_use]
    pub fn claims(&self) -> &[ClaimEntry] {
        &self.file.claims
    }

    /// The SD-JWT VC type metadata of this credential for an issuer ([SD-JWT VC §4]); `None` for other formats.
    ///
    /// [SD-JWT VC §4]: https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/
    #[must_use]
    pub fn type_metadata(&self, issuer: &str) -> Option<Value> {
        Some(type_metadata::build(&self.file, &self.vct(issuer)?))
    }
}

/// Why a credential configuration was refused. The file is the operator's own, so the messages name its keys.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MappingFileError {
    /// No TOML, an unknown key, or a value of the wrong type.
    #[error("{0}")]
    Syntax(#[source] Box<toml::de::Error>),
    /// A value that cannot be.
    #[error("{key}: {reason}")]
    Key {
        /// The offending key.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Why a record gives no credential of a configuration. Names claims, never values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The record has no value for a claim that must be there.
    #[error("the record has no value for the required claim {claim}")]
    Missing {
        /// The claim's path, its parts joined by dots.
        claim: String,
    },
    /// A value is not of the kind that the transformation takes.
    #[error("the record's value for the claim {claim} has the wrong shape")]
    WrongShape {
        /// The claim's path, its parts joined by dots.
        claim: String,
    },
    /// A picture that cannot be brought under its budget.
    #[error("the picture for the claim {claim} cannot be scaled to {max_bytes} bytes")]
    PictureTooLarge {
        /// The claim's path, its parts joined by dots.
        claim: String,
        /// The budget.
        max_bytes: usize,
    },
    /// The configuration maps nothing for a card.
    #[error("this credential configuration has no card")]
    NoCard,
    /// The time of issuance lies outside the calendar.
    #[error("the time of issuance is outside the calendar")]
    Calendar,
}

const SECONDS_PER_DAY: u64 = 86_400;
