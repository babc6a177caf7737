//! Error documents ([RFC 6749 §5.2]).
//!
//! [RFC 6749 §5.2]: https://www.rfc-editor.org/rfc/rfc6749#section-5.2

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::wire::{error_codes, parse_json};

/// The largest error document that is read, in bytes.
pub const MAX_ERROR_BYTES: usize = 16 * 1024;

error_codes! {
    /// What a token endpoint answers ([RFC 6749 §5.2], [OpenID4VCI §6.3], and the extensions that name their codes).
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
        /// `resource` names something else than this issuer ([RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2)).
        InvalidTarget = "invalid_target",
        /// `authorization_details` names what there is not ([RFC 9396 §5](https://www.rfc-editor.org/rfc/rfc9396#section-5)).
        InvalidAuthorizationDetails = "invalid_authorization_details",
        /// The proof of the client's key is missing or wrong ([RFC 9449 §5](https://www.rfc-editor.org/rfc/rfc9449#section-5)).
        InvalidDpopProof = "invalid_dpop_proof",
        /// The proof needs the nonce that the answer carries ([RFC 9449 §8](https://www.rfc-editor.org/rfc/rfc9449#section-8)).
        UseDpopNonce = "use_dpop_nonce",
        /// The client attestation, or the proof of its key, is wrong.
        InvalidClientAttestation = "invalid_client_attestation",
        /// The proof of the attested key needs the challenge that the answer carries.
        UseAttestationChallenge = "use_attestation_challenge",
        /// The client attestation is too old.
        UseFreshAttestation = "use_fresh_attestation",
        /// The server failed.
        ServerError = "server_error",
        /// The server is overloaded, or the client asks too often.
        TemporarilyUnavailable = "temporarily_unavailable",
    }
}

impl TokenErrorCode {
    /// The HTTP status that goes with the code. Where a client failed to prove who it is, that is 401
    /// ([RFC 6749 §5.2]); where it only has to try again with what the answer carries, 400.
    ///
    /// [RFC 6749 §5.2]: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidClientAttestation => 401,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

error_codes! {
    /// What an authorization endpoint answers through the browser, and the endpoint of pushed requests directly
    /// ([RFC 6749 §4.1.2.1], [RFC 9126 §2.3], [RFC 9101 §6.3], and the extensions that name their codes).
    ///
    /// [RFC 6749 §4.1.2.1]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
    /// [RFC 9126 §2.3]: https://www.rfc-editor.org/rfc/rfc9126#section-2.3
    /// [RFC 9101 §6.3]: https://www.rfc-editor.org/rfc/rfc9101#section-6.3
    pub enum AuthorizationErrorCode {
        /// A parameter is missing, repeated or malformed.
        InvalidRequest = "invalid_request",
        /// This client may not ask.
        UnauthorizedClient = "unauthorized_client",
        /// The resident or the server said no.
        AccessDenied = "access_denied",
        /// Something else than a code is asked for.
        UnsupportedResponseType = "unsupported_response_type",
        /// The scope is unknown or malformed.
        InvalidScope = "invalid_scope",
        /// `resource` names something else than this issuer.
        InvalidTarget = "invalid_target",
        /// `authorization_details` names what there is not.
        InvalidAuthorizationDetails = "invalid_authorization_details",
        /// `request_uri` is unknown, used or expired.
        InvalidRequestUri = "invalid_request_uri",
        /// The request object is wrong.
        InvalidRequestObject = "invalid_request_object",
        /// The server takes no request objects.
        RequestNotSupported = "request_not_supported",
        /// The server takes no `request_uri`.
        RequestUriNotSupported = "request_uri_not_supported",
        /// Nothing may be shown, and nobody is signed in ([OpenID Connect Core 1.0 §3.1.2.6]).
        ///
        /// [OpenID Connect Core 1.0 §3.1.2.6]: https://openid.net/specs/openid-connect-core-1_0.html#AuthError
        LoginRequired = "login_required",
        /// Client authentication failed (pushed requests alone).
        InvalidClient = "invalid_client",
        /// The proof of the client's key is wrong (pushed requests alone).
        InvalidDpopProof = "invalid_dpop_proof",
        /// The proof needs the nonce that the answer carries (pushed requests alone).
        UseDpopNonce = "use_dpop_nonce",
        /// The client attestation is wrong (pushed requests alone).
        InvalidClientAttestation = "invalid_client_attestation",
        /// The attestation needs the challenge that the answer carries (pushed requests alone).
        UseAttestationChallenge = "use_attestation_challenge",
        /// The client attestation is too old (pushed requests alone).
        UseFreshAttestation = "use_fresh_attestation",
        /// The server failed.
        ServerError = "server_error",
        /// The server is overloaded, or the client asks too often.
        TemporarilyUnavailable = "temporarily_unavailable",
    }
}

impl AuthorizationErrorCode {
    /// The HTTP status of the answer to a pushed request. Through the browser, an error is a redirect.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidClientAttestation => 401,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

/// Clients authenticate at the endpoint of pushed requests as at the token endpoint, and are told the same
/// ([RFC 9126 §2.3]).
///
/// [RFC 9126 §2.3]: https://www.rfc-editor.org/rfc/rfc9126#section-2.3
impl From<TokenErrorCode> for AuthorizationErrorCode {
    fn from(code: TokenErrorCode) -> Self {
        Self::from_wire(code.as_str())
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
    fn a_client_is_told_the_same_at_both_endpoints() {
        for code in [
            "invalid_client",
            "use_dpop_nonce",
            "invalid_client_attestation",
            "use_attestation_challenge",
        ] {
            let token = TokenErrorCode::from_wire(code);
            let pushed = AuthorizationErrorCode::from(token);
            assert_eq!(pushed.as_str(), code);
            assert_eq!(pushed.status(), token.status());
        }
        assert_eq!(TokenErrorCode::InvalidClient.status(), 401);
        assert_eq!(TokenErrorCode::UseDpopNonce.status(), 400);
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
