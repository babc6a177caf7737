//! Offers as everything that comes of them sees them: they stand, or they are gone.

use symbolon_crypto::UnixTime;
use symbolon_issuer::identifiers::{OfferAddress, OfferId};
use symbolon_issuer::offer::OfferNote;
use symbolon_issuer::store::{
    AuthorizationCommit, AuthorizationOutcome, OfferStanding, OfferStep, StoreError, StoredOffer,
};

use super::Issuer;

/// Whether the offer that something came of still stands.
pub(crate) enum Standing {
    /// It came of none, or of one that was made before there was a book.
    OfNoOffer,
    /// It does. Whatever is done requires it in its own commit.
    Stands(OfferStanding),
    /// It was cancelled, or nobody remembers it any more.
    Gone,
}

impl Standing {
    /// What a commit requires.
    ///
    /// # Errors
    /// `refusal`, when the offer is gone.
    pub(crate) fn or<E>(self, refusal: E) -> Result<Option<OfferStanding>, E> {
        match self {
            Self::OfNoOffer => Ok(None),
            Self::Stands(standing) => Ok(Some(standing)),
            Self::Gone => Err(refusal),
        }
    }
}

/// A step on an offer, if there is one.
pub(super) fn step_on(
    standing: Option<OfferStanding>,
    note: Option<OfferNote>,
    now: UnixTime,
) -> Option<OfferStep> {
    standing.map(|standing| OfferStep {
        standing,
        note: note.map(|note| (note, now)),
    })
}

impl Issuer {
    /// Whether `offer` still stands.
    pub(crate) async fn standing(&self, offer: Option<&OfferId>) -> Result<Standing, StoreError> {
        let Some(offer) = offer else {
            return Ok(Standing::OfNoOffer);
        };
        let entry = self.store().offer_entry(offer).await?;
        Ok(match entry {
            Some(entry) if entry.value.cancelled.is_none() => Standing::Stands(OfferStanding {
                offer: offer.clone(),
                expected: entry.revision,
            }),
            _ => Standing::Gone,
        })
    }

    /// The JSON of an offer by reference; `None` when there is none, or it has expired or was cancelled. That it was fetched is in the
    /// book before it leaves.
    ///
    /// # Errors
    /// The store failed.
    pub async fn fetch_offer(&self, address: &OfferAddress) -> Result<Option<String>, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let Some(stored) = self.store().offer(address).await? else {
                return Ok(None);
            };
            if self.now() >= stored.expires_at {
                return Ok(None);
            }
            if self.note_fetched(&stored).await? {
                return Ok(Some(stored.json));
            }
        }
        Err(StoreError::Contended { what: "offer" })
    }

    /// Whether the offer stands, and it is noted that it was fetched.
    async fn note_fetched(&self, stored: &StoredOffer) -> Result<bool, StoreError> {
        let standing = match self.standing(stored.offer.as_ref()).await? {
            Standing::OfNoOffer => return Ok(true),
            Standing::Gone => return Ok(false),
            Standing::Stands(standing) => standing,
        };
        // Who reads it again and again makes the store write once.
        if self
            .store()
            .offer_history(&standing.offer)
            .await?
            .fetched_at
            .is_some()
        {
            return Ok(true);
        }
        let commit = AuthorizationCommit {
            step: step_on(Some(standing), Some(OfferNote::Fetched), self.now()),
            ..AuthorizationCommit::default()
        };
        Ok(self.store().commit_authorization(commit).await? == AuthorizationOutcome::Committed)
    }
}

/// An entry changes once at most, when it is cancelled.
const MAX_ATTEMPTS: usize = 3;
