//! The endpoint of pushed authorization requests ([RFC 9126]; ATTACKS.md row 12).
//!
//! [RFC 9126]: https://www.rfc-editor.org/rfc/rfc9126

use reqwest::StatusCode;
use serde_json::Value;
use symbolon_issuer::authorization::{AuthorizationPolicy, PushedRequests};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::oauth::authorization_request::{AuthorizationRequest, State};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::pkce::CodeVerifier;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_protocol::oauth::request_object;
use symbolon_protocol::oauth::scope::Scope;

use crate::harness::error_of;
use crate::wallet::{
    ASSERTING, ASSERTION_KEY, BACK, NATIONAL, OTHER_KEY, PUBLIC, Tokens, VERIFIER, Wallet, browser_key,
    details, key, location, open_policy, parameter, policy, signed, thumbprint, world_of,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_request_gets_a_name_that_is_good_for_one_browser() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let response = wallet.push(&[]).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["expires_in"], 90);
    let request_uri = body["request_uri"].as_str().unwrap();
    assert!(request_uri.starts_with("urn:ietf:params:oauth:request_uri:"));
    browser_key(&wallet.open_pushed(request_uri).await);
    // ATTACKS.md row 12: a request_uri replayed.
    let again = wallet.open_pushed(request_uri).await;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);
    assert!(again.text().await.unwrap().contains("invalid_request_uri"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_request_is_for_its_client_and_its_time() {
    let world = world_of(open_policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let request_uri = wallet.pushed(&[]).await;
    let other = Wallet::new(&world, "somebody-else");
    let refused = other.open_pushed(&request_uri).await;
    assert!(refused.text().await.unwrap().contains("invalid_request_uri"));
    let made_up = "urn:ietf:params:oauth:request_uri:made-up";
    assert_eq!(
        wallet.open_pushed(made_up).await.status(),
        StatusCode::BAD_REQUEST
    );
    // Neither used it up; time does.
    world.wait(89);
    let other_uri = wallet.pushed(&[]).await;
    browser_key(&wallet.open_pushed(&request_uri).await);
    world.wait(90);
    assert_eq!(
        wallet.open_pushed(&other_uri).await.status(),
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_request_has_its_code() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let unknown_details = details("Nothing");
    let elsewhere = r#"[{"type":"openid_credential","credential_configuration_id":"NationalIdentity","locations":["https://other.example"]}]"#;
    for (changes, code) in [
        (vec![("client_id", "")], "invalid_request"),
        (vec![("response_type", "token")], "unsupported_response_type"),
        (vec![("redirect_uri", "")], "invalid_request"),
        (
            vec![("redirect_uri", "https://evil.example/back")],
            "invalid_request",
        ),
        (
            vec![("redirect_uri", "https://wallet.example/back/")],
            "invalid_request",
        ),
        (vec![("code_challenge", "")], "invalid_request"),
        (vec![("code_challenge_method", "plain")], "invalid_request"),
        (vec![("code_challenge_method", "")], "invalid_request"),
        (vec![("scope", "nothing known")], "invalid_scope"),
        (vec![("scope", "")], "invalid_scope"),
        (
            vec![("authorization_details", unknown_details.as_str())],
            "invalid_authorization_details",
        ),
        (
            vec![("authorization_details", elsewhere)],
            "invalid_authorization_details",
        ),
        (
            vec![("authorization_details", "{}")],
            "invalid_authorization_details",
        ),
        (vec![("resource", "https://other.example")], "invalid_target"),
        (vec![("issuer_state", "made-up")], "invalid_request"),
        (vec![("request_uri", "urn:x")], "invalid_request"),
        (vec![("request", "a.b.c")], "invalid_request_object"),
        (vec![("client_secret", "secret")], "invalid_client"),
    ] {
        let response = wallet.push(&changes).await;
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(error_of(response).await, code, "{changes:?}");
    }
    let stranger = Wallet::new(&world, "stranger");
    let response = stranger.push(&[]).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(error_of(response).await, "invalid_client");
    let barred = Wallet::new(&world, "offers-only");
    assert_eq!(error_of(barred.push(&[]).await).await, "unauthorized_client");
    let json = wallet.bare("/par").json(&serde_json::json!({}));
    assert_eq!(error_of(json.send().await.unwrap()).await, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_parameters_and_scopes_are_ignored_beside_a_known_one() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let base = world.base.clone();
    wallet
        .pushed(&[
            ("scope", "openid NationalIdentity nothing"),
            ("something_new", "1"),
            ("resource", &base),
            ("redirect_uri", "http://127.0.0.1:51004/back"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_nobody_knows_needs_an_address_of_a_domain() {
    let world = world_of(open_policy()).await;
    let stranger = Wallet::new(&world, "stranger");
    for good in [
        "https://any.example/back",
        "org.example.wallet:/back",
        "http://127.0.0.1:1234/",
    ] {
        stranger.pushed(&[("redirect_uri", good)]).await;
    }
    for bad in ["wallet://back", "javascript:alert(1)", "http://any.example/back"] {
        let response = stranger.push(&[("redirect_uri", bad)]).await;
        assert_eq!(error_of(response).await, "invalid_request", "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_request_may_come_in_the_address_where_the_policy_allows() {
    for (pushed_requests, allowed) in [
        (PushedRequests::Optional, true),
        (PushedRequests::Required, false),
    ] {
        let world = world_of(AuthorizationPolicy {
            pushed_requests,
            ..policy()
        })
        .await;
        let wallet = Wallet::new(&world, ASSERTING);
        let server = IssuerIdentifier::parse(&world.base).unwrap();
        let object = |role: u64| {
            let key = key(role);
            let public = key.public_key();
            let request = request(ASSERTING);
            signed(
                &key,
                request_object::prepare(&request, &public, &server, &wallet.jti(), world.now()),
            )
        };
        let address = |object: String| {
            [("client_id", ASSERTING.to_owned()), ("request", object)]
                .map(|(name, value)| (name.to_owned(), value))
                .to_vec()
        };
        let opened = wallet.open(&address(object(ASSERTION_KEY))).await;
        if allowed {
            let back = wallet.agree(&browser_key(&opened)).await;
            // Whoever could not authenticate in the address does so here.
            let code = parameter(&back, "code").unwrap();
            let stranger = Wallet::new(&world, PUBLIC);
            assert_eq!(error_of(stranger.redeem(&code).await).await, "invalid_grant");
            Tokens::of(wallet.redeem(&code).await).await;
        } else {
            assert_eq!(parameter(&location(&opened), "error").unwrap(), "invalid_request");
        }
        // An object by somebody else says nothing, not even where to go.
        let forged = wallet.open(&address(object(OTHER_KEY))).await;
        assert_eq!(forged.status(), StatusCode::BAD_REQUEST);
        assert!(forged.text().await.unwrap().contains("invalid_request_object"));
    }
}

fn request(client: &str) -> AuthorizationRequest {
    AuthorizationRequest {
        client_id: ClientIdentifier::parse(client).unwrap(),
        redirect_uri: RedirectUri::parse(BACK).unwrap(),
        state: State::parse("of the object"),
        code_challenge: CodeVerifier::parse(VERIFIER).unwrap().challenge(),
        scope: Scope::parse(NATIONAL).ok(),
        authorization_details: Vec::new(),
        issuer_state: None,
        resource: Vec::new(),
        dpop_jkt: None,
        ui_locales: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_request_counts_alone_and_must_be_by_the_clients_key() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, ASSERTING);
    let server = IssuerIdentifier::parse(&world.base).unwrap();
    let object = |role: u64, client: &str, server: &IssuerIdentifier| {
        let key = key(role);
        let prepared = request_object::prepare(
            &request(client),
            &key.public_key(),
            server,
            &wallet.jti(),
            world.now(),
        );
        signed(&key, prepared)
    };
    let form = |object: String| {
        // What stands beside the object does not count.
        vec![
            ("client_id".to_owned(), ASSERTING.to_owned()),
            ("redirect_uri".to_owned(), "https://evil.example".to_owned()),
            ("request".to_owned(), object),
        ]
    };
    let good = wallet
        .post("/par", form(object(ASSERTION_KEY, ASSERTING, &server)))
        .await;
    assert_eq!(good.status(), StatusCode::CREATED);
    let body: Value = good.json().await.unwrap();
    let opened = wallet.open_pushed(body["request_uri"].as_str().unwrap()).await;
    let back = wallet.agree(&browser_key(&opened)).await;
    assert!(back.starts_with(BACK));
    assert_eq!(parameter(&back, "state").unwrap(), "of the object");

    let elsewhere = IssuerIdentifier::parse("https://other.example").unwrap();
    for bad in [
        object(OTHER_KEY, ASSERTING, &server),
        object(ASSERTION_KEY, PUBLIC, &server),
        object(ASSERTION_KEY, ASSERTING, &elsewhere),
    ] {
        let response = wallet.post("/par", form(bad)).await;
        assert_eq!(error_of(response).await, "invalid_request_object");
    }
    // A client without keys has no objects.
    let public = Wallet::new(&world, PUBLIC);
    let object = object(ASSERTION_KEY, PUBLIC, &server);
    let form = vec![
        ("client_id".to_owned(), PUBLIC.to_owned()),
        ("request".to_owned(), object),
    ];
    assert_eq!(
        error_of(public.post("/par", form).await).await,
        "invalid_request_object"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_key_and_a_proven_one_must_agree() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC).with_dpop();
    let named = thumbprint(OTHER_KEY).to_string();
    let response = wallet.push(&[("dpop_jkt", &named)]).await;
    assert_eq!(error_of(response).await, "invalid_dpop_proof");
}
