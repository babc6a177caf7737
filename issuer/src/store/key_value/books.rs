//! Shards, credentials and their status.

use std::collections::BTreeSet;

use super::envelope::{
    of_record_key, place_key, read, read_all, read_stored, record_prefix, shard_key, time_key, write,
};
use super::grants::access_value;
use super::notifications::notification_value;
use super::status_lists::put_unpublished;
use super::{Applied, KeyValue, KeyValueIssuerStore, Space, WriteBatch};
use crate::audit::WaitingEvent;
use crate::credential_record::{CredentialRecord, CredentialStatus};
use crate::grant::NonceMark;
use crate::identifiers::CredentialId;
use crate::index::{Shard, ShardId};
use crate::record::{IdRecord, Uin, VitalStatus};
use crate::store::{
    Issuance, IssuanceOutcome, Revision, SpentAccess, StatusChange, StoreError, Stored, Swap,
    UnpublishedChange,
};

const SHARD: &str = "shard";
const RECORD: &str = "ID record";
const CREDENTIAL: &str = "credential record";
const MARK: &str = "status mark";

impl<K: KeyValue> KeyValueIssuerStore<K> {
    pub(super) async fn shards_now(&self) -> Result<Vec<Stored<Shard>>, StoreError> {
        let found = self
            .entries
            .scan(Space::Shards, Vec::new(), None, usize::MAX)
            .await?;
        found
            .into_iter()
            .map(|entry| read_stored(SHARD, entry.value))
            .collect()
    }

    pub(super) async fn shard_now(&self, id: ShardId) -> Result<Option<Stored<Shard>>, StoreError> {
        let found = self.entries.get(Space::Shards, shard_key(id)).await?;
        found.map(|bytes| read_stored(SHARD, bytes)).transpose()
    }

    pub(super) async fn newest_shard_now(&self) -> Result<Option<Stored<Shard>>, StoreError> {
        let found = self.entries.last(Space::Shards).await?;
        found.map(|entry| read_stored(SHARD, entry.value)).transpose()
    }

    pub(super) async fn swap_shard_now(
        &self,
        expected: Option<&Revision>,
        shard: &Shard,
        event: Option<WaitingEvent>,
    ) -> Result<Swap, StoreError> {
        let key = shard_key(shard.id);
        let mut batch = WriteBatch::default()
            .unchanged(Space::Shards, key.clone(), expected.unwrap_or(&Revision(None)))
            .put(Space::Shards, key, write(SHARD, shard)?);
        if let Some(event) = event {
            batch = batch.put_event(&event)?;
        }
        self.swap(batch).await
    }

    pub(super) async fn commit_issuance_now(
        &self,
        issuance: Issuance,
    ) -> Result<IssuanceOutcome, StoreError> {
        let mut batch = WriteBatch::default();
        // What each requirement's failure means, beside the requirement.
        let mut meanings = Vec::new();
        let judge_again = match (&issuance.access, &issuance.transaction) {
            (Some(_), _) => IssuanceOutcome::AccessChanged,
            (None, Some(_)) => IssuanceOutcome::TransactionChanged,
            (None, None) => IssuanceOutcome::CredentialChanged,
        };
        // A death that was declared while the credential was made: whoever declared it has revoked all that there was, and
        // would never learn of this one.
        let holders: BTreeSet<&Uin> = issuance
            .credentials
            .iter()
            .filter_map(|credential| credential.record.as_ref())
            .collect();
        for holder in holders {
            let key = holder.as_str().as_bytes().to_vec();
            let stored = self.entries.get(Space::Records, key.clone()).await?;
            let record: Option<IdRecord> = stored.as_deref().map(|bytes| read(RECORD, bytes)).transpose()?;
            if record.is_some_and(|record| record.vital_status() == VitalStatus::Deceased) {
                return Ok(judge_again);
            }
            batch = batch.unchanged(Space::Records, key, &Revision(stored));
            meanings.push(judge_again);
        }
        if let Some(fetched) = &issuance.transaction {
            let id = fetched.id.as_str().as_bytes();
            batch = batch
                .unchanged(Space::Transactions, id, &fetched.expected)
                .delete(Space::Transactions, id);
            meanings.push(IssuanceOutcome::TransactionChanged);
        }
        if let Some(standing) = &issuance.offer {
            batch = batch.standing(standing);
            meanings.push(judge_again);
        }
        batch = put_spent(batch, &mut meanings, issuance.access.as_ref(), &issuance.nonces)?;
        if let Some(new) = &issuance.notification {
            let id = new.id.as_str().as_bytes();
            batch = batch
                .absent(Space::Notifications, id)
                .put(Space::Notifications, id, notification_value(&new.notification)?)
                .put_expiry(new.notification.expires_at, Space::Notifications, id);
            meanings.push(IssuanceOutcome::IndexTaken);
        }
        for change in &issuance.changes {
            batch = put_change(batch, change)?;
            meanings.push(IssuanceOutcome::CredentialChanged);
        }
        for credential in &issuance.credentials {
            let id = credential.id.as_str().as_bytes();
            if let Some(place) = credential.status_index.map(place_key) {
                batch = batch.absent(Space::StatusIndices, place.clone()).put(
                    Space::StatusIndices,
                    place,
                    id.to_vec(),
                );
                meanings.push(IssuanceOutcome::IndexTaken);
            }
            batch = batch.absent(Space::Credentials, id).put(
                Space::Credentials,
                id,
                write(CREDENTIAL, credential)?,
            );
            meanings.push(IssuanceOutcome::IndexTaken);
            if let Some(record) = &credential.record {
                let key = of_record_key(record, credential.id.as_str());
                batch = batch.put(Space::CredentialsByRecord, key, Vec::new());
            }
            if let Some(standing) = &issuance.offer {
                batch = batch.put_issued(&standing.offer, credential)?;
            }
        }
        for event in &issuance.events {
            batch = batch.put_event(event)?;
        }
        Ok(match self.entries.apply(batch).await? {
            Applied::Done => IssuanceOutcome::Committed,
            Applied::Rejected { position } => meanings
                .get(position)
                .copied()
                .unwrap_or(IssuanceOutcome::IndexTaken),
        })
    }

    pub(super) async fn credential_now(
        &self,
        id: &CredentialId,
    ) -> Result<Option<Stored<CredentialRecord>>, StoreError> {
        let found = self
            .entries
            .get(Space::Credentials, id.as_str().as_bytes().to_vec())
            .await?;
        found.map(|bytes| read_stored(CREDENTIAL, bytes)).transpose()
    }

    pub(super) async fn credentials_now(
        &self,
        after: Option<&CredentialId>,
        limit: usize,
    ) -> Result<Vec<CredentialRecord>, StoreError> {
        let after = after.map(|id| id.as_str().as_bytes().to_vec());
        read_all(
            CREDENTIAL,
            &self
                .entries
                .scan(Space::Credentials, Vec::new(), after, limit)
                .await?,
        )
    }

    pub(super) async fn credentials_of_now(
        &self,
        record: &Uin,
        after: Option<&CredentialId>,
        limit: usize,
    ) -> Result<Vec<Stored<CredentialRecord>>, StoreError> {
        let prefix = record_prefix(record);
        let after = after.map(|id| of_record_key(record, id.as_str()));
        let mut credentials = Vec::new();
        for entry in self
            .entries
            .scan(Space::CredentialsByRecord, prefix.clone(), after, limit)
            .await?
        {
            let id = entry.key.get(prefix.len()..).unwrap_or_default().to_vec();
            let bytes = self.entries.get(Space::Credentials, id).await?;
            let bytes = bytes.ok_or(StoreError::Unreadable { what: CREDENTIAL })?;
            credentials.push(read_stored(CREDENTIAL, bytes)?);
        }
        Ok(credentials)
    }

    pub(super) async fn change_statuses_now(&self, changes: &[StatusChange]) -> Result<Swap, StoreError> {
        let mut batch = WriteBatch::default();
        for change in changes {
            batch = put_change(batch, change)?;
        }
        self.swap(batch).await
    }

    pub(super) async fn status_marks_now(
        &self,
        shard: ShardId,
        after: Option<u32>,
        limit: usize,
    ) -> Result<Vec<(u32, CredentialStatus)>, StoreError> {
        let prefix = shard_key(shard);
        let after = after.map(|index| [prefix.as_slice(), &index.to_be_bytes()].concat());
        let found = self
            .entries
            .scan(Space::StatusMarks, prefix, after, limit)
            .await?;
        found
            .iter()
            .map(|entry| read_mark(&entry.key, &entry.value))
            .collect()
    }
}

/// What a request pays with, and what each requirement's failure means.
pub(super) fn put_spent(
    mut batch: WriteBatch,
    meanings: &mut Vec<IssuanceOutcome>,
    access: Option<&SpentAccess>,
    nonces: &[NonceMark],
) -> Result<WriteBatch, StoreError> {
    if let Some(spent) = access {
        let token = spent.token.as_bytes();
        batch = batch.unchanged(Space::Access, *token, &spent.expected).put(
            Space::Access,
            *token,
            access_value(&spent.access)?,
        );
        meanings.push(IssuanceOutcome::AccessChanged);
        // A reused code ends the family while the credential is made: whoever ended it would never learn of this one.
        if let Some((family, revision)) = &spent.family {
            batch = batch.unchanged(Space::TokenFamilies, family.as_str(), revision);
            meanings.push(IssuanceOutcome::AccessChanged);
        }
        if let Some(proof) = &spent.proof {
            batch = batch.put_replay(proof);
            meanings.push(IssuanceOutcome::ProofReplayed);
        }
    }
    for nonce in nonces {
        let key = nonce_key(nonce);
        batch = batch
            .absent(Space::SpentNonces, key.clone())
            .put(Space::SpentNonces, key.clone(), Vec::new())
            .put_expiry(nonce.expires_at, Space::SpentNonces, &key);
        meanings.push(IssuanceOutcome::NonceSpent);
    }
    Ok(batch)
}

pub(super) fn put_change(batch: WriteBatch, change: &StatusChange) -> Result<WriteBatch, StoreError> {
    let record = &change.record;
    let id = record.id.as_str().as_bytes();
    let batch = batch
        .unchanged(Space::Credentials, id, &change.expected)
        .put(Space::Credentials, id, write(CREDENTIAL, record)?)
        .put_event(&change.event)?;
    let Some(index) = record.status_index else {
        return Ok(batch);
    };
    let batch = if record.status_changed_at == change.event.event.at {
        put_unpublished(
            batch,
            &UnpublishedChange {
                shard: index.shard,
                event: change.event.key,
            },
        )
    } else {
        // What a wallet tells of a credential leaves its status, and so its list, as they are.
        batch
    };
    let place = place_key(index);
    Ok(match record.status {
        CredentialStatus::Valid => batch.delete(Space::StatusMarks, place),
        CredentialStatus::Suspended | CredentialStatus::Revoked => {
            batch.put(Space::StatusMarks, place, vec![record.status.list_value()])
        }
    })
}

fn read_mark(key: &[u8], value: &[u8]) -> Result<(u32, CredentialStatus), StoreError> {
    let unreadable = StoreError::Unreadable { what: MARK };
    let index = key.last_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes));
    let status = match value {
        [value] => CredentialStatus::from_list_value(*value),
        _ => None,
    };
    index.zip(status).ok_or(unreadable)
}

fn nonce_key(nonce: &NonceMark) -> Vec<u8> {
    [time_key(nonce.expires_at).as_slice(), &nonce.random].concat()
}
