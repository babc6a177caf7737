//! From a record to a credential in a wallet.

use reqwest::StatusCode;
use serde_json::Value;
use symbolon_credential::sd_jwt::{SdJwt, SdJwtBudget, process};
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::x509::{Certificate, ChainProfile, verify_chain};
use symbolon_issuer_server::administration::TransactionCode;
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy, WellKnown};
use symbolon_protocol::oauth::metadata::AuthorizationServerMetadata;
use symbolon_protocol::openid4vci::metadata::IssuerMetadata;
use symbolon_protocol::openid4vci::offer::{CredentialOffer, OfferLink};
use symbolon_protocol::openid4vci::token::TokenResponse;

use crate::harness::{HASSAN, World, address_of, record, wanted};

#[tokio::test(flavor = "multi_thread")]
async fn the_well_known_documents_are_where_a_wallet_looks_and_pass_its_checks() {
    let world = World::start().await;
    let issuer = IssuerIdentifier::parse(&world.base).unwrap();
    let fetch = async |document| {
        let url = issuer.well_known(document);
        let response = world.client.get(url.as_str()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        response.bytes().await.unwrap()
    };
    let body = fetch(WellKnown::CredentialIssuer).await;
    let metadata = IssuerMetadata::parse(&body, &issuer, UrlPolicy::Development).unwrap();
    assert!(metadata.nonce_endpoint.is_some());
    assert_eq!(metadata.credential_configurations_supported.len(), 6);
    let body = fetch(WellKnown::AuthorizationServer).await;
    let server = AuthorizationServerMetadata::parse(&body, &issuer, UrlPolicy::Development).unwrap();
    assert!(server.supports_pre_authorized_code());
    assert!(server.pre_authorized_grant_anonymous_access_supported);

    let vct = world.url("/types/national-identity");
    let metadata: Value = world.client.get(&vct).send().await.unwrap().json().await.unwrap();
    assert_eq!(metadata["vct"], vct.as_str());
    let response = world.client.get(world.url("/types/other")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_gets_a_credential_by_an_offer_by_reference_and_a_transaction_code() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let created = world
        .ordered(
            "/offers",
            serde_json::json!({
                "record": HASSAN,
                "configurations": ["NationalIdentity"],
                "tx_code": "required",
                "delivery": "by-reference",
            }),
        )
        .await;
    let tx_code = created["tx_code"].as_str().unwrap();
    let link = OfferLink::parse(created["link"].as_str().unwrap(), UrlPolicy::Development).unwrap();
    let OfferLink::ByReference(url) = link else {
        panic!("ordered by reference")
    };
    let response = world.client.get(url.as_str()).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let offer = CredentialOffer::parse(&response.bytes().await.unwrap(), UrlPolicy::Development).unwrap();
    let grant = offer.pre_authorized_code().unwrap();
    assert_eq!(grant.tx_code.as_ref().unwrap().length, Some(6));

    let response = world
        .redeem(grant.pre_authorized_code.expose(), Some(tx_code))
        .await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let token = TokenResponse::parse(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(token.expires_in, Some(300));

    let nonce = world.nonce().await;
    let body = wanted(&[world.proof(&world.wallet_key(), &nonce)]);
    let response = world.credential_request(token.access_token.expose(), &body).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let body: Value = response.json().await.unwrap();
    let credential = body["credentials"][0]["credential"].as_str().unwrap();
    assert!(body.get("transaction_id").is_none());

    let sd_jwt = SdJwt::parse(credential, SdJwtBudget::DEFAULT).unwrap();
    let claims = process(&sd_jwt).unwrap().claims;
    assert_eq!(claims["iss"], world.base.as_str());
    assert_eq!(claims["full_name"], "Hassan Ali");
    let chain = sd_jwt.issuer_jwt().header.x5c.as_ref().unwrap();
    let chain: Vec<_> = chain.iter().map(|der| Certificate::parse(der).unwrap()).collect();
    assert!(
        !chain.contains(world.issuer_anchor()),
        "the anchor stays out of x5c"
    );
    let anchors = [world.issuer_anchor().clone()];
    let verified = verify_chain(
        &chain,
        &anchors,
        ChainProfile::CredentialSigner,
        world.now(),
        &RustCryptoProvider,
    )
    .unwrap();
    sd_jwt
        .issuer_jwt()
        .verify(&RustCryptoProvider, verified.leaf().public_key())
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_by_reference_is_gone_when_it_has_expired_and_unknown_ones_never_were() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let created = world
        .ordered(
            "/offers",
            serde_json::json!({
                "record": HASSAN,
                "configurations": ["NationalIdentity"],
                "tx_code": "not-required",
                "delivery": "by-reference",
            }),
        )
        .await;
    let address = address_of(&created);
    let get = async |url: &str| world.client.get(url).send().await.unwrap().status();
    let status = async |path: &str| get(&world.url(path)).await;
    assert_eq!(get(&address).await, StatusCode::OK);
    // What operators call it leads nobody to it.
    let name = format!("/offers/{}", created["offer"].as_str().unwrap());
    assert_eq!(status(&name).await, StatusCode::NOT_FOUND);
    world.wait(86_400);
    assert_eq!(get(&address).await, StatusCode::NOT_FOUND);
    assert_eq!(
        status("/offers/0123456789abcdef0123456789abcdef").await,
        StatusCode::NOT_FOUND
    );
    assert_eq!(status("/offers/..%2f..%2fadmin").await, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_granted_before_a_restart_is_honoured_after_it_and_once() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let offer = world.offer(HASSAN, TransactionCode::NotRequired).await;
    let token = world.token(HASSAN).await;
    let nonce = world.nonce().await;
    let world = world.restart().await;
    assert_eq!(world.redeem(&offer.code, None).await.status(), StatusCode::OK);
    let body = wanted(&[world.proof(&world.wallet_key(), &nonce)]);
    assert_eq!(
        world.credential_request(&token, &body).await.status(),
        StatusCode::OK
    );
    let world = world.restart().await;
    assert_eq!(
        world.redeem(&offer.code, None).await.status(),
        StatusCode::BAD_REQUEST
    );
    let body = wanted(&[world.proof(&world.wallet_key(), &world.nonce().await)]);
    assert_eq!(
        world.credential_request(&token, &body).await.status(),
        StatusCode::BAD_REQUEST
    );
}
