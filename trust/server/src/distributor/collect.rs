//! Status lists of other issuers, fetched once for a whole fleet.
//!
//! A list is asked for again when the time is over for which its issuer lets it be kept, and conditionally. One that cannot be had is
//! carried as it was: a reader sees from its own "as of" how old it is, and refuses it once its own time is over. Nothing is ever left
//! out because it could not be fetched.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::HeaderValue;
use http::header::{ACCEPT, CACHE_CONTROL, ETAG, HeaderMap, IF_NONE_MATCH};
use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_http::fetch::{Fetch, Fetched, GuardedFetcher};
use symbolon_store::files::{Readers, read_if_there, write_atomically};
use symbolon_trust::distribution::Digest;
use symbolon_trust::pack::MAX_SECTIONS;
use symbolon_trust::status_list::{AggregationBudget, StatusListAggregation};
use thiserror::Error;
use url::Url;

/// The largest list that is fetched, in bytes.
const MAX_LIST_BYTES: usize = 16 << 20;
/// The largest metadata of an issuer that are read, in bytes.
const MAX_METADATA_BYTES: usize = 1 << 20;
/// How much of what names an issuer's lists is read. A list that is carried as it was served is a section of its own, and beside
/// these there must be room in a pack for the trust section and those of the house.
const AGGREGATIONS: AggregationBudget = AggregationBudget {
    max_lists: MAX_SECTIONS as usize - 96,
    ..AggregationBudget::NATIONAL
};
/// What lists may be served as.
const ACCEPTED: &str = "application/statuslist+jwt, application/statuslist+cwt;q=0.9, application/vc+jwt;q=0.8, application/vc;q=0.8, */*;q=0.1";

/// How long a list is kept that says nothing of it, and the bounds of what one may say.
const USUAL_LIFE: Duration = Duration::from_secs(15 * 60);
const SHORTEST_LIFE: Duration = Duration::from_secs(60);
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest file about a list.
const MAX_ABOUT_BYTES: u64 = 16 << 10;

const VERSION: u16 = 1;

/// A list as its issuer served it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectedList {
    /// Its address, as it stands in credentials.
    pub uri: String,
    /// What was served.
    pub body: Vec<u8>,
    /// When it was had from its issuer, or its issuer said that it is still the newest.
    pub had_at: UnixTime,
}

/// What is kept beside a body.
#[derive(Serialize, Deserialize)]
struct Kept {
    version: u16,
    uri: String,
    tag: Option<String>,
    had_at: UnixTime,
    due_at: UnixTime,
    sha256: Digest,
}

/// Why a list is not there, or not the newest.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NotCollected {
    /// Its issuer cannot be asked, or answers with something else than a list. What was collected before is carried on.
    #[error("the issuer of the list cannot be asked")]
    Unreachable,
    /// What was served is refused, by whoever packs it. What was collected before is carried on.
    #[error("what was served is no list that could be packed")]
    Refused,
    /// What is collected cannot be kept.
    #[error("cannot use {path}: {source}")]
    Folder {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// What was found of an issuer's lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DiscoveredLists {
    /// Their addresses.
    pub uris: Vec<String>,
}

/// Collects lists into a folder.
pub struct Collector {
    folder: PathBuf,
    fetcher: GuardedFetcher,
    accepted: &'static str,
}

impl Collector {
    /// Collects into a folder, which is made where there is none.
    ///
    /// # Errors
    /// [`NotCollected::Folder`].
    pub fn open(folder: &Path, fetcher: GuardedFetcher) -> Result<Self, NotCollected> {
        fs::create_dir_all(folder).map_err(failed_at(folder))?;
        Ok(Self {
            folder: folder.to_owned(),
            fetcher,
            accepted: ACCEPTED,
        })
    }

    /// Collects revocation lists of certificates into a folder: by plain http as well, because they are offered so.
    ///
    /// # Errors
    /// [`NotCollected::Folder`].
    pub fn of_revocation_lists(folder: &Path, fetcher: &GuardedFetcher) -> Result<Self, NotCollected> {
        let collector = Self::open(folder, fetcher.for_signed_documents())?;
        Ok(Self {
            accepted: "application/pkix-crl",
            ..collector
        })
    }

    /// What was collected last of a list.
    ///
    /// # Errors
    /// [`NotCollected::Folder`].
    pub fn kept(&self, uri: &str) -> Result<Option<CollectedList>, NotCollected> {
        Ok(self.read(uri)?.map(|(_, list)| list))
    }

    /// The newest of a list that can be had: fetched if it is due and `is_good` accepts it, and as it was otherwise.
    ///
    /// The second part of the answer says why it is not the newest.
    ///
    /// # Errors
    /// [`NotCollected`] when there is none at all.
    pub async fn collect(
        &self,
        uri: &str,
        now: UnixTime,
        is_good: impl Fn(&[u8]) -> bool,
    ) -> Result<(CollectedList, Option<NotCollected>), NotCollected> {
        let before = self.read(uri)?;
        if let Some((kept, list)) = &before
            && now < kept.due_at
        {
            return Ok((list.clone(), None));
        }
        match (self.fetch(uri, now, before.as_ref(), is_good).await, before) {
            (Ok(list), _) => Ok((list, None)),
            (Err(why), Some((_, list))) => Ok((list, Some(why))),
            (Err(why), None) => Err(why),
        }
    }

    async fn fetch(
        &self,
        uri: &str,
        now: UnixTime,
        before: Option<&(Kept, CollectedList)>,
        is_good: impl Fn(&[u8]) -> bool,
    ) -> Result<CollectedList, NotCollected> {
        let url = Url::parse(uri).map_err(|_| NotCollected::Unreachable)?;
        let mut fetch =
            Fetch::document(url, MAX_LIST_BYTES).with_header(ACCEPT, HeaderValue::from_static(self.accepted));
        let tag = before.and_then(|(kept, _)| kept.tag.as_deref());
        if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(tag).ok()) {
            fetch = fetch.with_header(IF_NONE_MATCH, tag);
        }
        let fetched = self.fetcher.fetch(fetch).await;
        let fetched = fetched.map_err(|_| NotCollected::Unreachable)?;
        let body = match (fetched.status, before) {
            (304, Some((_, list))) => list.body.clone(),
            (200, _) if is_good(&fetched.body) => fetched.body.clone(),
            (200, _) => return Err(NotCollected::Refused),
            _ => return Err(NotCollected::Unreachable),
        };
        let list = CollectedList {
            uri: uri.to_owned(),
            body,
            had_at: now,
        };
        self.write(&list, &fetched, tag)?;
        Ok(list)
    }

    /// The lists that an issuer names in the aggregation that its metadata lead to
    /// ([Token Status List §9](https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/)); none where it names none.
    ///
    /// # Errors
    /// [`NotCollected::Unreachable`].
    pub async fn discover(&self, metadata: &Url) -> Result<DiscoveredLists, NotCollected> {
        #[derive(Deserialize)]
        struct Metadata {
            status_list_aggregation_endpoint: Option<Url>,
        }
        let body = self.document(metadata.clone(), MAX_METADATA_BYTES).await?;
        let budget = JsonBudget {
            bytes: MAX_METADATA_BYTES,
            ..JsonBudget::DEFAULT
        };
        let metadata: Metadata = json::parse(&body, budget).map_err(|_| NotCollected::Refused)?;
        match metadata.status_list_aggregation_endpoint {
            Some(endpoint) => self.aggregated(&endpoint).await,
            None => Ok(DiscoveredLists::default()),
        }
    }

    /// The lists of an aggregation.
    ///
    /// # Errors
    /// [`NotCollected::Unreachable`].
    pub async fn aggregated(&self, endpoint: &Url) -> Result<DiscoveredLists, NotCollected> {
        let body = self.document(endpoint.clone(), AGGREGATIONS.max_bytes).await?;
        let aggregation =
            StatusListAggregation::parse(&body, AGGREGATIONS).map_err(|_| NotCollected::Refused)?;
        Ok(DiscoveredLists {
            uris: aggregation.status_lists,
        })
    }

    async fn document(&self, url: Url, max_bytes: usize) -> Result<Vec<u8>, NotCollected> {
        let fetch =
            Fetch::document(url, max_bytes).with_header(ACCEPT, HeaderValue::from_static("application/json"));
        let fetched = self.fetcher.fetch(fetch).await;
        let fetched = fetched.map_err(|_| NotCollected::Unreachable)?;
        if fetched.is_success() {
            Ok(fetched.body)
        } else {
            Err(NotCollected::Unreachable)
        }
    }

    /// The addresses of all lists that were collected before, so that none is left out because its issuer cannot be asked now.
    ///
    /// # Errors
    /// [`NotCollected::Folder`].
    pub fn known(&self) -> Result<Vec<String>, NotCollected> {
        let mut known = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed_at(&self.folder))? {
            let path = entry.map_err(failed_at(&self.folder))?.path();
            if path.extension().is_some_and(|ending| ending == "json")
                && let Some(bytes) = read_if_there(&path, MAX_ABOUT_BYTES).map_err(failed_at(&path))?
                && let Ok(kept) = serde_json::from_slice::<Kept>(&bytes)
            {
                known.push(kept.uri);
            }
        }
        Ok(known)
    }

    fn read(&self, uri: &str) -> Result<Option<(Kept, CollectedList)>, NotCollected> {
        let (about, body) = self.paths(uri);
        let read = |path: &Path, limit| read_if_there(path, limit).map_err(failed_at(path));
        let (Some(about), Some(body)) = (
            read(&about, MAX_ABOUT_BYTES)?,
            read(&body, MAX_LIST_BYTES as u64)?,
        ) else {
            return Ok(None);
        };
        // What does not read, or was written by half, is fetched again.
        let kept = serde_json::from_slice::<Kept>(&about).ok();
        Ok(kept
            .filter(|kept| kept.version == VERSION && kept.uri == uri && kept.sha256 == Digest::of(&body))
            .map(|kept| {
                let list = CollectedList {
                    uri: uri.to_owned(),
                    body,
                    had_at: kept.had_at,
                };
                (kept, list)
            }))
    }

    fn write(&self, list: &CollectedList, fetched: &Fetched, tag: Option<&str>) -> Result<(), NotCollected> {
        let served = fetched.headers.get(ETAG).and_then(|tag| tag.to_str().ok());
        let kept = Kept {
            version: VERSION,
            uri: list.uri.clone(),
            tag: served.or(tag).map(str::to_owned),
            had_at: list.had_at,
            due_at: list.had_at.plus(life(&fetched.headers)),
            sha256: Digest::of(&list.body),
        };
        let (about, body) = self.paths(&list.uri);
        let text = serde_json::to_vec(&kept)
            .map_err(io::Error::other)
            .map_err(failed_at(&about))?;
        write_atomically(&body, &list.body, Readers::Everyone).map_err(failed_at(&body))?;
        write_atomically(&about, &text, Readers::Everyone).map_err(failed_at(&about))
    }

    fn paths(&self, uri: &str) -> (PathBuf, PathBuf) {
        let name = Digest::of(uri.as_bytes()).to_string();
        (
            self.folder.join(format!("{name}.json")),
            self.folder.join(format!("{name}.list")),
        )
    }
}

/// How long an answer may be kept ([RFC 9111 §5.2.2.1](https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.1)), within bounds.
fn life(headers: &HeaderMap) -> Duration {
    let said = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|directive| directive.trim().strip_prefix("max-age="))
        .find_map(|seconds| seconds.trim_matches('"').parse().ok());
    said.map_or(USUAL_LIFE, Duration::from_secs)
        .clamp(SHORTEST_LIFE, LONGEST_LIFE)
}

fn failed_at(path: &Path) -> impl Fn(io::Error) -> NotCollected {
    let path = path.to_owned();
    move |source| NotCollected::Folder {
        path: path.clone(),
        source,
    }
}
