//! CBOR with a budget ([RFC 8949](https://www.rfc-editor.org/rfc/rfc8949)): definite lengths, no duplicate keys, nothing
//! behind the item; and deterministic encoding (§4.2).
//!
//! [`check`] walks the bytes before any decoder allocates for them, so that a declared length never costs more than
//! the input that came with it.

mod cursor;
pub mod write;

use std::collections::HashSet;

use ciborium::Value;
use thiserror::Error;

pub use cursor::Cursor;

/// What an item may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CborBudget {
    /// Length of the encoding, in bytes.
    pub bytes: usize,
    /// Arrays, maps and tags within each other.
    pub depth: usize,
    /// Items in all.
    pub items: usize,
}

impl CborBudget {
    /// Enough for every signed structure of the suite that is read whole.
    pub const DEFAULT: Self = Self {
        bytes: 1 << 20,
        depth: 24,
        items: 20_000,
    };
}

/// Why an item was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CborError {
    /// Longer, deeper or with more items than the budget allows.
    #[error("the CBOR item is over its budget")]
    OverBudget,
    /// Cut off, reserved bits, or invalid UTF-8.
    #[error("not a CBOR item at byte {position}")]
    Malformed {
        /// Where.
        position: usize,
    },
    /// An indefinite length.
    #[error("a CBOR length is indefinite at byte {position}")]
    Indefinite {
        /// Where.
        position: usize,
    },
    /// One key twice in a map.
    #[error("a CBOR map has a key twice at byte {position}")]
    DuplicateKey {
        /// Where the second one begins.
        position: usize,
    },
    /// A map key that is neither an integer nor a string.
    #[error("a CBOR map has a key of an unsupported type at byte {position}")]
    KeyType {
        /// Where the key begins.
        position: usize,
    },
    /// Something behind the item.
    #[error("bytes behind the CBOR item")]
    TrailingBytes,
}

/// Checks that `bytes` are one item within `budget`, and nothing else.
///
/// # Errors
/// [`CborError`].
pub fn check(bytes: &[u8], budget: CborBudget) -> Result<(), CborError> {
    if bytes.len() > budget.bytes {
        return Err(CborError::OverBudget);
    }
    let mut walk = Walk {
        bytes,
        position: 0,
        items: budget.items,
    };
    walk.item(budget.depth)?;
    if walk.position == bytes.len() {
        Ok(())
    } else {
        Err(CborError::TrailingBytes)
    }
}

/// Reads one item within `budget`.
///
/// # Errors
/// [`CborError`].
pub fn parse(bytes: &[u8], budget: CborBudget) -> Result<Value, CborError> {
    let mut cursor = Cursor::new(bytes, budget)?;
    match cursor.value() {
        Some(value) => Ok(value),
        None => ciborium::from_reader(bytes).map_err(|_| CborError::Malformed { position: 0 }),
    }
}

/// Encodes `value` deterministically: shortest lengths, and maps sorted by their encoded keys (RFC 8949 §4.2.1).
#[must_use]
pub fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    encode_into(value, &mut out);
    out
}

fn encode_into(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Bytes(bytes) => write::bytes(out, bytes),
        Value::Text(text) => write::text(out, text),
        Value::Array(items) => {
            write::array(out, items.len());
            items.iter().for_each(|item| encode_into(item, out));
        }
        Value::Tag(tag, inner) => {
            write::tag(out, *tag);
            encode_into(inner, out);
        }
        Value::Map(members) => {
            write::map(out, members.len());
            let mut members: Vec<(Vec<u8>, &Value)> =
                members.iter().map(|(key, value)| (encode(key), value)).collect();
            members.sort_by(|left, right| left.0.cmp(&right.0));
            for (key, value) in members {
                out.extend_from_slice(&key);
                encode_into(value, out);
            }
        }
        // A number that is none has many spellings, and the shortest form of one keeps an arbitrary part of its payload:
        // all of them become the one that RFC 8949 §4.2.2 names.
        Value::Float(number) if number.is_nan() => out.extend_from_slice(&[0xf9, 0x7e, 0x00]),
        other => {
            // Writing to memory does not fail.
            let _ = ciborium::into_writer(other, out);
        }
    }
}

struct Walk<'a> {
    bytes: &'a [u8],
    position: usize,
    items: usize,
}

impl<'a> Walk<'a> {
    fn item(&mut self, depth: usize) -> Result<(), CborError> {
        self.items = self.items.checked_sub(1).ok_or(CborError::OverBudget)?;
        let position = self.position;
        let first = self.take(1)?.first().copied().unwrap_or_default();
        let (major, information) = (first >> 5, first & 0x1f);
        if major == 7 {
            // Simple values and floats: the argument is content, and a simple value below 32 has one form only.
            let length = match information {
                0..=23 => 0,
                24 => 1,
                25 => 2,
                26 => 4,
                27 => 8,
                31 => return Err(CborError::Indefinite { position }),
                _ => return Err(CborError::Malformed { position }),
            };
            let content = self.take(length)?;
            return match content {
                [value] if *value < 32 => Err(CborError::Malformed { position }),
                _ => Ok(()),
            };
        }
        let argument = self.argument(information, position)?;
        match major {
            0 | 1 => Ok(()),
            2 | 3 => {
                let length = usize::try_from(argument).map_err(|_| CborError::Malformed { position })?;
                let content = self.take(length)?;
                if major == 3 && core::str::from_utf8(content).is_err() {
                    return Err(CborError::Malformed { position });
                }
                Ok(())
            }
            4 => {
                let below = depth.checked_sub(1).ok_or(CborError::OverBudget)?;
                for _ in 0..argument {
                    self.item(below)?;
                }
                Ok(())
            }
            5 => {
                let below = depth.checked_sub(1).ok_or(CborError::OverBudget)?;
                let mut keys = Keys::default();
                for _ in 0..argument {
                    let start = self.position;
                    // Keys of other types have several spellings of one value (`1` is also the bignum `c2 41 01`, and a
                    // float has three widths), which comparing bytes cannot see. No format of the suite uses them.
                    if self.bytes.get(start).is_some_and(|first| first >> 5 > 3) {
                        return Err(CborError::KeyType { position: start });
                    }
                    self.item(below)?;
                    // A longer form of an integer or length would be another spelling of the same key.
                    if !shortest(self.bytes.get(start..self.position).unwrap_or_default()) {
                        return Err(CborError::Malformed { position: start });
                    }
                    let key = self.bytes.get(start..self.position).unwrap_or_default();
                    if !keys.insert(key) {
                        return Err(CborError::DuplicateKey { position: start });
                    }
                    self.item(below)?;
                }
                Ok(())
            }
            _ => self.item(depth.checked_sub(1).ok_or(CborError::OverBudget)?),
        }
    }

    fn argument(&mut self, information: u8, position: usize) -> Result<u64, CborError> {
        let length = match information {
            0..=23 => return Ok(u64::from(information)),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            31 => return Err(CborError::Indefinite { position }),
            _ => return Err(CborError::Malformed { position }),
        };
        let bytes = self.take(length)?;
        Ok(bytes
            .iter()
            .fold(0, |value, byte| (value << 8) | u64::from(*byte)))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], CborError> {
        let malformed = CborError::Malformed {
            position: self.position,
        };
        let end = self.position.checked_add(length).ok_or(malformed)?;
        let taken = self.bytes.get(self.position..end).ok_or(malformed)?;
        self.position = end;
        Ok(taken)
    }
}

/// Beyond these many, looking through the keys of a map would grow with the square of their number.
const FEW_KEYS: usize = 16;

/// The keys of a map so far. Maps are small, and looking through some keys is faster than hashing one.
#[derive(Default)]
struct Keys<'a> {
    /// The first ones; no key is empty.
    few: [&'a [u8]; FEW_KEYS],
    count: usize,
    many: HashSet<&'a [u8]>,
}

impl<'a> Keys<'a> {
    /// Whether the key is new.
    fn insert(&mut self, key: &'a [u8]) -> bool {
        if self.few.iter().take(self.count).any(|known| *known == key) {
            return false;
        }
        match self.few.get_mut(self.count) {
            Some(place) => {
                *place = key;
                self.count += 1;
                true
            }
            None => self.many.insert(key),
        }
    }
}

/// Whether the head of an item has its shortest form (RFC 8949 §4.2.1).
fn shortest(item: &[u8]) -> bool {
    match item {
        [first, ..] if first >> 5 == 7 => true,
        [first, argument, ..] if first & 0x1f == 24 => *argument >= 24,
        [first, high, ..] if first & 0x1f == 25 => *high != 0,
        [first, a, b, ..] if first & 0x1f == 26 => (*a, *b) != (0, 0),
        [first, a, b, c, d, ..] if first & 0x1f == 27 => (*a, *b, *c, *d) != (0, 0, 0, 0),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(bytes: &[u8]) -> CborError {
        check(bytes, CborBudget::DEFAULT).unwrap_err()
    }

    #[test]
    fn refuses_indefinite_lengths_duplicate_keys_and_trailing_bytes() {
        assert!(matches!(
            refused(&[0x9f, 0x01, 0xff]),
            CborError::Indefinite { .. }
        ));
        assert!(matches!(refused(&[0xbf, 0xff]), CborError::Indefinite { .. }));
        assert!(matches!(
            refused(&[0x5f, 0x41, 0x00, 0xff]),
            CborError::Indefinite { .. }
        ));
        assert!(matches!(
            refused(&[0xa2, 0x01, 0x00, 0x01, 0x00]),
            CborError::DuplicateKey { position: 3 }
        ));
        assert!(matches!(
            refused(&[0xa2, 0x01, 0x00, 0x18, 0x01, 0x00]),
            CborError::Malformed { position: 3 }
        ));
        assert_eq!(refused(&[0x01, 0x02]), CborError::TrailingBytes);
    }

    #[test]
    fn writes_every_number_that_is_none_in_one_way() {
        for payload in [
            0x7ff8_0000_0000_0000_u64,
            0x7fff_0000_0000_0000,
            0xfff8_0000_0000_0001,
            0x7ff0_0000_0000_0001,
        ] {
            assert_eq!(encode(&Value::Float(f64::from_bits(payload))), [0xf9, 0x7e, 0x00]);
        }
        assert_eq!(
            encode(&parse(&[0xf9, 0x7f, 0xc0], CborBudget::DEFAULT).unwrap()),
            [0xf9, 0x7e, 0x00]
        );
    }

    #[test]
    fn finds_a_key_that_is_there_twice_however_many_are_between() {
        for count in [1_u8, 2, 15, 16, 17, 23] {
            let mut bytes = vec![0xa0 | (count + 1).min(23)];
            if count + 1 > 23 {
                bytes = vec![0xb8, count + 1];
            }
            for key in 0..count {
                bytes.extend_from_slice(&[key, 0]);
            }
            for repeated in 0..count {
                let twice = [bytes.as_slice(), &[repeated, 0]].concat();
                assert!(
                    matches!(refused(&twice), CborError::DuplicateKey { .. }),
                    "{count} {repeated}"
                );
            }
            let different = [bytes.as_slice(), &[0x20, 0]].concat();
            assert_eq!(check(&different, CborBudget::DEFAULT), Ok(()), "{count}");
        }
    }

    #[test]
    fn refuses_keys_of_which_one_value_has_several_spellings() {
        for bytes in [
            // 1 and the bignum 1.
            [0xa2, 0x01, 0x00, 0xc2, 0x41, 0x01, 0x00].as_slice(),
            // 1.0 in 16 bits.
            &[0xa1, 0xf9, 0x3c, 0x00, 0x00],
            // [1] and [1] in a longer form.
            &[0xa2, 0x81, 0x01, 0x00, 0x81, 0x18, 0x01, 0x00],
            // A map.
            &[0xa1, 0xa0, 0x00],
        ] {
            assert!(
                matches!(refused(bytes), CborError::KeyType { .. }),
                "{bytes:02x?}"
            );
        }
    }

    #[test]
    fn encoding_nested_keys_takes_time_in_proportion_to_their_depth() {
        // With the keys of every level encoded twice this would not end.
        let value = (0..60).fold(Value::from(1), |inner, _| {
            Value::Map(vec![(inner, Value::from(0))])
        });
        assert_eq!(encode(&value).len(), 121);
    }

    #[test]
    fn refuses_huge_declared_lengths_without_allocating() {
        assert!(matches!(
            refused(&[0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            CborError::Malformed { .. }
        ));
        assert!(matches!(
            refused(&[0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            CborError::Malformed { .. }
        ));
        assert!(matches!(
            refused(&[0x62, 0xff, 0xff]),
            CborError::Malformed { .. }
        ));
    }

    #[test]
    fn refuses_what_is_over_its_budget() {
        let mut deep = vec![0x81; 30];
        deep.push(0x00);
        assert_eq!(refused(&deep), CborError::OverBudget);
        let budget = CborBudget {
            items: 3,
            ..CborBudget::DEFAULT
        };
        assert_eq!(check(&[0x83, 0, 0, 0], budget), Err(CborError::OverBudget));
        let budget = CborBudget {
            bytes: 2,
            ..CborBudget::DEFAULT
        };
        assert_eq!(check(&[0x82, 0, 0], budget), Err(CborError::OverBudget));
    }

    #[test]
    fn encodes_maps_by_their_encoded_keys() {
        let map = Value::Map(vec![
            (Value::from("b"), Value::from(1)),
            (Value::from(100), Value::from(2)),
            (Value::from(-1), Value::from(3)),
            (Value::from(10), Value::from(4)),
        ]);
        // RFC 8949 §4.2.1: 10, 100, -1, "b".
        assert_eq!(
            encode(&map),
            [0xa4, 0x0a, 0x04, 0x18, 0x64, 0x02, 0x20, 0x03, 0x61, 0x62, 0x01]
        );
    }

    /// Items of every kind, the unusual ones too.
    fn item() -> impl Strategy<Value = Vec<u8>> {
        let head = |major: u8, length: usize| {
            let mut out = Vec::new();
            match major {
                2 => write::bytes_head(&mut out, length),
                4 => write::array(&mut out, length),
                _ => write::map(&mut out, length),
            }
            out
        };
        let leaf = prop_oneof![
            any::<i64>().prop_map(|number| encode(&Value::from(number))),
            any::<u64>().prop_map(|number| encode(&Value::from(number))),
            any::<u64>()
                .prop_map(|number| encode(&Value::Integer((-1 - i128::from(number)).try_into().unwrap()))),
            "[a-z\u{e9}]{0,5}".prop_map(|text| encode(&Value::from(text))),
            proptest::collection::vec(any::<u8>(), 0..5).prop_map(|bytes| encode(&Value::Bytes(bytes))),
            any::<[u8; 2]>().prop_map(|half| vec![0xf9, half[0], half[1]]),
            any::<f32>().prop_map(|float| [&[0xfa], float.to_be_bytes().as_slice()].concat()),
            any::<f64>().prop_map(|float| [&[0xfb], float.to_be_bytes().as_slice()].concat()),
            (0xe0_u8..=0xf7).prop_map(|simple| vec![simple]),
            (32_u8..).prop_map(|simple| vec![0xf8, simple]),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(move |items| [
                    head(4, items.len()),
                    items.concat()
                ]
                .concat()),
                proptest::collection::btree_map("[a-z]{0,3}", inner.clone(), 0..4).prop_map(move |members| {
                    let mut out = head(5, members.len());
                    for (name, value) in members {
                        write::text(&mut out, &name);
                        out.extend(value);
                    }
                    out
                }),
                (prop_oneof![0_u64..40, any::<u64>()], inner).prop_map(|(tag, inner)| {
                    let mut out = Vec::new();
                    write::tag(&mut out, tag);
                    out.extend(inner);
                    out
                }),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]
        #[test]
        fn reads_what_the_other_reader_reads(bytes in item()) {
            let other = ciborium::from_reader::<Value, _>(bytes.as_slice()).ok();
            let own = parse(&bytes, CborBudget::DEFAULT).ok();
            // Of a number that is none, no two are equal, so the texts are compared.
            prop_assert_eq!(format!("{:?}", own), format!("{:?}", other));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = parse(&bytes, CborBudget::DEFAULT);
        }

        #[test]
        fn reads_back_what_it_wrote(numbers in proptest::collection::btree_map(any::<i64>(), "[a-z]{0,9}", 0..9)) {
            let members = numbers.iter().map(|(key, text)| (Value::from(*key), Value::from(text.as_str()))).collect();
            let value = Value::Map(members);
            let bytes = encode(&value);
            prop_assert_eq!(encode(&parse(&bytes, CborBudget::DEFAULT).unwrap()), bytes);
        }
    }
}
