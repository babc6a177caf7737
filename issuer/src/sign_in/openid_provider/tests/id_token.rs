//! The ID token, and the keys that it may be signed with.

use super::*;

#[test]
fn a_good_token_names_the_record() {
    let world = World::new();
    let token = world.verify_claims(&Value::Object(claims())).unwrap();
    assert!(token.names_a_record(&world.settings));
    let resident = resident_of(&token, None, &world.settings).unwrap();
    assert_eq!(resident, RecordName::Uin(crate::record::Uin::parse(UIN).unwrap()));
    for claims in [
        with("aud", json!(["symbolon"])),
        with("exp", json!(1_800_000_000.5)),
        with("exp", json!(NOW.minus(Duration::from_secs(59)))),
    ] {
        assert!(world.verify_claims(&claims).is_ok(), "{claims}");
    }
    let shared = json!({ "azp": "symbolon", "aud": ["symbolon", "another"] });
    let mut claims = claims();
    claims.extend(shared.as_object().unwrap().clone());
    assert!(world.verify_claims(&Value::Object(claims)).is_ok());
}

#[test]
fn every_claim_of_a_token_is_checked() {
    let world = World::new();
    let past = NOW.minus(Duration::from_secs(61));
    let old = NOW.minus(Duration::from_secs(601));
    let future = NOW.plus(Duration::from_secs(61));
    for (claims, error) in [
        (with("iss", json!("https://login.example")), "iss"),
        (with("iss", Value::Null), "iss"),
        (with("aud", json!("another")), "aud"),
        (with("aud", json!([])), "aud"),
        (with("aud", json!(["symbolon", "another"])), "azp"),
        (with("azp", json!("another")), "azp"),
        (with("exp", json!(past)), "exp"),
        (with("exp", json!("tomorrow")), "exp"),
        (with("iat", json!(old)), "iat"),
        (with("iat", json!(future)), "iat"),
        (with("nbf", json!(future)), "nbf"),
        (with("nonce", json!("another")), "nonce"),
        (with("nonce", json!("")), "nonce"),
        (with("sub", json!("")), "sub"),
        (with("sub", json!("s".repeat(256))), "sub"),
    ] {
        assert_eq!(
            refused(world.verify_claims(&claims)),
            ProviderError::Claim(error),
            "{error}"
        );
    }
    for name in ["iss", "aud", "exp", "iat", "nonce", "sub"] {
        let mut claims = claims();
        claims.remove(name);
        assert_eq!(
            refused(world.verify_claims(&Value::Object(claims))),
            ProviderError::Claim(name)
        );
    }
}

#[test]
fn every_way_not_to_sign_a_token_is_refused() {
    let world = World::new();
    let good = Value::Object(claims());
    let stranger = RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &world.randomness)
        .unwrap();
    let by_stranger = signed(&stranger, &json!({ "kid": "current" }), &good);
    assert_eq!(
        refused(world.verify(&by_stranger)),
        ProviderError::Signature("ID token")
    );
    let unknown = signed(&world.key, &json!({ "kid": "gone" }), &good);
    assert_eq!(refused(world.verify(&unknown)), ProviderError::UnknownKey);
    let brought_along = json!({ "kid": "current", "jwk": stranger.public_key().to_jwk() });
    assert_eq!(
        refused(world.verify(&signed(&stranger, &brought_along, &good))),
        ProviderError::Signature("ID token")
    );
    let part = |value: &Value| base64url::encode(value.to_string().as_bytes());
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "None", "kid": "current" }),
        json!({ "alg": "HS256", "kid": "current" }),
        json!({ "alg": "ES256K", "kid": "current" }),
        json!({ "kid": "current" }),
        json!({ "alg": "ES256", "kid": "current", "crit": ["exp"] }),
    ] {
        // HS256 with the public key as its secret, which is what a confused verifier would compute.
        let input = format!("{}.{}", part(&header), part(&good));
        let jwk = serde_json::to_vec(&world.key.public_key().to_jwk()).unwrap();
        let mac = symbolon_crypto::symmetric::hmac_sha256(&jwk, input.as_bytes());
        for signature in [String::new(), base64url::encode(&mac)] {
            let error = refused(world.verify(&format!("{input}.{signature}")));
            assert_eq!(error, ProviderError::Signature("ID token"), "{header}");
        }
    }
    // An RSA algorithm finds no key among those of another kind.
    let header = part(&json!({ "alg": "RS256", "kid": "current" }));
    assert_eq!(
        refused(world.verify(&format!("{header}.{}.AA", part(&good)))),
        ProviderError::UnknownKey
    );
    for garbage in ["", "a.b", "a.b.c", "....", &"a".repeat(600_000)] {
        assert!(matches!(
            refused(world.verify(garbage)),
            ProviderError::Malformed(_)
        ));
    }
}

#[test]
fn a_token_without_a_key_name_is_taken_where_only_one_key_fits() {
    let mut world = World::new();
    let token = signed(&world.key, &json!({}), &Value::Object(claims()));
    assert!(world.verify(&token).is_ok());
    let second = RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &world.randomness)
        .unwrap();
    world.keys = key_set(&[("current", &world.key), ("next", &second)]);
    assert_eq!(refused(world.verify(&token)), ProviderError::UnknownKey);
}

#[test]
fn keys_for_encryption_and_of_kinds_that_are_not_ours_are_left_out() {
    let mut encryption = json!(World::new().key.public_key().to_jwk());
    encryption["use"] = json!("enc");
    encryption["kid"] = json!("current");
    let set = json!({ "keys": [encryption, { "kty": "oct", "k": "AAAA" }, { "kty": "EC" }, 7] });
    let mut world = World::new();
    world.keys = ProviderKeys::parse(set.to_string().as_bytes()).unwrap();
    let token = signed(&world.key, &json!({ "kid": "current" }), &Value::Object(claims()));
    assert_eq!(refused(world.verify(&token)), ProviderError::UnknownKey);
    for wrong in [
        json!({}),
        json!({ "keys": {} }),
        json!({ "keys": vec![json!({}); 33] }),
    ] {
        assert!(ProviderKeys::parse(wrong.to_string().as_bytes()).is_err());
    }
}
