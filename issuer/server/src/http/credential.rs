//! The credential endpoint ([OpenID4VCI §8]).
//!
//! [OpenID4VCI §8]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use symbolon_issuer::issuance::RefusalCode;
use symbolon_issuer::metadata::paths;
use symbolon_protocol::oauth::access_token::{AccessTokenScheme, ResourceChallenge};
use symbolon_protocol::openid4vci::error::CredentialErrorCode;

use super::access::{Presented, challenged};
use super::answer::{failure, has_media_type, no_store, refusal};
use crate::issuer::{CredentialFailure, Issuer};

pub(super) async fn credential(
    State(issuer): State<Arc<Issuer>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let presented = match Presented::read(&issuer, &headers, query.as_deref(), paths::CREDENTIAL) {
        Ok(presented) => presented,
        Err(response) => return response,
    };
    if !has_media_type(&headers, "application/json") {
        let description = "the credential request must be JSON";
        return refusal(
            StatusCode::BAD_REQUEST,
            CredentialErrorCode::InvalidCredentialRequest,
            description,
        );
    }
    let response = match issuer.issue(&presented.request(), &body).await {
        Ok(response) => {
            let status = StatusCode::from_u16(response.status()).unwrap_or(StatusCode::OK);
            no_store((status, Json(response)).into_response())
        }
        Err(failure) => refused(&failure, presented.scheme()),
    };
    presented.refresh(&issuer, response)
}

fn refused(refused: &CredentialFailure, scheme: AccessTokenScheme) -> Response {
    match refused {
        CredentialFailure::Access(error) => challenged(error),
        CredentialFailure::Refused(refused) => match refused.code() {
            RefusalCode::Credential(code) => refusal(StatusCode::BAD_REQUEST, code, &refused.to_string()),
            RefusalCode::AccessToken(code) => super::answer::challenge(ResourceChallenge {
                scheme,
                error: Some(code),
            }),
        },
        CredentialFailure::Store(_) | CredentialFailure::Allocation(_) | CredentialFailure::Signing(_) => {
            tracing::error!(error = %refused, "credential request not answered");
            failure(StatusCode::SERVICE_UNAVAILABLE)
        }
        CredentialFailure::Issuance(_) | CredentialFailure::Outcome(_) => {
            tracing::error!(error = %refused, "credential not issued");
            failure(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}
