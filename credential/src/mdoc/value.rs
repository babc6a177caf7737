//! The values of elements.

use core::fmt;

use serde_json::{Map, Number, Value};
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::encoding::cbor::{Cursor, write};
use thiserror::Error;

/// Tag of a date-time string ([RFC 8949 §3.4.1](https://www.rfc-editor.org/rfc/rfc8949#section-3.4.1)).
pub(super) const TDATE: u64 = 0;
/// Tag of a full date ([RFC 8943](https://www.rfc-editor.org/rfc/rfc8943)).
const FULL_DATE: u64 = 1004;

/// The text is no date, or no point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a date of the form that mdocs have")]
pub struct InvalidDate;

/// A day, `YYYY-MM-DD`.
#[derive(Clone, PartialEq, Eq)]
pub struct FullDate(String);

/// A point in time as RFC 3339 text.
#[derive(Clone, PartialEq, Eq)]
pub struct DateTime(String);

impl FullDate {
    /// Reads `YYYY-MM-DD`; the day must exist.
    ///
    /// # Errors
    /// [`InvalidDate`].
    pub fn parse(text: &str) -> Result<Self, InvalidDate> {
        if text.len() != 10 {
            return Err(InvalidDate);
        }
        UnixTime::parse_rfc3339(&format!("{text}T00:00:00Z")).map_err(|_| InvalidDate)?;
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DateTime {
    /// A second, written in UTC.
    #[must_use]
    pub fn from_time(time: UnixTime) -> Self {
        Self(time.rfc3339())
    }

    /// Reads RFC 3339 text.
    ///
    /// # Errors
    /// [`InvalidDate`].
    pub fn parse(text: &str) -> Result<Self, InvalidDate> {
        UnixTime::parse_rfc3339(text).map_err(|_| InvalidDate)?;
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The value of an element.
#[derive(Clone, PartialEq)]
pub enum ElementValue {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number from zero.
    Unsigned(u64),
    /// The number `-1 - n`.
    Negative(u64),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes, such as a portrait.
    Bytes(Vec<u8>),
    /// A day (tag 1004).
    FullDate(FullDate),
    /// A point in time (tag 0).
    DateTime(DateTime),
    /// Several values, such as driving privileges.
    Array(Vec<Self>),
    /// Values under keys.
    Map(Vec<(Self, Self)>),
    /// A value with another tag.
    Tagged(u64, Box<Self>),
}

/// A JSON number that CBOR has no integer or float for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a number is beyond what an element can hold")]
pub struct NotAnElementValue;

/// Without the value, which is personal data.
impl fmt::Debug for ElementValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ElementValue")
    }
}

impl fmt::Debug for FullDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FullDate")
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DateTime")
    }
}

impl ElementValue {
    /// The value of some JSON. Text stays text: which text is a date or bytes, the caller knows.
    ///
    /// # Errors
    /// [`NotAnElementValue`].
    pub fn from_json(value: &Value) -> Result<Self, NotAnElementValue> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::from_number(number)?,
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::Array(items.iter().map(Self::from_json).collect::<Result<_, _>>()?),
            Value::Object(members) => Self::Map(
                members
                    .iter()
                    .map(|(name, value)| Ok((Self::Text(name.clone()), Self::from_json(value)?)))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }

    fn from_number(number: &Number) -> Result<Self, NotAnElementValue> {
        if let Some(value) = number.as_u64() {
            return Ok(Self::Unsigned(value));
        }
        if let Some(value) = number.as_i64() {
            return Ok(Self::Negative(value.unsigned_abs().saturating_sub(1)));
        }
        match number.as_f64() {
            Some(value) if value.is_finite() => Ok(Self::Float(value)),
            _ => Err(NotAnElementValue),
        }
    }

    /// The value as JSON: bytes as base64url, dates as their text, other tags as what they are around.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Unsigned(value) => Value::from(*value),
            Self::Negative(value) => match i64::try_from(*value) {
                Ok(value) => Value::from(-1 - value),
                Err(_) => Value::from((-1 - i128::from(*value)).to_string()),
            },
            Self::Float(value) => Number::from_f64(*value).map_or(Value::Null, Value::Number),
            Self::Text(text) => Value::from(text.as_str()),
            Self::Bytes(bytes) => Value::from(base64url::encode(bytes)),
            Self::FullDate(date) => Value::from(date.as_str()),
            Self::DateTime(time) => Value::from(time.as_str()),
            Self::Array(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Self::Map(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, value)| (name.to_member_name(), value.to_json()))
                    .collect::<Map<_, _>>(),
            ),
            Self::Tagged(_, value) => value.to_json(),
        }
    }

    fn to_member_name(&self) -> String {
        match self.to_json() {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// Writes the value as CBOR.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => write::null(out),
            Self::Bool(value) => write::boolean(out, *value),
            Self::Unsigned(value) => write::unsigned(out, *value),
            Self::Negative(value) => write::negative(out, *value),
            Self::Float(value) => write::float(out, *value),
            Self::Text(text) => write::text(out, text),
            Self::Bytes(bytes) => write::bytes(out, bytes),
            Self::FullDate(date) => {
                write::tag(out, FULL_DATE);
                write::text(out, date.as_str());
            }
            Self::DateTime(time) => {
                write::tag(out, TDATE);
                write::text(out, time.as_str());
            }
            Self::Array(items) => {
                write::array(out, items.len());
                items.iter().for_each(|item| item.write(out));
            }
            Self::Map(members) => {
                write::map(out, members.len());
                for (name, value) in members {
                    name.write(out);
                    value.write(out);
                }
            }
            Self::Tagged(tag, value) => {
                write::tag(out, *tag);
                value.write(out);
            }
        }
    }

    /// Goes behind the value that is next if [`ElementValue::read`] would read it. Nothing of it is copied.
    pub(super) fn pass(cursor: &mut Cursor<'_>) -> Option<()> {
        if let Some(tag) = cursor.tag() {
            return match tag {
                TDATE => DateTime::parse(cursor.text()?).ok().map(|_| ()),
                FULL_DATE => FullDate::parse(cursor.text()?).ok().map(|_| ()),
                _ => Self::pass(cursor),
            };
        }
        if let Some(length) = cursor.array() {
            return (0..length).try_for_each(|_| Self::pass(cursor));
        }
        if let Some(length) = cursor.map() {
            return (0..length).try_for_each(|_| Self::pass(cursor).and_then(|()| Self::pass(cursor)));
        }
        let is_scalar = cursor.text().is_some()
            || cursor.bytes().is_some()
            || cursor.unsigned().is_some()
            || cursor.negative().is_some()
            || cursor.boolean().is_some()
            || cursor.null().is_some()
            || cursor.float().is_some();
        is_scalar.then_some(())
    }

    /// Reads the value that is next. How deep it may be was checked with the whole.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        if let Some(tag) = cursor.tag() {
            return match tag {
                TDATE => DateTime::parse(cursor.text()?).ok().map(Self::DateTime),
                FULL_DATE => FullDate::parse(cursor.text()?).ok().map(Self::FullDate),
                other => Some(Self::Tagged(other, Box::new(Self::read(cursor)?))),
            };
        }
        if let Some(length) = cursor.array() {
            return (0..length)
                .map(|_| Self::read(cursor))
                .collect::<Option<_>>()
                .map(Self::Array);
        }
        if let Some(length) = cursor.map() {
            return (0..length)
                .map(|_| Some((Self::read(cursor)?, Self::read(cursor)?)))
                .collect::<Option<_>>()
                .map(Self::Map);
        }
        if let Some(text) = cursor.text() {
            return Some(Self::Text(text.to_owned()));
        }
        if let Some(bytes) = cursor.bytes() {
            return Some(Self::Bytes(bytes.to_vec()));
        }
        let number = cursor.unsigned().map(Self::Unsigned);
        let number = number.or_else(|| cursor.negative().map(Self::Negative));
        number
            .or_else(|| cursor.boolean().map(Self::Bool))
            .or_else(|| cursor.null().map(|()| Self::Null))
            .or_else(|| cursor.float().map(Self::Float))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn written(value: &ElementValue) -> Vec<u8> {
        let mut out = Vec::new();
        value.write(&mut out);
        out
    }

    #[test]
    fn json_survives_being_an_element() {
        let value = json!([{"language": "eng", "value": "Asha"}, null, true, -5, 7, 1.5, u64::MAX]);
        let element = ElementValue::from_json(&value).unwrap();
        let bytes = written(&element);
        assert_eq!(
            ElementValue::read(&mut Cursor::of_checked(&bytes)).unwrap(),
            element
        );
        assert_eq!(element.to_json(), value);
    }

    proptest! {
        #[test]
        fn what_is_passed_is_what_would_be_read(
            tag in prop::sample::select(vec![TDATE, FULL_DATE, 24]),
            text in prop::sample::select(vec!["2019-10-20", "2019-02-29", "2019-10-20T00:00:00Z", "x"]),
            simple in 0xe0_u8..=0xf7,
            numbers in prop::collection::vec(any::<i64>(), 0..4),
        ) {
            let mut bytes = Vec::new();
            write::array(&mut bytes, 3);
            write::tag(&mut bytes, tag);
            write::text(&mut bytes, text);
            bytes.push(simple);
            write::map(&mut bytes, numbers.len());
            for number in numbers {
                write::integer(&mut bytes, number);
                write::bytes(&mut bytes, &number.to_be_bytes());
            }
            let (mut passed, mut read) = (Cursor::of_checked(&bytes), Cursor::of_checked(&bytes));
            let is_passed = ElementValue::pass(&mut passed).is_some();
            prop_assert_eq!(is_passed, ElementValue::read(&mut read).is_some());
            prop_assert_eq!(passed.is_at_end(), read.is_at_end());
        }
    }

    #[test]
    fn dates_carry_their_tags_and_exist() {
        let day = ElementValue::FullDate(FullDate::parse("2019-10-20").unwrap());
        assert_eq!(
            written(&day),
            [&[0xd9, 0x03, 0xec, 0x6a], b"2019-10-20".as_slice()].concat()
        );
        let time = ElementValue::DateTime(DateTime::from_time(UnixTime::from_seconds(0)));
        assert_eq!(written(&time)[..2], [0xc0, 0x74]);
        assert_eq!(time.to_json(), json!("1970-01-01T00:00:00Z"));
        for text in ["2019-02-29", "2019-1-01", "20191020", "2019-10-20 "] {
            assert_eq!(FullDate::parse(text), Err(InvalidDate), "{text}");
        }
    }
}
