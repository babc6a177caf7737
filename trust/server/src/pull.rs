//! Getting the newest pack of a distributor.
//!
//! The order is always the same: the index, by a conditional request; then the smallest file that leads from the pack in force to
//! the offered one, resumed where an earlier try broke off; then the digest that the index announced; and only then does
//! [`PackKeeper`] verify it and put it in force. Whatever fails before leaves the pack in force as it is.
//!
//! Nothing the distributor says is believed: the index has no addresses, lengths are held to a budget before a byte is kept, and a
//! delta that does not fit is answered with the whole pack.

mod download;
mod folder;
mod repeat;

use std::error::Error as StdError;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http::header::{ETAG, IF_NONE_MATCH};
use serde::{Deserialize, Serialize};
use symbolon_http::fetch::{DownloadPatience, Fetch, FetchError, GuardedFetcher};
use symbolon_trust::distribution::{
    Digest, HeldPack, IndexError, MAX_INDEX_BYTES, MAX_PACK_BYTES, PackIndex, Plan, PlanError, PublishedFile,
};
use thiserror::Error;
use url::Url;

use self::download::Downloading;
pub use self::folder::{PullFolder, PullLock};
pub use self::repeat::{Repeat, keep_pulling};

/// Where packs come from.
#[derive(Debug, Clone)]
pub struct PullSource {
    /// The address of the index.
    pub index: Url,
    /// The scope that is wanted; everything without it.
    pub scope: Option<String>,
    /// The most bytes that one file may have.
    pub budget: u64,
    /// How long a download may take.
    pub patience: DownloadPatience,
}

impl PullSource {
    /// A source with the usual limits.
    #[must_use]
    pub const fn new(index: Url, scope: Option<String>) -> Self {
        Self {
            index,
            scope,
            budget: MAX_PACK_BYTES,
            patience: DownloadPatience::STANDARD,
        }
    }
}

/// Who has the pack in force, and verifies what shall replace it.
///
/// An implementation replaces the pack in force only by one that it has verified wholly, and atomically: whatever happens in
/// between, the old or the new one is in force, and what was seen is remembered with it. A memory that is lost with the pack would
/// let a distributor go back.
pub trait PackKeeper: Send + Sync {
    /// The pack in force; `None` where there is none.
    ///
    /// # Errors
    /// [`KeepError::Storage`].
    fn held(&self) -> Result<Option<HeldPack>, KeepError>;

    /// Verifies a whole pack, or the one that a delta makes of the pack in force, and puts it in force.
    ///
    /// # Errors
    /// [`KeepError`].
    fn keep(&self, incoming: &[u8]) -> Result<HeldPack, KeepError>;
}

/// Why a pack was not put in force. The one before still is.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeepError {
    /// It is refused: by its signatures, its age, or what was seen before.
    #[error("the pack is refused: {0}")]
    Refused(#[source] Box<dyn StdError + Send + Sync>),
    /// It cannot be read or kept.
    #[error("the pack cannot be kept: {0}")]
    Storage(#[source] Box<dyn StdError + Send + Sync>),
}

/// Where a download tells how far it is.
pub trait Watcher: Send + Sync {
    /// A download begins; `have` of its bytes are there from an earlier try.
    fn begins(&self, file: &PublishedFile, have: u64);
    /// So many of its bytes are there.
    fn has(&self, bytes: u64);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

impl Watcher for Unwatched {
    fn begins(&self, _file: &PublishedFile, _have: u64) {}
    fn has(&self, _bytes: u64) {}
}

/// What a pull led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulled {
    /// The pack in force is the newest.
    UpToDate(HeldPack),
    /// A newer one is in force.
    Renewed {
        /// The one in force now.
        held: HeldPack,
        /// How it came.
        way: Way,
        /// How many bytes came over the network for it, without the index.
        bytes: u64,
    },
}

/// How a pack came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As a whole.
    Whole,
    /// As what had changed.
    Delta,
}

/// Why nothing newer is in force. The pack before still is.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PullError {
    /// The distributor cannot be reached, or its answer broke off: what came is resumed by the next try.
    #[error("the distributor cannot be asked: {0}")]
    Network(#[from] FetchError),
    /// It answers with an error.
    #[error("the distributor answers with status {0}")]
    Status(u16),
    /// The answer ended before its end: what came is resumed by the next try.
    #[error("the download broke off")]
    BrokenOff,
    /// The index does not read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The index offers nothing that could be taken.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// What was served is not what the index announced.
    #[error("the distributor serves another file than it announced")]
    NotAsAnnounced,
    /// The pack was refused or cannot be kept.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// The folder of downloads cannot be used.
    #[error("cannot use {path}: {source}")]
    Folder {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Another process is pulling.
    #[error("another process is pulling into the same folder")]
    Busy,
    /// The work was given up, as the process ends.
    #[error("the pull was given up")]
    GivenUp,
}

impl PullError {
    /// Whether the next try may well succeed, without anybody doing anything about it.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Network(FetchError::Unreachable | FetchError::Interrupted)
            | Self::BrokenOff
            | Self::Busy
            | Self::GivenUp => true,
            Self::Status(status) => *status >= 500 || *status == 429,
            _ => false,
        }
    }
}

/// What is remembered of an index, so that the same one is not sent again.
#[derive(Serialize, Deserialize)]
struct KnownIndex {
    address: String,
    scope: Option<String>,
    tag: String,
    sequence: u64,
    root: Digest,
}

/// How long a process waits for another that pulls into the same folder.
const LOCK_PATIENCE: Duration = Duration::from_secs(60);

/// Gets the newest pack, if it is newer than the one in force.
///
/// # Errors
/// [`PullError`]; the pack in force is as it was.
pub async fn pull(
    source: &PullSource,
    folder: &PullFolder,
    keeper: &Arc<dyn PackKeeper>,
    fetcher: &GuardedFetcher,
    watcher: &dyn Watcher,
) -> Result<Pulled, PullError> {
    let _lock = folder.lock(LOCK_PATIENCE).await?;
    let held = with_keeper(keeper, |keeper| keeper.held()).await?;
    let (index, tag) = match read_index(source, folder, held, fetcher).await? {
        Asked::Unchanged(held) => return Ok(Pulled::UpToDate(held)),
        Asked::Index { index, tag } => (index, tag),
    };
    let downloading = Downloading {
        source,
        folder,
        fetcher,
        watcher,
    };
    let plan = index.plan(source.scope.as_deref(), held, source.budget)?;
    let pulled = match (plan, held) {
        (Plan::Nothing, Some(held)) => Pulled::UpToDate(held),
        (Plan::Nothing, None) => return Err(PlanError::NoSuchScope.into()),
        (Plan::Full(file), _) => whole(&downloading, keeper, file).await?,
        (Plan::Delta(delta), _) => {
            match take(&downloading, keeper, &delta.file, Way::Delta).await {
                Ok(pulled) => pulled,
                // A delta is a saving and no necessity: the whole pack says for itself whether it is good.
                Err(PullError::NotAsAnnounced | PullError::Keep(KeepError::Refused(_))) => {
                    let offered = index
                        .pack(source.scope.as_deref())
                        .ok_or(PlanError::NoSuchScope)?;
                    whole(&downloading, keeper, &offered.full).await?
                }
                Err(error) => return Err(error),
            }
        }
    };
    let (Pulled::UpToDate(now) | Pulled::Renewed { held: now, .. }) = pulled;
    if let Some(tag) = tag {
        folder.remember_index(&KnownIndex {
            address: source.index.to_string(),
            scope: source.scope.clone(),
            tag,
            sequence: now.sequence,
            root: now.root,
        })?;
    }
    folder.clear()?;
    Ok(pulled)
}

async fn whole(
    downloading: &Downloading<'_>,
    keeper: &Arc<dyn PackKeeper>,
    file: &PublishedFile,
) -> Result<Pulled, PullError> {
    // A delta was within the budget; the whole pack that takes its place may not be.
    if file.bytes > downloading.source.budget {
        return Err(PullError::Plan(PlanError::TooLarge {
            bytes: file.bytes,
            limit: downloading.source.budget,
        }));
    }
    take(downloading, keeper, file, Way::Whole).await
}

async fn take(
    downloading: &Downloading<'_>,
    keeper: &Arc<dyn PackKeeper>,
    file: &PublishedFile,
    way: Way,
) -> Result<Pulled, PullError> {
    let (incoming, bytes) = downloading.get(file).await?;
    let held = with_keeper(keeper, move |keeper| keeper.keep(&incoming)).await?;
    Ok(Pulled::Renewed { held, way, bytes })
}

/// Verifying takes its time, and is kept off the threads that move bytes.
async fn with_keeper<T: Send + 'static>(
    keeper: &Arc<dyn PackKeeper>,
    work: impl FnOnce(&dyn PackKeeper) -> Result<T, KeepError> + Send + 'static,
) -> Result<T, PullError> {
    let keeper = Arc::clone(keeper);
    let done = tokio::task::spawn_blocking(move || work(&*keeper)).await;
    Ok(done.map_err(|_| PullError::GivenUp)??)
}

enum Asked {
    /// The index is the one that led to the pack in force.
    Unchanged(HeldPack),
    Index {
        index: PackIndex,
        tag: Option<String>,
    },
}

async fn read_index(
    source: &PullSource,
    folder: &PullFolder,
    held: Option<HeldPack>,
    fetcher: &GuardedFetcher,
) -> Result<Asked, PullError> {
    let known = folder.known_index()?.filter(|known| {
        let same_pack = held.is_some_and(|held| held.sequence == known.sequence && held.root == known.root);
        same_pack && known.address == source.index.as_str() && known.scope == source.scope
    });
    let mut fetch = Fetch::document(source.index.clone(), MAX_INDEX_BYTES);
    if let Some(tag) = known.and_then(|known| HeaderValue::from_str(&known.tag).ok()) {
        fetch = fetch.with_header(IF_NONE_MATCH, tag);
    }
    let fetched = fetcher.fetch(fetch).await?;
    match (fetched.status, held) {
        (304, Some(held)) => return Ok(Asked::Unchanged(held)),
        (200, _) => {}
        (status, _) => return Err(PullError::Status(status)),
    }
    let tag = fetched.headers.get(ETAG).and_then(|tag| tag.to_str().ok());
    Ok(Asked::Index {
        tag: tag.map(str::to_owned),
        index: PackIndex::parse(&fetched.body)?,
    })
}
