//! Documents that a coordinator hands in: issued, booked, and their status changed.

use std::sync::Arc;

use serde_json::Value;
use symbolon_credential::w3c::{ProblemType, StatusPurpose};
use symbolon_issuer::credential_record::{
    CredentialRecord, CredentialStatus, StatusAction, StatusActionRefused,
};
use symbolon_issuer::identifiers::{ConfigurationId, CredentialId};
use symbolon_issuer::index::AllocationError;
use symbolon_issuer::mapping::CredentialConfiguration;
use symbolon_issuer::store::{IssuanceOutcome, StoreError};
use symbolon_issuer::vcalm::{DocumentRefused, PreparedDocument, VcalmPolicy, credential_id};
use symbolon_protocol::vcalm::issue::IssueCredentialRequest;
use symbolon_protocol::vcalm::reference::CredentialReference;
use symbolon_protocol::vcalm::status::{NewStatus, StatedEntry, UpdateStatusRequest};
use thiserror::Error;

use super::Issuer;
use crate::administration::{Administration, AdministrationError, CredentialSelector, StatusOrder};
use crate::setup::SigningFailed;

/// How far a change of status has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusUpdate {
    /// Whoever asks for the list gets one that holds it.
    Published,
    /// It is durable, and its publication follows.
    NotYetPublished,
}

/// Why a document was not issued, or its status not changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DocumentFailure {
    /// No configuration of this name, or one that allows no documents.
    #[error("no such instance")]
    UnknownInstance,
    /// No credential of this name.
    #[error("no such credential")]
    UnknownCredential,
    /// The document is refused.
    #[error(transparent)]
    Refused(#[from] DocumentRefused),
    /// The change of status is refused.
    #[error(transparent)]
    Status(#[from] StatusRefused),
    /// No status index.
    #[error(transparent)]
    Allocation(#[from] AllocationError),
    /// The issuer's key did not sign.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The books contradict the lease of an index; the credential did not leave.
    #[error("the issuance could not be booked ({0:?})")]
    Outcome(IssuanceOutcome),
    /// The change of status failed.
    #[error(transparent)]
    Administration(#[from] AdministrationError),
    /// The process is ending.
    #[error("interrupted")]
    Interrupted,
}

/// Why a status is not changed. Each is the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StatusRefused {
    /// No status of this purpose is kept.
    #[error("no status of this purpose is kept for credentials of this instance")]
    Purpose,
    /// The entry that the caller names is not the credential's.
    #[error("the status entry is not one of this credential")]
    Entry,
    /// A revocation is final.
    #[error("the credential is revoked, which is final")]
    Final,
}

impl StatusRefused {
    /// The type of problem that this is told as.
    pub(crate) const fn problem(self) -> ProblemType {
        ProblemType::MalformedValueError
    }
}

impl Issuer {
    /// Issues a document. It is booked, durably, before it is returned.
    ///
    /// # Errors
    /// [`DocumentFailure`]; nothing was issued.
    pub async fn issue_document(
        self: &Arc<Self>,
        configuration: &str,
        request: IssueCredentialRequest,
    ) -> Result<Value, DocumentFailure> {
        let configuration = self.instance(configuration)?;
        let id = configuration.id().clone();
        if let Some(reference) = request.reference()
            && self.booked(&id, &reference).await?.is_some()
        {
            return Err(DocumentRefused::Duplicate.into());
        }
        let now = self.now();
        let mut indices = self.allocate(1, now).await?;
        let place = indices.pop().ok_or(DocumentFailure::Interrupted)?;
        let reference = request.reference();
        let issuer = Arc::clone(self);
        let name = id.clone();
        // Canonicalizing a document takes milliseconds, and one that is over its budget more.
        let prepared = tokio::task::spawn_blocking(move || {
            let configuration = issuer
                .profile()
                .configuration(&name)
                .ok_or(DocumentRefused::NotAllowed)?;
            let material = issuer.material(now);
            PreparedDocument::prepare(request, configuration, place, &material, &|url| {
                issuer.resource(url)
            })
        })
        .await
        .map_err(|_| DocumentFailure::Interrupted)?;
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(refused) => {
                self.allocator.give_back(vec![place]);
                return Err(refused.into());
            }
        };
        let signature = self.setup.keys.signature(prepared.request())?;
        let signed = prepared.finish(&signature)?;
        let outcome = self.store().commit_issuance(signed.issuance().clone()).await?;
        match signed.release(outcome) {
            Ok(credential) => {
                self.events.notify_one();
                Ok(credential)
            }
            Err(outcome) => {
                // Two requests with one name at the same time: the books took the first.
                if let (IssuanceOutcome::IndexTaken, Some(reference)) = (outcome, &reference)
                    && self.booked(&id, reference).await?.is_some()
                {
                    return Err(DocumentRefused::Duplicate.into());
                }
                Err(DocumentFailure::Outcome(outcome))
            }
        }
    }

    /// Changes a status of a document. When this returns, the change is durable.
    ///
    /// # Errors
    /// [`DocumentFailure`].
    pub async fn update_status(
        self: &Arc<Self>,
        configuration: &str,
        request: &UpdateStatusRequest,
    ) -> Result<StatusUpdate, DocumentFailure> {
        let id = self.instance(configuration)?.id().clone();
        let record = self
            .booked(&id, &request.credential)
            .await?
            .ok_or(DocumentFailure::UnknownCredential)?;
        self.check_entry(&record, &request.purpose, &request.entry)?;
        let Some(action) = action(&request.purpose, request.status, record.status)? else {
            return Ok(StatusUpdate::Published);
        };
        let order = StatusOrder {
            action,
            credentials: CredentialSelector::Id(record.id),
        };
        match Administration::new(Arc::clone(self)).change_status(&order).await {
            Ok(_) => Ok(StatusUpdate::Published),
            Err(AdministrationError::NotPublished(error)) => {
                tracing::error!(%error, "a status is not published yet");
                Ok(StatusUpdate::NotYetPublished)
            }
            Err(AdministrationError::StatusAction(StatusActionRefused::NoSuspension)) => {
                Err(StatusRefused::Purpose.into())
            }
            Err(AdministrationError::StatusAction(_)) => Err(StatusRefused::Final.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a document of this name was issued.
    ///
    /// # Errors
    /// [`DocumentFailure`].
    pub async fn has_issued(
        &self,
        configuration: &str,
        reference: &CredentialReference,
    ) -> Result<bool, DocumentFailure> {
        let id = self.instance(configuration)?.id().clone();
        Ok(self.booked(&id, reference).await?.is_some())
    }

    fn instance(&self, name: &str) -> Result<&CredentialConfiguration, DocumentFailure> {
        ConfigurationId::parse(name)
            .and_then(|id| self.profile().configuration(&id))
            .filter(|configuration| configuration.vcalm() != VcalmPolicy::Refuse)
            .ok_or(DocumentFailure::UnknownInstance)
    }

    async fn booked(
        &self,
        configuration: &ConfigurationId,
        reference: &CredentialReference,
    ) -> Result<Option<CredentialRecord>, DocumentFailure> {
        let id: CredentialId =
            credential_id(&self.secret, configuration, reference).map_err(DocumentRefused::from)?;
        let stored = self.store().credential(&id).await?;
        Ok(stored.map(|stored| stored.value))
    }

    fn check_entry(
        &self,
        record: &CredentialRecord,
        purpose: &StatusPurpose,
        stated: &StatedEntry,
    ) -> Result<(), StatusRefused> {
        let place = record.status_index.ok_or(StatusRefused::Purpose)?;
        let entries = self.profile().bitstring_entries(place);
        let entry = entries
            .iter()
            .find(|entry| entry.purpose == *purpose)
            .ok_or(StatusRefused::Purpose)?;
        let is = |stated: &Option<String>, own: Option<&str>| {
            stated.as_deref().is_none_or(|stated| Some(stated) == own)
        };
        let index = entry.index.to_string();
        if is(&stated.list, Some(&entry.list))
            && is(&stated.index, Some(&index))
            && is(&stated.id, entry.id.as_deref())
        {
            Ok(())
        } else {
            Err(StatusRefused::Entry)
        }
    }

    /// The bytes of a resource that is at hand: a context of the W3C, or one of this issuer's own.
    fn resource(&self, url: &str) -> Option<Vec<u8>> {
        let shipped = symbolon_schemas::CONTEXTS
            .iter()
            .find(|context| context.url == url);
        if let Some(context) = shipped {
            return Some(context.document.as_bytes().to_vec());
        }
        let own = self
            .profile()
            .contexts()
            .values()
            .find(|context| context.url == url)?;
        Some(own.document.to_string().into_bytes())
    }
}

/// What a change comes to; `None` when everything is as it should be.
fn action(
    purpose: &StatusPurpose,
    status: NewStatus,
    now: CredentialStatus,
) -> Result<Option<StatusAction>, StatusRefused> {
    use CredentialStatus::{Revoked, Suspended, Valid};
    match (purpose, status, now) {
        (StatusPurpose::Revocation, NewStatus::Set, Valid | Suspended) => Ok(Some(StatusAction::Revoke)),
        (StatusPurpose::Suspension, NewStatus::Set, Valid) => Ok(Some(StatusAction::Suspend)),
        (StatusPurpose::Suspension, NewStatus::Cleared, Suspended) => Ok(Some(StatusAction::Reinstate)),
        (StatusPurpose::Revocation, NewStatus::Cleared, Revoked)
        | (StatusPurpose::Suspension, NewStatus::Set, Revoked) => Err(StatusRefused::Final),
        (StatusPurpose::Revocation | StatusPurpose::Suspension, _, _) => Ok(None),
        _ => Err(StatusRefused::Purpose),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_becomes_what_is_asked_and_a_revocation_is_final() {
        use CredentialStatus::{Revoked, Suspended, Valid};
        use NewStatus::{Cleared, Set};
        use StatusPurpose::{Message, Revocation, Suspension};
        for (purpose, status, now, expected) in [
            (Revocation, Set, Valid, Ok(Some(StatusAction::Revoke))),
            (Revocation, Set, Suspended, Ok(Some(StatusAction::Revoke))),
            (Revocation, Set, Revoked, Ok(None)),
            (Revocation, Cleared, Valid, Ok(None)),
            (Revocation, Cleared, Revoked, Err(StatusRefused::Final)),
            (Suspension, Set, Valid, Ok(Some(StatusAction::Suspend))),
            (Suspension, Set, Suspended, Ok(None)),
            (Suspension, Set, Revoked, Err(StatusRefused::Final)),
            (Suspension, Cleared, Suspended, Ok(Some(StatusAction::Reinstate))),
            (Suspension, Cleared, Valid, Ok(None)),
            (Suspension, Cleared, Revoked, Ok(None)),
            (Message, Set, Valid, Err(StatusRefused::Purpose)),
        ] {
            assert_eq!(
                action(&purpose, status, now),
                expected,
                "{purpose:?} {status:?} {now:?}"
            );
        }
    }
}
