use proptest::prelude::*;
use symbolon_crypto::encoding::cbor::write;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{PublicKey, SecretKey, SignatureAlgorithm};

use super::*;

fn public_key(algorithm: SignatureAlgorithm) -> PublicKey {
    SecretKey::generate(algorithm, &SeededRandomness::new(1))
        .unwrap()
        .public_key()
}

fn p256() -> PublicKey {
    public_key(SignatureAlgorithm::Es256)
}

/// An engagement of these parts: version, cipher suite, key.
fn engagement(version: &str, suite: u64, key: &PublicKey) -> Vec<u8> {
    let mut cose_key = Vec::new();
    key.write_cose_key(&mut cose_key);
    let mut out = Vec::new();
    write::map(&mut out, 2);
    write::integer(&mut out, 0);
    write::text(&mut out, version);
    write::integer(&mut out, 1);
    write::array(&mut out, 2);
    write::unsigned(&mut out, suite);
    write::encoded_item(&mut out, &cose_key);
    out
}

fn with_method(method: &[u8]) -> Vec<u8> {
    let mut out = engagement("1.0", 1, &p256());
    out[0] = 0xa3;
    write::integer(&mut out, 2);
    write::array(&mut out, 1);
    out.extend_from_slice(method);
    out
}

#[test]
fn versions_suites_and_keys_that_are_not_known_are_refused() {
    let parse = |bytes: &[u8]| DeviceEngagement::parse(bytes).map(|_| ());
    let key = p256();
    for version in ["1.0", "1.1", "1.9"] {
        assert_eq!(parse(&engagement(version, 1, &key)), Ok(()), "{version}");
    }
    for version in ["2.0", "1", "1.", "", "0.9", "1.x"] {
        assert_eq!(
            parse(&engagement(version, 1, &key)),
            Err(EngagementError::Version),
            "{version}"
        );
    }
    assert_eq!(
        parse(&engagement("1.0", 2, &key)),
        Err(EngagementError::CipherSuite)
    );
    for algorithm in [SignatureAlgorithm::Es384, SignatureAlgorithm::EdDsa] {
        let other = public_key(algorithm);
        assert_eq!(
            parse(&engagement("1.0", 1, &other)),
            Err(EngagementError::DeviceKey)
        );
        let own = DeviceEngagement::new(other, Vec::new(), ReaderAuthAllSupport::Unsupported);
        assert_eq!(own.unwrap_err(), EngagementError::DeviceKey);
    }
    assert_eq!(
        parse(&[0xa1, 0x00, 0x63, 0x31, 0x2e, 0x30]),
        Err(EngagementError::Missing { member: "security" })
    );
    assert_eq!(
        parse(&[0xa0]),
        Err(EngagementError::Missing { member: "version" })
    );
    assert_eq!(
        parse(&[0; MAX_ENGAGEMENT_BYTES + 1]),
        Err(EngagementError::TooLong)
    );
    assert!(matches!(parse(&[0xbf, 0xff]), Err(EngagementError::Cbor(_))));
}

#[test]
fn capabilities_make_version_1_1() {
    let engagement = DeviceEngagement::new(p256(), Vec::new(), ReaderAuthAllSupport::Supported).unwrap();
    assert!(engagement.as_bytes().windows(4).any(|part| part == b"\x631.1"));
    let read = DeviceEngagement::parse(engagement.as_bytes()).unwrap();
    assert_eq!(read.reader_auth_all(), ReaderAuthAllSupport::Supported);
    let plain = DeviceEngagement::new(p256(), Vec::new(), ReaderAuthAllSupport::Unsupported).unwrap();
    assert!(plain.as_bytes().windows(4).any(|part| part == b"\x631.0"));
}

#[test]
fn a_mode_has_its_identifier_and_methods_of_others_are_passed_over() {
    // Wi-Fi Aware, whatever its options are.
    let read = DeviceEngagement::parse(&with_method(&[0x83, 0x03, 0x01, 0xa0])).unwrap();
    let other = RetrievalMethod::Other {
        method: 3,
        version: 1,
    };
    assert_eq!(read.retrieval_methods(), core::slice::from_ref(&other));
    let own = DeviceEngagement::new(p256(), vec![other], ReaderAuthAllSupport::Unsupported);
    assert!(matches!(own, Err(EngagementError::Malformed { .. })));
    for options in [
        [0xa2, 0x00, 0xf5, 0x01, 0xf4].as_slice(),
        &[0xa2, 0x00, 0xf4, 0x01, 0xf5],
        &[0xa1, 0x00, 0xf4],
        &[0xa3, 0x00, 0xf5, 0x01, 0xf4, 0x0a, 0x41, 0x00],
    ] {
        let method = [&[0x83, 0x02, 0x01], options].concat();
        assert_eq!(
            DeviceEngagement::parse(&with_method(&method)).unwrap_err(),
            EngagementError::Malformed {
                member: "retrieval methods"
            }
        );
    }
}

#[test]
fn the_text_of_a_code_has_a_scheme_and_base64url() {
    let engagement = DeviceEngagement::new(p256(), Vec::new(), ReaderAuthAllSupport::Supported).unwrap();
    let text = engagement.to_qr_text();
    assert_eq!(DeviceEngagement::from_qr_text(&text).unwrap(), engagement);
    let upper = text.replacen("mdoc:", "MDOC:", 1);
    assert_eq!(DeviceEngagement::from_qr_text(&upper).unwrap(), engagement);
    for (text, error) in [
        ("https://example.com", EngagementError::Scheme),
        ("mdo", EngagementError::Scheme),
        ("éééé", EngagementError::Scheme),
        ("mdoc:a===", EngagementError::Base64),
        ("mdoc://aaaa", EngagementError::Base64),
    ] {
        assert_eq!(DeviceEngagement::from_qr_text(text).unwrap_err(), error, "{text}");
    }
    let long = format!("mdoc:{}", "A".repeat(8000));
    assert_eq!(
        DeviceEngagement::from_qr_text(&long).unwrap_err(),
        EngagementError::TooLong
    );
}

fn any_method() -> impl Strategy<Value = RetrievalMethod> {
    prop_oneof![
        (
            any::<Option<[u8; 16]>>(),
            any::<Option<[u8; 16]>>(),
            any::<Option<[u8; 6]>>()
        )
            .prop_map(|(peripheral_server, central_client, peripheral_address)| {
                RetrievalMethod::Ble(BleOptions {
                    peripheral_server,
                    central_client,
                    peripheral_address,
                })
            }),
        (any::<u64>(), any::<u64>()).prop_map(|(max_command_bytes, max_response_bytes)| {
            RetrievalMethod::Nfc {
                max_command_bytes,
                max_response_bytes,
            }
        }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        methods in prop::collection::vec(any_method(), 0..5),
        supported in any::<bool>(),
    ) {
        let support = if supported { ReaderAuthAllSupport::Supported } else { ReaderAuthAllSupport::Unsupported };
        let engagement = DeviceEngagement::new(p256(), methods, support).unwrap();
        prop_assert_eq!(&DeviceEngagement::parse(engagement.as_bytes()).unwrap(), &engagement);
        prop_assert_eq!(DeviceEngagement::from_qr_text(&engagement.to_qr_text()).unwrap(), engagement);
    }

    #[test]
    fn no_bytes_or_text_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,80}") {
        let _ = DeviceEngagement::parse(&bytes);
        let _ = DeviceEngagement::from_qr_text(&text);
        let _ = DeviceEngagement::from_qr_text(&format!("mdoc:{text}"));
        let _ = SessionEstablishment::parse(&bytes);
        let _ = SessionData::parse(&bytes, 100);
        let _ = crate::proximity::ble::StateSignal::parse(&bytes);
    }

    #[test]
    fn no_changed_engagement_makes_the_parser_panic(position in any::<prop::sample::Index>(), value in any::<u8>()) {
        let method = RetrievalMethod::Ble(BleOptions { central_client: Some([1; 16]), ..BleOptions::default() });
        let engagement = DeviceEngagement::new(p256(), vec![method], ReaderAuthAllSupport::Supported).unwrap();
        let mut bytes = engagement.as_bytes().to_vec();
        let position = position.index(bytes.len());
        bytes[position] = value;
        if let Ok(read) = DeviceEngagement::parse(&bytes) {
            prop_assert_eq!(read.as_bytes(), bytes);
        }
    }
}
