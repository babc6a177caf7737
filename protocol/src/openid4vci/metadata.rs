//! Credential issuer metadata ([OpenID4VCI §12.2]).
//!
//! [OpenID4VCI §12.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use thiserror::Error;

use super::identifiers::ConfigurationId;
use crate::identifier::{HttpUrl, IssuerIdentifier, UrlPolicy};
use crate::wire::{JsonRefused, parse_json};

mod display;

pub use display::{
    ClaimDescription, ClaimDisplay, CredentialDisplay, CredentialMetadata, IssuerDisplay, Logo,
};

/// The largest metadata document that is read, in bytes.
pub const MAX_METADATA_BYTES: usize = 1024 * 1024;

/// The largest number of configurations in one metadata document.
pub const MAX_CONFIGURATIONS: usize = 256;

/// The format identifier of SD-JWT VC ([OpenID4VCI appendix A.3]).
///
/// [OpenID4VCI appendix A.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-A.3
pub const SD_JWT_VC_FORMAT: &str = "dc+sd-jwt";

/// What a credential issuer says about itself. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerMetadata {
    /// The issuer; equal to the identifier that the location was derived from.
    pub credential_issuer: IssuerIdentifier,
    /// The authorization servers; without them the issuer is its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_servers: Option<Vec<IssuerIdentifier>>,
    /// Where credentials are requested.
    pub credential_endpoint: HttpUrl,
    /// Where nonces come from; required when proofs need them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce_endpoint: Option<HttpUrl>,
    /// Where deferred credentials are fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred_credential_endpoint: Option<HttpUrl>,
    /// Where the wallet tells what became of a credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_endpoint: Option<HttpUrl>,
    /// Whether requests may or must be encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_request_encryption: Option<EncryptionMetadata>,
    /// Whether responses may or must be encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_response_encryption: Option<EncryptionMetadata>,
    /// Present when one request may carry several proofs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_credential_issuance: Option<BatchIssuance>,
    /// How the issuer is shown, one entry per language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub display: Vec<IssuerDisplay>,
    /// What can be issued.
    pub credential_configurations_supported: BTreeMap<ConfigurationId, CredentialConfiguration>,
}

/// The one thing about encryption that a peer without it must know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptionMetadata {
    /// Whether plain messages are refused.
    pub encryption_required: bool,
}

/// How many credentials one request can bring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchIssuance {
    /// The largest number of proofs, at least 2.
    pub batch_size: usize,
}

/// One configuration, by its format.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialConfiguration {
    /// `dc+sd-jwt`.
    SdJwtVc(Box<SdJwtVcConfiguration>),
    /// Any other format: there for others, of no use to this wallet, and no error.
    Unsupported,
}

/// A configuration of format `dc+sd-jwt` ([OpenID4VCI appendix A.3]).
///
/// [OpenID4VCI appendix A.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-A.3
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SdJwtVcConfiguration {
    /// The scope that stands for this configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The type of the credential.
    pub vct: String,
    /// The algorithms the issuer signs with, by their JOSE names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credential_signing_alg_values_supported: Vec<String>,
    /// How the credential may name the holder's key: `jwk`, or a DID method. Present exactly when
    /// `proof_types_supported` is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cryptographic_binding_methods_supported: Vec<String>,
    /// The proofs that the issuer accepts; when present, a proof is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_types_supported: Option<ProofTypes>,
    /// How the credential is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_metadata: Option<CredentialMetadata>,
}

/// The proofs that an issuer accepts; those of other kinds than `jwt` are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofTypes {
    /// The `jwt` proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<ProofType>,
}

/// What an issuer wants of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofType {
    /// The algorithms, by their JOSE names; non-empty.
    pub proof_signing_alg_values_supported: Vec<String>,
    /// What kind of key storage must be attested. A wallet that cannot attest leaves this configuration alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_attestations_required: Option<serde_json::Map<String, Value>>,
}

impl IssuerMetadata {
    /// Reads the document that was found at the well-known location of `expected`.
    ///
    /// # Errors
    /// [`IssuerMetadataError`].
    pub fn parse(
        body: &[u8],
        expected: &IssuerIdentifier,
        policy: UrlPolicy,
    ) -> Result<Self, IssuerMetadataError> {
        let metadata: Self = parse_json(body, MAX_METADATA_BYTES).map_err(|refused| match refused {
            JsonRefused::TooLarge { limit } => IssuerMetadataError::TooLarge { limit },
            JsonRefused::Malformed => IssuerMetadataError::Malformed,
        })?;
        if metadata.credential_issuer != *expected {
            return Err(IssuerMetadataError::IssuerMismatch);
        }
        metadata.check(policy)?;
        Ok(metadata)
    }

    /// Checks what the specification demands beyond the shape; an issuer does so before it publishes.
    ///
    /// # Errors
    /// [`IssuerMetadataError`].
    pub fn check(&self, policy: UrlPolicy) -> Result<(), IssuerMetadataError> {
        self.credential_issuer
            .permitted(policy)
            .map_err(|_| IssuerMetadataError::EndpointNotPermitted)?;
        let endpoints = [
            Some(&self.credential_endpoint),
            self.nonce_endpoint.as_ref(),
            self.deferred_credential_endpoint.as_ref(),
            self.notification_endpoint.as_ref(),
        ];
        for url in endpoints.into_iter().flatten() {
            url.permitted(policy)
                .map_err(|_| IssuerMetadataError::EndpointNotPermitted)?;
        }
        for server in self.authorization_servers.iter().flatten() {
            server
                .permitted(policy)
                .map_err(|_| IssuerMetadataError::EndpointNotPermitted)?;
        }
        if self.authorization_servers.as_ref().is_some_and(Vec::is_empty) {
            return Err(IssuerMetadataError::NoAuthorizationServer);
        }
        if self
            .batch_credential_issuance
            .as_ref()
            .is_some_and(|batch| batch.batch_size < 2)
        {
            return Err(IssuerMetadataError::BatchSize);
        }
        if self.credential_configurations_supported.len() > MAX_CONFIGURATIONS {
            return Err(IssuerMetadataError::TooManyConfigurations);
        }
        for (id, configuration) in &self.credential_configurations_supported {
            if let CredentialConfiguration::SdJwtVc(configuration) = configuration {
                configuration
                    .check()
                    .map_err(|source| IssuerMetadataError::Configuration {
                        id: id.clone(),
                        source,
                    })?;
            }
        }
        Ok(())
    }

    /// The authorization server of an offer: the one that the grant names, when the issuer has it; otherwise the
    /// first; otherwise the issuer itself.
    ///
    /// # Errors
    /// [`IssuerMetadataError::UnknownAuthorizationServer`]: the wallet must not go on ([OpenID4VCI §4.1.1]).
    ///
    /// [OpenID4VCI §4.1.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1.1
    pub fn authorization_server(
        &self,
        named: Option<&IssuerIdentifier>,
    ) -> Result<&IssuerIdentifier, IssuerMetadataError> {
        match (&self.authorization_servers, named) {
            (Some(servers), Some(named)) => servers
                .iter()
                .find(|server| *server == named)
                .ok_or(IssuerMetadataError::UnknownAuthorizationServer),
            (None, Some(_)) => Err(IssuerMetadataError::UnknownAuthorizationServer),
            (Some(servers), None) => servers.first().ok_or(IssuerMetadataError::NoAuthorizationServer),
            (None, None) => Ok(&self.credential_issuer),
        }
    }

    /// Whether a wallet that encrypts neither requests nor responses is served.
    #[must_use]
    pub fn accepts_plain_messages(&self) -> bool {
        [
            &self.credential_request_encryption,
            &self.credential_response_encryption,
        ]
        .into_iter()
        .flatten()
        .all(|encryption| !encryption.encryption_required)
    }

    /// How many proofs one request may carry.
    #[must_use]
    pub fn batch_size(&self) -> usize {
        self.batch_credential_issuance
            .as_ref()
            .map_or(1, |batch| batch.batch_size)
    }
}

impl SdJwtVcConfiguration {
    fn check(&self) -> Result<(), ConfigurationError> {
        if self.vct.is_empty() {
            return Err(ConfigurationError::EmptyVct);
        }
        if self.cryptographic_binding_methods_supported.is_empty() != self.proof_types_supported.is_none() {
            return Err(ConfigurationError::BindingWithoutProof);
        }
        let proof = self
            .proof_types_supported
            .as_ref()
            .and_then(|types| types.jwt.as_ref());
        if proof.is_some_and(|proof| proof.proof_signing_alg_values_supported.is_empty()) {
            return Err(ConfigurationError::NoProofAlgorithm);
        }
        Ok(())
    }
}

impl Serialize for CredentialConfiguration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct WithFormat<'a> {
            format: &'static str,
            #[serde(flatten)]
            configuration: &'a SdJwtVcConfiguration,
        }
        match self {
            Self::SdJwtVc(configuration) => WithFormat {
                format: SD_JWT_VC_FORMAT,
                configuration,
            }
            .serialize(serializer),
            Self::Unsupported => Err(serde::ser::Error::custom(
                "a configuration of an unsupported format cannot be published",
            )),
        }
    }
}

impl<'de> Deserialize<'de> for CredentialConfiguration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        match value.get("format").and_then(Value::as_str) {
            Some(SD_JWT_VC_FORMAT) => SdJwtVcConfiguration::deserialize(value)
                .map(|configuration| Self::SdJwtVc(Box::new(configuration)))
                .map_err(|_| serde::de::Error::custom("malformed dc+sd-jwt configuration")),
            Some(_) => Ok(Self::Unsupported),
            None => Err(serde::de::Error::missing_field("format")),
        }
    }
}

/// Why issuer metadata was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IssuerMetadataError {
    /// Over budget.
    #[error("the issuer metadata is larger than {limit} bytes")]
    TooLarge {
        /// The budget.
        limit: usize,
    },
    /// Not the JSON of the specification.
    #[error("the issuer metadata is malformed")]
    Malformed,
    /// The document speaks for another issuer than the one asked.
    #[error("the issuer metadata names another issuer")]
    IssuerMismatch,
    /// An endpoint or server without https.
    #[error("an address in the issuer metadata does not use https")]
    EndpointNotPermitted,
    /// `authorization_servers` is an empty list.
    #[error("the issuer metadata has an empty list of authorization servers")]
    NoAuthorizationServer,
    /// The offer names an authorization server that the issuer does not have.
    #[error("the offer names an authorization server that the issuer does not have")]
    UnknownAuthorizationServer,
    /// A batch of fewer than two.
    #[error("the batch size in the issuer metadata is smaller than 2")]
    BatchSize,
    /// More than [`MAX_CONFIGURATIONS`].
    #[error("the issuer metadata has more than {MAX_CONFIGURATIONS} configurations")]
    TooManyConfigurations,
    /// One configuration is wrong.
    #[error("a credential configuration is wrong: {source}")]
    Configuration {
        /// Which one.
        id: ConfigurationId,
        /// Why.
        #[source]
        source: ConfigurationError,
    },
}

/// Why one credential configuration was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// No type.
    #[error("vct is empty")]
    EmptyVct,
    /// One of the two without the other.
    #[error("cryptographic_binding_methods_supported and proof_types_supported belong together")]
    BindingWithoutProof,
    /// A proof that nobody could make.
    #[error("proof_signing_alg_values_supported is empty")]
    NoProofAlgorithm,
}

#[cfg(test)]
mod tests;
