//! The pack that pages fetch, from a file that another program replaces, and what changed in it since packs that were in force before.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::body::Bytes;
use sha2::{Digest as _, Sha256};
use symbolon_crypto::encoding::base64url;
use symbolon_trust::distribution::{Digest, EARLIER_FOLDER, HeldPack};
use symbolon_trust::pack::delta;

/// The largest pack that is served, as large as one that a page takes.
const MAX_PACK_BYTES: u64 = 128 << 20;

/// How many deltas are kept of one pack. More packs from before than these are not kept by whoever pulls.
const MAX_DELTAS: usize = 16;

/// A file, read again when it has changed.
pub(super) struct ServedPack {
    path: Arc<Path>,
    read: Arc<Mutex<Option<Read>>>,
}

/// The file as it was read last.
struct Read {
    stamp: Stamp,
    file: PackFile,
    /// Which pack it says it is, unverified: pages verify it.
    held: Option<HeldPack>,
    /// What changed since packs before, and where that is no less than the whole, nothing.
    deltas: BTreeMap<String, Option<Bytes>>,
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

/// What changed since a pack that a page has.
pub(super) enum Since {
    /// Nothing: it is the newest.
    Newest,
    Delta(Bytes),
    /// That pack is not known here, or the whole one is no larger.
    Unknown,
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
        self.with_newest(|_, read| read.file.clone()).await
    }

    /// What changed since the pack of this sequence and root.
    pub(super) async fn since(&self, sequence: u64, root: &str) -> Since {
        // Whatever else stands in the address names no file.
        let root = base64url::decode(root).ok().and_then(|root| root.try_into().ok());
        let Some(base) = root.map(|root| HeldPack {
            sequence,
            root: Digest::from_bytes(root),
        }) else {
            return Since::Unknown;
        };
        let found = self.with_newest(move |path, read| read.since(path, base)).await;
        found.unwrap_or(Since::Unknown)
    }

    /// Asks the file as it is now, where that takes nobody's time who moves bytes.
    async fn with_newest<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Path, &mut Read) -> T + Send + 'static,
    ) -> Option<T> {
        let (path, read) = (Arc::clone(&self.path), Arc::clone(&self.read));
        tokio::task::spawn_blocking(move || {
            let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
            let about = std::fs::metadata(&path).ok()?;
            let stamp = (about.modified().ok(), about.len());
            if read.as_ref().is_none_or(|read| read.stamp != stamp) {
                *read = Some(Read::open(&path, stamp)?);
            }
            read.as_mut().map(|read| ask(&path, read))
        })
        .await
        .ok()
        .flatten()
    }
}

impl Read {
    fn open(path: &Path, stamp: Stamp) -> Option<Self> {
        let bytes = read(path)?;
        let tag = format!("\"{}\"", base64url::encode(&Sha256::digest(&bytes)));
        Some(Self {
            stamp,
            held: HeldPack::of(&bytes).ok(),
            file: PackFile {
                bytes: bytes.into(),
                tag,
            },
            deltas: BTreeMap::new(),
        })
    }

    fn since(&mut self, path: &Path, base: HeldPack) -> Since {
        if self.held == Some(base) {
            return Since::Newest;
        }
        let name = base.earlier_file_name();
        let known = self.deltas.get(&name).cloned();
        let changed = known.unwrap_or_else(|| self.delta_of(path, name));
        changed.map_or(Since::Unknown, Since::Delta)
    }

    /// Computed once for each pack that was in force before. One that was not is looked for each time, and costs no more than that.
    fn delta_of(&mut self, path: &Path, name: String) -> Option<Bytes> {
        let base = read(&path.parent()?.join(EARLIER_FOLDER).join(&name))?;
        let whole = &self.file.bytes;
        let changed = delta(&base, whole).ok();
        let changed = changed.filter(|delta| delta.len() < whole.len()).map(Bytes::from);
        if self.deltas.len() < MAX_DELTAS {
            self.deltas.insert(name, changed.clone());
        }
        changed
    }
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let bytes = std::fs::metadata(path).ok()?.len();
    (bytes <= MAX_PACK_BYTES)
        .then(|| std::fs::read(path).ok())
        .flatten()
}
