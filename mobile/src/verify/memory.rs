//! Which packs were accepted: in a file that survives a power cut, or where the app keeps it.

use std::path::Path;
use std::sync::Arc;

use symbolon_store::Tenant;
use symbolon_trust::pack::{KeepPackMemory, PackMemoryError};
use symbolon_trust_store::StoredMemory;
use thiserror::Error;

use super::VerifierError;

/// Keeps what a verifier remembers of the packs that it accepted, where the app wants it.
///
/// An implementation must keep what was written, durably, before it answers, and must not go back to an earlier state: one that does lets
/// an older pack, which knows of fewer revocations, be accepted again.
#[uniffi::export(with_foreign)]
pub trait VerifierMemory: Send + Sync {
    /// What was written last; nothing at first.
    fn read(&self) -> Result<Option<Vec<u8>>, MemoryFailure>;

    /// Keeps this in place of what was there.
    fn write(&self, bytes: Vec<u8>) -> Result<(), MemoryFailure>;
}

/// The memory cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, uniffi::Error)]
pub enum MemoryFailure {
    /// It cannot be read or written now.
    #[error("the app's memory cannot be used")]
    Unavailable,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for MemoryFailure {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}

/// Where the memory lies.
pub(super) enum Kept {
    File(StoredMemory),
    App(Arc<dyn VerifierMemory>),
}

impl Kept {
    pub(super) fn in_file(path: &Path) -> Result<Self, VerifierError> {
        let tenant = Tenant::parse(TENANT).map_err(|_| VerifierError::Memory)?;
        let stored = StoredMemory::open(path, &tenant).map_err(|_| VerifierError::Memory)?;
        Ok(Self::File(stored))
    }
}

impl KeepPackMemory for Kept {
    type Error = MemoryFailure;

    fn read(&self) -> Result<Option<Vec<u8>>, MemoryFailure> {
        match self {
            Self::File(stored) => stored.read().map_err(|_| MemoryFailure::Unavailable),
            Self::App(memory) => memory.read(),
        }
    }

    fn write(&self, bytes: Vec<u8>) -> Result<(), MemoryFailure> {
        match self {
            Self::File(stored) => stored.write(bytes).map_err(|_| MemoryFailure::Unavailable),
            Self::App(memory) => memory.write(bytes),
        }
    }
}

impl From<PackMemoryError<MemoryFailure>> for VerifierError {
    fn from(_: PackMemoryError<MemoryFailure>) -> Self {
        Self::Memory
    }
}

const TENANT: &str = "verifier";
