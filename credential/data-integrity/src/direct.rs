//! From a document straight to statements, for documents as credentials usually are.
//!
//! It does what expansion by `json-ld` and the conversion in [`to_rdf`](crate::to_rdf) do together, without the expanded
//! document between them. It never refuses: whatever is unusual, doubtful or wrong it leaves to those two, whose word
//! counts. The tests hold the two ways against each other.

mod names;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::{Map, Value};
use ssi_json_ld::json_ld::Context;
use symbolon_crypto::encoding::jcs;

use crate::active::{Active, ContainerKind, Family, Meaning, StepTo, ValueKind};
use crate::expand::{Processing, Scope};
use crate::nquads::{Quad, Term, XSD_STRING, is_language_tag, language_string};
use crate::processed::Shape;
use crate::safe_mode::scalars_within_json;
use crate::to_rdf::{RDF, XSD, number_text};

/// Statements, and what identifies the nodes in them.
pub(crate) struct Direct<'d> {
    /// The statements.
    pub(crate) quads: Vec<Quad>,
    /// Every text of the document that stands for a node.
    pub(crate) identifiers: Vec<&'d str>,
}

/// The statements of a document whose `scalars` were counted; `None` where the document is unusual.
pub(crate) fn statements<'d>(
    document: &'d Map<String, Value>,
    scalars: usize,
    family: &Family,
    processing: Processing<'_>,
    max_statements: usize,
) -> Option<Direct<'d>> {
    let mut writer = Writer {
        family,
        processing,
        budget: max_statements,
        scalars: 0,
        next_label: 0,
        written: Direct {
            quads: Vec::new(),
            identifiers: Vec::new(),
        },
    };
    let active = Arc::clone(family.outermost());
    writer.typed_object(&active, document, None)?;
    (writer.scalars == scalars && !writer.written.quads.is_empty()).then_some(writer.written)
}

struct Writer<'w, 'd> {
    family: &'w Family,
    processing: Processing<'w>,
    budget: usize,
    /// Scalars that the statements carry.
    scalars: usize,
    next_label: usize,
    written: Direct<'d>,
}

impl<'d> Writer<'_, 'd> {
    /// An object that is a value of `property`.
    fn object(
        &mut self,
        active: &Arc<Active>,
        property: &str,
        members: &'d Map<String, Value>,
        graph: Option<&Term>,
    ) -> Option<Term> {
        let is = |wanted: fn(&Meaning) -> bool| move |name: &String| active.keyword(name).is_some_and(wanted);
        let has_value = members
            .keys()
            .any(is(|meaning| matches!(meaning, Meaning::Value)));
        let is_reference =
            members.len() == 1 && members.keys().all(is(|meaning| matches!(meaning, Meaning::Id)));
        let mut here = match self.family.previous(active) {
            // A context of a type does not hold in objects within.
            Some(previous) if !has_value && !is_reference => previous,
            _ => Arc::clone(active),
        };
        if active.term(property).is_some_and(|term| term.is_scoped) {
            let source = active.number();
            here = self.step(
                &here,
                StepTo::Property {
                    source,
                    term: property,
                },
                |processing, here| {
                    processing.scoped(&here.context, &active.context, property, Scope::Property)
                },
            )?;
        }
        if let Some(local) = members.get("@context") {
            if self.processing.contexts.shape(local, self.processing.table) == Shape::Odd {
                return None;
            }
            here = self.step(&here, StepTo::Local(local), |processing, here| {
                processing.local(&here.context, local)
            })?;
        }
        if has_value {
            // The same keywords in both contexts, or it is unusual.
            let value = members.keys().all(|name| {
                matches!(
                    (active.keyword(name), here.keyword(name)),
                    (Some(Meaning::Value), Some(Meaning::Value))
                        | (Some(Meaning::Type), Some(Meaning::Type))
                        | (Some(Meaning::Language), Some(Meaning::Language))
                )
            });
            return if value {
                self.value_object(&here, members)
            } else {
                None
            };
        }
        self.typed_object(&here, members, graph)
    }

    /// A node object, once the contexts of its property and its own are applied.
    fn typed_object(
        &mut self,
        scope: &Arc<Active>,
        members: &'d Map<String, Value>,
        graph: Option<&Term>,
    ) -> Option<Term> {
        let mut here = Arc::clone(scope);
        let mut type_members: Vec<(&String, &Value)> = members
            .iter()
            .filter(|(name, _)| matches!(scope.keyword(name), Some(Meaning::Type)))
            .collect();
        type_members.sort_unstable_by_key(|(name, _)| *name);
        for (_, types) in type_members {
            let mut types: Vec<&str> = as_array(types).iter().filter_map(Value::as_str).collect();
            types.sort_unstable();
            for term in types {
                if scope.term(term).is_some_and(|term| term.is_scoped) {
                    let source = scope.number();
                    here = self.step(&here, StepTo::Type { source, term }, |processing, here| {
                        processing.scoped(&here.context, &scope.context, term, Scope::Type)
                    })?;
                }
            }
        }
        self.node(&here, scope, members, graph)
    }

    fn node(
        &mut self,
        here: &Arc<Active>,
        scope: &Arc<Active>,
        members: &'d Map<String, Value>,
        graph: Option<&Term>,
    ) -> Option<Term> {
        let mut subject = None;
        for (name, value) in members {
            if matches!(here.keyword(name), Some(Meaning::Id)) {
                let id = self.reference(here, value.as_str()?)?;
                if subject.replace(id).is_some() {
                    return None;
                }
            }
        }
        if members.is_empty() {
            return None;
        }
        let subject = subject.unwrap_or_else(|| self.fresh());
        for (name, value) in members {
            if name == "@context" {
                continue;
            }
            match here.meaning(name)? {
                names::Expanded::Keyword(Meaning::Id) => {}
                names::Expanded::Keyword(Meaning::Type) => {
                    for class in as_array(value) {
                        let class = Term::Iri(scope.name(class.as_str()?)?.into_owned());
                        self.scalars += 1;
                        self.push(&subject, RDF_TYPE, class, graph)?;
                    }
                }
                names::Expanded::Keyword(_) => return None,
                names::Expanded::Property(property) => {
                    self.property(here, name, &property, value, &subject, graph)?
                }
            }
        }
        Some(subject)
    }

    fn property(
        &mut self,
        here: &Arc<Active>,
        name: &str,
        property: &str,
        value: &'d Value,
        subject: &Term,
        graph: Option<&Term>,
    ) -> Option<()> {
        let term = here.term(name);
        if let Some(ValueKind::Json) = term.map(|term| &term.value) {
            self.scalars += scalars_within_json(value);
            let literal = Term::Literal {
                lexical: jcs::canonicalize(value).ok()?,
                datatype: format!("{RDF}JSON"),
                language: None,
            };
            return self.push(subject, property, literal, graph);
        }
        match (term.map_or(ContainerKind::Plain, |term| term.container), value) {
            (ContainerKind::Unusual, _) => return None,
            (ContainerKind::Language, Value::Object(texts)) => {
                return self.language_map(here, name, texts, |writer, text| {
                    writer.push(subject, property, text, graph)
                });
            }
            (ContainerKind::Graph, value) => {
                for item in as_array(value) {
                    let name_of_graph = self.fresh();
                    let members = item.as_object().filter(|members| !here.has_value(members))?;
                    self.object(here, name, members, Some(&name_of_graph))?;
                    self.push(subject, property, name_of_graph, graph)?;
                }
            }
            (ContainerKind::Plain | ContainerKind::Language, value) => {
                for item in as_array(value) {
                    let object = match item {
                        Value::Object(members) => self.object(here, name, members, graph)?,
                        Value::Array(_) | Value::Null => return None,
                        scalar => self.scalar(here, name, scalar)?,
                    };
                    self.push(subject, property, object, graph)?;
                }
            }
        }
        Some(())
    }

    /// Texts by their languages.
    fn language_map(
        &mut self,
        here: &Active,
        name: &str,
        texts: &Map<String, Value>,
        mut push: impl FnMut(&mut Self, Term) -> Option<()>,
    ) -> Option<()> {
        let is_plain = matches!(here.term(name)?.value, ValueKind::Plain) && here.has_no_defaults();
        for (language, items) in texts {
            if !is_plain || !is_language_tag(language) || here.term(language).is_some() {
                return None;
            }
            for item in as_array(items) {
                self.scalars += 1;
                push(self, language_string(item.as_str()?.to_owned(), language))?;
            }
        }
        Some(())
    }

    /// A text, number or truth value that is a value of `property`.
    fn scalar(&mut self, active: &Arc<Active>, property: &str, value: &'d Value) -> Option<Term> {
        let scoped = match active.term(property) {
            Some(term) if term.is_scoped => {
                let source = active.number();
                Some(self.step(
                    active,
                    StepTo::Scalar {
                        source,
                        term: property,
                    },
                    |processing, here| {
                        processing.scoped(&here.context, &active.context, property, Scope::Scalar)
                    },
                )?)
            }
            _ => None,
        };
        let here = scoped.as_ref().unwrap_or(active);
        let kind = here.term(property).map_or(&ValueKind::Plain, |term| &term.value);
        match (kind, value) {
            (ValueKind::Unusual | ValueKind::Json, _) => None,
            (ValueKind::Reference, Value::String(text)) => self.reference(here, text),
            (ValueKind::Name, Value::String(text)) => {
                self.scalars += 1;
                Some(Term::Iri(here.name(text)?.into_owned()))
            }
            (ValueKind::Typed(datatype), value) => self.literal(value, Some(datatype)),
            (ValueKind::Plain | ValueKind::Reference | ValueKind::Name, value) => {
                if value.is_string() && !here.has_no_defaults() {
                    return None;
                }
                self.literal(value, None)
            }
        }
    }

    /// An object with `@value`.
    fn value_object(&mut self, scope: &Active, members: &'d Map<String, Value>) -> Option<Term> {
        let (mut value, mut datatype, mut language) = (None, None, None);
        for (name, member) in members {
            let place = match scope.keyword(name)? {
                Meaning::Value => &mut value,
                Meaning::Type => &mut datatype,
                Meaning::Language => &mut language,
                _ => return None,
            };
            if place.replace(member).is_some() {
                return None;
            }
        }
        match (value?, datatype, language) {
            (Value::String(text), None, Some(language)) => {
                let language = language.as_str().filter(|tag| is_language_tag(tag))?;
                self.scalars += 1;
                Some(language_string(text.clone(), language))
            }
            (value, Some(datatype), None) => {
                let datatype = datatype.as_str()?;
                // The context of a type would apply here too.
                if scope.term(datatype).is_some_and(|term| term.is_scoped) {
                    return None;
                }
                let datatype = scope.name(datatype)?;
                self.literal(value, Some(&datatype))
            }
            (value, None, None) => self.literal(value, None),
            _ => None,
        }
    }

    fn literal(&mut self, value: &Value, datatype: Option<&str>) -> Option<Term> {
        self.scalars += 1;
        let (lexical, usual) = match value {
            Value::String(text) => (text.clone(), XSD_STRING.to_owned()),
            Value::Bool(flag) => (flag.to_string(), format!("{XSD}boolean")),
            Value::Number(number) => {
                let wants_double =
                    datatype.is_some_and(|datatype| datatype.strip_prefix(XSD) == Some("double"));
                let (lexical, usual) = number_text(&number.to_string(), wants_double).ok()?;
                (lexical, format!("{XSD}{usual}"))
            }
            _ => return None,
        };
        Some(Term::Literal {
            lexical,
            datatype: datatype.map_or(usual, str::to_owned),
            language: None,
        })
    }

    /// A text that stands for a node.
    fn reference(&mut self, active: &Active, text: &'d str) -> Option<Term> {
        let iri = active.reference(text)?;
        self.scalars += 1;
        self.written.identifiers.push(text);
        Some(Term::Iri(iri.to_owned()))
    }

    fn step(
        &self,
        from: &Arc<Active>,
        step: StepTo<'_>,
        process: impl FnOnce(Processing<'_>, &Active) -> Option<Context>,
    ) -> Option<Arc<Active>> {
        self.family.next(from, step, || process(self.processing, from))
    }

    fn fresh(&mut self) -> Term {
        let label = format!("b{}", self.next_label);
        self.next_label += 1;
        Term::Blank(label)
    }

    fn push(&mut self, subject: &Term, predicate: &str, object: Term, graph: Option<&Term>) -> Option<()> {
        if self.written.quads.len() >= self.budget {
            return None;
        }
        self.written.quads.push(Quad {
            subject: subject.clone(),
            predicate: predicate.to_owned(),
            object,
            graph: graph.cloned(),
        });
        Some(())
    }
}

const RDF_TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

fn as_array(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        one => core::slice::from_ref(one),
    }
}
