//! Rows 12 and 17: what was used is sent again, and what is asked for is malformed.

use serde_json::json;

use crate::wallet::{TxCode, World, challenge, proof_for, refusal, wanted};

/// Row 12.
#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_pre_authorized_code_is_refused_with_invalid_grant() {
    let world = World::start();
    let offer = world.offer(&world.uin, TxCode::NotRequired);
    let first = world.redeem(&offer.code, None).await;
    assert_eq!(first.status(), 200);
    for _ in 0..2 {
        let replay = world.redeem(&offer.code, None).await;
        assert_eq!(refusal(replay).await, (400, "invalid_grant".to_owned()));
    }
}

/// Row 12.
#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_and_a_proof_buy_one_credential_and_none_with_another_token() {
    let world = World::start();
    let (first, second) = (world.token(&world.uin).await, world.token(&world.uin).await);
    let nonce = world.nonce().await;
    let request = wanted(&world.proof(&nonce));
    let issued = world.ask("/credential", Some(&first), &request).await;
    assert_eq!(issued.status(), 200);

    let again = world.ask("/credential", Some(&first), &request).await;
    assert_eq!(refusal(again).await, (400, "invalid_nonce".to_owned()));
    let replayed_proof = world.ask("/credential", Some(&second), &request).await;
    assert_eq!(refusal(replayed_proof).await, (400, "invalid_nonce".to_owned()));
    let other_key = wanted(&world.proof(&nonce));
    let replayed_nonce = world.ask("/credential", Some(&second), &other_key).await;
    assert_eq!(refusal(replayed_nonce).await, (400, "invalid_nonce".to_owned()));

    let nonce = world.nonce().await;
    let elsewhere = wanted(&proof_for("http://127.0.0.1:1", &nonce));
    let for_another = world.ask("/credential", Some(&second), &elsewhere).await;
    assert_eq!(refusal(for_another).await, (400, "invalid_proof".to_owned()));
    let made_up = wanted(&world.proof("bm90IGEgbm9uY2Ugb2YgdGhpcyBpc3N1ZXI"));
    let foreign_nonce = world.ask("/credential", Some(&second), &made_up).await;
    assert_eq!(refusal(foreign_nonce).await, (400, "invalid_nonce".to_owned()));

    // None of the refusals spent the token.
    world.issue(&second).await;
}

/// Row 12.
#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_buys_a_bounded_number_of_credentials() {
    let world = World::start();
    let token = world.token(&world.uin).await;
    let mut bought = 0;
    let denied = loop {
        let request = wanted(&world.proof(&world.nonce().await));
        let response = world.ask("/credential", Some(&token), &request).await;
        if response.status() != 200 {
            break refusal(response).await;
        }
        bought += 1;
        assert!(bought <= 32, "the token buys without end");
    };
    assert_eq!(denied, (400, "credential_request_denied".to_owned()));
    assert!(bought > 0);
}

/// Row 17.
#[tokio::test(flavor = "multi_thread")]
async fn every_malformed_credential_request_has_its_code_and_spends_nothing() {
    let world = World::start();
    let token = world.token(&world.uin).await;
    let good = wanted(&world.proof(&world.nonce().await));

    let in_query = format!("/credential?access_token={token}");
    for bearer in [None, Some(token.as_str())] {
        let response = world.ask(&in_query, bearer, &good).await;
        assert_eq!(challenge(&response), (400, "Bearer error=\"invalid_request\""));
    }
    let response = world.ask("/credential", None, &good).await;
    assert_eq!(challenge(&response), (401, "Bearer"));
    let response = world.ask("/credential", Some("made-up"), &good).await;
    assert_eq!(challenge(&response), (401, "Bearer error=\"invalid_token\""));

    let with = |name: &str, value: serde_json::Value| {
        let mut changed = good.clone();
        changed[name] = value;
        changed
    };
    let without = |name: &str| {
        let mut changed = good.clone();
        changed.as_object_mut().unwrap().remove(name);
        changed
    };
    let identifier = {
        let mut changed = without("credential_configuration_id");
        changed["credential_identifier"] = json!("NationalIdentity");
        changed
    };
    let cases = [
        (
            with("credential_configuration_id", json!("Passport")),
            "unknown_credential_configuration",
        ),
        (identifier, "unknown_credential_identifier"),
        (
            with("credential_identifier", json!("NationalIdentity")),
            "invalid_credential_request",
        ),
        (
            without("credential_configuration_id"),
            "invalid_credential_request",
        ),
        (without("proofs"), "invalid_proof"),
        (with("proofs", json!({})), "invalid_proof"),
        (with("proofs", json!({ "jwt": [] })), "invalid_proof"),
        (with("proofs", json!({ "jwt": ["x.y.z"] })), "invalid_proof"),
        (
            with("credential_response_encryption", json!({ "enc": "A256GCM" })),
            "invalid_encryption_parameters",
        ),
        (json!([]), "invalid_credential_request"),
    ];
    for (request, code) in cases {
        let response = world.ask("/credential", Some(&token), &request).await;
        assert_eq!(refusal(response).await, (400, code.to_owned()), "{request}");
    }
    world.issue(&token).await;
}
