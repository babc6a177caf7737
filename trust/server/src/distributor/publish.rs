//! The folder of published files: packs and deltas that never change, and the index that names the newest.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_store::files::{Readers, read_if_there, remove_if_there, write_atomically};
use symbolon_trust::distribution::{
    Digest, INDEX_FILE, IndexError, MAX_DELTAS, MAX_INDEX_BYTES, MAX_PACK_BYTES, NotAFileName, PackIndex,
    PublishedDelta, PublishedFile, PublishedPack, is_worthwhile,
};
use symbolon_trust::pack::{PackError, claims, delta};
use thiserror::Error;

/// What the distributor remembers of earlier packs, beside the index.
const KEPT: &str = "kept.json";
/// The version of that file.
const KEPT_VERSION: u16 = 1;
/// Held by the one process that publishes here.
const LOCK: &str = "publish.lock";
/// The longest such file.
const MAX_KEPT_BYTES: u64 = 4 << 20;

/// For how many packs back there are deltas. At least one, at most [`MAX_DELTAS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention(usize);

impl Retention {
    /// Deltas from this many packs.
    #[must_use]
    pub fn of(packs: usize) -> Self {
        Self(packs.clamp(1, MAX_DELTAS))
    }

    /// How many packs.
    #[must_use]
    pub const fn packs(self) -> usize {
        self.0
    }
}

/// Why nothing was published. What was published before is served on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PublishError {
    /// A file cannot be read or written.
    #[error("cannot use {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file of the folder does not read.
    #[error("{0} does not read; remove the folder to begin anew")]
    Damaged(PathBuf),
    /// What was made is no pack.
    #[error("what was made is no pack: {0}")]
    NotAPack(#[from] PackError),
    /// A scope whose name cannot stand in a file's name.
    #[error("the scope cannot be published under its name: {0}")]
    Scope(#[from] NotAFileName),
    /// The new pack has no higher sequence than the one before.
    #[error("the new pack has the sequence {made}, and {published} is published")]
    SequenceNotRisen {
        /// That of the new pack.
        made: u64,
        /// That of the published one.
        published: u64,
    },
    /// Two processes that publish would take each other's files away.
    #[error("another process publishes in {0}")]
    InUse(PathBuf),
    /// The index cannot be written or read.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// A pack that was published before and is kept, as the base of deltas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    scope: Option<String>,
    sequence: u64,
    created: UnixTime,
    root: Digest,
    file: PublishedFile,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptFile {
    version: u16,
    packs: Vec<Kept>,
}

/// The folder.
#[derive(Debug)]
pub struct PublishedFolder {
    path: PathBuf,
    retention: Retention,
    kept: Vec<Kept>,
    index: PackIndex,
    /// What the index before named: somebody may be downloading it.
    former: BTreeSet<String>,
    _lock: File,
}

impl PublishedFolder {
    /// Opens a folder with what was published in it before, and makes it where there is none.
    ///
    /// # Errors
    /// [`PublishError`].
    pub fn open(path: &Path, retention: Retention) -> Result<Self, PublishError> {
        fs::create_dir_all(path).map_err(failed_at(path))?;
        let lock = lock(path)?;
        let kept_path = path.join(KEPT);
        let kept = match read_if_there(&kept_path, MAX_KEPT_BYTES).map_err(failed_at(&kept_path))? {
            None => Vec::new(),
            Some(bytes) => serde_json::from_slice::<KeptFile>(&bytes)
                .ok()
                .filter(|file| file.version == KEPT_VERSION)
                .map(|file| file.packs)
                .ok_or(PublishError::Damaged(kept_path))?,
        };
        let index_path = path.join(INDEX_FILE);
        let limit = MAX_INDEX_BYTES as u64;
        let index = match read_if_there(&index_path, limit).map_err(failed_at(&index_path))? {
            None => PackIndex::of(Vec::new()),
            Some(bytes) => PackIndex::parse(&bytes)?,
        };
        Ok(Self {
            path: path.to_owned(),
            retention,
            kept,
            index,
            former: BTreeSet::new(),
            _lock: lock,
        })
    }

    /// What is published.
    #[must_use]
    pub const fn index(&self) -> &PackIndex {
        &self.index
    }

    /// Where a published file is.
    #[must_use]
    pub fn path_of(&self, file: &PublishedFile) -> PathBuf {
        self.path.join(file.name.as_str())
    }

    /// Publishes a pack of a scope, with what changed since the packs that are kept. Files come first, the index last: whoever
    /// reads the index finds everything that it names.
    ///
    /// # Errors
    /// [`PublishError`]; what was published before still is.
    pub fn publish(&mut self, scope: Option<&str>, pack: &[u8]) -> Result<(), PublishError> {
        let new = claims(pack)?;
        let bases = self.bases(scope);
        if let Some(published) = bases.iter().map(|kept| kept.sequence).max()
            && new.sequence <= published
        {
            return Err(PublishError::SequenceNotRisen {
                made: new.sequence,
                published,
            });
        }
        let start = start_of_name(scope, new.sequence);
        let full = PublishedFile::of(&start, pack, "pack")?;
        self.write(&full, pack)?;
        let mut deltas = Vec::new();
        for base in &bases {
            if let Some((file, bytes)) = self.delta_from(base, &start, pack)? {
                self.write(&file, &bytes)?;
                deltas.push(PublishedDelta {
                    base_sequence: base.sequence,
                    base_root: base.root,
                    file,
                });
            }
        }
        let kept = Kept {
            scope: scope.map(str::to_owned),
            sequence: new.sequence,
            created: new.created,
            root: Digest::from_bytes(new.root),
            file: full.clone(),
        };
        self.put_in_force(kept, deltas)?;
        self.tidy()
    }

    /// The packs of a scope from which there shall be deltas, the newest first.
    fn bases(&self, scope: Option<&str>) -> Vec<Kept> {
        let mut bases: Vec<Kept> = self
            .kept
            .iter()
            .filter(|kept| kept.scope.as_deref() == scope)
            .cloned()
            .collect();
        bases.sort_by_key(|kept| core::cmp::Reverse(kept.sequence));
        bases.truncate(self.retention.packs());
        bases
    }

    /// The delta from a pack that is kept; none where the whole pack is not longer, or the old pack is of a version that has none.
    fn delta_from(
        &self,
        base: &Kept,
        start: &str,
        pack: &[u8],
    ) -> Result<Option<(PublishedFile, Vec<u8>)>, PublishError> {
        let path = self.path_of(&base.file);
        let Some(old) = read_if_there(&path, MAX_PACK_BYTES).map_err(failed_at(&path))? else {
            return Ok(None);
        };
        let Ok(bytes) = delta(&old, pack) else {
            return Ok(None);
        };
        if !is_worthwhile(bytes.len() as u64, pack.len() as u64) {
            return Ok(None);
        }
        let file = PublishedFile::of(&format!("{start}-from-{}", base.sequence), &bytes, "delta")?;
        Ok(Some((file, bytes)))
    }

    fn write(&self, file: &PublishedFile, bytes: &[u8]) -> Result<(), PublishError> {
        let path = self.path_of(file);
        write_atomically(&path, bytes, Readers::Everyone).map_err(failed_at(&path))
    }

    fn put_in_force(&mut self, new: Kept, deltas: Vec<PublishedDelta>) -> Result<(), PublishError> {
        let published = PublishedPack {
            scope: new.scope.clone(),
            sequence: new.sequence,
            created: new.created,
            root: new.root,
            full: new.file.clone(),
            deltas,
        };
        let mut index = self.index.clone();
        index.packs.retain(|pack| pack.scope != new.scope);
        index.packs.push(published);
        let mut kept = self.kept.clone();
        kept.push(new.clone());
        kept.sort_by_key(|kept| core::cmp::Reverse(kept.sequence));
        let mut of_scope = 0;
        kept.retain(|kept| {
            of_scope += usize::from(kept.scope == new.scope);
            kept.scope != new.scope || of_scope <= self.retention.packs()
        });
        let file = KeptFile {
            version: KEPT_VERSION,
            packs: kept.clone(),
        };
        let bytes = serde_json::to_vec(&file).map_err(|_| IndexError::Serialization)?;
        let path = self.path.join(KEPT);
        write_atomically(&path, &bytes, Readers::Everyone).map_err(failed_at(&path))?;
        let path = self.path.join(INDEX_FILE);
        write_atomically(&path, &index.to_json()?, Readers::Everyone).map_err(failed_at(&path))?;
        self.former = names(&self.index);
        self.kept = kept;
        self.index = index;
        Ok(())
    }

    /// Removes the packs and deltas that nobody is told of any more.
    fn tidy(&self) -> Result<(), PublishError> {
        let mut needed = names(&self.index);
        needed.extend(self.former.iter().cloned());
        needed.extend(self.kept.iter().map(|kept| kept.file.name.as_str().to_owned()));
        let found = fs::read_dir(&self.path).map_err(failed_at(&self.path))?;
        for entry in found {
            let name = entry.map_err(failed_at(&self.path))?.file_name();
            let Some(name) = name.to_str() else { continue };
            let is_ours = name.ends_with(".pack") || name.ends_with(".delta");
            if is_ours && !needed.contains(name) {
                let path = self.path.join(name);
                remove_if_there(&path).map_err(failed_at(&path))?;
            }
        }
        Ok(())
    }

    /// What may be downloaded: what the index names, and what the one before named.
    #[must_use]
    pub fn downloadable(&self) -> BTreeSet<String> {
        let mut all = names(&self.index);
        all.extend(self.former.iter().cloned());
        all
    }
}

/// The system gives the lock back when the process ends, however it ends.
fn lock(folder: &Path) -> Result<File, PublishError> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed_at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(PublishError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed_at(&path)(error)),
    }
}

/// What a file is called up to its digest. The name of a scope may have characters that the name of a file has not; the digest keeps
/// two of them apart.
fn start_of_name(scope: Option<&str>, sequence: u64) -> String {
    let Some(scope) = scope else {
        return sequence.to_string();
    };
    let plain = |character: char| {
        if character.is_ascii_alphanumeric() {
            character
        } else {
            '-'
        }
    };
    let scope: String = scope.chars().take(40).map(plain).collect();
    format!("scope-{scope}-{sequence}")
}

fn names(index: &PackIndex) -> BTreeSet<String> {
    index.files().map(|file| file.name.as_str().to_owned()).collect()
}

fn failed_at(path: &Path) -> impl Fn(io::Error) -> PublishError {
    let path = path.to_owned();
    move |source| PublishError::File {
        path: path.clone(),
        source,
    }
}
