//! What a relying party holds already.

use http::Method;
use serde_json::{Value, json};

use super::{Town, VERIFICATIONS};
use crate::world::{TOKEN, json_of};

#[tokio::test]
async fn a_credential_that_is_held_already_is_verified_by_a_policy() {
    let town = Town::new().await;
    let presentation = town
        .world
        .present("https://bank.example", "nonce-of-the-bank", &["given_name"]);
    let body = |expected: Value| {
        let mut body = json!({"policy": "name", "presentations": [presentation]});
        if !expected.is_null() {
            body["expected"] = expected;
        }
        body
    };
    let verify =
        async |body: Value| json_of(&town.call(&town.bank, Method::POST, VERIFICATIONS, &body).await);
    let good = verify(body(
        json!({"nonce": "nonce-of-the-bank", "audience": "https://bank.example"}),
    ))
    .await;
    assert_eq!(good["decision"]["outcome"], "satisfied", "{good}");
    assert_eq!(good["reports"][0]["credential"], "identity");
    assert_eq!(good["reports"][0]["report"]["claims"]["given_name"], "Amina");
    let other = verify(body(
        json!({"nonce": "another", "audience": "https://bank.example"}),
    ))
    .await;
    assert_eq!(other["decision"]["outcome"], "not_satisfied");
    let unchecked = verify(body(Value::Null)).await;
    assert_eq!(unchecked["decision"]["outcome"], "unknown");
    for (wrong, status) in [
        (json!({"policy": "name", "presentations": []}), 400),
        (json!({"policy": "name", "presentations": [7]}), 400),
        (json!({"policy": "name", "presentations": ["?"]}), 400),
        (
            json!({"policy": "name-kept", "presentations": [presentation]}),
            403,
        ),
        (
            json!({"policy": "name", "presentations": [presentation], "more": 1}),
            400,
        ),
    ] {
        let refused = town.call(&town.bank, Method::POST, VERIFICATIONS, &wrong).await;
        assert_eq!(refused.status, status, "{wrong}");
    }
    let mut shops = body(Value::Null);
    shops["policy"] = json!("name-kept");
    let refused = town.call(&town.shop, Method::POST, VERIFICATIONS, &shops).await;
    assert_eq!(refused.status, 403, "the shop may not");
}

#[tokio::test]
async fn vcalm_opens_to_the_operator_and_to_whom_it_is_permitted() {
    let town = Town::new().await;
    let body = json!({});
    let challenge = async |key: &str| {
        town.call(key, Method::POST, "/vcalm/challenges", &body)
            .await
            .status
    };
    assert_eq!(challenge(TOKEN).await, 200);
    assert_eq!(challenge(&town.bank).await, 200);
    assert_eq!(challenge(&town.shop).await, 403);
    assert_eq!(challenge("wrong").await, 401);
}
