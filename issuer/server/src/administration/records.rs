//! Records: import, show, export.

use std::collections::BTreeSet;

use symbolon_issuer::audit::AuditAction;
use symbolon_issuer::credential_record::StatusAction;
use symbolon_issuer::record::{CalendarDate, IdRecord, Row, RowFormat, RowReader, Uin, VitalStatus};
use symbolon_issuer::store::RecordChange;

use super::types::{ImportOutcome, ImportReport, ImportedRow, RecordPage, RowOutcome};
use super::{Administration, AdministrationError};
use crate::records::to_administer;

/// Rows of one import: one transaction of the store, which holds them in memory.
pub const MAX_ROWS_PER_IMPORT: usize = 5_000;

/// Records of one page.
const RECORDS_PER_PAGE: usize = 500;

impl Administration {
    /// Imports the rows of `bytes`. Every good row is stored, all in one commit; every other is told with its line and reason. Importing the
    /// same rows again changes nothing.
    ///
    /// A resident who is declared as deceased loses every credential, and the same import again completes what an interruption left.
    ///
    /// # Errors
    /// [`AdministrationError::Rows`] when the bytes are no rows at all, [`AdministrationError::TooManyRows`], or a failure of the store: then
    /// no row was stored.
    pub async fn import(
        &self,
        format: RowFormat,
        bytes: Vec<u8>,
    ) -> Result<ImportReport, AdministrationError> {
        self.only_of_the_register()?;
        let today = CalendarDate::of(self.issuer.now()).map_err(|_| AdministrationError::Calendar)?;
        let schema = std::sync::Arc::clone(&self.issuer.setup.record_schema);
        // Checking thousands of rows is tens of milliseconds of work.
        let rows = tokio::task::spawn_blocking(move || {
            let mut rows: Vec<Row> = Vec::new();
            for row in RowReader::new(format, bytes.as_slice(), &schema, today)? {
                if rows.len() >= MAX_ROWS_PER_IMPORT {
                    return Err(AdministrationError::TooManyRows {
                        max: MAX_ROWS_PER_IMPORT,
                    });
                }
                rows.push(row?);
            }
            Ok(rows)
        });
        let rows = rows.await.map_err(|_| AdministrationError::Interrupted)??;
        let mut records = Vec::new();
        let mut outcomes = Vec::with_capacity(rows.len());
        for row in rows {
            let outcome = match row.outcome {
                Ok(record) => {
                    records.push(record);
                    None
                }
                Err(reason) => Some(ImportOutcome::Rejected {
                    reason: reason.to_string(),
                }),
            };
            outcomes.push((row.number, outcome));
        }
        let (changes, revoked) = self.store_records(&records).await?;
        let mut changes = changes.into_iter();
        let rows = outcomes
            .into_iter()
            .filter_map(|(row, outcome)| {
                let outcome = match outcome {
                    Some(rejected) => rejected,
                    None => ImportOutcome::Stored {
                        change: changes.next()?,
                    },
                };
                Some(ImportedRow { row, outcome })
            })
            .collect();
        Ok(ImportReport { rows, revoked })
    }

    /// Stores records that were read and checked by the caller, all in one commit, and says for each what it was. For the command line, which
    /// reads files itself.
    ///
    /// # Errors
    /// As [`Administration::import`].
    pub async fn store_records(
        &self,
        records: &[IdRecord],
    ) -> Result<(Vec<RowOutcome>, u32), AdministrationError> {
        self.only_of_the_register()?;
        if records.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let count = u32::try_from(records.len()).unwrap_or(u32::MAX);
        let event = self.event(self.issuer.now(), AuditAction::RecordsImported { records: count })?;
        let changes = self.issuer.store().put_records(records, event).await?;
        let deceased: BTreeSet<&Uin> = records
            .iter()
            .filter(|record| record.vital_status() == VitalStatus::Deceased)
            .map(IdRecord::uin)
            .collect();
        let mut revoked = 0;
        for uin in deceased {
            revoked += self.change_all(uin, StatusAction::Revoke).await?.changed.len();
        }
        let outcomes = changes.into_iter().map(outcome).collect();
        Ok((outcomes, u32::try_from(revoked).unwrap_or(u32::MAX)))
    }

    /// Records that are kept elsewhere are listed and changed there.
    fn only_of_the_register(&self) -> Result<(), AdministrationError> {
        if self.issuer.keeps_records() {
            Ok(())
        } else {
            Err(AdministrationError::KeptElsewhere)
        }
    }

    /// One record.
    ///
    /// # Errors
    /// [`AdministrationError::UnknownRecord`], or a failure of the store.
    pub async fn record(&self, uin: &Uin) -> Result<IdRecord, AdministrationError> {
        let record = to_administer(self.issuer.record(uin).await?)?;
        let event = self.event(
            self.issuer.now(),
            AuditAction::RecordShown {
                record: self.reference(uin),
            },
        )?;
        self.issuer.store().put_event(event).await?;
        Ok(record)
    }

    /// A page of all records, after the given UIN.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn records(&self, after: Option<&Uin>) -> Result<RecordPage, AdministrationError> {
        self.only_of_the_register()?;
        if after.is_none() {
            let event = self.event(self.issuer.now(), AuditAction::RecordsExported)?;
            self.issuer.store().put_event(event).await?;
        }
        let records = self.issuer.store().records(after, RECORDS_PER_PAGE).await?;
        let full = records.len() == RECORDS_PER_PAGE;
        let next = records.last().filter(|_| full).map(|record| record.uin().clone());
        Ok(RecordPage { records, next })
    }
}

const fn outcome(change: RecordChange) -> RowOutcome {
    match change {
        RecordChange::Inserted => RowOutcome::Inserted,
        RecordChange::Updated => RowOutcome::Updated,
        RecordChange::Unchanged => RowOutcome::Unchanged,
    }
}
