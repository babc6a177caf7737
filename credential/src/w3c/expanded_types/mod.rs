//! What the types of a credential are called everywhere: the IRIs that its contexts give them, which a query names
//! ([OpenID4VP B.1.1](https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B.1.1)).
//!
//! The types on the top of a document depend on nothing but the terms that its contexts define outright, so they are
//! resolved here, without a JSON-LD processor: definitions, prefixes and `@vocab`
//! ([JSON-LD 1.1 API §4 and §5.2](https://www.w3.org/TR/json-ld11-api/#context-processing-algorithms)). Scoped contexts, types of
//! values, containers and languages change no type, and are passed over.

mod define;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;
use thiserror::Error;

use crate::data_integrity::ContextTable;
use define::Reading;

/// Longest IRI of a term, in bytes.
const MAX_IRI_BYTES: usize = 2 << 10;

/// Why nobody can say what the types of a credential are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TypesNotExpanded {
    /// A context that is neither shipped nor in the table. It is never loaded.
    #[error("the credential uses a context that is not known here")]
    UnknownContext,
    /// More contexts or terms than the budget allows, or deeper within each other.
    #[error("the contexts of the credential are over the budget")]
    OverBudget,
    /// A definition that JSON-LD forbids, such as a term that is defined by itself.
    #[error("a context of the credential is not valid")]
    InvalidContext,
    /// A term that an earlier context protects is given another meaning.
    #[error("a context of the credential redefines a protected term")]
    ProtectedTerm,
}

/// The IRIs of `types` under `contexts`, in the order of the types.
///
/// A type that no context defines stays as it is, a relative IRI, as the appendix demands. A type that a context takes out
/// of the vocabulary (`null`, or a keyword) has no IRI and is left out. Contexts come from those that are shipped and from the
/// table, in that order: a table cannot change what W3C's terms mean.
///
/// # Errors
/// [`TypesNotExpanded`].
pub fn expanded_types(
    types: &[String],
    contexts: &[Value],
    table: &ContextTable,
) -> Result<Vec<String>, TypesNotExpanded> {
    let mut reading = Reading::new(table);
    let mut vocabulary = Vocabulary::default();
    for context in contexts {
        reading.context(context, &mut vocabulary, 0)?;
    }
    let iris = types
        .iter()
        .filter_map(|name| vocabulary.expand(name).transpose());
    iris.collect()
}

/// The terms that are defined so far.
#[derive(Default)]
struct Vocabulary {
    terms: BTreeMap<String, Term>,
    /// `@vocab`: what stands before a term that is not defined.
    vocab: Option<String>,
}

#[derive(Clone, PartialEq, Eq)]
struct Term {
    /// None for a term that is taken out.
    iri: Option<String>,
    is_prefix: bool,
    is_protected: bool,
}

impl Vocabulary {
    /// IRI expansion, relative to `@vocab` (JSON-LD 1.1 API §5.2.2).
    fn expand(&self, value: &str) -> Result<Option<String>, TypesNotExpanded> {
        if is_keyword(value) {
            return Ok(None);
        }
        let iri = if let Some(term) = self.terms.get(value) {
            term.iri.clone()
        } else if let Some(iri) = self.expand_compact(value) {
            Some(iri)
        } else {
            Some(format!("{}{value}", self.vocab.as_deref().unwrap_or_default()))
        };
        match iri {
            Some(iri) if is_keyword(&iri) => Ok(None),
            Some(iri) if iri.len() > MAX_IRI_BYTES => Err(TypesNotExpanded::OverBudget),
            iri => Ok(iri),
        }
    }

    /// The IRI of `prefix:suffix`, or the value itself if it is an IRI already.
    fn expand_compact(&self, value: &str) -> Option<String> {
        let (prefix, suffix) = split_compact(value)?;
        if prefix == "_" || suffix.starts_with("//") {
            return Some(value.to_owned());
        }
        match self.terms.get(prefix) {
            Some(Term {
                iri: Some(iri),
                is_prefix: true,
                ..
            }) => Some(format!("{iri}{suffix}")),
            _ => Some(value.to_owned()),
        }
    }
}

/// `@` and letters: what JSON-LD uses, or keeps for itself.
fn is_keyword(text: &str) -> bool {
    text.strip_prefix('@')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// At the first colon that is not the first character.
fn split_compact(text: &str) -> Option<(&str, &str)> {
    text.split_once(':').filter(|(prefix, _)| !prefix.is_empty())
}
