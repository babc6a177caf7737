//! Where the wallet keeps flows, credentials and history.

use symbolon_crypto::signing::KeyHandle;
use thiserror::Error;

use super::{BoxFuture, Telling};
use crate::identifiers::{CredentialId, FlowId, HistoryId, PersonId, RefusalId};
use crate::record::{Flow, HeldCredential, HistoryEntry, KnownStatus, Refusal, Reissue};

/// Keeps what must survive the death of the process.
///
/// An implementation must
/// - apply the changes of one [`WalletStore::commit`] **all or none**, durable before the future completes. A wallet that
///   has sent a one-time code relies on the record that it did.
/// - check the revision of every [`Change::PutFlow`], and the key of every [`Change::AfterShowing`], as described there, atomically
///   with the write. Two drivers of one flow would otherwise both send its code, and two verifiers see one copy.
/// - keep everything encrypted at rest. What it is handed contains personal data, codes and tokens.
/// - write records with [`crate::record::encode`], so that their version travels with them.
///
/// `testing::store_conformance` (feature `testing`) checks all of this but the encryption.
///
/// A store holds what is one person's. Where a phone keeps several people's, each has a store of their own, which no other one's can be
/// read through.
pub trait WalletStore: Send + Sync {
    /// Whose it is.
    fn person(&self) -> PersonId;

    /// Whose turn it is to tell issuers of deletions, among all that have the store open.
    fn telling(&self) -> &Telling;

    /// The flow with this identifier.
    fn flow(&self, id: FlowId) -> BoxFuture<'_, Result<Option<Flow>, StoreError>>;

    /// All flows, in no particular order.
    fn flows(&self) -> BoxFuture<'_, Result<Vec<Flow>, StoreError>>;

    /// The credential with this identifier.
    fn credential(&self, id: CredentialId) -> BoxFuture<'_, Result<Option<HeldCredential>, StoreError>>;

    /// All credentials, in no particular order.
    fn credentials(&self) -> BoxFuture<'_, Result<Vec<HeldCredential>, StoreError>>;

    /// All entries of the history, in no particular order.
    fn history(&self) -> BoxFuture<'_, Result<Vec<HistoryEntry>, StoreError>>;

    /// What is known of the status of credentials, in no particular order.
    fn statuses(&self) -> BoxFuture<'_, Result<Vec<KnownStatus>, StoreError>>;

    /// What is to be issued again, in no particular order.
    fn reissues(&self) -> BoxFuture<'_, Result<Vec<Reissue>, StoreError>>;

    /// What the person refused to whom, in no particular order.
    fn refusals(&self) -> BoxFuture<'_, Result<Vec<Refusal>, StoreError>>;

    /// Applies all `changes`, or none of them and reports why.
    fn commit(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// One change of what is stored.
pub enum Change {
    /// Stores a flow. Its revision must be 1 when nothing is stored under its identifier, and otherwise one more than that
    /// of the flow stored; if it is not, the commit fails with [`StoreError::Conflict`].
    PutFlow(Box<Flow>),
    /// Forgets a flow; nothing happens when there is none.
    DeleteFlow(FlowId),
    /// Stores a new credential; [`StoreError::Conflict`] when its identifier is taken.
    PutCredential(Box<HeldCredential>),
    /// Stores a new credential and forgets the one whose place it takes; [`StoreError::Conflict`] when that one is not held any more, or the
    /// new identifier is taken. What a person deleted while it was being issued again does not come back.
    ReplaceCredential {
        /// The one that is forgotten.
        replaced: CredentialId,
        /// The new one.
        credential: Box<HeldCredential>,
    },
    /// Stores what comes after a copy that was shown, in its place; [`StoreError::Conflict`] unless the credential that is stored there
    /// is still of the key `shown` and [may be followed](HeldCredential::is_followed_by) by this one. Of two that would show one copy at
    /// once, one therefore does.
    AfterShowing {
        /// The key of the copy that was shown.
        shown: KeyHandle,
        /// What is stored from now on.
        credential: Box<HeldCredential>,
    },
    /// Forgets a credential; nothing happens when there is none.
    DeleteCredential(CredentialId),
    /// Stores an entry of the history, replacing the one with the same identifier.
    PutHistory(Box<HistoryEntry>),
    /// Forgets an entry of the history; nothing happens when there is none.
    DeleteHistory(HistoryId),
    /// Stores what is known of a credential's status, replacing what was.
    PutStatus(Box<KnownStatus>),
    /// Forgets what is known of a credential's status; nothing happens when there is nothing.
    DeleteStatus(CredentialId),
    /// Stores that a credential is to be issued again, replacing what is stored for the same one.
    PutReissue(Box<Reissue>),
    /// Forgets that a credential is to be issued again; nothing happens when it is not.
    DeleteReissue(CredentialId),
    /// Stores what the person refused, replacing what is stored under the same identifier.
    PutRefusal(Box<Refusal>),
    /// Forgets what the person refused; nothing happens when there is nothing.
    DeleteRefusal(RefusalId),
}

/// Why the store did not do as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A requirement of a [`Change`] does not hold. Nothing was changed.
    #[error("the wallet was changed by another operation")]
    Conflict,
    /// The key that unlocks the store needs the person (screen lock, biometry).
    #[error("the wallet is locked")]
    Locked,
    /// What is stored was changed or cut by something other than the wallet, or belongs to another wallet.
    #[error("the wallet's store is damaged")]
    Damaged,
    /// A record or the store itself was written by a newer version.
    #[error("the wallet's store has version {found}, this version reads up to {supported}")]
    NewerVersion {
        /// The version found.
        found: u32,
        /// The newest version that can be read.
        supported: u32,
    },
    /// The disk, the operating system or randomness refused. Whether an interrupted commit took effect is unknown until
    /// the store is read again.
    #[error("the wallet's store cannot be used")]
    Unavailable,
}
