//! Files of every layout so far, and records of every version so far in them.
//!
//! The fixture is written by this file from the description of the layout, not by the store, so that it stays what it is.

use std::sync::Arc;

use symbolon_crypto::signing::{CreateKeys as _, DescribeKeys as _};
use symbolon_crypto::symmetric::SymmetricKey;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{Randomness, RustCryptoProvider, SecretKey, SignatureAlgorithm};
use symbolon_store::testing::{DyingDisk, Survivors};
use symbolon_store::{Batch, Space, Store, Tenant};
use symbolon_wallet_core::record::{HeldContent, HeldCredential};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{CredentialId, FlowId, ListKeys as _, Person, PersonId, WalletStore};
use symbolon_wallet_store::{DataKey, OpenWalletError, Part, WalletFile, WrapDataKey as _, WrapError};
use zeroize::Zeroizing;

use crate::world::{Key, randomness};

const DATA_KEY: [u8; 32] = [0x5a; 32];

/// A credential as each version of its record was written.
const CREDENTIALS: [(u8, &str); 3] = [
    (
        1,
        r##"{"version":1,"record":{"id":"01010101010101010101010101010101","issuer":"https://issuer.example","issuer_name":null,"configuration":"NationalIdentity","credential_type":"urn:t","sd_jwt":"e30.e30.c2ln~","key":"k1","received":1800000000,"expires":1900000000,"status":{"uri":"https://issuer.example/status/1","index":7},"display":{"credential":[],"claims":[]}}}"##,
    ),
    (
        2,
        r#"{"version":2,"record":{"id":"02020202020202020202020202020202","issuer":"https://issuer.example","issuer_name":null,"configuration":"mdl","credential_type":"org.iso.18013.5.1.mDL","content":{"mso_mdoc":{"issuer_signed":"oA"}},"key":"k2","received":1800000000,"expires":null,"status":[],"display":{"credential":[],"claims":[]}}}"#,
    ),
    (
        3,
        r#"{"version":3,"record":{"id":"03030303030303030303030303030303","issuer":"https://issuer.example","issuer_name":"Registry","configuration":"mdl","credential_type":"org.iso.18013.5.1.mDL","content":{"mso_mdoc":{"issuer_signed":"oA"}},"key":"k3","received":1800000000,"expires":null,"status":[],"display":{"credential":[],"claims":[]},"copies":[{"content":{"mso_mdoc":{"issuer_signed":"oQ"}},"key":"k4","expires":null,"status":[]}]}}"#,
    ),
];

/// A flow as each version of its record was written.
const FLOWS: [(u8, &str); 3] = [
    (
        1,
        r#"{"version":1,"record":{"id":"01010101010101010101010101010101","revision":3,"started":1800000000,"updated":1800000001,"stage":{"receive":{"finished":"declined"}}}}"#,
    ),
    (
        2,
        r#"{"version":2,"record":{"id":"02020202020202020202020202020202","revision":3,"started":1800000000,"updated":1800000001,"stage":{"receive":{"finished":{"new_offer_needed":"answer_lost"}}}}}"#,
    ),
    (
        3,
        r#"{"version":3,"record":{"id":"03030303030303030303030303030303","revision":3,"started":1800000000,"updated":1800000001,"stage":{"present":{"finished":"declined"}}}}"#,
    ),
];

const HISTORY: &str = r#"{"version":1,"record":{"id":"01010101010101010101010101010101","at":1800000000,"event":{"kind":"deleted","credential":"01010101010101010101010101010101","issuer":"https://issuer.example","credential_type":"urn:t"}}}"#;

/// The names and seals of the first layout.
struct FirstLayout {
    sealing: SymmetricKey,
    naming: SymmetricKey,
    randomness: SeededRandomness,
    tenant: Tenant,
    batch: Batch,
}

impl FirstLayout {
    fn hash(&self, parts: [&[u8]; 2]) -> [u8; 32] {
        let message: Vec<u8> = parts
            .iter()
            .flat_map(|part| [&(part.len() as u64).to_be_bytes(), *part].concat())
            .collect();
        self.naming.authenticate(&message)
    }

    fn name(&self, kind: &str, id: &[u8]) -> Vec<u8> {
        let kind = kind.as_bytes();
        [&self.hash([b"kind", kind])[..8], &self.hash([kind, id])].concat()
    }

    fn sealed(&self, name: &[u8], value: &[u8]) -> Vec<u8> {
        let sealed = self.sealing.seal(value, name, &self.randomness).unwrap();
        [&[1], sealed.as_slice()].concat()
    }

    fn put(mut self, kind: &str, id: &[u8], value: &[u8]) -> Self {
        let name = self.name(kind, id);
        let sealed = self.sealed(&name, value);
        let place = self.tenant.key(Space::new("values"), &name);
        self.batch = self.batch.put(place, sealed);
        self
    }
}

/// A file as the first layout had it, with records of every version, and the name of the key in it.
fn first_layout() -> (Vec<u8>, String) {
    let data_key = SymmetricKey::new(DATA_KEY);
    let tenant = Tenant::parse("wallet").unwrap();
    let mut layout = FirstLayout {
        sealing: data_key.derive(b"symbolon wallet store 1: sealing"),
        naming: data_key.derive(b"symbolon wallet store 1: naming"),
        randomness: SeededRandomness::new(21),
        tenant: tenant.clone(),
        batch: Batch::new(),
    };
    let check = layout.sealed(&layout.name("check", b""), b"");
    let wrapped = Key(1)
        .wrap(&DataKey::from_bytes(Zeroizing::new(DATA_KEY)))
        .unwrap();
    let header = |name: &str| tenant.key(Space::new("header"), name);
    layout.batch = layout
        .batch
        .put(header("schema"), 1_u32.to_be_bytes().to_vec())
        .put(header("data key"), wrapped)
        .put(header("check"), check);
    for (id, written) in CREDENTIALS {
        layout = layout.put("credential", &[id; 16], written.as_bytes());
    }
    for (id, written) in FLOWS {
        layout = layout.put("flow", &[id; 16], written.as_bytes());
    }
    layout = layout.put("history", &[1; 16], HISTORY.as_bytes());
    let randomness: &dyn Randomness = &SeededRandomness::new(22);
    let key = SecretKey::generate(SignatureAlgorithm::Es256, randomness).unwrap();
    let handle = key.public_key().thumbprint().to_string();
    let value = [handle.as_bytes(), &[0], &key.to_pkcs8_der().unwrap()].concat();
    layout = layout.put("software key", handle.as_bytes(), &value);
    let disk = DyingDisk::new(usize::MAX);
    let store = Store::open_with_backend(disk.clone()).unwrap();
    store.commit(layout.batch).unwrap();
    drop(store);
    (disk.after_the_cut(Survivors::None), handle)
}

fn on(disk: &DyingDisk, key: u8) -> Result<WalletFile, OpenWalletError> {
    let store = Store::open_with_backend(disk.clone())?;
    WalletFile::open_in(store, &Key(key), randomness())
}

/// That the first person has all that was there.
fn is_whole(file: &WalletFile, handle: &str) {
    assert_eq!(file.people().unwrap(), [Person::first()]);
    let store = file.unlock(PersonId::FIRST, &Key(1)).unwrap();
    let held = block_on(store.credentials()).unwrap();
    assert_eq!(held.len(), 3);
    let credential = |id: u8| -> HeldCredential {
        block_on(store.credential(CredentialId::from_bytes([id; 16])))
            .unwrap()
            .unwrap()
    };
    assert_eq!(
        credential(1).content,
        HeldContent::SdJwtVc {
            sd_jwt: "e30.e30.c2ln~".to_owned()
        }
    );
    assert_eq!(credential(1).status.len(), 1);
    assert_eq!(credential(2).key.as_str(), "k2");
    assert_eq!(credential(3).copies.len(), 1);
    for (id, _) in FLOWS {
        let flow = block_on(store.flow(FlowId::from_bytes([id; 16]))).unwrap();
        assert_eq!(flow.unwrap().revision, 3);
    }
    assert_eq!(block_on(store.history()).unwrap().len(), 1);
    let keys = store.software_keys(Arc::new(RustCryptoProvider));
    let listed = keys.list().unwrap();
    assert_eq!(listed.len(), 1);
    let only = listed.first().unwrap();
    assert_eq!(keys.describe(only).unwrap().handle.as_str(), handle);
}

#[test]
fn a_file_of_the_first_layout_becomes_the_first_persons_and_goes_on() {
    let (image, handle) = first_layout();
    let disk = DyingDisk::from_image(image);
    let file = on(&disk, 1).unwrap();
    is_whole(&file, &handle);
    let child = file
        .add_person("Binta".parse().unwrap(), &Key(2), crate::world::NOW)
        .unwrap();
    assert_eq!(
        block_on(file.unlock(child, &Key(2)).unwrap().credentials()),
        Ok(Vec::new())
    );
    file.rotate_data_key(Part::Wallet(PersonId::FIRST), &Key(1))
        .unwrap();
    drop(file);
    // Nothing is left where it was.
    let raw = Store::open_with_backend(disk.clone()).unwrap();
    let old = Tenant::parse("wallet").unwrap();
    let left = raw.scan(&old, Space::new("values"), b"", None, 10).unwrap();
    assert_eq!(left.len(), 2, "the two people and nothing else");
    drop(raw);
    let store = on(&disk, 1).unwrap().unlock(PersonId::FIRST, &Key(1)).unwrap();
    assert_eq!(block_on(store.credentials()).unwrap().len(), 3);
    store
        .software_keys(Arc::new(RustCryptoProvider))
        .create(SignatureAlgorithm::Es256)
        .unwrap();
}

#[test]
fn a_wrong_key_does_not_change_a_file_of_the_first_layout() {
    let (image, handle) = first_layout();
    let disk = DyingDisk::from_image(image);
    assert!(matches!(
        on(&disk, 2),
        Err(OpenWalletError::Wrap(WrapError::NotOurs))
    ));
    is_whole(&on(&disk, 1).unwrap(), &handle);
}

#[test]
fn whoever_dies_while_the_layout_changes_finds_everything() {
    let (image, handle) = first_layout();
    for dies_at in 0.. {
        assert!(dies_at < 10_000, "it never ends");
        let disk = DyingDisk::from_image_until(image.clone(), dies_at);
        let outcome = on(&disk, 1).map(drop);
        for survivors in [Survivors::None, Survivors::Some { seed: 3 }] {
            let left = DyingDisk::from_image(disk.after_the_cut(survivors));
            is_whole(&on(&left, 1).unwrap(), &handle);
        }
        if outcome.is_ok() {
            break;
        }
    }
}
