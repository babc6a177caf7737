//! The listener that every server shares: TLS, limits, headers, shutdown, and the guard of the administration interface.

mod administration;
mod harden;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use thiserror::Error;
use tokio::task::JoinHandle;

pub use administration::{AdministrationToken, require_administration};
pub use harden::{Limits, harden};

/// How long requests that are under way may take to end after a shutdown was asked for.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// How long a peer may take to send its first request. Without it, connections that never say anything pile up.
const FIRST_REQUEST_LIMIT: Duration = Duration::from_secs(15);

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
    let address = listener.local_addr().map_err(ServeError::Listener)?;
    listener.set_nonblocking(true).map_err(ServeError::Listener)?;
    let handle = Handle::new();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let task = match encryption {
        Encryption::Plain => {
            let server = axum_server::from_tcp(listener)
                .map_err(ServeError::Listener)?
                .handle(handle.clone())
                .first_request_timeout(FIRST_REQUEST_LIMIT);
            tokio::spawn(server.serve(service))
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
            let server = axum_server::from_tcp_rustls(listener, config)
                .map_err(ServeError::Listener)?
                .handle(handle.clone())
                .first_request_timeout(FIRST_REQUEST_LIMIT);
            tokio::spawn(server.serve(service))
        }
    };
    Ok(Running {
        address,
        handle,
        task,
    })
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
