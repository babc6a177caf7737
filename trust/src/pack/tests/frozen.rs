use super::super::*;
use crate::status_list::Status;
use crate::testing::NOW;
use crate::trust_list::RootOfTrust;

/// A pack as it was written when the format was frozen, and the root of trust that opens it. A reader that cannot open
/// it has broken every pack in the field: that takes a decision record and a new version.
const PACK_1: &[u8] = include_bytes!("frozen-pack-1.bin");
const ROOT_1: &[u8] = include_bytes!("frozen-root-1.json");

#[test]
fn opens_the_frozen_pack_of_version_1() {
    let root = RootOfTrust::parse(ROOT_1).unwrap();
    let pack = Pack::open(PACK_1, &root, &symbolon_crypto::RustCryptoProvider, NOW, None).unwrap();
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
    assert_eq!(pack.version(), PackVersion::One);
}
