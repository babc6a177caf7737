//! What the tests of several servers share.

use std::io::{Error, Result};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

/// The status that a server on loopback answers to a POST to `url` with the header `fields`, of which it gets the head alone: a body of
/// `length` bytes is announced and none is sent.
///
/// A refused body is not read: the server answers and closes the connection. Whoever still writes may find it closed before having read
/// the answer, so a test of the refusal must not write.
///
/// # Errors
/// When the address is none, nobody listens there, or what comes back is no answer.
pub async fn status_of_announced(url: &str, fields: &[(&str, &str)], length: usize) -> Result<u16> {
    let url = Url::parse(url).map_err(Error::other)?;
    let addresses = url.socket_addrs(|| None)?;
    let mut stream = TcpStream::connect(addresses.as_slice()).await?;
    let mut head = format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-length: {length}\r\n",
        url.path(),
        url.authority()
    );
    for (name, value) in fields {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = [0; "HTTP/1.1 413".len()];
    stream.read_exact(&mut answer).await?;
    let answer = core::str::from_utf8(&answer).map_err(Error::other)?;
    let status = answer.strip_prefix("HTTP/1.1 ").unwrap_or_default();
    status.parse().map_err(Error::other)
}
