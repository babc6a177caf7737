//! What was seen of each source, so that an older list is noticed.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_store::{Batch, Space, Store, Tenant};
use symbolon_trust::trust_list::{AnchorSource, SourceName};
use symbolon_trust::validity::Validity;
use symbolon_trust_store::open_patiently;
use thiserror::Error;

use super::TrustSourceError;
use crate::installation::TENANT;

/// Where it is kept, in the data folder.
pub const MEMORY_FILE: &str = "trust-sources.redb";

const SEEN: Space = Space::new("trust-source");

/// A list that is older than one that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RolledBack {
    /// It was issued before.
    #[error("it was issued before one that was seen: somebody has put an old list in its place")]
    Date,
    /// Its number is lower, or it has none where one had; or it has another list's number.
    #[error(
        "its number is not above that of a list that was seen: somebody has put an old list in its place"
    )]
    Issue,
}

/// Why nothing is remembered.
#[derive(Debug, Error)]
#[error("cannot remember the trust sources in {path}, so a rollback would not be noticed")]
pub struct SourceMemoryError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// What was seen of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issue: Option<u64>,
    issued_at: UnixTime,
}

impl Seen {
    /// Whether a list may follow this one.
    fn is_followed_by(self, next: Self) -> Result<(), RolledBack> {
        if next.issued_at < self.issued_at {
            return Err(RolledBack::Date);
        }
        match (self.issue, next.issue) {
            (Some(_), None) => Err(RolledBack::Issue),
            (Some(seen), Some(issue)) if issue < seen => Err(RolledBack::Issue),
            // A number stands for one list.
            (Some(seen), Some(issue)) if issue == seen && next.issued_at != self.issued_at => {
                Err(RolledBack::Issue)
            }
            _ => Ok(()),
        }
    }
}

/// What was seen of the sources of an installation.
pub struct SourceMemory {
    store: Store,
    tenant: Tenant,
    path: PathBuf,
}

impl SourceMemory {
    /// Opens the memory in the data folder, and makes it where there is none. Another process that has it open is waited for.
    ///
    /// # Errors
    /// [`SourceMemoryError`].
    pub fn open(data: &Path) -> Result<Self, SourceMemoryError> {
        let path = data.join(MEMORY_FILE);
        let failed = |source| SourceMemoryError {
            path: path.clone(),
            source,
        };
        Ok(Self {
            tenant: Tenant::parse(TENANT).map_err(|error| failed(Box::new(error)))?,
            store: open_patiently(|| Store::open(&path)).map_err(|error| failed(Box::new(error)))?,
            path,
        })
    }

    /// Takes a list of a source, and remembers it where it is newer. One that does not say when it was issued cannot be told from an
    /// older one, and one from the future is not remembered: every list that follows would be older.
    ///
    /// # Errors
    /// [`TrustSourceError::RolledBack`] and [`TrustSourceError::Memory`].
    pub fn accept(
        &self,
        name: &SourceName,
        source: &AnchorSource,
        now: UnixTime,
    ) -> Result<(), TrustSourceError> {
        match self.check(name, source, now)? {
            Some(next) => self.remember(name, next),
            None => Ok(()),
        }
    }

    /// Whether a list of a source may be taken; what is to be remembered then, where it is newer than what is.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub fn check(
        &self,
        name: &SourceName,
        source: &AnchorSource,
        now: UnixTime,
    ) -> Result<Option<Seen>, TrustSourceError> {
        let Some(issued_at) = source.issued_at else {
            return Ok(None);
        };
        let next = Seen {
            issue: source.issue,
            issued_at,
        };
        let key = self.tenant.key(SEEN, name.as_str());
        let seen = self.store.get(&key).map_err(|error| self.failed(error))?;
        let seen: Option<Seen> = seen
            .map(|bytes| serde_json::from_slice(&bytes))
            .transpose()
            .map_err(|error| self.failed(error))?;
        if let Some(seen) = seen {
            seen.is_followed_by(next).map_err(TrustSourceError::RolledBack)?;
        }
        let is_known = seen == Some(next) || source.validity(now) == Validity::NotYetIssued;
        Ok(Some(next).filter(|_| !is_known))
    }

    /// Remembers what [`check`](Self::check) found.
    ///
    /// # Errors
    /// [`TrustSourceError::Memory`].
    pub fn remember(&self, name: &SourceName, next: Seen) -> Result<(), TrustSourceError> {
        let value = serde_json::to_vec(&next).map_err(|error| self.failed(error))?;
        let key = self.tenant.key(SEEN, name.as_str());
        let commit = self.store.commit(Batch::new().put(key, value));
        commit.map(drop).map_err(|error| self.failed(error))
    }

    fn failed(&self, source: impl std::error::Error + Send + Sync + 'static) -> TrustSourceError {
        TrustSourceError::Memory(SourceMemoryError {
            path: self.path.clone(),
            source: Box::new(source),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_followed_by_a_newer_one_alone() {
        let seen = |issue, seconds| Seen {
            issue,
            issued_at: UnixTime::from_seconds(seconds),
        };
        let now = seen(Some(7), 1_000);
        assert_eq!(now.is_followed_by(now), Ok(()));
        assert_eq!(now.is_followed_by(seen(Some(8), 1_000)), Ok(()));
        assert_eq!(now.is_followed_by(seen(Some(9), 2_000)), Ok(()));
        assert_eq!(now.is_followed_by(seen(Some(8), 999)), Err(RolledBack::Date));
        assert_eq!(now.is_followed_by(seen(Some(6), 2_000)), Err(RolledBack::Issue));
        assert_eq!(now.is_followed_by(seen(Some(7), 2_000)), Err(RolledBack::Issue));
        assert_eq!(now.is_followed_by(seen(None, 2_000)), Err(RolledBack::Issue));
        assert_eq!(seen(None, 1_000).is_followed_by(seen(Some(1), 2_000)), Ok(()));
        assert_eq!(
            seen(None, 1_000).is_followed_by(seen(None, 999)),
            Err(RolledBack::Date)
        );
    }
}
