//! The description of the interface ([OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1.html)).

use std::sync::Arc;

use symbolon_crypto::UnixTime;
use symbolon_http::openapi::{About, Audience, OpenApi, describe};
use symbolon_http::serve::AdministrationToken;
use url::Url;

use super::agent::RequestBudget;

/// Describes the interface of a holder at this address, whether it runs or not, with that of the agent that it may have. Its owner's
/// token opens everything but what verifiers and issuers reach.
#[must_use]
pub fn description(server: &Url) -> OpenApi {
    // Nothing is served from here, and an empty token opens nothing.
    let token = AdministrationToken::new("");
    let agent = super::agent::public(RequestBudget::default(), Arc::new(|| UnixTime::from_seconds(0)))
        .merge(super::agent::administration(token.clone()));
    let endpoints = super::endpoints(token).endpoints().clone().and(agent.endpoints());
    let about = About {
        title: "Symbolon holder",
        description: "Derives from the credentials of a wallet and presents them by VCALM, and answers by itself what verifiers and issuers send.",
        version: env!("CARGO_PKG_VERSION"),
        server,
    };
    describe(&about, &endpoints, Audience::Operator)
}
