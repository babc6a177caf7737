//! The listener that every server shares: TLS, limits, headers, shutdown, and the guard of the administration interface.

mod administration;
mod harden;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use axum::{Extension, Router};
use axum_server::tls_rustls::RustlsConfig;
use axum_server::{Handle, Server};
use thiserror::Error;
use tokio::task::JoinHandle;

use administration::ListenerAddress;
pub(crate) use administration::identity_route;
pub use administration::{
    AdministrationToken, IDENTITY, IdentityChallenge, IdentityProof, require_administration,
};
pub use harden::{Limits, harden};

/// How long requests that are under way may take to end after a shutdown was asked for.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// How often the other end of an HTTP/2 connection is asked whether it is still there, and how long it may take to say so.
const HTTP2_SIGN_OF_LIFE: Duration = Duration::from_secs(30);

/// How long a connection is kept for a peer that says nothing. Without it such connections pile up until none is left.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// From its beginning until the head of the first request is there.
    pub first_request: Duration,
    /// From an answer until the head of the next request is there.
    pub next_request: Duration,
}

impl Patience {
    /// What every server has. A proxy in front keeps its connections for a minute where nobody says otherwise, and should be the one
    /// that ends them.
    pub const STANDARD: Self = Self {
        first_request: Duration::from_secs(15),
        next_request: Duration::from_secs(75),
    };
}

/// The certificate and key of a listener, PEM files.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate chain, leaf first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Whether a listener speaks TLS.
#[derive(Debug, Clone)]
pub enum Encryption {
    /// It does.
    Tls(TlsFiles),
    /// It does not: on loopback, in development or behind a proxy that ends TLS.
    Plain,
}

/// Why a server did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("cannot use the TLS certificate {certificate} with its key")]
    Tls {
        /// The certificate.
        certificate: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The listener cannot be used.
    #[error("cannot use the listener")]
    Listener(#[source] std::io::Error),
}

/// A running server.
pub struct Running {
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    task: JoinHandle<std::io::Result<()>>,
}

/// Listens on `address`; port 0 takes a free one.
///
/// # Errors
/// [`ServeError::Listen`].
pub fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).map_err(|source| ServeError::Listen { address, source })
}

/// Serves `router` on `listener` until [`Running::shutdown`]. Pass the router through [`harden`] first.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    listener: TcpListener,
    encryption: Encryption,
    router: Router,
) -> Result<Running, ServeError> {
    serve_with(listener, encryption, router, Patience::STANDARD).await
}

/// The same with another patience.
///
/// # Errors
/// [`ServeError`].
pub async fn serve_with(
    listener: TcpListener,
    encryption: Encryption,
    router: Router,
    patience: Patience,
) -> Result<Running, ServeError> {
    let address = listener.local_addr().map_err(ServeError::Listener)?;
    listener.set_nonblocking(true).map_err(ServeError::Listener)?;
    let handle = Handle::new();
    let router = router.layer(Extension(ListenerAddress(address)));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let task = match encryption {
        Encryption::Plain => {
            let server = axum_server::from_tcp(listener).map_err(ServeError::Listener)?;
            tokio::spawn(patient(server, patience).handle(handle.clone()).serve(service))
        }
        Encryption::Tls(files) => {
            // Choosing the provider a second time is refused and means the same one was chosen before.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
            let config = RustlsConfig::from_pem_chain_file(&files.certificate, &files.key)
                .await
                .map_err(|source| ServeError::Tls {
                    certificate: files.certificate.clone(),
                    source,
                })?;
            let server = axum_server::from_tcp_rustls(listener, config).map_err(ServeError::Listener)?;
            tokio::spawn(patient(server, patience).handle(handle.clone()).serve(service))
        }
    };
    Ok(Running {
        address,
        handle,
        task,
    })
}

/// A server that ends connections whose peers are silent. Of HTTP/1 the limit of the head counts while a connection waits, too; of
/// HTTP/2, where a peer may hold a connection without asking anything, only peers that are gone are noticed.
fn patient<Acc>(mut server: Server<SocketAddr, Acc>, patience: Patience) -> Server<SocketAddr, Acc> {
    let builder = server.http_builder();
    builder.http1().header_read_timeout(patience.next_request);
    builder
        .http2()
        .keep_alive_interval(HTTP2_SIGN_OF_LIFE)
        .keep_alive_timeout(HTTP2_SIGN_OF_LIFE);
    server.first_request_timeout(patience.first_request)
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, lets requests that are under way end, and returns when nothing listens any more.
    pub async fn shutdown(self) {
        self.handle.graceful_shutdown(Some(SHUTDOWN_GRACE));
        // A server that ended by itself has been shut down too.
        let _ = self.task.await;
    }

    /// Returns when the server has ended by itself.
    pub async fn ended(&mut self) {
        let _ = (&mut self.task).await;
    }
}
