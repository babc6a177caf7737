//! The endpoint of challenges for client attestations ([OpenID4VCI appendix E]): unprotected, and free of state.
//!
//! [OpenID4VCI appendix E]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-E

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use symbolon_http::openapi::{Answer, Operation};

use super::answer::{failure, no_store};
use super::messages::oauth::ChallengeResponse;
use super::proofs::with_dpop_nonce;
use super::tags::AUTHORIZATION;
use crate::issuer::Issuer;

pub(super) fn described() -> Operation {
    Operation::new(
        "makeAttestationChallenge",
        AUTHORIZATION,
        "A challenge for the proof of an attested key",
    )
    .specified(
        "OpenID4VCI 1.0, appendix E",
        "https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-E",
    )
    .answers(Answer::json::<ChallengeResponse>(200, "A fresh challenge.").not_cached())
    .answers(Answer::empty(503, "The issuer has no randomness.").not_cached())
}

pub(super) async fn challenge(State(issuer): State<Arc<Issuer>>) -> Response {
    match issuer.attestation_challenge() {
        // The request that follows proves a key as well, and needs both (draft-ietf-oauth-attestation-based-client-auth §6.3).
        Ok(challenge) => with_dpop_nonce(&issuer, no_store(Json(challenge).into_response())),
        Err(error) => {
            tracing::error!(%error, "no attestation challenge made");
            failure(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}
