use super::super::container::{self, Container, root_of, table_of};
use super::super::sign::{Place, PreparedSignature};
use super::super::*;
use super::world::{URI, World, list};
use crate::status_list::Status;
use crate::testing::{DAY, NOW};
use crate::trust_list::RootOfTrust;

/// A pack of version 2, of the registry and the issuers of [`World`].
const PACK_2: &[u8] = include_bytes!("frozen-pack-2.bin");
const NEXT_2: &[u8] = include_bytes!("frozen-pack-2-next.bin");
const DELTA_2: &[u8] = include_bytes!("frozen-delta-2.bin");
const PACK_1: &[u8] = include_bytes!("frozen-pack-1.bin");
const ROOT_1: &[u8] = include_bytes!("frozen-root-1.json");
const ROOT_2: &[u8] = include_bytes!("frozen-root-2.json");

const FIRST: &str = "https://issuer.example/status/0";

fn open<'a>(pack: &'a [u8], root: &[u8]) -> Result<Pack<'a>, PackError> {
    let root = RootOfTrust::parse(root).unwrap();
    let provider = symbolon_crypto::RustCryptoProvider;
    Pack::open(pack, &root, &provider, NOW.plus(DAY / 2), None)
}

/// The sections of a pack under a manifest that a distributor signs for a version.
fn repacked(pack: &[u8], version: PackVersion, sequence: u64) -> Vec<u8> {
    signed(&sections(pack), version, sequence)
}

fn signed(sections: &[(SectionKind, &[u8])], version: PackVersion, sequence: u64) -> Vec<u8> {
    let world = World::new();
    let manifest = Manifest {
        sequence,
        created: NOW,
        valid_until: NOW.plus(DAY),
        grace: DAY,
        root: root_of(version, &table_of(sections)),
        scopes: Vec::new(),
    };
    let key = &world.registry.pack_key;
    let place = Place::manifest(version);
    let prepared = PreparedSignature::by_key(place, key.public_key(), manifest.payload());
    let signature = key.sign(&prepared.request(key.handle()));
    let manifest = prepared.finish(&signature).unwrap();
    container::write(version, &manifest, sections).unwrap()
}

fn sections(pack: &[u8]) -> Vec<(SectionKind, &[u8])> {
    let container = Container::parse(pack).unwrap();
    let sections = container.sections.iter();
    sections.map(|section| (section.kind, section.bytes)).collect()
}

#[test]
fn takes_sections_that_were_signed_for_version_2() {
    let bytes = repacked(PACK_2, PackVersion::Three, 43);
    let pack = open(&bytes, ROOT_2).unwrap();
    assert_eq!((pack.sequence(), pack.version()), (43, PackVersion::Three));
    let PackStatus::Listed { status, .. } = pack.status(FIRST, 3) else {
        panic!("the list is in the pack");
    };
    assert_eq!(status, Status::Invalid);
    // The registry's section alone is a signed trust list, which is older than the format of packs.
    let (_, trust) = sections(PACK_2)[0];
    let root = RootOfTrust::parse(ROOT_2).unwrap();
    let trust = TrustSection::from_published(trust.to_vec());
    assert!(trust.verify(&root, &symbolon_crypto::RustCryptoProvider).is_ok());
}

#[test]
fn takes_no_section_that_was_signed_for_another_version_than_these() {
    // A reader of version 2 knows nothing of version 3.
    let world = World::new();
    let new = world.pack(1, NOW);
    let root = world.root().to_json().unwrap();
    let old = repacked(&new, PackVersion::Two, 2);
    assert!(matches!(open(&old, &root), Err(PackError::TrustSignature)));
    for version in [PackVersion::Two, PackVersion::Three] {
        let bytes = repacked(PACK_1, version, 43);
        assert!(matches!(open(&bytes, ROOT_1), Err(PackError::TrustSignature)));
    }
    // Nor does a manifest say anything for another version than its own.
    let mut bytes = PACK_2.to_vec();
    bytes[8] = 3;
    assert!(matches!(open(&bytes, ROOT_2), Err(PackError::ManifestSignature)));
}

#[test]
fn takes_the_registrys_section_of_version_2_with_an_issuers_of_version_3() {
    let world = World::new();
    let new = world.issuer.status_section(URI, &list(), NOW);
    let (_, trust) = sections(PACK_2)[0];
    let times = PackTimes {
        created: NOW,
        valid_until: NOW.plus(DAY),
        grace: DAY,
    };
    let builder = PackBuilder::new(44, times, TrustSection::from_published(trust.to_vec())).with_status(new);
    let bytes = world.registry.sign_pack(builder);
    let pack = open(&bytes, ROOT_2).unwrap();
    assert!(matches!(
        pack.status(URI, 7),
        PackStatus::Listed {
            status: Status::Invalid,
            ..
        }
    ));
}

#[test]
fn a_delta_leads_from_version_2_to_version_3_and_not_back() {
    let new = repacked(NEXT_2, PackVersion::Three, 43);
    let change = delta(PACK_2, &new).unwrap();
    assert_eq!(change[8], 3);
    assert!(change.len() < new.len());
    assert!(Delta::parse(&change).unwrap().apply(PACK_2).unwrap() == new);
    let root = RootOfTrust::parse(ROOT_2).unwrap();
    let provider = symbolon_crypto::RustCryptoProvider;
    let at = NOW.plus(DAY / 2);
    let before = Pack::open(PACK_2, &root, &provider, at, None)
        .unwrap()
        .last_seen(None);
    let tools = PackTools::new(&provider);
    let applied = apply(&change, Some(PACK_2), &root, tools, at, Some(&before)).unwrap();
    assert!(applied.pack == new);
    assert!(matches!(delta(&new, PACK_2), Err(DeltaError::BaseVersion)));
    // One of version 2 changes no pack of version 3, whatever it says of its base.
    let mut older = DELTA_2.to_vec();
    older[32..64].copy_from_slice(&claims(&new).unwrap().root);
    let refused = Delta::parse(&older).unwrap().apply(&new);
    assert!(matches!(refused, Err(DeltaError::BaseVersion)));
}

#[test]
fn a_delta_makes_packs_of_its_own_version_and_there_is_none_of_version_1_or_4() {
    for (version, known) in [(1, false), (2, true), (3, true), (4, false)] {
        let mut bytes = DELTA_2.to_vec();
        bytes[8] = version;
        match Delta::parse(&bytes) {
            Ok(delta) => {
                assert!(known, "{version}");
                assert_eq!(delta.apply(PACK_2).is_ok(), version == 2);
            }
            Err(DeltaError::Version { found }) => assert!(!known && found == u16::from(version)),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn an_applied_form_opens_packs_of_version_2_and_3() {
    let root = RootOfTrust::parse(ROOT_2).unwrap();
    let provider = symbolon_crypto::RustCryptoProvider;
    let tools = PackTools::new(&provider);
    let at = NOW.plus(DAY / 2);
    for pack in [PACK_2, &repacked(NEXT_2, PackVersion::Three, 43)] {
        let applied = apply(pack, None, &root, tools, at, None).unwrap();
        let again = Pack::open_applied(pack, &applied.form, &root, tools, at, &applied.memory).unwrap();
        assert!(again.is_sealed());
        assert!(matches!(
            again.status(FIRST, 3),
            PackStatus::Listed {
                status: Status::Invalid,
                ..
            }
        ));
    }
}

#[test]
fn version_2_has_no_revocation_lists() {
    let mut sections = sections(PACK_2);
    sections.push((SectionKind::Revocation, b""));
    let old = signed(&sections, PackVersion::Two, 43);
    assert!(matches!(open(&old, ROOT_2), Err(PackError::Container)));
    let new = signed(&sections, PackVersion::Three, 43);
    assert!(matches!(open(&new, ROOT_2), Err(PackError::Truncated)));
}
