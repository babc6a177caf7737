//! The examples of OpenID Connect for Identity Assurance 1.0, and what it demands of whoever answers them.

use proptest::prelude::*;
use serde_json::{Value, json};
use symbolon_crypto::UnixTime;

use super::*;

fn now() -> UnixTime {
    UnixTime::parse_rfc3339("2021-03-04T00:00:00Z").unwrap()
}

/// The example of an `electronic_record` (Schema Definition, section 6), with seconds in its times.
fn population_register() -> Value {
    json!({
        "verification": {
            "trust_framework": "se_bankid",
            "assurance_level": "al_2",
            "time": "2021-03-03T09:42:00Z",
            "verification_process": "4346D80F-57E0-4E26-9543-26B41FC22",
            "evidence": [{
                "type": "electronic_record",
                "check_details": [{"check_method": "data"}, {"check_method": "token"}],
                "time": "2021-02-15T16:51:00Z",
                "record": {
                    "type": "population_register",
                    "source": {"name": "Skatteverket", "country": "Sverige", "country_code": "SWE"},
                    "personal_number": "4901224131",
                    "created_at": "1979-01-22",
                },
            }],
        },
        "claims": {
            "given_name": "Fredrik",
            "family_name": "Strömberg",
            "birthdate": "1979-01-22",
            "nationalities": ["SE"],
            "address": {"locality": "Karlstad", "postal_code": "65344", "country": "SWE"},
        },
    })
}

fn ask(request: Value) -> Option<Value> {
    ask_of(request, &population_register())
}

fn ask_of(request: Value, available: &Value) -> Option<Value> {
    let request = VerifiedClaimsRequest::parse(&request).unwrap();
    let [element] = request.elements.as_slice() else {
        panic!("one set of claims");
    };
    element.fulfil(available, now())
}

fn refused(request: Value) -> InvalidVerifiedClaimsRequest {
    VerifiedClaimsRequest::parse(&request).unwrap_err()
}

/// Section 5.3, the first example: what is not asked for is not given.
#[test]
fn gives_the_claims_and_the_verification_that_were_asked_for_and_no_more() {
    let answer = ask(json!({
        "verification": {"trust_framework": null},
        "claims": {"given_name": null, "family_name": null, "birthdate": null},
    }));
    assert_eq!(
        answer.unwrap(),
        json!({
            "verification": {"trust_framework": "se_bankid"},
            "claims": {"given_name": "Fredrik", "family_name": "Strömberg", "birthdate": "1979-01-22"},
        })
    );
}

/// Section 5.3, the second example: `essential` changes nothing in what is delivered (section 5.7.1).
#[test]
fn essential_claims_are_delivered_like_others() {
    let request = json!({
        "verification": {"trust_framework": null},
        "claims": {"given_name": {"essential": true}, "middle_name": {"essential": true}, "birthdate": null},
    });
    let parsed = VerifiedClaimsRequest::parse(&request).unwrap();
    let asked: Vec<_> = parsed.claims().collect();
    assert_eq!(
        asked,
        [("birthdate", false), ("given_name", true), ("middle_name", true)]
    );
    let answer = ask(request).unwrap();
    assert_eq!(
        answer["claims"],
        json!({"birthdate": "1979-01-22", "given_name": "Fredrik"})
    );
}

/// Section 5.4: a framework that nobody asked for comes along, since no answer is valid without it; evidence comes only one step
/// deeper, with what its entries are not valid without.
#[test]
fn evidence_is_given_where_it_is_asked_for_one_step_deeper() {
    let claims = json!({"given_name": null});
    let whole = ask(json!({"verification": {"time": null, "evidence": null}, "claims": claims}));
    assert_eq!(
        whole.unwrap()["verification"],
        json!({"time": "2021-03-03T09:42:00Z", "trust_framework": "se_bankid"})
    );
    let deeper = ask(json!({
        "verification": {"evidence": [{
            "type": {"value": "electronic_record"},
            "record": {"source": {"name": null}},
            "check_details": [{"check_id": null}],
        }]},
        "claims": claims,
    }));
    assert_eq!(
        deeper.unwrap()["verification"]["evidence"],
        json!([{
            "type": "electronic_record",
            "record": {"type": "population_register", "source": {"name": "Skatteverket"}},
            "check_details": [{"check_method": "data"}, {"check_method": "token"}],
        }])
    );
}

/// Section 5.4: `document` alone is asked for, so the record is no evidence, and the whole element is omitted (section 5.7.4).
#[test]
fn omits_everything_where_no_evidence_has_the_type() {
    let request = json!({
        "verification": {
            "trust_framework": null,
            "time": null,
            "evidence": [{"type": {"value": "document"}, "method": null, "document_details": {"type": null}}],
        },
        "claims": {"given_name": null, "family_name": null, "birthdate": null},
    });
    assert_eq!(ask(request), None);
}

/// Section 5.4: entries are linked by a logical or.
#[test]
fn one_of_several_kinds_of_evidence_is_enough() {
    let request = |checks: Value| {
        json!({
            "verification": {"evidence": [
                {"type": {"value": "document"}},
                {"type": {"value": "electronic_record"}, "check_details": checks},
            ]},
            "claims": {"given_name": null},
        })
    };
    let answer = ask(request(json!([{"check_method": {"value": "token"}}]))).unwrap();
    assert_eq!(
        answer["verification"]["evidence"],
        json!([{"type": "electronic_record", "check_details": [{"check_method": "token"}]}])
    );
    let either = json!([{"check_method": {"value": "kbv"}}, {"check_method": {"value": "data"}}]);
    assert!(ask(request(either)).is_some());
    assert_eq!(ask(request(json!([{"check_method": {"value": "kbv"}}]))), None);
}

/// Section 5.5.1: either of two frameworks, as in the example, and neither.
#[test]
fn a_framework_that_was_not_asked_for_omits_everything() {
    let request = |values: Value| {
        json!({
            "verification": {"trust_framework": {"values": values}},
            "claims": {"given_name": null, "family_name": null},
        })
    };
    assert_eq!(ask(request(json!(["gold", "silver"]))), None);
    assert!(ask(request(json!(["gold", "se_bankid"]))).is_some());
}

/// Section 5.5.1: a demand on what is not there is not met.
#[test]
fn a_demand_on_something_absent_omits_everything() {
    for demanded in [
        json!({"assurance_process": {"policy": {"value": "gpg45"}}}),
        json!({"evidence": [{"type": {"value": "electronic_record"}, "method": {"value": "pipp"}}]}),
        json!({"trust_framework": {"value": "de_aml"}}),
    ] {
        let request = json!({"verification": demanded, "claims": {"given_name": null}});
        assert_eq!(ask(request), None);
    }
    let asked = json!({"verification": {"assurance_process": null}, "claims": {"given_name": null}});
    assert_eq!(
        ask(asked).unwrap()["verification"],
        json!({"trust_framework": "se_bankid"})
    );
}

/// Section 5.5.2: the example's two years, and a limit just before and just behind.
#[test]
fn max_age_is_reckoned_from_the_time_or_the_last_second_of_the_day() {
    let by_time = |seconds: u64| {
        ask(json!({
            "verification": {"trust_framework": {"value": "se_bankid"}, "time": {"max_age": seconds}},
            "claims": {"given_name": null},
        }))
        .is_some()
    };
    assert!(by_time(63_113_852));
    // From 09:42 to midnight: 51,480 seconds.
    assert!(by_time(51_480));
    assert!(!by_time(51_479));
    let by_date = |seconds: u64| {
        let mut available = population_register();
        available["claims"]["birthdate"] = json!("2021-03-02");
        let request = json!({
            "verification": {},
            "claims": {"given_name": null, "birthdate": {"max_age": seconds}},
        });
        ask_of(request, &available).unwrap()["claims"]
            .get("birthdate")
            .is_some()
    };
    assert!(by_date(86_401));
    assert!(!by_date(86_400));
}

/// Section 5.7.4: a claim that is not as demanded is omitted alone; a set without any claim as a whole.
#[test]
fn a_claim_that_is_not_as_demanded_is_omitted_alone() {
    let request = |given_name: &str| {
        json!({
            "verification": {"trust_framework": null},
            "claims": {"given_name": {"value": given_name}, "address": {"value": {"locality": "Malmö"}}},
        })
    };
    let answer = ask(request("Fredrik")).unwrap();
    assert_eq!(answer["claims"], json!({"given_name": "Fredrik"}));
    assert_eq!(ask(request("Sven")), None);
    let nothing_wanted = ask(json!({"verification": {"trust_framework": null}, "claims": {}}));
    assert_eq!(
        nothing_wanted.unwrap(),
        json!({"verification": {"trust_framework": "se_bankid"}, "claims": {}})
    );
}

/// Section 5.6: each set is looked at by itself, and fulfilled with whatever fits it.
#[test]
fn several_sets_are_fulfilled_each_by_itself() {
    let held = |level: &str, claims: Value| VerifiedClaims {
        verification: Verification {
            trust_framework: "eidas".to_owned(),
            assurance_level: Some(level.to_owned()),
            time: now(),
            verification_process: "process".to_owned(),
            evidence: vec![Evidence::ElectronicRecord {
                check_details: vec![CheckDetails {
                    check_method: CheckMethod::Cryptography,
                    check_id: "process".to_owned(),
                    time: now(),
                }],
                record: RecordDetails {
                    record_type: "population_register".to_owned(),
                    created_at: None,
                    date_of_expiry: Some(now()),
                    source: Source {
                        name: "Register".to_owned(),
                        country_code: None,
                    },
                },
            }],
        },
        claims: claims.as_object().cloned().unwrap(),
    };
    let available = [
        held("high", json!({"given_name": "A", "birthdate": "1990-01-01"})),
        held("low", json!({"birthdate": "1990-01-01"})),
    ];
    let request = |elements: Value| VerifiedClaimsRequest::parse(&elements).unwrap();
    let levels = |levels: Value| json!({"trust_framework": {"value": "eidas"}, "assurance_level": levels});
    let both = request(json!([
        {"verification": levels(json!({"value": "high"})), "claims": {"given_name": null}},
        {"verification": levels(json!({"values": ["high", "substantial"]})), "claims": {"birthdate": null}},
        {"verification": {"trust_framework": {"value": "de_aml"}}, "claims": {"birthdate": null}},
    ]));
    assert_eq!(
        both.fulfil(&available, now()).unwrap(),
        json!([
            {"verification": {"trust_framework": "eidas", "assurance_level": "high"}, "claims": {"given_name": "A"}},
            {"verification": {"trust_framework": "eidas", "assurance_level": "high"}, "claims": {"birthdate": "1990-01-01"}},
        ])
    );
    let none = request(json!({"verification": {"trust_framework": {"value": "de_aml"}}, "claims": {}}));
    assert_eq!(none.fulfil(&available, now()), None);
    let whole = VerifiedClaims::all(&available).unwrap();
    assert_eq!(whole.as_array().map(Vec::len), Some(2));
    assert_eq!(
        whole[0]["verification"]["evidence"][0],
        json!({
            "type": "electronic_record",
            "check_details": [{"check_method": "vcrypt", "check_id": "process", "time": "2021-03-04T00:00:00Z"}],
            "record": {
                "type": "population_register", "date_of_expiry": "2021-03-04", "source": {"name": "Register"},
            },
        })
    );
    assert_eq!(VerifiedClaims::all(&[]), None);
}

#[test]
fn refuses_what_is_no_request() {
    use InvalidVerifiedClaimsRequest as Invalid;
    let verification = json!({"trust_framework": null});
    for form in [
        json!(null),
        json!("given_name"),
        json!([]),
        json!([1]),
        json!(vec![json!({}); 17]),
    ] {
        assert_eq!(refused(form), Invalid::Form);
    }
    for element in [
        json!({}),
        json!({"claims": {}}),
        json!({"verification": verification}),
        json!({"verification": verification, "claims": null}),
        json!({"verification": null, "claims": {}}),
    ] {
        assert_eq!(refused(element), Invalid::Element);
    }
    // Section 5.4: the type is named, and by one value.
    for entry in [
        json!({}),
        json!({"type": null}),
        json!({"type": {"values": ["document"]}}),
        json!({"type": {"essential": true}}),
    ] {
        let request = json!({"verification": {"evidence": [entry]}, "claims": {}});
        assert_eq!(refused(request), Invalid::EvidenceType);
    }
    for (demand, member) in [
        (json!({"value": 1, "values": [1]}), "values"),
        (json!({"values": []}), "values"),
        (json!({"values": 1}), "values"),
        (json!({"max_age": -1}), "max_age"),
        (json!({"max_age": "1"}), "max_age"),
        (json!({"essential": "yes"}), "essential"),
        (json!("text"), "value"),
    ] {
        let of_claim = refused(json!({"verification": {}, "claims": {"name": demand}}));
        let expected = |place: &str| Invalid::Demand {
            place: place.to_owned(),
            member,
        };
        assert_eq!(of_claim, expected("claims"));
        let of_verification = refused(json!({"verification": {"time": demand}, "claims": {}}));
        assert_eq!(of_verification, expected("verification"));
    }
    let mut deep = json!({"type": null});
    for _ in 0..8 {
        deep = json!({ "deeper": deep });
    }
    assert_eq!(
        refused(json!({"verification": deep, "claims": {}})),
        Invalid::OverBudget
    );
    let many: serde_json::Map<_, _> = (0..65).map(|name| (name.to_string(), Value::Null)).collect();
    assert_eq!(
        refused(json!({"verification": {}, "claims": many})),
        Invalid::OverBudget
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0_u64..5).prop_map(Value::from),
        "(value|values|gold|electronic_record|2021-03-03)".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let name = "(value|values|max_age|type|evidence|record|claims|verification|given_name|time)";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Whether everything in `part` stands in `whole`, at the same place or, in arrays, somewhere.
fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part
            .iter()
            .all(|(name, value)| whole.get(name).is_some_and(|whole| is_part(value, whole))),
        (Value::Array(part), Value::Array(whole)) => part
            .iter()
            .all(|value| whole.iter().any(|whole| is_part(value, whole))),
        (part, whole) => part == whole,
    }
}

proptest! {
    /// Whatever is asked, what is given is a part of what is there, and only claims that were named.
    #[test]
    fn nothing_is_given_that_is_not_there_or_was_not_named(verification in any_json(), claims in any_json()) {
        let request = json!({"verification": verification, "claims": claims});
        if let Ok(request) = VerifiedClaimsRequest::parse(&request)
            && let Some(answer) = request.elements[0].fulfil(&population_register(), now())
        {
            let named: Vec<&str> = request.claims().map(|(name, _)| name).collect();
            prop_assert!(is_part(&answer, &population_register()));
            for name in answer["claims"].as_object().unwrap().keys() {
                prop_assert!(named.contains(&name.as_str()));
            }
        }
    }
}
