//! From the access token to credentials that are held ([OpenID4VCI §8, §9, §11]).
//!
//! [OpenID4VCI §8, §9, §11]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8

use std::time::Duration;

use symbolon_crypto::signing::{KeyDescription, KeyError, KeyHandle};
use symbolon_protocol::openid4vci::identifiers::NotificationId;
use symbolon_protocol::openid4vci::notification::{NotificationEvent, NotificationRequest};

use super::outcome::{ReceiptProblem, ReceiveOutcome};
use super::request::Requested;
use super::run::Step;
use super::stage::{Deferral, FinishedReceipt, Issuing, ReceiveStage};
use crate::error::WalletError;
use crate::exchange::{ResourceBody, ResourceRequest};
use crate::identifiers::HistoryId;
use crate::ports::{Change, KEY_ALGORITHM};
use crate::progress::Progress;
use crate::record::{HistoryEntry, HistoryEvent};
use crate::wallet::{Cursor, Wallet};

/// The longest that a wallet is told to wait before it asks again: an issuer that says a year may mean it, and a person who opens the
/// app tomorrow wants to know.
const MAX_DEFERRED_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// The answer to a notification, which nobody reads.
pub(super) const MAX_NOTIFICATION_ANSWER_BYTES: usize = 16 * 1024;

impl Wallet {
    /// One durable step: tells the issuer what was stored, creates a key of the next credential, or requests, verifies and stores
    /// the credential and its copies, or ends.
    pub(super) async fn request_credential(
        &self,
        cursor: &mut Cursor<'_>,
        mut issuing: Issuing,
    ) -> Result<Step, WalletError> {
        if let Some(id) = issuing.to_accept.take() {
            self.tell_issuer(cursor, &issuing, id, NotificationEvent::CredentialAccepted)
                .await;
            let stage = ReceiveStage::Issuing(Box::new(issuing));
            return cursor.write_receipt(stage, Vec::new()).await.map(Step::Next);
        }
        if self.was_deleted_meanwhile(&issuing).await? {
            return self.keep_nothing(cursor, issuing).await.map(Step::Next);
        }
        let Some(planned) = issuing.plan.credentials.get(issuing.next).cloned() else {
            // Without a refresh token the issuer can be told of a deletion as long as its access lasts, and the history what came of it.
            let stage = if issuing.refresh_token.is_some() || !issuing.notifications.is_empty() {
                ReceiveStage::Renewable(Box::new(issuing))
            } else {
                ReceiveStage::Finished(FinishedReceipt::Stored {
                    credentials: issuing.stored,
                    not_supported: issuing.plan.not_supported,
                })
            };
            return cursor.write_receipt(stage, Vec::new()).await.map(Step::Next);
        };
        let keys = self.usable_keys(&mut issuing)?;
        let requested = match issuing.deferred.clone() {
            Some(deferral) if cursor.now < deferral.not_before => {
                return Ok(Step::Wait(ReceiveOutcome::Deferred {
                    until: deferral.not_before,
                }));
            }
            Some(deferral) => self.ask_again(cursor, &issuing, &deferral).await?,
            None if keys.len() < planned.copies.max(1) => {
                return self.create_key(cursor, issuing).await.map(Step::Next);
            }
            None => self.ask_for(cursor, &issuing, &planned, &keys).await?,
        };
        match requested {
            Requested::Credentials(received, notification) => self
                .keep(cursor, issuing, planned, keys, received, notification)
                .await
                .map(Step::Next),
            Requested::Later(transaction, interval) => {
                if issuing.plan.deferred_credential_endpoint.is_none() {
                    return self.end_refused(cursor, issuing, ReceiptProblem::Deferred).await;
                }
                let wait = Duration::from_secs(interval).min(MAX_DEFERRED_WAIT);
                issuing.deferred = Some(Deferral {
                    transaction,
                    not_before: cursor.now.plus(wait),
                });
                let stage = ReceiveStage::Issuing(Box::new(issuing));
                cursor.write_receipt(stage, Vec::new()).await.map(Step::Next)
            }
            Requested::KeyLocked => Ok(Step::Wait(ReceiveOutcome::KeyLocked)),
            Requested::TokenRefused => self.renew_or_end(cursor, issuing).await.map(Step::Next),
            Requested::StaleEncryption => self.renew_encryption(cursor, issuing).await,
            Requested::Ended(problem) => self.end_refused(cursor, issuing, problem).await,
        }
    }

    /// The keys of the next credential. One that the platform lost before anything was bound to it is forgotten: another one does as
    /// well, and where the issuer knows the keys already, the credential for it is worth nothing.
    fn usable_keys(&self, issuing: &mut Issuing) -> Result<Vec<KeyDescription>, WalletError> {
        let handles: Vec<KeyHandle> = issuing.keys().cloned().collect();
        let mut keys = Vec::with_capacity(handles.len());
        for handle in handles {
            match self.ports.keys.describe(&handle) {
                Ok(key) => keys.push(key),
                Err(KeyError::Unknown | KeyError::Invalidated) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut usable = keys.iter().map(|key| key.handle.clone());
        issuing.key = usable.next();
        issuing.copy_keys = usable.collect();
        Ok(keys)
    }

    async fn create_key(
        &self,
        cursor: &mut Cursor<'_>,
        mut issuing: Issuing,
    ) -> Result<ReceiveStage, WalletError> {
        self.observe(Progress::CreatingKey);
        let key = self.ports.keys.create(KEY_ALGORITHM)?;
        match issuing.key {
            None => issuing.key = Some(key.handle.clone()),
            Some(_) => issuing.copy_keys.push(key.handle.clone()),
        }
        let written = cursor
            .write_receipt(ReceiveStage::Issuing(Box::new(issuing)), Vec::new())
            .await;
        // After an interrupted write the record may name the key all the same, so only a clear refusal deletes it; what
        // is left over, `recover` finds.
        if matches!(written, Err(WalletError::Conflict)) {
            self.ports.keys.delete(&key.handle)?;
        }
        written
    }

    /// The issuer changed its key, as it does from time to time: goes on with the new one, once.
    async fn renew_encryption(
        &self,
        cursor: &mut Cursor<'_>,
        mut issuing: Issuing,
    ) -> Result<Step, WalletError> {
        let metadata = self.issuer_metadata(&issuing.plan.issuer, cursor.now).await?;
        let fresh = metadata.and_then(|metadata| metadata.credential_request_encryption);
        if fresh.is_none() || fresh == issuing.plan.request_encryption {
            let problem = ReceiptProblem::CredentialRequestRefused;
            return self.end_refused(cursor, issuing, problem).await;
        }
        issuing.plan.request_encryption = fresh;
        let stage = ReceiveStage::Issuing(Box::new(issuing));
        cursor.write_receipt(stage, Vec::new()).await.map(Step::Next)
    }

    /// Tells the issuer what became of what it handed out. The wallet does not depend on being heard.
    pub(super) async fn tell_issuer(
        &self,
        cursor: &Cursor<'_>,
        issuing: &Issuing,
        notification_id: NotificationId,
        event: NotificationEvent,
    ) {
        let Some(url) = &issuing.plan.notification_endpoint else {
            return;
        };
        let notification = NotificationRequest {
            notification_id,
            event,
            event_description: None,
        };
        let Ok(json) = serde_json::to_vec(&notification) else {
            return;
        };
        let request = ResourceRequest {
            url,
            token: &issuing.access_token,
            key: issuing.token_key.as_ref(),
            body: ResourceBody::Json(&json),
            max_response_bytes: MAX_NOTIFICATION_ANSWER_BYTES,
        };
        // An issuer that cannot be reached, or does not want to hear, changes nothing about what is held.
        drop(self.post_to_resource(request, cursor.now).await);
    }

    pub(super) async fn end_refused(
        &self,
        cursor: &mut Cursor<'_>,
        issuing: Issuing,
        problem: ReceiptProblem,
    ) -> Result<Step, WalletError> {
        let keys: Vec<KeyHandle> = issuing.keys().cloned().collect();
        let stage = ReceiveStage::Finished(FinishedReceipt::Refused {
            problem,
            stored: issuing.stored,
        });
        self.end_without(cursor, stage, Vec::new(), &keys)
            .await
            .map(Step::Next)
    }

    /// Ends the receipt, then deletes the keys that nothing is bound to. Killed in between, `recover` deletes them.
    pub(super) async fn end_without(
        &self,
        cursor: &mut Cursor<'_>,
        stage: ReceiveStage,
        changes: Vec<Change>,
        keys: &[KeyHandle],
    ) -> Result<ReceiveStage, WalletError> {
        let stage = cursor.write_receipt(stage, changes).await?;
        for key in keys {
            self.ports.keys.delete(key)?;
        }
        Ok(stage)
    }

    pub(crate) fn history_change(
        &self,
        cursor: &Cursor<'_>,
        event: HistoryEvent,
    ) -> Result<Change, WalletError> {
        let id = HistoryId::make(self.ports.randomness.as_ref())?;
        Ok(Change::PutHistory(Box::new(HistoryEntry {
            id,
            at: cursor.now,
            event,
            data_requests: Vec::new(),
        })))
    }
}
