//! Status, names, and what is kept.

use reqwest::StatusCode;
use serde_json::json;
use symbolon_credential::w3c::StatusPurpose;

use super::coordinator::{Coordinator, document};
use crate::harness::ADMINISTRATION_TOKEN;

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
