//! Offers of credentials.

use symbolon_protocol::secret::TransactionCode;
use symbolon_wallet_core::consent_policy::{BroughtBy, OfferVerdict, PersonAddress};
use symbolon_wallet_core::receive::{ReceiptProblem, ReceiveOutcome};
use symbolon_wallet_core::{
    Direction, FlowId, HandedOut, TransportError, WaitingFlow, WaitsFor, WalletError,
};

use super::answered::{Answered, Ended};
use super::showing::forget;
use super::{Agent, AgentError, CALLBACK_PATH, Person};

impl Agent {
    /// Takes an offer, whose parameters are those of a query, into the wallet of whoever has the address.
    ///
    /// # Errors
    /// [`AgentError`]; nothing was fetched for an offer that the policy does not take, and nothing is kept of one that finds no room.
    pub async fn receive(
        &self,
        address: Option<&PersonAddress>,
        parameters: &str,
        brought_by: BroughtBy,
    ) -> Result<Answered, AgentError> {
        let person = self.person(address)?;
        // Also an offer that is taken may wait: for its issuer, or for whoever signs in there.
        if brought_by == BroughtBy::Anybody && self.waiting_offers().await? >= self.policy.waiting_requests()
        {
            return Err(AgentError::Full);
        }
        let link = format!("openid-credential-offer://?{parameters}");
        let offer = person.wallet.receive_offer(&link, self.now()).await?;
        let _driving = self.drive(offer.flow)?;
        match self.policy.decide_offer(&offer, address, brought_by) {
            OfferVerdict::Receive {
                transaction_code_file,
            } => {
                let code = transaction_code_file.and_then(|file| self.transaction_codes.get(&file));
                let code = code.and_then(|code| TransactionCode::parse(code.expose()));
                self.accept(person, offer.flow, code).await
            }
            OfferVerdict::Refuse => {
                forget(person, offer.flow).await?;
                Ok(Answered::Ended(Ended::Declined))
            }
            OfferVerdict::Hold => Ok(Answered::Waiting(offer.flow)),
        }
    }

    /// Takes what was offered; the code comes from the policy or from somebody.
    pub(super) async fn accept(
        &self,
        person: Person<'_>,
        flow: FlowId,
        code: Option<TransactionCode>,
    ) -> Result<Answered, AgentError> {
        let (wallet, now) = (person.wallet, self.now());
        let outcome = match (wallet.waits_for(flow).await?, code) {
            (Some(WaitsFor::TransactionCode), Some(code)) => {
                wallet.enter_transaction_code(flow, code, now).await
            }
            (Some(WaitsFor::TransactionCode), None) => return Ok(Answered::Waiting(flow)),
            (_, code) => wallet.accept_offer(flow, code, now).await,
        };
        received(person, flow, outcome).await
    }

    /// The browser came back from the issuer's page with this query. It says itself, by its cookie, which flow it left for: the address
    /// alone could be somebody else's, who would have this wallet receive his credential.
    ///
    /// # Errors
    /// [`AgentError`].
    pub async fn signed_in(&self, flow: FlowId, query: &str) -> Result<Answered, AgentError> {
        let person = self.owner(flow).await?;
        let _driving = self.drive(flow)?;
        let base = self.identifier.as_str().trim_end_matches('/');
        let answer = format!("{base}{CALLBACK_PATH}?{query}");
        let outcome = person.wallet.complete_sign_in(flow, &answer, self.now()).await;
        received(person, flow, outcome).await
    }
}

/// What comes of a step of receiving. An offer that leads to an address that is not to be asked, or to more than may be read, is over: it would
/// be asked again for ever.
pub(super) async fn received(
    person: Person<'_>,
    flow: FlowId,
    outcome: Result<ReceiveOutcome, WalletError>,
) -> Result<Answered, AgentError> {
    match outcome {
        Ok(outcome) => swept(person, Answered::of_receipt(flow, outcome), flow).await,
        Err(WalletError::Network(TransportError::TooLarge | TransportError::Refused))
            if has_nothing_yet(person, flow).await? =>
        {
            let ended = Ended::NotReceived(ReceiptProblem::Offer);
            swept(person, Answered::Ended(ended), flow).await
        }
        Err(WalletError::Network(_) | WalletError::PeerUnavailable { .. }) => Ok(Answered::Waiting(flow)),
        Err(error) => Err(error.into()),
    }
}

/// Whether nothing but an offer is lost with a flow.
pub(super) fn is_offer_alone(flow: &WaitingFlow) -> bool {
    flow.direction == Direction::Receiving && flow.handed_out == HandedOut::Nothing
}

async fn has_nothing_yet(person: Person<'_>, flow: FlowId) -> Result<bool, AgentError> {
    let flow = person.wallet.waiting_flow(flow).await?;
    Ok(flow.is_some_and(|flow| is_offer_alone(&flow)))
}

/// Forgets an offer of which nothing came. Whoever brought it is told now, and strangers must not fill the store with what ended.
pub(super) async fn swept(
    person: Person<'_>,
    answered: Answered,
    flow: FlowId,
) -> Result<Answered, AgentError> {
    if let Answered::Ended(Ended::Declined | Ended::NotReceived(_) | Ended::OfferSpent) = answered {
        forget(person, flow).await?;
    }
    Ok(answered)
}
