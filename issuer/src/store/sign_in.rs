//! What the sign-in of residents keeps.

use super::{Change, StoreFuture, Stored, Swap};
use crate::audit::{RecordReference, WaitingEvent};
use crate::record::{IdRecord, Vid};
use crate::secret::SecretDigest;
use crate::sign_in::{SendBudget, SignIn};

/// The part of the issuer's store that belongs to the sign-in of residents.
///
/// An implementer guarantees what [`super::IssuerStore`] asks for. [`SignInStore::commit_sign_in`] is whole and atomic with
/// its comparisons, or two guesses at once count as one, and two requests at once send two messages.
pub trait SignInStore: Send + Sync {
    /// The record that has this virtual identifier. `None` also when several have it: nobody signs in by a name that is
    /// somebody else's too.
    fn record_by_vid<'a>(&'a self, vid: &'a Vid) -> StoreFuture<'a, Option<IdRecord>>;
    /// The sign-in under the digest of its browser's key.
    fn sign_in<'a>(&'a self, browser: &'a SecretDigest) -> StoreFuture<'a, Option<Stored<SignIn>>>;
    /// The budget of a record's messages; a fresh one when nobody has asked for any lately.
    fn send_budget<'a>(&'a self, record: &'a RecordReference) -> StoreFuture<'a, Stored<SendBudget>>;
    /// Writes everything that a step of a sign-in changes, or nothing.
    fn commit_sign_in(&self, commit: SignInCommit) -> StoreFuture<'_, Swap>;
}

/// Everything that one step of a sign-in changes, in one commit.
#[derive(Debug, Clone)]
pub struct SignInCommit {
    /// The sign-in.
    pub sign_in: Change<SecretDigest, SignIn>,
    /// The budget that it counts against.
    pub budget: Option<Change<RecordReference, SendBudget>>,
    /// What the audit log says.
    pub events: Vec<WaitingEvent>,
}
