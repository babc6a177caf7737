//! What an issuer is: its name, its configurations, its policy, and which keys sign what.

use std::collections::BTreeMap;

use symbolon_credential::sd_jwt_vc::{InvalidCredentialType, VerifiableCredentialType};
use symbolon_credential::status::{InvalidStatusUri, StatusReference};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::x509::Certificate;
use symbolon_protocol::identifier::IssuerIdentifier;
use thiserror::Error;

use crate::identifiers::ConfigurationId;
use crate::index::{ShardId, StatusIndex};
use crate::mapping::CredentialConfiguration;
use crate::policy::{IssuerPolicy, PolicyError};

/// One issuer, checked.
#[derive(Debug, Clone)]
pub struct IssuerProfile {
    identifier: IssuerIdentifier,
    name: String,
    configurations: BTreeMap<ConfigurationId, CredentialConfiguration>,
    policy: IssuerPolicy,
}

impl IssuerProfile {
    /// An issuer with these configurations.
    ///
    /// # Errors
    /// [`ProfileError`] when there is no configuration, two share a name or a type, or the policy is out of range.
    pub fn new(
        identifier: IssuerIdentifier,
        name: String,
        configurations: Vec<CredentialConfiguration>,
        policy: IssuerPolicy,
    ) -> Result<Self, ProfileError> {
        policy.check()?;
        if identifier.as_str().ends_with('/') {
            return Err(ProfileError::TrailingSlash);
        }
        if configurations.is_empty() {
            return Err(ProfileError::NoConfiguration);
        }
        let mut by_id = BTreeMap::new();
        for configuration in configurations {
            let clash = by_id.values().any(|other: &CredentialConfiguration| {
                other.id() == configuration.id() || other.type_path() == configuration.type_path()
            });
            if clash {
                return Err(ProfileError::RepeatedConfiguration);
            }
            VerifiableCredentialType::parse(configuration.vct(identifier.as_str()))?;
            by_id.insert(configuration.id().clone(), configuration);
        }
        Ok(Self {
            identifier,
            name,
            configurations: by_id,
            policy,
        })
    }

    /// The Credential Issuer Identifier.
    #[must_use]
    pub const fn identifier(&self) -> &IssuerIdentifier {
        &self.identifier
    }

    /// What people call the issuer.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &IssuerPolicy {
        &self.policy
    }

    /// The configurations by name.
    #[must_use]
    pub const fn configurations(&self) -> &BTreeMap<ConfigurationId, CredentialConfiguration> {
        &self.configurations
    }

    /// One configuration.
    #[must_use]
    pub fn configuration(&self, id: &ConfigurationId) -> Option<&CredentialConfiguration> {
        self.configurations.get(id)
    }

    /// The configuration whose type is served at `path`, without a slash at either end.
    #[must_use]
    pub fn configuration_of_type(&self, path: &str) -> Option<&CredentialConfiguration> {
        self.configurations
            .values()
            .find(|configuration| configuration.type_path() == path)
    }

    /// The URI of a status list.
    #[must_use]
    pub fn status_list_uri(&self, shard: ShardId) -> String {
        format!("{}/status/{shard}", self.identifier.as_str())
    }

    /// What a credential at `place` says about its status.
    ///
    /// # Errors
    /// [`InvalidStatusUri`] when the identifier is so long that the list's URI exceeds what may be written.
    pub fn status_reference(&self, place: StatusIndex) -> Result<StatusReference, InvalidStatusUri> {
        StatusReference::new(self.status_list_uri(place.shard), u64::from(place.index))
    }
}

/// A key that signs, and how others find its public half.
#[derive(Debug, Clone)]
pub struct SigningKey {
    /// Its handle in the key store.
    pub handle: KeyHandle,
    /// What it signs with.
    pub algorithm: SignatureAlgorithm,
    /// Its certificates, leaf first, without the anchor.
    pub chain: Vec<Certificate>,
}

/// Why an issuer cannot be as it is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// Nothing to issue.
    #[error("an issuer needs at least one credential configuration")]
    NoConfiguration,
    /// Two configurations with one name or one type.
    #[error("two credential configurations share their id or their type-path")]
    RepeatedConfiguration,
    /// Identifiers are compared as text, and endpoints are appended to it.
    #[error("the issuer identifier must not end with a slash")]
    TrailingSlash,
    /// A type that cannot be written.
    #[error(transparent)]
    Type(#[from] InvalidCredentialType),
    /// A policy that makes no sense.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}
