//! base64url without padding ([RFC 7515 §2](https://www.rfc-editor.org/rfc/rfc7515#section-2)).

use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::DecodeError;

/// Encodes `bytes`.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Appends the encoding of `bytes` to `text`.
pub fn encode_into(bytes: &[u8], text: &mut String) {
    text.push_str(&encode(bytes));
}

/// Decodes `text`; padding, line breaks, other characters and stray bits in the last character are refused, so that
/// one value has one text.
///
/// # Errors
/// [`DecodeError`] for any other text.
pub fn decode(text: &str) -> Result<Vec<u8>, DecodeError> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| DecodeError)
}
