//! The members of a type of transaction data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use symbolon_credential::mdoc::FullDate;
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::base64url;
use url::Url;

use super::TransactionDefect;
use super::transaction_type::{InvalidTransactionType, invalid};
use crate::foreign_text::steers;

const MAX_FIELDS: usize = 64;
const MAX_DEPTH: usize = 4;
const MAX_LIST: usize = 64;
const MAX_LANGUAGES: usize = 64;
const MAX_LABEL_CHARACTERS: usize = 200;
const MAX_NAME_BYTES: usize = 64;
/// The longest text of a member that says nothing of its length, in characters.
const USUAL_MAX_CHARACTERS: u32 = 1_000;

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldDefinition {
    /// Its name in the JSON object.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// How often it is there.
    #[serde(default)]
    pub occurs: Occurrence,
    /// What wallets call it, by language tag; its name in no language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub label: BTreeMap<String, String>,
    /// The texts that it may be; any without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The longest text, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_characters: Option<u32>,
    /// The members of a group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldDefinition>,
}

/// What a member holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// A text without control characters.
    Text,
    /// A whole number.
    Integer,
    /// A number with a fraction, as a text: `"12.50"`. JSON numbers have no agreed precision.
    Decimal,
    /// True or false.
    Boolean,
    /// A day, `2026-11-28`.
    Date,
    /// A point in time of RFC 3339.
    DateTime,
    /// An https URL.
    Url,
    /// Bytes in base64 or base64url, such as the hash of a document.
    Bytes,
    /// An object with members of its own.
    Group,
}

/// How often a member is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occurrence {
    /// Once.
    #[default]
    Once,
    /// Once or not at all.
    Optional,
    /// As a list with one element at least.
    List,
    /// As such a list or not at all.
    OptionalList,
}

/// One value of a transaction, for a person to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionDetail<'t> {
    /// The member that it is the value of, below the groups that it is in.
    pub fields: Vec<&'t FieldDefinition>,
    /// The value.
    pub value: String,
}

/// Checks definitions, `depth` levels down.
pub(super) fn check_fields(
    key: &str,
    fields: &[FieldDefinition],
    depth: usize,
) -> Result<(), InvalidTransactionType> {
    if fields.is_empty() || fields.len() > MAX_FIELDS {
        return invalid(key, "must have 1 to 64 entries");
    }
    if depth > MAX_DEPTH {
        return invalid(key, "is nested more than four levels deep");
    }
    for (place, field) in fields.iter().enumerate() {
        let key = format!("{key}[{place}]");
        let named = (1..=MAX_NAME_BYTES).contains(&field.name.len())
            && field.name.bytes().all(|byte| byte.is_ascii_graphic());
        if !named || fields.iter().take(place).any(|other| other.name == field.name) {
            return invalid(format!("{key}.name"), "is no printable name, or there twice");
        }
        check_labels(&format!("{key}.label"), &field.label)?;
        if !field.values.is_empty() && field.kind != FieldKind::Text {
            return invalid(format!("{key}.values"), "belongs to a text");
        }
        match (field.kind, field.fields.is_empty()) {
            (FieldKind::Group, _) => check_fields(&format!("{key}.fields"), &field.fields, depth + 1)?,
            (_, false) => return invalid(format!("{key}.fields"), "belongs to a group"),
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn check_labels(
    key: &str,
    labels: &BTreeMap<String, String>,
) -> Result<(), InvalidTransactionType> {
    let is_read = |text: &String| {
        !text.trim().is_empty()
            && text.chars().count() <= MAX_LABEL_CHARACTERS
            && !text.chars().any(char::is_control)
    };
    if labels.len() > MAX_LANGUAGES || !labels.values().all(is_read) {
        return invalid(
            key,
            "must be texts of 1 to 200 characters in at most 64 languages",
        );
    }
    Ok(())
}

/// Checks an object: every member that is defined, and no other.
pub(super) fn check_members(
    fields: &[FieldDefinition],
    members: &Map<String, Value>,
) -> Result<(), TransactionDefect> {
    if members
        .keys()
        .any(|name| fields.iter().all(|field| field.name != *name))
    {
        return Err(TransactionDefect::UnknownMember);
    }
    fields
        .iter()
        .try_for_each(|field| field.check(members.get(&field.name)))
}

/// Adds the values of an object to `details`.
pub(super) fn details_of<'t>(
    fields: &'t [FieldDefinition],
    members: &'t Map<String, Value>,
    above: &[&'t FieldDefinition],
    details: &mut Vec<TransactionDetail<'t>>,
) {
    for field in fields {
        let mut path = above.to_vec();
        path.push(field);
        for value in field.values_in(members) {
            match value {
                Value::Object(members) if field.kind == FieldKind::Group => {
                    details_of(&field.fields, members, &path, details);
                }
                value => details.push(TransactionDetail {
                    fields: path.clone(),
                    value: match value {
                        Value::String(text) => text.clone(),
                        value => value.to_string(),
                    },
                }),
            }
        }
    }
}

impl FieldDefinition {
    fn values_in<'t>(&self, members: &'t Map<String, Value>) -> Vec<&'t Value> {
        match (members.get(&self.name), self.occurs) {
            (Some(Value::Array(list)), Occurrence::List | Occurrence::OptionalList) => list.iter().collect(),
            (value, _) => value.into_iter().collect(),
        }
    }

    fn check(&self, value: Option<&Value>) -> Result<(), TransactionDefect> {
        match (value, self.occurs) {
            (None, Occurrence::Optional | Occurrence::OptionalList) => Ok(()),
            (None, Occurrence::Once | Occurrence::List) => Err(TransactionDefect::MissingMember),
            (Some(value), Occurrence::Once | Occurrence::Optional) => self.check_value(value),
            (Some(value), Occurrence::List | Occurrence::OptionalList) => match value {
                Value::Array(list) if (1..=MAX_LIST).contains(&list.len()) => {
                    list.iter().try_for_each(|value| self.check_value(value))
                }
                _ => Err(TransactionDefect::Value),
            },
        }
    }

    fn check_value(&self, value: &Value) -> Result<(), TransactionDefect> {
        let fits = match (self.kind, value) {
            (FieldKind::Group, Value::Object(members)) => return check_members(&self.fields, members),
            (FieldKind::Boolean, Value::Bool(_)) => true,
            (FieldKind::Integer, Value::Number(number)) => number.is_i64(),
            (kind, Value::String(text)) => self.fits_length(text) && self.fits_text(kind, text),
            _ => false,
        };
        if fits {
            Ok(())
        } else {
            Err(TransactionDefect::Value)
        }
    }

    fn fits_length(&self, text: &str) -> bool {
        let most = self.max_characters.unwrap_or(USUAL_MAX_CHARACTERS);
        !text.is_empty() && text.chars().count() <= usize::try_from(most).unwrap_or(usize::MAX)
    }

    fn fits_text(&self, kind: FieldKind, text: &str) -> bool {
        match kind {
            FieldKind::Text => {
                is_readable(text) && (self.values.is_empty() || self.values.iter().any(|value| value == text))
            }
            FieldKind::Decimal => is_decimal(text),
            FieldKind::Date => FullDate::parse(text).is_ok(),
            FieldKind::DateTime => UnixTime::parse_rfc3339(text).is_ok(),
            // A person reads the text, not what a parser makes of it: one passes over tabs and line feeds, and encodes the rest.
            FieldKind::Url => {
                text.bytes().all(|byte| byte.is_ascii_graphic())
                    && Url::parse(text).is_ok_and(|url| {
                        url.scheme() == "https" && url.username().is_empty() && url.password().is_none()
                    })
            }
            FieldKind::Bytes => {
                let text = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
                base64url::decode(&text).is_ok()
            }
            FieldKind::Integer | FieldKind::Boolean | FieldKind::Group => false,
        }
    }
}

/// Whether nothing in the text rearranges what stands around it, or begins a line that could pass for another member: no control
/// characters, line or paragraph separators, embeddings, overrides or isolates of the bidirectional algorithm.
fn is_readable(text: &str) -> bool {
    !text.chars().any(steers)
}

fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    }
}
