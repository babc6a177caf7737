//! Requests that wait for an operator.

use super::books::put_spent;
use super::envelope::{read, read_stored, write};
use super::{Applied, KeyValue, KeyValueIssuerStore, Space, WriteBatch};
use crate::audit::WaitingEvent;
use crate::identifiers::TransactionId;
use crate::store::{
    Deferral, IssuanceOutcome, Revision, StoreError, StoreFuture, Stored, Swap, TransactionStore,
};
use crate::transaction::Transaction;

const TRANSACTION: &str = "transaction";

impl<K: KeyValue> TransactionStore for KeyValueIssuerStore<K> {
    fn commit_deferral(&self, deferral: Deferral) -> StoreFuture<'_, IssuanceOutcome> {
        Box::pin(async move {
            let mut meanings = Vec::new();
            let mut batch = WriteBatch::default();
            if let Some(standing) = &deferral.offer {
                batch = batch.standing(standing);
                meanings.push(IssuanceOutcome::AccessChanged);
            }
            let batch = put_spent(batch, &mut meanings, Some(&deferral.access), &deferral.nonces)?;
            let id = deferral.id.as_str().as_bytes();
            meanings.push(IssuanceOutcome::IndexTaken);
            let batch = batch
                .absent(Space::Transactions, id)
                .put(
                    Space::Transactions,
                    id,
                    write(TRANSACTION, &deferral.transaction)?,
                )
                .put_expiry(deferral.transaction.expires_at, Space::Transactions, id)
                .put_event(&deferral.event)?;
            Ok(match self.entries.apply(batch).await? {
                Applied::Done => IssuanceOutcome::Committed,
                Applied::Rejected { position } => meanings
                    .get(position)
                    .copied()
                    .unwrap_or(IssuanceOutcome::IndexTaken),
            })
        })
    }

    fn transaction<'a>(&'a self, id: &'a TransactionId) -> StoreFuture<'a, Option<Stored<Transaction>>> {
        Box::pin(async move {
            let key = id.as_str().as_bytes().to_vec();
            let found = self.entries.get(Space::Transactions, key).await?;
            found.map(|bytes| read_stored(TRANSACTION, bytes)).transpose()
        })
    }

    fn transactions<'a>(
        &'a self,
        after: Option<&'a TransactionId>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<(TransactionId, Transaction)>> {
        Box::pin(async move {
            let after = after.map(|id| id.as_str().as_bytes().to_vec());
            let found = self
                .entries
                .scan(Space::Transactions, Vec::new(), after, limit)
                .await?;
            let transaction = |entry: &super::Keyed| {
                let id = core::str::from_utf8(&entry.key)
                    .ok()
                    .and_then(|id| id.parse().ok());
                let id = id.ok_or(StoreError::Unreadable { what: TRANSACTION })?;
                Ok((id, read(TRANSACTION, &entry.value)?))
            };
            found.iter().map(transaction).collect()
        })
    }

    fn swap_transaction<'a>(
        &'a self,
        id: &'a TransactionId,
        expected: &'a Revision,
        transaction: &'a Transaction,
        event: WaitingEvent,
    ) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            let id = id.as_str().as_bytes();
            let batch = WriteBatch::default()
                .unchanged(Space::Transactions, id, expected)
                .put(Space::Transactions, id, write(TRANSACTION, transaction)?)
                .put_event(&event)?;
            self.swap(batch).await
        })
    }
}
