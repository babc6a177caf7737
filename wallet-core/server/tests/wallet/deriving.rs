use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use symbolon_credential::data_integrity::ecdsa_sd_2023;
use symbolon_crypto::RustCryptoProvider;
use symbolon_http::testing::status_of_announced;

use crate::world::World;

fn request(credential: &Value, pointers: &[&str]) -> Value {
    json!({"verifiableCredential": credential, "options": {"selectivePointers": pointers}})
}

#[tokio::test]
async fn a_derived_credential_shows_what_was_selected_and_verifies() {
    let world = World::start().await;
    let base = world.with_base_proof("did:example:alice");
    let answer = world
        .post(
            "/credentials/derive",
            &request(&base, &["/credentialSubject/address/locality"]),
        )
        .await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let derived: Value = answer.json().await.unwrap();
    assert_eq!(
        derived["credentialSubject"],
        json!({"id": "did:example:alice", "address": {"locality": "Rabat"}})
    );
    ecdsa_sd_2023::verify(
        &derived,
        &world.issuer_key(),
        world.json_ld(),
        &RustCryptoProvider,
    )
    .unwrap();

    // It is kept: where the answer says, and under its own id.
    for path in [
        location.clone(),
        "/credentials/urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33".to_owned(),
    ] {
        let kept = world.get(&path).await;
        assert_eq!(kept.status(), StatusCode::OK);
        let kept: Value = kept.json().await.unwrap();
        assert_eq!(kept, json!({"verifiableCredential": derived}));
    }
    assert_eq!(world.delete(&location).await.status(), StatusCode::ACCEPTED);
    assert_eq!(world.get(&location).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(world.delete(&location).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_cannot_be_derived_from_is_refused_with_its_problem() {
    let world = World::start().await;
    let base = world.with_base_proof("did:example:alice");
    let selected = ["/credentialSubject/fullName"];
    let malformed = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR";
    let transformation = "https://w3id.org/security#PROOF_TRANSFORMATION_ERROR";

    let mut changed = base.clone();
    changed["credentialSubject"]["nationality"] = json!("MA");
    let derived = {
        let answer = world
            .post("/credentials/derive", &request(&base, &selected))
            .await;
        answer.json::<Value>().await.unwrap()
    };
    let whole = world.with_whole_proof("did:example:alice");
    let mut unknown_option = request(&base, &selected);
    unknown_option["options"]["nonce"] = json!("n");
    for (body, problem) in [
        (request(&base, &["/credentialSubject/nothing"]), malformed),
        (request(&base, &["credentialSubject"]), malformed),
        (request(&changed, &selected), transformation),
        (request(&derived, &selected), transformation),
        (request(&whole, &selected), transformation),
        (
            unknown_option,
            "https://www.w3.org/TR/vcalm#UNKNOWN_OPTION_PROVIDED",
        ),
        (json!([]), "https://www.w3.org/TR/vc-data-model#PARSING_ERROR"),
    ] {
        let answer = world.post("/credentials/derive", &body).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(answer.headers()["content-type"], "application/json");
        let details: Value = answer.json().await.unwrap();
        assert_eq!(details["type"], json!(problem), "{details}");
    }
}

#[tokio::test]
async fn nothing_answers_without_the_token() {
    let world = World::start().await;
    for (method, path) in [
        (Method::POST, "/credentials/derive"),
        (Method::GET, "/credentials/urn:uuid:1"),
        (Method::DELETE, "/credentials/urn:uuid:1"),
        (Method::POST, "/presentations"),
        (Method::GET, "/presentations"),
        (Method::GET, "/presentations/u1"),
        (Method::GET, "/nowhere"),
    ] {
        let without = world.anonymous(method.clone(), path).send().await.unwrap();
        assert_eq!(without.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
        let wrong = world.anonymous(method, path).bearer_auth("guessed").send().await;
        assert_eq!(wrong.unwrap().status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(world.get("/nowhere").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_body_that_is_too_large_or_no_json_is_refused_by_its_status() {
    let world = World::start().await;
    let post = |body: Vec<u8>, media_type: &'static str| {
        world
            .anonymous(Method::POST, "/credentials/derive")
            .bearer_auth(crate::world::TOKEN)
            .header("content-type", media_type)
            .body(body)
            .send()
    };
    let token = format!("Bearer {}", crate::world::TOKEN);
    let fields = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
    ];
    let status = status_of_announced(&world.url("/credentials/derive"), &fields, (10 << 20) + 1).await;
    assert_eq!(status.unwrap(), 413);
    let text = post(b"{}".to_vec(), "text/plain").await.unwrap();
    assert_eq!(text.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
