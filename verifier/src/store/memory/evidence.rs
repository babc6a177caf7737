use symbolon_crypto::UnixTime;

use super::super::{
    Cursor, Delivery, EvidenceStore, ReceiptRecord, Removal, Replacement, RequestId, StoreFuture, TenantId,
};
use super::relying_party::removal;
use super::{Contents, MemoryStore, ready};
use crate::name::RelyingPartyName;
use crate::reliance::Reliance;

impl EvidenceStore for MemoryStore {
    fn receipt<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
    ) -> StoreFuture<'a, Option<ReceiptRecord>> {
        let key = (tenant.clone(), id.clone());
        ready(self.contents().receipts.get(&key).cloned())
    }

    fn receipts_of<'a>(
        &'a self,
        tenant: &'a TenantId,
        relying_party: &'a RelyingPartyName,
        after: Option<&'a Cursor>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<ReceiptRecord>> {
        let contents = self.contents();
        let mut found: Vec<ReceiptRecord> = contents
            .receipts
            .iter()
            .filter(|((owner, _), receipt)| owner == tenant && receipt.relying_party == *relying_party)
            .map(|(_, receipt)| receipt.clone())
            .filter(|receipt| after.is_none_or(|after| receipt.cursor() > *after))
            .collect();
        found.sort_by_key(ReceiptRecord::cursor);
        found.truncate(limit);
        ready(found)
    }

    fn remove_receipt<'a>(&'a self, tenant: &'a TenantId, id: &'a RequestId) -> StoreFuture<'a, Removal> {
        let key = (tenant.clone(), id.clone());
        ready(removal(self.contents().receipts.remove(&key).is_some()))
    }

    fn reliance<'a>(&'a self, tenant: &'a TenantId, id: &'a RequestId) -> StoreFuture<'a, Option<Reliance>> {
        let key = (tenant.clone(), id.clone());
        ready(self.contents().reliances.get(&key).cloned())
    }

    fn reliances_of<'a>(
        &'a self,
        tenant: &'a TenantId,
        relying_party: &'a RelyingPartyName,
        after: Option<&'a RequestId>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Reliance>> {
        let contents = self.contents();
        let found = contents
            .reliances
            .iter()
            .filter(|((owner, id), reliance)| {
                owner == tenant
                    && reliance.relying_party == *relying_party
                    && after.is_none_or(|after| id > after)
            })
            .map(|(_, reliance)| reliance.clone());
        ready(found.take(limit).collect())
    }

    fn due_reliances<'a>(
        &'a self,
        tenant: &'a TenantId,
        now: UnixTime,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Reliance>> {
        let contents = self.contents();
        let mut due: Vec<Reliance> = contents
            .reliances
            .iter()
            .filter(|((owner, _), reliance)| owner == tenant && reliance.due_at().is_some_and(|at| at <= now))
            .map(|(_, reliance)| reliance.clone())
            .collect();
        due.sort_by_key(Reliance::due_at);
        due.truncate(limit);
        ready(due)
    }

    fn replace_reliance<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: Reliance,
        next: Reliance,
        announcements: Vec<Delivery>,
    ) -> StoreFuture<'a, Replacement> {
        let mut contents = self.contents();
        let key = (tenant.clone(), expected.request.clone());
        match contents.reliances.get_mut(&key) {
            Some(stored) if *stored == expected => *stored = next,
            _ => return ready(Replacement::Changed),
        }
        for delivery in announcements {
            let key = (tenant.clone(), delivery.id.clone());
            contents.deliveries.insert(key, delivery);
        }
        ready(Replacement::Replaced)
    }

    fn remove_reliance<'a>(&'a self, tenant: &'a TenantId, id: &'a RequestId) -> StoreFuture<'a, Removal> {
        let key = (tenant.clone(), id.clone());
        ready(removal(self.contents().reliances.remove(&key).is_some()))
    }
}

impl Contents {
    pub(super) fn remove_expired_evidence(&mut self, now: UnixTime, limit: usize) -> usize {
        let receipts = self.receipts.iter();
        let old: Vec<_> = receipts
            .filter(|(_, receipt)| receipt.kept_until < now)
            .map(|(key, _)| key.clone())
            .take(limit)
            .collect();
        for key in &old {
            self.receipts.remove(key);
        }
        let reliances = self.reliances.iter();
        let over: Vec<_> = reliances
            .filter(|(_, reliance)| reliance.kept_until < now)
            .map(|(key, _)| key.clone())
            .take(limit.saturating_sub(old.len()))
            .collect();
        for key in &over {
            self.reliances.remove(key);
        }
        old.len() + over.len()
    }
}
