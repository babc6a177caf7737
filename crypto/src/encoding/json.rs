//! JSON with a budget ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)). Whatever is signed or decides something is
//! read through here: two readers must not see two values in one text.

use std::fmt;

use serde::Deserialize as _;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use thiserror::Error;

/// 2⁶³: below it in magnitude no integer is rounded to a float by the reader.
const FIRST_NUMBER_BEYOND_64_BITS: f64 = 9_223_372_036_854_775_808.0;

/// The name under which `serde_json` hands a number of arbitrary precision to a visitor.
const ARBITRARY_NUMBER: &str = "$serde_json::private::Number";

/// Room for the members of a header or payload as it usually is.
const USUAL_MEMBERS: usize = 16;

/// What a text may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonBudget {
    /// Length of the text, in bytes.
    pub bytes: usize,
    /// Objects and arrays within each other.
    pub depth: usize,
    /// Members and elements in all.
    pub items: usize,
}

impl JsonBudget {
    /// Enough for every signed header, metadata document and credential payload of the suite.
    pub const DEFAULT: Self = Self {
        bytes: 1 << 20,
        depth: 32,
        items: 20_000,
    };
    /// Enough for a protocol message that anybody may send.
    pub const MESSAGE: Self = Self {
        bytes: 256 << 10,
        depth: 24,
        items: 8_000,
    };
}

/// Why a text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JsonError {
    /// Longer, deeper or with more items than the budget allows.
    #[error("the JSON text is over its budget")]
    OverBudget,
    /// Not JSON, a duplicate member, or something behind the value.
    #[error("not JSON as it must be at byte {position}")]
    Malformed {
        /// About where.
        position: usize,
    },
    /// JSON, but not of the type expected.
    #[error("the JSON value does not have the shape expected")]
    WrongShape,
}

/// Reads a value: one value, no duplicate members, nothing behind it, within `budget`.
///
/// # Errors
/// [`JsonError`].
pub fn parse_value(bytes: &[u8], budget: JsonBudget) -> Result<Value, JsonError> {
    if bytes.len() > budget.bytes {
        return Err(JsonError::OverBudget);
    }
    let mut items = budget.items;
    let mut over = false;
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let seed = StrictValue {
        is_outermost: true,
        depth: budget.depth,
        items: &mut items,
        over: &mut over,
    };
    let value = seed.deserialize(&mut deserializer);
    let value = match value {
        Ok(value) => value,
        Err(_) if over => return Err(JsonError::OverBudget),
        Err(error) => {
            return Err(JsonError::Malformed {
                position: position(bytes, &error),
            });
        }
    };
    deserializer.end().map_err(|error| JsonError::Malformed {
        position: position(bytes, &error),
    })?;
    Ok(value)
}

/// Reads a value of a type. The strict reading comes first, so that no duplicate member is resolved silently.
///
/// # Errors
/// [`JsonError`].
pub fn parse<T: DeserializeOwned>(bytes: &[u8], budget: JsonBudget) -> Result<T, JsonError> {
    serde_json::from_value(parse_value(bytes, budget)?).map_err(|_| JsonError::WrongShape)
}

fn position(bytes: &[u8], error: &serde_json::Error) -> usize {
    let before: usize = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .take(error.line().saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    before.saturating_add(error.column()).min(bytes.len())
}

struct StrictValue<'b> {
    is_outermost: bool,
    depth: usize,
    items: &'b mut usize,
    over: &'b mut bool,
}

impl StrictValue<'_> {
    fn spend<E: serde::de::Error>(&mut self) -> Result<(), E> {
        match self.items.checked_sub(1) {
            Some(left) => {
                *self.items = left;
                Ok(())
            }
            None => {
                *self.over = true;
                Err(E::custom("too many items"))
            }
        }
    }

    /// How many members to make room for: the outermost object is mostly the largest.
    const fn room(&self) -> usize {
        if self.is_outermost { USUAL_MEMBERS } else { 0 }
    }

    fn below<E: serde::de::Error>(&mut self) -> Result<StrictValue<'_>, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(StrictValue {
                is_outermost: false,
                depth,
                items: self.items,
                over: self.over,
            }),
            None => {
                *self.over = true;
                Err(E::custom("too deep"))
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for StrictValue<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // An integer beyond 64 bits arrives here rounded; another reader would see another number in the same text.
        if value.abs() >= FIRST_NUMBER_BEYOND_64_BITS {
            return Err(E::custom("a number that does not fit"));
        }
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut sequence: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        loop {
            let next = sequence.next_element_seed(self.below()?)?;
            let Some(value) = next else {
                return Ok(Value::Array(array));
            };
            self.spend()?;
            array.push(value);
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::with_capacity(self.room());
        while let Some(name) = map.next_key_seed(NameSeed)? {
            let name = match name {
                Name::OfNumber => {
                    let text = map.next_value::<String>()?;
                    return number_from_text(&text)
                        .ok_or_else(|| A::Error::custom("a number that does not fit"));
                }
                // Later readers of the value would take the object for a number.
                Name::Written(name) if name == ARBITRARY_NUMBER => {
                    return Err(A::Error::custom("a member with a reserved name"));
                }
                Name::Written(name) => name,
            };
            self.spend()?;
            let value = map.next_value_seed(self.below()?)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("duplicate member"));
            }
        }
        Ok(Value::Object(object))
    }
}

/// A number from its text, as the reader gives it without `arbitrary_precision`.
fn number_from_text(text: &str) -> Option<Value> {
    if let Ok(number) = text.parse::<u64>() {
        return Some(Value::Number(number.into()));
    }
    match text.parse::<i64>() {
        // `-0` is a float, since no integer is it.
        Ok(0) => return Number::from_f64(-0.0).map(Value::Number),
        Ok(number) => return Some(Value::Number(number.into())),
        Err(_) => {}
    }
    let number = text.parse::<f64>().ok()?;
    if number.abs() >= FIRST_NUMBER_BEYOND_64_BITS {
        return None;
    }
    Number::from_f64(number).map(Value::Number)
}

/// The name of a member.
enum Name {
    /// As the text has it.
    Written(String),
    /// No name: `serde_json/arbitrary_precision`, which a crate anywhere in the build may raise, hands over a number as
    /// a map of one member.
    OfNumber,
}

/// Tells the two kinds of names apart: an optional name exists where the text has one, and the one that stands for a
/// number is a string however it is asked for.
struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Name;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_some<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        String::deserialize(deserializer).map(Name::Written)
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Name, E> {
        if name == ARBITRARY_NUMBER {
            Ok(Name::OfNumber)
        } else {
            Err(E::custom("a name that is none"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn strict(text: &str) -> Result<Value, JsonError> {
        parse_value(text.as_bytes(), JsonBudget::DEFAULT)
    }

    #[test]
    fn refuses_a_duplicate_member_at_any_level() {
        assert!(matches!(
            strict(r#"{"a":1,"a":1}"#),
            Err(JsonError::Malformed { .. })
        ));
        assert!(matches!(
            strict(r#"[{"b":{"a":1,"a":2}}]"#),
            Err(JsonError::Malformed { .. })
        ));
        assert!(matches!(
            strict(r#"{"a":1,"\u0061":2}"#),
            Err(JsonError::Malformed { .. })
        ));
        assert!(strict(r#"{"a":{"a":1}}"#).is_ok());
    }

    #[test]
    fn refuses_what_is_over_its_budget() {
        let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
        assert_eq!(strict(&deep), Err(JsonError::OverBudget));
        let many = format!("[{}0]", "0,".repeat(20_000));
        assert_eq!(strict(&many), Err(JsonError::OverBudget));
        let budget = JsonBudget {
            bytes: 3,
            ..JsonBudget::DEFAULT
        };
        assert_eq!(parse_value(b"1234", budget), Err(JsonError::OverBudget));
    }

    #[test]
    fn refuses_trailing_bytes_and_numbers_that_are_none() {
        assert!(strict("1 2").is_err());
        assert!(strict("1e999").is_err());
        assert!(strict("01").is_err());
        assert!(strict("18446744073709551616").is_err());
        assert!(strict("-9223372036854775809").is_err());
        assert_eq!(strict("18446744073709551615"), Ok(Value::from(u64::MAX)));
        assert_eq!(strict("-9223372036854775808"), Ok(Value::from(i64::MIN)));
        assert!(strict("1.5").is_ok());
        assert!(strict(r#"{"$serde_json::private::Number":"1"}"#).is_err());
        assert!(strict("{\"a\":1}\n").is_ok());
    }

    /// `serde_json` hands over numbers so where `arbitrary_precision` is on.
    #[test]
    fn a_number_that_arrives_as_a_map_is_the_number() {
        let read = |text: &'static str| {
            let entries = [(ARBITRARY_NUMBER, text)].into_iter();
            let map = serde::de::value::MapDeserializer::<_, serde::de::value::Error>::new(entries);
            let (mut items, mut over) = (9, false);
            let seed = StrictValue {
                is_outermost: true,
                depth: 2,
                items: &mut items,
                over: &mut over,
            };
            seed.deserialize(map).ok()
        };
        for text in [
            "0",
            "7",
            "-7",
            "1.5",
            "1e3",
            "-0",
            "18446744073709551615",
            "-9223372036854775808",
        ] {
            assert_eq!(read(text), strict(text).ok(), "{text}");
        }
        for text in ["18446744073709551616", "-9223372036854775809", "1e999", "x"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_value(&bytes, JsonBudget::DEFAULT);
        }

        #[test]
        fn agrees_with_serde_where_no_member_is_repeated(text in "[a-z]{1,8}", number in any::<i64>()) {
            let value = serde_json::json!({ text.clone(): [number, text, null, true] });
            prop_assert_eq!(strict(&value.to_string()), Ok(value));
        }
    }
}
