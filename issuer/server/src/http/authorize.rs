//! The authorization endpoint ([RFC 6749 §3.1]): it ties the request to the browser and leads to the sign-in page.
//!
//! [RFC 6749 §3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-3.1

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::header::LOCATION;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, StatusCode};
use symbolon_http::openapi::{Answer, Operation, Presence};
use symbolon_issuer::metadata::paths;

use super::answer::{failure, has_media_type, no_store};
use super::browser::set_browser_key;
use super::messages::oauth::AuthorizationRequestForm;
use super::tags::AUTHORIZATION;
use crate::issuer::{BeginFailure, Issuer};
use crate::pages::operations::shown;
use crate::pages::{Problem, problem_page};

pub(super) fn by_address_described() -> Operation {
    authorization(
        Operation::new("authorize", AUTHORIZATION, "A browser begins an authorization")
            .query("client_id", "Who asks.", Presence::Sometimes)
            .query(
                "request_uri",
                "What the endpoint of pushed requests answered.",
                Presence::Sometimes,
            ),
    )
}

pub(super) fn by_form_described() -> Operation {
    authorization(
        Operation::new(
            "authorizeByForm",
            AUTHORIZATION,
            "A browser begins an authorization by a form",
        )
        .form::<AuthorizationRequestForm>(),
    )
}

fn authorization(operation: Operation) -> Operation {
    let page = |status, description| shown(Answer::empty(status, description));
    operation
        .about("The parameters of the request itself may stand here as well, unless the issuer wants them pushed.")
        .specified("RFC 6749, section 3.1", "https://www.rfc-editor.org/rfc/rfc6749#section-3.1")
        .answers(
            Answer::empty(303, "On to the sign-in page, or back to the wallet with an error.")
                .named(LOCATION, "Where to.", Presence::Always)
                .named(SET_COOKIE, "The key of the authorization.", Presence::Sometimes)
                .not_cached(),
        )
        .answers(page(400, "The request is wrong, and there is nowhere safe to send the browser."))
        .answers(Answer::empty(500, "The issuer failed.").not_cached())
        .answers(page(503, "The issuer cannot answer now."))
}

pub(super) async fn by_address(
    State(issuer): State<Arc<Issuer>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    begin(&issuer, &headers, query.unwrap_or_default().as_bytes()).await
}

/// The same by a form, which every authorization server may take ([RFC 6749 §3.1]).
///
/// [RFC 6749 §3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-3.1
pub(super) async fn by_form(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, body: Bytes) -> Response {
    if !has_media_type(&headers, "application/x-www-form-urlencoded") {
        let said = "invalid_request: the request must be a form";
        return problem_page(&issuer.pages, &headers, Problem::Request, Some(said));
    }
    begin(&issuer, &headers, &body).await
}

async fn begin(issuer: &Issuer, headers: &HeaderMap, query: &[u8]) -> Response {
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
            // There is nowhere safe to go: the resident is told, and may tell whoever made the wallet.
            Some(code) => {
                let said = format!("{}: {refused}", code.as_str());
                problem_page(&issuer.pages, headers, problem(&refused), Some(&said))
            }
            None => {
                tracing::error!(error = %refused, "authorization not begun");
                problem_page(&issuer.pages, headers, Problem::Unavailable, None)
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

/// What the resident is told of a request that begins nothing.
const fn problem(refused: &BeginFailure) -> Problem {
    match refused {
        BeginFailure::Client(_) | BeginFailure::Refused(_) => Problem::Client,
        BeginFailure::RequestUri => Problem::StaleRequest,
        _ => Problem::Request,
    }
}
