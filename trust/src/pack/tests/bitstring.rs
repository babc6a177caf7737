use super::super::*;
use super::world::{ISSUER, URI, World, list};
use crate::status_list::Status;
use crate::testing::NOW;

const REVOCATION: &str = "https://issuer.example/status/bitstring/0/revocation";
const SUSPENSION: &str = "https://issuer.example/status/bitstring/0/suspension";

fn pack(world: &World, uris: &[BitstringUris<'_>]) -> Vec<u8> {
    let sections = uris
        .iter()
        .zip([URI, "https://issuer.example/status/1"])
        .map(|(bitstring, uri)| {
            world
                .issuer
                .status_section_with(uri, Some(*bitstring), &list(), NOW)
        })
        .collect();
    world.registry.pack(1, &world.trust_list(NOW), sections, NOW)
}

const URIS: BitstringUris<'static> = BitstringUris {
    revocation: REVOCATION,
    suspension: SUSPENSION,
};

#[test]
fn a_section_answers_for_the_bitstring_lists_of_its_indices() {
    let world = World::new();
    let bytes = pack(&world, &[URIS]);
    let pack = world.open(&bytes).unwrap();
    let status = |uri: &str, index| match pack.status(uri, index) {
        PackStatus::Listed { status, issuer, .. } if issuer.as_str() == ISSUER => Some(status),
        _ => None,
    };
    // 7 is revoked, 8 suspended, 9 neither.
    assert_eq!(status(URI, 7), Some(Status::Invalid));
    assert_eq!(status(REVOCATION, 7), Some(Status::Invalid));
    assert_eq!(status(SUSPENSION, 7), Some(Status::Valid));
    assert_eq!(status(URI, 8), Some(Status::Suspended));
    assert_eq!(status(REVOCATION, 8), Some(Status::Valid));
    assert_eq!(status(SUSPENSION, 8), Some(Status::Suspended));
    assert_eq!(status(SUSPENSION, 9), Some(Status::Valid));
    assert!(matches!(
        pack.status(REVOCATION, 5_000),
        PackStatus::OutOfRange { .. }
    ));
    assert_eq!(pack.status_lists().count(), 1);
}

#[test]
fn refuses_a_bitstring_list_of_another_issuer() {
    let world = World::new();
    for foreign in [
        "https://other.example/status/bitstring/0/revocation",
        "https://nobody.example/status/bitstring/0/revocation",
    ] {
        for uris in [
            BitstringUris {
                revocation: foreign,
                ..URIS
            },
            BitstringUris {
                suspension: foreign,
                ..URIS
            },
        ] {
            let refused = world.open(&pack(&world, &[uris])).map(drop);
            assert!(matches!(refused, Err(PackError::StatusListOfNobody)), "{foreign}");
        }
    }
}

#[test]
fn refuses_one_uri_in_two_places() {
    let world = World::new();
    for second in [
        URIS,
        BitstringUris {
            revocation: "https://issuer.example/status/1",
            suspension: "https://issuer.example/status/bitstring/1/suspension",
        },
        BitstringUris {
            revocation: "https://issuer.example/status/bitstring/1/both",
            suspension: "https://issuer.example/status/bitstring/1/both",
        },
    ] {
        let refused = world.open(&pack(&world, &[URIS, second])).map(drop);
        assert!(matches!(refused, Err(PackError::StatusListTwice)));
    }
}
