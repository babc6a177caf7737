//! What is not written, every biometric code, and certificates that headers name.

use super::{card, ed25519, full, key_reference, parse, read_identity, written};
use crate::support::PROVIDER;
use ciborium::{Value, cbor};
use symbolon_credential::claim169::{
    Biometric, BiometricFormat, BiometricKind, BiometricPart, Claim169Budget, Claim169WriteError,
    Confirmation, Cwt, ImageKind, NotWritable, ParsedClaim169, SoundKind, TemplateKind, prepare,
    qr_texts_in_credential_subject,
};
use symbolon_credential::status::CredentialStatus;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::encoding::cbor::encode;

fn refused(edit: impl FnOnce(&mut Cwt)) -> NotWritable {
    let mut cwt = full();
    edit(&mut cwt);
    match prepare(&cwt, SignatureAlgorithm::EdDsa, &key_reference(&ed25519())).map(|_| ()) {
        Err(Claim169WriteError::NotWritable(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn codes_are_written_as_their_standards_have_them() {
    let text = |text: &str| Some(text.to_owned());
    for language in ["en", "EN", "English", "eng ", ""] {
        let reason = refused(|cwt| cwt.identity.language = text(language));
        assert_eq!(reason, NotWritable::Language { attribute: 3 });
    }
    let reason = refused(|cwt| cwt.identity.second_language = text("AR"));
    assert_eq!(reason, NotWritable::Language { attribute: 20 });
    for country in ["in", "India", "I", ""] {
        let reason = refused(|cwt| cwt.identity.nationality = text(country));
        assert_eq!(reason, NotWritable::Country { attribute: 13 });
    }
    let reason = refused(|cwt| cwt.identity.country_of_issuance = text("356"));
    assert_eq!(reason, NotWritable::Country { attribute: 23 });
}

#[test]
fn half_of_a_pair_is_not_written() {
    assert_eq!(
        refused(|cwt| cwt.identity.image = None),
        NotWritable::Companion { attribute: 17 }
    );
    assert_eq!(
        refused(|cwt| cwt.identity.image_format = None),
        NotWritable::Companion { attribute: 16 }
    );
    assert_eq!(
        refused(|cwt| cwt.identity.second_language = None),
        NotWritable::Companion { attribute: 19 }
    );
    assert_eq!(
        refused(|cwt| cwt.identity.second_full_name = None),
        NotWritable::Companion { attribute: 20 }
    );
}

#[test]
fn what_was_read_in_another_form_is_not_written_back_verbatim() {
    let member = |key: Value| vec![(key, Value::from("x"))];
    for key in [1, 23, 50, 65] {
        let reason = refused(|cwt| cwt.identity.unknown = member(Value::from(key)));
        assert_eq!(reason, NotWritable::Assigned { key });
    }
    let reason = refused(|cwt| cwt.identity.unknown = member(Value::from("8")));
    assert_eq!(reason, NotWritable::Assigned { key: 8 });
    for key in [1, 8, 169, 65535] {
        let reason = refused(|cwt| cwt.unknown = member(Value::from(key)));
        assert_eq!(reason, NotWritable::Assigned { key });
    }
    assert_eq!(
        refused(|cwt| cwt.status = CredentialStatus::OtherMechanism),
        NotWritable::Status
    );
}

#[test]
fn captures_without_a_meaning_are_not_written() {
    let face = |format, subformat| {
        move |cwt: &mut Cwt| {
            let capture = Biometric {
                data: vec![1],
                format,
                subformat,
                issuer: None,
            };
            cwt.identity.biometrics = [(BiometricPart::Face, vec![capture])].into();
        }
    };
    for (format, subformat) in [
        (None, Some(0)),
        (Some(BiometricFormat::Image), Some(7)),
        (Some(BiometricFormat::Image), Some(99)),
        (Some(BiometricFormat::Image), Some(201)),
        (Some(BiometricFormat::Template), Some(3)),
        (Some(BiometricFormat::BioHash), Some(0)),
        (Some(BiometricFormat::Sound), Some(0)),
    ] {
        assert_eq!(
            refused(face(format, subformat)),
            NotWritable::Biometric { attribute: 62 }
        );
    }
    let reason = refused(|cwt| cwt.identity.biometrics = [(BiometricPart::Voice, vec![])].into());
    assert_eq!(reason, NotWritable::Biometric { attribute: 65 });
}

#[test]
fn every_part_format_and_subformat_is_written_and_read() {
    let images = [
        ImageKind::Png,
        ImageKind::Jpeg,
        ImageKind::Jpeg2000,
        ImageKind::Avif,
        ImageKind::Webp,
        ImageKind::Tiff,
        ImageKind::Wsq,
    ];
    let templates = [
        TemplateKind::Ansi378,
        TemplateKind::Iso19794_2,
        TemplateKind::Nist,
    ];
    let sounds = [SoundKind::Wav, SoundKind::Mp3];
    let data = || vec![1, 2, 3];
    let vendor = |format, code| Biometric {
        data: data(),
        format: Some(format),
        subformat: Some(code),
        issuer: Some("VendorX".to_owned()),
    };
    let mut captures = Vec::new();
    for (code, kind) in (0..).zip(images) {
        captures.push((
            Biometric::image(data(), kind),
            (0, Some(code)),
            BiometricKind::Image(kind),
        ));
    }
    for (code, kind) in (0..).zip(templates) {
        captures.push((
            Biometric::template(data(), kind),
            (1, Some(code)),
            BiometricKind::Template(kind),
        ));
    }
    for code in [100, 200] {
        for (number, format) in [(0, BiometricFormat::Image), (1, BiometricFormat::Template)] {
            captures.push((
                vendor(format, code),
                (number, Some(code)),
                BiometricKind::Vendor(format, code),
            ));
        }
    }
    captures.push((Biometric::bio_hash(data()), (3, None), BiometricKind::BioHash));
    let sounds: Vec<_> = (0..)
        .zip(sounds)
        .map(|(code, kind)| {
            (
                Biometric::sound(data(), kind),
                (2, Some(code)),
                BiometricKind::Sound(kind),
            )
        })
        .collect();

    for key in 50..=65 {
        let mut expected = captures.clone();
        if key == 65 {
            expected.extend(sounds.clone());
        }
        // Read from the figures of the specification, then written and read again.
        let array = expected.iter().map(|(capture, (format, subformat), _)| {
            let mut members = vec![
                (Value::from(0), Value::Bytes(data())),
                (Value::from(1), Value::from(*format)),
            ];
            members.extend(subformat.map(|code| (Value::from(2), Value::from(code))));
            members.extend(
                capture
                    .issuer
                    .as_ref()
                    .map(|name| (Value::from(3), Value::from(name.as_str()))),
            );
            Value::Map(members)
        });
        let map = Value::Map(vec![(Value::from(key), Value::Array(array.collect()))]);
        let identity = read_identity(map);
        assert!(identity.unknown.is_empty(), "{key}");
        let read: Vec<_> = identity.biometrics.values().flatten().cloned().collect();
        for (capture, (wanted, _, kind)) in read.iter().zip(&expected) {
            assert_eq!((capture, capture.kind()), (wanted, Some(*kind)));
        }
        assert_eq!(read.len(), expected.len());
        let mut cwt = card();
        cwt.identity.biometrics = identity.biometrics.clone();
        let signer = ed25519();
        let again = parse(&written(&cwt, &signer))
            .unwrap()
            .verify(&signer.public_key(), &PROVIDER)
            .unwrap();
        assert_eq!(again.identity.biometrics, identity.biometrics);
    }
}

#[test]
fn a_claim_cnf_is_read_in_both_forms() {
    let key = ed25519();
    for (cnf, confirmation) in [
        (
            cbor!({3 => Value::Bytes(vec![0xdf, 0xd1])}).unwrap(),
            Confirmation::KeyId(vec![0xdf, 0xd1]),
        ),
        (
            cbor!({1 => {1 => 2}}).unwrap(),
            Confirmation::Other(cbor!({1 => {1 => 2}}).unwrap()),
        ),
    ] {
        let payload = Value::Map(vec![
            (Value::from(8), cnf),
            (Value::from(169), Value::Map(Vec::new())),
        ]);
        let cwt = super::read(&super::signed(&payload, &key), &key.public_key());
        assert_eq!(cwt.confirmation, Some(confirmation));
        assert!(cwt.unknown.is_empty());
    }
}

#[test]
fn certificates_that_the_header_names_are_hints() {
    let header = cbor!({
        32 => [Value::Bytes(vec![1]), Value::Bytes(vec![2])],
        33 => Value::Bytes(vec![3]),
        35 => "https://issuer.example/certificates",
    });
    let message = Value::Array(vec![
        Value::Bytes(vec![0xa1, 0x01, 0x27]),
        header.unwrap(),
        Value::Bytes(encode(&cbor!({169 => {}}).unwrap())),
        Value::Bytes(vec![0; 64]),
    ]);
    let parsed = ParsedClaim169::parse_cose(&encode(&message), Claim169Budget::DEFAULT).unwrap();
    assert_eq!(parsed.certificate_bag(), [[1], [2]]);
    assert_eq!(parsed.certificate_chain(), [[3]]);
    assert_eq!(
        parsed.certificate_url(),
        Some("https://issuer.example/certificates")
    );
    assert!(parsed.certificate_thumbprint().is_none());
}

#[test]
fn both_texts_within_a_credential_subject_are_found() {
    let texts = |codes| {
        let subject = serde_json::json!({ "claim169": codes });
        qr_texts_in_credential_subject(&subject)
            .map(|texts| (texts.identity.to_owned(), texts.face.map(str::to_owned)))
    };
    let both = texts(serde_json::json!({"identityQRCode": "6BF", "faceQRCode": "6BG"}));
    assert_eq!(both, Some(("6BF".to_owned(), Some("6BG".to_owned()))));
    let empty = texts(serde_json::json!({"identityQRCode": "6BF", "faceQRCode": ""}));
    assert_eq!(empty, Some(("6BF".to_owned(), None)));
    assert_eq!(texts(serde_json::json!({"faceQRCode": "6BG"})), None);
}
