//! `/credentials/derive` and `/credentials/{id}`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use symbolon_credential::w3c::ProblemType;
use symbolon_http::vcalm::{answer, failed, problem, refused, require_json};
use symbolon_protocol::vcalm::derive::DeriveCredentialRequest;
use symbolon_protocol::vcalm::issue::VerifiableCredentialResponse;
use symbolon_protocol::vcalm::paths;

use crate::documents::{DocumentError, Forgotten, Kept};
use crate::holder::{DeriveRefused, Holder};

pub(super) async fn derive(State(holder): State<Arc<Holder>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = require_json(&headers) {
        return *refusal;
    }
    let request = match DeriveCredentialRequest::parse(&body) {
        Ok(request) => request,
        Err(error) => return refused(error),
    };
    match holder.derive(request).await {
        // The description has the credential itself here, where other endpoints have an object around it.
        Ok(made) => created(
            paths::CREDENTIALS,
            made.id.as_str(),
            answer(StatusCode::CREATED, made.document),
        ),
        Err(error) => error.into_response(),
    }
}

pub(super) async fn show(State(holder): State<Arc<Holder>>, Path(id): Path<String>) -> Response {
    match holder.find(Kept::Credential, &id) {
        Ok(Some(verifiable_credential)) => answer(
            StatusCode::OK,
            VerifiableCredentialResponse {
                verifiable_credential,
            },
        ),
        Ok(None) => failed(StatusCode::NOT_FOUND, "no such credential is kept"),
        Err(error) => error.into_response(),
    }
}

pub(super) async fn delete(State(holder): State<Arc<Holder>>, Path(id): Path<String>) -> Response {
    match holder.forget(Kept::Credential, &id).await {
        Ok(Forgotten::Deleted) => StatusCode::ACCEPTED.into_response(),
        Ok(Forgotten::Unknown) => failed(StatusCode::NOT_FOUND, "no such credential is kept"),
        Err(error) => error.into_response(),
    }
}

/// Says where what was made is kept.
pub(super) fn created(below: &str, id: &str, mut response: Response) -> Response {
    if let Ok(location) = HeaderValue::from_str(&format!("{below}/{id}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

impl IntoResponse for DeriveRefused {
    fn into_response(self) -> Response {
        match self {
            Self::Document(error) => error.into_response(),
            Self::Interrupted => failed(StatusCode::SERVICE_UNAVAILABLE, "the holder cannot answer now"),
            Self::Derive(_) => {
                let kind = if self.is_about_pointers() {
                    ProblemType::MalformedValueError
                } else {
                    ProblemType::ProofTransformationError
                };
                problem(StatusCode::BAD_REQUEST, kind.details(self.to_string()))
            }
        }
    }
}

impl IntoResponse for DocumentError {
    fn into_response(self) -> Response {
        tracing::error!(error = %self, "the wallet's documents failed");
        failed(StatusCode::SERVICE_UNAVAILABLE, "the holder cannot answer now")
    }
}
