//! Telling an issuer that a credential was deleted ([OpenID4VCI §11]). A deletion never waits for it.
//!
//! [OpenID4VCI §11]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-11

use symbolon_crypto::UnixTime;
use symbolon_protocol::openid4vci::identifiers::NotificationId;
use symbolon_protocol::openid4vci::notification::{NotificationEvent, NotificationRequest};
use symbolon_protocol::openid4vci::token::{TokenGrant, TokenRequest};

use super::access::Exchanged;
use super::issuing::MAX_NOTIFICATION_ANSWER_BYTES;
use super::stage::{Deletion, Issuing, ReceiveStage, Untold};
use crate::error::WalletError;
use crate::exchange::{ResourceBody, ResourceRequest, Sent};
use crate::identifiers::CredentialId;
use crate::ports::{Change, TransportError};
use crate::record::{DeletionNotice, HistoryEntry, Stage};
use crate::wallet::{Cursor, Wallet};

/// What came of telling an issuer.
enum Told {
    /// It is over, in this way.
    Over(DeletionNotice),
    /// It was tried in vain.
    InVain,
    /// It was not tried: the key waits for the person.
    NotTried,
    /// The issuer takes the token no longer.
    TokenRefused,
}

/// What came of renewing the access in order to tell.
enum Renewed {
    /// There is another token.
    Token,
    /// There is none.
    No(Told),
}

impl Wallet {
    /// Makes `changes`, which delete a credential, durable together with its `entry` in the history and the note that its issuer is to be
    /// told, where it wants to hear.
    pub(crate) async fn commit_deletion(
        &self,
        credential: CredentialId,
        mut entry: HistoryEntry,
        mut changes: Vec<Change>,
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
            issuing.to_delete.push(Deletion {
                notification,
                history: Some(entry.id),
            });
            // It is told at once, whatever became of those before.
            issuing.untold = None;
            entry.event.notice_is(DeletionNotice::Waiting);
            changes.push(Change::PutHistory(Box::new(entry)));
            cursor
                .write_receipt(ReceiveStage::Renewable(issuing), changes)
                .await?;
            return Ok(());
        }
        changes.push(Change::PutHistory(Box::new(entry)));
        Ok(self.ports.store.commit(changes).await?)
    }

    /// Tells issuers of the credentials that were deleted, with access that is renewed where it is over. An issuer that fails is tried again
    /// by later calls, after twice the time each time, for a day; one that refuses to hear, or gave access that cannot be renewed, is told no
    /// more. The history says what came of it.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like; that an issuer cannot be reached is none.
    pub async fn tell_deletions(&self, now: UnixTime) -> Result<(), WalletError> {
        for flow in self.ports.store.flows().await? {
            let cursor = Cursor::at(self, &flow, now);
            let Stage::Receive(ReceiveStage::Renewable(issuing)) = flow.stage else {
                continue;
            };
            if issuing.untold.is_none_or(|untold| untold.is_due(now)) {
                self.tell_deletions_of(cursor, issuing).await?;
            }
        }
        Ok(())
    }

    async fn tell_deletions_of(
        &self,
        mut cursor: Cursor<'_>,
        mut issuing: Box<Issuing>,
    ) -> Result<(), WalletError> {
        let mut is_renewed = false;
        while let Some(deletion) = issuing.to_delete.last() {
            let told = match self
                .tell_deletion(&issuing, &deletion.notification, cursor.now)
                .await
            {
                Told::TokenRefused if is_renewed => Told::Over(DeletionNotice::Refused),
                Told::TokenRefused => match self.renew_to_tell(&mut issuing, cursor.now).await {
                    Renewed::No(told) => told,
                    // The old refresh token may be spent: the new one is written down before anything else is done.
                    Renewed::Token => {
                        is_renewed = true;
                        issuing = cursor.write_renewable(issuing, Vec::new()).await?;
                        continue;
                    }
                },
                told => told,
            };
            let over = match told {
                Told::Over(notice) => issuing.to_delete.pop().map(|deletion| (vec![deletion], notice)),
                Told::InVain => {
                    issuing.untold = Untold::after_attempt(issuing.untold, cursor.now);
                    if issuing.untold.is_some() {
                        cursor.write_renewable(issuing, Vec::new()).await?;
                        return Ok(());
                    }
                    Some((
                        core::mem::take(&mut issuing.to_delete),
                        DeletionNotice::NotReached,
                    ))
                }
                Told::NotTried | Told::TokenRefused => return Ok(()),
            };
            if let Some((deletions, notice)) = over {
                issuing.untold = None;
                let changes = self.noticed(&deletions, notice).await?;
                issuing = cursor.write_renewable(issuing, changes).await?;
            }
        }
        Ok(())
    }

    async fn tell_deletion(&self, issuing: &Issuing, notification: &NotificationId, now: UnixTime) -> Told {
        let Some(url) = &issuing.plan.notification_endpoint else {
            return Told::Over(DeletionNotice::Refused);
        };
        let message = NotificationRequest {
            notification_id: notification.clone(),
            event: NotificationEvent::CredentialDeleted,
            event_description: None,
        };
        let Ok(json) = serde_json::to_vec(&message) else {
            return Told::Over(DeletionNotice::Refused);
        };
        let request = ResourceRequest {
            url,
            token: &issuing.access_token,
            key: issuing.token_key.as_ref(),
            body: ResourceBody::Json(&json),
            max_response_bytes: MAX_NOTIFICATION_ANSWER_BYTES,
        };
        match self.post_to_resource(request, now).await {
            Ok(Sent::Answered(response)) if response.status == 401 => Told::TokenRefused,
            Ok(Sent::Answered(response)) if (200..300).contains(&response.status) => {
                Told::Over(DeletionNotice::Told)
            }
            // Overload and failures of the issuer are errors, so this is its word.
            Ok(Sent::Answered(_)) => Told::Over(DeletionNotice::Refused),
            Err(error) => Told::of_failure(&error),
            Ok(Sent::KeyLocked) => Told::NotTried,
        }
    }

    /// Spends the refresh token, whose access is bound to the same key.
    async fn renew_to_tell(&self, issuing: &mut Issuing, now: UnixTime) -> Renewed {
        let Some(refresh_token) = issuing.refresh_token.take() else {
            return Renewed::No(Told::Over(DeletionNotice::NoAccess));
        };
        let grant = TokenGrant::RefreshToken {
            refresh_token,
            scope: None,
        };
        let request = TokenRequest::new(grant, issuing.plan.client_parameters());
        let key = issuing.token_key.as_ref();
        let exchanged = self.exchange(&issuing.plan, &request, key, now).await;
        if let TokenGrant::RefreshToken { refresh_token, .. } = request.grant {
            issuing.refresh_token = Some(refresh_token);
        }
        match exchanged {
            Ok(Exchanged::Token(token)) => {
                issuing.take_token(*token);
                Renewed::Token
            }
            Ok(Exchanged::Refused(_) | Exchanged::Unacceptable(_)) => {
                Renewed::No(Told::Over(DeletionNotice::NoAccess))
            }
            Ok(Exchanged::KeyLocked) => Renewed::No(Told::NotTried),
            Err(error) => Renewed::No(Told::of_failure(&error)),
        }
    }

    /// What the history says of deletions of which the issuer is told no more.
    pub(super) async fn noticed(
        &self,
        deletions: &[Deletion],
        notice: DeletionNotice,
    ) -> Result<Vec<Change>, WalletError> {
        if deletions.iter().all(|deletion| deletion.history.is_none()) {
            return Ok(Vec::new());
        }
        let is_of_them = |entry: &HistoryEntry| {
            let mut named = deletions.iter().filter_map(|deletion| deletion.history);
            named.any(|id| id == entry.id)
        };
        let mut entries = self.ports.store.history().await?;
        entries.retain(is_of_them);
        let changed = entries.into_iter().map(|mut entry| {
            entry.event.notice_is(notice);
            Change::PutHistory(Box::new(entry))
        });
        Ok(changed.collect())
    }
}

impl Told {
    const fn of_failure(error: &WalletError) -> Self {
        match error {
            // Without its key the token is of no use any more.
            WalletError::KeyGone => Self::Over(DeletionNotice::NoAccess),
            // It has heard.
            WalletError::Network(TransportError::TooLarge) => Self::Over(DeletionNotice::Told),
            // The address is one that this wallet never goes to.
            WalletError::Network(TransportError::Refused) => Self::Over(DeletionNotice::NotReached),
            _ => Self::InVain,
        }
    }
}

impl Cursor<'_> {
    async fn write_renewable(
        &mut self,
        issuing: Box<Issuing>,
        changes: Vec<Change>,
    ) -> Result<Box<Issuing>, WalletError> {
        match self
            .write_receipt(ReceiveStage::Renewable(issuing), changes)
            .await?
        {
            ReceiveStage::Renewable(issuing) => Ok(issuing),
            _ => Err(WalletError::WrongStage),
        }
    }
}
