//! Row 33: bodies that are larger than any message.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::harness::Role;
use crate::wallet::World;

/// Larger than every limit of a protocol message.
const ANNOUNCED: usize = 1 << 30;

/// Sends `head` and `body` as they are, and returns the status of the answer.
fn status(address: &str, head: &str, body: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    // The server may refuse before it has read everything.
    let _ = stream.write_all(body);
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    let text = std::str::from_utf8(&start).unwrap();
    text.strip_prefix("HTTP/1.1 ").unwrap().parse().unwrap()
}

/// Row 33.
#[tokio::test(flavor = "multi_thread")]
async fn oversized_bodies_are_refused_by_what_they_announce_and_by_what_they_send() {
    let world = World::start();
    let _verifier = world.installation.serve(Role::Verifier);
    let request = world
        .installation
        .json(&["request", "create", "--query", "age-over-18", "--json"]);
    let answer = format!("/openid4vp/responses/{}", request["request_id"].as_str().unwrap());
    let token = world.token(&world.uin).await;
    let issuer = world.installation.issuer.strip_prefix("http://").unwrap();
    let verifier = world.installation.verifier.strip_prefix("http://").unwrap();
    let form = "application/x-www-form-urlencoded";
    let doors = [
        (issuer, "/token", form),
        (issuer, "/nonce", form),
        (issuer, "/credential", "application/json"),
        (verifier, answer.as_str(), form),
    ];
    for (address, path, media_type) in doors {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: {media_type}\r\n\
             authorization: Bearer {token}\r\nconnection: close\r\n"
        );
        let announced = format!("{head}content-length: {ANNOUNCED}\r\n\r\n");
        assert_eq!(status(address, &announced, b""), 413, "{path} announced");
        if path == "/nonce" {
            // It reads no body at all.
            continue;
        }
        // Without a length, counted while it comes.
        let chunk = vec![b'a'; 64 << 10];
        let mut body = Vec::new();
        for _ in 0..(16 << 20) / chunk.len() {
            body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            body.extend_from_slice(&chunk);
            body.extend_from_slice(b"\r\n");
        }
        let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n");
        let refused = chunked_status(address, &chunked, &body);
        assert!(
            matches!(refused, None | Some(400 | 413)),
            "{path} sent: {refused:?}"
        );
        // A compressed body is not unpacked: it is no form and no JSON.
        let packed = format!("{head}content-encoding: gzip\r\ncontent-length: 20\r\n\r\n");
        let unread = status(address, &packed, &[0x1f; 20]);
        assert!((400..500).contains(&unread), "{path} packed: {unread}");
    }

    // Nobody panicked, and both go on.
    for name in ["issuer", "verifier"] {
        let log = world.installation.log(name);
        assert!(!log.contains("panicked"), "{log}");
    }
    world.issue(&token).await;
    world
        .installation
        .json(&["request", "create", "--query", "age-over-18", "--json"]);
}

/// As [`status`]; `None` when the server broke the connection off, as it may while the rest still comes.
fn chunked_status(address: &str, head: &str, body: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let complete = stream.write_all(body).is_ok();
    assert!(!complete || body.is_empty() || stream.take_error().is_ok());
    let mut start = [0; 12];
    stream.read_exact(&mut start).ok()?;
    let text = std::str::from_utf8(&start).unwrap();
    text.strip_prefix("HTTP/1.1 ")?.parse().ok()
}
