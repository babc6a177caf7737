//! What must not verify, and what must not be signed (ATTACKS, row 8).

use std::time::Duration;

use serde_json::{Value, json};
use symbolon_credential::data_integrity::{
    CanonicalHash, ContextTable, Cryptosuite, DataLoss, ExpectedProof, JsonLd, JsonLdBudget, JsonLdError,
    JsonLdProcessor as _, NotTransformed, ProofCheck, ProofNotGenerated, ProofPurpose, ProofRejected,
    VerificationKey, prepare, verify,
};
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};

use crate::support::{
    PROCESSOR, alumni, at, believing, check, json_ld, key, options, secure, verified, with_proof,
};
use crate::vectors::chain;

const SUITES: [(Cryptosuite, SignatureAlgorithm); 6] = [
    (Cryptosuite::EddsaRdfc2022, SignatureAlgorithm::EdDsa),
    (Cryptosuite::EddsaJcs2022, SignatureAlgorithm::EdDsa),
    (Cryptosuite::EcdsaRdfc2019, SignatureAlgorithm::Es256),
    (Cryptosuite::EcdsaRdfc2019, SignatureAlgorithm::Es384),
    (Cryptosuite::EcdsaJcs2019, SignatureAlgorithm::Es256),
    (Cryptosuite::EcdsaJcs2019, SignatureAlgorithm::Es384),
];

fn refusal(document: &Value) -> JsonLdError {
    let key = key(SignatureAlgorithm::EdDsa, 1);
    let options = options(Cryptosuite::EddsaRdfc2022, &key);
    match prepare(document, &options, &key.public_key(), &json_ld()) {
        Err(ProofNotGenerated::NotTransformed(NotTransformed::JsonLd(error))) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("{document} was signed"),
    }
}

#[test]
fn every_suite_verifies_what_it_signs_and_nothing_that_was_changed() {
    for (suite, algorithm) in SUITES {
        let key = key(algorithm, 1);
        let secured = secure(&alumni(), &options(suite, &key), &key);
        assert!(verified(&secured).is_ok(), "{suite:?}");
        for (pointer, changed) in [
            ("/credentialSubject/alumniOf", json!("Another School")),
            ("/credentialSubject/id", json!("did:example:other")),
            ("/issuer", json!("https://other.example")),
            ("/type/1", json!("OtherCredential")),
            ("/validFrom", json!("2023-01-02T00:00:00Z")),
            ("/proof/created", json!("2023-02-24T23:36:39Z")),
        ] {
            let mut tampered = secured.clone();
            *tampered.pointer_mut(pointer).unwrap() = changed;
            assert!(
                matches!(verified(&tampered), Err(ProofRejected::Signature)),
                "{suite:?} {pointer}"
            );
        }
        let mut added = secured.clone();
        added["credentialSubject"]["degree"] = "Doctor".into();
        assert!(
            matches!(verified(&added), Err(ProofRejected::Signature)),
            "{suite:?}"
        );
    }
}

#[test]
fn a_proof_does_not_verify_with_another_key_suite_or_unknown_method() {
    let ed25519 = key(SignatureAlgorithm::EdDsa, 1);
    let secured = secure(
        &alumni(),
        &options(Cryptosuite::EddsaRdfc2022, &ed25519),
        &ed25519,
    );
    let with = |public_key| {
        let keys = move |_: &str| {
            Some(VerificationKey {
                public_key: symbolon_crypto::PublicKey::clone(&public_key),
                controller: "did:example:issuer".to_owned(),
                purposes: vec![ProofPurpose::AssertionMethod],
            })
        };
        verify(
            &secured,
            check(ExpectedProof::Credential),
            &keys,
            &json_ld(),
            &RustCryptoProvider,
        )
        .map(|_| ())
    };
    assert_eq!(with(ed25519.public_key()), Ok(()));
    assert_eq!(
        with(key(SignatureAlgorithm::EdDsa, 2).public_key()),
        Err(ProofRejected::Signature)
    );
    assert_eq!(
        with(key(SignatureAlgorithm::Es256, 1).public_key()),
        Err(ProofRejected::WrongKeyType)
    );
    let nobody = |_: &str| None;
    assert!(matches!(
        verify(
            &secured,
            check(ExpectedProof::Credential),
            &nobody,
            &json_ld(),
            &RustCryptoProvider
        ),
        Err(ProofRejected::UnknownMethod)
    ));
    let mut other = secured.clone();
    other["proof"]["cryptosuite"] = "bbs-2023".into();
    assert!(matches!(verified(&other), Err(ProofRejected::UnsupportedSuite)));
}

#[test]
fn a_method_counts_only_for_its_purposes() {
    let key = key(SignatureAlgorithm::EdDsa, 1);
    let mut options = options(Cryptosuite::EddsaRdfc2022, &key);
    let secured = secure(&alumni(), &options, &key);
    let only_authentication = |method: &str| {
        believing(method).map(|known| VerificationKey {
            purposes: vec![ProofPurpose::Authentication],
            ..known
        })
    };
    assert!(matches!(
        verify(
            &secured,
            check(ExpectedProof::Credential),
            &only_authentication,
            &json_ld(),
            &RustCryptoProvider
        ),
        Err(ProofRejected::Purpose)
    ));
    options.purpose = ProofPurpose::Authentication;
    let authenticated = secure(&alumni(), &options, &key);
    assert!(matches!(verified(&authenticated), Err(ProofRejected::Purpose)));
}

#[test]
fn a_presentation_is_for_one_challenge_and_one_domain() {
    let key = key(SignatureAlgorithm::Es256, 1);
    let mut options = options(Cryptosuite::EcdsaRdfc2019, &key);
    options.purpose = ProofPurpose::Authentication;
    options.challenge = Some("n-0S6".to_owned());
    options.domain = Some("x509_hash:abc".to_owned());
    let presentation = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "holder": "did:example:holder",
        "verifiableCredential": [alumni()],
    });
    let secured = secure(&presentation, &options, &key);
    let result = |challenge, domain| {
        let expected = ExpectedProof::Presentation { challenge, domain };
        verify(
            &secured,
            check(expected),
            &believing,
            &json_ld(),
            &RustCryptoProvider,
        )
        .map(|_| ())
    };
    assert_eq!(result(Some("n-0S6"), Some("x509_hash:abc")), Ok(()));
    assert_eq!(
        result(Some("other"), Some("x509_hash:abc")),
        Err(ProofRejected::Challenge)
    );
    assert_eq!(result(Some("n-0S6"), Some("other")), Err(ProofRejected::Domain));
    assert!(
        ProofRejected::Challenge
            .problem_type()
            .ends_with("#INVALID_CHALLENGE_ERROR")
    );
    assert!(matches!(verified(&secured), Err(ProofRejected::Purpose)));
}

#[test]
fn a_proof_counts_between_its_times() {
    let key = key(SignatureAlgorithm::EdDsa, 1);
    let mut options = options(Cryptosuite::EddsaJcs2022, &key);
    options.expires = Some(at("2024-06-01T00:00:00Z"));
    let secured = secure(&alumni(), &options, &key);
    let result = |now, skew| {
        let check = ProofCheck {
            expected: ExpectedProof::Credential,
            now: at(now),
            skew: Duration::from_secs(skew),
        };
        verify(&secured, check, &believing, &json_ld(), &RustCryptoProvider).map(|_| ())
    };
    assert_eq!(result("2023-02-24T23:36:38Z", 0), Ok(()));
    assert_eq!(result("2023-02-24T23:36:37Z", 0), Err(ProofRejected::NotYetValid));
    assert_eq!(result("2023-02-24T23:36:37Z", 1), Ok(()));
    assert_eq!(result("2024-05-31T23:59:59Z", 0), Ok(()));
    assert_eq!(result("2024-06-01T00:00:00Z", 0), Err(ProofRejected::Expired));
}

#[test]
fn a_chain_lacks_no_proof_and_goes_in_no_circle() {
    let mut proofs = chain();
    proofs.remove(1);
    assert!(matches!(
        verified(&with_proof(alumni(), json!(proofs))),
        Err(ProofRejected::PreviousProof)
    ));
    let mut proofs = chain();
    proofs[0]["previousProof"] = proofs[2]["id"].clone();
    assert!(matches!(
        verified(&with_proof(alumni(), json!(proofs))),
        Err(ProofRejected::PreviousProof)
    ));
    let mut proofs = chain();
    proofs[1]["proofValue"] = proofs[0]["proofValue"].clone();
    assert!(matches!(
        verified(&with_proof(alumni(), json!(proofs))),
        Err(ProofRejected::Signature)
    ));
    assert!(matches!(
        verified(&with_proof(alumni(), json!([]))),
        Err(ProofRejected::NoProof)
    ));
    assert!(matches!(
        verified(&with_proof(alumni(), json!(vec![chain()[0].clone(); 9]))),
        Err(ProofRejected::TooManyProofs)
    ));
}

/// Found by fuzzing: the processor below panicked over such identifiers, as deep as they lay.
#[test]
fn an_identifier_whose_escapes_are_no_text_is_refused_and_a_text_that_looks_like_one_is_not() {
    let document = |name: &str, value: Value| {
        json!({
            "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/undefined-terms/v2"],
            "type": ["VerifiableCredential"],
            "issuer": "https://issuer.example",
            "credentialSubject": {"id": "did:example:a", name: value},
        })
    };
    let canonical = |document: &Value| {
        PROCESSOR.canonicalize(
            document,
            &ContextTable::default(),
            CanonicalHash::Sha256,
            JsonLdBudget::DEFAULT,
        )
    };
    for (name, value) in [
        ("id", json!("https://issuer.example/%ff")),
        ("type", json!("Person%c3")),
        ("type", json!(["Person", "https://issuer.example/%C3%28"])),
        ("https://issuer.example/%80", json!("x")),
        ("salary%ff", json!("x")),
        ("knows", json!({"id": "urn:%fe"})),
    ] {
        let refused = canonical(&document(name, value.clone()));
        assert!(
            matches!(refused, Err(JsonLdError::DataLoss(_))),
            "{name}: {value}: {refused:?}"
        );
    }
    for (name, value) in [
        ("id", json!("https://issuer.example/%C3%A9")),
        ("salary", json!("50%ff")),
        ("salary", json!("ratio: 50%ff")),
        ("salary", json!("100%")),
    ] {
        let signed = canonical(&document(name, value.clone()));
        assert!(signed.is_ok(), "{name}: {value}: {signed:?}");
    }
}

#[test]
fn what_no_context_defines_is_not_signed() {
    let base = json!({
        "@context": "https://www.w3.org/ns/credentials/v2",
        "type": ["VerifiableCredential"],
        "issuer": "https://issuer.example",
        "credentialSubject": {"id": "did:example:a"},
    });
    let with = |pointer: &str, name: &str, value: Value| {
        let mut document = base.clone();
        document.pointer_mut(pointer).unwrap()[name] = value;
        document
    };
    let lost = |loss| JsonLdError::DataLoss(loss);
    for (document, loss) in [
        (with("/credentialSubject", "salary", json!(1)), DataLoss::Term),
        (with("/credentialSubject", "@salary", json!("x")), DataLoss::Term),
        (with("", "@index", json!("x")), DataLoss::Term),
        (
            with("", "@graph", json!([{"id": "https://issuer.example/1"}])),
            DataLoss::Term,
        ),
        (
            with("", "@included", json!([{"id": "https://issuer.example/1"}])),
            DataLoss::Term,
        ),
        (
            with("", "@nest", json!({"validUntil": "2027-01-15T08:00:00Z"})),
            DataLoss::Term,
        ),
        (
            with(
                "/credentialSubject",
                "@reverse",
                json!({"credentialSubject": "https://issuer.example/1"}),
            ),
            DataLoss::Term,
        ),
        (
            with("/credentialSubject", "type", json!("Person")),
            DataLoss::Type,
        ),
        (
            with("/credentialSubject", "id", json!("relative")),
            DataLoss::Identifier,
        ),
        (with("", "issuer", json!("relative")), DataLoss::Identifier),
        (with("", "name", json!(null)), DataLoss::Value),
        (with("", "name", json!([])), DataLoss::Value),
        (
            with("", "name", json!({"@value": "x", "@language": "not a tag"})),
            DataLoss::Language,
        ),
    ] {
        assert_eq!(refusal(&document), lost(loss), "{document}");
    }
    assert!(matches!(
        refusal(&with("/credentialSubject", "id", json!("@ignored"))),
        JsonLdError::DataLoss(_)
    ));
}

#[test]
fn a_document_brings_no_context_of_its_own() {
    let with_context = |context: Value| {
        let mut document = alumni();
        document["@context"] = context;
        document
    };
    assert_eq!(
        refusal(&with_context(json!([
            "https://www.w3.org/ns/credentials/v2",
            "https://evil.example/v1"
        ]))),
        JsonLdError::UnknownContext
    );
    for inline in [
        json!({"@vocab": "https://evil.example/#"}),
        json!({"name": "https://evil.example/#name"}),
        json!({"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}),
        json!(null),
        json!(1),
    ] {
        let context = json!(["https://www.w3.org/ns/credentials/v2", inline]);
        assert_eq!(refusal(&with_context(context)), JsonLdError::InlineContext);
    }
    let mut nested = alumni();
    nested["credentialSubject"]["@context"] = json!({"alumniOf": "https://evil.example/#x"});
    assert_eq!(refusal(&nested), JsonLdError::InlineContext);
    let mut known = alumni();
    known["@context"][1] = json!({"@vocab": "https://www.w3.org/ns/credentials/examples#"});
    let key = key(SignatureAlgorithm::EdDsa, 1);
    let options = options(Cryptosuite::EddsaRdfc2022, &key);
    let inline = prepare(&known, &options, &key.public_key(), &json_ld()).unwrap();
    let by_url = prepare(&alumni(), &options, &key.public_key(), &json_ld()).unwrap();
    assert_eq!(inline.signing_input(), by_url.signing_input());
}

#[test]
fn the_last_context_does_not_take_a_term_of_the_first() {
    let contexts = ContextTable::from_documents([(
        "https://evil.example/v1".to_owned(),
        json!({"@context": {"name": "https://evil.example/#name", "credentialSubject": "https://evil.example/#s"}}),
    )])
    .unwrap();
    let mut document = alumni();
    document["@context"][1] = "https://evil.example/v1".into();
    document["credentialSubject"] = json!({"id": "did:example:a"});
    let json_ld = JsonLd {
        processor: &*PROCESSOR,
        contexts: &contexts,
        budget: JsonLdBudget::DEFAULT,
    };
    let key = key(SignatureAlgorithm::EdDsa, 1);
    let options = options(Cryptosuite::EddsaRdfc2022, &key);
    assert_eq!(
        prepare(&document, &options, &key.public_key(), &json_ld).map(|_| ()),
        Err(ProofNotGenerated::NotTransformed(NotTransformed::JsonLd(
            JsonLdError::Malformed
        )))
    );
}

#[test]
fn contexts_are_neither_added_nor_swapped_after_signing() {
    for (suite, algorithm) in SUITES {
        let key = key(algorithm, 1);
        let secured = secure(&alumni(), &options(suite, &key), &key);
        let mut other = secured.clone();
        other["@context"][1] = "https://www.w3.org/ns/credentials/undefined-terms/v2".into();
        assert!(verified(&other).is_err(), "{suite:?}");
        let mut of_proof = secured.clone();
        of_proof["proof"]["@context"] = json!(["https://www.w3.org/ns/credentials/v2"]);
        assert!(
            matches!(verified(&of_proof), Err(ProofRejected::Context)),
            "{suite:?}"
        );
    }
}

#[test]
fn no_bit_of_a_signature_may_change() {
    let key = key(SignatureAlgorithm::EdDsa, 1);
    let options = options(Cryptosuite::EddsaJcs2022, &key);
    let secured = secure(&alumni(), &options, &key);
    let value = secured["proof"]["proofValue"].as_str().unwrap();
    let bytes = symbolon_crypto::encoding::multibase::decode_base58btc(value).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let mut tampered = secured.clone();
        tampered["proof"]["proofValue"] =
            symbolon_crypto::encoding::multibase::encode_base58btc(&changed).into();
        assert!(
            matches!(verified(&tampered), Err(ProofRejected::Signature)),
            "{bit}"
        );
    }
}

type Change = fn(&Value) -> Value;

/// Statements are signed, and readers look for members: the same statement under another name is not found, and the
/// credential never ends, has no status or nobody's holder.
#[test]
fn a_member_is_not_hidden_from_readers_under_another_name_for_the_same_statement() {
    let key = key(SignatureAlgorithm::EdDsa, 1);
    let mut document = alumni();
    document["validUntil"] = "2023-06-01T00:00:00Z".into();
    document["credentialStatus"] = json!({
        "id": "https://vc.example/status#1",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "1",
        "statusListCredential": "https://vc.example/status",
    });
    let mut options = options(Cryptosuite::EddsaRdfc2022, &key);
    options.expires = Some(at("2024-06-01T00:00:00Z"));
    let secured = secure(&document, &options, &key);
    assert!(verified(&secured).is_ok());
    let date: Change = |text| json!({"@value": text, "@type": "http://www.w3.org/2001/XMLSchema#dateTime"});
    let same: Change = Value::clone;
    let set: Change = |value| json!({"@set": [value]});
    let renamed: [(&str, &str, &str, Change); 7] = [
        (
            "",
            "validUntil",
            "https://www.w3.org/2018/credentials#validUntil",
            date,
        ),
        (
            "",
            "credentialStatus",
            "https://www.w3.org/2018/credentials#credentialStatus",
            same,
        ),
        ("", "id", "@id", same),
        ("/credentialSubject", "id", "@id", same),
        ("/credentialStatus", "type", "@type", same),
        ("", "credentialSubject", "credentialSubject", set),
        ("/proof", "expires", "https://w3id.org/security#expiration", date),
    ];
    for (object, name, other, change) in renamed {
        let mut hidden = secured.clone();
        let members = hidden.pointer_mut(object).unwrap().as_object_mut().unwrap();
        let value = members.remove(name).unwrap();
        members.insert(other.to_owned(), change(&value));
        let refused = NotTransformed::JsonLd(DataLoss::Name.into());
        assert_eq!(
            verified(&hidden).map(|_| ()),
            Err(ProofRejected::NotTransformed(refused)),
            "{object} {name}"
        );
    }
}

/// `https://w3id.org/security/v1` has a second term for the end of a proof.
#[test]
fn a_proof_does_not_lose_its_end_to_a_second_term_for_it() {
    let key = key(SignatureAlgorithm::EdDsa, 1);
    let mut options = options(Cryptosuite::EddsaRdfc2022, &key);
    options.expires = Some(at("2023-06-01T00:00:00Z"));
    let secured = secure(&alumni(), &options, &key);
    assert_eq!(verified(&secured).map(|_| ()), Err(ProofRejected::Expired));
    let mut endless = secured;
    let contexts = endless["@context"].as_array_mut().unwrap();
    contexts.insert(1, "https://w3id.org/security/v1".into());
    let proof = endless["proof"].as_object_mut().unwrap();
    let expires = proof.remove("expires").unwrap();
    proof.insert("expiration".to_owned(), expires);
    assert_eq!(verified(&endless).map(|_| ()), Err(ProofRejected::Malformed));
}

/// Counting alone would not find it beside a literal of JSON that is counted too low.
#[test]
fn a_language_of_nothing_is_refused_even_where_the_counts_agree() {
    let url = "https://issuer.example/contexts/record";
    let terms = json!({"@context": {
        "record": {"@id": "https://issuer.example/terms#record", "@type": "@json"},
        "note": "https://issuer.example/terms#note",
    }});
    let table = ContextTable::from_documents([(url.to_owned(), terms)]).unwrap();
    let mut document = alumni();
    document["@context"][1] = url.into();
    document["type"] = json!(["VerifiableCredential"]);
    document["credentialSubject"] = json!({
        "id": "did:example:abcdefgh",
        "record": {"@value": "signed", "@type": "signed"},
        "note": {"@language": "not signed"},
    });
    assert_eq!(
        PROCESSOR.to_statements(&document, &table, JsonLdBudget::DEFAULT),
        Err(DataLoss::Value.into())
    );
}
