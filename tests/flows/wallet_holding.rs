//! What a wallet holds, for whom, and what becomes of it when the phone is lost, by the command line.

use std::fs;

use serde_json::{Value, json};

use crate::haip_flow;
use crate::harness::{Installation, Role};
use crate::sign_in::Receiving;
use crate::story::{self, import_people};

/// A file that its owner alone may read.
fn secret(installation: &Installation, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = installation.path(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn offer(installation: &Installation, uin: &str) -> String {
    let offer = story::offer(installation, uin, "NationalIdentity", &[]);
    offer["link"].as_str().unwrap().to_owned()
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
    let lines = installation.ok(&[&["wallet", "list"], &binta[..]].concat());
    assert!(lines.contains(" (dc+sd-jwt), from "), "{lines}");
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
    let (installation, _issuer, uin) = haip_flow::prepare();
    let asked = [
        "--issuer",
        &installation.issuer,
        "--credential",
        "NationalIdentity",
        "--credential",
        "NationalIdentityMdoc",
    ];
    Receiving::start(&installation, &asked).agreed(&installation, &uin);
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
    let reissuing = Receiving::run(&installation, &[&again[..], &new].concat());
    let printed = reissuing.agreed(&installation, &uin);
    assert!(printed.contains("nothing is to be issued again"), "{printed}");
    assert_eq!(held(&installation, &new).len(), 2);
    let history = installation.json(&[&["wallet", "history", "--json"], &new[..]].concat());
    let entries = history
        .as_array()
        .or_else(|| history["entries"].as_array())
        .unwrap();
    assert_eq!(entries.len(), 4, "two from before, and two: {history}");
}

#[test]
fn copies_are_counted_refilled_and_refused_when_they_are_spent() {
    let (installation, issuer, uin) = haip_flow::prepare();
    let asked = [
        "--issuer",
        &installation.issuer,
        "--credential",
        "NationalIdentity",
        "--copies",
        "2",
    ];
    Receiving::start(&installation, &asked).agreed(&installation, &uin);
    let _verifier = installation.serve(Role::Verifier);
    let link = || {
        let made = installation.json(&["request", "create", "--query", "age-over-18", "--json"]);
        made["authorization_request"].as_str().unwrap().to_owned()
    };
    let state = || {
        let listed = held(&installation, &[]);
        let condition = listed[0]["condition"].as_str().unwrap().to_owned();
        (listed[0]["copies_left"].as_u64().unwrap(), condition)
    };
    assert_eq!(state().0, 2);
    let shown = installation.ok(&["wallet", "present", &link(), "--yes"]);
    assert!(!shown.contains("copy"), "{shown}");
    assert_eq!(state().0, 1);
    let refreshed = installation.ok(&["wallet", "refresh"]);
    assert!(refreshed.contains("with fresh copies"), "{refreshed}");
    assert_eq!(state().0, 2);
    assert_eq!(installation.ok(&["wallet", "renew"]), "", "nothing runs out");

    // A week without the issuer.
    issuer.kill();
    installation.ok(&["wallet", "present", &link(), "--yes"]);
    let shown = installation.ok(&["wallet", "present", &link(), "--yes"]);
    assert!(shown.contains("the last copy that nobody has seen"), "{shown}");
    assert_eq!(state(), (0, "copies_spent".to_owned()));
    let spent = installation.run(&["wallet", "present", &link(), "--yes"]);
    assert_eq!(spent.status.code(), Some(1));
    let said = String::from_utf8(spent.stdout).unwrap();
    assert!(said.contains("every copy of what is held was shown"), "{said}");
    let mut again = installation.command(&["wallet", "present", &link(), "--yes"]);
    let again = again
        .env("SYMBOLON_WALLET_SPENT_COPIES", "shown_again")
        .output()
        .unwrap();
    let said = String::from_utf8(again.stdout).unwrap();
    assert!(again.status.success() && said.contains("recognise it"), "{said}");
    let output = installation.run(&["wallet", "renew"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cannot be reached"), "{said}");

    let _issuer = installation.serve(Role::Issuer);
    // Whatever the next command finds unfinished it goes on with.
    installation.ok(&["wallet", "renew"]);
    assert_eq!(state().0, 2);
}

#[test]
fn a_lock_is_changed_a_person_removed_and_a_search_takes_no_offence_at_accents() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    let _issuer = installation.serve(Role::Issuer);
    secret(&installation, "lock", "a passphrase for Binta\n");
    secret(&installation, "next", "another passphrase for Binta\n");
    installation.ok(&[
        "wallet",
        "person",
        "add",
        "Binta",
        "--lock-passphrase-file",
        "lock",
    ]);
    let of = |lock: &'static str| ["--person", "Binta", "--lock-passphrase-file", lock];
    let link = offer(&installation, &uin);
    installation.ok(&[&["wallet", "receive", &link], &of("lock")[..]].concat());
    let change = |lock: &'static str, new: &'static str| {
        [
            "wallet",
            "person",
            "lock",
            "Binta",
            "--lock-passphrase-file",
            lock,
            "--new-passphrase-file",
            new,
        ]
    };
    let said = installation.fails(1, &change("next", "lock"));
    assert!(said.contains("passphrase"), "{said}");
    installation.ok(&change("lock", "next"));
    installation.fails(1, &[&["wallet", "list"], &of("lock")[..]].concat());
    assert_eq!(held(&installation, &of("next")).len(), 1);
    let found = held(
        &installation,
        &[&["--search", "NÁTÍONAL"], &of("next")[..]].concat(),
    );
    assert_eq!(found.len(), 1);

    installation.fails(
        1,
        &[
            "wallet",
            "person",
            "remove",
            "Binta",
            "--lock-passphrase-file",
            "lock",
        ],
    );
    installation.ok(&[
        "wallet",
        "person",
        "remove",
        "Binta",
        "--lock-passphrase-file",
        "next",
    ]);
    installation.fails(1, &[&["wallet", "list"], &of("next")[..]].concat());
    installation.ok(&[
        "wallet",
        "person",
        "add",
        "Binta",
        "--lock-passphrase-file",
        "lock",
    ]);
    assert_eq!(held(&installation, &of("lock")), Vec::<Value>::new());
    installation.ok(&["wallet", "person", "remove", "Binta", "--passphrase-forgotten"]);
    let people = installation.json(&["wallet", "person", "list", "--json"]);
    assert_eq!(people.as_array().unwrap().len(), 1);
}
