//! Error documents and the header fields that go with them.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use symbolon_protocol::oauth::access_token::ResourceChallenge;
use symbolon_protocol::oauth::error::{ErrorDescription, ErrorResponse};

/// An error document. The description is ours: it never holds what a peer sent.
pub(super) fn refusal<C: Serialize + DeserializeOwned>(
    status: StatusCode,
    code: C,
    description: &str,
) -> Response {
    let body = ErrorResponse {
        error: code,
        error_description: ErrorDescription::parse(description),
    };
    no_store((status, Json(body)).into_response())
}

/// What goes wrong on our side, without details.
pub(super) fn failure(status: StatusCode) -> Response {
    no_store(status.into_response())
}

/// A challenge about an access token.
pub(super) fn challenge(challenge: ResourceChallenge) -> Response {
    let status = StatusCode::from_u16(challenge.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut response = no_store(status.into_response());
    if let Ok(value) = HeaderValue::from_str(&challenge.header_value()) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

/// Forbids every cache to keep the answer.
pub(super) fn no_store(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Says when to come back.
pub(crate) fn retry_after(mut response: Response, wait: std::time::Duration) -> Response {
    response
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    response
}

/// Whether the body is of the media type, whatever its parameters.
pub(super) fn has_media_type(headers: &HeaderMap, expected: &str) -> bool {
    let value = headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case(expected)
}
