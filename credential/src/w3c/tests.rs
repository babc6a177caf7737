//! The rules of the data model, case by case as the W3C test suite has them.

mod presentations;
mod status;

use serde_json::{Map, Value, json};
use symbolon_crypto::UnixTime;
use symbolon_did::Did;

use super::*;

fn minimal() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": "did:example:issuer",
        "credentialSubject": { "id": "did:example:subject" },
    })
}

fn with(changes: Value) -> Value {
    let mut document = minimal();
    for (name, value) in changes.as_object().unwrap() {
        document[name] = value.clone();
    }
    document
}

fn without(name: &str) -> Value {
    let mut document = minimal();
    document.as_object_mut().unwrap().remove(name);
    document
}

fn refused(document: Value) -> NotConforming {
    VerifiableCredential::from_value(document.clone()).expect_err(&document.to_string())
}

fn accepted(document: Value) -> VerifiableCredential {
    VerifiableCredential::from_value(document.clone()).unwrap_or_else(|error| panic!("{error}: {document}"))
}

#[test]
fn the_base_context_comes_first_and_the_others_are_a_set() {
    let base = "https://www.w3.org/ns/credentials/v2";
    let other = "https://www.w3.org/ns/credentials/examples/v2";
    let undefined = "https://www.w3.org/ns/credentials/undefined-terms/v2";
    let contexts = |value: Value| with(json!({ "@context": value }));
    for good in [
        json!([base]),
        json!([base, other]),
        json!([base, { "Own": "https://example.org/#Own" }, other]),
        json!([base, other, undefined]),
    ] {
        accepted(contexts(good));
    }
    for (bad, error) in [
        (json!([other, base]), NotConforming::BaseContext),
        (json!([]), NotConforming::BaseContext),
        (json!({}), NotConforming::BaseContext),
        (
            json!([{ "a": "https://a.example" }, base]),
            NotConforming::BaseContext,
        ),
        (
            json!([base, "https ://not-a-url/contexts"]),
            NotConforming::ContextItem,
        ),
        (json!([base, 123]), NotConforming::ContextItem),
        (json!([base, null]), NotConforming::ContextItem),
        (
            json!([base, { "Own": "https ://not-a-url#Own" }]),
            NotConforming::ContextItem,
        ),
        (json!([base, base]), NotConforming::ContextRepeated),
        (json!([base, other, other]), NotConforming::ContextRepeated),
        (
            json!([base, undefined, other]),
            NotConforming::UndefinedTermsNotLast,
        ),
        (
            json!([base, { "VerifiableCredential": "https://example.org/#Bad" }]),
            NotConforming::TermRedefined,
        ),
    ] {
        assert_eq!(refused(contexts(bad.clone())), error, "{bad}");
    }
    assert_eq!(refused(without("@context")), NotConforming::BaseContext);
}

#[test]
fn identifiers_are_one_url() {
    let of = Property::Credential;
    accepted(with(
        json!({ "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33" }),
    ));
    for id in [
        json!(null),
        json!(["https://a.example", "https://b.example"]),
        json!("https ://x"),
        json!("x"),
    ] {
        assert_eq!(refused(with(json!({ "id": id }))), NotConforming::Id { of });
    }
    let subject = |id: Value| with(json!({ "credentialSubject": { "id": id } }));
    let of = Property::CredentialSubject;
    assert_eq!(
        refused(subject(json!(["did:example:1", "did:example:2"]))),
        NotConforming::Id { of }
    );
    assert_eq!(
        refused(subject(json!("https://a.example/\n"))),
        NotConforming::Id { of }
    );
}

#[test]
fn types_are_terms_or_urls_and_one_of_them_is_required() {
    let of = Property::Credential;
    let types = |value: Value| with(json!({ "type": value }));
    accepted(types(json!("VerifiableCredential")));
    accepted(types(json!([
        "Other",
        "https://example.org/#Type",
        "VerifiableCredential"
    ])));
    assert_eq!(
        refused(types(json!(["RelationshipCredential"]))),
        NotConforming::RequiredType { of }
    );
    for bad in [
        json!([]),
        json!(2),
        json!(["VerifiableCredential", 2]),
        json!(["VerifiableCredential", "a b"]),
    ] {
        assert_eq!(refused(types(bad.clone())), NotConforming::Type { of }, "{bad}");
    }
    assert_eq!(refused(without("type")), NotConforming::Type { of });
}

#[test]
fn contexts_within_the_document_keep_protected_terms_and_give_types_urls() {
    let base = "https://www.w3.org/ns/credentials/v2";
    let of = |contexts: Value| with(json!({ "@context": contexts, "type": ["VerifiableCredential", "Own"] }));
    let own = json!({ "Own": "https://example.org/#Own" });
    let protects = json!({ "@protected": true, "Own": "https://example.org/#Own" });
    let other = json!({ "Own": "https://example.org/#Other" });
    accepted(of(json!([base, own])));
    accepted(of(json!([base, protects, own])));
    accepted(of(json!([base, "https://issuer.example/contexts/unknown", {}])));
    assert_eq!(
        refused(of(json!([base, protects, other]))),
        NotConforming::TermRedefined
    );
    let untyped = NotConforming::Type {
        of: Property::Credential,
    };
    for nothing in [json!({}), json!({ "@vocab": null }), json!({ "Own": null })] {
        assert_eq!(refused(of(json!([base, nothing]))), untyped, "{nothing}");
    }
    let circle = json!({ "Own": "a:b", "a": "Own" });
    assert_eq!(refused(of(json!([base, circle]))), NotConforming::ContextItem);
}

#[test]
fn the_issuer_is_a_url_or_an_object_with_one() {
    let issuer = |value: Value| with(json!({ "issuer": value }));
    accepted(issuer(json!({ "id": "did:example:issuer", "name": "Issuer" })));
    for bad in [
        json!("fake-issuer"),
        json!(null),
        json!({ "id": null }),
        json!({ "id": "x" }),
        json!({}),
    ] {
        assert_eq!(refused(issuer(bad.clone())), NotConforming::Issuer, "{bad}");
    }
    assert_eq!(refused(without("issuer")), NotConforming::Issuer);
}

#[test]
fn every_subject_has_claims() {
    let subject = |value: Value| with(json!({ "credentialSubject": value }));
    accepted(subject(json!([{ "id": "did:example:1" }, { "name": "two" }])));
    for bad in [
        json!({}),
        json!([]),
        json!([{ "id": "did:example:1" }, {}]),
        json!("did:example:1"),
    ] {
        assert_eq!(
            refused(subject(bad.clone())),
            NotConforming::CredentialSubject,
            "{bad}"
        );
    }
    assert_eq!(
        refused(without("credentialSubject")),
        NotConforming::CredentialSubject
    );
}

#[test]
fn times_are_date_time_stamps_in_order() {
    for text in [
        "2010-01-01T19:23:24Z",
        "4023-02-26T01:02:58.447Z",
        "2023-02-25T19:58:11-05:00",
        "2023-02-25T24:00:00+14:00",
    ] {
        accepted(with(json!({ "validFrom": text })));
    }
    let of = Property::ValidFrom;
    for text in [
        "Sat 25 Feb 2023 07:16:31 PM CST",
        "2023-02-25",
        "2023-02-25t19:58:11z",
        "2023-02-25 19:58:11Z",
        "2023-02-31T19:58:11Z",
        "2023-02-25T19:58:60Z",
        "2023-02-25T25:00:00Z",
        "2023-02-25T19:58:11.Z",
        "2023-02-25T19:58:11+14:01",
        "2023-02-25T19:58:11+1:00",
    ] {
        assert_eq!(
            refused(with(json!({ "validFrom": text }))),
            NotConforming::DateTime { of },
            "{text}"
        );
    }
    assert_eq!(
        refused(with(json!({ "validFrom": 3 }))),
        NotConforming::DateTime { of }
    );
    let period = |from: &str, until: &str| with(json!({ "validFrom": from, "validUntil": until }));
    accepted(period("2023-01-01T00:00:00Z", "2023-01-01T00:00:00Z"));
    accepted(period("2023-01-01T01:00:00+01:00", "2023-01-01T00:00:00.1Z"));
    for (from, until) in [
        ("2023-01-01T00:00:01Z", "2023-01-01T00:00:00Z"),
        ("2023-01-01T00:00:00.20Z", "2023-01-01T00:00:00.1Z"),
    ] {
        assert_eq!(refused(period(from, until)), NotConforming::ValidityReversed);
    }
}

#[test]
fn a_time_without_offset_is_read_as_utc_and_not_issued() {
    let credential = accepted(with(json!({ "validFrom": "1970-01-01T00:01:00" })));
    assert_eq!(credential.validity().not_before, Some(UnixTime::from_seconds(60)));
    assert_eq!(
        credential.check_for_issuance(),
        Err(NotConforming::DateTimeWithoutOffset {
            of: Property::ValidFrom
        })
    );
}

#[test]
fn names_are_strings_or_language_value_objects_and_nothing_else() {
    for good in [
        json!("Name"),
        json!({ "@value": "Name", "@language": "en" }),
        json!({ "@value": "اسم", "@language": "ar", "@direction": "rtl" }),
        json!([{ "@value": "Name", "@language": "en" }, { "@value": "Nom", "@language": "fr" }]),
    ] {
        accepted(with(json!({ "name": good, "description": good })));
        accepted(with(
            json!({ "issuer": { "id": "did:example:issuer", "name": good } }),
        ));
    }
    let of = Property::Name;
    for bad in [
        json!({ "@value": "Name", "@language": "en", "url": "did:example:credential" }),
        json!({ "@language": "en" }),
        json!({ "@value": "Name", "@language": "not a tag" }),
        json!({ "@value": "Name", "@direction": "up" }),
        json!([]),
        json!(1),
    ] {
        assert_eq!(
            refused(with(json!({ "name": bad }))),
            NotConforming::LanguageValue { of }
        );
        let issuer = json!({ "id": "did:example:issuer", "name": bad });
        assert_eq!(
            refused(with(json!({ "issuer": issuer }))),
            NotConforming::LanguageValue { of }
        );
    }
}

#[test]
fn further_objects_say_their_type() {
    for of in [
        Property::Evidence,
        Property::TermsOfUse,
        Property::RefreshService,
        Property::Proof,
        Property::CredentialStatus,
        Property::CredentialSchema,
    ] {
        let good = json!({ "id": "https://example.org/1", "type": "Example" });
        accepted(with(json!({ of.name(): good })));
        accepted(with(
            json!({ of.name(): [good, { "id": "https://example.org/2", "type": ["A", "B"] }] }),
        ));
        let no_type = json!({ "id": "https://example.org/1" });
        assert_eq!(
            refused(with(json!({ of.name(): no_type }))),
            NotConforming::Type { of }
        );
        let bad_id = json!({ "id": "https ://not-a-url", "type": "Example" });
        assert_eq!(
            refused(with(json!({ of.name(): bad_id }))),
            NotConforming::Id { of }
        );
        assert_eq!(
            refused(with(json!({ of.name(): "Example" }))),
            NotConforming::NotObjects { of }
        );
        assert_eq!(
            refused(with(json!({ of.name(): [] }))),
            NotConforming::NotObjects { of }
        );
    }
    let of = Property::CredentialSchema;
    assert_eq!(
        refused(with(json!({ "credentialSchema": { "type": "JsonSchema" } }))),
        NotConforming::Id { of }
    );
}

#[test]
fn related_resources_are_unique_and_their_digest_is_checked() {
    let sri = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="; // of "abc"
    let multibase = "uEiC6eBa_jwHP6kFBQN5driIjsANho5YXepy0EP9h8gAVrQ";
    let credential = accepted(with(json!({ "relatedResource": [
        { "id": "https://example.org/1", "digestSRI": sri, "mediaType": "text/plain" },
        { "id": "https://example.org/2", "digestMultibase": multibase },
    ] })));
    for resource in credential.related_resources() {
        assert_eq!(resource.check(b"abc"), Ok(()));
        assert_eq!(resource.check(b"abd"), Err(RelatedResourceMismatch));
    }
    let id = "https://example.org/1";
    for (bad, error) in [
        (
            json!([{ "id": id, "digestSRI": sri }, { "id": id, "digestMultibase": multibase }]),
            NotConforming::RelatedResourceRepeated,
        ),
        (json!({ "id": id }), NotConforming::RelatedResourceDigest),
        (
            json!({ "id": id, "digestSRI": "md5-AAAA" }),
            NotConforming::RelatedResourceDigest,
        ),
        (
            json!({ "id": id, "digestMultibase": "uAAAA" }),
            NotConforming::RelatedResourceDigest,
        ),
        (
            json!({ "digestSRI": sri }),
            NotConforming::Id {
                of: Property::RelatedResource,
            },
        ),
        (
            json!([id]),
            NotConforming::NotObjects {
                of: Property::RelatedResource,
            },
        ),
    ] {
        assert_eq!(refused(with(json!({ "relatedResource": bad }))), error);
    }
}

#[test]
fn strict_json_with_a_budget() {
    let parse = |text: &str| VerifiableCredential::parse(text.as_bytes(), W3cBudget::DEFAULT);
    let text = minimal().to_string();
    assert!(parse(&text).is_ok());
    assert_eq!(
        parse(&text.replacen('{', r#"{"issuer":"did:example:other","#, 1)),
        Err(NotConforming::NotJson)
    );
    assert_eq!(parse("[]"), Err(NotConforming::NotAnObject));
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    assert_eq!(parse(&deep), Err(NotConforming::OverBudget));
    assert_eq!(
        NotConforming::NotJson.problem().url(),
        "https://www.w3.org/TR/vc-data-model#PARSING_ERROR"
    );
    assert_eq!(
        NotConforming::Issuer.problem().url(),
        "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR"
    );
}

#[test]
fn reads_version_1_1_and_does_not_issue_it() {
    let mut document = minimal();
    document["@context"] = json!(["https://www.w3.org/2018/credentials/v1"]);
    assert_eq!(
        refused(document.clone()),
        NotConforming::DateTime {
            of: Property::IssuanceDate
        }
    );
    document["issuanceDate"] = json!("2010-01-01T19:23:24Z");
    let credential = accepted(document);
    assert_eq!(credential.version(), DataModelVersion::V1_1);
    assert_eq!(credential.check_for_issuance(), Err(NotConforming::BaseContext));
}

pub(super) fn to_issue() -> CredentialDocument {
    CredentialDocument {
        contexts: vec!["https://issuer.example/contexts/person".to_owned()],
        types: vec!["PersonCredential".to_owned()],
        id: None,
        issuer: IssuerDescription {
            id: Did::parse("did:web:issuer.example").unwrap(),
            name: vec![
                LanguageText::new("Registry", "en"),
                LanguageText::new("Registre", "fr"),
            ],
        },
        name: Vec::new(),
        description: Vec::new(),
        valid_from: Some(UnixTime::from_seconds(1_000)),
        valid_until: Some(UnixTime::from_seconds(2_000)),
        holder: None,
        claims: json!({ "givenName": "Asha" }).as_object().cloned().unwrap(),
        status: vec![BitstringStatusEntry::new(
            StatusPurpose::Revocation,
            "https://issuer.example/s/1",
            7,
        )],
        schemas: Vec::new(),
        further: Map::new(),
    }
}

#[test]
fn what_is_built_conforms_and_has_all_its_parts() {
    let credential = to_issue().build().unwrap();
    assert_eq!(credential.issuer(), "did:web:issuer.example");
    assert_eq!(
        credential.specific_types().collect::<Vec<_>>(),
        ["PersonCredential"]
    );
    assert_eq!(credential.document()["issuer"]["name"][1]["@value"], "Registre");
    assert_eq!(credential.document()["validFrom"], "1970-01-01T00:16:40Z");
    assert_eq!(credential.bitstring_status_entries().next().unwrap().index, 7);

    let mut document = to_issue();
    document.further.insert("proof".to_owned(), json!({}));
    assert_eq!(document.build(), Err(DocumentError::ReservedMember));
    let mut document = to_issue();
    document.claims = Map::new();
    assert_eq!(document.build(), Err(NotConforming::CredentialSubject.into()));
}
