//! Whatever a holder chooses to show: that, and nothing else, is what a verifier sees.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::mdoc_world::{MdocWorld, SPACE, transcript};
use super::w3c_world::W3cWorld;
use super::world::{AUDIENCE, NONCE, World, names};
use crate::report::Verdict;

/// The names whose bits are set.
fn chosen<'n>(all: &[&'n str], bits: u8) -> BTreeSet<&'n str> {
    let is_set = |place: &usize| bits & (1 << place) != 0;
    (0..all.len()).filter(is_set).map(|place| all[place]).collect()
}

fn keys<'c>(claims: Option<&'c Map<String, Value>>, always: &[&str]) -> BTreeSet<&'c str> {
    let shown = claims.map(names).unwrap_or_default();
    shown.into_iter().filter(|name| !always.contains(name)).collect()
}

proptest! {
    // Each case signs and verifies some ten times.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn of_an_sd_jwt_vc(bits: u8) {
        let world = World::new();
        let subset = chosen(&["given_name", "family_name", "birthdate", "age", "address"], bits);
        let selected: Vec<&str> = subset.iter().copied().collect();
        let text = world.present_with(&world.issue(&world.template()), &selected, |_| {});
        let report = world.verify(&text);
        prop_assert_eq!(report.verdict, Verdict::Valid);
        prop_assert_eq!(keys(Some(&report.claims), &["exp", "iat", "iss", "nbf", "vct"]), subset);
    }

    #[test]
    fn of_an_mdoc(bits: u8) {
        let world = MdocWorld::new();
        let all = ["family_name", "given_name", "birth_date", "age_over_18", "portrait"];
        let subset = chosen(&all, bits);
        let selected: Vec<&str> = subset.iter().copied().collect();
        let issued = world.authority.issue(&world.template());
        let report = world.verify(&world.present_for(&issued, &selected, &transcript(AUDIENCE, NONCE)));
        prop_assert_eq!(report.verdict, Verdict::Valid);
        let elements = report.claims.get(SPACE).and_then(Value::as_object);
        prop_assert_eq!(keys(elements, &[]), subset);
    }

    #[test]
    fn of_a_w3c_credential_with_a_selective_proof(bits: u8) {
        let world = W3cWorld::new();
        let subset = chosen(&["givenName", "familyName", "birthDate", "address"], bits);
        let pointers: Vec<String> = subset.iter().map(|name| format!("/credentialSubject/{name}")).collect();
        let pointers: Vec<&str> = pointers.iter().map(String::as_str).collect();
        let document = Value::Object(world.template().build().unwrap().document().clone());
        let derived = world.selective(&document, &pointers);
        let presentation = world.present_documents(&[derived], |_| {}).to_string();
        let report = world.verify(presentation.as_bytes());
        prop_assert_eq!(report.verdict, Verdict::Valid);
        let subject = report.claims.get("credentialSubject").and_then(Value::as_object);
        prop_assert_eq!(keys(subject, &["id", "type"]), subset);
    }
}
