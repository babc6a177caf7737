mod evidence;
mod expiry;
mod indexed;
mod openid_provider;
mod relying_party;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_store::{Batch, CommitError, Key, Store, Tenant};
use symbolon_trust::pack::LastSeen;
use symbolon_verifier::store::{
    Insertion, Nonce, NonceUse, PresentationResult, Removal, Replacement, RequestId, RequestRecord,
    ResultRecording, StoreError, StoreFuture, TenantId, VerifierStore, WithResult,
};
use thiserror::Error;
use tokio::sync::oneshot;

use super::keys::{self, Expiring};
use super::{ArchivedEvidence, EvidenceArchive};

/// The verifier's store on the embedded store of the installation. Clones share it.
///
/// Tenants have the narrow alphabet of the embedded store; another name is refused.
#[derive(Clone)]
pub struct EmbeddedVerifierStore {
    store: Store,
    /// Tenants known to stand in the store's own list, so that it is written once for each.
    listed: Arc<Mutex<BTreeSet<Tenant>>>,
}

/// The version of every stored value.
const STORED_VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored<T> {
    version: u8,
    value: T,
}

/// The tenant's name does not fit the embedded store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the tenant's name does not fit the embedded store")]
pub(super) struct Unsupported;

impl EmbeddedVerifierStore {
    /// Keeps everything in `store`, beside what others keep there.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            listed: Arc::default(),
        }
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        let (done, answered) = oneshot::channel();
        // A receiver that is gone belongs to a request that was given up; the batch stands all the same.
        self.store.submit(batch, move |result| drop(done.send(result)));
        answered.await.unwrap_or(Err(CommitError::Closed))
    }

    fn read<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        self.store
            .get(key)
            .map_err(unavailable)?
            .map(|bytes| decode(&bytes))
            .transpose()
    }

    /// Commits, and adds the tenant to the list that [`VerifierStore::remove_expired`] walks.
    async fn commit_listing(
        &self,
        tenant: &Tenant,
        batch: Batch,
    ) -> Result<Result<(), CommitError>, StoreError> {
        let committed = self.commit(self.listing(tenant, batch)?).await;
        if committed.is_ok() {
            let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
            listed.insert(tenant.clone());
        }
        Ok(committed)
    }

    fn listing(&self, tenant: &Tenant, batch: Batch) -> Result<Batch, StoreError> {
        let listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if listed.contains(tenant) {
            return Ok(batch);
        }
        let installation = keys::installation().map_err(unavailable)?;
        Ok(batch.put(installation.key(keys::TENANTS, tenant.name()), Vec::new()))
    }

    fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        let installation = keys::installation().map_err(unavailable)?;
        let entries = self
            .store
            .scan(&installation, keys::TENANTS, &[], None, usize::MAX)
            .map_err(unavailable)?;
        entries
            .iter()
            .map(|entry| {
                let name = std::str::from_utf8(&entry.suffix).map_err(|_| StoreError::Unreadable)?;
                Tenant::parse(name).map_err(|_| StoreError::Unreadable)
            })
            .collect()
    }
}

impl VerifierStore for EmbeddedVerifierStore {
    fn insert_request(&self, record: RequestRecord) -> StoreFuture<'_, Insertion> {
        Box::pin(async move {
            let tenant = keys::tenant(&record.tenant).map_err(unavailable)?;
            let key = tenant.key(keys::REQUESTS, record.id.as_str());
            let expiry = Expiring::Request(record.id.clone());
            let mut batch = Batch::new()
                .require_absent(key.clone())
                .put(key, encode(&record)?)
                .put(keys::expiry(&tenant, record.kept_until(), &expiry), Vec::new());
            if let Some(entry) = keys::entry_of(&tenant, &record) {
                batch = batch.put(entry, Vec::new());
            }
            insertion(self.commit_listing(&tenant, batch).await?)
        })
    }

    fn request<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
    ) -> StoreFuture<'a, Option<RequestRecord>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            self.read(&tenant.key(keys::REQUESTS, id.as_str()))
        })
    }

    fn consume_nonce<'a>(
        &'a self,
        tenant: &'a TenantId,
        nonce: &'a Nonce,
        keep_until: UnixTime,
    ) -> StoreFuture<'a, NonceUse> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let key = tenant.key(keys::NONCES, nonce.as_str());
            let batch = Batch::new()
                .require_absent(key.clone())
                .put(key, encode(&keep_until)?)
                .put(
                    keys::expiry(&tenant, keep_until, &Expiring::Nonce(nonce.clone())),
                    Vec::new(),
                );
            let committed = self.commit_listing(&tenant, batch).await?;
            outcome(committed, NonceUse::First, NonceUse::Replayed)
        })
    }

    fn record_result<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
        result: PresentationResult,
        with: WithResult,
    ) -> StoreFuture<'a, ResultRecording> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let key = tenant.key(keys::RESULTS, id.as_str());
            let request = tenant.key(keys::REQUESTS, id.as_str());
            let encoded = encode(&result)?;
            let batch = || {
                let batch = Batch::new()
                    .require_present(request.clone())
                    .require_absent(key.clone())
                    .put(key.clone(), encoded.clone());
                let batch = match &with.announcement {
                    Some(delivery) => relying_party::announce(batch, &tenant, delivery)?,
                    None => batch,
                };
                evidence::keep(batch, &tenant, &with)
            };
            match self.commit_taking_back_expiry(&tenant, id, batch).await? {
                Ok(()) => Ok(ResultRecording::Recorded),
                Err(CommitError::RequirementFailed { position: 0 }) => Ok(ResultRecording::NoSuchRequest),
                Err(CommitError::RequirementFailed { .. }) => Ok(ResultRecording::AlreadyAnswered),
                Err(error) => Err(unavailable(error)),
            }
        })
    }

    fn result<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
    ) -> StoreFuture<'a, Option<PresentationResult>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            self.read(&tenant.key(keys::RESULTS, id.as_str()))
        })
    }

    fn last_pack<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, Option<LastSeen>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            self.read(&tenant.key(keys::PACKS, LAST_PACK))
        })
    }

    fn replace_last_pack<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: Option<LastSeen>,
        accepted: LastSeen,
    ) -> StoreFuture<'a, Replacement> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let key = tenant.key(keys::PACKS, LAST_PACK);
            let batch = match &expected {
                None => Batch::new().require_absent(key.clone()),
                Some(expected) => Batch::new().require_equals(key.clone(), encode(expected)?),
            };
            replacement(self.commit(batch.put(key, encode(&accepted)?)).await)
        })
    }

    fn remove_expired(&self, now: UnixTime, limit: usize) -> StoreFuture<'_, usize> {
        Box::pin(async move { self.sweep(now, limit).await })
    }
}

impl EvidenceArchive for EmbeddedVerifierStore {
    fn keep_request<'a>(&'a self, record: &'a RequestRecord, object: String) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let tenant = keys::tenant(&record.tenant).map_err(unavailable)?;
            let key = tenant.key(keys::REQUEST_OBJECTS, record.id.as_str());
            let present = tenant.key(keys::REQUESTS, record.id.as_str());
            let batch = Batch::new().require_present(present).put(key, encode(&object)?);
            self.commit(batch).await.map_err(unavailable)
        })
    }

    fn keep_answer<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
        vp_token: String,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let key = tenant.key(keys::ANSWERS, id.as_str());
            let present = tenant.key(keys::REQUESTS, id.as_str());
            let batch = Batch::new().require_present(present).put(key, encode(&vp_token)?);
            self.commit(batch).await.map_err(unavailable)
        })
    }

    fn evidence<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
    ) -> StoreFuture<'a, Option<ArchivedEvidence>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let Some(request_object) = self.read(&tenant.key(keys::REQUEST_OBJECTS, id.as_str()))? else {
                return Ok(None);
            };
            let vp_token = self.read(&tenant.key(keys::ANSWERS, id.as_str()))?;
            Ok(Some(ArchivedEvidence {
                request_object,
                vp_token,
            }))
        })
    }
}

const LAST_PACK: &str = "last";

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(&Stored {
        version: STORED_VERSION,
        value,
    })
    .map_err(unavailable)
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    let stored: Stored<T> = serde_json::from_slice(bytes).map_err(|_| StoreError::Unreadable)?;
    if stored.version == STORED_VERSION {
        Ok(stored.value)
    } else {
        Err(StoreError::Unreadable)
    }
}

/// `done` for a commit that took place, and `otherwise` for one whose requirements were not met.
fn outcome<T>(committed: Result<(), CommitError>, done: T, otherwise: T) -> Result<T, StoreError> {
    match committed {
        Ok(()) => Ok(done),
        Err(CommitError::RequirementFailed { .. }) => Ok(otherwise),
        Err(error) => Err(unavailable(error)),
    }
}

fn insertion(committed: Result<(), CommitError>) -> Result<Insertion, StoreError> {
    outcome(committed, Insertion::Inserted, Insertion::AlreadyPresent)
}

fn replacement(committed: Result<(), CommitError>) -> Result<Replacement, StoreError> {
    outcome(committed, Replacement::Replaced, Replacement::Changed)
}

fn removal(committed: Result<(), CommitError>) -> Result<Removal, StoreError> {
    outcome(committed, Removal::Removed, Removal::Absent)
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

#[cfg(test)]
mod tests {
    use symbolon_verifier::name::RelyingPartyName;
    use symbolon_verifier::store::{
        DeclineCode, EvidenceStore as _, QuotaKind, RelyingPartyStore as _, ResultOutcome,
    };

    use super::*;

    #[tokio::test]
    async fn passes_the_conformance_suite_of_verifier_stores() {
        let store = EmbeddedVerifierStore::new(Store::open_in_memory().unwrap());
        symbolon_verifier::store::conformance::check(&store).await;
    }

    #[tokio::test]
    async fn a_nonce_is_spent_once_among_many_at_the_same_time() {
        let store = EmbeddedVerifierStore::new(Store::open_in_memory().unwrap());
        let tenant = TenantId::parse("default").unwrap();
        let nonce = Nonce::parse("n").unwrap();
        let uses = (0..32).map(|_| store.consume_nonce(&tenant, &nonce, UnixTime::from_seconds(1)));
        let uses = futures_util::future::join_all(uses).await;
        let first = uses
            .iter()
            .filter(|used| matches!(used, Ok(NonceUse::First)))
            .count();
        assert_eq!(first, 1);
    }

    #[tokio::test]
    async fn a_tenant_that_does_not_fit_is_refused() {
        let store = EmbeddedVerifierStore::new(Store::open_in_memory().unwrap());
        let tenant = TenantId::parse("Upper_Case").unwrap();
        let id = RequestId::parse("r").unwrap();
        assert!(matches!(
            store.request(&tenant, &id).await,
            Err(StoreError::Unavailable(_))
        ));
    }

    #[tokio::test]
    async fn a_quota_is_spent_once_among_many_at_the_same_time() {
        let store = EmbeddedVerifierStore::new(Store::open_in_memory().unwrap());
        let tenant = TenantId::parse("default").unwrap();
        let bank = RelyingPartyName::parse("bank").unwrap();
        let window = QuotaKind::Day.window(UnixTime::from_seconds(5));
        let uses = (0..32).map(|_| store.take_quota(&tenant, &bank, window, 1, 10));
        let uses = futures_util::future::join_all(uses).await;
        let taken: u32 = uses.into_iter().map(Result::unwrap).sum();
        assert_eq!(taken, 10);
    }

    /// What is due is gone after the next start too, and nothing of it stays behind.
    #[tokio::test]
    async fn what_is_kept_long_enough_is_removed_by_the_next_process() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("verifier.redb");
        let bank = RelyingPartyName::parse("bank").unwrap();
        let tenant = TenantId::parse("default").unwrap();
        let id = RequestId::parse("r").unwrap();
        let time = UnixTime::from_seconds;
        {
            let store = EmbeddedVerifierStore::new(Store::open(&file).unwrap());
            let record = serde_json::json!({
                "tenant": "default", "id": "r", "nonce": "n", "state": "s", "client_id": "c", "dcql_query": {},
                "created_at": 0, "expires_at": 10, "return_to": null, "relying_party": "bank", "kept_until": 20,
            });
            let record: RequestRecord = serde_json::from_value(record).unwrap();
            store.insert_request(record.clone()).await.unwrap();
            store.keep_request(&record, "signed".to_owned()).await.unwrap();
            store.keep_answer(&tenant, &id, "{}".to_owned()).await.unwrap();
            let nonce = Nonce::parse("n").unwrap();
            store.consume_nonce(&tenant, &nonce, time(20)).await.unwrap();
            let window = QuotaKind::Minute.window(time(5));
            store.take_quota(&tenant, &bank, window, 1, 10).await.unwrap();
            let result = PresentationResult {
                received_at: time(5),
                outcome: ResultOutcome::Declined {
                    error: DeclineCode::AccessDenied,
                },
                response_code: None,
            };
            let announcement = serde_json::json!({
                "id": "d", "relying_party": "bank", "request": "r", "event": "presentation_request.declined",
                "created_at": 5, "attempts": 0, "stage": {"stage": "waiting", "next_attempt_at": 5},
            });
            let receipt = serde_json::json!({
                "request": "r", "relying_party": "bank", "policy": "p", "created_at": 5, "kept_until": 30, "receipt": "x",
            });
            let reliance = serde_json::json!({
                "request": "r", "relying_party": "bank", "policy": "p", "began_at": 5, "next_look_at": 7, "kept_until": 30,
            });
            let with = WithResult {
                announcement: serde_json::from_value(announcement).unwrap(),
                receipt: serde_json::from_value(receipt).unwrap(),
                reliance: serde_json::from_value(reliance).unwrap(),
            };
            let recorded = store.record_result(&tenant, &id, result, with);
            assert_eq!(recorded.await.unwrap(), ResultRecording::Recorded);
        }
        let opened = Store::open(&file).unwrap();
        let store = EmbeddedVerifierStore::new(opened.clone());
        assert_eq!(store.remove_expired(time(20), 100).await.unwrap(), 0);
        assert!(store.result(&tenant, &id).await.unwrap().is_some());
        assert_eq!(store.remove_expired(time(21), 100).await.unwrap(), 2);
        assert_eq!(store.result(&tenant, &id).await.unwrap(), None);
        assert!(store.receipt(&tenant, &id).await.unwrap().is_some());
        assert_eq!(store.remove_expired(time(1 << 40), 100).await.unwrap(), 4);
        let tenant = Tenant::parse("default").unwrap();
        for space in keys::OF_TENANTS {
            let left = opened.scan(&tenant, space, &[], None, 9).unwrap();
            assert!(left.is_empty(), "{}", space.name());
        }
    }
}
