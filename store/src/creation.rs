//! Making a file ready for redb, also when the power went while it was first created.

use std::ops::Bound;

use redb::{BackendError, StorageBackend};

use crate::error::OpenError;

/// Empties a storage whose creation was never finished, so that redb begins anew.
///
/// redb sizes the file first and writes its magic number last. A cut between the two leaves zeros where the magic number belongs,
/// which redb refuses for ever after. Nothing can have been acknowledged from such a file.
pub(crate) fn restart_unfinished(backend: &impl StorageBackend) -> Result<(), OpenError> {
    let length = backend.len()?;
    if length == 0 || length > MAX_UNFINISHED_BYTES {
        return Ok(());
    }
    // Another process may be in the middle of creating it; only the holder of the whole file may judge.
    let locked = match backend.try_lock_range(Bound::Unbounded, Bound::Unbounded) {
        Ok(true) => true,
        Ok(false) => return Err(OpenError::AlreadyOpen),
        Err(BackendError::Unsupported) => false,
        Err(error) => return Err(OpenError::Io(error.into())),
    };
    let outcome = empty_if_unfinished(backend);
    if locked {
        backend
            .unlock_range(Bound::Unbounded, Bound::Unbounded)
            .map_err(|error| OpenError::Io(error.into()))?;
    }
    Ok(outcome?)
}

fn empty_if_unfinished(backend: &impl StorageBackend) -> std::io::Result<()> {
    let mut magic = [0; MAGIC_NUMBER_BYTES];
    let length = backend.len()?;
    if length >= magic.len() as u64 {
        backend.read(0, &mut magic)?;
    }
    if length > 0 && magic.iter().all(|byte| *byte == 0) {
        backend.set_len(0)?;
        backend.sync_data()?;
    }
    Ok(())
}

/// Length of redb's magic number, which no finished file begins with zeros instead of.
const MAGIC_NUMBER_BYTES: usize = 9;
/// A new redb 4.6 file is far smaller; a larger file that begins with zeros is something else, and not ours to empty.
const MAX_UNFINISHED_BYTES: u64 = 4 * 1024 * 1024;
