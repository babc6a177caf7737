//! From the expanded form to statements ([JSON-LD 1.1 API §8](https://www.w3.org/TR/json-ld11-api/#rdf-serialization-deserialization-algorithms)).
//!
//! A base direction becomes part of the datatype (`rdfDirection` is `i18n-datatype`): with none of the two ways to write it,
//! a signature would not cover the direction of a text.

use std::collections::HashMap;

use ssi_json_ld::json_ld::Iri;
use ssi_json_ld::json_ld::syntax::{self, Object, Value};
use symbolon_credential::data_integrity::{DataLoss, JsonLdError};

use crate::nquads::{Quad, Term, XSD_STRING, is_language_tag, language_string};

pub(crate) const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
pub(crate) const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
const I18N: &str = "https://www.w3.org/ns/i18n#";

/// 2⁵³: beyond it, readers disagree about the number that is written.
const MAX_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

/// Converts, making at most `budget` statements.
pub(crate) fn to_rdf(expanded: &[Value], budget: usize) -> Result<Vec<Quad>, JsonLdError> {
    let mut writer = Writer {
        quads: Vec::new(),
        budget,
        labels: HashMap::new(),
        next: 0,
    };
    for value in expanded {
        let node = value.as_object().ok_or(DataLoss::Value)?;
        writer.node(node, None)?;
    }
    Ok(writer.quads)
}

struct Writer {
    quads: Vec<Quad>,
    budget: usize,
    labels: HashMap<String, String>,
    next: usize,
}

impl Writer {
    fn push(
        &mut self,
        subject: &Term,
        predicate: &str,
        object: Term,
        graph: Option<&Term>,
    ) -> Result<(), JsonLdError> {
        if self.quads.len() >= self.budget {
            return Err(JsonLdError::OverBudget);
        }
        self.quads.push(Quad {
            subject: subject.clone(),
            predicate: predicate.to_owned(),
            object,
            graph: graph.cloned(),
        });
        Ok(())
    }

    fn fresh(&mut self) -> String {
        let label = format!("b{}", self.next);
        self.next += 1;
        label
    }

    fn identifier(&mut self, text: &str, loss: DataLoss) -> Result<Term, JsonLdError> {
        if let Some(label) = text.strip_prefix("_:") {
            if let Some(known) = self.labels.get(label) {
                return Ok(Term::Blank(known.clone()));
            }
            let fresh = self.fresh();
            self.labels.insert(label.to_owned(), fresh.clone());
            return Ok(Term::Blank(fresh));
        }
        iri(text, loss).map(Term::Iri)
    }

    fn node(&mut self, node: &Object, graph: Option<&Term>) -> Result<Term, JsonLdError> {
        let subject = match node.get("@id").next() {
            Some(id) => {
                let id = id.as_str().ok_or(JsonLdError::Malformed)?;
                self.identifier(id, DataLoss::Identifier)?
            }
            None => Term::Blank(self.fresh()),
        };
        for entry in node.entries() {
            match entry.key.as_str() {
                "@id" => {}
                "@type" => {
                    for name in Value::force_as_array(&entry.value) {
                        let name = name.as_str().ok_or(DataLoss::Type)?;
                        let class = self.identifier(name, DataLoss::Type)?;
                        self.push(&subject, &format!("{RDF}type"), class, graph)?;
                    }
                }
                "@graph" => {
                    // A graph within a named graph would lose the name of the outer one.
                    if graph.is_some() && matches!(subject, Term::Blank(_)) && node.entries().len() > 2 {
                        return Err(JsonLdError::Malformed);
                    }
                    for inner in Value::force_as_array(&entry.value) {
                        let inner = inner.as_object().ok_or(DataLoss::Value)?;
                        self.node(inner, Some(&subject))?;
                    }
                }
                keyword if keyword.starts_with('@') => return Err(DataLoss::Value.into()),
                property => {
                    let property = iri(property, DataLoss::Term)?;
                    for value in Value::force_as_array(&entry.value) {
                        let object = self.object(value, graph)?;
                        self.push(&subject, &property, object, graph)?;
                    }
                }
            }
        }
        Ok(subject)
    }

    fn object(&mut self, value: &Value, graph: Option<&Term>) -> Result<Term, JsonLdError> {
        let object = value.as_object().ok_or(DataLoss::Value)?;
        if object.get("@value").next().is_some() {
            return literal(object);
        }
        match object.get("@list").next() {
            Some(_) if object.entries().len() > 1 => Err(DataLoss::Value.into()),
            Some(items) => self.list(Value::force_as_array(items), graph),
            None => self.node(object, graph),
        }
    }

    fn list(&mut self, items: &[Value], graph: Option<&Term>) -> Result<Term, JsonLdError> {
        let mut rest = Term::Iri(format!("{RDF}nil"));
        for item in items.iter().rev() {
            let cell = Term::Blank(self.fresh());
            let first = self.object(item, graph)?;
            self.push(&cell, &format!("{RDF}first"), first, graph)?;
            self.push(&cell, &format!("{RDF}rest"), rest, graph)?;
            rest = cell;
        }
        Ok(rest)
    }
}

fn iri(text: &str, loss: DataLoss) -> Result<String, JsonLdError> {
    Iri::new(text)
        .map(|iri| iri.as_str().to_owned())
        .map_err(|_| loss.into())
}

fn literal(object: &Object) -> Result<Term, JsonLdError> {
    let mut datatype = None;
    let mut language = None;
    let mut direction = None;
    let mut value = &Value::Null;
    for entry in object.entries() {
        match entry.key.as_str() {
            "@value" => value = &entry.value,
            "@type" => datatype = Some(entry.value.as_str().ok_or(DataLoss::Type)?),
            "@language" => language = Some(entry.value.as_str().ok_or(DataLoss::Language)?),
            "@direction" => direction = Some(entry.value.as_str().ok_or(DataLoss::Value)?),
            // `@index`, which RDF has no place for.
            _ => return Err(DataLoss::Value.into()),
        }
    }
    if language.is_some_and(|tag| !is_language_tag(tag)) {
        return Err(DataLoss::Language.into());
    }
    if datatype == Some("@json") {
        return json_literal(value);
    }
    let datatype = datatype
        .map(|datatype| iri(datatype, DataLoss::Type))
        .transpose()?;
    let typed = |lexical: String, usual: &str| Term::Literal {
        lexical,
        datatype: datatype.clone().unwrap_or_else(|| usual.to_owned()),
        language: None,
    };
    Ok(match value {
        Value::String(text) => match (language, direction) {
            (language, Some(direction)) => typed(
                text.to_string(),
                &format!(
                    "{I18N}{}_{direction}",
                    language.unwrap_or_default().to_ascii_lowercase()
                ),
            ),
            (Some(language), None) => language_string(text.to_string(), language),
            (None, None) => typed(text.to_string(), XSD_STRING),
        },
        Value::Boolean(flag) => typed(flag.to_string(), &format!("{XSD}boolean")),
        Value::Number(number) => {
            let wants_double = datatype.as_deref() == Some("http://www.w3.org/2001/XMLSchema#double");
            let (lexical, usual) = number_text(number.as_str(), wants_double)?;
            typed(lexical, &format!("{XSD}{usual}"))
        }
        _ => return Err(DataLoss::Value.into()),
    })
}

/// A number in the canonical form of its datatype, and which datatype that is.
pub(crate) fn number_text(text: &str, wants_double: bool) -> Result<(String, &'static str), JsonLdError> {
    let number: f64 = text.parse().map_err(|_| JsonLdError::Malformed)?;
    if !number.is_finite() {
        return Err(DataLoss::Value.into());
    }
    if number.fract() == 0.0 && !wants_double {
        if number.abs() > MAX_EXACT_INTEGER {
            return Err(DataLoss::Value.into());
        }
        // Adding zero takes the sign from a negative zero.
        return Ok((format!("{:.0}", number + 0.0), "integer"));
    }
    let text = format!("{number:.15e}");
    let (mantissa, exponent) = text.split_once('e').ok_or(JsonLdError::Malformed)?;
    let (whole, fraction) = mantissa.split_once('.').ok_or(JsonLdError::Malformed)?;
    let fraction = match fraction.trim_end_matches('0') {
        "" => "0",
        kept => kept,
    };
    Ok((format!("{whole}.{fraction}E{exponent}"), "double"))
}

fn json_literal(value: &Value) -> Result<Term, JsonLdError> {
    let text = syntax::Print::compact_print(value).to_string();
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|_| JsonLdError::Malformed)?;
    let lexical = symbolon_crypto::encoding::jcs::canonicalize(&value).map_err(|_| DataLoss::Value)?;
    Ok(Term::Literal {
        lexical,
        datatype: format!("{RDF}JSON"),
        language: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_canonical_form_of_json_ld_section_8_6() {
        for (text, lexical, datatype) in [
            ("1", "1", "integer"),
            ("-0", "0", "integer"),
            ("1.0", "1", "integer"),
            ("1e2", "100", "integer"),
            ("5.3", "5.3E0", "double"),
            ("0.00001", "1.0E-5", "double"),
            ("-123.456", "-1.23456E2", "double"),
        ] {
            assert_eq!(
                number_text(text, false),
                Ok((lexical.to_owned(), datatype)),
                "{text}"
            );
        }
        assert_eq!(number_text("2", true), Ok(("2.0E0".to_owned(), "double")));
        assert!(number_text("9007199254740993e1", false).is_err());
        assert!(number_text("1e999", false).is_err());
    }
}
