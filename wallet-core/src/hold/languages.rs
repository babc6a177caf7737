//! Claims that are written in several languages.
//!
//! Three shapes of one thing: `[{"language": "eng", "value": …}, …]` in SD-JWT VCs, the same as maps in mdocs, and the language
//! objects of JSON-LD (`{"@value": …, "@language": …}`), alone or in an array, in W3C credentials.

use serde_json::{Map, Value};

/// A value in one language.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalizedValue {
    /// The language tag, as the issuer wrote it; absent for a text without one.
    pub language: Option<String>,
    /// The value.
    pub value: Value,
}

/// The languages of a value; empty when it is not written in languages.
#[must_use]
pub fn languages_of(value: &Value) -> Vec<LocalizedValue> {
    match value {
        Value::Object(members) => language_text(members).into_iter().collect(),
        Value::Array(entries) => {
            let localized: Option<Vec<_>> = entries.iter().map(entry).collect();
            localized
                .filter(|entries| entries.iter().any(|entry| entry.language.is_some()))
                .unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Whether this is one text with its language, which is shown as one.
pub(crate) fn is_language_text(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|members| language_text(members).is_some())
}

/// A text without a language may stand beside texts with one.
fn entry(entry: &Value) -> Option<LocalizedValue> {
    match entry {
        Value::String(_) => Some(LocalizedValue {
            language: None,
            value: entry.clone(),
        }),
        Value::Object(members) => language_text(members).or_else(|| language_and_value(members)),
        _ => None,
    }
}

fn language_and_value(members: &Map<String, Value>) -> Option<LocalizedValue> {
    match (members.get("language"), members.get("value"), members.len()) {
        (Some(Value::String(language)), Some(value), 2) => Some(LocalizedValue {
            language: Some(language.clone()),
            value: value.clone(),
        }),
        _ => None,
    }
}

/// [VCDM 2.0 §11.1](https://www.w3.org/TR/vc-data-model-2.0/#language-and-base-direction).
fn language_text(members: &Map<String, Value>) -> Option<LocalizedValue> {
    let known = |name: &String| matches!(name.as_str(), "@value" | "@language" | "@direction");
    let value = members.get("@value").filter(|_| members.keys().all(known))?;
    Some(LocalizedValue {
        language: members
            .get("@language")
            .and_then(Value::as_str)
            .map(str::to_owned),
        value: value.clone(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn three_shapes_say_the_same() {
        let expected = [("eng", "Amina"), ("ara", "أمينة")].map(|(language, value)| LocalizedValue {
            language: Some(language.to_owned()),
            value: json!(value),
        });
        for value in [
            json!([{ "language": "eng", "value": "Amina" }, { "value": "أمينة", "language": "ara" }]),
            json!([
                { "@value": "Amina", "@language": "eng" },
                { "@value": "أمينة", "@language": "ara", "@direction": "rtl" },
            ]),
        ] {
            assert_eq!(languages_of(&value), expected);
        }
        let one = json!({ "@value": "Amina", "@language": "en" });
        assert_eq!(languages_of(&one).len(), 1);
        assert!(is_language_text(&one));
    }

    #[test]
    fn other_values_have_no_languages() {
        for value in [
            json!("Amina"),
            json!(["GN", "SN"]),
            json!([]),
            json!({ "language": "eng", "value": "Amina" }),
            json!([{ "language": "eng", "value": "Amina", "since": 1990 }]),
            json!([{ "language": "eng", "value": "Amina" }, 7]),
            json!({ "@value": "Amina", "@type": "text" }),
        ] {
            assert_eq!(languages_of(&value), [], "{value}");
        }
    }
}
