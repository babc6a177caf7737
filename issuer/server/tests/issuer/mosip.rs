//! An issuer whose records are in a MOSIP ID Repository: what is issued, and what is not when the repository misbehaves in every way
//! in which a server can.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use symbolon_issuer_server::Retrieval;
use symbolon_issuer_server::administration::TransactionCode;

use crate::harness::{FATIMA, HASSAN, World, error_of, record, wanted};
use crate::mosip_on_loopback::{Mood, Repository, envelope, error, identity};

/// A credential request with a token that is good.
async fn ask(world: &World, token: &str) -> reqwest::Response {
    let proof = world.proof(&world.wallet_key(), &world.nonce().await);
    world.credential_request(token, &wanted(&[proof])).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_is_made_of_a_record_of_the_repository() {
    for retrieval in [Retrieval::Body, Retrieval::Path] {
        let repository = Repository::start().await;
        let world = repository.issuer(retrieval).await;
        let credential = world.issue(HASSAN).await;
        let disclosed: String = credential.split('~').skip(1).map(decoded).collect();
        assert!(disclosed.contains("Hassan Ali"));
        world.issue(FATIMA).await;
        // One login serves all; each record was read for the offer, for the credential, and right before the commit.
        assert_eq!(repository.counts(), (1, 6));
        let seen = repository.seen.lock().unwrap().clone();
        let in_address = seen.iter().any(|(_, address)| address.contains(HASSAN));
        assert_eq!(in_address, retrieval == Retrieval::Path);
        // It is in the books, and revoked without asking anybody.
        repository.is(Mood::Answers(500, String::new()));
        let order = json!({ "action": "revoke", "credentials": { "record": HASSAN } });
        let report = world.ordered("/credentials/status", order).await;
        assert_eq!(report["changed"].as_array().unwrap().len(), 1);
    }
}

fn decoded(disclosure: &str) -> String {
    let bytes = symbolon_crypto::encoding::base64url::decode(disclosure).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_accepted_any_more_is_renewed_once() {
    let repository = Repository::start().await;
    let world = repository.issuer(Retrieval::Body).await;
    let token = world.token(HASSAN).await;
    repository.revoke_token();
    assert_eq!(ask(&world, &token).await.status(), StatusCode::OK);
    assert_eq!(repository.counts().0, 2);
    // It also ends by itself, before the repository says so.
    world.wait(590);
    let token = world.token(HASSAN).await;
    assert_eq!(repository.counts().0, 3);
    // A client that is let in and then not, whatever it does, asks twice and gives up.
    let questions = repository.counts().1;
    repository.is(Mood::Answers(401, String::new()));
    assert_eq!(
        ask(&world, &token).await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(repository.counts(), (4, questions + 2));
    // The same said with the status 200, as the services themselves say it.
    repository.is(Mood::Answers(200, error("KER-ATH-401").to_string()));
    assert_eq!(
        ask(&world, &token).await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(repository.counts(), (5, questions + 4));
    // A secret that is wrong lets nobody in.
    *repository.accepts.lock().unwrap() = false;
    assert_eq!(
        ask(&world, &token).await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_does_not_answer_as_it_must_gives_no_credential_and_spends_nothing() {
    let repository = Repository::start().await;
    let world = repository.issuer(Retrieval::Body).await;
    let token = world.token(HASSAN).await;
    let nonce = world.nonce().await;
    let request = wanted(&[world.proof(&world.wallet_key(), &nonce)]);
    let identity_of_nobody = envelope(
        "mosip.id.read",
        json!({ "status": "ACTIVATED", "identity": {} }),
        Value::Null,
    );
    let without_status = envelope(
        "mosip.id.read",
        json!({ "identity": identity(HASSAN, "Hassan Ali") }),
        Value::Null,
    );
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (name, mood) in [
        (
            "an error of the server",
            Mood::Answers(500, error("IDR-IDC-004").to_string()),
        ),
        ("a page of a gateway", Mood::Answers(502, "<html>".to_owned())),
        ("no such service", Mood::Answers(404, String::new())),
        ("no JSON", Mood::Answers(200, "certainly".to_owned())),
        (
            "half an answer",
            Mood::Answers(200, "{\"response\":{\"status\":\"ACT".to_owned()),
        ),
        (
            "a key twice",
            Mood::Answers(200, "{\"errors\":null,\"errors\":null}".to_owned()),
        ),
        ("nesting without end", Mood::Answers(200, deep)),
        (
            "nobody's record",
            Mood::Answers(200, identity_of_nobody.to_string()),
        ),
        (
            "a record without a status",
            Mood::Answers(200, without_status.to_string()),
        ),
        (
            "an error in the envelope",
            Mood::Answers(200, error("IDR-IDC-006").to_string()),
        ),
        (
            "an unknown error beside a known one",
            Mood::Answers(200, {
                let mut both = error("IDR-IDC-007");
                both["errors"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!({ "errorCode": "IDR-IDS-003" }));
                both.to_string()
            }),
        ),
        ("another person's record", Mood::AsAnother),
        ("more than any record", Mood::Endlessly),
        ("a redirect", Mood::Elsewhere),
    ] {
        repository.is(mood);
        let response = world.credential_request(&token, &request).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{name}");
        assert!(
            response.headers()["retry-after"]
                .to_str()
                .unwrap()
                .parse::<u64>()
                .unwrap()
                >= 1,
            "{name}"
        );
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert!(response.text().await.unwrap().is_empty(), "{name}");
        // Long enough for the circuit to let the next question through.
        world.wait(20);
    }
    let told = world.ordered("/credentials/list", json!({})).await;
    assert_eq!(told["credentials"], json!([]));
    // Neither the nonce nor the token was spent.
    repository.is(Mood::Well);
    let fresh = wanted(&[world.proof(&world.wallet_key(), &world.nonce().await)]);
    assert_eq!(
        world.credential_request(&token, &fresh).await.status(),
        StatusCode::OK
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_ends_is_given_up() {
    let repository = Repository::start().await;
    let world = repository.issuer(Retrieval::Body).await;
    let token = world.token(HASSAN).await;
    repository.is(Mood::Slowly);
    let asked = tokio::time::timeout(Duration::from_secs(25), ask(&world, &token)).await;
    assert_eq!(asked.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_failures_in_a_row_the_repository_is_left_alone_for_a_while() {
    let repository = Repository::start().await;
    let world = repository.issuer(Retrieval::Body).await;
    let token = world.token(HASSAN).await;
    repository.is(Mood::Answers(500, String::new()));
    for _ in 0..5 {
        assert_eq!(
            ask(&world, &token).await.status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
    }
    let (_, questions) = repository.counts();
    repository.is(Mood::Well);
    let response = ask(&world, &token).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "15");
    assert_eq!(repository.counts().1, questions, "nobody asked");
    world.wait(15);
    assert_eq!(ask(&world, &token).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_issued_from_a_record_that_is_not_active_unknown_or_of_another_form() {
    let repository = Repository::start().await;
    let world = repository.issuer(Retrieval::Body).await;
    let token = world.token(HASSAN).await;
    let mut moods: Vec<Mood> = ["DEACTIVATED", "BLOCKED", "DRAFT", ""]
        .map(Mood::StatusOfRecord)
        .into();
    moods.push(Mood::Answers(200, error("IDR-IDC-007").to_string()));
    moods.push(Mood::Answers(200, error("IDR-IDC-002").to_string()));
    let mut nameless = identity(HASSAN, "x");
    nameless.as_object_mut().unwrap().remove("fullName");
    let response = json!({ "status": "ACTIVATED", "identity": nameless });
    moods.push(Mood::Answers(
        200,
        envelope("mosip.id.read", response, Value::Null).to_string(),
    ));
    let mut deceased = identity(HASSAN, "Hassan Ali");
    deceased["declaredAsDeceased"] = json!("Y");
    let response = json!({ "status": "ACTIVATED", "identity": deceased });
    moods.push(Mood::Answers(
        200,
        envelope("mosip.id.read", response, json!([])).to_string(),
    ));
    for mood in moods {
        repository.is(mood);
        let response = ask(&world, &token).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(error_of(response).await, "credential_request_denied");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_deactivated_while_its_credential_is_made_gives_none() {
    let repository = Repository::start().await;
    let world = repository.issuer(Retrieval::Body).await;
    let token = world.token(HASSAN).await;
    // Active when it is read for the credential, and not any more when it is read before the commit.
    let asked = repository.counts().1;
    repository.is(Mood::WellThen(asked + 1, "DEACTIVATED"));
    let response = ask(&world, &token).await;
    assert_eq!(error_of(response).await, "credential_request_denied");
    let told = world.ordered("/credentials/list", json!({})).await;
    assert_eq!(told["credentials"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_register_alone_can_do_is_refused_clearly() {
    let repository = Repository::start().await;
    let world = repository.issuer(Retrieval::Body).await;
    let import = world
        .order("/records/import")
        .header("content-type", "application/x-ndjson")
        .body(record(HASSAN, "Hassan Ali").to_string());
    let export = world.order("/records/export").json(&json!({}));
    for order in [import, export] {
        let response = order.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::CONFLICT);
        assert_eq!(error_of(response).await, "records_kept_elsewhere");
    }
    // One record can be looked at; a card and an offer are made of it.
    let shown = world.ordered("/records/show", json!({ "record": HASSAN })).await;
    assert_eq!(shown["UIN"], HASSAN);
    world.offer(HASSAN, TransactionCode::NotRequired).await;
    let card = world
        .ordered("/cards", json!({ "record": HASSAN, "format": "png" }))
        .await;
    assert!(card["qr_text"].as_str().unwrap().len() > 100);
    let unknown = world
        .order("/records/show")
        .json(&json!({ "record": "1111111111" }))
        .send()
        .await
        .unwrap();
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    repository.is(Mood::Answers(503, String::new()));
    let down = world
        .order("/records/show")
        .json(&json!({ "record": HASSAN }))
        .send()
        .await
        .unwrap();
    assert_eq!(down.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(down.headers()["retry-after"], "5");
}
