//! Row 19: somebody else listens where the configuration says that the server does, and waits for the operator's token.

use std::fs;
use std::net::TcpListener;

use symbolon_store::Store;

use crate::harness::{Installation, Role, free_port};
use crate::recorder::Recorder;

fn anywhere() -> TcpListener {
    TcpListener::bind(("127.0.0.1", free_port())).unwrap()
}

/// Runs a command whose configuration names the address of `impostor`, and which must not go on.
#[track_caller]
fn fails_at(address: &str, listen: &str, installation: &Installation, arguments: &[&str]) {
    let output = installation
        .command(arguments)
        .env(listen, address)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("does not prove that it has the administration token"),
        "{said}"
    );
}

/// Somebody was asked, and nobody was told the token.
#[track_caller]
fn was_not_told(impostor: &Recorder, installation: &Installation) {
    let token = fs::read_to_string(installation.path("data/administration-token")).unwrap();
    let asked = impostor.everything();
    assert!(!asked.is_empty(), "nobody was asked, so the test shows nothing");
    for request in asked {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        assert!(
            !request.head.contains(token.trim()) && !body.contains(token.trim()),
            "{}",
            request.head
        );
    }
}

/// Row 19.
#[test]
fn a_listener_that_is_not_the_server_is_not_told_the_token() {
    let installation = Installation::new();
    installation.sample(1);
    installation.ok(&["records", "import", "people.ndjson"]);
    // Whatever process has the store open, the command line takes it for the server.
    let store = Store::open(&installation.path("data/issuer.redb")).unwrap();
    let listed = ["credential", "list"];
    let asked = ["request", "create", "--query", "age-over-18"];
    for answer in [
        "{}",
        r#"{"proof":""}"#,
        r#"{"proof":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
    ] {
        for (listen, arguments) in [
            ("SYMBOLON_ISSUER_LISTEN", &listed[..]),
            ("SYMBOLON_VERIFIER_LISTEN", &asked[..]),
        ] {
            let listener = anywhere();
            let address = listener.local_addr().unwrap().to_string();
            let impostor = Recorder::answering(listener, answer);
            fails_at(&address, listen, &installation, arguments);
            was_not_told(&impostor, &installation);
        }
    }
    store.close();
}

/// Row 19. The server itself makes the proof, elsewhere, for whoever stands in between.
#[test]
fn a_proof_that_the_server_made_elsewhere_is_none() {
    let installation = Installation::new();
    let _issuer = installation.serve(Role::Issuer);
    installation.ok(&["credential", "list"]);
    let between = anywhere();
    let address = between.local_addr().unwrap().to_string();
    let backend = installation.issuer.strip_prefix("http://").unwrap().to_owned();
    let impostor = Recorder::between(between, backend);
    fails_at(
        &address,
        "SYMBOLON_ISSUER_LISTEN",
        &installation,
        &["credential", "list"],
    );
    was_not_told(&impostor, &installation);
}
