//! What goes on while nobody asks: credentials that issuers hand out later, what was interrupted, what waited too long.

use std::sync::PoisonError;
use std::time::Duration;

use symbolon_crypto::UnixTime;
use symbolon_wallet_core::consent_policy::BroughtBy;
use symbolon_wallet_core::{Direction, Resumed, SpentCopies, WaitingFlow, WaitsFor, WalletError};

use super::queue::{request_by, still, waits_for_somebody};
use super::receiving::{is_offer_alone, received};
use super::showing::{Arrival, forget};
use super::{Agent, AgentError, Person};

/// How often copies are looked after. An issuer that cannot be reached is asked again as seldom.
const REFILL_INTERVAL: Duration = Duration::from_secs(60 * 60);

impl Agent {
    /// Goes on with what an earlier process left. Call it once, before anything else.
    ///
    /// # Errors
    /// [`AgentError`] when a wallet cannot be read.
    pub async fn begin(&self) -> Result<(), AgentError> {
        for person in self.people() {
            person.wallet.recover(self.now()).await?;
            for flow in person.wallet.waiting().await? {
                if flow.waits_for == WaitsFor::ConsentToShow {
                    // Whoever died in between had decided nothing, and the policy decides the same again.
                    noted(self.consider_again(person, flow).await);
                }
            }
        }
        Ok(())
    }

    async fn consider_again(&self, person: Person<'_>, flow: WaitingFlow) -> Result<(), AgentError> {
        let _driving = self.drive(flow.flow)?;
        let wallet = person.holding_to(SpentCopies::Refused);
        let request = request_by(wallet, flow.flow, self.now()).await?;
        // Nobody knows any more who brought it.
        let considered = self
            .consider(person, request, BroughtBy::Anybody, Arrival::Kept)
            .await;
        considered.map(|_| ())
    }

    /// One round. What fails is tried again in the next.
    pub async fn attend(&self) {
        let refills = self.refill_is_due();
        for person in self.people() {
            match person.wallet.waiting().await {
                Ok(flows) => {
                    self.attempts().forget_before(self.now());
                    for flow in flows {
                        noted(self.attend_to(person, flow).await);
                    }
                }
                Err(error) => noted(Err(error.into())),
            }
            let told = person.wallet.tell_deletions(self.now()).await;
            noted(told.map_err(AgentError::from));
            if refills {
                let refilled = person.wallet.refill(self.now()).await;
                noted(refilled.map(|_| ()).map_err(AgentError::from));
            }
            let forgotten = person.wallet.forget_finished(self.now()).await;
            noted(forgotten.map(|_| ()).map_err(AgentError::from));
        }
    }

    /// Whether copies are to be looked after now. By the clock alone: issuers must not learn when something was shown.
    fn refill_is_due(&self) -> bool {
        let now = self.now();
        let mut next = self.refill.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back holds nothing up for longer than one that runs.
        let is_due = now >= *next || next.minus(REFILL_INTERVAL) > now;
        if is_due {
            *next = now.plus(REFILL_INTERVAL);
        }
        is_due
    }

    async fn attend_to(&self, person: Person<'_>, flow: WaitingFlow) -> Result<(), AgentError> {
        let now = self.now();
        let is_over = flow.started.plus(self.policy.waiting_time()) < now;
        if waits_for_somebody(&flow) && !is_over {
            return Ok(());
        }
        if matches!(flow.waits_for, WaitsFor::Issuer { until } if until > now) {
            return Ok(());
        }
        let Ok(_driving) = self.drive(flow.flow) else {
            return Ok(());
        };
        // It may have gone on since it was listed: whoever signed in just now must not lose what he signed in for.
        if !still(person, flow).await? {
            return Ok(());
        }
        match flow.waits_for {
            WaitsFor::ConsentToShow => self.turn_away(person, flow.flow).await.map(|_| ()),
            WaitsFor::ConsentToReceive | WaitsFor::TransactionCode | WaitsFor::SignIn => {
                forget(person, flow.flow).await
            }
            // An issuer that has answered with nothing for so long would keep a place of the queue for ever.
            WaitsFor::Resumption if is_over && is_offer_alone(&flow) => forget(person, flow.flow).await,
            WaitsFor::Issuer { .. } | WaitsFor::Resumption => self.go_on(person, flow, now).await,
        }
    }

    async fn go_on(&self, person: Person<'_>, flow: WaitingFlow, now: UnixTime) -> Result<(), AgentError> {
        if !self.attempts().is_due(flow.flow, now) {
            return Ok(());
        }
        let wallet = person.holding_to(SpentCopies::Refused);
        let outcome = match wallet.resume(flow.flow, now).await {
            Ok(Resumed::Receiving(outcome)) => Ok(outcome),
            Ok(_) => return Ok(()),
            // Such a flow never gets better.
            Err(
                WalletError::RequestRefused(_)
                | WalletError::UnknownIssuer
                | WalletError::UnacceptableOffer(_)
                | WalletError::KeyGone,
            ) => return Ok(person.wallet.abandon(flow.flow).await?),
            Err(error) if flow.direction == Direction::Showing => return Err(error.into()),
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            self.attempts().in_vain(flow.flow, now);
        } else {
            self.attempts().forget(flow.flow);
        }
        received(person, flow.flow, outcome).await.map(|_| ())
    }
}

/// Says in the log that something did not work, without anything of a person or a peer.
fn noted(done: Result<(), AgentError>) {
    match done {
        Ok(()) | Err(AgentError::Busy | AgentError::Wallet(WalletError::Conflict)) => {}
        Err(error) => tracing::warn!(%error, "something that waits could not go on"),
    }
}
