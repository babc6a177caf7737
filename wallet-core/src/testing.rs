//! What tests of this crate and of implementations of its ports need: the conformance suite of the store, keys in memory, an
//! executor.

mod conformance;
mod executor;
mod memory_keys;

pub use conformance::{StoreUnderTest, store_conformance};
pub use executor::{block_on, poll_once};
pub use memory_keys::MemoryKeys;
