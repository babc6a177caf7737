use proptest::prelude::*;

use super::*;

fn kept(policy: &PresentationPolicy, report: Report) -> Report {
    let mut kept = policy.keep(presented(&[("identity", report)]));
    assert_eq!(kept.len(), 1);
    kept.remove(0).report
}

#[test]
fn nothing_of_the_person_is_kept_unless_the_policy_names_it() {
    let mut whole = report(IDENTITY, REGISTRY, json!({"name": "Amina", "age": 36}));
    whole.photo = Some(photo());
    let none = kept(&one(json!({})), whole.clone());
    assert!(none.claims.is_empty() && none.photo.is_none() && none.holder_key.is_none());
    assert_eq!(none.verdict, whole.verdict);
    let some = kept(
        &one(json!({"keep_claims": [["age"], ["absent"]], "keep_photo": true})),
        whole,
    );
    assert_eq!(Value::Object(some.claims), json!({"age": 36}));
    assert_eq!(some.photo, Some(photo()));
}

#[test]
fn claims_are_kept_where_they_stand() {
    let whole = json!({
        "address": {"city": "Kaolack", "street": "1 Rue", "lines": ["a", "b"]},
        "degrees": [{"type": "BSc", "year": 2001}, {"type": "MSc", "year": 2003}],
    });
    let kept = kept(
        &one(json!({"keep_claims": [
            ["address", "city"], ["address", "lines", 1], ["degrees", null, "type"], ["address", "city", "deeper"],
        ]})),
        report(IDENTITY, REGISTRY, whole),
    );
    assert_eq!(
        Value::Object(kept.claims),
        json!({
            "address": {"city": "Kaolack", "lines": ["b"]},
            "degrees": [{"type": "BSc"}, {"type": "MSc"}],
        })
    );
}

#[test]
fn a_report_that_no_rule_is_about_keeps_nothing() {
    let policy = one(json!({"keep_claims": [["age"]]}));
    let kept = policy.keep(presented(&[(
        "stranger",
        report(IDENTITY, REGISTRY, json!({"age": 36})),
    )]));
    assert!(kept[0].report.claims.is_empty());
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = "[a-c]{1,2}".prop_map(Value::from);
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::btree_map("[a-c]", inner.clone(), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
            proptest::collection::vec(inner, 0..4).prop_map(Value::from),
        ]
    })
}

fn path() -> impl Strategy<Value = Value> {
    let part = prop_oneof![
        "[a-c]".prop_map(Value::from),
        Just(Value::Null),
        (0..3_u64).prop_map(Value::from)
    ];
    ("[a-c]", proptest::collection::vec(part, 0..4))
        .prop_map(|(first, rest)| Value::Array(core::iter::once(Value::from(first)).chain(rest).collect()))
}

fn leaves(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.values().map(leaves).sum(),
        Value::Array(elements) => elements.iter().map(leaves).sum(),
        _ => 1,
    }
}

proptest! {
    /// What is kept is what the path selects: no leaf more and no leaf less.
    #[test]
    fn exactly_what_a_path_selects_is_kept(members in proptest::collection::btree_map("[a-c]", tree(), 0..4), path in path()) {
        let claims = Value::Object(members.into_iter().collect());
        let selector: symbolon_credential::claims_path::ClaimsPath = serde_json::from_value(path.clone()).unwrap();
        let kept = kept(&one(json!({"keep_claims": [path]})), report(IDENTITY, REGISTRY, claims.clone()));
        // A path that aborts over some element selects nothing; what is kept of the others was named all the same.
        if let Ok(selected) = selector.select(claims.as_object().unwrap()) {
            let wanted: usize = selected.into_iter().map(leaves).sum();
            prop_assert_eq!(leaves(&Value::Object(kept.claims)), wanted);
        }
    }
}
