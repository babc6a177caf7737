//! Templates with texts in the language of the page.

use std::sync::Arc;

use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior};
use serde::Serialize;

use crate::translations::Translations;

/// The templates of a server's pages.
///
/// In a template `text("key", name = value, …)` is a text in the language that the page's `tag` names, with its names in braces
/// filled in: from the arguments, and from the page itself for the names that [`Templates::new`] was given.
pub struct Templates {
    environment: Environment<'static>,
}

/// A language that a page can be switched to.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct LanguageLink<'a> {
    /// The language's tag.
    pub tag: &'a str,
    /// Its name in the language itself.
    pub name: &'a str,
    /// `ltr` or `rtl`.
    pub direction: &'static str,
}

impl Templates {
    /// Templates by name and source. `from_page` lists the variables of every page that texts may name in braces.
    ///
    /// # Errors
    /// A template that does not parse.
    pub fn new(
        sources: &[(&'static str, &'static str)],
        translations: &Arc<Translations>,
        from_page: &'static [&'static str],
    ) -> Result<Self, Error> {
        let mut environment = Environment::new();
        // A value that a page forgets to give is an error, and not an empty sentence.
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let texts = Arc::clone(translations);
        environment.add_function(
            "text",
            move |state: &State<'_, '_>, key: String, values: Kwargs| {
                text(&texts, state, &key, &values, from_page)
            },
        );
        for (name, source) in sources {
            environment.add_template(name, source)?;
        }
        Ok(Self { environment })
    }

    /// The HTML of a page.
    ///
    /// # Errors
    /// A template that does not exist, or a value that it needs and `values` lacks.
    pub fn render(&self, template: &str, values: Value) -> Result<String, Error> {
        self.environment.get_template(template)?.render(values)
    }
}

impl Translations {
    /// The languages that a page can be switched to.
    pub fn links(&self) -> Vec<LanguageLink<'_>> {
        self.all()
            .map(|language| LanguageLink {
                tag: &language.tag,
                name: &language.name,
                direction: language.direction.name(),
            })
            .collect()
    }
}

fn text(
    translations: &Translations,
    state: &State<'_, '_>,
    key: &str,
    values: &Kwargs,
    from_page: &[&str],
) -> Result<String, Error> {
    let variable = |name: &str| {
        let value = state.lookup(name);
        value.ok_or_else(|| Error::new(ErrorKind::UndefinedError, "a page lacks what every page has"))
    };
    let tag = variable("tag")?;
    let language = tag.as_str().and_then(|tag| translations.matching(tag));
    let language = language.unwrap_or(translations.english());
    let mut filled: Vec<(String, String)> = Vec::new();
    for name in values.args() {
        filled.push((name.to_owned(), values.get::<Value>(name)?.to_string()));
    }
    for name in from_page {
        filled.push(((*name).to_owned(), variable(name)?.to_string()));
    }
    let filled: Vec<(&str, &str)> = filled
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    Ok(translations.text(language, key, &filled))
}
