//! Which credentials go together.

use serde_json::{Value, json};

use super::{candidate, id, paths, person, query};
use crate::dcql::*;

pub(super) fn two_with_sets() -> DcqlQuery {
    query(&json!({
        "credentials": [
            {"id": "passport", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:passport"]}},
            {"id": "identity", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:identity"]}},
            {"id": "loyalty", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:loyalty"]}},
            {"id": "mobile", "format": "mso_mdoc", "meta": {"doctype_value": "x"}}
        ],
        "credential_sets": [
            {"options": [["mobile"], ["passport"], ["identity"]]},
            {"options": [["loyalty"]], "required": false}
        ]
    }))
    .unwrap()
}

#[test]
fn the_wallet_takes_the_first_combination_it_can_satisfy() {
    let claims = person();
    let candidates = [
        candidate("urn:loyalty", &claims),
        candidate("urn:identity", &claims),
    ];
    let matches = match_query(&two_with_sets(), &candidates, &paths).unwrap();
    let answer: Vec<(&str, usize)> = matches
        .answer()
        .iter()
        .map(|found| (found.query.as_str(), found.candidate))
        .collect();
    assert_eq!(answer, [("identity", 1)]);
    assert_eq!(matches.optional(), [id("loyalty")]);
    assert_eq!(matches.for_query(&id("loyalty")).count(), 1);
}

#[test]
fn an_unsatisfied_query_gets_nothing_at_all() {
    let claims = person();
    let candidates = [candidate("urn:loyalty", &claims)];
    let unsatisfied = match_query(&two_with_sets(), &candidates, &paths).unwrap_err();
    assert_eq!(unsatisfied.missing, [id("mobile")]);
}

/// Queries of these names, each for a type of its name, with these sets: options, and whether one is required.
fn sets(names: &[&str], sets: &[(&[&[&str]], bool)]) -> DcqlQuery {
    let credential = |name: &&str| {
        let kind = format!("urn:{name}");
        json!({"id": name, "format": "dc+sd-jwt", "meta": {"vct_values": [kind]}, "claims": [{"path": ["given_name"]}]})
    };
    let credentials: Vec<Value> = names.iter().map(credential).collect();
    let sets = sets
        .iter()
        .map(|(options, required)| json!({"options": options, "required": required}));
    let sets: Vec<Value> = sets.collect();
    query(&json!({"credentials": credentials, "credential_sets": sets})).unwrap()
}

#[test]
fn a_combination_is_one_option_of_each_required_set_and_nothing_else() {
    let asked = sets(
        &["pid", "other", "one", "two", "nice", "nicer", "stray"],
        &[
            (&[&["pid"], &["other"], &["one", "two"]], true),
            (&[&["nice"], &["nicer"]], false),
        ],
    );
    let check = |ids: &[&str]| {
        let ids: Vec<QueryId> = ids.iter().map(|it| id(it)).collect();
        asked.check_combination(&ids.iter().collect())
    };
    let unneeded = |name: &str| Err(CombinationDefect::Unneeded { query: id(name) });
    assert_eq!(check(&["pid"]), Ok(()));
    assert_eq!(check(&["one", "two"]), Ok(()));
    assert_eq!(check(&["other", "nice"]), Ok(()));
    assert_eq!(check(&[]), Err(CombinationDefect::Incomplete));
    assert_eq!(check(&["one", "nice"]), Err(CombinationDefect::Incomplete));
    assert_eq!(check(&["pid", "two"]), unneeded("two"), "half an option");
    assert_eq!(check(&["pid", "other"]), unneeded("other"), "two alternatives");
    assert_eq!(
        check(&["pid", "nice", "nicer"]),
        unneeded("nicer"),
        "two welcome ones"
    );
    assert_eq!(check(&["pid", "stray"]), unneeded("stray"), "in no set");
}

#[test]
fn a_query_of_several_sets_may_be_there_for_any_of_them() {
    let asked = sets(
        &["a", "b", "c"],
        &[(&[&["a"], &["b"]], true), (&[&["b", "c"], &["a"]], false)],
    );
    let check = |ids: &[&str]| {
        let ids: Vec<QueryId> = ids.iter().map(|it| id(it)).collect();
        asked.check_combination(&ids.iter().collect())
    };
    assert_eq!(check(&["a"]), Ok(()));
    assert_eq!(check(&["a", "b", "c"]), Ok(()));
    assert_eq!(check(&["b", "c"]), Ok(()));
    assert!(check(&["a", "c"]).is_err());
}

#[test]
fn of_options_and_of_credentials_that_fit_the_one_is_preferred_that_discloses_least() {
    let asked = sets(&["whole", "part"], &[(&[&["whole"], &["part"]], true)]);
    let claims = person();
    let candidates = [
        candidate("urn:whole", &claims),
        candidate("urn:part", &claims),
        candidate("urn:part", &claims),
    ];
    let disclosed = [9, 5, 3];
    let matches = match_query(&asked, &candidates, &|place, _| disclosed[place]).unwrap();
    let answer: Vec<usize> = matches.answer().iter().map(|found| found.candidate).collect();
    assert_eq!(answer, [2]);
    let part = id("part");
    let order: Vec<usize> = matches.for_query(&part).map(|found| found.candidate).collect();
    assert_eq!(order, [2, 1]);
}

#[test]
fn what_one_set_needs_already_answers_another_that_would_take_it() {
    // The second set would rather have the cheap one, but the first needs the dear one, which is enough for both.
    let asked = sets(
        &["cheap", "dear"],
        &[(&[&["cheap"], &["dear"]], true), (&[&["dear"]], true)],
    );
    let claims = person();
    let candidates = [candidate("urn:cheap", &claims), candidate("urn:dear", &claims)];
    let matches = match_query(&asked, &candidates, &|place, _| 1 + place * 8).unwrap();
    let answer: Vec<&str> = matches
        .answer()
        .iter()
        .map(|found| found.query.as_str())
        .collect();
    assert_eq!(answer, ["dear"]);
}

#[test]
fn the_option_that_lacks_least_says_what_is_missing() {
    let asked = sets(&["a", "b", "c"], &[(&[&["a", "b"], &["b", "c"]], true)]);
    let claims = person();
    let unsatisfied = match_query(&asked, &[candidate("urn:c", &claims)], &paths).unwrap_err();
    assert_eq!(unsatisfied.missing, [id("b")]);
}

/// As many sets and options as are read, each of many queries, all of which every candidate answers: weighed one after another.
#[test]
fn the_largest_sets_are_matched_without_a_search() {
    let names: Vec<String> = (0..MAX_CREDENTIAL_QUERIES)
        .map(|name| format!("q{name}"))
        .collect();
    let credentials: Vec<Value> = names
        .iter()
        .map(|name| json!({"id": name, "format": "dc+sd-jwt", "meta": {}, "multiple": true}))
        .collect();
    let option = |from: usize| -> Vec<&String> { names.iter().cycle().skip(from).take(3).collect() };
    let options: Vec<Vec<&String>> = (0..MAX_OPTIONS).map(option).collect();
    let sets: Vec<Value> = (0..MAX_CREDENTIAL_SETS)
        .map(|_| json!({ "options": options }))
        .collect();
    let asked = query(&json!({"credentials": credentials, "credential_sets": sets})).unwrap();
    let claims = person();
    let candidates: Vec<Candidate<'_>> = (0..64).map(|_| candidate("urn:identity", &claims)).collect();
    let matches = match_query(&asked, &candidates, &paths).unwrap();
    let answer = matches.answer();
    assert_eq!(answer.len(), 3);
    let ids = answer.iter().map(|found| &found.query).collect();
    assert_eq!(asked.check_combination(&ids), Ok(()));
    let everything = names.iter().map(|name| id(name)).collect::<Vec<_>>();
    // Every query stands in every set: each may be there for another one.
    assert_eq!(asked.check_combination(&everything.iter().collect()), Ok(()));
}
