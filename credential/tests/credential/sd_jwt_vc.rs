//! SD-JWT VC from issuing to the verdict, and every way to be refused.

use core::time::Duration;

use crate::support::{
    AUDIENCE, NONCE, NOW, PROVIDER, credential, holder_key, issue, issuer_key, jwt, key, key_binding_claims,
    path, present,
};
use serde_json::{Map, Value, json};
use symbolon_credential::sd_jwt::{
    DigestAlgorithm, KeyBindingClaims, SdJwt, SdJwtBudget, SelectError, TransactionDataHashes, select,
};
use symbolon_credential::sd_jwt_vc::{
    CredentialView, ExpectedKeyBinding, ExpectedTransactionData, HolderBinding, IssuerKeyReference,
    KeyBindingRejected, NEVER_SELECTIVE, SdJwtVc, SdJwtVcError, SdJwtVcIssueError, TypeMetadata,
    TypeMetadataError, TypeMetadataRejected,
};
use symbolon_credential::status::CredentialStatus;
use symbolon_credential::{Validity, Verified};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{SignatureAlgorithm, UnixTime};

fn verified(text: &str) -> Verified<SdJwtVc<'_>> {
    SdJwtVc::parse(text, SdJwtBudget::DEFAULT)
        .unwrap()
        .verify_issuer_signature(&issuer_key().public_key(), &PROVIDER)
        .unwrap()
}

fn expected() -> ExpectedKeyBinding<'static> {
    ExpectedKeyBinding {
        audience: AUDIENCE,
        nonce: NONCE,
        now: NOW,
        max_age: Duration::from_secs(300),
        max_clock_skew: Duration::from_secs(60),
        transaction_data: ExpectedTransactionData::None,
    }
}

fn parse_error(payload: &Value) -> SdJwtVcError {
    let text = jwt(&issuer_key(), json!({"typ": "dc+sd-jwt"}), payload) + "~";
    SdJwtVc::parse(&text, SdJwtBudget::DEFAULT).unwrap_err()
}

#[test]
fn what_is_issued_says_what_was_put_in_and_hides_what_may_be_withheld() {
    let issued = issue(&credential(), &issuer_key());
    let sd_jwt = SdJwt::parse_received(&issued, SdJwtBudget::DEFAULT).unwrap();
    assert_eq!(sd_jwt.disclosures().len(), 6);
    let payload = sd_jwt.payload();
    for hidden in ["given_name", "family_name", "address"] {
        assert!(!payload.contains_key(hidden));
    }
    let digests: Vec<&str> = payload["_sd"]
        .as_array()
        .unwrap()
        .iter()
        .map(|digest| digest.as_str().unwrap())
        .collect();
    assert_eq!(digests.len(), 3 + 2, "three claims and two decoys");
    assert!(digests.is_sorted(), "the order of digests says nothing");
    assert!(
        sd_jwt
            .disclosures()
            .iter()
            .all(|disclosure| base64url::decode(disclosure.salt()).unwrap().len() == 16)
    );

    let credential = verified(&issued);
    assert_eq!(credential.issuer(), Some("https://issuer.example"));
    assert_eq!(
        credential.vct().as_str(),
        "https://issuer.example/types/national-identity"
    );
    assert_eq!(credential.certificate_chain(), [vec![0x30, 0x00]]);
    assert_eq!(
        credential.holder(),
        &HolderBinding::Key(holder_key().public_key())
    );
    let status = credential.status().reference().unwrap();
    assert_eq!(
        (status.uri(), status.index()),
        ("https://issuer.example/status/1", 4711)
    );
    assert_eq!(
        credential.claims()["address"],
        json!({"region": "Karnataka", "locality": "Mysuru"})
    );
    assert_eq!(credential.claims()["nationalities"], json!(["IN", "FR"]));
}

#[test]
fn a_presentation_shows_what_was_asked_with_its_parents_and_nothing_else() {
    let issued = issue(&credential(), &issuer_key());
    let paths = [
        path(json!(["address", "locality"])),
        path(json!(["nationalities", 1])),
    ];
    let presented = present(&issued, &paths, &key_binding_claims(), &holder_key());
    let credential = verified(&presented);
    let shown: Vec<String> = credential
        .processed()
        .disclosed
        .iter()
        .map(|disclosed| disclosed.path.to_string())
        .collect();
    assert_eq!(shown, ["nationalities[0]", "address", "address.locality"]);
    assert_eq!(credential.claims()["nationalities"], json!(["FR"]));
    assert!(!credential.claims().contains_key("given_name"));
    credential.verify_key_binding(&expected(), &PROVIDER).unwrap();
    // What travels are the issuer's own characters.
    assert!(
        presented
            .split('~')
            .filter(|part| !part.contains('.'))
            .all(|part| issued.contains(part))
    );
}

#[test]
fn a_path_to_nothing_and_a_bound_credential_cannot_be_presented() {
    let issued = issue(&credential(), &issuer_key());
    let sd_jwt = SdJwt::parse(&issued, SdJwtBudget::DEFAULT).unwrap();
    let paths = [path(json!(["given_name"])), path(json!(["shoe_size"]))];
    assert!(matches!(
        select(&sd_jwt, &paths),
        Err(SelectError::NothingSelected { position: 1, .. })
    ));
    let presented = present(&issued, &[], &key_binding_claims(), &holder_key());
    let bound = SdJwt::parse(&presented, SdJwtBudget::DEFAULT).unwrap();
    assert!(matches!(select(&bound, &[]), Err(SelectError::AlreadyBound)));
}

#[test]
fn rejects_a_key_binding_for_another_request_verifier_time_or_presentation() {
    let issued = issue(&credential(), &issuer_key());
    let check = |presented: &str, expected: &ExpectedKeyBinding<'_>| {
        verified(presented)
            .verify_key_binding(expected, &PROVIDER)
            .map(|_| ())
            .unwrap_err()
    };
    let good = present(&issued, &[], &key_binding_claims(), &holder_key());
    assert_eq!(
        check(
            &good,
            &ExpectedKeyBinding {
                audience: "x509_hash:abd",
                ..expected()
            }
        ),
        KeyBindingRejected::Audience
    );
    assert_eq!(
        check(
            &good,
            &ExpectedKeyBinding {
                nonce: "another",
                ..expected()
            }
        ),
        KeyBindingRejected::Nonce
    );
    assert_eq!(
        check(
            &good,
            &ExpectedKeyBinding {
                nonce: "",
                ..expected()
            }
        ),
        KeyBindingRejected::Nonce
    );
    let year = Duration::from_secs(365 * 24 * 3600);
    assert_eq!(
        check(
            &good,
            &ExpectedKeyBinding {
                now: NOW.plus(year),
                ..expected()
            }
        ),
        KeyBindingRejected::TooOld
    );
    assert_eq!(
        check(
            &good,
            &ExpectedKeyBinding {
                now: NOW.minus(year),
                ..expected()
            }
        ),
        KeyBindingRejected::FromTheFuture
    );
    let edge = Duration::from_secs(360);
    assert!(
        verified(&good)
            .verify_key_binding(
                &ExpectedKeyBinding {
                    now: NOW.plus(edge),
                    ..expected()
                },
                &PROVIDER
            )
            .is_ok()
    );
    let beyond = Duration::from_secs(361);
    assert_eq!(
        check(
            &good,
            &ExpectedKeyBinding {
                now: NOW.plus(beyond),
                ..expected()
            }
        ),
        KeyBindingRejected::TooOld
    );

    // Stripped, or moved to another selection.
    let stripped = &good[..=good.rfind('~').unwrap()];
    assert_eq!(check(stripped, &expected()), KeyBindingRejected::Missing);
    let more = present(
        &issued,
        &[path(json!(["given_name"]))],
        &key_binding_claims(),
        &holder_key(),
    );
    let moved = format!(
        "{}{}",
        &more[..=more.rfind('~').unwrap()],
        &good[good.rfind('~').unwrap() + 1..]
    );
    assert_eq!(check(&moved, &expected()), KeyBindingRejected::SdHash);

    // By somebody else, who puts a key of their own into the header.
    let foreign = present(&issued, &[], &key_binding_claims(), &key(9));
    assert_eq!(check(&foreign, &expected()), KeyBindingRejected::Signature);
}

#[test]
fn rejects_a_key_binding_that_leaves_something_out() {
    let issued = issue(&credential(), &issuer_key());
    let sd_hash = DigestAlgorithm::Sha256.digest(&issued);
    let complete = json!({"aud": AUDIENCE, "nonce": NONCE, "iat": NOW.seconds(), "sd_hash": sd_hash});
    let check = |payload: &Value| {
        let text = issued.clone() + &jwt(&holder_key(), json!({"typ": "kb+jwt"}), payload);
        verified(&text)
            .verify_key_binding(&expected(), &PROVIDER)
            .map(|_| ())
    };
    assert_eq!(check(&complete), Ok(()));
    for name in ["aud", "nonce", "iat", "sd_hash"] {
        for replacement in [None, Some(json!(null)), Some(json!([AUDIENCE])), Some(json!({}))] {
            let mut payload = complete.clone();
            let members = payload.as_object_mut().unwrap();
            match replacement {
                None => drop(members.remove(name)),
                Some(value) => drop(members.insert(name.to_owned(), value)),
            }
            assert_eq!(check(&payload), Err(KeyBindingRejected::Malformed), "{name}");
        }
    }
    for (name, value, error) in [
        ("exp", NOW.seconds() - 61, KeyBindingRejected::TooOld),
        ("nbf", NOW.seconds() + 61, KeyBindingRejected::FromTheFuture),
    ] {
        let mut payload = complete.clone();
        payload[name] = json!(value);
        assert_eq!(check(&payload), Err(error));
    }
}

#[test]
fn a_credential_without_a_known_holder_key_cannot_be_bound() {
    let mut unbound = credential();
    unbound.holder = None;
    let presented = present(
        &issue(&unbound, &issuer_key()),
        &[],
        &key_binding_claims(),
        &holder_key(),
    );
    assert_eq!(
        verified(&presented)
            .verify_key_binding(&expected(), &PROVIDER)
            .unwrap_err(),
        KeyBindingRejected::NotBound
    );
    let payload = json!({"vct": "x", "cnf": {"jkt": "abc"}});
    let text = jwt(&issuer_key(), json!({"typ": "dc+sd-jwt"}), &payload) + "~";
    let presented = present(&text, &[], &key_binding_claims(), &holder_key());
    assert_eq!(
        verified(&presented)
            .verify_key_binding(&expected(), &PROVIDER)
            .unwrap_err(),
        KeyBindingRejected::UnsupportedKey
    );
}

#[test]
fn the_holder_key_is_also_read_from_a_did_jwk() {
    let jwk = serde_json::to_string(&holder_key().public_key().to_jwk()).unwrap();
    for suffix in ["", "#0"] {
        let did = format!("did:jwk:{}{suffix}", base64url::encode(jwk.as_bytes()));
        let payload = json!({"vct": "x", "cnf": {"kid": did}});
        let text = jwt(&issuer_key(), json!({"typ": "dc+sd-jwt"}), &payload) + "~";
        let presented = present(&text, &[], &key_binding_claims(), &holder_key());
        verified(&presented)
            .verify_key_binding(&expected(), &PROVIDER)
            .unwrap();
    }
}

#[test]
fn transactions_are_authorised_exactly_or_not_at_all() {
    let issued = issue(&credential(), &issuer_key());
    let mut claims = key_binding_claims();
    let bound = |claims: &KeyBindingClaims| present(&issued, &[], claims, &holder_key());
    let check = |presented: &str, strings| {
        let expected = ExpectedKeyBinding {
            transaction_data: strings,
            ..expected()
        };
        verified(presented)
            .verify_key_binding(&expected, &PROVIDER)
            .map(|_| ())
    };
    let none = bound(&claims);
    assert_eq!(
        check(&none, ExpectedTransactionData::Strings(&["pay"])),
        Err(KeyBindingRejected::TransactionData)
    );
    let algorithm = DigestAlgorithm::Sha384;
    claims.transaction_data = Some(TransactionDataHashes {
        algorithm,
        hashes: vec![algorithm.digest("pay")],
    });
    let one = bound(&claims);
    assert_eq!(check(&one, ExpectedTransactionData::Strings(&["pay"])), Ok(()));
    assert_eq!(
        check(&one, ExpectedTransactionData::Strings(&["pay more"])),
        Err(KeyBindingRejected::TransactionData)
    );
    assert_eq!(
        check(&one, ExpectedTransactionData::Strings(&["pay", "pay"])),
        Err(KeyBindingRejected::TransactionData)
    );
    assert_eq!(
        check(&one, ExpectedTransactionData::None),
        Err(KeyBindingRejected::TransactionData)
    );
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

#[test]
fn an_issuer_cannot_hide_or_overwrite_registered_claims() {
    let prepare = |credential: &symbolon_credential::sd_jwt_vc::CredentialToIssue,
                   key: &IssuerKeyReference| {
        credential
            .prepare(SignatureAlgorithm::Es256, key, &SeededRandomness::new(1))
            .map(|_| ())
            .unwrap_err()
    };
    let kid = IssuerKeyReference::KeyId("1".to_owned());
    let mut hides = credential();
    hides.selectable.push(path(json!(["status", "status_list"])));
    assert!(matches!(
        prepare(&hides, &kid),
        SdJwtVcIssueError::NeverSelective { claim: "status" }
    ));
    for claim in ["iss", "exp", "cnf", "vct", "status", "iat"] {
        let mut overwrites = credential();
        overwrites.claims.insert(claim.to_owned(), Value::from("x"));
        assert!(matches!(
            prepare(&overwrites, &kid),
            SdJwtVcIssueError::RegisteredClaim { .. }
        ));
    }
    for (name, value) in [
        ("_sd", json!([])),
        ("...", json!("x")),
        ("_sd_alg", json!("x")),
        ("a", json!([{"...": 1}])),
    ] {
        let mut reserved = credential();
        reserved.claims.insert(name.to_owned(), value);
        assert!(
            matches!(prepare(&reserved, &kid), SdJwtVcIssueError::Issue(_)),
            "{name}"
        );
    }
    let mut nothing = credential();
    nothing.selectable.push(path(json!(["shoe_size"])));
    assert!(matches!(prepare(&nothing, &kid), SdJwtVcIssueError::Issue(_)));
    let empty = IssuerKeyReference::CertificateChain(Vec::new());
    assert!(matches!(
        prepare(&credential(), &empty),
        SdJwtVcIssueError::NoCertificate
    ));
}

#[test]
fn a_credential_without_selectable_claims_has_no_trace_of_the_mechanism() {
    let mut plain = credential();
    plain.selectable.clear();
    let issued = issue(&plain, &issuer_key());
    let sd_jwt = SdJwt::parse(&issued, SdJwtBudget::DEFAULT).unwrap();
    assert!(!sd_jwt.payload().contains_key("_sd") && !sd_jwt.payload().contains_key("_sd_alg"));
    assert!(sd_jwt.disclosures().is_empty());
}

#[test]
fn a_credential_is_checked_against_its_type() {
    let issued = issue(&credential(), &issuer_key());
    let presented = present(&issued, &[], &key_binding_claims(), &holder_key());
    let metadata = |claims: Value| {
        let document = json!({"vct": "https://issuer.example/types/national-identity", "claims": claims});
        TypeMetadata::parse(document.to_string().as_bytes()).unwrap()
    };
    let check = |claims: Value, text: &str, view| metadata(claims).check(&verified(text), view);
    let good = json!([
        {"path": ["given_name"], "mandatory": true, "sd": "always", "display": [{"locale": "en", "label": "Given name"}]},
        {"path": ["nationalities", null], "sd": "always"},
        {"path": ["source"], "mandatory": true, "sd": "never"},
        {"path": ["middle_name"]}
    ]);
    assert_eq!(check(good.clone(), &issued, CredentialView::Issued), Ok(()));
    assert_eq!(check(good.clone(), &presented, CredentialView::Presented), Ok(()));
    assert_eq!(
        check(good, &presented, CredentialView::Issued),
        Err(TypeMetadataRejected::MandatoryClaimMissing { position: 0 })
    );
    assert_eq!(
        check(
            json!([{"path": ["shoe_size"], "mandatory": true}]),
            &issued,
            CredentialView::Issued
        ),
        Err(TypeMetadataRejected::MandatoryClaimMissing { position: 0 })
    );
    assert_eq!(
        check(
            json!([{"path": ["source"], "sd": "always"}]),
            &issued,
            CredentialView::Issued
        ),
        Err(TypeMetadataRejected::NotSelective { position: 0 })
    );
    assert_eq!(
        check(
            json!([{"path": ["given_name"], "sd": "never"}]),
            &issued,
            CredentialView::Issued
        ),
        Err(TypeMetadataRejected::Selective { position: 0 })
    );
    let other = TypeMetadata::from_value(json!({"vct": "another"})).unwrap();
    assert_eq!(
        other.check(&verified(&issued), CredentialView::Issued),
        Err(TypeMetadataRejected::OtherType)
    );
}

#[test]
fn type_metadata_that_extends_another_type_is_refused_and_not_half_used() {
    let document = json!({"vct": "x", "extends": "y"}).to_string();
    assert_eq!(
        TypeMetadata::parse(document.as_bytes()),
        Err(TypeMetadataError::Extends)
    );
    for document in [
        "",
        "[]",
        "{}",
        r#"{"vct":"x","vct":"y"}"#,
        r#"{"vct":"x","claims":[{"path":[]}]}"#,
        r#"{"vct":"x","claims":[{"path":["a"],"sd":"maybe"}]}"#,
    ] {
        assert_eq!(
            TypeMetadata::parse(document.as_bytes()),
            Err(TypeMetadataError::Malformed),
            "{document}"
        );
    }
}

#[test]
fn nothing_personal_is_in_debug_output_or_errors() {
    let issued = issue(&credential(), &issuer_key());
    let credential = verified(&issued);
    let text = format!(
        "{credential:?} {:?} {:?}",
        credential.sd_jwt().disclosures(),
        credential.processed()
    );
    assert!(!text.contains("Asha") && !text.contains("Mysuru"));
    let _: &Map<String, Value> = credential.claims();
}
