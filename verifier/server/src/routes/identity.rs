//! What the verifier says of itself: its DID document, and what wallets have to be told that register it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extracted;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use symbolon_crypto::Jwk;
use symbolon_protocol::openid4vp::client_metadata::JwkSet;

use super::error::refuse_administration;
use crate::state::State;

/// `GET /.well-known/did.json`, and `did.json` below an identifier with a path: the document of the verifier's `did:web`.
pub(super) async fn did_document(Extracted(state): Extracted<Arc<State>>) -> Response {
    match &state.identities.did {
        Some(did) => ([(CONTENT_TYPE, "application/did+json")], did.document.to_string()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET /evidence/jwks`: the keys that verify receipts and verified claims, those that were replaced among them.
pub(super) async fn evidence_keys(Extracted(state): Extracted<Arc<State>>) -> Response {
    let keys = state.evidence_keys();
    if keys.is_empty() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let keys: Vec<Jwk> = keys
        .iter()
        .map(|key| Jwk {
            kid: Some(key.thumbprint().to_string()),
            use_: Some("sig".to_owned()),
            alg: Some(key.algorithm().jose_name().to_owned()),
            ..key.to_jwk()
        })
        .collect();
    let headers = [
        (CONTENT_TYPE, "application/jwk-set+json"),
        (CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, Json(JwkSet { keys })).into_response()
}

/// `GET /admin/v1/registration`: the registration of this verifier, for wallets that know it without a prefix.
pub(super) async fn registration(Extracted(state): Extracted<Arc<State>>) -> Response {
    match state.registration() {
        Ok(Some(registration)) => Json(registration).into_response(),
        Ok(None) => refuse_administration(
            StatusCode::NOT_FOUND,
            "not_found",
            "the configuration has no client_id".to_owned(),
        ),
        Err(error) => {
            tracing::error!(%error, "the registration cannot be made");
            refuse_administration(
                StatusCode::SERVICE_UNAVAILABLE,
                "server_error",
                "the registration cannot be made".to_owned(),
            )
        }
    }
}
