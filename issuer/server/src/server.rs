//! The issuer as a running server.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use symbolon_http::serve::{AdministrationToken, Encryption, ServeError, serve};
use symbolon_protocol::identifier::UrlError;
use thiserror::Error;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::administration::Administration;
use crate::http::router;
use crate::issuer::Issuer;

/// How the issuer is reached.
pub struct Listening {
    /// Where.
    pub listener: TcpListener,
    /// With TLS or, on loopback and behind a proxy, without.
    pub encryption: Encryption,
    /// What the administration interface asks for.
    pub administration_token: AdministrationToken,
}

/// Starts servers.
pub struct Server;

/// A running issuer.
pub struct Running {
    http: symbolon_http::serve::Running,
    issuer: Arc<Issuer>,
    stop: Arc<Notify>,
    housekeeping: JoinHandle<()>,
}

impl Server {
    /// Serves `issuer` until [`Running::shutdown`].
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(issuer: Arc<Issuer>, listening: Listening) -> Result<Running, StartError> {
        let router = router(&issuer, listening.administration_token)?;
        let http = serve(listening.listener, listening.encryption, router).await?;
        let stop = Arc::new(Notify::new());
        let housekeeping = tokio::spawn(keep_house(Arc::clone(&issuer), Arc::clone(&stop)));
        Ok(Running {
            http,
            issuer,
            stop,
            housekeeping,
        })
    }
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.http.address()
    }

    /// The operator's side, in the same process.
    #[must_use]
    pub fn administration(&self) -> Administration {
        Administration::new(Arc::clone(&self.issuer))
    }

    /// Stops accepting, lets requests that are under way end, and chains the last audit events. The store is the caller's to close.
    pub async fn shutdown(self) {
        self.http.shutdown().await;
        self.stop.notify_one();
        // A task that ended by itself has stopped too.
        drop(self.housekeeping.await);
    }

    /// Returns when the listener has ended by itself.
    pub async fn ended(&mut self) {
        self.http.ended().await;
    }
}

/// Chains audit events soon after they were written, and forgets what has expired.
async fn keep_house(issuer: Arc<Issuer>, stop: Arc<Notify>) {
    loop {
        let stopping = tokio::select! {
            () = stop.notified() => Stopping::Yes,
            () = issuer.events.notified() => Stopping::No,
            () = tokio::time::sleep(HOUSEKEEPING_INTERVAL) => Stopping::No,
        };
        if matches!(stopping, Stopping::No) {
            // Events of one burst are chained in one commit.
            tokio::time::sleep(GATHERING).await;
        }
        if let Err(error) = issuer.chain_events().await {
            tracing::error!(%error, "audit events not chained");
        }
        if matches!(stopping, Stopping::Yes) {
            return;
        }
        issuer.backup.forget_idle(issuer.now());
        if let Err(error) = issuer
            .store()
            .remove_expired(issuer.now(), EXPIRED_PER_ROUND)
            .await
        {
            tracing::error!(%error, "expired entries not removed");
        }
    }
}

enum Stopping {
    Yes,
    No,
}

const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(30);
const GATHERING: Duration = Duration::from_millis(200);
/// Five rounds a second at most, so this keeps up with any rate of issuance.
const EXPIRED_PER_ROUND: usize = 2_000;

/// Why the issuer does not serve.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The listener cannot be used.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// An endpoint's address cannot be written.
    #[error("the issuer's identifier is too long")]
    Identifier(#[from] UrlError),
}
