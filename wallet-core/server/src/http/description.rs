//! The description of the interface ([OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1.html)).

use symbolon_http::openapi::{About, Audience, OpenApi, describe};
use symbolon_http::serve::AdministrationToken;
use url::Url;

/// Describes the interface of a holder at this address, whether it runs or not. There is no public part: the token opens everything.
#[must_use]
pub fn description(server: &Url) -> OpenApi {
    // Nothing is served from here, and an empty token opens nothing.
    let endpoints = super::endpoints(AdministrationToken::new(""));
    let about = About {
        title: "Symbolon holder",
        description: "Derives from the credentials of a wallet and presents them, by VCALM.",
        version: env!("CARGO_PKG_VERSION"),
        server,
    };
    describe(&about, endpoints.endpoints(), Audience::Operator)
}
