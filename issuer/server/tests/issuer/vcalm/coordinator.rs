//! A coordinator and the issuer that it drives.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha384};
use symbolon_credential::data_integrity::{
    ExpectedProof, JsonLd, JsonLdBudget, ProofCheck, ProofPurpose, ProofRejected, VerificationKey, verify,
};
use symbolon_credential::w3c::jose::JwtCredential;
use symbolon_credential::w3c::{StatusPurpose, VerifiableCredential, W3cBudget};
use symbolon_crypto::encoding::base64;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_data_integrity::SsiJsonLd;
use symbolon_did::{DidUrl, verification_key};
use symbolon_http::serve::{AdministrationToken, Encryption, listen};
use symbolon_issuer::assertion::AssertionKeys;
use symbolon_issuer::mapping::CredentialConfiguration;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::profile::IssuerProfile;
use symbolon_issuer_server::{Issuer, Listening, Running, Server, open_embedded};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_store::Tenant;
use symbolon_trust::bitstring_status_list::PublishedList;

use crate::harness::{ADMINISTRATION_TOKEN, Keys, START, setup};

pub(super) const MALFORMED: &str = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR";
pub(super) const PARSING: &str = "https://www.w3.org/TR/vc-data-model#PARSING_ERROR";
pub(super) const RANGE: &str = "https://www.w3.org/TR/vc-data-model#RANGE_ERROR";
pub(super) const SECURITY: &str = "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR";
pub(super) const TRANSFORMATION: &str = "https://w3id.org/security#PROOF_TRANSFORMATION_ERROR";
pub(super) const UNKNOWN_OPTION: &str = "https://www.w3.org/TR/vcalm#UNKNOWN_OPTION_PROVIDED";

/// A coordinator that drives an issuer whose configurations allow documents.
pub(super) struct Coordinator {
    _running: Running,
    pub(super) base: String,
    pub(super) client: Client,
    pub(super) assertion: AssertionKeys,
    pub(super) json_ld: SsiJsonLd,
    pub(super) profile: IssuerProfile,
    _folder: tempfile::TempDir,
}

/// A configuration of one claim, of which documents are issued.
fn configuration(id: &str, securing: &str, vcalm: &str) -> CredentialConfiguration {
    let text = format!(
        r#"
        id = "{id}"
        {securing}
        types = ["MembershipCredential"]
        context = "membership"
        vcalm = "{vcalm}"
        validity-days = 7300
        [[claims]]
        path = ["memberName"]
        source = ["fullName"]
        language = "preferred"
        transform = "text"
        disclosure = "always"
        presence = "required"
        label = {{ en = "Name" }}
        "#
    );
    CredentialConfiguration::parse(&text).unwrap()
}

/// A configuration of another type, which comes from the register alone.
fn passport_of_the_register() -> CredentialConfiguration {
    let text = r#"
        id = "Passport"
        format = "ldp_vc"
        cryptosuite = "eddsa-rdfc-2022"
        types = ["PassportCredential"]
        context = "passport"
        validity-days = 7300
        [[claims]]
        path = ["holderName"]
        source = ["fullName"]
        language = "preferred"
        transform = "text"
        disclosure = "always"
        presence = "required"
        label = { en = "Name" }
    "#;
    CredentialConfiguration::parse(text).unwrap()
}

impl Coordinator {
    pub(super) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let randomness = Arc::new(SeededRandomness::new(3));
        let clock = Arc::new(AtomicI64::new(START));
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let keys = Keys::make(&base, &randomness);
        let tenant = Tenant::parse("default").unwrap();
        let (store, _) = open_embedded(&folder.path().join("issuer.redb"), tenant).unwrap();
        let mut setup = setup(&base, &keys, store, &randomness, &clock, IssuerPolicy::default());
        let ldp = |suite: &str| format!("format = \"ldp_vc\"\ncryptosuite = \"{suite}\"");
        let configurations = vec![
            configuration("Whole", &ldp("eddsa-rdfc-2022"), "any-types"),
            configuration("Ecdsa", &ldp("ecdsa-rdfc-2019"), "any-types"),
            configuration("Selective", &ldp("ecdsa-sd-2023"), "any-types"),
            configuration("Jwt", "format = \"jwt_vc_json\"", "any-types"),
            configuration("Own", &ldp("eddsa-rdfc-2022"), "own-types"),
            configuration("Closed", &ldp("eddsa-rdfc-2022"), "refuse"),
            passport_of_the_register(),
        ];
        let identifier = IssuerIdentifier::parse(&base).unwrap();
        setup.profile = IssuerProfile::new(
            identifier,
            "Registry".to_owned(),
            configurations,
            IssuerPolicy::default(),
        )
        .unwrap();
        let profile = setup.profile.clone();
        let issuer = Issuer::open(setup).await.unwrap();
        let listening = Listening {
            listener,
            encryption: Encryption::Plain,
            administration_token: AdministrationToken::new(ADMINISTRATION_TOKEN),
        };
        let running = Server::start(issuer, listening).await.unwrap();
        Self {
            _running: running,
            assertion: keys.assertion_of(&base),
            base,
            client: Client::builder().no_proxy().build().unwrap(),
            json_ld: SsiJsonLd::new(),
            profile,
            _folder: folder,
        }
    }

    pub(super) fn url(&self, instance: &str, path: &str) -> String {
        format!("{}/vcalm/{instance}{path}", self.base)
    }

    pub(super) async fn post(&self, instance: &str, path: &str, body: &Value) -> Response {
        let request = self.client.post(self.url(instance, path));
        request
            .bearer_auth(ADMINISTRATION_TOKEN)
            .json(body)
            .send()
            .await
            .unwrap()
    }

    pub(super) async fn issue_with(
        &self,
        instance: &str,
        credential: &Value,
        options: Value,
    ) -> (StatusCode, Value) {
        let body = json!({"credential": credential, "options": options});
        let answer = self.post(instance, "/credentials/issue", &body).await;
        assert_eq!(answer.headers()["content-type"], "application/json");
        (answer.status(), answer.json().await.unwrap())
    }

    pub(super) async fn issue(&self, instance: &str, credential: &Value) -> Value {
        let (status, body) = self.issue_with(instance, credential, json!({})).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body["verifiableCredential"].clone()
    }

    pub(super) async fn refused(&self, instance: &str, credential: &Value) -> (StatusCode, String) {
        let (status, body) = self.issue_with(instance, credential, json!({})).await;
        (status, body["type"].as_str().unwrap_or_default().to_owned())
    }

    pub(super) fn did(&self, algorithm: SignatureAlgorithm) -> String {
        self.assertion
            .with_algorithm(algorithm)
            .unwrap()
            .did()
            .to_string()
    }

    pub(super) fn json_ld(&self) -> JsonLd<'_> {
        JsonLd {
            processor: &self.json_ld,
            contexts: self.profile.context_table(),
            budget: JsonLdBudget::DEFAULT,
        }
    }

    pub(super) fn verified(&self, secured: &Value) -> Result<(), ProofRejected> {
        let check = ProofCheck {
            expected: ExpectedProof::Credential,
            now: UnixTime::from_seconds(START),
            skew: Duration::from_secs(60),
        };
        let keys = |method: &str| {
            let method = DidUrl::parse(method).ok()?;
            Some(VerificationKey {
                public_key: verification_key(&method).ok()?,
                controller: method.did().as_str().to_owned(),
                purposes: vec![ProofPurpose::AssertionMethod],
            })
        };
        verify(secured, check, &keys, &self.json_ld(), &RustCryptoProvider).map(|_| ())
    }

    /// What a list says of a credential: the bit of a purpose.
    pub(super) async fn bit(&self, secured: &Value, purpose: &StatusPurpose) -> bool {
        let credential = VerifiableCredential::from_value(secured.clone()).unwrap();
        let entry = credential
            .bitstring_status_entries()
            .find(|entry| entry.purpose == *purpose)
            .unwrap();
        let token = self
            .client
            .get(&entry.list)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let list = JwtCredential::parse(&token, W3cBudget::DEFAULT).unwrap();
        let list = PublishedList::read(list.credential()).unwrap();
        let status = list.status(entry, UnixTime::from_seconds(START), 1 << 20);
        status.unwrap().value != 0
    }
}

pub(super) fn document() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": "did:example:alice", "name": "Alice"},
    })
}

pub(super) fn digest_of_the_base_context() -> String {
    let context = symbolon_schemas::CONTEXTS
        .iter()
        .find(|context| context.url == "https://www.w3.org/ns/credentials/v2")
        .unwrap();
    digest_of(context.document)
}

pub(super) fn digest_of(text: &str) -> String {
    format!("sha384-{}", base64::encode(&Sha384::digest(text)))
}
