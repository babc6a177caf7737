//! The book of offers.

use symbolon_crypto::UnixTime;

use super::{Revision, StoreFuture, Stored, Swap};
use crate::audit::WaitingEvent;
use crate::identifiers::OfferId;
use crate::offer::{OfferEntry, OfferHistory, OfferNote};
use crate::record::Uin;

/// Where operators see offers and take them back. What [`super::IssuerStore`] guarantees holds here too: above all, a commit that requires
/// a standing offer and one that cancels it cannot both succeed on the same reading, or a cancelled offer gives a credential.
pub trait OfferStore: Send + Sync {
    /// What the book says of an offer.
    fn offer_entry<'a>(&'a self, id: &'a OfferId) -> StoreFuture<'a, Option<Stored<OfferEntry>>>;
    /// What became of an offer so far; of its credentials the first thousand.
    fn offer_history<'a>(&'a self, id: &'a OfferId) -> StoreFuture<'a, OfferHistory>;
    /// Offers, all or those of one record, in ascending order of identifier, after the given one.
    fn offer_entries<'a>(
        &'a self,
        record: Option<&'a Uin>,
        after: Option<&'a OfferId>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<(OfferId, OfferEntry)>>;
    /// Replaces an entry by one that is cancelled, if it is still the one that was read. The offer's grant, its `issuer_state` and the
    /// offer by reference are gone with it.
    fn cancel_offer(&self, cancelled: CancelledOffer) -> StoreFuture<'_, Swap>;
}

/// An offer that must still stand: its entry is as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferStanding {
    /// Which.
    pub offer: OfferId,
    /// The state in which its entry was read.
    pub expected: Revision,
}

/// A step on an offer that must still stand, and what it leaves in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferStep {
    /// The offer.
    pub standing: OfferStanding,
    /// What is noted, and when it happened.
    pub note: Option<(OfferNote, UnixTime)>,
}

/// An offer that is taken back.
#[derive(Debug, Clone)]
pub struct CancelledOffer {
    /// Which, and the state in which it was judged.
    pub standing: OfferStanding,
    /// Its entry from now on.
    pub entry: OfferEntry,
    /// What the audit log says.
    pub event: WaitingEvent,
}
