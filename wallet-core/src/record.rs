//! What is stored, and how it is written down.
//!
//! Every record is JSON with an explicit version: `{"version":2,"record":{…}}`. A record of an earlier version is read, one of
//! a newer version refused, never guessed at. The written form of each version is frozen by a vector in the tests.

mod credential;
mod first_version;
mod flow;
mod history;
mod refusal;
mod reissue;
mod status;
#[cfg(test)]
mod tests;
mod write;

pub use credential::{
    ClaimDisplay, CredentialDisplay, HeldContent, HeldCopy, HeldCredential, LocalizedDisplay, LocalizedName,
    StatusListKind, StatusReference,
};
pub use flow::{Flow, Stage};
pub use history::{
    BY_QR, DataRequest, DataRequestKind, DeletionNotice, Delivery, DisclosedCredential, HistoryEntry,
    HistoryEvent, Knowledge, ReceiptRecord, RegisteredPurpose, TransactionRecord, VerifierContact,
    VerifierEvidence, VerifierRecord,
};
pub use refusal::{REFUSAL_LIFETIME, Refusal, RefusalRule, RefusedCredential};
pub use reissue::{Reissue, ReissueReason};
pub use status::{EntryState, KnownEntry, KnownStatus};
pub use write::{Record, RecordError, decode, encode};
