//! Access that is renewed by a refresh token ([RFC 6749 §6]): when it expires half-way, and when credentials are to be issued
//! again.
//!
//! [RFC 6749 §6]: https://www.rfc-editor.org/rfc/rfc6749#section-6

use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::KeyHandle;
use symbolon_protocol::openid4vci::token::{TokenGrant, TokenRequest, TokenResponse};

use super::access::Exchanged;
use super::outcome::{NewOfferReason, ReceiveOutcome};
use super::run::Step;
use super::stage::{FinishedReceipt, Issuing, PlannedCredential, ReceiveStage, Renewing, SendState};
use crate::error::WalletError;
use crate::identifiers::CredentialId;
use crate::ports::{Change, TransportError};
use crate::record::{DeletionNotice, HeldCredential, HistoryEvent, Stage};
use crate::wallet::{Cursor, Wallet};

impl Wallet {
    /// Has a credential issued again, and every other one that is still held of the same receipt, with the access that the
    /// issuer granted then. Each new credential takes the place of the old one.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when there is no such credential, or no access that could be renewed: ask the issuer for a
    /// new offer. Otherwise as [`Wallet::accept_offer`].
    pub async fn renew(
        &self,
        credential: CredentialId,
        now: UnixTime,
    ) -> Result<ReceiveOutcome, WalletError> {
        let flows = self.ports.store.flows().await?;
        let found = flows.into_iter().find_map(|flow| {
            let cursor = Cursor::at(self, &flow, now);
            match flow.stage {
                Stage::Receive(ReceiveStage::Renewable(issuing))
                    if issuing.refresh_token.is_some() && issuing.stored.contains(&credential) =>
                {
                    Some((cursor, *issuing))
                }
                _ => None,
            }
        });
        let (mut cursor, mut issuing) = found.ok_or(WalletError::NotFound)?;
        let held = self.ports.store.credentials().await?;
        if !held.iter().any(|held| held.id == credential) {
            return Err(WalletError::NotFound);
        }
        begin_again(&mut issuing, &held);
        let renewing = Renewing {
            issuing,
            sent: SendState::Never,
        };
        let stage = ReceiveStage::Renewing(Box::new(renewing));
        let stage = cursor.write_receipt(stage, Vec::new()).await?;
        self.drive_receipt(cursor, stage).await
    }

    /// Spends the refresh token, and goes on with what it gave.
    pub(super) async fn renew_access(
        &self,
        cursor: &mut Cursor<'_>,
        renewing: Renewing,
    ) -> Result<Step, WalletError> {
        let before = renewing.sent;
        let mut issuing = match before {
            SendState::Never => cursor.write_renewal(renewing.issuing, SendState::Perhaps).await?,
            SendState::Perhaps => renewing.issuing,
        };
        let Some(refresh_token) = issuing.refresh_token.take() else {
            return self.end_renewal(cursor, issuing).await.map(Step::Next);
        };
        let grant = TokenGrant::RefreshToken {
            refresh_token,
            scope: None,
        };
        let request = TokenRequest::new(grant, issuing.plan.client_parameters());
        let key = issuing.token_key.as_ref();
        let exchanged = self.exchange(&issuing.plan, &request, key, cursor.now).await;
        if let TokenGrant::RefreshToken { refresh_token, .. } = request.grant {
            issuing.refresh_token = Some(refresh_token);
        }
        match exchanged {
            Err(error) => {
                if error == WalletError::Network(TransportError::Unreachable) && before == SendState::Never {
                    cursor.write_renewal(issuing, SendState::Never).await?;
                }
                Err(error)
            }
            Ok(Exchanged::KeyLocked) => {
                cursor.write_renewal(issuing, before).await?;
                Ok(Step::Wait(ReceiveOutcome::KeyLocked))
            }
            Ok(Exchanged::Token(token)) => {
                rename_datasets(&mut issuing, &token);
                issuing.renewed_at = Some(issuing.next);
                issuing.take_token(*token);
                let stage = ReceiveStage::Issuing(Box::new(issuing));
                cursor.write_receipt(stage, Vec::new()).await.map(Step::Next)
            }
            Ok(Exchanged::Refused(_) | Exchanged::Unacceptable(_)) => {
                self.end_renewal(cursor, issuing).await.map(Step::Next)
            }
        }
    }

    /// The access token was refused: renews it, once for each credential.
    pub(super) async fn renew_or_end(
        &self,
        cursor: &mut Cursor<'_>,
        issuing: Issuing,
    ) -> Result<ReceiveStage, WalletError> {
        if issuing.refresh_token.is_none() || issuing.renewed_at == Some(issuing.next) {
            return self.end_renewal(cursor, issuing).await;
        }
        let renewing = Renewing {
            issuing,
            sent: SendState::Never,
        };
        let stage = ReceiveStage::Renewing(Box::new(renewing));
        cursor.write_receipt(stage, Vec::new()).await
    }

    /// There is no access any more. What was stored stays.
    async fn end_renewal(
        &self,
        cursor: &mut Cursor<'_>,
        issuing: Issuing,
    ) -> Result<ReceiveStage, WalletError> {
        let finished = FinishedReceipt::NewOfferNeeded(NewOfferReason::AccessExpired);
        let stage = ReceiveStage::Finished(finished);
        let keys: Vec<KeyHandle> = issuing.keys().cloned().collect();
        let changes = self.noticed(&issuing.to_delete, DeletionNotice::NoAccess).await?;
        self.end_without(cursor, stage, changes, &keys).await
    }

    /// Whether the person deleted the credential whose place the next one is to take. Nothing is to come back then.
    pub(super) async fn was_deleted_meanwhile(&self, issuing: &Issuing) -> Result<bool, WalletError> {
        match issuing.replaced.get(issuing.next) {
            Some(old) => Ok(self.ports.store.credential(*old).await?.is_none()),
            None => Ok(false),
        }
    }

    /// Goes on without the next credential, and deletes the keys that were made for it.
    pub(super) async fn keep_nothing(
        &self,
        cursor: &mut Cursor<'_>,
        mut issuing: Issuing,
    ) -> Result<ReceiveStage, WalletError> {
        let keys: Vec<KeyHandle> = issuing.keys().cloned().collect();
        issuing.give_up_next();
        let stage = ReceiveStage::Issuing(Box::new(issuing));
        self.end_without(cursor, stage, Vec::new(), &keys).await
    }

    /// Adds to `changes` that `credential` is stored, in the place of the one that it replaces, whose keys are returned. `again` is what
    /// it answers of what was to be issued again.
    pub(super) async fn replaced(
        &self,
        cursor: &Cursor<'_>,
        issuing: &mut Issuing,
        again: Option<CredentialId>,
        credential: HeldCredential,
        changes: &mut Vec<Change>,
    ) -> Result<Vec<KeyHandle>, WalletError> {
        changes.extend(again.map(Change::DeleteReissue));
        let credential = Box::new(credential);
        let replaced = issuing.replaced.get(issuing.next).copied();
        let old = match replaced.or(again) {
            Some(old) => self.ports.store.credential(old).await?,
            None => None,
        };
        let Some(old) = old else {
            changes.push(match replaced {
                // Deleted since it was looked for: the commit refuses what would come back.
                Some(replaced) => Change::ReplaceCredential { replaced, credential },
                None => Change::PutCredential(credential),
            });
            return Ok(Vec::new());
        };
        let keys = old.keys().cloned().collect();
        // What takes its place has a name of its own.
        issuing.take_notification(old.id);
        changes.push(Change::ReplaceCredential {
            replaced: old.id,
            credential,
        });
        changes.push(Change::DeleteStatus(old.id));
        changes.push(self.history_change(
            cursor,
            HistoryEvent::Deleted {
                credential: old.id,
                issuer: old.issuer,
                credential_type: old.credential_type,
                notice: None,
            },
        )?);
        Ok(keys)
    }
}

/// What was planned stays planned. Where the new token response names other datasets, those are requested.
fn rename_datasets(issuing: &mut Issuing, token: &TokenResponse) {
    if token.authorization_details.is_empty() {
        return;
    }
    if issuing.datasets.is_empty() {
        let name = |planned: &PlannedCredential| {
            let dataset = token.identifier_for(&planned.configuration)?;
            Some((planned.configuration.clone(), dataset.clone()))
        };
        issuing.datasets = issuing.plan.credentials.iter().filter_map(name).collect();
        return;
    }
    for (configuration, dataset) in &mut issuing.datasets {
        let mut granted = token
            .authorization_details
            .iter()
            .filter(|granted| granted.credential_configuration_id == *configuration)
            .flat_map(|granted| &granted.credential_identifiers);
        if granted.any(|granted| granted == dataset) {
            continue;
        }
        if let Some(other) = token.identifier_for(configuration) {
            *dataset = other.clone();
        }
    }
}

/// Plans what was received and is still held, in its order, to be received again.
fn begin_again(issuing: &mut Issuing, held: &[HeldCredential]) {
    let received = std::mem::take(&mut issuing.stored);
    let is_held = |id: &CredentialId| held.iter().any(|credential| credential.id == *id);
    let mut datasets = Vec::new();
    let mut credentials = Vec::new();
    issuing.next = 0;
    while let Some(planned) = issuing.plan.credentials.get(issuing.next) {
        if received.get(issuing.next).is_some_and(is_held) {
            if let Some(dataset) = issuing.dataset() {
                datasets.push((planned.configuration.clone(), dataset.clone()));
            }
            credentials.push(planned.clone());
        }
        issuing.next += 1;
    }
    issuing.plan.credentials = credentials;
    issuing.datasets = datasets;
    issuing.next = 0;
    issuing.key = None;
    issuing.copy_keys = Vec::new();
    issuing.deferred = None;
    issuing.to_accept = None;
    // One that is deleted before it was issued again has its old name still.
    issuing.notifications.retain(|(id, _)| is_held(id));
    issuing.renewed_at = None;
    issuing.replaced = received.into_iter().filter(is_held).collect();
}

impl Cursor<'_> {
    async fn write_renewal(&mut self, issuing: Issuing, sent: SendState) -> Result<Issuing, WalletError> {
        let stage = ReceiveStage::Renewing(Box::new(Renewing { issuing, sent }));
        match self.write_receipt(stage, Vec::new()).await? {
            ReceiveStage::Renewing(renewing) => Ok(renewing.issuing),
            _ => Err(WalletError::WrongStage),
        }
    }
}
