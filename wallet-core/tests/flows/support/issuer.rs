//! An issuer of the pre-authorized code flow, and the tricks of a bad one.

mod issuing;
pub(crate) mod metadata;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde_json::{Map, Value, json};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{PublicKey, UnixTime};
use symbolon_protocol::oauth::access_token::PresentedAccessToken;
use symbolon_protocol::openid4vci::credential::{CredentialRequest, CredentialSelector};
use symbolon_protocol::openid4vci::deferred::DeferredCredentialRequest;
use symbolon_protocol::openid4vci::proof::ExpectedClient;
use symbolon_protocol::openid4vci::token::{TokenGrant, TokenRequest};
use symbolon_wallet_core::{HttpRequest, HttpResponse};

use super::authorization::{SERVER, TestServer};
use super::certificates::Identity;
use super::endpoint::{Fetched, TestEndpoint};
use metadata::configurations;

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const TYPE: &str = "https://issuer.example/types/national-identity";
pub(crate) const CONFIGURATION: &str = "NationalIdentity";
pub(crate) const TX_CODE: &str = "482916";

/// What a bad issuer, or somebody in its place, does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IssuerTrick {
    None,
    MetadataForAnotherIssuer,
    ServerMetadataForAnotherServer,
    MetadataAsHtml,
    MetadataTypeNotAllowed,
    OfferOfAnotherIssuer,
    CredentialForAnotherKey,
    CredentialWithoutKey,
    CredentialOfAnotherType,
    CredentialNamesAnotherIssuer,
    CredentialWithKeyBinding,
    CredentialExpired,
    CredentialNotYetValid,
    CredentialWithoutChain,
    CredentialSignedByStranger,
    CredentialSignedByAnotherListedIssuer,
    CredentialFlipped,
    CredentialWithForeignDisclosure,
    /// Signed by something else of the same issuer, which is not for this.
    CredentialSignedByAnotherKind,
    /// A claim changed after it was signed.
    CredentialAltered,
    CredentialWithForeignTerm,
    CredentialWithOwnContext,
    CredentialWithUnknownContext,
    CredentialWithoutProof,
    ProofOfAnotherPurpose,
    CredentialAsAnotherShape,
    TwoCredentials,
    Deferred,
    Denies,
    StaleNonceOnce,
    StaleNonceAlways,
    ForgetsTokens,
    /// The metadata are a JWT of the issuer.
    SignsMetadata,
    /// The same, and somebody changed a member.
    SignedMetadataChanged,
    /// The JWT is by somebody whom nobody trusts, in the issuer's name.
    MetadataSignedByStranger,
    /// The JWT is by another issuer that the wallet trusts.
    MetadataSignedByNeighbour,
}

pub(crate) struct TestIssuer {
    pub(crate) identity: Identity,
    pub(crate) stranger: Identity,
    pub(crate) neighbour: Identity,
    pub(crate) randomness: SeededRandomness,
    pub(crate) server: TestServer,
    pub(crate) endpoint: TestEndpoint,
    /// What is published below `/status/`, by path.
    lists: Mutex<BTreeMap<String, String>>,
    state: Mutex<State>,
}

struct State {
    trick: IssuerTrick,
    now: UnixTime,
    codes: BTreeMap<String, Grant>,
    tokens: BTreeSet<String>,
    nonces: BTreeSet<String>,
    counter: u64,
    issued: Vec<PublicKey>,
    stale: usize,
    configurations: Value,
    person: Map<String, Value>,
    authorization_servers: Vec<&'static str>,
    datasets: Vec<String>,
}

struct Grant {
    tx_code: Option<String>,
    wrong: u32,
}

impl TestIssuer {
    pub(crate) fn new(identity: Identity, stranger: Identity, neighbour: Identity, now: UnixTime) -> Self {
        Self {
            identity,
            stranger,
            neighbour,
            randomness: SeededRandomness::new(77),
            server: TestServer::new(now),
            endpoint: TestEndpoint::default(),
            lists: Mutex::default(),
            state: Mutex::new(State {
                trick: IssuerTrick::None,
                now,
                codes: BTreeMap::new(),
                tokens: BTreeSet::new(),
                nonces: BTreeSet::new(),
                counter: 0,
                issued: Vec::new(),
                stale: 0,
                configurations: configurations(),
                person: person(),
                authorization_servers: Vec::new(),
                datasets: Vec::new(),
            }),
        }
    }

    pub(crate) fn set_trick(&self, trick: IssuerTrick) {
        self.state.lock().unwrap().trick = trick;
    }

    /// Whom the next credentials are about.
    pub(crate) fn set_person(&self, person: Map<String, Value>) {
        self.state.lock().unwrap().person = person;
    }

    pub(crate) fn set_configurations(&self, configurations: Value) {
        self.state.lock().unwrap().configurations = configurations;
    }

    /// Has these servers, instead of itself, let people sign in.
    pub(crate) fn set_authorization_servers(&self, servers: &[&'static str]) {
        self.state.lock().unwrap().authorization_servers = servers.to_vec();
    }

    /// The datasets that were asked for by name.
    pub(crate) fn datasets(&self) -> Vec<String> {
        self.state.lock().unwrap().datasets.clone()
    }

    /// An offer with these grants.
    pub(crate) fn offer_with_grants(&self, grants: Value) -> String {
        let mut offer = self.offer_document(None, &[CONFIGURATION]);
        offer["grants"] = grants;
        link("credential_offer", &offer.to_string())
    }

    /// An offer for which the person has to sign in.
    pub(crate) fn offer_to_sign_in(&self) -> String {
        self.offer_with_grants(json!({
            "authorization_code": { "issuer_state": "from the offer", "authorization_server": SERVER }
        }))
    }

    /// The keys that credentials were bound to.
    pub(crate) fn issued(&self) -> Vec<PublicKey> {
        self.state.lock().unwrap().issued.clone()
    }

    /// A fresh offer as a link by value.
    pub(crate) fn offer(&self, tx_code: Option<&str>) -> String {
        let offer = self.offer_document(tx_code, &[CONFIGURATION]);
        link("credential_offer", &offer.to_string())
    }

    /// A fresh offer of several configurations.
    pub(crate) fn offer_of(&self, configurations: &[&str]) -> String {
        link(
            "credential_offer",
            &self.offer_document(None, configurations).to_string(),
        )
    }

    /// A fresh offer as a link by reference.
    pub(crate) fn offer_by_reference(&self) -> String {
        link("credential_offer_uri", "https://issuer.example/offers/1")
    }

    fn offer_document(&self, tx_code: Option<&str>, configurations: &[&str]) -> Value {
        let mut state = self.state.lock().unwrap();
        state.counter += 1;
        let code = format!("code-{}", state.counter);
        state.codes.insert(
            code.clone(),
            Grant {
                tx_code: tx_code.map(str::to_owned),
                wrong: 0,
            },
        );
        let mut grant = json!({ "pre-authorized_code": code });
        if tx_code.is_some() {
            grant["tx_code"] =
                json!({ "length": 6, "input_mode": "numeric", "description": "from the letter" });
        }
        json!({
            "credential_issuer": ISSUER,
            "credential_configuration_ids": configurations,
            "grants": { "urn:ietf:params:oauth:grant-type:pre-authorized_code": grant },
        })
    }

    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let method = request.method.name();
        match (method, request.url.path()) {
            ("GET", "/offers/1") => self.serve_offer(),
            ("GET", "/.well-known/openid-credential-issuer") => self.metadata(),
            ("GET", "/.well-known/oauth-authorization-server") => self.server_metadata(),
            ("POST", "/token") => self.token(&request.body),
            ("POST", "/nonce") => {
                assert!(request.body.is_empty(), "the nonce request has no body");
                let mut state = self.state.lock().unwrap();
                state.counter += 1;
                let nonce = format!("nonce-{}", state.counter);
                state.nonces.insert(nonce.clone());
                json_answer(200, &json!({ "c_nonce": nonce }))
            }
            ("POST", "/credential") => self.credential(request),
            ("POST", "/deferred_credential") => self.deferred(request),
            ("POST", "/notification") => self.notified(request),
            ("GET", path) if path.starts_with("/status/") => self.status_list(path),
            (method, path) => panic!("the issuer does not know {method} {path}"),
        }
    }

    /// Publishes a status list at `/status/…`.
    pub(crate) fn publish(&self, path: &str, list: String) {
        self.lists.lock().unwrap().insert(path.to_owned(), list);
    }

    fn status_list(&self, path: &str) -> HttpResponse {
        let list = self.lists.lock().unwrap().get(path).cloned();
        HttpResponse {
            status: if list.is_some() { 200 } else { 404 },
            headers: Vec::new(),
            body: list.unwrap_or_default().into_bytes(),
        }
    }

    fn trick(&self) -> IssuerTrick {
        self.state.lock().unwrap().trick
    }

    fn serve_offer(&self) -> HttpResponse {
        let mut offer = self.offer_document(None, &[CONFIGURATION]);
        if self.trick() == IssuerTrick::OfferOfAnotherIssuer {
            offer["credential_issuer"] = json!("https://neighbour.example");
        }
        json_answer(200, &offer)
    }

    fn token(&self, body: &[u8]) -> HttpResponse {
        let request = TokenRequest::parse_form(body).expect("the wallet sends a proper token request");
        let TokenGrant::PreAuthorizedCode { code, tx_code } = &request.grant else {
            panic!("another grant");
        };
        let mut state = self.state.lock().unwrap();
        let Some(grant) = state.codes.get_mut(code.expose()) else {
            return json_answer(400, &json!({ "error": "invalid_grant" }));
        };
        match (&grant.tx_code, tx_code) {
            (None, Some(_)) | (Some(_), None) => {
                return json_answer(400, &json!({ "error": "invalid_request" }));
            }
            (Some(expected), Some(given)) if expected != given.expose() => {
                grant.wrong += 1;
                if grant.wrong == 3 {
                    state.codes.remove(code.expose());
                }
                return json_answer(400, &json!({ "error": "invalid_grant" }));
            }
            _ => {}
        }
        // The code works once.
        state.codes.remove(code.expose());
        state.counter += 1;
        let token = format!("token-{}", state.counter);
        if state.trick != IssuerTrick::ForgetsTokens {
            state.tokens.insert(token.clone());
        }
        json_answer(
            200,
            &json!({ "access_token": token, "token_type": "Bearer", "expires_in": 300 }),
        )
    }

    /// Takes a notification from whoever has access.
    fn notified(&self, request: &HttpRequest) -> HttpResponse {
        match self.server.access(request, &presented(request)) {
            Ok(_) => self.endpoint.notified(request),
            Err(refusal) => refusal,
        }
    }

    fn credential(&self, request: &HttpRequest) -> HttpResponse {
        let presented = presented(request);
        let granted = match self.server.access(request, &presented) {
            Ok(granted) => granted,
            Err(refusal) => return refusal,
        };
        let mut state = self.state.lock().unwrap();
        if granted.is_none() && !state.tokens.contains(presented.token().expose()) {
            return json_answer(401, &json!({ "error": "invalid_token" }));
        }
        let (body, carriage) = self.endpoint.open(request);
        if body == b"stale" {
            return json_answer(400, &json!({ "error": "invalid_encryption_parameters" }));
        }
        let parsed = CredentialRequest::parse_carried(&body, carriage)
            .expect("the wallet sends a proper credential request");
        let client = match granted.as_ref().and_then(|granted| granted.client.as_deref()) {
            Some(client) => ExpectedClient::Named(client),
            None => ExpectedClient::Anonymous,
        };
        let proofs = parsed.proofs.as_ref().expect("proofs");
        let (keys, nonces) = self.endpoint.prove(proofs, client, state.now);
        // Not all at once: the proofs of one request answer one nonce.
        let fresh: BTreeSet<String> = nonces.into_iter().collect();
        if !fresh.iter().all(|nonce| state.nonces.remove(nonce)) {
            return json_answer(400, &json!({ "error": "invalid_nonce" }));
        }
        let stale = match state.trick {
            IssuerTrick::StaleNonceAlways => true,
            IssuerTrick::StaleNonceOnce => state.stale == 0,
            _ => false,
        };
        if stale {
            state.stale += 1;
            return json_answer(400, &json!({ "error": "invalid_nonce" }));
        }
        match state.trick {
            IssuerTrick::Denies => return json_answer(400, &json!({ "error": "credential_request_denied" })),
            IssuerTrick::Deferred => {
                return json_answer(202, &json!({ "transaction_id": "later", "interval": 60 }));
            }
            _ => {}
        }
        let configuration = match (&parsed.selector, &granted) {
            (CredentialSelector::Configuration(configuration), _) => configuration.as_str().to_owned(),
            (CredentialSelector::Identifier(dataset), Some(granted)) => {
                state.datasets.push(dataset.as_str().to_owned());
                granted
                    .configuration_of(dataset.as_str())
                    .expect("a dataset that was granted")
            }
            (CredentialSelector::Identifier(_), None) => panic!("no datasets were named"),
        };
        if let Some(waiting) = self.endpoint.defer(&configuration, &keys) {
            return self
                .endpoint
                .answer(202, waiting, parsed.response_encryption.as_ref());
        }
        let body = self.issue_all(&mut state, &configuration, &keys);
        self.endpoint
            .answer(200, body, parsed.response_encryption.as_ref())
    }

    /// Hands out what had to wait.
    fn deferred(&self, request: &HttpRequest) -> HttpResponse {
        let (body, carriage) = self.endpoint.open(request);
        if body == b"stale" {
            return json_answer(400, &json!({ "error": "invalid_encryption_parameters" }));
        }
        let parsed =
            DeferredCredentialRequest::parse(&body, carriage).expect("a deferred credential request");
        let encryption = parsed.response_encryption.as_ref();
        match self.endpoint.fetch(parsed.transaction_id.as_str()) {
            Fetched::Waiting(body) => self.endpoint.answer(202, body, encryption),
            Fetched::Gone => json_answer(400, &json!({ "error": "invalid_transaction_id" })),
            Fetched::Denied => json_answer(400, &json!({ "error": "credential_request_denied" })),
            Fetched::Ready(configuration, keys) => {
                let body = self.issue_all(&mut self.state.lock().unwrap(), &configuration, &keys);
                self.endpoint.answer(200, body, encryption)
            }
        }
    }
}

/// Who the credential is about.
pub(crate) fn person() -> Map<String, Value> {
    let Value::Object(claims) = json!({
        "given_name": "Amina",
        "family_name": "Diallo-Zwölftausend",
        "birth_date": "1990-04-05",
        "age_over_18": true,
        "address": { "street": "12 rue des Manguiers", "locality": "Kindia", "country": "GN" },
        "nationalities": ["GN", "SN"],
        "document_number": "D-123456789",
    }) else {
        panic!("an object")
    };
    claims
}

pub(crate) fn path(value: &Value) -> ClaimsPath {
    serde_json::from_value(value.clone()).unwrap()
}

pub(crate) fn json_answer(status: u16, body: &Value) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![
            (
                "Content-Type".to_owned(),
                "application/json; charset=utf-8".to_owned(),
            ),
            ("Cache-Control".to_owned(), "no-store".to_owned()),
        ],
        body: body.to_string().into_bytes(),
    }
}

pub(crate) fn link(parameter: &str, value: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    format!(
        "openid-credential-offer://?{parameter}={}",
        encoded.replace('+', "%20")
    )
}

/// The access token of a request.
fn presented(request: &HttpRequest) -> PresentedAccessToken {
    let authorization = request.headers.iter().find(|(name, _)| *name == "authorization");
    let authorization = authorization.map(|(_, value)| value.as_str());
    PresentedAccessToken::parse(authorization, request.url.query()).expect("an access token")
}
