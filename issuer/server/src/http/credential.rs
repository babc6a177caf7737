//! The credential endpoint ([OpenID4VCI §8]).
//!
//! [OpenID4VCI §8]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use symbolon_issuer::issuance::RefusalCode;
use symbolon_issuer::record_source::RecordSourceError;
use symbolon_protocol::oauth::bearer::{BearerChallenge, parse_bearer_token};
use symbolon_protocol::openid4vci::error::CredentialErrorCode;

use super::answer::{challenge, failure, has_media_type, no_store, refusal, retry_after};
use crate::issuer::{CredentialFailure, Issuer};

pub(super) async fn credential(
    State(issuer): State<Arc<Issuer>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = match parse_bearer_token(authorization, query.as_deref()) {
        Ok(token) => token,
        Err(error) => return challenge(BearerChallenge::answering(error)),
    };
    if !has_media_type(&headers, "application/json") {
        let description = "the credential request must be JSON";
        return refusal(
            StatusCode::BAD_REQUEST,
            CredentialErrorCode::InvalidCredentialRequest,
            description,
        );
    }
    match issuer.issue(&token, &body).await {
        Ok(response) => {
            let status = StatusCode::from_u16(response.status()).unwrap_or(StatusCode::OK);
            no_store((status, Json(response)).into_response())
        }
        Err(failure) => failure.into_response(),
    }
}

impl axum::response::IntoResponse for CredentialFailure {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refused) => match refused.code() {
                RefusalCode::Credential(code) => refusal(StatusCode::BAD_REQUEST, code, &refused.to_string()),
                RefusalCode::Bearer(code) => challenge(BearerChallenge { error: Some(code) }),
            },
            Self::Records(RecordSourceError::Unavailable { retry_after: wait }) => {
                retry_after(failure(StatusCode::SERVICE_UNAVAILABLE), wait)
            }
            Self::Store(_) | Self::Records(_) | Self::Allocation(_) | Self::Signing(_) => {
                tracing::error!(error = %self, "credential request not answered");
                failure(StatusCode::SERVICE_UNAVAILABLE)
            }
            Self::Issuance(_) | Self::Outcome(_) => {
                tracing::error!(error = %self, "credential not issued");
                failure(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}
