//! An installation whose records are in a MOSIP ID Repository.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::thread;

use serde_json::{Value, json};

use crate::harness::{Installation, Role};
use crate::story::{living_adult, receive};

const TOKEN: &str = "a.token.of-the-repository";

/// Answers as the public repository does, for these people, until the test ends.
fn repository(people: Vec<Value>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer(&people, stream);
        }
    });
    address
}

fn answer(people: &[Value], stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut first, mut length, mut token) = (String::new(), 0, false);
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        token |= line == format!("cookie: authorization={TOKEN}");
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let (extra, response, errors) =
        if first.starts_with("POST /v1/authmanager/authenticate/clientidsecretkey ") {
            assert_eq!(body["request"]["secretKey"], "the clients secret");
            (
                format!("Set-Cookie: Authorization={TOKEN}; Max-Age=600; HttpOnly\r\n"),
                json!({ "status": "Success" }),
                Value::Null,
            )
        } else {
            assert!(
                first.starts_with("POST /idrepository/v1/identity/idvid/v2 ") && token,
                "{first}"
            );
            match people
                .iter()
                .find(|person| person["UIN"] == body["request"]["id"])
            {
                Some(person) => (
                    String::new(),
                    json!({ "status": "ACTIVATED", "identity": person }),
                    Value::Null,
                ),
                None => (
                    String::new(),
                    Value::Null,
                    json!([{ "errorCode": "IDR-IDC-007", "message": "No Record(s) found" }]),
                ),
            }
        };
    let answer =
        json!({ "id": "mosip.id.read", "version": "v1", "response": response, "errors": errors }).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{extra}Content-Length: {}\r\nConnection: close\r\n\r\n",
        answer.len()
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(answer.as_bytes()).unwrap();
}

#[test]
fn a_wallet_receives_a_credential_of_a_record_that_the_installation_never_had() {
    let installation = Installation::new();
    installation.sample(20);
    let people: Vec<Value> = fs::read_to_string(installation.path("people.ndjson"))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let uin = living_adult(&installation);
    let address = repository(people);
    let secret = installation.path("mosip-client-secret");
    fs::write(&secret, "the clients secret\n").unwrap();
    let path = installation.path("symbolon.toml");
    let configuration = fs::read_to_string(&path).unwrap();
    let section = format!(
        "[issuer.records]\nsource = \"mosip\"\nurl = \"{address}\"\napp_id = \"idrepo\"\nclient_id = \"symbolon\"\n\
         client_secret_file = \"mosip-client-secret\"\n\n[verifier]"
    );
    let whole = configuration.replacen("[verifier]", &section, 1);
    fs::write(&path, whole.replacen("app_id = \"idrepo\"\n", "", 1)).unwrap();
    let said = installation.fails(1, &["issuer", "serve"]);
    assert!(said.contains("issuer.records.app_id"), "{said}");
    fs::write(&path, whole).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let said = installation.fails(1, &["issuer", "serve"]);
    assert!(said.contains("readable by its owner alone"), "{said}");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();

    let said = installation.fails(1, &["records", "import", "people.ndjson"]);
    assert!(said.contains("kept by an ID repository"), "{said}");
    let _issuer = installation.serve(Role::Issuer);
    assert!(installation.ok(&["records", "show", &uin]).contains(&uin));
    let said = installation.fails(1, &["records", "show", "1111111111"]);
    assert!(said.contains("unknown_record"), "{said}");
    receive(&installation, &uin);
    installation.ok(&["card", "print", "--record", &uin, "--out", "card.png"]);
    installation.ok(&["credential", "revoke", "--record", &uin]);
    let listed = installation.json(&["credential", "list", "--record", &uin, "--json"]);
    assert!(
        listed
            .as_array()
            .unwrap()
            .iter()
            .all(|credential| credential["status"] == "revoked")
    );
    assert_eq!(listed.as_array().unwrap().len(), 2);
    // What the issuer logs names nobody.
    assert!(!installation.log("issuer").contains(&uin));
}
