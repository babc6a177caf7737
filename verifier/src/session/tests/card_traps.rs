//! What real deployments print, judged as `symbolon verify` judges it: every trap of the field is read, and a trap is no way in.

use std::collections::BTreeMap;

use ciborium::{Value, cbor};
use symbolon_credential::Input;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::encoding::cbor::encode;
use symbolon_crypto::encoding::zlib::{Effort, deflate};
use symbolon_crypto::signing::SignatureRequest;
use symbolon_trust::status_list::Status as Listed;
use symbolon_trust::testing::{DAY, NOW, TestKey};

use super::card::FACE;
use super::world::{INDEX, ISSUER, World, run};
use crate::report::{PhotoType, Reason, Report, Verdict};
use crate::{Evidence, Expected, Policy, StatusEvidence};

const ALG: i64 = 1;
const KID: i64 = 4;
const EDDSA: i64 = -8;

/// A code over a structure that no writer of ours makes.
pub(super) fn qr_text(cose: &[u8]) -> String {
    base45(&deflate(cose, Effort::Best))
}

/// RFC 9285 §4.
fn base45(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let digits = |number: usize, count: usize| {
        (0..count).map(move |at| char::from(ALPHABET[number / 45_usize.pow(u32::try_from(at).unwrap()) % 45]))
    };
    bytes
        .chunks(2)
        .flat_map(|pair| match *pair {
            [high, low] => digits(usize::from(high) * 256 + usize::from(low), 3),
            [last] => digits(usize::from(last), 2),
            _ => digits(0, 0),
        })
        .collect()
}

fn kid(key: &TestKey) -> (Value, Value) {
    let name = key.public_key().thumbprint().as_bytes().to_vec();
    (Value::from(KID), Value::Bytes(name))
}

fn algorithm() -> (Value, Value) {
    (Value::from(ALG), Value::from(EDDSA))
}

type Members = Vec<(Value, Value)>;

/// A COSE_Sign1 without any tag, with these headers.
fn sign1(key: &TestKey, protected: Members, unprotected: Members, payload: &Value) -> Value {
    let protected = encode(&Value::Map(protected));
    let payload = encode(payload);
    let structure = encode(&Value::Array(vec![
        Value::from("Signature1"),
        Value::Bytes(protected.clone()),
        Value::Bytes(Vec::new()),
        Value::Bytes(payload.clone()),
    ]));
    let signature = key.sign(&SignatureRequest {
        key: key.handle(),
        algorithm: SignatureAlgorithm::EdDsa,
        bytes: structure,
    });
    Value::Array(vec![
        Value::Bytes(protected),
        Value::Map(unprotected),
        Value::Bytes(payload),
        Value::Bytes(signature),
    ])
}

fn tagged(tag: u64, value: Value) -> Value {
    Value::Tag(tag, Box::new(value))
}

fn face() -> Value {
    // Marked as PNG, and WebP.
    cbor!({0 => Value::Bytes(FACE.to_vec()), 1 => 0, 2 => 0}).unwrap()
}

fn identity() -> Value {
    cbor!({4 => "Amina Diallo", 8 => "19900203", 9 => 2, 62 => [face()]}).unwrap()
}

fn payload(world: &World, identity: Value) -> Value {
    let status = cbor!({"status_list" => {"idx" => INDEX, "uri" => world.uri()}}).unwrap();
    cbor!({
        1 => ISSUER,
        4 => NOW.plus(DAY).seconds(),
        6 => NOW.minus(DAY).seconds(),
        169 => identity,
        65535 => status,
    })
    .unwrap()
}

fn judge(world: &World, text: &str, listed: Listed) -> Report {
    let trust_list = world.trust_list();
    let fetched = BTreeMap::from([(world.uri(), StatusEvidence::Token(world.token(listed)))]);
    let evidence = Evidence::online(&trust_list);
    let policy = Policy::CHECKPOINT;
    run(
        text,
        Expected::NotApplicable,
        policy,
        evidence,
        &fetched,
        &world.provider,
        NOW,
    )
    .report
}

/// The report about a trap, which must be as good as any card, and no better than it once the card is revoked.
fn read(world: &World, cose: &Value) -> Report {
    let text = qr_text(&encode(cose));
    assert_eq!(judge(world, &text, Listed::Invalid).verdict, Verdict::Invalid);
    let report = judge(world, &text, Listed::Valid);
    assert_eq!(report.verdict, Verdict::Genuine);
    assert_eq!(report.claims["full_name"], "Amina Diallo");
    assert_eq!(report.claims["date_of_birth"], "1990-02-03");
    assert_eq!(report.claims["gender"], "female");
    assert_eq!(report.photo.as_ref().unwrap().media_type, PhotoType::Webp);
    report
}

fn usual(world: &World, identity: Value) -> Value {
    let key = &world.issuer.claim169_key;
    let message = sign1(
        key,
        vec![algorithm(), kid(key)],
        Vec::new(),
        &payload(world, identity),
    );
    tagged(61, tagged(18, message))
}

#[test]
fn claim_169_as_a_byte_string_is_judged_as_a_map_is() {
    let world = World::new();
    read(&world, &usual(&world, Value::Bytes(encode(&identity()))));
}

#[test]
fn a_face_without_its_array_and_with_the_wrong_subformat_is_shown() {
    let world = World::new();
    let identity = cbor!({4 => "Amina Diallo", 8 => "19900203", 9 => 2, 62 => face()}).unwrap();
    let report = read(&world, &usual(&world, identity));
    assert_eq!(report.claims["biometrics"][0], "face");
}

#[test]
fn a_date_of_birth_with_hyphens_or_slashes_is_the_same_day() {
    let world = World::new();
    for date in ["1990-02-03", "1990/02/03"] {
        let identity = cbor!({4 => "Amina Diallo", 8 => date, 9 => 2, 62 => [face()]}).unwrap();
        read(&world, &usual(&world, identity));
    }
}

#[test]
fn keys_that_are_texts_are_read_as_numbers() {
    let world = World::new();
    let key = &world.issuer.claim169_key;
    let face = cbor!({"0" => Value::Bytes(FACE.to_vec()), "1" => "0", "2" => "4"}).unwrap();
    let payload = cbor!({
        "1" => ISSUER,
        "4" => NOW.plus(DAY).seconds(),
        "169" => {"4" => "Amina Diallo", "8" => "19900203", "9" => "2", "62" => [face]},
        "65535" => {"status_list" => {"idx" => INDEX, "uri" => world.uri()}},
    });
    let message = sign1(key, vec![algorithm(), kid(key)], Vec::new(), &payload.unwrap());
    read(&world, &tagged(61, tagged(18, message)));
}

#[test]
fn a_key_is_found_by_its_name_in_the_unprotected_header_and_without_any_name() {
    let world = World::new();
    let key = &world.issuer.claim169_key;
    let payload = payload(&world, identity());
    for unprotected in [vec![kid(key)], Vec::new()] {
        let message = sign1(key, vec![algorithm()], unprotected, &payload);
        read(&world, &tagged(61, tagged(18, message)));
    }
}

#[test]
fn tags_that_are_missing_change_nothing() {
    let world = World::new();
    let key = &world.issuer.claim169_key;
    let message = sign1(
        key,
        vec![algorithm(), kid(key)],
        Vec::new(),
        &payload(&world, identity()),
    );
    read(&world, &tagged(18, message.clone()));
    read(&world, &message);
}

#[test]
fn everything_at_once_is_read_too() {
    let world = World::new();
    let key = &world.issuer.claim169_key;
    let inner = cbor!({"4" => "Amina Diallo", "8" => "1990-02-03", "9" => "Female", "62" => face()}).unwrap();
    let payload = payload(&world, Value::Bytes(encode(&inner)));
    read(&world, &sign1(key, vec![algorithm()], vec![kid(key)], &payload));
}

#[test]
fn rejects_an_algorithm_that_the_protected_header_does_not_name() {
    let world = World::new();
    let key = &world.issuer.claim169_key;
    let message = sign1(
        key,
        vec![kid(key)],
        vec![algorithm()],
        &payload(&world, identity()),
    );
    let text = qr_text(&encode(&tagged(61, tagged(18, message))));
    assert_eq!(judge(&world, &text, Listed::Valid).verdict, Verdict::Invalid);
}

#[test]
fn rejects_a_claim_in_two_spellings() {
    let world = World::new();
    let twice = cbor!({4 => "Amina Diallo", "4" => "Mallory", 62 => [face()]}).unwrap();
    let report = judge(&world, &qr_text(&encode(&usual(&world, twice))), Listed::Valid);
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(report.failed_because(Reason::Malformed));
}

#[test]
fn claims_without_a_signature_are_no_card() {
    let world = World::new();
    let text = qr_text(&encode(&payload(&world, identity())));
    let report = judge(&world, &text, Listed::Valid);
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(report.claims.is_empty());
}

#[test]
fn a_bomb_is_not_inflated() {
    let text = qr_text(&vec![0; 4 << 20]);
    assert!(Input::of_text(&text).is_err());
}
