//! The shape of a credential configuration file. `schemas/credentials/national-identity.toml` describes the keys.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::card::{CardAttribute, CardLanguage, CardTransform};
use super::transform::{Disclosure, LanguageChoice, Presence, Transform};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CredentialFile {
    pub(super) id: String,
    pub(super) format: Format,
    pub(super) type_path: String,
    #[serde(default = "default_validity_days")]
    pub(super) validity_days: u32,
    #[serde(default)]
    pub(super) display: Vec<DisplayEntry>,
    pub(super) claims: Vec<ClaimEntry>,
    #[serde(default)]
    pub(super) card: Vec<CardEntry>,
    #[serde(default)]
    pub(super) codes: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
    #[serde(default)]
    pub(super) numbers: BTreeMap<String, BTreeMap<String, u8>>,
}

/// The credential formats that a configuration can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Format {
    #[serde(rename = "dc+sd-jwt")]
    SdJwtVc,
}

/// How a wallet shows the credential in one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DisplayEntry {
    /// The language, a BCP 47 tag.
    pub locale: String,
    /// The credential's name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// A CSS colour, `#rrggbb`.
    #[serde(default)]
    pub background_color: Option<String>,
    /// A CSS colour, `#rrggbb`.
    #[serde(default)]
    pub text_color: Option<String>,
}

/// One claim of the credential.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ClaimEntry {
    /// Its path in the credential; every part is an object key.
    pub path: Vec<String>,
    /// Fields of the ID record.
    pub source: Vec<String>,
    /// Which language, for fields that carry languages.
    #[serde(default)]
    pub language: Option<LanguageChoice>,
    /// What becomes of the value.
    pub transform: Transform,
    /// Who decides whether a verifier sees it.
    pub disclosure: Disclosure,
    /// Whether a record without it gets the credential.
    pub presence: Presence,
    /// What a wallet calls it, by language tag.
    pub label: BTreeMap<String, String>,
}

/// One attribute of the printed card.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CardEntry {
    /// Which attribute of Claim 169.
    pub attribute: CardAttribute,
    /// Fields of the ID record; none for a constant.
    #[serde(default)]
    pub source: Vec<String>,
    /// Which language, for fields that carry languages.
    #[serde(default)]
    pub language: Option<CardLanguage>,
    /// What becomes of the value.
    pub transform: CardTransform,
    /// Whether a record without it gets a card.
    pub presence: Presence,
}

/// A year: long enough not to burden residents, short enough that lost phones age out.
const fn default_validity_days() -> u32 {
    365
}
