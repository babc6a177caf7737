//! The high-assurance profile as one value of the configuration.

use std::fs;

use toml::{Table, Value};

use crate::harness::Installation;

/// Changes the configuration of an installation.
fn configure(installation: &Installation, change: impl FnOnce(&mut Table)) {
    let path = installation.path("symbolon.toml");
    let mut table: Table = fs::read_to_string(&path).unwrap().parse().unwrap();
    change(table["issuer"].as_table_mut().unwrap());
    fs::write(&path, toml::to_string(&table).unwrap()).unwrap();
}

fn section<'t>(issuer: &'t mut Table, name: &str) -> &'t mut Table {
    let section = issuer.entry(name).or_insert_with(|| Table::new().into());
    section.as_table_mut().unwrap()
}

/// The one value, and what only the operator can know: who attests wallets and keys, and how residents sign in.
fn haip(issuer: &mut Table) {
    let anchors = || Value::Array(vec!["data/keys/issuers-root.chain.pem".into()]);
    issuer.insert("profile".to_owned(), "haip".into());
    issuer.insert(
        "credential_configurations".to_owned(),
        [
            "credentials/NationalIdentity.toml",
            "credentials/NationalIdentityMdoc.toml",
        ]
        .map(Value::from)
        .to_vec()
        .into(),
    );
    section(issuer, "authorization").insert("attester_certificates".to_owned(), anchors());
    section(issuer, "credentials").insert("key_attester_certificates".to_owned(), anchors());
    let sign_in = section(issuer, "sign_in");
    sign_in.insert("method".to_owned(), "one_time_code".into());
    sign_in.insert("sender".to_owned(), "demo".into());
}

#[test]
fn one_value_switches_the_profile_on_and_the_check_says_what_it_chooses() {
    let installation = Installation::new();
    let said = installation.ok(&["issuer", "check"]);
    assert!(said.contains("standard"), "{said}");
    configure(&installation, haip);
    let said = installation.ok(&["issuer", "check"]);
    for chosen in ["HAIP 1.0", "§4.3", "pushed", "DPoP", "§4.4.1", "§6.1.1", "ES256"] {
        assert!(said.contains(chosen), "{said}");
    }
    let said = installation.json(&["issuer", "check", "--json"]);
    assert_eq!(said["profile"], "haip");
}

#[test]
fn an_installation_of_the_profile_is_made_for_development_alone() {
    let none = Installation::none();
    let said = none.fails(
        1,
        &[
            "init",
            "--issuer",
            "https://id.example",
            "--verifier",
            "https://verify.example",
            "--profile",
            "haip",
        ],
    );
    assert!(said.contains("wallet providers"), "{said}");
    assert!(!none.path("symbolon.toml").exists() && !none.path("data").exists());
    none.ok(&["init", "--profile", "haip"]);
    let checked = none.json(&["issuer", "check", "--json"]);
    assert_eq!(checked["profile"], "haip");
    let keys = none.ok(&["keys", "list"]);
    assert!(keys.contains("wallet-provider "), "{keys}");
    // The standard one has no provider, so its wallet vouches for itself with nobody's key.
    let standard = Installation::new();
    assert!(!standard.path("data/keys/wallet-provider.key.pem").exists());
}

#[test]
fn what_contradicts_the_profile_is_refused_at_start_with_its_key() {
    type Change = fn(&mut Table);
    let changes: [(&str, Change); 9] = [
        ("dpop", |issuer| {
            section(issuer, "authorization").insert("dpop".to_owned(), "optional".into());
        }),
        ("pushed_requests", |issuer| {
            section(issuer, "authorization").insert("pushed_requests".to_owned(), "optional".into());
        }),
        ("unknown_clients", |issuer| {
            section(issuer, "authorization").insert("unknown_clients".to_owned(), "public".into());
        }),
        ("pre_authorized_clients", |issuer| {
            section(issuer, "authorization").insert("pre_authorized_clients".to_owned(), "anonymous".into());
        }),
        ("attester_certificates", |issuer| {
            section(issuer, "authorization").remove("attester_certificates");
        }),
        ("key_attester_certificates", |issuer| {
            section(issuer, "credentials").remove("key_attester_certificates");
        }),
        ("issuer.sign_in", |issuer| drop(issuer.remove("sign_in"))),
        ("the client a-wallet", |issuer| {
            let mut client = Table::new();
            client.insert("client_id".to_owned(), "a-wallet".into());
            client.insert("name".to_owned(), "A wallet".into());
            client.insert("authentication".to_owned(), "none".into());
            client.insert(
                "redirect_uris".to_owned(),
                vec![Value::from("https://wallet.example/back")].into(),
            );
            issuer.insert("clients".to_owned(), vec![Value::Table(client)].into());
        }),
        ("format of the credential configuration", |issuer| {
            let configurations = issuer["credential_configurations"].as_array_mut().unwrap();
            configurations.push("credentials/NationalIdentityLd.toml".into());
        }),
    ];
    let installation = Installation::new();
    let ld = fs::read_dir(installation.path("credentials")).unwrap();
    let ld = ld
        .map(|entry| entry.unwrap().path())
        .find(|path| fs::read_to_string(path).unwrap().contains("format = \"ldp_vc\""))
        .unwrap();
    if ld != installation.path("credentials/NationalIdentityLd.toml") {
        fs::copy(ld, installation.path("credentials/NationalIdentityLd.toml")).unwrap();
    }
    let good = fs::read(installation.path("symbolon.toml")).unwrap();
    for (named, change) in changes {
        fs::write(installation.path("symbolon.toml"), &good).unwrap();
        configure(&installation, |issuer| {
            haip(issuer);
            change(issuer);
        });
        for command in [["issuer", "serve"], ["issuer", "check"]] {
            let said = installation.fails(1, &command);
            assert!(said.contains(named), "{named}: {said}");
        }
    }
    // What it signs with is held against the profile as well.
    fs::write(installation.path("symbolon.toml"), &good).unwrap();
    configure(&installation, haip);
    let key = installation.path("data/keys/metadata-signing.key.pem");
    fs::rename(&key, installation.path("away.pem")).unwrap();
    for command in [["issuer", "serve"], ["issuer", "check"]] {
        let said = installation.fails(1, &command);
        assert!(said.contains("the key metadata-signing"), "{said}");
    }
    fs::rename(installation.path("away.pem"), &key).unwrap();
    // Plain http is for development, whatever the profile.
    fs::write(installation.path("symbolon.toml"), &good).unwrap();
    configure(&installation, |issuer| {
        haip(issuer);
        let sign_in = section(issuer, "sign_in");
        sign_in.insert("sender".to_owned(), "file".into());
        sign_in.insert("file".to_owned(), "codes.ndjson".into());
    });
    let output = installation
        .command(&["issuer", "check"])
        .env("SYMBOLON_DEVELOPMENT", "false")
        .output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(said.contains("issuer.identifier must be an https URL"), "{said}");
}
