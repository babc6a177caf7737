//! Key proofs of every kind, and what is refused of them (ATTACKS.md rows 12, 16 and 17).

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_credential::data_integrity::{ContextTable, Cryptosuite, JsonLd, JsonLdBudget};
use symbolon_crypto::{CryptoProvider as _, PublicKey, RustCryptoProvider, SecretKey};
use symbolon_data_integrity::SsiJsonLd;
use symbolon_did::{DidUrl, did_jwk, did_key};
use symbolon_issuer::profile::ProofTrust;
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vci::identifiers::CNonce;
use symbolon_protocol::openid4vci::{proof, proof_di_vp};

use crate::endpoint::{Attester, asked, batches, claims, configuration, sign, with_configurations};
use crate::harness::{HASSAN, World, error_of, record};

mod attestation;
mod jwt;
mod presentation;

async fn world(own: &[String], trust: ProofTrust) -> World {
    let world = World::start_shaped(batches(), with_configurations(own, trust)).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world
}

fn attested(world: &World, key: &SecretKey, attestation: &str, nonce: &str) -> String {
    let issuer = IssuerIdentifier::parse(&world.base).unwrap();
    let nonce = CNonce::parse(nonce).unwrap();
    let prepared = proof::prepare_attested(
        &key.public_key(),
        attestation,
        &issuer,
        Some(&nonce),
        None,
        world.now(),
    );
    sign(key, prepared)
}

/// A configuration that takes proofs by presentation.
fn by_presentation() -> String {
    let mapping = symbolon_schemas::CREDENTIALS
        .iter()
        .find(|template| template.mapping.contains("format = \"ldp_vc\""))
        .unwrap()
        .mapping;
    let id = mapping
        .lines()
        .find_map(|line| line.strip_prefix("id = \""))
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap();
    mapping
        .replace(&format!("id = \"{id}\""), "id = \"ByPresentation\"")
        .replace(
            "\nvalidity-days",
            "\nproof-types = [\"jwt\", \"di_vp\"]\nvalidity-days",
        )
}

fn bound_keys(body: &Value) -> Vec<Value> {
    body["credentials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issued| claims(&issued["credential"])["cnf"]["jwk"]["x"].clone())
        .collect()
}

fn jwk_x(key: &PublicKey) -> Value {
    json!(key.to_jwk().x)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_wants_attested_keys_gets_them_from_attesters_it_believes_alone() {
    let attester = Attester::new(70);
    let own = configuration(
        "Attested",
        "proof-types = [\"jwt\", \"attestation\"]\n[key-attestation]\nkey-storage = [\"iso_18045_high\"]",
    );
    let world = world(&[own], attester.trust()).await;
    let token = world.token_for("Attested", HASSAN).await;
    let nonce = world.nonce().await;
    let (key, other) = (world.wallet_key(), world.wallet_key());
    let (mine, others) = ([key.public_key()], [other.public_key()]);
    let answering = Some(nonce.as_str());
    let high = |keys: &[PublicKey]| attester.attest(keys, "iso_18045_high", answering, world.now());
    let with = |attestation: &str| json!({ "jwt": [attested(&world, &key, attestation, &nonce)] });
    let stranger = Attester::new(71);
    for (proofs, reason) in [
        (json!({ "jwt": [world.proof(&key, &nonce)] }), "none"),
        (with(&high(&others)), "other keys"),
        (
            with(&attester.attest(&mine, "iso_18045_basic", answering, world.now())),
            "level",
        ),
        (
            with(&stranger.attest(&mine, "iso_18045_high", answering, world.now())),
            "stranger",
        ),
        (
            with(&attester.attest(
                &mine,
                "iso_18045_high",
                answering,
                world.now().minus(core::time::Duration::from_secs(61)),
            )),
            "expired",
        ),
    ] {
        let refused = asked(&world, "Attested", &token, proofs).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{reason}");
        assert_eq!(refused.headers()["cache-control"], "no-store");
        assert_eq!(error_of(refused).await, "invalid_proof", "{reason}");
    }
    let foreign_nonce = attester.attest(&mine, "iso_18045_high", Some("made-up"), world.now());
    let refused = asked(&world, "Attested", &token, with(&foreign_nonce)).await;
    assert_eq!(error_of(refused).await, "invalid_nonce");
    // F.1: a credential for each attested key.
    let both = [other.public_key(), key.public_key()];
    let issued = asked(&world, "Attested", &token, with(&high(&both))).await;
    assert_eq!(issued.status(), StatusCode::OK);
    let body: Value = issued.json().await.unwrap();
    assert_eq!(bound_keys(&body), [jwk_x(&both[1]), jwk_x(&both[0])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attestation_proof_brings_a_credential_for_each_key_as_far_as_a_batch_goes() {
    let attester = Attester::new(70);
    let own = configuration("Attested", "proof-types = [\"attestation\"]");
    let world = world(&[own], attester.trust()).await;
    let token = world.token_for("Attested", HASSAN).await;
    let keys: Vec<PublicKey> = (0..7).map(|_| world.wallet_key().public_key()).collect();
    let nonce = world.nonce().await;
    let attest = |nonce: Option<&str>| attester.attest(&keys, "iso_18045_high", nonce, world.now());
    for (proofs, code) in [
        (json!({ "attestation": [attest(None)] }), "invalid_proof"),
        (
            json!({ "attestation": [attest(Some("made-up"))] }),
            "invalid_nonce",
        ),
        (
            json!({ "attestation": [attest(Some(&nonce)), attest(Some(&nonce))] }),
            "invalid_proof",
        ),
        (
            json!({ "jwt": [world.proof(&world.wallet_key(), &nonce)] }),
            "invalid_proof",
        ),
    ] {
        let refused = asked(&world, "Attested", &token, proofs.clone()).await;
        assert_eq!(error_of(refused).await, code, "{proofs}");
    }
    let proofs = json!({ "attestation": [attest(Some(&nonce))] });
    let issued = asked(&world, "Attested", &token, proofs.clone()).await;
    assert_eq!(issued.status(), StatusCode::OK);
    let body: Value = issued.json().await.unwrap();
    // Fewer credentials than keys: a batch has five.
    let expected: Vec<Value> = keys.iter().take(5).map(jwk_x).collect();
    assert_eq!(bound_keys(&body), expected);
    let replayed = asked(&world, "Attested", &token, proofs).await;
    assert_eq!(error_of(replayed).await, "invalid_nonce");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_may_name_its_key_by_a_certificate_of_a_configured_anchor() {
    let holder = Attester::new(72);
    let trust = ProofTrust {
        attesters: Vec::new(),
        certificates: vec![holder.anchor.clone()],
    };
    let world = world(&[], trust).await;
    let issuer = IssuerIdentifier::parse(&world.base).unwrap();
    let proof_of = |who: &Attester, nonce: &str| {
        let nonce = CNonce::parse(nonce).unwrap();
        let chain = [who.leaf.clone()];
        let key = who.leaf.public_key();
        who.sign(proof::prepare_certified(
            key,
            &chain,
            &issuer,
            Some(&nonce),
            None,
            world.now(),
        ))
    };
    let token = world.token(HASSAN).await;
    let nonce = world.nonce().await;
    let stranger = json!({ "jwt": [proof_of(&Attester::new(73), &nonce)] });
    let refused = asked(&world, "NationalIdentity", &token, stranger).await;
    assert_eq!(error_of(refused).await, "invalid_proof");
    let good = json!({ "jwt": [proof_of(&holder, &nonce)] });
    let issued = asked(&world, "NationalIdentity", &token, good).await;
    assert_eq!(issued.status(), StatusCode::OK);
    let body: Value = issued.json().await.unwrap();
    assert_eq!(bound_keys(&body), [jwk_x(holder.leaf.public_key())]);
    drop(world);

    // Without an anchor nobody can say whose certificate it is.
    let world = self::world(&[], ProofTrust::default()).await;
    let token = world.token(HASSAN).await;
    let nonce = world.nonce().await;
    let issuer = IssuerIdentifier::parse(&world.base).unwrap();
    let prepared = proof::prepare_certified(
        holder.leaf.public_key(),
        core::slice::from_ref(&holder.leaf),
        &issuer,
        Some(&CNonce::parse(&nonce).unwrap()),
        None,
        world.now(),
    );
    let proofs = json!({ "jwt": [holder.sign(prepared)] });
    let refused = asked(&world, "NationalIdentity", &token, proofs).await;
    assert_eq!(error_of(refused).await, "invalid_proof");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_w3c_credential_takes_proofs_by_did_and_by_presentation() {
    let world = world(&[by_presentation()], ProofTrust::default()).await;
    let token = world.token_for("ByPresentation", HASSAN).await;
    let key = world.wallet_key();
    let did = did_key(&key.public_key()).unwrap();
    for kid in [
        DidUrl::parse(&format!("{did}#{}", did.method_specific_identifier())).unwrap(),
        did_jwk(&key.public_key()).unwrap().with_fragment("0").unwrap(),
    ] {
        let proofs = json!({ "jwt": [world.proof_by_did(&key, &kid.to_string(), &world.nonce().await)] });
        let issued = asked(&world, "ByPresentation", &token, proofs).await;
        assert_eq!(issued.status(), StatusCode::OK, "{kid}");
    }
    let web = json!({ "jwt": [world.proof_by_did(&key, "did:web:wallet.example#1", &world.nonce().await)] });
    let refused = asked(&world, "ByPresentation", &token, web).await;
    assert_eq!(error_of(refused).await, "invalid_proof");

    let nonce = world.nonce().await;
    let presentation = |issuer: &str, nonce: &str| {
        let processor = SsiJsonLd::new();
        let contexts = ContextTable::default();
        let json_ld = JsonLd {
            processor: &processor,
            contexts: &contexts,
            budget: JsonLdBudget::DEFAULT,
        };
        let method = DidUrl::parse(&format!("{did}#{}", did.method_specific_identifier())).unwrap();
        let prepared = proof_di_vp::prepare_proof(
            &method,
            &key.public_key(),
            Cryptosuite::EcdsaRdfc2019,
            &IssuerIdentifier::parse(issuer).unwrap(),
            &CNonce::parse(nonce).unwrap(),
            world.now(),
            &json_ld,
        )
        .unwrap();
        let signature = RustCryptoProvider.sign(&key, prepared.signing_input()).unwrap();
        prepared.finish(&signature)
    };
    let good = presentation(&world.base, &nonce);
    let mut another_holder = good.clone();
    another_holder["holder"] = json!("did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169");
    let mut unsigned = good.clone();
    unsigned.as_object_mut().unwrap().remove("proof");
    let mut with_credential = good.clone();
    with_credential["verifiableCredential"] = json!([]);
    for (proof, code) in [
        (presentation("https://other.example", &nonce), "invalid_proof"),
        (presentation(&world.base, "made-up"), "invalid_nonce"),
        (another_holder, "invalid_proof"),
        (unsigned, "invalid_proof"),
        (with_credential, "invalid_proof"),
    ] {
        let refused = asked(&world, "ByPresentation", &token, json!({ "di_vp": [proof] })).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert_eq!(error_of(refused).await, code, "{proof}");
    }
    let issued = asked(
        &world,
        "ByPresentation",
        &token,
        json!({ "di_vp": [good.clone()] }),
    )
    .await;
    assert_eq!(issued.status(), StatusCode::OK);
    let body: Value = issued.json().await.unwrap();
    let subject = &body["credentials"][0]["credential"]["credentialSubject"];
    assert_eq!(subject["id"], did.as_str());
    // What does not list the kind of proof does not take it.
    let token = world.token(HASSAN).await;
    let refused = asked(&world, "NationalIdentity", &token, json!({ "di_vp": [good] })).await;
    assert_eq!(error_of(refused).await, "invalid_proof");
}
