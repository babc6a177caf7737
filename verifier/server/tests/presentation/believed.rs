//! A judgement rests on what was believed when it began: the sources of trust change at moments that these tests choose, between two steps of one
//! judgement.

use core::time::Duration;
use std::io;
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex};

use http::Method;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use symbolon_crypto::jose::jwe::{
    DecryptedJwe, EncryptionParameters, JweBudget, JweCodec, JweError, KeyLookup, Recipient,
};
use symbolon_crypto::x509::RevocationList;
use symbolon_crypto::{Randomness, UnixTime};
use symbolon_crypto_josekit::JosekitJwe;
use symbolon_store::{StorageBackend, Store};
use symbolon_trust::pack::LastSeen;
use symbolon_trust::testing::{NOW, TestRegistry};
use symbolon_trust::trust_list::{RootOfTrust, TrustList};
use symbolon_verifier_server::store::EmbeddedVerifierStore;
use symbolon_verifier_server::{
    AcceptedPack, Dependencies, PackInForce, PackUnusable, ScanAccess, StatusSource, TrustSources,
    TrustUnusable, WatchedTrust,
};
use tokio::task::block_in_place;

use crate::by_qr;
use crate::relying_parties::{self, VERIFICATIONS};
use crate::world::{TOKEN, World, json_of};

/// Far longer than the server needs to look again.
const LIMIT: Duration = Duration::from_secs(60);

type Once = Mutex<Option<Box<dyn FnOnce() + Send>>>;

fn happens(once: &Once) {
    let act = once.lock().unwrap().take();
    if let Some(act) = act {
        act();
    }
}

/// Sources of trust that change when a test says so.
#[derive(Default)]
struct Sources {
    change: Mutex<Change>,
    moved: Condvar,
    when_taken: Once,
}

/// How far a change has come.
#[derive(Default)]
enum Change {
    #[default]
    None,
    LiesThere(Box<TrustList>),
    Offered,
    Taken,
}

impl Sources {
    fn lay(&self, list: TrustList) {
        *self.change.lock().unwrap() = Change::LiesThere(Box::new(list));
    }

    /// Changes them, and waits until the server believes them.
    fn swap(&self, list: TrustList) {
        self.lay(list);
        // Whoever happens to do this lets other tasks have its place meanwhile.
        let timed_out = block_in_place(|| {
            let is_under_way = |change: &mut Change| !matches!(change, Change::None);
            let change = self.change.lock().unwrap();
            let waited = self.moved.wait_timeout_while(change, LIMIT, is_under_way);
            waited.unwrap().1.timed_out()
        });
        assert!(!timed_out, "the server takes what lies there");
    }
}

impl TrustSources for Sources {
    fn changed(&self, _now: UnixTime) -> Result<Option<TrustList>, TrustUnusable> {
        let mut change = self.change.lock().unwrap();
        let (next, found) = match core::mem::take(&mut *change) {
            Change::LiesThere(list) => (Change::Offered, Some(*list)),
            // Who looks again believes already what it took.
            Change::Taken | Change::None => (Change::None, None),
            Change::Offered => (Change::Offered, None),
        };
        *change = next;
        self.moved.notify_all();
        Ok(found)
    }

    fn taken(&self) {
        happens(&self.when_taken);
        *self.change.lock().unwrap() = Change::Taken;
    }
}

/// There is no pack, and something happens while it is looked for.
struct NoPack {
    root: RootOfTrust,
    when_asked: Once,
}

impl PackInForce for NoPack {
    fn accepted(&self, _now: UnixTime) -> Result<Option<Arc<AcceptedPack>>, PackUnusable> {
        happens(&self.when_asked);
        Ok(None)
    }

    fn newest_trust_list(&self) -> Option<UnixTime> {
        None
    }

    fn root_of_trust(&self) -> Arc<RootOfTrust> {
        Arc::new(self.root.clone())
    }

    fn revocation_lists(&self) -> Arc<[RevocationList]> {
        Arc::default()
    }

    fn last_seen(&self) -> Option<Arc<LastSeen>> {
        None
    }
}

/// Something happens while an answer is decrypted.
struct Decrypting {
    codec: JosekitJwe,
    when_asked: Once,
}

impl JweCodec for Decrypting {
    fn encrypt(
        &self,
        payload: &[u8],
        recipient: &Recipient,
        parameters: EncryptionParameters<'_>,
        randomness: &dyn Randomness,
    ) -> Result<String, JweError> {
        self.codec.encrypt(payload, recipient, parameters, randomness)
    }

    fn decrypt_within(
        &self,
        text: &str,
        keys: &KeyLookup<'_>,
        budget: JweBudget,
    ) -> Result<DecryptedJwe, JweError> {
        happens(&self.when_asked);
        self.codec.decrypt_within(text, keys, budget)
    }
}

/// Something happens while a change of the store is written.
#[derive(Default)]
struct Disk {
    bytes: Mutex<Vec<u8>>,
    when_written: Once,
}

/// The disk as the store has it.
struct OnDisk(Arc<Disk>);

impl core::fmt::Debug for OnDisk {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("OnDisk").finish_non_exhaustive()
    }
}

impl StorageBackend for OnDisk {
    fn len(&self) -> io::Result<u64> {
        u64::try_from(self.0.bytes.lock().unwrap().len()).map_err(io::Error::other)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let (bytes, from) = (self.0.bytes.lock().unwrap(), usize::try_from(offset).unwrap());
        out.copy_from_slice(&bytes[from..from + out.len()]);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).unwrap();
        self.0.bytes.lock().unwrap().resize(length, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        happens(&self.0.when_written);
        let from = usize::try_from(offset).unwrap();
        self.0.bytes.lock().unwrap()[from..from + data.len()].copy_from_slice(data);
        Ok(())
    }
}

/// A verifier whose sources of trust a test changes, and where.
struct Setting {
    sources: Arc<Sources>,
    pack: Arc<NoPack>,
    jwe: Arc<Decrypting>,
    disk: Arc<Disk>,
}

impl Setting {
    fn new() -> Self {
        let registry = TestRegistry::new(1);
        let when_asked = Once::default();
        Self {
            sources: Arc::default(),
            pack: Arc::new(NoPack {
                root: registry.root_of_trust(registry.trust_list(Vec::new(), NOW)),
                when_asked: Once::default(),
            }),
            jwe: Arc::new(Decrypting {
                codec: JosekitJwe::new(),
                when_asked,
            }),
            disk: Arc::default(),
        }
    }

    fn depend(&self, dependencies: &mut Dependencies) {
        dependencies.trust_sources = Some(WatchedTrust {
            sources: Arc::clone(&self.sources) as Arc<dyn TrustSources>,
            every: Duration::from_millis(1),
        });
        dependencies.pack = Some(Arc::clone(&self.pack) as Arc<dyn PackInForce>);
        dependencies.jwe = Arc::clone(&self.jwe) as Arc<dyn JweCodec>;
        let store = Store::open_with_backend(OnDisk(Arc::clone(&self.disk))).unwrap();
        let store = Arc::new(EmbeddedVerifierStore::new(store));
        dependencies.archive = store.clone();
        dependencies.store = store;
    }

    /// Has the issuer dismissed as soon as `once` happens, and the server believe that before it goes on.
    fn dismiss_the_issuer_when(&self, once: &Once) {
        let sources = Arc::clone(&self.sources);
        let swap = move || sources.swap(nobody());
        *once.lock().unwrap() = Some(Box::new(swap));
    }
}

/// A list of the registry that names nobody any more.
fn nobody() -> TrustList {
    let list = TestRegistry::new(1).trust_list(Vec::new(), NOW);
    TrustList { sequence: 1, ..list }
}

async fn believed(world: &World) -> Value {
    let token = format!("Bearer {TOKEN}");
    let headers = [(AUTHORIZATION, token.as_str())];
    let answer = world.send(Method::GET, "/admin/v1/trust", &headers, "").await;
    json_of(&answer)["sequence"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_is_judged_by_whom_was_believed_when_its_judgement_began() {
    let setting = Setting::new();
    let status = StatusSource::OnlineThenPack;
    let world = World::depending(
        |configuration, _| configuration.status = status,
        ScanAccess::Open,
        |dependencies| setting.depend(dependencies),
    )
    .await;
    setting.dismiss_the_issuer_when(&setting.pack.when_asked);
    for (trusted, sequence) in [("trusted", 1), ("not_trusted", 1)] {
        let (id, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
        let request = world.open(&link).await;
        world.present_to(&request).await;
        let result = world.result(&id).await;
        let report = &result["result"]["outcome"]["presented"]["reports"][0]["report"];
        assert_eq!(report["trusted"]["state"], trusted, "{result}");
        assert_eq!(believed(&world).await, sequence);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_posted_credential_is_judged_by_whom_was_believed_when_its_judgement_began() {
    let setting = Setting::new();
    let depend = |dependencies: &mut Dependencies| setting.depend(dependencies);
    let town = relying_parties::Town::depending(
        |configuration| configuration.status = StatusSource::OnlineThenPack,
        depend,
    )
    .await;
    let held = town
        .world
        .present("https://bank.example", "nonce-of-the-bank", &["given_name"]);
    let body = json!({
        "policy": "name", "presentations": [held],
        "expected": {"nonce": "nonce-of-the-bank", "audience": "https://bank.example"},
    });
    setting.dismiss_the_issuer_when(&setting.pack.when_asked);
    for outcome in ["satisfied", "not_satisfied"] {
        let verified = town.call(&town.bank, Method::POST, VERIFICATIONS, &body).await;
        let verified = json_of(&verified);
        assert_eq!(verified["decision"]["outcome"], outcome, "{verified}");
        assert_eq!(believed(&town.world).await, 1);
    }
}

/// Between the policy and the pack, the nonce of the request is spent.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_is_judged_by_whom_was_believed_when_its_policy_was_taken() {
    let setting = Setting::new();
    let world = World::depending(
        |configuration, _| configuration.status = StatusSource::OnlineThenPack,
        ScanAccess::Open,
        |dependencies| setting.depend(dependencies),
    )
    .await;
    for trusted in ["trusted", "not_trusted"] {
        let (id, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
        let request = world.open(&link).await;
        if trusted == "trusted" {
            let (disk, sources) = (Arc::clone(&setting.disk), Arc::clone(&setting.sources));
            // What is written next after the answer is decrypted.
            let arm = move || {
                let swap = move || sources.swap(nobody());
                *disk.when_written.lock().unwrap() = Some(Box::new(swap));
            };
            *setting.jwe.when_asked.lock().unwrap() = Some(Box::new(arm));
        }
        world.present_to(&request).await;
        let result = world.result(&id).await;
        let report = &result["result"]["outcome"]["presented"]["reports"][0]["report"];
        assert_eq!(report["trusted"]["state"], trusted, "{result}");
        assert_eq!(believed(&world).await, 1);
    }
}

/// Between the policy and the pack, the answer is decrypted.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_to_the_page_is_judged_by_whom_was_believed_when_its_policy_was_taken() {
    let setting = Setting::new();
    let status = StatusSource::OnlineThenPack;
    let world = World::depending(
        |configuration, _| configuration.status = status,
        ScanAccess::Open,
        |dependencies| setting.depend(dependencies),
    )
    .await;
    setting.dismiss_the_issuer_when(&setting.jwe.when_asked);
    for verdict in ["valid", "invalid"] {
        let told = by_qr::asked_and_told(&world).await;
        assert_eq!(told["verdict"], verdict, "{told}");
        assert_eq!(believed(&world).await, 1);
    }
}

/// Whoever opens packs knows the new root of trust before anybody is judged by the new list: never the other way round, with a pack that the registry of
/// before has signed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_opens_packs_is_told_of_changed_sources_before_anybody_is_judged_by_them() {
    let setting = Setting::new();
    let world = World::depending(
        |_, _| {},
        ScanAccess::Open,
        |dependencies| setting.depend(dependencies),
    )
    .await;
    let (reached, is_reached) = channel();
    let (go_on, goes_on) = channel::<()>();
    let wait = move || {
        reached.send(()).unwrap();
        block_in_place(|| goes_on.recv_timeout(LIMIT)).unwrap();
    };
    *setting.sources.when_taken.lock().unwrap() = Some(Box::new(wait));
    let sources = Arc::clone(&setting.sources);
    let swapping = tokio::task::spawn_blocking(move || sources.swap(nobody()));
    tokio::task::spawn_blocking(move || is_reached.recv_timeout(LIMIT).unwrap())
        .await
        .unwrap();
    assert_eq!(believed(&world).await, 0, "it is not taken yet");
    go_on.send(()).unwrap();
    swapping.await.unwrap();
    assert_eq!(believed(&world).await, 1);
}
