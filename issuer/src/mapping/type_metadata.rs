//! SD-JWT VC type metadata, generated from the mapping, so that the two cannot disagree.

use serde_json::{Map, Value, json};

use super::file::{ClaimEntry, CredentialFile, DisplayEntry};
use super::transform::{Disclosure, Presence};

pub(super) fn build(file: &CredentialFile, vct: &str) -> Value {
    let mut metadata = Map::new();
    metadata.insert("vct".to_owned(), vct.into());
    if let Some(first) = file.display.first() {
        metadata.insert("name".to_owned(), first.name.as_str().into());
        if let Some(description) = &first.description {
            metadata.insert("description".to_owned(), description.as_str().into());
        }
    }
    metadata.insert("display".to_owned(), file.display.iter().map(display).collect());
    metadata.insert("claims".to_owned(), file.claims.iter().map(claim).collect());
    Value::Object(metadata)
}

fn display(entry: &DisplayEntry) -> Value {
    let mut shown = Map::new();
    shown.insert("locale".to_owned(), entry.locale.as_str().into());
    shown.insert("name".to_owned(), entry.name.as_str().into());
    if let Some(description) = &entry.description {
        shown.insert("description".to_owned(), description.as_str().into());
    }
    let mut simple = Map::new();
    for (key, colour) in [
        ("background_color", &entry.background_color),
        ("text_color", &entry.text_color),
    ] {
        if let Some(colour) = colour {
            simple.insert(key.to_owned(), colour.as_str().into());
        }
    }
    if !simple.is_empty() {
        shown.insert("rendering".to_owned(), json!({ "simple": simple }));
    }
    Value::Object(shown)
}

fn claim(entry: &ClaimEntry) -> Value {
    let labels: Vec<Value> = entry
        .label
        .iter()
        .map(|(locale, label)| json!({ "locale": locale, "label": label }))
        .collect();
    json!({
        "path": entry.path,
        "mandatory": entry.presence == Presence::Required,
        // A selectable claim is never shipped undisclosed, and an always-disclosed one never becomes selectable.
        "sd": match entry.disclosure {
            Disclosure::Selectable => "always",
            Disclosure::Always => "never",
        },
        "display": labels,
    })
}
