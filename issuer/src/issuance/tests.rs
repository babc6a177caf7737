mod desk;
mod formats;
mod properties;

use std::time::Duration;

use serde_json::{Value, json};
use symbolon_credential::sd_jwt::{SdJwt, SdJwtBudget, process};
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SignatureAlgorithm};
use symbolon_protocol::openid4vci::credential::{CredentialRequest, CredentialSelector};
use symbolon_protocol::openid4vci::identifiers::{CNonce, CredentialIdentifier};

use super::*;
use crate::grant::{AccessRefusal, NonceRefused};
use crate::identifiers::ConfigurationId;
use crate::index::{ShardId, StatusIndex};
use crate::record::IdRecord;
use crate::store::IssuanceOutcome;
use desk::{Desk, ISSUER, NOW, record, text};

#[test]
fn a_credential_has_what_the_specification_asks_for_and_leaves_only_after_its_commit() {
    let desk = Desk::new();
    let signed = desk.sign(desk.prepare(&record(json!({}))).unwrap());
    let issuance = signed.issuance().clone();
    assert_eq!(issuance.nonces.len(), 1);
    assert_eq!(issuance.credentials.len(), 1);
    let remaining = &issuance.access.as_ref().unwrap().access.remaining;
    let id = ConfigurationId::parse("NationalIdentity").unwrap();
    assert_eq!(remaining[&id], 1, "one was spent");
    let credentials = signed.release(IssuanceOutcome::Committed).unwrap();

    let sd_jwt = SdJwt::parse(text(&credentials[0]), SdJwtBudget::DEFAULT).unwrap();
    let header = &sd_jwt.issuer_jwt().header;
    assert_eq!(header.typ.as_deref(), Some("dc+sd-jwt"));
    sd_jwt
        .issuer_jwt()
        .verify(&RustCryptoProvider, desk.keys["credentials"].public_key())
        .unwrap();
    let claims = process(&sd_jwt).unwrap().claims.clone();
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["vct"], "https://registry.example/types/national-identity");
    assert_eq!(
        claims["status"]["status_list"],
        json!({ "idx": 42, "uri": "https://registry.example/status/3" })
    );
    assert_eq!(claims["cnf"]["jwk"]["crv"], "P-256");
    assert_eq!(claims["full_name"], "Hassan Ali");
    assert_eq!(
        claims["age_equal_or_over"],
        json!({ "16": true, "18": true, "65": false })
    );
    // Rounded down to the day, so that the second of issuance links nothing.
    assert_eq!(claims["iat"].as_i64().unwrap() % 86_400, 0);
    assert_eq!(
        claims["exp"].as_i64().unwrap(),
        claims["iat"].as_i64().unwrap() + 365 * 86_400
    );
    assert_eq!(
        issuance.credentials[0].expires_at.seconds(),
        claims["exp"].as_i64().unwrap()
    );

    // Nothing about the resident is signed in the clear, not even that there is an address or an age.
    let payload: Value = sd_jwt.issuer_jwt().payload_json().unwrap();
    let mut names: Vec<_> = payload.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "_sd",
            "_sd_alg",
            "cnf",
            "exp",
            "iat",
            "iss",
            "status",
            "vct",
            "vct#integrity"
        ]
    );
}

#[test]
fn nothing_leaves_when_the_commit_was_not_made() {
    let desk = Desk::new();
    for outcome in [
        IssuanceOutcome::NonceSpent,
        IssuanceOutcome::AccessChanged,
        IssuanceOutcome::IndexTaken,
    ] {
        let signed = desk.sign(desk.prepare(&record(json!({}))).unwrap());
        assert_eq!(signed.release(outcome).unwrap_err(), outcome);
    }
}

#[test]
fn a_batch_binds_each_credential_to_its_own_key_and_index() {
    let desk = Desk::new();
    let second = RustCryptoProvider
        .generate_key(SignatureAlgorithm::EdDsa, &desk.randomness)
        .unwrap();
    let nonce = desk.nonce();
    let proof = |key| desk.proof(key, ISSUER, Some(&nonce), NOW);
    let accepted = desk
        .judge(&desk.request(vec![proof(&desk.wallet_key), proof(&second)]))
        .unwrap();
    assert_eq!(accepted.count(), 2);
    let places = [1, 2].map(|index| StatusIndex {
        shard: ShardId::FIRST,
        index,
    });
    let signed = desk.sign(
        desk.prepare_accepted(accepted, &record(json!({})), &places)
            .unwrap(),
    );
    assert_eq!(
        signed.issuance().nonces.len(),
        1,
        "the proofs of a request share a nonce"
    );
    let credentials = signed.release(IssuanceOutcome::Committed).unwrap();
    let curves: Vec<_> = credentials
        .iter()
        .map(|credential| {
            let sd_jwt = SdJwt::parse(text(credential), SdJwtBudget::DEFAULT).unwrap();
            process(&sd_jwt).unwrap().claims["cnf"]["jwk"]["crv"].clone()
        })
        .collect();
    assert_eq!(curves, ["P-256", "Ed25519"]);

    let twice = desk.request(vec![proof(&desk.wallet_key), proof(&desk.wallet_key)]);
    assert_eq!(
        desk.refusal(&twice),
        (CredentialRefusal::RepeatedKey, "invalid_proof".to_owned())
    );
    let three = desk.request(vec![proof(&desk.wallet_key), proof(&second), proof(&second)]);
    assert_eq!(
        desk.refusal(&three),
        (CredentialRefusal::TooManyProofs, "invalid_proof".to_owned())
    );
}

#[test]
fn every_refusal_of_a_request_has_its_code() {
    let desk = Desk::new();
    let nonce = desk.nonce();
    let good = || desk.proof(&desk.wallet_key, ISSUER, Some(&nonce), NOW);
    let code = |request: &CredentialRequest| desk.refusal(request).1;

    let mut no_proof = desk.good_request("NationalIdentity");
    no_proof.proofs = None;
    assert_eq!(code(&no_proof), "invalid_proof");

    let mut other = desk.request(vec![good()]);
    other.selector = CredentialSelector::Configuration(ConfigurationId::parse("DrivingLicence").unwrap());
    assert_eq!(code(&other), "unknown_credential_configuration");
    other.selector = CredentialSelector::Identifier(CredentialIdentifier::parse("NationalIdentity").unwrap());
    assert_eq!(code(&other), "unknown_credential_identifier");

    let foreign = desk.request(vec![desk.proof(
        &desk.wallet_key,
        "https://other.example",
        Some(&nonce),
        NOW,
    )]);
    assert_eq!(code(&foreign), "invalid_proof");
    let stale = desk.request(vec![desk.proof(
        &desk.wallet_key,
        ISSUER,
        Some(&nonce),
        NOW.minus(Duration::from_secs(3_600)),
    )]);
    assert_eq!(code(&stale), "invalid_proof");
    let no_nonce = desk.request(vec![desk.proof(&desk.wallet_key, ISSUER, None, NOW)]);
    assert_eq!(code(&no_nonce), "invalid_proof");
    let made_up = CNonce::parse("made-up").unwrap();
    let made_up = desk.request(vec![desk.proof(&desk.wallet_key, ISSUER, Some(&made_up), NOW)]);
    assert_eq!(
        desk.refusal(&made_up),
        (
            CredentialRefusal::Nonce(NonceRefused::NotOurs),
            "invalid_nonce".to_owned()
        )
    );
    let mut forged = good();
    let last = if forged.ends_with('A') { "g" } else { "A" };
    forged.replace_range(forged.len() - 3..forged.len() - 2, last);
    assert_eq!(code(&desk.request(vec![forged])), "invalid_proof");
}

#[test]
fn a_token_that_is_used_up_expired_or_for_another_credential_is_refused() {
    let id = ConfigurationId::parse("NationalIdentity").unwrap();
    let mut desk = Desk::new();
    let request = desk.good_request("NationalIdentity");
    desk.access.value.remaining.insert(id.clone(), 0);
    let exhausted = CredentialRefusal::Access(AccessRefusal::Exhausted);
    assert_eq!(
        desk.refusal(&request),
        (exhausted, "credential_request_denied".to_owned())
    );
    desk.access.value.remaining.remove(&id);
    assert_eq!(desk.refusal(&request).1, "insufficient_scope");
    desk.access.value.remaining.insert(id, 1);
    desk.access.value.expires_at = NOW;
    assert_eq!(desk.refusal(&request).1, "invalid_token");
}

#[test]
fn the_deceased_and_records_without_a_required_value_get_no_credential() {
    let desk = Desk::new();
    let refused = |record: &IdRecord| match desk.prepare(record).err().unwrap() {
        IssuanceFailure::Refused(refusal) => (refusal.code(), refusal.to_string()),
        other => panic!("{other}"),
    };
    let denied = RefusalCode::Credential(
        symbolon_protocol::openid4vci::error::CredentialErrorCode::CredentialRequestDenied,
    );
    let (code, text) = refused(&record(json!({ "declaredAsDeceased": "Y" })));
    assert_eq!(
        (code, text.as_str()),
        (denied, "no credential is issued from this record")
    );
    let (code, text) = refused(&record(json!({ "fullName": [] })));
    assert_eq!(code, denied);
    assert!(text.contains("full_name") && !text.contains("Hassan"), "{text}");
    // Someone else's record cannot be slipped in, even by a driver's mistake.
    let (code, _) = refused(&record(json!({ "UIN": "9999999999" })));
    assert_eq!(code, denied);
}

#[test]
fn the_metadata_passes_its_own_check_and_names_what_the_judge_accepts() {
    let desk = Desk::new();
    let metadata = desk
        .profile
        .issuer_metadata(&desk.signers, &[desk.wallet_key.public_key()])
        .unwrap();
    metadata
        .check(symbolon_protocol::identifier::UrlPolicy::Public)
        .unwrap();
    let json = serde_json::to_value(&metadata).unwrap();
    assert_eq!(json["credential_issuer"], ISSUER);
    assert_eq!(json["batch_credential_issuance"]["batch_size"], 2);
    let configuration = &json["credential_configurations_supported"]["NationalIdentity"];
    assert_eq!(configuration["format"], "dc+sd-jwt");
    assert_eq!(
        configuration["proof_types_supported"]["jwt"]["proof_signing_alg_values_supported"],
        json!(["ES256", "ES384", "EdDSA"])
    );
    assert_eq!(
        configuration["credential_metadata"]["claims"]
            .as_array()
            .unwrap()
            .len(),
        23
    );
}
