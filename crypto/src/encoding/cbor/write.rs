//! Writing CBOR piece by piece, with the shortest heads (RFC 8949 §4.2.1). The order of map entries is the caller's.

/// Writes the head of `length` array elements.
pub fn array(out: &mut Vec<u8>, length: usize) {
    head(out, 4, length as u64);
}

/// Writes the head of `length` map entries.
pub fn map(out: &mut Vec<u8>, length: usize) {
    head(out, 5, length as u64);
}

/// Writes the head of a tag.
pub fn tag(out: &mut Vec<u8>, number: u64) {
    head(out, 6, number);
}

/// Writes an unsigned integer.
pub fn unsigned(out: &mut Vec<u8>, value: u64) {
    head(out, 0, value);
}

/// Writes the negative integer `-1 - value`.
pub fn negative(out: &mut Vec<u8>, value: u64) {
    head(out, 1, value);
}

/// Writes an integer.
pub fn integer(out: &mut Vec<u8>, value: i64) {
    match u64::try_from(value) {
        Ok(value) => unsigned(out, value),
        Err(_) => negative(out, value.unsigned_abs() - 1),
    }
}

/// Writes a byte string.
pub fn bytes(out: &mut Vec<u8>, content: &[u8]) {
    bytes_head(out, content.len());
    out.extend_from_slice(content);
}

/// Writes the head of a byte string whose `length` bytes the caller writes next.
pub fn bytes_head(out: &mut Vec<u8>, length: usize) {
    head(out, 2, length as u64);
}

/// Writes a text string.
pub fn text(out: &mut Vec<u8>, content: &str) {
    head(out, 3, content.len() as u64);
    out.extend_from_slice(content.as_bytes());
}

/// Writes `true` or `false`.
pub fn boolean(out: &mut Vec<u8>, value: bool) {
    out.push(0xf4 | u8::from(value));
}

/// Writes `null`.
pub fn null(out: &mut Vec<u8>) {
    out.push(0xf6);
}

/// Writes a floating-point number in 64 bits.
pub fn float(out: &mut Vec<u8>, value: f64) {
    out.push(0xfb);
    out.extend_from_slice(&value.to_be_bytes());
}

/// Writes `content`, which is one encoded item, as encoded CBOR data: tag 24 around a byte string
/// ([RFC 8949 §3.4.5.1](https://www.rfc-editor.org/rfc/rfc8949#section-3.4.5.1)).
pub fn encoded_item(out: &mut Vec<u8>, content: &[u8]) {
    tag(out, 24);
    bytes(out, content);
}

/// How many bytes the head of a string of `length` bytes takes.
#[must_use]
pub const fn head_length(length: usize) -> usize {
    match length {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    let [.., c, d, e, f, g, h] = argument.to_be_bytes();
    match argument {
        0..=23 => out.push(major | h),
        24..=0xff => out.extend_from_slice(&[major | 24, h]),
        0x100..=0xffff => out.extend_from_slice(&[major | 25, g, h]),
        0x1_0000..=0xffff_ffff => out.extend_from_slice(&[major | 26, e, f, g, h]),
        _ => {
            let [a, b, ..] = argument.to_be_bytes();
            out.extend_from_slice(&[major | 27, a, b, c, d, e, f, g, h]);
        }
    }
}

#[cfg(test)]
mod tests {
    use ciborium::Value;
    use proptest::prelude::*;

    use super::super::encode;
    use super::*;

    proptest! {
        #[test]
        fn writes_what_the_deterministic_encoder_writes(
            number in any::<i64>(),
            shift in 0_u32..63,
            content in proptest::collection::vec(any::<u8>(), 0..300),
            word in "[a-z]{0,30}",
            truth in any::<bool>(),
            real in any::<f64>(),
        ) {
            let number = number >> shift;
            let mut out = Vec::new();
            array(&mut out, 6);
            integer(&mut out, number);
            bytes(&mut out, &content);
            text(&mut out, &word);
            boolean(&mut out, truth);
            null(&mut out);
            encoded_item(&mut out, &[0]);
            let expected = Value::Array(vec![
                Value::from(number),
                Value::Bytes(content.clone()),
                Value::from(word.as_str()),
                Value::from(truth),
                Value::Null,
                Value::Tag(24, Box::new(Value::Bytes(vec![0]))),
            ]);
            prop_assert_eq!(out, encode(&expected));
            let mut head = Vec::new();
            bytes_head(&mut head, content.len());
            prop_assert_eq!(head.len(), head_length(content.len()));
            let mut one = Vec::new();
            float(&mut one, real);
            prop_assert_eq!(one.len(), 9);
        }
    }
}
