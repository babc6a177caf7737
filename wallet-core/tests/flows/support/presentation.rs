//! What a verifier checks of a presentation in each format, and what it then knows.

use std::time::Duration;

use serde_json::{Map, Value};
use symbolon_credential::Verified;
use symbolon_credential::data_integrity::ecdsa_sd_2023;
use symbolon_credential::data_integrity::{
    ExpectedProof, ProofCheck, ProofPurpose, VerificationKey, read_proofs, verify as verify_proofs,
};
use symbolon_credential::mdoc::{
    DeviceAuthentication, DeviceResponse, Document, MdocBudget, SessionTranscript,
};
use symbolon_credential::w3c::jose::{ExpectedPresentation, JwtCredential, JwtPresentation};
use symbolon_credential::w3c::{
    HolderBinding, PresentedCredential, VerifiableCredential, VerifiablePresentation, W3cBudget,
};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::x509::{Certificate, ChainProfile, verify_chain};
use symbolon_crypto::{PublicKey, RustCryptoProvider, UnixTime};
use symbolon_did::{DidUrl, verification_key};
use symbolon_protocol::openid4vp::response::Presentation;

use super::certificates::certificates;
use super::dids::{DidKey, dids};
use super::formats::{DOCTYPE, TRANSACTIONS, json_ld};

const SKEW: Duration = Duration::from_secs(60);

/// The request that a presentation must be bound to.
pub(crate) struct RequestContext<'r> {
    pub(crate) audience: &'r str,
    pub(crate) nonce: &'r str,
    pub(crate) transcript: SessionTranscript,
    pub(crate) now: UnixTime,
    /// Whether it asks for transactions to be authorised.
    pub(crate) with_transactions: bool,
}

/// The claims of a presentation, verified: of an mdoc by namespace, of a W3C credential the document without its proof.
/// `None` for an SD-JWT VC.
pub(crate) fn verify(
    format: &str,
    presentation: &Presentation,
    request: &RequestContext<'_>,
) -> Option<Map<String, Value>> {
    match (format, presentation) {
        ("dc+sd-jwt", _) => None,
        ("mso_mdoc", Presentation::Text(text)) => Some(mdoc(text, request)),
        ("jwt_vc_json", Presentation::Text(text)) => Some(jwt(text, request)),
        ("ldp_vc", Presentation::Object(object)) => Some(ldp(&Value::Object(object.clone()), request)),
        (format, _) => panic!("a presentation of another shape than {format} has"),
    }
}

/// The one document of a device response, whose issuer and device are verified for a session.
pub(crate) fn only_document<'r>(
    response: &'r [u8],
    transcript: &SessionTranscript,
    accepted: DeviceAuthentication<'_>,
    now: UnixTime,
) -> Verified<Document<'r>> {
    let response = DeviceResponse::parse(response, MdocBudget::DEFAULT).unwrap();
    assert_eq!(response.status(), 0);
    let document = response.only_document().unwrap();
    let chain: Vec<Certificate> = document
        .issuer_signed()
        .certificate_chain()
        .iter()
        .map(|der| Certificate::parse(der).unwrap())
        .collect();
    let anchors = [certificates().document_signer.root.clone()];
    let profile = ChainProfile::DocumentSigner;
    let chain = verify_chain(&chain, &anchors, profile, now, &RustCryptoProvider).unwrap();
    document
        .verify(&chain, transcript, accepted, &RustCryptoProvider)
        .unwrap()
}

fn mdoc(text: &str, request: &RequestContext<'_>) -> Map<String, Value> {
    let bytes = base64url::decode(text).unwrap();
    let accepted = DeviceAuthentication::SignatureOnly;
    let document = only_document(&bytes, &request.transcript, accepted, request.now);
    assert_eq!(document.doc_type().as_str(), DOCTYPE);
    // The device signs nothing of its own but the transactions that it was asked for.
    let signed: Vec<&str> = document
        .device_elements()
        .iter()
        .map(|one| one.name_space())
        .collect();
    assert!(
        signed.is_empty() || request.with_transactions && signed == [TRANSACTIONS],
        "{signed:?}"
    );
    document.issuer_signed().claims()
}

fn jwt(text: &str, request: &RequestContext<'_>) -> Map<String, Value> {
    let presentation = JwtPresentation::parse(text, W3cBudget::DEFAULT).unwrap();
    let [PresentedCredential::Enveloped(enveloped)] = presentation.credentials() else {
        panic!("one enveloped credential")
    };
    let credential = JwtCredential::parse(enveloped.text().unwrap(), W3cBudget::DEFAULT).unwrap();
    let credential = credential
        .verify_issuer_signature(dids().ecdsa.public_key(), &RustCryptoProvider)
        .unwrap();
    let HolderBinding::Key(key) = credential.holder_binding() else {
        panic!("a key of the holder")
    };
    let expected = ExpectedPresentation {
        audience: request.audience,
        nonce: request.nonce,
        now: request.now,
        max_age: Duration::from_secs(300),
        max_clock_skew: SKEW,
    };
    presentation
        .verify_holder(key, &expected, &RustCryptoProvider)
        .unwrap();
    credential.credential().document().clone()
}

fn ldp(presentation: &Value, request: &RequestContext<'_>) -> Map<String, Value> {
    let holder = |method: &str| {
        let url = DidUrl::parse(method).ok()?;
        Some(VerificationKey {
            public_key: verification_key(&url).ok()?,
            controller: url.did().as_str().to_owned(),
            purposes: vec![ProofPurpose::Authentication],
        })
    };
    let check = ProofCheck {
        expected: ExpectedProof::Presentation {
            challenge: Some(request.nonce),
            domain: Some(request.audience),
        },
        now: request.now,
        skew: SKEW,
    };
    let verified = verify_proofs(presentation, check, &holder, &json_ld(), &RustCryptoProvider).unwrap();
    let [proof] = verified.proofs.as_slice() else {
        panic!("one proof")
    };
    let presented =
        VerifiablePresentation::from_value(verified.document.clone(), W3cBudget::DEFAULT).unwrap();
    assert_eq!(presented.holder(), Some(proof.controller.as_str()));
    let [PresentedCredential::Embedded(credential)] = presented.credentials() else {
        panic!("one embedded credential")
    };
    let document = verify_credential(credential, request.now);
    assert_eq!(document["credentialSubject"]["id"], proof.controller);
    document
}

fn verify_credential(credential: &VerifiableCredential, now: UnixTime) -> Map<String, Value> {
    let secured = Value::Object(credential.document().clone());
    let proofs = read_proofs(&secured).unwrap();
    let key = |method: &str| -> Option<&'static DidKey> {
        [&dids().ecdsa, &dids().eddsa]
            .into_iter()
            .find(|key| key.method.to_string() == method)
    };
    let document = if proofs[0].cryptosuite_name() == ecdsa_sd_2023::CRYPTOSUITE {
        let key: &PublicKey = key(proofs[0].verification_method()).unwrap().public_key();
        ecdsa_sd_2023::verify(&secured, key, json_ld(), &RustCryptoProvider)
            .unwrap()
            .into_inner()
    } else {
        let keys = |method: &str| {
            let key = key(method)?;
            Some(VerificationKey {
                public_key: key.public_key().clone(),
                controller: key.did().as_str().to_owned(),
                purposes: vec![ProofPurpose::AssertionMethod],
            })
        };
        let check = ProofCheck {
            expected: ExpectedProof::Credential,
            now,
            skew: SKEW,
        };
        verify_proofs(&secured, check, &keys, &json_ld(), &RustCryptoProvider)
            .unwrap()
            .into_inner()
            .document
    };
    match document {
        Value::Object(document) => document,
        _ => panic!("an object"),
    }
}
