//! Standard base64 with padding ([RFC 4648 §4](https://www.rfc-editor.org/rfc/rfc4648#section-4)), as `x5c` has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::DecodeError;

/// Encodes `bytes`.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes `text`; line breaks, other characters, missing padding and stray bits are refused.
///
/// # Errors
/// [`DecodeError`] for any other text.
pub fn decode(text: &str) -> Result<Vec<u8>, DecodeError> {
    STANDARD.decode(text).map_err(|_| DecodeError)
}
