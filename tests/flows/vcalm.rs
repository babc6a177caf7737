//! A credential through all three roles over VCALM: handed in at the issuer, derived and presented by the headless wallet,
//! verified and revoked.

use std::fs;
use std::net::TcpStream;
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Installation, Role, free_port};

/// Generous, because tests share two cores.
const START_LIMIT: Duration = Duration::from_secs(60);

/// `symbolon wallet serve`, killed when it is dropped.
struct Wallet {
    child: Child,
    url: String,
    token: String,
}

impl Wallet {
    fn serve(installation: &Installation) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let child = installation
            .command(&["wallet", "serve"])
            .env("SYMBOLON_WALLET_LISTEN", &address)
            .spawn()
            .unwrap();
        let mut wallet = Self {
            child,
            url: format!("http://{address}"),
            token: String::new(),
        };
        let started = Instant::now();
        while TcpStream::connect(&address).is_err() {
            assert_eq!(wallet.child.try_wait().unwrap(), None, "the wallet ended");
            assert!(started.elapsed() < START_LIMIT, "the wallet does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        // The port is taken before the wallet is opened, and the token made after.
        let token = installation.path("wallet/wallet-token");
        wallet.token = loop {
            if let Ok(token) = fs::read_to_string(&token) {
                break token;
            }
            assert!(started.elapsed() < START_LIMIT, "the wallet has no token");
            std::thread::sleep(Duration::from_millis(10));
        };
        wallet
    }
}

impl Drop for Wallet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn post(url: &str, token: &str, body: &Value) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .post(url)
        .bearer_auth(token)
        .header("content-type", "application/json");
    let answer = request.body(body.to_string()).send().await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// Lets the selective configuration issue documents of its own types, as an operator would.
fn allow_documents(installation: &Installation) {
    let path = installation.path("credentials/NationalIdentitySelective.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replacen("\nid = ", "\nvcalm = \"own-types\"\nid = ", 1),
    )
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_issued_derived_presented_verified_and_revoked() {
    let installation = Installation::new();
    let administration = fs::read_to_string(installation.path("data/administration-token")).unwrap();
    allow_documents(&installation);
    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    let wallet = Wallet::serve(&installation);
    let instance = format!("{}/vcalm/NationalIdentitySelective", installation.issuer);
    let verifier = format!("{}/vcalm", installation.verifier);

    // The wallet says who it is.
    let bare =
        json!({"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"]});
    let present = format!("{}/presentations", wallet.url);
    let (status, shown) = post(&present, &wallet.token, &json!({"presentation": bare})).await;
    assert_eq!(status, 201, "{shown}");
    let holder = shown["verifiablePresentation"]["holder"].clone();

    // Two documents are handed in; one of them is revoked.
    let mut issued = Vec::new();
    for name in ["urn:uuid:kept", "urn:uuid:revoked"] {
        let document = json!({
            "@context": [
                "https://www.w3.org/ns/credentials/v2",
                format!("{}/contexts/national-identity", installation.issuer),
            ],
            "id": name,
            "type": ["VerifiableCredential", "NationalIdentityCredential"],
            "credentialSubject": {
                "id": holder, "birthDate": "1990-05-01", "personalAdministrativeNumber": "2345678901",
            },
        });
        let body = json!({"credential": document});
        let (status, answer) = post(&format!("{instance}/credentials/issue"), &administration, &body).await;
        assert_eq!(status, 201, "{answer}");
        issued.push(answer["verifiableCredential"].clone());
    }
    let revocation = json!({
        "credentialId": "urn:uuid:revoked",
        "credentialStatus": {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"},
        "status": true,
    });
    let (status, answer) = post(
        &format!("{instance}/credentials/status"),
        &administration,
        &revocation,
    )
    .await;
    assert_eq!(status, 200, "{answer}");
    let listed = installation.json(&["credential", "list", "--json"]);
    let rows = listed
        .as_array()
        .or_else(|| listed["credentials"].as_array())
        .unwrap();
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter()
            .all(|row| row.get("record").is_none_or(Value::is_null))
    );

    // The date of birth alone is shown, once.
    for (base, verified) in issued.iter().zip([true, false]) {
        let derive = json!({
            "verifiableCredential": base,
            "options": {"selectivePointers": ["/credentialSubject/birthDate"]},
        });
        let derived = post(
            &format!("{}/credentials/derive", wallet.url),
            &wallet.token,
            &derive,
        )
        .await;
        assert_eq!(derived.0, 201, "{}", derived.1);
        assert_eq!(
            derived.1["credentialSubject"],
            json!({"id": holder, "birthDate": "1990-05-01"})
        );
        let (status, challenge) = post(&format!("{verifier}/challenges"), &administration, &json!({})).await;
        assert_eq!(status, 200, "{challenge}");
        let options = json!({"challenge": challenge["challenge"], "domain": "clinic.example"});
        let presentation = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiablePresentation"],
            "verifiableCredential": [derived.1],
        });
        let body = json!({"presentation": presentation, "options": options});
        let (status, presented) = post(&present, &wallet.token, &body).await;
        assert_eq!(status, 201, "{presented}");
        let body = json!({
            "verifiablePresentation": presented["verifiablePresentation"], "options": options,
        });
        let url = format!("{verifier}/presentations/verify");
        let (status, report) = post(&url, &administration, &body).await;
        assert_eq!((status, &report["verified"]), (200, &json!(verified)), "{report}");
        assert_eq!(
            report["results"]["presentation"]["proof"][0]["verified"],
            json!(true)
        );
        let (_, again) = post(&url, &administration, &body).await;
        assert_eq!(again["verified"], json!(false), "a challenge is used once");
    }
    // The token of one is not the token of the other.
    let (status, _) = post(&present, &administration, &json!({"presentation": {}})).await;
    assert_eq!(status, 401);
}
