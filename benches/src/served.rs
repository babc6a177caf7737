//! Status lists that are served over HTTP, and fetched as a distributor fetches those of other issuers.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run should stop")]

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use symbolon_crypto::UnixTime;
use symbolon_http::fetch::{FetchPolicy, GuardedFetcher};
use symbolon_trust::status_list::StatusListAggregation;
use symbolon_trust_server::distributor::{CollectedList, Collector};
use tokio::runtime::Runtime;
use url::Url;

type Lists = Arc<RwLock<BTreeMap<String, Vec<u8>>>>;

/// Where the aggregation is.
const AGGREGATION: &str = "/status";

/// An issuer's server on loopback.
pub struct Served {
    runtime: Runtime,
    address: String,
    lists: Lists,
}

impl Served {
    /// Begins to serve nothing.
    #[must_use]
    pub fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let lists = Lists::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&lists));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self {
            runtime,
            address,
            lists,
        }
    }

    /// Its identifier.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Serves these lists by their addresses instead of those before, and the aggregation that names them.
    pub fn serve(&self, lists: impl Iterator<Item = (String, Vec<u8>)>) {
        let mut serving: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut status_lists = Vec::new();
        for (uri, token) in lists {
            let path = uri.strip_prefix(&self.address).expect("a list of this server");
            serving.insert(path.to_owned(), token);
            status_lists.push(uri);
        }
        let aggregation = StatusListAggregation { status_lists };
        let aggregation = serde_json::to_vec(&aggregation).expect("it is written");
        serving.insert(AGGREGATION.to_owned(), aggregation);
        *self.lists.write().unwrap_or_else(PoisonError::into_inner) = serving;
    }

    /// Every list that the aggregation names, if it is good.
    pub fn collected(&self, now: UnixTime, is_good: impl Fn(&str, &[u8]) -> bool) -> Vec<CollectedList> {
        let folder = tempfile::tempdir().expect("a folder");
        let fetcher = GuardedFetcher::new(FetchPolicy::Development).expect("a fetcher");
        let collector = Collector::open(folder.path(), fetcher).expect("a collector");
        let endpoint = Url::parse(&format!("{}{AGGREGATION}", self.address)).expect("an address");
        self.runtime.block_on(async {
            let discovered = collector.aggregated(&endpoint).await.expect("an aggregation");
            let mut all = Vec::with_capacity(discovered.uris.len());
            for uri in &discovered.uris {
                let had = collector.collect(uri, now, |body| is_good(uri, body)).await;
                all.push(had.expect("a list").0);
            }
            all
        })
    }
}

impl Default for Served {
    fn default() -> Self {
        Self::new()
    }
}

async fn answer(State(lists): State<Lists>, request: Request) -> Response {
    let lists = lists.read().unwrap_or_else(PoisonError::into_inner);
    match lists.get(request.uri().path()) {
        Some(list) => list.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
