//! The guard of the administration interface: a bearer token, from the first request on; and the proof of a server to whoever is about
//! to send it that token (`docs/adr/0015`).

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Query, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::symmetric::{constant_time_equal, hmac_sha256};
use symbolon_crypto::{Randomness, RandomnessUnavailable, random_bytes};
use utoipa::ToSchema;

/// What the administration token is compared with. It holds a keyed hash, not the token.
#[derive(Clone)]
pub struct AdministrationToken(Arc<[u8; 32]>);

/// Separates this hash from every other use of HMAC.
const PURPOSE: &[u8] = b"symbolon administration token";

/// The same for proofs.
const PROOF_PURPOSE: &[u8] = b"symbolon administration proof";

/// Where a server proves, below its administration interface, that it has the token.
pub const IDENTITY: &str = "/identity";

/// Where a server listens, as it was told to. It is part of what the server proves.
#[derive(Clone, Copy)]
pub(super) struct ListenerAddress(pub(super) SocketAddr);

/// What whoever has the token asks a server before sending it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdentityChallenge(String);

impl IdentityChallenge {
    /// A fresh challenge.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        Ok(Self(base64url::encode(&random_bytes::<32>(randomness)?)))
    }

    /// The text, for the query parameter `challenge`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Deserialize)]
struct IdentityQuery {
    challenge: IdentityChallenge,
}

/// What a server answers at [`IDENTITY`].
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IdentityProof {
    /// A keyed hash over the challenge and the address of the listener; base64url.
    pub proof: String,
}

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

    /// Whether `proof` answers `challenge`, and comes from a server that has this token and listens at `listener`. The address keeps
    /// whoever took it from having the answer made by a server that moved elsewhere.
    #[must_use]
    pub fn is_proven(
        &self,
        proof: &IdentityProof,
        challenge: &IdentityChallenge,
        listener: SocketAddr,
    ) -> bool {
        let expected = self.prove(challenge, listener).proof;
        constant_time_equal(proof.proof.as_bytes(), expected.as_bytes())
    }

    fn prove(&self, challenge: &IdentityChallenge, listener: SocketAddr) -> IdentityProof {
        // No address has a line break, so no two pairs give the same text.
        let text = format!("{listener}\n{}", challenge.0);
        let signed = [PROOF_PURPOSE, text.as_bytes()].concat();
        IdentityProof {
            proof: base64url::encode(&hmac_sha256(self.0.as_slice(), &signed)),
        }
    }
}

/// The route at which a server proves that it has the token, to whoever has none yet to send.
pub(crate) fn identity_route<S: Clone + Send + Sync + 'static>(
    token: AdministrationToken,
) -> MethodRouter<S> {
    get(identity).with_state(token)
}

/// Proves that this server has the token. Whoever asks learns nothing else: the token has 256 bits, and no guess is worth trying.
async fn identity(
    State(token): State<AdministrationToken>,
    listener: Option<Extension<ListenerAddress>>,
    Query(query): Query<IdentityQuery>,
) -> Response {
    match listener {
        Some(Extension(ListenerAddress(listener))) => {
            Json(token.prove(&query.challenge, listener)).into_response()
        }
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Middleware that lets a request pass only with the administration token, for interfaces beside the administration that its token
/// opens. Use it with `axum::middleware::from_fn_with_state(token, require_administration)` on the whole router, so that no route
/// can be forgotten.
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
