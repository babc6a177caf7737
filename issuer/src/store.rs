//! The issuer's store: one trait of typed operations, an in-memory version, and the suite that every backend passes.
//!
//! A store belongs to one tenant; whoever makes one gives the tenant, and every key it writes begins with it.

mod authorization;
mod error;
mod key_value;
mod memory;
mod notifications;
mod offers;
mod sign_in;
mod status_lists;
mod transactions;
mod types;

#[cfg(any(test, feature = "testing"))]
pub mod conformance;

use symbolon_crypto::UnixTime;

pub use authorization::{AuthorizationCommit, AuthorizationOutcome, AuthorizationStore, Change, ReplayMark};
pub use error::StoreError;
pub use key_value::{
    Applied, Durability, KeyValue, KeyValueIssuerStore, Keyed, Requirement, Restoration, Restored, Space,
    Write, WriteBatch,
};
pub use memory::MemoryKeyValue;
pub use notifications::{NewNotification, NotedNotification, NotificationStore};
pub use offers::{CancelledOffer, OfferStanding, OfferStep, OfferStore};
pub use sign_in::{SignInCommit, SignInStore};
pub use status_lists::{KeptStatusList, PlaceExpiry, StatusListStore, UnpublishedChange};
pub use transactions::{Deferral, FetchedTransaction, TransactionStore};
pub use types::{
    Issuance, IssuanceOutcome, NewOffer, RecordChange, Revision, SpentAccess, StatusChange, Stored,
    StoredOffer, Swap,
};

use crate::audit::{AuditEntry, AuditHead, EventKey, WaitingEvent};
use crate::credential_record::{CredentialRecord, CredentialStatus};
use crate::grant::{AccessGrant, Grant};
use crate::identifiers::{CredentialId, OfferAddress};
use crate::index::{Shard, ShardId};
use crate::record::{IdRecord, Uin};
use crate::secret::{InstallationSecret, SecretDigest};

/// What every operation answers with, later.
pub type StoreFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// An in-memory issuer store, for tests.
pub type MemoryIssuerStore = KeyValueIssuerStore<MemoryKeyValue>;

/// Where the issuer keeps what must not be lost.
///
/// An implementer guarantees three things. A write that was answered is durable: a credential leaves only after
/// [`IssuerStore::commit_issuance`] was answered, so a store that loses it has issued a credential that nobody can revoke. Every operation
/// happens whole or not at all. And every comparison (`Swap`, `Issuance`) is atomic with its write: two threads that read the same
/// revision cannot both succeed, or an access token yields two credentials and a nonce is spent twice.
pub trait IssuerStore:
    AuthorizationStore + SignInStore + TransactionStore + NotificationStore + OfferStore + StatusListStore
{
    /// Stores records by their UIN, replacing what differs, and says for each what it was. All of them or none.
    fn put_records<'a>(
        &'a self,
        records: &'a [IdRecord],
        event: WaitingEvent,
    ) -> StoreFuture<'a, Vec<RecordChange>>;
    /// The record of a UIN.
    fn record<'a>(&'a self, uin: &'a Uin) -> StoreFuture<'a, Option<IdRecord>>;
    /// Records in ascending order of UIN, after the given one.
    fn records<'a>(&'a self, after: Option<&'a Uin>, limit: usize) -> StoreFuture<'a, Vec<IdRecord>>;

    /// Stores a new offer, its entry in the book, and what its grants need together.
    fn put_offer(&self, offer: NewOffer) -> StoreFuture<'_, ()>;
    /// An offer that is fetched by reference.
    fn offer<'a>(&'a self, address: &'a OfferAddress) -> StoreFuture<'a, Option<StoredOffer>>;
    /// The grant under the digest of a pre-authorized code.
    fn grant<'a>(&'a self, code: &'a SecretDigest) -> StoreFuture<'a, Option<Stored<Grant>>>;
    /// The access under the digest of an access token.
    fn access<'a>(&'a self, token: &'a SecretDigest) -> StoreFuture<'a, Option<Stored<AccessGrant>>>;

    /// All shards, in ascending order.
    fn shards(&self) -> StoreFuture<'_, Vec<Stored<Shard>>>;
    /// One shard.
    fn shard(&self, id: ShardId) -> StoreFuture<'_, Option<Stored<Shard>>>;
    /// The newest shard: the one that leases are taken from.
    fn newest_shard(&self) -> StoreFuture<'_, Option<Stored<Shard>>>;
    /// Replaces a shard, or opens one when `expected` is `None` and no shard of that number exists.
    fn swap_shard<'a>(
        &'a self,
        expected: Option<&'a Revision>,
        shard: &'a Shard,
        event: Option<WaitingEvent>,
    ) -> StoreFuture<'a, Swap>;

    /// Writes everything that an issuance changes, or nothing.
    fn commit_issuance(&self, issuance: Issuance) -> StoreFuture<'_, IssuanceOutcome>;
    /// A credential in the books.
    fn credential<'a>(&'a self, id: &'a CredentialId) -> StoreFuture<'a, Option<Stored<CredentialRecord>>>;
    /// Credentials in ascending order of identifier, after the given one.
    fn credentials<'a>(
        &'a self,
        after: Option<&'a CredentialId>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<CredentialRecord>>;
    /// The credentials of one record, in ascending order of identifier, after the given one.
    fn credentials_of<'a>(
        &'a self,
        record: &'a Uin,
        after: Option<&'a CredentialId>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Stored<CredentialRecord>>>;
    /// Replaces credential records and their marks in the status lists, if all are still those that were read.
    fn change_statuses(&self, changes: Vec<StatusChange>) -> StoreFuture<'_, Swap>;
    /// The places of a shard that are not [`CredentialStatus::Valid`], in ascending order of index, after the given one.
    fn status_marks(
        &self,
        shard: ShardId,
        after: Option<u32>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<(u32, CredentialStatus)>>;

    /// The installation's secret; stores `proposal` when there is none.
    fn installation_secret(&self, proposal: InstallationSecret) -> StoreFuture<'_, InstallationSecret>;
    /// The next number of an offline pack, counted from 1 and never given twice.
    fn next_pack_sequence(&self) -> StoreFuture<'_, u64>;

    /// Stores an event that tells of no other change.
    fn put_event(&self, event: WaitingEvent) -> StoreFuture<'_, ()>;
    /// Events that wait to be chained, oldest first.
    fn waiting_events(&self, limit: usize) -> StoreFuture<'_, Vec<WaitingEvent>>;
    /// The end of the audit chain.
    fn audit_head(&self) -> StoreFuture<'_, Stored<AuditHead>>;
    /// Appends entries made from waiting events, and removes those, if the head is still the one that was read.
    fn append_audit<'a>(
        &'a self,
        expected: &'a Revision,
        head: &'a AuditHead,
        entries: &'a [AuditEntry],
        chained: &'a [EventKey],
    ) -> StoreFuture<'a, Swap>;
    /// Entries of the chain from the given sequence on.
    fn audit_entries(&self, from: u64, limit: usize) -> StoreFuture<'_, Vec<AuditEntry>>;

    /// Forgets up to `limit` of the things that expired before `now`: offers, grants, authorizations, sign-ins, tokens, marks,
    /// transactions, notifications, entries of the book of offers and status lists of the past; returns how many.
    fn remove_expired(&self, now: UnixTime, limit: usize) -> StoreFuture<'_, usize>;
}
