//! A distributor that can be told to lie, and a reader of packs whose form is made up: what is tested is the way, not the pack.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, StreamExt as _};
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_NONE_MATCH, LOCATION, RANGE};
use http::{HeaderMap, StatusCode};
use symbolon_crypto::UnixTime;
use symbolon_http::fetch::{DownloadPatience, FetchPolicy, GuardedFetcher};
use symbolon_trust::distribution::{
    Digest, HeldPack, PackIndex, PublishedDelta, PublishedFile, PublishedPack,
};
use symbolon_trust_server::pull::{
    KeepError, PackKeeper, PullError, PullFolder, PullSource, Pulled, Unwatched, Way, pull,
};
use url::Url;

/// What a server does with the files, but for the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    None,
    BreaksOffAfter(usize),
    SilentAfter(usize),
    WrongRange,
    OtherTag,
    IgnoresRanges,
    NoSuchRange,
    OtherBytes,
    OtherBytesOfDeltas,
    Endless,
    Redirects(&'static str),
    Status(u16),
}

/// A pack of so many bytes: its sequence, and noise.
pub(crate) fn pack(sequence: u64, bytes: usize) -> Vec<u8> {
    let mut pack = sequence.to_le_bytes().to_vec();
    let mut state = u32::try_from(sequence).unwrap().wrapping_add(7);
    while pack.len() < bytes {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        pack.push(u8::try_from(state >> 24).unwrap());
    }
    pack
}

/// What makes a pack of the one before: the two sequences, and the length.
fn delta(base: u64, target: &[u8]) -> Vec<u8> {
    let mut delta = b"DELTA".to_vec();
    delta.extend_from_slice(&base.to_le_bytes());
    delta.extend_from_slice(&target[..8]);
    delta.extend_from_slice(&(target.len() as u64).to_le_bytes());
    delta
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes[..8].try_into().unwrap())
}

fn held(pack: &[u8]) -> HeldPack {
    HeldPack {
        sequence: number(pack),
        root: Digest::of(pack),
    }
}

#[derive(Default)]
struct Serving {
    files: BTreeMap<String, Vec<u8>>,
    lie: Option<Lie>,
    asked: Vec<(String, Option<String>)>,
    statuses: Vec<u16>,
}

type Served = Arc<Mutex<Serving>>;

/// Keeps packs in memory.
#[derive(Default)]
pub(crate) struct Keeper {
    pack: Mutex<Option<Vec<u8>>>,
    refuses: Mutex<[bool; 2]>,
}

impl Keeper {
    pub(crate) fn in_force(&self) -> Option<Vec<u8>> {
        self.pack.lock().unwrap().clone()
    }

    pub(crate) fn held_root(&self) -> Option<Digest> {
        self.in_force().map(|pack| Digest::of(&pack))
    }

    pub(crate) fn refuse_deltas(&self) {
        self.refuses.lock().unwrap()[0] = true;
    }

    pub(crate) fn refuse_everything(&self) {
        self.refuses.lock().unwrap()[1] = true;
    }
}

impl PackKeeper for Keeper {
    fn held(&self) -> Result<Option<HeldPack>, KeepError> {
        Ok(self.in_force().as_deref().map(held))
    }

    fn keep(&self, incoming: &[u8]) -> Result<HeldPack, KeepError> {
        let refused = || KeepError::Refused("it is not good".into());
        let [deltas, everything] = *self.refuses.lock().unwrap();
        let made = match incoming.strip_prefix(b"DELTA") {
            Some(_) if deltas => return Err(refused()),
            Some(rest) => {
                let base = self.in_force().ok_or_else(refused)?;
                if number(rest) != number(&base) {
                    return Err(refused());
                }
                pack(number(&rest[8..]), usize::try_from(number(&rest[16..])).unwrap())
            }
            None => incoming.to_vec(),
        };
        if everything || made != pack(number(&made), made.len()) {
            return Err(refused());
        }
        let held = held(&made);
        *self.pack.lock().unwrap() = Some(made);
        Ok(held)
    }
}

pub(crate) struct World {
    served: Served,
    source: PullSource,
    fetcher: GuardedFetcher,
    pub(crate) folder: PullFolder,
    pub(crate) keeper: Arc<Keeper>,
    path: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let served = Served::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&served));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let path = tempfile::tempdir().unwrap();
        let index = Url::parse(&format!("http://{address}/packs.json")).unwrap();
        Self {
            served,
            source: PullSource::new(index, None),
            fetcher: GuardedFetcher::new(FetchPolicy::Development).unwrap(),
            folder: PullFolder::open(path.path()).unwrap(),
            keeper: Arc::default(),
            path,
        }
    }

    pub(crate) fn with_budget(mut self, budget: u64) -> Self {
        self.source.budget = budget;
        self
    }

    pub(crate) fn with_silence(mut self, silence: Duration) -> Self {
        self.source.patience = DownloadPatience {
            silence,
            ..DownloadPatience::STANDARD
        };
        self
    }

    /// Publishes a pack, with deltas from earlier ones of the same length.
    pub(crate) fn publish(&self, new: &[u8], bases: &[u64]) {
        let mut files = BTreeMap::new();
        let mut publish = |start: &str, bytes: &[u8], ending: &str| {
            let file = PublishedFile::of(start, bytes, ending).unwrap();
            files.insert(file.name.as_str().to_owned(), bytes.to_vec());
            file
        };
        let deltas = bases.iter().map(|base| PublishedDelta {
            base_sequence: *base,
            base_root: Digest::of(&pack(*base, new.len())),
            file: publish(&base.to_string(), &delta(*base, new), "delta"),
        });
        let deltas = deltas.collect();
        let index = PackIndex::of(vec![PublishedPack {
            scope: None,
            sequence: number(new),
            created: UnixTime::from_seconds(1_764_340_000),
            root: Digest::of(new),
            full: publish("full", new, "pack"),
            deltas,
        }]);
        files.insert("packs.json".to_owned(), index.to_json().unwrap());
        self.served.lock().unwrap().files = files;
    }

    pub(crate) fn lie(&self, lie: Lie) {
        self.served.lock().unwrap().lie = Some(lie);
    }

    pub(crate) async fn pull(&self) -> Result<Pulled, PullError> {
        let keeper: Arc<dyn PackKeeper> = Arc::clone(&self.keeper) as _;
        pull(&self.source, &self.folder, &keeper, &self.fetcher, &Unwatched).await
    }

    /// Pulls what must be newer: sequence, way and bytes.
    pub(crate) async fn renewed(&self) -> (u64, Way, u64) {
        match self.pull().await {
            Ok(Pulled::Renewed { held, way, bytes }) => {
                assert_eq!(Some(held.root), self.keeper.held_root());
                (held.sequence, way, bytes)
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn last_status(&self) -> u16 {
        *self.served.lock().unwrap().statuses.last().unwrap()
    }

    pub(crate) fn last_range(&self) -> Option<String> {
        self.served.lock().unwrap().asked.last().unwrap().1.clone()
    }

    pub(crate) fn files_asked_for(&self) -> usize {
        let served = self.served.lock().unwrap();
        served
            .asked
            .iter()
            .filter(|(path, _)| path != "packs.json")
            .count()
    }

    fn downloads(&self) -> PathBuf {
        self.path.path().join("downloads")
    }

    /// What downloads are there by half, with their lengths.
    pub(crate) fn leftovers(&self) -> BTreeMap<String, u64> {
        let found = std::fs::read_dir(self.downloads()).unwrap();
        found
            .map(|entry| {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                (name, entry.metadata().unwrap().len())
            })
            .collect()
    }

    pub(crate) fn damage_leftovers(&self) {
        for (name, bytes) in self.leftovers() {
            if bytes > 1_000 {
                let path = self.downloads().join(name);
                let mut content = std::fs::read(&path).unwrap();
                content[500] ^= 1;
                std::fs::write(path, content).unwrap();
            }
        }
    }

    pub(crate) fn break_downloads(&self) {
        std::fs::remove_dir(self.downloads()).unwrap();
        std::fs::write(self.downloads(), b"in the way").unwrap();
    }
}

async fn answer(State(served): State<Served>, request: Request) -> Response {
    let name = request.uri().path().trim_start_matches('/').to_owned();
    let headers = request.headers().clone();
    let mut serving = served.lock().unwrap();
    let range = headers.get(RANGE).map(|range| range.to_str().unwrap().to_owned());
    serving.asked.push((name.clone(), range.clone()));
    let content = serving.files.get(&name).cloned();
    let lie = serving.lie.unwrap_or(Lie::None);
    let response = match content {
        _ if matches!(lie, Lie::Status(_)) => of_status(lie),
        None => StatusCode::NOT_FOUND.into_response(),
        Some(index) if name == "packs.json" => whole(index, &headers),
        Some(content) => lying(lie, &name, content, &headers, range.as_deref()),
    };
    serving.statuses.push(response.status().as_u16());
    response
}

fn of_status(lie: Lie) -> Response {
    match lie {
        Lie::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        _ => StatusCode::OK.into_response(),
    }
}

fn tag(content: &[u8]) -> String {
    format!("\"{}\"", Digest::of(content))
}

fn whole(content: Vec<u8>, headers: &HeaderMap) -> Response {
    let tag = tag(&content);
    if headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes())
    {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    ([(ETAG, tag)], content).into_response()
}

fn lying(lie: Lie, name: &str, content: Vec<u8>, headers: &HeaderMap, range: Option<&str>) -> Response {
    let start = range
        .and_then(|range| {
            range
                .strip_prefix("bytes=")?
                .strip_suffix('-')?
                .parse::<usize>()
                .ok()
        })
        .filter(|_| lie != Lie::IgnoresRanges);
    match (lie, start) {
        (Lie::BreaksOffAfter(bytes), _) => broken(&content, bytes, false),
        (Lie::SilentAfter(bytes), _) => broken(&content, bytes, true),
        (Lie::OtherBytes, _) => whole(vec![b'x'; content.len()], headers),
        (Lie::OtherBytesOfDeltas, _) if name.ends_with(".delta") => whole(vec![b'x'; content.len()], headers),
        (Lie::Endless, _) => {
            let pieces = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[7; 1_000])));
            Body::from_stream(pieces).into_response()
        }
        (Lie::Redirects(to), _) => (
            StatusCode::FOUND,
            [(LOCATION, to.replace("/1.pack", &format!("/{name}")))],
        )
            .into_response(),
        (Lie::NoSuchRange, Some(_)) => StatusCode::RANGE_NOT_SATISFIABLE.into_response(),
        (Lie::WrongRange, Some(start)) => part(&content, start - 10, tag(&content)),
        (Lie::OtherTag, Some(start)) => part(&content, start, "\"other\"".to_owned()),
        (_, Some(start)) => part(&content, start, tag(&content)),
        (_, None) => whole(content, headers),
    }
}

fn part(content: &[u8], start: usize, tag: String) -> Response {
    let range = format!("bytes {start}-{}/{}", content.len() - 1, content.len());
    let fields = [(CONTENT_RANGE, range), (ETAG, tag)];
    (StatusCode::PARTIAL_CONTENT, fields, content[start..].to_vec()).into_response()
}

/// Announces the whole, and ends or falls silent before.
fn broken(content: &[u8], bytes: usize, silent: bool) -> Response {
    let begun: Vec<Bytes> = content[..bytes]
        .chunks(1_000)
        .map(Bytes::copy_from_slice)
        .collect();
    let pieces = stream::iter(begun.into_iter().map(Ok));
    let end = stream::once(async move {
        // What was sent must have left before the connection goes.
        tokio::time::sleep(Duration::from_millis(if silent { 60_000 } else { 200 })).await;
        Err(std::io::Error::other("broken off"))
    });
    let fields = [(CONTENT_LENGTH, content.len().to_string()), (ETAG, tag(content))];
    (fields, Body::from_stream(pieces.chain(end))).into_response()
}
