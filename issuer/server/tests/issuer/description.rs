//! The description of the interface: served, whole, and of the very routes that are there.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::harness::World;

async fn read(world: &World, path: &str, token: Option<&str>) -> Value {
    let mut request = world.client.get(world.url(path));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

#[tokio::test]
async fn the_public_description_is_for_everybody_and_the_whole_for_the_operator() {
    let world = World::start().await;
    let public = read(&world, "/openapi.json", None).await;
    assert_eq!(public["openapi"], "3.1.0");
    assert_eq!(public["servers"][0]["url"], world.base);
    assert!(public["paths"]["/token"]["post"].is_object());
    assert!(!public.to_string().contains("administrationToken"));
    let paths = |document: &Value| document["paths"].as_object().unwrap().clone();
    // The server proves itself to whoever asks, before it is sent a token.
    let open = |path: &str| path == "/admin/v1/identity" || !path.starts_with("/admin");
    assert!(
        paths(&public)
            .keys()
            .all(|path| open(path) && !path.starts_with("/vcalm"))
    );

    let refused = world
        .client
        .get(world.url("/admin/v1/openapi.json"))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let whole = read(&world, "/admin/v1/openapi.json", Some(world.token)).await;
    for (path, item) in &paths(&public) {
        assert_eq!(&whole["paths"][path], item, "{path}");
    }
    assert!(whole["paths"]["/admin/v1/records/import"]["post"].is_object());
    assert!(whole["paths"]["/vcalm/{configuration}/credentials/issue"]["post"].is_object());
}

/// The methods that a path has are asked of the router itself, by one that no path has.
#[tokio::test]
async fn every_described_path_has_the_described_methods_and_no_others() {
    let world = World::start().await;
    let whole = read(&world, "/admin/v1/openapi.json", Some(world.token)).await;
    let paths = whole["paths"].as_object().unwrap();
    assert!(paths.len() > 40, "{}", paths.len());
    for (template, item) in paths {
        let path = template.replace(['{', '}'], "");
        let request = world.client.request(Method::TRACE, world.url(&path));
        let response = request.bearer_auth(world.token).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{template}");
        let allowed = response.headers()["allow"].to_str().unwrap().to_owned();
        let mut allowed: Vec<_> = allowed.split(',').filter(|method| *method != "HEAD").collect();
        allowed.sort_unstable();
        let methods = ["delete", "get", "patch", "post", "put"].into_iter();
        let described: Vec<_> = methods
            .filter(|method| item.get(method).is_some())
            .map(str::to_uppercase)
            .collect();
        assert_eq!(allowed, described, "{template}");
    }
}
