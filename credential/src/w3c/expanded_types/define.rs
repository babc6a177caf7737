//! From contexts to terms: Context Processing and Create Term Definition
//! ([JSON-LD 1.1 API §4](https://www.w3.org/TR/json-ld11-api/#context-processing-algorithms)), as far as they bear on IRIs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::{MAX_IRI_BYTES, Term, TypesNotExpanded, Vocabulary, is_keyword, split_compact};
use crate::data_integrity::ContextTable;

/// Context documents that one credential may make this read, those within others included.
const MAX_CONTEXTS: usize = 64;
/// Contexts within each other, and terms that are defined by other terms.
const MAX_DEPTH: usize = 16;
/// Terms of one credential. The contexts of W3C that are shipped have some 500 in all.
const MAX_TERMS: usize = 4_096;

/// The shipped contexts, parsed once.
static SHIPPED: LazyLock<BTreeMap<&'static str, Value>> = LazyLock::new(|| {
    let parsed = symbolon_schemas::CONTEXTS.iter().filter_map(|context| {
        let document: Value = serde_json::from_str(context.document).ok()?;
        Some((context.url, document.get("@context")?.clone()))
    });
    parsed.collect()
});

/// What is read, and how much of it there was.
pub(super) struct Reading<'t> {
    table: &'t ContextTable,
    contexts: usize,
}

impl<'t> Reading<'t> {
    pub(super) const fn new(table: &'t ContextTable) -> Self {
        Self { table, contexts: 0 }
    }

    pub(super) fn context(
        &mut self,
        context: &Value,
        vocabulary: &mut Vocabulary,
        depth: usize,
    ) -> Result<(), TypesNotExpanded> {
        self.contexts += 1;
        if self.contexts > MAX_CONTEXTS || depth > MAX_DEPTH {
            return Err(TypesNotExpanded::OverBudget);
        }
        match context {
            Value::Array(several) => several
                .iter()
                .try_for_each(|one| self.context(one, vocabulary, depth + 1)),
            Value::String(url) => {
                let table = self.table;
                self.context(known(url, table)?, vocabulary, depth + 1)
            }
            Value::Object(definitions) => self.definitions(definitions, vocabulary),
            // §4.1.2: nothing may make protected terms forgotten.
            Value::Null if vocabulary.terms.values().any(|term| term.is_protected) => {
                Err(TypesNotExpanded::ProtectedTerm)
            }
            Value::Null => {
                *vocabulary = Vocabulary::default();
                Ok(())
            }
            _ => Err(TypesNotExpanded::InvalidContext),
        }
    }

    fn definitions(
        &self,
        own: &Map<String, Value>,
        vocabulary: &mut Vocabulary,
    ) -> Result<(), TypesNotExpanded> {
        let invalid = TypesNotExpanded::InvalidContext;
        let merged;
        let definitions = match own.get("@import") {
            None => own,
            Some(Value::String(url)) => {
                let imported = known(url, self.table)?.as_object().ok_or(invalid)?;
                if imported.contains_key("@import") {
                    return Err(invalid);
                }
                let own = own.iter().filter(|(name, _)| *name != "@import");
                merged = imported
                    .iter()
                    .chain(own)
                    .map(|(name, definition)| (name.clone(), definition.clone()))
                    .collect();
                &merged
            }
            Some(_) => return Err(invalid),
        };
        match definitions.get("@vocab") {
            None => {}
            Some(Value::Null) => vocabulary.vocab = None,
            Some(Value::String(text)) => vocabulary.vocab = vocabulary.expand(text)?,
            Some(_) => return Err(invalid),
        }
        let protects = definitions.get("@protected") == Some(&Value::Bool(true));
        let mut defining = Defining {
            definitions,
            protects,
            done: BTreeMap::new(),
        };
        definitions
            .keys()
            .filter(|name| !name.starts_with('@'))
            .try_for_each(|name| defining.term(name, vocabulary, 0))
    }
}

/// Whether a term of the context that is being read is defined, or only begun.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Begun,
    Defined,
}

/// Create Term Definition (JSON-LD 1.1 API §4.2) over the terms of one context, which may use each other in any order.
struct Defining<'c> {
    definitions: &'c Map<String, Value>,
    protects: bool,
    done: BTreeMap<&'c str, Progress>,
}

impl<'c> Defining<'c> {
    fn term(
        &mut self,
        name: &'c str,
        vocabulary: &mut Vocabulary,
        depth: usize,
    ) -> Result<(), TypesNotExpanded> {
        match self.done.get(name) {
            Some(Progress::Defined) => return Ok(()),
            Some(Progress::Begun) => return Err(TypesNotExpanded::InvalidContext),
            None => self.done.insert(name, Progress::Begun),
        };
        if depth > MAX_DEPTH || vocabulary.terms.len() >= MAX_TERMS {
            return Err(TypesNotExpanded::OverBudget);
        }
        let term = self.read(name, vocabulary, depth)?;
        match vocabulary.terms.get(name) {
            // Contexts that protect one term alike agree, and go together.
            Some(earlier) if earlier.is_protected => {
                if (&earlier.iri, earlier.is_prefix) != (&term.iri, term.is_prefix) {
                    return Err(TypesNotExpanded::ProtectedTerm);
                }
            }
            _ => {
                vocabulary.terms.insert(name.to_owned(), term);
            }
        }
        self.done.insert(name, Progress::Defined);
        Ok(())
    }

    fn read(
        &mut self,
        name: &'c str,
        vocabulary: &mut Vocabulary,
        depth: usize,
    ) -> Result<Term, TypesNotExpanded> {
        let invalid = TypesNotExpanded::InvalidContext;
        let definition = self.definitions.get(name).ok_or(invalid)?;
        let (id, is_simple, prefix, protected) = match definition {
            Value::Null => (Some(&Value::Null), false, None, None),
            Value::String(_) => (Some(definition), true, None, None),
            Value::Object(object) => (
                // A reverse property is no type; its IRI is read so that a prefix may be one.
                object.get("@id").or_else(|| object.get("@reverse")),
                false,
                object.get("@prefix"),
                object.get("@protected"),
            ),
            _ => return Err(invalid),
        };
        let iri = match id {
            Some(Value::Null) => None,
            Some(Value::String(id)) if id != name => {
                self.used_by(id, vocabulary, depth)?;
                match id.as_str() {
                    keyword if is_keyword(keyword) => Some(keyword.to_owned()),
                    id => vocabulary.expand(id)?,
                }
            }
            Some(Value::String(_)) | None => {
                self.prefix_of(name, vocabulary, depth)?;
                let compact = vocabulary.expand_compact(name);
                let iri = compact.or_else(|| vocabulary.vocab.as_ref().map(|vocab| format!("{vocab}{name}")));
                Some(iri.ok_or(invalid)?)
            }
            Some(_) => return Err(invalid),
        };
        match &iri {
            Some(iri) if iri.len() > MAX_IRI_BYTES => return Err(TypesNotExpanded::OverBudget),
            Some(iri) if !iri.contains(':') && !is_keyword(iri) => return Err(invalid),
            _ => {}
        }
        let is_prefix = match prefix {
            Some(Value::Bool(is_prefix)) => *is_prefix,
            Some(_) => return Err(invalid),
            None => {
                is_simple
                    && !name.contains([':', '/'])
                    && iri.as_ref().is_some_and(|iri| {
                        iri.ends_with([':', '/', '?', '#', '[', ']', '@']) || iri.starts_with("_:")
                    })
            }
        };
        let is_protected = match protected {
            Some(Value::Bool(is_protected)) => *is_protected,
            Some(_) => return Err(invalid),
            None => self.protects,
        };
        Ok(Term {
            iri,
            is_prefix,
            is_protected,
        })
    }

    /// Defines what the IRI of a term is made of: another term, or a prefix.
    fn used_by(
        &mut self,
        id: &str,
        vocabulary: &mut Vocabulary,
        depth: usize,
    ) -> Result<(), TypesNotExpanded> {
        match self.definitions.get_key_value(id) {
            Some((term, _)) if !is_keyword(term) => self.term(term, vocabulary, depth + 1),
            _ => self.prefix_of(id, vocabulary, depth),
        }
    }

    fn prefix_of(
        &mut self,
        id: &str,
        vocabulary: &mut Vocabulary,
        depth: usize,
    ) -> Result<(), TypesNotExpanded> {
        match split_compact(id).and_then(|(prefix, _)| self.definitions.get_key_value(prefix)) {
            Some((prefix, _)) if !is_keyword(prefix) => self.term(prefix, vocabulary, depth + 1),
            _ => Ok(()),
        }
    }
}

fn known<'c>(url: &str, table: &'c ContextTable) -> Result<&'c Value, TypesNotExpanded> {
    let shipped = SHIPPED.get(url);
    shipped
        .or_else(|| table.document(url)?.get("@context"))
        .ok_or(TypesNotExpanded::UnknownContext)
}
