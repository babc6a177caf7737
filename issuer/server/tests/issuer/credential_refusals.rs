//! What a credential request is refused for, with the exact code (ATTACKS.md rows 12, 17 and 19).

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_credential::sd_jwt::{SdJwt, SdJwtBudget, process};
use symbolon_crypto::UnixTime;
use symbolon_http::testing::status_of_announced;
use symbolon_issuer::policy::IssuerPolicy;

use crate::endpoint::send_typed;
use crate::harness::{FATIMA, HASSAN, World, error_of, record, wanted};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_good_token_is_challenged() {
    let world = World::with_two_residents().await;
    let token = world.token(HASSAN).await;
    let body = wanted(&[world.proof(&world.wallet_key(), &world.nonce().await)]);
    let url = world.url("/credential");

    let none = world.client.post(&url).json(&body).send().await.unwrap();
    assert_eq!(none.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(none.headers()["www-authenticate"], "Bearer");

    let unknown = world.credential_request("made-up", &body).await;
    assert_eq!(unknown.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        unknown.headers()["www-authenticate"],
        "Bearer error=\"invalid_token\""
    );
    assert_eq!(unknown.headers()["cache-control"], "no-store");

    let in_query = world
        .client
        .post(format!("{url}?access_token={token}"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(in_query.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        in_query.headers()["www-authenticate"],
        "Bearer error=\"invalid_request\""
    );

    world.wait(300);
    let body = wanted(&[world.proof(&world.wallet_key(), &world.nonce().await)]);
    let expired = world.credential_request(&token, &body).await;
    assert_eq!(expired.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        expired.headers()["www-authenticate"],
        "Bearer error=\"invalid_token\""
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_malformed_request_has_its_code_and_spends_nothing() {
    let world = World::with_two_residents().await;
    let token = world.token(HASSAN).await;
    let key = world.wallet_key();
    let nonce = world.nonce().await;
    let good = world.proof(&key, &nonce);
    let at = world.now();
    let hour_ago = UnixTime::from_seconds(at.seconds() - 3_600);
    let id = "NationalIdentity";
    let with = |proof: String| wanted(&[proof]);
    let cases = [
        (json!({}), "invalid_credential_request"),
        (json!([]), "invalid_credential_request"),
        (
            json!({ "credential_configuration_id": id, "credential_identifier": id, "proofs": { "jwt": [good] } }),
            "invalid_credential_request",
        ),
        (
            json!({ "format": "dc+sd-jwt", "proof": { "proof_type": "jwt" } }),
            "invalid_credential_request",
        ),
        (
            json!({ "credential_configuration_id": "Other", "proofs": { "jwt": [good] } }),
            "unknown_credential_configuration",
        ),
        (
            json!({ "credential_identifier": id, "proofs": { "jwt": [good] } }),
            "unknown_credential_identifier",
        ),
        (json!({ "credential_configuration_id": id }), "invalid_proof"),
        (
            json!({ "credential_configuration_id": id, "proofs": {} }),
            "invalid_proof",
        ),
        (
            json!({ "credential_configuration_id": id, "proofs": { "jwt": [] } }),
            "invalid_proof",
        ),
        (
            json!({ "credential_configuration_id": id, "proofs": { "di_vp": [good] } }),
            "invalid_proof",
        ),
        (
            json!({ "credential_configuration_id": id, "proofs": { "jwt": [good], "di_vp": [{}] } }),
            "invalid_proof",
        ),
        (
            json!({ "credential_configuration_id": id, "proofs": { "jwt": [good, good] } }),
            "invalid_proof",
        ),
        (
            json!({ "credential_configuration_id": id, "proofs": { "jwt": [good] },
                "credential_response_encryption": { "jwk": {}, "enc": "A128GCM" } }),
            "invalid_encryption_parameters",
        ),
        (with("not.a.jwt".to_owned()), "invalid_proof"),
        (
            with(world.proof_for(&key, "https://other.example", Some(&nonce), at)),
            "invalid_proof",
        ),
        (
            with(world.proof_for(&key, &world.base, None, at)),
            "invalid_proof",
        ),
        (
            with(world.proof_for(&key, &world.base, Some(&nonce), hour_ago)),
            "invalid_proof",
        ),
        (
            with(world.proof_for(&key, &world.base, Some("made-up"), at)),
            "invalid_nonce",
        ),
    ];
    for (body, expected) in cases {
        let response = world.credential_request(&token, &body).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(error_of(response).await, expected, "{body}");
    }
    let twice = format!(
        r#"{{"credential_configuration_id":"{id}","credential_configuration_id":"{id}","proofs":{{"jwt":["{good}"]}}}}"#
    );
    let twice = send_typed(&world, "/credential", &token, ("application/json", twice)).await;
    assert_eq!(error_of(twice).await, "invalid_credential_request");
    let text = with(good.clone()).to_string();
    let not_json = send_typed(&world, "/credential", &token, ("text/plain", text)).await;
    assert_eq!(error_of(not_json).await, "invalid_credential_request");
    // After all of it the token, the nonce and the grant are as good as before.
    assert_eq!(
        world.credential_request(&token, &with(good)).await.status(),
        StatusCode::OK
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_is_spent_once_and_stale_ones_are_refused() {
    let policy = IssuerPolicy {
        credentials_per_offer: 5,
        ..IssuerPolicy::default()
    };
    let world = World::start_with(policy).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let token = world.token(HASSAN).await;
    let nonce = world.nonce().await;
    let proof = world.proof(&world.wallet_key(), &nonce);
    assert_eq!(
        world
            .credential_request(&token, &wanted(std::slice::from_ref(&proof)))
            .await
            .status(),
        StatusCode::OK
    );
    assert_eq!(
        error_of(world.credential_request(&token, &wanted(&[proof])).await).await,
        "invalid_nonce"
    );
    let other_key = wanted(&[world.proof(&world.wallet_key(), &nonce)]);
    assert_eq!(
        error_of(world.credential_request(&token, &other_key).await).await,
        "invalid_nonce"
    );

    let stale = world.nonce().await;
    world.wait(300);
    let token = world.token(HASSAN).await;
    let body = wanted(&[world.proof(&world.wallet_key(), &stale)]);
    assert_eq!(
        error_of(world.credential_request(&token, &body).await).await,
        "invalid_nonce"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_yields_its_credentials_and_no_more() {
    let world = World::with_two_residents().await;
    let token = world.token(HASSAN).await;
    let request = async || {
        let body = wanted(&[world.proof(&world.wallet_key(), &world.nonce().await)]);
        world.credential_request(&token, &body).await
    };
    assert_eq!(request().await.status(), StatusCode::OK);
    assert_eq!(error_of(request().await).await, "credential_request_denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_a_request_names_another_residents_record() {
    let world = World::with_two_residents().await;
    let token = world.token(HASSAN).await;
    let mut body = wanted(&[world.proof(&world.wallet_key(), &world.nonce().await)]);
    for name in [
        "record",
        "uin",
        "UIN",
        "sub",
        "credential_subject",
        "issuer_state",
    ] {
        body[name] = json!(FATIMA);
    }
    let response = world
        .client
        .post(world.url(&format!("/credential?record={FATIMA}")))
        .bearer_auth(&token);
    let response = response.json(&body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body: Value = response.json().await.unwrap();
    let sd_jwt = body["credentials"][0]["credential"].as_str().unwrap();
    let sd_jwt = SdJwt::parse(sd_jwt, SdJwtBudget::DEFAULT).unwrap();
    assert_eq!(
        process(&sd_jwt).unwrap().claims["personal_administrative_number"],
        HASSAN
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deceased_get_no_credential_even_with_a_token_from_before() {
    let world = World::with_two_residents().await;
    let token = world.token(HASSAN).await;
    let mut deceased = record(HASSAN, "Hassan Ali");
    deceased["declaredAsDeceased"] = json!("Y");
    world.import(&[deceased]).await;
    let body = wanted(&[world.proof(&world.wallet_key(), &world.nonce().await)]);
    let response = world.credential_request(&token, &body).await;
    let text = response.text().await.unwrap();
    assert!(text.contains("credential_request_denied"), "{text}");
    assert!(
        !text.contains("eceased"),
        "the reason is nobody's business: {text}"
    );
    let order = json!({
        "record": HASSAN, "configurations": ["NationalIdentity"], "tx_code": "not-required", "delivery": "by-value",
    });
    let refused = world.order("/offers").json(&order).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_yields_one_credential_for_each_key() {
    let policy = IssuerPolicy {
        batch_size: 3,
        credentials_per_offer: 3,
        ..IssuerPolicy::default()
    };
    let world = World::start_with(policy).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    let token = world.token(HASSAN).await;
    let nonce = world.nonce().await;
    let proofs: Vec<String> = (0..3).map(|_| world.proof(&world.wallet_key(), &nonce)).collect();
    let response = world.credential_request(&token, &wanted(&proofs)).await;
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["credentials"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversized_body_is_refused_before_it_is_read() {
    let world = World::with_two_residents().await;
    let fields = [("authorization", "Bearer x")];
    let status = status_of_announced(&world.url("/credential"), &fields, 600 << 10).await;
    assert_eq!(status.unwrap(), 413);
}
