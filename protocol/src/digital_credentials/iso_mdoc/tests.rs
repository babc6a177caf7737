use sha2::{Digest as _, Sha256};
use symbolon_credential::mdoc::{DeviceRequest, DocType};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};

use super::*;
use crate::identifier::UrlPolicy;

/// A published case of Annex C; `None` where the folder of vectors is absent, which fails in continuous integration.
fn vector(name: &str) -> Option<Value> {
    let folder = std::env::var_os("SYMBOLON_VECTORS").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors"),
        Into::into,
    );
    match std::fs::read(folder.join(format!("annex-c/{name}.json"))) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(_) => {
            assert!(std::env::var_os("CI").is_none(), "{name} is missing");
            println!("skipped: {name} is not here");
            None
        }
    }
}

fn request(case: &Value) -> (Map<String, Value>, Origin) {
    let text = |name: &str| case[name].as_str().unwrap().to_owned();
    let data = Map::from_iter([
        ("deviceRequest".to_owned(), json!(text("deviceRequestB64"))),
        ("encryptionInfo".to_owned(), json!(text("encryptionInfoB64"))),
    ]);
    (data, Origin::parse(&text("origin"), UrlPolicy::Public).unwrap())
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn the_published_answer_decrypts_to_the_published_response() {
    let Some(case) = vector("ANNEXC-DETERMINISTIC-001") else {
        return;
    };
    let (data, origin) = request(&case);
    let request = IsoMdocRequest::parse(&data).unwrap();
    assert_eq!(request.to_data(), data);
    let asked = DeviceRequest::parse(&request.device_request).unwrap();
    let items = asked.doc_requests()[0].items_request();
    assert_eq!(
        items.doc_type.as_str(),
        case["expected"]["docType"].as_str().unwrap()
    );
    assert_eq!(
        items.elements[0].identifier.as_str(),
        case["expected"]["requestedElement"].as_str().unwrap()
    );

    let key = SecretKey::from_p256_scalar(&hex(case["recipientPrivateKeyHex"].as_str().unwrap())).unwrap();
    let answer = Map::from_iter([("response".to_owned(), case["encryptedResponseB64"].clone())]);
    let info = &request.encryption_info;
    let opened = decrypt_response(&answer, info, &origin, &key, &RustCryptoProvider).unwrap();
    let digest: String = Sha256::digest(&*opened)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        digest,
        case["expected"]["deviceResponseCborSha256Hex"].as_str().unwrap()
    );

    let elsewhere = Origin::parse("https://elsewhere.example", UrlPolicy::Public).unwrap();
    let refused = decrypt_response(&answer, info, &elsewhere, &key, &RustCryptoProvider);
    assert_eq!(refused.unwrap_err(), IsoMdocError::NotDecrypted);
}

#[test]
fn the_reader_of_the_real_case_signed_its_request_for_its_origin() {
    let Some(case) = vector("ANNEXC-REAL-001") else {
        return;
    };
    let (data, origin) = request(&case);
    let request = IsoMdocRequest::parse(&data).unwrap();
    let asked = DeviceRequest::parse(&request.device_request).unwrap();
    let document = &asked.doc_requests()[0];
    assert_eq!(
        document.items_request().doc_type,
        DocType::parse("org.iso.18013.5.1.mDL").unwrap()
    );
    let reader = Certificate::parse(document.reader_chain().unwrap()[0]).unwrap();
    let verify = |origin: &Origin| {
        let transcript = request.encryption_info.transcript(origin);
        document.verify_reader(reader.public_key(), &transcript, &RustCryptoProvider)
    };
    assert_eq!(verify(&origin), Ok(()));
    let elsewhere = Origin::parse("https://elsewhere.example", UrlPolicy::Public).unwrap();
    assert!(verify(&elsewhere).is_err());
}

#[test]
fn an_answer_is_for_its_key_request_and_origin_alone() {
    let key = |seed| SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(seed)).unwrap();
    let origin = |text: &str| Origin::parse(text, UrlPolicy::Public).unwrap();
    let (own, other, here) = (key(1), key(2), origin("https://shop.example"));
    let info = EncryptionInfo::new(&[7; 16], &own.public_key());
    assert_eq!(EncryptionInfo::parse(info.as_str()).unwrap(), info);
    let randomness = SeededRandomness::new(3);
    let data = encrypt_response(b"response", &info, &here, &RustCryptoProvider, &randomness).unwrap();
    let open = |info: &EncryptionInfo, origin: &Origin, key: &SecretKey| {
        decrypt_response(&data, info, origin, key, &RustCryptoProvider).map(|opened| opened.to_vec())
    };
    assert_eq!(open(&info, &here, &own).unwrap(), b"response");
    assert_eq!(open(&info, &here, &other), Err(IsoMdocError::NotDecrypted));
    assert_eq!(
        open(&info, &origin("https://elsewhere.example"), &own),
        Err(IsoMdocError::NotDecrypted)
    );
    let later = EncryptionInfo::new(&[8; 16], &own.public_key());
    assert_eq!(open(&later, &here, &own), Err(IsoMdocError::NotDecrypted));
}

#[test]
fn what_has_another_form_is_refused() {
    let key = SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(1)).unwrap();
    let short = EncryptionInfo::new(&[7; 15], &key.public_key());
    let elsewhere = SecretKey::generate(SignatureAlgorithm::EdDsa, &SeededRandomness::new(1)).unwrap();
    let other_curve = EncryptionInfo::new(&[7; 16], &elsewhere.public_key());
    for text in [short.as_str(), other_curve.as_str(), "", "AA", "not base64url"] {
        assert_eq!(
            EncryptionInfo::parse(text),
            Err(malformed("encryptionInfo")),
            "{text}"
        );
    }
    let origin = Origin::parse("https://shop.example", UrlPolicy::Public).unwrap();
    let info = EncryptionInfo::new(&[7; 16], &key.public_key());
    for response in [json!(null), json!(7), json!("AA"), json!("gmVkY2FwaaA")] {
        let data = Map::from_iter([("response".to_owned(), response)]);
        let refused = decrypt_response(&data, &info, &origin, &key, &RustCryptoProvider);
        assert_eq!(refused.unwrap_err(), malformed("response"));
    }
}
