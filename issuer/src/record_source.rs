//! Where ID records come from: the register that this suite keeps, or a repository that somebody else keeps.
//!
//! The two give different guarantees at the moment of issuance. In the register a record cannot change between its reading and the
//! commit: [`crate::store::IssuerStore::commit_issuance`] compares it in the same transaction, so nobody who was declared as
//! deceased in between gets a credential. Of another's repository nothing of that kind can be had: the record is read once more right
//! before the commit, and what changes within those milliseconds shows at the next issuance.

use core::time::Duration;

use thiserror::Error;

use crate::record::{IdRecord, Uin, Vid};
use crate::store::StoreError;

/// What every reading answers with, later.
pub type RecordFuture<'a> =
    std::pin::Pin<Box<dyn Future<Output = Result<RecordState, RecordSourceError>> + Send + 'a>>;

/// A repository of ID records.
///
/// An implementer answers for exactly the number that was asked for, or not at all: a repository that answers with another person's
/// record, or with none that reads, is an error, never a record. It keeps no copy that outlives the call.
pub trait RecordSource: Send + Sync {
    /// The record of a number as it is now.
    fn record<'a>(&'a self, uin: &'a Uin) -> RecordFuture<'a>;

    /// The record for which a virtual identifier stands now. Whose it is is the repository's word: an identifier that was withdrawn,
    /// used up or has expired is one that it does not know.
    fn record_by_vid<'a>(&'a self, vid: &'a Vid) -> RecordFuture<'a>;
}

/// What a repository knows of a number.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum RecordState {
    /// Its record, in force.
    Known(IdRecord),
    /// Nothing.
    Unknown,
    /// A record from which nothing is issued.
    Barred(Bar),
}

/// Why nothing is issued from a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Bar {
    /// It is deactivated or blocked.
    #[error("the record is not active")]
    Inactive,
    /// It does not fit the identity schema of this issuer.
    #[error("the record does not fit the identity schema")]
    Unreadable,
}

/// Why a repository did not answer.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum RecordSourceError {
    /// It cannot be reached, or does not answer as it must. Whoever asked may ask again.
    #[error("the repository of ID records is not available")]
    Unavailable {
        /// After so long.
        retry_after: Duration,
    },
    /// The register failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
