//! VCALM ([W3C draft of 2026](https://www.w3.org/TR/vcalm/), section Issuing): a coordinator hands in a credential, and later
//! changes its status. Whole behind the administration token.
//!
//! Each credential configuration that allows it is an instance, with a base URL of its own below `/vcalm`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use http::{HeaderMap, StatusCode};
use symbolon_http::serve::{AdministrationToken, Limits, harden, require_administration};
use symbolon_http::vcalm::{answer, failed, problem, refused, require_json};
use symbolon_issuer::vcalm::DocumentRefused;
use symbolon_protocol::vcalm::issue::{IssueCredentialRequest, VerifiableCredentialResponse};
use symbolon_protocol::vcalm::reference::CredentialReference;
use symbolon_protocol::vcalm::status::UpdateStatusRequest;
use symbolon_protocol::vcalm::{MAX_REQUEST_BYTES, paths};

use crate::issuer::{DocumentFailure, Issuer, StatusUpdate};

/// A credential with portraits, canonicalized.
const LIMITS: Limits = Limits {
    body_bytes: MAX_REQUEST_BYTES,
    time: std::time::Duration::from_secs(60),
};

pub(super) fn router(issuer: Arc<Issuer>, token: AdministrationToken) -> Router {
    let below = |path: &str| format!("/{{configuration}}{path}");
    let routes = Router::new()
        .route(&below(paths::ISSUE), post(issue))
        .route(&below(paths::STATUS), post(update_status))
        .route(
            &below(&format!("{}/{{id}}", paths::CREDENTIALS)),
            get(kept).delete(kept),
        )
        .fallback(async || failed(StatusCode::NOT_FOUND, "there is no such endpoint"))
        .with_state(issuer)
        .layer(middleware::from_fn_with_state(token, require_administration));
    harden(routes, LIMITS)
}

async fn issue(
    State(issuer): State<Arc<Issuer>>,
    Path(configuration): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(refusal) = require_json(&headers) {
        return *refusal;
    }
    let request = match IssueCredentialRequest::parse(&body) {
        Ok(request) => request,
        Err(error) => return refused(error),
    };
    // Carried out to its end also when the client goes away: what is booked is signed, and what is signed is booked.
    let issued = tokio::spawn(async move { issuer.issue_document(&configuration, request).await });
    match issued.await {
        Ok(Ok(verifiable_credential)) => answer(
            StatusCode::CREATED,
            VerifiableCredentialResponse {
                verifiable_credential,
            },
        ),
        Ok(Err(failure)) => failure.into_response(),
        Err(_) => unavailable(),
    }
}

async fn update_status(
    State(issuer): State<Arc<Issuer>>,
    Path(configuration): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(refusal) = require_json(&headers) {
        return *refusal;
    }
    let request = match UpdateStatusRequest::parse(&body) {
        Ok(request) => request,
        Err(error) => return refused(error),
    };
    let updated = tokio::spawn(async move { issuer.update_status(&configuration, &request).await });
    match updated.await {
        Ok(Ok(StatusUpdate::Published)) => StatusCode::OK.into_response(),
        // Durable, and not yet visible: the caller must not take it for undone.
        Ok(Ok(StatusUpdate::NotYetPublished)) => StatusCode::ACCEPTED.into_response(),
        Ok(Err(failure)) => failure.into_response(),
        Err(_) => unavailable(),
    }
}

/// What a credential says is not kept here, only that it was issued.
async fn kept(
    State(issuer): State<Arc<Issuer>>,
    Path((configuration, id)): Path<(String, String)>,
) -> Response {
    let unknown = || failed(StatusCode::NOT_FOUND, "no such credential was issued here");
    let Ok(reference) = CredentialReference::parse(&id) else {
        return unknown();
    };
    match issuer.has_issued(&configuration, &reference).await {
        Ok(true) => failed(StatusCode::GONE, "this issuer does not keep what credentials say"),
        Ok(false) => unknown(),
        Err(failure) => failure.into_response(),
    }
}

fn unavailable() -> Response {
    failed(StatusCode::SERVICE_UNAVAILABLE, "the issuer cannot answer now")
}

impl axum::response::IntoResponse for DocumentFailure {
    fn into_response(self) -> Response {
        match &self {
            Self::UnknownInstance | Self::Refused(DocumentRefused::NotAllowed) => {
                failed(StatusCode::NOT_FOUND, "no instance issues documents here")
            }
            Self::UnknownCredential => failed(StatusCode::NOT_FOUND, "no such credential was issued here"),
            Self::Refused(DocumentRefused::Duplicate) => failed(
                StatusCode::CONFLICT,
                "a credential of this name was issued before",
            ),
            Self::Status(refused) => problem(
                StatusCode::BAD_REQUEST,
                refused.problem().details(refused.to_string()),
            ),
            Self::Refused(refused) => match refused.details() {
                Some(details) => problem(StatusCode::BAD_REQUEST, details),
                None => {
                    tracing::error!(error = %self, "document not issued");
                    failed(StatusCode::INTERNAL_SERVER_ERROR, "the issuer could not do this")
                }
            },
            Self::Store(_)
            | Self::Allocation(_)
            | Self::Signing(_)
            | Self::Outcome(_)
            | Self::Administration(_)
            | Self::Interrupted => {
                tracing::error!(error = %self, "document order not carried out");
                unavailable()
            }
        }
    }
}
