//! `/relying-party/v1`: what the programs of a relying party use, each with a key of its own. Nobody sees what another has asked.

mod requests;
mod verifications;

use std::sync::Arc;

use axum::extract::State as Extracted;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Serialize;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_verifier::name::PolicyName;

use super::caller::Caller;
use crate::state::State;

/// The endpoints.
pub(super) fn router() -> Router<Arc<State>> {
    Router::new()
        .route("/policies", get(policies))
        .route("/presentation-requests", post(requests::make).get(requests::list))
        .route(
            "/presentation-requests/{id}",
            get(requests::result).delete(requests::remove),
        )
        .route("/presentation-requests/{id}/events", get(requests::events))
        .route("/presentation-requests/{id}/evidence", get(requests::evidence))
        .route("/verifications", post(verifications::verify))
}

#[derive(Serialize)]
struct Policies<'a> {
    policies: Vec<PolicyEntry<'a>>,
}

#[derive(Serialize)]
struct PolicyEntry<'a> {
    name: &'a PolicyName,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a str>,
    /// What wallets are asked; none where the policy is about printed cards alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    dcql_query: Option<&'a DcqlQuery>,
}

/// `GET /policies`: the policies that the caller may use.
async fn policies(Extracted(state): Extracted<Arc<State>>, Extension(caller): Extension<Caller>) -> Response {
    let entries = caller
        .document
        .policies
        .iter()
        .filter_map(|name| state.policies.get(name));
    let policies = entries
        .map(|policy| PolicyEntry {
            name: policy.name(),
            purpose: policy.purpose().or(caller.document.purpose.as_deref()),
            dcql_query: policy.query(),
        })
        .collect();
    Json(Policies { policies }).into_response()
}
