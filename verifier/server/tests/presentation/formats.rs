//! Every format but SD-JWT VC, which the other files have, over HTTP: asked for, answered, judged.

use serde_json::{Value, json};
use symbolon_credential::data_integrity::{
    ContextTable, Cryptosuite, JsonLd, JsonLdBudget, ProofOptions, ProofPurpose, ecdsa_sd_2023, prepare,
};
use symbolon_credential::mdoc::{
    DigestAlgorithm, DigestIds, DocType, ElementIdentifier, ElementValue, IssuerSigned, KeyAuthorizations,
    MdocBudget, MdocToIssue, MdocValidity, NameSpace, SessionTranscript,
};
use symbolon_credential::sd_jwt_vc::IssuerKeyReference;
use symbolon_credential::status::StatusReference;
use symbolon_credential::w3c::jose::{PresentationToSign, prepare_credential};
use symbolon_credential::w3c::{
    BitstringStatusEntry, CredentialDocument, EnvelopeType, EnvelopedCredential, IssuerDescription,
    StatusPurpose, StatusSize, VerifiableCredential,
};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};
use symbolon_did::{Did, DidUrl, did_key, web_did_of};
use symbolon_protocol::dcql::QueryId;
use symbolon_protocol::openid4vp::request_object::VerifiedRequest;
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, Presentation, VpToken};
use symbolon_trust::bitstring_status_list::{BitstringStatusList, ListToPublish};
use symbolon_trust::status_list::Status;
use symbolon_trust::testing::{DAY, NOW, TestKey};

use crate::world::{DOC_TYPE, INDEX, TYPE, World, context_url, contexts};

pub(crate) const REVOCATION: &str = "/status/bitstring/0/revocation";
pub(crate) const SUSPENSION: &str = "/status/bitstring/0/suspension";
const DID_DOCUMENT: &str = "/.well-known/did.json";

fn did(world: &World) -> Did {
    web_did_of(world.issuer.identifier.as_str()).unwrap()
}

pub(crate) fn method(world: &World) -> DidUrl {
    did(world).with_fragment("key-1").unwrap()
}

pub(crate) fn address(world: &World, path: &str) -> String {
    format!("{}{path}", world.issuer.identifier.as_str())
}

/// Publishes the issuer's DID document and its two lists, in which these indices are set.
pub(crate) fn publish(world: &World, revoked: &[u64], suspended: &[u64]) {
    let method = method(world).to_string();
    let document = json!({
        "@context": ["https://www.w3.org/ns/did/v1"], "id": did(world),
        "verificationMethod": [{
            "id": method, "type": "JsonWebKey", "controller": did(world),
            "publicKeyJwk": world.did_key.public_key().to_jwk(),
        }],
        "assertionMethod": [method],
    });
    world.publish_document(DID_DOCUMENT, "application/did+json", document.to_string());
    for (path, purpose, set) in [
        (REVOCATION, StatusPurpose::Revocation, revoked),
        (SUSPENSION, StatusPurpose::Suspension, suspended),
    ] {
        let mut list = BitstringStatusList::zeros(StatusSize::ONE, 1_000);
        for index in set {
            list.set(*index, 1).unwrap();
        }
        let list = ListToPublish {
            url: &address(world, path),
            issuer: &did(world),
            purpose,
            valid_from: world.now(),
            valid_until: Some(world.now().plus(DAY)),
            time_to_live: None,
            list: &list.encoded(),
            messages: &[],
        };
        world.publish_document(path, "application/vc+jwt", jwt(world, &list.document().unwrap()));
    }
}

pub(crate) fn jwt(world: &World, credential: &VerifiableCredential) -> String {
    let prepared = prepare_credential(credential, SignatureAlgorithm::Es256, &method(world), &[]).unwrap();
    let signature = world.did_key.sign(&prepared.request(world.did_key.handle()));
    prepared.finish(&signature)
}

pub(crate) fn credential(world: &World, holder: &TestKey) -> VerifiableCredential {
    let Value::Object(claims) = json!({ "givenName": "Amina", "familyName": "Diallo" }) else {
        panic!("claims are an object");
    };
    let entry = |purpose, path| BitstringStatusEntry {
        id: None,
        purpose,
        index: INDEX,
        list: address(world, path),
        size: StatusSize::ONE,
        messages: Vec::new(),
    };
    CredentialDocument {
        contexts: vec![context_url(&world.issuer)],
        types: vec![TYPE.to_owned()],
        id: None,
        issuer: IssuerDescription {
            id: did(world),
            name: Vec::new(),
        },
        name: Vec::new(),
        description: Vec::new(),
        valid_from: Some(NOW.minus(DAY)),
        valid_until: Some(NOW.plus(DAY * 30)),
        holder: Some(did_key(holder.public_key()).unwrap()),
        claims,
        status: vec![
            entry(StatusPurpose::Revocation, REVOCATION),
            entry(StatusPurpose::Suspension, SUSPENSION),
        ],
        schemas: Vec::new(),
        further: serde_json::Map::new(),
    }
    .build()
    .unwrap()
}

fn with_json_ld<T>(world: &World, work: impl FnOnce(JsonLd<'_>) -> T) -> T {
    let table = ContextTable::from_documents(contexts(&world.issuer)).unwrap();
    work(JsonLd {
        processor: &*world.json_ld,
        contexts: &table,
        budget: JsonLdBudget::DEFAULT,
    })
}

pub(crate) fn prove(world: &World, document: &Value, key: &TestKey, options: &ProofOptions) -> Value {
    with_json_ld(world, |json_ld| {
        let prepared = prepare(document, options, key.public_key(), &json_ld).unwrap();
        let signature = key.sign(&prepared.signature_request(key.handle()));
        prepared.finish(&signature)
    })
}

pub(crate) fn options(method: String, purpose: ProofPurpose) -> ProofOptions {
    ProofOptions {
        cryptosuite: Cryptosuite::EcdsaRdfc2019,
        verification_method: method,
        purpose,
        created: Some(NOW),
        expires: None,
        domain: None,
        challenge: None,
    }
}

/// The credential with a proof over the whole document.
pub(crate) fn whole(world: &World, holder: &TestKey) -> Value {
    let document = Value::Object(credential(world, holder).into_document());
    let options = options(method(world).to_string(), ProofPurpose::AssertionMethod);
    prove(world, &document, &world.did_key, &options)
}

/// The credential with a selective proof, of which the given name is shown.
pub(crate) fn selective(world: &World, holder: &TestKey) -> Value {
    let document = Value::Object(credential(world, holder).into_document());
    let pointer = |text: &str| ecdsa_sd_2023::JsonPointer::parse(text).unwrap();
    let mandatory = [
        "/issuer",
        "/validUntil",
        "/credentialStatus",
        "/credentialSubject/id",
    ]
    .map(pointer);
    with_json_ld(world, |json_ld| {
        let base = ecdsa_sd_2023::BaseProof {
            document: &document,
            mandatory: &mandatory,
            verification_method: &method(world).to_string(),
            created: Some(NOW),
            expires: None,
        };
        let prepared = base
            .prepare(json_ld, &RustCryptoProvider, &SeededRandomness::new(11))
            .unwrap();
        let request = prepared.signature_request(world.did_key.handle());
        let base = prepared.finish(&world.did_key.sign(&request)).unwrap();
        ecdsa_sd_2023::derive(&base, &[pointer("/credentialSubject/givenName")], json_ld).unwrap()
    })
}

pub(crate) fn holder_method(key: &TestKey) -> DidUrl {
    let did = did_key(key.public_key()).unwrap();
    did.with_fragment(did.method_specific_identifier()).unwrap()
}

/// A presentation of documents with the holder's proof.
fn present_documents(world: &World, request: &VerifiedRequest, credentials: &[Value]) -> Presentation {
    let method = holder_method(&world.holder);
    let document = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"],
        "holder": method.did(), "verifiableCredential": credentials,
    });
    let request = request.request();
    let mut options = options(method.to_string(), ProofPurpose::Authentication);
    options.challenge = Some(request.nonce.as_str().to_owned());
    options.domain = Some(request.client_id.as_str().to_owned());
    match prove(world, &document, &world.holder, &options) {
        Value::Object(presentation) => Presentation::Object(presentation),
        _ => panic!("a presentation is an object"),
    }
}

/// A `vp+jwt` around the credential as a JWT.
fn present_jwt(world: &World, request: &VerifiedRequest) -> Presentation {
    let token = jwt(world, &credential(world, &world.holder));
    let token = EnvelopedCredential::from_text(EnvelopeType::VcJwt, &token).unwrap();
    let presentation = PresentationToSign {
        credentials: &[token],
        key_id: &holder_method(&world.holder),
        audience: request.request().client_id.as_str(),
        nonce: request.request().nonce.as_str(),
        issued_at: world.now(),
    };
    let prepared = presentation.prepare(SignatureAlgorithm::Es256).unwrap();
    let signature = world.holder.sign(&prepared.request(world.holder.handle()));
    Presentation::Text(prepared.finish(&signature))
}

/// The namespace of what devices sign of their own.
pub(crate) const TRANSACTIONS: &str = "org.example.transaction";

pub(crate) fn mdoc(world: &World) -> Vec<u8> {
    let element = |name: &str, value: &str| {
        let name = ElementIdentifier::parse(name).unwrap();
        (name, ElementValue::Text(value.to_owned()))
    };
    world.authority.issue(&MdocToIssue {
        doc_type: DocType::parse(DOC_TYPE).unwrap(),
        elements: vec![(
            NameSpace::parse(DOC_TYPE).unwrap(),
            vec![element("family_name", "Diallo"), element("given_name", "Amina")],
        )],
        validity: MdocValidity {
            signed: NOW.minus(DAY),
            valid_from: NOW.minus(DAY),
            valid_until: NOW.plus(DAY * 20),
            expected_update: None,
        },
        status: Some(StatusReference::new(world.issuer.status_uri(0), INDEX).unwrap()),
        device_key: world.holder.public_key().clone(),
        key_authorizations: KeyAuthorizations::of_elements(vec![(
            NameSpace::parse(TRANSACTIONS).unwrap(),
            ElementIdentifier::parse("hashes").unwrap(),
        )]),
        digest_algorithm: DigestAlgorithm::Sha256,
        digest_ids: DigestIds::Shuffled,
    })
}

/// A device response for the session of the request; `response_uri` is the one that the wallet believes to answer at.
pub(crate) fn present_mdoc(world: &World, request: &VerifiedRequest, response_uri: &str) -> Presentation {
    let request = request.request();
    let encryption = request.response_encryption().unwrap().unwrap();
    let transcript = SessionTranscript::openid4vp(
        request.client_id.as_str(),
        request.nonce.as_str(),
        Some(&encryption.key.thumbprint()),
        response_uri,
    );
    present_mdoc_in(world, &transcript)
}

/// A device response for a session.
pub(crate) fn present_mdoc_in(world: &World, transcript: &SessionTranscript) -> Presentation {
    let issued = mdoc(world);
    let held = IssuerSigned::parse(&issued, MdocBudget::DEFAULT).unwrap();
    let prepared = held
        .present(&[(DOC_TYPE, "given_name")])
        .unwrap()
        .prepare(transcript);
    let signature = world.holder.sign(&prepared.request(world.holder.handle()));
    Presentation::Text(prepared.finish_base64url(&signature).unwrap())
}

pub(crate) fn mdoc_query() -> Value {
    json!({ "credentials": [{
        "id": "identity", "format": "mso_mdoc", "meta": { "doctype_value": DOC_TYPE },
        "claims": [{ "path": [DOC_TYPE, "given_name"] }],
    }]})
}

fn w3c_query(world: &World, format: &str) -> Value {
    let iri = format!("{}#{TYPE}", context_url(&world.issuer));
    json!({ "credentials": [{
        "id": "identity", "format": format, "meta": { "type_values": [[iri]] },
        "claims": [{ "path": ["credentialSubject", "givenName"] }],
    }]})
}

/// Asks, answers with what `present` makes, and returns the result.
pub(crate) async fn answer(
    world: &World,
    query: &Value,
    present: impl FnOnce(&VerifiedRequest) -> Presentation,
) -> Value {
    let (id, link) = world.make_request(&json!({ "dcql_query": query })).await;
    let request = world.open(&link).await;
    let answer = AuthorizationResponse {
        vp_token: VpToken([(QueryId::parse("identity").unwrap(), vec![present(&request)])].into()),
        state: request.request().state.clone(),
    };
    let posted = world.post(&request, &world.encrypt(&request, &answer)).await;
    let result = world.result(&id).await["result"]["outcome"]["presented"].clone();
    let verdicts: Vec<&Value> = result["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stored| &stored["report"]["verdict"])
        .collect();
    // The wallet hears that what it showed is refuted, and never why.
    let refuted = verdicts.contains(&&json!("invalid"))
        || result["answer"] != "as_asked" && !verdicts.contains(&&json!("unknown"));
    assert_eq!(posted.status, if refuted { 400 } else { 200 }, "{result:#}");
    result
}

pub(crate) fn outcome(result: &Value) -> (&str, &str) {
    (
        result["reports"][0]["report"]["verdict"].as_str().unwrap(),
        result["answer"].as_str().unwrap(),
    )
}

#[tokio::test]
async fn the_key_of_an_sd_jwt_vc_is_found_in_the_metadata_of_its_issuer() {
    let world = World::new().await;
    let mut jwk = serde_json::to_value(world.issuer.credential_key.public_key().to_jwk()).unwrap();
    jwk["kid"] = json!("key-1");
    let issuer = world.issuer.identifier.as_str();
    let metadata = json!({ "issuer": issuer, "jwks": { "keys": [jwk] } });
    world.publish_document(
        "/.well-known/jwt-vc-issuer",
        "application/json",
        metadata.to_string(),
    );
    let credential = world.credential_under(&IssuerKeyReference::KeyId("key-1".to_owned()));
    let result = answer(&world, &world.query(), |request| {
        let request = request.request();
        let (audience, nonce) = (request.client_id.as_str(), request.nonce.as_str());
        Presentation::Text(world.present_credential(&credential, audience, nonce, &["given_name"]))
    })
    .await;
    assert_eq!(outcome(&result), ("valid", "as_asked"), "{result}");
    assert_eq!(world.fetched(), ["/.well-known/jwt-vc-issuer"]);
}

#[tokio::test]
async fn an_mdoc_is_asked_for_presented_and_valid() {
    let world = World::new().await;
    let result = answer(&world, &mdoc_query(), |request| {
        present_mdoc(
            &world,
            request,
            request.request().response_uri.as_ref().unwrap().as_str(),
        )
    })
    .await;
    assert_eq!(outcome(&result), ("valid", "as_asked"), "{result}");
    let report = &result["reports"][0]["report"];
    assert_eq!(report["format"], "mdoc");
    assert_eq!(report["claims"], json!({ DOC_TYPE: { "given_name": "Amina" } }));
    world.publish(Status::Invalid);
    world.advance(301);
    let result = answer(&world, &mdoc_query(), |request| {
        present_mdoc(
            &world,
            request,
            request.request().response_uri.as_ref().unwrap().as_str(),
        )
    })
    .await;
    assert_eq!(outcome(&result).0, "invalid");
}

#[tokio::test]
async fn an_mdoc_for_another_session_is_judged_invalid() {
    let world = World::new().await;
    let result = answer(&world, &mdoc_query(), |request| {
        present_mdoc(&world, request, "https://phisher.example/responses/1")
    })
    .await;
    assert_eq!(outcome(&result).0, "invalid");
    assert_eq!(result["reports"][0]["report"]["holder"]["state"], "refuted");
}

#[tokio::test]
async fn w3c_credentials_of_every_form_are_asked_for_presented_and_valid() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    for (format, form) in [
        ("ldp_vc", "whole"),
        ("ldp_vc", "selective"),
        ("jwt_vc_json", "jwt"),
    ] {
        let result = answer(&world, &w3c_query(&world, format), |request| match form {
            "whole" => present_documents(&world, request, &[whole(&world, &world.holder)]),
            "selective" => present_documents(&world, request, &[selective(&world, &world.holder)]),
            _ => present_jwt(&world, request),
        })
        .await;
        assert_eq!(outcome(&result), ("valid", "as_asked"), "{form}: {result}");
        let claims = &result["reports"][0]["report"]["claims"];
        assert_eq!(claims["credentialSubject"]["givenName"], "Amina", "{form}");
        let shows_family = claims["credentialSubject"].get("familyName").is_some();
        assert_eq!(shows_family, form != "selective");
    }
    // Fetched once, and kept for those that came later.
    assert_eq!(world.fetched(), [DID_DOCUMENT, REVOCATION, SUSPENSION]);
}

#[tokio::test]
async fn a_revoked_and_a_suspended_w3c_credential_are_judged_invalid() {
    for (revoked, suspended, state) in [
        (vec![INDEX], vec![], "revoked"),
        (vec![], vec![INDEX], "suspended"),
    ] {
        let world = World::new().await;
        publish(&world, &revoked, &suspended);
        let query = w3c_query(&world, "jwt_vc_json");
        let result = answer(&world, &query, |request| present_jwt(&world, request)).await;
        assert_eq!(outcome(&result).0, "invalid");
        assert_eq!(result["reports"][0]["report"]["status"]["state"], state);
    }
}

#[tokio::test]
async fn a_did_document_or_list_that_cannot_be_had_leaves_the_answer_unknown() {
    let world = World::new().await;
    let query = w3c_query(&world, "jwt_vc_json");
    let result = answer(&world, &query, |request| present_jwt(&world, request)).await;
    assert_eq!(outcome(&result).0, "unknown");
    publish(&world, &[], &[]);
    world.publish_document(REVOCATION, "text/html", "<html>");
    let result = answer(&world, &query, |request| present_jwt(&world, request)).await;
    assert_eq!(outcome(&result).0, "unknown");
    publish(&world, &[], &[]);
    let result = answer(&world, &query, |request| present_jwt(&world, request)).await;
    assert_eq!(
        outcome(&result).0,
        "valid",
        "what could not be had is not remembered"
    );
}

#[tokio::test]
async fn a_credential_of_another_format_or_type_is_not_what_was_asked_for() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let result = answer(&world, &w3c_query(&world, "ldp_vc"), |request| {
        present_jwt(&world, request)
    })
    .await;
    assert_eq!(outcome(&result), ("valid", "wrong_format"));
    let result = answer(&world, &mdoc_query(), |request| present_jwt(&world, request)).await;
    assert_eq!(outcome(&result), ("valid", "wrong_format"));
    let mut query = w3c_query(&world, "jwt_vc_json");
    query["credentials"][0]["meta"]["type_values"] = json!([["https://other.example/vocabulary#Licence"]]);
    let result = answer(&world, &query, |request| present_jwt(&world, request)).await;
    assert_eq!(outcome(&result), ("valid", "wrong_type"));
    let mut query = mdoc_query();
    query["credentials"][0]["meta"]["doctype_value"] = json!("org.iso.18013.5.1.mDL");
    let result = answer(&world, &query, |request| {
        present_mdoc(
            &world,
            request,
            request.request().response_uri.as_ref().unwrap().as_str(),
        )
    })
    .await;
    assert_eq!(outcome(&result), ("valid", "wrong_type"));
}

#[tokio::test]
async fn two_credentials_in_one_presentation_are_two_where_one_was_asked_for() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let friend = TestKey::new(SignatureAlgorithm::Es256, 901);
    let query = w3c_query(&world, "ldp_vc");
    let result = answer(&world, &query, |request| {
        let credentials = [whole(&world, &world.holder), whole(&world, &friend)];
        present_documents(&world, request, &credentials)
    })
    .await;
    assert_eq!(result["answer"], "several_presentations");
    assert_eq!(result["reports"][0]["report"]["verdict"], "valid");
    assert_eq!(
        result["reports"][1]["report"]["verdict"], "invalid",
        "a friend's is no one's here"
    );
}

#[tokio::test]
async fn a_document_of_no_format_is_refused_and_leaves_the_request_open() {
    let world = World::new().await;
    let (id, link) = world.make_request(&json!({ "dcql_query": mdoc_query() })).await;
    let request = world.open(&link).await;
    for nonsense in [
        Presentation::Text(base64url::encode(b"\xa1gdocType\x61x")),
        Presentation::Text("a.b.c".to_owned()),
        Presentation::Object(json!({ "type": "nothing" }).as_object().unwrap().clone()),
    ] {
        let answer = AuthorizationResponse {
            vp_token: VpToken([(QueryId::parse("identity").unwrap(), vec![nonsense])].into()),
            state: request.request().state.clone(),
        };
        let posted = world.post(&request, &world.encrypt(&request, &answer)).await;
        assert_eq!(posted.status, 400);
        assert_eq!(world.result(&id).await["state"], "pending");
    }
}
