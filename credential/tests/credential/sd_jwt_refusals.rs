//! Each refusal of RFC 9901 §7.1, with a token that only that check refuses. The signatures are right: an issuer that is
//! careless or hostile signs these as well.

use crate::support::{self, issuer_key, jwt};
use serde_json::{Value, json};
use symbolon_credential::sd_jwt::{
    DigestAlgorithm, ProcessError, SdJwt, SdJwtBudget, SdJwtParseError, process,
};
use symbolon_crypto::encoding::base64url;

fn disclosure(value: Value) -> String {
    base64url::encode(value.to_string().as_bytes())
}

fn digest(disclosure: &str) -> String {
    DigestAlgorithm::Sha256.digest(disclosure)
}

fn token(payload: &Value, disclosures: &[&str]) -> String {
    let mut text = jwt(&issuer_key(), json!({"typ": "dc+sd-jwt"}), payload);
    for disclosure in disclosures {
        text.push('~');
        text.push_str(disclosure);
    }
    text.push('~');
    text
}

fn parse_error(text: &str) -> SdJwtParseError {
    SdJwt::parse(text, SdJwtBudget::DEFAULT).unwrap_err()
}

fn process_error(payload: &Value, disclosures: &[&str]) -> ProcessError {
    process(&SdJwt::parse(&token(payload, disclosures), SdJwtBudget::DEFAULT).unwrap()).unwrap_err()
}

#[test]
fn refuses_a_digest_that_occurs_twice() {
    let name = disclosure(json!(["salt", "name", "Asha"]));
    let twice = json!({"_sd": [digest(&name), digest(&name)]});
    assert_eq!(process_error(&twice, &[&name]), ProcessError::DuplicateDigest);
    // Also where no disclosure belongs to it, and across levels.
    assert_eq!(
        process_error(&json!({"_sd": ["x"], "a": {"_sd": ["x"]}}), &[]),
        ProcessError::DuplicateDigest
    );
    assert_eq!(
        process_error(&json!({"_sd": ["x"], "a": [{"...": "x"}]}), &[]),
        ProcessError::DuplicateDigest
    );
    // Also through a disclosure.
    let parent = disclosure(json!(["salt", "parent", {"_sd": [digest(&name)]}]));
    let through = json!({"_sd": [digest(&parent), digest(&name)]});
    assert_eq!(
        process_error(&through, &[&parent, &name]),
        ProcessError::DuplicateDigest
    );
}

#[test]
fn refuses_a_disclosure_that_is_there_twice_or_that_nothing_refers_to() {
    let name = disclosure(json!(["salt", "name", "Asha"]));
    let payload = json!({"_sd": [digest(&name)]});
    assert_eq!(
        process_error(&payload, &[&name, &name]),
        ProcessError::DuplicateDisclosure { position: 1 }
    );
    let stray = disclosure(json!(["salt", "role", "admin"]));
    assert_eq!(
        process_error(&payload, &[&name, &stray]),
        ProcessError::UnreferencedDisclosure { position: 1 }
    );
    // A child whose parent is withheld is referred to by nothing that is there.
    let parent = disclosure(json!(["salt", "parent", {"_sd": [digest(&name)]}]));
    let nested = json!({"_sd": [digest(&parent)]});
    assert_eq!(
        process_error(&nested, &[&name]),
        ProcessError::UnreferencedDisclosure { position: 0 }
    );
}

#[test]
fn refuses_reserved_names() {
    for name in ["_sd", "..."] {
        let reserved = disclosure(json!(["salt", name, ["x"]]));
        let text = token(&json!({"_sd": [digest(&reserved)]}), &[&reserved]);
        assert_eq!(
            parse_error(&text),
            SdJwtParseError::ReservedClaimName { position: 0 }
        );
    }
    assert_eq!(
        process_error(&json!({"...": "x"}), &[]),
        ProcessError::MisplacedElementDigest
    );
    assert_eq!(
        process_error(&json!({"a": [{"...": "x", "b": 1}]}), &[]),
        ProcessError::MisplacedElementDigest
    );
    assert_eq!(
        process_error(&json!({"a": {"_sd_alg": "sha-256"}}), &[]),
        ProcessError::MisplacedDigestAlgorithm
    );
    let algorithm = disclosure(json!(["salt", "_sd_alg", "md5"]));
    assert_eq!(
        process_error(&json!({"_sd": [digest(&algorithm)]}), &[&algorithm]),
        ProcessError::NameCollision { position: 0 }
    );
}

#[test]
fn refuses_a_disclosed_claim_that_would_overwrite_another() {
    let name = disclosure(json!(["salt", "name", "Mallory"]));
    let signed = json!({"_sd": [digest(&name)], "name": "Asha"});
    assert_eq!(
        process_error(&signed, &[&name]),
        ProcessError::NameCollision { position: 0 }
    );
    let other = disclosure(json!(["pepper", "name", "Asha"]));
    let both = json!({"_sd": [digest(&name), digest(&other)]});
    assert_eq!(
        process_error(&both, &[&name, &other]),
        ProcessError::NameCollision { position: 1 }
    );
}

#[test]
fn refuses_a_disclosure_of_the_wrong_arity_for_its_place() {
    let element = disclosure(json!(["salt", "IN"]));
    let member = disclosure(json!(["salt", "name", "Asha"]));
    assert_eq!(
        process_error(&json!({"_sd": [digest(&element)]}), &[&element]),
        ProcessError::WrongArity { position: 0 }
    );
    assert_eq!(
        process_error(&json!({"a": [{"...": digest(&member)}]}), &[&member]),
        ProcessError::WrongArity { position: 0 }
    );
}

#[test]
fn refuses_malformed_disclosures_and_digests() {
    for value in [
        json!(["salt"]),
        json!(["salt", "a", 1, 2]),
        json!([1, "a", 1]),
        json!(["salt", 1, 1]),
        json!({}),
        json!([]),
    ] {
        let text = token(&json!({}), &[&disclosure(value)]);
        assert_eq!(
            parse_error(&text),
            SdJwtParseError::MalformedDisclosure { position: 0 }
        );
    }
    for encoded in [
        "",
        "ä",
        "WyJh",
        "WyJhIiwxXQ==",
        &base64url::encode(br#"["s","n",{"a":1,"a":2}]"#),
    ] {
        let text = token(&json!({}), &[encoded]);
        assert_eq!(
            parse_error(&text),
            SdJwtParseError::MalformedDisclosure { position: 0 },
            "{encoded}"
        );
    }
    for payload in [
        json!({"_sd": "x"}),
        json!({"_sd": [1]}),
        json!({"a": [{"...": 1}]}),
    ] {
        assert_eq!(process_error(&payload, &[]), ProcessError::MalformedDigest);
    }
}

#[test]
fn refuses_digest_algorithms_outside_the_set() {
    for name in [
        json!("md5"),
        json!("sha-256-128"),
        json!("SHA-256"),
        json!(1),
        json!(null),
    ] {
        let text = token(&json!({"_sd_alg": name}), &[]);
        assert_eq!(parse_error(&text), SdJwtParseError::UnsupportedDigestAlgorithm);
    }
    for name in ["sha-384", "sha-512"] {
        let algorithm = DigestAlgorithm::from_name(name).unwrap();
        let claim = disclosure(json!(["salt", "name", "Asha"]));
        let text = token(
            &json!({"_sd_alg": name, "_sd": [algorithm.digest(&claim)]}),
            &[&claim],
        );
        let processed = process(&SdJwt::parse(&text, SdJwtBudget::DEFAULT).unwrap()).unwrap();
        assert_eq!(Value::Object(processed.claims), json!({"name": "Asha"}));
    }
}

#[test]
fn refuses_what_is_over_its_budget() {
    let claim = disclosure(json!(["salt", "name", "Asha"]));
    let text = token(&json!({"_sd": [digest(&claim)]}), &[&claim]);
    let parse = |budget| SdJwt::parse(&text, budget).map(|_| ());
    assert!(
        parse(SdJwtBudget {
            bytes: text.len(),
            disclosures: 1,
            ..SdJwtBudget::DEFAULT
        })
        .is_ok()
    );
    assert_eq!(
        parse(SdJwtBudget {
            bytes: text.len() - 1,
            ..SdJwtBudget::DEFAULT
        }),
        Err(SdJwtParseError::OverBudget)
    );
    assert_eq!(
        parse(SdJwtBudget {
            disclosures: 0,
            ..SdJwtBudget::DEFAULT
        }),
        Err(SdJwtParseError::OverBudget)
    );
    assert_eq!(
        parse(SdJwtBudget {
            depth: 1,
            ..SdJwtBudget::DEFAULT
        }),
        Err(SdJwtParseError::OverBudget)
    );
    assert_eq!(
        parse(SdJwtBudget {
            items: 1,
            ..SdJwtBudget::DEFAULT
        }),
        Err(SdJwtParseError::OverBudget)
    );
}

#[test]
fn refuses_disclosures_that_nest_into_each_other_beyond_the_budget() {
    let mut disclosures = vec![disclosure(json!(["salt", "leaf", true]))];
    for level in 0..20 {
        let inner = digest(disclosures.last().unwrap());
        disclosures.push(disclosure(
            json!(["salt", format!("level{level}"), {"_sd": [inner]}]),
        ));
    }
    let payload = json!({"_sd": [digest(disclosures.last().unwrap())]});
    let disclosures: Vec<&str> = disclosures.iter().map(String::as_str).collect();
    assert_eq!(process_error(&payload, &disclosures), ProcessError::TooDeep);
}

#[test]
fn refuses_what_is_no_sd_jwt() {
    let jwt = jwt(&issuer_key(), json!({}), &json!({}));
    assert_eq!(parse_error(&jwt), SdJwtParseError::NotAnSdJwt);
    assert_eq!(parse_error(""), SdJwtParseError::NotAnSdJwt);
    assert!(matches!(parse_error("~"), SdJwtParseError::IssuerJwt(_)));
    assert!(matches!(parse_error("a.b~"), SdJwtParseError::IssuerJwt(_)));
    assert!(matches!(
        parse_error(&format!("{jwt}~x.y.z")),
        SdJwtParseError::KeyBindingJwt(_)
    ));
    assert_eq!(
        parse_error(&format!("{jwt}~{jwt}")),
        SdJwtParseError::KeyBindingType
    );
    let unsigned = format!("{}.e30.~", base64url::encode(br#"{"alg":"none"}"#));
    assert!(matches!(parse_error(&unsigned), SdJwtParseError::IssuerJwt(_)));
    assert_eq!(
        parse_error(&format!(
            "{}~",
            support::jwt(&issuer_key(), json!({}), &json!([]))
        )),
        SdJwtParseError::Payload
    );
}

#[test]
fn a_holder_refuses_an_sd_jwt_that_is_bound_already() {
    let issuer_jwt = jwt(&issuer_key(), json!({}), &json!({}));
    let key_binding = jwt(&issuer_key(), json!({"typ": "kb+jwt"}), &json!({}));
    let bound = format!("{issuer_jwt}~{key_binding}");
    assert!(SdJwt::parse(&bound, SdJwtBudget::DEFAULT).is_ok());
    for text in [bound.as_str(), &format!("{issuer_jwt}~garbage")] {
        let error = SdJwt::parse_received(text, SdJwtBudget::DEFAULT).unwrap_err();
        assert_eq!(error, SdJwtParseError::UnexpectedKeyBinding);
    }
}
