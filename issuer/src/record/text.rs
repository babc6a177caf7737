use core::fmt;

use serde_json::Value;
use thiserror::Error;

/// An ISO 639-3 language code: three lower-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language([u8; 3]);

/// The text is no ISO 639-3 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a language is three lower-case letters (ISO 639-3)")]
pub struct NotALanguage;

impl Language {
    /// English, the language that registers write beside the national ones.
    pub const ENGLISH: Self = Self(*b"eng");

    /// Reads a code.
    ///
    /// # Errors
    /// [`NotALanguage`] for anything but three lower-case ASCII letters.
    pub fn parse(text: &str) -> Result<Self, NotALanguage> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_lowercase) => Ok(Self(code)),
            _ => Err(NotALanguage),
        }
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Three lower-case ASCII letters are always UTF-8.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text in one or more languages (`simpleType` of the identity schema), borrowed from its record.
#[derive(Clone, Copy, PartialEq)]
pub struct LanguageText<'a>(&'a [Value]);

impl<'a> LanguageText<'a> {
    pub(super) fn of(value: &'a Value) -> Option<Self> {
        let entries = value.as_array()?;
        entries
            .iter()
            .all(|entry| parts(entry).is_some())
            .then_some(Self(entries))
    }

    /// Languages and their texts, in the order of the record.
    pub fn iter(self) -> impl Iterator<Item = (Language, &'a str)> {
        self.0.iter().filter_map(parts)
    }

    /// The languages, in the order of the record.
    pub fn languages(self) -> impl Iterator<Item = Language> + use<'a> {
        self.0.iter().filter_map(parts).map(|(language, _)| language)
    }

    /// The text in one language.
    #[must_use]
    pub fn in_language(self, language: Language) -> Option<&'a str> {
        self.iter()
            .find(|(found, _)| *found == language)
            .map(|(_, text)| text)
    }

    /// The text in the first of `wanted` that there is, else in the first language of the record.
    #[must_use]
    pub fn preferring(self, wanted: &[Language]) -> Option<&'a str> {
        wanted
            .iter()
            .find_map(|language| self.in_language(*language))
            .or_else(|| self.iter().next().map(|(_, text)| text))
    }
}

fn parts(entry: &Value) -> Option<(Language, &str)> {
    let language = Language::parse(entry.get("language")?.as_str()?).ok()?;
    Some((language, entry.get("value")?.as_str()?))
}
