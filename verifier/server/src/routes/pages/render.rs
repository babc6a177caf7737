//! How the pages look. They have no scripts, and nothing of them may be kept or framed.

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

/// A QR code as the path of a drawing.
#[derive(Serialize)]
pub(super) struct QrCode {
    path: String,
    width: u32,
    quiet_zone: u32,
}

impl QrCode {
    /// `None` when the link is longer than a code can be.
    pub(super) fn of(link: &str) -> Option<Self> {
        let symbol = Symbol::draw(link.as_bytes(), ErrorCorrection::Medium, Version::LARGEST).ok()?;
        Some(Self {
            path: symbol.to_svg_path(),
            width: symbol.width() + 2 * QUIET_ZONE_MODULES,
            quiet_zone: QUIET_ZONE_MODULES,
        })
    }
}

/// The path of the verifier's identifier, below which its pages are.
pub(super) fn base(state: &State) -> &str {
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
    };
    match pages.templates.render("page.html", values) {
        Ok(html) => {
            let policy = HeaderValue::from_static(POLICY);
            let mut response = symbolon_pages::answer::page(status, html, language, policy);
            // The address of the return has a code in it.
            let referrer = HeaderValue::from_static("no-referrer");
            response.headers_mut().insert(REFERRER_POLICY, referrer);
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
