//! The holder as a running server.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

#[cfg(feature = "testing")]
use symbolon_http::openapi::conformance::Conformance;
use symbolon_http::serve::{AdministrationToken, Encryption, ServeError, serve};
use url::Url;

use crate::holder::Holder;
use crate::http::router;

/// How the holder is reached.
pub struct Listening {
    /// Where.
    pub listener: TcpListener,
    /// With TLS or, on loopback, without.
    pub encryption: Encryption,
    /// What every request must bring. It is the wallet's own: whoever has it can sign in the holder's name.
    pub token: AdministrationToken,
}

/// Starts servers.
pub struct Server;

/// A running holder.
pub struct Running {
    http: symbolon_http::serve::Running,
}

impl Server {
    /// Serves `holder` until [`Running::shutdown`].
    ///
    /// # Errors
    /// [`ServeError`] when the listener or its certificate cannot be used.
    pub async fn start(holder: Arc<Holder>, listening: Listening) -> Result<Running, ServeError> {
        Self::start_within(holder, listening, |_, router| router).await
    }

    /// The same, and holds every request and answer against the description of the interface.
    ///
    /// # Errors
    /// [`ServeError`].
    #[cfg(feature = "testing")]
    pub async fn start_watched(
        holder: Arc<Holder>,
        listening: Listening,
        conformance: &Conformance,
    ) -> Result<Running, ServeError> {
        let watch = |server: &Url, router| {
            let description = crate::http::description::description(server);
            conformance.watch(router, &serde_json::json!(description))
        };
        Self::start_within(holder, listening, watch).await
    }

    async fn start_within(
        holder: Arc<Holder>,
        listening: Listening,
        around: impl FnOnce(&Url, axum::Router) -> axum::Router,
    ) -> Result<Running, ServeError> {
        let server = address(&listening)?;
        let router = around(&server, router(holder, listening.token, &server));
        let http = serve(listening.listener, listening.encryption, router).await?;
        Ok(Running { http })
    }
}

/// Where the holder is reached: it has no identifier of its own.
fn address(listening: &Listening) -> Result<Url, ServeError> {
    let address = listening.listener.local_addr().map_err(ServeError::Listener)?;
    let scheme = match listening.encryption {
        Encryption::Tls(_) => "https",
        Encryption::Plain => "http",
    };
    Url::parse(&format!("{scheme}://{address}"))
        .map_err(|error| ServeError::Listener(std::io::Error::other(error)))
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.http.address()
    }

    /// Stops accepting and lets requests that are under way end. The stores are the caller's to close.
    pub async fn shutdown(self) {
        self.http.shutdown().await;
    }

    /// Returns when the listener has ended by itself.
    pub async fn ended(&mut self) {
        self.http.ended().await;
    }
}
