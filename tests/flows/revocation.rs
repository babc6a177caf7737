//! An authority takes the certificate of a signer back: its list says so, and whoever asks it believes the signer no longer.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::encoding::base64;
use symbolon_crypto::x509::{Certificate, RevocationList};

use crate::backup::{back_up, lose, restore};
use crate::harness::{Installation, Role};
use crate::story;

struct Fetched {
    status: u16,
    media_type: String,
    cache_control: String,
    etag: String,
    body: Vec<u8>,
}

fn get(url: &str, etag: Option<&str>) -> Fetched {
    let asked = async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.get(url);
        if let Some(etag) = etag {
            request = request.header("if-none-match", etag);
        }
        let answer = request.send().await.unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
        };
        Fetched {
            status: answer.status().as_u16(),
            media_type: header("content-type"),
            cache_control: header("cache-control"),
            etag: header("etag"),
            body: answer.bytes().await.unwrap().to_vec(),
        }
    };
    tokio::runtime::Runtime::new().unwrap().block_on(asked)
}

fn certificate(installation: &Installation, name: &str) -> Certificate {
    let text = fs::read_to_string(installation.path(&format!("data/keys/{name}.chain.pem"))).unwrap();
    let body: String = text
        .lines()
        .skip(1)
        .take_while(|line| !line.starts_with('-'))
        .collect();
    Certificate::parse(&base64::decode(&body).unwrap()).unwrap()
}

/// Imports people, and receives the mdoc of one of them.
pub(crate) fn receive_mdoc(installation: &Installation) {
    let uin = story::import_people(installation);
    let offer = story::offer(installation, &uin, "NationalIdentityMdoc", &[]);
    story::take_up(installation, &offer, &[]);
}

/// What a verifier that was just started, and knows of no list yet, says of the mdoc in the wallet.
fn judged(installation: &Installation, environment: &[(&str, &str)]) -> Value {
    let _verifier = installation.serve_with(Role::Verifier, environment);
    let made = installation.json(&["request", "create", "--query", "age-over-18-mdoc", "--json"]);
    let link = made["authorization_request"].as_str().unwrap();
    // The wallet hears what becomes of its answer, and says so by its exit status.
    installation.run(&["wallet", "present", link, "--yes"]);
    let id = made["request_id"].as_str().unwrap();
    installation.run(&["request", "show", id, "--wait", "--evidence", "evidence"]);
    let token = fs::read_to_string(installation.path("data/administration-token")).unwrap();
    let url = format!("{}/admin/v1/presentation-requests/{id}", installation.verifier);
    let asked = async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(url).bearer_auth(token.trim()).send().await.unwrap();
        answer.text().await.unwrap()
    };
    let text = tokio::runtime::Runtime::new().unwrap().block_on(asked);
    let shown: Value = serde_json::from_str(&text).unwrap();
    shown["result"]["outcome"]["presented"]["reports"][0]["report"].clone()
}

fn check(report: &Value) -> Value {
    let checks = report["trusted"]["checks"].as_array().unwrap();
    let of_list = |check: &&Value| {
        check["check"] == "certificate_revocation" || check["name"] == "certificate_revocation"
    };
    checks.iter().find(of_list).cloned().unwrap_or_default()
}

#[test]
fn a_revoked_document_signer_is_believed_no_longer() {
    let installation = Installation::new();
    let issuer = installation.serve(Role::Issuer);
    let (root, signer) = (
        certificate(&installation, "documents-root"),
        certificate(&installation, "document-signing"),
    );
    let place = format!("{}/certificates/documents.crl", installation.issuer);
    assert_eq!(root.revocation_list_uris(), [place.as_str()]);
    assert_eq!(signer.revocation_list_uris(), [place.as_str()]);

    let before = get(&place, None);
    assert_eq!(
        (before.status, before.media_type.as_str()),
        (200, "application/pkix-crl")
    );
    assert!(
        before.cache_control.contains("max-age="),
        "{}",
        before.cache_control
    );
    assert_eq!(get(&place, Some(&before.etag)).status, 304);
    assert_eq!(
        get(&format!("{}/certificates/others.crl", installation.issuer), None).status,
        404
    );
    let list = RevocationList::parse(&before.body).unwrap();
    list.verify(&root, &RustCryptoProvider).unwrap();
    assert_eq!(list.count(), 0);

    receive_mdoc(&installation);
    let report = judged(&installation, &[]);
    assert_eq!(report["trusted"]["state"], "trusted", "{report:#}");
    assert_eq!(check(&report)["outcome"], "passed", "{report:#}");

    // A key whose authority has no list, and a certificate of somebody else.
    installation.fails(
        1,
        &["keys", "revoke", "request-signing", "--reason", "superseded"],
    );
    let of_other = [
        "keys",
        "revoke",
        "document-signing",
        "--reason",
        "superseded",
        "--certificate",
    ];
    installation.fails(
        1,
        &[&of_other[..], &["data/keys/credential-signing.chain.pem"]].concat(),
    );
    let told = installation.ok(&["keys", "revoke", "document-signing", "--reason", "key-compromise"]);
    assert!(told.contains("names 1 certificates"), "{told}");
    let after = RevocationList::parse(&get(&place, Some(&before.etag)).body).unwrap();
    assert!(after.number().to_u64() > list.number().to_u64());
    let verified = after.verify(&root, &RustCryptoProvider).unwrap();
    assert!(verified.revoked(&signer).is_some());

    let report = judged(&installation, &[]);
    assert_eq!(report["verdict"], "invalid", "{report:#}");
    assert_eq!(report["trusted"]["state"], "not_trusted");
    assert_eq!(check(&report)["reason"], "certificate_revoked", "{report:#}");
    assert!(
        report["warnings"].to_string().contains("key_compromise"),
        "{report:#}"
    );
    let presentation = installation.path("evidence/presentation.json");
    let said = installation.run(&["verify", presentation.to_str().unwrap(), "--json"]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("certificate_revoked"));

    // The place cannot be reached: what that means is the operator's choice, and by default nothing.
    drop(issuer);
    let report = judged(&installation, &[]);
    assert_eq!(report["trusted"]["state"], "trusted", "{report:#}");
    let required = [("SYMBOLON_VERIFIER_CERTIFICATE_REVOCATION_LISTS", "required")];
    let report = judged(&installation, &required);
    assert_eq!(report["trusted"]["state"], "unknown", "{report:#}");
    assert_eq!(report["verdict"], "unknown");

    // The next signer is none of those that were revoked, and the list goes on.
    installation.ok(&["keys", "rotate", "document-signing"]);
    let next = certificate(&installation, "document-signing");
    assert_eq!(next.revocation_list_uris(), [place.as_str()]);
    assert!(verified.revoked(&next).is_none());
    let _issuer = installation.serve(Role::Issuer);
    let served = RevocationList::parse(&get(&place, None).body).unwrap();
    assert_eq!(served.count(), 1);

    // The file is lost: none is begun in its place, which would name nobody, and a copy is gone on with.
    let file = installation.path("data/certificates/documents.crl");
    fs::rename(&file, installation.path("copy.crl")).unwrap();
    let revoke = ["keys", "revoke", "document-signing", "--reason", "superseded"];
    let said = installation.fails(1, &revoke);
    assert!(said.contains("resume-crl --of documents"), "{said}");
    assert!(!file.exists());
    let resume = [
        "keys",
        "resume-crl",
        "--of",
        "documents",
        "--previous",
        "copy.crl",
    ];
    let told = installation.ok(&resume);
    assert!(told.contains("names 1 certificates"), "{told}");
    let told = installation.ok(&revoke);
    assert!(told.contains("names 2 certificates"), "{told}");
}

/// A list that comes back from Monday knows nothing of Tuesday: one that is made of it would give back what was revoked.
#[test]
fn a_restored_list_is_served_and_not_gone_on_from_until_somebody_says_from_what() {
    let installation = Installation::new();
    back_up(&installation, "monday.backup");
    let revoke = ["keys", "revoke", "document-signing", "--reason", "key-compromise"];
    installation.ok(&revoke);
    let file = installation.path("data/certificates/documents.crl");
    assert!(
        installation
            .path("data/certificates/documents.crl.newest")
            .exists()
    );
    fs::copy(&file, installation.path("copy.crl")).unwrap();
    let copy = RevocationList::parse(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(copy.count(), 1);

    lose(&installation);
    restore(&installation, &installation.path("monday.backup"));
    assert!(
        !installation
            .path("data/certificates/documents.crl.newest")
            .exists(),
        "no backup sets the number back"
    );
    let _issuer = installation.serve(Role::Issuer);
    let place = format!("{}/certificates/documents.crl", installation.issuer);
    let served = || RevocationList::parse(&get(&place, None).body).unwrap();
    let monday = served();
    assert_eq!(monday.count(), 0);
    for attempt in [&revoke[..], &["keys", "import-crl", "copy.crl"]] {
        let said = installation.fails(1, attempt);
        let is_told = said.contains("came out of a backup") && said.contains("resume-crl --of documents");
        assert!(is_told, "{said}");
        assert_eq!(served().sha256(), monday.sha256(), "it is served on");
    }

    // Whoever has verified the last one sees everything that it named, under a higher number.
    let resume = ["keys", "resume-crl", "--of", "documents"];
    let told = installation.ok(&[&resume[..], &["--previous", "copy.crl"]].concat());
    assert!(told.contains("names 1 certificates"), "{told}");
    let resumed = served();
    assert_eq!(resumed.count(), 1);
    assert!(resumed.number().to_u64() > copy.number().to_u64());
    let told = installation.ok(&revoke);
    assert!(told.contains("names 1 certificates"), "{told}");

    // The other authority's list came out of the same backup, and nothing was said of it.
    let revoke = ["keys", "revoke", "credential-signing", "--reason", "superseded"];
    let said = installation.fails(1, &revoke);
    assert!(said.contains("resume-crl --of issuers"), "{said}");
    let told = installation.ok(&["keys", "resume-crl", "--of", "issuers"]);
    assert!(told.contains("names 0 certificates"), "{told}");
    let told = installation.ok(&revoke);
    assert!(told.contains("names 1 certificates"), "{told}");
}

/// The roots are on a medium: the list is made there, and carried.
#[test]
fn the_list_of_an_offline_root_is_made_there_and_forgets_nothing() {
    let none = Installation::none();
    let roots = none.path("roots");
    let passphrase = none.path("passphrase");
    fs::write(&passphrase, "correct horse battery staple").unwrap();
    fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o600)).unwrap();
    let (roots_text, passphrase_text) = (roots.to_str().unwrap(), passphrase.to_str().unwrap());
    let (issuer, verifier) = (none.issuer.clone(), none.verifier.clone());
    let installation = Installation::new_with(&[
        "--issuer",
        &issuer,
        "--verifier",
        &verifier,
        "--offline-root",
        roots_text,
        "--root-passphrase-file",
        passphrase_text,
    ]);
    let list = || {
        RevocationList::parse(&fs::read(installation.path("data/certificates/documents.crl")).unwrap())
            .unwrap()
    };
    let root = certificate(&installation, "documents-root");
    list().verify(&root, &RustCryptoProvider).unwrap();
    let said = installation.fails(
        1,
        &["keys", "revoke", "document-signing", "--reason", "superseded"],
    );
    assert!(said.contains("--root"), "{said}");

    let make = [
        "keys",
        "crl",
        "--of",
        "documents",
        "--root",
        roots_text,
        "--passphrase-file",
        passphrase_text,
    ];
    let signer = "data/keys/document-signing.chain.pem";
    let served = "data/certificates/documents.crl";
    installation.ok(&[
        &make[..],
        &[
            "--previous",
            served,
            "--revoke",
            signer,
            "--reason",
            "key-compromise",
            "--out",
            "1.crl",
        ],
    ]
    .concat());
    installation.ok(&["keys", "import-crl", "1.crl"]);
    assert_eq!(list().count(), 1);
    // Again, without what was revoked; and the same once more.
    installation.ok(&[&make[..], &["--out", "2.crl"]].concat());
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    installation.ok(&[&make[..], &["--out", "3.crl"]].concat());
    let said = installation.fails(1, &["keys", "import-crl", "3.crl"]);
    assert!(said.contains("does not name every certificate"), "{said}");
    let said = installation.fails(1, &["keys", "import-crl", "1.crl"]);
    assert!(said.contains("not newer"), "{said}");
    let other = Installation::new();
    fs::copy(
        other.path("data/certificates/documents.crl"),
        installation.path("other.crl"),
    )
    .unwrap();
    installation.fails(1, &["keys", "import-crl", "other.crl"]);
    assert_eq!(list().count(), 1);

    // The medium is brought.
    let brought = [
        "keys",
        "revoke",
        "document-signing",
        "--reason",
        "superseded",
        "--root",
        roots_text,
        "--passphrase-file",
        passphrase_text,
    ];
    installation.ok(&brought);
    assert_eq!(
        list().count(),
        1,
        "it keeps the date and reason that it was revoked with first"
    );

    // The disk is set back: nothing is taken in place of the list until somebody says from what it goes on.
    fs::copy(installation.path(served), installation.path("newest.crl")).unwrap();
    fs::copy(installation.path("1.crl"), installation.path(served)).unwrap();
    for attempt in [&brought[..], &["keys", "import-crl", "newest.crl"]] {
        let said = installation.fails(1, attempt);
        let is_told = said.contains("older than one that was served") && said.contains("resume-crl");
        assert!(is_told, "{said}");
    }
    let resume = ["keys", "resume-crl", "--of", "documents", "--previous"];
    let told = installation.ok(&[&resume[..], &["newest.crl"]].concat());
    assert!(told.contains("names 1 certificates"), "{told}");
    let newest = fs::read(installation.path("newest.crl")).unwrap();
    assert!(fs::read(installation.path(served)).unwrap() == newest);
    let said = installation.fails(1, &[&resume[..], &["1.crl"]].concat());
    assert!(said.contains("not newer"), "{said}");
    installation.ok(&brought);
}
