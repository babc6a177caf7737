//! Names for blank nodes ([vc-di-ecdsa §3.3.5](https://www.w3.org/TR/vc-di-ecdsa/#skolemizecompactjsonld)), in the shape
//! of the document: JSON pointers that were chosen on the original hit the same values afterwards.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use ssi_json_ld::json_ld::syntax;
use symbolon_credential::data_integrity::{DataLoss, JsonLdError};

/// Names every node object without an identifier `{prefix}{n}`.
///
/// Which objects are nodes, only the contexts know (a JSON literal and a language map are none). So every object that may
/// be a node is named, and the names that do not come out of the expansion as identifiers are taken back.
pub(crate) fn skolemize(
    document: &Value,
    prefix: &str,
    identifiers_of: impl Fn(&Value) -> Result<BTreeSet<String>, JsonLdError>,
) -> Result<Value, JsonLdError> {
    let mut named = document.clone();
    name(&mut named, prefix, &mut 0)?;
    let identifiers = identifiers_of(&named)?;
    take_back(&mut named, prefix, &identifiers);
    Ok(named)
}

/// The identifiers in an expanded document.
pub(crate) fn identifiers(expanded: &[syntax::Value]) -> BTreeSet<String> {
    let mut identifiers = BTreeSet::new();
    for object in expanded {
        collect_identifiers(object, &mut identifiers);
    }
    identifiers
}

fn is_no_node(object: &Map<String, Value>) -> bool {
    ["@value", "@list", "@set"]
        .iter()
        .any(|keyword| object.contains_key(*keyword))
}

fn name(value: &mut Value, prefix: &str, next: &mut usize) -> Result<(), JsonLdError> {
    match value {
        Value::Array(items) => items.iter_mut().try_for_each(|item| name(item, prefix, next)),
        Value::Object(object) => {
            match object.get("id").or_else(|| object.get("@id")) {
                // A label of one document means nothing in the next.
                Some(Value::String(id)) if id.starts_with("_:") => return Err(DataLoss::Identifier.into()),
                Some(_) => {}
                None if is_no_node(object) => {}
                None => {
                    object.insert("id".to_owned(), Value::String(format!("{prefix}{next}")));
                    *next += 1;
                }
            }
            object
                .iter_mut()
                .filter(|(member, _)| *member != "@context")
                .try_for_each(|(_, member)| name(member, prefix, next))
        }
        _ => Ok(()),
    }
}

fn collect_identifiers(value: &syntax::Value, found: &mut BTreeSet<String>) {
    match value {
        syntax::Value::Array(items) => {
            for item in items {
                collect_identifiers(item, found);
            }
        }
        syntax::Value::Object(object) if object.get("@value").next().is_none() => {
            for entry in object.entries() {
                match (entry.key.as_str(), entry.value.as_str()) {
                    ("@id", Some(id)) => {
                        found.insert(id.to_owned());
                    }
                    _ => collect_identifiers(&entry.value, found),
                }
            }
        }
        _ => {}
    }
}

fn take_back(value: &mut Value, prefix: &str, identifiers: &BTreeSet<String>) {
    match value {
        Value::Array(items) => {
            for item in items {
                take_back(item, prefix, identifiers);
            }
        }
        Value::Object(object) => {
            let is_no_identifier = object
                .get("id")
                .and_then(Value::as_str)
                .is_some_and(|id| id.starts_with(prefix) && !identifiers.contains(id));
            if is_no_identifier {
                object.shift_remove("id");
            }
            for (member, value) in object.iter_mut() {
                if member != "@context" {
                    take_back(value, prefix, identifiers);
                }
            }
        }
        _ => {}
    }
}
