//! Finding a credential by words.

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use serde_json::Value;
use thiserror::Error;

use super::shown::{CredentialSummary, ShownClaim};
use crate::record::HeldCredential;

/// The words that a person looks for. A credential is found when each of them is in something that it shows: its names in any language, its
/// issuer, its type, or the names and values of its claims. Upper and lower case are the same, and so are letters with and without accents,
/// the forms of alef, and what else people type in several ways.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SearchText(Vec<String>);

/// The text is longer than anything a person looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a search has at most {MAX_SEARCH_CHARACTERS} characters")]
pub struct SearchTextTooLong;

/// Each word costs a look at every text of every credential.
const MAX_SEARCH_CHARACTERS: usize = 256;
/// A claim that is longer is a picture.
const MAX_SEARCHED_BYTES: usize = 4096;

impl SearchText {
    /// The words of a text, separated by white space. No word finds everything.
    ///
    /// # Errors
    /// [`SearchTextTooLong`].
    pub fn parse(text: &str) -> Result<Self, SearchTextTooLong> {
        if text.chars().count() > MAX_SEARCH_CHARACTERS {
            return Err(SearchTextTooLong);
        }
        Ok(Self(text.split_whitespace().map(folded).collect()))
    }

    /// Whether everything is found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each word is in one of the texts.
    pub(super) fn finds(&self, texts: &[String]) -> bool {
        self.0
            .iter()
            .all(|word| texts.iter().any(|text| text.contains(word.as_str())))
    }
}

/// A text as it is compared: decomposed, without marks, in lower case.
fn folded(text: &str) -> String {
    const NORMALIZER: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfd();
    const CLASSES: CanonicalCombiningClassMapBorrowed<'static> = CanonicalCombiningClassMapBorrowed::new();
    let decomposed = NORMALIZER.normalize(text);
    let letters = decomposed
        .chars()
        .filter(|letter| matches!(CLASSES.get_u8(*letter), BASE | VIRAMA));
    let mut folded = String::with_capacity(text.len());
    for letter in letters.flat_map(char::to_lowercase) {
        match alike(letter) {
            Some(typed) => folded.push_str(typed),
            // A capital may have had its mark within: İ.
            None if !matches!(CLASSES.get_u8(letter), BASE | VIRAMA) => {}
            None => folded.push(letter),
        }
    }
    folded
}

/// The combining class of letters, and of the vowel signs of Indic scripts, without which words become other words.
const BASE: u8 = 0;
/// That of the sign that takes a vowel away, which is kept for the same reason.
const VIRAMA: u8 = 9;

/// What people type for a letter that has no decomposition.
const fn alike(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ı' => "i",
        'æ' => "ae",
        'œ' => "oe",
        'ß' => "ss",
        'þ' => "th",
        'ɓ' => "b",
        'ɗ' => "d",
        'ŋ' => "n",
        'ƴ' => "y",
        '\u{2019}' | '\u{02BC}' => "'",
        // Alef with wasla, alef maksura, ta marbuta, Persian kaf and ya, and the stroke that lengthens.
        '\u{0671}' => "\u{0627}",
        '\u{0649}' | '\u{06CC}' => "\u{064A}",
        '\u{0629}' => "\u{0647}",
        '\u{06A9}' => "\u{0643}",
        '\u{0640}' => "",
        _ => return None,
    })
}

/// Every text of a credential that a person may look for.
pub(super) fn texts_of(
    credential: &HeldCredential,
    summary: &CredentialSummary,
    claims: &[ShownClaim],
) -> Vec<String> {
    let mut texts = vec![
        folded(&summary.name),
        folded(&credential.issuer),
        folded(&credential.credential_type),
    ];
    texts.extend(summary.description.as_deref().map(folded));
    texts.extend(credential.issuer_name.as_deref().map(folded));
    let names = credential.display.credential.iter();
    texts.extend(names.map(|display| folded(&display.name)));
    for claim in claims {
        texts.push(folded(&claim.name));
        collect(&claim.value, &mut texts);
        for localized in &claim.languages {
            collect(&localized.value, &mut texts);
        }
    }
    texts
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() <= MAX_SEARCHED_BYTES => texts.push(folded(text)),
        Value::Number(number) => texts.push(number.to_string()),
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, texts)),
        Value::Object(members) => members.values().for_each(|member| collect(member, texts)),
        Value::String(_) | Value::Bool(_) | Value::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_be_found_in_any_case() {
        let texts = [folded("Carte d’identité"), folded("Amina")];
        for (search, found) in [
            ("", true),
            ("AMINA", true),
            ("  identité\tami ", true),
            ("IDENTITÉ", true),
            ("amina bah", false),
            ("identite", true),
            ("d'identite", true),
            ("identitee", false),
        ] {
            assert_eq!(
                SearchText::parse(search).unwrap().finds(&texts),
                found,
                "{search}"
            );
        }
        assert_eq!(SearchText::parse(&"é".repeat(257)).err(), Some(SearchTextTooLong));
        assert!(SearchText::parse(&"é".repeat(256)).is_ok());
    }

    #[test]
    fn what_people_type_in_several_ways_is_the_same() {
        for (text, typed) in [
            ("Zwölftausend", "zwolftausend"),
            ("Straße", "STRASSE"),
            ("İzmir", "izmir"),
            ("Łódź", "lodz"),
            ("Ɓinta", "binta"),
            // With hamza, with madda, with wasla, with vowel signs, with the stroke.
            ("أمينة", "امينه"),
            ("آمال", "امال"),
            ("ٱلهوية", "الهويه"),
            ("مُحَمَّد", "محمد"),
            ("محـــمد", "محمد"),
            ("موسى", "موسي"),
            // Decomposed and composed.
            ("e\u{0301}cole", "école"),
            // With and without the nukta.
            ("क़लम", "कलम"),
        ] {
            assert_eq!(folded(text), folded(typed), "{text}");
        }
        for (one, other) in [("की", "का"), ("कर्म", "करम"), ("a", "b"), ("سلام", "سلم")]
        {
            assert_ne!(folded(one), folded(other), "{one}");
        }
    }

    #[test]
    fn a_picture_is_not_searched() {
        let mut texts = Vec::new();
        let picture = "A".repeat(MAX_SEARCHED_BYTES + 1);
        collect(
            &serde_json::json!({ "a": [picture, "Bo", 7], "b": { "c": "D" } }),
            &mut texts,
        );
        assert_eq!(texts, ["bo", "7", "d"]);
    }
}
