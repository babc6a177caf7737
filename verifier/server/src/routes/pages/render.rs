//! How the pages look. They have no scripts but the one that asks the browser for credentials, where a request offers that, and nothing
//! of them may be kept or framed.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::header::REFERRER_POLICY;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use symbolon_pages::answer::{ICON, STYLE, file};
use symbolon_pages::language::choose;
use symbolon_pages::{Serde, TemplateError, Templates, Translations, TranslationsError, Value, context};
use symbolon_qr_picture::{ErrorCorrection, QUIET_ZONE_MODULES, Symbol, Version};
use thiserror::Error;

use crate::state::State;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/// The same with our own script, which brings the answer of the browser to this server.
const POLICY_WITH_SCRIPT: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/// The page may ask for credentials, and nothing else that browsers have.
const PERMISSIONS: &str =
    "digital-credentials-get=(self), digital-credentials-create=(), camera=(), microphone=(), geolocation=()";

const SCRIPT: &str = include_str!("digital-credentials.js");

const TEMPLATES: [(&str, &str); 1] = [("page.html", include_str!("page.html"))];

const SHIPPED: [(&str, &str); 4] = [
    ("en", include_str!("translations/en.toml")),
    ("fr", include_str!("translations/fr.toml")),
    ("ar", include_str!("translations/ar.toml")),
    ("hi", include_str!("translations/hi.toml")),
];

/// Templates and texts of the pages.
pub(crate) struct Pages {
    templates: Templates,
    pub(super) translations: Arc<Translations>,
}

/// A template or a text that was shipped is wrong, which a test rules out.
#[derive(Debug, Error)]
#[error("the pages of the verifier are damaged")]
pub struct DamagedPages;

impl From<TemplateError> for DamagedPages {
    fn from(_: TemplateError) -> Self {
        Self
    }
}

impl From<TranslationsError> for DamagedPages {
    fn from(_: TranslationsError) -> Self {
        Self
    }
}

impl Pages {
    pub(crate) fn new() -> Result<Self, DamagedPages> {
        let translations = Arc::new(Translations::new(&SHIPPED)?);
        Ok(Self {
            templates: Templates::new(&TEMPLATES, &translations, &[])?,
            translations,
        })
    }
}

/// What is particular to one page: the keys of its texts, and what it shows.
#[derive(Default)]
pub(super) struct Page<'a> {
    pub(super) title: &'static str,
    pub(super) sentence: &'static str,
    pub(super) link: Option<&'a str>,
    /// What the link says.
    pub(super) link_text: &'static str,
    pub(super) qr: Option<QrCode>,
    pub(super) refresh_seconds: Option<u32>,
    pub(super) digital_credentials: Option<Ask>,
    /// Its path, for the language switch; `None` where it cannot be loaded again.
    pub(super) here: Option<String>,
    /// Who asks; the verifier itself without it.
    pub(super) verifier: Option<&'a str>,
}

impl Page<'_> {
    pub(super) fn new(title: &'static str, sentence: &'static str) -> Self {
        Self {
            title,
            sentence,
            ..Self::default()
        }
    }
}

/// What the script asks the browser for.
#[derive(Serialize)]
pub(super) struct Ask {
    /// The argument of `navigator.credentials.get`, as JSON.
    pub(super) options: String,
    /// The path that the answer goes to.
    pub(super) answers: String,
}

/// A QR code as the path of a drawing.
#[derive(Serialize)]
pub(crate) struct QrCode {
    path: String,
    width: u32,
    quiet_zone: u32,
}

impl QrCode {
    /// `None` when the link is longer than a code can be. A link that holds its request may need the room that less correction
    /// leaves, which a screen can do without.
    pub(crate) fn of(link: &str) -> Option<Self> {
        let symbol = [ErrorCorrection::Medium, ErrorCorrection::Low]
            .into_iter()
            .find_map(|correction| Symbol::draw(link.as_bytes(), correction, Version::LARGEST).ok())?;
        Some(Self {
            path: symbol.to_svg_path(),
            width: symbol.width() + 2 * QUIET_ZONE_MODULES,
            quiet_zone: QUIET_ZONE_MODULES,
        })
    }
}

/// The path of the verifier's identifier, below which its pages are.
pub(in crate::routes) fn base(state: &State) -> &str {
    let path = state.configuration.identifier.url().url().path();
    path.trim_end_matches('/')
}

pub(super) fn page(state: &State, headers: &HeaderMap, status: StatusCode, page: &Page<'_>) -> Response {
    let pages = &state.pages;
    let language = choose(&pages.translations, headers, &[]);
    let values = context! {
        tag => language.tag.as_str(),
        direction => language.direction.name(),
        languages => Value::from(Serde(pages.translations.links())),
        here => page.here.as_deref(),
        verifier => page.verifier.unwrap_or(&state.configuration.name),
        base => base(state),
        title => page.title,
        sentence => page.sentence,
        link => page.link,
        link_text => page.link_text,
        qr => page.qr.as_ref().map(|qr| Value::from(Serde(qr))),
        refresh_seconds => page.refresh_seconds,
        digital_credentials => page.digital_credentials.as_ref().map(|ask| Value::from(Serde(ask))),
    };
    match pages.templates.render("page.html", values) {
        Ok(html) => {
            let policy = match page.digital_credentials {
                None => POLICY,
                Some(_) => POLICY_WITH_SCRIPT,
            };
            let policy = HeaderValue::from_static(policy);
            let mut response = symbolon_pages::answer::page(status, html, language, policy);
            // The address of the return has a code in it.
            let referrer = HeaderValue::from_static("no-referrer");
            response.headers_mut().insert(REFERRER_POLICY, referrer);
            if page.digital_credentials.is_some() {
                let permissions = HeaderValue::from_static(PERMISSIONS);
                response.headers_mut().insert("permissions-policy", permissions);
            }
            response
        }
        Err(error) => {
            tracing::error!(line = error.line(), "a page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// `GET /presentations/style.css`
pub(in crate::routes) async fn style() -> Response {
    file("text/css; charset=utf-8", STYLE)
}

/// `GET /presentations/digital-credentials.js`
pub(in crate::routes) async fn script() -> Response {
    file("text/javascript; charset=utf-8", SCRIPT)
}

/// `GET /presentations/icon.svg`
pub(in crate::routes) async fn icon() -> Response {
    file("image/svg+xml", ICON)
}

#[cfg(test)]
mod tests {
    use symbolon_pages::testing::assert_complete;

    use super::*;

    #[test]
    fn every_shipped_language_has_every_text_and_the_pages_show_each() {
        let pages = Pages::new().unwrap();
        assert_complete(&pages.translations, 0);
        let shown = [include_str!("page.html"), include_str!("../pages.rs")].concat();
        for key in pages.translations.english().texts.keys() {
            assert!(shown.contains(&format!("\"{key}\"")), "nothing shows {key}");
        }
    }
}
