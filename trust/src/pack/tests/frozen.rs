use super::super::*;
use super::world::{ISSUER, World};
use crate::status_list::{BitsPerStatus, Status, TokenStatusList};
use crate::testing::NOW;
use crate::trust_list::{CredentialTypeRule, RootOfTrust};

/// A pack as it was written when the format was frozen, and the root of trust that opens it. A reader that cannot open
/// it has broken every pack in the field: that takes a decision record and a new version.
const PACK: &[u8] = include_bytes!("frozen-pack-1.bin");
const ROOT: &[u8] = include_bytes!("frozen-root-1.json");

#[test]
fn opens_the_frozen_pack_of_version_1() {
    let root = RootOfTrust::parse(ROOT).unwrap();
    let pack = Pack::open(PACK, &root, &symbolon_crypto::RustCryptoProvider, NOW, None).unwrap();
    assert_eq!(pack.sequence(), 42);
    let status = |index| match pack.status("https://issuer.example/status/0", index) {
        PackStatus::Listed { status, .. } => Some(status),
        _ => None,
    };
    assert_eq!(status(0), Some(Status::Valid));
    assert_eq!(status(3), Some(Status::Invalid));
    assert_eq!(status(99), Some(Status::Invalid));
    assert_eq!(status(50), Some(Status::Suspended));
    assert_eq!(status(100), None);
}

/// Signatures of the software keys are deterministic, so the same pack is written today.
#[test]
fn writes_the_frozen_pack_of_version_1() {
    let world = World::new();
    let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 100);
    for (index, status) in [
        (3, Status::Invalid),
        (50, Status::Suspended),
        (99, Status::Invalid),
    ] {
        list.set(index, status).unwrap();
    }
    let rules = vec![CredentialTypeRule::Exactly(format!(
        "{ISSUER}/types/national-identity"
    ))];
    let trust = world.registry.trust_list(vec![world.issuer.entry(rules)], NOW);
    let section = world
        .issuer
        .status_section("https://issuer.example/status/0", &list, NOW);
    let bytes = world.registry.pack(42, &trust, vec![section], NOW);
    let root = world.registry.root_of_trust(trust).to_json().unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "writes the vectors anew, by hand and once for each version"
    )]
    if let Some(folder) = std::env::var_os("SYMBOLON_WRITE_FROZEN_PACK") {
        std::fs::write(std::path::Path::new(&folder).join("frozen-pack-1.bin"), &bytes).unwrap();
        std::fs::write(std::path::Path::new(&folder).join("frozen-root-1.json"), &root).unwrap();
    }
    assert!(bytes == PACK, "the pack is written otherwise than it was");
    assert!(root == ROOT, "the root of trust is written otherwise than it was");
}
