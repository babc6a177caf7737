use proptest::prelude::*;
use serde_json::{Value, json};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_trust::testing::{NOW, TestIssuer, TestRegistry};
use symbolon_trust::trust_list::{CredentialTypeRule, TrustList};

use super::*;

const VCT: &str = "https://registry.example/types/person";

fn claim(path: Value, presence: Presence, values: Value) -> ChosenClaim {
    ChosenClaim {
        path: serde_json::from_value(path).unwrap(),
        presence,
        values: values.as_array().unwrap().clone(),
    }
}

fn chosen(id: &str, need: CredentialNeed, claims: Vec<ChosenClaim>) -> ChosenCredential {
    ChosenCredential {
        id: id.to_owned(),
        format: PolicyFormat::SdJwtVc,
        credential_type: VCT.to_owned(),
        need,
        claims,
    }
}

fn composed(chosen: &[ChosenCredential]) -> Value {
    serde_json::to_value(compose(chosen).unwrap()).unwrap()
}

#[test]
fn what_is_chosen_is_asked_for_and_nothing_else() {
    let name = claim(json!(["given_name"]), Presence::Required, json!([]));
    let adult = claim(
        json!(["age_equal_or_over", "18"]),
        Presence::Required,
        json!([true]),
    );
    let query = composed(&[chosen("identity", CredentialNeed::Required, vec![name, adult])]);
    assert_eq!(
        query,
        json!({"credentials": [{
            "id": "identity", "format": "dc+sd-jwt", "meta": {"vct_values": [VCT]},
            "claims": [
                {"id": "claim0", "path": ["given_name"]},
                {"id": "claim1", "path": ["age_equal_or_over", "18"], "values": [true]},
            ],
        }]})
    );
    let bare = composed(&[chosen("identity", CredentialNeed::Required, Vec::new())]);
    assert!(bare["credentials"][0].get("claims").is_none());
}

#[test]
fn what_may_be_missing_is_the_favourite_and_can_be_left_out() {
    let claims = vec![
        claim(json!(["email"]), Presence::Optional, json!([])),
        claim(json!(["given_name"]), Presence::Required, json!([])),
    ];
    let query = composed(&[chosen("identity", CredentialNeed::Required, claims)]);
    assert_eq!(
        query["credentials"][0]["claim_sets"],
        json!([["claim0", "claim1"], ["claim1"]])
    );
    let only = vec![claim(json!(["email"]), Presence::Optional, json!([]))];
    let chosen = [
        chosen("identity", CredentialNeed::Required, Vec::new()),
        chosen("more", CredentialNeed::Required, only),
    ];
    assert_eq!(
        compose(&chosen),
        Err(ComposeError::OnlyOptionalClaims { credential: 1 })
    );
}

#[test]
fn credentials_are_needed_welcome_or_one_of_several() {
    let query = composed(&[
        chosen("a", CredentialNeed::OneOf, Vec::new()),
        chosen("b", CredentialNeed::Optional, Vec::new()),
        chosen("c", CredentialNeed::Required, Vec::new()),
        chosen("d", CredentialNeed::OneOf, Vec::new()),
    ]);
    let sets: Vec<(Value, bool)> = query["credential_sets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|set| {
            let required = set.get("required").is_none_or(|required| required == true);
            (set["options"].clone(), required)
        })
        .collect();
    assert_eq!(
        sets,
        [
            (json!([["c"]]), true),
            (json!([["a"], ["d"]]), true),
            (json!([["b"]]), false),
        ]
    );
}

#[test]
fn every_format_is_asked_for_by_its_own_kind_of_type() {
    for (format, kind, path, meta) in [
        (
            PolicyFormat::Mdoc,
            "org.iso.18013.5.1.mDL",
            json!(["org.iso.18013.5.1", "portrait"]),
            json!({"doctype_value": "org.iso.18013.5.1.mDL"}),
        ),
        (
            PolicyFormat::LdpVc,
            "https://registry.example/terms#Person",
            json!(["credentialSubject", "name"]),
            json!({"type_values": [["https://registry.example/terms#Person"]]}),
        ),
        (
            PolicyFormat::JwtVc,
            "https://registry.example/terms#Person",
            json!(["credentialSubject", "name"]),
            json!({"type_values": [["https://registry.example/terms#Person"]]}),
        ),
    ] {
        let mut credential = chosen("id", CredentialNeed::Required, Vec::new());
        credential.format = format;
        credential.credential_type = kind.to_owned();
        credential.claims = vec![claim(path, Presence::Required, json!([]))];
        let query = composed(&[credential]);
        assert_eq!(query["credentials"][0]["meta"], meta);
        let retained = query["credentials"][0]["claims"][0].get("intent_to_retain");
        assert_eq!(retained.is_some(), format == PolicyFormat::Mdoc, "{format:?}");
    }
}

#[test]
fn a_mistake_is_named_by_its_place() {
    let twice = vec![
        claim(json!(["email"]), Presence::Required, json!([])),
        claim(json!(["email"]), Presence::Required, json!([])),
    ];
    let refused = compose(&[chosen("a", CredentialNeed::Required, twice)]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "credential query 0 is malformed: two claims have the same path"
    );
    assert_eq!(compose(&[]), Err(ComposeError::Query(DcqlError::NoCredentials)));
    let line = |text: &str| parse_written_claims(2, text).unwrap_err();
    for text in ["email\n\n..", "email\n\n[7, {}]", "email\n\n= 1"] {
        assert_eq!(
            line(text),
            ComposeError::Path {
                credential: 2,
                line: 2
            },
            "{text}"
        );
    }
    let many = "email\n".repeat(MAX_WRITTEN_CLAIMS + 1);
    assert_eq!(line(&many), ComposeError::TooManyClaims { credential: 2 });
}

#[test]
fn claims_are_written_with_values_and_question_marks() {
    let text = "address.locality\n[\"nationalities\", null] = SN, FR\nemail ?\nage ? = 18, \"18\", 007, true, \"a, b\",";
    let written = parse_written_claims(0, text).unwrap();
    assert_eq!(
        written,
        [
            claim(json!(["address", "locality"]), Presence::Required, json!([])),
            claim(
                json!(["nationalities", null]),
                Presence::Required,
                json!(["SN", "FR"])
            ),
            claim(json!(["email"]), Presence::Optional, json!([])),
            claim(
                json!(["age"]),
                Presence::Optional,
                json!([18, "18", "007", true, "a, b"])
            ),
        ]
    );
}

fn trust_list() -> TrustList {
    let issuer = TestIssuer::new("https://registry.example", 100);
    let types = [
        VCT,
        "org.example.mdoc",
        "Person",
        "https://registry.example/types/other",
    ];
    let types = types.map(|name| CredentialTypeRule::Exactly(name.to_owned()));
    let entry = issuer.entry([&types[..], &[CredentialTypeRule::Any]].concat());
    let mut list = TestRegistry::new(1).trust_list(vec![entry], NOW);
    let context = json!({"@context": {"Person": {"@id": "https://registry.example/terms#Person"}}});
    list.contexts
        .insert("https://registry.example/contexts/person".to_owned(), context);
    list.type_metadata.insert(
        VCT.to_owned(),
        json!({"vct": VCT, "display": [{"locale": "en-GB", "name": "Person"}, {"locale": "ar", "name": "شخص"}],
            "claims": [{"path": ["email"], "display": [{"locale": "fr", "label": "Courriel"}]}]}),
    );
    list.type_metadata
        .insert("https://broken.example".to_owned(), json!({"vct": 7}));
    list
}

#[test]
fn the_trust_list_and_the_queries_say_what_can_be_chosen() {
    let query = json!({"credentials": [
        {"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": [VCT]}, "claims": [{"path": ["email"]}, {"path": ["phone"]}]},
        {"id": "b", "format": "ldp_vc", "meta": {"type_values": [["https://www.w3.org/2018/credentials#VerifiableCredential", "https://registry.example/terms#Person"]]}},
        {"id": "c", "format": "mso_mdoc", "meta": {"doctype_value": "org.example.other"}},
        {"id": "d", "format": "other", "meta": {}},
    ]});
    let query = DcqlQuery::parse_own(query.to_string().as_bytes()).unwrap();
    let catalogue = CredentialCatalogue::of(&trust_list(), [&query]);
    let found: Vec<(PolicyFormat, &str)> = catalogue
        .credentials()
        .map(|known| (known.format, known.credential_type.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (PolicyFormat::SdJwtVc, "https://registry.example/types/other"),
            (PolicyFormat::SdJwtVc, VCT),
            (PolicyFormat::Mdoc, "org.example.mdoc"),
            (PolicyFormat::Mdoc, "org.example.other"),
            (PolicyFormat::LdpVc, "https://registry.example/terms#Person"),
            (PolicyFormat::JwtVc, "https://registry.example/terms#Person"),
        ]
    );
    let person = catalogue.credential(PolicyFormat::SdJwtVc, VCT).unwrap();
    assert_eq!(person.names.name("ar"), Some("شخص"));
    assert_eq!(person.names.name("hi"), Some("Person"), "English without it");
    let labels: Vec<Option<&str>> = person
        .claims
        .iter()
        .map(|claim| claim.labels.name("fr-CA"))
        .collect();
    assert_eq!(labels, [Some("Courriel"), None]);
    assert_eq!(person.claims[0].labels.name("hi"), None);
    assert_eq!(catalogue.credential(PolicyFormat::Mdoc, VCT), None);
}

proptest! {
    /// Whatever is written, it is read or refused, and what is composed of it is a query that reads back the same.
    #[test]
    fn what_is_written_is_a_query_or_a_mistake(text in "[a-c.?= ,\"\\[\\]0-9\n]{0,60}") {
        if let Ok(claims) = parse_written_claims(0, &text)
            && let Ok(query) = compose(&[chosen("id", CredentialNeed::Required, claims)])
        {
            let json = serde_json::to_vec(&query).unwrap();
            prop_assert_eq!(DcqlQuery::parse_own(&json), Ok(query));
        }
    }
}
