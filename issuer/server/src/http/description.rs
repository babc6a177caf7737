//! The description of the interface ([OpenAPI 3.1]): the public part for everybody, the whole for the operator.
//!
//! [OpenAPI 3.1]: https://spec.openapis.org/oas/v3.1.1.html

use symbolon_http::openapi::{About, Audience, OpenApi, describe};
use symbolon_http::serve::AdministrationToken;
use symbolon_protocol::identifier::IssuerIdentifier;

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
