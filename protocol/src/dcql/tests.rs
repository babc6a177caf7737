mod answers;
mod examples;
mod minimum;
mod parse;
mod sets;

use serde_json::{Map, Value, json};
use symbolon_credential::claims_path::{ClaimsPath, ElementPlaces};

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
        kind: CandidateKind::SdJwtVc { vct, extended: &[] },
        claims,
        element_places: &ElementPlaces::AsIssued,
        trusted_lists: &[],
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

/// The usual measure: what is asked for.
fn paths(_: usize, paths: &[ClaimsPath]) -> usize {
    paths.len()
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
        json!({"claims": [{"path": ["nationalities", 2]}]}),
        json!({"claims": [{"path": ["given_name", null]}]}),
        json!({"claims": [{"path": ["given_name"], "values": ["Amine"]}, {"path": ["portrait"]}]}),
    ] {
        assert_eq!(disclosed(&claims), Err(CandidateMismatch::Claims), "{claims}");
    }
    for claims in [
        json!({"claims": [{"path": ["given_name"], "values": ["Amine"]}]}),
        json!({"claims": [{"path": ["age_over", "18"], "values": ["true"]}]}),
        json!({"claims": [{"path": ["age_over", "18"], "values": [1]}]}),
        json!({"claims": [{"path": ["height"], "values": ["171", 170]}]}),
        json!({"claims": [{"path": ["height"], "values": [true]}]}),
    ] {
        assert_eq!(disclosed(&claims), Err(CandidateMismatch::Values), "{claims}");
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
            kind: CandidateKind::SdJwtVc {
                vct: "urn:other",
                extended: &[]
            },
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
    for meta in [json!({"doctype_value": ""}), json!({"doctype_value": 1})] {
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

#[test]
fn a_credential_of_a_type_that_extends_the_one_asked_for_answers() {
    let asked = query(&one(&json!({}))).unwrap();
    let claims = person();
    let extended = ["urn:other".to_owned(), "urn:identity".to_owned()];
    let of = |extended| Candidate {
        kind: CandidateKind::SdJwtVc {
            vct: "urn:national",
            extended,
        },
        ..candidate("", &claims)
    };
    assert_eq!(of(&extended).answer(&asked.credentials()[0]), Ok(vec![]));
    assert_eq!(
        of(&extended[..1]).answer(&asked.credentials()[0]),
        Err(CandidateMismatch::Type)
    );
}

#[test]
fn a_trusted_list_is_compared_by_name_and_what_is_not_evaluated_fits_nobody() {
    let claims = person();
    let lists = ["https://lists.example".to_owned()];
    let known = Candidate {
        trusted_lists: &lists,
        ..candidate("urn:identity", &claims)
    };
    let answer = |authority: Value| {
        let asked = query(&one(&json!({ "trusted_authorities": [authority] }))).unwrap();
        known.answer(&asked.credentials()[0])
    };
    assert_eq!(
        answer(json!({"type": "etsi_tl", "values": ["https://lists.example"]})),
        Ok(vec![])
    );
    for stranger in [
        json!({"type": "etsi_tl", "values": ["https://lists.example/"]}),
        json!({"type": "openid_federation", "values": ["https://lists.example"]}),
        json!({"type": "future", "values": ["https://lists.example"]}),
        json!({"type": "aki", "values": ["AQID"]}),
    ] {
        assert_eq!(answer(stranger), Err(CandidateMismatch::Authority));
    }
}

#[test]
fn a_claim_set_with_another_value_is_passed_over_and_named_as_the_reason() {
    let asked = |value: &str| {
        json!({
            "claims": [{"id": "a", "path": ["given_name"], "values": [value]}, {"id": "b", "path": ["portrait"]}],
            "claim_sets": [["b"], ["a"]]
        })
    };
    assert_eq!(disclosed(&asked("Amina")), Ok(json!([["given_name"]])));
    assert_eq!(disclosed(&asked("Mariam")), Err(CandidateMismatch::Values));
}

#[test]
fn an_index_is_disclosed_alone() {
    let claims = json!({"claims": [{"path": ["nationalities", 1]}]});
    assert_eq!(disclosed(&claims), Ok(json!([["nationalities", 1]])));
    let claims = json!({"claims": [{"path": ["nationalities", 1], "values": ["KE"]}]});
    assert_eq!(disclosed(&claims), Err(CandidateMismatch::Values));
}
