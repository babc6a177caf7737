//! Offers, grants, access, and what expires.

use symbolon_crypto::UnixTime;

use super::authorization::code_offer_value;
use super::envelope::{read, read_expiry, read_stored, time_key, write};
use super::sign_in::budget_is_due;
use super::{Applied, KeyValue, KeyValueIssuerStore, Space, WriteBatch};
use crate::grant::{AccessGrant, Grant};
use crate::identifiers::OfferAddress;
use crate::secret::SecretDigest;
use crate::store::{NewOffer, Revision, StoreError, Stored, StoredOffer, Swap};

const OFFER: &str = "offer";
const GRANT: &str = "grant";
const ACCESS: &str = "access";

impl<K: KeyValue> KeyValueIssuerStore<K> {
    pub(super) async fn put_offer_now(&self, new: NewOffer) -> Result<(), StoreError> {
        let (id, entry) = &new.entry;
        let mut batch = WriteBatch::default()
            .put_event(&new.event)?
            .put_entry(id, entry)?;
        if let Some((code, grant)) = &new.grant {
            let code = code.as_bytes();
            batch = batch
                .absent(Space::Grants, *code)
                .put(Space::Grants, *code, write(GRANT, grant)?)
                .put_expiry(grant.expires_at, Space::Grants, code);
        }
        if let Some((state, offer)) = &new.code_offer {
            let state = state.as_bytes();
            batch = batch
                .absent(Space::CodeOffers, *state)
                .put(Space::CodeOffers, *state, code_offer_value(offer)?)
                .put_expiry(offer.expires_at, Space::CodeOffers, state);
        }
        if let Some((address, offer)) = &new.offer {
            let key = address.as_str().as_bytes();
            batch = batch
                .absent(Space::Offers, key)
                .put(Space::Offers, key, write(OFFER, offer)?)
                .put_expiry(offer.expires_at, Space::Offers, key);
        }
        match self.entries.apply(batch).await? {
            Applied::Done => Ok(()),
            Applied::Rejected { .. } => Err(StoreError::Exists { what: OFFER }),
        }
    }

    pub(super) async fn offer_now(&self, address: &OfferAddress) -> Result<Option<StoredOffer>, StoreError> {
        let found = self
            .entries
            .get(Space::Offers, address.as_str().as_bytes().to_vec())
            .await?;
        found.map(|bytes| read(OFFER, &bytes)).transpose()
    }

    pub(super) async fn grant_now(&self, code: &SecretDigest) -> Result<Option<Stored<Grant>>, StoreError> {
        let found = self.entries.get(Space::Grants, code.as_bytes().to_vec()).await?;
        found.map(|bytes| read_stored(GRANT, bytes)).transpose()
    }

    pub(super) async fn access_now(
        &self,
        token: &SecretDigest,
    ) -> Result<Option<Stored<AccessGrant>>, StoreError> {
        let found = self.entries.get(Space::Access, token.as_bytes().to_vec()).await?;
        found.map(|bytes| read_stored(ACCESS, bytes)).transpose()
    }

    pub(super) async fn remove_expired_now(&self, now: UnixTime, limit: usize) -> Result<usize, StoreError> {
        let due = self
            .entries
            .scan(Space::Expiries, Vec::new(), None, limit)
            .await?;
        let now = u64::from_be_bytes(time_key(now));
        let mut batch = WriteBatch::default();
        let mut removed = 0;
        for entry in &due {
            let Some((expires_at, space, key)) = read_expiry(&entry.key) else {
                return Err(StoreError::Unreadable { what: "expiry" });
            };
            if expires_at >= now {
                break;
            }
            batch = batch.delete(Space::Expiries, entry.key.clone());
            removed += 1;
            // Only a budget lives on by being written again; everything else has one time.
            if space == Space::SendBudgets {
                let found = self.entries.get(space, key.to_vec()).await?;
                let due = found.as_deref().map(|bytes| budget_is_due(bytes, now));
                if !due.transpose()?.unwrap_or_default() {
                    continue;
                }
                batch = batch.unchanged(space, key, &Revision(found));
            }
            if space == Space::OfferBook {
                batch = self.forget_entry(batch, key).await?;
            }
            batch = batch.delete(space, key);
        }
        if removed > 0 && matches!(self.entries.apply(batch).await?, Applied::Rejected { .. }) {
            // A budget was counted meanwhile: the next round judges again.
            return Ok(0);
        }
        Ok(removed)
    }

    pub(super) async fn swap(&self, batch: WriteBatch) -> Result<Swap, StoreError> {
        Ok(match self.entries.apply(batch).await? {
            Applied::Done => Swap::Done,
            Applied::Rejected { .. } => Swap::Changed,
        })
    }
}

pub(super) fn grant_value(grant: &Grant) -> Result<Vec<u8>, StoreError> {
    write(GRANT, grant)
}

pub(super) fn access_value(access: &AccessGrant) -> Result<Vec<u8>, StoreError> {
    write(ACCESS, access)
}
