//! Credentials, presentations and queries of every format but SD-JWT VC.

use serde_json::{Value, json};
use symbolon_credential::data_integrity::{
    ContextTable, Cryptosuite, JsonLd, JsonLdBudget, ProofOptions, ProofPurpose, ecdsa_sd_2023, prepare,
};
use symbolon_credential::mdoc::{
    DigestAlgorithm, DigestIds, DocType, ElementIdentifier, ElementValue, IssuerSigned, KeyAuthorizations,
    MdocBudget, MdocToIssue, MdocValidity, NameSpace, SessionTranscript,
};
use symbolon_credential::status::StatusReference;
use symbolon_credential::w3c::jose::{PresentationToSign, prepare_credential};
use symbolon_credential::w3c::{
    BitstringStatusEntry, CredentialDocument, EnvelopeType, EnvelopedCredential, IssuerDescription,
    StatusPurpose, StatusSize, VerifiableCredential,
};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};
use symbolon_did::{Did, DidUrl, did_key, web_did_of};
use symbolon_protocol::openid4vp::request_object::VerifiedRequest;
use symbolon_protocol::openid4vp::response::Presentation;
use symbolon_trust::bitstring_status_list::{BitstringStatusList, ListToPublish};
use symbolon_trust::testing::{DAY, NOW, TestKey};

use super::{DOC_TYPE, INDEX, TYPE, World, context_url, contexts};

pub(crate) const REVOCATION: &str = "/status/bitstring/0/revocation";
pub(crate) const SUSPENSION: &str = "/status/bitstring/0/suspension";
pub(crate) const DID_DOCUMENT: &str = "/.well-known/did.json";

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
pub(crate) fn present_documents(
    world: &World,
    request: &VerifiedRequest,
    credentials: &[Value],
) -> Presentation {
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
pub(crate) fn present_jwt(world: &World, request: &VerifiedRequest) -> Presentation {
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

/// The session of the request for a wallet that believes to answer at `response_uri`.
pub(crate) fn transcript(request: &VerifiedRequest, response_uri: &str) -> SessionTranscript {
    let request = request.request();
    let encryption = request.response_encryption().unwrap().unwrap();
    SessionTranscript::openid4vp(
        request.client_id.as_str(),
        request.nonce.as_str(),
        Some(&encryption.key.thumbprint()),
        response_uri,
    )
}

/// The session of the request.
pub(crate) fn own_transcript(request: &VerifiedRequest) -> SessionTranscript {
    let response_uri = request.request().response_uri.as_ref().unwrap();
    transcript(request, response_uri.as_str())
}

/// A device response for the session of the request.
pub(crate) fn present_mdoc(world: &World, request: &VerifiedRequest) -> Presentation {
    present_mdoc_in(world, &own_transcript(request))
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

pub(crate) fn w3c_query(world: &World, format: &str) -> Value {
    let iri = format!("{}#{TYPE}", context_url(&world.issuer));
    json!({ "credentials": [{
        "id": "identity", "format": format, "meta": { "type_values": [[iri]] },
        "claims": [{ "path": ["credentialSubject", "givenName"] }],
    }]})
}
