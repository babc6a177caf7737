//! Telling an issuer that a credential was deleted ([OpenID4VCI §11]). A deletion never waits for it.
//!
//! [OpenID4VCI §11]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-11

use std::time::Duration;

use symbolon_crypto::UnixTime;
use symbolon_protocol::openid4vci::identifiers::NotificationId;
use symbolon_protocol::openid4vci::notification::{NotificationEvent, NotificationRequest};
use symbolon_protocol::openid4vci::token::{TokenGrant, TokenRequest, TokenResponse};
use symbolon_protocol::secret::RefreshToken;

use super::access::Exchanged;
use super::issuing::MAX_NOTIFICATION_ANSWER_BYTES;
use super::stage::{Deletion, Issuing, ReceiveStage, Untold};
use crate::error::WalletError;
use crate::exchange::{ResourceBody, ResourceRequest, Sent};
use crate::identifiers::{CredentialId, FlowId};
use crate::ports::{Change, TransportError};
use crate::record::{DeletionNotice, HistoryEntry, Stage};
use crate::wallet::{Cursor, Wallet};

/// How often a receipt is read again that others change at the same time.
const MAX_ROUNDS: usize = 8;

/// After this time without an attempt nobody is told any more: the key waited for a person all along, or the app never came back to it. The
/// access of a credential that is gone is not kept without end.
const TELLING_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

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
    /// There is another token, for the refresh token that is spent.
    Token(Box<TokenResponse>, RefreshToken),
    /// Somebody else has renewed it meanwhile, or is about to.
    ByOthers,
    /// There is none.
    No(Told),
}

impl Wallet {
    /// Deletes a credential and what is known of it, durable together with its `entry` in the history and the note that its issuer is to be
    /// told, where it wants to hear.
    pub(crate) async fn commit_deletion(
        &self,
        credential: CredentialId,
        entry: &HistoryEntry,
        now: UnixTime,
    ) -> Result<(), WalletError> {
        for _ in 0..MAX_ROUNDS {
            match self.try_deletion(credential, entry.clone(), now).await {
                // The receipt went on, or its issuer is being told of another deletion. It may have brought another one in its place.
                Err(WalletError::Conflict) => drop(self.held(credential).await?),
                done => return done,
            }
        }
        Err(WalletError::Conflict)
    }

    async fn try_deletion(
        &self,
        credential: CredentialId,
        mut entry: HistoryEntry,
        now: UnixTime,
    ) -> Result<(), WalletError> {
        let mut changes = vec![
            Change::DeleteCredential(credential),
            Change::DeleteStatus(credential),
            Change::DeleteReissue(credential),
        ];
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
    /// more, nor is one that could not be tried for thirty days. The history says what came of it. While another call tells them, of this wallet
    /// or of another one on the same store, that one goes on with what this one would have told.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like; that an issuer cannot be reached is none.
    pub async fn tell_deletions(&self, now: UnixTime) -> Result<(), WalletError> {
        let Some(mut turn) = self.ports.store.telling().begin() else {
            return Ok(());
        };
        loop {
            self.tell_all(now).await?;
            if !turn.is_asked_again() {
                return Ok(());
            }
        }
    }

    async fn tell_all(&self, now: UnixTime) -> Result<(), WalletError> {
        self.give_up_telling(now).await?;
        for flow in self.ports.store.flows().await? {
            if let Stage::Receive(ReceiveStage::Renewable(issuing)) = &flow.stage
                && issuing.untold.is_none_or(|untold| untold.is_due(now))
            {
                self.tell_deletions_of(flow.id, now).await?;
            }
        }
        Ok(())
    }

    /// Gives up what nobody was told of for [`TELLING_LIFETIME`].
    pub(crate) async fn give_up_telling(&self, now: UnixTime) -> Result<(), WalletError> {
        for flow in self.ports.store.flows().await? {
            if flow.updated.plus(TELLING_LIFETIME) < now
                && let Stage::Receive(ReceiveStage::Renewable(issuing)) = &flow.stage
                && !issuing.to_delete.is_empty()
            {
                self.told(flow.id, &issuing.to_delete, DeletionNotice::NotReached, now)
                    .await?;
            }
        }
        Ok(())
    }

    /// When an issuer that was told in vain is to be told again.
    pub(crate) async fn next_telling(&self) -> Result<Option<UnixTime>, WalletError> {
        let flows = self.ports.store.flows().await?;
        let next = flows.iter().filter_map(|flow| match &flow.stage {
            Stage::Receive(ReceiveStage::Renewable(issuing)) if !issuing.to_delete.is_empty() => {
                issuing.untold.map(|untold| untold.not_before)
            }
            _ => None,
        });
        Ok(next.min())
    }

    async fn tell_deletions_of(&self, flow: FlowId, now: UnixTime) -> Result<(), WalletError> {
        let mut is_renewed = false;
        while let Some((_, mut issuing)) = self.renewable(flow, now).await? {
            let Some(deletion) = issuing.to_delete.last().cloned() else {
                return Ok(());
            };
            let told = match self.tell_deletion(&issuing, &deletion.notification, now).await {
                Told::TokenRefused if is_renewed => Told::Over(DeletionNotice::Refused),
                Told::TokenRefused => match self.renew_to_tell(flow, &mut issuing, now).await? {
                    Renewed::No(told) => told,
                    Renewed::ByOthers => continue,
                    // The old refresh token may be spent: the new one is written down before anything else is done.
                    Renewed::Token(token, spent) => {
                        is_renewed = true;
                        self.keep_access(flow, &token, &spent, now).await?;
                        continue;
                    }
                },
                told => told,
            };
            match told {
                Told::Over(notice) => self.told(flow, &[deletion], notice, now).await?,
                Told::InVain => {
                    let untold = Untold::after_attempt(issuing.untold, now);
                    if untold.is_some() {
                        let note_it = |issuing: &mut Issuing| {
                            issuing.untold = untold;
                            Vec::new()
                        };
                        return self.rewrite(flow, DeletionNotice::Waiting, note_it, now).await;
                    }
                    self.told(flow, &issuing.to_delete, DeletionNotice::NotReached, now)
                        .await?;
                }
                Told::NotTried | Told::TokenRefused => return Ok(()),
            }
        }
        Ok(())
    }

    /// A receipt that is over and can be renewed, as it is now; `None` when it has gone on.
    async fn renewable(
        &self,
        flow: FlowId,
        now: UnixTime,
    ) -> Result<Option<(Cursor<'_>, Box<Issuing>)>, WalletError> {
        let Some(flow) = self.ports.store.flow(flow).await? else {
            return Ok(None);
        };
        let cursor = Cursor::at(self, &flow, now);
        Ok(match flow.stage {
            Stage::Receive(ReceiveStage::Renewable(issuing)) => Some((cursor, issuing)),
            _ => None,
        })
    }

    /// Notes what came of telling an issuer of these deletions, of which it is told no more; of those that nobody else has noted meanwhile.
    async fn told(
        &self,
        flow: FlowId,
        deletions: &[Deletion],
        notice: DeletionNotice,
        now: UnixTime,
    ) -> Result<(), WalletError> {
        let take_them = |issuing: &mut Issuing| {
            let all = core::mem::take(&mut issuing.to_delete).into_iter();
            let (taken, left) = all.partition(|deletion| deletions.contains(deletion));
            issuing.to_delete = left;
            issuing.untold = None;
            taken
        };
        self.rewrite(flow, notice, take_them, now).await
    }

    /// Changes a receipt as it is now, whatever others do with it at the same time, together with what the history says of the deletions that
    /// `change` takes out of it.
    async fn rewrite(
        &self,
        flow: FlowId,
        notice: DeletionNotice,
        change: impl Fn(&mut Issuing) -> Vec<Deletion>,
        now: UnixTime,
    ) -> Result<(), WalletError> {
        for _ in 0..MAX_ROUNDS {
            let Some((mut cursor, mut issuing)) = self.renewable(flow, now).await? else {
                return Ok(());
            };
            let taken = change(&mut issuing);
            let changes = self.noticed(&taken, notice).await?;
            let stage = ReceiveStage::Renewable(issuing);
            match cursor.write_receipt(stage, changes).await {
                Err(WalletError::Conflict) => {}
                written => return written.map(drop),
            }
        }
        Err(WalletError::Conflict)
    }

    /// Writes down the access that the server gave for the refresh token that is spent, wherever the receipt stands meanwhile: who has
    /// changed it may be about to spend the same one, and is to find that it was changed. Somebody's own newer access stays.
    async fn keep_access(
        &self,
        flow: FlowId,
        token: &TokenResponse,
        spent: &RefreshToken,
        now: UnixTime,
    ) -> Result<(), WalletError> {
        for _ in 0..MAX_ROUNDS {
            let Some(found) = self.ports.store.flow(flow).await? else {
                return Ok(());
            };
            let mut cursor = Cursor::at(self, &found, now);
            let Stage::Receive(mut stage) = found.stage else {
                return Ok(());
            };
            let Some(issuing) = stage.issuing_mut() else {
                return Ok(());
            };
            if !issuing.has_refresh_token(spent) {
                return Ok(());
            }
            issuing.copy_token(token)?;
            match cursor.write_receipt(stage, Vec::new()).await {
                Err(WalletError::Conflict) => {}
                written => return written.map(drop),
            }
        }
        Err(WalletError::Conflict)
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

    /// Spends the refresh token, whose access is bound to the same key. What is held of the same receipt may be issued again at the same time,
    /// which spends it too: it is looked at again before it is spent, and before a refusal counts.
    async fn renew_to_tell(
        &self,
        flow: FlowId,
        issuing: &mut Issuing,
        now: UnixTime,
    ) -> Result<Renewed, WalletError> {
        let no_access = Renewed::No(Told::Over(DeletionNotice::NoAccess));
        let Some(refresh_token) = issuing.refresh_token.take() else {
            return Ok(no_access);
        };
        if !self.is_to_be_spent(flow, &refresh_token, now).await? {
            return Ok(Renewed::ByOthers);
        }
        let grant = TokenGrant::RefreshToken {
            refresh_token,
            scope: None,
        };
        let request = TokenRequest::new(grant, issuing.plan.client_parameters());
        let key = issuing.token_key.as_ref();
        let exchanged = self.exchange(&issuing.plan, &request, key, now).await;
        let TokenGrant::RefreshToken { refresh_token, .. } = request.grant else {
            return Ok(Renewed::No(Told::InVain));
        };
        Ok(match exchanged {
            Ok(Exchanged::Token(token)) => Renewed::Token(token, refresh_token),
            Ok(Exchanged::Refused(_) | Exchanged::Unacceptable(_)) => {
                if self.is_to_be_spent(flow, &refresh_token, now).await? {
                    no_access
                } else {
                    Renewed::ByOthers
                }
            }
            Ok(Exchanged::KeyLocked) => Renewed::No(Told::NotTried),
            Err(error) => Renewed::No(Told::of_failure(&error)),
        })
    }

    /// Whether the receipt still waits for its access to be renewed by this refresh token.
    async fn is_to_be_spent(
        &self,
        flow: FlowId,
        token: &RefreshToken,
        now: UnixTime,
    ) -> Result<bool, WalletError> {
        let found = self.renewable(flow, now).await?;
        Ok(found.is_some_and(|(_, issuing)| issuing.has_refresh_token(token)))
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
            // The address is one that this wallet never goes to.
            WalletError::Network(TransportError::Refused) => Self::Over(DeletionNotice::NotReached),
            // Also an answer that is too large: nobody knows whether it was a success.
            _ => Self::InVain,
        }
    }
}
