//! The endpoints.

mod administration;
mod answer;
mod error;
mod events;
mod form;
mod identity;
mod pages;
mod request_object;
mod vcalm;

pub use self::pages::DamagedPages;
pub(crate) use self::pages::Pages;

use core::time::Duration;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use symbolon_http::serve::{Limits, require_administration};
use symbolon_protocol::openid4vp::response::MAX_RESPONSE_BYTES;

use crate::state::State;

/// What one request may cost: an answer may carry several credentials with portraits, and its status lists are
/// fetched before it is acknowledged.
pub(crate) const LIMITS: Limits = Limits {
    body_bytes: MAX_RESPONSE_BYTES,
    time: Duration::from_secs(60),
};

/// Every endpoint of the verifier.
pub(crate) fn router(state: Arc<State>) -> Router {
    let administration = Router::new()
        .route("/presentation-requests", post(administration::make))
        .route("/presentation-requests/{id}", get(administration::result))
        .route("/presentation-requests/{id}/events", get(events::stream))
        .route(
            "/presentation-requests/{id}/evidence",
            get(administration::evidence),
        )
        .route("/registration", get(identity::registration))
        .layer(from_fn_with_state(
            state.dependencies.administration.clone(),
            require_administration,
        ));
    let vcalm = vcalm::router().layer(from_fn_with_state(
        state.dependencies.administration.clone(),
        require_administration,
    ));
    Router::new()
        .nest("/admin/v1", administration)
        .nest("/vcalm", vcalm)
        .route(
            "/openid4vp/requests/{id}",
            get(request_object::fetch).post(request_object::fetch_with_parameters),
        )
        .route("/openid4vp/responses/{id}", post(answer::receive))
        .route("/openid4vp/responses", post(answer::receive_registered))
        .route("/presentations/style.css", get(pages::style))
        .route("/presentations/icon.svg", get(pages::icon))
        .route("/presentations/{id}", get(pages::show))
        .route("/presentations/{id}/return", get(pages::come_back))
        .route("/.well-known/did.json", get(identity::did_document))
        .route("/did.json", get(identity::did_document))
        .with_state(state)
}
