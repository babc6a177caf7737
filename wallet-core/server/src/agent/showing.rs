//! Requests for presentations.

use symbolon_wallet_core::consent_policy::{BroughtBy, ConsentVerdict, PersonAddress, Views};
use symbolon_wallet_core::present::{
    Choice, ConsentRequest, Decision, Opened, PresentOutcome, RequestProblem,
};
use symbolon_wallet_core::{FlowId, Resumed, SpentCopies, WaitsFor, Wallet, WalletError};

use super::answered::{Answered, Ended};
use super::browser::{Bound, BrowserSecret, Standing};
use super::queue::request_by;
use super::receiving::received;
use super::{Agent, AgentError, Person};

/// How often a request is judged again whose answer went to somebody else in between.
const ROUNDS: usize = 3;

/// Whether a request is new to the wallet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It was just brought.
    New,
    /// An earlier process had it waiting already: it has its place, and may be the owner's.
    Kept,
}

/// What came of a choice.
pub(super) enum Shared {
    /// It was answered, or is on its way.
    Answered(Answered),
    /// It does not answer the request any more: another request was answered with the copy that it names.
    Outdated,
}

impl Agent {
    /// Answers a request, whose parameters are those of a query or a form, with the wallet of whoever has the address.
    ///
    /// # Errors
    /// [`AgentError`]; what a verifier hears of it, it has heard then.
    pub async fn authorize(
        &self,
        address: Option<&PersonAddress>,
        parameters: &str,
        brought_by: BroughtBy,
    ) -> Result<Answered, AgentError> {
        let (answered, _) = self.answer(address, parameters, brought_by).await?;
        Ok(answered)
    }

    /// The same, with what the browser is known by that brought what waits.
    pub(crate) async fn answer(
        &self,
        address: Option<&PersonAddress>,
        parameters: &str,
        brought_by: BroughtBy,
    ) -> Result<(Answered, Option<Bound>), AgentError> {
        let person = self.person(address)?;
        let link = format!("openid4vp://?{parameters}");
        let wallet = person.holding_to(SpentCopies::Refused);
        // What somebody else brings is bound to their browser from its first record on: a process that dies must not leave it behind as what the
        // owner brought, who is asked for no code.
        let browser = match brought_by {
            BroughtBy::Owner => None,
            BroughtBy::Anybody => Some(BrowserSecret::make(self.randomness.as_ref())?),
        };
        let opened = match &browser {
            None => wallet.open_request(&link, &self.languages, self.now()).await?,
            Some(secret) => {
                let words = |flow| secret.words_for(flow);
                wallet
                    .open_bound_request(&link, &self.languages, &words, self.now())
                    .await?
            }
        };
        match opened {
            Opened::Refused {
                redirect_uri: Some(at),
                ..
            } => Ok((Answered::GoOn(at), None)),
            // Like what the policy refuses: whoever brought the request must not learn which of the two it was.
            Opened::Refused {
                problem: RequestProblem::RefusedAlways,
                redirect_uri: None,
            } => Ok((Answered::Ended(Ended::Declined), None)),
            Opened::Refused {
                problem,
                redirect_uri: None,
            } => Ok((Answered::Ended(Ended::Refused(problem)), None)),
            Opened::AwaitingConsent(request) => {
                let flow = request.flow;
                let _driving = self.drive(flow)?;
                let answered = self.consider(person, request, brought_by, Arrival::New).await?;
                match (browser, answered) {
                    (None, answered) => Ok((answered, None)),
                    (Some(secret), Answered::Waiting(flow)) => {
                        let bound = secret.bound(flow);
                        let code = bound.code;
                        Ok((Answered::Held { flow, code }, Some(bound)))
                    }
                    (Some(_), answered) => {
                        forget_what_is_told(person, flow, &answered).await?;
                        Ok((answered, None))
                    }
                }
            }
        }
    }

    /// Does with a request what the policy says.
    pub(super) async fn consider(
        &self,
        person: Person<'_>,
        mut once: Box<ConsentRequest>,
        brought_by: BroughtBy,
        arrival: Arrival,
    ) -> Result<Answered, AgentError> {
        let flow = once.flow;
        for _ in 0..ROUNDS {
            match self.verdict(person, &once, brought_by).await? {
                ConsentVerdict::Share {
                    choice,
                    spent_copies,
                    rule,
                } => {
                    tracing::info!(rule, "a request is answered");
                    match self.share(person.holding_to(spent_copies), flow, choice).await? {
                        Shared::Answered(answered) => return Ok(answered),
                        Shared::Outdated => {
                            let wallet = person.holding_to(SpentCopies::Refused);
                            once = request_by(wallet, flow, self.now()).await?;
                        }
                    }
                }
                ConsentVerdict::Refuse => return self.turn_away(person, flow).await,
                ConsentVerdict::Hold => {
                    let finds_no_room = brought_by == BroughtBy::Anybody
                        && arrival == Arrival::New
                        && self.waiting_requests().await? > self.policy.waiting_requests();
                    if finds_no_room {
                        // The verifier hears nothing: whoever fills the queue would otherwise end the requests of others there.
                        forget(person, flow).await?;
                        return Err(AgentError::Full);
                    }
                    return Ok(Answered::Waiting(flow));
                }
            }
        }
        Ok(Answered::Waiting(flow))
    }

    async fn verdict(
        &self,
        person: Person<'_>,
        once: &ConsentRequest,
        brought_by: BroughtBy,
    ) -> Result<ConsentVerdict, AgentError> {
        let again = if self.policy.shows_spent_copies() {
            let wallet = person.holding_to(SpentCopies::ShownAgain);
            Some(request_by(wallet, once.flow, self.now()).await?)
        } else {
            None
        };
        let views = Views {
            once,
            again: again.as_deref().unwrap_or(once),
        };
        Ok(self.policy.decide(views, person.address, brought_by))
    }

    pub(super) async fn share(
        &self,
        wallet: &Wallet,
        flow: FlowId,
        choice: Choice,
    ) -> Result<Shared, AgentError> {
        let decision = Decision::Share(choice);
        let outcome = match wallet.answer_request(flow, decision, self.now()).await {
            // Another request was answered with the same copy: the next one takes its place.
            Err(WalletError::Conflict) => match wallet.resume(flow, self.now()).await? {
                Resumed::Presenting(outcome) => outcome,
                Resumed::Receiving(_) | Resumed::AtOrigin(_) => return Err(WalletError::WrongStage.into()),
            },
            Err(WalletError::InvalidChoice) => return Ok(Shared::Outdated),
            // It is sent again as long as its verifier may wait for it.
            Err(WalletError::Network(_) | WalletError::PeerUnavailable { .. }) => {
                return Ok(Shared::Answered(Answered::Waiting(flow)));
            }
            outcome => outcome?,
        };
        Ok(match outcome {
            PresentOutcome::AwaitingConsent(_) => Shared::Outdated,
            outcome => Shared::Answered(Answered::of_presentation(flow, outcome)),
        })
    }

    /// Refuses as somebody decided, which the history keeps, and tells the verifier where it proved its address. Of somebody for whom
    /// nothing vouches nothing is kept.
    pub(super) async fn decline(
        &self,
        person: Person<'_>,
        request: &ConsentRequest,
    ) -> Result<Answered, AgentError> {
        let wallet = person.wallet;
        if request.verifier.evidence.is_unverified() {
            forget(person, request.flow).await?;
            return Ok(Answered::Ended(Ended::Declined));
        }
        let outcome = wallet
            .answer_request(request.flow, Decision::Decline, self.now())
            .await?;
        Ok(Answered::of_presentation(request.flow, outcome))
    }

    /// Refuses where nobody decided. Nothing is kept: strangers could fill the history.
    pub(super) async fn turn_away(&self, person: Person<'_>, flow: FlowId) -> Result<Answered, AgentError> {
        tracing::info!("a request is turned away");
        let outcome = person.wallet.turn_away(flow, self.now()).await?;
        Ok(Answered::of_presentation(flow, outcome))
    }

    /// What has become of a flow, for whoever has its name. Where it goes on is told to the browser alone that brought it.
    ///
    /// # Errors
    /// [`AgentError`].
    pub(crate) async fn look_after(
        &self,
        flow: FlowId,
        browser: Option<&BrowserSecret>,
    ) -> Result<Answered, AgentError> {
        let person = self.owner(flow).await?;
        let standing = self.standing(person, flow, browser).await?;
        let answered = self.look(person, flow).await?;
        Ok(match (standing, answered) {
            (Standing::Others, answered) => answered.for_others(),
            (Standing::Own(Some(code)), Answered::Waiting(flow)) => Answered::Held { flow, code },
            (Standing::Own(_), answered) => answered,
        })
    }

    async fn look(&self, person: Person<'_>, flow: FlowId) -> Result<Answered, AgentError> {
        let Ok(_driving) = self.drive(flow) else {
            return Ok(Answered::Waiting(flow));
        };
        match person.wallet.waits_for(flow).await? {
            Some(WaitsFor::ConsentToShow | WaitsFor::ConsentToReceive | WaitsFor::TransactionCode) => {
                Ok(Answered::Waiting(flow))
            }
            // Whoever looks often must not have a peer that fails asked as often.
            _ if !self.attempts().is_due(flow, self.now()) => Ok(Answered::Waiting(flow)),
            _ => {
                let wallet = person.holding_to(SpentCopies::Refused);
                match wallet.resume(flow, self.now()).await {
                    Ok(Resumed::Presenting(outcome)) => Ok(Answered::of_presentation(flow, outcome)),
                    Ok(Resumed::Receiving(outcome)) => received(person, flow, Ok(outcome)).await,
                    Ok(Resumed::AtOrigin(_)) => Ok(Answered::Waiting(flow)),
                    Err(error) => received(person, flow, Err(error)).await,
                }
            }
        }
    }
}

/// Forgets a request that is over, whose outcome goes to whoever brought it right now: strangers must not fill the store with what ended. The
/// history keeps what was shown.
async fn forget_what_is_told(
    person: Person<'_>,
    flow: FlowId,
    answered: &Answered,
) -> Result<(), AgentError> {
    if !matches!(answered, Answered::GoOn(_) | Answered::Ended(_)) {
        return Ok(());
    }
    match person.wallet.waits_for(flow).await {
        Ok(None) => forget(person, flow).await,
        Ok(Some(_)) | Err(WalletError::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Forgets a flow, which may be gone already.
pub(super) async fn forget(person: Person<'_>, flow: FlowId) -> Result<(), AgentError> {
    match person.wallet.abandon(flow).await {
        Ok(()) | Err(WalletError::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
