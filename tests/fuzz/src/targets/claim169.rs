//! Claim 169 cards and PixelPass texts.

use std::collections::BTreeMap;

use symbolon_credential::claim169::{
    Biometric, BiometricPart, Claim169Budget, Claim169KeyReference, Claim169Message, Cwt, DateOfBirth,
    Gender, IdentityData, ImageKind, ParsedClaim169, prepare,
};
use symbolon_credential::pixelpass::{self, KeyTable, PixelPassBudget, PixelPassContent};
use symbolon_credential::sd_jwt_vc::Validity;
use symbolon_credential::status::CredentialStatus;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::cose::{ContentKey, NamedContentKey};

use super::{for_part, one_of, with_text};
use crate::seeds::{DAY, ISSUER, NOW, Repeating, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

/// QR texts, and the messages within them, signed and encrypted.
pub(super) const CLAIM_169: Target = Target {
    name: "claim169",
    run: |input| {
        one_of(
            &[
                |input| {
                    with_text(input, |text| {
                        let _ = Claim169Message::parse_qr_text(text, Claim169Budget::DEFAULT);
                        Reading::of(&ParsedClaim169::parse_qr_text(text, Claim169Budget::DEFAULT))
                    })
                },
                |input| {
                    let parsed = match ParsedClaim169::parse_cose(input, Claim169Budget::DEFAULT) {
                        Ok(parsed) => parsed,
                        Err(error) => return Reading::refused(&error),
                    };
                    let _ = (
                        parsed.key_id(),
                        parsed.certificate_url(),
                        parsed.unverified_issuer(),
                    );
                    if let Ok(cwt) = parsed.verify(WORLD.edwards.public(), &TRUSTING_PROVIDER) {
                        write_again(&cwt);
                    }
                    Reading::Accepted
                },
                |input| {
                    let message = Claim169Message::parse_cose(input, Claim169Budget::DEFAULT);
                    if let Ok(Claim169Message::Encrypted(locked)) = &message {
                        let _ = locked.unlock_with(&[content_key()]);
                    }
                    Reading::of(&message.map(|_| ()))
                },
            ],
            input,
        )
    },
    seeds: || {
        let signed = signed();
        let encrypted = signed
            .encrypt(&content_key(), &Repeating::new(14))
            .expect("a card is encrypted");
        vec![
            for_part(0, signed.qr_text()),
            for_part(1, signed.cose()),
            for_part(2, encrypted.cose()),
        ]
    },
};

/// What was read and is written strictly reads the same; what cannot be written strictly may be anything.
fn write_again(cwt: &Cwt) {
    let key = Claim169KeyReference::KeyId(b"key".to_vec());
    let Ok(prepared) = prepare(cwt, SignatureAlgorithm::EdDsa, &key) else {
        return;
    };
    let Ok(signed) = prepared.finish(vec![7; 64]) else {
        return;
    };
    let again =
        ParsedClaim169::parse_cose(signed.cose(), Claim169Budget::DEFAULT).expect("a card reads back");
    let again = again
        .verify(WORLD.edwards.public(), &TRUSTING_PROVIDER)
        .expect("every signature is accepted");
    // Members of what is unknown are sorted when they are written.
    let known = |identity: &IdentityData| IdentityData {
        unknown: Vec::new(),
        ..identity.clone()
    };
    assert!(
        known(&again.identity) == known(&cwt.identity),
        "a card that is written reads the same"
    );
    assert_eq!(again.identity.unknown.len(), cwt.identity.unknown.len());
}

fn content_key() -> NamedContentKey {
    let key = ContentKey::from_bytes(&[9; 32]).expect("32 bytes are a key");
    NamedContentKey::new("face", key).expect("a key has a name")
}

/// PixelPass, both ways, and its tables of keys.
pub(super) const PIXEL_PASS: Target = Target {
    name: "pixelpass",
    run: |input| {
        one_of(
            &[
                |input| {
                    with_text(input, |text| {
                        let content = pixelpass::decode(text, "", PixelPassBudget::DEFAULT);
                        if let Ok(content) = &content {
                            same_again(content.clone());
                        }
                        Reading::of(&content)
                    })
                },
                |input| {
                    with_text(input, |text| {
                        let encoded = pixelpass::encode(text, "INJI:");
                        if let Ok(encoded) = &encoded {
                            let decoded = pixelpass::decode(encoded, "INJI:", PixelPassBudget::DEFAULT);
                            same_again(decoded.expect("what was encoded can be decoded"));
                        }
                        Reading::of(&encoded)
                    })
                },
                |input| {
                    let table = KeyTable::parse(input);
                    if let Ok(table) = &table {
                        let object = serde_json::json!({"fullName": {"fullName": 1}, "n": [{"dob": null}]});
                        let object = object.as_object().cloned().unwrap_or_default();
                        let _ = table.restore(&object);
                        if let Ok(short) = table.shorten(&object) {
                            let _ = table.restore(&short);
                        }
                    }
                    Reading::of(&table)
                },
            ],
            input,
        )
    },
    seeds: || {
        let json = r#"{"fullName":"Asha","age":36,"list":[1.5,-7,null,true],"nested":{"a":"é"}}"#;
        let encode = |content| pixelpass::encode(content, "").expect("content is encoded");
        vec![
            for_part(0, encode(json)),
            for_part(0, encode("plain text")),
            for_part(1, json),
            for_part(1, "[\"plain\", 18446744073709551615]"),
            for_part(2, r#"{"fullName":"n","dob":"d"}"#),
        ]
    },
};

fn same_again(content: PixelPassContent) {
    let text = content.clone().into_text();
    if let Ok(encoded) = pixelpass::encode(&text, "") {
        let again = pixelpass::decode(&encoded, "", PixelPassBudget::DEFAULT);
        assert!(
            again.is_ok_and(|again| again.into_text() == text),
            "content that is encoded decodes the same"
        );
    }
}

/// A signed card with a face.
pub(super) fn signed() -> symbolon_credential::claim169::SignedClaim169 {
    let identity = IdentityData {
        id: Some("3918592438".to_owned()),
        version: Some("1.0.0".to_owned()),
        language: Some("eng".to_owned()),
        full_name: Some("Asha Rao".to_owned()),
        date_of_birth: DateOfBirth::new(1990, 2, 3).ok(),
        gender: Some(Gender::Female),
        address: Some("1 Street\nPune".to_owned()),
        second_full_name: Some("आशा".to_owned()),
        second_language: Some("hin".to_owned()),
        biometrics: BTreeMap::from([(
            BiometricPart::Face,
            vec![Biometric::image(
                vec![0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 4],
                ImageKind::Jpeg,
            )],
        )]),
        ..IdentityData::default()
    };
    let cwt = Cwt {
        issuer: Some(ISSUER.to_owned()),
        subject: Some("urn:subject".to_owned()),
        validity: Validity {
            issued_at: Some(NOW),
            not_before: Some(NOW),
            expires: Some(NOW.plus(DAY)),
        },
        identity,
        status: CredentialStatus::NotTracked,
        confirmation: None,
        unknown: Vec::new(),
    };
    let key = Claim169KeyReference::KeyId(b"key".to_vec());
    let prepared = prepare(&cwt, SignatureAlgorithm::EdDsa, &key).expect("a card is prepared");
    let signature = WORLD
        .edwards
        .sign(&prepared.request(WORLD.edwards.handle()).bytes);
    prepared.finish(signature).expect("a card is finished")
}
