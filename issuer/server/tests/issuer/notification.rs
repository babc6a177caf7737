//! What wallets tell of their credentials.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::endpoint::{send, send_typed};
use crate::harness::{FATIMA, HASSAN, World, error_of, wanted};

async fn issued(world: &World, uin: &str) -> (String, String) {
    let token = world.token(uin).await;
    let body = wanted(&[world.proof(&world.wallet_key(), &world.nonce().await)]);
    let answer = world.credential_request(&token, &body).await;
    let body: Value = answer.json().await.unwrap();
    (token, body["notification_id"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_sees_what_the_wallet_told_last() {
    let world = World::with_two_residents().await;
    let (token, id) = issued(&world, HASSAN).await;
    for (event, repeated) in [
        ("credential_accepted", 2),
        ("credential_deleted", 2),
        ("credential_failure", 1),
    ] {
        for _ in 0..repeated {
            let body =
                json!({ "notification_id": id, "event": event, "event_description": "why not", "x": 1 });
            let told = send(&world, "/notification", &token, &body).await;
            assert_eq!(told.status(), StatusCode::NO_CONTENT, "{event}");
            assert_eq!(told.headers()["cache-control"], "no-store");
        }
        let list = world.ordered("/credentials/list", json!({})).await;
        assert_eq!(list["credentials"][0]["wallet_report"]["event"], event);
    }
    // Months later the token is over, and the credential is deleted all the same.
    world.wait(80 * 86_400);
    let body = json!({ "notification_id": id, "event": "credential_deleted" });
    let told = send(&world, "/notification", &token, &body).await;
    assert_eq!(told.status(), StatusCode::NO_CONTENT);
    world.ordered("/audit/verify", json!({})).await;
    let audit = world
        .client
        .get(world.url("/admin/v1/audit"))
        .bearer_auth(crate::harness::ADMINISTRATION_TOKEN)
        .send()
        .await
        .unwrap();
    let audit = audit.text().await.unwrap();
    assert_eq!(
        audit.matches("credential-reported").count(),
        4,
        "told twice is noted once"
    );
    assert!(!audit.contains("why not"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_notification_that_cannot_be_has_its_code_and_changes_nothing() {
    let world = World::with_two_residents().await;
    let (token, id) = issued(&world, HASSAN).await;
    let (other, _) = issued(&world, FATIMA).await;
    let good = json!({ "notification_id": id, "event": "credential_accepted" });
    for (token, body, code) in [
        (&token, json!({}), "invalid_notification_request"),
        (
            &token,
            json!({ "notification_id": id }),
            "invalid_notification_request",
        ),
        (
            &token,
            json!({ "notification_id": id, "event": "credential_lost" }),
            "invalid_notification_request",
        ),
        (
            &token,
            json!({ "notification_id": id, "event": "Credential_Accepted" }),
            "invalid_notification_request",
        ),
        (
            &token,
            json!({ "event": "credential_accepted" }),
            "invalid_notification_request",
        ),
        (
            &token,
            json!({ "notification_id": id, "event": "credential_failure", "event_description": "d\u{e9}j\u{e0} vu" }),
            "invalid_notification_request",
        ),
        (
            &token,
            json!({ "notification_id": "0".repeat(32), "event": "credential_accepted" }),
            "invalid_notification_id",
        ),
        (
            &token,
            json!({ "notification_id": "x", "event": "credential_accepted" }),
            "invalid_notification_id",
        ),
        (&other, good.clone(), "invalid_notification_id"),
    ] {
        let refused = send(&world, "/notification", token, &body).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(refused.headers()["cache-control"], "no-store");
        assert_eq!(refused.headers()["content-type"], "application/json");
        assert_eq!(error_of(refused).await, code, "{body}");
    }
    let without = world
        .client
        .post(world.url("/notification"))
        .json(&good)
        .send()
        .await
        .unwrap();
    assert_eq!(without.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(without.headers()["www-authenticate"], "Bearer");
    let made_up = send(&world, "/notification", "made-up", &good).await;
    assert_eq!(made_up.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        made_up.headers()["www-authenticate"],
        "Bearer error=\"invalid_token\""
    );
    let twice =
        format!(r#"{{"notification_id":"{id}","event":"credential_accepted","event":"credential_deleted"}}"#);
    let twice = send_typed(&world, "/notification", &token, ("application/json", twice)).await;
    assert_eq!(error_of(twice).await, "invalid_notification_request");
    let form = world
        .client
        .post(world.url("/notification"))
        .bearer_auth(&token)
        .form(&[("notification_id", id.as_str())])
        .send()
        .await
        .unwrap();
    assert_eq!(error_of(form).await, "invalid_notification_request");
    let list = world.ordered("/credentials/list", json!({})).await;
    for credential in list["credentials"].as_array().unwrap() {
        assert!(credential.get("wallet_report").is_none());
    }
}

/// Each change is an entry of the audit log for good, and the wallet may go on for months.
#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_never_makes_up_its_mind_does_not_fill_the_log() {
    let world = World::with_two_residents().await;
    let (token, id) = issued(&world, HASSAN).await;
    for round in 0..20 {
        let event = ["credential_accepted", "credential_deleted"][round % 2];
        let body = json!({ "notification_id": id, "event": event });
        let told = send(&world, "/notification", &token, &body).await;
        assert_eq!(told.status(), StatusCode::NO_CONTENT);
    }
    world.ordered("/audit/verify", json!({})).await;
    let audit = world
        .client
        .get(world.url("/admin/v1/audit"))
        .bearer_auth(crate::harness::ADMINISTRATION_TOKEN);
    let audit = audit.send().await.unwrap().text().await.unwrap();
    assert_eq!(audit.matches("credential-reported").count(), 8);
}
