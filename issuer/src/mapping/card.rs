//! From a record to the attributes of a Claim 169 card.

mod attribute;
mod biometrics;
mod check;
mod transform;

use serde_json::Value;
use symbolon_credential::claim169::Biometric;
use symbolon_crypto::UnixTime;

pub use attribute::CardAttribute;
pub(super) use check::check;
pub use transform::{CardLanguage, CardTransform};

use super::file::CardEntry;
use super::picture::FitPicture;
use super::transform::{Context, LanguageChoice, Presence, Rule, Transform};
use super::value::MappedValue;
use super::{CredentialConfiguration, MappingError};
use crate::record::{CalendarDate, IdRecord, Language, LanguageText, PictureType};

/// The value of an attribute.
#[derive(Clone, PartialEq, Eq)]
pub enum CardValue {
    /// A text.
    Text(String),
    /// A number of the attribute's own list.
    Number(u8),
    /// Several of them, in their order.
    Numbers(Vec<u8>),
    /// A picture.
    Picture {
        /// Its type.
        kind: PictureType,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// Captures of a finger, an iris, a palm, a face or a voice.
    Biometrics(Vec<Biometric>),
}

impl CredentialConfiguration {
    /// Whether cards can be printed by this configuration.
    #[must_use]
    pub fn has_card(&self) -> bool {
        !self.file.card.is_empty()
    }

    /// Whether the configuration itself says where a card's face comes from. Otherwise whoever prints the card adds it.
    #[must_use]
    pub fn maps_face(&self) -> bool {
        self.file.card.iter().any(|entry| entry.attribute.shows_face())
    }

    /// The attributes of `record` for a card, in the order of the configuration.
    ///
    /// # Errors
    /// [`MappingError::NoCard`] when the configuration has none; otherwise as [`CredentialConfiguration::map_claims`].
    pub fn map_card(
        &self,
        record: &IdRecord,
        now: UnixTime,
        pictures: &dyn FitPicture,
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
            pictures,
        };
        let mut values = Vec::with_capacity(self.file.card.len());
        for (at, entry) in self.file.card.iter().enumerate() {
            let mapped = Mapped {
                context: &context,
                entry,
                name: format!("card[{at}]"),
            };
            match (mapped.value()?, entry.presence) {
                (Some(value), _) => values.push((entry.attribute, value)),
                (None, Presence::Optional) => {}
                (None, Presence::Required) => return Err(MappingError::Missing { claim: mapped.name }),
            }
        }
        Ok(values)
    }
}

/// One entry and the record that it is filled from.
struct Mapped<'m> {
    context: &'m Context<'m>,
    entry: &'m CardEntry,
    name: String,
}

impl Mapped<'_> {
    /// The value, or `None` when the record has none.
    fn value(&self) -> Result<Option<CardValue>, MappingError> {
        match &self.entry.transform {
            CardTransform::Text => self.shared(&Transform::Text),
            CardTransform::DateCompact => self.shared(&Transform::DateCompact),
            CardTransform::JoinLines => self.shared(&Transform::JoinLines),
            CardTransform::CodeToLabel(table) => self.shared(&Transform::CodeToLabel(table.clone())),
            CardTransform::CodeToNumber(table) => self.shared(&Transform::CodeToNumber(table.clone())),
            CardTransform::Constant(text) => Ok(Some(CardValue::Text(text.clone()))),
            CardTransform::LanguageOf => {
                let Some(text) = self.text()? else { return Ok(None) };
                let language = self.language_in(text);
                Ok(language.map(|language| CardValue::Text(language.as_str().to_owned())))
            }
            CardTransform::Numbers => self.numbers(|element| element.as_u64()?.try_into().ok()),
            CardTransform::CodesToNumbers(table) => {
                let table = self.context.file.numbers.get(table);
                self.numbers(|element| table?.get(element.as_str()?).copied())
            }
            CardTransform::Picture { max_bytes } => self.picture(*max_bytes),
            CardTransform::Biometrics => {
                let Some(found) = self.present() else {
                    return Ok(None);
                };
                let captures = biometrics::of(found).ok_or_else(|| self.wrong_shape())?;
                Ok((!captures.is_empty()).then_some(CardValue::Biometrics(captures)))
            }
        }
    }

    /// A transformation that claims have as well.
    fn shared(&self, transform: &Transform) -> Result<Option<CardValue>, MappingError> {
        let language = match self.entry.language {
            None => None,
            Some(CardLanguage::Preferred) => Some(LanguageChoice::Preferred),
            Some(CardLanguage::One(language)) => Some(LanguageChoice::One(language)),
            Some(CardLanguage::Second) => {
                let Some(text) = self.text()? else { return Ok(None) };
                match self.language_in(text) {
                    Some(second) => Some(LanguageChoice::One(second)),
                    None => return Ok(None),
                }
            }
        };
        let rule = Rule {
            name: self.name.clone(),
            source: &self.entry.source,
            language,
            transform,
        };
        match self.context.value(&rule)? {
            None => Ok(None),
            Some(MappedValue::Text(text)) => Ok(Some(CardValue::Text(text))),
            Some(MappedValue::Number(number)) => {
                let number = u8::try_from(number).map_err(|_| self.wrong_shape())?;
                Ok(Some(CardValue::Number(number)))
            }
            Some(_) => Err(self.wrong_shape()),
        }
    }

    /// The language that the entry chooses among those of a text.
    fn language_in(&self, text: LanguageText<'_>) -> Option<Language> {
        let preferred = self.context.record.preferred_language();
        let among = |wanted: &[Option<Language>]| {
            let has = |language: &Language| text.in_language(*language).is_some();
            let wanted = wanted.iter().copied().flatten().find(has);
            wanted.or_else(|| text.languages().next())
        };
        match self.entry.language {
            Some(CardLanguage::One(language)) => among(&[Some(language), preferred]),
            Some(CardLanguage::Second) => {
                let first = among(&[preferred]);
                text.languages().find(|language| Some(*language) != first)
            }
            Some(CardLanguage::Preferred) | None => among(&[preferred]),
        }
    }

    /// The elements of an array; those that give no number are left out of an array of codes, and an error in one of numbers.
    fn numbers(&self, number: impl Fn(&Value) -> Option<u8>) -> Result<Option<CardValue>, MappingError> {
        let Some(found) = self.present() else {
            return Ok(None);
        };
        let elements = found.as_array().ok_or_else(|| self.wrong_shape())?;
        let numbers: Vec<u8> = elements.iter().filter_map(&number).collect();
        let all_are_numbers = numbers.len() == elements.len();
        if !all_are_numbers && self.entry.transform == CardTransform::Numbers {
            return Err(self.wrong_shape());
        }
        Ok((!numbers.is_empty()).then_some(CardValue::Numbers(numbers)))
    }

    fn picture(&self, max_bytes: usize) -> Result<Option<CardValue>, MappingError> {
        if self.present().is_none() {
            return Ok(None);
        }
        let (kind, bytes) = self
            .context
            .record
            .picture(self.source())
            .ok_or_else(|| self.wrong_shape())?;
        if bytes.len() <= max_bytes && self.entry.attribute.holds_picture(kind) {
            return Ok(Some(CardValue::Picture { kind, bytes }));
        }
        let too_large = || MappingError::PictureTooLarge {
            claim: self.name.clone(),
            max_bytes,
        };
        let fitted = self
            .context
            .pictures
            .fit(kind, &bytes, max_bytes)
            .map_err(|_| too_large())?;
        if fitted.bytes.len() > max_bytes || !self.entry.attribute.holds_picture(fitted.kind) {
            return Err(too_large());
        }
        Ok(Some(CardValue::Picture {
            kind: fitted.kind,
            bytes: fitted.bytes,
        }))
    }

    fn source(&self) -> &str {
        self.entry.source.first().map_or("", String::as_str)
    }

    /// The field, if it is there and says something.
    fn present(&self) -> Option<&Value> {
        let found = self.context.record.field(self.source());
        found.filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    /// The field as a text in languages.
    fn text(&self) -> Result<Option<LanguageText<'_>>, MappingError> {
        if self.present().is_none() {
            return Ok(None);
        }
        let text = self.context.record.text(self.source());
        text.map(Some).ok_or_else(|| self.wrong_shape())
    }

    fn wrong_shape(&self) -> MappingError {
        MappingError::WrongShape {
            claim: self.name.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
