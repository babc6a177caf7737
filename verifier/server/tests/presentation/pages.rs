//! The pages of the flows on one device and across devices, and whom a result is released to.

use http::Method;
use http::header::COOKIE;
use serde_json::{Value, json};
use symbolon_http::fetch::Fetched;
use url::Url;

use crate::world::{World, json_of};

const RETURN: &str = "http://127.0.0.1/done?session=7";

/// A browser: it keeps its cookie, and follows nothing.
#[derive(Default)]
struct Browser(Option<String>);

impl Browser {
    async fn open(&mut self, world: &World, url: &str) -> Fetched {
        let cookie = self.0.clone().unwrap_or_default();
        let headers = [(COOKIE, cookie.as_str())];
        let headers = if self.0.is_some() { &headers[..] } else { &[] };
        let opened = world.send(Method::GET, url, headers, "").await;
        if let Some(cookie) = opened.headers.get("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
            self.0 = cookie.split(';').next().map(str::to_owned);
        }
        opened
    }
}

async fn begin(world: &World, body: &Value) -> (String, String, String) {
    let made = world.administer(Method::POST, "", &body.to_string()).await;
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    let made = json_of(&made);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("request_id"), text("authorization_request"), text("page"))
}

fn html(fetched: &Fetched) -> String {
    assert_eq!(fetched.media_type(), "text/html");
    assert_eq!(fetched.headers["cache-control"], "no-store");
    assert_eq!(fetched.headers["referrer-policy"], "no-referrer");
    let policy = fetched.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    String::from_utf8(fetched.body.clone()).unwrap()
}

/// The code in an address that a browser is sent to.
fn code_in(address: &str) -> String {
    let url = Url::parse(address).unwrap();
    let (_, code) = url
        .query_pairs()
        .find(|(name, _)| name == "response_code")
        .unwrap();
    code.into_owned()
}

async fn released(world: &World, id: &str, code: &str) -> Fetched {
    world
        .administer(Method::GET, &format!("/{id}?response_code={code}"), "")
        .await
}

#[tokio::test]
async fn a_result_is_released_with_the_code_that_the_wallet_brought_back_alone() {
    let world = World::new().await;
    let body = json!({"dcql_query": world.query(), "return_to": RETURN});
    let (id, link) = world.make_request(&body).await;
    let request = world.open(&link).await;
    let reply = json_of(&world.present_to(&request).await);
    let address = reply["redirect_uri"].as_str().unwrap();
    let code = code_in(address);
    assert_eq!(code.len(), 43);
    assert_eq!(address, format!("{RETURN}&response_code={code}"));

    let withheld = world.result(&id).await;
    assert_eq!(withheld["state"], "answered");
    assert_eq!(withheld["withheld"], "until_response_code");
    assert!(withheld.get("result").is_none(), "{withheld}");
    let events = world.administer(Method::GET, &format!("/{id}/events"), "").await;
    let events = String::from_utf8(events.body).unwrap();
    assert!(
        events.contains("until_response_code") && !events.contains("Amina") && !events.contains(&code),
        "{events}"
    );
    let evidence = world
        .administer(Method::GET, &format!("/{id}/evidence"), "")
        .await;
    assert!(json_of(&evidence).get("vp_token").is_none());
    for wrong in ["", "guessed", &code[1..]] {
        let refused = released(&world, &id, wrong).await;
        assert_eq!(
            (refused.status, &json_of(&refused)["error"]),
            (403, &json!("invalid_response_code")),
            "{wrong}"
        );
    }
    let result = json_of(&released(&world, &id, &code).await);
    let report = &result["result"]["outcome"]["presented"]["reports"][0]["report"];
    assert_eq!(report["claims"]["given_name"], "Amina");
    assert!(result["result"]["response_code"].is_null());
    let evidence = format!("/{id}/evidence?response_code={code}");
    let evidence = json_of(&world.administer(Method::GET, &evidence, "").await);
    assert!(evidence["vp_token"].is_object());
}

#[tokio::test]
async fn on_one_device_the_browser_that_began_goes_on() {
    let world = World::new().await;
    let body = json!({"dcql_query": world.query(), "return_to": RETURN, "page": "same_device"});
    let (id, link, page) = begin(&world, &body).await;
    let mut browser = Browser::default();
    let shown = html(&browser.open(&world, &page).await);
    let escaped = link.replace('&', "&amp;");
    assert!(shown.contains("Open the wallet"), "{shown}");
    assert!(
        shown.contains(&escaped) || shown.contains(&escaped.replace('/', "&#x2f;")),
        "{shown}"
    );
    assert_eq!(browser.open(&world, &page).await.status, 200);

    let request = world.open(&link).await;
    let reply = json_of(&world.present_to(&request).await);
    let address = reply["redirect_uri"].as_str().unwrap().to_owned();
    assert!(
        address.starts_with(&format!("{page}/return?response_code=")),
        "{address}"
    );
    // The page itself never tells the code.
    let waiting = browser.open(&world, &page).await;
    assert!(!html(&waiting).contains(&code_in(&address)));

    let sent_on = browser.open(&world, &address).await;
    assert_eq!(sent_on.status, 303);
    let location = sent_on.headers["location"].to_str().unwrap();
    assert_eq!(location, format!("{RETURN}&response_code={}", code_in(&address)));
    let result = json_of(&released(&world, &id, &code_in(location)).await);
    assert_eq!(
        result["result"]["outcome"]["presented"]["reports"][0]["report"]["verdict"],
        "valid"
    );
}

/// Somebody begins on his own device and has a victim's wallet answer: the victim's browser has no session, and the attacker's
/// never sees the code.
#[tokio::test]
async fn an_answer_that_arrives_in_another_browser_is_not_shown() {
    let world = World::new().await;
    let body = json!({"dcql_query": world.query(), "return_to": RETURN, "page": "same_device"});
    let (id, link, page) = begin(&world, &body).await;
    let mut attacker = Browser::default();
    assert_eq!(attacker.open(&world, &page).await.status, 200);
    let reply = json_of(&world.present_to(&world.open(&link).await).await);
    let address = reply["redirect_uri"].as_str().unwrap().to_owned();

    let mut victim = Browser::default();
    let shown = victim.open(&world, &address).await;
    assert_eq!(shown.status, 403);
    assert!(html(&shown).contains("begun in another browser"));
    for guess in ["", "?response_code=", "?response_code=guessed"] {
        let refused = attacker.open(&world, &format!("{page}/return{guess}")).await;
        assert_eq!(refused.status, 403, "{guess}");
        assert!(refused.headers.get("location").is_none());
    }
    assert!(
        attacker
            .open(&world, &page)
            .await
            .headers
            .get("location")
            .is_none()
    );
    assert_eq!(world.result(&id).await["withheld"], "until_response_code");
    // A cookie that somebody else made up, or of another request, is none.
    let (_, _, other) = begin(&world, &body).await;
    let mut stranger = Browser::default();
    assert_eq!(stranger.open(&world, &other).await.status, 200);
    assert_eq!(stranger.open(&world, &address).await.status, 403);
    stranger.0 = Some(format!("symbolon-presentation-{id}=made-up"));
    assert_eq!(stranger.open(&world, &address).await.status, 403);
    let own = attacker.0.clone().unwrap();
    stranger.0 = Some(format!("{own}; {own}"));
    assert_eq!(
        stranger.open(&world, &address).await.status,
        403,
        "two cookies are none"
    );
}

#[tokio::test]
async fn a_page_belongs_to_the_browser_that_opens_it_first() {
    let world = World::new().await;
    let body = json!({"dcql_query": world.query(), "page": "cross_device"});
    let (_, _, page) = begin(&world, &body).await;
    let (mut first, mut second) = (Browser::default(), Browser::default());
    assert_eq!(first.open(&world, &page).await.status, 200);
    let refused = second.open(&world, &page).await;
    assert_eq!(refused.status, 403);
    assert!(!html(&refused).contains("<svg"));
    assert!(second.0.is_none());
    assert_eq!(first.open(&world, &page).await.status, 200);
}

#[tokio::test]
async fn across_devices_the_page_shows_a_code_waits_and_sends_on() {
    let world = World::new().await;
    let body = json!({"dcql_query": world.query(), "return_to": RETURN, "page": "cross_device"});
    let (id, link, page) = begin(&world, &body).await;
    let mut browser = Browser::default();
    let shown = html(&browser.open(&world, &page).await);
    assert!(
        shown.contains("<svg") && shown.contains("http-equiv=\"refresh\""),
        "{shown}"
    );
    assert!(!shown.contains("Open the wallet"));
    assert!(shown.contains("only if you opened this page yourself"));

    let reply = json_of(&world.present_to(&world.open(&link).await).await);
    assert_eq!(reply, json!({}), "the wallet's browser has no part in it");
    let mut stranger = Browser::default();
    assert_eq!(stranger.open(&world, &page).await.status, 403);
    let sent_on = browser.open(&world, &page).await;
    assert_eq!(sent_on.status, 303);
    let code = code_in(sent_on.headers["location"].to_str().unwrap());
    assert_eq!(released(&world, &id, &code).await.status, 200);
    let page = format!("{page}/return?response_code={code}");
    assert_eq!(browser.open(&world, &page).await.status, 404);
}

/// A request that stands in the link may be longer than a code: that is told to whoever orders it, and not to the person at the page.
#[tokio::test]
async fn a_request_that_no_code_holds_is_refused_before_it_has_a_page() {
    let world = World::new().await;
    let short = world.query();
    let mut long = short.clone();
    let claims = (0..60).map(|claim| json!({"path": [format!("claim-{claim:03}")]}));
    long["credentials"][0]["claims"] = claims.collect();
    for (query, delivery, page, status) in [
        (&short, "value", "cross_device", 201),
        (&long, "value", "cross_device", 400),
        (&long, "value", "same_device", 201),
        (&long, "reference", "cross_device", 201),
    ] {
        let body = json!({
            "dcql_query": query, "request_delivery": delivery, "response_mode": "direct_post",
            "page": page, "return_to": RETURN,
        });
        let made = world.administer(Method::POST, "", &body.to_string()).await;
        let made_so = (made.status, json_of(&made));
        assert_eq!(made_so.0, status, "{delivery} {page}: {}", made_so.1);
        if status == 400 {
            let said = made_so.1["error_description"].as_str().unwrap();
            assert!(said.contains("longer than the QR code"), "{said}");
            continue;
        }
        let page = made_so.1["page"].as_str().unwrap();
        let shown = Browser::default().open(&world, page).await;
        assert_eq!(shown.status, 200, "{delivery} {page}");
    }
}

#[tokio::test]
async fn a_page_without_a_return_says_how_it_ended() {
    let world = World::new().await;
    let body = json!({"dcql_query": world.query(), "page": "cross_device"});
    let (id, link, page) = begin(&world, &body).await;
    let mut browser = Browser::default();
    browser.open(&world, &page).await;
    world.present_to(&world.open(&link).await).await;
    let shown = html(&browser.open(&world, &page).await);
    assert!(
        shown.contains("Your wallet has answered") && !shown.contains("refresh"),
        "{shown}"
    );
    assert_eq!(world.result(&id).await["state"], "answered");

    let (_, _, late) = begin(&world, &body).await;
    let mut browser = Browser::default();
    browser.open(&world, &late).await;
    world.advance(601);
    assert_eq!(browser.open(&world, &late).await.status, 410);
    assert_eq!(
        world
            .send(Method::GET, "/presentations/unknown", &[], "")
            .await
            .status,
        404
    );
    let style = world.send(Method::GET, "/presentations/style.css", &[], "").await;
    assert_eq!(style.media_type(), "text/css");
}

#[tokio::test]
async fn a_wallet_that_declines_on_one_device_sends_the_browser_back_too() {
    let world = World::new().await;
    let body = json!({"dcql_query": world.query(), "return_to": RETURN, "page": "same_device"});
    let (id, link, page) = begin(&world, &body).await;
    let mut browser = Browser::default();
    browser.open(&world, &page).await;
    let request = world.open(&link).await;
    let refusal = request
        .refuse(symbolon_protocol::openid4vp::error::PresentationErrorCode::AccessDenied)
        .unwrap();
    let reply = json_of(&world.post(&request, &refusal.answer.to_form()).await);
    let address = reply["redirect_uri"].as_str().unwrap();
    let shown = html(&browser.open(&world, address).await);
    assert!(shown.contains("Your wallet has shown nothing."), "{shown}");
    let code = code_in(&leads_on(&shown));
    // Nothing of a refusal has to be kept from another browser, and a wallet may lead back to none.
    for result in [
        json_of(&released(&world, &id, &code).await),
        world.result(&id).await,
    ] {
        assert_eq!(
            result["result"]["outcome"],
            json!({"declined": {"error": "access_denied"}})
        );
        assert!(result["result"]["response_code"].is_null());
    }
}

/// Where the one button of a page leads.
fn leads_on(shown: &str) -> String {
    let (_, link) = shown.split_once("<a class=\"button\" href=\"").unwrap();
    let (address, _) = link.split_once('"').unwrap();
    address.replace("&amp;", "&").replace("&#x2f;", "/")
}

#[tokio::test]
async fn an_answer_that_is_refuted_on_one_device_leads_back_and_releases_its_report() {
    let world = World::new().await;
    world.publish(symbolon_trust::status_list::Status::Invalid);
    let body = json!({"dcql_query": world.query(), "return_to": RETURN, "page": "same_device"});
    let (id, link, page) = begin(&world, &body).await;
    let mut browser = Browser::default();
    browser.open(&world, &page).await;
    let refused = world.present_to(&world.open(&link).await).await;
    assert_eq!(refused.status, 400);
    let refused = json_of(&refused);
    assert_eq!(refused["error"], "invalid_request");
    let address = refused["redirect_uri"].as_str().unwrap();
    assert!(
        address.starts_with(&format!("{page}/return?response_code=")),
        "{address}"
    );
    assert_eq!(world.result(&id).await["withheld"], "until_response_code");
    let mut stranger = Browser::default();
    assert_eq!(stranger.open(&world, address).await.status, 403);
    let shown = html(&browser.open(&world, address).await);
    assert!(shown.contains("was not accepted"), "{shown}");
    let on = leads_on(&shown);
    assert_eq!(on, format!("{RETURN}&response_code={}", code_in(&on)));
    let result = json_of(&released(&world, &id, &code_in(&on)).await);
    assert_eq!(
        result["result"]["outcome"]["presented"]["reports"][0]["report"]["status"]["state"],
        "revoked"
    );

    // Without a page of the verifier's the wallet leads to the relying party itself, and without a return nowhere.
    for (body, leads) in [
        (
            json!({"dcql_query": world.query(), "return_to": RETURN}),
            Some(RETURN),
        ),
        (json!({"dcql_query": world.query()}), None),
    ] {
        let (_, link) = world.make_request(&body).await;
        let refused = json_of(&world.present_to(&world.open(&link).await).await);
        let address = refused.get("redirect_uri").and_then(Value::as_str);
        assert_eq!(
            address.map(|address| address.starts_with(RETURN)),
            leads.map(|_| true),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_page_across_devices_says_that_an_answer_was_not_accepted() {
    let world = World::new().await;
    world.publish(symbolon_trust::status_list::Status::Invalid);
    let body = json!({"dcql_query": world.query(), "page": "cross_device"});
    let (_, link, page) = begin(&world, &body).await;
    let mut browser = Browser::default();
    browser.open(&world, &page).await;
    world.present_to(&world.open(&link).await).await;
    let shown = html(&browser.open(&world, &page).await);
    assert!(
        shown.contains("was not accepted") && !shown.contains("button"),
        "{shown}"
    );
}

#[tokio::test]
async fn the_pages_speak_the_language_of_whoever_reads_them() {
    let world = World::new().await;
    let body = json!({"dcql_query": world.query(), "page": "cross_device"});
    let (_, _, page) = begin(&world, &body).await;
    let path = page.strip_prefix(&world.base).unwrap().to_owned();
    let accept = [(http::header::ACCEPT_LANGUAGE, "fr-CA, en;q=0.5")];
    let shown = world.send(Method::GET, &path, &accept, "").await;
    assert_eq!(shown.headers["content-language"], "fr");
    assert!(html(&shown).contains("Scannez ce code"));
    let switched = world
        .send(Method::GET, &format!("{path}?language=ar"), &[], "")
        .await;
    assert_eq!(
        (switched.status, &switched.headers["location"]),
        (303, &path.parse().unwrap())
    );
    let arabic = [(COOKIE, "symbolon-language=ar")];
    let shown = html(&world.send(Method::GET, &path, &arabic, "").await);
    assert!(shown.contains("dir=\"rtl\""), "{shown}");
}

#[tokio::test]
async fn a_name_of_the_verifier_cannot_write_the_page() {
    let world = World::configured(|configuration| configuration.name = "<b>Clinic</b>".to_owned()).await;
    let body = json!({"dcql_query": world.query(), "page": "cross_device"});
    let (_, _, page) = begin(&world, &body).await;
    let shown = html(&Browser::default().open(&world, &page).await);
    assert!(
        shown.contains("&lt;b&gt;Clinic") && !shown.contains("<b>"),
        "{shown}"
    );
}
