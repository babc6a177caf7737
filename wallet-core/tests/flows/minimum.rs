//! For random people, credentials of every format and random queries: the verifier is sent exactly the minimum, which is worked out here by
//! hand from the JSON of person and query, leaf by leaf; and after a refusal nothing, whatever is called.
//!
//! A Claim 169 card is no credential of DCQL: it is shown whole, by its own code, and a query never reaches it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use proptest::test_runner::Config;
use serde_json::{Map, Value, json};
use symbolon_protocol::dcql::QueryId;
use symbolon_wallet_core::present::{Choice, ConsentRequest, Decision, PresentOutcome};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{CredentialId, Resumed, WalletError};

use crate::support::formats::NAMESPACE;
use crate::support::issuer::{CONFIGURATION, TYPE};
use crate::support::world::french;
use crate::support::{Kind, World};

type Person = Map<String, Value>;
/// Where a leaf stands: the names of members and the places of elements.
type Place = Vec<String>;

/// What a random query asks of. The first two are SD-JWT VCs of two people.
const FORMATS: [&str; 4] = ["dc+sd-jwt", "mso_mdoc", "jwt_vc_json", "ldp_vc"];

/// What there is to ask for. The last is in no credential.
const PATHS: [&str; 12] = [
    r#"["given_name"]"#,
    r#"["family_name"]"#,
    r#"["age_over_18"]"#,
    r#"["document_number"]"#,
    r#"["address"]"#,
    r#"["address", "locality"]"#,
    r#"["address", "street"]"#,
    r#"["nationalities"]"#,
    r#"["nationalities", null]"#,
    r#"["nationalities", 1]"#,
    r#"["birth_date"]"#,
    r#"["portrait"]"#,
];

/// What a random world holds and is asked.
#[derive(Debug, Clone)]
struct Case {
    people: [Person; 2],
    /// Whether there is a document with a proof of ecdsa-sd-2023, which takes long to make.
    selective_document: bool,
    query: Value,
}

fn person() -> impl Strategy<Value = Person> {
    let address = proptest::option::of(proptest::option::of("[a-z]{1,8}"));
    let nationalities = proptest::option::of(subsequence(vec!["GN", "SN", "ML", "CI"], 1..=4));
    (
        proptest::option::of(prop_oneof![Just("Amina"), Just("Binta")]),
        proptest::option::of("[A-Za-zéأ]{1,8}"),
        proptest::option::of(any::<bool>()),
        address,
        nationalities,
        any::<bool>(),
    )
        .prop_map(|(given, family, adult, address, nationalities, born)| {
            let address = address.map(|street| {
                let mut address = json!({ "locality": "Kindia", "country": "GN" });
                if let Some(street) = street {
                    address["street"] = json!(street);
                }
                address
            });
            let members = [
                ("given_name", given.map(Value::from)),
                ("family_name", family.map(Value::from)),
                ("age_over_18", adult.map(Value::from)),
                ("address", address),
                ("nationalities", nationalities.map(|list| json!(list))),
                ("birth_date", born.then(|| json!("1990-04-05"))),
                ("document_number", Some(json!("D-1"))),
            ];
            let members = members.into_iter();
            members
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect()
        })
}

fn case() -> impl Strategy<Value = Case> {
    let values = prop_oneof![
        4 => Just(None),
        2 => Just(Some(json!(["Amina", "Binta", true, "GN", "SN", "Kindia", "D-1"]))),
        1 => Just(Some(json!(["true", 1, "Nobody"]))),
    ];
    let claims = prop::collection::vec((0..PATHS.len(), values), 0..5);
    let claim_sets = prop::option::of(prop::collection::vec(
        prop::collection::vec(any::<Index>(), 1..3),
        1..4,
    ));
    let asked = (0..FORMATS.len(), claims, claim_sets, any::<bool>());
    let option = prop::collection::vec(any::<Index>(), 1..3);
    let sets = prop::collection::vec((prop::collection::vec(option, 1..4), any::<bool>()), 1..3);
    (
        [person(), person()],
        prop::bool::weighted(0.25),
        prop::collection::vec(asked, 1..4),
        prop::option::of(sets),
    )
        .prop_map(|(people, selective_document, asked, sets)| {
            let queries: Vec<Value> = asked.into_iter().enumerate().map(credential_query).collect();
            let mut query = json!({ "credentials": queries });
            if let Some(sets) = sets {
                let name = |at: &Index| format!("q{}", at.index(queries.len()));
                let sets = sets.iter().enumerate().map(|(place, (options, required))| {
                    let options: Vec<BTreeSet<String>> = options
                        .iter()
                        .map(|option| option.iter().map(name).collect())
                        .collect();
                    json!({ "options": options, "required": place == 0 || *required })
                });
                query["credential_sets"] = sets.collect();
            }
            Case {
                people,
                selective_document,
                query,
            }
        })
}

type Asked = (usize, Vec<(usize, Option<Value>)>, Option<Vec<Vec<Index>>>, bool);

fn credential_query((place, (format, claims, sets, multiple)): (usize, Asked)) -> Value {
    let format = FORMATS[format];
    let mut seen = BTreeSet::new();
    let claims: Vec<Value> = claims
        .into_iter()
        .filter(|(path, _)| seen.insert(*path))
        .filter_map(|(path, values)| {
            let mut parts: Vec<Value> = serde_json::from_str(PATHS[path]).unwrap();
            match format {
                // An element of an mdoc is asked for whole (OpenID4VP §7.2).
                "mso_mdoc" if parts.len() > 1 => return None,
                "mso_mdoc" => parts.insert(0, json!(NAMESPACE)),
                // Statements about a list have no order to name one of them by.
                "ldp_vc" if parts.len() > 1 && parts[0] == "nationalities" => return None,
                "ldp_vc" | "jwt_vc_json" => parts.insert(0, json!("credentialSubject")),
                _ => {}
            }
            let mut claim = json!({ "id": format!("c{path}"), "path": parts });
            if let Some(values) = values {
                claim["values"] = values;
            }
            Some(claim)
        })
        .collect();
    let meta = match format {
        "dc+sd-jwt" => json!({ "vct_values": [TYPE] }),
        "mso_mdoc" => Kind::Mdoc.query("q", &[])["meta"].clone(),
        _ => Kind::Jwt.query("q", &[])["meta"].clone(),
    };
    let mut query =
        json!({ "id": format!("q{place}"), "format": format, "meta": meta, "multiple": multiple });
    if claims.is_empty() {
        return query;
    }
    if let Some(sets) = sets {
        let name = |at: &Index| claims[at.index(claims.len())]["id"].clone();
        let sets: Vec<Vec<Value>> = sets.iter().map(|set| set.iter().map(name).collect()).collect();
        query["claim_sets"] = json!(sets);
    }
    query["claims"] = json!(claims);
    query
}

/// Every value that is neither list nor object, with its place.
fn leaves(value: &Value, place: &[String], found: &mut Vec<Place>) {
    let below = |name: String| [place.to_vec(), vec![name]].concat();
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                leaves(member, &below(name.clone()), found);
            }
        }
        Value::Array(elements) => {
            for (at, element) in elements.iter().enumerate() {
                leaves(element, &below(at.to_string()), found);
            }
        }
        _ => found.push(place.to_vec()),
    }
}

/// The places that a claim query names in `person`, and that have one of its values; `None` when it is not met.
fn named(claim: &Value, format: &str, person: &Value) -> Option<Vec<Place>> {
    let parts = claim["path"].as_array().unwrap();
    let parts = &parts[usize::from(format != "dc+sd-jwt")..];
    let mut found = vec![(Place::new(), person)];
    for part in parts {
        let mut next = Vec::new();
        for (place, value) in found {
            let mut add = |name: String, value| next.push(([place.clone(), vec![name]].concat(), value));
            match part {
                Value::String(name) => add(name.clone(), value.as_object()?.get(name)?),
                Value::Null => {
                    for (at, element) in value.as_array()?.iter().enumerate() {
                        add(at.to_string(), element);
                    }
                }
                at => {
                    let at = usize::try_from(at.as_u64()?).ok()?;
                    add(at.to_string(), value.as_array()?.get(at)?);
                }
            }
        }
        found = next;
    }
    let fits = |value: &Value| claim["values"].as_array().is_none_or(|all| all.contains(value));
    let places: Vec<Place> = found
        .into_iter()
        .filter(|(_, value)| fits(value))
        .map(|(place, _)| place)
        .collect();
    (!places.is_empty()).then_some(places)
}

/// What of `person` answers a credential query at the least; `None` when nothing does.
fn expected(query: &Value, person: &Person) -> Option<Value> {
    let format = query["format"].as_str().unwrap();
    let whole = Value::Object(person.clone());
    let no_claims = Vec::new();
    let asked = query["claims"].as_array().unwrap_or(&no_claims);
    let sets: Vec<Vec<&Value>> = match query["claim_sets"].as_array() {
        None => vec![asked.iter().collect()],
        Some(sets) => {
            let of_set = |set: &Value| {
                let ids = set.as_array().unwrap();
                asked.iter().filter(|claim| ids.contains(&claim["id"])).collect()
            };
            sets.iter().map(of_set).collect()
        }
    };
    let places = sets.iter().find_map(|set| {
        let named = set.iter().map(|claim| named(claim, format, &whole));
        named.collect::<Option<Vec<_>>>().map(|places| places.concat())
    })?;
    let mut all = Vec::new();
    leaves(&whole, &[], &mut all);
    let is_asked = |leaf: &Place| places.iter().any(|place| leaf.starts_with(place));
    let asks_address = all.iter().any(|leaf| leaf[0] == "address" && is_asked(leaf));
    let is_shown = |leaf: &Place| match format {
        "jwt_vc_json" => true,
        "mso_mdoc" => is_asked(leaf),
        // The number is signed in the clear, and so are the parts of an address that is shown, but for the street.
        "dc+sd-jwt" => {
            let with_address = asks_address && leaf[0] == "address" && leaf[1] != "street";
            is_asked(leaf) || leaf[0] == "document_number" || with_address
        }
        _ => is_asked(leaf) || leaf[0] == "document_number",
    };
    let shown: BTreeSet<Place> = all.iter().filter(|leaf| is_shown(leaf)).cloned().collect();
    Some(pruned(&whole, &[], &shown).unwrap_or_else(|| json!({})))
}

/// `value` with these leaves alone.
fn pruned(value: &Value, place: &[String], shown: &BTreeSet<Place>) -> Option<Value> {
    let below = |name: String| [place.to_vec(), vec![name]].concat();
    match value {
        Value::Object(members) => {
            let members: Map<String, Value> = members
                .iter()
                .filter_map(|(name, member)| {
                    Some((name.clone(), pruned(member, &below(name.clone()), shown)?))
                })
                .collect();
            (!members.is_empty()).then_some(Value::Object(members))
        }
        Value::Array(elements) => {
            let elements: Vec<Value> = elements
                .iter()
                .enumerate()
                .filter_map(|(at, element)| pruned(element, &below(at.to_string()), shown))
                .collect();
            (!elements.is_empty()).then_some(Value::Array(elements))
        }
        leaf => shown.contains(place).then(|| leaf.clone()),
    }
}

/// What a verifier saw of the person, without what is about the credential.
fn about_the_person(format: &str, seen: &Map<String, Value>) -> Value {
    let technical = ["iss", "iat", "exp", "vct", "cnf", "status", "id", "full_name"];
    let framed = match format {
        "dc+sd-jwt" => Value::Object(seen.clone()),
        "mso_mdoc" => seen.get(NAMESPACE).cloned().unwrap_or_else(|| json!({})),
        _ => seen["credentialSubject"].clone(),
    };
    let members = framed.as_object().unwrap().iter();
    // Whatever the format, the order of members says nothing.
    let sorted: BTreeMap<_, _> = members
        .filter(|(name, _)| !technical.contains(&name.as_str()))
        .collect();
    json!(sorted)
}

struct Held {
    format: &'static str,
    person: Person,
}

fn receive(case: &Case) -> (World, BTreeMap<CredentialId, Held>) {
    let world = World::new();
    let mut held = BTreeMap::new();
    let mut kinds = vec![
        (CONFIGURATION, "dc+sd-jwt", 0),
        (CONFIGURATION, "dc+sd-jwt", 1),
        (Kind::Mdoc.configuration(), "mso_mdoc", 0),
        (Kind::Jwt.configuration(), "jwt_vc_json", 1),
    ];
    if case.selective_document {
        kinds.push((Kind::EcdsaSd.configuration(), "ldp_vc", 0));
    }
    for (configuration, format, person) in kinds {
        let person = case.people[person].clone();
        world.issuer.set_person(person.clone());
        let id = world.receive_link(&world.issuer.offer_of(&[configuration]));
        held.insert(id, Held { format, person });
    }
    (world, held)
}

fn ask(world: &World) -> ConsentRequest {
    block_on(
        world
            .wallet()
            .present(&world.verifier.request(), &french(), world.now),
    )
    .unwrap()
}

/// The names of the queries that something answers.
fn answerable(case: &Case, held: &BTreeMap<CredentialId, Held>) -> BTreeSet<String> {
    let queries = case.query["credentials"].as_array().unwrap();
    let is_answered = |query: &&Value| {
        held.values()
            .any(|one| query["format"] == one.format && expected(query, &one.person).is_some())
    };
    queries
        .iter()
        .filter(is_answered)
        .map(|query| query["id"].as_str().unwrap().to_owned())
        .collect()
}

fn options(set: &Value) -> Vec<BTreeSet<String>> {
    serde_json::from_value(set["options"].clone()).unwrap()
}

fn required_sets(query: &Value) -> Vec<&Value> {
    let sets = query["credential_sets"].as_array().into_iter().flatten();
    sets.filter(|set| set["required"] == json!(true)).collect()
}

/// Whether these queries are enough for the verifier.
fn suffices(query: &Value, answered: &BTreeSet<String>) -> bool {
    if query["credential_sets"].is_null() {
        let mut all = query["credentials"].as_array().unwrap().iter();
        return all.all(|one| answered.contains(one["id"].as_str().unwrap()));
    }
    let is_met = |set: &&Value| options(set).iter().any(|option| option.is_subset(answered));
    required_sets(query).iter().all(is_met)
}

/// How many claims a verifier would see at the least who is answered these queries.
fn cost(request: &ConsentRequest, queries: &BTreeSet<String>) -> usize {
    let asked = request
        .asked
        .iter()
        .filter(|asked| queries.contains(asked.query.as_str()));
    asked
        .map(|asked| {
            let candidates = asked.candidates.iter();
            candidates
                .map(|candidate| candidate.discloses.len())
                .min()
                .unwrap()
        })
        .sum()
}

fn refuse(world: &World, request: &ConsentRequest) -> Result<(), TestCaseError> {
    let wallet = world.wallet();
    let (signatures, before) = (world.keys.signatures(), world.verifier.tokens().len());
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Decline, world.now));
    prop_assert_eq!(outcome, Ok(PresentOutcome::Declined));
    let choice = request.smallest_choice().unwrap_or_default();
    let changed = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now));
    prop_assert_eq!(changed, Err(WalletError::WrongStage));
    let resumed = block_on(wallet.resume(request.flow, world.now));
    prop_assert_eq!(resumed, Ok(Resumed::Presenting(PresentOutcome::Declined)));
    block_on(wallet.recover(world.now)).unwrap();
    prop_assert_eq!(world.verifier.tokens().len(), before, "nothing was sent");
    prop_assert_eq!(world.keys.signatures(), signatures, "and nothing signed");
    let errors = world.verifier.errors();
    prop_assert_eq!(errors.last().map(String::as_str), Some("access_denied"));
    Ok(())
}

/// The smallest choice is enough, and no part of it can be left out.
fn check_choice(case: &Case, request: &ConsentRequest, choice: &Choice) -> Result<(), TestCaseError> {
    let chosen: BTreeSet<String> = choice.iter().map(|(id, _)| id.as_str().to_owned()).collect();
    prop_assert!(suffices(&case.query, &chosen));
    for one in &chosen {
        let mut fewer = chosen.clone();
        fewer.remove(one);
        prop_assert!(
            fewer.is_empty() || !suffices(&case.query, &fewer),
            "{} is not needed",
            one
        );
    }
    if let [set] = required_sets(&case.query).as_slice() {
        let answered: BTreeSet<String> = request
            .asked
            .iter()
            .filter(|asked| !asked.candidates.is_empty())
            .map(|asked| asked.query.as_str().to_owned())
            .collect();
        let costs = options(set)
            .into_iter()
            .filter(|option| option.is_subset(&answered))
            .map(|option| cost(request, &option));
        prop_assert_eq!(Some(cost(request, &chosen)), costs.min());
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 96, failure_persistence: None, ..Config::default() })]

    #[test]
    fn exactly_the_minimum_is_disclosed_and_nothing_after_a_refusal(case in case()) {
        let (world, held) = receive(&case);
        world.verifier.set_query(case.query.clone());
        let answerable = answerable(&case, &held);
        let request = ask(&world);
        refuse(&world, &request)?;
        let request = ask(&world);
        for asked in &request.asked {
            let name = asked.query.as_str();
            prop_assert_eq!(!asked.candidates.is_empty(), answerable.contains(name), "{}", name);
        }
        let Some(choice) = request.smallest_choice() else {
            prop_assert!(!suffices(&case.query, &answerable), "what is held suffices");
            return Ok(());
        };
        check_choice(&case, &request, &choice)?;
        let decision = Decision::Share(choice.clone());
        let outcome = block_on(world.wallet().answer_request(request.flow, decision, world.now)).unwrap();
        prop_assert!(matches!(outcome, PresentOutcome::Presented { .. }), "{:?}", outcome);
        let answers = world.verifier.answers().pop().unwrap();
        let sent: Vec<(&QueryId, &CredentialId)> =
            choice.iter().flat_map(|(id, all)| all.iter().map(move |one| (id, one))).collect();
        prop_assert_eq!(answers.len(), sent.len());
        let queries = case.query["credentials"].as_array().unwrap();
        for (seen, (id, credential)) in answers.iter().zip(sent) {
            let query = queries.iter().find(|query| query["id"] == id.as_str()).unwrap();
            let one = &held[credential];
            let wanted = expected(query, &one.person);
            prop_assert_eq!(Some(about_the_person(one.format, seen)), wanted, "{}", id.as_str());
            let asked = request.asked.iter().find(|asked| asked.query == *id).unwrap();
            let extent = |id: CredentialId| {
                asked.candidates.iter().find(|one| one.credential.id == id).map(|one| one.discloses.len())
            };
            let least = asked.candidates.iter().map(|one| one.discloses.len()).min();
            prop_assert_eq!(extent(*credential), least, "the candidate that discloses least");
        }
    }
}
