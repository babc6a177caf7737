//! Mending: the shapes that real deployments produce, turned into the one that is kept.

use serde_json::{Map, Value, json};
use symbolon_crypto::encoding::base64;

use super::date::CalendarDate;
use super::problem::RowError;
use super::schema::{FieldKind, RecordSchema};
use super::{IdRecord, PictureType};

/// What some exporters write for nothing.
const WRITTEN_NULL: &str = "null";

pub(super) fn mend(schema: &RecordSchema, value: Value) -> Result<Map<String, Value>, RowError> {
    let Value::Object(object) = value else {
        return Err(RowError::NotAnObject);
    };
    let object = unwrap_envelope(object)?;
    let mut mended = Map::with_capacity(object.len());
    for (name, value) in object {
        match schema.kind(&name) {
            None => {
                mended.insert(name, value);
            }
            Some(kind) => {
                if let Some(value) = mend_field(&name, kind, value) {
                    mended.insert(name, value);
                }
            }
        }
    }
    Ok(mended)
}

/// `{"identity": {…}, …}` becomes the inner fields, followed by those beside it: nothing is lost, and two voices on one
/// field are an error rather than a choice.
fn unwrap_envelope(mut object: Map<String, Value>) -> Result<Map<String, Value>, RowError> {
    if !matches!(object.get("identity"), Some(Value::Object(_))) {
        return Ok(object);
    }
    let Some(Value::Object(mut inner)) = object.shift_remove("identity") else {
        return Ok(object);
    };
    for (name, value) in object {
        match inner.get(&name) {
            Some(same) if *same == value => {}
            Some(_) => return Err(RowError::ContradictingEnvelope),
            None => {
                inner.insert(name, value);
            }
        }
    }
    Ok(inner)
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some(WRITTEN_NULL)
}

/// `None` leaves the field out.
fn mend_field(name: &str, kind: FieldKind, value: Value) -> Option<Value> {
    if is_nothing(&value) {
        return None;
    }
    match kind {
        FieldKind::LanguageText => mend_language_text(value),
        FieldKind::Date => Some(mend_string(value, |text| {
            CalendarDate::parse(text).ok().map(CalendarDate::slashed)
        })),
        FieldKind::Picture => Some(mend_string(value, mend_picture)),
        FieldKind::Text if name == IdRecord::UIN_FIELD => Some(match value.as_u64() {
            Some(number) => json!(number.to_string()),
            None => value,
        }),
        FieldKind::Object => Some(mend_object(value)),
        FieldKind::Text | FieldKind::Number | FieldKind::Other => Some(value),
    }
}

/// Only the spelling `"null"` is taken away: a document reference may say `null` itself.
fn mend_object(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, member)| member.as_str() != Some(WRITTEN_NULL))
                .collect(),
        ),
        other => other,
    }
}

fn mend_language_text(value: Value) -> Option<Value> {
    let entries = match value {
        Value::Array(entries) => entries,
        Value::Object(_) => vec![value],
        other => return Some(other),
    };
    let mut mended = Vec::with_capacity(entries.len());
    for entry in entries {
        let Value::Object(mut members) = entry else {
            mended.push(entry);
            continue;
        };
        if !members.contains_key("language")
            && let Some(language) = members.shift_remove("lang")
        {
            members.shift_insert(0, "language".to_owned(), language);
        }
        if !members.get("value").is_some_and(is_nothing) {
            mended.push(Value::Object(members));
        }
    }
    (!mended.is_empty()).then_some(Value::Array(mended))
}

fn mend_string(value: Value, mend: impl Fn(&str) -> Option<String>) -> Value {
    match value.as_str().and_then(mend) {
        Some(mended) => Value::String(mended),
        None => value,
    }
}

fn mend_picture(text: &str) -> Option<String> {
    let (kind, bytes) = picture_bytes(text)?;
    Some(format!(
        "data:{};base64,{}",
        kind.media_type(),
        base64::encode(&bytes)
    ))
}

/// The picture in a data URI or in bare base64; the type is what the bytes say, not what the URI says.
pub(super) fn picture_bytes(text: &str) -> Option<(PictureType, Vec<u8>)> {
    let encoded = match text.strip_prefix("data:") {
        Some(rest) => rest.split_once(";base64,")?.1,
        None => text,
    };
    let bytes = base64::decode(encoded).ok()?;
    Some((PictureType::of_bytes(&bytes)?, bytes))
}
