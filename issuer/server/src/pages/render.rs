//! Templates, and what every page has.

use std::collections::BTreeMap;
use std::sync::Arc;

use symbolon_pages::{Serde, TemplateError, Templates, Translation, Translations, Value, context};

use super::paths;
use crate::setup::Setup;

const TEMPLATES: [(&str, &str); 9] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("number.html", include_str!("templates/number.html")),
    ("code.html", include_str!("templates/code.html")),
    ("provider.html", include_str!("templates/provider.html")),
    ("consent.html", include_str!("templates/consent.html")),
    ("cancel.html", include_str!("templates/cancel.html")),
    ("problem.html", include_str!("templates/problem.html")),
    ("operator.html", include_str!("templates/operator.html")),
    ("codes.html", include_str!("templates/codes.html")),
];

/// The templates of the pages.
pub(crate) struct Pages {
    templates: Templates,
    translations: Arc<Translations>,
    issuer: String,
    base: String,
}

/// What is particular to one page.
pub(super) struct Page<'a> {
    pub(super) template: &'static str,
    /// The path of the page itself, for the language switch; `None` where it cannot be loaded again.
    pub(super) path: Option<&'static str>,
    /// What went wrong with the form, if anything did.
    pub(super) problem: Option<String>,
    pub(super) content: Value,
    pub(super) language: &'a Translation,
}

impl Pages {
    /// The pages of an issuer.
    ///
    /// # Errors
    /// A template that does not parse, which a test rules out.
    pub(crate) fn new(setup: &Setup) -> Result<Self, TemplateError> {
        let translations = Arc::clone(&setup.sign_in.translations);
        let templates = Templates::new(&TEMPLATES, &translations, &["issuer"])?;
        let path = setup.profile.identifier().url().url().path();
        Ok(Self {
            templates,
            translations,
            issuer: setup.profile.name().to_owned(),
            base: path.trim_end_matches('/').to_owned(),
        })
    }

    /// The texts.
    pub(super) fn translations(&self) -> &Translations {
        &self.translations
    }

    /// Where a path of the pages is on this server.
    pub(super) fn location(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A text with the issuer's name filled in beside `values`.
    pub(super) fn text(&self, language: &Translation, key: &str, values: &[(&str, &str)]) -> String {
        let with_issuer: Vec<_> = values
            .iter()
            .copied()
            .chain([("issuer", self.issuer.as_str())])
            .collect();
        self.translations.text(language, key, &with_issuer)
    }

    /// The HTML of a page.
    pub(super) fn render(&self, page: &Page<'_>) -> Result<String, TemplateError> {
        let path = |path: &str| Value::from(self.location(path));
        let to: BTreeMap<&str, Value> = [
            ("sign_in", path(paths::SIGN_IN)),
            ("number", path(paths::NUMBER)),
            ("code", path(paths::CODE)),
            ("again", path(paths::AGAIN)),
            ("start_over", path(paths::START_OVER)),
            ("cancel", path(paths::CANCEL)),
            ("provider", path(paths::PROVIDER)),
            ("approve", path(paths::APPROVE)),
            ("refuse", path(paths::REFUSE)),
            ("style", path(paths::STYLE)),
            ("icon", path(paths::ICON)),
            ("operator", path(paths::OPERATOR)),
        ]
        .into();
        let values = context! {
            tag => page.language.tag.as_str(),
            direction => page.language.direction.name(),
            languages => Value::from(Serde(self.translations.links())),
            here => page.path.map(|here| self.location(here)),
            issuer => self.issuer.as_str(),
            to => to,
            problem => page.problem.as_deref(),
            page => page.content.clone(),
        };
        self.templates.render(page.template, values)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::pages::shipped_translations;

    use super::*;

    /// The keys that templates name.
    fn keys_of_templates() -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for (_, source) in TEMPLATES {
            for part in source.split("text(\"").skip(1) {
                keys.insert(part.split('"').next().unwrap().to_owned());
            }
        }
        keys
    }

    #[test]
    fn every_text_that_a_template_names_exists() {
        let shipped = shipped_translations().unwrap();
        let english = &shipped.english().texts;
        for key in keys_of_templates() {
            assert!(
                english.contains_key(&key) || english.keys().any(|own| own.starts_with(&key)),
                "{key}"
            );
        }
    }

    #[test]
    fn every_text_is_named_by_a_template_or_by_the_pages_code() {
        let named = keys_of_templates();
        let code = [
            include_str!("sign_in.rs"),
            include_str!("consent.rs"),
            include_str!("operator.rs"),
            include_str!("problem.rs"),
            include_str!("provider.rs"),
            include_str!("../issuer/sign_in.rs"),
        ];
        for key in shipped_translations().unwrap().english().texts.keys() {
            let in_code = code.iter().any(|source| source.contains(&format!("\"{key}\"")));
            assert!(in_code || named.contains(key), "nothing shows {key}");
        }
    }

    #[test]
    fn no_template_has_script_or_style_of_its_own_or_turns_escaping_off() {
        for (name, source) in TEMPLATES {
            let source = source.to_ascii_lowercase();
            for forbidden in [
                "<script",
                "style=",
                "<style",
                "onclick",
                "onload",
                "onsubmit",
                "safe",
                "autoescape",
                "http:",
                "https:",
            ] {
                assert!(!source.contains(forbidden), "{name} has {forbidden}");
            }
        }
    }
}
