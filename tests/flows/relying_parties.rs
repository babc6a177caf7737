//! Relying parties by the command line, and the clients of `docs/relying-parties.md` against the running verifier.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::harness::{Installation, Role};
use crate::story;

const POLICY: &str = r#"
purpose = "To let you in"

[[credentials]]
id = "identity"
format = "dc+sd-jwt"
types = ["ISSUER/types/national-identity"]
issuers = ["ISSUER"]
assurance = "high"
status = "always"
status_max_age_seconds = 86400
binding = "key"

[credentials.age]
over = 18
claims = [["age_equal_or_over", "18"]]
birth_date = ["birthdate"]
"#;

/// An installation with a policy, in whose text `ISSUER` stands for the issuer; and with the levels of assurance that policies name, of which
/// there may be `more` to say.
pub(crate) fn with_policy(name: &str, policy: &str, more: &str) -> Installation {
    let installation = Installation::new();
    let issuer = installation.issuer.clone();
    fs::create_dir_all(installation.path("policies")).unwrap();
    let policy = policy.replace("ISSUER", &issuer);
    fs::write(installation.path(&format!("policies/{name}.toml")), policy).unwrap();
    let file = installation.path("symbolon.toml");
    let levels = format!(
        "\n[verifier.assurance]\n{more}levels = [\"low\", \"high\"]\n\
         [[verifier.assurance.issuers]]\nissuer = \"{issuer}\"\nlevel = \"high\"\n"
    );
    fs::write(&file, fs::read_to_string(&file).unwrap() + &levels).unwrap();
    installation
}

fn installation() -> Installation {
    with_policy("adult", POLICY, "")
}

/// The key in what a command printed, which stands on a line of its own.
fn key_in(printed: &str) -> String {
    let mut lines = printed.lines().filter(|line| line.starts_with("symbolon_rp_"));
    lines.next().unwrap().to_owned()
}

fn add(installation: &Installation, name: &str, more: &[&str]) -> String {
    let arguments = [
        "relying-party",
        "add",
        name,
        "--name",
        "First Bank",
        "--policy",
        "adult",
    ];
    key_in(&installation.ok(&[&arguments, more].concat()))
}

#[test]
fn a_relying_party_is_added_listed_and_removed_with_and_without_a_server() {
    let installation = installation();
    let checked = installation.json(&["policy", "check", "--json"]);
    let claims = &checked["adult"]["credentials"][0]["claims"];
    assert_eq!(claims[0]["path"], serde_json::json!(["age_equal_or_over", "18"]));
    add(&installation, "bank", &["--webhook", "http://127.0.0.1:9/hooks"]);
    let refused = installation.fails(1, &["relying-party", "add", "bank", "--name", "Another"]);
    assert!(
        refused.contains("there is a relying party bank already"),
        "{refused}"
    );
    let refused = installation.fails(
        1,
        &[
            "relying-party",
            "add",
            "shop",
            "--name",
            "Shop",
            "--policy",
            "none",
        ],
    );
    assert!(refused.contains("policies[0]"), "{refused}");
    assert!(!installation.path("relying-parties/shop.toml").exists());
    let secret = installation.ok(&["relying-party", "webhook-secret", "bank"]);
    assert!(secret.starts_with("whsec_"), "{secret}");

    let refused = installation.fails(1, &["relying-party", "builder-link", "bank"]);
    assert!(refused.contains("request_builder"), "{refused}");
    let file = installation.path("relying-parties/bank.toml");
    let document = fs::read_to_string(&file).unwrap();
    let permitted = document.replace("request_builder = \"refused\"", "request_builder = \"allowed\"");
    assert_ne!(permitted, document);
    fs::write(&file, &permitted).unwrap();
    let link = installation.ok(&["relying-party", "builder-link", "bank", "--qr", "desk.png"]);
    assert!(link.contains("/request-builder#bank:") && installation.path("desk.png").exists());
    let next = permitted.replace("request_builder_generation = 1", "request_builder_generation = 2");
    fs::write(&file, next).unwrap();
    assert_ne!(installation.ok(&["relying-party", "builder-link", "bank"]), link);

    // With a running server the same commands go to it.
    let server = installation.serve(Role::Verifier);
    let second = key_in(&installation.ok(&["relying-party", "key", "bank"]));
    let id = second["symbolon_rp_".len()..][..16].to_owned();
    let listed = installation.json(&["relying-party", "list", "--json"]);
    assert_eq!(listed[0]["relying_party"], "bank");
    assert_eq!(listed[0]["keys"].as_array().unwrap().len(), 2);
    installation.ok(&["relying-party", "key", "bank", "--revoke", &id]);
    installation.fails(1, &["relying-party", "key", "bank", "--revoke", &id]);
    assert_eq!(
        installation.ok(&["relying-party", "deliveries", "--json"]).trim(),
        "[]"
    );
    drop(server);

    let listed = installation.json(&["relying-party", "list", "--json"]);
    assert_eq!(listed[0]["keys"].as_array().unwrap().len(), 1);
    let removed = installation.ok(&["relying-party", "remove", "bank"]);
    assert!(removed.contains("1 key(s)"), "{removed}");
    installation.fails(1, &["relying-party", "remove", "bank"]);
    assert_eq!(
        installation.json(&["relying-party", "list", "--json"]),
        serde_json::json!([])
    );
}

#[test]
fn a_verifier_does_not_start_with_a_policy_that_is_wrong_and_names_the_key() {
    let installation = installation();
    let file = installation.path("policies/adult.toml");
    let good = fs::read_to_string(&file).unwrap();
    for (was, is, key) in [
        ("binding = \"key\"", "bindin = \"key\"", "bindin"),
        (
            "assurance = \"high\"",
            "assurance = \"higher\"",
            "credentials[0].assurance",
        ),
        ("over = 18", "over = 0", "credentials[0].age.over"),
    ] {
        fs::write(&file, good.replace(was, is)).unwrap();
        for command in [&["policy", "check"][..], &["verifier", "serve"]] {
            let refused = installation.fails(1, command);
            assert!(refused.contains(key), "{key}: {refused}");
        }
    }
    fs::rename(&file, installation.path("policies/Adult.toml")).unwrap();
    let refused = installation.fails(1, &["policy", "check"]);
    assert!(refused.contains("Adult.toml"), "{refused}");
}

/// The code blocks of the documentation, run as they stand there.
#[test]
fn the_clients_of_the_documentation_are_answered() {
    let installation = installation();
    let key = add(&installation, "gate", &[]);
    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    let uin = story::import_people(&installation);
    story::receive(&installation, &uin);
    let text = include_str!("../../docs/relying-parties.md");
    for (language, program, option) in [
        ("bash", "bash", "-c"),
        ("python", "python3", "-c"),
        ("javascript", "node", "--input-type=module"),
    ] {
        let there = Command::new(program)
            .arg("--version")
            .output()
            .is_ok_and(|run| run.status.success());
        if !there {
            assert!(std::env::var("CI").is_err(), "{program} is not there");
            eprintln!("skipped: {program} is not there");
            continue;
        }
        let (_, code) = text.split_once(&format!("```{language}\n")).unwrap();
        let (code, _) = code.split_once("```").unwrap();
        let mut command = Command::new(program);
        if program == "node" {
            command.args([option, "--eval", code]);
        } else {
            command.args([option, code]);
        }
        let mut client = command
            .env("VERIFIER", &installation.verifier)
            .env("KEY", &key)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut printed = BufReader::new(client.stdout.take().unwrap());
        let mut link = String::new();
        printed.read_line(&mut link).unwrap();
        assert!(link.starts_with("openid4vp://"), "{language}: {link}");
        installation.ok(&["wallet", "present", link.trim(), "--yes"]);
        let mut rest = String::new();
        printed.read_to_string(&mut rest).unwrap();
        assert!(client.wait().unwrap().success(), "{language}");
        assert_eq!(rest.trim(), "satisfied", "{language}");
    }
}
