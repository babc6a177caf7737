use serde_json::{Map, json};

use super::*;

const V1: &str = "https://www.w3.org/2018/credentials/v1";
const V2: &str = "https://www.w3.org/ns/credentials/v2";
const UNDEFINED: &str = "https://www.w3.org/ns/credentials/undefined-terms/v2";
const OWN: &str = "https://issuer.example/contexts/identity";
const CREDENTIAL: &str = "https://www.w3.org/2018/credentials#VerifiableCredential";

fn table(context: Value) -> ContextTable {
    ContextTable::from_documents([(OWN.to_owned(), json!({ "@context": context }))]).unwrap()
}

fn expanded(types: &[&str], contexts: Value, table: &ContextTable) -> Result<Vec<String>, TypesNotExpanded> {
    let types: Vec<String> = types.iter().map(|name| (*name).to_owned()).collect();
    expanded_types(&types, contexts.as_array().unwrap(), table)
}

#[test]
fn both_versions_name_a_credential_alike() {
    let none = ContextTable::default();
    for base in [V1, V2] {
        assert_eq!(
            expanded(&["VerifiableCredential"], json!([base]), &none).unwrap(),
            [CREDENTIAL]
        );
    }
    assert_eq!(
        expanded(
            &["VerifiableCredential", "BitstringStatusListCredential"],
            json!([V2]),
            &none
        )
        .unwrap(),
        [
            CREDENTIAL,
            "https://www.w3.org/ns/credentials/status#BitstringStatusListCredential"
        ]
    );
}

#[test]
fn terms_of_an_issuers_own_context_are_strings_objects_and_prefixed_names() {
    let table = table(json!({
        "own": "https://issuer.example/terms#",
        "Plain": "https://issuer.example/terms#Plain",
        "Described": { "@id": "own:Described", "@context": { "name": "own:name" } },
        "own:Short": { "@type": "@id" },
        "Alias": "Described",
    }));
    let types = ["Plain", "Described", "own:Short", "own:Elsewhere", "Alias"];
    assert_eq!(
        expanded(&types, json!([V2, OWN]), &table).unwrap(),
        ["Plain", "Described", "Short", "Elsewhere", "Described"]
            .map(|name| format!("https://issuer.example/terms#{name}"))
    );
}

#[test]
fn a_type_that_no_context_defines_stays_relative() {
    let none = ContextTable::default();
    let types = [
        "VerifiableCredential",
        "NationalIdentityCredential",
        "urn:example:type",
    ];
    assert_eq!(
        expanded(&types, json!([V2]), &none).unwrap(),
        [CREDENTIAL, "NationalIdentityCredential", "urn:example:type"]
    );
}

#[test]
fn a_vocabulary_defines_what_nothing_else_does() {
    let none = ContextTable::default();
    let types = ["VerifiableCredential", "Unheard"];
    assert_eq!(
        expanded(&types, json!([V2, UNDEFINED]), &none).unwrap(),
        [
            CREDENTIAL,
            "https://www.w3.org/ns/credentials/undefined-term#Unheard"
        ]
    );
    let table = table(json!({ "@vocab": "https://issuer.example/terms#", "Term": {} }));
    assert_eq!(
        expanded(&["Term", "Unheard"], json!([V2, OWN]), &table).unwrap(),
        [
            "https://issuer.example/terms#Term",
            "https://issuer.example/terms#Unheard"
        ]
    );
}

#[test]
fn contexts_are_known_or_refused_and_a_table_changes_nothing_of_what_is_shipped() {
    let types = ["VerifiableCredential"];
    assert_eq!(
        expanded(&types, json!([V2, OWN]), &ContextTable::default()),
        Err(TypesNotExpanded::UnknownContext)
    );
    let other = json!({ "@context": { "VerifiableCredential": "https://attacker.example/#Other" } });
    let table = ContextTable::from_documents([(V2.to_owned(), other)]).unwrap();
    assert_eq!(expanded(&types, json!([V2]), &table).unwrap(), [CREDENTIAL]);
}

#[test]
fn a_protected_term_keeps_its_meaning() {
    let redefines = table(json!({ "VerifiableCredential": "https://attacker.example/#Other" }));
    let repeats = table(json!({ "VerifiableCredential": CREDENTIAL }));
    let types = ["VerifiableCredential"];
    assert_eq!(
        expanded(&types, json!([V2, OWN]), &redefines),
        Err(TypesNotExpanded::ProtectedTerm)
    );
    assert_eq!(
        expanded(&types, json!([V2, null]), &redefines),
        Err(TypesNotExpanded::ProtectedTerm)
    );
    assert_eq!(
        expanded(&types, json!([V2, OWN]), &repeats).unwrap(),
        [CREDENTIAL]
    );
}

#[test]
fn a_later_context_wins_where_nothing_is_protected() {
    let contexts = json!([
        { "Own": "https://issuer.example/#First" },
        { "Own": "https://issuer.example/#Second", "Gone": null },
    ]);
    let types = ["Own", "Gone", "@type"];
    assert_eq!(
        expanded(&types, contexts, &ContextTable::default()).unwrap(),
        ["https://issuer.example/#Second"]
    );
}

#[test]
fn one_context_imports_another() {
    let table = table(json!({ "own": "https://issuer.example/terms#", "Own": "own:Own" }));
    let contexts = json!([V2, { "@import": OWN, "Other": "own:Other", "@protected": true }]);
    assert_eq!(
        expanded(&["Own", "Other"], contexts, &table).unwrap(),
        [
            "https://issuer.example/terms#Own",
            "https://issuer.example/terms#Other"
        ]
    );
}

#[test]
fn refuses_definitions_that_go_in_circles_or_nowhere() {
    let none = ContextTable::default();
    for bad in [
        json!({ "a": "b:x", "b": "a:y" }),
        json!({ "Own": "relative" }),
        json!({ "Own": 1 }),
        json!({ "Own": { "@id": 1 } }),
        json!({ "@vocab": 1 }),
    ] {
        assert_eq!(
            expanded(&["Own"], json!([V2, bad]), &none),
            Err(TypesNotExpanded::InvalidContext),
            "{bad}"
        );
    }
}

#[test]
fn contexts_without_end_are_over_the_budget() {
    let circle = table(json!([OWN]));
    assert_eq!(
        expanded(&["Own"], json!([V2, OWN]), &circle),
        Err(TypesNotExpanded::OverBudget)
    );
    let chain: Map<String, Value> = (0..40)
        .map(|n| (format!("term{n:02}"), json!(format!("term{:02}:x", n + 1))))
        .collect();
    assert_eq!(
        expanded(&["Own"], json!([V2, chain]), &ContextTable::default()),
        Err(TypesNotExpanded::OverBudget)
    );
    let many = vec![json!({ "Own": "https://issuer.example/#Own" }); 65];
    assert_eq!(
        expanded(&["Own"], json!(many), &ContextTable::default()),
        Err(TypesNotExpanded::OverBudget)
    );
}
