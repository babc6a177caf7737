//! Lists in which everything has expired leave what is published.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_crypto::UnixTime;
use symbolon_issuer::index::{PermutationKey, Shard, ShardId};
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::store::{IssuerStore as _, StatusListStore as _, Swap};
use symbolon_issuer_server::{EmbeddedIssuerStore, EmbeddedKeyValue};
use symbolon_store::Tenant;

use crate::harness::{HASSAN, World, record};
use crate::status_lists::{figure, until};

const DAY: u64 = 86_400;

fn policy() -> IssuerPolicy {
    IssuerPolicy {
        status_time_to_live_seconds: 8,
        status_lifetime_seconds: 600,
        status_history_seconds: 3_600,
        status_history_interval_seconds: 60,
        status_retirement_seconds: DAY,
        ..IssuerPolicy::default()
    }
}

fn books(world: &World) -> EmbeddedIssuerStore {
    let tenant = Tenant::parse("default").unwrap();
    EmbeddedIssuerStore::new(EmbeddedKeyValue::new(world.store.clone(), tenant))
}

async fn status(world: &World, path: &str) -> StatusCode {
    world.client.get(world.url(path)).send().await.unwrap().status()
}

async fn aggregation(world: &World) -> Value {
    let response = world.client.get(world.url("/status")).send().await.unwrap();
    response.json().await.unwrap()
}

/// Waits for a whole round of the schedule that begins from here on.
async fn a_round(world: &World) {
    let name = "symbolon_status_publications_total";
    let before = figure(world, name).await;
    world.wait(7);
    until(world, name, |count| count >= before + 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_retired_a_while_after_its_last_credential_expired() {
    let world = World::start_with(policy()).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    let page = world.ordered("/credentials/list", json!({})).await;
    let expires_at = page["credentials"][0]["expires_at"].as_i64().unwrap();
    let expires_at = UnixTime::from_seconds(expires_at);
    world.ordered("/status-lists", json!({})).await;
    until(&world, "symbolon_status_lists_published", |count| count == 2).await;
    assert!(figure(&world, "symbolon_status_open_list_places").await < 1 << 17);

    // A day after it expired, less a minute.
    let left = expires_at.plus(Duration::from_secs(DAY)).since(world.now());
    world.wait(i64::try_from(left.as_secs() - 60).unwrap());
    a_round(&world).await;
    a_round(&world).await;
    assert_eq!(status(&world, "/status/0").await, StatusCode::OK);
    let last_published = world.now();
    assert_eq!(figure(&world, "symbolon_status_lists_retired").await, 0);

    world.wait(120);
    until(&world, "symbolon_status_lists_retired", |count| count == 1).await;
    assert_eq!(figure(&world, "symbolon_status_lists_published").await, 1);
    for gone in ["/status/0", "/status/bitstring/0/revocation"] {
        assert_eq!(status(&world, gone).await, StatusCode::NOT_FOUND, "{gone}");
    }
    // The one that is being filled stays, though nothing in it is in force.
    assert_eq!(status(&world, "/status/1").await, StatusCode::OK);
    assert_eq!(
        aggregation(&world).await["status_lists"],
        json!([world.url("/status/1")])
    );
    let then = format!("/status/0?time={}", last_published.seconds());
    assert_eq!(status(&world, &then).await, StatusCode::OK, "its past is kept");
    // A change that nobody is told any more does not stay marked as one that is to be published.
    let revoke = json!({ "action": "revoke", "credentials": { "id": page["credentials"][0]["id"] } });
    let answer = world.ordered("/credentials/status", revoke).await;
    assert_eq!(answer["changed"].as_array().map(Vec::len), Some(1));
    let books = books(&world);
    let mut left = 200;
    while !books.unpublished_changes(None, 9).await.unwrap().is_empty() {
        left -= 1;
        assert!(left > 0, "the mark of a change in a retired list stays");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Until the last that was published has ended.
    world.wait(600);
    let now = format!("/status/0?time={}", world.now().seconds());
    assert_eq!(status(&world, &now).await, StatusCode::NOT_FOUND);
}

/// What was issued between a backup and its restore is in none of the books, and may be in the last list of the backup.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_before_the_gap_of_a_restore_is_never_retired() {
    let world = World::start_with(policy()).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    let books = books(&world);
    let last = books.shard(ShardId::FIRST).await.unwrap().unwrap();
    let key = PermutationKey::make(&*world.randomness).unwrap();
    let beyond = Shard::open(ShardId::new(60), last.value.form(), key, world.now());
    assert_eq!(books.swap_shard(None, &beyond, None).await.unwrap(), Swap::Done);
    world.wait(4_000 * 86_400);
    a_round(&world).await;
    a_round(&world).await;
    assert_eq!(status(&world, "/status/0").await, StatusCode::OK);
    assert_eq!(figure(&world, "symbolon_status_lists_retired").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_wants_it_publishes_for_ever() {
    let world = World::start_with(IssuerPolicy {
        status_retirement_seconds: 0,
        ..policy()
    })
    .await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    world.ordered("/status-lists", json!({})).await;
    world.wait(4_000 * 86_400);
    a_round(&world).await;
    a_round(&world).await;
    assert_eq!(status(&world, "/status/0").await, StatusCode::OK);
    assert_eq!(figure(&world, "symbolon_status_lists_retired").await, 0);
}
