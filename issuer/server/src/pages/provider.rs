//! To the OpenID Provider and back.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use symbolon_pages::language::choose;

use super::answer::see_other;
use super::routes::Desk;

pub(super) async fn go(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    let opened = match desk.opened(&headers).await {
        Ok(opened) => opened,
        Err(answer) => return answer,
    };
    let language = choose(
        desk.issuer.pages.translations(),
        &headers,
        &opened.view.ui_locales,
    );
    match desk.issuer.to_provider(&opened.browser, &[&language.tag]).await {
        Ok(location) => see_other(location.as_str()),
        Err(failure) => {
            tracing::warn!(error = %failure, "the OpenID Provider cannot be used");
            desk.sign_in_failed(&headers, &opened, &failure).await
        }
    }
}

pub(super) async fn back(
    State(desk): State<Desk>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let opened = match desk.opened(&headers).await {
        Ok(opened) => opened,
        Err(answer) => return answer,
    };
    let query = query.unwrap_or_default();
    match desk.issuer.back_from_provider(&opened.browser, &query).await {
        Ok(key) => desk.signed_in(&key),
        Err(failure) => {
            tracing::warn!(error = %failure, "the OpenID Provider signed nobody in");
            desk.sign_in_failed(&headers, &opened, &failure).await
        }
    }
}
