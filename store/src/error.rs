//! One error per operation.

use std::sync::Arc;

use thiserror::Error;

/// Why a tenant name was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TenantError {
    /// Empty, or longer than 32 bytes.
    #[error("a tenant name has 1 to 32 characters")]
    Length,
    /// Something other than `a-z`, `0-9` and `-`.
    #[error("a tenant name has only lower-case letters, digits and hyphens")]
    Character,
}

/// Why a store could not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process, or another part of this one, has the store open. The embedded store is for one process.
    #[error(
        "the store is already open in another process; stop it first, or talk to it through its administration interface"
    )]
    AlreadyOpen,
    /// The file or its folder cannot be created, read or written.
    #[error("the store's file cannot be opened")]
    Io(#[from] std::io::Error),
    /// The file is not a store, or is damaged.
    #[error("the store's file is not a usable database")]
    Database(#[source] Box<redb::DatabaseError>),
    /// The operating system gave no thread for the writer.
    #[error("the writer thread cannot be started")]
    Thread(#[source] std::io::Error),
}

/// Why a batch was not applied.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum CommitError {
    /// A requirement did not hold; nothing of the batch was written.
    #[error("requirement {position} of the batch does not hold")]
    RequirementFailed {
        /// Index of the requirement within its batch, counted from 0.
        position: usize,
    },
    /// Too many batches wait; nothing was written. Only [`crate::Store::submit`] says so, because it must not block.
    #[error("too many batches wait for the writer")]
    Overloaded,
    /// The store was closed before the batch was taken up; nothing was written.
    #[error("the store is closed")]
    Closed,
    /// The disk refused. The batch is **not acknowledged**: after the store was opened again it may be there whole or not at all.
    #[error("the store could not make the batch durable")]
    NotDurable(#[source] Arc<redb::Error>),
}

/// Why a read failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The disk refused or the file is damaged.
    #[error("the store cannot be read")]
    Storage(#[source] Box<redb::Error>),
}

/// Why a new store was not filled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be made.
    #[error("the new store cannot be made")]
    Open(#[source] OpenError),
    /// The disk refused: it is full, or gone.
    #[error("the new store cannot be written")]
    Write(#[source] Box<redb::Error>),
}
