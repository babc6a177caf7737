use symbolon_crypto::x509::issue::KeyPurpose;

use super::super::*;
use super::world::{ISSUER, URI, World, list};
use crate::testing::{DAY, NOW, TestIssuer, TestRegistry};

fn pack_of(world: &World, section: StatusSection) -> Vec<u8> {
    world.registry.pack(1, &world.trust_list(NOW), vec![section], NOW)
}

#[test]
fn refuses_a_distributor_that_the_root_of_trust_does_not_name() {
    let mut world = World::new();
    let bytes = world.pack(1, NOW);
    world.registry.pack_key = TestRegistry::new(50).pack_key;
    assert!(matches!(world.open(&bytes), Err(PackError::UnknownPackSigner)));
}

#[test]
fn refuses_a_manifest_that_names_a_known_distributor_and_is_signed_by_another() {
    let world = World::new();
    let stranger = TestRegistry::new(50);
    let times = PackTimes {
        created: NOW,
        valid_until: NOW.plus(DAY),
        grace: DAY,
    };
    let builder = PackBuilder::new(1, times, world.registry.trust_section(&world.trust_list(NOW)));
    let prepared = builder.prepare(world.registry.pack_key.public_key()).unwrap();
    let signature = stranger
        .pack_key
        .sign(&prepared.request(stranger.pack_key.handle()));
    let bytes = prepared.finish(&signature).unwrap();
    assert!(matches!(world.open(&bytes), Err(PackError::ManifestSignature)));
}

#[test]
fn refuses_a_trust_section_that_the_distributor_made() {
    let world = World::new();
    let list = world.trust_list(NOW);
    let distributor = &world.registry.pack_key;
    let prepared = TrustSection::prepare(&list, distributor.public_key()).unwrap();
    let section = prepared.request(distributor.handle());
    let section = prepared.finish(&distributor.sign(&section)).unwrap();
    let times = PackTimes {
        created: NOW,
        valid_until: NOW.plus(DAY),
        grace: DAY,
    };
    let bytes = world.registry.sign_pack(PackBuilder::new(1, times, section));
    assert!(matches!(world.open(&bytes), Err(PackError::UnknownTrustSigner)));

    let prepared = TrustSection::prepare(&list, world.registry.registry_key.public_key()).unwrap();
    let signature = distributor.sign(&prepared.request(distributor.handle()));
    let section = prepared.finish(&signature).unwrap();
    let bytes = world.registry.sign_pack(PackBuilder::new(1, times, section));
    assert!(matches!(world.open(&bytes), Err(PackError::TrustSignature)));
}

#[test]
fn refuses_a_trust_section_in_the_place_of_the_manifest_and_the_reverse() {
    // One key in both roles: the place that is signed along tells them apart.
    let mut world = World::new();
    world.registry.pack_key = TestRegistry::new(1).registry_key;
    let trust = world.registry.trust_section(&world.trust_list(NOW));
    for version in [PackVersion::One, PackVersion::Two, PackVersion::Three] {
        assert!(matches!(
            Manifest::open(
                trust.as_bytes(),
                version,
                &world.root().pack_keys,
                &symbolon_crypto::RustCryptoProvider
            ),
            Err(PackError::ManifestSignature)
        ));
    }
}

#[test]
fn refuses_a_status_section_of_a_list_that_is_another_issuers() {
    // Both issuers are trusted; one would reinstate what the other revoked.
    let world = World::new();
    let forged = world.other.status_section(URI, &list(), NOW);
    assert!(matches!(
        world.open(&pack_of(&world, forged)),
        Err(PackError::StatusSignerChain(_))
    ));
}

#[test]
fn refuses_a_status_section_of_a_list_that_nobody_owns() {
    let world = World::new();
    let section = world
        .issuer
        .status_section("https://nobody.example/status/0", &list(), NOW);
    assert!(matches!(
        world.open(&pack_of(&world, section)),
        Err(PackError::StatusListOfNobody)
    ));
}

#[test]
fn refuses_a_status_signer_named_after_somebody_else_by_the_same_authority() {
    let mut world = World::new();
    world.issuer.status_certificate = world.issuer.authority.issue(
        world.issuer.status_key.public_key(),
        "https://other.example",
        Some(KeyPurpose::StatusLists),
    );
    let section = world.issuer.status_section(URI, &list(), NOW);
    assert!(matches!(
        world.open(&pack_of(&world, section)),
        Err(PackError::StatusSignerIsNotTheIssuer)
    ));
}

#[test]
fn refuses_a_status_section_by_the_key_that_signs_credentials() {
    let mut world = World::new();
    world.issuer.status_certificate = world.issuer.credential_certificate.clone();
    core::mem::swap(&mut world.issuer.status_key, &mut world.issuer.credential_key);
    let section = world.issuer.status_section(URI, &list(), NOW);
    assert!(matches!(
        world.open(&pack_of(&world, section)),
        Err(PackError::StatusSignerChain(_))
    ));
}

#[test]
fn refuses_a_status_section_with_the_certificate_of_one_and_the_signature_of_another() {
    let mut world = World::new();
    world.issuer.status_key = TestIssuer::new(ISSUER, 700).status_key;
    let section = world.issuer.status_section(URI, &list(), NOW);
    assert!(matches!(
        world.open(&pack_of(&world, section)),
        Err(PackError::StatusSignature)
    ));
}

#[test]
fn refuses_sets_that_the_issuer_did_not_sign() {
    // The distributor changes a set and hashes the section anew: the issuer's own hash gives it away.
    let world = World::new();
    let mut bytes = world.issuer.status_section(URI, &list(), NOW).as_bytes().to_vec();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let section = StatusSection::from_published(bytes);
    assert!(matches!(
        world.open(&pack_of(&world, section)),
        Err(PackError::StatusSetHash)
    ));
}
