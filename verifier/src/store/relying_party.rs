//! What is kept for the relying parties: their keys, their quotas, the lists of their requests, what is to be announced to them.

use symbolon_crypto::UnixTime;

use super::{Delivery, DeliveryId, Insertion, Replacement, RequestId, RequestRecord, StoreFuture, TenantId};
use crate::name::RelyingPartyName;
use crate::relying_party::{ApiKeyId, ApiKeyRecord};

/// What a verifier keeps for its relying parties. Every key begins with the tenant.
///
/// An implementation guarantees what [`VerifierStore`](super::VerifierStore) says of operations that answer `Ok`, and that
/// [`RelyingPartyStore::take_quota`] is atomic under concurrency: otherwise a quota is spent twice.
pub trait RelyingPartyStore: Send + Sync {
    /// Stores a new key.
    fn insert_api_key<'a>(&'a self, tenant: &'a TenantId, record: ApiKeyRecord)
    -> StoreFuture<'a, Insertion>;

    /// The key with this public part.
    fn api_key<'a>(&'a self, tenant: &'a TenantId, id: &'a ApiKeyId)
    -> StoreFuture<'a, Option<ApiKeyRecord>>;

    /// Every key, in the order of their public parts.
    fn api_keys<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, Vec<ApiKeyRecord>>;

    /// Revokes a key: from then on nobody knows it.
    fn remove_api_key<'a>(&'a self, tenant: &'a TenantId, id: &'a ApiKeyId) -> StoreFuture<'a, Removal>;

    /// Takes at most `amount` of what is left of a quota of `limit` in a window, and says how much was taken. What was taken is
    /// spent, whether it is used or not. The window is forgotten after its end.
    fn take_quota<'a>(
        &'a self,
        tenant: &'a TenantId,
        relying_party: &'a RelyingPartyName,
        window: QuotaWindow,
        amount: u32,
        limit: u32,
    ) -> StoreFuture<'a, u32>;

    /// The requests of a relying party behind `after`, the oldest first.
    fn requests_of<'a>(
        &'a self,
        tenant: &'a TenantId,
        relying_party: &'a RelyingPartyName,
        after: Option<&'a Cursor>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<RequestRecord>>;

    /// Removes a request with everything that is kept of it, the announcement of its expiry ([`Delivery::of_expiry`]) included. A
    /// response that arrives later finds no request. Its spent nonce stays.
    fn remove_request<'a>(&'a self, tenant: &'a TenantId, id: &'a RequestId) -> StoreFuture<'a, Removal>;

    /// Stores an announcement that no result brings with it.
    fn insert_delivery<'a>(&'a self, tenant: &'a TenantId, delivery: Delivery) -> StoreFuture<'a, Insertion>;

    /// What is to be announced at `now`, the longest waiting first.
    fn due_deliveries<'a>(
        &'a self,
        tenant: &'a TenantId,
        now: UnixTime,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Delivery>>;

    /// The announcements behind `after`, in the order of their identifiers.
    fn deliveries<'a>(
        &'a self,
        tenant: &'a TenantId,
        after: Option<&'a DeliveryId>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Delivery>>;

    /// The announcement with this identifier.
    fn delivery<'a>(&'a self, tenant: &'a TenantId, id: &'a DeliveryId) -> StoreFuture<'a, Option<Delivery>>;

    /// Replaces an announcement: atomically, and only if `expected` is still what is stored.
    fn replace_delivery<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: Delivery,
        next: Delivery,
    ) -> StoreFuture<'a, Replacement>;
}

/// What became of something that was to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Removed,
    /// It was not there.
    Absent,
}

/// A place in the list of a relying party's requests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// When the request was made.
    pub created_at: UnixTime,
    /// The request.
    pub id: RequestId,
}

/// A stretch of time in which uses are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuotaWindow {
    /// Its kind.
    pub kind: QuotaKind,
    /// Its first second.
    pub starts_at: UnixTime,
}

/// How long a window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuotaKind {
    /// One minute.
    Minute,
    /// One day of UTC.
    Day,
}

impl QuotaKind {
    const fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Day => 24 * 60 * 60,
        }
    }

    /// The window that `now` is in.
    #[must_use]
    pub const fn window(self, now: UnixTime) -> QuotaWindow {
        let seconds = now.seconds();
        QuotaWindow {
            kind: self,
            starts_at: UnixTime::from_seconds(seconds.saturating_sub(seconds.rem_euclid(self.seconds()))),
        }
    }
}

impl QuotaWindow {
    /// The first second after it.
    #[must_use]
    pub const fn ends_at(self) -> UnixTime {
        UnixTime::from_seconds(self.starts_at.seconds().saturating_add(self.kind.seconds()))
    }
}
