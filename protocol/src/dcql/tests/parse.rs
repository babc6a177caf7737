//! What is a query, and what is none.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::sets::two_with_sets;
use super::{one, query};
use crate::dcql::*;

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
        (
            one(&json!({"meta": {"vct": "urn:identity"}})),
            credential(Defect::Meta),
        ),
        (
            one(&json!({"claims": [{"path": ["a"]}, {"id": "x", "path": ["b"]}], "claim_sets": [["x"]]})),
            credential(Defect::NamelessClaim),
        ),
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
fn unknown_members_are_ignored_everywhere() {
    let asked = query(&json!({
        "credentials": [{
            "id": "id", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:identity"], "future": 1}, "future": [],
            "claims": [{"id": "a", "path": ["x"], "future": {}}], "claim_sets": [["a"]],
            "trusted_authorities": [{"type": "aki", "values": ["AQID"], "future": true}]
        }],
        "credential_sets": [{"options": [["id"]], "purpose": "age"}],
        "future": null
    }));
    assert!(asked.is_ok(), "{asked:?}");
}

#[test]
fn an_empty_meta_takes_every_type_of_the_format() {
    for format in ["dc+sd-jwt", "mso_mdoc", "ldp_vc", "jwt_vc_json"] {
        let asked = query(&json!({"credentials": [{"id": "id", "format": format, "meta": {}}]})).unwrap();
        let written = serde_json::to_vec(&asked).unwrap();
        assert_eq!(DcqlQuery::parse(&written).as_ref(), Ok(&asked));
        assert!(matches!(&asked.credentials()[0].meta, Meta::AnyType { .. }));
    }
    // Also of an mdoc without a type, a claim is an element of a namespace.
    let named = json!({"id": "id", "format": "mso_mdoc", "meta": {}, "claims": [{"path": ["family_name"]}]});
    let reason = CredentialQueryDefect::MdocPath;
    let refused = query(&json!({ "credentials": [named] }));
    assert_eq!(refused, Err(DcqlError::Credential { position: 0, reason }));
}

#[test]
fn a_claim_that_is_asked_for_twice_is_ignored_the_second_time_and_never_asked_by_ourselves() {
    let twice = one(&json!({
        "claims": [{"id": "a", "path": ["x"]}, {"id": "b", "path": ["x"], "values": [1]}, {"id": "c", "path": ["y"]}],
        "claim_sets": [["a", "b"], ["b", "c"]]
    }));
    let once = one(&json!({
        "claims": [{"id": "a", "path": ["x"]}, {"id": "c", "path": ["y"]}],
        "claim_sets": [["a"], ["a", "c"]]
    }));
    assert_eq!(query(&twice), query(&once));
    let own = |value: &Value| DcqlQuery::parse_own(value.to_string().as_bytes());
    let reason = CredentialQueryDefect::RepeatedClaim;
    assert_eq!(own(&twice), Err(DcqlError::Credential { position: 0, reason }));
    assert_eq!(own(&once), query(&once));
}

#[test]
fn each_kind_of_authority_is_read() {
    let asked = query(&one(&json!({"trusted_authorities": [
        {"type": "aki", "values": ["s9tIpPmhxdiuNkHMEWNpYim8S8Y"]},
        {"type": "etsi_tl", "values": ["https://lotl.example.com"]},
        {"type": "openid_federation", "values": ["https://trustanchor.example.com"]}
    ]})));
    let kinds = asked.unwrap().credentials()[0].trusted_authorities.clone();
    let [
        TrustedAuthority::AuthorityKeyIdentifier(keys),
        TrustedAuthority::EtsiTrustedList(lists),
        TrustedAuthority::Other { kind, .. },
    ] = &kinds[..]
    else {
        panic!("{kinds:?}")
    };
    assert_eq!(keys[0].len(), 20);
    assert_eq!(lists, &["https://lotl.example.com"]);
    assert_eq!(kind, "openid_federation");
}
