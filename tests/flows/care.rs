//! What an operator does to keys and books of every issuer of an installation, and what stays of it in the audit log.

use std::fs;
use std::process::Output;

use symbolon_issuer::store::Space;
use symbolon_store::{Store, Tenant};

use crate::harness::{Installation, Role};
use crate::tenants::with_north;

const PASSPHRASE: &str = "the passphrase of the keys";

fn with_passphrase(installation: &Installation, passphrase: &str, arguments: &[&str]) -> Output {
    installation
        .command(arguments)
        .env("SYMBOLON_KEY_PASSPHRASE", passphrase)
        .env("SYMBOLON_BACKUP_PASSPHRASE", "the passphrase of the backup")
        .output()
        .unwrap()
}

#[track_caller]
fn done(installation: &Installation, arguments: &[&str]) -> String {
    let output = with_passphrase(installation, PASSPHRASE, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// What stands in a space of the books of a tenant, while nobody has them open.
fn books(installation: &Installation, tenant: &str, space: Space) -> Vec<String> {
    let store = Store::open(&installation.path("data/issuer.redb")).unwrap();
    let space = symbolon_store::Space::new(space.name());
    let entries = store.scan(&Tenant::parse(tenant).unwrap(), space, &[], None, usize::MAX);
    let entries = entries.unwrap();
    store.close();
    let text = |value: &[u8]| String::from_utf8_lossy(value).replace('\\', "");
    entries.iter().map(|entry| text(&entry.value)).collect()
}

#[test]
fn what_is_done_to_keys_is_in_the_audit_log_whether_a_server_runs_or_not() {
    let (installation, _) = with_north("/north");
    done(
        &installation,
        &["keys", "rotate", "card-signing", "--tenant", "north"],
    );
    done(&installation, &["keys", "encrypt", "--tenant", "default"]);
    {
        let environment = [("SYMBOLON_KEY_PASSPHRASE", PASSPHRASE)];
        let _issuer = installation.serve_with(Role::Issuer, &environment);
        let request = [
            "keys",
            "request",
            "status-signing",
            "--new-key",
            "--out",
            "a.csr",
            "--tenant",
            "default",
        ];
        done(&installation, &request);
        // The same key once more is no new one.
        done(&installation, &request);
    }
    for tenant in ["default", "north"] {
        done(&installation, &["audit", "verify", "--tenant", tenant]);
    }
    let told = |tenant: &str| {
        let mut entries = books(&installation, tenant, Space::AuditEntries);
        entries.retain(|entry| entry.contains("key-changed"));
        entries
    };
    let has = |entries: &[String], key: &str, change: &str| {
        let (key, change) = (format!("\"key\":\"{key}\""), format!("\"change\":\"{change}\""));
        let fits = |entry: &&String| entry.contains(&key) && entry.contains(&change);
        entries.iter().filter(fits).count()
    };
    let north = told("north");
    assert_eq!(
        (north.len(), has(&north, "card-signing", "replaced")),
        (1, 1),
        "{north:?}"
    );
    let default = told("default");
    assert_eq!(has(&default, "status-signing", "prepared"), 1, "{default:?}");
    for key in ["registry", "pack", "credential-signing", "verifier-requests"] {
        assert_eq!(has(&default, key, "encrypted"), 1, "{key}: {default:?}");
    }
}

#[test]
fn the_keys_of_all_issuers_are_encrypted_under_one_passphrase() {
    let (installation, _) = with_north("/north");
    done(&installation, &["keys", "encrypt", "--tenant", "default"]);
    let encrypt = ["keys", "encrypt", "--tenant", "north"];
    let other = with_passphrase(&installation, "some other passphrase", &encrypt);
    let said = String::from_utf8_lossy(&other.stderr);
    assert_eq!(other.status.code(), Some(1), "{said}");
    assert!(said.contains("the passphrase is wrong"), "{said}");
    assert!(
        !installation
            .path("data/tenants/north/keys/keys.sealed.json")
            .exists()
    );
    done(&installation, &encrypt);
    done(&installation, &["issuer", "check", "--tenant", "north"]);
}

#[test]
fn an_upgrade_adds_what_every_issuer_lacks() {
    let (installation, _) = with_north("/north");
    let keys = installation.path("data/tenants/north/keys");
    for file in ["metadata-signing.key.pem", "metadata-signing.chain.pem"] {
        fs::remove_file(keys.join(file)).unwrap();
    }
    let mapping = installation.path("credentials/north/NationalIdentityMdoc.toml");
    let before = fs::read(&mapping).unwrap();
    fs::remove_file(&mapping).unwrap();
    let said = installation.ok(&["init", "--upgrade", "--dir", "."]);
    assert!(said.contains("made the key metadata-signing of north"), "{said}");
    assert!(keys.join("metadata-signing.key.pem").exists());
    assert_eq!(fs::read(&mapping).unwrap(), before);
    assert!(
        installation
            .ok(&["init", "--upgrade", "--dir", "."])
            .contains("nothing is missing")
    );
    let told = books(&installation, "north", Space::WaitingEvents);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("\"made\""));
}

#[test]
fn a_backup_without_a_server_chains_what_waits_in_the_books_of_every_issuer() {
    let (installation, _) = with_north("/north");
    installation.sample(1);
    for tenant in ["default", "north"] {
        installation.ok(&["records", "import", "people.ndjson", "--tenant", tenant]);
        assert!(!books(&installation, tenant, Space::WaitingEvents).is_empty());
    }
    done(&installation, &["backup", "all.backup"]);
    for tenant in ["default", "north"] {
        assert!(
            books(&installation, tenant, Space::WaitingEvents).is_empty(),
            "{tenant}"
        );
        assert!(
            !books(&installation, tenant, Space::AuditEntries).is_empty(),
            "{tenant}"
        );
    }
}
