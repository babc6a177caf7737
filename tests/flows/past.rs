//! `symbolon verify --at` with a network: what was true at a time of the past is told by the status list of that time alone
//! (Token Status List, section 8.4).

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::Value;
use symbolon_credential::mdoc::{IssuerSigned, MdocBudget, SessionTranscript};
use symbolon_credential::status::StatusReference;
use symbolon_crypto::{SignatureAlgorithm, UnixTime};
use symbolon_trust::status_list::{BitsPerStatus, Status, TokenStatusList};
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestIssuingAuthority, TestKey, TestRegistry};
use symbolon_trust::trust_list::CredentialTypeRule;

use crate::harness::Installation;

const DOC_TYPE: &str = "org.symbolon.national-id.1";
const INDEX: u64 = 77;

/// What the issuer's server does with a question about the past.
#[derive(Clone, Copy)]
enum Server {
    /// It answers with the list of that time, in which the credential was good.
    KeepsThePast,
    /// It does not know the parameter, and answers with the list of today, made so much later, in which the credential is good as well.
    IgnoresTheQuestion {
        /// How much later.
        later: Duration,
    },
    /// It says that it keeps no past.
    HasNoPast,
    /// It answers with a list of that time that is not as it must be.
    Wrong(Wrong),
}

/// What is wrong with a list (rows 27 and 33 of the list of attacks).
#[derive(Debug, Clone, Copy)]
enum Wrong {
    /// Another key signed it.
    Signature,
    /// It says that it is the list at another address.
    Subject,
    /// It is cut off before the index of the credential.
    TooShort,
    /// It inflates to more than any list.
    Bomb,
    /// Its token is cut off.
    Cut,
}

/// Serves the status list of an issuer who is this server.
fn serve(server: Server) -> TestIssuer {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let issuer = TestIssuer::new(&base, 100);
    let signer = TestIssuer::new(&base, 100);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(&signer, server, stream.unwrap());
        }
    });
    issuer
}

fn answer(issuer: &TestIssuer, server: Server, mut stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let asked = lines.next().unwrap().unwrap();
    while !lines.next().unwrap().unwrap().is_empty() {}
    let of_the_past = format!("GET /status/0?time={} HTTP/1.1", NOW.seconds());
    let list = |issued_at: UnixTime| {
        let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
        list.set(INDEX + 1, Status::Invalid).unwrap();
        issuer.status_token(&issuer.status_uri(0), &list, issued_at)
    };
    let (status, body) = match server {
        Server::KeepsThePast if asked == of_the_past => ("200 OK", list(NOW)),
        Server::KeepsThePast => ("404 Not Found", String::new()),
        Server::IgnoresTheQuestion { later } => ("200 OK", list(NOW.plus(later))),
        Server::Wrong(wrong) => ("200 OK", wrong_list(issuer, wrong)),
        Server::HasNoPast => ("501 Not Implemented", String::new()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/statuslist+jwt\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // A client that has read enough may be gone.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body.as_bytes());
}

fn wrong_list(issuer: &TestIssuer, wrong: Wrong) -> String {
    let uri = issuer.status_uri(0);
    let good = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
    match wrong {
        Wrong::Signature => TestIssuer::new(issuer.identifier.as_str(), 500).status_token(&uri, &good, NOW),
        Wrong::Subject => issuer.status_token(&issuer.status_uri(1), &good, NOW),
        Wrong::TooShort => {
            let short = TokenStatusList::all_valid(BitsPerStatus::Two, 64);
            issuer.status_token(&uri, &short, NOW)
        }
        Wrong::Bomb => {
            let bomb = TokenStatusList::from_bytes(BitsPerStatus::Two, vec![0; (16 << 20) + 1]);
            issuer.status_token(&uri, &bomb, NOW)
        }
        Wrong::Cut => {
            let mut token = issuer.status_token(&uri, &good, NOW);
            token.truncate(token.len() - 100);
            token
        }
    }
}

/// What is said about the status of an mdoc as of a time of the past.
fn status_then(server: Server) -> Value {
    let installation = Installation::new();
    let issuer = serve(server);
    let (registry, authority) = (TestRegistry::new(1), TestIssuingAuthority::new(700));
    let mut entry = issuer.entry(vec![CredentialTypeRule::Exactly(DOC_TYPE.to_owned())]);
    entry.anchors.push(authority.root().clone());
    let list = registry.trust_list(vec![entry], NOW);
    let root = registry.root_of_trust(list).to_json().unwrap();
    fs::write(installation.path("past-trust.json"), root).unwrap();

    let holder = TestKey::new(SignatureAlgorithm::Es256, 900);
    let place = StatusReference::new(issuer.status_uri(0), INDEX).unwrap();
    let issued = authority.issue_given_name(DOC_TYPE, Some(place), holder.public_key());
    let held = IssuerSigned::parse(&issued, MdocBudget::DEFAULT).unwrap();
    let transcript = SessionTranscript::openid4vp(
        "x509_hash:stored",
        "n-0S6_WzA2Mj",
        None,
        "https://rp.example/response",
    );
    let prepared = held
        .present(&[(DOC_TYPE, "given_name")])
        .unwrap()
        .prepare(&transcript);
    let signature = holder.sign(&prepared.request(holder.handle()));
    fs::write(
        installation.path("shown.cbor"),
        prepared.finish(&signature).unwrap(),
    )
    .unwrap();

    let at = UnixTime::rfc3339(NOW);
    let arguments = [
        "verify",
        "shown.cbor",
        "--trust",
        "past-trust.json",
        "--json",
        "--at",
        &at,
    ];
    let output = installation.command(&arguments).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(report["authentic"]["state"], "authentic", "{report:#}");
    report["status"]["state"].clone()
}

#[test]
fn the_list_of_the_time_tells_what_was_true_then() {
    assert_eq!(status_then(Server::KeepsThePast), "good");
}

#[test]
fn no_other_list_tells_anything_about_the_past() {
    // Two days, and less than clocks may be apart.
    for later in [DAY * 2, Duration::from_secs(60)] {
        assert_eq!(
            status_then(Server::IgnoresTheQuestion { later }),
            "unknown",
            "{later:?}"
        );
    }
    assert_eq!(status_then(Server::HasNoPast), "unknown");
}

#[test]
fn a_list_that_is_not_as_it_must_be_is_no_good_answer() {
    for wrong in [Wrong::Signature, Wrong::Subject, Wrong::Bomb, Wrong::Cut] {
        assert_eq!(status_then(Server::Wrong(wrong)), "unknown", "{wrong:?}");
    }
    assert_eq!(status_then(Server::Wrong(Wrong::TooShort)), "out_of_range");
}
