//! The issuer as a running server.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "testing")]
use symbolon_http::openapi::{Audience, conformance::Conformance};
use symbolon_http::serve::{AdministrationToken, Encryption, ServeError, serve};
use symbolon_issuer::store::StoreError;
use symbolon_protocol::identifier::UrlError;
use thiserror::Error;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::administration::Administration;
use crate::http::{Around, TenantsError, router, tenants_router};
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

/// One of several issuers behind one listener.
#[derive(Clone)]
pub struct ServedIssuer {
    /// The issuer.
    pub issuer: Arc<Issuer>,
    /// What its administration interface asks for. It opens no other's.
    pub administration_token: AdministrationToken,
}

/// Starts servers.
pub struct Server;

/// A running issuer, or several of them.
pub struct Running {
    http: symbolon_http::serve::Running,
    first: House,
    others: Vec<House>,
}

/// An issuer, the task that keeps its house, and the one that keeps its status lists.
struct House {
    issuer: Arc<Issuer>,
    stop: Arc<Notify>,
    housekeeping: JoinHandle<()>,
    stop_publishing: Arc<Notify>,
    publishing: JoinHandle<()>,
}

impl Server {
    /// Serves `issuer` until [`Running::shutdown`], whatever host a request names: whoever is alone behind a listener needs not be told
    /// apart.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(issuer: Arc<Issuer>, listening: Listening) -> Result<Running, StartError> {
        Self::start_within(issuer, listening, &|_, router| router).await
    }

    /// The same, and holds every request and answer against the description of the interface.
    ///
    /// # Errors
    /// [`StartError`].
    #[cfg(feature = "testing")]
    pub async fn start_watched(
        issuer: Arc<Issuer>,
        listening: Listening,
        conformance: &Conformance,
    ) -> Result<Running, StartError> {
        let watch = |issuer: &Issuer, router| watched(conformance, issuer, router);
        Self::start_within(issuer, listening, &watch).await
    }

    async fn start_within(
        issuer: Arc<Issuer>,
        listening: Listening,
        around: Around<'_>,
    ) -> Result<Running, StartError> {
        let router = router(&issuer, listening.administration_token)?;
        let router = around(&issuer, router);
        let http = serve(listening.listener, listening.encryption, router).await?;
        Ok(Running {
            http,
            first: House::keep(issuer),
            others: Vec::new(),
        })
    }

    /// Serves several issuers on one listener until [`Running::shutdown`]. Each answers at the host and below the path of its identifier
    /// alone.
    ///
    /// # Errors
    /// [`StartError`], also when two of them are at one address.
    pub async fn start_tenants(
        issuers: Vec<ServedIssuer>,
        listener: TcpListener,
        encryption: Encryption,
    ) -> Result<Running, StartError> {
        Self::start_tenants_within(issuers, listener, encryption, &|_, router| router).await
    }

    /// The same, and holds every request and answer against the description of the issuer that it belongs to.
    ///
    /// # Errors
    /// [`StartError`].
    #[cfg(feature = "testing")]
    pub async fn start_watched_tenants(
        issuers: Vec<ServedIssuer>,
        listener: TcpListener,
        encryption: Encryption,
        conformance: &Conformance,
    ) -> Result<Running, StartError> {
        let watch = |issuer: &Issuer, router| watched(conformance, issuer, router);
        Self::start_tenants_within(issuers, listener, encryption, &watch).await
    }

    async fn start_tenants_within(
        issuers: Vec<ServedIssuer>,
        listener: TcpListener,
        encryption: Encryption,
        around: Around<'_>,
    ) -> Result<Running, StartError> {
        let router = tenants_router(&issuers, around).await?;
        let mut issuers = issuers.into_iter().map(|served| served.issuer);
        let first = issuers.next().ok_or(StartError::NoIssuer)?;
        let http = serve(listener, encryption, router).await?;
        Ok(Running {
            http,
            first: House::keep(first),
            others: issuers.map(House::keep).collect(),
        })
    }
}

#[cfg(feature = "testing")]
fn watched(conformance: &Conformance, issuer: &Issuer, router: axum::Router) -> axum::Router {
    let identifier = issuer.profile().identifier();
    let description = crate::http::description::description(identifier, Audience::Operator);
    conformance.watch(router, &serde_json::json!(description))
}

impl House {
    fn keep(issuer: Arc<Issuer>) -> Self {
        let stop = Arc::new(Notify::new());
        let housekeeping = tokio::spawn(keep_house(Arc::clone(&issuer), Arc::clone(&stop)));
        let stop_publishing = Arc::new(Notify::new());
        let publishing = tokio::spawn({
            let (issuer, stop) = (Arc::clone(&issuer), Arc::clone(&stop_publishing));
            async move { issuer.keep_status_lists(&stop).await }
        });
        Self {
            issuer,
            stop,
            housekeeping,
            stop_publishing,
            publishing,
        }
    }
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.http.address()
    }

    /// The operator's side, in the same process: of the issuer, or of the first of several.
    #[must_use]
    pub fn administration(&self) -> Administration {
        Administration::new(Arc::clone(&self.first.issuer))
    }

    /// The same of each issuer, in the order in which they were handed in.
    pub fn administrations(&self) -> impl Iterator<Item = Administration> {
        core::iter::once(&self.first)
            .chain(&self.others)
            .map(|house| Administration::new(Arc::clone(&house.issuer)))
    }

    /// Stops accepting, lets requests that are under way end, and chains the last audit events. The store is the caller's to close.
    pub async fn shutdown(self) {
        self.http.shutdown().await;
        for house in core::iter::once(self.first).chain(self.others) {
            house.stop_publishing.notify_one();
            house.stop.notify_one();
            // A task that ended by itself has stopped too.
            drop(house.publishing.await);
            drop(house.housekeeping.await);
        }
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
        if let Err(error) = forget_expired(&issuer).await {
            tracing::error!(%error, "expired entries not removed");
        }
    }
}

/// Forgets all that has expired. Whoever sends residents here makes sessions that wake nobody and need no token: were so many forgotten
/// at a time and no more, whoever makes them faster would fill the disk.
async fn forget_expired(issuer: &Issuer) -> Result<(), StoreError> {
    while issuer
        .store()
        .remove_expired(issuer.now(), EXPIRED_PER_COMMIT)
        .await?
        >= EXPIRED_PER_COMMIT
    {}
    Ok(())
}

enum Stopping {
    Yes,
    No,
}

const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(30);
const GATHERING: Duration = Duration::from_millis(200);
/// A commit of this size takes some milliseconds, in which requests wait.
const EXPIRED_PER_COMMIT: usize = 2_000;

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
    /// There is nobody to serve.
    #[error("there is no issuer to serve")]
    NoIssuer,
    /// Issuers that cannot share a listener.
    #[error(transparent)]
    Tenants(#[from] TenantsError),
}
