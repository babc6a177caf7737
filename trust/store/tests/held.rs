//! A pack as files, and the memory beside it.

#![expect(
    clippy::unwrap_used,
    reason = "a pack that is not as expected ends its test, also in what the tests share"
)]

use std::fs;
use std::path::{Path, PathBuf};

use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_trust::pack::{ApplyError, PackError, PackTools, delta};
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestRegistry};
use symbolon_trust::trust_list::{CredentialTypeRule, RootOfTrust};
use symbolon_trust_store::{HeldPack, HeldPackError, MEMORY_FILE};

const ISSUER: &str = "https://issuer.example";

struct Shop {
    registry: TestRegistry,
    issuer: TestIssuer,
    folder: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        Self {
            registry: TestRegistry::new(1),
            issuer: TestIssuer::new(ISSUER, 100),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn root(&self) -> RootOfTrust {
        let issuers = vec![self.issuer.entry(vec![CredentialTypeRule::Any])];
        self.registry
            .root_of_trust(self.registry.trust_list(issuers, NOW))
    }

    fn pack(&self, sequence: u64) -> Vec<u8> {
        let issuers = vec![self.issuer.entry(vec![CredentialTypeRule::Any])];
        let trust_list = self.registry.trust_list(issuers, NOW);
        self.registry.pack(sequence, &trust_list, Vec::new(), NOW)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("current.pack")
    }

    fn held(&self) -> HeldPack {
        HeldPack::at(&self.path(), self.folder.path()).unwrap()
    }

    fn apply(&self, incoming: &[u8]) -> Result<u64, ApplyError> {
        let tools = PackTools::new(&RustCryptoProvider);
        let applied = self.held().apply(incoming, &self.root(), tools, NOW);
        applied.unwrap().map(|memory| memory.sequence)
    }

    /// The sequence of the pack in force, and whether its form was believed.
    fn accept(&self, now: UnixTime) -> Result<(u64, bool), PackError> {
        let held = self.held();
        let bytes = held.read().unwrap();
        let tools = PackTools::new(&RustCryptoProvider);
        let accepted = held.accept(&bytes, &self.root(), tools, now).unwrap();
        accepted.map(|pack| (pack.sequence(), pack.is_sealed()))
    }
}

#[test]
fn packs_and_deltas_take_the_place_of_the_one_before() {
    let shop = Shop::new();
    let (first, second) = (shop.pack(1), shop.pack(2));
    let change = delta(&first, &second).unwrap();
    assert!(matches!(shop.apply(&change), Err(ApplyError::NothingInForce)));
    assert_eq!(shop.held().in_force().unwrap(), None);
    assert_eq!(shop.apply(&first).unwrap(), 1);
    assert_eq!(shop.accept(NOW).unwrap(), (1, true));
    assert_eq!(shop.apply(&change).unwrap(), 2);
    assert!(fs::read(shop.path()).unwrap() == second);
    assert_eq!(shop.accept(NOW).unwrap(), (2, true));
}

#[test]
fn an_older_pack_is_refused_also_where_it_is_put_in_place_by_hand() {
    let shop = Shop::new();
    let (first, second) = (shop.pack(1), shop.pack(2));
    shop.apply(&second).unwrap();
    assert!(matches!(
        shop.apply(&first),
        Err(ApplyError::Pack(PackError::LowerSequence { .. }))
    ));
    assert!(fs::read(shop.path()).unwrap() == second);
    fs::write(shop.path(), &first).unwrap();
    assert!(matches!(shop.accept(NOW), Err(PackError::LowerSequence { .. })));
}

#[test]
fn a_form_that_is_damaged_or_gone_costs_time_alone() {
    let shop = Shop::new();
    shop.apply(&shop.pack(1)).unwrap();
    let form = shop.folder.path().join("current.pack.applied");
    let mut changed = fs::read(&form).unwrap();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    fs::write(&form, changed).unwrap();
    assert_eq!(shop.accept(NOW).unwrap(), (1, false));
    fs::remove_file(&form).unwrap();
    assert_eq!(shop.accept(NOW).unwrap(), (1, false));
    assert!(
        shop.accept(NOW.plus(DAY * 400)).is_err(),
        "it expires all the same"
    );
}

#[test]
fn without_a_memory_nothing_is_accepted() {
    let shop = Shop::new();
    shop.apply(&shop.pack(1)).unwrap();
    fs::write(shop.folder.path().join(MEMORY_FILE), vec![7; 1 << 16]).unwrap();
    let path: &Path = &shop.path();
    assert!(matches!(
        HeldPack::at(path, shop.folder.path()),
        Err(HeldPackError::Memory { .. })
    ));
}
