use core::time::Duration;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use symbolon_crypto::UnixTime;
#[cfg(feature = "testing")]
use symbolon_http::openapi::{Audience, conformance::Conformance};
use symbolon_http::serve::{Encryption, ServeError, serve};
use symbolon_protocol::dcql::{DcqlError, DcqlQuery};
use symbolon_protocol::digital_credentials::Origin;
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_protocol::openid4vp::scope::ScopeQueries;
use symbolon_protocol::openid4vp::transaction_data::InvalidTransactionType;
use symbolon_verifier::choices::InvalidChoices;
use symbolon_verifier::compose::CredentialCatalogue;
use symbolon_verifier::haip;
use symbolon_verifier::name::{PolicyName, RelyingPartyName};
use symbolon_verifier::policy::{PolicyError, PresentationPolicy};
use symbolon_verifier::store::{StoreError, VerifierStore};
use thiserror::Error;
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinHandle;

use crate::believed::{Believed, BelievedNow, watch_trust};
use crate::certificates::{CertificateProblem, certify, names_origin};
use crate::configuration::{
    MAX_REQUEST_LIFETIME_SECONDS, MAX_RESULT_RETENTION_SECONDS, MIN_REQUEST_LIFETIME_SECONDS,
    VerifierConfiguration,
};
use crate::deliver::deliver;
use crate::identities::Identities;
use crate::proximity::NearbySessions;
use crate::reliance::watch;
use crate::relying_party::{compile_policies, open_relying_parties, parse_queries, transaction_types};
use crate::state::{Dependencies, State};
use crate::unreachable::UnreachableServers;
use crate::{offline, openid_provider, routes, scan};

/// How often expired requests are removed.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// How many entries one commit of a sweep removes at most, so that it never holds the store for long.
const SWEEP_ENTRIES: usize = 500;

/// How many announcements a slow stream of events may miss before it asks the store.
const ANNOUNCEMENTS: usize = 256;

/// The verifier as a server.
pub struct Server;

/// A verifier that is listening.
pub struct Running {
    listener: symbolon_http::serve::Running,
    sweeper: JoinHandle<()>,
    deliveries: JoinHandle<()>,
    reliances: JoinHandle<()>,
    trust: Option<JoinHandle<()>>,
}

/// Why the verifier does not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The signer has no certificate.
    #[error("the request signer has no certificate")]
    NoCertificate,
    /// Wallets would refuse the requests: the certificate names neither the host nor the origin of the identifier.
    #[error("the certificate of the request signer does not name the verifier's identifier")]
    CertificateOfAnother,
    /// The identifier is not allowed in this installation.
    #[error("the verifier's identifier must be an https URL unless development = true")]
    Identifier,
    /// A time is outside its bounds.
    #[error("{key} must be from {least} to {most} seconds")]
    OutOfBounds {
        /// The key.
        key: &'static str,
        /// The lower bound.
        least: u32,
        /// The upper bound.
        most: u32,
    },
    /// A policy wants something signed that this installation has no key for.
    #[error(
        "the policy {0} gives receipts or verified claims, and there is no key that signs them: run symbolon init --upgrade"
    )]
    NoEvidenceKey(PolicyName),
    /// A named query is wrong.
    #[error("the query {name} is wrong: {source}")]
    Query {
        /// Its name in the configuration.
        name: String,
        /// Why.
        #[source]
        source: DcqlError,
    },
    /// The levels of assurance are wrong.
    #[error("verifier.assurance.{0}")]
    Assurance(#[source] PolicyError),
    /// A type of transaction data is wrong.
    #[error("the type of transaction data {name} is wrong: {source}")]
    TransactionType {
        /// Its name.
        name: String,
        /// The key, and why.
        #[source]
        source: InvalidTransactionType,
    },
    /// A policy is wrong.
    #[error("the policy {name} is wrong: {source}")]
    Policy {
        /// Its name.
        name: PolicyName,
        /// The key, and why.
        #[source]
        source: PolicyError,
    },
    /// A relying party is wrong.
    #[error("the relying party {name} is wrong: {source}")]
    RelyingParty {
        /// Its name.
        name: RelyingPartyName,
        /// The key, and why.
        #[source]
        source: PolicyError,
    },
    /// The certificates of a relying party cannot be used.
    #[error("the relying party {name}: {problem}")]
    Certificate {
        /// Its name.
        name: RelyingPartyName,
        /// Why.
        #[source]
        problem: CertificateProblem,
    },
    /// A relying party has a client of OpenID Connect, and there is no key for its ID tokens.
    #[error("there is no key that signs ID tokens, which the client of a relying party needs")]
    NoIdTokenSigner,
    /// The page that scans cannot be made.
    #[error(transparent)]
    ScanPage(#[from] scan::ScanPageError),
    /// The page that works without a network cannot be made.
    #[error(transparent)]
    OfflinePage(#[from] offline::OfflinePageError),
    /// A scope value that names no query, or is none.
    #[error("the scope {0} is no scope value, or names a query that the configuration does not have")]
    Scope(String),
    /// The identifier for wallets that have the verifier registered has a prefix, or characters that no identifier has.
    #[error("client_id must be visible ASCII without a colon")]
    ClientId,
    /// An origin of plain http, which no browser lets ask.
    #[error("origins must be those of https pages: {0} is not")]
    Origin(Origin),
    /// Choices that exclude each other.
    #[error(transparent)]
    Choices(#[from] InvalidChoices),
    /// The verifier cannot name itself so.
    #[error(
        "client_id_prefix = {0:?}: the verifier cannot be called so. x509_san_dns needs an identifier with a host name that the \
         certificate has, decentralized_identifier one with a host name, pre-registered needs client_id"
    )]
    NoIdentity(&'static str),
    /// Something contradicts the profile.
    #[error(transparent)]
    Profile(#[from] haip::ProfileContradiction),
    /// The verifier's pages, which are part of the program.
    #[error(transparent)]
    Pages(#[from] routes::DamagedPages),
    /// No listener.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

impl Server {
    /// Checks the configuration and serves on `listener` until [`Running::shutdown`].
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(
        listener: TcpListener,
        encryption: Encryption,
        configuration: VerifierConfiguration,
        dependencies: Dependencies,
    ) -> Result<Running, StartError> {
        Self::start_within(listener, encryption, configuration, dependencies, |router| router).await
    }

    /// The same, and holds every request and answer against the description of the interface.
    ///
    /// # Errors
    /// [`StartError`].
    #[cfg(feature = "testing")]
    pub async fn start_watched(
        listener: TcpListener,
        encryption: Encryption,
        configuration: VerifierConfiguration,
        dependencies: Dependencies,
        conformance: &Conformance,
    ) -> Result<Running, StartError> {
        let description = routes::description::description(&configuration.identifier, Audience::Operator);
        let watch = |router| conformance.watch(router, &serde_json::json!(description));
        Self::start_within(listener, encryption, configuration, dependencies, watch).await
    }

    async fn start_within(
        listener: TcpListener,
        encryption: Encryption,
        configuration: VerifierConfiguration,
        mut dependencies: Dependencies,
        around: impl FnOnce(axum::Router) -> axum::Router,
    ) -> Result<Running, StartError> {
        let scan = dependencies.scan.take();
        let offline_page = dependencies.offline_page.take();
        let state = Arc::new(State::new(configuration, dependencies)?);
        let mut router = routes::router(Arc::clone(&state));
        if let Some(setup) = scan {
            let desk = scan::Desk::new(Arc::clone(&state), setup, offline_page.is_some())?;
            router = router.merge(scan::router(desk));
        }
        if let Some(setup) = offline_page {
            let shelf = offline::Shelf::new(&state, setup)?;
            router = router.merge(offline::router(shelf));
        }
        if let Some(provider) = openid_provider::Provider::open(&state)? {
            router = router.merge(openid_provider::router(provider));
        }
        let router = around(router);
        let listener = serve(listener, encryption, router).await?;
        let watched = state.dependencies.trust_sources.clone();
        Ok(Running {
            listener,
            sweeper: tokio::spawn(sweep(Arc::clone(&state))),
            deliveries: tokio::spawn(deliver(Arc::clone(&state))),
            trust: watched.map(|watched| {
                let watching = watch_trust(Arc::clone(&state), watched.sources, watched.every);
                tokio::spawn(watching)
            }),
            reliances: tokio::spawn(watch(state)),
        })
    }
}

impl Running {
    /// The address; with the port that the system chose when 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Lets running requests end and closes the listener.
    pub async fn shutdown(self) {
        self.sweeper.abort();
        self.deliveries.abort();
        self.reliances.abort();
        if let Some(trust) = self.trust {
            trust.abort();
        }
        self.listener.shutdown().await;
    }

    /// Returns when the listener has failed.
    pub async fn ended(&mut self) {
        self.listener.ended().await;
    }
}

impl State {
    pub(crate) fn new(
        configuration: VerifierConfiguration,
        dependencies: Dependencies,
    ) -> Result<Self, StartError> {
        let leaf = dependencies
            .signer
            .chain
            .first()
            .ok_or(StartError::NoCertificate)?;
        let identifier = configuration.identifier.url();
        identifier
            .permitted(dependencies.urls)
            .map_err(|_| StartError::Identifier)?;
        if !names_origin(leaf, &configuration) {
            return Err(StartError::CertificateOfAnother);
        }
        within(
            "request_lifetime_seconds",
            configuration.request_lifetime_seconds,
            MIN_REQUEST_LIFETIME_SECONDS,
            MAX_REQUEST_LIFETIME_SECONDS,
        )?;
        within(
            "result_retention_seconds",
            configuration.result_retention_seconds,
            0,
            MAX_RESULT_RETENTION_SECONDS,
        )?;
        for origin in &configuration.origins {
            if Origin::parse(origin.as_str(), dependencies.urls).is_err() {
                return Err(StartError::Origin(origin.clone()));
            }
        }
        let queries = parse_queries(&configuration)?;
        let transaction_types = transaction_types(&configuration)?;
        let trust_list = Arc::clone(&dependencies.trust_list);
        let policies = compile_policies(&configuration, &trust_list, &queries, &transaction_types)?;
        let signed = policies.values().find(|policy| policy.signs_evidence());
        if let (Some(policy), None) = (signed, &dependencies.evidence) {
            return Err(StartError::NoEvidenceKey(policy.name().clone()));
        }
        let relying_parties = open_relying_parties(&configuration, dependencies.urls)?;
        let relying_parties = certify(relying_parties, &configuration, &dependencies)?;
        let scopes = scopes(&configuration, &queries)?;
        let identities = Identities::of(&configuration, leaf)?;
        let choices = &configuration.choices;
        choices.check()?;
        if !identities.have(choices.client_id_prefix) {
            return Err(StartError::NoIdentity(choices.client_id_prefix.as_str()));
        }
        if configuration.profile == PresentationProfile::Haip {
            haip::check_choices(choices)?;
            haip::check_chain(&dependencies.signer.chain)?;
            let asked = policies.values().filter_map(PresentationPolicy::query);
            for query in queries.values().chain(asked) {
                haip::check_query(query)?;
            }
            if !configuration.scopes.is_empty() {
                return Err(haip::ProfileContradiction::Scope.into());
            }
        }
        let (answered, _) = broadcast::channel(ANNOUNCEMENTS);
        let catalogue = CredentialCatalogue::of(&trust_list, queries.values());
        let builder = routes::RequestBuilder::new(&configuration.name)?;
        Ok(Self {
            configuration,
            dependencies,
            identities,
            queries,
            believed: Believed::new(BelievedNow::new(trust_list, policies, catalogue)),
            relying_parties,
            scopes,
            transaction_types,
            pages: routes::Pages::new()?,
            builder,
            answered,
            nearby: NearbySessions::default(),
            packs: Arc::default(),
            unreachable: UnreachableServers::default(),
            announced: Notify::new(),
        })
    }
}

fn scopes(
    configuration: &VerifierConfiguration,
    queries: &BTreeMap<String, DcqlQuery>,
) -> Result<ScopeQueries, StartError> {
    let mut scopes = ScopeQueries::default();
    for (value, name) in &configuration.scopes {
        let refused = || StartError::Scope(value.clone());
        let query = queries.get(name).ok_or_else(refused)?;
        scopes.insert(value, query.clone()).map_err(|_| refused())?;
    }
    Ok(scopes)
}

fn within(key: &'static str, value: u32, least: u32, most: u32) -> Result<(), StartError> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(StartError::OutOfBounds { key, least, most })
    }
}

async fn sweep(state: Arc<State>) {
    let mut interval = tokio::time::interval(SWEEP_INTERVAL);
    loop {
        interval.tick().await;
        match remove_expired(state.dependencies.store.as_ref(), state.now()).await {
            Ok(0) => {}
            Ok(removed) => tracing::debug!(removed, "removed expired requests"),
            Err(error) => tracing::warn!(%error, "expired requests could not be removed"),
        }
    }
}

/// Removes everything that is due, batch by batch: answers hold personal data, and no rate of requests may keep them longer.
async fn remove_expired(store: &dyn VerifierStore, before: UnixTime) -> Result<usize, StoreError> {
    let mut removed = 0;
    loop {
        let batch = store.remove_expired(before, SWEEP_ENTRIES).await?;
        removed += batch;
        if batch < SWEEP_ENTRIES {
            return Ok(removed);
        }
    }
}

#[cfg(test)]
mod tests {
    use symbolon_verifier::store::{MemoryStore, Nonce, TenantId};

    use super::*;

    #[tokio::test]
    async fn one_sweep_removes_everything_that_is_due() {
        let (store, tenant) = (MemoryStore::new(), TenantId::parse("default").unwrap());
        for number in 0..SWEEP_ENTRIES * 2 + 1 {
            let nonce = Nonce::parse(&number.to_string()).unwrap();
            let kept = UnixTime::from_seconds(100);
            let _ = store.consume_nonce(&tenant, &nonce, kept).await.unwrap();
        }
        let due = UnixTime::from_seconds(101);
        assert_eq!(remove_expired(&store, due).await.unwrap(), SWEEP_ENTRIES * 2 + 1);
        assert_eq!(remove_expired(&store, due).await.unwrap(), 0);
    }
}
