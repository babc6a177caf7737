//! Offline packs.

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::encoding::base64;
use symbolon_trust::pack::{Pack, PackStatus, RevocationSection, StatusSection};
use symbolon_trust::status_list::Status;
use symbolon_trust::testing::TestIssuingAuthority;

use crate::harness::{HASSAN, World, record};

async fn pack(world: &World) -> Vec<u8> {
    let response = world.order("/packs").json(&json!({})).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.bytes().await.unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_opens_with_the_root_of_trust_and_knows_what_was_revoked() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    let page = world.ordered("/credentials/list", json!({})).await;
    let index = page["credentials"][0]["index"].as_u64().unwrap();
    let uri = world.url("/status/0");

    let before = pack(&world).await;
    let opened = Pack::open(
        &before,
        &world.root_of_trust,
        &RustCryptoProvider,
        world.now(),
        None,
    )
    .unwrap();
    assert_eq!(opened.sequence(), 1);
    let PackStatus::Listed { status, .. } = opened.status(&uri, index) else {
        panic!("covered")
    };
    assert_eq!(status, Status::Valid);
    let seen = opened.last_seen(None);

    world.wait(10);
    let order = json!({ "action": "revoke", "credentials": { "record": HASSAN } });
    world.ordered("/credentials/status", order).await;
    let after = pack(&world).await;
    let opened = Pack::open(
        &after,
        &world.root_of_trust,
        &RustCryptoProvider,
        world.now(),
        Some(&seen),
    )
    .unwrap();
    assert_eq!(opened.sequence(), 2);
    let PackStatus::Listed { status, .. } = opened.status(&uri, index) else {
        panic!("covered")
    };
    assert_eq!(status, Status::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_status_list_is_opened_on_order_and_issued_from() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    assert_eq!(
        world.ordered("/status-lists", json!({})).await,
        json!({ "shard": 1 })
    );
    // The running process still holds a lease of the first list; after the restore it is another process.
    let world = world.restart().await;
    world.issue(HASSAN).await;
    let page = world.ordered("/credentials/list", json!({})).await;
    let mut shards: Vec<_> = page["credentials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|credential| credential["shard"].as_u64().unwrap())
        .collect();
    shards.sort_unstable();
    assert_eq!(shards, [0, 1]);
    let response = world
        .client
        .get(world.url("/admin/v1/status-sections"))
        .bearer_auth(crate::harness::ADMINISTRATION_TOKEN);
    let sections: Value = response.send().await.unwrap().json().await.unwrap();
    // One signature of the issuer for all its lists.
    let [section] = sections["sections"].as_array().unwrap().as_slice() else {
        panic!("one section")
    };
    let section = base64::decode(section.as_str().unwrap()).unwrap();
    let uris = StatusSection::from_published(section).uris().unwrap();
    assert!(uris.contains(&world.url("/status/0")) && uris.contains(&world.url("/status/1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_carries_what_other_issuers_serve_and_leaves_out_what_readers_would_refuse() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world.issue(HASSAN).await;
    // The issuer's own token stands for that of another: it is carried as it is served.
    let uri = world.url("/status/0");
    let served = world.client.get(&uri).send().await.unwrap();
    let token = served.bytes().await.unwrap();
    let root = &world.root_of_trust;
    // An authority that the issuer does not know, as when a source of trust has changed since it was started.
    let other = TestIssuingAuthority::new(700).publishing_at("https://lists.example/iaca.crl");
    let list = other.sign_revocation_list(&other.revocation_list(world.now()));
    let list = RevocationSection::new("https://lists.example/iaca.crl", &list, &[], other.root()).unwrap();
    let list = base64::encode(list.as_bytes());
    // A reader looks at what a token is about, and refuses it at another address.
    for (address, lists, left_out) in [
        (format!("{uri}x"), Vec::new(), "1"),
        (format!("{uri}x"), vec![list], "2"),
    ] {
        let verbatim = json!([{ "uri": address, "body": base64::encode(&token) }]);
        let order = json!({ "verbatim": verbatim, "revocation_lists": lists });
        let response = world.order("/packs").json(&order).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["symbolon-left-out"], left_out);
        let pack = response.bytes().await.unwrap();
        let carried = pack.windows(token.len()).any(|window| window == token);
        assert!(!carried);
        Pack::open(&pack, root, &RustCryptoProvider, world.now(), None).unwrap();
    }

    // What says itself that it is over, and what only readers can prove, is theirs to judge: they use the rest of the pack all the same.
    world.wait(40 * 86_400);
    let credential = base64::encode(b"{}");
    let verbatim = json!([
        { "uri": uri, "body": base64::encode(&token) },
        { "uri": world.url("/status/1"), "body": credential },
    ]);
    let order = json!({ "verbatim": verbatim });
    let response = world.order("/packs").json(&order).send().await.unwrap();
    assert_eq!(response.headers()["symbolon-left-out"], "0");
    let pack = response.bytes().await.unwrap();
    let carries = |body: &[u8]| pack.windows(body.len()).any(|window| window == body);
    assert!(carries(&token) && carries(b"{}"));

    for order in [
        json!({ "scopes": ["region/nowhere"] }),
        json!({ "sections": ["not base64!"] }),
        json!({ "sections": [base64::encode(b"no section")] }),
        json!({ "verbatim": [{ "uri": uri, "body": "not base64!" }] }),
        json!({ "verbatim": [{ "uri": "", "body": "" }] }),
    ] {
        let response = world.order("/packs").json(&order).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{order}");
        let refusal: Value = response.json().await.unwrap();
        assert_eq!(refusal["error"], "invalid_pack_order", "{order}");
    }
}
