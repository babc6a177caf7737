//! `[issuer.status_lists]`: the form of status lists, how long they hold, and what is kept of their past.

use serde::{Deserialize, Serialize};
use symbolon_issuer::index::IndexWidth;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_trust::bitstring_status_list::MIN_ENTRIES;
use symbolon_trust::status_list::BitsPerStatus;

use super::ConfigurationError;

const SECONDS_PER_DAY: u64 = 86_400;

/// `[issuer.status_lists]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatusListsSection {
    /// The base-two logarithm of the places in a list, 17 to 24, in development from 6; of lists that are opened from now on.
    pub width: IndexWidth,
    /// How many bits a status has, 1, 2, 4 or 8; in lists that are opened from now on.
    pub bits: BitsPerStatus,
    /// How long a verifier may keep a list before it asks again, 1 to 86,400.
    pub time_to_live_seconds: u64,
    /// How long a list is valid without being signed again, from twice the time to live to 30 days.
    pub lifetime_seconds: u64,
    /// How long lists of the past can be asked for, 0 (never) to 730.
    pub history_days: u64,
    /// How far the lists that are kept of the past lie apart, from the time to live to half the lifetime.
    pub history_interval_seconds: u64,
    /// Whether W3C credentials name a list of messages, too.
    pub messages: bool,
    /// How long a list that another one has followed is still published after the last of its credentials has expired, 1 to 3,650; 0 for ever.
    pub retire_after_days: u64,
    /// How much memory the published lists may take, 16 to 65,536.
    pub memory_megabytes: u64,
}

impl Default for StatusListsSection {
    fn default() -> Self {
        let policy = IssuerPolicy::default();
        Self {
            width: policy.status_list_width,
            bits: policy.status_list_bits,
            time_to_live_seconds: policy.status_time_to_live_seconds,
            lifetime_seconds: policy.status_lifetime_seconds,
            history_days: policy.status_history_seconds / SECONDS_PER_DAY,
            history_interval_seconds: policy.status_history_interval_seconds,
            messages: policy.status_messages,
            retire_after_days: policy.status_retirement_seconds / SECONDS_PER_DAY,
            memory_megabytes: policy.status_memory_megabytes,
        }
    }
}

impl StatusListsSection {
    /// Whether it says nothing beyond the defaults.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses lists in which a credential hides among too few. A place that no credential has looks like that of one in force, so that
    /// a list has its whole herd from the first credential on, and never a smaller one than its width.
    pub(super) fn check(&self, development: bool) -> Result<(), ConfigurationError> {
        if development || u64::from(self.width.capacity()) >= MIN_ENTRIES {
            Ok(())
        } else {
            Err(ConfigurationError::SmallHerd)
        }
    }

    /// The issuer's policy with what this section says; its ranges are checked when the issuer is made.
    #[must_use]
    pub fn apply(&self, policy: IssuerPolicy) -> IssuerPolicy {
        IssuerPolicy {
            status_list_width: self.width,
            status_list_bits: self.bits,
            status_time_to_live_seconds: self.time_to_live_seconds,
            status_lifetime_seconds: self.lifetime_seconds,
            status_history_seconds: self.history_days.saturating_mul(SECONDS_PER_DAY),
            status_history_interval_seconds: self.history_interval_seconds,
            status_messages: self.messages,
            status_retirement_seconds: self.retire_after_days.saturating_mul(SECONDS_PER_DAY),
            status_memory_megabytes: self.memory_megabytes,
            ..policy
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_reaches_the_policy_and_nothing_else_is_a_key() {
        let section: StatusListsSection = toml::from_str(
            "width = 17\nbits = 4\ntime_to_live_seconds = 300\nlifetime_seconds = 7200\nhistory_days = 2\n\
             history_interval_seconds = 600\nmessages = true\nretire_after_days = 30\nmemory_megabytes = 32",
        )
        .unwrap();
        let policy = section.apply(IssuerPolicy::default());
        assert_eq!(policy.status_list_width.capacity(), 1 << 17);
        assert_eq!(policy.status_list_bits, BitsPerStatus::Four);
        assert_eq!(policy.status_time_to_live_seconds, 300);
        assert_eq!(policy.status_lifetime_seconds, 7_200);
        assert_eq!(policy.status_history_seconds, 2 * SECONDS_PER_DAY);
        assert_eq!(policy.status_history_interval_seconds, 600);
        assert!(policy.status_messages);
        assert_eq!(policy.status_retirement_seconds, 30 * SECONDS_PER_DAY);
        assert_eq!(policy.status_memory_megabytes, 32);
        assert_eq!(policy.check(), Ok(()));
        for refused in ["bit = 2", "bits = 3", "width = 25", "width = 5"] {
            assert!(
                toml::from_str::<StatusListsSection>(refused).is_err(),
                "{refused}"
            );
        }
        let section = StatusListsSection::default();
        assert!(section.is_default());
        assert_eq!(section.apply(IssuerPolicy::default()), IssuerPolicy::default());
    }
}
