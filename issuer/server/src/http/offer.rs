//! Offers by reference ([OpenID4VCI §4.1.3]).
//!
//! [OpenID4VCI §4.1.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1.3

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use symbolon_http::openapi::{Answer, Operation};
use symbolon_issuer::identifiers::OfferAddress;

use super::answer::{failure, no_store};
use super::messages::issuance::CredentialOffer;
use super::tags::AUTHORIZATION;
use crate::issuer::Issuer;

pub(super) fn described() -> Operation {
    Operation::new(
        "readOffer",
        AUTHORIZATION,
        "An offer that a link or a QR code refers to",
    )
    .specified(
        "OpenID4VCI 1.0, section 4.1.3",
        "https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1.3",
    )
    .path("offer", "The name of the offer, a secret.")
    .answers(Answer::json::<CredentialOffer>(200, "The offer.").not_cached())
    .answers(Answer::empty(404, "There is no such offer, or it has expired.").not_cached())
    .answers(Answer::empty(503, "The store does not answer.").not_cached())
}

pub(super) async fn offer(State(issuer): State<Arc<Issuer>>, Path(offer): Path<String>) -> Response {
    let Ok(address) = offer.parse::<OfferAddress>() else {
        return failure(StatusCode::NOT_FOUND);
    };
    match issuer.fetch_offer(&address).await {
        Ok(Some(json)) => no_store(([(CONTENT_TYPE, "application/json")], json).into_response()),
        Ok(None) => failure(StatusCode::NOT_FOUND),
        Err(error) => {
            tracing::error!(%error, "offer not read");
            failure(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}
