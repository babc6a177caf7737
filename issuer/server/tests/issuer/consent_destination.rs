//! Where a wallet's answer goes, as the consent page says it (ATTACKS.md row 15).

use reqwest::StatusCode;
use serde_json::Value;

use crate::registry::open_policy;
use crate::resident::{Browser, world_of};
use crate::wallet::Wallet;

/// A wallet that nobody knows.
const STRANGER: &str = "stranger";

/// A browser goes to `evil.example` with each of them, or to a page of the issuer, and a reader sees something else.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_two_readings_is_refused() {
    let (world, _) = world_of(open_policy()).await;
    let wallet = Wallet::new(&world, STRANGER);
    for address in [
        r"https:\\evil.example/back",
        r"https:\/evil.example/back",
        r"https://evil.example\@ministry.example/back",
        r"https://evil.example\.ministry.example/back",
        "https:/evil.example/back",
        "https:evil.example/back",
        "https:///evil.example/back",
    ] {
        let pushed = wallet.push(&[("redirect_uri", address)]).await;
        assert_eq!(pushed.status(), StatusCode::BAD_REQUEST, "{address}");
        let said: Value = pushed.json().await.unwrap();
        assert_eq!(said["error"], "invalid_request", "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_names_the_host_that_the_browser_goes_to() {
    let (world, postbox) = world_of(open_policy()).await;
    let address = "https://%65vil.example?https://ministry.example/";
    let mut browser = Browser::sent_by(&world, STRANGER, address, &[]).await;
    browser.sign_in(&postbox).await;
    let consent = browser.get("/consent").await;
    assert!(consent.html.contains("<bdi>https:&#x2f;&#x2f;evil.example</bdi>"));
    assert!(!consent.html.contains("ministry"));
}
