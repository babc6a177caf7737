//! What the store's operations take and give.

use super::authorization::ReplayMark;
use super::{FetchedTransaction, NewNotification, OfferStanding};
use crate::audit::WaitingEvent;
use crate::authorization::CodeOffer;
use crate::credential_record::CredentialRecord;
use crate::grant::{AccessGrant, Grant, NonceMark};
use crate::identifiers::{FamilyId, OfferAddress, OfferId};
use crate::offer::OfferEntry;
use crate::secret::SecretDigest;
use symbolon_crypto::UnixTime;

/// A value and the state it was read in.
#[derive(Debug, Clone)]
pub struct Stored<T> {
    /// The value.
    pub value: T,
    /// Given back with a change, so that it applies to this state alone.
    pub revision: Revision,
}

/// The state of a stored value; opaque to everyone but its store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision(pub(super) Option<Vec<u8>>);

/// The outcome of a comparison with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a change that was not made must be judged again"]
pub enum Swap {
    /// The change is durable.
    Done,
    /// The value is no longer what it was; nothing was written.
    Changed,
}

/// What storing a record did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordChange {
    /// It is new.
    Inserted,
    /// It replaced another with the same UIN.
    Updated,
    /// It was there already.
    Unchanged,
}

/// An offer and what its grants need, stored together.
#[derive(Debug, Clone)]
pub struct NewOffer {
    /// What the book says of it, under its identifier.
    pub entry: (OfferId, OfferEntry),
    /// The offer, when it is to be fetched by reference.
    pub offer: Option<(OfferAddress, StoredOffer)>,
    /// The digest of the pre-authorized code and its grant, when the offer has one.
    pub grant: Option<(SecretDigest, Grant)>,
    /// The digest of the `issuer_state` and what it leads to, when the resident may sign in for it.
    pub code_offer: Option<(SecretDigest, CodeOffer)>,
    /// What the audit log says.
    pub event: WaitingEvent,
}

/// An offer that is fetched by reference.
///
/// It holds the pre-authorized code in the clear, because that is what the resident's wallet fetches; it is forgotten when it expires,
/// and the code alone is useless after its first use.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredOffer {
    /// The offer's JSON.
    pub json: String,
    /// It is not served from here on.
    pub expires_at: UnixTime,
    /// Its entry in the book, which must stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferId>,
}

/// Everything that issuing changes, in one commit.
#[derive(Debug, Clone)]
pub struct Issuance {
    /// The access that pays for it; `None` for a card, which an operator prints.
    pub access: Option<SpentAccess>,
    /// The nonces of the proofs.
    pub nonces: Vec<NonceMark>,
    /// The new credentials.
    pub credentials: Vec<CredentialRecord>,
    /// Credentials that end with it, such as a lost card that is replaced.
    pub changes: Vec<StatusChange>,
    /// The transaction that ends with it, when an operator had to approve.
    pub transaction: Option<FetchedTransaction>,
    /// The offer that all of it came of, which must still stand. The book then says what was issued.
    pub offer: Option<OfferStanding>,
    /// What the wallet will tell of the credentials.
    pub notification: Option<NewNotification>,
    /// What the audit log says.
    pub events: Vec<WaitingEvent>,
}

/// An access token's use.
#[derive(Debug, Clone)]
pub struct SpentAccess {
    /// The digest of the token.
    pub token: SecretDigest,
    /// The state in which the access was judged.
    pub expected: Revision,
    /// The family of the token and the state in which it was found alive.
    pub family: Option<(FamilyId, Revision)>,
    /// The mark of the DPoP proof that the use was proven by.
    pub proof: Option<ReplayMark>,
    /// What is left of it.
    pub access: AccessGrant,
}

/// A credential record that changes.
#[derive(Debug, Clone)]
pub struct StatusChange {
    /// The state in which it was judged.
    pub expected: Revision,
    /// The new record.
    pub record: CredentialRecord,
    /// What the audit log says.
    pub event: WaitingEvent,
}

/// The outcome of [`super::IssuerStore::commit_issuance`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a credential must not leave unless its issuance was committed"]
pub enum IssuanceOutcome {
    /// Everything is durable; the credential may leave.
    Committed,
    /// The access was used by another request meanwhile: judge again.
    AccessChanged,
    /// A nonce was spent before.
    NonceSpent,
    /// The DPoP proof was used before.
    ProofReplayed,
    /// A credential to be replaced changed meanwhile: judge again.
    CredentialChanged,
    /// The transaction was fetched or decided by somebody else meanwhile: judge again.
    TransactionChanged,
    /// An index or an identifier is taken. It cannot happen while leases are honoured; the credential must not leave.
    IndexTaken,
}

impl Revision {
    /// The state of a value that is not there yet.
    #[must_use]
    pub const fn absent() -> Self {
        Self(None)
    }
}
