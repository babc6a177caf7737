//! What can be wrong with a row. Nothing here holds a value of the row, nor a name that the schema does not know:
//! reasons are shown to operators, written beside the rejected row and logged.

use core::fmt;

use thiserror::Error;

use super::text::Language;
use crate::record::rows::MAX_ROW_BYTES;

/// Why one row gave no record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RowError {
    /// The row is longer than [`MAX_ROW_BYTES`].
    #[error("longer than {MAX_ROW_BYTES} bytes")]
    TooLong,
    /// The row is not UTF-8.
    #[error("not UTF-8 text")]
    NotUtf8,
    /// The row is not one well-formed JSON value within the budget, or an object names a key twice.
    #[error("not well-formed JSON, nested too deeply, or a key is there twice")]
    NotJson,
    /// The row is JSON but no object.
    #[error("not a JSON object")]
    NotAnObject,
    /// The record stands under `identity`, and a field beside it says something else than the same field inside.
    #[error("the fields inside and beside identity contradict each other")]
    ContradictingEnvelope,
    /// Text before or after a quoted cell.
    #[error("text beside a quoted cell (column {column})")]
    TextBesideQuotes {
        /// Column, from 1.
        column: usize,
    },
    /// A quote is opened and never closed.
    #[error("a quote is opened and not closed (column {column})")]
    UnclosedQuote {
        /// Column, from 1.
        column: usize,
    },
    /// Another number of cells than the header has.
    #[error("{found} cells where the header has {expected}")]
    CellCount {
        /// Columns of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// Fields that are missing or wrong.
    #[error("{0}")]
    Fields(Problems),
}

/// The problems of one row, at most [`Problems::MAX`] of them, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// An operator mends a row in one go with these; a row that is wrong throughout need not be listed throughout.
    pub const MAX: usize = 20;

    pub(super) fn of(mut problems: Vec<Problem>) -> Option<Self> {
        problems.truncate(Self::MAX);
        (!problems.is_empty()).then_some(Self(problems))
    }

    /// Each problem, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

/// One thing that is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{path}: {reason}")]
pub struct Problem {
    /// The field.
    pub path: FieldPath,
    /// What is wrong with it.
    pub reason: Reason,
}

/// Where in a record something is wrong: names that the schema knows, and positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath(Vec<PathPart>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum PathPart {
    Name(String),
    /// A name that the schema does not know comes from the row and is not repeated.
    OtherName,
    Position(usize),
}

impl FieldPath {
    pub(super) fn root() -> Self {
        Self(Vec::new())
    }

    pub(super) fn named(name: &str) -> Self {
        Self::root().then_name(name)
    }

    pub(super) fn then_name(mut self, name: &str) -> Self {
        self.0.push(PathPart::Name(name.to_owned()));
        self
    }

    pub(super) fn then_other_name(mut self) -> Self {
        self.0.push(PathPart::OtherName);
        self
    }

    pub(super) fn then_position(mut self, position: usize) -> Self {
        self.0.push(PathPart::Position(position));
        self
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("record");
        }
        for (index, part) in self.0.iter().enumerate() {
            match part {
                PathPart::Name(name) if index == 0 => f.write_str(name)?,
                PathPart::Name(name) => write!(f, ".{name}")?,
                PathPart::OtherName => f.write_str(if index == 0 {
                    "(another field)"
                } else {
                    ".(another)"
                })?,
                PathPart::Position(position) => write!(f, "[{position}]")?,
            }
        }
        Ok(())
    }
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Reason {
    /// The schema requires the field.
    #[error("missing")]
    Missing,
    /// Another JSON type than the schema wants.
    #[error("another type than {expected}")]
    WrongType {
        /// The types that the schema allows, with "or" between them.
        expected: String,
    },
    /// Fewer characters than the schema wants.
    #[error("shorter than {min} characters")]
    TooShort {
        /// Least number of characters.
        min: u64,
    },
    /// More characters than the schema allows.
    #[error("longer than {max} characters")]
    TooLong {
        /// Greatest number of characters.
        max: u64,
    },
    /// The text does not match the schema's pattern.
    #[error("not written as the schema's pattern says")]
    Pattern,
    /// The value is none of those that the schema lists.
    #[error("none of the values that the schema lists")]
    NotListed,
    /// Fewer entries than the schema wants.
    #[error("fewer than {min} entries")]
    TooFew {
        /// Least number of entries.
        min: u64,
    },
    /// An entry is there twice.
    #[error("an entry is there twice")]
    Repeated,
    /// The schema allows no such member.
    #[error("a member that the schema does not allow")]
    NotAllowed,
    /// Two texts in one language.
    #[error("two texts in language {language}")]
    RepeatedLanguage {
        /// The language.
        language: Language,
    },
    /// Written as a date, but no such day exists.
    #[error("not a day of the calendar")]
    NotADay,
    /// A date that has not come yet.
    #[error("a day in the future")]
    InTheFuture,
    /// Older than anyone ever was (122 years, rounded up).
    #[error("a birth more than {years} years ago")]
    TooLongAgo {
        /// The bound, in years.
        years: u16,
    },
    /// The declaration of death lies before the birth.
    #[error("a death before the birth")]
    BeforeBirth,
    /// The picture is not base64 of a PNG, JPEG or WebP.
    #[error("not a png, jpeg or webp picture")]
    NotAPicture,
    /// The picture is larger than the budget.
    #[error("a picture of more than {max} bytes")]
    PictureTooLarge {
        /// Greatest number of bytes.
        max: usize,
    },
    /// The resident's number is not made of digits.
    #[error("not a resident's number: 1 to 32 digits")]
    NotAUin,
    /// Any other rule of the schema, by its keyword.
    #[error("against the schema's rule {keyword}")]
    Rule {
        /// JSON Schema keyword.
        keyword: &'static str,
    },
}
