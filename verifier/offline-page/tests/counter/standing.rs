//! What a counter knows when its pack is over, when it begins anew, and when another window took a pack.

use symbolon_crypto::UnixTime;
use symbolon_offline_page::{Believed, Counter, Fetching, MAX_PACK_BYTES, PackProblem, PackState};
use symbolon_protocol::qr_transport::Message;
use symbolon_trust::distribution::{HeldPack, PackIndex, PublishedDelta, PublishedFile, PublishedPack};
use symbolon_trust::pack::delta;
use symbolon_trust::status_list::Status;
use symbolon_trust::testing::{DAY, NOW, TestRegistry};

use crate::{World, take};

fn standing(counter: &Counter, now: UnixTime) -> (PackState, Believed) {
    let standing = counter.standing(now).unwrap();
    (standing.state, standing.believed)
}

/// A counter whose root of trust came with a list of this time, which is good for a month.
fn with_list_of(world: &World, issued_at: UnixTime) -> Counter {
    let mut list = world.trust_list(issued_at);
    list.valid_until = NOW.plus(DAY * 30);
    let root = world.registry.root_of_trust(list);
    Counter::open(&root.to_json().unwrap()).unwrap()
}

#[test]
fn a_pack_that_is_over_leaves_the_list_of_the_root_of_trust_in_force_and_no_older_one() {
    let world = World::new();
    let over = NOW.plus(DAY * 2 + core::time::Duration::from_secs(1));
    let mut same = with_list_of(&world, NOW);
    same.accept_pack(&world.pack(1, Status::Valid, NOW), NOW).unwrap();
    assert_eq!(standing(&same, NOW), (PackState::Current, Believed::Pack));
    let mut older = with_list_of(&world, NOW.minus(DAY));
    assert_eq!(standing(&older, NOW), (PackState::None, Believed::Root));
    let before = take(&mut older, &world.card(), NOW);
    assert_eq!(before.verdict, "unknown");
    assert!(before.html.contains("Whether it was revoked"), "{}", before.html);
    older.begin();
    older
        .accept_pack(&world.pack(1, Status::Valid, NOW), NOW)
        .unwrap();

    for (counter, believed, why) in [
        (&mut same, Believed::Root, "Whether it was revoked"),
        (&mut older, Believed::Nobody, "list of trusted issuers"),
    ] {
        assert_eq!(standing(counter, over), (PackState::Over, believed));
        let told = take(counter, &world.card(), over);
        assert_eq!(
            told.verdict, "unknown",
            "nothing of the pack is used, and nobody says that it was"
        );
        assert!(told.html.contains(why), "{believed:?}: {}", told.html);
        // After a new start with what the browser kept.
        let kept = (
            counter.pack().map(<[u8]>::to_vec),
            counter.pack_form().to_vec(),
            counter.pack_memory(),
        );
        counter.resume_pack(kept.0, kept.1, kept.2, NOW);
        assert_eq!(standing(counter, over), (PackState::Over, believed));
    }
    assert_eq!(standing(&same, NOW.minus(DAY)).0, PackState::Clock);
}

#[test]
fn what_was_kept_opens_by_its_form_and_nothing_older_gets_in_after_it() {
    let world = World::new();
    let mut first = world.with_pack(Status::Valid);
    first
        .accept_pack(&world.pack(2, Status::Valid, NOW), NOW)
        .unwrap();
    let kept = (
        first.pack().map(<[u8]>::to_vec),
        first.pack_form().to_vec(),
        first.pack_memory(),
    );
    assert!(!kept.1.is_empty());

    let mut next = world.counter();
    next.resume_pack(kept.0.clone(), kept.1.clone(), kept.2.clone(), NOW);
    assert_eq!(standing(&next, NOW), (PackState::Current, Believed::Pack));
    assert_eq!(
        next.accept_pack(&world.pack(1, Status::Valid, NOW), NOW),
        Err(PackProblem::Older)
    );
    // An older pack that somebody put in its place, and a form of another.
    next.resume_pack(
        Some(world.pack(1, Status::Valid, NOW)),
        kept.1,
        kept.2.clone(),
        NOW,
    );
    assert_eq!(standing(&next, NOW).0, PackState::Refused);
    assert_eq!(take(&mut next, &world.card(), NOW).verdict, "unknown");
    // A device of before forms were kept.
    next.resume_pack(kept.0, Vec::new(), kept.2, NOW);
    assert_eq!(standing(&next, NOW), (PackState::Current, Believed::Pack));
}

#[test]
fn an_address_of_packs_says_which_file_leads_to_the_newest() {
    let world = World::new();
    let (first, second) = (
        world.pack(1, Status::Valid, NOW),
        world.pack(2, Status::Invalid, NOW),
    );
    let change = delta(&first, &second).unwrap();
    let (base, newest) = (HeldPack::of(&first).unwrap(), HeldPack::of(&second).unwrap());
    let full = PublishedFile::of("pack-2", &second, "symbolon").unwrap();
    let file = PublishedFile::of("delta-1-2", &change, "symbolon").unwrap();
    let names = [full.name.as_str().to_owned(), file.name.as_str().to_owned()];
    let offering = |full: &PublishedFile, file: &PublishedFile| {
        let index = PackIndex::of(vec![PublishedPack {
            scope: None,
            sequence: 2,
            created: NOW,
            root: newest.root,
            full: full.clone(),
            deltas: vec![PublishedDelta {
                base_sequence: 1,
                base_root: base.root,
                file: file.clone(),
            }],
        }]);
        index.to_json().unwrap()
    };
    let index = offering(&full, &file);
    let huge = PublishedFile {
        bytes: u64::try_from(MAX_PACK_BYTES).unwrap() + 1,
        ..full.clone()
    };
    let huge = offering(&huge, &file);
    let mut counter = world.counter();
    let wanted = |counter: &Counter, how| counter.wanted(&index, None, how).unwrap();
    assert_eq!(
        wanted(&counter, Fetching::Changes).as_ref(),
        Some(&names[0]),
        "nothing is here yet"
    );
    counter.accept_pack(&first, NOW).unwrap();
    assert_eq!(wanted(&counter, Fetching::Changes).as_ref(), Some(&names[1]));
    assert_eq!(wanted(&counter, Fetching::Whole).as_ref(), Some(&names[0]));
    for (how, wanted) in [
        (Fetching::Changes, Ok(Some(names[1].clone()))),
        (Fetching::Whole, Err(PackProblem::Refused)),
    ] {
        assert_eq!(counter.wanted(&huge, None, how), wanted, "{how:?}");
    }
    assert_eq!(
        world.counter().wanted(&huge, None, Fetching::Changes),
        Err(PackProblem::Refused),
        "it is larger than any pack that a page holds"
    );
    counter.accept_pack(&change, NOW).unwrap();
    assert_eq!(wanted(&counter, Fetching::Changes), None);
    assert_eq!(wanted(&counter, Fetching::Whole), None);
    let how = Fetching::Changes;
    assert_eq!(
        counter.wanted(&index, Some("north"), how),
        Err(PackProblem::Address)
    );
    assert_eq!(counter.wanted(b"<html>", None, how), Err(PackProblem::Address));
    counter
        .accept_pack(&world.pack(3, Status::Valid, NOW), NOW)
        .unwrap();
    assert_eq!(counter.wanted(&index, None, how), Err(PackProblem::Older));
}

#[test]
fn a_strangers_pack_by_animation_is_refused_and_remembered_nowhere() {
    let world = World::new();
    let mut counter = world.with_pack(Status::Valid);
    let before = counter.pack_memory();
    let stranger = World {
        registry: TestRegistry::new(70),
        ..World::new()
    };
    crate::filmed(&mut counter, &Message::Pack(stranger.pack(9, Status::Valid, NOW)));
    let brought = counter.brought_pack().unwrap();
    assert_eq!(counter.accept_pack(&brought, NOW), Err(PackProblem::Refused));
    assert_eq!(counter.pack_memory(), before);
}
