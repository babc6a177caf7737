//! A wallet for the authorization server: it authenticates in any way, proves any key, and can be told to do it wrongly.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Request, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use symbolon_crypto::jose::jws::PreparedJws;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm};
use symbolon_issuer::record::Uin;
use symbolon_protocol::identifier::{HttpUrl, IssuerIdentifier};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::client_assertion;
use symbolon_protocol::oauth::client_attestation::{
    AttestationChallenge, AttestationContents, AttesterName, prepare_attestation, prepare_proof_of_possession,
};
use symbolon_protocol::oauth::dpop::{self, DpopNonce, HttpMethod, ProvenRequest};
use symbolon_protocol::oauth::jwt::JwtId;
use symbolon_protocol::secret::AccessToken;

use crate::harness::{HASSAN, World, wanted_of};
pub(crate) use crate::registry::*;

/// How a wallet authenticates.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authentication {
    Public,
    Assertion,
    Attestation { instance: u64 },
}

pub(crate) struct Wallet<'a> {
    pub(crate) world: &'a World,
    pub(crate) client_id: &'static str,
    pub(crate) authentication: Authentication,
    /// The role of its DPoP key.
    pub(crate) dpop: Option<u64>,
    pub(crate) http: Client,
    /// Every request that was sent, to be sent again.
    pub(crate) sent: Arc<Mutex<Vec<Request>>>,
}

/// What a token response holds.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    pub(crate) body: Value,
}

impl<'a> Wallet<'a> {
    pub(crate) fn new(world: &'a World, client_id: &'static str) -> Self {
        Self {
            world,
            client_id,
            authentication: match client_id {
                ASSERTING => Authentication::Assertion,
                ATTESTED => Authentication::Attestation {
                    instance: INSTANCE_KEY,
                },
                _ => Authentication::Public,
            },
            dpop: None,
            http: Client::builder()
                .no_proxy()
                .redirect(Policy::none())
                .build()
                .unwrap(),
            sent: Arc::default(),
        }
    }

    pub(crate) fn with_dpop(self) -> Self {
        Self {
            dpop: Some(DPOP_KEY),
            ..self
        }
    }

    fn server(&self) -> IssuerIdentifier {
        IssuerIdentifier::parse(&self.world.base).unwrap()
    }

    pub(crate) fn jti(&self) -> JwtId {
        JwtId::make(&*self.world.randomness).unwrap()
    }

    /// The form of a good authorization request, with `changes` to it: an empty value takes a parameter out.
    pub(crate) fn request(&self, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let good = [
            ("response_type", "code"),
            ("client_id", self.client_id),
            ("redirect_uri", BACK),
            ("state", "the state"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("scope", NATIONAL),
        ];
        changed(&good, changes)
    }

    pub(crate) async fn nonce(&self) -> DpopNonce {
        let response = self.http.post(self.world.url("/nonce")).send().await.unwrap();
        DpopNonce::parse(response.headers()["dpop-nonce"].to_str().unwrap()).unwrap()
    }

    pub(crate) async fn challenge(&self) -> AttestationChallenge {
        let response = self.http.post(self.world.url("/challenge")).send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        let body: Value = response.json().await.unwrap();
        AttestationChallenge::parse(body["attestation_challenge"].as_str().unwrap()).unwrap()
    }

    /// A DPoP proof for a posted request.
    pub(crate) fn proof(
        &self,
        key_role: u64,
        path: &str,
        token: Option<&str>,
        nonce: Option<&DpopNonce>,
    ) -> String {
        let key = key(key_role);
        let url = HttpUrl::parse(&self.world.url(path)).unwrap();
        let token = token.map(|token| AccessToken::parse(token).unwrap());
        let request = ProvenRequest {
            method: HttpMethod::Post,
            url: &url,
            access_token: token.as_ref(),
        };
        let prepared = dpop::prepare(&key.public_key(), request, &self.jti(), nonce, self.world.now());
        signed(&key, prepared)
    }

    /// An assertion by the registered key.
    pub(crate) fn assertion(&self) -> String {
        let key = key(ASSERTION_KEY);
        let id = ClientIdentifier::parse(self.client_id).unwrap();
        let prepared = client_assertion::prepare(
            &id,
            &key.public_key(),
            &self.server(),
            &self.jti(),
            self.world.now(),
        );
        signed(&key, prepared)
    }

    /// An attestation for the instance's key, by whichever attester.
    pub(crate) fn attestation(&self, attester: u64, instance: u64, lifetime: Duration) -> String {
        let (attester, instance) = (key(attester), key(instance));
        let id = ClientIdentifier::parse(self.client_id).unwrap();
        let public = instance.public_key();
        let contents = AttestationContents {
            attester: "https://vendor.example",
            client: &id,
            key: &public,
            issued_at: self.world.now(),
            expires_at: self.world.now().plus(lifetime),
            wallet_name: Some("Vendor's wallet"),
            wallet_link: None,
            status: None,
        };
        let name = AttesterName::KeyId("attester");
        let prepared = prepare_attestation(contents, name, SignatureAlgorithm::Es256);
        signed(&attester, prepared)
    }

    pub(crate) fn proof_of_possession(
        &self,
        instance: u64,
        server: &IssuerIdentifier,
        challenge: Option<&AttestationChallenge>,
    ) -> String {
        let key = key(instance);
        let id = ClientIdentifier::parse(self.client_id).unwrap();
        let prepared = prepare_proof_of_possession(
            &id,
            &key.public_key(),
            server,
            &self.jti(),
            challenge,
            self.world.now(),
        );
        signed(&key, prepared)
    }

    /// Posts a form with whatever authenticates the wallet and proves its key.
    pub(crate) async fn post(&self, path: &str, mut form: Vec<(String, String)>) -> Response {
        let mut request = self.http.post(self.world.url(path));
        match self.authentication {
            Authentication::Public => {}
            Authentication::Assertion => {
                form.push((
                    "client_assertion_type".to_owned(),
                    client_assertion::JWT_BEARER.to_owned(),
                ));
                form.push(("client_assertion".to_owned(), self.assertion()));
            }
            Authentication::Attestation { instance } => {
                let day = Duration::from_secs(86_400);
                let challenge = self.challenge().await;
                let proof = self.proof_of_possession(instance, &self.server(), Some(&challenge));
                request = request
                    .header(
                        "OAuth-Client-Attestation",
                        self.attestation(ATTESTER_KEY, instance, day),
                    )
                    .header("OAuth-Client-Attestation-PoP", proof);
            }
        }
        if let Some(role) = self.dpop {
            let nonce = self.nonce().await;
            request = request.header("DPoP", self.proof(role, path, None, Some(&nonce)));
        }
        self.send(request.form(&form)).await
    }

    async fn send(&self, request: RequestBuilder) -> Response {
        let request = request.build().unwrap();
        self.sent.lock().unwrap().push(request.try_clone().unwrap());
        self.http.execute(request).await.unwrap()
    }

    pub(crate) fn bare(&self, path: &str) -> RequestBuilder {
        self.http.post(self.world.url(path))
    }

    pub(crate) async fn push(&self, changes: &[(&str, &str)]) -> Response {
        self.post("/par", self.request(changes)).await
    }

    /// The name of a pushed request.
    pub(crate) async fn pushed(&self, changes: &[(&str, &str)]) -> String {
        let response = self.push(changes).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        let body: Value = response.json().await.unwrap();
        body["request_uri"].as_str().unwrap().to_owned()
    }

    /// Opens the authorization endpoint in a browser.
    pub(crate) async fn open(&self, parameters: &[(String, String)]) -> Response {
        let url = reqwest::Url::parse_with_params(&self.world.url("/authorize"), parameters).unwrap();
        self.send(self.http.get(url)).await
    }

    pub(crate) async fn open_pushed(&self, request_uri: &str) -> Response {
        let parameters = [("client_id", self.client_id), ("request_uri", request_uri)];
        self.open(&parameters.map(|(name, value)| (name.to_owned(), value.to_owned())))
            .await
    }

    /// Lets the resident sign in and agree, as the pages do, and returns where the browser goes.
    pub(crate) async fn agree(&self, browser: &str) -> String {
        let administration = self.world.administration();
        let issuer = administration.issuer();
        let form = issuer.authorization(browser).await.unwrap().form_token;
        let record = Uin::parse(HASSAN).unwrap();
        let browser = issuer.identify(browser, form.expose(), record).await.unwrap();
        let browser = browser.expose();
        let form = issuer.authorization(browser).await.unwrap().form_token;
        issuer.approve(browser, form.expose()).await.unwrap().to_string()
    }

    /// The whole way to a code.
    pub(crate) async fn code_for(&self, changes: &[(&str, &str)]) -> String {
        let request_uri = self.pushed(changes).await;
        let response = self.open_pushed(&request_uri).await;
        let back = self.agree(&browser_key(&response)).await;
        parameter(&back, "code").unwrap()
    }

    pub(crate) async fn code(&self) -> String {
        self.code_for(&[]).await
    }

    pub(crate) fn redemption(&self, code: &str, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let good = [
            ("grant_type", "authorization_code"),
            ("client_id", self.client_id),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ];
        changed(&good, changes)
    }

    pub(crate) async fn redeem_with(&self, code: &str, changes: &[(&str, &str)]) -> Response {
        self.post("/token", self.redemption(code, changes)).await
    }

    pub(crate) async fn redeem(&self, code: &str) -> Response {
        self.redeem_with(code, &[]).await
    }

    pub(crate) async fn refresh_with(&self, token: &str, changes: &[(&str, &str)]) -> Response {
        let good = [
            ("grant_type", "refresh_token"),
            ("client_id", self.client_id),
            ("refresh_token", token),
        ];
        self.post("/token", changed(&good, changes)).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Response {
        self.refresh_with(token, &[]).await
    }

    pub(crate) async fn tokens(&self) -> Tokens {
        Tokens::of(self.redeem(&self.code().await).await).await
    }

    /// Asks for the national identity with whatever the token needs.
    pub(crate) async fn credential(&self, token: &str) -> Response {
        let c_nonce = self.world.nonce().await;
        let proof = self.world.proof(&self.world.wallet_key(), &c_nonce);
        self.credential_with(token, &wanted_of(NATIONAL, &[proof])).await
    }

    pub(crate) async fn credential_with(&self, token: &str, body: &Value) -> Response {
        let mut request = self.bare("/credential").json(body);
        request = match self.dpop {
            None => request.bearer_auth(token),
            Some(role) => {
                let nonce = self.nonce().await;
                let proof = self.proof(role, "/credential", Some(token), Some(&nonce));
                request
                    .header("authorization", format!("DPoP {token}"))
                    .header("DPoP", proof)
            }
        };
        self.send(request).await
    }
}

impl Tokens {
    pub(crate) async fn of(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["cache-control"], "no-store");
        let body: Value = response.json().await.unwrap();
        Self {
            access: body["access_token"].as_str().unwrap().to_owned(),
            refresh: body["refresh_token"].as_str().map(str::to_owned),
            body,
        }
    }
}

pub(crate) fn signed(key: &SecretKey, prepared: PreparedJws) -> String {
    let signature = RustCryptoProvider
        .sign(key, prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

fn changed(good: &[(&str, &str)], changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let kept = good
        .iter()
        .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    let added = changes.iter().filter(|(_, value)| !value.is_empty());
    kept.chain(added)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// The key that the authorization endpoint gave the browser on its way to the sign-in page.
pub(crate) fn browser_key(response: &Response) -> String {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert!(location(response).ends_with("/sign-in"));
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    let (pair, attributes) = cookie.split_once(';').unwrap();
    assert!(attributes.contains("HttpOnly") && attributes.contains("SameSite=Lax"));
    pair.split_once('=').unwrap().1.to_owned()
}

pub(crate) fn location(response: &Response) -> String {
    response.headers()["location"].to_str().unwrap().to_owned()
}

pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).unwrap();
    let mut pairs = url.query_pairs();
    pairs
        .find(|(own, _)| own == name)
        .map(|(_, value)| value.into_owned())
}

pub(crate) fn details(configuration: &str) -> String {
    json!([{ "type": "openid_credential", "credential_configuration_id": configuration }]).to_string()
}
