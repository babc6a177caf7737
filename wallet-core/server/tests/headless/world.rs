//! A headless wallet on a free port, whose peers can be made to wait, and a clock that is set by hand.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use symbolon_credential::data_integrity::ContextTable;
use symbolon_crypto::signing::{DescribeKeys as _, KeyHandle, SoftwareKey};
use symbolon_crypto::symmetric::SymmetricKey;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_data_integrity::SsiJsonLd;
use symbolon_http::openapi::conformance::Conformance;
use symbolon_http::serve::{AdministrationToken, Encryption, listen};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_store::Store;
use symbolon_wallet_core::consent_policy::ConsentPolicy;
use symbolon_wallet_core::{
    BoxFuture, HttpRequest, HttpResponse, Languages, Ports, Transport, TransportError, WalletStore as _,
};
use symbolon_wallet_server::{
    Agent, AgentSetup, Attending, HeldDocuments, Holder, HolderKey, Listening, RequestBudget, Running,
    Server, Setup,
};
use tokio::sync::watch;
use url::Url;

use crate::support::World;
use crate::support::issuer::{ISSUER, TYPE};

pub(crate) const TOKEN: &str = "the-wallets-token";
/// What the wallet is called; requests to it go to the listener.
pub(crate) const IDENTIFIER: &str = "https://wallet.example";

/// A wallet of the core's world, served.
pub(crate) struct Headless {
    pub(crate) world: World,
    pub(crate) agent: Arc<Agent>,
    _running: Running,
    conformance: Conformance,
    base: String,
    client: Client,
    clock: Arc<AtomicI64>,
    gate: watch::Sender<usize>,
    pub(crate) sent: watch::Receiver<usize>,
}

impl Drop for Headless {
    fn drop(&mut self) {
        let found = self.conformance.found();
        // A test that fails by itself says more.
        if !std::thread::panicking() {
            assert!(found.is_empty(), "not as the description says: {found:#?}");
        }
    }
}

/// A network that can be made to wait.
struct Gated {
    inner: Arc<dyn Transport>,
    /// How many requests are let through.
    let_through: watch::Receiver<usize>,
    sent: watch::Sender<usize>,
}

impl Transport for Gated {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let mut number = 0;
            self.sent.send_modify(|sent| {
                *sent += 1;
                number = *sent;
            });
            let mut let_through = self.let_through.clone();
            if let_through
                .wait_for(|let_through| number <= *let_through)
                .await
                .is_err()
            {
                return Err(TransportError::Unreachable);
            }
            self.inner.send(request).await
        })
    }
}

impl Headless {
    pub(crate) async fn start(world: World, policy: Value) -> Self {
        Self::start_with(world, policy, RequestBudget::default(), IDENTIFIER).await
    }

    pub(crate) async fn start_with(
        mut world: World,
        policy: Value,
        budget: RequestBudget,
        identifier: &str,
    ) -> Self {
        let identifier = IssuerIdentifier::parse(identifier).unwrap();
        world.policy.relying_parties.wallet_issuer = Some(identifier.clone());
        if let Some(client) = &mut world.client {
            let base = identifier.as_str().trim_end_matches('/');
            client.redirect_uri = RedirectUri::parse(&format!("{base}/callback")).unwrap();
        }
        let (gate, let_through) = watch::channel(usize::MAX);
        let (sender, sent) = watch::channel(0);
        let ports = world.ports();
        let transport = Gated {
            inner: Arc::clone(&ports.transport),
            let_through,
            sent: sender,
        };
        let first = world.wallet_on(Ports {
            transport: Arc::new(transport),
            ..ports
        });
        let clock = Arc::new(AtomicI64::new(world.now.seconds()));
        let time = Arc::clone(&clock);
        let agent = Arc::new(Agent::new(AgentSetup {
            metadata: first.verifier_metadata(),
            identifier,
            first,
            others: BTreeMap::new(),
            policy: ConsentPolicy::check(serde_json::from_value(policy).unwrap()).unwrap(),
            transaction_codes: BTreeMap::new(),
            languages: Languages::new(["en"]),
            clock: Arc::new(move || UnixTime::from_seconds(time.load(Ordering::SeqCst))),
            randomness: Arc::new(SeededRandomness::new(77)),
        }));
        agent.begin().await.unwrap();
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listening = Listening {
            listener,
            encryption: Encryption::Plain,
            token: AdministrationToken::new(TOKEN),
        };
        let attending = Attending {
            agent: Arc::clone(&agent),
            budget,
        };
        let conformance = Conformance::default();
        let running =
            Server::start_watched(Arc::new(holder()), Some(attending), listening, &conformance).await;
        let running = running.unwrap();
        let client = Client::builder().no_proxy().redirect(Policy::none());
        Self {
            base: format!("http://{}", running.address()),
            world,
            agent,
            _running: running,
            conformance,
            client: client.build().unwrap(),
            clock,
            gate,
            sent,
        }
    }

    /// Lets so many more requests of the wallet through; those behind wait.
    pub(crate) fn let_through(&self, more: usize) {
        self.gate.send_replace(self.sent.borrow().saturating_add(more));
    }

    pub(crate) fn pass(&self, time: Duration) {
        let seconds = i64::try_from(time.as_secs()).unwrap();
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn at(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base))
    }

    /// What a link is brought to, as a stranger brings it.
    pub(crate) fn bring(&self, path: &str, link: &str) -> RequestBuilder {
        self.at(&format!("{path}?{}", query(link)))
    }

    pub(crate) async fn authorize(&self, link: &str) -> (u16, Value) {
        told(self.bring("/authorize", link).send().await.unwrap()).await
    }

    pub(crate) async fn offer(&self, link: &str) -> (u16, Value) {
        told(self.bring("/credential-offer", link).send().await.unwrap()).await
    }

    /// What an address of the wallet says.
    pub(crate) fn follow(&self, address: &str) -> RequestBuilder {
        self.at(&path_of(address))
    }

    /// The administration, with the token.
    pub(crate) async fn administer(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.client.post(format!("{}/admin/v1/{path}", self.base));
        told(request.bearer_auth(TOKEN).json(body).send().await.unwrap()).await
    }

    /// The same without it.
    pub(crate) async fn administer_as_stranger(&self, path: &str, body: &Value) -> u16 {
        let request = self.client.post(format!("{}/admin/v1/{path}", self.base));
        request.json(body).send().await.unwrap().status().as_u16()
    }

    /// Brings a link in the owner's name.
    pub(crate) async fn bring_as_owner(&self, path: &str, link: &str) -> (u16, Value) {
        self.administer(path, &json!({"link": link})).await
    }

    pub(crate) async fn waiting(&self) -> Vec<Value> {
        let request = self.at("/admin/v1/waiting").bearer_auth(TOKEN);
        let (_, body) = told(request.send().await.unwrap()).await;
        body["entries"].as_array().unwrap().clone()
    }

    pub(crate) async fn decide(&self, flow: &Value, decision: &str) -> (u16, Value) {
        let order = json!({"flow": flow, "decision": decision});
        self.administer("waiting/decide", &order).await
    }

    /// Allows what a browser brought, with the code that its page shows.
    pub(crate) async fn allow_by_code(&self, flow: &Value, code: &Value) -> (u16, Value) {
        let order = json!({"flow": flow, "decision": "allow", "comparison_code": code});
        self.administer("waiting/decide", &order).await
    }

    /// How many flows, entries of the history and refusals the store has.
    pub(crate) async fn stored(&self) -> (usize, usize, usize) {
        let store = &self.world.store;
        (
            store.flows().await.unwrap().len(),
            store.history().await.unwrap().len(),
            store.refusals().await.unwrap().len(),
        )
    }
}

pub(crate) async fn told(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

pub(crate) fn query(link: &str) -> &str {
    link.split_once('?').unwrap().1
}

/// Path and query of an address.
pub(crate) fn path_of(address: &str) -> String {
    let url = Url::parse(address).unwrap();
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// A policy of one rule for the clinic, with these members beside, and one for the issuer.
pub(crate) fn policy(rule: &Value, offers: &Value) -> Value {
    let mut presentation = json!({
        "name": "clinic", "verifier": {"prefixes": ["x509_hash", "pre-registered"]},
        "credentials": [{"type": TYPE, "all_claims": true}], "decision": "share",
    });
    let mut offer = json!({"name": "registry", "issuers": [ISSUER], "decision": "receive"});
    for (own, given) in [(&mut presentation, rule), (&mut offer, offers)] {
        let (own, given) = (own.as_object_mut().unwrap(), given.as_object().unwrap());
        own.extend(given.clone());
    }
    json!({
        "version": 1, "waiting": {"seconds": 600, "requests": 2},
        "presentations": {"rules": [presentation]}, "offers": {"rules": [offer]},
    })
}

/// One that answers and receives for anybody.
pub(crate) fn for_anybody() -> Value {
    policy(
        &json!({"answers_for_anybody": true}),
        &json!({"receives_for_anybody": true}),
    )
}

fn holder() -> Holder {
    let randomness = Arc::new(SeededRandomness::new(7));
    let provider = Arc::new(RustCryptoProvider);
    let secret = provider
        .generate_key(SignatureAlgorithm::EdDsa, &*randomness)
        .unwrap();
    let own_sign = SoftwareKey::new(KeyHandle::new("own"), secret, provider.clone());
    let documents = HeldDocuments::new(
        Store::open_in_memory().unwrap(),
        &SymmetricKey::new([9; 32]),
        randomness.clone(),
    );
    Holder::new(Setup {
        own_key: HolderKey::new(own_sign.describe(own_sign.handle()).unwrap()).unwrap(),
        own_sign: Arc::new(own_sign),
        bound_keys: Arc::new(symbolon_wallet_core::testing::MemoryKeys::new(
            provider, randomness,
        )),
        documents: documents.unwrap(),
        json_ld: Arc::new(SsiJsonLd::new()),
        contexts: ContextTable::default(),
        clock: Arc::new(|| UnixTime::from_seconds(0)),
    })
}
