//! Who brings a request: whoever began the session at the verifier goes on in it, so that a stranger must not have it answered.

use serde_json::{Value, json};

use crate::support::World;
use crate::world::{Headless, IDENTIFIER, TOKEN, for_anybody, policy, query, told};

/// The answer would sign the stranger in at the verifier as the wallet's owner.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_stranger_brings_waits_and_what_the_owner_brings_is_answered() {
    let world = World::new();
    world.receive();
    let wallet = Headless::start(world, policy(&json!({}), &json!({}))).await;
    let link = wallet.world.verifier.request();
    let (status, told) = wallet.authorize(&link).await;
    assert_eq!((status, &told["outcome"]), (202, &json!("waiting")), "{told}");
    assert!(!wallet.world.verifier.answered());
    assert_eq!(wallet.waiting().await.len(), 1);

    // The same without the token, and with it.
    let body = json!({"link": wallet.world.verifier.request()});
    assert_eq!(wallet.administer_as_stranger("requests", &body).await, 401);
    assert!(!wallet.world.verifier.answered());
    let (status, told) = wallet.administer("requests", &body).await;
    assert_eq!((status, &told["outcome"]), (200, &json!("answered")), "{told}");
    assert_eq!(told["continue_at"], "https://verifier.example/done?code=1");
    assert_eq!(wallet.world.verifier.answers().len(), 1);

    // A token in the address or for the endpoint that everybody reaches makes nobody its owner.
    let link = wallet.world.verifier.request();
    let request = wallet.bring("/authorize", &link).bearer_auth(TOKEN);
    assert_eq!(request.send().await.unwrap().status(), 202);
    assert_eq!(wallet.world.verifier.answers().len(), 1);
}

/// Whatever the verifier adds to the address is for the browser that has the session there.
#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_told_the_whole_address_to_go_on_at() {
    let world = World::new();
    world.receive();
    world
        .verifier
        .set_return("https://verifier.example/done#response_code=7");
    let wallet = Headless::start(world, policy(&json!({}), &json!({}))).await;
    let link = wallet.world.verifier.request();
    let (_, told) = wallet.bring_as_owner("requests", &link).await;
    assert_eq!(
        told["continue_at"],
        "https://verifier.example/done#response_code=7"
    );

    // Whoever decides for somebody else's browser is not told what belongs to that one.
    let browser = Browser::brings(&wallet).await;
    let entries = wallet.waiting().await;
    let (status, told) = wallet.allow_by_code(&entries[0]["flow"], &browser.code).await;
    assert_eq!((status, &told["outcome"]), (200, &json!("answered")));
    assert_eq!(told.get("continue_at"), None);
    let response = browser.looks(&wallet).await;
    assert_eq!(
        response.headers()["location"],
        "https://verifier.example/done#response_code=7"
    );
}

/// A browser that brought a request which waits.
struct Browser {
    pending: String,
    code: Value,
    cookie: String,
}

impl Browser {
    async fn brings(wallet: &Headless) -> Self {
        let link = wallet.world.verifier.request();
        let response = wallet.bring("/authorize", &link).send().await.unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
        let (status, waits) = told(response).await;
        assert_eq!((status, &waits["outcome"]), (202, &json!("waiting")), "{waits}");
        Self {
            pending: waits["continue_at"].as_str().unwrap().to_owned(),
            code: waits["comparison_code"].clone(),
            cookie,
        }
    }

    async fn looks(&self, wallet: &Headless) -> reqwest::Response {
        let pair = self.cookie.split(';').next().unwrap();
        let request = wallet.follow(&self.pending).header("cookie", pair);
        request.send().await.unwrap()
    }
}

/// The session at the verifier may be a stranger's, who has somebody else wait in his place (OpenID4VP, section 14.2).
#[tokio::test(flavor = "multi_thread")]
async fn what_a_browser_brought_is_allowed_by_the_code_of_its_page_and_goes_on_in_it_alone() {
    let world = World::new();
    world.receive();
    let wallet = Headless::start(world, policy(&json!({}), &json!({}))).await;
    let (stranger, own) = (Browser::brings(&wallet).await, Browser::brings(&wallet).await);
    for part in [
        "__Host-symbolon-wallet-request-",
        "; Secure",
        "; HttpOnly",
        "; SameSite=Lax",
        "; Path=/;",
        "; Max-Age=172800;",
    ] {
        assert!(own.cookie.contains(part), "{part}: {}", own.cookie);
    }
    // One of its own for each request, so that none takes the place of another.
    let name = own.pending.rsplit('/').next().unwrap();
    assert!(own.cookie.contains(&format!("{name}=")), "{}", own.cookie);
    assert_ne!(stranger.code, own.code);
    // The list does not tell the code: whoever allows has it from the page, or from whoever sees that.
    let entries = wallet.waiting().await;
    assert_eq!(entries.len(), 2);
    for entry in &entries {
        assert_eq!(entry["comparison_code_needed"], true);
        assert!(!entry.to_string().contains(own.code.as_str().unwrap()));
    }
    let flow_of = |browser: &Browser| json!(browser.pending.rsplit('/').next().unwrap());
    for code in [json!(null), stranger.code.clone(), json!(""), json!("000 00")] {
        let (status, told) = wallet.allow_by_code(&flow_of(&own), &code).await;
        assert_eq!(
            (status, &told["error"]),
            (403, &json!("access_denied")),
            "{code}: {told}"
        );
    }
    assert!(!wallet.world.verifier.answered());
    assert_eq!(wallet.waiting().await.len(), 2, "it still waits");

    // As it is typed, in one piece.
    let typed = json!(own.code.as_str().unwrap().replace(' ', ""));
    let (status, told) = wallet.allow_by_code(&flow_of(&own), &typed).await;
    assert_eq!((status, &told["outcome"]), (200, &json!("answered")), "{told}");

    // Whoever has the name, and another browser's cookie or none, is told that it was answered, and not where it goes on.
    let name = wallet.follow(&own.pending).send().await.unwrap();
    assert!(name.headers().get("location").is_none());
    assert_eq!(self::told(name).await.1, json!({"outcome": "answered"}));
    let other = Browser {
        pending: own.pending.clone(),
        code: own.code.clone(),
        cookie: own.cookie.replacen(
            own.cookie.split(['=', ';']).nth(1).unwrap(),
            stranger.cookie.split(['=', ';']).nth(1).unwrap(),
            1,
        ),
    };
    assert!(other.looks(&wallet).await.headers().get("location").is_none());
    let response = own.looks(&wallet).await;
    assert_eq!(response.status(), 302);
    assert_eq!(
        response.headers()["location"],
        "https://verifier.example/done?code=1"
    );
}

/// What the browser is known by is in the store, beside what waits.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_known_still_after_a_restart_and_nobody_else_sees_its_code() {
    let world = World::new();
    world.receive();
    let wallet = Headless::start(world, policy(&json!({}), &json!({}))).await;
    let browser = Browser::brings(&wallet).await;
    wallet.agent.begin().await.unwrap();
    let (status, seen) = told(browser.looks(&wallet).await).await;
    assert_eq!((status, &seen["comparison_code"]), (202, &browser.code));
    let (status, seen) = told(wallet.follow(&browser.pending).send().await.unwrap()).await;
    assert_eq!((status, seen.get("comparison_code")), (202, None));
    let entries = wallet.waiting().await;
    assert_eq!(wallet.decide(&entries[0]["flow"], "allow").await.0, 403);
    // A refusal needs no code.
    let (_, told) = wallet.decide(&entries[0]["flow"], "refuse").await;
    assert_eq!(told["outcome"], "declined");
}

/// The page says the code to people, in every language.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_the_code() {
    let world = World::new();
    world.receive();
    let wallet = Headless::start(world, policy(&json!({}), &json!({}))).await;
    let link = wallet.world.verifier.request();
    let request = wallet.bring("/authorize", &link).header("accept", "text/html");
    let page = request.send().await.unwrap().text().await.unwrap();
    let code = page.split("<strong dir=\"ltr\">").nth(1).expect("a code");
    let code = code.split('<').next().unwrap();
    let entries = wallet.waiting().await;
    let (status, _) = wallet.allow_by_code(&entries[0]["flow"], &json!(code)).await;
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_answers_for_anybody_answers_strangers() {
    let world = World::new();
    world.receive();
    let wallet = Headless::start(world, for_anybody()).await;
    let before = wallet.stored().await;
    let link = wallet.world.verifier.request();
    let response = wallet.bring("/authorize", &link).send().await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(
        response.headers()["location"],
        "https://verifier.example/done?code=1"
    );
    assert_eq!(wallet.world.verifier.answers().len(), 1);
    let (flows, history, _) = wallet.stored().await;
    assert_eq!(
        (flows, history),
        (before.0, before.1 + 1),
        "what was told is in the history alone"
    );
}

/// Nobody knows after a restart who had brought what waits.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_stranger_brought_waits_still_after_a_restart() {
    let world = World::new();
    world.receive();
    let wallet = Headless::start(world, policy(&json!({}), &json!({}))).await;
    let link = wallet.world.verifier.request();
    wallet.authorize(&link).await;
    wallet.agent.begin().await.unwrap();
    assert!(!wallet.world.verifier.answered());
    assert_eq!(wallet.waiting().await.len(), 1);
}

/// The owner's requests need no room, and a restart takes none from them.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_owner_brought_waits_still_after_a_restart() {
    let world = World::new();
    world.receive();
    let holds = policy(&json!({"decision": "hold"}), &json!({}));
    let wallet = Headless::start(world, holds).await;
    for _ in 0..4 {
        let link = wallet.world.verifier.request();
        let (_, told) = wallet.bring_as_owner("requests", &link).await;
        assert_eq!(told["outcome"], "waiting");
    }
    wallet.agent.begin().await.unwrap();
    let entries = wallet.waiting().await;
    assert_eq!(entries.len(), 4);
    // He needs no code, before and after.
    for entry in &entries {
        assert_eq!(entry["comparison_code_needed"], false);
    }
}

/// A link to one person's endpoint is not answered with another's wallet.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_the_wallet_says_itself_whose_it_is_for() {
    let world = World::new();
    world.receive();
    let wallet = Headless::start(world, policy(&json!({}), &json!({}))).await;
    let at = |path: &str| {
        let link = wallet.world.verifier.request();
        format!("{IDENTIFIER}{path}?{}", query(&link))
    };
    for (path, person, expected) in [
        ("/people/ward/authorize", None, 404),
        ("/people/ward/authorize", Some("ward"), 404),
        ("/people/ward/authorize", Some("other"), 400),
        ("/authorize", Some("ward"), 400),
        ("/pending/1", None, 400),
        ("/people/a/b/authorize", None, 400),
        ("/authorize", None, 200),
    ] {
        assert!(!wallet.world.verifier.answered(), "before {path}");
        let mut body = json!({"link": at(path)});
        if let Some(person) = person {
            body["person"] = json!(person);
        }
        let (status, told) = wallet.administer("requests", &body).await;
        assert_eq!(status, expected, "{path} for {person:?}: {told}");
    }
    assert!(wallet.world.verifier.answered());
    // A link of another scheme or host says nothing of it.
    let link = wallet.world.verifier.request();
    let body = json!({"link": link, "person": "ward"});
    assert_eq!(wallet.administer("requests", &body).await.0, 404);
}

/// An offer may have been made for somebody else, whose credential the wallet would then show as its owner's (row 15).
#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_a_stranger_brings_waits_and_one_that_the_owner_brings_is_taken() {
    let wallet = Headless::start(World::new(), policy(&json!({}), &json!({}))).await;
    let (status, told) = wallet.offer(&wallet.world.issuer.offer(None)).await;
    assert_eq!((status, &told["outcome"]), (202, &json!("waiting")), "{told}");
    assert_eq!(wallet.world.held(), (0, 0));
    let link = wallet.world.issuer.offer(None);
    let body = json!({"link": link});
    assert_eq!(wallet.administer_as_stranger("offers", &body).await, 401);
    assert_eq!(wallet.world.held(), (0, 0));
    let (status, told) = wallet.administer("offers", &body).await;
    assert_eq!((status, &told["outcome"]), (200, &json!("received")), "{told}");
    assert_eq!(wallet.world.held(), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_link_is_refused_by_its_name() {
    let wallet = Headless::start(World::new(), policy(&json!({}), &json!({}))).await;
    for body in [
        json!({}),
        json!({"link": "openid4vp://"}),
        json!({"link": "openid4vp://?client_id=x", "owner": true}),
    ] {
        for path in ["requests", "offers"] {
            let (status, told) = wallet.administer(path, &body).await;
            assert_eq!(
                (status, &told["error"]),
                (400, &json!("invalid_request")),
                "{body}"
            );
        }
    }
    // Nobody is reached at an address that nobody has, nor at one that nobody can have, wherever it stands.
    let at = format!("{IDENTIFIER}/people/A%20b/authorize?client_id=x");
    for body in [
        json!({"link": "openid4vp://?client_id=x", "person": "nobody"}),
        json!({"link": "openid4vp://?client_id=x", "person": "A b"}),
        json!({"link": at}),
    ] {
        assert_eq!(wallet.administer("requests", &body).await.0, 404, "{body}");
        assert_eq!(wallet.administer("offers", &body).await.0, 404, "{body}");
    }
    for path in [
        "/people/nobody/authorize?client_id=x",
        "/people/A%20b/authorize?client_id=x",
        "/people/%FF/authorize?client_id=x",
        "/people/%FF/credential-offer?credential_offer=x",
        "/pending/1",
        "/pending/%FF",
    ] {
        let (status, refused) = told(wallet.at(path).send().await.unwrap()).await;
        assert_eq!(
            (status, &refused["error"]),
            (404, &json!("invalid_request")),
            "{path}"
        );
    }
    // The list is the owner's too.
    let response = wallet.at("/admin/v1/waiting").send().await.unwrap();
    assert_eq!(told(response).await.0, 401);
}
