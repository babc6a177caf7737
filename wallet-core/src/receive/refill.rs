//! Fresh copies before the last one was shown.
//!
//! An issuer that is asked for copies learns that those before were used, and roughly how fast; nothing of whom they were shown to. So that it
//! does not learn when, copies are asked for by a background job and **never because a credential was shown**.

use symbolon_crypto::UnixTime;

use super::outcome::ReceiveOutcome;
use super::stage::ReceiveStage;
use crate::error::WalletError;
use crate::hold::{Badge, Condition, wants_copies};
use crate::identifiers::{CredentialId, FlowId};
use crate::record::Stage;
use crate::wallet::{Resumed, Wallet};

/// What came of asking for fresh copies of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refill {
    /// The credential whose copies run out.
    pub credential: CredentialId,
    /// What came of it.
    pub outcome: RefillOutcome,
}

/// What came of asking an issuer for fresh copies. Whatever it is but the first, the copies that are left stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefillOutcome {
    /// Fresh copies are held, of this credential and of the others that came with it, under new names.
    Refilled(Vec<CredentialId>),
    /// The issuer hands them out later, or the key store waits for the person. The next call goes on.
    Waiting,
    /// The issuer cannot be reached. The next call tries again.
    NotReachable,
    /// The issuer gave no access that could be renewed, or has ended it: the person signs in again, or asks for an offer.
    NoAccess,
    /// The issuer does not issue it again, or what came was refused.
    Refused,
    /// The person deleted it meanwhile. Nothing was kept, and the issuer is told where it wants to hear.
    Deleted,
}

impl Wallet {
    /// Has everything issued again that came as several copies of which few are left, or which expire soon, as far as their issuers gave
    /// access to do so without the person. Call it from a background job, as [`refresh`](Wallet::refresh), and never while something is
    /// being shown.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like. That copies could not be had is an outcome.
    pub async fn refill(&self, now: UnixTime) -> Result<Vec<Refill>, WalletError> {
        let statuses = self.ports.store.statuses().await?;
        let mut refills = Vec::new();
        for held in self.ports.store.credentials().await? {
            let known = statuses.iter().find(|known| known.credential == held.id);
            // An issuer that took it back would end the access, which may have other credentials.
            let is_revoked = Badge::of(&held, known, None, now).condition == Condition::Revoked;
            if is_revoked || !wants_copies(&held, now) {
                continue;
            }
            // What came by one sign-in is issued again together.
            if self.ports.store.credential(held.id).await?.is_none() {
                continue;
            }
            refills.push(Refill {
                credential: held.id,
                outcome: self.refill_one(held.id, now).await?,
            });
        }
        Ok(refills)
    }

    async fn refill_one(&self, id: CredentialId, now: UnixTime) -> Result<RefillOutcome, WalletError> {
        let outcome = match self.renewal_of(id).await? {
            None => self.renew(id, now).await,
            Some(flow) => match self.resume(flow, now).await {
                Ok(Resumed::Receiving(outcome)) => Ok(outcome),
                Ok(Resumed::Presenting(_) | Resumed::AtOrigin(_)) => Err(WalletError::WrongStage),
                Err(error) => Err(error),
            },
        };
        match outcome {
            Ok(ReceiveOutcome::Stored { credentials, .. }) if credentials.is_empty() => {
                Ok(RefillOutcome::Deleted)
            }
            Ok(ReceiveOutcome::Stored { credentials, .. }) => Ok(RefillOutcome::Refilled(credentials)),
            // Another operation changed the wallet, such as a deletion right now.
            Ok(ReceiveOutcome::Deferred { .. } | ReceiveOutcome::KeyLocked) | Err(WalletError::Conflict) => {
                Ok(RefillOutcome::Waiting)
            }
            Ok(ReceiveOutcome::NewOfferNeeded(_)) | Err(WalletError::NotFound) => Ok(RefillOutcome::NoAccess),
            Ok(_) => Ok(RefillOutcome::Refused),
            Err(WalletError::Network(_) | WalletError::PeerUnavailable { .. }) => {
                Ok(RefillOutcome::NotReachable)
            }
            Err(error) => Err(error),
        }
    }

    /// The renewal of a credential that has begun and is not over.
    async fn renewal_of(&self, id: CredentialId) -> Result<Option<FlowId>, WalletError> {
        let flows = self.ports.store.flows().await?;
        let found = flows.into_iter().find(|flow| match &flow.stage {
            Stage::Receive(ReceiveStage::Issuing(issuing)) => issuing.replaced.contains(&id),
            Stage::Receive(ReceiveStage::Renewing(renewing)) => renewing.issuing.replaced.contains(&id),
            _ => false,
        });
        Ok(found.map(|flow| flow.id))
    }
}
