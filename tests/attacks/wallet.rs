//! A wallet that says whatever a test wants, to an issuer that runs.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use symbolon_cli::edge;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm};
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy};
use symbolon_protocol::openid4vci::identifiers::CNonce;
use symbolon_protocol::openid4vci::offer::OfferLink;
use symbolon_protocol::openid4vci::proof;
use url::form_urlencoded;

use crate::harness::{Installation, Role, Server};
use crate::story;

const PRE_AUTHORIZED: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// A running issuer with sample people, and a client.
pub(crate) struct World {
    pub(crate) installation: Installation,
    pub(crate) uin: String,
    pub(crate) client: Client,
    _issuer: Server,
}

/// An offer as a wallet reads it.
pub(crate) struct Offer {
    pub(crate) code: String,
    pub(crate) tx_code: Option<String>,
}

/// How an offer is protected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TxCode {
    Required,
    NotRequired,
}

impl World {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(environment: &[(&str, &str)]) -> Self {
        let installation = Installation::new();
        let issuer = installation.serve_with(Role::Issuer, environment);
        let uin = story::import_people(&installation);
        Self {
            installation,
            uin,
            client: Client::builder().no_proxy().build().unwrap(),
            _issuer: issuer,
        }
    }

    pub(crate) fn offer(&self, uin: &str, tx_code: TxCode) -> Offer {
        let mut further = vec!["--by-value"];
        if tx_code == TxCode::Required {
            further.push("--tx-code");
        }
        let created = story::offer(&self.installation, uin, "NationalIdentity", &further);
        let link = OfferLink::parse(created["link"].as_str().unwrap(), UrlPolicy::Development).unwrap();
        let OfferLink::ByValue(offer) = link else {
            panic!("an offer by value was ordered")
        };
        Offer {
            code: offer
                .pre_authorized_code()
                .unwrap()
                .pre_authorized_code
                .expose()
                .to_owned(),
            tx_code: created["tx_code"].as_str().map(str::to_owned),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.installation.issuer)
    }

    pub(crate) async fn redeem(&self, code: &str, tx_code: Option<&str>) -> Response {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", PRE_AUTHORIZED);
        form.append_pair("pre-authorized_code", code);
        if let Some(tx_code) = tx_code {
            form.append_pair("tx_code", tx_code);
        }
        self.client
            .post(self.url("/token"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.finish())
            .send()
            .await
            .unwrap()
    }

    /// An access token for a record, by a good offer.
    pub(crate) async fn token(&self, uin: &str) -> String {
        let offer = self.offer(uin, TxCode::NotRequired);
        let response = self.redeem(&offer.code, None).await;
        assert_eq!(response.status(), 200);
        body(response).await["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn nonce(&self) -> String {
        let response = self.client.post(self.url("/nonce")).send().await.unwrap();
        body(response).await["c_nonce"].as_str().unwrap().to_owned()
    }

    /// A proof of a key of its own, for this issuer.
    pub(crate) fn proof(&self, nonce: &str) -> String {
        proof_for(&self.installation.issuer, nonce)
    }

    /// Sends a credential request to `path`, which may hold a query.
    pub(crate) async fn ask(&self, path: &str, token: Option<&str>, request: &Value) -> Response {
        let mut sent = self
            .client
            .post(self.url(path))
            .header(CONTENT_TYPE, "application/json")
            .body(request.to_string());
        if let Some(token) = token {
            sent = sent.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        sent.send().await.unwrap()
    }

    /// Shows that a token still buys its credential, and returns it.
    #[track_caller]
    pub(crate) fn issue(&self, token: &str) -> impl Future<Output = String> {
        let caller = std::panic::Location::caller();
        async move {
            let request = wanted(&self.proof(&self.nonce().await));
            let response = self.ask("/credential", Some(token), &request).await;
            assert_eq!(response.status(), 200, "{caller}");
            body(response).await["credentials"][0]["credential"]
                .as_str()
                .unwrap()
                .to_owned()
        }
    }
}

pub(crate) fn proof_for(issuer: &str, nonce: &str) -> String {
    static SEED: AtomicU64 = AtomicU64::new(1);
    let key: SecretKey = RustCryptoProvider
        .generate_key(
            SignatureAlgorithm::Es256,
            &SeededRandomness::new(SEED.fetch_add(1, Ordering::Relaxed)),
        )
        .unwrap();
    let prepared = proof::prepare(
        &key.public_key(),
        &IssuerIdentifier::parse(issuer).unwrap(),
        CNonce::parse(nonce).as_ref(),
        None,
        edge::system_time(),
    );
    let signature = RustCryptoProvider
        .sign(&key, prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

pub(crate) fn wanted(proof: &str) -> Value {
    json!({ "credential_configuration_id": "NationalIdentity", "proofs": { "jwt": [proof] } })
}

pub(crate) async fn body(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

/// A refusal: the status, and the code of the error document.
pub(crate) async fn refusal(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let document = body(response).await;
    (status, document["error"].as_str().unwrap().to_owned())
}

/// A refusal about the access token: the status, and the challenge.
pub(crate) fn challenge(response: &Response) -> (u16, &str) {
    let challenge = response.headers()["www-authenticate"].to_str().unwrap();
    (response.status().as_u16(), challenge)
}
