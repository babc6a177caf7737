//! The wallet that answers by itself: requests and offers come over HTTP, a policy decides, and what it does not decide waits for
//! somebody (`docs/headless-wallet.md`).

mod answered;
mod attempts;
mod brought;
mod browser;
mod queue;
mod receiving;
mod showing;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use symbolon_crypto::{Randomness, UnixTime};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vp::wallet_metadata::WalletMetadata;
use symbolon_protocol::secret::TransactionCode;
use symbolon_wallet_core::consent_policy::{ConsentPolicy, PersonAddress};
use symbolon_wallet_core::{FlowId, Languages, SpentCopies, Wallet, WalletError};
use thiserror::Error;

use attempts::Attempts;

pub use answered::{Answered, Ended};
pub use brought::Brought;
pub use browser::ComparisonCode;
pub(crate) use browser::{Bound, BrowserSecret};
pub use queue::{AskedCredentialEntry, Decision, Permission, TransactionEntry, WaitingEntry, WaitingKind};

/// The path that the browser comes back to from an issuer's page.
pub const CALLBACK_PATH: &str = "/callback";

/// Whoever starts the wallet often would otherwise have it ask each time.
const FIRST_REFILL: Duration = Duration::from_secs(5 * 60);

/// Everything an agent works with.
pub struct AgentSetup {
    /// What the wallet is called, and where it is reached: every address that it gives out begins with it.
    pub identifier: IssuerIdentifier,
    /// The first person's wallet.
    pub first: Wallet,
    /// The wallets of others, by the addresses of the policy.
    pub others: BTreeMap<PersonAddress, Wallet>,
    /// What is shown and received.
    pub policy: ConsentPolicy,
    /// The transaction codes of the policy, by the names of their files.
    pub transaction_codes: BTreeMap<String, TransactionCode>,
    /// What verifiers are told of the wallet.
    pub metadata: WalletMetadata,
    /// The languages of the texts that are kept.
    pub languages: Languages,
    /// The time.
    pub clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
    /// For what browsers are known by.
    pub randomness: Arc<dyn Randomness>,
}

/// An agent.
pub struct Agent {
    identifier: IssuerIdentifier,
    first: Handles,
    others: BTreeMap<PersonAddress, Handles>,
    policy: ConsentPolicy,
    transaction_codes: BTreeMap<String, TransactionCode>,
    metadata: WalletMetadata,
    languages: Languages,
    clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
    randomness: Arc<dyn Randomness>,
    /// The flows that something is being done about. Two drivers of one flow could send its answer twice.
    driven: Mutex<BTreeSet<FlowId>>,
    attempts: Mutex<Attempts>,
    /// When copies are looked after next.
    refill: Mutex<UnixTime>,
}

/// Why an agent did not do what it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AgentError {
    /// Nobody's wallet is reached at this address.
    #[error("nobody is reached at this address")]
    NoSuchPerson,
    /// As many wait as may.
    #[error("too much waits already")]
    Full,
    /// The flow is being driven by another request.
    #[error("something is being done about it already")]
    Busy,
    /// Another browser brought the request than the person who allows it has before their eyes, as far as anybody can tell.
    #[error("the code that the page of whoever brought it shows is missing or wrong")]
    ComparisonCode,
    /// The wallet refused, or failed.
    #[error(transparent)]
    Wallet(#[from] WalletError),
}

/// A person's wallet by each rule for copies that are shown once, over one store.
struct Handles {
    configured: Wallet,
    once: Wallet,
    again: Wallet,
}

impl Handles {
    fn new(configured: Wallet) -> Self {
        Self {
            once: configured.clone().with_spent_copies(SpentCopies::Refused),
            again: configured.clone().with_spent_copies(SpentCopies::ShownAgain),
            configured,
        }
    }
}

/// A person's wallet, and how it is addressed.
#[derive(Clone, Copy)]
pub(crate) struct Person<'a> {
    pub(crate) address: Option<&'a PersonAddress>,
    /// As it is configured: for what somebody decides.
    pub(crate) wallet: &'a Wallet,
    handles: &'a Handles,
}

impl<'a> Person<'a> {
    const fn new(address: Option<&'a PersonAddress>, handles: &'a Handles) -> Self {
        Self {
            address,
            wallet: &handles.configured,
            handles,
        }
    }

    /// The wallet that holds to a rule for spent copies: for what the policy decides.
    pub(crate) const fn holding_to(&self, rule: SpentCopies) -> &'a Wallet {
        match rule {
            SpentCopies::Refused => &self.handles.once,
            SpentCopies::ShownAgain => &self.handles.again,
        }
    }
}

impl Agent {
    /// An agent. Call [`Agent::begin`] before anything else.
    #[must_use]
    pub fn new(setup: AgentSetup) -> Self {
        let refill = Mutex::new((setup.clock)().plus(FIRST_REFILL));
        Self {
            refill,
            identifier: setup.identifier,
            first: Handles::new(setup.first),
            others: setup
                .others
                .into_iter()
                .map(|(address, wallet)| (address, Handles::new(wallet)))
                .collect(),
            policy: setup.policy,
            transaction_codes: setup.transaction_codes,
            metadata: setup.metadata,
            languages: setup.languages,
            clock: setup.clock,
            randomness: setup.randomness,
            driven: Mutex::default(),
            attempts: Mutex::default(),
        }
    }

    /// What the wallet is called.
    #[must_use]
    pub const fn identifier(&self) -> &IssuerIdentifier {
        &self.identifier
    }

    /// What verifiers are told of it.
    #[must_use]
    pub const fn metadata(&self) -> &WalletMetadata {
        &self.metadata
    }

    pub(crate) fn clock(&self) -> Arc<dyn Fn() -> UnixTime + Send + Sync> {
        Arc::clone(&self.clock)
    }

    pub(crate) fn people(&self) -> impl Iterator<Item = Person<'_>> {
        let others = self.others.iter();
        let others = others.map(|(address, handles)| Person::new(Some(address), handles));
        core::iter::once(Person::new(None, &self.first)).chain(others)
    }

    fn person(&self, address: Option<&PersonAddress>) -> Result<Person<'_>, AgentError> {
        self.people()
            .find(|person| person.address == address)
            .ok_or(AgentError::NoSuchPerson)
    }

    /// Whose flow it is.
    async fn owner(&self, flow: FlowId) -> Result<Person<'_>, AgentError> {
        for person in self.people() {
            match person.wallet.waits_for(flow).await {
                Ok(_) => return Ok(person),
                Err(WalletError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(WalletError::NotFound.into())
    }

    /// The right to drive a flow, until it is dropped.
    fn drive(&self, flow: FlowId) -> Result<Driving<'_>, AgentError> {
        let mut driven = self.driven.lock().unwrap_or_else(PoisonError::into_inner);
        if driven.insert(flow) {
            Ok(Driving { agent: self, flow })
        } else {
            Err(AgentError::Busy)
        }
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> UnixTime {
        (self.clock)()
    }
}

struct Driving<'a> {
    agent: &'a Agent,
    flow: FlowId,
}

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        let mut driven = self.agent.driven.lock().unwrap_or_else(PoisonError::into_inner);
        driven.remove(&self.flow);
    }
}
