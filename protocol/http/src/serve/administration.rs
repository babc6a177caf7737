//! The guard of the administration interface: a bearer token, from the first request on.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use symbolon_crypto::symmetric::{constant_time_equal, hmac_sha256};

/// What the administration token is compared with. It holds a keyed hash, not the token.
#[derive(Clone)]
pub struct AdministrationToken(Arc<[u8; 32]>);

/// Separates this hash from every other use of HMAC.
const PURPOSE: &[u8] = b"symbolon administration token";

impl AdministrationToken {
    /// Takes the token that `symbolon init` made.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(Arc::new(hmac_sha256(PURPOSE, token.trim().as_bytes())))
    }

    /// Whether what somebody presented is the token.
    #[must_use]
    pub fn is(&self, presented: &str) -> bool {
        // An empty token file must close the interface, not open it: over HTTP/2 a client can send an empty token.
        !presented.is_empty()
            && constant_time_equal(self.0.as_slice(), &hmac_sha256(PURPOSE, presented.as_bytes()))
    }
}

/// Middleware that lets a request pass only with the administration token. Use it with
/// `axum::middleware::from_fn_with_state(token, require_administration)` on the whole administration router, so that no
/// route can be forgotten.
pub async fn require_administration(
    State(token): State<AdministrationToken>,
    request: Request,
    next: Next,
) -> Response {
    let presented = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, presented)| presented.trim());
    match presented {
        Some(presented) if token.is(presented) => next.run(request).await,
        other => {
            // RFC 6750 §3.1: no error code where no token was sent.
            let challenge = if other.is_some() {
                HeaderValue::from_static(r#"Bearer realm="administration", error="invalid_token""#)
            } else {
                HeaderValue::from_static(r#"Bearer realm="administration""#)
            };
            let headers = [
                (WWW_AUTHENTICATE, challenge),
                (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            (StatusCode::UNAUTHORIZED, headers).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_token_file_closes_the_administration() {
        assert!(AdministrationToken::new("right\n").is("right"));
        assert!(!AdministrationToken::new("\n").is(""));
    }
}
