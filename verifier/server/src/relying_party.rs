//! The relying parties and policies of a running verifier.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use symbolon_crypto::RandomnessUnavailable;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::openid4vp::transaction_data::TransactionTypes;
use symbolon_protocol::openid4vp::verifier_info::VerifierInfo;
use symbolon_trust::trust_list::TrustList;
use symbolon_verifier::answer::HolderKeys;
use symbolon_verifier::name::{PolicyName, RelyingPartyName};
use symbolon_verifier::policy::{PolicySurroundings, PresentationPolicy};
use symbolon_verifier::relying_party::{ExpiredNotice, RelyingParty, WebhookUrls};
use symbolon_verifier::request::make_nonce;
use symbolon_verifier::store::{
    Delivery, DeliveryEvent, DeliveryId, DeliveryStage, PresentationResult, RequestId, RequestRecord,
    ResultOutcome, StoreError,
};

use crate::configuration::{MAX_RESULT_RETENTION_SECONDS, VerifierConfiguration};
use crate::identities::Identities;
use crate::openid_provider::openid_clients;
use crate::quota::Quota;
use crate::server::StartError;
use crate::state::{RequestSigner, State};

/// A relying party that was checked.
pub(crate) struct OpenedRelyingParty {
    pub(crate) name: RelyingPartyName,
    pub(crate) document: RelyingParty,
    pub(crate) quota: Quota,
    /// Its own names and its key, where it has a certificate of its own.
    pub(crate) signer: Option<(Identities, RequestSigner)>,
    /// Its registration certificate.
    pub(crate) registration: Option<VerifierInfo>,
}

/// Policies and relying parties that a verifier would start with.
pub struct CheckedPolicies {
    policies: BTreeMap<PolicyName, PresentationPolicy>,
    relying_parties: usize,
}

impl CheckedPolicies {
    /// Checks policies and relying parties as [`Server::start`](crate::Server::start) does.
    ///
    /// # Errors
    /// [`StartError`] with the offending key.
    pub fn of(
        configuration: &VerifierConfiguration,
        trust_list: &TrustList,
        urls: UrlPolicy,
    ) -> Result<Self, StartError> {
        let queries = parse_queries(configuration)?;
        let policies = compile_policies(
            configuration,
            trust_list,
            &queries,
            &transaction_types(configuration)?,
        )?;
        openid_clients(configuration, &policies, urls)?;
        Ok(Self {
            policies,
            relying_parties: open_relying_parties(configuration, urls)?.len(),
        })
    }

    /// The policies.
    pub fn policies(&self) -> impl Iterator<Item = &PresentationPolicy> {
        self.policies.values()
    }

    /// How many relying parties there are.
    #[must_use]
    pub const fn relying_parties(&self) -> usize {
        self.relying_parties
    }
}

/// Whether webhooks may go to plain http on loopback.
#[must_use]
pub const fn webhook_urls(urls: UrlPolicy) -> WebhookUrls {
    match urls {
        UrlPolicy::Public => WebhookUrls::Public,
        UrlPolicy::Development => WebhookUrls::Development,
    }
}

/// Reads the named queries.
pub(crate) fn parse_queries(
    configuration: &VerifierConfiguration,
) -> Result<BTreeMap<String, DcqlQuery>, StartError> {
    let parse = |(name, query): (&String, &serde_json::Value)| {
        let parsed = DcqlQuery::parse_own(query.to_string().as_bytes());
        let parsed = parsed.map_err(|source| StartError::Query {
            name: name.clone(),
            source,
        })?;
        Ok((name.clone(), parsed))
    };
    configuration.queries.iter().map(parse).collect()
}

/// Checks the types of transaction data.
pub(crate) fn transaction_types(
    configuration: &VerifierConfiguration,
) -> Result<TransactionTypes, StartError> {
    let mut types = TransactionTypes::default();
    for definition in &configuration.transaction_data_types {
        types
            .insert(definition.clone())
            .map_err(|source| StartError::TransactionType {
                name: definition.name.to_string(),
                source,
            })?;
    }
    Ok(types)
}

/// Checks every policy against the trust list.
pub(crate) fn compile_policies(
    configuration: &VerifierConfiguration,
    trust_list: &TrustList,
    queries: &BTreeMap<String, DcqlQuery>,
    transaction_types: &TransactionTypes,
) -> Result<BTreeMap<PolicyName, PresentationPolicy>, StartError> {
    let assurances = configuration.assurance.compile(trust_list);
    let assurances = assurances.map_err(StartError::Assurance)?;
    let surroundings = PolicySurroundings {
        trust_list,
        assurances: &assurances,
        queries,
        transaction_types,
    };
    let mut policies = BTreeMap::new();
    for (name, document) in &configuration.policies {
        let policy = PresentationPolicy::compile(name.clone(), document, surroundings);
        let policy = policy.map_err(|source| StartError::Policy {
            name: name.clone(),
            source,
        })?;
        policies.insert(name.clone(), policy);
    }
    Ok(policies)
}

/// Checks every relying party.
pub(crate) fn open_relying_parties(
    configuration: &VerifierConfiguration,
    urls: UrlPolicy,
) -> Result<BTreeMap<RelyingPartyName, Arc<OpenedRelyingParty>>, StartError> {
    let mut opened = BTreeMap::new();
    for (name, document) in &configuration.relying_parties {
        let knows = |policy: &PolicyName| configuration.policies.contains_key(policy);
        let checked = document.check(knows, MAX_RESULT_RETENTION_SECONDS, webhook_urls(urls));
        checked.map_err(|source| StartError::RelyingParty {
            name: name.clone(),
            source,
        })?;
        let party = OpenedRelyingParty {
            name: name.clone(),
            document: document.clone(),
            quota: Quota::default(),
            signer: None,
            registration: None,
        };
        opened.insert(name.clone(), Arc::new(party));
    }
    Ok(opened)
}

impl State {
    /// What a request is for, in the words that wallets show: the policy's, or the relying party's.
    pub(crate) fn purpose_shown(&self, record: &RequestRecord) -> Option<String> {
        let policy = record.policy.as_ref().and_then(|name| self.policy(name));
        let own = || self.party_of(record)?.document.purpose.clone();
        policy
            .as_deref()
            .and_then(PresentationPolicy::purpose)
            .map(str::to_owned)
            .or_else(own)
    }

    /// How long a result is kept after the request has expired.
    pub(crate) fn retention(
        &self,
        relying_party: Option<&OpenedRelyingParty>,
        policy: Option<&PresentationPolicy>,
    ) -> Duration {
        let most = relying_party
            .and_then(|party| party.document.result_retention_seconds)
            .unwrap_or(self.configuration.result_retention_seconds);
        let seconds = policy.map_or(most, |policy| policy.result_retention_seconds(most));
        Duration::from_secs(seconds.into())
    }

    /// The name that wallets show for a request.
    pub(crate) fn name_shown(&self, record: &RequestRecord) -> &str {
        self.party_of(record)
            .map_or(&self.configuration.name, |party| &party.document.name)
    }

    /// The request, as long as it is kept. What is due to be removed is not shown, whether it is removed yet or not.
    pub(crate) async fn kept_request(&self, id: &RequestId) -> Result<Option<RequestRecord>, StoreError> {
        let deps = &self.dependencies;
        let found = deps.store.request(&deps.tenant, id).await?;
        Ok(found.filter(|record| self.now() <= record.kept_until()))
    }

    /// The result of a request, as long as it is kept.
    pub(crate) async fn kept_result(&self, id: &RequestId) -> Result<Option<PresentationResult>, StoreError> {
        match self.kept_request(id).await? {
            Some(record) => self.dependencies.store.result(&record.tenant, id).await,
            None => Ok(None),
        }
    }

    /// Whether credentials of one answer may be bound to different keys.
    pub(crate) fn holder_keys(&self, policy: Option<&PresentationPolicy>) -> HolderKeys {
        policy.map_or(self.dependencies.holder_keys, PresentationPolicy::holder_keys)
    }

    /// Whether the answer to a request is kept word for word: of a relying party's only where a policy says so.
    pub(crate) fn keeps_evidence(&self, record: &RequestRecord, policy: Option<&PresentationPolicy>) -> bool {
        match policy {
            Some(policy) => policy.keeps_evidence(),
            None => record.relying_party.is_none(),
        }
    }

    /// What is to be announced of a result; `None` where nobody wants to be told.
    pub(crate) fn announcement(
        &self,
        record: &RequestRecord,
        outcome: &ResultOutcome,
    ) -> Result<Option<Delivery>, RandomnessUnavailable> {
        let party = self.party_of(record);
        let Some(party) = party.filter(|party| party.document.webhook.is_some()) else {
            return Ok(None);
        };
        let (event, decided) = match outcome {
            ResultOutcome::Presented { decision, .. } => (
                DeliveryEvent::Answered,
                decision.as_ref().map(|decision| decision.outcome),
            ),
            ResultOutcome::Declined { .. } => (DeliveryEvent::Declined, None),
        };
        let delivery = self.delivery(&party.name, &record.id, event)?;
        Ok(Some(Delivery {
            policy: record.policy.clone(),
            outcome: decided,
            ..delivery
        }))
    }

    /// An announcement that is due now.
    pub(crate) fn delivery(
        &self,
        relying_party: &RelyingPartyName,
        request: &RequestId,
        event: DeliveryEvent,
    ) -> Result<Delivery, RandomnessUnavailable> {
        let id = format!("msg_{}", make_nonce(&*self.dependencies.randomness)?);
        let now = self.now();
        Ok(Delivery {
            id: DeliveryId::parse(&id).map_err(|_| RandomnessUnavailable)?,
            relying_party: relying_party.clone(),
            request: request.clone(),
            event,
            policy: None,
            outcome: None,
            status_change: None,
            created_at: now,
            attempts: 0,
            stage: DeliveryStage::Waiting { next_attempt_at: now },
        })
    }

    /// Has it announced that nobody answered a request, where its relying party wants to be told. An answer takes that back.
    pub(crate) async fn announce_expiry(&self, record: &RequestRecord) -> Result<(), StoreError> {
        let webhook = self
            .party_of(record)
            .and_then(|party| party.document.webhook.as_ref());
        if webhook.is_none_or(|webhook| webhook.expired == ExpiredNotice::Silent) {
            return Ok(());
        }
        let Some(delivery) = Delivery::of_expiry(record) else {
            return Ok(());
        };
        let deps = &self.dependencies;
        // One that is there already is the same.
        let _ = deps.store.insert_delivery(&deps.tenant, delivery).await?;
        Ok(())
    }

    pub(crate) fn party_of(&self, record: &RequestRecord) -> Option<&OpenedRelyingParty> {
        let name = record.relying_party.as_ref()?;
        self.relying_parties.get(name).map(|party| &**party)
    }
}
