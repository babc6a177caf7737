//! Every format over HTTP, read back with what the issuer publishes.

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_credential::data_integrity::{
    ContextTable, ExpectedProof, JsonLd, JsonLdBudget, ProofCheck, ProofPurpose, VerificationKey,
    ecdsa_sd_2023, verify,
};
use symbolon_credential::mdoc::{IssuerSigned, MdocBudget};
use symbolon_credential::sd_jwt::SdJwtBudget;
use symbolon_credential::sd_jwt_vc::SdJwtVc;
use symbolon_credential::w3c::jose::{IssuerKey, JwtCredential};
use symbolon_credential::w3c::{BitstringStatusEntry, StatusPurpose, VerifiableCredential, W3cBudget};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::x509::{Certificate, ChainProfile, verify_chain};
use symbolon_crypto::{Jwk, PublicKey, RustCryptoProvider, SignatureAlgorithm};
use symbolon_data_integrity::SsiJsonLd;
use symbolon_did::verification_key;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::record::CalendarDate;
use symbolon_issuer::sample::{People, SamplePerson};
use symbolon_issuer_server::card::{draw_face, picture_data_uri};
use symbolon_trust::bitstring_status_list::{BitstringStatus, PublishedList};
use symbolon_trust::pack::{Pack, PackStatus};
use symbolon_trust::status_list::Status;

use crate::harness::{HASSAN, World, error_of, record, wanted_of};

/// A resident who may drive.
fn driver() -> SamplePerson {
    let today = CalendarDate::new(2026, 11, 23).unwrap();
    People::new(7, today)
        .find(|person| person.record().get("drivingPrivileges").is_some())
        .unwrap()
}

async fn json_of(world: &World, url: &str, media_type: &str) -> Value {
    let response = world.client.get(url).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{url}");
    assert_eq!(response.headers()["content-type"], media_type);
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    response.json().await.unwrap()
}

/// The context that a credential names, as the issuer serves it.
async fn contexts(world: &World, credential: &Value) -> ContextTable {
    let url = credential["@context"][1].as_str().unwrap();
    let document = json_of(world, url, "application/ld+json").await;
    ContextTable::from_documents([(url.to_owned(), document)]).unwrap()
}

fn json_ld<'a>(processor: &'a SsiJsonLd, contexts: &'a ContextTable) -> JsonLd<'a> {
    JsonLd {
        processor,
        contexts,
        budget: JsonLdBudget::DEFAULT,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driving_licence_is_issued_with_the_face_of_the_record() {
    let world = World::start().await;
    let driver = driver();
    let face = picture_data_uri(&draw_face(driver.portrait()).unwrap()).unwrap();
    world.import(&[driver.record_with_face(&face)]).await;
    let key = world.wallet_key();
    let credential = world
        .issue_of("MobileDrivingLicence", driver.uin().as_str(), &key)
        .await;
    let bytes = base64url::decode(credential.as_str().unwrap()).unwrap();
    let mdoc = IssuerSigned::parse(&bytes, MdocBudget::DEFAULT).unwrap();
    let chain: Vec<Certificate> = mdoc
        .certificate_chain()
        .iter()
        .map(|der| Certificate::parse(der).unwrap())
        .collect();
    let issuer = world.root_of_trust.trust_list.issuer(&world.base).unwrap();
    let chain = verify_chain(
        &chain,
        &issuer.anchors,
        ChainProfile::DocumentSigner,
        world.now(),
        &RustCryptoProvider,
    )
    .unwrap();
    let mdoc = mdoc.verify(&chain, &RustCryptoProvider).unwrap();
    assert_eq!(mdoc.device_key(), &key.public_key());
    // A reader of ISO/IEC 18013-5 shows JPEG; the record's face is a WebP.
    let portrait = mdoc.element("org.iso.18013.5.1", "portrait").unwrap();
    assert_eq!(portrait.bytes().unwrap()[..3], [0xff, 0xd8, 0xff]);
    let number = mdoc
        .element("org.iso.18013.5.1", "document_number")
        .unwrap()
        .to_json();
    assert_eq!(number, driver.record()["drivingLicenceNumber"]);

    // The register loses the licence between the offer and the request.
    let token = world
        .token_for("MobileDrivingLicence", driver.uin().as_str())
        .await;
    let mut without = driver.record_with_face(&face);
    without.as_object_mut().unwrap().remove("drivingLicenceNumber");
    world.import(&[without]).await;
    let proof = world.proof(&key, &world.nonce().await);
    let response = world
        .credential_request(&token, &wanted_of("MobileDrivingLicence", &[proof]))
        .await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(error_of(response).await, "credential_request_denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sd_jwt_vc_verifies_with_the_published_keys_and_type() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let credential = world.issue(HASSAN).await;
    let published = json_of(
        &world,
        &world.url("/.well-known/jwt-vc-issuer"),
        "application/json",
    )
    .await;
    assert_eq!(published["issuer"], world.base.as_str());
    let jwk: Jwk = serde_json::from_value(published["jwks"]["keys"][0].clone()).unwrap();
    let key = PublicKey::from_jwk(&jwk).unwrap();
    let received = SdJwtVc::parse_received(&credential, SdJwtBudget::DEFAULT).unwrap();
    let received = received
        .verify_issuer_signature(&key, &RustCryptoProvider)
        .unwrap();
    let metadata = world.client.get(received.vct().as_str()).send().await.unwrap();
    let metadata = metadata.bytes().await.unwrap();
    let integrity = received.type_integrity().unwrap().unwrap();
    assert!(integrity.matches(&metadata));
}

#[tokio::test(flavor = "multi_thread")]
async fn w3c_credentials_verify_with_the_issuers_dids_and_the_served_context() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let issuer = world.root_of_trust.trust_list.issuer(&world.base).unwrap();
    let key = world.wallet_key();
    let processor = SsiJsonLd::new();

    let jwt = world.issue_of("NationalIdentityJwt", HASSAN, &key).await;
    let jwt = JwtCredential::parse(jwt.as_str().unwrap(), W3cBudget::DEFAULT).unwrap();
    let IssuerKey::VerificationMethod(method) = jwt.issuer_key() else {
        panic!("a method of a DID signs");
    };
    assert!(issuer.dids.contains(method.did()));
    let jwt = jwt
        .verify_issuer_signature(&verification_key(&method).unwrap(), &RustCryptoProvider)
        .unwrap();
    assert!(jwt.credential().has_type("NationalIdentityCredential"));

    let secured = world.issue_of("NationalIdentityLd", HASSAN, &key).await;
    let table = contexts(&world, &secured).await;
    let known = |method: &str| {
        let url = symbolon_did::DidUrl::parse(method).ok()?;
        issuer.dids.contains(url.did()).then(|| VerificationKey {
            public_key: verification_key(&url).unwrap(),
            controller: url.did().to_string(),
            purposes: vec![ProofPurpose::AssertionMethod],
        })
    };
    let check = ProofCheck {
        expected: ExpectedProof::Credential,
        now: world.now(),
        skew: std::time::Duration::ZERO,
    };
    let verified = verify(
        &secured,
        check,
        &known,
        &json_ld(&processor, &table),
        &RustCryptoProvider,
    )
    .unwrap();
    VerifiableCredential::from_value(verified.document.clone()).unwrap();

    let selective = world.issue_of("NationalIdentitySelective", HASSAN, &key).await;
    let method = selective["proof"]["verificationMethod"].as_str().unwrap();
    let method = known(method).unwrap();
    ecdsa_sd_2023::verify_base(
        &selective,
        &method.public_key,
        json_ld(&processor, &table),
        &RustCryptoProvider,
    )
    .unwrap();
}

/// What the list of an entry says, with everything verified on the way.
async fn listed(world: &World, entry: &BitstringStatusEntry) -> BitstringStatus {
    let response = world.client.get(&entry.list).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/vc+jwt");
    assert_eq!(response.headers()["cache-control"], "public, max-age=60");
    let token = response.text().await.unwrap();
    let list = JwtCredential::parse(&token, W3cBudget::DEFAULT).unwrap();
    let key = world.assertion();
    let key = key.with_algorithm(SignatureAlgorithm::Es256).unwrap();
    let list = list
        .verify_issuer_signature(key.public_key(), &RustCryptoProvider)
        .unwrap();
    let list = PublishedList::read(list.credential()).unwrap();
    let status = list.status(entry, world.now(), 1 << 20).unwrap();
    assert_eq!(status.purpose, entry.purpose);
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_messages_says_the_state_in_words() {
    let policy = IssuerPolicy {
        status_messages: true,
        ..IssuerPolicy::default()
    };
    let world = World::start_with(policy).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let credential = world
        .issue_of("NationalIdentityLd", HASSAN, &world.wallet_key())
        .await;
    let credential = VerifiableCredential::from_value(credential).unwrap();
    let entries: Vec<_> = credential.bitstring_status_entries().cloned().collect();
    let purposes: Vec<_> = entries.iter().map(|entry| entry.purpose.name()).collect();
    assert_eq!(purposes, ["revocation", "suspension", "message"]);
    let entry = &entries[2];
    assert_eq!((entry.size.bits(), entry.messages.len()), (2, 4));
    let said = async || {
        let status = listed(&world, entry).await;
        (status.value, status.message.unwrap())
    };
    assert_eq!(said().await, (0, "valid".to_owned()));
    for (action, expected) in [
        ("suspend", (2, "suspended")),
        ("reinstate", (0, "valid")),
        ("revoke", (1, "revoked")),
    ] {
        let order = json!({ "action": action, "credentials": { "record": HASSAN } });
        world.ordered("/credentials/status", order).await;
        assert_eq!(said().await, (expected.0, expected.1.to_owned()), "{action}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_reaches_every_form_of_the_status_list_and_the_pack() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let credential = world
        .issue_of("NationalIdentityLd", HASSAN, &world.wallet_key())
        .await;
    let credential = VerifiableCredential::from_value(credential).unwrap();
    let entries: Vec<_> = credential.bitstring_status_entries().cloned().collect();
    assert_eq!(entries.len(), 2);
    let values = async || {
        let mut values = Vec::new();
        for entry in &entries {
            values.push(listed(&world, entry).await.value);
        }
        values
    };
    let change = async |action: &str| {
        let order = json!({ "action": action, "credentials": { "record": HASSAN } });
        world.ordered("/credentials/status", order).await
    };
    assert_eq!(entries[0].purpose, StatusPurpose::Revocation);
    assert_eq!(values().await, [0, 0]);
    change("suspend").await;
    assert_eq!(values().await, [0, 1]);
    change("reinstate").await;
    assert_eq!(values().await, [0, 0]);
    change("revoke").await;
    assert_eq!(values().await, [1, 0]);

    let response = world.order("/packs").json(&json!({})).send().await.unwrap();
    let pack = response.bytes().await.unwrap();
    let pack = Pack::open(
        &pack,
        &world.root_of_trust,
        &RustCryptoProvider,
        world.now(),
        None,
    )
    .unwrap();
    let packed = |list: &str| match pack.status(list, entries[0].index) {
        PackStatus::Listed { status, .. } => status,
        _ => panic!("the list is not packed"),
    };
    assert_eq!(packed(&entries[0].list), Status::Invalid);
    assert_eq!(packed(&entries[1].list), Status::Valid);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_published_is_not_found() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    for path in [
        "/contexts/other",
        "/status/bitstring/0/message",
        "/status/bitstring/1/revocation",
        "/status/bitstring/00/revocation",
        // A loopback issuer is its keys' did:key; nobody could fetch a document of it.
        "/.well-known/did.json",
    ] {
        let response = world.client.get(world.url(path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_by_did_is_refused_where_the_metadata_does_not_list_it() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let key = world.wallet_key();
    let did = symbolon_did::did_key(&key.public_key()).unwrap();
    let kid = format!("{did}#{}", did.method_specific_identifier());
    for (configuration, expected) in [
        ("NationalIdentityLd", StatusCode::OK),
        ("NationalIdentityMdoc", StatusCode::BAD_REQUEST),
    ] {
        let token = world.token_for(configuration, HASSAN).await;
        let proof = world.proof_by_did(&key, &kid, &world.nonce().await);
        let response = world
            .credential_request(&token, &wanted_of(configuration, &[proof]))
            .await;
        assert_eq!(response.status(), expected, "{configuration}");
        if expected == StatusCode::BAD_REQUEST {
            assert_eq!(error_of(response).await, "invalid_proof");
        }
    }
}
