//! Reading what an index names. What it names may have been removed since the index was read.

use serde::de::DeserializeOwned;
use symbolon_crypto::UnixTime;
use symbolon_store::{Key, Space, Tenant};
use symbolon_verifier::store::StoreError;

use super::{EmbeddedVerifierStore, unavailable};

impl EmbeddedVerifierStore {
    /// The records that the entries of an index below `prefix` name, in its order; `named` reads an entry.
    pub(super) fn indexed<T: DeserializeOwned>(
        &self,
        tenant: &Tenant,
        index: Space,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
        named: impl Fn(&[u8]) -> Option<Key>,
    ) -> Result<Vec<T>, StoreError> {
        let entries = self
            .store
            .scan(tenant, index, prefix, after, limit)
            .map_err(unavailable)?;
        let mut records = Vec::with_capacity(entries.len());
        for entry in entries {
            let key = named(&entry.suffix).ok_or(StoreError::Unreadable)?;
            records.extend(self.read(&key)?);
        }
        Ok(records)
    }

    /// The records that are due by now, by an index in the order of time; `named` reads an entry.
    pub(super) fn due<T: DeserializeOwned>(
        &self,
        tenant: &Tenant,
        index: Space,
        now: UnixTime,
        limit: usize,
        named: impl Fn(&[u8]) -> Option<(UnixTime, Key)>,
    ) -> Result<Vec<T>, StoreError> {
        let entries = self
            .store
            .scan(tenant, index, &[], None, limit)
            .map_err(unavailable)?;
        let mut due = Vec::new();
        for entry in entries {
            let (at, key) = named(&entry.suffix).ok_or(StoreError::Unreadable)?;
            if at > now {
                break;
            }
            due.extend(self.read(&key)?);
        }
        Ok(due)
    }
}
