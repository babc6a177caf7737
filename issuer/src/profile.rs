//! What an issuer is: its name, its configurations, its policy, and which keys sign what.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use symbolon_credential::data_integrity::{ContextTable, InvalidContext};
use symbolon_credential::sd_jwt_vc::{InvalidCredentialType, VerifiableCredentialType};
use symbolon_credential::status::{InvalidStatusUri, StatusReference};
use symbolon_credential::w3c::{BitstringStatusEntry, StatusPurpose, StatusSize};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::encoding::base64;
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::x509::Certificate;
use symbolon_protocol::identifier::IssuerIdentifier;
use thiserror::Error;

use crate::authorization::{AuthorizationPolicy, AuthorizationPolicyError};
use crate::credential_record::CredentialStatus;
use crate::haip::Profile;
use crate::identifiers::ConfigurationId;
use crate::index::{ShardId, StatusIndex};
use crate::mapping::{CredentialConfiguration, IssuancePolicy};
use crate::metadata::paths;
use crate::policy::{IssuerPolicy, PolicyError};

/// One issuer, checked.
#[derive(Debug, Clone)]
pub struct IssuerProfile {
    identifier: IssuerIdentifier,
    name: String,
    configurations: BTreeMap<ConfigurationId, CredentialConfiguration>,
    types: BTreeMap<ConfigurationId, PublishedType>,
    contexts: BTreeMap<String, PublishedContext>,
    context_table: ContextTable,
    policy: IssuerPolicy,
    authorization: AuthorizationPolicy,
    proof_trust: ProofTrust,
    profile: Profile,
}

/// Whom the issuer believes about the keys of wallets.
#[derive(Debug, Clone, Default)]
pub struct ProofTrust {
    /// Anchors of the wallet providers that attest keys ([OpenID4VCI appendix D], HAIP §4.5.1).
    ///
    /// [OpenID4VCI appendix D]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-D
    pub attesters: Vec<Certificate>,
    /// Anchors of the certificates by which `jwt` proofs may name their keys; without any, no proof may.
    pub certificates: Vec<Certificate>,
}

/// An SD-JWT VC type as the issuer publishes it.
#[derive(Debug, Clone)]
pub struct PublishedType {
    /// The type.
    pub vct: VerifiableCredentialType,
    /// Its type metadata, byte for byte as it is served.
    pub metadata: Vec<u8>,
    /// The digest of these bytes, for `vct#integrity` ([SD-JWT VC §6]).
    ///
    /// [SD-JWT VC §6]: https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/
    pub integrity: String,
}

/// A JSON-LD context as the issuer publishes it.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedContext {
    /// Its URL.
    pub url: String,
    /// The document.
    pub document: Value,
}

impl IssuerProfile {
    /// An issuer with these configurations.
    ///
    /// # Errors
    /// [`ProfileError`] when there is no configuration, two share a name, a type or a context that is not the same, or the policy
    /// is out of range.
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
        if !has_one_spelling(&identifier) {
            return Err(ProfileError::Spelling);
        }
        if configurations.is_empty() {
            return Err(ProfileError::NoConfiguration);
        }
        let mut by_id = BTreeMap::new();
        let mut types = BTreeMap::new();
        let mut contexts: BTreeMap<String, PublishedContext> = BTreeMap::new();
        for configuration in configurations {
            let clash = by_id.values().any(|other: &CredentialConfiguration| {
                let type_path = configuration.type_path();
                other.id() == configuration.id() || type_path.is_some() && other.type_path() == type_path
            });
            if clash {
                return Err(ProfileError::RepeatedConfiguration);
            }
            if let Some(published) = PublishedType::of(&configuration, identifier.as_str())? {
                types.insert(configuration.id().clone(), published);
            }
            if let Some((context, published)) = published_context(&configuration, identifier.as_str()) {
                let known = contexts.entry(context).or_insert_with(|| published.clone());
                if *known != published {
                    return Err(ProfileError::ContextMismatch);
                }
            }
            by_id.insert(configuration.id().clone(), configuration);
        }
        let documents = contexts
            .values()
            .map(|context| (context.url.clone(), context.document.clone()));
        Ok(Self {
            context_table: ContextTable::from_documents(documents)?,
            identifier,
            name,
            configurations: by_id,
            types,
            contexts,
            policy,
            authorization: AuthorizationPolicy::closed(),
            proof_trust: ProofTrust::default(),
            profile: Profile::Standard,
        })
    }

    /// The issuer with an authorization server of this policy; without it [`AuthorizationPolicy::closed`] holds.
    ///
    /// # Errors
    /// [`AuthorizationPolicyError`].
    pub fn with_authorization(
        mut self,
        authorization: AuthorizationPolicy,
    ) -> Result<Self, AuthorizationPolicyError> {
        authorization.check()?;
        self.authorization = authorization;
        Ok(self)
    }

    /// The same issuer, which keeps to this profile. Whether it can is checked where it is opened, with its keys.
    #[must_use]
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// The profile that it keeps to.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// The same issuer, which believes these about the keys of wallets.
    #[must_use]
    pub fn with_proof_trust(mut self, proof_trust: ProofTrust) -> Self {
        self.proof_trust = proof_trust;
        self
    }

    /// Whom the issuer believes about the keys of wallets.
    #[must_use]
    pub const fn proof_trust(&self) -> &ProofTrust {
        &self.proof_trust
    }

    /// The configuration that wants key attestations though no attester is believed; no wallet could ever get its credential.
    #[must_use]
    pub fn configuration_without_attester(&self) -> Option<&ConfigurationId> {
        let wanting = |configuration: &&CredentialConfiguration| configuration.proofs().reads_attestations();
        if !self.proof_trust.attesters.is_empty() {
            return None;
        }
        self.configurations
            .values()
            .find(wanting)
            .map(CredentialConfiguration::id)
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

    /// The policy of its authorization server.
    #[must_use]
    pub const fn authorization(&self) -> &AuthorizationPolicy {
        &self.authorization
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

    /// Whether an operator has to approve anything, so that wallets wait.
    #[must_use]
    pub fn defers(&self) -> bool {
        self.configurations
            .values()
            .any(|configuration| configuration.issuance() == IssuancePolicy::Approval)
    }

    /// The SD-JWT VC type of a configuration; `None` for the other formats.
    #[must_use]
    pub fn published_type(&self, id: &ConfigurationId) -> Option<&PublishedType> {
        self.types.get(id)
    }

    /// The type whose metadata is served at `path`, without a slash at either end.
    #[must_use]
    pub fn type_at(&self, path: &str) -> Option<&PublishedType> {
        let configuration = self
            .configurations
            .values()
            .find(|configuration| configuration.type_path() == Some(path))?;
        self.types.get(configuration.id())
    }

    /// The JSON-LD contexts by name.
    #[must_use]
    pub const fn contexts(&self) -> &BTreeMap<String, PublishedContext> {
        &self.contexts
    }

    /// The same by URL, for a JSON-LD processor.
    #[must_use]
    pub const fn context_table(&self) -> &ContextTable {
        &self.context_table
    }

    /// Whether any configuration issues W3C credentials, whose status is in Bitstring Status Lists.
    #[must_use]
    pub fn issues_w3c_credentials(&self) -> bool {
        self.configurations
            .values()
            .any(|configuration| configuration.w3c().is_some())
    }

    /// The URI of a status list.
    #[must_use]
    pub fn status_list_uri(&self, shard: ShardId) -> String {
        format!("{}/{shard}", self.status_aggregation_uri())
    }

    /// Where the URIs of all status lists are listed.
    #[must_use]
    pub fn status_aggregation_uri(&self) -> String {
        format!("{}{}", self.identifier.as_str(), paths::STATUS)
    }

    /// What a credential at `place` says about its status.
    ///
    /// # Errors
    /// [`InvalidStatusUri`] when the identifier is so long that the list's URI exceeds what may be written.
    pub fn status_reference(&self, place: StatusIndex) -> Result<StatusReference, InvalidStatusUri> {
        StatusReference::new(self.status_list_uri(place.shard), u64::from(place.index))
    }

    /// The URL of the Bitstring Status List of a shard for a purpose.
    #[must_use]
    pub fn bitstring_uri(&self, shard: ShardId, purpose: &StatusPurpose) -> String {
        format!("{}/status/bitstring/{shard}/{purpose}", self.identifier.as_str())
    }

    /// The purposes of the Bitstring Status Lists of a shard; none where no W3C credentials are issued.
    #[must_use]
    pub fn status_purposes(&self) -> &'static [StatusPurpose] {
        match (self.issues_w3c_credentials(), self.policy.status_messages) {
            (false, _) => &[],
            (true, false) => &STATUS_PURPOSES,
            (true, true) => &STATUS_PURPOSES_WITH_MESSAGES,
        }
    }

    /// What a W3C credential at `place` says about its status: the index that it has in the Token Status List of the shard, in a
    /// list for each purpose.
    #[must_use]
    pub fn bitstring_entries(&self, place: StatusIndex) -> Vec<BitstringStatusEntry> {
        let entry = |purpose: &StatusPurpose| {
            let list = self.bitstring_uri(place.shard, purpose);
            let entry = BitstringStatusEntry::new(purpose.clone(), list, u64::from(place.index));
            match purpose {
                StatusPurpose::Message => BitstringStatusEntry {
                    size: StatusSize::TWO,
                    messages: CredentialStatus::messages(),
                    ..entry
                },
                _ => entry,
            }
        };
        self.status_purposes().iter().map(entry).collect()
    }
}

/// Whether the identifier stands as every reader writes it again, and has a path that requests can be routed by. Wallets compare it
/// as text, and derive addresses from what they have parsed.
fn has_one_spelling(identifier: &IssuerIdentifier) -> bool {
    let url = identifier.url().url();
    let plain =
        |segment: &str| !segment.is_empty() && !segment.starts_with([':', '*']) && segment != ".well-known";
    let path = url.path().trim_start_matches('/');
    url.as_str().trim_end_matches('/') == identifier.as_str()
        && (path.is_empty() || path.split('/').all(plain))
}

/// What the bits of the issuer's Bitstring Status Lists mean.
static STATUS_PURPOSES: [StatusPurpose; 2] = [StatusPurpose::Revocation, StatusPurpose::Suspension];
/// The same for an issuer whose credentials name a list of messages.
static STATUS_PURPOSES_WITH_MESSAGES: [StatusPurpose; 3] = [
    StatusPurpose::Revocation,
    StatusPurpose::Suspension,
    StatusPurpose::Message,
];

impl PublishedType {
    fn of(configuration: &CredentialConfiguration, issuer: &str) -> Result<Option<Self>, ProfileError> {
        let (Some(vct), Some(metadata)) = (configuration.vct(issuer), configuration.type_metadata(issuer))
        else {
            return Ok(None);
        };
        // Without white space, as a reader who has the metadata from a trust list writes it again.
        let metadata = metadata.to_string().into_bytes();
        Ok(Some(Self {
            vct: VerifiableCredentialType::parse(vct)?,
            integrity: format!("sha256-{}", base64::encode(&Sha256::digest(&metadata))),
            metadata,
        }))
    }
}

fn published_context(
    configuration: &CredentialConfiguration,
    issuer: &str,
) -> Option<(String, PublishedContext)> {
    let context = PublishedContext {
        url: configuration.context_url(issuer)?,
        document: configuration.context_document(issuer)?,
    };
    Some((configuration.w3c()?.context.clone(), context))
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
    /// Two spellings of one identifier would be two issuers.
    #[error(
        "the issuer identifier must be in normal form: lower case host, no usual port, and a path of plain segments"
    )]
    Spelling,
    /// A type that cannot be written.
    #[error(transparent)]
    Type(#[from] InvalidCredentialType),
    /// Two configurations name one context and mean different terms.
    #[error("two credential configurations with one context differ in their claims or types")]
    ContextMismatch,
    /// A context that cannot be used.
    #[error(transparent)]
    Context(#[from] InvalidContext),
    /// A policy that makes no sense.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}
