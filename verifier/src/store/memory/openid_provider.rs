use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use symbolon_crypto::UnixTime;

use super::super::{Insertion, OpenIdProviderStore, Replacement, StoreFuture, TenantId};
use super::{Contents, MemoryStore, ready};
use crate::openid_provider::{
    GrantId, GrantRecord, PushedRequestId, PushedRequestRecord, SignInId, SignInRecord,
};

/// What is kept of sign-ins.
#[derive(Debug, Default)]
pub(super) struct SignIns {
    pushed: BTreeMap<(TenantId, PushedRequestId), PushedRequestRecord>,
    under_way: BTreeMap<(TenantId, SignInId), SignInRecord>,
    grants: BTreeMap<(TenantId, GrantId), GrantRecord>,
}

impl OpenIdProviderStore for MemoryStore {
    fn insert_pushed_request(&self, record: PushedRequestRecord) -> StoreFuture<'_, Insertion> {
        let key = (record.tenant.clone(), record.id.clone());
        ready(insert(&mut self.contents().sign_ins.pushed, key, record))
    }

    fn take_pushed_request<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a PushedRequestId,
    ) -> StoreFuture<'a, Option<PushedRequestRecord>> {
        let key = (tenant.clone(), id.clone());
        ready(self.contents().sign_ins.pushed.remove(&key))
    }

    fn insert_sign_in(&self, record: SignInRecord) -> StoreFuture<'_, Insertion> {
        let key = (record.tenant.clone(), record.id.clone());
        ready(insert(&mut self.contents().sign_ins.under_way, key, record))
    }

    fn sign_in<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a SignInId,
    ) -> StoreFuture<'a, Option<SignInRecord>> {
        let key = (tenant.clone(), id.clone());
        ready(self.contents().sign_ins.under_way.get(&key).cloned())
    }

    fn end_sign_in<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a SignInId,
        grant: Option<GrantRecord>,
    ) -> StoreFuture<'a, Replacement> {
        let mut contents = self.contents();
        let key = (tenant.clone(), id.clone());
        if contents.sign_ins.under_way.remove(&key).is_none() {
            return ready(Replacement::Changed);
        }
        if let Some(grant) = grant {
            let key = (tenant.clone(), grant.id.clone());
            contents.sign_ins.grants.insert(key, grant);
        }
        ready(Replacement::Replaced)
    }

    fn grant<'a>(&'a self, tenant: &'a TenantId, id: &'a GrantId) -> StoreFuture<'a, Option<GrantRecord>> {
        let key = (tenant.clone(), id.clone());
        ready(self.contents().sign_ins.grants.get(&key).cloned())
    }

    fn replace_grant<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: GrantRecord,
        next: GrantRecord,
    ) -> StoreFuture<'a, Replacement> {
        let key = (tenant.clone(), expected.id.clone());
        ready(match self.contents().sign_ins.grants.get_mut(&key) {
            Some(stored) if *stored == expected => {
                *stored = next;
                Replacement::Replaced
            }
            _ => Replacement::Changed,
        })
    }
}

impl Contents {
    pub(super) fn remove_expired_sign_ins(&mut self, now: UnixTime, limit: usize) -> usize {
        let SignIns {
            pushed,
            under_way,
            grants,
        } = &mut self.sign_ins;
        let mut removed = remove_expired(pushed, |record| record.expires_at < now, limit);
        removed += remove_expired(
            under_way,
            |record| record.expires_at < now,
            limit.saturating_sub(removed),
        );
        removed
            + remove_expired(
                grants,
                |record| record.kept_until() < now,
                limit.saturating_sub(removed),
            )
    }
}

fn insert<K: Ord, V>(into: &mut BTreeMap<K, V>, key: K, record: V) -> Insertion {
    match into.entry(key) {
        Entry::Occupied(_) => Insertion::AlreadyPresent,
        Entry::Vacant(place) => {
            place.insert(record);
            Insertion::Inserted
        }
    }
}

fn remove_expired<K: Ord + Clone, V>(
    from: &mut BTreeMap<K, V>,
    is_expired: impl Fn(&V) -> bool,
    limit: usize,
) -> usize {
    let expired: Vec<K> = from
        .iter()
        .filter(|(_, record)| is_expired(record))
        .map(|(key, _)| key.clone())
        .take(limit)
        .collect();
    for key in &expired {
        from.remove(key);
    }
    expired.len()
}
