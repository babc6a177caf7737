//! Partial packs, and distributors that the registry names.

use super::super::*;
use super::world::{URI, World, list};
use crate::testing::{DAY, NOW, TestKey, TestRegistry};
use crate::trust_list::ParseTrustListError;
use symbolon_crypto::SignatureAlgorithm;

fn times() -> PackTimes {
    PackTimes {
        created: NOW,
        valid_until: NOW.plus(DAY),
        grace: DAY,
    }
}

fn scoped(world: &World, scopes: &[&str]) -> Vec<u8> {
    let mut trust = world.trust_list(NOW);
    let south = vec!["https://issuer.example/status/".to_owned()];
    trust.scopes.insert("region/south".to_owned(), south);
    let north = vec!["https://other.example/".to_owned()];
    trust.scopes.insert("region/north".to_owned(), north);
    let builder = PackBuilder::new(1, times(), world.registry.trust_section(&trust))
        .with_scopes(scopes.iter().map(|name| (*name).to_owned()))
        .with_status(world.issuer.status_section(URI, &list(), NOW));
    world.registry.sign_pack(builder)
}

#[test]
fn a_partial_pack_tells_what_it_does_not_cover_from_what_it_lacks() {
    let world = World::new();
    let foreign = "https://other.example/status/9";
    let bytes = scoped(&world, &["region/south"]);
    let pack = world.open(&bytes).unwrap();
    assert_eq!(pack.scopes(), ["region/south"]);
    assert!(matches!(pack.status(URI, 7), PackStatus::Listed { .. }));
    assert_eq!(
        pack.status("https://issuer.example/status/1", 7),
        PackStatus::Missing
    );
    assert_eq!(
        pack.status("https://issuer.example/statusx", 7),
        PackStatus::NotCovered
    );
    assert_eq!(pack.status(foreign, 7), PackStatus::NotCovered);
    let both = scoped(&world, &["region/south", "region/north", "region/south"]);
    let both = world.open(&both).unwrap();
    assert_eq!(both.scopes(), ["region/north", "region/south"]);
    assert_eq!(both.status(foreign, 7), PackStatus::Missing);
    let all = scoped(&world, &[]);
    assert_eq!(world.open(&all).unwrap().status(foreign, 7), PackStatus::Missing);
}

#[test]
fn a_pack_covers_another_whose_scopes_lie_within_its_own() {
    let world = World::new();
    let mut trust = world.trust_list(NOW);
    for (name, beginning) in [
        ("country", "https://issuer.example/"),
        ("region/south", "https://issuer.example/south/"),
        ("region/north", "https://issuer.example/north/"),
    ] {
        trust.scopes.insert(name.to_owned(), vec![beginning.to_owned()]);
    }
    let names = |scopes: &[&str]| scopes.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for (own, other, covers) in [
        (&[][..], &[][..], true),
        (&[], &["region/south"], true),
        (&["region/south"], &[], false),
        (&["region/south"], &["region/south"], true),
        (&["region/south"], &["region/north"], false),
        (&["region/south"], &["region/north", "region/south"], false),
        (&["region/north", "region/south"], &["region/south"], true),
        (&["country"], &["region/north", "region/south"], true),
        (&["region/south"], &["country"], false),
        (&["country"], &["region/of-old"], false),
    ] {
        let builder = PackBuilder::new(1, times(), world.registry.trust_section(&trust));
        let bytes = world.registry.sign_pack(builder.with_scopes(names(own)));
        let pack = world.open(&bytes).unwrap();
        assert_eq!(pack.covers(&names(other)), covers, "{own:?} {other:?}");
    }
}

#[test]
fn refuses_a_scope_that_the_registry_does_not_define() {
    let world = World::new();
    let bytes = scoped(&world, &["region/west"]);
    assert!(matches!(world.open(&bytes), Err(PackError::UnknownScope { name }) if name == "region/west"));
}

#[test]
fn refuses_a_trust_list_with_a_scope_that_owns_hosts_of_others() {
    let world = World::new();
    for (name, beginning) in [
        ("", "https://issuer.example/"),
        ("a b", "https://issuer.example/"),
        ("a", ""),
        ("a", "https://issuer.example"),
    ] {
        let mut trust = world.trust_list(NOW);
        trust.scopes.insert(name.to_owned(), vec![beginning.to_owned()]);
        assert!(
            matches!(trust.to_json(), Err(ParseTrustListError::Scope)),
            "{name} {beginning}"
        );
    }
    let mut trust = world.trust_list(NOW);
    trust.scopes.insert("a".to_owned(), Vec::new());
    assert!(matches!(trust.to_json(), Err(ParseTrustListError::Scope)));
}

fn signed_by(world: &World, key: &TestKey, sequence: u64, believed: &[&TestKey], at: UnixTime) -> Vec<u8> {
    let mut trust = world.trust_list(at);
    trust.pack_keys = believed.iter().map(|key| key.public_key().to_jwk()).collect();
    let times = PackTimes {
        created: at,
        valid_until: at.plus(DAY),
        grace: DAY,
    };
    let prepared = PackBuilder::new(sequence, times, world.registry.trust_section(&trust))
        .prepare(key.public_key())
        .unwrap();
    let signature = key.sign(&prepared.request(key.handle()));
    prepared.finish(&signature).unwrap()
}

#[test]
fn the_registry_brings_a_new_distributor_and_ends_the_old_one() {
    let world = World::new();
    let old = &world.registry.pack_key;
    let new = TestKey::new(SignatureAlgorithm::EdDsa, 77);
    let at = |hours: u32| NOW.plus(Duration::from_secs(3_600) * hours);

    // Nobody has named the new one yet.
    let early = signed_by(&world, &new, 2, &[], NOW);
    assert!(matches!(world.open(&early), Err(PackError::UnknownPackSigner)));
    // Both for a while.
    let both = [old, &new];
    let second = signed_by(&world, old, 2, &both, at(1));
    let last = world.open_at(&second, at(1), None).unwrap().last_seen(None);
    let third = signed_by(&world, &new, 3, &both, at(2));
    let last = world
        .open_at(&third, at(2), Some(&last))
        .unwrap()
        .last_seen(Some(&last));
    // Then the new one alone.
    let fourth = signed_by(&world, &new, 4, &[&new], at(3));
    let last = world
        .open_at(&fourth, at(3), Some(&last))
        .unwrap()
        .last_seen(Some(&last));
    let stolen = signed_by(&world, old, 5, &[&new], at(4));
    let refused = world.open_at(&stolen, at(4), Some(&last)).map(drop);
    assert!(matches!(refused, Err(PackError::UnknownPackSigner)));
    // The old key under the old statement of the registry: that one is not taken back.
    let replayed = signed_by(&world, old, 5, &both, at(2));
    let refused = world.open_at(&replayed, at(4), Some(&last)).map(drop);
    assert!(matches!(refused, Err(PackError::TrustListRolledBack)));
    // A distributor cannot name itself: the trust section is the registry's.
    let mut impostor = World::new();
    impostor.registry.registry_key = TestRegistry::new(70).registry_key;
    let refused = world
        .open_at(&signed_by(&impostor, old, 5, &[old], at(4)), at(4), None)
        .map(drop);
    assert!(matches!(refused, Err(PackError::UnknownTrustSigner)));
}

#[test]
fn a_pack_key_that_is_none_makes_a_trust_list_unreadable() {
    let world = World::new();
    let mut trust = world.trust_list(NOW);
    let mut key = world.registry.pack_key.public_key().to_jwk();
    key.x = "AAAA".to_owned();
    trust.pack_keys = vec![key];
    assert!(matches!(trust.to_json(), Err(ParseTrustListError::PackKey)));
}
