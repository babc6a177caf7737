//! Expanding the names in a document to IRIs (JSON-LD 1.1 API §5.2), as far as they are usual.

use std::borrow::Cow;

use serde_json::{Map, Value};
use ssi_json_ld::json_ld::Iri;

use crate::active::{Active, Meaning, Vocabulary};

/// What the name of a member stands for.
pub(super) enum Expanded<'a> {
    Keyword(&'a Meaning),
    Property(Cow<'a, str>),
}

impl Active {
    /// The keyword that a name stands for, if it is a usual one.
    pub(super) fn keyword(&self, name: &str) -> Option<&Meaning> {
        match name {
            "@id" => Some(&Meaning::Id),
            "@type" => Some(&Meaning::Type),
            "@value" => Some(&Meaning::Value),
            "@language" => Some(&Meaning::Language),
            name => match &self.term(name)?.meaning {
                Meaning::Iri(_) | Meaning::Unusual => None,
                keyword => Some(keyword),
            },
        }
    }

    /// Whether an object is a value object.
    pub(super) fn has_value(&self, members: &Map<String, Value>) -> bool {
        members
            .keys()
            .any(|name| matches!(self.keyword(name), Some(Meaning::Value)))
    }

    /// What the name of a member stands for.
    pub(super) fn meaning<'a>(&'a self, name: &'a str) -> Option<Expanded<'a>> {
        if let Some(keyword) = self.keyword(name) {
            return Some(Expanded::Keyword(keyword));
        }
        self.name(name).map(Expanded::Property)
    }

    /// The IRI of a property, a class or a name: a term, an absolute IRI, or a word of the vocabulary.
    pub(super) fn name<'a>(&'a self, name: &'a str) -> Option<Cow<'a, str>> {
        if name.starts_with('@') {
            return None;
        }
        if let Some(term) = self.term(name) {
            return match &term.meaning {
                Meaning::Iri(iri) => Some(Cow::Borrowed(iri)),
                _ => None,
            };
        }
        if name.contains(':') {
            return self.absolute(name).map(Cow::Borrowed);
        }
        match self.vocabulary() {
            Vocabulary::Iri(vocabulary) => {
                let iri = [vocabulary, name].concat();
                Iri::new(&iri).is_ok().then_some(Cow::Owned(iri))
            }
            Vocabulary::None | Vocabulary::Unusual => None,
        }
    }

    /// The IRI that a text is which stands for a node.
    pub(super) fn reference<'t>(&self, text: &'t str) -> Option<&'t str> {
        if text.starts_with('@') || self.term(text).is_some() {
            return None;
        }
        self.absolute(text)
    }

    /// An absolute IRI that is not a compact one.
    fn absolute<'t>(&self, text: &'t str) -> Option<&'t str> {
        let (prefix, suffix) = text.split_once(':')?;
        let is_compact = !suffix.starts_with("//") && self.term(prefix).is_some_and(|term| term.is_prefix);
        if prefix.is_empty() || prefix == "_" || is_compact {
            return None;
        }
        Iri::new(text).is_ok().then_some(text)
    }
}
