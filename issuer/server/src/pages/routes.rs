//! Where the pages are.

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use symbolon_http::serve::AdministrationToken;
use symbolon_pages::answer::switch_language;

use super::answer::{icon, style};
use super::paths;
use super::{consent, operator, provider, sign_in};
use crate::issuer::Issuer;

/// What every page is made with.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) issuer: Arc<Issuer>,
    pub(super) token: AdministrationToken,
}

/// The pages of `issuer` below the path of its identifier.
pub(crate) fn router(issuer: &Arc<Issuer>, token: AdministrationToken) -> Router {
    let at = |path: &str| issuer.pages.location(path);
    Router::new()
        .route(&at(paths::SIGN_IN), get(sign_in::show))
        .route(&at(paths::NUMBER), post(sign_in::number))
        .route(&at(paths::CODE), post(sign_in::code))
        .route(&at(paths::AGAIN), post(sign_in::again))
        .route(&at(paths::START_OVER), post(sign_in::start_over))
        .route(&at(paths::CANCEL), get(sign_in::cancel))
        // Not for those who only look (HEAD): both use something up.
        .route(&at(paths::PROVIDER), get(provider::go).head(refuse_to_look))
        .route(
            &at(paths::PROVIDER_BACK),
            get(provider::back).head(refuse_to_look),
        )
        .route(&at(paths::CONSENT), get(consent::show))
        .route(&at(paths::APPROVE), post(consent::approve))
        .route(&at(paths::REFUSE), post(consent::refuse))
        .route(&at(paths::OPERATOR), get(operator::show).post(operator::codes))
        .route(&at(paths::STYLE), get(style))
        .route(&at(paths::ICON), get(icon))
        .with_state(Desk {
            issuer: Arc::clone(issuer),
            token,
        })
}

async fn refuse_to_look() -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}

/// Remembers a language, and loads the page again without the wish in its address.
pub(super) fn switched_language(desk: &Desk, tag: &str, path: &str) -> Response {
    let pages = &desk.issuer.pages;
    let secure = desk.issuer.profile().identifier().url().url().scheme() == "https";
    switch_language(pages.translations(), tag, &pages.location(path), secure)
}
