//! Pulling again and again, in the background of a server.

use std::sync::Arc;
use std::time::Duration;

use symbolon_crypto::{Randomness, random_bytes};
use symbolon_http::fetch::GuardedFetcher;

use super::{PackKeeper, PullError, PullFolder, PullSource, Pulled, Unwatched, pull};

/// How long after a failure the next try is made, at first; twice as long after each further one, up to the interval.
const FIRST_RETRY: Duration = Duration::from_secs(30);

/// When to pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeat {
    /// From one pull to the next. A tenth of it more or less is left to chance, so that a fleet that was switched on together does
    /// not ask together.
    pub every: Duration,
}

/// Pulls until the future is dropped. Each outcome is told to `tell`.
pub async fn keep_pulling(
    source: &PullSource,
    folder: &PullFolder,
    keeper: &Arc<dyn PackKeeper>,
    fetcher: &GuardedFetcher,
    repeat: Repeat,
    randomness: &dyn Randomness,
    tell: impl Fn(&Result<Pulled, PullError>),
) {
    let mut failures = 0_u32;
    loop {
        let pulled = pull(source, folder, keeper, fetcher, &Unwatched).await;
        tell(&pulled);
        failures = if pulled.is_ok() {
            0
        } else {
            failures.saturating_add(1)
        };
        tokio::time::sleep(spread(pause(repeat.every, failures), randomness)).await;
    }
}

/// The pause after so many failures in a row.
fn pause(every: Duration, failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => every,
        Some(further) => FIRST_RETRY
            .saturating_mul(2_u32.saturating_pow(further.min(16)))
            .min(every),
    }
}

/// A tenth more or less.
fn spread(pause: Duration, randomness: &dyn Randomness) -> Duration {
    // Without randomness the pause is as it is.
    let by = random_bytes::<1>(randomness).map_or(128, |bytes| u32::from(bytes[0]));
    pause.saturating_mul(9) / 10 + (pause / 5).saturating_mul(by) / 255
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;

    #[test]
    fn failures_are_repeated_soon_and_then_more_and_more_slowly() {
        let hour = Duration::from_secs(3600);
        let pauses: Vec<u64> = (0..9).map(|failures| pause(hour, failures).as_secs()).collect();
        assert_eq!(pauses, [3600, 30, 60, 120, 240, 480, 960, 1920, 3600]);
        assert_eq!(pause(Duration::from_secs(10), 3).as_secs(), 10);
        assert_eq!(pause(hour, u32::MAX), hour);
    }

    #[test]
    fn a_fleet_does_not_ask_together() {
        let randomness = SeededRandomness::new(7);
        let hour = Duration::from_secs(3600);
        let pauses: std::collections::BTreeSet<Duration> =
            (0..40).map(|_| spread(hour, &randomness)).collect();
        assert!(pauses.len() > 30);
        assert!(
            pauses
                .iter()
                .all(|pause| (3240..=3960).contains(&pause.as_secs()))
        );
    }
}
