//! Refusals to clients, by the codes of the specifications. None repeats what the client sent.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::header::{AUTHORIZATION, CACHE_CONTROL, PRAGMA, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use symbolon_protocol::oauth::client::ClientParametersError;
use symbolon_protocol::oauth::client_assertion::AssertionError;
use symbolon_protocol::oauth::dpop::DpopError;
use symbolon_protocol::oauth::error::{
    AuthorizationErrorCode, ErrorDescription, ErrorResponse, TokenErrorCode,
};
use symbolon_protocol::openid_connect::authentication_request::PushedAuthenticationError;
use symbolon_protocol::openid4vci::token::TokenRequestError;
use symbolon_verifier::openid_provider::GrantRefusal;
use symbolon_verifier::store::StoreError;
use thiserror::Error;

/// Why a client's own request is refused: at the token endpoint and where requests are pushed.
#[derive(Debug, Error)]
pub(super) enum ClientRefused {
    #[error("the request must be a form")]
    NotAForm,
    #[error(transparent)]
    Token(#[from] TokenRequestError),
    #[error(transparent)]
    Pushed(#[from] PushedAuthenticationError),
    /// What a pushed request asks for.
    #[error("{description}")]
    Request {
        code: AuthorizationErrorCode,
        description: String,
    },
    #[error("only codes are redeemed here")]
    Grant,
    #[error(transparent)]
    Parameters(#[from] ClientParametersError),
    #[error("the client must sign an assertion")]
    NoAssertion,
    #[error("the client is not known")]
    UnknownClient,
    #[error("the keys of the client cannot be had")]
    NoKeys,
    #[error(transparent)]
    Assertion(#[from] AssertionError),
    #[error("the client assertion was used before")]
    AssertionReplayed,
    #[error(transparent)]
    Proof(#[from] DpopError),
    #[error("the code is wrong")]
    UnknownCode,
    #[error(transparent)]
    Redemption(#[from] GrantRefusal),
    #[error("the quota of the relying party is used up")]
    Quota,
    #[error("the provider cannot sign")]
    NoSignature,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ClientRefused {
    /// The code, and the status that goes with it.
    fn code(&self) -> (u16, &'static str) {
        let token = |code: TokenErrorCode| (code.status(), code.as_str());
        let request = |code: AuthorizationErrorCode| (code.status(), code.as_str());
        match self {
            Self::NotAForm => token(TokenErrorCode::InvalidRequest),
            Self::Token(error) => token(error.code()),
            Self::Pushed(error) => request(error.code()),
            Self::Request { code, .. } => request(*code),
            Self::Grant => token(TokenErrorCode::UnsupportedGrantType),
            Self::Parameters(error) => token(error.code()),
            Self::NoAssertion
            | Self::UnknownClient
            | Self::NoKeys
            | Self::Assertion(_)
            | Self::AssertionReplayed => token(TokenErrorCode::InvalidClient),
            Self::Proof(error) => token(error.token_code()),
            Self::UnknownCode => token(TokenErrorCode::InvalidGrant),
            Self::Redemption(refusal) => token(refusal.code()),
            Self::Quota => token(TokenErrorCode::TemporarilyUnavailable),
            Self::NoSignature => token(TokenErrorCode::ServerError),
            Self::Store(_) => token(TokenErrorCode::TemporarilyUnavailable),
        }
    }

    /// The answer to a request with these header fields.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Response {
        let (status, code) = self.code();
        match self {
            Self::Store(error) => tracing::error!(%error, "the store failed"),
            Self::NoSignature => tracing::error!("the key of ID tokens does not sign"),
            _ => tracing::info!(code, reason = %self, "a client was refused"),
        }
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = ErrorResponse {
            error: code,
            error_description: ErrorDescription::parse(&self.to_string()),
        };
        let mut response = uncached(status, &body);
        // A client that came with a password is told in the scheme that it used (RFC 6749 §5.2).
        if status == StatusCode::UNAUTHORIZED && headers.contains_key(AUTHORIZATION) {
            let scheme = HeaderValue::from_static("Basic");
            response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

/// An answer that no cache keeps, those of HTTP/1.0 included ([RFC 6749 §5.1]).
///
/// [RFC 6749 §5.1]: https://www.rfc-editor.org/rfc/rfc6749#section-5.1
pub(super) fn uncached(status: StatusCode, body: &impl Serialize) -> Response {
    let headers = [(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")];
    (status, headers, Json(body)).into_response()
}
