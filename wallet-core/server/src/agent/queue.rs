//! What waits for somebody, and what they decide.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_http::openapi::ToSchema;
use symbolon_protocol::secret::TransactionCode;
use symbolon_wallet_core::present::{ConsentRequest, PresentOutcome, Registration};
use symbolon_wallet_core::receive::{OfferShown, ReceiveOutcome};
use symbolon_wallet_core::{
    Direction, FlowId, HandedOut, Resumed, WaitingFlow, WaitsFor, Wallet, WalletError,
};

use tokio::time::{Instant, timeout_at};

use super::answered::{Answered, Ended};
use super::showing::{Shared, forget};
use super::{Agent, AgentError, Person};

/// How long a list of what waits takes at most. Who asks may have to be looked up, one after the other, where strangers say: of those that
/// are not known by then the list has nothing but that they wait.
const LISTING_TIME: Duration = Duration::from_secs(5);

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingEntry {
    /// Its name.
    pub flow: String,
    /// Whose wallet it is about, by its address; the first person's without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What it waits for.
    pub kind: WaitingKind,
    /// Since when, RFC 3339.
    pub since: String,
    /// Until when, RFC 3339.
    pub until: String,
    /// Whether a browser brought it, whose page shows the code that whoever allows it has to give.
    #[serde(default)]
    pub comparison_code_needed: bool,
    /// Who asks or offers: a client identifier, or the identifiers of issuers.
    pub party: Vec<String>,
    /// Their names as the wallet knows them.
    pub names: Vec<String>,
    /// Whether anything vouches for them.
    pub vouched: bool,
    /// What the verifier is registered to ask it for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<String>,
    /// Whether it asks for more than it is registered for, or shows a registration that is not to be believed.
    pub over_asking: bool,
    /// What would be shown. Names of claims, never their values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<AskedCredentialEntry>,
    /// What would be authorised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transactions: Vec<TransactionEntry>,
    /// Whether what is held suffices.
    pub answerable: bool,
}

/// What something waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitingKind {
    /// Consent to show.
    Presentation,
    /// Consent to receive.
    Offer,
    /// A transaction code.
    TransactionCode,
    /// Somebody who signs in at the issuer.
    SignIn,
    /// The issuer, or a peer that could not be reached.
    Peer,
}

/// A credential that would be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskedCredentialEntry {
    /// Its type.
    pub credential_type: String,
    /// The claims that would be seen.
    pub claims: Vec<String>,
}

/// A transaction that would be authorised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionEntry {
    /// Its type.
    pub transaction_type: String,
    /// What it says, line by line. The verifier's own text.
    pub details: Vec<String>,
}

/// What somebody decides.
pub enum Decision {
    /// It is shown or received.
    Allow(Permission),
    /// It is not.
    Refuse,
}

/// What somebody gives who allows something.
#[derive(Default)]
pub struct Permission {
    /// The transaction code, where the issuer asks for one.
    pub transaction_code: Option<TransactionCode>,
    /// What the page of the browser shows that brought a request, where one did.
    pub comparison_code: Option<String>,
}

impl Agent {
    /// What waits, the oldest first.
    ///
    /// # Errors
    /// [`AgentError`].
    pub async fn waiting(&self) -> Result<Vec<WaitingEntry>, AgentError> {
        let deadline = Instant::now() + LISTING_TIME;
        let mut entries = Vec::new();
        for person in self.people() {
            for flow in person.wallet.waiting().await? {
                if let Some(entry) = self.entry(person, flow, deadline).await? {
                    entries.push(entry);
                }
            }
        }
        Ok(entries)
    }

    /// How many requests wait for somebody.
    pub(super) async fn waiting_requests(&self) -> Result<usize, AgentError> {
        self.count(|flow| flow.waits_for == WaitsFor::ConsentToShow).await
    }

    /// How many offers are not over, whatever they wait for: each leaves something in the store, and is tried again.
    pub(super) async fn waiting_offers(&self) -> Result<usize, AgentError> {
        self.count(|flow| flow.direction == Direction::Receiving).await
    }

    async fn count(&self, counts: impl Fn(&WaitingFlow) -> bool) -> Result<usize, AgentError> {
        let mut waiting = 0;
        for person in self.people() {
            let flows = person.wallet.waiting().await?;
            waiting += flows.iter().filter(|flow| counts(flow)).count();
        }
        Ok(waiting)
    }

    /// Somebody decides.
    ///
    /// # Errors
    /// [`AgentError`].
    pub async fn decide(&self, flow: FlowId, decision: Decision) -> Result<Answered, AgentError> {
        let person = self.owner(flow).await?;
        let _driving = self.drive(flow)?;
        let is_bound = person.wallet.bound_to(flow).await?.is_some();
        let answered = self.carry_out(person, flow, decision).await?;
        // Where it goes on is told to the browser that brought it.
        Ok(if is_bound { answered.for_others() } else { answered })
    }

    async fn carry_out(
        &self,
        person: Person<'_>,
        flow: FlowId,
        decision: Decision,
    ) -> Result<Answered, AgentError> {
        let waits_for = person.wallet.waits_for(flow).await?;
        match (waits_for, decision) {
            (Some(WaitsFor::ConsentToShow), Decision::Refuse) => self.refuse(person, flow).await,
            (Some(WaitsFor::ConsentToShow), decision) => {
                if let Decision::Allow(permission) = &decision {
                    let typed = permission.comparison_code.as_deref();
                    self.compare(person, flow, typed).await?;
                }
                let request = self.request(person, flow).await?;
                match (request.smallest_choice(), decision) {
                    (Some(choice), Decision::Allow(_)) => {
                        match self.share(person.wallet, flow, choice).await? {
                            Shared::Answered(answered) => Ok(answered),
                            Shared::Outdated => Ok(Answered::Waiting(flow)),
                        }
                    }
                    (None, _) | (_, Decision::Refuse) => self.decline(person, &request).await,
                }
            }
            (Some(WaitsFor::ConsentToReceive | WaitsFor::TransactionCode), Decision::Allow(permission)) => {
                // Whoever brought the offer knows its name, and would be led to the sign-in that somebody else has just allowed.
                let flow = person.wallet.rename(flow, self.now()).await?;
                let _driving = self.drive(flow)?;
                self.accept(person, flow, permission.transaction_code).await
            }
            (
                Some(WaitsFor::ConsentToReceive | WaitsFor::TransactionCode | WaitsFor::SignIn),
                Decision::Refuse,
            ) => {
                forget(person, flow).await?;
                Ok(Answered::Ended(Ended::Declined))
            }
            // Also what waits for a peer that may never answer: it takes a place in the queue. What is issued again is not offered.
            (Some(WaitsFor::Resumption | WaitsFor::Issuer { .. }), Decision::Refuse) => {
                match person.wallet.waiting_flow(flow).await? {
                    Some(WaitingFlow {
                        direction: Direction::Receiving,
                        handed_out: HandedOut::Nothing | HandedOut::Something,
                        ..
                    }) => {
                        forget(person, flow).await?;
                        Ok(Answered::Ended(Ended::Declined))
                    }
                    _ => Err(WalletError::WrongStage.into()),
                }
            }
            _ => Err(WalletError::WrongStage.into()),
        }
    }

    /// Refuses a request that waits, as somebody decided. One that can no longer be read, because nobody answers for its verifier any more, is given up: it
    /// would otherwise wait for ever.
    pub(super) async fn refuse(&self, person: Person<'_>, flow: FlowId) -> Result<Answered, AgentError> {
        match self.request(person, flow).await {
            Ok(request) => self.decline(person, &request).await,
            Err(_) => {
                forget(person, flow).await?;
                Ok(Answered::Ended(Ended::Declined))
            }
        }
    }

    /// A request that waits. One that never gets better is given up.
    pub(super) async fn request(
        &self,
        person: Person<'_>,
        flow: FlowId,
    ) -> Result<Box<ConsentRequest>, AgentError> {
        let request = request_by(person.wallet, flow, self.now()).await;
        if let Err(AgentError::Wallet(WalletError::RequestRefused(_))) = request {
            forget(person, flow).await?;
        }
        request
    }

    /// `None` of what has gone on or is over meanwhile. Nothing goes on by it: others may be working on the flow.
    async fn entry(
        &self,
        person: Person<'_>,
        flow: WaitingFlow,
        deadline: Instant,
    ) -> Result<Option<WaitingEntry>, AgentError> {
        let kind = match flow.waits_for {
            WaitsFor::ConsentToShow => WaitingKind::Presentation,
            WaitsFor::ConsentToReceive => WaitingKind::Offer,
            WaitsFor::TransactionCode => WaitingKind::TransactionCode,
            WaitsFor::SignIn => WaitingKind::SignIn,
            WaitsFor::Issuer { .. } | WaitsFor::Resumption => WaitingKind::Peer,
        };
        let until = match flow.waits_for {
            WaitsFor::Issuer { until } => until,
            _ => flow.started.plus(self.policy.waiting_time()),
        };
        let entry = WaitingEntry {
            flow: flow.flow.to_string(),
            person: person.address.map(ToString::to_string),
            kind,
            since: rfc3339(flow.started),
            until: rfc3339(until),
            comparison_code_needed: kind == WaitingKind::Presentation && is_bound(person, flow.flow).await?,
            party: Vec::new(),
            names: Vec::new(),
            vouched: true,
            purposes: Vec::new(),
            over_asking: false,
            credentials: Vec::new(),
            transactions: Vec::new(),
            answerable: true,
        };
        match flow.waits_for {
            WaitsFor::ConsentToShow | WaitsFor::ConsentToReceive => {
                let looking = person.wallet.look_at(flow.flow, self.now());
                let Ok(shown) = timeout_at(deadline, looking).await else {
                    return Ok(Some(entry));
                };
                match shown {
                    Ok(Resumed::Presenting(PresentOutcome::AwaitingConsent(request))) => {
                        Ok(Some(entry.with_request(&request)))
                    }
                    Ok(Resumed::Receiving(ReceiveOutcome::AwaitingConsent(offer))) => {
                        Ok(Some(entry.with_offer(&offer)))
                    }
                    Err(WalletError::RequestRefused(_)) => {
                        self.give_up(person, flow).await?;
                        Ok(None)
                    }
                    // Who asks cannot be looked up now.
                    Err(WalletError::Network(_) | WalletError::PeerUnavailable { .. }) => Ok(Some(entry)),
                    Ok(_)
                    | Err(
                        WalletError::UnknownIssuer
                        | WalletError::UnacceptableOffer(_)
                        | WalletError::NotFound
                        | WalletError::WrongStage
                        | WalletError::Conflict,
                    ) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }
            _ => Ok(Some(entry)),
        }
    }

    /// Forgets what never gets better, unless somebody works on it or it has gone on.
    async fn give_up(&self, person: Person<'_>, flow: WaitingFlow) -> Result<(), AgentError> {
        let Ok(_driving) = self.drive(flow.flow) else {
            return Ok(());
        };
        if still(person, flow).await? {
            forget(person, flow.flow).await?;
        }
        Ok(())
    }
}

/// Whether a browser brought it. What has ended meanwhile was brought by nobody any more.
async fn is_bound(person: Person<'_>, flow: FlowId) -> Result<bool, AgentError> {
    match person.wallet.bound_to(flow).await {
        Ok(bound) => Ok(bound.is_some()),
        Err(WalletError::NotFound) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl WaitingEntry {
    fn with_request(self, request: &ConsentRequest) -> Self {
        let (over_asking, purposes) = match &request.registration {
            Registration::NotShown => (false, Vec::new()),
            Registration::Refused(_) => (true, Vec::new()),
            Registration::Registered(registered) => {
                (!registered.over_asked.is_empty(), registered.purposes.clone())
            }
        };
        let choice = request.smallest_choice();
        let chosen = |asked: &symbolon_wallet_core::present::AskedCredential| {
            let ids = choice
                .as_ref()
                .map_or(&[][..], |choice| choice.credentials(&asked.query));
            let candidates = asked.candidates.iter();
            candidates
                .filter(|candidate| ids.contains(&candidate.credential.id))
                .map(|candidate| AskedCredentialEntry {
                    credential_type: candidate.credential.credential_type.clone(),
                    claims: candidate
                        .discloses
                        .iter()
                        .map(|claim| claim.path.to_string())
                        .collect(),
                })
                .collect::<Vec<_>>()
        };
        Self {
            party: vec![request.verifier.client_id.clone()],
            names: request.verifier.name.clone().into_iter().collect(),
            vouched: !request.verifier.evidence.is_unverified(),
            purposes,
            over_asking,
            credentials: request.asked.iter().flat_map(chosen).collect(),
            transactions: request
                .transactions
                .iter()
                .map(|shown| TransactionEntry {
                    transaction_type: shown.transaction_type.clone(),
                    details: shown
                        .details
                        .iter()
                        .map(|detail| format!("{}: {}", detail.label.join(", "), detail.value))
                        .collect(),
                })
                .collect(),
            answerable: choice.is_some(),
            ..self
        }
    }

    fn with_offer(self, offer: &OfferShown) -> Self {
        Self {
            party: offer
                .issuers
                .iter()
                .map(|issuer| issuer.identifier.as_str().to_owned())
                .collect(),
            names: offer
                .issuers
                .iter()
                .filter_map(|issuer| issuer.name.clone())
                .collect(),
            ..self
        }
    }
}

/// A request that waits, as this wallet sees it.
pub(super) async fn request_by(
    wallet: &Wallet,
    flow: FlowId,
    now: UnixTime,
) -> Result<Box<ConsentRequest>, AgentError> {
    match wallet.look_at(flow, now).await? {
        Resumed::Presenting(PresentOutcome::AwaitingConsent(request)) => Ok(request),
        _ => Err(WalletError::WrongStage.into()),
    }
}

/// Whether a flow still waits for what it waited for. Ask once nobody else can work on it.
pub(super) async fn still(person: Person<'_>, flow: WaitingFlow) -> Result<bool, AgentError> {
    match person.wallet.waiting_flow(flow.flow).await {
        Ok(now) => Ok(now == Some(flow)),
        Err(WalletError::NotFound) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether it is somebody who is waited for, and no peer.
pub(super) const fn waits_for_somebody(flow: &WaitingFlow) -> bool {
    matches!(
        flow.waits_for,
        WaitsFor::ConsentToShow | WaitsFor::ConsentToReceive | WaitsFor::TransactionCode | WaitsFor::SignIn
    )
}

fn rfc3339(time: UnixTime) -> String {
    time.rfc3339()
}
