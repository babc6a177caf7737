//! The holder as a running server.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "testing")]
use symbolon_http::openapi::conformance::Conformance;
use symbolon_http::serve::{AdministrationToken, Encryption, ServeError, serve};
use thiserror::Error;
use tokio::task::JoinHandle;
use url::Url;

use crate::agent::Agent;
use crate::holder::Holder;
use crate::http::agent::{DamagedPages, Pages, Reception, RequestBudget};
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

/// An agent, and how much strangers may have it do.
pub struct Attending {
    /// The agent, which was begun.
    pub agent: Arc<Agent>,
    /// What everybody together may ask for.
    pub budget: RequestBudget,
}

/// Starts servers.
pub struct Server;

/// A running holder.
pub struct Running {
    http: symbolon_http::serve::Running,
    upkeep: Option<JoinHandle<()>>,
}

/// Why a holder did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The listener or its certificate cannot be used.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A page of the wallet cannot be made.
    #[error(transparent)]
    Pages(#[from] DamagedPages),
}

/// How often the agent looks after what waits. An issuer that hands out a credential later says in seconds when.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

impl Server {
    /// Serves `holder` until [`Running::shutdown`].
    ///
    /// # Errors
    /// [`StartError`] when the listener or its certificate cannot be used.
    pub async fn start(
        holder: Arc<Holder>,
        attending: Option<Attending>,
        listening: Listening,
    ) -> Result<Running, StartError> {
        Self::start_within(holder, attending, listening, |_, router| router).await
    }

    /// The same, and holds every request and answer against the description of the interface.
    ///
    /// # Errors
    /// [`StartError`].
    #[cfg(feature = "testing")]
    pub async fn start_watched(
        holder: Arc<Holder>,
        attending: Option<Attending>,
        listening: Listening,
        conformance: &Conformance,
    ) -> Result<Running, StartError> {
        let watch = |server: &Url, router| {
            let description = crate::http::description::description(server);
            conformance.watch(router, &serde_json::json!(description))
        };
        Self::start_within(holder, attending, listening, watch).await
    }

    async fn start_within(
        holder: Arc<Holder>,
        attending: Option<Attending>,
        listening: Listening,
        around: impl FnOnce(&Url, axum::Router) -> axum::Router,
    ) -> Result<Running, StartError> {
        let server = address(&listening)?;
        let agent = attending.as_ref().map(|attending| Arc::clone(&attending.agent));
        let reception = match attending {
            None => None,
            Some(Attending { agent, budget }) => {
                let pages = Arc::new(Pages::new()?);
                Some((Reception { agent, pages }, budget))
            }
        };
        let router = around(&server, router(holder, reception, listening.token, &server));
        let http = serve(listening.listener, listening.encryption, router).await?;
        let upkeep = agent.map(|agent| {
            tokio::spawn(async move {
                loop {
                    agent.attend().await;
                    tokio::time::sleep(UPKEEP_INTERVAL).await;
                }
            })
        });
        Ok(Running { http, upkeep })
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
        if let Some(upkeep) = self.upkeep {
            upkeep.abort();
        }
        self.http.shutdown().await;
    }

    /// Returns when the listener has ended by itself.
    pub async fn ended(&mut self) {
        self.http.ended().await;
    }
}
