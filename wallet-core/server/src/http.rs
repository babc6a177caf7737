//! The endpoints. Without the token every path answers 401, also those that do not exist.

pub(crate) mod agent;
mod credentials;
pub(crate) mod description;
mod operations;
mod presentations;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::StatusCode;
use symbolon_http::openapi::{DescribedRouter, Descriptions, delete, get, post, served};
use symbolon_http::serve::{AdministrationToken, Limits};
use symbolon_http::vcalm::failed;
use symbolon_protocol::vcalm::{MAX_REQUEST_BYTES, paths};
use url::Url;

use crate::holder::Holder;
use crate::http::agent::{Reception, RequestBudget};

/// A presentation of several credentials with portraits.
const LIMITS: Limits = Limits {
    body_bytes: MAX_REQUEST_BYTES,
    time: Duration::from_secs(60),
};

/// Every endpoint of `holder`, which is reached at `server`, and those of its agent, where it has one.
pub(crate) fn router(
    holder: Arc<Holder>,
    reception: Option<(Reception, RequestBudget)>,
    token: AdministrationToken,
    server: &Url,
) -> Router {
    let descriptions = Descriptions::new(|_| description::description(server));
    let router = endpoints(token.clone())
        .layer(descriptions.layer())
        .with_state(holder);
    match reception {
        None => router,
        Some((reception, budget)) => {
            let clock = reception.agent.clock();
            let own = agent::public(budget, clock).merge(agent::administration(token));
            router.merge(own.with_state(reception))
        }
    }
    .into_router()
}

/// The endpoints and their description.
fn endpoints(token: AdministrationToken) -> DescribedRouter<Arc<Holder>> {
    let one_credential = format!("{}/{{id}}", paths::CREDENTIALS);
    let one_presentation = format!("{}/{{id}}", paths::PRESENTATIONS);
    DescribedRouter::default()
        .route(paths::DERIVE, post(operations::derive(), credentials::derive))
        .route(
            &one_credential,
            get(operations::show_credential(), credentials::show)
                .and(delete(operations::delete_credential(), credentials::delete)),
        )
        .route(
            paths::PRESENTATIONS,
            post(operations::create_presentation(), presentations::create)
                .and(get(operations::list_presentations(), presentations::list)),
        )
        .route(
            &one_presentation,
            get(operations::show_presentation(), presentations::show)
                .and(delete(operations::delete_presentation(), presentations::delete)),
        )
        .route(
            served::DESCRIPTION,
            get(served::whole_described(operations::PRESENTATIONS), served::whole),
        )
        .fallback(async || failed(StatusCode::NOT_FOUND, "there is no such endpoint"))
        .behind_administration(token)
        .harden(LIMITS)
}
