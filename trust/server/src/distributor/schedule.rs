//! Making packs on a schedule.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use url::Url;

use super::http::Served;
use super::{Clock, DistributorConfiguration, Packer, PublishError, PublishedFolder};

/// How long after a failure the next try is made.
const RETRY: Duration = Duration::from_secs(30);

/// A distributor: who makes packs, and where they are published.
pub struct Distributor<P> {
    configuration: DistributorConfiguration,
    packer: P,
    folder: Mutex<PublishedFolder>,
    served: Arc<Served>,
    clock: Clock,
}

impl<P: Packer> Distributor<P> {
    /// A distributor over a folder, with what was published in it before.
    ///
    /// # Errors
    /// [`PublishError`] when the folder cannot be used.
    pub fn open(
        configuration: DistributorConfiguration,
        packer: P,
        clock: Clock,
    ) -> Result<Self, PublishError> {
        let folder = PublishedFolder::open(&configuration.folder, configuration.retention)?;
        let served = Served::new(&configuration, Arc::clone(&clock));
        served.replace(folder.index(), &folder.downloadable())?;
        Ok(Self {
            configuration,
            packer,
            folder: Mutex::new(folder),
            served: Arc::new(served),
            clock,
        })
    }

    /// The address under which shops reach it.
    #[must_use]
    pub const fn identifier(&self) -> &Url {
        &self.configuration.identifier
    }

    /// What is published now, a line for each scope.
    #[must_use]
    pub fn published(&self) -> Vec<String> {
        let folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        let packs = folder.index().packs.iter();
        packs
            .map(|pack| {
                let scope = pack.scope.as_deref().unwrap_or("everything");
                let deltas = pack.deltas.len();
                format!(
                    "{scope}: pack {}, {} bytes, {deltas} deltas",
                    pack.sequence, pack.full.bytes
                )
            })
            .collect()
    }

    pub(super) const fn served(&self) -> &Arc<Served> {
        &self.served
    }

    /// Makes and publishes a pack of every scope. One that cannot be made keeps no other from being published.
    ///
    /// Returns whether every one was.
    pub async fn publish_all(self: &Arc<Self>) -> bool {
        let scopes = self.configuration.scopes.iter().cloned().map(Some);
        let mut all = true;
        for scope in core::iter::once(None).chain(scopes) {
            all &= self.publish(scope).await;
        }
        all
    }

    async fn publish(self: &Arc<Self>, scope: Option<String>) -> bool {
        let name = scope.clone().unwrap_or_else(|| "everything".to_owned());
        let published = match self.packer.make(scope.as_deref()).await {
            Ok(pack) => self.put(scope, pack).await,
            Err(error) => Err(error.to_string()),
        };
        self.served.count_build(published.is_ok(), (self.clock)());
        self.served.count_lists(self.packer.collected());
        match &published {
            Ok(sequence) => tracing::info!(scope = name, sequence, "published a pack"),
            Err(error) => {
                tracing::error!(
                    scope = name,
                    error,
                    "no pack was published; the one before is served on"
                );
            }
        }
        published.is_ok()
    }

    /// Computing deltas takes its time, and is kept off the threads that serve.
    async fn put(self: &Arc<Self>, scope: Option<String>, pack: Vec<u8>) -> Result<u64, String> {
        let this = Arc::clone(self);
        let put = move || {
            let mut folder = this.folder.lock().unwrap_or_else(PoisonError::into_inner);
            folder.publish(scope.as_deref(), &pack)?;
            this.served.replace(folder.index(), &folder.downloadable())?;
            Ok::<_, PublishError>(
                folder
                    .index()
                    .pack(scope.as_deref())
                    .map_or(0, |pack| pack.sequence),
            )
        };
        let done = tokio::task::spawn_blocking(put).await;
        done.map_err(|_| "interrupted".to_owned())?
            .map_err(|error| error.to_string())
    }

    /// Publishes at once, and then on schedule, until the future is dropped.
    pub async fn keep_publishing(self: &Arc<Self>) {
        loop {
            let pause = if self.publish_all().await {
                self.configuration.every
            } else {
                RETRY.min(self.configuration.every)
            };
            tokio::time::sleep(pause).await;
        }
    }
}
