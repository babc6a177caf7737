//! What became of the status lists: which changes no published list holds yet, and which lists were published before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;

use super::StoreFuture;
use crate::audit::EventKey;
use crate::index::ShardId;

/// Where changes wait for their publication, and published lists are kept.
///
/// An implementer guarantees that a change of a status waits from the commit on that made it, so that whoever takes up the work after
/// a crash finds what was acknowledged and never published.
pub trait StatusListStore: Send + Sync {
    /// Changes that wait, in ascending order of shard and time, after the given one.
    fn unpublished_changes<'a>(
        &'a self,
        after: Option<&'a UnpublishedChange>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<UnpublishedChange>>;
    /// Those of one shard, the oldest first.
    fn unpublished_changes_of(&self, shard: ShardId, limit: usize)
    -> StoreFuture<'_, Vec<UnpublishedChange>>;
    /// The places of a list that credentials have, in ascending order of the index after the given one, and when each of these credentials
    /// expires.
    fn expiries_in(
        &self,
        shard: ShardId,
        after: Option<u32>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<PlaceExpiry>>;
    /// Forgets changes that a published list holds.
    fn forget_changes<'a>(&'a self, published: &'a [UnpublishedChange]) -> StoreFuture<'a, ()>;

    /// Keeps a list as it was published. One of the same shard and second is replaced.
    fn keep_status_list<'a>(&'a self, shard: ShardId, list: &'a KeptStatusList) -> StoreFuture<'a, ()>;
    /// The last list of a shard that was made at `time` or before; whether it still held then is the caller's to judge.
    fn status_list_at(&self, shard: ShardId, time: UnixTime) -> StoreFuture<'_, Option<KeptStatusList>>;
}

/// When the credential expires that has a place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceExpiry {
    /// The index of the place.
    pub index: u32,
    /// When its credential expires.
    pub expires_at: UnixTime,
}

/// A change of a status that was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnpublishedChange {
    /// In which list.
    pub shard: ShardId,
    /// The audit event that tells of it, which no other change has.
    pub event: EventKey,
}

/// A status list of the past, in every form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptStatusList {
    /// When it was made.
    pub issued_at: UnixTime,
    /// From when on it was worthless.
    pub expires_at: UnixTime,
    /// From when on nobody can ask for it.
    pub kept_until: UnixTime,
    /// The JWT.
    pub jwt: String,
    /// The CWT, in base64url.
    pub cwt: String,
    /// The Bitstring Status Lists by the name of their purpose, as JWTs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bitstrings: BTreeMap<String, String>,
}
