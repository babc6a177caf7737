//! Fetched status lists and documents of issuers: lists in memory as verified, on disk as they were fetched.
//!
//! The disk part is sled, which may lose writes in a power cut and is thrown away when it is damaged. Nothing that
//! guards security is in here: what is lost is fetched again, and a list from the disk is verified again.

mod revocation;

use core::time::Duration;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::base64url;
use symbolon_trust::status_list::VerifiedStatusList;
use symbolon_verifier::policy::StatusAge;
use symbolon_verifier::{StatusEvidence, StatusListCredentialEvidence, VerifiedBitstringList};
use thiserror::Error;

use self::revocation::KeptRevocationList;
pub(crate) use self::revocation::KnownRevocationList;

/// The largest number of verified lists in memory; each is up to some hundred kilobytes.
const MAX_LISTS_IN_MEMORY: usize = 64;

/// The largest number of documents in memory, where there is no disk; each is up to 64 kilobytes.
const MAX_DOCUMENTS_IN_MEMORY: usize = 256;

/// The largest number of entries on disk. Beyond it the cache is emptied: it fills again in no time.
const MAX_ENTRIES_ON_DISK: usize = 4096;

/// How much memory sled may use, in bytes.
const DISK_CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// How long a list that names no `ttl` is used, at most.
const LIFETIME_WITHOUT_TTL: Duration = Duration::from_secs(300);

/// Status lists and documents that were fetched before.
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
    /// What a disk would hold.
    documents: BTreeMap<String, OnDisk>,
    revocation_lists: BTreeMap<String, KeptRevocationList>,
    /// The revocation lists that are being fetched, each by one task.
    revocation_fetches: BTreeMap<String, Arc<tokio::sync::Mutex<()>>>,
}

struct Kept {
    list: Verified,
    fresh_until: UnixTime,
}

/// A list in one of its forms. No two are at one address.
#[derive(Clone)]
enum Verified {
    Token(Arc<VerifiedStatusList>),
    Credential(Arc<VerifiedBitstringList>),
}

impl Verified {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Token(one), Self::Token(other)) => Arc::ptr_eq(one, other),
            (Self::Credential(one), Self::Credential(other)) => Arc::ptr_eq(one, other),
            (Self::Token(_) | Self::Credential(_), _) => false,
        }
    }

    /// When its signer made it.
    fn made_at(&self) -> Option<UnixTime> {
        match self {
            Self::Token(list) => Some(list.issued_at()),
            Self::Credential(list) => list.valid_from(),
        }
    }

    fn time_to_live(&self) -> Option<Duration> {
        match self {
            Self::Token(list) => list.time_to_live(),
            Self::Credential(list) => list.time_to_live(),
        }
    }

    fn expires_at(&self) -> Option<UnixTime> {
        match self {
            Self::Token(list) => list.expires_at(),
            Self::Credential(list) => list.valid_until(),
        }
    }
}

/// A body as it is kept: text as it is, and a CWT in base64url behind a mark that no text of a list begins with.
fn written(body: &[u8]) -> String {
    match core::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("{CWT_MARK}{}", base64url::encode(body)),
    }
}

fn unwritten(kept: String) -> Vec<u8> {
    let bytes = kept.strip_prefix(CWT_MARK).map(base64url::decode);
    match bytes {
        Some(Ok(bytes)) => bytes,
        Some(Err(_)) | None => kept.into_bytes(),
    }
}

const CWT_MARK: &str = "cwt:";

/// What is known of a list.
enum Known {
    Verified(Verified),
    Text(String),
}

struct Fetched {
    token: String,
    at: UnixTime,
}

#[derive(Clone, Serialize, Deserialize)]
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

    /// What is known of the list token at `uri`, when it is fresh, and as young as `age` wants it.
    pub(crate) fn status_list(&self, uri: &str, age: StatusAge, now: UnixTime) -> Option<StatusEvidence> {
        match self.known(uri, age, now)? {
            Known::Verified(Verified::Token(list)) => Some(StatusEvidence::Verified(list)),
            Known::Verified(Verified::Credential(_)) => None,
            Known::Text(text) => Some(StatusEvidence::of_body(unwritten(text))),
        }
    }

    /// What is known of the list credential at `url`, when it is fresh, and as young as `age` wants it.
    pub(crate) fn status_list_credential(
        &self,
        url: &str,
        age: StatusAge,
        now: UnixTime,
    ) -> Option<StatusListCredentialEvidence> {
        match self.known(url, age, now)? {
            Known::Verified(Verified::Credential(list)) => Some(StatusListCredentialEvidence::Verified(list)),
            Known::Verified(Verified::Token(_)) => None,
            Known::Text(text) => Some(StatusListCredentialEvidence::Credential(text)),
        }
    }

    fn known(&self, url: &str, age: StatusAge, now: UnixTime) -> Option<Known> {
        let verified = {
            let memory = self.memory();
            let kept = memory.verified.get(url).filter(|kept| now < kept.fresh_until);
            kept.map(|kept| kept.list.clone())
        };
        match verified {
            Some(list) => age.permits(list.made_at(), now).then_some(Known::Verified(list)),
            // Of what is on disk nobody knows the age before it is verified.
            None => age
                .permits(None, now)
                .then(|| self.document(url, now).map(Known::Text))
                .flatten(),
        }
    }

    /// What was fetched at `url`, when it is fresh.
    pub(crate) fn document(&self, url: &str, now: UnixTime) -> Option<String> {
        self.read(url)
            .filter(|entry| now < entry.fresh_until)
            .map(|entry| entry.token)
    }

    /// Keeps what was fetched at `url`.
    pub(crate) fn keep_document(&self, url: &str, text: &str, fresh_until: UnixTime) {
        self.write(
            url,
            OnDisk {
                fresh_until,
                token: text.to_owned(),
            },
        );
    }

    /// Remembers a list until a session has verified it.
    pub(crate) fn keep_fetched(&self, uri: &str, body: &[u8], now: UnixTime) {
        let mut memory = self.memory();
        if memory.fetched.len() >= MAX_LISTS_IN_MEMORY {
            memory.fetched.clear();
        }
        memory.fetched.insert(
            uri.to_owned(),
            Fetched {
                token: written(body),
                at: now,
            },
        );
    }

    /// Keeps a list token that a session has verified, for `at_most` or as long as the list itself says.
    pub(crate) fn keep_verified(&self, list: &Arc<VerifiedStatusList>, at_most: Duration) {
        self.keep(list.uri(), Verified::Token(Arc::clone(list)), at_most);
    }

    /// Keeps a list credential that a session has verified, for `at_most` or as long as the list itself says.
    pub(crate) fn keep_verified_credential(&self, list: &Arc<VerifiedBitstringList>, at_most: Duration) {
        self.keep(list.url(), Verified::Credential(Arc::clone(list)), at_most);
    }

    fn keep(&self, url: &str, list: Verified, at_most: Duration) {
        let mut memory = self.memory();
        if memory.verified.get(url).is_some_and(|kept| kept.list.is(&list)) {
            // It came from here. Keeping it anew would let a list live for ever.
            return;
        }
        let fetched = memory.fetched.remove(url);
        drop(memory);
        let fresh_until = match fetched {
            Some(fetched) => {
                let lifetime = list.time_to_live().unwrap_or(LIFETIME_WITHOUT_TTL).min(at_most);
                let until = fetched.at.plus(lifetime);
                let fresh_until = list
                    .expires_at()
                    .map_or(until, |expires_at| until.min(expires_at));
                if let Some(disk) = &self.0.disk {
                    let entry = OnDisk {
                        fresh_until,
                        token: fetched.token,
                    };
                    write_disk(disk, url, &entry);
                }
                fresh_until
            }
            // It was read from the disk, where its time stands.
            None => match self.read(url) {
                Some(entry) => entry.fresh_until,
                None => return,
            },
        };
        let mut memory = self.memory();
        if memory.verified.len() >= MAX_LISTS_IN_MEMORY {
            memory.verified.clear();
        }
        memory.verified.insert(url.to_owned(), Kept { list, fresh_until });
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // No operation leaves the maps half-changed.
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, url: &str) -> Option<OnDisk> {
        let Some(disk) = &self.0.disk else {
            return self.memory().documents.get(url).cloned();
        };
        let bytes = match disk.get(url) {
            Ok(found) => found?,
            Err(error) => {
                // An unreadable entry is a missing one.
                tracing::warn!(%error, "the evidence cache cannot be read");
                return None;
            }
        };
        serde_json::from_slice(&bytes).ok()
    }

    fn write(&self, url: &str, entry: OnDisk) {
        match &self.0.disk {
            Some(disk) => write_disk(disk, url, &entry),
            None => {
                let mut memory = self.memory();
                if memory.documents.len() >= MAX_DOCUMENTS_IN_MEMORY {
                    memory.documents.clear();
                }
                memory.documents.insert(url.to_owned(), entry);
            }
        }
    }
}

fn write_disk(disk: &sled::Db, url: &str, entry: &OnDisk) {
    if disk.len() >= MAX_ENTRIES_ON_DISK && disk.clear().is_err() {
        return;
    }
    let Ok(bytes) = serde_json::to_vec(entry) else {
        return;
    };
    if let Err(error) = disk.insert(url, bytes) {
        tracing::warn!(%error, "the evidence cache cannot be written");
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
        cache.write(
            URI,
            OnDisk {
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
            matches!(cache.status_list(URI, StatusAge::AsSigned, time(99)), Some(StatusEvidence::Token(token)) if token == "a.b.c")
        );
        assert!(cache.status_list(URI, StatusAge::AsSigned, time(100)).is_none());
        assert!(
            cache
                .status_list("https://registry.example/status/1", StatusAge::AsSigned, time(1))
                .is_none()
        );
    }

    #[test]
    fn a_cwt_is_kept_as_it_came() {
        let cwt = [0xd2, 0x84, 0xff, 0x00];
        let kept = written(&cwt);
        assert!(kept.starts_with(CWT_MARK));
        assert!(matches!(
            StatusEvidence::of_body(unwritten(kept)),
            StatusEvidence::Cwt(bytes) if bytes == cwt
        ));
        assert_eq!(unwritten(written(b"a.b.c")), b"a.b.c");
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
        assert!(cache.status_list(URI, StatusAge::AsSigned, time(1)).is_none());
        on_disk(&cache, 100);
        assert!(cache.status_list(URI, StatusAge::AsSigned, time(1)).is_some());
    }

    #[test]
    fn a_cache_that_another_has_open_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = EvidenceCache::open(folder.path()).unwrap();
        on_disk(&first, 100);
        assert!(EvidenceCache::open(folder.path()).is_err());
        assert!(first.status_list(URI, StatusAge::AsSigned, time(1)).is_some());
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
        assert!(cache.status_list(URI, StatusAge::AsSigned, time(1)).is_none());
    }
}
