//! An issuer on a free port over a store in a temporary folder, and a wallet that can also misbehave.

mod exchanges;
mod messages;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use symbolon_crypto::jose::jws;
use symbolon_crypto::signing::{DescribeKeys as _, KeyDescription, KeyHandle, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::issue::{
    CountryCode, DocumentSignerRequest, IacaRequest, KeyPurpose, LeafRequest, Validity, document_signer,
    iaca_root, leaf, root,
};
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime};
use symbolon_crypto_josekit::JosekitJwe;
use symbolon_data_integrity::SsiJsonLd;
use symbolon_http::fetch::FetchPolicy;
use symbolon_http::openapi::conformance::Conformance;
use symbolon_http::serve::{AdministrationToken, Encryption, listen};
use symbolon_issuer::assertion::AssertionKeys;
use symbolon_issuer::authorization::AuthorizationPolicy;
use symbolon_issuer::card::CardKey;
use symbolon_issuer::identifiers::ConfigurationId;
use symbolon_issuer::mapping::CredentialConfiguration;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::profile::{IssuerProfile, SigningKey};
use symbolon_issuer::record::{RecordSchema, Uin};
use symbolon_issuer::store::IssuerStore;
use symbolon_issuer_server::administration::{
    Administration, OfferCreated, OfferDelivery, OfferDevice, OfferGrants, OfferOrder, TransactionCode,
};
use symbolon_issuer_server::card::{FitWebp, FontSource};
use symbolon_issuer_server::sign_in::SignInSetup;
use symbolon_issuer_server::{
    CardCodes, EmbeddedIssuerStore, EmbeddedKeyValue, FetchedAttestationStates, Issuer, IssuerKeys,
    Listening, PlainKey, Records, RetiredPublicKeys, Running, ServedIssuer, Server, Setup, Signer,
    open_embedded, shipped_translations,
};
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy};
use symbolon_protocol::openid4vci::identifiers::CNonce;
use symbolon_protocol::openid4vci::offer::OfferLink;
use symbolon_protocol::openid4vci::proof;
use symbolon_store::{Store, Tenant};
use symbolon_trust::trust_list::{
    CredentialTypeRule, RelyingParties, RootOfTrust, TRUST_LIST_VERSION, TrustList, TrustedIssuer,
};

pub(crate) use messages::{
    Offer, PRE_AUTHORIZED, address_of, error_of, proof_for, record, wanted, wanted_of,
};

pub(crate) const ADMINISTRATION_TOKEN: &str = "the-operators-token";
pub(crate) const HASSAN: &str = "2345678901";
pub(crate) const FATIMA: &str = "2345678902";
/// 2026-11-23T12:00:00Z.
pub(crate) const START: i64 = 1_795_435_200;

pub(crate) struct World {
    running: Option<Running>,
    /// Holds whatever any test exchanges with the server against the description of the interface.
    conformance: Conformance,
    administration: Administration,
    /// What opens its administration.
    pub(crate) token: &'static str,
    pub(crate) store: Store,
    pub(crate) base: String,
    pub(crate) client: Client,
    clock: Arc<AtomicI64>,
    pub(crate) randomness: Arc<SeededRandomness>,
    pub(crate) root_of_trust: RootOfTrust,
    keys: Arc<Keys>,
    folder: Arc<tempfile::TempDir>,
    policies: Policies,
}

/// What differs between issuers.
#[derive(Clone)]
struct Policies {
    issuer: IssuerPolicy,
    authorization: AuthorizationPolicy,
    sign_in: SignInSetup,
    shape: Shape,
}

/// What makes an issuer other than the default one.
pub(crate) type Shape = Arc<dyn Fn(Setup) -> Setup + Send + Sync>;

impl World {
    /// With two residents, of whom nothing is issued yet.
    pub(crate) async fn with_two_residents() -> Self {
        let world = Self::start().await;
        world
            .import(&[record(HASSAN, "Hassan Ali"), record(FATIMA, "Fatima Ali")])
            .await;
        world
    }

    pub(crate) async fn start() -> Self {
        Self::start_with(IssuerPolicy::default()).await
    }

    pub(crate) async fn start_with(policy: IssuerPolicy) -> Self {
        Self::start_authorizing(policy, AuthorizationPolicy::closed()).await
    }

    pub(crate) async fn start_shaped(policy: IssuerPolicy, shape: Shape) -> Self {
        let sign_in = SignInSetup::closed(Arc::new(shipped_translations().unwrap()));
        Self::start_as(policy, AuthorizationPolicy::closed(), sign_in, shape).await
    }

    pub(crate) async fn start_shaped_authorizing(
        policy: IssuerPolicy,
        authorization: AuthorizationPolicy,
        shape: Shape,
    ) -> Self {
        let sign_in = SignInSetup::closed(Arc::new(shipped_translations().unwrap()));
        Self::start_as(policy, authorization, sign_in, shape).await
    }

    pub(crate) async fn start_authorizing(policy: IssuerPolicy, authorization: AuthorizationPolicy) -> Self {
        let translations = Arc::new(shipped_translations().unwrap());
        let sign_in = SignInSetup::closed(translations);
        Self::start_as(policy, authorization, sign_in, Arc::new(|setup| setup)).await
    }

    pub(crate) async fn start_signing_in(
        policy: IssuerPolicy,
        authorization: AuthorizationPolicy,
        sign_in: SignInSetup,
    ) -> Self {
        Self::start_as(policy, authorization, sign_in, Arc::new(|setup| setup)).await
    }

    pub(crate) async fn start_as(
        issuer: IssuerPolicy,
        authorization: AuthorizationPolicy,
        sign_in: SignInSetup,
        shape: Shape,
    ) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let randomness = Arc::new(SeededRandomness::new(1));
        let clock = Arc::new(AtomicI64::new(START));
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let keys = Arc::new(Keys::make(&base, &randomness));
        let policies = Policies {
            issuer,
            authorization,
            sign_in,
            shape,
        };
        Self::run(folder, randomness, clock, listener, base, keys, policies).await
    }

    /// Several issuers over one store and behind one listener, each at a host and a path.
    pub(crate) async fn tenants(places: &[Place]) -> Vec<Self> {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let store = Store::open(&folder.path().join("issuer.redb")).unwrap();
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let clock = Arc::new(AtomicI64::new(START));
        let mut worlds = Vec::new();
        let mut served = Vec::new();
        let conformance = Conformance::default();
        for (seed, place) in (1..).zip(places) {
            let base = format!("http://{}:{port}{}", place.host, place.path);
            let randomness = Arc::new(SeededRandomness::new(seed));
            let keys = Arc::new(Keys::make(&base, &randomness));
            let tenant = Tenant::parse(place.tenant).unwrap();
            let books = EmbeddedIssuerStore::new(EmbeddedKeyValue::new(store.clone(), tenant));
            let policies = Policies {
                issuer: IssuerPolicy::default(),
                authorization: place.authorization.clone(),
                sign_in: SignInSetup::closed(Arc::new(shipped_translations().unwrap())),
                shape: Arc::new(|setup| setup),
            };
            let policy = policies.issuer.clone();
            let mut setup = setup(&base, &keys, Arc::new(books), &randomness, &clock, policy);
            let authorization = policies.authorization.clone();
            setup.profile = setup.profile.with_authorization(authorization).unwrap();
            let issuer = Issuer::open(setup).await.unwrap();
            served.push(ServedIssuer {
                issuer: Arc::clone(&issuer),
                administration_token: AdministrationToken::new(place.token),
            });
            worlds.push(Self {
                running: None,
                conformance: conformance.clone(),
                administration: Administration::new(issuer),
                token: place.token,
                store: store.clone(),
                root_of_trust: keys.root_of_trust(&base),
                base,
                client: Client::builder().no_proxy().build().unwrap(),
                clock: Arc::clone(&clock),
                randomness,
                keys,
                folder: Arc::clone(&folder),
                policies,
            });
        }
        let encryption = Encryption::Plain;
        let running = Server::start_watched_tenants(served, listener, encryption, &conformance).await;
        worlds[0].running = Some(running.unwrap());
        worlds
    }

    /// Ends the process, as it were, and starts another over the same store.
    pub(crate) async fn restart(mut self) -> Self {
        self.running.take().unwrap().shutdown().await;
        self.store.close();
        let address: SocketAddr = self.base.strip_prefix("http://").unwrap().parse().unwrap();
        let listener = listen(address).unwrap();
        let (folder, randomness) = (Arc::clone(&self.folder), Arc::new(SeededRandomness::new(2)));
        let (clock, keys) = (Arc::clone(&self.clock), Arc::clone(&self.keys));
        Self::run(
            folder,
            randomness,
            clock,
            listener,
            self.base.clone(),
            keys,
            self.policies.clone(),
        )
        .await
    }

    async fn run(
        folder: Arc<tempfile::TempDir>,
        randomness: Arc<SeededRandomness>,
        clock: Arc<AtomicI64>,
        listener: std::net::TcpListener,
        base: String,
        keys: Arc<Keys>,
        policies: Policies,
    ) -> Self {
        let tenant = Tenant::parse("default").unwrap();
        let (issuer_store, store) = open_embedded(&folder.path().join("issuer.redb"), tenant).unwrap();
        let root_of_trust = keys.root_of_trust(&base);
        let issuer_policy = policies.issuer.clone();
        let setup = setup(&base, &keys, issuer_store, &randomness, &clock, issuer_policy);
        let mut setup = (policies.shape)(setup);
        let authorization = policies.authorization.clone();
        setup.profile = setup.profile.with_authorization(authorization).unwrap();
        setup.sign_in = policies.sign_in.clone();
        setup.embedded = Some(store.clone());
        let issuer = Issuer::open(setup).await.unwrap();
        let administration = Administration::new(Arc::clone(&issuer));
        let listening = Listening {
            listener,
            encryption: Encryption::Plain,
            administration_token: AdministrationToken::new(ADMINISTRATION_TOKEN),
        };
        let conformance = Conformance::default();
        let running = Server::start_watched(issuer, listening, &conformance).await;
        let running = Some(running.unwrap());
        let client = Client::builder().no_proxy().build().unwrap();
        Self {
            running,
            conformance,
            administration,
            token: ADMINISTRATION_TOKEN,
            store,
            base,
            client,
            clock,
            randomness,
            root_of_trust,
            keys,
            folder,
            policies,
        }
    }

    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    pub(crate) fn administration(&self) -> &Administration {
        &self.administration
    }

    pub(crate) fn store_file(&self) -> std::path::PathBuf {
        Path::join(self.folder.path(), "issuer.redb")
    }

    pub(crate) fn now(&self) -> UnixTime {
        UnixTime::from_seconds(self.clock.load(Ordering::SeqCst))
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn assertion(&self) -> AssertionKeys {
        self.keys.assertion_of(&self.base)
    }

    /// What another issuer at `base` works with, over any store.
    pub(crate) fn setup_at(&self, base: &str, store: Arc<dyn IssuerStore>) -> Setup {
        setup(
            base,
            &self.keys,
            store,
            &self.randomness,
            &self.clock,
            self.policies.issuer.clone(),
        )
    }

    pub(crate) fn issuer_anchor(&self) -> &Certificate {
        &self.keys.anchor
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let found = self.conformance.found();
        // A test that fails by itself says more.
        if !std::thread::panicking() {
            assert!(found.is_empty(), "not as the description says: {found:#?}");
        }
    }
}

/// An issuer over any store.
pub(crate) fn setup(
    base: &str,
    keys: &Keys,
    store: Arc<dyn IssuerStore>,
    randomness: &Arc<SeededRandomness>,
    clock: &Arc<AtomicI64>,
    policy: IssuerPolicy,
) -> Setup {
    let configurations = symbolon_schemas::CREDENTIALS
        .iter()
        .map(|template| CredentialConfiguration::parse(template.mapping).unwrap())
        .collect();
    let identifier = IssuerIdentifier::parse(base).unwrap();
    let ticking = Arc::clone(clock);
    Setup {
        profile: IssuerProfile::new(identifier, "Registry".to_owned(), configurations, policy).unwrap(),
        record_schema: Arc::new(RecordSchema::shipped().unwrap()),
        keys: keys.issuer_keys(),
        store,
        records: Records::Register,
        embedded: None,
        revocation_lists: None,
        trust_list: Some(keys.root_of_trust(base).trust_list),
        crypto: Arc::new(RustCryptoProvider),
        json_ld: Arc::new(SsiJsonLd::new()),
        jwe: Arc::new(JosekitJwe::new()),
        randomness: randomness.clone(),
        clock: Arc::new(move || UnixTime::from_seconds(ticking.load(Ordering::SeqCst))),
        pictures: Arc::new(FitWebp),
        fonts: FontSource::BuiltIn,
        card_codes: CardCodes::default(),
        sign_in: SignInSetup::closed(Arc::new(shipped_translations().unwrap())),
        attestation_states: Arc::new(
            FetchedAttestationStates::new(FetchPolicy::Development, Arc::new(RustCryptoProvider)).unwrap(),
        ),
    }
}

/// Where one of several issuers is.
pub(crate) struct Place {
    pub(crate) tenant: &'static str,
    pub(crate) host: &'static str,
    pub(crate) path: &'static str,
    pub(crate) token: &'static str,
    pub(crate) authorization: AuthorizationPolicy,
}

pub(crate) struct Keys {
    anchor: Certificate,
    /// The root of the document signer.
    documents_anchor: Certificate,
    credentials: (Arc<SoftwareKey>, Certificate),
    documents: (Arc<SoftwareKey>, Certificate),
    assertion: [Arc<SoftwareKey>; 2],
    status: (Arc<SoftwareKey>, Certificate),
    metadata: (Arc<SoftwareKey>, Certificate),
    cards: Arc<SoftwareKey>,
    registry: Arc<SoftwareKey>,
    packs: Arc<SoftwareKey>,
}

impl Keys {
    pub(crate) fn make(issuer: &str, randomness: &SeededRandomness) -> Self {
        let key = |name: &str, algorithm| {
            let secret = RustCryptoProvider.generate_key(algorithm, randomness).unwrap();
            Arc::new(SoftwareKey::new(
                KeyHandle::new(name),
                secret,
                Arc::new(RustCryptoProvider),
            ))
        };
        let now = UnixTime::from_seconds(START);
        let year = Duration::from_secs(365 * 86_400);
        let validity = Validity {
            not_before: now.minus(year),
            not_after: now.plus(year),
        };
        let authority = key("authority", SignatureAlgorithm::Es256);
        let described = describe(&authority);
        let anchor = root("Issuers", validity, &described, &*authority, randomness).unwrap();
        let anchor = Certificate::parse(&anchor).unwrap();
        let certified = |name: &str, extended_key_usage| {
            let subject = key(name, SignatureAlgorithm::Es256);
            let request = LeafRequest {
                subject_name: name.to_owned(),
                san_uris: vec![issuer.to_owned()],
                san_dns: Vec::new(),
                validity,
                extended_key_usage,
                public_key: subject.public_key().clone(),
            };
            let der = leaf(&request, &anchor, &described, &*authority, randomness).unwrap();
            (subject, Certificate::parse(&der).unwrap())
        };
        let iaca_key = key("iaca", SignatureAlgorithm::Es256);
        let iaca = IacaRequest {
            subject_name: "Issuers of mdocs".to_owned(),
            country: CountryCode::parse("XX").unwrap(),
            contact_uri: issuer.to_owned(),
            validity,
            revocation_list_uri: None,
        };
        let iaca_described = describe(&iaca_key);
        let iaca = iaca_root(&iaca, &iaca_described, &*iaca_key, randomness).unwrap();
        let documents_anchor = Certificate::parse(&iaca).unwrap();
        let documents_key = key("documents", SignatureAlgorithm::Es256);
        let month = Duration::from_secs(30 * 86_400);
        let signer = DocumentSignerRequest {
            subject_name: "Document signer".to_owned(),
            contact_uri: issuer.to_owned(),
            validity: Validity {
                not_before: now.minus(month),
                not_after: now.plus(month),
            },
            public_key: documents_key.public_key().clone(),
        };
        let signer = document_signer(
            &signer,
            &documents_anchor,
            &iaca_described,
            &*iaca_key,
            randomness,
        );
        let documents = (documents_key, Certificate::parse(&signer.unwrap()).unwrap());
        Self {
            documents_anchor,
            documents,
            assertion: [
                key("ed25519", SignatureAlgorithm::EdDsa),
                key("p256", SignatureAlgorithm::Es256),
            ],
            credentials: certified("credentials", None),
            status: certified("status", Some(KeyPurpose::StatusLists)),
            metadata: certified("metadata", None),
            cards: key("cards", SignatureAlgorithm::EdDsa),
            registry: key("registry", SignatureAlgorithm::Es256),
            packs: key("packs", SignatureAlgorithm::Es256),
            anchor,
        }
    }

    fn issuer_keys(&self) -> IssuerKeys {
        let signing = |(key, certificate): &(Arc<SoftwareKey>, Certificate)| Signer {
            key: SigningKey {
                handle: key.handle().clone(),
                algorithm: SignatureAlgorithm::Es256,
                chain: vec![certificate.clone()],
            },
            sign: key.clone(),
        };
        let plain = |key: &Arc<SoftwareKey>| Signer {
            key: PlainKey {
                handle: key.handle().clone(),
                public_key: key.public_key().clone(),
            },
            sign: key.clone(),
        };
        IssuerKeys {
            credentials: signing(&self.credentials),
            documents: Some(signing(&self.documents)),
            assertion: self.assertion.iter().map(plain).collect(),
            status: signing(&self.status),
            metadata: Some(signing(&self.metadata)),
            cards: Some(Signer {
                key: CardKey {
                    handle: self.cards.handle().clone(),
                    algorithm: SignatureAlgorithm::EdDsa,
                    key_id: self.cards.public_key().thumbprint().as_bytes().to_vec(),
                },
                sign: self.cards.clone(),
            }),
            registry: Some(plain(&self.registry)),
            packs: Some(plain(&self.packs)),
            retired: RetiredPublicKeys::default(),
        }
    }

    pub(crate) fn assertion_of(&self, issuer: &str) -> AssertionKeys {
        let keys = self.assertion.iter();
        let keys = keys.map(|key| (key.handle().clone(), key.public_key().clone()));
        AssertionKeys::new(&IssuerIdentifier::parse(issuer).unwrap(), keys).unwrap()
    }

    fn root_of_trust(&self, issuer: &str) -> RootOfTrust {
        let now = UnixTime::from_seconds(START);
        let trusted = TrustedIssuer {
            identifier: symbolon_trust::trust_list::IssuerIdentifier::parse(issuer).unwrap(),
            name: "Registry".to_owned(),
            credential_types: vec![CredentialTypeRule::Any],
            anchors: vec![self.anchor.clone(), self.documents_anchor.clone()],
            claim169_keys: vec![self.cards.public_key().to_jwk()],
            status_prefix: None,
            dids: self.assertion_of(issuer).dids(),
            formats: Vec::new(),
            source: None,
        };
        RootOfTrust {
            registry_keys: vec![self.registry.public_key().to_jwk()],
            pack_keys: vec![self.packs.public_key().to_jwk()],
            trust_list: TrustList {
                version: TRUST_LIST_VERSION,
                sequence: 0,
                issued_at: now.minus(Duration::from_secs(86_400)),
                valid_until: now.plus(Duration::from_secs(90 * 86_400)),
                grace: Duration::from_secs(86_400),
                issuers: vec![trusted],
                relying_parties: RelyingParties::default(),
                type_metadata: std::collections::BTreeMap::new(),
                did_documents: std::collections::BTreeMap::new(),
                contexts: std::collections::BTreeMap::new(),
                etsi_trusted_lists: Vec::new(),
                pack_keys: Vec::new(),
                scopes: std::collections::BTreeMap::new(),
                sources: std::collections::BTreeMap::new(),
            },
        }
    }
}

fn describe(key: &SoftwareKey) -> KeyDescription {
    key.describe(key.handle()).unwrap()
}
