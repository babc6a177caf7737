//! Changes that wait for their publication, and lists that were published.

use symbolon_crypto::UnixTime;

use super::envelope::{place_key, read, shard_key, time_key, write};
use super::{Applied, KeyValue, KeyValueIssuerStore, Keyed, Space, WriteBatch};
use crate::audit::EventKey;
use crate::credential_record::CredentialRecord;
use crate::index::{ShardId, StatusIndex};
use crate::store::{
    KeptStatusList, PlaceExpiry, StatusListStore, StoreError, StoreFuture, UnpublishedChange,
};

const CHANGE: &str = "unpublished change";
const PLACE: &str = "credential of a place";
const KEPT: &str = "status list of the past";

impl<K: KeyValue> StatusListStore for KeyValueIssuerStore<K> {
    fn unpublished_changes<'a>(
        &'a self,
        after: Option<&'a UnpublishedChange>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<UnpublishedChange>> {
        Box::pin(async move {
            let after = after.map(change_key);
            let found = self
                .entries
                .scan(Space::StatusChanges, Vec::new(), after, limit)
                .await?;
            found.iter().map(read_change).collect()
        })
    }

    fn unpublished_changes_of(
        &self,
        shard: ShardId,
        limit: usize,
    ) -> StoreFuture<'_, Vec<UnpublishedChange>> {
        Box::pin(async move {
            let found = self
                .entries
                .scan(Space::StatusChanges, shard_key(shard), None, limit)
                .await?;
            found.iter().map(read_change).collect()
        })
    }

    fn expiries_in(
        &self,
        shard: ShardId,
        after: Option<u32>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<PlaceExpiry>> {
        Box::pin(async move {
            let after = after.map(|index| place_key(StatusIndex { shard, index }));
            let places = self
                .entries
                .scan(Space::StatusIndices, shard_key(shard), after, limit)
                .await?;
            let mut expiries = Vec::with_capacity(places.len());
            for place in places {
                let index = place
                    .key
                    .last_chunk::<4>()
                    .map(|index| u32::from_be_bytes(*index));
                let credential = self.entries.get(Space::Credentials, place.value).await?;
                let (Some(index), Some(credential)) = (index, credential) else {
                    return Err(StoreError::Unreadable { what: PLACE });
                };
                let credential: CredentialRecord = read(PLACE, &credential)?;
                expiries.push(PlaceExpiry {
                    index,
                    expires_at: credential.expires_at,
                });
            }
            Ok(expiries)
        })
    }

    fn forget_changes<'a>(&'a self, published: &'a [UnpublishedChange]) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let batch = published.iter().fold(WriteBatch::default(), |batch, change| {
                batch.delete(Space::StatusChanges, change_key(change))
            });
            // Nothing is required, so nothing can be rejected.
            let _: Applied = self.entries.apply(batch).await?;
            Ok(())
        })
    }

    fn keep_status_list<'a>(&'a self, shard: ShardId, list: &'a KeptStatusList) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let key = kept_key(shard, list.issued_at);
            let batch = WriteBatch::default()
                .put(Space::KeptStatusLists, key.clone(), write(KEPT, list)?)
                .put_expiry(list.kept_until, Space::KeptStatusLists, &key);
            let _: Applied = self.entries.apply(batch).await?;
            Ok(())
        })
    }

    fn status_list_at(&self, shard: ShardId, time: UnixTime) -> StoreFuture<'_, Option<KeptStatusList>> {
        Box::pin(async move {
            // Times stand in their keys from the end of time backwards, so that the last one before a time is the next key.
            let after = before(&kept_key(shard, time));
            let found = self
                .entries
                .scan(Space::KeptStatusLists, shard_key(shard), after, 1)
                .await?;
            found.first().map(|entry| read(KEPT, &entry.value)).transpose()
        })
    }
}

/// A change stands in the same commit as what it tells of.
pub(super) fn put_unpublished(batch: WriteBatch, change: &UnpublishedChange) -> WriteBatch {
    batch.put(Space::StatusChanges, change_key(change), Vec::new())
}

fn change_key(change: &UnpublishedChange) -> Vec<u8> {
    let mut key = shard_key(change.shard);
    key.extend_from_slice(change.event.as_bytes());
    key
}

fn read_change(entry: &Keyed) -> Result<UnpublishedChange, StoreError> {
    let parts = entry.key.split_first_chunk::<4>();
    let parts = parts.and_then(|(shard, event)| Some((shard, EventKey::from_bytes(event)?)));
    let (shard, event) = parts.ok_or(StoreError::Unreadable { what: CHANGE })?;
    Ok(UnpublishedChange {
        shard: ShardId::new(u32::from_be_bytes(*shard)),
        event,
    })
}

fn kept_key(shard: ShardId, issued_at: UnixTime) -> Vec<u8> {
    let mut key = shard_key(shard);
    key.extend(time_key(issued_at).map(|byte| !byte));
    key
}

/// The key right before one of the same length; `None` for the first of all.
fn before(key: &[u8]) -> Option<Vec<u8>> {
    let mut earlier = key.to_vec();
    for byte in earlier.iter_mut().rev() {
        let (less, borrowed) = byte.overflowing_sub(1);
        *byte = less;
        if !borrowed {
            return Some(earlier);
        }
    }
    None
}
