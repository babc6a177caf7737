//! Reading CBOR in place: no value is copied, and every part can be had as the bytes it came in.

use ciborium::Value;

use super::{CborBudget, CborError, check};

/// A place in CBOR that [`check`] has accepted. Each method reads one item, or the head of an array, map or tag, and goes on
/// behind it; it answers `None`, and stays where it is, when something else is there.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// The beginning of `bytes`, which must be one item within `budget`.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn new(bytes: &'a [u8], budget: CborBudget) -> Result<Self, CborError> {
        check(bytes, budget)?;
        Ok(Self { bytes })
    }

    /// The beginning of an item that this module has given out before, and so checked.
    #[must_use]
    pub const fn of_checked(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Whether everything is read.
    #[must_use]
    pub const fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The number of elements of an array, whose first element is next.
    pub fn array(&mut self) -> Option<u64> {
        self.head_of(4)
    }

    /// The number of entries of a map, whose first key is next.
    pub fn map(&mut self) -> Option<u64> {
        self.head_of(5)
    }

    /// A tag, whose content is next.
    pub fn tag(&mut self) -> Option<u64> {
        self.head_of(6)
    }

    /// Goes behind the head of tag `number`.
    pub fn expect_tag(&mut self, number: u64) -> Option<()> {
        let mut ahead = *self;
        if ahead.tag()? != number {
            return None;
        }
        *self = ahead;
        Some(())
    }

    /// An unsigned integer.
    pub fn unsigned(&mut self) -> Option<u64> {
        self.head_of(0)
    }

    /// An integer within the range of `i64`.
    pub fn integer(&mut self) -> Option<i64> {
        let mut ahead = *self;
        let (major, argument) = ahead.head()?;
        let argument = i64::try_from(argument).ok()?;
        let value = match major {
            0 => argument,
            1 => -1 - argument,
            _ => return None,
        };
        *self = ahead;
        Some(value)
    }

    /// A negative integer `-1 - n`, as `n`.
    pub fn negative(&mut self) -> Option<u64> {
        self.head_of(1)
    }

    /// A byte string.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        self.string(2)
    }

    /// A text string.
    pub fn text(&mut self) -> Option<&'a str> {
        let mut ahead = *self;
        let text = core::str::from_utf8(ahead.string(3)?).ok()?;
        *self = ahead;
        Some(text)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self) -> Option<bool> {
        let value = match self.bytes.first()? {
            0xf4 => false,
            0xf5 => true,
            _ => return None,
        };
        self.bytes = self.bytes.get(1..)?;
        Some(value)
    }

    /// `null`.
    pub fn null(&mut self) -> Option<()> {
        if *self.bytes.first()? != 0xf6 {
            return None;
        }
        self.bytes = self.bytes.get(1..)?;
        Some(())
    }

    /// A floating-point number of any width.
    pub fn float(&mut self) -> Option<f64> {
        let (value, length) = match *self.bytes.first()? {
            0xf9 => (half(u16::from_be_bytes(self.argument()?)), 3),
            0xfa => (f64::from(f32::from_be_bytes(self.argument()?)), 5),
            0xfb => (f64::from_be_bytes(self.argument()?), 9),
            _ => return None,
        };
        self.bytes = self.bytes.get(length..)?;
        Some(value)
    }

    /// The next item as a value; `None` for what is unusual: bignums, `undefined` and other simple values, which `ciborium`
    /// decides about.
    pub(super) fn value(&mut self) -> Option<Value> {
        let first = *self.bytes.first()?;
        Some(match first >> 5 {
            0 => Value::from(self.unsigned()?),
            1 => Value::Integer((-1 - i128::from(self.negative()?)).try_into().ok()?),
            2 => Value::Bytes(self.bytes()?.to_vec()),
            3 => Value::Text(self.text()?.to_owned()),
            4 => {
                let length = self.array()?;
                let mut items = Vec::with_capacity(self.at_most(length));
                for _ in 0..length {
                    items.push(self.value()?);
                }
                Value::Array(items)
            }
            5 => {
                let length = self.map()?;
                let mut members = Vec::with_capacity(self.at_most(length));
                for _ in 0..length {
                    members.push((self.value()?, self.value()?));
                }
                Value::Map(members)
            }
            6 => match self.tag()? {
                2 | 3 => return None,
                tag => Value::Tag(tag, Box::new(self.value()?)),
            },
            _ => match first {
                0xf4 | 0xf5 => Value::Bool(self.boolean()?),
                0xf6 => {
                    self.null()?;
                    Value::Null
                }
                0xf9..=0xfb => Value::Float(self.float()?),
                _ => return None,
            },
        })
    }

    /// So many items, but no more than there are bytes for.
    fn at_most(&self, items: u64) -> usize {
        usize::try_from(items).map_or(self.bytes.len(), |items| items.min(self.bytes.len()))
    }

    /// The next item as it is encoded, whatever it is.
    pub fn item(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        // Items that are still to be passed; a head adds those within it, so nothing recurses.
        let mut pending = 1_u64;
        while pending > 0 {
            pending -= 1;
            let (major, argument) = ahead.head()?;
            let within = match major {
                2 | 3 => {
                    ahead.bytes = ahead.bytes.get(usize::try_from(argument).ok()?..)?;
                    0
                }
                4 => argument,
                5 => argument.checked_mul(2)?,
                6 => 1,
                _ => 0,
            };
            pending = pending.checked_add(within)?;
        }
        let (item, rest) = self
            .bytes
            .split_at_checked(self.bytes.len().checked_sub(ahead.bytes.len())?)?;
        self.bytes = rest;
        Some(item)
    }

    fn string(&mut self, wanted: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let length = usize::try_from(ahead.head_of(wanted)?).ok()?;
        let (content, rest) = ahead.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(content)
    }

    fn head_of(&mut self, wanted: u8) -> Option<u64> {
        let mut ahead = *self;
        let (major, argument) = ahead.head()?;
        if major != wanted {
            return None;
        }
        *self = ahead;
        Some(argument)
    }

    /// The major type and argument of the next head; of simple values and floats it passes the content too.
    fn head(&mut self) -> Option<(u8, u64)> {
        let first = *self.bytes.first()?;
        let (argument, length) = match first & 0x1f {
            direct @ 0..=23 => (u64::from(direct), 1),
            24 => (u64::from(u8::from_be_bytes(self.argument()?)), 2),
            25 => (u64::from(u16::from_be_bytes(self.argument()?)), 3),
            26 => (u64::from(u32::from_be_bytes(self.argument()?)), 5),
            27 => (u64::from_be_bytes(self.argument()?), 9),
            _ => return None,
        };
        self.bytes = self.bytes.get(length..)?;
        Some((first >> 5, argument))
    }

    fn argument<const N: usize>(&self) -> Option<[u8; N]> {
        self.bytes.get(1..)?.first_chunk::<N>().copied()
    }
}

/// A half-precision number ([RFC 8949 appendix D](https://www.rfc-editor.org/rfc/rfc8949#appendix-D)).
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from((bits >> 10) & 0x1f);
    let mantissa = f64::from(bits & 0x3ff);
    sign * match exponent {
        0 => mantissa * 2_f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (mantissa + 1024.0) * 2_f64.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::encode;
    use super::*;

    #[test]
    fn reads_what_is_there_and_stays_before_what_is_not() {
        let bytes = [0x83, 0x01, 0xd8, 0x18, 0x41, 0x07, 0x61, 0x61];
        let mut cursor = Cursor::new(&bytes, CborBudget::DEFAULT).unwrap();
        assert_eq!(cursor.map(), None);
        assert_eq!(cursor.array(), Some(3));
        assert_eq!(cursor.text(), None);
        assert_eq!(cursor.integer(), Some(1));
        assert_eq!(cursor.expect_tag(0), None);
        let mut whole = cursor;
        assert_eq!(whole.item(), Some([0xd8, 0x18, 0x41, 0x07].as_slice()));
        cursor.expect_tag(24).unwrap();
        assert_eq!(cursor.bytes(), Some([7].as_slice()));
        assert_eq!(cursor.text(), Some("a"));
        assert!(cursor.is_at_end());
        assert_eq!(cursor.item(), None);
    }

    #[test]
    fn reads_numbers_of_every_width() {
        let item = |bytes: &'static [u8]| Cursor::new(bytes, CborBudget::DEFAULT).unwrap();
        assert_eq!(item(&[0x39, 0x01, 0x00]).integer(), Some(-257));
        assert_eq!(
            item(&[0x1b, 0xff, 0, 0, 0, 0, 0, 0, 0]).unsigned(),
            Some(0xff << 56)
        );
        assert_eq!(item(&[0x1b, 0xff, 0, 0, 0, 0, 0, 0, 0]).integer(), None);
        assert_eq!(item(&[0x20]).negative(), Some(0));
        assert_eq!(item(&[0xf5]).boolean(), Some(true));
        assert_eq!(item(&[0xf6]).null(), Some(()));
        // RFC 8949 appendix A.
        assert_eq!(item(&[0xf9, 0x3e, 0x00]).float(), Some(1.5));
        assert_eq!(item(&[0xf9, 0x00, 0x01]).float(), Some(5.960_464_477_539_063e-8));
        assert_eq!(item(&[0xf9, 0xc4, 0x00]).float(), Some(-4.0));
        assert_eq!(item(&[0xfa, 0x47, 0xc3, 0x50, 0x00]).float(), Some(100_000.0));
        assert_eq!(
            item(&[0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a]).float(),
            Some(1.1)
        );
        assert_eq!(item(&[0xf9, 0x7c, 0x00]).float(), Some(f64::INFINITY));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn never_panics_and_never_reads_behind_an_item(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut cursor = Cursor::of_checked(&bytes);
            while let Some(item) = cursor.item() {
                prop_assert!(!item.is_empty());
            }
        }

        #[test]
        fn passes_exactly_one_item(
            text in "[a-z]{0,40}",
            numbers in proptest::collection::vec(any::<i64>(), 0..9),
            rest in any::<u8>(),
        ) {
            let numbers = numbers.iter().map(|number| Value::from(*number)).collect();
            let map = vec![(Value::from(1), Value::Array(numbers)), (Value::from(2), Value::from(text))];
            let mut bytes = encode(&Value::Tag(24, Box::new(Value::Map(map))));
            let length = bytes.len();
            bytes.push(rest);
            let mut cursor = Cursor::of_checked(&bytes);
            prop_assert_eq!(cursor.item().map(<[u8]>::len), Some(length));
        }
    }
}
