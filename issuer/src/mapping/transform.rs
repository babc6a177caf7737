//! What may become of a value: a closed list.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::MappingError;
use super::file::CredentialFile;
use super::picture::{FitPicture, PictureDoesNotFit, data_uri, jpeg};
use super::privileges::driving_privileges;
use super::value::MappedValue;
use crate::record::{CalendarDate, IdRecord, Language, LanguageText, PictureType};

/// What becomes of a value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Transform {
    /// As it is.
    Text,
    /// `yyyy/MM/dd` becomes a day: `yyyy-MM-dd`, in an mdoc a full date.
    DateIso,
    /// `yyyy/MM/dd` becomes `yyyyMMdd`; for cards.
    DateCompact,
    /// Whether the resident is at least so many years old on the day of issuance.
    AgeOver(u16),
    /// How many years old the resident is on the day of issuance.
    AgeInYears,
    /// The year of a date.
    Year,
    /// The fields that are there, one line each; in all languages, one text for each language that any field has.
    JoinLines,
    /// This text, whatever the record says.
    Constant(String),
    /// The day of issuance.
    IssueDate,
    /// The day on which the credential expires.
    ExpiryDate,
    /// A code becomes its label from `[codes.table]`; any other value stays.
    CodeToLabel(String),
    /// A code becomes its number from `[numbers.table]`; any other value is left out.
    CodeToNumber(String),
    /// A data URI of at most so many characters, scaled down where larger.
    #[serde(rename_all = "kebab-case")]
    PictureDataUri {
        /// The most characters.
        max_bytes: usize,
    },
    /// The bytes of a JPEG of at most so many bytes, made from another picture and scaled down where needed. For mdocs.
    #[serde(rename_all = "kebab-case")]
    PictureJpeg {
        /// The most bytes.
        max_bytes: usize,
    },
    /// A list of `{category, issueDate, expiryDate, codes}` becomes the driving privileges of ISO/IEC 18013-5 §7.2.4. For
    /// mdocs.
    DrivingPrivileges,
}

/// Which text of a field that carries languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LanguageChoice {
    /// The record's preferred language, else its first.
    Preferred,
    /// Every language, as an array of `{language, value}`.
    All,
    /// This language, else as [`LanguageChoice::Preferred`].
    One(Language),
}

impl<'de> Deserialize<'de> for LanguageChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "preferred" => Ok(Self::Preferred),
            "all" => Ok(Self::All),
            code => Language::parse(code)
                .map(Self::One)
                .map_err(|_| D::Error::custom("a language is \"preferred\", \"all\" or an ISO 639-3 code")),
        }
    }
}

/// Who decides whether a verifier sees a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disclosure {
    /// The holder, each time.
    Selectable,
    /// Nobody: every verifier does.
    Always,
}

/// Whether a record without a value gets the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// No value, no credential.
    Required,
    /// No value, no claim.
    Optional,
}

/// What a value is made with.
pub(super) struct Context<'a> {
    pub(super) record: &'a IdRecord,
    pub(super) file: &'a CredentialFile,
    /// The day on which ages are told.
    pub(super) today: CalendarDate,
    /// The day of issuance, as the credential carries it.
    pub(super) issued: CalendarDate,
    /// The day on which it expires.
    pub(super) expires: CalendarDate,
    pub(super) pictures: &'a dyn FitPicture,
}

/// Where a value comes from and what becomes of it; the same for claims and cards.
pub(super) struct Rule<'a> {
    pub(super) name: String,
    pub(super) source: &'a [String],
    pub(super) language: Option<LanguageChoice>,
    pub(super) transform: &'a Transform,
}

impl Context<'_> {
    /// The value of a rule, or `None` when the record has none.
    pub(super) fn value(&self, rule: &Rule<'_>) -> Result<Option<MappedValue>, MappingError> {
        let date = || self.date(rule);
        match rule.transform {
            Transform::Text => self.text_value(rule),
            Transform::DateIso => Ok(date()?.map(MappedValue::Date)),
            Transform::DateCompact => Ok(date()?.map(|date| MappedValue::Text(date.compact()))),
            Transform::AgeOver(years) => {
                Ok(date()?.map(|date| MappedValue::Bool(date.age_on(self.today) >= *years)))
            }
            Transform::AgeInYears => {
                Ok(date()?.map(|date| MappedValue::Number(date.age_on(self.today).into())))
            }
            Transform::Year => Ok(date()?.map(|date| MappedValue::Number(date.year().unsigned_abs().into()))),
            Transform::JoinLines => self.joined(rule),
            Transform::Constant(text) => Ok(Some(MappedValue::Text(text.clone()))),
            Transform::IssueDate => Ok(Some(MappedValue::Date(self.issued))),
            Transform::ExpiryDate => Ok(Some(MappedValue::Date(self.expires))),
            Transform::CodeToLabel(table) => {
                let code = self.single(rule, rule.first_source())?;
                Ok(code.map(|code| MappedValue::Text(self.label(table, &code, rule.language))))
            }
            Transform::CodeToNumber(table) => {
                let code = self.single(rule, rule.first_source())?;
                let number = code.and_then(|code| self.file.numbers.get(table)?.get(&code).copied());
                Ok(number.map(|number| MappedValue::Number(number.into())))
            }
            Transform::PictureDataUri { max_bytes } => self.picture(rule, *max_bytes, |kind, bytes| {
                data_uri(self.pictures, kind, bytes, *max_bytes).map(MappedValue::Text)
            }),
            Transform::PictureJpeg { max_bytes } => self.picture(rule, *max_bytes, |kind, bytes| {
                jpeg(self.pictures, kind, bytes, *max_bytes).map(MappedValue::Bytes)
            }),
            Transform::DrivingPrivileges => {
                let found = self.present(rule.first_source());
                found
                    .map(|found| driving_privileges(found).ok_or_else(|| rule.wrong_shape()))
                    .transpose()
            }
        }
    }

    fn picture(
        &self,
        rule: &Rule<'_>,
        max_bytes: usize,
        bring: impl FnOnce(PictureType, &[u8]) -> Result<MappedValue, PictureDoesNotFit>,
    ) -> Result<Option<MappedValue>, MappingError> {
        let Some(found) = self.present(rule.first_source()) else {
            return Ok(None);
        };
        if !found.is_string() {
            return Err(rule.wrong_shape());
        }
        let (kind, bytes) = self
            .record
            .picture(rule.first_source())
            .ok_or_else(|| rule.wrong_shape())?;
        bring(kind, &bytes)
            .map(Some)
            .map_err(|_| MappingError::PictureTooLarge {
                claim: rule.name.clone(),
                max_bytes,
            })
    }

    fn text_value(&self, rule: &Rule<'_>) -> Result<Option<MappedValue>, MappingError> {
        let field = rule.first_source();
        if rule.language != Some(LanguageChoice::All) {
            return Ok(self.single(rule, field)?.map(MappedValue::Text));
        }
        let Some(_) = self.present(field) else {
            return Ok(None);
        };
        let text = self.record.text(field).ok_or_else(|| rule.wrong_shape())?;
        let all: Vec<(Language, String)> = text
            .iter()
            .map(|(language, value)| (language, value.to_owned()))
            .collect();
        Ok((!all.is_empty()).then_some(MappedValue::Languages(all)))
    }

    fn joined(&self, rule: &Rule<'_>) -> Result<Option<MappedValue>, MappingError> {
        if rule.language == Some(LanguageChoice::All) {
            return self.joined_in_all(rule);
        }
        let mut lines = Vec::with_capacity(rule.source.len());
        for field in rule.source {
            if let Some(line) = self.single(rule, field)? {
                lines.push(one_line(&line));
            }
        }
        Ok((!lines.is_empty()).then(|| MappedValue::Text(lines.join("\n"))))
    }

    /// The lines in every language that any of the fields has. A field without languages, such as a postal code, is a line of
    /// each.
    fn joined_in_all(&self, rule: &Rule<'_>) -> Result<Option<MappedValue>, MappingError> {
        let mut texts: Vec<LanguageText<'_>> = Vec::new();
        for field in rule.source {
            match self.present(field) {
                None | Some(Value::String(_)) => {}
                Some(_) => texts.push(self.record.text(field).ok_or_else(|| rule.wrong_shape())?),
            }
        }
        let mut languages: Vec<Language> = Vec::new();
        for language in texts.iter().flat_map(|text| text.languages()) {
            if !languages.contains(&language) {
                languages.push(language);
            }
        }
        let lines = |language: Language| {
            let lines: Vec<String> = rule
                .source
                .iter()
                .filter_map(|field| match self.present(field)? {
                    Value::String(plain) => Some(plain.as_str()),
                    _ => self.record.text(field)?.in_language(language),
                })
                .filter(|line| !line.is_empty())
                .map(one_line)
                .collect();
            (language, lines.join("\n"))
        };
        let all: Vec<(Language, String)> = languages.into_iter().map(lines).collect();
        Ok((!all.is_empty()).then_some(MappedValue::Languages(all)))
    }

    /// One text of a field, in the language that the rule chooses when the field carries languages.
    fn single(&self, rule: &Rule<'_>, field: &str) -> Result<Option<String>, MappingError> {
        let Some(found) = self.present(field) else {
            return Ok(None);
        };
        if let Some(text) = found.as_str() {
            return Ok(Some(text.to_owned()));
        }
        let text = self.record.text(field).ok_or_else(|| rule.wrong_shape())?;
        Ok(self
            .chosen(text, rule.language)
            .filter(|text| !text.is_empty())
            .map(str::to_owned))
    }

    fn chosen<'t>(&self, text: LanguageText<'t>, choice: Option<LanguageChoice>) -> Option<&'t str> {
        text.preferring(&self.wanted(choice))
    }

    fn wanted(&self, choice: Option<LanguageChoice>) -> Vec<Language> {
        let preferred = self.record.preferred_language();
        match choice {
            Some(LanguageChoice::One(language)) => {
                [Some(language), preferred].into_iter().flatten().collect()
            }
            _ => preferred.into_iter().collect(),
        }
    }

    fn label(&self, table: &str, code: &str, choice: Option<LanguageChoice>) -> String {
        let Some(labels) = self.file.codes.get(table).and_then(|table| table.get(code)) else {
            return code.to_owned();
        };
        let mut wanted = self.wanted(choice);
        wanted.push(Language::ENGLISH);
        let label = wanted
            .iter()
            .find_map(|language| labels.get(language.as_str()))
            .or_else(|| labels.values().next());
        label.map_or_else(|| code.to_owned(), Clone::clone)
    }

    fn date(&self, rule: &Rule<'_>) -> Result<Option<CalendarDate>, MappingError> {
        let field = rule.first_source();
        if self.present(field).is_none() {
            return Ok(None);
        }
        self.record
            .date(field)
            .map(Some)
            .ok_or_else(|| rule.wrong_shape())
    }

    /// A field that is there and says something.
    fn present(&self, field: &str) -> Option<&Value> {
        self.record
            .field(field)
            .filter(|value| !value.is_null() && value.as_str() != Some(""))
    }
}

/// A field must not add lines of its own.
fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).collect::<Vec<_>>().join(" ")
}

impl Rule<'_> {
    fn first_source(&self) -> &str {
        self.source.first().map_or("", String::as_str)
    }

    fn wrong_shape(&self) -> MappingError {
        MappingError::WrongShape {
            claim: self.name.clone(),
        }
    }
}
