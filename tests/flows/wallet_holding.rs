//! What a wallet holds, for whom, and what becomes of it when the phone is lost, by the command line.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Installation, Role};
use crate::sign_in::{Browser, Receiving, run};
use crate::story::{import_people, living_adult};

/// A file that its owner alone may read.
fn secret(installation: &Installation, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = installation.path(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn offer(installation: &Installation, uin: &str) -> String {
    let made = [
        "offer",
        "create",
        "--record",
        uin,
        "--credential",
        "NationalIdentity",
        "--json",
    ];
    installation.json(&made)["link"].as_str().unwrap().to_owned()
}

fn held(installation: &Installation, further: &[&str]) -> Vec<Value> {
    let listed = installation.json(&[&["wallet", "list", "--json"], further].concat());
    listed.as_array().unwrap().clone()
}

#[test]
fn people_have_wallets_of_their_own_lists_are_searched_and_statuses_refreshed() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    let _issuer = installation.serve(Role::Issuer);
    secret(&installation, "lock", "a passphrase for Binta\n");
    let lock = ["--lock-passphrase-file", "lock"];
    installation.ok(&[&["wallet", "person", "add", "Binta"], &lock[..]].concat());
    installation.fails(1, &[&["wallet", "person", "add", "Binta"], &lock[..]].concat());
    let binta = [&["--person", "Binta"], &lock[..]].concat();
    let people = installation.json(&["wallet", "person", "list", "--json"]);
    assert_eq!(people.as_array().unwrap().len(), 2);
    assert_eq!(people[1]["name"], "Binta");

    let link = offer(&installation, &uin);
    installation.ok(&[&["wallet", "receive", &link], &binta[..]].concat());
    assert_eq!(
        held(&installation, &[]),
        Vec::<Value>::new(),
        "it is not the first person's"
    );
    assert_eq!(held(&installation, &binta).len(), 1);
    secret(&installation, "wrong", "another passphrase\n");
    let wrong = [
        "wallet",
        "list",
        "--person",
        "Binta",
        "--lock-passphrase-file",
        "wrong",
    ];
    let said = installation.fails(1, &wrong);
    assert!(said.contains("passphrase"), "{said}");
    let nobody = installation.fails(1, &["wallet", "list", "--person", "Amina"]);
    assert!(nobody.contains("nobody"), "{nobody}");

    let found = |words: &str| {
        held(
            &installation,
            &[&["--search", words, "--sort", "name"], &binta[..]].concat(),
        )
    };
    assert_eq!((found("identity").len(), found("driving licence").len()), (1, 0));
    installation.ok(&[&["wallet", "rotate"], &binta[..]].concat());
    installation.ok(&["wallet", "rotate", "--wrapping-key"]);

    let refreshed = installation.ok(&[&["wallet", "refresh", "--all"], &binta[..]].concat());
    assert!(refreshed.contains(": read, as of"), "{refreshed}");
    let listed = held(&installation, &binta);
    assert_eq!(listed[0]["condition"], "valid");
    assert!(listed[0]["as_of"].is_string(), "{listed:?}");
    installation.ok(&["credential", "revoke", "--record", &uin]);
    let again = installation.ok(&[&["wallet", "refresh"], &binta[..]].concat());
    assert!(!again.contains("read"), "nothing is due: {again}");
    assert_eq!(
        held(&installation, &binta)[0]["condition"],
        "valid",
        "nothing was fetched"
    );
    let mut condition = json!(null);
    for _ in 0..50 {
        installation.ok(&[&["wallet", "refresh", "--all"], &binta[..]].concat());
        condition = held(&installation, &binta)[0]["condition"].clone();
        if condition == "revoked" {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    assert_eq!(condition, "revoked");
}

#[test]
fn a_lost_wallet_is_restored_and_its_credentials_come_again_by_one_sign_in() {
    let urls = Installation::none();
    let installation = Installation::new_with(&[
        "--issuer",
        &urls.issuer,
        "--verifier",
        &urls.verifier,
        "--profile",
        "haip",
    ]);
    installation.sample(20);
    let _issuer = installation.serve(Role::Issuer);
    installation.ok(&["records", "import", "people.ndjson"]);
    let uin = living_adult(&installation);
    let sign_in = |receiving: Receiving| {
        run(async {
            let mut browser = Browser::new(&installation);
            browser
                .send(reqwest::Method::GET, receiving.page.as_str(), &[])
                .await;
            let back = browser.decide(&uin, "/consent/approve").await;
            browser.send(reqwest::Method::GET, &back, &[]).await;
        });
        let (printed, succeeded) = receiving.end();
        assert!(succeeded, "{printed}");
        printed
    };
    let asked = [
        "--issuer",
        &installation.issuer,
        "--credential",
        "NationalIdentity",
        "--credential",
        "NationalIdentityMdoc",
    ];
    sign_in(Receiving::start(&installation, &asked));
    secret(&installation, "passphrase", "correct horse\n");
    let with = ["--passphrase-file", "passphrase"];
    installation.ok(&[&["wallet", "backup", "amina.backup"], &with[..]].concat());
    fs::remove_dir_all(installation.path("wallet")).unwrap();

    let new = ["--wallet", "second"];
    secret(&installation, "wrong", "incorrect horse\n");
    let wrong = ["--passphrase-file", "wrong"];
    let restore = ["wallet", "restore", "amina.backup"];
    let said = installation.fails(1, &[&restore[..], &wrong, &new].concat());
    assert!(said.contains("passphrase is wrong"), "{said}");
    let restored = installation.ok(&[&restore[..], &with, &new].concat());
    assert!(
        restored.contains("2 credential(s) to be issued again"),
        "{restored}"
    );
    assert_eq!(held(&installation, &new), Vec::<Value>::new());
    let again = ["wallet", "reissue", &installation.issuer];
    let printed = sign_in(Receiving::run(&installation, &[&again[..], &new].concat()));
    assert!(printed.contains("nothing is to be issued again"), "{printed}");
    assert_eq!(held(&installation, &new).len(), 2);
    let history = installation.json(&[&["wallet", "history", "--json"], &new[..]].concat());
    let entries = history
        .as_array()
        .or_else(|| history["entries"].as_array())
        .unwrap();
    assert_eq!(entries.len(), 4, "two from before, and two: {history}");
}
