//! How refusals look on the wire. None repeats what the peer sent.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use symbolon_protocol::oauth::error::ErrorResponse;
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_protocol::openid4vp::response::DirectPostReply;
use symbolon_verifier::store::StoreError;

/// A refusal with the code of the specification.
pub(super) fn refuse(
    status: StatusCode,
    error: PresentationErrorCode,
    description: &'static str,
) -> Response {
    (status, Json(ErrorResponse::new(error, description))).into_response()
}

/// A refusal of an answer that was taken all the same, with where the person goes on ([OpenID4VP §8.2]).
///
/// [OpenID4VP §8.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.2
pub(super) fn refuse_and_return(
    error: PresentationErrorCode,
    description: &'static str,
    reply: DirectPostReply,
) -> Response {
    #[derive(Serialize)]
    struct Refusal {
        #[serde(flatten)]
        refusal: ErrorResponse<PresentationErrorCode>,
        #[serde(flatten)]
        reply: DirectPostReply,
    }
    let refusal = ErrorResponse::new(error, description);
    (StatusCode::BAD_REQUEST, Json(Refusal { refusal, reply })).into_response()
}

/// A refusal of the administration interface, whose codes are our own.
pub(super) fn refuse_administration(
    status: StatusCode,
    error: &'static str,
    description: String,
) -> Response {
    #[derive(Serialize)]
    struct Refusal {
        error: &'static str,
        error_description: String,
    }
    (
        status,
        Json(Refusal {
            error,
            error_description: description,
        }),
    )
        .into_response()
}

/// The store does not answer: nothing was changed, and trying again may help.
pub(super) fn store_failed(error: &StoreError) -> Response {
    tracing::error!(%error, "the store failed");
    refuse(
        StatusCode::SERVICE_UNAVAILABLE,
        PresentationErrorCode::ServerError,
        "the verifier cannot answer now",
    )
}
