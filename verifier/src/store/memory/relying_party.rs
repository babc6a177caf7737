use std::collections::btree_map::Entry;

use symbolon_crypto::UnixTime;

use super::super::{
    Cursor, Delivery, DeliveryId, Insertion, QuotaWindow, RelyingPartyStore, Removal, Replacement, RequestId,
    RequestRecord, StoreFuture, TenantId,
};
use super::{Contents, MemoryStore, ready};
use crate::name::RelyingPartyName;
use crate::relying_party::{ApiKeyId, ApiKeyRecord};

impl RelyingPartyStore for MemoryStore {
    fn insert_api_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        record: ApiKeyRecord,
    ) -> StoreFuture<'a, Insertion> {
        let key = (tenant.clone(), record.id.clone());
        ready(match self.contents().api_keys.entry(key) {
            Entry::Occupied(_) => Insertion::AlreadyPresent,
            Entry::Vacant(place) => {
                place.insert(record);
                Insertion::Inserted
            }
        })
    }

    fn api_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a ApiKeyId,
    ) -> StoreFuture<'a, Option<ApiKeyRecord>> {
        let key = (tenant.clone(), id.clone());
        ready(self.contents().api_keys.get(&key).cloned())
    }

    fn api_keys<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, Vec<ApiKeyRecord>> {
        let contents = self.contents();
        let keys = contents.api_keys.iter().filter(|((owner, _), _)| owner == tenant);
        ready(keys.map(|(_, record)| record.clone()).collect())
    }

    fn remove_api_key<'a>(&'a self, tenant: &'a TenantId, id: &'a ApiKeyId) -> StoreFuture<'a, Removal> {
        let key = (tenant.clone(), id.clone());
        let removed = self.contents().api_keys.remove(&key);
        ready(removal(removed.is_some()))
    }

    fn take_quota<'a>(
        &'a self,
        tenant: &'a TenantId,
        relying_party: &'a RelyingPartyName,
        window: QuotaWindow,
        amount: u32,
        limit: u32,
    ) -> StoreFuture<'a, u32> {
        let mut contents = self.contents();
        let key = (tenant.clone(), relying_party.clone(), window);
        let used = contents.quotas.entry(key).or_default();
        let taken = amount.min(limit.saturating_sub(*used));
        *used = used.saturating_add(taken);
        ready(taken)
    }

    fn requests_of<'a>(
        &'a self,
        tenant: &'a TenantId,
        relying_party: &'a RelyingPartyName,
        after: Option<&'a Cursor>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<RequestRecord>> {
        let contents = self.contents();
        let mut records: Vec<(Cursor, RequestRecord)> = contents
            .requests
            .iter()
            .filter(|((owner, _), record)| {
                owner == tenant && record.relying_party.as_ref() == Some(relying_party)
            })
            .map(|((_, id), record)| {
                let cursor = Cursor {
                    created_at: record.created_at,
                    id: id.clone(),
                };
                (cursor, record.clone())
            })
            .filter(|(cursor, _)| after.is_none_or(|after| cursor > after))
            .collect();
        records.sort_by(|(one, _), (other, _)| one.cmp(other));
        ready(
            records
                .into_iter()
                .map(|(_, record)| record)
                .take(limit)
                .collect(),
        )
    }

    fn remove_request<'a>(&'a self, tenant: &'a TenantId, id: &'a RequestId) -> StoreFuture<'a, Removal> {
        let mut contents = self.contents();
        let key = (tenant.clone(), id.clone());
        contents.results.remove(&key);
        contents.take_back_expiry(tenant, id);
        ready(removal(contents.requests.remove(&key).is_some()))
    }

    fn insert_delivery<'a>(&'a self, tenant: &'a TenantId, delivery: Delivery) -> StoreFuture<'a, Insertion> {
        let key = (tenant.clone(), delivery.id.clone());
        ready(match self.contents().deliveries.entry(key) {
            Entry::Occupied(_) => Insertion::AlreadyPresent,
            Entry::Vacant(place) => {
                place.insert(delivery);
                Insertion::Inserted
            }
        })
    }

    fn due_deliveries<'a>(
        &'a self,
        tenant: &'a TenantId,
        now: UnixTime,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Delivery>> {
        let contents = self.contents();
        let mut due: Vec<Delivery> = contents
            .deliveries
            .iter()
            .filter(|((owner, _), delivery)| owner == tenant && delivery.due_at().is_some_and(|at| at <= now))
            .map(|(_, delivery)| delivery.clone())
            .collect();
        due.sort_by_key(Delivery::due_at);
        due.truncate(limit);
        ready(due)
    }

    fn deliveries<'a>(
        &'a self,
        tenant: &'a TenantId,
        after: Option<&'a DeliveryId>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Delivery>> {
        let contents = self.contents();
        let found = contents
            .deliveries
            .iter()
            .filter(|((owner, id), _)| owner == tenant && after.is_none_or(|after| id > after));
        ready(found.map(|(_, delivery)| delivery.clone()).take(limit).collect())
    }

    fn delivery<'a>(&'a self, tenant: &'a TenantId, id: &'a DeliveryId) -> StoreFuture<'a, Option<Delivery>> {
        let key = (tenant.clone(), id.clone());
        ready(self.contents().deliveries.get(&key).cloned())
    }

    fn replace_delivery<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: Delivery,
        next: Delivery,
    ) -> StoreFuture<'a, Replacement> {
        let mut contents = self.contents();
        let key = (tenant.clone(), expected.id.clone());
        ready(match contents.deliveries.get_mut(&key) {
            Some(stored) if *stored == expected => {
                *stored = next;
                Replacement::Replaced
            }
            _ => Replacement::Changed,
        })
    }
}

impl Contents {
    pub(super) fn take_back_expiry(&mut self, tenant: &TenantId, request: &RequestId) {
        if let Some(id) = DeliveryId::of_expiry(request) {
            self.deliveries.remove(&(tenant.clone(), id));
        }
    }

    pub(super) fn remove_expired_of_relying_parties(&mut self, now: UnixTime, limit: usize) -> usize {
        let over: Vec<_> = self
            .quotas
            .keys()
            .filter(|(_, _, window)| window.ends_at() < now)
            .take(limit)
            .cloned()
            .collect();
        for key in &over {
            self.quotas.remove(key);
        }
        let old: Vec<_> = self
            .deliveries
            .iter()
            .filter(|(_, delivery)| delivery.kept_until() < now)
            .map(|(key, _)| key.clone())
            .take(limit.saturating_sub(over.len()))
            .collect();
        for key in &old {
            self.deliveries.remove(key);
        }
        over.len() + old.len()
    }
}

pub(super) const fn removal(removed: bool) -> Removal {
    if removed {
        Removal::Removed
    } else {
        Removal::Absent
    }
}
