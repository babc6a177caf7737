//! Which packs were accepted: in a file that survives a power cut, or where the app keeps it.

use std::path::Path;
use std::sync::Arc;

use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_store::{Batch, Key, Space, Store, Tenant};
use symbolon_trust::pack::{LastSeen, Pack, PackError};
use symbolon_trust::trust_list::RootOfTrust;
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

impl From<MemoryFailure> for VerifierError {
    fn from(_: MemoryFailure) -> Self {
        Self::Memory
    }
}

/// What is remembered of the packs that were accepted.
pub(super) enum PackMemory {
    File { store: Store, key: Key },
    App(Arc<dyn VerifierMemory>),
}

impl PackMemory {
    pub(super) fn in_file(path: &Path) -> Result<Self, VerifierError> {
        let tenant = Tenant::parse(TENANT).map_err(|_| VerifierError::Memory)?;
        Ok(Self::File {
            store: Store::open(path).map_err(|_| VerifierError::Memory)?,
            key: tenant.key(LAST_SEEN, LAST_SEEN_KEY),
        })
    }

    pub(super) fn of_app(memory: Arc<dyn VerifierMemory>) -> Self {
        Self::App(memory)
    }

    /// Opens a pack against what is remembered, and remembers it.
    pub(super) fn accept<'a>(
        &self,
        bytes: &'a [u8],
        root: &RootOfTrust,
        now: UnixTime,
    ) -> Result<Pack<'a>, VerifierError> {
        let last: Option<LastSeen> = match self.read()? {
            None => None,
            Some(bytes) => Some(serde_json::from_slice(&bytes).map_err(|_| VerifierError::Memory)?),
        };
        let pack = Pack::open(bytes, root, &RustCryptoProvider, now, last.as_ref())?;
        let seen = pack.last_seen(last.as_ref());
        if last.as_ref() != Some(&seen) {
            self.write(serde_json::to_vec(&seen).map_err(|_| VerifierError::Memory)?)?;
        }
        Ok(pack)
    }

    fn read(&self) -> Result<Option<Vec<u8>>, VerifierError> {
        match self {
            Self::File { store, key } => store.get(key).map_err(|_| VerifierError::Memory),
            Self::App(memory) => Ok(memory.read()?),
        }
    }

    fn write(&self, value: Vec<u8>) -> Result<(), VerifierError> {
        match self {
            Self::File { store, key } => {
                let batch = Batch::new().put(key.clone(), value);
                store.commit(batch).map_err(|_| VerifierError::Memory)
            }
            Self::App(memory) => Ok(memory.write(value)?),
        }
    }
}

/// Opens a pack that was accepted before: it may have expired since.
pub(super) fn open_again<'a>(
    bytes: &'a [u8],
    root: &RootOfTrust,
    now: UnixTime,
) -> Result<Pack<'a>, PackError> {
    Pack::open(bytes, root, &RustCryptoProvider, now, None)
}

const TENANT: &str = "verifier";
const LAST_SEEN: Space = Space::new("last-pack");
const LAST_SEEN_KEY: &str = "accepted";
