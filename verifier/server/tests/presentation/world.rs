//! One relying party with a server, one issuer that publishes a status list, one holder.

mod credentials;
pub(crate) mod formats;
mod signers;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use axum::routing::get;
use http::Method;
use http::header::{AUTHORIZATION, HeaderValue};
use serde_json::{Map, Value, json};
use symbolon_crypto::jose::jwe::PureJwe;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_crypto_josekit::JosekitJwe;
use symbolon_data_integrity::SsiJsonLd;
use symbolon_did::web_did_of;
use symbolon_http::fetch::{Fetch, FetchPolicy, Fetched, GuardedFetcher, Redirects};
use symbolon_http::openapi::conformance::Conformance;
use symbolon_http::serve::{AdministrationToken, Encryption, Limits, harden, listen, serve};
use symbolon_protocol::dcql::QueryId;
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy};
use symbolon_protocol::openid4vp::link::{RequestDelivery, RequestLink};
use symbolon_protocol::openid4vp::request_object::{
    self, KnownClients, RequestExpectations, ResponseUriRule, VerifiedRequest,
};
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, Presentation, VpToken};
use symbolon_protocol::openid4vp::transaction_data::TransactionTypes;
use symbolon_store::Store;
use symbolon_trust::status_list::{BitsPerStatus, Status, TokenStatusList};
use symbolon_trust::testing::{NOW, TestAuthority, TestIssuer, TestIssuingAuthority, TestKey, TestRegistry};
use symbolon_trust::trust_list::CredentialTypeRule;
use symbolon_verifier::Policy;
use symbolon_verifier::answer::HolderKeys;
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::request::MasterSecret;
use symbolon_verifier::store::TenantId;
use symbolon_verifier_server::configuration::VerifierConfiguration;
use symbolon_verifier_server::evidence_cache::EvidenceCache;
use symbolon_verifier_server::store::EmbeddedVerifierStore;
use symbolon_verifier_server::{Dependencies, RequestSigner, Running, ScanAccess, ScanSetup, Server};
use url::Url;
use zeroize::Zeroizing;

pub(crate) use signers::{ORGANIZATION, evidence_key, registrar};

use crate::packs::PackOfTest;
use signers::{Certified, KeyOf, certify, id_token_signer, published};

/// The media type that stands for a connection that breaks off.
const BREAKS_OFF: &str = "application/octet-stream";
pub(crate) const TOKEN: &str = "administration-token-of-the-test";
pub(crate) const DOC_TYPE: &str = "org.symbolon.national-id.1";
pub(crate) const TYPE: &str = "NationalIdentityCredential";
pub(crate) const INDEX: u64 = 77;

pub(crate) struct World {
    pub(crate) server: Running,
    _description: AsDescribed,
    /// Who signs trust lists and packs.
    pub(crate) registry: TestRegistry,
    /// The pack that lies beside the server.
    pub(crate) packs: Arc<PackOfTest>,
    /// What the page that works without a network is served from.
    pub(crate) offline: tempfile::TempDir,
    pub(crate) base: String,
    pub(crate) anchor: Certificate,
    pub(crate) issuer: TestIssuer,
    /// The issuer's authority for mdocs.
    pub(crate) authority: TestIssuingAuthority,
    /// The key of the issuer's DID.
    pub(crate) did_key: TestKey,
    pub(crate) json_ld: Arc<SsiJsonLd>,
    pub(crate) holder: TestKey,
    pub(crate) store: Store,
    status: Arc<StatusServer>,
    _status_listener: symbolon_http::serve::Running,
    clock: Arc<AtomicI64>,
    fetcher: GuardedFetcher,
    /// The types of transaction data that the wallet knows: the verifier's.
    types: TransactionTypes,
}

/// Holds whatever any test exchanges with the server against the description of the interface.
pub(crate) struct AsDescribed(Conformance);

impl Drop for AsDescribed {
    fn drop(&mut self) {
        let found = self.0.found();
        // A test that fails by itself says more.
        if !std::thread::panicking() {
            assert!(found.is_empty(), "not as the description says: {found:#?}");
        }
    }
}

/// What the issuer's endpoints answer, and how often its status was asked for.
#[derive(Default)]
struct StatusServer {
    /// Media type and body; nothing at first.
    list: Mutex<(&'static str, Vec<u8>)>,
    asked: AtomicUsize,
    /// By path: media type and body.
    documents: Mutex<BTreeMap<String, (&'static str, Vec<u8>)>>,
    fetched: Mutex<Vec<String>>,
}

/// What the page that scans can ask for: by a query, and by the policy `counter` where there is one.
fn asks(configuration: &mut VerifierConfiguration, vct: &str) -> BTreeMap<String, String> {
    let shop = json!({ "credentials": [{
        "id": "identity",
        "format": "dc+sd-jwt",
        "meta": { "vct_values": [vct] },
        "claims": [{ "path": ["given_name"] }],
    }] });
    configuration.queries.insert("shop".to_owned(), shop);
    let mut asks = BTreeMap::from([("Who are you?".to_owned(), "shop".to_owned())]);
    if configuration
        .policies
        .keys()
        .any(|name| name.as_str() == "counter")
    {
        asks.insert("Over 18?".to_owned(), "counter".to_owned());
    }
    asks
}

async fn document(State(status): State<Arc<StatusServer>>, uri: http::Uri) -> axum::response::Response {
    status.fetched.lock().unwrap().push(uri.path().to_owned());
    match status.documents.lock().unwrap().get(uri.path()) {
        Some((media_type, body)) => ([(CONTENT_TYPE, *media_type)], body.clone()).into_response(),
        None => http::StatusCode::NOT_FOUND.into_response(),
    }
}

async fn status_token(
    State(status): State<Arc<StatusServer>>,
) -> ([(http::HeaderName, &'static str); 1], Body) {
    status.asked.fetch_add(1, Ordering::Relaxed);
    let (media_type, body) = status.list.lock().unwrap().clone();
    let body = if media_type == BREAKS_OFF {
        let error = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        Body::from_stream(futures_util::stream::iter([
            Ok(Bytes::from_static(b"ey")),
            Err(error),
        ]))
    } else {
        Body::from(body)
    };
    ([(CONTENT_TYPE, media_type)], body)
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::configured(|_| {}).await
    }

    pub(crate) async fn configured(configure: impl FnOnce(&mut VerifierConfiguration)) -> Self {
        Self::with_page(configure, ScanAccess::Open).await
    }

    /// With a page for those whom `scan` lets in.
    pub(crate) async fn with_page(
        configure: impl FnOnce(&mut VerifierConfiguration),
        scan: ScanAccess,
    ) -> Self {
        Self::of_issuer(|configuration, _| configure(configuration), scan).await
    }

    /// The same, for a configuration that names the type of the issuer's credential.
    pub(crate) async fn of_issuer(
        configure: impl FnOnce(&mut VerifierConfiguration, &str),
        scan: ScanAccess,
    ) -> Self {
        Self::depending(configure, scan, |_| {}).await
    }

    /// The same with other dependencies.
    pub(crate) async fn depending(
        configure: impl FnOnce(&mut VerifierConfiguration, &str),
        scan: ScanAccess,
        depend: impl FnOnce(&mut Dependencies),
    ) -> Self {
        let status = Arc::new(StatusServer::default());
        let router = Router::new()
            .route("/status/0", get(status_token))
            .fallback(get(document))
            .with_state(Arc::clone(&status));
        let status_listener = listen(loopback()).unwrap();
        let issuer_base = format!("http://{}", status_listener.local_addr().unwrap());
        let status_listener = serve(
            status_listener,
            Encryption::Plain,
            harden(router, Limits::PROTOCOL),
        )
        .await
        .unwrap();
        let issuer = TestIssuer::new(&issuer_base, 100);

        let listener = listen(loopback()).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let requests = TestAuthority::new(500);
        let signer = TestKey::new(SignatureAlgorithm::Es256, 510);
        let leaf = requests.issue(signer.public_key(), &base, None);

        let authority = TestIssuingAuthority::new(700);
        let names = [vct(&issuer), DOC_TYPE.to_owned(), TYPE.to_owned()];
        let mut entry = issuer.entry(names.map(CredentialTypeRule::Exactly).to_vec());
        entry.anchors.push(authority.root().clone());
        entry.dids = vec![web_did_of(&issuer_base).unwrap()];
        let registry = TestRegistry::new(1);
        let mut trust_list = registry.trust_list(vec![entry], NOW);
        trust_list.contexts = contexts(&issuer);
        let packs = Arc::new(PackOfTest::new(registry.root_of_trust(trust_list.clone())));
        let json_ld = Arc::new(SsiJsonLd::new());
        let store = Store::open_in_memory().unwrap();
        let embedded = Arc::new(EmbeddedVerifierStore::new(store.clone()));
        let clock = Arc::new(AtomicI64::new(NOW.seconds()));
        let fetcher = GuardedFetcher::new(FetchPolicy::Development).unwrap();
        let identifier = IssuerIdentifier::parse(&base).unwrap();
        let mut configuration = VerifierConfiguration::new(identifier, "Clinic".to_owned());
        configure(&mut configuration, &vct(&issuer));
        let asks = asks(&mut configuration, &vct(&issuer));
        let mut types = TransactionTypes::default();
        for definition in &configuration.transaction_data_types {
            types.insert(definition.clone()).unwrap();
        }
        let Certified {
            relying_party_signers,
            registration_certificates,
        } = certify(&requests, &base, &configuration);
        let offline = tempfile::tempdir().unwrap();
        let mut dependencies = Dependencies {
            store: embedded.clone(),
            archive: embedded,
            evidence_cache: EvidenceCache::in_memory(),
            fetcher: fetcher.clone(),
            urls: UrlPolicy::Development,
            crypto: Arc::new(RustCryptoProvider),
            json_ld: json_ld.clone(),
            jwe: Arc::new(JosekitJwe::new()),
            randomness: Arc::new(SeededRandomness::new(7)),
            clock: {
                let clock = Arc::clone(&clock);
                Arc::new(move || UnixTime::from_seconds(clock.load(Ordering::Relaxed)))
            },
            master_secret: master_secret(),
            signer: RequestSigner {
                key: signer.handle(),
                sign: Arc::new(KeyOf(signer)),
                chain: vec![leaf],
            },
            id_token_signer: Some(id_token_signer()),
            evidence: Some(published(evidence_key(), Vec::new())),
            relying_party_signers,
            registration_certificates,
            trust_list: Arc::new(trust_list),
            trust_sources: None,
            pack: Some(packs.clone()),
            policy: Policy::RELYING_PARTY,
            holder_keys: HolderKeys::OneKey,
            tenant: TenantId::parse("default").unwrap(),
            administration: AdministrationToken::new(TOKEN),
            scan: Some(ScanSetup {
                access: scan,
                face_keys: Vec::new(),
                asks: asks.clone(),
            }),
            offline_page: Some(crate::offline::setup(offline.path(), asks)),
        };
        depend(&mut dependencies);
        let conformance = Conformance::default();
        let encryption = Encryption::Plain;
        let server =
            Server::start_watched(listener, encryption, configuration, dependencies, &conformance).await;
        let server = server.unwrap();
        let world = Self {
            server,
            _description: AsDescribed(conformance),
            registry,
            packs,
            offline,
            base,
            anchor: requests.certificate().clone(),
            issuer,
            authority,
            did_key: TestKey::new(SignatureAlgorithm::Es256, 301),
            json_ld,
            holder: TestKey::new(SignatureAlgorithm::Es256, 900),
            store,
            status,
            _status_listener: status_listener,
            clock,
            fetcher,
            types,
        };
        world.publish(Status::Valid);
        world
    }

    /// The secret that a receiver of webhooks is told.
    pub(crate) fn webhook_secret(&self, relying_party: &str, version: u32) -> String {
        let secret = master_secret().derive_webhook_secret(
            &TenantId::parse("default").unwrap(),
            &RelyingPartyName::parse(relying_party).unwrap(),
            version,
        );
        secret.expose().to_string()
    }

    pub(crate) fn now(&self) -> UnixTime {
        UnixTime::from_seconds(self.clock.load(Ordering::Relaxed))
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Publishes a list in which the credential has this status.
    pub(crate) fn publish(&self, status: Status) {
        self.publish_at(status, self.now());
    }

    /// The same, signed at another time.
    pub(crate) fn publish_at(&self, status: Status, at: UnixTime) {
        let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
        list.set(INDEX, status).unwrap();
        let token = self.issuer.status_token(&self.issuer.status_uri(0), &list, at);
        self.publish_text(&token);
    }

    /// Publishes a list of the same address that another issuer has signed.
    pub(crate) fn publish_by_another(&self, status: Status) {
        let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
        list.set(INDEX, status).unwrap();
        let another = TestIssuer::new(self.issuer.identifier.as_str(), 4_000);
        let soon = self.now().plus(core::time::Duration::from_secs(60 * 60));
        let token = another.status_token(&self.issuer.status_uri(0), &list, soon);
        self.publish_text(&token);
    }

    /// Publishes a document at a path of the issuer's.
    pub(crate) fn publish_document(&self, path: &str, media_type: &'static str, body: impl AsRef<[u8]>) {
        let mut documents = self.status.documents.lock().unwrap();
        documents.insert(path.to_owned(), (media_type, body.as_ref().to_vec()));
    }

    /// Takes a document away again.
    pub(crate) fn take_document_away(&self, path: &str) {
        self.status.documents.lock().unwrap().remove(path);
    }

    /// The issuer's list cannot be had: what comes in its place is the page of somebody's portal.
    pub(crate) fn take_status_away(&self) {
        *self.status.list.lock().unwrap() = ("text/html", b"<p>Welcome</p>".to_vec());
    }

    /// The connection to the issuer's list breaks off.
    pub(crate) fn break_status_off(&self) {
        *self.status.list.lock().unwrap() = (BREAKS_OFF, Vec::new());
    }

    /// The paths of documents that were fetched since the last time.
    pub(crate) fn fetched(&self) -> Vec<String> {
        core::mem::take(&mut *self.status.fetched.lock().unwrap())
    }

    pub(crate) fn publish_text(&self, text: &str) {
        *self.status.list.lock().unwrap() = ("application/statuslist+jwt", text.as_bytes().to_vec());
    }

    /// Publishes the list as a CWT alone, as an issuer of mdocs may.
    pub(crate) fn publish_cwt(&self, status: Status) {
        let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
        list.set(INDEX, status).unwrap();
        let cwt = self
            .issuer
            .status_cwt(&self.issuer.status_uri(0), &list, self.now());
        *self.status.list.lock().unwrap() = ("application/statuslist+cwt", cwt);
    }

    pub(crate) fn status_fetches(&self) -> usize {
        self.status.asked.load(Ordering::Relaxed)
    }

    pub(crate) fn query(&self) -> Value {
        json!({"credentials": [{
            "id": "identity", "format": "dc+sd-jwt", "meta": {"vct_values": [vct(&self.issuer)]},
            "claims": [{"path": ["given_name"]}]
        }]})
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(http::HeaderName, &str)],
        body: &(impl AsRef<[u8]> + ?Sized),
    ) -> Fetched {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        let fetch = Fetch {
            method,
            url: Url::parse(&url).unwrap(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
                .collect(),
            body: body.as_ref().to_vec(),
            max_bytes: 1 << 20,
            redirects: Redirects::Refuse,
        };
        self.fetcher.fetch(fetch).await.unwrap()
    }

    pub(crate) async fn administer(&self, method: Method, path: &str, body: &str) -> Fetched {
        let path = format!("/admin/v1/presentation-requests{path}");
        self.send(
            method,
            &path,
            &[(AUTHORIZATION, &format!("Bearer {TOKEN}"))],
            body,
        )
        .await
    }

    /// Makes a request and returns its identifier and link.
    pub(crate) async fn make_request(&self, body: &Value) -> (String, String) {
        let made = self.administer(Method::POST, "", &body.to_string()).await;
        assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
        let made = json_of(&made);
        (
            made["request_id"].as_str().unwrap().to_owned(),
            made["authorization_request"].as_str().unwrap().to_owned(),
        )
    }

    pub(crate) async fn result(&self, id: &str) -> Value {
        json_of(&self.administer(Method::GET, &format!("/{id}"), "").await)
    }

    /// Opens a link as a wallet does.
    pub(crate) async fn open(&self, link: &str) -> VerifiedRequest {
        let link = RequestLink::parse(link, UrlPolicy::Development).unwrap();
        let RequestDelivery::ByReference { request_uri, .. } = &link.request else {
            panic!("by reference")
        };
        let object = self.send(Method::GET, request_uri.as_str(), &[], "").await;
        assert_eq!(object.status, 200);
        assert_eq!(object.media_type(), "application/oauth-authz-req+jwt");
        assert_eq!(object.headers["cache-control"], "no-store");
        let anchors = [self.anchor.clone()];
        let expected = RequestExpectations {
            client_id: &link.client_id,
            clients: KnownClients {
                transaction_types: &self.types,
                ..KnownClients::anchored_by(&anchors, ResponseUriRule::NamedInCertificate)
            },
            urls: UrlPolicy::Development,
            issuer: None,
            wallet_nonce: None,
            now: self.now(),
        };
        request_object::verify(
            &String::from_utf8(object.body).unwrap(),
            &expected,
            &RustCryptoProvider,
        )
        .unwrap()
    }

    /// The answer of an honest wallet.
    pub(crate) fn answer(&self, request: &VerifiedRequest) -> AuthorizationResponse {
        let request = request.request();
        let text = self.present(
            request.client_id.as_str(),
            request.nonce.as_str(),
            &["given_name"],
        );
        AuthorizationResponse {
            vp_token: token("identity", vec![text]),
            state: request.state.clone(),
        }
    }

    /// Encrypts `answer` to the key of `request`.
    pub(crate) fn encrypt(&self, request: &VerifiedRequest, answer: &AuthorizationResponse) -> String {
        let encryption = request.request().response_encryption().unwrap().unwrap();
        answer
            .to_encrypted_form(
                &encryption,
                &PureJwe::new(&RustCryptoProvider),
                &SeededRandomness::new(8),
            )
            .unwrap()
    }

    pub(crate) async fn post(&self, request: &VerifiedRequest, form: &str) -> Fetched {
        let headers = [(CONTENT_TYPE, "application/x-www-form-urlencoded")];
        self.send(
            Method::POST,
            request.request().response_uri.as_ref().unwrap().as_str(),
            &headers,
            form,
        )
        .await
    }

    /// Answers honestly.
    pub(crate) async fn present_to(&self, request: &VerifiedRequest) -> Fetched {
        self.post(request, &self.encrypt(request, &self.answer(request)))
            .await
    }
}

/// The context of the issuer's W3C credentials, as the trust list has it.
pub(crate) fn contexts(issuer: &TestIssuer) -> BTreeMap<String, Value> {
    let url = context_url(issuer);
    let terms =
        [TYPE, "givenName", "familyName"].map(|term| (term.to_owned(), json!(format!("{url}#{term}"))));
    let terms: Map<String, Value> = terms.into_iter().collect();
    BTreeMap::from([(url, json!({ "@context": terms }))])
}

pub(crate) fn context_url(issuer: &TestIssuer) -> String {
    format!("{}/contexts/national-identity", issuer.identifier.as_str())
}

pub(crate) fn token(id: &str, presentations: Vec<String>) -> VpToken {
    let presentations = presentations.into_iter().map(Presentation::Text).collect();
    VpToken([(QueryId::parse(id).unwrap(), presentations)].into())
}

pub(crate) fn vct(issuer: &TestIssuer) -> String {
    format!("{}/types/national-identity", issuer.identifier.as_str())
}

pub(crate) fn json_of(fetched: &Fetched) -> Value {
    serde_json::from_slice(&fetched.body).unwrap()
}

pub(crate) fn master_secret() -> MasterSecret {
    MasterSecret::new(Zeroizing::new([9; 32]))
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}
