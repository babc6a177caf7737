//! How status lists are found, read and kept fresh.

use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, HeaderName, IF_MODIFIED_SINCE, IF_RANGE, ORIGIN, RANGE};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use symbolon_crypto::encoding::{base64url, gzip};
use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_issuer::audit::{Actor, AuditAction, WaitingEvent};
use symbolon_issuer::credential_record::StatusAction;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::store::{IssuerStore as _, StatusChange, StatusListStore as _, Swap};
use symbolon_issuer_server::{EmbeddedIssuerStore, EmbeddedKeyValue};
use symbolon_store::Tenant;
use symbolon_trust::status_list::{
    AggregationBudget, BitsPerStatus, Status, StatusListAggregation, StatusListBudget, StatusListCwt,
    StatusListToken, VerifiedStatusList,
};

use crate::harness::{ADMINISTRATION_TOKEN, HASSAN, World, record};

const JWT: &str = "application/statuslist+jwt";
const CWT: &str = "application/statuslist+cwt";

/// Lists that are signed again every six seconds, so that a test sees it happen.
fn brisk() -> IssuerPolicy {
    IssuerPolicy {
        status_time_to_live_seconds: 8,
        ..IssuerPolicy::default()
    }
}

async fn world_with_credential(policy: IssuerPolicy) -> World {
    let world = World::start_with(policy).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    world
}

async fn get(world: &World, path: &str, fields: &[(HeaderName, &str)]) -> Response {
    let mut request = world.client.get(world.url(path));
    for (name, value) in fields {
        request = request.header(name.clone(), *value);
    }
    request.send().await.unwrap()
}

async fn list(world: &World) -> VerifiedStatusList {
    let token = get(world, "/status/0", &[]).await.text().await.unwrap();
    let issuer = world.root_of_trust.trust_list.issuer(&world.base).unwrap();
    let token = StatusListToken::parse(&token, StatusListBudget::LARGEST_SHARD).unwrap();
    token
        .verify(&world.url("/status/0"), issuer, &RustCryptoProvider, world.now())
        .unwrap()
}

async fn index(world: &World) -> u64 {
    let page = world.ordered("/credentials/list", json!({})).await;
    page["credentials"][0]["index"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_is_named_by_the_aggregation_and_names_it() {
    let world = World::start().await;
    let aggregation = async || {
        let response = get(&world, "/status", &[]).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["cache-control"], "public, max-age=60");
        let body = response.bytes().await.unwrap();
        let read = StatusListAggregation::parse(&body, AggregationBudget::NATIONAL).unwrap();
        read.status_lists
    };
    assert_eq!(aggregation().await, Vec::<String>::new());
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    world.ordered("/status-lists", json!({})).await;
    let lists = aggregation().await;
    assert_eq!(lists, [world.url("/status/0"), world.url("/status/1")]);

    let metadata = get(&world, "/.well-known/oauth-authorization-server", &[]).await;
    let metadata: Value = metadata.json().await.unwrap();
    assert_eq!(metadata["status_list_aggregation_endpoint"], world.url("/status"));
    let issuer = world.root_of_trust.trust_list.issuer(&world.base).unwrap();
    for uri in &lists {
        let jwt = world.client.get(uri).send().await.unwrap().text().await.unwrap();
        let jwt = StatusListToken::parse(&jwt, StatusListBudget::LARGEST_SHARD).unwrap();
        let jwt = jwt.verify(uri, issuer, &RustCryptoProvider, world.now()).unwrap();
        assert_eq!(jwt.aggregation_uri(), Some(world.url("/status").as_str()));
        let cwt = world.client.get(uri).header("accept", CWT).send().await.unwrap();
        assert_eq!(cwt.headers()["content-type"], CWT);
        let cwt = cwt.bytes().await.unwrap();
        let cwt = StatusListCwt::parse(&cwt, StatusListBudget::LARGEST_SHARD).unwrap();
        let cwt = cwt.verify(uri, issuer, &RustCryptoProvider, world.now()).unwrap();
        assert_eq!(cwt, jwt);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_compressed_for_whoever_reads_gzip() {
    let world = world_with_credential(IssuerPolicy::default()).await;
    let plain = get(&world, "/status/0", &[]).await;
    assert!(!plain.headers().contains_key("content-encoding"));
    let plain_tag = plain.headers()["etag"].clone();
    let text = plain.bytes().await.unwrap();
    let zipped = get(&world, "/status/0", &[(ACCEPT_ENCODING, "br, gzip")]).await;
    assert_eq!(zipped.headers()["content-encoding"], "gzip");
    assert_eq!(zipped.headers()["content-type"], JWT);
    assert_ne!(
        zipped.headers()["etag"],
        plain_tag,
        "other bytes have another validator"
    );
    let vary: Vec<_> = zipped.headers().get_all("vary").iter().cloned().collect();
    assert!(
        vary.iter().any(|value| value == "accept-encoding") && vary.iter().any(|value| value == "accept")
    );
    let body = zipped.bytes().await.unwrap();
    assert!(body.len() < text.len());
    assert_eq!(gzip::inflate(&body, 1 << 20).unwrap(), text);
    // What is compressed inside is not compressed once more.
    let fields = [(http::header::ACCEPT, CWT), (ACCEPT_ENCODING, "gzip")];
    let cwt = get(&world, "/status/0", &fields).await;
    assert!(!cwt.headers().contains_key("content-encoding"));
    let bitstring = get(
        &world,
        "/status/bitstring/0/revocation",
        &[(ACCEPT_ENCODING, "gzip")],
    )
    .await;
    assert_eq!(bitstring.headers()["content-encoding"], "gzip");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_looked_at_continued_and_not_sent_twice() {
    let world = world_with_credential(IssuerPolicy::default()).await;
    let whole = get(&world, "/status/0", &[]).await;
    let (tag, modified) = (
        whole.headers()["etag"].clone(),
        whole.headers()["last-modified"].clone(),
    );
    let (tag, modified) = (tag.to_str().unwrap(), modified.to_str().unwrap());
    let text = whole.bytes().await.unwrap();

    let head = world.client.head(world.url("/status/0")).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()["etag"], tag);
    assert_eq!(head.headers()["content-length"], text.len().to_string());
    assert_eq!(head.bytes().await.unwrap().len(), 0);

    let rest = get(&world, "/status/0", &[(RANGE, "bytes=100-"), (IF_RANGE, tag)]).await;
    assert_eq!(rest.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        rest.headers()["content-range"],
        format!("bytes 100-{}/{}", text.len() - 1, text.len())
    );
    assert_eq!(rest.bytes().await.unwrap(), text[100..]);
    let changed = [(RANGE, "bytes=100-"), (IF_RANGE, "\"another\"")];
    assert_eq!(get(&world, "/status/0", &changed).await.status(), StatusCode::OK);
    let beyond = format!("bytes={}-", text.len());
    let beyond = get(&world, "/status/0", &[(RANGE, &beyond)]).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);

    let same = get(&world, "/status/0", &[(IF_MODIFIED_SINCE, modified)]).await;
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);

    // A page of another origin may do all of it.
    let asked = world
        .client
        .request(Method::OPTIONS, world.url("/status/0"))
        .header(ORIGIN, "https://shop.example")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "if-none-match,range")
        .send()
        .await
        .unwrap();
    assert_eq!(asked.headers()["access-control-allow-origin"], "*");
    let allowed = asked.headers()["access-control-allow-headers"].to_str().unwrap();
    assert!(
        allowed.contains("if-none-match") && allowed.contains("range"),
        "{allowed}"
    );
    let read = get(&world, "/status/0", &[(ORIGIN, "https://shop.example")]).await;
    let exposed = read.headers()["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("etag"), "{exposed}");
}

pub(crate) async fn figure(world: &World, name: &str) -> u64 {
    let response = world
        .client
        .get(world.url("/admin/v1/metrics"))
        .bearer_auth(ADMINISTRATION_TOKEN);
    let response = response.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let text = response.text().await.unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap().parse().unwrap()
}

/// Waits until a figure is as wanted: the schedule keeps the time of the machine.
pub(crate) async fn until(world: &World, name: &str, wanted: impl Fn(u64) -> bool) -> u64 {
    for _ in 0..200 {
        let value = figure(world, name).await;
        if wanted(value) {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{name} stays at {}", figure(world, name).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_signed_again_before_anybody_has_to_wait_for_it() {
    let world = world_with_credential(brisk()).await;
    // Nobody has asked for a list.
    let first = until(&world, "symbolon_status_publications_total", |count| count > 0).await;
    assert_eq!(list(&world).await.issued_at(), world.now());
    // Three quarters of its time.
    world.wait(6);
    until(&world, "symbolon_status_publications_total", |count| {
        count > first
    })
    .await;
    until(&world, "symbolon_status_oldest_signature_age_seconds", |age| {
        age == 0
    })
    .await;
    let fresh = list(&world).await;
    assert_eq!(fresh.issued_at(), world.now());
    assert_eq!(figure(&world, "symbolon_status_lists_in_memory").await, 1);
    assert!(figure(&world, "symbolon_status_lists_memory_bytes").await > 100);
    assert_eq!(
        figure(&world, "symbolon_status_publication_failures_total").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_say_how_long_a_change_waited() {
    let world = world_with_credential(brisk()).await;
    let order = json!({ "action": "revoke", "credentials": { "record": HASSAN } });
    world.ordered("/credentials/status", order).await;
    assert_eq!(figure(&world, "symbolon_status_changes_published_total").await, 1);
    assert_eq!(
        figure(&world, "symbolon_status_publication_lag_seconds_max").await,
        0
    );
    assert_eq!(figure(&world, "symbolon_status_lists_waiting").await, 0);
    let anybody = world
        .client
        .get(world.url("/admin/v1/metrics"))
        .send()
        .await
        .unwrap();
    assert_eq!(anybody.status(), StatusCode::UNAUTHORIZED);
}

/// Commits a revocation as a process does that dies before it publishes.
async fn revoke_without_publishing(world: &World, books: &EmbeddedIssuerStore, at: UnixTime) {
    let page = world.ordered("/credentials/list", json!({})).await;
    let id = page["credentials"][0]["id"].as_str().unwrap().parse().unwrap();
    let read = books.credential(&id).await.unwrap().unwrap();
    let record = read.value.after(StatusAction::Revoke, at).unwrap().unwrap();
    let action = AuditAction::StatusChanged {
        credential: id,
        record: None,
        action: StatusAction::Revoke,
    };
    let event = WaitingEvent::make(at, Actor::Operator, action, &*world.randomness).unwrap();
    let change = StatusChange {
        expected: read.revision,
        record,
        event,
    };
    assert_eq!(books.change_statuses(vec![change]).await.unwrap(), Swap::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_and_never_published_is_found_in_the_store() {
    let world = world_with_credential(brisk()).await;
    until(&world, "symbolon_status_publications_total", |count| count > 0).await;
    let index = index(&world).await;
    assert_eq!(list(&world).await.status(index), Ok(Status::Valid));
    let tenant = Tenant::parse("default").unwrap();
    let books = EmbeddedIssuerStore::new(EmbeddedKeyValue::new(world.store.clone(), tenant));
    let at = world.now();
    world.wait(3);
    revoke_without_publishing(&world, &books, at).await;
    assert_eq!(books.unpublished_changes(None, 9).await.unwrap().len(), 1);
    until(&world, "symbolon_status_changes_published_total", |count| {
        count == 1
    })
    .await;
    assert_eq!(list(&world).await.status(index), Ok(Status::Invalid));
    assert_eq!(
        figure(&world, "symbolon_status_publication_lag_seconds_max").await,
        3
    );
    // Its mark is removed in a later round.
    for _ in 0..100 {
        if books.unpublished_changes(None, 9).await.unwrap().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the mark of a published change stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_has_the_bits_that_the_policy_wants_and_one_has_no_suspension() {
    for bits in [BitsPerStatus::One, BitsPerStatus::Four, BitsPerStatus::Eight] {
        let policy = IssuerPolicy {
            status_list_bits: bits,
            ..IssuerPolicy::default()
        };
        let world = world_with_credential(policy).await;
        let index = index(&world).await;
        let published = list(&world).await;
        assert_eq!((published.list().bits(), published.list().len()), (bits, 1 << 20));
        let suspend = world
            .order("/credentials/status")
            .json(&json!({ "action": "suspend", "credentials": { "record": HASSAN } }))
            .send()
            .await
            .unwrap();
        assert_eq!(suspend.status(), StatusCode::OK);
        let suspended: Value = suspend.json().await.unwrap();
        let changed = suspended["changed"].as_array().unwrap().len();
        let expected = if bits == BitsPerStatus::One {
            assert_eq!(changed, 0);
            let page = world.ordered("/credentials/list", json!({})).await;
            let one = json!({ "action": "suspend", "credentials": { "id": page["credentials"][0]["id"] } });
            let refused = world
                .order("/credentials/status")
                .json(&one)
                .send()
                .await
                .unwrap();
            assert_eq!(refused.status(), StatusCode::CONFLICT);
            let refused: Value = refused.json().await.unwrap();
            assert_eq!(refused["error"], "no_suspension");
            Status::Valid
        } else {
            assert_eq!(changed, 1);
            Status::Suspended
        };
        assert_eq!(list(&world).await.status(index), Ok(expected));
        let order = json!({ "action": "revoke", "credentials": { "record": HASSAN } });
        world.ordered("/credentials/status", order).await;
        assert_eq!(list(&world).await.status(index), Ok(Status::Invalid));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_jwt_is_what_the_specification_says_member_by_member() {
    let world = world_with_credential(IssuerPolicy::default()).await;
    let token = get(&world, "/status/0", &[]).await.text().await.unwrap();
    let part = |number: usize| -> Value {
        let part = token.split('.').nth(number).unwrap();
        serde_json::from_slice(&base64url::decode(part).unwrap()).unwrap()
    };
    let (header, payload) = (part(0), part(1));
    assert_eq!(header["typ"], "statuslist+jwt");
    assert_eq!(header["alg"], "ES256");
    assert!(header["x5c"].is_array());
    let now = world.now().seconds();
    assert_eq!(payload["sub"], world.url("/status/0"));
    assert_eq!(payload["iat"], now);
    assert_eq!(payload["exp"], now + 86_400);
    assert_eq!(payload["ttl"], 60);
    let list = payload["status_list"].as_object().unwrap();
    assert_eq!(list["bits"], 2);
    // The first bytes of a zlib stream of the highest level.
    let lst = base64url::decode(list["lst"].as_str().unwrap()).unwrap();
    assert_eq!(lst[..2], [0x78, 0xda]);
    assert_eq!(list.len(), 3);
}
