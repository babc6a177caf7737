//! Answers of the pages: HTML with its header fields, redirects, and the files that pages refer to.

use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, VARY};
use http::{HeaderValue, StatusCode};
use symbolon_protocol::oauth::redirect_uri::RedirectUri;

use super::render::{Page, Pages};

/// Where the forms of a page may lead.
pub(super) enum FormTargets<'a> {
    /// Back here.
    Here,
    /// Here and, by way of a redirect, to the wallet. A browser holds every address of the chain against this, so the
    /// wallet's scheme is named and not its host alone.
    Wallet(&'a RedirectUri),
}

/// A page. Nothing of it may be kept, framed or scripted.
pub(super) fn page(
    pages: &Pages,
    status: StatusCode,
    page: &Page<'_>,
    targets: &FormTargets<'_>,
) -> Response {
    let html = match pages.render(page) {
        Ok(html) => html,
        Err(error) => {
            // The error names the template; its detail may hold a value.
            tracing::error!(
                template = page.template,
                line = error.line(),
                "a page cannot be rendered"
            );
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("accept-language, cookie"));
    if let Ok(language) = HeaderValue::from_str(&page.language.tag) {
        headers.insert(CONTENT_LANGUAGE, language);
    }
    headers.insert(CONTENT_SECURITY_POLICY, policy(targets));
    response
}

fn policy(targets: &FormTargets<'_>) -> HeaderValue {
    const START: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
    let strict = HeaderValue::from_static(START);
    match targets {
        FormTargets::Here => strict,
        // A parsed scheme is letters, digits and `+-.`: it cannot end the directive.
        FormTargets::Wallet(redirect) => {
            let scheme = redirect
                .as_str()
                .split(':')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            HeaderValue::from_str(&format!("{START} {scheme}:")).unwrap_or(strict)
        }
    }
}

/// On to another page of ours, as a GET (RFC 9110 §15.4.4).
pub(super) fn see_other(location: &str) -> Response {
    let Ok(mut location) = HeaderValue::from_str(location) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    // It may carry a code.
    location.set_sensitive(true);
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response();
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// How the pages look.
pub(super) async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("style.css"))
}

/// The pages' picture.
pub(super) async fn icon() -> Response {
    file("image/svg+xml", include_str!("icon.svg"))
}

fn file(media_type: &'static str, content: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "public, max-age=300")];
    (headers, content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_lead_here_and_to_the_wallet_alone() {
        let text = |targets: &FormTargets<'_>| policy(targets).to_str().unwrap().to_owned();
        assert!(text(&FormTargets::Here).ends_with("form-action 'self'"));
        for (redirect, scheme) in [
            ("https://wallet.example/back?x=%3B%20script-src", "https:"),
            ("org.example.wallet:/back", "org.example.wallet:"),
        ] {
            let redirect = RedirectUri::parse(redirect).unwrap();
            let policy = text(&FormTargets::Wallet(&redirect));
            assert!(
                policy.ends_with(&format!("form-action 'self' {scheme}")),
                "{policy}"
            );
        }
    }
}
