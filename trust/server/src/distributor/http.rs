//! What a distributor serves: the index, files that never change, the root of trust for new shops, and how it is.

mod file;
mod metrics;
mod operations;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use symbolon_crypto::UnixTime;
use symbolon_http::openapi::{
    About, Audience, DescribedRouter, Descriptions, OpenApi, describe, get, served as own_description,
};
use symbolon_http::serve::Limits;
use symbolon_trust::distribution::{Digest, IndexError, PackIndex, PublishedFile};
use url::Url;

use super::{Clock, Collected, DistributorConfiguration, PublishError};

/// Where everything is.
pub mod paths {
    /// The index, and beside it every file that it names.
    pub const INDEX: &str = "/packs/packs.json";
    /// A file.
    pub const FILE: &str = "/packs/{name}";
    /// The root of trust, for shops that have its digest.
    pub const ROOT_OF_TRUST: &str = "/packs/root-of-trust.json";
    /// Whether there is a pack that can be used.
    pub const HEALTH: &str = "/health";
    /// Counters, for Prometheus.
    pub const METRICS: &str = "/metrics";
}

/// A request has no body.
const LIMITS: Limits = Limits {
    body_bytes: 1 << 10,
    time: Duration::from_secs(30),
};

/// How long an index may be kept by a cache between distributor and shops.
const INDEX_CACHE: &str = "public, max-age=60, must-revalidate";
/// The root of trust changes with the keys of the registry.
const ROOT_CACHE: &str = "public, max-age=300";

/// What is served now.
pub(super) struct Served {
    folder: PathBuf,
    root_of_trust: Vec<u8>,
    identifier: Url,
    published: RwLock<Published>,
    counters: Counters,
    clock: Clock,
}

#[derive(Default)]
struct Published {
    index: Vec<u8>,
    packs: PackIndex,
    files: BTreeMap<String, PublishedFile>,
}

#[derive(Default)]
struct Counters {
    builds: AtomicU64,
    failed_builds: AtomicU64,
    last_build: AtomicU64,
    index_requests: AtomicU64,
    pack_requests: AtomicU64,
    delta_requests: AtomicU64,
    bytes: AtomicU64,
    lists: AtomicU64,
    old_lists: AtomicU64,
    lists_left_out: AtomicU64,
}

impl Served {
    pub(super) fn new(configuration: &DistributorConfiguration, clock: Clock) -> Self {
        Self {
            folder: configuration.folder.clone(),
            root_of_trust: configuration.root_of_trust.clone(),
            identifier: configuration.identifier.clone(),
            published: RwLock::new(Published::default()),
            counters: Counters::default(),
            clock,
        }
    }

    /// Serves another index from now on, and what the one before named.
    pub(super) fn replace(
        &self,
        index: &PackIndex,
        downloadable: &BTreeSet<String>,
    ) -> Result<(), PublishError> {
        let bytes = index
            .to_json()
            .map_err(|error: IndexError| PublishError::from(error))?;
        let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
        published.files.retain(|name, _| downloadable.contains(name));
        let files = index
            .files()
            .map(|file| (file.name.as_str().to_owned(), file.clone()));
        published.files.extend(files);
        published.index = bytes;
        published.packs = index.clone();
        Ok(())
    }

    pub(super) fn count_build(&self, succeeded: bool, now: UnixTime) {
        let counters = &self.counters;
        if succeeded {
            counters.builds.fetch_add(1, Ordering::Relaxed);
            let seconds = u64::try_from(now.seconds()).unwrap_or(0);
            counters.last_build.store(seconds, Ordering::Relaxed);
        } else {
            counters.failed_builds.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn count_lists(&self, collected: Collected) {
        let counters = &self.counters;
        counters.lists.store(collected.lists, Ordering::Relaxed);
        counters.old_lists.store(collected.old, Ordering::Relaxed);
        counters
            .lists_left_out
            .store(collected.left_out, Ordering::Relaxed);
    }

    fn file(&self, name: &str) -> Option<PublishedFile> {
        let published = self.published.read().unwrap_or_else(PoisonError::into_inner);
        published.files.get(name).cloned()
    }
}

/// The endpoints.
pub(super) fn router(served: Arc<Served>) -> Router {
    let descriptions = Descriptions::new(|_| description(&served.identifier));
    endpoints()
        .layer(descriptions.layer())
        .with_state(served)
        .into_router()
}

/// Describes the interface of a distributor at this address, whether it runs or not.
#[must_use]
pub fn description(server: &Url) -> OpenApi {
    let about = About {
        title: "Symbolon distributor",
        description: "Serves offline packs, and what changed between them, as files that never change.",
        version: env!("CARGO_PKG_VERSION"),
        server,
    };
    describe(&about, endpoints().endpoints(), Audience::Public)
}

fn endpoints() -> DescribedRouter<Arc<Served>> {
    DescribedRouter::default()
        .route(paths::INDEX, get(operations::index(), index))
        .route(
            paths::ROOT_OF_TRUST,
            get(operations::root_of_trust(), root_of_trust),
        )
        .route(paths::FILE, get(operations::file(), download))
        .route(paths::HEALTH, get(operations::health(), metrics::health))
        .route(paths::METRICS, get(operations::metrics(), metrics::metrics))
        .route(
            own_description::DESCRIPTION,
            get(
                own_description::public_described(operations::DISTRIBUTION),
                own_description::public,
            ),
        )
        .harden(LIMITS)
}

async fn index(State(served): State<Arc<Served>>, headers: HeaderMap) -> Response {
    served.counters.index_requests.fetch_add(1, Ordering::Relaxed);
    let bytes = {
        let published = served.published.read().unwrap_or_else(PoisonError::into_inner);
        published.index.clone()
    };
    document(bytes, INDEX_CACHE, &headers)
}

async fn root_of_trust(State(served): State<Arc<Served>>, headers: HeaderMap) -> Response {
    document(served.root_of_trust.clone(), ROOT_CACHE, &headers)
}

async fn download(
    State(served): State<Arc<Served>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    // Only names of the index are served, so no name leads out of the folder.
    let Some(file) = served.file(&name) else {
        return open_to_pages(StatusCode::NOT_FOUND.into_response());
    };
    let counter = if name.ends_with(".delta") {
        &served.counters.delta_requests
    } else {
        &served.counters.pack_requests
    };
    counter.fetch_add(1, Ordering::Relaxed);
    let answered = file::answer(&served.folder.join(file.name.as_str()), &file, &headers).await;
    served.counters.bytes.fetch_add(answered.bytes, Ordering::Relaxed);
    open_to_pages(answered.response)
}

/// A small document, by its digest.
fn document(bytes: Vec<u8>, cache: &'static str, headers: &HeaderMap) -> Response {
    let tag = tag_of(&Digest::of(&bytes));
    let mut response = if has(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, "application/json")], bytes).into_response()
    };
    let fields = response.headers_mut();
    fields.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        fields.insert(ETAG, tag);
    }
    open_to_pages(response)
}

/// The tag of a file: its digest.
fn tag_of(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

/// Whether the client has what the tag names.
fn has(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|known| {
        known
            .split(',')
            .map(str::trim)
            .any(|one| one == "*" || one.trim_start_matches("W/") == tag)
    })
}

/// Pages of any origin may read what everybody may: the offline page of a shop fetches its pack from here.
fn open_to_pages(mut response: Response) -> Response {
    let fields = response.headers_mut();
    fields.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    fields.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("etag, content-range"),
    );
    response
}
