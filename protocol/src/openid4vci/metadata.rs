//! Credential issuer metadata ([OpenID4VCI §12.2]).
//!
//! [OpenID4VCI §12.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::encryption::{RequestEncryptionMetadata, ResponseEncryptionMetadata};
use super::identifiers::ConfigurationId;
use crate::identifier::{HttpUrl, IssuerIdentifier, UrlPolicy};
use crate::wire::{JsonRefused, parse_json};

mod configuration;
mod display;
mod proof_types;

pub use configuration::{
    ConfigurationCommon, ConfigurationError, CredentialConfiguration, CredentialDefinition,
    JwtVcJsonConfiguration, LdpVcConfiguration, MsoMdocConfiguration, SdJwtVcConfiguration,
};
pub use display::{
    ClaimDescription, ClaimDisplay, CredentialDisplay, CredentialMetadata, IssuerDisplay, Logo,
};
pub use proof_types::{AttackResistance, KeyAttestationsRequired, ProofType, ProofTypeName, ProofTypes};

/// The largest metadata document that is read, in bytes.
pub const MAX_METADATA_BYTES: usize = 1024 * 1024;

/// The largest number of configurations in one metadata document.
pub const MAX_CONFIGURATIONS: usize = 256;

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
    pub credential_request_encryption: Option<RequestEncryptionMetadata>,
    /// Whether responses may or must be encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_response_encryption: Option<ResponseEncryptionMetadata>,
    /// Present when one request may carry several proofs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_credential_issuance: Option<BatchIssuance>,
    /// How the issuer is shown, one entry per language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub display: Vec<IssuerDisplay>,
    /// What can be issued.
    pub credential_configurations_supported: BTreeMap<ConfigurationId, CredentialConfiguration>,
}

/// How many credentials one request can bring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchIssuance {
    /// The largest number of proofs, at least 2.
    pub batch_size: usize,
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
            configuration
                .check()
                .map_err(|source| IssuerMetadataError::Configuration {
                    id: id.clone(),
                    source,
                })?;
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
        let request = self.credential_request_encryption.as_ref();
        let response = self.credential_response_encryption.as_ref();
        !request.is_some_and(|encryption| encryption.encryption_required)
            && !response.is_some_and(|encryption| encryption.encryption_required)
    }

    /// How many proofs one request may carry.
    #[must_use]
    pub fn batch_size(&self) -> usize {
        self.batch_credential_issuance
            .as_ref()
            .map_or(1, |batch| batch.batch_size)
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

#[cfg(test)]
mod tests;
