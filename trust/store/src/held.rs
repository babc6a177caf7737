//! The pack in force as files: the pack, the form in which it was applied, and what is remembered of it.
//!
//! Whoever brings a pack or a delta, from a file, a server or a neighbour's screen, hands it to [`HeldPack::apply`]. The memory
//! is open for as long as a [`HeldPack`] lives, and lets in one process only: two that apply at once do it one after the other.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use symbolon_crypto::UnixTime;
use symbolon_store::files::{Readers, read_if_there, write_atomically};
use symbolon_store::{OpenError, Tenant, TenantError};
use symbolon_trust::pack::{
    AcceptedMeanwhile, ApplyError, LastSeen, MAX_PACK_BYTES, Pack, PackError, PackMemory, PackMemoryError,
    PackTools,
};
use symbolon_trust::trust_list::RootOfTrust;
use thiserror::Error;

use crate::memory::{StoredMemory, StoredMemoryError};

/// Where the accepted packs are remembered, beside the root of trust.
pub const MEMORY_FILE: &str = "accepted-packs.redb";

/// The tenant whose packs these are: an installation holds one, whoever judges by it.
const TENANT: &str = "main";

/// What the file of the applied form is called, behind the name of the pack.
const FORM_SUFFIX: &str = ".applied";

/// How long to wait for another process that is just applying a pack.
const MEMORY_WAIT: Duration = Duration::from_secs(5);
/// How often to look whether it is done.
const MEMORY_LOOK: Duration = Duration::from_millis(20);

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
        source: MemoryFault,
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

/// What is wrong with the memory.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MemoryFault {
    /// It cannot be opened, also because another process had it open for long.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Whose it is has no name that a key begins with.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// It cannot be read or written.
    #[error(transparent)]
    Kept(#[from] PackMemoryError<StoredMemoryError>),
    /// Somebody else wrote it while it was open here.
    #[error(transparent)]
    Meanwhile(#[from] AcceptedMeanwhile),
}

/// The bytes of a pack, as they were read: the pack itself, and its applied form where it has one.
#[derive(Debug)]
pub struct PackBytes {
    pack: Vec<u8>,
    form: Vec<u8>,
}

impl PackBytes {
    /// The pack, not verified.
    #[must_use]
    pub fn pack(&self) -> &[u8] {
        &self.pack
    }

    /// The pack, and its applied form, which is empty where it has none.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, Vec<u8>) {
        (self.pack, self.form)
    }
}

/// The pack at a path, with what is remembered.
pub struct HeldPack {
    path: PathBuf,
    memory: PackMemory<StoredMemory>,
    memory_path: PathBuf,
}

impl HeldPack {
    /// The pack that lies, or will lie, at `path`. What was accepted is remembered in `memory_folder`, beside the root of trust. Another
    /// process that has the memory open is waited for.
    ///
    /// # Errors
    /// [`HeldPackError::Memory`], also when another process has it open for long.
    pub fn at(path: &Path, memory_folder: &Path) -> Result<Self, HeldPackError> {
        let memory_path = memory_folder.join(MEMORY_FILE);
        match open_memory(&memory_path) {
            Ok(memory) => Ok(Self {
                path: path.to_owned(),
                memory: PackMemory::new(memory),
                memory_path,
            }),
            Err(source) => Err(HeldPackError::Memory {
                path: memory_path,
                source,
            }),
        }
    }

    /// What is remembered in `memory_folder` of the packs that were accepted, also where none lies anywhere any more; `None` where none was. No memory
    /// is made by asking.
    ///
    /// # Errors
    /// [`HeldPackError`], also when another process has the memory open for long.
    pub fn remembered(memory_folder: &Path) -> Result<Option<LastSeen>, HeldPackError> {
        let memory_path = memory_folder.join(MEMORY_FILE);
        let is_there = memory_path.try_exists();
        if !is_there.map_err(|source| file_error(&memory_path, source))? {
            return Ok(None);
        }
        Self::at(Path::new(""), memory_folder)?.last_seen()
    }

    /// What is remembered.
    ///
    /// # Errors
    /// [`HeldPackError::Memory`].
    pub fn last_seen(&self) -> Result<Option<LastSeen>, HeldPackError> {
        self.memory.last_seen().map_err(|error| self.failed(error))
    }

    /// The pack that lies there, not verified; `None` where there is none.
    ///
    /// # Errors
    /// [`HeldPackError::File`].
    pub fn in_force(&self) -> Result<Option<Vec<u8>>, HeldPackError> {
        read_if_there(&self.path, most_bytes()).map_err(|source| file_error(&self.path, source))
    }

    /// Reads the pack, to be opened.
    ///
    /// # Errors
    /// [`HeldPackError::File`], also where there is none.
    pub fn read(&self) -> Result<PackBytes, HeldPackError> {
        let absent = || file_error(&self.path, io::Error::from(io::ErrorKind::NotFound));
        let pack = self.in_force()?.ok_or_else(absent)?;
        // Without its form a pack opens all the same.
        let form = read_if_there(&self.form_path(), most_bytes())
            .ok()
            .flatten()
            .unwrap_or_default();
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
        self.memory
            .accept(&bytes.pack, &bytes.form, root, tools, now)
            .map_err(|error| self.failed(error))
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
        let in_force = self.in_force()?;
        let prepared = self
            .memory
            .prepare(incoming, in_force.as_deref(), root, tools, now)
            .map_err(|error| self.failed(error))?;
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return Ok(Err(error)),
        };
        let applied = prepared.applied();
        write(&self.path, &applied.pack)?;
        write(&self.form_path(), &applied.form)?;
        self.memory
            .remember(&prepared)
            .map_err(|error| self.failed(error))?
            .map_err(|error| self.failed(error))?;
        Ok(Ok(applied.memory.clone()))
    }

    fn form_path(&self) -> PathBuf {
        form_path(&self.path)
    }

    fn failed(&self, fault: impl Into<MemoryFault>) -> HeldPackError {
        HeldPackError::Memory {
            path: self.memory_path.clone(),
            source: fault.into(),
        }
    }
}

/// Where the applied form of the pack at a path lies.
#[must_use]
pub fn form_path(pack: &Path) -> PathBuf {
    let mut name = pack.to_owned().into_os_string();
    name.push(FORM_SUFFIX);
    PathBuf::from(name)
}

fn open_memory(path: &Path) -> Result<StoredMemory, MemoryFault> {
    let tenant = Tenant::parse(TENANT)?;
    Ok(open_patiently(|| StoredMemory::open(path, &tenant))?)
}

/// Opens a store that other processes have open for moments only, and waits for them.
///
/// # Errors
/// As `open` answers; another process that has it open for long.
pub fn open_patiently<T>(open: impl Fn() -> Result<T, OpenError>) -> Result<T, OpenError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this waits for another process, on the real clock"
    )]
    let started = Instant::now();
    loop {
        match open() {
            Err(OpenError::AlreadyOpen) if started.elapsed() < MEMORY_WAIT => std::thread::sleep(MEMORY_LOOK),
            opened => return opened,
        }
    }
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

fn most_bytes() -> u64 {
    u64::try_from(MAX_PACK_BYTES).unwrap_or(u64::MAX)
}
