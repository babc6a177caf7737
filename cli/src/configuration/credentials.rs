//! `[issuer.credentials]`: how the issuer hands out credentials.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use symbolon_issuer::policy::{EncryptionPolicy, IssuerPolicy};

const SECONDS_PER_DAY: u64 = 86_400;

/// `[issuer.credentials]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CredentialsSection {
    /// How many keys one request may bring, 1 to 64. The wallet gets a credential for each.
    pub batch_size: u32,
    /// Whether requests must be encrypted: `offered` or `required`.
    pub request_encryption: EncryptionName,
    /// Whether responses must be encrypted: `offered` or `required`.
    pub response_encryption: EncryptionName,
    /// How long a wallet waits before it asks again for what an operator has to approve.
    pub deferred_interval_seconds: u64,
    /// How long what waits can be fetched.
    pub deferred_lifetime_days: u64,
    /// How long an offer stays in the operator's book after it has expired, 0 to 365. What came of it is never forgotten before it is
    /// over.
    pub offer_retention_days: u64,
    /// Whose key attestations are believed: certificates in PEM, relative to the configuration file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_attester_certificates: Vec<PathBuf>,
    /// Whose certificates may name the key of a proof: certificates in PEM, relative to the configuration file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proof_certificates: Vec<PathBuf>,
}

/// Whether messages must be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EncryptionName {
    /// They may be.
    Offered,
    /// Plain ones are refused.
    Required,
}

impl Default for CredentialsSection {
    fn default() -> Self {
        let policy = IssuerPolicy::default();
        Self {
            batch_size: policy.batch_size,
            request_encryption: EncryptionName::Offered,
            response_encryption: EncryptionName::Offered,
            deferred_interval_seconds: policy.deferred_interval_seconds,
            deferred_lifetime_days: policy.deferred_lifetime_seconds / SECONDS_PER_DAY,
            offer_retention_days: policy.offer_retention_seconds / SECONDS_PER_DAY,
            key_attester_certificates: Vec::new(),
            proof_certificates: Vec::new(),
        }
    }
}

impl CredentialsSection {
    /// Whether it says nothing beyond the defaults.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The issuer's policy; its ranges are checked when the issuer is made.
    #[must_use]
    pub fn policy(&self) -> IssuerPolicy {
        IssuerPolicy {
            batch_size: self.batch_size,
            request_encryption: self.request_encryption.into(),
            response_encryption: self.response_encryption.into(),
            deferred_interval_seconds: self.deferred_interval_seconds,
            deferred_lifetime_seconds: self.deferred_lifetime_days.saturating_mul(SECONDS_PER_DAY),
            offer_retention_seconds: self.offer_retention_days.saturating_mul(SECONDS_PER_DAY),
            ..IssuerPolicy::default()
        }
    }
}

impl From<EncryptionName> for EncryptionPolicy {
    fn from(name: EncryptionName) -> Self {
        match name {
            EncryptionName::Offered => Self::Offered,
            EncryptionName::Required => Self::Required,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_reaches_the_policy_and_nothing_else_is_a_key() {
        let section: CredentialsSection =
            toml::from_str("batch_size = 10\nrequest_encryption = \"required\"\ndeferred_lifetime_days = 3\noffer_retention_days = 4")
                .unwrap();
        assert!(!section.is_default());
        let policy = section.policy();
        assert_eq!(policy.batch_size, 10);
        assert_eq!(policy.request_encryption, EncryptionPolicy::Required);
        assert_eq!(policy.response_encryption, EncryptionPolicy::Offered);
        assert_eq!(policy.deferred_lifetime_seconds, 3 * SECONDS_PER_DAY);
        assert_eq!(policy.offer_retention_seconds, 4 * SECONDS_PER_DAY);
        assert!(toml::from_str::<CredentialsSection>("batchsize = 1").is_err());
        assert!(CredentialsSection::default().is_default());
        assert_eq!(CredentialsSection::default().policy(), IssuerPolicy::default());
    }
}
