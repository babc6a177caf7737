//! JSON-LD for tests: one flat table of terms, and RDFC-1.0 as far as nodes differ in their own statements, or sit in
//! trees. The real processor proves the same vectors in `symbolon-data-integrity`; this one keeps its two hundred crates
//! out of here.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::data_integrity::{
    CanonicalDataset, CanonicalHash, ContextTable, DataLoss, JsonLdBudget, JsonLdError, JsonLdProcessor,
};

pub(super) struct FlatJsonLd;

const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
const RDF_TYPE: &str = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>";
const CREDENTIALS: &str = "https://www.w3.org/2018/credentials#";
const SECURITY: &str = "https://w3id.org/security#";
const CITIZENSHIP: &str = "https://w3id.org/citizenship#";
const SCHEMA: &str = "https://schema.org/";

enum Kind {
    Text,
    Reference,
    DateTime,
    Cryptosuite,
    Purpose,
}

fn term(name: &str) -> Result<(String, Kind), JsonLdError> {
    use Kind::{Cryptosuite, DateTime, Purpose, Reference, Text};
    let (vocabulary, name, kind) = match name {
        "issuer" | "credentialSubject" => (CREDENTIALS, name, Reference),
        "validFrom" | "validUntil" => (CREDENTIALS, name, DateTime),
        "created" => ("http://purl.org/dc/terms/", name, DateTime),
        "expires" => (SECURITY, "expiration", DateTime),
        "verificationMethod" => (SECURITY, name, Reference),
        "cryptosuite" => (SECURITY, name, Cryptosuite),
        "proofPurpose" => (SECURITY, name, Purpose),
        "residentSince" => (CITIZENSHIP, name, DateTime),
        "birthCountry" | "commuterClassification" | "lprCategory" | "lprNumber" => (CITIZENSHIP, name, Text),
        "permanentResidentCard" | "employmentAuthorizationDocument" => (CITIZENSHIP, name, Reference),
        "birthDate" => (SCHEMA, name, DateTime),
        "image" | "address" | "knows" => (SCHEMA, name, Reference),
        "name" | "description" | "additionalName" | "familyName" | "givenName" | "gender" | "identifier"
        | "city" => (SCHEMA, name, Text),
        _ => return Err(DataLoss::Term.into()),
    };
    Ok((format!("<{vocabulary}{name}>"), kind))
}

fn class(name: &str) -> String {
    let vocabulary = match name {
        "VerifiableCredential" => CREDENTIALS,
        "DataIntegrityProof" => SECURITY,
        "Person" | "Place" => SCHEMA,
        _ => CITIZENSHIP,
    };
    format!("<{vocabulary}{name}>")
}

#[derive(Default)]
struct Statements {
    statements: Vec<String>,
    nodes: usize,
}

fn each(value: &Value) -> &[Value] {
    value
        .as_array()
        .map_or(core::slice::from_ref(value), Vec::as_slice)
}

impl Statements {
    fn node(&mut self, members: &Map<String, Value>) -> Result<String, JsonLdError> {
        let subject = match members.get("id").and_then(Value::as_str) {
            Some(id) => format!("<{id}>"),
            None => {
                self.nodes += 1;
                format!("_:n{}", self.nodes)
            }
        };
        for (name, value) in members {
            match name.as_str() {
                "@context" | "id" => {}
                "type" => {
                    for name in each(value) {
                        let class = class(name.as_str().ok_or(JsonLdError::Malformed)?);
                        self.statements.push(format!("{subject} {RDF_TYPE} {class} .\n"));
                    }
                }
                name => {
                    let (predicate, kind) = term(name)?;
                    for value in each(value) {
                        let object = self.object(value, &kind)?;
                        self.statements
                            .push(format!("{subject} {predicate} {object} .\n"));
                    }
                }
            }
        }
        Ok(subject)
    }

    fn object(&mut self, value: &Value, kind: &Kind) -> Result<String, JsonLdError> {
        match value {
            Value::Object(members) => match members.get("@value").and_then(Value::as_str) {
                Some(text) => match members.get("@language").and_then(Value::as_str) {
                    Some(language) => Ok(format!("\"{text}\"@{language}")),
                    None => Ok(format!("\"{text}\"")),
                },
                None => self.node(members),
            },
            Value::String(text) => Ok(match kind {
                Kind::Text => format!("\"{text}\""),
                Kind::Reference => format!("<{text}>"),
                Kind::DateTime => format!("\"{text}\"^^<{XSD}dateTime>"),
                Kind::Cryptosuite => format!("\"{text}\"^^<{SECURITY}cryptosuiteString>"),
                Kind::Purpose => format!("<{SECURITY}{text}>"),
            }),
            Value::Number(number) => Ok(format!("\"{number}\"^^<{XSD}integer>")),
            Value::Bool(truth) => Ok(format!("\"{truth}\"^^<{XSD}boolean>")),
            _ => Err(JsonLdError::Malformed),
        }
    }
}

/// The labels of a statement, subject first.
fn nodes(statement: &str) -> Vec<&str> {
    let mut parts = statement.splitn(3, ' ');
    let subject = parts.next().and_then(|term| term.strip_prefix("_:"));
    let object = parts.nth(1).and_then(|term| term.strip_prefix("_:"));
    let object = object.and_then(|object| object.strip_suffix(" .\n"));
    subject.into_iter().chain(object).collect()
}

fn renamed(statement: &str, name: impl Fn(&str) -> String) -> String {
    let mut parts: Vec<String> = statement.splitn(3, ' ').map(str::to_owned).collect();
    for part in [0, 2] {
        if let Some(label) = parts[part].clone().strip_prefix("_:") {
            let behind = if part == 2 { " .\n" } else { "" };
            parts[part] = format!("_:{}{behind}", name(label.trim_end_matches(" .\n")));
        }
    }
    parts.join(" ")
}

fn hash(statements: Vec<String>) -> String {
    let mut statements = statements;
    statements.sort();
    let digest = Sha256::digest(statements.concat());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RDFC-1.0 §4.6, and beyond it the neighbours of a node as often as there are nodes, which tells apart whatever differs
/// in a tree.
fn colours(statements: &[String]) -> BTreeMap<String, String> {
    let mut colours: BTreeMap<String, (String, String)> = BTreeMap::new();
    for statement in statements {
        for node in nodes(statement) {
            colours.entry(node.to_owned()).or_default();
        }
    }
    let named = |name: &dyn Fn(&str) -> String| -> BTreeMap<String, String> {
        let of = |node: &str| {
            let mine = statements
                .iter()
                .filter(|statement| nodes(statement).contains(&node));
            hash(
                mine.map(|statement| {
                    renamed(statement, |label| {
                        if label == node {
                            "a".to_owned()
                        } else {
                            name(label)
                        }
                    })
                })
                .collect(),
            )
        };
        colours.keys().map(|node| (node.clone(), of(node))).collect()
    };
    let first = named(&|_| "z".to_owned());
    let mut refined = first.clone();
    for _ in 0..colours.len() {
        let before = refined.clone();
        refined = named(&|label| before[label].clone());
    }
    for (node, colour) in &mut colours {
        *colour = (first[node].clone(), refined[node].clone());
    }
    colours
        .into_iter()
        .map(|(node, (first, refined))| (node, first + &refined))
        .collect()
}

impl JsonLdProcessor for FlatJsonLd {
    fn canonicalize(
        &self,
        document: &Value,
        contexts: &ContextTable,
        hash: CanonicalHash,
        budget: JsonLdBudget,
    ) -> Result<Vec<String>, JsonLdError> {
        let statements = self.to_statements(document, contexts, budget)?;
        Ok(self
            .canonicalize_statements(&statements, hash, budget)?
            .statements)
    }

    fn canonicalize_statements(
        &self,
        statements: &[String],
        _: CanonicalHash,
        _: JsonLdBudget,
    ) -> Result<CanonicalDataset, JsonLdError> {
        let mut nodes: Vec<(String, String)> = colours(statements)
            .into_iter()
            .map(|(node, colour)| (colour, node))
            .collect();
        nodes.sort();
        let labels: BTreeMap<String, String> = nodes
            .into_iter()
            .zip(0..)
            .map(|((_, node), number)| (node, format!("c14n{number}")))
            .collect();
        let mut statements: Vec<String> = statements
            .iter()
            .map(|statement| renamed(statement, |label| labels[label].clone()))
            .collect();
        statements.sort();
        statements.dedup();
        Ok(CanonicalDataset { statements, labels })
    }

    fn to_statements(
        &self,
        document: &Value,
        _: &ContextTable,
        _: JsonLdBudget,
    ) -> Result<Vec<String>, JsonLdError> {
        let mut statements = Statements::default();
        statements.node(document.as_object().ok_or(JsonLdError::Malformed)?)?;
        Ok(statements.statements)
    }

    fn skolemize(
        &self,
        document: &Value,
        _: &ContextTable,
        prefix: &str,
        _: JsonLdBudget,
    ) -> Result<Value, JsonLdError> {
        fn name(value: &mut Value, prefix: &str, number: &mut usize) {
            match value {
                Value::Array(elements) => elements
                    .iter_mut()
                    .for_each(|element| name(element, prefix, number)),
                Value::Object(members) if !members.contains_key("@value") => {
                    members
                        .iter_mut()
                        .for_each(|(_, value)| name(value, prefix, number));
                    if !members.contains_key("id") {
                        members.insert("id".to_owned(), format!("{prefix}{number}").into());
                        *number += 1;
                    }
                }
                _ => {}
            }
        }
        let mut document = document.clone();
        name(&mut document, prefix, &mut 0);
        Ok(document)
    }
}
