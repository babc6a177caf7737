//! What a backup holds: records, each with its version, as the store has them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use symbolon_crypto::UnixTime;
use zeroize::Zeroizing;

use super::{BackupError, RestoreError};
use crate::error::WalletError;
use crate::record::{HistoryEntry, Record, RecordError, Refusal, Reissue, decode, encode};

/// More than a person holds.
const MAX_CREDENTIALS: usize = 10_000;
/// More than happens in a life.
const MAX_HISTORY: usize = 200_000;
/// More than a person answers by hand.
const MAX_REFUSALS: usize = 10_000;

pub(super) struct Contents {
    pub(super) made: UnixTime,
    pub(super) credentials: Vec<Reissue>,
    pub(super) history: Vec<HistoryEntry>,
    pub(super) refusals: Vec<Refusal>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    made: UnixTime,
    credentials: Vec<Value>,
    history: Vec<Value>,
    /// The first version had none.
    #[serde(default)]
    refusals: Vec<Value>,
}

impl Written {
    fn is_too_large(&self) -> bool {
        self.credentials.len() > MAX_CREDENTIALS
            || self.history.len() > MAX_HISTORY
            || self.refusals.len() > MAX_REFUSALS
    }
}

impl Contents {
    pub(super) fn write(&self) -> Result<Zeroizing<Vec<u8>>, BackupError> {
        let written = Written {
            made: self.made,
            credentials: write_records(&self.credentials)?,
            history: write_records(&self.history)?,
            refusals: write_records(&self.refusals)?,
        };
        if written.is_too_large() {
            return Err(BackupError::TooLarge);
        }
        serde_json::to_vec(&written)
            .map(Zeroizing::new)
            .map_err(|_| BackupError::Wallet(RecordError::Unwritable.into()))
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, RestoreError> {
        let written: Written = serde_json::from_slice(bytes).map_err(|_| RestoreError::Malformed)?;
        if written.is_too_large() {
            return Err(RestoreError::TooLarge);
        }
        Ok(Self {
            made: written.made,
            credentials: read_records(&written.credentials)?,
            history: read_records(&written.history)?,
            refusals: read_records(&written.refusals)?,
        })
    }
}

fn write_records<T: Record>(records: &[T]) -> Result<Vec<Value>, BackupError> {
    records.iter().map(write_record).collect()
}

fn read_records<T: Record>(written: &[Value]) -> Result<Vec<T>, RestoreError> {
    written.iter().map(read_record).collect()
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(credentials: Value, history: Value, refusals: Value) -> Option<RestoreError> {
        let contents =
            json!({"made": 0, "credentials": credentials, "history": history, "refusals": refusals});
        Contents::read(contents.to_string().as_bytes()).err()
    }

    #[test]
    fn more_than_a_person_has_is_refused_before_it_is_read() {
        let many = |count| json!(vec![0; count]);
        assert_eq!(
            read(many(MAX_CREDENTIALS + 1), json!([]), json!([])),
            Some(RestoreError::TooLarge)
        );
        assert_eq!(
            read(json!([]), many(MAX_HISTORY + 1), json!([])),
            Some(RestoreError::TooLarge)
        );
        assert_eq!(
            read(json!([]), json!([]), many(MAX_REFUSALS + 1)),
            Some(RestoreError::TooLarge)
        );
        assert_eq!(read(json!([]), json!([]), many(1)), Some(RestoreError::Malformed));
        assert_eq!(read(json!([]), json!([]), json!([])), None);
    }

    #[test]
    fn a_record_of_a_newer_version_is_said_to_be_one() {
        let newer = RestoreError::NewerVersion {
            found: 99,
            supported: <Refusal as Record>::VERSION,
        };
        let record = json!([{"version": 99, "record": {}}]);
        assert_eq!(read(json!([]), json!([]), record), Some(newer));
    }

    #[test]
    fn more_than_a_reader_takes_is_not_written() {
        let refusal = json!({"version": 1, "record": {
            "id": "00112233445566778899aabbccddeeff", "asked": [], "at": 0, "rule": "always",
            "verifier": {"client_id": "clinic", "name": null, "response_origin": "", "evidence": {"kind": "registered"}},
        }});
        let refusal: Refusal = read_record(&refusal).unwrap();
        let contents = |count| Contents {
            made: UnixTime::from_seconds(0),
            credentials: Vec::new(),
            history: Vec::new(),
            refusals: vec![refusal.clone(); count],
        };
        assert_eq!(
            contents(MAX_REFUSALS + 1).write().err(),
            Some(BackupError::TooLarge)
        );
        assert!(contents(MAX_REFUSALS).write().is_ok());
    }
}
