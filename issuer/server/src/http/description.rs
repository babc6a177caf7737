//! The description of the interface ([OpenAPI 3.1]): the public part for everybody, the whole for the operator.
//!
//! [OpenAPI 3.1]: https://spec.openapis.org/oas/v3.1.1.html

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use symbolon_http::openapi::{About, Answer, Audience, OpenApi, Operation, describe, object};
use symbolon_http::serve::AdministrationToken;
use symbolon_protocol::identifier::IssuerIdentifier;

use super::metadata::{Documents, cacheable};
use super::tags::{ADMINISTRATION, DOCUMENTS};

/// Where it is, below the path of the identifier and below the administration interface.
pub(crate) const DESCRIPTION: &str = "/openapi.json";

/// Describes the interface of the issuer with this identifier, whether it runs or not.
#[must_use]
pub fn description(identifier: &IssuerIdentifier, audience: Audience) -> OpenApi {
    // Nothing is served from here, and an empty token opens nothing.
    let endpoints = super::endpoints(identifier, AdministrationToken::new(""));
    let about = About {
        title: "Symbolon issuer",
        description: "Issues verifiable credentials by OpenID for Verifiable Credential Issuance 1.0.",
        version: env!("CARGO_PKG_VERSION"),
        server: identifier.url().url(),
    };
    describe(&about, endpoints.endpoints(), audience)
}

pub(super) fn public_described() -> Operation {
    Operation::new(
        "readDescription",
        DOCUMENTS,
        "The public part of this description",
    )
    .specified("OpenAPI 3.1", "https://spec.openapis.org/oas/v3.1.1.html")
    .answers(
        Answer::empty(200, "The description.")
            .body("application/json", object())
            .cached("Five minutes."),
    )
}

pub(super) async fn public(State(documents): State<Arc<Documents>>) -> Response {
    cacheable(Json(&documents.description).into_response())
}

pub(super) fn whole_described() -> Operation {
    Operation::new("readWholeDescription", ADMINISTRATION, "This description")
        .specified("OpenAPI 3.1", "https://spec.openapis.org/oas/v3.1.1.html")
        .answers(
            Answer::empty(200, "The description.")
                .body("application/json", object())
                .not_cached(),
        )
}

pub(super) async fn whole(State(documents): State<Arc<Documents>>) -> Response {
    Json(&documents.whole_description).into_response()
}
