//! What somebody may try (the attack table's rows on mdocs), and what issuers got wrong.

use core::time::Duration;

use ciborium::Value;
use symbolon_credential::ValidityRejected;
use symbolon_credential::mdoc::{
    DeviceAuthentication, DeviceResponse, IssueMdocError, IssuerSigned, MdocError, MdocRejected,
    SessionTranscript,
};
use symbolon_crypto::encoding::cbor::{CborBudget, CborError};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime};

use super::support::{Authority, BUDGET, NOW, SPACE, present, secret, to_issue, transcript};

/// Whether a response convinces a verifier of session "n".
fn verify(shown: &[u8], authority: &Authority, session: &SessionTranscript) -> Result<(), Refused> {
    let document = DeviceResponse::parse(shown, BUDGET)
        .and_then(DeviceResponse::only_document)
        .map_err(Refused::Read)?;
    document
        .verify(
            &authority.chain,
            session,
            DeviceAuthentication::SignatureOnly,
            &RustCryptoProvider,
        )
        .map(|_| ())
        .map_err(Refused::Check)
}

#[derive(Debug, PartialEq)]
enum Refused {
    Read(MdocError),
    Check(MdocRejected),
}

fn parties() -> (Authority, SecretKey) {
    (Authority::new(1), secret(SignatureAlgorithm::EdDsa, 5))
}

fn decode(bytes: &[u8]) -> Value {
    ciborium::from_reader(bytes).unwrap()
}

fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

fn member<'v>(value: &'v mut Value, name: &str) -> &'v mut Value {
    let members = value.as_map_mut().unwrap();
    &mut members
        .iter_mut()
        .find(|(key, _)| key.as_text() == Some(name))
        .unwrap()
        .1
}

/// Changes the mobile security object and has the document signer sign it anew.
fn resigned(issued: &[u8], authority: &Authority, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut whole = decode(issued);
    let auth = member(&mut whole, "issuerAuth").as_array_mut().unwrap();
    let payload = decode(auth[2].as_bytes().unwrap());
    let Value::Tag(24, object) = payload else { panic!() };
    let mut object = decode(object.as_bytes().unwrap());
    change(&mut object);
    let payload = encode(&Value::Tag(24, Box::new(Value::Bytes(encode(&object)))));
    let to_be_signed = symbolon_crypto::cose::signature_structure(SignatureAlgorithm::Es256, &payload);
    auth[2] = Value::Bytes(payload);
    auth[3] = Value::Bytes(
        RustCryptoProvider
            .sign(&authority.signer, &to_be_signed.bytes)
            .unwrap(),
    );
    encode(&whole)
}

#[test]
fn every_flipped_bit_of_a_response_is_noticed() {
    let (authority, device) = parties();
    let issued = authority.issue(&to_issue(&device));
    let session = transcript("n");
    let shown = present(&issued, &[(SPACE, "given_name")], &device, &session);
    assert_eq!(verify(&shown, &authority, &session), Ok(()));
    // The certificate in the header is not signed with the mdoc: it is checked before, as a chain.
    let certificate = authority.signer_certificate.der();
    let start = shown
        .windows(certificate.len())
        .position(|part| part == certificate)
        .unwrap();
    let status = shown.len() - 1;
    for bit in 0..shown.len() * 8 {
        let byte = bit / 8;
        if (start..start + certificate.len()).contains(&byte) || byte == status {
            continue;
        }
        let mut changed = shown.clone();
        changed[byte] ^= 1 << (bit % 8);
        if verify(&changed, &authority, &session) == Ok(()) {
            // Only the envelope is not signed. Changing it may withhold the elements, as their holder may, and no more.
            let one = DeviceResponse::parse(&shown, BUDGET).unwrap();
            let other = DeviceResponse::parse(&changed, BUDGET).unwrap();
            let claims = |response: &DeviceResponse<'_>| response.documents()[0].issuer_signed().claims();
            let read = claims(&other);
            assert!(read.is_empty() || read == claims(&one), "bit {bit}");
            assert!(!within_signed_part(&shown, byte), "bit {bit}");
        }
    }
}

/// Whether a byte is in an element, the mobile security object, or a signature: everything from `nameSpaces` to the header,
/// and everything behind the certificate up to the status.
fn within_signed_part(shown: &[u8], byte: usize) -> bool {
    let find = |name: &[u8]| shown.windows(name.len()).position(|part| part == name).unwrap();
    let elements = find(b"\xd8\x18\x58")..find(b"issuerAuth");
    let object = find(b"\xd8\x18\x59")..find(b"deviceSigned");
    elements.contains(&byte) || object.contains(&byte)
}

#[test]
fn a_response_is_for_one_session() {
    let (authority, device) = parties();
    let issued = authority.issue(&to_issue(&device));
    let shown = present(&issued, &[(SPACE, "given_name")], &device, &transcript("n"));
    let key = device.public_key().thumbprint();
    let uri = "https://verifier.example/response";
    for session in [
        transcript("another"),
        SessionTranscript::openid4vp("x509_hash:abd", "n", None, uri),
        SessionTranscript::openid4vp("x509_hash:abc", "n", Some(&key), uri),
        SessionTranscript::openid4vp("x509_hash:abc", "n", None, "https://verifier.example/other"),
        SessionTranscript::openid4vp_dc_api("x509_hash:abc", "n", None),
    ] {
        assert_eq!(
            verify(&shown, &authority, &session),
            Err(Refused::Check(MdocRejected::DeviceSignature))
        );
    }
}

#[test]
fn another_device_cannot_present_it() {
    let (authority, device) = parties();
    let issued = authority.issue(&to_issue(&device));
    let thief = secret(SignatureAlgorithm::EdDsa, 77);
    let session = transcript("n");
    let shown = present(&issued, &[(SPACE, "given_name")], &thief, &session);
    assert_eq!(
        verify(&shown, &authority, &session),
        Err(Refused::Check(MdocRejected::DeviceSignature))
    );
}

#[test]
fn elements_of_another_mdoc_are_refused() {
    let (authority, device) = parties();
    let issued = authority.issue(&to_issue(&device));
    let mut other = to_issue(&device);
    other.elements[0].1[0].1 = symbolon_credential::mdoc::ElementValue::Text("Rao".to_owned());
    let other = authority.issue(&other);
    let (mut one, mut another) = (decode(&issued), decode(&other));
    std::mem::swap(member(&mut one, "nameSpaces"), member(&mut another, "nameSpaces"));
    let mixed = encode(&one);
    let received = IssuerSigned::parse(&mixed, BUDGET).unwrap();
    assert_eq!(
        received
            .verify(&authority.chain, &RustCryptoProvider)
            .unwrap_err(),
        MdocRejected::DigestMismatch
    );

    // An element in a namespace that has no digests.
    let mut moved = decode(&issued);
    for (name, _) in member(&mut moved, "nameSpaces").as_map_mut().unwrap() {
        *name = Value::Text(format!("{}.x", name.as_text().unwrap()));
    }
    let moved = encode(&moved);
    let received = IssuerSigned::parse(&moved, BUDGET).unwrap();
    assert_eq!(
        received
            .verify(&authority.chain, &RustCryptoProvider)
            .unwrap_err(),
        MdocRejected::DigestMissing
    );
}

#[test]
fn another_document_type_than_the_signed_one_is_refused() {
    let (authority, device) = parties();
    let issued = authority.issue(&to_issue(&device));
    let session = transcript("n");
    let mut shown = decode(&present(&issued, &[], &device, &session));
    let documents = member(&mut shown, "documents").as_array_mut().unwrap();
    *member(&mut documents[0], "docType") = Value::from("org.example.other");
    assert_eq!(
        verify(&encode(&shown), &authority, &session),
        Err(Refused::Check(MdocRejected::DocTypeMismatch))
    );
}

#[test]
fn another_signers_chain_does_not_serve() {
    let (authority, device) = parties();
    let issued = authority.issue(&to_issue(&device));
    let session = transcript("n");
    let shown = present(&issued, &[], &device, &session);
    assert_eq!(
        verify(&shown, &Authority::new(40), &session),
        Err(Refused::Check(MdocRejected::IssuerSignature))
    );
}

#[test]
fn validity_is_checked_against_the_clock_and_the_certificate() {
    let (authority, device) = parties();
    let mut mdoc = to_issue(&device);
    let day = Duration::from_secs(86_400);
    let issued = authority.issue(&mdoc);
    let validity = IssuerSigned::parse(&issued, BUDGET).unwrap().validity();
    assert!(matches!(
        validity.check(NOW.plus(day * 31), Duration::ZERO),
        Err(ValidityRejected::Expired { .. })
    ));
    assert!(matches!(
        validity.check(NOW.minus(day), Duration::ZERO),
        Err(ValidityRejected::NotYetValid { .. })
    ));
    mdoc.validity.signed = NOW.minus(day * 11);
    let early = authority.issue(&mdoc);
    assert_eq!(
        IssuerSigned::parse(&early, BUDGET)
            .unwrap()
            .verify(&authority.chain, &RustCryptoProvider)
            .unwrap_err(),
        MdocRejected::SignedOutsideCertificate
    );
    mdoc.validity.signed = NOW.plus(day);
    let prepared = mdoc.prepare(&authority.header, &SeededRandomness::new(1));
    assert_eq!(prepared.err(), Some(IssueMdocError::Validity));
    mdoc.validity.signed = UnixTime::from_seconds(i64::MIN);
    let prepared = mdoc.prepare(&authority.header, &SeededRandomness::new(1));
    assert_eq!(prepared.err(), Some(IssueMdocError::Validity));
}

#[test]
fn a_device_adds_only_what_its_key_is_authorised_for() {
    let (authority, device) = parties();
    let issued = authority.issue(&to_issue(&device));
    let session = transcript("n");
    let mut shown = decode(&present(&issued, &[], &device, &session));
    let documents = member(&mut shown, "documents").as_array_mut().unwrap();
    let added = Value::Map(vec![(
        Value::from(SPACE),
        Value::Map(vec![(Value::from("family_name"), Value::from("Rao"))]),
    )]);
    *member(member(&mut documents[0], "deviceSigned"), "nameSpaces") =
        Value::Tag(24, Box::new(Value::Bytes(encode(&added))));
    assert_eq!(
        verify(&encode(&shown), &authority, &session),
        Err(Refused::Check(MdocRejected::KeyNotAuthorized))
    );
    let authorised = resigned(&issued, &authority, |object| {
        let info = member(object, "deviceKeyInfo").as_map_mut().unwrap();
        let elements = Value::Map(vec![(
            Value::from(SPACE),
            Value::Array(vec![Value::from("family_name")]),
        )]);
        let authorizations = Value::Map(vec![(Value::from("dataElements"), elements)]);
        info.push((Value::from("keyAuthorizations"), authorizations));
    });
    let authorised = IssuerSigned::parse(&authorised, BUDGET).unwrap();
    assert!(authorised.key_authorizations().covers(SPACE, "family_name"));
    assert!(!authorised.key_authorizations().covers(SPACE, "given_name"));
    authorised.verify(&authority.chain, &RustCryptoProvider).unwrap();
}

#[test]
fn what_issuers_got_wrong_is_named() {
    let (authority, device) = parties();
    let issued = authority.issue(&to_issue(&device));
    let refused = |bytes: &[u8]| IssuerSigned::parse(bytes, BUDGET).unwrap_err();

    let wrapped = Value::Map(vec![
        (Value::from("docType"), Value::from("org.iso.18013.5.1.mDL")),
        (Value::from("issuerSigned"), decode(&issued)),
    ]);
    assert_eq!(refused(&encode(&wrapped)), MdocError::Wrapped);

    let mut tagged = decode(&issued);
    let auth = member(&mut tagged, "issuerAuth");
    *auth = Value::Tag(18, Box::new(auth.clone()));
    assert_eq!(refused(&encode(&tagged)), MdocError::TaggedIssuerAuth);

    let unsigned = resigned(&issued, &authority, |object| {
        let info = member(object, "validityInfo").as_map_mut().unwrap();
        info.retain(|(name, _)| name.as_text() != Some("signed"));
    });
    assert_eq!(refused(&unsigned), MdocError::Missing { member: "signed" });

    let untagged = resigned(&issued, &authority, |object| {
        let time = member(member(object, "validityInfo"), "validUntil");
        *time = Value::from("2026-01-01T00:00:00Z");
    });
    assert_eq!(refused(&untagged), MdocError::NotTdate { member: "validUntil" });

    let backwards = resigned(&issued, &authority, |object| {
        let time = member(member(object, "validityInfo"), "validUntil");
        *time = Value::Tag(0, Box::new(Value::from("2001-01-01T00:00:00Z")));
    });
    assert_eq!(refused(&backwards), MdocError::ValidityOrder);

    for (version, expected) in [
        (
            "2.0",
            Err(MdocError::Version {
                structure: "MobileSecurityObject",
            }),
        ),
        ("1.1", Ok(())),
    ] {
        let other = resigned(&issued, &authority, |object| {
            *member(object, "version") = Value::from(version);
        });
        assert_eq!(IssuerSigned::parse(&other, BUDGET).map(|_| ()), expected);
    }
    let sha1 = resigned(&issued, &authority, |object| {
        *member(object, "digestAlgorithm") = Value::from("SHA-1");
    });
    assert_eq!(refused(&sha1), MdocError::DigestAlgorithm);
    let longer = resigned(&issued, &authority, |object| {
        *member(object, "digestAlgorithm") = Value::from("SHA-512");
    });
    assert_eq!(refused(&longer), MdocError::DigestLength);
}

#[test]
fn elements_that_could_be_guessed_or_confused_are_refused() {
    let (authority, device) = parties();
    let issued = authority.issue(&to_issue(&device));
    let change_items = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut whole = decode(&issued);
        let items = member(member(&mut whole, "nameSpaces"), SPACE)
            .as_array_mut()
            .unwrap();
        change(items);
        IssuerSigned::parse(&encode(&whole), BUDGET)
            .map(|_| ())
            .unwrap_err()
    };
    let change_first = |name: &'static str, value: Value| {
        change_items(&move |items| {
            let Value::Tag(24, bytes) = &items[0] else {
                panic!()
            };
            let mut item = decode(bytes.as_bytes().unwrap());
            *member(&mut item, name) = value.clone();
            items[0] = Value::Tag(24, Box::new(Value::Bytes(encode(&item))));
        })
    };
    assert_eq!(
        change_first("random", Value::Bytes(vec![1; 15])),
        MdocError::ShortRandom
    );
    assert_eq!(
        change_first(
            "elementValue",
            Value::Tag(1004, Box::new(Value::from("yesterday")))
        ),
        MdocError::Malformed {
            member: "elementValue"
        }
    );
    assert_eq!(
        change_items(&|items| items.push(items[0].clone())),
        MdocError::RepeatedElement
    );
    assert_eq!(
        change_items(&Vec::clear),
        MdocError::Malformed { member: "nameSpaces" }
    );
}

#[test]
fn bytes_that_cost_too_much_are_refused() {
    let small = symbolon_credential::mdoc::MdocBudget {
        cbor: CborBudget {
            bytes: 100,
            ..CborBudget::DEFAULT
        },
    };
    let (authority, device) = parties();
    let issued = authority.issue(&to_issue(&device));
    assert_eq!(
        IssuerSigned::parse(&issued, small).unwrap_err(),
        MdocError::Cbor(CborError::OverBudget)
    );
    let deep = [vec![0x81; 100], vec![0]].concat();
    assert_eq!(
        DeviceResponse::parse(&deep, BUDGET).unwrap_err(),
        MdocError::Cbor(CborError::OverBudget)
    );
}
