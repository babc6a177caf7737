//! The memory of a verifier in a store of its own.

use std::path::Path;

use symbolon_store::{Batch, CommitError, Key, OpenError, ReadError, Space, Store, Tenant};
use symbolon_trust::pack::KeepPackMemory;
use thiserror::Error;

/// The memory of a verifier in a file that one process has open at a time, and that survives a power cut.
pub struct StoredMemory {
    store: Store,
    key: Key,
}

/// The memory cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoredMemoryError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It was not written.
    #[error(transparent)]
    Write(#[from] CommitError),
}

impl StoredMemory {
    /// Opens the memory of a tenant in the file at `path`, and makes the file where there is none; its folder must exist.
    ///
    /// # Errors
    /// [`OpenError`]: another process has it open, or it cannot be used.
    pub fn open(path: &Path, tenant: &Tenant) -> Result<Self, OpenError> {
        Ok(Self {
            store: Store::open(path)?,
            key: tenant.key(LAST_SEEN, LAST_SEEN_KEY),
        })
    }
}

impl KeepPackMemory for StoredMemory {
    type Error = StoredMemoryError;

    fn read(&self) -> Result<Option<Vec<u8>>, StoredMemoryError> {
        Ok(self.store.get(&self.key)?)
    }

    fn write(&self, memory: Vec<u8>) -> Result<(), StoredMemoryError> {
        self.store.commit(Batch::new().put(self.key.clone(), memory))?;
        Ok(())
    }
}

const LAST_SEEN: Space = Space::new("last-pack");
const LAST_SEEN_KEY: &str = "accepted";
