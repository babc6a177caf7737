//! The operations of the trait, each handed to its part; the installation's single values and the audit log.

use symbolon_crypto::UnixTime;

use super::envelope::{read, read_stored, write};
use super::{Applied, KeyValue, KeyValueIssuerStore, Space, WriteBatch};
use crate::audit::{AuditEntry, AuditHead, EventKey, WaitingEvent};
use crate::credential_record::{CredentialRecord, CredentialStatus};
use crate::grant::{AccessGrant, Grant};
use crate::identifiers::{CredentialId, OfferAddress};
use crate::index::{Shard, ShardId};
use crate::record::{IdRecord, Uin};
use crate::secret::{InstallationSecret, SecretDigest};
use crate::store::{
    Issuance, IssuanceOutcome, IssuerStore, NewOffer, RecordChange, Revision, StatusChange, StoreError,
    StoreFuture, Stored, StoredOffer, Swap,
};

pub(super) const SECRET_KEY: &[u8] = b"secret";
const AUDIT_HEAD_KEY: &[u8] = b"audit-head";
pub(super) const PACK_SEQUENCE_KEY: &[u8] = b"pack-sequence";
pub(super) const SECRET: &str = "installation secret";
const EVENT: &str = "audit event";
const ENTRY: &str = "audit entry";
const HEAD: &str = "audit head";
pub(super) const SEQUENCE: &str = "pack sequence";
/// Far more than there are processes.
const MAX_ATTEMPTS: usize = 100;

impl<K: KeyValue> IssuerStore for KeyValueIssuerStore<K> {
    fn put_records<'a>(
        &'a self,
        records: &'a [IdRecord],
        event: WaitingEvent,
    ) -> StoreFuture<'a, Vec<RecordChange>> {
        Box::pin(self.put_records_now(records, event))
    }

    fn record<'a>(&'a self, uin: &'a Uin) -> StoreFuture<'a, Option<IdRecord>> {
        Box::pin(self.record_now(uin))
    }

    fn records<'a>(&'a self, after: Option<&'a Uin>, limit: usize) -> StoreFuture<'a, Vec<IdRecord>> {
        Box::pin(self.records_now(after, limit))
    }

    fn put_offer(&self, offer: NewOffer) -> StoreFuture<'_, ()> {
        Box::pin(self.put_offer_now(offer))
    }

    fn offer<'a>(&'a self, address: &'a OfferAddress) -> StoreFuture<'a, Option<StoredOffer>> {
        Box::pin(self.offer_now(address))
    }

    fn grant<'a>(&'a self, code: &'a SecretDigest) -> StoreFuture<'a, Option<Stored<Grant>>> {
        Box::pin(self.grant_now(code))
    }

    fn access<'a>(&'a self, token: &'a SecretDigest) -> StoreFuture<'a, Option<Stored<AccessGrant>>> {
        Box::pin(self.access_now(token))
    }

    fn shards(&self) -> StoreFuture<'_, Vec<Stored<Shard>>> {
        Box::pin(self.shards_now())
    }

    fn shard(&self, id: ShardId) -> StoreFuture<'_, Option<Stored<Shard>>> {
        Box::pin(self.shard_now(id))
    }

    fn newest_shard(&self) -> StoreFuture<'_, Option<Stored<Shard>>> {
        Box::pin(self.newest_shard_now())
    }

    fn swap_shard<'a>(
        &'a self,
        expected: Option<&'a Revision>,
        shard: &'a Shard,
        event: Option<WaitingEvent>,
    ) -> StoreFuture<'a, Swap> {
        Box::pin(self.swap_shard_now(expected, shard, event))
    }

    fn commit_issuance(&self, issuance: Issuance) -> StoreFuture<'_, IssuanceOutcome> {
        Box::pin(self.commit_issuance_now(issuance))
    }

    fn credential<'a>(&'a self, id: &'a CredentialId) -> StoreFuture<'a, Option<Stored<CredentialRecord>>> {
        Box::pin(self.credential_now(id))
    }

    fn credentials<'a>(
        &'a self,
        after: Option<&'a CredentialId>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<CredentialRecord>> {
        Box::pin(self.credentials_now(after, limit))
    }

    fn credentials_of<'a>(
        &'a self,
        record: &'a Uin,
        after: Option<&'a CredentialId>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Stored<CredentialRecord>>> {
        Box::pin(self.credentials_of_now(record, after, limit))
    }

    fn change_statuses(&self, changes: Vec<StatusChange>) -> StoreFuture<'_, Swap> {
        Box::pin(async move { self.change_statuses_now(&changes).await })
    }

    fn status_marks(
        &self,
        shard: ShardId,
        after: Option<u32>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<(u32, CredentialStatus)>> {
        Box::pin(self.status_marks_now(shard, after, limit))
    }

    fn installation_secret(&self, proposal: InstallationSecret) -> StoreFuture<'_, InstallationSecret> {
        Box::pin(async move {
            for _ in 0..MAX_ATTEMPTS {
                if let Some(bytes) = self.entries.get(Space::Installation, SECRET_KEY.to_vec()).await? {
                    return read(SECRET, &bytes);
                }
                let batch = WriteBatch::default().absent(Space::Installation, SECRET_KEY).put(
                    Space::Installation,
                    SECRET_KEY,
                    write(SECRET, &proposal)?,
                );
                if self.entries.apply(batch).await? == Applied::Done {
                    return Ok(proposal);
                }
            }
            Err(StoreError::Contended { what: SECRET })
        })
    }

    fn next_pack_sequence(&self) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            for _ in 0..MAX_ATTEMPTS {
                let stored = self
                    .entries
                    .get(Space::Installation, PACK_SEQUENCE_KEY.to_vec())
                    .await?;
                let last: u64 = stored.as_ref().map_or(Ok(0), |bytes| read(SEQUENCE, bytes))?;
                let next = last
                    .checked_add(1)
                    .ok_or(StoreError::Unreadable { what: SEQUENCE })?;
                let batch = WriteBatch::default()
                    .unchanged(Space::Installation, PACK_SEQUENCE_KEY, &Revision(stored))
                    .put(Space::Installation, PACK_SEQUENCE_KEY, write(SEQUENCE, &next)?);
                if self.entries.apply(batch).await? == Applied::Done {
                    return Ok(next);
                }
            }
            Err(StoreError::Contended { what: SEQUENCE })
        })
    }

    fn put_event(&self, event: WaitingEvent) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            // Nothing is required, so nothing can be rejected.
            let _: Applied = self
                .entries
                .apply(WriteBatch::default().put_event(&event)?)
                .await?;
            Ok(())
        })
    }

    fn waiting_events(&self, limit: usize) -> StoreFuture<'_, Vec<WaitingEvent>> {
        Box::pin(async move {
            let found = self
                .entries
                .scan(Space::WaitingEvents, Vec::new(), None, limit)
                .await?;
            let event = |entry: &super::Keyed| {
                let key = EventKey::from_bytes(&entry.key).ok_or(StoreError::Unreadable { what: EVENT })?;
                Ok(WaitingEvent {
                    key,
                    event: read(EVENT, &entry.value)?,
                })
            };
            found.iter().map(event).collect()
        })
    }

    fn audit_head(&self) -> StoreFuture<'_, Stored<AuditHead>> {
        Box::pin(async move {
            match self
                .entries
                .get(Space::Installation, AUDIT_HEAD_KEY.to_vec())
                .await?
            {
                Some(bytes) => read_stored(HEAD, bytes),
                None => Ok(Stored {
                    value: AuditHead::EMPTY,
                    revision: Revision(None),
                }),
            }
        })
    }

    fn append_audit<'a>(
        &'a self,
        expected: &'a Revision,
        head: &'a AuditHead,
        entries: &'a [AuditEntry],
        chained: &'a [EventKey],
    ) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            let mut batch = WriteBatch::default()
                .unchanged(Space::Installation, AUDIT_HEAD_KEY, expected)
                .put(Space::Installation, AUDIT_HEAD_KEY, write(HEAD, head)?);
            for entry in entries {
                batch = batch.put(
                    Space::AuditEntries,
                    entry.sequence.to_be_bytes(),
                    write(ENTRY, entry)?,
                );
            }
            for key in chained {
                batch = batch.delete(Space::WaitingEvents, *key.as_bytes());
            }
            self.swap(batch).await
        })
    }

    fn audit_entries(&self, from: u64, limit: usize) -> StoreFuture<'_, Vec<AuditEntry>> {
        Box::pin(async move {
            let after = from
                .checked_sub(1)
                .map(|sequence| sequence.to_be_bytes().to_vec());
            let found = self
                .entries
                .scan(Space::AuditEntries, Vec::new(), after, limit)
                .await?;
            super::envelope::read_all(ENTRY, &found)
        })
    }

    fn remove_expired(&self, now: UnixTime, limit: usize) -> StoreFuture<'_, usize> {
        Box::pin(self.remove_expired_now(now, limit))
    }
}
