//! What pages look like, to whom codes are shown and how they are sent (ATTACKS.md row 20).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use symbolon_crypto::UnixTime;
use symbolon_crypto::symmetric::hmac_sha256;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer_server::sign_in::{
    CodeSender, DemoSender, FileSender, SignInSetup, WebhookSecret, WebhookSender,
};
use symbolon_protocol::identifier::HttpUrl;

use crate::harness::{ADMINISTRATION_TOKEN, FATIMA, HASSAN, START, World, record};
use crate::resident::{Browser, by_code, world, world_of};
use crate::wallet::policy;

#[tokio::test(flavor = "multi_thread")]
async fn pages_speak_the_residents_language() {
    let (world, _) = world().await;
    let mut browser = Browser::sent_with(&world, &[("ui_locales", "xx ar-MA fr")]).await;
    browser.accept_language = Some("fr");
    let page = browser.get("/sign-in").await;
    assert!(page.html.contains(r#"<html lang="ar" dir="rtl">"#) && page.html.contains("رقم هويتك"));
    assert_eq!(page.headers["content-language"], "ar");
    // The resident's own choice wins, and stays.
    let switched = browser.get("/sign-in?language=hi").await;
    assert_eq!(switched.location(), "/sign-in");
    assert!(
        browser
            .get("/sign-in")
            .await
            .html
            .contains(r#"<html lang="hi" dir="ltr">"#)
    );
    assert!(
        browser
            .get("/sign-in/cancel")
            .await
            .html
            .contains(r#"<html lang="hi""#)
    );
    let mut other = Browser::sent(&world).await;
    other.accept_language = Some("de, fr-CA;q=0.9, en;q=0.8");
    assert!(other.get("/sign-in").await.html.contains(r#"<html lang="fr""#));
    let metadata = world
        .client
        .get(world.url("/.well-known/oauth-authorization-server"));
    let metadata: Value = metadata.send().await.unwrap().json().await.unwrap();
    assert_eq!(metadata["ui_locales_supported"], json!(["en", "ar", "fr", "hi"]));
    // A language that is none is no header field either.
    let odd = other.get("/sign-in?language=%0d%0aset-cookie:x").await;
    assert!(odd.headers.get("set-cookie").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_named_in_the_residents_language() {
    let (world, postbox) = world().await;
    let mut browser = Browser::sent_with(&world, &[("ui_locales", "fr")]).await;
    browser.sign_in(&postbox).await;
    let consent = browser.get("/consent").await;
    assert!(consent.html.contains("Identité nationale") && consent.html.contains("Date de naissance"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_forbids_frames_scripts_referrers_and_caches() {
    let (world, postbox) = world().await;
    let mut browser = Browser::sent(&world).await;
    let mut pages = vec![
        browser.get("/sign-in").await,
        browser.get("/sign-in/cancel").await,
    ];
    browser.type_number(HASSAN).await;
    pages.push(browser.get("/sign-in").await);
    pages.push(browser.type_code("000000").await);
    let mut second = Browser::sent(&world).await;
    second.sign_in(&postbox).await;
    pages.push(second.get("/consent").await);
    pages.push(Browser::new(&world).get("/sign-in").await);
    let mut lost = Browser::new(&world);
    pages.push(lost.get("/authorize?client_id=unknown&response_type=code").await);
    for page in &pages {
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        for directive in [
            "default-src 'none'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(directive), "{policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("script-src") && !policy.contains('*'));
        assert_eq!(page.headers["cache-control"], "no-store");
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert_eq!(page.headers["x-frame-options"], "DENY");
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
        assert!(!page.html.contains("<script") && !page.html.contains("style="));
        assert!(
            !page.html.contains("http://") && !page.html.contains("src=\"//"),
            "nothing from elsewhere"
        );
    }
    let consent = pages[4].headers["content-security-policy"].to_str().unwrap();
    assert!(consent.ends_with("form-action 'self' https:"));
    let code = pages[2].headers["content-security-policy"].to_str().unwrap();
    assert!(
        code.ends_with("form-action 'self'"),
        "where a code is typed nothing leads elsewhere"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_others_are_text_and_never_markup() {
    let mut authorization = policy();
    authorization.unknown_clients = symbolon_issuer::authorization::UnknownClients::Public;
    let (world, postbox) = world_of(authorization).await;
    let evil = r#"<img src=x onerror=alert(1)>"{{ 7*7 }}{issuer}"#;
    let mut with_markup = record(FATIMA, "x");
    with_markup["fullName"] = json!([{ "language": "eng", "value": evil }]);
    world.import(&[with_markup]).await;
    let mut browser = Browser::sent_with(&world, &[]).await;
    browser.sign_in(&postbox).await;
    let typed = Browser::sent(&world).await.type_number(evil).await;
    assert_eq!(typed.status, StatusCode::BAD_REQUEST);
    assert!(!typed.html.contains("onerror") && !typed.html.contains("49"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_request_that_begins_nothing_is_said_to_the_resident() {
    let (world, _) = world().await;
    let mut browser = Browser::new(&world);
    for (query, expected) in [
        (
            "client_id=unknown&response_type=code&redirect_uri=https%3A%2F%2Fwallet.example%2Fback",
            "The wallet",
        ),
        (
            "client_id=public-wallet&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Agone",
            "The request has expired",
        ),
        ("", "cannot be understood"),
    ] {
        let page = browser.get(&format!("/authorize?{query}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(page.html.contains(expected), "{query}: {}", page.html);
        assert!(page.headers.get("set-cookie").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_page_shows_codes_for_the_administration_token_alone() {
    let sign_in = by_code(CodeSender::Shown(Arc::new(DemoSender::default())));
    let world = World::start_signing_in(IssuerPolicy::default(), policy(), sign_in).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let mut resident = Browser::sent(&world).await;
    resident.type_number(HASSAN).await;
    let mut operator = Browser::new(&world);
    assert!(
        operator
            .get("/operator/codes")
            .await
            .html
            .contains(r#"name="token""#)
    );
    for wrong in ["", "wrong"] {
        let refused = operator.post("/operator/codes", &[("token", wrong)]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert!(!refused.html.contains("6352000101"));
    }
    let mut messages = json!([]);
    for _ in 0..200 {
        messages = world.ordered("/sign-in-codes", json!({})).await;
        if messages.as_array().is_some_and(|messages| !messages.is_empty()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let code = messages[0]["code"].as_str().unwrap();
    let shown = operator
        .post("/operator/codes", &[("token", ADMINISTRATION_TOKEN)])
        .await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.html.contains(code) && shown.html.contains("6352000101"));
    assert_eq!(resident.type_code(code).await.location(), "/consent");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_codes_are_sent_or_nobody_signs_in_there_is_no_operators_page() {
    let (world, _) = world().await;
    let mut operator = Browser::new(&world);
    assert_eq!(
        operator.get("/operator/codes").await.status,
        StatusCode::NOT_FOUND
    );
    let posted = operator
        .post("/operator/codes", &[("token", ADMINISTRATION_TOKEN)])
        .await;
    assert_eq!(posted.status, StatusCode::NOT_FOUND);
    let order = world
        .order("/sign-in-codes")
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(order.status(), StatusCode::CONFLICT);
    let translations = Arc::new(symbolon_issuer_server::shipped_translations().unwrap());
    let closed = World::start_signing_in(
        IssuerPolicy::default(),
        policy(),
        SignInSetup::closed(translations),
    )
    .await;
    let page = Browser::sent(&closed).await.get("/sign-in").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.html.contains("not set up"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_sender_appends_lines_that_its_owner_alone_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codes.ndjson");
    let sender = FileSender::open(&path).unwrap();
    let world = World::start_signing_in(
        IssuerPolicy::default(),
        policy(),
        by_code(CodeSender::Sent(Arc::new(sender))),
    )
    .await;
    let mut arabic = record(HASSAN, "Hassan Ali");
    arabic["preferredLang"] = json!("ara");
    world.import(&[arabic]).await;
    let mut browser = Browser::sent(&world).await;
    browser.type_number(HASSAN).await;
    let mut text = String::new();
    for _ in 0..200 {
        text = std::fs::read_to_string(&path).unwrap();
        if text.ends_with('\n') {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let message: Value = serde_json::from_str(text.trim()).unwrap();
    assert_eq!(message["to"], "6352000101");
    assert_eq!(
        (&message["channel"], &message["language"]),
        (&json!("phone"), &json!("ar"))
    );
    assert!(message["text"].as_str().unwrap().contains("رمزك"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let code = message["code"].as_str().unwrap();
    assert_eq!(browser.type_code(code).await.location(), "/consent");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_than_a_pages_own_are_refused() {
    let (world, _) = world().await;
    let key = Browser::sent(&world).await.key().to_owned();
    for (method, path) in [
        (Method::GET, "/consent/approve"),
        (Method::GET, "/sign-in/number"),
        (Method::POST, "/sign-in"),
    ] {
        let request = world.client.request(method, world.url(path));
        let answer = request
            .header("cookie", format!("symbolon-authorization={key}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

/// What a gateway was posted: its signature and its body.
type Posted = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

#[tokio::test(flavor = "multi_thread")]
async fn the_webhook_posts_signed_messages_and_tries_again() {
    let posted = Posted::default();
    let heard = Arc::clone(&posted);
    let gateway = axum::Router::new().route(
        "/messages",
        axum::routing::post(async move |headers: http::HeaderMap, body: axum::body::Bytes| {
            let mut heard = heard.lock().unwrap();
            let signature = headers["symbolon-signature"].to_str().unwrap().to_owned();
            heard.push((signature, body.to_vec()));
            // The first one fails.
            if heard.len() == 1 {
                http::StatusCode::BAD_GATEWAY
            } else {
                http::StatusCode::ACCEPTED
            }
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/messages", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, gateway).await.unwrap() });
    let secret = "the-secret-of-the-gateway-and-ours";
    let sender = WebhookSender::new(
        HttpUrl::parse(&url).unwrap(),
        WebhookSecret::parse(secret).unwrap(),
        Arc::new(|| UnixTime::from_seconds(START)),
    );
    let sign_in = by_code(CodeSender::Sent(Arc::new(sender.unwrap())));
    let world = World::start_signing_in(IssuerPolicy::default(), policy(), sign_in).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let mut browser = Browser::sent(&world).await;
    browser.type_number(HASSAN).await;
    for _ in 0..300 {
        if posted.lock().unwrap().len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let posted = posted.lock().unwrap().clone();
    assert_eq!(posted.len(), 2, "and not more often than needed");
    assert_eq!(posted[0], posted[1], "the same message, not another code");
    let (signature, body) = &posted[1];
    let signed = [format!("{START}.").as_bytes(), body].concat();
    let expected: String = hmac_sha256(secret.as_bytes(), &signed)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(*signature, format!("t={START},v1={expected}"));
    let message: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(message["to"], "6352000101");
    let code = message["code"].as_str().unwrap();
    assert_eq!(browser.type_code(code).await.location(), "/consent");
}
