//! What the sign-in page says while asking for another code would be in vain.

use symbolon_issuer::authorization::{
    AuthorizationPolicy, ClientAuthentication, ClientGrant, ClientRegistry, RegisteredClient,
};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;

use crate::harness::HASSAN;
use crate::resident::{Browser, world, world_of};
use crate::wallet::{BACK, PUBLIC, policy};

const AGAIN: &str = "sign-in&#x2f;again";

#[tokio::test(flavor = "multi_thread")]
async fn no_other_code_is_offered_while_the_one_for_all_is_out() {
    let (world, postbox) = world().await;
    for sent in 1..=3 {
        let mut browser = Browser::sent(&world).await;
        browser.type_number(HASSAN).await;
        assert_eq!(postbox.next(sent - 1).await.code.len(), 6);
        assert!(browser.get("/sign-in").await.html.contains(AGAIN), "{sent}");
    }
    let mut browser = Browser::sent(&world).await;
    browser.type_number(HASSAN).await;
    assert_eq!(postbox.next(3).await.code.len(), 12);
    assert!(!browser.get("/sign-in").await.html.contains(AGAIN));
    // Somebody else who asks for the same number some minutes later.
    world.wait(300);
    let mut later = Browser::sent(&world).await;
    later.type_number(HASSAN).await;
    let page = later.get("/sign-in").await;
    assert!(page.html.contains("12") && !page.html.contains(AGAIN));
    assert_eq!(postbox.count(), 4, "nothing more was sent");
    // The code for all has expired, and the sign-in has not.
    world.wait(601);
    assert!(later.get("/sign-in").await.html.contains(AGAIN));
}

/// ATTACKS.md row 20: the name of a wallet turns none of the words around it.
#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_a_wallet_stays_within_itself() {
    let name = "Wallet\u{2069}\u{2069}\u{202e}\u{2067}\u{202a} محفظة\u{200f}!";
    let client = RegisteredClient {
        name: name.to_owned(),
        redirect_uris: vec![RedirectUri::parse(BACK).unwrap()],
        authentication: ClientAuthentication::None,
        grants: [ClientGrant::AuthorizationCode].into(),
    };
    let id = ClientIdentifier::parse(PUBLIC).unwrap();
    let (world, postbox) = world_of(AuthorizationPolicy {
        clients: ClientRegistry::new([(id, client)]).unwrap(),
        ..policy()
    })
    .await;
    let mut browser = Browser::sent(&world).await;
    let sign_in = browser.get("/sign-in").await.html;
    browser.sign_in(&postbox).await;
    let consent = browser.get("/consent").await.html;
    for page in [sign_in, consent] {
        assert!(page.contains("\u{2068}Wallet محفظة\u{200f}!\u{2069}"), "{page}");
        let opened = page.matches(['\u{2066}', '\u{2067}', '\u{2068}']).count();
        assert_eq!(opened, page.matches('\u{2069}').count());
    }
}
