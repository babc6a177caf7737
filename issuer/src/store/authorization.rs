//! What the authorization server keeps.

use symbolon_crypto::UnixTime;

use super::{OfferStep, Revision, StoreFuture, Stored};
use crate::audit::WaitingEvent;
use crate::authorization::{
    AuthorizationCode, AuthorizationSession, CodeOffer, PushedRequest, RefreshToken, TokenFamily,
};
use crate::grant::{AccessGrant, Grant};
use crate::identifiers::FamilyId;
use crate::secret::SecretDigest;

/// The part of the issuer's store that belongs to the authorization server. Every value stands under the digest of a secret, so that
/// a stolen store opens no session and redeems no code.
///
/// An implementer guarantees what [`super::IssuerStore`] asks for. Above all [`AuthorizationStore::commit_authorization`] is whole and atomic with
/// its comparisons, or one code gives two tokens.
pub trait AuthorizationStore: Send + Sync {
    /// The request under the digest of a `request_uri`.
    fn pushed_request<'a>(
        &'a self,
        request_uri: &'a SecretDigest,
    ) -> StoreFuture<'a, Option<Stored<PushedRequest>>>;
    /// The session under the digest of a browser's key.
    fn authorization<'a>(
        &'a self,
        browser: &'a SecretDigest,
    ) -> StoreFuture<'a, Option<Stored<AuthorizationSession>>>;
    /// The offer under the digest of an `issuer_state`.
    fn code_offer<'a>(&'a self, state: &'a SecretDigest) -> StoreFuture<'a, Option<Stored<CodeOffer>>>;
    /// What stands under the digest of an authorization code.
    fn authorization_code<'a>(
        &'a self,
        code: &'a SecretDigest,
    ) -> StoreFuture<'a, Option<Stored<AuthorizationCode>>>;
    /// What stands under the digest of a refresh token.
    fn refresh_token<'a>(&'a self, token: &'a SecretDigest) -> StoreFuture<'a, Option<Stored<RefreshToken>>>;
    /// The tokens of one authorization code.
    fn token_family<'a>(&'a self, family: &'a FamilyId) -> StoreFuture<'a, Option<Stored<TokenFamily>>>;
    /// Writes everything that a step of the authorization server changes, or nothing.
    fn commit_authorization(&self, commit: AuthorizationCommit) -> StoreFuture<'_, AuthorizationOutcome>;
}

/// A value that is new or changes.
#[derive(Debug, Clone)]
pub struct Change<K, T> {
    /// Under what it stands.
    pub key: K,
    /// The state in which it was judged; [`Revision::absent`] for a new one.
    pub expected: Revision,
    /// The value from now on.
    pub value: T,
}

impl<K, T> Change<K, T> {
    /// A value that is not there yet.
    #[must_use]
    pub const fn new(key: K, value: T) -> Self {
        Self {
            key,
            expected: Revision::absent(),
            value,
        }
    }

    /// A value in the place of the one that was read.
    #[must_use]
    pub fn of<R>(key: K, read: &Stored<R>, value: T) -> Self {
        Self {
            key,
            expected: read.revision.clone(),
            value,
        }
    }
}

/// Everything that one step changes, in one commit.
#[derive(Debug, Clone, Default)]
pub struct AuthorizationCommit {
    /// A request that waits for its browser.
    pub pushed: Option<Change<SecretDigest, PushedRequest>>,
    /// A request whose browser came: the digest of its `request_uri`, and the state in which it was read. It is gone afterwards.
    pub taken: Option<(SecretDigest, Revision)>,
    /// A session that begins or moves on.
    pub session: Option<Change<SecretDigest, AuthorizationSession>>,
    /// A session that goes on under another browser's key: the digest of the old one, and the state in which it was read. It is gone
    /// afterwards.
    pub left: Option<(SecretDigest, Revision)>,
    /// An offer that is made or taken up.
    pub offer: Option<Change<SecretDigest, CodeOffer>>,
    /// An authorization code that is made or redeemed.
    pub code: Option<Change<SecretDigest, AuthorizationCode>>,
    /// A pre-authorized code that is redeemed.
    pub grant: Option<Change<SecretDigest, Grant>>,
    /// A family that begins or ends.
    pub family: Option<Change<FamilyId, TokenFamily>>,
    /// A family that must still be as it was read.
    pub family_unchanged: Option<(FamilyId, Revision)>,
    /// Refresh tokens that are made or rotated.
    pub refresh: Vec<Change<SecretDigest, RefreshToken>>,
    /// A new access token: its digest and what it entitles to.
    pub access: Option<(SecretDigest, AccessGrant)>,
    /// The offer on which it is a step, which must still stand.
    pub step: Option<OfferStep>,
    /// Proofs that are used up.
    pub replays: Vec<ReplayMark>,
    /// What the audit log says.
    pub events: Vec<WaitingEvent>,
}

/// What marks a proof as used: a DPoP proof, a client assertion, the proof of possession of an attestation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplayMark {
    /// The digest of what tells the proof apart from every other one.
    pub digest: SecretDigest,
    /// After this the mark may be forgotten: the proof is refused by its own age.
    pub expires_at: UnixTime,
}

/// The outcome of [`AuthorizationStore::commit_authorization`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "nothing may leave unless it was committed"]
pub enum AuthorizationOutcome {
    /// Everything is durable.
    Committed,
    /// Something is no longer what it was; nothing was written. Judge again.
    Changed,
    /// This proof was used before; nothing was written.
    Replayed(ReplayMark),
}
