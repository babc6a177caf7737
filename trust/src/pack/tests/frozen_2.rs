use super::super::*;
use crate::status_list::Status;
use crate::testing::{DAY, NOW};
use crate::trust_list::RootOfTrust;

/// Two packs of version 2 and the delta between them, with a verbatim token, as they were written when the format was frozen.
const PACK_2: &[u8] = include_bytes!("frozen-pack-2.bin");
const NEXT_2: &[u8] = include_bytes!("frozen-pack-2-next.bin");
const DELTA_2: &[u8] = include_bytes!("frozen-delta-2.bin");
const ROOT_2: &[u8] = include_bytes!("frozen-root-2.json");

#[test]
fn opens_the_frozen_packs_of_version_2() {
    let root = RootOfTrust::parse(ROOT_2).unwrap();
    let provider = symbolon_crypto::RustCryptoProvider;
    let pack = Pack::open(PACK_2, &root, &provider, NOW, None).unwrap();
    assert_eq!((pack.sequence(), pack.version()), (42, PackVersion::Two));
    let status = |pack: &Pack<'_>, uri: &str, index| match pack.status(uri, index) {
        PackStatus::Listed { status, .. } => Some(status),
        _ => None,
    };
    let first = "https://issuer.example/status/0";
    let verbatim = "https://other.example/status/9";
    assert_eq!(status(&pack, first, 0), Some(Status::Valid));
    assert_eq!(status(&pack, first, 3), Some(Status::Invalid));
    assert_eq!(status(&pack, first, 50), Some(Status::Suspended));
    assert_eq!(status(&pack, first, 51), Some(Status::Valid));
    assert_eq!(status(&pack, verbatim, 7), Some(Status::Invalid));
    assert_eq!(status(&pack, verbatim, 8), Some(Status::ApplicationSpecific(3)));
    assert_eq!(
        status(&pack, "https://issuer.example/status/1", 0),
        Some(Status::Valid)
    );
    assert_eq!(
        pack.status("https://issuer.example/status/2", 0),
        PackStatus::Missing
    );
    assert_eq!(
        pack.status("https://issuer.example/north/2", 0),
        PackStatus::NotCovered
    );

    let made = Delta::parse(DELTA_2).unwrap().apply(PACK_2).unwrap();
    assert!(made == NEXT_2, "the delta makes another pack than it did");
    let next = Pack::open(NEXT_2, &root, &provider, NOW.plus(DAY / 2), None).unwrap();
    assert_eq!(next.sequence(), 43);
    assert_eq!(status(&next, first, 50), Some(Status::Valid));
    assert_eq!(status(&next, first, 51), Some(Status::Invalid));
}
