//! Each demand on a `jwt` proof by itself ([OpenID4VCI appendix F.1, F.4]).
//!
//! [OpenID4VCI appendix F.1, F.4]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-F.1

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_crypto::encoding::{base64, base64url};
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm};
use symbolon_issuer::profile::ProofTrust;

use super::world;
use crate::endpoint::{Attester, asked};
use crate::harness::{HASSAN, World, error_of};

/// A JWT with any header, its `alg` included, that a key of P-256 signs.
pub(super) fn jwt(key: &SecretKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| base64url::encode(value.to_string().as_bytes());
    let input = format!("{}.{}", part(header), part(claims));
    let signature = RustCryptoProvider.sign(key, input.as_bytes()).unwrap();
    format!("{input}.{}", base64url::encode(&signature))
}

/// What a value is when one of its members is changed; `null` takes it out.
pub(super) fn with(value: &Value, name: &str, member: Value) -> Value {
    let mut changed = value.clone();
    match member {
        Value::Null => drop(changed.as_object_mut().unwrap().remove(name)),
        member => changed[name] = member,
    }
    changed
}

async fn refusal(world: &World, token: &str, proof: &str) -> String {
    let refused = asked(world, "NationalIdentity", token, json!({ "jwt": [proof] })).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{proof}");
    error_of(refused).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_demand_on_a_proof_stands_by_itself() {
    let certified = Attester::new(72);
    let trust = ProofTrust {
        attesters: Vec::new(),
        certificates: vec![certified.anchor.clone()],
    };
    let world = world(&[], trust).await;
    let token = world.token(HASSAN).await;
    let (key, other) = (world.wallet_key(), world.wallet_key());
    let jwk = json!(key.public_key().to_jwk());
    let mut private = jwk.clone();
    private["d"] = json!("AQAB");
    let chain = json!([base64::encode(certified.leaf.der())]);
    let header = json!({ "alg": "ES256", "typ": "openid4vci-proof+jwt", "jwk": jwk });
    let now = world.now().seconds();
    let claims = json!({ "aud": world.base, "iat": now, "nonce": world.nonce().await });
    for (what, changed) in [
        ("no type", with(&header, "typ", json!(null))),
        ("another type", with(&header, "typ", json!("JWT"))),
        ("no algorithm", with(&header, "alg", json!(null))),
        ("none", with(&header, "alg", json!("none"))),
        ("a MAC", with(&header, "alg", json!("HS256"))),
        (
            "an algorithm that is not listed",
            with(&header, "alg", json!("RS256")),
        ),
        ("no key", with(&header, "jwk", json!(null))),
        ("two keys", with(&header, "kid", json!("did:key:zDna#zDna"))),
        ("a key and a certificate", with(&header, "x5c", chain)),
        ("a private key", with(&header, "jwk", private)),
        (
            "another key",
            with(&header, "jwk", json!(other.public_key().to_jwk())),
        ),
    ] {
        let proof = jwt(&key, &changed, &claims);
        assert_eq!(refusal(&world, &token, &proof).await, "invalid_proof", "{what}");
    }
    let unsigned = jwt(&key, &with(&header, "alg", json!("none")), &claims);
    let (unsigned, _) = unsigned.rsplit_once('.').unwrap();
    assert_eq!(
        refusal(&world, &token, &format!("{unsigned}.")).await,
        "invalid_proof"
    );
    for (what, changed) in [
        ("no audience", with(&claims, "aud", json!(null))),
        (
            "another audience",
            with(&claims, "aud", json!("https://other.example")),
        ),
        (
            "several audiences",
            with(&claims, "aud", json!([world.base, "https://other.example"])),
        ),
        ("no time", with(&claims, "iat", json!(null))),
        ("a text as time", with(&claims, "iat", json!(now.to_string()))),
        ("an old time", with(&claims, "iat", json!(now - 301))),
        ("a time to come", with(&claims, "iat", json!(now + 301))),
        ("no nonce", with(&claims, "nonce", json!(null))),
        ("a number as nonce", with(&claims, "nonce", json!(1))),
        (
            "a client, where there is none",
            with(&claims, "iss", json!("a-wallet")),
        ),
    ] {
        let proof = jwt(&key, &header, &changed);
        assert_eq!(refusal(&world, &token, &proof).await, "invalid_proof", "{what}");
    }
    let made_up = jwt(&key, &header, &with(&claims, "nonce", json!("made-up")));
    assert_eq!(refusal(&world, &token, &made_up).await, "invalid_nonce");
    let good = json!({ "jwt": [jwt(&key, &header, &claims)] });
    let issued = asked(&world, "NationalIdentity", &token, good).await;
    assert_eq!(issued.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_algorithm_that_the_metadata_lists_is_taken_and_others_of_the_suite_are_not_there() {
    let world = world(&[], ProofTrust::default()).await;
    let metadata = crate::endpoint::metadata(&world).await;
    let id = symbolon_protocol::openid4vci::identifiers::ConfigurationId::parse("NationalIdentity").unwrap();
    let common = metadata.credential_configurations_supported[&id]
        .common()
        .unwrap();
    let jwt_type = common
        .proof_types_supported
        .as_ref()
        .unwrap()
        .jwt
        .as_ref()
        .unwrap();
    let listed = &jwt_type.proof_signing_alg_values_supported;
    assert_eq!(listed, &["ES256", "ES384", "EdDSA"]);
    for algorithm in [
        SignatureAlgorithm::Es256,
        SignatureAlgorithm::Es384,
        SignatureAlgorithm::EdDsa,
    ] {
        let token = world.token(HASSAN).await;
        let key = RustCryptoProvider
            .generate_key(algorithm, &*world.randomness)
            .unwrap();
        let proofs = json!({ "jwt": [world.proof(&key, &world.nonce().await)] });
        let issued = asked(&world, "NationalIdentity", &token, proofs).await;
        assert_eq!(issued.status(), StatusCode::OK, "{algorithm:?}");
    }
}
