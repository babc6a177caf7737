//! New keys for what is there, whoever dies in between.

use std::sync::Arc;

use symbolon_crypto::signing::{CreateKeys as _, DescribeKeys as _, KeyHandle};
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};
use symbolon_store::testing::{DyingDisk, Survivors};
use symbolon_store::{Batch, Space, Store, Tenant};
use symbolon_wallet_core::receive::{FinishedReceipt, ReceiveStage};
use symbolon_wallet_core::record::{
    Flow, KnownStatus, Refusal, RefusalRule, Reissue, ReissueReason, Stage, VerifierEvidence, VerifierRecord,
};
use symbolon_wallet_core::testing::{block_on, poll_once};
use symbolon_wallet_core::{Change, FlowId, PersonId, RefusalId, StoreError, WalletStore};
use symbolon_wallet_store::{EncryptedStore, OpenWalletError, Part, WalletFile, WrapError};

use crate::world::{Key, NOW, credential, entry, randomness};

const FIRST: Part = Part::Wallet(PersonId::FIRST);
const EACH_WAY: [Survivors; 3] = [
    Survivors::None,
    Survivors::Some { seed: 1 },
    Survivors::Some { seed: 2 },
];

fn on(disk: &DyingDisk, key: u8) -> Result<WalletFile, OpenWalletError> {
    let store = Store::open_with_backend(disk.clone())?;
    WalletFile::open_in(store, &Key(key), randomness())
}

/// A file with the wallets of two people, and the name of the first one's key.
fn filled() -> (Vec<u8>, PersonId, KeyHandle) {
    let disk = DyingDisk::new(usize::MAX);
    let file = on(&disk, 1).unwrap();
    let child = file.add_person("Binta".parse().unwrap(), &Key(2), NOW).unwrap();
    put(&file.unlock(child, &Key(2)).unwrap(), 3);
    let store = file.unlock(PersonId::FIRST, &Key(1)).unwrap();
    put(&store, 1);
    let key = store
        .software_keys(Arc::new(RustCryptoProvider))
        .create(SignatureAlgorithm::Es256)
        .unwrap();
    drop((store, file));
    (disk.after_the_cut(Survivors::None), child, key.handle)
}

fn put(store: &EncryptedStore, number: u8) {
    let flow = Flow {
        id: FlowId::from_bytes([number; 16]),
        revision: 1,
        started: NOW,
        updated: NOW,
        bound_to: None,
        stage: Stage::Receive(ReceiveStage::Finished(FinishedReceipt::Declined)),
    };
    let changes = vec![
        Change::PutCredential(Box::new(credential(number))),
        Change::PutHistory(Box::new(entry())),
        Change::PutFlow(Box::new(flow)),
        Change::PutStatus(Box::new(known(number))),
        Change::PutReissue(Box::new(again(number))),
        Change::PutRefusal(Box::new(refused(number))),
    ];
    block_on(store.commit(changes)).unwrap();
}

fn known(number: u8) -> KnownStatus {
    KnownStatus {
        credential: credential(number).id,
        entries: Vec::new(),
    }
}

fn refused(number: u8) -> Refusal {
    Refusal {
        id: RefusalId::from_bytes([number; 16]),
        verifier: VerifierRecord {
            client_id: "x509_hash:abc".to_owned(),
            name: None,
            response_origin: String::new(),
            evidence: VerifierEvidence::Registered,
            contact: None,
        },
        asked: Vec::new(),
        at: NOW,
        rule: RefusalRule::Always,
    }
}

fn again(number: u8) -> Reissue {
    Reissue::of(&credential(number), ReissueReason::Restored, NOW)
}

/// That everything is there as [`filled`] put it.
fn is_whole(store: &EncryptedStore, number: u8) {
    assert_eq!(block_on(store.credentials()), Ok(vec![credential(number)]));
    assert_eq!(
        block_on(store.credential(credential(number).id)),
        Ok(Some(credential(number)))
    );
    assert_eq!(block_on(store.history()), Ok(vec![entry()]));
    assert_eq!(block_on(store.statuses()), Ok(vec![known(number)]));
    assert_eq!(block_on(store.reissues()), Ok(vec![again(number)]));
    assert_eq!(block_on(store.refusals()), Ok(vec![refused(number)]));
    let flow = block_on(store.flow(FlowId::from_bytes([number; 16])));
    assert_eq!(flow.unwrap().unwrap().revision, 1);
}

/// Every sealed value of a part, as it is on disk.
fn values(disk: &DyingDisk, part: &str) -> Vec<Vec<u8>> {
    let tenant = Tenant::parse(part).unwrap();
    Store::open_with_backend(disk.clone())
        .unwrap()
        .scan(&tenant, Space::new("values"), b"", None, 100)
        .unwrap()
        .into_iter()
        .flat_map(|entry| [entry.suffix, entry.value])
        .collect()
}

#[test]
fn a_new_data_key_leaves_everything_there_and_no_value_as_it_was() {
    let (image, child, key) = filled();
    let disk = DyingDisk::from_image(image);
    let before: Vec<_> = ["wallet", &PersonId::FIRST.to_string()]
        .map(|part| values(&disk, part))
        .concat();
    let file = on(&disk, 1).unwrap();
    file.rotate_data_key(FIRST, &Key(1)).unwrap();
    file.rotate_data_key(Part::People, &Key(1)).unwrap();
    assert_eq!(
        file.people().unwrap().len(),
        2,
        "the list goes on under its new key"
    );
    is_whole(&file.unlock(PersonId::FIRST, &Key(1)).unwrap(), 1);
    drop(file);

    let after: Vec<_> = ["wallet", &PersonId::FIRST.to_string()]
        .map(|part| values(&disk, part))
        .concat();
    assert_eq!(before.len(), after.len());
    assert!(after.iter().all(|value| !before.contains(value)));
    let file = on(&disk, 1).unwrap();
    let store = file.unlock(PersonId::FIRST, &Key(1)).unwrap();
    is_whole(&store, 1);
    let keys = store.software_keys(Arc::new(RustCryptoProvider));
    assert_eq!(keys.describe(&key).unwrap().handle, key);
    is_whole(&file.unlock(child, &Key(2)).unwrap(), 3);
}

#[test]
fn a_wallet_in_use_is_not_sealed_anew_and_a_wrong_lock_changes_nothing() {
    let (image, ..) = filled();
    let disk = DyingDisk::from_image(image);
    let file = on(&disk, 1).unwrap();
    let store = file.unlock(PersonId::FIRST, &Key(1)).unwrap();
    assert!(matches!(
        file.rotate_data_key(FIRST, &Key(1)),
        Err(OpenWalletError::InUse)
    ));
    is_whole(&store, 1);
    drop(store);
    assert!(matches!(
        file.rotate_data_key(FIRST, &Key(9)),
        Err(OpenWalletError::Wrap(WrapError::NotOurs))
    ));
    is_whole(&file.unlock(PersonId::FIRST, &Key(1)).unwrap(), 1);
}

/// Two files on one open store cannot see each other's wallets in use.
#[test]
fn a_store_under_the_old_data_key_says_so_and_does_not_look_empty() {
    let (image, ..) = filled();
    let store = Store::open_with_backend(DyingDisk::from_image(image)).unwrap();
    let one = WalletFile::open_in(store.clone(), &Key(1), randomness()).unwrap();
    let stale = one.unlock(PersonId::FIRST, &Key(1)).unwrap();
    let other = WalletFile::open_in(store, &Key(1), randomness()).unwrap();
    other.rotate_data_key(FIRST, &Key(1)).unwrap();
    assert_eq!(block_on(stale.credentials()), Err(StoreError::Unavailable));
    let late = vec![Change::PutCredential(Box::new(credential(5)))];
    assert_eq!(block_on(stale.commit(late)), Err(StoreError::Conflict));
    is_whole(&other.unlock(PersonId::FIRST, &Key(1)).unwrap(), 1);
}

/// An app that is killed, or gives up waiting, has handed over a change all the same.
#[test]
fn what_was_handed_over_before_is_sealed_under_the_new_key_too() {
    for number in 10..30 {
        let disk = DyingDisk::new(usize::MAX);
        let file = on(&disk, 1).unwrap();
        let store = file.unlock(PersonId::FIRST, &Key(1)).unwrap();
        let change = Change::PutRefusal(Box::new(refused(number)));
        let _ = poll_once(store.commit(vec![change]));
        drop(store);
        file.rotate_data_key(FIRST, &Key(1)).unwrap();
        let store = file.unlock(PersonId::FIRST, &Key(1)).unwrap();
        assert_eq!(block_on(store.refusals()), Ok(vec![refused(number)]));
    }
}

#[test]
fn a_damaged_value_stops_the_rotation_before_anything_is_written() {
    let (image, ..) = filled();
    let disk = DyingDisk::from_image(image);
    let tenant = Tenant::parse(&PersonId::FIRST.to_string()).unwrap();
    let space = Space::new("values");
    for damage in [b"of no kind".to_vec(), Vec::new()] {
        let raw = Store::open_with_backend(disk.clone()).unwrap();
        let place = if damage.is_empty() {
            let first = raw.scan(&tenant, space, b"", None, 1).unwrap().remove(0);
            tenant.key(space, &first.suffix)
        } else {
            tenant.key(space, b"a name that no kind begins with")
        };
        let kept = raw.get(&place).unwrap();
        raw.commit(Batch::new().put(place.clone(), damage)).unwrap();
        drop(raw);
        let before = values(&disk, &PersonId::FIRST.to_string());
        let refused = on(&disk, 1).unwrap().rotate_data_key(FIRST, &Key(1));
        assert!(matches!(
            refused,
            Err(OpenWalletError::Damaged | OpenWalletError::Seal(StoreError::Damaged))
        ));
        assert_eq!(values(&disk, &PersonId::FIRST.to_string()), before);
        let repaired = match kept {
            Some(value) => Batch::new().put(place, value),
            None => Batch::new().delete(place),
        };
        Store::open_with_backend(disk.clone())
            .unwrap()
            .commit(repaired)
            .unwrap();
    }
}

#[test]
fn another_lock_opens_the_same_and_the_old_one_nothing() {
    let (image, child, _) = filled();
    let disk = DyingDisk::from_image(image);
    let file = on(&disk, 1).unwrap();
    let store = file.unlock(PersonId::FIRST, &Key(1)).unwrap();
    // All or none: the child's is not under the old lock.
    let all = [Part::People, FIRST, Part::Wallet(child)];
    assert!(file.change_lock(&all, &Key(1), &Key(7)).is_err());
    assert!(file.unlock(PersonId::FIRST, &Key(1)).is_ok());
    file.change_lock(&[Part::People, FIRST], &Key(1), &Key(7))
        .unwrap();
    is_whole(&store, 1);
    drop((store, file));
    assert!(matches!(
        on(&disk, 1),
        Err(OpenWalletError::Wrap(WrapError::NotOurs))
    ));
    let file = on(&disk, 7).unwrap();
    is_whole(&file.unlock(PersonId::FIRST, &Key(7)).unwrap(), 1);
    is_whole(&file.unlock(child, &Key(2)).unwrap(), 3);
}

/// The power goes at every single operation of the disk.
#[test]
fn whoever_dies_while_keys_change_finds_everything_under_one_of_them() {
    let (image, child, key) = filled();
    let change = |disk: &DyingDisk| -> Result<(), OpenWalletError> {
        let file = on(disk, 1)?;
        file.rotate_data_key(FIRST, &Key(1))?;
        file.rotate_data_key(Part::People, &Key(1))?;
        file.change_lock(&[Part::People, FIRST], &Key(1), &Key(7))
    };
    let (mut under_old, mut under_new) = (0, 0);
    for dies_at in 0.. {
        assert!(dies_at < 10_000, "it never ends");
        let disk = DyingDisk::from_image_until(image.clone(), dies_at);
        let outcome = change(&disk);
        for survivors in EACH_WAY {
            let left = DyingDisk::from_image(disk.after_the_cut(survivors));
            let (file, lock) = match on(&left, 1) {
                Ok(file) => {
                    under_old += 1;
                    (file, 1)
                }
                Err(OpenWalletError::Wrap(WrapError::NotOurs)) => {
                    under_new += 1;
                    (on(&left, 7).unwrap(), 7)
                }
                Err(error) => panic!("cut at {dies_at}: {error}"),
            };
            assert_eq!(file.people().unwrap().len(), 2);
            let store = file.unlock(PersonId::FIRST, &Key(lock)).unwrap();
            is_whole(&store, 1);
            let keys = store.software_keys(Arc::new(RustCryptoProvider));
            assert_eq!(keys.describe(&key).unwrap().handle, key);
            is_whole(&file.unlock(child, &Key(2)).unwrap(), 3);
        }
        if outcome.is_ok() {
            break;
        }
    }
    assert!(under_old > 0 && under_new > 0, "{under_old} {under_new}");
}
