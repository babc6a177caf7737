//! A credential that its holder wrote anew: the proof over its statements holds, and what decides over it stands under
//! names, or in places, that a reader of JSON does not read.

use serde_json::{Value, json};
use symbolon_credential::data_integrity::Cryptosuite;
use symbolon_credential::w3c::VerifiableCredential;
use symbolon_trust::testing::{DAY, NOW};

use super::w3c_world::{CONTEXT, DID, Form, INDEX, TYPE, TYPE_IRI, W3cWorld};
use crate::report::{Authentic, CheckName, CheckOutcome, Reason, Report, Verdict};
use crate::{Expected, Policy};

const VOCABULARY: &str = "https://www.w3.org/2018/credentials#";

/// The suites whose proofs are over statements.
const FORMS: [Form; 3] = [Form::Eddsa, Form::Ecdsa, Form::Selective];

fn present(world: &W3cWorld, document: Value, policy: Policy, revoked: &[u64]) -> Report {
    // By itself: nobody here signs a presentation of a document whose members go by other names than terms.
    let input = document.to_string();
    let network = world.network(revoked, &[]);
    let expected = Expected::Unchecked;
    world
        .reports(input.as_bytes(), expected, policy, &world.trust_list(), &network)
        .remove(0)
}

fn rename(object: &mut Value, from: &str, to: &str, change: impl FnOnce(Value) -> Value) {
    let members = object.as_object_mut().unwrap();
    let value = members.shift_remove(from).unwrap();
    members.insert(to.to_owned(), change(value));
}

fn by_iri(document: &mut Value, name: &str) {
    rename(document, name, &format!("{VOCABULARY}{name}"), |value| value);
}

fn time_by_iri(document: &mut Value, name: &str) {
    rename(
        document,
        name,
        &format!("{VOCABULARY}{name}"),
        |value| json!({"@value": value, "@type": "http://www.w3.org/2001/XMLSchema#dateTime"}),
    );
}

fn is_refused(report: &Report, why: &str) {
    assert!(
        !matches!(report.verdict, Verdict::Valid | Verdict::Genuine),
        "{why}: {report:?}"
    );
    assert_ne!(report.authentic.state, Authentic::Authentic, "{why}: {report:?}");
    assert!(report.claims.is_empty(), "{why}");
}

#[test]
fn a_status_by_its_iri_is_not_lost() {
    let world = W3cWorld::new();
    let credential = world.template().build().unwrap();
    for form in FORMS {
        let written = world.embedded(&credential, form);
        let usual = present(&world, written.clone(), Policy::RELYING_PARTY, &[INDEX]);
        assert_eq!(usual.verdict, Verdict::Invalid);
        let mut all = written.clone();
        by_iri(&mut all, "credentialStatus");
        is_refused(&present(&world, all, Policy::RELYING_PARTY, &[INDEX]), "all");
        // The one that is set, behind the one that is not.
        let mut one = written;
        let revocation = one["credentialStatus"].as_array_mut().unwrap().remove(0);
        one[format!("{VOCABULARY}credentialStatus")] = revocation;
        is_refused(&present(&world, one, Policy::RELYING_PARTY, &[INDEX]), "one");
    }
}

#[test]
fn an_expiry_by_its_iri_is_not_lost() {
    let world = W3cWorld::new();
    let mut template = world.template();
    template.valid_until = Some(NOW.minus(DAY / 2));
    let expired = template.build().unwrap();
    for form in FORMS {
        let mut written = world.embedded(&expired, form);
        time_by_iri(&mut written, "validUntil");
        is_refused(&present(&world, written, Policy::RELYING_PARTY, &[]), "expired");
    }
}

#[test]
fn an_expiry_of_another_version_is_not_lost() {
    let world = W3cWorld::new();
    let now = world.template().build().unwrap();
    let subject = now.document()["credentialSubject"].clone();
    let old = json!({
        "@context": [
            "https://www.w3.org/2018/credentials/v1", "https://w3id.org/security/data-integrity/v2", CONTEXT,
        ],
        "type": ["VerifiableCredential", TYPE],
        "issuer": DID,
        "issuanceDate": NOW.minus(DAY * 2).rfc3339(),
        "expirationDate": NOW.minus(DAY).rfc3339(),
        "credentialSubject": { "id": subject["id"], "familyName": "Diallo" },
    });
    assert!(VerifiableCredential::from_value(old.clone()).is_ok());
    let method = format!("{DID}#eddsa");
    let mut written = world.prove(&old, Cryptosuite::EddsaRdfc2022, &world.eddsa, &method, |_| {});
    let usual = present(&world, written.clone(), Policy::RELYING_PARTY, &[]);
    let failed = usual.authentic.checks.last().map(|check| check.name);
    assert_eq!(failed, Some(CheckName::ValidityPeriod), "{usual:?}");
    written["@context"] = json!(["https://www.w3.org/ns/credentials/v2", CONTEXT]);
    time_by_iri(&mut written, "issuanceDate");
    time_by_iri(&mut written, "expirationDate");
    is_refused(&present(&world, written, Policy::RELYING_PARTY, &[]), "version");
}

#[test]
fn a_holder_by_another_name_is_not_lost() {
    let world = W3cWorld::new();
    let credential = world.template().build().unwrap();
    for form in FORMS {
        for change in [
            |document: &mut Value| rename(&mut document["credentialSubject"], "id", "@id", |value| value),
            |document: &mut Value| {
                let subject = document["credentialSubject"].take();
                document["credentialSubject"] = json!({ "@set": [subject] });
            },
        ] {
            let mut written = world.embedded(&credential, form);
            change(&mut written);
            is_refused(&present(&world, written, Policy::CHECKPOINT, &[]), "holder");
        }
    }
}

/// Two objects with one `id` are one node. Every name here is a term, and every statement was signed, so that the JSON-LD layer
/// has nothing to refuse.
#[test]
fn what_decides_is_not_moved_into_a_reference_to_the_credential() {
    const ID: &str = "https://issuer.example/credentials/1";
    let world = W3cWorld::new();
    let mut template = world.template();
    template.id = Some(ID.to_owned());
    template.valid_until = Some(NOW.minus(DAY / 2));
    template.claims.insert("address".to_owned(), json!({ "id": ID }));
    let credential = template.build().unwrap();
    for form in FORMS {
        let written = world.embedded(&credential, form);
        let usual = present(&world, written.clone(), Policy::RELYING_PARTY, &[]);
        assert!(usual.failed_because(Reason::Expired), "{usual:?}");
        for names in [["validUntil"].as_slice(), &["credentialStatus", "validUntil"]] {
            let mut moved = written.clone();
            moved["credentialSubject"]["address"]["type"] = moved["type"].clone();
            for name in names {
                let value = moved.as_object_mut().unwrap().shift_remove(*name).unwrap();
                moved["credentialSubject"]["address"][name] = value;
            }
            let report = present(&world, moved, Policy::RELYING_PARTY, &[]);
            is_refused(&report, "moved");
            let failed = report
                .authentic
                .checks
                .last()
                .map(|check| (check.name, check.outcome));
            let expected = CheckOutcome::Failed {
                reason: Reason::Malformed,
            };
            assert_eq!(
                failed,
                Some((CheckName::DataModel, expected)),
                "{form:?}: {report:?}"
            );
        }
    }
}

/// A second subject, whose holder the first would be.
#[test]
fn a_subject_is_not_moved_into_a_reference_to_the_credential() {
    const ID: &str = "https://issuer.example/credentials/1";
    let world = W3cWorld::new();
    let mut template = world.template();
    template.id = Some(ID.to_owned());
    template.claims.insert("address".to_owned(), json!({ "id": ID }));
    let credential = template.build().unwrap();
    let mut two = Value::Object(credential.document().clone());
    let first = two["credentialSubject"].take();
    two["credentialSubject"] = json!([first, { "id": "did:example:ward", "familyName": "Diallo" }]);
    let method = format!("{DID}#eddsa");
    let mut written = world.prove(&two, Cryptosuite::EddsaRdfc2022, &world.eddsa, &method, |_| {});
    let usual = present(&world, written.clone(), Policy::RELYING_PARTY, &[]);
    assert_eq!(usual.authentic.state, Authentic::Authentic, "{usual:?}");
    let second = written["credentialSubject"].as_array_mut().unwrap().remove(1);
    let types = written["type"].clone();
    let address = &mut written["credentialSubject"][0]["address"];
    address["type"] = types;
    address["credentialSubject"] = second;
    is_refused(&present(&world, written, Policy::RELYING_PARTY, &[]), "subject");
}

/// Which types an issuer may make, the trust list says by their names. A context within the document could make any other
/// type out of such a name.
#[test]
fn a_context_within_the_document_makes_no_type_that_can_be_asked_for() {
    let world = W3cWorld::new();
    let inline = json!({ TYPE: "https://registry.example/vocabulary#Passport" });
    let usual = world.template().build().unwrap();
    let mut document = Value::Object(usual.document().clone());
    document["@context"] = json!(["https://www.w3.org/ns/credentials/v2", inline]);
    let credential = VerifiableCredential::from_value(document).unwrap();
    for form in [Form::Jwt, Form::Cose] {
        let report = world.verify(&world.present(&credential, form));
        assert!(report.type_iris.is_empty(), "{form:?}: {report:?}");
        let report = world.verify(&world.present(&usual, form));
        assert_eq!(
            report.type_iris.last().map(String::as_str),
            Some(TYPE_IRI),
            "{form:?}"
        );
    }
}
