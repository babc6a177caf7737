//! Stands between wallet and verifier and keeps what passes, as an attacker on the way would.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as it was sent.
#[derive(Clone)]
pub(crate) struct Recorded {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    pub(crate) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }
}

/// Every request that passed.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Recorded>>>);

impl Recorder {
    /// Passes on what `listener` receives to `backend` until the test ends.
    pub(crate) fn between(listener: TcpListener, backend: String) -> Self {
        let recorder = Self::default();
        let kept = recorder.clone();
        thread::spawn(move || {
            for wallet in listener.incoming().flatten() {
                let (kept, backend) = (kept.clone(), backend.clone());
                // A connection that breaks is the wallet's to notice.
                thread::spawn(move || kept.pass_on(wallet, &backend));
            }
        });
        recorder
    }

    /// Gives what `listener` receives one answer, whatever it is, until the test ends.
    pub(crate) fn answering(listener: TcpListener, answer: &'static str) -> Self {
        let recorder = Self::default();
        let kept = recorder.clone();
        thread::spawn(move || {
            for mut peer in listener.incoming().flatten() {
                let kept = kept.clone();
                thread::spawn(move || {
                    let recorded = read_request(&mut peer)?;
                    kept.0.lock().unwrap().push(recorded);
                    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
                    write!(peer, "{head}\r\ncontent-length: {}\r\n\r\n{answer}", answer.len()).ok()
                });
            }
        });
        recorder
    }

    /// Everything that passed.
    pub(crate) fn everything(&self) -> Vec<Recorded> {
        self.0.lock().unwrap().clone()
    }

    fn pass_on(&self, mut wallet: TcpStream, backend: &str) -> Option<()> {
        let recorded = read_request(&mut wallet)?;
        self.0.lock().unwrap().push(recorded.clone());
        let answer = send(backend, &recorded)?;
        wallet.write_all(&answer).ok()
    }

    /// The answers of wallets that passed.
    pub(crate) fn answers(&self) -> Vec<Recorded> {
        let requests = self.0.lock().unwrap();
        requests
            .iter()
            .filter(|request| request.head.starts_with("POST ") && request.path().contains("/responses/"))
            .cloned()
            .collect()
    }
}

fn read_request(stream: &mut TcpStream) -> Option<Recorded> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.extend(byte);
    }
    let head = String::from_utf8(head).ok()?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.trim().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Recorded { head, body })
}

/// Sends a request and returns the whole answer.
pub(crate) fn send(backend: &str, request: &Recorded) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(backend).ok()?;
    let head = request.head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&request.body).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(answer)
}
