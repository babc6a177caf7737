//! A verifier that asks with signed requests, and the tricks of a bad one.

mod asking;
mod judging;

use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime};
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::client_metadata::{ClientMetadata, JwkSet};
use symbolon_protocol::openid4vp::link::UnsignedRequest;
use symbolon_protocol::openid4vp::registered::RegisteredClient;
use symbolon_protocol::openid4vp::response::{DirectPost, VpToken};
use symbolon_protocol::qr_transport::{REQUEST_AUDIENCE, RESPONSE_MODE};
use symbolon_wallet_core::{HttpRequest, HttpResponse};

use super::certificates::{Certificates, Identity};
use super::issuer::{TYPE, json_answer};

const RESPONSE_URI: &str = "https://verifier.example/response/1";

/// What a bad verifier, or somebody in its place, does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VerifierTrick {
    None,
    /// Asks under `x509_san_dns`.
    HostName,
    ResponseOnAnotherHost,
    HostNameWithResponseOnAnotherHost,
    WrongSignature,
    SignedByOtherVerifier,
    FalseCertificate,
    CertificateOfIssuers,
    WrongType,
    WrongAudience,
    AnotherClientInside,
    NoSignature,
    Expired,
    FromTheFuture,
    NoNonce,
    TransactionData,
    PlainResponse,
    NoEncryptionKey,
    WrongMediaType,
    NotFound,
    PostWithoutWalletNonce,
    RefusesAnswers,
    /// Sends whoever fetches the request elsewhere.
    RedirectsFetch,
}

/// What the verifier gives for a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receipts {
    /// It announces none and gives none.
    Silent,
    Given,
    /// It announces one and gives none.
    Withheld,
    OfAnotherAnswer,
    ByAnother,
}

/// What the verifier is called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Hash,
    RedirectUri,
    Did,
    Registered,
}

/// What carries an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Channel {
    Network,
    QrCodes,
}

/// The verifier's DID.
pub(crate) const DID: &str = "did:web:verifier.example";

pub(crate) struct TestVerifier {
    certificates: &'static Certificates,
    secret: SecretKey,
    state: Mutex<State>,
}

struct State {
    trick: VerifierTrick,
    now: UnixTime,
    query: Value,
    /// The nonce of the running request, until it is answered.
    nonce: Option<String>,
    counter: u64,
    answers: Vec<Vec<Map<String, Value>>>,
    tokens: Vec<VpToken>,
    errors: Vec<String>,
    overwrites: Map<String, Value>,
    /// What the verifier says that it reads, where that is not everything.
    formats: Option<Value>,
    /// Where the verifier sends whoever has answered or declined.
    return_to: Option<String>,
    /// What it is called by now.
    kind: Kind,
    /// The key is no longer in the document of the DID.
    withdrawn: bool,
    /// The scope that stands for the query.
    scope: Option<String>,
    /// What the last wallet that fetched by POST said of itself.
    wallet_metadata: Option<Value>,
    receipts: Receipts,
    /// The receipt of the last answer, until it is given.
    receipt: Option<String>,
}

impl State {
    /// Adds where the person goes on, if somewhere.
    fn lead_back(&self, reply: &mut Value) {
        if let Some(address) = &self.return_to {
            reply["redirect_uri"] = json!(address);
        }
    }
}

impl TestVerifier {
    pub(crate) fn new(certificates: &'static Certificates, now: UnixTime) -> Self {
        let randomness = SeededRandomness::new(99);
        Self {
            certificates,
            secret: RustCryptoProvider
                .generate_key(SignatureAlgorithm::Es256, &randomness)
                .unwrap(),
            state: Mutex::new(State {
                trick: VerifierTrick::None,
                now,
                query: query(&json!([["given_name"], ["age_over_18"]])),
                nonce: None,
                counter: 0,
                answers: Vec::new(),
                tokens: Vec::new(),
                errors: Vec::new(),
                overwrites: Map::new(),
                formats: None,
                return_to: None,
                kind: Kind::Hash,
                withdrawn: false,
                scope: None,
                wallet_metadata: None,
                receipts: Receipts::Silent,
                receipt: None,
            }),
        }
    }

    pub(crate) fn set_trick(&self, trick: VerifierTrick) {
        self.state.lock().unwrap().trick = trick;
    }

    pub(crate) fn set_query(&self, query: Value) {
        self.state.lock().unwrap().query = query;
    }

    /// From now on the verifier says that it reads these formats alone.
    pub(crate) fn set_formats(&self, formats: Value) {
        self.state.lock().unwrap().formats = Some(formats);
    }

    /// From now on the verifier replies to answers and refusals with this address.
    pub(crate) fn set_return(&self, address: &str) {
        self.state.lock().unwrap().return_to = Some(address.to_owned());
    }

    pub(crate) fn query(&self) -> Value {
        self.state.lock().unwrap().query.clone()
    }

    /// From now on the verifier asks by this scope.
    pub(crate) fn ask_by_scope(&self, scope: &str) {
        self.state.lock().unwrap().scope = Some(scope.to_owned());
    }

    /// From now on the document of the verifier's DID has no key.
    pub(crate) fn withdraw_key(&self) {
        self.state.lock().unwrap().withdrawn = true;
    }

    pub(crate) fn wallet_metadata(&self) -> Option<Value> {
        self.state.lock().unwrap().wallet_metadata.clone()
    }

    /// What wallets are told that know this verifier without a prefix.
    pub(crate) fn registration(&self) -> RegisteredClient {
        let mut key = self.certificates.verifier.certificate.public_key().to_jwk();
        key.kid = Some("one".to_owned());
        RegisteredClient {
            client_id: ClientId::parse("clinic").unwrap(),
            name: "Clinic".to_owned(),
            response_uris: vec![HttpUrl::parse(RESPONSE_URI).unwrap()],
            request_object_keys: JwkSet { keys: vec![key] },
            client_metadata: ClientMetadata::for_encrypted_response(&self.secret.public_key(), None),
        }
    }

    /// A link that holds a fresh request, unsigned.
    pub(crate) fn unsigned(&self, kind: Kind) -> String {
        let claims = self.fresh(kind);
        let request = UnsignedRequest::new(claims);
        format!("openid4vp://?{}", request.to_query())
    }

    /// A link that holds a fresh request, signed.
    pub(crate) fn by_value(&self, kind: Kind) -> String {
        let claims = self.fresh(kind);
        let client = claims["client_id"].as_str().unwrap().to_owned();
        let object = self.sign(VerifierTrick::None, &claims);
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("client_id", &client);
        query.append_pair("request", &object);
        format!("openid4vp://?{}", query.finish())
    }

    /// A fresh request to be read from QR codes.
    pub(crate) fn by_qr(&self, trick: VerifierTrick) -> String {
        let mut claims = self.fresh(Kind::Hash);
        claims.remove("response_uri");
        let state = self.state.lock().unwrap();
        let minutes = Duration::from_secs(300);
        for (name, value) in [
            ("response_mode", json!(RESPONSE_MODE)),
            ("aud", json!(REQUEST_AUDIENCE)),
            ("exp", json!(state.now.plus(minutes))),
        ] {
            claims.insert(name.to_owned(), value);
        }
        claims.extend(state.overwrites.clone());
        self.sign(trick, &claims)
    }

    /// Reads an answer that was shown as QR codes; the claims of each presentation, or nothing where the nonce was spent before.
    pub(crate) fn read_by_qr(&self, jwe: &str) -> Option<Vec<Map<String, Value>>> {
        self.open(jwe, &mut self.state.lock().unwrap(), Channel::QrCodes)
    }

    fn fresh(&self, kind: Kind) -> Map<String, Value> {
        let mut state = self.state.lock().unwrap();
        state.kind = kind;
        state.counter += 1;
        state.nonce = Some(format!("nonce-{}-0123456789abcdef", state.counter));
        let mut claims = self.claims(&state, VerifierTrick::None);
        if kind == Kind::Registered {
            claims.remove("client_metadata");
        }
        claims.extend(state.overwrites.clone());
        if let Some(nonce) = claims["nonce"].as_str() {
            state.nonce = Some(nonce.to_owned());
        }
        claims
    }

    fn did_document(&self) -> HttpResponse {
        let key = self.certificates.verifier.certificate.public_key().to_jwk();
        let methods = if self.state.lock().unwrap().withdrawn {
            json!([])
        } else {
            json!([{ "id": "#one", "type": "JsonWebKey", "controller": DID, "publicKeyJwk": key }])
        };
        let ids: Vec<&Value> = methods
            .as_array()
            .unwrap()
            .iter()
            .map(|method| &method["id"])
            .collect();
        json_answer(
            200,
            &json!({ "id": DID, "verificationMethod": methods, "authentication": ids }),
        )
    }

    /// Sets a claim of the request object as it stands.
    pub(crate) fn overwrite(&self, name: &str, value: Value) {
        self.state
            .lock()
            .unwrap()
            .overwrites
            .insert(name.to_owned(), value);
    }

    /// A link to a fresh request.
    pub(crate) fn request(&self) -> String {
        self.request_by("get")
    }

    /// A link to a fresh request that is fetched by this method.
    pub(crate) fn request_by(&self, method: &str) -> String {
        let mut state = self.state.lock().unwrap();
        state.counter += 1;
        state.nonce = Some(format!("nonce-{}-0123456789abcdef", state.counter));
        let client = self.client_id(state.trick);
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("client_id", client.as_str());
        query.append_pair("request_uri", "https://verifier.example/request/1");
        query.append_pair("request_uri_method", method);
        format!("openid4vp://?{}", query.finish())
    }

    /// The claims of each presentation of each answer that was verified.
    pub(crate) fn answers(&self) -> Vec<Vec<Map<String, Value>>> {
        self.state.lock().unwrap().answers.clone()
    }

    pub(crate) fn tokens(&self) -> Vec<VpToken> {
        self.state.lock().unwrap().tokens.clone()
    }

    pub(crate) fn answered(&self) -> bool {
        !self.state.lock().unwrap().answers.is_empty()
    }

    /// The errors that wallets posted.
    pub(crate) fn errors(&self) -> Vec<String> {
        self.state.lock().unwrap().errors.clone()
    }

    fn client_id_of(&self, state: &State, trick: VerifierTrick) -> ClientId {
        match state.kind {
            Kind::Hash => self.client_id(trick),
            Kind::RedirectUri => ClientId::parse(&format!("redirect_uri:{RESPONSE_URI}")).unwrap(),
            Kind::Did => ClientId::parse(&format!("decentralized_identifier:{DID}")).unwrap(),
            Kind::Registered => ClientId::parse("clinic").unwrap(),
        }
    }

    fn client_id(&self, trick: VerifierTrick) -> ClientId {
        match trick {
            VerifierTrick::HostName | VerifierTrick::HostNameWithResponseOnAnotherHost => {
                ClientId::parse("x509_san_dns:verifier.example").unwrap()
            }
            _ => ClientId::x509_hash(self.signer(trick).certificate.sha256()),
        }
    }

    fn signer(&self, trick: VerifierTrick) -> &Identity {
        match trick {
            VerifierTrick::FalseCertificate => &self.certificates.false_verifier,
            VerifierTrick::CertificateOfIssuers => &self.certificates.issuer_as_verifier,
            _ => &self.certificates.verifier,
        }
    }

    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        match (request.method.name(), request.url.path()) {
            (_, "/request/1") => self.serve_request(request),
            ("GET", "/.well-known/did.json") => self.did_document(),
            ("POST", "/response/1") => self.receive_answer(&request.body),
            (method, path) => panic!("the verifier does not know {method} {path}"),
        }
    }

    fn serve_request(&self, request: &HttpRequest) -> HttpResponse {
        let mut state = self.state.lock().unwrap();
        let trick = state.trick;
        if trick == VerifierTrick::RedirectsFetch {
            return HttpResponse {
                status: 302,
                headers: vec![(
                    "location".to_owned(),
                    "https://verifier.example/elsewhere".to_owned(),
                )],
                body: Vec::new(),
            };
        }
        state.wallet_metadata = url::form_urlencoded::parse(&request.body)
            .find(|(name, _)| name == "wallet_metadata")
            .and_then(|(_, text)| serde_json::from_str(&text).ok());
        let state = state;
        if trick == VerifierTrick::NotFound {
            return json_answer(404, &json!({}));
        }
        let mut claims = self.claims(&state, trick);
        if request.method.name() == "POST" && trick != VerifierTrick::PostWithoutWalletNonce {
            let nonce = url::form_urlencoded::parse(&request.body)
                .find(|(name, _)| name == "wallet_nonce")
                .unwrap();
            claims.insert("wallet_nonce".to_owned(), json!(nonce.1));
        }
        claims.extend(state.overwrites.clone());
        let object = self.sign(trick, &claims);
        let media_type = match trick {
            VerifierTrick::WrongMediaType => "text/plain",
            _ => "application/oauth-authz-req+jwt",
        };
        HttpResponse {
            status: 200,
            headers: vec![("content-type".to_owned(), media_type.to_owned())],
            body: object.into_bytes(),
        }
    }

    fn receive_answer(&self, body: &[u8]) -> HttpResponse {
        let mut state = self.state.lock().unwrap();
        let jwe = match DirectPost::parse_form(body).expect("the wallet posts a proper form") {
            DirectPost::Encrypted(jwe) => jwe,
            DirectPost::Refusal(refusal) => {
                assert_eq!(
                    refusal.state.as_ref().map(|state| state.as_str()),
                    Some("state-1")
                );
                state.errors.push(refusal.error.as_str().to_owned());
                let mut reply = json!({});
                state.lead_back(&mut reply);
                return json_answer(200, &reply);
            }
            DirectPost::Answer(answer) => {
                assert_eq!(state.trick, VerifierTrick::PlainResponse, "answers are encrypted");
                assert_eq!(answer.state.as_ref().map(|state| state.as_str()), Some("state-1"));
                state.tokens.push(answer.vp_token);
                return json_answer(200, &json!({}));
            }
        };

        if state.trick == VerifierTrick::RefusesAnswers {
            let mut reply = json!({ "error": "invalid_request" });
            state.lead_back(&mut reply);
            return json_answer(400, &reply);
        }
        if self.open(&jwe, &mut state, Channel::Network).is_none() {
            return json_answer(400, &json!({ "error": "invalid_request" }));
        }
        let address = state.return_to.as_deref();
        let address = address.unwrap_or("https://verifier.example/done?code=1");
        let mut reply = json!({ "redirect_uri": address });
        if let Some(receipt) = state.receipt.take() {
            reply["presentation_receipt"] = json!(receipt);
        }
        json_answer(200, &reply)
    }

    pub(crate) fn give_receipts(&self, receipts: Receipts) {
        self.state.lock().unwrap().receipts = receipts;
    }
}

/// A query for these claims of the national identity.
pub(crate) fn query(paths: &Value) -> Value {
    let claims: Vec<Value> = paths
        .as_array()
        .unwrap()
        .iter()
        .map(|path| json!({ "path": path }))
        .collect();
    json!({ "credentials": [credential_query("identity", TYPE, &claims)] })
}

pub(crate) fn credential_query(id: &str, credential_type: &str, claims: &[Value]) -> Value {
    let mut query = json!({ "id": id, "format": "dc+sd-jwt", "meta": { "vct_values": [credential_type] } });
    if !claims.is_empty() {
        query["claims"] = json!(claims);
    }
    query
}
