//! Each demand on a key attestation by itself ([OpenID4VCI appendix D.1, F.1, F.3]).
//!
//! [OpenID4VCI appendix D.1, F.1, F.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-D.1

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_crypto::encoding::base64;

use super::jwt::{jwt, with};
use super::{attested, world};
use crate::endpoint::{Attester, asked, configuration};
use crate::harness::{HASSAN, error_of};

#[tokio::test(flavor = "multi_thread")]
async fn each_demand_on_an_attestation_stands_by_itself_in_either_place() {
    let attester = Attester::new(70);
    let own = configuration(
        "Attested",
        "proof-types = [\"jwt\", \"attestation\"]\n[key-attestation]\n\
         key-storage = [\"iso_18045_high\"]\nuser-authentication = [\"iso_18045_moderate\"]",
    );
    let any_level = configuration("AnyLevel", "proof-types = [\"attestation\"]");
    let world = world(&[own, any_level], attester.trust()).await;
    let token = world.token_for("Attested", HASSAN).await;
    let key = world.wallet_key();
    let mut private = json!(key.public_key().to_jwk());
    private["d"] = json!("AQAB");
    let nonce = world.nonce().await;
    let now = world.now().seconds();
    let header = json!({
        "alg": "ES256", "typ": "key-attestation+jwt", "x5c": [base64::encode(attester.leaf.der())],
    });
    let claims = json!({
        "iat": now, "exp": now + 60, "nonce": nonce, "attested_keys": [key.public_key().to_jwk()],
        "key_storage": ["iso_18045_high"], "user_authentication": ["iso_18045_moderate"],
    });
    let in_proof = |attestation: &str| json!({ "jwt": [attested(&world, &key, attestation, &nonce)] });
    let alone = |attestation: &str| json!({ "attestation": [attestation] });
    let refused = async |proofs: Value, code: &str, what: &str| {
        let refused = asked(&world, "Attested", &token, proofs).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{what}");
        assert_eq!(error_of(refused).await, code, "{what}");
    };
    let stranger = world.wallet_key();
    for (what, header, claims) in [
        ("no type", with(&header, "typ", json!(null)), claims.clone()),
        (
            "another type",
            with(&header, "typ", json!("openid4vci-proof+jwt")),
            claims.clone(),
        ),
        (
            "no algorithm",
            with(&header, "alg", json!("none")),
            claims.clone(),
        ),
        ("a MAC", with(&header, "alg", json!("HS256")), claims.clone()),
        ("nobody's", with(&header, "x5c", json!(null)), claims.clone()),
        ("no time", header.clone(), with(&claims, "iat", json!(null))),
        (
            "a time to come",
            header.clone(),
            with(&claims, "iat", json!(now + 301)),
        ),
        ("expired", header.clone(), with(&claims, "exp", json!(now))),
        (
            "no keys",
            header.clone(),
            with(&claims, "attested_keys", json!(null)),
        ),
        (
            "an empty list of keys",
            header.clone(),
            with(&claims, "attested_keys", json!([])),
        ),
        (
            "a private key",
            header.clone(),
            with(&claims, "attested_keys", json!([private])),
        ),
        (
            "an empty list of levels",
            header.clone(),
            with(&claims, "key_storage", json!([])),
        ),
        (
            "no storage",
            header.clone(),
            with(&claims, "key_storage", json!(null)),
        ),
        (
            "low storage",
            header.clone(),
            with(&claims, "key_storage", json!(["iso_18045_basic"])),
        ),
        (
            "no authentication",
            header.clone(),
            with(&claims, "user_authentication", json!(null)),
        ),
        ("no nonce", header.clone(), with(&claims, "nonce", json!(null))),
    ] {
        let attestation = jwt(attester.key(), &header, &claims);
        refused(in_proof(&attestation), "invalid_proof", what).await;
        refused(alone(&attestation), "invalid_proof", what).await;
    }
    let forged = jwt(&stranger, &header, &claims);
    refused(in_proof(&forged), "invalid_proof", "forged").await;
    refused(alone(&forged), "invalid_proof", "forged").await;
    let made_up = jwt(attester.key(), &header, &with(&claims, "nonce", json!("made-up")));
    refused(in_proof(&made_up), "invalid_nonce", "made up").await;
    refused(alone(&made_up), "invalid_nonce", "made up").await;
    let endless = jwt(attester.key(), &header, &with(&claims, "exp", json!(null)));
    refused(in_proof(&endless), "invalid_proof", "endless").await;
    // An empty list is none, also where nobody asks for a level.
    let of_any_level = world.token_for("AnyLevel", HASSAN).await;
    for levels in ["key_storage", "user_authentication"] {
        let attestation = jwt(attester.key(), &header, &with(&claims, levels, json!([])));
        let answer = asked(&world, "AnyLevel", &of_any_level, alone(&attestation)).await;
        assert_eq!(error_of(answer).await, "invalid_proof", "{levels}");
    }
    // Alone it need not expire, and its algorithm is one that the metadata lists.
    let issued = asked(&world, "Attested", &token, alone(&endless)).await;
    assert_eq!(issued.status(), StatusCode::OK);
}
