//! `/presentations` and `/presentations/{id}`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use symbolon_credential::data_integrity::ProofNotGenerated;
use symbolon_credential::w3c::ProblemType;
use symbolon_http::vcalm::{answer, failed, problem, refused, require_json};
use symbolon_protocol::vcalm::paths;
use symbolon_protocol::vcalm::present::{
    CreatePresentationRequest, CreatePresentationResponse, ListedPresentations,
};

use super::credentials::created;
use crate::documents::{Forgotten, Kept};
use crate::holder::{Holder, PresentRefused};

pub(super) async fn create(State(holder): State<Arc<Holder>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = require_json(&headers) {
        return *refusal;
    }
    let request = match CreatePresentationRequest::parse(&body) {
        Ok(request) => request,
        Err(error) => return refused(error),
    };
    match holder.present(request).await {
        Ok(made) => {
            let body = CreatePresentationResponse {
                verifiable_presentation: made.document,
            };
            created(
                paths::PRESENTATIONS,
                made.id.as_str(),
                answer(StatusCode::CREATED, body),
            )
        }
        Err(error) => error.into_response(),
    }
}

pub(super) async fn list(State(holder): State<Arc<Holder>>, RawQuery(query): RawQuery) -> Response {
    let listed = match ListedPresentations::parse(query.as_deref()) {
        Ok(listed) => listed,
        Err(error) => return refused(error),
    };
    // Everything that is kept was signed here.
    if listed == ListedPresentations::Unsecured {
        return answer(StatusCode::OK, Vec::<Value>::new());
    }
    match holder.presentations() {
        Ok(presentations) => answer(StatusCode::OK, presentations),
        Err(error) => error.into_response(),
    }
}

pub(super) async fn show(State(holder): State<Arc<Holder>>, Path(id): Path<String>) -> Response {
    match holder.find(Kept::Presentation, &id) {
        Ok(Some(presentation)) => answer(StatusCode::OK, presentation),
        Ok(None) => failed(StatusCode::NOT_FOUND, "no such presentation is kept"),
        Err(error) => error.into_response(),
    }
}

pub(super) async fn delete(State(holder): State<Arc<Holder>>, Path(id): Path<String>) -> Response {
    match holder.forget(Kept::Presentation, &id).await {
        Ok(Forgotten::Deleted) => StatusCode::ACCEPTED.into_response(),
        Ok(Forgotten::Unknown) => failed(StatusCode::NOT_FOUND, "no such presentation is kept"),
        Err(error) => error.into_response(),
    }
}

impl IntoResponse for PresentRefused {
    fn into_response(self) -> Response {
        let kind = match &self {
            Self::Document(_) | Self::HolderKey(_) | Self::Key(_) | Self::Locked | Self::Interrupted => {
                tracing::error!(error = %self, "a presentation was not made");
                return failed(StatusCode::SERVICE_UNAVAILABLE, "the holder cannot answer now");
            }
            Self::NotOurMethod => ProblemType::InvalidVerificationMethod,
            Self::NotOurHolder | Self::SeveralKeys | Self::NotPresentable(_) => {
                ProblemType::MalformedValueError
            }
            Self::Proof(ProofNotGenerated::NotTransformed(_)) => ProblemType::ProofTransformationError,
            Self::Proof(_) => ProblemType::ProofGenerationError,
        };
        problem(StatusCode::BAD_REQUEST, kind.details(self.to_string()))
    }
}
