//! What is not issued, and what is said then.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use symbolon_credential::w3c::StatusPurpose;
use symbolon_http::testing::status_of_announced;

use super::coordinator::{
    Coordinator, MALFORMED, PARSING, RANGE, SECURITY, TRANSFORMATION, UNKNOWN_OPTION, digest_of,
    digest_of_the_base_context, document,
};
use crate::harness::ADMINISTRATION_TOKEN;

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
    let url = format!("{}/vcalm/Whole/credentials/issue", coordinator.base);
    let token = format!("Bearer {ADMINISTRATION_TOKEN}");
    let fields = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
    ];
    let status = status_of_announced(&url, &fields, (10 << 20) + 1).await;
    assert_eq!(status.unwrap(), 413);
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
