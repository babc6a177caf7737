//! Why an order of the operator was not carried out.

use symbolon_crypto::RandomnessUnavailable;
use symbolon_crypto::cose::InvalidContentKey;
use symbolon_issuer::card::CardError;
use symbolon_issuer::credential_record::StatusActionRefused;
use symbolon_issuer::grant::RenewalRefused;
use symbolon_issuer::identifiers::ConfigurationId;
use symbolon_issuer::index::AllocationError;
use symbolon_issuer::mapping::MappingError;
use symbolon_issuer::record::ReadError;
use symbolon_issuer::record_source::{Bar, RecordSourceError};
use symbolon_issuer::store::{IssuanceOutcome, StoreError};
use symbolon_issuer::transaction::DecisionRefused;
use symbolon_protocol::openid4vci::offer::OfferError;
use symbolon_trust::pack::PackBuildError;
use thiserror::Error;

use crate::card::{FontError, PrintError};
use crate::issuer::{PublicationFailed, VerifyAuditError};
use crate::setup::SigningFailed;

/// Why an order was not carried out. Unless a variant says otherwise nothing was changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AdministrationError {
    /// No record has this UIN.
    #[error("no record has this UIN")]
    UnknownRecord,
    /// Nothing is issued from this record.
    #[error(transparent)]
    RecordBarred(Bar),
    /// The records are in a repository that somebody else keeps.
    #[error("the records of this issuer are kept by an ID repository: import, change and list them there")]
    KeptElsewhere,
    /// That repository did not answer.
    #[error(transparent)]
    Records(#[from] RecordSourceError),
    /// No credential has this identifier.
    #[error("no credential has this identifier")]
    UnknownCredential,
    /// No such configuration, or none at all, or one twice.
    #[error("no credential configuration has this name")]
    UnknownConfiguration,
    /// The same configuration twice, or none.
    #[error("an offer names each credential configuration once, and at least one")]
    Configurations,
    /// Nobody could take the offer up.
    #[error("this issuer lets no wallet send residents to sign in")]
    NoAuthorizationEndpoint,
    /// The offer would promise what it does not keep.
    #[error("a transaction code protects a pre-authorized code, and this offer has none")]
    TransactionCodeWithoutCode,
    /// The resident is deceased.
    #[error("nothing is issued from this record")]
    Deceased,
    /// The record lacks what a credential of the configuration must hold.
    #[error("nothing can be offered of {configuration}: {reason}")]
    RecordIncomplete {
        /// The configuration.
        configuration: ConfigurationId,
        /// Which claim, and why.
        reason: MappingError,
    },
    /// No offer has this name, or it left the book.
    #[error("no offer has this name")]
    UnknownOffer,
    /// It was taken back, by an operator or by a restore from a backup.
    #[error("the offer was taken back")]
    OfferCancelled,
    /// The offer gets no new transaction code.
    #[error(transparent)]
    Renewal(#[from] RenewalRefused),
    /// No request has this name, or its credential was fetched.
    #[error("no request for a credential has this name")]
    UnknownTransaction,
    /// A decision that is not taken.
    #[error(transparent)]
    Decision(#[from] DecisionRefused),
    /// A revoked credential stays revoked.
    #[error(transparent)]
    StatusAction(#[from] StatusActionRefused),
    /// The input of an import cannot be read as rows.
    #[error("the import cannot be read: {0}")]
    Rows(#[from] ReadError),
    /// More rows than one import takes.
    #[error("one import takes at most {max} rows; send the next ones in another")]
    TooManyRows {
        /// The bound.
        max: usize,
    },
    /// The card cannot be made.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The key that should open the face is none.
    #[error(transparent)]
    FaceKey(#[from] InvalidContentKey),
    /// The photo leaves too little, or cannot be scaled.
    #[error("the card's data does not fit its QR code")]
    CardTooLarge,
    /// The card cannot be drawn; it was not booked.
    #[error(transparent)]
    Print(#[from] PrintError),
    /// No fonts.
    #[error(transparent)]
    Fonts(#[from] FontError),
    /// The issuer has no key for this.
    #[error("this issuer has no {what}")]
    NotConfigured {
        /// What is missing.
        what: &'static str,
    },
    /// A backup is being read already.
    #[error("another backup is under way; it ends by itself when nobody reads it for five minutes")]
    BackupUnderWay,
    /// No backup of this name is open.
    #[error("no backup of this name is under way")]
    UnknownBackup,
    /// The order for a pack names what is not there, or holds what cannot be packed.
    #[error("the pack cannot be built: {0}")]
    PackOrder(&'static str),
    /// The pack cannot be built.
    #[error("the pack cannot be built")]
    Pack(#[from] PackBuildError),
    /// The offer cannot be written.
    #[error("the offer cannot be written")]
    Offer(#[from] OfferError),
    /// An address cannot be written.
    #[error("an address of this issuer cannot be written")]
    Address,
    /// The change is durable, but the status lists were not signed; they will be when they are next asked for.
    #[error("the change was made and is durable, but the status list could not be published yet")]
    NotPublished(#[source] PublicationFailed),
    /// The status lists cannot be read or signed.
    #[error("the status lists cannot be prepared")]
    StatusLists(#[source] PublicationFailed),
    /// A key of the issuer did not sign.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    /// No status index.
    #[error(transparent)]
    Allocation(#[from] AllocationError),
    /// The books contradict the lease of an index.
    #[error("the card could not be booked ({0:?})")]
    Outcome(IssuanceOutcome),
    /// The audit log was changed.
    #[error(transparent)]
    Audit(#[from] VerifyAuditError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// The day is outside the calendar.
    #[error("the clock is outside the calendar")]
    Calendar,
    /// The process is ending.
    #[error("the work was interrupted")]
    Interrupted,
}
