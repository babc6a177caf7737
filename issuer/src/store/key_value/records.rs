//! ID records.

use std::collections::BTreeSet;

use super::envelope::{read, read_all, write};
use super::{Applied, KeyValue, KeyValueIssuerStore, Space, WriteBatch};
use crate::audit::WaitingEvent;
use crate::record::{IdRecord, Uin};
use crate::store::{RecordChange, StoreError};

const RECORD: &str = "ID record";

impl<K: KeyValue> KeyValueIssuerStore<K> {
    pub(super) async fn put_records_now(
        &self,
        records: &[IdRecord],
        event: WaitingEvent,
    ) -> Result<Vec<RecordChange>, StoreError> {
        let mut batch = WriteBatch::default().put_event(&event)?;
        let mut changes = Vec::with_capacity(records.len());
        let mut in_this_batch = BTreeSet::new();
        for record in records {
            let key = record.uin().as_str().as_bytes().to_vec();
            let value = write(RECORD, record)?;
            let before = self.entries.get(Space::Records, key.clone()).await?;
            let change = match &before {
                // A later row of one batch replaces the earlier one, whatever is stored.
                _ if !in_this_batch.insert(key.clone()) => RecordChange::Updated,
                None => RecordChange::Inserted,
                Some(before) if *before == value => RecordChange::Unchanged,
                Some(_) => RecordChange::Updated,
            };
            // Also of a record that is unchanged: an earlier version kept no index.
            let earlier: Option<IdRecord> = before.as_deref().map(|bytes| read(RECORD, bytes)).transpose()?;
            batch = batch.index_vids(record, earlier.as_ref());
            if change != RecordChange::Unchanged {
                batch = batch.put(Space::Records, key, value);
            }
            changes.push(change);
        }
        match self.entries.apply(batch).await? {
            Applied::Done => Ok(changes),
            Applied::Rejected { .. } => Err(StoreError::Contended { what: RECORD }),
        }
    }

    pub(super) async fn record_now(&self, uin: &Uin) -> Result<Option<IdRecord>, StoreError> {
        let found = self
            .entries
            .get(Space::Records, uin.as_str().as_bytes().to_vec())
            .await?;
        found.map(|bytes| read(RECORD, &bytes)).transpose()
    }

    pub(super) async fn records_now(
        &self,
        after: Option<&Uin>,
        limit: usize,
    ) -> Result<Vec<IdRecord>, StoreError> {
        let after = after.map(|uin| uin.as_str().as_bytes().to_vec());
        read_all(
            RECORD,
            &self
                .entries
                .scan(Space::Records, Vec::new(), after, limit)
                .await?,
        )
    }
}
