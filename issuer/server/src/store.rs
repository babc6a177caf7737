//! The issuer's store on the embedded store.

use std::path::Path;
use std::sync::Arc;

use symbolon_issuer::store::{
    Applied, KeyValue, KeyValueIssuerStore, Keyed, Requirement, Space, StoreError, StoreFuture, Write,
    WriteBatch,
};
use symbolon_store::{Batch, CommitError, Entry, OpenError, Store, Tenant};
use tokio::sync::oneshot;

/// The issuer's store of one machine.
pub type EmbeddedIssuerStore = KeyValueIssuerStore<EmbeddedKeyValue>;

/// One tenant's part of an embedded store.
#[derive(Clone)]
pub struct EmbeddedKeyValue {
    store: Store,
    tenant: Tenant,
}

impl EmbeddedKeyValue {
    /// The part of `tenant` in `store`.
    #[must_use]
    pub const fn new(store: Store, tenant: Tenant) -> Self {
        Self { store, tenant }
    }
}

/// Opens the issuer's store at `path` for `tenant`. The embedded store comes along, to be closed at the end.
///
/// # Errors
/// [`OpenError::AlreadyOpen`] when another process has it; otherwise as [`Store::open`].
pub fn open_embedded(path: &Path, tenant: Tenant) -> Result<(Arc<EmbeddedIssuerStore>, Store), OpenError> {
    let store = Store::open(path)?;
    Ok((
        Arc::new(KeyValueIssuerStore::new(EmbeddedKeyValue::new(
            store.clone(),
            tenant,
        ))),
        store,
    ))
}

impl KeyValue for EmbeddedKeyValue {
    fn get(&self, space: Space, key: Vec<u8>) -> StoreFuture<'_, Option<Vec<u8>>> {
        // A point read is microseconds, less than handing it to another thread.
        let found = self
            .store
            .get(&self.tenant.key(stored(space), key))
            .map_err(unavailable);
        Box::pin(std::future::ready(found))
    }

    fn scan(
        &self,
        space: Space,
        prefix: Vec<u8>,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<Keyed>> {
        let scan = move |store: &Store, tenant: &Tenant| {
            let found = store
                .scan(tenant, stored(space), &prefix, after.as_deref(), limit)
                .map_err(unavailable)?;
            Ok(found.into_iter().map(keyed).collect())
        };
        if limit <= INLINE_SCAN_ENTRIES {
            return Box::pin(std::future::ready(scan(&self.store, &self.tenant)));
        }
        let (store, tenant) = (self.store.clone(), self.tenant.clone());
        Box::pin(async move {
            tokio::task::spawn_blocking(move || scan(&store, &tenant))
                .await
                .map_err(unavailable)?
        })
    }

    fn last(&self, space: Space) -> StoreFuture<'_, Option<Keyed>> {
        let found = self
            .store
            .snapshot()
            .and_then(|snapshot| snapshot.last(&self.tenant, stored(space)));
        Box::pin(std::future::ready(
            found.map(|entry| entry.map(keyed)).map_err(unavailable),
        ))
    }

    fn apply(&self, batch: WriteBatch) -> StoreFuture<'_, Applied> {
        let (answer, answered) = oneshot::channel();
        let batch = self.batch(batch);
        Box::pin(async move {
            self.store.submit(batch, move |result| drop(answer.send(result)));
            match answered.await {
                Ok(Ok(())) => Ok(Applied::Done),
                Ok(Err(CommitError::RequirementFailed { position })) => Ok(Applied::Rejected { position }),
                Ok(Err(CommitError::Overloaded)) => Err(StoreError::Overloaded),
                Ok(Err(error)) => Err(unavailable(error)),
                Err(closed) => Err(unavailable(closed)),
            }
        })
    }
}

impl EmbeddedKeyValue {
    fn batch(&self, batch: WriteBatch) -> Batch {
        let mut mapped = Batch::new();
        for requirement in batch.requirements {
            mapped = match requirement {
                Requirement::Absent(space, key) => mapped.require_absent(self.tenant.key(stored(space), key)),
                Requirement::Equals(space, key, value) => {
                    mapped.require_equals(self.tenant.key(stored(space), key), value)
                }
            };
        }
        for write in batch.writes {
            mapped = match write {
                Write::Put(space, key, value) => mapped.put(self.tenant.key(stored(space), key), value),
                Write::Delete(space, key) => mapped.delete(self.tenant.key(stored(space), key)),
            };
        }
        mapped
    }
}

const fn stored(space: Space) -> symbolon_store::Space {
    symbolon_store::Space::new(space.name())
}

fn keyed(entry: Entry) -> Keyed {
    Keyed {
        key: entry.suffix,
        value: entry.value,
    }
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Arc::new(error))
}

/// A scan of this many entries takes about a millisecond; longer ones leave the runtime's threads to others.
const INLINE_SCAN_ENTRIES: usize = 1_024;
