//! Credentials that an operator has to approve.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use symbolon_issuer::policy::{EncryptionPolicy, IssuerPolicy};
use symbolon_issuer::profile::ProofTrust;

use crate::endpoint::{
    asked, batches, claims, configuration, metadata, opened, send, send_encrypted, send_typed,
    with_configurations,
};
use crate::harness::{FATIMA, HASSAN, World, error_of, record};
use crate::wallet::{PUBLIC, Tokens, Wallet, policy};

pub(crate) async fn world() -> World {
    let own = configuration("Approved", "issuance = \"approval\"");
    let shape = with_configurations(&[own], ProofTrust::default());
    let world = World::start_shaped(batches(), shape).await;
    world
        .import(&[record(HASSAN, "Hassan Ali"), record(FATIMA, "Fatima Ali")])
        .await;
    world
}

pub(crate) async fn requested(world: &World, token: &str, keys: usize) -> String {
    let nonce = world.nonce().await;
    let proofs: Vec<String> = (0..keys)
        .map(|_| world.proof(&world.wallet_key(), &nonce))
        .collect();
    let answer = asked(world, "Approved", token, json!({ "jwt": proofs })).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["interval"], 5);
    for issued in ["credentials", "notification_id"] {
        assert!(body.get(issued).is_none(), "{issued}");
    }
    body["transaction_id"].as_str().unwrap().to_owned()
}

pub(crate) async fn fetch(world: &World, token: &str, transaction: &str) -> Response {
    let body = json!({ "transaction_id": transaction });
    send(world, "/deferred_credential", token, &body).await
}

pub(crate) async fn decide(world: &World, transaction: &str, decision: &str) -> Response {
    world
        .order("/credentials/requests/decide")
        .json(&json!({ "transaction": transaction, "decision": decision }))
        .send()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_waits_for_its_approval_and_is_fetched_once() {
    let world = world().await;
    let token = world.token_for("Approved", HASSAN).await;
    let transaction = requested(&world, &token, 2).await;
    let waiting = fetch(&world, &token, &transaction).await;
    assert_eq!(waiting.status(), StatusCode::ACCEPTED);
    let body: Value = waiting.json().await.unwrap();
    assert_eq!(body["transaction_id"], transaction.as_str());
    assert!(body["interval"].as_u64().unwrap() > 0);

    let listed = world.ordered("/credentials/requests/list", json!({})).await;
    let listed = &listed["transactions"][0];
    assert_eq!(listed["id"], transaction.as_str());
    assert_eq!(listed["record"], HASSAN);
    assert_eq!(listed["keys"], 2);
    assert_eq!(listed["stage"], "pending");

    for _ in 0..2 {
        assert_eq!(
            decide(&world, &transaction, "approve").await.status(),
            StatusCode::OK
        );
    }
    let body = json!({ "transaction_id": transaction, "something_new": 1 });
    let issued = send(&world, "/deferred_credential", &token, &body).await;
    assert_eq!(issued.status(), StatusCode::OK);
    assert_eq!(issued.headers()["content-type"], "application/json");
    let body: Value = issued.json().await.unwrap();
    assert_eq!(body["credentials"].as_array().unwrap().len(), 2);
    assert!(body["notification_id"].is_string());
    for waiting in ["transaction_id", "interval"] {
        assert!(body.get(waiting).is_none(), "{waiting}");
    }
    let gone = fetch(&world, &token, &transaction).await;
    assert_eq!(gone.status(), StatusCode::BAD_REQUEST);
    assert_eq!(gone.headers()["cache-control"], "no-store");
    assert_eq!(error_of(gone).await, "invalid_transaction_id");
    let decided = decide(&world, &transaction, "deny").await;
    assert_eq!(decided.status(), StatusCode::NOT_FOUND);
    let audit: Value = world.ordered("/audit/verify", json!({})).await;
    assert!(audit["entries"].as_u64().unwrap() > 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_and_what_was_approved_survives_a_restart() {
    let world = world().await;
    let token = world.token_for("Approved", HASSAN).await;
    let (first, second) = (
        requested(&world, &token, 1).await,
        requested(&world, &token, 1).await,
    );
    decide(&world, &first, "approve").await;
    let world = world.restart().await;
    assert_eq!(fetch(&world, &token, &first).await.status(), StatusCode::OK);
    assert_eq!(
        fetch(&world, &token, &second).await.status(),
        StatusCode::ACCEPTED
    );
    decide(&world, &second, "approve").await;
    // The access token is over; for what it paid for it still serves, and for nothing else.
    world.wait(3_600);
    assert_eq!(fetch(&world, &token, &second).await.status(), StatusCode::OK);
    let proofs = json!({ "jwt": [world.proof(&world.wallet_key(), &world.nonce().await)] });
    let refused = asked(&world, "Approved", &token, proofs).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_is_told_and_final() {
    let world = world().await;
    let token = world.token_for("Approved", HASSAN).await;
    let transaction = requested(&world, &token, 1).await;
    assert_eq!(
        decide(&world, &transaction, "deny").await.status(),
        StatusCode::OK
    );
    let denied = fetch(&world, &token, &transaction).await;
    assert_eq!(denied.status(), StatusCode::BAD_REQUEST);
    assert_eq!(error_of(denied).await, "credential_request_denied");
    let late = decide(&world, &transaction, "approve").await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_for_its_own_grant_and_its_own_time() {
    let world = world().await;
    let token = world.token_for("Approved", HASSAN).await;
    let other = world.token_for("Approved", FATIMA).await;
    let transaction = requested(&world, &token, 1).await;
    decide(&world, &transaction, "approve").await;
    assert_eq!(
        error_of(fetch(&world, &other, &transaction).await).await,
        "invalid_transaction_id"
    );
    assert_eq!(
        error_of(fetch(&world, &token, "00000000000000000000000000000000").await).await,
        "invalid_transaction_id"
    );
    assert_eq!(
        error_of(fetch(&world, &token, "anything").await).await,
        "invalid_transaction_id"
    );
    let made_up = fetch(&world, "made-up", &transaction).await;
    assert_eq!(made_up.status(), StatusCode::UNAUTHORIZED);
    assert!(made_up.headers().contains_key("www-authenticate"));
    for body in [json!({}), json!([]), json!({ "transaction_id": 1 })] {
        let refused = send(&world, "/deferred_credential", &token, &body).await;
        assert_eq!(error_of(refused).await, "invalid_credential_request", "{body}");
    }
    let text = json!({ "transaction_id": transaction }).to_string();
    let text = send_typed(&world, "/deferred_credential", &token, ("text/plain", text)).await;
    assert_eq!(text.status(), StatusCode::BAD_REQUEST);
    assert_eq!(error_of(text).await, "invalid_credential_request");
    world.wait(30 * 86_400);
    assert_eq!(
        error_of(fetch(&world, &token, &transaction).await).await,
        "invalid_transaction_id"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deferred_credential_is_fetched_by_one_of_many() {
    let world = std::sync::Arc::new(world().await);
    let token = world.token_for("Approved", HASSAN).await;
    let transaction = requested(&world, &token, 1).await;
    decide(&world, &transaction, "approve").await;
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let (world, token, transaction) =
                (std::sync::Arc::clone(&world), token.clone(), transaction.clone());
            tokio::spawn(async move { fetch(&world, &token, &transaction).await.status() })
        })
        .collect();
    let mut issued = 0;
    for tried in tries {
        match tried.await.unwrap() {
            StatusCode::OK => issued += 1,
            status => assert_eq!(status, StatusCode::BAD_REQUEST),
        }
    }
    assert_eq!(issued, 1);
    let list = world.ordered("/credentials/list", json!({})).await;
    assert_eq!(list["credentials"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_issued_to_somebody_who_died_while_it_waited() {
    let world = world().await;
    let token = world.token_for("Approved", HASSAN).await;
    let transaction = requested(&world, &token, 1).await;
    decide(&world, &transaction, "approve").await;
    let mut deceased = record(HASSAN, "Hassan Ali");
    deceased["declaredAsDeceased"] = json!("Y");
    world.import(&[deceased]).await;
    let refused = fetch(&world, &token, &transaction).await;
    assert_eq!(error_of(refused).await, "credential_request_denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_credential_is_that_of_the_day_on_which_it_is_fetched() {
    let world = world().await;
    let token = world.token_for("Approved", HASSAN).await;
    let transaction = requested(&world, &token, 1).await;
    decide(&world, &transaction, "approve").await;
    world.wait(3 * 86_400);
    let body: Value = fetch(&world, &token, &transaction).await.json().await.unwrap();
    let issued_at = claims(&body["credentials"][0]["credential"])["iat"]
        .as_i64()
        .unwrap();
    assert!(world.now().seconds() - issued_at < 86_400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deferred_answer_is_encrypted_as_its_own_request_wants_and_in_the_clear_without_a_wish() {
    let world = world().await;
    let token = world.token_for("Approved", HASSAN).await;
    let offered = metadata(&world).await.credential_response_encryption.unwrap();
    let (first_key, second_key) = (world.wallet_key(), world.wallet_key());
    let (first, second) = (
        offered.choose(first_key.public_key()).unwrap(),
        offered.choose(second_key.public_key()).unwrap(),
    );
    let proof = world.proof(&world.wallet_key(), &world.nonce().await);
    let body = json!({ "credential_configuration_id": "Approved", "proofs": { "jwt": [proof] },
        "credential_response_encryption": first });
    let waiting = send_encrypted(&world, "/credential", &token, &body).await;
    assert_eq!(waiting.status(), StatusCode::ACCEPTED);
    let body = opened(waiting, &first, &first_key).await;
    let transaction = body["transaction_id"].as_str().unwrap();
    // §9.1: the wish of the credential request does not go on.
    let waiting = fetch(&world, &token, transaction).await;
    assert_eq!(waiting.status(), StatusCode::ACCEPTED);
    assert_eq!(waiting.headers()["content-type"], "application/json");
    let body: Value = waiting.json().await.unwrap();
    assert_eq!(body["transaction_id"], transaction);
    let wish = json!({ "transaction_id": transaction, "credential_response_encryption": second });
    let waiting = send_encrypted(&world, "/deferred_credential", &token, &wish).await;
    assert_eq!(waiting.status(), StatusCode::ACCEPTED);
    assert_eq!(
        opened(waiting, &second, &second_key).await["transaction_id"],
        transaction
    );
    decide(&world, transaction, "approve").await;
    let plain = send(&world, "/deferred_credential", &token, &wish).await;
    assert_eq!(error_of(plain).await, "invalid_encryption_parameters");
    let issued = send_encrypted(&world, "/deferred_credential", &token, &wish).await;
    assert_eq!(issued.status(), StatusCode::OK);
    let body = opened(issued, &second, &second_key).await;
    assert!(body["credentials"][0]["credential"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_used_twice_ends_what_waits_and_what_was_approved() {
    let own = configuration("Approved", "issuance = \"approval\"");
    let shape = with_configurations(&[own], ProofTrust::default());
    let world = World::start_shaped_authorizing(batches(), policy(), shape).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let wallet = Wallet::new(&world, PUBLIC);
    let code = wallet.code_for(&[("scope", "Approved")]).await;
    let tokens = Tokens::of(wallet.redeem(&code).await).await;
    let transaction = requested(&world, &tokens.access, 1).await;
    assert_eq!(
        fetch(&world, &tokens.access, &transaction).await.status(),
        StatusCode::ACCEPTED
    );
    assert_eq!(error_of(wallet.redeem(&code).await).await, "invalid_grant");
    assert_eq!(
        decide(&world, &transaction, "approve").await.status(),
        StatusCode::OK
    );
    let answer = fetch(&world, &tokens.access, &transaction).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        answer.headers()["www-authenticate"],
        "Bearer error=\"invalid_token\""
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_demands_encryption_demands_it_of_deferred_requests() {
    let own = configuration("Approved", "issuance = \"approval\"");
    let policy = IssuerPolicy {
        request_encryption: EncryptionPolicy::Required,
        response_encryption: EncryptionPolicy::Required,
        ..batches()
    };
    let world = World::start_shaped(policy, with_configurations(&[own], ProofTrust::default())).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let token = world.token_for("Approved", HASSAN).await;
    let offered = metadata(&world).await.credential_response_encryption.unwrap();
    let key = world.wallet_key();
    let wish = offered.choose(key.public_key()).unwrap();
    let proof = world.proof(&world.wallet_key(), &world.nonce().await);
    let body = json!({ "credential_configuration_id": "Approved", "proofs": { "jwt": [proof] },
        "credential_response_encryption": wish });
    let waiting = send_encrypted(&world, "/credential", &token, &body).await;
    assert_eq!(waiting.status(), StatusCode::ACCEPTED);
    let body = opened(waiting, &wish, &key).await;
    let transaction = body["transaction_id"].as_str().unwrap();
    let plain = fetch(&world, &token, transaction).await;
    assert_eq!(error_of(plain).await, "invalid_encryption_parameters");
    let half = json!({ "transaction_id": transaction });
    let half = send_encrypted(&world, "/deferred_credential", &token, &half).await;
    assert_eq!(error_of(half).await, "invalid_encryption_parameters");
    let whole = json!({ "transaction_id": transaction, "credential_response_encryption": wish });
    let waiting = send_encrypted(&world, "/deferred_credential", &token, &whole).await;
    assert_eq!(waiting.status(), StatusCode::ACCEPTED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_demands_encrypted_requests_alone_demands_them_of_deferred_ones() {
    let own = configuration("Approved", "issuance = \"approval\"");
    let policy = IssuerPolicy {
        request_encryption: EncryptionPolicy::Required,
        ..batches()
    };
    let world = World::start_shaped(policy, with_configurations(&[own], ProofTrust::default())).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let token = world.token_for("Approved", HASSAN).await;
    let proof = world.proof(&world.wallet_key(), &world.nonce().await);
    let body = json!({ "credential_configuration_id": "Approved", "proofs": { "jwt": [proof] } });
    let waiting = send_encrypted(&world, "/credential", &token, &body).await;
    assert_eq!(waiting.status(), StatusCode::ACCEPTED);
    let body: Value = waiting.json().await.unwrap();
    let transaction = body["transaction_id"].as_str().unwrap();
    let plain = fetch(&world, &token, transaction).await;
    assert_eq!(plain.status(), StatusCode::BAD_REQUEST);
    assert_eq!(error_of(plain).await, "invalid_encryption_parameters");
    let body = json!({ "transaction_id": transaction });
    let waiting = send_encrypted(&world, "/deferred_credential", &token, &body).await;
    assert_eq!(waiting.status(), StatusCode::ACCEPTED);
}
