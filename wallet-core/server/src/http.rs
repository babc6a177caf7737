//! The endpoints. Without the token every path answers 401, also those that do not exist.

mod credentials;
mod presentations;

use std::sync::Arc;
use std::time::Duration;

use axum::routing::{get, post};
use axum::{Router, middleware};
use http::StatusCode;
use symbolon_http::serve::{AdministrationToken, Limits, harden, require_administration};
use symbolon_http::vcalm::failed;
use symbolon_protocol::vcalm::{MAX_REQUEST_BYTES, paths};

use crate::holder::Holder;

/// A presentation of several credentials with portraits.
const LIMITS: Limits = Limits {
    body_bytes: MAX_REQUEST_BYTES,
    time: Duration::from_secs(60),
};

pub(crate) fn router(holder: Arc<Holder>, token: AdministrationToken) -> Router {
    let one_credential = format!("{}/{{id}}", paths::CREDENTIALS);
    let one_presentation = format!("{}/{{id}}", paths::PRESENTATIONS);
    let routes = Router::new()
        .route(paths::DERIVE, post(credentials::derive))
        .route(
            &one_credential,
            get(credentials::show).delete(credentials::delete),
        )
        .route(
            paths::PRESENTATIONS,
            post(presentations::create).get(presentations::list),
        )
        .route(
            &one_presentation,
            get(presentations::show).delete(presentations::delete),
        )
        .fallback(async || failed(StatusCode::NOT_FOUND, "there is no such endpoint"))
        .with_state(holder)
        .layer(middleware::from_fn_with_state(token, require_administration));
    harden(routes, LIMITS)
}
