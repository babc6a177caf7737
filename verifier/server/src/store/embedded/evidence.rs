use symbolon_crypto::UnixTime;
use symbolon_store::{Batch, Key, Tenant};
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::reliance::Reliance;
use symbolon_verifier::store::{
    Cursor, Delivery, EvidenceStore, ReceiptRecord, Removal, Replacement, RequestId, StoreError, StoreFuture,
    TenantId, WithResult,
};

use super::relying_party::announce;
use super::{EmbeddedVerifierStore, Expiring, encode, keys, removal, replacement, unavailable};

impl EvidenceStore for EmbeddedVerifierStore {
    fn receipt<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
    ) -> StoreFuture<'a, Option<ReceiptRecord>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            self.read(&tenant.key(keys::RECEIPTS, id.as_str()))
        })
    }

    fn receipts_of<'a>(
        &'a self,
        tenant: &'a TenantId,
        relying_party: &'a RelyingPartyName,
        after: Option<&'a Cursor>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<ReceiptRecord>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let after = after.map(|place| keys::request_of(relying_party, place));
            let prefix = keys::requests_of(relying_party);
            let named = |suffix: &[u8]| {
                let id = keys::parse_request_of(relying_party, suffix)?;
                Some(tenant.key(keys::RECEIPTS, id.as_str()))
            };
            self.indexed(
                &tenant,
                keys::RECEIPTS_OF,
                &prefix,
                after.as_deref(),
                limit,
                named,
            )
        })
    }

    fn remove_receipt<'a>(&'a self, tenant: &'a TenantId, id: &'a RequestId) -> StoreFuture<'a, Removal> {
        Box::pin(async move {
            let Some(receipt) = self.receipt(tenant, id).await? else {
                return Ok(Removal::Absent);
            };
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let expiry = keys::expiry(&tenant, receipt.kept_until, &Expiring::Receipt(id.clone()));
            let present = tenant.key(keys::RECEIPTS, id.as_str());
            let gone = self.keys_of_receipt(&tenant, id)?;
            removal(self.commit(without(present, expiry, gone)).await)
        })
    }

    fn reliance<'a>(&'a self, tenant: &'a TenantId, id: &'a RequestId) -> StoreFuture<'a, Option<Reliance>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            self.read(&tenant.key(keys::RELIANCES, id.as_str()))
        })
    }

    fn reliances_of<'a>(
        &'a self,
        tenant: &'a TenantId,
        relying_party: &'a RelyingPartyName,
        after: Option<&'a RequestId>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Reliance>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let after = after.map(|id| keys::reliance_suffix(relying_party, id));
            let prefix = keys::requests_of(relying_party);
            let named = |suffix: &[u8]| {
                let id = keys::parse_reliance_of(relying_party, suffix)?;
                Some(tenant.key(keys::RELIANCES, id.as_str()))
            };
            self.indexed(
                &tenant,
                keys::RELIANCES_OF,
                &prefix,
                after.as_deref(),
                limit,
                named,
            )
        })
    }

    fn due_reliances<'a>(
        &'a self,
        tenant: &'a TenantId,
        now: UnixTime,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Reliance>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            self.due(&tenant, keys::DUE_RELIANCES, now, limit, |suffix| {
                let (at, id) = keys::parse_due_reliance(suffix)?;
                Some((at, tenant.key(keys::RELIANCES, id.as_str())))
            })
        })
    }

    fn replace_reliance<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: Reliance,
        next: Reliance,
        announcements: Vec<Delivery>,
    ) -> StoreFuture<'a, Replacement> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let key = tenant.key(keys::RELIANCES, expected.request.as_str());
            let mut batch = Batch::new().require_equals(key.clone(), encode(&expected)?);
            if let Some(due) = keys::due_reliance(&tenant, &expected) {
                batch = batch.delete(due);
            }
            batch = batch.put(key, encode(&next)?);
            if let Some(due) = keys::due_reliance(&tenant, &next) {
                batch = batch.put(due, Vec::new());
            }
            for delivery in &announcements {
                batch = announce(batch, &tenant, delivery)?;
            }
            replacement(self.commit(batch).await)
        })
    }

    fn remove_reliance<'a>(&'a self, tenant: &'a TenantId, id: &'a RequestId) -> StoreFuture<'a, Removal> {
        Box::pin(async move {
            let Some(reliance) = self.reliance(tenant, id).await? else {
                return Ok(Removal::Absent);
            };
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let expiry = keys::expiry(&tenant, reliance.kept_until, &Expiring::Reliance(id.clone()));
            let present = tenant.key(keys::RELIANCES, id.as_str());
            let gone = self.keys_of_reliance(&tenant, id)?;
            removal(self.commit(without(present, expiry, gone)).await)
        })
    }
}

impl EmbeddedVerifierStore {
    /// Where everything of a receipt stands, but for its expiry.
    pub(super) fn keys_of_receipt(&self, tenant: &Tenant, id: &RequestId) -> Result<Vec<Key>, StoreError> {
        let key = tenant.key(keys::RECEIPTS, id.as_str());
        let receipt: Option<ReceiptRecord> = self.read(&key)?;
        let entry = receipt.map(|receipt| receipt_of(tenant, &receipt));
        Ok(core::iter::once(key).chain(entry).collect())
    }

    /// Where everything of what is relied on stands, but for its expiry.
    pub(super) fn keys_of_reliance(&self, tenant: &Tenant, id: &RequestId) -> Result<Vec<Key>, StoreError> {
        let key = tenant.key(keys::RELIANCES, id.as_str());
        let Some(reliance) = self.read::<Reliance>(&key)? else {
            return Ok(vec![key]);
        };
        let entry = keys::reliance_of(tenant, &reliance);
        let due = keys::due_reliance(tenant, &reliance);
        Ok([key, entry].into_iter().chain(due).collect())
    }
}

/// Adds receipt and reliance to the commit of their result.
pub(super) fn keep(mut batch: Batch, tenant: &Tenant, with: &WithResult) -> Result<Batch, StoreError> {
    if let Some(receipt) = &with.receipt {
        let expiry = Expiring::Receipt(receipt.request.clone());
        batch = batch
            .put(
                tenant.key(keys::RECEIPTS, receipt.request.as_str()),
                encode(receipt)?,
            )
            .put(receipt_of(tenant, receipt), Vec::new())
            .put(keys::expiry(tenant, receipt.kept_until, &expiry), Vec::new());
    }
    if let Some(reliance) = &with.reliance {
        let expiry = Expiring::Reliance(reliance.request.clone());
        batch = batch
            .put(
                tenant.key(keys::RELIANCES, reliance.request.as_str()),
                encode(reliance)?,
            )
            .put(keys::reliance_of(tenant, reliance), Vec::new())
            .put(keys::expiry(tenant, reliance.kept_until, &expiry), Vec::new());
        if let Some(due) = keys::due_reliance(tenant, reliance) {
            batch = batch.put(due, Vec::new());
        }
    }
    Ok(batch)
}

fn receipt_of(tenant: &Tenant, receipt: &ReceiptRecord) -> Key {
    let suffix = keys::request_of(&receipt.relying_party, &receipt.cursor());
    tenant.key(keys::RECEIPTS_OF, suffix)
}

fn without(present: Key, expiry: Key, gone: Vec<Key>) -> Batch {
    let batch = Batch::new().require_present(present).delete(expiry);
    gone.into_iter().fold(batch, Batch::delete)
}
