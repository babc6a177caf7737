//! Status indices: unique under concurrency, unpredictable to outsiders, without a row per free index.
//!
//! A **shard** is one status list. Its counter is leased in blocks, each lease in a commit of its own, so that issuance takes no
//! global lock; a lease that is lost with its process leaves a gap, and gaps are harmless. Each number of the counter becomes an
//! index through a keyed permutation of the shard, so that the order of issuance does not show ([Token Status List §13.2]
//! asks for unlinkability, HAIP §6.1 for "unique and unpredictable"). A full shard is followed by a new one with a new key.
//!
//! [Token Status List §13.2]: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/

mod allocator;
mod permutation;
mod shard;

pub use allocator::{AllocationError, IndexAllocator, open_fresh_shard};
pub use permutation::{IndexPermutation, IndexWidth, IndexWidthError, PermutationKey};
pub use shard::{IndexLease, Shard, ShardForm, ShardId, StatusIndex};
