//! What the card of a configuration must fulfil beyond its shape.

use std::collections::BTreeSet;

use super::{CardAttribute, CardLanguage, CardTransform};
use crate::mapping::MappingFileError;
use crate::mapping::file::{CardEntry, CredentialFile};

/// Checks everything about a card that can be wrong before the first record comes.
pub(in crate::mapping) fn check(file: &CredentialFile) -> Result<(), MappingFileError> {
    let mut seen = BTreeSet::new();
    for (at, entry) in file.card.iter().enumerate() {
        let key = format!("card[{at}]");
        if !seen.insert(entry.attribute) {
            return refuse(format!("{key}.attribute"), "is there twice");
        }
        if !entry.attribute.takes(&entry.transform) {
            return refuse(
                format!("{key}.transform"),
                "does not give what this attribute of Claim 169 holds",
            );
        }
        check_source(&key, entry)?;
        check_language(&key, entry)?;
        check_transform(&key, file, entry)?;
    }
    // Either of these says nothing without the other.
    for (attribute, companion, reason) in [
        (
            CardAttribute::SecondFullName,
            CardAttribute::SecondLanguage,
            "has no meaning without the attribute second-language",
        ),
        (
            CardAttribute::SecondLanguage,
            CardAttribute::SecondFullName,
            "has no meaning without the attribute second-full-name",
        ),
    ] {
        if seen.contains(&attribute) && !seen.contains(&companion) {
            return refuse(attribute_key(file, attribute), reason);
        }
    }
    if seen.contains(&CardAttribute::BinaryImage) && seen.contains(&CardAttribute::Face) {
        return refuse(
            attribute_key(file, CardAttribute::BinaryImage),
            "shows the face a second time; a card has room for one of binary-image and face",
        );
    }
    Ok(())
}

fn attribute_key(file: &CredentialFile, attribute: CardAttribute) -> String {
    let at = file.card.iter().position(|entry| entry.attribute == attribute);
    format!("card[{}].attribute", at.unwrap_or_default())
}

fn check_source(key: &str, entry: &CardEntry) -> Result<(), MappingFileError> {
    let key = format!("{key}.source");
    match (&entry.transform, entry.source.as_slice()) {
        (CardTransform::Constant(_), []) => Ok(()),
        (CardTransform::Constant(_), _) => refuse(key, "a constant has no source"),
        (_, []) => refuse(key, "must name a field of the record"),
        (_, source) if source.iter().any(String::is_empty) => refuse(key, "must name a field of the record"),
        (CardTransform::JoinLines, source) if source.len() > MAX_SOURCES => refuse(key, "at most 16 fields"),
        (CardTransform::JoinLines, _) | (_, [_]) => Ok(()),
        _ => refuse(key, "several fields go with the transform join-lines only"),
    }
}

fn check_language(key: &str, entry: &CardEntry) -> Result<(), MappingFileError> {
    let key = format!("{key}.language");
    match (&entry.transform, entry.language) {
        (CardTransform::LanguageOf, None) => refuse(key, "says which text's language is meant"),
        (CardTransform::Text | CardTransform::LanguageOf, _) => Ok(()),
        (_, Some(CardLanguage::Second)) => {
            refuse(key, "second goes with the transforms text and language-of only")
        }
        (CardTransform::JoinLines | CardTransform::CodeToLabel(_) | CardTransform::CodeToNumber(_), _)
        | (_, None) => Ok(()),
        _ => refuse(key, "only texts carry languages"),
    }
}

fn check_transform(key: &str, file: &CredentialFile, entry: &CardEntry) -> Result<(), MappingFileError> {
    let key = format!("{key}.transform");
    match &entry.transform {
        CardTransform::CodeToLabel(table) if !file.codes.contains_key(table) => {
            refuse(format!("{key}.code-to-label"), "names no table under [codes]")
        }
        CardTransform::CodeToNumber(table) | CardTransform::CodesToNumbers(table) => {
            let Some(numbers) = file.numbers.get(table) else {
                return refuse(
                    match entry.transform {
                        CardTransform::CodesToNumbers(_) => format!("{key}.codes-to-numbers"),
                        _ => format!("{key}.code-to-number"),
                    },
                    "names no table under [numbers]",
                );
            };
            let known = entry.attribute.numbers();
            if numbers
                .values()
                .any(|number| known.as_ref().is_some_and(|known| !known.contains(number)))
            {
                return refuse(
                    format!("numbers.{table}"),
                    "has a number that this attribute of Claim 169 does not know",
                );
            }
            Ok(())
        }
        CardTransform::Constant(text) => check_constant(&format!("{key}.constant"), entry.attribute, text),
        CardTransform::Picture { max_bytes } if !PICTURE_BYTES.contains(max_bytes) => {
            refuse(format!("{key}.picture.max-bytes"), "must be between 128 and 2500")
        }
        _ => Ok(()),
    }
}

/// What is strict in writing is known of a constant before anything is written.
fn check_constant(key: &str, attribute: CardAttribute, text: &str) -> Result<(), MappingFileError> {
    if text.is_empty() || text.len() > MAX_CONSTANT_BYTES || text.chars().any(char::is_control) {
        return refuse(key, "must have 1 to 64 printable characters");
    }
    match attribute {
        CardAttribute::Nationality | CardAttribute::CountryOfIssuance
            if !(2..=3).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_uppercase()) =>
        {
            refuse(key, "must be a country code of ISO 3166-1: two or three capitals")
        }
        CardAttribute::Language | CardAttribute::SecondLanguage
            if text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_lowercase()) =>
        {
            refuse(key, "must be a language code of ISO 639-3")
        }
        _ => Ok(()),
    }
}

fn refuse<T>(key: impl Into<String>, reason: &'static str) -> Result<T, MappingFileError> {
    Err(MappingFileError::Key {
        key: key.into(),
        reason,
    })
}

const MAX_SOURCES: usize = 16;
const MAX_CONSTANT_BYTES: usize = 64;
/// The largest QR code holds 2,953 bytes in all.
const PICTURE_BYTES: core::ops::RangeInclusive<usize> = 128..=2_500;
