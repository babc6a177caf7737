//! When an issuer that fails is asked again. Whoever makes it fail, or brings offers that it cannot answer, must not have this wallet ask it
//! all the time.

use std::collections::BTreeMap;
use std::time::Duration;

use symbolon_crypto::UnixTime;
use symbolon_wallet_core::FlowId;

/// An issuer fails for minutes when it is restarted.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// Whoever waits for a credential wants it the same day.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// What was tried in vain. A process that starts anew tries everything once.
#[derive(Debug, Default)]
pub(super) struct Attempts(BTreeMap<FlowId, InVain>);

#[derive(Debug, Clone, Copy)]
struct InVain {
    at: UnixTime,
    wait: Duration,
}

impl Attempts {
    /// Whether it is time for another attempt. A clock that was set back holds nothing up.
    pub(super) fn is_due(&self, flow: FlowId, now: UnixTime) -> bool {
        let tried = self.0.get(&flow);
        tried.is_none_or(|tried| now >= tried.at.plus(tried.wait) || now < tried.at)
    }

    /// Another attempt was in vain: the next one comes after twice the time.
    pub(super) fn in_vain(&mut self, flow: FlowId, at: UnixTime) {
        let before = self.0.get(&flow).filter(|before| before.at <= at);
        let wait = before.map_or(FIRST_WAIT, |before| {
            before.wait.saturating_mul(2).min(LONGEST_WAIT)
        });
        self.0.insert(flow, InVain { at, wait });
    }

    /// It went on, or is over.
    pub(super) fn forget(&mut self, flow: FlowId) {
        self.0.remove(&flow);
    }

    /// Forgets flows that nobody has tried for long: they ended elsewhere.
    pub(super) fn forget_before(&mut self, now: UnixTime) {
        self.0
            .retain(|_, tried| now < tried.at.plus(tried.wait.saturating_mul(2)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_one_before_up_to_an_hour() {
        let flow: FlowId = "00112233445566778899aabbccddeeff".parse().unwrap();
        let mut attempts = Attempts::default();
        let mut now = UnixTime::from_seconds(1_800_000_000);
        for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert!(attempts.is_due(flow, now));
            attempts.in_vain(flow, now);
            let wait = Duration::from_secs(60 * minutes);
            assert!(!attempts.is_due(flow, now.plus(wait).minus(Duration::from_secs(1))));
            now = now.plus(wait);
            attempts.forget_before(now);
        }
        assert!(
            attempts.is_due(flow, UnixTime::from_seconds(0)),
            "a clock that was set back"
        );
        attempts.forget(flow);
        assert!(attempts.is_due(flow, now));
    }
}
