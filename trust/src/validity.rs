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
}

/// How far two clocks may disagree. Five minutes are what phones without a network drift in months, and too little
/// to bring an old list back.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(300);
