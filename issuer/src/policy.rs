//! What an operator may choose, within what is safe.

use std::time::Duration;

use serde::Deserialize;
use symbolon_protocol::openid4vci::encryption::EncryptionDemand;
use symbolon_trust::status_list::BitsPerStatus;
use thiserror::Error;

use crate::index::{IndexWidth, ShardForm};

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
    /// How many bits a status has in lists that are opened from now on: 1, 2, 4 or 8. With one there is no suspension; more than two are
    /// for readers who expect them, because all states of an issuer fit into two.
    pub status_list_bits: BitsPerStatus,
    /// How long a verifier may keep a status list before it asks again, in seconds: 1 to 86,400.
    pub status_time_to_live_seconds: u64,
    /// How long a status list is valid without being signed again, in seconds: at least twice the time to live.
    pub status_lifetime_seconds: u64,
    /// How long the status lists of the past can be asked for, in seconds: at most 63,072,000 (two years). Without it, or with 0, no
    /// past is kept: whoever can ask for the past can follow what becomes of a credential that was shown once.
    pub status_history_seconds: u64,
    /// How far the lists that are kept of the past lie apart, in seconds: from the time to live to half the lifetime. A list of the past is
    /// at most so much older than the time that was asked for.
    pub status_history_interval_seconds: u64,
    /// Whether W3C credentials name a list of the purpose `message` beside those of revocation and suspension, which says the state in
    /// words.
    pub status_messages: bool,
    /// How long a status list that another one has followed is still published after the last of its credentials has expired, in seconds: a day to 315,360,000
    /// (ten years), or 0 for always.
    pub status_retirement_seconds: u64,
    /// How many megabytes the published lists may take in memory: 16 to 65,536. What does not fit is signed when it is asked for.
    pub status_memory_megabytes: u64,
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
            status_list_bits: BitsPerStatus::Two,
            status_history_seconds: 0,
            status_history_interval_seconds: 3_600,
            status_messages: false,
            status_retirement_seconds: 90 * DAY,
            status_memory_megabytes: 256,
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
                "status_history_seconds",
                self.status_history_seconds,
                0,
                730 * DAY,
            ),
            (
                "status_memory_megabytes",
                self.status_memory_megabytes,
                16,
                65_536,
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
        // What is not kept has no interval.
        let interval = (self.status_history_seconds > 0).then_some((
            "status_history_interval_seconds",
            self.status_history_interval_seconds,
            self.status_time_to_live_seconds,
            self.status_lifetime_seconds / 2,
        ));
        // For ever has no bounds.
        let retirement = (self.status_retirement_seconds > 0).then_some((
            "status_retirement_seconds",
            self.status_retirement_seconds,
            DAY,
            3_650 * DAY,
        ));
        match ranges
            .into_iter()
            .chain(interval)
            .chain(retirement)
            .find(|(_, value, least, most)| !(least..=most).contains(&value))
        {
            Some((key, _, least, most)) => Err(PolicyError { key, least, most }),
            None => Ok(()),
        }
    }

    /// The form in which status lists are opened.
    #[must_use]
    pub const fn shard_form(&self) -> ShardForm {
        ShardForm {
            width: self.status_list_width,
            bits: self.status_list_bits,
        }
    }

    /// [`IssuerPolicy::status_retirement_seconds`]; `None` where lists are published for ever.
    #[must_use]
    pub const fn status_retirement(&self) -> Option<Duration> {
        match self.status_retirement_seconds {
            0 => None,
            seconds => Some(Duration::from_secs(seconds)),
        }
    }

    /// [`IssuerPolicy::status_history_seconds`]; `None` where no past is kept.
    #[must_use]
    pub const fn status_history(&self) -> Option<Duration> {
        match self.status_history_seconds {
            0 => None,
            seconds => Some(Duration::from_secs(seconds)),
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
        assert!(toml::from_str::<IssuerPolicy>("status_list_bits = 3").is_err());
        let bits = toml::from_str::<IssuerPolicy>("status_list_bits = 4").unwrap();
        assert_eq!(bits.shard_form().bits, BitsPerStatus::Four);
        let refused = |text: &str| {
            let policy: IssuerPolicy = toml::from_str(text).unwrap();
            policy.check().unwrap_err().key
        };
        assert_eq!(refused("status_memory_megabytes = 15"), "status_memory_megabytes");
        assert_eq!(
            refused("status_history_seconds = 63072001"),
            "status_history_seconds"
        );
        // A gap between two lists of the past would be a time that nobody can ask for.
        for interval in [59, 43_201] {
            let text = format!("status_history_seconds = 60\nstatus_history_interval_seconds = {interval}");
            assert_eq!(refused(&text), "status_history_interval_seconds");
        }
        for seconds in [86_399, 315_360_001] {
            let text = format!("status_retirement_seconds = {seconds}");
            assert_eq!(refused(&text), "status_retirement_seconds");
        }
        let never: IssuerPolicy = toml::from_str("status_retirement_seconds = 0").unwrap();
        assert_eq!((never.check(), never.status_retirement()), (Ok(()), None));
        let none: IssuerPolicy = toml::from_str("status_history_interval_seconds = 1").unwrap();
        assert_eq!(none.check(), Ok(()));
        assert_eq!(none.status_history(), None);
    }
}
