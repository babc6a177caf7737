//! What a query can ask for beside types and claims, and what nobody asked for.

use serde_json::{Value, json};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::w3c::VerifiableCredential;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_trust::testing::NOW;
use symbolon_trust::trust_list::{EtsiTrustedList, TrustList};

use super::{check, credential, query, shown};
use crate::answer::AnswerCheck;
use crate::report::{Holder, Reason, Report, Verdict};
use crate::session::tests::mdoc_world::{DOC_TYPE, MdocWorld, SPACE, transcript};
use crate::session::tests::w3c_world::{Form, TYPE_IRI, W3cWorld};
use crate::session::tests::world::{AUDIENCE, NONCE, VCT, World, binding, bound};
use crate::{Expected, Policy, TypeMetadataPolicy};

fn path(value: Value) -> ClaimsPath {
    serde_json::from_value(value).unwrap()
}

fn name() -> Value {
    json!([{ "path": ["given_name"] }])
}

fn with(mut credential: Value, member: &str, value: Value) -> Value {
    credential[member] = value;
    credential
}

fn ask(credential: &Value) -> DcqlQuery {
    query(json!({ "credentials": [credential] }))
}

fn against(world: &World, list: &TrustList, policy: Policy) -> Report {
    let text = world.present_with(&world.issue(&world.template()), &["given_name"], |_| {});
    world.verify_with(&text, bound(), policy, list, NOW)
}

#[test]
fn a_claim_that_nobody_asked_for_is_no_answer() {
    let world = World::new();
    let asked = ask(&credential("id", VCT, name()));
    let report = shown(&world, &["given_name", "birthdate"]);
    assert_eq!(report.verdict, Verdict::Valid);
    assert_eq!(check(&asked, &[("id", &report)]), AnswerCheck::UnaskedClaims);
    let nothing = with(credential("id", VCT, name()), "claims", Value::Null);
    let report = shown(&world, &["given_name"]);
    assert_eq!(
        check(&ask(&nothing), &[("id", &report)]),
        AnswerCheck::UnaskedClaims
    );

    let mdoc = MdocWorld::new();
    let issued = mdoc.authority.issue(&mdoc.template());
    let report =
        mdoc.verify(&mdoc.present_for(&issued, &["given_name", "portrait"], &transcript(AUDIENCE, NONCE)));
    let asked = json!({ "id": "id", "format": "mso_mdoc", "meta": { "doctype_value": DOC_TYPE },
        "claims": [{ "path": [SPACE, "given_name"] }] });
    assert_eq!(
        check(&ask(&asked), &[("id", &report)]),
        AnswerCheck::UnaskedClaims
    );
}

#[test]
fn an_element_of_a_list_is_the_one_that_was_issued_there() {
    let world = World::new();
    let mut template = world.template();
    template
        .claims
        .insert("nationalities".to_owned(), json!(["SN", "FR", "KE"]));
    template.selectable.push(path(json!(["nationalities", null])));
    let issued = world.issue(&template);
    let second = |value: Value| world.verify(&world.present_paths(&issued, &[path(value)], |_| {}));
    let report = second(json!(["nationalities", 1]));
    assert_eq!(report.claims["nationalities"], json!(["FR"]));
    let asked = |index: Value, values: Value| {
        let mut claim = json!({ "path": ["nationalities", index] });
        if !values.is_null() {
            claim["values"] = values;
        }
        check(&ask(&credential("id", VCT, json!([claim]))), &[("id", &report)])
    };
    assert_eq!(asked(json!(1), Value::Null), AnswerCheck::AsAsked);
    assert_eq!(asked(json!(1), json!(["FR"])), AnswerCheck::AsAsked);
    assert_eq!(asked(json!(1), json!(["SN"])), AnswerCheck::WrongValue);
    assert_eq!(asked(json!(0), Value::Null), AnswerCheck::WrongClaims, "withheld");
    assert_eq!(asked(json!(2), Value::Null), AnswerCheck::WrongClaims, "withheld");
    assert_eq!(asked(Value::Null, json!(["FR", "KE"])), AnswerCheck::AsAsked);
    let both = json!([{ "path": ["nationalities", 1] }]);
    let report = second(json!(["nationalities", null]));
    assert_eq!(
        check(&ask(&credential("id", VCT, both)), &[("id", &report)]),
        AnswerCheck::UnaskedClaims
    );
}

#[test]
fn a_type_that_extends_the_one_asked_for_answers_where_the_registry_says_so() {
    let world = World::new();
    let base = "https://registry.example/types/person";
    let asked = ask(&credential("id", base, name()));
    let mut listed = world.trust_list();
    let unlisted = listed.clone();
    let metadata = json!({ "vct": VCT, "extends": base });
    listed.type_metadata.insert(VCT.to_owned(), metadata.clone());
    listed
        .type_metadata
        .insert(base.to_owned(), json!({ "vct": base }));
    let report = against(&world, &listed, Policy::RELYING_PARTY);
    assert_eq!(check(&asked, &[("id", &report)]), AnswerCheck::AsAsked);
    let report = against(&world, &unlisted, Policy::RELYING_PARTY);
    assert_eq!(check(&asked, &[("id", &report)]), AnswerCheck::WrongType);
    // Whoever may issue one type would say of its own type that it extends another.
    let mut network = crate::session::tests::world::Network::default();
    for (vct, document) in [(VCT, metadata), (base, json!({ "vct": base }))] {
        let document = document.to_string().into_bytes();
        network.type_metadata.insert(vct.to_owned(), document);
    }
    let token = world.token(symbolon_trust::status_list::Status::Valid);
    network
        .status_lists
        .insert(world.uri(), crate::StatusEvidence::Token(token));
    let text = world.present_with(&world.issue(&world.template()), &["given_name"], |_| {});
    let question = crate::session::tests::world::Question {
        input: text.as_bytes(),
        expected: bound(),
        policy: Policy {
            type_metadata: TypeMetadataPolicy::Enforced,
            ..Policy::RELYING_PARTY
        },
        tools: crate::Tools {
            crypto: &world.provider,
            json_ld: None,
        },
        now: NOW,
    };
    let (reports, _) = question.ask(crate::Evidence::online(&unlisted), &network);
    assert_eq!(reports[0].verdict, Verdict::Valid);
    assert_eq!(check(&asked, &[("id", &reports[0])]), AnswerCheck::WrongType);
}

#[test]
fn a_trusted_list_has_a_certificate_of_the_chain() {
    const LIST: &str = "https://lists.example/tl";
    let authority = |kind: &str, value: &str| json!([{ "type": kind, "values": [value] }]);
    let etsi = |certificates: &[&symbolon_crypto::x509::Certificate]| EtsiTrustedList {
        identifier: LIST.to_owned(),
        certificates: certificates.iter().map(|it| (*it).clone()).collect(),
    };
    let world = World::new();
    let anchor = world.issuer.authority.certificate();
    let leaf = &world.issuer.credential_certificate;
    let stranger = MdocWorld::new();
    let asked = |authorities: Value| {
        ask(&with(
            credential("id", VCT, name()),
            "trusted_authorities",
            authorities,
        ))
    };
    for (certificates, answer) in [
        (&[anchor][..], AnswerCheck::AsAsked),
        (&[leaf], AnswerCheck::AsAsked),
        (&[stranger.authority.root()], AnswerCheck::WrongAuthority),
    ] {
        let mut list = world.trust_list();
        list.etsi_trusted_lists.push(etsi(certificates));
        let report = against(&world, &list, Policy::RELYING_PARTY);
        let check = |authorities| check(&asked(authorities), &[("id", &report)]);
        assert_eq!(check(authority("etsi_tl", LIST)), answer);
        let other = check(authority("etsi_tl", "https://lists.example/other"));
        assert_eq!(other, AnswerCheck::WrongAuthority);
        assert_eq!(
            check(authority("openid_federation", LIST)),
            AnswerCheck::WrongAuthority
        );
    }

    let mdoc = &stranger;
    let issued = mdoc.authority.issue(&mdoc.template());
    let presented = mdoc.present_for(&issued, &["given_name"], &transcript(AUDIENCE, NONCE));
    let asked = ask(
        &json!({ "id": "id", "format": "mso_mdoc", "meta": { "doctype_value": DOC_TYPE },
        "claims": [{ "path": [SPACE, "given_name"] }], "trusted_authorities": authority("etsi_tl", LIST) }),
    );
    for (certificate, answer) in [
        (mdoc.authority.root(), AnswerCheck::AsAsked),
        (anchor, AnswerCheck::WrongAuthority),
    ] {
        let mut list = mdoc.trust_list();
        list.etsi_trusted_lists.push(etsi(&[certificate]));
        let report = mdoc.verify_against(&presented, bound(), Policy::RELYING_PARTY, NOW, &list);
        assert_eq!(check(&asked, &[("id", &report)]), answer);
    }
}

/// What is told of a presentation that answers a query which asks for no proof.
fn unproven(report: &Report) -> (Verdict, Holder) {
    (report.verdict, report.holder.state)
}

#[test]
fn where_no_proof_is_asked_for_none_is_needed_and_a_wrong_one_is_none() {
    let world = World::new();
    let lenient = ask(&with(
        credential("id", VCT, name()),
        "require_cryptographic_holder_binding",
        json!(false),
    ));
    let issued = world.issue(&world.template());
    let proven = world.present_with(&issued, &["given_name"], |_| {});
    let bare = proven[..=proven.rfind('~').unwrap()].to_owned();
    let elsewhere = world.present_with(&issued, &["given_name"], |claims| {
        "another-nonce".clone_into(&mut claims.nonce);
    });
    let list = world.trust_list();
    let verify =
        |text: &str, expected: Expected| world.verify_with(text, expected, Policy::RELYING_PARTY, &list, NOW);
    let without = || Expected::of_query(&lenient.credentials()[0], binding());
    let report = verify(&bare, without());
    assert_eq!(unproven(&report), (Verdict::Genuine, Holder::NotAsked));
    assert_eq!(report.holder_key, None);
    assert_eq!(check(&lenient, &[("id", &report)]), AnswerCheck::AsAsked);
    let strict = ask(&credential("id", VCT, name()));
    assert_eq!(check(&strict, &[("id", &report)]), AnswerCheck::HolderNotProven);
    assert_eq!(
        unproven(&verify(&proven, without())),
        (Verdict::Valid, Holder::ProvenByKey)
    );
    let report = verify(&elsewhere, without());
    assert_eq!(unproven(&report), (Verdict::Invalid, Holder::Refuted));
    assert!(report.failed_because(Reason::WrongNonce));
    // A request that asks for a proof gets one.
    let expected = Expected::of_query(&strict.credentials()[0], binding());
    assert_eq!(
        unproven(&verify(&bare, expected)),
        (Verdict::Invalid, Holder::Refuted)
    );
}

#[test]
fn a_credential_that_no_key_binds_is_asked_for_without_a_proof() {
    let world = World::new();
    let mut ticket = world.template();
    ticket.holder = None;
    let text = world.issue(&ticket);
    let bare = |text: &str| {
        let list = world.trust_list();
        let expected = Expected::WithoutProof(binding());
        world.verify_with(text, expected, Policy::RELYING_PARTY, &list, NOW)
    };
    assert_eq!(unproven(&bare(&text)), (Verdict::Genuine, Holder::NotAsked));
    assert_eq!(
        unproven(&world.verify(&text)),
        (Verdict::Invalid, Holder::NotBound)
    );
}

fn w3c(id: &str, form: Form, more: Value) -> Value {
    let format = if matches!(form, Form::Jwt) {
        "jwt_vc_json"
    } else {
        "ldp_vc"
    };
    let mut asked = json!({ "id": id, "format": format, "meta": { "type_values": [[TYPE_IRI]] },
        "claims": [{ "path": ["credentialSubject", "familyName"] }] });
    for (name, value) in more.as_object().unwrap() {
        asked[name] = value.clone();
    }
    asked
}

#[test]
fn a_w3c_credential_is_shown_itself_where_no_proof_is_asked_for() {
    for form in [Form::Eddsa, Form::Selective, Form::Jwt] {
        let world = W3cWorld::new();
        let credential: VerifiableCredential = world.template().build().unwrap();
        let lenient = w3c(
            "id",
            form,
            json!({ "require_cryptographic_holder_binding": false }),
        );
        let expected = || Expected::WithoutProof(binding());
        let verify = |input: &[u8], expected| world.verify_with(input, expected, Policy::RELYING_PARTY);
        let issued = world.issue(&credential, form);
        let report = verify(&issued, expected());
        assert_eq!(unproven(&report), (Verdict::Genuine, Holder::NotAsked));
        assert_eq!(check(&ask(&lenient), &[("id", &report)]), AnswerCheck::AsAsked);
        let strict = w3c("id", form, json!({}));
        assert_eq!(
            check(&ask(&strict), &[("id", &verify(&issued, bound()))]),
            AnswerCheck::HolderNotProven
        );
        let proven = verify(&world.present(&credential, form), expected());
        assert_eq!(unproven(&proven), (Verdict::Valid, Holder::ProvenByKey));
    }
}

#[test]
fn an_mdoc_is_proven_whatever_is_asked_for() {
    let world = MdocWorld::new();
    let issued = world.authority.issue(&world.template());
    let expected = || Expected::WithoutProof(binding());
    let usual = world.present(&issued);
    let report = world.verify_with(&usual, expected(), Policy::RELYING_PARTY, NOW);
    assert_eq!(unproven(&report), (Verdict::Valid, Holder::ProvenByKey));
    let other = world.present_for(&issued, &["given_name"], &transcript(AUDIENCE, "another-nonce"));
    let report = world.verify_with(&other, expected(), Policy::RELYING_PARTY, NOW);
    assert_eq!(unproven(&report), (Verdict::Invalid, Holder::Refuted));
}

#[test]
fn one_credential_is_not_several_whatever_of_it_is_shown() {
    let world = World::new();
    let several = with(credential("id", VCT, name()), "multiple", json!(true));
    let (one, again) = (shown(&world, &["given_name"]), shown(&world, &["given_name"]));
    let mut other = world.template();
    other.expires = Some(NOW.plus(symbolon_trust::testing::DAY * 7));
    let other = world.verify(&world.present_with(&world.issue(&other), &["given_name"], |_| {}));
    let asked = ask(&several);
    assert_eq!(check(&asked, &[("id", &one)]), AnswerCheck::AsAsked);
    assert_eq!(
        check(&asked, &[("id", &one), ("id", &other)]),
        AnswerCheck::AsAsked
    );
    assert_eq!(
        check(&asked, &[("id", &one), ("id", &again)]),
        AnswerCheck::RepeatedCredential
    );

    for form in [Form::Eddsa, Form::Selective, Form::Jwt] {
        let world = W3cWorld::new();
        let credential: VerifiableCredential = world.template().build().unwrap();
        let asked = ask(&w3c("id", form, json!({ "multiple": true })));
        let (one, again) = if matches!(form, Form::Selective) {
            // Derived twice, with more the second time.
            let document = Value::Object(credential.document().clone());
            let present = |shown: &[&str]| {
                let derived = world.selective(&document, shown);
                let presentation = world.present_documents(&[derived], |_| {});
                world.verify(presentation.to_string().as_bytes())
            };
            let name = "/credentialSubject/familyName";
            (present(&[name]), present(&[name, "/credentialSubject/birthDate"]))
        } else {
            let present = || world.verify(&world.present(&credential, form));
            (present(), present())
        };
        assert_eq!(
            check(&asked, &[("id", &one), ("id", &again)]),
            AnswerCheck::RepeatedCredential
        );
    }
}

#[test]
fn what_could_not_be_verified_is_refused_for_what_it_lacks_and_not_for_being_there_twice() {
    let world = World::new();
    let mut list = world.trust_list();
    list.issuers.clear();
    let unknown = against(&world, &list, Policy::RELYING_PARTY);
    let several = ask(&with(credential("id", VCT, name()), "multiple", json!(true)));
    let answer = check(&several, &[("id", &unknown), ("id", &unknown)]);
    assert_eq!(answer, AnswerCheck::HolderNotProven);
}

#[test]
fn an_alternative_beside_the_one_that_was_chosen_is_no_answer() {
    let world = World::new();
    let report = shown(&world, &["given_name"]);
    let asked = query(json!({
        "credentials": [credential("one", VCT, name()), credential("two", VCT, name())],
        "credential_sets": [{ "options": [["one"], ["two"]] }]
    }));
    assert_eq!(check(&asked, &[("two", &report)]), AnswerCheck::AsAsked);
    assert_eq!(
        check(&asked, &[("one", &report), ("two", &report)]),
        AnswerCheck::UnneededCredential
    );
}
