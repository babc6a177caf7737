//! Records to bytes and back.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{Flow, HeldCredential, HistoryEntry, KnownStatus, Refusal, Reissue};
use crate::person::Person;
use crate::ports::StoreError;

/// What can be written down. Implemented by the kinds of record of this crate only.
pub trait Record: Serialize + DeserializeOwned + sealed::Sealed {
    /// The version that [`encode`] writes and the newest that [`decode`] reads.
    const VERSION: u32;
}

/// Version 3 lets people sign in at issuers, and knows of every plan its authorization server. Version 2 knows of every planned
/// credential its format; what version 1 planned were SD-JWT VCs.
impl Record for Flow {
    const VERSION: u32 = 3;
}
/// Version 5 knows when the last copy was shown, which an earlier version would show again. Version 4 knows from when on a credential is valid and how many copies it came with. Version 3 holds copies, which an earlier version
/// would lose. Version 2 holds credentials of every format.
impl Record for HeldCredential {
    const VERSION: u32 = 5;
}
/// Version 2 knows what was done about an entry afterwards, and where its verifier can be reached.
impl Record for HistoryEntry {
    const VERSION: u32 = 2;
}

impl Record for Person {
    const VERSION: u32 = 1;
}
impl Record for KnownStatus {
    const VERSION: u32 = 1;
}
impl Record for Reissue {
    const VERSION: u32 = 1;
}
impl Record for Refusal {
    const VERSION: u32 = 1;
}

/// Why bytes are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The record cannot be written as JSON.
    #[error("the record cannot be written")]
    Unwritable,
    /// The bytes are no record of this kind.
    #[error("the record cannot be read")]
    Unreadable,
    /// The record was written by a newer version.
    #[error("the record has version {found}, this version reads up to {supported}")]
    NewerVersion {
        /// The version found.
        found: u32,
        /// The newest version that can be read.
        supported: u32,
    },
}

impl From<RecordError> for StoreError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::NewerVersion { found, supported } => Self::NewerVersion { found, supported },
            RecordError::Unwritable | RecordError::Unreadable => Self::Damaged,
        }
    }
}

/// Writes a record with its version. The bytes may hold secrets and are wiped when dropped.
///
/// # Errors
/// [`RecordError::Unwritable`], which no record of this crate causes.
pub fn encode<T: Record>(record: &T) -> Result<Zeroizing<Vec<u8>>, RecordError> {
    serde_json::to_vec(&Written {
        version: T::VERSION,
        record,
    })
    .map(Zeroizing::new)
    .map_err(|_| RecordError::Unwritable)
}

/// Reads a record.
///
/// # Errors
/// [`RecordError::NewerVersion`] when it was written by a newer version, [`RecordError::Unreadable`] when it is something else.
pub fn decode<T: Record>(bytes: &[u8]) -> Result<T, RecordError> {
    // The version is read first and alone: the rest of a newer record may have another shape.
    let Version { version: found } = serde_json::from_slice(bytes).map_err(|_| RecordError::Unreadable)?;
    if found > T::VERSION {
        return Err(RecordError::NewerVersion {
            found,
            supported: T::VERSION,
        });
    }
    T::read(found, bytes).map_err(|_| RecordError::Unreadable)
}

#[derive(Serialize)]
struct Written<'a, T> {
    version: u32,
    record: &'a T,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Deserialize)]
struct Read<T> {
    record: T,
}

mod sealed {
    use serde::de::DeserializeOwned;

    use super::{Flow, HeldCredential, HistoryEntry, KnownStatus, Person, Read, Refusal, Reissue};
    use crate::record::first_version::HeldSdJwtVc;

    pub trait Sealed: DeserializeOwned {
        /// Reads a record as `version` wrote it.
        fn read(_version: u32, bytes: &[u8]) -> Result<Self, serde_json::Error> {
            serde_json::from_slice(bytes).map(|Read { record }| record)
        }
    }

    impl Sealed for Flow {}

    impl Sealed for HeldCredential {
        fn read(version: u32, bytes: &[u8]) -> Result<Self, serde_json::Error> {
            match version {
                0 | 1 => {
                    serde_json::from_slice(bytes).map(|Read::<HeldSdJwtVc> { record }| Self::from(record))
                }
                _ => serde_json::from_slice(bytes).map(|Read { record }| record),
            }
        }
    }

    impl Sealed for HistoryEntry {}
    impl Sealed for Person {}
    impl Sealed for KnownStatus {}
    impl Sealed for Reissue {}
    impl Sealed for Refusal {}
}
