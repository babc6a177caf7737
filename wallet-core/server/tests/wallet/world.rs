//! A holder on a free port, and an issuer whose credentials it derives from and presents.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use symbolon_credential::data_integrity::ecdsa_sd_2023::{BaseProof, JsonPointer};
use symbolon_credential::data_integrity::{
    ContextTable, Cryptosuite, JsonLd, JsonLdBudget, JsonLdProcessor, ProofOptions, ProofPurpose, prepare,
};
use symbolon_crypto::signing::{CreateKeys as _, DescribeKeys as _, KeyHandle, SoftwareKey};
use symbolon_crypto::symmetric::SymmetricKey;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{
    CryptoProvider as _, PublicKey, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime,
};
use symbolon_data_integrity::SsiJsonLd;
use symbolon_http::openapi::conformance::Conformance;
use symbolon_http::serve::{AdministrationToken, Encryption, listen};
use symbolon_store::Store;
use symbolon_wallet_core::testing::MemoryKeys;
use symbolon_wallet_server::{HeldDocuments, Holder, HolderKey, Listening, Running, Server, Setup};

pub(crate) const TOKEN: &str = "the-wallets-token";
pub(crate) const NOW: UnixTime = UnixTime::from_seconds(1_795_435_200);

pub(crate) struct World {
    _running: Running,
    /// Holds whatever any test exchanges with the server against the description of the interface.
    conformance: Conformance,
    base: String,
    client: Client,
    pub(crate) own: HolderKey,
    pub(crate) bound: HolderKey,
    pub(crate) keys: MemoryKeys,
    issuer: SecretKey,
    json_ld: Arc<SsiJsonLd>,
    contexts: ContextTable,
    randomness: Arc<SeededRandomness>,
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

impl World {
    pub(crate) async fn start() -> Self {
        let randomness = Arc::new(SeededRandomness::new(7));
        let provider = Arc::new(RustCryptoProvider);
        let secret = provider
            .generate_key(SignatureAlgorithm::EdDsa, &*randomness)
            .unwrap();
        let own_sign = SoftwareKey::new(KeyHandle::new("own"), secret, provider.clone());
        let own = HolderKey::new(own_sign.describe(own_sign.handle()).unwrap()).unwrap();
        let keys = MemoryKeys::new(provider.clone(), randomness.clone());
        let bound = HolderKey::new(keys.create(SignatureAlgorithm::Es256).unwrap()).unwrap();
        let issuer = provider
            .generate_key(SignatureAlgorithm::Es256, &*randomness)
            .unwrap();
        let json_ld = Arc::new(SsiJsonLd::new());
        let contexts = contexts();
        let documents = HeldDocuments::new(
            Store::open_in_memory().unwrap(),
            &SymmetricKey::new([9; 32]),
            randomness.clone(),
        )
        .unwrap();
        let holder = Holder::new(Setup {
            own_key: own.clone(),
            own_sign: Arc::new(own_sign),
            bound_keys: Arc::new(keys.clone()),
            documents,
            json_ld: json_ld.clone(),
            contexts: contexts.clone(),
            clock: Arc::new(|| NOW),
        });
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listening = Listening {
            listener,
            encryption: Encryption::Plain,
            token: AdministrationToken::new(TOKEN),
        };
        let conformance = Conformance::default();
        let running = Server::start_watched(Arc::new(holder), None, listening, &conformance).await;
        let running = running.unwrap();
        Self {
            base: format!("http://{}", running.address()),
            _running: running,
            conformance,
            client: Client::builder().no_proxy().build().unwrap(),
            own,
            bound,
            keys,
            issuer,
            json_ld,
            contexts,
            randomness,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        let request = self.anonymous(Method::GET, path).bearer_auth(TOKEN);
        request.send().await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Response {
        let request = self.anonymous(Method::DELETE, path).bearer_auth(TOKEN);
        request.send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        let request = self.anonymous(Method::POST, path).bearer_auth(TOKEN);
        request.json(body).send().await.unwrap()
    }

    pub(crate) fn issuer_key(&self) -> PublicKey {
        self.issuer.public_key()
    }

    pub(crate) fn json_ld(&self) -> JsonLd<'_> {
        let processor: &dyn JsonLdProcessor = &*self.json_ld;
        JsonLd {
            processor,
            contexts: &self.contexts,
            budget: JsonLdBudget::DEFAULT,
        }
    }

    /// A credential about `subject` with a base proof.
    pub(crate) fn with_base_proof(&self, subject: &str) -> Value {
        let document = document(subject);
        let mandatory = [JsonPointer::parse("/issuer").unwrap()];
        let prepared = BaseProof {
            document: &document,
            mandatory: &mandatory,
            verification_method: &self.issuer_method(),
            created: Some(NOW),
            expires: None,
        }
        .prepare(self.json_ld(), &RustCryptoProvider, &*self.randomness)
        .unwrap();
        let signature = RustCryptoProvider
            .sign(&self.issuer, prepared.signing_input())
            .unwrap();
        prepared.finish(&signature).unwrap()
    }

    /// The same with a proof of a whole-document suite.
    pub(crate) fn with_whole_proof(&self, subject: &str) -> Value {
        let options = ProofOptions {
            cryptosuite: Cryptosuite::EcdsaRdfc2019,
            verification_method: self.issuer_method(),
            purpose: ProofPurpose::AssertionMethod,
            created: Some(NOW),
            expires: None,
            domain: None,
            challenge: None,
        };
        let key = self.issuer.public_key();
        let prepared = prepare(&document(subject), &options, &key, &self.json_ld()).unwrap();
        let signature = RustCryptoProvider
            .sign(&self.issuer, prepared.signing_input())
            .unwrap();
        prepared.finish(&signature)
    }

    fn issuer_method(&self) -> String {
        let did = symbolon_did::did_key(&self.issuer.public_key()).unwrap();
        format!("{did}#{}", did.method_specific_identifier())
    }
}

fn document(subject: &str) -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://issuer.example/contexts/identity"],
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "IdentityCredential"],
        "issuer": "https://issuer.example",
        "credentialSubject": {
            "id": subject,
            "fullName": "Alice",
            "birthDate": "1990-05-01",
            "address": {"locality": "Rabat", "country": "MA"},
        },
    })
}

fn contexts() -> ContextTable {
    let term = |name: &str| json!(format!("https://issuer.example/terms#{name}"));
    let document = json!({"@context": {
        "IdentityCredential": term("IdentityCredential"),
        "fullName": term("fullName"),
        "birthDate": term("birthDate"),
        "address": term("address"),
        "locality": term("locality"),
        "country": term("country"),
    }});
    ContextTable::from_documents([("https://issuer.example/contexts/identity".to_owned(), document)]).unwrap()
}
