//! The mapping as a policy's file says it.

use serde::{Deserialize, Serialize};
use symbolon_credential::claims_path::ClaimsPath;

/// What is made of one credential. Nothing in it is believed before the policy has been compiled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifiedClaimsDocument {
    /// As what kind of evidence the credential counts.
    #[serde(default)]
    pub evidence: EvidenceKind,
    /// The type of the document or record, such as `idcard` or `population_register`; the credential's own type without it.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub evidence_type: Option<String>,
    /// The issuer's country, in three letters (ISO 3166, ICAO).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    /// The number of the document; of documents alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<ClaimsPath>,
    /// The claims. Of several entries for one claim the first that gives a value counts.
    pub claims: Vec<ClaimMappingDocument>,
}

/// As what kind of evidence a credential counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// Data of a recognised source, obtained electronically.
    #[default]
    ElectronicRecord,
    /// A document of the person's own.
    Document,
}

/// One claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimMappingDocument {
    /// Its name in OpenID Connect.
    pub claim: String,
    /// What it is made of.
    pub from: ClaimSource,
}

/// What a claim is made of. Paths are those of the credential, as in DCQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClaimSource {
    /// The value as it is.
    Value(ClaimsPath),
    /// The value as text; numbers are written out.
    Text(ClaimsPath),
    /// The text in one language, of a list of texts that say theirs (`@value`, `@language`).
    Language(LanguageSource),
    /// Everything that the path selects, as a list; what is a list stays one.
    List(ClaimsPath),
    /// A date, as `YYYY-MM-DD`.
    Date(ClaimsPath),
    /// The gender: `female`, `male`, or another word.
    Gender(GenderSource),
    /// Whether the person is so many years old, as `true` or `false`.
    AgeOver(AgeOverSource),
    /// Several texts as one, those that are there.
    Joined(JoinedSource),
    /// An address, as the object of OpenID Connect Core, section 5.1.1.
    Address(AddressSource),
}

/// A text in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageSource {
    /// The list of texts.
    pub path: ClaimsPath,
    /// The language, as the list names it.
    pub language: String,
}

/// A gender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenderSource {
    /// Where it stands.
    pub path: ClaimsPath,
    /// How it is written there.
    pub codes: GenderCodes,
}

/// How a gender is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GenderCodes {
    /// By the numbers of ISO/IEC 5218, as in mdocs: 1 is male, 2 female; 0 and 9 say nothing.
    #[serde(rename = "iso_5218")]
    Iso5218,
    /// By words or their first letters, in English.
    Words,
}

/// An age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgeOverSource {
    /// The completed years.
    pub years: u8,
    /// Claims that say so by `true` or `false`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimsPath>,
    /// The date of birth, which counts where no claim says `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<ClaimsPath>,
}

/// Several texts as one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinedSource {
    /// The texts, in their order.
    pub paths: Vec<ClaimsPath>,
    /// What stands between them.
    #[serde(default = "space")]
    pub separator: String,
}

/// The parts of an address. Where several paths are one part, each is a line of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressSource {
    /// The whole address, for a label.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub formatted: Vec<ClaimsPath>,
    /// Street, house, postbox.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub street_address: Vec<ClaimsPath>,
    /// City or village.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locality: Vec<ClaimsPath>,
    /// State, province, region.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub region: Vec<ClaimsPath>,
    /// Postal code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub postal_code: Vec<ClaimsPath>,
    /// Country.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub country: Vec<ClaimsPath>,
}

impl AddressSource {
    /// The parts by their names in OpenID Connect.
    pub(super) fn parts(&self) -> [(&'static str, &[ClaimsPath]); 6] {
        [
            ("formatted", &self.formatted),
            ("street_address", &self.street_address),
            ("locality", &self.locality),
            ("region", &self.region),
            ("postal_code", &self.postal_code),
            ("country", &self.country),
        ]
    }
}

impl ClaimSource {
    /// Every path that is read.
    pub(super) fn paths(&self) -> Vec<&ClaimsPath> {
        match self {
            Self::Value(path) | Self::Text(path) | Self::List(path) | Self::Date(path) => vec![path],
            Self::Language(source) => vec![&source.path],
            Self::Gender(source) => vec![&source.path],
            Self::AgeOver(source) => source.claims.iter().chain(&source.birth_date).collect(),
            Self::Joined(source) => source.paths.iter().collect(),
            Self::Address(source) => source.parts().into_iter().flat_map(|(_, paths)| paths).collect(),
        }
    }
}

fn space() -> String {
    " ".to_owned()
}
