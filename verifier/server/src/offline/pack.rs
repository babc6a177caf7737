//! The pack that pages fetch, from a file that another program replaces.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::body::Bytes;
use sha2::{Digest as _, Sha256};
use symbolon_crypto::encoding::base64url;

/// The largest pack that is served, as large as one that a page takes.
const MAX_PACK_BYTES: u64 = 128 << 20;

/// A file, read again when it has changed.
pub(super) struct ServedPack {
    path: Arc<Path>,
    read: Arc<Mutex<Option<(Stamp, PackFile)>>>,
}

/// What changes with the file.
type Stamp = (Option<SystemTime>, u64);

/// The file as it was read.
#[derive(Clone)]
pub(super) struct PackFile {
    pub(super) bytes: Bytes,
    /// The entity tag: a digest of the content.
    pub(super) tag: String,
}

impl ServedPack {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path: path.into(),
            read: Arc::default(),
        }
    }

    /// The file as it is now; `None` where it cannot be read.
    pub(super) async fn read(&self) -> Option<PackFile> {
        let (path, read) = (Arc::clone(&self.path), Arc::clone(&self.read));
        tokio::task::spawn_blocking(move || {
            let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
            let about = std::fs::metadata(&path).ok()?;
            let stamp = (about.modified().ok(), about.len());
            match &*read {
                Some((known, file)) if *known == stamp => Some(file.clone()),
                _ => {
                    let file = open(&path, about.len())?;
                    *read = Some((stamp, file.clone()));
                    Some(file)
                }
            }
        })
        .await
        .ok()
        .flatten()
    }
}

fn open(path: &Path, bytes: u64) -> Option<PackFile> {
    if bytes > MAX_PACK_BYTES {
        return None;
    }
    let bytes = std::fs::read(path).ok()?;
    let tag = format!("\"{}\"", base64url::encode(&Sha256::digest(&bytes)));
    Some(PackFile {
        bytes: bytes.into(),
        tag,
    })
}
