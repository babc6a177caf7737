//! What may become of a value on its way to a card: a closed list.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::record::Language;

/// What becomes of a value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum CardTransform {
    /// As it is.
    Text,
    /// `yyyy/MM/dd` becomes `yyyyMMdd`.
    DateCompact,
    /// The fields that are there, one line each.
    JoinLines,
    /// A code becomes its label from `[codes.table]`; any other value stays.
    CodeToLabel(String),
    /// A code becomes its number from `[numbers.table]`; any other value is left out.
    CodeToNumber(String),
    /// This text for everybody; it has no source.
    Constant(String),
    /// Not the text, but the language that is chosen for it.
    LanguageOf,
    /// An array of numbers, as it is.
    Numbers,
    /// An array of codes becomes their numbers from `[numbers.table]`; other values are left out.
    CodesToNumbers(String),
    /// A picture of at most so many bytes, scaled down where larger.
    #[serde(rename_all = "kebab-case")]
    Picture {
        /// The most bytes.
        max_bytes: usize,
    },
    /// An array of captures: objects with `data` in base64 and, where they are known, `format`, `subformat` and `issuer`.
    Biometrics,
}

/// Which text of a field that carries languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardLanguage {
    /// The record's preferred language, else the first of the field.
    Preferred,
    /// The first language of the field that [`CardLanguage::Preferred`] does not choose.
    Second,
    /// This language, else as [`CardLanguage::Preferred`].
    One(Language),
}

impl<'de> Deserialize<'de> for CardLanguage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let one = match text.as_str() {
            "preferred" => return Ok(Self::Preferred),
            "second" => return Ok(Self::Second),
            // What claims mean every language by; ISO 639-3 has a language of that code, but nobody means it here.
            "all" => None,
            code => Language::parse(code).ok(),
        };
        one.map(Self::One).ok_or_else(|| {
            D::Error::custom(
                "a card's attribute has one language: \"preferred\", \"second\" or an ISO 639-3 code",
            )
        })
    }
}
