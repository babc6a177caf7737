//! Which of the offered configurations this wallet can hold, and what it asks for then.

use serde::{Deserialize, Serialize};
use symbolon_credential::data_integrity::{Cryptosuite, ecdsa_sd_2023};
use symbolon_protocol::openid4vci::identifiers::ConfigurationId;
use symbolon_protocol::openid4vci::metadata::{
    ConfigurationCommon, CredentialConfiguration, CredentialDefinition, LdpVcConfiguration, ProofType,
};
use symbolon_trust::trust_list::AnchoredFormat;

use super::stage::PlannedCredential;
use crate::ports::KEY_ALGORITHM;
use crate::record::{ClaimDisplay, CredentialDisplay, LocalizedDisplay, LocalizedName};

/// The format of a credential to request, and what of it must come back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlannedFormat {
    /// An SD-JWT VC.
    #[default]
    #[serde(rename = "dc+sd-jwt")]
    SdJwtVc,
    /// An ISO mdoc.
    #[serde(rename = "mso_mdoc")]
    MsoMdoc,
    /// A W3C credential with a proof in it.
    #[serde(rename = "ldp_vc")]
    LdpVc {
        /// Its types, all of them.
        types: Vec<String>,
    },
    /// A W3C credential as a JWT.
    #[serde(rename = "jwt_vc_json")]
    JwtVcJson {
        /// Its types, all of them.
        types: Vec<String>,
    },
}

impl PlannedFormat {
    /// What a trust list calls it.
    pub(crate) const fn anchored(&self) -> AnchoredFormat {
        match self {
            Self::SdJwtVc => AnchoredFormat::SdJwtVc,
            Self::MsoMdoc => AnchoredFormat::Mdoc,
            Self::LdpVc { .. } => AnchoredFormat::LdpVc,
            Self::JwtVcJson { .. } => AnchoredFormat::JwtVc,
        }
    }
}

/// How the proof of a key names the key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofKeyName {
    /// As it is, in `jwk`.
    #[default]
    Jwk,
    /// By its `did:key`, in `kid`.
    DidKey,
    /// By its `did:jwk`, in `kid`.
    DidJwk,
}

/// By what kind of proof a wallet shows that it holds its keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedProof {
    /// A JWT for each key.
    #[default]
    Jwt,
    /// A JWT of the first key, with an attestation of all of them.
    AttestedJwt,
    /// An attestation alone.
    Attestation,
}

impl PlannedProof {
    pub(super) const fn is_default(&self) -> bool {
        matches!(self, Self::Jwt)
    }
}

/// What a wallet has that configurations may demand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Abilities {
    pub(super) json_ld: JsonLdSupport,
    pub(super) attests_keys: AttestsKeys,
    /// How many copies the wallet and the issuer make at once.
    pub(super) copies: usize,
}

/// Whether somebody attests the wallet's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttestsKeys {
    Somebody,
    Nobody,
}

/// Whether the wallet has what JSON-LD needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonLdSupport {
    Present,
    Absent,
}

/// The type that every W3C credential has, and that says nothing about it.
const EVERY_W3C_CREDENTIAL: &str = "VerifiableCredential";

/// What to request for a configuration; `None` when the wallet does not have what it demands.
pub(super) fn plan(
    id: &ConfigurationId,
    configuration: &CredentialConfiguration,
    abilities: Abilities,
) -> Option<PlannedCredential> {
    let (credential_type, format) = match configuration {
        CredentialConfiguration::SdJwtVc(configuration) => {
            (configuration.vct.clone(), PlannedFormat::SdJwtVc)
        }
        CredentialConfiguration::MsoMdoc(configuration) => {
            (configuration.doctype.clone(), PlannedFormat::MsoMdoc)
        }
        CredentialConfiguration::LdpVc(configuration) => {
            let can_verify =
                abilities.json_ld == JsonLdSupport::Present && is_signed_by_known_suite(configuration);
            let (most_specific, types) = types_of(&configuration.credential_definition)?;
            can_verify.then_some((most_specific, PlannedFormat::LdpVc { types }))?
        }
        CredentialConfiguration::JwtVcJson(configuration) => {
            let (most_specific, types) = types_of(&configuration.credential_definition)?;
            (most_specific, PlannedFormat::JwtVcJson { types })
        }
        _ => return None,
    };
    let common = configuration.common()?;
    let (proof_key, proof) = proof_key(&format, common, abilities.attests_keys)?;
    Some(PlannedCredential {
        configuration: id.clone(),
        credential_type,
        proof_key,
        proof,
        copies: abilities.copies,
        format,
        display: display_of(common),
    })
}

/// All types, and the most specific of them, which by custom stands last.
fn types_of(definition: &CredentialDefinition) -> Option<(String, Vec<String>)> {
    let most_specific = definition
        .types
        .iter()
        .rfind(|name| *name != EVERY_W3C_CREDENTIAL)?;
    Some((most_specific.clone(), definition.types.clone()))
}

/// An issuer that lists nothing may use any suite; what it used is seen when the credential comes.
fn is_signed_by_known_suite(configuration: &LdpVcConfiguration) -> bool {
    let suites = &configuration.credential_signing_alg_values_supported;
    let is_known = |name: &String| {
        name == ecdsa_sd_2023::CRYPTOSUITE
            || name == Cryptosuite::Ed25519Signature2020.name()
            || Cryptosuite::from_name(name).is_some()
    };
    suites.is_empty() || suites.iter().any(is_known)
}

/// How the proof names the key, by one of the ways in which the issuer binds credentials of this format, and of what kind it is: with
/// an ES256 key, and with an attestation of it only where one is demanded and somebody makes it.
fn proof_key(
    format: &PlannedFormat,
    common: &ConfigurationCommon,
    attests_keys: AttestsKeys,
) -> Option<(ProofKeyName, PlannedProof)> {
    let types = common.proof_types_supported.as_ref()?;
    let signs = |proof: &&ProofType| {
        let names = &proof.proof_signing_alg_values_supported;
        names.iter().any(|name| name == KEY_ALGORITHM.jose_name())
    };
    let jwt = types.jwt.as_ref().filter(signs);
    let proof = match (jwt, &types.attestation, attests_keys) {
        (Some(jwt), _, _) if jwt.key_attestations_required.is_none() => PlannedProof::Jwt,
        (Some(_), _, AttestsKeys::Somebody) => PlannedProof::AttestedJwt,
        // Whoever attests signs with keys of their own, so the issuer's algorithms are theirs to meet.
        (None, Some(_), AttestsKeys::Somebody) => PlannedProof::Attestation,
        _ => return None,
    };
    let preferred: &[(&str, ProofKeyName)] = match format {
        PlannedFormat::MsoMdoc => &[("cose_key", ProofKeyName::Jwk), ("jwk", ProofKeyName::Jwk)],
        PlannedFormat::SdJwtVc => &[("jwk", ProofKeyName::Jwk), ("did:jwk", ProofKeyName::DidJwk)],
        PlannedFormat::LdpVc { .. } => &[
            ("did:key", ProofKeyName::DidKey),
            ("did:jwk", ProofKeyName::DidJwk),
            ("jwk", ProofKeyName::Jwk),
        ],
        PlannedFormat::JwtVcJson { .. } => &[
            ("jwk", ProofKeyName::Jwk),
            ("did:key", ProofKeyName::DidKey),
            ("did:jwk", ProofKeyName::DidJwk),
        ],
    };
    let methods = &common.cryptographic_binding_methods_supported;
    let (_, name) = preferred
        .iter()
        // An attestation names keys as they are.
        .filter(|(_, name)| proof == PlannedProof::Jwt || *name == ProofKeyName::Jwk)
        .find(|(method, _)| methods.iter().any(|offered| offered == method))?;
    Some((*name, proof))
}

fn display_of(common: &ConfigurationCommon) -> CredentialDisplay {
    let Some(metadata) = &common.credential_metadata else {
        return CredentialDisplay::default();
    };
    let credential = metadata
        .display
        .iter()
        .map(|display| LocalizedDisplay {
            locale: display.locale.clone(),
            name: display.name.clone(),
            description: display.description.clone(),
            background_color: display.background_color.clone(),
            text_color: display.text_color.clone(),
        })
        .collect();
    let claims = metadata
        .claims
        .iter()
        .map(|claim| ClaimDisplay {
            path: claim.path.clone(),
            names: claim
                .display
                .iter()
                .filter_map(|display| {
                    Some(LocalizedName {
                        locale: display.locale.clone(),
                        name: display.name.clone()?,
                    })
                })
                .collect(),
        })
        .collect();
    CredentialDisplay { credential, claims }
}
