//! The two codes of a card: each alone, together, and with the code of somebody else.

use proptest::prelude::*;
use symbolon_credential::Input;
use symbolon_credential::claim169::{CardClaims, Cwt};
use symbolon_credential::status::{CredentialStatus, StatusReference};
use symbolon_crypto::cose::{ContentEncryption, ContentKey, NamedContentKey};
use symbolon_crypto::encoding::base64;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};
use symbolon_trust::pack::Pack;
use symbolon_trust::status_list::Status as Listed;
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestKey};
use symbolon_trust::trust_list::TrustList;

use super::card::{FACE, claims};
use super::world::{ISSUER, World};
use crate::card::{JudgedCode, MAX_CODES_TOGETHER, judge_together};
use crate::report::{Authentic, CheckName, CheckOutcome, Holder, Reason, Report, Status, Verdict};
use crate::{Evidence, Expected, Policy, StatusEvidence, Step, Tools, VerificationSession, Want};

/// The claims of the two codes of one person's card.
fn codes(world: &World, edit: impl FnOnce(&mut Cwt)) -> CardClaims {
    let mut cwt = claims(world);
    cwt.identity.id = Some("2345678901".to_owned());
    edit(&mut cwt);
    cwt.split_face().unwrap()
}

/// A card of somebody else, with a place of its own in the status list.
fn of_another(world: &World) -> CardClaims {
    codes(world, |cwt| {
        cwt.identity.id = Some("9999999999".to_owned());
        cwt.identity.full_name = Some("Mamadou Ba".to_owned());
        cwt.status = CredentialStatus::StatusList(StatusReference::new(world.uri(), 3).unwrap());
    })
}

fn text(world: &World, cwt: &Cwt) -> String {
    world.issuer.claim169_key.sign_card(cwt).qr_text()
}

fn key(name: &str, seed: u64) -> NamedContentKey {
    let key = ContentKey::make(ContentEncryption::A256Gcm, &SeededRandomness::new(seed)).unwrap();
    NamedContentKey::new(name, key).unwrap()
}

fn encrypted(world: &World, cwt: &Cwt, key: &NamedContentKey) -> String {
    let signed = world.issuer.claim169_key.sign_card(cwt);
    signed.encrypt(key, &SeededRandomness::new(4)).unwrap().qr_text()
}

fn tools<'t>() -> Tools<'t> {
    Tools::without_json_ld(&RustCryptoProvider)
}

fn judge_alone(
    text: &str,
    evidence: &mut Evidence<'_>,
    status: &str,
    now: symbolon_crypto::UnixTime,
) -> JudgedCode {
    let input = Input::open(text.as_bytes()).unwrap();
    let mut session = VerificationSession::new(&input, Expected::NotApplicable, Policy::CHECKPOINT).unwrap();
    loop {
        match session.step(evidence, tools(), now) {
            Step::Done(reports) => return session.into_codes(reports).pop().unwrap(),
            Step::Wants(wants) => {
                for want in wants {
                    if let Want::StatusList { uri } = want {
                        evidence.add_status_list(uri, StatusEvidence::Token(status.to_owned()));
                    }
                }
            }
        }
    }
}

fn together_with(
    world: &World,
    trust_list: &TrustList,
    texts: &[String],
    keys: &[NamedContentKey],
    listed: Listed,
) -> Vec<Report> {
    let mut evidence = Evidence::online(trust_list).with_content_keys(keys);
    let status = world.token(listed);
    let alone = texts
        .iter()
        .map(|text| judge_alone(text, &mut evidence, &status, NOW))
        .collect();
    judge_together(alone)
}

fn together(world: &World, texts: &[String]) -> Vec<Report> {
    together_with(world, &world.trust_list(), texts, &[], Listed::Valid)
}

fn verdicts(reports: &[Report]) -> Vec<Verdict> {
    reports.iter().map(|report| report.verdict).collect()
}

fn refuted(report: &Report) -> bool {
    report.holder.state == Holder::Refuted
        && report.photo.is_none()
        && report.failed_because(Reason::OtherCard)
}

#[test]
fn the_face_of_the_same_card_is_shown_beside_the_name() {
    let world = World::new();
    let card = codes(&world, |_| {});
    let name = text(&world, &card.identity);
    let face = text(&world, &card.face.unwrap());
    let alone = together(&world, core::slice::from_ref(&name));
    assert_eq!(verdicts(&alone), [Verdict::Unknown]);
    for texts in [[name.clone(), face.clone()], [face.clone(), name.clone()]] {
        let reports = together(&world, &texts);
        assert_eq!(verdicts(&reports), [Verdict::Genuine, Verdict::Genuine]);
        let report = reports
            .iter()
            .find(|report| report.claims.contains_key("full_name"))
            .unwrap();
        assert_eq!(report.holder.state, Holder::CompareByEye);
        assert_eq!(report.photo.as_ref().unwrap().base64, base64::encode(FACE));
        let named = |name| {
            report
                .checks()
                .any(|check| check.name == name && check.outcome == CheckOutcome::Passed)
        };
        assert!(named(CheckName::CardCodes) && named(CheckName::Photo));
    }
}

#[test]
fn rejects_the_face_of_one_person_beside_the_name_of_another() {
    let world = World::new();
    let name = text(&world, &codes(&world, |_| {}).identity);
    let face = text(&world, &of_another(&world).face.unwrap());
    let reports = together(&world, &[name, face]);
    assert_eq!(verdicts(&reports), [Verdict::Invalid, Verdict::Invalid]);
    assert!(reports.iter().all(refuted));
}

#[test]
fn rejects_a_face_of_the_same_identifier_by_another_trusted_issuer() {
    let world = World::new();
    let other = TestIssuer::new("https://clinic.example", 700);
    let trust_list = world
        .registry
        .trust_list(vec![world.issuer.entry(Vec::new()), other.entry(Vec::new())], NOW);
    let card = codes(&world, |_| {});
    let mut face = card.face.unwrap();
    face.issuer = Some(other.identifier.to_string());
    face.status = CredentialStatus::NotTracked;
    let texts = [
        text(&world, &card.identity),
        other.claim169_key.sign_card(&face).qr_text(),
    ];
    let reports = together_with(&world, &trust_list, &texts, &[], Listed::Valid);
    assert!(reports.iter().all(refuted));
}

#[test]
fn rejects_a_face_that_shares_the_place_in_the_status_list_and_names_another_identifier() {
    let world = World::new();
    let card = codes(&world, |_| {});
    let mut face = card.face.unwrap();
    face.identity.id = Some("9999999999".to_owned());
    let reports = together(&world, &[text(&world, &card.identity), text(&world, &face)]);
    assert!(reports.iter().all(refuted));
}

#[test]
fn two_cards_in_one_picture_are_told_apart() {
    let world = World::new();
    let (one, other) = (codes(&world, |_| {}), of_another(&world));
    let texts = [
        &one.identity,
        other.face.as_ref().unwrap(),
        &other.identity,
        one.face.as_ref().unwrap(),
    ]
    .map(|cwt| text(&world, cwt));
    let reports = together(&world, &texts);
    assert!(
        verdicts(&reports)
            .iter()
            .all(|verdict| *verdict == Verdict::Genuine)
    );
    // A card whose back was not photographed stays what it is alone.
    let reports = together(&world, &texts[..3]);
    assert_eq!(
        verdicts(&reports),
        [Verdict::Unknown, Verdict::Genuine, Verdict::Genuine]
    );
    // A whole card of one code has nothing to do with either.
    let whole = text(&world, &claims(&world));
    let reports = together(&world, &[whole, texts[0].clone()]);
    assert_eq!(reports[0].verdict, Verdict::Genuine);
    assert!(!refuted(&reports[1]));
}

#[test]
fn whoever_revokes_the_card_revokes_both_codes() {
    let world = World::new();
    let card = codes(&world, |_| {});
    let texts = [text(&world, &card.identity), text(&world, &card.face.unwrap())];
    for listed in [Listed::Invalid, Listed::Suspended] {
        let reports = together_with(&world, &world.trust_list(), &texts, &[], listed);
        assert_eq!(verdicts(&reports), [Verdict::Invalid, Verdict::Invalid]);
        assert!(reports.iter().all(|report| report.status.state != Status::Good));
    }
}

#[test]
fn a_face_that_expired_or_is_forged_stands_for_nobody() {
    let world = World::new();
    let card = codes(&world, |_| {});
    let face = card.face.unwrap();
    let mut expired = face.clone();
    expired.validity.expires = Some(NOW.minus(DAY));
    let forged = TestIssuer::new(ISSUER, 500)
        .claim169_key
        .sign_card(&face)
        .qr_text();
    for face in [text(&world, &expired), forged] {
        let reports = together(&world, &[text(&world, &card.identity), face]);
        assert_eq!(verdicts(&reports), [Verdict::Unknown, Verdict::Invalid]);
        assert!(reports.iter().all(|report| report.photo.is_none()));
    }
}

#[test]
fn a_face_that_is_revoked_alone_is_not_shown_beside_the_name() {
    let world = World::new();
    let card = codes(&world, |cwt| cwt.status = CredentialStatus::NotTracked);
    let mut face = card.face.unwrap();
    face.status =
        CredentialStatus::StatusList(StatusReference::new(world.uri(), super::world::INDEX).unwrap());
    let texts = [text(&world, &card.identity), text(&world, &face)];
    let reports = together_with(&world, &world.trust_list(), &texts, &[], Listed::Invalid);
    assert_eq!(verdicts(&reports), [Verdict::Unknown, Verdict::Invalid]);
    assert!(reports[0].photo.is_none());
}

#[test]
fn an_encrypted_face_without_its_key_is_unknown_and_not_invalid() {
    let world = World::new();
    let card = codes(&world, |_| {});
    let face = encrypted(&world, &card.face.unwrap(), &key("clinics", 1));
    let texts = [text(&world, &card.identity), face];
    for keys in [Vec::new(), vec![key("courts", 1)]] {
        let reports = together_with(&world, &world.trust_list(), &texts, &keys, Listed::Valid);
        assert_eq!(verdicts(&reports), [Verdict::Unknown, Verdict::Unknown]);
        let locked = &reports[1];
        assert_eq!(locked.authentic.state, Authentic::Unknown);
        assert!(locked.checks().any(|check| check.name == CheckName::Decryption
            && check.outcome
                == CheckOutcome::Absent {
                    reason: Reason::KeyNotAtHand
                }));
        assert!(locked.claims.is_empty() && locked.photo.is_none());
    }
}

#[test]
fn an_encrypted_face_is_shown_to_the_holders_of_its_key() {
    let world = World::new();
    let card = codes(&world, |_| {});
    let face = encrypted(&world, &card.face.unwrap(), &key("clinics", 1));
    let keys = [key("courts", 2), key("clinics", 1)];
    let texts = [text(&world, &card.identity), face];
    let reports = together_with(&world, &world.trust_list(), &texts, &keys, Listed::Valid);
    assert_eq!(verdicts(&reports), [Verdict::Genuine, Verdict::Genuine]);
    assert!(reports[0].photo.is_some());
}

#[test]
fn rejects_an_encrypted_face_that_its_key_does_not_open_and_one_that_is_not_signed() {
    let world = World::new();
    let card = codes(&world, |_| {});
    let face = encrypted(&world, &card.face.unwrap(), &key("clinics", 1));
    let wrong = [key("clinics", 2)];
    let texts = [text(&world, &card.identity), face];
    let reports = together_with(&world, &world.trust_list(), &texts, &wrong, Listed::Valid);
    assert_eq!(verdicts(&reports), [Verdict::Unknown, Verdict::Invalid]);
    assert!(reports[1].failed_because(Reason::DoesNotOpen));

    // Whoever has the key can encrypt; a signature is owed all the same.
    let insider = TestKey::new(SignatureAlgorithm::EdDsa, 901);
    let face = codes(&world, |_| {}).face.unwrap();
    let own = insider
        .sign_card(&face)
        .encrypt(&key("clinics", 1), &SeededRandomness::new(1));
    let texts = [texts[0].clone(), own.unwrap().qr_text()];
    let reports = together_with(
        &world,
        &world.trust_list(),
        &texts,
        &[key("clinics", 1)],
        Listed::Valid,
    );
    assert_eq!(verdicts(&reports), [Verdict::Unknown, Verdict::Invalid]);
    assert!(reports[0].photo.is_none());
}

#[test]
fn both_codes_are_judged_with_a_pack_and_no_network() {
    let world = World::new();
    let card = codes(&world, |_| {});
    let keys = [key("clinics", 1)];
    let texts = [
        text(&world, &card.identity),
        encrypted(&world, &card.face.unwrap(), &keys[0]),
    ];
    for (listed, verdict) in [
        (Listed::Valid, Verdict::Genuine),
        (Listed::Invalid, Verdict::Invalid),
    ] {
        let section = world
            .issuer
            .status_section(&world.uri(), &world.list(listed), NOW);
        let bytes = world.registry.pack(1, &world.trust_list(), vec![section], NOW);
        let root = world.registry.root_of_trust(world.trust_list());
        let pack = Pack::open(&bytes, &root, &RustCryptoProvider, NOW, None).unwrap();
        let mut evidence = Evidence::offline(&pack).with_content_keys(&keys);
        let alone = texts
            .iter()
            .map(|text| judge_alone(text, &mut evidence, "", NOW))
            .collect();
        let reports = judge_together(alone);
        assert_eq!(verdicts(&reports), [verdict, verdict]);
    }
    // Without the status list the photo is shown, and the verdict stays unknown.
    let bytes = world.registry.pack(1, &world.trust_list(), Vec::new(), NOW);
    let root = world.registry.root_of_trust(world.trust_list());
    let pack = Pack::open(&bytes, &root, &RustCryptoProvider, NOW, None).unwrap();
    let mut evidence = Evidence::offline(&pack).with_content_keys(&keys);
    let alone = texts
        .iter()
        .map(|text| judge_alone(text, &mut evidence, "", NOW))
        .collect();
    let reports = judge_together(alone);
    assert_eq!(verdicts(&reports), [Verdict::Unknown, Verdict::Unknown]);
    assert!(reports[0].photo.is_some());
}

#[test]
fn more_codes_than_a_picture_holds_are_judged_alone() {
    let world = World::new();
    let card = codes(&world, |_| {});
    let whole = text(&world, &claims(&world));
    let mut texts = vec![whole; MAX_CODES_TOGETHER];
    texts.push(text(&world, &of_another(&world).face.unwrap()));
    texts.insert(0, text(&world, &card.identity));
    let reports = together(&world, &texts);
    assert_eq!(reports.len(), MAX_CODES_TOGETHER + 2);
    assert_eq!(reports.last().unwrap().verdict, Verdict::Genuine);
}

fn p256_subtracted_from_order(scalar: &[u8]) -> Vec<u8> {
    // n of P-256 (FIPS 186-4, D.1.2.3).
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut borrow = 0_i16;
    let mut difference: Vec<u8> = ORDER
        .iter()
        .zip(scalar)
        .rev()
        .map(|(order, scalar)| {
            let byte = i16::from(*order) - i16::from(*scalar) - borrow;
            borrow = i16::from(byte < 0);
            u8::try_from(byte.rem_euclid(256)).unwrap()
        })
        .collect();
    difference.reverse();
    difference
}

/// The other signature of the same code is another text, which a list of texts would not know. A place in a status list knows it.
#[test]
fn a_revoked_card_stays_revoked_under_the_other_signature_that_ecdsa_allows() {
    let world = World::new();
    let signer = TestKey::new(SignatureAlgorithm::Es256, 333);
    let mut entry = world.issuer.entry(Vec::new());
    entry.claim169_keys = vec![signer.public_key().to_jwk()];
    let trust_list = world.registry.trust_list(vec![entry], NOW);
    let good = signer.sign_card(&claims(&world));
    let mut cose = good.cose().to_vec();
    let start = cose.len() - 32;
    let other = p256_subtracted_from_order(&cose[start..]);
    cose.splice(start.., other);
    let malleated = super::card_traps::qr_text(&cose);
    assert_ne!(malleated, good.qr_text());
    for text in [good.qr_text(), malleated] {
        let revoked = together_with(&world, &trust_list, &[text], &[], Listed::Invalid);
        assert_eq!(verdicts(&revoked), [Verdict::Invalid]);
    }
}

#[test]
fn a_truncated_code_is_never_good() {
    let world = World::new();
    let trust_list = world.trust_list();
    let mut evidence = Evidence::online(&trust_list);
    let whole = text(&world, &claims(&world));
    for length in 1..whole.len() {
        let Ok(input) = Input::of_text(&whole[..length]) else {
            continue;
        };
        let session = VerificationSession::new(&input, Expected::NotApplicable, Policy::CHECKPOINT);
        let Ok(mut session) = session else { continue };
        // No issuer is believed, so nothing is wanted.
        let Step::Done(reports) = session.step(&evidence, tools(), NOW) else {
            panic!("a truncated code asks for something");
        };
        assert_eq!(verdicts(&reports), [Verdict::Invalid]);
    }
    let status = world.token(Listed::Valid);
    let report = judge_alone(&whole, &mut evidence, &status, NOW).into_report();
    assert_eq!(report.verdict, Verdict::Genuine);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Any bit flipped in the signed structure of either code is noticed: the card is not taken for a good one.
    #[test]
    fn any_flipped_bit_in_either_code_is_noticed(of_the_face: bool, place in 0..10_000_usize, bit in 0..8_u32) {
        let world = World::new();
        let card = codes(&world, |_| {});
        let face = card.face.unwrap();
        let key = &world.issuer.claim169_key;
        let (name, face) = (key.sign_card(&card.identity), key.sign_card(&face));
        let changed = |cose: &[u8]| {
            let mut cose = cose.to_vec();
            // The tags in front are not signed, and a reader does without them.
            let places = 3..cose.len();
            let at = places.start + place % places.len();
            cose[at] ^= 1 << bit;
            super::card_traps::qr_text(&cose)
        };
        let texts = if of_the_face {
            [name.qr_text(), changed(face.cose())]
        } else {
            [changed(name.cose()), face.qr_text()]
        };
        let readable = |text: &String| {
            let session = |input: Input<'_>| {
                VerificationSession::new(&input, Expected::NotApplicable, Policy::CHECKPOINT).is_ok()
            };
            Input::of_text(text).is_ok_and(session)
        };
        let texts: Vec<String> = texts.into_iter().filter(readable).collect();
        let reports = together(&world, &texts);
        let good = reports
            .iter()
            .any(|report| report.verdict == Verdict::Genuine && report.claims.contains_key("full_name"));
        prop_assert!(!good);
    }
}

#[test]
fn nothing_that_is_no_card_is_touched() {
    let world = World::new();
    let trust_list = world.trust_list();
    let mut evidence = Evidence::online(&trust_list);
    let credential = world.issue(&world.template());
    let code = judge_alone(&credential, &mut evidence, &world.token(Listed::Valid), NOW);
    let report = code.report().clone();
    let face = text(&world, &of_another(&world).face.unwrap());
    let face = judge_alone(&face, &mut evidence, &world.token(Listed::Valid), NOW);
    let reports = judge_together(vec![code, face]);
    assert_eq!(reports[0], report);
    assert_eq!(reports[1].verdict, Verdict::Genuine);
}
