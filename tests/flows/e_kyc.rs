//! A bank that opens an account, with the policy of `docs/e-kyc.md`: claims, receipts on both sides, and the key that signs them.

use std::fs;

use serde_json::{Value, json};
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::jose::jws::CompactJws;
use symbolon_crypto::{Jwk, PublicKey};

use crate::harness::{Installation, Role};
use crate::story;

/// The policy as the documentation has it, for the issuer of the installation.
fn policy(issuer: &str) -> String {
    let guide = include_str!("../../docs/e-kyc.md");
    let (_, policy) = guide.split_once("```toml\n").unwrap();
    let (policy, _) = policy.split_once("```").unwrap();
    policy.replace("https://id.example", issuer)
}

fn installation() -> Installation {
    let installation = Installation::new();
    let issuer = installation.issuer.clone();
    fs::create_dir_all(installation.path("policies")).unwrap();
    fs::write(installation.path("policies/open-account.toml"), policy(&issuer)).unwrap();
    let file = installation.path("symbolon.toml");
    let levels = format!(
        "\n[verifier.assurance]\ntrust_framework = \"eidas\"\nlevels = [\"low\", \"high\"]\n[[verifier.assurance.issuers]]\nissuer = \"{issuer}\"\nlevel = \"high\"\n"
    );
    fs::write(&file, fs::read_to_string(&file).unwrap() + &levels).unwrap();
    installation
}

fn add_bank(installation: &Installation) -> String {
    let arguments = [
        "relying-party",
        "add",
        "bank",
        "--name",
        "First Bank",
        "--policy",
        "open-account",
    ];
    let printed = installation.ok(&arguments);
    let mut lines = printed.lines().filter(|line| line.starts_with("symbolon_rp_"));
    lines.next().unwrap().to_owned()
}

/// The bank's program.
struct Bank {
    key: String,
    api: String,
    jwks: String,
}

impl Bank {
    async fn send(&self, path: &str, body: Option<Value>) -> (u16, String) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/{path}", self.api);
        let request = match body {
            None => client.get(url),
            Some(body) => client
                .post(url)
                .header("content-type", "application/json")
                .body(body.to_string()),
        };
        let answer = request.bearer_auth(&self.key).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn keys(&self) -> Vec<Jwk> {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let text = client.get(&self.jwks).send().await.unwrap().text().await.unwrap();
        let keys: Value = serde_json::from_str(&text).unwrap();
        serde_json::from_value(keys["keys"].clone()).unwrap()
    }

    /// What a token of this type says, and by which key.
    async fn read(&self, token: &str, kind: &str) -> (Value, String) {
        let jws = CompactJws::parse(token, 1 << 20).unwrap();
        jws.expect_type(kind).unwrap();
        let keys = self.keys().await;
        let key = keys.iter().find(|jwk| {
            let key = PublicKey::from_jwk(jwk).unwrap();
            jws.verify(&RustCryptoProvider, &key).is_ok()
        });
        (jws.payload_json().unwrap(), key.unwrap().kid.clone().unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_opens_an_account_and_both_sides_have_a_receipt() {
    let installation = installation();
    let bank = Bank {
        key: add_bank(&installation),
        api: format!("{}/relying-party/v1", installation.verifier),
        jwks: format!("{}/evidence/jwks", installation.verifier),
    };
    let _issuer = installation.serve(Role::Issuer);
    let verifier = installation.serve(Role::Verifier);
    let uin = story::import_people(&installation);
    story::receive(&installation, &uin);

    let order = json!({"policy": "open-account"});
    let (status, made) = bank.send("presentation-requests", Some(order)).await;
    assert_eq!(status, 201, "{made}");
    let made: Value = serde_json::from_str(&made).unwrap();
    let id = made["request_id"].as_str().unwrap();
    installation.ok(&[
        "wallet",
        "present",
        made["authorization_request"].as_str().unwrap(),
        "--yes",
    ]);

    let (status, token) = bank
        .send(&format!("presentation-requests/{id}/verified-claims"), None)
        .await;
    assert_eq!(status, 200, "{token}");
    let (claims, first_key) = bank.read(&token, "verified-claims+jwt").await;
    assert_eq!((&claims["aud"], &claims["txn"]), (&json!("bank"), &json!(id)));
    let verified = &claims["verified_claims"];
    assert_eq!(verified["verification"]["trust_framework"], "eidas");
    assert_eq!(verified["verification"]["assurance_level"], "high");
    let methods = verified["verification"]["evidence"][0]["check_details"]
        .as_array()
        .unwrap();
    let methods: Vec<&Value> = methods.iter().map(|check| &check["check_method"]).collect();
    assert_eq!(methods, ["vcrypt", "data", "token"]);
    assert!(verified["claims"]["name"].is_string(), "{verified}");
    assert_eq!(verified["claims"]["birthdate"].as_str().map(str::len), Some(10));
    assert!(verified["claims"]["is_over_18"].is_boolean(), "{verified}");

    let (status, receipt) = bank
        .send(&format!("presentation-requests/{id}/receipt"), None)
        .await;
    assert_eq!(status, 200, "{receipt}");
    let (said, _) = bank.read(&receipt, "presentation-receipt+jwt").await;
    assert_eq!(said["relying_party"], json!({"id": "bank", "name": "First Bank"}));
    // The holder has the same, verified, and can hand it on.
    let history = installation.ok(&["wallet", "history"]);
    assert!(history.contains("(accepted, with a receipt)"), "{history}");
    let exported = installation.json(&["wallet", "history", "--json"]);
    let entries = exported["entries"].as_array().unwrap();
    let kept = entries
        .iter()
        .find(|entry| entry["event"]["kind"] == "presented")
        .unwrap();
    assert_eq!(
        kept["event"]["receipt"],
        json!({"kind": "verified", "receipt": receipt})
    );

    // A new key signs from the next start on; what the old one signed is verified still.
    let rotated = installation.ok(&["keys", "rotate", "evidence-signing"]);
    assert!(
        rotated.contains("evidence-signing signs with a new key"),
        "{rotated}"
    );
    drop(verifier);
    let _verifier = installation.serve(Role::Verifier);
    let (again, old_key) = bank.read(&receipt, "presentation-receipt+jwt").await;
    assert_eq!((again, &old_key), (said, &first_key));
    let (_, token) = bank
        .send(&format!("presentation-requests/{id}/verified-claims"), None)
        .await;
    let (_, new_key) = bank.read(&token, "verified-claims+jwt").await;
    assert_ne!(new_key, first_key);
    assert_eq!(bank.keys().await.len(), 2);
}

/// An installation of an earlier version has no key that signs evidence, and says what to do.
#[test]
fn a_policy_that_signs_needs_the_key_that_an_upgrade_makes() {
    let installation = installation();
    fs::remove_file(installation.path("data/keys/evidence-signing.key.pem")).unwrap();
    let refused = installation.fails(1, &["verifier", "serve"]);
    assert!(refused.contains("symbolon init --upgrade"), "{refused}");
    let upgraded = installation.ok(&["init", "--upgrade", "--dir", "."]);
    assert!(upgraded.contains("made the key evidence-signing"), "{upgraded}");
    let _verifier = installation.serve(Role::Verifier);
}
