//! The short way against the long one.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use symbolon_credential::data_integrity::{CanonicalHash, ContextTable, JsonLdBudget, JsonLdError};

use crate::{SsiJsonLd, canonical};

const ISSUER: &str = "https://issuer.example/contexts/1";
const VOCABULARY: &str = "https://issuer.example/contexts/vocabulary";
const V2: &str = "https://www.w3.org/ns/credentials/v2";

static PROCESSOR: LazyLock<SsiJsonLd> = LazyLock::new(SsiJsonLd::new);

/// Terms of every kind, usual and unusual.
static TABLE: LazyLock<ContextTable> = LazyLock::new(|| {
    let term = |name: &str| format!("https://issuer.example/terms#{name}");
    let xsd = |name: &str| format!("http://www.w3.org/2001/XMLSchema#{name}");
    let issuer = json!({"@context": {
        "ex": {"@id": "https://issuer.example/terms#", "@prefix": true},
        "NationalIdentityCredential": term("NationalIdentityCredential"),
        "Person": {"@id": term("Person"), "@context": {
            "age": {"@id": term("personAge"), "@type": xsd("integer")},
            "nick": term("nick"),
        }},
        "Place": {"@id": term("Place"), "@context": {"@propagate": true, "city": term("placeCity")}},
        "Nothing": {"@id": term("Nothing"), "@context": null},
        "givenName": term("givenName"),
        "age": {"@id": term("age"), "@type": xsd("integer")},
        "height": {"@id": term("height"), "@type": xsd("double")},
        "born": {"@id": term("born"), "@type": xsd("date")},
        "alive": term("alive"),
        "knows": {"@id": term("knows"), "@type": "@id"},
        "kind": {"@id": term("kind"), "@type": "@vocab"},
        "names": {"@id": term("names"), "@container": "@set"},
        "localName": {"@id": term("localName"), "@container": "@language"},
        "record": {"@id": term("record"), "@type": "@json"},
        "folder": {"@id": term("folder"), "@container": "@graph"},
        "scoped": {"@id": term("scoped"), "@context": {"inner": term("inner"), "givenName": term("scopedName")}},
        "scopedText": {"@id": term("scopedText"), "@type": "@vocab", "@context": {"word": term("word")}},
        "ordered": {"@id": term("ordered"), "@container": "@list"},
        "indexed": {"@id": term("indexed"), "@container": "@index"},
        "french": {"@id": term("french"), "@language": "fr"},
        "rightToLeft": {"@id": term("rightToLeft"), "@direction": "rtl"},
        "child": {"@reverse": term("parent")},
        "undefined": null,
    }});
    let vocabulary = json!({"@context": {"@vocab": "https://issuer.example/vocabulary#"}});
    let documents = [(ISSUER, issuer), (VOCABULARY, vocabulary)];
    ContextTable::from_documents(documents.map(|(url, document)| (url.to_owned(), document))).unwrap()
});

/// The canonical statements by both ways; the short one may have none.
fn both(document: &Value) -> (Option<Vec<String>>, Result<Vec<String>, JsonLdError>) {
    let budget = JsonLdBudget::DEFAULT;
    let checked = match PROCESSOR.check(document, &TABLE, budget) {
        Ok(checked) => checked,
        Err(error) => return (None, Err(error)),
    };
    let canonical = |quads: &[_]| canonical::canonicalize(quads, CanonicalHash::Sha256, budget);
    let short = checked
        .direct()
        .map(|direct| canonical(&direct.quads).unwrap().statements);
    let long = checked
        .quads_through_expansion()
        .and_then(|quads| Ok(canonical(&quads)?.statements));
    (short, long)
}

fn credential(contexts: &Value, subject: Value) -> Value {
    json!({
        "@context": contexts,
        "type": ["VerifiableCredential", "NationalIdentityCredential"],
        "issuer": {"id": "did:example:issuer", "name": {"@value": "The issuer", "@language": "en"}},
        "validFrom": "2027-01-15T08:00:00Z",
        "credentialStatus": {
            "id": "https://issuer.example/status#1",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": "1",
            "statusListCredential": "https://issuer.example/status",
        },
        "credentialSubject": subject,
    })
}

fn usual(document: &Value) {
    let (short, long) = both(document);
    let short = short.unwrap_or_else(|| panic!("does not go the short way: {document:#}"));
    assert_eq!(short, long.unwrap(), "{document:#}");
}

#[test]
fn usual_documents_go_the_short_way_and_come_to_the_same_statements() {
    let contexts = json!([V2, ISSUER]);
    for subject in [
        json!({"id": "did:example:holder", "givenName": "Asha", "age": 30, "alive": true, "born": "2000-01-01"}),
        json!({"type": "Person", "age": 30, "nick": "A", "knows": {"type": "Place", "city": "Kochi", "age": 3}}),
        json!([{"givenName": "a"}, {"givenName": "a"}, {"knows": ["did:example:1", {"id": "did:example:2"}]}]),
        json!({"names": ["a", "b"], "localName": {"en": "Asha", "hi": ["आशा", "a"]}, "kind": "Place"}),
        json!({"record": {"a": [1, 2.5, "x"], "b": {"c": true}}, "height": 1.5, "alive": -7}),
        json!({"folder": [{"givenName": "in a graph", "knows": {"names": "within"}}, {"id": "urn:x", "age": 1}]}),
        json!({"scoped": {"inner": "a", "givenName": "b", "knows": {"givenName": "c"}}, "scopedText": "word"}),
        json!({"type": "Place", "city": "x", "knows": {"city": "y", "type": "Person", "nick": "z"}}),
        json!({"type": ["Place", "Person"], "city": "x", "nick": "y", "knows": {"age": 3}}),
        json!({"givenName": {"@value": "5", "@type": "age"}, "names": [{"@value": true}, {"@value": "a", "@type": "urn:t"}]}),
        json!({"givenName": "quoted \"text\" \u{1} \u{7f} \\ \n"}),
    ] {
        usual(&credential(&contexts, subject));
    }
    usual(&credential(
        &json!([V2, ISSUER, VOCABULARY]),
        json!({"anything": "a", "type": "Whatever", "kind": "That"}),
    ));
}

#[test]
fn presentations_go_the_short_way_with_the_contexts_of_what_they_hold() {
    let held = credential(
        &json!([V2, ISSUER]),
        json!({"id": "did:example:holder", "givenName": "Asha"}),
    );
    usual(&json!({
        "@context": [V2],
        "type": "VerifiablePresentation",
        "holder": "did:example:holder",
        "verifiableCredential": [held, held.clone()],
    }));
    usual(&json!({
        "@context": [V2],
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2027-01-15T08:00:00Z",
        "verificationMethod": "did:example:issuer#1",
        "proofPurpose": "assertionMethod",
    }));
}

#[test]
fn unusual_documents_are_left_to_the_long_way() {
    for subject in [
        json!({"ordered": ["a"]}),
        json!({"indexed": {"a": "b"}}),
        json!({"child": {"id": "did:example:child"}}),
        json!({"french": "bonjour"}),
        json!({"rightToLeft": "a"}),
        json!({"givenName": {"@value": "a", "@direction": "rtl"}}),
        json!({"givenName": {"@set": ["a"]}}),
        json!({"ex:givenName": "a"}),
        json!({"knows": "ex:somebody"}),
        json!({"knows": "relative"}),
        json!({"unknown": "a"}),
        json!({"undefined": "a"}),
        json!({"type": "Unknown"}),
        json!({"givenName": [["a"]]}),
        json!({"id": "_:b0", "givenName": "a"}),
        json!({"givenName": {}}),
        json!({"id": "did:example:1", "@id": "did:example:2", "givenName": "a"}),
        json!({"type": "Nothing", "givenName": "a"}),
    ] {
        let (short, _) = both(&credential(&json!([V2, ISSUER]), subject.clone()));
        assert_eq!(short, None, "{subject}");
    }
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-z \"\\\\\n\u{e9}]{0,8}".prop_map(Value::from),
        prop_oneof![
            Just("did:example:1"),
            Just("urn:x"),
            Just("ex:a"),
            Just("_:b"),
            Just("word"),
            Just("Place"),
            Just("age"),
            Just("@id"),
            Just("id"),
            Just(":"),
            Just("https://a.example/ b"),
        ]
        .prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "id",
        "type",
        "@id",
        "@type",
        "givenName",
        "age",
        "height",
        "born",
        "alive",
        "knows",
        "kind",
        "names",
        "localName",
        "record",
        "folder",
        "scoped",
        "scopedText",
        "ordered",
        "indexed",
        "french",
        "rightToLeft",
        "child",
        "undefined",
        "inner",
        "nick",
        "city",
        "word",
        "ex:other",
        "urn:term",
        "name",
        "description",
        "issuer",
        "credentialSubject",
        "verifiableCredential",
        "proof",
        "unknown",
    ])
    .prop_map(str::to_owned)
}

fn types() -> impl Strategy<Value = Value> {
    let class = prop::sample::select(vec![
        "Person",
        "Place",
        "Nothing",
        "VerifiableCredential",
        "DataIntegrityProof",
        "urn:class",
        "Unknown",
    ]);
    prop::collection::vec(class, 1..4).prop_map(|types| match types.as_slice() {
        [one] => json!(one),
        several => json!(several),
    })
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            4 => node(inner.clone()),
            2 => prop::collection::vec(inner.clone(), 1..4).prop_map(Value::Array),
            1 => (scalar(), prop::option::of(types()), prop::option::of(prop::sample::select(vec!["en", "hi", "x y"])))
                .prop_map(|(value, datatype, language)| {
                    let mut object = Map::from_iter([("@value".to_owned(), value)]);
                    object.extend(datatype.map(|datatype| ("@type".to_owned(), datatype)));
                    object.extend(language.map(|language| ("@language".to_owned(), json!(language))));
                    Value::Object(object)
                }),
            1 => prop::collection::btree_map(prop::sample::select(vec!["en", "de-AT", "id", "@none", "a b"]), inner, 1..3)
                .prop_map(|texts| texts.into_iter().collect::<Value>()),
        ]
    })
}

fn node(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let members = prop::collection::vec((name(), inner), 0..5);
    let local = prop::option::weighted(0.1, prop::sample::select(vec![V2, ISSUER, VOCABULARY]));
    (members, prop::option::of(types()), local).prop_map(|(members, types, local)| {
        let mut object = Map::new();
        object.extend(local.map(|context| ("@context".to_owned(), json!(context))));
        object.extend(types.map(|types| ("type".to_owned(), types)));
        for (name, value) in members {
            object.entry(name).or_insert(value);
        }
        Value::Object(object)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn both_ways_agree_about_every_document_that_goes_the_short_one(
        subject in value(),
        contexts in prop::sample::select(vec![
            json!([V2, ISSUER]), json!([V2, ISSUER, VOCABULARY]), json!(V2), json!([ISSUER, V2]), json!(ISSUER), json!([]),
        ]),
        whole in any::<bool>(),
    ) {
        let document = match subject {
            Value::Object(mut members) if whole => {
                members.insert("@context".to_owned(), contexts);
                Value::Object(members)
            }
            subject => credential(&contexts, subject),
        };
        let (short, long) = both(&document);
        if let Some(short) = short {
            prop_assert_eq!(Ok(short), long, "{:#}", document);
        }
    }
}
