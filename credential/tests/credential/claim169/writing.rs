//! What is written: its form, its size, and the way back.

use core::ops::Range;

use super::{card, ed25519, full, key, key_reference, noise, parse, signed_bytes, webp, written};
use crate::support::PROVIDER;
use ciborium::{Value, cbor};
use proptest::prelude::*;
use symbolon_credential::Validity;
use symbolon_credential::claim169::{
    Biometric, Claim169Budget, Claim169WriteError, Cwt, DateOfBirth, Gender, IdentityData, ImageKind,
    ParsedClaim169, face_bytes_within, prepare,
};
use symbolon_credential::status::CredentialStatus;
use symbolon_crypto::cose;
use symbolon_crypto::encoding::zlib::{Effort, deflate};
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::{CryptoProvider as _, SignatureAlgorithm};

#[test]
fn what_is_written_is_read_back_whole() {
    for algorithm in [SignatureAlgorithm::EdDsa, SignatureAlgorithm::Es256] {
        let key = key(algorithm);
        let text = written(&full(), &key);
        let parsed = parse(&text).unwrap();
        assert_eq!(parsed.algorithm(), algorithm);
        assert_eq!(parsed.key_id().unwrap(), key.public_key().thumbprint().as_bytes());
        assert_eq!(parsed.unverified_issuer(), Some("https://issuer.example"));
        assert_eq!(
            parsed.verify(&key.public_key(), &PROVIDER).unwrap().into_inner(),
            full()
        );
    }
}

#[test]
fn nothing_personal_is_in_debug_output() {
    let key = ed25519();
    let prepared = prepare(&full(), SignatureAlgorithm::EdDsa, &key_reference(&key)).unwrap();
    let parsed = parse(&written(&full(), &key)).unwrap();
    let shown = format!("{prepared:?}{parsed:?}{:?}", full());
    let name = full().identity.full_name.unwrap();
    let bytes = format!("{:?}", name.as_bytes());
    assert!(!shown.contains(&name) && !shown.contains(bytes.trim_matches(['[', ']'])));
}

#[test]
fn writing_is_strict() {
    let key = ed25519();
    let prepared = prepare(&full(), SignatureAlgorithm::EdDsa, &key_reference(&key)).unwrap();
    let signature = PROVIDER
        .sign(&key, &prepared.request(KeyHandle::new("k")).bytes)
        .unwrap();
    let signed = prepared.finish(signature).unwrap();
    assert_eq!(signed.cose()[..3], [0xd8, 61, 0xd2], "61(18(…))");
    assert!(
        signed
            .qr_text()
            .bytes()
            .all(|character| b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".contains(&character))
    );
    let parsed = cose::ParsedSign1::parse(
        &signed.cose()[2..],
        cose::TagPolicy::Required,
        symbolon_crypto::encoding::cbor::CborBudget::DEFAULT,
    )
    .unwrap();
    let payload: Value = ciborium::from_reader(parsed.payload()).unwrap();
    let members = payload.as_map().unwrap();
    let keys: Vec<i128> = members
        .iter()
        .map(|(key, _)| key.as_integer().unwrap().into())
        .collect();
    assert_eq!(keys, [1, 2, 4, 5, 6, 8, 39, 169, 65535]);
    let identity = members[7].1.as_map().expect("claim 169 is a map");
    let attribute = |wanted: i64| {
        &identity
            .iter()
            .find(|(key, _)| *key == Value::from(wanted))
            .unwrap()
            .1
    };
    assert_eq!(attribute(8), &Value::from("19840418"));
    assert_eq!(attribute(9), &Value::from(1));
    assert!(attribute(62).is_array() && attribute(50).is_array());
    assert_eq!(
        members[8].1,
        cbor!({"status_list" => {"idx" => 70000, "uri" => "https://issuer.example/status/7"}}).unwrap()
    );

    let p384 = prepare(&full(), SignatureAlgorithm::Es384, &key_reference(&key)).unwrap_err();
    assert_eq!(p384, Claim169WriteError::Algorithm);
    let mut twice = full();
    twice
        .identity
        .unknown
        .push((Value::from(80), Value::from("another of the same key")));
    assert_eq!(
        prepare(&twice, SignatureAlgorithm::EdDsa, &key_reference(&key)).unwrap_err(),
        Claim169WriteError::Claims
    );
}

#[test]
fn a_face_of_the_size_that_was_said_to_fit_does_fit() {
    let key = ed25519();
    let characters = |bytes: usize| {
        let mut cwt = card();
        cwt.identity = cwt
            .identity
            .with_face(Biometric::image(webp(bytes), ImageKind::Webp));
        written(&cwt, &key).len()
    };
    for max_characters in [900, 1_000, 1_425] {
        let fitting = face_bytes_within(
            max_characters,
            &card(),
            ImageKind::Webp,
            SignatureAlgorithm::EdDsa,
            &key_reference(&key),
        )
        .unwrap()
        .unwrap();
        // A real picture may begin or end like the text around it: a byte or two, no more.
        assert!(
            characters(fitting - 4) <= max_characters,
            "{fitting} bytes in {max_characters} characters"
        );
        assert!(
            characters(fitting + 4) > max_characters,
            "{fitting} bytes in {max_characters} characters"
        );
    }
    let none = face_bytes_within(
        50,
        &card(),
        ImageKind::Webp,
        SignatureAlgorithm::EdDsa,
        &key_reference(&key),
    );
    assert_eq!(none, Ok(None));
}

#[test]
fn storing_the_face_makes_no_card_larger_than_deflating_all_of_it() {
    let key = ed25519();
    let prepared = prepare(&full(), SignatureAlgorithm::EdDsa, &key_reference(&key)).unwrap();
    let size = prepared.size().unwrap();
    let signature = PROVIDER
        .sign(&key, &prepared.request(KeyHandle::new("k")).bytes)
        .unwrap();
    let plain = deflate(prepared.finish(signature).unwrap().cose(), Effort::Best).len();
    assert!(size.bytes <= plain, "{} bytes against {plain}", size.bytes);
}

fn some_text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("\\PC{0,20}")
}

const SIZES: Range<usize> = 0..600;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_identity_is_read_back(
        full_name in some_text(), address in some_text(), second in some_text(), id in some_text(),
        face in SIZES, gender in 0..4_usize, year in 1_u16..9999,
    ) {
        let key = ed25519();
        let mut cwt = Cwt {
            issuer: None,
            subject: None,
            validity: Validity::default(),
            identity: IdentityData { full_name, address, second_full_name: second, id, ..IdentityData::default() },
            status: CredentialStatus::NotTracked,
            confirmation: None,
            unknown: Vec::new(),
        };
        cwt.identity.second_language = cwt.identity.second_full_name.as_ref().map(|_| "ara".to_owned());
        cwt.identity.gender = [None, Some(Gender::Male), Some(Gender::Female), Some(Gender::Other)][gender];
        cwt.identity.date_of_birth = DateOfBirth::new(year, 2, 28).ok();
        cwt.identity = cwt.identity.with_face(Biometric::image(noise(face), ImageKind::Webp));
        let read = parse(&written(&cwt, &key)).unwrap().verify(&key.public_key(), &PROVIDER).unwrap();
        prop_assert_eq!(read.into_inner(), cwt);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[0-9A-Z $%*+./:-]{0,300}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = ParsedClaim169::parse_cose(&bytes, Claim169Budget::DEFAULT);
        let key = ed25519();
        let _ = ParsedClaim169::parse_cose(&signed_bytes(bytes, &key), Claim169Budget::DEFAULT);
    }
}
