//! The Digital Credentials API from `request create` by `wallet present --origin` to `request answer`, with files where a browser would be.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Installation, Role};
use crate::story::{import_people, offer, receive, take_up};

const PROTOCOLS: [&str; 4] = [
    "openid4vp-v1-multisigned",
    "openid4vp-v1-signed",
    "openid4vp-v1-unsigned",
    "org-iso-mdoc",
];

fn read(installation: &Installation, name: &str) -> Value {
    serde_json::from_slice(&fs::read(installation.path(name)).unwrap()).unwrap()
}

fn create(installation: &Installation, further: &[&str]) -> String {
    let line = [
        "request",
        "create",
        "--digital-credentials",
        "asked.json",
        "--json",
    ];
    let made = installation.json(&[&line[..], further].concat());
    made["request_id"].as_str().unwrap().to_owned()
}

fn present(origin: &str) -> [&str; 8] {
    let words = ["wallet", "present", "asked.json", "--origin"];
    let [wallet, present, file, flag] = words;
    [
        wallet,
        present,
        file,
        flag,
        origin,
        "--answer",
        "answer.json",
        "--yes",
    ]
}

#[test]
fn a_wallet_answers_what_a_page_asks_by_each_protocol() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    receive(&installation, &uin);
    let mdoc = offer(&installation, &uin, "NationalIdentityMdoc", &[]);
    take_up(&installation, &mdoc, &[]);
    let origin = installation.verifier.clone();

    for query in ["age-over-18", "age-over-18-mdoc"] {
        for protocol in PROTOCOLS {
            let asked = ["--query", query, "--protocol", protocol];
            if query == "age-over-18" && protocol == "org-iso-mdoc" {
                let line = ["request", "create", "--digital-credentials", "asked.json"];
                let said = installation.fails(1, &[&line[..], &asked].concat());
                assert!(said.contains("no mdoc"), "{said}");
                continue;
            }
            let id = create(&installation, &asked);
            assert_eq!(read(&installation, "asked.json")["origin"], json!(origin));
            let said = installation.ok(&present(&origin));
            let known = if protocol.ends_with("unsigned") {
                "UNVERIFIED"
            } else {
                "known by a certificate"
            };
            assert!(said.contains(known), "{protocol}: {said}");
            assert_eq!(read(&installation, "answer.json")["protocol"], protocol);
            let said = installation.ok(&["request", "answer", &id, "answer.json"]);
            assert!(said.contains("what was asked for"), "{protocol}: {said}");
            if protocol.ends_with("signed") && !protocol.ends_with("unsigned") {
                let folder = format!("evidence-{protocol}-{query}");
                installation.ok(&["request", "show", &id, "--evidence", &folder]);
                let [request, shown] =
                    ["request.jwt", "presentation.json"].map(|name| format!("{folder}/{name}"));
                let said = installation.ok(&["verify", &shown, "--request", &request]);
                assert!(said.contains("VALID"), "{protocol}: {said}");
            }
            // Once.
            let said = installation.fails(1, &["request", "answer", &id, "answer.json"]);
            assert!(said.contains("has been answered"), "{said}");
        }
    }

    // All at once: the wallet follows the first that it can.
    let id = create(&installation, &["--query", "age-over-18-mdoc"]);
    assert_eq!(
        read(&installation, "asked.json")["digital"]["requests"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    installation.ok(&present(&origin));
    installation.ok(&["request", "answer", &id, "answer.json"]);

    // Another page, and another way of asking.
    create(
        &installation,
        &["--query", "age-over-18", "--protocol", "openid4vp-v1-signed"],
    );
    let said = installation.fails(1, &present("http://127.0.0.1:9"));
    assert!(said.contains("another origin"), "{said}");
    assert_eq!(
        read(&installation, "answer.json"),
        json!({ "protocol": "openid4vp-v1-signed", "data": { "error": "invalid_request" } })
    );
    let unsigned = ["--query", "age-over-18", "--protocol", "openid4vp-v1-unsigned"];
    let id = create(&installation, &unsigned);
    installation.ok(&present("http://127.0.0.1:9"));
    installation.fails(1, &["request", "answer", &id, "answer.json"]);
    let shown = installation.run(&["request", "show", &id]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("INVALID") && shown.contains("not good"), "{shown}");
    let line = [
        "request",
        "create",
        "--digital-credentials",
        "asked.json",
        "--origin",
    ];
    let said = installation.fails(1, &[&line[..], &["http://127.0.0.1:9"], &unsigned].concat());
    assert!(said.contains("none of the origins"), "{said}");

    let history = installation.ok(&["wallet", "history"]);
    assert!(history.contains(&origin), "{history}");
}
