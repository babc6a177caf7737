//! Active contexts, compiled: what each term does to the statements of a document, and which context follows from which.
//!
//! `json-ld` processes every context. What it made of one is kept, and looked up for the next document: a scoped context
//! that is processed again for each document costs more than everything else together.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;
use ssi_json_ld::json_ld::context::{BindingRef, NormalTermDefinition};
use ssi_json_ld::json_ld::syntax::Keyword;
use ssi_json_ld::json_ld::syntax::context::definition::Key;
use ssi_json_ld::json_ld::{Container, Context, Id, Term, Type, ValidId};

/// Active contexts that are kept at once; each takes some hundred kilobytes at most. Issuers are few, but documents choose
/// the order of their contexts and types, so they could ask for any number.
const MAX_ACTIVE_CONTEXTS: usize = 512;

/// When fewer than this are left, one family too many was kept.
const SHORT_OF_ACTIVE_CONTEXTS: usize = MAX_ACTIVE_CONTEXTS / 8;

/// How many active contexts all families together hold.
#[derive(Default)]
pub(crate) struct Allowance(AtomicUsize);

impl Allowance {
    /// Whether there are as many as may be.
    pub(crate) fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= MAX_ACTIVE_CONTEXTS
    }

    /// Whether there is little room left.
    pub(crate) fn is_short(&self) -> bool {
        self.0.load(Ordering::Relaxed) > MAX_ACTIVE_CONTEXTS - SHORT_OF_ACTIVE_CONTEXTS
    }

    fn spend(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn give_back(&self, number: usize) {
        self.0.fetch_sub(number, Ordering::Relaxed);
    }
}

/// An outermost context and all that follow from it, by property, by type and by contexts within a document.
pub(crate) struct Family {
    members: RwLock<Vec<Arc<Active>>>,
    outermost: Arc<Active>,
    allowance: Arc<Allowance>,
}

/// One active context.
pub(crate) struct Active {
    /// Its place in the family.
    number: usize,
    /// As `json-ld` has it.
    pub(crate) context: Context,
    /// The one that holds again in objects within (JSON-LD 1.1 §4.1.9, propagation).
    previous: Option<usize>,
    terms: HashMap<String, CompiledTerm>,
    vocabulary: Vocabulary,
    defaults: Defaults,
    next: RwLock<Vec<(Step, usize)>>,
}

/// A term, as far as documents are written straight into statements.
pub(crate) struct CompiledTerm {
    pub(crate) meaning: Meaning,
    pub(crate) value: ValueKind,
    pub(crate) container: ContainerKind,
    /// Whether a context applies to its values, or to objects of this type.
    pub(crate) is_scoped: bool,
    /// Whether it may stand before the colon of a compact IRI.
    pub(crate) is_prefix: bool,
}

/// What a term stands for.
pub(crate) enum Meaning {
    Id,
    Type,
    Value,
    Language,
    /// A property or class.
    Iri(String),
    /// Anything else.
    Unusual,
}

/// What the values of a property are (`@type` of its term).
pub(crate) enum ValueKind {
    Plain,
    /// `@id`.
    Reference,
    /// `@vocab`.
    Name,
    /// `@json`.
    Json,
    Typed(String),
    /// With a language or a direction.
    Unusual,
}

/// How the values of a property are contained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContainerKind {
    /// One value or a set.
    Plain,
    Graph,
    Language,
    Unusual,
}

/// `@vocab`.
pub(crate) enum Vocabulary {
    None,
    Iri(String),
    Unusual,
}

/// `@language`, `@direction` and `@base` of a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Defaults {
    None,
    Some,
}

/// How one active context follows from another. `source` is the context whose term has the scoped context.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StepTo<'s> {
    /// Into an object that is the value of a property.
    Property { source: usize, term: &'s str },
    /// To a scalar value of a property.
    Scalar { source: usize, term: &'s str },
    /// Into an object of a type.
    Type { source: usize, term: &'s str },
    /// By a `@context` within the document.
    Local(&'s Value),
}

enum Step {
    Property(usize, String),
    Scalar(usize, String),
    Type(usize, String),
    Local(Value),
}

impl Step {
    fn of(step: StepTo<'_>) -> Self {
        match step {
            StepTo::Property { source, term } => Self::Property(source, term.to_owned()),
            StepTo::Scalar { source, term } => Self::Scalar(source, term.to_owned()),
            StepTo::Type { source, term } => Self::Type(source, term.to_owned()),
            StepTo::Local(context) => Self::Local(context.clone()),
        }
    }

    fn is(&self, step: StepTo<'_>) -> bool {
        match (self, step) {
            (Self::Property(from, name), StepTo::Property { source, term })
            | (Self::Scalar(from, name), StepTo::Scalar { source, term })
            | (Self::Type(from, name), StepTo::Type { source, term }) => *from == source && name == term,
            (Self::Local(own), StepTo::Local(context)) => own == context,
            _ => false,
        }
    }
}

impl Family {
    /// The family of an outermost context.
    pub(crate) fn of(outermost: Context, allowance: Arc<Allowance>) -> Self {
        let outermost = Arc::new(Active::compile(0, outermost, None));
        allowance.spend();
        Self {
            members: RwLock::new(vec![Arc::clone(&outermost)]),
            outermost,
            allowance,
        }
    }

    /// The outermost context.
    pub(crate) const fn outermost(&self) -> &Arc<Active> {
        &self.outermost
    }

    /// How many active contexts it has.
    pub(crate) fn size(&self) -> usize {
        self.members.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The context that holds again in objects within, if another one does.
    pub(crate) fn previous(&self, of: &Active) -> Option<Arc<Active>> {
        self.member(of.previous?)
    }

    /// The context that follows from `from`; `process` makes it the first time. `None` when it cannot, or when there are too
    /// many.
    pub(crate) fn next(
        &self,
        from: &Active,
        step: StepTo<'_>,
        process: impl FnOnce() -> Option<Context>,
    ) -> Option<Arc<Active>> {
        let known = {
            // A poisoned list still holds only finished entries.
            let next = from.next.read().unwrap_or_else(PoisonError::into_inner);
            next.iter()
                .find(|(one, _)| one.is(step))
                .map(|(_, number)| *number)
        };
        if let Some(known) = known {
            return self.member(known);
        }
        let made = self.insert(process()?, from)?;
        let mut next = from.next.write().unwrap_or_else(PoisonError::into_inner);
        next.push((Step::of(step), made.number));
        Some(made)
    }

    fn member(&self, number: usize) -> Option<Arc<Active>> {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        members.get(number).cloned()
    }

    fn insert(&self, context: Context, from: &Active) -> Option<Arc<Active>> {
        let previous = match context.previous_context() {
            None => None,
            Some(previous) if *previous == from.context => Some(from.number),
            Some(previous) => match self.previous(from) {
                Some(own) if *previous == own.context => Some(own.number),
                _ => Some(self.insert(previous.clone(), from)?.number),
            },
        };
        let mut members = self.members.write().unwrap_or_else(PoisonError::into_inner);
        if self.allowance.is_spent() {
            return None;
        }
        self.allowance.spend();
        let active = Arc::new(Active::compile(members.len(), context, previous));
        members.push(Arc::clone(&active));
        Some(active)
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        self.allowance.give_back(self.size());
    }
}

impl Active {
    fn compile(number: usize, context: Context, previous: Option<usize>) -> Self {
        let mut terms = HashMap::new();
        for binding in context.definitions() {
            if let BindingRef::Normal(key, definition) = binding {
                terms.insert(Key::as_str(key).to_owned(), CompiledTerm::of(definition));
            }
        }
        let vocabulary = match context.vocabulary() {
            None => Vocabulary::None,
            Some(Term::Id(Id::Valid(ValidId::Iri(iri)))) => Vocabulary::Iri(iri.as_str().to_owned()),
            Some(_) => Vocabulary::Unusual,
        };
        let has_defaults = context.default_language().is_some()
            || context.default_base_direction().is_some()
            || context.base_iri().is_some();
        let defaults = if has_defaults {
            Defaults::Some
        } else {
            Defaults::None
        };
        Self {
            number,
            context,
            previous,
            terms,
            vocabulary,
            defaults,
            next: RwLock::default(),
        }
    }

    /// Its place in the family.
    pub(crate) const fn number(&self) -> usize {
        self.number
    }

    /// A term.
    pub(crate) fn term(&self, name: &str) -> Option<&CompiledTerm> {
        self.terms.get(name)
    }

    /// `@vocab`.
    pub(crate) const fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Whether a text has no language, no direction, and nothing is resolved against a base, unless a term says so.
    pub(crate) fn has_no_defaults(&self) -> bool {
        self.defaults == Defaults::None
    }
}

impl CompiledTerm {
    fn of(definition: &NormalTermDefinition) -> Self {
        let meaning = match &definition.value {
            _ if definition.reverse_property => Meaning::Unusual,
            Some(Term::Keyword(Keyword::Id)) => Meaning::Id,
            Some(Term::Keyword(Keyword::Type)) => Meaning::Type,
            Some(Term::Keyword(Keyword::Value)) => Meaning::Value,
            Some(Term::Keyword(Keyword::Language)) => Meaning::Language,
            Some(Term::Id(Id::Valid(ValidId::Iri(iri)))) => Meaning::Iri(iri.as_str().to_owned()),
            _ => Meaning::Unusual,
        };
        let value = match &definition.typ {
            _ if definition.language.is_some() || definition.direction.is_some() => ValueKind::Unusual,
            None | Some(Type::None) => ValueKind::Plain,
            Some(Type::Id) => ValueKind::Reference,
            Some(Type::Vocab) => ValueKind::Name,
            Some(Type::Json) => ValueKind::Json,
            Some(Type::Iri(datatype)) => ValueKind::Typed(datatype.as_str().to_owned()),
        };
        let container = match definition.container {
            Container::None | Container::Set => ContainerKind::Plain,
            Container::Graph | Container::GraphSet => ContainerKind::Graph,
            Container::Language | Container::LanguageSet => ContainerKind::Language,
            _ => ContainerKind::Unusual,
        };
        Self {
            meaning,
            value,
            container,
            is_scoped: definition.context.is_some(),
            is_prefix: definition.prefix,
        }
    }
}
