//! The resident's pages: sign-in by a code, consent, and everything that goes wrong on the way (ATTACKS.md rows 13, 19 and 20).

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::sign_in::SendCode;
use symbolon_issuer_server::sign_in::{CodeSender, SignInSetup};

use crate::harness::{ADMINISTRATION_TOKEN, FATIMA, HASSAN, World, record};
use crate::resident::{Browser, Postbox, Shown, by_code, world};
use crate::wallet::{BACK, PUBLIC, policy};

const NOBODY: &str = "9999999999";
const VID: &str = "9876543210123456";

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_signs_in_agrees_and_goes_back_with_a_code() {
    let (world, postbox) = world().await;
    let mut browser = Browser::sent(&world).await;
    let number = browser.get("/sign-in").await;
    assert!(number.html.contains("Public wallet") && number.html.contains("Registry"));
    assert_eq!(
        browser.type_number("2345 678 901").await.status,
        StatusCode::SEE_OTHER
    );
    let message = postbox.next(0).await;
    assert_eq!(message.destination.expose(), "6352000101");
    assert!(message.text.contains(&message.request) && message.text.contains(&message.code[..3]));
    let page = browser.get("/sign-in").await;
    assert!(page.html.contains("••••••••01") && page.html.contains(&message.request));
    assert!(!page.html.contains("6352000101") && !page.html.contains(HASSAN));
    let planted = browser.stolen();
    let shown = browser.type_code(&message.code).await;
    assert_eq!(shown.location(), "/consent");
    assert_ne!(
        planted.key(),
        browser.key(),
        "whoever planted the key has nothing"
    );

    let consent = browser.get("/consent").await;
    for expected in [
        "National identity",
        "Date of birth",
        "Public wallet",
        PUBLIC,
        "https:&#x2f;&#x2f;wallet.example<",
        "••••••8901",
    ] {
        assert!(consent.html.contains(expected), "{expected}");
    }
    assert!(consent.html.contains("has not proven to be the one"));
    let back = browser
        .post("/consent/approve", &[("form", &consent.form())])
        .await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    let back = reqwest::Url::parse(back.location()).unwrap();
    assert!(back.as_str().starts_with(BACK));
    let parameter = |name: &str| {
        back.query_pairs()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.into_owned())
    };
    assert!(parameter("code").is_some());
    assert_eq!(parameter("state").as_deref(), Some("the state"));
    assert_eq!(parameter("iss").as_deref(), Some(world.base.as_str()));
    // The browser has forgotten the key, and the old one opens nothing.
    assert_eq!(browser.get("/consent").await.status, StatusCode::BAD_REQUEST);
    // The log says what happened, and to whom by a reference alone.
    world.ordered("/audit/verify", json!({})).await;
    let audit = world
        .client
        .get(world.url("/admin/v1/audit"))
        .bearer_auth(ADMINISTRATION_TOKEN);
    let audit = audit.send().await.unwrap().text().await.unwrap();
    for event in [
        "sign-in-code-sent",
        "signed-in",
        "one-time-code",
        "authorization-granted",
    ] {
        assert!(audit.contains(event), "{event}");
    }
    assert!(!audit.contains(HASSAN) && !audit.contains("6352000101"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_who_does_not_agree_goes_back_without_a_code() {
    let (world, postbox) = world().await;
    let mut browser = Browser::sent(&world).await;
    browser.sign_in(&postbox).await;
    let consent = browser.get("/consent").await;
    let back = browser
        .post("/consent/refuse", &[("form", &consent.form())])
        .await;
    assert!(back.location().contains("error=access_denied") && !back.location().contains("code="));

    // And before anybody has signed in, by a page that asks once more.
    let mut browser = Browser::sent(&world).await;
    let cancel = browser.get("/sign-in/cancel").await;
    assert!(cancel.html.contains("Public wallet"));
    let back = browser.post("/consent/refuse", &[("form", &cancel.form())]).await;
    assert!(back.location().starts_with(BACK) && back.location().contains("error=access_denied"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_virtual_identifier_signs_its_resident_in() {
    let (world, postbox) = world().await;
    let mut with_vid = record(FATIMA, "Fatima Zahra");
    with_vid["VID"] = json!(VID);
    world.import(&[with_vid]).await;
    let mut browser = Browser::sent(&world).await;
    browser.type_number("9876 5432 1012 3456").await;
    let message = postbox.next(0).await;
    assert_eq!(browser.type_code(&message.code).await.location(), "/consent");
    assert!(browser.get("/consent").await.html.contains("••••••8902"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_its_token_is_refused_and_does_nothing() {
    let (world, postbox) = world().await;
    let mut browser = Browser::sent(&world).await;
    let mut other = Browser::sent(&world).await;
    let foreign = other.get("/sign-in").await.form();
    for path in [
        "/sign-in/number",
        "/sign-in/code",
        "/sign-in/again",
        "/sign-in/start-over",
        "/consent/approve",
        "/consent/refuse",
    ] {
        for form in [
            &[][..],
            &[("form", "")],
            &[("form", foreign.as_str())],
            &[("form", "a"), ("form", "b")],
        ] {
            let mut form = form.to_vec();
            form.extend([("number", HASSAN), ("code", "000000")]);
            let shown = browser.post(path, &form).await;
            assert_eq!(shown.status, StatusCode::FORBIDDEN, "{path} {form:?}");
            assert!(shown.html.contains("This form does not belong to your request"));
        }
    }
    assert_eq!(postbox.count(), 0);
    assert!(browser.get("/sign-in").await.html.contains(r#"name="number""#));
    // Nor with the token and without the cookie.
    let token = browser.get("/sign-in").await.form();
    let mut nobody = Browser::new(&world);
    let shown = nobody
        .post("/sign-in/number", &[("form", &token), ("number", HASSAN)])
        .await;
    assert_eq!(shown.status, StatusCode::BAD_REQUEST);
    assert!(shown.html.contains("There is no request of this browser"));
    // A form of another kind is no form.
    let request = world
        .client
        .post(world.url("/sign-in/number"))
        .header("cookie", format!("symbolon-authorization={}", browser.key()));
    let json = request
        .json(&json!({ "form": token, "number": HASSAN }))
        .send()
        .await
        .unwrap();
    assert_eq!(json.status(), StatusCode::FORBIDDEN);
    assert_eq!(postbox.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_of_a_session_needs_a_sign_in_and_happens_once() {
    let (world, postbox) = world().await;
    let mut browser = Browser::sent(&world).await;
    // Before the sign-in there is nothing to agree to.
    let page = browser.get("/consent").await;
    assert_eq!(page.location(), "/sign-in");
    let form = browser.get("/sign-in").await.form();
    let early = browser.post("/consent/approve", &[("form", &form)]).await;
    assert_eq!(early.status, StatusCode::BAD_REQUEST);

    browser.sign_in(&postbox).await;
    let code = postbox.newest();
    let form = browser.get("/consent").await.form();
    // The sign-in is over: its forms and codes do nothing any more.
    for path in ["/sign-in/number", "/sign-in/code"] {
        let replay = browser
            .post(path, &[("form", &form), ("number", FATIMA), ("code", &code)])
            .await;
        assert!(
            !replay.status.is_success() && replay.status != StatusCode::SEE_OTHER,
            "{path} {}",
            replay.status
        );
    }
    let mut twin = browser.stolen();
    let first = browser.post("/consent/approve", &[("form", &form)]).await;
    assert!(first.location().contains("code="));
    let second = twin.post("/consent/approve", &[("form", &form)]).await;
    assert_eq!(second.status, StatusCode::CONFLICT);
    assert!(second.html.contains("decided already"));
    assert_eq!(twin.get("/consent").await.status, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_wait_die_and_can_be_asked_for_again() {
    let (world, postbox) = world().await;
    let mut browser = Browser::sent(&world).await;
    assert_eq!(
        browser.type_number("no number").await.problem(),
        "Enter the digits of your identity number."
    );
    browser.type_number(HASSAN).await;
    let right = postbox.next(0).await.code.to_string();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for delay in [1, 2, 4, 8] {
        let shown = browser.type_code(wrong).await;
        assert_eq!(
            (shown.status, shown.problem()),
            (StatusCode::BAD_REQUEST, "This is not the code that was sent.")
        );
        let early = browser.type_code(&right).await;
        assert_eq!(early.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(early.headers["retry-after"], delay.to_string().as_str());
        world.wait(delay);
    }
    let dead = browser.type_code(wrong).await;
    assert_eq!(
        dead.problem(),
        "The code was wrong too often. Ask for another one."
    );
    world.wait(60);
    assert_eq!(
        browser.type_code(&right).await.problem(),
        "The code was wrong too often. Ask for another one."
    );
    let form = browser.get("/sign-in").await.form();
    assert_eq!(
        browser.post("/sign-in/again", &[("form", &form)]).await.status,
        StatusCode::SEE_OTHER
    );
    let second = postbox.next(1).await;
    let hasty = browser.post("/sign-in/again", &[("form", &form)]).await;
    assert_eq!(
        (hasty.status, hasty.headers["retry-after"].to_str().unwrap()),
        (StatusCode::TOO_MANY_REQUESTS, "30")
    );
    assert_eq!(browser.type_code(&second.code).await.location(), "/consent");
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_and_requests_expire() {
    let (world, postbox) = world().await;
    let mut browser = Browser::sent(&world).await;
    browser.type_number(HASSAN).await;
    let code = postbox.next(0).await.code.to_string();
    world.wait(300);
    assert_eq!(
        browser.type_code(&code).await.problem(),
        "The code has expired. Ask for another one."
    );
    world.wait(600);
    for path in ["/sign-in", "/consent", "/sign-in/cancel"] {
        let shown = browser.get(path).await;
        assert_eq!(shown.status, StatusCode::GONE, "{path}");
        assert!(shown.html.contains("The request has expired"));
    }
    assert_eq!(
        browser
            .post("/sign-in/code", &[("form", "x"), ("code", &code)])
            .await
            .status,
        StatusCode::GONE
    );
}

/// A page without what differs for everybody: tokens, the request's name, and the digits of a telephone.
fn without_particulars(shown: &Shown) -> String {
    let mut html = shown.html.replace(&shown.form(), "FORM");
    for (before, length) in [("••••••••", 2), ("request \u{2068}", 3)] {
        if let Some(at) = html.find(before) {
            let start = at + before.len();
            html.replace_range(start..start + length, &"x".repeat(length));
        }
    }
    let mut headers: Vec<String> = shown
        .headers
        .iter()
        .filter(|(name, _)| !["date", "set-cookie"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    format!("{} {headers:?} {html}", shown.status)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_tells_whether_a_number_is_anybodys() {
    let (world, postbox) = world().await;
    let (mut known, mut unknown) = (Browser::sent(&world).await, Browser::sent(&world).await);
    known.type_number(HASSAN).await;
    unknown.type_number(NOBODY).await;
    let right = postbox.next(0).await.code.to_string();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for round in 0..3 {
        for step in ["page", "wrong", "early", "page", "again", "page"] {
            let mut shown = Vec::new();
            for browser in [&mut known, &mut unknown] {
                let page = browser.get("/sign-in").await;
                let form = page.form();
                shown.push(match step {
                    "page" => page,
                    "again" => {
                        browser.post("/sign-in/again", &[("form", &form)]).await;
                        browser.get("/sign-in").await
                    }
                    _ => {
                        browser
                            .post("/sign-in/code", &[("form", &form), ("code", wrong)])
                            .await
                    }
                });
            }
            assert_eq!(
                without_particulars(&shown[0]),
                without_particulars(&shown[1]),
                "{round} {step}"
            );
        }
        world.wait(30);
    }
    assert_eq!(postbox.count(), 3, "and of nobody's number nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_to_a_number_or_a_code_leaves_early() {
    let postbox = Arc::new(Postbox::default());
    let sign_in = SignInSetup {
        answer_after: Duration::from_millis(300),
        ..by_code(CodeSender::Sent(Arc::clone(&postbox) as Arc<dyn SendCode>))
    };
    let world = World::start_signing_in(IssuerPolicy::default(), policy(), sign_in).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    for number in [HASSAN, NOBODY] {
        let mut browser = Browser::sent(&world).await;
        let form = browser.get("/sign-in").await.form();
        for (path, field) in [
            ("/sign-in/number", ("number", number)),
            ("/sign-in/code", ("code", "000000")),
        ] {
            let began = tokio::time::Instant::now();
            browser.post(path, &[("form", &form), field]).await;
            assert!(began.elapsed() >= Duration::from_millis(300), "{path} {number}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_cannot_keep_the_resident_out() {
    let (world, postbox) = world().await;
    for _ in 0..12 {
        let mut stranger = Browser::sent(&world).await;
        stranger.type_number(HASSAN).await;
        for _ in 0..2 {
            assert_ne!(stranger.type_code("000000").await.status, StatusCode::SEE_OTHER);
        }
    }
    assert_eq!(postbox.count(), 4, "three short codes, and one for all");
    let mut resident = Browser::sent(&world).await;
    resident.type_number(HASSAN).await;
    let page = resident.get("/sign-in").await;
    assert!(page.html.contains("the last message") && page.html.contains("12"));
    assert_eq!(postbox.count(), 4, "nothing more is sent");
    assert_eq!(resident.type_code(&postbox.newest()).await.location(), "/consent");
    // Whoever comes after that is served as ever.
    let mut second = Browser::sent(&world).await;
    second.sign_in(&postbox).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_in_parallel_gain_no_tries() {
    let (world, postbox) = world().await;
    let mut browser = Browser::sent(&world).await;
    browser.type_number(HASSAN).await;
    let right = postbox.next(0).await.code.to_string();
    let form = browser.get("/sign-in").await.form();
    let guesses = (0..16)
        .map(|guess| format!("{guess:06}"))
        .filter(|guess| *guess != right);
    let mut waiting = tokio::task::JoinSet::new();
    for guess in guesses {
        let request = world
            .client
            .post(world.url("/sign-in/code"))
            .header("cookie", format!("symbolon-authorization={}", browser.key()))
            .form(&[("form", &form), ("code", &guess)]);
        waiting.spawn(async move { request.send().await.unwrap().status() });
    }
    let judged = waiting
        .join_all()
        .await
        .into_iter()
        .filter(|status| *status == StatusCode::BAD_REQUEST);
    assert_eq!(
        judged.count(),
        1,
        "the clock stood still, so one guess was compared and the others had to wait"
    );
}
