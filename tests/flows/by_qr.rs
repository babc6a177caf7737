//! A presentation by animated QR codes, both sides without a network: asked by `verifier ask-qr`, answered by `wallet present --animate`,
//! judged by `verify --request` with a pack.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::harness::{Installation, Role};
use crate::offline::Island;
use crate::story;

/// An installation whose resident has a credential and a licence; no server runs any more, and there is a pack.
struct Counter {
    installation: Installation,
    island: Island,
}

impl Counter {
    fn new() -> Self {
        let island = Island::find();
        let installation = Installation::new();
        let issuer = installation.serve(Role::Issuer);
        let uin = story::import_people(&installation);
        story::receive(&installation, &uin);
        let picture = ["--tx-code", "--qr", "licence.png"];
        let offer = story::offer(&installation, &uin, "MobileDrivingLicence", &picture);
        let code = offer["tx_code"].as_str().unwrap();
        installation.ok(&["wallet", "receive", "licence.png", "--tx-code", code]);
        issuer.kill();
        installation.ok(&["pack", "build", "--out", "a.pack"]);
        Self { installation, island }
    }

    /// Runs a command where nothing can be reached.
    fn run(&self, arguments: &[&str]) -> Output {
        let symbolon = self.installation.command(&[]);
        let mut command = self.island.command(Path::new(symbolon.get_program()));
        for (name, _) in symbolon.get_envs() {
            command.env_remove(name);
        }
        let command = command
            .current_dir(self.installation.folder())
            .stdin(Stdio::null());
        command.args(arguments).output().unwrap()
    }

    #[track_caller]
    fn ends(&self, code: i32, arguments: &[&str]) -> (String, String) {
        let output = self.run(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, said) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{said}");
        (out, said)
    }

    /// Asks, and has the wallet answer as frames in the folder `answer`.
    fn answered(&self, query: &str, name: &str) {
        let (gif, jwt) = (format!("{name}.gif"), format!("{name}.jwt"));
        let _ = fs::remove_dir_all(self.installation.path("answer"));
        self.ends(
            0,
            &["verifier", "ask-qr", query, "--out", &gif, "--request", &jwt],
        );
        let (shown, _) = self.ends(0, &["wallet", "present", &gif, "--yes", "--animate", "answer"]);
        assert!(shown.contains("who reads the answer from this screen"), "{shown}");
    }

    /// Loses every third frame.
    fn lose_a_third(&self) {
        let folder = fs::read_dir(self.installation.path("answer")).unwrap();
        let mut frames: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
        frames.sort();
        assert!(frames.len() > 9, "{} frames", frames.len());
        for frame in frames.iter().step_by(3) {
            fs::remove_file(frame).unwrap();
        }
    }

    fn judge(&self, code: i32, files: &[&str], name: &str) -> Value {
        let jwt = format!("{name}.jwt");
        let (report, said) = self.ends(
            code,
            &[
                &["verify"],
                files,
                &["--request", &jwt, "--pack", "a.pack", "--json"],
            ]
            .concat(),
        );
        serde_json::from_str(&report).unwrap_or_else(|error| panic!("{error}: {report}{said}"))
    }

    /// The query with a claim more, in a file.
    fn write(&self, name: &str, query: &Value) {
        fs::write(self.installation.path(name), query.to_string()).unwrap();
    }
}

#[test]
fn both_sides_are_offline_and_a_third_of_the_frames_is_lost() {
    let counter = Counter::new();
    counter.answered("age-over-18", "ask");
    counter.lose_a_third();
    let report = counter.judge(0, &["answer"], "ask");
    assert_eq!(
        (&report["verdict"], &report["holder"]["state"]),
        (&json!("valid"), &json!("proven_by_key"))
    );
    assert_eq!(report["claims"]["age_equal_or_over"]["18"], true);
    assert_eq!(report["status"]["state"], "good");

    // Once: the same frames again prove nothing any more.
    let (_, said) = counter.ends(
        2,
        &["verify", "answer", "--request", "ask.jwt", "--pack", "a.pack"],
    );
    assert!(said.contains("answered before"), "{said}");

    // The mdoc is bound by a handover of its own.
    counter.write(
        "licence.json",
        &json!({ "credentials": [{
            "id": "licence", "format": "mso_mdoc", "meta": { "doctype_value": "org.iso.18013.5.1.mDL" },
            "claims": [{ "path": ["org.iso.18013.5.1", "family_name"] }],
        }] }),
    );
    counter.answered("licence.json", "licence");
    let report = counter.judge(0, &["answer"], "licence");
    assert_eq!(
        (&report["verdict"], &report["holder"]["state"]),
        (&json!("valid"), &json!("proven_by_key"))
    );

    let history = counter
        .installation
        .json(&["wallet", "history", "--json"])
        .to_string();
    assert!(history.contains("symbolon-qr:"), "{history}");
    drop(counter.installation.serve(Role::Issuer));
}

#[test]
fn what_is_not_the_answer_is_refused() {
    let counter = Counter::new();
    counter.answered("age-over-18", "one");
    fs::rename(
        counter.installation.path("answer"),
        counter.installation.path("first"),
    )
    .unwrap();
    counter.answered("age-over-18", "two");
    let refused = |arguments: &[&str], reason: &str| {
        let (_, said) = counter.ends(2, &[&["verify"], arguments, &["--pack", "a.pack"]].concat());
        assert!(said.contains(reason), "{arguments:?}: {said}");
    };
    refused(&["first"], "--request");
    refused(&["first", "--request", "two.jwt"], "another request");
    // Frames of two answers.
    refused(&["first", "answer", "--request", "one.jwt"], "another message");
    refused(&["one.gif", "--request", "one.jwt"], "a request, and no answer");
    refused(&["first/0001.png", "--request", "one.jwt"], "fragments");
    refused(
        &["first", "--request", "one.jwt", "--at", "2100-01-01T00:00:00Z"],
        "expired",
    );
    let (_, said) = counter.ends(
        2,
        &["verify", "first", "--request", "one.jwt", "--pack", "none.pack"],
    );
    assert!(said.contains("cannot use the file none.pack"), "{said}");
    // None of that spent the nonce.
    counter.judge(0, &["first"], "one");

    // The wallet: a request in parts, an answer in place of a request, and nowhere to show the answer.
    let (_, said) = counter.ends(1, &["wallet", "present", "two.gif", "--yes"]);
    assert!(said.contains("--animate"), "{said}");
    let (_, said) = counter.ends(1, &["wallet", "present", "answer", "--yes", "--animate", "x.gif"]);
    assert!(said.contains("something else than a request"), "{said}");
    assert!(!counter.installation.path("x.gif").exists());
    let (_, said) = counter.ends(
        2,
        &[
            "verifier",
            "ask-qr",
            "age-over-18",
            "--out",
            "a.gif",
            "--request",
            "a.jwt",
            "--minutes",
            "60",
        ],
    );
    assert!(said.contains("1..=15"), "{said}");
    let (_, said) = counter.ends(
        1,
        &[
            "verifier",
            "ask-qr",
            "nothing",
            "--out",
            "a.gif",
            "--request",
            "a.jwt",
        ],
    );
    assert!(said.contains("no query of the configuration"), "{said}");
}

/// A credential that no single code holds is shown as an animation, and read without having been asked for.
#[test]
fn a_whole_credential_is_shown_as_an_animation() {
    let counter = Counter::new();
    let listed = counter.installation.json(&["wallet", "list", "--json"]);
    for credential in listed.as_array().unwrap() {
        let id = credential["id"].as_str().unwrap();
        counter.ends(0, &["wallet", "show", id, "--qr", "whole.gif"]);
        let (report, _) = counter.ends(3, &["verify", "whole.gif", "--pack", "a.pack", "--json"]);
        let report: Value = serde_json::from_str(&report).unwrap();
        let states =
            ["authentic", "trusted", "status"].map(|axis| report[axis]["state"].as_str().unwrap().to_owned());
        assert_eq!(states, ["authentic", "trusted", "good"]);
        assert_eq!(report["holder"]["state"], "not_checked");
    }
}
