//! The encrypted store: conformance, secrecy on disk, damage.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use symbolon_crypto::signing::{
    CreateKeys as _, DeleteKeys as _, DescribeKeys as _, KeyError, Sign as _, SignOutcome, SignatureRequest,
};
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SignatureAlgorithm};
use symbolon_store::{Batch, Space, Store, Tenant};
use symbolon_wallet_core::testing::{StoreUnderTest, block_on, store_conformance};
use symbolon_wallet_core::{
    BoxFuture, Change, CredentialId, ListKeys as _, PersonId, StoreError, WalletStore,
};
use symbolon_wallet_store::{
    DataKey, EncryptedStore, OpenWalletError, UnwrapOutcome, WrapDataKey, WrapError,
};
use zeroize::Zeroizing;

use crate::world::{CLAIM, ISSUER, credential, entry, open, open_with, randomness};

fn filled(path: &Path) {
    let store = open(path);
    let changes = vec![
        Change::PutCredential(Box::new(credential(1))),
        Change::PutHistory(Box::new(entry())),
    ];
    block_on(store.commit(changes)).unwrap();
    store
        .software_keys(Arc::new(RustCryptoProvider))
        .create(SignatureAlgorithm::Es256)
        .unwrap();
}

#[test]
fn passes_the_conformance_suite() {
    struct File {
        path: PathBuf,
        open: Option<EncryptedStore>,
    }
    impl StoreUnderTest for File {
        fn open(&mut self) -> BoxFuture<'_, Arc<dyn WalletStore>> {
            // One process at a time: the last one must be gone.
            self.open = None;
            let store = open(&self.path);
            self.open = Some(store.clone());
            Box::pin(async move { Arc::new(store) as Arc<dyn WalletStore> })
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut file = File {
        path: folder.path().join("wallet.redb"),
        open: None,
    };
    block_on(store_conformance(&mut file));
}

#[test]
fn nothing_readable_is_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.redb");
    filled(&path);
    let bytes = std::fs::read(&path).unwrap();
    let contains = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(contains(b"schema"), "the search finds what is there");
    for text in [
        CLAIM,
        ISSUER,
        "registry",
        "National",
        "national-identity",
        "key-of-the-credential",
        "credential",
        "history",
        "flow",
        "sd_jwt",
        "eyJ4",
        "deleted",
    ] {
        assert!(!contains(text.as_bytes()), "{text}");
    }
    // Nor the names in any plain form.
    assert!(!contains(&[1; 16]));
    let wrapped_by = [1_u8; 32];
    assert!(!contains(&wrapped_by));
}

#[test]
fn what_is_stored_is_there_after_reopening_and_only_with_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.redb");
    filled(&path);
    assert_eq!(block_on(open(&path).credentials()), Ok(vec![credential(1)]));
    assert!(matches!(
        open_with(&path, 2),
        Err(OpenWalletError::Wrap(WrapError::NotOurs))
    ));
    assert_eq!(block_on(open(&path).history()), Ok(vec![entry()]));
}

#[test]
fn a_locked_key_is_told_apart_and_a_port_that_unwraps_to_another_key_is_caught() {
    struct Locked;
    impl WrapDataKey for Locked {
        fn wrap(&self, _: &DataKey) -> Result<Vec<u8>, WrapError> {
            Err(WrapError::Unavailable)
        }
        fn unwrap(&self, _: &[u8]) -> Result<UnwrapOutcome, WrapError> {
            Ok(UnwrapOutcome::Locked)
        }
    }
    struct Careless;
    impl WrapDataKey for Careless {
        fn wrap(&self, _: &DataKey) -> Result<Vec<u8>, WrapError> {
            Err(WrapError::Unavailable)
        }
        fn unwrap(&self, _: &[u8]) -> Result<UnwrapOutcome, WrapError> {
            Ok(UnwrapOutcome::Unwrapped(DataKey::from_bytes(Zeroizing::new(
                [9; 32],
            ))))
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.redb");
    let fresh = EncryptedStore::open(&path, &Locked, randomness());
    assert!(matches!(
        fresh,
        Err(OpenWalletError::Wrap(WrapError::Unavailable))
    ));
    filled(&path);
    assert!(matches!(
        EncryptedStore::open(&path, &Locked, randomness()),
        Err(OpenWalletError::Locked)
    ));
    assert!(matches!(
        EncryptedStore::open(&path, &Careless, randomness()),
        Err(OpenWalletError::WrongKey)
    ));
}

#[test]
fn a_newer_layout_is_refused_and_a_missing_part_is_damage() {
    let header = |name: &str| Tenant::parse("wallet").unwrap().key(Space::new("header"), name);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.redb");
    filled(&path);
    let change = |batch: Batch| Store::open(&path).unwrap().commit(batch).unwrap();

    change(Batch::new().put(header("schema"), 3_u32.to_be_bytes().to_vec()));
    assert!(matches!(
        open_with(&path, 1),
        Err(OpenWalletError::NewerVersion {
            found: 3,
            supported: 2
        })
    ));
    for broken in [vec![], vec![1], 0_u32.to_be_bytes().to_vec()] {
        change(Batch::new().put(header("schema"), broken));
        assert!(matches!(open_with(&path, 1), Err(OpenWalletError::Damaged)));
    }
    // Without the schema the wallet looks new, but its data key is still there: it is not replaced.
    change(Batch::new().delete(header("schema")));
    assert!(matches!(open_with(&path, 1), Err(OpenWalletError::Damaged)));
    change(Batch::new().put(header("schema"), 2_u32.to_be_bytes().to_vec()));
    assert_eq!(block_on(open(&path).credentials()), Ok(vec![credential(1)]));
    change(Batch::new().delete(header("check")));
    assert!(matches!(open_with(&path, 1), Err(OpenWalletError::Damaged)));
}

#[test]
fn a_changed_moved_or_cut_value_is_damage_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.redb");
    let store = open(&path);
    block_on(store.commit(vec![Change::PutCredential(Box::new(credential(1)))])).unwrap();
    drop(store);
    let tenant = Tenant::parse(&PersonId::FIRST.to_string()).unwrap();
    let values = Space::new("values");
    let raw = Store::open(&path).unwrap();
    let entries = raw.scan(&tenant, values, b"", None, 10).unwrap();
    let [only] = &entries[..] else {
        panic!("one value, not {}", entries.len())
    };
    let key = tenant.key(values, &only.suffix);
    drop(raw);
    for damaged in [
        Vec::new(),
        vec![0],
        only.value[..only.value.len() - 1].to_vec(),
        [only.value.as_slice(), &[0]].concat(),
        only.value
            .iter()
            .enumerate()
            .map(|(at, byte)| if at == 40 { byte ^ 1 } else { *byte })
            .collect(),
    ] {
        Store::open(&path)
            .unwrap()
            .commit(Batch::new().put(key.clone(), damaged))
            .unwrap();
        let store = open(&path);
        assert_eq!(
            block_on(store.credential(CredentialId::from_bytes([1; 16]))),
            Err(StoreError::Damaged)
        );
        assert_eq!(block_on(store.credentials()), Err(StoreError::Damaged));
        assert_eq!(block_on(store.history()), Ok(Vec::new()), "the rest can be read");
    }
    // A value under another name of its kind.
    let mut moved = only.suffix.clone();
    *moved.last_mut().unwrap() ^= 1;
    let batch = Batch::new()
        .delete(key)
        .put(tenant.key(values, &moved), only.value.clone());
    Store::open(&path).unwrap().commit(batch).unwrap();
    assert_eq!(block_on(open(&path).credentials()), Err(StoreError::Damaged));
}

#[test]
fn a_file_with_flipped_bits_is_an_error_or_the_truth_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.redb");
    filled(&path);
    let original = std::fs::read(&path).unwrap();
    let damaged_path = folder.path().join("damaged.redb");
    let mut noticed = 0;
    // Only where something is written; the file is mostly empty.
    let written: Vec<usize> = (0..original.len())
        .filter(|at| original[*at] != 0)
        .step_by(61)
        .collect();
    for at in &written {
        let mut bytes = original.clone();
        bytes[*at] ^= 0x10;
        std::fs::write(&damaged_path, &bytes).unwrap();
        match open_with(&damaged_path, 1) {
            Err(_) => noticed += 1,
            Ok(store) => match block_on(store.credentials()) {
                Err(_) => noticed += 1,
                Ok(found) => assert!(found == vec![credential(1)] || found.is_empty(), "byte {at}"),
            },
        }
    }
    assert!(noticed > 0);
    for length in [0, 1, 100, original.len() / 2] {
        std::fs::write(&damaged_path, &original[..length]).unwrap();
        if let Ok(store) = open_with(&damaged_path, 1) {
            assert!(
                block_on(store.credentials()).is_ok_and(|found| found.is_empty()),
                "{length} bytes"
            );
        }
    }
}

#[test]
fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.redb");
    let first = open(&path);
    let second = open_with(&path, 1);
    assert!(matches!(
        second,
        Err(OpenWalletError::Open(symbolon_store::OpenError::AlreadyOpen))
    ));
    drop(first);
    open(&path);
}

#[test]
fn software_keys_sign_are_listed_and_can_be_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.redb");
    let store = open(&path);
    let keys = store.software_keys(Arc::new(RustCryptoProvider));
    let first = keys.create(SignatureAlgorithm::Es256).unwrap();
    let second = keys.create(SignatureAlgorithm::EdDsa).unwrap();
    drop((keys, store));

    let keys = open(&path).software_keys(Arc::new(RustCryptoProvider));
    assert_eq!(keys.describe(&first.handle).unwrap(), first);
    let mut expected = vec![first.handle.clone(), second.handle.clone()];
    let mut listed = keys.list().unwrap();
    expected.sort();
    listed.sort();
    assert_eq!(listed, expected);

    let mut request = SignatureRequest {
        key: first.handle.clone(),
        algorithm: SignatureAlgorithm::Es256,
        bytes: b"message".to_vec(),
    };
    let SignOutcome::Signed(signature) = keys.sign(&request).unwrap() else {
        panic!("never locked")
    };
    RustCryptoProvider
        .verify(
            &first.public_key,
            SignatureAlgorithm::Es256,
            b"message",
            &signature,
        )
        .unwrap();
    request.algorithm = SignatureAlgorithm::EdDsa;
    assert!(matches!(keys.sign(&request), Err(KeyError::WrongAlgorithm)));

    keys.delete(&first.handle).unwrap();
    keys.delete(&first.handle).unwrap();
    assert!(matches!(keys.describe(&first.handle), Err(KeyError::Unknown)));
    assert_eq!(keys.list().unwrap(), [second.handle]);
}
