//! Strict, bounded codecs. Every one of them refuses a second text for the same value where the format lets it.

pub mod base64;
pub mod base64url;
pub mod cbor;
pub mod gzip;
pub mod jcs;
pub mod json;
pub mod multibase;
pub mod multikey;
pub mod zlib;

use thiserror::Error;

/// The text is not in the encoding it should be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not correctly encoded")]
pub struct DecodeError;

#[cfg(test)]
mod tests {
    use super::{base64, base64url};

    #[test]
    fn one_value_has_one_text_in_base64url() {
        assert_eq!(base64url::decode("-_8").unwrap(), [0xfb, 0xff]);
        for text in ["-_8=", "-_9", "+/8", "-_8\n", " -_8", "-", "-_8-_"] {
            assert!(base64url::decode(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn every_way_to_encode_writes_the_same() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        for length in 0..bytes.len() {
            let whole = base64url::encode(&bytes[..length]);
            let (mut text, mut as_bytes) = ("a".to_owned(), b"a".to_vec());
            base64url::encode_into(&bytes[..length], &mut text);
            base64url::encode_into_bytes(&bytes[..length], &mut as_bytes);
            assert_eq!(text.strip_prefix('a'), Some(whole.as_str()));
            assert_eq!(as_bytes, text.as_bytes());
            assert_eq!(whole.len(), base64url::encoded_length(length));
            assert_eq!(base64url::decode(&whole).unwrap(), bytes[..length]);
        }
    }

    #[test]
    fn one_value_has_one_text_in_base64() {
        assert_eq!(base64::decode("+/8=").unwrap(), [0xfb, 0xff]);
        for text in [
            "+/8", "+/9=", "-_8=", "+/8=\n", "+/\n8=", "+/8==", "====", "+/8=+/8=",
        ] {
            assert!(base64::decode(text).is_err(), "{text:?}");
        }
    }
}
