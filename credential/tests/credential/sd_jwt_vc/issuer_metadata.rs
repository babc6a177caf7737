//! The keys of an issuer, from its metadata (draft-25 §3). The documents are the examples of that section.

use crate::support::{PROVIDER, credential, issue, issuer_key};
use serde_json::{Value, json};
use symbolon_credential::sd_jwt::SdJwtBudget;
use symbolon_credential::sd_jwt_vc::{
    IssuerJwks, IssuerKeyReference, IssuerKeys, IssuerMetadata, IssuerMetadataError, IssuerScheme,
    NoIssuerKey, SdJwtVc, issuer_metadata_url,
};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::testing::SeededRandomness;

const ISSUER: &str = "https://example.com";

fn published() -> Value {
    json!({
        "issuer": ISSUER,
        "jwks": {"keys": [
            {"kid": "doc-signer-05-25-2022", "kty": "EC", "crv": "P-256",
             "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ", "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8"},
            {"kid": "doc-signer-06-05-2025", "kty": "EC", "crv": "P-256",
             "x": "DfjUx4WHBds61vGbqUQhsy3FGX13fAS13QWh2EHIkX8", "y": "NfqJt9Kp0EA93xq9ysO80DRZ_hCGlISz-pYLgv4RFvg"}
        ]}
    })
}

fn parse(document: &Value) -> Result<IssuerMetadata, IssuerMetadataError> {
    IssuerMetadata::parse(document.to_string().as_bytes(), ISSUER, IssuerScheme::Https)
}

#[test]
fn metadata_are_between_the_host_and_the_path_of_the_issuer() {
    for (issuer, expected) in [
        (ISSUER, "https://example.com/.well-known/jwt-vc-issuer"),
        (
            "https://example.com/",
            "https://example.com/.well-known/jwt-vc-issuer",
        ),
        (
            "https://example.com/tenant/1234",
            "https://example.com/.well-known/jwt-vc-issuer/tenant/1234",
        ),
        (
            "https://example.com:8443/tenant/1234/",
            "https://example.com:8443/.well-known/jwt-vc-issuer/tenant/1234",
        ),
    ] {
        let url = issuer_metadata_url(issuer, IssuerScheme::Https).unwrap();
        assert_eq!(url.as_str(), expected);
    }
    for issuer in [
        "http://example.com",
        "http://127.0.0.1:8080",
        "did:web:example.com",
        "https://example.com?a",
        "https://example.com/#",
        "https://user@example.com",
        " https://example.com",
        "",
    ] {
        assert!(
            issuer_metadata_url(issuer, IssuerScheme::Https).is_err(),
            "{issuer}"
        );
    }
    let development = |issuer| issuer_metadata_url(issuer, IssuerScheme::HttpOnLoopback);
    assert_eq!(
        development("http://127.0.0.1:8080").unwrap().as_str(),
        "http://127.0.0.1:8080/.well-known/jwt-vc-issuer"
    );
    assert!(development("http://example.com").is_err());
}

#[test]
fn metadata_are_of_one_issuer_and_have_keys_in_one_place() {
    assert!(
        matches!(parse(&published()).unwrap().keys(), IssuerKeys::Within(jwks) if jwks.keys().len() == 2)
    );
    let elsewhere =
        json!({"issuer": ISSUER, "jwks_uri": "https://jwt-vc-issuer.example.com/my_public_keys.jwks"});
    assert!(
        matches!(parse(&elsewhere).unwrap().keys(), IssuerKeys::At(url) if url.path() == "/my_public_keys.jwks")
    );
    let changed = |name: &str, value: Value| {
        let mut document = published();
        document[name] = value;
        parse(&document).unwrap_err()
    };
    assert_eq!(
        changed("issuer", json!("https://example.com/")),
        IssuerMetadataError::OtherIssuer
    );
    assert_eq!(changed("issuer", json!(1)), IssuerMetadataError::Malformed);
    assert_eq!(
        changed("jwks_uri", json!("https://example.com/jwks")),
        IssuerMetadataError::Keys
    );
    assert_eq!(
        parse(&json!({"issuer": ISSUER})).unwrap_err(),
        IssuerMetadataError::Keys
    );
    for uri in [
        json!("http://example.com/jwks"),
        json!("data:application/json,{}"),
        json!(1),
    ] {
        assert_eq!(
            parse(&json!({"issuer": ISSUER, "jwks_uri": uri})).unwrap_err(),
            IssuerMetadataError::JwksUri
        );
    }
    for jwks in [
        json!({}),
        json!([]),
        json!({"keys": {}}),
        json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}]}),
    ] {
        assert_eq!(changed("jwks", jwks), IssuerMetadataError::Malformed);
    }
    let many: Vec<Value> = (0..129).map(|_| json!({"kty": "EC"})).collect();
    assert_eq!(
        changed("jwks", json!({"keys": many})),
        IssuerMetadataError::OverBudget
    );
}

#[test]
fn a_credential_verifies_with_the_key_that_its_header_names() {
    let mut jwk = issuer_key().public_key().to_jwk();
    jwk.kid = Some("2026".to_owned());
    let metadata = IssuerMetadata::with_keys("https://issuer.example", vec![jwk]);
    let served = metadata.to_value().to_string();
    let read =
        IssuerMetadata::parse(served.as_bytes(), "https://issuer.example", IssuerScheme::Https).unwrap();
    assert_eq!(read, metadata);
    let IssuerKeys::Within(jwks) = read.keys() else {
        panic!("the keys are in the document");
    };
    let signed = |kid: &str| {
        let prepared = credential()
            .prepare(
                SignatureAlgorithm::Es256,
                &IssuerKeyReference::KeyId(kid.to_owned()),
                &SeededRandomness::new(7),
            )
            .unwrap();
        let signature = crate::support::sign(&issuer_key(), prepared.signing_input().as_bytes());
        prepared.finish(&signature)
    };
    let text = signed("2026");
    let parsed = SdJwtVc::parse(&text, SdJwtBudget::DEFAULT).unwrap();
    let key = jwks.key_for(parsed.header()).unwrap();
    assert!(parsed.verify_issuer_signature(&key, &PROVIDER).is_ok());
    let text = signed("2025");
    let other = SdJwtVc::parse(&text, SdJwtBudget::DEFAULT).unwrap();
    assert_eq!(jwks.key_for(other.header()), Err(NoIssuerKey::Unknown));
}

#[test]
fn a_key_is_chosen_by_its_identifier_or_because_there_is_only_one() {
    let own = serde_json::to_value(issuer_key().public_key().to_jwk()).unwrap();
    let with = |name: &str, value: &str| {
        let mut key = own.clone();
        key[name] = json!(value);
        key
    };
    let issued = issue(&credential(), &issuer_key());
    let parsed = SdJwtVc::parse(&issued, SdJwtBudget::DEFAULT).unwrap();
    let mut header = parsed.header().clone();
    let key_for = |keys: Value, header: &_| {
        IssuerJwks::parse(json!({ "keys": keys }).to_string().as_bytes())
            .unwrap()
            .key_for(header)
    };
    let other = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "a"});
    let rsa = json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "r"});
    // Without a name: the only one of the algorithm that is for signatures.
    assert!(key_for(json!([own, other, rsa]), &header).is_ok());
    assert_eq!(key_for(json!([own, own]), &header), Err(NoIssuerKey::Ambiguous));
    assert_eq!(
        key_for(json!([with("use", "enc"), other]), &header),
        Err(NoIssuerKey::Unknown)
    );
    assert_eq!(
        key_for(json!([with("alg", "ES384")]), &header),
        Err(NoIssuerKey::Unknown)
    );
    // By name, and then for the algorithm.
    header.kid = Some("a".to_owned());
    assert!(key_for(json!([other, with("kid", "a"), with("kid", "b")]), &header).is_ok());
    assert_eq!(key_for(json!([other]), &header), Err(NoIssuerKey::NotForThis));
    assert_eq!(key_for(json!([own]), &header), Err(NoIssuerKey::Unknown));
    header.kid = Some("r".to_owned());
    assert_eq!(key_for(json!([rsa]), &header), Err(NoIssuerKey::Unsupported));
}
