//! A distributor over real HTTP, every exchange held against its description; and the collector of lists.

#![expect(
    clippy::unwrap_used,
    reason = "a distributor that is not as expected ends its test, also in what the tests share"
)]

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use reqwest::RequestBuilder;
use symbolon_crypto::UnixTime;
use symbolon_http::fetch::{FetchPolicy, GuardedFetcher};
use symbolon_http::openapi::conformance::Conformance;
use symbolon_http::serve::{Encryption, listen};
use symbolon_trust::distribution::{Digest, PackIndex, PublishedFile};
use symbolon_trust::pack::Delta;
use symbolon_trust::status_list::{BitsPerStatus, Status, TokenStatusList};
use symbolon_trust::testing::{NOW, TestIssuer, TestRegistry};
use symbolon_trust::trust_list::CredentialTypeRule;
use symbolon_trust_server::distributor::{
    Collector, Distributor, DistributorConfiguration, NotCollected, Packer, PackerError, PublishError,
    Retention, Running, Server,
};
use url::Url;

const ISSUER: &str = "https://issuer.example";
const URI: &str = "https://issuer.example/status/0";
const ROOT_OF_TRUST: &[u8] = br#"{"registry_keys":[]}"#;

/// Makes packs of one list, in which one more credential is revoked each time.
struct Books {
    registry: TestRegistry,
    issuer: TestIssuer,
    sequence: AtomicU64,
    fails: Mutex<bool>,
}

#[derive(Clone)]
struct TestPacker(Arc<Books>);

impl TestPacker {
    fn new() -> Self {
        Self(Arc::new(Books {
            registry: TestRegistry::new(1),
            issuer: TestIssuer::new(ISSUER, 100),
            sequence: AtomicU64::new(0),
            fails: Mutex::new(false),
        }))
    }

    fn fail(&self, fails: bool) {
        *self.0.fails.lock().unwrap() = fails;
    }

    fn pack(&self, sequence: u64) -> Vec<u8> {
        let books = &self.0;
        let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 100_000);
        for index in 0..2_000 {
            list.set(index * 37, Status::Invalid).unwrap();
        }
        for index in 0..sequence {
            list.set(index * 37 + 1, Status::Invalid).unwrap();
        }
        let trust_list = books
            .registry
            .trust_list(vec![books.issuer.entry(vec![CredentialTypeRule::Any])], NOW);
        let section = books.issuer.status_section(URI, &list, NOW);
        books.registry.pack(sequence, &trust_list, vec![section], NOW)
    }
}

impl Packer for TestPacker {
    async fn make(&self, _scope: Option<&str>) -> Result<Vec<u8>, PackerError> {
        if *self.0.fails.lock().unwrap() {
            return Err(PackerError("the issuer is away".into()));
        }
        Ok(self.pack(self.0.sequence.fetch_add(1, Ordering::Relaxed) + 1))
    }
}

fn open(
    folder: &Path,
    packer: &TestPacker,
    packs: usize,
    scopes: &[&str],
) -> Result<Distributor<TestPacker>, PublishError> {
    let configuration = DistributorConfiguration {
        identifier: Url::parse("http://127.0.0.1").unwrap(),
        folder: folder.to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        every: Duration::from_secs(3_600),
        retention: Retention::of(packs),
        root_of_trust: ROOT_OF_TRUST.to_vec(),
    };
    Distributor::open(
        configuration,
        packer.clone(),
        Arc::new(|| NOW.plus(Duration::from_secs(90))),
    )
}

struct World {
    packer: TestPacker,
    distributor: Arc<Distributor<TestPacker>>,
    running: Running,
    conformance: Conformance,
    client: reqwest::Client,
    folder: tempfile::TempDir,
}

impl World {
    async fn new(packs: usize, scopes: &[&str]) -> Self {
        let (packer, folder) = (TestPacker::new(), tempfile::tempdir().unwrap());
        let distributor = Arc::new(open(folder.path(), &packer, packs, scopes).unwrap());
        // Nothing is there before the first pack, which a start makes at once.
        packer.fail(true);
        let conformance = Conformance::default();
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let running = Server::start_watched(
            listener,
            Encryption::Plain,
            Arc::clone(&distributor),
            &conformance,
        )
        .await
        .unwrap();
        let world = Self {
            packer,
            distributor,
            running,
            conformance,
            client: reqwest::Client::new(),
            folder,
        };
        let failed = format!("failed_builds_total {}\n", 1 + scopes.len());
        while !world.metrics().await.contains(&failed) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        world.packer.fail(false);
        world
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.client
            .get(format!("http://{}{path}", self.running.address()))
    }

    async fn metrics(&self) -> String {
        self.get("/metrics").send().await.unwrap().text().await.unwrap()
    }

    async fn index(&self) -> PackIndex {
        let answer = self.get("/packs/packs.json").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        PackIndex::parse(&answer.bytes().await.unwrap()).unwrap()
    }

    async fn file(&self, file: &PublishedFile) -> Vec<u8> {
        let path = format!("/packs/{}", file.name.as_str());
        let answer = self.get(&path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.bytes().await.unwrap().to_vec()
    }

    async fn end(self) {
        assert_eq!(self.conformance.found(), Vec::<String>::new());
        self.running.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn packs_and_what_changed_between_them_are_served_as_files_that_never_change() {
    let world = World::new(5, &[]).await;
    let health = world.get("/health").send().await.unwrap();
    assert_eq!(health.status(), 503);
    assert!(world.index().await.packs.is_empty());

    for _ in 0..3 {
        assert!(world.distributor.publish_all().await);
    }
    assert_eq!(world.get("/health").send().await.unwrap().status(), 204);
    let index = world.index().await;
    let pack = index.pack(None).unwrap();
    assert_eq!((pack.sequence, pack.deltas.len()), (3, 2));
    let full = world.file(&pack.full).await;
    assert_eq!(full, world.packer.pack(3));
    assert_eq!(
        (full.len() as u64, Digest::of(&full)),
        (pack.full.bytes, pack.full.sha256)
    );
    for delta in &pack.deltas {
        let bytes = world.file(&delta.file).await;
        assert_eq!(Digest::of(&bytes), delta.file.sha256);
        assert!(bytes.len() * 2 < full.len(), "{} of {}", bytes.len(), full.len());
        let made = Delta::parse(&bytes)
            .unwrap()
            .apply(&world.packer.pack(delta.base_sequence));
        assert_eq!(made.unwrap(), full);
    }
    let metrics = world.metrics().await;
    for line in [
        "symbolon_distributor_pack_sequence{scope=\"\"} 3",
        "symbolon_distributor_pack_age_seconds{scope=\"\"} 90",
        "symbolon_distributor_builds_total 3",
        "symbolon_distributor_pack_requests_total 1",
        "symbolon_distributor_delta_requests_total 2",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_conditional_and_go_on_where_a_download_broke_off() {
    let world = World::new(5, &[]).await;
    world.distributor.publish_all().await;
    let index = world.get("/packs/packs.json").send().await.unwrap();
    let field = |name: &str| index.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(field("access-control-allow-origin"), "*");
    assert!(field("cache-control").contains("max-age=60"));
    let tag = field("etag");
    let again = world.get("/packs/packs.json").header(IF_NONE_MATCH, &tag);
    assert_eq!(again.send().await.unwrap().status(), 304);
    let root = world.get("/packs/root-of-trust.json").send().await.unwrap();
    assert_eq!(root.bytes().await.unwrap(), ROOT_OF_TRUST);

    let file = world.index().await.pack(None).unwrap().full.clone();
    let (path, whole) = (format!("/packs/{}", file.name.as_str()), world.file(&file).await);
    let tag = format!("\"{}\"", file.sha256);
    let rest = world
        .get(&path)
        .header("range", "bytes=100-")
        .header("if-range", &tag);
    let rest = rest.send().await.unwrap();
    assert_eq!(rest.status(), 206);
    assert!(
        rest.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    let range = format!("bytes 100-{}/{}", whole.len() - 1, whole.len());
    assert_eq!(rest.headers()["content-range"].to_str().unwrap(), range);
    assert_eq!(rest.bytes().await.unwrap(), whole[100..]);
    let other = world
        .get(&path)
        .header("range", "bytes=100-")
        .header("if-range", "\"other\"");
    let other = other.send().await.unwrap();
    assert_eq!(
        (other.status().as_u16(), other.bytes().await.unwrap().len()),
        (200, whole.len())
    );
    let behind = world
        .get(&path)
        .header("range", format!("bytes={}-", whole.len()));
    assert_eq!(behind.send().await.unwrap().status(), 416);
    let unchanged = world.get(&path).header(IF_NONE_MATCH, &tag).send().await.unwrap();
    assert_eq!(unchanged.status(), 304);
    let description = world.get("/openapi.json").send().await.unwrap();
    assert!(description.text().await.unwrap().contains("downloadPack"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_what_the_index_names_leaves_the_folder() {
    let world = World::new(5, &[]).await;
    world.distributor.publish_all().await;
    std::fs::write(world.folder.path().join("other.pack"), b"not published").unwrap();
    for name in [
        "kept.json",
        "other.pack",
        "..%2fkept.json",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "publish.lock",
    ] {
        let answer = world.get(&format!("/packs/{name}")).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{name}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_made_is_counted_and_the_pack_before_served_on() {
    let world = World::new(5, &[]).await;
    world.distributor.publish_all().await;
    let before = world.index().await;
    world.packer.fail(true);
    assert!(!world.distributor.publish_all().await);
    assert_eq!(world.index().await, before);
    assert!(world.metrics().await.contains("failed_builds_total 2\n"));
    world.packer.fail(false);
    // A sequence that does not rise would be refused by every reader.
    world.packer.0.sequence.store(0, Ordering::Relaxed);
    assert!(!world.distributor.publish_all().await);
    assert_eq!(world.index().await, before);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scope_has_its_own_pack_and_its_own_deltas() {
    let world = World::new(5, &["region/north", "région du sud"]).await;
    world.distributor.publish_all().await;
    world.distributor.publish_all().await;
    let index = world.index().await;
    assert_eq!(index.packs.len(), 3);
    for scope in [None, Some("region/north"), Some("région du sud")] {
        let pack = index.pack(scope).unwrap();
        assert_eq!(pack.deltas.len(), 1, "{scope:?}");
        world.file(&pack.full).await;
        world.file(&pack.deltas[0].file).await;
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_packs_are_kept_as_far_back_as_was_said_and_survive_a_restart() {
    let world = World::new(2, &[]).await;
    for _ in 0..4 {
        world.distributor.publish_all().await;
    }
    let index = world.index().await;
    let pack = index.pack(None).unwrap();
    let bases: Vec<u64> = pack.deltas.iter().map(|delta| delta.base_sequence).collect();
    assert_eq!(bases, [3, 2]);
    world.distributor.publish_all().await;
    // Somebody may have read the index a moment ago.
    world.file(&pack.full).await;
    world.file(&pack.deltas[0].file).await;
    let another = open(world.folder.path(), &world.packer, 2, &[]);
    assert!(matches!(another, Err(PublishError::InUse(_))));
    let (packer, path) = (world.packer.clone(), world.folder.path().to_owned());
    let World {
        distributor,
        running,
        folder: _folder,
        ..
    } = world;
    running.shutdown().await;
    drop(distributor);
    // The task of the server may hold it a little longer.
    let again = loop {
        match open(&path, &packer, 2, &[]) {
            Ok(opened) => break Arc::new(opened),
            Err(PublishError::InUse(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => panic!("{error}"),
        }
    };
    assert!(again.publish_all().await);
    assert_eq!(again.published().len(), 1);
    assert!(again.published()[0].contains("pack 6") && again.published()[0].contains("2 deltas"));
    let packs = std::fs::read_dir(&path).unwrap().filter(|entry| {
        let path = entry.as_ref().unwrap().path();
        path.extension().is_some_and(|ending| ending == "pack")
    });
    assert_eq!(packs.count(), 2);
}

/// A server of one list, and what it was asked.
#[derive(Default)]
struct ListServer {
    body: Vec<u8>,
    status: u16,
    asked: Vec<Option<String>>,
}

async fn serve_list(State(state): State<Arc<Mutex<ListServer>>>, headers: HeaderMap) -> Response {
    let mut state = state.lock().unwrap();
    let known = headers
        .get(IF_NONE_MATCH)
        .map(|tag| tag.to_str().unwrap().to_owned());
    state.asked.push(known.clone());
    let tag = format!("\"{}\"", Digest::of(&state.body));
    let fields = [
        (ETAG, tag.clone()),
        (CACHE_CONTROL, "public, max-age=300".to_owned()),
    ];
    match state.status {
        200 if known == Some(tag) => (StatusCode::NOT_MODIFIED, fields).into_response(),
        200 => (fields, state.body.clone()).into_response(),
        status => StatusCode::from_u16(status).unwrap().into_response(),
    }
}

#[tokio::test]
async fn a_list_is_fetched_once_in_its_life_and_carried_on_when_it_cannot_be() {
    let state = Arc::new(Mutex::new(ListServer {
        body: b"one".to_vec(),
        status: 200,
        asked: Vec::new(),
    }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let aggregation = format!("http://{address}/lists");
    let metadata = serde_json::json!({ "status_list_aggregation_endpoint": aggregation }).to_string();
    let named = serde_json::json!({ "status_lists": ["https://issuer.example/1"] }).to_string();
    let router = Router::new()
        .route("/0", axum::routing::get(serve_list))
        .route("/metadata", axum::routing::get(async move || metadata))
        .route("/lists", axum::routing::get(async move || named))
        .with_state(Arc::clone(&state));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = tempfile::tempdir().unwrap();
    let fetcher = GuardedFetcher::new(FetchPolicy::Development).unwrap();
    let uri = format!("http://{address}/0");
    let collector = Collector::open(folder.path(), fetcher.clone()).unwrap();
    let at = |seconds: u64| NOW.plus(Duration::from_secs(seconds));
    let good = |body: &[u8]| body != b"forged";
    let collect = async |now: UnixTime| collector.collect(&uri, now, good).await;

    let (list, why) = collect(at(0)).await.unwrap();
    assert!(why.is_none() && list.body == b"one");
    collect(at(299)).await.unwrap();
    assert_eq!(
        state.lock().unwrap().asked.len(),
        1,
        "it was asked for before it was due"
    );
    let (list, why) = collect(at(300)).await.unwrap();
    assert!(why.is_none() && list.had_at == at(300));
    assert!(
        state.lock().unwrap().asked[1].is_some(),
        "it was not asked for conditionally"
    );

    // Its issuer fails, then serves what nobody could pack: the one before is carried, with its old date, and asked for again.
    state.lock().unwrap().status = 500;
    let (list, why) = collect(at(700)).await.unwrap();
    assert!(matches!(why, Some(NotCollected::Unreachable)) && list.had_at == at(300) && list.body == b"one");
    state.lock().unwrap().status = 200;
    state.lock().unwrap().body = b"forged".to_vec();
    let (list, why) = collect(at(701)).await.unwrap();
    assert!(matches!(why, Some(NotCollected::Refused)) && list.body == b"one");
    state.lock().unwrap().body = b"two".to_vec();
    let again = Collector::open(folder.path(), fetcher).unwrap();
    let (list, why) = again.collect(&uri, at(702), good).await.unwrap();
    assert!(why.is_none() && list.body == b"two");
    assert_eq!(again.known().unwrap(), [uri]);

    let never = again.collect(&format!("http://{address}/9"), at(0), good).await;
    assert!(matches!(never, Err(NotCollected::Unreachable)));
    let private = again.collect("http://10.0.0.1/list", at(0), good).await;
    assert!(matches!(private, Err(NotCollected::Unreachable)));
    let metadata = Url::parse(&format!("http://{address}/metadata")).unwrap();
    assert_eq!(
        again.discover(&metadata).await.unwrap().uris,
        ["https://issuer.example/1"]
    );
}

/// What names an issuer's lists is a stranger's document: too many of them, addresses that no credential could hold, and what is longer
/// than it may be are refused as a whole.
#[tokio::test]
async fn an_aggregation_over_its_budget_is_refused() {
    let named = Arc::new(Mutex::new(String::new()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/lists", listener.local_addr().unwrap());
    let served = Arc::clone(&named);
    let answer = async move || served.lock().unwrap().clone();
    let router = Router::new().route("/lists", axum::routing::get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = tempfile::tempdir().unwrap();
    let fetcher = GuardedFetcher::new(FetchPolicy::Development).unwrap();
    let collector = Collector::open(folder.path(), fetcher).unwrap();
    let endpoint = Url::parse(&endpoint).unwrap();
    let aggregated = async |uris: Vec<String>| {
        *named.lock().unwrap() = serde_json::json!({ "status_lists": uris }).to_string();
        collector.aggregated(&endpoint).await
    };
    let lists = |count: usize| (0..count).map(|number| format!("{ISSUER}/{number}")).collect();
    assert_eq!(aggregated(lists(4_000)).await.unwrap().uris.len(), 4_000);
    for refused in [
        lists(4_001),
        vec!["a".repeat(2_049)],
        (0..600).map(|_| "a".repeat(2_000)).collect(),
    ] {
        let refused = aggregated(refused).await;
        assert!(
            matches!(refused, Err(NotCollected::Refused | NotCollected::Unreachable)),
            "{refused:?}"
        );
    }
    *named.lock().unwrap() = r#"{"status_lists":"https://issuer.example/1"}"#.to_owned();
    assert!(matches!(
        collector.aggregated(&endpoint).await,
        Err(NotCollected::Refused)
    ));
}
