//! The codes that a development installation sends to nobody.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use symbolon_pages::language::choose;
use symbolon_pages::{Serde, Value, context};
use zeroize::Zeroizing;

use super::answer::{FormTargets, page};
use super::paths;
use super::problem::Problem;
use super::render::Page;
use super::routes::{Desk, switched_language};
use super::sign_in::Switch;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    token: String,
}

pub(super) async fn show(
    State(desk): State<Desk>,
    Query(switch): Query<Switch>,
    headers: HeaderMap,
) -> Response {
    if desk.issuer.setup.sign_in.shown().is_none() {
        return desk.problem(&headers, Problem::NotFound);
    }
    if let Some(tag) = switch.language {
        return switched_language(&desk, &tag, paths::OPERATOR);
    }
    ask(&desk, &headers, StatusCode::OK, None)
}

/// The codes, once and only to whoever sends the administration token with this very request: nothing is remembered, so
/// nobody who finds the browser open sees more.
pub(super) async fn codes(
    State(desk): State<Desk>,
    headers: HeaderMap,
    body: Result<Form<Asked>, FormRejection>,
) -> Response {
    let Some(shown) = desk.issuer.setup.sign_in.shown() else {
        return desk.problem(&headers, Problem::NotFound);
    };
    let token = Zeroizing::new(body.map_or_else(|_| String::new(), |Form(asked)| asked.token));
    if !desk.token.is(token.trim()) {
        return ask(
            &desk,
            &headers,
            StatusCode::FORBIDDEN,
            Some("operator-token-wrong"),
        );
    }
    let content = context! { messages => Value::from(Serde(shown.messages())) };
    let language = choose(desk.issuer.pages.translations(), &headers, &[]);
    let shown = Page {
        template: "codes.html",
        path: None,
        problem: None,
        content,
        language,
    };
    page(&desk.issuer.pages, StatusCode::OK, &shown, &FormTargets::Here)
}

fn ask(desk: &Desk, headers: &HeaderMap, status: StatusCode, problem: Option<&str>) -> Response {
    let language = choose(desk.issuer.pages.translations(), headers, &[]);
    let shown = Page {
        template: "operator.html",
        path: Some(paths::OPERATOR),
        problem: problem.map(|key| desk.issuer.pages.text(language, key, &[])),
        content: context! {},
        language,
    };
    page(&desk.issuer.pages, status, &shown, &FormTargets::Here)
}
