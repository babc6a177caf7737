//! `validityInfo` of the mobile security object.

use core::time::Duration;

use symbolon_crypto::UnixTime;

use crate::validity::{Validity, ValidityRejected};

/// When an mdoc is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MdocValidity {
    /// When it was signed.
    pub signed: UnixTime,
    /// Valid from this second on, not before `signed`.
    pub valid_from: UnixTime,
    /// No longer valid from this second on.
    pub valid_until: UnixTime,
    /// When the issuer expects to sign it anew.
    pub expected_update: Option<UnixTime>,
}

impl MdocValidity {
    /// Whether the times are in order: signed, then valid from, then valid until.
    #[must_use]
    pub fn is_in_order(&self) -> bool {
        self.signed <= self.valid_from && self.valid_from < self.valid_until
    }

    /// Whether `now` is within, clocks being up to `skew` apart.
    ///
    /// # Errors
    /// [`ValidityRejected`].
    pub fn check(&self, now: UnixTime, skew: Duration) -> Result<(), ValidityRejected> {
        Validity::from(*self).check(now, skew)
    }
}

impl From<MdocValidity> for Validity {
    fn from(validity: MdocValidity) -> Self {
        Self {
            issued_at: Some(validity.signed),
            not_before: Some(validity.valid_from),
            expires: Some(validity.valid_until),
        }
    }
}
