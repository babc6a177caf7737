//! The token endpoint ([OpenID4VCI §6]).
//!
//! [OpenID4VCI §6]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::PRAGMA;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;
use symbolon_http::openapi::{Answer, Operation};
use symbolon_issuer::grant::TokenRefusal;
use symbolon_protocol::oauth::error::TokenErrorCode;

use super::answer::{has_media_type, no_store, refusal, retry_after};
use super::messages::oauth::{TokenRequest, TokenResponse};
use super::proofs::{ProofFields, with_what_it_asks_for};
use super::proofs::{back_channel, helped};
use super::tags::AUTHORIZATION;
use crate::issuer::{Issuer, TokenFailure};

pub(super) fn described() -> Operation {
    let codes = TokenErrorCode::ALL.iter().copied();
    back_channel(
        Operation::new(
            "requestToken",
            AUTHORIZATION,
            "A code or a refresh token becomes an access token",
        )
        .specified(
            "OpenID4VCI 1.0, section 6",
            "https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6",
        )
        .form::<TokenRequest>()
        .example(
            "application/x-www-form-urlencoded",
            json!({
                "grant_type": "urn:ietf:params:oauth:grant-type:pre-authorized_code",
                "pre-authorized_code": "SplxlOBeZQQYbYS6WxSbIA",
                "tx_code": "493536",
            }),
        )
        .answers(helped(
            Answer::json::<TokenResponse>(200, "The token.").not_cached(),
        )),
        codes.map(|code| (code.status(), code.as_str())).collect(),
    )
}

pub(super) async fn token(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, body: Bytes) -> Response {
    if !has_media_type(&headers, "application/x-www-form-urlencoded") {
        let description = "the token request must be a form";
        return refusal(
            StatusCode::BAD_REQUEST,
            TokenErrorCode::InvalidRequest,
            description,
        );
    }
    let fields = ProofFields::of(&headers);
    let response = match issuer.token(&fields.request(&body)).await {
        Ok(response) => no_store(Json(response).into_response()),
        Err(failure) => refused(&issuer, &failure),
    };
    fields.refresh(&issuer, for_old_caches(response))
}

/// RFC 6749 §5.1 wants it beside `Cache-Control`, for caches of HTTP/1.0.
fn for_old_caches(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

fn refused(issuer: &Issuer, failure: &TokenFailure) -> Response {
    let code = failure.code();
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    if status.is_server_error() {
        tracing::error!(error = %failure, "token request not answered");
        return refusal(status, code, "the issuer cannot answer right now");
    }
    let response = refusal(status, code, &failure.to_string());
    let response = with_what_it_asks_for(issuer, code, response);
    match failure {
        TokenFailure::Refused(TokenRefusal::TooEarly { wait }) => retry_after(response, *wait),
        _ => response,
    }
}
