//! Peers that take their time, on loopback: a connection is not held open for whoever has once sent a request.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use symbolon_http::serve::{Encryption, Limits, Patience, Running, harden, listen, serve_with};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: issuer.example\r\n\r\n";

async fn start(patience: Duration) -> Running {
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let router = harden(
        Router::new().route("/", get(|| async { "text" })),
        Limits::PROTOCOL,
    );
    let patience = Patience {
        first_request: patience,
        next_request: patience,
    };
    serve_with(listener, Encryption::Plain, router, patience)
        .await
        .unwrap()
}

/// Sends a request, reads its answer, and sends what `follows`.
async fn answered_once(running: &Running, follows: &[u8]) -> TcpStream {
    let mut peer = TcpStream::connect(running.address()).await.unwrap();
    peer.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"text") {
        assert_ne!(peer.read_buf(&mut answer).await.unwrap(), 0);
    }
    peer.write_all(follows).await.unwrap();
    peer
}

/// Whether the server ends the connection while its peer waits. The limit is there for a server that never does.
async fn ends(mut peer: TcpStream) -> bool {
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(20), peer.read_to_end(&mut rest));
    ended.await.is_ok()
}

#[tokio::test]
async fn whoever_was_answered_once_is_not_waited_for_without_end() {
    let running = start(Duration::from_millis(200)).await;
    let silent = TcpStream::connect(running.address()).await.unwrap();
    let idle = answered_once(&running, b"").await;
    let half = answered_once(&running, b"GET / HTTP/1.1\r\nhost: iss").await;
    let (silent, idle, half) = tokio::join!(ends(silent), ends(idle), ends(half));
    assert!(silent, "a peer that never asks");
    assert!(idle, "a peer that asks no more");
    assert!(half, "a peer that asks by halves");
    running.shutdown().await;
}

#[tokio::test]
async fn whoever_asks_again_in_time_is_answered_on_the_same_connection() {
    let running = start(Duration::from_secs(20)).await;
    let mut peer = answered_once(&running, REQUEST).await;
    let mut answer = Vec::new();
    while !answer.ends_with(b"text") {
        assert_ne!(peer.read_buf(&mut answer).await.unwrap(), 0);
    }
    running.shutdown().await;
}
