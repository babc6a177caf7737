//! [Multibase](https://www.w3.org/TR/controller-document/#multibase-0): `z` for base 58 with the Bitcoin alphabet and `u`
//! for base64url without padding, the two bases that W3C's suites use.

use super::{DecodeError, base64url};

/// The longest base 58 text that is read, in characters: a P-384 signature has 133. Decoding takes quadratic time.
pub const MAX_BASE58_CHARACTERS: usize = 256;

/// Writes base 58.
#[must_use]
pub fn encode_base58btc(bytes: &[u8]) -> String {
    format!("z{}", bs58::encode(bytes).into_string())
}

/// Reads base 58.
///
/// # Errors
/// [`DecodeError`] for another base, a character outside of the alphabet, or a text beyond [`MAX_BASE58_CHARACTERS`].
pub fn decode_base58btc(text: &str) -> Result<Vec<u8>, DecodeError> {
    if text.len() > MAX_BASE58_CHARACTERS {
        return Err(DecodeError);
    }
    let digits = text.strip_prefix('z').ok_or(DecodeError)?;
    bs58::decode(digits).into_vec().map_err(|_| DecodeError)
}

/// Writes base64url.
#[must_use]
pub fn encode_base64url(bytes: &[u8]) -> String {
    format!("u{}", base64url::encode(bytes))
}

/// Reads base64url.
///
/// # Errors
/// [`DecodeError`] for another base or what is not the one text of its bytes.
pub fn decode_base64url(text: &str) -> Result<Vec<u8>, DecodeError> {
    base64url::decode(text.strip_prefix('u').ok_or(DecodeError)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bases_read_what_they_write() {
        let bytes = [0, 0, 0x28, 0x7f, 0xb4, 0xcd];
        // The example of the base58 draft, section 5.
        assert_eq!(encode_base58btc(&bytes), "z11233QC4");
        assert_eq!(decode_base58btc("z11233QC4").unwrap(), bytes);
        assert_eq!(encode_base64url(&bytes), "uAAAof7TN");
        assert_eq!(decode_base64url("uAAAof7TN").unwrap(), bytes);
    }

    #[test]
    fn other_bases_alphabets_and_lengths_are_refused() {
        for text in ["", "11233QC4", "u11233QC4+", "z0", "zl", "z11233QC4 "] {
            assert!(decode_base58btc(text).is_err(), "{text}");
        }
        assert!(decode_base58btc(&format!("z{}", "1".repeat(MAX_BASE58_CHARACTERS))).is_err());
        for text in ["", "zAAAof7TN", "uAAAof7TN=", "uAAAof7T+"] {
            assert!(decode_base64url(text).is_err(), "{text}");
        }
    }
}
