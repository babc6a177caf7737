//! The holder as a running server.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use symbolon_http::serve::{AdministrationToken, Encryption, ServeError, serve};

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
        let router = router(holder, listening.token);
        let http = serve(listening.listener, listening.encryption, router).await?;
        Ok(Running { http })
    }
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
