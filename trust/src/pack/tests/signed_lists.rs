//! A signed trust list by itself, as a registry publishes it.

use symbolon_crypto::RustCryptoProvider;

use crate::pack::{Pack, PackError, TrustSection};
use crate::testing::{DAY, NOW, TestRegistry};
use crate::trust_list::TrustList;

fn list(sequence: u64) -> TrustList {
    TrustList {
        sequence,
        ..TestRegistry::new(1).trust_list(Vec::new(), NOW)
    }
}

#[test]
fn is_believed_by_a_registry_key_and_never_older_than_the_one_in_force() {
    let registry = TestRegistry::new(1);
    let root = registry.root_of_trust(list(5));
    let verify = |section: &TrustSection| section.verify(&root, &RustCryptoProvider);
    for sequence in [5, 6] {
        let section = registry.trust_section(&list(sequence));
        let published = TrustSection::from_published(section.as_bytes().to_vec());
        assert_eq!(verify(&published).unwrap().sequence, sequence);
    }
    let lower = registry.trust_section(&list(4));
    assert!(matches!(verify(&lower), Err(PackError::TrustListRolledBack)));
    let mut earlier = list(6);
    earlier.issued_at = NOW.minus(DAY);
    let earlier = registry.trust_section(&earlier);
    assert!(matches!(verify(&earlier), Err(PackError::TrustListRolledBack)));
    let other = TestRegistry::new(9).trust_section(&list(6));
    assert!(matches!(verify(&other), Err(PackError::UnknownTrustSigner)));
    let mut changed = registry.trust_section(&list(6)).as_bytes().to_vec();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    let changed = TrustSection::from_published(changed);
    assert!(matches!(verify(&changed), Err(PackError::TrustSignature)));
}

#[test]
fn a_pack_with_a_list_of_a_lower_number_is_refused() {
    let registry = TestRegistry::new(1);
    let root = registry.root_of_trust(list(5));
    let open = |sequence| {
        let pack = registry.pack(1, &list(sequence), Vec::new(), NOW);
        Pack::open(&pack, &root, &RustCryptoProvider, NOW, None).map(|_| ())
    };
    assert!(open(5).is_ok());
    assert!(matches!(open(4), Err(PackError::TrustListRolledBack)));
}
