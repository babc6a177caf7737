//! Telling an issuer that a credential was deleted ([OpenID4VCI §11]). A deletion never waits for it.
//!
//! [OpenID4VCI §11]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-11

use symbolon_crypto::UnixTime;
use symbolon_protocol::openid4vci::identifiers::NotificationId;
use symbolon_protocol::openid4vci::notification::{NotificationEvent, NotificationRequest};

use super::issuing::MAX_NOTIFICATION_ANSWER_BYTES;
use super::stage::{Issuing, ReceiveStage, Untold};
use crate::error::WalletError;
use crate::exchange::{ResourceBody, ResourceRequest, Sent};
use crate::identifiers::CredentialId;
use crate::ports::{Change, TransportError};
use crate::record::Stage;
use crate::wallet::{Cursor, Wallet};

/// Whether an issuer has heard.
enum Told {
    /// It has, or never wants to hear.
    Done,
    /// It was tried in vain.
    InVain,
    /// It was not tried: the key waits for the person.
    NotTried,
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
            let Some(notification) = issuing.take_notification(credential) else {
                continue;
            };
            issuing.to_delete.push(notification);
            // It is told at once, whatever became of those before.
            issuing.untold = None;
            cursor
                .write_receipt(ReceiveStage::Renewable(issuing), changes)
                .await?;
            return Ok(());
        }
        Ok(self.ports.store.commit(changes).await?)
    }

    /// Tells issuers of the credentials that were deleted. An issuer that fails is tried again by later calls, after twice the time each
    /// time, for a day; one that refuses to hear, or no longer takes the token, is told no more.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like; that an issuer cannot be reached is none.
    pub async fn tell_deletions(&self, now: UnixTime) -> Result<(), WalletError> {
        for flow in self.ports.store.flows().await? {
            let mut cursor = Cursor::at(self, &flow, now);
            let Stage::Receive(ReceiveStage::Renewable(mut issuing)) = flow.stage else {
                continue;
            };
            if issuing.untold.is_some_and(|untold| !untold.is_due(now)) {
                continue;
            }
            if self.tell_deletions_of(&mut issuing, now).await {
                cursor
                    .write_receipt(ReceiveStage::Renewable(issuing), Vec::new())
                    .await?;
            }
        }
        Ok(())
    }

    /// Whether there is something to write down.
    async fn tell_deletions_of(&self, issuing: &mut Issuing, now: UnixTime) -> bool {
        let mut is_changed = false;
        while let Some(notification) = issuing.to_delete.last() {
            match self.tell_deletion(issuing, notification, now).await {
                Told::Done => {
                    issuing.to_delete.pop();
                    issuing.untold = None;
                }
                Told::NotTried => break,
                Told::InVain => {
                    issuing.untold = Untold::after_attempt(issuing.untold, now);
                    if issuing.untold.is_none() {
                        issuing.to_delete.clear();
                    }
                    return true;
                }
            }
            is_changed = true;
        }
        is_changed
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
            // Overload and failures of the issuer are errors, so this is its word: it has heard, or never will.
            Ok(Sent::Answered(_)) => Told::Done,
            Ok(Sent::KeyLocked) => Told::NotTried,
            // Without its key the token is of no use any more.
            Err(WalletError::KeyGone) => Told::Done,
            // It has heard, or the address is one that this wallet never goes to.
            Err(WalletError::Network(TransportError::TooLarge | TransportError::Refused)) => Told::Done,
            Err(_) => Told::InVain,
        }
    }
}
