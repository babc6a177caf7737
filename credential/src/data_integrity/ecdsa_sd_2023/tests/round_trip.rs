use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::data_integrity::JsonLdProcessor as _;
use crate::data_integrity::ecdsa_sd_2023::selection;
use crate::data_integrity::ecdsa_sd_2023::{DeriveError, SelectionError, derive, verify, verify_base};

/// Pointers to everything that can be shown by itself.
fn every_pointer(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) if !members.contains_key("@value") => {
            for (name, member) in members {
                if !matches!(name.as_str(), "@context" | "id") {
                    found.push(format!("{place}/{name}"));
                    every_pointer(member, &format!("{place}/{name}"), found);
                }
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                found.push(format!("{place}/{index}"));
                every_pointer(element, &format!("{place}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn choice(chosen: &[Index]) -> Vec<JsonPointer> {
    let mut all = Vec::new();
    every_pointer(&document(), "", &mut all);
    let chosen: BTreeSet<&String> = chosen.iter().map(|index| index.get(&all)).collect();
    chosen
        .into_iter()
        .map(|text| JsonPointer::parse(text).unwrap())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_verifier_sees_exactly_what_is_mandatory_and_what_was_selected(
        mandatory in proptest::collection::vec(any::<Index>(), 0..4),
        selective in proptest::collection::vec(any::<Index>(), 0..6),
    ) {
        let (mandatory, selective) = (choice(&mandatory), choice(&selective));
        let document = document();
        let secured = issue(&document, &mandatory).unwrap();
        prop_assert_eq!(&*verify_base(&secured, &issuer(), json_ld(), &RustCryptoProvider).unwrap(), &document);
        let shown: Vec<&JsonPointer> = mandatory.iter().chain(&selective).collect();
        match selection::select(&document, &shown).unwrap() {
            None => prop_assert_eq!(derive(&secured, &selective, json_ld()), Err(DeriveError::NothingSelected)),
            Some(expected) => {
                let derived = derive(&secured, &selective, json_ld()).unwrap();
                let verified = verify(&derived, &issuer(), json_ld(), &RustCryptoProvider).unwrap();
                prop_assert_eq!(&*verified, &expected);
                // And nothing of it in the proof: the statements of what is withheld have no signature there.
                let statements = FlatJsonLd.to_statements(&expected, &CONTEXTS, JsonLdBudget::DEFAULT).unwrap();
                let value = super::super::proof_value::DerivedProofValue::parse(derived["proof"]["proofValue"].as_str().unwrap()).unwrap();
                let distinct: BTreeSet<_> = statements.iter().collect();
                prop_assert!(value.signatures.len() + value.mandatory_indexes.len() <= distinct.len());
            }
        }
    }
}

#[test]
fn each_subject_can_be_shown_without_the_other() {
    let secured = issue(&document(), &pointers(&["/issuer"])).unwrap();
    for (pointer, name) in [
        ("/credentialSubject/0/givenName", "Asha"),
        ("/credentialSubject/1/givenName", "Dev"),
    ] {
        let derived = derive(&secured, &pointers(&[pointer]), json_ld()).unwrap();
        let verified = verify(&derived, &issuer(), json_ld(), &RustCryptoProvider).unwrap();
        assert_eq!(verified["credentialSubject"].as_array().unwrap().len(), 1);
        assert_eq!(verified["credentialSubject"][0]["givenName"], name);
    }
}

#[test]
fn a_derived_document_has_no_second_derivation() {
    let secured = issue(&document(), &pointers(&["/issuer"])).unwrap();
    let derived = derive(&secured, &pointers(&["/validFrom"]), json_ld()).unwrap();
    assert!(matches!(
        derive(&derived, &pointers(&["/validFrom"]), json_ld()),
        Err(DeriveError::ProofValue(_))
    ));
    assert!(verify_base(&derived, &issuer(), json_ld(), &RustCryptoProvider).is_err());
}

#[test]
fn a_pointer_into_a_single_value_or_to_nothing_is_refused() {
    let secured = issue(&document(), &[]).unwrap();
    let refused = |pointer| derive(&secured, &pointers(&[pointer]), json_ld());
    assert_eq!(
        refused("/credentialSubject/0/name/0/@value"),
        Err(DeriveError::Selection(SelectionError::PartOfStatement))
    );
    assert!(matches!(
        refused("/credentialSubject/2"),
        Err(DeriveError::Selection(SelectionError::Pointer(_)))
    ));
    assert!(matches!(
        issue(&document(), &pointers(&["/nothing"])),
        Err(IssueError::Selection(SelectionError::Pointer(_)))
    ));
}

#[test]
fn a_base_proof_is_not_put_on_a_secured_document_or_on_what_is_no_document() {
    let secured = issue(&document(), &[]).unwrap();
    assert_eq!(issue(&secured, &[]), Err(IssueError::Document));
    assert_eq!(issue(&json!([]), &[]), Err(IssueError::Document));
    let mut unknown = document();
    unknown["unknown"] = json!(1);
    assert!(issue(&unknown, &[]).is_err());
}

#[test]
fn a_base_proof_of_another_document_is_not_derived_from() {
    let mut secured = issue(&document(), &[]).unwrap();
    secured["description"] = json!("more");
    assert_eq!(
        derive(&secured, &pointers(&["/validFrom"]), json_ld()),
        Err(DeriveError::OtherDocument)
    );
}
