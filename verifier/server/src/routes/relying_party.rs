//! `/relying-party/v1`: what the programs of a relying party use, each with a key of its own. Nobody sees what another has asked.

mod evidence;
mod operations;
mod requests;
mod verifications;

use std::sync::Arc;

use axum::extract::State as Extracted;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::Serialize;
use symbolon_http::openapi::{DescribedRouter, ToSchema, delete, get, post};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_verifier::name::PolicyName;

use super::caller::Caller;
use super::{digital_credentials, proximity};
use crate::state::State;

/// The endpoints.
pub(super) fn router() -> DescribedRouter<Arc<State>> {
    DescribedRouter::default()
        .route("/policies", get(operations::policies(), policies))
        .route(
            "/presentation-requests",
            post(operations::make(), requests::make).and(get(operations::list(), requests::list)),
        )
        .route(
            "/presentation-requests/{id}",
            get(operations::result(), requests::result).and(delete(operations::remove(), requests::remove)),
        )
        .route(
            "/presentation-requests/{id}/events",
            get(operations::events(), requests::events),
        )
        .route(
            "/presentation-requests/{id}/evidence",
            get(operations::evidence(), requests::evidence),
        )
        .route(
            "/presentation-requests/{id}/verified-claims",
            get(operations::verified_claims(), evidence::verified_claims)
                .and(post(operations::wanted_claims(), evidence::wanted_claims)),
        )
        .route(
            "/presentation-requests/{id}/receipt",
            get(operations::receipt(), evidence::receipt),
        )
        .route(
            "/presentation-requests/{id}/reliance",
            get(operations::reliance(), evidence::reliance)
                .and(delete(operations::stop_relying(), evidence::stop_relying)),
        )
        .route("/receipts", get(operations::receipts(), evidence::receipts))
        .route(
            "/presentation-requests/{id}/digital-credentials",
            get(operations::read_digital(), digital_credentials::read_own).and(post(
                operations::receive_digital(),
                digital_credentials::receive_own,
            )),
        )
        .route(
            "/presentation-requests/{id}/proximity",
            post(operations::begin_proximity(), proximity::begin_own),
        )
        .route(
            "/presentation-requests/{id}/proximity/{session}",
            post(operations::bring_from_phone(), proximity::receive_own)
                .and(delete(operations::end_proximity(), proximity::end_own)),
        )
        .route(
            "/verifications",
            post(operations::verify(), verifications::verify),
        )
}

/// The policies that the caller may use.
#[derive(Serialize, ToSchema)]
#[schema(as = UsablePolicies)]
struct Policies<'a> {
    /// The policies, in the order of the configuration.
    policies: Vec<PolicyEntry<'a>>,
}

/// A policy that the caller may use.
#[derive(Serialize, ToSchema)]
#[schema(as = UsablePolicy)]
struct PolicyEntry<'a> {
    /// Its name.
    #[schema(value_type = String)]
    name: &'a PolicyName,
    /// What it asks for, in the words that wallets show.
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a str>,
    /// What wallets are asked; none where the policy is about printed cards alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    dcql_query: Option<&'a DcqlQuery>,
}

/// `GET /policies`: the policies that the caller may use.
async fn policies(Extracted(state): Extracted<Arc<State>>, Extension(caller): Extension<Caller>) -> Response {
    let entries = caller
        .document
        .policies
        .iter()
        .filter_map(|name| state.policy(name));
    let entries: Vec<_> = entries.collect();
    let policies = entries
        .iter()
        .map(|policy| PolicyEntry {
            name: policy.name(),
            purpose: policy.purpose().or(caller.document.purpose.as_deref()),
            dcql_query: policy.query(),
        })
        .collect();
    Json(Policies { policies }).into_response()
}
