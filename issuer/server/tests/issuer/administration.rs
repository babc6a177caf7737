//! Who may administrate: whoever holds the token, and nobody else (ATTACKS.md row 19).

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{ADMINISTRATION_TOKEN, HASSAN, World, record};

pub(crate) const PATHS: [(&str, &str); 18] = [
    ("POST", "/records/import"),
    ("POST", "/records/show"),
    ("POST", "/records/export"),
    ("POST", "/offers"),
    ("POST", "/offers/list"),
    ("POST", "/offers/show"),
    ("POST", "/offers/cancel"),
    ("POST", "/offers/transaction-code"),
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

/// The resident would be refused at the very end, alone with a wallet.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_offered_that_the_record_does_not_give() {
    let world = World::start().await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let order = |configurations: &[&str]| json!({ "record": HASSAN, "configurations": configurations, "tx_code": "required", "delivery": "by-reference" });
    for configurations in [
        ["MobileDrivingLicence"].as_slice(),
        &["NationalIdentity", "MobileDrivingLicence"],
    ] {
        let response = world
            .order("/offers")
            .json(&order(configurations))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::CONFLICT);
        let refused: serde_json::Value = response.json().await.unwrap();
        assert_eq!(refused["error"], "record_incomplete");
        let said = refused["error_description"].as_str().unwrap();
        for part in ["MobileDrivingLicence", "required claim org.iso.18013.5.1."] {
            assert!(said.contains(part), "{said}");
        }
        assert!(!said.contains(HASSAN) && !said.contains("Hassan"), "{said}");
    }
    let offers = async || {
        let url = world.url("/admin/v1/audit?from=0");
        let log = world
            .client
            .get(url)
            .bearer_auth(ADMINISTRATION_TOKEN)
            .send()
            .await
            .unwrap();
        log.text().await.unwrap().matches("offer-created").count()
    };
    assert_eq!(offers().await, 0);
    world.ordered("/offers", order(&["NationalIdentity"])).await;
    assert_eq!(offers().await, 1);
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
