//! What a backup holds: records, each with its version, as the store has them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use symbolon_crypto::UnixTime;
use zeroize::Zeroizing;

use super::{BackupError, RestoreError};
use crate::error::WalletError;
use crate::record::{HistoryEntry, Record, RecordError, Reissue, decode, encode};

/// More than a person holds.
const MAX_CREDENTIALS: usize = 10_000;
/// More than happens in a life.
const MAX_HISTORY: usize = 200_000;

pub(super) struct Contents {
    pub(super) made: UnixTime,
    pub(super) credentials: Vec<Reissue>,
    pub(super) history: Vec<HistoryEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    made: UnixTime,
    credentials: Vec<Value>,
    history: Vec<Value>,
}

impl Contents {
    pub(super) fn write(&self) -> Result<Zeroizing<Vec<u8>>, BackupError> {
        if self.credentials.len() > MAX_CREDENTIALS || self.history.len() > MAX_HISTORY {
            return Err(BackupError::TooLarge);
        }
        let unwritable = || BackupError::Wallet(WalletError::from(RecordError::Unwritable));
        let written = Written {
            made: self.made,
            credentials: self
                .credentials
                .iter()
                .map(write_record)
                .collect::<Result<_, _>>()?,
            history: self.history.iter().map(write_record).collect::<Result<_, _>>()?,
        };
        serde_json::to_vec(&written)
            .map(Zeroizing::new)
            .map_err(|_| unwritable())
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, RestoreError> {
        let written: Written = serde_json::from_slice(bytes).map_err(|_| RestoreError::Malformed)?;
        if written.credentials.len() > MAX_CREDENTIALS || written.history.len() > MAX_HISTORY {
            return Err(RestoreError::TooLarge);
        }
        Ok(Self {
            made: written.made,
            credentials: written
                .credentials
                .iter()
                .map(read_record)
                .collect::<Result<_, _>>()?,
            history: written
                .history
                .iter()
                .map(read_record)
                .collect::<Result<_, _>>()?,
        })
    }
}

fn write_record<T: Record>(record: &T) -> Result<Value, BackupError> {
    let written = encode(record).map_err(WalletError::from)?;
    serde_json::from_slice(&written).map_err(|_| BackupError::Wallet(RecordError::Unwritable.into()))
}

fn read_record<T: Record>(written: &Value) -> Result<T, RestoreError> {
    let bytes = Zeroizing::new(serde_json::to_vec(written).map_err(|_| RestoreError::Malformed)?);
    decode(&bytes).map_err(|error| match error {
        RecordError::NewerVersion { found, supported } => RestoreError::NewerVersion { found, supported },
        RecordError::Unwritable | RecordError::Unreadable => RestoreError::Malformed,
    })
}
