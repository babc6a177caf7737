//! What a verified pack says about one list.

use core::time::Duration;
use std::sync::Arc;

use symbolon_crypto::UnixTime;

use super::bytes::HeldBytes;
use super::set::PackedSet;
use super::signer::ListSigner;
use crate::compact_set::{CompactSet, LookupError};
use crate::status_list::{BitsPerStatus, Status};
use crate::trust_list::IssuerIdentifier;
use crate::validity::Validity;

/// One status list of a pack, whose signer and signature have been verified. Its sets lie in the pack, or in the form that was
/// made of the list when the pack was applied.
#[derive(Debug, Clone)]
pub struct PackedStatusList<'a> {
    pub(super) uri: String,
    pub(super) bitstring: Option<PackedBitstringUris>,
    pub(super) aspect: Aspect,
    pub(super) issuer: IssuerIdentifier,
    pub(super) times: StatedTimes,
    pub(super) validity: Validity,
    pub(super) bits: BitsPerStatus,
    pub(super) universe: u64,
    /// The indices of each state that is not valid: invalid first, then suspended, then any other.
    pub(super) sets: Vec<(Status, PackedSet<'a>)>,
    /// Under which certificates it was signed, where these prove it.
    pub(super) signer: Option<Arc<ListSigner>>,
}

/// The URIs under which a packed list is served as Bitstring Status Lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedBitstringUris {
    /// The list of purpose `revocation`.
    pub revocation: String,
    /// The list of purpose `suspension`.
    pub suspension: String,
}

/// What a URI asks of a packed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aspect {
    /// Everything: the URI is that of the token status list.
    State,
    /// Whether it is revoked.
    Revocation,
    /// Whether it is suspended.
    Suspension,
}

/// When a statement was made, and how long it may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StatedTimes {
    pub(super) produced_at: UnixTime,
    pub(super) valid_until: UnixTime,
    pub(super) grace: Duration,
    /// When the first certificate of the signer's chain ends. A key that is not vouched for any more could sign a
    /// statement with any date.
    pub(super) signer_until: UnixTime,
}

impl StatedTimes {
    pub(super) fn judge(&self, now: UnixTime) -> Validity {
        let (valid_until, grace) = self.bounds();
        Validity::judge(self.produced_at, valid_until, grace, now)
    }

    /// The last second after which [`judge`](Self::judge) answers otherwise than at `now`; `None` where it never does.
    pub(super) fn judged_alike_until(&self, now: UnixTime) -> Option<UnixTime> {
        let (valid_until, grace) = self.bounds();
        Validity::alike_until(self.produced_at, valid_until, grace, now)
    }

    fn bounds(&self) -> (UnixTime, Duration) {
        let valid_until = self.valid_until.min(self.signer_until);
        let end = self.valid_until.plus(self.grace).min(self.signer_until);
        (valid_until, end.since(valid_until))
    }
}

impl<'a> PackedStatusList<'a> {
    /// The same list, whose bytes are kept with it.
    pub(super) fn holding(self, held: &Arc<HeldBytes>) -> PackedStatusList<'static> {
        let sets = self.sets.into_iter();
        PackedStatusList {
            uri: self.uri,
            bitstring: self.bitstring,
            aspect: self.aspect,
            issuer: self.issuer,
            times: self.times,
            validity: self.validity,
            bits: self.bits,
            universe: self.universe,
            sets: sets.map(|(state, set)| (state, set.holding(held))).collect(),
            signer: self.signer,
        }
    }

    /// The URI of the list.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Where the same states are served as Bitstring Status Lists.
    #[must_use]
    pub fn bitstring(&self) -> Option<&PackedBitstringUris> {
        self.bitstring.as_ref()
    }

    /// Every URI that the list answers for, with what it asks.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&str, Aspect)> {
        let further = self.bitstring.iter().flat_map(|uris| {
            [
                (uris.revocation.as_str(), Aspect::Revocation),
                (uris.suspension.as_str(), Aspect::Suspension),
            ]
        });
        core::iter::once((self.uri.as_str(), self.aspect)).chain(further)
    }

    /// Who signed it.
    #[must_use]
    pub fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// When the issuer made it: the "as of" of every answer.
    #[must_use]
    pub fn produced_at(&self) -> UnixTime {
        self.times.produced_at
    }

    /// Whether it is current.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The bits per status of the list it was made from.
    #[must_use]
    pub fn bits(&self) -> BitsPerStatus {
        self.bits
    }

    /// The number of entries of the list.
    #[must_use]
    pub fn universe(&self) -> u64 {
        self.universe
    }

    /// How many indices are invalid; `None` when the set is not the signed one.
    #[must_use]
    pub fn invalid_count(&self) -> Option<u64> {
        self.count_of(Status::Invalid)
    }

    /// How many indices are suspended; `None` when the set is not the signed one.
    #[must_use]
    pub fn suspended_count(&self) -> Option<u64> {
        self.count_of(Status::Suspended)
    }

    fn count_of(&self, state: Status) -> Option<u64> {
        match self.sets.iter().find(|(of, _)| *of == state) {
            Some((_, set)) => set.view().map(|set| set.len()),
            None => Some(0),
        }
    }

    /// The indices of each state that is not valid; a set that is not the signed one is left out.
    pub fn states(&self) -> impl Iterator<Item = (Status, CompactSet<'_>)> {
        self.sets
            .iter()
            .filter_map(|(state, set)| Some((*state, set.view()?)))
    }

    pub(super) fn status(&self, aspect: Aspect, index: u64) -> PackStatus<'_> {
        let as_of = self.times.produced_at;
        if let Validity::Expired { .. } | Validity::NotYetIssued = self.validity {
            return PackStatus::Outdated { as_of };
        }
        if index >= self.universe {
            return PackStatus::OutOfRange { as_of };
        }
        match self.state(aspect, index) {
            Ok(status) => PackStatus::Listed {
                status,
                as_of,
                validity: self.validity,
                issuer: &self.issuer,
            },
            Err(LookupError::OutsideUniverse) => PackStatus::OutOfRange { as_of },
            Err(LookupError::Malformed) => PackStatus::Unreadable { as_of },
        }
    }

    /// The state of an index: the first set that has it decides, so that what is invalid stays so whatever else is said.
    fn state(&self, aspect: Aspect, index: u64) -> Result<Status, LookupError> {
        let mut found = Status::Valid;
        for (state, set) in &self.sets {
            let is_member = set.view().ok_or(LookupError::Malformed)?.contains(index)?;
            let counts = match aspect {
                Aspect::State => true,
                Aspect::Revocation => *state == Status::Invalid,
                Aspect::Suspension => *state == Status::Suspended,
            };
            if is_member && counts && found == Status::Valid {
                found = *state;
                if found == Status::Invalid {
                    break;
                }
            }
        }
        Ok(found)
    }
}

/// What a pack says about one credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackStatus<'p> {
    /// The list is in the pack and says this.
    Listed {
        /// The state: valid, invalid, suspended, or another that a verbatim list has.
        status: Status,
        /// When the issuer said so.
        as_of: UnixTime,
        /// Current, or in grace: then with a warning.
        validity: Validity,
        /// Who said so. A reader compares it with the issuer of the credential.
        issuer: &'p IssuerIdentifier,
    },
    /// The list is in the pack, and older than its issuer allows. Nothing is known.
    Outdated {
        /// When the issuer made it.
        as_of: UnixTime,
    },
    /// The list is in the pack and has no such index. The credential is to be refused.
    OutOfRange {
        /// When the issuer made it.
        as_of: UnixTime,
    },
    /// The set is not the one that the issuer signed, or does not decode. Nothing is known.
    Unreadable {
        /// When the issuer made it.
        as_of: UnixTime,
    },
    /// The list is in the pack, and its proof is of a kind that cannot be verified here: this reader has nothing that reads JSON-LD. Nothing is known.
    NotProvable,
    /// The list belongs to what the pack covers, and the pack does not have it: it is newer than the pack, or was left out.
    /// Nothing is known.
    Missing,
    /// The list is none of those that this partial pack covers: another pack has it. Nothing is known.
    NotCovered,
}
