//! Status lists of the past (Token Status List, section 8.4; Bitstring Status List, section 3.2).

use reqwest::{Response, StatusCode};
use serde_json::json;
use symbolon_credential::w3c::W3cBudget;
use symbolon_credential::w3c::jose::JwtCredential;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_trust::bitstring_status_list::PublishedList;
use symbolon_trust::status_list::{Status, StatusListBudget, StatusListCwt, StatusListToken};

use crate::harness::{HASSAN, World, record};

/// One list a minute is kept for an hour.
fn policy() -> IssuerPolicy {
    IssuerPolicy {
        status_history_seconds: 3_600,
        status_history_interval_seconds: 60,
        status_lifetime_seconds: 300,
        ..IssuerPolicy::default()
    }
}

async fn at(world: &World, time: UnixTime) -> Response {
    let url = world.url(&format!("/status/0?time={}", time.seconds()));
    world.client.get(url).send().await.unwrap()
}

/// A credential that was issued at the first time and is revoked at the second, each in a list that is kept.
async fn world_with_a_past() -> (World, u64, UnixTime, UnixTime) {
    let world = World::start_with(policy()).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    let page = world.ordered("/credentials/list", json!({})).await;
    let index = page["credentials"][0]["index"].as_u64().unwrap();
    assert_eq!(at(&world, world.now()).await.status(), StatusCode::OK);
    let issued = world.now();
    world.wait(90);
    let order = json!({ "action": "revoke", "credentials": { "record": HASSAN } });
    world.ordered("/credentials/status", order).await;
    // The next that is kept is a minute younger.
    world.wait(61);
    let revoked = world.now();
    assert_eq!(at(&world, revoked).await.status(), StatusCode::OK);
    world.wait(200);
    (world, index, issued, revoked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_the_past_is_the_one_that_was_signed_then() {
    let (world, index, issued, revoked) = world_with_a_past().await;
    let uri = world.url("/status/0");
    let issuer = world.root_of_trust.trust_list.issuer(&world.base).unwrap();
    let list_at = async |time: UnixTime| {
        let response = at(&world, time).await;
        assert_eq!(response.status(), StatusCode::OK);
        let token = response.text().await.unwrap();
        let token = StatusListToken::parse(&token, StatusListBudget::LARGEST_SHARD).unwrap();
        token.verify(&uri, issuer, &RustCryptoProvider, time).unwrap()
    };
    let then = list_at(issued).await;
    assert_eq!(
        (then.issued_at(), then.status(index)),
        (issued, Ok(Status::Valid))
    );
    assert!(then.covers(issued));
    // Until the next that is kept, a time is told by the one before.
    let before = list_at(issued.plus(std::time::Duration::from_secs(89))).await;
    assert_eq!(before.issued_at(), issued);
    assert_eq!(before.status(index), Ok(Status::Valid));
    let after = list_at(revoked).await;
    assert_eq!(
        (after.issued_at(), after.status(index)),
        (revoked, Ok(Status::Invalid))
    );
    let today = list_at(world.now()).await;
    assert_eq!(today.status(index), Ok(Status::Invalid));

    let cwt = world
        .client
        .get(format!("{uri}?time={}", issued.seconds()))
        .header("accept", "application/statuslist+cwt")
        .send()
        .await
        .unwrap();
    let cwt = StatusListCwt::parse(&cwt.bytes().await.unwrap(), StatusListBudget::LARGEST_SHARD).unwrap();
    assert_eq!(
        cwt.verify(&uri, issuer, &RustCryptoProvider, issued).unwrap(),
        then
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bitstring_list_of_the_past_is_found_by_its_timestamp() {
    let (world, index, issued, revoked) = world_with_a_past().await;
    let value_at = async |time: UnixTime| {
        let query = format!("timestamp={}", time.rfc3339());
        let url = world.url(&format!("/status/bitstring/0/revocation?{query}"));
        let response = world.client.get(url);
        let response = response.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let token = response.text().await.unwrap();
        let token = JwtCredential::parse(&token, W3cBudget::DEFAULT).unwrap();
        let key = world.assertion();
        let key = key.with_algorithm(SignatureAlgorithm::Es256).unwrap();
        let token = token
            .verify_issuer_signature(key.public_key(), &RustCryptoProvider)
            .unwrap();
        let list = PublishedList::read(token.credential()).unwrap();
        list.list(1 << 20).unwrap().get(index).unwrap()
    };
    assert_eq!(value_at(issued).await, 0);
    assert_eq!(value_at(revoked).await, 1);
    let unreadable = world.url("/status/bitstring/0/revocation?timestamp=yesterday");
    let unreadable = world.client.get(unreadable).send().await.unwrap();
    assert_eq!(unreadable.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_yet_is_no_more_or_cannot_be_known_is_not_found() {
    let (world, _, issued, _) = world_with_a_past().await;
    let second = std::time::Duration::from_secs(1);
    assert_eq!(
        at(&world, issued.minus(second)).await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        at(&world, world.now().plus(second)).await.status(),
        StatusCode::NOT_FOUND
    );
    for query in ["time=", "time=yesterday", "time=-5", "time=1&time=2"] {
        let response = world.client.get(world.url(&format!("/status/0?{query}")));
        assert_eq!(
            response.send().await.unwrap().status(),
            StatusCode::BAD_REQUEST,
            "{query}"
        );
    }
    let other = world.url(&format!("/status/7?time={}", issued.seconds()));
    assert_eq!(
        world.client.get(other).send().await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(at(&world, issued).await.status(), StatusCode::OK);
    // An hour after, and a second.
    let elapsed = world.now().since(issued).as_secs();
    world.wait(i64::try_from(3_601 - elapsed).unwrap());
    assert_eq!(at(&world, issued).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_keeps_no_past_says_so() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    assert_eq!(
        at(&world, world.now()).await.status(),
        StatusCode::NOT_IMPLEMENTED
    );
    let url = world.url("/status/bitstring/0/revocation?timestamp=2026-01-01T00:00:00Z");
    let bitstring = world.client.get(url).send().await.unwrap();
    assert_eq!(bitstring.status(), StatusCode::NOT_IMPLEMENTED);
}
