//! The facade.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use symbolon_credential::data_integrity::{JsonLd, JsonLdBudget, JsonLdProcessor};
use symbolon_crypto::jose::jwe::JweCodec;
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::{CryptoProvider, Randomness, UnixTime};
use symbolon_protocol::openid4vp::wallet_metadata::WalletMetadata;

use crate::client::WalletClient;
use crate::error::WalletError;
use crate::exchange::DpopNonces;
use crate::identifiers::{CredentialId, FlowId, PersonId};
use crate::policy::{SignedMetadata, SpentCopies, WalletPolicy};
use crate::ports::{AttestKeys, Change, Transport, WalletKeys, WalletStore};
use crate::present::{OriginOutcome, OriginStage, PresentOutcome, PresentStage};
use crate::progress::{ObserveProgress, Progress};
use crate::receive::{ReceiveOutcome, ReceiveStage};
use crate::record::{Flow, Stage};

/// What the application hands in.
#[derive(Clone)]
pub struct Ports {
    /// Reaches issuers and verifiers.
    pub transport: Arc<dyn Transport>,
    /// Keeps flows, credentials and history of one person, for whom the wallet speaks.
    pub store: Arc<dyn WalletStore>,
    /// Holds the keys that credentials are bound to, and no other person's: [`Wallet::recover`] deletes those that no record of
    /// this person's store names.
    pub keys: Arc<dyn WalletKeys>,
    /// Verifies signatures.
    pub crypto: Arc<dyn CryptoProvider>,
    /// Encrypts answers.
    pub encryption: Arc<dyn JweCodec>,
    /// Makes identifiers.
    pub randomness: Arc<dyn Randomness>,
    /// Processes JSON-LD; without it, credentials with Data Integrity proofs are not received.
    pub json_ld: Option<Arc<dyn JsonLdProcessor>>,
    /// Is told of every step.
    pub progress: Arc<dyn ObserveProgress>,
}

/// A wallet: receives, holds and shows credentials.
///
/// Every call that takes long writes down where it is before each step that cannot be taken back. When the process dies, or
/// a call returns [`WalletError::Network`], call [`Wallet::resume`] with the flow. Every call takes the current time.
#[derive(Clone)]
pub struct Wallet {
    pub(crate) ports: Ports,
    pub(crate) policy: Arc<WalletPolicy>,
    pub(crate) client: Option<WalletClient>,
    pub(crate) nonces: DpopNonces,
    pub(crate) copies: NonZeroUsize,
    pub(crate) key_attester: Option<Arc<dyn AttestKeys>>,
    pub(crate) signed_metadata: SignedMetadata,
}

/// How a resumed flow went on.
#[derive(Debug, Clone, PartialEq)]
pub enum Resumed {
    /// It receives credentials.
    Receiving(ReceiveOutcome),
    /// It presents credentials.
    Presenting(PresentOutcome),
    /// It presents credentials over the Digital Credentials API.
    AtOrigin(OriginOutcome),
}

/// What [`Wallet::recover`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Flows to [`Wallet::resume`] or [`Wallet::abandon`].
    pub unfinished: Vec<FlowId>,
    /// How many keys were deleted because nothing used them.
    pub deleted_keys: usize,
}

impl Wallet {
    /// A wallet on these ports. Call [`Wallet::recover`] once before anything else.
    #[must_use]
    pub fn new(ports: Ports, policy: WalletPolicy) -> Self {
        Self {
            ports,
            policy: Arc::new(policy),
            client: None,
            nonces: DpopNonces::default(),
            copies: NonZeroUsize::MIN,
            key_attester: None,
            signed_metadata: SignedMetadata::default(),
        }
    }

    /// Whose wallet it is: that of the store's person.
    #[must_use]
    pub fn person(&self) -> PersonId {
        self.ports.store.person()
    }

    /// What verifiers are told of this wallet ([OpenID4VP §10]).
    ///
    /// [OpenID4VP §10]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-10
    #[must_use]
    pub fn verifier_metadata(&self) -> WalletMetadata {
        self.policy.relying_parties.metadata()
    }

    /// The wallet as a client of authorization servers, so that people can sign in at issuers.
    #[must_use]
    pub fn with_client(self, client: WalletClient) -> Self {
        Self {
            client: Some(client),
            ..self
        }
    }

    /// The wallet with up to so many copies of each credential, where the issuer makes several at once. Each is bound to a key of its own
    /// and shown to one verifier.
    #[must_use]
    pub fn with_copies(self, copies: NonZeroUsize) -> Self {
        Self { copies, ..self }
    }

    /// The wallet with this rule for credentials whose copies were all shown, over the same store.
    #[must_use]
    pub fn with_spent_copies(self, spent_copies: SpentCopies) -> Self {
        let mut policy = WalletPolicy::clone(&self.policy);
        policy.relying_parties.spent_copies = spent_copies;
        Self {
            policy: Arc::new(policy),
            ..self
        }
    }

    /// The wallet with somebody who attests its keys, for issuers that want to know how they are kept.
    #[must_use]
    pub fn with_key_attester(self, key_attester: Arc<dyn AttestKeys>) -> Self {
        Self {
            key_attester: Some(key_attester),
            ..self
        }
    }

    /// The wallet with this rule for the metadata of issuers.
    #[must_use]
    pub fn with_signed_metadata(self, signed_metadata: SignedMetadata) -> Self {
        Self {
            signed_metadata,
            ..self
        }
    }

    /// Cleans up after a process that died: deletes keys that neither a credential nor an unfinished flow uses, forgets
    /// flows that ended more than a day ago and deletions that no issuer could be told of for thirty, and lists the flows that did not end.
    ///
    /// Call it once, after the wallet was opened and **before any other call**: a key that another call is just creating
    /// would look unused.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like. No key is deleted unless every record could be read.
    pub async fn recover(&self, now: UnixTime) -> Result<Recovered, WalletError> {
        self.give_up_telling(now).await?;
        let flows = self.ports.store.flows().await?;
        let credentials = self.ports.store.credentials().await?;
        let is_held = |id: &CredentialId| credentials.iter().any(|credential| credential.id == *id);
        let mut used: Vec<KeyHandle> = credentials
            .iter()
            .flat_map(|credential| credential.keys().cloned())
            .collect();
        let mut recovered = Recovered::default();
        let mut old = Vec::new();
        for flow in flows {
            let is_old = flow.updated.plus(FINISHED_FLOW_LIFETIME) < now;
            let is_over = match &flow.stage {
                // Kept as long as there is something to renew, or to tell.
                Stage::Receive(ReceiveStage::Renewable(issuing)) => !issuing.is_needed(is_held),
                // Nothing was signed yet, and the verifier or the issuer has long stopped waiting.
                Stage::Present(PresentStage::AwaitingConsent { .. } | PresentStage::Consented { .. })
                | Stage::AtOrigin(OriginStage::AwaitingConsent(_) | OriginStage::Consented { .. })
                | Stage::Receive(ReceiveStage::Authorizing(_)) => true,
                stage => stage.is_finished(),
            };
            if is_over && is_old {
                old.push(Change::DeleteFlow(flow.id));
                continue;
            }
            used.extend(flow.stage.keys().cloned());
            if !flow.stage.is_finished() {
                recovered.unfinished.push(flow.id);
            }
        }
        // What was read of a list while its credential was being deleted.
        let statuses = self.ports.store.statuses().await?;
        let of_nothing = statuses.into_iter().filter(|known| !is_held(&known.credential));
        old.extend(of_nothing.map(|known| Change::DeleteStatus(known.credential)));
        let refusals = self.ports.store.refusals().await?;
        let over = refusals.into_iter().filter(|refusal| refusal.is_over(now));
        old.extend(over.map(|refusal| Change::DeleteRefusal(refusal.id)));
        if !old.is_empty() {
            self.ports.store.commit(old).await?;
        }
        for handle in self.ports.keys.list()? {
            if !used.contains(&handle) {
                self.ports.keys.delete(&handle)?;
                recovered.deleted_keys += 1;
            }
        }
        Ok(recovered)
    }

    /// Continues a flow from where it was last written down, and tells what comes of it. A finished flow tells its outcome
    /// again.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when there is no such flow; otherwise as the calls of the flow.
    pub async fn resume(&self, flow: FlowId, now: UnixTime) -> Result<Resumed, WalletError> {
        self.go_on(self.flow(flow).await?, now).await
    }

    /// Continues a flow as it was read.
    pub(crate) async fn go_on(&self, flow: Flow, now: UnixTime) -> Result<Resumed, WalletError> {
        let cursor = Cursor::at(self, &flow, now);
        match flow.stage {
            Stage::Receive(stage) => self.drive_receipt(cursor, stage).await.map(Resumed::Receiving),
            Stage::Present(stage) => self
                .drive_presentation(cursor, stage)
                .await
                .map(Resumed::Presenting),
            Stage::AtOrigin(stage) => self.drive_at_origin(cursor, stage).await.map(Resumed::AtOrigin),
        }
    }

    /// Gives a flow up. What it has stored stays; its keys are deleted.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when there is no such flow.
    pub async fn abandon(&self, flow: FlowId) -> Result<(), WalletError> {
        let flow = self.flow(flow).await?;
        self.ports.store.commit(vec![Change::DeleteFlow(flow.id)]).await?;
        for key in flow.stage.keys() {
            self.ports.keys.delete(key)?;
        }
        Ok(())
    }

    pub(crate) async fn flow(&self, id: FlowId) -> Result<Flow, WalletError> {
        self.ports.store.flow(id).await?.ok_or(WalletError::NotFound)
    }

    /// Writes the first record of a flow.
    pub(crate) async fn begin(&self, stage: Stage, now: UnixTime) -> Result<FlowId, WalletError> {
        self.begin_bound(stage, None, now).await
    }

    /// Writes the first record of a flow, which says already what the flow is bound to.
    pub(crate) async fn begin_bound(
        &self,
        stage: Stage,
        bind: Option<Binding<'_>>,
        now: UnixTime,
    ) -> Result<FlowId, WalletError> {
        let id = FlowId::make(self.ports.randomness.as_ref())?;
        let flow = Flow {
            id,
            revision: 1,
            started: now,
            updated: now,
            bound_to: bind.map(|bind| bind(id)),
            stage,
        };
        self.ports
            .store
            .commit(vec![Change::PutFlow(Box::new(flow))])
            .await?;
        Ok(id)
    }

    /// JSON-LD under the contexts of the policy, where there is a processor.
    pub(crate) fn json_ld(&self) -> Option<JsonLd<'_>> {
        self.ports.json_ld.as_deref().map(|processor| JsonLd {
            processor,
            contexts: &self.policy.contexts,
            budget: JsonLdBudget::DEFAULT,
        })
    }

    pub(crate) fn observe(&self, step: Progress) {
        self.ports.progress.observe(step);
    }
}

/// A finished flow tells its outcome to an app that was killed before it could show it. A day is enough for that.
pub(crate) const FINISHED_FLOW_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// What a flow is to be bound to, by its name.
pub(crate) type Binding<'a> = &'a (dyn Fn(FlowId) -> String + Sync);

/// The place of a running flow in the store.
pub(crate) struct Cursor<'w> {
    wallet: &'w Wallet,
    pub(crate) id: FlowId,
    revision: u64,
    started: UnixTime,
    bound_to: Option<String>,
    pub(crate) now: UnixTime,
}

impl<'w> Cursor<'w> {
    pub(crate) fn at(wallet: &'w Wallet, flow: &Flow, now: UnixTime) -> Self {
        Self {
            wallet,
            id: flow.id,
            revision: flow.revision,
            started: flow.started,
            bound_to: flow.bound_to.clone(),
            now,
        }
    }

    /// Makes `stage` durable together with `changes`, and gives it back to go on with.
    pub(crate) async fn write(
        &mut self,
        stage: Stage,
        mut changes: Vec<Change>,
    ) -> Result<Stage, WalletError> {
        let revision = self.revision.checked_add(1).ok_or(WalletError::Conflict)?;
        let flow = Flow {
            id: self.id,
            revision,
            started: self.started,
            updated: self.now,
            bound_to: self.bound_to.clone(),
            stage,
        };
        changes.push(Change::PutFlow(Box::new(flow.duplicate()?)));
        self.wallet.ports.store.commit(changes).await?;
        self.revision = revision;
        Ok(flow.stage)
    }
}
