//! Requests for presentations.

use symbolon_wallet_core::consent_policy::{ConsentVerdict, PersonAddress};
use symbolon_wallet_core::present::{Choice, ConsentRequest, Decision, Opened, RequestProblem};
use symbolon_wallet_core::{FlowId, Resumed, WaitsFor, WalletError};

use super::answered::{Answered, Ended};
use super::{Agent, AgentError, Person};

impl Agent {
    /// Answers a request, whose parameters are those of a query or a form, with the wallet of whoever has the address.
    ///
    /// # Errors
    /// [`AgentError`]; what a verifier hears of it, it has heard then.
    pub async fn authorize(
        &self,
        address: Option<&PersonAddress>,
        parameters: &str,
    ) -> Result<Answered, AgentError> {
        let person = self.person(address)?;
        let link = format!("openid4vp://?{parameters}");
        let opened = person
            .wallet
            .open_request(&link, &self.languages, self.now())
            .await?;
        match opened {
            Opened::Refused {
                redirect_uri: Some(at),
                ..
            } => Ok(Answered::GoOn(at)),
            // Like what the policy refuses: whoever brought the request must not learn which of the two it was.
            Opened::Refused {
                problem: RequestProblem::RefusedAlways,
                redirect_uri: None,
            } => Ok(Answered::Ended(Ended::Declined)),
            Opened::Refused {
                problem,
                redirect_uri: None,
            } => Ok(Answered::Ended(Ended::Refused(problem))),
            Opened::AwaitingConsent(request) => {
                let _driving = self.drive(request.flow)?;
                self.consider(person, &request).await
            }
        }
    }

    /// Does with a request what the policy says.
    pub(super) async fn consider(
        &self,
        person: Person<'_>,
        request: &ConsentRequest,
    ) -> Result<Answered, AgentError> {
        match self.policy.decide(request, person.address) {
            ConsentVerdict::Share { choice, rule } => {
                tracing::info!(rule, "a request is answered");
                self.share(person, request.flow, choice).await
            }
            ConsentVerdict::Refuse => {
                let answered = self.decline(person, request).await?;
                // Nobody asks again how it ended, and verifiers must not fill the store with what was declined.
                forget(person, request.flow).await?;
                Ok(answered)
            }
            ConsentVerdict::Hold => {
                if self.waiting_requests().await? > self.policy.waiting_requests() {
                    self.decline(person, request).await?;
                    forget(person, request.flow).await?;
                    return Err(AgentError::Full);
                }
                Ok(Answered::Waiting(request.flow))
            }
        }
    }

    pub(super) async fn share(
        &self,
        person: Person<'_>,
        flow: FlowId,
        choice: Choice,
    ) -> Result<Answered, AgentError> {
        let decision = Decision::Share(choice);
        let outcome = match person.wallet.answer_request(flow, decision, self.now()).await {
            // Another request was answered with the same copy: the next one takes its place.
            Err(WalletError::Conflict) => match person.wallet.resume(flow, self.now()).await? {
                Resumed::Presenting(outcome) => outcome,
                Resumed::Receiving(_) | Resumed::AtOrigin(_) => return Err(WalletError::WrongStage.into()),
            },
            // It is sent again as long as its verifier may wait for it.
            Err(WalletError::Network(_) | WalletError::PeerUnavailable { .. }) => {
                return Ok(Answered::Waiting(flow));
            }
            outcome => outcome?,
        };
        Ok(Answered::of_presentation(flow, outcome))
    }

    /// Refuses, and tells the verifier where it proved its address. Nothing is kept of strangers: they could fill the history.
    pub(super) async fn decline(
        &self,
        person: Person<'_>,
        request: &ConsentRequest,
    ) -> Result<Answered, AgentError> {
        let wallet = person.wallet;
        if request.verifier.evidence.is_unverified() {
            wallet.abandon(request.flow).await?;
            return Ok(Answered::Ended(Ended::Declined));
        }
        let outcome = wallet
            .answer_request(request.flow, Decision::Decline, self.now())
            .await?;
        Ok(Answered::of_presentation(request.flow, outcome))
    }

    /// What has become of a flow, for the browser that brought it.
    ///
    /// # Errors
    /// [`AgentError`].
    pub async fn look_after(&self, flow: FlowId) -> Result<Answered, AgentError> {
        let person = self.owner(flow).await?;
        let Ok(_driving) = self.drive(flow) else {
            return Ok(Answered::Waiting(flow));
        };
        match person.wallet.waits_for(flow).await? {
            Some(WaitsFor::ConsentToShow | WaitsFor::ConsentToReceive | WaitsFor::TransactionCode) => {
                Ok(Answered::Waiting(flow))
            }
            _ => match person.wallet.resume(flow, self.now()).await {
                Ok(resumed) => Ok(answered(flow, resumed)),
                Err(WalletError::Network(_) | WalletError::PeerUnavailable { .. }) => {
                    Ok(Answered::Waiting(flow))
                }
                Err(error) => Err(error.into()),
            },
        }
    }
}

/// Forgets a flow, which may be gone already.
async fn forget(person: Person<'_>, flow: FlowId) -> Result<(), AgentError> {
    match person.wallet.abandon(flow).await {
        Ok(()) | Err(WalletError::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What a resumed flow led to.
pub(super) fn answered(flow: FlowId, resumed: Resumed) -> Answered {
    match resumed {
        Resumed::Presenting(outcome) => Answered::of_presentation(flow, outcome),
        Resumed::Receiving(outcome) => Answered::of_receipt(flow, outcome),
        Resumed::AtOrigin(_) => Answered::Waiting(flow),
    }
}
