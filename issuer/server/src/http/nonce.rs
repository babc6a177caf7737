//! The nonce endpoint ([OpenID4VCI §7]): unprotected, and free of state, so that asking for many costs the issuer nothing.
//!
//! [OpenID4VCI §7]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-7

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use symbolon_http::openapi::{Answer, Operation, Presence};
use symbolon_protocol::oauth::dpop::NONCE_HEADER;

use super::answer::{failure, no_store};
use super::messages::issuance::NonceResponse;
use super::proofs::with_dpop_nonce;
use super::tags::ISSUANCE;
use crate::issuer::Issuer;

pub(super) fn described() -> Operation {
    Operation::new("makeNonce", ISSUANCE, "A nonce for proofs of keys")
        .about("The request has no body. The answer has a nonce for DPoP proofs too, for wallets with a bound token.")
        .specified("OpenID4VCI 1.0, section 7", "https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-7")
        .answers(
            Answer::json::<NonceResponse>(200, "A fresh nonce.")
                .not_cached()
                .header(NONCE_HEADER, "A nonce for DPoP proofs (RFC 9449, section 8).", Presence::Always),
        )
        .answers(Answer::empty(503, "The issuer has no randomness.").not_cached())
}

pub(super) async fn nonce(State(issuer): State<Arc<Issuer>>) -> Response {
    match issuer.nonce() {
        // The next request is for a credential: a wallet with a bound token needs both nonces for it.
        Ok(nonce) => with_dpop_nonce(&issuer, no_store(Json(nonce).into_response())),
        Err(error) => {
            tracing::error!(%error, "no nonce made");
            failure(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}
