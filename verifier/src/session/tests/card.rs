use std::collections::BTreeMap;

use symbolon_credential::claim169::{Cwt, Gender};
use symbolon_credential::status::CredentialStatus;
use symbolon_trust::status_list::Status as Listed;
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestKey};

use super::world::{INDEX, ISSUER, World, bound, run};
use crate::report::{Holder, PhotoType, Reason, Report, Status, Verdict};
use crate::{Evidence, Expected, Policy, StatusEvidence};

pub(super) const FACE: &[u8] = b"RIFF\x04\0\0\0WEBPVP8 ";

fn card(world: &World, edit: impl FnOnce(&mut Cwt)) -> String {
    sign(&world.issuer.claim169_key, world, edit)
}

fn sign(key: &TestKey, world: &World, edit: impl FnOnce(&mut Cwt)) -> String {
    let mut cwt = claims(world);
    edit(&mut cwt);
    key.sign_card(&cwt).qr_text()
}

/// The claims of a card with one code.
pub(super) fn claims(world: &World) -> Cwt {
    let mut claims = world.issuer.card(FACE, INDEX);
    claims.identity.gender = Some(Gender::Female);
    claims
}

fn verify(world: &World, text: &str, expected: Expected, policy: Policy, status: Listed) -> Report {
    let trust_list = world.trust_list();
    let fetched = BTreeMap::from([(world.uri(), StatusEvidence::Token(world.token(status)))]);
    run(
        text,
        expected,
        policy,
        Evidence::online(&trust_list),
        &fetched,
        &world.provider,
        NOW,
    )
    .report
}

fn at_the_counter(world: &World, text: &str) -> Report {
    verify(
        world,
        text,
        Expected::NotApplicable,
        Policy::CHECKPOINT,
        Listed::Valid,
    )
}

#[test]
fn a_card_is_genuine_and_shows_its_photo() {
    let world = World::new();
    let report = at_the_counter(&world, &card(&world, |_| {}));
    assert_eq!(
        (report.verdict, report.holder.state),
        (Verdict::Genuine, Holder::CompareByEye)
    );
    assert_eq!(report.as_of, Some(NOW));
    assert_eq!(report.claims["full_name"], "Amina Diallo");
    assert_eq!(report.claims["date_of_birth"], "1990-02-03");
    assert_eq!(report.claims["gender"], "female");
    assert_eq!(report.photo.unwrap().media_type, PhotoType::Webp);
}

#[test]
fn a_card_is_never_valid_whatever_is_expected() {
    let world = World::new();
    let text = card(&world, |_| {});
    for expected in [bound(), Expected::Unchecked, Expected::NotApplicable] {
        for policy in [Policy::CHECKPOINT, Policy::RELYING_PARTY] {
            let report = verify(&world, &text, expected.clone(), policy, Listed::Valid);
            assert!(matches!(report.verdict, Verdict::Genuine | Verdict::Unknown));
            assert_eq!(report.holder_key, None);
        }
    }
}

#[test]
fn a_card_without_a_photo_is_unknown() {
    let world = World::new();
    let text = card(&world, |cwt| cwt.identity.biometrics.clear());
    let report = at_the_counter(&world, &text);
    assert_eq!(
        (report.verdict, report.holder.state),
        (Verdict::Unknown, Holder::NotBound)
    );
}

#[test]
fn a_replaced_card_is_invalid() {
    let world = World::new();
    let text = card(&world, |_| {});
    let report = verify(
        &world,
        &text,
        Expected::NotApplicable,
        Policy::CHECKPOINT,
        Listed::Invalid,
    );
    assert_eq!(
        (report.verdict, report.status.state),
        (Verdict::Invalid, Status::Revoked)
    );
}

#[test]
fn a_card_without_status_is_unknown_at_a_checkpoint() {
    let world = World::new();
    let text = card(&world, |cwt| cwt.status = CredentialStatus::NotTracked);
    let report = at_the_counter(&world, &text);
    assert_eq!(
        (report.verdict, report.status.state),
        (Verdict::Unknown, Status::Unknown)
    );
}

#[test]
fn rejects_a_card_by_a_key_that_the_trust_list_does_not_name() {
    let world = World::new();
    let impostor = TestIssuer::new(ISSUER, 500);
    let report = at_the_counter(&world, &sign(&impostor.claim169_key, &world, |_| {}));
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(report.failed_because(Reason::Missing));
    assert!(report.claims.is_empty() && report.photo.is_none());
}

#[test]
fn rejects_a_card_that_names_a_listed_key_and_is_signed_by_another() {
    let world = World::new();
    let text = card(&world, |_| {});
    let mut entry = world.issuer.entry(Vec::new());
    // The list names another key under the identifier that the card has.
    let mut jwk = TestIssuer::new(ISSUER, 500).claim169_key.public_key().to_jwk();
    let kid = world.issuer.claim169_key.public_key().thumbprint();
    jwk.kid = None;
    entry.claim169_keys = vec![jwk];
    let trust_list = world.registry.trust_list(vec![entry], NOW);
    let evidence = Evidence::online(&trust_list);
    let report = run(
        &text,
        Expected::NotApplicable,
        Policy::CHECKPOINT,
        evidence,
        &BTreeMap::new(),
        &world.provider,
        NOW,
    )
    .report;
    assert_eq!(report.verdict, Verdict::Invalid, "{kid}");
}

#[test]
fn rejects_a_card_of_an_issuer_outside_the_trust_list_and_one_that_names_none() {
    let world = World::new();
    for issuer in [Some("https://other.example".to_owned()), None] {
        let report = at_the_counter(&world, &card(&world, |cwt| cwt.issuer = issuer));
        assert_eq!(report.verdict, Verdict::Invalid);
        assert!(report.failed_because(Reason::UnknownIssuer));
    }
}

#[test]
fn rejects_an_expired_card() {
    let world = World::new();
    let report = at_the_counter(
        &world,
        &card(&world, |cwt| cwt.validity.expires = Some(NOW.minus(DAY))),
    );
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(report.failed_because(Reason::Expired));
}
