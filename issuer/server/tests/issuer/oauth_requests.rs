//! Requests to the endpoints of the authorization server, apart from what they ask for: methods, parameters, one way to
//! authenticate, one way to present a token ([RFC 6749 §3], [RFC 6750 §2], [RFC 7636 §4], [RFC 9101 §5], [RFC 9126 §2]).
//!
//! [RFC 6749 §3]: https://www.rfc-editor.org/rfc/rfc6749#section-3
//! [RFC 6750 §2]: https://www.rfc-editor.org/rfc/rfc6750#section-2
//! [RFC 7636 §4]: https://www.rfc-editor.org/rfc/rfc7636#section-4
//! [RFC 9101 §5]: https://www.rfc-editor.org/rfc/rfc9101#section-5
//! [RFC 9126 §2]: https://www.rfc-editor.org/rfc/rfc9126#section-2

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use symbolon_crypto::encoding::base64url;
use symbolon_http::testing::status_of_announced;
use symbolon_issuer::authorization::{AuthorizationPolicy, PushedRequests};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::oauth::client_assertion::JWT_BEARER;
use symbolon_protocol::oauth::client_attestation::AttestationChallenge;
use symbolon_protocol::oauth::dpop::DpopNonce;

use crate::harness::{World, error_of, wanted_of};
use crate::wallet::{
    ASSERTING, ATTESTED, ATTESTER_KEY, Authentication, DPOP_KEY, INSTANCE_KEY, NATIONAL, OTHER_KEY, PUBLIC,
    Tokens, Wallet, browser_key, location, open_policy, parameter, policy, thumbprint, world_of,
};

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_of_clients_are_posted_to() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    for path in ["/par", "/token", "/challenge", "/nonce"] {
        let response = wallet.http.get(world.url(path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_comes_with_a_nonce_and_is_in_no_cache() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, ATTESTED).with_dpop();
    let response = wallet.bare("/challenge").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["content-type"], "application/json");
    let nonce = DpopNonce::parse(response.headers()["dpop-nonce"].to_str().unwrap()).unwrap();
    let body: Value = response.json().await.unwrap();
    let challenge = AttestationChallenge::parse(body["attestation_challenge"].as_str().unwrap()).unwrap();
    let server = IssuerIdentifier::parse(&world.base).unwrap();
    let attestation = wallet.attestation(ATTESTER_KEY, INSTANCE_KEY, Duration::from_secs(3_600));
    let possession = wallet.proof_of_possession(INSTANCE_KEY, &server, Some(&challenge));
    let pushed = wallet
        .bare("/par")
        .header("OAuth-Client-Attestation", attestation)
        .header("OAuth-Client-Attestation-PoP", possession)
        .header("DPoP", wallet.proof(DPOP_KEY, "/par", None, Some(&nonce)))
        .form(&wallet.request(&[]));
    let pushed = pushed.send().await.unwrap();
    assert_eq!(pushed.status(), StatusCode::CREATED);
    // The next challenge comes unasked.
    assert!(
        pushed
            .headers()
            .contains_key("oauth-client-attestation-challenge")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_comes_once_and_without_a_value_not_at_all() {
    let by_value = AuthorizationPolicy {
        pushed_requests: PushedRequests::Optional,
        ..policy()
    };
    let world = world_of(by_value).await;
    let wallet = Wallet::new(&world, PUBLIC);
    for twice in ["scope", "state", "redirect_uri", "client_id", "something_new"] {
        let mut form = wallet.request(&[("something_new", "1")]);
        let (name, value) = form.iter().find(|(name, _)| name == twice).cloned().unwrap();
        form.push((name, value));
        let response = wallet.post("/par", form.clone()).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{twice}");
        assert_eq!(error_of(response).await, "invalid_request", "{twice}");
        let opened = wallet.open(&form).await;
        assert_eq!(opened.status(), StatusCode::BAD_REQUEST, "{twice}");
        assert!(opened.headers().get("location").is_none());
    }
    let code = wallet.code().await;
    let mut form = wallet.redemption(&code, &[]);
    form.push(("code".to_owned(), code.clone()));
    assert_eq!(
        error_of(wallet.post("/token", form).await).await,
        "invalid_request"
    );

    let with = |mut form: Vec<(String, String)>, empty: &[&str]| {
        form.retain(|(name, _)| !empty.contains(&name.as_str()));
        form.extend(empty.iter().map(|name| ((*name).to_owned(), String::new())));
        form
    };
    let optional = [
        "state",
        "issuer_state",
        "resource",
        "dpop_jkt",
        "authorization_details",
    ];
    let response = wallet.post("/par", with(wallet.request(&[]), &optional)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let response = wallet
        .post("/par", with(wallet.request(&[]), &["code_challenge"]))
        .await;
    assert_eq!(error_of(response).await, "invalid_request");
    let form = with(wallet.redemption(&code, &[]), &["authorization_details"]);
    Tokens::of(wallet.post("/token", form).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_a_form_of_bounded_size() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let form = |mut pairs: Vec<(String, String)>, padding: usize| {
        pairs.push(("padding".to_owned(), "a".repeat(padding)));
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(pairs).finish()
    };
    let code = wallet.code().await;
    for (path, good) in [
        ("/par", wallet.request(&[])),
        ("/token", wallet.redemption(&code, &[])),
    ] {
        for media_type in ["text/plain", "application/json"] {
            let request = wallet.bare(path).header("content-type", media_type);
            let response = request.body(form(good.clone(), 0)).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{path} {media_type}");
            assert_eq!(error_of(response).await, "invalid_request", "{path} {media_type}");
        }
        let fields = [("content-type", "application/x-www-form-urlencoded")];
        let status = status_of_announced(&world.url(path), &fields, form(good, 2 << 20).len()).await;
        assert_eq!(status.unwrap(), 413, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_no_fragment_and_is_whole() {
    let world = world_of(open_policy()).await;
    let stranger = Wallet::new(&world, "stranger");
    for address in [
        "https://any.example/back#part",
        "https://any.example/back#",
        "//any.example/back",
        "/back",
        "https://user@any.example/back",
    ] {
        let response = stranger.push(&[("redirect_uri", address)]).await;
        assert_eq!(error_of(response).await, "invalid_request", "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_granted_in_part_is_told() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let code = wallet
        .code_for(&[("scope", "openid NationalIdentity nothing")])
        .await;
    let tokens = Tokens::of(wallet.redeem(&code).await).await;
    assert_eq!(tokens.body["scope"], NATIONAL);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_be_guessed_is_too_long_to_be() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let request_uri = wallet.pushed(&[]).await;
    let reference = request_uri.rsplit(':').next().unwrap();
    let browser = browser_key(&wallet.open_pushed(&request_uri).await);
    let code = wallet.code().await;
    let tokens = Tokens::of(wallet.redeem(&code).await).await;
    let refresh = tokens.refresh.unwrap();
    let secrets = [reference, &browser, &code, &tokens.access, &refresh];
    for secret in secrets {
        // 32 bytes in base64url.
        assert_eq!(secret.len(), 43);
    }
    let different: std::collections::BTreeSet<_> = secrets.into_iter().collect();
    assert_eq!(different.len(), secrets.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_beside_the_name_of_another_request_is_refused() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, ASSERTING);
    let request_uri = wallet.pushed(&[]).await;
    let parameters = |more: &[(&str, &str)]| {
        let mut all = vec![
            ("client_id".to_owned(), ASSERTING.to_owned()),
            ("request_uri".to_owned(), request_uri.clone()),
        ];
        all.extend(
            more.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        all
    };
    let both = wallet.open(&parameters(&[("request", "a.b.c")])).await;
    assert_eq!(both.status(), StatusCode::BAD_REQUEST);
    assert!(both.headers().get("location").is_none());
    // Whoever leaves the client out is nobody's client.
    let nameless = [("request_uri".to_owned(), request_uri.clone())];
    assert_eq!(wallet.open(&nameless).await.status(), StatusCode::BAD_REQUEST);
    // What stands beside the name does not count.
    let beside = parameters(&[("redirect_uri", "https://evil.example/"), ("state", "another")]);
    let back = wallet.agree(&browser_key(&wallet.open(&beside).await)).await;
    assert!(back.starts_with(crate::wallet::BACK));
    assert_eq!(parameter(&back, "state").unwrap(), "the state");
}

#[tokio::test(flavor = "multi_thread")]
async fn challenge_and_verifier_have_the_form_of_the_specification() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    for challenge in [
        "abc",
        &"A".repeat(44),
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
    ] {
        let response = wallet.push(&[("code_challenge", challenge)]).await;
        assert_eq!(error_of(response).await, "invalid_request", "{challenge}");
    }
    for (verifier, good) in [
        ("a".repeat(42), false),
        ("a".repeat(129), false),
        (format!("{}+", "a".repeat(60)), false),
        ("-._~".repeat(32), true),
    ] {
        // The challenge is that of the verifier, so nothing else is wrong with it.
        let challenge = base64url::encode(&Sha256::digest(verifier.as_bytes()));
        let code = wallet.code_for(&[("code_challenge", &challenge)]).await;
        let response = wallet.redeem_with(&code, &[("code_verifier", &verifier)]).await;
        if good {
            Tokens::of(response).await;
        } else {
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{verifier}");
            assert_eq!(error_of(response).await, "invalid_grant", "{verifier}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_authenticates_in_one_way() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, ATTESTED);
    let server = IssuerIdentifier::parse(&world.base).unwrap();
    let challenge = wallet.challenge().await;
    let attestation = wallet.attestation(ATTESTER_KEY, INSTANCE_KEY, Duration::from_secs(3_600));
    let mut form = wallet.request(&[]);
    form.push(("client_assertion_type".to_owned(), JWT_BEARER.to_owned()));
    form.push(("client_assertion".to_owned(), wallet.assertion()));
    let request = wallet
        .bare("/par")
        .header("OAuth-Client-Attestation", attestation)
        .header(
            "OAuth-Client-Attestation-PoP",
            wallet.proof_of_possession(INSTANCE_KEY, &server, Some(&challenge)),
        );
    let response = request.form(&form).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(error_of(response).await, "invalid_request");
    // Half an assertion is none.
    for half in ["client_assertion", "client_assertion_type"] {
        let wallet = Wallet {
            authentication: Authentication::Public,
            ..Wallet::new(&world, ASSERTING)
        };
        let mut form = wallet.request(&[]);
        let value = match half {
            "client_assertion" => wallet.assertion(),
            _ => JWT_BEARER.to_owned(),
        };
        form.push((half.to_owned(), value));
        let response = wallet.post("/par", form).await;
        assert_eq!(error_of(response).await, "invalid_request", "{half}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_named_in_the_request_redeems_the_code() {
    let world = world_of(policy()).await;
    let named = thumbprint(DPOP_KEY).to_string();
    let bare = Wallet::new(&world, PUBLIC);
    let code = bare.code_for(&[("dpop_jkt", &named)]).await;
    let other = Wallet {
        dpop: Some(OTHER_KEY),
        ..Wallet::new(&world, PUBLIC)
    };
    for wallet in [&bare, &other] {
        assert_eq!(error_of(wallet.redeem(&code).await).await, "invalid_dpop_proof");
    }
    let tokens = Tokens::of(bare.with_dpop().redeem(&code).await).await;
    assert_eq!(tokens.body["token_type"], "DPoP");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_comes_in_one_header_field_and_nowhere_else() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let token = wallet.tokens().await.access;
    let nonce = world.nonce().await;
    let mut body = wanted_of(NATIONAL, &[world.proof(&world.wallet_key(), &nonce)]);
    let ask = || wallet.bare("/credential");
    let bearer = format!("Bearer {token}");
    let twice = ask()
        .header("authorization", &bearer)
        .header("authorization", &bearer)
        .json(&body);
    assert_eq!(twice.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    for scheme in ["Basic", "Token"] {
        let other = ask()
            .header("authorization", format!("{scheme} {token}"))
            .json(&body);
        let response = other.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{scheme}");
        let challenge = response.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains("error=\"invalid_request\""), "{challenge}");
    }
    body["access_token"] = Value::from(token.as_str());
    let in_body = ask().json(&body).send().await.unwrap();
    assert_eq!(in_body.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(in_body.headers()["www-authenticate"], "Bearer");
    let lower_case = ask()
        .header("authorization", format!("bearer {token}"))
        .json(&body);
    assert_eq!(lower_case.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cache_keeps_what_holds_tokens() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let code = wallet.code().await;
    let response = wallet.redeem(&code).await;
    let kept_out = |response: &reqwest::Response| {
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["pragma"], "no-cache");
        assert_eq!(response.headers()["content-type"], "application/json");
    };
    kept_out(&response);
    let refused = wallet.redeem("made-up").await;
    kept_out(&refused);
    // The redirect that holds the code, and the name of a pushed request.
    let pushed = wallet.push(&[]).await;
    assert_eq!(pushed.headers()["cache-control"], "no-store");
    let opened = wallet.open_pushed(&wallet.pushed(&[]).await).await;
    assert_eq!(opened.headers()["cache-control"], "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_of_the_server_says_nothing_with_nothing_in_it() {
    for policy in [policy(), open_policy(), AuthorizationPolicy::closed()] {
        let world = world_of(policy).await;
        let url = world.url("/.well-known/oauth-authorization-server");
        let response = world.client.get(url).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/json");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["issuer"], world.base.as_str());
        for (name, value) in body.as_object().unwrap() {
            let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            assert!(!is_empty, "{name}");
        }
    }
}

async fn opened_by(world: &World, client: &'static str) -> StatusCode {
    let wallet = Wallet::new(world, client);
    wallet.open(&wallet.request(&[])).await.status()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_leads_to_addresses_of_the_client_alone() {
    let world = world_of(policy()).await;
    // Nobody knows this one, so nothing is sent to the address that it names.
    assert_eq!(opened_by(&world, "stranger").await, StatusCode::BAD_REQUEST);
    let known = Wallet::new(&world, PUBLIC);
    let told = known.open(&known.request(&[])).await;
    assert_eq!(told.status(), StatusCode::SEE_OTHER);
    let back = location(&told);
    assert_eq!(parameter(&back, "error").unwrap(), "invalid_request");
    assert_eq!(parameter(&back, "iss").unwrap(), world.base);
}
