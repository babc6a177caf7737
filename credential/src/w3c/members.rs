//! Members that several objects of the data model have: identifiers, types, one or more objects.

use serde_json::{Map, Value};
use url::Url;

use super::not_conforming::{NotConforming, Property};

/// Longest identifier or type that is read, in bytes; a `did:jwk` of the largest key has some 500.
const MAX_URL_BYTES: usize = 8 << 10;
/// Types one object may have.
const MAX_TYPES: usize = 64;

/// Whether a text is an absolute URL. The URL parser would drop line breaks and escape spaces; here they are no URL.
pub(super) fn is_url(text: &str) -> bool {
    text.len() <= MAX_URL_BYTES
        && !text.contains(|character: char| character.is_whitespace() || character.is_control())
        && Url::parse(text).is_ok()
}

/// The `id`, if there is one (§4.4).
pub(super) fn id(object: &Map<String, Value>, of: Property) -> Result<Option<&str>, NotConforming> {
    match object.get("id") {
        None => Ok(None),
        Some(Value::String(id)) if is_url(id) => Ok(Some(id)),
        Some(_) => Err(NotConforming::Id { of }),
    }
}

/// The `type` (§4.5): one or more terms or absolute URLs.
pub(super) fn types(object: &Map<String, Value>, of: Property) -> Result<Vec<&str>, NotConforming> {
    let wrong = NotConforming::Type { of };
    let values = match object.get("type") {
        Some(Value::Array(values)) if (1..=MAX_TYPES).contains(&values.len()) => values.as_slice(),
        Some(one @ Value::String(_)) => core::slice::from_ref(one),
        _ => return Err(wrong),
    };
    values
        .iter()
        .map(|value| value.as_str().filter(|text| is_term_or_url(text)).ok_or(wrong))
        .collect()
}

/// A term has no colon; what has one is a URL, or a compact IRI, which has the form of one.
fn is_term_or_url(text: &str) -> bool {
    if text.contains(':') {
        return is_url(text);
    }
    !text.is_empty()
        && text.len() <= MAX_URL_BYTES
        && !text.starts_with('@')
        && !text.contains(|character: char| character.is_whitespace() || character.is_control())
}

/// One object or a list of one or more objects; none when the member is not there.
pub(super) fn objects(
    document: &Map<String, Value>,
    of: Property,
) -> Result<Vec<&Map<String, Value>>, NotConforming> {
    let wrong = NotConforming::NotObjects { of };
    match document.get(of.name()) {
        None => Ok(Vec::new()),
        Some(Value::Object(one)) => Ok(vec![one]),
        Some(Value::Array(several)) if !several.is_empty() => several
            .iter()
            .map(|value| value.as_object().ok_or(wrong))
            .collect(),
        Some(_) => Err(wrong),
    }
}

/// Objects that must say their type and may have an identifier.
pub(super) fn typed_objects(document: &Map<String, Value>, of: Property) -> Result<(), NotConforming> {
    for object in objects(document, of)? {
        types(object, of)?;
        id(object, of)?;
    }
    Ok(())
}

/// A URL, or an object with a URL as `id`: issuers and holders.
pub(super) fn url_or_object(value: &Value) -> Option<&str> {
    let url = match value {
        Value::String(url) => url.as_str(),
        Value::Object(object) => object.get("id")?.as_str()?,
        _ => return None,
    };
    is_url(url).then_some(url)
}
