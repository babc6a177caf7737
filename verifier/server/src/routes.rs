//! The endpoints.

mod administration;
mod answer;
mod builder;
mod caller;
pub(crate) mod description;
mod digital_credentials;
mod error;
mod events;
mod form;
mod identity;
mod operations;
mod operator;
mod pages;
mod proximity;
mod relying_party;
mod request_object;
mod shapes;
mod vcalm;

pub use self::builder::BuilderCode;
pub(crate) use self::builder::RequestBuilder;
pub(crate) use self::form::is_form;
pub(crate) use self::pages::{DamagedPages, Pages, QrCode, fitting_code};
pub(crate) use self::request_object::stored_query;

use core::time::Duration;
use std::sync::Arc;

use axum::Router;
use symbolon_http::openapi::{DescribedRouter, Descriptions, delete, get, post, served};
use symbolon_http::serve::{AdministrationToken, Limits};
use symbolon_protocol::openid4vp::response::MAX_RESPONSE_BYTES;

use self::description::{ADMINISTRATION, DOCUMENTS, description};
use crate::state::State;

/// What one request may cost: an answer may carry several credentials with portraits, and its status lists are
/// fetched before it is acknowledged.
const LIMITS: Limits = Limits {
    body_bytes: MAX_RESPONSE_BYTES,
    time: Duration::from_secs(60),
};

/// Every endpoint of the verifier, with limits and header fields around them.
pub(crate) fn router(state: Arc<State>) -> Router {
    let identifier = &state.configuration.identifier;
    let descriptions = Descriptions::new(|audience| description(identifier, audience));
    endpoints(state.dependencies.administration.clone(), Some(&state))
        .layer(descriptions.layer())
        .with_state(state)
        .into_router()
}

/// The endpoints and their description. Without a state they can be described, and not be served: whoever calls is known by it alone.
fn endpoints(token: AdministrationToken, state: Option<&Arc<State>>) -> DescribedRouter<Arc<State>> {
    let administration = DescribedRouter::default()
        .route(
            "/presentation-requests",
            post(operations::make(), administration::make),
        )
        .route(
            "/presentation-requests/{id}",
            get(operations::result(), administration::result),
        )
        .route(
            "/presentation-requests/{id}/events",
            get(operations::events(), events::stream),
        )
        .route(
            "/presentation-requests/{id}/evidence",
            get(operations::evidence(), administration::evidence),
        )
        .route(
            "/presentation-requests/{id}/digital-credentials",
            get(operations::digital_credentials::read(), digital_credentials::read).and(post(
                operations::digital_credentials::receive(),
                digital_credentials::receive,
            )),
        )
        .route(
            "/presentation-requests/{id}/proximity",
            post(operations::proximity::begin(), proximity::begin),
        )
        .route(
            "/presentation-requests/{id}/proximity/{session}",
            post(operations::proximity::receive(), proximity::receive)
                .and(delete(operations::proximity::end(), proximity::end)),
        )
        .merge(operator::router())
        .route("/metrics", get(operations::metrics(), administration::metrics))
        .route("/trust", get(operations::trust(), administration::trust))
        .route(
            "/registration",
            get(operations::registration(), identity::registration),
        )
        .route(
            served::DESCRIPTION,
            get(served::whole_described(DOCUMENTS), served::whole),
        )
        .administration(token, ADMINISTRATION);
    let vcalm = caller::behind_administration_or_permission(vcalm::router(), state);
    let relying_party = caller::behind_key(relying_party::router(), state);
    DescribedRouter::default()
        .nest("/admin/v1", administration)
        .nest("/relying-party/v1", relying_party)
        .nest("/vcalm", vcalm)
        .merge(builder::router())
        .route(
            "/openid4vp/requests/{id}",
            get(operations::request_object(), request_object::fetch).and(post(
                operations::request_object_with_nonce(),
                request_object::fetch_with_parameters,
            )),
        )
        .route(
            "/openid4vp/responses/{id}",
            post(operations::receive(), answer::receive),
        )
        .route(
            "/openid4vp/responses",
            post(operations::receive_registered(), answer::receive_registered),
        )
        .route(
            "/presentations/style.css",
            get(
                operations::file("readStyle", "How the pages look", "text/css"),
                pages::style,
            ),
        )
        .route(
            "/presentations/icon.svg",
            get(
                operations::file("readIcon", "The pages' picture", "image/svg+xml"),
                pages::icon,
            ),
        )
        .route(
            "/presentations/digital-credentials.js",
            get(
                operations::file(
                    "readDigitalCredentialsScript",
                    "What asks the browser for credentials",
                    "text/javascript",
                ),
                pages::script,
            ),
        )
        .route("/presentations/{id}", get(operations::show_page(), pages::show))
        .route(
            "/presentations/{id}/digital-credentials",
            post(
                operations::digital_credentials::receive_from_page(),
                digital_credentials::receive_from_page,
            ),
        )
        .route(
            "/presentations/{id}/return",
            get(operations::come_back(), pages::come_back),
        )
        .route(
            "/.well-known/did.json",
            get(
                operations::did_document("readDidDocument"),
                identity::did_document,
            ),
        )
        .route(
            "/did.json",
            get(
                operations::did_document("readDidDocumentBelowPath"),
                identity::did_document,
            ),
        )
        .route(
            "/evidence/jwks",
            get(operations::evidence_keys(), identity::evidence_keys),
        )
        .route(
            served::DESCRIPTION,
            get(served::public_described(DOCUMENTS), served::public),
        )
        .harden(LIMITS)
}
