use symbolon_crypto::UnixTime;
use symbolon_store::{Batch, CommitError, Tenant};
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::relying_party::{ApiKeyId, ApiKeyRecord};
use symbolon_verifier::store::{
    Cursor, Delivery, DeliveryId, Insertion, QuotaWindow, RelyingPartyStore, Removal, Replacement, RequestId,
    RequestRecord, StoreError, StoreFuture, TenantId, VerifierStore as _,
};

use super::{
    EmbeddedVerifierStore, Expiring, decode, encode, insertion, keys, removal, replacement, unavailable,
};

/// How often a counter is read again because somebody else has changed it in between.
const MAX_TRIES: u32 = 64;

impl RelyingPartyStore for EmbeddedVerifierStore {
    fn insert_api_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        record: ApiKeyRecord,
    ) -> StoreFuture<'a, Insertion> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let key = keys::api_key(&tenant, &record.id);
            let batch = Batch::new()
                .require_absent(key.clone())
                .put(key, encode(&record)?);
            insertion(self.commit(batch).await)
        })
    }

    fn api_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a ApiKeyId,
    ) -> StoreFuture<'a, Option<ApiKeyRecord>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            self.read(&keys::api_key(&tenant, id))
        })
    }

    fn api_keys<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, Vec<ApiKeyRecord>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let entries = self
                .store
                .scan(&tenant, keys::API_KEYS, &[], None, usize::MAX)
                .map_err(unavailable)?;
            entries.iter().map(|entry| decode(&entry.value)).collect()
        })
    }

    fn remove_api_key<'a>(&'a self, tenant: &'a TenantId, id: &'a ApiKeyId) -> StoreFuture<'a, Removal> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let key = keys::api_key(&tenant, id);
            let batch = Batch::new().require_present(key.clone()).delete(key);
            removal(self.commit(batch).await)
        })
    }

    fn take_quota<'a>(
        &'a self,
        tenant: &'a TenantId,
        relying_party: &'a RelyingPartyName,
        window: QuotaWindow,
        amount: u32,
        limit: u32,
    ) -> StoreFuture<'a, u32> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let suffix = keys::quota(relying_party, window);
            let key = tenant.key(keys::QUOTAS, &suffix);
            let expiry = keys::expiry(&tenant, window.ends_at(), &Expiring::Quota(suffix));
            for _ in 0..MAX_TRIES {
                let used: Option<u32> = self.read(&key)?;
                let taken = amount.min(limit.saturating_sub(used.unwrap_or(0)));
                if taken == 0 {
                    return Ok(0);
                }
                let batch = match used {
                    None => Batch::new().require_absent(key.clone()),
                    Some(used) => Batch::new().require_equals(key.clone(), encode(&used)?),
                };
                let batch = batch
                    .put(key.clone(), encode(&used.unwrap_or(0).saturating_add(taken))?)
                    .put(expiry.clone(), Vec::new());
                match self.commit_listing(&tenant, batch).await? {
                    Ok(()) => return Ok(taken),
                    Err(CommitError::RequirementFailed { .. }) => {}
                    Err(error) => return Err(unavailable(error)),
                }
            }
            Err(unavailable(CommitError::Overloaded))
        })
    }

    fn requests_of<'a>(
        &'a self,
        tenant: &'a TenantId,
        relying_party: &'a RelyingPartyName,
        after: Option<&'a Cursor>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<RequestRecord>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let after = after.map(|place| keys::request_of(relying_party, place));
            let prefix = keys::requests_of(relying_party);
            let named = |suffix: &[u8]| {
                let id = keys::parse_request_of(relying_party, suffix)?;
                Some(tenant.key(keys::REQUESTS, id.as_str()))
            };
            self.indexed(
                &tenant,
                keys::REQUESTS_OF,
                &prefix,
                after.as_deref(),
                limit,
                named,
            )
        })
    }

    fn remove_request<'a>(&'a self, tenant: &'a TenantId, id: &'a RequestId) -> StoreFuture<'a, Removal> {
        Box::pin(async move {
            let Some(record) = self.request(tenant, id).await? else {
                return Ok(Removal::Absent);
            };
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let expiry = Expiring::Request(id.clone());
            let request = tenant.key(keys::REQUESTS, id.as_str());
            let expiry = keys::expiry(&tenant, record.kept_until(), &expiry);
            let entries = self.keys_of_request(&tenant, id)?;
            let removed = self.commit_taking_back_expiry(&tenant, id, || {
                let batch = Batch::new()
                    .require_present(request.clone())
                    .delete(expiry.clone());
                Ok(entries.iter().cloned().fold(batch, Batch::delete))
            });
            removal(removed.await?)
        })
    }

    fn insert_delivery<'a>(&'a self, tenant: &'a TenantId, delivery: Delivery) -> StoreFuture<'a, Insertion> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let absent = tenant.key(keys::DELIVERIES, delivery.id.as_str());
            let batch = announce(Batch::new().require_absent(absent), &tenant, &delivery)?;
            insertion(self.commit_listing(&tenant, batch).await?)
        })
    }

    fn due_deliveries<'a>(
        &'a self,
        tenant: &'a TenantId,
        now: UnixTime,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Delivery>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            self.due(&tenant, keys::DUE_DELIVERIES, now, limit, |suffix| {
                let (at, id) = keys::parse_due(suffix)?;
                Some((at, tenant.key(keys::DELIVERIES, id.as_str())))
            })
        })
    }

    fn deliveries<'a>(
        &'a self,
        tenant: &'a TenantId,
        after: Option<&'a DeliveryId>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Delivery>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let after = after.map(|id| id.as_str().as_bytes());
            let entries = self
                .store
                .scan(&tenant, keys::DELIVERIES, &[], after, limit)
                .map_err(unavailable)?;
            entries.iter().map(|entry| decode(&entry.value)).collect()
        })
    }

    fn delivery<'a>(&'a self, tenant: &'a TenantId, id: &'a DeliveryId) -> StoreFuture<'a, Option<Delivery>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            self.read(&tenant.key(keys::DELIVERIES, id.as_str()))
        })
    }

    fn replace_delivery<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: Delivery,
        next: Delivery,
    ) -> StoreFuture<'a, Replacement> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let key = tenant.key(keys::DELIVERIES, expected.id.as_str());
            let mut batch = Batch::new().require_equals(key.clone(), encode(&expected)?);
            if let Some(due) = keys::due(&tenant, &expected) {
                batch = batch.delete(due);
            }
            batch = batch.put(key, encode(&next)?);
            if let Some(due) = keys::due(&tenant, &next) {
                batch = batch.put(due, Vec::new());
            }
            replacement(self.commit(batch).await)
        })
    }
}

impl EmbeddedVerifierStore {
    /// Commits what `batch` makes, whose requirements come first, and takes the announcement of the request's expiry back with it. Another
    /// process may be trying that one at this moment: then it is looked at again.
    pub(super) async fn commit_taking_back_expiry(
        &self,
        tenant: &Tenant,
        request: &RequestId,
        batch: impl Fn() -> Result<Batch, StoreError>,
    ) -> Result<Result<(), CommitError>, StoreError> {
        let key = DeliveryId::of_expiry(request).map(|id| tenant.key(keys::DELIVERIES, id.as_str()));
        for _ in 0..MAX_TRIES {
            let found = match &key {
                Some(key) => self.read::<Delivery>(key)?.map(|delivery| (key, delivery)),
                None => None,
            };
            let Some((key, delivery)) = found else {
                return Ok(self.commit(batch()?).await);
            };
            let expiry = Expiring::Delivery(delivery.id.clone());
            let required = encode(&delivery)?;
            let whole =
                batch()?
                    .delete(key.clone())
                    .delete(keys::expiry(tenant, delivery.kept_until(), &expiry));
            let whole = match keys::due(tenant, &delivery) {
                Some(due) => whole.delete(due),
                None => whole,
            };
            let whole = whole.require_equals(key.clone(), required.clone());
            match self.commit(whole).await {
                Err(CommitError::RequirementFailed { .. })
                    if self.store.get(key).map_err(unavailable)?.as_deref() != Some(required.as_slice()) => {}
                committed => return Ok(committed),
            }
        }
        Err(unavailable(CommitError::Overloaded))
    }
}

/// Adds an announcement to the commit of its result.
pub(super) fn announce(batch: Batch, tenant: &Tenant, delivery: &Delivery) -> Result<Batch, StoreError> {
    let expiry = Expiring::Delivery(delivery.id.clone());
    let mut batch = batch
        .put(
            tenant.key(keys::DELIVERIES, delivery.id.as_str()),
            encode(delivery)?,
        )
        .put(keys::expiry(tenant, delivery.kept_until(), &expiry), Vec::new());
    if let Some(due) = keys::due(tenant, delivery) {
        batch = batch.put(due, Vec::new());
    }
    Ok(batch)
}
