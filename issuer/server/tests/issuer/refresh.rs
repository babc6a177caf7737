//! Refresh tokens (ATTACKS.md row 12).

use reqwest::StatusCode;
use symbolon_issuer::authorization::{AuthorizationPolicy, RefreshTokens};

use crate::harness::error_of;
use crate::wallet::{ASSERTING, NATIONAL, OTHER_KEY, PUBLIC, Tokens, Wallet, open_policy, policy, world_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_public_wallets_token_is_replaced_and_its_second_use_ends_everything() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let first = wallet.tokens().await;
    let first_refresh = first.refresh.unwrap();
    let second = Tokens::of(wallet.refresh(&first_refresh).await).await;
    let second_refresh = second.refresh.unwrap();
    assert_ne!(first_refresh, second_refresh);
    assert_eq!(second.body["scope"], NATIONAL);
    assert_eq!(wallet.credential(&second.access).await.status(), StatusCode::OK);
    // ATTACKS.md row 12: the old one again. Wallet or thief, nobody can tell.
    assert_eq!(
        error_of(wallet.refresh(&first_refresh).await).await,
        "invalid_grant"
    );
    assert_eq!(
        error_of(wallet.refresh(&second_refresh).await).await,
        "invalid_grant"
    );
    for token in [&first.access, &second.access] {
        assert_eq!(wallet.credential(token).await.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authenticated_wallet_keeps_its_token() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, ASSERTING);
    let refresh = wallet.tokens().await.refresh.unwrap();
    for _ in 0..3 {
        let tokens = Tokens::of(wallet.refresh(&refresh).await).await;
        assert_eq!(tokens.refresh, None);
        assert_eq!(wallet.credential(&tokens.access).await.status(), StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_for_its_client_its_key_and_its_time() {
    let world = world_of(open_policy()).await;
    let wallet = Wallet::new(&world, PUBLIC).with_dpop();
    let refresh = wallet.tokens().await.refresh.unwrap();
    let bare = Wallet::new(&world, PUBLIC);
    assert_eq!(error_of(bare.refresh(&refresh).await).await, "invalid_dpop_proof");
    let other = Wallet {
        dpop: Some(OTHER_KEY),
        ..Wallet::new(&world, PUBLIC)
    };
    assert_eq!(
        error_of(other.refresh(&refresh).await).await,
        "invalid_dpop_proof"
    );
    let stranger = Wallet::new(&world, "stranger").with_dpop();
    assert_eq!(error_of(stranger.refresh(&refresh).await).await, "invalid_grant");
    assert_eq!(error_of(wallet.refresh("made-up").await).await, "invalid_grant");
    assert_eq!(
        error_of(wallet.refresh_with("", &[]).await).await,
        "invalid_request"
    );
    // None of it used the token up.
    let tokens = Tokens::of(wallet.refresh(&refresh).await).await;
    assert_eq!(tokens.body["token_type"], "DPoP");
    assert_eq!(wallet.credential(&tokens.access).await.status(), StatusCode::OK);
    // However often it is replaced, the end stays where the resident's agreement put it.
    world.wait(86_400);
    let response = wallet.refresh(&tokens.refresh.unwrap()).await;
    assert_eq!(error_of(response).await, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_asks_for_what_was_granted_or_for_less() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, ASSERTING);
    let both = format!("{NATIONAL} NationalIdentityMdoc");
    let code = wallet.code_for(&[("scope", &both)]).await;
    let tokens = Tokens::of(wallet.redeem(&code).await).await;
    assert_eq!(tokens.body["scope"], both);
    let refresh = tokens.refresh.unwrap();
    let less = Tokens::of(
        wallet
            .refresh_with(&refresh, &[("scope", "NationalIdentityMdoc")])
            .await,
    )
    .await;
    assert_eq!(less.body["scope"], "NationalIdentityMdoc");
    assert_eq!(
        wallet.credential(&less.access).await.status(),
        StatusCode::FORBIDDEN
    );
    for wrong in ["MobileDrivingLicence", "nothing"] {
        let response = wallet.refresh_with(&refresh, &[("scope", wrong)]).await;
        assert_eq!(error_of(response).await, "invalid_scope", "{wrong}");
    }
    let all = Tokens::of(wallet.refresh(&refresh).await).await;
    assert_eq!(all.body["scope"], both);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_use_one_refresh_token_at_once_one_is_served() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let token = wallet.tokens().await.refresh.unwrap();
    let refresh = || wallet.refresh(&token);
    let (a, b, c, d) = tokio::join!(refresh(), refresh(), refresh(), refresh());
    let served = [a, b, c, d]
        .iter()
        .filter(|response| response.status() == StatusCode::OK)
        .count();
    assert_eq!(served, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_none_where_the_policy_has_none() {
    let world = world_of(AuthorizationPolicy {
        refresh_tokens: RefreshTokens::Never,
        ..policy()
    })
    .await;
    let wallet = Wallet::new(&world, PUBLIC);
    assert_eq!(wallet.tokens().await.refresh, None);
    assert_eq!(
        error_of(wallet.refresh("any").await).await,
        "unsupported_grant_type"
    );
}
