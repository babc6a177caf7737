//! Presentations of every kind: how the verifier says who it is, how the request travels and how the answer does, from
//! `request create` by `wallet present` to `request show`.

use std::fs;

use toml::{Table, Value};

use crate::harness::{Installation, Role, free_port};
use crate::story::{import_people, receive};

/// An installation whose verifier has a host name, as certificates by DNS name and `did:web` need one.
fn installation() -> Installation {
    let issuer = format!("http://127.0.0.1:{}", free_port());
    let verifier = format!("http://localhost:{}", free_port());
    Installation::new_with(&["--issuer", &issuer, "--verifier", &verifier])
}

fn configure(installation: &Installation, section: &str, change: impl FnOnce(&mut Table)) {
    let path = installation.path("symbolon.toml");
    let mut table: Table = fs::read_to_string(&path).unwrap().parse().unwrap();
    let section = table.entry(section).or_insert_with(|| Table::new().into());
    change(section.as_table_mut().unwrap());
    fs::write(&path, toml::to_string(&table).unwrap()).unwrap();
}

fn table(entries: &[(&str, &str)]) -> Value {
    let entries = entries
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
    Value::Table(entries.collect())
}

const SCOPE: &str = "org.symbolon.age_over_18";

#[test]
fn a_wallet_answers_requests_of_every_kind_as_its_owner_allows() {
    let installation = installation();
    configure(&installation, "verifier", |verifier| {
        verifier.insert("client_id".to_owned(), "clinic".into());
        verifier.insert("scopes".to_owned(), table(&[(SCOPE, "age-over-18")]));
    });
    let uin = import_people(&installation);
    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    receive(&installation, &uin);
    let make = |arguments: &[&str]| {
        let line = [&["request", "create", "--json"], arguments].concat();
        let made = installation.json(&line);
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("request_id"), text("authorization_request"))
    };
    let query = ["--query", "age-over-18"];
    let of = |prefix: &'static str, further: &[&'static str]| {
        [&query[..], &["--client-id-prefix", prefix], further].concat()
    };

    // Out of the box nobody is dealt with whom no certificate names.
    for prefix in ["decentralized_identifier", "pre-registered", "redirect_uri"] {
        let (_, link) = make(&of(prefix, &[]));
        let said = installation.fails(1, &["wallet", "present", &link, "--yes"]);
        assert!(said.contains("does not deal with"), "{prefix}: {said}");
    }
    let plain = ["--response-mode", "direct_post"];
    let (_, link) = make(&of("x509_hash", &plain));
    installation.fails(1, &["wallet", "present", &link, "--yes"]);

    let registration = installation.ok(&["request", "registration"]);
    fs::write(installation.path("verifier.json"), registration).unwrap();
    let did = installation
        .verifier
        .replace("http://localhost:", "did:web:localhost%3A");
    configure(&installation, "wallet", |wallet| {
        wallet.insert("answers".to_owned(), "as_asked".into());
        wallet.insert("unverified_verifiers".to_owned(), "shown".into());
        wallet.insert(
            "registered_verifiers".to_owned(),
            Value::Array(vec!["verifier.json".into()]),
        );
        wallet.insert("verifier_dids".to_owned(), table(&[(&did, "The harbour clinic")]));
        wallet.insert("scopes".to_owned(), table(&[(SCOPE, "queries/age-over-18.json")]));
    });
    let by_post = ["--request-uri-method", "post"];
    let by_value = ["--request-delivery", "value"];
    for (arguments, shown) in [
        (of("x509_hash", &[]), "known by a certificate"),
        (of("x509_hash", &by_value), "known by a certificate"),
        (of("x509_san_dns", &by_post), "known by a certificate"),
        (
            of("x509_san_dns", &[&by_value[..], &plain].concat()),
            "known by a certificate",
        ),
        (of("decentralized_identifier", &by_post), "The harbour clinic"),
        (of("decentralized_identifier", &plain), "known by its identifier"),
        (of("pre-registered", &by_post), "on this wallet's list"),
        (of("pre-registered", &by_value), "on this wallet's list"),
        (of("pre-registered", &plain), "on this wallet's list"),
        (of("redirect_uri", &[]), "UNVERIFIED"),
        (of("redirect_uri", &plain), "nobody vouches for this verifier"),
        (vec!["--scope", SCOPE], "known by a certificate"),
    ] {
        let (id, link) = make(&arguments);
        let said = installation.ok(&["wallet", "present", &link, "--yes"]);
        assert!(said.contains(shown), "{arguments:?}: {said}");
        let said = installation.ok(&["request", "show", &id]);
        assert!(said.contains("what was asked for"), "{arguments:?}: {said}");
    }
    let history = installation.ok(&["wallet", "history"]);
    assert!(history.contains("UNVERIFIED"), "{history}");
}

#[test]
fn on_one_device_the_result_is_shown_with_the_code_that_came_back() {
    let installation = installation();
    let uin = import_people(&installation);
    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    receive(&installation, &uin);
    let back = format!("{}/done", installation.issuer);
    let made = installation.json(&[
        "request",
        "create",
        "--query",
        "age-over-18",
        "--page",
        "same-device",
        "--return-to",
        &back,
        "--json",
    ]);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let (id, page) = (text("request_id"), text("page"));
    assert_eq!(page, format!("{}/presentations/{id}", installation.verifier));
    let said = installation.ok(&["wallet", "present", &text("authorization_request"), "--yes"]);
    let start = format!("go on at {page}/return?response_code=");
    let code = said
        .lines()
        .find_map(|line| line.strip_prefix(&start))
        .unwrap_or_else(|| panic!("{said}"));
    let withheld = installation.run(&["request", "show", &id]);
    let said = String::from_utf8(withheld.stdout).unwrap();
    assert_eq!(withheld.status.code(), Some(3));
    assert!(said.contains("--response-code"), "{said}");
    let wrong = installation.fails(1, &["request", "show", &id, "--response-code", "guessed"]);
    assert!(wrong.contains("response_code"), "{wrong}");
    installation.ok(&["request", "show", &id, "--response-code", code]);
}

#[test]
fn the_profile_is_one_value_on_both_sides_and_refuses_what_contradicts_it() {
    type Change = fn(&mut Table);
    let installation = installation();
    let changes: [(&str, Change); 4] = [
        ("client_id_prefix", |verifier| {
            verifier.insert("client_id_prefix".to_owned(), "decentralized_identifier".into());
        }),
        ("response_mode", |verifier| {
            verifier.insert("response_mode".to_owned(), "direct_post".into());
        }),
        ("request_delivery", |verifier| {
            verifier.insert("request_delivery".to_owned(), "value".into());
        }),
        ("scopes", |verifier| {
            verifier.insert("scopes".to_owned(), table(&[("a", "age-over-18")]));
        }),
    ];
    // The named queries that come with an installation are for every format.
    let profile = |verifier: &mut Table| {
        verifier.insert("profile".to_owned(), "haip".into());
        verifier["queries"]
            .as_table_mut()
            .unwrap()
            .retain(|name, _| matches!(name, "age-over-18" | "age-over-18-mdoc"));
    };
    let original = fs::read_to_string(installation.path("symbolon.toml")).unwrap();
    configure(&installation, "verifier", |verifier| {
        verifier.insert("profile".to_owned(), "haip".into());
    });
    let said = installation.fails(1, &["verifier", "serve"]);
    assert!(said.contains("haip contradicts the query"), "{said}");
    for (key, change) in changes {
        fs::write(installation.path("symbolon.toml"), &original).unwrap();
        configure(&installation, "verifier", profile);
        configure(&installation, "verifier", change);
        let said = installation.fails(1, &["verifier", "serve"]);
        assert!(
            said.contains("profile haip contradicts") && said.contains(key),
            "{said}"
        );
    }

    fs::write(installation.path("symbolon.toml"), &original).unwrap();
    configure(&installation, "verifier", profile);
    configure(&installation, "wallet", |wallet| {
        wallet.insert("profile".to_owned(), "haip".into());
        wallet.insert("answers".to_owned(), "as_asked".into());
    });
    let said = installation.fails(1, &["wallet", "list"]);
    assert!(said.contains("profile haip contradicts plain answers"), "{said}");
    configure(&installation, "wallet", |wallet| {
        wallet.remove("answers");
    });
    let uin = import_people(&installation);
    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    receive(&installation, &uin);
    let made = installation.json(&["request", "create", "--query", "age-over-18", "--json"]);
    let link = made["authorization_request"].as_str().unwrap();
    assert!(link.starts_with("haip-vp://"), "{link}");
    installation.ok(&["wallet", "present", link, "--yes"]);
    installation.ok(&["request", "show", made["request_id"].as_str().unwrap()]);
}
