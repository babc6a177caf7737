//! The store in memory: for tests, and for a wallet that must leave no trace.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use crate::identifiers::{CredentialId, FlowId, HistoryId, PersonId, RefusalId};
use crate::ports::{BoxFuture, Change, StoreError, Telling, WalletStore};
use crate::record::{
    Flow, HeldCredential, HistoryEntry, KnownStatus, Record, Refusal, Reissue, decode, encode,
};

/// Keeps everything in memory, in the written form, so that what cannot be stored cannot be kept here either. Clones share
/// what they hold: a clone is what another process would find.
#[derive(Clone)]
pub struct MemoryStore {
    person: PersonId,
    tables: Arc<Mutex<Tables>>,
    telling: Telling,
}

impl MemoryStore {
    /// An empty store of the first person.
    #[must_use]
    pub fn new() -> Self {
        Self::of(PersonId::FIRST)
    }

    /// An empty store of this person.
    #[must_use]
    pub fn of(person: PersonId) -> Self {
        Self {
            person,
            tables: Arc::default(),
            telling: Telling::default(),
        }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // A panic elsewhere cannot leave the tables half-changed: a commit prepares everything before it writes.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

type Written = Zeroizing<Vec<u8>>;

#[derive(Default)]
struct Tables {
    flows: BTreeMap<FlowId, (u64, Written)>,
    credentials: BTreeMap<CredentialId, Written>,
    history: BTreeMap<HistoryId, Written>,
    statuses: BTreeMap<CredentialId, Written>,
    reissues: BTreeMap<CredentialId, Written>,
    refusals: BTreeMap<RefusalId, Written>,
}

impl Tables {
    fn commit(&mut self, changes: Vec<Change>) -> Result<(), StoreError> {
        for change in &changes {
            let holds = match change {
                Change::PutFlow(flow) => {
                    let stored = self.flows.get(&flow.id).map_or(0, |(revision, _)| *revision);
                    stored.checked_add(1) == Some(flow.revision)
                }
                Change::PutCredential(credential) => !self.credentials.contains_key(&credential.id),
                Change::ReplaceCredential { replaced, credential } => {
                    self.credentials.contains_key(replaced) && !self.credentials.contains_key(&credential.id)
                }
                Change::AfterShowing { shown, credential } => match self.credentials.get(&credential.id) {
                    Some(written) => decode::<HeldCredential>(written)?.is_followed_by(shown, credential),
                    None => false,
                },
                Change::DeleteFlow(_)
                | Change::DeleteCredential(_)
                | Change::PutHistory(_)
                | Change::DeleteHistory(_)
                | Change::PutStatus(_)
                | Change::DeleteStatus(_)
                | Change::PutReissue(_)
                | Change::DeleteReissue(_)
                | Change::PutRefusal(_)
                | Change::DeleteRefusal(_) => true,
            };
            if !holds {
                return Err(StoreError::Conflict);
            }
        }
        let prepared = changes
            .into_iter()
            .map(Prepared::new)
            .collect::<Result<Vec<_>, _>>()?;
        for change in prepared {
            match change {
                Prepared::PutFlow(id, revision, written) => {
                    self.flows.insert(id, (revision, written));
                }
                Prepared::PutCredential(id, written) => {
                    self.credentials.insert(id, written);
                }
                Prepared::ReplaceCredential(replaced, id, written) => {
                    self.credentials.remove(&replaced);
                    self.credentials.insert(id, written);
                }
                Prepared::PutHistory(id, written) => {
                    self.history.insert(id, written);
                }
                Prepared::DeleteFlow(id) => {
                    self.flows.remove(&id);
                }
                Prepared::DeleteCredential(id) => {
                    self.credentials.remove(&id);
                }
                Prepared::DeleteHistory(id) => {
                    self.history.remove(&id);
                }
                Prepared::PutStatus(id, written) => {
                    self.statuses.insert(id, written);
                }
                Prepared::DeleteStatus(id) => {
                    self.statuses.remove(&id);
                }
                Prepared::PutReissue(id, written) => {
                    self.reissues.insert(id, written);
                }
                Prepared::DeleteReissue(id) => {
                    self.reissues.remove(&id);
                }
                Prepared::PutRefusal(id, written) => {
                    self.refusals.insert(id, written);
                }
                Prepared::DeleteRefusal(id) => {
                    self.refusals.remove(&id);
                }
            }
        }
        Ok(())
    }
}

enum Prepared {
    PutFlow(FlowId, u64, Written),
    DeleteFlow(FlowId),
    PutCredential(CredentialId, Written),
    ReplaceCredential(CredentialId, CredentialId, Written),
    DeleteCredential(CredentialId),
    PutHistory(HistoryId, Written),
    DeleteHistory(HistoryId),
    PutStatus(CredentialId, Written),
    DeleteStatus(CredentialId),
    PutReissue(CredentialId, Written),
    DeleteReissue(CredentialId),
    PutRefusal(RefusalId, Written),
    DeleteRefusal(RefusalId),
}

impl Prepared {
    fn new(change: Change) -> Result<Self, StoreError> {
        Ok(match change {
            Change::PutFlow(flow) => Self::PutFlow(flow.id, flow.revision, encode(flow.as_ref())?),
            Change::DeleteFlow(id) => Self::DeleteFlow(id),
            Change::PutCredential(credential) | Change::AfterShowing { credential, .. } => {
                Self::PutCredential(credential.id, encode(credential.as_ref())?)
            }
            Change::ReplaceCredential { replaced, credential } => {
                Self::ReplaceCredential(replaced, credential.id, encode(credential.as_ref())?)
            }
            Change::DeleteCredential(id) => Self::DeleteCredential(id),
            Change::PutHistory(entry) => Self::PutHistory(entry.id, encode(entry.as_ref())?),
            Change::DeleteHistory(id) => Self::DeleteHistory(id),
            Change::PutStatus(status) => Self::PutStatus(status.credential, encode(status.as_ref())?),
            Change::DeleteStatus(id) => Self::DeleteStatus(id),
            Change::PutReissue(reissue) => Self::PutReissue(reissue.id, encode(reissue.as_ref())?),
            Change::DeleteReissue(id) => Self::DeleteReissue(id),
            Change::PutRefusal(refusal) => Self::PutRefusal(refusal.id, encode(refusal.as_ref())?),
            Change::DeleteRefusal(id) => Self::DeleteRefusal(id),
        })
    }
}

fn read<T: Record>(written: Option<&Written>) -> Result<Option<T>, StoreError> {
    written
        .map(|bytes| decode(bytes).map_err(StoreError::from))
        .transpose()
}

fn read_all<I, T: Record>(table: &BTreeMap<I, Written>) -> Result<Vec<T>, StoreError> {
    table.values().map(|written| Ok(decode(written)?)).collect()
}

impl WalletStore for MemoryStore {
    fn person(&self) -> PersonId {
        self.person
    }

    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn flow(&self, id: FlowId) -> BoxFuture<'_, Result<Option<Flow>, StoreError>> {
        Box::pin(async move { read(self.tables().flows.get(&id).map(|(_, written)| written)) })
    }

    fn flows(&self) -> BoxFuture<'_, Result<Vec<Flow>, StoreError>> {
        Box::pin(async move {
            self.tables()
                .flows
                .values()
                .map(|(_, written)| Ok(decode(written)?))
                .collect()
        })
    }

    fn credential(&self, id: CredentialId) -> BoxFuture<'_, Result<Option<HeldCredential>, StoreError>> {
        Box::pin(async move { read(self.tables().credentials.get(&id)) })
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Vec<HeldCredential>, StoreError>> {
        Box::pin(async move { read_all(&self.tables().credentials) })
    }

    fn history(&self) -> BoxFuture<'_, Result<Vec<HistoryEntry>, StoreError>> {
        Box::pin(async move { read_all(&self.tables().history) })
    }

    fn statuses(&self) -> BoxFuture<'_, Result<Vec<KnownStatus>, StoreError>> {
        Box::pin(async move { read_all(&self.tables().statuses) })
    }

    fn reissues(&self) -> BoxFuture<'_, Result<Vec<Reissue>, StoreError>> {
        Box::pin(async move { read_all(&self.tables().reissues) })
    }

    fn refusals(&self) -> BoxFuture<'_, Result<Vec<Refusal>, StoreError>> {
        Box::pin(async move { read_all(&self.tables().refusals) })
    }

    fn commit(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move { self.tables().commit(changes) })
    }
}
