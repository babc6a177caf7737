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
use symbolon_protocol::oauth::access_token::{
    AccessTokenScheme, PresentedAccessToken, ResourceChallenge, ResourceErrorCode,
};
use symbolon_protocol::openid4vci::error::CredentialErrorCode;

use super::answer::{challenge, failure, has_media_type, no_store, refusal};
use crate::issuer::{CredentialFailure, Issuer};

pub(super) async fn credential(
    State(issuer): State<Arc<Issuer>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = match PresentedAccessToken::parse(authorization, query.as_deref()) {
        Ok(PresentedAccessToken::Bearer(token)) => token,
        // No token of this issuer is bound to a key.
        Ok(PresentedAccessToken::Dpop(_)) => return bearer_challenge(Some(ResourceErrorCode::InvalidToken)),
        Err(error) => return bearer_challenge(error.code()),
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

fn bearer_challenge(error: Option<ResourceErrorCode>) -> Response {
    challenge(ResourceChallenge {
        scheme: AccessTokenScheme::Bearer,
        error,
    })
}

impl axum::response::IntoResponse for CredentialFailure {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refused) => match refused.code() {
                RefusalCode::Credential(code) => refusal(StatusCode::BAD_REQUEST, code, &refused.to_string()),
                RefusalCode::AccessToken(code) => bearer_challenge(Some(code)),
            },
            Self::Store(_) | Self::Allocation(_) | Self::Signing(_) => {
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
