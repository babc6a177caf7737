//! The store in memory does what every store must.

use std::sync::Arc;

use symbolon_wallet_core::testing::{StoreUnderTest, block_on, store_conformance};
use symbolon_wallet_core::{BoxFuture, MemoryStore, WalletStore};

/// A clone is what another process would find.
struct InMemory(MemoryStore);

impl StoreUnderTest for InMemory {
    fn open(&mut self) -> BoxFuture<'_, Arc<dyn WalletStore>> {
        Box::pin(async move { Arc::new(self.0.clone()) as Arc<dyn WalletStore> })
    }
}

#[test]
fn the_store_in_memory_keeps_the_rules_of_every_store() {
    block_on(store_conformance(&mut InMemory(MemoryStore::new())));
}
