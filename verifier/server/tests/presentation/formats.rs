//! Every format but SD-JWT VC, which the other files have, over HTTP: asked for, answered, judged.

use serde_json::{Value, json};
use symbolon_credential::sd_jwt_vc::IssuerKeyReference;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::encoding::base64url;
use symbolon_protocol::dcql::QueryId;
use symbolon_protocol::openid4vp::request_object::VerifiedRequest;
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, Presentation, VpToken};
use symbolon_trust::status_list::Status;
use symbolon_trust::testing::TestKey;

use crate::world::formats::{
    DID_DOCUMENT, REVOCATION, SUSPENSION, mdoc_query, present_documents, present_jwt, present_mdoc,
    present_mdoc_in, publish, selective, transcript, w3c_query, whole,
};
use crate::world::{DOC_TYPE, INDEX, World};

/// Asks, answers with what `present` makes, and returns the result.
pub(crate) async fn answer(
    world: &World,
    query: &Value,
    present: impl FnOnce(&VerifiedRequest) -> Presentation,
) -> Value {
    let (id, link) = world.make_request(&json!({ "dcql_query": query })).await;
    let request = world.open(&link).await;
    let answer = AuthorizationResponse {
        vp_token: VpToken([(QueryId::parse("identity").unwrap(), vec![present(&request)])].into()),
        state: request.request().state.clone(),
    };
    let posted = world.post(&request, &world.encrypt(&request, &answer)).await;
    let result = world.result(&id).await["result"]["outcome"]["presented"].clone();
    let verdicts: Vec<&Value> = result["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stored| &stored["report"]["verdict"])
        .collect();
    // The wallet hears that what it showed is refuted, and never why.
    let refuted = verdicts.contains(&&json!("invalid"))
        || result["answer"] != "as_asked" && !verdicts.contains(&&json!("unknown"));
    assert_eq!(posted.status, if refuted { 400 } else { 200 }, "{result:#}");
    result
}

pub(crate) fn outcome(result: &Value) -> (&str, &str) {
    (
        result["reports"][0]["report"]["verdict"].as_str().unwrap(),
        result["answer"].as_str().unwrap(),
    )
}

#[tokio::test]
async fn the_key_of_an_sd_jwt_vc_is_found_in_the_metadata_of_its_issuer() {
    let world = World::new().await;
    let mut jwk = serde_json::to_value(world.issuer.credential_key.public_key().to_jwk()).unwrap();
    jwk["kid"] = json!("key-1");
    let issuer = world.issuer.identifier.as_str();
    let metadata = json!({ "issuer": issuer, "jwks": { "keys": [jwk] } });
    world.publish_document(
        "/.well-known/jwt-vc-issuer",
        "application/json",
        metadata.to_string(),
    );
    let credential = world.credential_under(&IssuerKeyReference::KeyId("key-1".to_owned()));
    let result = answer(&world, &world.query(), |request| {
        let request = request.request();
        let (audience, nonce) = (request.client_id.as_str(), request.nonce.as_str());
        Presentation::Text(world.present_credential(&credential, audience, nonce, &["given_name"]))
    })
    .await;
    assert_eq!(outcome(&result), ("valid", "as_asked"), "{result}");
    assert_eq!(world.fetched(), ["/.well-known/jwt-vc-issuer"]);
}

#[tokio::test]
async fn an_mdoc_is_asked_for_presented_and_valid() {
    let world = World::new().await;
    let result = answer(&world, &mdoc_query(), |request| present_mdoc(&world, request)).await;
    assert_eq!(outcome(&result), ("valid", "as_asked"), "{result}");
    let report = &result["reports"][0]["report"];
    assert_eq!(report["format"], "mdoc");
    assert_eq!(report["claims"], json!({ DOC_TYPE: { "given_name": "Amina" } }));
    world.publish(Status::Invalid);
    world.advance(301);
    let result = answer(&world, &mdoc_query(), |request| present_mdoc(&world, request)).await;
    assert_eq!(outcome(&result).0, "invalid");
}

#[tokio::test]
async fn an_mdoc_for_another_session_is_judged_invalid() {
    let world = World::new().await;
    let result = answer(&world, &mdoc_query(), |request| {
        let phishing = "https://phisher.example/responses/1";
        present_mdoc_in(&world, &transcript(request, phishing))
    })
    .await;
    assert_eq!(outcome(&result).0, "invalid");
    assert_eq!(result["reports"][0]["report"]["holder"]["state"], "refuted");
}

#[tokio::test]
async fn w3c_credentials_of_every_form_are_asked_for_presented_and_valid() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    for (format, form) in [
        ("ldp_vc", "whole"),
        ("ldp_vc", "selective"),
        ("jwt_vc_json", "jwt"),
    ] {
        let result = answer(&world, &w3c_query(&world, format), |request| match form {
            "whole" => present_documents(&world, request, &[whole(&world, &world.holder)]),
            "selective" => present_documents(&world, request, &[selective(&world, &world.holder)]),
            _ => present_jwt(&world, request),
        })
        .await;
        assert_eq!(outcome(&result), ("valid", "as_asked"), "{form}: {result}");
        let claims = &result["reports"][0]["report"]["claims"];
        assert_eq!(claims["credentialSubject"]["givenName"], "Amina", "{form}");
        let shows_family = claims["credentialSubject"].get("familyName").is_some();
        assert_eq!(shows_family, form != "selective");
    }
    // Fetched once, and kept for those that came later.
    assert_eq!(world.fetched(), [DID_DOCUMENT, REVOCATION, SUSPENSION]);
}

#[tokio::test]
async fn a_revoked_and_a_suspended_w3c_credential_are_judged_invalid() {
    for (revoked, suspended, state) in [
        (vec![INDEX], vec![], "revoked"),
        (vec![], vec![INDEX], "suspended"),
    ] {
        let world = World::new().await;
        publish(&world, &revoked, &suspended);
        let query = w3c_query(&world, "jwt_vc_json");
        let result = answer(&world, &query, |request| present_jwt(&world, request)).await;
        assert_eq!(outcome(&result).0, "invalid");
        assert_eq!(result["reports"][0]["report"]["status"]["state"], state);
    }
}

#[tokio::test]
async fn a_did_document_or_list_that_cannot_be_had_leaves_the_answer_unknown() {
    let world = World::new().await;
    let query = w3c_query(&world, "jwt_vc_json");
    let result = answer(&world, &query, |request| present_jwt(&world, request)).await;
    assert_eq!(outcome(&result).0, "unknown");
    publish(&world, &[], &[]);
    world.publish_document(REVOCATION, "text/html", "<html>");
    let result = answer(&world, &query, |request| present_jwt(&world, request)).await;
    assert_eq!(outcome(&result).0, "unknown");
    publish(&world, &[], &[]);
    let result = answer(&world, &query, |request| present_jwt(&world, request)).await;
    assert_eq!(
        outcome(&result).0,
        "valid",
        "what could not be had is not remembered"
    );
}

#[tokio::test]
async fn a_credential_of_another_format_or_type_is_not_what_was_asked_for() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let result = answer(&world, &w3c_query(&world, "ldp_vc"), |request| {
        present_jwt(&world, request)
    })
    .await;
    assert_eq!(outcome(&result), ("valid", "wrong_format"));
    let result = answer(&world, &mdoc_query(), |request| present_jwt(&world, request)).await;
    assert_eq!(outcome(&result), ("valid", "wrong_format"));
    let mut query = w3c_query(&world, "jwt_vc_json");
    query["credentials"][0]["meta"]["type_values"] = json!([["https://other.example/vocabulary#Licence"]]);
    let result = answer(&world, &query, |request| present_jwt(&world, request)).await;
    assert_eq!(outcome(&result), ("valid", "wrong_type"));
    let mut query = mdoc_query();
    query["credentials"][0]["meta"]["doctype_value"] = json!("org.iso.18013.5.1.mDL");
    let result = answer(&world, &query, |request| present_mdoc(&world, request)).await;
    assert_eq!(outcome(&result), ("valid", "wrong_type"));
}

#[tokio::test]
async fn two_credentials_in_one_presentation_are_two_where_one_was_asked_for() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let friend = TestKey::new(SignatureAlgorithm::Es256, 901);
    let query = w3c_query(&world, "ldp_vc");
    let result = answer(&world, &query, |request| {
        let credentials = [whole(&world, &world.holder), whole(&world, &friend)];
        present_documents(&world, request, &credentials)
    })
    .await;
    assert_eq!(result["answer"], "several_presentations");
    assert_eq!(result["reports"][0]["report"]["verdict"], "valid");
    assert_eq!(
        result["reports"][1]["report"]["verdict"], "invalid",
        "a friend's is no one's here"
    );
}

#[tokio::test]
async fn a_document_of_no_format_is_refused_and_leaves_the_request_open() {
    let world = World::new().await;
    let (id, link) = world.make_request(&json!({ "dcql_query": mdoc_query() })).await;
    let request = world.open(&link).await;
    for nonsense in [
        Presentation::Text(base64url::encode(b"\xa1gdocType\x61x")),
        Presentation::Text("a.b.c".to_owned()),
        Presentation::Object(json!({ "type": "nothing" }).as_object().unwrap().clone()),
    ] {
        let answer = AuthorizationResponse {
            vp_token: VpToken([(QueryId::parse("identity").unwrap(), vec![nonsense])].into()),
            state: request.request().state.clone(),
        };
        let posted = world.post(&request, &world.encrypt(&request, &answer)).await;
        assert_eq!(posted.status, 400);
        assert_eq!(world.result(&id).await["state"], "pending");
    }
}
