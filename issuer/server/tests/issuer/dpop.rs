//! Tokens that are bound to keys (ATTACKS.md rows 12 and 16).

use reqwest::StatusCode;
use symbolon_issuer::authorization::{AuthorizationPolicy, DpopPolicy};
use symbolon_issuer_server::administration::TransactionCode;
use symbolon_protocol::oauth::dpop::DpopNonce;

use crate::harness::{HASSAN, PRE_AUTHORIZED, error_of, wanted_of};
use crate::wallet::{DPOP_KEY, NATIONAL, OTHER_KEY, PUBLIC, Tokens, Wallet, policy, world_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_token_is_used_with_its_key() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC).with_dpop();
    let tokens = wallet.tokens().await;
    assert_eq!(tokens.body["token_type"], "DPoP");
    let response = wallet.credential(&tokens.access).await;
    assert_eq!(response.status(), StatusCode::OK);
    // The next proof needs no round trip.
    assert!(response.headers().contains_key("dpop-nonce"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_use_of_a_bound_token_is_challenged() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC).with_dpop();
    let tokens = wallet.tokens().await;
    let token = tokens.access.as_str();
    let nonce = wallet.nonce().await;
    let c_nonce = world.nonce().await;
    let body = wanted_of(NATIONAL, &[world.proof(&world.wallet_key(), &c_nonce)]);
    let proof = |key, path, token, nonce| wallet.proof(key, path, token, nonce);
    let made_up = DpopNonce::parse("made-up").unwrap();
    let foreign = DpopNonce::parse(c_nonce.as_str()).unwrap();
    let scheme = |name: &str| format!("{name} {token}");
    let dpop = || scheme("DPoP");
    let cases = [
        ("stripped", scheme("Bearer"), None, "invalid_token"),
        ("no proof", dpop(), None, "invalid_dpop_proof"),
        (
            "another key",
            dpop(),
            Some(proof(OTHER_KEY, "/credential", Some(token), Some(&nonce))),
            "invalid_token",
        ),
        (
            "another address",
            dpop(),
            Some(proof(DPOP_KEY, "/token", Some(token), Some(&nonce))),
            "invalid_dpop_proof",
        ),
        (
            "no ath",
            dpop(),
            Some(proof(DPOP_KEY, "/credential", None, Some(&nonce))),
            "invalid_dpop_proof",
        ),
        (
            "another token's ath",
            dpop(),
            Some(proof(DPOP_KEY, "/credential", Some("other"), Some(&nonce))),
            "invalid_dpop_proof",
        ),
        (
            "no nonce",
            dpop(),
            Some(proof(DPOP_KEY, "/credential", Some(token), None)),
            "use_dpop_nonce",
        ),
        (
            "made-up nonce",
            dpop(),
            Some(proof(DPOP_KEY, "/credential", Some(token), Some(&made_up))),
            "use_dpop_nonce",
        ),
        (
            "a c_nonce",
            dpop(),
            Some(proof(DPOP_KEY, "/credential", Some(token), Some(&foreign))),
            "use_dpop_nonce",
        ),
        ("no JWT", dpop(), Some("a.b.c".to_owned()), "invalid_dpop_proof"),
    ];
    for (what, authorization, proof, code) in cases {
        let mut request = wallet
            .bare("/credential")
            .header("authorization", authorization)
            .json(&body);
        if let Some(proof) = proof {
            request = request.header("DPoP", proof);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{what}");
        let challenge = response.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .to_owned();
        let expected = format!("DPoP error=\"{code}\", algs=\"ES256 ES384 EdDSA\"");
        assert_eq!(challenge, expected, "{what}");
        if code == "use_dpop_nonce" {
            assert!(response.headers().contains_key("dpop-nonce"), "{what}");
        }
    }
    // Two proofs are none.
    let twice = wallet
        .bare("/credential")
        .header("authorization", dpop())
        .header(
            "DPoP",
            wallet.proof(DPOP_KEY, "/credential", Some(token), Some(&nonce)),
        )
        .header(
            "DPoP",
            wallet.proof(DPOP_KEY, "/credential", Some(token), Some(&nonce)),
        )
        .json(&body);
    assert_eq!(twice.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    // An old proof, by the issuer's clock.
    let old = wallet.proof(DPOP_KEY, "/credential", Some(token), Some(&nonce));
    world.wait(301);
    let stale = wallet
        .bare("/credential")
        .header("authorization", dpop())
        .header("DPoP", old)
        .json(&body);
    assert_eq!(stale.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    // None of it cost the token or the c_nonce anything: the same body is good, but for its age.
    assert_eq!(wallet.credential(token).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_good_for_one_credential() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC).with_dpop();
    let token = wallet.tokens().await.access;
    let nonce = wallet.nonce().await;
    let proof = wallet.proof(DPOP_KEY, "/credential", Some(&token), Some(&nonce));
    let send = async |expected: StatusCode| {
        let c_nonce = world.nonce().await;
        let body = wanted_of(NATIONAL, &[world.proof(&world.wallet_key(), &c_nonce)]);
        let request = wallet
            .bare("/credential")
            .header("authorization", format!("DPoP {token}"))
            .header("DPoP", proof.as_str())
            .json(&body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), expected);
        response
    };
    send(StatusCode::OK).await;
    let replayed = send(StatusCode::UNAUTHORIZED).await;
    let challenge = replayed.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.starts_with("DPoP error=\"invalid_dpop_proof\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_token_is_not_used_as_a_bound_one() {
    let world = world_of(policy()).await;
    let bare = Wallet::new(&world, PUBLIC);
    let token = bare.tokens().await.access;
    let wallet = Wallet::new(&world, PUBLIC).with_dpop();
    let response = wallet.credential(&token).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        response.headers()["www-authenticate"],
        "Bearer error=\"invalid_token\""
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_token_is_told_both_schemes() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let response = wallet.bare("/credential").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let challenges: Vec<_> = response.headers().get_all("www-authenticate").iter().collect();
    assert_eq!(challenges, ["Bearer", "DPoP algs=\"ES256 ES384 EdDSA\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_endpoint_asks_for_its_nonce_and_takes_a_proof_once() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let redeem = async |code: &str, proof: &str| {
        let form = wallet.redemption(code, &[]);
        let request = wallet.bare("/token").header("DPoP", proof).form(&form);
        request.send().await.unwrap()
    };
    let code = wallet.code().await;
    let response = redeem(&code, &wallet.proof(DPOP_KEY, "/token", None, None)).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let nonce = response.headers()["dpop-nonce"].to_str().unwrap().to_owned();
    assert_eq!(error_of(response).await, "use_dpop_nonce");
    let nonce = DpopNonce::parse(nonce).unwrap();
    let proof = wallet.proof(DPOP_KEY, "/token", None, Some(&nonce));
    let other = wallet.proof(DPOP_KEY, "/credential", None, Some(&nonce));
    assert_eq!(error_of(redeem(&code, &other).await).await, "invalid_dpop_proof");
    let tokens = Tokens::of(redeem(&code, &proof).await).await;
    assert_eq!(tokens.body["token_type"], "DPoP");
    // ATTACKS.md row 12: a jti replayed, with another code.
    let second = wallet.code().await;
    assert_eq!(
        error_of(redeem(&second, &proof).await).await,
        "invalid_dpop_proof"
    );
    world.wait(30);
    let fresh = wallet.proof(DPOP_KEY, "/token", None, Some(&wallet.nonce().await));
    Tokens::of(redeem(&second, &fresh).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_redeems_one_offer_or_refreshes_one_token() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let nonce = wallet.nonce().await;
    let proof = wallet.proof(DPOP_KEY, "/token", None, Some(&nonce));
    let redeem = async || {
        let offer = world.offer(HASSAN, TransactionCode::NotRequired).await;
        let form = [
            ("grant_type", PRE_AUTHORIZED),
            ("pre-authorized_code", &offer.code),
        ];
        let request = wallet.bare("/token").header("DPoP", proof.as_str()).form(&form);
        request.send().await.unwrap()
    };
    let tokens = Tokens::of(redeem().await).await;
    assert_eq!(tokens.body["token_type"], "DPoP");
    assert_eq!(error_of(redeem().await).await, "invalid_dpop_proof");
    let refresh = Wallet::new(&world, PUBLIC)
        .with_dpop()
        .tokens()
        .await
        .refresh
        .unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", PUBLIC),
        ("refresh_token", refresh.as_str()),
    ];
    let replayed = wallet.bare("/token").header("DPoP", proof.as_str()).form(&form);
    assert_eq!(
        error_of(replayed.send().await.unwrap()).await,
        "invalid_dpop_proof"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_policy_wants_it_no_token_is_given_without_a_key() {
    let world = world_of(AuthorizationPolicy {
        dpop: DpopPolicy::Required,
        ..policy()
    })
    .await;
    let bare = Wallet::new(&world, PUBLIC);
    assert_eq!(
        error_of(bare.redeem(&bare.code().await).await).await,
        "invalid_dpop_proof"
    );
    let offer = world.offer(HASSAN, TransactionCode::NotRequired).await;
    let redeem = [
        ("grant_type", PRE_AUTHORIZED),
        ("pre-authorized_code", offer.code.as_str()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    assert_eq!(
        error_of(bare.post("/token", redeem.clone()).await).await,
        "invalid_dpop_proof"
    );
    let wallet = Wallet::new(&world, PUBLIC).with_dpop();
    let tokens = Tokens::of(wallet.post("/token", redeem).await).await;
    assert_eq!(tokens.body["token_type"], "DPoP");
    assert_eq!(wallet.credential(&tokens.access).await.status(), StatusCode::OK);
    let response = bare.bare("/credential").send().await.unwrap();
    assert_eq!(
        response.headers()["www-authenticate"],
        "DPoP algs=\"ES256 ES384 EdDSA\""
    );
}
