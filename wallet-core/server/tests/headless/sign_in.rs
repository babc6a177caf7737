//! Sign-ins at issuers: by the browser of whoever allowed them, and by no other.

use reqwest::Response;
use serde_json::json;
use symbolon_wallet_server::RequestBudget;
use url::Url;

use crate::support::World;
use crate::support::authorization::{Abilities, Answer};
use crate::world::{Headless, IDENTIFIER, for_anybody, path_of, policy, told};

/// The cookie of an answer, as the browser sends it back.
fn cookie(response: &Response) -> String {
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// The issuer's page that an answer leads to, answered.
fn answered(wallet: &Headless, response: &Response, answer: Answer) -> String {
    assert_eq!(response.status(), 302);
    let page = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    path_of(&wallet.world.issuer.server.open_page(&page, answer))
}

/// The stranger would sign in with his own account, and the wallet would hold his credential as its owner's (row 15).
#[tokio::test(flavor = "multi_thread")]
async fn the_sign_in_that_the_owner_allowed_is_not_the_strangers() {
    let world = World::with_sign_in(Abilities::LEAST);
    let wallet = Headless::start(world, policy(&json!({}), &json!({}))).await;
    let (_, brought) = wallet.offer(&wallet.world.issuer.offer_to_sign_in()).await;
    let strangers = brought["continue_at"].as_str().unwrap().to_owned();
    let entries = wallet.waiting().await;
    let (status, allowed) = wallet.decide(&entries[0]["flow"], "allow").await;
    assert_eq!(
        (status, &allowed["outcome"]),
        (200, &json!("sign_in")),
        "{allowed}"
    );
    let owners = allowed["continue_at"].as_str().unwrap();
    assert!(owners.starts_with(&format!("{IDENTIFIER}/pending/")));
    assert_ne!(owners, strangers);

    let response = wallet.follow(&strangers).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.headers().get("location")),
        (404, None)
    );
    assert!(!response.headers().contains_key("set-cookie"));
    // Nor by the name that he knows, in a cookie that he wrote himself.
    let response = wallet.follow(owners).send().await.unwrap();
    let name = cookie(&response).split('=').next().unwrap().to_owned();
    let back = answered(&wallet, &response, Answer::SignsIn);
    let forged = format!("{name}={}", strangers.rsplit('/').next().unwrap());
    let response = wallet.at(&back).header("cookie", forged).send().await.unwrap();
    assert_eq!(response.status(), 404);

    let response = wallet.follow(owners).send().await.unwrap();
    let own = cookie(&response);
    let back = answered(&wallet, &response, Answer::SignsIn);
    let response = wallet.at(&back).header("cookie", own).send().await.unwrap();
    let (status, told) = told(response).await;
    assert_eq!((status, &told["outcome"]), (200, &json!("received")), "{told}");
    assert_eq!(wallet.world.held().0, 1);
}

/// A neighbour of the domain can set cookies for it, but none that begins with `__Host-`.
#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_of_a_sign_in_is_this_hosts_own() {
    let budget = RequestBudget::default();
    for (identifier, name, secure) in [
        (IDENTIFIER, "__Host-symbolon-wallet-sign-in", true),
        ("http://127.0.0.1:7000", "symbolon-wallet-sign-in", false),
    ] {
        let mut world = World::with_sign_in(Abilities::LEAST);
        if !secure {
            world.policy.urls = symbolon_protocol::identifier::UrlPolicy::Development;
        }
        let wallet = Headless::start_with(world, for_anybody(), budget, identifier).await;
        let link = wallet.world.issuer.offer_to_sign_in();
        let response = wallet.bring("/credential-offer", &link).send().await.unwrap();
        let header = response.headers()["set-cookie"].to_str().unwrap().to_owned();
        let mut parts = header.split("; ");
        let flow = parts.next().unwrap().strip_prefix(&format!("{name}=")).unwrap();
        let attributes: Vec<&str> = parts.collect();
        for attribute in ["Path=/", "HttpOnly", "SameSite=Lax"] {
            assert!(attributes.contains(&attribute), "{header}");
        }
        assert_eq!(attributes.contains(&"Secure"), secure, "{header}");
        assert!(!header.contains("Domain"), "{header}");
        // Another name, or one of two of which one may be planted, is none.
        let back = answered(&wallet, &response, Answer::SignsIn);
        for planted in [
            format!("symbolon-wallet-sign-in-2={flow}"),
            format!("{name}={flow}; {name}={}", "0".repeat(32)),
        ] {
            let response = wallet.at(&back).header("cookie", planted).send().await.unwrap();
            assert_eq!(response.status(), 400);
        }
        if secure {
            let plain = format!("symbolon-wallet-sign-in={flow}");
            let response = wallet.at(&back).header("cookie", plain).send().await.unwrap();
            assert_eq!(response.status(), 400);
        }
        let response = wallet.at(&back).send().await.unwrap();
        assert_eq!(response.status(), 400, "without any");
        assert_eq!(wallet.world.held().0, 0);
    }
}

/// The answer to another request, by another server or without a state is somebody else's, and the sign-in still waits for its own.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_another_state_is_not_looked_at() {
    let wallet = Headless::start(World::with_sign_in(Abilities::LEAST), for_anybody()).await;
    let link = wallet.world.issuer.offer_to_sign_in();
    let response = wallet.bring("/credential-offer", &link).send().await.unwrap();
    let own = cookie(&response);
    let right = answered(&wallet, &response, Answer::SignsIn);
    let requests = wallet.world.requests().len();
    let wrong = |answer| answered(&wallet, &response, answer);
    for back in [
        wrong(Answer::WithAnotherState),
        wrong(Answer::OfAnotherServer),
        wrong(Answer::OfNobody),
        "/callback?code=stolen".to_owned(),
        "/callback".to_owned(),
    ] {
        let answer = wallet.at(&back).header("cookie", &own).send().await.unwrap();
        let (status, told) = told(answer).await;
        assert_eq!(
            (status, &told["error"]),
            (400, &json!("invalid_request")),
            "{back}"
        );
    }
    assert_eq!(wallet.world.requests().len(), requests, "no code is redeemed");
    let answer = wallet.at(&right).header("cookie", &own).send().await.unwrap();
    assert_eq!(told(answer).await.1["outcome"], "received");
    let again = wallet.at(&right).header("cookie", &own).send().await.unwrap();
    assert_eq!(again.status(), 409, "it is over");
    assert_eq!(wallet.world.held().0, 1);
}

/// Whoever does not sign in leaves nothing behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_refused_ends_and_is_forgotten() {
    let wallet = Headless::start(World::with_sign_in(Abilities::HIGH_ASSURANCE), for_anybody()).await;
    let link = wallet.world.issuer.offer_to_sign_in();
    let response = wallet.bring("/credential-offer", &link).send().await.unwrap();
    let own = cookie(&response);
    let back = answered(&wallet, &response, Answer::SaysNo);
    let answer = wallet.at(&back).header("cookie", own).send().await.unwrap();
    let (status, told) = told(answer).await;
    assert_eq!(
        (status, &told["error"]),
        (400, &json!("invalid_credential_offer"))
    );
    assert_eq!((wallet.stored().await.0, wallet.world.held()), (0, (0, 0)));
}
