//! Keys, signing and credentials that the tests share.

use serde_json::{Map, Value, json};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::sd_jwt::{Decoys, KeyBindingClaims, SdJwt, SdJwtBudget, select};
use symbolon_credential::sd_jwt_vc::{CredentialToIssue, IssuerKeyReference, VerifiableCredentialType};
use symbolon_credential::status::StatusReference;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{
    CryptoProvider as _, PublicKey, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime,
};

pub(crate) const PROVIDER: RustCryptoProvider = RustCryptoProvider;
pub(crate) const AUDIENCE: &str = "x509_hash:abc";
pub(crate) const NONCE: &str = "n-0S6_WzA2Mj";
pub(crate) const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

pub(crate) fn key(seed: u64) -> SecretKey {
    PROVIDER
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(seed))
        .unwrap()
}

pub(crate) fn issuer_key() -> SecretKey {
    key(1)
}

pub(crate) fn holder_key() -> SecretKey {
    key(2)
}

pub(crate) fn sign(key: &SecretKey, bytes: &[u8]) -> Vec<u8> {
    PROVIDER.sign(key, bytes).unwrap()
}

pub(crate) fn path(value: Value) -> ClaimsPath {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// A JWT over any payload, however wrong.
pub(crate) fn jwt(key: &SecretKey, header: Value, payload: &Value) -> String {
    let prepared = symbolon_crypto::jose::jws::prepare(
        key.public_key().algorithm(),
        &object(header),
        payload.to_string().as_bytes(),
    );
    let signature = sign(key, prepared.signing_input().as_bytes());
    prepared.finish(&signature)
}

pub(crate) fn credential() -> CredentialToIssue {
    CredentialToIssue {
        vct: VerifiableCredentialType::parse("https://issuer.example/types/national-identity").unwrap(),
        issuer: Some("https://issuer.example".to_owned()),
        issued_at: Some(NOW),
        not_before: Some(NOW),
        expires: Some(UnixTime::from_seconds(1_900_000_000)),
        status: Some(StatusReference::new("https://issuer.example/status/1", 4711).unwrap()),
        holder: Some(holder_key().public_key()),
        claims: object(json!({
            "given_name": "Asha",
            "family_name": "Rao",
            "address": {"locality": "Mysuru", "region": "Karnataka"},
            "nationalities": ["IN", "FR"],
            "source": "register"
        })),
        selectable: vec![
            path(json!(["given_name"])),
            path(json!(["family_name"])),
            path(json!(["address"])),
            path(json!(["address", "locality"])),
            path(json!(["nationalities", null])),
        ],
        decoys: Decoys::PerObject(2),
    }
}

pub(crate) fn issue(credential: &CredentialToIssue, issuer: &SecretKey) -> String {
    let prepared = credential
        .prepare(
            SignatureAlgorithm::Es256,
            &IssuerKeyReference::CertificateChain(vec![vec![0x30, 0x00]]),
            &SeededRandomness::new(7),
        )
        .unwrap();
    let signature = sign(issuer, prepared.signing_input().as_bytes());
    prepared.finish(&signature)
}

pub(crate) fn key_binding_claims() -> KeyBindingClaims {
    KeyBindingClaims {
        algorithm: SignatureAlgorithm::Es256,
        audience: AUDIENCE.to_owned(),
        nonce: NONCE.to_owned(),
        issued_at: NOW,
        transaction_data: None,
    }
}

pub(crate) fn present(
    issued: &str,
    paths: &[ClaimsPath],
    claims: &KeyBindingClaims,
    holder: &SecretKey,
) -> String {
    let sd_jwt = SdJwt::parse_received(issued, SdJwtBudget::DEFAULT).unwrap();
    let prepared = select(&sd_jwt, paths).unwrap().prepare_key_binding(claims);
    let signature = sign(holder, prepared.signing_input().as_bytes());
    prepared.finish(&signature)
}

pub(crate) fn public_jwk(value: Value) -> PublicKey {
    PublicKey::from_jwk(&serde_json::from_value(value).unwrap()).unwrap()
}
