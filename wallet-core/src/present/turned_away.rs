//! Requests that a rule refuses where nobody decides.

use symbolon_crypto::UnixTime;
use symbolon_protocol::openid4vp::error::PresentationErrorCode;

use super::outcome::PresentOutcome;
use super::stage::PresentStage;
use crate::error::WalletError;
use crate::identifiers::FlowId;
use crate::ports::Change;
use crate::record::Stage;
use crate::wallet::Wallet;

impl Wallet {
    /// Refuses a request that waits for consent, by a rule and not by a person. The verifier hears what it hears of every refusal, if its
    /// request proved its address. Nothing of it is kept, neither flow nor refusal nor an entry of the history: whoever brings requests
    /// could fill the store with what nobody decided.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when there is no such flow; [`WalletError::WrongStage`] when it does not wait for consent.
    pub async fn turn_away(&self, flow: FlowId, now: UnixTime) -> Result<PresentOutcome, WalletError> {
        let flow = self.flow(flow).await?;
        let Stage::Present(
            PresentStage::AwaitingConsent {
                request_object,
                client_id,
                ..
            }
            | PresentStage::Consented {
                request_object,
                client_id,
                ..
            },
        ) = flow.stage
        else {
            return Err(WalletError::WrongStage);
        };
        // Before anybody is told, so that nobody is told twice.
        self.ports.store.commit(vec![Change::DeleteFlow(flow.id)]).await?;
        let verified = self.verify_request(&request_object, &client_id, None, now).await;
        // Nobody waits for the answer to a request that is no longer good.
        let target = verified
            .ok()
            .and_then(|verified| verified.refuse(PresentationErrorCode::AccessDenied));
        let redirect_uri = match target {
            Some(target) => self.tell(&target).await,
            None => None,
        };
        Ok(match redirect_uri {
            Some(redirect_uri) => PresentOutcome::DeclinedAndReturned { redirect_uri },
            None => PresentOutcome::Declined,
        })
    }
}
