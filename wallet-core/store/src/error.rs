//! Why a wallet's file, or a part of it, could not be used.

use symbolon_store::{CommitError, OpenError, ReadError};
use symbolon_wallet_core::StoreError;
use thiserror::Error;

use crate::data_key::WrapError;

/// Why a wallet could not be opened or changed as a whole. Nothing was changed then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenWalletError {
    /// The file cannot be opened, is open elsewhere, or is no store.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What is new could not be written.
    #[error("the wallet cannot be written")]
    Commit(#[source] CommitError),
    /// The key that wraps the data key waits for the person.
    #[error("the wallet is locked")]
    Locked,
    /// The key that wraps the data key failed.
    #[error(transparent)]
    Wrap(#[from] WrapError),
    /// The wallet was sealed with another key.
    #[error("the wallet was sealed with another key")]
    WrongKey,
    /// Parts of the wallet are missing or damaged.
    #[error("the wallet's store is damaged")]
    Damaged,
    /// The wallet was written by a newer version.
    #[error("the wallet's store has version {found}, this version reads up to {supported}")]
    NewerVersion {
        /// The version found.
        found: u32,
        /// The newest version that can be read.
        supported: u32,
    },
    /// Sealing failed.
    #[error(transparent)]
    Seal(#[from] StoreError),
    /// Nobody of this name is in the file.
    #[error("the wallet keeps nothing for this person")]
    NoSuchPerson,
    /// Somebody has this name already, and a list could not tell the two apart.
    #[error("another person in this wallet has this name")]
    NameTaken,
    /// The first person is whom the wallet belongs to, and is not removed from it.
    #[error("the first person of a wallet cannot be removed: delete the wallet's folder instead")]
    FirstPerson,
    /// There are as many people as one phone is made for.
    #[error("the wallet keeps the credentials of at most {MAX_PEOPLE} people")]
    TooManyPeople,
    /// What is to be sealed anew, or removed, is in use: drop every store of this person first.
    #[error("the person's wallet is in use")]
    InUse,
}

/// More than a household or a ward has; a list of people is read whole.
pub(crate) const MAX_PEOPLE: usize = 64;

/// What the batch demanded does not hold: somebody else changed the file in between.
pub(crate) fn not_committed(error: CommitError) -> OpenWalletError {
    match error {
        CommitError::RequirementFailed { .. } => OpenWalletError::Damaged,
        other => OpenWalletError::Commit(other),
    }
}

/// What the file says wrongly is damage; what it does not say is a device that fails.
pub(crate) fn unreadable(error: ReadError) -> StoreError {
    match error {
        ReadError::Storage(source) if matches!(*source, redb::Error::Corrupted(_)) => StoreError::Damaged,
        _ => StoreError::Unavailable,
    }
}
