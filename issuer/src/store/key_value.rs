//! The issuer's store over ordered keys and atomic batches: what the embedded store and the in-memory one have in common.
//!
//! Every value is JSON in an envelope with a version. Things that expire also stand in an index by their expiry, so that housekeeping
//! walks over nothing else.

mod authorization;
mod books;
mod envelope;
mod grants;
mod notifications;
mod offers;
mod operations;
mod records;
mod restoration;
mod sign_in;
mod status_lists;
mod transactions;

use super::StoreFuture;
pub use restoration::{Restoration, Restored};

/// Ordered keys with atomic batches, for one tenant.
///
/// An implementer guarantees what [`super::IssuerStore`] asks for: an applied batch is durable, whole, and atomic with its requirements. The
/// futures must not depend on a particular runtime.
pub trait KeyValue: Send + Sync {
    /// The value at a key.
    fn get(&self, space: Space, key: Vec<u8>) -> StoreFuture<'_, Option<Vec<u8>>>;
    /// Up to `limit` entries whose key begins with `prefix`, ascending, strictly after the key `after`.
    fn scan(
        &self,
        space: Space,
        prefix: Vec<u8>,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<Keyed>>;
    /// The entry with the greatest key.
    fn last(&self, space: Space) -> StoreFuture<'_, Option<Keyed>>;
    /// Applies a batch.
    fn apply(&self, batch: WriteBatch) -> StoreFuture<'_, Applied>;
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed {
    /// The key.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

/// Requirements and writes that happen together or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteBatch {
    /// What must hold, in the order in which it is judged.
    pub requirements: Vec<Requirement>,
    /// What to write, in this order.
    pub writes: Vec<Write>,
}

/// What must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// Nothing is stored there.
    Absent(Space, Vec<u8>),
    /// Exactly this is stored there.
    Equals(Space, Vec<u8>, Vec<u8>),
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Stores a value.
    Put(Space, Vec<u8>, Vec<u8>),
    /// Removes a value, if there is one.
    Delete(Space, Vec<u8>),
}

/// The outcome of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a rejected batch has changed nothing"]
pub enum Applied {
    /// It is durable.
    Done,
    /// A requirement did not hold; nothing was written.
    Rejected {
        /// Which requirement, counted from 0.
        position: usize,
    },
}

/// What is kept apart. The names are part of the stored format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Space {
    /// ID records by UIN.
    Records,
    /// UINs by virtual identifier.
    RecordsByVid,
    /// Offers by identifier.
    Offers,
    /// Grants by digest of the pre-authorized code.
    Grants,
    /// Access by digest of the token.
    Access,
    /// Marks of spent nonces, by expiry.
    SpentNonces,
    /// Requests that wait for an operator, by identifier.
    Transactions,
    /// Which response a notification speaks of, by identifier.
    Notifications,
    /// What expires, by expiry.
    Expiries,
    /// Shards by number.
    Shards,
    /// Credential records by identifier.
    Credentials,
    /// Credential identifiers by record.
    CredentialsByRecord,
    /// Credential identifiers by place: what makes an index unique.
    StatusIndices,
    /// Places that are not valid.
    StatusMarks,
    /// Changes of status that no published list holds yet, by shard and audit event.
    StatusChanges,
    /// Status lists of the past, by shard and time, the youngest first.
    KeptStatusLists,
    /// Audit events that are not chained yet.
    WaitingEvents,
    /// The audit chain by sequence.
    AuditEntries,
    /// Authorization requests that wait for their browser, by digest of the `request_uri`.
    PushedRequests,
    /// Authorizations under way, by digest of the browser's key.
    Authorizations,
    /// Offers that are taken up by signing in, by digest of the `issuer_state`.
    CodeOffers,
    /// Authorization codes by digest.
    AuthorizationCodes,
    /// Refresh tokens by digest.
    RefreshTokens,
    /// The tokens of one authorization code, by the family's identifier.
    TokenFamilies,
    /// Marks of used proofs, by digest.
    ReplayMarks,
    /// Sign-ins under way, by digest of the browser's key.
    SignIns,
    /// Budgets of messages, by record.
    SendBudgets,
    /// The book of offers, by identifier.
    OfferBook,
    /// Identifiers of offers by record.
    OffersByRecord,
    /// What became of offers, by identifier and kind of note.
    OfferNotes,
    /// Single values: the secret, the audit head, the pack's sequence.
    Installation,
}

/// Whether what a space holds is part of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The books: what must come back after a loss.
    Books,
    /// Rights that are used once, and the marks of their use. A backup is older than the last use, so bringing them back would
    /// let a code, a token or a nonce work twice; they are left out, and residents ask again. So is what follows from the books: every
    /// list is published anew after a restore, and the past of before it is not told.
    Transient,
}

impl Space {
    /// Every space.
    pub const ALL: [Self; 31] = [
        Self::Records,
        Self::RecordsByVid,
        Self::Offers,
        Self::Grants,
        Self::Access,
        Self::SpentNonces,
        Self::Expiries,
        Self::Shards,
        Self::Credentials,
        Self::CredentialsByRecord,
        Self::StatusIndices,
        Self::StatusMarks,
        Self::StatusChanges,
        Self::KeptStatusLists,
        Self::WaitingEvents,
        Self::AuditEntries,
        Self::PushedRequests,
        Self::Authorizations,
        Self::CodeOffers,
        Self::AuthorizationCodes,
        Self::RefreshTokens,
        Self::TokenFamilies,
        Self::ReplayMarks,
        Self::SignIns,
        Self::SendBudgets,
        Self::Transactions,
        Self::Notifications,
        Self::OfferBook,
        Self::OffersByRecord,
        Self::OfferNotes,
        Self::Installation,
    ];

    /// Whether it is part of a backup. Whoever adds a space decides here.
    #[must_use]
    pub const fn durability(self) -> Durability {
        match self {
            Self::Records
            | Self::RecordsByVid
            | Self::Shards
            | Self::Credentials
            | Self::CredentialsByRecord
            | Self::StatusIndices
            | Self::StatusMarks
            | Self::WaitingEvents
            | Self::AuditEntries
            | Self::OfferBook
            | Self::OffersByRecord
            | Self::OfferNotes
            | Self::Installation => Durability::Books,
            Self::Offers
            | Self::Grants
            | Self::Access
            | Self::SpentNonces
            | Self::Expiries
            | Self::PushedRequests
            | Self::Authorizations
            | Self::CodeOffers
            | Self::AuthorizationCodes
            | Self::RefreshTokens
            | Self::TokenFamilies
            | Self::ReplayMarks
            | Self::SignIns
            | Self::SendBudgets
            | Self::Transactions
            | Self::StatusChanges
            | Self::KeptStatusLists
            | Self::Notifications => Durability::Transient,
        }
    }

    /// The names of the spaces that are part of a backup.
    #[must_use]
    pub fn names_of_books() -> Vec<&'static str> {
        let books = Self::ALL
            .iter()
            .filter(|space| space.durability() == Durability::Books);
        books.map(|space| space.name()).collect()
    }

    /// The name under which it is stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Records => "issuer-records",
            Self::RecordsByVid => "issuer-records-by-vid",
            Self::Offers => "issuer-offers",
            Self::Grants => "issuer-grants",
            Self::Access => "issuer-access",
            Self::SpentNonces => "issuer-spent-nonces",
            Self::Transactions => "issuer-transactions",
            Self::Notifications => "issuer-notifications",
            Self::Expiries => "issuer-expiries",
            Self::Shards => "issuer-shards",
            Self::Credentials => "issuer-credentials",
            Self::CredentialsByRecord => "issuer-credentials-by-record",
            Self::StatusIndices => "issuer-status-indices",
            Self::StatusMarks => "issuer-status-marks",
            Self::StatusChanges => "issuer-status-changes",
            Self::KeptStatusLists => "issuer-kept-status-lists",
            Self::WaitingEvents => "issuer-waiting-events",
            Self::AuditEntries => "issuer-audit-entries",
            Self::PushedRequests => "issuer-pushed-requests",
            Self::Authorizations => "issuer-authorizations",
            Self::CodeOffers => "issuer-code-offers",
            Self::AuthorizationCodes => "issuer-authorization-codes",
            Self::RefreshTokens => "issuer-refresh-tokens",
            Self::TokenFamilies => "issuer-token-families",
            Self::ReplayMarks => "issuer-replay-marks",
            Self::SignIns => "issuer-sign-ins",
            Self::SendBudgets => "issuer-send-budgets",
            Self::OfferBook => "issuer-offer-book",
            Self::OffersByRecord => "issuer-offers-by-record",
            Self::OfferNotes => "issuer-offer-notes",
            Self::Installation => "issuer-installation",
        }
    }
}

/// An [`super::IssuerStore`] over any [`KeyValue`].
#[derive(Default)]
pub struct KeyValueIssuerStore<K> {
    entries: K,
}

impl<K: KeyValue> KeyValueIssuerStore<K> {
    /// The issuer's store on these entries, which belong to one tenant.
    pub const fn new(entries: K) -> Self {
        Self { entries }
    }
}

impl WriteBatch {
    fn absent(mut self, space: Space, key: impl Into<Vec<u8>>) -> Self {
        self.requirements.push(Requirement::Absent(space, key.into()));
        self
    }

    /// Requires the state that was read.
    fn unchanged(mut self, space: Space, key: impl Into<Vec<u8>>, revision: &super::Revision) -> Self {
        self.requirements.push(match &revision.0 {
            Some(value) => Requirement::Equals(space, key.into(), value.clone()),
            None => Requirement::Absent(space, key.into()),
        });
        self
    }

    fn put(mut self, space: Space, key: impl Into<Vec<u8>>, value: Vec<u8>) -> Self {
        self.writes.push(Write::Put(space, key.into(), value));
        self
    }

    fn delete(mut self, space: Space, key: impl Into<Vec<u8>>) -> Self {
        self.writes.push(Write::Delete(space, key.into()));
        self
    }
}
