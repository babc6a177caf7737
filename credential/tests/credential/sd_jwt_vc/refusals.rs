//! Credentials that are refused before or by the check of the signature.

use super::{expected, verified};
use crate::support::{
    PROVIDER, credential, holder_key, issue, issuer_key, jwt, key, key_binding_claims, path, present,
};
use serde_json::{Value, json};
use symbolon_credential::Validity;
use symbolon_credential::sd_jwt::{DigestAlgorithm, SdJwtBudget};
use symbolon_credential::sd_jwt_vc::{NEVER_SELECTIVE, SdJwtVc, SdJwtVcError};
use symbolon_credential::status::CredentialStatus;
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::base64url;

fn parse_error(payload: &Value) -> SdJwtVcError {
    let text = jwt(&issuer_key(), json!({"typ": "dc+sd-jwt"}), payload) + "~";
    SdJwtVc::parse(&text, SdJwtBudget::DEFAULT).unwrap_err()
}

#[test]
fn rejects_another_issuer_key_and_every_changed_character() {
    let issued = issue(&credential(), &issuer_key());
    let other = SdJwtVc::parse(&issued, SdJwtBudget::DEFAULT).unwrap();
    assert!(
        other
            .verify_issuer_signature(&key(9).public_key(), &PROVIDER)
            .is_err()
    );

    let presented = present(
        &issued,
        &[path(json!(["given_name"]))],
        &key_binding_claims(),
        &holder_key(),
    );
    let issuer = issuer_key().public_key();
    for place in 0..presented.len() {
        // Two bits of each character: a low one, which may be a stray bit of base64, and a high one.
        for bit in [0, 5] {
            let mut changed = presented.clone().into_bytes();
            changed[place] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(changed) else {
                continue;
            };
            let accepted = SdJwtVc::parse(&changed, SdJwtBudget::DEFAULT)
                .ok()
                .and_then(|credential| credential.verify_issuer_signature(&issuer, &PROVIDER).ok())
                .is_some_and(|credential| credential.verify_key_binding(&expected(), &PROVIDER).is_ok());
            assert!(!accepted, "character {place}, bit {bit}");
        }
    }
}

#[test]
fn other_types_are_a_list_of_types_without_the_credentials_own() {
    let read = |types: Value| {
        let payload = json!({"vct": "urn:example:pid:1", "aka_vcts": types});
        let text = jwt(&issuer_key(), json!({"typ": "dc+sd-jwt"}), &payload) + "~";
        SdJwtVc::parse(&text, SdJwtBudget::DEFAULT).map(|credential| {
            let types = credential.other_types().iter();
            types.map(ToString::to_string).collect::<Vec<_>>()
        })
    };
    assert_eq!(read(json!(["urn:example:pid"])).unwrap(), ["urn:example:pid"]);
    for types in [
        json!([]),
        json!("urn:example:pid"),
        json!([1]),
        json!([""]),
        json!(["urn:example:pid", "urn:example:pid:1"]),
        json!(vec!["urn:example:pid"; 33]),
    ] {
        assert_eq!(
            read(types).unwrap_err(),
            SdJwtVcError::MalformedClaim { claim: "aka_vcts" }
        );
    }
}

#[test]
fn rejects_tokens_of_another_type() {
    let payload = json!({"vct": "x"});
    for header in [
        json!({}),
        json!({"typ": "vc+sd-jwt"}),
        json!({"typ": "statuslist+jwt"}),
        json!({"typ": "kb+jwt"}),
    ] {
        let text = jwt(&issuer_key(), header, &payload) + "~";
        assert_eq!(
            SdJwtVc::parse(&text, SdJwtBudget::DEFAULT).unwrap_err(),
            SdJwtVcError::WrongType
        );
    }
}

#[test]
fn rejects_registered_claims_that_are_missing_malformed_or_disclosed() {
    assert_eq!(parse_error(&json!({})), SdJwtVcError::MissingType);
    for (claim, value) in [
        ("vct", json!("")),
        ("vct", json!(1)),
        ("iss", json!(["a"])),
        ("exp", json!("1900000000")),
        ("nbf", json!(1.5)),
        ("iat", json!(true)),
        ("status", json!("x")),
        (
            "status",
            json!({"status_list": {"idx": -1, "uri": "https://a.example"}}),
        ),
        ("status", json!({"status_list": {"idx": 1}})),
        ("status", json!({"status_list": {"idx": 1, "uri": "no uri"}})),
        ("cnf", json!("x")),
        (
            "cnf",
            json!({"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}}),
        ),
    ] {
        let mut payload = json!({"vct": "x"});
        payload[claim] = value;
        assert_eq!(parse_error(&payload), SdJwtVcError::MalformedClaim { claim });
    }
    for claim in NEVER_SELECTIVE {
        let disclosure = base64url::encode(json!(["salt", claim, "x"]).to_string().as_bytes());
        let payload = json!({"_sd": [DigestAlgorithm::Sha256.digest(&disclosure)]});
        let text = format!(
            "{}~{disclosure}~",
            jwt(&issuer_key(), json!({"typ": "dc+sd-jwt"}), &payload)
        );
        let error = SdJwtVc::parse(&text, SdJwtBudget::DEFAULT).unwrap_err();
        assert_eq!(error, SdJwtVcError::SelectivelyDisclosed { claim });
    }
    // Also within such a claim.
    let disclosure = base64url::encode(json!(["salt", "jwk", {}]).to_string().as_bytes());
    let payload = json!({"vct": "x", "cnf": {"_sd": [DigestAlgorithm::Sha256.digest(&disclosure)]}});
    let text = format!(
        "{}~{disclosure}~",
        jwt(&issuer_key(), json!({"typ": "dc+sd-jwt"}), &payload)
    );
    let error = SdJwtVc::parse(&text, SdJwtBudget::DEFAULT).unwrap_err();
    assert_eq!(error, SdJwtVcError::SelectivelyDisclosed { claim: "cnf" });
}

#[test]
fn a_status_of_another_mechanism_is_not_taken_for_none() {
    let payload = json!({"vct": "x", "status": {"identifier_list": {}}});
    let text = jwt(&issuer_key(), json!({"typ": "dc+sd-jwt"}), &payload) + "~";
    assert_eq!(*verified(&text).status(), CredentialStatus::OtherMechanism);
    let text = jwt(
        &issuer_key(),
        json!({"typ": "dc+sd-jwt"}),
        &json!({"vct": "x", "nbf": 5, "exp": 9}),
    ) + "~";
    let plain = verified(&text);
    assert_eq!(*plain.status(), CredentialStatus::NotTracked);
    let at = |seconds| Some(UnixTime::from_seconds(seconds));
    assert_eq!(
        *plain.validity(),
        Validity {
            issued_at: None,
            not_before: at(5),
            expires: at(9)
        }
    );
}
