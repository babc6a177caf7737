//! What the command line did to the keys, whose files it writes itself.

use serde::{Deserialize, Serialize};
use symbolon_http::openapi::ToSchema;
use symbolon_issuer::audit::{AuditAction, KeyChange, KeyName};

use super::{Administration, AdministrationError};

/// Changes of keys that the command line made in the files of the installation, for the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyChangesOrder {
    /// Each.
    pub changes: Vec<ChangedKey>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedKey {
    /// Which key.
    #[schema(value_type = String)]
    pub key: KeyName,
    /// What was done to it.
    #[schema(value_type = String)]
    pub change: KeyChange,
}

impl Administration {
    /// Notes changes of keys in the audit log.
    ///
    /// # Errors
    /// A failure of the store or of the randomness; those before it are noted.
    pub async fn note_key_changes(&self, order: &KeyChangesOrder) -> Result<(), AdministrationError> {
        for changed in &order.changes {
            let action = AuditAction::KeyChanged {
                key: changed.key.clone(),
                change: changed.change,
            };
            let event = self.event(self.issuer.now(), action)?;
            self.issuer.store().put_event(event).await?;
        }
        Ok(())
    }
}
