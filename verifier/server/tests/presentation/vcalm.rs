//! VCALM over HTTP: what the W3C's test suites send, and what they and the specification expect.

use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};
use symbolon_credential::data_integrity::ProofPurpose;
use symbolon_credential::w3c::jose::PresentationToSign;
use symbolon_credential::w3c::{EnvelopeType, EnvelopedCredential, EnvelopedPresentation};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_http::fetch::Fetched;
use symbolon_trust::testing::TestKey;

use crate::world::formats::{
    credential, holder_method, jwt, method, options, prove, publish, selective, whole,
};
use crate::world::{INDEX, TOKEN, World, json_of};

const CREDENTIALS: &str = "/vcalm/credentials/verify";
const PRESENTATIONS: &str = "/vcalm/presentations/verify";
const CHALLENGES: &str = "/vcalm/challenges";

const MALFORMED: &str = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR";
const PROOF: &str = "https://w3id.org/security#PROOF_VERIFICATION_ERROR";
const CHALLENGE: &str = "https://w3id.org/security#INVALID_CHALLENGE_ERROR";
const DOMAIN: &str = "https://w3id.org/security#INVALID_DOMAIN_ERROR";
const METHOD: &str = "https://w3id.org/security#INVALID_VERIFICATION_METHOD";
const OUT_OF_FORCE: &str = "urn:symbolon:problem:credential-out-of-force";

async fn post(world: &World, path: &str, body: &Value) -> Fetched {
    let token = format!("Bearer {TOKEN}");
    let headers = [
        (AUTHORIZATION, token.as_str()),
        (CONTENT_TYPE, "application/json"),
    ];
    world.send(Method::POST, path, &headers, &body.to_string()).await
}

pub(crate) async fn verify(world: &World, credential: &Value) -> (u16, Value) {
    let body = json!({"verifiableCredential": credential, "options": {"checks": ["proof"]}});
    let answer = post(world, CREDENTIALS, &body).await;
    (answer.status, json_of(&answer))
}

async fn challenge(world: &World) -> String {
    let answer = post(world, CHALLENGES, &json!({})).await;
    assert_eq!(answer.status, 200);
    json_of(&answer)["challenge"].as_str().unwrap().to_owned()
}

fn presentation(world: &World, credentials: &[Value], key: &TestKey, challenge: &str, domain: &str) -> Value {
    let method = holder_method(key);
    let document = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"],
        "holder": method.did(), "verifiableCredential": credentials,
    });
    let mut options = options(method.to_string(), ProofPurpose::Authentication);
    options.challenge = Some(challenge.to_owned());
    options.domain = Some(domain.to_owned());
    prove(world, &document, key, &options)
}

async fn verify_presentation(world: &World, presentation: &Value, challenge: &str, domain: &str) -> Value {
    let body = json!({
        "verifiablePresentation": presentation,
        "options": {"challenge": challenge, "domain": domain},
    });
    let answer = post(world, PRESENTATIONS, &body).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    json_of(&answer)
}

fn problems(list: &Value) -> Vec<&str> {
    list.as_array()
        .map(|problems| {
            problems
                .iter()
                .filter_map(|problem| problem["type"].as_str())
                .collect()
        })
        .unwrap_or_default()
}

#[tokio::test]
async fn a_genuine_credential_is_verified_in_every_form() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let token = jwt(&world, &credential(&world, &world.holder));
    let enveloped = EnvelopedCredential::from_text(EnvelopeType::VcJwt, &token).unwrap();
    for secured in [
        whole(&world, &world.holder),
        selective(&world, &world.holder),
        enveloped.to_value(),
    ] {
        let (status, report) = verify(&world, &secured).await;
        assert_eq!((status, &report["verified"]), (200, &json!(true)), "{report}");
        assert_eq!(report["problemDetails"], json!([]));
        assert_eq!((report.get("errors"), report.get("credential")), (None, None));
    }
}

#[tokio::test]
async fn an_answer_holds_what_the_options_ask_for() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let secured = whole(&world, &world.holder);
    let body = json!({
        "verifiableCredential": secured,
        "options": {"returnResults": true, "returnCredential": true, "returnProblemDetails": false},
    });
    let report = json_of(&post(&world, CREDENTIALS, &body).await);
    assert_eq!(report["credential"], secured);
    assert_eq!(report.get("problemDetails"), None);
    let results = &report["results"];
    assert_eq!(results["proof"][0]["verified"], json!(true));
    assert_eq!(results["validUntil"]["verified"], json!(true));
    assert_eq!(results["credentialStatus"][0]["value"], json!(0));
    assert_eq!(results["credentialStatus"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_credential_that_its_issuer_did_not_make_is_invalid_input() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let secured = whole(&world, &world.holder);
    let mut changed = secured.clone();
    changed["credentialSubject"]["givenName"] = json!("Mallory");
    let (status, report) = verify(&world, &changed).await;
    assert_eq!((status, &report["verified"]), (400, &json!(false)));
    assert_eq!(problems(&report["problemDetails"]), [PROOF]);
    assert_eq!(problems(&report["errors"]), [PROOF]);

    let mut undated = secured.clone();
    undated["proof"].as_object_mut().unwrap().shift_remove("created");
    assert_eq!(verify(&world, &undated).await.0, 400);
    let mut unknown = secured.clone();
    unknown["proof"]["cryptosuite"] = json!("invalid-cryptosuite");
    assert_eq!(verify(&world, &unknown).await.0, 400);
    let mut other = secured;
    other["proof"]["proofPurpose"] = json!("authentication");
    assert_eq!(verify(&world, &other).await.0, 400);
}

#[tokio::test]
async fn a_document_that_does_not_conform_is_refused_before_anything_is_verified() {
    let world = World::new().await;
    let secured = whole(&world, &world.holder);
    for member in ["@context", "type", "issuer", "credentialSubject", "proof"] {
        let mut without = secured.clone();
        without.as_object_mut().unwrap().shift_remove(member);
        let (status, details) = verify(&world, &without).await;
        assert_eq!((status, &details["type"]), (400, &json!(MALFORMED)), "{member}");
        for wrong in [json!(null), json!(10), json!(true), json!([]), json!("string")] {
            if wrong == json!("string") && member == "issuer" {
                continue;
            }
            let mut broken = secured.clone();
            broken[member] = wrong;
            let (status, _) = verify(&world, &broken).await;
            assert_eq!(status, 400, "{member}: {}", broken[member]);
        }
    }
    assert!(world.fetched().is_empty(), "nothing was fetched for any of them");
}

#[tokio::test]
async fn a_credential_out_of_force_is_genuine_and_not_verified() {
    let world = World::new().await;
    let secured = whole(&world, &world.holder);
    publish(&world, &[INDEX], &[]);
    let (status, report) = verify(&world, &secured).await;
    assert_eq!((status, &report["verified"]), (200, &json!(false)));
    assert_eq!(problems(&report["errors"]), [OUT_OF_FORCE]);
    world.advance(301);
    publish(&world, &[], &[INDEX]);
    let (status, report) = verify(&world, &secured).await;
    assert_eq!((status, problems(&report["errors"])), (200, vec![OUT_OF_FORCE]));
}

#[tokio::test]
async fn a_credential_whose_time_is_over_is_genuine_and_not_verified() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let mut document = whole(&world, &world.holder);
    document.as_object_mut().unwrap().shift_remove("proof");
    document["validFrom"] = json!("1989-01-01T00:00:00Z");
    document["validUntil"] = json!("1990-01-01T00:00:00Z");
    let options = options(method(&world).to_string(), ProofPurpose::AssertionMethod);
    let expired = prove(&world, &document, &world.did_key, &options);
    let body = json!({"verifiableCredential": expired, "options": {"returnResults": true}});
    let answer = post(&world, CREDENTIALS, &body).await;
    let report = json_of(&answer);
    assert_eq!(
        (answer.status, &report["verified"]),
        (200, &json!(false)),
        "{report}"
    );
    assert!(problems(&report["errors"]).contains(&"https://www.w3.org/TR/vc-data-model#RANGE_ERROR"));
    assert_eq!(report["results"]["validFrom"]["verified"], json!(true));
    assert_eq!(report["results"]["validUntil"]["verified"], json!(false));
}

#[tokio::test]
async fn an_issuer_that_is_not_listed_is_not_believed_and_nothing_of_it_is_fetched() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let mut document = whole(&world, &world.holder);
    document.as_object_mut().unwrap().shift_remove("proof");
    let key = TestKey::new(SignatureAlgorithm::Es256, 666);
    let method = holder_method(&key);
    document["issuer"] = json!(method.did());
    let options = options(method.to_string(), ProofPurpose::AssertionMethod);
    let self_made = prove(&world, &document, &key, &options);
    let (status, report) = verify(&world, &self_made).await;
    assert_eq!((status, &report["verified"]), (200, &json!(false)));
    assert_eq!(
        problems(&report["errors"]),
        ["urn:symbolon:problem:issuer-not-trusted"]
    );
    assert!(world.fetched().is_empty());
}

#[tokio::test]
async fn a_presentation_is_verified_once_for_its_challenge() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let challenge = challenge(&world).await;
    let secured = whole(&world, &world.holder);
    let presented = presentation(&world, &[secured], &world.holder, &challenge, "verifier.example");
    let report = verify_presentation(&world, &presented, &challenge, "verifier.example").await;
    assert_eq!(report["verified"], json!(true), "{report}");
    assert_eq!(report.get("errors"), None);
    let of_presentation = &report["results"]["presentation"];
    for step in ["challenge", "domain", "holder"] {
        assert_eq!(of_presentation[step]["verified"], json!(true), "{step}");
    }
    assert_eq!(of_presentation["proof"][0]["verified"], json!(true));
    assert_eq!(report["results"]["credentials"][0]["verified"], json!(true));

    let again = verify_presentation(&world, &presented, &challenge, "verifier.example").await;
    assert_eq!(again["verified"], json!(false));
    assert_eq!(problems(&again["errors"]), [CHALLENGE]);
}

#[tokio::test]
async fn a_challenge_ends_and_one_of_the_callers_own_does_not() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let own = challenge(&world).await;
    let secured = whole(&world, &world.holder);
    let presented = |challenge: &str| {
        presentation(
            &world,
            std::slice::from_ref(&secured),
            &world.holder,
            challenge,
            "d",
        )
    };
    let callers = presented("6e62f66e-67de-11eb-b490-ef3eeefa55f2");
    for _ in 0..2 {
        let report = verify_presentation(&world, &callers, "6e62f66e-67de-11eb-b490-ef3eeefa55f2", "d").await;
        assert_eq!(report["verified"], json!(true), "{report}");
    }
    let late = presented(&own);
    world.advance(15 * 60);
    let report = verify_presentation(&world, &late, &own, "d").await;
    assert_eq!(problems(&report["errors"]), [CHALLENGE]);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_presentation_is_told() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let secured = whole(&world, &world.holder);
    let mut presented = presentation(&world, &[secured], &world.holder, "theirs", "elsewhere.example");
    presented["holder"] = json!(holder_method(&TestKey::new(SignatureAlgorithm::Es256, 666)).did());
    let report = verify_presentation(&world, &presented, "mine", "verifier.example").await;
    assert_eq!(report["verified"], json!(false));
    assert_eq!(
        problems(&report["problemDetails"]),
        [CHALLENGE, DOMAIN, METHOD, PROOF]
    );
    assert_eq!(
        report["results"]["credentials"][0]["verified"],
        json!(true),
        "the credential itself is good"
    );
}

/// VCALM leaves it to the coordinator who may present, so this is a warning and the answer stays yes.
#[tokio::test]
async fn a_presenter_who_is_not_the_subject_is_warned_about() {
    const PRESENTER: &str = "urn:symbolon:problem:presenter-not-subject";
    let world = World::new().await;
    publish(&world, &[], &[]);
    let parent = TestKey::new(SignatureAlgorithm::Es256, 667);
    let token = jwt(&world, &credential(&world, &world.holder));
    let enveloped = EnvelopedCredential::from_text(EnvelopeType::VcJwt, &token)
        .unwrap()
        .to_value();
    for secured in [whole(&world, &world.holder), enveloped] {
        for (signer, expected) in [(&world.holder, vec![]), (&parent, vec![PRESENTER])] {
            let presented = presentation(&world, std::slice::from_ref(&secured), signer, "c", "d");
            let report = verify_presentation(&world, &presented, "c", "d").await;
            assert_eq!(report["verified"], json!(true), "{report}");
            assert_eq!(problems(&report["warnings"]), expected);
            assert_eq!(problems(&report["problemDetails"]), expected);
        }
    }
    // One of two is enough.
    let both = [whole(&world, &parent), whole(&world, &world.holder)];
    let report = verify_presentation(&world, &presentation(&world, &both, &parent, "c", "d"), "c", "d").await;
    assert_eq!(problems(&report["warnings"]), [PRESENTER]);
}

#[tokio::test]
async fn what_was_not_expected_of_a_presentation_is_warned_about() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let secured = whole(&world, &world.holder);
    let presented = presentation(&world, &[secured], &world.holder, "c", "d");
    for (options, expected) in [
        (json!({"challenge": "c", "domain": "d"}), vec![]),
        (json!({"challenge": "c"}), vec![DOMAIN]),
        (json!({"domain": "d"}), vec![CHALLENGE]),
        (json!({}), vec![CHALLENGE, DOMAIN]),
    ] {
        let body = json!({ "verifiablePresentation": presented, "options": options });
        let report = json_of(&post(&world, PRESENTATIONS, &body).await);
        assert_eq!(report["verified"], json!(true), "{report}");
        assert_eq!(problems(&report["warnings"]), expected, "{options}");
    }
}

#[tokio::test]
async fn a_bad_credential_makes_a_good_presentation_unverified() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let good = whole(&world, &world.holder);
    let mut bad = good.clone();
    bad["credentialSubject"]["familyName"] = json!("Mallory");
    let presented = presentation(&world, &[good, bad], &world.holder, "c", "d");
    let report = verify_presentation(&world, &presented, "c", "d").await;
    assert_eq!(report["verified"], json!(false));
    assert_eq!(report["problemDetails"], json!([]));
    assert_eq!(problems(&report["errors"]), [PROOF]);
    let credentials = &report["results"]["credentials"];
    assert_eq!(
        (&credentials[0]["verified"], &credentials[1]["verified"]),
        (&json!(true), &json!(false))
    );
}

#[tokio::test]
async fn a_presentation_as_a_jwt_and_one_that_nobody_signed_are_verified_as_what_they_are() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let token = jwt(&world, &credential(&world, &world.holder));
    let credentials = [EnvelopedCredential::from_text(EnvelopeType::VcJwt, &token).unwrap()];
    let prepared = PresentationToSign {
        credentials: &credentials,
        key_id: &holder_method(&world.holder),
        audience: "verifier.example",
        nonce: "c",
        issued_at: world.now(),
    }
    .prepare(SignatureAlgorithm::Es256)
    .unwrap();
    let signature = world.holder.sign(&prepared.request(world.holder.handle()));
    let enveloped = EnvelopedPresentation::from_jwt(&prepared.finish(&signature))
        .unwrap()
        .to_value();
    let report = verify_presentation(&world, &enveloped, "c", "verifier.example").await;
    assert_eq!(report["verified"], json!(true), "{report}");
    let report = verify_presentation(&world, &enveloped, "other", "verifier.example").await;
    assert_eq!(problems(&report["errors"]), [CHALLENGE]);

    let unsecured = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"],
        "verifiableCredential": [whole(&world, &world.holder)],
    });
    let answer = post(&world, PRESENTATIONS, &json!({"presentation": unsecured})).await;
    assert_eq!(
        (answer.status, &json_of(&answer)["verified"]),
        (200, &json!(true))
    );
    let answer = post(
        &world,
        PRESENTATIONS,
        &json!({"verifiablePresentation": unsecured}),
    )
    .await;
    assert_eq!(answer.status, 400, "called secured, it must be");
}

#[tokio::test]
async fn nothing_is_verified_without_the_token_or_for_an_option_that_is_not_known() {
    let world = World::new().await;
    let json = [(CONTENT_TYPE, "application/json")];
    for path in [CREDENTIALS, PRESENTATIONS, CHALLENGES] {
        let answer = world.send(Method::POST, path, &json, "{}").await;
        assert_eq!(answer.status, 401, "{path}");
    }
    let body = json!({
        "verifiableCredential": whole(&world, &world.holder),
        "options": {"skipProof": true},
    });
    let answer = post(&world, CREDENTIALS, &body).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        json_of(&answer)["type"],
        json!("https://www.w3.org/TR/vcalm#UNKNOWN_OPTION_PROVIDED")
    );
}
