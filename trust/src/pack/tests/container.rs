use proptest::prelude::*;

use super::super::container::{ENTRY_BYTES, HEADER_BYTES, MAX_MANIFEST_BYTES, write};
use super::super::*;
use super::world::{ISSUER, URI, World, list};
use crate::status_list::{BitsPerStatus, Status, TokenStatusList};
use crate::testing::NOW;
use crate::validity::Validity;

#[test]
fn answers_what_the_issuer_said() {
    let world = World::new();
    let bytes = world.pack(1, NOW);
    let pack = world.open(&bytes).unwrap();
    let states = list();
    for index in 0..5_000 {
        let PackStatus::Listed {
            status,
            as_of,
            validity,
            issuer,
        } = pack.status(URI, index)
        else {
            panic!("{index} is listed");
        };
        assert_eq!(status, states.get(index).unwrap(), "{index}");
        assert_eq!(
            (as_of, validity, issuer.as_str()),
            (NOW, Validity::Current, ISSUER)
        );
    }
    assert_eq!(pack.status(URI, 5_000), PackStatus::OutOfRange { as_of: NOW });
    assert_eq!(pack.status(URI, u64::MAX), PackStatus::OutOfRange { as_of: NOW });
    assert_eq!(
        pack.status("https://issuer.example/status/1", 0),
        PackStatus::Missing
    );
    assert_eq!(pack.trust_list(), &world.trust_list(NOW));
    assert_eq!((pack.sequence(), pack.created()), (1, NOW));
    assert_eq!(pack.status_lists().count(), 2);
}

#[test]
fn a_pack_without_status_sections_still_brings_the_trust_list() {
    let world = World::new();
    let bytes = world.registry.pack(1, &world.trust_list(NOW), Vec::new(), NOW);
    let pack = world.open(&bytes).unwrap();
    assert_eq!(pack.status(URI, 0), PackStatus::Missing);
}

#[test]
fn the_sets_are_read_where_they_lie() {
    let world = World::new();
    let bytes = world.pack(1, NOW);
    let pack = world.open(&bytes).unwrap();
    // The section is the whole list: header, certificates and sets, and the sets are nothing but a part of the pack.
    let section = world.issuer.status_section(URI, &list(), NOW);
    let place = bytes
        .windows(section.as_bytes().len())
        .position(|window| window == section.as_bytes());
    assert!(place.is_some());
    assert!(pack.status_lists().all(|list| list.universe() == 5_000));
}

#[test]
fn refuses_every_truncation() {
    let world = World::new();
    let bytes = world.pack(1, NOW);
    for length in (0..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
        assert!(world.open(&bytes[..length]).is_err(), "{length}");
    }
    assert!(matches!(
        world.open(&bytes[..bytes.len() - 1]),
        Err(PackError::Truncated)
    ));
}

#[test]
fn refuses_bytes_behind_the_end() {
    let world = World::new();
    let mut bytes = world.pack(1, NOW);
    bytes.push(0);
    assert!(matches!(world.open(&bytes), Err(PackError::TrailingBytes)));
}

#[test]
fn refuses_a_flipped_bit_anywhere() {
    let world = World::new();
    let bytes = world.pack(1, NOW);
    // Every byte once, the bit changing from byte to byte; the unprotected header of the manifest is the one place
    // that no signature covers, and there is nothing in it.
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1 << (index % 8);
        assert!(world.open(&changed).is_err(), "byte {index}");
    }
}

#[test]
fn refuses_other_files_and_other_versions() {
    let world = World::new();
    let mut bytes = world.pack(1, NOW);
    assert!(matches!(
        world.open(b"%PDF-1.7 and so on and on"),
        Err(PackError::NotAPack)
    ));
    bytes[8] = 4;
    assert!(matches!(world.open(&bytes), Err(PackError::Version { found: 4 })));
    // The version is signed along with the root: one cannot be passed off as the other.
    for other in [1, 2] {
        bytes[8] = other;
        let refused = world.open(&bytes);
        assert!(matches!(
            refused,
            Err(PackError::ManifestSignature | PackError::TrustSignature)
        ));
    }
}

#[test]
fn refuses_a_header_that_promises_too_much() {
    let world = World::new();
    let bytes = world.pack(1, NOW);
    let mut many = bytes.clone();
    many[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(world.open(&many), Err(PackError::OverBudget)));
    let mut long = bytes.clone();
    long[HEADER_BYTES + 8..HEADER_BYTES + 16].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(matches!(world.open(&long), Err(PackError::Truncated)));
    let mut none = bytes;
    none[12..16].copy_from_slice(&0_u32.to_le_bytes());
    assert!(matches!(world.open(&none), Err(PackError::Container)));
}

#[test]
fn refuses_reserved_bytes_that_are_not_zero() {
    let world = World::new();
    let bytes = world.pack(1, NOW);
    let of_the_second_entry = HEADER_BYTES + ENTRY_BYTES;
    let reserved = [10, 11, 20, 21, 22, 23];
    for place in reserved
        .into_iter()
        .chain(of_the_second_entry + 1..of_the_second_entry + 8)
    {
        let mut changed = bytes.clone();
        changed[place] = 1;
        assert!(
            matches!(world.open(&changed), Err(PackError::Container)),
            "{place}"
        );
    }
}

#[test]
fn a_manifest_and_a_table_are_bounded_for_writers_and_readers() {
    let world = World::new();
    let bytes = world.pack(1, NOW);
    let with_bounds = |place: usize, most: u32| {
        let mut changed = bytes.clone();
        changed[place..place + 4].copy_from_slice(&(most + 1).to_le_bytes());
        changed.resize(bytes.len() + 300_000, 0);
        matches!(world.open(&changed), Err(PackError::OverBudget))
    };
    assert!(with_bounds(12, MAX_SECTIONS));
    assert!(with_bounds(16, MAX_MANIFEST_BYTES));
    let manifest = vec![0; MAX_MANIFEST_BYTES as usize + 1];
    let sections = vec![(SectionKind::Trust, &[][..]); MAX_SECTIONS as usize + 1];
    let written = |manifest, sections| write(PackVersion::CURRENT, manifest, sections);
    assert!(written(&manifest, &sections[1..]).is_none());
    assert!(written(&manifest[1..], &sections).is_none());
    assert!(written(&manifest[1..], &sections[1..]).is_some());
}

#[test]
fn refuses_a_section_of_another_pack_under_the_manifest_of_this() {
    let world = World::new();
    let pack = world.pack(1, NOW);
    let clean = TokenStatusList::all_valid(BitsPerStatus::Two, 5_000);
    let sections = vec![
        world.issuer.status_section(URI, &clean, NOW),
        world
            .other
            .status_section("https://other.example/status/9", &list(), NOW),
    ];
    let other = world.registry.pack(2, &world.trust_list(NOW), sections, NOW);
    // The table and the sections of the one, the manifest of the other.
    let table_end = HEADER_BYTES + 3 * ENTRY_BYTES;
    let manifest_bytes = |pack: &[u8]| u32::from_le_bytes(pack[16..20].try_into().unwrap()) as usize;
    let (first, second) = (
        table_end + manifest_bytes(&pack),
        table_end + manifest_bytes(&other),
    );
    let mut spliced = other[..table_end].to_vec();
    spliced[16..20].copy_from_slice(&pack[16..20]);
    spliced.extend_from_slice(&pack[table_end..first]);
    spliced.extend_from_slice(&other[second..]);
    assert!(matches!(world.open(&spliced), Err(PackError::SectionTable)));
}

#[test]
fn refuses_an_older_section_of_the_same_length_under_table_and_manifest_of_this_pack() {
    // The older section has its issuer's good signature: only the distributor's hash tells that it is not the one.
    let world = World::new();
    let section = |at| world.issuer.status_section(URI, &list(), at).as_bytes().to_vec();
    let (new, old) = (section(NOW), section(NOW.minus(Duration::from_secs(60))));
    assert_eq!(new.len(), old.len());
    let mut bytes = world.pack(1, NOW);
    let place = bytes.windows(new.len()).position(|window| window == new).unwrap();
    bytes[place..place + old.len()].copy_from_slice(&old);
    assert!(matches!(world.open(&bytes), Err(PackError::SectionHash)));
}

#[test]
fn refuses_a_list_twice() {
    let world = World::new();
    let section = world.issuer.status_section(URI, &list(), NOW);
    let bytes = world
        .registry
        .pack(1, &world.trust_list(NOW), vec![section.clone(), section], NOW);
    assert!(matches!(world.open(&bytes), Err(PackError::StatusListTwice)));
}

#[test]
fn a_list_with_states_of_its_own_cannot_be_packed() {
    let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 10);
    list.set(1, Status::ApplicationSpecific(3)).unwrap();
    let refused = CompactStatusList::of_list(URI, &list, None);
    assert!(matches!(refused, Err(PackBuildError::StatusCannotBePacked)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics_on_arbitrary_bytes_behind_a_real_header(tail in prop::collection::vec(any::<u8>(), 0..400)) {
        let world = World::new();
        for version in [
            b"SYMBPACK\x01\0\0\0",
            b"SYMBPACK\x02\0\0\0",
            b"SYMBPACK\x03\0\0\0",
        ] {
            let mut bytes = version.to_vec();
            bytes.extend(&tail);
            prop_assert!(world.open(&bytes).is_err());
        }
    }
}
