//! The HTML of the page.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode};
use symbolon_crypto::UnixTime;
use symbolon_pages::answer::page;
use symbolon_pages::{TemplateError, Translation, Translations, Value, context};
use symbolon_verdict_page::{Conclusion, Shown, VerdictPages, minutes};

/// Scripts and pictures are ours, faces come within the page, and the camera's picture stays in it. Nobody else is asked.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; \
                      connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

const TEMPLATES: [(&str, &str); 3] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("enter.html", include_str!("templates/enter.html")),
    ("scan.html", include_str!("templates/scan.html")),
];

/// What stands on the page.
#[derive(Default)]
pub(super) struct Counter<'d> {
    /// What people can be asked for.
    pub(super) asks: Vec<&'d str>,
    /// The request that is shown.
    pub(super) asked: Option<Asked>,
    /// What was found.
    pub(super) shown: Vec<Shown>,
    /// And what is said of the answer as a whole.
    pub(super) conclusion: Option<Conclusion>,
    /// Whether there is a page that works without a network.
    pub(super) has_offline_page: bool,
}

/// A request on the page.
pub(super) struct Asked {
    pub(super) id: String,
    pub(super) until: UnixTime,
}

pub(crate) struct Pages(VerdictPages);

impl Pages {
    pub(crate) fn new(verifier: &str) -> Result<Self, TemplateError> {
        VerdictPages::new(&TEMPLATES, verifier).map(Self)
    }

    pub(crate) fn translations(&self) -> &Translations {
        self.0.translations()
    }

    /// The page that asks for the code.
    pub(super) fn enter(
        &self,
        status: StatusCode,
        language: &Translation,
        problem: Option<&'static str>,
    ) -> Response {
        self.answer("enter.html", status, language, context! { problem })
    }

    /// The page that scans, with what was found where it was loaded with something.
    pub(super) fn scan(
        &self,
        status: StatusCode,
        language: &Translation,
        problem: Option<&'static str>,
        counter: &Counter<'_>,
    ) -> Response {
        let verdicts = self.0.values(
            language,
            &counter.shown,
            counter.conclusion.map(Conclusion::whole),
        );
        let asked = counter.asked.as_ref().map(|asked| {
            let until = asked.until.rfc3339();
            context! { id => asked.id.as_str(), until_shown => minutes(&until), until }
        });
        let asks: Vec<String> = counter.asks.iter().map(|ask| (*ask).to_owned()).collect();
        self.answer(
            "scan.html",
            status,
            language,
            context! { problem, verdicts, asks, asked, offline => counter.has_offline_page },
        )
    }

    /// The verdicts alone, for the script to put into the page.
    pub(crate) fn verdicts(
        &self,
        language: &Translation,
        shown: &[Shown],
        conclusion: Option<Conclusion>,
    ) -> Result<String, TemplateError> {
        self.0
            .verdicts(language, shown, conclusion.map(Conclusion::whole))
    }

    fn answer(
        &self,
        template: &'static str,
        status: StatusCode,
        language: &Translation,
        values: Value,
    ) -> Response {
        match self.0.render(template, language, values) {
            Ok(html) => {
                let mut response = page(status, html, language, HeaderValue::from_static(POLICY));
                // The camera is for this page alone.
                response.headers_mut().insert(
                    "permissions-policy",
                    HeaderValue::from_static("camera=(self), microphone=(), geolocation=()"),
                );
                response
            }
            Err(error) => {
                // The detail may hold a value.
                tracing::error!(template, line = error.line(), "a page cannot be rendered");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_template_scripts_or_styles_inline_or_turns_escaping_off() {
        for (name, source) in TEMPLATES {
            let source = source.to_ascii_lowercase();
            for forbidden in [
                "style=",
                "<style",
                "onclick",
                "onload",
                "onsubmit",
                "|safe",
                "| safe",
                "autoescape",
                "http:",
                "https:",
            ] {
                assert!(!source.contains(forbidden), "{name} has {forbidden}");
            }
        }
    }
}
