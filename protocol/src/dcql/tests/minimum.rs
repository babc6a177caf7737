//! For random credentials and random queries: the wallet discloses exactly the minimum, and the verifier takes exactly that.
//!
//! Credentials are SD-JWTs in which everything, or some of it, can be withheld. What is expected is worked out here by hand, from the
//! claims and the query as JSON.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};
use symbolon_credential::claims_path::{ClaimsPath, ElementPlaces, PathPart};
use symbolon_credential::sd_jwt::{ProcessedClaims, SdJwt, SdJwtBudget, SdJwtClaims, process, select};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::testing::SeededRandomness;

use super::id;
use crate::dcql::*;

/// What there is to ask for: texts, numbers and truth values, in objects and lists. The last is in no credential.
const PATHS: [&str; 10] = [
    r#"["name"]"#,
    r#"["height"]"#,
    r#"["adult"]"#,
    r#"["address"]"#,
    r#"["address", "locality"]"#,
    r#"["nationalities", null]"#,
    r#"["nationalities", 1]"#,
    r#"["degrees", null, "title"]"#,
    r#"["degrees", 1, "title"]"#,
    r#"["nobody"]"#,
];

#[derive(Debug, Clone)]
struct Credential {
    kind: usize,
    text: String,
}

impl Credential {
    fn new(kind: usize, seed: u64, selectable: &[bool]) -> Self {
        let claims = json!({
            "name": "Amina", "height": 171, "adult": true,
            "address": {"locality": "Kisumu", "street": "Market Road"},
            "nationalities": ["KE", "FR", "DE"],
            "degrees": [{"title": "BSc", "year": 2011}, {"title": "MSc", "year": 2014}]
        });
        let claims = claims.as_object().cloned().expect("an object");
        let places = [
            json!(["name"]),
            json!(["height"]),
            json!(["adult"]),
            json!(["address"]),
            json!(["address", "locality"]),
            json!(["address", "street"]),
            json!(["nationalities"]),
            json!(["nationalities", null]),
            json!(["degrees", null]),
            json!(["degrees", null, "title"]),
            json!(["degrees", null, "year"]),
        ];
        let mut credential = SdJwtClaims::new(claims);
        for (place, _) in places.into_iter().zip(selectable).filter(|(_, marked)| **marked) {
            credential = credential.selectable(serde_json::from_value(place).expect("a path"));
        }
        let prepared = credential.prepare(
            SignatureAlgorithm::Es256,
            &Map::new(),
            &SeededRandomness::new(seed),
        );
        let text = prepared.expect("the credential is prepared").finish(&[0; 64]);
        Self { kind, text }
    }

    /// With some of its disclosures, by their places.
    fn with(&self, shown: &BTreeSet<usize>) -> String {
        let mut parts = self.text.trim_end_matches('~').split('~');
        let mut text = format!("{}~", parts.next().expect("an issuer's JWT"));
        for (_, disclosure) in parts.enumerate().filter(|(place, _)| shown.contains(place)) {
            text.push_str(disclosure);
            text.push('~');
        }
        text
    }
}

/// What a verifier reads.
struct Read {
    kind: String,
    processed: ProcessedClaims,
    places: ElementPlaces,
    disclosed: Vec<ClaimsPath>,
}

impl Read {
    fn of(text: &str, kind: usize) -> Option<Self> {
        let sd_jwt = SdJwt::parse(text, SdJwtBudget::DEFAULT).ok()?;
        let processed = process(&sd_jwt).ok()?;
        Some(Self {
            kind: format!("urn:{kind}"),
            places: processed.element_places(),
            disclosed: processed
                .disclosed
                .iter()
                .map(|claim| claim.path.clone())
                .collect(),
            processed,
        })
    }

    fn candidate(&self) -> Candidate<'_> {
        Candidate {
            kind: CandidateKind::SdJwtVc {
                vct: &self.kind,
                extended: &[],
            },
            claims: &self.processed.claims,
            element_places: &self.places,
            authority_key_identifiers: &[],
            trusted_lists: &[],
            holder_binding: HolderBinding::Proven,
        }
    }

    fn presented<'a>(&'a self, credential: &'a [u8]) -> Presented<'a> {
        Presented {
            candidate: self.candidate(),
            disclosed: Disclosed::Selectively(&self.disclosed),
            credential,
        }
    }
}

#[derive(Debug, Clone)]
struct World {
    credentials: Vec<Credential>,
    query: Value,
}

fn world() -> impl Strategy<Value = World> {
    let credential = (0..3_usize, any::<u64>(), prop::collection::vec(any::<bool>(), 11));
    let credential = credential.prop_map(|(kind, seed, marked)| Credential::new(kind, seed, &marked));
    let values = prop_oneof![
        3 => Just(None),
        2 => Just(Some(json!(["Amina", 171, true, "FR", "MSc", "Kisumu"]))),
        1 => Just(Some(json!(["171", "true", 1, "Nobody"]))),
    ];
    let claim = (0..PATHS.len(), values);
    let asked = (
        0..3_usize,
        prop::collection::vec(claim, 1..5),
        prop::option::of(prop::collection::vec(
            prop::collection::vec(any::<Index>(), 1..3),
            1..4,
        )),
        any::<bool>(),
    );
    let sets = prop::collection::vec((prop::collection::vec(any::<Index>(), 1..3), any::<bool>()), 1..3);
    let set = prop::collection::vec(sets, 1..3);
    (
        prop::collection::vec(credential, 1..4),
        prop::collection::vec(asked, 1..4),
        prop::option::of(set),
    )
        .prop_map(|(credentials, asked, sets)| {
            let queries: Vec<Value> = asked.into_iter().enumerate().map(credential_query).collect();
            let mut query = json!({ "credentials": queries });
            if let Some(sets) = sets {
                let name = |at: &Index| format!("q{}", at.index(queries.len()));
                let set = |set: &Vec<(Vec<Index>, bool)>| {
                    let options = set.iter().map(|(option, _)| option.iter().map(name).collect());
                    let options: Vec<Vec<String>> = options.collect();
                    json!({ "options": options, "required": set.iter().any(|(_, required)| *required) })
                };
                query["credential_sets"] = sets.iter().map(set).collect();
            }
            World { credentials, query }
        })
}

type Asked = (usize, Vec<(usize, Option<Value>)>, Option<Vec<Vec<Index>>>, bool);

fn credential_query((place, (kind, claims, sets, multiple)): (usize, Asked)) -> Value {
    let mut seen = BTreeSet::new();
    let claims: Vec<Value> = claims
        .into_iter()
        .filter(|(path, _)| seen.insert(*path))
        .map(|(path, values)| {
            let path_value: Value = serde_json::from_str(PATHS[path]).expect("a path");
            let mut claim = json!({"id": format!("c{path}"), "path": path_value});
            if let Some(values) = values {
                claim["values"] = values;
            }
            claim
        })
        .collect();
    let mut query = json!({
        "id": format!("q{place}"), "format": "dc+sd-jwt", "multiple": multiple,
        "meta": {"vct_values": [format!("urn:{kind}")]}, "claims": claims
    });
    if let Some(sets) = sets {
        let name = |at: &Index| claims[at.index(claims.len())]["id"].clone();
        let sets: Vec<Vec<Value>> = sets.iter().map(|set| set.iter().map(name).collect()).collect();
        query["claim_sets"] = json!(sets);
    }
    query
}

/// The places that a claim query selects in whole claims, worked out from its JSON; `None` when the claim counts as absent.
fn selected(claim: &Value, claims: &Value) -> Option<Vec<Vec<PathPart>>> {
    let mut found: Vec<(Vec<PathPart>, &Value)> = vec![(Vec::new(), claims)];
    for part in claim["path"].as_array()? {
        let mut next = Vec::new();
        for (path, value) in found {
            match part {
                Value::String(name) => {
                    if let Some(member) = value.as_object()?.get(name) {
                        next.push(([path, vec![PathPart::Key(name.clone())]].concat(), member));
                    }
                }
                part => {
                    for (place, element) in value.as_array()?.iter().enumerate() {
                        if part.is_null() || part.as_u64() == Some(place as u64) {
                            next.push((
                                [path.clone(), vec![PathPart::Index(place as u64)]].concat(),
                                element,
                            ));
                        }
                    }
                }
            }
        }
        found = next;
    }
    let fits = |value: &Value| {
        claim["values"]
            .as_array()
            .is_none_or(|values| values.contains(value))
    };
    let paths: Vec<_> = found
        .into_iter()
        .filter(|(_, value)| fits(value))
        .map(|(path, _)| path)
        .collect();
    (!paths.is_empty()).then_some(paths)
}

/// The disclosures that answer a credential query, by its first claim set that can be met.
fn expected(query: &Value, processed: &ProcessedClaims) -> Option<BTreeSet<usize>> {
    let claims = Value::Object(processed.claims.clone());
    let asked = query["claims"].as_array()?;
    let sets: Vec<Vec<&Value>> = match query["claim_sets"].as_array() {
        None => vec![asked.iter().collect()],
        Some(sets) => sets
            .iter()
            .map(|set| {
                let ids = set.as_array().expect("a set");
                asked.iter().filter(|claim| ids.contains(&claim["id"])).collect()
            })
            .collect(),
    };
    let mut met = sets.iter().filter_map(|set| {
        set.iter()
            .map(|claim| selected(claim, &claims))
            .collect::<Option<Vec<_>>>()
    });
    let paths = met.next()?.concat();
    let leads = |one: &[PathPart], other: &[PathPart]| one.iter().zip(other).all(|(one, other)| one == other);
    Some(
        processed
            .disclosed
            .iter()
            .filter(|disclosed| paths.iter().any(|path| leads(path, disclosed.path.parts())))
            .map(|disclosed| disclosed.disclosure)
            .collect(),
    )
}

fn wrong_values(query: &Value) -> Value {
    let mut query = query.clone();
    for credential in query["credentials"].as_array_mut().expect("queries") {
        for claim in credential["claims"].as_array_mut().expect("claims") {
            claim["values"] = json!(["no such value"]);
        }
    }
    query
}

fn read_query(value: &Value) -> DcqlQuery {
    DcqlQuery::parse(value.to_string().as_bytes()).expect("a query")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn the_minimum_is_disclosed_and_nothing_but_the_minimum_is_taken(world in world()) {
        let query = read_query(&world.query);
        let held: Vec<Read> = world
            .credentials
            .iter()
            .map(|credential| Read::of(&credential.text, credential.kind).expect("a credential"))
            .collect();
        let candidates: Vec<Candidate<'_>> = held.iter().map(Read::candidate).collect();
        let matches = match match_query(&query, &candidates, &super::paths) {
            Ok(matches) => matches,
            Err(Unsatisfied { missing }) => {
                for name in missing {
                    let place: usize = name.as_str()[1..].parse().expect("a number");
                    let asked = &world.query["credentials"][place];
                    for (credential, read) in world.credentials.iter().zip(&held) {
                        let fits = asked["meta"]["vct_values"][0] == format!("urn:{}", credential.kind);
                        prop_assert!(!fits || expected(asked, &read.processed).is_none());
                    }
                }
                return Ok(());
            }
        };

        // What is sent: exactly the disclosures that the query needs.
        let mut sent: BTreeMap<QueryId, (usize, BTreeSet<usize>, Read)> = BTreeMap::new();
        for found in matches.answer() {
            let credential = &world.credentials[found.candidate];
            let sd_jwt = SdJwt::parse(&credential.text, SdJwtBudget::DEFAULT).expect("a credential");
            let text = select(&sd_jwt, &found.disclose).expect("a selection").without_key_binding();
            let place: usize = found.query.as_str()[1..].parse().expect("a number");
            let shown = expected(&world.query["credentials"][place], &held[found.candidate].processed);
            let shown = shown.expect("it answers");
            prop_assert_eq!(&text, &credential.with(&shown), "exactly the minimum");
            let read = Read::of(&text, credential.kind).expect("a presentation");
            sent.insert(found.query.clone(), (found.candidate, shown, read));
        }
        let names: Vec<[u8; 1]> = (0..8).map(|name| [name]).collect();
        let answer: BTreeMap<QueryId, Vec<Presented<'_>>> = sent
            .iter()
            .map(|(query, (candidate, _, read))| (query.clone(), vec![read.presented(&names[*candidate])]))
            .collect();
        prop_assert_eq!(check_answer(&query, &answer), Ok(()));

        // And what is not: more, less, elsewhere, twice, with other values.
        for (name, (candidate, shown, read)) in &sent {
            let with = |presented: Vec<Presented<'_>>| {
                let mut changed: BTreeMap<QueryId, Vec<Presented<'_>>> = answer.clone();
                changed.insert(name.clone(), presented);
                check_answer(&query, &changed)
            };
            let own = read.presented(&names[*candidate]);
            let mut extra = answer.clone();
            extra.insert(id("nobody"), vec![own]);
            prop_assert_eq!(check_answer(&query, &extra), Err(AnswerError::Unexpected));
            let mut dropped = answer.clone();
            dropped.remove(name);
            prop_assert_eq!(check_answer(&query, &dropped), Err(AnswerError::Incomplete));
            prop_assert_eq!(with(vec![]), Err(AnswerError::Empty { query: name.clone() }));
            let several = query.credential(name).expect("a query").count == PresentationCount::Several;
            let twice = with(vec![own, own]);
            let repeated = AnswerError::Repeated { query: name.clone() };
            let too_many = AnswerError::Several { query: name.clone() };
            prop_assert_eq!(twice, Err(if several { repeated } else { too_many }));
            for (other, (elsewhere, _, there)) in &sent {
                if world.credentials[*elsewhere].kind != world.credentials[*candidate].kind {
                    let swapped = with(vec![there.presented(&names[*elsewhere])]);
                    prop_assert!(swapped.is_err(), "{other} in the place of {name}");
                }
            }
            // One more disclosure, unless the same credential answers another query with it, it is of another claim set that could
            // have been chosen, or it needs its parents too.
            let place: usize = name.as_str()[1..].parse().expect("a number");
            let asked = &world.query["credentials"][place];
            let others = sent.values().filter(|(other, ..)| other == candidate).count() - 1;
            let alone = others == 0 && asked["claim_sets"].is_null();
            let count = held[*candidate].processed.disclosed.len();
            for more in (0..count).filter(|more| alone && !shown.contains(more)) {
                let mut wider = shown.clone();
                wider.insert(more);
                let Some(wider) = Read::of(&world.credentials[*candidate].with(&wider), world.credentials[*candidate].kind)
                else {
                    continue;
                };
                let refused = with(vec![wider.presented(&names[*candidate])]);
                prop_assert_eq!(refused, Err(AnswerError::UnaskedClaims { query: name.clone() }));
            }
            // One less. Where all elements of a list are asked for, nobody can tell that one was withheld; where there are several
            // claim sets, less may be another one of them.
            let plain = asked["claim_sets"].is_null()
                && asked["claims"].as_array().expect("claims").iter().all(|claim| {
                    let path = claim["path"].as_array().expect("a path");
                    !path.contains(&Value::Null) && path != &[json!("address")]
                });
            for less in shown.iter().filter(|_| plain) {
                let mut narrower = shown.clone();
                narrower.remove(less);
                let credential = &world.credentials[*candidate];
                let Some(narrower) = Read::of(&credential.with(&narrower), credential.kind) else {
                    continue;
                };
                prop_assert!(with(vec![narrower.presented(&names[*candidate])]).is_err());
            }
        }
        if !answer.is_empty() {
            let refused = check_answer(&read_query(&wrong_values(&world.query)), &answer);
            let by_value = matches!(refused, Err(AnswerError::Mismatch { reason: CandidateMismatch::Values, .. }));
            prop_assert!(by_value, "{refused:?}");
        }
    }
}
