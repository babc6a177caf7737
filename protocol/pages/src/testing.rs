//! What the tests of every server ask of its languages.

use crate::translations::{Translations, names};

/// Panics unless every language has every English text, with the same names in braces, in words of its own. At most `alike` texts of a
/// language may read as in English: titles made of names, and words that both languages have.
#[expect(clippy::panic, reason = "a failed check of a test")]
pub fn assert_complete(translations: &Translations, alike: usize) {
    let english = translations.english();
    for language in translations.all() {
        for (key, model) in &english.texts {
            let Some(text) = language.texts.get(key) else {
                panic!("{} lacks {key}", language.tag);
            };
            assert_eq!(names(text), names(model), "{} {key}", language.tag);
            assert!(!text.trim().is_empty(), "{} {key} is empty", language.tag);
        }
        if language.tag != english.tag {
            let same: Vec<_> = language
                .texts
                .iter()
                .filter(|(key, text)| english.texts.get(*key) == Some(*text))
                .collect();
            assert!(same.len() <= alike, "{} is English: {same:?}", language.tag);
        }
    }
}
