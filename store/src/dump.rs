//! The whole content of a store at one moment, entry by entry, and a new store made of it.

use std::fs::OpenOptions;
use std::ops::Bound;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{Database, ReadableTableMetadata as _, StorageBackend, TableDefinition, TableHandle as _};

use crate::error::{LoadError, ReadError};
use crate::files::sync_folder_of;
use crate::snapshot::Snapshot;
use crate::store::{created, opened};

/// One entry as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// The name of its space.
    pub space: String,
    /// Tenant, separator and suffix, as [`crate::Key::bytes`] gives them.
    pub key: Vec<u8>,
    /// The stored bytes.
    pub value: Vec<u8>,
}

/// Without key and value, which are personal data.
impl core::fmt::Debug for StoredEntry {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StoredEntry")
            .field("space", &self.space)
            .finish_non_exhaustive()
    }
}

impl StoredEntry {
    /// The tenant that the entry belongs to; `None` when the key is none of this store's.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        let end = self.key.iter().position(|byte| *byte == 0)?;
        core::str::from_utf8(self.key.get(..end)?).ok()
    }
}

impl Snapshot {
    /// How many entries the spaces of these names have, of every tenant.
    ///
    /// # Errors
    /// [`ReadError::Storage`] when the disk refuses.
    pub fn count(&self, spaces: &[&str]) -> Result<u64, ReadError> {
        let mut entries = 0;
        for name in self.names(spaces)? {
            if let Some(table) = self.table_named(&name)? {
                entries += table.len().map_err(crate::snapshot::storage)?;
            }
        }
        Ok(entries)
    }

    /// The next entries of the spaces of these names, of every tenant, in ascending order of space and key: those after the
    /// space and key of `after`, at least one and no more than fit in `max_bytes`. Empty at the end.
    ///
    /// # Errors
    /// [`ReadError::Storage`] when the disk refuses.
    pub fn dump(
        &self,
        spaces: &[&str],
        after: Option<(&str, &[u8])>,
        max_bytes: usize,
    ) -> Result<Vec<StoredEntry>, ReadError> {
        let mut entries = Vec::new();
        let mut bytes = 0_usize;
        for name in self.names(spaces)? {
            let lower = match after {
                Some((space, _)) if name.as_str() < space => continue,
                Some((space, key)) if name == space => Bound::Excluded(key),
                _ => Bound::Unbounded,
            };
            let Some(table) = self.table_named(&name)? else {
                continue;
            };
            for item in table
                .range::<&[u8]>((lower, Bound::Unbounded))
                .map_err(crate::snapshot::storage)?
            {
                let (key, value) = item.map_err(crate::snapshot::storage)?;
                bytes = bytes.saturating_add(key.value().len() + value.value().len());
                if bytes > max_bytes && !entries.is_empty() {
                    return Ok(entries);
                }
                entries.push(StoredEntry {
                    space: name.clone(),
                    key: key.value().to_vec(),
                    value: value.value().to_vec(),
                });
            }
        }
        Ok(entries)
    }

    /// Those of these names that there are, in ascending order.
    fn names(&self, spaces: &[&str]) -> Result<Vec<String>, ReadError> {
        let mut names: Vec<String> = self
            .transaction
            .list_tables()
            .map_err(crate::snapshot::storage)?
            .map(|table| table.name().to_owned())
            .filter(|name| spaces.contains(&name.as_str()))
            .collect();
        names.sort_unstable();
        Ok(names)
    }
}

/// Fills a store that is new.
pub struct Loader {
    database: Database,
}

impl Loader {
    /// Makes the file of the store, which must not be there.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn create(path: &Path) -> Result<Self, LoadError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options
            .open(path)
            .map_err(|source| LoadError::Open(source.into()))?;
        let backend = FileBackend::new(file).map_err(|error| LoadError::Open(opened(error)))?;
        let loader = Self::create_with_backend(backend)?;
        sync_folder_of(path).map_err(|source| LoadError::Open(source.into()))?;
        Ok(loader)
    }

    /// Fills a storage of the caller's own, which must be empty.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn create_with_backend(backend: impl StorageBackend) -> Result<Self, LoadError> {
        Ok(Self {
            database: created(backend).map_err(LoadError::Open)?,
        })
    }

    /// Writes entries, durably and all or none.
    ///
    /// # Errors
    /// [`LoadError::Write`] when the disk refuses.
    pub fn load(&self, entries: &[StoredEntry]) -> Result<(), LoadError> {
        let transaction = self.database.begin_write().map_err(failed)?;
        let mut rest = entries;
        while let Some(first) = rest.first() {
            let length = rest.iter().take_while(|entry| entry.space == first.space).count();
            let (these, others) = rest.split_at(length);
            let mut table = transaction.open_table(definition(&first.space)).map_err(failed)?;
            for entry in these {
                table
                    .insert(entry.key.as_slice(), entry.value.as_slice())
                    .map_err(failed)?;
            }
            rest = others;
        }
        transaction.commit().map_err(failed)
    }
}

pub(crate) fn definition(name: &str) -> TableDefinition<'_, &'static [u8], &'static [u8]> {
    TableDefinition::new(name)
}

fn failed(error: impl Into<redb::Error>) -> LoadError {
    LoadError::Write(Box::new(error.into()))
}
