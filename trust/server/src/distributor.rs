//! Serving packs to a fleet.
//!
//! A distributor makes a pack of each scope on a schedule, and what changed since the packs before; it writes them as files that
//! never change, and last of all the index that names them. Whoever serves thousands of shops puts any web server or cache in
//! front of the folder: nothing is computed for a request.

mod collect;
mod http;
mod publish;
mod schedule;

use std::error::Error as StdError;
use std::future::Future;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use symbolon_crypto::UnixTime;
#[cfg(feature = "testing")]
use symbolon_http::openapi::conformance::Conformance;
use symbolon_http::serve::{Encryption, ServeError, serve};
use thiserror::Error;
use url::Url;

pub use self::collect::{CollectedList, Collector, DiscoveredLists, NotCollected};
pub use self::http::{description, paths};
pub use self::publish::{PublishError, PublishedFolder, Retention};
pub use self::schedule::Distributor;

/// Makes packs: whoever has the pack key.
pub trait Packer: Send + Sync + 'static {
    /// A new pack of what is known now, with a sequence above that of every pack before.
    fn make(&self, scope: Option<&str>) -> impl Future<Output = Result<Vec<u8>, PackerError>> + Send;

    /// What was collected for the last pack from issuers elsewhere.
    fn collected(&self) -> Collected {
        Collected::default()
    }
}

/// How many lists of issuers elsewhere are in a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// All of them.
    pub lists: u64,
    /// Those that could not be had anew when they were due, and are carried as they were.
    pub old: u64,
    /// Those that are known and not in it, because no reader would accept them.
    pub left_out: u64,
}

/// Why there is no new pack. The one before is served on.
#[derive(Debug, Error)]
#[error("no pack could be made: {0}")]
pub struct PackerError(#[source] pub Box<dyn StdError + Send + Sync>);

/// What a distributor does.
#[derive(Debug, Clone)]
pub struct DistributorConfiguration {
    /// The address under which shops reach it.
    pub identifier: Url,
    /// Where the published files are.
    pub folder: PathBuf,
    /// The scopes of which there is a pack of its own, beside the whole one.
    pub scopes: Vec<String>,
    /// From one pack to the next.
    pub every: Duration,
    /// For how many packs back there are deltas.
    pub retention: Retention,
    /// The root of trust as it is given to new shops.
    pub root_of_trust: Vec<u8>,
}

/// The clock of a distributor.
pub type Clock = Arc<dyn Fn() -> UnixTime + Send + Sync>;

/// Why a distributor did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The folder of published files cannot be used.
    #[error(transparent)]
    Folder(#[from] PublishError),
    /// The listener cannot be used.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Starts distributors.
pub struct Server;

/// A running distributor.
pub struct Running {
    http: symbolon_http::serve::Running,
    work: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Serves until [`Running::shutdown`]. What was published before is served from the beginning on; the first new pack is made at
    /// once.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start<P: Packer>(
        listener: TcpListener,
        encryption: Encryption,
        distributor: Arc<Distributor<P>>,
    ) -> Result<Running, StartError> {
        Self::start_within(listener, encryption, distributor, |router| router).await
    }

    /// The same, and holds every request and answer against the description of the interface.
    ///
    /// # Errors
    /// [`StartError`].
    #[cfg(feature = "testing")]
    pub async fn start_watched<P: Packer>(
        listener: TcpListener,
        encryption: Encryption,
        distributor: Arc<Distributor<P>>,
        conformance: &Conformance,
    ) -> Result<Running, StartError> {
        let described = serde_json::json!(description(distributor.identifier()));
        Self::start_within(listener, encryption, distributor, |router| {
            conformance.watch(router, &described)
        })
        .await
    }

    async fn start_within<P: Packer>(
        listener: TcpListener,
        encryption: Encryption,
        distributor: Arc<Distributor<P>>,
        around: impl FnOnce(axum::Router) -> axum::Router,
    ) -> Result<Running, StartError> {
        let router = around(http::router(Arc::clone(distributor.served())));
        let http = serve(listener, encryption, router).await?;
        let work = tokio::spawn(async move { distributor.keep_publishing().await });
        Ok(Running { http, work })
    }
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> std::net::SocketAddr {
        self.http.address()
    }

    /// Stops accepting, lets requests that are under way end, and makes no more packs.
    pub async fn shutdown(self) {
        self.work.abort();
        self.http.shutdown().await;
    }

    /// Returns when the listener has ended by itself.
    pub async fn ended(&mut self) {
        self.http.ended().await;
    }
}
