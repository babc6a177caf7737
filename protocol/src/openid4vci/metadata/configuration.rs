//! Credential configurations, one form per format ([OpenID4VCI §12.2.4, appendix A]).
//!
//! [OpenID4VCI §12.2.4, appendix A]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-A

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use thiserror::Error;

use super::display::CredentialMetadata;
use super::proof_types::ProofTypes;
use crate::format::{CredentialFormat, JWT_VC_JSON_FORMAT, LDP_VC_FORMAT, MSO_MDOC_FORMAT, SD_JWT_VC_FORMAT};

/// The largest number of contexts and of types in one definition.
const MAX_DEFINITION_ENTRIES: usize = 32;

/// One configuration, by its format.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialConfiguration {
    /// `dc+sd-jwt`.
    SdJwtVc(Box<SdJwtVcConfiguration>),
    /// `mso_mdoc`.
    MsoMdoc(Box<MsoMdocConfiguration>),
    /// `ldp_vc`.
    LdpVc(Box<LdpVcConfiguration>),
    /// `jwt_vc_json`.
    JwtVcJson(Box<JwtVcJsonConfiguration>),
    /// Any other format: there for others, of no use to this wallet, and no error.
    Unsupported,
}

/// What configurations of every format have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationCommon {
    /// The scope that stands for this configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// How the credential may name the holder's key: `jwk`, `cose_key`, or a DID method such as `did:key`. Present exactly
    /// when `proof_types_supported` is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cryptographic_binding_methods_supported: Vec<String>,
    /// The proofs that the issuer accepts; when present, a proof is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_types_supported: Option<ProofTypes>,
    /// How the credential is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_metadata: Option<CredentialMetadata>,
}

/// A configuration of format `dc+sd-jwt` ([OpenID4VCI appendix A.3]).
///
/// [OpenID4VCI appendix A.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-A.3
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdJwtVcConfiguration {
    /// What every format has.
    pub common: ConfigurationCommon,
    /// The type of the credential.
    pub vct: String,
    /// The algorithms the issuer signs with, by their JOSE names.
    pub credential_signing_alg_values_supported: Vec<String>,
}

/// A configuration of format `mso_mdoc` ([OpenID4VCI appendix A.2]).
///
/// [OpenID4VCI appendix A.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-A.2
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MsoMdocConfiguration {
    /// What every format has.
    pub common: ConfigurationCommon,
    /// The document type.
    pub doctype: String,
    /// The algorithms the issuer signs with, by their COSE numbers.
    pub credential_signing_alg_values_supported: Vec<i64>,
}

/// A configuration of format `ldp_vc` ([OpenID4VCI appendix A.1.2]).
///
/// [OpenID4VCI appendix A.1.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-A.1.2
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdpVcConfiguration {
    /// What every format has.
    pub common: ConfigurationCommon,
    /// Contexts and types of the credential.
    pub credential_definition: CredentialDefinition,
    /// The Data Integrity cryptosuites (or, for proofs that have none, proof types) the issuer signs with.
    pub credential_signing_alg_values_supported: Vec<String>,
}

/// A configuration of format `jwt_vc_json` ([OpenID4VCI appendix A.1.1]).
///
/// [OpenID4VCI appendix A.1.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-A.1.1
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtVcJsonConfiguration {
    /// What every format has.
    pub common: ConfigurationCommon,
    /// Types of the credential; no contexts.
    pub credential_definition: CredentialDefinition,
    /// The algorithms the issuer signs with, by their JOSE names.
    pub credential_signing_alg_values_supported: Vec<String>,
}

/// What a W3C credential is ([OpenID4VCI appendix A.1]).
///
/// [OpenID4VCI appendix A.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-A.1
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialDefinition {
    /// The contexts, in their order; `ldp_vc` alone.
    #[serde(default, rename = "@context", skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<Value>,
    /// The types, with `VerifiableCredential` among them.
    #[serde(rename = "type")]
    pub types: Vec<String>,
}

/// Why one credential configuration was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// No type.
    #[error("vct is empty")]
    EmptyVct,
    /// No document type.
    #[error("doctype is empty")]
    EmptyDoctype,
    /// No type, too many of them or of contexts, or a context that is neither text nor object.
    #[error("credential_definition is malformed")]
    CredentialDefinition,
    /// One of the two without the other.
    #[error("cryptographic_binding_methods_supported and proof_types_supported belong together")]
    BindingWithoutProof,
    /// A proof that nobody could make.
    #[error("proof_signing_alg_values_supported is empty")]
    NoProofAlgorithm,
}

impl CredentialConfiguration {
    /// Its format; `None` for one that is of no use here.
    #[must_use]
    pub fn format(&self) -> Option<CredentialFormat> {
        match self {
            Self::SdJwtVc(_) => Some(CredentialFormat::SdJwtVc),
            Self::MsoMdoc(_) => Some(CredentialFormat::MsoMdoc),
            Self::LdpVc(_) => Some(CredentialFormat::LdpVc),
            Self::JwtVcJson(_) => Some(CredentialFormat::JwtVcJson),
            Self::Unsupported => None,
        }
    }

    /// What configurations of every format have; `None` for a format that is of no use here.
    #[must_use]
    pub fn common(&self) -> Option<&ConfigurationCommon> {
        match self {
            Self::SdJwtVc(configuration) => Some(&configuration.common),
            Self::MsoMdoc(configuration) => Some(&configuration.common),
            Self::LdpVc(configuration) => Some(&configuration.common),
            Self::JwtVcJson(configuration) => Some(&configuration.common),
            Self::Unsupported => None,
        }
    }

    /// The same, to be changed.
    pub fn common_mut(&mut self) -> Option<&mut ConfigurationCommon> {
        match self {
            Self::SdJwtVc(configuration) => Some(&mut configuration.common),
            Self::MsoMdoc(configuration) => Some(&mut configuration.common),
            Self::LdpVc(configuration) => Some(&mut configuration.common),
            Self::JwtVcJson(configuration) => Some(&mut configuration.common),
            Self::Unsupported => None,
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigurationError> {
        match self {
            Self::SdJwtVc(configuration) if configuration.vct.is_empty() => Err(ConfigurationError::EmptyVct),
            Self::MsoMdoc(configuration) if configuration.doctype.is_empty() => {
                Err(ConfigurationError::EmptyDoctype)
            }
            Self::LdpVc(configuration) => configuration.credential_definition.check(),
            Self::JwtVcJson(configuration) => configuration.credential_definition.check(),
            Self::SdJwtVc(_) | Self::MsoMdoc(_) | Self::Unsupported => Ok(()),
        }?;
        self.common().map_or(Ok(()), ConfigurationCommon::check)
    }
}

impl ConfigurationCommon {
    fn check(&self) -> Result<(), ConfigurationError> {
        if self.cryptographic_binding_methods_supported.is_empty() != self.proof_types_supported.is_none() {
            return Err(ConfigurationError::BindingWithoutProof);
        }
        self.proof_types_supported
            .as_ref()
            .map_or(Ok(()), ProofTypes::check)
    }
}

impl CredentialDefinition {
    fn check(&self) -> Result<(), ConfigurationError> {
        let few = |count: usize| count <= MAX_DEFINITION_ENTRIES;
        let is_context = |context: &Value| matches!(context, Value::String(_) | Value::Object(_));
        let fits = !self.types.is_empty()
            && few(self.types.len())
            && few(self.context.len())
            && self.context.iter().all(is_context);
        fits.then_some(()).ok_or(ConfigurationError::CredentialDefinition)
    }
}

impl Serialize for CredentialConfiguration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = match self {
            Self::SdJwtVc(configuration) => write(
                SD_JWT_VC_FORMAT,
                [("vct", configuration.vct.as_str().into())],
                &configuration.credential_signing_alg_values_supported,
                &configuration.common,
            ),
            Self::MsoMdoc(configuration) => write(
                MSO_MDOC_FORMAT,
                [("doctype", configuration.doctype.as_str().into())],
                &configuration.credential_signing_alg_values_supported,
                &configuration.common,
            ),
            Self::LdpVc(configuration) => write(
                LDP_VC_FORMAT,
                [(DEFINITION, definition(&configuration.credential_definition))],
                &configuration.credential_signing_alg_values_supported,
                &configuration.common,
            ),
            Self::JwtVcJson(configuration) => write(
                JWT_VC_JSON_FORMAT,
                [(DEFINITION, definition(&configuration.credential_definition))],
                &configuration.credential_signing_alg_values_supported,
                &configuration.common,
            ),
            Self::Unsupported => {
                return Err(serde::ser::Error::custom(
                    "a configuration of an unsupported format cannot be published",
                ));
            }
        };
        written.map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

const DEFINITION: &str = "credential_definition";
const ALGORITHMS: &str = "credential_signing_alg_values_supported";

fn definition(definition: &CredentialDefinition) -> Value {
    let mut members = Map::new();
    if !definition.context.is_empty() {
        members.insert("@context".to_owned(), definition.context.clone().into());
    }
    members.insert("type".to_owned(), definition.types.clone().into());
    Value::Object(members)
}

fn write<A: Clone + Into<Value>>(
    format: &str,
    own: [(&str, Value); 1],
    algorithms: &[A],
    common: &ConfigurationCommon,
) -> Result<Map<String, Value>, serde_json::Error> {
    let mut members = Map::new();
    members.insert("format".to_owned(), format.into());
    for (name, value) in own {
        members.insert(name.to_owned(), value);
    }
    if !algorithms.is_empty() {
        let algorithms = algorithms.iter().cloned().map(Into::into).collect();
        members.insert(ALGORITHMS.to_owned(), Value::Array(algorithms));
    }
    if let Value::Object(common) = serde_json::to_value(common)? {
        members.extend(common);
    }
    Ok(members)
}

impl<'de> Deserialize<'de> for CredentialConfiguration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Map::deserialize(deserializer)?;
        let Some(Value::String(format)) = members.remove("format") else {
            return Err(D::Error::missing_field("format"));
        };
        let read = match CredentialFormat::from_identifier(&format) {
            CredentialFormat::SdJwtVc => {
                SdJwtVcConfiguration::read(members).map(|it| Self::SdJwtVc(Box::new(it)))
            }
            CredentialFormat::MsoMdoc => {
                MsoMdocConfiguration::read(members).map(|it| Self::MsoMdoc(Box::new(it)))
            }
            CredentialFormat::LdpVc => LdpVcConfiguration::read(members).map(|it| Self::LdpVc(Box::new(it))),
            CredentialFormat::JwtVcJson => {
                JwtVcJsonConfiguration::read(members).map(|it| Self::JwtVcJson(Box::new(it)))
            }
            CredentialFormat::Other(_) => Some(Self::Unsupported),
        };
        read.ok_or_else(|| D::Error::custom("malformed credential configuration"))
    }
}

// Read member by member: flattening goes through a buffer that, in a build with arbitrary precision, gives integers back as
// maps.

fn required<T: DeserializeOwned>(members: &mut Map<String, Value>, name: &str) -> Option<T> {
    serde_json::from_value(members.remove(name)?).ok()
}

fn algorithms<T: DeserializeOwned>(members: &mut Map<String, Value>) -> Option<Vec<T>> {
    match members.remove(ALGORITHMS) {
        Some(value) => serde_json::from_value(value).ok(),
        None => Some(Vec::new()),
    }
}

fn common(members: Map<String, Value>) -> Option<ConfigurationCommon> {
    serde_json::from_value(Value::Object(members)).ok()
}

impl SdJwtVcConfiguration {
    fn read(mut members: Map<String, Value>) -> Option<Self> {
        Some(Self {
            vct: required(&mut members, "vct")?,
            credential_signing_alg_values_supported: algorithms(&mut members)?,
            common: common(members)?,
        })
    }
}

impl MsoMdocConfiguration {
    fn read(mut members: Map<String, Value>) -> Option<Self> {
        Some(Self {
            doctype: required(&mut members, "doctype")?,
            // Issuers of earlier drafts list JOSE names here; a name is no number, and no reason to refuse the rest.
            credential_signing_alg_values_supported: algorithms::<Value>(&mut members)?
                .iter()
                .filter_map(Value::as_i64)
                .collect(),
            common: common(members)?,
        })
    }
}

impl LdpVcConfiguration {
    fn read(mut members: Map<String, Value>) -> Option<Self> {
        Some(Self {
            credential_definition: required(&mut members, DEFINITION)?,
            credential_signing_alg_values_supported: algorithms(&mut members)?,
            common: common(members)?,
        })
    }
}

impl JwtVcJsonConfiguration {
    fn read(mut members: Map<String, Value>) -> Option<Self> {
        Some(Self {
            credential_definition: required(&mut members, DEFINITION)?,
            credential_signing_alg_values_supported: algorithms(&mut members)?,
            common: common(members)?,
        })
    }
}
