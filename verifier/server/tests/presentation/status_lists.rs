//! Status lists as the verifier meets them (Token Status List, sections 5 and 8.3).

use serde_json::{Value, json};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::encoding::{base64url, zlib};
use symbolon_crypto::signing::SignatureRequest;
use symbolon_trust::status_list::{BitsPerStatus, Status, TokenStatusList};
use symbolon_trust::testing::{DAY, TestKey};

use crate::world::{INDEX, World};

/// What the report of a presentation says about the status, and its verdict.
async fn judged(world: &World) -> (String, String) {
    let (id, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
    let request = world.open(&link).await;
    world.present_to(&request).await;
    let result = world.result(&id).await;
    let report = &result["result"]["outcome"]["presented"]["reports"][0]["report"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&report["status"]["state"]), text(&report["verdict"]))
}

fn two_bits(entries: u32, status: Status) -> TokenStatusList {
    let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, entries);
    let _ = list.set(INDEX, status);
    list
}

/// What is done to header and payload.
type Change = Box<dyn Fn(&mut Value, &mut Value)>;

/// A token of the issuer's, changed and signed again by `key`.
fn signed(
    world: &World,
    key: &TestKey,
    list: &TokenStatusList,
    change: impl Fn(&mut Value, &mut Value),
) -> String {
    let token = world
        .issuer
        .status_token(&world.issuer.status_uri(0), list, world.now());
    let part = |number: usize| -> Value {
        let part = token.split('.').nth(number).unwrap();
        serde_json::from_slice(&base64url::decode(part).unwrap()).unwrap()
    };
    let (mut header, mut payload) = (part(0), part(1));
    change(&mut header, &mut payload);
    let encode = |value: &Value| base64url::encode(&serde_json::to_vec(value).unwrap());
    let input = format!("{}.{}", encode(&header), encode(&payload));
    let signature = key.sign(&SignatureRequest {
        key: key.handle(),
        algorithm: SignatureAlgorithm::Es256,
        bytes: input.clone().into_bytes(),
    });
    format!("{input}.{}", base64url::encode(&signature))
}

#[tokio::test]
async fn a_list_that_is_not_as_it_must_be_says_nothing() {
    let world = World::configured(|configuration| configuration.status_cache_seconds = 0).await;
    let list = two_bits(1_000, Status::Valid);
    let key = &world.issuer.status_key;
    let bomb = base64url::encode(&zlib::deflate(&vec![0; (16 << 20) + 1], zlib::Effort::Best));
    let cut = {
        let lst = list.encode();
        lst[..lst.len() - 4].to_owned()
    };
    let past = world.now().seconds();
    let cases: Vec<(&str, Change)> = vec![
        ("typ", Box::new(|header, _| header["typ"] = json!("JWT"))),
        (
            "no typ",
            Box::new(|header, _| drop(header.as_object_mut().unwrap().remove("typ"))),
        ),
        ("none", Box::new(|header, _| header["alg"] = json!("none"))),
        (
            "sub",
            Box::new(|_, payload| payload["sub"] = json!("https://issuer.example/status/0")),
        ),
        (
            "no sub",
            Box::new(|_, payload| drop(payload.as_object_mut().unwrap().remove("sub"))),
        ),
        (
            "no iat",
            Box::new(|_, payload| drop(payload.as_object_mut().unwrap().remove("iat"))),
        ),
        (
            "iat",
            Box::new(move |_, payload| payload["iat"] = json!(past + 86_400)),
        ),
        ("exp", Box::new(move |_, payload| payload["exp"] = json!(past))),
        (
            "exp as text",
            Box::new(|_, payload| payload["exp"] = json!("tomorrow")),
        ),
        ("ttl", Box::new(|_, payload| payload["ttl"] = json!(0))),
        (
            "ttl below zero",
            Box::new(|_, payload| payload["ttl"] = json!(-60)),
        ),
        (
            "no list",
            Box::new(|_, payload| drop(payload.as_object_mut().unwrap().remove("status_list"))),
        ),
        (
            "bits",
            Box::new(|_, payload| payload["status_list"]["bits"] = json!(3)),
        ),
        (
            "lst",
            Box::new(|_, payload| payload["status_list"]["lst"] = json!("*")),
        ),
        (
            "lst cut",
            Box::new(move |_, payload| payload["status_list"]["lst"] = json!(cut)),
        ),
        (
            "lst bomb",
            Box::new(move |_, payload| payload["status_list"]["lst"] = json!(bomb)),
        ),
    ];
    let unknown = ("unknown".to_owned(), "unknown".to_owned());
    for (name, change) in cases {
        world.publish_text(&signed(&world, key, &list, change));
        assert_eq!(judged(&world).await, unknown, "{name}");
    }
    let stranger = TestKey::new(SignatureAlgorithm::Es256, 77);
    world.publish_text(&signed(&world, &stranger, &list, |_, _| {}));
    assert_eq!(judged(&world).await, unknown, "signed by a stranger");
    world.publish_text(&signed(&world, key, &list, |_, _| {}));
    let good = ("good".to_owned(), "valid".to_owned());
    assert_eq!(judged(&world).await, good);
}

#[tokio::test]
async fn each_state_of_a_list_has_its_verdict() {
    let world = World::configured(|configuration| configuration.status_cache_seconds = 0).await;
    let key = &world.issuer.status_key;
    for (entries, status, state, verdict) in [
        (1_000, Status::Valid, "good", "valid"),
        (1_000, Status::Invalid, "revoked", "invalid"),
        (1_000, Status::Suspended, "suspended", "invalid"),
        (1_000, Status::ApplicationSpecific(3), "unknown", "unknown"),
        (64, Status::Valid, "out_of_range", "invalid"),
    ] {
        world.publish_text(&signed(&world, key, &two_bits(entries, status), |_, _| {}));
        let expected = (state.to_owned(), verdict.to_owned());
        assert_eq!(judged(&world).await, expected, "{status:?} of {entries}");
    }
    // Wider lists say the same.
    for bits in [BitsPerStatus::One, BitsPerStatus::Four, BitsPerStatus::Eight] {
        let mut list = TokenStatusList::all_valid(bits, 1_000);
        list.set(INDEX, Status::Invalid).unwrap();
        list.set(INDEX + 1, Status::Invalid).unwrap();
        world.publish_text(&signed(&world, key, &list, |_, _| {}));
        assert_eq!(judged(&world).await.0, "revoked", "{bits:?}");
    }
}

#[tokio::test]
async fn a_list_that_is_there_as_a_cwt_alone_is_read() {
    let world = World::configured(|configuration| configuration.status_cache_seconds = 0).await;
    for (status, state) in [(Status::Valid, "good"), (Status::Invalid, "revoked")] {
        world.publish_cwt(status);
        assert_eq!(judged(&world).await.0, state);
    }
}

#[tokio::test]
async fn what_the_list_says_about_keeping_it_goes_before_what_http_says() {
    let world = World::configured(|configuration| configuration.status_cache_seconds = 86_400).await;
    let key = &world.issuer.status_key;
    let list = two_bits(1_000, Status::Valid);
    world.publish_text(&signed(&world, key, &list, |_, payload| {
        payload["ttl"] = json!(30)
    }));
    for (seconds, fetches) in [(0, 1), (29, 1), (1, 2)] {
        world.advance(seconds);
        assert_eq!(judged(&world).await.0, "good");
        assert_eq!(world.status_fetches(), fetches);
    }
    // And nothing outlives its end.
    let ends = world.now().plus(core::time::Duration::from_secs(40)).seconds();
    world.advance(30);
    world.publish_text(&signed(&world, key, &list, move |_, payload| {
        payload["ttl"] = json!(DAY.as_secs());
        payload["exp"] = json!(ends);
    }));
    assert_eq!(judged(&world).await.0, "good");
    world.advance(10);
    assert_eq!(judged(&world).await.0, "unknown");
}
