//! The descriptions of the interfaces, from the command line and from the servers, and the examples of `docs/api.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::{Installation, Role};
use crate::story::import_people;

#[test]
fn every_interface_is_described_without_a_server() {
    let installation = Installation::new();
    for (role, server, path) in [
        ("issuer", installation.issuer.as_str(), "/admin/v1/offers"),
        (
            "verifier",
            &installation.verifier,
            "/admin/v1/presentation-requests",
        ),
        ("wallet", "http://127.0.0.1", "/presentations"),
    ] {
        let described = installation.json(&["openapi", role]);
        assert_eq!(described["openapi"], "3.1.0");
        let url = described["servers"][0]["url"].as_str().unwrap();
        assert!(url.starts_with(server), "{url}");
        assert!(described["paths"][path].is_object(), "{path}");
    }
    let public = [
        "openapi",
        "issuer",
        "--public",
        "--url",
        "https://id.example/north",
        "--out",
        "public.json",
    ];
    installation.ok(&public);
    let written = fs::read(installation.path("public.json")).unwrap();
    let public: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(public["servers"][0]["url"], "https://id.example/north");
    assert!(public["paths"]["/token"].is_object());
    assert!(public["paths"]["/admin/v1/offers"].is_null());
    // Above the path of the identifier.
    let above = &public["paths"]["/.well-known/openid-credential-issuer/north"];
    assert_eq!(above["servers"][0]["url"], "https://id.example");
    installation.fails(1, &["openapi", "wallet", "--public"]);
    installation.fails(1, &["openapi", "issuer", "--url", "https://id.example/?a=b"]);
    installation.fails(2, &["openapi", "registry"]);
}

/// The programs of the guide, each with what runs it.
fn examples() -> Vec<(String, String)> {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api.md");
    let guide = fs::read_to_string(guide).unwrap();
    let marked = guide.split("<!-- run: ").skip(1);
    let examples = marked.map(|rest| {
        let (runner, rest) = rest.split_once(" -->\n").unwrap();
        let program = rest.split_once('\n').unwrap().1.split_once("```").unwrap().0;
        (runner.to_owned(), program.to_owned())
    });
    examples.collect()
}

#[test]
fn the_examples_of_the_guide_run_as_they_stand_there() {
    let installation = Installation::new();
    let _servers = [
        installation.serve(Role::Issuer),
        installation.serve(Role::Verifier),
    ];
    let record = import_people(&installation);
    let token = fs::read_to_string(installation.path("data/administration-token")).unwrap();
    let examples = examples();
    let runners: Vec<_> = examples.iter().map(|(runner, _)| runner.as_str()).collect();
    assert_eq!(runners, ["sh", "python3", "node"]);
    for (runner, program) in &examples {
        let argument = if runner == "node" { "--eval" } else { "-c" };
        // Promises at the top of a program are for modules alone.
        let kind: &[&str] = if runner == "node" {
            &["--input-type=module"]
        } else {
            &[]
        };
        let run = Command::new(runner)
            .args(kind)
            .args([argument, program.as_str()])
            .current_dir(installation.folder())
            .env("ISSUER", &installation.issuer)
            .env("VERIFIER", &installation.verifier)
            .env("TOKEN", token.trim())
            .env("RECORD", &record)
            .env("NO_PROXY", "*")
            .env("no_proxy", "*")
            .stdin(Stdio::null())
            .output();
        let output = match run {
            Ok(output) => output,
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "{runner}: {error}");
                eprintln!("skipped: {runner} is not here ({error})");
                continue;
            }
        };
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{runner}: {said}");
    }
    let offer: Value = serde_json::from_slice(&fs::read(installation.path("offer.json")).unwrap()).unwrap();
    assert!(
        offer["link"]
            .as_str()
            .unwrap()
            .starts_with("openid-credential-offer://")
    );
    let public: Value = serde_json::from_slice(&fs::read(installation.path("public.json")).unwrap()).unwrap();
    assert_eq!(public, installation.json(&["openapi", "issuer", "--public"]));
}

/// What is wrong with a description as a document of OpenAPI 3.1, beyond what its types rule out.
fn defects(document: &Value) -> Vec<String> {
    let mut defects = Vec::new();
    let mut names = BTreeSet::new();
    let tags: BTreeSet<&str> = texts(&document["tags"], "name");
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "servers")
        {
            let mut wrong = |what: &str| defects.push(format!("{method} {path}: {what}"));
            if !names.insert(operation["operationId"].as_str().unwrap_or_default().to_owned()) {
                wrong("its operationId is missing or another's");
            }
            if operation["summary"].as_str().is_none_or(str::is_empty) {
                wrong("no summary");
            }
            let own = operation["tags"].as_array().unwrap();
            if own.is_empty() || own.iter().any(|tag| !tags.contains(tag.as_str().unwrap())) {
                wrong("no tag, or one that is not described");
            }
            let responses = operation["responses"].as_object().unwrap();
            if !responses.keys().any(|status| status.starts_with(['4', '5'])) {
                wrong("no error");
            }
            if responses
                .values()
                .any(|answer| answer["description"].as_str().is_none_or(str::is_empty))
            {
                wrong("an answer without a description");
            }
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let described: BTreeSet<&str> = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "path" && parameter["required"] == true)
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            let variable: BTreeSet<&str> = path
                .split('/')
                .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
                .collect();
            if described != variable {
                wrong("the variable parts of the path are not its parameters");
            }
            let security = operation["security"].as_array().cloned().unwrap_or_default();
            let mut asked = security
                .iter()
                .filter_map(Value::as_object)
                .flat_map(|all_of| all_of.keys());
            if asked.any(|scheme| !schemes.contains_key(scheme)) {
                wrong("a scheme of security that is not described");
            }
        }
    }
    dangling(document, document, &mut defects);
    defects
}

fn texts<'v>(list: &'v Value, member: &str) -> BTreeSet<&'v str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item[member].as_str().unwrap())
        .collect()
}

/// References that lead nowhere.
fn dangling(document: &Value, value: &Value, defects: &mut Vec<String>) {
    let inner: Vec<&Value> = match value {
        Value::Object(members) => members.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => return,
    };
    if let Some(reference) = value["$ref"].as_str()
        && document.pointer(reference.trim_start_matches('#')).is_none()
    {
        defects.push(format!("{reference} is not there"));
    }
    for value in inner {
        dangling(document, value, defects);
    }
}

#[test]
fn the_descriptions_are_well_formed() {
    let installation = Installation::new();
    for role in ["issuer", "verifier", "wallet"] {
        let described = installation.json(&["openapi", role]);
        assert_eq!(defects(&described), Vec::<String>::new(), "{role}");
        // The search itself finds what is wrong.
        let mut broken = described.clone();
        let paths = broken["paths"].as_object_mut().unwrap();
        let (_, item) = paths.iter_mut().find(|(path, _)| path.ends_with('}')).unwrap();
        let operation = &mut item["get"];
        operation["summary"] = "".into();
        operation["tags"] = serde_json::json!(["other"]);
        operation["operationId"] = "readWholeDescription".into();
        operation["parameters"] = serde_json::json!([]);
        operation["security"] = serde_json::json!([{ "other": [] }]);
        operation["responses"] = serde_json::json!({ "200": { "description": "", "$ref": "#/nowhere" } });
        assert_eq!(defects(&broken).len(), 8, "{:?}", defects(&broken));
    }
}
