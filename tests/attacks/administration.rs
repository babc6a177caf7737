//! Row 19: somebody else's record, and the operator's interface without the operator's token.

use std::fs;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};
use symbolon_crypto::encoding::base64url;

use crate::harness::Role;
use crate::wallet::{World, challenge, wanted};

/// Row 19.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_administration_answers_without_its_token() {
    let world = World::start();
    let _verifier = world.installation.serve(Role::Verifier);
    let resident = world.token(&world.uin).await;
    let (issuer, verifier) = (&world.installation.issuer, &world.installation.verifier);
    let post = [
        format!("{issuer}/admin/v1/records/import"),
        format!("{issuer}/admin/v1/records/show"),
        format!("{issuer}/admin/v1/records/export"),
        format!("{issuer}/admin/v1/offers"),
        format!("{issuer}/admin/v1/offers/list"),
        format!("{issuer}/admin/v1/offers/show"),
        format!("{issuer}/admin/v1/offers/cancel"),
        format!("{issuer}/admin/v1/offers/transaction-code"),
        format!("{issuer}/admin/v1/credentials/list"),
        format!("{issuer}/admin/v1/credentials/status"),
        format!("{issuer}/admin/v1/credentials/requests/list"),
        format!("{issuer}/admin/v1/credentials/requests/decide"),
        format!("{issuer}/admin/v1/cards"),
        format!("{issuer}/admin/v1/packs"),
        format!("{issuer}/admin/v1/status-lists"),
        format!("{issuer}/admin/v1/keys/changes"),
        format!("{issuer}/admin/v1/backups"),
        format!("{issuer}/admin/v1/backups/pages"),
        format!("{issuer}/admin/v1/backups/end"),
        format!("{issuer}/admin/v1/sign-in-codes"),
        format!("{issuer}/admin/v1/audit/verify"),
        format!("{issuer}/admin/v1/no-such-thing"),
        format!("{verifier}/admin/v1/presentation-requests"),
    ];
    let get = [
        format!("{issuer}/admin/v1/audit"),
        format!("{issuer}/admin/v1/status-sections"),
        format!("{verifier}/admin/v1/registration"),
        format!("{verifier}/admin/v1/presentation-requests/x"),
        format!("{verifier}/admin/v1/presentation-requests/x/evidence"),
        format!("{verifier}/admin/v1/presentation-requests/x/events"),
    ];
    let authorizations = [
        None,
        Some("Bearer made-up".to_owned()),
        Some("Basic YWRtaW46YWRtaW4=".to_owned()),
        // An access token of a resident is none of the operator.
        Some(format!("Bearer {resident}")),
    ];
    for authorization in &authorizations {
        let posts = post.iter().map(|url| world.client.post(url).body("{}"));
        for request in posts.chain(get.iter().map(|url| world.client.get(url))) {
            let mut request = request.header(CONTENT_TYPE, "application/json");
            if let Some(authorization) = authorization {
                request = request.header(AUTHORIZATION, authorization);
            }
            let response = request.send().await.unwrap();
            let (status, said) = challenge(&response);
            assert_eq!(status, 401, "{}", response.url());
            assert!(said.starts_with("Bearer realm=\"administration\""), "{said}");
            assert!(
                response.bytes().await.unwrap().is_empty(),
                "a refusal tells something"
            );
        }
    }
    // With it, the same door opens.
    let token = fs::read_to_string(world.installation.path("data/administration-token")).unwrap();
    let opened = world
        .client
        .post(&post[4])
        .header(AUTHORIZATION, format!("Bearer {}", token.trim()))
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(opened.status(), 200);
}

/// Row 19.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_buys_the_credential_of_its_own_record_whatever_the_request_names() {
    let world = World::start();
    let other = world
        .installation
        .uins("people.ndjson")
        .into_iter()
        .find(|uin| *uin != world.uin)
        .unwrap();
    let token = world.token(&world.uin).await;
    let mut request = wanted(&world.proof(&world.nonce().await));
    for name in [
        "record",
        "uin",
        "UIN",
        "sub",
        "subject",
        "personal_administrative_number",
    ] {
        request[name] = json!(other);
    }
    let path = format!("/credential?record={other}&UIN={other}");
    let response = world.ask(&path, Some(&token), &request).await;
    assert_eq!(response.status(), 200);
    let body = crate::wallet::body(response).await;
    let claims = disclosed(body["credentials"][0]["credential"].as_str().unwrap());
    let number = |uin: &str| {
        claims
            .iter()
            .any(|disclosure| disclosure[1] == "personal_administrative_number" && disclosure[2] == uin)
    };
    assert!(
        number(&world.uin) && !number(&other),
        "the credential is of another record"
    );
    assert!(!json!(claims).to_string().contains(&other));
}

/// The disclosures of an SD-JWT, in the clear.
fn disclosed(credential: &str) -> Vec<Value> {
    credential
        .split('~')
        .skip(1)
        .filter(|disclosure| !disclosure.is_empty())
        .map(|disclosure| serde_json::from_slice(&base64url::decode(disclosure).unwrap()).unwrap())
        .collect()
}
