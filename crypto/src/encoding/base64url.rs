//! base64url without padding ([RFC 7515 §2](https://www.rfc-editor.org/rfc/rfc7515#section-2)).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::DecodeError;

/// Encodes `bytes`.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends the encoding of `bytes` to `text`.
pub fn encode_into(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// Appends the encoding of `bytes` to text that is held as bytes.
pub fn encode_into_bytes(bytes: &[u8], text: &mut Vec<u8>) {
    let start = text.len();
    text.resize(start.saturating_add(encoded_length(bytes.len())), 0);
    if let Some(place) = text.get_mut(start..) {
        // The place is as long as the encoding.
        let _ = URL_SAFE_NO_PAD.encode_slice(bytes, place);
    }
}

/// How many characters that many bytes take.
#[must_use]
pub const fn encoded_length(bytes: usize) -> usize {
    (bytes / 3)
        .saturating_mul(4)
        .saturating_add((bytes % 3).saturating_mul(4).div_ceil(3))
}

/// Decodes `text`; padding, line breaks, other characters and stray bits in the last character are refused, so that
/// one value has one text.
///
/// # Errors
/// [`DecodeError`] for any other text.
pub fn decode(text: &str) -> Result<Vec<u8>, DecodeError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| DecodeError)
}
