//! A distributor that has its key and lies: every lie is noticed by a verifier that has seen one true pack.

use super::super::*;
use super::world::{URI, World, list};
use crate::status_list::{BitsPerStatus, Status, TokenStatusList};
use crate::testing::{DAY, NOW, TestIssuer};
use crate::trust_list::CredentialTypeRule;

const HOUR: Duration = Duration::from_secs(3_600);

/// A pack of these sections, by the distributor whom everybody believes.
fn by_distributor(
    world: &World,
    sequence: u64,
    trust: TrustSection,
    sections: Vec<StatusSection>,
    at: UnixTime,
) -> Vec<u8> {
    let times = PackTimes {
        created: at,
        valid_until: at.plus(DAY),
        grace: DAY,
    };
    let builder = PackBuilder::new(sequence, times, trust);
    let builder = sections.into_iter().fold(builder, PackBuilder::with_status);
    world.registry.sign_pack(builder)
}

#[test]
fn a_distributor_that_lies_is_noticed() {
    let world = World::new();
    let at = NOW.plus(HOUR);
    let trust = |at| world.registry.trust_section(&world.trust_list(at));
    let section = |at| world.issuer.status_section(URI, &list(), at);
    let others = |at| {
        world
            .other
            .status_section("https://other.example/status/9", &list(), at)
    };
    let honest = by_distributor(&world, 5, trust(NOW), vec![section(NOW), others(NOW)], NOW);
    let last = world.open(&honest).unwrap().last_seen(None);
    let lie = |trust, sections| {
        let bytes = by_distributor(&world, 6, trust, sections, at);
        world
            .open_at(&bytes, at, Some(&last))
            .map(|pack| match pack.status(URI, 7) {
                PackStatus::Listed { status, .. } => Some(status),
                _ => None,
            })
    };
    assert!(matches!(
        lie(trust(at), vec![section(at)]),
        Ok(Some(Status::Invalid))
    ));

    // It drops a revocation: within the section of the issuer, whose hashes it cannot sign.
    let clean = TokenStatusList::all_valid(BitsPerStatus::Two, 5_000);
    let mut dropped = section(at).as_bytes().to_vec();
    let set_at = dropped.len() - 40;
    dropped[set_at] ^= 1;
    let dropped = StatusSection::from_published(dropped);
    assert!(matches!(
        lie(trust(at), vec![dropped]),
        Err(PackError::StatusSetHash)
    ));
    // With a section of its own making, under certificates of its own making.
    let impostor = TestIssuer::new("https://issuer.example", 900);
    let forged = impostor.status_section(URI, &clean, at);
    assert!(matches!(
        lie(trust(at), vec![forged]),
        Err(PackError::StatusSignerChain(_))
    ));
    // With the section of the other believed issuer about this list.
    let foreign = world.other.status_section(URI, &clean, at);
    assert!(matches!(
        lie(trust(at), vec![foreign]),
        Err(PackError::StatusSignerChain(_))
    ));
    // By leaving the list out: then nothing is known, and an older one does not come back later.
    assert!(matches!(lie(trust(at), Vec::new()), Ok(None)));

    // It adds an anchor.
    let mut list_with_impostor = world.trust_list(at);
    list_with_impostor
        .issuers
        .push(TestIssuer::new("https://impostor.example", 900).entry(vec![CredentialTypeRule::Any]));
    let distributor = &world.registry.pack_key;
    let prepared = TrustSection::prepare(&list_with_impostor, distributor.public_key()).unwrap();
    let signature = distributor.sign(&prepared.request(distributor.handle()));
    let added = prepared.finish(&signature).unwrap();
    assert!(matches!(
        lie(added, vec![section(at)]),
        Err(PackError::UnknownTrustSigner)
    ));
    let prepared =
        TrustSection::prepare(&list_with_impostor, world.registry.registry_key.public_key()).unwrap();
    let signature = distributor.sign(&prepared.request(distributor.handle()));
    let added = prepared.finish(&signature).unwrap();
    assert!(matches!(
        lie(added, vec![section(at)]),
        Err(PackError::TrustSignature)
    ));

    // It replays an old section or an old trust section in a new pack, or mixes those of two packs.
    let before = NOW.minus(HOUR);
    let replayed = world.issuer.status_section(URI, &clean, before);
    assert!(matches!(
        lie(trust(at), vec![replayed]),
        Err(PackError::StatusListRolledBack)
    ));
    assert!(matches!(
        lie(trust(before), vec![section(at)]),
        Err(PackError::TrustListRolledBack)
    ));
    let mixed = vec![section(at), others(before)];
    assert!(matches!(
        lie(trust(at), mixed),
        Err(PackError::StatusListRolledBack)
    ));
    // It says the same list twice, of which the reader would choose one.
    let twice = vec![section(at), world.issuer.status_section(URI, &clean, at)];
    assert!(matches!(lie(trust(at), twice), Err(PackError::StatusListTwice)));
    // It gives another pack the number of one that was seen.
    let other = by_distributor(&world, 5, trust(NOW), vec![section(NOW)], NOW);
    let refused = world.open_at(&other, at, Some(&last)).map(drop);
    assert!(matches!(refused, Err(PackError::SequenceReused { sequence: 5 })));
}

/// The same through a delta, which anybody can make.
#[test]
fn a_delta_that_lies_makes_no_pack_that_is_accepted() {
    let world = World::new();
    let at = NOW.plus(HOUR);
    let base = world.pack(5, NOW);
    let last = world.open(&base).unwrap().last_seen(None);
    let clean = TokenStatusList::all_valid(BitsPerStatus::Two, 5_000);
    let others = |at| {
        world
            .other
            .status_section("https://other.example/status/9", &list(), at)
    };
    let section = world.issuer.status_section(URI, &list(), at);
    let honest = by_distributor(
        &world,
        6,
        world.registry.trust_section(&world.trust_list(at)),
        vec![section, others(at)],
        at,
    );
    // The manifest of the honest pack, and the revocations of another one.
    let impostor = TestIssuer::new("https://issuer.example", 900);
    let lying = by_distributor(
        &world,
        6,
        world.registry.trust_section(&world.trust_list(at)),
        vec![impostor.status_section(URI, &clean, at), others(at)],
        at,
    );
    let mut change = delta(&base, &lying).unwrap();
    let manifest_of = |pack: &[u8]| {
        let length = u32::from_le_bytes(pack[16..20].try_into().unwrap()) as usize;
        let sections = u32::from_le_bytes(pack[12..16].try_into().unwrap()) as usize;
        pack[24 + 48 * sections..][..length].to_vec()
    };
    let (honest_manifest, lying_manifest) = (manifest_of(&honest), manifest_of(&lying));
    assert_eq!(honest_manifest.len(), lying_manifest.len());
    let tools = PackTools::new(&symbolon_crypto::RustCryptoProvider);
    let root = world.root();
    let applied = |change: &[u8]| apply(change, Some(&base), &root, tools, at, Some(&last)).map(drop);
    let refused = applied(&change);
    assert!(matches!(
        refused,
        Err(ApplyError::Pack(PackError::StatusSignerChain(_)))
    ));
    change[72..72 + honest_manifest.len()].copy_from_slice(&honest_manifest);
    assert!(matches!(
        applied(&change),
        Err(ApplyError::Delta(DeltaError::Result))
    ));
    assert!(applied(&delta(&base, &honest).unwrap()).is_ok());
}
