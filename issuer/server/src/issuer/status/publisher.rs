//! What is published, what has to be published again, and how long that took.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use symbolon_crypto::UnixTime;
use symbolon_issuer::index::{Shard, ShardId};
use symbolon_issuer::publication::CompressedShard;
use symbolon_issuer::store::UnpublishedChange;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncMutexGuard};

use super::PublishedList;

/// What is published, and what has to be published again.
#[derive(Default)]
pub(in crate::issuer) struct Publisher {
    published: RwLock<BTreeMap<ShardId, Kept>>,
    changed: Mutex<BTreeSet<ShardId>>,
    /// One publication at a time: whoever waits for it finds that its own change was published along.
    publishing: AsyncMutex<()>,
    done: Mutex<Done>,
}

/// A list in memory.
struct Kept {
    list: Arc<PublishedList>,
    /// When somebody last asked for it, in seconds: what nobody asks for makes room first.
    asked_at: AtomicI64,
    /// When a list of this shard was last kept for those who ask for the past.
    kept_at: Option<UnixTime>,
}

/// What was done since the start.
#[derive(Default)]
struct Done {
    /// Changes that were published and whose marks still stand in the store.
    published: BTreeMap<[u8; 24], UnpublishedChange>,
    /// Until when a credential is known to need the list of a shard that another one has followed.
    needed: BTreeMap<ShardId, UnixTime>,
    figures: StatusFigures,
}

/// Figures of the publication of status lists, since the start of the process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StatusFigures {
    /// Signatures over the lists of a shard.
    pub(crate) publications: u64,
    /// Publications that failed; their shards are tried again.
    pub(crate) failures: u64,
    /// Changes of a status that were published.
    pub(crate) changes: u64,
    /// The sum of the time from the commit of each change to its publication, in seconds.
    pub(crate) lag_seconds: u64,
    /// The longest of these times.
    pub(crate) longest_lag_seconds: u64,
    /// How many shards wait for their publication.
    pub(crate) waiting: u64,
    /// How many shards have their lists in memory.
    pub(crate) lists_in_memory: u64,
    /// How much memory these take, in bytes.
    pub(crate) memory_bytes: u64,
    /// When the oldest of these was signed.
    pub(crate) oldest_signature: Option<UnixTime>,
    /// How many shards are published.
    pub(crate) published_lists: u64,
    /// How many were retired.
    pub(crate) retired_lists: u64,
    /// How many places of the newest shard are spoken for: among so many the next credential hides from its issuer.
    pub(crate) places_given: u64,
}

impl Publisher {
    /// The right to publish.
    pub(super) async fn turn(&self) -> AsyncMutexGuard<'_, ()> {
        self.publishing.lock().await
    }

    pub(super) fn mark(&self, shards: &BTreeSet<ShardId>) {
        self.lock_changed().extend(shards);
    }

    pub(super) fn is_marked(&self, shard: ShardId) -> bool {
        self.lock_changed().contains(&shard)
    }

    pub(super) fn marked(&self) -> BTreeSet<ShardId> {
        self.lock_changed().clone()
    }

    /// Removes the mark of a shard that is about to be published.
    pub(super) fn unmark(&self, shard: ShardId) -> Unmarked<'_> {
        let was_marked = self.lock_changed().remove(&shard);
        Unmarked {
            publisher: self,
            again: was_marked.then_some(shard),
        }
    }

    /// The list of a shard for somebody who asks for it, unless it has to be published again.
    pub(super) fn asked(&self, shard: ShardId, now: UnixTime) -> Option<Arc<PublishedList>> {
        if self.is_marked(shard) {
            return None;
        }
        let lists = self.published.read().unwrap_or_else(PoisonError::into_inner);
        let kept = lists.get(&shard)?;
        kept.asked_at.store(now.seconds(), Ordering::Relaxed);
        Some(Arc::clone(&kept.list))
    }

    /// When the list of a shard that is in memory was signed.
    pub(super) fn signed_at(&self, shard: ShardId) -> Option<UnixTime> {
        let lists = self.published.read().unwrap_or_else(PoisonError::into_inner);
        lists.get(&shard).map(|kept| kept.list.signed_at)
    }

    /// What the list of a shard was made of.
    pub(super) fn compressed(&self, shard: ShardId) -> Option<Arc<CompressedShard>> {
        let lists = self.published.read().unwrap_or_else(PoisonError::into_inner);
        lists.get(&shard).map(|kept| Arc::clone(&kept.list.compressed))
    }

    /// Puts a list in the place of the one before. What makes the lists take more than `limit` bytes leaves memory, first what nobody
    /// has asked for the longest; it is signed when it is asked for.
    pub(super) fn put(&self, shard: ShardId, list: &Arc<PublishedList>, limit: usize) {
        let mut lists = self.published.write().unwrap_or_else(PoisonError::into_inner);
        let before = lists.remove(&shard);
        let (asked_at, kept_at) = match before {
            Some(kept) => (kept.asked_at, kept.kept_at),
            None => (AtomicI64::new(list.signed_at.seconds()), None),
        };
        let kept = Kept {
            list: Arc::clone(list),
            asked_at,
            kept_at,
        };
        lists.insert(shard, kept);
        let others = lists.iter().filter(|(other, _)| **other != shard);
        let others = others.map(|(other, kept)| InMemory {
            shard: *other,
            asked_at: kept.asked_at.load(Ordering::Relaxed),
            bytes: kept.list.memory(),
        });
        for idle in leaving(others.collect(), limit.saturating_sub(list.memory())) {
            lists.remove(&idle);
        }
    }

    /// Whether another list fits beside those in memory.
    pub(super) fn has_room(&self, limit: usize) -> bool {
        let lists = self.published.read().unwrap_or_else(PoisonError::into_inner);
        let total = memory(&lists);
        let average = total.checked_div(lists.len()).unwrap_or(0);
        total.saturating_add(average) <= limit
    }

    /// Whether a list of the shard has to be kept for those who ask for the past; from then on it counts as kept.
    pub(super) fn is_kept_anew(&self, shard: ShardId, signed_at: UnixTime, interval: Duration) -> bool {
        let mut lists = self.published.write().unwrap_or_else(PoisonError::into_inner);
        let Some(kept) = lists.get_mut(&shard) else {
            // It left memory at once: better kept too often than not at all.
            return true;
        };
        let due = kept
            .kept_at
            .is_none_or(|last| last.plus(interval) <= signed_at || signed_at < last);
        if due {
            kept.kept_at = Some(signed_at);
        }
        due
    }

    /// Those of `changes` that no list was published with.
    pub(super) fn unpublished(&self, mut changes: Vec<UnpublishedChange>) -> Vec<UnpublishedChange> {
        let done = self.lock_done();
        changes.retain(|change| !done.published.contains_key(change.event.as_bytes()));
        changes
    }

    pub(super) fn note_published(&self, changes: Vec<UnpublishedChange>, signed_at: UnixTime) {
        let mut done = self.lock_done();
        done.figures.publications += 1;
        for change in changes {
            let lag = signed_at.since(change.event.at()).as_secs();
            done.figures.changes += 1;
            done.figures.lag_seconds = done.figures.lag_seconds.saturating_add(lag);
            done.figures.longest_lag_seconds = done.figures.longest_lag_seconds.max(lag);
            done.published.insert(*change.event.as_bytes(), change);
        }
    }

    /// Changes that no list will tell: their marks can be removed from the store like those of changes that were published.
    pub(super) fn note_moot(&self, changes: Vec<UnpublishedChange>) {
        let changes = changes
            .into_iter()
            .map(|change| (*change.event.as_bytes(), change));
        self.lock_done().published.extend(changes);
    }

    /// Notes how many shards there are, in ascending order.
    pub(super) fn note_shards<'s>(&self, shards: impl Iterator<Item = &'s Shard>) {
        let figures = &mut self.lock_done().figures;
        (figures.published_lists, figures.retired_lists) = (0, 0);
        for shard in shards {
            if shard.is_published() {
                figures.published_lists += 1;
            } else {
                figures.retired_lists += 1;
            }
            figures.places_given = u64::from(shard.leased);
        }
    }

    pub(super) fn note_needed(&self, shard: ShardId, until: UnixTime) {
        self.lock_done().needed.insert(shard, until);
    }

    /// Whether a credential was found that needs the list of a shard now.
    pub(super) fn is_needed(&self, shard: ShardId, now: UnixTime) -> bool {
        let done = self.lock_done();
        done.needed.get(&shard).is_some_and(|until| now < *until)
    }

    /// Takes a retired list out of what is published.
    pub(super) fn remove(&self, shard: ShardId) {
        self.published
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&shard);
        self.lock_changed().remove(&shard);
        self.lock_done().needed.remove(&shard);
    }

    pub(super) fn note_failure(&self) {
        self.lock_done().figures.failures += 1;
    }

    /// Changes that were published and whose marks can be removed from the store.
    pub(super) fn published_changes(&self) -> Vec<UnpublishedChange> {
        self.lock_done().published.values().copied().collect()
    }

    /// Their marks are removed.
    pub(super) fn forget(&self, changes: &[UnpublishedChange]) {
        let mut done = self.lock_done();
        for change in changes {
            done.published.remove(change.event.as_bytes());
        }
    }

    pub(in crate::issuer) fn figures(&self) -> StatusFigures {
        let waiting = self.lock_changed().len() as u64;
        let figures = self.lock_done().figures;
        let lists = self.published.read().unwrap_or_else(PoisonError::into_inner);
        StatusFigures {
            waiting,
            lists_in_memory: lists.len() as u64,
            memory_bytes: memory(&lists) as u64,
            oldest_signature: lists.values().map(|kept| kept.list.signed_at).min(),
            ..figures
        }
    }

    fn lock_changed(&self) -> MutexGuard<'_, BTreeSet<ShardId>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_done(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A list that may leave memory.
struct InMemory {
    shard: ShardId,
    asked_at: i64,
    bytes: usize,
}

/// Which lists leave so that the rest takes `limit` bytes at most: those that nobody has asked for the longest.
fn leaving(mut lists: Vec<InMemory>, limit: usize) -> Vec<ShardId> {
    lists.sort_by_key(|list| list.asked_at);
    let mut total: usize = lists.iter().map(|list| list.bytes).sum();
    let mut leaving = Vec::new();
    for list in lists {
        if total <= limit {
            break;
        }
        total = total.saturating_sub(list.bytes);
        leaving.push(list.shard);
    }
    leaving
}

fn memory(lists: &BTreeMap<ShardId, Kept>) -> usize {
    lists.values().map(|kept| kept.list.memory()).sum()
}

/// A mark that comes back when the publication fails or is given up, as when the client that asked for the list goes away. Whoever
/// waits for the change to be published would otherwise take the old list for a new one.
pub(super) struct Unmarked<'p> {
    publisher: &'p Publisher,
    pub(super) again: Option<ShardId>,
}

impl Drop for Unmarked<'_> {
    fn drop(&mut self) {
        self.publisher.lock_changed().extend(self.again.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publication_that_is_given_up_leaves_its_shard_marked() {
        let (publisher, shard, other) = (Publisher::default(), ShardId::FIRST, ShardId::new(7));
        publisher.mark(&BTreeSet::from([shard]));
        drop(publisher.unmark(shard));
        drop(publisher.unmark(other));
        assert_eq!(publisher.marked(), BTreeSet::from([shard]));
        publisher.unmark(shard).again = None;
        assert!(publisher.marked().is_empty());
    }

    #[test]
    fn what_nobody_asked_for_the_longest_makes_room() {
        let lists = || {
            let list = |(number, asked_at, bytes)| InMemory {
                shard: ShardId::new(number),
                asked_at,
                bytes,
            };
            [(0, 30, 5), (1, 10, 5), (2, 20, 5)].map(list).into()
        };
        let gone = |limit| {
            let left: Vec<u32> = leaving(lists(), limit)
                .iter()
                .map(|shard| shard.number())
                .collect();
            left
        };
        assert!(gone(15).is_empty());
        assert_eq!(gone(14), [1]);
        assert_eq!(gone(9), [1, 2]);
        assert_eq!(gone(0), [1, 2, 0]);
    }
}
