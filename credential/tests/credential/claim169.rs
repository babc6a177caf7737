//! Claim 169. Here are the cards and keys that its tests share.

mod encrypted;
mod leniency;
mod refusals;
mod strict;
mod writing;

use crate::support::PROVIDER;
use ciborium::{Value, cbor};
use symbolon_credential::claim169::{
    Biometric, BiometricFormat, BiometricPart, Claim169Budget, Claim169Error, Claim169KeyReference,
    Confirmation, Cwt, DateOfBirth, Finger, Gender, IdentityData, ImageFormat, ImageKind, MaritalStatus,
    ParsedClaim169, prepare,
};
use symbolon_credential::status::{CredentialStatus, StatusReference};
use symbolon_credential::{Validity, Verified};
use symbolon_crypto::cose::{self, Sign1Header, Tagging};
use symbolon_crypto::encoding::cbor::encode;
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{
    CryptoProvider as _, PublicKey, Randomness as _, SecretKey, SignatureAlgorithm, UnixTime,
};

pub(super) fn key(algorithm: SignatureAlgorithm) -> SecretKey {
    PROVIDER
        .generate_key(algorithm, &SeededRandomness::new(3))
        .unwrap()
}

pub(super) fn ed25519() -> SecretKey {
    key(SignatureAlgorithm::EdDsa)
}

pub(super) fn key_reference(key: &SecretKey) -> Claim169KeyReference {
    Claim169KeyReference::KeyId(key.public_key().thumbprint().as_bytes().to_vec())
}

pub(super) fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    SeededRandomness::new(11).fill(&mut bytes).unwrap();
    bytes
}

pub(super) fn webp(length: usize) -> Vec<u8> {
    let mut bytes = noise(length);
    bytes[..4].copy_from_slice(b"RIFF");
    bytes[8..12].copy_from_slice(b"WEBP");
    bytes
}

pub(super) fn full() -> Cwt {
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
        confirmation: Some(Confirmation::KeyId(b"key".to_vec())),
        unknown: vec![(Value::from(39), cbor!({3 => "key"}).unwrap())],
    }
}

pub(super) fn card() -> Cwt {
    let mut cwt = full();
    cwt.identity.biometrics.clear();
    cwt.identity.image = None;
    cwt.identity.image_format = None;
    cwt
}

pub(super) fn written(cwt: &Cwt, key: &SecretKey) -> String {
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
pub(super) fn signed(payload: &Value, key: &SecretKey) -> Vec<u8> {
    signed_bytes(encode(payload), key)
}

pub(super) fn signed_bytes(payload: Vec<u8>, key: &SecretKey) -> Vec<u8> {
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

pub(super) fn parse(text: &str) -> Result<ParsedClaim169, Claim169Error> {
    ParsedClaim169::parse_qr_text(text, Claim169Budget::DEFAULT)
}

pub(super) fn read(cose: &[u8], key: &PublicKey) -> Verified<Cwt> {
    ParsedClaim169::parse_cose(cose, Claim169Budget::DEFAULT)
        .unwrap()
        .verify(key, &PROVIDER)
        .unwrap()
}

pub(super) fn read_identity(identity: Value) -> IdentityData {
    let key = ed25519();
    read(
        &signed(&cbor!({169 => identity}).unwrap(), &key),
        &key.public_key(),
    )
    .into_inner()
    .identity
}
