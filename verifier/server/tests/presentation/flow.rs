use http::Method;
use serde_json::json;
use symbolon_trust::status_list::Status;

use crate::world::{World, json_of};

#[tokio::test]
async fn a_presentation_is_judged_valid_and_discloses_what_was_asked() {
    let world = World::new().await;
    let (id, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
    assert_eq!(world.result(&id).await["state"], "pending");

    let request = world.open(&link).await;
    let posted = world.present_to(&request).await;
    assert_eq!((posted.status, posted.body.as_slice()), (200, b"{}".as_slice()));

    let result = world.result(&id).await;
    assert_eq!(result["state"], "answered");
    let outcome = &result["result"]["outcome"]["presented"];
    assert_eq!(outcome["answer"], "as_asked");
    let report = &outcome["reports"][0]["report"];
    assert_eq!(report["verdict"], "valid", "{report:#}");
    assert_eq!(report["claims"]["given_name"], "Amina");
    assert!(report["claims"].get("family_name").is_none());
}

#[tokio::test]
async fn a_revoked_credential_is_refused_to_the_wallet_and_reported_to_the_relying_party() {
    let world = World::new().await;
    world.publish(Status::Invalid);
    let (id, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
    let request = world.open(&link).await;
    let refused = world.present_to(&request).await;
    assert_eq!(refused.status, 400);
    assert_eq!(
        json_of(&refused),
        json!({
            "error": "invalid_request",
            "error_description": "what was shown was not accepted: it is not valid, or not what was asked for",
        })
    );
    let result = world.result(&id).await;
    let report = &result["result"]["outcome"]["presented"]["reports"][0]["report"];
    assert_eq!(report["verdict"], "invalid");
    assert_eq!(report["status"]["state"], "revoked");
}

#[tokio::test]
async fn without_its_status_list_a_credential_is_unknown_and_never_valid() {
    for served in ["", "not a token"] {
        let world = World::new().await;
        world.publish_text(served);
        let (id, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
        let request = world.open(&link).await;
        assert_eq!(world.present_to(&request).await.status, 200);
        let result = world.result(&id).await;
        assert_eq!(
            result["result"]["outcome"]["presented"]["reports"][0]["report"]["verdict"],
            "unknown"
        );
    }
}

#[tokio::test]
async fn a_status_list_is_fetched_again_only_when_it_has_aged() {
    let world = World::configured(|configuration| configuration.status_cache_seconds = 60).await;
    for (seconds, fetches) in [(0, 1), (59, 1), (1, 2)] {
        world.advance(seconds);
        let (_, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
        let request = world.open(&link).await;
        assert_eq!(world.present_to(&request).await.status, 200);
        assert_eq!(world.status_fetches(), fetches);
    }
}

#[tokio::test]
async fn a_stream_of_events_tells_the_result() {
    let world = World::new().await;
    let (id, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
    let request = world.open(&link).await;
    let path = format!("/{id}/events");
    let (events, posted) = tokio::join!(
        world.administer(Method::GET, &path, ""),
        world.present_to(&request)
    );
    assert_eq!(posted.status, 200);
    assert_eq!(events.media_type(), "text/event-stream");
    let text = String::from_utf8(events.body).unwrap();
    assert!(text.starts_with("event: answered\n"), "{text}");
    assert!(text.contains(r#""verdict":"valid""#), "{text}");
}

#[tokio::test]
async fn a_stream_of_events_tells_of_an_expiry() {
    let world = World::new().await;
    let (id, _) = world.make_request(&json!({"dcql_query": world.query()})).await;
    world.advance(601);
    let events = world.administer(Method::GET, &format!("/{id}/events"), "").await;
    assert!(events.body.starts_with(b"event: expired\n"));
}

#[tokio::test]
async fn the_evidence_can_be_verified_again_later() {
    let world = World::new().await;
    let (id, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
    let path = format!("/{id}/evidence");
    let before = json_of(&world.administer(Method::GET, &path, "").await);
    assert!(before.get("vp_token").is_none());
    let request = world.open(&link).await;
    let answer = world.answer(&request);
    world.post(&request, &world.encrypt(&request, &answer)).await;
    let after = json_of(&world.administer(Method::GET, &path, "").await);
    assert_eq!(after["request_object"], before["request_object"]);
    assert_eq!(after["vp_token"], serde_json::to_value(&answer.vp_token).unwrap());
}

#[tokio::test]
async fn requests_of_one_verifier_share_neither_key_nor_nonce_nor_state() {
    let world = World::new().await;
    let mut opened = Vec::new();
    for _ in 0..2 {
        let (_, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
        opened.push(world.open(&link).await);
    }
    let [one, two] = [opened[0].request(), opened[1].request()];
    assert_ne!(one.nonce, two.nonce);
    assert_ne!(one.state, two.state);
    assert_ne!(one.response_uri, two.response_uri);
    let key = |request: &symbolon_protocol::openid4vp::request::PresentationRequest| {
        request.response_encryption().unwrap().unwrap().key
    };
    assert_ne!(key(one), key(two));
    let offered = one
        .client_metadata
        .encrypted_response_enc_values_supported
        .clone()
        .unwrap();
    assert_eq!(offered, ["A128GCM", "A256GCM"]);
}
