//! Requests that begin nothing: what goes back to the client, and what stays with the browser.

use http::Method;
use serde_json::json;

use super::{Banks, Browser, html, insert_party, location, parameter, party, told};

#[tokio::test]
async fn nothing_is_sent_to_an_address_that_the_client_has_not_registered() {
    let banks = Banks::new().await;
    for (name, value) in [
        ("redirect_uri", "http://127.0.0.1/callback"),
        ("redirect_uri", "http://127.0.0.1/callback?bank=1&more"),
        ("redirect_uri", "http://127.0.0.1:81/callback?bank=1"),
        ("redirect_uri", "http://localhost/callback?bank=1"),
        ("redirect_uri", "https://evil.example/callback?bank=1"),
        ("redirect_uri", "javascript:alert(1)"),
        ("redirect_uri", ""),
        ("client_id", "nobody"),
        ("client_id", ""),
    ] {
        // A request that is wrong otherwise too is not told anywhere either.
        for more in [
            ("response_type", "code"),
            ("response_type", "token"),
            ("request", "a.b.c"),
        ] {
            let query = banks.request("bank", &[(name, value), more]);
            let mut browser = Browser::default();
            let sent = banks.authorize(&mut browser, &query).await;
            assert!(sent.headers.get("location").is_none(), "{name}={value}");
            assert!(
                html(&sent, 400).contains("This sign-in cannot begin"),
                "{name}={value}"
            );
            assert!(browser.0.is_empty());
        }
    }
    let twice = format!(
        "{}&redirect_uri=https%3A%2F%2Fevil.example",
        banks.request("bank", &[])
    );
    html(&banks.authorize(&mut Browser::default(), &twice).await, 400);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_to_the_client() {
    let banks = Banks::new().await;
    for (changed, error) in [
        (&[("response_type", "token")][..], "unsupported_response_type"),
        (&[("response_type", "")], "invalid_request"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("scope", "kyc")], "invalid_scope"),
        (&[("scope", "")], "invalid_scope"),
        (&[("prompt", "none")], "login_required"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("max_age", "soon")], "invalid_request"),
        (&[("claims", "{")], "invalid_request"),
        (
            &[("claims", r#"{"id_token":{"verified_claims":{"claims":{}}}}"#)],
            "invalid_request",
        ),
        (
            &[("claims", r#"{"userinfo":{"verified_claims":7}}"#)],
            "invalid_request",
        ),
        (&[("request", "a.b.c")], "request_not_supported"),
        (
            &[("request_uri", "https://bank.example/request")],
            "request_uri_not_supported",
        ),
    ] {
        let mut browser = Browser::default();
        let sent = banks
            .authorize(&mut browser, &banks.request("bank", changed))
            .await;
        assert_eq!(told(&banks, &sent), error, "{changed:?}");
        assert!(browser.0.is_empty(), "nothing has begun");
    }
    assert_eq!(banks.links_of("bank").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_scope_that_no_policy_of_the_client_stands_for_is_refused() {
    let banks = Banks::configured(json!({"scopes": [
        {"scope": "kyc", "policy": "name", "subject": {"identity": ["personal_number"]}},
        {"scope": "loan", "policy": "name", "subject": {"identity": ["personal_number"]}},
    ]}))
    .await;
    for scope in ["openid", "openid profile", "openid payments", "openid kyc loan"] {
        let query = banks.request("bank", &[("scope", scope)]);
        let sent = banks.authorize(&mut Browser::default(), &query).await;
        assert_eq!(told(&banks, &sent), "invalid_scope", "{scope}");
    }
    // What nobody knows is passed over.
    let query = banks.request("bank", &[("scope", "openid kyc payments")]);
    assert_eq!(banks.authorize(&mut Browser::default(), &query).await.status, 303);
}

#[tokio::test]
async fn a_form_does_what_an_address_does() {
    let banks = Banks::new().await;
    let mut browser = Browser::default();
    let url = format!("{}/authorize", banks.issuer());
    let sent = browser
        .send(
            &banks.world,
            Method::POST,
            &url,
            Some(&banks.request("bank", &[])),
        )
        .await;
    let page = banks.page(&mut browser, &location(&sent)).await;
    assert!(page.html.contains("First Bank"));
    let json = [(http::header::CONTENT_TYPE, "application/json")];
    let refused = banks.world.send(Method::POST, &url, &json, "{}").await;
    html(&refused, 400);
}

#[tokio::test]
async fn a_pushed_request_is_good_once_for_its_client_and_its_time() {
    let banks = Banks::new().await;
    let push = |client: &'static str, changed: &[(&str, &str)]| {
        let assertion = banks.assertion(client, &json!({"aud": format!("{}/par", banks.issuer())}));
        let body = banks.request(client, changed);
        let own = super::form(&[
            ("client_assertion_type", super::JWT_BEARER),
            ("client_assertion", &assertion),
        ]);
        format!("{body}&{own}")
    };
    let pushed = banks.post("/par", &push("bank", &[]), &[]).await;
    assert_eq!(pushed.status, 201, "{}", String::from_utf8_lossy(&pushed.body));
    assert_eq!(pushed.headers["cache-control"], "no-store");
    let pushed = crate::world::json_of(&pushed);
    assert_eq!(pushed["expires_in"], 90);
    let uri = pushed["request_uri"].as_str().unwrap().to_owned();
    let of = |client: &str, uri: &str| super::form(&[("client_id", client), ("request_uri", uri)]);

    // Whatever stands beside it does not count.
    let query = format!(
        "{}&scope=other&redirect_uri=https%3A%2F%2Fevil.example",
        of("bank", &uri)
    );
    let sent = banks.authorize(&mut Browser::default(), &query).await;
    assert_eq!(sent.status, 303, "{}", String::from_utf8_lossy(&sent.body));
    html(&banks.authorize(&mut Browser::default(), &query).await, 400);

    let uri_of = |fetched: &symbolon_http::fetch::Fetched| {
        crate::world::json_of(fetched)["request_uri"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let another = uri_of(&banks.post("/par", &push("bank", &[]), &[]).await);
    html(
        &banks
            .authorize(&mut Browser::default(), &of("broker", &another))
            .await,
        400,
    );
    let late = uri_of(&banks.post("/par", &push("bank", &[]), &[]).await);
    banks.world.advance(91);
    html(
        &banks.authorize(&mut Browser::default(), &of("bank", &late)).await,
        400,
    );

    for (changed, error) in [
        (("redirect_uri", "https://evil.example"), "invalid_request"),
        (("scope", "profile"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("request", "a.b.c"), "request_not_supported"),
        (
            ("request_uri", "urn:ietf:params:oauth:request_uri:x"),
            "invalid_request",
        ),
    ] {
        let refused = banks.post("/par", &push("bank", &[changed]), &[]).await;
        assert_eq!(super::error(&refused), (400, error.to_owned()), "{changed:?}");
    }
    let unsigned = banks.post("/par", &banks.request("bank", &[]), &[]).await;
    assert_eq!(super::error(&unsigned), (401, "invalid_client".to_owned()));
    // One client does not push for another.
    let assertion = banks.assertion("broker", &json!({}));
    let own = super::form(&[
        ("client_assertion_type", super::JWT_BEARER),
        ("client_assertion", &assertion),
    ]);
    let foreign = format!("{}&{own}", banks.request("bank", &[]));
    let refused = banks.post("/par", &foreign, &[]).await;
    assert_eq!(super::error(&refused), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn a_client_that_pushes_its_requests_is_not_asked_for_by_anybody_else() {
    let banks = Banks::configured(json!({"require_pushed_authorization_requests": true})).await;
    let sent = banks
        .authorize(&mut Browser::default(), &banks.request("bank", &[]))
        .await;
    assert_eq!(told(&banks, &sent), "invalid_request");
    let form = format!("{}&{}", banks.request("bank", &[]), banks.asserted("bank", &[]));
    let pushed = crate::world::json_of(&banks.post("/par", &form, &[]).await);
    let query = super::form(&[
        ("client_id", "bank"),
        ("request_uri", pushed["request_uri"].as_str().unwrap()),
    ]);
    let mut browser = Browser::default();
    banks.begin(&mut browser, &query).await;
}

#[tokio::test]
async fn the_quota_of_the_relying_party_holds_for_sign_ins() {
    let banks = Banks::with(|configuration, _| {
        let mut party = party("bank", json!({}));
        party["requests_per_minute"] = json!(2);
        insert_party(configuration, "bank", party);
    })
    .await;
    for _ in 0..2 {
        let query = banks.request("bank", &[]);
        banks.begin(&mut Browser::default(), &query).await;
    }
    let sent = banks
        .authorize(&mut Browser::default(), &banks.request("bank", &[]))
        .await;
    assert_eq!(told(&banks, &sent), "temporarily_unavailable");
    let form = format!("{}&{}", banks.request("bank", &[]), banks.asserted("bank", &[]));
    let refused = banks.post("/par", &form, &[]).await;
    assert_eq!(
        super::error(&refused),
        (503, "temporarily_unavailable".to_owned())
    );
    assert!(parameter(&location(&sent), "error_description").is_some());
}
