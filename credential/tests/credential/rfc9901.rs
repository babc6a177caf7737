//! The published examples of [RFC 9901](https://www.rfc-editor.org/rfc/rfc9901.html): §5 and Appendix A. The files in
//! `figures/rfc9901/` are the figures of that document without their line breaks.

use core::time::Duration;

use crate::support::{PROVIDER, path, public_jwk};
use serde_json::{Value, json};
use symbolon_credential::sd_jwt::{SdJwt, SdJwtBudget, process, select};
use symbolon_credential::sd_jwt_vc::{ExpectedKeyBinding, ExpectedTransactionData, SdJwtVc};
use symbolon_crypto::{PublicKey, UnixTime};

const ISSUED: &str = include_str!("figures/rfc9901/issued.txt");
const PRESENTED: &str = include_str!("figures/rfc9901/presented.txt");
const A1: (&str, &str) = (
    include_str!("figures/rfc9901/a1-structured.txt"),
    include_str!("figures/rfc9901/a1-structured.json"),
);
const A2: (&str, &str) = (
    include_str!("figures/rfc9901/a2-complex.txt"),
    include_str!("figures/rfc9901/a2-complex.json"),
);
const A3: (&str, &str) = (
    include_str!("figures/rfc9901/a3-verifiable-credential.txt"),
    include_str!("figures/rfc9901/a3-verifiable-credential.json"),
);
const A4: (&str, &str) = (
    include_str!("figures/rfc9901/a4-w3c.txt"),
    include_str!("figures/rfc9901/a4-w3c.json"),
);

/// Appendix A.5.
fn issuer_key() -> PublicKey {
    public_jwk(json!({
        "kty": "EC", "crv": "P-256",
        "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
        "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8"
    }))
}

fn holder_key() -> PublicKey {
    public_jwk(json!({
        "kty": "EC", "crv": "P-256",
        "x": "TCAER19Zvu3OHF4j4W4vfSVoHIP1ILilDls7vCeGemc",
        "y": "ZxjiWWbZMQGHVWKVQ4hbSIirsVfuecCE6t4jT9F2HZQ"
    }))
}

fn parse(figure: &str) -> SdJwt<'_> {
    SdJwt::parse(figure.trim_end(), SdJwtBudget::DEFAULT).unwrap()
}

#[test]
fn the_issued_example_verifies_and_has_the_published_digests() {
    let sd_jwt = parse(ISSUED);
    sd_jwt.issuer_jwt().verify(&PROVIDER, &issuer_key()).unwrap();
    assert!(sd_jwt.key_binding().is_none());
    let digests: Vec<(Option<&str>, &str)> = sd_jwt
        .disclosures()
        .iter()
        .map(|disclosure| (disclosure.name(), disclosure.digest()))
        .collect();
    // §5.1 lists these for each disclosure.
    assert_eq!(
        digests,
        [
            (Some("given_name"), "jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4"),
            (Some("family_name"), "TGf4oLbgwd5JQaHyKVQZU9UdGE0w5rtDsrZzfUaomLo"),
            (Some("email"), "JzYjH4svliH0R3PyEMfeZu6Jt69u5qehZo7F7EPYlSE"),
            (
                Some("phone_number"),
                "PorFbpKuVu6xymJagvkFsFXAbRoc2JGlAUA2BA4o7cI"
            ),
            (
                Some("phone_number_verified"),
                "XQ_3kPKt1XyX7KANkqVR6yZ2Va5NrPIvPYbyMvRKBMM"
            ),
            (Some("address"), "XzFrzwscM6Gn6CJDc6vVK8BkMnfG8vOSKfpPIZdAfdE"),
            (Some("birthdate"), "gbOsI4Edq2x2Kw-w5wPEzakob9hV1cRD0ATN3oQL9JM"),
            (Some("updated_at"), "CrQe7S5kqBAHt-nMYXgc6bdt2SH5aTY1sU_M-PgkjPI"),
            (None, "pFndjkZ_VCzmyTa6UjlZo3dh-ko8aIKQc9DlGzhaVYo"),
            (None, "7Cf6JkPudry3lcbwHgeZ8khAv1U1OSlerP0VkBJrWZ0"),
        ]
    );
    let claims = Value::Object(process(&sd_jwt).unwrap().claims);
    assert_eq!(claims["address"]["street_address"], "123 Main St");
    assert_eq!(claims["nationalities"], json!(["US", "DE"]));
    assert_eq!(claims["updated_at"], 1_570_000_000);
    assert!(claims.get("_sd").is_none() && claims.get("_sd_alg").is_none());
}

#[test]
fn the_presented_example_shows_the_published_claims_and_its_key_binding_verifies() {
    let sd_jwt = parse(PRESENTED);
    sd_jwt.issuer_jwt().verify(&PROVIDER, &issuer_key()).unwrap();
    let key_binding = sd_jwt.key_binding().unwrap();
    key_binding.verify(&PROVIDER, &holder_key()).unwrap();
    let payload: Value = key_binding.payload_json().unwrap();
    assert_eq!(payload["sd_hash"], "0_Af-2B-EhLWX5ydh_w2xzwmO6iM66B_2QCEanI4fUY");
    assert_eq!(
        payload["sd_hash"],
        sd_jwt.digest_algorithm().digest(sd_jwt.hashed_part())
    );
    // §5.2, the processed payload.
    let expected = json!({
        "iss": "https://issuer.example.com", "iat": 1_683_000_000, "exp": 1_883_000_000, "sub": "user_42",
        "nationalities": ["US"],
        "cnf": {"jwk": serde_json::to_value(holder_key().to_jwk()).unwrap()},
        "family_name": "Doe", "given_name": "John",
        "address": {
            "street_address": "123 Main St", "locality": "Anytown", "region": "Anystate", "country": "US"
        }
    });
    assert_eq!(Value::Object(process(&sd_jwt).unwrap().claims), expected);
}

#[test]
fn selecting_from_the_issued_example_gives_the_disclosures_of_the_presented_one() {
    let issued = parse(ISSUED);
    let paths = [
        path(json!(["family_name"])),
        path(json!(["address"])),
        path(json!(["given_name"])),
        path(json!(["nationalities", 0])),
    ];
    let ours = select(&issued, &paths).unwrap().without_key_binding();
    let sorted = |text: &str| {
        let mut parts: Vec<String> = text.split('~').map(str::to_owned).collect();
        parts.sort_unstable();
        parts
    };
    // The order of disclosures is free, and the RFC's figure has another one than ours.
    assert_eq!(sorted(&ours), sorted(parse(PRESENTED).hashed_part()));
}

#[test]
fn the_appendix_examples_process_to_the_published_claims() {
    for (figure, expected) in [A1, A2, A3, A4] {
        let sd_jwt = parse(figure);
        sd_jwt.issuer_jwt().verify(&PROVIDER, &issuer_key()).unwrap();
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!(Value::Object(process(&sd_jwt).unwrap().claims), expected);
        if let Some(key_binding) = sd_jwt.key_binding() {
            key_binding.verify(&PROVIDER, &holder_key()).unwrap();
            let payload: Value = key_binding.payload_json().unwrap();
            assert_eq!(
                payload["sd_hash"],
                sd_jwt.digest_algorithm().digest(sd_jwt.hashed_part())
            );
        }
    }
}

#[test]
fn the_verifiable_credential_of_the_appendix_verifies_with_its_key_binding() {
    let credential = SdJwtVc::parse(A3.0.trim_end(), SdJwtBudget::DEFAULT).unwrap();
    assert_eq!(credential.vct().as_str(), "urn:eudi:pid:de:1");
    let credential = credential
        .verify_issuer_signature(&issuer_key(), &PROVIDER)
        .unwrap();
    let expected = ExpectedKeyBinding {
        audience: "https://verifier.example.org",
        nonce: "1234567890",
        now: UnixTime::from_seconds(1_748_537_244),
        max_age: Duration::from_secs(300),
        max_clock_skew: Duration::ZERO,
        transaction_data: ExpectedTransactionData::None,
    };
    let bound = credential.verify_key_binding(&expected, &PROVIDER).unwrap();
    assert_eq!(bound.issued_at, UnixTime::from_seconds(1_748_537_244));
}
