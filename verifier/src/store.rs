//! What a verifier keeps: its requests, their results, spent nonces, the keys and quotas of its relying parties, what is to be
//! announced to them, and the last pack it accepted.
//!
//! Four traits, [`VerifierStore`] and what it builds on, [`RelyingPartyStore`], [`OpenIdProviderStore`] and [`EvidenceStore`]; one
//! version in memory, and one conformance suite (feature `testing`) that every backend passes.

#[cfg(any(test, feature = "testing"))]
pub mod conformance;
mod delivery;
mod evidence;
mod memory;
mod openid_provider;
mod record;
mod relying_party;

use core::future::Future;
use core::pin::Pin;

use symbolon_crypto::UnixTime;
use symbolon_trust::pack::LastSeen;

pub use self::delivery::{Delivery, DeliveryEvent, DeliveryStage, GivenUp, MAX_ATTEMPTS};
pub use self::evidence::{EvidenceStore, ReceiptRecord, WithResult};
pub use self::memory::MemoryStore;
pub use self::openid_provider::OpenIdProviderStore;
pub(crate) use self::record::identifier;
pub use self::record::{
    CredentialPeriod, DeclineCode, DeliveryId, InvalidIdentifier, MAX_IDENTIFIER_BYTES, Nonce, PageFlow,
    PresentationResult, RequestId, RequestRecord, ResultOutcome, StoredReport, TenantId,
};
pub use self::relying_party::{Cursor, QuotaKind, QuotaWindow, RelyingPartyStore, Removal};

/// What a store operation returns: a boxed future, so that the trait can be used as an object.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A verifier's store. Every key begins with the tenant.
///
/// An implementation guarantees that an operation which has answered `Ok` survives a power cut, and that
/// [`VerifierStore::consume_nonce`] and [`VerifierStore::record_result`] are atomic under concurrency: otherwise one
/// response is accepted twice. [`conformance::check`] shows it.
pub trait VerifierStore: RelyingPartyStore + OpenIdProviderStore + EvidenceStore {
    /// Stores a new request.
    ///
    /// Answers [`Insertion::AlreadyPresent`] when the tenant has a request with this identifier, which then stays
    /// as it was.
    fn insert_request(&self, record: RequestRecord) -> StoreFuture<'_, Insertion>;

    /// The request with this identifier.
    fn request<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
    ) -> StoreFuture<'a, Option<RequestRecord>>;

    /// Spends a nonce: atomically, once. The mark is kept at least until `keep_until`, after which the request is
    /// expired anyway.
    fn consume_nonce<'a>(
        &'a self,
        tenant: &'a TenantId,
        nonce: &'a Nonce,
        keep_until: UnixTime,
    ) -> StoreFuture<'a, NonceUse>;

    /// Stores the result of a request, and what goes with it: atomically, once. A second result does not replace the first, and nothing
    /// of it is stored or announced. With the first goes the announcement that the request has expired ([`Delivery::of_expiry`]).
    fn record_result<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
        result: PresentationResult,
        with: WithResult,
    ) -> StoreFuture<'a, ResultRecording>;

    /// The result of a request, once there is one.
    fn result<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a RequestId,
    ) -> StoreFuture<'a, Option<PresentationResult>>;

    /// What is remembered of the packs accepted so far.
    fn last_pack<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, Option<LastSeen>>;

    /// Remembers an accepted pack: atomically, and only if `expected` is still what is remembered, so that two
    /// processes that accept packs at once cannot take the memory back.
    fn replace_last_pack<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: Option<LastSeen>,
        accepted: LastSeen,
    ) -> StoreFuture<'a, Replacement>;

    /// Removes requests and results that are kept no longer, and nonce marks, quotas, deliveries, receipts and what was relied on whose time was over before `now`, at most `limit` of them, and says how many
    /// it removed.
    fn remove_expired(&self, now: UnixTime, limit: usize) -> StoreFuture<'_, usize>;
}

/// What became of a new request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insertion {
    /// Stored.
    Inserted,
    /// The identifier is taken.
    AlreadyPresent,
}

/// What became of a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceUse {
    /// Spent now, for the first time.
    First,
    /// Spent before: the response is a replay.
    Replayed,
}

/// What became of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultRecording {
    /// Stored.
    Recorded,
    /// The request has a result, which stays as it was.
    AlreadyAnswered,
    /// There is no such request.
    NoSuchRequest,
}

/// What became of a remembered pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    /// Remembered.
    Replaced,
    /// Somebody else's pack is remembered since: read again, open again.
    Changed,
}

/// Why a store did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The engine failed: full, read-only, gone. Nothing was changed.
    #[error("the verifier's store did not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored value cannot be read. It was written by another version, or is damaged.
    #[error("a stored value of the verifier cannot be read")]
    Unreadable,
}
