//! Row 23: a response that was overheard is sent again.

use std::fs;
use std::net::TcpListener;

use serde_json::Value;

use crate::harness::{Installation, Role, free_port};
use crate::recorder::{Recorded, Recorder, send};
use crate::story;

/// The status and the error code of an answer.
fn refusal(answer: &[u8]) -> (u16, String) {
    let text = std::str::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let start = body.find('{').unwrap();
    let end = body.rfind('}').unwrap();
    let document: Value = serde_json::from_str(&body[start..=end]).unwrap();
    (status, document["error"].as_str().unwrap().to_owned())
}

/// Row 23.
#[test]
fn an_overheard_response_fits_no_request_a_second_time() {
    let installation = Installation::new();
    // The verifier listens elsewhere; where wallets look for it stands the recorder.
    let backend = format!("127.0.0.1:{}", free_port());
    let public = installation.verifier.strip_prefix("http://").unwrap().to_owned();
    let recorder = Recorder::between(TcpListener::bind(&public).unwrap(), backend.clone());
    let file = installation.path("symbolon.toml");
    let configuration = fs::read_to_string(&file).unwrap();
    let moved = configuration.replace(
        &format!("listen = \"{public}\""),
        &format!("listen = \"{backend}\""),
    );
    assert_ne!(moved, configuration);
    fs::write(&file, moved).unwrap();
    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    while std::net::TcpStream::connect(&backend).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }

    let uin = story::import_people(&installation);
    story::receive(&installation, &uin);
    story::present(&installation);
    let answers = recorder.answers();
    let [overheard] = answers.as_slice() else {
        panic!("one answer was sent, {} passed", answers.len())
    };
    let answered = overheard.path().rsplit('/').next().unwrap();
    let before = installation.ok(&["request", "show", answered]);

    let replay = send(&backend, overheard).unwrap();
    assert_eq!(refusal(&replay), (410, "invalid_request".to_owned()));

    // Another request of the same query: the answer was encrypted to the key of the first.
    let other = installation.json(&["request", "create", "--query", "age-over-18", "--json"]);
    let other = other["request_id"].as_str().unwrap();
    let aimed = |id: &str| Recorded {
        head: overheard.head.replacen(answered, id, 1),
        body: overheard.body.clone(),
    };
    let redirected = send(&backend, &aimed(other)).unwrap();
    assert_eq!(refusal(&redirected), (400, "invalid_request".to_owned()));
    let waiting = installation.run(&["request", "show", other]);
    assert_eq!(waiting.status.code(), Some(3), "the other request is answered");

    let unknown: String = answered.chars().rev().collect();
    let lost = send(&backend, &aimed(&unknown)).unwrap();
    assert_eq!(refusal(&lost), (404, "invalid_request".to_owned()));

    assert_eq!(installation.ok(&["request", "show", answered]), before);
    // And the other request is still good for the resident.
    story::present(&installation);
}
