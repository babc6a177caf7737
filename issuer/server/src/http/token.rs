//! The token endpoint ([OpenID4VCI §6]).
//!
//! [OpenID4VCI §6]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use symbolon_issuer::grant::TokenRefusal;
use symbolon_protocol::oauth::error::TokenErrorCode;

use super::answer::{has_media_type, no_store, refusal, retry_after};
use crate::issuer::{Issuer, TokenFailure};

pub(super) async fn token(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, body: Bytes) -> Response {
    if !has_media_type(&headers, "application/x-www-form-urlencoded") {
        let description = "the token request must be a form";
        return refusal(
            StatusCode::BAD_REQUEST,
            TokenErrorCode::InvalidRequest,
            description,
        );
    }
    match issuer.redeem(&body).await {
        Ok(response) => no_store(Json(response).into_response()),
        Err(failure) => failure.into_response(),
    }
}

impl axum::response::IntoResponse for TokenFailure {
    fn into_response(self) -> Response {
        match self {
            Self::Request(error) => refusal(StatusCode::BAD_REQUEST, error.code(), &error.to_string()),
            Self::Refused(refused) => {
                let code = match refused {
                    // §6.3: a transaction code that is missing or unexpected is a malformed request, not a wrong grant.
                    TokenRefusal::TxCodeMissing | TokenRefusal::TxCodeUnexpected => {
                        TokenErrorCode::InvalidRequest
                    }
                    _ => TokenErrorCode::InvalidGrant,
                };
                let response = refusal(StatusCode::BAD_REQUEST, code, &refused.to_string());
                match refused {
                    TokenRefusal::TooEarly { wait } => retry_after(response, wait),
                    _ => response,
                }
            }
            Self::Store(_) | Self::Randomness(_) | Self::Unwritable => {
                tracing::error!(error = %self, "token request not answered");
                let description = "the issuer cannot answer right now";
                refusal(
                    StatusCode::SERVICE_UNAVAILABLE,
                    TokenErrorCode::TemporarilyUnavailable,
                    description,
                )
            }
        }
    }
}
