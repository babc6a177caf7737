//! `/admin/v1/presentation-requests`: the relying party's side.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Extracted};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::openid4vp::request::RequestDefect;
use symbolon_verifier::store::{PresentationResult, RequestId, RequestRecord};

use super::error::{refuse_administration, store_failed};
use crate::request::MakeRequestError;
use crate::state::State;

/// What a relying party asks for: a query of its own, or one of the configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MakeBody {
    #[serde(default)]
    dcql_query: Option<Value>,
    #[serde(default)]
    query: Option<String>,
    /// Where the resident's browser goes after the answer, for the flow on one device.
    #[serde(default)]
    return_to: Option<HttpUrl>,
}

#[derive(Serialize)]
struct MadeBody {
    request_id: RequestId,
    request_uri: HttpUrl,
    /// The link for a QR code or a button.
    authorization_request: String,
    /// RFC 3339.
    expires_at: String,
}

pub(super) async fn make(Extracted(state): Extracted<Arc<State>>, body: Bytes) -> Response {
    // First as an object: read straight into the type, an array of its members would pass as well.
    let body = json::parse::<Map<String, Value>>(&body, JsonBudget::MESSAGE);
    let body = body
        .ok()
        .and_then(|members| serde_json::from_value::<MakeBody>(Value::Object(members)).ok());
    let Some(body) = body else {
        return bad_request("the body is not {\"dcql_query\": ...} or {\"query\": \"name\"}");
    };
    let query = match (body.dcql_query, body.query) {
        (Some(query), None) => match DcqlQuery::parse_own(query.to_string().as_bytes()) {
            Ok(query) => query,
            Err(error) => return bad_request(&error.to_string()),
        },
        (None, Some(name)) => match state.queries.get(&name) {
            Some(query) => query.clone(),
            None => return bad_request("the configuration has no query of this name"),
        },
        _ => return bad_request("exactly one of dcql_query and query is needed"),
    };
    if body
        .return_to
        .as_ref()
        .is_some_and(|url| url.permitted(state.dependencies.urls).is_err())
    {
        return bad_request("return_to must be an https URL");
    }
    match state.make_request(&query, body.return_to).await {
        Ok(made) => {
            let body = MadeBody {
                request_id: made.record.id,
                request_uri: made.request_uri,
                authorization_request: made.link,
                expires_at: made.record.expires_at.rfc3339(),
            };
            (StatusCode::CREATED, Json(body)).into_response()
        }
        Err(MakeRequestError::Request(defect)) => refuse_defect(defect),
        Err(error) => {
            tracing::error!(%error, "a request could not be made");
            refuse_administration(
                StatusCode::SERVICE_UNAVAILABLE,
                "server_error",
                "the request could not be made".to_owned(),
            )
        }
    }
}

fn refuse_defect(defect: RequestDefect) -> Response {
    bad_request(&defect.to_string())
}

fn bad_request(description: &str) -> Response {
    refuse_administration(StatusCode::BAD_REQUEST, "invalid_request", description.to_owned())
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RequestState {
    /// Waiting for an answer.
    Pending,
    /// Answered; `result` says how.
    Answered,
    /// Not answered in time.
    Expired,
}

/// The state of a request and its result.
#[derive(Serialize)]
pub(super) struct ResultBody {
    pub(super) request_id: RequestId,
    pub(super) state: RequestState,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<PresentationResult>,
}

impl State {
    /// The request and its result as the relying party sees them.
    pub(super) async fn result_body(&self, record: &RequestRecord) -> Result<ResultBody, Response> {
        let result = self.dependencies.store.result(&record.tenant, &record.id).await;
        let result = result.map_err(|error| store_failed(&error))?;
        let state = match &result {
            Some(_) => RequestState::Answered,
            None if self.now() > record.expires_at => RequestState::Expired,
            None => RequestState::Pending,
        };
        let expires_at = record.expires_at.rfc3339();
        Ok(ResultBody {
            request_id: record.id.clone(),
            state,
            expires_at,
            result,
        })
    }

    /// The request of that name, expired or not.
    pub(super) async fn known_request(&self, id: &str) -> Result<RequestRecord, Response> {
        let missing = || {
            refuse_administration(
                StatusCode::NOT_FOUND,
                "not_found",
                "there is no such request".to_owned(),
            )
        };
        let deps = &self.dependencies;
        let id = RequestId::parse(id).map_err(|_| missing())?;
        let found = deps.store.request(&deps.tenant, &id).await;
        found.map_err(|error| store_failed(&error))?.ok_or_else(missing)
    }
}

pub(super) async fn result(Extracted(state): Extracted<Arc<State>>, Path(id): Path<String>) -> Response {
    let record = match state.known_request(&id).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    match state.result_body(&record).await {
        Ok(body) => Json(body).into_response(),
        Err(refusal) => refusal,
    }
}

#[derive(Serialize)]
struct EvidenceBody {
    request_id: RequestId,
    /// The signed request, which proves what was asked, with which nonce.
    request_object: String,
    /// The answer, as the wallet sent it within the encryption.
    #[serde(skip_serializing_if = "Option::is_none")]
    vp_token: Option<Value>,
}

pub(super) async fn evidence(Extracted(state): Extracted<Arc<State>>, Path(id): Path<String>) -> Response {
    let record = match state.known_request(&id).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    match state
        .dependencies
        .archive
        .evidence(&record.tenant, &record.id)
        .await
    {
        Ok(Some(evidence)) => Json(EvidenceBody {
            request_id: record.id,
            request_object: evidence.request_object,
            vp_token: evidence
                .vp_token
                .and_then(|token| serde_json::from_str(&token).ok()),
        })
        .into_response(),
        Ok(None) => refuse_administration(
            StatusCode::NOT_FOUND,
            "not_found",
            "nothing is kept of this request".to_owned(),
        ),
        Err(error) => store_failed(&error),
    }
}
