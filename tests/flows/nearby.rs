//! Wallet and verifier face to face, by the command line: over a good line, and over lines that lose, repeat, move and change what they carry.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use symbolon_cli::edge::SystemRandomness;
use symbolon_cli::nearby::{Line, Received};
use symbolon_credential::mdoc::SessionTranscript;
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::encoding::base64url;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::proximity::ble::StateSignal;
use symbolon_protocol::proximity::{MAX_RESPONSE_MESSAGE_BYTES, ReaderEvent, ScannedReader};
use symbolon_verifier::proximity::anonymous_request;

use crate::harness::{Installation, Role};
use crate::story;

/// What a bad line does to the values that it carries towards the reader, or towards the wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Loses the value of this number.
    Loses(usize),
    /// Carries it twice.
    Repeats(usize),
    /// Carries the one behind it first.
    Swaps(usize),
    /// Changes a bit of it.
    Changes(usize),
    /// Breaks off before it.
    Breaks(usize),
}

/// One value of a characteristic, with what stands before it on the line.
fn value(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = [0; 3];
    stream.read_exact(&mut head).ok()?;
    let mut value = head.to_vec();
    value.resize(3 + usize::from(u16::from_be_bytes([head[1], head[2]])), 0);
    stream.read_exact(&mut value[3..]).ok()?;
    Some(value)
}

/// Carries values from one end to the other until one of them closes.
fn carry(mut from: TcpStream, mut to: TcpStream, fault: Fault) {
    let mut number = 0;
    let mut kept: Option<Vec<u8>> = None;
    while let Some(mut carried) = value(&mut from) {
        let mut out = Vec::new();
        match fault {
            Fault::Breaks(at) if at == number => break,
            Fault::Loses(at) if at == number => {}
            Fault::Repeats(at) if at == number => out.extend([carried.clone(), carried]),
            Fault::Swaps(at) if at == number => kept = Some(carried),
            Fault::Changes(at) if at == number => {
                *carried.last_mut().unwrap() ^= 0x10;
                out.push(carried);
            }
            _ => {
                out.push(carried);
                out.extend(kept.take());
            }
        }
        for value in out {
            if to.write_all(&value).is_err() {
                return;
            }
        }
        number += 1;
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
    let _ = from.shutdown(std::net::Shutdown::Both);
}

/// A line to `wallet`, with its faults in each direction. Returns where the reader connects to.
fn line(wallet: SocketAddr, to_wallet: Fault, to_reader: Fault) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let Ok((reader, _)) = listener.accept() else {
            return;
        };
        let Ok(wallet) = TcpStream::connect(wallet) else {
            return;
        };
        for end in [&reader, &wallet] {
            end.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        }
        let (reader_too, wallet_too) = (reader.try_clone().unwrap(), wallet.try_clone().unwrap());
        let back = thread::spawn(move || carry(wallet_too, reader_too, to_reader));
        carry(reader, wallet, to_wallet);
        let _ = back.join();
    });
    address
}

/// A resident with a driving licence, and a pack; no server runs any more.
struct Counter {
    installation: Installation,
}

/// Has a wallet deal with readers whom nothing proves.
const STRANGERS: [(&str, &str); 1] = [("SYMBOLON_WALLET_UNVERIFIED_READERS", "shown")];

/// Does something as a reader on the line to a wallet, and is gone.
fn on_line(wallet: SocketAddr, act: impl AsyncFnOnce(Line<tokio::net::TcpStream>)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(async {
        let stream = tokio::net::TcpStream::connect(wallet).await.unwrap();
        act(Line::new(stream, MAX_RESPONSE_MESSAGE_BYTES)).await;
    });
}

/// A wallet that waits for a reader.
struct Waiting {
    process: Child,
    address: SocketAddr,
    engagement: String,
}

impl Counter {
    fn new() -> Self {
        let installation = Installation::new();
        let issuer = installation.serve(Role::Issuer);
        let uin = story::import_people(&installation);
        let offer = story::offer(&installation, &uin, "MobileDrivingLicence", &["--tx-code"]);
        story::take_up(&installation, &offer, &[]);
        issuer.kill();
        installation.ok(&["pack", "build", "--out", "a.pack"]);
        let query = json!({ "credentials": [{
            "id": "licence", "format": "mso_mdoc", "meta": { "doctype_value": "org.iso.18013.5.1.mDL" },
            "claims": [{ "path": ["org.iso.18013.5.1", "family_name"] }],
        }] });
        fs::write(installation.path("licence.json"), query.to_string()).unwrap();
        Self { installation }
    }

    fn wait(&self, further: &[&str]) -> Waiting {
        self.wait_with(further, &[])
    }

    fn wait_with(&self, further: &[&str], environment: &[(&str, &str)]) -> Waiting {
        let arguments = [&["wallet", "present-nearby"], further].concat();
        let mut command = self.installation.command(&arguments);
        command.envs(environment.iter().copied()).stdin(Stdio::null());
        Self::engaged(command)
    }

    /// A wallet whose person sits at a terminal, and deals with readers whom nothing proves. What is typed there goes to the input.
    fn wait_at_terminal(&self, further: &[&str]) -> Waiting {
        let arguments = [&["wallet", "present-nearby"], further].concat();
        let wallet = self.installation.command(&arguments);
        let words = std::iter::once(wallet.get_program()).chain(wallet.get_args());
        let line: Vec<_> = words.map(|word| word.to_str().unwrap()).collect();
        let mut terminal = Command::new("script");
        for (name, value) in wallet.get_envs() {
            match value {
                Some(value) => terminal.env(name, value),
                None => terminal.env_remove(name),
            };
        }
        terminal
            .args(["--quiet", "--return", "--command", &line.join(" "), "/dev/null"])
            .current_dir(self.installation.folder())
            .envs(STRANGERS)
            .stdin(Stdio::piped());
        Self::engaged(terminal)
    }

    fn engaged(mut command: Command) -> Waiting {
        let process = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = process.spawn().unwrap();
        let mut out = BufReader::new(process.stdout.as_mut().unwrap());
        let mut next = || {
            let mut line = String::new();
            assert_ne!(out.read_line(&mut line).unwrap(), 0, "no engagement");
            line.trim().to_owned()
        };
        // At a terminal warnings are among the lines.
        let address = loop {
            if let Some(address) = next().strip_prefix("listening on ") {
                break address.parse().unwrap();
            }
        };
        let engagement = next();
        Waiting {
            process,
            address,
            engagement,
        }
    }

    /// Asks over a line with these faults: the exit status, the report, and what the wallet's exit status was.
    fn ask(&self, waiting: Waiting, to_wallet: Fault, to_reader: Fault) -> (i32, String, i32) {
        let connect = line(waiting.address, to_wallet, to_reader).to_string();
        let output = self
            .installation
            .command(&[
                "verifier",
                "ask-nearby",
                "licence.json",
                "--engagement",
                &waiting.engagement,
                "--connect",
                &connect,
                "--pack",
                "a.pack",
                "--evidence",
                "kept",
                "--json",
            ])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let wallet = waiting.process.wait_with_output().unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            wallet.status.code().unwrap(),
        )
    }

    /// What `symbolon verify` says of an answer that was kept beside its request: the exit status, and the report if there is one.
    fn verify_kept(&self, presentation: &str, request: &str) -> (i32, Value) {
        let arguments = [
            "verify",
            presentation,
            "--request",
            request,
            "--pack",
            "a.pack",
            "--json",
        ];
        let output = self.installation.command(&arguments).output().unwrap();
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap(), report)
    }

    /// A request of a reader whom nothing proves.
    fn anonymous_request(&self, query: &str) -> Vec<u8> {
        let query = fs::read(self.installation.path(query)).unwrap();
        anonymous_request(&DcqlQuery::parse(&query).unwrap()).unwrap()
    }

    fn shown(&self) -> usize {
        let history = self.installation.json(&["wallet", "history", "--json"]);
        let entries = history["entries"].as_array().unwrap();
        entries
            .iter()
            .filter(|entry| entry["event"]["kind"] == "presented")
            .count()
    }
}

#[test]
fn a_licence_is_shown_face_to_face_and_judged_offline() {
    let counter = Counter::new();
    let waiting = counter.wait(&["--yes", "--qr", "engagement.png"]);
    assert!(waiting.engagement.starts_with("mdoc:"), "{}", waiting.engagement);
    assert!(counter.installation.path("engagement.png").exists());
    let (status, report, wallet) = counter.ask(waiting, Fault::None, Fault::None);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((status, wallet), (0, 0), "{report}");
    assert_eq!(report["verdict"], "valid");
    assert_eq!(report["holder"]["state"], "proven_by_key");
    assert_eq!(counter.shown(), 1);

    // The person says no, and for always: the reader learns nothing, and does not come to ask again.
    let (status, report, wallet) = counter.ask(counter.wait(&["--refuse-always"]), Fault::None, Fault::None);
    assert_ne!(status, 0);
    assert_eq!((report.as_str(), wallet), ("", 1));
    let (status, report, wallet) = counter.ask(counter.wait(&["--yes"]), Fault::None, Fault::None);
    assert_ne!(status, 0);
    assert_eq!((report.as_str(), wallet), ("", 1));
    assert_eq!(counter.shown(), 1);
    let refusals = counter
        .installation
        .json(&["wallet", "refusals", "list", "--json"]);
    assert_eq!(refusals[0]["rule"], "always");
    let id = refusals[0]["id"].as_str().unwrap();
    counter.installation.ok(&["wallet", "refusals", "forget", id]);
    counter
        .installation
        .fails(1, &["wallet", "refusals", "forget", id]);
    let (status, _, _) = counter.ask(counter.wait(&["--yes"]), Fault::None, Fault::None);
    assert_eq!(status, 0);
}

/// The signature of the device can be checked again by whoever has the transcript of the session, and by nobody without it.
#[test]
fn what_both_sides_keep_of_a_session_is_verified_again_later() {
    let counter = Counter::new();
    let first = counter.wait(&["--yes", "--save", "first.json"]);
    let (status, report, wallet) = counter.ask(first, Fault::None, Fault::None);
    assert_eq!((status, wallet), (0, 0), "{report}");
    let path = |name: &str| counter.installation.path(name);
    fs::rename(path("kept"), path("kept-first")).unwrap();
    let second = counter.wait(&["--yes", "--save", "second.json"]);
    let (status, _, _) = counter.ask(second, Fault::None, Fault::None);
    assert_eq!(status, 0);

    // By what the verifier kept, and by what the holder kept.
    for (presentation, request) in [
        ("kept-first/presentation.json", "kept-first/request.jwt"),
        ("first.json", "first.request.jwt"),
        ("second.json", "kept/request.jwt"),
    ] {
        let (status, report) = counter.verify_kept(presentation, request);
        assert_eq!((status, &report["verdict"]), (0, &json!("valid")), "{report:#}");
        assert_eq!(report["holder"]["state"], "proven_by_key");
    }
    // By the session of another answer it is refuted, and without any it is not known who showed it.
    let (status, report) = counter.verify_kept("first.json", "second.request.jwt");
    assert_eq!((status, &report["verdict"]), (1, &json!("invalid")), "{report:#}");
    let alone = ["verify", "first.json", "--pack", "a.pack", "--json"];
    let alone = counter.installation.command(&alone).output().unwrap();
    assert_eq!(alone.status.code(), Some(3));

    // A request that is put beside another session, was asked by nobody, or has no session at all, proves nothing.
    let kept = |name: &str| -> Value { serde_json::from_slice(&fs::read(path(name)).unwrap()).unwrap() };
    let (one, other) = (kept("first.request.jwt"), kept("second.request.jwt"));
    let anonymous = {
        let request = counter.anonymous_request("licence.json");
        base64url::encode(&request)
    };
    let openid4vp = SessionTranscript::openid4vp("x509_hash:a", "nonce", None, "https://a.example/response");
    for (member, value) in [
        ("session_transcript", other["session_transcript"].clone()),
        ("device_request", other["device_request"].clone()),
        ("device_request", json!(anonymous)),
        (
            "session_transcript",
            json!(base64url::encode(openid4vp.as_bytes())),
        ),
        ("session_transcript", json!("*")),
    ] {
        let mut changed = one.clone();
        changed[member] = value;
        fs::write(path("changed.jwt"), changed.to_string()).unwrap();
        let (status, report) = counter.verify_kept("first.json", "changed.jwt");
        assert_eq!((status, &report), (2, &Value::Null), "{member}");
    }
}

/// The history has what was shown before it is sent: whoever asked has it too, whatever becomes of the copy.
#[test]
fn an_answer_is_sent_before_it_is_kept_and_kept_also_when_nobody_is_there_any_more() {
    let counter = Counter::new();
    let waiting = counter.wait(&["--yes", "--save", "no-such-folder/answer.json"]);
    let (status, report, wallet) = counter.ask(waiting, Fault::None, Fault::None);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((status, &report["verdict"]), (0, &json!("valid")), "{report}");
    assert_eq!(wallet, 1, "it is not kept, which its owner is told");
    assert_eq!(counter.shown(), 1);

    let waiting = counter.wait_with(&["--yes", "--save", "answer.json"], &STRANGERS);
    let request = counter.anonymous_request("licence.json");
    let scanned = ScannedReader::scan(&waiting.engagement, &RustCryptoProvider, &SystemRandomness).unwrap();
    let (message, _) = scanned.establish(&request).map_err(|ended| ended.error).unwrap();
    on_line(waiting.address, async |mut line| {
        line.signal(StateSignal::Start).await.unwrap();
        line.send(&message).await.unwrap();
    });
    let wallet = waiting.process.wait_with_output().unwrap();
    assert_eq!(wallet.status.code(), Some(1), "{wallet:?}");
    assert_eq!(counter.shown(), 2);
    for kept in ["answer.json", "answer.request.jwt"] {
        assert!(counter.installation.path(kept).exists(), "{kept}");
    }
}

/// Somebody at a terminal, which `script` makes, answers a reader that asks again.
#[test]
fn each_answer_of_one_session_is_kept_in_files_of_its_own() {
    let counter = Counter::new();
    let other = fs::read_to_string(counter.installation.path("licence.json")).unwrap();
    let other = other.replace("family_name", "given_name");
    fs::write(counter.installation.path("other.json"), other).unwrap();
    let mut waiting = counter.wait_at_terminal(&["--save", "answer.json"]);
    let mut typed = waiting.process.stdin.take().unwrap();
    typed.write_all(b"y\ny\n").unwrap();
    let scanned = ScannedReader::scan(&waiting.engagement, &RustCryptoProvider, &SystemRandomness).unwrap();
    let requests = ["licence.json", "other.json"].map(|query| counter.anonymous_request(query));
    on_line(waiting.address, async |mut line| {
        line.signal(StateSignal::Start).await.unwrap();
        let (message, mut awaiting) = scanned
            .establish(&requests[0])
            .map_err(|ended| ended.error)
            .unwrap();
        line.send(&message).await.unwrap();
        for next in [Some(&requests[1]), None] {
            let Received::Message(answer) = line.receive().await.unwrap() else {
                panic!("no answer")
            };
            let reader = match awaiting.receive(&answer).map_err(|ended| ended.error).unwrap() {
                ReaderEvent::Response { reader, .. } => reader,
                other => panic!("{other:?}"),
            };
            let Some(next) = next else { break };
            let (message, again) = reader.request(next).map_err(|ended| ended.error).unwrap();
            line.send(&message).await.unwrap();
            awaiting = again;
        }
        line.signal(StateSignal::End).await.unwrap();
    });
    drop(typed);
    let wallet = waiting.process.wait_with_output().unwrap();
    assert!(wallet.status.success(), "{wallet:?}");
    assert_eq!(counter.shown(), 2);
    let kept = |name: &str| fs::read(counter.installation.path(name)).unwrap();
    assert_ne!(kept("answer.json"), kept("answer-2.json"));
    assert_ne!(kept("answer.request.jwt"), kept("answer-2.request.jwt"));
}

/// The reader could ask for something else in the next request, and nobody would be asked.
#[test]
fn a_yes_on_the_command_line_is_for_one_request() {
    let counter = Counter::new();
    let request = counter.anonymous_request("licence.json");
    let waiting = counter.wait_with(&["--yes"], &STRANGERS);
    let scanned = ScannedReader::scan(&waiting.engagement, &RustCryptoProvider, &SystemRandomness).unwrap();
    on_line(waiting.address, async |mut line| {
        line.signal(StateSignal::Start).await.unwrap();
        let (message, awaiting) = scanned.establish(&request).map_err(|ended| ended.error).unwrap();
        line.send(&message).await.unwrap();
        let Received::Message(answer) = line.receive().await.unwrap() else {
            panic!("no answer")
        };
        match awaiting.receive(&answer).map_err(|ended| ended.error).unwrap() {
            ReaderEvent::LastResponse { .. } => {}
            ReaderEvent::Response { .. } => panic!("the wallet takes another request"),
            ReaderEvent::Ended(_) => panic!("nothing was shown"),
        }
        assert_eq!(line.receive().await.unwrap(), Received::Ended);
        // Also of a reader that does not care.
        let _ = line.send(&message).await;
    });
    let wallet = waiting.process.wait_with_output().unwrap();
    assert!(wallet.status.success(), "{wallet:?}");
    assert_eq!(counter.shown(), 1);
}

#[test]
fn over_a_bad_line_nothing_false_is_believed_and_the_next_session_goes_through() {
    let counter = Counter::new();
    // Value 0 towards the wallet is the state; the request is in those behind it, and the answer in those towards the reader.
    let faults = [
        (Fault::Loses(1), Fault::None),
        (Fault::Swaps(1), Fault::None),
        (Fault::Changes(2), Fault::None),
        (Fault::Breaks(1), Fault::None),
        (Fault::None, Fault::Loses(0)),
        (Fault::None, Fault::Repeats(1)),
        (Fault::None, Fault::Swaps(2)),
        (Fault::None, Fault::Changes(3)),
        (Fault::None, Fault::Breaks(2)),
    ];
    for (to_wallet, to_reader) in faults {
        let before = counter.shown();
        let (status, report, _) = counter.ask(counter.wait(&["--yes"]), to_wallet, to_reader);
        assert_ne!(status, 0, "{to_wallet:?} {to_reader:?}: {report}");
        assert_eq!(report, "", "{to_wallet:?} {to_reader:?}");
        // What may have been shown is in the history, and a request that did not arrive showed nothing.
        let may_have_shown = usize::from(to_wallet == Fault::None);
        assert_eq!(
            counter.shown(),
            before + may_have_shown,
            "{to_wallet:?} {to_reader:?}"
        );
    }
    let (status, report, wallet) = counter.ask(counter.wait(&["--yes"]), Fault::None, Fault::None);
    assert_eq!((status, wallet), (0, 0), "{report}");
}
