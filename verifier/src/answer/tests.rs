mod asked;
mod changed;
mod formats;

use serde_json::json;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_trust::testing::TestKey;

use super::*;
use crate::report::Verdict;
use crate::session::tests::mdoc_world::{DOC_TYPE, MdocWorld, SPACE};
use crate::session::tests::world::{VCT, World};

fn query(value: serde_json::Value) -> DcqlQuery {
    DcqlQuery::parse(value.to_string().as_bytes()).unwrap()
}

fn credential(id: &str, vct: &str, claims: serde_json::Value) -> serde_json::Value {
    json!({ "id": id, "format": "dc+sd-jwt", "meta": { "vct_values": [vct] }, "claims": claims })
}

fn names() -> DcqlQuery {
    let claims = json!([{ "path": ["given_name"] }, { "path": ["family_name"] }]);
    query(json!({ "credentials": [credential("id", VCT, claims)] }))
}

/// What a presentation of these claims proves.
fn shown(world: &World, names: &[&str]) -> Report {
    world.verify(&world.present_with(&world.issue(&world.template()), names, |_| {}))
}

fn answer(reports: &[(&str, &Report)]) -> BTreeMap<QueryId, Vec<Report>> {
    let mut answer: BTreeMap<QueryId, Vec<Report>> = BTreeMap::new();
    for (id, report) in reports {
        answer
            .entry(QueryId::parse(*id).unwrap())
            .or_default()
            .push((*report).clone());
    }
    answer
}

fn check(query: &DcqlQuery, reports: &[(&str, &Report)]) -> AnswerCheck {
    check_answer(query, &answer(reports), HolderKeys::OneKey)
}

#[test]
fn accepts_what_was_asked_for() {
    let world = World::new();
    let report = world.verify(&world.presentation());
    assert_eq!(check(&names(), &[("id", &report)]), AnswerCheck::AsAsked);
}

#[test]
fn notices_an_answer_that_is_incomplete() {
    let world = World::new();
    let report = shown(&world, &["given_name"]);
    assert_eq!(check(&names(), &[]), AnswerCheck::Incomplete);
    assert_eq!(check(&names(), &[("id", &report)]), AnswerCheck::WrongClaims);
    let both = query(json!({ "credentials": [
        credential("id", VCT, json!([{ "path": ["given_name"] }])),
        credential("licence", "https://issuer.example/types/licence", json!([{ "path": ["class"] }])),
    ]}));
    assert_eq!(check(&both, &[("id", &report)]), AnswerCheck::Incomplete);
}

#[test]
fn notices_a_credential_that_nobody_asked_for() {
    let world = World::new();
    let report = world.verify(&world.presentation());
    assert_eq!(
        check(&names(), &[("id", &report), ("more", &report)]),
        AnswerCheck::UnaskedCredential
    );
    assert_eq!(
        check(&names(), &[("id", &report), ("id", &report)]),
        AnswerCheck::SeveralPresentations
    );
}

#[test]
fn notices_another_type_a_missing_claim_and_another_value() {
    let world = World::new();
    let report = shown(&world, &["given_name"]);
    let other = query(
        json!({ "credentials": [credential("id", "https://issuer.example/types/licence", json!([{ "path": ["given_name"] }]))] }),
    );
    assert_eq!(check(&other, &[("id", &report)]), AnswerCheck::WrongType);
    let missing =
        query(json!({ "credentials": [credential("id", VCT, json!([{ "path": ["birthdate"] }]))] }));
    assert_eq!(check(&missing, &[("id", &report)]), AnswerCheck::WrongClaims);
    let value = |wanted: &str| {
        let claims = json!([{ "path": ["given_name"], "values": [wanted] }]);
        query(json!({ "credentials": [credential("id", VCT, claims)] }))
    };
    assert_eq!(check(&value("Amina"), &[("id", &report)]), AnswerCheck::AsAsked);
    assert_eq!(
        check(&value("Mariam"), &[("id", &report)]),
        AnswerCheck::WrongValue
    );
}

#[test]
fn notices_a_holder_who_proved_nothing() {
    let world = World::new();
    let text = world.presentation();
    let stripped = world.verify(&text[..=text.rfind('~').unwrap()]);
    assert_eq!(stripped.verdict, Verdict::Invalid);
    assert_eq!(
        check(&names(), &[("id", &stripped)]),
        AnswerCheck::HolderNotProven
    );
}

#[test]
fn notices_an_authority_that_was_not_accepted() {
    let world = World::new();
    let report = shown(&world, &["given_name"]);
    let with_authority = |key: &[u8]| {
        let mut value = credential("id", VCT, json!([{ "path": ["given_name"] }]));
        let key = symbolon_crypto::encoding::base64url::encode(key);
        value["trusted_authorities"] = json!([{ "type": "aki", "values": [key] }]);
        query(json!({ "credentials": [value] }))
    };
    let anchor = world
        .issuer
        .authority
        .certificate()
        .subject_key_identifier()
        .unwrap();
    assert_eq!(
        check(&with_authority(anchor), &[("id", &report)]),
        AnswerCheck::AsAsked
    );
    assert_eq!(
        check(&with_authority(&[1; 20]), &[("id", &report)]),
        AnswerCheck::WrongAuthority
    );
}

#[test]
fn notices_credentials_of_two_people_shown_as_one() {
    let mut world = World::new();
    let mine = shown(&world, &["given_name"]);
    world.holder = TestKey::new(SignatureAlgorithm::Es256, 901);
    let friends = shown(&world, &["given_name"]);
    assert_eq!((mine.verdict, friends.verdict), (Verdict::Valid, Verdict::Valid));
    let both = query(json!({ "credentials": [
        credential("one", VCT, json!([{ "path": ["given_name"] }])),
        credential("two", VCT, json!([{ "path": ["given_name"] }])),
    ]}));
    assert_eq!(
        check(&both, &[("one", &mine), ("two", &friends)]),
        AnswerCheck::SeveralHolders
    );
    assert_eq!(
        check(&both, &[("one", &mine), ("two", &mine)]),
        AnswerCheck::AsAsked
    );
    let copies = check_answer(
        &both,
        &answer(&[("one", &mine), ("two", &friends)]),
        HolderKeys::KeyPerCredential,
    );
    assert_eq!(copies, AnswerCheck::AsAsked);
}

/// Nobody signs the name under which the elements of an mdoc stand: by another one they are as good as withheld.
#[test]
fn an_mdoc_whose_elements_stand_under_another_name_answers_no_query_for_them() {
    let world = MdocWorld::new();
    let usual = world.present(&world.authority.issue(&world.template()));
    let name = usual.windows(10).position(|part| part == b"nameSpaces").unwrap();
    let mut renamed = usual.clone();
    renamed[name] = b'N';
    let claims = json!([{ "path": [SPACE, "given_name"] }, { "path": [SPACE, "family_name"] }]);
    let asked = query(json!({ "credentials": [
        { "id": "id", "format": "mso_mdoc", "meta": { "doctype_value": DOC_TYPE }, "claims": claims },
    ]}));
    for (presentation, expected) in [(usual, AnswerCheck::AsAsked), (renamed, AnswerCheck::WrongClaims)] {
        let report = world.verify(&presentation);
        assert_eq!(report.verdict, Verdict::Valid);
        assert_eq!(check(&asked, &[("id", &report)]), expected);
    }
}
