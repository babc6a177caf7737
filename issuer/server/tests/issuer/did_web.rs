//! An issuer whose identifier has a domain name and a path: its `did:web` is found where the method looks, and its keys verify
//! what it issues ([did:web §2.5.2]).
//!
//! [did:web §2.5.2]: https://w3c-ccg.github.io/did-method-web/#read-resolve

use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_credential::w3c::W3cBudget;
use symbolon_credential::w3c::jose::{IssuerKey, JwtCredential};
use symbolon_crypto::RustCryptoProvider;
use symbolon_did::{Did, PublishedDocument, Relationship, WebScheme, web_document_url};
use symbolon_http::serve::{AdministrationToken, Encryption, listen};
use symbolon_issuer_server::{EmbeddedIssuerStore, EmbeddedKeyValue, Issuer, Listening, Server};
use symbolon_store::{Store, Tenant};

use crate::harness::{
    ADMINISTRATION_TOKEN, HASSAN, Offer, PRE_AUTHORIZED, World, proof_for, record, wanted_of,
};

const IDENTIFIER: &str = "https://registry.example/registers/north";
const HOST: &str = "https://registry.example";

#[tokio::test(flavor = "multi_thread")]
async fn the_did_of_an_issuer_with_a_path_is_found_below_it_and_verifies_what_it_issues() {
    let world = World::start().await;
    let store = Store::open_in_memory().unwrap();
    let books = EmbeddedIssuerStore::new(EmbeddedKeyValue::new(store, Tenant::parse("default").unwrap()));
    let issuer = Issuer::open(world.setup_at(IDENTIFIER, Arc::new(books)))
        .await
        .unwrap();
    let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let here = format!("http://{}", listener.local_addr().unwrap());
    let listening = Listening {
        listener,
        encryption: Encryption::Plain,
        administration_token: AdministrationToken::new(ADMINISTRATION_TOKEN),
    };
    let running = Server::start(issuer, listening).await.unwrap();
    // The proxy that has the domain's certificate leads here.
    let at = |url: &str| url.replacen(HOST, &here, 1);

    let did = Did::parse("did:web:registry.example:registers:north").unwrap();
    let url = web_document_url(&did, WebScheme::Https).unwrap();
    assert_eq!(url, format!("{IDENTIFIER}/did.json"));
    let response = world.client.get(at(&url)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/did+json");
    let document: Value = response.json().await.unwrap();
    assert_eq!(document["id"], did.as_str());
    let published = PublishedDocument::from_value(&document, &did).unwrap();
    // The place of an identifier without a path, and of one that is another's.
    for other in ["/.well-known/did.json", "/registers/did.json", "/did.json"] {
        let response = world.client.get(format!("{here}{other}")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{other}");
    }

    let administration = running.administration();
    let rows = format!("{}\n", record(HASSAN, "Hassan Ali"));
    let imported = administration.import(symbolon_issuer::record::RowFormat::Ndjson, rows.into_bytes());
    assert!(imported.await.is_ok());
    let order = json!({
        "record": HASSAN,
        "configurations": ["NationalIdentityJwt"],
        "tx_code": "not-required",
        "delivery": "by-value",
    });
    let order = serde_json::from_value(order).unwrap();
    let offer = Offer::of(administration.create_offer(order).await.unwrap());
    let post = |path: &str| world.client.post(at(&format!("{IDENTIFIER}{path}")));
    let form = [
        ("grant_type", PRE_AUTHORIZED),
        ("pre-authorized_code", offer.code.as_str()),
    ];
    let token: Value = post("/token")
        .form(&form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let nonce: Value = post("/nonce").send().await.unwrap().json().await.unwrap();
    let proof = proof_for(
        &world.wallet_key(),
        IDENTIFIER,
        nonce["c_nonce"].as_str(),
        world.now(),
    );
    let response = post("/credential")
        .bearer_auth(token["access_token"].as_str().unwrap())
        .json(&wanted_of("NationalIdentityJwt", &[proof]))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body: Value = response.json().await.unwrap();
    let jwt = body["credentials"][0]["credential"].as_str().unwrap();
    let jwt = JwtCredential::parse(jwt, W3cBudget::DEFAULT).unwrap();
    let IssuerKey::VerificationMethod(method) = jwt.issuer_key() else {
        panic!("a method of a DID signs");
    };
    assert_eq!(*method.did(), did);
    let key = published.key(&method, Relationship::AssertionMethod).unwrap();
    jwt.verify_issuer_signature(key, &RustCryptoProvider).unwrap();
}
