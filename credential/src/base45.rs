//! Base45 ([RFC 9285](https://www.rfc-editor.org/rfc/rfc9285)), strict.
//!
//! By hand, because the `base45` crate takes a final pair of characters beyond 255 modulo 256, which gives one payload
//! several texts.

/// The alphanumeric characters of a QR code, in the order of their values.
const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Text that is not Base45.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotBase45;

pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(encoded_length(bytes.len()));
    let character = |value: u16| ALPHABET.get(usize::from(value % 45)).copied().unwrap_or_default();
    let (pairs, last) = bytes.as_chunks::<2>();
    for pair in pairs {
        let value = u16::from_be_bytes(*pair);
        text.extend_from_slice(&[
            character(value),
            character(value / 45),
            character(value / (45 * 45)),
        ]);
    }
    for byte in last {
        let value = u16::from(*byte);
        text.extend_from_slice(&[character(value), character(value / 45)]);
    }
    // The alphabet is ASCII.
    String::from_utf8(text).unwrap_or_default()
}

/// How many characters that many bytes take.
pub(crate) const fn encoded_length(bytes: usize) -> usize {
    (bytes / 2)
        .saturating_mul(3)
        .saturating_add((bytes % 2).saturating_mul(2))
}

pub(crate) fn decode(text: &str) -> Result<Vec<u8>, NotBase45> {
    let mut bytes = Vec::with_capacity(text.len() / 3 * 2 + 1);
    let (groups, last) = text.as_bytes().as_chunks::<3>();
    for [low, middle, high] in groups {
        let value = digit(*low)? + digit(*middle)? * 45 + digit(*high)? * (45 * 45);
        bytes.extend_from_slice(&u16::try_from(value).map_err(|_| NotBase45)?.to_be_bytes());
    }
    match last {
        [] => {}
        [low, high] => {
            let value = digit(*low)? + digit(*high)? * 45;
            bytes.push(u8::try_from(value).map_err(|_| NotBase45)?);
        }
        _ => return Err(NotBase45),
    }
    Ok(bytes)
}

fn digit(character: u8) -> Result<u32, NotBase45> {
    match DIGITS.get(usize::from(character)) {
        Some(value) if *value != NO_DIGIT => Ok(u32::from(*value)),
        _ => Err(NotBase45),
    }
}

/// Stands in [`DIGITS`] for what is no character of the alphabet.
const NO_DIGIT: u8 = 0xff;

/// The value of each character.
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        #[expect(
            clippy::indexing_slicing,
            clippy::cast_possible_truncation,
            reason = "computed by the compiler, which refuses what is out of bounds"
        )]
        {
            digits[ALPHABET[value] as usize] = value as u8;
        }
        value += 1;
    }
    digits
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_published_examples_come_out() {
        for (bytes, text) in [
            ("AB", "BB8"),
            ("Hello!!", "%69 VD92EX0"),
            ("base-45", "UJCLQE7W581"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
        }
        assert_eq!(decode("QED8WEX0").unwrap(), b"ietf!");
    }

    #[test]
    fn refuses_overflow_strays_and_lonely_characters() {
        for text in ["GGW", ":::", "::", "A", "bb8", "BB8=", "B B\n", "ü00"] {
            assert_eq!(decode(text), Err(NotBase45), "{text}");
        }
    }

    proptest! {
        #[test]
        fn one_payload_has_one_text(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = encode(&bytes);
            prop_assert_eq!(text.len(), encoded_length(bytes.len()));
            prop_assert_eq!(decode(&text), Ok(bytes));
        }

        #[test]
        fn whatever_decodes_encodes_to_itself(text in "[0-9A-Z $%*+./:-]{0,30}") {
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
