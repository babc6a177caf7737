use serde_json::{Value, json};
use symbolon_credential::w3c::{ProblemDetails, ProblemType, StatusPurpose};

use super::derive::DeriveCredentialRequest;
use super::issue::IssueCredentialRequest;
use super::present::{CreatePresentationRequest, ListedPresentations};
use super::problem::RequestRefused;
use super::status::{NewStatus, UpdateStatusRequest};
use super::verify::{
    CredentialFindings, CredentialReport, PresentationFindings, PresentationReport, Return,
    SubmittedPresentation, VerifyCredentialOptions, VerifyCredentialRequest, VerifyPresentationRequest,
};
use super::{MAX_REQUEST_BYTES, challenge};

fn credential() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": "urn:uuid:0fc754bc-fc32-46a0-aec1-a5ef385e7ea0",
        "type": ["VerifiableCredential"],
        "issuer": "did:example:issuer",
        "credentialSubject": {"id": "did:example:alice", "name": "Alice"},
    })
}

fn secured() -> Value {
    let mut credential = credential();
    credential["proof"] = json!({
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "verificationMethod": "did:example:issuer#1",
        "proofPurpose": "assertionMethod",
        "proofValue": "z1",
    });
    credential
}

fn presentation() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [secured()],
    })
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

#[test]
fn an_issue_request_gives_its_credential_and_its_options() {
    let body = json!({
        "credential": credential(),
        "options": {"mandatoryPointers": ["/issuer", "/validFrom"], "credentialId": "example.com/1"},
    });
    let request = IssueCredentialRequest::parse(&bytes(&body)).unwrap();
    let pointers = request.options.mandatory_pointers.clone().unwrap();
    assert_eq!(pointers.len(), 2);
    assert_eq!(request.reference().unwrap().as_str(), "example.com/1");
}

#[test]
fn without_a_credential_id_the_credential_is_named_by_its_own_id_and_without_both_by_nothing() {
    let mut body = json!({"credential": credential()});
    let request = IssueCredentialRequest::parse(&bytes(&body)).unwrap();
    assert_eq!(
        request.reference().unwrap().as_str(),
        "urn:uuid:0fc754bc-fc32-46a0-aec1-a5ef385e7ea0"
    );
    body["credential"].as_object_mut().unwrap().shift_remove("id");
    let request = IssueCredentialRequest::parse(&bytes(&body)).unwrap();
    assert_eq!(request.reference(), None);
}

#[test]
fn each_broken_issue_request_is_refused_with_its_problem() {
    let parsing = ProblemType::ParsingError.url();
    let malformed = ProblemType::MalformedValueError.url();
    let unknown = "https://www.w3.org/TR/vcalm#UNKNOWN_OPTION_PROVIDED";
    let cases: [(Vec<u8>, &str); 11] = [
        (b"".to_vec(), parsing),
        (b"[]".to_vec(), parsing),
        (br#"{"credential":{},"credential":{}}"#.to_vec(), parsing),
        (b"{}".to_vec(), malformed),
        (bytes(&json!({"verifiableCredential": credential()})), malformed),
        (bytes(&json!({"credential": [credential()]})), malformed),
        (bytes(&json!({"credential": credential(), "more": 1})), malformed),
        (bytes(&json!({"credential": secured()})), malformed),
        (
            bytes(&json!({"credential": credential(), "options": null})),
            malformed,
        ),
        (
            bytes(&json!({"credential": credential(), "options": {"mandatoryPointers": ["issuer"]}})),
            malformed,
        ),
        (
            bytes(&json!({"credential": credential(), "options": {"type": "Ed25519Signature2020"}})),
            unknown,
        ),
    ];
    for (body, problem) in cases {
        let refused = IssueCredentialRequest::parse(&body).unwrap_err();
        assert_eq!(refused.details().problem, problem, "{refused}");
        assert_eq!(refused.status(), 400);
    }
    let refused = IssueCredentialRequest::parse(&vec![b' '; MAX_REQUEST_BYTES + 1]).unwrap_err();
    assert_eq!((refused, refused.status()), (RequestRefused::TooLarge, 413));
}

#[test]
fn a_status_request_names_credential_purpose_and_value() {
    // As in the specification's example, whose type is that of the list.
    let body = json!({
        "credentialId": "0fc754bc-fc32-46a0-aec1-a5ef385e7ea0",
        "credentialStatus": {"type": "BitstringStatusList", "statusPurpose": "revocation"},
        "status": true,
    });
    let request = UpdateStatusRequest::parse(&bytes(&body)).unwrap();
    assert_eq!(request.purpose, StatusPurpose::Revocation);
    assert_eq!(request.status, NewStatus::Set);
    for (member, value) in [
        ("credentialId", json!("")),
        ("credentialId", json!(["a"])),
        ("credentialStatus", json!("revoked")),
        ("credentialStatus", json!({"type": "BitstringStatusListEntry"})),
        (
            "credentialStatus",
            json!({"type": "StatusList2021Entry", "statusPurpose": "revocation"}),
        ),
        ("status", json!("true")),
        ("indexAllocator", json!("urn:allocator")),
    ] {
        let mut body = body.clone();
        body[member] = value;
        assert!(UpdateStatusRequest::parse(&bytes(&body)).is_err(), "{body}");
    }
}

#[test]
fn a_derive_request_needs_a_document_with_a_proof() {
    let body = json!({
        "verifiableCredential": secured(),
        "options": {"selectivePointers": ["/credentialSubject/name"]},
    });
    let request = DeriveCredentialRequest::parse(&bytes(&body)).unwrap();
    assert_eq!(
        request.selective_pointers.first().map(|pointer| pointer.as_str()),
        Some("/credentialSubject/name")
    );
    let refused = DeriveCredentialRequest::parse(&bytes(&json!({"verifiableCredential": credential()})));
    assert_eq!(refused.unwrap_err(), RequestRefused::NotSecured);
    let mut body = body;
    body["options"]["mandatoryPointers"] = json!([]);
    let refused = DeriveCredentialRequest::parse(&bytes(&body));
    assert_eq!(refused.unwrap_err(), RequestRefused::UnknownOption);
}

#[test]
fn a_presentation_is_signed_for_authentication_and_nothing_else() {
    let body = json!({
        "presentation": presentation(),
        "options": {
            "type": "DataIntegrityProof",
            "cryptosuite": "ecdsa-rdfc-2019",
            "verificationMethod": "did:example:holder#key",
            "proofPurpose": "authentication",
            "created": "2026-11-23T12:00:00Z",
            "challenge": "c",
            "domain": "verifier.example",
        },
    });
    let request = CreatePresentationRequest::parse(&bytes(&body)).unwrap();
    assert_eq!(request.options.challenge.as_deref(), Some("c"));
    for (option, value) in [
        ("proofPurpose", json!("assertionMethod")),
        ("type", json!("Ed25519Signature2020")),
        ("cryptosuite", json!("bbs-2023")),
        ("verificationMethod", json!("https://holder.example/key")),
        ("created", json!("yesterday")),
        ("challenge", json!("")),
        ("challenge", json!(5)),
    ] {
        let mut body = body.clone();
        body["options"][option] = value;
        let refused = CreatePresentationRequest::parse(&bytes(&body)).unwrap_err();
        assert_eq!(refused, RequestRefused::Option { option });
    }
}

#[test]
fn a_presentation_of_the_old_data_model_or_with_a_proof_is_not_signed() {
    let mut old = presentation();
    old["@context"] = json!(["https://www.w3.org/2018/credentials/v1"]);
    let refused = CreatePresentationRequest::parse(&bytes(&json!({"presentation": old})));
    assert!(matches!(refused.unwrap_err(), RequestRefused::NotConforming(_)));
    let mut signed = presentation();
    signed["proof"] = json!({"type": "DataIntegrityProof"});
    let refused = CreatePresentationRequest::parse(&bytes(&json!({"presentation": signed})));
    assert_eq!(refused.unwrap_err(), RequestRefused::AlreadySecured);
}

#[test]
fn a_list_of_presentations_is_asked_for_by_type() {
    use ListedPresentations::{All, Secured, Unsecured};
    for (query, listed) in [
        (None, All),
        (Some(""), All),
        (Some("type=all"), All),
        (Some("type=presentations"), Unsecured),
        (Some("type=verifiablepresentations"), Secured),
        (Some("type=presentations&type=verifiablepresentations"), All),
    ] {
        assert_eq!(ListedPresentations::parse(query), Ok(listed), "{query:?}");
    }
    for query in ["type=other", "kind=all"] {
        assert!(ListedPresentations::parse(Some(query)).is_err(), "{query}");
    }
}

#[test]
fn a_challenge_is_asked_for_with_nothing() {
    for body in ["", " \n", "{}"] {
        assert_eq!(challenge::parse(body.as_bytes()), Ok(()));
    }
    for body in [r#"{"challenge":"mine"}"#, "[]", "null"] {
        assert!(challenge::parse(body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn what_is_to_be_verified_must_conform_and_be_secured() {
    let verify = |credential: Value, options: Value| {
        VerifyCredentialRequest::parse(&bytes(
            &json!({"verifiableCredential": credential, "options": options}),
        ))
    };
    assert!(verify(secured(), json!({"checks": ["proof"]})).is_ok());
    assert_eq!(
        verify(credential(), json!({})).unwrap_err(),
        RequestRefused::NotSecured
    );
    for (member, value) in [
        ("@context", json!("string")),
        ("@context", json!([10])),
        ("type", json!("string")),
        ("issuer", json!([])),
        ("credentialSubject", json!("did:example:alice")),
        ("proof", json!("string")),
    ] {
        let mut document = secured();
        document[member] = value;
        let refused = verify(document, json!({})).unwrap_err();
        assert!(matches!(refused, RequestRefused::NotConforming(_)), "{member}");
    }
    let enveloped = json!({
        "@context": "https://www.w3.org/ns/credentials/v2",
        "type": "EnvelopedVerifiableCredential",
        "id": "data:application/vc+jwt,a.b.c",
    });
    assert!(verify(enveloped, json!({"returnResults": true})).is_ok());
    let refused = verify(secured(), json!({"checks": ["everything"]})).unwrap_err();
    assert_eq!(refused, RequestRefused::Option { option: "checks" });
    let refused = verify(secured(), json!({"returnResults": "yes"})).unwrap_err();
    assert_eq!(
        refused,
        RequestRefused::Option {
            option: "returnResults"
        }
    );
}

#[test]
fn a_presentation_without_a_proof_is_verified_only_where_it_is_called_one() {
    let unsecured = json!({"presentation": presentation()});
    let request = VerifyPresentationRequest::parse(&bytes(&unsecured)).unwrap();
    assert!(matches!(
        request.presentation,
        SubmittedPresentation::Unsecured(_)
    ));
    let called_secured = json!({"verifiablePresentation": presentation()});
    let refused = VerifyPresentationRequest::parse(&bytes(&called_secured));
    assert_eq!(refused.unwrap_err(), RequestRefused::NotSecured);
    let both = json!({"verifiablePresentation": presentation(), "presentation": presentation()});
    let refused = VerifyPresentationRequest::parse(&bytes(&both));
    assert_eq!(refused.unwrap_err(), RequestRefused::UnknownMember);
    let mut signed = presentation();
    signed["proof"] = secured()["proof"].clone();
    let refused = VerifyPresentationRequest::parse(&bytes(&json!({"presentation": signed})));
    assert_eq!(refused.unwrap_err(), RequestRefused::AlreadySecured);
}

fn problem() -> ProblemDetails {
    ProblemType::ProofVerificationError.details("the signature does not verify")
}

#[test]
fn an_answer_is_verified_exactly_when_it_has_no_errors() {
    let options = VerifyCredentialOptions {
        results: Return::LeftOut,
        problem_details: Return::Included,
        credential: Return::LeftOut,
    };
    let warned = CredentialFindings {
        warnings: vec![problem()],
        ..CredentialFindings::default()
    };
    let report = serde_json::to_value(CredentialReport::new(warned, options, secured())).unwrap();
    assert_eq!(report["verified"], json!(true));
    assert_eq!(report["problemDetails"].as_array().map(Vec::len), Some(1));
    assert_eq!(report.get("errors"), None);
    assert_eq!(report.get("credential"), None);

    let failed = CredentialFindings {
        errors: vec![problem()],
        ..CredentialFindings::default()
    };
    let report = serde_json::to_value(CredentialReport::new(failed.clone(), options, secured())).unwrap();
    assert_eq!(report["verified"], json!(false));
    assert_eq!(
        report["errors"][0]["type"],
        json!("https://w3id.org/security#PROOF_VERIFICATION_ERROR")
    );

    let findings = PresentationFindings::default();
    let report = PresentationReport::new(findings, vec![(secured(), failed)], None);
    let report = serde_json::to_value(report).unwrap();
    assert_eq!(report["verified"], json!(false), "a credential of it is wrong");
    assert_eq!(
        report["problemDetails"],
        json!([]),
        "the presentation itself is not"
    );
    assert_eq!(report["errors"].as_array().map(Vec::len), Some(1));
    assert_eq!(report["results"]["credentials"][0]["verified"], json!(false));
}
