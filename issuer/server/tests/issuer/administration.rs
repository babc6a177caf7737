//! Who may administrate: whoever holds the token, and nobody else (ATTACKS.md row 19).

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{HASSAN, World, record};

pub(crate) const PATHS: [(&str, &str); 14] = [
    ("POST", "/records/import"),
    ("POST", "/records/show"),
    ("POST", "/records/export"),
    ("POST", "/offers"),
    ("POST", "/credentials/list"),
    ("POST", "/credentials/status"),
    ("POST", "/cards"),
    ("GET", "/status-sections"),
    ("POST", "/status-lists"),
    ("POST", "/packs"),
    ("GET", "/audit"),
    ("POST", "/audit/verify"),
    ("GET", "/nothing/of/the/kind"),
    ("DELETE", "/records/show"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_path_asks_for_the_token_also_those_that_do_not_exist() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    for (method, path) in PATHS {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = || {
            world
                .client
                .request(method.clone(), world.url(&format!("/admin/v1{path}")))
        };
        for request in [
            request(),
            request().bearer_auth("guess"),
            request().bearer_auth(""),
            request().basic_auth("a", Some("b")),
        ] {
            let response = request.json(&json!({ "record": HASSAN })).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
            assert!(
                response.headers()["www-authenticate"]
                    .to_str()
                    .unwrap()
                    .starts_with("Bearer"),
                "{path}"
            );
            assert!(response.bytes().await.unwrap().is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_not_understood_is_refused_without_repeating_it() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    for body in [
        json!({ "record": HASSAN, "configurations": ["NationalIdentity"], "tx_code": "required" }),
        json!({ "record": "../../etc", "configurations": [], "tx_code": "required", "delivery": "by-value" }),
        json!({ "record": HASSAN, "configurations": ["NationalIdentity"], "tx_code": "required", "delivery": "by-value", "evil-key": 1 }),
    ] {
        let response = world.order("/offers").json(&body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let text = response.text().await.unwrap();
        assert!(
            !text.contains("etc") && !text.contains("evil") && !text.contains(HASSAN),
            "{text}"
        );
    }
    let order = |record: &str, configurations: &[&str]| json!({ "record": record, "configurations": configurations, "tx_code": "required", "delivery": "by-value" });
    for (order, expected) in [
        (order(HASSAN, &["Other"]), StatusCode::NOT_FOUND),
        (order("9999999999", &["NationalIdentity"]), StatusCode::NOT_FOUND),
        (order(HASSAN, &[]), StatusCode::BAD_REQUEST),
        (
            order(HASSAN, &["NationalIdentity", "NationalIdentity"]),
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let response = world.order("/offers").json(&order).send().await.unwrap();
        assert_eq!(response.status(), expected, "{order}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_carry_the_header_fields_that_browsers_heed() {
    let world = World::start().await;
    for path in [
        "/.well-known/openid-credential-issuer",
        "/status/0",
        "/admin/v1/audit",
        "/nowhere",
    ] {
        let response = world.client.get(world.url(path)).send().await.unwrap();
        let headers = response.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert!(
            headers["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("default-src 'none'"),
            "{path}"
        );
    }
}
