//! Points in time, to the second.

use core::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// Seconds since 1970-01-01T00:00:00Z, as every signed structure of the suite writes them (`NumericDate`,
/// RFC 7519 §2, without fractions).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(i64);

/// The text is no RFC 3339 time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not an RFC 3339 time")]
pub struct InvalidTime;

impl UnixTime {
    /// A time from its seconds.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// This much later; the last representable second at most.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(whole_seconds(duration)))
    }

    /// This much earlier; the first representable second at least.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(whole_seconds(duration)))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The time as RFC 3339 text in UTC; empty outside the years 0 to 9999, which RFC 3339 cannot express.
    #[must_use]
    pub fn rfc3339(self) -> String {
        OffsetDateTime::from_unix_timestamp(self.0)
            .ok()
            .and_then(|time| time.format(&Rfc3339).ok())
            .unwrap_or_default()
    }

    /// Reads RFC 3339 text; fractions of a second are dropped.
    ///
    /// # Errors
    /// [`InvalidTime`] for any other text, and for a time that is beyond the years 0 to 9999 in UTC, where nothing could
    /// write it again.
    pub fn parse_rfc3339(text: &str) -> Result<Self, InvalidTime> {
        OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            // The unchecked conversion panics where the offset moves the last day of the year 9999 into the next.
            .and_then(|time| time.checked_to_offset(UtcOffset::UTC))
            .filter(|time| (0..=9999).contains(&time.year()))
            .map(|time| Self(time.unix_timestamp()))
            .ok_or(InvalidTime)
    }
}

fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_seconds_agree() {
        let time = UnixTime::from_seconds(1_732_363_200);
        assert_eq!(time.rfc3339(), "2024-11-23T12:00:00Z");
        assert_eq!(UnixTime::parse_rfc3339("2024-11-23T13:00:00.5+01:00"), Ok(time));
        assert_eq!(UnixTime::parse_rfc3339("2024-11-23"), Err(InvalidTime));
    }

    #[test]
    fn an_offset_does_not_lead_beyond_the_years_that_have_a_text() {
        for beyond in ["9999-12-31T23:59:59-14:00", "0000-01-01T00:00:00+00:01"] {
            assert_eq!(UnixTime::parse_rfc3339(beyond), Err(InvalidTime), "{beyond}");
        }
        for within in [
            "9999-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "0000-01-01T00:00:00-23:59",
        ] {
            let time = UnixTime::parse_rfc3339(within).unwrap();
            assert_eq!(UnixTime::parse_rfc3339(&time.rfc3339()), Ok(time), "{within}");
        }
    }

    #[test]
    fn arithmetic_stays_in_range() {
        let last = UnixTime::from_seconds(i64::MAX);
        assert_eq!(last.plus(Duration::from_secs(u64::MAX)), last);
        assert_eq!(
            UnixTime::from_seconds(5).since(UnixTime::from_seconds(9)),
            Duration::ZERO
        );
    }
}
