//! The audit log.

use serde_json::{Value, json};

use crate::harness::{ADMINISTRATION_TOKEN, HASSAN, World, record};

#[tokio::test(flavor = "multi_thread")]
async fn the_log_holds_what_happened_by_references_and_is_found_whole() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    world
        .ordered(
            "/credentials/status",
            json!({ "action": "revoke", "credentials": { "record": HASSAN } }),
        )
        .await;
    let verified = world.ordered("/audit/verify", json!({})).await;
    let request = world
        .client
        .get(world.url("/admin/v1/audit?from=0"))
        .bearer_auth(ADMINISTRATION_TOKEN);
    let page: Value = request.send().await.unwrap().json().await.unwrap();
    let entries = page["entries"].as_array().unwrap();
    assert_eq!(verified["entries"].as_u64().unwrap(), entries.len() as u64);
    let kinds: Vec<String> = entries
        .iter()
        .map(|entry| {
            let event: Value = serde_json::from_str(entry["event"].as_str().unwrap()).unwrap();
            event["action"]["what"].as_str().unwrap().to_owned()
        })
        .collect();
    for kind in [
        "records-imported",
        "offer-created",
        "shard-opened",
        "credential-issued",
        "status-changed",
    ] {
        assert!(
            kinds.iter().any(|found| found == kind),
            "{kind} is missing from {kinds:?}"
        );
    }
    let text = page.to_string();
    for personal in [HASSAN, "Hassan", "1987", "Cedar"] {
        assert!(!text.contains(personal), "{personal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_goes_on_after_a_restart() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let before = world.ordered("/audit/verify", json!({})).await["entries"]
        .as_u64()
        .unwrap();
    let world = world.restart().await;
    world.issue(HASSAN).await;
    let after = world.ordered("/audit/verify", json!({})).await["entries"]
        .as_u64()
        .unwrap();
    assert!(after > before);
}
