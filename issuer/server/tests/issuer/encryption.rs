//! Encrypted requests and responses, and what is refused of them (ATTACKS.md rows 17 and 33).

use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jwe::{
    ContentCompression, ContentEncryption, EncryptionParameters, JweCodec as _, PureJwe, Recipient,
};
use symbolon_crypto::{RustCryptoProvider, SecretKey};
use symbolon_issuer::policy::{EncryptionPolicy, IssuerPolicy};
use symbolon_protocol::openid4vci::encryption::ResponseEncryption;

use crate::endpoint::{metadata, opened, send, send_encrypted, send_text};
use crate::harness::{HASSAN, World, error_of, record};

async fn world(policy: IssuerPolicy) -> World {
    let world = World::start_shaped(policy, Arc::new(|setup| setup)).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world
}

async fn wanted(world: &World, key: &SecretKey) -> ResponseEncryption {
    let offered = metadata(world).await.credential_response_encryption.unwrap();
    offered.choose(key.public_key()).unwrap()
}

fn without(value: &Value, member: &str) -> Value {
    let mut changed = value.clone();
    changed.as_object_mut().unwrap().remove(member);
    changed
}

async fn request(world: &World, encryption: Option<&ResponseEncryption>) -> Value {
    let proof = world.proof(&world.wallet_key(), &world.nonce().await);
    let mut body = json!({ "credential_configuration_id": "NationalIdentity", "proofs": { "jwt": [proof] } });
    if let Some(encryption) = encryption {
        body["credential_response_encryption"] = json!(encryption);
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_and_its_response_are_encrypted_and_compressed() {
    let world = world(IssuerPolicy::default()).await;
    let key = world.wallet_key();
    for content in [ContentEncryption::A128Gcm, ContentEncryption::A256Gcm] {
        for compression in [ContentCompression::Plain, ContentCompression::Deflate] {
            let wanted = ResponseEncryption {
                content,
                compression,
                ..wanted(&world, &key).await
            };
            let token = world.token(HASSAN).await;
            let body = request(&world, Some(&wanted)).await;
            let answer = send_encrypted(&world, "/credential", &token, &body).await;
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(answer.headers()["cache-control"], "no-store");
            let body = opened(answer, &wanted, &key).await;
            assert!(body["credentials"][0]["credential"].is_string());
        }
    }
    // Without asking for it, an encrypted request is answered in the clear.
    let token = world.token(HASSAN).await;
    let answer = send_encrypted(&world, "/credential", &token, &request(&world, None).await).await;
    assert_eq!(answer.headers()["content-type"], "application/json");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_response_to_a_plain_request_is_refused() {
    let world = world(IssuerPolicy::default()).await;
    let token = world.token(HASSAN).await;
    let wanted = wanted(&world, &world.wallet_key()).await;
    let body = request(&world, Some(&wanted)).await;
    let refused = send(&world, "/credential", &token, &body).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(refused.headers()["content-type"], "application/json");
    assert_eq!(error_of(refused).await, "invalid_encryption_parameters");
    // Encrypted, the same request is served: nothing was spent.
    let answer = send_encrypted(&world, "/credential", &token, &body).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_that_are_not_offered_are_refused_in_the_clear() {
    let world = world(IssuerPolicy::default()).await;
    let token = world.token(HASSAN).await;
    let wanted = json!(wanted(&world, &world.wallet_key()).await);
    let mut private = wanted["jwk"].clone();
    private["d"] = json!("AQAB");
    for (member, value) in [
        ("enc", json!("A192GCM")),
        ("enc", json!("A128CBC-HS256")),
        ("zip", json!("GZIP")),
        (
            "jwk",
            json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": "RSA-OAEP" }),
        ),
        ("jwk", json!(null)),
        ("jwk", without(&wanted["jwk"], "alg")),
        ("jwk", private),
        ("enc", json!(null)),
    ] {
        let mut body = request(&world, None).await;
        let mut parameters = wanted.clone();
        match &value {
            Value::Null => parameters = without(&parameters, member),
            value => parameters[member] = value.clone(),
        }
        body["credential_response_encryption"] = parameters;
        let refused = send_encrypted(&world, "/credential", &token, &body).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{member} {value}");
        assert_eq!(
            error_of(refused).await,
            "invalid_encryption_parameters",
            "{member} {value}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_demands_encryption_refuses_what_is_plain() {
    let policy = IssuerPolicy {
        request_encryption: EncryptionPolicy::Required,
        response_encryption: EncryptionPolicy::Required,
        ..IssuerPolicy::default()
    };
    let world = world(policy).await;
    let published = metadata(&world).await;
    assert!(
        published
            .credential_request_encryption
            .unwrap()
            .encryption_required
    );
    assert!(
        published
            .credential_response_encryption
            .unwrap()
            .encryption_required
    );
    let token = world.token(HASSAN).await;
    let plain = send(&world, "/credential", &token, &request(&world, None).await).await;
    assert_eq!(error_of(plain).await, "invalid_encryption_parameters");
    let half = send_encrypted(&world, "/credential", &token, &request(&world, None).await).await;
    assert_eq!(error_of(half).await, "invalid_encryption_parameters");
    let key = world.wallet_key();
    let wanted = wanted(&world, &key).await;
    let body = request(&world, Some(&wanted)).await;
    let answer = send_encrypted(&world, "/credential", &token, &body).await;
    assert!(opened(answer, &wanted, &key).await["credentials"].is_array());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_demands_encrypted_requests_alone_answers_them_in_the_clear() {
    let policy = IssuerPolicy {
        request_encryption: EncryptionPolicy::Required,
        ..IssuerPolicy::default()
    };
    let world = world(policy).await;
    let token = world.token(HASSAN).await;
    let body = request(&world, None).await;
    let plain = send(&world, "/credential", &token, &body).await;
    assert_eq!(plain.status(), StatusCode::BAD_REQUEST);
    assert_eq!(error_of(plain).await, "invalid_encryption_parameters");
    let answer = send_encrypted(&world, "/credential", &token, &body).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/json");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_decrypted_is_refused_and_a_bomb_does_not_go_off() {
    let world = world(IssuerPolicy::default()).await;
    let token = world.token(HASSAN).await;
    let offered = metadata(&world).await.credential_request_encryption.unwrap();
    let chosen = offered.choose().unwrap();
    let codec = PureJwe::new(&RustCryptoProvider);
    let encrypt = |payload: &[u8], recipient: &Recipient, compression| {
        let parameters = EncryptionParameters {
            content_encryption: ContentEncryption::A256Gcm,
            compression,
            party_u: &[],
            party_v: &[],
        };
        codec
            .encrypt(payload, recipient, parameters, &*world.randomness)
            .unwrap()
    };
    let unknown = Recipient {
        key_id: Some("another".to_owned()),
        ..chosen.recipient.clone()
    };
    let nameless = Recipient {
        key_id: None,
        ..chosen.recipient.clone()
    };
    let stranger = Recipient {
        public_key: world.wallet_key().public_key(),
        ..chosen.recipient.clone()
    };
    let plain = ContentCompression::Plain;
    let bomb = encrypt(
        &vec![b' '; 8 << 20],
        &chosen.recipient,
        ContentCompression::Deflate,
    );
    assert!(bomb.len() < 64 << 10);
    for (text, code) in [
        (encrypt(b"{}", &unknown, plain), "invalid_encryption_parameters"),
        (encrypt(b"{}", &nameless, plain), "invalid_encryption_parameters"),
        (encrypt(b"{}", &stranger, plain), "invalid_credential_request"),
        (
            encrypt(b"{}", &chosen.recipient, plain),
            "invalid_credential_request",
        ),
        (bomb, "invalid_credential_request"),
        ("not.a.jwe".to_owned(), "invalid_credential_request"),
        ("{}".to_owned(), "invalid_credential_request"),
    ] {
        let refused = send_text(&world, "/credential", &token, text).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert_eq!(error_of(refused).await, code);
    }
    // A compressed request within its bounds is read.
    let body = request(&world, None).await.to_string();
    let text = encrypt(body.as_bytes(), &chosen.recipient, ContentCompression::Deflate);
    assert_eq!(
        send_text(&world, "/credential", &token, text).await.status(),
        StatusCode::OK
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_last_week_still_opens_and_the_published_one_moves_on() {
    let world = world(IssuerPolicy::default()).await;
    let old = metadata(&world).await.credential_request_encryption.unwrap();
    world.wait(7 * 86_400);
    let new = metadata(&world).await.credential_request_encryption.unwrap();
    assert_ne!(old.jwks.keys[0]["kid"], new.jwks.keys[0]["kid"]);
    let token = world.token(HASSAN).await;
    let body = request(&world, None).await;
    let codec = PureJwe::new(&RustCryptoProvider);
    let text = old
        .choose()
        .unwrap()
        .encrypt(body.to_string().as_bytes(), &codec, &*world.randomness)
        .unwrap();
    assert_eq!(
        send_text(&world, "/credential", &token, text).await.status(),
        StatusCode::OK
    );
    // After a restart the keys are the same.
    let world = world.restart().await;
    let again = metadata(&world).await.credential_request_encryption.unwrap();
    assert_eq!(again, new);
}

/// The header of a JWE.
fn header(jwe: &str) -> Value {
    let (header, _) = jwe.split_once('.').unwrap();
    serde_json::from_slice(&base64url::decode(header).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_header_of_an_encrypted_answer_is_that_of_the_wish() {
    let world = world(IssuerPolicy::default()).await;
    let key = world.wallet_key();
    for (content, compression, zip) in [
        (ContentEncryption::A128Gcm, ContentCompression::Plain, None),
        (
            ContentEncryption::A256Gcm,
            ContentCompression::Deflate,
            Some("DEF"),
        ),
    ] {
        let wish = ResponseEncryption {
            content,
            compression,
            key_id: Some("the wallet's own name".to_owned()),
            ..wanted(&world, &key).await
        };
        let token = world.token(HASSAN).await;
        let body = request(&world, Some(&wish)).await;
        let answer = send_encrypted(&world, "/credential", &token, &body).await;
        assert_eq!(answer.headers()["content-type"], "application/jwt");
        let header = header(&answer.text().await.unwrap());
        assert_eq!(header["alg"], "ECDH-ES");
        assert_eq!(header["enc"], content.jose_name());
        assert_eq!(header["kid"], "the wallet's own name");
        assert_eq!(header.get("zip").and_then(Value::as_str), zip);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_another_algorithm_than_its_key_has_is_refused() {
    let world = world(IssuerPolicy::default()).await;
    let token = world.token(HASSAN).await;
    let offered = metadata(&world).await.credential_request_encryption.unwrap();
    let codec = PureJwe::new(&RustCryptoProvider);
    let body = request(&world, None).await.to_string();
    let text = offered.choose().unwrap();
    let text = text.encrypt(body.as_bytes(), &codec, &*world.randomness).unwrap();
    let (_, rest) = text.split_once('.').unwrap();
    for algorithm in ["ECDH-ES+A128KW", "dir", "RSA-OAEP-256"] {
        let mut changed = header(&text);
        changed["alg"] = json!(algorithm);
        let changed = base64url::encode(changed.to_string().as_bytes());
        let refused = send_text(&world, "/credential", &token, format!("{changed}.{rest}")).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert_eq!(
            error_of(refused).await,
            "invalid_encryption_parameters",
            "{algorithm}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_told_in_the_clear_also_where_the_answer_would_not_have_been() {
    let world = world(IssuerPolicy::default()).await;
    let token = world.token(HASSAN).await;
    let wish = wanted(&world, &world.wallet_key()).await;
    let mut body = request(&world, Some(&wish)).await;
    body["proofs"] = json!({ "jwt": ["not.a.proof"] });
    let refused = send_encrypted(&world, "/credential", &token, &body).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(refused.headers()["content-type"], "application/json");
    assert_eq!(error_of(refused).await, "invalid_proof");
}
