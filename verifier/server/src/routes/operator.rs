//! What the operator does for relying parties, over the administration interface.

mod operations;
mod shapes;

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State as Extracted};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use symbolon_http::openapi::{DescribedRouter, ToSchema, delete, get, post};
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::relying_party::ApiKeyId;
use symbolon_verifier::store::DeliveryId;

use super::administration::bad_request;
use super::error::{refuse_administration, store_failed};
use crate::administration::{Administration, AdministrationError, KeyListed};
use crate::state::State;

/// The most announcements on one page.
const MAX_PAGE: usize = 200;

/// The endpoints, below `/admin/v1`.
pub(super) fn router() -> DescribedRouter<Arc<State>> {
    DescribedRouter::default()
        .route("/relying-party-keys", get(operations::keys(), keys))
        .route("/relying-parties/{name}", delete(operations::remove(), remove))
        .route(
            "/relying-parties/{name}/keys",
            post(operations::make_key(), make_key),
        )
        .route(
            "/relying-parties/{name}/keys/{id}",
            delete(operations::revoke(), revoke),
        )
        .route("/deliveries", get(operations::deliveries(), deliveries))
        .route("/deliveries/{id}/retry", post(operations::retry(), retry))
}

impl State {
    fn administration(&self) -> Administration {
        let deps = &self.dependencies;
        Administration {
            store: Arc::clone(&deps.store),
            tenant: deps.tenant.clone(),
            randomness: Arc::clone(&deps.randomness),
            clock: Arc::clone(&deps.clock),
        }
    }
}

/// Every key of every relying party.
#[derive(Serialize, ToSchema)]
#[schema(as = RelyingPartyKeys)]
struct Keys {
    /// The keys, without what is secret in them.
    keys: Vec<KeyListed>,
}

async fn keys(Extracted(state): Extracted<Arc<State>>) -> Response {
    answered(
        StatusCode::OK,
        state.administration().keys().await.map(|keys| Keys { keys }),
    )
}

async fn make_key(Extracted(state): Extracted<Arc<State>>, Path(name): Path<String>) -> Response {
    // The name need not be one of this process yet: the command line makes the key before the server is started again.
    let Ok(name) = RelyingPartyName::parse(&name) else {
        return missing("relying party");
    };
    answered(StatusCode::CREATED, state.administration().make_key(name).await)
}

async fn revoke(
    Extracted(state): Extracted<Arc<State>>,
    Path((name, id)): Path<(String, String)>,
) -> Response {
    let (Ok(name), Ok(id)) = (RelyingPartyName::parse(&name), ApiKeyId::parse(&id)) else {
        return missing("key");
    };
    match state.administration().revoke(&name, &id).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(&error),
    }
}

async fn remove(Extracted(state): Extracted<Arc<State>>, Path(name): Path<String>) -> Response {
    let Ok(name) = RelyingPartyName::parse(&name) else {
        return missing("relying party");
    };
    answered(StatusCode::OK, state.administration().remove(&name).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(default)]
    after: Option<DeliveryId>,
}

async fn deliveries(
    Extracted(state): Extracted<Arc<State>>,
    page: Result<Query<Page>, QueryRejection>,
) -> Response {
    let Ok(Query(page)) = page else {
        return bad_request("the parameter is after");
    };
    let found = state
        .administration()
        .deliveries(page.after.as_ref(), MAX_PAGE)
        .await;
    answered(StatusCode::OK, found)
}

async fn retry(Extracted(state): Extracted<Arc<State>>, Path(id): Path<String>) -> Response {
    let Ok(id) = DeliveryId::parse(&id) else {
        return missing("delivery");
    };
    let again = state.administration().retry(&id).await;
    if again.is_ok() {
        state.announced.notify_one();
    }
    answered(StatusCode::OK, again)
}

fn answered<T: Serialize>(status: StatusCode, result: Result<T, AdministrationError>) -> Response {
    match result {
        Ok(body) => (status, Json(body)).into_response(),
        Err(error) => refused(&error),
    }
}

fn refused(error: &AdministrationError) -> Response {
    match error {
        AdministrationError::Missing(what) => missing(what),
        AdministrationError::Changed => {
            refuse_administration(StatusCode::CONFLICT, "conflict", error.to_string())
        }
        AdministrationError::Randomness(_) => {
            refuse_administration(StatusCode::SERVICE_UNAVAILABLE, "server_error", error.to_string())
        }
        AdministrationError::Store(error) => store_failed(error),
    }
}

fn missing(what: &str) -> Response {
    refuse_administration(
        StatusCode::NOT_FOUND,
        "not_found",
        format!("there is no such {what}"),
    )
}
