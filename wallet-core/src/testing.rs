//! What tests of this crate and of implementations of its ports need: the conformance suite of the store, keys in memory, an
//! executor.

mod conformance;
mod executor;
mod memory_keys;

pub use conformance::{StoreUnderTest, store_conformance};
pub use executor::{block_on, poll_once};
pub use memory_keys::MemoryKeys;

use crate::ports::WalletStore;

/// Whether the wallets on these two stores tell issuers of deletions one at a time: they are the same store, opened twice.
pub fn tell_in_turn(first: &dyn WalletStore, second: &dyn WalletStore) -> bool {
    let turn = first.telling().begin();
    turn.is_some() && second.telling().begin().is_none()
}
