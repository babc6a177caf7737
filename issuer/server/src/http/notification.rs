//! The notification endpoint ([OpenID4VCI §11]).
//!
//! [OpenID4VCI §11]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-11

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use symbolon_http::openapi::{Answer, Operation};
use symbolon_issuer::metadata::paths;
use symbolon_protocol::openid4vci::error::NotificationErrorCode;
use symbolon_protocol::openid4vci::notification::NotificationRequestError;

use super::access::protected;
use super::access::{Presented, challenged};
use super::answer::{failure, has_media_type, no_store, refusal};
use super::messages::issuance::NotificationRequest;
use super::tags::ISSUANCE;
use crate::issuer::{Issuer, NotificationFailure};

pub(super) fn described() -> Operation {
    let codes = NotificationErrorCode::ALL.iter().map(|code| code.as_str());
    let operation = Operation::new("notify", ISSUANCE, "What became of credentials in the wallet")
        .specified(
            "OpenID4VCI 1.0, section 11",
            "https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-11",
        )
        .json::<NotificationRequest>()
        .example(
            "application/json",
            json!({ "notification_id": "3fwe98js", "event": "credential_accepted" }),
        );
    protected(operation)
        .answers(Answer::empty(204, "It is noted.").not_cached())
        .answers(Answer::error(400, "The notification is refused.", codes).not_cached())
        .answers(Answer::empty(500, "The issuer failed.").not_cached())
        .answers(Answer::empty(503, "The store does not answer.").not_cached())
}

pub(super) async fn notification(
    State(issuer): State<Arc<Issuer>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let presented = match Presented::read(&issuer, &headers, query.as_deref(), paths::NOTIFICATION) {
        Ok(presented) => presented,
        Err(response) => return *response,
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
