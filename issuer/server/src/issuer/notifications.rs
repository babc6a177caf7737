//! What wallets tell of their credentials ([OpenID4VCI §11]).
//!
//! [OpenID4VCI §11]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-11

use symbolon_crypto::RandomnessUnavailable;
use symbolon_issuer::audit::{Actor, AuditAction, RecordReference, WaitingEvent};
use symbolon_issuer::credential_record::{CredentialRecord, WalletReport};
use symbolon_issuer::identifiers::NotificationId;
use symbolon_issuer::notification::{Notification, NotificationRefused};
use symbolon_issuer::store::{NotedNotification, StatusChange, StoreError, Stored, Swap};
use symbolon_protocol::openid4vci::notification::{
    NotificationEvent, NotificationRequest, NotificationRequestError,
};
use thiserror::Error;

use super::Issuer;
use super::access::{AccessFailure, ResourceRequest};

impl Issuer {
    /// Notes what a wallet tells. Told twice, it changes nothing.
    ///
    /// # Errors
    /// [`NotificationFailure`].
    pub async fn notify(
        &self,
        resource: &ResourceRequest<'_>,
        body: Result<&[u8], NotificationRequestError>,
    ) -> Result<(), NotificationFailure> {
        let parsed = body.and_then(NotificationRequest::parse);
        let id = parsed
            .as_ref()
            .ok()
            .and_then(|request| request.notification_id.as_str().parse::<NotificationId>().ok());
        let mut found = match &id {
            Some(id) => self.store().notification(id).await?,
            None => None,
        };
        let holder = found.as_ref().map(|stored| &stored.value.holder);
        // Whoever has no valid token learns nothing about the request.
        let presented = self.present_grant(resource, holder).await?;
        let request = parsed?;
        if let Some(proof) = presented.proof {
            self.use_proof(proof).await?;
        }
        for _ in 0..MAX_ATTEMPTS {
            let (Some(id), Some(stored)) = (&id, found) else {
                return Err(NotificationRefused.into());
            };
            let after = stored.value.after(request.event, &presented.grant, self.now())?;
            let Some(after) = after else {
                return Ok(());
            };
            let noted = self.noted(id.clone(), &stored, after, request.event).await?;
            if self.store().note_notification(noted).await? == Swap::Done {
                self.events.notify_one();
                return Ok(());
            }
            found = self.store().notification(id).await?;
        }
        Err(StoreError::Contended { what: "notification" }.into())
    }

    async fn noted(
        &self,
        id: NotificationId,
        stored: &Stored<Notification>,
        notification: Notification,
        event: NotificationEvent,
    ) -> Result<NotedNotification, NotificationFailure> {
        let at = self.now();
        let mut changes = Vec::with_capacity(notification.credentials.len());
        for credential in &notification.credentials {
            let Some(read) = self.store().credential(credential).await? else {
                continue;
            };
            let record = read.value.record.as_ref();
            let action = AuditAction::CredentialReported {
                credential: credential.clone(),
                record: record.map(|uin| RecordReference::derive(&self.secret, uin)),
                event,
            };
            changes.push(StatusChange {
                expected: read.revision,
                event: WaitingEvent::make(at, Actor::Wallet, action, &*self.setup.randomness)?,
                record: CredentialRecord {
                    wallet_report: Some(WalletReport { event, at }),
                    ..read.value
                },
            });
        }
        Ok(NotedNotification {
            id,
            expected: stored.revision.clone(),
            notification,
            changes,
        })
    }
}

/// Why a notification was not noted.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NotificationFailure {
    /// The token opens nothing.
    #[error(transparent)]
    Access(#[from] AccessFailure),
    /// The request is malformed.
    #[error(transparent)]
    Request(#[from] NotificationRequestError),
    /// It speaks of nothing that this grant paid for.
    #[error(transparent)]
    Refused(#[from] NotificationRefused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

/// Each lost round means that one of the credentials changed meanwhile.
const MAX_ATTEMPTS: usize = 16;
