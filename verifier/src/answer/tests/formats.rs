//! The formats other than SD-JWT VC: what was not asked for, and two people shown as one.

use serde_json::{Value, json};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_trust::testing::TestKey;

use super::{answer, check, query};
use crate::answer::{AnswerCheck, HolderKeys, check_answer};
use crate::report::{Report, Verdict};
use crate::session::tests::mdoc_world::{DOC_TYPE, MdocWorld, SPACE, transcript};
use crate::session::tests::w3c_world::{Form, TYPE_IRI, W3cWorld};
use crate::session::tests::world::{AUDIENCE, NONCE};

/// A format with the means to ask for it and to answer.
trait Asked {
    /// One credential of a query, of the type that the holder has or of another one.
    fn credential(&self, id: &str, kind: Kind, claims: &[Value]) -> Value;
    /// A claim that is shown, one that is not, and the value of the first.
    fn claims(&self) -> (Value, Value, &'static str);
    /// The report about a presentation by this holder.
    fn report(&mut self, holder: TestKey) -> Report;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Own,
    Other,
}

struct Mdoc(MdocWorld);

impl Asked for Mdoc {
    fn credential(&self, id: &str, kind: Kind, claims: &[Value]) -> Value {
        let doc_type = match kind {
            Kind::Own => DOC_TYPE,
            Kind::Other => "org.iso.18013.5.1.mDL",
        };
        json!({ "id": id, "format": "mso_mdoc", "meta": { "doctype_value": doc_type }, "claims": claims })
    }

    fn claims(&self) -> (Value, Value, &'static str) {
        (
            json!([SPACE, "given_name"]),
            json!([SPACE, "birth_date"]),
            "Amina",
        )
    }

    fn report(&mut self, holder: TestKey) -> Report {
        self.0.world.holder = holder;
        let issued = self.0.authority.issue(&self.0.template());
        let transcript = transcript(AUDIENCE, NONCE);
        self.0
            .verify(&self.0.present_for(&issued, &["given_name"], &transcript))
    }
}

struct W3c(W3cWorld, Form);

impl Asked for W3c {
    fn credential(&self, id: &str, kind: Kind, claims: &[Value]) -> Value {
        let iri = match kind {
            Kind::Own => TYPE_IRI,
            Kind::Other => "https://issuer.example/vocabulary#Licence",
        };
        let format = match self.1 {
            Form::Jwt => "jwt_vc_json",
            _ => "ldp_vc",
        };
        json!({ "id": id, "format": format, "meta": { "type_values": [[iri]] }, "claims": claims })
    }

    fn claims(&self) -> (Value, Value, &'static str) {
        let path = |name: &str| json!(["credentialSubject", name]);
        (path("familyName"), path("picture"), "Diallo")
    }

    fn report(&mut self, holder: TestKey) -> Report {
        self.0.world.holder = holder;
        let report = self.0.verify(&self.0.presentation(self.1));
        assert!(report.holder_key.is_some());
        report
    }
}

fn holder(seed: u64) -> TestKey {
    TestKey::new(SignatureAlgorithm::Es256, seed)
}

fn is_compared_with_what_was_asked_for(mut format: impl Asked) {
    let report = format.report(holder(900));
    assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    let (shown, withheld, value) = format.claims();
    let path = |path: &Value| json!({ "path": path });
    let asked =
        |kind, claims: &[Value]| query(json!({ "credentials": [format.credential("id", kind, claims)] }));
    let usual = asked(Kind::Own, &[path(&shown)]);
    assert_eq!(check(&usual, &[("id", &report)]), AnswerCheck::AsAsked);
    assert_eq!(check(&usual, &[]), AnswerCheck::Incomplete);
    assert_eq!(
        check(&usual, &[("id", &report), ("more", &report)]),
        AnswerCheck::UnaskedCredential
    );
    assert_eq!(
        check(&usual, &[("id", &report), ("id", &report)]),
        AnswerCheck::SeveralPresentations
    );
    let other = asked(Kind::Other, &[path(&shown)]);
    assert_eq!(check(&other, &[("id", &report)]), AnswerCheck::WrongType);
    let more = asked(Kind::Own, &[path(&shown), path(&withheld)]);
    assert_eq!(check(&more, &[("id", &report)]), AnswerCheck::WrongClaims);
    let with_value = |value: &str| asked(Kind::Own, &[json!({ "path": shown, "values": [value] })]);
    assert_eq!(
        check(&with_value(value), &[("id", &report)]),
        AnswerCheck::AsAsked
    );
    assert_eq!(
        check(&with_value("Mariam"), &[("id", &report)]),
        AnswerCheck::WrongValue
    );
    let another_format = query(json!({ "credentials": [
        { "id": "id", "format": "dc+sd-jwt", "meta": { "vct_values": ["https://issuer.example/type"] } },
    ]}));
    assert_eq!(
        check(&another_format, &[("id", &report)]),
        AnswerCheck::WrongFormat
    );
}

fn of_two_people_are_not_one_persons(mut format: impl Asked) {
    let (mine, friends) = (format.report(holder(900)), format.report(holder(901)));
    assert_eq!((mine.verdict, friends.verdict), (Verdict::Valid, Verdict::Valid));
    let (shown, ..) = format.claims();
    let one = |id: &str| format.credential(id, Kind::Own, &[json!({ "path": shown })]);
    let both = query(json!({ "credentials": [one("one"), one("two")] }));
    assert_eq!(
        check(&both, &[("one", &mine), ("two", &friends)]),
        AnswerCheck::SeveralHolders
    );
    assert_eq!(
        check(&both, &[("one", &mine), ("two", &mine)]),
        AnswerCheck::AsAsked
    );
    let reports = answer(&[("one", &mine), ("two", &friends)]);
    assert_eq!(
        check_answer(&both, &reports, HolderKeys::KeyPerCredential),
        AnswerCheck::AsAsked
    );
}

#[test]
fn an_mdoc_is_compared_with_what_was_asked_for() {
    is_compared_with_what_was_asked_for(Mdoc(MdocWorld::new()));
}

#[test]
fn mdocs_of_two_people_are_not_one_persons() {
    of_two_people_are_not_one_persons(Mdoc(MdocWorld::new()));
}

#[test]
fn a_w3c_credential_in_every_form_is_compared_with_what_was_asked_for() {
    for form in [Form::Eddsa, Form::Selective, Form::Jwt] {
        is_compared_with_what_was_asked_for(W3c(W3cWorld::new(), form));
    }
}

#[test]
fn w3c_credentials_of_two_people_are_not_one_persons() {
    for form in [Form::Eddsa, Form::Selective, Form::Jwt] {
        of_two_people_are_not_one_persons(W3c(W3cWorld::new(), form));
    }
}

/// A revoked credential keeps its claims, so that a person sees whose it is: an answer as it was asked for is not a good one.
#[test]
fn a_revoked_credential_answers_what_was_asked_and_stays_invalid() {
    use crate::session::tests::w3c_world::INDEX;
    let world = W3cWorld::new();
    let format = W3c(W3cWorld::new(), Form::Jwt);
    let input = world.presentation(Form::Jwt);
    let report = world
        .reports(
            &input,
            crate::session::tests::world::bound(),
            crate::Policy::RELYING_PARTY,
            &world.trust_list(),
            &world.network(&[INDEX], &[]),
        )
        .remove(0);
    assert_eq!(report.verdict, Verdict::Invalid);
    let (shown, ..) = format.claims();
    let asked = query(json!({
        "credentials": [format.credential("id", Kind::Own, &[json!({ "path": shown })])],
    }));
    assert_eq!(check(&asked, &[("id", &report)]), AnswerCheck::AsAsked);
}
