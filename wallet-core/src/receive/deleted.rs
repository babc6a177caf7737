//! Telling an issuer that a credential was deleted ([OpenID4VCI §11]). A deletion never waits for it.
//!
//! [OpenID4VCI §11]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-11

use symbolon_crypto::UnixTime;
use symbolon_protocol::openid4vci::identifiers::NotificationId;
use symbolon_protocol::openid4vci::notification::{NotificationEvent, NotificationRequest};

use super::issuing::MAX_NOTIFICATION_ANSWER_BYTES;
use super::stage::{Issuing, ReceiveStage};
use crate::error::WalletError;
use crate::exchange::{ResourceBody, ResourceRequest, Sent};
use crate::identifiers::CredentialId;
use crate::ports::Change;
use crate::record::Stage;
use crate::wallet::{Cursor, Wallet};

/// Whether an issuer has heard.
enum Told {
    /// It has, or does not want to hear.
    Done,
    /// It could not be reached.
    Later,
}

impl Wallet {
    /// Makes `changes`, which delete a credential, durable together with the note that its issuer is to be told: where the access that the
    /// issuer granted lasts, and it wants to hear.
    pub(crate) async fn commit_deletion(
        &self,
        credential: CredentialId,
        changes: Vec<Change>,
        now: UnixTime,
    ) -> Result<(), WalletError> {
        for flow in self.ports.store.flows().await? {
            let mut cursor = Cursor::at(self, &flow, now);
            let Stage::Receive(ReceiveStage::Renewable(mut issuing)) = flow.stage else {
                continue;
            };
            let Some(position) = issuing.notifications.iter().position(|(id, _)| *id == credential) else {
                continue;
            };
            let (_, notification) = issuing.notifications.swap_remove(position);
            issuing.to_delete.push(notification);
            cursor
                .write_receipt(ReceiveStage::Renewable(issuing), changes)
                .await?;
            return Ok(());
        }
        Ok(self.ports.store.commit(changes).await?)
    }

    /// Tells issuers of the credentials that were deleted. What cannot be told now is told by the next call; an issuer that refuses to
    /// hear, or no longer takes the token, is told no more.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like; that an issuer cannot be reached is none.
    pub async fn tell_deletions(&self, now: UnixTime) -> Result<(), WalletError> {
        for flow in self.ports.store.flows().await? {
            let mut cursor = Cursor::at(self, &flow, now);
            let Stage::Receive(ReceiveStage::Renewable(mut issuing)) = flow.stage else {
                continue;
            };
            let before = issuing.to_delete.len();
            while let Some(notification) = issuing.to_delete.last() {
                match self.tell_deletion(&issuing, notification, now).await {
                    Told::Done => drop(issuing.to_delete.pop()),
                    Told::Later => break,
                }
            }
            if issuing.to_delete.len() != before {
                cursor
                    .write_receipt(ReceiveStage::Renewable(issuing), Vec::new())
                    .await?;
            }
        }
        Ok(())
    }

    async fn tell_deletion(&self, issuing: &Issuing, notification: &NotificationId, now: UnixTime) -> Told {
        let Some(url) = &issuing.plan.notification_endpoint else {
            return Told::Done;
        };
        let message = NotificationRequest {
            notification_id: notification.clone(),
            event: NotificationEvent::CredentialDeleted,
            event_description: None,
        };
        let Ok(json) = serde_json::to_vec(&message) else {
            return Told::Done;
        };
        let request = ResourceRequest {
            url,
            token: &issuing.access_token,
            key: issuing.token_key.as_ref(),
            body: ResourceBody::Json(&json),
            max_response_bytes: MAX_NOTIFICATION_ANSWER_BYTES,
        };
        match self.post_to_resource(request, now).await {
            Ok(Sent::Answered(response)) if response.status < 500 => Told::Done,
            Ok(Sent::Answered(_) | Sent::KeyLocked) => Told::Later,
            // Without its key the token is of no use any more.
            Err(WalletError::KeyGone) => Told::Done,
            Err(_) => Told::Later,
        }
    }
}
