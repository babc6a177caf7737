//! How the browser comes back to the command line ([RFC 8252 §7.3]).
//!
//! [RFC 8252 §7.3]: https://www.rfc-editor.org/rfc/rfc8252#section-7.3

use std::time::Duration;

use anyhow::{Context as _, bail};
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};

use super::{Asked, ask};

/// Where the browser comes back to on this machine.
const PATH: &str = "/callback";
/// How long a person has to sign in.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// How long a connection may take to send its request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest beginning of a request that is read: room for the address and the header fields of any browser.
const MAX_REQUEST_BYTES: usize = 32 << 10;

const PAGE: &str = "<!doctype html><meta charset=utf-8><title>Symbolon</title>\
    <p>The wallet has the answer. This page can be closed.";

/// The way back from the browser.
pub(super) enum Browser {
    /// It leads to a port of this machine that only listens there.
    Loopback {
        /// Takes the browser's request.
        listener: TcpListener,
        /// Where to.
        redirect_uri: RedirectUri,
        /// When the person has had long enough.
        until: Instant,
    },
    /// It leads elsewhere, and the person copies the address over.
    Typed {
        /// Where to.
        redirect_uri: RedirectUri,
    },
}

impl Browser {
    /// Opens a port of this machine, unless the browser is to come back to `redirect`.
    ///
    /// # Errors
    /// An address that no wallet may have; no port.
    pub(super) async fn prepare(redirect: Option<&str>) -> anyhow::Result<Self> {
        if let Some(redirect) = redirect {
            let redirect_uri = RedirectUri::parse(redirect).context("--redirect cannot be used")?;
            return Ok(Self::Typed { redirect_uri });
        }
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("no port can be opened for the browser to come back to; give --redirect")?;
        let port = listener.local_addr()?.port();
        let redirect_uri = RedirectUri::parse(&format!("http://127.0.0.1:{port}{PATH}"))?;
        Ok(Self::Loopback {
            listener,
            redirect_uri,
            until: Instant::now() + PATIENCE,
        })
    }

    /// Where the browser comes back to.
    pub(super) const fn redirect_uri(&self) -> &RedirectUri {
        match self {
            Self::Loopback { redirect_uri, .. } | Self::Typed { redirect_uri } => redirect_uri,
        }
    }

    /// Waits until the browser comes back, and tells with which address. `None` when it does not.
    ///
    /// # Errors
    /// A port or a terminal that fails.
    pub(super) async fn wait(&mut self) -> anyhow::Result<Option<String>> {
        match self {
            Self::Typed { .. } => {
                // Also from a pipe: a program can drive the browser.
                let question = "the address that the browser ended at: ";
                tokio::task::spawn_blocking(move || ask(question, Asked::AnyInput)).await?
            }
            Self::Loopback {
                listener,
                redirect_uri,
                until,
            } => loop {
                let Ok(accepted) = timeout_at(*until, listener.accept()).await else {
                    return Ok(None);
                };
                let (stream, _) = accepted.context("the port for the browser failed")?;
                // A connection that says nothing, or something else, is no reason to give up.
                if let Ok(Ok(Some(target))) = timeout(REQUEST_TIMEOUT, take_request(stream)).await {
                    let origin = redirect_uri.as_str().trim_end_matches(PATH);
                    return Ok(Some(format!("{origin}{target}")));
                }
            },
        }
    }
}

/// The target of a request for [`PATH`] with a query, after it was answered.
async fn take_request(mut stream: TcpStream) -> anyhow::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await?;
        head.extend_from_slice(chunk.get(..read).unwrap_or_default());
        if read == 0 || head.len() > MAX_REQUEST_BYTES {
            bail!("no request");
        }
    }
    let target = target_of(&head);
    let (status, body) = match &target {
        Some(_) => ("200 OK", PAGE),
        None => ("404 Not Found", ""),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
         Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(target)
}

fn target_of(head: &[u8]) -> Option<String> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let mut parts = line.split(' ');
    let (method, target) = (parts.next()?, parts.next()?);
    let (path, query) = target.split_once('?')?;
    (method == "GET" && path == PATH && !query.is_empty()).then(|| target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn say(port: &RedirectUri, request: &str) -> String {
        let address = port.as_str().trim_start_matches("http://").trim_end_matches(PATH);
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }

    #[tokio::test]
    async fn the_browser_comes_back_whatever_else_knocks_at_the_port() {
        let mut browser = Browser::prepare(None).await.unwrap();
        let redirect_uri = browser.redirect_uri().clone();
        let waiting = tokio::spawn(async move { browser.wait().await.unwrap() });
        for (request, status) in [
            ("", ""),
            ("GET /favicon.ico HTTP/1.1\r\n\r\n", "HTTP/1.1 404"),
            ("GET /callback HTTP/1.1\r\n\r\n", "HTTP/1.1 404"),
            ("POST /callback?code=a HTTP/1.1\r\n\r\n", "HTTP/1.1 404"),
            (
                "GET /callback?code=a&state=b HTTP/1.1\r\nHost: x\r\n\r\n",
                "HTTP/1.1 200",
            ),
        ] {
            let answer = say(&redirect_uri, request).await;
            assert!(answer.starts_with(status), "{request}: {answer}");
        }
        let answer = waiting.await.unwrap().unwrap();
        assert_eq!(answer, format!("{}?code=a&state=b", redirect_uri.as_str()));
    }

    #[tokio::test]
    async fn only_an_address_that_a_wallet_may_have_is_taken() {
        assert!(Browser::prepare(Some("javascript:alert(1)")).await.is_err());
        let browser = Browser::prepare(Some("https://wallet.example/cb")).await.unwrap();
        assert_eq!(browser.redirect_uri().as_str(), "https://wallet.example/cb");
    }
}
