//! The page that works without a network, as a browser loads it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use http::Method;
use http::header::{ACCEPT_ENCODING, ACCEPT_LANGUAGE, IF_NONE_MATCH};
use symbolon_http::fetch::Fetched;
use symbolon_protocol::digital_credentials::Origin;
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_trust::distribution::HeldPack;
use symbolon_trust::pack::Delta;
use symbolon_trust::status_list::Status;
use symbolon_trust::trust_list::CredentialTypeRule;
use symbolon_verifier::ask::{Ask, AskList};
use symbolon_verifier::name::PolicyName;
use symbolon_verifier_server::{BuiltPage, OfflineSetup, ScanAccess};

use crate::world::World;

const LIBRARY: &[u8] = b"\0asm\x01\0\0\0";
const ROOT: &[u8] = b"{\"the\":\"root\"}";

/// A page as if it had been built, in a folder of the world.
pub(crate) fn setup(folder: &Path, asks: BTreeMap<String, String>) -> OfflineSetup {
    fs::write(folder.join("symbolon_offline_page_bg.wasm"), LIBRARY).unwrap();
    fs::write(folder.join("symbolon_offline_page.js"), "export default 1;\n").unwrap();
    OfflineSetup {
        built: BuiltPage::read(folder).unwrap(),
        root_of_trust: Some(ROOT.to_vec()),
        distributor: Some(Origin::parse("https://packs.example", UrlPolicy::Public).unwrap()),
        asks,
        freshness: symbolon_verifier::policy::FreshnessDocument::default(),
        pack: Some(folder.join("newest.pack")),
    }
}

fn text(fetched: &Fetched) -> String {
    String::from_utf8(fetched.body.clone()).unwrap()
}

/// The addresses that the service worker keeps.
fn kept(keeper: &str) -> Vec<String> {
    let list = keeper.split("FILES = ").nth(1).unwrap();
    let list = list.split(';').next().unwrap();
    serde_json::from_str(list).unwrap()
}

#[tokio::test]
async fn every_file_that_a_browser_keeps_is_served_under_the_strict_policy() {
    let world = World::new().await;
    let keeper = world.send(Method::GET, "/offline/sw.js", &[], "").await;
    assert_eq!(keeper.status, 200);
    let files = kept(&text(&keeper));
    assert!(files.len() >= 15, "{files:?}");
    for file in files {
        let answer = world.send(Method::GET, &file, &[], "").await;
        assert_eq!(answer.status, 200, "{file}");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        for part in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "worker-src 'self'",
            "connect-src 'self' https://packs.example;",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{file}: {policy}");
        }
        assert!(
            !policy.contains("'unsafe-eval'") && !policy.contains("unsafe-inline"),
            "{policy}"
        );
        let cache = answer.headers["cache-control"].to_str().unwrap();
        let versioned = file.matches('/').count() == 3;
        assert_eq!(cache.contains("immutable"), versioned, "{file}: {cache}");
    }
}

#[tokio::test]
async fn the_library_is_compressed_for_whoever_takes_that_and_has_its_media_type() {
    let world = World::new().await;
    let keeper = world.send(Method::GET, "/offline/sw.js", &[], "").await;
    let library = kept(&text(&keeper))
        .into_iter()
        .find(|file| file.ends_with(".wasm"))
        .unwrap();
    let plain = world.send(Method::GET, &library, &[], "").await;
    assert_eq!(plain.headers["content-type"], "application/wasm");
    assert_eq!(plain.body, LIBRARY);
    let small = world
        .send(Method::GET, &library, &[(ACCEPT_ENCODING, "br, gzip")], "")
        .await;
    assert_eq!(small.headers["content-encoding"], "gzip");
    assert_eq!(small.headers["vary"], "accept-encoding");
    let other = library.replace("/offline/", "/offline/0");
    assert_eq!(world.send(Method::GET, &other, &[], "").await.status, 404);
}

#[tokio::test]
async fn the_page_is_in_the_readers_language_and_the_scan_page_leads_to_it() {
    let world = World::new().await;
    for entrance in ["/offline", "/offline/"] {
        let sent = world
            .send(Method::GET, entrance, &[(ACCEPT_LANGUAGE, "ar")], "")
            .await;
        assert_eq!(sent.status, 303);
        assert_eq!(sent.headers["location"], "/offline/ar");
    }
    let page = world.send(Method::GET, "/offline/ar", &[], "").await;
    assert!(text(&page).contains("<html lang=\"ar\" dir=\"rtl\">"));
    assert_eq!(
        page.headers["permissions-policy"],
        "camera=(self), microphone=(), geolocation=()"
    );
    assert_eq!(world.send(Method::GET, "/offline/xx", &[], "").await.status, 404);
    let scan = world
        .send(Method::GET, "/scan", &[(ACCEPT_LANGUAGE, "fr")], "")
        .await;
    assert!(text(&scan).contains("href=\"/offline/fr\""));
}

#[tokio::test]
async fn a_pack_is_sent_once_and_again_when_it_has_changed() {
    let world = World::new().await;
    let absent = world.send(Method::GET, "/offline/pack", &[], "").await;
    assert_eq!(absent.status, 404);
    let file = world.offline.path().join("newest.pack");
    fs::write(&file, b"one").unwrap();
    let first = world.send(Method::GET, "/offline/pack", &[], "").await;
    assert_eq!((first.status, first.body.as_slice()), (200, b"one".as_slice()));
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    let again = world
        .send(Method::GET, "/offline/pack", &[(IF_NONE_MATCH, &tag)], "")
        .await;
    assert_eq!(again.status, 304);
    fs::write(&file, b"another").unwrap();
    let newer = world
        .send(Method::GET, "/offline/pack", &[(IF_NONE_MATCH, &tag)], "")
        .await;
    assert_eq!(
        (newer.status, newer.body.as_slice()),
        (200, b"another".as_slice())
    );
    let root = world.send(Method::GET, "/offline/root.json", &[], "").await;
    assert_eq!(root.body, ROOT);
}

#[tokio::test]
async fn what_changed_is_told_since_a_pack_that_was_in_force_before() {
    let world = World::new().await;
    let (first, second, third) = (
        world.pack(1, Status::Valid),
        world.pack(2, Status::Invalid),
        world.pack(3, Status::Valid),
    );
    let address = |pack: &[u8]| {
        let held = HeldPack::of(pack).unwrap();
        format!("/offline/pack/since/{}/{}", held.sequence, held.root)
    };
    let folder = world.offline.path();
    fs::create_dir(folder.join("earlier")).unwrap();
    fs::write(folder.join("newest.pack"), &second).unwrap();
    let before = folder
        .join("earlier")
        .join(HeldPack::of(&first).unwrap().earlier_file_name());
    let get = async |address: &str| world.send(Method::GET, address, &[], "").await;
    assert_eq!(get(&address(&first)).await.status, 404, "nobody kept it");
    fs::write(before, &first).unwrap();
    let changed = get(&address(&first)).await;
    assert_eq!(changed.status, 200);
    assert!(changed.body.len() < second.len());
    let made = Delta::parse(&changed.body).unwrap().apply(&first).unwrap();
    assert_eq!(made, second);
    assert_eq!(get(&address(&second)).await.status, 204);
    assert_eq!(get(&address(&third)).await.status, 404);

    fs::write(folder.join("newest.pack"), &third).unwrap();
    let changed = get(&address(&first)).await;
    let made = Delta::parse(&changed.body).unwrap().apply(&first).unwrap();
    assert_eq!(made, third, "the new pack is noticed");

    for nothing in [
        "one/AAAA",
        "1/..%2f..%2fsecret",
        "1/AAAA",
        "18446744073709551615/x",
    ] {
        assert_eq!(get(&format!("/offline/pack/since/{nothing}")).await.status, 404);
    }
}

#[test]
fn a_folder_that_was_not_built_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!BuiltPage::is_in(folder.path()));
    let refused = BuiltPage::read(folder.path()).err().unwrap();
    assert!(refused.to_string().contains("symbolon_offline_page_bg.wasm"));
}

/// What pages are told that people can be asked for.
async fn asks(world: &World) -> AskList {
    let keeper = world.send(Method::GET, "/offline/sw.js", &[], "").await;
    let file = kept(&text(&keeper))
        .into_iter()
        .find(|file| file.ends_with("/asks.json"));
    let answer = world.send(Method::GET, &file.unwrap(), &[], "").await;
    AskList::parse(&answer.body).unwrap()
}

#[tokio::test]
async fn pages_are_told_what_to_ask_for_with_the_query_and_the_rules_behind_it() {
    let world = World::of_issuer(
        |configuration, vct| {
            let counter = serde_json::json!({ "credentials": [{
                "id": "identity", "format": "dc+sd-jwt", "types": [vct], "binding": "key",
                "claims": [{ "path": ["given_name"], "pattern": "F[a-z]+" }],
            }] });
            let name = PolicyName::parse("counter").unwrap();
            let counter = serde_json::from_value(counter).unwrap();
            configuration.policies.insert(name, counter);
        },
        ScanAccess::Open,
    )
    .await;
    let list = asks(&world).await;
    assert_eq!(list.verifier, "Clinic");
    let entry = world.issuer.entry(vec![CredentialTypeRule::Any]);
    let trust_list = world.registry.trust_list(vec![entry], world.now());
    let usable = list.usable(&trust_list);
    let of = |label: &str| usable.iter().find(|ask| ask.label() == label).unwrap();
    assert_eq!((usable.len(), of("Who are you?").policy().is_none()), (2, true));
    let policy = of("Over 18?").policy().unwrap();
    assert_eq!(policy.name().as_str(), "counter");
    assert_eq!(policy.query(), Some(of("Over 18?").query()));

    // Another query than the one of its rules is no ask.
    let mut changed = list;
    let query = changed
        .asks
        .iter()
        .find(|ask| ask.policy.is_none())
        .unwrap()
        .query
        .clone();
    for ask in &mut changed.asks {
        ask.query = query.clone();
    }
    let labels = changed.usable(&trust_list);
    assert_eq!(
        labels.iter().map(Ask::label).collect::<Vec<_>>(),
        ["Who are you?"]
    );
}

#[tokio::test]
async fn a_policy_that_a_device_alone_cannot_decide_stays_with_the_servers_own_page() {
    let world = World::of_issuer(
        |configuration, vct| {
            configuration.assurance = serde_json::from_value(serde_json::json!({
                "levels": ["low", "high"],
            }))
            .unwrap();
            let counter = serde_json::json!({ "credentials": [{
                "id": "identity", "format": "dc+sd-jwt", "types": [vct], "binding": "key", "assurance": "high",
                "claims": [{ "path": ["given_name"] }],
            }] });
            let name = PolicyName::parse("counter").unwrap();
            let counter = serde_json::from_value(counter).unwrap();
            configuration.policies.insert(name, counter);
        },
        ScanAccess::Open,
    )
    .await;
    let labels: Vec<String> = asks(&world).await.asks.into_iter().map(|ask| ask.label).collect();
    assert_eq!(labels, ["Who are you?"]);
}
