//! `GET` and `POST /openid4vp/requests/{id}`: the signed request object ([OpenID4VP §5.10]).
//!
//! [OpenID4VP §5.10]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.10

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State as Extracted};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_protocol::openid4vp::link::REQUEST_OBJECT_MEDIA_TYPE;
use symbolon_protocol::openid4vp::wallet_metadata::BeyondWallet;
use symbolon_protocol::openid4vp::wallet_parameters::WalletParameters;
use symbolon_verifier::choices::RequestTransport;
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::store::{RequestId, RequestRecord, StoreError};

use super::error::{refuse, store_failed};
use super::form::is_form;
use crate::request::MakeRequestError;
use crate::state::State;

pub(super) async fn fetch(Extracted(state): Extracted<Arc<State>>, Path(id): Path<String>) -> Response {
    let record = match fetchable(&state, &id).await {
        Ok(record) => record,
        Err(refusal) => return refusal,
    };
    match state
        .dependencies
        .archive
        .evidence(&record.tenant, &record.id)
        .await
    {
        Ok(Some(evidence)) => request_object(evidence.request_object),
        // The process ended between the two writes that make a request.
        Ok(None) => signed(&state, &record, &WalletParameters::default()),
        Err(error) => store_failed(&error),
    }
}

/// A wallet that sends its metadata is told when the request is nothing that it could answer. The request stays open: it may be
/// another wallet's.
pub(super) async fn fetch_with_parameters(
    Extracted(state): Extracted<Arc<State>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let wallet = match WalletParameters::parse_form(&body) {
        Ok(wallet) if is_form(&headers) => wallet,
        _ => {
            return refuse(
                StatusCode::BAD_REQUEST,
                PresentationErrorCode::InvalidRequest,
                "the parameters of the wallet are malformed",
            );
        }
    };
    match fetchable(&state, &id).await {
        Ok(record) => signed(&state, &record, &wallet),
        Err(refusal) => refusal,
    }
}

/// The request, when it is there, may still be answered, and does not stand in its link.
async fn fetchable(state: &State, id: &str) -> Result<RequestRecord, Response> {
    let record = open_request(state, id).await?;
    match record.choices.request_delivery {
        RequestTransport::Reference => Ok(record),
        RequestTransport::Value => Err(missing()),
    }
}

pub(super) fn missing() -> Response {
    refuse(
        StatusCode::NOT_FOUND,
        PresentationErrorCode::InvalidRequest,
        "there is no such request",
    )
}

/// The request, when it is there and may still be answered.
pub(super) async fn open_request(state: &State, id: &str) -> Result<RequestRecord, Response> {
    let deps = &state.dependencies;
    let id = RequestId::parse(id).map_err(|_| missing())?;
    let found = deps.store.request(&deps.tenant, &id).await;
    let record = found.map_err(|error| store_failed(&error))?.ok_or_else(missing)?;
    still_open(state, record).await
}

/// The same for whoever made it; the operator has no name.
pub(super) async fn open_request_of(
    state: &State,
    owner: Option<&RelyingPartyName>,
    id: &str,
) -> Result<RequestRecord, Response> {
    let record = state.known_request(owner, id).await?;
    still_open(state, record).await
}

async fn still_open(state: &State, record: RequestRecord) -> Result<RequestRecord, Response> {
    let invalid = PresentationErrorCode::InvalidRequest;
    let deps = &state.dependencies;
    if state.now() > record.expires_at {
        return Err(refuse(StatusCode::GONE, invalid, "the request has expired"));
    }
    match deps.store.result(&deps.tenant, &record.id).await {
        Ok(None) => Ok(record),
        Ok(Some(_)) => Err(refuse(StatusCode::GONE, invalid, "the request has been answered")),
        Err(error) => Err(store_failed(&error)),
    }
}

/// The query of a stored request, which was valid when it was stored.
pub(crate) fn stored_query(record: &RequestRecord) -> Option<DcqlQuery> {
    DcqlQuery::parse(record.dcql_query.to_string().as_bytes()).ok()
}

fn signed(state: &State, record: &RequestRecord, wallet: &WalletParameters) -> Response {
    match sign_for(state, record, wallet) {
        Ok(Ok(object)) => request_object(object),
        Ok(Err(beyond)) => {
            tracing::info!(reason = %beyond, "a wallet cannot answer a request");
            refuse(StatusCode::BAD_REQUEST, beyond.code(), beyond.description())
        }
        Err(error) => {
            tracing::error!(%error, "a request object could not be signed");
            unsigned()
        }
    }
}

fn sign_for(
    state: &State,
    record: &RequestRecord,
    wallet: &WalletParameters,
) -> Result<Result<String, BeyondWallet>, MakeRequestError> {
    let query = stored_query(record).ok_or(StoreError::Unreadable)?;
    let request = state.presentation_request(record, &query)?;
    if let Some(metadata) = &wallet.wallet_metadata
        && let Err(beyond) = metadata.can_answer(&request, state.signing_algorithm(record)?)
    {
        return Ok(Err(beyond));
    }
    state
        .sign_request(record, &request, wallet.wallet_nonce.as_ref())
        .map(Ok)
}

fn unsigned() -> Response {
    refuse(
        StatusCode::SERVICE_UNAVAILABLE,
        PresentationErrorCode::ServerError,
        "the verifier cannot sign its request now",
    )
}

fn request_object(object: String) -> Response {
    ([(CONTENT_TYPE, REQUEST_OBJECT_MEDIA_TYPE)], object).into_response()
}
