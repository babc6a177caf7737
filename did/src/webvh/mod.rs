//! The method [did:webvh 1.0](https://identity.foundation/didwebvh/v1.0/): a log of every document that the DID ever had, which
//! proves itself. Who has the web server cannot rewrite it; who has the keys of an update can only append.
//!
//! ```text
//! webvh_log_url → fetch → verify_webvh_log ─┬→ WebvhHistory → version → document
//!                                           └→ UnwitnessedLog → fetch webvh_witness_url → witnessed ─┘
//! ```
//!
//! The whole log is verified, or nothing of it is used: the specification would also let a resolver keep the entries before the
//! first that fails, but a log that fails anywhere is one that somebody has tampered with. That a log is valid says who may
//! write it, and nothing about who that is.

mod entry;
mod history;
mod parameters;
mod place;
mod proof;
mod verify;
mod witness;

use symbolon_crypto::encoding::jcs::JcsError;
use thiserror::Error;

pub use history::{VersionNotResolved, WebvhHistory, WebvhMetadata, WebvhVersion, WebvhVersionQuery};
pub use place::{NotDidWebvh, webvh_log_url, webvh_witness_url};
pub use verify::{WebvhLog, verify_webvh_log};
pub use witness::UnwitnessedLog;

/// Longest log that is read, in bytes. One entry of a DID with a few keys has some 1,500.
pub const MAX_WEBVH_LOG_BYTES: usize = 2 << 20;
/// Longest file of witness proofs that is read, in bytes.
pub const MAX_WEBVH_WITNESS_BYTES: usize = 1 << 20;
/// Entries of one log: each costs a signature check.
const MAX_ENTRIES: usize = 1_024;

/// Why a log is not the log of the DID. Each ends the resolution (`invalidDid`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WebvhError {
    /// The DID is no `did:webvh`.
    #[error(transparent)]
    NotDidWebvh(#[from] NotDidWebvh),
    /// Longer than the budget, or with more entries, keys, witnesses or proofs.
    #[error("the log is over its budget")]
    OverBudget,
    /// There is no entry.
    #[error("the log is empty")]
    Empty,
    /// An entry is not JSON with the members that an entry has.
    #[error("entry {entry} of the log is malformed")]
    Malformed {
        /// Which, from one.
        entry: usize,
    },
    /// A parameter is unknown, of the wrong type, or not permitted in this entry.
    #[error("the parameters of entry {entry} are not permitted")]
    Parameters {
        /// Which, from one.
        entry: usize,
    },
    /// Another version of the method than 1.0.
    #[error("entry {entry} is of another version of the method than 1.0")]
    MethodVersion {
        /// Which, from one.
        entry: usize,
    },
    /// `versionId` is not the number of the entry, a dash and a hash.
    #[error("the versionId of entry {entry} is not its number and a hash")]
    VersionId {
        /// Which, from one.
        entry: usize,
    },
    /// The hash in `versionId` is not that of the entry and its predecessor.
    #[error("the hash of entry {entry} does not match")]
    EntryHash {
        /// Which, from one.
        entry: usize,
    },
    /// The self-certifying identifier is not the hash of the first entry, or not that of the DID.
    #[error("the self-certifying identifier does not match the log")]
    Scid,
    /// The document of an entry carries another self-certifying identifier than the log, or is of no `did:webvh`.
    #[error("the document of entry {entry} is of another DID")]
    OtherDid {
        /// Which, from one.
        entry: usize,
    },
    /// The DID moved without leave, or without saying where it was before.
    #[error("entry {entry} moves the DID and may not")]
    Moved {
        /// Which, from one.
        entry: usize,
    },
    /// No document of the log is of this DID.
    #[error("no entry of the log is of the DID")]
    NeverThisDid,
    /// `versionTime` is no time in UTC, or not later than that of the entry before.
    #[error("the versionTime of entry {entry} is not later than the one before")]
    VersionTime {
        /// Which, from one.
        entry: usize,
    },
    /// `versionTime` is in the future.
    #[error("entry {entry} is from the future")]
    FromTheFuture {
        /// Which, from one.
        entry: usize,
    },
    /// A key was not announced by the entry before, or the entry leaves out what pre-rotation demands.
    #[error("the keys of entry {entry} were not announced")]
    PreRotation {
        /// Which, from one.
        entry: usize,
    },
    /// No proof, one of another kind, or one by a key that may not update the DID.
    #[error("entry {entry} has no proof by a key that may update the DID")]
    Unauthorized {
        /// Which, from one.
        entry: usize,
    },
    /// A proof does not verify.
    #[error("the proof of entry {entry} does not verify")]
    Signature {
        /// Which, from one.
        entry: usize,
    },
    /// An entry after the one that deactivated the DID.
    #[error("entry {entry} updates a DID that is deactivated")]
    AfterDeactivation {
        /// Which, from one.
        entry: usize,
    },
    /// The file of witness proofs is not what it must be.
    #[error("the witness proofs are malformed")]
    WitnessProofs,
    /// Too few witnesses have approved an entry.
    #[error("too few witnesses have approved entry {entry}")]
    Witnesses {
        /// Which, from one.
        entry: usize,
    },
    /// An entry holds a number that no canonical form has.
    #[error(transparent)]
    Canonicalization(#[from] JcsError),
}
