//! The authorization code and what comes of it (ATTACKS.md rows 12, 17 and 19).

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::jose::jws;
use symbolon_protocol::openid4vci::proof;

use crate::harness::{error_of, wanted_of};
use crate::wallet::{
    NATIONAL, OTHER_KEY, PUBLIC, Tokens, Wallet, details, open_policy, policy, signed, world_of,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_code_gives_a_token_and_the_token_a_credential() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let tokens = wallet.tokens().await;
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert_eq!(tokens.body["expires_in"], 300);
    assert_eq!(tokens.body["scope"], NATIONAL);
    assert_eq!(tokens.body.get("authorization_details"), None);
    let response = wallet.credential(&tokens.access).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_redemption_has_its_code_and_costs_nothing() {
    let world = world_of(open_policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let code = wallet.code().await;
    let other_verifier = "a".repeat(43);
    for (changes, error) in [
        (vec![("code", "made-up")], "invalid_grant"),
        (vec![("code", "")], "invalid_request"),
        (vec![("client_id", "")], "invalid_request"),
        (vec![("client_id", "somebody-else")], "invalid_grant"),
        (vec![("redirect_uri", "https://wallet.example/")], "invalid_grant"),
        (vec![("redirect_uri", "")], "invalid_grant"),
        (vec![("code_verifier", "")], "invalid_request"),
        (vec![("code_verifier", other_verifier.as_str())], "invalid_grant"),
        (vec![("grant_type", "password")], "unsupported_grant_type"),
        (
            vec![("authorization_details", &details("OtherIdentity"))],
            "invalid_authorization_details",
        ),
    ] {
        let response = wallet.redeem_with(&code, &changes).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{changes:?}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(error_of(response).await, error, "{changes:?}");
    }
    Tokens::of(wallet.redeem(&code).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lives_for_a_minute() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let (in_time, late) = (wallet.code().await, wallet.code().await);
    world.wait(59);
    Tokens::of(wallet.redeem(&in_time).await).await;
    world.wait(1);
    assert_eq!(error_of(wallet.redeem(&late).await).await, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_used_twice_ends_the_tokens_that_it_gave() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let code = wallet.code().await;
    let tokens = Tokens::of(wallet.redeem(&code).await).await;
    assert_eq!(wallet.credential(&tokens.access).await.status(), StatusCode::OK);
    let refreshed = Tokens::of(wallet.refresh(&tokens.refresh.unwrap()).await).await;
    // Long after the code's own time, by whoever has it, with whatever else.
    world.wait(300);
    let again = wallet
        .redeem_with(&code, &[("code_verifier", &"a".repeat(43))])
        .await;
    assert_eq!(error_of(again).await, "invalid_grant");
    for token in [&tokens.access, &refreshed.access] {
        let response = wallet.credential(token).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(
            response.headers()["www-authenticate"],
            "Bearer error=\"invalid_token\""
        );
    }
    let response = wallet.refresh(&refreshed.refresh.unwrap()).await;
    assert_eq!(error_of(response).await, "invalid_grant");
    // Another authorization of the same wallet is not touched.
    let other = wallet.tokens().await;
    assert_eq!(wallet.credential(&other.access).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_redeem_one_code_at_once_one_gets_a_token() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    for _ in 0..3 {
        let code = wallet.code().await;
        let redeem = || wallet.redeem(&code);
        let responses = tokio::join!(redeem(), redeem(), redeem(), redeem(), redeem(), redeem());
        let (a, b, c, d, e, f) = responses;
        let granted = [a, b, c, d, e, f]
            .iter()
            .filter(|response| response.status() == StatusCode::OK)
            .count();
        assert_eq!(granted, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn datasets_are_named_where_the_request_had_details_and_then_must_be_used() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let code = wallet
        .code_for(&[("scope", ""), ("authorization_details", &details(NATIONAL))])
        .await;
    let tokens = Tokens::of(wallet.redeem(&code).await).await;
    assert_eq!(tokens.body.get("scope"), None);
    let authorized = &tokens.body["authorization_details"][0];
    assert_eq!(authorized["type"], "openid_credential");
    assert_eq!(authorized["credential_configuration_id"], NATIONAL);
    let identifier = authorized["credential_identifiers"][0].as_str().unwrap();

    let proof = async || {
        let nonce = world.nonce().await;
        json!({ "jwt": [world.proof(&world.wallet_key(), &nonce)] })
    };
    let by = |selector: Value, proofs: Value| {
        let mut body = selector;
        body["proofs"] = proofs;
        body
    };
    for (selector, error) in [
        (
            json!({ "credential_configuration_id": NATIONAL }),
            "invalid_credential_request",
        ),
        (
            json!({ "credential_identifier": "made-up" }),
            "unknown_credential_identifier",
        ),
        (
            json!({ "credential_identifier": identifier, "credential_configuration_id": NATIONAL }),
            "invalid_credential_request",
        ),
    ] {
        let response = wallet
            .credential_with(&tokens.access, &by(selector, proof().await))
            .await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(error_of(response).await, error);
    }
    let good = by(json!({ "credential_identifier": identifier }), proof().await);
    let response = wallet.credential_with(&tokens.access, &good).await;
    assert_eq!(response.status(), StatusCode::OK);

    // And the other way round: a token whose response named none takes none.
    let plain = wallet.tokens().await;
    let response = wallet.credential_with(&plain.access, &good).await;
    assert_eq!(error_of(response).await, "unknown_credential_identifier");
    // The name is the same after a refresh, and another's in another authorization.
    let refreshed = Tokens::of(wallet.refresh(&tokens.refresh.unwrap()).await).await;
    assert_eq!(
        refreshed.body["authorization_details"],
        tokens.body["authorization_details"]
    );
    let code = wallet
        .code_for(&[("authorization_details", &details(NATIONAL))])
        .await;
    let other = Tokens::of(wallet.redeem(&code).await).await;
    assert_ne!(
        other.body["authorization_details"],
        tokens.body["authorization_details"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_what_was_agreed_to_and_nothing_else() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let tokens = wallet.tokens().await;
    let nonce = world.nonce().await;
    let body = wanted_of(
        "NationalIdentityMdoc",
        &[world.proof(&world.wallet_key(), &nonce)],
    );
    let response = wallet.credential_with(&tokens.access, &body).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        response.headers()["www-authenticate"],
        "Bearer error=\"insufficient_scope\""
    );
    world.wait(300);
    let response = wallet.credential(&tokens.access).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_bound_to_a_key_is_redeemed_with_it() {
    let world = world_of(policy()).await;
    let bound = Wallet::new(&world, PUBLIC).with_dpop();
    let code = bound.code().await;
    let bare = Wallet::new(&world, PUBLIC);
    assert_eq!(error_of(bare.redeem(&code).await).await, "invalid_dpop_proof");
    let other = Wallet {
        dpop: Some(OTHER_KEY),
        ..Wallet::new(&world, PUBLIC)
    };
    assert_eq!(error_of(other.redeem(&code).await).await, "invalid_dpop_proof");
    let tokens = Tokens::of(bound.redeem(&code).await).await;
    assert_eq!(tokens.body["token_type"], "DPoP");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_proof_names_the_client_that_has_the_token_or_nobody() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let tokens = wallet.tokens().await;
    for (client, status) in [
        ("another-wallet", StatusCode::BAD_REQUEST),
        (PUBLIC, StatusCode::OK),
    ] {
        let key = world.wallet_key();
        let mut header = serde_json::Map::new();
        header.insert("typ".to_owned(), json!(proof::PROOF_TYPE));
        header.insert("jwk".to_owned(), json!(key.public_key().to_jwk()));
        let nonce = world.nonce().await;
        let claims = json!({ "iss": client, "aud": world.base, "iat": world.now(), "nonce": nonce });
        let prepared = jws::prepare(SignatureAlgorithm::Es256, &header, claims.to_string().as_bytes());
        let body = wanted_of(NATIONAL, &[signed(&key, prepared)]);
        let response = wallet.credential_with(&tokens.access, &body).await;
        assert_eq!(response.status(), status, "{client}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_survive_a_restart_and_so_does_their_end() {
    let world = world_of(policy()).await;
    let (code, tokens, ended) = {
        let wallet = Wallet::new(&world, PUBLIC);
        let code = wallet.code().await;
        let ended = Tokens::of(wallet.redeem(&code).await).await;
        assert_eq!(error_of(wallet.redeem(&code).await).await, "invalid_grant");
        (wallet.code().await, wallet.tokens().await, ended)
    };
    let world = world.restart().await;
    let wallet = Wallet::new(&world, PUBLIC);
    assert_eq!(wallet.credential(&tokens.access).await.status(), StatusCode::OK);
    assert_eq!(
        wallet.credential(&ended.access).await.status(),
        StatusCode::UNAUTHORIZED
    );
    Tokens::of(wallet.redeem(&code).await).await;
}
