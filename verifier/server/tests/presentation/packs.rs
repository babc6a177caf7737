//! The offline pack that lies beside the server: judged by where the network is away, or always.

use core::time::Duration;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use http::Method;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use symbolon_crypto::x509::RevocationList;
use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_trust::pack::{
    ApplyError, BitstringUris, HeldBytes, LastSeen, PackBuilder, PackError, PackTimes, PackTools,
    RevocationSection, apply, unverified_revocation_lists,
};
use symbolon_trust::status_list::{BitsPerStatus, Status, TokenStatusList};
use symbolon_trust::testing::{NOW, TestRegistry};
use symbolon_trust::trust_list::{RootOfTrust, TrustList};
use symbolon_verifier_server::{AcceptedPack, PackInForce, PackUnusable, StatusSource};

use crate::world::formats::{self, REVOCATION, SUSPENSION, address};
use crate::world::{INDEX, TOKEN, World};
use crate::{scan, vcalm};

const HOUR: Duration = Duration::from_secs(3_600);

/// The pack in force, without files.
pub(crate) struct PackOfTest {
    root: RootOfTrust,
    /// By whom a pack that is looked at now is verified.
    believed: Mutex<RootOfTrust>,
    held: Mutex<Option<Arc<AcceptedPack>>>,
    /// What is remembered of a pack that was held before.
    lost: Mutex<Option<Arc<LastSeen>>>,
    /// Whether the pack was over already when it was looked at first.
    is_refused: AtomicBool,
}

impl PackOfTest {
    pub(crate) fn new(root: RootOfTrust) -> Self {
        let believed = Mutex::new(root.clone());
        let (held, lost) = (Mutex::default(), Mutex::default());
        Self {
            root,
            believed,
            held,
            lost,
            is_refused: AtomicBool::new(false),
        }
    }

    /// Takes the pack away.
    pub(crate) fn lose(&self) {
        let lost = self.held.lock().unwrap().take().unwrap();
        *self.lost.lock().unwrap() = Some(Arc::new(lost.memory.clone()));
        self.is_refused.store(false, Ordering::Relaxed);
    }

    /// Brings a pack into force, as whoever pulls it does.
    fn put(&self, pack: &[u8], now: UnixTime) -> Result<(), ApplyError> {
        let mut held = self.held.lock().unwrap();
        let last: Option<LastSeen> = held.as_ref().map(|held| held.memory.clone());
        let tools = PackTools::new(&RustCryptoProvider);
        let applied = apply(pack, None, &self.root, tools, now, last.as_ref())?;
        *held = Some(Arc::new(AcceptedPack {
            bytes: HeldBytes::new(applied.pack, applied.form),
            root: self.root.clone(),
            memory: applied.memory,
        }));
        Ok(())
    }
}

impl PackInForce for PackOfTest {
    fn accepted(&self, _now: UnixTime) -> Result<Option<Arc<AcceptedPack>>, PackUnusable> {
        if self.is_refused.load(Ordering::Relaxed) {
            let expired_at = NOW;
            return Err(PackUnusable::Refused(Arc::new(PackError::Expired { expired_at })));
        }
        Ok(self.held.lock().unwrap().clone())
    }

    fn newest_trust_list(&self) -> Option<UnixTime> {
        self.last_seen().map(|seen| seen.trust_list_issued_at)
    }

    fn root_of_trust(&self) -> Arc<RootOfTrust> {
        Arc::new(self.believed.lock().unwrap().clone())
    }

    fn revocation_lists(&self) -> Arc<[RevocationList]> {
        let held = self.held.lock().unwrap();
        held.as_ref()
            .map(|pack| unverified_revocation_lists(pack.bytes.pack()).into())
            .unwrap_or_default()
    }

    fn last_seen(&self) -> Option<Arc<LastSeen>> {
        let held = self.held.lock().unwrap();
        let seen = held.as_ref().map(|pack| Arc::new(pack.memory.clone()));
        seen.or_else(|| self.lost.lock().unwrap().clone())
    }
}

async fn world(status: StatusSource) -> World {
    World::configured(|configuration| {
        configuration.status = status;
        configuration.status_cache_seconds = 0;
    })
    .await
}

impl World {
    /// A pack of now in which the credential has this status: current for an hour and tolerated for another, and with the Bitstring
    /// Status Lists of the issuer.
    pub(crate) fn pack(&self, sequence: u64, status: Status) -> Vec<u8> {
        self.pack_with(sequence, status, &self.packs.root.trust_list)
    }

    /// Brings a pack into force that also has a revocation list of the issuing authority, which is served at `place`.
    pub(crate) fn put_with_revocation_list(&self, place: &str, der: &[u8]) {
        let list = RevocationSection::new(place, der, &[], self.authority.root()).unwrap();
        let builder = self.builder(1, Status::Valid, &self.packs.root.trust_list);
        let pack = self.registry.sign_pack(builder.with_revocation_list(list));
        self.packs.put(&pack, self.now()).unwrap();
    }

    /// Knows of a pack that is over what a server knows that has just been started.
    pub(crate) fn begin_anew(&self) {
        self.packs.is_refused.store(true, Ordering::Relaxed);
    }

    /// Brings the next pack into force, which leaves that list out.
    pub(crate) fn put_without_revocation_list(&self) {
        self.put(2, Status::Valid);
    }

    fn pack_with(&self, sequence: u64, status: Status, list: &TrustList) -> Vec<u8> {
        self.registry.sign_pack(self.builder(sequence, status, list))
    }

    fn builder(&self, sequence: u64, status: Status, list: &TrustList) -> PackBuilder {
        let trust = self.registry.trust_section(list);
        let mut statuses = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
        statuses.set(INDEX, status).unwrap();
        let (revocation, suspension) = (address(self, REVOCATION), address(self, SUSPENSION));
        let bitstring = BitstringUris {
            revocation: &revocation,
            suspension: &suspension,
        };
        let uri = self.issuer.status_uri(0);
        let section = self
            .issuer
            .status_section_with(&uri, Some(bitstring), &statuses, self.now());
        let times = PackTimes {
            created: self.now(),
            valid_until: self.now().plus(HOUR),
            grace: HOUR,
        };
        PackBuilder::new(sequence, times, trust).with_status(section)
    }

    fn put(&self, sequence: u64, status: Status) {
        self.packs.put(&self.pack(sequence, status), self.now()).unwrap();
    }

    async fn metrics(&self) -> String {
        let token = format!("Bearer {TOKEN}");
        let answer = self
            .send(
                Method::GET,
                "/admin/v1/metrics",
                &[(AUTHORIZATION, token.as_str())],
                "",
            )
            .await;
        assert_eq!(answer.status, 200);
        String::from_utf8(answer.body).unwrap()
    }
}

/// What the report of an answer to a fresh request says.
async fn judged(world: &World) -> Value {
    let (id, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
    let request = world.open(&link).await;
    world.present_to(&request).await;
    let result = world.result(&id).await;
    result["result"]["outcome"]["presented"]["reports"][0]["report"].clone()
}

fn said(report: &Value) -> (&str, &str) {
    match (report["verdict"].as_str(), report["status"]["state"].as_str()) {
        (Some(verdict), Some(status)) => (verdict, status),
        _ => panic!("{report}"),
    }
}

#[tokio::test]
async fn the_pack_answers_where_the_list_cannot_be_had_and_says_of_when() {
    let world = world(StatusSource::OnlineThenPack).await;
    world.put(1, Status::Invalid);
    // The issuer is there: what it says now counts, not what the pack says.
    let report = judged(&world).await;
    assert_eq!(said(&report), ("valid", "good"));

    world.put(2, Status::Valid);
    let packed_at = world.now().seconds();
    world.advance(600);
    world.take_status_away();
    let report = judged(&world).await;
    assert_eq!(said(&report), ("valid", "good"));
    assert_eq!(report["as_of"], json!(packed_at));
    assert_eq!(report["warnings"], json!([]));

    // Swapped while the server runs.
    world.put(3, Status::Invalid);
    assert_eq!(said(&judged(&world).await), ("invalid", "revoked"));
    world.put(4, Status::Suspended);
    assert_eq!(said(&judged(&world).await), ("invalid", "suspended"));
}

/// How often the server has opened a pack.
async fn openings(world: &World) -> u64 {
    let metrics = world.metrics().await;
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("symbolon_verifier_pack_openings_total "));
    line.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_pack_is_opened_once_and_again_when_something_of_it_is_judged_otherwise() {
    let world = world(StatusSource::Pack).await;
    assert_eq!(openings(&world).await, 0);
    world.put(1, Status::Valid);
    for _ in 0..4 {
        assert_eq!(said(&judged(&world).await), ("valid", "good"));
        world.advance(1);
    }
    assert_eq!(openings(&world).await, 1, "however many judgements are made");
    world.put(2, Status::Invalid);
    for _ in 0..3 {
        assert_eq!(said(&judged(&world).await), ("invalid", "revoked"));
    }
    assert_eq!(openings(&world).await, 2, "once more for another pack");
    // In its grace, and past it.
    let hour = i64::try_from(HOUR.as_secs()).unwrap();
    for _ in 0..3 {
        world.advance(hour);
        for _ in 0..3 {
            judged(&world).await;
        }
    }
    assert_eq!(openings(&world).await, 4, "when it was over it stays so");
    assert_eq!(said(&judged(&world).await), ("unknown", "unknown"));
    // The clock is set back into its time.
    world.advance(-3 * hour);
    assert_eq!(said(&judged(&world).await), ("invalid", "revoked"));
}

#[tokio::test]
async fn a_pack_is_opened_again_when_the_clock_was_put_right() {
    let world = world(StatusSource::Pack).await;
    world.put(1, Status::Valid);
    let hour = i64::try_from(HOUR.as_secs()).unwrap();
    let is_in_grace = |report: &Value| report["warnings"].to_string().contains("pack_in_grace");
    // It was ahead, and the pack was in its grace.
    world.advance(hour + 1);
    assert!(is_in_grace(&judged(&world).await));
    world.advance(-hour);
    let report = judged(&world).await;
    assert_eq!(said(&report), ("valid", "good"));
    assert!(!is_in_grace(&report), "{report}");
    // It was behind the making of a pack, which was no pack then.
    world.put(2, Status::Invalid);
    world.advance(-hour);
    assert_eq!(said(&judged(&world).await), ("unknown", "unknown"));
    world.advance(hour);
    assert_eq!(said(&judged(&world).await), ("invalid", "revoked"));
}

/// The list that its pack brought is used on when the pack is gone, as long as the verifier believes the registry that signed it.
#[tokio::test]
async fn when_another_registry_is_believed_no_list_of_the_one_before_is_judged_by() {
    for is_believed_on in [true, false] {
        let mut world = world(StatusSource::OnlineThenPack).await;
        world.advance(60);
        let list = TrustList {
            issued_at: world.now(),
            ..world.packs.root.trust_list.clone()
        };
        let pack = world.pack_with(1, Status::Valid, &list);
        world.packs.put(&pack, world.now()).unwrap();
        assert_eq!(said(&judged(&world).await), ("valid", "good"));
        world.packs.lose();
        if !is_believed_on {
            world.registry = TestRegistry::new(60);
            let other = world.registry.root_of_trust(list);
            *world.packs.believed.lock().unwrap() = other;
        }
        let verdict = judged(&world).await["verdict"].clone();
        assert_eq!(verdict, if is_believed_on { "valid" } else { "unknown" });
    }
}

#[tokio::test]
async fn without_a_pack_what_cannot_be_had_is_unknown() {
    let world = world(StatusSource::OnlineThenPack).await;
    world.take_status_away();
    assert_eq!(said(&judged(&world).await), ("unknown", "unknown"));
}

#[tokio::test]
async fn online_asks_no_pack() {
    let world = world(StatusSource::Online).await;
    world.put(1, Status::Valid);
    world.take_status_away();
    assert_eq!(said(&judged(&world).await), ("unknown", "unknown"));
}

#[tokio::test]
async fn by_the_pack_alone_nothing_is_fetched() {
    let world = world(StatusSource::Pack).await;
    assert_eq!(said(&judged(&world).await), ("unknown", "unknown"));
    world.put(1, Status::Valid);
    assert_eq!(said(&judged(&world).await), ("valid", "good"));
    world.put(2, Status::Invalid);
    assert_eq!(said(&judged(&world).await), ("invalid", "revoked"));
    assert_eq!(world.status_fetches(), 0);
}

#[tokio::test]
async fn a_pack_past_its_time_warns_through_its_grace_and_then_says_nothing() {
    let world = world(StatusSource::Pack).await;
    world.put(1, Status::Valid);
    let hour = i64::try_from(HOUR.as_secs()).unwrap();

    world.advance(hour);
    let report = judged(&world).await;
    assert_eq!(said(&report), ("valid", "good"));
    assert_eq!(report["warnings"], json!([]), "in its last second");

    world.advance(1);
    let report = judged(&world).await;
    assert_eq!(said(&report), ("valid", "good"));
    assert!(
        report["warnings"].to_string().contains("pack_in_grace"),
        "{report}"
    );
    assert!(world.metrics().await.contains("pack_state{state=\"grace\"} 1"));

    world.advance(hour - 1);
    assert_eq!(
        said(&judged(&world).await),
        ("valid", "good"),
        "in the last second of its grace"
    );
    world.advance(1);
    let report = judged(&world).await;
    assert_eq!(said(&report), ("unknown", "unknown"));
    assert!(
        report["warnings"].to_string().contains("pack_refused"),
        "{report}"
    );
    let metrics = world.metrics().await;
    assert!(metrics.contains("pack_state{state=\"refused\"} 1"), "{metrics}");
    assert!(metrics.contains("pack_sequence 1\n"), "{metrics}");
}

#[tokio::test]
async fn beside_the_network_a_pack_in_its_grace_warns_only_of_what_it_was_asked() {
    let world = world(StatusSource::OnlineThenPack).await;
    world.put(1, Status::Valid);
    world.advance(i64::try_from(HOUR.as_secs()).unwrap() + 1);
    assert_eq!(judged(&world).await["warnings"], json!([]));
    world.take_status_away();
    let report = judged(&world).await;
    assert_eq!(said(&report), ("valid", "good"));
    assert!(
        report["warnings"].to_string().contains("pack_in_grace"),
        "{report}"
    );
    world.advance(i64::try_from(HOUR.as_secs()).unwrap());
    let report = judged(&world).await;
    assert_eq!(said(&report), ("unknown", "unknown"));
    assert!(
        report["warnings"].to_string().contains("pack_refused"),
        "{report}"
    );
}

#[tokio::test]
async fn the_end_of_a_pack_brings_no_older_trust_list_back() {
    for is_judged_before in [true, false] {
        let world = world(StatusSource::OnlineThenPack).await;
        world.advance(60);
        // The registry has named the issuer anew since the verifier was set up, for an hour and no grace.
        let list = TrustList {
            issued_at: world.now(),
            valid_until: world.now().plus(3 * HOUR),
            grace: Duration::ZERO,
            ..world.packs.root.trust_list.clone()
        };
        let pack = world.pack_with(1, Status::Valid, &list);
        world.packs.put(&pack, world.now()).unwrap();
        if is_judged_before {
            assert_eq!(said(&judged(&world).await), ("valid", "good"));
        }
        // The pack is over, and the list that it brought is not.
        world.advance(2 * i64::try_from(HOUR.as_secs()).unwrap() + 1);
        let verdict = judged(&world).await["verdict"].clone();
        let expected = if is_judged_before { "valid" } else { "unknown" };
        assert_eq!(verdict, expected);
        world.advance(i64::try_from(HOUR.as_secs()).unwrap());
        assert_eq!(
            judged(&world).await["verdict"],
            "unknown",
            "that list is over, too"
        );
    }
}

#[tokio::test]
async fn an_older_pack_never_comes_into_force() {
    let world = world(StatusSource::Pack).await;
    let before = world.pack(4, Status::Valid);
    world.put(5, Status::Invalid);
    assert!(world.packs.put(&before, world.now()).is_err());
    assert_eq!(said(&judged(&world).await), ("invalid", "revoked"));
}

#[tokio::test]
async fn the_figures_tell_which_pack_is_in_force_and_how_old_it_is() {
    let world = world(StatusSource::OnlineThenPack).await;
    let none = world.metrics().await;
    assert!(
        none.contains("symbolon_verifier_pack_state{state=\"none\"} 1"),
        "{none}"
    );
    assert!(!none.contains("pack_sequence "), "{none}");
    world.put(7, Status::Valid);
    world.advance(90);
    let text = world.metrics().await;
    for line in [
        "symbolon_verifier_pack_state{state=\"current\"} 1",
        "symbolon_verifier_pack_state{state=\"none\"} 0",
        "symbolon_verifier_pack_sequence 7",
        "symbolon_verifier_pack_age_seconds 90",
        "symbolon_verifier_pack_status_lists 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
}

#[tokio::test]
async fn the_scan_page_judges_by_the_pack() {
    let world = world(StatusSource::Pack).await;
    world.put(1, Status::Invalid);
    let told = scan::told(&world, &[scan::card(&world)]).await;
    assert_eq!(told["verdict"], "invalid", "{told}");
    world.put(2, Status::Valid);
    let told = scan::told(&world, &[scan::card(&world)]).await;
    assert_eq!(told["verdict"], "genuine", "{told}");
    assert_eq!(world.status_fetches(), 0);
}

#[tokio::test]
async fn credentials_of_vcalm_are_judged_by_the_pack_where_their_lists_cannot_be_had() {
    let world = world(StatusSource::OnlineThenPack).await;
    let secured = formats::whole(&world, &world.holder);
    formats::publish(&world, &[], &[]);
    world.put(1, Status::Suspended);
    let (_, report) = vcalm::verify(&world, &secured).await;
    assert_eq!(report["verified"], true, "the network says so: {report}");
    for list in [REVOCATION, SUSPENSION] {
        world.take_document_away(list);
    }
    let (_, report) = vcalm::verify(&world, &secured).await;
    assert_eq!(report["verified"], false, "{report}");
    assert!(
        report["errors"].to_string().contains("credential-out-of-force"),
        "{report}"
    );
    world.put(2, Status::Valid);
    let (_, report) = vcalm::verify(&world, &secured).await;
    assert_eq!(report["verified"], true, "{report}");
}

#[tokio::test]
async fn a_server_that_was_away_a_moment_ago_is_not_waited_for_again_and_is_noticed_when_it_is_back() {
    let world = world(StatusSource::OnlineThenPack).await;
    world.put(1, Status::Valid);
    world.break_status_off();
    assert_eq!(said(&judged(&world).await), ("valid", "good"));
    let asked = world.status_fetches();
    assert!(asked > 0);
    world.advance(29);
    assert_eq!(said(&judged(&world).await), ("valid", "good"));
    assert_eq!(world.status_fetches(), asked, "it was asked a moment ago");
    world.publish(Status::Invalid);
    world.advance(1);
    assert_eq!(said(&judged(&world).await), ("invalid", "revoked"));
    assert_eq!(world.status_fetches(), asked + 1);
}
