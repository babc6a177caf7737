//! The figures of ISO/IEC 18013-5 Annex D, which come without a root certificate, and of OpenID4VP appendix B.2.6.

use serde_json::{Value, json};
use symbolon_crypto::cose::CoseError;
use symbolon_crypto::encoding::cbor::{CborBudget, Cursor};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{
    CryptoProvider as _, Jwk, PublicKey, RustCryptoProvider, SecretKey, SignatureAlgorithm,
};

use super::device_authentication::device_authentication;
use super::*;

const PROVIDER: RustCryptoProvider = RustCryptoProvider;

#[expect(
    clippy::disallowed_methods,
    reason = "the environment says where published vectors are"
)]
fn vector(name: &str) -> Option<Value> {
    let folder = std::env::var_os("SYMBOLON_VECTORS").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors"),
        Into::into,
    );
    match std::fs::read(folder.join(name)) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(_) => {
            assert!(std::env::var_os("CI").is_none(), "{name} is missing");
            println!("skipped: {name} is not here");
            None
        }
    }
}

struct AnnexD(Value);

impl AnnexD {
    fn read() -> Option<Self> {
        vector("iso-mdoc/annex-d.json").map(Self)
    }

    fn hex(&self, name: &str) -> Vec<u8> {
        from_hex(self.0[name].as_str().unwrap())
    }

    fn secret(&self, name: &str) -> SecretKey {
        SecretKey::from_p256_scalar(&self.hex(name)).unwrap()
    }

    /// The transcript of the annex, put together anew from its parts.
    fn transcript(&self) -> SessionTranscript {
        let bytes = self.hex("session_transcript_bytes");
        let mut outer = Cursor::new(&bytes, CborBudget::DEFAULT).unwrap();
        outer.expect_tag(24).unwrap();
        let mut inner = Cursor::of_checked(outer.bytes().unwrap());
        assert_eq!(inner.array(), Some(3));
        inner.expect_tag(24).unwrap();
        let engagement = inner.bytes().unwrap();
        inner.expect_tag(24).unwrap();
        let reader_key = inner.bytes().unwrap();
        assert_eq!(inner.array(), Some(2));
        let handover = Handover::Nfc {
            select: inner.bytes().unwrap().to_vec(),
            request: Some(inner.bytes().unwrap().to_vec()),
        };
        let transcript = SessionTranscript::proximity(engagement, reader_key, &handover);
        assert_eq!(transcript.to_encoded_item(), bytes);
        transcript
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_document_of_annex_d_is_the_one_its_signer_signed() {
    let Some(annex) = AnnexD::read() else { return };
    let bytes = annex.hex("device_response");
    let response = DeviceResponse::parse(&bytes, MdocBudget::DEFAULT).unwrap();
    assert_eq!(response.status(), 0);
    let document = response.only_document().unwrap();
    let mdoc = document.issuer_signed();
    assert_eq!(mdoc.doc_type().as_str(), "org.iso.18013.5.1.mDL");
    assert_eq!(mdoc.certificate_chain(), [annex.hex("ds_cert")]);
    assert_eq!(mdoc.validity().signed.rfc3339(), "2020-10-01T13:30:02Z");
    let space = "org.iso.18013.5.1";
    assert_eq!(mdoc.elements().count(), 6);
    assert_eq!(
        mdoc.element(space, "portrait").unwrap().bytes(),
        Some(annex.hex("device_response_portrait_data").as_slice())
    );
    assert_eq!(
        mdoc.element(space, "driving_privileges").unwrap().to_json(),
        json!([
            {"vehicle_category_code": "A", "issue_date": "2018-08-09", "expiry_date": "2024-10-20"},
            {"vehicle_category_code": "B", "issue_date": "2017-02-23", "expiry_date": "2024-10-20"},
        ])
    );
    let (x, y) = (annex.hex("static_device_key_x"), annex.hex("static_device_key_y"));
    let device_key = PublicKey::from_p256_sec1_bytes(&[&[4], x.as_slice(), &y].concat()).unwrap();
    assert_eq!(*mdoc.device_key(), device_key);

    let signer = Certificate::parse(&annex.hex("ds_cert")).unwrap();
    mdoc.check_signer(&signer, &PROVIDER).unwrap();
    let reader = Certificate::parse(&annex.hex("reader_cert")).unwrap();
    assert_eq!(
        mdoc.check_signer(&reader, &PROVIDER),
        Err(MdocRejected::IssuerSignature)
    );
}

#[test]
fn every_bit_of_annex_d_that_is_signed_counts() {
    let Some(annex) = AnnexD::read() else { return };
    let bytes = annex.hex("device_response");
    let signer = Certificate::parse(&annex.hex("ds_cert")).unwrap();
    let portrait = annex.hex("device_response_portrait_data");
    let start = bytes
        .windows(portrait.len())
        .position(|part| part == portrait)
        .unwrap();
    for bit in (0..portrait.len() * 8).step_by(97) {
        let mut changed = bytes.clone();
        changed[start + bit / 8] ^= 1 << (bit % 8);
        let document = DeviceResponse::parse(&changed, MdocBudget::DEFAULT)
            .unwrap()
            .only_document()
            .unwrap();
        assert_eq!(
            document.issuer_signed().check_signer(&signer, &PROVIDER),
            Err(MdocRejected::DigestMismatch)
        );
    }
}

#[test]
fn the_device_mac_of_annex_d_verifies_for_its_session() {
    let Some(annex) = AnnexD::read() else { return };
    let bytes = annex.hex("device_response");
    let document = DeviceResponse::parse(&bytes, MdocBudget::DEFAULT)
        .unwrap()
        .only_document()
        .unwrap();
    let (transcript, reader_key) = (annex.transcript(), annex.secret("ephemeral_reader_key_d"));
    let accepted = DeviceAuthentication::SignatureOrMac {
        reader_key: &reader_key,
    };
    document.check_device(&transcript, accepted, &PROVIDER).unwrap();
    assert_eq!(
        document.check_device(&transcript, DeviceAuthentication::SignatureOnly, &PROVIDER),
        Err(MdocRejected::MacNotAccepted)
    );
    let other = SessionTranscript::openid4vp("client", "nonce", None, "https://verifier.example");
    assert_eq!(
        document.check_device(&other, accepted, &PROVIDER),
        Err(MdocRejected::DeviceMac)
    );

    // The device's side of the same MAC makes the response of the annex, byte for byte.
    let device = annex.secret("static_device_key_d");
    let key = EMacKey::derive(&PROVIDER, &device, &reader_key.public_key(), &transcript).unwrap();
    let mdoc = document.issuer_signed();
    let all: Vec<(&str, &str)> = mdoc
        .elements()
        .map(|element| (element.name_space(), element.identifier()))
        .collect();
    assert_eq!(mdoc.present(&all).unwrap().with_mac(&key, &transcript), bytes);
}

#[test]
fn the_reader_of_annex_d_signed_its_request() {
    let Some(annex) = AnnexD::read() else { return };
    let bytes = annex.hex("reader_auth");
    let mut cursor = Cursor::new(&bytes, CborBudget::DEFAULT).unwrap();
    let auth = symbolon_crypto::cose::Sign1View::read(&mut cursor, CborBudget::DEFAULT).unwrap();
    assert_eq!(auth.x5chain(), [annex.hex("reader_cert")]);
    // ReaderAuthenticationBytes.
    let mut inner = vec![0x83, 0x74];
    inner.extend_from_slice(b"ReaderAuthentication");
    inner.extend_from_slice(annex.transcript().as_bytes());
    symbolon_crypto::encoding::cbor::write::encoded_item(&mut inner, &annex.hex("items_request"));
    let mut payload = Vec::new();
    symbolon_crypto::encoding::cbor::write::encoded_item(&mut payload, &inner);
    let reader = Certificate::parse(&annex.hex("reader_cert")).unwrap();
    auth.verify(&PROVIDER, reader.public_key(), &payload).unwrap();
    assert_eq!(
        auth.verify(&PROVIDER, reader.public_key(), &inner),
        Err(CoseError::Signature)
    );
}

#[test]
fn the_transcript_of_18013_7_annex_c_is_reproduced() {
    use sha2::{Digest as _, Sha256};

    for name in ["ANNEXC-DETERMINISTIC-001", "ANNEXC-REAL-001"] {
        let Some(case) = vector(&format!("annex-c/{name}.json")) else {
            return;
        };
        let text = |name: &str| case[name].as_str().unwrap();
        let transcript = SessionTranscript::iso_dc_api(text("encryptionInfoB64"), text("origin"));
        let expected = case["expected"]["sessionTranscriptCborSha256Hex"]
            .as_str()
            .unwrap();
        assert_eq!(to_hex(&Sha256::digest(transcript.as_bytes())), expected);
    }
}

#[test]
fn the_handovers_of_openid4vp_appendix_b_2_6_are_reproduced() {
    let jwk: Jwk = serde_json::from_value(json!({
        "kty": "EC", "crv": "P-256",
        "x": "DxiH5Q4Yx3UrukE2lWCErq8N8bqC9CHLLrAwLz5BmE0",
        "y": "XtLM4-3h5o3HUH0MHVJV0kyq0iBlrBwlh8qEDMZ4-Pc"
    }))
    .unwrap();
    let thumbprint = PublicKey::from_jwk(&jwk).unwrap().thumbprint();
    let nonce = "exc7gBkxjx1rdc9udRrveKvSsJIq80avlXeLHhGwqtA";
    let redirect = SessionTranscript::openid4vp(
        "x509_san_dns:example.com",
        nonce,
        Some(&thumbprint),
        "https://example.com/response",
    );
    assert_eq!(
        to_hex(redirect.as_bytes()),
        "83f6f682714f70656e494434565048616e646f7665725820\
         048bc053c00442af9b8eed494cefdd9d95240d254b046b11b68013722aad38ac"
    );
    let dc_api = SessionTranscript::openid4vp_dc_api("https://example.com", nonce, Some(&thumbprint));
    assert_eq!(
        to_hex(dc_api.as_bytes()),
        "83f6f682764f70656e4944345650444341504948616e646f7665725820\
         fbece366f4212f9762c74cfdbf83b8c69e371d5d68cea09cb4c48ca6daab761a"
    );
}

#[test]
fn device_authentication_is_one_item_within_tag_24() {
    let transcript = SessionTranscript::openid4vp("client", "nonce", None, "https://verifier.example");
    for doc_type in ["a", &"a".repeat(250)] {
        let bytes = device_authentication(&transcript, doc_type, &[0xd8, 0x18, 0x41, 0xa0]);
        let mut cursor = Cursor::new(&bytes, CborBudget::DEFAULT).unwrap();
        cursor.expect_tag(24).unwrap();
        let inner = cursor.bytes().unwrap();
        assert!(cursor.is_at_end());
        assert_eq!(Cursor::new(inner, CborBudget::DEFAULT).unwrap().array(), Some(4));
    }
}

#[test]
fn the_request_of_annex_d_is_read_and_its_reader_verified_for_its_session_alone() {
    let Some(annex) = AnnexD::read() else { return };
    let bytes = annex.hex("device_request");
    let request = DeviceRequest::parse(&bytes).unwrap();
    let [document] = request.doc_requests() else {
        panic!("one document")
    };
    let items = document.items_request();
    assert_eq!(items.doc_type.as_str(), "org.iso.18013.5.1.mDL");
    assert!(
        items
            .elements
            .iter()
            .any(|element| element.identifier.as_str() == "portrait" && !element.intent_to_retain)
    );
    assert!(items.elements.iter().any(|element| element.intent_to_retain));
    let reader = Certificate::parse(document.reader_chain().unwrap()[0]).unwrap();
    let verify =
        |transcript: &SessionTranscript| document.verify_reader(reader.public_key(), transcript, &PROVIDER);
    assert_eq!(verify(&annex.transcript()), Ok(()));
    let other = SessionTranscript::iso_dc_api("info", "https://verifier.example");
    assert_eq!(verify(&other), Err(ReaderRefused));
    for length in 0..bytes.len() {
        assert!(DeviceRequest::parse(&bytes[..length]).is_err());
    }
}

#[test]
fn a_request_that_a_reader_signs_reads_back() {
    use symbolon_crypto::cose::EncodedX5Chain;
    use symbolon_crypto::testing::SeededRandomness;

    let key = SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(1)).unwrap();
    let element = |space: &str, name: &str, intent_to_retain| RequestedElement {
        name_space: NameSpace::parse(space).unwrap(),
        identifier: ElementIdentifier::parse(name).unwrap(),
        intent_to_retain,
    };
    let items = ItemsRequest {
        doc_type: DocType::parse("doc.1").unwrap(),
        elements: vec![
            element("space.1", "a", true),
            element("space.1", "b", false),
            element("space.2", "a", false),
        ],
    };
    let chain = EncodedX5Chain::new(SignatureAlgorithm::Es256, &[vec![1, 2]]).unwrap();
    let transcript = SessionTranscript::iso_dc_api("info", "https://verifier.example");
    let prepared = items.prepare(&transcript, &chain);
    let request = prepared.request(symbolon_crypto::signing::KeyHandle::new("reader"));
    let signature = PROVIDER.sign(&key, &request.bytes).unwrap();
    let bytes = write_device_request(&[prepared.finish(&signature)]);
    let read = DeviceRequest::parse(&bytes).unwrap();
    let document = &read.doc_requests()[0];
    assert_eq!(document.items_request(), &items);
    assert_eq!(document.reader_chain().unwrap(), [&[1_u8, 2][..]]);
    assert_eq!(
        document.verify_reader(&key.public_key(), &transcript, &PROVIDER),
        Ok(())
    );
    assert!(DeviceRequest::parse(&write_device_request(&[])).is_err());
}

#[test]
fn documents_are_taken_apart_and_put_together_as_they_are() {
    let Some(annex) = AnnexD::read() else { return };
    let bytes = annex.hex("device_response");
    let documents = EncodedDocument::all_of(&bytes, MdocBudget::DEFAULT).unwrap();
    let [document] = documents.as_slice() else {
        panic!("one document")
    };
    assert_eq!(document.doc_type.as_str(), "org.iso.18013.5.1.mDL");
    assert_eq!(EncodedDocument::response_of(&documents), bytes);
    let twice = EncodedDocument::response_of(&[document.clone(), document.clone()]);
    let apart = EncodedDocument::all_of(&twice, MdocBudget::DEFAULT).unwrap();
    assert!(apart.iter().all(|one| one == document) && apart.len() == 2);
    assert!(EncodedDocument::all_of(&bytes[1..], MdocBudget::DEFAULT).is_err());
}
