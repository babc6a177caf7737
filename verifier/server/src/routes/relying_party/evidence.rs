//! What a relying party keeps of a presentation: verified claims, receipts, and what it relies on.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State as Extracted};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use symbolon_http::openapi::ToSchema;
use symbolon_protocol::openid_connect::identity_assurance::{VerifiedClaims, VerifiedClaimsRequest};
use symbolon_protocol::presentation_receipt::RECEIPT_MEDIA_TYPE;
use symbolon_verifier::name::PolicyName;
use symbolon_verifier::reliance::{Reliance, ReliedStatus};
use symbolon_verifier::store::{ReceiptRecord, Removal, RequestId, RequestRecord, ResultOutcome, StoreError};
use symbolon_verifier::verified_claims::PresentedEvidence;

use super::super::administration::{Brought, bad_request};
use super::super::caller::Caller;
use super::super::error::{refuse_administration, store_failed};
use super::super::pages::is_the_code;
use super::requests::{Page, Paged, cursor_text, parse_cursor, read};
use crate::state::State;

/// The media type of a token.
pub(super) const JWT: &str = "application/jwt";

/// Which verified claims are wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AskForVerifiedClaims)]
pub(super) struct WantedClaims {
    /// As in the `claims` parameter (OpenID Connect for Identity Assurance 1.0, sections 5.3 to 5.6): an object, or an array of some.
    #[schema(schema_with = symbolon_http::openapi::anything)]
    verified_claims: Value,
}

/// `GET /presentation-requests/{id}/verified-claims`: everything that the policy makes.
pub(super) async fn verified_claims(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(brought): Query<Brought>,
) -> Response {
    match made(&state, &caller, &id, &brought).await {
        Ok((record, available)) => {
            let all = VerifiedClaims::all(&available);
            signed(&state, &caller, &record, all.as_ref())
        }
        Err(refusal) => refusal,
    }
}

/// `POST /presentation-requests/{id}/verified-claims`: those that are wanted, and nothing else.
pub(super) async fn wanted_claims(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(brought): Query<Brought>,
    body: Bytes,
) -> Response {
    let Some(body) = read::<WantedClaims>(&body) else {
        return bad_request("the body is not {\"verified_claims\": ...}");
    };
    let wanted = match VerifiedClaimsRequest::parse(&body.verified_claims) {
        Ok(wanted) => wanted,
        Err(error) => return bad_request(&error.to_string()),
    };
    match made(&state, &caller, &id, &brought).await {
        Ok((record, available)) => {
            let fulfilled = wanted.fulfil(&available, state.now());
            signed(&state, &caller, &record, fulfilled.as_ref())
        }
        Err(refusal) => refusal,
    }
}

/// The verified claims of a request of the caller's.
async fn made(
    state: &State,
    caller: &Caller,
    id: &str,
    brought: &Brought,
) -> Result<(RequestRecord, Vec<VerifiedClaims>), Response> {
    let record = state.known_request(Some(&caller.name), id).await?;
    let policy = record.policy.as_ref().and_then(|name| state.policy(name));
    let policy = policy
        .filter(|policy| policy.has_verified_claims())
        .ok_or_else(|| missing("the policy makes no verified claims"))?;
    // What is withheld of the result is withheld here.
    let result = state.released_result(&record, brought).await?;
    let Some(ResultOutcome::Presented {
        reports,
        decision: Some(decision),
        ..
    }) = result.map(|result| result.outcome)
    else {
        return Err(missing("there is no presentation"));
    };
    let available = policy.verified_claims(PresentedEvidence {
        request: &record.id,
        reports: &reports,
        decision: &decision,
    });
    Ok((record, available))
}

fn signed(state: &State, caller: &Caller, record: &RequestRecord, claims: Option<&Value>) -> Response {
    let Some(claims) = claims else {
        return missing(
            "there are no verified claims: the policy is not satisfied, or what is wanted is not there",
        );
    };
    match state.sign_verified_claims(record, &caller.name, claims) {
        Ok(token) => ([(CONTENT_TYPE, JWT)], token).into_response(),
        Err(error) => {
            tracing::error!(%error, "verified claims could not be signed");
            store_failed(&StoreError::Unreadable)
        }
    }
}

/// `GET /presentation-requests/{id}/receipt`: as long as the policy says, whether the request is still kept or not.
pub(super) async fn receipt(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(brought): Query<Brought>,
) -> Response {
    let deps = &state.dependencies;
    let Ok(id) = RequestId::parse(&id) else {
        return missing("there is no receipt");
    };
    let receipt = match deps.store.receipt(&deps.tenant, &id).await {
        Ok(found) => found.filter(|receipt| belongs(&state, &caller, receipt)),
        Err(error) => return store_failed(&error),
    };
    let Some(receipt) = receipt else {
        return missing("there is no receipt");
    };
    let released = match (&receipt.response_code, &brought.response_code) {
        (None, _) => true,
        (Some(code), Some(brought)) => is_the_code(code, brought),
        (Some(_), None) => false,
    };
    if !released {
        return refuse_administration(
            StatusCode::FORBIDDEN,
            "invalid_response_code",
            "the answer does not have this response_code".to_owned(),
        );
    }
    ([(CONTENT_TYPE, RECEIPT_MEDIA_TYPE)], receipt.receipt).into_response()
}

fn belongs(state: &State, caller: &Caller, receipt: &ReceiptRecord) -> bool {
    receipt.relying_party == caller.name && state.now() <= receipt.kept_until
}

/// A page of the caller's receipts.
#[derive(Serialize, ToSchema)]
#[schema(as = ReceiptPage)]
pub(super) struct Receipts {
    /// The receipts, the oldest first.
    receipts: Vec<ReceiptEntry>,
    /// What the next page begins after; none on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A receipt of the caller's.
#[derive(Serialize, ToSchema)]
struct ReceiptEntry {
    /// The request, by which the receipt is fetched.
    #[schema(value_type = String)]
    request_id: RequestId,
    /// The policy by which it was made.
    #[schema(value_type = String)]
    policy: PolicyName,
    /// When it was made (RFC 3339).
    created_at: String,
    /// The last second in which it is kept (RFC 3339).
    kept_until: String,
}

/// `GET /receipts`: the caller's own, the oldest first.
pub(super) async fn receipts(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    page: Result<Query<Page>, QueryRejection>,
) -> Response {
    let page = match Paged::of(page, parse_cursor) {
        Ok(page) => page,
        Err(refusal) => return *refusal,
    };
    let deps = &state.dependencies;
    let found = deps
        .store
        .receipts_of(&deps.tenant, &caller.name, page.after.as_ref(), page.limit)
        .await;
    let found = match found {
        Ok(found) => found,
        Err(error) => return store_failed(&error),
    };
    let next = page.next(&found, |receipt| cursor_text(&receipt.cursor()));
    let receipts = found
        .into_iter()
        .filter(|receipt| belongs(&state, &caller, receipt))
        .map(|receipt| ReceiptEntry {
            request_id: receipt.request,
            policy: receipt.policy,
            created_at: receipt.created_at.rfc3339(),
            kept_until: receipt.kept_until.rfc3339(),
        })
        .collect();
    Json(Receipts { receipts, next }).into_response()
}

/// What the caller relies on of a presentation.
#[derive(Serialize, ToSchema)]
#[schema(as = Reliance)]
pub(super) struct ReliedOn {
    /// The request that it answered.
    #[schema(value_type = String)]
    request_id: RequestId,
    /// The policy by which it is relied on.
    #[schema(value_type = String)]
    policy: PolicyName,
    /// Since when (RFC 3339).
    began_at: String,
    /// When the person is to be asked again (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    renewal_due_at: Option<String>,
    /// When the status is looked at next (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    next_look_at: Option<String>,
    /// The credentials whose status is watched.
    credentials: Vec<Watched>,
    /// The last second in which this is kept (RFC 3339).
    kept_until: String,
}

/// A credential whose status is watched.
#[derive(Serialize, ToSchema)]
#[schema(as = WatchedCredential)]
struct Watched {
    /// The part of the query that it answered.
    query_id: String,
    /// What was known last.
    #[schema(schema_with = relied_statuses)]
    status: ReliedStatus,
    /// As of when, by the clock of the list's signer (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<String>,
    /// When a look last brought an answer (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    looked_at: Option<String>,
}

fn relied_statuses() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    symbolon_http::openapi::named([ReliedStatus::Good, ReliedStatus::Suspended, ReliedStatus::Revoked])
}

impl From<Reliance> for ReliedOn {
    fn from(reliance: Reliance) -> Self {
        Self {
            request_id: reliance.request,
            policy: reliance.policy,
            began_at: reliance.began_at.rfc3339(),
            renewal_due_at: reliance.renewal_due_at.map(|at| at.rfc3339()),
            next_look_at: reliance.next_look_at.map(|at| at.rfc3339()),
            credentials: reliance
                .credentials
                .into_iter()
                .map(|credential| Watched {
                    query_id: credential.query_id.to_string(),
                    status: credential.status,
                    as_of: credential.as_of.map(|at| at.rfc3339()),
                    looked_at: credential.looked_at.map(|at| at.rfc3339()),
                })
                .collect(),
            kept_until: reliance.kept_until.rfc3339(),
        }
    }
}

/// `GET /presentation-requests/{id}/reliance`
pub(super) async fn reliance(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    match relied_on(&state, &caller, &id).await {
        Ok(reliance) => Json(ReliedOn::from(reliance)).into_response(),
        Err(refusal) => refusal,
    }
}

/// `DELETE /presentation-requests/{id}/reliance`: the relying party relies on it no longer, and is told nothing more of it.
pub(super) async fn stop_relying(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    let reliance = match relied_on(&state, &caller, &id).await {
        Ok(reliance) => reliance,
        Err(refusal) => return refusal,
    };
    let deps = &state.dependencies;
    match deps.store.remove_reliance(&deps.tenant, &reliance.request).await {
        Ok(Removal::Removed | Removal::Absent) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => store_failed(&error),
    }
}

async fn relied_on(state: &State, caller: &Caller, id: &str) -> Result<Reliance, Response> {
    let nothing = || missing("nothing is relied on of this request");
    let id = RequestId::parse(id).map_err(|_| nothing())?;
    let deps = &state.dependencies;
    let found = deps.store.reliance(&deps.tenant, &id).await;
    found
        .map_err(|error| store_failed(&error))?
        .filter(|reliance| reliance.relying_party == caller.name && state.now() <= reliance.kept_until)
        .ok_or_else(nothing)
}

fn missing(description: &str) -> Response {
    refuse_administration(StatusCode::NOT_FOUND, "not_found", description.to_owned())
}
