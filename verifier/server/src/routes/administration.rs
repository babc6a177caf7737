//! `/admin/v1/presentation-requests`: the operator's own requests, and what they share with those of relying parties.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State as Extracted};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::oauth::scope::Scope;
use symbolon_protocol::openid4vp::client_id::ClientIdKind;
use symbolon_protocol::openid4vp::link::RequestUriMethod;
use symbolon_protocol::openid4vp::request::ResponseMode;
use symbolon_verifier::choices::{RequestChoices, RequestTransport};
use symbolon_verifier::name::{PolicyName, RelyingPartyName};
use symbolon_verifier::store::{PageFlow, PresentationResult, RequestId, RequestRecord};
use symbolon_verifier::transaction::order::{self, TransactionOrder};

use super::digital_credentials::{Offered, WishesBody};
use super::error::{refuse_administration, store_failed};
use super::pages::fitting_code;
use crate::request::RequestOrder;
use crate::state::State;

/// The media type of metrics as Prometheus reads them.
const METRICS: &str = "text/plain; version=0.0.4";

/// The figures of the pack beside the server, and of the sources of trust.
pub(super) async fn metrics(Extracted(state): Extracted<Arc<State>>) -> Response {
    ([(CONTENT_TYPE, METRICS)], state.pack_metrics().await).into_response()
}

/// Whom the verifier believes.
pub(super) async fn trust(Extracted(state): Extracted<Arc<State>>) -> Response {
    let believed = state.believed.now();
    let opened = state.pack_believing(&believed).await;
    let described = state
        .believed
        .described(&believed, opened.trust_list(), state.now());
    Json(described).into_response()
}

/// What the operator asks for: a query of its own, one of the configuration, or a scope that stands for some; and how. What
/// it leaves out is as the configuration has it.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct MakeBody {
    dcql_query: Option<Value>,
    query: Option<String>,
    scope: Option<Scope>,
    /// Where the browser that began goes after the answer. The result is then released with the code that it brings.
    return_to: Option<HttpUrl>,
    /// A page of the verifier's own for the browser to begin on.
    page: Option<PageFlow>,
    client_id_prefix: Option<ClientIdKind>,
    response_mode: Option<ResponseMode>,
    request_delivery: Option<RequestTransport>,
    request_uri_method: Option<RequestUriMethod>,
    /// What the answer is to authorise.
    transaction_data: Vec<TransactionOrder>,
    /// What is offered to the browser of a page.
    digital_credentials: Option<WishesBody>,
}

impl MakeBody {
    fn choices(&self, configured: RequestChoices) -> RequestChoices {
        let client_id_prefix = self.client_id_prefix.unwrap_or(configured.client_id_prefix);
        let request_delivery = match (self.request_delivery, client_id_prefix) {
            (Some(delivery), _) => delivery,
            // Nothing else is possible.
            (None, ClientIdKind::RedirectUri) => RequestTransport::Value,
            (None, _) => configured.request_delivery,
        };
        let configured_method = match request_delivery {
            RequestTransport::Reference => configured.request_uri_method,
            RequestTransport::Value => RequestUriMethod::Get,
        };
        RequestChoices {
            client_id_prefix,
            response_mode: self.response_mode.unwrap_or(configured.response_mode),
            request_delivery,
            request_uri_method: self.request_uri_method.unwrap_or(configured_method),
        }
    }
}

#[derive(Serialize)]
struct MadeBody {
    request_id: RequestId,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_uri: Option<HttpUrl>,
    /// The page to send the browser to.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<HttpUrl>,
    /// The link for a QR code or a button.
    authorization_request: String,
    /// RFC 3339.
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyName>,
    /// What a page hands to the browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    digital_credentials: Option<Offered>,
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
    let choices = body.choices(state.configuration.choices);
    let query = match (body.dcql_query, body.query, &body.scope) {
        (Some(query), None, None) => match DcqlQuery::parse_own(query.to_string().as_bytes()) {
            Ok(query) => query,
            Err(error) => return bad_request(&error.to_string()),
        },
        (None, Some(name), None) => match state.queries.get(&name) {
            Some(query) => query.clone(),
            None => return bad_request("the configuration has no query of this name"),
        },
        (None, None, Some(scope)) => match state.scopes.query(scope) {
            Ok(query) => query,
            Err(error) => return bad_request(&error.to_string()),
        },
        _ => return bad_request("exactly one of dcql_query, query and scope is needed"),
    };
    let transactions = match order::of_query(&body.transaction_data, &query, &state.transaction_types) {
        Ok(transactions) => transactions,
        Err(refused) => return bad_request(&refused.to_string()),
    };
    let order = RequestOrder {
        query,
        transactions,
        scope: body.scope,
        choices,
        return_to: body.return_to,
        page: body.page,
        relying_party: None,
        policy: None,
        digital_credentials: body.digital_credentials.map(Into::into),
        retention: state.retention(None, None),
    };
    made(&state, order).await
}

/// Makes a request and answers with it.
pub(super) async fn made(state: &State, order: RequestOrder) -> Response {
    if order
        .return_to
        .as_ref()
        .is_some_and(|url| url.permitted(state.dependencies.urls).is_err())
    {
        return bad_request("return_to must be an https URL");
    }
    if order.page == Some(PageFlow::SameDevice) && order.return_to.is_none() {
        return bad_request("page = \"same_device\" needs return_to, where the browser goes on");
    }
    let made = state.make_request(order).await;
    let made = made.and_then(|made| state.offered(&made.record).map(|offered| (made, offered)));
    match made {
        Ok((made, digital_credentials)) => {
            let body = MadeBody {
                digital_credentials,
                request_id: made.record.id,
                request_uri: made.request_uri,
                page: made.page,
                authorization_request: made.link,
                expires_at: made.record.expires_at.rfc3339(),
                policy: made.record.policy,
            };
            (StatusCode::CREATED, Json(body)).into_response()
        }
        Err(error) if error.is_of_the_order() => bad_request(&error.to_string()),
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

pub(super) fn bad_request(description: &str) -> Response {
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
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyName>,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<PresentationResult>,
    /// Why there is no result although there is an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<Withheld>,
}

/// Why a result is withheld.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Withheld {
    /// The browser that began has not come back with the code.
    UntilResponseCode,
}

/// The code that the browser brought back to the relying party.
#[derive(Default, Deserialize)]
pub(super) struct Brought {
    pub(super) response_code: Option<String>,
}

impl State {
    /// The request and its result as whoever asked sees them. A result that has a code is shown with that code alone
    /// ([OpenID4VP §14.2]), and the code is never part of it.
    ///
    /// [OpenID4VP §14.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-14.2
    pub(super) async fn result_body(
        &self,
        record: &RequestRecord,
        brought: &Brought,
    ) -> Result<ResultBody, Response> {
        let result = self.dependencies.store.result(&record.tenant, &record.id).await;
        let result = result.map_err(|error| store_failed(&error))?;
        let state = match &result {
            Some(_) => RequestState::Answered,
            None if self.now() > record.expires_at => RequestState::Expired,
            None => RequestState::Pending,
        };
        let (result, withheld) = match (result, &brought.response_code) {
            (Some(result), Some(code)) if fitting_code(&result, code).is_none() => {
                return Err(refuse_administration(
                    StatusCode::FORBIDDEN,
                    "invalid_response_code",
                    "the answer does not have this response_code".to_owned(),
                ));
            }
            // A refusal holds nothing about anybody that another browser must not see, and comes from wallets too that lead back
            // to none.
            (Some(result), None) if result.response_code.is_some() && result.outcome.tells_of_somebody() => {
                (None, Some(Withheld::UntilResponseCode))
            }
            (result, _) => (result, None),
        };
        Ok(ResultBody {
            request_id: record.id.clone(),
            state,
            policy: record.policy.clone(),
            expires_at: record.expires_at.rfc3339(),
            result: result.map(|result| PresentationResult {
                response_code: None,
                ..result
            }),
            withheld,
        })
    }

    /// The result of a request, where nothing of it is withheld from whoever asks.
    pub(super) async fn released_result(
        &self,
        record: &RequestRecord,
        brought: &Brought,
    ) -> Result<Option<PresentationResult>, Response> {
        self.result_body(record, brought).await.map(|body| body.result)
    }

    /// The request of that name, expired or not, if `owner` made it; the operator has no name. Whether somebody else has made one of
    /// that name is not told.
    pub(super) async fn known_request(
        &self,
        owner: Option<&RelyingPartyName>,
        id: &str,
    ) -> Result<RequestRecord, Response> {
        let missing = || {
            refuse_administration(
                StatusCode::NOT_FOUND,
                "not_found",
                "there is no such request".to_owned(),
            )
        };
        let id = RequestId::parse(id).map_err(|_| missing())?;
        let found = self.kept_request(&id).await;
        found
            .map_err(|error| store_failed(&error))?
            .filter(|record| record.relying_party.as_ref() == owner)
            .ok_or_else(missing)
    }
}

pub(super) async fn result(
    Extracted(state): Extracted<Arc<State>>,
    Path(id): Path<String>,
    Query(brought): Query<Brought>,
) -> Response {
    result_of(&state, None, &id, &brought).await
}

/// The result of a request that `owner` made.
pub(super) async fn result_of(
    state: &State,
    owner: Option<&RelyingPartyName>,
    id: &str,
    brought: &Brought,
) -> Response {
    let record = match state.known_request(owner, id).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    match state.result_body(&record, brought).await {
        Ok(body) => Json(body).into_response(),
        Err(refusal) => refusal,
    }
}

#[derive(Serialize)]
struct EvidenceBody {
    request_id: RequestId,
    /// The signed request, which proves what was asked, with which nonce; of one that is not signed, its parameters.
    request_object: String,
    /// The answer, as the wallet sent it within the encryption.
    #[serde(skip_serializing_if = "Option::is_none")]
    vp_token: Option<Value>,
}

pub(super) async fn evidence(
    Extracted(state): Extracted<Arc<State>>,
    Path(id): Path<String>,
    Query(brought): Query<Brought>,
) -> Response {
    match state.known_request(None, &id).await {
        Ok(record) => evidence_of(&state, record, &brought).await,
        Err(refusal) => refusal,
    }
}

/// What is kept of a request.
pub(super) async fn evidence_of(state: &State, record: RequestRecord, brought: &Brought) -> Response {
    // What is withheld of the result is withheld of its evidence.
    let released = match state.result_body(&record, brought).await {
        Ok(body) => body.withheld.is_none(),
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
                .filter(|_| released)
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
