//! Where the pages are.

use std::sync::Arc;

use axum::response::Response;
use symbolon_http::openapi::{DescribedRouter, get, post};
use symbolon_http::serve::AdministrationToken;
use symbolon_pages::answer::switch_language;

use super::answer::{icon, style};
use super::operations::{file, looked_at, operator_asked, operator_shown, step, submitted};
use super::paths;
use super::{consent, operator, provider, sign_in};
use crate::http::Served;
use crate::issuer::Issuer;

/// What every page is made with.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) token: AdministrationToken,
}

/// The pages below the path `base` of an issuer's identifier.
pub(crate) fn router(base: &str) -> DescribedRouter<Served> {
    let at = |path: &str| format!("{base}{path}");
    DescribedRouter::default()
        .route(
            &at(paths::SIGN_IN),
            get(
                looked_at("showSignIn", "The page of the sign-in that comes next"),
                sign_in::show,
            ),
        )
        .route(
            &at(paths::NUMBER),
            post(submitted("enterNumber", "The resident's number"), sign_in::number),
        )
        .route(
            &at(paths::CODE),
            post(
                submitted("enterCode", "The code that the resident was sent"),
                sign_in::code,
            ),
        )
        .route(
            &at(paths::AGAIN),
            post(submitted("askForAnotherCode", "Another code"), sign_in::again),
        )
        .route(
            &at(paths::START_OVER),
            post(submitted("startOver", "Another number"), sign_in::start_over),
        )
        .route(
            &at(paths::CANCEL),
            get(
                looked_at("askToCancel", "The page that asks whether to leave"),
                sign_in::cancel,
            ),
        )
        // Not for those who only look (HEAD): both use something up.
        .route(
            &at(paths::PROVIDER),
            get(step("goToProvider", "To the OpenID Provider"), provider::go).refusing_head(),
        )
        .route(
            &at(paths::PROVIDER_BACK),
            get(
                step("comeBackFromProvider", "Back from the OpenID Provider"),
                provider::back,
            )
            .refusing_head(),
        )
        .route(
            &at(paths::CONSENT),
            get(
                looked_at(
                    "showConsent",
                    "The page that asks which credentials go to which wallet",
                ),
                consent::show,
            ),
        )
        .route(
            &at(paths::APPROVE),
            post(submitted("approve", "Yes"), consent::approve),
        )
        .route(
            &at(paths::REFUSE),
            post(submitted("refuse", "No"), consent::refuse),
        )
        .route(
            &at(paths::OPERATOR),
            get(operator_asked(), operator::show).and(post(operator_shown(), operator::codes)),
        )
        .route(
            &at(paths::STYLE),
            get(file("readStyle", "How the pages look", "text/css"), style),
        )
        .route(
            &at(paths::ICON),
            get(file("readIcon", "The pages' picture", "image/svg+xml"), icon),
        )
}

/// Remembers a language, and loads the page again without the wish in its address.
pub(super) fn switched_language(desk: &Desk, tag: &str, path: &str) -> Response {
    let pages = &desk.issuer.pages;
    let secure = desk.issuer.profile().identifier().url().url().scheme() == "https";
    switch_language(pages.translations(), tag, &pages.location(path), secure)
}
