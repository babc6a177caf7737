//! The pack in force, as files: [`symbolon_trust_store`] replaces it, and what was in force before is kept for neighbours.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use symbolon_crypto::CryptoProvider;
use symbolon_data_integrity::SsiJsonLd;
use symbolon_trust::distribution::{EARLIER_FOLDER, HeldPack, MAX_PACK_BYTES};
use symbolon_trust::pack::{PackTools, delta};
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_trust_server::pull::{KeepError, PackKeeper};
use symbolon_verifier::{PackCredentials, Tools};

use crate::commands::judge::read_input;
use crate::edge;
use crate::installation::files::{Readers, write_atomically};

/// The pack in force.
const CURRENT: &str = "current.pack";
/// How many of those are kept: a week of daily packs, and the last one of the week before.
const KEPT_EARLIER: usize = 8;

/// The pack in force of a shop.
pub struct InForce {
    folder: PathBuf,
    memory: PathBuf,
    root: RootOfTrust,
    provider: Arc<dyn CryptoProvider>,
}

impl InForce {
    /// The pack in force in a folder, remembered in another.
    #[must_use]
    pub fn new(folder: &Path, memory: &Path, root: RootOfTrust, provider: Arc<dyn CryptoProvider>) -> Self {
        Self {
            folder: folder.to_owned(),
            memory: memory.to_owned(),
            root,
            provider,
        }
    }

    /// The file of the pack.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(CURRENT)
    }

    /// The pack, byte for byte; `None` where there is none.
    ///
    /// # Errors
    /// What the system reports.
    pub fn bytes(&self) -> io::Result<Option<Vec<u8>>> {
        match read_input(&self.path(), MAX_PACK_BYTES) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What brings a neighbour up to date that has `since`: what changed, where the neighbour's pack was in force here too and the
    /// delta is smaller, and the whole pack otherwise.
    ///
    /// # Errors
    /// No pack in force, or a file that cannot be read.
    pub fn for_neighbour(&self, since: Option<HeldPack>) -> anyhow::Result<Vec<u8>> {
        let current = self.bytes()?.context("no pack is in force here")?;
        let base = since.map(|held| self.earlier(held)).transpose()?.flatten();
        let changed = base.and_then(|base| delta(&base, &current).ok());
        Ok(match changed {
            Some(delta) if delta.len() < current.len() => delta,
            _ => current,
        })
    }

    fn earlier(&self, held: HeldPack) -> anyhow::Result<Option<Vec<u8>>> {
        let path = self.earlier_path(held);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = read_input(&path, MAX_PACK_BYTES);
        bytes
            .map(Some)
            .with_context(|| format!("cannot read {}", path.display()))
    }

    fn earlier_path(&self, held: HeldPack) -> PathBuf {
        self.folder.join(EARLIER_FOLDER).join(held.earlier_file_name())
    }

    fn keep_here(&self, incoming: &[u8]) -> Result<HeldPack, KeepError> {
        fs::create_dir_all(&self.folder).map_err(storage)?;
        let json_ld = SsiJsonLd::new();
        let tools = Tools::with_json_ld(&*self.provider, &json_ld);
        let credentials = PackCredentials::new(tools);
        let tools = PackTools::new(&*self.provider).with_credentials(&credentials);
        // Open in one process at a time: whoever comes second finds the pack of the first.
        let held = symbolon_trust_store::HeldPack::at(&self.path(), &self.memory).map_err(storage)?;
        let before = held.in_force().map_err(storage)?;
        held.apply(incoming, &self.root, tools, edge::system_time())
            .map_err(storage)?
            .map_err(|error| KeepError::Refused(Box::new(error)))?;
        let now = held.in_force().map_err(storage)?;
        let now = now.ok_or_else(|| storage(io::Error::from(io::ErrorKind::NotFound)))?;
        if let Some(before) = before.filter(|before| *before != now)
            && let Err(error) = self.set_aside(&before)
        {
            // A neighbour is shown the whole pack then; the new one is in force all the same.
            tracing::warn!(%error, "the pack before is not kept");
        }
        HeldPack::of(&now).map_err(|error| KeepError::Refused(Box::new(error)))
    }

    /// Keeps a pack that goes out of force, so that a neighbour who still has it can be shown what changed.
    fn set_aside(&self, pack: &[u8]) -> anyhow::Result<()> {
        let folder = self.folder.join(EARLIER_FOLDER);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let path = self.earlier_path(HeldPack::of(pack)?);
        write_atomically(&path, pack, Readers::Everyone)
            .with_context(|| format!("cannot write {}", path.display()))?;
        let mut kept: Vec<PathBuf> = fs::read_dir(&folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        kept.sort();
        for path in kept.iter().rev().skip(KEPT_EARLIER) {
            fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(())
    }
}

impl PackKeeper for InForce {
    fn held(&self) -> Result<Option<HeldPack>, KeepError> {
        let bytes = self
            .bytes()
            .map_err(|error| KeepError::Storage(Box::new(error)))?;
        // A pack that does not read any more is none: the whole one is fetched.
        Ok(bytes.and_then(|bytes| HeldPack::of(&bytes).ok()))
    }

    fn keep(&self, incoming: &[u8]) -> Result<HeldPack, KeepError> {
        self.keep_here(incoming)
    }
}

fn storage(error: impl std::error::Error + Send + Sync + 'static) -> KeepError {
    KeepError::Storage(Box::new(error))
}
