//! Wallets with known contents.

use std::path::Path;
use std::sync::Arc;

use symbolon_crypto::Randomness;
use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_wallet_core::record::{
    CredentialDisplay, HeldContent, HeldCredential, HistoryEntry, HistoryEvent, StatusListKind,
    StatusReference,
};
use symbolon_wallet_core::{CredentialId, HistoryId};
use symbolon_wallet_store::{
    DataKey, EncryptedStore, OpenWalletError, SoftwareWrappingKey, UnwrapOutcome, WrapDataKey, WrapError,
};
use zeroize::Zeroizing;

pub(crate) const ISSUER: &str = "https://registry.example";
pub(crate) const CLAIM: &str = "Amina Diallo-Zwoelftausend";
pub(crate) const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

pub(crate) fn randomness() -> Arc<dyn Randomness> {
    Arc::new(SeededRandomness::new(11))
}

/// A wrapping key whose 32 bytes are all this one.
pub(crate) struct Key(pub(crate) u8);

impl Key {
    fn with<T>(&self, use_it: impl FnOnce(SoftwareWrappingKey<'_>) -> T) -> T {
        let randomness = SeededRandomness::new(12);
        use_it(SoftwareWrappingKey::new(
            &Zeroizing::new([self.0; 32]),
            &randomness,
        ))
    }
}

impl WrapDataKey for Key {
    fn wrap(&self, key: &DataKey) -> Result<Vec<u8>, WrapError> {
        self.with(|wrapping| wrapping.wrap(key))
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<UnwrapOutcome, WrapError> {
        self.with(|wrapping| wrapping.unwrap(wrapped))
    }
}

pub(crate) fn open_with(path: &Path, key: u8) -> Result<EncryptedStore, OpenWalletError> {
    EncryptedStore::open(path, &Key(key), randomness())
}

pub(crate) fn open(path: &Path) -> EncryptedStore {
    open_with(path, 1).unwrap()
}

pub(crate) fn credential(number: u8) -> HeldCredential {
    HeldCredential {
        id: CredentialId::from_bytes([number; 16]),
        issuer: ISSUER.to_owned(),
        issuer_name: Some("National registry".to_owned()),
        configuration: "NationalIdentity".to_owned(),
        credential_type: format!("{ISSUER}/types/national-identity"),
        content: HeldContent::SdJwtVc {
            sd_jwt: format!("eyJ4Ijoi{CLAIM}~"),
        },
        key: KeyHandle::new("key-of-the-credential"),
        received: UnixTime::from_seconds(1_700_000_000),
        not_before: None,
        expires: None,
        status: vec![StatusReference {
            uri: format!("{ISSUER}/status/1"),
            index: 7,
            list: StatusListKind::Token,
        }],
        display: CredentialDisplay::default(),
        copies: Vec::new(),
        batch: 1,
        arrived: None,
        spent: None,
    }
}

pub(crate) fn entry() -> HistoryEntry {
    HistoryEntry {
        id: HistoryId::from_bytes([1; 16]),
        at: UnixTime::from_seconds(1_700_000_000),
        event: HistoryEvent::Deleted {
            credential: CredentialId::from_bytes([1; 16]),
            issuer: ISSUER.to_owned(),
            credential_type: format!("{ISSUER}/types/national-identity"),
            notice: None,
        },
        data_requests: Vec::new(),
    }
}
