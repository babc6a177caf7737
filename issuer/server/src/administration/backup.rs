//! Reading the books out at one moment, while the issuer works on.
//!
//! A backup is begun, read page by page, and ended. In between the store keeps the moment at which it was begun; whoever goes away
//! in the middle is forgotten after [`IDLE_LIMIT`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::encoding::{base64, base64url};
use symbolon_crypto::symmetric::constant_time_equal;
use symbolon_crypto::{UnixTime, random_bytes};
use symbolon_http::openapi::ToSchema;
use symbolon_issuer::audit::AuditAction;
use symbolon_issuer::store::{Space, StoreError};
use symbolon_store::{Snapshot, StoredEntry};

use super::{Administration, AdministrationError};

/// About as many bytes of entries are in one page; an entry that is larger has a page to itself.
pub const BACKUP_PAGE_BYTES: usize = 4 << 20;

/// How long a backup that nobody reads is kept open. It keeps old pages of the store from being reused.
pub(crate) const IDLE_LIMIT: Duration = Duration::from_secs(300);

/// A backup that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupBegun {
    /// Its name, for the orders that follow.
    pub backup: String,
    /// Seconds since the epoch; nothing that is in the books happened later.
    pub taken_at: i64,
    /// How many entries there are to read.
    pub entries: u64,
}

/// Which part of a backup is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupPageOrder {
    /// The backup.
    pub backup: String,
    /// The last entry of the page before; the first page without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<BackupCursor>,
}

/// Where a page ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupCursor {
    /// The space of the last entry.
    pub space: String,
    /// Its key, in base64.
    pub key: String,
}

/// A backup to be ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupOrder {
    /// The backup.
    pub backup: String,
}

/// The one backup that is under way.
#[derive(Default)]
pub(crate) struct OpenBackup(Mutex<Option<Reading>>);

struct Reading {
    name: String,
    snapshot: Arc<Snapshot>,
    touched: UnixTime,
}

impl OpenBackup {
    /// Forgets a backup that nobody has read for long.
    pub(crate) fn forget_idle(&self, now: UnixTime) {
        self.lock()
            .take_if(|reading| now.since(reading.touched) > IDLE_LIMIT);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Reading>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Administration {
    /// Begins a backup of the books as they are now.
    ///
    /// # Errors
    /// [`AdministrationError::BackupUnderWay`], [`AdministrationError::NotConfigured`] where the books are in no embedded store, or a
    /// failure of the store.
    pub async fn begin_backup(&self) -> Result<BackupBegun, AdministrationError> {
        let issuer = &self.issuer;
        let store = issuer.setup.embedded.as_ref();
        let store = store.ok_or(AdministrationError::NotConfigured {
            what: "embedded store",
        })?;
        issuer.backup.forget_idle(issuer.now());
        if issuer.backup.lock().is_some() {
            return Err(AdministrationError::BackupUnderWay);
        }
        // Taken before the moment that it names: what happened in between counts as later, which errs on the safe side.
        let taken_at = issuer.now();
        let event = self.event(taken_at, AuditAction::BackedUp)?;
        issuer.store().put_event(event).await?;
        issuer.chain_events().await?;
        // The books of the other issuers are in it, and what waits in them stands under no hash yet.
        for other in issuer.carried() {
            other.chain_events().await?;
        }
        let snapshot = Arc::new(store.snapshot().map_err(unavailable)?);
        let entries = snapshot.count(&Space::names_of_books()).map_err(unavailable)?;
        let name = base64url::encode(&random_bytes::<16>(&*issuer.setup.randomness)?);
        let mut open = issuer.backup.lock();
        if open.is_some() {
            return Err(AdministrationError::BackupUnderWay);
        }
        *open = Some(Reading {
            name: name.clone(),
            snapshot,
            touched: taken_at,
        });
        Ok(BackupBegun {
            backup: name,
            taken_at: taken_at.seconds(),
            entries,
        })
    }

    /// The next entries of a backup; none at its end.
    ///
    /// # Errors
    /// [`AdministrationError::UnknownBackup`], or a failure of the store.
    pub async fn backup_page(
        &self,
        order: &BackupPageOrder,
    ) -> Result<Vec<StoredEntry>, AdministrationError> {
        let snapshot = {
            let mut open = self.issuer.backup.lock();
            let reading = open.as_mut().filter(|reading| is_named(reading, &order.backup));
            let reading = reading.ok_or(AdministrationError::UnknownBackup)?;
            reading.touched = self.issuer.now();
            Arc::clone(&reading.snapshot)
        };
        let after = match &order.after {
            None => None,
            Some(cursor) => {
                let key = base64::decode(&cursor.key).map_err(|_| AdministrationError::UnknownBackup)?;
                Some((cursor.space.clone(), key))
            }
        };
        let page = tokio::task::spawn_blocking(move || {
            let after = after
                .as_ref()
                .map(|(space, key)| (space.as_str(), key.as_slice()));
            snapshot.dump(&Space::names_of_books(), after, BACKUP_PAGE_BYTES)
        });
        let page = page.await.map_err(|_| AdministrationError::Interrupted)?;
        Ok(page.map_err(unavailable)?)
    }

    /// Ends a backup; one that is not open has ended.
    pub fn end_backup(&self, order: &BackupOrder) {
        self.issuer
            .backup
            .lock()
            .take_if(|reading| is_named(reading, &order.backup));
    }
}

fn is_named(reading: &Reading, name: &str) -> bool {
    constant_time_equal(reading.name.as_bytes(), name.as_bytes())
}

fn unavailable(error: symbolon_store::ReadError) -> StoreError {
    StoreError::Unavailable(Arc::new(error))
}

/// Entries as they travel and as they stand in a backup file: space, key and value, each with its length in front.
#[must_use]
pub fn encode_entries(entries: &[StoredEntry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        for part in [entry.space.as_bytes(), &entry.key, &entry.value] {
            // A value of four gigabytes is beyond what the store takes.
            bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(part);
        }
    }
    bytes
}

/// The reverse of [`encode_entries`]; `None` for anything else.
#[must_use]
pub fn decode_entries(bytes: &[u8]) -> Option<Vec<StoredEntry>> {
    fn part<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (part, after) = after.split_at_checked(length)?;
        *rest = after;
        Some(part)
    }
    let mut rest = bytes;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        entries.push(StoredEntry {
            space: core::str::from_utf8(part(&mut rest)?).ok()?.to_owned(),
            key: part(&mut rest)?.to_vec(),
            value: part(&mut rest)?.to_vec(),
        });
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_back_and_nothing_else_is_read() {
        let entry = |space: &str, key: &[u8], value: &[u8]| StoredEntry {
            space: space.to_owned(),
            key: key.to_vec(),
            value: value.to_vec(),
        };
        let entries = [
            entry("a", b"k", b""),
            entry("issuer-records", b"\0\xff", &[7; 300]),
        ];
        let bytes = encode_entries(&entries);
        assert!(decode_entries(&bytes).unwrap() == entries);
        assert!(decode_entries(&[]).unwrap().is_empty());
        let first = encode_entries(&entries[..1]).len();
        for length in (1..bytes.len()).filter(|length| *length != first) {
            assert!(decode_entries(&bytes[..length]).is_none(), "cut at {length}");
        }
        assert!(decode_entries(&[0xff; 8]).is_none());
    }
}
