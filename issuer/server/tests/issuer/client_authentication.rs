//! How wallets prove who they are (ATTACKS.md rows 12 and 16).

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::Value;
use symbolon_issuer::authorization::{AuthorizationPolicy, ClientAssurance, PreAuthorizedClients};
use symbolon_issuer_server::administration::TransactionCode;
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::oauth::client_assertion::JWT_BEARER;
use symbolon_protocol::oauth::client_attestation::AttestationChallenge;

use crate::harness::{HASSAN, PRE_AUTHORIZED, World, error_of};
use crate::wallet::{
    ASSERTING, ATTESTED, ATTESTER_KEY, Authentication, INSTANCE_KEY, OTHER_KEY, PUBLIC, Tokens, Wallet,
    browser_key, policy, world_of,
};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_client_gets_its_tokens() {
    let world = world_of(policy()).await;
    for client in [PUBLIC, ASSERTING, ATTESTED] {
        let wallet = Wallet::new(&world, client).with_dpop();
        let tokens = wallet.tokens().await;
        assert_eq!(
            wallet.credential(&tokens.access).await.status(),
            StatusCode::OK,
            "{client}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_authenticates_as_it_is_registered() {
    let world = world_of(policy()).await;
    for (client, authentication) in [
        (PUBLIC, Authentication::Assertion),
        (
            PUBLIC,
            Authentication::Attestation {
                instance: INSTANCE_KEY,
            },
        ),
        (ASSERTING, Authentication::Public),
        (
            ASSERTING,
            Authentication::Attestation {
                instance: INSTANCE_KEY,
            },
        ),
        (ATTESTED, Authentication::Public),
        (ATTESTED, Authentication::Assertion),
    ] {
        let wallet = Wallet {
            authentication,
            ..Wallet::new(&world, client)
        };
        let response = wallet.push(&[]).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{client}");
        assert_eq!(error_of(response).await, "invalid_client", "{client}");
    }
}

async fn push_asserted(wallet: &Wallet<'_>, assertion: &str, changes: &[(&str, &str)]) -> Response {
    let mut form = wallet.request(changes);
    form.push(("client_assertion_type".to_owned(), JWT_BEARER.to_owned()));
    form.push(("client_assertion".to_owned(), assertion.to_owned()));
    wallet.bare("/par").form(&form).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_is_good_for_one_request_of_its_client() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, ASSERTING);
    let assertion = wallet.assertion();
    // What fails for another reason has not used the assertion up.
    let refused = push_asserted(&wallet, &assertion, &[("scope", "nothing")]).await;
    assert_eq!(error_of(refused).await, "invalid_scope");
    let good = push_asserted(&wallet, &assertion, &[]).await;
    assert_eq!(good.status(), StatusCode::CREATED);
    // ATTACKS.md row 12: replayed, also at another endpoint.
    let replayed = push_asserted(&wallet, &assertion, &[]).await;
    assert_eq!(replayed.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(error_of(replayed).await, "invalid_client");
    let code = wallet.code().await;
    let mut form = wallet.redemption(&code, &[]);
    form.push(("client_assertion_type".to_owned(), JWT_BEARER.to_owned()));
    form.push(("client_assertion".to_owned(), assertion));
    let replayed = wallet.bare("/token").form(&form).send().await.unwrap();
    assert_eq!(error_of(replayed).await, "invalid_client");
    Tokens::of(wallet.redeem(&code).await).await;
    // Another client's, and none.
    let other = push_asserted(&wallet, &wallet.assertion(), &[("client_id", PUBLIC)]).await;
    assert_eq!(error_of(other).await, "invalid_client");
    assert_eq!(
        error_of(push_asserted(&wallet, "a.b.c", &[]).await).await,
        "invalid_client"
    );
}

/// The two JWTs of an attested request.
struct Attested {
    attestation: String,
    proof: String,
}

async fn push_attested(wallet: &Wallet<'_>, attested: &Attested) -> Response {
    wallet
        .bare("/par")
        .header("OAuth-Client-Attestation", attested.attestation.as_str())
        .header("OAuth-Client-Attestation-PoP", attested.proof.as_str())
        .form(&wallet.request(&[]))
        .send()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_attestation_has_its_code() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, ATTESTED);
    let server = IssuerIdentifier::parse(&world.base).unwrap();
    let elsewhere = IssuerIdentifier::parse("https://other.example").unwrap();
    let challenge = wallet.challenge().await;
    let attestation = || wallet.attestation(ATTESTER_KEY, INSTANCE_KEY, DAY);
    let proof = |instance, server, challenge| wallet.proof_of_possession(instance, server, challenge);
    let stranger = Wallet::new(&world, "another-wallet");
    let made_up = AttestationChallenge::parse("made-up").unwrap();
    let good = proof(INSTANCE_KEY, &server, Some(&challenge));
    let cases = [
        (
            "another attester",
            wallet.attestation(OTHER_KEY, INSTANCE_KEY, DAY),
            good.clone(),
            "invalid_client_attestation",
        ),
        (
            "another instance's proof",
            attestation(),
            proof(OTHER_KEY, &server, Some(&challenge)),
            "invalid_client_attestation",
        ),
        (
            "another server's proof",
            attestation(),
            proof(INSTANCE_KEY, &elsewhere, Some(&challenge)),
            "invalid_client_attestation",
        ),
        (
            "another client",
            stranger.attestation(ATTESTER_KEY, INSTANCE_KEY, DAY),
            good.clone(),
            "invalid_client_attestation",
        ),
        (
            "the two exchanged",
            good.clone(),
            attestation(),
            "invalid_client_attestation",
        ),
        (
            "no challenge",
            attestation(),
            proof(INSTANCE_KEY, &server, None),
            "use_attestation_challenge",
        ),
        (
            "a made-up challenge",
            attestation(),
            proof(INSTANCE_KEY, &server, Some(&made_up)),
            "use_attestation_challenge",
        ),
    ];
    for (what, attestation, proof, code) in cases {
        let response = push_attested(&wallet, &Attested { attestation, proof }).await;
        assert!(
            response
                .headers()
                .contains_key("oauth-client-attestation-challenge"),
            "{what}"
        );
        let status = response.status();
        assert_eq!(error_of(response).await, code, "{what}");
        let expected = match code {
            "use_attestation_challenge" => StatusCode::BAD_REQUEST,
            _ => StatusCode::UNAUTHORIZED,
        };
        assert_eq!(status, expected, "{what}");
    }
    let half = wallet
        .bare("/par")
        .header("OAuth-Client-Attestation", attestation())
        .form(&wallet.request(&[]));
    assert_eq!(error_of(half.send().await.unwrap()).await, "invalid_request");
    // None of it used the challenge or the proof up; a good request does.
    let attested = Attested {
        attestation: attestation(),
        proof: good,
    };
    assert_eq!(
        push_attested(&wallet, &attested).await.status(),
        StatusCode::CREATED
    );
    let replayed = push_attested(&wallet, &attested).await;
    assert_eq!(error_of(replayed).await, "invalid_client_attestation");
    // An attestation that has expired, with a fresh proof.
    let old = wallet.attestation(ATTESTER_KEY, INSTANCE_KEY, Duration::from_secs(60));
    world.wait(60 + 301);
    let challenge = wallet.challenge().await;
    let expired = Attested {
        attestation: old,
        proof: wallet.proof_of_possession(INSTANCE_KEY, &server, Some(&challenge)),
    };
    assert_eq!(
        error_of(push_attested(&wallet, &expired).await).await,
        "use_fresh_attestation"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_is_attested_and_not_registered_is_shown_by_its_attested_name() {
    let world = world_of(policy()).await;
    let wallet = Wallet {
        authentication: Authentication::Attestation {
            instance: INSTANCE_KEY,
        },
        ..Wallet::new(&world, "https://vendor.example/wallet")
    };
    let opened = wallet
        .open_pushed(&wallet.pushed(&[("redirect_uri", "vendor-wallet://back")]).await)
        .await;
    let administration = world.running().administration();
    let view = administration
        .issuer()
        .authorization(&browser_key(&opened))
        .await
        .unwrap();
    assert_eq!(view.client.assurance, ClientAssurance::Attested);
    assert_eq!(view.client.name.as_deref(), Some("Vendor's wallet"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_instance_was_given_another_cannot_use() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, ATTESTED);
    let other = Wallet {
        authentication: Authentication::Attestation { instance: OTHER_KEY },
        ..Wallet::new(&world, ATTESTED)
    };
    let code = wallet.code().await;
    assert_eq!(error_of(other.redeem(&code).await).await, "invalid_grant");
    let tokens = Tokens::of(wallet.redeem(&code).await).await;
    let refresh = tokens.refresh.unwrap();
    assert_eq!(error_of(other.refresh(&refresh).await).await, "invalid_grant");
    Tokens::of(wallet.refresh(&refresh).await).await;
}

async fn redeem_offer(world: &World, wallet: &Wallet<'_>, named: bool) -> Response {
    let offer = world.offer(HASSAN, TransactionCode::NotRequired).await;
    let mut form = vec![
        ("grant_type".to_owned(), PRE_AUTHORIZED.to_owned()),
        ("pre-authorized_code".to_owned(), offer.code.clone()),
    ];
    if named {
        form.push(("client_id".to_owned(), wallet.client_id.to_owned()));
    }
    wallet.post("/token", form).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_is_redeemed_by_anybody_unless_the_policy_wants_to_know_whom() {
    let world = world_of(policy()).await;
    for client in [PUBLIC, ASSERTING, ATTESTED, "stranger"] {
        let wallet = Wallet::new(&world, client);
        assert_eq!(
            redeem_offer(&world, &wallet, true).await.status(),
            StatusCode::OK,
            "{client}"
        );
    }
    let nobody = Wallet::new(&world, PUBLIC);
    assert_eq!(
        redeem_offer(&world, &nobody, false).await.status(),
        StatusCode::OK
    );
    // Whoever tries to be somebody else is refused all the same.
    let impostor = Wallet {
        authentication: Authentication::Public,
        ..Wallet::new(&world, ATTESTED)
    };
    assert_eq!(
        error_of(redeem_offer(&world, &impostor, true).await).await,
        "invalid_client"
    );

    let strict = world_of(AuthorizationPolicy {
        pre_authorized: PreAuthorizedClients::Identified,
        ..policy()
    })
    .await;
    let nobody = Wallet::new(&strict, PUBLIC);
    assert_eq!(
        error_of(redeem_offer(&strict, &nobody, false).await).await,
        "invalid_client"
    );
    let stranger = Wallet::new(&strict, "stranger");
    assert_eq!(
        error_of(redeem_offer(&strict, &stranger, true).await).await,
        "invalid_client"
    );
    let attested = Wallet::new(&strict, ATTESTED);
    assert_eq!(
        redeem_offer(&strict, &attested, true).await.status(),
        StatusCode::OK
    );
    let metadata = |world: &World| world.url("/.well-known/oauth-authorization-server");
    let body: Value = strict
        .client
        .get(metadata(&strict))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(body["pre-authorized_grant_anonymous_access_supported"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_a_password_is_told_in_its_scheme() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    for (path, form) in [
        ("/par", wallet.request(&[])),
        ("/token", wallet.redemption("code", &[])),
    ] {
        let request = wallet.bare(path).basic_auth(PUBLIC, Some("secret")).form(&form);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()["www-authenticate"], "Basic");
        assert_eq!(error_of(response).await, "invalid_client");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_uses_the_grants_that_it_is_registered_for() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, "signing-in-only");
    assert_eq!(wallet.tokens().await.refresh, None);
    assert_eq!(error_of(wallet.refresh("any").await).await, "unauthorized_client");
    let response = redeem_offer(&world, &wallet, true).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(error_of(response).await, "unauthorized_client");
    let wallet = Wallet::new(&world, "offers-only");
    assert_eq!(redeem_offer(&world, &wallet, true).await.status(), StatusCode::OK);
}
