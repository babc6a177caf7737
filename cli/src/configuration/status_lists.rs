//! `[issuer.status_lists]`: the form of status lists, how long they hold, and what is kept of their past.

use serde::{Deserialize, Serialize};
use symbolon_issuer::index::IndexWidth;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_trust::status_list::BitsPerStatus;

const SECONDS_PER_DAY: u64 = 86_400;

/// `[issuer.status_lists]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatusListsSection {
    /// The base-two logarithm of the places in a list, 6 to 24; of lists that are opened from now on.
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
             history_interval_seconds = 600\nmemory_megabytes = 32",
        )
        .unwrap();
        let policy = section.apply(IssuerPolicy::default());
        assert_eq!(policy.status_list_width.capacity(), 1 << 17);
        assert_eq!(policy.status_list_bits, BitsPerStatus::Four);
        assert_eq!(policy.status_time_to_live_seconds, 300);
        assert_eq!(policy.status_lifetime_seconds, 7_200);
        assert_eq!(policy.status_history_seconds, 2 * SECONDS_PER_DAY);
        assert_eq!(policy.status_history_interval_seconds, 600);
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
