//! W3C presentations: who presents, and for which request.

use core::time::Duration;

use serde_json::{Value, json};
use symbolon_credential::data_integrity::ProofPurpose;
use symbolon_credential::w3c::{EnvelopeType, EnvelopedCredential};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::encoding::base64url;
use symbolon_did::did_key;
use symbolon_trust::testing::{NOW, TestKey};

use super::w3c_world::{FORMS, Form, W3cWorld};
use super::world::{SECOND, bound};
use crate::report::{Holder, Reason, Report, Verdict};
use crate::{Binding, Expected, Policy};

fn refuted(report: &Report, reason: Reason) {
    assert_eq!(
        (report.verdict, report.holder.state),
        (Verdict::Invalid, Holder::Refuted),
        "{reason:?} {report:?}"
    );
    assert!(report.failed_because(reason), "{reason:?} {report:?}");
    assert_eq!(report.holder_key, None);
}

fn token(world: &W3cWorld) -> EnvelopedCredential {
    let token = world.jwt(&world.template().build().unwrap());
    EnvelopedCredential::from_text(EnvelopeType::VcJwt, &token).unwrap()
}

fn document(world: &W3cWorld) -> Value {
    world.embedded(&world.template().build().unwrap(), Form::Eddsa)
}

#[test]
fn rejects_a_proof_for_another_verifier_or_request() {
    let world = W3cWorld::new();
    let tokens = [token(&world)];
    let jwt = world.present_tokens(&tokens, |claims| claims.audience = "x509_hash:other");
    refuted(&world.verify(jwt.as_bytes()), Reason::WrongAudience);
    let jwt = world.present_tokens(&tokens, |claims| claims.nonce = "n-other");
    refuted(&world.verify(jwt.as_bytes()), Reason::WrongNonce);

    let documents = [document(&world)];
    let verify = |presentation: Value| world.verify(presentation.to_string().as_bytes());
    refuted(
        &verify(world.present_documents(&documents, |options| {
            options.domain = Some("x509_hash:other".to_owned())
        })),
        Reason::WrongAudience,
    );
    refuted(
        &verify(world.present_documents(&documents, |options| options.domain = None)),
        Reason::WrongAudience,
    );
    refuted(
        &verify(world.present_documents(&documents, |options| {
            options.challenge = Some("n-other".to_owned())
        })),
        Reason::WrongNonce,
    );
    refuted(
        &verify(world.present_documents(&documents, |options| options.challenge = None)),
        Reason::WrongNonce,
    );
    refuted(
        &verify(world.present_documents(&documents, |options| {
            options.purpose = ProofPurpose::AssertionMethod
        })),
        Reason::WrongPurpose,
    );
}

#[test]
fn rejects_a_proof_of_last_year_and_one_of_next_year() {
    let world = W3cWorld::new();
    let window = Policy::RELYING_PARTY.proof_window + Policy::RELYING_PARTY.clock_tolerance;
    let year = Duration::from_secs(31_536_000);
    let (tokens, documents) = ([token(&world)], [document(&world)]);
    for at in [NOW.minus(year), NOW.minus(window + SECOND)] {
        let jwt = world.present_tokens(&tokens, |claims| claims.issued_at = at);
        refuted(&world.verify(jwt.as_bytes()), Reason::ProofTime);
        let presentation = world.present_documents(&documents, |options| options.created = Some(at));
        refuted(
            &world.verify(presentation.to_string().as_bytes()),
            Reason::ProofTime,
        );
    }
    let at = NOW.plus(year);
    let jwt = world.present_tokens(&tokens, |claims| claims.issued_at = at);
    refuted(&world.verify(jwt.as_bytes()), Reason::ProofTime);
    let presentation = world.present_documents(&documents, |options| options.created = Some(at));
    refuted(
        &world.verify(presentation.to_string().as_bytes()),
        Reason::NotYetValid,
    );
}

#[test]
fn rejects_a_presentation_whose_proof_was_taken_off_and_a_credential_without_one() {
    let world = W3cWorld::new();
    let mut presentation = world.present_documents(&[document(&world)], |_| {});
    presentation.as_object_mut().unwrap().remove("proof");
    refuted(
        &world.verify(presentation.to_string().as_bytes()),
        Reason::ProofMissing,
    );
    for form in FORMS {
        let issued = world.issue(&world.template().build().unwrap(), form);
        refuted(&world.verify(&issued), Reason::ProofMissing);
        let report = world.verify_with(&issued, Expected::Unchecked, Policy::CHECKPOINT);
        assert_eq!(
            (report.verdict, report.holder.state),
            (Verdict::Unknown, Holder::NotChecked)
        );
    }
}

#[test]
fn rejects_a_presentation_by_another_than_the_subject() {
    let mut world = W3cWorld::new();
    let (tokens, documents) = ([token(&world)], [document(&world)]);
    world.world.holder = TestKey::new(SignatureAlgorithm::Es256, 901);
    let jwt = world.present_tokens(&tokens, |_| {});
    refuted(&world.verify(jwt.as_bytes()), Reason::WrongSignature);
    let presentation = world.present_documents(&documents, |_| {});
    refuted(
        &world.verify(presentation.to_string().as_bytes()),
        Reason::WrongSignature,
    );
}

#[test]
fn rejects_a_presentation_that_names_another_holder() {
    let world = W3cWorld::new();
    let stranger = did_key(TestKey::new(SignatureAlgorithm::Es256, 901).public_key()).unwrap();
    // Changed after the proof, which covers it.
    let mut presentation = world.present_documents(&[document(&world)], |_| {});
    presentation["holder"] = json!(stranger);
    refuted(
        &world.verify(presentation.to_string().as_bytes()),
        Reason::WrongSignature,
    );
    let jwt = world.present_tokens(&[token(&world)], |_| {});
    let mut parts: Vec<String> = jwt.split('.').map(str::to_owned).collect();
    let mut payload: Value = serde_json::from_slice(&base64url::decode(&parts[1]).unwrap()).unwrap();
    payload["holder"] = json!(stranger);
    parts[1] = base64url::encode(payload.to_string().as_bytes());
    let report = world.verify(parts.join(".").as_bytes());
    assert_eq!(report.verdict, Verdict::Invalid);
}

#[test]
fn two_people_cannot_present_as_one() {
    let world = W3cWorld::new();
    let friend = TestKey::new(SignatureAlgorithm::Es256, 901);
    let mut template = world.template();
    template.holder = Some(did_key(friend.public_key()).unwrap());
    let own = world.template().build().unwrap();
    let friends = template.build().unwrap();
    let documents = [
        world.embedded(&own, Form::Eddsa),
        world.embedded(&friends, Form::Eddsa),
    ];
    let presentation = world.present_documents(&documents, |_| {}).to_string();
    let tokens = [&own, &friends].map(|credential| {
        EnvelopedCredential::from_text(EnvelopeType::VcJwt, &world.jwt(credential)).unwrap()
    });
    let jwt = world.present_tokens(&tokens, |_| {});
    for input in [presentation, jwt] {
        let reports = world.reports(
            input.as_bytes(),
            bound(),
            Policy::RELYING_PARTY,
            &world.trust_list(),
            &world.network(&[], &[]),
        );
        assert_eq!(reports.len(), 2);
        assert_eq!(reports[0].verdict, Verdict::Valid);
        refuted(&reports[1], Reason::WrongSignature);
    }
}

#[test]
fn one_signature_proves_the_holder_of_several_credentials() {
    let world = W3cWorld::new();
    let tokens = [token(&world), token(&world)];
    let jwt = world.present_tokens(&tokens, |_| {});
    let before = world.world.provider.verifications();
    let reports = world.reports(
        jwt.as_bytes(),
        bound(),
        Policy::RELYING_PARTY,
        &world.trust_list(),
        &world.network(&[], &[]),
    );
    assert!(reports.iter().all(|report| report.verdict == Verdict::Valid));
    // Two credentials, one holder, two lists.
    assert_eq!(world.world.provider.verifications() - before, 5);
}

#[test]
fn a_stored_presentation_without_its_request_is_unknown() {
    let world = W3cWorld::new();
    for form in FORMS {
        let report = world.verify_with(&world.presentation(form), Expected::Unchecked, Policy::CHECKPOINT);
        assert_eq!(
            (report.verdict, report.holder.state),
            (Verdict::Unknown, Holder::NotChecked),
            "{form:?}"
        );
    }
}

#[test]
fn an_empty_nonce_or_audience_is_never_met() {
    let world = W3cWorld::new();
    let presentation = world
        .present_documents(&[document(&world)], |options| {
            options.challenge = Some(String::new());
            options.domain = Some(String::new());
        })
        .to_string();
    for (audience, nonce) in [("", "n"), ("a", ""), ("", "")] {
        let expected = Expected::Bound(Binding::openid4vp(
            audience,
            nonce,
            None,
            "https://verifier.example",
        ));
        let report = world.verify_with(presentation.as_bytes(), expected, Policy::RELYING_PARTY);
        assert_eq!(report.holder.state, Holder::Refuted);
    }
}

#[test]
fn a_credential_bound_to_no_key_is_genuine_by_its_photo() {
    let world = W3cWorld::new();
    let mut template = world.template();
    template.holder = None;
    template
        .claims
        .insert("picture".to_owned(), json!("data:image/webp;base64,AAEC"));
    let credential = template.build().unwrap();
    for form in [Form::Jwt, Form::Cose, Form::Eddsa] {
        let issued = world.issue(&credential, form);
        let report = world.verify_with(&issued, Expected::NotApplicable, Policy::CHECKPOINT);
        assert_eq!(
            (report.verdict, report.holder.state),
            (Verdict::Genuine, Holder::CompareByEye),
            "{form:?}"
        );
        assert_eq!(report.photo.unwrap().base64, "AAEC");
        let report = world.verify_with(&issued, Expected::NotApplicable, Policy::RELYING_PARTY);
        assert_eq!(report.verdict, Verdict::Unknown);
    }
}
