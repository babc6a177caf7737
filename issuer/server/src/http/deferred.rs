//! The deferred credential endpoint ([OpenID4VCI §9]).
//!
//! [OpenID4VCI §9]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-9

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use symbolon_http::openapi::Operation;
use symbolon_issuer::metadata::paths;

use super::access::Presented;
use super::credential::credential_endpoint;
use super::credential::{answer, carried, refused};
use super::messages::issuance::DeferredCredentialRequest;
use super::tags::ISSUANCE;
use crate::issuer::Issuer;

pub(super) fn described() -> Operation {
    let operation = Operation::new(
        "requestDeferredCredential",
        ISSUANCE,
        "Credentials that were not ready before",
    )
    .specified(
        "OpenID4VCI 1.0, section 9",
        "https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-9",
    )
    .json::<DeferredCredentialRequest>();
    credential_endpoint(operation)
}

pub(super) async fn deferred_credential(
    State(issuer): State<Arc<Issuer>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let presented = match Presented::read(&issuer, &headers, query.as_deref(), paths::DEFERRED) {
        Ok(presented) => presented,
        Err(response) => return *response,
    };
    let response = match carried(&headers, &body) {
        Ok(carried) => match issuer.fetch_deferred(&presented.request(), &carried).await {
            Ok(answered) => answer(&issuer, &answered),
            Err(failure) => refused(&failure, presented.scheme()),
        },
        Err(response) => *response,
    };
    presented.refresh(&issuer, response)
}
