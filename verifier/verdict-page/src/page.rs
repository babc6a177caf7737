//! Pages with verdicts on them.

use std::sync::Arc;

use symbolon_pages::{ErrorKind, Serde, TemplateError, Templates, Translation, Translations, Value, context};
use symbolon_verifier::report::Verdict;

use crate::claims::{Label, Said};
use crate::shown::Shown;

const SHIPPED: [(&str, &str); 4] = [
    ("en", include_str!("translations/en.toml")),
    ("fr", include_str!("translations/fr.toml")),
    ("ar", include_str!("translations/ar.toml")),
    ("hi", include_str!("translations/hi.toml")),
];

/// The part of a page that shows verdicts.
const VERDICTS: (&str, &str) = ("verdicts.html", include_str!("templates/verdicts.html"));

/// What is said of an answer as a whole, beside its reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole {
    /// The word.
    pub verdict: Verdict,
    /// The key of the sentence that says why.
    pub sentence: &'static str,
}

/// Renders pages that check what people show, in every language that is shipped.
pub struct VerdictPages {
    templates: Templates,
    translations: Arc<Translations>,
    verifier: String,
}

impl VerdictPages {
    /// Pages of these templates, by name and source; each may include `verdicts.html`. `verifier` is the name of whoever runs them.
    ///
    /// # Errors
    /// A template that does not parse.
    pub fn new(templates: &[(&'static str, &'static str)], verifier: &str) -> Result<Self, TemplateError> {
        let translations = Translations::new(&SHIPPED).map(Arc::new);
        let translations = translations
            .map_err(|error| TemplateError::new(ErrorKind::InvalidOperation, error.to_string()))?;
        let all: Vec<(&'static str, &'static str)> = templates.iter().copied().chain([VERDICTS]).collect();
        Ok(Self {
            templates: Templates::new(&all, &translations, &["verifier"])?,
            translations,
            verifier: verifier.to_owned(),
        })
    }

    /// The languages.
    #[must_use]
    pub fn translations(&self) -> &Translations {
        &self.translations
    }

    /// The HTML of one of the templates.
    ///
    /// # Errors
    /// A value that the template needs and `values` lacks.
    pub fn render(
        &self,
        template: &str,
        language: &Translation,
        values: Value,
    ) -> Result<String, TemplateError> {
        let values = context! {
            tag => language.tag.as_str(),
            direction => language.direction.name(),
            languages => Value::from(Serde(self.translations.links())),
            verifier => self.verifier.as_str(),
            ..values
        };
        self.templates.render(template, values)
    }

    /// The verdicts alone, for the script of a page to put into it.
    ///
    /// # Errors
    /// None that tests do not rule out.
    pub fn verdicts(
        &self,
        language: &Translation,
        shown: &[Shown],
        whole: Option<Whole>,
    ) -> Result<String, TemplateError> {
        let verdicts = self.values(language, shown, whole);
        self.render(VERDICTS.0, language, context! { verdicts })
    }

    /// What is said of an answer as a whole comes first: it is what counts.
    #[must_use]
    pub fn values(&self, language: &Translation, shown: &[Shown], whole: Option<Whole>) -> Vec<Value> {
        let whole = whole.map(|whole| {
            let sentence = self.translations.text(language, whole.sentence, &[]);
            context! { word => whole.verdict.as_str(), sentence, whole => true }
        });
        let each = shown.iter().map(|shown| self.value(language, shown));
        whole.into_iter().chain(each).collect()
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
            whole => false,
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
#[must_use]
pub fn minutes(rfc3339: &str) -> String {
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
            include_str!("shown.rs"),
            include_str!("page.rs"),
            include_str!("conclusion.rs"),
            include_str!("../../server/src/scan/asking.rs"),
            include_str!("../../server/src/scan/judging.rs"),
            include_str!("../../server/src/scan.rs"),
            include_str!("../../server/src/scan/templates/layout.html"),
            include_str!("../../server/src/scan/templates/enter.html"),
            include_str!("../../server/src/scan/templates/scan.html"),
            include_str!("../../server/src/offline/templates/offline.html"),
            include_str!("../../offline-page/src/pack.rs"),
            include_str!("../../offline-page/src/onboarding.rs"),
            include_str!("../../offline-page/src/asking.rs"),
            VERDICTS.1,
        ];
        let known: Vec<String> = crate::claims::known().map(|key| format!("claim-{key}")).collect();
        for key in Translations::new(&SHIPPED).unwrap().english().texts.keys() {
            let quoted = format!("\"{key}\"");
            let shown = sources.iter().any(|source| source.contains(&quoted))
                || known.contains(key)
                || ["word-valid", "word-genuine", "word-invalid", "word-unknown"].contains(&key.as_str());
            assert!(shown, "nothing shows {key}");
        }
    }

    #[test]
    fn every_known_claim_has_a_label() {
        let translations = Translations::new(&SHIPPED).unwrap();
        for key in crate::claims::known() {
            assert!(
                translations.english().texts.contains_key(&format!("claim-{key}")),
                "{key}"
            );
        }
    }

    #[test]
    fn a_time_is_shown_to_the_minute() {
        assert_eq!(minutes("2026-11-28T07:30:59Z"), "2026-11-28 07:30 UTC");
    }
}
