//! The JWS JSON serialization ([RFC 9901 §8](https://www.rfc-editor.org/rfc/rfc9901.html#section-8)): its published figures,
//! which are in `figures/rfc9901/` without their line breaks, and refusals.

use crate::support::{self, PROVIDER, issuer_key, path, public_jwk};
use serde_json::{Value, json};
use symbolon_credential::sd_jwt::{
    SdJwt, SdJwtBudget, SdJwtJsonError, SdJwtParseError, process, select, to_compact,
};
use symbolon_credential::sd_jwt_vc::SdJwtVc;
use symbolon_crypto::PublicKey;

const ISSUED: &str = include_str!("figures/rfc9901/flattened-issued.json");
const PRESENTED: &str = include_str!("figures/rfc9901/flattened-presented.json");
const GENERAL: &str = include_str!("figures/rfc9901/general-presented.json");

fn published_issuer_key() -> PublicKey {
    public_jwk(json!({
        "kty": "EC", "crv": "P-256",
        "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
        "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8"
    }))
}

fn published_holder_key() -> PublicKey {
    public_jwk(json!({
        "kty": "EC", "crv": "P-256",
        "x": "TCAER19Zvu3OHF4j4W4vfSVoHIP1ILilDls7vCeGemc",
        "y": "ZxjiWWbZMQGHVWKVQ4hbSIirsVfuecCE6t4jT9F2HZQ"
    }))
}

fn compact(text: &str) -> String {
    to_compact(text, SdJwtBudget::DEFAULT).unwrap().into_owned()
}

fn refused(jws: &Value) -> SdJwtJsonError {
    to_compact(&jws.to_string(), SdJwtBudget::DEFAULT).unwrap_err()
}

#[test]
fn the_flattened_example_is_received_and_selected_from() {
    let text = compact(ISSUED);
    let sd_jwt = SdJwt::parse_received(&text, SdJwtBudget::DEFAULT).unwrap();
    sd_jwt
        .issuer_jwt()
        .verify(&PROVIDER, &published_issuer_key())
        .unwrap();
    let claims = Value::Object(process(&sd_jwt).unwrap().claims);
    assert_eq!(claims["sub"], "john_doe_42");
    assert_eq!(claims["birthdate"], "1940-01-01");
    let wanted = [path(json!(["family_name"])), path(json!(["given_name"]))];
    assert_eq!(select(&sd_jwt, &wanted).unwrap().len(), 2);
}

#[test]
fn the_key_bindings_of_both_serializations_are_over_the_compact_text() {
    for figure in [PRESENTED, GENERAL] {
        let text = compact(figure);
        let sd_jwt = SdJwt::parse(&text, SdJwtBudget::DEFAULT).unwrap();
        sd_jwt
            .issuer_jwt()
            .verify(&PROVIDER, &published_issuer_key())
            .unwrap();
        let claims = Value::Object(process(&sd_jwt).unwrap().claims);
        assert_eq!(
            (&claims["given_name"], &claims["family_name"]),
            (&json!("John"), &json!("Doe"))
        );
        assert!(claims.get("sub").is_none() && claims.get("birthdate").is_none());
        let key_binding = sd_jwt.key_binding().unwrap();
        key_binding.verify(&PROVIDER, &published_holder_key()).unwrap();
        let payload: Value = key_binding.payload_json().unwrap();
        assert_eq!(
            payload["sd_hash"],
            sd_jwt.digest_algorithm().digest(sd_jwt.hashed_part())
        );
    }
}

#[test]
fn a_holder_refuses_a_json_serialization_with_a_key_binding() {
    let text = compact(PRESENTED);
    assert_eq!(
        SdJwt::parse_received(&text, SdJwtBudget::DEFAULT).unwrap_err(),
        SdJwtParseError::UnexpectedKeyBinding
    );
}

#[test]
fn a_credential_reads_the_same_in_both_serializations() {
    let issued = support::issue(&support::credential(), &issuer_key());
    assert_eq!(compact(&issued), issued);
    let mut parts = issued.split('~');
    let jwt: Vec<&str> = parts.next().unwrap().split('.').collect();
    let disclosures: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let flattened = json!({
        "protected": jwt[0], "payload": jwt[1], "signature": jwt[2],
        "header": {"disclosures": disclosures, "kid": "unprotected, and so of no consequence"},
        "another member": true
    });
    let text = compact(&format!("\n {flattened}"));
    assert_eq!(text, issued);
    let credential = SdJwtVc::parse_received(&text, SdJwtBudget::DEFAULT).unwrap();
    assert!(
        credential
            .verify_issuer_signature(&issuer_key().public_key(), &PROVIDER)
            .is_ok()
    );
}

#[test]
fn refuses_parts_that_would_become_several_or_that_are_none() {
    let good = json!({"protected": "eyJ9", "payload": "e30", "signature": "AA", "header": {"disclosures": ["WyJ4Il0"]}});
    assert_eq!(compact(&good.to_string()), "eyJ9.e30.AA~WyJ4Il0~");
    for (pointer, wrong) in [
        ("/protected", json!("eyJ9.e30")),
        ("/protected", json!("")),
        ("/payload", json!("e30~")),
        ("/payload", json!({})),
        ("/signature", json!("AA~WyJ4Il0")),
        ("/signature", json!("AA==")),
        ("/header", json!("text")),
        ("/header/disclosures", json!("WyJ4Il0")),
        ("/header/disclosures/0", json!("WyJ4Il0~WyJ5Il0")),
        ("/header/disclosures/0", json!("")),
        ("/header/disclosures/0", json!(1)),
    ] {
        let mut jws = good.clone();
        *jws.pointer_mut(pointer).unwrap() = wrong;
        assert_eq!(refused(&jws), SdJwtJsonError::MalformedPart, "{pointer}");
    }
    for wrong in [json!("a~b.c.d"), json!(""), json!(1)] {
        let mut jws = good.clone();
        jws["header"]["kb_jwt"] = wrong;
        assert_eq!(refused(&jws), SdJwtJsonError::MalformedPart);
    }
    for missing in ["protected", "payload"] {
        let mut jws = good.clone();
        jws.as_object_mut().unwrap().remove(missing);
        assert_eq!(refused(&jws), SdJwtJsonError::MalformedPart, "{missing}");
    }
    let mut critical = good;
    critical["header"]["crit"] = json!(["b64"]);
    assert_eq!(refused(&critical), SdJwtJsonError::UnprotectedCritical);
}

#[test]
fn refuses_what_is_of_neither_serialization_or_of_both() {
    let signature = json!({"protected": "eyJ9", "signature": "AA"});
    let hidden = json!({"protected": "eyJ9", "signature": "AA", "header": {"disclosures": []}});
    let bound = json!({"protected": "eyJ9", "signature": "AA", "header": {"kb_jwt": "a.b.c"}});
    for (jws, error) in [
        (
            json!({"payload": "e30", "protected": "eyJ9"}),
            SdJwtJsonError::NotAJws,
        ),
        (
            json!({"payload": "e30", "protected": "eyJ9", "signature": "AA", "signatures": [signature]}),
            SdJwtJsonError::NotAJws,
        ),
        (
            json!({"payload": "e30", "signatures": []}),
            SdJwtJsonError::NotAJws,
        ),
        (
            json!({"payload": "e30", "signatures": [1]}),
            SdJwtJsonError::NotAJws,
        ),
        (
            json!({"payload": "e30", "signatures": [signature, hidden]}),
            SdJwtJsonError::NotAtFirstSignature,
        ),
        (
            json!({"payload": "e30", "signatures": [signature, bound]}),
            SdJwtJsonError::NotAtFirstSignature,
        ),
        (
            json!({"payload": "e30", "signatures": vec![signature.clone(); 17]}),
            SdJwtJsonError::OverBudget,
        ),
        (
            json!({"payload": "e30", "protected": "eyJ9", "signature": "AA", "header": {"disclosures": vec!["WyJ4Il0"; 513]}}),
            SdJwtJsonError::OverBudget,
        ),
    ] {
        assert_eq!(refused(&jws), error, "{jws}");
    }
    for text in ["{", "{}x", r#"{"payload":"e30","payload":"e30"}"#] {
        assert_eq!(
            to_compact(text, SdJwtBudget::DEFAULT),
            Err(SdJwtJsonError::NotAnObject),
            "{text}"
        );
    }
}
