//! The HTML of the page.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode};
use symbolon_pages::answer::page;
use symbolon_pages::{Serde, TemplateError, Templates, Translation, Translations, Value, context};

use super::claims::{Label, Said};
use super::verdict::Shown;

/// Scripts and pictures are ours, faces come within the page, and the camera's picture stays in it. Nobody else is asked.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; \
                      connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

const SHIPPED: [(&str, &str); 4] = [
    ("en", include_str!("translations/en.toml")),
    ("fr", include_str!("translations/fr.toml")),
    ("ar", include_str!("translations/ar.toml")),
    ("hi", include_str!("translations/hi.toml")),
];

const TEMPLATES: [(&str, &str); 4] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("enter.html", include_str!("templates/enter.html")),
    ("scan.html", include_str!("templates/scan.html")),
    ("verdicts.html", include_str!("templates/verdicts.html")),
];

pub(crate) struct Pages {
    templates: Templates,
    translations: Arc<Translations>,
    verifier: String,
}

impl Pages {
    pub(crate) fn new(verifier: &str) -> Result<Self, TemplateError> {
        let translations = Translations::new(&SHIPPED).map(Arc::new);
        let translations = translations.map_err(|error| {
            TemplateError::new(symbolon_pages::ErrorKind::InvalidOperation, error.to_string())
        })?;
        Ok(Self {
            templates: Templates::new(&TEMPLATES, &translations, &["verifier"])?,
            translations,
            verifier: verifier.to_owned(),
        })
    }

    pub(crate) fn translations(&self) -> &Translations {
        &self.translations
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
        shown: &[Shown],
    ) -> Response {
        let verdicts = self.values(language, shown);
        self.answer("scan.html", status, language, context! { problem, verdicts })
    }

    /// The verdicts alone, for the script to put into the page.
    pub(crate) fn verdicts(&self, language: &Translation, shown: &[Shown]) -> Result<String, TemplateError> {
        let verdicts = self.values(language, shown);
        let values = self.with_page(language, context! { verdicts });
        self.templates.render("verdicts.html", values)
    }

    fn answer(
        &self,
        template: &'static str,
        status: StatusCode,
        language: &Translation,
        values: Value,
    ) -> Response {
        match self.templates.render(template, self.with_page(language, values)) {
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

    fn with_page(&self, language: &Translation, values: Value) -> Value {
        context! {
            tag => language.tag.as_str(),
            direction => language.direction.name(),
            languages => Value::from(Serde(self.translations.links())),
            verifier => self.verifier.as_str(),
            ..values
        }
    }

    fn values(&self, language: &Translation, shown: &[Shown]) -> Vec<Value> {
        shown.iter().map(|shown| self.value(language, shown)).collect()
    }

    fn value(&self, language: &Translation, shown: &Shown) -> Value {
        let text = |key: &str, values: &[(&str, &str)]| self.translations.text(language, key, values);
        let report = shown.report();
        let claims: Vec<Value> = shown
            .claims()
            .into_iter()
            .map(|claim| {
                let value = match claim.value {
                    Said::Text(said) => match value_key(&claim.label, &said) {
                        Some(key) => text(key, &[]),
                        None => said,
                    },
                    Said::Flag(true) => text("say-yes", &[]),
                    Said::Flag(false) => text("say-no", &[]),
                };
                let label = match claim.label {
                    Label::Known(key) => text(&format!("claim-{key}"), &[]),
                    Label::AgeOver(years) => text("claim-age_over", &[("years", &years.to_string())]),
                    Label::Own(name) => name,
                };
                context! { label, value }
            })
            .collect();
        let warnings: Vec<String> = shown
            .warnings()
            .into_iter()
            .map(|(key, time)| match time {
                Some(time) => text(key, &[("time", &minutes(&time.rfc3339()))]),
                None => text(key, &[]),
            })
            .collect();
        let checks: Vec<Value> = shown
            .checks()
            .into_iter()
            .map(|check| {
                context! { outcome => check.outcome, name => check.name, reason => check.reason, section => check.section }
            })
            .collect();
        let as_of = report.as_of.map(|time| time.rfc3339());
        context! {
            word => report.verdict.as_str(),
            sentence => text(shown.sentence(), &[]),
            photo => shown.photo(),
            hidden_photo => shown.has_hidden_photo(),
            claims,
            as_of_shown => as_of.as_deref().map(minutes),
            as_of,
            age => shown.age().map(|age| text(age.key, &[("count", &age.count.to_string())])),
            issuer => report.issuer.as_ref().map(|issuer| issuer.name.as_str()),
            format => report.format.name(),
            kind => report.credential_type.as_deref(),
            warnings,
            checks,
        }
    }
}

/// The text for a value that is a word of a list and not somebody's own: genders, also as ISO/IEC 5218 numbers them for mdocs, and marital
/// status.
fn value_key(label: &Label, said: &str) -> Option<&'static str> {
    let Label::Known(claim) = label else {
        return None;
    };
    match (*claim, said.to_ascii_lowercase().as_str()) {
        ("gender", "male" | "m" | "1") => Some("value-male"),
        ("gender", "female" | "f" | "2") => Some("value-female"),
        ("gender", "other" | "9") => Some("value-other"),
        ("marital_status", "unmarried" | "single") => Some("value-unmarried"),
        ("marital_status", "married") => Some("value-married"),
        ("marital_status", "divorced") => Some("value-divorced"),
        _ => None,
    }
}

/// `2026-11-28T07:30:00Z` to the minute, for people. The script of the page says it in the clock of the place.
pub(crate) fn minutes(rfc3339: &str) -> String {
    match rfc3339.split_once('T') {
        Some((day, time)) => format!("{day} {} UTC", time.get(..5).unwrap_or(time)),
        None => rfc3339.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use symbolon_pages::testing::assert_complete;

    use super::*;

    #[test]
    fn every_language_has_every_text() {
        assert_complete(&Translations::new(&SHIPPED).unwrap(), 6);
    }

    #[test]
    fn every_text_is_shown_somewhere() {
        let sources = [
            include_str!("verdict.rs"),
            include_str!("judging.rs"),
            include_str!("page.rs"),
            include_str!("../scan.rs"),
        ];
        let known: Vec<String> = super::super::claims::known()
            .map(|key| format!("claim-{key}"))
            .collect();
        for key in Translations::new(&SHIPPED).unwrap().english().texts.keys() {
            let quoted = format!("\"{key}\"");
            let shown = sources.iter().any(|source| source.contains(&quoted))
                || TEMPLATES.iter().any(|(_, source)| source.contains(&quoted))
                || known.contains(key)
                || ["word-valid", "word-genuine", "word-invalid", "word-unknown"].contains(&key.as_str());
            assert!(shown, "nothing shows {key}");
        }
    }

    #[test]
    fn every_known_claim_has_a_label() {
        let translations = Translations::new(&SHIPPED).unwrap();
        for key in super::super::claims::known() {
            assert!(
                translations.english().texts.contains_key(&format!("claim-{key}")),
                "{key}"
            );
        }
    }

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

    #[test]
    fn a_time_is_shown_to_the_minute() {
        assert_eq!(minutes("2026-11-28T07:30:59Z"), "2026-11-28 07:30 UTC");
    }
}
