//! VCALM ([W3C draft of 2026](https://www.w3.org/TR/vcalm/), section Verifying): credentials and presentations that a
//! coordinator hands in are verified, behind the administration token or the key of a relying party that may have posted
//! documents verified, because verifying fetches.
//!
//! `/credentials/verify` answers 400 with its report when the credential is not what its issuer made: such a document is
//! invalid input, and the test suites of the W3C count on it. A credential that is genuine and revoked, expired, or of an
//! issuer that is not trusted is answered with 200 and `verified: false`, as every presentation is.

mod challenge;
mod credential;
mod presentation;
mod presenter;
mod problems;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Extracted;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use symbolon_http::openapi::{DescribedRouter, post};
use symbolon_http::vcalm::{answer, failed, refused, require_json};
use symbolon_protocol::vcalm::challenge::CreateChallengeResponse;
use symbolon_protocol::vcalm::verify::{
    CredentialReport, PresentationReport, Return, VerifyCredentialRequest, VerifyPresentationRequest,
};
use symbolon_protocol::vcalm::{self, paths};

use self::credential::{Genuineness, presented_value};
use super::operations;
use crate::state::State;

/// The endpoints, below the base URL of the instance.
pub(super) fn router() -> DescribedRouter<Arc<State>> {
    DescribedRouter::default()
        .route(
            paths::VERIFY_CREDENTIAL,
            post(operations::verify_credential(), verify_credential),
        )
        .route(
            paths::VERIFY_PRESENTATION,
            post(operations::verify_presentation(), verify_presentation),
        )
        .route(
            paths::CHALLENGES,
            post(operations::create_challenge(), create_challenge),
        )
}

async fn verify_credential(
    Extracted(state): Extracted<Arc<State>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(refusal) = require_json(&headers) {
        return *refusal;
    }
    let request = match VerifyCredentialRequest::parse(&body) {
        Ok(request) => request,
        Err(error) => return refused(error),
    };
    let opened = state.pack().await;
    let mut evidence = state.evidence(&opened);
    let judged = state.verify_presented(&request.credential, &mut evidence).await;
    let report = CredentialReport::new(
        judged.findings,
        request.options,
        presented_value(&request.credential),
    );
    let status = match judged.genuineness {
        Genuineness::Genuine => StatusCode::OK,
        Genuineness::NotGenuine => StatusCode::BAD_REQUEST,
    };
    answer(status, report)
}

async fn verify_presentation(
    Extracted(state): Extracted<Arc<State>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(refusal) = require_json(&headers) {
        return *refusal;
    }
    let request = match VerifyPresentationRequest::parse(&body) {
        Ok(request) => request,
        Err(error) => return refused(error),
    };
    let opened = state.pack().await;
    let mut evidence = state.evidence(&opened);
    let findings = match state.verify_presenter(&request, &evidence).await {
        Ok(findings) => findings,
        Err(error) => {
            tracing::error!(%error, "a challenge could not be spent");
            return failed(StatusCode::SERVICE_UNAVAILABLE, "the verifier cannot answer now");
        }
    };
    let mut credentials = Vec::with_capacity(findings.credentials.len());
    for credential in &findings.credentials {
        let judged = state.verify_presented(credential, &mut evidence).await;
        credentials.push((presented_value(credential), judged.findings));
    }
    let presentation = match request.options.presentation {
        Return::Included => Some(presentation::submitted_value(&request.presentation)),
        Return::LeftOut => None,
    };
    let report = PresentationReport::new(findings.presentation, credentials, presentation);
    answer(StatusCode::OK, report)
}

async fn create_challenge(Extracted(state): Extracted<Arc<State>>, body: Bytes) -> Response {
    if let Err(error) = vcalm::challenge::parse(&body) {
        return refused(error);
    }
    match state.make_challenge() {
        Ok(challenge) => answer(StatusCode::OK, CreateChallengeResponse { challenge }),
        Err(error) => {
            tracing::error!(%error, "a challenge could not be made");
            failed(StatusCode::SERVICE_UNAVAILABLE, "the verifier cannot answer now")
        }
    }
}
