use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::jose::jwe::PureJwe;
use symbolon_crypto::testing::SeededRandomness;

use super::*;

fn key(seed: u64) -> SecretKey {
    SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(seed)).unwrap()
}

pub(crate) fn wanted() -> ResponseEncryption {
    ResponseEncryptionMetadata::offering(EncryptionDemand::Offered)
        .choose(key(7).public_key())
        .unwrap()
}

#[test]
fn a_wallet_encrypts_to_what_an_issuer_publishes() {
    let published = RequestEncryptionMetadata::offering(
        [&key(1).public_key(), &key(2).public_key()],
        EncryptionDemand::Offered,
    );
    let read: RequestEncryptionMetadata =
        serde_json::from_str(&serde_json::to_string(&published).unwrap()).unwrap();
    assert_eq!(read, published);
    let chosen = read.choose().unwrap();
    assert_eq!(chosen.content, ContentEncryption::A256Gcm);
    let codec = PureJwe::new(&RustCryptoProvider);
    let text = chosen.encrypt(b"{}", &codec, &SeededRandomness::new(3)).unwrap();
    let kid = key(1).public_key().thumbprint().to_string();
    let keys = |key_id: Option<&str>| (key_id == Some(kid.as_str())).then(|| key(1));
    assert_eq!(
        decrypt(&text, &keys, &codec, 16).unwrap().payload.as_slice(),
        b"{}"
    );
    assert_eq!(decrypt(&text, &keys, &codec, 1).err(), Some(JweError::OverBudget));
}

#[test]
fn a_key_that_cannot_be_used_is_passed_over() {
    let mut published =
        RequestEncryptionMetadata::offering([&key(1).public_key()], EncryptionDemand::Required);
    let good = published.jwks.keys[0].clone();
    for (member, value) in [
        ("kid", None),
        ("alg", None),
        ("alg", Some("ECDH-ES+A256KW")),
        ("use", Some("sig")),
        ("crv", Some("P-384")),
    ] {
        let mut bad = good.clone();
        let members = bad.as_object_mut().unwrap();
        match value {
            None => members.remove(member),
            Some(value) => members.insert(member.to_owned(), value.into()),
        };
        published.jwks.keys = vec![bad.clone()];
        assert_eq!(published.choose(), None, "{member} {value:?}");
        published.jwks.keys = vec![bad, good.clone()];
        assert!(published.choose().is_some());
    }
    published.enc_values_supported = vec!["A256CBC-HS512".to_owned()];
    assert_eq!(published.choose(), None);
}

#[test]
fn each_kind_of_response_encryption_that_cannot_be_has_its_own_refusal() {
    let good = serde_json::to_value(wanted()).unwrap();
    assert_eq!(
        ResponseEncryption::of_request(good.clone(), RequestCarriage::Encrypted),
        Ok(wanted())
    );
    let with = |member: &str, value: Value| {
        let mut changed = good.clone();
        changed.as_object_mut().unwrap().insert(member.to_owned(), value);
        changed
    };
    let with_jwk = |member: &str, value: Value| {
        let mut changed = good.clone();
        changed["jwk"]
            .as_object_mut()
            .unwrap()
            .insert(member.to_owned(), value);
        changed
    };
    let private = json!("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE");
    for (wanted, refusal) in [
        (json!([]), InvalidResponseEncryption::Malformed),
        (json!({}), InvalidResponseEncryption::Malformed),
        (with("enc", json!(1)), InvalidResponseEncryption::Malformed),
        (with("enc", json!("A192GCM")), InvalidResponseEncryption::Content),
        (with("zip", json!("GZ")), InvalidResponseEncryption::Compression),
        (with("jwk", json!({})), InvalidResponseEncryption::Key),
        (
            with_jwk("alg", json!("RSA-OAEP-256")),
            InvalidResponseEncryption::Key,
        ),
        (with_jwk("alg", json!(null)), InvalidResponseEncryption::Key),
        (with_jwk("d", private), InvalidResponseEncryption::Key),
    ] {
        assert_eq!(
            ResponseEncryption::of_request(wanted.clone(), RequestCarriage::Encrypted),
            Err(refusal),
            "{wanted}"
        );
    }
}

#[test]
fn a_response_is_opened_with_its_own_key_and_by_what_was_asked_for() {
    let wanted = wanted();
    let codec = PureJwe::new(&RustCryptoProvider);
    let payload = vec![b'a'; 10_000];
    let text = wanted
        .encrypt(&payload, &codec, &SeededRandomness::new(9))
        .unwrap();
    assert!(text.len() < 1_000, "it is compressed");
    let opened = wanted.decrypt(&text, &|| Some(key(7)), &codec, 10_000).unwrap();
    assert_eq!(opened.as_slice(), payload);
    assert_eq!(
        wanted.decrypt(&text, &|| Some(key(8)), &codec, 10_000).err(),
        Some(JweError::Decryption)
    );
    assert_eq!(
        wanted.decrypt(&text, &|| Some(key(7)), &codec, 9_999).err(),
        Some(JweError::OverBudget),
        "a bomb does not go off"
    );
    let weaker = ResponseEncryption {
        content: ContentEncryption::A128Gcm,
        ..wanted.clone()
    };
    let text = weaker
        .encrypt(&payload, &codec, &SeededRandomness::new(9))
        .unwrap();
    assert_eq!(
        wanted.decrypt(&text, &|| Some(key(7)), &codec, 10_000).err(),
        Some(JweError::Algorithm)
    );
}
