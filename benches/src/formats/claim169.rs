//! A Claim 169 with a face of 2 kB, and a PixelPass text of 12 claims.

use core::hint::black_box;
use std::collections::BTreeMap;

use serde_json::Value;
use symbolon_credential::Validity;
use symbolon_credential::claim169::{
    Biometric, BiometricPart, Claim169Budget, Claim169KeyReference, Cwt, DateOfBirth, Gender, IdentityData,
    ImageKind, ParsedClaim169, prepare,
};
use symbolon_credential::pixelpass::{self, PixelPassBudget};
use symbolon_credential::status::{CredentialStatus, StatusReference};
use symbolon_crypto::Randomness as _;
use symbolon_crypto::SignatureAlgorithm::{EdDsa, Es256};
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::testing::SeededRandomness;

use super::{ISSUER, NOW, UNTIL, claims};
use crate::provider::{Provider, Signer};
use crate::row::Row;

const FACE_BYTES: usize = 2048;

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
pub(super) fn rows(provider: Provider) -> Vec<Row> {
    let key = provider.key(EdDsa, ISSUER).public_key();
    let reference = Claim169KeyReference::KeyId(key.thumbprint().as_bytes().to_vec());
    let cwt = card();
    let signs = || provider.signer(EdDsa, ISSUER);
    let prepared = prepare(&cwt, EdDsa, &reference).unwrap();
    let signed = prepared.request(KeyHandle::new("card")).bytes;
    let text = encode(&cwt, &reference, &signs());

    let (signer, bytes) = (signs(), signed.clone());
    let writing = Row::new(
        "Claim 169 encode, EdDSA, face of 2 kB",
        move || {
            black_box(signer(black_box(&bytes)));
        },
        {
            let signer = signs();
            move || {
                black_box(encode(black_box(&cwt), &reference, &signer));
            }
        },
    )
    .at_most(3.0);
    let verifier = provider.verifier(&key);
    let signature = signs()(&signed);
    let reading = Row::new(
        "Claim 169 decode and verify, EdDSA, face of 2 kB",
        move || verifier(black_box(&signed), &signature),
        move || {
            ParsedClaim169::parse_qr_text(black_box(&text), Claim169Budget::DEFAULT)
                .unwrap()
                .verify(&key, provider.crypto())
                .unwrap();
        },
    )
    .at_most(1.5);
    let mut rows = vec![writing, reading];
    rows.extend(pixelpass_rows(provider));
    rows
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn encode(cwt: &Cwt, key: &Claim169KeyReference, signer: &Signer) -> String {
    let prepared = prepare(cwt, EdDsa, key).unwrap();
    let signature = signer(&prepared.request(KeyHandle::new("card")).bytes);
    prepared.finish(signature).unwrap().qr_text()
}

/// PixelPass signs nothing: one signature stands for the speed of the machine.
#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn pixelpass_rows(provider: Provider) -> [Row; 2] {
    let content = Value::Object(claims()).to_string();
    let text = pixelpass::encode(&content, "").unwrap();
    let unit = || {
        let signer = provider.signer(Es256, ISSUER);
        move || {
            black_box(signer(black_box(&[0x61; 96])));
        }
    };
    [
        Row::new("PixelPass encode, 12 claims, in signatures", unit(), move || {
            black_box(pixelpass::encode(black_box(&content), "").unwrap());
        }),
        Row::new("PixelPass decode, in signatures", unit(), move || {
            let budget = PixelPassBudget::DEFAULT;
            black_box(pixelpass::decode(black_box(&text), "", budget).unwrap());
        }),
    ]
}

#[expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]
fn card() -> Cwt {
    let text = |text: &str| Some(text.to_owned());
    let mut face = vec![0; FACE_BYTES];
    SeededRandomness::new(11).fill(&mut face).unwrap();
    face.splice(..12, *b"RIFF\0\x08\0\0WEBP");
    let identity = IdentityData {
        id: text("3918592438"),
        version: text("1.0"),
        language: text("eng"),
        full_name: text("Asha Rao"),
        first_name: text("Asha"),
        last_name: text("Rao"),
        date_of_birth: Some(DateOfBirth::new(1984, 4, 18).unwrap()),
        gender: Some(Gender::Female),
        address: text("New House\nNear Metro Line\nBengaluru"),
        email: text("asha@example.com"),
        phone: text("+919876543210"),
        nationality: text("IN"),
        biometrics: BTreeMap::from([(BiometricPart::Face, vec![Biometric::image(face, ImageKind::Webp)])]),
        ..IdentityData::default()
    };
    let status = StatusReference::new("https://issuer.example/status/7", 70_000).unwrap();
    Cwt {
        issuer: text("https://issuer.example"),
        subject: None,
        validity: Validity {
            issued_at: Some(NOW),
            not_before: Some(NOW),
            expires: Some(UNTIL),
        },
        identity,
        status: CredentialStatus::StatusList(status),
        confirmation: None,
        unknown: Vec::new(),
    }
}
