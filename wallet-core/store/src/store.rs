//! The wallet's store.

use std::path::Path;
use std::sync::Arc;

use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::{CryptoProvider, Randomness};
use symbolon_store::{Batch, CommitError, Key, OpenError, ReadError, Space, Store, Tenant};
use symbolon_wallet_core::record::{Flow, HeldCredential, HistoryEntry, Record, decode, encode};
use symbolon_wallet_core::{BoxFuture, Change, CredentialId, FlowId, StoreError, WalletStore};
use thiserror::Error;

use crate::answer;
use crate::data_key::{DataKey, UnwrapOutcome, WrapDataKey, WrapError};
use crate::keys::SoftwareKeys;
use crate::seal::{Kind, Sealer};

/// The version of the layout described in this crate's documentation.
pub const SCHEMA_VERSION: u32 = 1;

/// An encrypted [`WalletStore`] in one file. Clones share it; the last one closes it.
#[derive(Clone)]
pub struct EncryptedStore {
    pub(crate) sealed: Arc<SealedStore>,
}

impl EncryptedStore {
    /// Opens the wallet at `path`, creating it (mode 0600) with a fresh data key when absent. The folder must exist.
    ///
    /// # Errors
    /// [`OpenWalletError`]. Nothing is changed then; [`OpenWalletError::Locked`] asks for the person, and another try.
    pub fn open(
        path: &Path,
        wrapping_key: &dyn WrapDataKey,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, OpenWalletError> {
        // A wallet is small, and a phone's flash is old: what is damaged is found now, as an error.
        Self::open_in(Store::open_checked(path)?, wrapping_key, randomness)
    }

    /// Opens the wallet in a store that is already open, for storage of the caller's own.
    ///
    /// # Errors
    /// As [`EncryptedStore::open`].
    pub fn open_in(
        store: Store,
        wrapping_key: &dyn WrapDataKey,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, OpenWalletError> {
        let tenant = Tenant::parse(TENANT).map_err(|_| OpenWalletError::Damaged)?;
        let header = |name: &str| tenant.key(HEADER, name);
        let sealer = match store.get(&header(SCHEMA))? {
            Some(schema) => {
                check_schema(&schema)?;
                let wrapped = store.get(&header(WRAPPED_KEY))?.ok_or(OpenWalletError::Damaged)?;
                let key = match wrapping_key.unwrap(&wrapped)? {
                    UnwrapOutcome::Unwrapped(key) => key,
                    UnwrapOutcome::Locked => return Err(OpenWalletError::Locked),
                };
                let sealer = Sealer::new(&key);
                let check = store.get(&header(CHECK))?.ok_or(OpenWalletError::Damaged)?;
                // The port promises that it never unwraps to another key. If it does all the same, say so here, before
                // every single value looks damaged.
                sealer
                    .open(&sealer.name(Kind::Check, b""), &check)
                    .map_err(|_| OpenWalletError::WrongKey)?;
                sealer
            }
            None => {
                let key = DataKey::make(randomness.as_ref())?;
                let sealer = Sealer::new(&key);
                let check = sealer.seal(&sealer.name(Kind::Check, b""), b"", randomness.as_ref())?;
                let batch = Batch::new()
                    .require_absent(header(SCHEMA))
                    .require_absent(header(WRAPPED_KEY))
                    .put(header(SCHEMA), SCHEMA_VERSION.to_be_bytes().to_vec())
                    .put(header(WRAPPED_KEY), wrapping_key.wrap(&key)?)
                    .put(header(CHECK), check);
                store.commit(batch).map_err(|error| match error {
                    CommitError::RequirementFailed { .. } => OpenWalletError::Damaged,
                    other => OpenWalletError::Commit(other),
                })?;
                sealer
            }
        };
        Ok(Self {
            sealed: Arc::new(SealedStore {
                store,
                tenant,
                sealer,
                randomness,
            }),
        })
    }

    /// Keys in software, sealed in this store: for the command line and for development. A phone hands in its platform's
    /// key store instead, whose keys cannot be copied.
    #[must_use]
    pub fn software_keys(&self, provider: Arc<dyn CryptoProvider>) -> SoftwareKeys {
        SoftwareKeys::new(Arc::clone(&self.sealed), provider)
    }
}

/// The sealed values of one wallet.
pub(crate) struct SealedStore {
    pub(crate) store: Store,
    tenant: Tenant,
    pub(crate) sealer: Sealer,
    pub(crate) randomness: Arc<dyn Randomness>,
}

impl SealedStore {
    pub(crate) fn key(&self, name: &[u8]) -> Key {
        self.tenant.key(VALUES, name)
    }

    pub(crate) fn seal(&self, name: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.sealer.seal(name, value, self.randomness.as_ref())
    }

    fn one<T: Record>(&self, kind: Kind, id: &[u8]) -> Result<Option<T>, StoreError> {
        let name = self.sealer.name(kind, id);
        let Some(written) = self.store.get(&self.key(&name)).map_err(unreadable)? else {
            return Ok(None);
        };
        Ok(Some(decode(&self.sealer.open(&name, &written)?)?))
    }

    /// Every value of a kind, opened, under one snapshot.
    pub(crate) fn all<T>(
        &self,
        kind: Kind,
        mut read: impl FnMut(&[u8]) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let prefix = self.sealer.prefix(kind);
        self.store
            .scan(&self.tenant, VALUES, &prefix, None, usize::MAX)
            .map_err(unreadable)?
            .into_iter()
            .map(|entry| read(&self.sealer.open(&entry.suffix, &entry.value)?))
            .collect()
    }

    fn batch(&self, changes: &[Change]) -> Result<Batch, StoreError> {
        changes.iter().try_fold(Batch::new(), |batch, change| {
            Ok(match change {
                Change::PutFlow(flow) => self.put_flow(batch, flow)?,
                Change::PutCredential(credential) => {
                    let name = self.sealer.name(Kind::Credential, credential.id.as_bytes());
                    let sealed = self.seal(&name, &encode(credential.as_ref())?)?;
                    batch.require_absent(self.key(&name)).put(self.key(&name), sealed)
                }
                Change::AfterShowing { shown, credential } => self.after_showing(batch, shown, credential)?,
                Change::PutHistory(entry) => {
                    let name = self.sealer.name(Kind::History, entry.id.as_bytes());
                    let sealed = self.seal(&name, &encode(entry.as_ref())?)?;
                    batch.put(self.key(&name), sealed)
                }
                Change::DeleteFlow(id) => {
                    batch.delete(self.key(&self.sealer.name(Kind::Flow, id.as_bytes())))
                }
                Change::DeleteCredential(id) => {
                    batch.delete(self.key(&self.sealer.name(Kind::Credential, id.as_bytes())))
                }
                Change::DeleteHistory(id) => {
                    batch.delete(self.key(&self.sealer.name(Kind::History, id.as_bytes())))
                }
            })
        })
    }

    /// As with flows: which copy comes next is inside the sealed value.
    fn after_showing(
        &self,
        batch: Batch,
        shown: &KeyHandle,
        credential: &HeldCredential,
    ) -> Result<Batch, StoreError> {
        let name = self.sealer.name(Kind::Credential, credential.id.as_bytes());
        let key = self.key(&name);
        let stored = self.store.get(&key).map_err(unreadable)?;
        let stored = stored.ok_or(StoreError::Conflict)?;
        let current: HeldCredential = decode(&self.sealer.open(&name, &stored)?)?;
        if current.key != *shown {
            return Err(StoreError::Conflict);
        }
        let sealed = self.seal(&name, &encode(credential)?)?;
        Ok(batch.require_equals(key.clone(), stored).put(key, sealed))
    }

    /// The revision is inside the sealed value, so it is read here, and the batch demands that the value is still the same.
    fn put_flow(&self, batch: Batch, flow: &Flow) -> Result<Batch, StoreError> {
        let name = self.sealer.name(Kind::Flow, flow.id.as_bytes());
        let key = self.key(&name);
        let stored = self.store.get(&key).map_err(unreadable)?;
        let (revision, batch) = match stored {
            None => (0, batch.require_absent(key.clone())),
            Some(written) => {
                let current: Flow = decode(&self.sealer.open(&name, &written)?)?;
                (current.revision, batch.require_equals(key.clone(), written))
            }
        };
        if revision.checked_add(1) != Some(flow.revision) {
            return Err(StoreError::Conflict);
        }
        Ok(batch.put(key, self.seal(&name, &encode(flow)?)?))
    }
}

impl WalletStore for EncryptedStore {
    fn flow(&self, id: FlowId) -> BoxFuture<'_, Result<Option<Flow>, StoreError>> {
        Box::pin(async move { self.sealed.one(Kind::Flow, id.as_bytes()) })
    }

    fn flows(&self) -> BoxFuture<'_, Result<Vec<Flow>, StoreError>> {
        Box::pin(async move { self.sealed.all(Kind::Flow, |bytes| Ok(decode(bytes)?)) })
    }

    fn credential(&self, id: CredentialId) -> BoxFuture<'_, Result<Option<HeldCredential>, StoreError>> {
        Box::pin(async move { self.sealed.one(Kind::Credential, id.as_bytes()) })
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Vec<HeldCredential>, StoreError>> {
        Box::pin(async move { self.sealed.all(Kind::Credential, |bytes| Ok(decode(bytes)?)) })
    }

    fn history(&self) -> BoxFuture<'_, Result<Vec<HistoryEntry>, StoreError>> {
        Box::pin(async move { self.sealed.all(Kind::History, |bytes| Ok(decode(bytes)?)) })
    }

    fn commit(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let batch = self.sealed.batch(&changes)?;
            let (promise, answer) = answer::pair();
            self.sealed
                .store
                .submit(batch, move |result| promise.keep(result));
            match answer.await {
                Some(Ok(())) => Ok(()),
                Some(Err(CommitError::RequirementFailed { .. })) => Err(StoreError::Conflict),
                Some(Err(_)) | None => Err(StoreError::Unavailable),
            }
        })
    }
}

fn check_schema(written: &[u8]) -> Result<(), OpenWalletError> {
    let found = u32::from_be_bytes(written.try_into().map_err(|_| OpenWalletError::Damaged)?);
    match found {
        SCHEMA_VERSION => Ok(()),
        found if found > SCHEMA_VERSION => Err(OpenWalletError::NewerVersion {
            found,
            supported: SCHEMA_VERSION,
        }),
        _ => Err(OpenWalletError::Damaged),
    }
}

/// What the file says wrongly is damage; what it does not say is a device that fails.
pub(crate) fn unreadable(error: ReadError) -> StoreError {
    match error {
        ReadError::Storage(source) if matches!(*source, redb::Error::Corrupted(_)) => StoreError::Damaged,
        _ => StoreError::Unavailable,
    }
}

/// Why a wallet could not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenWalletError {
    /// The file cannot be opened, is open elsewhere, or is no store.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The new wallet could not be written.
    #[error("the new wallet cannot be written")]
    Commit(#[source] CommitError),
    /// The key that wraps the data key waits for the person.
    #[error("the wallet is locked")]
    Locked,
    /// The key that wraps the data key failed.
    #[error(transparent)]
    Wrap(#[from] WrapError),
    /// The wallet was sealed with another key.
    #[error("the wallet was sealed with another key")]
    WrongKey,
    /// Parts of the wallet are missing or damaged.
    #[error("the wallet's store is damaged")]
    Damaged,
    /// The wallet was written by a newer version.
    #[error("the wallet's store has version {found}, this version reads up to {supported}")]
    NewerVersion {
        /// The version found.
        found: u32,
        /// The newest version that can be read.
        supported: u32,
    },
    /// Sealing failed.
    #[error(transparent)]
    Seal(#[from] StoreError),
}

/// A phone has one wallet; the tenant exists because every key of the store begins with one.
const TENANT: &str = "wallet";
/// What must be readable before the data key is known.
const HEADER: Space = Space::new("header");
/// Everything else, sealed.
const VALUES: Space = Space::new("values");
const SCHEMA: &str = "schema";
const WRAPPED_KEY: &str = "data key";
const CHECK: &str = "check";
