//! The flows that are not over, for wallets that nobody looks at while they go on.

use symbolon_crypto::UnixTime;

use crate::error::WalletError;
use crate::identifiers::FlowId;
use crate::ports::Change;
use crate::present::{OriginStage, PresentStage};
use crate::receive::{Issuing, ReceiveStage};
use crate::record::{Flow, Stage};
use crate::wallet::{FINISHED_FLOW_LIFETIME, Resumed, Wallet};

/// A flow that is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingFlow {
    /// Its name.
    pub flow: FlowId,
    /// When it began.
    pub started: UnixTime,
    /// Which way credentials go in it.
    pub direction: Direction,
    /// What it waits for.
    pub waits_for: WaitsFor,
    /// What an issuer has handed out in it; nothing where credentials are shown.
    pub handed_out: HandedOut,
}

/// What an issuer has handed out in a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandedOut {
    /// Nothing, and nothing is promised: whoever gives the flow up loses an offer.
    Nothing,
    /// A credential, or the promise of one for later.
    Something,
    /// What is held already, which is issued again in it: the access that does so ends with the flow.
    Before,
}

impl HandedOut {
    fn of(stage: &Stage) -> Self {
        match stage {
            Stage::Receive(ReceiveStage::Renewing(_)) => Self::Before,
            Stage::Receive(ReceiveStage::Issuing(issuing) | ReceiveStage::Renewable(issuing)) => {
                if !issuing.replaced.is_empty() {
                    Self::Before
                } else if issuing.deferred.is_some() || !issuing.stored.is_empty() {
                    Self::Something
                } else {
                    Self::Nothing
                }
            }
            _ => Self::Nothing,
        }
    }
}

/// Which way credentials go in a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// They are received.
    Receiving,
    /// They are shown.
    Showing,
}

/// What a flow waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitsFor {
    /// Somebody who agrees that something is shown, or declines.
    ConsentToShow,
    /// Somebody who agrees that something is received, or declines.
    ConsentToReceive,
    /// Somebody who has the transaction code.
    TransactionCode,
    /// Somebody who signs in at the issuer.
    SignIn,
    /// The issuer, which hands out the credential later.
    Issuer {
        /// Not before.
        until: UnixTime,
    },
    /// Nobody: it was interrupted, and can be resumed.
    Resumption,
}

impl WaitsFor {
    /// What a flow at this stage waits for; `None` when it is over.
    fn of(stage: &Stage) -> Option<Self> {
        match stage {
            stage if stage.is_finished() => None,
            Stage::Present(PresentStage::AwaitingConsent { .. })
            | Stage::AtOrigin(OriginStage::AwaitingConsent(_)) => Some(Self::ConsentToShow),
            Stage::Receive(ReceiveStage::AwaitingConsent { .. }) => Some(Self::ConsentToReceive),
            Stage::Receive(ReceiveStage::AwaitingTransactionCode { .. }) => Some(Self::TransactionCode),
            Stage::Receive(ReceiveStage::Authorizing(_)) => Some(Self::SignIn),
            Stage::Receive(ReceiveStage::Issuing(issuing)) => Some(match &**issuing {
                Issuing {
                    deferred: Some(deferral),
                    ..
                } => Self::Issuer {
                    until: deferral.not_before,
                },
                _ => Self::Resumption,
            }),
            _ => Some(Self::Resumption),
        }
    }
}

impl Wallet {
    /// The flows that are not over, the oldest first.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like.
    pub async fn waiting(&self) -> Result<Vec<WaitingFlow>, WalletError> {
        let flows = self.ports.store.flows().await?;
        let mut waiting: Vec<WaitingFlow> = flows.iter().filter_map(waiting_flow).collect();
        waiting.sort_by_key(|flow| (flow.started, flow.flow));
        Ok(waiting)
    }

    /// What a flow waits for; `None` when it is over.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when there is no such flow.
    pub async fn waits_for(&self, flow: FlowId) -> Result<Option<WaitsFor>, WalletError> {
        Ok(WaitsFor::of(&self.flow(flow).await?.stage))
    }

    /// A flow as it is now; `None` when it is over.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when there is no such flow.
    pub async fn waiting_flow(&self, flow: FlowId) -> Result<Option<WaitingFlow>, WalletError> {
        Ok(waiting_flow(&self.flow(flow).await?))
    }

    /// Tells again what a flow asks consent for. Nothing goes on by it, whoever else works on the flow at the same time.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when there is no such flow, [`WalletError::WrongStage`] when it does not wait for consent; otherwise as
    /// [`Wallet::resume`].
    pub async fn look_at(&self, flow: FlowId, now: UnixTime) -> Result<Resumed, WalletError> {
        let flow = self.flow(flow).await?;
        match WaitsFor::of(&flow.stage) {
            Some(WaitsFor::ConsentToShow | WaitsFor::ConsentToReceive) => self.go_on(flow, now).await,
            _ => Err(WalletError::WrongStage),
        }
    }

    /// What a flow was bound to when it began: see [`Wallet::open_bound_request`].
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when there is no such flow.
    pub async fn bound_to(&self, flow: FlowId) -> Result<Option<String>, WalletError> {
        Ok(self.flow(flow).await?.bound_to)
    }

    /// Gives a flow another name, by which alone it goes on: whoever knew the one before has no part in it any more. It counts as begun
    /// now, since somebody has just said that it is to go on. Nothing else of it changes. No other call may be working on it.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when there is no such flow.
    pub async fn rename(&self, flow: FlowId, now: UnixTime) -> Result<FlowId, WalletError> {
        let flow = self.flow(flow).await?;
        let (before, id) = (flow.id, FlowId::make(self.ports.randomness.as_ref())?);
        let renamed = Flow {
            id,
            revision: 1,
            started: now,
            updated: now,
            ..flow
        };
        let changes = vec![Change::DeleteFlow(before), Change::PutFlow(Box::new(renamed))];
        self.ports.store.commit(changes).await?;
        Ok(id)
    }

    /// Forgets the flows that ended more than a day ago, with those that could renew what is no longer held. [`Wallet::recover`] does so when a wallet is opened; one that stays open calls
    /// this from time to time.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like.
    pub async fn forget_finished(&self, now: UnixTime) -> Result<usize, WalletError> {
        let mut old = self.ports.store.flows().await?;
        old.retain(|flow| flow.updated.plus(FINISHED_FLOW_LIFETIME) < now && flow.stage.is_finished());
        if old.is_empty() {
            return Ok(0);
        }
        let held = self.ports.store.credentials().await?;
        // Kept as long as there is something to renew, or to tell.
        old.retain(|flow| match &flow.stage {
            Stage::Receive(ReceiveStage::Renewable(issuing)) => {
                !issuing.is_needed(|id| held.iter().any(|credential| credential.id == *id))
            }
            _ => true,
        });
        if !old.is_empty() {
            let changes = old.iter().map(|flow| Change::DeleteFlow(flow.id)).collect();
            self.ports.store.commit(changes).await?;
        }
        for key in old.iter().flat_map(|flow| flow.stage.keys()) {
            self.ports.keys.delete(key)?;
        }
        Ok(old.len())
    }
}

fn waiting_flow(flow: &Flow) -> Option<WaitingFlow> {
    Some(WaitingFlow {
        flow: flow.id,
        started: flow.started,
        direction: match flow.stage {
            Stage::Receive(_) => Direction::Receiving,
            Stage::Present(_) | Stage::AtOrigin(_) => Direction::Showing,
        },
        waits_for: WaitsFor::of(&flow.stage)?,
        handed_out: HandedOut::of(&flow.stage),
    })
}
