use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn query(value: &Value) -> Result<DcqlQuery, DcqlError> {
    DcqlQuery::parse(value.to_string().as_bytes())
}

fn one(extra: &Value) -> Value {
    let mut credential = json!({"id": "id", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:identity"]}});
    for (name, value) in extra.as_object().unwrap() {
        credential[name] = value.clone();
    }
    json!({"credentials": [credential]})
}

fn person() -> Map<String, Value> {
    let claims = json!({"given_name": "Amina", "age_over": {"18": true}, "nationalities": ["KE", "FR"], "height": 171,
        "address": {"locality": "Kisumu", "street": "Market Road"}});
    claims.as_object().unwrap().clone()
}

fn candidate<'a>(vct: &'a str, claims: &'a Map<String, Value>) -> Candidate<'a> {
    Candidate {
        kind: CandidateKind::SdJwtVc { vct },
        claims,
        authority_key_identifiers: &[],
        holder_binding: HolderBinding::Proven,
    }
}

fn disclosed(extra: &Value) -> Result<Value, CandidateMismatch> {
    let query = query(&one(extra)).unwrap();
    let claims = person();
    let paths = candidate("urn:identity", &claims).answer(&query.credentials()[0])?;
    Ok(serde_json::to_value(paths).unwrap())
}

fn id(text: &str) -> QueryId {
    QueryId::parse(text).unwrap()
}

#[test]
fn discloses_exactly_what_was_asked_for() {
    let claims =
        json!({"claims": [{"path": ["given_name"]}, {"path": ["age_over", "18"], "values": [true]}]});
    assert_eq!(
        disclosed(&claims),
        Ok(json!([["given_name"], ["age_over", "18"]]))
    );
}

#[test]
fn a_query_without_claims_discloses_nothing_that_can_be_withheld() {
    assert_eq!(disclosed(&json!({})), Ok(json!([])));
}

#[test]
fn a_missing_claim_or_another_value_is_no_match() {
    for claims in [
        json!({"claims": [{"path": ["given_name"]}, {"path": ["portrait"]}]}),
        json!({"claims": [{"path": ["given_name"], "values": ["Amine"]}]}),
        json!({"claims": [{"path": ["age_over", "18"], "values": ["true"]}]}),
        json!({"claims": [{"path": ["height"], "values": ["171", 170]}]}),
        json!({"claims": [{"path": ["nationalities", 2]}]}),
        json!({"claims": [{"path": ["given_name", null]}]}),
    ] {
        assert_eq!(disclosed(&claims), Err(CandidateMismatch::Claims), "{claims}");
    }
}

#[test]
fn of_an_array_only_the_elements_with_the_wanted_value_are_disclosed() {
    let claims = json!({"claims": [{"path": ["nationalities", null], "values": ["FR", "DE"]}]});
    assert_eq!(disclosed(&claims), Ok(json!([["nationalities", 1]])));
    let claims = json!({"claims": [{"path": ["nationalities", null]}]});
    assert_eq!(disclosed(&claims), Ok(json!([["nationalities", null]])));
}

#[test]
fn the_first_claim_set_that_can_be_satisfied_is_disclosed() {
    let claims = json!({
        "claims": [
            {"id": "a", "path": ["birthdate"]}, {"id": "b", "path": ["given_name"]},
            {"id": "c", "path": ["address", "locality"]}
        ],
        "claim_sets": [["a", "b"], ["b"], ["c"]]
    });
    assert_eq!(disclosed(&claims), Ok(json!([["given_name"]])));
}

#[test]
fn type_authority_and_holder_binding_are_checked() {
    let claims = person();
    let key = vec![1, 2, 3];
    let keys = [key];
    let trusted = json!({"trusted_authorities": [
        {"type": "etsi_tl", "values": ["https://lists.example"]}, {"type": "aki", "values": ["AQID"]}
    ]});
    let trusted = query(&one(&trusted)).unwrap();
    let credential = &trusted.credentials()[0];
    let stranger = candidate("urn:identity", &claims);
    assert_eq!(stranger.answer(credential), Err(CandidateMismatch::Authority));
    let known = Candidate {
        authority_key_identifiers: &keys,
        ..stranger
    };
    assert_eq!(known.answer(credential), Ok(vec![]));
    assert_eq!(
        Candidate {
            kind: CandidateKind::SdJwtVc { vct: "urn:other" },
            ..known
        }
        .answer(credential),
        Err(CandidateMismatch::Type)
    );
    let unbound = Candidate {
        holder_binding: HolderBinding::Absent,
        ..known
    };
    assert_eq!(unbound.answer(credential), Err(CandidateMismatch::HolderBinding));
    let lenient = query(&one(&json!({"require_cryptographic_holder_binding": false}))).unwrap();
    assert!(lenient.asks_without_holder_binding());
    assert_eq!(unbound.answer(&lenient.credentials()[0]), Ok(vec![]));
}

#[test]
fn each_broken_query_is_refused_for_its_own_reason() {
    use CredentialQueryDefect as Defect;
    let credential = |reason| DcqlError::Credential { position: 0, reason };
    let number: Value = serde_json::from_str("1.5").unwrap();
    for (value, error) in [
        (json!([]), DcqlError::Malformed),
        (json!({"credentials": []}), DcqlError::NoCredentials),
        (
            json!({"credentials": [{"id": "a b", "format": "dc+sd-jwt", "meta": {}}]}),
            DcqlError::Malformed,
        ),
        (
            json!({"credentials": [{"id": "a", "format": "dc+sd-jwt"}]}),
            DcqlError::Malformed,
        ),
        (one(&json!({"meta": {}})), credential(Defect::Meta)),
        (
            one(&json!({"meta": {"vct_values": []}})),
            credential(Defect::Meta),
        ),
        (
            one(&json!({"meta": {"vct_values": [1]}})),
            credential(Defect::Meta),
        ),
        (one(&json!({"claims": []})), credential(Defect::NoClaims)),
        (one(&json!({"claims": [{"path": []}]})), DcqlError::Malformed),
        (
            one(&json!({"claims": [{"path": ["a"], "values": []}]})),
            credential(Defect::Values),
        ),
        (
            one(&json!({"claims": [{"path": ["a"], "values": [number]}]})),
            credential(Defect::Values),
        ),
        (
            one(&json!({"claims": [{"path": ["a"], "values": [null]}]})),
            credential(Defect::Values),
        ),
        (
            one(&json!({"claims": [{"id": "x", "path": ["a"]}, {"id": "x", "path": ["b"]}]})),
            credential(Defect::RepeatedClaimId),
        ),
        (
            one(&json!({"claim_sets": [["x"]]})),
            credential(Defect::ClaimSets),
        ),
        (
            one(&json!({"claims": [{"id": "x", "path": ["a"]}], "claim_sets": [["y"]]})),
            credential(Defect::ClaimSets),
        ),
        (
            one(&json!({"claims": [{"id": "x", "path": ["a"]}], "claim_sets": []})),
            credential(Defect::ClaimSets),
        ),
        (
            one(&json!({"trusted_authorities": []})),
            credential(Defect::TrustedAuthorities),
        ),
        (
            one(&json!({"trusted_authorities": [{"type": "aki", "values": ["%"]}]})),
            credential(Defect::TrustedAuthorities),
        ),
    ] {
        assert_eq!(query(&value), Err(error), "{value}");
    }
    let mut twice = one(&json!({}));
    let first = twice["credentials"][0].clone();
    twice["credentials"].as_array_mut().unwrap().push(first);
    assert_eq!(query(&twice), Err(DcqlError::RepeatedId));
    for sets in [
        json!([]),
        json!([{"options": []}]),
        json!([{"options": [[]]}]),
        json!([{"options": [["no"]]}]),
    ] {
        let mut value = one(&json!({}));
        value["credential_sets"] = sets;
        assert_eq!(
            query(&value),
            Err(DcqlError::CredentialSet { position: 0 }),
            "{value}"
        );
    }
}

#[test]
fn budgets_are_enforced() {
    let claims: Vec<Value> = (0..=MAX_CLAIMS)
        .map(|at| json!({"path": [at.to_string()]}))
        .collect();
    assert_eq!(
        query(&one(&json!({"claims": claims}))),
        Err(DcqlError::TooMany { what: "claims" })
    );
    let huge = one(&json!({"meta": {"vct_values": ["a".repeat(MAX_QUERY_BYTES)]}}));
    assert_eq!(query(&huge), Err(DcqlError::Malformed));
}

fn two_with_sets() -> DcqlQuery {
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
    let matches = match_query(&two_with_sets(), &candidates).unwrap();
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
    let unsatisfied = match_query(&two_with_sets(), &candidates).unwrap_err();
    assert_eq!(unsatisfied.missing, [id("mobile")]);
}

#[test]
fn the_verifier_checks_everything_it_asked_for() {
    let claims = person();
    let query = two_with_sets();
    let fit = candidate("urn:identity", &claims);
    let loyal = candidate("urn:loyalty", &claims);
    let check = |answer: Vec<(&str, Vec<Candidate<'_>>)>| {
        let answer: BTreeMap<QueryId, Vec<Candidate<'_>>> = answer
            .into_iter()
            .map(|(query, presented)| (id(query), presented))
            .collect();
        check_answer(&query, &answer)
    };
    assert_eq!(check(vec![("identity", vec![fit])]), Ok(()));
    assert_eq!(
        check(vec![("identity", vec![fit]), ("loyalty", vec![loyal])]),
        Ok(())
    );
    assert_eq!(check(vec![]), Err(AnswerError::Incomplete));
    assert_eq!(
        check(vec![("loyalty", vec![loyal])]),
        Err(AnswerError::Incomplete)
    );
    assert_eq!(
        check(vec![("identity", vec![fit]), ("extra", vec![fit])]),
        Err(AnswerError::Unexpected)
    );
    assert_eq!(
        check(vec![("identity", vec![])]),
        Err(AnswerError::Empty {
            query: id("identity")
        })
    );
    assert_eq!(
        check(vec![("identity", vec![fit, fit])]),
        Err(AnswerError::Several {
            query: id("identity")
        })
    );
    assert_eq!(
        check(vec![("passport", vec![fit])]),
        Err(AnswerError::Mismatch {
            query: id("passport"),
            reason: CandidateMismatch::Type
        })
    );
}

#[test]
fn a_query_reads_back() {
    let rich = one(&json!({
        "multiple": true, "require_cryptographic_holder_binding": false,
        "trusted_authorities": [{"type": "aki", "values": ["AQID"]}, {"type": "etsi_tl", "values": ["x"]}],
        "claims": [
            {"id": "a", "path": ["x", 1, null], "values": ["t", 7, false]}, {"id": "b", "path": ["y"]}
        ],
        "claim_sets": [["a"], ["b"]]
    }));
    for query in [query(&rich).unwrap(), two_with_sets()] {
        assert_eq!(
            DcqlQuery::parse(serde_json::to_string(&query).unwrap().as_bytes()),
            Ok(query)
        );
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z_+-]{0,12}".prop_map(Value::from),
        Just(json!("dc+sd-jwt")),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        let names = prop_oneof![
            Just("credentials"),
            Just("id"),
            Just("format"),
            Just("meta"),
            Just("vct_values"),
            Just("claims"),
            Just("path"),
            Just("values"),
            Just("claim_sets"),
            Just("credential_sets"),
            Just("options")
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(names.prop_map(str::to_owned), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_input_makes_the_parser_panic_and_what_it_accepts_reads_back(value in any_json()) {
        if let Ok(parsed) = query(&value) {
            let text = serde_json::to_string(&parsed).unwrap();
            prop_assert_eq!(DcqlQuery::parse(text.as_bytes()), Ok(parsed));
        }
    }
}

#[test]
fn an_mdoc_is_asked_for_by_document_type_and_elements() {
    let of = |credential: Value| query(&json!({"credentials": [credential]}));
    let mdoc = |extra: Value| {
        let mut credential =
            json!({"id": "id", "format": "mso_mdoc", "meta": {"doctype_value": "org.iso.18013.5.1.mDL"}});
        for (name, value) in extra.as_object().unwrap() {
            credential[name] = value.clone();
        }
        of(credential)
    };
    let claims =
        json!({"claims": [{"path": ["org.iso.18013.5.1", "family_name"], "intent_to_retain": true}]});
    let asked = mdoc(claims).unwrap();
    assert_eq!(
        asked.credentials()[0].claims.as_ref().unwrap()[0].intent_to_retain,
        Some(true)
    );
    assert_eq!(
        DcqlQuery::parse(&serde_json::to_vec(&asked).unwrap()),
        Ok(asked.clone())
    );

    let held = json!({"org.iso.18013.5.1": {"family_name": "Otieno", "given_name": "Amina"}});
    let held = held.as_object().unwrap();
    let licence = Candidate {
        kind: CandidateKind::MsoMdoc {
            doctype: "org.iso.18013.5.1.mDL",
        },
        ..candidate("", held)
    };
    let disclosed = licence.answer(&asked.credentials()[0]).unwrap();
    assert_eq!(
        serde_json::to_value(disclosed).unwrap(),
        json!([["org.iso.18013.5.1", "family_name"]])
    );
    let other = Candidate {
        kind: CandidateKind::MsoMdoc {
            doctype: "org.example",
        },
        ..licence
    };
    assert_eq!(
        other.answer(&asked.credentials()[0]),
        Err(CandidateMismatch::Type)
    );
    assert_eq!(
        candidate("urn:identity", held).answer(&asked.credentials()[0]),
        Err(CandidateMismatch::Format)
    );
    let defect = |reason| Err(DcqlError::Credential { position: 0, reason });
    for path in [
        json!(["family_name"]),
        json!(["org.iso.18013.5.1", "family_name", "x"]),
        json!(["org.iso.18013.5.1", null]),
    ] {
        let claims = json!({"claims": [{"path": path}]});
        assert_eq!(mdoc(claims), defect(CredentialQueryDefect::MdocPath));
    }
    for meta in [
        json!({}),
        json!({"doctype_value": ""}),
        json!({"doctype_value": 1}),
    ] {
        let credential = json!({"id": "id", "format": "mso_mdoc", "meta": meta});
        assert_eq!(of(credential), defect(CredentialQueryDefect::Meta));
    }
}

#[test]
fn a_w3c_credential_needs_all_types_of_one_alternative_and_its_own_format() {
    let asked = query(
        &json!({"credentials": [{"id": "id", "format": "ldp_vc", "meta": {"type_values": [
        ["https://a.example/A", "https://a.example/B"], ["https://a.example/C"]
    ]}, "claims": [{"path": ["credentialSubject", "name"]}]}]}),
    )
    .unwrap();
    assert_eq!(
        DcqlQuery::parse(&serde_json::to_vec(&asked).unwrap()),
        Ok(asked.clone())
    );
    let document = json!({"credentialSubject": {"name": "Amina"}});
    let document = document.as_object().unwrap();
    let answer = |format, types: &[&str]| {
        let types: Vec<String> = types.iter().map(|it| (*it).to_owned()).collect();
        let kind = CandidateKind::W3c {
            format,
            types: &types,
        };
        Candidate {
            kind,
            ..candidate("", document)
        }
        .answer(&asked.credentials()[0])
        .map(|paths| paths.len())
    };
    assert_eq!(answer(W3cFormat::LdpVc, &["https://a.example/C"]), Ok(1));
    assert_eq!(
        answer(W3cFormat::LdpVc, &["https://a.example/B", "https://a.example/A"]),
        Ok(1)
    );
    assert_eq!(
        answer(W3cFormat::LdpVc, &["https://a.example/A"]),
        Err(CandidateMismatch::Type)
    );
    assert_eq!(
        answer(W3cFormat::JwtVcJson, &["https://a.example/C"]),
        Err(CandidateMismatch::Format)
    );
    for types in [json!([]), json!([[]]), json!("x"), json!(["x"]), json!([[1]])] {
        let credential = json!({"id": "id", "format": "jwt_vc_json", "meta": {"type_values": types}});
        let refused = query(&json!({"credentials": [credential]}));
        let reason = CredentialQueryDefect::Meta;
        assert_eq!(
            refused,
            Err(DcqlError::Credential { position: 0, reason }),
            "{types}"
        );
    }
}
