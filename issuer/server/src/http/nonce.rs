//! The nonce endpoint ([OpenID4VCI §7]): unprotected, and free of state, so that asking for many costs the issuer nothing.
//!
//! [OpenID4VCI §7]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-7

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::answer::{failure, no_store};
use super::proofs::with_dpop_nonce;
use crate::issuer::Issuer;

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
