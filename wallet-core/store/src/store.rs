//! One person's store.

use std::path::Path;
use std::sync::Arc;

use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::{CryptoProvider, Randomness};
use symbolon_store::{Batch, CommitError, Key, Snapshot, Store, Tenant};
use symbolon_wallet_core::record::{
    Flow, HeldCredential, HistoryEntry, KnownStatus, Record, Refusal, Reissue, decode, encode,
};
use symbolon_wallet_core::{
    BoxFuture, Change, CredentialId, FlowId, PersonId, StoreError, Telling, WalletStore,
};
use zeroize::Zeroizing;

use crate::answer;
use crate::data_key::WrapDataKey;
use crate::error::{OpenWalletError, unreadable};
use crate::file::WalletFile;
use crate::keys::SoftwareKeys;
use crate::part::{CHECK, HEADER, OpenPart, VALUES};
use crate::seal::{Kind, Sealer};

/// One person's encrypted [`WalletStore`]. Clones share it; when the last one is dropped, it is locked again.
#[derive(Clone)]
pub struct EncryptedStore {
    pub(crate) sealed: Arc<SealedStore>,
}

impl EncryptedStore {
    /// Opens the wallet of the first person in the file at `path`, creating it (mode 0600) with a fresh data key when absent, for phones
    /// that keep one person's. The folder must exist.
    ///
    /// # Errors
    /// [`OpenWalletError`]. Nothing is changed then; [`OpenWalletError::Locked`] asks for the person, and another try.
    pub fn open(
        path: &Path,
        wrapping_key: &dyn WrapDataKey,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, OpenWalletError> {
        WalletFile::open(path, wrapping_key, randomness)?.unlock(PersonId::FIRST, wrapping_key)
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
    store: Store,
    person: PersonId,
    tenant: Tenant,
    pub(crate) sealer: Sealer,
    /// The check of the data key that the sealer has.
    check: Vec<u8>,
    pub(crate) randomness: Arc<dyn Randomness>,
    telling: Telling,
}

impl SealedStore {
    pub(crate) fn new(
        store: Store,
        person: PersonId,
        part: OpenPart,
        randomness: Arc<dyn Randomness>,
    ) -> Self {
        Self {
            store,
            person,
            tenant: part.tenant,
            sealer: part.sealer,
            check: part.check,
            randomness,
            telling: Telling::default(),
        }
    }

    pub(crate) fn key(&self, name: &[u8]) -> Key {
        self.tenant.key(VALUES, name)
    }

    pub(crate) fn seal(&self, name: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.sealer.seal(name, value, self.randomness.as_ref())
    }

    /// A batch that is written only while the data key is still the one that values are sealed with here.
    pub(crate) fn begin(&self) -> Batch {
        Batch::new().require_equals(self.tenant.key(HEADER, CHECK), self.check.clone())
    }

    /// Writes, and waits for it on this thread.
    pub(crate) fn write(&self, batch: Batch) -> Result<(), StoreError> {
        self.store.commit(batch).map_err(|_| StoreError::Unavailable)
    }

    /// The store at this moment. Under another data key every name is another one, and the wallet would look empty: whoever cleans up
    /// after that deletes what is in use.
    fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let snapshot = self.store.snapshot().map_err(unreadable)?;
        let check = snapshot
            .get(&self.tenant.key(HEADER, CHECK))
            .map_err(unreadable)?;
        if check.as_ref() == Some(&self.check) {
            Ok(snapshot)
        } else {
            Err(StoreError::Unavailable)
        }
    }

    /// The value of this kind and identifier, as it is written and opened.
    pub(crate) fn read(&self, kind: Kind, id: &[u8]) -> Result<Option<ReadValue>, StoreError> {
        let name = self.sealer.name(kind, id);
        let Some(written) = self.snapshot()?.get(&self.key(&name)).map_err(unreadable)? else {
            return Ok(None);
        };
        let opened = self.sealer.open(&name, &written)?;
        Ok(Some(ReadValue { written, opened }))
    }

    fn one<T: Record>(&self, kind: Kind, id: &[u8]) -> Result<Option<T>, StoreError> {
        let found = self.read(kind, id)?;
        found.map(|value| Ok(decode(&value.opened)?)).transpose()
    }

    /// Every value of a kind, opened, under one snapshot.
    pub(crate) fn all<T>(
        &self,
        kind: Kind,
        mut read: impl FnMut(&[u8]) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let prefix = self.sealer.prefix(kind);
        self.snapshot()?
            .scan(&self.tenant, VALUES, &prefix, None, usize::MAX)
            .map_err(unreadable)?
            .into_iter()
            .map(|entry| read(&self.sealer.open(&entry.suffix, &entry.value)?))
            .collect()
    }

    fn records<T: Record>(&self, kind: Kind) -> Result<Vec<T>, StoreError> {
        self.all(kind, |bytes| Ok(decode(bytes)?))
    }

    fn put<T: Record>(&self, batch: Batch, kind: Kind, id: &[u8], record: &T) -> Result<Batch, StoreError> {
        let name = self.sealer.name(kind, id);
        let sealed = self.seal(&name, &encode(record)?)?;
        Ok(batch.put(self.key(&name), sealed))
    }

    fn delete(&self, batch: Batch, kind: Kind, id: &[u8]) -> Batch {
        batch.delete(self.key(&self.sealer.name(kind, id)))
    }

    fn batch(&self, changes: &[Change]) -> Result<Batch, StoreError> {
        changes.iter().try_fold(self.begin(), |batch, change| {
            Ok(match change {
                Change::PutFlow(flow) => self.put_flow(batch, flow)?,
                Change::PutCredential(credential) => self.put_credential(batch, credential)?,
                Change::ReplaceCredential { replaced, credential } => {
                    let id = replaced.as_bytes();
                    let stored = self.read(Kind::Credential, id)?.ok_or(StoreError::Conflict)?;
                    let place = self.key(&self.sealer.name(Kind::Credential, id));
                    let batch = batch.require_equals(place, stored.written);
                    let batch = self.delete(batch, Kind::Credential, id);
                    self.put_credential(batch, credential)?
                }
                Change::AfterShowing { shown, credential } => self.after_showing(batch, shown, credential)?,
                Change::PutHistory(entry) => {
                    self.put(batch, Kind::History, entry.id.as_bytes(), entry.as_ref())?
                }
                Change::DeleteFlow(id) => self.delete(batch, Kind::Flow, id.as_bytes()),
                Change::DeleteCredential(id) => self.delete(batch, Kind::Credential, id.as_bytes()),
                Change::DeleteHistory(id) => self.delete(batch, Kind::History, id.as_bytes()),
                Change::PutStatus(status) => {
                    self.put(batch, Kind::Status, status.credential.as_bytes(), status.as_ref())?
                }
                Change::DeleteStatus(id) => self.delete(batch, Kind::Status, id.as_bytes()),
                Change::PutReissue(reissue) => {
                    self.put(batch, Kind::Reissue, reissue.id.as_bytes(), reissue.as_ref())?
                }
                Change::DeleteReissue(id) => self.delete(batch, Kind::Reissue, id.as_bytes()),
                Change::PutRefusal(refusal) => {
                    self.put(batch, Kind::Refusal, refusal.id.as_bytes(), refusal.as_ref())?
                }
                Change::DeleteRefusal(id) => self.delete(batch, Kind::Refusal, id.as_bytes()),
            })
        })
    }

    fn put_credential(&self, batch: Batch, credential: &HeldCredential) -> Result<Batch, StoreError> {
        let id = credential.id.as_bytes();
        let place = self.key(&self.sealer.name(Kind::Credential, id));
        self.put(batch.require_absent(place), Kind::Credential, id, credential)
    }

    /// As with flows: which copy comes next is inside the sealed value.
    fn after_showing(
        &self,
        batch: Batch,
        shown: &KeyHandle,
        credential: &HeldCredential,
    ) -> Result<Batch, StoreError> {
        let id = credential.id.as_bytes();
        let stored = self.read(Kind::Credential, id)?.ok_or(StoreError::Conflict)?;
        let current: HeldCredential = decode(&stored.opened)?;
        if !current.is_followed_by(shown, credential) {
            return Err(StoreError::Conflict);
        }
        let place = self.key(&self.sealer.name(Kind::Credential, id));
        let batch = batch.require_equals(place, stored.written);
        self.put(batch, Kind::Credential, id, credential)
    }

    /// The revision is inside the sealed value, so it is read here, and the batch demands that the value is still the same.
    fn put_flow(&self, batch: Batch, flow: &Flow) -> Result<Batch, StoreError> {
        let id = flow.id.as_bytes();
        let place = self.key(&self.sealer.name(Kind::Flow, id));
        let (revision, batch) = match self.read(Kind::Flow, id)? {
            None => (0, batch.require_absent(place)),
            Some(stored) => {
                let current: Flow = decode(&stored.opened)?;
                (current.revision, batch.require_equals(place, stored.written))
            }
        };
        if revision.checked_add(1) != Some(flow.revision) {
            return Err(StoreError::Conflict);
        }
        self.put(batch, Kind::Flow, id, flow)
    }
}

/// A value as it is written and opened.
pub(crate) struct ReadValue {
    written: Vec<u8>,
    pub(crate) opened: Zeroizing<Vec<u8>>,
}

impl WalletStore for EncryptedStore {
    fn person(&self) -> PersonId {
        self.sealed.person
    }

    fn telling(&self) -> &Telling {
        &self.sealed.telling
    }

    fn flow(&self, id: FlowId) -> BoxFuture<'_, Result<Option<Flow>, StoreError>> {
        Box::pin(async move { self.sealed.one(Kind::Flow, id.as_bytes()) })
    }

    fn flows(&self) -> BoxFuture<'_, Result<Vec<Flow>, StoreError>> {
        Box::pin(async move { self.sealed.records(Kind::Flow) })
    }

    fn credential(&self, id: CredentialId) -> BoxFuture<'_, Result<Option<HeldCredential>, StoreError>> {
        Box::pin(async move { self.sealed.one(Kind::Credential, id.as_bytes()) })
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Vec<HeldCredential>, StoreError>> {
        Box::pin(async move { self.sealed.records(Kind::Credential) })
    }

    fn history(&self) -> BoxFuture<'_, Result<Vec<HistoryEntry>, StoreError>> {
        Box::pin(async move { self.sealed.records(Kind::History) })
    }

    fn statuses(&self) -> BoxFuture<'_, Result<Vec<KnownStatus>, StoreError>> {
        Box::pin(async move { self.sealed.records(Kind::Status) })
    }

    fn reissues(&self) -> BoxFuture<'_, Result<Vec<Reissue>, StoreError>> {
        Box::pin(async move { self.sealed.records(Kind::Reissue) })
    }

    fn refusals(&self) -> BoxFuture<'_, Result<Vec<Refusal>, StoreError>> {
        Box::pin(async move { self.sealed.records(Kind::Refusal) })
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
