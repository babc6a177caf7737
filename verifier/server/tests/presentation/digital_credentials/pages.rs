//! Pages that ask: the verifier's own, and those of relying parties.

use super::*;

/// A browser at the page of the verifier's own.
struct Browser<'w> {
    world: &'w World,
    cookie: Option<String>,
}

impl<'w> Browser<'w> {
    async fn open(world: &'w World, page: &str) -> (Self, Fetched) {
        let opened = world.send(Method::GET, page, &[], "").await;
        let cookie = opened.headers.get("set-cookie").map(|cookie| {
            let cookie = cookie.to_str().unwrap();
            cookie.split(';').next().unwrap().to_owned()
        });
        (Self { world, cookie }, opened)
    }

    async fn bring(&self, page: &str, origin: Option<&str>, answer: &Value) -> Fetched {
        let cookie = self.cookie.clone().unwrap_or_default();
        let mut headers = vec![(CONTENT_TYPE, "application/json"), (COOKIE, cookie.as_str())];
        if let Some(origin) = origin {
            headers.push((ORIGIN, origin));
        }
        let path = format!("{page}/digital-credentials");
        self.world
            .send(Method::POST, &path, &headers, &answer.to_string())
            .await
    }
}

#[tokio::test]
async fn the_page_brings_the_answer_of_the_browser_that_began() {
    let world = World::new().await;
    let more = json!({ "page": "cross_device", "return_to": RETURN });
    let made = make(&world, &mdoc_query(), &more).await;
    let page = made.page.clone().unwrap();
    let (browser, opened) = Browser::open(&world, &page).await;
    let policy = opened.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("script-src 'self'") && policy.contains("connect-src 'self'"));
    let permissions = opened.headers["permissions-policy"].to_str().unwrap();
    assert!(
        permissions.contains("digital-credentials-get=(self)"),
        "{permissions}"
    );
    let html = String::from_utf8(opened.body).unwrap();
    for part in [
        "digital-credentials.js",
        "openid4vp-v1-multisigned",
        "org-iso-mdoc",
        "<svg role=\"img\"",
        "<noscript><meta http-equiv=\"refresh\"",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    let script = world
        .send(Method::GET, "/presentations/digital-credentials.js", &[], "")
        .await;
    assert_eq!(script.status, 200);
    assert_eq!(script.media_type(), "text/javascript");

    let wallet = Wallet::at(&world, &made.origin);
    let answer = wallet.answer(made.by(ExchangeProtocol::OpenId4VpMultisigned));
    let own = Some(world.base.as_str());
    let stranger = Browser {
        world: &world,
        cookie: None,
    };
    for (browser, origin) in [
        (&browser, Some("http://127.0.0.1:666")),
        (&browser, Some("null")),
        (&browser, None),
        (&stranger, own),
    ] {
        let refused = browser.bring(&page, origin, &answer).await;
        assert_eq!(
            (refused.status, &json_of(&refused)["error"]),
            (403, &json!("invalid_request"))
        );
    }
    // Nor does whoever made the request bring what belongs to the browser.
    assert_eq!(bring(&world, &made.id, &answer).await.status, 404);

    let brought = browser.bring(&page, own, &answer).await;
    assert_eq!(brought.status, 200, "{}", String::from_utf8_lossy(&brought.body));
    let next = json_of(&brought)["redirect_uri"].as_str().unwrap().to_owned();
    let code = next.strip_prefix(&format!("{RETURN}?response_code=")).unwrap();
    assert_eq!(world.result(&made.id).await["withheld"], "until_response_code");
    let released = world
        .administer(Method::GET, &format!("/{}?response_code={code}", made.id), "")
        .await;
    assert_eq!(
        presented(&json_of(&released))["reports"][0]["report"]["verdict"],
        "valid"
    );
    assert_eq!(browser.bring(&page, own, &answer).await.status, 410);
}

#[tokio::test]
async fn the_holder_hears_in_a_sentence_that_it_was_not_accepted() {
    let world = World::new().await;
    let made = make(&world, &world.query(), &json!({ "page": "cross_device" })).await;
    let page = made.page.clone().unwrap();
    let (browser, _) = Browser::open(&world, &page).await;
    let phished = Wallet::at(&world, "http://127.0.0.1:666");
    let answer = phished.answer(made.by(ExchangeProtocol::OpenId4VpUnsigned));
    let refused = browser.bring(&page, Some(&world.base), &answer).await;
    assert_eq!(refused.status, 400);
    assert!(
        json_of(&refused)["error_description"]
            .as_str()
            .unwrap()
            .contains("not accepted")
    );
    let result = world.result(&made.id).await;
    assert_eq!(presented(&result)["reports"][0]["report"]["verdict"], "invalid");
}

#[tokio::test]
async fn a_request_without_an_offer_has_none() {
    let world = World::new().await;
    let body = json!({ "dcql_query": mdoc_query(), "page": "cross_device" });
    let made = json_of(&world.administer(Method::POST, "", &body.to_string()).await);
    assert!(made.get("digital_credentials").is_none());
    let id = made["request_id"].as_str().unwrap();
    let none = world
        .administer(Method::GET, &format!("/{id}/digital-credentials"), "")
        .await;
    assert_eq!(none.status, 404);
    let page = made["page"].as_str().unwrap();
    let (browser, opened) = Browser::open(&world, page).await;
    let html = String::from_utf8(opened.body).unwrap();
    assert!(!html.contains("<script") && !html.contains("id=\"digital-credentials\""));
    let answer = json!({ "protocol": "org-iso-mdoc", "data": {} });
    assert_eq!(browser.bring(page, Some(&world.base), &answer).await.status, 404);
    let plain = json!({ "dcql_query": mdoc_query() });
    let made = json_of(&world.administer(Method::POST, "", &plain.to_string()).await);
    let page = format!("/presentations/{}", made["request_id"].as_str().unwrap());
    assert_eq!(browser.bring(&page, Some(&world.base), &answer).await.status, 404);
}

async fn shop(world: &World) -> String {
    let bearer = format!("Bearer {}", crate::world::TOKEN);
    let path = "/admin/v1/relying-parties/shop/keys";
    let made = world
        .send(Method::POST, path, &[(AUTHORIZATION, &bearer)], "")
        .await;
    format!("Bearer {}", json_of(&made)["key"].as_str().unwrap())
}

fn with_shop(configuration: &mut VerifierConfiguration) {
    let document = json!({ "name": "Corner Shop", "own_queries": "allowed", "origins": [SHOP] });
    configuration.relying_parties.insert(
        RelyingPartyName::parse("shop").unwrap(),
        serde_json::from_value(document).unwrap(),
    );
}

#[tokio::test]
async fn a_relying_party_asks_from_its_own_pages() {
    let world = World::with_page(with_shop, ScanAccess::Open).await;
    let bearer = shop(&world).await;
    let ask = async |origin: &str| {
        let body = json!({ "dcql_query": mdoc_query(), "digital_credentials": { "origin": origin } });
        let path = "/relying-party/v1/presentation-requests";
        world
            .send(Method::POST, path, &[(AUTHORIZATION, &bearer)], &body.to_string())
            .await
    };
    let foreign = ask("https://evil.example").await;
    assert_eq!(foreign.status, 400);
    assert_eq!(
        json_of(&foreign)["error_description"],
        "origin is none of the origins of the caller"
    );
    let made = Made::of(&json_of(&ask(SHOP).await));
    assert_eq!(made.origin, SHOP);
    let path = format!(
        "/relying-party/v1/presentation-requests/{}/digital-credentials",
        made.id
    );
    let read = world
        .send(Method::GET, &path, &[(AUTHORIZATION, &bearer)], "")
        .await;
    assert_eq!(json_of(&read)["origin"], SHOP);
    // The operator has no part in it.
    let operators = world
        .administer(Method::GET, &format!("/{}/digital-credentials", made.id), "")
        .await;
    assert_eq!(operators.status, 404);

    let answer = Wallet::at(&world, SHOP).answer(made.by(ExchangeProtocol::OpenId4VpSigned));
    let headers = [
        (AUTHORIZATION, bearer.as_str()),
        (CONTENT_TYPE, "application/json"),
    ];
    let brought = world
        .send(Method::POST, &path, &headers, &answer.to_string())
        .await;
    assert_eq!(brought.status, 200, "{}", String::from_utf8_lossy(&brought.body));
    let brought = json_of(&brought);
    assert_eq!(
        presented(&brought)["reports"][0]["report"]["verdict"],
        "valid",
        "{brought:#}"
    );
}

#[tokio::test]
async fn a_page_of_the_verifiers_own_has_the_verifiers_origin() {
    let world = World::with_page(
        |configuration| {
            configuration.origins = vec![Origin::parse(SHOP, UrlPolicy::Development).unwrap()];
        },
        ScanAccess::Open,
    )
    .await;
    let own = json!({ "page": "cross_device", "digital_credentials": { "origin": SHOP } });
    try_to_make(&world, &mdoc_query(), &own, 400).await;
    let made = make(
        &world,
        &mdoc_query(),
        &json!({ "digital_credentials": { "origin": SHOP } }),
    )
    .await;
    assert_eq!(made.origin, SHOP);
}

#[tokio::test]
async fn the_profile_encrypts_and_signs_under_x509_hash_alone() {
    let world = World::configured(|configuration| configuration.profile = PresentationProfile::Haip).await;
    let plain = json!({ "digital_credentials": { "response_mode": "dc_api" } });
    try_to_make(&world, &mdoc_query(), &plain, 400).await;
    let made = make(&world, &mdoc_query(), &json!({})).await;
    let several = made.by(ExchangeProtocol::OpenId4VpMultisigned);
    let signed = signed_requests(several.protocol, &several.data).unwrap();
    assert_eq!(signed.len(), 1);
    assert!(matches!(
        signed[0].client_id().prefix(),
        ClientIdPrefix::X509Hash(_)
    ));
    let answer = Wallet::at(&world, &made.origin).answer(several);
    let result = json_of(&bring(&world, &made.id, &answer).await);
    assert_eq!(presented(&result)["reports"][0]["report"]["verdict"], "valid");
}

#[tokio::test]
async fn a_request_that_is_over_is_not_offered_any_more() {
    let world = World::new().await;
    let made = make(&world, &mdoc_query(), &json!({})).await;
    let answer = Wallet::at(&world, &made.origin).answer(made.by(ExchangeProtocol::IsoMdoc));
    world.advance(601);
    let read = world
        .administer(Method::GET, &format!("/{}/digital-credentials", made.id), "")
        .await;
    assert_eq!(read.status, 410);
    assert_eq!(bring(&world, &made.id, &answer).await.status, 410);
}
