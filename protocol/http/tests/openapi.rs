//! The description of a router, and that whatever a server answers against it is found.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse as _;
use serde_json::{Value, json};
use symbolon_http::openapi::conformance::Conformance;
use symbolon_http::openapi::{
    About, Answer, Audience, DescribedRouter, Operation, Presence, Security, Tag, ToSchema, describe, get,
    post,
};
use symbolon_http::serve::{AdministrationToken, Limits};
use tower::ServiceExt as _;
use url::Url;

const TAG: Tag = Tag {
    name: "Things",
    description: "Things.",
};

/// A thing.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read as a schema alone")]
struct Thing {
    /// Its name.
    name: String,
    /// What it is made of.
    part: Option<Part>,
}

/// A part.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read as a schema alone")]
struct Part {
    /// How many.
    count: u32,
}

/// Answers what the body says, so that a test can have any answer.
async fn echo(body: String) -> axum::response::Response {
    let order: Value = serde_json::from_str(&body).unwrap_or_default();
    let mut response = Response::builder().status(order["status"].as_u64().unwrap_or(200) as u16);
    for (name, value) in order["headers"].as_object().into_iter().flatten() {
        response = response.header(name, value.as_str().unwrap());
    }
    let body = order["body"].as_str().unwrap_or_default().to_owned();
    response.body(Body::from(body)).unwrap()
}

fn things() -> DescribedRouter {
    let make = Operation::new("makeThing", TAG, "A thing")
        .json::<Thing>()
        .query("colour", "Its colour.", Presence::Always)
        .answers(Answer::json::<Thing>(200, "The thing.").header("X-Thing", "Its number.", Presence::Always))
        .answers(Answer::error(400, "It is refused.", ["too_big"]));
    let read = Operation::new("readThing", TAG, "A thing")
        .path("name", "Its name.")
        .answers(Answer::json::<Thing>(200, "The thing."));
    let hidden =
        Operation::new("hideThing", TAG, "Hides a thing").answers(Answer::empty(204, "It is hidden."));
    let operators = DescribedRouter::default()
        .route("/hide", post(hidden, async || StatusCode::NO_CONTENT))
        .behind_administration(AdministrationToken::new("token"));
    let shared = Operation::new("shareThing", TAG, "Shares a thing")
        .secured(&[Security::RelyingPartyKey])
        .answers(Answer::empty(204, "It is shared."));
    let shared = DescribedRouter::default()
        .route("/share", post(shared, async || StatusCode::NO_CONTENT))
        .behind_administration(AdministrationToken::new("token"));
    DescribedRouter::default()
        .route("/base/things", post(make, echo))
        .route(
            "/base/things/{name}",
            get(read, async || "no JSON").refusing_head(),
        )
        .nest("/base/admin", operators)
        .nest("/base/open", shared)
        .harden(Limits::PROTOCOL)
}

fn description(audience: Audience) -> Value {
    let about = About {
        title: "Things",
        description: "Things.",
        version: "1",
        server: &Url::parse("https://things.example/base").unwrap(),
    };
    json!(describe(&about, things().endpoints(), audience))
}

async fn exchange(request: Request<Body>) -> (StatusCode, Vec<String>) {
    let conformance = Conformance::default();
    let router = conformance.watch(things().into_router(), &description(Audience::Operator));
    let response = router.oneshot(request).await.into_response();
    (response.status(), conformance.found())
}

/// What is found when a request is answered as ordered.
async fn found(query: &str, order: &Value) -> Vec<String> {
    let request = Request::post(format!("/base/things{query}"))
        .header("content-type", "application/json")
        .body(Body::from(order.to_string()))
        .unwrap();
    exchange(request).await.1
}

fn thing(body: &Value) -> Value {
    let headers = json!({ "content-type": "application/json", "x-thing": "1" });
    json!({ "name": "order", "headers": headers, "body": body.to_string() })
}

#[tokio::test]
async fn what_is_answered_as_described_is_not_found_wrong() {
    let good = thing(&json!({ "name": "a", "part": { "count": 1 } }));
    assert_eq!(found("?colour=red", &good).await, Vec::<String>::new());
    let mut refused = thing(&json!({ "error": "too_big", "error_description": "no" }));
    refused["status"] = json!(400);
    // What was refused may have lacked anything.
    assert_eq!(found("", &refused).await, Vec::<String>::new());
}

#[tokio::test]
async fn every_answer_that_is_not_described_is_found() {
    let good = thing(&json!({ "name": "a" }));
    let with = |change: &dyn Fn(&mut Value)| {
        let mut order = good.clone();
        change(&mut order);
        order
    };
    let of = |body: Value| thing(&body);
    for (what, order) in [
        ("a status", with(&|order| order["status"] = json!(201))),
        (
            "a missing header field",
            with(&|order| order["headers"] = json!({ "content-type": "application/json" })),
        ),
        (
            "a media type",
            with(&|order| order["headers"]["content-type"] = json!("text/html")),
        ),
        ("no body", with(&|order| order["body"] = json!(""))),
        ("no JSON", with(&|order| order["body"] = json!("{"))),
        ("a missing member", of(json!({}))),
        ("a wrong type", of(json!({ "name": 1 }))),
        ("a member more", of(json!({ "name": "a", "age": 1 }))),
        (
            "a member more within",
            of(json!({ "name": "a", "part": { "count": 1, "age": 1 } })),
        ),
        ("a code", {
            let mut order = of(json!({ "error": "other" }));
            order["status"] = json!(400);
            order
        }),
    ] {
        let found = found("?colour=red", &order).await;
        assert_eq!(found.len(), 1, "{what}: {found:?}");
    }
}

#[tokio::test]
async fn a_description_that_would_refuse_what_is_carried_out_is_found() {
    let mut nameless = thing(&json!({ "name": "a" }));
    nameless.as_object_mut().unwrap().remove("name");
    assert_eq!(found("?colour=red", &nameless).await.len(), 1);
    let good = thing(&json!({ "name": "a" }));
    assert_eq!(found("", &good).await.len(), 1);
    let as_text = Request::post("/base/things?colour=red")
        .header("content-type", "text/plain")
        .body(Body::from(good.to_string()))
        .unwrap();
    assert_eq!(exchange(as_text).await.1.len(), 1);
}

#[tokio::test]
async fn what_has_no_route_is_answered_as_nothing_is_described() {
    for (method, path, status) in [
        ("GET", "/base/nothing", StatusCode::NOT_FOUND),
        ("PUT", "/base/things", StatusCode::METHOD_NOT_ALLOWED),
        ("HEAD", "/base/things/a", StatusCode::METHOD_NOT_ALLOWED),
        ("POST", "/base/admin/hide", StatusCode::UNAUTHORIZED),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .unwrap();
        assert_eq!(exchange(request).await, (status, Vec::new()), "{method} {path}");
    }
    // A route beside the table.
    let conformance = Conformance::default();
    let router = things()
        .into_router()
        .route("/base/secret", axum::routing::get(async || ""));
    let router = conformance.watch(router, &description(Audience::Operator));
    let request = Request::get("/base/secret").body(Body::empty()).unwrap();
    router.oneshot(request).await.unwrap();
    assert_eq!(conformance.found().len(), 1);
}

#[test]
fn what_only_the_token_opens_is_not_in_the_public_description() {
    let operator = description(Audience::Operator);
    assert_eq!(
        operator["paths"]["/admin/hide"]["post"]["security"],
        json!([{ "administrationToken": [] }])
    );
    assert!(operator["paths"]["/admin/hide"]["post"]["responses"]["401"].is_object());
    let public = description(Audience::Public);
    assert!(public["paths"]["/admin/hide"].is_null());
    // What another key opens as well is.
    let opened = &public["paths"]["/open/share"]["post"];
    assert_eq!(
        opened["security"],
        json!([{ "relyingPartyKey": [] }, { "administrationToken": [] }])
    );
    // Limits say what they answer.
    assert!(public["paths"]["/things"]["post"]["responses"]["413"].is_object());
    assert!(public["paths"]["/things"]["post"]["responses"]["503"].is_object());
    assert_eq!(public["servers"][0]["url"], "https://things.example/base");
}
