//! `@context` ([VCDM 2.0 §4.3](https://www.w3.org/TR/vc-data-model-2.0/#contexts)).

use serde_json::{Map, Value};

use super::credential::DataModelVersion;
use super::members::is_url;
use super::not_conforming::NotConforming;

/// The base context of VCDM 2.0.
pub const BASE_CONTEXT_V2: &str = "https://www.w3.org/ns/credentials/v2";
/// The base context of VCDM 1.1.
pub const BASE_CONTEXT_V1: &str = "https://www.w3.org/2018/credentials/v1";
/// The context that defines what no other one defines.
pub const UNDEFINED_TERMS_CONTEXT: &str = "https://www.w3.org/ns/credentials/undefined-terms/v2";

/// The terms that the base context of VCDM 2.0 protects on its top level.
const PROTECTED_TERMS: [&str; 19] = [
    "id",
    "type",
    "description",
    "digestMultibase",
    "digestSRI",
    "mediaType",
    "name",
    "VerifiableCredential",
    "EnvelopedVerifiableCredential",
    "VerifiablePresentation",
    "EnvelopedVerifiablePresentation",
    "JsonSchemaCredential",
    "JsonSchema",
    "BitstringStatusListCredential",
    "BitstringStatusList",
    "BitstringStatusListEntry",
    "DataIntegrityProof",
    "iss",
    "sub",
];

/// Checks `@context` and says which version it makes the document.
pub(super) fn check(document: &Map<String, Value>) -> Result<DataModelVersion, NotConforming> {
    // A single string is the set of one item: the test suite and enveloped documents of the specification write it so.
    let items = match document.get("@context") {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one @ Value::String(_)) => core::slice::from_ref(one),
        _ => return Err(NotConforming::BaseContext),
    };
    let (first, others) = items.split_first().ok_or(NotConforming::BaseContext)?;
    let version = match first.as_str() {
        Some(BASE_CONTEXT_V2) => DataModelVersion::V2_0,
        Some(BASE_CONTEXT_V1) => DataModelVersion::V1_1,
        _ => return Err(NotConforming::BaseContext),
    };
    for (position, item) in others.iter().enumerate() {
        match item {
            Value::String(url) if is_url(url) => {
                if url == UNDEFINED_TERMS_CONTEXT && position + 1 != others.len() {
                    return Err(NotConforming::UndefinedTermsNotLast);
                }
            }
            Value::Object(inline) => check_inline(inline)?,
            _ => return Err(NotConforming::ContextItem),
        }
        let earlier = others.iter().take(position);
        if item == first || earlier.into_iter().any(|earlier| earlier == item) {
            return Err(NotConforming::ContextRepeated);
        }
    }
    Ok(version)
}

/// A context within the document must not take a protected term away from the base context, and must map its terms to
/// something that can be an IRI. Whatever JSON-LD says beyond that, a JSON-LD processor checks.
fn check_inline(inline: &Map<String, Value>) -> Result<(), NotConforming> {
    for (term, definition) in inline {
        if PROTECTED_TERMS.contains(&term.as_str()) {
            return Err(NotConforming::TermRedefined);
        }
        let mapped = definition
            .as_str()
            .or_else(|| definition.get("@id").and_then(Value::as_str));
        if mapped.is_some_and(|mapped| mapped.contains(|c: char| c.is_whitespace() || c.is_control())) {
            return Err(NotConforming::ContextItem);
        }
    }
    Ok(())
}
