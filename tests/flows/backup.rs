//! A backup of a running installation, and what becomes of it after a loss.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;

use crate::harness::{Installation, Role};
use crate::keys::present;
use crate::plain_http::post;
use crate::story::{import_people, offer, receive};

const PASSPHRASE: &str = "a passphrase of the backup alone";

fn with_passphrase(mut command: Command, passphrase: &str) -> Output {
    command
        .env("SYMBOLON_BACKUP_PASSPHRASE", passphrase)
        .output()
        .unwrap()
}

#[track_caller]
pub(crate) fn back_up(installation: &Installation, file: &str) -> Value {
    let output = with_passphrase(installation.command(&["backup", file, "--json"]), PASSPHRASE);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Removes the installation, as a fire would; what the resident and others have stays.
pub(crate) fn lose(installation: &Installation) {
    for name in ["symbolon.toml", "data", "credentials", "queries"] {
        let path = installation.path(name);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
}

/// Restores in a folder aside and moves the parts to where the installation was, because its folder holds the wallet still.
#[track_caller]
pub(crate) fn restore(installation: &Installation, file: &Path) -> Value {
    let fresh = installation.path("restored");
    let output = with_passphrase(
        installation.command(&[
            "restore",
            &file.display().to_string(),
            "--dir",
            "restored",
            "--json",
        ]),
        PASSPHRASE,
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for entry in fs::read_dir(&fresh).unwrap() {
        let entry = entry.unwrap();
        fs::rename(
            entry.path(),
            installation.path(entry.file_name().to_str().unwrap()),
        )
        .unwrap();
    }
    fs::remove_dir(fresh).unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn credentials(installation: &Installation) -> Vec<Value> {
    installation
        .json(&["credential", "list", "--json"])
        .as_array()
        .unwrap()
        .clone()
}

fn places(credentials: &[Value]) -> Vec<(u64, u64)> {
    credentials
        .iter()
        .map(|credential| {
            (
                credential["shard"].as_u64().unwrap(),
                credential["index"].as_u64().unwrap(),
            )
        })
        .collect()
}

#[track_caller]
fn verdict(installation: &Installation, file: &str, code: i32) {
    let output = installation.run(&["verify", file]);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

fn redeem(installation: &Installation, code: &str) -> (u16, Value) {
    let form =
        format!("grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code&pre-authorized_code={code}");
    let answer = post(
        &format!("{}/token", installation.issuer),
        None,
        "application/x-www-form-urlencoded",
        form.as_bytes(),
    )
    .unwrap();
    (
        answer.status,
        serde_json::from_slice(&answer.body).unwrap_or_default(),
    )
}

/// A pre-authorized code for a record.
fn code_for(installation: &Installation, uin: &str) -> String {
    let offer = offer(installation, uin, "NationalIdentity", &["--by-value"]);
    let link = offer["link"].as_str().unwrap();
    let (_, query) = link.split_once("credential_offer=").unwrap();
    let query: String = url_decoded(query);
    let offer: Value = serde_json::from_str(&query).unwrap();
    let grant = &offer["grants"]["urn:ietf:params:oauth:grant-type:pre-authorized_code"];
    grant["pre-authorized_code"].as_str().unwrap().to_owned()
}

fn url_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn what_was_issued_is_good_after_a_loss_and_nothing_works_or_is_given_twice() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    let backup = installation.path("monday.backup");
    let (used, unused, taken_after);
    {
        let _issuer = installation.serve(Role::Issuer);
        let _verifier = installation.serve(Role::Verifier);
        receive(&installation, &uin);
        installation.ok(&["card", "print", "--record", &uin, "--out", "card.png"]);
        installation.ok(&["pack", "build", "--out", "before.pack"]);
        unused = code_for(&installation, &uin);
        used = code_for(&installation, &uin);

        // Cards are printed all the while the backup is read.
        let stop = AtomicBool::new(false);
        let printed = thread::scope(|scope| {
            let printing = scope.spawn(|| {
                let mut printed = 0;
                while !stop.load(Ordering::Relaxed) || printed == 0 {
                    installation.ok(&["card", "print", "--record", &uin, "--out", "busy.png"]);
                    printed += 1;
                }
                printed
            });
            let told = back_up(&installation, "monday.backup");
            stop.store(true, Ordering::Relaxed);
            assert!(told["entries"].as_u64().unwrap() > 20, "{told}");
            assert_eq!(
                told["bytes"].as_u64().unwrap(),
                fs::metadata(&backup).unwrap().len()
            );
            printing.join().unwrap()
        });
        assert!(printed >= 1);

        // What happens later is lost: a code is used, a card is printed.
        assert_eq!(redeem(&installation, &used).0, 200);
        installation.ok(&["card", "print", "--record", &uin, "--out", "lost.png"]);
        taken_after = places(&credentials(&installation));
    }
    // Nothing of the installation is in the clear in the file.
    let bytes = fs::read(&backup).unwrap();
    for secret in [uin.as_bytes(), b"PRIVATE KEY", b"credential_configurations"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }

    lose(&installation);
    let told = restore(&installation, &backup);
    assert!(told["entries"].as_u64().unwrap() > 20, "{told}");
    assert!(installation.ok(&["audit", "verify"]).contains("whole"));
    // The book of offers is back; of those that gave nothing before the backup it says what ended them.
    let offers = installation.json(&["offer", "list", "--json"]);
    let mut states: Vec<(&str, &str)> = offers
        .as_array()
        .unwrap()
        .iter()
        .map(|offer| {
            let cause = offer["cancelled_by"].as_str().unwrap_or_default();
            (offer["state"].as_str().unwrap(), cause)
        })
        .collect();
    states.sort_unstable();
    assert_eq!(
        states,
        [("cancelled", "restore"), ("cancelled", "restore"), ("issued", "")]
    );
    let restored = credentials(&installation);
    assert!(restored.len() < taken_after.len());

    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    // Old credentials are good, by lists that are signed again, and can be revoked.
    verdict(&installation, "card.png", 0);
    present(&installation);
    let card = restored
        .iter()
        .find(|credential| credential["kind"] == "card")
        .unwrap();
    installation.ok(&["credential", "revoke", card["id"].as_str().unwrap()]);
    verdict(&installation, "card.png", 1);

    // A code that was used since does not work once more, and neither does one that was not.
    for code in [&used, &unused] {
        let (status, answer) = redeem(&installation, code);
        assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_grant")));
    }
    // What is issued now has a place that nothing had, also nothing that was lost.
    installation.ok(&["card", "print", "--record", &uin, "--out", "new.png"]);
    receive(&installation, &uin);
    let known: Vec<Value> = restored
        .iter()
        .map(|credential| credential["id"].clone())
        .collect();
    let new: Vec<Value> = credentials(&installation)
        .into_iter()
        .filter(|credential| !known.contains(&credential["id"]))
        .collect();
    assert_eq!(new.len(), 2);
    let oldest = taken_after.iter().map(|(shard, _)| *shard).max().unwrap();
    for (shard, index) in places(&new) {
        assert!(!taken_after.contains(&(shard, index)));
        assert!(shard > oldest, "{shard} is not a fresh list");
        assert_eq!(shard, told["tenants"][0]["status_list"].as_u64().unwrap());
    }
    verdict(&installation, "new.png", 0);
    // Packs go on: nobody takes a new one for an old one.
    installation.ok(&["verify", "new.png", "--pack", {
        installation.ok(&["pack", "build", "--out", "after.pack"]);
        "after.pack"
    }]);
    let sequence = |file: &str| {
        installation.json(&["pack", "inspect", file, "--json"])["sequence"]
            .as_u64()
            .unwrap()
    };
    assert!(sequence("after.pack") > sequence("before.pack") + 1);
    // Both restores of one backup would open different lists, and this one is served.
    installation.ok(&["audit", "verify"]);
}

fn folder_is_empty(path: &Path) -> bool {
    !path.exists() || fs::read_dir(path).unwrap().next().is_none()
}

#[test]
fn a_backup_that_is_cut_changed_or_of_somebody_else_changes_nothing() {
    let installation = Installation::new();
    import_people(&installation);
    back_up(&installation, "good.backup");
    let good = fs::read(installation.path("good.backup")).unwrap();
    let refused = |name: &str, bytes: &[u8], passphrase: &str, says: &str| {
        fs::write(installation.path(name), bytes).unwrap();
        let output = with_passphrase(
            installation.command(&["restore", name, "--dir", "elsewhere"]),
            passphrase,
        );
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains(says), "{name}: {said}");
        assert!(!said.contains("panicked"), "{said}");
        assert!(
            folder_is_empty(&installation.path("elsewhere")),
            "{name} left something behind"
        );
    };
    refused(
        "passphrase.backup",
        &good,
        "another passphrase",
        "the passphrase is wrong",
    );
    for length in [0, 10, 46, 60, good.len() / 2, good.len() - 1] {
        let says = if length < 46 { "not a backup" } else { "cut short" };
        refused("cut.backup", &good[..length], PASSPHRASE, says);
    }
    let mut changed = good.clone();
    let middle = good.len() - 100;
    changed[middle] ^= 1;
    refused("changed.backup", &changed, PASSPHRASE, "changed");
    let mut later = good.clone();
    later[17] = 9;
    refused("later.backup", &later, PASSPHRASE, "version 9");
    refused(
        "longer.backup",
        &[good.as_slice(), b"x"].concat(),
        PASSPHRASE,
        "does not read",
    );

    // Never over an installation, and never over another backup.
    let before = fs::read(installation.path("data/trust.json")).unwrap();
    let output = with_passphrase(installation.command(&["restore", "good.backup"]), PASSPHRASE);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not empty"));
    assert_eq!(fs::read(installation.path("data/trust.json")).unwrap(), before);
    let output = with_passphrase(installation.command(&["backup", "good.backup"]), PASSPHRASE);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read(installation.path("good.backup")).unwrap(), good);
    // Without a passphrase nothing is written.
    let said = installation.fails(1, &["backup", "plain.backup"]);
    assert!(said.contains("SYMBOLON_BACKUP_PASSPHRASE"), "{said}");
    assert!(
        !installation.path("plain.backup").exists() && !installation.path("plain.backup.partial").exists()
    );
}

#[test]
fn a_restored_installation_of_encrypted_keys_asks_for_its_own_passphrase() {
    let installation = Installation::new();
    let of_keys = ("SYMBOLON_KEY_PASSPHRASE", "the passphrase of the keys");
    installation.ok_with(&["keys", "encrypt"], &[of_keys]);
    let of_backup = ("SYMBOLON_BACKUP_PASSPHRASE", PASSPHRASE);
    installation.ok_with(&["backup", "a.backup", "--json"], &[of_keys, of_backup]);
    lose(&installation);
    restore(&installation, &PathBuf::from("a.backup"));
    let said = installation.fails(1, &["issuer", "serve"]);
    assert!(said.contains("SYMBOLON_KEY_PASSPHRASE"), "{said}");
    installation.ok_with(&["keys", "list", "--json"], &[of_keys]);
}

#[test]
fn a_backup_has_every_file_that_the_configuration_names_and_no_code_that_was_sent() {
    let installation = Installation::new();
    fs::create_dir(installation.path("anchors")).unwrap();
    let root = installation.path("data/keys/issuers-root.chain.pem");
    fs::copy(root, installation.path("anchors/proof.pem")).unwrap();
    let path = installation.path("symbolon.toml");
    let configuration = fs::read_to_string(&path)
        .unwrap()
        .replacen(
            "sender = \"demo\"",
            "sender = \"file\"\nfile = \"data/codes.ndjson\"",
            1,
        )
        .replacen(
            "[verifier]",
            "[issuer.credentials]\nproof_certificates = [\"anchors/proof.pem\"]\n\n[verifier]",
            1,
        );
    fs::write(&path, configuration).unwrap();
    fs::write(installation.path("data/codes.ndjson"), "{\"code\":\"123456\"}\n").unwrap();
    // Whoever reads a pipe to its end waits forever.
    let pipe = installation.path("data/pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    back_up(&installation, "a.backup");
    lose(&installation);
    fs::remove_dir_all(installation.path("anchors")).unwrap();
    restore(&installation, &PathBuf::from("a.backup"));
    assert!(installation.path("anchors/proof.pem").exists());
    assert!(!installation.path("data/codes.ndjson").exists());
    assert!(!pipe.exists());
    let _issuer = installation.serve(Role::Issuer);
}
