//! When a credential is valid: `nbf` and `exp` ([RFC 7519 §4.1](https://www.rfc-editor.org/rfc/rfc7519#section-4.1),
//! [RFC 8392 §3.1](https://www.rfc-editor.org/rfc/rfc8392#section-3.1)).

use core::time::Duration;

use symbolon_crypto::UnixTime;
use thiserror::Error;

/// The times in a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Validity {
    /// `iat`. It says when, and bounds nothing.
    pub issued_at: Option<UnixTime>,
    /// `nbf`: valid from this second on.
    pub not_before: Option<UnixTime>,
    /// `exp`: no longer valid from this second on.
    pub expires: Option<UnixTime>,
}

/// Outside of its validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ValidityRejected {
    /// Not valid yet.
    #[error("not valid before {}", not_before.rfc3339())]
    NotYetValid {
        /// From when on it is.
        not_before: UnixTime,
    },
    /// Not valid any more.
    #[error("expired at {}", expires.rfc3339())]
    Expired {
        /// Since when it is not.
        expires: UnixTime,
    },
}

impl Validity {
    /// Whether `now` is within, clocks being up to `skew` apart.
    ///
    /// # Errors
    /// [`ValidityRejected`].
    pub fn check(&self, now: UnixTime, skew: Duration) -> Result<(), ValidityRejected> {
        if let Some(not_before) = self.not_before
            && now.plus(skew) < not_before
        {
            return Err(ValidityRejected::NotYetValid { not_before });
        }
        match self.expires {
            Some(expires) if now.minus(skew) >= expires => Err(ValidityRejected::Expired { expires }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_exact_and_skew_widens_them() {
        let at = UnixTime::from_seconds;
        let validity = Validity {
            issued_at: None,
            not_before: Some(at(100)),
            expires: Some(at(200)),
        };
        let check = |now, skew| validity.check(at(now), Duration::from_secs(skew));
        assert_eq!(
            check(99, 0),
            Err(ValidityRejected::NotYetValid { not_before: at(100) })
        );
        assert_eq!(check(100, 0), Ok(()));
        assert_eq!(check(199, 0), Ok(()));
        assert_eq!(check(200, 0), Err(ValidityRejected::Expired { expires: at(200) }));
        assert_eq!(check(95, 5), Ok(()));
        assert_eq!(check(204, 5), Ok(()));
        assert_eq!(check(205, 5), Err(ValidityRejected::Expired { expires: at(200) }));
    }
}
