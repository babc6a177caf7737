//! ATTACKS.md rows 8 and 34: what a holder or a thief may try with a derived proof.

use super::super::proof_value::{DerivedProofValue, InvalidProofValue};
use super::*;
use crate::data_integrity::ecdsa_sd_2023::{NoSuchProof, VerifyError, derive, verify};
use symbolon_crypto::encoding::base64url;

fn derived() -> Value {
    let secured = issue(&document(), &pointers(&["/issuer", "/validFrom"])).unwrap();
    let selective = pointers(&[
        "/credentialSubject/0/givenName",
        "/credentialSubject/0/knows/0",
        "/credentialSubject/1/address/1",
    ]);
    derive(&secured, &selective, json_ld()).unwrap()
}

fn value_of(secured: &Value) -> DerivedProofValue {
    DerivedProofValue::parse(secured["proof"]["proofValue"].as_str().unwrap()).unwrap()
}

fn with_value(secured: &Value, value: &DerivedProofValue) -> Value {
    let mut changed = secured.clone();
    changed["proof"]["proofValue"] = value.to_text().into();
    changed
}

fn refused(secured: &Value) -> VerifyError {
    verify(secured, &issuer(), json_ld(), &RustCryptoProvider).unwrap_err()
}

#[test]
fn the_derived_proof_under_attack_is_good_before_it_is_changed() {
    assert!(verify(&derived(), &issuer(), json_ld(), &RustCryptoProvider).is_ok());
    assert!(matches!(
        verify(
            &derived(),
            &secret(8).public_key(),
            json_ld(),
            &RustCryptoProvider
        ),
        Err(VerifyError::Signature(_))
    ));
}

#[test]
fn refuses_a_base_proof_shown_to_a_verifier() {
    let secured = issue(&document(), &pointers(&["/issuer"])).unwrap();
    assert_eq!(
        refused(&secured),
        VerifyError::ProofValue(InvalidProofValue::BaseProof)
    );
}

#[test]
fn refuses_a_removed_or_added_signature() {
    let derived = derived();
    let mut value = value_of(&derived);
    let last = value.signatures.pop().unwrap();
    assert_eq!(
        refused(&with_value(&derived, &value)),
        VerifyError::SignatureCount
    );
    value.signatures.extend([last, last]);
    assert_eq!(
        refused(&with_value(&derived, &value)),
        VerifyError::SignatureCount
    );
}

#[test]
fn refuses_signatures_in_another_order() {
    let derived = derived();
    let mut value = value_of(&derived);
    value.signatures.swap(0, 1);
    assert!(matches!(
        refused(&with_value(&derived, &value)),
        VerifyError::Signature(_)
    ));
}

#[test]
fn refuses_swapped_missing_extra_and_merged_labels() {
    let derived = derived();
    let value = value_of(&derived);
    let labels: Vec<_> = value.labels.clone().into_iter().collect();
    assert!(labels.len() >= 4);

    for other in 1..labels.len() {
        let mut swapped = value.clone();
        swapped.labels.insert(labels[0].0, labels[other].1);
        swapped.labels.insert(labels[other].0, labels[0].1);
        assert!(matches!(
            refused(&with_value(&derived, &swapped)),
            VerifyError::Signature(_)
        ));
    }
    let mut missing = value.clone();
    missing.labels.remove(&0);
    assert_eq!(refused(&with_value(&derived, &missing)), VerifyError::Labels);
    let mut extra = value.clone();
    extra.labels.insert(99, [9; 32]);
    assert_eq!(refused(&with_value(&derived, &extra)), VerifyError::Labels);
    let mut merged = value.clone();
    merged.labels.insert(labels[0].0, labels[1].1);
    assert_eq!(
        refused(&with_value(&derived, &merged)),
        VerifyError::ProofValue(InvalidProofValue::Malformed)
    );
}

#[test]
fn refuses_one_node_split_into_two() {
    // The statements of one node spread over two, which are then given the label of the one.
    let secured = issue(&document(), &pointers(&["/issuer"])).unwrap();
    let mut derived = derive(&secured, &pointers(&["/credentialSubject/0/knows/0"]), json_ld()).unwrap();
    let whole = derived["credentialSubject"][0]["knows"][0].clone();
    derived["credentialSubject"][0]["knows"] =
        json!([{"type": whole["type"]}, {"givenName": whole["givenName"]}]);
    assert!(verify(&derived, &issuer(), json_ld(), &RustCryptoProvider).is_err());
}

#[test]
fn refuses_wrong_mandatory_indexes() {
    let derived = derived();
    let value = value_of(&derived);
    let statements = value.mandatory_indexes.len() + value.signatures.len();
    let mut none = value.clone();
    none.mandatory_indexes.clear();
    assert_eq!(refused(&with_value(&derived, &none)), VerifyError::SignatureCount);
    let mut beyond = value.clone();
    beyond.mandatory_indexes.insert(statements);
    assert_eq!(
        refused(&with_value(&derived, &beyond)),
        VerifyError::MandatoryIndexes
    );
    let mut moved = value.clone();
    let first = moved.mandatory_indexes.pop_first().unwrap();
    let free = (0..statements).find(|index| *index != first && !moved.mandatory_indexes.contains(index));
    moved.mandatory_indexes.insert(free.unwrap());
    assert!(matches!(
        refused(&with_value(&derived, &moved)),
        VerifyError::Signature(_)
    ));
}

#[test]
fn refuses_a_statement_added_changed_or_removed() {
    let change = |change: &dyn Fn(&mut Value)| {
        let mut changed = derived();
        change(&mut changed);
        assert!(verify(&changed, &issuer(), json_ld(), &RustCryptoProvider).is_err());
    };
    change(&|document| document["credentialSubject"][0]["familyName"] = json!("Rao"));
    change(&|document| document["credentialSubject"][0]["givenName"] = json!("Mallory"));
    change(&|document| document["issuer"]["id"] = json!("did:example:other"));
    change(&|document| document["credentialSubject"][0]["id"] = json!("did:example:mallory"));
    change(&|document| document["validFrom"] = json!("2020-01-01T00:00:00Z"));
    change(&|document| {
        document.as_object_mut().unwrap().remove("validFrom");
    });
    change(&|document| document["proof"]["verificationMethod"] = json!("did:example:other#key-1"));
    change(&|document| document["proof"]["proofPurpose"] = json!("authentication"));
    change(&|document| document["proof"]["created"] = json!("2026-01-01T00:00:00Z"));
}

#[test]
fn refuses_a_document_with_no_or_two_proofs_of_the_cryptosuite() {
    let derived = derived();
    let mut changed = derived.clone();
    changed["proof"] = json!([derived["proof"], derived["proof"]]);
    assert_eq!(refused(&changed), VerifyError::Proof(NoSuchProof::Several));
    for proof in [
        json!([]),
        json!(null),
        json!({"type": "DataIntegrityProof", "cryptosuite": "ecdsa-rdfc-2019"}),
    ] {
        changed["proof"] = proof;
        assert_eq!(refused(&changed), VerifyError::Proof(NoSuchProof::None));
    }
    changed["proof"] = derived["proof"].clone();
    changed["proof"]["proofValue"] = json!(["u"]);
    assert_eq!(refused(&changed), VerifyError::Proof(NoSuchProof::ProofValue));
}

#[test]
fn refuses_every_changed_bit_and_every_cut_of_the_proof_value() {
    let derived = derived();
    let text = value_of(&derived).to_text();
    let bytes = base64url::decode(&text[1..]).unwrap();
    let with = |bytes: &[u8]| {
        let mut changed = derived.clone();
        changed["proof"]["proofValue"] = format!("u{}", base64url::encode(bytes)).into();
        changed
    };
    // One bit of one byte in three, which still meets every part of the structure and every bit of a byte.
    for position in (0..bytes.len()).step_by(3) {
        let bit = position % 8;
        let mut changed = bytes.clone();
        changed[position] ^= 1 << bit;
        assert!(
            verify(&with(&changed), &issuer(), json_ld(), &RustCryptoProvider).is_err(),
            "bit {bit} of byte {position}"
        );
    }
    for length in (0..bytes.len()).step_by(29) {
        assert_eq!(
            refused(&with(&bytes[..length])),
            VerifyError::ProofValue(InvalidProofValue::Malformed)
        );
    }
}

#[test]
fn refuses_another_spelling_of_the_proof_value() {
    let derived = derived();
    let text = value_of(&derived).to_text();
    let bytes = base64url::decode(&text[1..]).unwrap();
    let refused_text = |text: String| {
        let mut changed = derived.clone();
        changed["proof"]["proofValue"] = text.into();
        assert_eq!(
            refused(&changed),
            VerifyError::ProofValue(InvalidProofValue::Malformed)
        );
    };
    refused_text(text[1..].to_owned());
    refused_text(format!("z{}", &text[1..]));
    refused_text(format!("{text}="));
    refused_text(String::new());
    let encoded = |bytes: &[u8]| format!("u{}", base64url::encode(bytes));
    // Bytes behind the CBOR item.
    refused_text(encoded(&[bytes.as_slice(), &[0]].concat()));
    // A tag on the whole, and on a component.
    refused_text(encoded(&[&bytes[..3], &[0xc1], &bytes[3..]].concat()));
    refused_text(encoded(&[&bytes[..4], &[0xc2], &bytes[4..]].concat()));
    // Six components, and an array of indefinite length.
    refused_text(encoded(&[&bytes[..3], &[0x86], &bytes[4..], &[0]].concat()));
    refused_text(encoded(&[&bytes[..3], &[0x9f], &bytes[4..], &[0xff]].concat()));
    // A third kind of proof.
    refused_text(encoded(&[&[0xd9, 0x5d, 0x02], &bytes[3..]].concat()));
}
