//! Schemas in the shape of MOSIP deployments, turned into JSON Schema.

use serde_json::{Value, json};

/// A schema in the shape of MOSIP deployments describes `{"identity": {…}}` and writes its patterns as validators.
pub(super) fn unwrap_identity(mut schema: Value) -> Value {
    let identity = schema
        .pointer_mut("/properties/identity")
        .filter(|identity| identity.get("properties").is_some());
    let Some(mut identity) = identity.map(Value::take) else {
        return schema;
    };
    if let Some(fields) = identity.get_mut("properties").and_then(Value::as_object_mut) {
        for field in fields.values_mut() {
            *field = fold_validators(field.take());
        }
    }
    if let (Some(object), Some(definitions)) = (identity.as_object_mut(), schema.get("definitions")) {
        object.insert("definitions".to_owned(), definitions.clone());
        object.insert(
            "$schema".to_owned(),
            json!("http://json-schema.org/draft-07/schema#"),
        );
        // What a country adds without telling the schema is kept, as everywhere in this suite.
        object.insert("additionalProperties".to_owned(), json!(true));
    }
    identity
}

/// A regex validator speaks of the field's text: of the string, or of each `value` of a text by language.
fn fold_validators(field: Value) -> Value {
    let patterns: Vec<&str> = field
        .get("validators")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|validator| validator.get("type").and_then(Value::as_str) == Some("regex"))
        .filter_map(|validator| validator.get("validator")?.as_str())
        .collect();
    let mut rules = vec![match field.get("$ref") {
        Some(reference) => json!({ "$ref": reference }),
        None => without_annotations(&field),
    }];
    for pattern in patterns {
        rules.push(json!({
            "pattern": pattern,
            "items": { "properties": { "value": { "pattern": pattern } } },
        }));
    }
    match (rules.pop(), rules.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            rules.extend(last);
            json!({ "allOf": rules })
        }
    }
}

/// `format` is an annotation of that family's own ("none", "kyc"), not a JSON Schema format.
fn without_annotations(field: &Value) -> Value {
    let kept = field.as_object().into_iter().flatten();
    let kept = kept.filter(|(keyword, _)| {
        !matches!(
            keyword.as_str(),
            "validators" | "format" | "fieldCategory" | "fieldType" | "bioAttributes" | "subType"
        )
    });
    Value::Object(
        kept.map(|(keyword, value)| (keyword.clone(), value.clone()))
            .collect(),
    )
}
