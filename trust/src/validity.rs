//! Until when signed evidence may be used, and what "a little too old" means.

use core::time::Duration;

use symbolon_crypto::UnixTime;

/// Where a moment lies relative to the validity of signed evidence.
///
/// The grace period exists because a registry that cannot publish for a day must not stop every verifier of a
/// country (that has happened). Evidence in its grace period is used, and the warning is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Issued, and not yet expired.
    Current,
    /// Expired, and still within the grace period that its signer set.
    InGrace {
        /// When it expired.
        expired_at: UnixTime,
    },
    /// Expired, grace period included.
    Expired {
        /// When it expired, without the grace period.
        expired_at: UnixTime,
    },
    /// Issued in the future, by more than [`CLOCK_TOLERANCE`].
    NotYetIssued,
}

impl Validity {
    /// Judges evidence issued at `issued_at`, valid until `valid_until` (that second included) and tolerated for
    /// `grace` longer.
    #[must_use]
    pub fn judge(issued_at: UnixTime, valid_until: UnixTime, grace: Duration, now: UnixTime) -> Self {
        if now.plus(CLOCK_TOLERANCE) < issued_at {
            Self::NotYetIssued
        } else if now <= valid_until {
            Self::Current
        } else if now <= valid_until.plus(grace) {
            Self::InGrace {
                expired_at: valid_until,
            }
        } else {
            Self::Expired {
                expired_at: valid_until,
            }
        }
    }

    /// Until when evidence of these times is judged as at `now`, that second included; `None` where nothing changes any more.
    #[must_use]
    pub fn alike_until(
        issued_at: UnixTime,
        valid_until: UnixTime,
        grace: Duration,
        now: UnixTime,
    ) -> Option<UnixTime> {
        let tolerance = i64::try_from(CLOCK_TOLERANCE.as_secs()).unwrap_or(i64::MAX);
        let before_issue = issued_at.seconds().saturating_sub(tolerance).saturating_sub(1);
        let lasts = [
            UnixTime::from_seconds(before_issue),
            valid_until,
            valid_until.plus(grace),
        ];
        lasts.into_iter().filter(|last| now <= *last).min()
    }
}

/// How far two clocks may disagree. Five minutes are what phones without a network drift in months, and too little
/// to bring an old list back.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_judged_alike_is_so_to_the_second() {
        let time = UnixTime::from_seconds;
        let (issued_at, valid_until) = (time(10_000), time(20_000));
        for grace in [Duration::ZERO, Duration::from_secs(500)] {
            let judge = |second| Validity::judge(issued_at, valid_until, grace, time(second));
            let mut changes = 0;
            let mut now = 9_000;
            while let Some(last) = Validity::alike_until(issued_at, valid_until, grace, time(now)) {
                let last = last.seconds();
                assert!(last >= now && judge(last) == judge(now));
                assert_ne!(judge(last + 1), judge(now));
                now = last + 1;
                changes += 1;
            }
            assert_eq!(changes, if grace.is_zero() { 2 } else { 3 });
            assert_eq!(judge(now), judge(i64::MAX / 2));
        }
    }
}
