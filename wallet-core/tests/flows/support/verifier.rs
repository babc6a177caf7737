//! A verifier that asks with signed requests, and the tricks of a bad one.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_credential::mdoc::SessionTranscript;
use symbolon_credential::sd_jwt::SdJwtBudget;
use symbolon_credential::sd_jwt_vc::{
    ExpectedKeyBinding, ExpectedTransactionData, SdJwtVc, TransactionString,
};
use symbolon_crypto::jose::jwe::{JweCodec as _, PureJwe};
use symbolon_crypto::jose::jws;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime};
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::client_metadata::{ClientMetadata, JwkSet};
use symbolon_protocol::openid4vp::link::UnsignedRequest;
use symbolon_protocol::openid4vp::registered::RegisteredClient;
use symbolon_protocol::openid4vp::response::{DirectPost, MAX_RESPONSE_BYTES, VpToken};
use symbolon_protocol::presentation_receipt::{PresentationReceipt, vp_token_digest};
use symbolon_protocol::qr_transport::{REQUEST_AUDIENCE, RESPONSE_MODE, proof_audience};
use symbolon_wallet_core::{HttpRequest, HttpResponse};

use super::certificates::{Certificates, Identity};
use super::issuer::{TYPE, json_answer};
use super::presentation::{self, RequestContext};

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

    fn claims(&self, state: &State, trick: VerifierTrick) -> Map<String, Value> {
        let client = match trick {
            VerifierTrick::AnotherClientInside => {
                ClientId::x509_hash(self.certificates.other_verifier.certificate.sha256())
            }
            _ => self.client_id_of(state, trick),
        };
        let response_uri = match trick {
            VerifierTrick::ResponseOnAnotherHost | VerifierTrick::HostNameWithResponseOnAnotherHost => {
                "https://thief.example/response/1"
            }
            _ => RESPONSE_URI,
        };
        let hour = Duration::from_secs(3_600);
        let issued = match trick {
            VerifierTrick::Expired => state.now.minus(hour * 2),
            VerifierTrick::FromTheFuture => state.now.plus(hour),
            _ => state.now,
        };
        let mut metadata = serde_json::to_value(ClientMetadata::for_encrypted_response(
            &self.secret.public_key(),
            Some("Clinic of the harbour".to_owned()),
        ))
        .unwrap();
        if let Some(formats) = &state.formats {
            metadata["vp_formats_supported"] = formats.clone();
        }
        if state.receipts != Receipts::Silent {
            let jwk = self.certificates.verifier.certificate.public_key().to_jwk();
            metadata["presentation_receipt_jwks"] = json!({ "keys": [jwk] });
        }
        if trick == VerifierTrick::NoEncryptionKey {
            metadata["jwks"]["keys"] = json!([]);
        }
        let mut claims = json!({
            "response_type": "vp_token",
            "response_mode": if trick == VerifierTrick::PlainResponse { "direct_post" } else { "direct_post.jwt" },
            "client_id": client,
            "response_uri": response_uri,
            "state": "state-1",
            "nonce": state.nonce.as_deref().unwrap_or("stale"),
            "dcql_query": state.query,
            "client_metadata": metadata,
            "aud": if trick == VerifierTrick::WrongAudience { "https://other.example" } else { "https://self-issued.me/v2" },
            "iat": issued,
            "exp": issued.plus(hour),
        });
        if let Some(scope) = &state.scope {
            claims["scope"] = json!(scope);
            claims.as_object_mut().unwrap().remove("dcql_query");
        }
        if trick == VerifierTrick::NoNonce {
            claims.as_object_mut().unwrap().remove("nonce");
        }
        if trick == VerifierTrick::TransactionData {
            claims["transaction_data"] = json!(["eyJ0eXBlIjoicGF5In0"]);
        }
        claims.as_object().unwrap().clone()
    }

    fn sign(&self, trick: VerifierTrick, claims: &Map<String, Value>) -> String {
        let signer = self.signer(trick);
        let chain = signer.chain();
        let mut header = Map::new();
        let kind = if trick == VerifierTrick::WrongType {
            "JWT"
        } else {
            "oauth-authz-req+jwt"
        };
        header.insert("typ".to_owned(), json!(kind));
        match claims["client_id"].as_str() {
            Some("clinic") => header.insert("kid".to_owned(), json!("one")),
            _ => header.insert("kid".to_owned(), json!(format!("{DID}#one"))),
        };
        header.insert("x5c".to_owned(), jws::x5c_value(chain.iter().map(Vec::as_slice)));
        let payload = Value::Object(claims.clone()).to_string();
        let prepared = jws::prepare(SignatureAlgorithm::Es256, &header, payload.as_bytes());
        let signature = match trick {
            VerifierTrick::WrongSignature => signer.sign(b"something else"),
            VerifierTrick::SignedByOtherVerifier => self
                .certificates
                .other_verifier
                .sign(prepared.signing_input().as_bytes()),
            VerifierTrick::NoSignature => Vec::new(),
            _ => signer.sign(prepared.signing_input().as_bytes()),
        };
        prepared.finish(&signature)
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

    fn open(&self, jwe: &str, state: &mut State, channel: Channel) -> Option<Vec<Map<String, Value>>> {
        let key = self.secret.to_pkcs8_der().unwrap();
        let lookup = |_: Option<&str>| SecretKey::from_pkcs8_der(&key).ok();
        let opened = PureJwe::new(&RustCryptoProvider)
            .decrypt(jwe, &lookup, MAX_RESPONSE_BYTES)
            .unwrap();
        let DirectPost::Answer(answer) = DirectPost::parse_decrypted(&opened.payload).unwrap() else {
            panic!("an answer")
        };
        assert_eq!(answer.state.as_ref().map(|state| state.as_str()), Some("state-1"));
        // The nonce is taken once.
        let nonce = state.nonce.take()?;
        let client_id = self.client_id_of(state, state.trick);
        let client_id = client_id.as_str();
        let key = self.secret.public_key().thumbprint();
        let (audience, transcript) = match channel {
            Channel::Network => (
                client_id.to_owned(),
                SessionTranscript::openid4vp(client_id, &nonce, Some(&key), RESPONSE_URI),
            ),
            Channel::QrCodes => (
                proof_audience(client_id),
                SessionTranscript::symbolon_qr(client_id, &nonce, &key),
            ),
        };
        let context = RequestContext {
            audience: &audience,
            nonce: &nonce,
            transcript,
            now: state.now,
            with_transactions: state.overwrites.contains_key("transaction_data"),
        };
        let transactions = texts_of(state.overwrites.get("transaction_data"));
        let claims: Vec<Map<String, Value>> = answer
            .vp_token
            .0
            .iter()
            .flat_map(|(query, presentations)| presentations.iter().map(move |one| (query, one)))
            .map(|(query, presentation)| {
                let asked = asked_by(&state.query, query.as_str());
                let format = asked["format"].as_str().unwrap().to_owned();
                if asked["require_cryptographic_holder_binding"] == json!(false) && format != "mso_mdoc" {
                    return Map::new();
                }
                presentation::verify(&format, presentation, &context).unwrap_or_else(|| {
                    let text = presentation.to_text();
                    self.verify(&text, (audience.as_str(), &nonce), state.now, &transactions)
                })
            })
            .collect();
        state.answers.push(claims.clone());
        state.receipt = self.receipt(state, &nonce, &answer.vp_token);
        state.tokens.push(answer.vp_token);
        Some(claims)
    }

    /// What the verifier gives for a receipt.
    fn receipt(&self, state: &State, nonce: &str, vp_token: &VpToken) -> Option<String> {
        let client_id = self.client_id_of(state, state.trick);
        let (signer, other) = (&self.certificates.verifier, &self.certificates.other_verifier);
        let (digest, signer) = match state.receipts {
            Receipts::Silent | Receipts::Withheld => return None,
            Receipts::Given => (vp_token_digest(vp_token).unwrap(), signer),
            Receipts::OfAnotherAnswer => (vp_token_digest(&VpToken::default()).unwrap(), signer),
            Receipts::ByAnother => (vp_token_digest(vp_token).unwrap(), other),
        };
        let receipt = json!({
            "version": 1, "iss": "https://verifier.example", "jti": "1", "iat": state.now,
            "relying_party": {"id": "clinic", "name": "Clinic"}, "client_id": client_id.as_str(),
            "nonce": nonce, "requested_at": state.now, "policy": "visit", "outcome": "satisfied",
            "vp_token_digest": digest, "credentials": [], "kept_until": state.now,
        });
        let receipt: PresentationReceipt = serde_json::from_value(receipt).unwrap();
        let prepared = receipt.prepare(signer.certificate.public_key());
        let signature = signer.sign(prepared.signing_input().as_bytes());
        Some(prepared.finish(&signature))
    }

    pub(crate) fn give_receipts(&self, receipts: Receipts) {
        self.state.lock().unwrap().receipts = receipts;
    }

    fn verify(
        &self,
        presentation: &str,
        (audience, nonce): (&str, &str),
        now: UnixTime,
        transactions: &[String],
    ) -> Map<String, Value> {
        let credential = SdJwtVc::parse(presentation, SdJwtBudget::DEFAULT).unwrap();
        let key = self.certificates.issuer.certificate.public_key();
        let verified = credential
            .verify_issuer_signature(key, &RustCryptoProvider)
            .unwrap();
        let transactions: Vec<TransactionString<'_>> = transactions
            .iter()
            .map(|text| TransactionString {
                text,
                algorithms: None,
            })
            .collect();
        let expected = ExpectedKeyBinding {
            audience,
            nonce,
            now,
            max_age: Duration::from_secs(300),
            max_clock_skew: Duration::from_secs(60),
            transaction_data: ExpectedTransactionData::Among(&transactions),
        };
        verified
            .verify_key_binding(&expected, &RustCryptoProvider)
            .unwrap();
        assert_eq!(verified.vct().as_str(), TYPE);
        verified.claims().clone()
    }
}

/// The strings of a list.
fn texts_of(list: Option<&Value>) -> Vec<String> {
    let texts = list.and_then(Value::as_array).into_iter().flatten();
    texts
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

/// What the query of this name asks for.
fn asked_by<'q>(query: &'q Value, id: &str) -> &'q Value {
    let queries = query["credentials"].as_array().unwrap();
    queries.iter().find(|one| one["id"] == id).unwrap()
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
