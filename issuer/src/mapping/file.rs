//! The shape of a credential configuration file. `schemas/credentials/national-identity.toml` describes the keys.

use std::collections::BTreeMap;

use serde::Deserialize;
use symbolon_protocol::openid4vci::metadata::ProofTypeName;

use super::card::{CardAttribute, CardLanguage, CardTransform};
use super::transform::{Disclosure, LanguageChoice, Presence, Transform};
use crate::vcalm::VcalmPolicy;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CredentialFile {
    pub(super) id: String,
    pub(super) format: FormatName,
    #[serde(default)]
    pub(super) type_path: Option<String>,
    #[serde(default)]
    pub(super) decoys: Option<usize>,
    #[serde(default)]
    pub(super) doctype: Option<String>,
    #[serde(default)]
    pub(super) device_elements: Option<Vec<(String, String)>>,
    #[serde(default)]
    pub(super) types: Option<Vec<String>>,
    #[serde(default)]
    pub(super) context: Option<String>,
    #[serde(default)]
    pub(super) cryptosuite: Option<IssuedCryptosuite>,
    #[serde(default)]
    pub(super) signing_algorithm: Option<JwtAlgorithm>,
    #[serde(default)]
    pub(super) vcalm: VcalmPolicy,
    #[serde(default)]
    pub(super) issuance: IssuancePolicy,
    #[serde(default = "default_proof_types")]
    pub(super) proof_types: Vec<ProofTypeChoice>,
    #[serde(default)]
    pub(super) key_attestation: Option<KeyAttestationEntry>,
    #[serde(default)]
    pub(super) one_time_copies: Option<OneTimeCopiesEntry>,
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

/// When a credential is issued.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssuancePolicy {
    /// At once.
    #[default]
    Immediate,
    /// When an operator has approved; until then the wallet asks again ([OpenID4VCI §9]).
    ///
    /// [OpenID4VCI §9]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-9
    Approval,
}

/// The kinds of key proof that a configuration can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum ProofTypeChoice {
    #[serde(rename = "jwt")]
    Jwt,
    #[serde(rename = "attestation")]
    Attestation,
    #[serde(rename = "di_vp")]
    DiVp,
}

impl From<ProofTypeChoice> for ProofTypeName {
    fn from(choice: ProofTypeChoice) -> Self {
        match choice {
            ProofTypeChoice::Jwt => Self::Jwt,
            ProofTypeChoice::Attestation => Self::Attestation,
            ProofTypeChoice::DiVp => Self::DiVp,
        }
    }
}

fn default_proof_types() -> Vec<ProofTypeChoice> {
    vec![ProofTypeChoice::Jwt]
}

/// What must be attested of keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct KeyAttestationEntry {
    #[serde(default)]
    pub(super) key_storage: Vec<String>,
    #[serde(default)]
    pub(super) user_authentication: Vec<String>,
}

/// What a request with several keys gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct OneTimeCopiesEntry {
    pub(super) validity_days: u32,
}

/// The credential formats that a configuration can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum FormatName {
    #[serde(rename = "dc+sd-jwt")]
    SdJwtVc,
    #[serde(rename = "mso_mdoc")]
    MsoMdoc,
    #[serde(rename = "ldp_vc")]
    LdpVc,
    #[serde(rename = "jwt_vc_json")]
    JwtVcJson,
}

/// The cryptosuites that a configuration can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum IssuedCryptosuite {
    /// Ed25519 over canonical RDF.
    #[serde(rename = "eddsa-rdfc-2022")]
    EddsaRdfc2022,
    /// Ed25519 over canonical JSON.
    #[serde(rename = "eddsa-jcs-2022")]
    EddsaJcs2022,
    /// ECDSA with P-256 over canonical RDF.
    #[serde(rename = "ecdsa-rdfc-2019")]
    EcdsaRdfc2019,
    /// ECDSA with P-256 over canonical JSON.
    #[serde(rename = "ecdsa-jcs-2019")]
    EcdsaJcs2019,
    /// ECDSA with P-256 over each statement: the holder chooses what is shown.
    #[serde(rename = "ecdsa-sd-2023")]
    EcdsaSd2023,
}

/// The algorithms that a configuration of `jwt_vc_json` can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum JwtAlgorithm {
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "EdDSA")]
    EdDsa,
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
    /// Its path in the credential, every part an object key; of an mdoc, namespace and element; of a W3C credential, its path
    /// within the subject.
    pub path: Vec<String>,
    /// Fields of the ID record; none for what is not from the record.
    #[serde(default)]
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
