//! Whether a certificate of a chain was taken back, by the revocation lists of its issuers
//! ([RFC 5280 §6.3](https://www.rfc-editor.org/rfc/rfc5280#section-6.3)).

use super::certificate::Certificate;
use super::revocation_list::{Revoked, VerifiedRevocationList};
use crate::time::UnixTime;

/// The certificates that a signer showed, leaf first, and the anchor that they lead to. Whoever makes one has verified the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerChain {
    /// The certificates without the anchor.
    pub certificates: Vec<Certificate>,
    /// The anchor.
    pub anchor: Certificate,
}

impl SignerChain {
    /// Each certificate with that of its issuer.
    pub fn links(&self) -> impl Iterator<Item = (&Certificate, &Certificate)> {
        let issuers = self.certificates.iter().skip(1).chain([&self.anchor]);
        self.certificates.iter().zip(issuers)
    }

    /// When the first of the certificates ends, the anchor included.
    #[must_use]
    pub fn not_after(&self) -> UnixTime {
        let ends = self.certificates.iter().map(Certificate::not_after);
        ends.fold(self.anchor.not_after(), UnixTime::min)
    }
}

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
        let covering = || lists.iter().filter(|list| list.covers(certificate, issuer));
        let made = || covering().filter(|list| list.list().this_update() <= now.plus(tolerance));
        let newest = made().map(|list| list.list().this_update()).max();
        // Of several that were made at once each counts.
        let newest = || made().filter(move |list| Some(list.list().this_update()) == newest);
        if let Some((list, revoked)) = newest().find_map(|list| Some((list, list.revoked(certificate)?))) {
            return Revocation::Revoked {
                position,
                revoked,
                as_of: list.list().this_update(),
            };
        }
        let in_force = newest().find(|list| now <= list.list().next_update());
        let gap = match in_force {
            Some(list) => {
                let as_of = list.list().this_update();
                oldest = Some(oldest.map_or(as_of, |oldest| oldest.min(as_of)));
                None
            }
            None if newest().next().is_some() => Some(RevocationGap::Outdated),
            None if covering().next().is_some() => Some(RevocationGap::NotYetIssued),
            None => Some(RevocationGap::Absent),
        };
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
