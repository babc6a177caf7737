//! ISO mdocs from issuance to verification.

mod attacks;
pub(crate) mod support;

use core::time::Duration;
use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;
use symbolon_credential::mdoc::{
    DeviceAuthentication, DeviceResponse, DigestAlgorithm, DigestIds, EMacKey, ElementIdentifier,
    ElementValue, IssuerSigned, KeyAuthorizations, MdocError, MdocRejected, NameSpace, PresentError,
    SessionTranscript,
};
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SignatureAlgorithm};

use support::{
    Authority, BUDGET, DOC_TYPE, NOW, OTHER_SPACE, SPACE, element, present, secret, to_issue, transcript,
};

#[test]
fn what_was_issued_is_what_a_holder_reads() {
    let (authority, device) = (Authority::new(1), secret(SignatureAlgorithm::Es256, 5));
    let issued = authority.issue(&to_issue(&device));
    let received = IssuerSigned::parse(&issued, BUDGET).unwrap();
    assert_eq!(received.certificate_chain(), [authority.signer_certificate.der()]);
    let received = received.verify(&authority.chain, &RustCryptoProvider).unwrap();
    assert_eq!(received.doc_type().as_str(), DOC_TYPE);
    assert_eq!(*received.device_key(), device.public_key());
    assert_eq!(received.status().reference().unwrap().index(), 412);
    received.validity().check(NOW, Duration::ZERO).unwrap();
    assert_eq!(
        serde_json::Value::Object(received.claims()),
        json!({
            SPACE: {
                "family_name": "Okafor",
                "given_name": "Asha",
                "birth_date": "1984-04-18",
                "portrait": "_9j_4A",
                "driving_privileges": [{"vehicle_category_code": "B", "issue_date": "2018-08-09"}],
                "age_over_18": true
            },
            OTHER_SPACE: {"organ_donor": 1}
        })
    );
    let portrait = received.element(SPACE, "portrait").unwrap();
    assert_eq!(portrait.bytes(), Some([0xff, 0xd8, 0xff, 0xe0].as_slice()));
}

#[test]
fn every_key_and_digest_algorithm_serves() {
    let authority = Authority::new(1);
    for algorithm in [
        SignatureAlgorithm::Es256,
        SignatureAlgorithm::Es384,
        SignatureAlgorithm::EdDsa,
    ] {
        for (digest_algorithm, digest_ids) in [
            (DigestAlgorithm::Sha256, DigestIds::Sequential),
            (DigestAlgorithm::Sha384, DigestIds::Shuffled),
            (DigestAlgorithm::Sha512, DigestIds::Shuffled),
        ] {
            let device = secret(algorithm, 5);
            let mut mdoc = to_issue(&device);
            (mdoc.digest_algorithm, mdoc.digest_ids) = (digest_algorithm, digest_ids);
            let issued = authority.issue(&mdoc);
            let shown = present(&issued, &[(SPACE, "given_name")], &device, &transcript("n"));
            let document = DeviceResponse::parse(&shown, BUDGET)
                .unwrap()
                .only_document()
                .unwrap();
            let accepted = DeviceAuthentication::SignatureOnly;
            let document = document.verify(&authority.chain, &transcript("n"), accepted, &RustCryptoProvider);
            let claims = document.unwrap().issuer_signed().claims();
            assert_eq!(
                serde_json::Value::Object(claims),
                json!({SPACE: {"given_name": "Asha"}})
            );
        }
    }
}

#[test]
fn a_mac_convinces_the_reader_of_its_session_alone() {
    let (authority, device) = (Authority::new(1), secret(SignatureAlgorithm::Es256, 5));
    let (reader, stranger) = (
        secret(SignatureAlgorithm::Es256, 6),
        secret(SignatureAlgorithm::Es256, 7),
    );
    let issued = authority.issue(&to_issue(&device));
    let session = transcript("n");
    let held = IssuerSigned::parse(&issued, BUDGET).unwrap();
    let key = EMacKey::derive(&RustCryptoProvider, &device, &reader.public_key(), &session).unwrap();
    let shown = held
        .present(&[(SPACE, "age_over_18")])
        .unwrap()
        .with_mac(&key, &session);
    let verify = |accepted: DeviceAuthentication<'_>, session: &SessionTranscript| {
        let document = DeviceResponse::parse(&shown, BUDGET)
            .unwrap()
            .only_document()
            .unwrap();
        document
            .verify(&authority.chain, session, accepted, &RustCryptoProvider)
            .map(|_| ())
    };
    let with = |reader_key| DeviceAuthentication::SignatureOrMac { reader_key };
    assert_eq!(verify(with(&reader), &session), Ok(()));
    assert_eq!(verify(with(&stranger), &session), Err(MdocRejected::DeviceMac));
    assert_eq!(
        verify(with(&reader), &transcript("another")),
        Err(MdocRejected::DeviceMac)
    );
    assert_eq!(
        verify(DeviceAuthentication::SignatureOnly, &session),
        Err(MdocRejected::MacNotAccepted)
    );
}

#[test]
fn what_is_not_held_is_not_presented() {
    let (authority, device) = (Authority::new(1), secret(SignatureAlgorithm::Es256, 5));
    let issued = authority.issue(&to_issue(&device));
    let held = IssuerSigned::parse(&issued, BUDGET).unwrap();
    for selection in [(SPACE, "organ_donor"), ("nowhere", "given_name")] {
        assert_eq!(held.present(&[selection]).unwrap_err(), PresentError::NotHeld);
    }
}

#[test]
fn shuffled_digest_ids_are_a_permutation() {
    let (authority, device) = (Authority::new(1), secret(SignatureAlgorithm::Es256, 5));
    let mut mdoc = to_issue(&device);
    let many = (0..40).map(|n| element(&format!("e{n}"), ElementValue::Unsigned(n)));
    mdoc.elements[0].1.extend(many);
    let issued = authority.issue(&mdoc);
    // Every digest found and no identifier twice, or reading and verifying would fail.
    let received = IssuerSigned::parse(&issued, BUDGET).unwrap();
    assert_eq!(received.elements().count(), 47);
    received.verify(&authority.chain, &RustCryptoProvider).unwrap();
}

#[test]
fn a_response_with_several_documents_is_not_one_document() {
    let (authority, device) = (Authority::new(1), secret(SignatureAlgorithm::Es256, 5));
    let issued = authority.issue(&to_issue(&device));
    let shown = present(&issued, &[(SPACE, "given_name")], &device, &transcript("n"));
    // `documents` is an array of one: make it two of the same.
    let marker = b"documents\x81";
    let start = shown
        .windows(marker.len())
        .position(|part| part == marker)
        .unwrap()
        + marker.len();
    let end = shown.len() - b"\x66status\x00".len();
    let document = &shown[start..end];
    let mut several = shown[..start].to_vec();
    *several.last_mut().unwrap() = 0x82;
    several.extend_from_slice(document);
    several.extend_from_slice(document);
    several.extend_from_slice(&shown[end..]);
    let response = DeviceResponse::parse(&several, BUDGET).unwrap();
    assert_eq!(response.documents().len(), 2);
    assert_eq!(response.only_document().unwrap_err(), MdocError::NotOneDocument);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn exactly_what_was_selected_is_verified(
        names in proptest::collection::btree_set("[a-z_]{1,12}", 1..12),
        chosen in any::<u16>(),
        seed in any::<u32>(),
    ) {
        let (authority, device) = (Authority::new(1), secret(SignatureAlgorithm::EdDsa, u64::from(seed)));
        let mut mdoc = to_issue(&device);
        mdoc.elements.truncate(1);
        mdoc.elements[0].1 = names.iter().map(|name| element(name, ElementValue::Text(format!("of {name}")))).collect();
        let issued = authority.issue(&mdoc);
        let selected: Vec<&String> = names.iter().enumerate().filter(|(n, _)| chosen & (1 << n) != 0).map(|(_, name)| name).collect();
        let selection: Vec<(&str, &str)> = selected.iter().map(|name| (SPACE, name.as_str())).collect();
        let session = transcript("n");
        let shown = present(&issued, &selection, &device, &session);
        let document = DeviceResponse::parse(&shown, BUDGET).unwrap().only_document().unwrap();
        let document = document
            .verify(&authority.chain, &session, DeviceAuthentication::SignatureOnly, &RustCryptoProvider)
            .unwrap();
        let disclosed: Vec<(&str, ElementValue)> =
            document.issuer_signed().elements().map(|element| (element.identifier(), element.value())).collect();
        let expected: Vec<(&str, ElementValue)> =
            selected.iter().map(|name| (name.as_str(), ElementValue::Text(format!("of {name}")))).collect();
        prop_assert_eq!(disclosed, expected);
        // What was withheld is nowhere in the response.
        for name in names.iter().filter(|name| !selected.contains(name)) {
            let value = format!("of {name}");
            let mut encoded = vec![0x60 + u8::try_from(value.len()).unwrap()];
            encoded.extend_from_slice(value.as_bytes());
            prop_assert!(!shown.windows(encoded.len()).any(|part| part == encoded));
        }
    }

    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = DeviceResponse::parse(&bytes, BUDGET);
        let _ = IssuerSigned::parse(&bytes, BUDGET);
    }
}

#[test]
fn a_device_signs_elements_of_its_own_that_the_issuer_authorised() {
    let space = || NameSpace::parse("org.example.transaction").unwrap();
    let (allowed, other) = (
        ElementIdentifier::parse("hashes").unwrap(),
        ElementIdentifier::parse("other").unwrap(),
    );
    let (authority, device) = (Authority::new(1), secret(SignatureAlgorithm::Es256, 7));
    let mut mdoc = to_issue(&device);
    mdoc.key_authorizations = KeyAuthorizations::of_elements(vec![(space(), allowed.clone())]);
    let issued = authority.issue(&mdoc);
    let held = IssuerSigned::parse(&issued, BUDGET).unwrap();
    assert!(
        held.key_authorizations()
            .covers("org.example.transaction", "hashes")
    );
    assert!(
        !held
            .key_authorizations()
            .covers("org.example.transaction", "other")
    );
    let session = transcript("n");
    let shown = |name: &ElementIdentifier| {
        let value = ElementValue::Array(vec![ElementValue::Bytes(vec![1; 32])]);
        let elements = BTreeMap::from([(space(), vec![(name.clone(), value)])]);
        let selected = held.present(&[(SPACE, "given_name")]).unwrap();
        let prepared = selected.with_device_elements(&elements).prepare(&session);
        let request = prepared.request(KeyHandle::new("device"));
        prepared
            .finish(&RustCryptoProvider.sign(&device, &request.bytes).unwrap())
            .unwrap()
    };
    let verify = |shown: &[u8]| {
        let document = DeviceResponse::parse(shown, BUDGET)
            .unwrap()
            .only_document()
            .unwrap();
        let accepted = DeviceAuthentication::SignatureOnly;
        document
            .verify(&authority.chain, &session, accepted, &RustCryptoProvider)
            .map(|document| {
                let [element] = document.device_elements() else {
                    panic!("one element")
                };
                (element.name_space().to_owned(), element.value().to_json())
            })
    };
    let (name_space, value) = verify(&shown(&allowed)).unwrap();
    assert_eq!(name_space, "org.example.transaction");
    assert_eq!(value.as_array().map(Vec::len), Some(1));
    assert_eq!(verify(&shown(&other)).err(), Some(MdocRejected::KeyNotAuthorized));
}
