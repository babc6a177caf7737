//! `symbolon verify` with credentials of VCDM 1.1 that other people's programs made, from a file: MOSIP's `RsaSignature2018`
//! and `Ed25519Signature2020`. The figures are those of the verifier's own tests, which say how they were made.

use std::fs;

use serde_json::{Value, json};
use symbolon_crypto::UnixTime;
use symbolon_did::Did;
use symbolon_trust::testing::{NOW, TestIssuer, TestRegistry};
use symbolon_trust::trust_list::CredentialTypeRule;

use crate::harness::symbolon;

const RSA: &str = include_str!("../../verifier/src/session/tests/figures/rsa_signature_2018.json");
const ED25519: &str = include_str!("../../verifier/src/session/tests/figures/ed25519_signature_2020.json");
const DID: &str = "did:web:issuer.example";
const TYPE: &str = "NationalIdentityCredential";
const CONTEXT: &str = "https://issuer.example/contexts/national-identity";

/// A folder with a root of trust, in which the issuer has this verification method.
fn scene(method: &Value) -> tempfile::TempDir {
    let (issuer, registry) = (
        TestIssuer::new("https://issuer.example", 100),
        TestRegistry::new(1),
    );
    let did = Did::parse(DID).unwrap();
    let mut entry = issuer.entry(vec![CredentialTypeRule::Exactly(TYPE.to_owned())]);
    entry.dids = vec![did.clone()];
    let mut list = registry.trust_list(vec![entry], NOW);
    let document =
        json!({ "@context": ["https://www.w3.org/ns/did/v1"], "id": DID, "assertionMethod": [method] });
    list.did_documents.insert(did, document);
    let term = |name: &str| format!("https://issuer.example/vocabulary#{name}");
    let terms: serde_json::Map<String, Value> = [TYPE, "givenName", "familyName"]
        .into_iter()
        .map(|name| (name.to_owned(), term(name).into()))
        .collect();
    list.contexts
        .insert(CONTEXT.to_owned(), json!({ "@context": terms }));
    let folder = tempfile::tempdir().unwrap();
    let root = registry.root_of_trust(list).to_json().unwrap();
    fs::write(folder.path().join("trust.json"), root).unwrap();
    folder
}

/// The exit status and the report.
fn verify(folder: &tempfile::TempDir, credential: &Value) -> (Option<i32>, Value) {
    fs::write(folder.path().join("credential.json"), credential.to_string()).unwrap();
    let output = symbolon()
        .current_dir(folder.path())
        .args([
            "verify",
            "credential.json",
            "--trust",
            "trust.json",
            "--json",
            "--at",
        ])
        .arg(UnixTime::rfc3339(NOW))
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), report)
}

fn is_verified(method: &Value, good: &Value, refused: &[&Value]) {
    let folder = scene(method);
    let (_, report) = verify(&folder, good);
    assert_eq!(report["authentic"]["state"], "authentic", "{report}");
    assert_eq!(report["trusted"]["state"], "trusted");
    assert_eq!(report["claims"]["credentialSubject"]["familyName"], "Diallo");
    let mut changed = good.clone();
    changed["credentialSubject"]["familyName"] = json!("Mallory");
    for refused in refused.iter().copied().chain([&changed]) {
        let (code, report) = verify(&folder, refused);
        assert_eq!(code, Some(1), "{report}");
        assert_eq!(report["authentic"]["state"], "not_authentic");
        assert_eq!(report["claims"], json!({}));
    }
}

#[test]
fn a_credential_of_mosip_is_verified_from_a_file() {
    let figures: Value = serde_json::from_str(RSA).unwrap();
    let method = json!({
        "id": format!("{DID}#rsa"), "type": "RsaVerificationKey2018", "controller": DID,
        "publicKeyPem": figures["key"]["pem"],
    });
    let refused = [
        &figures["another_key"],
        &figures["other_crit"],
        &figures["expired"],
    ];
    is_verified(&method, &figures["did"], &refused[..2]);
    let (code, report) = verify(&scene(&method), refused[2]);
    assert_eq!((code, &report["verdict"]), (Some(1), &json!("invalid")));
    // With RS256 nobody here can tell.
    let (code, report) = verify(&scene(&method), &figures["rs256"]);
    assert_eq!((code, &report["verdict"]), (Some(3), &json!("unknown")));
}

#[test]
fn a_credential_with_ed25519_signature_2020_is_verified_from_a_file() {
    let figures: Value = serde_json::from_str(ED25519).unwrap();
    let method = json!({
        "id": format!("{DID}#ed25519"), "type": "Ed25519VerificationKey2020", "controller": DID,
        "publicKeyMultibase": figures["key"]["multibase"],
    });
    is_verified(
        &method,
        &figures["good"],
        &[
            &figures["another_key"],
            &figures["authentication"],
            &figures["ended"],
        ],
    );
    let (code, report) = verify(&scene(&method), &figures["expired"]);
    assert_eq!((code, &report["verdict"]), (Some(1), &json!("invalid")));
}
