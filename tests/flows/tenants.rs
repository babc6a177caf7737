//! Several issuers in one process: made by one command, served by one listener, each with people, keys and a token of its own.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Installation, Role, free_port};
use crate::plain_http::post;
use crate::story::{living_adult, offer, take_up};

/// An installation with the issuer `[issuer]` and another below it.
pub(crate) fn with_north(path: &str) -> (Installation, String) {
    let installation = Installation::new();
    let north = format!("{}{path}", installation.issuer);
    installation.ok(&[
        "tenant",
        "add",
        "north",
        "--issuer",
        &north,
        "--name",
        "Northern register",
    ]);
    (installation, north)
}

fn import(installation: &Installation) -> String {
    installation.sample(20);
    for tenant in ["default", "north"] {
        installation.ok(&["records", "import", "people.ndjson", "--tenant", tenant]);
    }
    living_adult(installation)
}

fn receive_from(installation: &Installation, tenant: &str, uin: &str) {
    let of_tenant = ["--tx-code", "--tenant", tenant];
    let offer = offer(installation, uin, "NationalIdentity", &of_tenant);
    take_up(installation, &offer, &[]);
}

/// Asks the wallet for a name in the national identity of `issuer`; what the verifier says of it.
fn shown(installation: &Installation, issuer: &str) -> String {
    let query = json!({ "credentials": [{
        "id": "identity",
        "format": "dc+sd-jwt",
        "meta": { "vct_values": [format!("{issuer}/types/national-identity")] },
        "claims": [{ "path": ["full_name"] }],
    }] });
    fs::write(installation.path("query.json"), query.to_string()).unwrap();
    let request = installation.json(&[
        "request",
        "create",
        "--query",
        "query.json",
        "--qr",
        "request.png",
        "--json",
    ]);
    installation.ok(&["wallet", "present", "request.png", "--yes", "--save", "shown"]);
    let id = request["request_id"].as_str().unwrap();
    let output = installation.run(&["request", "show", id, "--wait"]);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn two_issuers_issue_and_their_credentials_are_verified_and_revoked_apart() {
    let (installation, north) = with_north("/registers/north");
    let uin = import(&installation);
    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    for (tenant, issuer) in [("default", &installation.issuer), ("north", &north)] {
        receive_from(&installation, tenant, &uin);
        let said = shown(&installation, issuer);
        assert!(said.contains("VALID"), "{said}");
        assert!(said.contains(issuer.as_str()), "{said}");
    }
    // Revoked by the one, untouched at the other.
    installation.ok(&["credential", "revoke", "--record", &uin, "--tenant", "north"]);
    let of = |tenant: &str| installation.json(&["credential", "list", "--json", "--tenant", tenant]);
    assert_eq!(of("north")[0]["status"], "revoked");
    assert_eq!(of("default")[0]["status"], "valid");
    let judged = installation.run(&["verify", "shown", "--request", "shown.request.jwt"]);
    let said = String::from_utf8(judged.stdout).unwrap();
    assert!(
        judged.status.code() == Some(1) && said.contains("revoked"),
        "{said}"
    );

    // The pack is the installation's, and has the lists of both.
    for (tenant, card) in [("default", "default.png"), ("north", "north.png")] {
        installation.ok(&[
            "card", "print", "--record", &uin, "--out", card, "--tenant", tenant,
        ]);
    }
    installation.ok(&["credential", "revoke", "--record", &uin, "--tenant", "north"]);
    installation.ok(&["pack", "build", "--out", "all.pack"]);
    let verdict = |card: &str| {
        installation
            .run(&["verify", card, "--pack", "all.pack"])
            .status
            .code()
    };
    assert_eq!(verdict("default.png"), Some(0));
    assert_eq!(verdict("north.png"), Some(1));
    let told = installation.json(&["pack", "inspect", "all.pack", "--json"]);
    let lists = told["revocation_lists"].as_array().unwrap();
    let places: Vec<_> = lists.iter().map(|list| list["uri"].as_str().unwrap()).collect();
    for issuer in [&installation.issuer, &north] {
        for name in ["issuers.crl", "documents.crl"] {
            let place = format!("{issuer}/certificates/{name}");
            assert!(places.contains(&place.as_str()), "{place}: {places:?}");
        }
    }
    for tenant in ["default", "north"] {
        installation.ok(&["audit", "verify", "--tenant", tenant]);
    }
}

#[test]
fn the_same_commands_work_without_a_server_and_choose_their_issuer() {
    let (installation, north) = with_north("/north");
    let listed = installation.json(&["tenant", "list", "--json"]);
    let names: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["tenant"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["default", "north"]);
    assert_eq!(listed[1]["identifier"], north.as_str());

    installation.sample(3);
    let said = installation.fails(1, &["records", "import", "people.ndjson"]);
    assert!(
        said.contains("--tenant") && said.contains("default, north"),
        "{said}"
    );
    installation.ok(&["records", "import", "people.ndjson", "--tenant", "north"]);
    let export = |tenant: &str| {
        installation
            .ok(&["records", "export", "--tenant", tenant])
            .lines()
            .count()
    };
    assert_eq!((export("default"), export("north")), (0, 3));
    let said = installation.fails(1, &["records", "export", "--tenant", "south"]);
    assert!(said.contains("no tenant south"), "{said}");
    let said = installation.fails(1, &["wallet", "list", "--tenant", "north"]);
    assert!(said.contains("--tenant means nothing"), "{said}");

    let keys = |tenant: &str| -> Vec<Value> {
        let listed = installation.json(&["keys", "list", "--json", "--tenant", tenant]);
        listed["keys"].as_array().unwrap().clone()
    };
    let thumbprints = |tenant: &str| -> Vec<String> {
        keys(tenant)
            .iter()
            .map(|key| key["thumbprint"].to_string())
            .collect()
    };
    let of_north = thumbprints("north");
    assert!(!of_north.is_empty());
    assert!(
        thumbprints("default").iter().all(|key| !of_north.contains(key)),
        "no key is shared"
    );
    installation.ok(&["keys", "rotate", "card-signing", "--tenant", "north"]);
    assert_ne!(thumbprints("north"), of_north);

    // A backup is the installation's, and brings both back.
    fs::write(installation.path("passphrase"), "correct horse battery staple").unwrap();
    fs::set_permissions(
        installation.path("passphrase"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    installation.ok(&["backup", "all.backup", "--passphrase-file", "passphrase"]);
    installation.ok(&[
        "restore",
        "all.backup",
        "--dir",
        "again",
        "--passphrase-file",
        "passphrase",
    ]);
    let again = ["--config", "again/symbolon.toml"];
    let restored = installation.ok(&[&["records", "export", "--tenant", "north"], &again[..]].concat());
    assert_eq!(restored.lines().count(), 3);
    installation.ok(&[&["audit", "verify", "--tenant", "north"], &again[..]].concat());
}

#[test]
fn the_keys_of_a_tenant_are_encrypted_as_the_installation_is_and_come_back_from_a_backup() {
    let installation = Installation::new();
    let passphrases = [
        ("SYMBOLON_KEY_PASSPHRASE", "the passphrase of the keys"),
        ("SYMBOLON_BACKUP_PASSPHRASE", "the passphrase of the backup"),
    ];
    let with_passphrases = |arguments: &[&str]| installation.ok_with(arguments, &passphrases);
    with_passphrases(&["keys", "encrypt"]);
    let north = format!("{}/north", installation.issuer);
    let add = ["tenant", "add", "north", "--name", "North", "--issuer", &north];
    let said = installation.fails(1, &add);
    assert!(said.contains("SYMBOLON_KEY_PASSPHRASE"), "{said}");
    let other = installation
        .command(&add)
        .env("SYMBOLON_KEY_PASSPHRASE", "another passphrase")
        .output();
    assert_eq!(other.unwrap().status.code(), Some(1), "one passphrase opens all");
    // Neither left anything that is in the way.
    with_passphrases(&add);
    let keys = fs::read_dir(installation.path("data/tenants/north/keys")).unwrap();
    for file in keys {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("PRIVATE KEY"), "{}", path.display());
    }

    installation.sample(20);
    with_passphrases(&["records", "import", "people.ndjson", "--tenant", "north"]);
    let uin = living_adult(&installation);
    with_passphrases(&["backup", "all.backup"]);
    with_passphrases(&["restore", "all.backup", "--dir", "again"]);
    let again = |arguments: &[&str]| {
        with_passphrases(&[arguments, &["--config", "again/symbolon.toml"]].concat());
    };
    again(&[
        "card", "print", "--record", &uin, "--out", "card.png", "--tenant", "north",
    ]);
    again(&["pack", "build", "--out", "a.pack"]);
    again(&["verify", "card.png", "--pack", "a.pack"]);
}

#[test]
fn the_administration_of_a_tenant_has_a_token_and_a_place_of_its_own() {
    let (installation, north) = with_north("/north");
    let _issuer = installation.serve(Role::Issuer);
    let token = |path: &str| fs::read_to_string(installation.path(path)).unwrap();
    let of_default = token("data/administration-token");
    let of_north = token("data/tenants/north/administration-token");
    let status = |issuer: &str, token: &str, path: &str| {
        let url = format!("{issuer}/admin/v1/{path}");
        post(&url, Some(token.trim()), "application/json", b"{}")
            .unwrap()
            .status
    };
    assert_eq!(status(&installation.issuer, &of_default, "records/export"), 200);
    assert_eq!(status(&north, &of_north, "records/export"), 200);
    assert_eq!(status(&installation.issuer, &of_north, "records/export"), 401);
    assert_eq!(status(&north, &of_default, "records/export"), 401);
    // What is the installation's is not a tenant's: a backup holds the books of all.
    assert_eq!(status(&north, &of_north, "backups"), 409);
    assert_eq!(status(&north, &of_north, "packs"), 409);
}

#[test]
fn what_a_tenant_cannot_be_is_refused_and_leaves_everything_as_it_was() {
    let installation = Installation::new();
    let before = fs::read(installation.path("symbolon.toml")).unwrap();
    let trust = fs::read(installation.path("data/trust.json")).unwrap();
    let issuer = installation.issuer.clone();
    let below = format!("{issuer}/north");
    for (code, name, url) in [
        (1, "north", issuer.clone()),
        (1, "north", format!("{below}/")),
        (1, "north", format!("{below}?a=b")),
        (1, "default", below.clone()),
        (2, "North", below.clone()),
        (2, "../north", below.clone()),
    ] {
        installation.fails(
            code,
            &["tenant", "add", name, "--issuer", &url, "--name", "North"],
        );
        assert_eq!(fs::read(installation.path("symbolon.toml")).unwrap(), before);
        assert_eq!(fs::read(installation.path("data/trust.json")).unwrap(), trust);
        assert!(!installation.path("data/tenants").exists());
    }
    installation.ok(&["tenant", "add", "north", "--issuer", &below, "--name", "North"]);
    let said = installation.fails(
        1,
        &["tenant", "add", "north", "--issuer", &below, "--name", "North"],
    );
    assert!(said.contains("north already"), "{said}");
}

#[test]
fn a_wallet_receives_from_issuers_with_no_path_with_one_and_with_several() {
    for path in ["", "/id", "/country/registers/id"] {
        let port = free_port();
        let issuer = format!("http://127.0.0.1:{port}{path}");
        let verifier = format!("http://127.0.0.1:{}", free_port());
        let mut installation = Installation::new_with(&["--issuer", &issuer, "--verifier", &verifier]);
        installation.sample(20);
        installation.ok(&["records", "import", "people.ndjson"]);
        let uin = living_adult(&installation);
        // Where it listens.
        installation.issuer = format!("http://127.0.0.1:{port}");
        let _issuer = installation.serve(Role::Issuer);
        crate::story::receive(&installation, &uin);
        let held = installation.json(&["wallet", "list", "--json"]);
        assert!(held.to_string().contains(&issuer), "{held}");
    }
    // A slash at the end of a path is refused, when the installation is made and when it starts.
    let installation = Installation::none();
    let issuer = format!("{}/id/", installation.issuer);
    installation.fails(1, &["init", "--issuer", &issuer]);
    installation.ok(&["init", "--issuer", issuer.trim_end_matches('/')]);
    let file = installation.path("symbolon.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("/id\"", "/id/\"", 1)).unwrap();
    let said = installation.fails(1, &["issuer", "serve"]);
    assert!(
        said.contains("issuer.identifier") && said.contains("trailing slash"),
        "{said}"
    );
}
