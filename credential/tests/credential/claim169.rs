//! Claim 169: the specification's own example, every trap of the field, bombs, and the way there and back.

use core::ops::Range;

use crate::support::PROVIDER;
use ciborium::{Value, cbor};
use proptest::prelude::*;
use symbolon_credential::claim169::{
    Biometric, BiometricFormat, BiometricPart, Claim169Budget, Claim169Error, Claim169KeyReference,
    Claim169WriteError, Cwt, DateOfBirth, Finger, Gender, IdentityData, ImageFormat, ImageKind,
    MaritalStatus, ParsedClaim169, face_bytes_within, prepare, qr_text_in_credential_subject,
};
use symbolon_credential::status::{CredentialStatus, StatusReference};
use symbolon_credential::{Validity, Verified};
use symbolon_crypto::cose::{self, Sign1Header, Tagging};
use symbolon_crypto::encoding::cbor::encode;
use symbolon_crypto::encoding::zlib::{Effort, deflate};
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{
    CryptoProvider as _, PublicKey, Randomness as _, SecretKey, SignatureAlgorithm, UnixTime,
};

fn key(algorithm: SignatureAlgorithm) -> SecretKey {
    PROVIDER
        .generate_key(algorithm, &SeededRandomness::new(3))
        .unwrap()
}

fn ed25519() -> SecretKey {
    key(SignatureAlgorithm::EdDsa)
}

fn key_reference(key: &SecretKey) -> Claim169KeyReference {
    Claim169KeyReference::KeyId(key.public_key().thumbprint().as_bytes().to_vec())
}

fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    SeededRandomness::new(11).fill(&mut bytes).unwrap();
    bytes
}

fn webp(length: usize) -> Vec<u8> {
    let mut bytes = noise(length);
    bytes[..4].copy_from_slice(b"RIFF");
    bytes[8..12].copy_from_slice(b"WEBP");
    bytes
}

fn full() -> Cwt {
    let text = |text: &str| Some(text.to_owned());
    let at = |seconds| Some(UnixTime::from_seconds(seconds));
    let identity = IdentityData {
        id: text("3918592438"),
        version: text("1.0"),
        language: text("eng"),
        full_name: text("Janardhan BS"),
        first_name: text("Janardhan"),
        middle_name: text("B"),
        last_name: text("S"),
        date_of_birth: Some(DateOfBirth::new(1984, 4, 18).unwrap()),
        gender: Some(Gender::Male),
        address: text("New House\nNear Metro Line\nBengaluru"),
        email: text("janardhan@example.com"),
        phone: text("+919876543210"),
        nationality: text("IN"),
        marital_status: Some(MaritalStatus::Married),
        guardian: text("Somebody"),
        image: Some(vec![0xff, 0x4f, 0xff, 0x51]),
        image_format: Some(ImageFormat::Jpeg2000),
        best_quality_fingers: vec![Finger::from_code(1).unwrap(), Finger::from_code(10).unwrap()],
        second_full_name: text("جاناردان بنغالور"),
        second_language: text("ara"),
        location_code: text("849VCWC8+R9"),
        legal_status: text("citizen"),
        country_of_issuance: text("IN"),
        biometrics: [
            (
                BiometricPart::Face,
                vec![Biometric::image(webp(420), ImageKind::Webp)],
            ),
            (
                BiometricPart::RightThumb,
                vec![Biometric {
                    data: vec![1, 2, 3],
                    format: Some(BiometricFormat::Template),
                    subformat: Some(100),
                    issuer: text("VendorA"),
                }],
            ),
        ]
        .into(),
        unknown: vec![(Value::from(80), Value::from("of a closed ecosystem"))],
    };
    Cwt {
        issuer: text("https://issuer.example"),
        subject: text("subject"),
        validity: Validity {
            issued_at: at(1_756_376_445),
            not_before: at(1_756_376_445),
            expires: at(1_787_912_445),
        },
        identity,
        status: CredentialStatus::StatusList(
            StatusReference::new("https://issuer.example/status/7", 70_000).unwrap(),
        ),
        unknown: vec![(Value::from(8), cbor!({3 => "key"}).unwrap())],
    }
}

fn card() -> Cwt {
    let mut cwt = full();
    cwt.identity.biometrics.clear();
    cwt.identity.image = None;
    cwt.identity.image_format = None;
    cwt
}

fn written(cwt: &Cwt, key: &SecretKey) -> String {
    let prepared = prepare(cwt, key.public_key().algorithm(), &key_reference(key)).unwrap();
    let size = prepared.size().unwrap();
    let signature = PROVIDER
        .sign(key, &prepared.request(KeyHandle::new("claim169")).bytes)
        .unwrap();
    let text = prepared.finish(signature).unwrap().qr_text();
    assert_eq!(
        text.len(),
        size.characters,
        "the size is known before the signature is"
    );
    text
}

/// A signed token over any payload, however strange.
fn signed(payload: &Value, key: &SecretKey) -> Vec<u8> {
    signed_bytes(encode(payload), key)
}

fn signed_bytes(payload: Vec<u8>, key: &SecretKey) -> Vec<u8> {
    let prepared = cose::prepare(
        key.public_key().algorithm(),
        &Sign1Header::default(),
        payload,
        &[],
    );
    let signature = PROVIDER
        .sign(key, &prepared.request(KeyHandle::new("k")).bytes)
        .unwrap();
    prepared.finish(signature, Tagging::Tagged).unwrap()
}

fn parse(text: &str) -> Result<ParsedClaim169, Claim169Error> {
    ParsedClaim169::parse_qr_text(text, Claim169Budget::DEFAULT)
}

fn read(cose: &[u8], key: &PublicKey) -> Verified<Cwt> {
    ParsedClaim169::parse_cose(cose, Claim169Budget::DEFAULT)
        .unwrap()
        .verify(key, &PROVIDER)
        .unwrap()
}

fn read_identity(identity: Value) -> IdentityData {
    let key = ed25519();
    read(
        &signed(&cbor!({169 => identity}).unwrap(), &key),
        &key.public_key(),
    )
    .into_inner()
    .identity
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .trim()
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap())
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

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
    assert_eq!(keys, [1, 2, 4, 5, 6, 8, 169, 65535]);
    let identity = members[6].1.as_map().expect("claim 169 is a map");
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
        members[7].1,
        cbor!({"status_list" => {"idx" => 70000, "uri" => "https://issuer.example/status/7"}}).unwrap()
    );

    let p384 = prepare(&full(), SignatureAlgorithm::Es384, &key_reference(&key)).unwrap_err();
    assert_eq!(p384, Claim169WriteError::Algorithm);
    let mut twice = full();
    twice
        .identity
        .unknown
        .push((Value::from(4), Value::from("another name")));
    assert_eq!(
        prepare(&twice, SignatureAlgorithm::EdDsa, &key_reference(&key)).unwrap_err(),
        Claim169WriteError::Claims
    );
}

/// [Specification 1.2.0 §3.2.1]: `kid` in the unprotected header, claim 169 as a byte string, one face without its array,
/// gender as text. Its key was never published, so the signature stays unchecked.
#[test]
fn the_example_of_the_specification_is_read() {
    let payload = from_hex(include_str!("figures/claim169/specification-payload.hex"));
    let signature = from_hex(include_str!("figures/claim169/specification-signature.hex"));
    let message = Value::Tag(
        61,
        Box::new(Value::Tag(
            18,
            Box::new(Value::Array(vec![
                Value::Bytes(vec![0xa1, 0x01, 0x27]),
                cbor!({4 => Value::Bytes(b"k-1101".to_vec())}).unwrap(),
                Value::Bytes(payload),
                Value::Bytes(signature),
            ])),
        )),
    );
    let parsed = ParsedClaim169::parse_cose(&encode(&message), Claim169Budget::DEFAULT).unwrap();
    assert_eq!(parsed.algorithm(), SignatureAlgorithm::EdDsa);
    assert_eq!(parsed.key_id(), Some(b"k-1101".as_slice()));
    assert_eq!(parsed.unverified_issuer(), Some("www.mosip.io"));
    // The same payload under a key that we have shows what it says.
    let payload = from_hex(include_str!("figures/claim169/specification-payload.hex"));
    let key = ed25519();
    let cwt = read(&signed_bytes(payload, &key), &key.public_key());
    let at = |seconds| Some(UnixTime::from_seconds(seconds));
    assert_eq!(
        cwt.validity,
        Validity {
            issued_at: at(1_756_376_445),
            not_before: at(1_756_376_445),
            expires: at(1_787_912_445)
        }
    );
    let identity = &cwt.identity;
    assert_eq!(identity.id.as_deref(), Some("3918592438"));
    assert_eq!(identity.full_name.as_deref(), Some("Janardhan BS"));
    assert_eq!(identity.date_of_birth, DateOfBirth::new(1984, 4, 18).ok());
    assert_eq!(identity.gender, Some(Gender::Male));
    assert_eq!(identity.nationality.as_deref(), Some("IN"));
    let face = &identity.biometrics[&BiometricPart::Face][0];
    assert_eq!((face.data.len(), face.image_kind()), (484, Some(ImageKind::Webp)));
    assert!(identity.unknown.is_empty());
}

#[test]
fn claim_169_as_a_byte_string_is_read() {
    let inner = encode(&cbor!({1 => "id", 4 => "Asha"}).unwrap());
    let identity = read_identity(Value::Bytes(inner));
    assert_eq!(identity.full_name.as_deref(), Some("Asha"));
}

#[test]
fn one_capture_without_its_array_is_read_and_its_kind_is_seen_from_its_bytes() {
    let capture = cbor!({0 => Value::Bytes(webp(40)), 1 => 0, 2 => 0}).unwrap();
    let identity = read_identity(cbor!({62 => capture}).unwrap());
    let face = &identity.biometrics[&BiometricPart::Face][0];
    assert_eq!(face.subformat, Some(0), "marked as PNG");
    assert_eq!(face.image_kind(), Some(ImageKind::Webp));
    assert_eq!(identity.face(), Some(webp(40).as_slice()));
}

#[test]
fn dates_of_birth_are_read_in_every_form_and_odd_ones_are_kept_as_they_are() {
    for date in [
        cbor!("19840418"),
        cbor!("1984-04-18"),
        cbor!("1984/04/18"),
        cbor!(19840418),
    ] {
        let identity = read_identity(cbor!({8 => date.unwrap()}).unwrap());
        assert_eq!(identity.date_of_birth, DateOfBirth::new(1984, 4, 18).ok());
    }
    let identity = read_identity(cbor!({8 => "18-04-1984"}).unwrap());
    assert_eq!(identity.date_of_birth, None);
    assert_eq!(identity.unknown, [(Value::from(8), Value::from("18-04-1984"))]);
}

#[test]
fn text_keys_and_text_codes_are_read() {
    let key = ed25519();
    let payload = cbor!({"1" => "issuer", "169" => {"1" => "id", "4" => "Asha", "9" => "2", "14" => "1", "80" => "own"}});
    let cwt = read(&signed(&payload.unwrap(), &key), &key.public_key());
    assert_eq!(cwt.issuer.as_deref(), Some("issuer"));
    assert_eq!(cwt.identity.full_name.as_deref(), Some("Asha"));
    assert_eq!(cwt.identity.gender, Some(Gender::Female));
    assert_eq!(cwt.identity.marital_status, Some(MaritalStatus::Unmarried));
    assert_eq!(cwt.identity.unknown, [(Value::from("80"), Value::from("own"))]);
    let gender = read_identity(cbor!({9 => "Female"}).unwrap()).gender;
    assert_eq!(gender, Some(Gender::Female));
}

#[test]
fn a_claim_under_a_number_and_a_text_is_refused() {
    let key = ed25519();
    for (payload, claim) in [
        (cbor!({169 => {4 => "Asha", "4" => "Mallory"}}), 4),
        (cbor!({1 => "a", "1" => "b", 169 => {}}), 1),
    ] {
        let error = ParsedClaim169::parse_cose(&signed(&payload.unwrap(), &key), Claim169Budget::DEFAULT)
            .unwrap_err();
        assert_eq!(error, Claim169Error::DuplicateClaim { claim });
    }
}

#[test]
fn the_outer_tags_may_be_missing_and_other_tags_are_refused() {
    let key = ed25519();
    let tagged = signed(&cbor!({169 => {4 => "Asha"}}).unwrap(), &key);
    for message in [
        [&[0xd8, 61], tagged.as_slice()].concat(),
        tagged.clone(),
        tagged[1..].to_vec(),
    ] {
        assert_eq!(
            read(&message, &key.public_key()).identity.full_name.as_deref(),
            Some("Asha")
        );
    }
    for prefix in [[0xd8, 60], [0xd8, 98]] {
        let message = [&prefix, tagged.as_slice()].concat();
        assert!(matches!(
            ParsedClaim169::parse_cose(&message, Claim169Budget::DEFAULT),
            Err(Claim169Error::Cose(_))
        ));
    }
    let encrypted = [0xd8, 61, 0xd0, 0x83, 0x40, 0xa0, 0x40];
    assert_eq!(
        ParsedClaim169::parse_cose(&encrypted, Claim169Budget::DEFAULT).unwrap_err(),
        Claim169Error::Encrypted
    );
}

#[test]
fn the_algorithm_is_read_from_the_protected_header_alone() {
    let message =
        cbor!([Value::Bytes(vec![]), {1 => -8}, Value::Bytes(vec![0xa0]), Value::Bytes(vec![0; 64])])
            .unwrap();
    let error = ParsedClaim169::parse_cose(&encode(&message), Claim169Budget::DEFAULT).unwrap_err();
    assert!(matches!(error, Claim169Error::Cose(_)));
    let p384 = key(SignatureAlgorithm::Es384);
    let message = signed(&cbor!({169 => {}}).unwrap(), &p384);
    assert_eq!(
        ParsedClaim169::parse_cose(&message, Claim169Budget::DEFAULT).unwrap_err(),
        Claim169Error::Algorithm
    );
}

#[test]
fn times_are_read_as_integers_and_whole_floats() {
    let key = ed25519();
    let cwt = read(
        &signed(&cbor!({4 => 1.8e9, 169 => {}}).unwrap(), &key),
        &key.public_key(),
    );
    assert_eq!(cwt.validity.expires, Some(UnixTime::from_seconds(1_800_000_000)));
    for time in [cbor!(1.5), cbor!(1.0e300), cbor!("never")] {
        let message = signed(&cbor!({4 => time.unwrap(), 169 => {}}).unwrap(), &key);
        let error = ParsedClaim169::parse_cose(&message, Claim169Budget::DEFAULT).unwrap_err();
        assert_eq!(error, Claim169Error::MalformedClaim { claim: 4 });
    }
}

#[test]
fn a_status_that_is_not_known_is_not_taken_for_none_and_a_broken_one_is_refused() {
    let key = ed25519();
    let cwt = read(
        &signed(&cbor!({169 => {}, 65535 => {"other" => 1}}).unwrap(), &key),
        &key.public_key(),
    );
    assert_eq!(cwt.status, CredentialStatus::OtherMechanism);
    for status in [
        cbor!(1),
        cbor!({"status_list" => {"idx" => -1, "uri" => "https://a.example"}}),
        cbor!({"status_list" => {"idx" => 1}}),
    ] {
        let message = signed(&cbor!({169 => {}, 65535 => status.unwrap()}).unwrap(), &key);
        let error = ParsedClaim169::parse_cose(&message, Claim169Budget::DEFAULT).unwrap_err();
        assert_eq!(error, Claim169Error::MalformedClaim { claim: 65535 });
    }
}

#[test]
fn a_token_without_identity_data_or_without_claims_is_refused() {
    let key = ed25519();
    let error = |payload: Value| {
        ParsedClaim169::parse_cose(&signed(&payload, &key), Claim169Budget::DEFAULT).unwrap_err()
    };
    assert_eq!(
        error(cbor!({1 => "issuer"}).unwrap()),
        Claim169Error::NoIdentityData
    );
    assert_eq!(error(cbor!([1, 2]).unwrap()), Claim169Error::NotACwt);
    assert_eq!(
        error(cbor!({169 => "text"}).unwrap()),
        Claim169Error::MalformedClaim { claim: 169 }
    );
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    let base45 = |bytes: &[u8]| {
        // Written as a card printer writes it, around any bytes.
        const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
        let mut text = String::new();
        for pair in bytes.chunks(2) {
            let mut value = pair
                .iter()
                .fold(0_usize, |value, byte| value << 8 | usize::from(*byte));
            for _ in 0..=pair.len() {
                text.push(char::from(ALPHABET[value % 45]));
                value /= 45;
            }
        }
        text
    };
    let bomb = base45(&deflate(&vec![0; 8 << 20], Effort::Best));
    assert!(
        bomb.len() < 16 << 10,
        "it must fit the first budget to try the second"
    );
    assert_eq!(parse(&bomb).unwrap_err(), Claim169Error::OverBudget);
    assert_eq!(
        parse(&"0".repeat((16 << 10) + 1)).unwrap_err(),
        Claim169Error::OverBudget
    );
    let nested = base45(&deflate(
        &[vec![0xd8, 61, 0xd2], vec![0x81; 5000]].concat(),
        Effort::Best,
    ));
    assert!(matches!(parse(&nested), Err(Claim169Error::Cose(_))));
    for length in [[0x9b, 0xff], [0x5b, 0x7f], [0xbb, 0x7f]] {
        let declared = base45(&deflate(&[&length[..], &[0xff; 7]].concat(), Effort::Best));
        assert!(matches!(parse(&declared), Err(Claim169Error::Cose(_))));
    }
    for (text, error) in [
        ("lower case", Claim169Error::NotBase45),
        ("", Claim169Error::NotZlib),
        ("BB8", Claim169Error::NotZlib),
    ] {
        assert_eq!(parse(text).unwrap_err(), error);
    }
    let key = ed25519();
    let mut twice = encode(&cbor!({169 => {4 => "a", 5 => "b"}}).unwrap());
    let second = twice.iter().rposition(|byte| *byte == 5).unwrap();
    twice[second] = 4;
    let message = signed_bytes(twice, &key);
    assert_eq!(
        ParsedClaim169::parse_cose(&message, Claim169Budget::DEFAULT).unwrap_err(),
        Claim169Error::NotACwt
    );
}

#[test]
fn a_changed_card_is_refused_or_says_the_same() {
    let key = ed25519();
    let mut cwt = card();
    cwt.identity = cwt
        .identity
        .with_face(Biometric::image(webp(60), ImageKind::Webp));
    let text = written(&cwt, &key);
    for place in 0..text.len() {
        for bit in 0..8 {
            let mut changed = text.clone().into_bytes();
            changed[place] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(changed) else {
                continue;
            };
            let verified = parse(&changed)
                .ok()
                .and_then(|parsed| parsed.verify(&key.public_key(), &PROVIDER).ok());
            // Bits that deflate ignores may change; no claim may.
            if let Some(verified) = verified {
                assert_eq!(verified.into_inner(), cwt, "character {place}, bit {bit}");
            }
        }
    }
    let another = PROVIDER
        .generate_key(SignatureAlgorithm::EdDsa, &SeededRandomness::new(4))
        .unwrap()
        .public_key();
    assert!(parse(&text).unwrap().verify(&another, &PROVIDER).is_err());
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

#[test]
fn the_text_within_a_credential_subject_is_found() {
    let subject = serde_json::json!({"claim169": {"identityQRCode": "6BF", "faceQRCode": "x"}});
    assert_eq!(qr_text_in_credential_subject(&subject), Some("6BF"));
    assert_eq!(qr_text_in_credential_subject(&serde_json::json!({})), None);
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
            unknown: Vec::new(),
        };
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
