//! The store in memory: for tests and for readers that keep nothing.

mod evidence;
mod openid_provider;
mod relying_party;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use symbolon_crypto::UnixTime;
use symbolon_trust::pack::LastSeen;

use crate::name::RelyingPartyName;
use crate::reliance::Reliance;
use crate::relying_party::{ApiKeyId, ApiKeyRecord};

use self::openid_provider::SignIns;

use super::{
    Delivery, DeliveryId, Insertion, Nonce, NonceUse, PresentationResult, QuotaWindow, ReceiptRecord,
    Replacement, RequestId, RequestRecord, ResultRecording, StoreError, StoreFuture, TenantId, VerifierStore,
    WithResult,
};

/// A store that lives as long as the process.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Contents>);

#[derive(Debug, Default)]
struct Contents {
    requests: BTreeMap<(TenantId, RequestId), RequestRecord>,
    results: BTreeMap<(TenantId, RequestId), PresentationResult>,
    nonces: BTreeMap<(TenantId, Nonce), UnixTime>,
    packs: BTreeMap<TenantId, LastSeen>,
    api_keys: BTreeMap<(TenantId, ApiKeyId), ApiKeyRecord>,
    quotas: BTreeMap<(TenantId, RelyingPartyName, QuotaWindow), u32>,
    deliveries: BTreeMap<(TenantId, DeliveryId), Delivery>,
    sign_ins: SignIns,
    receipts: BTreeMap<(TenantId, RequestId), ReceiptRecord>,
    reliances: BTreeMap<(TenantId, RequestId), Reliance>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        // No operation leaves the maps half-changed, so a panic elsewhere while the lock was held does no harm.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VerifierStore for MemoryStore {
    fn insert_request(&self, record: RequestRecord) -> StoreFuture<'_, Insertion> {
        let key = (record.tenant.clone(), record.id.clone());
        let outcome = match self.contents().requests.entry(key) {
            Entry::Occupied(_) => Insertion::AlreadyPresent,
            Entry::Vacant(place) => {
                place.insert(record);
                Insertion::Inserted
            }
        };
        ready(outcome)
    }

    fn request<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
    ) -> StoreFuture<'a, Option<RequestRecord>> {
        ready(
            self.contents()
                .requests
                .get(&(tenant.clone(), id.clone()))
                .cloned(),
        )
    }

    fn consume_nonce<'a>(
        &'a self,
        tenant: &'a TenantId,
        nonce: &'a Nonce,
        keep_until: UnixTime,
    ) -> StoreFuture<'a, NonceUse> {
        let mut contents = self.contents();
        let outcome = match contents.nonces.entry((tenant.clone(), nonce.clone())) {
            // A replay must not shorten the memory of the first use.
            Entry::Occupied(_) => NonceUse::Replayed,
            Entry::Vacant(mark) => {
                mark.insert(keep_until);
                NonceUse::First
            }
        };
        ready(outcome)
    }

    fn record_result<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
        result: PresentationResult,
        with: WithResult,
    ) -> StoreFuture<'a, ResultRecording> {
        let key = (tenant.clone(), id.clone());
        let mut contents = self.contents();
        if !contents.requests.contains_key(&key) {
            return ready(ResultRecording::NoSuchRequest);
        }
        let outcome = match contents.results.entry(key.clone()) {
            Entry::Occupied(_) => ResultRecording::AlreadyAnswered,
            Entry::Vacant(place) => {
                place.insert(result);
                contents.take_back_expiry(tenant, id);
                if let Some(delivery) = with.announcement {
                    let key = (tenant.clone(), delivery.id.clone());
                    contents.deliveries.insert(key, delivery);
                }
                contents
                    .receipts
                    .extend(with.receipt.map(|receipt| (key.clone(), receipt)));
                contents
                    .reliances
                    .extend(with.reliance.map(|reliance| (key, reliance)));
                ResultRecording::Recorded
            }
        };
        ready(outcome)
    }

    fn result<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
    ) -> StoreFuture<'a, Option<PresentationResult>> {
        ready(
            self.contents()
                .results
                .get(&(tenant.clone(), id.clone()))
                .cloned(),
        )
    }

    fn last_pack<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, Option<LastSeen>> {
        ready(self.contents().packs.get(tenant).cloned())
    }

    fn replace_last_pack<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: Option<LastSeen>,
        accepted: LastSeen,
    ) -> StoreFuture<'a, Replacement> {
        let mut contents = self.contents();
        let outcome = if contents.packs.get(tenant) == expected.as_ref() {
            contents.packs.insert(tenant.clone(), accepted);
            Replacement::Replaced
        } else {
            Replacement::Changed
        };
        ready(outcome)
    }

    fn remove_expired(&self, now: UnixTime, limit: usize) -> StoreFuture<'_, usize> {
        let mut contents = self.contents();
        let mut removed = 0;
        let expired: Vec<_> = contents
            .requests
            .iter()
            .filter(|(_, record)| record.kept_until() < now)
            .map(|(key, _)| key.clone())
            .take(limit)
            .collect();
        for key in expired {
            contents.requests.remove(&key);
            contents.results.remove(&key);
            removed += 1;
        }
        let spent: Vec<_> = contents
            .nonces
            .iter()
            .filter(|(_, keep_until)| **keep_until < now)
            .map(|(key, _)| key.clone())
            .take(limit.saturating_sub(removed))
            .collect();
        for key in spent {
            contents.nonces.remove(&key);
            removed += 1;
        }
        removed += contents.remove_expired_of_relying_parties(now, limit.saturating_sub(removed));
        removed += contents.remove_expired_sign_ins(now, limit.saturating_sub(removed));
        removed += contents.remove_expired_evidence(now, limit.saturating_sub(removed));
        ready(removed)
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> StoreFuture<'a, T> {
    Box::pin(core::future::ready(Ok::<T, StoreError>(value)))
}

#[cfg(test)]
mod tests {
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};

    use super::super::conformance;
    use super::*;

    #[test]
    fn the_store_in_memory_passes_the_conformance_suite() {
        let store = MemoryStore::new();
        let suite = pin!(conformance::check(&store));
        // The store in memory never waits, so one poll runs the suite to its end.
        assert_eq!(
            suite.poll(&mut Context::from_waker(Waker::noop())),
            Poll::Ready(())
        );
    }
}
