//! Exactly what was asked for is disclosed, and exactly what is disclosed was shown.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_wallet_core::present::{Decision, PresentOutcome};
use symbolon_wallet_core::testing::block_on;

use crate::support::World;
use crate::support::verifier::query;
use crate::support::world::french;

/// What the issuer signed in the clear, about the credential and about the person.
const ALWAYS: [&str; 7] = ["iss", "iat", "exp", "vct", "cnf", "status", "document_number"];

/// Presents, and returns the paths that were shown beforehand and the claims that the verifier saw.
fn present(world: &World, asked: &Value) -> (BTreeSet<String>, Map<String, Value>) {
    world.verifier.set_query(query(asked));
    let wallet = world.wallet();
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    let shown = request.asked[0].candidates[0]
        .discloses
        .iter()
        .map(|claim| claim.path.to_string())
        .collect();
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    assert!(matches!(outcome, PresentOutcome::Presented { .. }), "{outcome:?}");
    (shown, world.verifier.answers().pop().unwrap().pop().unwrap())
}

/// The paths of the values about the person.
fn leaves(claims: &Map<String, Value>) -> BTreeSet<String> {
    fn walk(path: &str, value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                members
                    .iter()
                    .for_each(|(name, value)| walk(&format!("{path}.{name}"), value, found));
            }
            _ => {
                found.insert(path.to_owned());
            }
        }
    }
    let mut found = BTreeSet::new();
    let technical = ["iss", "iat", "exp", "vct", "cnf", "status"];
    for (name, value) in claims
        .iter()
        .filter(|(name, _)| !technical.contains(&name.as_str()))
    {
        walk(name, value, &mut found);
    }
    found
}

#[test]
fn every_subset_of_the_claims_is_disclosed_exactly() {
    let selectable = [
        "given_name",
        "family_name",
        "birth_date",
        "age_over_18",
        "nationalities",
    ];
    let world = World::new();
    world.receive();
    for subset in 1_u32..1 << selectable.len() {
        let asked: Vec<&str> = selectable
            .iter()
            .enumerate()
            .filter(|(bit, _)| subset >> bit & 1 == 1)
            .map(|(_, name)| *name)
            .collect();
        let paths: Vec<Value> = asked.iter().map(|name| json!([name])).collect();
        let (shown, claims) = present(&world, &json!(paths));
        let expected: BTreeSet<&str> = asked.iter().copied().chain(ALWAYS).collect();
        assert_eq!(
            claims.keys().map(String::as_str).collect::<BTreeSet<_>>(),
            expected
        );
        assert_eq!(shown, leaves(&claims), "what was shown is what was sent");
    }
}

#[test]
fn a_query_without_claims_gets_only_what_cannot_be_withheld() {
    let world = World::new();
    world.receive();
    let (shown, claims) = present(&world, &json!([]));
    assert_eq!(
        claims.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        BTreeSet::from(ALWAYS)
    );
    assert_eq!(shown, BTreeSet::from(["document_number".to_owned()]));
}

#[test]
fn one_part_of_the_address_does_not_bring_the_street() {
    let world = World::new();
    world.receive();
    let (shown, claims) = present(&world, &json!([["address", "locality"]]));
    // The country is signed in the clear within the address, so it comes with it, and that is shown.
    assert_eq!(
        claims["address"],
        json!({ "locality": "Kindia", "country": "GN" })
    );
    assert_eq!(shown, leaves(&claims));
    let (shown, claims) = present(&world, &json!([["address", "street"]]));
    assert_eq!(claims["address"]["street"], "12 rue des Manguiers");
    assert!(shown.contains("address.street"));
    let (_, claims) = present(&world, &json!([["address"]]));
    assert_eq!(claims["address"].as_object().unwrap().len(), 3);
}

#[test]
fn of_a_list_only_the_elements_asked_for_are_disclosed() {
    let world = World::new();
    world.receive();
    let (_, claims) = present(&world, &json!([["nationalities", 1]]));
    assert_eq!(claims["nationalities"], json!(["SN"]));
    let (_, claims) = present(&world, &json!([["nationalities", null]]));
    assert_eq!(claims["nationalities"], json!(["GN", "SN"]));
    let path: ClaimsPath = serde_json::from_value(json!(["nationalities", 0])).unwrap();
    assert_eq!(path.to_string(), "nationalities[0]");
}

#[test]
fn a_value_that_does_not_match_is_as_if_absent() {
    let world = World::new();
    world.receive();
    let wallet = world.wallet();
    let mut wanted = query(&json!([["age_over_18"]]));
    wanted["credentials"][0]["claims"][0]["values"] = json!([false]);
    world.verifier.set_query(wanted);
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    assert_eq!(request.smallest_choice(), None);
    assert!(request.asked[0].candidates.is_empty());
}
