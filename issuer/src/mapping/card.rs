//! From a record to the attributes of a Claim 169 card.

use serde::Deserialize;
use symbolon_crypto::UnixTime;

use super::picture::KeepPictures;
use super::transform::{Context, Presence, Rule, Transform};
use super::value::MappedValue;
use super::{CredentialConfiguration, MappingError};
use crate::record::{CalendarDate, IdRecord};

/// The attributes of Claim 169 that a configuration can fill (ID-FORMATS §3). The face is added by whoever prints the card, who knows how many
/// bytes are left for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardAttribute {
    /// Key 1.
    Id,
    /// Key 3.
    Language,
    /// Key 4.
    FullName,
    /// Key 5.
    FirstName,
    /// Key 6.
    MiddleName,
    /// Key 7.
    LastName,
    /// Key 8.
    DateOfBirth,
    /// Key 9: 1 male, 2 female, 3 other.
    Gender,
    /// Key 10.
    Address,
    /// Key 11.
    Email,
    /// Key 12.
    Phone,
    /// Key 13.
    Nationality,
    /// Key 14: 1 unmarried, 2 married, 3 divorced.
    MaritalStatus,
    /// Key 15.
    Guardian,
    /// Key 19.
    SecondFullName,
    /// Key 20.
    SecondLanguage,
    /// Key 21.
    LocationCode,
    /// Key 22.
    LegalStatus,
    /// Key 23.
    CountryOfIssuance,
}

/// The value of an attribute.
#[derive(Clone, PartialEq, Eq)]
pub enum CardValue {
    /// A text.
    Text(String),
    /// A number of the attribute's own list.
    Number(u8),
}

impl CardAttribute {
    pub(super) const fn takes(self, transform: &Transform) -> bool {
        match self {
            Self::DateOfBirth => matches!(transform, Transform::DateCompact),
            Self::Gender | Self::MaritalStatus => matches!(transform, Transform::CodeToNumber(_)),
            _ => matches!(
                transform,
                Transform::Text | Transform::JoinLines | Transform::CodeToLabel(_)
            ),
        }
    }
}

impl CredentialConfiguration {
    /// Whether cards can be printed by this configuration.
    #[must_use]
    pub fn has_card(&self) -> bool {
        !self.file.card.is_empty()
    }

    /// The attributes of `record` for a card, in the order of the configuration.
    ///
    /// # Errors
    /// [`MappingError::NoCard`] when the configuration has none; otherwise as [`CredentialConfiguration::map_claims`].
    pub fn map_card(
        &self,
        record: &IdRecord,
        now: UnixTime,
    ) -> Result<Vec<(CardAttribute, CardValue)>, MappingError> {
        if !self.has_card() {
            return Err(MappingError::NoCard);
        }
        let today = CalendarDate::of(now).map_err(|_| MappingError::Calendar)?;
        let context = Context {
            record,
            file: &self.file,
            today,
            // Cards take neither day as an attribute.
            issued: today,
            expires: today,
            pictures: &KeepPictures,
        };
        let mut values = Vec::with_capacity(self.file.card.len());
        for (at, entry) in self.file.card.iter().enumerate() {
            let rule = Rule {
                name: format!("card[{at}]"),
                source: &entry.source,
                language: entry.language,
                transform: &entry.transform,
            };
            let wrong_shape = MappingError::WrongShape {
                claim: rule.name.clone(),
            };
            match (context.value(&rule)?, entry.presence) {
                (Some(MappedValue::Text(text)), _) => {
                    values.push((entry.attribute, CardValue::Text(text)));
                }
                (Some(MappedValue::Number(number)), _) => {
                    let number = u8::try_from(number).map_err(|_| wrong_shape)?;
                    values.push((entry.attribute, CardValue::Number(number)));
                }
                (Some(_), _) => return Err(wrong_shape),
                (None, Presence::Optional) => {}
                (None, Presence::Required) => return Err(MappingError::Missing { claim: rule.name }),
            }
        }
        Ok(values)
    }
}
