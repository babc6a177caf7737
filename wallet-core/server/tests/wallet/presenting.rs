use core::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_credential::Verified;
use symbolon_credential::data_integrity::{
    ExpectedProof, ProofCheck, ProofPurpose, ProofRejected, SecuredDocument, VerificationKey, verify,
};
use symbolon_crypto::RustCryptoProvider;
use symbolon_did::{DidUrl, verification_key};

use crate::world::{NOW, World};

fn presentation(credentials: &[Value]) -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": credentials,
    })
}

fn verified(
    world: &World,
    presentation: &Value,
    challenge: &str,
    domain: &str,
) -> Result<Verified<SecuredDocument>, ProofRejected> {
    let check = ProofCheck {
        expected: ExpectedProof::Presentation {
            challenge: Some(challenge),
            domain: Some(domain),
        },
        now: NOW,
        skew: Duration::from_secs(60),
    };
    let keys = |method: &str| {
        let method = DidUrl::parse(method).ok()?;
        Some(VerificationKey {
            public_key: verification_key(&method).ok()?,
            controller: method.did().as_str().to_owned(),
            purposes: vec![ProofPurpose::Authentication],
        })
    };
    verify(presentation, check, &keys, &world.json_ld(), &RustCryptoProvider)
}

#[tokio::test]
async fn a_presentation_is_signed_by_the_key_that_its_credential_is_bound_to() {
    let world = World::start().await;
    let credential = world.with_whole_proof(world.bound.did().as_str());
    let body = json!({
        "presentation": presentation(std::slice::from_ref(&credential)),
        "options": {"challenge": "challenge-1", "domain": "verifier.example"},
    });
    let answer = world.post("/presentations", &body).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let answer: Value = answer.json().await.unwrap();
    let signed = &answer["verifiablePresentation"];
    assert_eq!(signed["holder"], json!(world.bound.did().as_str()));
    assert_eq!(signed["verifiableCredential"], json!([credential]));
    let proof = &signed["proof"];
    assert_eq!(proof["cryptosuite"], json!("ecdsa-rdfc-2019"));
    assert_eq!(proof["proofPurpose"], json!("authentication"));
    assert_eq!(proof["created"], json!("2026-11-23T12:00:00Z"));

    let secured = verified(&world, signed, "challenge-1", "verifier.example").unwrap();
    assert_eq!(secured.proofs[0].controller, world.bound.did().as_str());
    assert_eq!(
        verified(&world, signed, "challenge-2", "verifier.example").unwrap_err(),
        ProofRejected::Challenge
    );
    assert_eq!(
        verified(&world, signed, "challenge-1", "elsewhere.example").unwrap_err(),
        ProofRejected::Domain
    );

    // It is kept, is listed, and goes when it is told to.
    let kept: Value = world.get(&location).await.json().await.unwrap();
    assert_eq!(&kept, signed);
    let list = async |query: &str| {
        let answer = world.get(&format!("/presentations{query}")).await;
        answer.json::<Vec<Value>>().await.unwrap()
    };
    assert_eq!(list("").await, std::slice::from_ref(&kept));
    assert_eq!(list("?type=verifiablepresentations").await, [kept]);
    assert_eq!(list("?type=presentations").await, Vec::<Value>::new());
    assert_eq!(world.delete(&location).await.status(), StatusCode::ACCEPTED);
    assert_eq!(world.get(&location).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(list("").await, Vec::<Value>::new());
}

#[tokio::test]
async fn without_credentials_the_wallets_own_key_shows_who_it_is() {
    let world = World::start().await;
    let mut bare = presentation(&[]);
    bare.as_object_mut().unwrap().shift_remove("verifiableCredential");
    let body = json!({
        "presentation": bare,
        "options": {"challenge": "c", "domain": "verifier.example", "cryptosuite": "eddsa-jcs-2022"},
    });
    let answer: Value = world.post("/presentations", &body).await.json().await.unwrap();
    let signed = &answer["verifiablePresentation"];
    assert_eq!(signed["holder"], json!(world.own.did().as_str()));
    verified(&world, signed, "c", "verifier.example").unwrap();
}

#[tokio::test]
async fn nobody_elses_name_is_signed_for() {
    let world = World::start().await;
    let mallory = "did:key:z6MkpJySvETLnxhQG9DzEdmKJtysBDjuuTeDfUj1uNNCUqcj";
    let malformed = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR";
    let method = "https://w3id.org/security#INVALID_VERIFICATION_METHOD";
    for (holder, option, problem) in [
        (Some(mallory), None, malformed),
        (Some("https://holder.example"), None, malformed),
        // A key of this wallet, and yet not the holder's that the presentation names.
        (
            Some(world.own.did().as_str()),
            Some(world.bound.method().to_string()),
            malformed,
        ),
        (
            None,
            Some(format!(
                "{mallory}#z6MkpJySvETLnxhQG9DzEdmKJtysBDjuuTeDfUj1uNNCUqcj"
            )),
            method,
        ),
        (None, Some(format!("{}#other", world.own.did())), method),
    ] {
        let mut body = json!({"presentation": presentation(&[]), "options": {}});
        if let Some(holder) = holder {
            body["presentation"]["holder"] = json!(holder);
        }
        if let Some(option) = &option {
            body["options"]["verificationMethod"] = json!(option);
        }
        let answer = world.post("/presentations", &body).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let details: Value = answer.json().await.unwrap();
        assert_eq!(details["type"], json!(problem), "{holder:?} {option:?}");
    }
    assert_eq!(world.keys.signatures(), 0);
}

#[tokio::test]
async fn a_base_proof_is_derived_from_before_it_is_presented() {
    let world = World::start().await;
    let base = world.with_base_proof(world.bound.did().as_str());
    let body =
        json!({"presentation": presentation(std::slice::from_ref(&base)), "options": {"challenge": "c"}});
    let answer = world.post("/presentations", &body).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);

    let derive = json!({
        "verifiableCredential": base,
        "options": {"selectivePointers": ["/credentialSubject/fullName"]},
    });
    let derived: Value = world
        .post("/credentials/derive", &derive)
        .await
        .json()
        .await
        .unwrap();
    let body =
        json!({"presentation": presentation(&[derived]), "options": {"challenge": "c", "domain": "d"}});
    let answer = world.post("/presentations", &body).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let answer: Value = answer.json().await.unwrap();
    verified(&world, &answer["verifiablePresentation"], "c", "d").unwrap();
}

#[tokio::test]
async fn a_suite_that_the_key_does_not_sign_with_and_terms_without_a_meaning_are_refused() {
    let world = World::start().await;
    let mut body = json!({"presentation": presentation(&[]), "options": {"cryptosuite": "ecdsa-rdfc-2019"}});
    let answer: Value = world.post("/presentations", &body).await.json().await.unwrap();
    assert_eq!(
        answer["type"],
        json!("https://w3id.org/security#PROOF_GENERATION_ERROR")
    );
    body["options"] = json!({});
    body["presentation"]["undefined"] = json!("a term that no context defines");
    let answer: Value = world.post("/presentations", &body).await.json().await.unwrap();
    assert_eq!(
        answer["type"],
        json!("https://w3id.org/security#PROOF_TRANSFORMATION_ERROR")
    );
}
