//! Each demand on a `di_vp` proof by itself ([OpenID4VCI appendix F.2]).
//!
//! [OpenID4VCI appendix F.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-F.2

use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use symbolon_credential::data_integrity::{
    CanonicalHash, ContextTable, Cryptosuite, JsonLd, JsonLdBudget, JsonLdProcessor as _, ProofOptions,
    ProofPurpose, prepare,
};
use symbolon_crypto::encoding::multibase;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm};
use symbolon_data_integrity::SsiJsonLd;
use symbolon_did::did_key;
use symbolon_issuer::profile::ProofTrust;

use super::{by_presentation, world};
use crate::endpoint::asked;
use crate::harness::{HASSAN, World, error_of};

/// A presentation whose proof says what these options say.
fn presented(key: &SecretKey, options: &ProofOptions, further: &Value) -> Value {
    let (processor, contexts) = (SsiJsonLd::new(), ContextTable::default());
    let json_ld = JsonLd {
        processor: &processor,
        contexts: &contexts,
        budget: JsonLdBudget::DEFAULT,
    };
    let mut document = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"],
    });
    for (name, value) in further.as_object().unwrap() {
        document[name] = value.clone();
    }
    let prepared = prepare(&document, options, &key.public_key(), &json_ld).unwrap();
    let signature = RustCryptoProvider.sign(key, prepared.signing_input()).unwrap();
    prepared.finish(&signature)
}

/// A proof of VCDM 1.1, which this suite reads elsewhere and does not make.
fn legacy(key: &SecretKey, method: &str, world: &World, nonce: &str) -> Value {
    let context = json!([
        "https://www.w3.org/ns/credentials/v2",
        "https://w3id.org/security/suites/ed25519-2020/v1",
    ]);
    let document = json!({ "@context": context, "type": ["VerifiablePresentation"] });
    let mut proof = json!({
        "type": "Ed25519Signature2020", "created": world.now().rfc3339(), "verificationMethod": method,
        "proofPurpose": "authentication", "domain": world.base, "challenge": nonce,
    });
    let mut configuration = proof.clone();
    configuration["@context"] = context;
    let digest = |value: &Value| {
        let statements = SsiJsonLd::new().canonicalize(
            value,
            &ContextTable::default(),
            CanonicalHash::Sha256,
            JsonLdBudget::DEFAULT,
        );
        Sha256::digest(statements.unwrap().concat()).to_vec()
    };
    let input = [digest(&configuration), digest(&document)].concat();
    let signature = RustCryptoProvider.sign(key, &input).unwrap();
    proof["proofValue"] = json!(multibase::encode_base58btc(&signature));
    let mut secured = document;
    secured["proof"] = proof;
    secured
}

#[tokio::test(flavor = "multi_thread")]
async fn each_demand_on_a_presentation_stands_by_itself() {
    let world = world(&[by_presentation()], ProofTrust::default()).await;
    let token = world.token_for("ByPresentation", HASSAN).await;
    let key = RustCryptoProvider
        .generate_key(SignatureAlgorithm::EdDsa, &*world.randomness)
        .unwrap();
    let did = did_key(&key.public_key()).unwrap();
    let method = format!("{did}#{}", did.method_specific_identifier());
    let nonce = world.nonce().await;
    let good = ProofOptions {
        cryptosuite: Cryptosuite::EddsaRdfc2022,
        verification_method: method.clone(),
        purpose: ProofPurpose::Authentication,
        created: Some(world.now()),
        expires: None,
        domain: Some(world.base.clone()),
        challenge: Some(nonce.clone()),
    };
    let plain = json!({});
    let purpose = ProofOptions {
        purpose: ProofPurpose::AssertionMethod,
        ..good.clone()
    };
    let no_domain = ProofOptions {
        domain: None,
        ..good.clone()
    };
    let domain = ProofOptions {
        domain: Some("https://other.example".to_owned()),
        ..good.clone()
    };
    let no_challenge = ProofOptions {
        challenge: None,
        ..good.clone()
    };
    let old = ProofOptions {
        created: Some(world.now().minus(std::time::Duration::from_secs(301))),
        ..good.clone()
    };
    let mut forged = presented(&key, &good, &plain);
    forged["proof"]["created"] = json!("2026-11-23T11:59:59Z");
    let mut without = presented(&key, &good, &plain);
    without.as_object_mut().unwrap().remove("proof");
    let holder = json!({ "holder": "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169" });
    for (what, proof) in [
        ("no proof", without),
        ("another suite", legacy(&key, &method, &world, &nonce)),
        ("another purpose", presented(&key, &purpose, &plain)),
        ("no domain", presented(&key, &no_domain, &plain)),
        ("another domain", presented(&key, &domain, &plain)),
        ("no challenge", presented(&key, &no_challenge, &plain)),
        ("old", presented(&key, &old, &plain)),
        ("forged", forged),
        ("another holder", presented(&key, &good, &holder)),
    ] {
        let refused = asked(&world, "ByPresentation", &token, json!({ "di_vp": [proof] })).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{what}");
        assert_eq!(error_of(refused).await, "invalid_proof", "{what}");
    }
    // What a wallet says beside it is signed and not looked at.
    let further = json!({ "holder": did.as_str(), "id": "urn:uuid:2a4b5c6d-0000-4000-8000-000000000000" });
    let proofs = json!({ "di_vp": [presented(&key, &good, &further)] });
    let issued = asked(&world, "ByPresentation", &token, proofs).await;
    assert_eq!(issued.status(), StatusCode::OK);
}
