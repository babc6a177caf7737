//! PixelPass: JSON or text in a QR code ([mosip/pixelpass](https://github.com/mosip/pixelpass)).
//!
//! A JSON object or array becomes CBOR, anything else stays as it is; then zlib at level 9, then Base45, and, where a
//! deployment wants one, a prefix. QR codes are drawn with error correction L. Nothing is signed by this: what comes out is
//! as trustworthy as any text, and a credential within has to be verified as one.

use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::encoding::cbor::{self, CborBudget};
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_crypto::encoding::zlib::{Effort, InflateError, deflate, inflate};
use thiserror::Error;

use crate::base45;

/// Beyond this a float does not tell one integer from the next.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
/// Keys that a table may hold.
const MAX_TABLE_KEYS: usize = 256;

/// What a QR text may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelPassBudget {
    /// Length of the text.
    pub characters: usize,
    /// Length of what it inflates to, in bytes.
    pub inflated_bytes: usize,
    /// Items of CBOR or JSON in all.
    pub items: usize,
    /// Arrays and maps within each other.
    pub depth: usize,
}

impl PixelPassBudget {
    /// One QR code holds 4,296 characters; a text that came as a file may be of several.
    pub const DEFAULT: Self = Self {
        characters: 16 << 10,
        inflated_bytes: 64 << 10,
        items: 4096,
        depth: 16,
    };
}

/// What was in a QR text.
#[derive(Clone, PartialEq)]
pub enum PixelPassContent {
    /// A JSON object or array.
    Json(Value),
    /// Text that is no JSON, or JSON that was not turned into CBOR.
    Text(String),
}

/// Without the content, which may be personal data.
impl core::fmt::Debug for PixelPassContent {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Json(_) => "PixelPassContent::Json",
            Self::Text(_) => "PixelPassContent::Text",
        })
    }
}

impl PixelPassContent {
    /// The content as text: JSON without spaces, or the text.
    #[must_use]
    pub fn into_text(self) -> String {
        match self {
            Self::Json(value) => value.to_string(),
            Self::Text(text) => text,
        }
    }
}

/// Why a text is no PixelPass text, or a content cannot be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PixelPassError {
    /// Longer than the budget allows, or it inflates to more.
    #[error("the PixelPass text is over its budget")]
    OverBudget,
    /// It does not begin with the prefix.
    #[error("the text does not begin with the prefix")]
    NoPrefix,
    /// Not Base45.
    #[error("not Base45")]
    NotBase45,
    /// Not a zlib stream.
    #[error("not a zlib stream")]
    NotZlib,
    /// Neither CBOR of what JSON can say, nor text.
    #[error("the content is neither JSON nor text")]
    Content,
    /// A table is no JSON object of texts, has too many keys, or gives two keys one name.
    #[error("not a table of keys: a JSON object of texts, no name twice")]
    Table,
}

/// Encodes `content`, with `prefix` in front; an empty prefix is none.
///
/// # Errors
/// [`PixelPassError::OverBudget`] when no reader with the default budget would take it.
pub fn encode(content: &str, prefix: &str) -> Result<String, PixelPassError> {
    let budget = PixelPassBudget::DEFAULT;
    if content.len() > budget.inflated_bytes {
        return Err(PixelPassError::OverBudget);
    }
    let bytes = match json::parse_value(content.as_bytes(), json_budget(budget)) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => to_cbor_bytes(&value)?,
        _ => content.as_bytes().to_vec(),
    };
    let text = base45::encode(&deflate(&bytes, Effort::Best));
    if text.len() > budget.characters {
        return Err(PixelPassError::OverBudget);
    }
    Ok(format!("{prefix}{text}"))
}

/// Decodes what [`encode`] or another PixelPass encoder made. `prefix` is the one that the deployment uses.
///
/// # Errors
/// [`PixelPassError`].
pub fn decode(text: &str, prefix: &str, budget: PixelPassBudget) -> Result<PixelPassContent, PixelPassError> {
    let text = text.strip_prefix(prefix).ok_or(PixelPassError::NoPrefix)?;
    if text.len() > budget.characters {
        return Err(PixelPassError::OverBudget);
    }
    let compressed = base45::decode(text).map_err(|_| PixelPassError::NotBase45)?;
    let bytes = inflate(&compressed, budget.inflated_bytes).map_err(|error| match error {
        InflateError::OverLimit { .. } => PixelPassError::OverBudget,
        _ => PixelPassError::NotZlib,
    })?;
    let cbor = CborBudget {
        bytes: budget.inflated_bytes,
        depth: budget.depth,
        items: budget.items,
    };
    // Encoders turn objects and arrays into CBOR and nothing else, so any other item is text that looks like one by chance.
    match cbor::parse(&bytes, cbor) {
        Ok(value @ (Cbor::Map(_) | Cbor::Array(_))) => from_cbor(value).map(PixelPassContent::Json),
        _ => String::from_utf8(bytes)
            .map(PixelPassContent::Text)
            .map_err(|_| PixelPassError::Content),
    }
}

const fn json_budget(budget: PixelPassBudget) -> JsonBudget {
    JsonBudget {
        bytes: budget.inflated_bytes,
        depth: budget.depth,
        items: budget.items,
    }
}

/// In the order of the members, as every PixelPass encoder writes them.
fn to_cbor_bytes(value: &Value) -> Result<Vec<u8>, PixelPassError> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&to_cbor(value)?, &mut bytes).map_err(|_| PixelPassError::Content)?;
    Ok(bytes)
}

fn to_cbor(value: &Value) -> Result<Cbor, PixelPassError> {
    Ok(match value {
        Value::Null => Cbor::Null,
        Value::Bool(value) => Cbor::Bool(*value),
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), ..) => Cbor::from(number),
            (_, Some(number), _) => Cbor::from(number),
            (.., Some(number)) => Cbor::Float(number),
            _ => return Err(PixelPassError::Content),
        },
        Value::Array(items) => Cbor::Array(items.iter().map(to_cbor).collect::<Result<_, _>>()?),
        Value::Object(members) => Cbor::Map(
            members
                .iter()
                .map(|(name, value)| Ok((Cbor::Text(name.clone()), to_cbor(value)?)))
                .collect::<Result<_, PixelPassError>>()?,
        ),
    })
}

fn from_cbor(value: Cbor) -> Result<Value, PixelPassError> {
    Ok(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(value) => Value::Bool(value),
        Cbor::Text(text) => Value::String(text),
        Cbor::Bytes(bytes) => Value::String(
            String::from_utf8(bytes).unwrap_or_else(|error| base64url::encode(error.as_bytes())),
        ),
        Cbor::Integer(number) => Value::Number(integer(i128::from(number))?),
        Cbor::Float(number) => Value::Number(float(number)?),
        Cbor::Array(items) => Value::Array(items.into_iter().map(from_cbor).collect::<Result<_, _>>()?),
        Cbor::Map(members) => {
            let mut object = Map::with_capacity(members.len());
            for (key, value) in members {
                let name = match key {
                    Cbor::Text(name) => name,
                    Cbor::Integer(number) => i128::from(number).to_string(),
                    _ => return Err(PixelPassError::Content),
                };
                // The integer 1 and the text "1" would be one member of JSON.
                if object.insert(name, from_cbor(value)?).is_some() {
                    return Err(PixelPassError::Content);
                }
            }
            Value::Object(object)
        }
        _ => return Err(PixelPassError::Content),
    })
}

fn integer(number: i128) -> Result<Number, PixelPassError> {
    match (u64::try_from(number), i64::try_from(number)) {
        (Ok(number), _) => Ok(Number::from(number)),
        (_, Ok(number)) => Ok(Number::from(number)),
        _ => Err(PixelPassError::Content),
    }
}

/// Old encoders write integers of more than 32 bits as floats; where a float holds exactly one integer, that is what was
/// meant.
fn float(number: f64) -> Result<Number, PixelPassError> {
    if number.fract() == 0.0 && number.abs() < MAX_EXACT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and within range, as was just checked"
        )]
        let number = number as i64;
        return Ok(Number::from(number));
    }
    Number::from_f64(number).ok_or(PixelPassError::Content)
}

/// Short names for the members of an object, as the library's `getMappedData` takes them. Members that are not in the table
/// keep their names; members within members too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTable(Vec<(String, String)>);

impl KeyTable {
    /// Reads a table: a JSON object from names to short names.
    ///
    /// # Errors
    /// [`PixelPassError::Table`].
    pub fn parse(table: &[u8]) -> Result<Self, PixelPassError> {
        let budget = JsonBudget {
            bytes: 64 << 10,
            depth: 2,
            items: MAX_TABLE_KEYS + 1,
        };
        let Ok(Value::Object(table)) = json::parse_value(table, budget) else {
            return Err(PixelPassError::Table);
        };
        let mut pairs: Vec<(String, String)> = Vec::with_capacity(table.len());
        for (name, short) in table {
            let Value::String(short) = short else {
                return Err(PixelPassError::Table);
            };
            // Two members under one name could not be told apart again.
            if pairs.iter().any(|(_, present)| *present == short) {
                return Err(PixelPassError::Table);
            }
            pairs.push((name, short));
        }
        Ok(Self(pairs))
    }

    /// The object with short names.
    ///
    /// # Errors
    /// [`PixelPassError::Table`] when a short name is the name of another member.
    pub fn shorten(&self, object: &Map<String, Value>) -> Result<Map<String, Value>, PixelPassError> {
        rename(object, |name| {
            self.0
                .iter()
                .find(|(long, _)| long == name)
                .map(|(_, short)| short)
        })
    }

    /// The object with its names again.
    ///
    /// # Errors
    /// [`PixelPassError::Table`] when a name is there already.
    pub fn restore(&self, object: &Map<String, Value>) -> Result<Map<String, Value>, PixelPassError> {
        rename(object, |name| {
            self.0
                .iter()
                .find(|(_, short)| short == name)
                .map(|(long, _)| long)
        })
    }
}

fn rename<'t>(
    object: &Map<String, Value>,
    new_name: impl Fn(&str) -> Option<&'t String>,
) -> Result<Map<String, Value>, PixelPassError> {
    let mut renamed = Map::with_capacity(object.len());
    for (name, value) in object {
        let name = new_name(name).unwrap_or(name).clone();
        if renamed.insert(name, value.clone()).is_some() {
            return Err(PixelPassError::Table);
        }
    }
    Ok(renamed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<PixelPassContent, PixelPassError> {
        decode(text, "", PixelPassBudget::DEFAULT)
    }

    fn packed(bytes: &[u8]) -> String {
        base45::encode(&deflate(bytes, Effort::Best))
    }

    #[test]
    fn an_object_becomes_cbor_with_its_members_in_order_and_a_prefix_stands_in_front() {
        let bytes = [0xa2, 0x61, b'a', 0x01, 0x61, b'b', 0x82, 0xf5, 0xf6];
        let object = json!({"a": 1, "b": [true, null]});
        assert_eq!(read(&packed(&bytes)), Ok(PixelPassContent::Json(object.clone())));
        assert_eq!(encode(&object.to_string(), ""), Ok(packed(&bytes)));
        assert_eq!(
            encode(&object.to_string(), "INJI:"),
            Ok(format!("INJI:{}", packed(&bytes)))
        );
    }

    #[test]
    fn json_is_read_back_and_members_keep_their_order() {
        for text in [
            r#"{"b":{"z":1.5,"a":[-1,18446744073709551615,-9223372036854775808]},"a":""}"#,
            "[]",
            "{}",
            r#"[{"language":"ara","value":"حسن"}]"#,
        ] {
            let content = read(&encode(text, "").unwrap()).unwrap();
            assert!(matches!(content, PixelPassContent::Json(_)));
            assert_eq!(content.into_text(), text);
        }
    }

    #[test]
    fn text_that_is_no_object_goes_straight_to_zlib() {
        for text in [
            "",
            "a",
            "eyJhbGciOiJFUzI1NiJ9.e30.AA~",
            "5",
            "\"text\"",
            "{not json",
            "{\"a\":1,\"a\":2}",
        ] {
            let encoded = encode(text, "").unwrap();
            assert_eq!(
                read(&encoded),
                Ok(PixelPassContent::Text(text.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn integers_that_an_old_encoder_wrote_as_floats_are_integers_again() {
        let floats = Cbor::Array([1_700_000_000_000.0, -5.0, 0.5, 1e300].map(Cbor::Float).to_vec());
        let content = read(&packed(&cbor::encode(&floats))).unwrap();
        assert_eq!(
            content,
            PixelPassContent::Json(json!([1_700_000_000_000_i64, -5, 0.5, 1e300]))
        );
    }

    #[test]
    fn what_encoders_write_beside_json_is_read_as_json() {
        // `undefined`, a byte string that is text and one that is not, an integer key.
        let bytes = [0x84, 0xf7, 0x41, b'a', 0x41, 0xff, 0xa1, 0x01, 0x02];
        let content = read(&packed(&bytes)).unwrap();
        assert_eq!(
            content,
            PixelPassContent::Json(json!([null, "a", "_w", {"1": 2}]))
        );
    }

    #[test]
    fn bombs_and_what_is_neither_json_nor_text_are_refused() {
        assert_eq!(
            read(&packed(&vec![b'a'; 1 << 20])),
            Err(PixelPassError::OverBudget)
        );
        assert_eq!(read(&"0".repeat(17 << 10)), Err(PixelPassError::OverBudget));
        assert_eq!(read("lower"), Err(PixelPassError::NotBase45));
        assert_eq!(read("BB8"), Err(PixelPassError::NotZlib));
        assert_eq!(read(&packed(&[0xff, 0xfe])), Err(PixelPassError::Content));
        // NaN; the keys 1 and "1"; a tag.
        for bytes in [
            [0x81, 0xf9, 0x7e, 0x00].as_slice(),
            &[0xa2, 0x01, 0x00, 0x61, b'1', 0x00],
            &[0x81, 0xc1, 0x00],
        ] {
            assert_eq!(read(&packed(bytes)), Err(PixelPassError::Content), "{bytes:02x?}");
        }
        assert_eq!(
            decode("BB8", "X:", PixelPassBudget::DEFAULT),
            Err(PixelPassError::NoPrefix)
        );
        assert_eq!(encode(&"x".repeat(70 << 10), ""), Err(PixelPassError::OverBudget));
        let secret = format!("{:?}", read(&encode("a secret", "").unwrap()));
        assert!(!secret.contains("secret"));
    }

    #[test]
    fn a_table_shortens_names_and_restores_them() {
        let table = KeyTable::parse(br#"{"id":"1","fullName":"4"}"#).unwrap();
        let object = json!({"id": "7", "fullName": "Asha", "other": {"id": 1}});
        let object = object.as_object().unwrap();
        let short = table.shorten(object).unwrap();
        assert_eq!(
            Value::Object(short.clone()),
            json!({"1": "7", "4": "Asha", "other": {"id": 1}})
        );
        assert_eq!(&table.restore(&short).unwrap(), object);
        let clash = json!({"id": 1, "1": 2});
        assert_eq!(
            table.shorten(clash.as_object().unwrap()),
            Err(PixelPassError::Table)
        );
        for table in [r#"{"a":"1","b":"1"}"#, r#"{"a":1}"#, "[]", r#"{"a":"1","a":"2"}"#] {
            assert_eq!(
                KeyTable::parse(table.as_bytes()),
                Err(PixelPassError::Table),
                "{table}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text in "\\PC{0,200}") {
            let content = read(&encode(&text, "").unwrap()).unwrap();
            if let PixelPassContent::Text(read) = content {
                prop_assert_eq!(read, text);
            }
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = read(&packed(&bytes));
        }
    }
}
