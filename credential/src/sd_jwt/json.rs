//! The JWS JSON serialization ([RFC 9901 §8](https://www.rfc-editor.org/rfc/rfc9901.html#section-8)), for reading.
//!
//! It says the same in other words, so it is turned into the compact serialization before anything is judged: there is one
//! reader, and `sd_hash` is over the compact text in any case. What is lost on the way was never signed: unprotected header
//! parameters other than the two of RFC 9901, and signatures behind the first, to which disclosures and key binding belong.

use std::borrow::Cow;

use serde_json::{Map, Value};
use symbolon_crypto::encoding::json::{self, JsonBudget, JsonError};
use thiserror::Error;

use super::parse::SdJwtBudget;

/// Signatures over one payload that are looked at.
const MAX_SIGNATURES: usize = 16;

/// Unprotected header parameter: the disclosures.
const DISCLOSURES: &str = "disclosures";
/// Unprotected header parameter: the key binding JWT.
const KEY_BINDING: &str = "kb_jwt";

/// Why a JSON text is no SD-JWT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SdJwtJsonError {
    /// Longer, deeper or with more parts than the budget allows.
    #[error("the SD-JWT is over its budget")]
    OverBudget,
    /// No JSON object, or one with a member twice.
    #[error("not a JSON object as it must be")]
    NotAnObject,
    /// Neither `signature` nor `signatures`, or both of them.
    #[error("neither the flattened nor the general serialization of a JWS")]
    NotAJws,
    /// Payload, protected header, signature, a disclosure or the key binding JWT is missing, or no text of its alphabet. A
    /// text with separators in it would become several parts.
    #[error("a part of the JWS is missing or not base64url")]
    MalformedPart,
    /// `disclosures` or `kb_jwt` in an unprotected header that is not the first (§8.3).
    #[error("disclosures or a key binding stand at a signature that is not the first")]
    NotAtFirstSignature,
    /// `crit` where no signature protects it ([RFC 7515 §4.1.11](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11)).
    #[error("a critical extension stands in an unprotected header")]
    UnprotectedCritical,
}

/// The compact serialization of an SD-JWT, whichever of the two serializations `text` is: what does not begin with `{` is
/// handed back as it is.
///
/// # Errors
/// [`SdJwtJsonError`].
pub fn to_compact(text: &str, budget: SdJwtBudget) -> Result<Cow<'_, str>, SdJwtJsonError> {
    if !text.trim_ascii_start().starts_with('{') {
        return Ok(Cow::Borrowed(text));
    }
    let budget_of_json = JsonBudget {
        bytes: budget.bytes,
        depth: budget.depth,
        items: budget.items,
    };
    match json::parse_value(text.as_bytes(), budget_of_json) {
        Ok(Value::Object(jws)) => compact(&jws, budget).map(Cow::Owned),
        Err(JsonError::OverBudget) => Err(SdJwtJsonError::OverBudget),
        _ => Err(SdJwtJsonError::NotAnObject),
    }
}

fn compact(jws: &Map<String, Value>, budget: SdJwtBudget) -> Result<String, SdJwtJsonError> {
    let first = match (jws.get("signatures"), jws.get("signature")) {
        (None, Some(_)) => jws,
        (Some(Value::Array(signatures)), None) => first_of(signatures)?,
        _ => return Err(SdJwtJsonError::NotAJws),
    };
    let header = unprotected(first)?;
    let mut text = [
        part(first.get("protected"))?,
        part(jws.get("payload"))?,
        part(first.get("signature"))?,
    ]
    .join(".");
    text.push('~');
    match header.and_then(|header| header.get(DISCLOSURES)) {
        None => {}
        Some(Value::Array(disclosures)) if disclosures.len() > budget.disclosures => {
            return Err(SdJwtJsonError::OverBudget);
        }
        Some(Value::Array(disclosures)) => {
            for disclosure in disclosures {
                text.push_str(part(Some(disclosure))?);
                text.push('~');
            }
        }
        Some(_) => return Err(SdJwtJsonError::MalformedPart),
    }
    match header.and_then(|header| header.get(KEY_BINDING)) {
        None => {}
        Some(Value::String(jwt)) if !jwt.is_empty() && jwt.split('.').all(is_base64url) => text.push_str(jwt),
        Some(_) => return Err(SdJwtJsonError::MalformedPart),
    }
    Ok(text)
}

/// The first signature, after a look at the others.
fn first_of(signatures: &[Value]) -> Result<&Map<String, Value>, SdJwtJsonError> {
    if signatures.len() > MAX_SIGNATURES {
        return Err(SdJwtJsonError::OverBudget);
    }
    let (first, others) = signatures.split_first().ok_or(SdJwtJsonError::NotAJws)?;
    for other in others {
        let other = other.as_object().ok_or(SdJwtJsonError::NotAJws)?;
        let header = unprotected(other)?;
        if header.is_some_and(|header| header.contains_key(DISCLOSURES) || header.contains_key(KEY_BINDING)) {
            return Err(SdJwtJsonError::NotAtFirstSignature);
        }
    }
    first.as_object().ok_or(SdJwtJsonError::NotAJws)
}

fn unprotected(signature: &Map<String, Value>) -> Result<Option<&Map<String, Value>>, SdJwtJsonError> {
    match signature.get("header") {
        None => Ok(None),
        Some(Value::Object(header)) if header.contains_key("crit") => {
            Err(SdJwtJsonError::UnprotectedCritical)
        }
        Some(Value::Object(header)) => Ok(Some(header)),
        Some(_) => Err(SdJwtJsonError::MalformedPart),
    }
}

fn part(value: Option<&Value>) -> Result<&str, SdJwtJsonError> {
    value
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty() && is_base64url(text))
        .ok_or(SdJwtJsonError::MalformedPart)
}

fn is_base64url(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
