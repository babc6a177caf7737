//! What a schema says of a field, as far as reading depends on it.

use serde_json::{Value, json};

use super::{SchemaError, compile};
use crate::record::PictureType;

/// What a field is, as far as mending and CSV need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::record) enum FieldKind {
    /// A text by language: a list of `{language, value}`.
    LanguageText,
    /// A string that must be a date: its schema takes `1987/11/25` and refuses `1987/13/25`.
    Date,
    /// A string that must be a picture: its schema takes a data URI of a PNG and refuses bare base64.
    Picture,
    /// Any other string.
    Text,
    /// A number.
    Number,
    /// An object, such as a document reference.
    Object,
    /// Anything else.
    Other,
}

pub(super) fn kind_of(schema: &Value, property: &Value) -> Result<FieldKind, SchemaError> {
    // Definitions are reached through the same references as in the whole schema.
    let mut alone = json!({ "allOf": [property] });
    if let (Some(object), Some(definitions)) = (alone.as_object_mut(), schema.get("definitions")) {
        object.insert("definitions".to_owned(), definitions.clone());
    }
    let validator = compile(&alone)?;
    let takes = |value: Value| validator.is_valid(&value);
    if declares_language_text(schema, property, 0) {
        return Ok(FieldKind::LanguageText);
    }
    if takes(json!("1987/11/25")) && !takes(json!("1987/13/25")) {
        return Ok(FieldKind::Date);
    }
    let picture = format!("data:{};base64,iVBORw0KGgo=", PictureType::Png.media_type());
    if takes(json!(picture)) && !takes(json!("iVBORw0KGgo=")) {
        return Ok(FieldKind::Picture);
    }
    Ok(match declared_type(schema, property, 0) {
        Some("string") => FieldKind::Text,
        Some("number" | "integer") => FieldKind::Number,
        Some("object") => FieldKind::Object,
        _ => FieldKind::Other,
    })
}

/// References and alternatives are followed this deep.
const MAX_REFERENCE_DEPTH: usize = 8;

fn declared<'s, T>(
    schema: &'s Value,
    property: &'s Value,
    depth: usize,
    look: &dyn Fn(&'s Value) -> Option<T>,
) -> Option<T> {
    if depth > MAX_REFERENCE_DEPTH {
        return None;
    }
    if let Some(found) = look(property) {
        return Some(found);
    }
    if let Some(reference) = property.get("$ref").and_then(Value::as_str) {
        return declared(
            schema,
            schema.pointer(reference.strip_prefix('#')?)?,
            depth + 1,
            look,
        );
    }
    let parts = property.get("allOf")?.as_array()?;
    parts
        .iter()
        .find_map(|part| declared(schema, part, depth + 1, look))
}

pub(super) fn declared_type<'s>(schema: &'s Value, property: &'s Value, depth: usize) -> Option<&'s str> {
    declared(schema, property, depth, &|part| part.get("type")?.as_str())
}

pub(super) fn declared_members<'s>(
    schema: &'s Value,
    property: &'s Value,
) -> impl Iterator<Item = (&'s String, &'s Value)> {
    declared(schema, property, 0, &|part| part.get("properties")?.as_object())
        .into_iter()
        .flatten()
}

fn declares_language_text(schema: &Value, property: &Value, depth: usize) -> bool {
    declared(schema, property, depth, &|part| {
        let members = part.pointer("/items/properties")?;
        (members.get("language").is_some() && members.get("value").is_some()).then_some(())
    })
    .is_some()
}

pub(super) fn collect_property_names(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            for (keyword, value) in object {
                if let ("properties", Value::Object(properties)) = (keyword.as_str(), value) {
                    names.extend(properties.keys().cloned());
                }
                if let ("required", Value::Array(required)) = (keyword.as_str(), value) {
                    names.extend(required.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                collect_property_names(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_property_names(item, names)),
        _ => {}
    }
}
