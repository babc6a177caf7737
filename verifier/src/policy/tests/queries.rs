use super::*;

fn query(policy: &PresentationPolicy) -> Value {
    serde_json::to_value(policy.query().unwrap()).unwrap()
}

#[test]
fn an_age_is_asked_for_by_the_claim_that_discloses_least() {
    let policy = one(json!({
        "claims": [{"path": ["full_name"]}, {"path": ["email"], "presence": "optional"}],
        "age": {"over": 18, "claims": [["age_equal_or_over", "18"]], "birth_date": ["birthdate"]},
    }));
    let asked = &query(&policy)["credentials"][0];
    assert_eq!(
        asked["claims"],
        json!([
            {"id": "claim0", "path": ["full_name"]},
            {"id": "claim1", "path": ["email"]},
            {"id": "age0", "path": ["age_equal_or_over", "18"], "values": [true]},
            {"id": "age1", "path": ["birthdate"]},
        ])
    );
    assert_eq!(
        asked["claim_sets"],
        json!([
            ["claim0", "age0", "claim1"],
            ["claim0", "age0"],
            ["claim0", "age1", "claim1"],
            ["claim0", "age1"],
        ])
    );
}

#[test]
fn a_date_of_birth_that_is_asked_for_anyway_shows_the_age() {
    let policy = one(json!({
        "claims": [{"path": ["birthdate"]}],
        "age": {"over": 18, "claims": [["age_equal_or_over", "18"]], "birth_date": ["birthdate"]},
    }));
    let asked = &query(&policy)["credentials"][0];
    assert_eq!(asked["claims"], json!([{"id": "claim0", "path": ["birthdate"]}]));
    assert_eq!(asked.get("claim_sets"), None);
}

#[test]
fn nothing_is_asked_for_where_no_rule_looks() {
    let asked = &query(&one(json!({})))["credentials"][0];
    assert_eq!(asked.get("claims"), None);
    assert_eq!(asked.get("require_cryptographic_holder_binding"), None);
}

#[test]
fn the_wallet_is_told_the_values_and_what_of_an_mdoc_is_kept() {
    let policy = policy(json!({"credentials": [{
        "id": "identity", "format": "mso_mdoc", "types": [DOC_TYPE], "binding": "none",
        "claims": [
            {"path": ["n", "nationality"], "values": ["SN", "ML"]},
            {"path": ["n", "family_name"]},
        ],
        "keep_claims": [["n", "family_name"]],
    }]}));
    let asked = &query(&policy)["credentials"][0];
    assert_eq!(asked["meta"], json!({ "doctype_value": DOC_TYPE }));
    assert_eq!(asked["require_cryptographic_holder_binding"], json!(false));
    assert_eq!(
        asked["claims"],
        json!([
            {"id": "claim0", "path": ["n", "nationality"], "values": ["SN", "ML"], "intent_to_retain": false},
            {"id": "claim1", "path": ["n", "family_name"], "intent_to_retain": true},
        ])
    );
}

#[test]
fn alternatives_and_what_may_be_left_out_become_credential_sets() {
    let policy = policy(json!({"combined": "several_people", "credentials": [
        identity(json!({"id": "a", "one_of": "who"})),
        {"id": "b", "one_of": "who", "format": "ldp_vc", "types": ["https://x.example/#T"], "binding": "key"},
        identity(json!({"id": "more", "presence": "optional"})),
        {"id": "card", "one_of": "who", "format": "claim_169", "binding": "none"},
    ]}));
    let query = query(&policy);
    assert_eq!(
        query["credential_sets"],
        json!([
            {"options": [["a"], ["b"]]},
            {"options": [["more"]], "required": false},
        ])
    );
    assert_eq!(
        query["credentials"][1]["meta"],
        json!({"type_values": [["https://x.example/#T"]]})
    );
    assert_eq!(query["credentials"].as_array().unwrap().len(), 3);
}

#[test]
fn nobody_can_be_asked_for_a_printed_card() {
    let policy = policy(json!({"credentials": [
        {"id": "card", "format": "claim_169", "binding": "face", "keep_photo": true},
    ]}));
    assert!(policy.query().is_none());
}
