//! A credential that an operator approves, by the command line on both sides.

use std::fs;
use std::time::Duration;

use crate::harness::{Installation, Role};
use crate::story::{import_people, offering};

/// Makes the national identity wait for an operator.
fn approving() -> Installation {
    let installation = Installation::new();
    let file = installation.path("credentials/NationalIdentity.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replace(
            "validity-days = 365",
            "validity-days = 365\nissuance = \"approval\"",
        ),
    )
    .unwrap();
    let file = installation.path("symbolon.toml");
    let text = fs::read_to_string(&file).unwrap();
    let section = "\n[issuer.credentials]\nbatch_size = 4\ndeferred_interval_seconds = 1\n";
    fs::write(&file, text + section).unwrap();
    installation
}

#[test]
fn a_credential_waits_for_the_operator_and_comes_when_the_wallet_asks_again() {
    let installation = approving();
    let uin = import_people(&installation);
    let _issuer = installation.serve(Role::Issuer);
    let offer = || {
        let printed = installation.ok(&offering(&uin, "NationalIdentity"));
        printed.lines().next().unwrap().to_owned()
    };
    let count = |of: &str, what: &str| {
        let listed = installation.json(&[of, what, "--json"]);
        listed.as_array().unwrap().len()
    };
    let waits = installation.ok(&["wallet", "receive", &offer()]);
    assert!(waits.contains("later"), "{waits}");
    let pending = installation.json(&["credential", "pending", "--json"]);
    let pending = pending.as_array().unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0]["record"], uin.as_str());
    let id = pending[0]["id"].as_str().unwrap();
    assert_eq!(count("wallet", "list"), 0);
    let approved = installation.ok(&["credential", "approve", id]);
    assert!(approved.starts_with("approved"), "{approved}");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(count("wallet", "list"), 1);
    assert_eq!(count("credential", "pending"), 0);
    // The wallet has told that it holds the credential, and the operator sees it.
    let listed = installation.ok(&["credential", "list"]);
    assert!(listed.contains("wallet says credential_accepted"), "{listed}");

    installation.ok(&["wallet", "receive", &offer()]);
    let pending = installation.json(&["credential", "pending", "--json"]);
    let id = pending[0]["id"].as_str().unwrap().to_owned();
    installation.ok(&["credential", "deny", &id]);
    let said = installation.fails(1, &["credential", "approve", &id]);
    assert!(said.contains("denied"), "{said}");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(count("wallet", "list"), 1);
}

#[test]
fn an_issuer_whose_configuration_contradicts_itself_does_not_start() {
    let installation = Installation::new();
    let file = installation.path("credentials/NationalIdentity.toml");
    let text = fs::read_to_string(&file).unwrap();
    let claim = |path: &str| {
        format!(
            "[[claims]]\npath = {path}\nsource = [\"UIN\"]\ntransform = \"text\"\ndisclosure = \"selectable\"\n\
             presence = \"required\"\nlabel = {{ en = \"Number\" }}"
        )
    };
    for (keys, named) in [
        ("proof-types = [\"attestation\"]", "NationalIdentity"),
        ("proof-types = []", "proof-types"),
        ("proof-types = [\"jwt\", \"jwt\"]", "proof-types"),
        ("issuance = \"sometimes\"", "issuance"),
        (
            "[one-time-copies]\nvalidity-days = 400",
            "one-time-copies.validity-days",
        ),
        (
            "[key-attestation]\nkey-storage = [\"\"]",
            "key-attestation.key-storage",
        ),
        ("proof-types = [\"di_vp\"]\n[key-attestation]", "key-attestation"),
        (
            "[[display]]\nlocale = \"EN\"\nname = \"Another name in English\"",
            "display[1].locale",
        ),
        (&claim("[]"), "claims[0].path"),
        // The file names it again further on.
        (&claim("[\"full_name\"]"), "claims[2].path"),
    ] {
        let changed = text.replace("validity-days = 365", &format!("validity-days = 365\n{keys}\n"));
        fs::write(&file, changed).unwrap();
        let said = installation.fails(1, &["credential", "list"]);
        assert!(said.contains(named), "{keys}: {said}");
    }
}
