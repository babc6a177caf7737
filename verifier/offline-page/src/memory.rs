//! What the browser remembers of packs, as it was read from its storage.

use core::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use symbolon_trust::pack::KeepPackMemory;

/// The memory of packs between two writes of the browser's storage, which a counter cannot wait for: the page hands in what is kept there, and
/// keeps what is written here together with the pack, in one transaction, before anybody is told that the pack was taken.
#[derive(Clone, Default)]
pub(crate) struct BrowserMemory(Arc<Mutex<Option<Vec<u8>>>>);

impl BrowserMemory {
    /// Begins anew with what the browser keeps.
    pub(crate) fn resume(&self, kept: Option<Vec<u8>>) {
        *self.bytes() = kept;
    }

    /// What the browser is to keep.
    pub(crate) fn kept(&self) -> Option<Vec<u8>> {
        self.bytes().clone()
    }

    fn bytes(&self) -> MutexGuard<'_, Option<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeepPackMemory for BrowserMemory {
    type Error = Infallible;

    fn read(&self) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.kept())
    }

    fn write(&self, memory: Vec<u8>) -> Result<(), Infallible> {
        self.resume(Some(memory));
        Ok(())
    }
}
