//! Whether a certificate of a chain was taken back, by the revocation lists of its issuers
//! ([RFC 5280 §6.3](https://www.rfc-editor.org/rfc/rfc5280#section-6.3)).

use super::certificate::Certificate;
use super::revocation_list::{Revoked, VerifiedRevocationList};
use crate::time::UnixTime;

/// What the lists say of a chain. A position counts from the leaf, which has 0. The anchor is not asked about: whoever trusts it takes it back
/// by trusting it no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// A list that is in force speaks of every certificate, and revokes none.
    NotRevoked {
        /// When the oldest of those lists was made.
        as_of: UnixTime,
    },
    /// A list revokes a certificate.
    Revoked {
        /// Which one, the nearest to the leaf where there are several.
        position: usize,
        /// Since when, and why.
        revoked: Revoked,
        /// When the list was made that says so.
        as_of: UnixTime,
    },
    /// Of a certificate no list that is in force speaks, and none is known to be revoked.
    NotKnown {
        /// Which one, the nearest to the leaf where there are several.
        position: usize,
        /// Why.
        gap: RevocationGap,
    },
}

/// Why nothing is known of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationGap {
    /// There is no list of its issuer's.
    Absent,
    /// There is one, whose successor was due.
    Outdated,
    /// There is one, which is of the future.
    NotYetIssued,
}

/// Asks the lists about every certificate of a chain that leads to `anchor`, at `now`. `tolerance` is how far the clocks of authority and
/// verifier may disagree about when a list was made.
///
/// A revocation in a list whose time is over counts all the same: what was taken back is not given back by waiting. (Only a hold is ever lifted, and by a
/// newer list.)
#[must_use]
pub fn check_revocation(
    chain: &[Certificate],
    anchor: &Certificate,
    lists: &[VerifiedRevocationList],
    now: UnixTime,
    tolerance: core::time::Duration,
) -> Revocation {
    let mut oldest: Option<UnixTime> = None;
    let mut unknown = None;
    for (position, certificate) in chain.iter().enumerate() {
        let issuer = chain.get(position.saturating_add(1)).unwrap_or(anchor);
        let mut gap = Some(RevocationGap::Absent);
        let mut newest: Option<&VerifiedRevocationList> = None;
        for list in lists.iter().filter(|list| list.covers(certificate, issuer)) {
            if list.list().this_update() > now.plus(tolerance) {
                gap = gap.map(|_| RevocationGap::NotYetIssued);
            } else if newest.is_none_or(|newest| newest.list().this_update() < list.list().this_update()) {
                newest = Some(list);
            }
        }
        if let Some(list) = newest {
            let as_of = list.list().this_update();
            if let Some(revoked) = list.revoked(certificate) {
                return Revocation::Revoked {
                    position,
                    revoked,
                    as_of,
                };
            }
            if now > list.list().next_update() {
                gap = Some(RevocationGap::Outdated);
            } else {
                gap = None;
                oldest = Some(oldest.map_or(as_of, |oldest| oldest.min(as_of)));
            }
        }
        if let (Some(gap), None) = (gap, unknown) {
            unknown = Some(Revocation::NotKnown { position, gap });
        }
    }
    match (unknown, oldest) {
        (Some(unknown), _) => unknown,
        (None, Some(as_of)) => Revocation::NotRevoked { as_of },
        (None, None) => Revocation::NotKnown {
            position: 0,
            gap: RevocationGap::Absent,
        },
    }
}
