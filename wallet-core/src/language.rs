//! Choosing the text in the language a person reads.

use serde::{Deserialize, Serialize};

/// The languages a person reads, best first: BCP 47 tags (`fr`, `fr-CA`) or ISO 639-2 codes (`fra`), in any case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Languages(Vec<String>);

impl Languages {
    /// The languages in the order given.
    #[must_use]
    pub fn new<T: Into<String>>(tags: impl IntoIterator<Item = T>) -> Self {
        Self(tags.into_iter().map(Into::into).collect())
    }

    /// The languages as BCP 47 tags in their shortest form, best first. What can be none is left out.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        let is_tag = |tag: &String| {
            (1..=MAX_TAG_CHARACTERS).contains(&tag.len())
                && tag
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let shortest = |tag: &String| {
            let (_, rest) = tag.split_at(tag.find(['-', '_']).unwrap_or(tag.len()));
            format!("{}{}", primary(tag), rest.replace('_', "-"))
        };
        self.0.iter().map(shortest).filter(is_tag).collect()
    }

    /// The entry of `entries` that suits best: one in the first language that any entry has, the exact tag before the same
    /// language of another region; failing that the entry without a language; failing that the first.
    pub fn choose<'a, T>(&self, entries: &'a [T], locale: impl Fn(&T) -> Option<&str>) -> Option<&'a T> {
        let exact = |wanted: &str| {
            entries
                .iter()
                .find(|entry| locale(entry).is_some_and(|tag| tag.eq_ignore_ascii_case(wanted)))
        };
        let same_language = |wanted: &str| {
            let wanted = primary(wanted);
            entries
                .iter()
                .find(|entry| locale(entry).is_some_and(|tag| primary(tag) == wanted))
        };
        self.0
            .iter()
            .find_map(|wanted| exact(wanted).or_else(|| same_language(wanted)))
            .or_else(|| entries.iter().find(|entry| locale(entry).is_none()))
            .or_else(|| entries.first())
    }
}

/// The longest tag that is sent; registered ones are shorter.
const MAX_TAG_CHARACTERS: usize = 35;

/// The primary language of a tag, in its shortest code.
fn primary(tag: &str) -> String {
    let language = tag
        .split(['-', '_'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    THREE_LETTER_CODES
        .iter()
        .find(|(three, _)| *three == language)
        .map_or(language, |(_, two)| (*two).to_owned())
}

/// ID systems write ISO 639-2 codes, OpenID4VCI metadata BCP 47 tags. These are the languages with both in the countries
/// that run such systems; any other code is compared as it stands.
const THREE_LETTER_CODES: &[(&str, &str)] = &[
    ("amh", "am"),
    ("ara", "ar"),
    ("asm", "as"),
    ("ben", "bn"),
    ("deu", "de"),
    ("ell", "el"),
    ("eng", "en"),
    ("ewe", "ee"),
    ("fas", "fa"),
    ("fra", "fr"),
    ("ful", "ff"),
    ("guj", "gu"),
    ("hau", "ha"),
    ("hin", "hi"),
    ("ibo", "ig"),
    ("ind", "id"),
    ("ita", "it"),
    ("kan", "kn"),
    ("khm", "km"),
    ("kin", "rw"),
    ("lao", "lo"),
    ("lin", "ln"),
    ("lug", "lg"),
    ("mal", "ml"),
    ("mar", "mr"),
    ("mlg", "mg"),
    ("mya", "my"),
    ("nep", "ne"),
    ("nld", "nl"),
    ("ori", "or"),
    ("orm", "om"),
    ("pan", "pa"),
    ("por", "pt"),
    ("pus", "ps"),
    ("rus", "ru"),
    ("sin", "si"),
    ("sna", "sn"),
    ("som", "so"),
    ("spa", "es"),
    ("swa", "sw"),
    ("tam", "ta"),
    ("tel", "te"),
    ("tgl", "tl"),
    ("tha", "th"),
    ("tir", "ti"),
    ("tur", "tr"),
    ("urd", "ur"),
    ("vie", "vi"),
    ("wol", "wo"),
    ("yor", "yo"),
    ("zho", "zh"),
    ("zul", "zu"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen<'a>(languages: &[&str], tags: &'a [Option<&'a str>]) -> Option<&'a str> {
        Languages::new(languages.iter().copied())
            .choose(tags, |tag| *tag)
            .copied()
            .flatten()
    }

    #[test]
    fn the_first_language_that_exists_wins() {
        let tags = [Some("en"), Some("fr-CA"), Some("fr"), Some("ar")];
        assert_eq!(chosen(&["fr", "en"], &tags), Some("fr"));
        assert_eq!(chosen(&["FR-ca"], &tags), Some("fr-CA"));
        assert_eq!(chosen(&["hi", "ara"], &tags), Some("ar"));
        assert_eq!(chosen(&["fr-BE"], &tags), Some("fr-CA"));
    }

    #[test]
    fn tags_are_written_as_bcp_47_has_them() {
        let languages = Languages::new(["fra", "ar_EG", "zh-Hant-TW", "not a tag", "", "hin"]);
        assert_eq!(languages.tags(), ["fr", "ar-EG", "zh-Hant-TW", "hi"]);
    }

    #[test]
    fn without_a_common_language_the_default_is_shown() {
        assert_eq!(chosen(&["hi"], &[Some("en"), None]), None);
        assert_eq!(chosen(&["hi"], &[Some("en"), Some("fr")]), Some("en"));
        assert_eq!(chosen(&["hi"], &[]), None);
    }
}
