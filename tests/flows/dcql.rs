//! Queries through the binary: several credentials, options, a choice, no proof of the holder; asked by the relying party, shown by the
//! wallet, judged by the server, and again from the files.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Installation, Role};
use crate::story;

const WALLET: &str = "wallet-dcql";

/// Asks with a query of its own and returns the request and its link.
fn ask(installation: &Installation, query: &Value) -> (String, String) {
    fs::write(installation.path("query.json"), query.to_string()).unwrap();
    let made = installation.json(&["request", "create", "--query", "query.json", "--json"]);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("request_id"), text("authorization_request"))
}

fn receive(installation: &Installation, uin: &str, configuration: &str) {
    let offer = story::offer(installation, uin, configuration, &[]);
    story::take_up(installation, &offer, &["--wallet", WALLET]);
}

/// The credentials held in this format, and the type of each.
fn held(installation: &Installation, format: &str) -> Vec<(String, String)> {
    let held = installation.json(&["wallet", "list", "--json", "--wallet", WALLET]);
    let held = held
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["format"] == format);
    held.map(|it| {
        let text = |name: &str| it[name].as_str().unwrap().to_owned();
        (text("id"), text("type"))
    })
    .collect()
}

fn present(installation: &Installation, link: &str, further: &[&str]) -> String {
    let arguments = [&["wallet", "present", link, "--yes", "--wallet", WALLET], further].concat();
    installation.ok(&arguments)
}

/// The verdicts from the files, as `symbolon verify` has them.
fn from_files(installation: &Installation, id: &str) -> Vec<String> {
    installation.run(&["request", "show", id, "--evidence", "evidence"]);
    let arguments = [
        "verify",
        "evidence/presentation.json",
        "--request",
        "evidence/request.jwt",
        "--json",
    ];
    let output = installation.run(&arguments);
    let reports: Value = serde_json::from_slice(&output.stdout).unwrap();
    let reports = match reports {
        Value::Array(reports) => reports,
        one => vec![one],
    };
    let verdict = |report: &Value| report["verdict"].as_str().unwrap().to_owned();
    reports.iter().map(verdict).collect()
}

#[test]
fn what_a_query_can_ask_for_goes_from_the_request_to_the_verdict() {
    let installation = Installation::new();
    let _issuer = installation.serve(Role::Issuer);
    let verifier = installation.serve(Role::Verifier);
    let uin = story::import_people(&installation);
    for configuration in [
        "NationalIdentity",
        "NationalIdentity",
        "NationalIdentityMdoc",
        "NationalIdentityJwt",
    ] {
        receive(&installation, &uin, configuration);
    }
    let identities = held(&installation, "dc+sd-jwt");
    let [(first, vct), (second, _)] = &identities[..] else {
        panic!("{identities:?}")
    };
    let mdoc = json!("org.symbolon.national-id.1");

    // Several credentials, chosen by the holder.
    let claims = json!([{ "path": ["age_equal_or_over", "18"], "values": [true] }]);
    let identity =
        json!({ "id": "identity", "format": "dc+sd-jwt", "meta": { "vct_values": [vct] }, "claims": claims });
    let mut several = identity.clone();
    several["multiple"] = json!(true);
    let several = json!({ "credentials": [several] });
    let (id, link) = ask(&installation, &several);
    let both = format!("identity={first},{second}");
    let arguments = [
        "wallet", "present", &link, "--yes", "--wallet", WALLET, "--choose", &both,
    ];
    installation.fails(1, &arguments);
    let output = installation.run(&["request", "show", &id, "--wait"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("bound to the keys of different people"), "{told}");
    drop(verifier);
    let keys = [("SYMBOLON_VERIFIER_HOLDER_KEYS", "key_per_credential")];
    let _verifier = installation.serve_with(Role::Verifier, &keys);
    let (id, link) = ask(&installation, &several);
    let said = present(&installation, &link, &["--choose", &both]);
    assert_eq!(said.matches("  from ").count(), 2, "{said}");
    let told = installation.ok(&["request", "show", &id, "--wait"]);
    assert!(told.contains("the answer is what was asked for"), "{told}");
    assert_eq!(from_files(&installation, &id), ["valid", "valid"]);

    // Options: the one that discloses least, then another by choice; and what the verifier means to keep.
    let element = |name: &str| json!({ "path": [mdoc, name], "intent_to_retain": true });
    let document = json!({ "id": "document", "format": "mso_mdoc", "meta": { "doctype_value": mdoc },
        "claims": [element("age_over_18"), element("birth_date")] });
    let either = json!({
        "credentials": [document, identity], "credential_sets": [{ "options": [["document"], ["identity"]] }]
    });
    let (id, link) = ask(&installation, &either);
    let said = present(&installation, &link, &[]);
    assert!(
        said.contains("an alternative, and not shown: --choose document="),
        "{said}"
    );
    assert!(said.contains("possible instead: --choose identity="), "{said}");
    let told = installation.ok(&["request", "show", &id, "--wait"]);
    assert!(told.contains("the answer is what was asked for"), "{told}");
    let (id, link) = ask(&installation, &either);
    let (document_id, _) = &held(&installation, "mso_mdoc")[0];
    let choice = format!("document={document_id}");
    let said = present(
        &installation,
        &link,
        &["--choose", &choice, "--choose", "identity="],
    );
    assert!(said.contains("(the verifier means to keep it)"), "{said}");
    let told = installation.ok(&["request", "show", &id, "--wait"]);
    assert!(
        told.contains("ISO mdoc") && told.contains("the answer is what was asked for"),
        "{told}"
    );
    let (_, link) = ask(&installation, &either);
    for (choice, said) in [
        (choice.as_str(), "does not answer the request"),
        ("nobody=1", "no credential query nobody"),
        ("identity", "is not QUERY=ID"),
        (&format!("identity={document_id}"), "does not answer identity"),
        (&format!("identity={first},{second}"), "takes one credential"),
    ] {
        let arguments = [
            "wallet", "present", &link, "--yes", "--wallet", WALLET, "--choose", choice,
        ];
        let refused = installation.fails(1, &arguments);
        assert!(refused.contains(said), "{choice}: {refused}");
    }

    // Without a proof of the holder: the credential itself.
    let iri = |format: &str| -> Value {
        let mut query = identity.clone();
        query["format"] = json!(format);
        query["meta"] = json!({});
        query["claims"] = json!([{ "path": ["credentialSubject", "ageOver18"] }]);
        query
    };
    for (mut query, holder) in [
        (identity.clone(), "not_asked"),
        (iri("jwt_vc_json"), "not_asked"),
        (document, "proven_by_key"),
    ] {
        query["require_cryptographic_holder_binding"] = json!(false);
        let (id, link) = ask(&installation, &json!({ "credentials": [query] }));
        let said = present(&installation, &link, &[]);
        let warned = said.contains("without a proof that it is yours");
        assert_eq!(warned, holder == "not_asked", "{said}");
        let told = installation.ok(&["request", "show", &id, "--wait"]);
        let proven = told.contains("not proven: the request asked for no proof");
        assert_eq!(proven, holder == "not_asked", "{told}");
        assert!(told.contains("the answer is what was asked for"), "{told}");
        let verdict = if holder == "not_asked" { "genuine" } else { "valid" };
        assert_eq!(from_files(&installation, &id), [verdict]);
    }

    // What is not held: told to the holder with the reason, to the verifier without.
    let mut young = identity;
    young["claims"][0]["values"] = json!([false]);
    let (id, link) = ask(&installation, &json!({ "credentials": [young] }));
    let output = installation.run(&["wallet", "present", &link, "--yes", "--wallet", WALLET]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("says something else than the verifier wants"),
        "{said}"
    );
    let output = installation.run(&["request", "show", &id, "--wait"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        told.contains("declined by the holder, or nothing held fits"),
        "{told}"
    );
}
