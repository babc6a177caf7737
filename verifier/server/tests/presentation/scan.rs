//! The shop's page, as a browser meets it: with and without a script.

use http::Method;
use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE};
use serde_json::{Value, json};
use symbolon_credential::claim169::Cwt;
use symbolon_http::fetch::Fetched;
use symbolon_qr_picture::{ErrorCorrection, LumaPicture, Symbol, Version, encode_png};
use symbolon_trust::status_list::Status;
use symbolon_trust::testing::{DAY, NOW, TestKey};
use symbolon_verifier::request::MasterSecret;
use symbolon_verifier_server::{ScanAccess, ScanCode};
use zeroize::Zeroizing;

use crate::world::{INDEX, World, json_of};

const FACE: &[u8] = b"RIFF\x04\0\0\0WEBPVP8 ";

fn claims(world: &World) -> Cwt {
    let mut claims = world.issuer.card(FACE, INDEX);
    claims.identity.id = Some("2345678901".to_owned());
    claims.identity.full_name = Some("Amina <b>Diallo</b>".to_owned());
    claims
}

pub(crate) fn card(world: &World) -> String {
    world.issuer.claim169_key.sign_card(&claims(world)).qr_text()
}

fn html(fetched: &Fetched) -> String {
    String::from_utf8(fetched.body.clone()).unwrap()
}

async fn get(world: &World, language: &str) -> Fetched {
    world
        .send(Method::GET, "/scan", &[(ACCEPT_LANGUAGE, language)], "")
        .await
}

/// The form of the page, as a browser without scripts sends it.
async fn upload(world: &World, name: &str, content: &[u8]) -> Fetched {
    let mut body = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    let headers = [
        (CONTENT_TYPE, "multipart/form-data; boundary=edge"),
        (ACCEPT_LANGUAGE, "en"),
    ];
    world.send(Method::POST, "/scan", &headers, &body).await
}

async fn codes(world: &World, codes: &[String]) -> Fetched {
    let body = json!({ "codes": codes }).to_string();
    let headers = [(CONTENT_TYPE, "application/json"), (ACCEPT_LANGUAGE, "en")];
    world.send(Method::POST, "/scan/codes", &headers, &body).await
}

pub(crate) async fn told(world: &World, texts: &[String]) -> Value {
    let fetched = codes(world, texts).await;
    assert_eq!(fetched.status, 200);
    json_of(&fetched)
}

#[tokio::test]
async fn a_card_is_judged_without_a_script_and_its_texts_are_escaped() {
    let world = World::new().await;
    let page = upload(&world, "text", card(&world).as_bytes()).await;
    assert_eq!(page.status, 200);
    let page = html(&page);
    assert!(page.contains("data-verdict=\"genuine\""), "{page}");
    assert!(page.contains("Compare the person with the photo"));
    assert!(
        page.contains("<img src=\"data:image&#x2f;webp;base64,")
            || page.contains("<img src=\"data:image/webp;base64,")
    );
    assert!(page.contains("Amina &lt;b&gt;Diallo") && !page.contains("<b>"));
    assert!(page.contains("1990-02-03") && page.contains("Status as of"));
}

#[tokio::test]
async fn a_picture_is_read_by_upload_and_frame_by_frame() {
    let world = World::new().await;
    let symbol = Symbol::draw(card(&world).as_bytes(), ErrorCorrection::Low, Version::LARGEST).unwrap();
    let picture = symbol.to_png(4).unwrap();
    let page = html(&upload(&world, "picture", &picture).await);
    assert!(page.contains("data-verdict=\"genuine\""), "{page}");

    let png = [(CONTENT_TYPE, "image/png")];
    let frame = world.send(Method::POST, "/scan/frames", &png, &picture).await;
    assert_eq!(frame.status, 200);
    let frame = json_of(&frame);
    assert_eq!(
        (&frame["verdict"], &frame["more"]),
        (&json!("genuine"), &json!(false))
    );
    assert_eq!(frame["codes"], json!([card(&world)]));

    let blank = encode_png(&LumaPicture::from_fn(200, 200, |_, _| 255)).unwrap();
    let frame = world.send(Method::POST, "/scan/frames", &png, &blank).await;
    assert_eq!((frame.status, frame.body.len()), (204, 0));
    let page = upload(&world, "picture", &blank).await;
    assert!(html(&page).contains("no QR code to be read"));
    let broken = upload(&world, "picture", b"\x89PNG\r\n\x1a\nbroken").await;
    assert_eq!(broken.status, 415);
    assert!(html(&broken).contains("cannot be opened"));
    let nothing = upload(&world, "picture", b"").await;
    assert_eq!(nothing.status, 400);
}

#[tokio::test]
async fn what_is_wrong_is_said_plainly() {
    let world = World::new().await;
    let said = async |texts: &[String], verdict: &str, sentence: &str| {
        let told = told(&world, texts).await;
        assert_eq!(told["verdict"], verdict);
        let html = told["html"].as_str().unwrap();
        assert!(html.contains(sentence), "{html}");
    };
    let stranger = TestKey::new(symbolon_crypto::SignatureAlgorithm::EdDsa, 77);
    said(
        &[stranger.sign_card(&claims(&world)).qr_text()],
        "invalid",
        "changed or forged",
    )
    .await;
    let mut old = claims(&world);
    old.validity.expires = Some(NOW.minus(DAY / 2));
    said(
        &[world.issuer.claim169_key.sign_card(&old).qr_text()],
        "invalid",
        "It has expired",
    )
    .await;
    let mut foreign = claims(&world);
    foreign.issuer = Some("https://elsewhere.example".to_owned());
    said(
        &[stranger.sign_card(&foreign).qr_text()],
        "invalid",
        "not one that is trusted",
    )
    .await;
    said(&[world.credential()], "unknown", "a copy could look the same").await;
    for (status, sentence) in [
        (Status::Invalid, "revoked by its issuer"),
        (Status::Suspended, "suspended by its issuer"),
    ] {
        // What is known of the list is used for some minutes.
        let world = World::new().await;
        world.publish(status);
        let told = told(&world, &[card(&world)]).await;
        assert_eq!(told["verdict"], "invalid");
        assert!(told["html"].as_str().unwrap().contains(sentence));
    }
    let silent = World::new().await;
    silent.publish_text("no list");
    let told = told(&silent, &[card(&silent)]).await;
    assert_eq!(told["verdict"], "unknown");
    assert!(told["html"].as_str().unwrap().contains("could not be learned"));
}

#[tokio::test]
async fn the_other_code_of_a_card_brings_the_face() {
    let world = World::new().await;
    let card = claims(&world).split_face().unwrap();
    let name = world.issuer.claim169_key.sign_card(&card.identity).qr_text();
    let face = world.issuer.claim169_key.sign_card(&card.face.unwrap()).qr_text();
    let first = told(&world, core::slice::from_ref(&name)).await;
    assert_eq!(
        (&first["verdict"], &first["more"]),
        (&json!("unknown"), &json!(true))
    );
    assert!(first["html"].as_str().unwrap().contains("other code of the card"));
    let both = told(&world, &[name, face]).await;
    assert_eq!(
        (&both["verdict"], &both["more"]),
        (&json!("genuine"), &json!(false))
    );
}

#[tokio::test]
async fn what_is_no_credential_is_no_verdict_and_too_much_is_refused() {
    let world = World::new().await;
    let told = told(&world, &["https://example.org/menu".to_owned()]).await;
    assert_eq!(told["verdict"], "unreadable");
    assert!(told["html"].as_str().unwrap().trim().is_empty());
    let page = upload(&world, "text", b"hello").await;
    assert!(html(&page).contains("This code is no credential"));
    let many: Vec<String> = (0..17).map(|number| format!("code {number}")).collect();
    assert_eq!(codes(&world, &many).await.status, 413);
    assert_eq!(codes(&world, &["x".repeat((1 << 20) + 1)]).await.status, 413);
    let headers = [(CONTENT_TYPE, "application/json")];
    let wrong = world
        .send(Method::POST, "/scan/codes", &headers, "{\"codes\":")
        .await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn the_page_asks_nobody_else_and_keeps_nothing() {
    let world = World::new().await;
    let page = get(&world, "ar, en;q=0.5").await;
    assert_eq!(page.status, 200);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"));
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(
        page.headers["permissions-policy"],
        "camera=(self), microphone=(), geolocation=()"
    );
    assert_eq!(page.headers["content-language"], "ar");
    let page = html(&page);
    assert!(page.contains("<html lang=\"ar\" dir=\"rtl\">"));
    for path in [
        "/scan/scan.js",
        "/scan/camera.js",
        "/scan/telling.js",
        "/scan/scan.css",
        "/scan/style.css",
        "/scan/icon.svg",
    ] {
        assert!(page.contains(path), "{path}");
        assert_eq!(world.send(Method::GET, path, &[], "").await.status, 200);
    }
    let switched = world.send(Method::GET, "/scan?language=fr", &[], "").await;
    assert_eq!(switched.status, 303);
    let cookie = switched.headers["set-cookie"].to_str().unwrap().to_owned();
    let pair = cookie.split(';').next().unwrap();
    let french = world
        .send(
            Method::GET,
            "/scan",
            &[(COOKIE, pair), (ACCEPT_LANGUAGE, "ar")],
            "",
        )
        .await;
    assert!(html(&french).contains("<html lang=\"fr\" dir=\"ltr\">"));
}

#[tokio::test]
async fn a_device_is_let_in_by_the_code_alone() {
    let code = || ScanCode::derive(&MasterSecret::new(Zeroizing::new([3; 32])), 1);
    let world = World::with_page(|_| {}, ScanAccess::Code(code())).await;
    let asked = html(&get(&world, "en").await);
    assert!(asked.contains("id=\"enter\"") && !asked.contains("id=\"camera\""));
    assert_eq!(upload(&world, "text", card(&world).as_bytes()).await.status, 403);
    assert_eq!(codes(&world, &[card(&world)]).await.status, 403);
    let frame = world.send(Method::POST, "/scan/frames", &[], "x").await;
    assert_eq!(frame.status, 403);
    assert_eq!(world.status_fetches(), 0, "nothing was looked up for a stranger");

    let form = [(CONTENT_TYPE, "application/x-www-form-urlencoded")];
    let enter = async |code: &str| {
        world
            .send(Method::POST, "/scan/enter", &form, &format!("code={code}"))
            .await
    };
    let wrong = enter("BCDF-BCDF-BCDF-BCDF-BCDF-BCDF").await;
    assert_eq!(wrong.status, 403);
    assert!(!wrong.headers.contains_key("set-cookie") && html(&wrong).contains("This is not the code"));
    let right = enter(&code().grouped()).await;
    assert_eq!(right.status, 303);
    assert_eq!(right.headers["location"], "/scan");
    let cookie = right.headers["set-cookie"].to_str().unwrap().to_owned();
    let pair = cookie.split(';').next().unwrap();
    assert!(
        !pair.contains(&**code().grouped()),
        "the cookie does not tell the code"
    );
    let page = world.send(Method::GET, "/scan", &[(COOKIE, pair)], "").await;
    assert!(html(&page).contains("id=\"camera\""));
    let headers = [(CONTENT_TYPE, "application/json"), (COOKIE, pair)];
    let body = json!({ "codes": [card(&world)] }).to_string();
    let judged = world.send(Method::POST, "/scan/codes", &headers, &body).await;
    assert_eq!(json_of(&judged)["verdict"], "genuine");
}
