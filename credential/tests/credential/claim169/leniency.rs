//! What real deployments print is read: the specification's own example, and every trap of the field.

use super::{ed25519, read, read_identity, signed, signed_bytes, webp};
use ciborium::{Value, cbor};
use symbolon_credential::Validity;
use symbolon_credential::claim169::{
    BiometricPart, Claim169Budget, Claim169Error, DateOfBirth, Gender, ImageKind, MaritalStatus,
    ParsedClaim169, qr_text_in_credential_subject,
};
use symbolon_crypto::encoding::cbor::encode;
use symbolon_crypto::{SignatureAlgorithm, UnixTime};

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .trim()
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap())
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// [Specification 1.2.0 §3.2.1]: `kid` in the unprotected header, claim 169 as a byte string, one face without its array,
/// gender as text. Its key was never published, so the signature stays unchecked.
#[test]
fn the_example_of_the_specification_is_read() {
    let payload = from_hex(include_str!("../figures/claim169/specification-payload.hex"));
    let signature = from_hex(include_str!("../figures/claim169/specification-signature.hex"));
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
    let payload = from_hex(include_str!("../figures/claim169/specification-payload.hex"));
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
fn a_capture_with_one_key_in_two_spellings_is_not_interpreted() {
    let twice = cbor!({0 => Value::Bytes(webp(20)), "0" => Value::Bytes(webp(30))}).unwrap();
    let identity = read_identity(cbor!({62 => [twice]}).unwrap());
    assert_eq!(identity.face(), None);
    assert_eq!(identity.unknown.len(), 1);
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
fn the_text_within_a_credential_subject_is_found() {
    let subject = serde_json::json!({"claim169": {"identityQRCode": "6BF", "faceQRCode": "x"}});
    assert_eq!(qr_text_in_credential_subject(&subject), Some("6BF"));
    assert_eq!(qr_text_in_credential_subject(&serde_json::json!({})), None);
}
