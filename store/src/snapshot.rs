//! Reads of one moment.

use std::ops::Bound;

use redb::{ReadTransaction, ReadableDatabase as _, TableDefinition, TableError};

use crate::error::ReadError;
use crate::key::{Key, Space, Tenant};

/// The store at one moment. Later commits do not show. Cheap to make; keep it short, because it keeps old pages from being reused.
pub struct Snapshot {
    pub(crate) transaction: ReadTransaction,
}

/// One result of a scan: the key's suffix (without tenant) and the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What was given to [`Tenant::key`].
    pub suffix: Vec<u8>,
    /// The stored bytes.
    pub value: Vec<u8>,
}

impl Snapshot {
    pub(crate) fn begin(database: &redb::Database) -> Result<Self, ReadError> {
        Ok(Self {
            transaction: database.begin_read().map_err(storage)?,
        })
    }

    /// The value at `key`, or `None`.
    ///
    /// # Errors
    /// [`ReadError::Storage`] when the disk refuses.
    pub fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, ReadError> {
        let Some(table) = self.table(key.space())? else {
            return Ok(None);
        };
        Ok(table
            .get(key.bytes())
            .map_err(storage)?
            .map(|guard| guard.value().to_vec()))
    }

    /// The first `limit` entries of `tenant` in `space` whose suffix begins with `prefix`, in ascending order of suffix, strictly
    /// after the suffix `after` when one is given. Page on by passing the last suffix as the next `after`.
    ///
    /// # Errors
    /// [`ReadError::Storage`] when the disk refuses.
    pub fn scan(
        &self,
        tenant: &Tenant,
        space: Space,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, ReadError> {
        let mut entries = Vec::new();
        self.visit(tenant, space, prefix, after, limit, |suffix, value| {
            entries.push(Entry {
                suffix: suffix.to_vec(),
                value: value.to_vec(),
            });
        })?;
        Ok(entries)
    }

    /// Like [`Snapshot::scan`], but hands each suffix and value to `visit` without copying, for walks over many entries.
    ///
    /// # Errors
    /// [`ReadError::Storage`] when the disk refuses.
    pub fn visit(
        &self,
        tenant: &Tenant,
        space: Space,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
        mut visit: impl FnMut(&[u8], &[u8]),
    ) -> Result<(), ReadError> {
        let Some(table) = self.table(space)? else {
            return Ok(());
        };
        let tenant_prefix = tenant.prefix();
        let start = tenant.key(space, prefix);
        let after = after.map(|suffix| tenant.key(space, suffix));
        let lower = match &after {
            // A cursor before the prefix must not widen the range.
            Some(after) if after.bytes() >= start.bytes() => Bound::Excluded(after.bytes()),
            _ => Bound::Included(start.bytes()),
        };
        let end = end_of_prefix(start.bytes());
        let upper = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        // A cursor beyond the prefix leaves nothing; redb would refuse a range whose start lies after its end.
        if let (Bound::Excluded(lower), Bound::Excluded(upper)) = (lower, upper)
            && lower >= upper
        {
            return Ok(());
        }
        for item in table.range::<&[u8]>((lower, upper)).map_err(storage)?.take(limit) {
            let (key, value) = item.map_err(storage)?;
            let suffix = key.value().get(tenant_prefix.len()..).unwrap_or_default();
            visit(suffix, value.value());
        }
        Ok(())
    }

    /// The entry of `tenant` in `space` with the greatest suffix, or `None` when there is none.
    ///
    /// # Errors
    /// [`ReadError::Storage`] when the disk refuses.
    pub fn last(&self, tenant: &Tenant, space: Space) -> Result<Option<Entry>, ReadError> {
        let Some(table) = self.table(space)? else {
            return Ok(None);
        };
        let prefix = tenant.prefix();
        let end = end_of_prefix(&prefix);
        let upper = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut range = table
            .range::<&[u8]>((Bound::Included(prefix.as_slice()), upper))
            .map_err(storage)?;
        let Some(item) = range.next_back() else {
            return Ok(None);
        };
        let (key, value) = item.map_err(storage)?;
        let suffix = key.value().get(prefix.len()..).unwrap_or_default().to_vec();
        Ok(Some(Entry {
            suffix,
            value: value.value().to_vec(),
        }))
    }

    /// `None` when nothing was ever written to the space.
    fn table(&self, space: Space) -> Result<Option<Table>, ReadError> {
        self.table_named(space.name())
    }

    pub(crate) fn table_named(&self, name: &str) -> Result<Option<Table>, ReadError> {
        match self.transaction.open_table(crate::dump::definition(name)) {
            Ok(table) => Ok(Some(table)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(storage(error)),
        }
    }
}

/// A table of bytes, open for reading.
pub(crate) type Table = redb::ReadOnlyTable<&'static [u8], &'static [u8]>;

/// Every space is one redb table from bytes to bytes.
pub(crate) const fn definition(space: Space) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(space.name())
}

/// The smallest key that is greater than every key beginning with `prefix`; `None` when there is none.
fn end_of_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

pub(crate) fn storage(error: impl Into<redb::Error>) -> ReadError {
    ReadError::Storage(Box::new(error.into()))
}
