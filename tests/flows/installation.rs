//! An installation as its operator meets it: with a running issuer and without, with a wrong setting, with a lost card.

use std::fs;

use serde_json::Value;

use crate::harness::{Installation, Role, free_port};
use crate::plain_http::post;
use crate::story::{ask, import_people, receive};

fn credentials(installation: &Installation, record: &str) -> Vec<Value> {
    installation
        .json(&["credential", "list", "--record", record, "--json"])
        .as_array()
        .unwrap()
        .clone()
}

fn only_credential(installation: &Installation, record: &str) -> String {
    let [credential] = &credentials(installation, record)[..] else {
        panic!("there is not exactly one credential");
    };
    credential["id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn exit_code(installation: &Installation, arguments: &[&str], expected: i32) -> String {
    let output = installation.run(arguments);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(expected),
        "symbolon {arguments:?}\n{said}\n{complained}"
    );
    assert!(!complained.contains("panicked"), "{complained}");
    said
}

#[test]
fn records_are_imported_with_and_without_a_running_issuer() {
    let installation = Installation::new();
    installation.sample(4);
    let people = fs::read_to_string(installation.path("people.ndjson")).unwrap();
    let (first, second) = people.split_at(people.match_indices('\n').nth(1).unwrap().0 + 1);
    fs::write(installation.path("first.ndjson"), first).unwrap();
    fs::write(installation.path("second.ndjson"), second).unwrap();

    let counts = installation.json(&["records", "import", "first.ndjson", "--json"]);
    assert_eq!(counts["inserted"], 2, "{counts}");
    let issuer = installation.serve(Role::Issuer);
    let counts = installation.json(&["records", "import", "first.ndjson", "second.ndjson", "--json"]);
    assert_eq!(
        (&counts["inserted"], &counts["unchanged"]),
        (&2.into(), &2.into()),
        "{counts}"
    );
    assert_eq!(installation.ok(&["records", "export"]).lines().count(), 4);
    issuer.kill();
    assert_eq!(installation.ok(&["records", "export"]).lines().count(), 4);
}

#[test]
fn credentials_are_revoked_with_and_without_a_running_issuer() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    installation.ok(&["card", "print", "--record", &uin, "--out", "one.png"]);
    let first = only_credential(&installation, &uin);
    installation.ok(&["credential", "revoke", &first]);
    {
        let _issuer = installation.serve(Role::Issuer);
        exit_code(&installation, &["verify", "one.png"], 1);
        installation.ok(&["card", "print", "--record", &uin, "--out", "two.png"]);
        exit_code(&installation, &["verify", "two.png"], 0);
        installation.ok(&["credential", "revoke", "--record", &uin]);
        exit_code(&installation, &["verify", "two.png"], 1);
    }
    let credentials = credentials(&installation, &uin);
    assert_eq!(credentials.len(), 2);
    assert!(
        credentials
            .iter()
            .all(|credential| credential["status"] == "revoked")
    );
    // For good: there is no way back.
    installation.run(&["credential", "reinstate", &first]);
    let _issuer = installation.serve(Role::Issuer);
    exit_code(&installation, &["verify", "one.png"], 1);
    installation.ok(&["audit", "verify"]);
}

#[test]
fn a_second_issuer_on_the_same_store_is_refused() {
    let installation = Installation::new();
    let _issuer = installation.serve(Role::Issuer);
    let output = installation
        .command(&["issuer", "serve"])
        .env("SYMBOLON_ISSUER_LISTEN", format!("127.0.0.1:{}", free_port()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("another process has the issuer's store open"),
        "{said}"
    );
    // The first one does not notice.
    installation.ok(&["credential", "list"]);
}

#[test]
fn an_installation_is_never_made_over_another() {
    let installation = Installation::new();
    let before = fs::read(installation.path("data/trust.json")).unwrap();
    let said = installation.fails(1, &["init"]);
    assert!(said.contains("exists already"), "{said}");
    assert_eq!(fs::read(installation.path("data/trust.json")).unwrap(), before);
}

#[test]
fn an_unknown_setting_is_refused_by_its_name() {
    let installation = Installation::new();
    let output = installation
        .command(&["credential", "list"])
        .env("SYMBOLON_ISSUER_PORTT", "8080")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("SYMBOLON_ISSUER_PORTT"), "{said}");

    let path = installation.path("symbolon.toml");
    let good = fs::read_to_string(&path).unwrap();
    for (bad, key) in [
        (format!("colour = \"blue\"\n{good}"), "colour"),
        (
            good.replace("[issuer]", "[issuer]\nlisten_address = \"127.0.0.1:1\""),
            "listen_address",
        ),
        (format!("{good}\n[issuerr]\n"), "issuerr"),
    ] {
        fs::write(&path, bad).unwrap();
        for command in [
            &["issuer", "serve"][..],
            &["verifier", "serve"],
            &["credential", "list"],
        ] {
            let said = installation.fails(1, command);
            assert!(said.contains(key), "{said}");
        }
    }
}

#[test]
fn a_sign_in_that_cannot_work_is_refused_at_start() {
    let installation = Installation::new();
    let path = installation.path("symbolon.toml");
    let good = fs::read_to_string(&path).unwrap();
    assert!(good.contains("sender = \"demo\""), "{good}");
    let (before, after) = good.split_once("[issuer.sign_in]").unwrap();
    let (_, after) = after
        .split_once("\n[")
        .map_or(("", String::new()), |(own, rest)| (own, format!("\n[{rest}")));
    let client = "\n[[issuer.clients]]\nclient_id = \"w\"\nname = \"W\"\nredirect_uris = [\"https://w.example/\"]\nauthentication = \"none\"\n";
    let provider = "method = \"openid_provider\"\n[issuer.sign_in.provider]\nname = \"Login\"\nclient_id = \"c\"\nrecord_claim = \"sub\"\nrecord_claim_holds = \"uin\"\n";
    for (section, more, said) in [
        ("", client, "[issuer.sign_in]"),
        (
            "[issuer.sign_in]\nmethod = \"one_time_code\"\nsender = \"file\"\n",
            "",
            "issuer.sign_in.file",
        ),
        (
            "[issuer.sign_in]\nmethod = \"one_time_code\"\nsender = \"file\"\nfile = \"no/such/folder/codes\"\n",
            "",
            "issuer.sign_in.file",
        ),
        (
            "[issuer.sign_in]\nmethod = \"one_time_code\"\nsender = \"webhook\"\nwebhook = \"http://sms.example\"\nwebhook_secret = \"data/administration-token\"\n",
            "",
            "issuer.sign_in.webhook",
        ),
        (
            &format!("[issuer.sign_in]\n{provider}issuer = \"http://login.example\"\n"),
            "",
            "issuer: must be an https URL",
        ),
        (
            &format!(
                "[issuer.sign_in]\n{provider}issuer = \"https://login.example\"\nclient_key = \"data/trust.json\"\n"
            ),
            "",
            "client_key",
        ),
    ] {
        fs::write(&path, format!("{before}{section}{after}{more}")).unwrap();
        let refused = installation.fails(1, &["issuer", "serve"]);
        assert!(refused.contains(said), "{refused}");
    }
}

#[test]
fn the_administration_interface_asks_for_its_token() {
    let installation = Installation::new();
    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    let token = fs::read_to_string(installation.path("data/administration-token")).unwrap();
    let token = token.trim();
    let almost = &token[..token.len() - 1];
    let issuer = [
        "records/import",
        "records/show",
        "records/export",
        "offers",
        "cards",
        "credentials/list",
        "credentials/status",
        "packs",
        "audit/verify",
        "backups",
        "backups/pages",
        "backups/end",
        "no-such-order",
    ]
    .map(|path| format!("{}/admin/v1/{path}", installation.issuer));
    let verifier = ["presentation-requests"].map(|path| format!("{}/admin/v1/{path}", installation.verifier));
    for url in issuer.iter().chain(&verifier) {
        for wrong in [None, Some(""), Some(almost), Some("wrong")] {
            let answer = post(url, wrong, "application/json", b"{}").unwrap();
            assert_eq!(answer.status, 401, "{url}");
            assert!(answer.body.is_empty(), "{url}");
        }
    }
    let list = format!("{}/admin/v1/credentials/list", installation.issuer);
    assert_eq!(
        post(&list, Some(token), "application/json", b"{}")
            .unwrap()
            .status,
        200
    );
}

#[test]
fn a_suspension_ends_and_a_revocation_does_not() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    receive(&installation, &uin);
    let id = ask(&installation);
    installation.ok(&["wallet", "present", "request.png", "--yes", "--save", "shown"]);
    assert!(
        installation
            .ok(&["request", "show", &id, "--wait"])
            .contains("VALID")
    );
    let credential = only_credential(&installation, &uin);
    let verify = ["verify", "shown", "--request", "shown.request.jwt"];

    exit_code(&installation, &verify, 0);
    installation.ok(&["credential", "suspend", &credential]);
    assert!(exit_code(&installation, &verify, 1).contains("suspended"));
    installation.ok(&["credential", "reinstate", &credential]);
    exit_code(&installation, &verify, 0);
    installation.ok(&["credential", "revoke", &credential]);
    assert!(exit_code(&installation, &verify, 1).contains("revoked"));
    installation.run(&["credential", "reinstate", &credential]);
    exit_code(&installation, &verify, 1);
    // Without the request nobody knows for whom it was shown; that it is revoked is known all the same.
    exit_code(&installation, &["verify", "shown"], 1);
}

#[test]
fn a_reprint_revokes_the_lost_card() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    let _issuer = installation.serve(Role::Issuer);
    installation.ok(&["card", "print", "--record", &uin, "--out", "old.png"]);
    let old = only_credential(&installation, &uin);
    assert!(exit_code(&installation, &["verify", "old.png"], 0).contains("GENUINE"));

    installation.ok(&[
        "card",
        "print",
        "--record",
        &uin,
        "--out",
        "new.png",
        "--replaces",
        &old,
    ]);
    assert!(exit_code(&installation, &["verify", "old.png"], 1).contains("revoked"));
    assert!(exit_code(&installation, &["verify", "new.png"], 0).contains("GENUINE"));
    let books = credentials(&installation, &uin);
    let lost = books
        .iter()
        .find(|credential| credential["id"] == old.as_str())
        .unwrap();
    let new = books
        .iter()
        .find(|credential| credential["id"] != old.as_str())
        .unwrap();
    assert_eq!(lost["status"], "revoked");
    assert_eq!(lost["replaced_by"], new["id"]);
}
