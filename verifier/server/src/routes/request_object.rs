//! `GET` and `POST /openid4vp/requests/{id}`: the signed request object ([OpenID4VP §5.10]).
//!
//! [OpenID4VP §5.10]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.10

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State as Extracted};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_protocol::openid4vp::link::REQUEST_OBJECT_MEDIA_TYPE;
use symbolon_protocol::openid4vp::request::RequestNonce;
use symbolon_protocol::openid4vp::wallet_parameters::WalletParameters;
use symbolon_verifier::store::{RequestId, RequestRecord};

use super::error::{refuse, store_failed};
use crate::state::State;

pub(super) async fn fetch(Extracted(state): Extracted<Arc<State>>, Path(id): Path<String>) -> Response {
    let record = match open_request(&state, &id).await {
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
        Ok(None) => signed(&state, &record, None),
        Err(error) => store_failed(&error),
    }
}

pub(super) async fn fetch_with_nonce(
    Extracted(state): Extracted<Arc<State>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let Ok(wallet) = WalletParameters::parse_form(&body) else {
        return refuse(
            StatusCode::BAD_REQUEST,
            PresentationErrorCode::InvalidRequest,
            "the parameters of the wallet are malformed",
        );
    };
    match open_request(&state, &id).await {
        Ok(record) => signed(&state, &record, wallet.wallet_nonce.as_ref()),
        Err(refusal) => refusal,
    }
}

/// The request, when it is there and may still be answered.
pub(super) async fn open_request(state: &State, id: &str) -> Result<RequestRecord, Response> {
    let invalid = PresentationErrorCode::InvalidRequest;
    let missing = || refuse(StatusCode::NOT_FOUND, invalid, "there is no such request");
    let deps = &state.dependencies;
    let id = RequestId::parse(id).map_err(|_| missing())?;
    let found = deps.store.request(&deps.tenant, &id).await;
    let record = found.map_err(|error| store_failed(&error))?.ok_or_else(missing)?;
    if state.now() > record.expires_at {
        return Err(refuse(StatusCode::GONE, invalid, "the request has expired"));
    }
    match deps.store.result(&deps.tenant, &id).await {
        Ok(None) => Ok(record),
        Ok(Some(_)) => Err(refuse(StatusCode::GONE, invalid, "the request has been answered")),
        Err(error) => Err(store_failed(&error)),
    }
}

/// The query of a stored request, which was valid when it was stored.
pub(super) fn stored_query(record: &RequestRecord) -> Option<DcqlQuery> {
    DcqlQuery::parse(record.dcql_query.to_string().as_bytes()).ok()
}

fn signed(state: &State, record: &RequestRecord, wallet_nonce: Option<&RequestNonce>) -> Response {
    let object = stored_query(record).map(|query| state.sign_request(record, &query, wallet_nonce));
    match object {
        Some(Ok(object)) => request_object(object),
        Some(Err(error)) => {
            tracing::error!(%error, "a request object could not be signed");
            unsigned()
        }
        None => unsigned(),
    }
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
