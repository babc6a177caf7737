//! The authorization endpoint ([RFC 6749 §3.1]): it ties the request to the browser and leads to the sign-in page.
//!
//! [RFC 6749 §3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-3.1

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use symbolon_issuer::metadata::paths;

use super::answer::{failure, has_media_type, no_store};
use super::browser::set_browser_key;
use crate::issuer::{BeginFailure, Issuer};

pub(super) async fn by_address(State(issuer): State<Arc<Issuer>>, RawQuery(query): RawQuery) -> Response {
    begin(&issuer, query.unwrap_or_default().as_bytes()).await
}

/// Whoever only looks whether the address is there must not use the request up.
pub(super) async fn not_by_head() -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}

/// The same by a form, which every authorization server may take ([RFC 6749 §3.1]).
///
/// [RFC 6749 §3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-3.1
pub(super) async fn by_form(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, body: Bytes) -> Response {
    if !has_media_type(&headers, "application/x-www-form-urlencoded") {
        return page(
            StatusCode::BAD_REQUEST,
            "invalid_request: the request must be a form",
        );
    }
    begin(&issuer, &body).await
}

async fn begin(issuer: &Issuer, query: &[u8]) -> Response {
    match issuer.begin(query).await {
        Ok(key) => {
            let identifier = issuer.profile().identifier();
            let Ok(sign_in) = identifier.endpoint(paths::SIGN_IN) else {
                return failure(StatusCode::INTERNAL_SERVER_ERROR);
            };
            let mut response = redirect(sign_in.as_str());
            set_browser_key(response.headers_mut(), identifier, &key);
            response
        }
        Err(BeginFailure::Tell(url)) => redirect(&url),
        Err(refused) => match refused.code() {
            Some(code) => page(StatusCode::BAD_REQUEST, &format!("{}: {refused}", code.as_str())),
            None => {
                tracing::error!(error = %refused, "authorization not begun");
                failure(StatusCode::SERVICE_UNAVAILABLE)
            }
        },
    }
}

/// 303, so that a browser that posted does not post what it has to the next address ([RFC 9700 §4.12]).
///
/// [RFC 9700 §4.12]: https://www.rfc-editor.org/rfc/rfc9700#section-4.12
fn redirect(to: &str) -> Response {
    let Ok(mut location) = HeaderValue::from_str(to) else {
        return failure(StatusCode::INTERNAL_SERVER_ERROR);
    };
    location.set_sensitive(true);
    no_store((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response())
}

/// What the resident is told where the wallet cannot be: there is nowhere safe to go.
fn page(status: StatusCode, text: &str) -> Response {
    no_store(
        (
            status,
            [(CONTENT_TYPE, "text/plain; charset=utf-8")],
            text.to_owned(),
        )
            .into_response(),
    )
}
