//! For random people and random queries: the verifier sees exactly what was asked for and what cannot be withheld, and that is
//! what the holder was shown.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::test_runner::Config;
use serde_json::{Map, Value, json};
use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_wallet_core::present::{Decision, PresentOutcome};
use symbolon_wallet_core::testing::block_on;

use crate::support::formats::NAMESPACE;
use crate::support::issuer::{CONFIGURATION, TYPE, path};
use crate::support::verifier::credential_query;
use crate::support::world::french;
use crate::support::{Kind, World};

/// A person with some of the claims, and some of the claims of that person to ask for.
fn person_and_query() -> impl Strategy<Value = (Map<String, Value>, Vec<Value>)> {
    let text = "[a-zA-Zéأ][a-zA-Z éأ-]{0,12}";
    let address = (text, proptest::option::of(text)).prop_map(|(locality, street)| {
        let mut address = json!({ "locality": locality, "country": "GN" });
        if let Some(street) = street {
            address["street"] = json!(street);
        }
        address
    });
    let nationalities = subsequence(vec!["GN", "SN", "ML", "CI"], 1..=4);
    let claims = (
        proptest::option::of(text),
        proptest::option::of(text),
        proptest::option::of(any::<bool>()),
        proptest::option::of(address),
        proptest::option::of(nationalities),
        text,
    );
    claims
        .prop_map(
            |(given_name, family_name, adult, address, nationalities, number)| {
                let members = [
                    ("given_name", given_name.map(Value::from)),
                    ("family_name", family_name.map(Value::from)),
                    ("age_over_18", adult.map(Value::from)),
                    ("address", address),
                    ("nationalities", nationalities.map(|list| json!(list))),
                    ("document_number", Some(Value::from(number))),
                ];
                let members = members.into_iter();
                members
                    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                    .collect::<Map<String, Value>>()
            },
        )
        .prop_flat_map(|person| {
            let mut paths: Vec<Value> = person.keys().map(|name| json!([name])).collect();
            for name in person
                .get("address")
                .and_then(Value::as_object)
                .into_iter()
                .flat_map(Map::keys)
            {
                paths.push(json!(["address", name]));
            }
            let count = paths.len();
            (Just(person), subsequence(paths, 0..=count))
        })
}

/// What of `claims` stands at one of `paths`.
fn picked(claims: &Map<String, Value>, paths: &[ClaimsPath]) -> Map<String, Value> {
    let mut picked = Map::new();
    for path in paths {
        let value = path.select(claims).unwrap()[0].clone();
        match path.parts() {
            [PathPart::Key(name)] => {
                picked.insert(name.clone(), value);
            }
            [PathPart::Key(outer), PathPart::Key(inner)] => {
                let members = picked.entry(outer.clone()).or_insert_with(|| json!({}));
                members.as_object_mut().unwrap().insert(inner.clone(), value);
            }
            other => panic!("{other:?}"),
        }
    }
    picked
}

/// The paths below `framing` that were shown before consent, with their values.
fn present(world: &World, query: Value, framing: Option<&str>) -> (BTreeSet<String>, Map<String, Value>) {
    world.verifier.set_query(json!({ "credentials": [query] }));
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    let discloses = request.asked[0].candidates[0].discloses.clone();
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    assert!(matches!(outcome, PresentOutcome::Presented { .. }), "{outcome:?}");
    let seen = world.verifier.answers().pop().unwrap().pop().unwrap();
    for claim in &discloses {
        let found = claim.path.select(&seen).unwrap();
        if claim.languages.is_empty() {
            assert_eq!(found, [&claim.value], "{}", claim.path);
        }
    }
    let shown = discloses.iter().map(|claim| claim.path.to_string());
    let claims = match framing {
        None => seen,
        Some(name) => seen
            .get(name)
            .map(|value| value.as_object().unwrap().clone())
            .unwrap_or_default(),
    };
    (shown.collect(), claims)
}

/// The paths of the values in `claims`, as consent has them.
fn leaves(framing: &str, claims: &Map<String, Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, value) in claims {
        match value {
            Value::Object(members) if framing == "credentialSubject" => {
                found.extend(members.keys().map(|inner| format!("{framing}.{name}.{inner}")));
            }
            _ => {
                found.insert(format!("{framing}.{name}"));
            }
        }
    }
    found.remove("credentialSubject.id");
    found
}

fn paths(asked: &[Value]) -> Vec<ClaimsPath> {
    asked.iter().map(path).collect()
}

fn framed(framing: &str, path: &Value) -> Value {
    let mut parts = vec![json!(framing)];
    parts.extend(path.as_array().unwrap().iter().cloned());
    Value::Array(parts)
}

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, ..Config::default() })]

    #[test]
    fn of_an_mdoc_exactly_the_elements_that_were_asked_for((person, asked) in person_and_query()) {
        let world = World::new();
        world.issuer.set_person(person.clone());
        world.receive_kind(Kind::Mdoc);
        let asked: Vec<Value> = asked.into_iter().filter(|path| path.as_array().unwrap().len() == 1).collect();
        let query = Kind::Mdoc.query("identity", &asked.iter().map(|path| framed(NAMESPACE, path)).collect::<Vec<_>>());
        let (shown, seen) = present(&world, query, Some(NAMESPACE));
        prop_assert_eq!(&seen, &picked(&person, &paths(&asked)));
        prop_assert_eq!(shown, leaves(NAMESPACE, &seen));
    }

    #[test]
    fn of_an_sd_jwt_exactly_the_claims_that_were_asked_for((person, asked) in person_and_query()) {
        let world = World::new();
        world.issuer.set_person(person.clone());
        world.receive_link(&world.issuer.offer_of(&[CONFIGURATION]));
        let claims: Vec<Value> = asked.iter().map(|path| json!({ "path": path })).collect();
        let (_, mut seen) = present(&world, credential_query("identity", TYPE, &claims), None);
        let mut expected = paths(&asked);
        // In the clear: the number, and the parts of an address that is shown but for the street.
        expected.push(path(&json!(["document_number"])));
        if expected.iter().any(|path| path.first_key() == Some("address")) {
            expected.extend(["locality", "country"].map(|name| path(&json!(["address", name]))));
        }
        for technical in ["iss", "iat", "exp", "vct", "cnf", "status"] {
            seen.shift_remove(technical);
        }
        prop_assert_eq!(seen, picked(&person, &expected));
    }
}

proptest! {
    #![proptest_config(Config { cases: 12, failure_persistence: None, ..Config::default() })]

    #[test]
    fn of_a_selective_document_exactly_the_statements_that_were_asked_for((person, asked) in person_and_query()) {
        let world = World::new();
        world.issuer.set_person(person.clone());
        world.receive_kind(Kind::EcdsaSd);
        let framed: Vec<Value> = asked.iter().map(|path| framed("credentialSubject", path)).collect();
        let query = Kind::EcdsaSd.query("identity", &framed);
        let (shown, mut seen) = present(&world, query, Some("credentialSubject"));
        prop_assert_eq!(shown, leaves("credentialSubject", &seen));
        prop_assert!(seen.shift_remove("id").is_some());
        let mut expected = paths(&asked);
        expected.push(path(&json!(["document_number"])));
        prop_assert_eq!(seen, picked(&person, &expected));
    }

    #[test]
    fn what_cannot_be_shown_in_part_is_shown_whole_and_says_so((person, asked) in person_and_query()) {
        for kind in [Kind::Jwt, Kind::EddsaRdfc, Kind::EcdsaJcs] {
            let world = World::new();
            world.issuer.set_person(person.clone());
            world.receive_kind(kind);
            let framed: Vec<Value> = asked.iter().map(|path| framed("credentialSubject", path)).collect();
            let (shown, mut seen) = present(&world, kind.query("identity", &framed), Some("credentialSubject"));
            prop_assert_eq!(shown, leaves("credentialSubject", &seen));
            prop_assert!(seen.shift_remove("id").is_some());
            prop_assert!(seen.shift_remove("full_name").is_some());
            prop_assert_eq!(&seen, &person);
        }
    }
}
