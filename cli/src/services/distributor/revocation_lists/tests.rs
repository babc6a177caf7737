use symbolon_crypto::signing::DescribeKeys as _;
use symbolon_crypto::testing::TestProvider;
use symbolon_crypto::testing::revocation::{authority, distribution_points, extended, sequence, tagged};
use symbolon_crypto::x509::issue::Validity;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};
use symbolon_http::fetch::{FetchPolicy, GuardedFetcher};
use symbolon_trust::pack::{PackBuilder, PackTimes, PackedRevocationList};
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestIssuingAuthority, TestKey, TestRegistry};
use symbolon_trust::trust_list::CredentialTypeRule;

use super::super::scripted::{Scripted, Served};
use super::*;

const HOUR: Duration = Duration::from_secs(3_600);
const SECOND: Duration = Duration::from_secs(1);

/// A distributor whose registry believes two authorities.
struct Setting {
    registry: TestRegistry,
    one: TestIssuingAuthority,
    other: TestIssuingAuthority,
    trust_list: TrustList,
    collector: Collector,
    server: Scripted,
    _folder: tempfile::TempDir,
}

impl Setting {
    fn new() -> Self {
        let registry = TestRegistry::new(1);
        let [one, other] = [700, 800].map(TestIssuingAuthority::new);
        let mut entry = TestIssuer::new("https://issuer.example", 100).entry(vec![CredentialTypeRule::Any]);
        entry.anchors = vec![one.root().clone(), other.root().clone()];
        let folder = tempfile::tempdir().unwrap();
        let fetcher = GuardedFetcher::new(FetchPolicy::Development).unwrap();
        Self {
            trust_list: registry.trust_list(vec![entry], NOW),
            collector: Collector::of_revocation_lists(folder.path(), &fetcher).unwrap(),
            server: Scripted::start(),
            registry,
            one,
            other,
            _folder: folder,
        }
    }

    fn list(&self, made: UnixTime) -> Vec<u8> {
        self.one.sign_revocation_list(&self.one.revocation_list(made))
    }

    fn collection<'a>(
        &'a self,
        signers: &'a KnownSigners,
        configured: &'a [String],
        now: UnixTime,
        last: Option<&'a LastSeen>,
    ) -> RevocationListCollection<'a> {
        RevocationListCollection {
            collector: &self.collector,
            trust_list: &self.trust_list,
            signers,
            configured,
            provider: &RustCryptoProvider,
            now,
            last,
            within: FETCHES_LIMIT,
        }
    }

    /// The lists that are carried, and what is said of them, at `now`.
    async fn collect(
        &self,
        configured: &[String],
        now: UnixTime,
        last: Option<&LastSeen>,
    ) -> (Vec<PackedRevocationList>, Collected) {
        let signers = KnownSigners::default();
        let mut counts = Collected::default();
        let collection = self.collection(&signers, configured, now, last);
        let sections = collection.collect(&mut counts).await.unwrap();
        let opened = sections.iter().map(|section| {
            let section = RevocationSection::from_bytes(base64::decode(section).unwrap()).unwrap();
            section.check(&self.trust_list, &RustCryptoProvider, now).unwrap()
        });
        (opened.collect(), counts)
    }

    /// What readers remember of a pack with this list.
    fn seen(&self, der: &[u8]) -> LastSeen {
        let section = RevocationSection::new("http://a.example", der, &[], self.one.root()).unwrap();
        let times = PackTimes {
            created: NOW,
            valid_until: NOW.plus(DAY),
            grace: DAY,
        };
        let builder = PackBuilder::new(1, times, self.registry.trust_section(&self.trust_list));
        let pack = self.registry.sign_pack(builder.with_revocation_list(section));
        let root = self.registry.root_of_trust(self.trust_list.clone());
        let opened = Pack::open(&pack, &root, &RustCryptoProvider, NOW, None).unwrap();
        opened.last_seen(None)
    }
}

fn made(lists: &[PackedRevocationList]) -> Vec<UnixTime> {
    lists.iter().map(|list| list.list().this_update()).collect()
}

fn counts(lists: u64, old: u64, left_out: u64) -> Collected {
    Collected { lists, old, left_out }
}

/// Whoever stands between hands out an older list, or none: the one before is carried on.
#[tokio::test]
async fn what_is_older_or_none_takes_the_place_of_nothing() {
    let setting = Setting::new();
    let place = [setting.server.url("/a.crl")];
    let serve = |der| setting.server.serve("/a.crl", Served::Bytes(der));
    serve(setting.list(NOW));
    let (lists, said) = setting.collect(&place, NOW, None).await;
    assert_eq!((made(&lists), said), (vec![NOW], counts(1, 0, 0)));
    let mut now = NOW;
    for lie in [setting.list(NOW.minus(SECOND)), b"none".to_vec()] {
        serve(lie);
        now = now.plus(HOUR);
        let (lists, said) = setting.collect(&place, now, None).await;
        assert_eq!((made(&lists), said), (vec![NOW], counts(1, 1, 0)));
    }
    serve(setting.list(now));
    let (lists, said) = setting.collect(&place, now.plus(HOUR), None).await;
    assert_eq!((made(&lists), said), (vec![now], counts(1, 0, 0)));

    // The place becomes another authority's, whose list is about other certificates: it is not older than anything.
    let early = NOW.minus(HOUR);
    let of_other = setting.other.revocation_list(early);
    serve(setting.other.sign_revocation_list(&of_other));
    let (lists, said) = setting.collect(&place, now.plus(HOUR * 2), None).await;
    assert_eq!((made(&lists), said), (vec![early], counts(1, 0, 0)));
    assert_eq!(lists[0].authority(), setting.other.root());
}

/// A list is counted for its anchor, compared with what is served, and carried: by one verification, whatever becomes of it.
#[tokio::test]
async fn a_list_is_verified_once_for_each_pack() {
    let setting = Setting::new();
    let place = [setting.server.url("/a.crl")];
    let serve = |served| setting.server.serve("/a.crl", served);
    let signers = KnownSigners::default();
    let collected = async |configured: &[String], now, last, within| {
        let provider = TestProvider::counting();
        let collection = RevocationListCollection {
            provider: &provider,
            within,
            ..setting.collection(&signers, configured, now, last)
        };
        let mut said = Collected::default();
        collection.collect(&mut said).await.unwrap();
        (provider.verifications(), said)
    };
    let carried = (1, counts(1, 0, 0));
    let as_it_was = counts(1, 1, 0);
    serve(Served::Bytes(setting.list(NOW)));
    let served_first = collected(&place, NOW, None, FETCHES_LIMIT).await;
    assert_eq!(served_first, carried);
    let not_due = collected(&place, NOW, None, FETCHES_LIMIT).await;
    assert_eq!(not_due, carried);
    let nobody_names_it = collected(&[], NOW, None, FETCHES_LIMIT).await;
    assert_eq!(nobody_names_it, carried);
    let mut now = NOW.plus(HOUR);
    let served_again = collected(&place, now, None, FETCHES_LIMIT).await;
    assert_eq!(served_again, carried);

    // What is served and what is kept are two.
    serve(Served::Bytes(setting.list(NOW.minus(SECOND))));
    now = now.plus(HOUR);
    let older = collected(&place, now, None, FETCHES_LIMIT).await;
    assert_eq!(older, (2, as_it_was));
    serve(Served::Bytes(setting.list(now)));
    let newer = collected(&place, now, None, FETCHES_LIMIT).await;
    assert_eq!(newer, (2, counts(1, 0, 0)));

    serve(Served::Never);
    now = now.plus(HOUR);
    let not_in_time = collected(&place, now, None, Duration::from_millis(100)).await;
    assert_eq!(not_in_time, (1, as_it_was));
    let mut seen_newer = setting.seen(&setting.list(NOW));
    for seen in seen_newer.revocation_lists.values_mut() {
        seen.this_update = now;
    }
    let rolled_back = collected(&place, now, Some(&seen_newer), Duration::from_millis(100)).await;
    assert_eq!(rolled_back, (1, counts(0, 1, 1)));
}

/// Nothing newer is kept any more, and readers have seen it all the same: they would refuse the pack.
#[tokio::test]
async fn an_older_list_than_one_that_was_published_is_left_out_and_not_kept() {
    let setting = Setting::new();
    let place = [setting.server.url("/a.crl")];
    let last = setting.seen(&setting.list(NOW));
    let serve = |made| {
        let served = Served::Bytes(setting.list(made));
        setting.server.serve("/a.crl", served);
    };
    serve(NOW.minus(SECOND));
    let (lists, said) = setting.collect(&place, NOW, Some(&last)).await;
    assert_eq!((lists.len(), said), (0, counts(0, 0, 1)));
    serve(NOW);
    let (lists, said) = setting.collect(&place, NOW, Some(&last)).await;
    assert_eq!((made(&lists), said), (vec![NOW], counts(1, 0, 0)), "at once");

    // What is kept may be older as well: it was had before somebody published a newer one.
    let newer = setting.seen(&setting.list(NOW.plus(SECOND)));
    let (lists, said) = setting.collect(&place, NOW, Some(&newer)).await;
    assert_eq!((lists.len(), said), (0, counts(0, 0, 1)));
}

#[tokio::test]
async fn a_list_that_is_published_at_several_places_is_carried_once_and_the_newest() {
    let setting = Setting::new();
    for (path, made) in [
        ("/1.crl", NOW.minus(HOUR)),
        ("/2.crl", NOW),
        ("/3.crl", NOW.minus(SECOND)),
    ] {
        setting.server.serve(path, Served::Bytes(setting.list(made)));
    }
    let places = ["/1.crl", "/2.crl", "/3.crl"].map(|path| setting.server.url(path));
    let (lists, said) = setting.collect(&places, NOW, None).await;
    assert_eq!((made(&lists), said), (vec![NOW], counts(1, 0, 0)));
}

#[tokio::test]
async fn what_has_no_room_is_left_out_and_counted() {
    let setting = Setting::new();
    // Lists about different certificates of one authority, of which either has room.
    let places = ["/1.crl", "/2.crl"].map(|path| {
        let uri = setting.server.url(path);
        let point = tagged(0xa0, &tagged(0xa0, &tagged(0x86, uri.as_bytes())));
        let list = setting.one.revocation_list(NOW);
        let list = list.with("2.5.29.28", true, &sequence(&point));
        let list = list.with("1.2.3.4", false, &tagged(0x04, &vec![0; 5 << 20]));
        let served = Served::Bytes(setting.one.sign_revocation_list(&list));
        setting.server.serve(path, served);
        uri
    });
    let (lists, said) = setting.collect(&places, NOW, None).await;
    assert_eq!((lists.len(), said), (1, counts(1, 0, 1)));
}

#[tokio::test]
async fn what_was_not_had_in_time_is_carried_as_it_was_and_places_are_asked_together() {
    let setting = Setting::new();
    let place = setting.server.url("/a.crl");
    setting.server.serve("/a.crl", Served::Bytes(setting.list(NOW)));
    let first = setting.collect(core::slice::from_ref(&place), NOW, None).await;
    assert_eq!(made(&first.0), [NOW]);
    setting.server.serve("/a.crl", Served::Never);
    let mut places = vec![place];
    for number in 0..16 {
        let path = format!("/never/{number}.crl");
        setting.server.serve(&path, Served::Never);
        places.push(setting.server.url(&path));
    }
    let signers = KnownSigners::default();
    let collection = RevocationListCollection {
        within: Duration::from_millis(500),
        ..setting.collection(&signers, &places, NOW.plus(HOUR), None)
    };
    let began = Instant::now();
    let mut said = Collected::default();
    let sections = collection.collect(&mut said).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!((sections.len(), said), (1, counts(1, 1, 16)));

    let path = |number: usize| format!("/together/{number}.crl");
    let all = (0..FETCHES_AT_ONCE * 3).map(path);
    let places: Vec<_> = all
        .inspect(|path| {
            setting
                .server
                .serve(path, Served::NotFoundTogether(FETCHES_AT_ONCE))
        })
        .map(|path| setting.server.url(&path))
        .collect();
    let (_, said) = setting.collect(&places, NOW, None).await;
    assert_eq!(said.left_out, places.len() as u64);
    assert_eq!(setting.server.most_at_once(), FETCHES_AT_ONCE);
}

#[tokio::test]
async fn an_authority_that_publishes_at_ever_new_places_crowds_out_nobody() {
    let setting = Setting::new();
    // Its places come first by their names. They were collected over many packs.
    let of_one: Vec<_> = (0..MAX_PLACES_OF_ANCHOR + 6)
        .map(|number| {
            let path = format!("/a/{number:03}.crl");
            let served = Served::Bytes(setting.list(NOW));
            setting.server.serve(&path, served);
            setting.server.url(&path)
        })
        .collect();
    let der = setting
        .other
        .sign_revocation_list(&setting.other.revocation_list(NOW));
    setting.server.serve("/b.crl", Served::Bytes(der));
    let of_other = setting.server.url("/b.crl");
    let all: Vec<_> = of_one.iter().chain([&of_other]).cloned().collect();
    setting.collect(&all, NOW, None).await;
    assert_eq!(setting.collector.known().unwrap().len(), all.len());

    let signers = KnownSigners::default();
    let verified = |configured: &[String]| {
        let collection = setting.collection(&signers, configured, NOW, None);
        collection.places(&[]).unwrap().verified.into_keys().collect()
    };
    // What is not asked is counted and not held, and what is asked without room is not verified again.
    let held: Vec<_> = verified(&[]);
    assert_eq!(held.len(), MAX_PLACES_OF_ANCHOR + 1);
    let held: Vec<_> = verified(&of_one[MAX_PLACES_OF_ANCHOR + 4..]);
    assert_eq!(held.len(), MAX_PLACES_OF_ANCHOR + 3);
    assert!(held.contains(of_one.last().unwrap()) && !held.contains(&of_one[MAX_PLACES_OF_ANCHOR]));

    let asked = |configured: &[String]| {
        let collection = setting.collection(&signers, configured, NOW, None);
        let places = collection.places(&[]).unwrap();
        (places.uris, places.without_room)
    };
    let (places, without_room) = asked(&[]);
    assert_eq!((places.len(), without_room), (MAX_PLACES_OF_ANCHOR + 1, 6));
    assert!(places.contains(&of_other));
    // What the operator wrote down has room, and comes first.
    let last = of_one.last().unwrap();
    let (places, without_room) = asked(core::slice::from_ref(last));
    assert_eq!(
        (places.first(), places.len(), without_room),
        (Some(last), MAX_PLACES_OF_ANCHOR + 2, 5)
    );
    let many: Vec<_> = (0..MAX_PLACES)
        .map(|number| format!("http://c.example/{number}"))
        .collect();
    let (places, without_room) = asked(&many);
    assert_eq!((places, without_room), (many, all.len() as u64));
}

/// The registry believes an anchor, and not whatever it names.
#[test]
fn an_anchor_names_so_many_places_and_those_of_the_next_are_asked_all_the_same() {
    let mut setting = Setting::new();
    let key = TestKey::new(SignatureAlgorithm::Es256, 901);
    let validity = Validity {
        not_before: NOW.minus(DAY),
        not_after: NOW.plus(DAY),
    };
    let key = key.software_key();
    let root = authority("Root", validity, key, None);
    let places: Vec<_> = (0..MAX_PLACES_OF_ANCHOR + 9)
        .map(|number| format!("http://a.example/{number}"))
        .collect();
    let naming = |places: &[String]| {
        let places: Vec<_> = places.iter().map(String::as_str).collect();
        let description = key.describe(key.handle()).unwrap();
        let der = extended(&root, &distribution_points(&places), &description, key);
        Certificate::parse(&der).unwrap()
    };
    let next = "http://b.example/1".to_owned();
    setting.trust_list.issuers[0].anchors = vec![naming(&places), naming(core::slice::from_ref(&next))];
    let signers = KnownSigners::default();
    let collection = setting.collection(&signers, &[], NOW, None);
    let asked = collection.places(&[]).unwrap().uris;
    assert_eq!(asked.len(), MAX_PLACES_OF_ANCHOR + 1);
    assert_eq!(asked.last(), Some(&next));
}

/// The chain of a signer whose certificate names these places, under an authority.
fn chain(authority: &TestIssuingAuthority, places: &[String]) -> SignerChain {
    let places: Vec<_> = places.iter().map(String::as_str).collect();
    let publishing = TestIssuingAuthority::new(700).publishing_at_all(&places);
    SignerChain {
        certificates: vec![Certificate::parse(publishing.certificate()).unwrap()],
        anchor: authority.root().clone(),
    }
}

#[test]
fn what_signers_name_has_room_by_their_anchor_and_what_has_none_is_said() {
    let setting = Setting::new();
    let mut signers = KnownSigners::default();
    let mut take_up = |chain: &SignerChain| signers.take_up_chain(chain);
    let places = |from: usize, to: usize| -> Vec<_> {
        (from..to)
            .map(|number| format!("http://a.example/{number}"))
            .collect()
    };
    let room = MAX_PLACES_OF_ANCHOR;
    assert!(take_up(&chain(&setting.one, &places(0, room - 1))));
    assert!(
        !take_up(&chain(&setting.one, &places(0, room - 1))),
        "it is known"
    );
    let further = chain(&setting.one, &places(room - 1, room + 2));
    assert!(take_up(&further), "there is room for one");
    assert!(!take_up(&further));
    assert!(!take_up(&chain(&setting.one, &["ldap://a.example".to_owned()])));
    let of_other = "http://b.example/1".to_owned();
    assert!(take_up(&chain(&setting.other, core::slice::from_ref(&of_other))));
    assert_eq!(signers.places().count(), room + 1);
    assert!(signers.places().any(|place| *place == of_other));
    assert_eq!(signers.left_out(), 1, "one signer names places without room");
    let collection = setting.collection(&signers, &[], NOW, None);
    assert_eq!(collection.places(&[]).unwrap().uris.len(), room + 1);
}

#[tokio::test]
async fn authorities_under_an_anchor_have_room_by_their_anchor_and_what_has_none_is_said() {
    let setting = Setting::new();
    let validity = Validity {
        not_before: NOW.minus(DAY),
        not_after: NOW.plus(DAY),
    };
    let [root_key, key] = [901, 902].map(|seed| TestKey::new(SignatureAlgorithm::Es256, seed));
    let root = authority("Root", validity, root_key.software_key(), None);
    let signer = Certificate::parse(setting.one.certificate()).unwrap();
    let under = |number: usize| {
        let name = format!("Middle {number}");
        let issuer = Some((&root, root_key.software_key()));
        let middle = authority(&name, validity, key.software_key(), issuer);
        SignerChain {
            certificates: vec![signer.clone(), middle],
            anchor: root.clone(),
        }
    };
    let mut signers = KnownSigners::default();
    let mut take_up = |chain: &SignerChain| signers.take_up_chain(chain);
    for number in 0..MAX_PLACES_OF_ANCHOR {
        assert!(take_up(&under(number)));
    }
    assert!(!take_up(&under(0)), "it is known");
    assert!(!take_up(&under(MAX_PLACES_OF_ANCHOR)), "there is no room");
    assert_eq!(signers.left_out(), 1);
    let authorities = signers.authorities();
    assert_eq!(authorities.len(), MAX_PLACES_OF_ANCHOR);
    assert!(
        authorities
            .iter()
            .all(|chain| chain.len() == 1 && chain[0] != signer)
    );
    let mut said = Collected::default();
    let collection = setting.collection(&signers, &[], NOW, None);
    assert!(collection.collect(&mut said).await.unwrap().is_empty());
    assert_eq!(said, counts(0, 0, 1));
}
