//! Removing what is kept no longer. What expires when stands in the store, so that a process which ended in between changes nothing.

use symbolon_crypto::UnixTime;
use symbolon_store::{Batch, Key, Tenant};
use symbolon_verifier::store::{Delivery, RequestId, RequestRecord, StoreError};

use super::{EmbeddedVerifierStore, Expiring, keys, unavailable};

impl EmbeddedVerifierStore {
    pub(super) async fn sweep(&self, now: UnixTime, limit: usize) -> Result<usize, StoreError> {
        let mut batch = Batch::new();
        let mut removed = 0;
        for tenant in self.tenants()? {
            let left = limit.saturating_sub(removed);
            let entries = self
                .store
                .scan(&tenant, keys::EXPIRIES, &[], None, left)
                .map_err(unavailable)?;
            for entry in entries {
                let (at, what) = keys::parse_expiry(&entry.suffix).ok_or(StoreError::Unreadable)?;
                if at >= now {
                    break;
                }
                batch = batch.delete(tenant.key(keys::EXPIRIES, &entry.suffix));
                for key in self.keys_of(&tenant, &what)? {
                    batch = batch.delete(key);
                }
                removed += 1;
            }
        }
        if removed > 0 {
            self.commit(batch).await.map_err(unavailable)?;
        }
        Ok(removed)
    }

    /// Where everything stands that goes with it.
    fn keys_of(&self, tenant: &Tenant, what: &Expiring) -> Result<Vec<Key>, StoreError> {
        Ok(match what {
            Expiring::Nonce(nonce) => vec![tenant.key(keys::NONCES, nonce.as_str())],
            Expiring::Quota(suffix) => vec![tenant.key(keys::QUOTAS, suffix)],
            Expiring::Request(id) => self.keys_of_request(tenant, id)?,
            Expiring::PushedRequest(id) => vec![tenant.key(keys::PUSHED_REQUESTS, id.as_str())],
            Expiring::SignIn(id) => vec![tenant.key(keys::SIGN_INS, id.as_str())],
            Expiring::Grant(id) => vec![tenant.key(keys::GRANTS, id.as_str())],
            Expiring::Receipt(id) => self.keys_of_receipt(tenant, id)?,
            Expiring::Reliance(id) => self.keys_of_reliance(tenant, id)?,
            Expiring::Delivery(id) => {
                let key = tenant.key(keys::DELIVERIES, id.as_str());
                let delivery: Option<Delivery> = self.read(&key)?;
                let due = delivery.and_then(|delivery| keys::due(tenant, &delivery));
                core::iter::once(key).chain(due).collect()
            }
        })
    }

    /// Where everything of a request stands, but for its expiry.
    pub(super) fn keys_of_request(&self, tenant: &Tenant, id: &RequestId) -> Result<Vec<Key>, StoreError> {
        let record: Option<RequestRecord> = self.read(&tenant.key(keys::REQUESTS, id.as_str()))?;
        let entry = record.and_then(|record| keys::entry_of(tenant, &record));
        let spaces = [
            keys::REQUESTS,
            keys::RESULTS,
            keys::REQUEST_OBJECTS,
            keys::ANSWERS,
        ];
        Ok(spaces
            .into_iter()
            .map(|space| tenant.key(space, id.as_str()))
            .chain(entry)
            .collect())
    }
}
