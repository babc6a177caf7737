//! The credential endpoint ([OpenID4VCI §8]).
//!
//! [OpenID4VCI §8]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde_json::json;
use symbolon_http::openapi::{Answer, Operation, text};
use symbolon_issuer::issuance::RefusalCode;
use symbolon_issuer::metadata::paths;
use symbolon_issuer::record_source::RecordSourceError;
use symbolon_protocol::oauth::access_token::{AccessTokenScheme, ResourceChallenge};
use symbolon_protocol::openid4vci::credential::RequestCarriage;
use symbolon_protocol::openid4vci::encryption::ENCRYPTED_MEDIA_TYPE;
use symbolon_protocol::openid4vci::error::CredentialErrorCode;

use super::access::protected;
use super::access::{Presented, challenged};
use super::answer::{failure, has_media_type, no_store, refusal, retry_after};
use super::messages::issuance::{CredentialRequest, CredentialResponse, DeferredResponse};
use super::tags::ISSUANCE;
use crate::issuer::{Answered, CarriedRequest, CredentialFailure, Issuer};

pub(super) fn described() -> Operation {
    let operation = Operation::new("requestCredential", ISSUANCE, "Credentials for proven keys")
        .specified(
            "OpenID4VCI 1.0, section 8",
            "https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8",
        )
        .json::<CredentialRequest>()
        .example(
            "application/json",
            json!({
                "credential_configuration_id": "NationalIdentity",
                "proofs": { "jwt": ["eyJ0eXAiOiJvcGVuaWQ0dmNpLXByb29mK2p3dCJ9.e30.c2lnbmF0dXJl"] },
            }),
        );
    credential_endpoint(operation)
}

/// What both credential endpoints take and answer.
pub(super) fn credential_endpoint(operation: Operation) -> Operation {
    let codes = CredentialErrorCode::ALL.iter().map(|code| code.as_str());
    let encrypted = "An encrypted request and an encrypted answer are JWTs (OpenID4VCI 1.0, section 10).";
    protected(operation)
        .about(encrypted)
        .body(ENCRYPTED_MEDIA_TYPE, text())
        .answers(
            Answer::json::<CredentialResponse>(200, "The credentials.")
                .file(ENCRYPTED_MEDIA_TYPE)
                .not_cached(),
        )
        .answers(
            Answer::json::<DeferredResponse>(202, "The credentials are not ready.")
                .file(ENCRYPTED_MEDIA_TYPE)
                .not_cached(),
        )
        .answers(Answer::error(400, "The request is refused.", codes).not_cached())
        .answers(Answer::empty(500, "The issuer failed.").not_cached())
        .answers(
            Answer::empty(503, "The store or the register does not answer.")
                .retry_after()
                .not_cached(),
        )
}

pub(super) async fn credential(
    State(issuer): State<Arc<Issuer>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let presented = match Presented::read(&issuer, &headers, query.as_deref(), paths::CREDENTIAL) {
        Ok(presented) => presented,
        Err(response) => return *response,
    };
    let response = match carried(&headers, &body) {
        Ok(carried) => match issuer.issue(&presented.request(), &carried).await {
            Ok(answered) => answer(&issuer, &answered),
            Err(failure) => refused(&failure, presented.scheme()),
        },
        Err(response) => *response,
    };
    presented.refresh(&issuer, response)
}

/// How a request to one of the credential endpoints came; otherwise the answer that refuses it.
pub(super) fn carried<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<CarriedRequest<'a>, Box<Response>> {
    let carriage = if has_media_type(headers, "application/json") {
        RequestCarriage::Plain
    } else if has_media_type(headers, ENCRYPTED_MEDIA_TYPE) {
        RequestCarriage::Encrypted
    } else {
        return Err(Box::new(refusal(
            StatusCode::BAD_REQUEST,
            CredentialErrorCode::InvalidCredentialRequest,
            "the request must be JSON, or a JWT when it is encrypted",
        )));
    };
    Ok(CarriedRequest { carriage, body })
}

/// An answer of one of the credential endpoints, encrypted where the wallet asked for it.
pub(super) fn answer(issuer: &Issuer, answered: &Answered) -> Response {
    let response = &answered.response;
    let status = StatusCode::from_u16(response.status()).unwrap_or(StatusCode::OK);
    let Some(encryption) = &answered.encryption else {
        return no_store((status, Json(response)).into_response());
    };
    let sealed = serde_json::to_vec(response)
        .ok()
        .map(|json| issuer.seal(&json, encryption));
    match sealed {
        Some(Ok(jwe)) => no_store((status, [(CONTENT_TYPE, ENCRYPTED_MEDIA_TYPE)], jwe).into_response()),
        Some(Err(_)) | None => {
            tracing::error!("credential response not encrypted");
            failure(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

pub(super) fn refused(refused: &CredentialFailure, scheme: AccessTokenScheme) -> Response {
    match refused {
        CredentialFailure::Access(error) => challenged(error),
        CredentialFailure::Refused(refused) => match refused.code() {
            RefusalCode::Credential(code) => refusal(StatusCode::BAD_REQUEST, code, &refused.to_string()),
            RefusalCode::AccessToken(code) => super::answer::challenge(ResourceChallenge {
                scheme,
                error: Some(code),
            }),
        },
        CredentialFailure::Records(RecordSourceError::Unavailable { retry_after: wait }) => {
            retry_after(failure(StatusCode::SERVICE_UNAVAILABLE), *wait)
        }
        CredentialFailure::Store(_)
        | CredentialFailure::Records(_)
        | CredentialFailure::Allocation(_)
        | CredentialFailure::Signing(_) => {
            tracing::error!(error = %refused, "credential request not answered");
            failure(StatusCode::SERVICE_UNAVAILABLE)
        }
        CredentialFailure::Issuance(_) | CredentialFailure::Outcome(_) | CredentialFailure::Unwritable => {
            tracing::error!(error = %refused, "credential not issued");
            failure(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}
