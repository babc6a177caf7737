//! VCALM over HTTP: what the W3C's test suites send to `/credentials/issue`, and what they and the specification expect.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha384};
use symbolon_credential::data_integrity::{
    ExpectedProof, JsonLd, JsonLdBudget, ProofCheck, ProofPurpose, ProofRejected, VerificationKey,
    ecdsa_sd_2023, verify,
};
use symbolon_credential::w3c::jose::JwtCredential;
use symbolon_credential::w3c::{EnvelopedCredential, StatusPurpose, VerifiableCredential, W3cBudget};
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
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::harness::{ADMINISTRATION_TOKEN, Keys, START, setup};

const MALFORMED: &str = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR";
const PARSING: &str = "https://www.w3.org/TR/vc-data-model#PARSING_ERROR";
const RANGE: &str = "https://www.w3.org/TR/vc-data-model#RANGE_ERROR";
const SECURITY: &str = "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR";
const TRANSFORMATION: &str = "https://w3id.org/security#PROOF_TRANSFORMATION_ERROR";
const UNKNOWN_OPTION: &str = "https://www.w3.org/TR/vcalm#UNKNOWN_OPTION_PROVIDED";

/// A coordinator that drives an issuer whose configurations allow documents.
struct Coordinator {
    _running: Running,
    base: String,
    client: Client,
    assertion: AssertionKeys,
    json_ld: SsiJsonLd,
    profile: IssuerProfile,
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
    async fn start() -> Self {
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

    fn url(&self, instance: &str, path: &str) -> String {
        format!("{}/vcalm/{instance}{path}", self.base)
    }

    async fn post(&self, instance: &str, path: &str, body: &Value) -> Response {
        let request = self.client.post(self.url(instance, path));
        request
            .bearer_auth(ADMINISTRATION_TOKEN)
            .json(body)
            .send()
            .await
            .unwrap()
    }

    async fn issue_with(&self, instance: &str, credential: &Value, options: Value) -> (StatusCode, Value) {
        let body = json!({"credential": credential, "options": options});
        let answer = self.post(instance, "/credentials/issue", &body).await;
        assert_eq!(answer.headers()["content-type"], "application/json");
        (answer.status(), answer.json().await.unwrap())
    }

    async fn issue(&self, instance: &str, credential: &Value) -> Value {
        let (status, body) = self.issue_with(instance, credential, json!({})).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body["verifiableCredential"].clone()
    }

    async fn refused(&self, instance: &str, credential: &Value) -> (StatusCode, String) {
        let (status, body) = self.issue_with(instance, credential, json!({})).await;
        (status, body["type"].as_str().unwrap_or_default().to_owned())
    }

    fn did(&self, algorithm: SignatureAlgorithm) -> String {
        self.assertion
            .with_algorithm(algorithm)
            .unwrap()
            .did()
            .to_string()
    }

    fn json_ld(&self) -> JsonLd<'_> {
        JsonLd {
            processor: &self.json_ld,
            contexts: self.profile.context_table(),
            budget: JsonLdBudget::DEFAULT,
        }
    }

    fn verified(&self, secured: &Value) -> Result<(), ProofRejected> {
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
    async fn bit(&self, secured: &Value, purpose: &StatusPurpose) -> bool {
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

fn document() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": "did:example:alice", "name": "Alice"},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_issued_with_what_the_issuer_puts_in() {
    let coordinator = Coordinator::start().await;
    for (instance, suite, algorithm) in [
        ("Whole", "eddsa-rdfc-2022", SignatureAlgorithm::EdDsa),
        ("Ecdsa", "ecdsa-rdfc-2019", SignatureAlgorithm::Es256),
    ] {
        let issued = coordinator.issue(instance, &document()).await;
        assert_eq!(issued["issuer"]["id"], json!(coordinator.did(algorithm)));
        assert_eq!(issued["proof"]["cryptosuite"], json!(suite));
        assert_eq!(issued["proof"]["proofPurpose"], json!("assertionMethod"));
        assert_eq!(issued["validFrom"], json!("2026-11-23T00:00:00Z"));
        assert_eq!(issued["credentialStatus"].as_array().map(Vec::len), Some(2));
        assert_eq!(issued["credentialSubject"], document()["credentialSubject"]);
        coordinator.verified(&issued).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_issued_as_a_jwt_in_its_envelope() {
    let coordinator = Coordinator::start().await;
    let issued = coordinator.issue("Jwt", &document()).await;
    let enveloped = EnvelopedCredential::from_value(&issued).unwrap();
    let token = JwtCredential::parse(enveloped.text().unwrap(), W3cBudget::DEFAULT).unwrap();
    let key = coordinator
        .assertion
        .with_algorithm(SignatureAlgorithm::Es256)
        .unwrap()
        .public_key();
    let token = token.verify_issuer_signature(key, &RustCryptoProvider).unwrap();
    assert_eq!(token.credential().subject().unwrap()["name"], json!("Alice"));
    // A JWT needs no JSON-LD to be signed, and is not signed without a meaning all the same.
    let mut undefined = document();
    undefined["credentialSubject"]["undefinedTerm"] = json!(1);
    let (status, problem) = coordinator.refused("Jwt", &undefined).await;
    assert_eq!(
        (status, problem.as_str()),
        (StatusCode::BAD_REQUEST, TRANSFORMATION)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selective_document_cannot_hide_what_would_show_that_it_is_revoked() {
    let coordinator = Coordinator::start().await;
    let credential = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": "did:example:alice", "name": "Alice", "description": "A member"},
    });
    let options = json!({"mandatoryPointers": ["/credentialSubject/description", "/issuer"]});
    let (status, body) = coordinator.issue_with("Selective", &credential, options).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    let base = &body["verifiableCredential"];
    let derived = ecdsa_sd_2023::derive(base, &[], coordinator.json_ld()).unwrap();
    assert_eq!(
        derived["credentialSubject"],
        json!({"id": "did:example:alice", "description": "A member"})
    );
    for member in ["issuer", "validFrom", "validUntil", "credentialStatus"] {
        assert_eq!(derived[member], base[member], "{member}");
    }
    let key = coordinator
        .assertion
        .with_algorithm(SignatureAlgorithm::Es256)
        .unwrap()
        .public_key();
    ecdsa_sd_2023::verify(&derived, key, coordinator.json_ld(), &RustCryptoProvider).unwrap();

    for (instance, pointers) in [
        ("Selective", json!(["/credentialSubject/nothing"])),
        ("Selective", json!(["credentialSubject"])),
        // The whole is signed: nothing is mandatory that is not shown anyway.
        ("Whole", json!(["/issuer"])),
    ] {
        let options = json!({"mandatoryPointers": pointers});
        let (status, body) = coordinator.issue_with(instance, &credential, options).await;
        assert_eq!(
            (status, &body["type"]),
            (StatusCode::BAD_REQUEST, &json!(MALFORMED))
        );
    }
}

/// The data model's own rules, one by one, as its test suite goes through them.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_conforms_is_issued() {
    let coordinator = Coordinator::start().await;
    let issuer = coordinator.did(SignatureAlgorithm::EdDsa);
    let in_languages = json!([
        {"@value": "Membership", "@language": "en"},
        {"@value": "عضوية", "@language": "ar", "@direction": "rtl"},
    ]);
    for (member, value) in [
        ("id", json!("did:example:credential")),
        ("id", json!("urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33")),
        ("issuer", json!(issuer)),
        (
            "issuer",
            json!({"id": issuer, "name": in_languages, "description": "An office"}),
        ),
        ("name", json!("Membership")),
        (
            "name",
            json!({"@value": "Membership", "@language": "en", "@direction": "ltr"}),
        ),
        ("name", in_languages.clone()),
        ("description", in_languages),
        ("validFrom", json!("2023-02-26T01:02:58.447Z")),
        ("validFrom", json!("2023-02-25T19:10:39-06:00")),
        ("validUntil", json!("2033-02-26T01:20:18.477Z")),
        ("validUntil", json!("2033-02-25T19:21:29-06:00")),
        (
            "credentialSubject",
            json!([{"id": "did:example:a", "name": "A"}, {"name": "B"}]),
        ),
        (
            "type",
            json!(["VerifiableCredential", "https://example.org/types#Member"]),
        ),
        (
            "type",
            json!(["https://example.org/types#Member", "VerifiableCredential"]),
        ),
        (
            "credentialSchema",
            json!({"id": "https://example.org/schema", "type": "JsonSchema"}),
        ),
        (
            "credentialSchema",
            json!([
                {"id": "https://example.org/schema", "type": "JsonSchema"},
                {"id": "https://example.org/schema-2", "type": "JsonSchema"},
            ]),
        ),
        (
            "relatedResource",
            json!({"id": "https://www.w3.org/ns/credentials/v2", "digestSRI": digest_of_the_base_context()}),
        ),
        ("evidence", json!({"type": "https://example.org/types#Interview"})),
        (
            "termsOfUse",
            json!([{"type": "https://example.org/types#Terms", "id": "https://example.org/terms"}]),
        ),
        (
            "refreshService",
            json!({"type": "https://example.org/types#Refresh", "id": "https://example.org/r"}),
        ),
        (
            "credentialStatus",
            json!({"type": "https://example.org/types#Status", "id": "urn:uuid:1"}),
        ),
    ] {
        let mut credential = document();
        credential[member] = value.clone();
        let issued = coordinator.issue("Whole", &credential).await;
        coordinator.verified(&issued).unwrap();
        if member != "credentialStatus" {
            assert_eq!(issued[member], value, "what was handed in stays as it was");
        }
    }
}

fn digest_of_the_base_context() -> String {
    let context = symbolon_schemas::CONTEXTS
        .iter()
        .find(|context| context.url == "https://www.w3.org/ns/credentials/v2")
        .unwrap();
    digest_of(context.document)
}

fn digest_of(text: &str) -> String {
    format!("sha384-{}", base64::encode(&Sha384::digest(text)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_breaks_a_rule_is_refused_and_nothing_is_booked() {
    let coordinator = Coordinator::start().await;
    let v2 = "https://www.w3.org/ns/credentials/v2";
    let entry = |list: String| {
        json!({
            "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
            "statusListIndex": "1", "statusListCredential": list,
        })
    };
    let own_list = coordinator
        .profile
        .bitstring_uri(symbolon_issuer::index::ShardId::FIRST, &StatusPurpose::Revocation);
    for (member, value, problem) in [
        ("@context", json!(4), MALFORMED),
        ("@context", json!([]), MALFORMED),
        (
            "@context",
            json!(["https://www.w3.org/2018/credentials/v1"]),
            MALFORMED,
        ),
        (
            "@context",
            json!(["https://example.org/contexts/1", v2]),
            MALFORMED,
        ),
        ("@context", json!([v2, 5]), MALFORMED),
        (
            "@context",
            json!([v2, {"type": "https://example.org/redefined"}]),
            MALFORMED,
        ),
        // Contexts that nobody here has looked at.
        (
            "@context",
            json!([v2, "https://example.org/contexts/1"]),
            TRANSFORMATION,
        ),
        (
            "@context",
            json!([v2, {"Member": "https://example.org/types#Member"}]),
            TRANSFORMATION,
        ),
        ("id", json!("no URL"), MALFORMED),
        ("id", json!(["urn:uuid:1", "urn:uuid:2"]), MALFORMED),
        ("id", json!(null), MALFORMED),
        ("type", json!(null), MALFORMED),
        ("type", json!(["Member"]), MALFORMED),
        ("type", json!(["VerifiableCredential", 4]), MALFORMED),
        (
            "type",
            json!(["VerifiableCredential", "UnmappedType"]),
            TRANSFORMATION,
        ),
        ("issuer", json!(null), MALFORMED),
        ("issuer", json!("no URL"), MALFORMED),
        ("issuer", json!({"id": null}), MALFORMED),
        ("issuer", json!("did:web:another.example"), MALFORMED),
        (
            "name",
            json!({"@value": "M", "@language": "en", "more": 1}),
            MALFORMED,
        ),
        ("credentialSubject", json!({}), MALFORMED),
        ("credentialSubject", json!([]), MALFORMED),
        ("credentialSubject", json!("did:example:alice"), MALFORMED),
        ("credentialSubject", json!([{"name": "A"}, {}]), MALFORMED),
        ("credentialSubject", json!({"undefinedTerm": "A"}), TRANSFORMATION),
        ("validFrom", json!("Sat 25 Feb 2023 07:16:31 PM CST"), MALFORMED),
        ("validFrom", json!("2023-02-25T19:10:39"), MALFORMED),
        ("validUntil", json!("2023-02-25T19:10:39Z"), MALFORMED),
        ("validUntil", json!("2400-01-01T00:00:00Z"), RANGE),
        (
            "credentialSchema",
            json!({"id": "https://example.org/schema"}),
            MALFORMED,
        ),
        ("credentialSchema", json!({"type": "JsonSchema"}), MALFORMED),
        (
            "evidence",
            json!({"id": "https://example.org/evidence"}),
            MALFORMED,
        ),
        (
            "termsOfUse",
            json!({"id": "https://example.org/terms"}),
            MALFORMED,
        ),
        (
            "refreshService",
            json!({"id": "https://example.org/r"}),
            MALFORMED,
        ),
        ("credentialStatus", json!({"id": "urn:uuid:1"}), MALFORMED),
        ("credentialStatus", entry(own_list), MALFORMED),
        ("relatedResource", json!({"id": v2}), MALFORMED),
        (
            "relatedResource",
            json!([{"digestSRI": digest_of_the_base_context()}]),
            MALFORMED,
        ),
        (
            "relatedResource",
            json!({"id": v2, "digestSRI": digest_of("another context")}),
            SECURITY,
        ),
        ("proof", json!({"type": "DataIntegrityProof"}), MALFORMED),
    ] {
        let mut credential = document();
        credential[member] = value;
        let (status, found) = coordinator.refused("Whole", &credential).await;
        assert_eq!(
            (status, found.as_str()),
            (StatusCode::BAD_REQUEST, problem),
            "{member}: {}",
            credential[member]
        );
    }
    for member in ["@context", "type", "credentialSubject"] {
        let mut credential = document();
        credential.as_object_mut().unwrap().shift_remove(member);
        let (status, problem) = coordinator.refused("Whole", &credential).await;
        assert_eq!(
            (status, problem.as_str()),
            (StatusCode::BAD_REQUEST, MALFORMED),
            "{member}"
        );
    }
    let listed = coordinator
        .client
        .post(format!("{}/admin/v1/credentials/list", coordinator.base));
    let listed = listed
        .bearer_auth(ADMINISTRATION_TOKEN)
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    let listed: Value = listed.json().await.unwrap();
    assert_eq!(listed["credentials"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_none_is_told_what_it_is() {
    let coordinator = Coordinator::start().await;
    let ask = async |body: Value| {
        let answer = coordinator.post("Whole", "/credentials/issue", &body).await;
        let status = answer.status();
        let details: Value = answer.json().await.unwrap();
        (status, details["type"].as_str().unwrap().to_owned())
    };
    for (body, problem) in [
        (json!([]), PARSING),
        (json!({"verifiableCredential": document()}), MALFORMED),
        (json!({"credential": document(), "more": 1}), MALFORMED),
        (
            json!({"credential": document(), "options": {"type": "Ed25519Signature2020"}}),
            UNKNOWN_OPTION,
        ),
    ] {
        assert_eq!(ask(body).await, (StatusCode::BAD_REQUEST, problem.to_owned()));
    }
    // The head alone: the answer comes before any body, and whoever still writes one finds the connection closed.
    let address = coordinator.base.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /vcalm/Whole/credentials/issue HTTP/1.1\r\nhost: issuer\r\n\
         authorization: Bearer {ADMINISTRATION_TOKEN}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        (10 << 20) + 1
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_issues_only_what_it_allows_and_only_with_the_token() {
    let coordinator = Coordinator::start().await;
    assert_eq!(
        coordinator.refused("Closed", &document()).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        coordinator.refused("Nowhere", &document()).await.0,
        StatusCode::NOT_FOUND
    );
    let (status, problem) = coordinator.refused("Own", &document()).await;
    assert_eq!((status, problem.as_str()), (StatusCode::BAD_REQUEST, MALFORMED));
    let context = format!("{}/contexts/membership", coordinator.base);
    let own = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", context],
        "type": ["VerifiableCredential", "MembershipCredential"],
        "credentialSubject": {"id": "did:example:alice", "memberName": "Alice"},
    });
    let issued = coordinator.issue("Own", &own).await;
    coordinator.verified(&issued).unwrap();
    // The same issuer would have made what only the register may say.
    let passport = format!("{}/contexts/passport", coordinator.base);
    let iri = format!("{passport}#PassportCredential");
    for name in ["PassportCredential", iri.as_str()] {
        let mut both = own.clone();
        both["@context"] = json!([own["@context"][0], own["@context"][1], passport]);
        both["type"] = json!(["VerifiableCredential", "MembershipCredential", name]);
        let (status, problem) = coordinator.refused("Own", &both).await;
        assert_eq!(
            (status, problem.as_str()),
            (StatusCode::BAD_REQUEST, MALFORMED),
            "{name}"
        );
    }

    for (method, path) in [
        (Method::POST, "/credentials/issue"),
        (Method::POST, "/credentials/status"),
        (Method::GET, "/credentials/urn:uuid:1"),
        (Method::DELETE, "/credentials/urn:uuid:1"),
        (Method::GET, "/nowhere"),
    ] {
        let request = coordinator.client.request(method, coordinator.url("Whole", path));
        let answer = request
            .json(&json!({"credential": document()}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_is_changed_by_the_name_that_the_credential_was_issued_with() {
    let coordinator = Coordinator::start().await;
    let name = "example.com/ad5d541f-db7a-4bff-97e1-d403ce403767";
    let (status, body) = coordinator
        .issue_with("Whole", &document(), json!({"credentialId": name}))
        .await;
    assert_eq!(status, StatusCode::CREATED);
    let issued = body["verifiableCredential"].clone();
    assert_eq!(issued.get("id"), None, "the name is the coordinator's alone");
    let change = async |name: &str, purpose: &str, status: bool| {
        let body = json!({
            "credentialId": name,
            "credentialStatus": {"type": "BitstringStatusListEntry", "statusPurpose": purpose},
            "status": status,
        });
        coordinator
            .post("Whole", "/credentials/status", &body)
            .await
            .status()
    };
    let (revocation, suspension) = (StatusPurpose::Revocation, StatusPurpose::Suspension);
    assert!(!coordinator.bit(&issued, &revocation).await);
    assert_eq!(change("another", "revocation", true).await, StatusCode::NOT_FOUND);
    assert_eq!(change(name, "message", true).await, StatusCode::BAD_REQUEST);
    assert_eq!(change(name, "suspension", true).await, StatusCode::OK);
    assert!(coordinator.bit(&issued, &suspension).await);
    assert_eq!(change(name, "suspension", false).await, StatusCode::OK);
    assert!(!coordinator.bit(&issued, &suspension).await);
    assert_eq!(change(name, "revocation", true).await, StatusCode::OK);
    assert!(coordinator.bit(&issued, &revocation).await);
    assert_eq!(change(name, "revocation", false).await, StatusCode::BAD_REQUEST);
    assert!(
        coordinator.bit(&issued, &revocation).await,
        "a revocation is final"
    );

    let entry = json!({
        "type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "999999",
    });
    let body = json!({"credentialId": name, "credentialStatus": entry, "status": true});
    let answer = coordinator.post("Whole", "/credentials/status", &body).await;
    assert_eq!(
        answer.status(),
        StatusCode::BAD_REQUEST,
        "another credential's place"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_given_once_and_what_a_credential_says_is_not_kept() {
    let coordinator = Coordinator::start().await;
    let mut credential = document();
    credential["id"] = json!("urn:uuid:0fc754bc-fc32-46a0-aec1-a5ef385e7ea0");
    coordinator.issue("Whole", &credential).await;
    let (status, _) = coordinator.refused("Whole", &credential).await;
    assert_eq!(status, StatusCode::CONFLICT);
    // Without a name, each is another one.
    coordinator.issue("Whole", &document()).await;
    coordinator.issue("Whole", &document()).await;

    let get = async |path: &str| {
        let request = coordinator.client.get(coordinator.url("Whole", path));
        let answer = request.bearer_auth(ADMINISTRATION_TOKEN).send().await.unwrap();
        answer.status()
    };
    let kept = "/credentials/urn:uuid:0fc754bc-fc32-46a0-aec1-a5ef385e7ea0";
    assert_eq!(get(kept).await, StatusCode::GONE);
    assert_eq!(get("/credentials/urn:uuid:1").await, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_requests_with_one_name_at_the_same_time_one_is_issued() {
    let coordinator = Coordinator::start().await;
    let mut credential = document();
    credential["id"] = json!("urn:uuid:1");
    let body = json!({"credential": credential});
    let ask = || coordinator.post("Whole", "/credentials/issue", &body);
    let (one, two, three) = tokio::join!(ask(), ask(), ask());
    let mut statuses = [
        one.status().as_u16(),
        two.status().as_u16(),
        three.status().as_u16(),
    ];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
}
