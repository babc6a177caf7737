//! Taking packs into use, and opening them again by their seal.

use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::testing::TestProvider;

use super::super::container::sha256;
use super::super::*;
use super::world::{ISSUER, URI, World, list};
use crate::status_list::{BitsPerStatus, Status, TokenStatusList};
use crate::testing::{DAY, NOW};
use crate::validity::Validity;

const HOUR: Duration = Duration::from_secs(3_600);
const VERBATIM: &str = "https://other.example/status/9";

fn apply_at(
    world: &World,
    incoming: &[u8],
    in_force: Option<&AppliedPack>,
    now: UnixTime,
) -> Result<AppliedPack, ApplyError> {
    let tools = PackTools::new(&RustCryptoProvider);
    let held = in_force.map(|held| held.pack.as_slice());
    apply(
        incoming,
        held,
        &world.root(),
        tools,
        now,
        in_force.map(|held| &held.memory),
    )
}

fn reopen<'a>(world: &World, held: &'a AppliedPack, now: UnixTime) -> Pack<'a> {
    let tools = PackTools::new(&RustCryptoProvider);
    Pack::open_applied(&held.pack, &held.form, &world.root(), tools, now, &held.memory).unwrap()
}

/// A section of two lists, and the list of another issuer as it serves it.
fn with_verbatim(world: &World, sequence: u64, at: UnixTime, further: u64) -> Vec<u8> {
    let second = TokenStatusList::all_valid(BitsPerStatus::One, 64);
    let mut first = list();
    first.set(further, Status::Invalid).unwrap();
    let lists = vec![
        CompactStatusList::of_list(URI, &first, None).unwrap(),
        CompactStatusList::of_list(&format!("{ISSUER}/status/1"), &second, None).unwrap(),
    ];
    let token = world.other.status_token(VERBATIM, &list(), at);
    let verbatim = VerbatimSection::new(VERBATIM, VerbatimForm::TokenJwt, token.as_bytes()).unwrap();
    let times = PackTimes {
        created: at,
        valid_until: at.plus(DAY),
        grace: DAY,
    };
    let builder = PackBuilder::new(
        sequence,
        times,
        world.registry.trust_section(&world.trust_list(at)),
    )
    .with_status(world.issuer.status_section_of(lists, at))
    .with_verbatim(verbatim);
    world.registry.sign_pack(builder)
}

#[test]
fn an_applied_pack_answers_as_the_pack_does() {
    let world = World::new();
    let bytes = with_verbatim(&world, 1, NOW, 9);
    let held = apply_at(&world, &bytes, None, NOW).unwrap();
    assert!(held.pack == bytes);
    let (verified, applied) = (world.open(&bytes).unwrap(), reopen(&world, &held, NOW));
    assert!(applied.is_sealed() && !verified.is_sealed());
    for uri in [
        URI,
        VERBATIM,
        "https://issuer.example/status/1",
        "https://issuer.example/status/2",
    ] {
        for index in (0..5_010).chain([u64::MAX]) {
            assert_eq!(
                applied.status(uri, index),
                verified.status(uri, index),
                "{uri} {index}"
            );
        }
    }
    assert_eq!(applied.trust_list(), verified.trust_list());
    let counts = |pack: &Pack<'_>| -> Vec<_> {
        let lists = pack.status_lists();
        lists
            .map(|list| (list.invalid_count(), list.suspended_count()))
            .collect()
    };
    assert_eq!(counts(&applied), counts(&verified));
    // What is remembered does not lose the seal.
    assert_eq!(applied.last_seen(Some(&held.memory)), held.memory);
}

#[test]
fn a_pack_that_is_held_is_judged_as_one_that_is_opened_each_time() {
    let world = World::new();
    let bytes = with_verbatim(&world, 1, NOW, 9);
    let applied = apply_at(&world, &bytes, None, NOW).unwrap();
    let held = HeldBytes::new(applied.pack.clone(), applied.form.clone());
    let open = |now| {
        let tools = PackTools::new(&RustCryptoProvider);
        Pack::open_held(&held, &world.root(), tools, now, &applied.memory)
    };
    let said = |pack: &Pack<'_>| {
        let about =
            [URI, VERBATIM].map(|uri| format!("{:?} {:?}", pack.status(uri, 9), pack.status(uri, 10)));
        (pack.validity(), pack.trust_list_validity(), about)
    };
    let (mut now, mut openings) = (NOW, 0);
    loop {
        let Ok(kept) = open(now) else { break };
        assert!(kept.is_sealed());
        let until = kept.judged_alike_until(now).unwrap();
        let middle = UnixTime::from_seconds(now.seconds().midpoint(until.seconds()));
        for at in [now, middle, until] {
            assert_eq!(said(&kept), said(&reopen(&world, &applied, at)));
        }
        let after = until.plus(Duration::from_secs(1));
        if let Ok(next) = open(after) {
            let lists = next.status_lists().map(PackedStatusList::validity);
            let before = kept.status_lists().map(PackedStatusList::validity);
            let is_other = said(&next) != said(&kept) || !lists.eq(before);
            assert!(is_other, "nothing changed at {after:?}");
        }
        (now, openings) = (after, openings + 1);
    }
    assert!(openings > 1, "in its grace it is judged otherwise");
    // Nothing was copied: the sets of the pack are those in its bytes.
    let kept = open(NOW).unwrap();
    let range = held.pack().as_ptr_range();
    let of_pack = kept.lists.iter().find(|list| list.uri() == URI).unwrap();
    let sets = of_pack.sets.iter().filter(|(_, set)| !set.bytes().is_empty());
    assert_eq!(
        sets.filter(|(_, set)| range.contains(&set.bytes().as_ptr()))
            .count(),
        2
    );
}

#[test]
fn the_seal_stands_for_the_signatures_and_only_under_its_root_and_memory() {
    let world = World::new();
    let held = apply_at(&world, &with_verbatim(&world, 1, NOW, 9), None, NOW).unwrap();
    let provider = TestProvider::refusing();
    let open = |held: &AppliedPack, root: &RootOfTrust| {
        let tools = PackTools::new(&provider);
        Pack::open_applied(&held.pack, &held.form, root, tools, NOW, &held.memory)
            .map(|pack| pack.is_sealed())
    };
    assert!(open(&held, &world.root()).unwrap());
    // Another root of trust: everything is verified again.
    let mut other_root = world.root();
    other_root.pack_keys.clear();
    assert!(open(&held, &other_root).is_err());
    // Another form than the sealed one, or none.
    for place in 0..held.form.len() {
        let mut changed = held.clone();
        changed.form[place] ^= 1;
        let sets_begin = held.form.len() - 200;
        match open(&changed, &world.root()) {
            Err(_) => {}
            // A set is compared when it is asked, and then says nothing.
            Ok(_) => assert!(place > 100, "byte {place} of {sets_begin}"),
        }
    }
    let mut without = held.clone();
    without.form.clear();
    assert!(open(&without, &world.root()).is_err());
    let mut forgetful = held.clone();
    forgetful.memory.seal = None;
    assert!(open(&forgetful, &world.root()).is_err());
    // Another pack beside the form.
    let mut exchanged = held;
    exchanged.pack = with_verbatim(&world, 1, NOW, 10);
    assert!(open(&exchanged, &world.root()).is_err());
}

#[test]
fn a_set_that_was_damaged_on_the_device_says_nothing() {
    let world = World::new();
    let held = apply_at(&world, &with_verbatim(&world, 1, NOW, 9), None, NOW).unwrap();
    // What is invalid by the set before stays so, whatever else cannot be read.
    let is_unreadable = |held: &AppliedPack, uri: &str| {
        let pack = reopen(&world, held, NOW);
        assert!(pack.is_sealed());
        (0..5_000).all(|index| {
            let status = pack.status(uri, index);
            let is_invalid = matches!(
                status,
                PackStatus::Listed {
                    status: Status::Invalid,
                    ..
                }
            );
            is_invalid || status == PackStatus::Unreadable { as_of: NOW }
        })
    };
    let mut damaged = held.clone();
    let end = damaged.form.len() - 1;
    damaged.form[end] ^= 0x10;
    assert!(is_unreadable(&damaged, VERBATIM));
    assert!(!is_unreadable(&damaged, URI));
    let mut damaged = held;
    let section_end = {
        let token = world.other.status_token(VERBATIM, &list(), NOW);
        let place = damaged
            .pack
            .windows(token.len())
            .position(|window| window == token.as_bytes());
        place.unwrap() - VERBATIM.len() - 4
    };
    // The last byte of the last set that has bytes in the section before.
    damaged.pack[section_end - 1] ^= 0x01;
    assert!(is_unreadable(&damaged, URI));
    assert!(!is_unreadable(&damaged, VERBATIM));
}

#[test]
fn deltas_follow_one_another_and_what_is_refused_changes_nothing() {
    let world = World::new();
    let at = |hours: u32| NOW.plus(HOUR * hours);
    let packs: Vec<_> = (0..4_u32)
        .map(|number| with_verbatim(&world, u64::from(number) + 1, at(number), u64::from(number) + 20))
        .collect();
    let deltas: Vec<_> = packs
        .windows(2)
        .map(|pair| delta(&pair[0], &pair[1]).unwrap())
        .collect();
    let nothing = apply_at(&world, &deltas[0], None, at(1));
    assert!(matches!(nothing, Err(ApplyError::NothingInForce)));

    let first = apply_at(&world, &packs[0], None, at(0)).unwrap();
    let second = apply_at(&world, &deltas[0], Some(&first), at(1)).unwrap();
    assert!(second.pack == packs[1]);
    assert_eq!(second.memory.sequence, 2);
    // A gap, the same delta again, and the pack before.
    let refused = |incoming: &[u8]| apply_at(&world, incoming, Some(&second), at(3)).unwrap_err();
    let gap = refused(&deltas[2]);
    assert!(matches!(
        gap,
        ApplyError::Delta(DeltaError::OtherBase { base: 3, in_force: 2 })
    ));
    let again = refused(&deltas[0]);
    assert!(matches!(
        again,
        ApplyError::Delta(DeltaError::OtherBase { base: 1, in_force: 2 })
    ));
    let rollback = refused(&packs[0]);
    let ApplyError::Pack(PackError::LowerSequence {
        last_seen: 2,
        found: 1,
    }) = rollback
    else {
        panic!("{rollback}");
    };
    // A delta back to an older pack is made as easily as one forward, and refused as the pack is.
    let back = delta(&packs[1], &packs[0]).unwrap();
    assert!(matches!(
        refused(&back),
        ApplyError::Pack(PackError::LowerSequence { .. })
    ));
    let third = apply_at(&world, &deltas[1], Some(&second), at(2)).unwrap();
    let pack = reopen(&world, &third, at(2));
    assert!(matches!(
        pack.status(URI, 22),
        PackStatus::Listed {
            status: Status::Invalid,
            ..
        }
    ));
    assert!(matches!(
        pack.status(URI, 21),
        PackStatus::Listed {
            status: Status::Valid,
            ..
        }
    ));
}

#[test]
fn a_sealed_pack_grows_old_like_any_other() {
    let world = World::new();
    let held = apply_at(&world, &with_verbatim(&world, 1, NOW, 9), None, NOW).unwrap();
    let validity = |now, uri: &str| match reopen(&world, &held, now).status(uri, 9) {
        PackStatus::Listed { validity, .. } => Some(validity),
        PackStatus::Outdated { .. } => None,
        other => panic!("{other:?}"),
    };
    let expired_at = NOW.plus(DAY);
    let second = Duration::from_secs(1);
    assert_eq!(validity(expired_at, URI), Some(Validity::Current));
    assert_eq!(
        validity(expired_at.plus(second), URI),
        Some(Validity::InGrace { expired_at })
    );
    // The token is to be replaced after an hour, and ends with its day.
    assert_eq!(validity(NOW.plus(HOUR), VERBATIM), Some(Validity::Current));
    let fresh_until = NOW.plus(HOUR);
    let stale = Some(Validity::InGrace {
        expired_at: fresh_until,
    });
    assert_eq!(validity(fresh_until.plus(second), VERBATIM), stale);
    assert_eq!(validity(expired_at.minus(second), VERBATIM), stale);
    assert_eq!(validity(expired_at, VERBATIM), None);
    let open = |now| {
        let tools = PackTools::new(&RustCryptoProvider);
        Pack::open_applied(&held.pack, &held.form, &world.root(), tools, now, &held.memory).map(drop)
    };
    assert!(open(expired_at.plus(DAY)).is_ok());
    assert!(matches!(
        open(expired_at.plus(DAY + second)),
        Err(PackError::Expired { .. })
    ));
    // A clock that was set back.
    let before = open(NOW.minus(HOUR));
    assert!(matches!(
        before,
        Err(PackError::ClockBeforeCreation { created: NOW })
    ));
}

/// A pinned list of a higher sequence and of the same second forbids the pack in force as it does any other, and so does one of a later second.
#[test]
fn a_seal_does_not_outlive_the_sequence_of_the_pinned_list() {
    let world = World::new();
    let held = apply_at(&world, &with_verbatim(&world, 1, NOW, 9), None, NOW).unwrap();
    let tools = PackTools::new(&RustCryptoProvider);
    let second = Duration::from_secs(1);
    let (mut later, mut higher) = (world.root(), world.root());
    later.trust_list.issued_at = later.trust_list.issued_at.plus(second);
    higher.trust_list.sequence += 1;
    for root in [later, higher] {
        let opened = Pack::open_applied(&held.pack, &held.form, &root, tools, NOW, &held.memory);
        assert!(matches!(opened.map(drop), Err(PackError::TrustListRolledBack)));
    }
    assert!(reopen(&world, &held, NOW).is_sealed());
}

/// The trust list of a pack may end before the pack does.
#[test]
fn a_seal_does_not_outlive_the_trust_list_of_its_pack() {
    let world = World::new();
    let times = PackTimes {
        created: NOW,
        valid_until: NOW.plus(DAY * 9),
        grace: DAY,
    };
    let trust = world.registry.trust_section(&world.trust_list(NOW));
    let bytes = world.registry.sign_pack(PackBuilder::new(1, times, trust));
    let held = apply_at(&world, &bytes, None, NOW).unwrap();
    let end = NOW.plus(DAY * 2);
    assert!(reopen(&world, &held, end).is_sealed());
    let tools = PackTools::new(&RustCryptoProvider);
    let after = end.plus(Duration::from_secs(1));
    let opened = Pack::open_applied(&held.pack, &held.form, &world.root(), tools, after, &held.memory);
    assert!(matches!(
        opened.map(drop),
        Err(PackError::TrustListExpired { .. })
    ));
}

/// Behind the seal no signature is verified and no whole section hashed. Whatever byte of the file changes, nothing else is said than before, or nothing.
#[test]
fn no_byte_of_a_sealed_pack_changes_what_it_says() {
    let world = World::new();
    let held = apply_at(&world, &with_verbatim(&world, 1, NOW, 9), None, NOW).unwrap();
    let provider = TestProvider::refusing();
    let tools = PackTools::new(&provider);
    let root = world.root();
    let trust_list = world.trust_list(NOW);
    // Of each index what is said, or nothing where the set is not the signed one.
    let open = |pack: &[u8]| -> Option<Vec<Option<String>>> {
        let pack = Pack::open_applied(pack, &held.form, &root, tools, NOW, &held.memory).ok()?;
        assert!(pack.is_sealed());
        let manifest = (pack.sequence(), pack.created(), pack.valid_until(), pack.grace());
        assert_eq!(manifest, (1, NOW, NOW.plus(DAY), DAY));
        assert!(pack.scopes().is_empty() && *pack.trust_list() == trust_list);
        let answer = |(uri, index)| match pack.status(uri, index) {
            PackStatus::Unreadable { .. } => None,
            said => Some(format!("{said:?}")),
        };
        let asked = [URI, VERBATIM, "https://issuer.example/status/1"];
        let indices = [0, 7, 8, 9, 10, 63, 104, 4_999];
        let asked = asked.iter().flat_map(|uri| indices.map(|index| (*uri, index)));
        Some(asked.map(answer).collect())
    };
    let said = open(&held.pack).unwrap();
    assert!(said.iter().all(Option::is_some));
    let mut changed = held.pack.clone();
    let mut refused = 0;
    for place in 0..changed.len() {
        changed[place] ^= 0x04;
        match open(&changed) {
            Some(now) => {
                let mut answers = now.iter().zip(&said);
                assert!(
                    answers.all(|(now, before)| now.is_none() || now == before),
                    "byte {place}"
                );
            }
            None => refused += 1,
        }
        changed[place] ^= 0x04;
    }
    assert!(refused > 1_000, "{refused}");
}

/// The root of a pack is over its sections alone: the same sections under a later number have the same root, and what was remembered with the seal of
/// the earlier pack is remembered on.
#[test]
fn a_seal_does_not_bring_back_a_pack_of_the_same_sections_and_a_lower_sequence() {
    let world = World::new();
    let held = apply_at(&world, &with_verbatim(&world, 1, NOW, 9), None, NOW).unwrap();
    let renewed = with_verbatim(&world, 2, NOW, 9);
    let tools = PackTools::new(&RustCryptoProvider);
    let open = |pack: &[u8], last: &LastSeen| {
        Pack::open_applied(pack, &held.form, &world.root(), tools, NOW, last)
            .map(|pack| (pack.is_sealed(), pack.last_seen(Some(last))))
    };
    let (is_sealed, memory) = open(&renewed, &held.memory).unwrap();
    assert!(!is_sealed, "the form is that of another manifest");
    assert_eq!((memory.sequence, memory.root), (2, held.memory.root));
    assert_eq!(memory.seal, held.memory.seal);
    let (_, of_other) = open(&with_verbatim(&world, 2, NOW, 10), &held.memory).unwrap();
    assert_eq!(of_other.seal, None, "other sections have no seal yet");
    let refused = open(&held.pack, &memory);
    assert!(matches!(
        refused,
        Err(PackError::LowerSequence {
            last_seen: 2,
            found: 1
        })
    ));
}

/// Whichever is judged otherwise first ends it: the pack or its trust list.
#[test]
fn a_pack_is_judged_alike_until_its_own_time_or_that_of_its_trust_list_changes() {
    let world = World::new();
    let mut list = world.trust_list(NOW);
    (list.valid_until, list.grace) = (NOW.plus(HOUR), HOUR * 6);
    let times = PackTimes {
        created: NOW,
        valid_until: NOW.plus(HOUR * 3),
        grace: HOUR * 9,
    };
    let pack = PackBuilder::new(1, times, world.registry.trust_section(&list));
    let pack = world.registry.sign_pack(pack);
    let until = |now| world.open_at(&pack, now, None).unwrap().judged_alike_until(now);
    let second = Duration::from_secs(1);
    assert_eq!(
        until(NOW),
        Some(NOW.plus(HOUR)),
        "the trust list comes into its grace"
    );
    let now = NOW.plus(HOUR + second);
    assert_eq!(until(now), Some(NOW.plus(HOUR * 3)), "and the pack into its own");
    let now = NOW.plus(HOUR * 3 + second);
    assert_eq!(until(now), Some(NOW.plus(HOUR * 7)), "the trust list is over");
}

/// What was verified by rules that were less strict is verified again.
#[test]
fn a_form_that_an_earlier_version_sealed_is_none() {
    let world = World::new();
    let held = apply_at(&world, &with_verbatim(&world, 1, NOW, 9), None, NOW).unwrap();
    let body = u32::from_le_bytes(held.form[12..16].try_into().unwrap());
    let head = 16 + usize::try_from(body).unwrap();
    for (version, is_sealed) in [(1_u16, false), (2, false), (3, true)] {
        let mut sealed = held.clone();
        sealed.form[8..10].copy_from_slice(&version.to_le_bytes());
        sealed.memory.seal = Some(sha256(&sealed.form[..head]));
        assert_eq!(reopen(&world, &sealed, NOW).is_sealed(), is_sealed, "{version}");
    }
}

#[test]
fn a_pack_of_version_1_is_applied_and_verified_each_time() {
    let root = RootOfTrust::parse(include_bytes!("frozen-root-1.json")).unwrap();
    let bytes = include_bytes!("frozen-pack-1.bin");
    let tools = PackTools::new(&RustCryptoProvider);
    let held = apply(bytes, None, &root, tools, NOW, None).unwrap();
    assert!(held.form.is_empty() && held.memory.seal.is_none());
    let pack = Pack::open_applied(&held.pack, &held.form, &root, tools, NOW, &held.memory).unwrap();
    assert!(!pack.is_sealed());
    let provider = TestProvider::refusing();
    let without = PackTools::new(&provider);
    assert!(Pack::open_applied(&held.pack, &held.form, &root, without, NOW, &held.memory).is_err());
}
