//! The one page of the wallet: what became of a request or an offer, in the language of the browser.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode};
use symbolon_pages::language::choose;
use symbolon_pages::{TemplateError, Templates, Translations, TranslationsError, context};
use thiserror::Error;

use super::answer::{Outcome, OutcomeBody};

/// Styles and pictures are ours, and nothing is posted.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/// How often a page looks for a decision by itself, in seconds.
const REFRESH_SECONDS: u32 = 5;

const TEMPLATES: [(&str, &str); 1] = [("outcome.html", include_str!("templates/outcome.html"))];

const SHIPPED: [(&str, &str); 4] = [
    ("en", include_str!("translations/en.toml")),
    ("fr", include_str!("translations/fr.toml")),
    ("ar", include_str!("translations/ar.toml")),
    ("hi", include_str!("translations/hi.toml")),
];

/// A template or a text of this crate that cannot be used, which tests rule out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DamagedPages {
    /// A template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A text.
    #[error(transparent)]
    Translations(#[from] TranslationsError),
}

/// The page.
pub(crate) struct Pages {
    templates: Templates,
    translations: Arc<Translations>,
}

impl Pages {
    pub(crate) fn new() -> Result<Self, DamagedPages> {
        let translations = Arc::new(Translations::new(&SHIPPED)?);
        Ok(Self {
            templates: Templates::new(&TEMPLATES, &translations, &[])?,
            translations,
        })
    }

    pub(super) fn show(&self, status: StatusCode, body: &OutcomeBody, headers: &HeaderMap) -> Response {
        let language = choose(&self.translations, headers, &[]);
        let key = key_of(body.outcome);
        let values = context! {
            tag => language.tag.as_str(),
            direction => language.direction.name(),
            title => format!("{key}-title"),
            sentence => key,
            is_waiting => body.outcome == Outcome::Waiting,
            here => body.continue_at.as_deref(),
            code => body.comparison_code.as_deref(),
            refresh_seconds => REFRESH_SECONDS,
            detail => body.error_description.as_deref(),
        };
        match self.templates.render("outcome.html", values) {
            Ok(html) => {
                symbolon_pages::answer::page(status, html, language, HeaderValue::from_static(POLICY))
            }
            Err(error) => {
                tracing::error!(line = error.line(), "a page cannot be rendered");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

const fn key_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered | Outcome::Shown => "shown",
        Outcome::Unconfirmed => "unconfirmed",
        Outcome::Rejected => "rejected",
        Outcome::Received => "received",
        Outcome::SignIn | Outcome::Waiting => "waiting",
        Outcome::Declined => "declined",
        Outcome::Refused => "refused",
    }
}

#[cfg(test)]
mod tests {
    use symbolon_pages::testing::assert_complete;

    use super::*;

    #[test]
    fn every_shipped_language_has_every_text_and_the_page_shows_each() {
        let pages = Pages::new().unwrap();
        assert_complete(&pages.translations, 0);
        let outcomes = [
            Outcome::Shown,
            Outcome::Unconfirmed,
            Outcome::Rejected,
            Outcome::Received,
            Outcome::Waiting,
            Outcome::Declined,
            Outcome::Refused,
        ];
        let shown: Vec<String> = outcomes
            .iter()
            .flat_map(|outcome| [key_of(*outcome).to_owned(), format!("{}-title", key_of(*outcome))])
            .collect();
        let template = include_str!("templates/outcome.html");
        for key in pages.translations.english().texts.keys() {
            assert!(
                shown.contains(key) || template.contains(&format!("\"{key}\"")),
                "nothing shows {key}"
            );
        }
        for outcome in outcomes {
            let body = OutcomeBody {
                outcome,
                error: None,
                error_description: Some("why".to_owned()),
                comparison_code: Some("004 071".to_owned()),
                continue_at: Some("https://wallet.example/pending/1".to_owned()),
            };
            let response = pages.show(StatusCode::OK, &body, &HeaderMap::new());
            assert_eq!(response.status(), StatusCode::OK, "{outcome:?}");
        }
    }
}
