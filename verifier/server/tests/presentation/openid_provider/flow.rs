//! A customer signs in, on one device and across two.

use http::Method;
use serde_json::{Value, json};
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_trust::status_list::Status;

use super::{Banks, Browser, CALLBACK, html, insert_party, location, parameter, party, told};
use crate::world::json_of;

#[tokio::test]
async fn a_customer_signs_in_on_one_device_and_the_bank_learns_who_it_is() {
    let banks = Banks::new().await;
    let mut browser = Browser::default();
    let claims = json!({
        "id_token": {"given_name": {"essential": true}, "verified_claims": {
            "verification": {"trust_framework": {"value": "eidas"}, "assurance_level": null,
                "evidence": [{"type": {"value": "electronic_record"}, "record": {"source": {"name": null}}}]},
            "claims": {"family_name": null}}},
        "userinfo": {"name": null, "email": null},
        "something_later": {"email": null}
    });
    let page = banks
        .begin(
            &mut browser,
            &banks.request("bank", &[("claims", &claims.to_string())]),
        )
        .await;
    assert!(
        page.html.contains("First Bank") && page.html.contains("wants to know who you are"),
        "{}",
        page.html
    );
    assert!(page.html.contains("<svg") && page.html.contains("http-equiv=\"refresh\""));
    let request = banks.world.open(&page.link()).await;
    assert_eq!(
        request.request().client_metadata.client_name.as_deref(),
        Some("First Bank")
    );

    let reply = banks.present(&page.link(), &banks.credential("784-1", 5)).await;
    let back = json_of(&reply)["redirect_uri"].as_str().unwrap().to_owned();
    assert!(
        back.starts_with(&format!("{}/return?response_code=", page.url)),
        "{back}"
    );
    // The page itself tells nobody, not even this browser.
    let waiting = banks.page(&mut browser, &page.url).await;
    assert!(waiting.html.contains("Go on in the window"), "{}", waiting.html);

    let sent_on = browser.open(&banks.world, &back).await;
    assert_eq!(sent_on.status, 303);
    let address = location(&sent_on);
    assert!(address.starts_with(&format!("{CALLBACK}&code=")), "{address}");
    assert_eq!(parameter(&address, "state").as_deref(), Some("state of the bank"));
    assert_eq!(parameter(&address, "iss").unwrap(), banks.issuer());

    let tokens = banks.tokens("bank", &parameter(&address, "code").unwrap()).await;
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"]),
        (&json!("Bearer"), &json!(300))
    );
    assert_eq!(tokens["scope"], "openid");
    let id_token = banks.id_token(&tokens).await;
    assert_eq!(id_token["iss"], banks.issuer());
    assert_eq!(id_token["aud"], "bank");
    assert_eq!(id_token["nonce"], "nonce-of-the-bank");
    assert_eq!(id_token["acr"], "high");
    assert_eq!(id_token["amr"], json!(["pop"]));
    assert_eq!(id_token["auth_time"], json!(banks.world.now()));
    assert_eq!(id_token["exp"], json!(banks.world.now().seconds() + 300));
    assert_eq!(id_token["given_name"], "Amina");
    assert_eq!(id_token["sub"].as_str().unwrap().len(), 43);
    let verified = &id_token["verified_claims"];
    assert_eq!(verified["claims"], json!({"family_name": "Diallo"}));
    assert_eq!(verified["verification"]["assurance_level"], "high");
    assert_eq!(
        verified["verification"]["evidence"],
        json!([{"type": "electronic_record", "record": {"type": "population_register", "source": {"name": "Test issuer"}}}])
    );
    for unasked in ["family_name", "name", "personal_number", "email"] {
        assert!(!id_token.contains_key(unasked), "{unasked}");
    }

    let told = banks.user_info(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(
        (told.status, told.media_type().as_str()),
        (200, "application/json")
    );
    assert_eq!(
        json_of(&told),
        json!({"sub": id_token["sub"], "name": "Amina Diallo"}),
        "what was asked for, and nothing that there is not"
    );
    assert_eq!(
        html(&browser.open(&banks.world, &back).await, 404)
            .matches("it is over")
            .count(),
        1
    );
}

#[tokio::test]
async fn across_devices_the_page_waits_and_sends_the_browser_that_began_on() {
    let banks = Banks::new().await;
    let mut browser = Browser::default();
    let page = banks
        .begin(&mut browser, &banks.request("bank", &[("scope", "openid kyc")]))
        .await;
    let link = banks.cross_device_link(&page, "bank").await;
    let events = format!("{}/events", page.url);
    let listening = async { Browser(browser.0.clone()).open(&banks.world, &events).await };
    let answering = async { banks.present(&link, &banks.credential("784-1", 5)).await };
    let (heard, reply) = tokio::join!(listening, answering);
    assert_eq!(
        json_of(&reply),
        json!({}),
        "the wallet's own browser has no part in it"
    );
    assert_eq!(heard.media_type(), "text/event-stream");
    assert!(String::from_utf8(heard.body).unwrap().contains("event: changed"));

    let sent_on = browser.open(&banks.world, &page.url).await;
    let code = parameter(&location(&sent_on), "code").unwrap();
    let tokens = banks.tokens("bank", &code).await;
    assert_eq!(tokens["scope"], "openid kyc");
    let told = json_of(&banks.user_info(tokens["access_token"].as_str().unwrap()).await);
    // What the scope stands for comes without being asked for claim by claim.
    assert_eq!(told["family_name"], "Diallo");
    assert!(told.get("given_name").is_none());
    assert_eq!(
        told["verified_claims"]["verification"]["trust_framework"],
        "eidas"
    );
    assert_eq!(told["verified_claims"]["claims"]["given_name"], "Amina");
    // The request for the same device went with the sign-in.
    assert_eq!(banks.links_of("bank").await, Vec::<String>::new());
    let request = banks
        .world
        .send(Method::GET, &request_uri(&page.link()), &[], "")
        .await;
    assert_eq!(request.status, 404);
}

fn request_uri(link: &str) -> String {
    parameter(link, "request_uri").unwrap()
}

/// Somebody begins on his own device and has a customer's wallet answer.
#[tokio::test]
async fn a_sign_in_belongs_to_the_browser_that_began_it() {
    let banks = Banks::new().await;
    let mut attacker = Browser::default();
    let page = banks.begin(&mut attacker, &banks.request("bank", &[])).await;
    let mut victim = Browser::default();
    let shown = html(&victim.open(&banks.world, &page.url).await, 403);
    assert!(
        shown.contains("begun in another browser") && !shown.contains("<svg"),
        "{shown}"
    );
    let reply = banks.present(&page.link(), &banks.credential("784-1", 5)).await;
    let back = json_of(&reply)["redirect_uri"].as_str().unwrap().to_owned();
    // Where the wallet leads there is no session, and who has the session does not have the code.
    html(&victim.open(&banks.world, &back).await, 403);
    for guess in ["", "?response_code=", "?response_code=guessed"] {
        html(
            &attacker
                .open(&banks.world, &format!("{}/return{guess}", page.url))
                .await,
            403,
        );
    }
    html(&attacker.open(&banks.world, &page.url).await, 200);
    for path in ["/cancel", "/events"] {
        let method = if path == "/cancel" {
            Method::POST
        } else {
            Method::GET
        };
        let refused = victim
            .send(&banks.world, method, &format!("{}{path}", page.url), None)
            .await;
        html(&refused, 403);
    }
    // A key of another sign-in, one that somebody made up, and two of which one may be planted.
    let id = page.url.rsplit('/').next().unwrap();
    let mut other = Browser::default();
    banks.begin(&mut other, &banks.request("bank", &[])).await;
    html(&other.open(&banks.world, &back).await, 403);
    html(
        &Browser(vec![format!("symbolon-sign-in-{id}=made-up")])
            .open(&banks.world, &back)
            .await,
        403,
    );
    let own = attacker.0[0].clone();
    html(
        &Browser(vec![own.clone(), own.clone()])
            .open(&banks.world, &back)
            .await,
        403,
    );
    let sent_on = Browser(vec![own]).open(&banks.world, &back).await;
    assert_eq!(
        sent_on.status, 303,
        "the browser that began, with the code that the wallet brought"
    );
}

#[tokio::test]
async fn a_bank_may_take_wallets_on_the_same_device_alone() {
    let banks = Banks::configured(json!({"devices": ["same_device"]})).await;
    let page = banks
        .begin(&mut Browser::default(), &banks.request("bank", &[]))
        .await;
    assert!(!page.html.contains("<svg") && page.html.contains("Open the wallet"));
    assert_eq!(banks.links_of("bank").await, [page.link()]);
}

#[tokio::test]
async fn whoever_does_not_sign_in_is_told_to_the_bank() {
    let banks = Banks::new().await;
    // On the page.
    let mut browser = Browser::default();
    let page = banks.begin(&mut browser, &banks.request("bank", &[])).await;
    let cancelled = browser
        .send(
            &banks.world,
            Method::POST,
            &format!("{}/cancel", page.url),
            Some(""),
        )
        .await;
    assert_eq!(told(&banks, &cancelled), "access_denied");
    html(&browser.open(&banks.world, &page.url).await, 404);
    assert_eq!(banks.links_of("bank").await, Vec::<String>::new());

    // In the wallet.
    let mut browser = Browser::default();
    let page = banks.begin(&mut browser, &banks.request("bank", &[])).await;
    let request = banks.world.open(&page.link()).await;
    let refusal = request.refuse(PresentationErrorCode::AccessDenied).unwrap();
    let reply = json_of(&banks.world.post(&request, &refusal.answer.to_form()).await);
    let back = reply["redirect_uri"].as_str().unwrap();
    assert_eq!(
        told(&banks, &browser.open(&banks.world, back).await),
        "access_denied"
    );

    // Nobody at all.
    let mut browser = Browser::default();
    let page = banks.begin(&mut browser, &banks.request("bank", &[])).await;
    banks.world.advance(601);
    assert_eq!(
        told(&banks, &browser.open(&banks.world, &page.url).await),
        "access_denied"
    );
}

#[tokio::test]
async fn what_does_not_satisfy_the_policy_signs_nobody_in() {
    let banks = Banks::new().await;
    banks.world.publish(Status::Invalid);
    let mut browser = Browser::default();
    let page = banks.begin(&mut browser, &banks.request("bank", &[])).await;
    let link = banks.cross_device_link(&page, "bank").await;
    assert_eq!(
        banks.present(&link, &banks.credential("784-1", 5)).await.status,
        400
    );
    assert_eq!(
        told(&banks, &browser.open(&banks.world, &page.url).await),
        "access_denied"
    );

    // A status list that cannot be read refutes nothing, and proves nothing.
    banks.world.advance(400);
    banks.world.publish_text("not a status list");
    let mut browser = Browser::default();
    let page = banks.begin(&mut browser, &banks.request("bank", &[])).await;
    let link = banks.cross_device_link(&page, "bank").await;
    assert_eq!(
        banks.present(&link, &banks.credential("784-1", 5)).await.status,
        200
    );
    let sent = browser.open(&banks.world, &page.url).await;
    assert_eq!(told(&banks, &sent), "temporarily_unavailable");
}

#[tokio::test]
async fn the_page_is_in_the_language_that_the_bank_or_the_customer_wants() {
    let banks = Banks::with(|configuration, _| {
        let mut party = party("bank", json!({}));
        party["name"] = json!("<b>Bank</b>");
        insert_party(configuration, "bank", party);
    })
    .await;
    let mut browser = Browser::default();
    let page = banks
        .begin(&mut browser, &banks.request("bank", &[("ui_locales", "ar")]))
        .await;
    assert!(
        page.html.contains("dir=\"rtl\"") && page.html.contains("&lt;b&gt;Bank"),
        "{}",
        page.html
    );
    assert!(!page.html.contains("<b>"));
    let switched = browser
        .open(&banks.world, &format!("{}?language=fr", page.url))
        .await;
    assert_eq!((switched.status, location(&switched)), (303, page.url.clone()));
    assert!(
        banks
            .page(&mut browser, &page.url)
            .await
            .html
            .contains("Ouvrir le portefeuille")
    );
    let shown = browser.open(&banks.world, &page.url).await;
    let policy = shown.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.ends_with("form-action 'self' http://127.0.0.1"),
        "{policy}"
    );
    let script = banks.world.send(Method::GET, "/openid/sign-in.js", &[], "").await;
    assert_eq!(script.media_type(), "text/javascript");
}

#[tokio::test]
async fn the_metadata_say_what_the_provider_does() {
    let banks = Banks::new().await;
    let url = format!("{}/.well-known/openid-configuration", banks.issuer());
    let read = banks.world.send(Method::GET, &url, &[], "").await;
    assert_eq!(read.media_type(), "application/json");
    let metadata: Value = json_of(&read);
    assert_eq!(metadata["issuer"], banks.issuer());
    for (name, path) in [
        ("authorization_endpoint", "/authorize"),
        ("token_endpoint", "/token"),
        ("userinfo_endpoint", "/userinfo"),
        ("jwks_uri", "/jwks"),
        ("pushed_authorization_request_endpoint", "/par"),
    ] {
        assert_eq!(metadata[name], format!("{}{path}", banks.issuer()));
    }
    for (name, value) in [
        ("response_types_supported", json!(["code"])),
        ("subject_types_supported", json!(["pairwise"])),
        ("id_token_signing_alg_values_supported", json!(["ES256"])),
        (
            "token_endpoint_auth_methods_supported",
            json!(["private_key_jwt"]),
        ),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("claims_parameter_supported", json!(true)),
        ("request_parameter_supported", json!(false)),
        ("request_uri_parameter_supported", json!(false)),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("require_pushed_authorization_requests", json!(false)),
        ("acr_values_supported", json!(["low", "high"])),
        ("ui_locales_supported", json!(["ar", "en", "fr", "hi"])),
        ("verified_claims_supported", json!(true)),
        ("trust_frameworks_supported", json!(["eidas"])),
        ("evidence_supported", json!(["electronic_record"])),
        ("electronic_records_supported", json!(["population_register"])),
        (
            "claims_in_verified_claims_supported",
            json!(["family_name", "given_name", "name"]),
        ),
    ] {
        let mut found = metadata[name].clone();
        if let (Some(list), "ui_locales_supported") = (found.as_array_mut(), name) {
            list.sort_by_key(ToString::to_string);
        }
        assert_eq!(found, value, "{name}");
    }
    for claim in ["sub", "acr", "given_name"] {
        assert!(
            metadata["claims_supported"]
                .as_array()
                .unwrap()
                .contains(&json!(claim)),
            "{claim}"
        );
    }
    // Without a client there is no provider.
    let none = crate::world::World::new().await;
    let url = format!("{}/openid/.well-known/openid-configuration", none.base);
    assert_eq!(none.send(Method::GET, &url, &[], "").await.status, 404);
}
