//! Offers by reference ([OpenID4VCI §4.1.3]).
//!
//! [OpenID4VCI §4.1.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1.3

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use symbolon_issuer::identifiers::OfferAddress;

use super::answer::{failure, no_store};
use crate::issuer::Issuer;

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
