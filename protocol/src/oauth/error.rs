//! Error documents ([RFC 6749 §5.2]).
//!
//! [RFC 6749 §5.2]: https://www.rfc-editor.org/rfc/rfc6749#section-5.2

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::wire::{error_codes, parse_json};

/// The largest error document that is read, in bytes.
pub const MAX_ERROR_BYTES: usize = 16 * 1024;

error_codes! {
    /// What a token endpoint answers ([RFC 6749 §5.2], [OpenID4VCI §6.3]).
    ///
    /// [RFC 6749 §5.2]: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
    /// [OpenID4VCI §6.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.3
    pub enum TokenErrorCode {
        /// Malformed; or a transaction code that was not expected, or that is missing.
        InvalidRequest = "invalid_request",
        /// Client authentication failed, or the server wants clients to identify themselves.
        InvalidClient = "invalid_client",
        /// The code is wrong, expired or used, or the transaction code is wrong.
        InvalidGrant = "invalid_grant",
        /// This client may not use this grant.
        UnauthorizedClient = "unauthorized_client",
        /// The server does not know the grant.
        UnsupportedGrantType = "unsupported_grant_type",
        /// The scope is unknown or exceeds the grant.
        InvalidScope = "invalid_scope",
        /// The server failed.
        ServerError = "server_error",
        /// The server is overloaded, or the client asks too often.
        TemporarilyUnavailable = "temporarily_unavailable",
    }
}

/// An error document: a code and, for the reader of a log, a description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorResponse<C> {
    /// The code.
    pub error: C,
    /// What went wrong, for the developer of the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<ErrorDescription>,
}

impl<C: DeserializeOwned + Serialize> ErrorResponse<C> {
    /// An error document with a description of our own.
    #[must_use]
    pub fn new(error: C, description: &'static str) -> Self {
        Self {
            error,
            error_description: ErrorDescription::parse(description),
        }
    }

    /// Reads the error document of a peer; `None` when the body is no such document.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        parse_json(body, MAX_ERROR_BYTES).ok()
    }
}

/// The text of `error_description`: only the characters `%x20-21`, `%x23-5B` and `%x5D-7E`.
///
/// A description that came from a peer is for a developer's eyes; it must not reach a resident as the words of
/// this software.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorDescription(String);

impl ErrorDescription {
    /// The longest description kept, in bytes.
    pub const MAX_BYTES: usize = 512;

    /// Takes a description; `None` when a character is not allowed or the text is too long.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        (text.len() <= Self::MAX_BYTES && text.bytes().all(allowed)).then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for ErrorDescription {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An error stays an error when its description breaks the rules: the bad characters go.
        let text = String::deserialize(deserializer)?;
        let clean: String = text
            .chars()
            .filter(|character| matches!(u32::from(*character), 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
            .take(Self::MAX_BYTES)
            .collect();
        Ok(Self(clean))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_code_is_still_an_error() {
        let error: ErrorResponse<TokenErrorCode> =
            ErrorResponse::parse(br#"{"error":"invalid_tx_code","error_description":"no\nway \"x\""}"#)
                .unwrap();
        assert_eq!(error.error, TokenErrorCode::Unrecognised);
        assert_eq!(error.error_description.unwrap().as_str(), "noway x");
    }

    #[test]
    fn writes_the_code_of_the_specification() {
        let error = ErrorResponse::new(TokenErrorCode::InvalidGrant, "the code is used");
        assert_eq!(
            serde_json::to_string(&error).unwrap(),
            r#"{"error":"invalid_grant","error_description":"the code is used"}"#
        );
    }
}
