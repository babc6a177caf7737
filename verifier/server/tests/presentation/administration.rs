//! The relying party's interface.

use http::Method;
use http::header::AUTHORIZATION;
use serde_json::json;

use crate::world::{World, json_of};

const REQUESTS: &str = "/admin/v1/presentation-requests";

#[tokio::test]
async fn nothing_is_told_without_the_token() {
    let world = World::new().await;
    let (id, _) = world.make_request(&json!({"dcql_query": world.query()})).await;
    for path in [
        REQUESTS.to_owned(),
        format!("{REQUESTS}/{id}"),
        format!("{REQUESTS}/{id}/events"),
        format!("{REQUESTS}/{id}/evidence"),
        "/admin/v1/registration".to_owned(),
    ] {
        let method = if path == REQUESTS {
            Method::POST
        } else {
            Method::GET
        };
        let without = world.send(method.clone(), &path, &[], "{}").await;
        assert_eq!(without.status, 401, "{path}");
        assert!(without.body.is_empty());
        let wrong = world
            .send(method, &path, &[(AUTHORIZATION, "Bearer wrong")], "{}")
            .await;
        assert_eq!(wrong.status, 401, "{path}");
        assert_eq!(
            wrong.headers["www-authenticate"],
            r#"Bearer realm="administration", error="invalid_token""#
        );
    }
}

#[tokio::test]
async fn a_query_may_be_named() {
    let mut query = None;
    let world = World::configured(|configuration| {
        let over_18 = json!({"credentials": [{
            "id": "age", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:identity"]},
            "claims": [{"path": ["age_over", "18"], "values": [true]}]
        }]});
        configuration
            .queries
            .insert("over-18".to_owned(), over_18.clone());
        query = Some(over_18);
    })
    .await;
    let (_, link) = world.make_request(&json!({"query": "over-18"})).await;
    let asked = world.open(&link).await;
    assert_eq!(serde_json::to_value(&asked.request().dcql_query).ok(), query);
}

#[tokio::test]
async fn each_broken_request_is_refused_with_its_reason() {
    let world = World::new().await;
    let both = "exactly one of dcql_query, query and scope is needed";
    let shape = "the body is not {\"dcql_query\": ...} or {\"query\": \"name\"}";
    for (body, description) in [
        (json!({}), both),
        (json!({"query": "a", "dcql_query": world.query()}), both),
        (
            json!({"query": "a"}),
            "the configuration has no query of this name",
        ),
        (
            json!({"dcql_query": {"credentials": []}}),
            "the query asks for no credential",
        ),
        (
            json!({"dcql_query": world.query(), "return_to": "http://clinic.example/"}),
            "return_to must be an https URL",
        ),
        (
            json!({"dcql_query": world.query(), "page": "same_device"}),
            "page = \"same_device\" needs return_to, where the browser goes on",
        ),
        (
            json!({"scope": "passport"}),
            "a value of scope stands for no query",
        ),
        (json!({"scope": "a", "dcql_query": world.query()}), both),
        (
            json!({"dcql_query": world.query(), "client_id_prefix": "x509_san_dns"}),
            "the verifier has no client identifier of this kind",
        ),
        (
            json!({"dcql_query": world.query(), "client_id_prefix": "redirect_uri", "request_delivery": "reference"}),
            "request_delivery must be \"value\" with client_id_prefix = \"redirect_uri\", whose requests are not signed",
        ),
        (
            json!({"dcql_query": world.query(), "request_delivery": "value", "request_uri_method": "post"}),
            "request_uri_method = \"post\" says nothing with request_delivery = \"value\"",
        ),
        (
            json!({"dcql_query": world.query(), "client_id_prefix": "origin"}),
            shape,
        ),
        (json!({"dcql_query": world.query(), "nonce": "mine"}), shape),
        (json!([]), shape),
    ] {
        let refused = world.administer(Method::POST, "", &body.to_string()).await;
        assert_eq!(refused.status, 400, "{body}");
        assert_eq!(
            json_of(&refused),
            json!({"error": "invalid_request", "error_description": description})
        );
    }
    assert_eq!(world.administer(Method::GET, "/unknown", "").await.status, 404);
}

#[tokio::test]
async fn a_link_fits_a_qr_code() {
    let world = World::new().await;
    let (_, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
    assert!(
        symbolon_protocol::qr_text::check_link(&link).is_ok(),
        "{}",
        link.len()
    );
}

#[tokio::test]
async fn a_store_that_is_gone_is_a_clear_answer() {
    let world = World::new().await;
    let (id, _) = world.make_request(&json!({"dcql_query": world.query()})).await;
    world.store.close();
    let failed = world.administer(Method::GET, &format!("/{id}"), "").await;
    assert_eq!(
        (failed.status, &json_of(&failed)["error"]),
        (503, &json!("server_error"))
    );
    world.server.shutdown().await;
}
