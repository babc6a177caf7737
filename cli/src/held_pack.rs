//! The offline pack that a verifier holds: the file, the form in which it was applied, and what is remembered of it.
//!
//! Whoever brings a pack or a delta, from a file, a server or a neighbour's screen, hands it to [`HeldPack::apply`]. The memory
//! is open for as long as a [`HeldPack`] lives, and lets in one process only: two that apply at once do it one after the other.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use symbolon_crypto::UnixTime;
use symbolon_store::{Batch, Key, OpenError, Space, Store, Tenant};
use symbolon_trust::pack::{ApplyError, LastSeen, MAX_PACK_BYTES, Pack, PackError, PackTools, apply};
use symbolon_trust::trust_list::RootOfTrust;
use thiserror::Error;

use crate::commands::judge::read_input;
use crate::installation::TENANT;
use crate::installation::files::{Readers, write_atomically};

/// Where the accepted packs are remembered, beside the root of trust.
pub const MEMORY_FILE: &str = "accepted-packs.redb";

/// What the file of the applied form is called, behind the name of the pack.
const FORM_SUFFIX: &str = ".applied";

/// How long to wait for another process that is just applying a pack.
const MEMORY_WAIT: Duration = Duration::from_secs(5);

const LAST_SEEN: Space = Space::new("last-pack");
const LAST_SEEN_KEY: &str = "accepted";

/// Why a held pack cannot be used. Whatever was in force stays so.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HeldPackError {
    /// What is remembered of earlier packs cannot be read or written.
    #[error("cannot remember the pack in {path}, so a rollback would not be noticed")]
    Memory {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file cannot be read or written.
    #[error("cannot use the file {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// What is remembered of the packs that were accepted, in a store that survives a power cut.
pub struct PackMemory {
    store: Store,
    key: Key,
    path: PathBuf,
}

impl PackMemory {
    /// Opens the memory at `path`, and makes it where there is none. Another process that has it open is waited for.
    ///
    /// # Errors
    /// [`HeldPackError::Memory`].
    pub fn open(path: &Path) -> Result<Self, HeldPackError> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| HeldPackError::Memory {
            path: path.to_owned(),
            source,
        };
        let tenant = Tenant::parse(TENANT).map_err(|error| failed(Box::new(error)))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "this waits for another process, on the real clock"
        )]
        let started = Instant::now();
        loop {
            match Store::open(path) {
                Ok(store) => {
                    return Ok(Self {
                        store,
                        key: tenant.key(LAST_SEEN, LAST_SEEN_KEY),
                        path: path.to_owned(),
                    });
                }
                Err(OpenError::AlreadyOpen) if started.elapsed() < MEMORY_WAIT => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) => return Err(failed(Box::new(error))),
            }
        }
    }

    /// What was remembered last.
    ///
    /// # Errors
    /// [`HeldPackError::Memory`].
    pub fn last_seen(&self) -> Result<Option<LastSeen>, HeldPackError> {
        let remembered = self
            .store
            .get(&self.key)
            .map_err(|error| self.failed(Box::new(error)))?;
        remembered
            .map(|bytes| serde_json::from_slice(&bytes).map_err(|error| self.failed(Box::new(error))))
            .transpose()
    }

    fn remember(&self, before: Option<&LastSeen>, seen: &LastSeen) -> Result<(), HeldPackError> {
        if before == Some(seen) {
            return Ok(());
        }
        let value = serde_json::to_vec(seen).map_err(|error| self.failed(Box::new(error)))?;
        let batch = Batch::new().put(self.key.clone(), value);
        self.store
            .commit(batch)
            .map(drop)
            .map_err(|error| self.failed(Box::new(error)))
    }

    fn failed(&self, source: Box<dyn std::error::Error + Send + Sync>) -> HeldPackError {
        HeldPackError::Memory {
            path: self.path.clone(),
            source,
        }
    }
}

/// The bytes of a pack, as they were read: the pack itself, and its applied form where it has one.
#[derive(Debug)]
pub struct PackBytes {
    pack: Vec<u8>,
    form: Vec<u8>,
}

impl PackBytes {
    /// The pack, and its applied form, which is empty where it has none.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, Vec<u8>) {
        (self.pack, self.form)
    }
}

/// The pack at a path, with what is remembered.
pub struct HeldPack {
    path: PathBuf,
    memory: PackMemory,
}

impl HeldPack {
    /// The pack that lies, or will lie, at `path`. What was accepted is remembered in `memory_folder`, beside the root of trust.
    ///
    /// # Errors
    /// [`HeldPackError::Memory`], also when another process has it open for long.
    pub fn at(path: &Path, memory_folder: &Path) -> Result<Self, HeldPackError> {
        Ok(Self {
            path: path.to_owned(),
            memory: PackMemory::open(&memory_folder.join(MEMORY_FILE))?,
        })
    }

    /// What is remembered.
    ///
    /// # Errors
    /// [`HeldPackError::Memory`].
    pub fn last_seen(&self) -> Result<Option<LastSeen>, HeldPackError> {
        self.memory.last_seen()
    }

    /// The pack that lies there, not verified; `None` where there is none.
    ///
    /// # Errors
    /// [`HeldPackError::File`].
    pub fn in_force(&self) -> Result<Option<Vec<u8>>, HeldPackError> {
        if self
            .path
            .try_exists()
            .map_err(|source| file_error(&self.path, source))?
        {
            self.read().map(|bytes| Some(bytes.pack))
        } else {
            Ok(None)
        }
    }

    /// Reads the pack, to be opened.
    ///
    /// # Errors
    /// [`HeldPackError::File`].
    pub fn read(&self) -> Result<PackBytes, HeldPackError> {
        let limit = u64::try_from(MAX_PACK_BYTES).unwrap_or(u64::MAX);
        let pack = read_input(&self.path, limit).map_err(|source| file_error(&self.path, source))?;
        // Without its form a pack opens all the same.
        let form = read_input(&self.form_path(), limit).unwrap_or_default();
        Ok(PackBytes { pack, form })
    }

    /// Opens what was read against what is remembered, and remembers it when it is newer.
    ///
    /// # Errors
    /// [`HeldPackError::Memory`]; a refused pack is an answer.
    pub fn accept<'a>(
        &self,
        bytes: &'a PackBytes,
        root: &RootOfTrust,
        tools: PackTools<'_>,
        now: UnixTime,
    ) -> Result<Result<Pack<'a>, PackError>, HeldPackError> {
        let last = self.memory.last_seen()?;
        let opened = match &last {
            Some(last) => Pack::open_applied(&bytes.pack, &bytes.form, root, tools, now, last),
            None => Pack::open_with(&bytes.pack, root, tools, now, None),
        };
        let pack = match opened {
            Ok(pack) => pack,
            Err(error) => return Ok(Err(error)),
        };
        self.memory
            .remember(last.as_ref(), &pack.last_seen(last.as_ref()))?;
        Ok(Ok(pack))
    }

    /// Applies a pack or a delta of the pack that lies here, and puts the new one in its place.
    ///
    /// The new pack is complete and on the disk before it takes the place of the old one, and the memory follows: whatever
    /// interrupts this leaves a pack that opens.
    ///
    /// # Errors
    /// [`HeldPackError`]; a refusal of what was brought is an answer, and changes nothing.
    pub fn apply(
        &self,
        incoming: &[u8],
        root: &RootOfTrust,
        tools: PackTools<'_>,
        now: UnixTime,
    ) -> Result<Result<LastSeen, ApplyError>, HeldPackError> {
        let last = self.memory.last_seen()?;
        let in_force = self.in_force()?;
        let applied = match apply(incoming, in_force.as_deref(), root, tools, now, last.as_ref()) {
            Ok(applied) => applied,
            Err(error) => return Ok(Err(error)),
        };
        write(&self.path, &applied.pack)?;
        write(&self.form_path(), &applied.form)?;
        self.memory.remember(last.as_ref(), &applied.memory)?;
        Ok(Ok(applied.memory))
    }

    fn form_path(&self) -> PathBuf {
        form_path(&self.path)
    }
}

/// Where the applied form of the pack at a path lies.
#[must_use]
pub fn form_path(pack: &Path) -> PathBuf {
    let mut name = pack.to_owned().into_os_string();
    name.push(FORM_SUFFIX);
    PathBuf::from(name)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), HeldPackError> {
    write_atomically(path, bytes, Readers::Everyone).map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: io::Error) -> HeldPackError {
    HeldPackError::File {
        path: path.to_owned(),
        source,
    }
}
