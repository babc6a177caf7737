//! Nothing of a document may be missing in what is signed.
//!
//! The rules are checked from both sides. Before expansion: known contexts only, no keyword that RDF drops, no `null`. After
//! it: the expanded document has as many scalars as the document, wherever a context or the processor made one vanish.

use serde_json::{Map, Value};
use ssi_json_ld::json_ld::{Iri, syntax};
use symbolon_credential::data_integrity::{ContextTable, DataLoss, JsonLdBudget, JsonLdError};

use crate::contexts::Contexts;

/// The keywords there are that RDF carries, of which some are refused for another reason. Whatever others mean (an index, an
/// inverted property, a nest), either RDF drops it or no credential needs it.
const KEYWORDS: &[&str] = &[
    "@id",
    "@type",
    "@value",
    "@language",
    "@direction",
    "@list",
    "@set",
];

/// Checks a document as it was received. Gives the number of scalars that its statements must carry.
pub(crate) fn check(
    document: &Value,
    table: &ContextTable,
    contexts: &Contexts,
    budget: JsonLdBudget,
) -> Result<usize, JsonLdError> {
    let mut walk = Walk {
        table,
        contexts,
        items: budget.items,
        scalars: 0,
    };
    walk.value(document, budget.depth)?;
    Ok(walk.scalars)
}

struct Walk<'w> {
    table: &'w ContextTable,
    contexts: &'w Contexts,
    items: usize,
    scalars: usize,
}

impl Walk<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), JsonLdError> {
        self.items = self.items.checked_sub(1).ok_or(JsonLdError::OverBudget)?;
        match value {
            Value::Null => Err(DataLoss::Value.into()),
            Value::String(text)
                if text.contains(':') && has_broken_escape(text) && Iri::new(text).is_ok() =>
            {
                Err(DataLoss::Identifier.into())
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                self.scalars += 1;
                Ok(())
            }
            Value::Array(items) if items.is_empty() => Err(DataLoss::Value.into()),
            Value::Array(items) => {
                let depth = depth.checked_sub(1).ok_or(JsonLdError::OverBudget)?;
                items.iter().try_for_each(|item| self.value(item, depth))
            }
            Value::Object(members) => {
                let depth = depth.checked_sub(1).ok_or(JsonLdError::OverBudget)?;
                self.object(members, depth)
            }
        }
    }

    fn object(&mut self, members: &Map<String, Value>, depth: usize) -> Result<(), JsonLdError> {
        let is_value = members.contains_key("@value");
        for (name, value) in members {
            if has_broken_escape(name) {
                return Err(DataLoss::Term.into());
            }
            match name.as_str() {
                "@context" => self.contexts.check(value, self.table)?,
                name if name.starts_with('@') && !KEYWORDS.contains(&name) => {
                    return Err(DataLoss::Term.into());
                }
                "@language" | "@direction" | "@type" if is_value && value.is_string() => {}
                // Readers look for members by their terms. The same statement under another name keeps its signature, and
                // whoever reads the document does not find it: not the end of its validity, its status or its holder.
                "@id" | "@type" | "@set" => return Err(DataLoss::Name.into()),
                // Without a value beside them, expansion drops the object.
                "@language" | "@direction" => return Err(DataLoss::Value.into()),
                name if name.contains(':') => return Err(DataLoss::Name.into()),
                "id" | "type" if holds_broken_escape(value) => {
                    return Err(DataLoss::Identifier.into());
                }
                _ => self.value(value, depth)?,
            }
        }
        Ok(())
    }
}

/// Whether percent signs stand for bytes that are no text. Processors compare identifiers by what their escapes stand for, and
/// the one below panics where they stand for nothing.
fn has_broken_escape(text: &str) -> bool {
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
        {
            Some(byte) => {
                decoded.push(byte);
                decoded.extend(part.bytes().skip(2));
            }
            // No escape at all, which the syntax of identifiers refuses.
            None => decoded.extend(part.bytes()),
        }
    }
    core::str::from_utf8(&decoded).is_err()
}

fn holds_broken_escape(value: &Value) -> bool {
    match value {
        Value::String(text) => has_broken_escape(text),
        Value::Array(items) => items
            .iter()
            .any(|item| item.as_str().is_some_and(has_broken_escape)),
        _ => false,
    }
}

/// Compares the number of scalars in the document with those in its expanded form.
pub(crate) fn compare(scalars: usize, expanded: &[syntax::Value]) -> Result<(), JsonLdError> {
    let carried: usize = expanded.iter().map(scalars_of_object).sum();
    if carried == scalars {
        Ok(())
    } else {
        Err(DataLoss::Value.into())
    }
}

fn scalars_of_object(value: &syntax::Value) -> usize {
    match value {
        syntax::Value::Array(items) => items.iter().map(scalars_of_object).sum(),
        syntax::Value::Object(object) => {
            if let Some(value) = object.get("@value").next() {
                return scalars_within(value);
            }
            object
                .entries()
                .iter()
                .map(|entry| match entry.key.as_str() {
                    "@id" | "@type" => scalars_within(&entry.value),
                    _ => scalars_of_object(&entry.value),
                })
                .sum()
        }
        _ => 1,
    }
}

/// The number of scalars in a JSON literal.
pub(crate) fn scalars_within_json(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(scalars_within_json).sum(),
        Value::Object(members) => members.values().map(scalars_within_json).sum(),
        _ => 1,
    }
}

fn scalars_within(value: &syntax::Value) -> usize {
    match value {
        syntax::Value::Array(items) => items.iter().map(scalars_within).sum(),
        syntax::Value::Object(object) => object
            .entries()
            .iter()
            .map(|entry| scalars_within(&entry.value))
            .sum(),
        _ => 1,
    }
}
