//! What the provider says of itself, and its keys.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extracted;
use axum::response::{IntoResponse as _, Response};
use http::HeaderName;
use http::header::CACHE_CONTROL;
use serde_json::{Value, json};
use symbolon_crypto::{Jwk, PublicKey};
use symbolon_verifier::openid_provider::metadata;

use super::Provider;

/// New keys are published before they sign, and old ones long after; clients look again for a key that they do not know.
const CACHED: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "public, max-age=300")];

/// `GET /openid/.well-known/openid-configuration`
pub(super) async fn metadata_document(Extracted(provider): Extracted<Arc<Provider>>) -> Response {
    let clients = provider.clients.values().map(|client| client.rules());
    let languages = provider.pages.languages();
    (CACHED, Json(metadata(&provider.addresses, clients, languages))).into_response()
}

/// `GET /openid/jwks`
pub(super) async fn keys(Extracted(provider): Extracted<Arc<Provider>>) -> Response {
    let published: Vec<Value> = provider.signer.keys().map(|key| json!(published(key))).collect();
    (CACHED, Json(json!({ "keys": published }))).into_response()
}

fn published(key: &PublicKey) -> Jwk {
    Jwk {
        kid: Some(key.thumbprint().to_string()),
        alg: Some(key.algorithm().jose_name().to_owned()),
        use_: Some("sig".to_owned()),
        ..key.to_jwk()
    }
}
