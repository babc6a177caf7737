//! The folder of downloads: one process at a time, and what came of a broken download.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use symbolon_store::files::{Readers, read_if_there, remove_if_there, write_atomically};
use symbolon_trust::distribution::{Digest, PublishedFile};

use super::{KnownIndex, PullError};

const LOCK: &str = "pull.lock";
const INDEX: &str = "index.json";
/// Downloads that are not whole yet, each called by the digest that it must have in the end.
const DOWNLOADS: &str = "downloads";
/// What the server called a download that broke off.
const TAG_ENDING: &str = "etag";

/// How often a process looks whether the one before is done.
const LOCK_LOOK: Duration = Duration::from_millis(100);
/// The longest of the small files here.
const MAX_SMALL_BYTES: u64 = 8 << 10;

/// A folder of downloads.
#[derive(Debug, Clone)]
pub struct PullFolder(PathBuf);

/// Held by the one process that pulls. The system takes it from a process that ends, however it ends.
#[derive(Debug)]
pub struct PullLock(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

impl PullFolder {
    /// Uses a folder, and makes it where there is none.
    ///
    /// # Errors
    /// [`PullError::Folder`].
    pub fn open(path: &Path) -> Result<Self, PullError> {
        let downloads = path.join(DOWNLOADS);
        fs::create_dir_all(&downloads).map_err(|source| PullError::Folder {
            path: downloads,
            source,
        })?;
        Ok(Self(path.to_owned()))
    }

    /// Waits until no other process uses the folder.
    ///
    /// # Errors
    /// [`PullError::Busy`] after `patience`; [`PullError::Folder`].
    pub async fn lock(&self, patience: Duration) -> Result<PullLock, PullError> {
        let path = self.0.join(LOCK);
        let failed = |source| PullError::Folder {
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        let wait = async {
            loop {
                match file.try_lock() {
                    Ok(()) => return Ok(()),
                    Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_LOOK).await,
                    Err(TryLockError::Error(error)) => return Err(failed(error)),
                }
            }
        };
        tokio::time::timeout(patience, wait)
            .await
            .map_err(|_| PullError::Busy)??;
        Ok(PullLock(file))
    }

    pub(super) fn known_index(&self) -> Result<Option<KnownIndex>, PullError> {
        let path = self.0.join(INDEX);
        let bytes = read_if_there(&path, MAX_SMALL_BYTES).map_err(failed_at(&path))?;
        // One that does not read is asked for again.
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    pub(super) fn remember_index(&self, known: &KnownIndex) -> Result<(), PullError> {
        let path = self.0.join(INDEX);
        let bytes = serde_json::to_vec(known)
            .map_err(io::Error::other)
            .map_err(failed_at(&path))?;
        write_atomically(&path, &bytes, Readers::Everyone).map_err(failed_at(&path))
    }

    /// Removes every download, once a pack came of one.
    pub(super) fn clear(&self) -> Result<(), PullError> {
        let path = self.0.join(DOWNLOADS);
        let removed = (|| {
            for entry in fs::read_dir(&path)? {
                remove_if_there(&entry?.path())?;
            }
            Ok(())
        })();
        removed.map_err(failed_at(&path))
    }

    /// What came of a file so far.
    pub(super) fn partial(&self, file: &PublishedFile) -> Partial {
        let path = self.0.join(DOWNLOADS).join(file.sha256.to_string());
        Partial {
            tag: path.with_extension(TAG_ENDING),
            path,
            bytes: file.bytes,
            sha256: file.sha256,
        }
    }
}

fn failed_at(path: &Path) -> impl Fn(io::Error) -> PullError {
    let path = path.to_owned();
    move |source| PullError::Folder {
        path: path.clone(),
        source,
    }
}

/// A download, as far as it came.
pub(super) struct Partial {
    path: PathBuf,
    tag: PathBuf,
    bytes: u64,
    sha256: Digest,
}

impl Partial {
    /// How many bytes are there. More than the file has are none.
    pub(super) fn have(&self) -> Result<u64, PullError> {
        match fs::metadata(&self.path) {
            Ok(found) if found.len() <= self.bytes => Ok(found.len()),
            Ok(_) => self.discard().map(|()| 0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(failed_at(&self.path)(error)),
        }
    }

    /// What the server called the file when the download began.
    pub(super) fn tag(&self) -> Result<Option<String>, PullError> {
        let bytes = read_if_there(&self.tag, MAX_SMALL_BYTES).map_err(failed_at(&self.tag))?;
        Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Begins anew, with what the server calls the file.
    pub(super) fn begin(&self, tag: Option<&str>) -> Result<File, PullError> {
        self.discard()?;
        if let Some(tag) = tag {
            write_atomically(&self.tag, tag.as_bytes(), Readers::Everyone).map_err(failed_at(&self.tag))?;
        }
        File::create(&self.path).map_err(failed_at(&self.path))
    }

    /// Goes on where it broke off.
    pub(super) fn go_on(&self) -> Result<File, PullError> {
        OpenOptions::new()
            .append(true)
            .open(&self.path)
            .map_err(failed_at(&self.path))
    }

    /// Adds what came. Where the disk is full, what is there makes room again.
    pub(super) fn add(&self, file: &mut File, piece: &[u8]) -> Result<(), PullError> {
        file.write_all(piece).map_err(|error| {
            // The error that matters is the first one.
            let _ = self.discard();
            failed_at(&self.path)(error)
        })
    }

    /// The file, if it is whole and what was announced.
    pub(super) fn whole(&self) -> Result<Option<Vec<u8>>, PullError> {
        let bytes = read_if_there(&self.path, self.bytes).map_err(failed_at(&self.path))?;
        Ok(bytes.filter(|bytes| bytes.len() as u64 == self.bytes && Digest::of(bytes) == self.sha256))
    }

    pub(super) fn discard(&self) -> Result<(), PullError> {
        remove_if_there(&self.path).map_err(failed_at(&self.path))?;
        remove_if_there(&self.tag).map_err(failed_at(&self.tag))
    }
}
