//! The calls of the facade, and the loop over the stages.

use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::KeyHandle;
use symbolon_protocol::openid4vci::offer::TxCodePrompt;
use symbolon_protocol::secret::TransactionCode;

use super::outcome::{ReceiptProblem, ReceiveOutcome, TransactionCodeAttempt};
use super::stage::{FinishedReceipt, Issuing, ReceiveStage, RequestingToken, SendState};
use crate::error::WalletError;
use crate::identifiers::FlowId;
use crate::ports::Change;
use crate::record::Stage;
use crate::wallet::{Cursor, Wallet};

/// What a step led to.
pub(super) enum Step {
    /// A further stage, already durable.
    Next(ReceiveStage),
    /// The person must do something.
    Wait(ReceiveOutcome),
}

impl Wallet {
    /// The person agrees to receive from the issuer shown. Fetches offer and metadata, gets access, creates keys, requests
    /// the credentials, verifies and stores them. Give the transaction code when the person already has it.
    ///
    /// # Errors
    /// [`WalletError::WrongStage`] when the flow is beyond consent; [`WalletError::Network`] and
    /// [`WalletError::PeerUnavailable`] leave the flow to be resumed.
    pub async fn accept_offer(
        &self,
        flow: FlowId,
        transaction_code: Option<TransactionCode>,
        now: UnixTime,
    ) -> Result<ReceiveOutcome, WalletError> {
        let flow = self.flow(flow).await?;
        let mut cursor = Cursor::at(self, &flow, now);
        let Stage::Receive(ReceiveStage::AwaitingConsent { source, issuers }) = flow.stage else {
            return Err(WalletError::WrongStage);
        };
        let stage = ReceiveStage::Consented {
            source,
            issuers,
            transaction_code,
        };
        let stage = cursor.write_receipt(stage, Vec::new()).await?;
        self.drive_receipt(cursor, stage).await
    }

    /// The person declines, or does not sign in. Nothing is sent.
    ///
    /// # Errors
    /// [`WalletError::WrongStage`] when the flow is beyond consent and sign-in.
    pub async fn decline_offer(&self, flow: FlowId, now: UnixTime) -> Result<(), WalletError> {
        let flow = self.flow(flow).await?;
        let mut cursor = Cursor::at(self, &flow, now);
        let Stage::Receive(
            stage @ (ReceiveStage::AwaitingConsent { .. }
            | ReceiveStage::AwaitingTransactionCode { .. }
            | ReceiveStage::Authorizing(_)),
        ) = flow.stage
        else {
            return Err(WalletError::WrongStage);
        };
        let next = cursor
            .write_receipt(ReceiveStage::Finished(FinishedReceipt::Declined), Vec::new())
            .await?;
        self.drop_token_key(stage.token_key(), &next)
    }

    /// The person entered the transaction code.
    ///
    /// # Errors
    /// As [`Wallet::accept_offer`]. A wrong code is an outcome: [`ReceiveOutcome::TransactionCodeNeeded`] again.
    pub async fn enter_transaction_code(
        &self,
        flow: FlowId,
        transaction_code: TransactionCode,
        now: UnixTime,
    ) -> Result<ReceiveOutcome, WalletError> {
        let flow = self.flow(flow).await?;
        let mut cursor = Cursor::at(self, &flow, now);
        let Stage::Receive(ReceiveStage::AwaitingTransactionCode { plan, grant, refused }) = flow.stage
        else {
            return Err(WalletError::WrongStage);
        };
        let requesting = RequestingToken {
            plan: *plan,
            grant,
            transaction_code: Some(transaction_code),
            refused,
            sent: SendState::Never,
            token_key: None,
        };
        let stage = ReceiveStage::RequestingToken(Box::new(requesting));
        let stage = cursor.write_receipt(stage, Vec::new()).await?;
        self.drive_receipt(cursor, stage).await
    }

    /// Deletes the key that tokens of the last stage were bound to, when the next has no use for it. Killed in between,
    /// `recover` deletes it.
    pub(super) fn drop_token_key(
        &self,
        before: Option<&KeyHandle>,
        next: &ReceiveStage,
    ) -> Result<(), WalletError> {
        match before {
            Some(key) if next.token_key() != Some(key) => Ok(self.ports.keys.delete(key)?),
            _ => Ok(()),
        }
    }

    /// Goes from stage to stage until the person is needed or it is over.
    pub(crate) async fn drive_receipt(
        &self,
        mut cursor: Cursor<'_>,
        mut stage: ReceiveStage,
    ) -> Result<ReceiveOutcome, WalletError> {
        loop {
            let token_key = stage.token_key().cloned();
            let step = match stage {
                ReceiveStage::AwaitingConsent { source, issuers } => {
                    return self
                        .shown(cursor.id, &source, &issuers)
                        .map(ReceiveOutcome::AwaitingConsent);
                }
                ReceiveStage::Consented {
                    source,
                    issuers,
                    transaction_code,
                } => Step::Next(
                    self.prepare_receipt(&mut cursor, source, issuers, transaction_code)
                        .await?,
                ),
                ReceiveStage::AwaitingTransactionCode { grant, refused, .. } => {
                    return Ok(code_needed(grant.prompt.unwrap_or_default(), refused));
                }
                ReceiveStage::RequestingToken(requesting) => {
                    self.request_token(&mut cursor, *requesting).await?
                }
                ReceiveStage::Authorizing(authorizing) => {
                    self.prepare_sign_in(&mut cursor, *authorizing).await?
                }
                ReceiveStage::RedeemingCode(redeeming) => self.redeem_code(&mut cursor, *redeeming).await?,
                ReceiveStage::Renewing(renewing) => self.renew_access(&mut cursor, *renewing).await?,
                ReceiveStage::Issuing(issuing) => self.request_credential(&mut cursor, *issuing).await?,
                ReceiveStage::Renewable(issuing) => return Ok(stored(*issuing)),
                ReceiveStage::Finished(finished) => return Ok(finished.into()),
            };
            match step {
                Step::Next(next) => {
                    self.drop_token_key(token_key.as_ref(), &next)?;
                    stage = next;
                }
                Step::Wait(outcome) => return Ok(outcome),
            }
        }
    }
}

impl Cursor<'_> {
    /// Makes a stage durable together with `changes`.
    pub(super) async fn write_receipt(
        &mut self,
        stage: ReceiveStage,
        changes: Vec<Change>,
    ) -> Result<ReceiveStage, WalletError> {
        match self.write(Stage::Receive(stage), changes).await? {
            Stage::Receive(stage) => Ok(stage),
            Stage::Present(_) | Stage::AtOrigin(_) => Err(WalletError::WrongStage),
        }
    }

    /// Ends the receipt before anything was stored.
    pub(super) async fn refuse(&mut self, problem: ReceiptProblem) -> Result<ReceiveStage, WalletError> {
        let finished = FinishedReceipt::Refused {
            problem,
            stored: Vec::new(),
        };
        self.write_receipt(ReceiveStage::Finished(finished), Vec::new())
            .await
    }
}

fn stored(issuing: Issuing) -> ReceiveOutcome {
    ReceiveOutcome::Stored {
        credentials: issuing.stored,
        not_supported: issuing.plan.not_supported,
    }
}

fn code_needed(prompt: TxCodePrompt, refused: u32) -> ReceiveOutcome {
    let attempt = match refused {
        0 => TransactionCodeAttempt::First,
        refused => TransactionCodeAttempt::AfterRefusal { refused },
    };
    ReceiveOutcome::TransactionCodeNeeded { prompt, attempt }
}

impl From<FinishedReceipt> for ReceiveOutcome {
    fn from(finished: FinishedReceipt) -> Self {
        match finished {
            FinishedReceipt::Stored {
                credentials,
                not_supported,
            } => Self::Stored {
                credentials,
                not_supported,
            },
            FinishedReceipt::Declined => Self::Declined,
            FinishedReceipt::NewOfferNeeded(reason) => Self::NewOfferNeeded(reason),
            FinishedReceipt::Refused { problem, stored } => Self::Refused { problem, stored },
        }
    }
}
