//! Requests: what may be asked, and what becomes of it.

use http::Method;
use serde_json::{Value, json};

use super::{REQUESTS, Town};
use crate::world::json_of;

#[tokio::test]
async fn only_what_is_permitted_is_asked() {
    let town = Town::new().await;
    let query = town.world.query();
    let ask = async |key: &str, body: Value| {
        let refused = town.call(key, Method::POST, REQUESTS, &body).await;
        (
            refused.status,
            json_of(&refused)["error"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let denied = (403, "access_denied".to_owned());
    let invalid = (400, "invalid_request".to_owned());
    // Another's policy and one that does not exist look the same.
    assert_eq!(ask(&town.bank, json!({"policy": "name-kept"})).await, denied);
    assert_eq!(ask(&town.bank, json!({"policy": "none"})).await, denied);
    assert_eq!(ask(&town.bank, json!({ "dcql_query": query })).await, denied);
    assert_eq!(ask(&town.bank, json!({})).await, invalid);
    assert_eq!(
        ask(&town.bank, json!({"policy": "name", "nonce": "mine"})).await,
        invalid
    );
    assert_eq!(ask(&town.bank, json!({"policy": "../name"})).await, invalid);
    assert_eq!(ask(&town.bank, json!(["name"])).await, invalid);
    let both = json!({"policy": "name-kept", "dcql_query": query});
    assert_eq!(ask(&town.shop, both).await, invalid);
    let plain = json!({"policy": "name-kept", "return_to": "http://shop.example/"});
    assert_eq!(ask(&town.shop, plain).await, invalid);
    let mut twice = query.clone();
    twice["credentials"][0]["claims"] = json!([{"path": ["given_name"]}, {"path": ["given_name"]}]);
    assert_eq!(ask(&town.shop, json!({ "dcql_query": twice })).await, invalid);
    // Who may ask by queries of its own has what they ask for.
    let id = town.answered(&town.shop, &json!({ "dcql_query": query })).await;
    let answered = town.result(&town.shop, &id).await;
    let presented = &answered["result"]["outcome"]["presented"];
    assert_eq!(presented["reports"][0]["report"]["claims"]["given_name"], "Amina");
    assert!(presented.get("decision").is_none());
    let listed = json_of(
        &town
            .call(
                &town.bank,
                Method::GET,
                "/relying-party/v1/policies",
                &Value::Null,
            )
            .await,
    );
    let names: Vec<_> = listed["policies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|policy| &policy["name"])
        .collect();
    assert_eq!(names, ["name", "strict"]);
    assert_eq!(listed["policies"][0]["purpose"], "To know your name");
}

#[tokio::test]
async fn requests_are_listed_page_by_page_and_taken_back() {
    let town = Town::new().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(town.ask(&town.bank, &json!({"policy": "name"})).await);
        town.world.advance(1);
    }
    let mut found = Vec::new();
    let mut path = format!("{REQUESTS}?limit=2");
    loop {
        let page = json_of(&town.call(&town.bank, Method::GET, &path, &Value::Null).await);
        let requests = page["requests"].as_array().unwrap().clone();
        found.extend(
            requests
                .iter()
                .map(|entry| entry["request_id"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => path = format!("{REQUESTS}?limit=2&after={next}"),
            None => break,
        }
    }
    let ids: Vec<_> = made.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(found, ids);
    for wrong in ["?limit=0", "?limit=101", "?after=x", "?befor=x"] {
        let path = format!("{REQUESTS}{wrong}");
        assert_eq!(
            town.call(&town.bank, Method::GET, &path, &Value::Null)
                .await
                .status,
            400,
            "{wrong}"
        );
    }
    // One that was opened before it was taken back is answered in vain.
    let (id, link) = &made[0];
    let request = town.world.open(link).await;
    let path = format!("{REQUESTS}/{id}");
    assert_eq!(
        town.call(&town.bank, Method::DELETE, &path, &Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(town.world.present_to(&request).await.status, 404);
    assert_eq!(
        town.call(&town.bank, Method::GET, &path, &Value::Null)
            .await
            .status,
        404
    );
    assert_eq!(
        town.call(&town.bank, Method::DELETE, &path, &Value::Null)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn an_event_stream_ends_when_its_request_is_taken_back() {
    let town = Town::new().await;
    let (id, _) = town.ask(&town.bank, &json!({"policy": "name"})).await;
    let events = format!("{REQUESTS}/{id}/events");
    let stream = town.call(&town.bank, Method::GET, &events, &Value::Null);
    let remove = async {
        let path = format!("{REQUESTS}/{id}");
        town.call(&town.bank, Method::DELETE, &path, &Value::Null).await
    };
    let (stream, removed) = tokio::join!(stream, remove);
    assert_eq!(removed.status, 204);
    assert!(stream.status == 404 || !String::from_utf8_lossy(&stream.body).contains("event:"));
    // And one that is answered tells how the policy decided.
    let id = town.answered(&town.bank, &json!({"policy": "name"})).await;
    let events = format!("{REQUESTS}/{id}/events");
    let stream = town.call(&town.bank, Method::GET, &events, &Value::Null).await;
    let text = String::from_utf8(stream.body).unwrap();
    assert!(
        text.starts_with("event: answered\ndata: ") && text.contains("satisfied"),
        "{text}"
    );
}
