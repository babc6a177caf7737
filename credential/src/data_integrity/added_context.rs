//! Contexts that a registry adds to those of the W3C: what they may not say.
//!
//! A proof over RDF does not cover under which term a statement stood. If two terms have one IRI, whoever holds a credential
//! can write `validUntil` under the other one, and a reader of JSON does not find it. So a context that would give such a
//! choice is refused where it is taken in, before any document uses it: every word of the credential vocabularies has its one
//! term, and every keyword that identifies or shapes a node has its one alias.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::{Map, Value};
use thiserror::Error;

/// The vocabularies whose words decide over credentials, their status and their proofs.
const VOCABULARIES: [&str; 3] = [
    "https://www.w3.org/2018/credentials#",
    "https://www.w3.org/ns/credentials",
    "https://w3id.org/security#",
];
/// Those of them that the base contexts define the terms of credentials with.
const CREDENTIAL_VOCABULARIES: [&str; 2] = [
    "https://www.w3.org/2018/credentials#",
    "https://www.w3.org/ns/credentials",
];
const BASE_CONTEXTS: [&str; 2] = [
    "https://www.w3.org/2018/credentials/v1",
    "https://www.w3.org/ns/credentials/v2",
];
/// Keywords that a term may stand for: those of texts and their languages.
const KEYWORDS_OF_VALUES: [&str; 4] = ["@value", "@language", "@direction", "@none"];
/// The most prefixes that are followed from one to the next.
const MAX_PREFIXES: usize = 8;

/// Why a context cannot stand beside those of the W3C.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AmbiguousContext {
    /// A term for a word of a credential vocabulary that has another term.
    #[error("a term is given to a word that has one already")]
    SecondTerm,
    /// A term of the base contexts, with another meaning.
    #[error("a term of the base contexts is given another meaning")]
    BaseTerm,
    /// A term for a keyword, other than `id` for `@id` and `type` for `@type`; or these two with another meaning.
    #[error("a keyword is given an alias")]
    KeywordAlias,
    /// A term that turns a statement round, or is a wrapping without a meaning.
    #[error("a term is a reverse property or a nest")]
    Shape,
    /// A vocabulary of the W3C for every name that has no term.
    #[error("every name would be a word of a credential vocabulary")]
    Vocabulary,
}

/// Checks the document of a context that is to stand beside those of the W3C. Contexts that it names by their URLs are
/// checked where they are added themselves.
///
/// # Errors
/// [`AmbiguousContext`].
pub fn check_added_context(document: &Value) -> Result<(), AmbiguousContext> {
    match document.get("@context") {
        Some(context) => check(context, &mut Prefixes::default()),
        None => Ok(()),
    }
}

/// The terms of a context and of those around it, which may be prefixes of others.
#[derive(Clone, Default)]
struct Prefixes(BTreeMap<String, String>);

impl Prefixes {
    fn define(&mut self, members: &Map<String, Value>) {
        for (term, definition) in members {
            if let Some(iri) = iri_of(definition) {
                self.0.insert(term.clone(), iri.to_owned());
            }
        }
    }

    /// The whole IRI of what a definition says.
    fn expand(&self, iri: &str) -> String {
        let mut expanded = iri.to_owned();
        for _ in 0..MAX_PREFIXES {
            let Some((prefix, rest)) = expanded.split_once(':') else {
                // A term defined by another one.
                match self.0.get(&expanded) {
                    Some(other) if *other != expanded => expanded.clone_from(other),
                    _ => break,
                }
                continue;
            };
            if rest.starts_with("//") {
                break;
            }
            match self.0.get(prefix).or_else(|| SHIPPED.prefixes.get(prefix)) {
                Some(known) => expanded = format!("{known}{rest}"),
                None => break,
            }
        }
        expanded
    }
}

fn check(context: &Value, prefixes: &mut Prefixes) -> Result<(), AmbiguousContext> {
    match context {
        Value::Array(contexts) => contexts.iter().try_for_each(|one| check(one, prefixes)),
        Value::Object(members) => {
            prefixes.define(members);
            members
                .iter()
                .try_for_each(|(term, definition)| check_definition(term, definition, prefixes))
        }
        _ => Ok(()),
    }
}

fn check_definition(term: &str, definition: &Value, prefixes: &Prefixes) -> Result<(), AmbiguousContext> {
    if term == "@vocab" {
        let vocabulary = definition.as_str().map(|iri| prefixes.expand(iri));
        return match vocabulary {
            Some(vocabulary) if is_of(&vocabulary, &VOCABULARIES) => Err(AmbiguousContext::Vocabulary),
            _ => Ok(()),
        };
    }
    if term.starts_with('@') {
        return Ok(());
    }
    if definition.get("@reverse").is_some() || definition.get("@nest").is_some() {
        return Err(AmbiguousContext::Shape);
    }
    // A definition without an IRI means what the term itself says.
    let iri = prefixes.expand(iri_of(definition).unwrap_or(term));
    match (term, iri.as_str()) {
        ("id", "@id") | ("type", "@type") => {}
        ("id" | "type", _) => return Err(AmbiguousContext::KeywordAlias),
        (_, keyword) if keyword.starts_with('@') && !KEYWORDS_OF_VALUES.contains(&keyword) => {
            return Err(AmbiguousContext::KeywordAlias);
        }
        (_, iri) => {
            if SHIPPED.terms.get(iri).is_some_and(|terms| !terms.contains(term)) {
                return Err(AmbiguousContext::SecondTerm);
            }
            if SHIPPED
                .base
                .get(term)
                .is_some_and(|meanings| !meanings.contains(iri))
            {
                return Err(AmbiguousContext::BaseTerm);
            }
        }
    }
    match definition.get("@context") {
        Some(scoped) => check(scoped, &mut prefixes.clone()),
        None => Ok(()),
    }
}

fn iri_of(definition: &Value) -> Option<&str> {
    match definition {
        Value::String(iri) => Some(iri),
        definition => definition.get("@id")?.as_str(),
    }
}

fn is_of(iri: &str, vocabularies: &[&str]) -> bool {
    vocabularies.iter().any(|vocabulary| iri.starts_with(vocabulary))
}

/// What the contexts of the W3C say.
#[derive(Default)]
struct Shipped {
    /// The terms of each word of the [`VOCABULARIES`].
    terms: BTreeMap<String, BTreeSet<String>>,
    /// The meanings of each term of a credential in the [`BASE_CONTEXTS`].
    base: BTreeMap<String, BTreeSet<String>>,
    prefixes: BTreeMap<String, String>,
}

static SHIPPED: LazyLock<Shipped> = LazyLock::new(|| {
    let mut shipped = Shipped::default();
    for context in symbolon_schemas::CONTEXTS {
        let document: Value = serde_json::from_str(context.document).unwrap_or_default();
        if let Some(outermost) = document.get("@context") {
            let is_base = BASE_CONTEXTS.contains(&context.url);
            shipped.collect(
                outermost,
                is_base.then_some(&CREDENTIAL_VOCABULARIES),
                &mut BTreeMap::new(),
            );
        }
    }
    shipped
});

impl Shipped {
    /// Takes up what a context says; `base` are the vocabularies whose terms are those of credentials.
    fn collect(&mut self, context: &Value, base: Option<&[&str; 2]>, known: &mut BTreeMap<String, String>) {
        match context {
            Value::Array(contexts) => {
                for one in contexts {
                    self.collect(one, base, known);
                }
            }
            Value::Object(members) => {
                for (term, definition) in members {
                    if let Some(iri) = iri_of(definition) {
                        known.insert(term.clone(), iri.to_owned());
                    }
                }
                for (term, definition) in members.iter().filter(|(term, _)| !term.starts_with('@')) {
                    let Some(iri) = iri_of(definition) else { continue };
                    // The contexts of the W3C name prefixes before they use them, and none by another.
                    let expanded = match iri.split_once(':') {
                        Some((prefix, rest)) if !rest.starts_with("//") => known
                            .get(prefix)
                            .map_or_else(|| iri.to_owned(), |whole| format!("{whole}{rest}")),
                        _ => iri.to_owned(),
                    };
                    if expanded.ends_with(['#', '/']) {
                        self.prefixes.insert(term.clone(), expanded);
                    } else if is_of(&expanded, &VOCABULARIES) {
                        if base.is_some_and(|base| is_of(&expanded, base)) {
                            self.base
                                .entry(term.clone())
                                .or_default()
                                .insert(expanded.clone());
                        }
                        self.terms.entry(expanded).or_default().insert(term.clone());
                    }
                    if let Some(scoped) = definition.get("@context") {
                        self.collect(scoped, base, &mut known.clone());
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(context: Value) -> Option<AmbiguousContext> {
        check_added_context(&json!({ "@context": context })).err()
    }

    #[test]
    fn the_words_that_decide_are_those_of_the_shipped_contexts() {
        for (iri, term) in [
            ("https://www.w3.org/2018/credentials#validUntil", "validUntil"),
            (
                "https://www.w3.org/2018/credentials#expirationDate",
                "expirationDate",
            ),
            (
                "https://www.w3.org/2018/credentials#credentialStatus",
                "credentialStatus",
            ),
            (
                "https://www.w3.org/2018/credentials#credentialSubject",
                "credentialSubject",
            ),
            (
                "https://www.w3.org/ns/credentials/status#statusListIndex",
                "statusListIndex",
            ),
            ("https://w3id.org/security#proof", "proof"),
        ] {
            assert_eq!(SHIPPED.terms[iri], BTreeSet::from([term.to_owned()]), "{iri}");
        }
        assert!(SHIPPED.base.contains_key("credentialStatus"));
        assert!(!SHIPPED.base.contains_key("name"));
    }

    /// The only word that the shipped contexts themselves give two terms is refused in proofs.
    #[test]
    fn the_shipped_contexts_have_one_term_for_every_word_but_one() {
        let twice: Vec<&String> = SHIPPED
            .terms
            .iter()
            .filter(|(_, terms)| terms.len() > 1)
            .map(|(iri, _)| iri)
            .collect();
        assert_eq!(twice, ["https://w3id.org/security#expiration"]);
    }

    #[test]
    fn an_issuers_own_words_are_taken() {
        for context in [
            json!({ "givenName": "https://issuer.example/terms#givenName", "name": "https://schema.org/name" }),
            json!([{ "@version": 1.1 }, "https://elsewhere.example", { "id": "@id", "type": "@type",
                "mine": "https://issuer.example/terms#",
                "city": { "@id": "mine:city", "@context": { "value": "mine:value", "lang": "@language" } } }]),
            // As the specifications of the W3C's own suites have them.
            json!({ "proofPurpose": { "@id": "https://w3id.org/security#proofPurpose", "@type": "@vocab" } }),
            json!({ "validUntil": "https://www.w3.org/2018/credentials#validUntil" }),
            json!({ "sec": "https://w3id.org/security#" }),
            json!({ "@vocab": "https://issuer.example/terms#" }),
        ] {
            assert_eq!(refusal(context.clone()), None, "{context}");
        }
    }

    #[test]
    fn what_would_let_a_holder_choose_between_two_terms_is_refused() {
        use AmbiguousContext::{BaseTerm, KeywordAlias, SecondTerm, Shape, Vocabulary};
        let scoped =
            |inner: Value| json!({ "city": { "@id": "https://issuer.example/city", "@context": inner } });
        for (context, expected) in [
            (
                json!({ "end": "https://www.w3.org/2018/credentials#validUntil" }),
                SecondTerm,
            ),
            (
                json!({ "end": { "@id": "https://www.w3.org/2018/credentials#expirationDate" } }),
                SecondTerm,
            ),
            (
                json!({ "vc": "https://www.w3.org/2018/credentials#", "state": "vc:credentialStatus" }),
                SecondTerm,
            ),
            (
                json!([{ "vc": "https://www.w3.org/2018/credentials#" }, { "state": { "@id": "vc:credentialStatus" } }]),
                SecondTerm,
            ),
            // A prefix of a prefix, a prefix that only the base context has, a term that stands for another one.
            (
                json!({ "w3": "https://www.w3.org/", "vc": "w3:2018/credentials#", "end": "vc:validUntil" }),
                SecondTerm,
            ),
            (json!({ "made": "sec:proof" }), SecondTerm),
            (
                json!({ "validUntil": "https://www.w3.org/2018/credentials#validUntil", "end": "validUntil" }),
                SecondTerm,
            ),
            (
                scoped(json!({ "index": "https://www.w3.org/ns/credentials/status#statusListIndex" })),
                SecondTerm,
            ),
            (
                scoped(json!({ "holderIs": "https://www.w3.org/2018/credentials#credentialSubject" })),
                SecondTerm,
            ),
            (
                json!({ "credentialStatus": "https://issuer.example/status" }),
                BaseTerm,
            ),
            (json!({ "validUntil": null }), BaseTerm),
            (
                scoped(json!({ "issuer": "https://issuer.example/maker" })),
                BaseTerm,
            ),
            (json!({ "uid": "@id" }), KeywordAlias),
            (json!({ "uid": { "@id": "@id" } }), KeywordAlias),
            (json!({ "kind": "@type" }), KeywordAlias),
            (json!({ "kind": "type", "type": "@type" }), KeywordAlias),
            (json!({ "all": "@graph" }), KeywordAlias),
            (json!({ "with": "@included" }), KeywordAlias),
            (json!({ "within": "@nest" }), KeywordAlias),
            (json!({ "of": "@reverse" }), KeywordAlias),
            (json!({ "some": "@set" }), KeywordAlias),
            (json!({ "id": "https://issuer.example/id" }), KeywordAlias),
            (
                scoped(json!({ "type": "https://issuer.example/type" })),
                KeywordAlias,
            ),
            (
                json!({ "subjectOf": { "@reverse": "https://www.w3.org/2018/credentials#credentialSubject" } }),
                Shape,
            ),
            (
                json!({ "city": { "@id": "https://issuer.example/city", "@nest": "data" } }),
                Shape,
            ),
            (
                json!({ "@vocab": "https://www.w3.org/2018/credentials#" }),
                Vocabulary,
            ),
        ] {
            assert_eq!(refusal(context.clone()), Some(expected), "{context}");
        }
    }
}
