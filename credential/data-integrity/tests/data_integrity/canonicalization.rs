//! RDFC-1.0, what it costs, numbers, and names for blank nodes.

use serde_json::{Value, json};
use symbolon_credential::data_integrity::{
    CanonicalHash, ContextTable, JsonLdBudget, JsonLdError, JsonLdProcessor as _,
};
use symbolon_crypto::encoding::json::{JsonBudget, parse_value};

use crate::support::{EXAMPLES, PROCESSOR};

fn canonical(statements: &[&str]) -> Vec<String> {
    let statements: Vec<String> = statements.iter().map(|&text| text.to_owned()).collect();
    PROCESSOR
        .canonicalize_statements(&statements, CanonicalHash::Sha256, JsonLdBudget::DEFAULT)
        .unwrap()
        .statements
}

#[test]
fn unique_hashes_are_labelled_as_in_rdf_canon_appendix_a() {
    assert_eq!(
        canonical(&[
            "<http://example.com/#p> <http://example.com/#q> _:e0 .",
            "<http://example.com/#p> <http://example.com/#r> _:e1 .",
            "_:e0 <http://example.com/#s> <http://example.com/#u> .",
            "_:e1 <http://example.com/#t> <http://example.com/#u> .",
        ]),
        [
            "<http://example.com/#p> <http://example.com/#q> _:c14n0 .\n",
            "<http://example.com/#p> <http://example.com/#r> _:c14n1 .\n",
            "_:c14n0 <http://example.com/#s> <http://example.com/#u> .\n",
            "_:c14n1 <http://example.com/#t> <http://example.com/#u> .\n",
        ]
    );
}

#[test]
fn shared_hashes_are_labelled_as_in_rdf_canon_appendix_a() {
    assert_eq!(
        canonical(&[
            "<http://example.com/#p> <http://example.com/#q> _:e0 .",
            "<http://example.com/#p> <http://example.com/#q> _:e1 .",
            "_:e0 <http://example.com/#p> _:e2 .",
            "_:e1 <http://example.com/#p> _:e3 .",
            "_:e2 <http://example.com/#r> _:e3 .",
        ]),
        [
            "<http://example.com/#p> <http://example.com/#q> _:c14n2 .\n",
            "<http://example.com/#p> <http://example.com/#q> _:c14n3 .\n",
            "_:c14n0 <http://example.com/#r> _:c14n1 .\n",
            "_:c14n2 <http://example.com/#p> _:c14n1 .\n",
            "_:c14n3 <http://example.com/#p> _:c14n0 .\n",
        ]
    );
}

#[test]
fn labels_and_order_of_the_input_do_not_matter() {
    let ring = |labels: [&str; 6], turn: usize| {
        let mut statements: Vec<String> = (0..6)
            .map(|place| format!("_:{} <a:next> _:{} .", labels[place], labels[(place + 1) % 6]))
            .collect();
        statements.push(format!("_:{} <a:is> <a:marked> .", labels[2]));
        statements.rotate_left(turn);
        PROCESSOR
            .canonicalize_statements(&statements, CanonicalHash::Sha384, JsonLdBudget::DEFAULT)
            .unwrap()
            .statements
    };
    let first = ring(["a", "b", "c", "d", "e", "f"], 0);
    assert_eq!(ring(["f", "c", "a", "x", "b", "e"], 3), first);
}

/// Every node is joined with every other: all look alike, and all orders are to be tried.
#[test]
fn a_poisoned_graph_costs_no_more_than_its_budget() {
    let mut statements = Vec::new();
    for from in 0..12 {
        for to in (0..12).filter(|to| *to != from) {
            statements.push(format!("_:n{from} <a:knows> _:n{to} ."));
        }
    }
    assert_eq!(
        PROCESSOR.canonicalize_statements(&statements, CanonicalHash::Sha256, JsonLdBudget::DEFAULT),
        Err(JsonLdError::OverBudget)
    );
}

#[test]
fn a_long_chain_of_equal_nodes_is_refused_before_the_stack_ends() {
    let statements: Vec<String> = (0..3_000)
        .map(|node| format!("_:n{node} <a:next> _:n{} .", (node + 1) % 3_000))
        .collect();
    assert_eq!(
        PROCESSOR.canonicalize_statements(&statements, CanonicalHash::Sha256, JsonLdBudget::DEFAULT),
        Err(JsonLdError::OverBudget)
    );
}

#[test]
fn documents_are_bounded_in_depth_items_and_statements() {
    let deep = (0..40).fold(json!({"id": "a:b"}), |inner, _| json!({ "knows": inner }));
    let document = json!({
        "@context": "https://www.w3.org/ns/credentials/examples/v2",
        "knows": deep,
    });
    assert_eq!(
        PROCESSOR.to_statements(&document, &EXAMPLES, JsonLdBudget::DEFAULT),
        Err(JsonLdError::OverBudget)
    );
    let document = json!({
        "@context": "https://www.w3.org/ns/credentials/examples/v2",
        "number": (0..100).collect::<Vec<i32>>(),
    });
    for budget in [
        JsonLdBudget {
            items: 100,
            ..JsonLdBudget::DEFAULT
        },
        JsonLdBudget {
            statements: 99,
            ..JsonLdBudget::DEFAULT
        },
    ] {
        assert_eq!(
            PROCESSOR.to_statements(&document, &EXAMPLES, budget),
            Err(JsonLdError::OverBudget)
        );
    }
}

/// Crates of the ssi family may raise `serde_json/arbitrary_precision` for whatever is built with them; this test reads
/// numbers as the programs do that link this crate.
#[test]
fn numbers_survive_the_features_of_the_processor() {
    assert_eq!(serde_json::to_string(&json!(1)).unwrap(), "1");
    let text = r#"{"a":1,"b":-7,"c":1.5,"d":[18446744073709551615,-9223372036854775808],"e":{"f":0}}"#;
    let value = parse_value(text.as_bytes(), JsonBudget::DEFAULT).unwrap();
    assert_eq!(value["a"].as_u64(), Some(1));
    assert_eq!(value["b"].as_i64(), Some(-7));
    assert_eq!(value["c"].as_f64(), Some(1.5));
    assert_eq!(value["d"][0].as_u64(), Some(u64::MAX));
    assert_eq!(value["e"]["f"].as_i64(), Some(0));
    assert_eq!(value.to_string(), text);
    for refused in [
        "18446744073709551616",
        "-9223372036854775809",
        "1e999",
        r#"{"$serde_json::private::Number":"1"}"#,
        r#"{"\u0024serde_json::private::Number":"1"}"#,
    ] {
        assert!(
            parse_value(refused.as_bytes(), JsonBudget::DEFAULT).is_err(),
            "{refused}"
        );
    }
}

#[test]
fn numbers_booleans_directions_and_lists_become_rdf() {
    let document = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
        "id": "a:b",
        "count": 3,
        "ratio": 0.5,
        "flag": true,
        "title": {"@value": "x", "@language": "AR", "@direction": "rtl"},
        "order": {"@list": ["one"]},
    });
    let statements = PROCESSOR
        .canonicalize(&document, &EXAMPLES, CanonicalHash::Sha256, JsonLdBudget::DEFAULT)
        .unwrap()
        .concat();
    for part in [
        "#count> \"3\"^^<http://www.w3.org/2001/XMLSchema#integer>",
        "#ratio> \"5.0E-1\"^^<http://www.w3.org/2001/XMLSchema#double>",
        "#flag> \"true\"^^<http://www.w3.org/2001/XMLSchema#boolean>",
        "#title> \"x\"^^<https://www.w3.org/ns/i18n#ar_rtl>",
        "_:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> \"one\"",
    ] {
        assert!(statements.contains(part), "{part} in {statements}");
    }
}

#[test]
fn skolemization_keeps_the_shape_and_names_nodes_only() {
    let document = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
        "type": ["VerifiableCredential"],
        "issuer": {"id": "https://issuer.example"},
        "name": {"@value": "x", "@language": "en"},
        "credentialSubject": [{"address": {"city": "Y"}}, {"id": "did:example:b"}],
    });
    let named = PROCESSOR
        .skolemize(&document, &EXAMPLES, "urn:bnid:", JsonLdBudget::DEFAULT)
        .unwrap();
    let mut stripped = named.clone();
    let mut found = 0;
    for pointer in ["", "/credentialSubject/0", "/credentialSubject/0/address"] {
        let object = stripped.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        let id = object.remove("id");
        assert!(
            id.as_ref()
                .and_then(Value::as_str)
                .unwrap()
                .starts_with("urn:bnid:")
        );
        found += 1;
    }
    assert_eq!((found, stripped), (3, document));
    let statements = PROCESSOR
        .to_statements(&named, &EXAMPLES, JsonLdBudget::DEFAULT)
        .unwrap();
    assert!(statements.iter().all(|statement| !statement.contains("_:")));
    assert!(
        PROCESSOR
            .to_statements(&named, &ContextTable::default(), JsonLdBudget::DEFAULT)
            .is_err()
    );
}
