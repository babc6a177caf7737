use super::*;
use crate::key::Jwk;
use crate::provider::RustCryptoProvider;
use crate::testing::SeededRandomness;

const PARAMETERS: EncryptionParameters<'static> = EncryptionParameters {
    content_encryption: ContentEncryption::A256Gcm,
    compression: ContentCompression::Plain,
    party_u: b"u",
    party_v: b"v",
};

fn encrypted() -> (String, SecretKey) {
    let randomness = SeededRandomness::new(5);
    let key = RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &randomness)
        .unwrap();
    let recipient = Recipient {
        public_key: key.public_key(),
        key_id: Some("1".to_owned()),
    };
    let text = PureJwe::new(&RustCryptoProvider)
        .encrypt(b"text", &recipient, PARAMETERS, &randomness)
        .unwrap();
    (text, key)
}

fn copy(key: &SecretKey) -> SecretKey {
    SecretKey::from_pkcs8_der(&key.to_pkcs8_der().unwrap()).unwrap()
}

#[test]
fn derives_the_key_of_rfc_7518_appendix_c() {
    let jwk = |text| serde_json::from_str::<Jwk>(text).unwrap();
    let bob = jwk(
        r#"{"kty":"EC","crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ","y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"}"#,
    );
    let alice = base64url::decode("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo").unwrap();
    let alice = SecretKey::from_p256_scalar(&alice).unwrap();
    let shared = RustCryptoProvider
        .agree(&alice, &PublicKey::from_jwk(&bob).unwrap())
        .unwrap();
    let key = concat_kdf(shared.as_bytes(), ContentEncryption::A128Gcm, b"Alice", b"Bob");
    assert_eq!(base64url::encode(&key), "VqqN6vgjbSBcIijNcacQGg");
}

#[test]
fn decrypts_what_it_encrypted_and_refuses_what_was_changed() {
    let (text, key) = encrypted();
    let codec = PureJwe::new(&RustCryptoProvider);
    let keys = |kid: Option<&str>| (kid == Some("1")).then(|| copy(&key));
    assert_eq!(
        codec.decrypt(&text, &keys, 4096).unwrap().payload.as_slice(),
        b"text"
    );
    assert_eq!(codec.decrypt(&text, &keys, 10).err(), Some(JweError::OverBudget));
    assert_eq!(
        codec.decrypt(&text, &|_| None, 4096).err(),
        Some(JweError::UnknownKey)
    );
    let other = RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(6))
        .unwrap();
    assert_eq!(
        codec.decrypt(&text, &|_| Some(copy(&other)), 4096).err(),
        Some(JweError::Decryption)
    );
    let mut changed = text.clone().into_bytes();
    let last = changed.len() - 1;
    changed[last - 30] = if changed[last - 30] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    assert!(codec.decrypt(&changed, &keys, 4096).is_err());
}

#[test]
fn refuses_compression_and_other_algorithms() {
    let (text, key) = encrypted();
    let codec = PureJwe::new(&RustCryptoProvider);
    let (header, rest) = text.split_once('.').unwrap();
    let header: Map<String, Value> = serde_json::from_slice(&base64url::decode(header).unwrap()).unwrap();
    for (name, value) in [
        ("zip", json!("DEF")),
        ("alg", json!("ECDH-ES+A256KW")),
        ("enc", json!("A256CBC-HS512")),
        ("crit", json!([])),
    ] {
        let mut header = header.clone();
        header.insert(name.to_owned(), value);
        let text = format!(
            "{}.{rest}",
            base64url::encode(Value::Object(header).to_string().as_bytes())
        );
        assert_eq!(
            codec.decrypt(&text, &|_| Some(copy(&key)), 8192).err(),
            Some(JweError::Algorithm),
            "{name}"
        );
    }
}
