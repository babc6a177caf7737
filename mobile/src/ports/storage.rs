//! Storage of the app's own, in place of a file.

use std::io;
use std::sync::Arc;

use symbolon_store::StorageBackend;
use thiserror::Error;

/// A place for bytes that the app keeps itself, in place of a file: what is written there is sealed already, and only the wallet's
/// library can make anything of it.
///
/// It is as a file is: bytes that can be read and written at any place. An implementation must
/// - have one user at a time. Two that write at once destroy what is there.
/// - keep what was written before `sync` returned, whatever happens to the process and to the device afterwards, and not move a later
///   write before it. A wallet that has sent a one-time code relies on the record that it did.
/// - fill what `set_length` adds with zeros, and fail a read beyond the end.
///
/// Calls come from threads of the library, one at a time.
#[uniffi::export(with_foreign)]
pub trait WalletStorage: Send + Sync {
    /// How many bytes there are; 0 when it is new.
    fn length(&self) -> Result<u64, StorageFailure>;

    /// Makes it so long.
    fn set_length(&self, length: u64) -> Result<(), StorageFailure>;

    /// Reads exactly `count` bytes at `offset`.
    fn read(&self, offset: u64, count: u32) -> Result<Vec<u8>, StorageFailure>;

    /// Writes these bytes at `offset`, within the length.
    fn write(&self, offset: u64, bytes: Vec<u8>) -> Result<(), StorageFailure>;

    /// Makes durable what was written.
    fn sync(&self) -> Result<(), StorageFailure>;
}

/// The storage cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, uniffi::Error)]
pub enum StorageFailure {
    /// It cannot be read or written now.
    #[error("the app's storage cannot be used")]
    Unavailable,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for StorageFailure {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}

/// The app's storage as the store's.
pub(crate) struct PlatformStorage(pub(crate) Arc<dyn WalletStorage>);

/// Without what is in it.
impl std::fmt::Debug for PlatformStorage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PlatformStorage").finish_non_exhaustive()
    }
}

impl StorageBackend for PlatformStorage {
    fn len(&self) -> io::Result<u64> {
        self.0.length().map_err(io::Error::other)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let count = u32::try_from(out.len()).map_err(io::Error::other)?;
        let read = self.0.read(offset, count).map_err(io::Error::other)?;
        if read.len() != out.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        out.copy_from_slice(&read);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_length(length).map_err(io::Error::other)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync().map_err(io::Error::other)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write(offset, bytes.to_vec()).map_err(io::Error::other)
    }
}
