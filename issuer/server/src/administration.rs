//! What an operator may do. The HTTP interface and the command line call the same methods with the same types, so it makes no difference
//! whether a server runs.

mod audit;
mod backup;
mod cards;
mod credentials;
mod error;
mod keys;
mod metrics;
mod offer_book;
mod offers;
mod packs;
mod records;
pub(crate) mod shapes;
mod sign_in;
mod transactions;
mod types;

use std::sync::Arc;

use symbolon_crypto::{RandomnessUnavailable, UnixTime};
use symbolon_issuer::audit::{Actor, AuditAction, RecordReference, WaitingEvent};
pub use symbolon_issuer::offer::{OfferDelivery, OfferDevice, OfferGrants, OfferState};
use symbolon_issuer::record::Uin;

pub(crate) use backup::OpenBackup;
pub use backup::{
    BACKUP_PAGE_BYTES, BackupBegun, BackupCursor, BackupOrder, BackupPageOrder, decode_entries,
    encode_entries,
};
pub use error::AdministrationError;
pub use keys::{ChangedKey, KeyChangesOrder};
pub use packs::{BuiltPack, LEFT_OUT};
pub use records::MAX_ROWS_PER_IMPORT;
pub use types::{
    AuditPage, AuditVerified, CardFormat, CardOrder, CredentialList, CredentialPage, CredentialSelector,
    CredentialSummary, DecisionOrder, FaceKey, FaceOrder, FreshShard, ImportOutcome, ImportReport,
    ImportedRow, OfferByName, OfferCreated, OfferDetails, OfferList, OfferOrder, OfferPage, OfferSummary,
    PackOrder, PrintedCard, RecordOrder, RecordPage, RenewedTransactionCode, RowOutcome, StatusOrder,
    StatusReport, TransactionCode, TransactionList, TransactionPage, TransactionSummary, VerbatimListOrder,
};

use crate::issuer::Issuer;

/// The operator's side of an issuer.
#[derive(Clone)]
pub struct Administration {
    issuer: Arc<Issuer>,
}

impl Administration {
    /// The administration of `issuer`.
    #[must_use]
    pub const fn new(issuer: Arc<Issuer>) -> Self {
        Self { issuer }
    }

    /// The issuer.
    #[must_use]
    pub const fn issuer(&self) -> &Arc<Issuer> {
        &self.issuer
    }

    fn event(&self, now: UnixTime, action: AuditAction) -> Result<WaitingEvent, RandomnessUnavailable> {
        self.issuer.events.notify_one();
        WaitingEvent::make(now, Actor::Operator, action, &*self.issuer.setup.randomness)
    }

    fn reference(&self, record: &Uin) -> RecordReference {
        RecordReference::derive(&self.issuer.secret, record)
    }
}
