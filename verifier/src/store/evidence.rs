//! What is kept of a presentation beyond its result: the receipt, and what is relied on.

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;

use super::{Cursor, Delivery, Nonce, Removal, Replacement, RequestId, StoreFuture, TenantId};
use crate::name::{PolicyName, RelyingPartyName};
use crate::reliance::Reliance;

/// A receipt as it is kept. It outlives its request and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptRecord {
    /// The request.
    pub request: RequestId,
    /// Whose it is.
    pub relying_party: RelyingPartyName,
    /// The policy by which it was made.
    pub policy: PolicyName,
    /// When it was made.
    pub created_at: UnixTime,
    /// The last second in which it is kept.
    pub kept_until: UnixTime,
    /// What the browser must bring that began, as for the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_code: Option<Nonce>,
    /// The signed receipt.
    pub receipt: String,
}

impl ReceiptRecord {
    /// Its place in the list of its relying party.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor {
            created_at: self.created_at,
            id: self.request.clone(),
        }
    }
}

/// What goes into the store in the commit of a result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WithResult {
    /// What is announced.
    pub announcement: Option<Delivery>,
    /// The receipt.
    pub receipt: Option<ReceiptRecord>,
    /// What is relied on from now on.
    pub reliance: Option<Reliance>,
}

impl From<Option<Delivery>> for WithResult {
    fn from(announcement: Option<Delivery>) -> Self {
        Self {
            announcement,
            ..Self::default()
        }
    }
}

/// What a verifier keeps beyond results. Every key begins with the tenant.
///
/// An implementation guarantees what [`VerifierStore`](super::VerifierStore) says of operations that answer `Ok`, that receipts and
/// what is relied on survive the removal of their request, and that [`EvidenceStore::replace_reliance`] is atomic: otherwise a change is
/// announced twice, or not at all.
pub trait EvidenceStore: Send + Sync {
    /// The receipt of a request.
    fn receipt<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
    ) -> StoreFuture<'a, Option<ReceiptRecord>>;

    /// The receipts of a relying party behind `after`, the oldest first.
    fn receipts_of<'a>(
        &'a self,
        tenant: &'a TenantId,
        relying_party: &'a RelyingPartyName,
        after: Option<&'a Cursor>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<ReceiptRecord>>;

    /// Removes a receipt before its time.
    fn remove_receipt<'a>(&'a self, tenant: &'a TenantId, id: &'a RequestId) -> StoreFuture<'a, Removal>;

    /// What is relied on of a request.
    fn reliance<'a>(&'a self, tenant: &'a TenantId, id: &'a RequestId) -> StoreFuture<'a, Option<Reliance>>;

    /// What a relying party relies on, behind `after`, in the order of the requests' identifiers.
    fn reliances_of<'a>(
        &'a self,
        tenant: &'a TenantId,
        relying_party: &'a RelyingPartyName,
        after: Option<&'a RequestId>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Reliance>>;

    /// What something is to be done about at `now`, the longest waiting first.
    fn due_reliances<'a>(
        &'a self,
        tenant: &'a TenantId,
        now: UnixTime,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Reliance>>;

    /// Replaces what is relied on, and stores what is announced with it: atomically, and only if `expected` is still what is stored.
    fn replace_reliance<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: Reliance,
        next: Reliance,
        announcements: Vec<Delivery>,
    ) -> StoreFuture<'a, Replacement>;

    /// Forgets what is relied on.
    fn remove_reliance<'a>(&'a self, tenant: &'a TenantId, id: &'a RequestId) -> StoreFuture<'a, Removal>;
}
