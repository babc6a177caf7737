//! The texts of pages and messages, in the languages that a server ships and those that an operator adds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

/// The language that every text exists in.
const ENGLISH: &str = "en";

/// The largest file of an operator's, in bytes; the shipped ones have a tenth of that.
const MAX_FILE_BYTES: u64 = 256 << 10;

/// All languages. English is complete, and stands in for what another lacks.
#[derive(Debug, Clone)]
pub struct Translations {
    english: Translation,
    others: BTreeMap<String, Translation>,
}

/// One language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// Its tag ([BCP 47](https://www.rfc-editor.org/info/bcp47)).
    pub tag: String,
    /// Its name, in the language itself.
    pub name: String,
    /// How it is read.
    pub direction: Direction,
    /// The texts by key.
    pub texts: BTreeMap<String, String>,
}

/// From which side a language is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the left.
    Ltr,
    /// From the right.
    Rtl,
}

impl Direction {
    /// As HTML writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ltr => "ltr",
            Self::Rtl => "rtl",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    language: String,
    direction: Direction,
    texts: BTreeMap<String, String>,
}

/// Why a file of texts was refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TranslationsError {
    /// The folder or a file cannot be read, or is too large.
    #[error("cannot read {path}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// No TOML of the expected form.
    #[error("{name}: {source}")]
    Syntax {
        /// Which file.
        name: String,
        /// Where and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// The file's name is no language tag.
    #[error("{name} is not named by a language tag, such as sw.toml or pt-BR.toml")]
    Tag {
        /// Which file.
        name: String,
    },
    /// A text that nothing shows.
    #[error("{name}: there is no text {key}")]
    UnknownText {
        /// Which file.
        name: String,
        /// Which text.
        key: String,
    },
    /// A text with a name in braces that nothing fills in.
    #[error("{name}: {key} has a name in braces that its English text does not have")]
    UnknownName {
        /// Which file.
        name: String,
        /// Which text.
        key: String,
    },
}

impl Translations {
    /// The languages that a server ships, each a tag and the text of its file. English is one of them.
    ///
    /// # Errors
    /// [`TranslationsError`], naming the tag.
    pub fn new(shipped: &[(&'static str, &'static str)]) -> Result<Self, TranslationsError> {
        let mut english = Translation {
            tag: ENGLISH.to_owned(),
            name: String::new(),
            direction: Direction::Ltr,
            texts: BTreeMap::new(),
        };
        let mut others = BTreeMap::new();
        for (tag, text) in shipped {
            let file = read(tag, text)?;
            let translation = Translation {
                tag: (*tag).to_owned(),
                name: file.language,
                direction: file.direction,
                texts: file.texts,
            };
            if *tag == ENGLISH {
                english = translation;
            } else {
                others.insert((*tag).to_owned(), translation);
            }
        }
        for (tag, translation) in &others {
            check(&translation.texts, &english, tag)?;
        }
        Ok(Self { english, others })
    }

    /// The same with the files of a folder: languages that are not shipped, and other words for those that are.
    ///
    /// # Errors
    /// [`TranslationsError`], naming the file.
    pub fn with_folder(mut self, folder: &Path) -> Result<Self, TranslationsError> {
        let unreadable = |path: &Path, source| TranslationsError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let entries = std::fs::read_dir(folder).map_err(|source| unreadable(folder, source))?;
        let mut paths = BTreeSet::new();
        for entry in entries {
            paths.insert(entry.map_err(|source| unreadable(folder, source))?.path());
        }
        for path in paths {
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let tag = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .filter(|tag| is_tag(tag));
            let tag = tag
                .ok_or_else(|| TranslationsError::Tag { name: name.clone() })?
                .to_owned();
            let size = std::fs::metadata(&path)
                .map_err(|source| unreadable(&path, source))?
                .len();
            if size > MAX_FILE_BYTES {
                let source = std::io::Error::from(std::io::ErrorKind::FileTooLarge);
                return Err(unreadable(&path, source));
            }
            let text = std::fs::read_to_string(&path).map_err(|source| unreadable(&path, source))?;
            self.add(&tag, read(&name, &text)?, &name)?;
        }
        Ok(self)
    }

    fn add(&mut self, tag: &str, file: File, name: &str) -> Result<(), TranslationsError> {
        check(&file.texts, &self.english, name)?;
        let translation = if tag == ENGLISH {
            &mut self.english
        } else {
            self.others.entry(tag.to_owned()).or_insert_with(|| Translation {
                tag: tag.to_owned(),
                name: String::new(),
                direction: file.direction,
                texts: BTreeMap::new(),
            })
        };
        translation.name = file.language;
        translation.direction = file.direction;
        translation.texts.extend(file.texts);
        Ok(())
    }

    /// All languages, English first.
    pub fn all(&self) -> impl Iterator<Item = &Translation> {
        core::iter::once(&self.english).chain(self.others.values())
    }

    /// The tags of all languages.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        self.all().map(|language| language.tag.clone()).collect()
    }

    /// English.
    #[must_use]
    pub const fn english(&self) -> &Translation {
        &self.english
    }

    /// The language of a tag: exactly, else of the same primary language ([RFC 4647 §3.4]).
    ///
    /// [RFC 4647 §3.4]: https://www.rfc-editor.org/rfc/rfc4647#section-3.4
    #[must_use]
    pub fn matching(&self, tag: &str) -> Option<&Translation> {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let exact = self.all().find(|own| own.tag.eq_ignore_ascii_case(tag));
        exact.or_else(|| self.all().find(|own| primary(&own.tag) == primary(tag)))
    }

    /// A text of a language, with what its names in braces stand for. What is filled in is set apart, so that a name in one
    /// script does not turn the sentence around it in another ([Unicode TR 9 §2.5]).
    ///
    /// [Unicode TR 9 §2.5]: https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates
    #[must_use]
    pub fn text(&self, language: &Translation, key: &str, values: &[(&str, &str)]) -> String {
        self.fill(language, key, values, Isolation::Isolated)
    }

    /// The same for a message, whose reader may be a telephone that shows marks of direction as boxes.
    #[must_use]
    pub fn message(&self, language: &Translation, key: &str, values: &[(&str, &str)]) -> String {
        self.fill(language, key, values, Isolation::Plain)
    }

    fn fill(
        &self,
        language: &Translation,
        key: &str,
        values: &[(&str, &str)],
        isolation: Isolation,
    ) -> String {
        let text = language.texts.get(key).or_else(|| self.english.texts.get(key));
        let mut rest = text.map_or(key, String::as_str);
        let mut filled = String::new();
        // In one pass: what is filled in is never looked at for names again.
        while let Some((before, from_name)) = rest.split_once('{') {
            let Some((name, after)) = from_name.split_once('}') else {
                break;
            };
            filled.push_str(before);
            if let Some((_, value)) = values.iter().find(|(own, _)| *own == name) {
                match isolation {
                    Isolation::Plain => filled.push_str(value),
                    Isolation::Isolated => {
                        filled.push('\u{2068}');
                        filled.push_str(value);
                        filled.push('\u{2069}');
                    }
                }
            }
            rest = after;
        }
        filled.push_str(rest);
        filled
    }
}

#[derive(Clone, Copy)]
enum Isolation {
    Plain,
    Isolated,
}

fn read(name: &str, text: &str) -> Result<File, TranslationsError> {
    toml::from_str(text).map_err(|error| TranslationsError::Syntax {
        name: name.to_owned(),
        source: Box::new(error),
    })
}

fn check(
    texts: &BTreeMap<String, String>,
    english: &Translation,
    name: &str,
) -> Result<(), TranslationsError> {
    for (key, text) in texts {
        let Some(model) = english.texts.get(key) else {
            return Err(TranslationsError::UnknownText {
                name: name.to_owned(),
                key: key.clone(),
            });
        };
        if !names(text).is_subset(&names(model)) {
            return Err(TranslationsError::UnknownName {
                name: name.to_owned(),
                key: key.clone(),
            });
        }
    }
    Ok(())
}

/// The names in braces of a text.
pub(crate) fn names(text: &str) -> BTreeSet<&str> {
    text.split('{')
        .skip(1)
        .map(|part| part.split_once('}').map_or(part, |(name, _)| name))
        .collect()
}

fn is_tag(text: &str) -> bool {
    let part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.split('-').all(part) && text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests;
