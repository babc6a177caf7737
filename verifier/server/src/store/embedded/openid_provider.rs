use serde::Serialize;
use symbolon_crypto::UnixTime;
use symbolon_store::{Batch, Key};
use symbolon_verifier::openid_provider::{
    GrantId, GrantRecord, PushedRequestId, PushedRequestRecord, SignInId, SignInRecord,
};
use symbolon_verifier::store::{
    Insertion, OpenIdProviderStore, Replacement, StoreError, StoreFuture, TenantId,
};

use super::{EmbeddedVerifierStore, Expiring, encode, insertion, keys, outcome, replacement, unavailable};

impl EmbeddedVerifierStore {
    /// Stores something that expires, where there is nothing yet.
    async fn insert_expiring<T: Serialize>(
        &self,
        tenant: &TenantId,
        key: impl FnOnce(&symbolon_store::Tenant) -> Key,
        record: &T,
        at: UnixTime,
        what: &Expiring,
    ) -> Result<Insertion, StoreError> {
        let tenant = keys::tenant(tenant).map_err(unavailable)?;
        let key = key(&tenant);
        let batch = Batch::new()
            .require_absent(key.clone())
            .put(key, encode(record)?)
            .put(keys::expiry(&tenant, at, what), Vec::new());
        insertion(self.commit_listing(&tenant, batch).await?)
    }
}

impl OpenIdProviderStore for EmbeddedVerifierStore {
    fn insert_pushed_request(&self, record: PushedRequestRecord) -> StoreFuture<'_, Insertion> {
        Box::pin(async move {
            let key = |tenant: &symbolon_store::Tenant| tenant.key(keys::PUSHED_REQUESTS, record.id.as_str());
            let what = Expiring::PushedRequest(record.id.clone());
            self.insert_expiring(&record.tenant, key, &record, record.expires_at, &what)
                .await
        })
    }

    fn take_pushed_request<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a PushedRequestId,
    ) -> StoreFuture<'a, Option<PushedRequestRecord>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let key = tenant.key(keys::PUSHED_REQUESTS, id.as_str());
            let Some(record) = self.read::<PushedRequestRecord>(&key)? else {
                return Ok(None);
            };
            let what = Expiring::PushedRequest(id.clone());
            let batch = Batch::new()
                .require_present(key.clone())
                .delete(key)
                .delete(keys::expiry(&tenant, record.expires_at, &what));
            // None where somebody else was faster.
            outcome(self.commit(batch).await, Some(record), None)
        })
    }

    fn insert_sign_in(&self, record: SignInRecord) -> StoreFuture<'_, Insertion> {
        Box::pin(async move {
            let key = |tenant: &symbolon_store::Tenant| tenant.key(keys::SIGN_INS, record.id.as_str());
            let what = Expiring::SignIn(record.id.clone());
            self.insert_expiring(&record.tenant, key, &record, record.expires_at, &what)
                .await
        })
    }

    fn sign_in<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a SignInId,
    ) -> StoreFuture<'a, Option<SignInRecord>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            self.read(&tenant.key(keys::SIGN_INS, id.as_str()))
        })
    }

    fn end_sign_in<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a SignInId,
        grant: Option<GrantRecord>,
    ) -> StoreFuture<'a, Replacement> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let key = tenant.key(keys::SIGN_INS, id.as_str());
            let Some(record) = self.read::<SignInRecord>(&key)? else {
                return Ok(Replacement::Changed);
            };
            let what = Expiring::SignIn(id.clone());
            let mut batch = Batch::new()
                .require_present(key.clone())
                .delete(key)
                .delete(keys::expiry(&tenant, record.expires_at, &what));
            if let Some(grant) = &grant {
                let what = Expiring::Grant(grant.id.clone());
                batch = batch
                    .put(tenant.key(keys::GRANTS, grant.id.as_str()), encode(grant)?)
                    .put(keys::expiry(&tenant, grant.kept_until(), &what), Vec::new());
            }
            replacement(self.commit(batch).await)
        })
    }

    fn grant<'a>(&'a self, tenant: &'a TenantId, id: &'a GrantId) -> StoreFuture<'a, Option<GrantRecord>> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            self.read(&tenant.key(keys::GRANTS, id.as_str()))
        })
    }

    fn replace_grant<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: GrantRecord,
        next: GrantRecord,
    ) -> StoreFuture<'a, Replacement> {
        Box::pin(async move {
            let tenant = keys::tenant(tenant).map_err(unavailable)?;
            let key = tenant.key(keys::GRANTS, expected.id.as_str());
            let what = Expiring::Grant(expected.id.clone());
            let batch = Batch::new()
                .require_equals(key.clone(), encode(&expected)?)
                .delete(keys::expiry(&tenant, expected.kept_until(), &what))
                .put(key, encode(&next)?)
                .put(keys::expiry(&tenant, next.kept_until(), &what), Vec::new());
            replacement(self.commit(batch).await)
        })
    }
}
