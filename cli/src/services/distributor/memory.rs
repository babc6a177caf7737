//! What readers remember of the packs that were published, so that none is made that they would refuse.

use std::path::PathBuf;

use anyhow::Context as _;
use symbolon_store::files::{Readers, read_if_there, write_atomically};
use symbolon_trust::pack::LastSeen;

use crate::installation::Installation;

/// The file, in the data folder.
const MEMORY: &str = "published-last-seen.json";
/// The longest such file. It has a line for each list.
const MAX_BYTES: u64 = 64 << 20;

/// The newest of every list that was in a published pack, whatever its scope: a shop may have had any of them.
pub(super) struct PublishedMemory {
    path: PathBuf,
}

impl PublishedMemory {
    pub(super) fn of(installation: &Installation) -> Self {
        Self {
            path: installation.data_file(MEMORY),
        }
    }

    /// # Errors
    /// A file that cannot be read, or is damaged. It is then to be removed.
    pub(super) fn read(&self) -> anyhow::Result<Option<LastSeen>> {
        let said = || format!("cannot use {}", self.path.display());
        let bytes = read_if_there(&self.path, MAX_BYTES).with_context(said)?;
        bytes
            .map(|bytes| serde_json::from_slice(&bytes))
            .transpose()
            .with_context(said)
    }

    /// # Errors
    /// A file that cannot be written.
    pub(super) fn write(&self, seen: &LastSeen) -> anyhow::Result<()> {
        let said = || format!("cannot use {}", self.path.display());
        let bytes = serde_json::to_vec(seen).with_context(said)?;
        write_atomically(&self.path, &bytes, Readers::Everyone).with_context(said)
    }
}
