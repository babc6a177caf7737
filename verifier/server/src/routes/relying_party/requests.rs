//! `/presentation-requests`: asking, and what came of it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State as Extracted};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_http::openapi::ToSchema;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::identifier::HttpUrl;
use symbolon_verifier::name::PolicyName;
use symbolon_verifier::relying_party::Permission;
use symbolon_verifier::store::{Cursor, PageFlow, RequestId};
use symbolon_verifier::transaction::order::{self, TransactionOrder};

use super::super::administration::{Brought, RequestState, bad_request, evidence_of, made, result_of};
use super::super::caller::{Caller, not_permitted};
use super::super::digital_credentials::WishesBody;
use super::super::error::{refuse_administration, store_failed};
use super::super::events::stream_of;
use super::super::shapes::{DigitalCredentialsWishes, RequestProgress, TransactionOrderShape, page_flows};
use crate::believed::BelievedNow;
use crate::request::RequestOrder;
use crate::state::State;

/// The most requests on one page.
const MAX_PAGE: usize = 100;
const USUAL_PAGE: usize = 50;

/// What is asked for: by a policy, or by a query of the caller's own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AskByPolicy)]
pub(super) struct MakeBody {
    /// The policy.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    policy: Option<PolicyName>,
    /// The query (OpenID4VP 1.0, section 6), of a relying party that may ask by its own.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    dcql_query: Option<Value>,
    /// Where the holder's browser goes after the answer, for the flow on one device.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    return_to: Option<HttpUrl>,
    /// A page of the verifier's own for the browser to begin on.
    #[serde(default)]
    #[schema(schema_with = page_flows, required = false)]
    page: Option<PageFlow>,
    /// What the answer is to authorise.
    #[serde(default)]
    #[schema(value_type = Vec<TransactionOrderShape>, required = false)]
    transaction_data: Vec<TransactionOrder>,
    /// What is offered to the browser of a page, of one of the origins of the relying party or of the verifier's own.
    #[serde(default)]
    #[schema(value_type = Option<DigitalCredentialsWishes>)]
    digital_credentials: Option<WishesBody>,
}

/// `POST /presentation-requests`
pub(super) async fn make(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Response {
    let Some(body) = read::<MakeBody>(&body) else {
        return bad_request("the body is not {\"policy\": \"name\"} or {\"dcql_query\": ...}");
    };
    let (query, policy) = match (body.policy, body.dcql_query) {
        (Some(name), None) => {
            let policy = match allowed(&state, &caller, &name) {
                Ok(policy) => policy,
                Err(refusal) => return *refusal,
            };
            match policy.query() {
                Some(query) => (query.clone(), Some(policy)),
                None => {
                    return bad_request("the policy is about printed cards, which nobody can be asked for");
                }
            }
        }
        (None, Some(query)) => {
            if caller.document.own_queries == Permission::Refused {
                return not_permitted("this relying party may not ask by queries of its own");
            }
            match DcqlQuery::parse_own(query.to_string().as_bytes()) {
                Ok(query) => (query, None),
                Err(error) => return bad_request(&error.to_string()),
            }
        }
        _ => return bad_request("exactly one of policy and dcql_query is needed"),
    };
    let types = &state.transaction_types;
    let transactions = match &policy {
        Some(policy) => order::of_policy(&body.transaction_data, policy.transactions(), &query, types),
        None => order::of_query(&body.transaction_data, &query, types),
    };
    let transactions = match transactions {
        Ok(transactions) => transactions,
        Err(refused) => return bad_request(&refused.to_string()),
    };
    let order = RequestOrder {
        query,
        transactions,
        scope: None,
        // How the verifier names itself and is answered is the operator's choice.
        choices: state.configuration.choices,
        return_to: body.return_to,
        page: body.page,
        relying_party: Some(caller.name.clone()),
        policy: policy.as_ref().map(|policy| policy.name().clone()),
        digital_credentials: body.digital_credentials.map(Into::into),
        retention: state.retention(Some(&caller), policy.as_deref()),
    };
    made(&state, order).await
}

/// The policy of that name, if the caller may use it. Whether there is one that it may not use is not told.
pub(super) fn allowed(
    state: &State,
    caller: &Caller,
    name: &PolicyName,
) -> Result<Arc<symbolon_verifier::policy::PresentationPolicy>, Box<Response>> {
    allowed_of(&state.believed.now(), caller, name)
}

/// The same of what is believed at one moment.
pub(super) fn allowed_of(
    believed: &BelievedNow,
    caller: &Caller,
    name: &PolicyName,
) -> Result<Arc<symbolon_verifier::policy::PresentationPolicy>, Box<Response>> {
    let policy = believed.policy(name);
    policy
        .filter(|_| caller.document.may_use(name))
        .ok_or_else(|| Box::new(not_permitted("this relying party has no policy of this name")))
}

/// A body as an object, within its budget.
pub(super) fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Option<T> {
    // First as an object: read straight into the type, an array of its members would pass as well.
    let members = json::parse::<Map<String, Value>>(body, JsonBudget::MESSAGE).ok()?;
    serde_json::from_value(Value::Object(members)).ok()
}

/// Which page of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// What the page before gave as `next`.
    #[serde(default)]
    after: Option<String>,
    /// How many at most.
    #[serde(default)]
    limit: Option<usize>,
}

/// A page that was read.
pub(super) struct Paged<Place> {
    pub(super) after: Option<Place>,
    pub(super) limit: usize,
}

/// A page of the caller's requests.
#[derive(Serialize, ToSchema)]
#[schema(as = PresentationRequestPage)]
pub(super) struct Listed {
    /// The requests, the oldest first.
    requests: Vec<Entry>,
    /// What the next page begins after; none on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A request of the caller's.
#[derive(Serialize, ToSchema)]
#[schema(as = PresentationRequestEntry)]
struct Entry {
    /// Its identifier.
    #[schema(value_type = String)]
    request_id: RequestId,
    /// How far it has come.
    #[schema(value_type = RequestProgress)]
    state: RequestState,
    /// The policy that decides about the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    policy: Option<PolicyName>,
    /// When it was made (RFC 3339).
    created_at: String,
    /// When it can no longer be answered (RFC 3339).
    expires_at: String,
    /// The last second in which anything of it is kept (RFC 3339).
    kept_until: String,
}

/// `GET /presentation-requests`: the caller's own, the oldest first.
pub(super) async fn list(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    page: Result<Query<Page>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let page = match Paged::of(page, parse_cursor) {
        Ok(page) => page,
        Err(refusal) => return *refusal,
    };
    let deps = &state.dependencies;
    let found = deps
        .store
        .requests_of(&deps.tenant, &caller.name, page.after.as_ref(), page.limit)
        .await;
    let records = match found {
        Ok(records) => records,
        Err(error) => return store_failed(&error),
    };
    let next = page.next(&records, |record| {
        cursor_text(&Cursor {
            created_at: record.created_at,
            id: record.id.clone(),
        })
    });
    let mut requests = Vec::with_capacity(records.len());
    for record in records {
        if state.now() > record.kept_until() {
            continue;
        }
        match state.result_body(&record, &Brought::default()).await {
            Ok(body) => requests.push(Entry {
                state: body.state,
                created_at: record.created_at.rfc3339(),
                expires_at: record.expires_at.rfc3339(),
                kept_until: record.kept_until().rfc3339(),
                request_id: record.id,
                policy: record.policy,
            }),
            Err(refusal) => return refusal,
        }
    }
    Json(Listed { requests, next }).into_response()
}

impl<Place> Paged<Place> {
    /// Reads which page is wanted.
    pub(super) fn of(
        page: Result<Query<Page>, axum::extract::rejection::QueryRejection>,
        parse: impl FnOnce(&str) -> Option<Place>,
    ) -> Result<Self, Box<Response>> {
        let refuse = |description| Err(Box::new(bad_request(description)));
        let Ok(Query(page)) = page else {
            return refuse("the parameters are after and limit");
        };
        let limit = page.limit.unwrap_or(USUAL_PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            return refuse("limit is from 1 to 100");
        }
        let after = match page.after.as_deref().map(parse) {
            None => None,
            Some(Some(place)) => Some(place),
            Some(None) => return refuse("after is not what a page gave as next"),
        };
        Ok(Self { after, limit })
    }

    /// What the next page begins after, where this one is full.
    pub(super) fn next<T>(&self, found: &[T], text: impl FnOnce(&T) -> String) -> Option<String> {
        (found.len() == self.limit)
            .then(|| found.last().map(text))
            .flatten()
    }
}

/// A place in a list as `after` has it.
pub(super) fn cursor_text(place: &Cursor) -> String {
    format!("{}.{}", place.created_at.seconds(), place.id)
}

pub(super) fn parse_cursor(text: &str) -> Option<Cursor> {
    let (seconds, id) = text.split_once('.')?;
    Some(Cursor {
        created_at: UnixTime::from_seconds(seconds.parse().ok()?),
        id: RequestId::parse(id).ok()?,
    })
}

/// `GET /presentation-requests/{id}`
pub(super) async fn result(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(brought): Query<Brought>,
) -> Response {
    result_of(&state, Some(&caller.name), &id, &brought).await
}

/// `GET /presentation-requests/{id}/events`
pub(super) async fn events(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(brought): Query<Brought>,
) -> Response {
    stream_of(state, Some(&caller.name), &id, brought).await
}

/// `GET /presentation-requests/{id}/evidence`: where the policy keeps any.
pub(super) async fn evidence(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(brought): Query<Brought>,
) -> Response {
    let record = match state.known_request(Some(&caller.name), &id).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    let policy = record.policy.as_ref().and_then(|name| state.policy(name));
    if !state.keeps_evidence(&record, policy.as_deref()) {
        return refuse_administration(
            StatusCode::NOT_FOUND,
            "not_found",
            "the policy keeps no evidence".to_owned(),
        );
    }
    evidence_of(&state, record, &brought).await
}

/// `DELETE /presentation-requests/{id}`: takes a request back and removes what is kept of it, before its time. An answer that arrives
/// later finds no request.
pub(super) async fn remove(
    Extracted(state): Extracted<Arc<State>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    let record = match state.known_request(Some(&caller.name), &id).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    match state
        .dependencies
        .store
        .remove_request(&record.tenant, &record.id)
        .await
    {
        Ok(_) => {
            // Whoever waits for its result learns that there will be none.
            let _ = state.answered.send(record.id);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => store_failed(&error),
    }
}
