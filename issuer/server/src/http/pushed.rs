//! The endpoint of pushed authorization requests ([RFC 9126 §2]).
//!
//! [RFC 9126 §2]: https://www.rfc-editor.org/rfc/rfc9126#section-2

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use symbolon_http::openapi::{Answer, Operation};
use symbolon_protocol::oauth::error::{AuthorizationErrorCode, TokenErrorCode};

use super::answer::{has_media_type, no_store, refusal};
use super::messages::oauth::{PushedAuthorizationRequest, PushedAuthorizationResponse};
use super::proofs::{ProofFields, with_what_it_asks_for};
use super::proofs::{back_channel, helped};
use super::tags::AUTHORIZATION;
use crate::issuer::{Issuer, PushFailure};

pub(super) fn described() -> Operation {
    let codes = AuthorizationErrorCode::ALL.iter().copied();
    back_channel(
        Operation::new(
            "pushAuthorizationRequest",
            AUTHORIZATION,
            "A pushed authorization request",
        )
        .specified(
            "RFC 9126, section 2",
            "https://www.rfc-editor.org/rfc/rfc9126#section-2",
        )
        .form::<PushedAuthorizationRequest>()
        .answers(helped(
            Answer::json::<PushedAuthorizationResponse>(201, "Where the request waits.").not_cached(),
        )),
        codes.map(|code| (code.status(), code.as_str())).collect(),
    )
}

pub(super) async fn push(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, body: Bytes) -> Response {
    if !has_media_type(&headers, "application/x-www-form-urlencoded") {
        let description = "the authorization request must be a form";
        return refusal(
            StatusCode::BAD_REQUEST,
            AuthorizationErrorCode::InvalidRequest,
            description,
        );
    }
    let fields = ProofFields::of(&headers);
    let response = match issuer.push(&fields.request(&body)).await {
        Ok(pushed) => no_store((StatusCode::CREATED, Json(pushed)).into_response()),
        Err(failure) => refused(&issuer, &failure),
    };
    fields.refresh(&issuer, response)
}

fn refused(issuer: &Issuer, failure: &PushFailure) -> Response {
    let Some(code) = failure.code() else {
        tracing::error!(error = %failure, "authorization request not taken");
        let description = "the issuer cannot answer right now";
        return refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            AuthorizationErrorCode::TemporarilyUnavailable,
            description,
        );
    };
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let response = refusal(status, code, &failure.to_string());
    with_what_it_asks_for(issuer, TokenErrorCode::from_wire(code.as_str()), response)
}
