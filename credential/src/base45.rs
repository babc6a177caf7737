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
    let mut text = String::with_capacity(encoded_length(bytes.len()));
    let mut push = |value: u32| {
        let place = usize::try_from(value % 45).unwrap_or_default();
        text.extend(ALPHABET.get(place).map(|character| char::from(*character)));
    };
    let pairs = bytes.chunks_exact(2);
    let last = pairs.remainder().first();
    for pair in pairs {
        let value = pair.iter().fold(0, |value, byte| (value << 8) | u32::from(*byte));
        push(value);
        push(value / 45);
        push(value / (45 * 45));
    }
    if let Some(byte) = last {
        push(u32::from(*byte));
        push(u32::from(*byte) / 45);
    }
    text
}

/// How many characters that many bytes take.
pub(crate) const fn encoded_length(bytes: usize) -> usize {
    (bytes / 2)
        .saturating_mul(3)
        .saturating_add((bytes % 2).saturating_mul(2))
}

pub(crate) fn decode(text: &str) -> Result<Vec<u8>, NotBase45> {
    let mut bytes = Vec::with_capacity(text.len() / 3 * 2 + 1);
    for group in text.as_bytes().chunks(3) {
        let mut value = 0_u32;
        for character in group.iter().rev() {
            value = value * 45 + digit(*character).ok_or(NotBase45)?;
        }
        match group.len() {
            3 => bytes.extend(u16::try_from(value).map_err(|_| NotBase45)?.to_be_bytes()),
            2 => bytes.push(u8::try_from(value).map_err(|_| NotBase45)?),
            _ => return Err(NotBase45),
        }
    }
    Ok(bytes)
}

const fn digit(character: u8) -> Option<u32> {
    let value = match character {
        b'0'..=b'9' => character - b'0',
        b'A'..=b'Z' => character - b'A' + 10,
        b' ' => 36,
        b'$' => 37,
        b'%' => 38,
        b'*' => 39,
        b'+' => 40,
        b'-' => 41,
        b'.' => 42,
        b'/' => 43,
        b':' => 44,
        _ => return None,
    };
    Some(value as u32)
}

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
