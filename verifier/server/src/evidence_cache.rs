//! Fetched status lists: in memory as verified, on disk as tokens.
//!
//! The disk part is sled, which may lose writes in a power cut and is thrown away when it is damaged. Nothing that
//! guards security is in here: a list that is lost is fetched again, and a token from the disk is verified again.

use core::time::Duration;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_trust::status_list::VerifiedStatusList;
use symbolon_verifier::StatusEvidence;
use thiserror::Error;

/// The largest number of verified lists in memory; each is up to some hundred kilobytes.
const MAX_LISTS_IN_MEMORY: usize = 64;

/// The largest number of tokens on disk. Beyond it the cache is emptied: it fills again in no time.
const MAX_TOKENS_ON_DISK: usize = 4096;

/// How much memory sled may use, in bytes.
const DISK_CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// How long a list that names no `ttl` is used, at most.
const LIFETIME_WITHOUT_TTL: Duration = Duration::from_secs(300);

/// Status lists that were fetched before.
#[derive(Clone)]
pub struct EvidenceCache(Arc<Parts>);

struct Parts {
    disk: Option<sled::Db>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    verified: BTreeMap<String, Kept>,
    /// Fetched and not yet verified.
    fetched: BTreeMap<String, Fetched>,
}

struct Kept {
    list: Arc<VerifiedStatusList>,
    fresh_until: UnixTime,
}

struct Fetched {
    token: String,
    at: UnixTime,
}

#[derive(Serialize, Deserialize)]
struct OnDisk {
    fresh_until: UnixTime,
    token: String,
}

/// Why the cache cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenCacheError {
    /// Another process has it, or the folder cannot be read or written.
    #[error("the verifier's evidence cache cannot be opened")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl EvidenceCache {
    /// Opens the cache in the folder `path`. A damaged one is removed and begun anew.
    ///
    /// # Errors
    /// [`OpenCacheError`].
    pub fn open(path: &Path) -> Result<Self, OpenCacheError> {
        let disk = match open_disk(path) {
            Ok(disk) => disk,
            Err(Refusal::Unavailable(error)) => return Err(OpenCacheError::Unavailable(Box::new(error))),
            Err(Refusal::Damaged) => {
                tracing::warn!("the evidence cache was damaged and is built again");
                std::fs::remove_dir_all(path)
                    .map_err(|error| OpenCacheError::Unavailable(Box::new(error)))?;
                match open_disk(path) {
                    Ok(disk) => disk,
                    Err(Refusal::Unavailable(error)) => {
                        return Err(OpenCacheError::Unavailable(Box::new(error)));
                    }
                    Err(Refusal::Damaged) => {
                        let error = std::io::Error::other("a new cache is damaged at once");
                        return Err(OpenCacheError::Unavailable(Box::new(error)));
                    }
                }
            }
        };
        Ok(Self::with(Some(disk)))
    }

    /// A cache that lives as long as the process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::with(None)
    }

    fn with(disk: Option<sled::Db>) -> Self {
        Self(Arc::new(Parts {
            disk,
            memory: Mutex::default(),
        }))
    }

    /// What is known of the list at `uri`, when it is fresh.
    pub(crate) fn status_list(&self, uri: &str, now: UnixTime) -> Option<StatusEvidence> {
        if let Some(kept) = self
            .memory()
            .verified
            .get(uri)
            .filter(|kept| now < kept.fresh_until)
        {
            return Some(StatusEvidence::Verified(Arc::clone(&kept.list)));
        }
        let entry = self.read_disk(uri)?;
        (now < entry.fresh_until).then_some(StatusEvidence::Token(entry.token))
    }

    /// Remembers a token until a session has verified it.
    pub(crate) fn keep_fetched(&self, uri: &str, token: &str, now: UnixTime) {
        let mut memory = self.memory();
        if memory.fetched.len() >= MAX_LISTS_IN_MEMORY {
            memory.fetched.clear();
        }
        memory.fetched.insert(
            uri.to_owned(),
            Fetched {
                token: token.to_owned(),
                at: now,
            },
        );
    }

    /// Keeps a list that a session has verified, for `at_most` or as long as the list itself says.
    pub(crate) fn keep_verified(&self, list: &Arc<VerifiedStatusList>, at_most: Duration) {
        let uri = list.uri();
        let mut memory = self.memory();
        if memory
            .verified
            .get(uri)
            .is_some_and(|kept| Arc::ptr_eq(&kept.list, list))
        {
            // It came from here. Keeping it anew would let a list live for ever.
            return;
        }
        let fresh_until = match memory.fetched.remove(uri) {
            Some(fetched) => {
                let lifetime = list.time_to_live().unwrap_or(LIFETIME_WITHOUT_TTL).min(at_most);
                let until = fetched.at.plus(lifetime);
                let fresh_until = list
                    .expires_at()
                    .map_or(until, |expires_at| until.min(expires_at));
                self.write_disk(
                    uri,
                    &OnDisk {
                        fresh_until,
                        token: fetched.token,
                    },
                );
                fresh_until
            }
            // It was read from the disk, where its time stands.
            None => match self.read_disk(uri) {
                Some(entry) => entry.fresh_until,
                None => return,
            },
        };
        if memory.verified.len() >= MAX_LISTS_IN_MEMORY {
            memory.verified.clear();
        }
        memory.verified.insert(
            uri.to_owned(),
            Kept {
                list: Arc::clone(list),
                fresh_until,
            },
        );
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // No operation leaves the maps half-changed.
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_disk(&self, uri: &str) -> Option<OnDisk> {
        let disk = self.0.disk.as_ref()?;
        let bytes = match disk.get(uri) {
            Ok(found) => found?,
            Err(error) => {
                // An unreadable entry is a missing one.
                tracing::warn!(%error, "the evidence cache cannot be read");
                return None;
            }
        };
        serde_json::from_slice(&bytes).ok()
    }

    fn write_disk(&self, uri: &str, entry: &OnDisk) {
        let Some(disk) = &self.0.disk else { return };
        if disk.len() >= MAX_TOKENS_ON_DISK && disk.clear().is_err() {
            return;
        }
        let Ok(bytes) = serde_json::to_vec(entry) else {
            return;
        };
        if let Err(error) = disk.insert(uri, bytes) {
            tracing::warn!(%error, "the evidence cache cannot be written");
        }
    }
}

enum Refusal {
    Damaged,
    Unavailable(sled::Error),
}

fn open_disk(path: &Path) -> Result<sled::Db, Refusal> {
    let config = sled::Config::default()
        .path(path)
        .cache_capacity(DISK_CACHE_BYTES);
    // On some damages sled's recovery panics instead of answering.
    match catch_unwind(AssertUnwindSafe(|| config.open())) {
        Ok(Ok(disk)) => Ok(disk),
        // Another process's lock and a missing permission come as this; a foreign cache is not ours to remove.
        Ok(Err(sled::Error::Io(error))) if error.kind() != std::io::ErrorKind::InvalidData => {
            Err(Refusal::Unavailable(sled::Error::Io(error)))
        }
        Ok(Err(_)) | Err(_) => Err(Refusal::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "https://registry.example/status/0";

    fn time(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    fn on_disk(cache: &EvidenceCache, fresh_until: i64) {
        cache.write_disk(
            URI,
            &OnDisk {
                fresh_until: time(fresh_until),
                token: "a.b.c".to_owned(),
            },
        );
    }

    #[test]
    fn a_token_survives_a_restart_and_ages() {
        let folder = tempfile::tempdir().unwrap();
        let cache = EvidenceCache::open(folder.path()).unwrap();
        on_disk(&cache, 100);
        drop(cache);
        let cache = EvidenceCache::open(folder.path()).unwrap();
        assert!(
            matches!(cache.status_list(URI, time(99)), Some(StatusEvidence::Token(token)) if token == "a.b.c")
        );
        assert!(cache.status_list(URI, time(100)).is_none());
        assert!(
            cache
                .status_list("https://registry.example/status/1", time(1))
                .is_none()
        );
    }

    #[test]
    fn a_damaged_cache_is_built_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        let cache = EvidenceCache::open(&path).unwrap();
        on_disk(&cache, 100);
        drop(cache);
        for name in ["conf", "db"] {
            let file = path.join(name);
            let length = std::fs::metadata(&file).unwrap().len();
            std::fs::write(&file, vec![0xa5; usize::try_from(length).unwrap()]).unwrap();
        }
        let cache = EvidenceCache::open(&path).unwrap();
        assert!(cache.status_list(URI, time(1)).is_none());
        on_disk(&cache, 100);
        assert!(cache.status_list(URI, time(1)).is_some());
    }

    #[test]
    fn a_cache_that_another_has_open_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = EvidenceCache::open(folder.path()).unwrap();
        on_disk(&first, 100);
        assert!(EvidenceCache::open(folder.path()).is_err());
        assert!(first.status_list(URI, time(1)).is_some());
    }

    #[test]
    fn an_unreadable_entry_is_a_missing_one() {
        let cache = EvidenceCache::open(tempfile::tempdir().unwrap().path()).unwrap();
        cache
            .0
            .disk
            .as_ref()
            .unwrap()
            .insert(URI, b"nonsense".as_slice())
            .unwrap();
        assert!(cache.status_list(URI, time(1)).is_none());
    }
}
