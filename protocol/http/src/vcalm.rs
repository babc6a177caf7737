//! What the VCALM endpoints of issuer, holder and verifier share: JSON in both directions, and refusals as problem details.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use symbolon_protocol::vcalm::problem::ProblemDetails;
use symbolon_protocol::vcalm::{RequestRefused, VcalmProblem};

/// An answer with a body. Credentials are personal data: no cache may keep one.
pub fn answer(status: StatusCode, body: impl Serialize) -> Response {
    let mut response = (status, Json(body)).into_response();
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Problem details. Their media type is `application/json`, as VCALM demands of every body.
pub fn problem(status: StatusCode, details: ProblemDetails) -> Response {
    answer(status, details)
}

/// A problem that the status code says all about.
pub fn failed(status: StatusCode, detail: &'static str) -> Response {
    let phrase = status.canonical_reason().unwrap_or_default();
    problem(status, VcalmProblem::StatusCode { phrase }.details(detail))
}

/// A request that was refused before anything was done.
pub fn refused(refused: RequestRefused) -> Response {
    let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::BAD_REQUEST);
    problem(status, refused.details())
}

/// Refuses a body that is not said to be JSON. A form or a text that happens to parse was sent by something else than a
/// VCALM client, such as another site's page.
///
/// # Errors
/// The answer, 415.
pub fn require_json(headers: &HeaderMap) -> Result<(), Box<Response>> {
    let media_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        let detail = "the body must be application/json";
        Err(Box::new(failed(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_must_be_said_to_be_json() {
        let with = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
            require_json(&headers)
        };
        assert!(with("application/json").is_ok());
        assert!(with("Application/JSON; charset=utf-8").is_ok());
        assert!(with("text/plain").is_err());
        let refused = require_json(&HeaderMap::new()).unwrap_err();
        assert_eq!(refused.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }

    #[test]
    fn a_refusal_has_the_status_of_its_problem() {
        assert_eq!(refused(RequestRefused::TooLarge).status().as_u16(), 413);
        assert_eq!(refused(RequestRefused::UnknownOption).status().as_u16(), 400);
    }
}
