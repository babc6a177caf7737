//! Moving waiting audit events into the chain.

use symbolon_issuer::audit::{AuditBroken, AuditVerification};
use symbolon_issuer::store::{StoreError, Swap};
use thiserror::Error;

use super::Issuer;

impl Issuer {
    /// Chains every event that waits.
    ///
    /// # Errors
    /// [`StoreError`]; the events wait on.
    pub async fn chain_events(&self) -> Result<(), StoreError> {
        for _ in 0..MAX_ROUNDS {
            let waiting = self.store().waiting_events(EVENTS_PER_ROUND).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            let stored = self.store().audit_head().await?;
            let mut head = stored.value;
            let mut entries = Vec::with_capacity(waiting.len());
            let mut keys = Vec::with_capacity(waiting.len());
            for event in &waiting {
                let json = serde_json::to_string(&event.event)
                    .map_err(|_| StoreError::Unreadable { what: "audit event" })?;
                let (entry, next) = head.append(json);
                entries.push(entry);
                keys.push(event.key);
                head = next;
            }
            // When another process chained meanwhile, its events are gone from the next reading.
            let _: Swap = self
                .store()
                .append_audit(&stored.revision, &head, &entries, &keys)
                .await?;
        }
        Ok(())
    }

    /// Chains what waits, then checks the whole log, and returns its length.
    ///
    /// # Errors
    /// [`VerifyAuditError::Broken`] names the first entry that is not what it should be.
    pub async fn verify_audit(&self) -> Result<u64, VerifyAuditError> {
        self.chain_events().await?;
        let mut verification = AuditVerification::default();
        let head = self.store().audit_head().await?.value;
        let mut from = 0;
        loop {
            let mut entries = self.store().audit_entries(from, EVENTS_PER_ROUND).await?;
            // Entries that were chained after the head was read are not this verification's.
            entries.retain(|entry| entry.sequence < head.length);
            let Some(last) = entries.last() else { break };
            from = last.sequence.saturating_add(1);
            verification.check(&entries)?;
        }
        Ok(verification.finish(&head)?)
    }
}

/// Why the audit log was not found whole.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerifyAuditError {
    /// It was changed.
    #[error(transparent)]
    Broken(#[from] AuditBroken),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const EVENTS_PER_ROUND: usize = 500;
/// Half a million events in one go; the rest is chained at the next wake.
const MAX_ROUNDS: usize = 1_000;
