//! How the pages look. Their script is the provider's own, they work without it, and nothing of them may be kept or framed.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::header::REFERRER_POLICY;
use http::{HeaderMap, HeaderValue, StatusCode};
use symbolon_pages::language::choose;
use symbolon_pages::{Serde, Templates, Translations, Value, context};
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;

use super::Provider;
use crate::routes::DamagedPages;

pub(super) use crate::routes::QrCode;

/// Behind it stands where forms may lead: to the page itself, which sends the browser on to the client.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; \
                      frame-ancestors 'none'; form-action 'self'";

/// How often the page looks for the answer by itself, in seconds, where it has no script.
const REFRESH_SECONDS: u32 = 3;

const TEMPLATES: [(&str, &str); 1] = [("sign-in.html", include_str!("templates/sign-in.html"))];

const SHIPPED: [(&str, &str); 4] = [
    ("en", include_str!("translations/en.toml")),
    ("fr", include_str!("translations/fr.toml")),
    ("ar", include_str!("translations/ar.toml")),
    ("hi", include_str!("translations/hi.toml")),
];

/// Templates and texts of the pages.
pub(super) struct Pages {
    templates: Templates,
    translations: Arc<Translations>,
}

impl Pages {
    pub(super) fn new() -> Result<Self, DamagedPages> {
        let translations = Arc::new(Translations::new(&SHIPPED)?);
        Ok(Self {
            templates: Templates::new(&TEMPLATES, &translations, &["relying_party"])?,
            translations,
        })
    }

    pub(super) fn translations(&self) -> &Translations {
        &self.translations
    }

    /// The tags of the languages that there are.
    pub(super) fn languages(&self) -> Vec<String> {
        let links = self.translations.links();
        links.iter().map(|link| link.tag.to_owned()).collect()
    }
}

/// What is particular to one page: the keys of its texts, and what it shows.
#[derive(Default)]
pub(super) struct Shown<'a> {
    pub(super) title: &'static str,
    pub(super) sentence: &'static str,
    /// What a wallet on the same device opens.
    pub(super) link: Option<&'a str>,
    /// What a wallet elsewhere scans.
    pub(super) qr: Option<QrCode>,
    /// Whether the page changes once a wallet has answered.
    pub(super) is_waiting: bool,
    /// Its address, where it is the page of a sign-in that is not over.
    pub(super) here: Option<HttpUrl>,
    /// Whom the person signs in at.
    pub(super) relying_party: Option<&'a str>,
    /// Where the browser goes from here.
    pub(super) client: Option<&'a RedirectUri>,
    /// The languages that the client asked for.
    pub(super) ui_locales: &'a [String],
    /// What whoever runs the client has to know.
    pub(super) detail: Option<&'a str>,
}

impl Shown<'_> {
    pub(super) fn new(title: &'static str, sentence: &'static str) -> Self {
        Self {
            title,
            sentence,
            ..Self::default()
        }
    }
}

impl Provider {
    pub(super) fn page(&self, headers: &HeaderMap, status: StatusCode, shown: &Shown<'_>) -> Response {
        let pages = &self.pages;
        let language = choose(&pages.translations, headers, shown.ui_locales);
        let verifier = &self.state.configuration.name;
        let path = |url: &HttpUrl| url.url().path().to_owned();
        let base = self.state.configuration.identifier.url();
        let values = context! {
            tag => language.tag.as_str(),
            direction => language.direction.name(),
            languages => Value::from(Serde(pages.translations.links())),
            base => base.url().path().trim_end_matches('/'),
            here => shown.here.as_ref().map(path),
            verifier => verifier.as_str(),
            relying_party => shown.relying_party.unwrap_or(verifier),
            title => shown.title,
            sentence => shown.sentence,
            link => shown.link,
            qr => shown.qr.as_ref().map(|qr| Value::from(Serde(qr))),
            is_waiting => shown.is_waiting,
            refresh_seconds => REFRESH_SECONDS,
            detail => shown.detail,
        };
        // Where a form is answered by a redirect, browsers hold that against the policy too.
        let policy = match shown.client {
            Some(client) => HeaderValue::from_str(&format!("{POLICY} {}", client.destination())),
            None => Ok(HeaderValue::from_static(POLICY)),
        };
        match (pages.templates.render("sign-in.html", values), policy) {
            (Ok(html), Ok(policy)) => {
                let mut response = symbolon_pages::answer::page(status, html, language, policy);
                // The address of the return has a code in it.
                let referrer = HeaderValue::from_static("no-referrer");
                response.headers_mut().insert(REFERRER_POLICY, referrer);
                response
            }
            (rendered, _) => {
                let line = rendered.err().and_then(|error| error.line());
                tracing::error!(line, "a page cannot be rendered");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use symbolon_pages::testing::assert_complete;

    use super::*;

    #[test]
    fn every_shipped_language_has_every_text_and_the_pages_show_each() {
        let pages = Pages::new().unwrap();
        assert_complete(&pages.translations, 0);
        let shown = [
            include_str!("templates/sign-in.html"),
            include_str!("authorize.rs"),
            include_str!("sign_in.rs"),
        ]
        .concat();
        for key in pages.translations.english().texts.keys() {
            assert!(shown.contains(&format!("\"{key}\"")), "nothing shows {key}");
        }
    }
}
