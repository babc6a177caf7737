//! Giving out indices: leases in memory, refilled from the store.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use symbolon_crypto::{Randomness, RandomnessUnavailable, UnixTime};
use thiserror::Error;

use super::permutation::PermutationKey;
use super::shard::{IndexLease, Shard, ShardForm, ShardId, StatusIndex};
use crate::audit::{Actor, AuditAction, WaitingEvent};
use crate::store::{IssuerStore, StoreError, Swap};

/// Gives each caller an index that no one else has, in this process or another.
pub struct IndexAllocator {
    form: ShardForm,
    block: u32,
    free: Mutex<Free>,
}

/// How long a lease is given out from. A list that is not filled any more is retired once everything in it has expired long ago, and nothing
/// may enter it after that.
const LEASE_LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// What this process may give out.
struct Free {
    /// Given out before, and given back.
    returned: Vec<StatusIndex>,
    leases: Vec<IndexLease>,
    /// When the newest of these was leased.
    leased_at: UnixTime,
}

impl IndexAllocator {
    /// An allocator that opens shards of `form` and leases `block` numbers at a time. What is left of a lease is lost with the process, and
    /// after half a day: a gap of at most one block for each.
    #[must_use]
    pub const fn new(form: ShardForm, block: u32) -> Self {
        Self {
            form,
            block,
            free: Mutex::new(Free {
                returned: Vec::new(),
                leases: Vec::new(),
                leased_at: UnixTime::from_seconds(0),
            }),
        }
    }

    /// The next index. It is spoken for at once: an issuance that fails later leaves a gap, unless it gives the index back.
    ///
    /// # Errors
    /// [`AllocationError`] when the store or the randomness fails, or every shard number is used.
    pub async fn allocate(
        &self,
        store: &dyn IssuerStore,
        now: UnixTime,
        randomness: &dyn Randomness,
    ) -> Result<StatusIndex, AllocationError> {
        loop {
            if let Some(index) = self.take(now) {
                return Ok(index);
            }
            let lease = lease(store, self.form, self.block, now, randomness).await?;
            let mut free = self.lock();
            free.leases.push(lease);
            free.leased_at = now;
        }
    }

    /// Takes back indices from [`IndexAllocator::allocate`] that no credential has: none that bears them left, and the store
    /// answered that it booked none. After a commit without an answer they must stay given.
    pub fn give_back(&self, indices: impl IntoIterator<Item = StatusIndex>) {
        self.lock().returned.extend(indices);
    }

    fn take(&self, now: UnixTime) -> Option<StatusIndex> {
        let mut free = self.lock();
        if now.since(free.leased_at) > LEASE_LIFE {
            free.returned.clear();
            free.leases.clear();
        }
        if let Some(index) = free.returned.pop() {
            return Some(index);
        }
        loop {
            match free.leases.last_mut()?.next() {
                Some(index) => return Some(index),
                None => drop(free.leases.pop()),
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Free> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a shard that nothing was given from yet, and returns its number. Every restore from a backup calls this before the first issuance:
/// the counters of the backup may be behind what was given out since.
///
/// # Errors
/// As [`IndexAllocator::allocate`].
pub async fn open_fresh_shard(
    store: &dyn IssuerStore,
    form: ShardForm,
    now: UnixTime,
    randomness: &dyn Randomness,
) -> Result<ShardId, AllocationError> {
    for _ in 0..MAX_ATTEMPTS {
        let id = match store.newest_shard().await? {
            Some(newest) => newest.value.id.next().ok_or(AllocationError::NoMoreShards)?,
            None => ShardId::FIRST,
        };
        let shard = Shard::open(id, form, PermutationKey::make(randomness)?, now);
        let event = WaitingEvent::make(
            now,
            Actor::Issuer,
            AuditAction::ShardOpened { shard: id },
            randomness,
        )?;
        if store.swap_shard(None, &shard, Some(event)).await? == Swap::Done {
            return Ok(id);
        }
    }
    Err(AllocationError::Store(StoreError::Contended { what: "shard" }))
}

async fn lease(
    store: &dyn IssuerStore,
    form: ShardForm,
    block: u32,
    now: UnixTime,
    randomness: &dyn Randomness,
) -> Result<IndexLease, AllocationError> {
    for _ in 0..MAX_ATTEMPTS {
        let Some(newest) = store.newest_shard().await? else {
            open_fresh_shard(store, form, now, randomness).await?;
            continue;
        };
        let Some((after, lease)) = newest.value.lease(block) else {
            // Somebody else may open the next one at the same moment; then the loop leases from theirs.
            let Some(id) = newest.value.id.next() else {
                return Err(AllocationError::NoMoreShards);
            };
            let shard = Shard::open(id, form, PermutationKey::make(randomness)?, now);
            let event = WaitingEvent::make(
                now,
                Actor::Issuer,
                AuditAction::ShardOpened { shard: id },
                randomness,
            )?;
            let _: Swap = store.swap_shard(None, &shard, Some(event)).await?;
            continue;
        };
        if store.swap_shard(Some(&newest.revision), &after, None).await? == Swap::Done {
            return Ok(lease);
        }
    }
    Err(AllocationError::Store(StoreError::Contended { what: "shard" }))
}

/// A failed attempt means that another succeeded, so this many are never needed by a healthy installation.
const MAX_ATTEMPTS: usize = 1_000;

/// Why no index could be given.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum AllocationError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no randomness for a new shard's key.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// All 2^32 shards were opened.
    #[error("every status list of this installation is full")]
    NoMoreShards,
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use symbolon_crypto::testing::SeededRandomness;

    use symbolon_trust::status_list::BitsPerStatus;

    use super::*;
    use crate::index::IndexWidth;
    use crate::store::MemoryIssuerStore;

    const FORM: ShardForm = ShardForm {
        width: IndexWidth::DEFAULT,
        bits: BitsPerStatus::Two,
    };

    #[test]
    fn an_index_that_came_back_is_given_once_more_and_no_other_twice() {
        let (store, randomness) = (MemoryIssuerStore::default(), SeededRandomness::new(1));
        let allocator = IndexAllocator::new(FORM, 2);
        let next = next_of(&allocator, &store, &randomness);
        let next = || next(1_800_000_000);
        let (first, second) = (next(), next());
        allocator.give_back([first]);
        assert_eq!(next(), first);
        let third = next();
        assert!(third != first && third != second);
    }

    #[test]
    fn what_was_leased_long_ago_is_given_no_more() {
        let (store, randomness) = (MemoryIssuerStore::default(), SeededRandomness::new(1));
        let allocator = IndexAllocator::new(FORM, 4);
        let next = next_of(&allocator, &store, &randomness);
        let leased = || now(store.newest_shard()).unwrap().unwrap().value.leased;
        let half_a_day = 12 * 60 * 60;
        let first = next(1_800_000_000);
        allocator.give_back([first]);
        assert_eq!((next(1_800_000_000 + half_a_day), leased()), (first, 4));
        allocator.give_back([first]);
        assert_ne!(next(1_800_000_000 + half_a_day + 1), first);
        assert_eq!(leased(), 8);
    }

    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("the store in memory answers at once"),
        }
    }

    /// Gives the next index at a time in seconds.
    fn next_of(
        allocator: &IndexAllocator,
        store: &MemoryIssuerStore,
        randomness: &SeededRandomness,
    ) -> impl Fn(i64) -> StatusIndex {
        move |seconds| {
            let at = UnixTime::from_seconds(seconds);
            now(allocator.allocate(store, at, randomness)).unwrap()
        }
    }
}
