//! The description of the interface ([OpenAPI 3.1]): what wallets use for everybody, the whole for the operator.
//!
//! [OpenAPI 3.1]: https://spec.openapis.org/oas/v3.1.1.html

use symbolon_http::openapi::{About, Audience, OpenApi, Tag, describe};
use symbolon_http::serve::AdministrationToken;
use symbolon_protocol::identifier::IssuerIdentifier;

/// Describes the interface of the verifier with this identifier, whether it runs or not.
#[must_use]
pub fn description(identifier: &IssuerIdentifier, audience: Audience) -> OpenApi {
    // Nothing is served from here, and an empty token opens nothing.
    let endpoints = super::endpoints(AdministrationToken::new(""), None);
    let endpoints = endpoints
        .endpoints()
        .clone()
        .and(crate::scan::endpoints().endpoints())
        .and(crate::offline::endpoints().endpoints())
        .and(crate::openid_provider::endpoints().endpoints());
    let about = About {
        title: "Symbolon verifier",
        description: "Asks wallets for presentations by OpenID for Verifiable Presentations 1.0, and judges them.",
        version: env!("CARGO_PKG_VERSION"),
        server: identifier.url().url(),
    };
    describe(&about, &endpoints, audience)
}

/// What the interface tells about itself.
pub(super) const DOCUMENTS: Tag = Tag {
    name: "Documents",
    description: "What anybody may read.",
};
/// What wallets use.
pub(super) const PRESENTATION: Tag = Tag {
    name: "Presentation",
    description: "A wallet fetches the request and posts its answer.",
};
/// What the operator asks for.
pub(super) const ADMINISTRATION: Tag = Tag {
    name: "Presentation requests",
    description: "The operator makes requests and reads what came of them.",
};
/// What a relying party uses.
pub(super) const RELYING_PARTY: Tag = Tag {
    name: "Relying party",
    description: "A relying party makes requests by its policies, and reads what came of its own.",
};
/// What the operator does for relying parties.
pub(super) const OPERATOR: Tag = Tag {
    name: "Relying parties",
    description: "The operator gives relying parties their keys, and sees what became of their webhooks.",
};
/// What a coordinator uses.
pub(super) const VCALM: Tag = Tag {
    name: "VCALM",
    description: "A coordinator has credentials and presentations verified.",
};
/// What browsers use.
pub(crate) const PAGES: Tag = Tag {
    name: "Pages",
    description: "The pages on which a browser begins and ends a presentation.",
};
