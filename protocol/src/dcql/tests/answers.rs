//! What a verifier takes for an answer.

use serde_json::json;

use super::sets::two_with_sets;
use super::{candidate, id, person, query};
use crate::dcql::*;
use symbolon_credential::claims_path::ClaimsPath;

/// Checks an answer of different credentials that show nothing that could have been withheld.
fn check(query: &DcqlQuery, answer: Vec<(&str, Vec<Candidate<'_>>)>) -> Result<(), AnswerError> {
    const NAMES: [&[u8]; 4] = [b"1", b"2", b"3", b"4"];
    let answer = answer
        .into_iter()
        .map(|(query, candidates)| {
            let presented = |(candidate, credential)| Presented {
                candidate,
                disclosed: Disclosed::Whole,
                credential,
            };
            (
                id(query),
                candidates.into_iter().zip(NAMES).map(presented).collect(),
            )
        })
        .collect();
    check_answer(query, &answer)
}

#[test]
fn the_verifier_checks_everything_it_asked_for() {
    let claims = person();
    let query = two_with_sets();
    let fit = candidate("urn:identity", &claims);
    let loyal = candidate("urn:loyalty", &claims);
    let check = |answer: Vec<(&str, Vec<Candidate<'_>>)>| check(&query, answer);
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

fn path(value: serde_json::Value) -> ClaimsPath {
    serde_json::from_value(value).unwrap()
}

fn presented<'a>(
    candidate: Candidate<'a>,
    disclosed: &'a [ClaimsPath],
    credential: &'a [u8],
) -> Presented<'a> {
    Presented {
        candidate,
        disclosed: Disclosed::Selectively(disclosed),
        credential,
    }
}

#[test]
fn a_claim_that_nobody_asked_for_is_noticed_where_it_could_have_been_withheld() {
    let asked = query(&json!({"credentials": [
        {"id": "name", "format": "dc+sd-jwt", "meta": {}, "claims": [{"path": ["address", "locality"]}]},
        {"id": "more", "format": "dc+sd-jwt", "meta": {}, "claims": [{"path": ["nationalities", null]}]}
    ], "credential_sets": [{"options": [["name"], ["name", "more"]]}]}))
    .unwrap();
    let claims = person();
    let person = candidate("urn:identity", &claims);
    let check = |disclosed: &[ClaimsPath], also: Option<&[u8]>| {
        let mut answer = std::collections::BTreeMap::new();
        answer.insert(id("name"), vec![presented(person, disclosed, b"1")]);
        if let Some(credential) = also {
            answer.insert(id("more"), vec![presented(person, &[], credential)]);
        }
        check_answer(&asked, &answer)
    };
    let unasked = Err(AnswerError::UnaskedClaims { query: id("name") });
    let needed = [path(json!(["address"])), path(json!(["address", "locality"]))];
    assert_eq!(check(&[], None), Ok(()));
    assert_eq!(check(&needed, None), Ok(()), "what contains it comes with it");
    assert_eq!(check(&[path(json!(["given_name"]))], None), unasked);
    assert_eq!(check(&[path(json!(["address", "street"]))], None), unasked);
    // One credential that answers two queries may be shown once with the claims of both.
    let both = [path(json!(["nationalities", 0]))];
    assert_eq!(check(&both, None), unasked);
    assert_eq!(check(&both, Some(b"1")), Ok(()));
    assert_eq!(check(&both, Some(b"2")), unasked, "another credential's");
    assert_eq!(check(&both, Some(b"")), unasked, "nobody knows whose");
}

#[test]
fn the_claims_of_one_set_are_not_those_of_another() {
    let asked = query(&json!({"credentials": [{"id": "id", "format": "dc+sd-jwt", "meta": {},
        "claims": [{"id": "a", "path": ["given_name"]}, {"id": "b", "path": ["height"]}, {"id": "c", "path": ["birthdate"]}],
        "claim_sets": [["c"], ["a"], ["b"]]
    }]}))
    .unwrap();
    let claims = person();
    let one = candidate("urn:identity", &claims);
    let check = |disclosed: &[ClaimsPath]| {
        check_answer(
            &asked,
            &[(id("id"), vec![presented(one, disclosed, b"1")])].into(),
        )
    };
    let (name, height) = (path(json!(["given_name"])), path(json!(["height"])));
    assert_eq!(check(core::slice::from_ref(&name)), Ok(()));
    assert_eq!(check(core::slice::from_ref(&height)), Ok(()));
    assert_eq!(
        check(&[name, height]),
        Err(AnswerError::UnaskedClaims { query: id("id") })
    );
}

#[test]
fn several_presentations_are_of_several_credentials() {
    let asked = query(&json!({"credentials": [
        {"id": "id", "format": "dc+sd-jwt", "meta": {}, "multiple": true}
    ]}))
    .unwrap();
    let claims = person();
    let one = candidate("urn:identity", &claims);
    let check = |credentials: &[&[u8]]| {
        let presented = credentials
            .iter()
            .map(|credential| presented(one, &[], credential));
        check_answer(&asked, &[(id("id"), presented.collect())].into())
    };
    assert_eq!(check(&[b"1"]), Ok(()));
    assert_eq!(check(&[b"1", b"2", b"3"]), Ok(()));
    assert_eq!(
        check(&[b"1", b"2", b"1"]),
        Err(AnswerError::Repeated { query: id("id") })
    );
    assert_eq!(check(&[]), Err(AnswerError::Empty { query: id("id") }));
}

#[test]
fn an_alternative_beside_the_one_that_was_chosen_is_noticed() {
    let claims = person();
    let query = two_with_sets();
    let of = |vct| vec![candidate(vct, &claims)];
    let both = vec![("identity", of("urn:identity")), ("passport", of("urn:passport"))];
    assert!(matches!(check(&query, both), Err(AnswerError::Unneeded { .. })));
}
