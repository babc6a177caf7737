//! The key binding, and every way in which one is refused.

use core::time::Duration;

use super::{expected, verified};
use crate::support::{
    AUDIENCE, NONCE, NOW, PROVIDER, credential, holder_key, issue, issuer_key, jwt, key, key_binding_claims,
    path, present,
};
use serde_json::{Value, json};
use symbolon_credential::sd_jwt::{DigestAlgorithm, KeyBindingClaims, TransactionDataHashes};
use symbolon_credential::sd_jwt_vc::{
    ExpectedKeyBinding, ExpectedTransactionData, KeyBindingRejected, TransactionString,
};
use symbolon_crypto::encoding::base64url;

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
    let nobody = KeyBindingClaims {
        audience: String::new(),
        ..key_binding_claims()
    };
    assert_eq!(
        check(
            &present(&issued, &[], &nobody, &holder_key()),
            &ExpectedKeyBinding {
                audience: "",
                ..expected()
            }
        ),
        KeyBindingRejected::Audience
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

    let ahead = Duration::from_secs(61);
    assert_eq!(
        check(
            &good,
            &ExpectedKeyBinding {
                now: NOW.minus(ahead),
                ..expected()
            }
        ),
        KeyBindingRejected::FromTheFuture
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
fn tells_which_transactions_of_those_asked_for_the_holder_authorised() {
    let issued = issue(&credential(), &issuer_key());
    let bound = |algorithm: DigestAlgorithm, texts: &[&str]| {
        let claims = KeyBindingClaims {
            transaction_data: Some(TransactionDataHashes {
                algorithm,
                hashes: texts.iter().map(|text| algorithm.digest(text)).collect(),
            }),
            ..key_binding_claims()
        };
        present(&issued, &[], &claims, &holder_key())
    };
    let among = |presented: &str, strings: &[TransactionString<'_>]| {
        let expected = ExpectedKeyBinding {
            transaction_data: ExpectedTransactionData::Among(strings),
            ..expected()
        };
        let proof = verified(presented).verify_key_binding(&expected, &PROVIDER)?;
        Ok(proof
            .transactions
            .iter()
            .map(|one| one.position)
            .collect::<Vec<_>>())
    };
    let both = [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384];
    let string = |text, algorithms| TransactionString { text, algorithms };
    let asked = [
        string("pay", Some(&both[..])),
        string("sign", Some(&both[1..])),
        string("pay", Some(&both[..])),
    ];
    let rejected = Err(KeyBindingRejected::TransactionData);
    let sha384 = DigestAlgorithm::Sha384;
    for (texts, result) in [
        (&["sign"][..], Ok(vec![1])),
        (&["sign", "pay"], Ok(vec![1, 0])),
        (&["pay", "pay"], Ok(vec![0, 2])),
        (&["pay", "pay", "pay"], rejected.clone()),
        (&["pay", "other"], rejected.clone()),
        (&[], rejected.clone()),
    ] {
        assert_eq!(among(&bound(sha384, texts), &asked), result, "{texts:?}");
    }
    // Of the choice that the verifier leaves.
    let sha256 = DigestAlgorithm::Sha256;
    assert_eq!(among(&bound(sha256, &["pay"]), &asked), Ok(vec![0]));
    assert_eq!(among(&bound(sha256, &["sign"]), &asked), rejected);
    assert_eq!(among(&bound(sha384, &["pay"]), &[string("pay", None)]), rejected);
    assert_eq!(
        among(&bound(sha256, &["pay"]), &[string("pay", None)]),
        Ok(vec![0])
    );
    // Nothing authorised is nothing wrong here.
    let none = present(&issued, &[], &key_binding_claims(), &holder_key());
    assert_eq!(among(&none, &asked), Ok(Vec::new()));
    assert_eq!(among(&bound(sha256, &["pay"]), &[]), rejected);
}
