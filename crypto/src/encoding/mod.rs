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
    fn one_value_has_one_text_in_base64() {
        assert_eq!(base64::decode("+/8=").unwrap(), [0xfb, 0xff]);
        for text in [
            "+/8", "+/9=", "-_8=", "+/8=\n", "+/\n8=", "+/8==", "====", "+/8=+/8=",
        ] {
            assert!(base64::decode(text).is_err(), "{text:?}");
        }
    }
}
