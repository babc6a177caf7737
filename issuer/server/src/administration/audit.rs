//! The audit log.

use super::types::{AuditPage, AuditVerified};
use super::{Administration, AdministrationError};

/// Entries of one page.
const ENTRIES_PER_PAGE: usize = 1_000;

impl Administration {
    /// Checks the whole audit log.
    ///
    /// # Errors
    /// [`AdministrationError::Audit`] names the first entry that was changed.
    pub async fn verify_audit(&self) -> Result<AuditVerified, AdministrationError> {
        Ok(AuditVerified {
            entries: self.issuer.verify_audit().await?,
        })
    }

    /// A part of the audit log, from the given sequence on.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn audit_entries(&self, from: u64) -> Result<AuditPage, AdministrationError> {
        self.issuer.chain_events().await?;
        Ok(AuditPage {
            entries: self.issuer.store().audit_entries(from, ENTRIES_PER_PAGE).await?,
        })
    }
}
