//! The notification endpoint ([OpenID4VCI §11]).
//!
//! [OpenID4VCI §11]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-11

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use symbolon_issuer::metadata::paths;
use symbolon_protocol::openid4vci::error::NotificationErrorCode;
use symbolon_protocol::openid4vci::notification::NotificationRequestError;

use super::access::{Presented, challenged};
use super::answer::{failure, has_media_type, no_store, refusal};
use crate::issuer::{Issuer, NotificationFailure};

pub(super) async fn notification(
    State(issuer): State<Arc<Issuer>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let presented = match Presented::read(&issuer, &headers, query.as_deref(), paths::NOTIFICATION) {
        Ok(presented) => presented,
        Err(response) => return response,
    };
    let body = if has_media_type(&headers, "application/json") {
        Ok(&*body)
    } else {
        Err(NotificationRequestError::Malformed)
    };
    let response = match issuer.notify(&presented.request(), body).await {
        Ok(()) => no_store(StatusCode::NO_CONTENT.into_response()),
        Err(failure) => refused(&failure),
    };
    presented.refresh(&issuer, response)
}

fn refused(refused: &NotificationFailure) -> Response {
    let with = |code| refusal(StatusCode::BAD_REQUEST, code, &refused.to_string());
    match refused {
        NotificationFailure::Access(error) => challenged(error),
        NotificationFailure::Request(error) => with(error.code()),
        NotificationFailure::Refused(_) => with(NotificationErrorCode::InvalidNotificationId),
        NotificationFailure::Store(_) | NotificationFailure::Randomness(_) => {
            tracing::error!(error = %refused, "notification not noted");
            failure(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}
