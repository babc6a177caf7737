//! The foundational ID record: reading it leniently, keeping it whole.
//!
//! A record is a list of named fields that a country chooses; [`RecordSchema`] says which there are and how each is
//! checked. [`RecordSchema::read`] mends the shapes that real deployments produce and turns what is left into an
//! [`IdRecord`] or into typed problems, each with the field it is about and never with what the field holds.
//! [`RowReader`] does the same for every row of an NDJSON or CSV file.
//!
//! Shapes that are mended, everywhere:
//!
//! | found | kept as |
//! |---|---|
//! | the record nested under `identity` | its fields, then the fields beside it |
//! | `"null"` or `null` for a field that the schema names | the field is left out |
//! | one object where the schema wants texts by language | a list of that one |
//! | `{"value": …, "lang": …}` | `{"language": …, "value": …}` |
//! | a date as `dd-MM-yyyy` or `yyyy-MM-dd` | `yyyy/MM/dd` |
//! | a picture as bare base64, or with a wrong or an old media type | a data URI with the type that its bytes have |
//! | `UIN` as a number | a string |
//!
//! Fields that the schema does not name are kept exactly as they came, in their order.

mod csv;
mod date;
mod mend;
mod problem;
mod rows;
mod schema;
mod text;
mod uin;
mod vid;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

pub use date::{CalendarDate, NotADate};
pub use problem::{FieldPath, Problem, Problems, Reason, RowError};
pub use rows::{MAX_ROW_BYTES, ReadError, RejectedRow, Row, RowFormat, RowReader};
pub use schema::{RecordSchema, SchemaError};
pub use text::{Language, LanguageText, NotALanguage};
pub use uin::{NotAUin, Uin};
pub use vid::{NotAVid, VID_DIGITS, Vid};

/// One resident's record, checked against a [`RecordSchema`] when it was read.
///
/// Every field is kept, also those that this suite does not know, in the order in which they came. The typed
/// accessors answer `None` where a field is missing or of another shape: which fields there are is the country's
/// choice.
///
/// Personal data: there is no `Display`, and `Debug` shows the names of the fields alone.
#[derive(Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct IdRecord {
    fields: Map<String, Value>,
    #[serde(skip)]
    uin: Uin,
}

impl IdRecord {
    /// Field that holds the resident's number, in every schema.
    pub const UIN_FIELD: &'static str = "UIN";
    /// Field that holds the virtual identifiers that stand for the number: one, or a list of them.
    pub const VID_FIELD: &'static str = "VID";
    /// Field that holds the face, in the default schema.
    pub const FACE_FIELD: &'static str = "face";

    fn from_fields(fields: Map<String, Value>) -> Option<Self> {
        let uin = Uin::parse(fields.get(Self::UIN_FIELD)?.as_str()?).ok()?;
        Some(Self { fields, uin })
    }

    /// The resident's number.
    #[must_use]
    pub fn uin(&self) -> &Uin {
        &self.uin
    }

    /// The virtual identifiers under which the resident may be found beside the number. What is no virtual identifier is
    /// left out, and so is whatever comes after [`MAX_VIDS`].
    pub fn vids(&self) -> impl Iterator<Item = Vid> {
        let field = self.fields.get(Self::VID_FIELD);
        let one = field.and_then(Value::as_str);
        let several = field.and_then(Value::as_array).into_iter().flatten();
        one.into_iter()
            .chain(several.filter_map(Value::as_str))
            .filter_map(|text| Vid::parse(text).ok())
            .take(MAX_VIDS)
    }

    /// All fields as they are stored and exported.
    #[must_use]
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// One field as it is stored.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// A field that is one plain text.
    #[must_use]
    pub fn string(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }

    /// A field whose text comes in languages.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<LanguageText<'_>> {
        LanguageText::of(self.fields.get(name)?)
    }

    /// A field that is a date.
    #[must_use]
    pub fn date(&self, name: &str) -> Option<CalendarDate> {
        CalendarDate::parse(self.string(name)?).ok()
    }

    /// `fullName`.
    #[must_use]
    pub fn full_name(&self) -> Option<LanguageText<'_>> {
        self.text("fullName")
    }

    /// `dateOfBirth`.
    #[must_use]
    pub fn date_of_birth(&self) -> Option<CalendarDate> {
        self.date("dateOfBirth")
    }

    /// The language the resident wants to be addressed in: `preferredLang`, else the first language of the name.
    #[must_use]
    pub fn preferred_language(&self) -> Option<Language> {
        match self.string("preferredLang") {
            Some(language) => Language::parse(language).ok(),
            None => self.full_name()?.languages().next(),
        }
    }

    /// The bytes and media type of a picture that a field holds as a data URI.
    #[must_use]
    pub fn picture(&self, name: &str) -> Option<(PictureType, Vec<u8>)> {
        mend::picture_bytes(self.string(name)?)
    }

    /// Whether the register knows the resident as living: a deceased holder's credentials are revoked, and none are
    /// issued.
    #[must_use]
    pub fn vital_status(&self) -> VitalStatus {
        match self.string("declaredAsDeceased") {
            Some("Y") => VitalStatus::Deceased,
            _ => VitalStatus::Living,
        }
    }

    /// A copy with `name` set to `value`, for instance a face that was drawn or scaled after the record was read.
    #[must_use]
    pub fn with_field(mut self, name: &str, value: Value) -> Self {
        if name != Self::UIN_FIELD {
            self.fields.insert(name.to_owned(), value);
        }
        self
    }
}

/// The most virtual identifiers of one record: a perpetual one and some that end sooner.
pub const MAX_VIDS: usize = 8;

impl core::fmt::Debug for IdRecord {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.fields.keys()).finish()
    }
}

/// Reads a record that this suite stored. Data from outside goes through [`RecordSchema::read`].
impl<'de> Deserialize<'de> for IdRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_fields(Map::deserialize(deserializer)?)
            .ok_or_else(|| serde::de::Error::custom("a stored record without a resident's number"))
    }
}

/// What the register says about the resident's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VitalStatus {
    /// Not declared as deceased.
    Living,
    /// `declaredAsDeceased` is `Y`.
    Deceased,
}

/// Picture formats that a record may hold and that every later step can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureType {
    /// `image/png`
    Png,
    /// `image/jpeg`
    Jpeg,
    /// `image/webp`
    WebP,
}

impl PictureType {
    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
        }
    }

    /// The type that the first bytes of a file announce.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            _ => None,
        }
    }
}
