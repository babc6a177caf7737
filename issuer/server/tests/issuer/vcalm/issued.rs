//! What is issued.

use reqwest::StatusCode;
use serde_json::json;
use symbolon_credential::data_integrity::ecdsa_sd_2023;
use symbolon_credential::w3c::jose::JwtCredential;
use symbolon_credential::w3c::{EnvelopedCredential, W3cBudget};
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};

use super::coordinator::{Coordinator, MALFORMED, TRANSFORMATION, digest_of_the_base_context, document};

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
