//! Answers of the pages: HTML with where its forms may lead, and the files that pages refer to.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode};
use symbolon_pages::answer;
pub(super) use symbolon_pages::answer::see_other;
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
    answer::page(status, html, page.language, policy(targets))
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

/// How the pages look.
pub(super) async fn style() -> Response {
    answer::file("text/css; charset=utf-8", answer::STYLE)
}

/// The pages' picture.
pub(super) async fn icon() -> Response {
    answer::file("image/svg+xml", answer::ICON)
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
