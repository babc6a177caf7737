use proptest::prelude::*;
use serde_json::json;
use symbolon_crypto::UnixTime;

use super::*;

fn file(name: &str, bytes: u64) -> PublishedFile {
    PublishedFile {
        name: FileName::parse(name).unwrap(),
        bytes,
        sha256: Digest::of(name.as_bytes()),
    }
}

fn held(sequence: u64) -> HeldPack {
    HeldPack {
        sequence,
        root: Digest::of(&sequence.to_le_bytes()),
    }
}

/// Pack 7, with deltas from 4, 5 and 6.
fn index() -> PackIndex {
    let deltas = [(4, 900), (5, 300), (6, 80)].map(|(base, bytes)| PublishedDelta {
        base_sequence: base,
        base_root: held(base).root,
        file: file(&format!("{base}-7.delta"), bytes),
    });
    PackIndex::of(vec![PublishedPack {
        scope: None,
        sequence: 7,
        created: UnixTime::from_seconds(1_764_340_000),
        root: held(7).root,
        full: file("7.pack", 500),
        deltas: deltas.to_vec(),
    }])
}

#[test]
fn an_index_reads_back_and_has_a_fixed_form() {
    let index = index();
    let text = index.to_json().unwrap();
    assert_eq!(PackIndex::parse(&text).unwrap(), index);
    let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(
        value["packs"][0]["deltas"][2],
        json!({
            "base_sequence": 6,
            "base_root": "I9f0KxzcHw1JLr11btD-gAOZXdpVTZlBjUeoGBNlAgc",
            "file": { "name": "6-7.delta", "bytes": 80, "sha256": Digest::of(b"6-7.delta").to_string() },
        })
    );
    assert_eq!(index.files().count(), 4);
}

#[test]
fn takes_the_smallest_way_to_the_offered_pack() {
    let index = index();
    let name = |held| {
        index
            .plan(None, held, 1_000)
            .unwrap()
            .file()
            .map(|file| file.name.as_str())
    };
    assert_eq!(name(Some(held(6))), Some("6-7.delta"));
    assert_eq!(name(Some(held(5))), Some("5-7.delta"));
    assert_eq!(
        name(Some(held(4))),
        Some("7.pack"),
        "its delta is larger than the pack"
    );
    assert_eq!(
        name(Some(held(2))),
        Some("7.pack"),
        "nobody keeps a delta from it"
    );
    assert_eq!(name(None), Some("7.pack"));
    assert_eq!(index.plan(None, Some(held(7)), 0), Ok(Plan::Nothing));
    // A pack of the same number with another content is not the base.
    let other = HeldPack {
        root: Digest::of(b"other"),
        ..held(6)
    };
    assert_eq!(name(Some(other)), Some("7.pack"));
}

#[test]
fn refuses_what_leads_backwards_sideways_or_over_the_budget() {
    let index = index();
    assert_eq!(
        index.plan(None, Some(held(8)), 1_000),
        Err(PlanError::Behind { offered: 7, held: 8 })
    );
    let fork = HeldPack {
        root: Digest::of(b"other"),
        ..held(7)
    };
    assert_eq!(
        index.plan(None, Some(fork), 1_000),
        Err(PlanError::Fork { sequence: 7 })
    );
    assert_eq!(
        index.plan(Some("north"), None, 1_000),
        Err(PlanError::NoSuchScope)
    );
    assert_eq!(
        index.plan(None, None, 499),
        Err(PlanError::TooLarge {
            bytes: 500,
            limit: 499
        })
    );
}

#[test]
fn an_index_names_files_and_no_addresses() {
    for name in [
        "",
        ".",
        "..",
        ".hidden",
        "../7.pack",
        "a/b",
        "/etc/passwd",
        "https://example.org/7.pack",
        "7.pack?x",
        "a\\b",
        "a b",
        "é",
    ] {
        assert_eq!(FileName::parse(name), Err(NotAFileName), "{name}");
        let mut value = serde_json::to_value(index()).unwrap();
        value["packs"][0]["full"]["name"] = json!(name);
        let refused = PackIndex::parse(value.to_string().as_bytes());
        assert!(matches!(refused, Err(IndexError::Json(_))), "{name}");
    }
    assert!(FileName::parse(&"a".repeat(129)).is_err());
}

#[test]
fn an_index_over_its_bounds_is_refused() {
    let changed = |change: fn(&mut PackIndex)| {
        let mut index = index();
        change(&mut index);
        PackIndex::parse(&index.to_json().unwrap())
    };
    let version = changed(|index| index.version = 2);
    assert!(matches!(version, Err(IndexError::Version { found: 2 })));
    let deltas = changed(|index| {
        let delta = index.packs[0].deltas[0].clone();
        index.packs[0].deltas = vec![delta; MAX_DELTAS + 1];
    });
    assert!(matches!(deltas, Err(IndexError::TooMany)));
    let scopes = changed(|index| {
        let pack = index.packs[0].clone();
        index.packs.push(pack);
    });
    assert!(matches!(scopes, Err(IndexError::ScopeTwice)));
    let long = vec![b' '; MAX_INDEX_BYTES + 1];
    assert!(matches!(PackIndex::parse(&long), Err(IndexError::Json(_))));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = PackIndex::parse(&text);
    }

    #[test]
    fn what_is_planned_is_never_larger_than_the_whole_pack(
        sizes in proptest::collection::vec(0..1_000_u64, 0..8),
        full in 1..1_000_u64,
        base in 0..8_u64,
    ) {
        let mut index = index();
        let pack = &mut index.packs[0];
        pack.sequence = 100;
        pack.root = held(100).root;
        pack.full.bytes = full;
        pack.deltas = sizes.iter().zip(0..).map(|(bytes, base)| PublishedDelta {
            base_sequence: base,
            base_root: held(base).root,
            file: file("x.delta", *bytes),
        }).collect();
        let plan = index.plan(None, Some(held(base)), u64::MAX).unwrap();
        prop_assert!(plan.file().is_some_and(|file| file.bytes <= full));
    }
}
