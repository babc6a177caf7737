//! When an issuer that could not be told of a deletion is tried again.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;

use crate::wallet::FINISHED_FLOW_LIFETIME;

/// An issuer fails for minutes when it is restarted.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// One that fails for hours is busy with something else than this wallet.
const LONGEST_WAIT: Duration = Duration::from_secs(4 * 60 * 60);

/// That an issuer was told of deletions in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untold {
    /// Since when.
    pub since: UnixTime,
    /// How often.
    pub attempts: u32,
    /// Not to be tried again before.
    pub not_before: UnixTime,
}

impl Untold {
    /// What is known after another attempt in vain: the next one comes after twice the time. `None` when there is to be none, because
    /// the issuer has failed for a day.
    pub(in crate::receive) fn after_attempt(before: Option<Self>, now: UnixTime) -> Option<Self> {
        let (since, earlier) = match before {
            // A clock that was set back says nothing of how long it has been.
            Some(before) if before.since <= now => (before.since, before.attempts),
            _ => (now, 0),
        };
        let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(earlier));
        let untold = Self {
            since,
            attempts: earlier.saturating_add(1),
            not_before: now.plus(doubled.min(LONGEST_WAIT)),
        };
        (now < since.plus(FINISHED_FLOW_LIFETIME)).then_some(untold)
    }

    /// Whether it is time for another attempt.
    pub(in crate::receive) fn is_due(&self, now: UnixTime) -> bool {
        now >= self.not_before || now < self.since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_one_before_up_to_a_bound_and_a_day_is_the_end() {
        let start = UnixTime::from_seconds(1_800_000_000);
        let (mut now, mut untold, mut waits) = (start, None, Vec::new());
        while let Some(next) = Untold::after_attempt(untold, now) {
            assert!(!next.is_due(next.not_before.minus(Duration::from_secs(1))));
            assert!(next.is_due(next.not_before));
            assert_eq!(next.since, start);
            waits.push(next.not_before.since(now).as_secs() / 60);
            now = next.not_before;
            untold = Some(next);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 240, 240, 240, 240, 240]);
        assert!(now >= start.plus(FINISHED_FLOW_LIFETIME));
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_up() {
        let start = UnixTime::from_seconds(1_800_000_000);
        let earlier = start.minus(Duration::from_secs(86_400 * 365));
        let untold = Untold::after_attempt(None, start).unwrap();
        assert!(untold.is_due(earlier));
        let again = Untold::after_attempt(Some(untold), earlier).unwrap();
        assert_eq!((again.since, again.attempts), (earlier, 1));
    }
}
