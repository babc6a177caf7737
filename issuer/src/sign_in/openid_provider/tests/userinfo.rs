//! UserInfo: what of the person the provider tells beside the token.

use super::*;

#[test]
fn userinfo_is_about_the_person_of_the_token() {
    let world = World::new();
    let mut without = claims();
    without.remove("individual_id");
    let token = world.verify_claims(&Value::Object(without)).unwrap();
    assert!(!token.names_a_record(&world.settings));
    assert_eq!(
        resident_of(&token, None, &world.settings),
        Err(ProviderError::NoRecordClaim)
    );
    let read = |body: &[u8], media_type: &str| {
        UserInfo::parse(
            body,
            media_type,
            &token,
            &world.settings,
            &world.keys,
            &RustCryptoProvider,
        )
    };
    let info = |name: &str, value: Value| {
        let mut info = json!({ "sub": "pairwise", "individual_id": UIN });
        info[name] = value;
        info
    };
    let plain = info("name", json!("x")).to_string();
    let plain = read(plain.as_bytes(), "application/json").unwrap();
    assert!(resident_of(&token, Some(&plain), &world.settings).is_ok());
    let jwt = |info: &Value| signed(&world.key, &json!({ "kid": "current" }), info);
    assert!(read(jwt(&info("iss", json!(ISSUER))).as_bytes(), "application/jwt").is_ok());
    let stranger = RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &world.randomness)
        .unwrap();
    let forged = signed(
        &stranger,
        &json!({ "kid": "current" }),
        &info("iss", json!(ISSUER)),
    );
    for (body, media_type, error) in [
        (
            info("sub", json!("another")).to_string(),
            "application/json",
            ProviderError::Claim("sub"),
        ),
        (
            jwt(&info("sub", json!("another"))),
            "application/jwt",
            ProviderError::Claim("sub"),
        ),
        (
            jwt(&info("iss", json!("https://other.example"))),
            "application/jwt",
            ProviderError::Claim("iss"),
        ),
        (
            jwt(&info("aud", json!("another"))),
            "application/jwt",
            ProviderError::Claim("aud"),
        ),
        (
            forged,
            "application/jwt",
            ProviderError::Signature("userinfo response"),
        ),
        (
            "[]".to_owned(),
            "application/json",
            ProviderError::Malformed("userinfo response"),
        ),
        (
            "{}".to_owned(),
            "text/html",
            ProviderError::Malformed("userinfo response"),
        ),
    ] {
        assert_eq!(refused(read(body.as_bytes(), media_type)), error, "{body}");
    }
    for wrong in [
        json!("no number"),
        json!(2_345_678_901_u64),
        json!(["2345678901"]),
        Value::Null,
    ] {
        let wrong = info("individual_id", wrong).to_string();
        let wrong = read(wrong.as_bytes(), "application/json").unwrap();
        assert_eq!(
            resident_of(&token, Some(&wrong), &world.settings),
            Err(ProviderError::NoRecordClaim)
        );
    }
}
