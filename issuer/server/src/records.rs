//! ID records: from the register, or from a repository that somebody else keeps.

mod circuit;
mod mosip;

use std::sync::Arc;

use symbolon_issuer::issuance::CredentialRefusal;
use symbolon_issuer::record::{IdRecord, Uin, Vid};
use symbolon_issuer::record_source::{RecordSource, RecordSourceError, RecordState};

pub use mosip::{MosipRepository, MosipSettings, Retrieval};

use crate::administration::AdministrationError;
use crate::issuer::{CredentialFailure, Issuer};

/// Where the records of an issuer are.
#[derive(Clone, Default)]
pub enum Records {
    /// In its own store.
    #[default]
    Register,
    /// In a repository that is asked for each.
    Repository(Arc<dyn RecordSource>),
}

impl Issuer {
    /// What is known of a number, wherever records are kept.
    ///
    /// # Errors
    /// [`RecordSourceError`].
    pub async fn record(&self, uin: &Uin) -> Result<RecordState, RecordSourceError> {
        match &self.setup.records {
            Records::Register => Ok(match self.store().record(uin).await? {
                Some(record) => RecordState::Known(record),
                None => RecordState::Unknown,
            }),
            Records::Repository(repository) => repository.record(uin).await,
        }
    }

    /// What is known of a virtual identifier, wherever records are kept.
    ///
    /// # Errors
    /// [`RecordSourceError`].
    pub(crate) async fn record_by_vid(&self, vid: &Vid) -> Result<RecordState, RecordSourceError> {
        match &self.setup.records {
            Records::Register => Ok(match self.store().record_by_vid(vid).await? {
                Some(record) => RecordState::Known(record),
                None => RecordState::Unknown,
            }),
            Records::Repository(repository) => repository.record_by_vid(vid).await,
        }
    }

    /// Whether a record is still what it was, asked right before the commit of what was made of it. The register's own records are
    /// compared by the commit itself.
    pub(crate) async fn is_still(&self, record: &IdRecord) -> Result<bool, RecordSourceError> {
        match &self.setup.records {
            Records::Register => Ok(true),
            Records::Repository(repository) => {
                let now = repository.record(record.uin()).await?;
                Ok(matches!(now, RecordState::Known(now) if now == *record))
            }
        }
    }

    /// Whether records are kept here, so that they can be listed and changed.
    pub(crate) const fn keeps_records(&self) -> bool {
        matches!(self.setup.records, Records::Register)
    }
}

/// The record that a wallet's credential is made of.
pub(crate) fn to_issue_from(state: RecordState) -> Result<IdRecord, CredentialFailure> {
    match state {
        RecordState::Known(record) => Ok(record),
        RecordState::Unknown => Err(CredentialRefusal::RecordMissing.into()),
        RecordState::Barred(bar) => Err(CredentialRefusal::RecordBarred(bar).into()),
    }
}

/// The record of a resident who signs in. Whether there is none, or one from which nothing is issued, is told to nobody.
pub(crate) fn to_sign_in(state: RecordState) -> Option<IdRecord> {
    match state {
        RecordState::Known(record) => Some(record),
        RecordState::Unknown | RecordState::Barred(_) => None,
    }
}

/// The record that an order of the operator is about.
pub(crate) fn to_administer(state: RecordState) -> Result<IdRecord, AdministrationError> {
    match state {
        RecordState::Known(record) => Ok(record),
        RecordState::Unknown => Err(AdministrationError::UnknownRecord),
        RecordState::Barred(bar) => Err(AdministrationError::RecordBarred(bar)),
    }
}
