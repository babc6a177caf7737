//! A circuit that opens when a repository fails again and again: whoever asks then is told at once to come back later, and the
//! repository is left alone to recover.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use symbolon_crypto::UnixTime;

/// Failures in a row that open it.
const FAILURES: u32 = 5;
/// How long it stays open before one question is let through.
const OPEN_FOR: Duration = Duration::from_secs(15);
/// When to come back after a failure that did not open it.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The circuit.
#[derive(Default)]
pub(super) struct Circuit(Mutex<State>);

#[derive(Default)]
struct State {
    failures: u32,
    open_until: Option<UnixTime>,
}

impl Circuit {
    /// Lets a question through, or says how long to wait.
    pub(super) fn enter(&self, now: UnixTime) -> Result<(), Duration> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.open_until {
            Some(until) if now < until => Err(until.since(now)),
            Some(_) => {
                // One asks; the others wait for what comes of it.
                state.open_until = Some(now.plus(OPEN_FOR));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Notes an answer.
    pub(super) fn succeeded(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// Notes a failure, and says when to come back.
    pub(super) fn failed(&self, now: UnixTime) -> Duration {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        if state.failures < FAILURES {
            return RETRY_AFTER;
        }
        state.open_until = Some(now.plus(OPEN_FOR));
        OPEN_FOR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_000);

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_after_an_answer() {
        let circuit = Circuit::default();
        for _ in 0..FAILURES - 1 {
            assert_eq!(circuit.failed(NOW), RETRY_AFTER);
            assert!(circuit.enter(NOW).is_ok());
        }
        circuit.succeeded();
        for _ in 0..FAILURES - 1 {
            circuit.failed(NOW);
        }
        assert!(
            circuit.enter(NOW).is_ok(),
            "an answer in between begins the count anew"
        );
        assert_eq!(circuit.failed(NOW), OPEN_FOR);
        assert_eq!(circuit.enter(NOW), Err(OPEN_FOR));
        let later = NOW.plus(OPEN_FOR);
        assert!(circuit.enter(later).is_ok());
        assert!(circuit.enter(later).is_err(), "one question alone is let through");
        circuit.succeeded();
        assert!(circuit.enter(later).is_ok());
    }
}
