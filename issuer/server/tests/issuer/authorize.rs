//! The authorization endpoint and the decisions of the pages behind it (ATTACKS.md rows 12, 15 and 19).

use reqwest::StatusCode;
use symbolon_issuer::authorization::{
    AuthorizationPolicy, AuthorizationRefusal, AuthorizationStage, ClientAssurance, PushedRequests,
};
use symbolon_issuer::identifiers::ConfigurationId;
use symbolon_issuer::record::Uin;
use symbolon_issuer_server::AuthorizationFailure;
use symbolon_issuer_server::administration::{
    AdministrationError, OfferCreated, OfferDelivery, OfferDevice, OfferGrants, OfferOrder, TransactionCode,
};
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::openid4vci::offer::{CredentialOffer, OfferLink};

use crate::harness::{FATIMA, HASSAN, Offer, World, error_of, record};
use crate::wallet::{
    BACK, NATIONAL, PUBLIC, Tokens, Wallet, browser_key, location, open_policy, parameter, policy, world_of,
};

fn by_value() -> AuthorizationPolicy {
    AuthorizationPolicy {
        pushed_requests: PushedRequests::Optional,
        ..open_policy()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_leads_back_with_code_state_and_issuer() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let opened = wallet.open_pushed(&wallet.pushed(&[]).await).await;
    let back = wallet.agree(&browser_key(&opened)).await;
    assert!(back.starts_with(&format!("{BACK}?code=")));
    assert_eq!(parameter(&back, "state").unwrap(), "the state");
    assert_eq!(parameter(&back, "iss").unwrap(), world.base);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_must_be_pushed_and_was_not_is_refused() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let back = location(&wallet.open(&wallet.request(&[])).await);
    assert!(back.starts_with(BACK));
    assert_eq!(parameter(&back, "error").unwrap(), "invalid_request");
    assert_eq!(parameter(&back, "state").unwrap(), "the state");
    assert_eq!(parameter(&back, "iss").unwrap(), world.base);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_policy_allows_a_request_may_come_in_the_address() {
    let world = world_of(by_value()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let opened = wallet.open(&wallet.request(&[])).await;
    let back = wallet.agree(&browser_key(&opened)).await;
    Tokens::of(wallet.redeem(&parameter(&back, "code").unwrap()).await).await;
    let posted = wallet.bare("/authorize").form(&wallet.request(&[]));
    browser_key(&posted.send().await.unwrap());
    // The wallet is told what is wrong where its address is known, and nobody is where it is not.
    for (changes, error) in [
        (vec![("scope", "nothing")], "invalid_scope"),
        (vec![("response_type", "token")], "unsupported_response_type"),
        (vec![("code_challenge", "")], "invalid_request"),
    ] {
        let told = wallet.open(&wallet.request(&changes)).await;
        assert_eq!(told.status(), StatusCode::SEE_OTHER);
        let back = location(&told);
        assert!(back.starts_with(BACK));
        assert_eq!(parameter(&back, "error").unwrap(), error);
        assert_eq!(parameter(&back, "iss").unwrap(), world.base);
    }
    for changes in [
        vec![("redirect_uri", "https://evil.example/")],
        vec![("redirect_uri", "https://evil.example/"), ("scope", "nothing")],
        vec![("redirect_uri", "https://evil.example/"), ("code_challenge", "")],
        vec![("redirect_uri", "")],
        vec![("client_id", "")],
    ] {
        let stays = wallet.open(&wallet.request(&changes)).await;
        assert_eq!(stays.status(), StatusCode::BAD_REQUEST, "{changes:?}");
        assert!(stays.headers().get("location").is_none());
        assert!(stays.headers().get("set-cookie").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_the_issuer_leads_to_no_address_that_a_stranger_chose() {
    for policy in [open_policy(), by_value()] {
        let world = world_of(policy).await;
        let stranger = Wallet::new(&world, "stranger");
        for changes in [[("scope", "nothing")], [("code_challenge", "")]] {
            let stays = stranger.open(&stranger.request(&changes)).await;
            assert_eq!(stays.status(), StatusCode::BAD_REQUEST, "{changes:?}");
            assert!(stays.headers().get("location").is_none());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_who_asks_and_on_what_that_rests() {
    let world = world_of(open_policy()).await;
    let administration = world.running().administration();
    let issuer = administration.issuer();
    for (client, name, assurance) in [
        (PUBLIC, Some("Public wallet"), ClientAssurance::Registered),
        (
            crate::wallet::ASSERTING,
            Some("Asserting wallet"),
            ClientAssurance::Authenticated,
        ),
        ("stranger", None, ClientAssurance::Unregistered),
    ] {
        let wallet = Wallet::new(&world, client);
        let opened = wallet
            .open_pushed(&wallet.pushed(&[("ui_locales", "ar en")]).await)
            .await;
        let view = issuer.authorization(&browser_key(&opened)).await.unwrap();
        assert_eq!(view.client.name.as_deref(), name);
        assert_eq!(view.client.assurance, assurance);
        assert_eq!(view.ui_locales, ["ar", "en"]);
        assert_eq!(view.credentials.len(), 1);
        assert!(!view.credentials[0].display.is_empty());
        assert_eq!(view.stage, AuthorizationStage::Requested);
    }
    let unknown = issuer.authorization("made-up").await.err().unwrap();
    assert!(matches!(
        unknown,
        AuthorizationFailure::Refused(AuthorizationRefusal::Unknown)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_with_another_form_a_planted_key_or_twice() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let administration = world.running().administration();
    let issuer = administration.issuer();
    let opened = wallet.open_pushed(&wallet.pushed(&[]).await).await;
    let planted = browser_key(&opened);
    let other = browser_key(&wallet.open_pushed(&wallet.pushed(&[]).await).await);
    let form = issuer.authorization(&planted).await.unwrap().form_token;
    let foreign = issuer.authorization(&other).await.unwrap().form_token;
    let hassan = || Uin::parse(HASSAN).unwrap();
    let refused = |failure: Option<AuthorizationFailure>| match failure {
        Some(AuthorizationFailure::Refused(refusal)) => refusal,
        _ => panic!("not refused"),
    };
    let outcome = issuer.identify(&planted, foreign.expose(), hassan()).await;
    assert_eq!(refused(outcome.err()), AuthorizationRefusal::ForeignForm);
    let outcome = issuer.approve(&planted, form.expose()).await;
    assert_eq!(refused(outcome.err()), AuthorizationRefusal::NotIdentified);
    let fresh = issuer.identify(&planted, form.expose(), hassan()).await.unwrap();
    // Whoever planted the key that was there before the sign-in has nothing.
    let outcome = issuer.approve(&planted, form.expose()).await;
    assert_eq!(refused(outcome.err()), AuthorizationRefusal::Unknown);
    let form = issuer.authorization(fresh.expose()).await.unwrap().form_token;
    issuer.approve(fresh.expose(), form.expose()).await.unwrap();
    let outcome = issuer.approve(fresh.expose(), form.expose()).await;
    assert_eq!(refused(outcome.err()), AuthorizationRefusal::Decided);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_leads_back_with_access_denied_and_no_code() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let administration = world.running().administration();
    let issuer = administration.issuer();
    let browser = browser_key(&wallet.open_pushed(&wallet.pushed(&[]).await).await);
    let form = issuer.authorization(&browser).await.unwrap().form_token;
    let back = issuer.refuse(&browser, form.expose()).await.unwrap();
    assert_eq!(parameter(&back, "error").unwrap(), "access_denied");
    assert_eq!(parameter(&back, "state").unwrap(), "the state");
    assert_eq!(parameter(&back, "iss").unwrap(), world.base);
    assert_eq!(parameter(&back, "code"), None);
}

async fn offered(world: &World, uin: &str) -> Result<OfferCreated, AdministrationError> {
    offered_by(world, uin, OfferGrants::AuthorizationCode).await
}

pub(crate) async fn offered_by(
    world: &World,
    uin: &str,
    grants: OfferGrants,
) -> Result<OfferCreated, AdministrationError> {
    let order = OfferOrder {
        record: Uin::parse(uin).unwrap(),
        configurations: vec![ConfigurationId::parse(NATIONAL).unwrap()],
        tx_code: TransactionCode::NotRequired,
        delivery: OfferDelivery::ByValue,
        grants,
        device: OfferDevice::SameDevice,
    };
    world.running().administration().create_offer(order).await
}

pub(crate) fn issuer_state(created: &OfferCreated) -> String {
    let Ok(OfferLink::ByValue(offer)) = OfferLink::parse(&created.link, UrlPolicy::Development) else {
        panic!("no offer by value");
    };
    let CredentialOffer { grants, .. } = *offer;
    let state = grants.unwrap().authorization_code.unwrap().issuer_state.unwrap();
    serde_json::to_value(state).unwrap().as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_is_taken_up_once_and_by_its_resident_alone() {
    let world = world_of(policy()).await;
    world.import(&[record(FATIMA, "Fatima Ali")]).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let administration = world.running().administration();
    let issuer = administration.issuer();
    // ATTACKS.md row 15: an offer that was made for one resident and got into the request of another.
    let for_fatima = issuer_state(&offered(&world, FATIMA).await.unwrap());
    let opened = wallet
        .open_pushed(&wallet.pushed(&[("issuer_state", &for_fatima)]).await)
        .await;
    let browser = browser_key(&opened);
    let form = issuer.authorization(&browser).await.unwrap().form_token;
    let outcome = issuer
        .identify(&browser, form.expose(), Uin::parse(HASSAN).unwrap())
        .await;
    assert!(matches!(
        outcome.err(),
        Some(AuthorizationFailure::Refused(
            AuthorizationRefusal::OfferForAnother
        ))
    ));

    let state = issuer_state(&offered(&world, HASSAN).await.unwrap());
    let late = browser_key(
        &wallet
            .open_pushed(&wallet.pushed(&[("issuer_state", &state)]).await)
            .await,
    );
    let code = wallet.code_for(&[("issuer_state", &state)]).await;
    Tokens::of(wallet.redeem(&code).await).await;
    let replayed = wallet.push(&[("issuer_state", &state)]).await;
    assert_eq!(error_of(replayed).await, "invalid_request");
    // Nor by a request that was let in before.
    let form = issuer.authorization(&late).await.unwrap().form_token;
    let late = issuer
        .identify(&late, form.expose(), Uin::parse(HASSAN).unwrap())
        .await
        .unwrap();
    let form = issuer.authorization(late.expose()).await.unwrap().form_token;
    let outcome = issuer.approve(late.expose(), form.expose()).await;
    assert!(matches!(
        outcome.err(),
        Some(AuthorizationFailure::Refused(AuthorizationRefusal::OfferGone))
    ));
    let old = issuer_state(&offered(&world, HASSAN).await.unwrap());
    world.wait(86_400);
    let expired = wallet.push(&[("issuer_state", &old)]).await;
    assert_eq!(error_of(expired).await, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_of_both_ways_is_taken_up_by_one_of_them() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let created = offered_by(&world, HASSAN, OfferGrants::Both).await.unwrap();
    let state = issuer_state(&created);
    let late = browser_key(
        &wallet
            .open_pushed(&wallet.pushed(&[("issuer_state", &state)]).await)
            .await,
    );
    let offer = Offer::of(created);
    assert_eq!(world.redeem(&offer.code, None).await.status(), StatusCode::OK);
    let refused = wallet.push(&[("issuer_state", &state)]).await;
    assert_eq!(error_of(refused).await, "invalid_request");
    let administration = world.running().administration();
    let issuer = administration.issuer();
    let form = issuer.authorization(&late).await.unwrap().form_token;
    let late = issuer
        .identify(&late, form.expose(), Uin::parse(HASSAN).unwrap())
        .await
        .unwrap();
    let form = issuer.authorization(late.expose()).await.unwrap().form_token;
    assert!(issuer.approve(late.expose(), form.expose()).await.is_err());

    let created = offered_by(&world, HASSAN, OfferGrants::Both).await.unwrap();
    let code = wallet
        .code_for(&[("issuer_state", &issuer_state(&created))])
        .await;
    let offer = Offer::of(created);
    assert_eq!(
        error_of(world.redeem(&offer.code, None).await).await,
        "invalid_grant"
    );
    Tokens::of(wallet.redeem(&code).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_whether_the_address_is_there_uses_nothing_up() {
    let world = world_of(policy()).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let request_uri = wallet.pushed(&[]).await;
    let parameters = [("client_id", PUBLIC), ("request_uri", request_uri.as_str())];
    let url = reqwest::Url::parse_with_params(&world.url("/authorize"), parameters).unwrap();
    let looked = wallet.http.head(url).send().await.unwrap();
    assert_eq!(looked.status(), StatusCode::METHOD_NOT_ALLOWED);
    browser_key(&wallet.open_pushed(&request_uri).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_offer_sends_a_resident_to_a_door_that_is_closed() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let refused = offered(&world, HASSAN).await.err().unwrap();
    assert!(matches!(refused, AdministrationError::NoAuthorizationEndpoint));
}
