use core::time::Duration;

use serde_json::json;
use symbolon_credential::sd_jwt::KeyBindingClaims;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_trust::testing::{NOW, TestKey};

use super::world::{NONCE, SECOND, World, bound};
use crate::report::{Holder, Reason, Verdict};
use crate::{Binding, Expected, Policy};

fn refused(edit: impl FnOnce(&mut KeyBindingClaims), reason: Reason) {
    let world = World::new();
    let text = world.present_with(&world.issue(&world.template()), &["given_name"], edit);
    let report = world.verify(&text);
    assert_eq!(
        (report.verdict, report.holder.state),
        (Verdict::Invalid, Holder::Refuted)
    );
    assert!(report.failed_because(reason), "{reason:?}");
    assert_eq!(report.holder_key, None);
}

#[test]
fn rejects_a_proof_for_another_audience() {
    refused(
        |claims| claims.audience = "x509_hash:other".to_owned(),
        Reason::WrongAudience,
    );
}

#[test]
fn rejects_a_proof_for_another_request() {
    refused(|claims| claims.nonce = "n-other".to_owned(), Reason::WrongNonce);
}

#[test]
fn rejects_a_proof_of_last_year_and_one_of_next_year() {
    let window = Policy::RELYING_PARTY.proof_window + Policy::RELYING_PARTY.clock_tolerance;
    refused(
        |claims| claims.issued_at = NOW.minus(Duration::from_secs(31_536_000)),
        Reason::ProofTime,
    );
    refused(
        |claims| claims.issued_at = NOW.minus(window + SECOND),
        Reason::ProofTime,
    );
    refused(
        |claims| claims.issued_at = NOW.plus(Policy::RELYING_PARTY.clock_tolerance + SECOND),
        Reason::ProofTime,
    );
    refused(
        |claims| claims.issued_at = NOW.plus(Duration::from_secs(31_536_000)),
        Reason::ProofTime,
    );
}

#[test]
fn rejects_a_presentation_whose_proof_was_taken_off() {
    let world = World::new();
    let text = world.presentation();
    let stripped = &text[..=text.rfind('~').unwrap()];
    let report = world.verify(stripped);
    assert_eq!(
        (report.verdict, report.holder.state),
        (Verdict::Invalid, Holder::Refuted)
    );
    assert!(report.failed_because(Reason::ProofMissing));
}

#[test]
fn rejects_a_proof_over_other_disclosures() {
    let world = World::new();
    let credential = world.issue(&world.template());
    let (few, many) = (
        world.present(&credential),
        world.present_with(&credential, &["birthdate"], |_| {}),
    );
    let proof = &few[few.rfind('~').unwrap() + 1..];
    let moved = format!("{}{proof}", &many[..=many.rfind('~').unwrap()]);
    let report = world.verify(&moved);
    assert_eq!(report.holder.state, Holder::Refuted);
    assert!(report.failed_because(Reason::WrongHash));
}

#[test]
fn rejects_a_proof_by_another_key() {
    let mut world = World::new();
    let credential = world.issue(&world.template());
    world.holder = TestKey::new(SignatureAlgorithm::Es256, 901);
    let report = world.verify(&world.present(&credential));
    assert_eq!(
        (report.verdict, report.holder.state),
        (Verdict::Invalid, Holder::Refuted)
    );
    assert!(report.failed_because(Reason::WrongSignature));
}

#[test]
fn a_stored_presentation_without_its_request_is_unknown() {
    let world = World::new();
    for expected in [Expected::Unchecked, Expected::NotApplicable] {
        for policy in [Policy::RELYING_PARTY, Policy::CHECKPOINT] {
            let text = world.presentation();
            let report = world.verify_with(&text, expected.clone(), policy, &world.trust_list(), NOW);
            assert_eq!(
                (report.verdict, report.holder.state),
                (Verdict::Unknown, Holder::NotChecked)
            );
        }
    }
}

#[test]
fn an_empty_nonce_is_never_met() {
    let world = World::new();
    let text = world.present_with(&world.issue(&world.template()), &[], |claims| {
        claims.nonce = String::new()
    });
    let expected = Expected::Bound(Binding::openid4vp(
        "x509_hash:abc",
        "",
        None,
        "https://verifier.example",
    ));
    let report = world.verify_with(&text, expected, Policy::RELYING_PARTY, &world.trust_list(), NOW);
    assert_eq!(report.holder.state, Holder::Refuted);
    assert!(!NONCE.is_empty());
}

#[test]
fn a_credential_bound_to_no_key_is_refused_where_a_key_is_demanded() {
    let world = World::new();
    let mut credential = world.template();
    credential.holder = None;
    let report = world.verify(&world.issue(&credential));
    assert_eq!(
        (report.verdict, report.holder.state),
        (Verdict::Invalid, Holder::NotBound)
    );
    let report = world.verify_with(
        &world.issue(&credential),
        bound(),
        Policy::CHECKPOINT,
        &world.trust_list(),
        NOW,
    );
    assert_eq!(
        report.verdict,
        Verdict::Unknown,
        "and there is no photo to compare either"
    );
}

#[test]
fn a_credential_bound_to_no_key_is_genuine_by_its_photo() {
    let world = World::new();
    let mut credential = world.template();
    credential.holder = None;
    credential
        .claims
        .insert("picture".to_owned(), json!("data:image/webp;base64,AAEC"));
    let text = world.issue(&credential);
    let report = world.verify_with(
        &text,
        Expected::NotApplicable,
        Policy::CHECKPOINT,
        &world.trust_list(),
        NOW,
    );
    assert_eq!(
        (report.verdict, report.holder.state),
        (Verdict::Genuine, Holder::CompareByEye)
    );
    assert_eq!(report.photo.unwrap().base64, "AAEC");
}

#[test]
fn a_photo_does_not_stand_in_for_a_key_that_the_credential_has() {
    let world = World::new();
    let mut credential = world.template();
    credential
        .claims
        .insert("picture".to_owned(), json!("data:image/webp;base64,AAEC"));
    let text = world.issue(&credential);
    let report = world.verify_with(
        &text,
        Expected::Unchecked,
        Policy::CHECKPOINT,
        &world.trust_list(),
        NOW,
    );
    assert_eq!(
        (report.verdict, report.holder.state),
        (Verdict::Unknown, Holder::NotChecked)
    );
}
