//! Several people on one phone.

use std::path::Path;
use std::sync::Arc;

use symbolon_crypto::passphrase::Passphrase;
use symbolon_crypto::signing::{CreateKeys as _, DescribeKeys as _, KeyError};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};
use symbolon_store::{Batch, Space, Store, Tenant};
use symbolon_wallet_core::testing::{StoreUnderTest, block_on, store_conformance, tell_in_turn};
use symbolon_wallet_core::{
    BoxFuture, Change, ListKeys as _, Person, PersonId, PersonName, StoreError, WalletStore,
};
use symbolon_wallet_store::{
    DataKey, EncryptedStore, OpenWalletError, PassphraseLock, UnwrapOutcome, WalletFile, WrapDataKey,
    WrapError,
};
use zeroize::Zeroizing;

use crate::world::{CLAIM, Key, NOW, credential, entry, randomness};

const CHILD: &str = "Fatoumata-Binta";

fn file(path: &Path) -> WalletFile {
    WalletFile::open(path, &Key(1), randomness()).unwrap()
}

fn name(text: &str) -> PersonName {
    text.parse().unwrap()
}

fn with_child(path: &Path) -> (WalletFile, PersonId) {
    let file = file(path);
    let child = file.add_person(name(CHILD), &Key(2), NOW).unwrap();
    (file, child)
}

fn put(store: &EncryptedStore, number: u8) {
    let changes = vec![
        Change::PutCredential(Box::new(credential(number))),
        Change::PutHistory(Box::new(entry())),
    ];
    block_on(store.commit(changes)).unwrap();
}

#[test]
fn each_person_holds_their_own_and_the_list_says_who_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.redb");
    let (file, child) = with_child(&path);
    let parents = file.unlock(PersonId::FIRST, &Key(1)).unwrap();
    let childs = file.unlock(child, &Key(2)).unwrap();
    assert_eq!((parents.person(), childs.person()), (PersonId::FIRST, child));
    put(&parents, 1);
    put(&childs, 2);
    put(&childs, 3);
    assert_eq!(block_on(parents.credentials()), Ok(vec![credential(1)]));
    assert_eq!(block_on(childs.credentials()).map(|held| held.len()), Ok(2));
    assert_eq!(block_on(parents.credential(credential(2).id)), Ok(None));

    // Keys are each person's own too: cleaning up after one person deletes no other's.
    let provider = Arc::new(RustCryptoProvider);
    let key = childs
        .software_keys(Arc::clone(&provider) as _)
        .create(SignatureAlgorithm::Es256)
        .unwrap();
    let parents_keys = parents.software_keys(provider);
    assert_eq!(parents_keys.list().unwrap(), []);
    assert!(matches!(
        parents_keys.describe(&key.handle),
        Err(KeyError::Unknown)
    ));

    let people = file.people().unwrap();
    let expected = Person {
        id: child,
        name: Some(name(CHILD)),
        added: Some(NOW),
    };
    assert_eq!(people, [Person::first(), expected]);
}

#[test]
fn another_persons_lock_opens_nothing_also_while_that_person_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.redb");
    let (file, child) = with_child(&path);
    let opened = file.unlock(child, &Key(2)).unwrap();
    put(&opened, 1);
    let wrong = file.unlock(child, &Key(1));
    assert!(matches!(wrong, Err(OpenWalletError::Wrap(WrapError::NotOurs))));
    drop(opened);
    let wrong = file.unlock(child, &Key(1));
    assert!(matches!(wrong, Err(OpenWalletError::Wrap(WrapError::NotOurs))));
    let nobody = file.unlock(PersonId::from_bytes([9; 16]), &Key(1));
    assert!(matches!(nobody, Err(OpenWalletError::NoSuchPerson)));
    // A second store of the same person is the same store.
    let once = file.unlock(child, &Key(2)).unwrap();
    let twice = file.unlock(child, &Key(2)).unwrap();
    put(&once, 2);
    assert_eq!(block_on(twice.credentials()).map(|held| held.len()), Ok(2));
}

/// An app that opens a wallet twice must not spend one refresh token twice.
#[test]
fn who_opens_a_wallet_twice_tells_its_issuers_in_turn_and_nobody_waits_for_another_person() {
    let folder = tempfile::tempdir().unwrap();
    let (file, child) = with_child(&folder.path().join("wallet.redb"));
    let once = file.unlock(child, &Key(2)).unwrap();
    let twice = file.unlock(child, &Key(2)).unwrap();
    let parents = file.unlock(PersonId::FIRST, &Key(1)).unwrap();
    assert!(tell_in_turn(&once, &twice));
    assert!(tell_in_turn(&once, &twice.clone()), "a turn ends");
    assert!(!tell_in_turn(&once, &parents));
}

#[test]
fn a_lock_that_waits_keeps_only_its_own_person_out() {
    struct Waiting;
    impl WrapDataKey for Waiting {
        fn wrap(&self, key: &DataKey) -> Result<Vec<u8>, WrapError> {
            Key(3).wrap(key)
        }
        fn unwrap(&self, _: &[u8]) -> Result<UnwrapOutcome, WrapError> {
            Ok(UnwrapOutcome::Locked)
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = file(&folder.path().join("wallet.redb"));
    let ward = file.add_person(name("Ward"), &Waiting, NOW).unwrap();
    assert!(matches!(
        file.unlock(ward, &Waiting),
        Err(OpenWalletError::Locked)
    ));
    assert!(file.unlock(PersonId::FIRST, &Key(1)).is_ok());
    assert_eq!(file.people().unwrap().len(), 2);
}

#[test]
fn what_one_person_holds_cannot_be_moved_to_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.redb");
    let (file, child) = with_child(&path);
    put(&file.unlock(child, &Key(2)).unwrap(), 1);
    drop(file);
    let values = Space::new("values");
    let [first, second] = [PersonId::FIRST, child].map(|id| Tenant::parse(&id.to_string()).unwrap());
    let raw = Store::open(&path).unwrap();
    let batch = raw
        .scan(&second, values, b"", None, 10)
        .unwrap()
        .into_iter()
        .fold(Batch::new(), |batch, entry| {
            batch.put(first.key(values, &entry.suffix), entry.value)
        });
    raw.commit(batch).unwrap();
    drop(raw);
    // Their names are under another key, so they are nobody's.
    let parents = self::file(&path).unlock(PersonId::FIRST, &Key(1)).unwrap();
    assert_eq!(block_on(parents.credentials()), Ok(Vec::new()));
    assert_eq!(block_on(parents.credential(credential(1).id)), Ok(None));
}

#[test]
fn every_person_passes_the_conformance_suite_and_nobody_is_readable_on_disk() {
    struct Child {
        file: WalletFile,
        id: PersonId,
    }
    impl StoreUnderTest for Child {
        fn open(&mut self) -> BoxFuture<'_, Arc<dyn WalletStore>> {
            let store = self.file.unlock(self.id, &Key(2)).unwrap();
            Box::pin(async move { Arc::new(store) as Arc<dyn WalletStore> })
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.redb");
    let (file, id) = with_child(&path);
    let mut child = Child { file, id };
    block_on(store_conformance(&mut child));
    put(&child.file.unlock(id, &Key(2)).unwrap(), 1);
    drop(child);
    let bytes = std::fs::read(&path).unwrap();
    let contains = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(contains(b"data key"), "the search finds what is there");
    for text in [CHILD, "Binta", CLAIM, "person"] {
        assert!(!contains(text.as_bytes()), "{text}");
    }
}

#[test]
fn names_are_given_once_and_people_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.redb");
    let (file, child) = with_child(&path);
    let again = file.add_person(name(CHILD), &Key(3), NOW);
    assert!(matches!(again, Err(OpenWalletError::NameTaken)));
    let taken = file.name_person(PersonId::FIRST, name(CHILD));
    assert!(matches!(taken, Err(OpenWalletError::NameTaken)));
    let nobody = file.name_person(PersonId::from_bytes([9; 16]), name("Nobody"));
    assert!(matches!(nobody, Err(OpenWalletError::NoSuchPerson)));
    file.name_person(child, name(CHILD)).unwrap();
    file.name_person(PersonId::FIRST, name("Amina")).unwrap();
    assert_eq!(file.people().unwrap()[0].name, Some(name("Amina")));
    for number in 2..64 {
        file.add_person(name(&format!("Pupil {number}")), &Key(3), NOW)
            .unwrap();
    }
    let one_more = file.add_person(name("One more"), &Key(3), NOW);
    assert!(matches!(one_more, Err(OpenWalletError::TooManyPeople)));
    assert_eq!(file.people().unwrap().len(), 64);
}

#[test]
fn a_passphrase_is_a_lock() {
    let passphrase = |text: &str| Passphrase::new(Zeroizing::new(text.to_owned())).unwrap();
    let (right, wrong) = (passphrase("correct horse"), passphrase("incorrect horse"));
    let seeded = SeededRandomness::new(13);
    let folder = tempfile::tempdir().unwrap();
    let file = file(&folder.path().join("wallet.redb"));
    let lock = PassphraseLock::new(&right, &seeded);
    let ward = file.add_person(name("Ward"), &lock, NOW).unwrap();
    put(&file.unlock(ward, &lock).unwrap(), 1);
    assert!(matches!(
        file.unlock(ward, &PassphraseLock::new(&wrong, &seeded)),
        Err(OpenWalletError::Wrap(WrapError::NotOurs))
    ));
    // A locked store reads nothing: this one is the lock's own, opened with the right passphrase.
    let store = file.unlock(ward, &PassphraseLock::new(&right, &seeded)).unwrap();
    assert_eq!(
        block_on(store.credentials()),
        Ok::<_, StoreError>(vec![credential(1)])
    );

    let wrapped = lock.wrap(&DataKey::from_bytes(Zeroizing::new([5; 32]))).unwrap();
    for length in 0..wrapped.len() {
        assert!(
            matches!(lock.unwrap(&wrapped[..length]), Err(WrapError::NotOurs)),
            "{length} bytes"
        );
    }
    // The version, a parameter out of range, the salt and what is sealed. A parameter in range costs what it says, so one stands for all.
    for at in [0, 1, 4, 15, 29, wrapped.len() - 1] {
        let mut changed = wrapped.clone();
        changed[at] ^= 0x80;
        assert!(lock.unwrap(&changed).is_err(), "byte {at}");
    }
}

#[test]
fn a_person_who_is_removed_leaves_nothing_and_nobody_else_loses_anything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.redb");
    let (file, child) = with_child(&path);
    let other = file.add_person(name("Other"), &Key(3), NOW).unwrap();
    let parents = file.unlock(PersonId::FIRST, &Key(1)).unwrap();
    put(&parents, 1);
    let childs = file.unlock(child, &Key(2)).unwrap();
    put(&childs, 2);
    let provider = Arc::new(RustCryptoProvider);
    childs
        .software_keys(Arc::clone(&provider) as _)
        .create(SignatureAlgorithm::Es256)
        .unwrap();
    put(&file.unlock(other, &Key(3)).unwrap(), 3);
    assert!(matches!(file.remove_person(child), Err(OpenWalletError::InUse)));
    drop(childs);
    assert!(matches!(
        file.remove_person(PersonId::FIRST),
        Err(OpenWalletError::FirstPerson)
    ));
    file.remove_person(child).unwrap();
    assert!(matches!(
        file.remove_person(child),
        Err(OpenWalletError::NoSuchPerson)
    ));
    assert!(matches!(
        file.unlock(child, &Key(2)),
        Err(OpenWalletError::NoSuchPerson)
    ));
    let people: Vec<PersonId> = file.people().unwrap().iter().map(|person| person.id).collect();
    assert_eq!(people, [PersonId::FIRST, other]);
    assert_eq!(block_on(parents.credentials()), Ok(vec![credential(1)]));
    let others = file.unlock(other, &Key(3)).unwrap();
    assert_eq!(block_on(others.credentials()), Ok(vec![credential(3)]));
    // The name is free again, and nothing of whom it was comes back.
    let again = file.add_person(name(CHILD), &Key(4), NOW).unwrap();
    assert_eq!(
        block_on(file.unlock(again, &Key(4)).unwrap().credentials()),
        Ok(Vec::new())
    );
    drop((parents, others, file));
    let store = Store::open_checked(&path).unwrap();
    let tenant = Tenant::parse(&child.to_string()).unwrap();
    for space in ["header", "values"] {
        let left = store.scan(&tenant, Space::new(space), b"", None, 100).unwrap();
        assert_eq!(left.len(), 0, "{space}");
    }
}
