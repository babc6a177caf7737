//! The signed payloads, directories, sections and sets of a pack, one check at a time: what is signed may still be wrong.

use ciborium::Value;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};

use super::super::container::sha256;
use super::super::directory::{ListName, MAX_LISTS, SectionParts, read_names, set_entry};
use super::super::fields;
use super::super::section::{Header, MAX_HEADER_BYTES, assemble, directory};
use super::super::set::PackedSet;
use super::super::sign::{Place, PreparedSignature};
use super::super::verbatim::parse as parse_verbatim;
use super::super::*;
use super::world::{URI, World, list};
use crate::compact_set::{MAX_UNIVERSE, OpenSetError, build, build_form_1};
use crate::status_list::BitsPerStatus;
use crate::testing::{DAY, NOW};

type Members = Vec<(u64, Value)>;

fn manifest_members() -> Members {
    vec![
        (1, Value::from(5)),
        (2, Value::from(1_000)),
        (3, Value::from(2_000)),
        (4, Value::from(60)),
        (5, Value::Bytes(vec![7; 32])),
    ]
}

/// The manifest with this payload, signed by the distributor.
fn manifest(payload: Vec<u8>, version: PackVersion) -> Result<Manifest, PackError> {
    let world = World::new();
    let key = &world.registry.pack_key;
    let prepared = PreparedSignature::by_key(Place::manifest(version), key.public_key(), payload);
    let signature = key.sign(&prepared.request(key.handle()));
    let bytes = prepared.finish(&signature).unwrap();
    Manifest::open(&bytes, version, &world.root().pack_keys, &RustCryptoProvider)
}

fn is_payload(result: Result<Manifest, PackError>) -> bool {
    matches!(result, Err(PackError::Payload))
}

fn texts(texts: &[&str]) -> Value {
    Value::Array(texts.iter().map(|text| Value::from(*text)).collect())
}

#[test]
fn a_manifest_has_each_of_its_members_once_and_no_other() {
    let with = |key: u64, value: Value| {
        let mut members = manifest_members();
        members.retain(|(found, _)| *found != key);
        members.push((key, value));
        members.sort_by_key(|(key, _)| *key);
        manifest(fields::encode(members), PackVersion::Three)
    };
    assert_eq!(with(6, texts(&["a", "b"])).unwrap().scopes, ["a", "b"]);
    for (key, value, what) in [
        (1, Value::from(-1), "a number below zero"),
        (1, Value::from("5"), "a text for a number"),
        (2, Value::from(u64::MAX), "a time that no clock shows"),
        (4, Value::from(1_u64 << 32), "a grace of more than 32 bits"),
        (5, Value::Bytes(vec![7; 31]), "a short root"),
        (5, Value::Bytes(vec![7; 33]), "a long root"),
        (5, Value::from("root"), "a text for a root"),
        (6, texts(&[]), "no scope"),
        (6, texts(&["b", "a"]), "scopes that fall"),
        (6, texts(&["a", "a"]), "a scope twice"),
        (6, Value::Array(vec![Value::from(1)]), "a scope that is a number"),
        (6, Value::from("a"), "a scope outside an array"),
        (7, Value::from(1), "a member of tomorrow"),
        (6, texts(&[&"a".repeat(66_000)]), "more bytes than a payload has"),
    ] {
        assert!(is_payload(with(key, value)), "{what}");
    }
    assert!(with(4, Value::from(u32::MAX)).is_ok());
    for key in 1..=5 {
        let mut members = manifest_members();
        members.retain(|(found, _)| *found != key);
        assert!(
            is_payload(manifest(fields::encode(members), PackVersion::Three)),
            "{key}"
        );
    }
    let text_key = Value::Map(vec![(Value::from("sequence"), Value::from(5))]);
    let text_key = symbolon_crypto::encoding::cbor::encode(&text_key);
    assert!(is_payload(manifest(text_key, PackVersion::Three)));
    // Version 1 knew no scopes.
    let mut members = manifest_members();
    members.push((6, texts(&["a"])));
    assert!(is_payload(manifest(fields::encode(members), PackVersion::One)));
}

#[test]
fn one_meaning_has_one_encoding() {
    let good = fields::encode(manifest_members());
    assert!(manifest(good.clone(), PackVersion::Three).is_ok());
    // Map of five: key 1, number 5.
    assert_eq!(good[..3], [0xa5, 1, 5]);
    let mut longer = good.clone();
    longer.splice(2..3, [0x18, 5]);
    assert!(is_payload(manifest(longer, PackVersion::Three)));
    let mut behind = good.clone();
    behind.push(0);
    assert!(is_payload(manifest(behind, PackVersion::Three)));
    let mut twice = good;
    twice[0] = 0xa6;
    twice.splice(1..1, [1, 5]);
    assert!(is_payload(manifest(twice, PackVersion::Three)));
}

fn name(uri: &str, universe: u64) -> ListName<'_> {
    ListName {
        uri,
        bits: BitsPerStatus::Two,
        universe,
        bitstring: None,
    }
}

fn names(all: &[ListName<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    all.iter().for_each(|name| name.write(&mut bytes).unwrap());
    bytes
}

#[test]
fn names_are_in_order_and_within_bounds() {
    let refused = |bytes: &[u8]| matches!(read_names(bytes), Err(PackError::Directory));
    let good = names(&[name("a", 5), name("b", MAX_UNIVERSE)]);
    assert_eq!(read_names(&good).unwrap().len(), 2);
    assert!(refused(&names(&[name("b", 5), name("a", 5)])));
    assert!(refused(&names(&[name("a", 5), name("a", 5)])));
    assert!(refused(&names(&[name("a", MAX_UNIVERSE + 1)])));
    for (place, value) in [(0, 3), (0, 0), (1, 2), (1, 255)] {
        let mut other = good.clone();
        other[place] = value;
        assert!(refused(&other), "{place} {value}");
    }
    // The address: no text, more than there may be, and none in UTF-8.
    let with_address = |address: &[u8]| {
        let mut bytes = good[..10].to_vec();
        bytes.extend((address.len() as u16).to_le_bytes());
        bytes.extend(address);
        bytes
    };
    assert!(refused(&with_address(b"")));
    assert!(refused(&with_address(&[b'a'; 2_049])));
    assert!(refused(&with_address(&[0xff])));
    assert!(read_names(&with_address(&[b'a'; 2_048])).is_ok());
    for uri in ["", &"a".repeat(2_049)] {
        assert!(name(uri, 5).write(&mut Vec::new()).is_none());
        assert!(VerbatimSection::new(uri, VerbatimForm::TokenJwt, b"").is_err());
    }
    let uris: Vec<String> = (0..=MAX_LISTS).map(|number| format!("{number:05}")).collect();
    let many: Vec<_> = uris.iter().map(|uri| name(uri, 5)).collect();
    assert!(matches!(read_names(&names(&many)), Err(PackError::OverBudget)));
    assert!(read_names(&names(&many[1..])).is_ok());
}

/// A section that nobody signed.
fn section(lists: u32, all: &[ListName<'_>], header: &[u8]) -> Vec<u8> {
    let table: Vec<u8> = all.iter().flat_map(|_| set_entry(&[], &[])).collect();
    let mut directory = directory(all.len(), &names(all), &table).unwrap();
    directory[..4].copy_from_slice(&lists.to_le_bytes());
    [&(header.len() as u32).to_le_bytes(), header, &directory].concat()
}

#[test]
fn a_section_has_the_lists_that_it_counts_and_ends_behind_them() {
    let two = [name("a", 5), name("b", 5)];
    let good = section(2, &two, b"header");
    assert_eq!(SectionParts::parse(&good).unwrap().header, b"header");
    let refused = |bytes: &[u8]| SectionParts::parse(bytes).map(drop);
    assert!(matches!(
        refused(&section(0, &[], b"")),
        Err(PackError::Directory)
    ));
    for lists in [1, 3] {
        assert!(
            matches!(refused(&section(lists, &two, b"")), Err(PackError::Directory)),
            "{lists}"
        );
    }
    let over = section(MAX_LISTS + 1, &two, b"");
    assert!(matches!(refused(&over), Err(PackError::OverBudget)));
    let mut behind = good;
    behind.push(0);
    assert!(matches!(refused(&behind), Err(PackError::TrailingBytes)));
    let long = vec![0; MAX_HEADER_BYTES as usize + 1];
    assert!(matches!(
        refused(&section(2, &two, &long)),
        Err(PackError::OverBudget)
    ));
    assert!(refused(&section(2, &two, &long[1..])).is_ok());
    assert!(assemble(&long, &[], &[]).is_none());
    assert!(assemble(&long[1..], &[], &[]).is_some());
    assert!(directory(MAX_LISTS as usize + 1, &[], &[]).is_none());
    assert!(directory(MAX_LISTS as usize, &[], &[]).is_some());
}

#[test]
fn the_header_of_a_section_has_its_four_members_and_no_other() {
    let members = |further: Members| {
        let mut members = manifest_members();
        members.truncate(3);
        members.push((4, Value::Bytes(vec![7; 32])));
        members.extend(further);
        Header::parse(&fields::encode(members))
    };
    // Of a manifest, the first three are times; of a header, the third is a grace.
    assert!(members(Vec::new()).is_ok());
    let refused = members(vec![(5, Value::from(1))]);
    assert!(matches!(refused, Err(PackError::Payload)));
}

fn opened(world: &World, section: Vec<u8>) -> Option<PackError> {
    let section = StatusSection::from_published(section);
    let bytes = world.registry.pack(1, &world.trust_list(NOW), vec![section], NOW);
    world.open(&bytes).err()
}

#[test]
fn a_section_is_the_signed_one_of_one_issuer_and_of_no_later_time() {
    let world = World::new();
    let compact = |uri: &str| CompactStatusList::of_list(uri, &list(), None).unwrap();
    let good = world.issuer.status_section(URI, &list(), NOW).as_bytes().to_vec();
    assert!(opened(&world, good.clone()).is_none());
    // Another number of entries under the same signature.
    let uri_at = good
        .windows(URI.len())
        .position(|window| window == URI.as_bytes())
        .unwrap();
    let mut other = good;
    other[uri_at - 2 - 8] ^= 1;
    assert!(matches!(opened(&world, other), Some(PackError::Directory)));
    let two = vec![compact(URI), compact("https://other.example/status/9")];
    let two = world.issuer.status_section_of(two, NOW).as_bytes().to_vec();
    assert!(matches!(opened(&world, two), Some(PackError::StatusListOfNobody)));
    let tomorrow = world.issuer.status_section(URI, &list(), NOW.plus(DAY));
    let refused = opened(&world, tomorrow.as_bytes().to_vec());
    assert!(matches!(refused, Some(PackError::ClockBeforeCreation { .. })));
}

#[test]
fn a_section_is_made_of_lists_a_chain_and_a_signature() {
    let world = World::new();
    let chain = [world.issuer.status_certificate.clone()];
    let input = |x5chain| StatusSectionInput {
        produced_at: NOW,
        valid_until: NOW.plus(DAY),
        grace: DAY,
        x5chain,
    };
    let compact = || CompactStatusList::of_list(URI, &list(), None).unwrap();
    let prepare = |lists, chain| StatusSection::prepare(&input(chain), lists, SignatureAlgorithm::Es256);
    assert!(matches!(prepare(Vec::new(), &chain), Err(PackBuildError::Lists)));
    let twice = prepare(vec![compact(), compact()], &chain);
    assert!(matches!(twice, Err(PackBuildError::Lists)));
    assert!(matches!(
        prepare(vec![compact()], &[]),
        Err(PackBuildError::EmptyChain)
    ));
    for length in [0, 63, 65] {
        let prepared = prepare(vec![compact()], &chain).unwrap();
        let refused = prepared.finish(&vec![1; length]);
        assert!(matches!(refused, Err(PackBuildError::Signature)), "{length}");
    }
}

#[test]
fn a_set_is_the_signed_one_of_its_universe_and_of_a_form_of_its_version() {
    let check = |bytes: &[u8], universe, hash, version| {
        let set = PackedSet::unchecked(bytes, universe, hash, version);
        assert_eq!(set.view().is_some(), set.check().is_ok());
        set.check()
    };
    let (one, two) = (build_form_1(&[3], 100).unwrap(), build(&[3], 100).unwrap());
    for version in [PackVersion::One, PackVersion::Two, PackVersion::Three] {
        assert!(check(&one, 100, sha256(&one), version).is_ok());
        let of_form_2 = check(&two, 100, sha256(&two), version);
        match version {
            PackVersion::Three => assert!(of_form_2.is_ok()),
            _ => assert!(matches!(
                of_form_2,
                Err(PackError::StatusSet(OpenSetError::NotACompactSet))
            )),
        }
        assert!(check(&[], 100, sha256(&[]), version).is_ok());
        let other = check(&one, 101, sha256(&one), version);
        assert!(matches!(other, Err(PackError::StatusSetUniverse)));
        let other = check(&one, 100, sha256(&two), version);
        assert!(matches!(other, Err(PackError::StatusSetHash)));
        let cut = &one[..one.len() - 1];
        assert!(matches!(
            check(cut, 100, sha256(cut), version),
            Err(PackError::StatusSet(_))
        ));
    }
}

#[test]
fn a_verbatim_section_begins_with_its_form_and_its_address() {
    let good = VerbatimSection::new("a", VerbatimForm::TokenCwt, b"body")
        .unwrap()
        .bytes;
    assert_eq!(parse_verbatim(&good).unwrap().body, b"body");
    let refused = |bytes: &[u8]| matches!(parse_verbatim(bytes), Err(PackError::Verbatim));
    for (place, value) in [(0, 0), (0, 4), (1, 1), (2, 0), (4, 0xff)] {
        let mut other = good.clone();
        other[place] = value;
        assert!(refused(&other), "{place} {value}");
    }
    let mut long = good[..2].to_vec();
    long.extend(2_049_u16.to_le_bytes());
    long.extend([b'a'; 3_000]);
    assert!(refused(&long));
    long[2..4].copy_from_slice(&2_048_u16.to_le_bytes());
    assert!(parse_verbatim(&long).is_ok());
}
