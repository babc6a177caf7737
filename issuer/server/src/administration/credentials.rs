//! Credentials: list, revoke, suspend, reinstate.

use std::collections::BTreeSet;

use symbolon_issuer::audit::AuditAction;
use symbolon_issuer::credential_record::{CredentialRecord, StatusAction, StatusActionRefused};
use symbolon_issuer::identifiers::CredentialId;
use symbolon_issuer::index::{ShardId, open_fresh_shard};
use symbolon_issuer::record::Uin;
use symbolon_issuer::store::{StatusChange, StoreError, Stored, Swap};

use super::types::{
    CredentialList, CredentialPage, CredentialSelector, FreshShard, StatusOrder, StatusReport,
};
use super::{Administration, AdministrationError};

/// Credentials of one page.
const CREDENTIALS_PER_PAGE: usize = 500;

impl Administration {
    /// A page of credentials.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn credentials(&self, list: &CredentialList) -> Result<CredentialPage, AdministrationError> {
        let store = self.issuer.store();
        let after = list.after.as_ref();
        let found: Vec<CredentialRecord> = match &list.record {
            Some(record) => {
                let found = store.credentials_of(record, after, CREDENTIALS_PER_PAGE).await?;
                found.into_iter().map(|stored| stored.value).collect()
            }
            None => store.credentials(after, CREDENTIALS_PER_PAGE).await?,
        };
        let full = found.len() == CREDENTIALS_PER_PAGE;
        let next = found
            .last()
            .filter(|_| full)
            .map(|credential| credential.id.clone());
        Ok(CredentialPage {
            credentials: found.into_iter().map(Into::into).collect(),
            next,
        })
    }

    /// Changes the status of a credential, or of every one of a record. When it returns the change is durable and published.
    ///
    /// # Errors
    /// [`AdministrationError::UnknownCredential`], [`AdministrationError::UnknownRecord`] when a record has no credential at all and no
    /// entry, [`AdministrationError::StatusAction`] for a revoked credential named by itself, or a failure of the store.
    /// [`AdministrationError::NotPublished`]: the change is durable, its publication follows.
    pub async fn change_status(&self, order: &StatusOrder) -> Result<StatusReport, AdministrationError> {
        match &order.credentials {
            CredentialSelector::Id(id) => self.change_one(id, order.action).await,
            CredentialSelector::Record(record) => {
                // Revoking never waits for a repository that does not answer.
                if self.issuer.keeps_records() && self.issuer.store().record(record).await?.is_none() {
                    return Err(AdministrationError::UnknownRecord);
                }
                self.change_all(record, order.action).await
            }
        }
    }

    /// Opens a status list from which no index was given yet. To be called after every restore from a backup, before anything is issued.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn open_fresh_shard(&self) -> Result<FreshShard, AdministrationError> {
        let form = self.issuer.profile().policy().shard_form();
        let randomness = &*self.issuer.setup.randomness;
        let shard = open_fresh_shard(self.issuer.store(), form, self.issuer.now(), randomness).await?;
        Ok(FreshShard { shard })
    }

    async fn change_one(
        &self,
        id: &CredentialId,
        action: StatusAction,
    ) -> Result<StatusReport, AdministrationError> {
        for _ in 0..MAX_ATTEMPTS {
            let stored = self
                .issuer
                .store()
                .credential(id)
                .await?
                .ok_or(AdministrationError::UnknownCredential)?;
            let now = self.issuer.now();
            let Some(record) = stored.value.after(action, now)? else {
                return Ok(StatusReport {
                    changed: Vec::new(),
                    unchanged: vec![id.clone()],
                });
            };
            self.check_room(&record).await?;
            let change = self.change(stored, record, action)?;
            if let Some(report) = self.commit(vec![change], Vec::new()).await? {
                return Ok(report);
            }
        }
        Err(StoreError::Contended { what: "credential" }.into())
    }

    pub(super) async fn change_all(
        &self,
        record: &Uin,
        action: StatusAction,
    ) -> Result<StatusReport, AdministrationError> {
        for _ in 0..MAX_ATTEMPTS {
            let now = self.issuer.now();
            let mut changes = Vec::new();
            let mut unchanged = Vec::new();
            for stored in self
                .issuer
                .store()
                .credentials_of(record, None, usize::MAX)
                .await?
            {
                // Of many credentials some may be revoked already; that is no reason to leave the others as they are.
                match stored.value.after(action, now) {
                    Ok(Some(after)) if self.has_room(&after).await? => {
                        changes.push(self.change(stored, after, action)?)
                    }
                    Ok(_) | Err(_) => unchanged.push(stored.value.id),
                }
            }
            if changes.is_empty() {
                return Ok(StatusReport {
                    changed: Vec::new(),
                    unchanged,
                });
            }
            if let Some(report) = self.commit(changes, unchanged).await? {
                return Ok(report);
            }
        }
        Err(StoreError::Contended { what: "credential" }.into())
    }

    /// Whether the list of a credential can say what it is to say.
    async fn has_room(&self, record: &CredentialRecord) -> Result<bool, AdministrationError> {
        let Some(place) = record.status_index else {
            return Ok(false);
        };
        let shard = self.issuer.store().shard(place.shard).await?;
        Ok(shard.is_some_and(|shard| record.status.fits(shard.value.bits)))
    }

    async fn check_room(&self, record: &CredentialRecord) -> Result<(), AdministrationError> {
        if self.has_room(record).await? {
            Ok(())
        } else {
            Err(StatusActionRefused::NoSuspension.into())
        }
    }

    fn change(
        &self,
        stored: Stored<CredentialRecord>,
        record: CredentialRecord,
        action: StatusAction,
    ) -> Result<StatusChange, AdministrationError> {
        let audit = AuditAction::StatusChanged {
            credential: record.id.clone(),
            record: record.record.as_ref().map(|uin| self.reference(uin)),
            action,
        };
        Ok(StatusChange {
            expected: stored.revision,
            event: self.event(record.status_changed_at, audit)?,
            record,
        })
    }

    /// Commits changes and publishes their lists; `None` when something changed meanwhile and all must be judged again.
    async fn commit(
        &self,
        changes: Vec<StatusChange>,
        unchanged: Vec<CredentialId>,
    ) -> Result<Option<StatusReport>, AdministrationError> {
        let changed = changes.iter().map(|change| change.record.id.clone()).collect();
        let shards: BTreeSet<ShardId> = changes
            .iter()
            .filter_map(|change| change.record.status_index)
            .map(|place| place.shard)
            .collect();
        if self.issuer.store().change_statuses(changes).await? == Swap::Changed {
            return Ok(None);
        }
        self.issuer
            .publish_changes(shards)
            .await
            .map_err(AdministrationError::NotPublished)?;
        Ok(Some(StatusReport { changed, unchanged }))
    }
}

/// Each lost round means that somebody else changed the same credential.
const MAX_ATTEMPTS: usize = 16;
