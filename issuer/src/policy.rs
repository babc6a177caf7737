//! What an operator may choose, within what is safe.

use std::time::Duration;

use serde::Deserialize;
use symbolon_protocol::openid4vci::encryption::EncryptionDemand;
use thiserror::Error;

use crate::index::IndexWidth;

/// The issuer's policy. Every key has a default, and unknown keys are errors.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IssuerPolicy {
    /// How long a new offer may be redeemed, in seconds: 60 to 2,592,000 (30 days).
    pub offer_lifetime_seconds: u64,
    /// How many credentials of each configuration one offer yields: 1 to 100. More than one lets a wallet that lost its first try again.
    pub credentials_per_offer: u32,
    /// How many keys one credential request may bring: 1 to 64.
    pub batch_size: u32,
    /// The base-two logarithm of the size of a status list.
    pub status_list_width: IndexWidth,
    /// How long a verifier may keep a status list before it asks again, in seconds: 1 to 86,400.
    pub status_time_to_live_seconds: u64,
    /// How long a status list is valid without being signed again, in seconds: at least twice the time to live.
    pub status_lifetime_seconds: u64,
    /// To what the time of issuance in a credential is rounded down, in seconds: 1 to 604,800. Credentials issued to different people in the
    /// same span cannot be told apart by it.
    pub issued_at_granularity_seconds: u64,
    /// Whether credential requests must be encrypted; they may always be.
    pub request_encryption: EncryptionPolicy,
    /// Whether credential responses must be encrypted; they are whenever a request asks for it.
    pub response_encryption: EncryptionPolicy,
    /// How long a wallet waits before it asks again for a credential that an operator has to approve, in seconds: 1 to 86,400.
    pub deferred_interval_seconds: u64,
    /// How long such a credential can be fetched, from the request on, in seconds: 600 to 7,776,000 (90 days).
    pub deferred_lifetime_seconds: u64,
    /// How long an offer stays in the operator's book after it has expired, in seconds: at most 31,536,000 (a year). What came of it is
    /// never forgotten before it is over, whatever this says.
    pub offer_retention_seconds: u64,
    /// How long a wallet may tell what became of a credential, in seconds: 600 to 31,536,000 (a year).
    pub notification_lifetime_seconds: u64,
    /// How long an offline pack is current, in seconds.
    pub pack_lifetime_seconds: u64,
    /// How much longer it may be used with a warning, in seconds.
    pub pack_grace_seconds: u64,
}

/// Whether messages of the credential endpoints must be encrypted ([OpenID4VCI §10]).
///
/// [OpenID4VCI §10]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-10
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EncryptionPolicy {
    /// They may be.
    Offered,
    /// Plain ones are refused.
    Required,
}

impl From<EncryptionPolicy> for EncryptionDemand {
    fn from(policy: EncryptionPolicy) -> Self {
        match policy {
            EncryptionPolicy::Offered => Self::Offered,
            EncryptionPolicy::Required => Self::Required,
        }
    }
}

impl Default for IssuerPolicy {
    fn default() -> Self {
        Self {
            offer_lifetime_seconds: DAY,
            credentials_per_offer: 1,
            batch_size: 1,
            status_list_width: IndexWidth::DEFAULT,
            // A revocation reaches everyone who is online within a minute.
            status_time_to_live_seconds: 60,
            status_lifetime_seconds: DAY,
            issued_at_granularity_seconds: DAY,
            request_encryption: EncryptionPolicy::Offered,
            response_encryption: EncryptionPolicy::Offered,
            deferred_interval_seconds: 5,
            deferred_lifetime_seconds: 30 * DAY,
            offer_retention_seconds: 30 * DAY,
            notification_lifetime_seconds: 90 * DAY,
            pack_lifetime_seconds: 7 * DAY,
            pack_grace_seconds: 30 * DAY,
        }
    }
}

impl IssuerPolicy {
    /// Refuses values that make no sense.
    ///
    /// # Errors
    /// [`PolicyError`], naming the key.
    pub fn check(&self) -> Result<(), PolicyError> {
        let ranges = [
            (
                "offer_lifetime_seconds",
                self.offer_lifetime_seconds,
                60,
                30 * DAY,
            ),
            (
                "credentials_per_offer",
                u64::from(self.credentials_per_offer),
                1,
                100,
            ),
            ("batch_size", u64::from(self.batch_size), 1, 64),
            (
                "status_time_to_live_seconds",
                self.status_time_to_live_seconds,
                1,
                DAY,
            ),
            (
                "status_lifetime_seconds",
                self.status_lifetime_seconds,
                self.status_time_to_live_seconds.saturating_mul(2),
                30 * DAY,
            ),
            (
                "issued_at_granularity_seconds",
                self.issued_at_granularity_seconds,
                1,
                7 * DAY,
            ),
            (
                "deferred_interval_seconds",
                self.deferred_interval_seconds,
                1,
                DAY,
            ),
            (
                "deferred_lifetime_seconds",
                self.deferred_lifetime_seconds,
                600,
                90 * DAY,
            ),
            (
                "offer_retention_seconds",
                self.offer_retention_seconds,
                0,
                365 * DAY,
            ),
            (
                "notification_lifetime_seconds",
                self.notification_lifetime_seconds,
                600,
                365 * DAY,
            ),
            ("pack_lifetime_seconds", self.pack_lifetime_seconds, 60, 365 * DAY),
            ("pack_grace_seconds", self.pack_grace_seconds, 0, 365 * DAY),
        ];
        match ranges
            .into_iter()
            .find(|(_, value, least, most)| !(least..=most).contains(&value))
        {
            Some((key, _, least, most)) => Err(PolicyError { key, least, most }),
            None => Ok(()),
        }
    }

    /// [`IssuerPolicy::offer_lifetime_seconds`].
    #[must_use]
    pub const fn offer_lifetime(&self) -> Duration {
        Duration::from_secs(self.offer_lifetime_seconds)
    }
}

/// A key of the policy is out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{key} must be between {least} and {most}")]
pub struct PolicyError {
    /// The key.
    pub key: &'static str,
    /// The least value.
    pub least: u64,
    /// The greatest value.
    pub most: u64,
}

const DAY: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_pass_and_every_absurd_value_is_named() {
        assert_eq!(IssuerPolicy::default().check(), Ok(()));
        let policy: IssuerPolicy = toml::from_str("batch_size = 65").unwrap();
        assert_eq!(policy.check().unwrap_err().key, "batch_size");
        let policy = IssuerPolicy {
            status_lifetime_seconds: 119,
            ..IssuerPolicy::default()
        };
        assert_eq!(policy.check().unwrap_err().key, "status_lifetime_seconds");
        assert!(
            toml::from_str::<IssuerPolicy>("batchsize = 2")
                .unwrap_err()
                .to_string()
                .contains("batchsize")
        );
        assert!(toml::from_str::<IssuerPolicy>("status_list_width = 30").is_err());
    }
}
